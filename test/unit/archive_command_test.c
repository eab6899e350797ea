/*
 * test/unit/archive_command_test.c
 *		Commands that keep nothing are told from those that do, and tools by their words.
 *
 * sources: src/collect/archive_command.c
 */
#include "postgres.h"

#include "collect/archive_command.h"

#include "tap.h"

typedef struct Example
{
	const char *command;
	bool discards;
	ArchiveTool tool;
} Example;

static const Example examples[] = {
    {"", false, ARCHIVE_TOOL_NONE},
    {"   ", false, ARCHIVE_TOOL_NONE},
    {"true", true, ARCHIVE_TOOL_OTHER},
    {"/bin/true", true, ARCHIVE_TOOL_OTHER},
    {" /usr/bin/true ", true, ARCHIVE_TOOL_OTHER},
    {":", true, ARCHIVE_TOOL_OTHER},
    {"exit 0", true, ARCHIVE_TOOL_OTHER},
    {"exit", true, ARCHIVE_TOOL_OTHER},
    {"exit 1", false, ARCHIVE_TOOL_OTHER},
    {"false", false, ARCHIVE_TOOL_OTHER},
    {"cd .", true, ARCHIVE_TOOL_OTHER},
    {"cd /tmp; true", true, ARCHIVE_TOOL_OTHER},
    {"echo %p >> /tmp/list", true, ARCHIVE_TOOL_OTHER},
    {"echo archived %f && exit 0", true, ARCHIVE_TOOL_OTHER},
    {"test ! -f /a/%f && true", true, ARCHIVE_TOOL_OTHER},
    {"true # cp %p /a/%f", true, ARCHIVE_TOOL_COPY},
    {"sh -c 'exit 0'", true, ARCHIVE_TOOL_OTHER},
    {"bash -c \"sh -c true\"", true, ARCHIVE_TOOL_OTHER},
    {"sh -c 'cp %p /a/%f'", false, ARCHIVE_TOOL_COPY},
    {"LANG=C true", true, ARCHIVE_TOOL_OTHER},
    {"cp %p /dev/null", true, ARCHIVE_TOOL_COPY},
    {"cat %p > /dev/null 2>&1", true, ARCHIVE_TOOL_COPY},
    {"cat %p > /a/%f", false, ARCHIVE_TOOL_COPY},
    {"cp %p /a/%f 2> /dev/null", false, ARCHIVE_TOOL_COPY},
    {"test ! -f /a/%f && cp %p /a/%f", false, ARCHIVE_TOOL_COPY},
    {"truely %p", false, ARCHIVE_TOOL_OTHER},
    {"/usr/local/bin/archive.sh", false, ARCHIVE_TOOL_OTHER},
    {"rsync -a %p host:/a/%f", false, ARCHIVE_TOOL_RSYNC},
    {"pgbackrest --stanza=main archive-push %p", false, ARCHIVE_TOOL_PGBACKREST},
    {"barman-wal-archive backup main %p", false, ARCHIVE_TOOL_BARMAN},
    {"envdir /etc/wal-g wal-g wal-push %p", false, ARCHIVE_TOOL_WAL_G},
    {"/controller/manager wal-archive --log-destination x %p", false, ARCHIVE_TOOL_CNPG},
    {"aws s3 cp %p s3://a/%f", false, ARCHIVE_TOOL_CLOUD_COPY},
};

static void
test_examples(void)
{
	for (int i = 0; i < lengthof(examples); i++)
	{
		const Example *e = &examples[i];

		is_int(dbops_archive_command_discards(e->command), e->discards, "\"%s\" %s", e->command,
		       e->discards ? "keeps nothing" : "may keep it");
		is_str(dbops_archive_tools[dbops_archive_command_tool(e->command)],
		       dbops_archive_tools[e->tool], "\"%s\" has its tool", e->command);
	}
}

/* Deep, long and broken texts end, and count as keeping. */
static void
test_odd_commands(void)
{
	char *deep = pstrdup("true");
	char *many = palloc0(10000);

	for (int i = 0; i < 6; i++)
		deep = psprintf("sh -c %s", deep);
	ok(!dbops_archive_command_discards("sh -c 'sh -c'"), "a shell without a command is unknown");
	ok(!dbops_archive_command_discards(psprintf("cp %s", deep)), "so is what is nested");
	for (int i = 0; i < 1000; i++)
		strcat(many, "true ; ");
	ok(dbops_archive_command_discards(many), "many that do nothing do nothing");
	memset(many, 'a', 5000);
	ok(!dbops_archive_command_discards(many), "a word that is too long is unknown");
	memset(many, '\'', 5000);
	ok(!dbops_archive_command_discards(many), "quotes that are never closed, too");
}

static void
test_options(void)
{
	char value[16];

	ok(dbops_archive_command_option("x --stanza=main push %p", "stanza", value, sizeof(value)),
	   "an option is found");
	is_str(value, "main", "with its value");
	ok(dbops_archive_command_option("x --stanza 'a b' %p", "stanza", value, sizeof(value)),
	   "also apart from it");
	is_str(value, "a b", "without quotes");
	ok(!dbops_archive_command_option("x --stanzas=main", "stanza", value, sizeof(value)),
	   "not by the beginning of another");
	ok(!dbops_archive_command_option("x --stanza", "stanza", value, sizeof(value)),
	   "not without a value");
	ok(!dbops_archive_command_option("x --stanza=0123456789abcdef", "stanza", value, sizeof(value)),
	   "not if it is too long");
}

int
main(void)
{
	test_examples();
	test_odd_commands();
	test_options();
	return tap_done();
}
