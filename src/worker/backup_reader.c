/*
 * worker/backup_reader.c
 *		Reading the catalogues of backup tools; see backup_reader.h.
 *
 * Each command is two tasks: one runs it and reads what it prints, holding no snapshot meanwhile;
 * the other stores what came of it, be it an error;
 * on a standby in memory.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "postmaster/bgworker.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "collect/tool_catalogue.h"
#include "core/clock.h"
#include "core/command.h"
#include "core/guc.h"
#include "core/words.h"
#include "store/backups.h"
#include "store/readings.h"
#include "store/repositories.h"
#include "store/selfstat.h"
#include "track/nesting.h"
#include "worker/backup_reader.h"
#include "worker/control.h"
#include "worker/launch.h"
#include "worker/timer.h"

/* A catalogue of ten thousand backups has some 8 MB. */
#define OUTPUT_MAX (32 * 1024 * 1024)
#define STORE_LIMIT_MS 60000

/* What is kept of a command for people to know it by. */
#define PROGRAM_SHOWN 200

typedef struct Reading
{
	WorkerState *worker;
	MemoryContext context; /* of one command: it outlives the task that fills it */
	int position;
	WordsGroup words;
	char name[32]; /* of its task */
	ToolCatalogue *catalogue;
	BackupCommand command;
} Reading;

static const char *const session_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"synchronous_commit", "local"},
    {"lock_timeout", "500ms"}, /* before the deadlock of who drops the extension is his */
    {"jit", "off"},
    {"compute_query_id", "off"},
    {"default_transaction_read_only", "off"},
    {"default_transaction_isolation", "read committed"},
    {"row_security", "off"},
};

extern PGDLLEXPORT void dbops_backup_reader_main(Datum argument);

/* ---- running a command ---- */

static void
run_command(void *arg)
{
	Reading *reading = arg;
	const Command command = {
	    .argv = reading->words.words,
	    .limit_ms = dbops_guc_backup_command_limit * 1000,
	    .limit_name = "dbops.backup_command_limit",
	    .output_max = OUTPUT_MAX,
	};
	CommandOutput output;
	MemoryContext old;
	char *words;

	dbops_command_run(&command, &output);
	old = MemoryContextSwitchTo(reading->context);
	words = pg_any_to_server(output.text, output.size, PG_UTF8);
	reading->catalogue =
	    dbops_tool_catalogue_read(words, words == output.text ? output.size : strlen(words));
	MemoryContextSwitchTo(old);
}

/* ---- storing what it told ---- */

/* Whether what the tool keeps for this server is of this cluster. */
static bool
is_of_this_cluster(const ToolCatalogue *catalogue, const char *server, int64 identifier)
{
	int64 own = (int64) GetSystemIdentifier();

	if (identifier == 0)
		identifier = dbops_readings_identifier(catalogue->tool, server);
	if (identifier == 0)
		identifier = dbops_repositories_identifier(catalogue->tool, server);
	if (identifier != 0)
		return identifier == own;
	/* Nothing tells: then it is taken for this one when there is no other. */
	for (int i = 0; i < catalogue->nrepositories; i++)
	{
		if (strcmp(catalogue->repositories[i].server, server) != 0)
			return false;
	}
	return true;
}

static bool
lies_in(const ToolBackup *backup, const ToolRepository *repository)
{
	return strcmp(backup->server, repository->server) == 0 &&
	       strcmp(backup->repository, repository->name) == 0;
}

static void
count_backup(Repository *repository, const ToolBackup *backup)
{
	repository->erroneous += backup->erroneous;
	repository->failed += backup->status == TOOL_BACKUP_FAILED;
	if (backup->stored_bytes > 0)
		repository->stored_bytes += backup->stored_bytes;
	if (backup->status != TOOL_BACKUP_OK)
		return;
	repository->backups++;
	repository->base_backups += backup->kind == TOOL_BACKUP_BASE;
	if (backup->ended_at == 0)
		return;
	if (repository->oldest_at == 0 || backup->ended_at < repository->oldest_at)
		repository->oldest_at = backup->ended_at;
	repository->newest_at = Max(repository->newest_at, backup->ended_at);
	if (backup->kind == TOOL_BACKUP_BASE)
		repository->newest_base_at = Max(repository->newest_base_at, backup->ended_at);
}

