/*
 * collect/backup_sessions.c
 *		Sessions that take a backup at this moment; see backup_sessions.h.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/spin.h"
#include "utils/lsyscache.h"

#include "collect/backup_outcome.h"
#include "collect/backup_sessions.h"
#include "collect/session.h"
#include "core/compat.h"
#include "core/compat_activity.h"
#include "core/compat_sessions.h"
#include "core/encoding.h"
#include "store/backup_text.h"

/* pgBackRest asks for more after pg_backup_start(), and has this name for nothing else. */
#define NAME_WHILE_COPYING "pgBackRest [backup]"

/* A session, and what it says of itself. */
typedef struct Candidate
{
	const SessionProcess *process;
	Session session;
	SessionTexts texts;
	char label[BACKUP_LABEL_BYTES];
	Backup backup;
} Candidate;

/* A pg_dump with several jobs is several sessions, of which the oldest leads. */
typedef struct Dumps
{
	int count;
	Candidate *items;
} Dumps;

static bool
read_candidate(int slot, Candidate *candidate)
{
	Backup *backup = &candidate->backup;

	memset(candidate, 0, sizeof(*candidate));
	candidate->process = dbops_session_process(slot);
	if (candidate->process == NULL || candidate->process->kind == SESSION_OWN ||
	    !dbops_session_read(slot, candidate->process, &candidate->session) ||
	    !dbops_session_read_texts(&candidate->session, &candidate->texts))
		return false;
	backup->source = BACKUP_FROM_SESSION;
	backup->status = BACKUP_RUNNING;
	backup->pid = candidate->process->pid;
	backup->session_at = candidate->process->started_at;
	backup->repository = candidate->texts.client_addr;
	return true;
}

static void
set_tool(Candidate *candidate, const char *otherwise)
{
	Backup *backup = &candidate->backup;

	backup->label = candidate->label[0] != '\0' ? candidate->label : NULL;
	backup->tool = dbops_backup_text_tool(backup->label, candidate->texts.application_name);
	if (backup->tool == NULL)
		backup->tool = otherwise;
}

static bool
sends_base_backup(Candidate *candidate)
{
	Backup *backup = &candidate->backup;
	int64 params[PGSTAT_NUM_PROGRESS_PARAM];
	BackupCommand command;

	if (dbops_compat_progress(dbops_compat_status_array() + candidate->session.slot, params) !=
	        COMPAT_PROGRESS_BASEBACKUP ||
	    !dbops_backup_text_command(candidate->texts.statement, &command))
		return false;
	strlcpy(candidate->label, command.label, sizeof(candidate->label));
	backup->kind = command.incremental ? BACKUP_INCREMENTAL : BACKUP_BASE;
	backup->started_at = candidate->session.statement_at;
	backup->size_bytes = params[PROGRESS_BASEBACKUP_BACKUP_STREAMED];
	if (command.wal)
		backup->wal_included = BACKUP_YES;
	set_tool(candidate, "pg_basebackup");
	return true;
}

/* How far the receiver has what it was sent; invalid if it applies it, or has said nothing. */
static XLogRecPtr
find_kept(int pid)
{
	for (int i = 0; i < max_wal_senders; i++)
	{
		WalSnd *walsnd = &WalSndCtl->walsnds[i];
		XLogRecPtr kept = InvalidXLogRecPtr;
		bool found;

		SpinLockAcquire(&walsnd->mutex);
		found = walsnd->pid == pid;
		if (found && XLogRecPtrIsInvalid(walsnd->apply))
			kept = XLogRecPtrIsInvalid(walsnd->flush) ? walsnd->write : walsnd->flush;
		SpinLockRelease(&walsnd->mutex);
		if (found)
			return kept;
	}
	return InvalidXLogRecPtr;
}

