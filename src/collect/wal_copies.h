/*
 * collect/wal_copies.h
 *		Who else has this server's WAL: standbys, and receivers that act as an archive.
 *
 * A file of its own because what is lost with this server depends on who has a copy, and a receiver
 * such as pg_receivewal or Barman's is one that never replays and never could take over.  It is
 * told from a standby by that: it reports what it flushed and nothing that it replayed.  A base
 * backup streams WAL likewise, but through a temporary slot or none, and keeps it for itself.
 *
 * What a receiver has is as far as it reported to have flushed; without a connection, as far as it
 * last did (collect/standbys.h), or else as its slot was confirmed.
 */
#pragma once

#include "access/xlogdefs.h"

typedef enum WalCopyKind
{
	WAL_COPY_STANDBY,
	WAL_COPY_RECEIVER,
	WAL_COPY_UNKNOWN, /* a physical slot that nobody uses and whose name tells nothing */
} WalCopyKind;

typedef struct WalCopy
{
	WalCopyKind kind;
	char name[NAMEDATALEN]; /* application_name, or that of the slot */
	bool connected;
	bool synchronous; /* commits wait for it */
	XLogRecPtr flushed;
	XLogRecPtr replayed; /* invalid for receivers */
} WalCopy;

/* All of them, in the current context. */
extern WalCopy *dbops_wal_copies_read(int *count);
