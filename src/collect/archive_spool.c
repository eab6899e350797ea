/*
 * collect/archive_spool.c
 *		What pgBackRest's asynchronous push leaves in its spool; see archive_spool.h.
 *
 * Where the spool is comes from the command, the environment of the server or pgBackRest's own
 * configuration, which its command reads as the same user.  Files are opened and closed with
 * nothing between that could throw.
 */
#include "postgres.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"

#include "collect/archive_command.h"
#include "collect/archive_spool.h"
#include "core/clock.h"

#define DEFAULT_SPOOL "/var/spool/pgbackrest"
#define MAX_CONFIG 65536
#define MAX_TEXT 1024
#define NAME_DIGITS 24

/* A status file holds the code of an error and its text, or the text of a warning. */
#define DROPPED "dropped WAL file"

/* A spool with more files is read so far: each is a segment that waits for the server. */
#define MAX_FILES 20000

/* Configuration is read again after this time. */
#define CONFIG_LASTS_US (30 * INT64CONST(1000000))

static const char *const config_files[] = {"/etc/pgbackrest/pgbackrest.conf",
                                           "/etc/pgbackrest.conf"};

/* Of this process: where the spool was found, for which command, and when. */
static char known_command[MAXPGPATH * 2];
static char known_folder[MAXPGPATH];
static int64 known_us;

/* Reads the beginning of a file as text; false, and no text, when it cannot. */
static bool
read_text(const char *path, char *buffer, Size size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = -1;

	if (fd >= 0)
	{
		got = read(fd, buffer, size - 1);
		close(fd);
	}
	buffer[Max(got, 0)] = '\0';
	return got >= 0;
}

static bool
has_suffix(const char *name, const char *suffix)
{
	Size length = strlen(name);

	return length >= strlen(suffix) && strcmp(name + length - strlen(suffix), suffix) == 0;
}

static bool
is_segment_ok(const char *name)
{
	return strspn(name, "0123456789ABCDEF") == NAME_DIGITS &&
	       strcmp(name + NAME_DIGITS, ".ok") == 0;
}

static void
note_dropped(ArchiveSpool *spool, const char *name, int segment_size)
{
	TimeLineID timeline;
	XLogSegNo segment;
	XLogRecPtr start;

	XLogFromFileName(name, &timeline, &segment, segment_size);
	XLogSegNoOffsetToRecPtr(segment, 0, segment_size, start);
	if (spool->dropped == 0 || start < spool->dropped_from)
	{
		spool->dropped_from = start;
		spool->timeline = timeline;
	}
	spool->dropped_to = Max(spool->dropped_to, start + segment_size);
	spool->dropped++;
}

void
dbops_archive_spool_scan(const char *folder, int segment_size, ArchiveSpool *spool)
{
	char path[MAXPGPATH];
	char content[MAX_TEXT];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	memset(spool, 0, sizeof(*spool));
	if (dir == NULL)
		return;
	for (int i = 0; i < MAX_FILES && (entry = readdir(dir)) != NULL; i++)
	{
		if (has_suffix(entry->d_name, ".error"))
			spool->errors++;
		if (!is_segment_ok(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (read_text(path, content, sizeof(content)) && strstr(content, DROPPED) != NULL)
			note_dropped(spool, entry->d_name, segment_size);
	}
	closedir(dir);
	spool->known = true;
}

/* How special a section is for archive-push of a stanza; 0 if it is not for it. */
static int
rank_section(const char *section, Size length, const char *stanza)
{
	static const char command[] = ":archive-push";
	Size stem = length;
	bool special = false;

	if (length > strlen(command) &&
	    strncmp(section + length - strlen(command), command, strlen(command)) == 0)
	{
		stem -= strlen(command);
		special = true;
	}
	if (stem == strlen("global") && strncmp(section, "global", stem) == 0)
		return special ? 2 : 1;
	if (stem == strlen(stanza) && strncmp(section, stanza, stem) == 0)
		return special ? 4 : 3;
	return 0;
}

/* Length of a line without the blanks at its end. */
static Size
line_length(const char *line)
{
	Size length = strcspn(line, "\r\n");

	while (length > 0 && isblank((unsigned char) line[length - 1]))
		length--;
	return length;
}

bool
dbops_archive_spool_configured(const char *content, const char *stanza, char *path, Size size)
{
	static const char option[] = "spool-path";
	int section = 0;
	int best = 0;

	for (const char *line = content; *line != '\0'; line += strcspn(line, "\n"))
	{
		const char *value;
		Size length;

		line += strspn(line, " \t\r\n");
		length = line_length(line);
		if (*line == '[' && length > 2 && line[length - 1] == ']')
			section = rank_section(line + 1, length - 2, stanza);
		if (section <= best || strncmp(line, option, strlen(option)) != 0)
			continue;
		value = line + strlen(option) + strspn(line + strlen(option), " \t");
		if (*value != '=')
			continue;
		value += 1 + strspn(value + 1, " \t");
		if (line_length(value) >= size)
			continue;
		strlcpy(path, value, line_length(value) + 1);
		best = section;
	}
	return best > 0;
}

/* An option from the command, or else from the environment that the command inherits. */
static bool
find_option(const char *command, const char *option, char *value, Size size)
{
	char variable[64] = "PGBACKREST_";
	Size length = strlen(variable);
	const char *found;

	if (dbops_archive_command_option(command, option, value, size))
		return true;
	for (const char *c = option; *c != '\0' && length < sizeof(variable) - 1; c++)
		variable[length++] = *c == '-' ? '_' : pg_ascii_toupper((unsigned char) *c);
	variable[length] = '\0';
	found = getenv(variable);
	return found != NULL && strlcpy(value, found, size) < size;
}

static bool
read_config(const char *command, char *content, Size size)
{
	char path[MAXPGPATH];

	if (find_option(command, "config", path, sizeof(path)))
		return read_text(path, content, size);
	for (int i = 0; i < lengthof(config_files); i++)
	{
		if (read_text(config_files[i], content, size))
			return true;
	}
	return false;
}

/* Where the spool of the command is; an empty text if that cannot be told. */
static void
find_folder(const char *command, char *folder, Size size)
{
	char stanza[NAMEDATALEN];
	char spool[MAXPGPATH] = DEFAULT_SPOOL;
	char *content;

	folder[0] = '\0';
	if (!find_option(command, "stanza", stanza, sizeof(stanza)))
		return;
	content = palloc(MAX_CONFIG);
	if (!find_option(command, "spool-path", spool, sizeof(spool)) &&
	    read_config(command, content, MAX_CONFIG))
		(void) dbops_archive_spool_configured(content, stanza, spool, sizeof(spool));
	pfree(content);
	snprintf(folder, size, "%s/archive/%s/out", spool, stanza);
}

void
dbops_archive_spool_look(const char *command, ArchiveSpool *spool)
{
	int64 now_us = dbops_clock_monotonic_us();

	memset(spool, 0, sizeof(*spool));
	if (dbops_archive_command_tool(command) != ARCHIVE_TOOL_PGBACKREST ||
	    strlen(command) >= sizeof(known_command))
		return;
	if (known_us == 0 || now_us - known_us > CONFIG_LASTS_US || strcmp(command, known_command) != 0)
	{
		find_folder(command, known_folder, sizeof(known_folder));
		strlcpy(known_command, command, sizeof(known_command));
		known_us = now_us;
	}
	if (known_folder[0] != '\0')
		dbops_archive_spool_scan(known_folder, wal_segment_size, spool);
}
