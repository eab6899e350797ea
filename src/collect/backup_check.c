/*
 * collect/backup_check.c
 *		Comparing a base backup with its manifest; see backup_check.h.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog_internal.h"
#include "common/checksum_helper.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "collect/backup_check.h"
#include "collect/manifest_files.h"
#include "core/clock.h"
#include "core/encoding.h"
#include "track/verify_progress.h"

#define PART_BYTES (256 * 1024)
#define WAL_FOLDER "pg_wal"
#define TABLESPACES "pg_tblspc"
#define CONTROL_FILE "global/pg_control"

/* A data directory is five deep. */
#define DEPTH_MAX 32

/* A pause is cut into parts of this length, to be ended soon by a cancel. */
#define PAUSE_MS 100

typedef struct Checking
{
	const BackupCheckOptions *options;
	BackupProblemFn report;
	void *arg;
	BackupCheck *check;
	VerifyProgress *progress;
	ListedFiles files;
	MemoryContext file_context; /* reset after each file */
	int64 begun_us;
	int64 reading_us; /* when the reading began */
	int depth;
} Checking;

static const char *const problem_names[BACKUP_PROBLEMS] = {
    [BACKUP_PROBLEM_MANIFEST] = "manifest was changed",
    [BACKUP_PROBLEM_TWICE] = "twice in the manifest",
    [BACKUP_PROBLEM_UNSAFE] = "path leaves the backup",
    [BACKUP_PROBLEM_MISSING] = "missing",
    [BACKUP_PROBLEM_EXTRA] = "not in the manifest",
    [BACKUP_PROBLEM_SIZE] = "wrong size",
    [BACKUP_PROBLEM_CHECKSUM] = "wrong checksum",
    [BACKUP_PROBLEM_UNREADABLE] = "cannot be read",
    [BACKUP_PROBLEM_LINK] = "symbolic link",
    [BACKUP_PROBLEM_NO_FILE] = "not a file or folder",
    [BACKUP_PROBLEM_IDENTIFIER] = "of another cluster",
    [BACKUP_PROBLEM_WAL] = "WAL is missing",
};

/* What restoring writes or WAL archives keep; the server's own tool passes over the same. */
static const char *const passed_over[] = {MANIFEST_NAME, WAL_FOLDER, "postgresql.auto.conf",
                                          "recovery.signal", "standby.signal"};

const char *
dbops_backup_check_problem_name(BackupProblemKind kind)
{
	return problem_names[kind];
}

/* Both texts may be NULL.  File names are bytes of any kind. */
static void
report(Checking *checking, const char *file, BackupProblemKind kind, char *expected, char *found)
{
	BackupCheck *check = checking->check;
	char *name = pstrdup(file);
	BackupProblem problem = {.file = name, .kind = kind, .expected = expected, .found = found};

	dbops_encoding_fit(name, PG_UTF8);
	if (check->problems++ == 0)
		snprintf(check->first_problem, sizeof(check->first_problem), "%.*s: %s",
		         dbops_encoding_clip(name, strlen(name), 200), name, problem_names[kind]);
	checking->progress->problems++;
	checking->report(&problem, checking->arg);
}

static char *
show_number(int64 number)
{
	return psprintf("%lld", (long long) number);
}

static char *
show_bytes(const uint8 *bytes, int n)
{
	char *shown = palloc(2 * n + 1);

	for (int i = 0; i < n; i++)
		snprintf(shown + 2 * i, 3, "%02x", bytes[i]);
	shown[2 * n] = '\0';
	return shown;
}

static bool
is_passed_over(const char *path)
{
	for (int i = 0; i < lengthof(passed_over); i++)
	{
		Size length = strlen(passed_over[i]);

		if (strncmp(path, passed_over[i], length) == 0 &&
		    (path[length] == '\0' || path[length] == '/'))
			return true;
	}
	return false;
}

static char *
full_path(const Checking *checking, const char *path)
{
	return psprintf("%s/%s", checking->options->folder, path);
}

/* ---- what the manifest says ---- */

static void
take_file(const ManifestFile *file, void *arg)
{
	dbops_manifest_files_add(&((Checking *) arg)->files, file);
}

