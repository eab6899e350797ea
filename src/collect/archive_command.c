/*
 * collect/archive_command.c
 *		What archive_command says of itself; see archive_command.h.
 *
 * Not a shell: words are cut at blanks outside of quotes, commands at ; & | and line ends.  That is
 * enough to know the commands that do nothing, and anything else is taken to do something.
 */
#include "postgres.h"

#include <ctype.h>

#include "collect/archive_command.h"

#define MAX_WORDS 64
#define MAX_WORD 256
#define MAX_DEPTH 3 /* sh -c 'sh -c …' */

const char *const dbops_archive_tools[] = {[ARCHIVE_TOOL_NONE] = "none",
                                           [ARCHIVE_TOOL_OTHER] = "other",
                                           [ARCHIVE_TOOL_PGBACKREST] = "pgBackRest",
                                           [ARCHIVE_TOOL_BARMAN] = "Barman",
                                           [ARCHIVE_TOOL_WAL_G] = "WAL-G",
                                           [ARCHIVE_TOOL_WAL_E] = "WAL-E",
                                           [ARCHIVE_TOOL_PROBACKUP] = "pg_probackup",
                                           [ARCHIVE_TOOL_CNPG] = "CloudNativePG",
                                           [ARCHIVE_TOOL_COPY] = "plain copy",
                                           [ARCHIVE_TOOL_RSYNC] = "rsync",
                                           [ARCHIVE_TOOL_CLOUD_COPY] = "cloud copy",
                                           [ARCHIVE_TOOL_LIBRARY] = "library",
                                           NULL};

typedef struct ToolSign
{
	const char *text; /* anywhere in the command */
	ArchiveTool tool;
} ToolSign;

/* The first that fits counts: the special before the general. */
static const ToolSign tool_signs[] = {
    {"pgbackrest", ARCHIVE_TOOL_PGBACKREST},
    {"barman", ARCHIVE_TOOL_BARMAN},
    {"/controller/manager", ARCHIVE_TOOL_CNPG},
    {"wal-g", ARCHIVE_TOOL_WAL_G},
    {"wal-e", ARCHIVE_TOOL_WAL_E},
    {"pg_probackup", ARCHIVE_TOOL_PROBACKUP},
    {"archive-push -B", ARCHIVE_TOOL_PROBACKUP},
    {"rsync", ARCHIVE_TOOL_RSYNC},
    {"aws s3", ARCHIVE_TOOL_CLOUD_COPY},
    {"s3cmd", ARCHIVE_TOOL_CLOUD_COPY},
    {"gsutil", ARCHIVE_TOOL_CLOUD_COPY},
    {"gcloud storage", ARCHIVE_TOOL_CLOUD_COPY},
    {"azcopy", ARCHIVE_TOOL_CLOUD_COPY},
    {"rclone", ARCHIVE_TOOL_CLOUD_COPY},
    {"cp ", ARCHIVE_TOOL_COPY},
    {"mv ", ARCHIVE_TOOL_COPY},
    {"install ", ARCHIVE_TOOL_COPY},
    {"cat ", ARCHIVE_TOOL_COPY},
    {"dd ", ARCHIVE_TOOL_COPY},
    {"gzip", ARCHIVE_TOOL_COPY},
    {"zstd", ARCHIVE_TOOL_COPY},
    {"lz4", ARCHIVE_TOOL_COPY},
};

/* Commands that keep nothing whatever their arguments are. */
static const char *const idle_commands[] = {"true", ":",    "cd",    "echo", "printf",
                                            "test", "[",    "sleep", "date", "pwd",
                                            "[[",   "wait", "umask", "set",  "logger"};

/* Commands that copy to the file they name last. */
static const char *const copy_commands[] = {"cp", "mv", "rsync", "install", "ln"};

static const char *const shells[] = {"sh", "bash", "dash", "ksh", "zsh"};

/* One simple command: its words without quotes, and where its output goes. */
typedef struct SimpleCommand
{
	int nwords;
	char words[MAX_WORDS][MAX_WORD];
	char output[MAX_WORD]; /* of the last > or >>; empty if there is none */
	bool cut;              /* it has more than there is room for */
} SimpleCommand;

static bool discards(const char *command, int depth);

ArchiveTool
dbops_archive_command_tool(const char *command)
{
	if (command[strspn(command, " \t\r\n")] == '\0')
		return ARCHIVE_TOOL_NONE;
	for (int i = 0; i < lengthof(tool_signs); i++)
	{
		if (strstr(command, tool_signs[i].text) != NULL)
			return tool_signs[i].tool;
	}
	return ARCHIVE_TOOL_OTHER;
}

static bool
ends_command(char c)
{
	return c == '\0' || c == ';' || c == '&' || c == '|' || c == '\n' || c == '(' || c == ')' ||
	       c == '{' || c == '}';
}

