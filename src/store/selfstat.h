/*
 * store/selfstat.h
 *		What the workers of dbops cost, as each of them publishes it.
 *
 * A slot per kind of worker in shared memory.  A worker calls begin and publish around each cycle;
 * increases add up across restarts of the worker, so the sums only grow while the server runs.
 */
#pragma once

#include "datatype/timestamp.h"

typedef enum SelfKind
{
	SELF_SAMPLER,
	SELF_KEEPER,
	SELF_INSPECTOR,
	SELF_READER,
	SELF_GATEWAY,
	SELF_KINDS
} SelfKind;

typedef struct SelfStat
{
	int pid;      /* of the latest process; 0 when it has ended */
	int64 starts; /* processes that published */
	int64 cycles;
	int64 cycle_us;      /* all cycles together */
	int64 last_cycle_us; /* from begin to publish */
	int64 cpu_user_us;
	int64 cpu_system_us;
	int64 wal_records;
	int64 wal_bytes;
	int64 transactions;  /* ended ones, committed or not */
	int64 writing_begun; /* those of them that had an id, when they began to end, */
	int64 writing;       /* and when they had ended */
	int64 skipped;       /* samples of families that were left out as too expensive */
	int64 history_bytes; /* PG_INT64_MIN until the keeper has measured it */
	TimestampTz cut_at;  /* when dbops.max_size last cost history that was to be kept; 0: not */
} SelfStat;

extern Size dbops_selfstat_shmem_size(void);
extern void dbops_selfstat_shmem_init(void);

/* "sampler", "keeper", "inspector", "backup reader", "gateway". */
extern const char *dbops_selfstat_name(SelfKind kind);

/* At the start of a cycle of a worker. */
extern void dbops_selfstat_begin(SelfKind kind);

/* At its end, outside of a transaction.  A process is of one kind for its life. */
extern void dbops_selfstat_publish(SelfKind kind);

/* Size of the history's tables, indexes included; for the keeper, whenever it has measured it. */
extern void dbops_selfstat_set_history(int64 bytes);

/* History that was to be kept had to go; 0 once that is long ago. */
extern void dbops_selfstat_set_cut(TimestampTz at);

/* A family was left out of a round of this process. */
extern void dbops_selfstat_add_skipped(SelfKind kind);

/*
 * Transactions of all workers that had an id, those that were rolled back among them.  False while
 * one is about to end: then the server may have counted it or not.
 */
extern bool dbops_selfstat_writing(int64 *count);

/* False when no worker of the kind has published, or the library is not preloaded. */
extern bool dbops_selfstat_read(SelfKind kind, SelfStat *out);
