/*
 * core/compat_activity.h
 *		The differences between PostgreSQL 15 and 19 in what processes do: input and output, the
 *		progress of commands, autovacuum.
 *
 * A part of core/compat.h in a file of its own, as each of its parts serves one family.
 */
#pragma once

#include "commands/progress.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/autovacuum.h"
#include "utils/backend_status.h"
#include "utils/rel.h"

/* Input and output as pg_stat_io has it, from 16 on; 18 counts bytes instead of blocks. */
typedef enum CompatIoOperation
{
	COMPAT_IO_READ,
	COMPAT_IO_WRITE,
	COMPAT_IO_WRITEBACK,
	COMPAT_IO_EXTEND,
	COMPAT_IO_HIT,
	COMPAT_IO_EVICT,
	COMPAT_IO_REUSE,
	COMPAT_IO_FSYNC,
	COMPAT_IO_OPERATIONS
} CompatIoOperation;

typedef struct CompatIo
{
	const char *backend_type;
	const char *object;
	const char *context;
	TimestampTz reset_at;
	bool tracked[COMPAT_IO_OPERATIONS]; /* whether such a process ever does that */
	int64 counts[COMPAT_IO_OPERATIONS];
	int64 bytes[COMPAT_IO_OPERATIONS];
	int64 us[COMPAT_IO_OPERATIONS];
} CompatIo;

#if PG_VERSION_NUM >= 160000
static inline void
dbops_compat_fill_io(CompatIo *io, BackendType type, IOObject object, IOContext context)
{
	static const IOOp operations[COMPAT_IO_OPERATIONS] = {
	    IOOP_READ, IOOP_WRITE, IOOP_WRITEBACK, IOOP_EXTEND,
	    IOOP_HIT,  IOOP_EVICT, IOOP_REUSE,     IOOP_FSYNC,
	};
	const PgStat_IO *all = pgstat_fetch_stat_io();
	const PgStat_BktypeIO *stats = &all->stats[type];

	io->backend_type = GetBackendTypeDesc(type);
	io->object = pgstat_get_io_object_name(object);
	io->context = pgstat_get_io_context_name(context);
	io->reset_at = all->stat_reset_timestamp;
	for (int i = 0; i < COMPAT_IO_OPERATIONS; i++)
	{
		IOOp operation = operations[i];

		io->tracked[i] = pgstat_tracks_io_op(type, object, context, operation);
		io->counts[i] = stats->counts[object][context][operation];
#if PG_VERSION_NUM >= 180000
		io->bytes[i] = (int64) stats->bytes[object][context][operation];
#else
		io->bytes[i] = io->counts[i] * BLCKSZ;
#endif
		io->us[i] = stats->times[object][context][operation];
	}
}
#endif

/* The next of all that are tracked; *position begins as 0.  False at the end. */
static inline bool
dbops_compat_next_io(int *position, CompatIo *io)
{
#if PG_VERSION_NUM >= 160000
	const int nper_type = IOOBJECT_NUM_TYPES * IOCONTEXT_NUM_TYPES;

	while (*position < BACKEND_NUM_TYPES * nper_type)
	{
		int at = (*position)++;
		BackendType type = (BackendType) (at / nper_type);
		IOObject object = (IOObject) (at % nper_type / IOCONTEXT_NUM_TYPES);
		IOContext context = (IOContext) (at % IOCONTEXT_NUM_TYPES);

		if (!pgstat_tracks_io_bktype(type) || !pgstat_tracks_io_object(type, object, context))
			continue;
		dbops_compat_fill_io(io, type, object, context);
		return true;
	}
#endif
	return false;
}

/*
 * The parameters of a command's progress in one layout: that of 17 for VACUUM, which counts dead
 * rows where earlier versions count only them, and that of 18 for CLUSTER and VACUUM FULL, which 19
 * made forms of REPACK.  -1 is unknown.
 */
#define DBOPS_PROGRESS_VACUUM_MAX_DEAD_BYTES 5
#define DBOPS_PROGRESS_VACUUM_DEAD_BYTES 6
#define DBOPS_PROGRESS_VACUUM_DEAD_ITEMS 7
#define DBOPS_PROGRESS_VACUUM_INDEXES_TOTAL 8
#define DBOPS_PROGRESS_VACUUM_INDEXES_DONE 9
#define DBOPS_PROGRESS_CLUSTER_COMMAND 0
#define DBOPS_PROGRESS_CLUSTER_PHASE 1
#define DBOPS_PROGRESS_CLUSTER_INDEX 2
#define DBOPS_PROGRESS_CLUSTER_TUPLES_SCANNED 3
#define DBOPS_PROGRESS_CLUSTER_TUPLES_WRITTEN 4
#define DBOPS_PROGRESS_CLUSTER_BLOCKS_TOTAL 5
#define DBOPS_PROGRESS_CLUSTER_BLOCKS_DONE 6
#define DBOPS_PROGRESS_CLUSTER_PHASE_CATCH_UP 8

typedef enum CompatProgress
{
	COMPAT_PROGRESS_NONE,
	COMPAT_PROGRESS_VACUUM,
	COMPAT_PROGRESS_ANALYZE,
	COMPAT_PROGRESS_CLUSTER, /* its command: 1 CLUSTER, 2 VACUUM FULL, 3 REPACK */
	COMPAT_PROGRESS_CREATE_INDEX,
	COMPAT_PROGRESS_BASEBACKUP,
	COMPAT_PROGRESS_COPY,
} CompatProgress;

