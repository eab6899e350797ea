/*
 * test/unit/backup_text_test.c
 *		What labels, names and commands of tools tell of a backup.
 *
 * sources: src/store/backup_text.c
 */
#include "postgres.h"

#include "store/backup_text.h"

#include "tap.h"

static void
test_tools(void)
{
	static const struct
	{
		const char *label;
		const char *name;
		const char *tool;
	} cases[] = {
	    {"pgBackRest backup started at 2026-11-23 06:00:01", NULL, "pgBackRest"},
	    {"pgBackRest backup started at 2026-11-23 06:00:01", "psql", "pgBackRest"},
	    {NULL, "pgBackRest [backup]", "pgBackRest"},
	    {"Barman backup main 20261123T060000", "barman", "Barman"},
	    {"Barman backup main 20261123T060000", "barman_streaming_backup", "Barman"},
	    {NULL, "barman_receive_wal", "Barman"},
	    {"2026-11-23 06:00:01 with pg_probackup", NULL, "pg_probackup"},
	    {"2026-11-23 06:00:01.123457 +0000 UTC m=+0.12", "", "WAL-G"},
	    {"2026-11-23 06:00:01", "", NULL},
	    {"2026-11-23", "psql", NULL},
	    {"pg_basebackup base backup", "pg_basebackup", "pg_basebackup"},
	    {"pg_basebackup base backup", "barman_streaming_backup", "Barman"},
	    {"pg_basebackup base backup", "nightly", "pg_basebackup"},
	    {"my label", "pg_basebackup", "pg_basebackup"},
	    {"my label", "psql", NULL},
	    {NULL, "pg_receivewal", "pg_receivewal"},
	    {NULL, "pg_dump", "pg_dump"},
	    {NULL, "pg_dumpall", "pg_dumpall"},
	    {NULL, NULL, NULL},
	};

	for (int i = 0; i < lengthof(cases); i++)
		is_str(dbops_backup_text_tool(cases[i].label, cases[i].name), cases[i].tool,
		       "label %s, name %s", cases[i].label, cases[i].name);
}

static void
test_commands(void)
{
	static const struct
	{
		const char *sent;
		bool is;
		const char *label;
		bool wal;
		bool incremental;
	} cases[] = {
	    {"BASE_BACKUP ( LABEL 'pg_basebackup base backup',  PROGRESS,  CHECKPOINT 'fast')", true,
	     "pg_basebackup base backup", false, false},
	    {"BASE_BACKUP ( LABEL 'it''s WAL',  WAL,  WAIT 0)", true, "it's WAL", true, false},
	    {"BASE_BACKUP (LABEL 'x', WAL false, INCREMENTAL)", true, "x", false, true},
	    {"base_backup label 'old' progress wal nowait", true, "old", true, false},
	    {"BASE_BACKUP", true, "", false, false},
	    {"BASE_BACKUP ( LABEL 'never ends", true, "never ends", false, false},
	    {"IDENTIFY_SYSTEM", false, "", false, false},
	    {"", false, "", false, false},
	};
	BackupCommand command;

	for (int i = 0; i < lengthof(cases); i++)
	{
		is_int(dbops_backup_text_command(cases[i].sent, &command), cases[i].is, "%s",
		       cases[i].sent);
		is_str(command.label, cases[i].label, "its label");
		is_int(command.wal * 2 + command.incremental, cases[i].wal * 2 + cases[i].incremental,
		       "its options");
	}
}

static void
test_streams(void)
{
	static const struct
	{
		const char *sent;
		bool is;
		const char *slot;
	} cases[] = {
	    {"START_REPLICATION SLOT \"pg_basebackup_123\" 0/3000000 TIMELINE 1", true,
	     "pg_basebackup_123"},
	    {"START_REPLICATION SLOT plain PHYSICAL 0/3000000", true, "plain"},
	    {"START_REPLICATION 0/3000000 TIMELINE 1", true, ""},
	    {"START_REPLICATION SLOT \"s\" LOGICAL 0/0 (proto_version '4')", false, "s"},
	    {"BASE_BACKUP", false, ""},
	};
	char slot[BACKUP_LABEL_BYTES];

	for (int i = 0; i < lengthof(cases); i++)
	{
		is_int(dbops_backup_text_stream(cases[i].sent, slot), cases[i].is, "%s", cases[i].sent);
		is_str(slot, cases[i].slot, "its slot");
	}
}

static void
test_starts(void)
{
	is_int((int64) dbops_backup_text_stream_start(
	           "START_REPLICATION SLOT \"a\" 1/2A000000 TIMELINE 3"),
	       0x12A000000, "where a stream begins");
	is_int((int64) dbops_backup_text_stream_start("START_REPLICATION PHYSICAL 0/0 TIMELINE 1"), 0,
	       "from nowhere is not known");
	is_int((int64) dbops_backup_text_stream_start("START_REPLICATION SLOT a"), 0, "nor is none");
	is_int((int64) dbops_backup_text_stream_start("/"), 0, "nor nonsense");
	is_int((int64) dbops_backup_text_stream_start("x 1/"), 0, "nor half of it");
}

static void
test_calls(void)
{
	static const struct
	{
		const char *sent;
		bool is;
		const char *label;
	} cases[] = {
	    {"SELECT pg_backup_start('nightly', true)", true, "nightly"},
	    {"select pg_catalog.pg_backup_start ( label => 'it''s' , fast => true)", true, "it's"},
	    {"SELECT PG_BACKUP_START(E'x')", true, "x"},
	    {"SELECT pg_backup_start($1, $2)", true, ""},
	    {"SELECT pg_backup_start('x ' || now())", true, "x ..."},
	    {"-- pg_backup_start('no')\nSELECT 1", false, ""},
	    {"/* pg_backup_start('no') */ SELECT 1", false, ""},
	    {"SELECT 'pg_backup_start(''no'')'", false, ""},
	    {"SELECT \"pg_backup_start\"", false, ""},
	    {"SELECT proname = 'x' FROM pg_proc WHERE pg_backup_start IS NULL", false, ""},
	    {"SELECT pg_backup_stop()", false, ""},
	    {"", false, ""},
	};
	char label[BACKUP_LABEL_BYTES];

	for (int i = 0; i < lengthof(cases); i++)
	{
		bool whole = true;

		label[0] = '\0';
		is_int(dbops_backup_text_starts(cases[i].sent, label, &whole), cases[i].is, "%s",
		       cases[i].sent);
		if (!whole && label[0] != '\0')
			strlcat(label, "...", sizeof(label));
		is_str(label, cases[i].label, "its label");
	}
}

static void
test_ids(void)
{
	is_str(dbops_backup_text_id("Barman", "Barman backup main 20261123T060000"), "20261123T060000",
	       "a label of Barman ends with its id");
	is_str(dbops_backup_text_id("pgBackRest", "pgBackRest backup started at 2026"), NULL,
	       "one of pgBackRest does not");
	is_str(dbops_backup_text_id("Barman", NULL), NULL, "no label, no id");
}

int
main(void)
{
	test_tools();
	test_commands();
	test_streams();
	test_starts();
	test_calls();
	test_ids();
	return tap_done();
}