static void
check_manifest(Checking *checking)
{
	Manifest *manifest = checking->check->manifest;
	ListedFiles *files = &checking->files;

	dbops_manifest_files_sort(files);
	if (pg_strcasecmp(manifest->expected, manifest->found) != 0)
		report(checking, MANIFEST_NAME, BACKUP_PROBLEM_MANIFEST, manifest->expected,
		       manifest->found);
	for (int64 i = 0; i < files->count; i++)
	{
		if (!dbops_manifest_path_is_safe(files->files[i].path))
			report(checking, files->files[i].path, BACKUP_PROBLEM_UNSAFE, NULL, NULL);
		if (i > 0 && strcmp(files->files[i - 1].path, files->files[i].path) == 0)
			report(checking, files->files[i].path, BACKUP_PROBLEM_TWICE, NULL, NULL);
	}
}

/* ---- what the folder has ---- */

static void
match_file(Checking *checking, const char *path, int64 size)
{
	ListedFile *file = dbops_manifest_files_find(&checking->files, path);

	if (file == NULL)
	{
		report(checking, path, BACKUP_PROBLEM_EXTRA, NULL, NULL);
		return;
	}
	file->seen = true;
	if (file->size == size)
		return;
	file->bad = true;
	report(checking, path, BACKUP_PROBLEM_SIZE, show_number(file->size), show_number(size));
}

static void walk(Checking *checking, const char *folder);

static void
look_at(Checking *checking, const char *path, bool may_be_link)
{
	struct stat facts;
	char *full = full_path(checking, path);

	if ((may_be_link ? stat(full, &facts) : lstat(full, &facts)) != 0)
		report(checking, path, BACKUP_PROBLEM_UNREADABLE, NULL, psprintf("%m"));
	else if (S_ISREG(facts.st_mode))
		match_file(checking, path, facts.st_size);
	else if (S_ISDIR(facts.st_mode))
		walk(checking, path);
	else
		report(checking, path,
		       S_ISLNK(facts.st_mode) ? BACKUP_PROBLEM_LINK : BACKUP_PROBLEM_NO_FILE, NULL, NULL);
	pfree(full);
}

static bool
is_in_tablespaces(const char *path)
{
	Size length = strlen(TABLESPACES);

	return strncmp(path, TABLESPACES "/", length + 1) == 0 &&
	       strchr(path + length + 1, '/') == NULL;
}

static void
walk(Checking *checking, const char *folder)
{
	char *full = full_path(checking, folder);
	DIR *dir = AllocateDir(full);
	struct dirent *entry;

	if (dir == NULL || checking->depth >= DEPTH_MAX)
	{
		report(checking, folder, BACKUP_PROBLEM_UNREADABLE, NULL,
		       dir == NULL ? psprintf("%m") : pstrdup("folders are nested too deep"));
		if (dir != NULL)
			FreeDir(dir);
		return;
	}
	checking->depth++;
	while ((entry = ReadDir(dir, full)) != NULL)
	{
		char *path;

		CHECK_FOR_INTERRUPTS();
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		path =
		    folder[0] == '\0' ? pstrdup(entry->d_name) : psprintf("%s/%s", folder, entry->d_name);
		if (!is_passed_over(path))
			look_at(checking, path, checking->options->tablespaces && is_in_tablespaces(path));
		pfree(path);
	}
	FreeDir(dir);
	checking->depth--;
	pfree(full);
}

static void
report_missing(Checking *checking)
{
	for (int64 i = 0; i < checking->files.count; i++)
	{
		const ListedFile *file = &checking->files.files[i];

		if (!file->seen && !file->bad && !is_passed_over(file->path))
			report(checking, file->path, BACKUP_PROBLEM_MISSING, show_number(file->size), NULL);
	}
}

/* ---- checksums ---- */

