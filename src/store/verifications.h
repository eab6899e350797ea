/*
 * store/verifications.h
 *		The ledger of verified backups: the table dbops.verification.
 *
 * The only writer of the table.  A row says who had which folder compared with its manifest, when,
 * and what came of it.
 */
#pragma once

#include "access/xlogdefs.h"
#include "datatype/timestamp.h"

typedef struct Verification
{
	const char *path;
	TimestampTz started_at;
	TimestampTz ended_at;
	bool checksums; /* computed, else files and sizes were compared alone */
	bool has_wal;
	int64 files;
	int64 bytes;
	int64 problems;
	const char *first_problem;
	uint64 system_identifier; /* 0: the manifest does not tell */
	TimeLineID timeline;      /* 0: it needs no WAL */
	XLogRecPtr start_lsn;
} Verification;

/*
 * Stores a row, in the transaction and with the rights of the caller.  Needs a server that can be
 * written.
 */
extern void dbops_verifications_store(const Verification *verification);
