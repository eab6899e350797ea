/*
 * collect/progress.c
 *		The family "progress": how far long commands are.
 *
 * VACUUM, ANALYZE, CREATE INDEX, REINDEX, CLUSTER, VACUUM FULL, REPACK, COPY and base backups
 * report it for themselves, each in phases of its own.  A table says what to make of each phase:
 * its name, and which of the command's parameters are the work done and the work there is, in which
 * unit.  That is the work of the phase, since commands do not know what the next one will take.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "catalog/pg_am_d.h"

#include "collect/collectors.h"
#include "collect/departed.h"
#include "collect/descriptor.h"
#include "core/compat.h"
#include "core/compat_activity.h"
#include "store/frame.h"

enum
{
	PROGRESS_PHASE,
	PROGRESS_PERCENT,
	PROGRESS_DONE,
	PROGRESS_TOTAL,
	PROGRESS_UNIT,
	PROGRESS_STARTED_AT,
	PROGRESS_TUPLES_DONE,
	PROGRESS_INDEX_ROUNDS,
	PROGRESS_DEAD_ITEMS,
	PROGRESS_DEAD_BYTES,
	PROGRESS_DEAD_BYTES_LIMIT,
	PROGRESS_DELAY_MS,
	PROGRESS_OTHER_RELID,
	PROGRESS_PARTS_DONE,
	PROGRESS_PARTS_TOTAL,
	PROGRESS_WAITS_FOR_PID,
	PROGRESS_NMETRICS
};

/* The history stores these numbers: new ones go to the end. */
enum
{
	COMMAND_OTHER,
	COMMAND_VACUUM,
	COMMAND_ANALYZE,
	COMMAND_CLUSTER,
	COMMAND_VACUUM_FULL,
	COMMAND_REPACK,
	COMMAND_CREATE_INDEX,
	COMMAND_CREATE_INDEX_CONCURRENTLY,
	COMMAND_REINDEX,
	COMMAND_REINDEX_CONCURRENTLY,
	COMMAND_COPY_FROM,
	COMMAND_COPY_TO,
	COMMAND_BASE_BACKUP,
};

static const char *const command_words[] = {
    [COMMAND_OTHER] = "other",
    [COMMAND_VACUUM] = "VACUUM",
    [COMMAND_ANALYZE] = "ANALYZE",
    [COMMAND_CLUSTER] = "CLUSTER",
    [COMMAND_VACUUM_FULL] = "VACUUM FULL",
    [COMMAND_REPACK] = "REPACK",
    [COMMAND_CREATE_INDEX] = "CREATE INDEX",
    [COMMAND_CREATE_INDEX_CONCURRENTLY] = "CREATE INDEX CONCURRENTLY",
    [COMMAND_REINDEX] = "REINDEX",
    [COMMAND_REINDEX_CONCURRENTLY] = "REINDEX CONCURRENTLY",
    [COMMAND_COPY_FROM] = "COPY FROM",
    [COMMAND_COPY_TO] = "COPY TO",
    [COMMAND_BASE_BACKUP] = "BASE BACKUP",
    [COMMAND_BASE_BACKUP + 1] = NULL,
};

/* Likewise. */
typedef enum PhaseWord
{
	PHASE_ENDED,
	PHASE_OTHER,
	PHASE_INITIALIZING,
	PHASE_SCANNING_HEAP,
	PHASE_VACUUMING_INDEXES,
	PHASE_VACUUMING_HEAP,
	PHASE_CLEANING_UP_INDEXES,
	PHASE_TRUNCATING_HEAP,
	PHASE_FINAL_CLEANUP,
	PHASE_ACQUIRING_SAMPLE,
	PHASE_ACQUIRING_INHERITED_SAMPLE,
	PHASE_COMPUTING_STATISTICS,
	PHASE_COMPUTING_EXTENDED_STATISTICS,
	PHASE_FINALIZING_ANALYZE,
	PHASE_INDEX_SCANNING_HEAP,
	PHASE_SORTING_TUPLES,
	PHASE_WRITING_NEW_HEAP,
	PHASE_CATCHING_UP,
	PHASE_SWAPPING_FILES,
	PHASE_REBUILDING_INDEX,
	PHASE_WAITING_FOR_WRITERS,
	PHASE_BUILDING_INDEX,
	PHASE_BUILDING_SCANNING,
	PHASE_BUILDING_SORTING,
	PHASE_BUILDING_LOADING,
	PHASE_WAITING_FOR_WRITERS_AGAIN,
	PHASE_VALIDATING_INDEX,
	PHASE_VALIDATING_SORTING,
	PHASE_VALIDATING_TABLE,
	PHASE_WAITING_FOR_SNAPSHOTS,
	PHASE_WAITING_FOR_READERS,
	PHASE_WAITING_FOR_READERS_AGAIN,
	PHASE_COPYING,
	PHASE_WAITING_FOR_CHECKPOINT,
	PHASE_ESTIMATING_SIZE,
	PHASE_STREAMING_FILES,
	PHASE_WAITING_FOR_ARCHIVE,
	PHASE_TRANSFERRING_WAL,
	PHASE_WORDS
} PhaseWord;

