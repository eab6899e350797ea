/*
 * store/backup_text.c
 *		What names and texts tell of a backup; see backup_text.h.
 */
#include "postgres.h"

#include <ctype.h>

#include "store/backup_text.h"

/* How a text is compared with what a rule has. */
typedef enum MarkPlace
{
	MARK_BEGINS,
	MARK_CONTAINS,
	MARK_TIME, /* a time as the Go library prints it: 2026-01-31 06:07:08.123 +0000 UTC */
} MarkPlace;

typedef struct Mark
{
	MarkPlace place;
	const char *text;
	const char *tool;
} Mark;

/*
 * The first that fits.  What pg_basebackup calls a backup unless told otherwise says least: other
 * tools run it under a name of theirs.
 */
static const Mark label_marks[] = {
    {MARK_BEGINS, "pgBackRest", "pgBackRest"},
    {MARK_BEGINS, "Barman", "Barman"},
    {MARK_CONTAINS, "pg_probackup", "pg_probackup"},
    {MARK_BEGINS, "pghoard", "PGHoard"},
    {MARK_BEGINS, "pg_rman", "pg_rman"},
    {MARK_TIME, NULL, "WAL-G"},
};

static const Mark name_marks[] = {
    {MARK_BEGINS, "pgBackRest", "pgBackRest"},
    {MARK_BEGINS, "barman", "Barman"},
    {MARK_BEGINS, "pg_probackup", "pg_probackup"},
    {MARK_BEGINS, "wal-g", "WAL-G"},
    {MARK_BEGINS, "pg_basebackup", "pg_basebackup"},
    {MARK_BEGINS, "pg_receivewal", "pg_receivewal"},
    {MARK_BEGINS, "pg_dumpall", "pg_dumpall"},
    {MARK_BEGINS, "pg_dump", "pg_dump"},
    {MARK_BEGINS, "pghoard", "PGHoard"},
    {MARK_BEGINS, "pg_hardstorage", "pg_hardstorage"},
};

static const Mark default_marks[] = {
    {MARK_BEGINS, "pg_basebackup base backup", "pg_basebackup"},
};

static bool
is_time(const char *label)
{
	static const char pattern[] = "0000-00-00 00:00:00";

	for (int i = 0; pattern[i] != '\0'; i++)
	{
		if (pattern[i] == '0' ? !isdigit((unsigned char) label[i]) : label[i] != pattern[i])
			return false;
	}
	return strstr(label, " UTC") != NULL;
}

static bool
fits(const Mark *mark, const char *value)
{
	switch (mark->place)
	{
		case MARK_BEGINS:
			return strncmp(value, mark->text, strlen(mark->text)) == 0;
		case MARK_CONTAINS:
			return strstr(value, mark->text) != NULL;
		case MARK_TIME:
			return is_time(value);
	}
	return false;
}

static const char *
find_tool(const Mark *marks, int nmarks, const char *value)
{
	for (int i = 0; value != NULL && i < nmarks; i++)
	{
		if (fits(&marks[i], value))
			return marks[i].tool;
	}
	return NULL;
}

const char *
dbops_backup_text_tool(const char *label, const char *application_name)
{
	const char *tool = find_tool(label_marks, lengthof(label_marks), label);

	if (tool == NULL)
		tool = find_tool(name_marks, lengthof(name_marks), application_name);
	if (tool == NULL)
		tool = find_tool(default_marks, lengthof(default_marks), label);
	return tool;
}

/* A quoted string that begins at the quote, without it and with doubled quotes made one. */
static const char *
read_string(const char *at, char *to, int size)
{
	int length = 0;

	for (at++; *at != '\0'; at++)
	{
		if (*at == '\'' && at[1] != '\'')
			break;
		if (*at == '\'')
			at++;
		if (to != NULL && length < size - 1)
			to[length++] = *at;
	}
	if (to != NULL)
		to[length] = '\0';
	return *at == '\'' ? at + 1 : at;
}

static bool
is_word_char(char c)
{
	return isalnum((unsigned char) c) || c == '_';
}

/* Past spaces and comments. */
static const char *
skip_space(const char *at)
{
	for (;;)
	{
		const char *end;

		if (isspace((unsigned char) *at))
			at++;
		else if (at[0] == '-' && at[1] == '-')
			at += strcspn(at, "\n");
		else if (at[0] == '/' && at[1] == '*' && (end = strstr(at + 2, "*/")) != NULL)
			at = end + 2;
		else
			return at;
	}
}

