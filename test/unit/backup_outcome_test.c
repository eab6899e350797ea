/*
 * test/unit/backup_outcome_test.c
 *		What counts as a success: the ends of sessions, and what they tell of the backup.
 *
 * sources: src/collect/backup_outcome.c src/store/backup_text.c
 */
#include "postgres.h"

#include "collect/backup_outcome.h"

#include "tap.h"

#define BASE "BASE_BACKUP ( LABEL 'nightly')"
#define BASE_WITH_WAL "BASE_BACKUP ( LABEL 'nightly', WAL)"
#define RECEIVE "START_REPLICATION SLOT \"keep\" 0/1000000 TIMELINE 1"
#define COMPANION "START_REPLICATION SLOT \"pg_basebackup_7\" 0/1000000 TIMELINE 1"

static BackupEnd
end_of(BackupEndKind kind, const char *statement)
{
	BackupEnd end = {.kind = kind,
	                 .cause = DISCONNECT_NORMAL,
	                 .finished = true,
	                 .in_xact = true,
	                 .pid = 7,
	                 .session_at = 1000000,
	                 .started_at = 2000000,
	                 .ended_at = 9000000,
	                 .bytes = 123,
	                 .tables_locked = 3,
	                 .tables_copied = 3,
	                 .lsn = 77};

	strlcpy(end.statement, statement, sizeof(end.statement));
	return end;
}

/* "status partial evidence" of an end; "none" of one without a row of its own. */
static const char *
describe(const BackupEnd *end, BackupHelp help)
{
	static char line[512];
	BackupOutcome outcome;
	static const char *const statuses[] = {"running", "ok", "failed"};
	static const char *const answers[] = {"?", "no", "yes"};

	if (!dbops_backup_outcome(end, &help, &outcome))
		return "none";
	snprintf(line, sizeof(line), "%s %s %s", statuses[outcome.backup.status],
	         answers[outcome.backup.partial],
	         outcome.backup.evidence != NULL ? outcome.backup.evidence : "");
	return line;
}

static const char *
describe_alone(const BackupEnd *end)
{
	return describe(end, (BackupHelp){0});
}

static void
test_dumps(void)
{
	BackupEnd end = end_of(BACKUP_END_DUMP, "");

	is_str(describe_alone(&end), "ok no ", "good-bye in an open transaction, all tables read");
	end.tables_copied = 4;
	is_str(describe_alone(&end), "ok no ", "large objects or the like besides");
	end.tables_copied = 2;
	is_str(describe_alone(&end),
	       "ok ? rows of 2 of 3 tables were read: the others were left out, or it was given up",
	       "a table left out may be meant to be");
	end.tables_copied = 0;
	is_str(describe_alone(&end),
	       "ok yes no rows of its 3 tables were read: definitions only, or it was given up",
	       "no rows at all");
	is_str(describe(&end, (BackupHelp){.tables_copied = 3}), "ok no ",
	       "the leader of several jobs reads none itself");
	end.tables_locked = 0;
	is_str(describe_alone(&end), "ok ? no table was read", "an empty database, or none that fit");

	end = end_of(BACKUP_END_DUMP, "");
	end.cause = DISCONNECT_CLIENT_EOF;
	is_str(describe_alone(&end), "failed ? the client went away without a word", "a killed client");
	end.cause = DISCONNECT_KILLED;
	is_str(describe_alone(&end), "failed ? the session was terminated", "a terminated session");
	end.cause = DISCONNECT_FATAL;
	is_str(describe_alone(&end), "failed ? the session ended with a fatal error", "a fatal error");
	end = end_of(BACKUP_END_DUMP, "");
	end.sqlerrcode = ERRCODE_INSUFFICIENT_PRIVILEGE;
	strlcpy(end.message, "permission denied", sizeof(end.message));
	is_str(describe_alone(&end), "failed ? 42501: permission denied", "an error is told");
	end = end_of(BACKUP_END_DUMP, "");
	end.finished = false;
	is_str(describe_alone(&end), "failed ? an error ended its transaction",
	       "an error that no log was told of");
	end = end_of(BACKUP_END_DUMP, "");
	end.in_xact = false;
	is_str(describe_alone(&end), "failed ? it ended before it began to read",
	       "one that never began");
	strlcpy(end.application_name, "pg_dumpall", sizeof(end.application_name));
	is_str(describe_alone(&end), "ok no ", "pg_dumpall has no transaction");
}

