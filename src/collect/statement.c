/*
 * collect/statement.c
 *		The family "statement": what each statement did, as sessions and pg_stat_statements saw it.
 *
 * Both count the same executions, so each metric has one source, and an entity never changes it:
 * pg_stat_statements for statements of clients, dbops for nested ones, which pg_stat_statements
 * ignores by default.  Latencies, planning and failures are always dbops'.  A counter whose source
 * does not know the statement is 0 (it begins there when the source meets the statement), so a
 * statement that either of them evicts shows no jump.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "collect/collectors.h"
#include "collect/descriptor.h"
#include "collect/statement_source.h"
#include "store/frame.h"
#include "track/statements.h"

enum
{
	STATEMENT_CALLS,
	STATEMENT_ROWS,
	STATEMENT_TOTAL_EXEC_MS,
	STATEMENT_PLANS,
	STATEMENT_TOTAL_PLAN_MS,
	STATEMENT_ERRORS,
	STATEMENT_TIMEOUTS,
	STATEMENT_CANCELS,
	STATEMENT_EXEC_HISTOGRAM,
	STATEMENT_PLAN_HISTOGRAM,
	STATEMENT_MIN_EXEC_MS,
	STATEMENT_MAX_EXEC_MS,
	STATEMENT_MIN_PLAN_MS,
	STATEMENT_MAX_PLAN_MS,
	STATEMENT_SHARED_BLKS_HIT,
	STATEMENT_SHARED_BLKS_READ,
	STATEMENT_SHARED_BLKS_DIRTIED,
	STATEMENT_SHARED_BLKS_WRITTEN,
	STATEMENT_LOCAL_BLKS_HIT,
	STATEMENT_LOCAL_BLKS_READ,
	STATEMENT_LOCAL_BLKS_DIRTIED,
	STATEMENT_LOCAL_BLKS_WRITTEN,
	STATEMENT_TEMP_BLKS_READ,
	STATEMENT_TEMP_BLKS_WRITTEN,
	STATEMENT_SHARED_BLK_READ_MS,
	STATEMENT_SHARED_BLK_WRITE_MS,
	STATEMENT_LOCAL_BLK_READ_MS,
	STATEMENT_LOCAL_BLK_WRITE_MS,
	STATEMENT_TEMP_BLK_READ_MS,
	STATEMENT_TEMP_BLK_WRITE_MS,
	STATEMENT_WAL_RECORDS,
	STATEMENT_WAL_FPI,
	STATEMENT_WAL_BYTES,
	STATEMENT_WAL_BUFFERS_FULL,
	STATEMENT_JIT_FUNCTIONS,
	STATEMENT_JIT_GENERATION_MS,
	STATEMENT_JIT_INLINING_COUNT,
	STATEMENT_JIT_INLINING_MS,
	STATEMENT_JIT_OPTIMIZATION_COUNT,
	STATEMENT_JIT_OPTIMIZATION_MS,
	STATEMENT_JIT_EMISSION_COUNT,
	STATEMENT_JIT_EMISSION_MS,
	STATEMENT_JIT_DEFORM_COUNT,
	STATEMENT_JIT_DEFORM_MS,
	STATEMENT_PARALLEL_WORKERS_TO_LAUNCH,
	STATEMENT_PARALLEL_WORKERS_LAUNCHED,
	STATEMENT_NMETRICS
};

static const Metric metrics[] = {
    [STATEMENT_CALLS] = COUNT(1, "calls", "Executions that ended without error"),
    [STATEMENT_ROWS] = COUNT(2, "rows", "Rows returned or changed"),
    [STATEMENT_TOTAL_EXEC_MS] = COUNT_MS(3, "total_exec_ms", 0.001, "Time of execution"),
    [STATEMENT_PLANS] = COUNT(4, "plans", "Times planned"),
    [STATEMENT_TOTAL_PLAN_MS] = COUNT_MS(5, "total_plan_ms", 0.001, "Time of planning"),
    [STATEMENT_ERRORS] = COUNT(6, "errors", "Failures, with timeouts and cancels"),
    [STATEMENT_TIMEOUTS] =
        COUNT(7, "timeouts", "Failures by a timeout of statement, lock or transaction"),
    [STATEMENT_CANCELS] =
        COUNT(8, "cancels", "Failures by request of a user, or by conflict with recovery"),
    [STATEMENT_EXEC_HISTOGRAM] = HISTOGRAM_MS(9, "exec_histogram", "Latencies of execution"),
    [STATEMENT_PLAN_HISTOGRAM] = HISTOGRAM_MS(10, "plan_histogram", "Latencies of planning"),
    [STATEMENT_MIN_EXEC_MS] = GAUGE_SCALED(11, "min_exec_ms", "ms", 0.001, ROLLUP_MIN,
                                           "Shortest execution since the statistics were reset"),
    [STATEMENT_MAX_EXEC_MS] =
        LONGEST_MS(12, "max_exec_ms", "Longest execution since the statistics were reset"),
    [STATEMENT_MIN_PLAN_MS] = GAUGE_SCALED(13, "min_plan_ms", "ms", 0.001, ROLLUP_MIN,
                                           "Shortest planning since the statistics were reset"),
    [STATEMENT_MAX_PLAN_MS] =
        LONGEST_MS(14, "max_plan_ms", "Longest planning since the statistics were reset"),
    [STATEMENT_SHARED_BLKS_HIT] = COUNT(15, "shared_blks_hit", "Shared blocks found in memory"),
    [STATEMENT_SHARED_BLKS_READ] = COUNT(16, "shared_blks_read", "Shared blocks read"),
    [STATEMENT_SHARED_BLKS_DIRTIED] = COUNT(17, "shared_blks_dirtied", "Shared blocks dirtied"),
    [STATEMENT_SHARED_BLKS_WRITTEN] = COUNT(18, "shared_blks_written", "Shared blocks written"),
    [STATEMENT_LOCAL_BLKS_HIT] = COUNT(19, "local_blks_hit", "Local blocks found in memory"),
    [STATEMENT_LOCAL_BLKS_READ] = COUNT(20, "local_blks_read", "Local blocks read"),
    [STATEMENT_LOCAL_BLKS_DIRTIED] = COUNT(21, "local_blks_dirtied", "Local blocks dirtied"),
    [STATEMENT_LOCAL_BLKS_WRITTEN] = COUNT(22, "local_blks_written", "Local blocks written"),
    [STATEMENT_TEMP_BLKS_READ] = COUNT(23, "temp_blks_read", "Temporary blocks read"),
    [STATEMENT_TEMP_BLKS_WRITTEN] = COUNT(24, "temp_blks_written", "Temporary blocks written"),
    [STATEMENT_SHARED_BLK_READ_MS] = COUNT_MS(
        25, "shared_blk_read_ms", 0.001, "Time of reading shared blocks, and local ones before 17"),
    [STATEMENT_SHARED_BLK_WRITE_MS] =
        COUNT_MS(26, "shared_blk_write_ms", 0.001,
                 "Time of writing shared blocks, and local ones before 17"),
    [STATEMENT_LOCAL_BLK_READ_MS] =
        COUNT_MS(27, "local_blk_read_ms", 0.001, "Time of reading local blocks"),
    [STATEMENT_LOCAL_BLK_WRITE_MS] =
        COUNT_MS(28, "local_blk_write_ms", 0.001, "Time of writing local blocks"),
    [STATEMENT_TEMP_BLK_READ_MS] =
        COUNT_MS(29, "temp_blk_read_ms", 0.001, "Time of reading temporary blocks"),
    [STATEMENT_TEMP_BLK_WRITE_MS] =
        COUNT_MS(30, "temp_blk_write_ms", 0.001, "Time of writing temporary blocks"),
    [STATEMENT_WAL_RECORDS] = COUNT(31, "wal_records", "WAL records written"),
    [STATEMENT_WAL_FPI] = COUNT(32, "wal_fpi", "WAL images of full pages written"),
    [STATEMENT_WAL_BYTES] = COUNT_BYTES(33, "wal_bytes", "WAL written"),
    [STATEMENT_WAL_BUFFERS_FULL] =
        COUNT(34, "wal_buffers_full", "Times WAL was written because its buffers were full"),
    [STATEMENT_JIT_FUNCTIONS] = COUNT(35, "jit_functions", "Functions compiled"),
    [STATEMENT_JIT_GENERATION_MS] =
        COUNT_MS(36, "jit_generation_ms", 0.001, "Time of generating code"),
    [STATEMENT_JIT_INLINING_COUNT] = COUNT(37, "jit_inlining_count", "Times of inlining functions"),
    [STATEMENT_JIT_INLINING_MS] =
        COUNT_MS(38, "jit_inlining_ms", 0.001, "Time of inlining functions"),
    [STATEMENT_JIT_OPTIMIZATION_COUNT] =
        COUNT(39, "jit_optimization_count", "Times of optimizing code"),
    [STATEMENT_JIT_OPTIMIZATION_MS] =
        COUNT_MS(40, "jit_optimization_ms", 0.001, "Time of optimizing code"),
    [STATEMENT_JIT_EMISSION_COUNT] = COUNT(41, "jit_emission_count", "Times of emitting code"),
    [STATEMENT_JIT_EMISSION_MS] = COUNT_MS(42, "jit_emission_ms", 0.001, "Time of emitting code"),
    [STATEMENT_JIT_DEFORM_COUNT] =
        COUNT(43, "jit_deform_count", "Times of compiling the reading of rows"),
    [STATEMENT_JIT_DEFORM_MS] =
        COUNT_MS(44, "jit_deform_ms", 0.001, "Time of compiling the reading of rows"),
    [STATEMENT_PARALLEL_WORKERS_TO_LAUNCH] =
        COUNT(45, "parallel_workers_to_launch", "Parallel workers planned"),
    [STATEMENT_PARALLEL_WORKERS_LAUNCHED] =
        COUNT(46, "parallel_workers_launched", "Parallel workers started"),
};

static const SourceColumn source_columns[] = {
    {"calls", NULL, STATEMENT_CALLS, 0},
    {"rows", NULL, STATEMENT_ROWS, 0},
    {"total_exec_time", NULL, STATEMENT_TOTAL_EXEC_MS, 1000},
    {"min_exec_time", NULL, STATEMENT_MIN_EXEC_MS, 1000},
    {"max_exec_time", NULL, STATEMENT_MAX_EXEC_MS, 1000},
    {"min_plan_time", NULL, STATEMENT_MIN_PLAN_MS, 1000},
    {"max_plan_time", NULL, STATEMENT_MAX_PLAN_MS, 1000},
    {"shared_blks_hit", NULL, STATEMENT_SHARED_BLKS_HIT, 0},
    {"shared_blks_read", NULL, STATEMENT_SHARED_BLKS_READ, 0},
    {"shared_blks_dirtied", NULL, STATEMENT_SHARED_BLKS_DIRTIED, 0},
    {"shared_blks_written", NULL, STATEMENT_SHARED_BLKS_WRITTEN, 0},
    {"local_blks_hit", NULL, STATEMENT_LOCAL_BLKS_HIT, 0},
    {"local_blks_read", NULL, STATEMENT_LOCAL_BLKS_READ, 0},
    {"local_blks_dirtied", NULL, STATEMENT_LOCAL_BLKS_DIRTIED, 0},
    {"local_blks_written", NULL, STATEMENT_LOCAL_BLKS_WRITTEN, 0},
    {"temp_blks_read", NULL, STATEMENT_TEMP_BLKS_READ, 0},
    {"temp_blks_written", NULL, STATEMENT_TEMP_BLKS_WRITTEN, 0},
    {"shared_blk_read_time", "blk_read_time", STATEMENT_SHARED_BLK_READ_MS, 1000},
    {"shared_blk_write_time", "blk_write_time", STATEMENT_SHARED_BLK_WRITE_MS, 1000},
    {"local_blk_read_time", NULL, STATEMENT_LOCAL_BLK_READ_MS, 1000},
    {"local_blk_write_time", NULL, STATEMENT_LOCAL_BLK_WRITE_MS, 1000},
    {"temp_blk_read_time", NULL, STATEMENT_TEMP_BLK_READ_MS, 1000},
    {"temp_blk_write_time", NULL, STATEMENT_TEMP_BLK_WRITE_MS, 1000},
    {"wal_records", NULL, STATEMENT_WAL_RECORDS, 0},
    {"wal_fpi", NULL, STATEMENT_WAL_FPI, 0},
    {"wal_bytes", NULL, STATEMENT_WAL_BYTES, 0},
    {"wal_buffers_full", NULL, STATEMENT_WAL_BUFFERS_FULL, 0},
    {"jit_functions", NULL, STATEMENT_JIT_FUNCTIONS, 0},
    {"jit_generation_time", NULL, STATEMENT_JIT_GENERATION_MS, 1000},
    {"jit_inlining_count", NULL, STATEMENT_JIT_INLINING_COUNT, 0},
    {"jit_inlining_time", NULL, STATEMENT_JIT_INLINING_MS, 1000},
    {"jit_optimization_count", NULL, STATEMENT_JIT_OPTIMIZATION_COUNT, 0},
    {"jit_optimization_time", NULL, STATEMENT_JIT_OPTIMIZATION_MS, 1000},
    {"jit_emission_count", NULL, STATEMENT_JIT_EMISSION_COUNT, 0},
    {"jit_emission_time", NULL, STATEMENT_JIT_EMISSION_MS, 1000},
    {"jit_deform_count", NULL, STATEMENT_JIT_DEFORM_COUNT, 0},
    {"jit_deform_time", NULL, STATEMENT_JIT_DEFORM_MS, 1000},
    {"parallel_workers_to_launch", NULL, STATEMENT_PARALLEL_WORKERS_TO_LAUNCH, 0},
    {"parallel_workers_launched", NULL, STATEMENT_PARALLEL_WORKERS_LAUNCHED, 0},
};

static const Label labels[] = {
    LABEL_OF_DATABASE("Database"),
    LABEL_OF_ROLE("Role that ran the statement"),
    LABEL_OF_STATEMENT("Identifier of the normalized statement"),
    LABEL("toplevel", LABEL_BOOL, NAMES_NONE, "Whether a client sent it, not a function"),
};

static const Derived derived[] = {
    RATIO("mean_exec_ms", 1, "total_exec_ms", "calls", "ms", "Mean time of execution"),
    QUANTILE_MS("p50_ms", 0.5, "exec_histogram", "Median execution"),
    QUANTILE_MS("p95_ms", 0.95, "exec_histogram", "Time in which 95 % of executions ended"),
    QUANTILE_MS("p99_ms", 0.99, "exec_histogram", "Time in which 99 % of executions ended"),
    QUANTILE_MS("p999_ms", 0.999, "exec_histogram", "Time in which 99.9 % of executions ended"),
    RATIO("mean_plan_ms", 1, "total_plan_ms", "plans", "ms", "Mean time of planning"),
    QUANTILE_MS("plan_p95_ms", 0.95, "plan_histogram", "Time in which 95 % of plannings ended"),
    RATIO("rows_per_call", 1, "rows", "calls", "", "Rows of an execution"),
    {"shared_hit_ratio",
     DERIVED_RATIO,
     1,
     {"shared_blks_hit"},
     {"shared_blks_hit", "shared_blks_read"},
     "ratio",
     "Share of shared blocks found in memory"},
    {"error_ratio",
     DERIVED_RATIO,
     1,
     {"errors"},
     {"calls", "errors"},
     "ratio",
     "Share of executions that failed"},
};

/* Finds the rows that pg_stat_statements gave. */
typedef struct RowOfKey
{
	EntityKey key;
	char status;
	int row;
} RowOfKey;

