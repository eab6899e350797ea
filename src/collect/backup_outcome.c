/*
 * collect/backup_outcome.c
 *		What the end of a session tells of the backup it took; see backup_outcome.h.
 *
 * A dump that succeeds says good-bye with its transaction open and no error in it.  One whose
 * client is killed says nothing; one that runs out of disk cancels the COPY it is in.  What can be
 * told by nothing but the number of tables is a client that gives up between two of them.
 */
#include "postgres.h"

#include "utils/elog.h"

#include "collect/backup_outcome.h"

/* The end of a helper may be noted a little after that of the session that it helps. */
#define HELPER_LATE_US (10 * USECS_PER_SEC)

/* Of SQLSTATEs, as unpack_sql_state() has it, without its static buffer. */
static void
print_sqlstate(int sqlerrcode, char *to)
{
	for (int i = 0; i < 5; i++)
	{
		to[i] = PGUNSIXBIT(sqlerrcode);
		sqlerrcode >>= 6;
	}
	to[5] = '\0';
}

static void
explain_error(const BackupEnd *end, BackupOutcome *outcome)
{
	char sqlstate[6];

	print_sqlstate(end->sqlerrcode, sqlstate);
	snprintf(outcome->evidence, sizeof(outcome->evidence), "%s: %s", sqlstate, end->message);
}

/* Why the session went, where that is not how a backup ends; false if it said good-bye. */
static bool
explain_leave(const BackupEnd *end, BackupOutcome *outcome)
{
	const char *why = NULL;

	if (end->sqlerrcode != 0)
	{
		explain_error(end, outcome);
		return true;
	}
	switch (end->cause)
	{
		case DISCONNECT_CLIENT_EOF:
			why = "the client went away without a word";
			break;
		case DISCONNECT_FATAL:
			why = "the session ended with a fatal error";
			break;
		case DISCONNECT_KILLED:
			why = "the session was terminated";
			break;
		default:
			return false;
	}
	strlcpy(outcome->evidence, why, sizeof(outcome->evidence));
	return true;
}

static void
judge_base(const BackupEnd *end, const BackupHelp *help, BackupOutcome *outcome)
{
	Backup *backup = &outcome->backup;
	BackupCommand command;

	dbops_backup_text_command(end->statement, &command);
	strlcpy(outcome->label, command.label, sizeof(outcome->label));
	backup->kind = command.incremental ? BACKUP_INCREMENTAL : BACKUP_BASE;
	backup->started_at = end->started_at;
	backup->size_bytes = end->bytes;
	if (command.wal || help->streamed)
		backup->wal_included = BACKUP_YES;
	backup->status = end->finished ? BACKUP_OK : BACKUP_FAILED;
	if (!end->finished && !explain_leave(end, outcome))
		strlcpy(outcome->evidence, "it was given up before its end", sizeof(outcome->evidence));
}

static void
judge_dump(const BackupEnd *end, const BackupHelp *help, BackupOutcome *outcome)
{
	Backup *backup = &outcome->backup;
	const int copied = end->tables_copied + help->tables_copied;
	const bool whole = backup->tool != NULL && strcmp(backup->tool, "pg_dumpall") == 0;

	backup->kind = BACKUP_DUMP;
	backup->started_at = end->session_at;
	backup->size_bytes = end->bytes + help->bytes;
	backup->status = BACKUP_FAILED;
	if (explain_leave(end, outcome))
		return;
	if (help->failed != NULL && explain_leave(help->failed, outcome))
		return;
	if (!end->finished || (!end->in_xact && !whole))
	{
		strlcpy(outcome->evidence,
		        end->finished ? "it ended before it began to read" :
		                        "an error ended its transaction",
		        sizeof(outcome->evidence));
		return;
	}
	backup->status = BACKUP_OK;
	backup->partial = whole                        ? BACKUP_NO :
	                  end->tables_locked == 0      ? BACKUP_UNKNOWN :
	                  copied >= end->tables_locked ? BACKUP_NO :
	                  copied == 0                  ? BACKUP_YES :
	                                                 BACKUP_UNKNOWN;
	if (backup->partial == BACKUP_YES)
		snprintf(outcome->evidence, sizeof(outcome->evidence),
		         "no rows of its %d tables were read: definitions only, or it was given up",
		         end->tables_locked);
	else if (end->tables_locked == 0 && !whole)
		strlcpy(outcome->evidence, "no table was read", sizeof(outcome->evidence));
	else if (backup->partial == BACKUP_UNKNOWN)
		snprintf(outcome->evidence, sizeof(outcome->evidence),
		         "rows of %d of %d tables were read: the others were left out, or it was given up",
		         copied, end->tables_locked);
}