static void
test_jobs(void)
{
	BackupEnd leader = end_of(BACKUP_END_DUMP, "");
	BackupEnd job = end_of(BACKUP_END_DUMP, "");

	job.works = true;
	job.session_at = 3000000;
	is_str(describe_alone(&job), "none", "a job has no row of its own");
	ok(dbops_backup_outcome_helped(&job, &leader), "it helps the session that leads");
	ok(!dbops_backup_outcome_helped(&leader, &job), "which is not the other way round");
	job.sqlerrcode = ERRCODE_LOCK_NOT_AVAILABLE;
	strlcpy(job.message, "no lock", sizeof(job.message));
	is_str(describe(&leader, (BackupHelp){.failed = &job}), "failed ? 55P03: no lock",
	       "when it fails the dump does");
	strlcpy(job.datname, "other", sizeof(job.datname));
	ok(!dbops_backup_outcome_helped(&job, &leader), "one of another database does not help");
	job = end_of(BACKUP_END_DUMP, "");
	job.works = true;
	job.session_at = leader.ended_at + 1;
	ok(!dbops_backup_outcome_helped(&job, &leader), "nor one that came later");
}

static void
test_base_backups(void)
{
	BackupEnd end = end_of(BACKUP_END_BASE, BASE);
	BackupEnd companion = end_of(BACKUP_END_STREAM, COMPANION);
	BackupOutcome outcome;

	is_str(describe_alone(&end), "ok ? ", "a command that came to its end");
	dbops_backup_outcome(&end, &(BackupHelp){0}, &outcome);
	is_str(outcome.backup.label, "nightly", "its label");
	is_str(outcome.backup.tool, "pg_basebackup", "the tool that it is without another's mark");
	is_int(outcome.backup.started_at, 2000000, "it began with the command");
	is_int(outcome.backup.wal_included, BACKUP_UNKNOWN, "whether it has its WAL is not known");
	dbops_backup_outcome(&end, &(BackupHelp){.streamed = true}, &outcome);
	is_int(outcome.backup.wal_included, BACKUP_YES, "unless another session took it");
	strlcpy(end.statement, BASE_WITH_WAL, sizeof(end.statement));
	dbops_backup_outcome(&end, &(BackupHelp){0}, &outcome);
	is_int(outcome.backup.wal_included, BACKUP_YES, "or the command asked for it");
	is_str(describe_alone(&companion), "none", "a receiver for it has no row of its own");
	ok(dbops_backup_outcome_helped(&companion, &end), "it helps");

	end.cause = DISCONNECT_CLIENT_EOF;
	is_str(describe_alone(&end), "ok ? ", "after its end the client may go as it likes");
	end.finished = false;
	is_str(describe_alone(&end), "failed ? the client went away without a word", "not before");
	end.cause = DISCONNECT_NORMAL;
	is_str(describe_alone(&end), "failed ? it was given up before its end", "however politely");
}

static void
test_receivers(void)
{
	BackupEnd end = end_of(BACKUP_END_STREAM, RECEIVE);
	BackupOutcome outcome;

	is_str(describe_alone(&end), "failed ? the receiver was stopped", "an archive that is gone");
	dbops_backup_outcome(&end, &(BackupHelp){0}, &outcome);
	is_str(outcome.backup.label, "keep", "known by its slot");
	is_int(outcome.backup.stop_lsn, 77, "and how far it came");
	end.lsn = InvalidXLogRecPtr;
	is_str(describe_alone(&end), "none", "who never said what he has is none");
	end = end_of(BACKUP_END_STREAM, "START_REPLICATION SLOT \"s\" LOGICAL 0/0");
	is_str(describe_alone(&end), "none", "nor is a logical receiver");
}

static void
test_aborted(void)
{
	BackupEnd end = end_of(BACKUP_END_ABORTED, "SELECT pg_backup_start('mine')");
	BackupOutcome outcome;

	is_str(describe_alone(&end), "failed ? its session ended without pg_backup_stop()",
	       "a copy that was not ended");
	dbops_backup_outcome(&end, &(BackupHelp){0}, &outcome);
	is_str(outcome.backup.label, "mine", "its label");
	is_int(outcome.backup.started_at, 2000000, "its start");
	strlcpy(end.statement, "SELECT 1", sizeof(end.statement));
	dbops_backup_outcome(&end, &(BackupHelp){0}, &outcome);
	is_int(outcome.backup.started_at, 0, "which later statements hide");
	is_str(outcome.backup.tool, "plain copy", "by nobody's tool");
}

int
main(void)
{
	test_dumps();
	test_jobs();
	test_base_backups();
	test_receivers();
	test_aborted();
	return tap_done();
}
