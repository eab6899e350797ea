/*
 * test/unit/backup_history_test.c
 *		Backup history files: every field, and nothing of one that is not complete.
 *
 * sources: src/store/backup_history.c
 */
#include "postgres.h"

#include "store/backup_history.h"

#include "tap.h"

static const char whole[] = "START WAL LOCATION: 1/2000028 (file 000000020000000100000002)\n"
                            "STOP WAL LOCATION: 1/2000100 (file 000000020000000100000002)\n"
                            "CHECKPOINT LOCATION: 1/2000060\n"
                            "BACKUP METHOD: streamed\n"
                            "BACKUP FROM: primary\n"
                            "START TIME: 2026-11-23 06:00:01 CET\n"
                            "LABEL: a label: with a colon\n"
                            "START TIMELINE: 2\n"
                            "STOP TIME: 2026-11-23 06:00:07 CET\n"
                            "STOP TIMELINE: 3\n";

static void
test_whole(void)
{
	BackupHistory history;

	ok(dbops_backup_history_parse(whole, &history), "a whole file is taken");
	is_int(history.start_lsn, INT64CONST(0x102000028), "its start");
	is_int(history.stop_lsn, INT64CONST(0x102000100), "its end");
	is_int(history.start_timeline * 10 + history.stop_timeline, 23, "its timelines");
	is_str(history.started, "2026-11-23 06:00:01 CET", "when it began");
	is_str(history.stopped, "2026-11-23 06:00:07 CET", "when it ended");
	is_str(history.label, "a label: with a colon", "its label");
	ok(!history.from_standby && !history.incremental, "it is a full one of a primary");
}

/* The server may be at any byte of it. */
static void
test_half_written(void)
{
	BackupHistory history;
	char part[sizeof(whole)];
	int taken = 0;

	for (int length = 0; length < (int) sizeof(whole) - 1; length++)
	{
		memcpy(part, whole, length);
		part[length] = '\0';
		taken += dbops_backup_history_parse(part, &history);
	}
	is_int(taken, 0, "none of its beginnings is taken");
}

static void
test_others(void)
{
	char other[sizeof(whole) + 100];
	BackupHistory history;

	snprintf(other, sizeof(other), "%sINCREMENTAL FROM LSN: 0/1000028\nINCREMENTAL FROM TLI: 1\n",
	         whole);
	ok(dbops_backup_history_parse(other, &history) && history.incremental,
	   "an incremental one says from where");
	memcpy(other, whole, sizeof(whole));
	memcpy(strstr(other, "primary"), "standby", 7);
	ok(dbops_backup_history_parse(other, &history) && history.from_standby, "one of a standby");
	memcpy(other, whole, sizeof(whole));
	memcpy(strstr(other, "2000100"), "2000001", 7);
	ok(!dbops_backup_history_parse(other, &history), "one that ends before it starts is nonsense");
	ok(!dbops_backup_history_parse("", &history), "so is an empty one");
}

static void
test_names(void)
{
	static const struct
	{
		const char *name;
		bool is;
	} cases[] = {
	    {"000000010000000000000002.00000028.backup", true},
	    {"000000010000000000000002.00000028.backup.done", false},
	    {"000000010000000000000002", false},
	    {"000000010000000000000002.partial", false},
	    {"00000001000000000000000.00000028.backup", false},
	    {"000000010000000000000002.0000028.backup", false},
	    {"00000002.history", false},
	    {"", false},
	};

	for (int i = 0; i < lengthof(cases); i++)
		is_int(dbops_backup_history_is_name(cases[i].name), cases[i].is, "name \"%s\"",
		       cases[i].name);
}

int
main(void)
{
	test_whole();
	test_half_written();
	test_others();
	test_names();
	return tap_done();
}