static const char *const phase_words[] = {
    [PHASE_ENDED] = "ended",
    [PHASE_OTHER] = "other",
    [PHASE_INITIALIZING] = "initializing",
    [PHASE_SCANNING_HEAP] = "scanning heap",
    [PHASE_VACUUMING_INDEXES] = "vacuuming indexes",
    [PHASE_VACUUMING_HEAP] = "vacuuming heap",
    [PHASE_CLEANING_UP_INDEXES] = "cleaning up indexes",
    [PHASE_TRUNCATING_HEAP] = "truncating heap",
    [PHASE_FINAL_CLEANUP] = "performing final cleanup",
    [PHASE_ACQUIRING_SAMPLE] = "acquiring sample rows",
    [PHASE_ACQUIRING_INHERITED_SAMPLE] = "acquiring inherited sample rows",
    [PHASE_COMPUTING_STATISTICS] = "computing statistics",
    [PHASE_COMPUTING_EXTENDED_STATISTICS] = "computing extended statistics",
    [PHASE_FINALIZING_ANALYZE] = "finalizing analyze",
    [PHASE_INDEX_SCANNING_HEAP] = "index scanning heap",
    [PHASE_SORTING_TUPLES] = "sorting tuples",
    [PHASE_WRITING_NEW_HEAP] = "writing new heap",
    [PHASE_CATCHING_UP] = "catching up with changes",
    [PHASE_SWAPPING_FILES] = "swapping relation files",
    [PHASE_REBUILDING_INDEX] = "rebuilding index",
    [PHASE_WAITING_FOR_WRITERS] = "waiting for writers before build",
    [PHASE_BUILDING_INDEX] = "building index",
    [PHASE_BUILDING_SCANNING] = "building index: scanning table",
    [PHASE_BUILDING_SORTING] = "building index: sorting tuples",
    [PHASE_BUILDING_LOADING] = "building index: loading tuples in tree",
    [PHASE_WAITING_FOR_WRITERS_AGAIN] = "waiting for writers before validation",
    [PHASE_VALIDATING_INDEX] = "index validation: scanning index",
    [PHASE_VALIDATING_SORTING] = "index validation: sorting tuples",
    [PHASE_VALIDATING_TABLE] = "index validation: scanning table",
    [PHASE_WAITING_FOR_SNAPSHOTS] = "waiting for old snapshots",
    [PHASE_WAITING_FOR_READERS] = "waiting for readers before marking dead",
    [PHASE_WAITING_FOR_READERS_AGAIN] = "waiting for readers before dropping",
    [PHASE_COPYING] = "copying",
    [PHASE_WAITING_FOR_CHECKPOINT] = "waiting for checkpoint to finish",
    [PHASE_ESTIMATING_SIZE] = "estimating backup size",
    [PHASE_STREAMING_FILES] = "streaming database files",
    [PHASE_WAITING_FOR_ARCHIVE] = "waiting for WAL archiving to finish",
    [PHASE_TRANSFERRING_WAL] = "transferring WAL files",
    [PHASE_WORDS] = NULL,
};

