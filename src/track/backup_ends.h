/*
 * track/backup_ends.h
 *		How sessions end that take a backup: base backups, receivers of WAL, dumps.
 *
 * Only the process that serves a client knows how its work ended, and it is gone right after: so it
 * notes what it knows when it exits, in a ring of fixed size in shared memory.  Nobody locks: a
 * writer takes the next place and marks it as half written meanwhile.  A reader that is too late
 * for a place finds another one's number there.  Ordinary sessions have no part in this: WAL
 * senders and clients that call themselves a dump are told at login, other dumps by what they lock.
 *
 * Texts are in the encoding that the entry names.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"
#include "nodes/nodes.h"
#include "pgstat.h"
#include "storage/latch.h"

#define BACKUP_END_STATEMENT_BYTES 512
#define BACKUP_END_MESSAGE_BYTES 192
#define BACKUP_END_CLIENT_BYTES 48

typedef enum BackupEndKind
{
	BACKUP_END_BASE,   /* the last command of a WAL sender was BASE_BACKUP */
	BACKUP_END_STREAM, /* or START_REPLICATION, by a receiver that never applied anything */
	BACKUP_END_DUMP,
	BACKUP_END_ABORTED, /* pg_backup_start was called and pg_backup_stop was not */
} BackupEndKind;

typedef struct BackupEnd
{
	BackupEndKind kind;
	SessionEndType cause;
	bool finished; /* base backup: the command came to its end; dump: its transaction is whole */
	bool in_xact;  /* dump: it had begun its transaction */
	bool works;    /* dump: the session works for another one, which leads */
	int pid;
	int encoding;
	TimestampTz session_at;
	TimestampTz started_at; /* of the last statement */
	TimestampTz ended_at;
	int64 bytes; /* sent as files, or as rows */
	int tables_locked;
	int tables_copied;
	int sqlerrcode; /* of the last error; 0: none was seen */
	XLogRecPtr lsn; /* stream: how far the receiver has it */
	char application_name[NAMEDATALEN];
	char datname[NAMEDATALEN];
	char username[NAMEDATALEN];
	char client[BACKUP_END_CLIENT_BYTES]; /* empty: a socket of this machine */
	char message[BACKUP_END_MESSAGE_BYTES];
	char statement
	    [BACKUP_END_STATEMENT_BYTES]; /* the last one, of WAL senders and aborted backups */
} BackupEnd;

extern Size dbops_backup_ends_shmem_size(void);
extern void dbops_backup_ends_shmem_init(void);

/* Called once, by dbops_hooks_install. */
extern void dbops_backup_ends_install(void);

/*
 * A LOCK, COPY or DECLARE CURSOR of this session is about to run, or has run: these are what dumps
 * consist of.
 */
extern void dbops_backup_ends_note_begin(const Node *statement);
extern void dbops_backup_ends_note_utility(const Node *statement);

/* A message goes to the log.  Like all that hears of them, this neither allocates nor locks. */
extern void dbops_backup_ends_note_log(const ErrorData *edata);

/*
 * Copies the end after the one numbered *position, and moves on to it; numbers begin with 1.  What
 * was overwritten meanwhile is passed over.  False when there is none, or it is being written.
 */
extern bool dbops_backup_ends_next(uint64 *position, BackupEnd *end);

/* Whoever keeps the catalogue is woken up by each end. */
extern void dbops_backup_ends_wake(Latch *latch);

/* Whether there are ends that are not in the catalogue. */
extern bool dbops_backup_ends_wait(void);

/* Up to which number they are in the catalogue. */
extern uint64 dbops_backup_ends_stored(void);
extern void dbops_backup_ends_set_stored(uint64 position);
