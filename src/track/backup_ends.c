/*
 * track/backup_ends.c
 *		How sessions end that take a backup; see backup_ends.h.
 *
 * What happens at the exit of a process may neither throw nor wait: everything here is copied into
 * memory that is there already.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "port/atomics.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "core/clock.h"
#include "core/guc.h"
#include "core/port.h"
#include "track/backup_ends.h"

/* Many more than end between two looks of the keeper, half a minute apart at worst. */
#define PLACES 128

#define ABORT_MESSAGE "aborting backup due to backend exiting"

typedef struct Place
{
	pg_atomic_uint64 number; /* of the end in it; 0 while it is written */
	BackupEnd end;
} Place;

typedef struct EndRing
{
	pg_atomic_uint64 last; /* number given out last */
	pg_atomic_uint64 stored;
	Latch *volatile keeper; /* of a process, or of one that has its place now; never freed */
	Place places[PLACES];
} EndRing;

/* What this session has done so far. */
typedef struct Watch
{
	bool exiting; /* its exit is going to be noted */
	bool works;
	int tables_locked;
	int tables_copied;
	int64 bytes;
	int sqlerrcode;
	char message[BACKUP_END_MESSAGE_BYTES];
} Watch;

static EndRing *ring = NULL;
static Watch watch;
static ClientAuthentication_hook_type prev_client_authentication = NULL;

Size
dbops_backup_ends_shmem_size(void)
{
	return sizeof(EndRing);
}

void
dbops_backup_ends_shmem_init(void)
{
	bool found;

	ring = ShmemInitStruct("dbops backup ends", sizeof(EndRing), &found);
	if (found)
		return;
	memset(ring, 0, sizeof(EndRing));
	pg_atomic_init_u64(&ring->last, 0);
	pg_atomic_init_u64(&ring->stored, 0);
	for (int i = 0; i < PLACES; i++)
		pg_atomic_init_u64(&ring->places[i].number, 0);
}

static void
add_end(const BackupEnd *end)
{
	uint64 number = pg_atomic_add_fetch_u64(&ring->last, 1);
	Place *place = &ring->places[number % PLACES];

	pg_atomic_write_u64(&place->number, 0);
	pg_write_barrier();
	memcpy(&place->end, end, sizeof(*end));
	pg_write_barrier();
	pg_atomic_write_u64(&place->number, number);
	if (ring->keeper != NULL)
		SetLatch(ring->keeper);
}

static void
copy_text(char *to, const char *from, int size)
{
	strlcpy(to, from == NULL ? "" : from, size);
}

static void
describe_session(BackupEnd *end)
{
	memset(end, 0, sizeof(*end));
	end->cause = pgStatSessionEndCause;
	end->pid = MyProcPid;
	end->encoding = GetDatabaseEncoding();
	end->session_at = MyStartTimestamp;
	end->ended_at = dbops_clock_now();
	end->sqlerrcode = watch.sqlerrcode;
	copy_text(end->message, watch.message, sizeof(end->message));
	copy_text(end->application_name, application_name, sizeof(end->application_name));
	if (MyProcPort != NULL)
	{
		copy_text(end->datname, MyProcPort->database_name, sizeof(end->datname));
		copy_text(end->username, MyProcPort->user_name, sizeof(end->username));
		if (MyProcPort->remote_host != NULL && strcmp(MyProcPort->remote_host, "[local]") != 0)
			copy_text(end->client, MyProcPort->remote_host, sizeof(end->client));
	}
	if (MyBEEntry == NULL)
		return;
	end->session_at = MyBEEntry->st_proc_start_timestamp;
	end->started_at = MyBEEntry->st_activity_start_timestamp;
}

static void
describe_statement(BackupEnd *end)
{
	if (MyBEEntry != NULL)
		copy_text(end->statement, MyBEEntry->st_activity_raw, sizeof(end->statement));
}

static bool
begins_with(const char *value, const char *beginning)
{
	return value != NULL && pg_strncasecmp(value, beginning, strlen(beginning)) == 0;
}