/* Likewise. */
typedef enum Unit
{
	UNIT_NONE,
	UNIT_BLOCKS,
	UNIT_BYTES,
	UNIT_TUPLES,
	UNIT_INDEXES,
	UNIT_STATISTICS,
	UNIT_TRANSACTIONS,
	UNITS
} Unit;

static const char *const unit_words[] = {
    [UNIT_NONE] = "none",
    [UNIT_BLOCKS] = "blocks",
    [UNIT_BYTES] = "bytes",
    [UNIT_TUPLES] = "rows",
    [UNIT_INDEXES] = "indexes",
    [UNIT_STATISTICS] = "statistics objects",
    [UNIT_TRANSACTIONS] = "transactions",
    [UNITS] = NULL,
};

static const Label labels[] = {
    LABEL("pid", LABEL_INT8, NAMES_NONE, "Process that runs the command"),
    LABEL_OF_WORDS("command", command_words, "What it runs"),
    LABEL_OF_DATABASE("Database; 0 for base backups"),
    LABEL_OF_RELATION("Table it works on; 0 for base backups"),
};

static const Metric metrics[] = {
    [PROGRESS_PHASE] =
        WORD(1, "phase", phase_words, "What it is at; a row that says ended is the last"),
    [PROGRESS_PERCENT] =
        GAUGE_SCALED(2, "percent", "percent", 0.01, ROLLUP_LAST,
                     "Share of the phase's work that is done, where the work is known"),
    [PROGRESS_DONE] = GAUGE(3, "done", "", ROLLUP_LAST, "Work of the phase that is done"),
    [PROGRESS_TOTAL] = GAUGE(4, "total", "", ROLLUP_LAST, "Work of the phase, where it is known"),
    [PROGRESS_UNIT] = WORD(5, "unit", unit_words, "What done and total count"),
    [PROGRESS_STARTED_AT] = INSTANT(6, "started_at", "When the command began"),
    [PROGRESS_TUPLES_DONE] =
        GAUGE(7, "rows_done", "", ROLLUP_LAST, "Rows copied, or written into a new table or index"),
    [PROGRESS_INDEX_ROUNDS] =
        GAUGE(8, "index_rounds", "", ROLLUP_LAST,
              "VACUUM: times it went through the indexes; more than once asks for memory"),
    [PROGRESS_DEAD_ITEMS] = GAUGE(9, "dead_items", "", ROLLUP_LAST,
                                  "VACUUM: dead rows found since it last went through the indexes"),
    [PROGRESS_DEAD_BYTES] =
        GAUGE(10, "dead_bytes", "bytes", ROLLUP_LAST, "VACUUM: memory for these (from 17)"),
    [PROGRESS_DEAD_BYTES_LIMIT] =
        GAUGE(11, "dead_bytes_limit", "bytes", ROLLUP_LAST, "VACUUM: most it may take (from 17)"),
    [PROGRESS_DELAY_MS] =
        GAUGE_SCALED(12, "delay_ms", "ms", 0.000001, ROLLUP_LAST,
                     "Time slept for cost-based delay, with track_cost_delay_timing (from "
                     "18)"),
    [PROGRESS_OTHER_RELID] =
        GAUGE(13, "other_relid", "", ROLLUP_LAST,
              "OID of the index built or used, or of the child table being analyzed; 0 if none"),
    [PROGRESS_PARTS_DONE] =
        GAUGE(14, "parts_done", "", ROLLUP_LAST, "Partitions, child tables or tablespaces done"),
    [PROGRESS_PARTS_TOTAL] = GAUGE(15, "parts_total", "", ROLLUP_LAST, "How many there are"),
    [PROGRESS_WAITS_FOR_PID] =
        GAUGE(16, "waits_for_pid", "", ROLLUP_LAST,
              "Process whose transaction the building of an index waits for; 0 if none"),
};

#define NO_PARAM (-1)
#define ANY (-1)

/* What a phase is called and counts. */
typedef struct PhaseRule
{
	CompatProgress command;
	int phase;
	int subphase; /* of building an index, or ANY */
	PhaseWord word;
	int done;  /* parameter, or NO_PARAM */
	int total; /* likewise */
	Unit unit;
} PhaseRule;