static Repository
describe_repository(const Reading *reading, const ToolRepository *told)
{
	const ToolCatalogue *catalogue = reading->catalogue;
	Repository repository = {
	    .tool = catalogue->tool,
	    .server = told->server,
	    .name = told->name,
	    .position = reading->position,
	    .listed = told->whole,
	    .status_code = told->status_code,
	    .status = told->status,
	    .retention = told->retention,
	    .cipher = told->cipher,
	    .first_wal = told->first_wal,
	    .last_wal = told->last_wal,
	    .system_identifier = told->system_identifier,
	    .busy = told->busy,
	};

	for (int i = 0; i < catalogue->nbackups; i++)
	{
		if (lies_in(&catalogue->backups[i], told))
			count_backup(&repository, &catalogue->backups[i]);
	}
	return repository;
}

static void
store_repository(const Reading *reading, const ToolRepository *told)
{
	const ToolCatalogue *catalogue = reading->catalogue;
	const Repository repository = describe_repository(reading, told);
	const char **labels = palloc(sizeof(char *) * Max(catalogue->nbackups, 1));
	int nlabels = 0;

	for (int i = 0; i < catalogue->nbackups; i++)
	{
		if (lies_in(&catalogue->backups[i], told))
			labels[nlabels++] = catalogue->backups[i].label;
	}
	dbops_repositories_store(&repository, reading->command.ran_at);
	if (told->whole && is_of_this_cluster(catalogue, told->server, told->system_identifier))
		dbops_backups_expire_missing(catalogue->tool, told->name, labels, nlabels);
}

