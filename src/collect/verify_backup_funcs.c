/*
 * collect/verify_backup_funcs.c
 *		dbops.verify_backup(), dbops.backup_manifest() and what dbops.verifications reads.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "collect/backup_check.h"
#include "core/clock.h"
#include "core/rows.h"
#include "store/backups.h"
#include "store/verifications.h"
#include "track/verify_progress.h"

PG_FUNCTION_INFO_V1(dbops_verify_backup);
PG_FUNCTION_INFO_V1(dbops__running_verifications);
PG_FUNCTION_INFO_V1(dbops_backup_manifest);
PG_FUNCTION_INFO_V1(dbops_backup_manifest_databases);

/* Absolute, and without the steps up that would make it another one. */
static char *
get_folder(Datum argument)
{
	char *folder = text_to_cstring(DatumGetTextPP(argument));

	if (!is_absolute_path(folder))
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME),
		                errmsg("path of a backup must be absolute: \"%s\"", folder),
		                errhint("It is the folder with the file backup_manifest, on the machine of "
		                        "the server.")));
	canonicalize_path(folder);
	if (strlen(folder) >= MAXPGPATH / 2)
		ereport(ERROR, (errcode(ERRCODE_NAME_TOO_LONG), errmsg("path of a backup is too long")));
	return folder;
}

static void
emit_problem(const BackupProblem *problem, void *arg)
{
	RowSet *rows = arg;

	dbops_rows_put_text(rows, "file", problem->file);
	dbops_rows_put_text(rows, "problem", dbops_backup_check_problem_name(problem->kind));
	dbops_rows_put_text(rows, "expected", problem->expected);
	dbops_rows_put_text(rows, "found", problem->found);
	dbops_rows_emit(rows);
}

/* The last row: of the whole, so that nothing found is told from nothing done. */
static void
emit_summary(RowSet *rows, const BackupCheck *check, const BackupCheckOptions *options)
{
	const Manifest *manifest = check->manifest;
	int64 took_ms = check->took_us / 1000;

	dbops_rows_put_text(
	    rows, "problem",
	    check->problems == 0 ? "none" : psprintf("%lld in all", (long long) check->problems));
	dbops_rows_put_text(rows, "expected",
	                    psprintf("%lld files of %lld MB", (long long) manifest->files,
	                             (long long) (manifest->bytes / (1024 * 1024))));
	dbops_rows_put_text(rows, "found",
	                    psprintf("%lld files of %lld MB read in %lld.%lld s%s, WAL %s the backup",
	                             (long long) check->files_read,
	                             (long long) (check->bytes_read / (1024 * 1024)),
	                             (long long) (took_ms / 1000), (long long) (took_ms % 1000 / 100),
	                             options->checksums ? "" : " (checksums left out)",
	                             check->has_wal ? "in" : "not in"));
	dbops_rows_emit(rows);
}

static void
store_result(const BackupCheck *check, const BackupCheckOptions *options, TimestampTz started_at)
{
	const Manifest *manifest = check->manifest;
	Verification verification = {
	    .path = options->folder,
	    .started_at = started_at,
	    .ended_at = dbops_clock_now(),
	    .checksums = options->checksums,
	    .has_wal = check->has_wal,
	    .files = manifest->files,
	    .bytes = manifest->bytes,
	    .problems = check->problems,
	    .first_problem = check->first_problem,
	    .system_identifier = manifest->system_identifier,
	};

	if (manifest->nranges > 0)
	{
		verification.timeline = manifest->ranges[0].timeline;
		verification.start_lsn = manifest->ranges[0].start;
	}
	if (XactReadOnly || RecoveryInProgress())
		ereport(NOTICE, (errmsg("this verification is not noted in dbops.verifications, as "
		                        "nothing can be written here")));
	else
	{
		dbops_verifications_store(&verification);
		if (verification.timeline != 0)
			dbops_backups_note_verified(verification.start_lsn, verification.ended_at,
			                            check->problems > 0 ? check->first_problem : NULL);
	}
}

Datum
dbops_verify_backup(PG_FUNCTION_ARGS)
{
	BackupCheckOptions options = {
	    .folder = get_folder(PG_GETARG_DATUM(0)),
	    .max_mb_per_second = PG_GETARG_INT32(1),
	    .checksums = PG_GETARG_BOOL(2),
	    .tablespaces = PG_GETARG_BOOL(3),
	};
	TimestampTz started_at = dbops_clock_now();
	RowSet *rows;
	BackupCheck *check;

	if (options.max_mb_per_second < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("max_mb_per_second must not be negative"),
		                errhint("0 reads as fast as it goes.")));
	rows = dbops_rows_begin(fcinfo);
	check = dbops_backup_check_run(&options, emit_problem, rows);
	emit_summary(rows, check, &options);
	store_result(check, &options, started_at);
	return (Datum) 0;
}

