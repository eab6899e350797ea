/*
 * store/backup_history.c
 *		Backup history files; see backup_history.h.
 */
#include "postgres.h"

#include "store/backup_history.h"

#define SEGMENT_DIGITS 24
#define OFFSET_DIGITS 8
#define HEX_DIGITS "0123456789ABCDEF"

bool
dbops_backup_history_is_name(const char *name)
{
	return strspn(name, HEX_DIGITS) == SEGMENT_DIGITS && name[SEGMENT_DIGITS] == '.' &&
	       strspn(name + SEGMENT_DIGITS + 1, HEX_DIGITS) == OFFSET_DIGITS &&
	       strcmp(name + SEGMENT_DIGITS + 1 + OFFSET_DIGITS, ".backup") == 0;
}

/* What stands behind "KEY: " on a line of its own that is ended; NULL without one. */
static const char *
find_line(const char *content, const char *key, int *length)
{
	size_t key_length = strlen(key);

	for (const char *line = content; line != NULL && *line != '\0';)
	{
		const char *end = strchr(line, '\n');

		if (end == NULL)
			return NULL;
		if (strncmp(line, key, key_length) == 0 && strncmp(line + key_length, ": ", 2) == 0)
		{
			*length = (int) (end - (line + key_length + 2));
			return line + key_length + 2;
		}
		line = end + 1;
	}
	return NULL;
}

static bool
read_text(const char *content, const char *key, char *to, int size)
{
	int length;
	const char *value = find_line(content, key, &length);

	if (value == NULL)
		return false;
	length = Min(length, size - 1);
	memcpy(to, value, length);
	to[length] = '\0';
	return true;
}

static bool
read_lsn(const char *content, const char *key, XLogRecPtr *lsn)
{
	char value[64];
	unsigned int high;
	unsigned int low;

	if (!read_text(content, key, value, sizeof(value)) || sscanf(value, "%X/%X", &high, &low) != 2)
		return false;
	*lsn = ((uint64) high << 32) | low;
	return *lsn != InvalidXLogRecPtr;
}

static bool
read_timeline(const char *content, const char *key, TimeLineID *timeline)
{
	char value[16];

	return read_text(content, key, value, sizeof(value)) && sscanf(value, "%u", timeline) == 1 &&
	       *timeline != 0;
}

bool
dbops_backup_history_parse(const char *content, BackupHistory *history)
{
	char origin[16];
	int length;

	memset(history, 0, sizeof(*history));
	if (!read_lsn(content, "START WAL LOCATION", &history->start_lsn) ||
	    !read_lsn(content, "STOP WAL LOCATION", &history->stop_lsn) ||
	    !read_timeline(content, "START TIMELINE", &history->start_timeline) ||
	    !read_timeline(content, "STOP TIMELINE", &history->stop_timeline) ||
	    !read_text(content, "START TIME", history->started, sizeof(history->started)) ||
	    !read_text(content, "STOP TIME", history->stopped, sizeof(history->stopped)) ||
	    !read_text(content, "LABEL", history->label, sizeof(history->label)) ||
	    !read_text(content, "BACKUP FROM", origin, sizeof(origin)))
		return false;
	history->from_standby = strcmp(origin, "standby") == 0;
	history->incremental = find_line(content, "INCREMENTAL FROM LSN", &length) != NULL;
	return history->stop_lsn >= history->start_lsn;
}