/* Its macros declare locals in nested blocks under one name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#define SH_PREFIX rows
#define SH_ELEMENT_TYPE RowOfKey
#define SH_KEY_TYPE EntityKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) dbops_entity_key_hash(&(k))
#define SH_EQUAL(tb, a, b) (dbops_entity_compare(&(a), &(b)) == 0)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

static rows_hash *
index_rows(const Frame *frame)
{
	rows_hash *rows = rows_create(CurrentMemoryContext, Max(frame->nrows, 1), NULL);

	for (int row = 0; row < frame->nrows; row++)
	{
		bool found;

		rows_insert(rows, frame->keys[row], &found)->row = row;
	}
	return rows;
}

/* Whether the metric is a counter that pg_stat_statements has. */
static bool
is_counted_there(int metric, const bool *present)
{
	return present[metric] && metrics[metric].kind == METRIC_COUNTER;
}

/* A client's statement that pg_stat_statements does not know has done nothing there so far. */
static void
begin_row(int64 *values, bool toplevel, const bool *present)
{
	for (int metric = 0; toplevel && metric < STATEMENT_NMETRICS; metric++)
	{
		if (is_counted_there(metric, present))
			values[metric] = 0;
	}
}

/* What dbops counts itself; zeros until a statement is recorded. */
static void
set_recorded(int64 *values, const StatementCopy *copy, bool all)
{
	values[STATEMENT_PLANS] = copy->plans;
	values[STATEMENT_TOTAL_PLAN_MS] = copy->plan_ns / 1000;
	values[STATEMENT_ERRORS] = copy->errors;
	values[STATEMENT_TIMEOUTS] = copy->timeouts;
	values[STATEMENT_CANCELS] = copy->cancels;
	if (!all)
		return;
	values[STATEMENT_CALLS] = copy->calls;
	values[STATEMENT_ROWS] = copy->rows;
	values[STATEMENT_TOTAL_EXEC_MS] = copy->exec_ns / 1000;
}

