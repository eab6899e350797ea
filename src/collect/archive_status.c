/*
 * collect/archive_status.c
 *		What waits to be archived; see archive_status.h.
 *
 * Names are compared as they are: the 16 digits behind the timeline are in the order of the WAL.
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "utils/timestamp.h"

#include "collect/archive_status.h"
#include "core/clock.h"

#define STATUS_FOLDER XLOGDIR "/archive_status"
#define READY ".ready"

#define TIMELINE_DIGITS 8
#define SEGMENT_DIGITS 16
#define NAME_DIGITS (TIMELINE_DIGITS + SEGMENT_DIGITS)

/* A reading may take this part of the time between two. */
#define TIME_BETWEEN_SCANS 500

/* Segments that are looked for by name before the folder is read instead. */
#define MAX_STEPS 256

/* Of this process: the latest reading. */
static ArchiveStatus latest;
static int64 scanned_us;
static int64 scan_took_us;

static bool
is_segment(const char *name)
{
	return strspn(name, "0123456789ABCDEF") == NAME_DIGITS &&
	       strcmp(name + NAME_DIGITS, READY) == 0;
}

static bool
is_ready(const char *name)
{
	Size length = strlen(name);

	return length > strlen(READY) && strcmp(name + length - strlen(READY), READY) == 0;
}

static bool
find_time(const char *folder, const char *name, TimestampTz *at)
{
	char path[MAXPGPATH];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (stat(path, &st) != 0)
		return false;
	*at = time_t_to_timestamptz(st.st_mtime);
	return true;
}

static void
note_oldest(ArchiveStatus *status, const char *folder, const char *name, int segment_size)
{
	XLogSegNo segment;

	XLogFromFileName(name, &status->timeline, &segment, segment_size);
	XLogSegNoOffsetToRecPtr(segment, 0, segment_size, status->oldest);
	(void) find_time(folder, name, &status->oldest_at);
}

void
dbops_archive_status_scan(const char *folder, int segment_size, ArchiveStatus *status)
{
	char oldest[MAXPGPATH] = "";
	struct dirent *entry;
	DIR *dir = opendir(folder);

	memset(status, 0, sizeof(*status));
	if (dir == NULL)
		return;
	/* Nothing in this loop may throw: a folder is open. */
	while ((entry = readdir(dir)) != NULL)
	{
		if (is_segment(entry->d_name))
		{
			status->ready++;
			if (oldest[0] == '\0' ||
			    strcmp(entry->d_name + TIMELINE_DIGITS, oldest + TIMELINE_DIGITS) < 0)
				strlcpy(oldest, entry->d_name, sizeof(oldest));
		}
		else if (is_ready(entry->d_name))
			status->others++;
	}
	closedir(dir);
	status->known = true;
	if (oldest[0] != '\0')
		note_oldest(status, folder, oldest, segment_size);
}

XLogRecPtr
dbops_archive_status_position(const ArchiveStatus *status, XLogRecPtr flushed, int segment_size)
{
	XLogRecPtr written = flushed - XLogSegmentOffset(flushed, segment_size);

	return status->ready > 0 ? Min(status->oldest, written) : written;
}

/* Follows the oldest file to the next that is there; false if it cannot be found that way. */
static bool
follow_oldest(ArchiveStatus *status)
{
	for (int i = 0; i < MAX_STEPS && status->ready > 0; i++)
	{
		char name[MAXPGPATH];
		XLogSegNo segment;

		XLByteToSeg(status->oldest, segment, wal_segment_size);
		XLogFileName(name, status->timeline, segment, wal_segment_size);
		strlcat(name, READY, sizeof(name));
		if (find_time(STATUS_FOLDER, name, &status->oldest_at))
			return true;
		status->oldest += wal_segment_size;
		status->ready--;
	}
	return false;
}

void
dbops_archive_status_look(ArchiveStatus *status)
{
	int64 now_us = dbops_clock_monotonic_us();
	bool may_scan = !latest.known || now_us - scanned_us >= scan_took_us * TIME_BETWEEN_SCANS;

	if (may_scan || latest.ready == 0 || !follow_oldest(&latest))
	{
		dbops_archive_status_scan(STATUS_FOLDER, wal_segment_size, &latest);
		scanned_us = now_us;
		scan_took_us = dbops_clock_monotonic_us() - now_us;
	}
	*status = latest;
}