Datum
dbops__running_verifications(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	VerifyProgress progress;

	for (int slot = 0; slot < VERIFY_SLOTS; slot++)
	{
		if (!dbops_verify_progress_read(slot, &progress))
			continue;
		dbops_rows_put(rows, "pid", Int32GetDatum(progress.pid));
		dbops_rows_put(rows, "userid", ObjectIdGetDatum(progress.userid));
		dbops_rows_put_text(rows, "path", progress.path);
		dbops_rows_put_text(rows, "phase", dbops_verify_progress_phase(progress.phase));
		dbops_rows_put(rows, "started_at", TimestampTzGetDatum(progress.started_at));
		dbops_rows_put(rows, "files", Int64GetDatum(progress.files));
		dbops_rows_put(rows, "files_done", Int64GetDatum(progress.files_done));
		dbops_rows_put(rows, "bytes", Int64GetDatum(progress.bytes));
		dbops_rows_put(rows, "bytes_done", Int64GetDatum(progress.bytes_done));
		dbops_rows_put(rows, "problems", Int64GetDatum(progress.problems));
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

static void
pass_over(const ManifestFile *file, void *arg)
{
}

static void
emit_range(RowSet *rows, const Manifest *manifest, const ManifestRange *range)
{
	dbops_rows_put(rows, "version", Int32GetDatum((int32) manifest->version));
	if (manifest->system_identifier != 0)
		dbops_rows_put(rows, "system_identifier",
		               Int64GetDatum((int64) manifest->system_identifier));
	dbops_rows_put(rows, "files", Int64GetDatum(manifest->files));
	dbops_rows_put(rows, "bytes", Int64GetDatum(manifest->bytes));
	dbops_rows_put_text(rows, "checksum_algorithm", pg_checksum_type_name(manifest->checksum_type));
	dbops_rows_put(rows, "unchanged",
	               BoolGetDatum(pg_strcasecmp(manifest->expected, manifest->found) == 0));
	if (range != NULL)
	{
		dbops_rows_put(rows, "timeline", Int64GetDatum(range->timeline));
		dbops_rows_put(rows, "start_lsn", LSNGetDatum(range->start));
		dbops_rows_put(rows, "end_lsn", LSNGetDatum(range->end));
	}
	dbops_rows_emit(rows);
}

Datum
dbops_backup_manifest(PG_FUNCTION_ARGS)
{
	const char *folder = get_folder(PG_GETARG_DATUM(0));
	RowSet *rows = dbops_rows_begin(fcinfo);
	Manifest *manifest = dbops_manifest_read(folder, pass_over, NULL);

	for (int i = 0; i < manifest->nranges; i++)
		emit_range(rows, manifest, &manifest->ranges[i]);
	if (manifest->nranges == 0)
		emit_range(rows, manifest, NULL);
	return (Datum) 0;
}

/* Few: a growing array is looked through for every file of a hundred databases in no time. */
typedef struct DatabaseSizes
{
	struct DatabaseSize
	{
		Oid datid;
		int64 files;
		int64 bytes;
	} * sizes;
	int count;
	int last; /* files of a database stand together */
} DatabaseSizes;

static void
add_to_database(const ManifestFile *file, void *arg)
{
	DatabaseSizes *databases = arg;
	Oid datid = dbops_manifest_database(file->path);
	int i = databases->last;

	if (i >= databases->count || databases->sizes[i].datid != datid)
	{
		for (i = 0; i < databases->count && databases->sizes[i].datid != datid; i++)
			;
	}
	if (i == databases->count)
	{
		databases->sizes =
		    i == 0 ? palloc(sizeof(databases->sizes[0])) :
		             repalloc(databases->sizes, sizeof(databases->sizes[0]) * (Size) (i + 1));
		memset(&databases->sizes[i], 0, sizeof(databases->sizes[0]));
		databases->sizes[i].datid = datid;
		databases->count++;
	}
	databases->sizes[i].files++;
	databases->sizes[i].bytes += file->size;
	databases->last = i;
}

Datum
dbops_backup_manifest_databases(PG_FUNCTION_ARGS)
{
	const char *folder = get_folder(PG_GETARG_DATUM(0));
	RowSet *rows = dbops_rows_begin(fcinfo);
	DatabaseSizes databases = {0};

	dbops_manifest_read(folder, add_to_database, &databases);
	for (int i = 0; i < databases.count; i++)
	{
		if (OidIsValid(databases.sizes[i].datid))
			dbops_rows_put(rows, "datid", ObjectIdGetDatum(databases.sizes[i].datid));
		dbops_rows_put(rows, "files", Int64GetDatum(databases.sizes[i].files));
		dbops_rows_put(rows, "bytes", Int64GetDatum(databases.sizes[i].bytes));
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}