/*
 * BASE_BACKUP reports that it is done at its very end, after the last of its files has been sent,
 * and when it fails never does.
 */
static bool
describe_base_backup(BackupEnd *end)
{
	end->kind = BACKUP_END_BASE;
	end->bytes = MyBEEntry->st_progress_param[PROGRESS_BASEBACKUP_BACKUP_STREAMED];
	end->finished = MyBEEntry->st_progress_command != PROGRESS_COMMAND_BASEBACKUP && end->bytes > 0;
	return true;
}

/* A standby says what it has applied. */
static bool
describe_stream(BackupEnd *end)
{
	XLogRecPtr apply;

	if (MyWalSnd == NULL)
		return false;
	end->kind = BACKUP_END_STREAM;
	SpinLockAcquire(&MyWalSnd->mutex);
	apply = MyWalSnd->apply;
	end->lsn = XLogRecPtrIsInvalid(MyWalSnd->flush) ? MyWalSnd->write : MyWalSnd->flush;
	SpinLockRelease(&MyWalSnd->mutex);
	return XLogRecPtrIsInvalid(apply);
}

static bool
describe_sender(BackupEnd *end)
{
	describe_statement(end);
	if (MyBEEntry == NULL)
		return false;
	if (begins_with(end->statement, "BASE_BACKUP"))
		return describe_base_backup(end);
	if (begins_with(end->statement, "START_REPLICATION"))
		return describe_stream(end);
	return false;
}

/*
 * pg_dump does all in one transaction, which it never ends: at its exit this is open still, unless
 * an error has ended it.  pg_dumpall has none of its own.
 */
static bool
describe_dump(BackupEnd *end)
{
	end->kind = BACKUP_END_DUMP;
	end->works = watch.works;
	end->tables_locked = watch.tables_locked;
	end->tables_copied = watch.tables_copied;
	end->bytes = watch.bytes;
	end->in_xact = IsTransactionBlock();
	end->finished = !IsAbortedTransactionBlockState();
	return true;
}

static void
note_exit(int code, Datum arg)
{
	BackupEnd end;

	if (ring == NULL || !dbops_guc_enabled)
		return;
	describe_session(&end);
	if (am_walsender ? describe_sender(&end) : describe_dump(&end))
		add_end(&end);
}

static void
begin_watch(void)
{
	if (watch.exiting)
		return;
	watch.exiting = true;
	before_shmem_exit(note_exit, 0);
}

/* A dump by its name, as it is before the client's settings take effect. */
static void
authenticate(Port *port, int status)
{
	if (prev_client_authentication)
		prev_client_authentication(port, status);
	if (ring != NULL && status == STATUS_OK &&
	    (am_walsender || begins_with(port->application_name, "pg_dump")))
		begin_watch();
}

static int
count_tables(const LockStmt *statement)
{
	ListCell *cell;
	int count = 0;

	foreach (cell, statement->relations)
	{
		Oid relid = RangeVarGetRelid(lfirst_node(RangeVar, cell), NoLock, true);

		/* Partitioned tables are locked, too, and have no rows of their own. */
		if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_RELATION)
			count++;
	}
	return count;
}

/* Locks what it is going to read, and reads it all as of one moment: a dump by any name. */
static bool
is_lock_of_dump(const LockStmt *statement)
{
	return statement->mode == AccessShareLock && XactReadOnly && IsolationUsesXactSnapshot();
}

void
dbops_backup_ends_note_begin(const Node *statement)
{
	if (ring != NULL && IsA(statement, LockStmt) && is_lock_of_dump((const LockStmt *) statement))
		begin_watch();
}

static void
note_lock(const LockStmt *statement)
{
	if (!is_lock_of_dump(statement))
		return;
	watch.works |= statement->nowait;
	watch.tables_locked += count_tables(statement);
}

/*
 * The rows of a table that was locked: what belongs to an extension is read without a lock, and
 * queries are of such, too.
 */