/* Reads one word, quotes taken off; false if it does not fit. */
static bool
read_word(const char **cursor, char *word)
{
	const char *at = *cursor;
	Size length = 0;
	bool fits = true;
	char quote = '\0';

	for (; *at != '\0'; at++)
	{
		if (quote == '\0' &&
		    (isspace((unsigned char) *at) || ends_command(*at) || *at == '>' || *at == '<'))
			break;
		if (*at == quote)
			quote = '\0';
		else if (quote == '\0' && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (length < MAX_WORD - 1)
			word[length++] = *at;
		else
			fits = false;
	}
	word[length] = '\0';
	*cursor = at;
	return fits;
}

/* At > or <: where to; 2>&1 and the like are passed over. */
static void
read_redirection(const char **cursor, SimpleCommand *command)
{
	const char *at = *cursor;
	bool output = *at == '>';
	char word[MAX_WORD];

	/* The number of a descriptor is a word of its own by now: not that of errors. */
	if (output && command->nwords > 0 && at[-1] == '2' &&
	    strcmp(command->words[command->nwords - 1], "2") == 0)
	{
		command->nwords--;
		output = false;
	}
	while (*at == '>' || *at == '<' || *at == '&')
		at++;
	while (*at == ' ' || *at == '\t')
		at++;
	*cursor = at;
	if (!read_word(cursor, word))
		command->cut = true;
	if (output)
		strlcpy(command->output, word, MAX_WORD);
}

/* The next command of the text; false at its end. */
static bool
read_command(const char **cursor, SimpleCommand *command)
{
	const char *at = *cursor;

	memset(command, 0, sizeof(*command));
	while (*at != '\0' && (isspace((unsigned char) *at) || ends_command(*at)))
		at++;
	if (*at == '\0')
		return false;
	while (!ends_command(*at))
	{
		if (*at == '#' && (command->nwords == 0 || isspace((unsigned char) at[-1])))
			at += strcspn(at, "\n");
		else if (isspace((unsigned char) *at))
			at++;
		else if (*at == '>' || *at == '<')
			read_redirection(&at, command);
		else if (command->nwords == MAX_WORDS)
		{
			command->cut = true;
			at += strcspn(at, ";&|\n");
		}
		else if (!read_word(&at, command->words[command->nwords++]))
			command->cut = true;
	}
	*cursor = at;
	return true;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
is_one_of(const char *word, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(word, list[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_assignment(const char *word)
{
	Size name = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return name > 0 && word[name] == '=';
}

/* Whether one command succeeds and keeps nothing. */
static bool
does_nothing(const SimpleCommand *command, int depth)
{
	const char *name;
	const char *last;
	int first = 0;

	if (command->cut)
		return false;
	while (first < command->nwords && is_assignment(command->words[first]))
		first++;
	if (first == command->nwords)
		return true;
	name = base_name(command->words[first]);
	last = command->words[command->nwords - 1];
	if (is_one_of(name, idle_commands, lengthof(idle_commands)))
		return true;
	if (strcmp(name, "exit") == 0)
		return first + 1 == command->nwords || strcmp(command->words[first + 1], "0") == 0;
	if (is_one_of(name, copy_commands, lengthof(copy_commands)))
		return strcmp(last, "/dev/null") == 0;
	if (strcmp(name, "cat") == 0)
		return strcmp(command->output, "/dev/null") == 0;
	if (is_one_of(name, shells, lengthof(shells)) && first + 2 < command->nwords &&
	    strcmp(command->words[first + 1], "-c") == 0)
		return discards(command->words[first + 2], depth + 1);
	return false;
}

static bool
discards(const char *command, int depth)
{
	const char *cursor = command;
	SimpleCommand one;
	int count = 0;

	if (depth > MAX_DEPTH)
		return false;
	while (read_command(&cursor, &one))
	{
		if (one.nwords == 0 && one.output[0] == '\0')
			continue;
		if (!does_nothing(&one, depth))
			return false;
		count++;
	}
	/* Blanks alone are no command: the server archives nothing and keeps all. */
	return count > 0;
}

bool
dbops_archive_command_discards(const char *command)
{
	return discards(command, 0);
}

bool
dbops_archive_command_option(const char *command, const char *name, char *value, Size size)
{
	Size length = strlen(name);
	const char *cursor = command;
	SimpleCommand one;

	while (read_command(&cursor, &one))
	{
		for (int i = 0; i < one.nwords; i++)
		{
			const char *word = one.words[i];

			if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, length) != 0)
				continue;
			word += 2 + length;
			if (*word == '=')
				word++;
			else if (*word == '\0' && i + 1 < one.nwords)
				word = one.words[i + 1];
			else
				continue;
			return strlcpy(value, word, size) < size;
		}
	}
	return false;
}