/* Who never said what he has is no archive. */
static bool
judge_stream(const BackupEnd *end, BackupOutcome *outcome)
{
	Backup *backup = &outcome->backup;

	if (!dbops_backup_text_stream(end->statement, outcome->label) || XLogRecPtrIsInvalid(end->lsn))
		return false;
	if (outcome->label[0] == '\0')
		strlcpy(outcome->label, end->application_name, sizeof(outcome->label));
	backup->kind = BACKUP_ARCHIVE;
	backup->started_at = end->started_at;
	backup->start_lsn = dbops_backup_text_stream_start(end->statement);
	backup->stop_lsn = end->lsn;
	/* It may have gone before it had anything. */
	if (backup->start_lsn > end->lsn)
		backup->start_lsn = InvalidXLogRecPtr;
	backup->status = BACKUP_FAILED;
	if (!explain_leave(end, outcome))
		strlcpy(outcome->evidence, "the receiver was stopped", sizeof(outcome->evidence));
	return true;
}

static void
judge_aborted(const BackupEnd *end, BackupOutcome *outcome)
{
	Backup *backup = &outcome->backup;
	bool whole;

	backup->kind = BACKUP_BASE;
	backup->status = BACKUP_FAILED;
	if (dbops_backup_text_starts(end->statement, outcome->label, &whole))
		backup->started_at = end->started_at;
	strlcpy(outcome->evidence, "its session ended without pg_backup_stop()",
	        sizeof(outcome->evidence));
}

static const char *
find_tool(const BackupEnd *end, const BackupOutcome *outcome)
{
	const char *tool = dbops_backup_text_tool(outcome->label, end->application_name);

	if (tool != NULL)
		return tool;
	switch (end->kind)
	{
		case BACKUP_END_BASE:
			return "pg_basebackup";
		case BACKUP_END_DUMP:
			return "pg_dump";
		case BACKUP_END_STREAM:
			return "pg_receivewal";
		case BACKUP_END_ABORTED:
			break;
	}
	return "plain copy";
}

bool
dbops_backup_outcome(const BackupEnd *end, const BackupHelp *help, BackupOutcome *outcome)
{
	Backup *backup = &outcome->backup;

	if (dbops_backup_outcome_is_helper(end))
		return false;
	memset(outcome, 0, sizeof(*outcome));
	backup->source = BACKUP_FROM_SESSION;
	backup->pid = end->pid;
	backup->session_at = end->session_at;
	backup->ended_at = end->ended_at;
	switch (end->kind)
	{
		case BACKUP_END_BASE:
			judge_base(end, help, outcome);
			break;
		case BACKUP_END_DUMP:
			backup->tool = find_tool(end, outcome);
			backup->datname = end->datname;
			judge_dump(end, help, outcome);
			break;
		case BACKUP_END_STREAM:
			if (!judge_stream(end, outcome))
				return false;
			break;
		case BACKUP_END_ABORTED:
			judge_aborted(end, outcome);
			break;
	}
	backup->tool = find_tool(end, outcome);
	backup->repository = end->client[0] != '\0' ? end->client : NULL;
	backup->label = outcome->label[0] != '\0' ? outcome->label : NULL;
	backup->evidence = outcome->evidence[0] != '\0' ? outcome->evidence : NULL;
	if (backup->started_at > backup->ended_at)
		backup->started_at = backup->ended_at;
	return true;
}

bool
dbops_backup_outcome_is_companion(const char *slot, const char *application_name)
{
	const char *tool = dbops_backup_text_tool(NULL, application_name);

	return strncmp(slot, "pg_basebackup_", strlen("pg_basebackup_")) == 0 ||
	       (tool != NULL && strcmp(tool, "pg_basebackup") == 0) ||
	       strcmp(application_name, "barman_streaming_backup") == 0;
}

bool
dbops_backup_outcome_is_helper(const BackupEnd *end)
{
	char slot[BACKUP_LABEL_BYTES];

	if (end->kind == BACKUP_END_DUMP)
		return end->works;
	return end->kind == BACKUP_END_STREAM && dbops_backup_text_stream(end->statement, slot) &&
	       dbops_backup_outcome_is_companion(slot, end->application_name);
}

bool
dbops_backup_outcome_helped(const BackupEnd *helper, const BackupEnd *end)
{
	BackupEndKind kind = helper->kind == BACKUP_END_DUMP ? BACKUP_END_DUMP : BACKUP_END_BASE;

	return dbops_backup_outcome_is_helper(helper) && end->kind == kind &&
	       !dbops_backup_outcome_is_helper(end) && helper->session_at >= end->session_at &&
	       helper->session_at <= end->ended_at &&
	       helper->ended_at <= end->ended_at + HELPER_LATE_US &&
	       strcmp(helper->application_name, end->application_name) == 0 &&
	       strcmp(helper->client, end->client) == 0 &&
	       strcmp(helper->username, end->username) == 0 &&
	       (kind == BACKUP_END_BASE || strcmp(helper->datname, end->datname) == 0);
}