static bool
sends_to_archive(Candidate *candidate)
{
	Backup *backup = &candidate->backup;

	if (!dbops_backup_text_stream(candidate->texts.statement, candidate->label) ||
	    dbops_backup_outcome_is_companion(candidate->label, candidate->texts.application_name))
		return false;
	backup->stop_lsn = find_kept(backup->pid);
	if (XLogRecPtrIsInvalid(backup->stop_lsn))
		return false;
	if (candidate->label[0] == '\0')
		strlcpy(candidate->label, candidate->texts.application_name, sizeof(candidate->label));
	backup->kind = BACKUP_ARCHIVE;
	backup->start_lsn = dbops_backup_text_stream_start(candidate->texts.statement);
	backup->started_at = candidate->session.statement_at;
	set_tool(candidate, "pg_receivewal");
	return true;
}

static bool
is_dump(const Candidate *candidate)
{
	return strncmp(candidate->texts.application_name, "pg_dump", strlen("pg_dump")) == 0;
}

static bool
copies_files(Candidate *candidate)
{
	Backup *backup = &candidate->backup;
	bool whole;

	backup->kind = BACKUP_BASE;
	backup->started_at = candidate->session.statement_at;
	if (!dbops_backup_text_starts(candidate->texts.statement, candidate->label, &whole))
	{
		if (strcmp(candidate->texts.application_name, NAME_WHILE_COPYING) != 0)
			return false;
		backup->started_at = backup->session_at;
		whole = false;
	}
	set_tool(candidate, "plain copy");
	/* A beginning tells the tool; the history file has all of it. */
	if (!whole)
		backup->label = NULL;
	return true;
}

static void
fit_texts(Candidate *candidate)
{
	dbops_encoding_fit(candidate->label, PG_SQL_ASCII);
	dbops_encoding_fit(candidate->texts.application_name, PG_SQL_ASCII);
}

static bool
is_led_by(const Candidate *dump, const Candidate *other)
{
	return other->session.datid == dump->session.datid &&
	       other->session.userid == dump->session.userid &&
	       strcmp(other->texts.application_name, dump->texts.application_name) == 0 &&
	       (other->backup.session_at < dump->backup.session_at ||
	        (other->backup.session_at == dump->backup.session_at &&
	         other->backup.pid < dump->backup.pid));
}

static void
tell_dumps(Dumps *dumps, void (*tell)(const Backup *backup, void *arg), void *arg)
{
	for (int i = 0; i < dumps->count; i++)
	{
		Candidate *dump = &dumps->items[i];
		bool leads = true;

		for (int other = 0; other < dumps->count && leads; other++)
			leads = other == i || !is_led_by(dump, &dumps->items[other]);
		if (!leads)
			continue;
		dump->backup.kind = BACKUP_DUMP;
		dump->backup.started_at = dump->backup.session_at;
		dump->backup.datname = get_database_name(dump->session.datid);
		set_tool(dump, "pg_dump");
		tell(&dump->backup, arg);
	}
}

void
dbops_backup_sessions_tell(void (*tell)(const Backup *backup, void *arg), void *arg)
{
	int slots = dbops_session_slots();
	Dumps dumps = {.items = palloc(sizeof(Candidate) * slots)};

	for (int slot = 0; slot < slots; slot++)
	{
		Candidate *candidate = &dumps.items[dumps.count];
		bool takes;

		if (!read_candidate(slot, candidate))
			continue;
		fit_texts(candidate);
		if (candidate->process->kind == SESSION_SERVER)
			takes = candidate->process->server_state == SESSION_WALSENDER &&
			        (sends_base_backup(candidate) || sends_to_archive(candidate));
		else if (is_dump(candidate))
		{
			dumps.count++;
			continue;
		}
		else
			takes = copies_files(candidate);
		if (takes)
		{
			dbops_encoding_fit(candidate->label, PG_SQL_ASCII);
			tell(&candidate->backup, arg);
		}
	}
	tell_dumps(&dumps, tell, arg);
}

int
dbops_backup_sessions_list(int **pids, TimestampTz **starts)
{
	int slots = dbops_session_slots();
	int count = 0;

	*pids = palloc(sizeof(int) * slots);
	*starts = palloc(sizeof(TimestampTz) * slots);
	for (int slot = 0; slot < slots; slot++)
	{
		const SessionProcess *process = dbops_session_process(slot);

		if (process == NULL)
			continue;
		(*pids)[count] = process->pid;
		(*starts)[count] = process->started_at;
		count++;
	}
	return count;
}