#define WITHOUT_WORK NO_PARAM, NO_PARAM, UNIT_NONE
#define OF_BLOCKS PROGRESS_SCAN_BLOCKS_DONE, PROGRESS_SCAN_BLOCKS_TOTAL, UNIT_BLOCKS
#define OF_TUPLES PROGRESS_CREATEIDX_TUPLES_DONE, PROGRESS_CREATEIDX_TUPLES_TOTAL, UNIT_TUPLES
#define OF_WAITS PROGRESS_WAITFOR_DONE, PROGRESS_WAITFOR_TOTAL, UNIT_TRANSACTIONS
#define OF_INDEXES \
	DBOPS_PROGRESS_VACUUM_INDEXES_DONE, DBOPS_PROGRESS_VACUUM_INDEXES_TOTAL, UNIT_INDEXES
#define OF_SAMPLE PROGRESS_ANALYZE_BLOCKS_DONE, PROGRESS_ANALYZE_BLOCKS_TOTAL, UNIT_BLOCKS
#define OF_CLUSTER \
	DBOPS_PROGRESS_CLUSTER_BLOCKS_DONE, DBOPS_PROGRESS_CLUSTER_BLOCKS_TOTAL, UNIT_BLOCKS

/* The first that fits; commands without a phase have 0.  Unknown phases are "other". */
/* clang-format off */
static const PhaseRule rules[] = {
    {COMPAT_PROGRESS_VACUUM, 0, ANY, PHASE_INITIALIZING, WITHOUT_WORK},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_SCAN_HEAP, ANY, PHASE_SCANNING_HEAP,
     PROGRESS_VACUUM_HEAP_BLKS_SCANNED, PROGRESS_VACUUM_TOTAL_HEAP_BLKS, UNIT_BLOCKS},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_VACUUM_INDEX, ANY, PHASE_VACUUMING_INDEXES,
     OF_INDEXES},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_VACUUM_HEAP, ANY, PHASE_VACUUMING_HEAP,
     PROGRESS_VACUUM_HEAP_BLKS_VACUUMED, PROGRESS_VACUUM_TOTAL_HEAP_BLKS, UNIT_BLOCKS},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_INDEX_CLEANUP, ANY, PHASE_CLEANING_UP_INDEXES,
     OF_INDEXES},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_TRUNCATE, ANY, PHASE_TRUNCATING_HEAP,
     WITHOUT_WORK},
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_PHASE_FINAL_CLEANUP, ANY, PHASE_FINAL_CLEANUP,
     WITHOUT_WORK},

    {COMPAT_PROGRESS_ANALYZE, 0, ANY, PHASE_INITIALIZING, WITHOUT_WORK},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_PHASE_ACQUIRE_SAMPLE_ROWS, ANY,
     PHASE_ACQUIRING_SAMPLE, OF_SAMPLE},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_PHASE_ACQUIRE_SAMPLE_ROWS_INH, ANY,
     PHASE_ACQUIRING_INHERITED_SAMPLE, OF_SAMPLE},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_PHASE_COMPUTE_STATS, ANY,
     PHASE_COMPUTING_STATISTICS, WITHOUT_WORK},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_PHASE_COMPUTE_EXT_STATS, ANY,
     PHASE_COMPUTING_EXTENDED_STATISTICS,
     PROGRESS_ANALYZE_EXT_STATS_COMPUTED, PROGRESS_ANALYZE_EXT_STATS_TOTAL, UNIT_STATISTICS},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_PHASE_FINALIZE_ANALYZE, ANY,
     PHASE_FINALIZING_ANALYZE, WITHOUT_WORK},

    {COMPAT_PROGRESS_CLUSTER, 0, ANY, PHASE_INITIALIZING, WITHOUT_WORK},
    {COMPAT_PROGRESS_CLUSTER, 1, ANY, PHASE_SCANNING_HEAP, OF_CLUSTER},
    {COMPAT_PROGRESS_CLUSTER, 2, ANY, PHASE_INDEX_SCANNING_HEAP,
     DBOPS_PROGRESS_CLUSTER_TUPLES_SCANNED, NO_PARAM, UNIT_TUPLES},
    {COMPAT_PROGRESS_CLUSTER, 3, ANY, PHASE_SORTING_TUPLES, WITHOUT_WORK},
    {COMPAT_PROGRESS_CLUSTER, 4, ANY, PHASE_WRITING_NEW_HEAP,
     DBOPS_PROGRESS_CLUSTER_TUPLES_WRITTEN, DBOPS_PROGRESS_CLUSTER_TUPLES_SCANNED, UNIT_TUPLES},
    {COMPAT_PROGRESS_CLUSTER, 5, ANY, PHASE_SWAPPING_FILES, WITHOUT_WORK},
    {COMPAT_PROGRESS_CLUSTER, 6, ANY, PHASE_REBUILDING_INDEX, WITHOUT_WORK},
    {COMPAT_PROGRESS_CLUSTER, 7, ANY, PHASE_FINAL_CLEANUP, WITHOUT_WORK},
    {COMPAT_PROGRESS_CLUSTER, DBOPS_PROGRESS_CLUSTER_PHASE_CATCH_UP, ANY, PHASE_CATCHING_UP,
     WITHOUT_WORK},

    {COMPAT_PROGRESS_CREATE_INDEX, 0, ANY, PHASE_INITIALIZING, WITHOUT_WORK},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_WAIT_1, ANY,
     PHASE_WAITING_FOR_WRITERS, OF_WAITS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_BUILD,
     PROGRESS_BTREE_PHASE_INDEXBUILD_TABLESCAN, PHASE_BUILDING_SCANNING, OF_BLOCKS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_BUILD,
     PROGRESS_BTREE_PHASE_PERFORMSORT_1, PHASE_BUILDING_SORTING, WITHOUT_WORK},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_BUILD,
     PROGRESS_BTREE_PHASE_PERFORMSORT_2, PHASE_BUILDING_SORTING, WITHOUT_WORK},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_BUILD,
     PROGRESS_BTREE_PHASE_LEAF_LOAD, PHASE_BUILDING_LOADING, OF_TUPLES},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_BUILD, ANY, PHASE_BUILDING_INDEX,
     OF_BLOCKS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_WAIT_2, ANY,
     PHASE_WAITING_FOR_WRITERS_AGAIN, OF_WAITS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_VALIDATE_IDXSCAN, ANY,
     PHASE_VALIDATING_INDEX, OF_BLOCKS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_VALIDATE_SORT, ANY,
     PHASE_VALIDATING_SORTING, WITHOUT_WORK},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_VALIDATE_TABLESCAN, ANY,
     PHASE_VALIDATING_TABLE, OF_BLOCKS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_WAIT_3, ANY,
     PHASE_WAITING_FOR_SNAPSHOTS, OF_WAITS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_WAIT_4, ANY,
     PHASE_WAITING_FOR_READERS, OF_WAITS},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PHASE_WAIT_5, ANY,
     PHASE_WAITING_FOR_READERS_AGAIN, OF_WAITS},

    {COMPAT_PROGRESS_COPY, 0, ANY, PHASE_COPYING,
     PROGRESS_COPY_BYTES_PROCESSED, PROGRESS_COPY_BYTES_TOTAL, UNIT_BYTES},

    {COMPAT_PROGRESS_BASEBACKUP, 0, ANY, PHASE_INITIALIZING, WITHOUT_WORK},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_PHASE_WAIT_CHECKPOINT, ANY,
     PHASE_WAITING_FOR_CHECKPOINT, WITHOUT_WORK},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_PHASE_ESTIMATE_BACKUP_SIZE, ANY,
     PHASE_ESTIMATING_SIZE, WITHOUT_WORK},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_PHASE_STREAM_BACKUP, ANY,
     PHASE_STREAMING_FILES,
     PROGRESS_BASEBACKUP_BACKUP_STREAMED, PROGRESS_BASEBACKUP_BACKUP_TOTAL, UNIT_BYTES},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_PHASE_WAIT_WAL_ARCHIVE, ANY,
     PHASE_WAITING_FOR_ARCHIVE, WITHOUT_WORK},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_PHASE_TRANSFER_WAL, ANY,
     PHASE_TRANSFERRING_WAL, WITHOUT_WORK},
};
/* clang-format on */