static void
note_copy(const CopyStmt *statement)
{
	Oid relid;

	if (!watch.exiting || statement->is_from || statement->filename != NULL ||
	    statement->relation == NULL)
		return;
	relid = RangeVarGetRelid(statement->relation, NoLock, true);
	if (!OidIsValid(relid) || OidIsValid(getExtensionOfObject(RelationRelationId, relid)))
		return;
	watch.tables_copied++;
	if (MyBEEntry != NULL)
		watch.bytes += MyBEEntry->st_progress_param[PROGRESS_COPY_BYTES_PROCESSED];
}

/* With --inserts, pg_dump reads each table by a cursor. */
static void
note_cursor(const DeclareCursorStmt *statement)
{
	if (watch.exiting && strcmp(statement->portalname, "_pg_dump_cursor") == 0)
		watch.tables_copied++;
}

void
dbops_backup_ends_note_utility(const Node *statement)
{
	if (ring == NULL)
		return;
	if (IsA(statement, LockStmt))
		note_lock((const LockStmt *) statement);
	else if (IsA(statement, CopyStmt))
		note_copy((const CopyStmt *) statement);
	else if (IsA(statement, DeclareCursorStmt))
		note_cursor((const DeclareCursorStmt *) statement);
}

/* That of a base backup is told by the end of its WAL sender. */
static void
note_aborted(void)
{
	BackupEnd end;

	describe_session(&end);
	describe_statement(&end);
	end.kind = BACKUP_END_ABORTED;
	add_end(&end);
}

void
dbops_backup_ends_note_log(const ErrorData *edata)
{
	if (ring == NULL || !IsUnderPostmaster || edata->elevel < WARNING)
		return;
	if (edata->elevel == WARNING)
	{
		if (edata->message_id != NULL && !am_walsender && MyBEEntry != NULL &&
		    begins_with(edata->message_id, ABORT_MESSAGE))
			note_aborted();
	}
	else if (edata->elevel >= ERROR && watch.exiting)
	{
		watch.sqlerrcode = edata->sqlerrcode;
		copy_text(watch.message, edata->message, sizeof(watch.message));
	}
}

void
dbops_backup_ends_install(void)
{
	prev_client_authentication = ClientAuthentication_hook;
	ClientAuthentication_hook = authenticate;
}

typedef enum Copied
{
	COPIED,
	COPY_LATER, /* it is still being written */
	COPY_NEVER, /* another has its place */
} Copied;

static Copied
copy_end(uint64 number, BackupEnd *end)
{
	Place *place = &ring->places[number % PLACES];
	uint64 found = pg_atomic_read_u64(&place->number);

	if (found != number)
		return found > number ? COPY_NEVER : COPY_LATER;
	pg_read_barrier();
	memcpy(end, &place->end, sizeof(*end));
	pg_read_barrier();
	return pg_atomic_read_u64(&place->number) == number ? COPIED : COPY_NEVER;
}

bool
dbops_backup_ends_next(uint64 *position, BackupEnd *end)
{
	uint64 last;

	if (ring == NULL)
		return false;
	last = pg_atomic_read_u64(&ring->last);
	if (last > PLACES && *position < last - PLACES)
		*position = last - PLACES;
	while (*position < last)
	{
		Copied copied = copy_end(*position + 1, end);

		if (copied == COPY_LATER)
			return false;
		(*position)++;
		if (copied == COPIED)
			return true;
	}
	return false;
}

void
dbops_backup_ends_wake(Latch *latch)
{
	if (ring != NULL)
		ring->keeper = latch;
}

bool
dbops_backup_ends_wait(void)
{
	return ring != NULL && pg_atomic_read_u64(&ring->last) > pg_atomic_read_u64(&ring->stored);
}

uint64
dbops_backup_ends_stored(void)
{
	return ring == NULL ? 0 : pg_atomic_read_u64(&ring->stored);
}

void
dbops_backup_ends_set_stored(uint64 position)
{
	if (ring != NULL)
		pg_atomic_write_u64(&ring->stored, position);
}
