/*
 * collect/backup_files.c
 *		The backup history files in pg_wal; see backup_files.h.
 *
 * What is known is kept as a list of names, that of the folder at the last look: a file that is
 * begun early may be completed late, so that no order of names or times would do.
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog_internal.h"
#include "mb/pg_wchar.h"
#include "pgtime.h"
#include "storage/fd.h"
#include "utils/datetime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "collect/backup_files.h"
#include "core/clock.h"
#include "core/encoding.h"
#include "store/backup_history.h"

/* One for each backup whose file is not archived; more are read again and again. */
#define KNOWN_FILES 64

/* Writing a file takes less. */
#define HALF_WRITTEN_S 10

typedef struct Names
{
	int count;
	char names[KNOWN_FILES][MAXFNAMELEN];
} Names;

static Names known;
static Names latest;
static struct timespec changed_at; /* of the folder, at the last look */
static bool is_new = false;        /* it had a file that is not known */

static bool
has_name(const Names *names, const char *name)
{
	for (int i = 0; i < names->count; i++)
	{
		if (strcmp(names->names[i], name) == 0)
			return true;
	}
	return false;
}

static void
add_name(Names *names, const char *name)
{
	if (names->count < KNOWN_FILES)
		strlcpy(names->names[names->count++], name, MAXFNAMELEN);
}

/* Without the server's way to read a folder, which throws. */
static bool
finds_unknown(void)
{
	DIR *dir = opendir(XLOGDIR);
	const struct dirent *entry;
	bool found = false;

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL)
		found = dbops_backup_history_is_name(entry->d_name) && !has_name(&known, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return found;
}

bool
dbops_backup_files_are_new(void)
{
	struct stat folder;

	if (is_new)
		return true;
	if (stat(XLOGDIR, &folder) != 0 || (folder.st_mtim.tv_sec == changed_at.tv_sec &&
	                                    folder.st_mtim.tv_nsec == changed_at.tv_nsec))
		return false;
	changed_at = folder.st_mtim;
	is_new = finds_unknown();
	return is_new;
}

/* False when there is none, as when the server has just removed it. */
static bool
read_file(const char *name, char *content)
{
	char path[MAXPGPATH];
	int file;
	ssize_t length;

	snprintf(path, sizeof(path), XLOGDIR "/%s", name);
	file = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (file < 0)
		return false;
	length = read(file, content, BACKUP_HISTORY_BYTES - 1);
	CloseTransientFile(file);
	if (length < 0)
		return false;
	content[length] = '\0';
	return strlen(content) == length;
}

/* A time as the server writes it for its log; 0 if it is none. */
static TimestampTz
parse_time(const char *words)
{
	struct pg_tm tm = {0};
	char zone[64];
	int offset;
	TimestampTz result;

	if (sscanf(words, "%d-%d-%d %d:%d:%d %63s", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	           &tm.tm_min, &tm.tm_sec, zone) != 7 ||
	    !IS_VALID_JULIAN(tm.tm_year, tm.tm_mon, tm.tm_mday) || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31)
		return 0;
	offset = DetermineTimeZoneAbbrevOffset(&tm, zone, log_timezone);
	return tm2timestamp(&tm, 0, &offset, &result) == 0 ? result : 0;
}

/* What cannot be read is half written, for a moment; later it is something else. */
static void
look_again(const char *name)
{
	char path[MAXPGPATH];
	struct stat file;

	snprintf(path, sizeof(path), XLOGDIR "/%s", name);
	if (stat(path, &file) != 0)
		return;
	if (timestamptz_to_time_t(dbops_clock_now()) - file.st_mtime < HALF_WRITTEN_S)
		changed_at = (struct timespec){0};
	else
		add_name(&latest, name);
}

static void
tell_file(const char *name, void (*tell)(const Backup *backup, void *arg), void *arg)
{
	char content[BACKUP_HISTORY_BYTES];
	BackupHistory history;
	Backup backup = {.source = BACKUP_FROM_HISTORY_FILE, .status = BACKUP_OK};

	if (!read_file(name, content) || !dbops_backup_history_parse(content, &history))
	{
		look_again(name);
		return;
	}
	dbops_encoding_fit(history.label, PG_SQL_ASCII);
	backup.kind = history.incremental ? BACKUP_INCREMENTAL : BACKUP_BASE;
	backup.tool = dbops_backup_text_tool(history.label, NULL);
	if (backup.tool == NULL)
		backup.tool = "plain copy";
	if (strcmp(backup.tool, "pgBackRest") == 0)
		backup.evidence =
		    "only its catalogue tells whether it is full, differential or incremental";
	backup.label = history.label;
	backup.started_at = parse_time(history.started);
	backup.ended_at = parse_time(history.stopped);
	if (backup.ended_at < backup.started_at)
		backup.ended_at = backup.started_at;
	backup.start_lsn = history.start_lsn;
	backup.stop_lsn = history.stop_lsn;
	backup.timeline = history.stop_timeline;
	tell(&backup, arg);
	add_name(&latest, name);
}

void
dbops_backup_files_tell(void (*tell)(const Backup *backup, void *arg), void *arg)
{
	DIR *dir = AllocateDir(XLOGDIR);
	struct dirent *entry;

	latest.count = 0;
	is_new = false;
	while ((entry = ReadDir(dir, XLOGDIR)) != NULL)
	{
		if (!dbops_backup_history_is_name(entry->d_name))
			continue;
		if (has_name(&known, entry->d_name))
			add_name(&latest, entry->d_name);
		else
			tell_file(entry->d_name, tell, arg);
	}
	FreeDir(dir);
}

void
dbops_backup_files_know(void)
{
	known = latest;
}

void
dbops_backup_files_forget(void)
{
	known.count = 0;
}
