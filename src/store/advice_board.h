/*
 * store/advice_board.h
 *		How much the open index advice is worth, for those who have no SQL: a board in shared memory.
 *
 * The tables have it for people; families and checks are asked for it in any process.  The keeper
 * reads the tables and writes the board; one LWLock, held for a copy.
 */
#pragma once

#include "datatype/timestamp.h"

/* Those with the most to gain, should there be more. */
#define BOARD_DATABASES 256

/* Numbers that are not known are FAMILY_NULL. */
typedef struct AdviceFacts
{
	Oid datid;
	int64 open;             /* lines of advice, without dismissed ones */
	int64 regressed;        /* lines that were followed, and not taken back */
	int64 saved_us_per_day; /* by open advice whose benefit was measured */
	int64 total_us_per_day; /* of all statements that clients sent, when it was advised */
	TimestampTz advised_at; /* 0: never */
} AdviceFacts;

typedef struct AdviceBoard
{
	TimestampTz at; /* when it was written; 0: never */
	int ndatabases;
	AdviceFacts databases[BOARD_DATABASES];
} AdviceBoard;

extern Size dbops_advice_board_shmem_size(void);
extern void dbops_advice_board_shmem_init(void);

/* Reads the tables and writes the board.  In a transaction with a snapshot, with the extension. */
extern void dbops_advice_board_write(void);

/* A copy in the current context; NULL before the first was written, or without preloading. */
extern AdviceBoard *dbops_advice_board_copy(void);