/* From a parameter to a metric of one kind of command; -1 is unknown. */
typedef struct Detail
{
	CompatProgress command;
	int param;
	int metric;
} Detail;

static const Detail details[] = {
    {COMPAT_PROGRESS_VACUUM, PROGRESS_VACUUM_NUM_INDEX_VACUUMS, PROGRESS_INDEX_ROUNDS},
    {COMPAT_PROGRESS_VACUUM, DBOPS_PROGRESS_VACUUM_DEAD_ITEMS, PROGRESS_DEAD_ITEMS},
    {COMPAT_PROGRESS_VACUUM, DBOPS_PROGRESS_VACUUM_DEAD_BYTES, PROGRESS_DEAD_BYTES},
    {COMPAT_PROGRESS_VACUUM, DBOPS_PROGRESS_VACUUM_MAX_DEAD_BYTES, PROGRESS_DEAD_BYTES_LIMIT},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_CURRENT_CHILD_TABLE_RELID, PROGRESS_OTHER_RELID},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_CHILD_TABLES_DONE, PROGRESS_PARTS_DONE},
    {COMPAT_PROGRESS_ANALYZE, PROGRESS_ANALYZE_CHILD_TABLES_TOTAL, PROGRESS_PARTS_TOTAL},
    {COMPAT_PROGRESS_CLUSTER, DBOPS_PROGRESS_CLUSTER_INDEX, PROGRESS_OTHER_RELID},
    {COMPAT_PROGRESS_CLUSTER, DBOPS_PROGRESS_CLUSTER_TUPLES_WRITTEN, PROGRESS_TUPLES_DONE},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_INDEX_OID, PROGRESS_OTHER_RELID},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_TUPLES_DONE, PROGRESS_TUPLES_DONE},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PARTITIONS_DONE, PROGRESS_PARTS_DONE},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_CREATEIDX_PARTITIONS_TOTAL, PROGRESS_PARTS_TOTAL},
    {COMPAT_PROGRESS_CREATE_INDEX, PROGRESS_WAITFOR_CURRENT_PID, PROGRESS_WAITS_FOR_PID},
    {COMPAT_PROGRESS_COPY, PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_TUPLES_DONE},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_TBLSPC_STREAMED, PROGRESS_PARTS_DONE},
    {COMPAT_PROGRESS_BASEBACKUP, PROGRESS_BASEBACKUP_TBLSPC_TOTAL, PROGRESS_PARTS_TOTAL},
};