/* Barman's labels are the time they were given at, by the clock on its wall. */
static TimestampTz
time_of_label(const char *label)
{
	struct pg_tm tm = {0};
	TimestampTz at;
	int zone;

	if (strlen(label) != 15 ||
	    sscanf(label, "%4d%2d%2dT%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &tm.tm_sec) != 6 ||
	    ValidateDate(DTK_DATE_M, false, false, false, &tm) != 0)
		return 0;
	zone = DetermineTimeZoneOffset(&tm, session_timezone);
	return tm2timestamp(&tm, 0, &zone, &at) == 0 ? at : 0;
}

static Backup
describe(const ToolCatalogue *catalogue, const ToolBackup *told)
{
	static const BackupKind kinds[] = {
	    [TOOL_BACKUP_BASE] = BACKUP_BASE,
	    [TOOL_BACKUP_DIFFERENTIAL] = BACKUP_DIFFERENTIAL,
	    [TOOL_BACKUP_INCREMENTAL] = BACKUP_INCREMENTAL,
	};
	static const BackupStatus statuses[] = {
	    [TOOL_BACKUP_OK] = BACKUP_OK,
	    [TOOL_BACKUP_RUNNING] = BACKUP_RUNNING,
	    [TOOL_BACKUP_FAILED] = BACKUP_FAILED,
	};

	return (Backup){
	    .source = BACKUP_FROM_CATALOGUE,
	    .kind = kinds[told->kind],
	    .status = statuses[told->status],
	    .tool = catalogue->tool,
	    .label = told->label,
	    .prior = told->prior,
	    .repository = told->repository,
	    .evidence = told->evidence,
	    .started_at = told->started_at,
	    .ended_at = told->ended_at,
	    .start_lsn = told->start_lsn,
	    .stop_lsn = told->stop_lsn,
	    .timeline = told->timeline > 0 ? (TimeLineID) told->timeline : 0,
	    .size_bytes = Max(told->size_bytes, 0),
	    .stored_bytes = Max(told->stored_bytes, 0),
	    /* Both tools say that a backup is done when its WAL is there, and not before. */
	    .wal_archived =
	        told->status == TOOL_BACKUP_OK && told->evidence == NULL ? BACKUP_YES : BACKUP_UNKNOWN,
	};
}

/* One that runs and has but a name: its session tells more, and the catalogue when it is over. */
static bool
is_only_named(const ToolBackup *told)
{
	return told->status == TOOL_BACKUP_RUNNING && told->started_at == 0 &&
	       told->start_lsn == InvalidXLogRecPtr;
}

/* The backups of this cluster; returns their number. */
static int
describe_backups(const ToolCatalogue *catalogue, Backup *backups)
{
	int n = 0;

	for (int i = 0; i < catalogue->nbackups; i++)
	{
		const ToolBackup *told = &catalogue->backups[i];

		if (is_of_this_cluster(catalogue, told->server, told->system_identifier) &&
		    !is_only_named(told))
			backups[n++] = describe(catalogue, told);
	}
	return n;
}

static void
store_backups(const ToolCatalogue *catalogue)
{
	Backup *backups = palloc(sizeof(Backup) * Max(catalogue->nbackups, 1));
	int n = describe_backups(catalogue, backups);
	const bool *known;

	known = dbops_backups_find_known(backups, n);
	for (int i = 0; i < n; i++)
	{
		TimestampTz began_at = time_of_label(backups[i].label);

		if (known[i])
			continue;
		if (backups[i].start_lsn == InvalidXLogRecPtr && began_at != 0 && backups[i].ended_at != 0)
			dbops_backups_complete(&backups[i], began_at);
		(void) dbops_backups_store(&backups[i]);
	}
}

/* A standby has no tables to write: what its commands tell is kept in memory. */
static void
keep_reading(const Reading *reading)
{
	const ToolCatalogue *catalogue = reading->catalogue;
	TimestampTz ran_at = reading->command.ran_at;
	Backup *backups;
	int n;

	dbops_readings_keep_command(&reading->command);
	if (catalogue == NULL)
		return;
	for (int i = 0; i < catalogue->nrepositories; i++)
	{
		const Repository repository = describe_repository(reading, &catalogue->repositories[i]);

		dbops_readings_keep_repository(&repository, ran_at);
	}
	dbops_readings_forget_missing(reading->position, ran_at);
	backups = palloc(sizeof(Backup) * Max(catalogue->nbackups, 1));
	n = describe_backups(catalogue, backups);
	dbops_readings_forget_backups(reading->position);
	for (int i = 0; i < n; i++)
		dbops_readings_keep_backup(&backups[i], reading->position);
}

static void
store_reading(void *arg)
{
	Reading *reading = arg;
	const ToolCatalogue *catalogue = reading->catalogue;

	if (RecoveryInProgress())
	{
		keep_reading(reading);
		return;
	}
	dbops_repositories_store_command(&reading->command);
	if (catalogue == NULL)
		return;
	for (int i = 0; i < catalogue->nrepositories; i++)
		store_repository(reading, &catalogue->repositories[i]);
	dbops_repositories_forget_missing(reading->position, reading->command.ran_at);
	store_backups(catalogue);
}

/* ---- one command after the other ---- */

static char *
show_program(char *const *words)
{
	StringInfoData shown;

	initStringInfo(&shown);
	for (; *words != NULL && shown.len < PROGRAM_SHOWN; words++)
		appendStringInfo(&shown, "%s%s", shown.len > 0 ? " " : "", *words);
	shown.data[pg_mbcliplen(shown.data, shown.len, PROGRAM_SHOWN)] = '\0';
	return shown.data;
}

static void
read_command(Reading *reading)
{
	Task run = {.name = reading->name, .run = run_command};
	static const Task store = {
	    .name = "store backups", .timeout_ms = STORE_LIMIT_MS, .sql = true, .run = store_reading};
	const char *slash = strrchr(reading->words.words[0], '/');
	int64 begun_us = dbops_clock_monotonic_us();
	const TaskError *error;

	snprintf(reading->name, sizeof(reading->name), "backup command %d (%.12s)", reading->position,
	         slash == NULL ? reading->words.words[0] : slash + 1);
	reading->command.position = reading->position;
	reading->command.ran_at = dbops_clock_now();
	reading->command.program = show_program(reading->words.words);
	if (!dbops_control_run(reading->worker, &run, reading))
		reading->catalogue = NULL;
	error = &dbops_control_task(reading->worker, reading->name)->error;
	reading->command.took_ms = (dbops_clock_monotonic_us() - begun_us) / 1000;
	reading->command.tool = reading->catalogue == NULL ? NULL : reading->catalogue->tool;
	reading->command.sqlerrcode = error->sqlerrcode;
	reading->command.error = error->message;
	(void) dbops_control_run(reading->worker, &store, reading);
}

static void
forget_beyond(void *count)
{
	dbops_readings_forget_beyond(*(int *) count);
	if (!RecoveryInProgress())
		dbops_repositories_forget_beyond(*(int *) count);
}

static void
start_up(void)
{
	BackgroundWorkerUnblockSignals();
	dbops_nesting_exclude_process();
	BackgroundWorkerInitializeConnection(dbops_guc_database, NULL, 0);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	if (GetConfigOption("pg_stat_statements.track", true, false) != NULL)
		SetConfigOption("pg_stat_statements.track", "none", PGC_SUSET, PGC_S_OVERRIDE);
}

/* The argument tells whether the setting is another one than at the last time. */
void
dbops_backup_reader_main(Datum argument)
{
	static const Task forget = {
	    .name = "forget commands", .timeout_ms = STORE_LIMIT_MS, .sql = true, .run = forget_beyond};
	WorkerState *worker;
	WordsGroup *groups;
	int count;

	pqsignal(SIGTERM, die);
	start_up();
	worker = dbops_control_enlist(WORKER_READER);
	if (DatumGetBool(argument))
		dbops_control_forget(WORKER_READER);
	dbops_selfstat_begin(SELF_READER);
	MemoryContextSwitchTo(TopMemoryContext);
	groups = dbops_words_split(dbops_guc_backup_command, &count);
	for (int i = 0; i < count; i++)
	{
		Reading reading = {.worker = worker, .position = i + 1, .words = groups[i]};

		reading.context =
		    AllocSetContextCreate(TopMemoryContext, "dbops catalogue", ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(reading.context);
		read_command(&reading);
		MemoryContextSwitchTo(TopMemoryContext);
		MemoryContextDelete(reading.context);
	}
	(void) dbops_control_run(worker, &forget, &count);
	dbops_selfstat_publish(SELF_READER);
	worker->last_at = dbops_clock_now();
}

/* ---- for the keeper ---- */

static char *seen = NULL; /* the setting, as it was the last time */

static void
keep_running(bool changed)
{
	static Launch reader = {.name = "dbops backup reader", .function = "dbops_backup_reader_main"};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	LaunchState state;

	reader.argument = BoolGetDatum(changed);
	state = dbops_launch_keep(&reader);
	if (state == LAUNCH_WAITING)
	{
		/* That it ended the last time is what it is meant to do. */
		dbops_launch_forget(&reader);
		state = dbops_launch_keep(&reader);
	}
	MemoryContextSwitchTo(old);
	if (state == LAUNCH_NO_SLOT)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("no free worker slot to read the catalogues of backup tools"),
		                errhint("Raise max_worker_processes (now %d) and restart.",
		                        max_worker_processes)));
}

void
dbops_backup_reader_tend(void)
{
	static Timer timer = {0};
	bool changed = seen == NULL || strcmp(seen, dbops_guc_backup_command) != 0;
	bool empty = dbops_guc_backup_command[0] == '\0';
	int none = 0;

	/* One at a time: it would not see a setting that changed meanwhile. */
	if (dbops_control()->workers[WORKER_READER].pid != 0)
		return;
	if (changed)
	{
		timer = (Timer){0};
		if (empty)
		{
			dbops_control_forget(WORKER_READER);
			forget_beyond(&none);
		}
		if (seen != NULL)
			pfree(seen);
		seen = MemoryContextStrdup(TopMemoryContext, dbops_guc_backup_command);
	}
	if (!empty && dbops_timer_is_due(&timer, dbops_guc_backup_command_interval, dbops_clock_now()))
		keep_running(changed);
}

void
dbops_backup_reader_begin_anew(void)
{
	if (seen != NULL)
		pfree(seen);
	seen = NULL;
}