/* The word that begins here, if there is one; what follows otherwise: a string, a character. */
static const char *
next_token(const char *at, const char **word, int *length)
{
	at = skip_space(at);
	*word = at;
	while (is_word_char(*at))
		at++;
	*length = (int) (at - *word);
	if (*length > 0 || *at == '\0')
		return at;
	if (*at == '\'')
		return read_string(at, NULL, 0);
	if (*at == '"')
	{
		at += 1 + strcspn(at + 1, "\"");
		return *at == '"' ? at + 1 : at;
	}
	return at + 1;
}

static bool
is_word(const char *word, int length, const char *expected)
{
	return length == strlen(expected) && pg_strncasecmp(word, expected, length) == 0;
}

/* The value of an option may be false. */
static bool
is_on(const char *at)
{
	at = skip_space(at);
	if (*at == '\'')
		at++;
	return pg_strncasecmp(at, "false", 5) != 0 && pg_strncasecmp(at, "off", 3) != 0 && *at != '0';
}

bool
dbops_backup_text_command(const char *sent, BackupCommand *command)
{
	const char *word;
	int length;
	const char *at = next_token(sent, &word, &length);

	memset(command, 0, sizeof(*command));
	if (!is_word(word, length, "BASE_BACKUP"))
		return false;
	while (*at != '\0')
	{
		at = next_token(at, &word, &length);
		if (is_word(word, length, "LABEL") && *skip_space(at) == '\'')
			at = read_string(skip_space(at), command->label, BACKUP_LABEL_BYTES);
		else if (is_word(word, length, "WAL"))
			command->wal = is_on(at);
		else if (is_word(word, length, "INCREMENTAL"))
			command->incremental = is_on(at);
	}
	return true;
}

/* A name, quoted or not. */
static const char *
read_name(const char *at, char *to)
{
	const char *word;
	int length;

	at = next_token(skip_space(at), &word, &length);
	if (*word == '"')
	{
		word++;
		length = (int) strcspn(word, "\"");
	}
	length = Min(length, BACKUP_LABEL_BYTES - 1);
	memcpy(to, word, length);
	to[length] = '\0';
	return at;
}

bool
dbops_backup_text_stream(const char *sent, char *slot)
{
	const char *word;
	int length;
	const char *at = next_token(sent, &word, &length);

	slot[0] = '\0';
	if (!is_word(word, length, "START_REPLICATION"))
		return false;
	while (*at != '\0')
	{
		at = next_token(at, &word, &length);
		if (is_word(word, length, "LOGICAL"))
			return false;
		if (is_word(word, length, "SLOT"))
			at = read_name(at, slot);
	}
	return true;
}

/* Names of slots have no slash. */
XLogRecPtr
dbops_backup_text_stream_start(const char *sent)
{
	const char *slash = strchr(sent, '/');
	uint32 high;
	uint32 low;

	while (slash != NULL && slash > sent && isxdigit((unsigned char) slash[-1]))
		slash--;
	if (slash == NULL || sscanf(slash, "%8X/%8X", &high, &low) != 2)
		return InvalidXLogRecPtr;
	return ((uint64) high << 32) | low;
}

/* The label, if the first argument is a literal: 'label', E'label', label => 'label'. */
static void
read_label(const char *at, char *label, bool *whole)
{
	const char *word;
	int length;

	at = skip_space(at);
	if (pg_strncasecmp(at, "label", 5) == 0)
	{
		at = skip_space(at + 5);
		if ((at[0] == '=' && at[1] == '>') || (at[0] == ':' && at[1] == '='))
			at = skip_space(at + 2);
	}
	next_token(at, &word, &length);
	if (is_word(word, length, "E"))
		at++;
	label[0] = '\0';
	*whole = *at == '\'';
	if (!*whole)
		return;
	at = skip_space(read_string(at, label, BACKUP_LABEL_BYTES));
	*whole = *at == ',' || *at == ')';
}

bool
dbops_backup_text_starts(const char *sent, char *label, bool *whole)
{
	const char *at = sent;
	const char *word;
	int length;

	while (*at != '\0')
	{
		at = next_token(at, &word, &length);
		if (is_word(word, length, "pg_backup_start") && *skip_space(at) == '(')
		{
			read_label(skip_space(at) + 1, label, whole);
			return true;
		}
	}
	return false;
}

const char *
dbops_backup_text_id(const char *tool, const char *label)
{
	const char *id;

	if (tool == NULL || label == NULL || strcmp(tool, "Barman") != 0)
		return NULL;
	id = strrchr(label, ' ');
	return id != NULL && id[1] != '\0' ? id + 1 : NULL;
}