/* Not given (NULL) when they are as they were. */
static void
set_histograms(Frame *frame, int64 *values, const StatementCopy *copy)
{
	MemoryContext caller = MemoryContextSwitchTo(frame->context);

	dbops_frame_set_histogram(values, STATEMENT_EXEC_HISTOGRAM,
	                          copy ? dbops_statements_histogram(copy, PHASE_EXEC) : NULL);
	dbops_frame_set_histogram(values, STATEMENT_PLAN_HISTOGRAM,
	                          copy ? dbops_statements_histogram(copy, PHASE_PLAN) : NULL);
	MemoryContextSwitchTo(caller);
}

static void
read_statements(Frame *frame)
{
	static const StatementCopy nothing = {.calls = 0};
	static Histogram empty = {.nbuckets = 0};
	bool present[STATEMENT_NMETRICS] = {false};
	bool has_source =
	    dbops_statement_source_read(frame, source_columns, lengthof(source_columns), present);
	rows_hash *rows = index_rows(frame);
	uint32 changed_since = (uint32) frame->bookmark;
	StatementScan scan = {0};
	StatementCopy copy;
	int64 *values;

	frame->bookmark = dbops_statements_epoch();
	for (int row = 0; row < frame->nrows; row++)
	{
		values = dbops_frame_row(frame, row);
		set_recorded(values, &nothing, frame->keys[row].num[3] == 0);
		dbops_frame_set_histogram(values, STATEMENT_EXEC_HISTOGRAM, &empty);
		dbops_frame_set_histogram(values, STATEMENT_PLAN_HISTOGRAM, &empty);
	}
	while (dbops_statements_next(&scan, &copy))
	{
		EntityKey key = {
		    {copy.key.datid, copy.key.userid, (int64) copy.key.queryid, copy.key.toplevel}};
		RowOfKey *known = rows_lookup(rows, key);

		if (known != NULL)
			values = dbops_frame_row(frame, known->row);
		else
		{
			values = dbops_frame_add(frame, &key, NULL);
			begin_row(values, copy.key.toplevel, present);
		}
		set_recorded(values, &copy, !copy.key.toplevel || !has_source);
		set_histograms(frame, values, copy.epoch >= changed_since ? &copy : NULL);
	}
	rows_destroy(rows);
}

const Family dbops_family_statement = {
    .id = 9,
    .name = "statement",
    .help = "Statements: executions, rows, latencies, blocks, WAL and failures of each",
    .cadence = CADENCE_KEEPER,
    LABELS(labels),
    METRICS(metrics),
    DERIVED(derived),
    .rates = true,
    .read = read_statements,
};