/* Which parameter tells forms of a command apart, and the words by its value from 1. */
typedef struct Form
{
	int param; /* NO_PARAM: there is one form */
	int words[5];
} Form;

static const Form forms[] = {
    [COMPAT_PROGRESS_VACUUM] = {NO_PARAM, {COMMAND_VACUUM}},
    [COMPAT_PROGRESS_ANALYZE] = {NO_PARAM, {COMMAND_ANALYZE}},
    [COMPAT_PROGRESS_CLUSTER] = {DBOPS_PROGRESS_CLUSTER_COMMAND,
                                 {COMMAND_OTHER, COMMAND_CLUSTER, COMMAND_VACUUM_FULL,
                                  COMMAND_REPACK}},
    [COMPAT_PROGRESS_CREATE_INDEX] = {PROGRESS_CREATEIDX_COMMAND,
                                      {COMMAND_OTHER, COMMAND_CREATE_INDEX,
                                       COMMAND_CREATE_INDEX_CONCURRENTLY, COMMAND_REINDEX,
                                       COMMAND_REINDEX_CONCURRENTLY}},
    [COMPAT_PROGRESS_BASEBACKUP] = {NO_PARAM, {COMMAND_BASE_BACKUP}},
    [COMPAT_PROGRESS_COPY] = {PROGRESS_COPY_COMMAND,
                              {COMMAND_OTHER, COMMAND_COPY_FROM, COMMAND_COPY_TO}},
};

static Departed departed;

static int
word_of(CompatProgress command, const int64 *params)
{
	const Form *form = &forms[command];
	int64 value = form->param == NO_PARAM ? 0 : params[form->param];

	return value >= 0 && value < lengthof(form->words) ? form->words[value] : COMMAND_OTHER;
}

