/*
 * test/unit/readings_test.c
 *		What commands tell a standby: the last word of each counts, and the newest backups stay.
 *
 * sources: src/store/readings.c
 */
#include "postgres.h"

#include "access/xlog.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "core/encoding.h"
#include "store/family.h"
#include "store/readings.h"

#include "tap.h"

static bool in_recovery = true;

bool
RecoveryInProgress(void)
{
	return in_recovery;
}

void *
ShmemInitStruct(const char *name, Size size, bool *found)
{
	*found = false;
	return palloc(size);
}

bool
LWLockAcquire(LWLock *lock, LWLockMode mode)
{
	return true;
}

void
LWLockRelease(LWLock *lock)
{
}

void
LWLockInitialize(LWLock *lock, int tranche_id)
{
}

char *
unpack_sql_state(int code)
{
	return "38000";
}

int
dbops_encoding_clip(const char *words, int length, int limit)
{
	return Min(length, limit);
}

static void
run_command(int position, const char *program, int at, bool failed)
{
	const BackupCommand command = {.position = position,
	                               .program = program,
	                               .tool = failed ? NULL : "pgBackRest",
	                               .ran_at = at,
	                               .sqlerrcode = failed ? 1 : 0,
	                               .error = failed ? "no such stanza" : NULL};

	dbops_readings_keep_command(&command);
}

static void
tell_repository(int position, const char *name, bool listed, const char *retention, int at)
{
	const Repository repository = {.tool = "pgBackRest",
	                               .server = "main",
	                               .name = name,
	                               .position = position,
	                               .listed = listed,
	                               .backups = at,
	                               .retention = retention,
	                               .system_identifier = listed ? 0 : 42,
	                               .stored_bytes = -1};

	dbops_readings_keep_repository(&repository, at);
}

static void
tell_backup(int position, const char *label, int at)
{
	const Backup backup = {.tool = "pgBackRest", .label = label, .started_at = at};

	dbops_readings_keep_backup(&backup, position);
}

static void
test_command(void)
{
	const CommandReading *command;

	run_command(1, "pgbackrest info", 10, false);
	run_command(1, "pgbackrest info", 20, true);
	run_command(1, "pgbackrest info", 30, true);
	command = dbops_readings_copy()->commands;
	is_int(command->failures, 2, "failures in a row are counted");
	is_int(command->failing_since, 20, "since the first of them");
	is_int(command->read_at, 10, "when it last worked is kept");
	is_str(command->tool, "pgBackRest", "and what tool it is of");
	run_command(1, "pgbackrest info", 40, false);
	command = dbops_readings_copy()->commands;
	is_int(command->failures, 0, "it works again");
	is_str(command->error, "", "and has no error");
	run_command(1, "barman", 50, true);
	command = dbops_readings_copy()->commands;
	is_int(command->read_at, 0, "another program has never worked");
	is_str(command->tool, "", "and is of no tool that is known");
	for (int i = 1; i <= READINGS_COMMANDS + 5; i++)
		run_command(i, "more", 60, false);
	is_int(dbops_readings_copy()->ncommands, READINGS_COMMANDS, "there is room for so many");
}

static void
test_repository(void)
{
	const Readings *readings;

	tell_repository(1, "repo1", true, NULL, 100);
	tell_repository(2, "repo1", false, "a week", 110);
	readings = dbops_readings_copy();
	is_int(readings->nrepositories, 1, "two commands tell of one repository");
	is_int(readings->repositories[0].position, 1, "it is that of the one that lists it");
	is_int(readings->repositories[0].backups, 100, "with its number of backups");
	is_str(readings->repositories[0].retention, "a week", "and what the other one told");
	is_int(readings->repositories[0].listed_at, 100, "listed when it was");
	is_int(readings->repositories[0].stored_bytes, FAMILY_NULL, "what is not told is not known");
	is_int(dbops_readings_identifier("pgBackRest", "main"), 42, "the cluster it is of");
	is_int(dbops_readings_identifier("pgBackRest", "other"), 0, "and that of no other");
	tell_repository(1, "repo2", true, NULL, 120);
	dbops_readings_forget_missing(1, 120);
	readings = dbops_readings_copy();
	is_int(readings->nrepositories, 1, "one that is told of no more is gone");
	is_str(readings->repositories[0].name, "repo2", "and the other is not");
}

static void
test_backups(void)
{
	const Readings *readings;
	int64 oldest = PG_INT64_MAX;

	tell_backup(2, "of another command", 1000);
	for (int i = 0; i < READINGS_BACKUPS + 10; i++)
		tell_backup(1, psprintf("b%d", i), i);
	tell_backup(1, "too old", 0);
	readings = dbops_readings_copy();
	is_int(readings->nbackups, READINGS_BACKUPS, "there is room for so many backups");
	for (int i = 0; i < readings->nbackups; i++)
		oldest = Min(oldest, readings->backups[i].started_at);
	is_int(oldest, 11, "the newest of them");
	dbops_readings_forget_backups(1);
	readings = dbops_readings_copy();
	is_int(readings->nbackups, 1, "those of a command make place for what it tells now");
	is_str(readings->backups[0].label, "of another command", "and no other's");
}

static void
test_end(void)
{
	const Readings *readings;

	dbops_readings_forget_beyond(1);
	readings = dbops_readings_copy();
	is_int(readings->ncommands, 1, "commands that are set no more are gone");
	is_int(readings->nbackups, 0, "with their backups");
	is_int(readings->nrepositories, 1, "the others' are not");
	dbops_readings_forget_beyond(0);
	readings = dbops_readings_copy();
	is_int(readings->ncommands + readings->nrepositories, 0, "without a command nothing is left");
	in_recovery = false;
	ok(dbops_readings_copy() == NULL, "who can write tables looks there");
}

int
main(void)
{
	dbops_readings_shmem_init();
	test_command();
	test_repository();
	test_backups();
	test_end();
	return tap_done();
}