/* Sleeps for as long as was read faster than allowed. */
static void
keep_rate(const Checking *checking)
{
	int64 rate = checking->options->max_mb_per_second * INT64CONST(1024) * 1024;
	int64 due_us;

	CHECK_FOR_INTERRUPTS();
	if (rate == 0)
		return;
	due_us = checking->reading_us +
	         (int64) ((double) checking->check->bytes_read * USECS_PER_SEC / rate);
	for (;;)
	{
		int64 ahead_ms = (due_us - dbops_clock_monotonic_us()) / 1000;

		if (ahead_ms <= 0)
			return;
		if (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		              Min(ahead_ms, PAUSE_MS), PG_WAIT_EXTENSION) &
		    WL_LATCH_SET)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
check_hashed(int result)
{
	if (result < 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a checksum")));
}

/* Bytes read, or -1 with errno. */
static int64
hash_file(Checking *checking, int fd, pg_checksum_context *hash)
{
	char *part = palloc(PART_BYTES);
	int64 total = 0;
	ssize_t got;

	while ((got = read(fd, part, PART_BYTES)) > 0)
	{
		check_hashed(pg_checksum_update(hash, (uint8 *) part, got));
		total += got;
		checking->check->bytes_read += got;
		checking->progress->bytes_done += got;
		keep_rate(checking);
	}
#if defined(USE_POSIX_FADVISE) && defined(POSIX_FADV_DONTNEED)
	/* What is read once is not to push out what the server reads often. */
	if (got == 0)
		(void) posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
#endif
	return got < 0 ? -1 : total;
}

static void
check_digest(Checking *checking, const ListedFile *file, int fd)
{
	pg_checksum_context hash;
	uint8 digest[PG_CHECKSUM_MAX_LENGTH];
	int64 total;
	int size;

	check_hashed(pg_checksum_init(&hash, file->checksum_type));
	total = hash_file(checking, fd, &hash);
	if (total < 0)
	{
		report(checking, file->path, BACKUP_PROBLEM_UNREADABLE, NULL, psprintf("%m"));
		return;
	}
	size = pg_checksum_final(&hash, digest);
	check_hashed(size);
	if (total != file->size)
		report(checking, file->path, BACKUP_PROBLEM_SIZE, show_number(file->size),
		       show_number(total));
	else if (size != file->checksum_size || memcmp(digest, file->checksum, size) != 0)
		report(checking, file->path, BACKUP_PROBLEM_CHECKSUM,
		       show_bytes(file->checksum, file->checksum_size), show_bytes(digest, size));
}

static void
check_file(Checking *checking, const ListedFile *file)
{
	struct stat facts;
	int fd = OpenTransientFile(full_path(checking, file->path),
	                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY);

	if (fd < 0 || fstat(fd, &facts) != 0)
		report(checking, file->path, BACKUP_PROBLEM_UNREADABLE, NULL, psprintf("%m"));
	else if (!S_ISREG(facts.st_mode))
		report(checking, file->path, BACKUP_PROBLEM_NO_FILE, NULL, NULL);
	else
		check_digest(checking, file, fd);
	if (fd >= 0)
		CloseTransientFile(fd);
	checking->check->files_read++;
	checking->progress->files_done++;
}

static bool
needs_reading(const ListedFile *file)
{
	return file->seen && !file->bad && file->checksum_type != CHECKSUM_TYPE_NONE;
}

static void
check_checksums(Checking *checking)
{
	ListedFiles *files = &checking->files;
	MemoryContext old = MemoryContextSwitchTo(checking->file_context);

	for (int64 i = 0; i < files->count; i++)
	{
		if (!needs_reading(&files->files[i]))
			continue;
		checking->progress->files++;
		checking->progress->bytes += files->files[i].size;
	}
	checking->progress->phase = VERIFY_CHECKSUMS;
	checking->reading_us = dbops_clock_monotonic_us();
	for (int64 i = 0; i < files->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!needs_reading(&files->files[i]))
			continue;
		check_file(checking, &files->files[i]);
		MemoryContextReset(checking->file_context);
	}
	MemoryContextSwitchTo(old);
}

/* ---- what belongs to the backup besides ---- */

/* From version 2 on the manifest says of which cluster the files are. */
static void
check_identifier(Checking *checking)
{
	uint64 expected = checking->check->manifest->system_identifier;
	uint64 found = 0;
	int fd;

	if (expected == 0)
		return;
	fd = OpenTransientFile(full_path(checking, CONTROL_FILE),
	                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		return; /* reported as missing or unreadable */
	/* The identifier is the first that a control file has, in every version. */
	if (read(fd, &found, sizeof(found)) == sizeof(found) && found != expected)
		report(checking, CONTROL_FILE, BACKUP_PROBLEM_IDENTIFIER, psprintf(UINT64_FORMAT, expected),
		       psprintf(UINT64_FORMAT, found));
	CloseTransientFile(fd);
}

/* Size of the segments in the backup's own folder of WAL; 0 when it has none. */
static int64
find_segment_size(const char *folder)
{
	DIR *dir = AllocateDir(folder);
	struct dirent *entry;
	struct stat facts;
	int64 size = 0;

	if (dir == NULL)
		return 0;
	while (size == 0 && (entry = ReadDir(dir, folder)) != NULL)
	{
		char *full;

		if (!IsXLogFileName(entry->d_name))
			continue;
		full = psprintf("%s/%s", folder, entry->d_name);
		if (lstat(full, &facts) == 0 && S_ISREG(facts.st_mode) && IsValidWalSegSize(facts.st_size))
			size = facts.st_size;
	}
	FreeDir(dir);
	return size;
}

static void
check_range(Checking *checking, const ManifestRange *range, int64 segment_size)
{
	uint64 last = (range->end - 1) / segment_size;

	for (uint64 segment = range->start / segment_size; segment <= last; segment++)
	{
		char name[MAXFNAMELEN];
		char *path;
		struct stat facts;

		CHECK_FOR_INTERRUPTS();
		XLogFileName(name, range->timeline, segment, (int) segment_size);
		path = psprintf("%s/%s", WAL_FOLDER, name);
		if (lstat(full_path(checking, path), &facts) != 0)
			report(checking, path, BACKUP_PROBLEM_WAL, show_number(segment_size), NULL);
		else if (facts.st_size != segment_size)
			report(checking, path, BACKUP_PROBLEM_SIZE, show_number(segment_size),
			       show_number(facts.st_size));
	}
}

/* A backup without WAL takes it from an archive, so none is no problem, and some is. */
static void
check_wal(Checking *checking)
{
	const Manifest *manifest = checking->check->manifest;
	int64 segment_size = find_segment_size(full_path(checking, WAL_FOLDER));

	checking->check->has_wal = segment_size > 0;
	for (int i = 0; segment_size > 0 && i < manifest->nranges; i++)
		check_range(checking, &manifest->ranges[i], segment_size);
}

static void
check_all(Checking *checking)
{
	BackupCheck *check = checking->check;

	check->manifest = dbops_manifest_read(checking->options->folder, take_file, checking);
	check_manifest(checking);
	/* A changed manifest proves nothing of the files. */
	if (check->problems > 0)
		return;
	checking->progress->phase = VERIFY_FOLDER;
	walk(checking, "");
	report_missing(checking);
	check_identifier(checking);
	check_wal(checking);
	if (checking->options->checksums)
		check_checksums(checking);
}

static Manifest *
copy_manifest(const Manifest *manifest)
{
	Manifest *copy = palloc(sizeof(Manifest));

	*copy = *manifest;
	copy->ranges = palloc(sizeof(ManifestRange) * Max(manifest->nranges, 1));
	if (manifest->nranges > 0)
		memcpy(copy->ranges, manifest->ranges, sizeof(ManifestRange) * manifest->nranges);
	return copy;
}

BackupCheck *
dbops_backup_check_run(const BackupCheckOptions *options, BackupProblemFn report_to, void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context =
	    AllocSetContextCreate(caller, "dbops backup check", ALLOCSET_DEFAULT_SIZES);
	Checking checking = {.options = options, .report = report_to, .arg = arg};

	checking.check = palloc0(sizeof(BackupCheck));
	checking.begun_us = dbops_clock_monotonic_us();
	MemoryContextSwitchTo(context);
	checking.progress = dbops_verify_progress_begin(options->folder);
	checking.file_context =
	    AllocSetContextCreate(context, "dbops backup file", ALLOCSET_SMALL_SIZES);
	check_all(&checking);
	MemoryContextSwitchTo(caller);
	checking.check->manifest = copy_manifest(checking.check->manifest);
	MemoryContextDelete(context);
	checking.check->took_us = dbops_clock_monotonic_us() - checking.begun_us;
	return checking.check;
}