#if PG_VERSION_NUM >= 190000
static inline void
dbops_compat_arrange_repack(const int64 *repack, int64 *params)
{
	/* By REPACK_COMMAND_CLUSTER, _REPACK, _VACUUMFULL, and by its phases. */
	static const int64 commands[] = {0, 1, 3, 2};
	static const int64 phases[] = {0, 1, 2, 3, 4, DBOPS_PROGRESS_CLUSTER_PHASE_CATCH_UP, 5, 6, 7};
	int64 command = repack[PROGRESS_REPACK_COMMAND];
	int64 phase = repack[PROGRESS_REPACK_PHASE];

	params[DBOPS_PROGRESS_CLUSTER_COMMAND] =
	    command >= 0 && command < lengthof(commands) ? commands[command] : 0;
	params[DBOPS_PROGRESS_CLUSTER_PHASE] =
	    phase >= 0 && phase < lengthof(phases) ? phases[phase] : 0;
	params[DBOPS_PROGRESS_CLUSTER_INDEX] = repack[PROGRESS_REPACK_INDEX_RELID];
	params[DBOPS_PROGRESS_CLUSTER_TUPLES_SCANNED] = repack[PROGRESS_REPACK_HEAP_TUPLES_SCANNED];
	params[DBOPS_PROGRESS_CLUSTER_TUPLES_WRITTEN] = repack[PROGRESS_REPACK_HEAP_TUPLES_INSERTED];
	params[DBOPS_PROGRESS_CLUSTER_BLOCKS_TOTAL] = repack[PROGRESS_REPACK_TOTAL_HEAP_BLKS];
	params[DBOPS_PROGRESS_CLUSTER_BLOCKS_DONE] = repack[PROGRESS_REPACK_HEAP_BLKS_SCANNED];
}
#endif

/* What the process reports, with PGSTAT_NUM_PROGRESS_PARAM parameters. */
static inline CompatProgress
dbops_compat_progress(const PgBackendStatus *status, int64 *params)
{
	memcpy(params, status->st_progress_param, sizeof(status->st_progress_param));
	switch (status->st_progress_command)
	{
		case PROGRESS_COMMAND_INVALID:
			break;
		case PROGRESS_COMMAND_VACUUM:
#if PG_VERSION_NUM < 170000
			params[DBOPS_PROGRESS_VACUUM_DEAD_ITEMS] = params[PROGRESS_VACUUM_NUM_DEAD_TUPLES];
			params[DBOPS_PROGRESS_VACUUM_MAX_DEAD_BYTES] = -1;
			params[DBOPS_PROGRESS_VACUUM_DEAD_BYTES] = -1;
			params[DBOPS_PROGRESS_VACUUM_INDEXES_TOTAL] = -1;
			params[DBOPS_PROGRESS_VACUUM_INDEXES_DONE] = -1;
#endif
			return COMPAT_PROGRESS_VACUUM;
		case PROGRESS_COMMAND_ANALYZE:
			return COMPAT_PROGRESS_ANALYZE;
		case PROGRESS_COMMAND_CREATE_INDEX:
			return COMPAT_PROGRESS_CREATE_INDEX;
		case PROGRESS_COMMAND_BASEBACKUP:
			return COMPAT_PROGRESS_BASEBACKUP;
		case PROGRESS_COMMAND_COPY:
			return COMPAT_PROGRESS_COPY;
#if PG_VERSION_NUM >= 190000
		case PROGRESS_COMMAND_REPACK:
			dbops_compat_arrange_repack(status->st_progress_param, params);
			return COMPAT_PROGRESS_CLUSTER;
#else
		case PROGRESS_COMMAND_CLUSTER:
			return COMPAT_PROGRESS_CLUSTER;
#endif
	}
	return COMPAT_PROGRESS_NONE;
}

/* Time a command slept for the sake of others, in ns, with track_cost_delay_timing; from 18 on. */
static inline int64
dbops_compat_progress_delay_ns(CompatProgress command, const int64 *params)
{
#if PG_VERSION_NUM >= 180000
	if (command == COMPAT_PROGRESS_VACUUM)
		return params[PROGRESS_VACUUM_DELAY_TIME];
	if (command == COMPAT_PROGRESS_ANALYZE)
		return params[PROGRESS_ANALYZE_DELAY_TIME];
#endif
	return -1;
}

/* The most dead rows that autovacuum lets a table have, from 18 on; -1: no limit. */
static inline int
dbops_compat_vacuum_max_threshold(const AutoVacOpts *options)
{
#if PG_VERSION_NUM >= 180000
	if (options != NULL && options->vacuum_max_threshold >= -1)
		return options->vacuum_max_threshold;
	return autovacuum_vac_max_thresh;
#else
	return -1;
#endif
}

/* Pages all frozen, as an expression over pg_class: 18 counts them, and leaves them out. */
#if PG_VERSION_NUM >= 180000
#define DBOPS_ALL_FROZEN_PAGES "c.relallfrozen"
#else
#define DBOPS_ALL_FROZEN_PAGES "0"
#endif