static int
phase_of(CompatProgress command, const int64 *params)
{
	switch (command)
	{
		case COMPAT_PROGRESS_CREATE_INDEX:
			return (int) params[PROGRESS_CREATEIDX_PHASE];
		case COMPAT_PROGRESS_CLUSTER:
			return (int) params[DBOPS_PROGRESS_CLUSTER_PHASE];
		case COMPAT_PROGRESS_COPY:
			return 0;
		default:
			return (int) params[PROGRESS_VACUUM_PHASE];
	}
}

/* Access methods number the phases of building an index each in their own way. */
static int
subphase_of(CompatProgress command, const int64 *params)
{
	if (command != COMPAT_PROGRESS_CREATE_INDEX ||
	    params[PROGRESS_CREATEIDX_ACCESS_METHOD_OID] != BTREE_AM_OID)
		return 0;
	return (int) params[PROGRESS_CREATEIDX_SUBPHASE];
}

static const PhaseRule *
find_rule(CompatProgress command, const int64 *params)
{
	int phase = phase_of(command, params);
	int subphase = subphase_of(command, params);

	for (int i = 0; i < lengthof(rules); i++)
	{
		if (rules[i].command == command && rules[i].phase == phase &&
		    (rules[i].subphase == ANY || rules[i].subphase == subphase))
			return &rules[i];
	}
	return NULL;
}

static void
fill_work(int64 *values, const PhaseRule *rule, const int64 *params)
{
	int64 done;
	int64 total;

	values[PROGRESS_PHASE] = rule == NULL ? PHASE_OTHER : rule->word;
	values[PROGRESS_UNIT] = rule == NULL ? UNIT_NONE : rule->unit;
	if (rule == NULL || rule->done == NO_PARAM || params[rule->done] < 0)
		return;
	done = params[rule->done];
	values[PROGRESS_DONE] = done;
	total = rule->total == NO_PARAM ? 0 : params[rule->total];
	if (total <= 0)
		return;
	values[PROGRESS_TOTAL] = total;
	/* Estimates may be passed. */
	values[PROGRESS_PERCENT] = (int64) Min((double) done * 10000 / (double) total, 10000.0);
}

static void
fill_details(int64 *values, CompatProgress command, const int64 *params)
{
	int64 delay = dbops_compat_progress_delay_ns(command, params);

	for (int i = 0; i < lengthof(details); i++)
	{
		if (details[i].command == command && params[details[i].param] >= 0)
			values[details[i].metric] = params[details[i].param];
	}
	if (delay >= 0)
		values[PROGRESS_DELAY_MS] = delay;
}

static void
add_command(Frame *frame, const PgBackendStatus *status)
{
	int64 params[PGSTAT_NUM_PROGRESS_PARAM];
	CompatProgress command = dbops_compat_progress(status, params);
	EntityKey key = {
	    {status->st_procpid, 0, status->st_databaseid, status->st_progress_command_target}};
	int64 *values;

	if (command == COMPAT_PROGRESS_NONE || status->st_procpid == 0)
		return;
	key.num[1] = word_of(command, params);
	values = dbops_frame_add(frame, &key, NULL);
	fill_work(values, find_rule(command, params), params);
	fill_details(values, command, params);
	if (status->st_activity_start_timestamp != 0)
		values[PROGRESS_STARTED_AT] = status->st_activity_start_timestamp;
}

static void
end_command(int64 *values)
{
	values[PROGRESS_PHASE] = PHASE_ENDED;
}

static void
read_progress(Frame *frame)
{
	int nbackends = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= nbackends; i++)
	{
		const LocalPgBackendStatus *local = dbops_compat_local_beentry(i);

		if (local != NULL)
			add_command(frame, &local->backendStatus);
	}
	dbops_departed_add(&departed, frame, end_command);
}

const Family dbops_family_progress = {
    .id = 24,
    .name = "progress",
    .help = "Commands that report their progress: VACUUM, ANALYZE, CREATE INDEX, CLUSTER, COPY, "
            "base backups",
    .cadence = CADENCE_NARROW,
    LABELS(labels),
    METRICS(metrics),
    .read = read_progress,
};
