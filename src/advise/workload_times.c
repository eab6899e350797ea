/*
 * advise/workload_times.c
 *		How often the statements of a database ran, and for how long; see workload_times.h.
 *
 * Apart from workload.c because the times have two sources, and texts others.
 */
#include "postgres.h"

#include "utils/hsearch.h"

#include "advise/workload_times.h"
#include "collect/collectors.h"
#include "core/clock.h"
#include "store/history.h"
#include "store/node.h"
#include "store/registry.h"
#include "store/scan.h"
#include "track/statements.h"

/* Labels of the family "statement", in the order of its keys. */
enum
{
	LABEL_DATID,
	LABEL_USERID,
	LABEL_QUERYID,
	LABEL_TOPLEVEL,
};

/* A time between two ticks, at which the history is known. */
typedef struct Span
{
	TimestampTz from;
	TimestampTz to;
} Span;

/* No padding: it is hashed as a whole. */
typedef struct SumKey
{
	uint64 queryid;
	Oid userid;
	uint32 toplevel;
} SumKey;

typedef struct Sum
{
	SumKey key;
	double calls;
	double ms;
} Sum;

static const Family *const family = &dbops_family_statement;

/* ---- the history ---- */

/* Takes in what the tables begin with. */
static void
span_tables(Span *span)
{
	HistoryKey key = {.family = family->id};
	StoredNode *nodes;
	int nnodes = dbops_scan_nodes(&nodes);

	for (int i = 0; i < nnodes; i++)
	{
		if (strcmp(nodes[i].name, dbops_node_name()) != 0)
			continue;
		key.node = nodes[i].id;
		for (key.resolution = 0; key.resolution < RESOLUTION_COUNT; key.resolution++)
		{
			Stored first;

			if (dbops_scan_first(&key, &first))
				span->from = Min(span->from, first.at - first.covers_us);
		}
	}
}

/* Takes in what the ring has. */
static void
span_ring(Span *span)
{
	Tick tick = {.seq = 0};
	char *data;

	while (dbops_ring_next(tick.seq, family->id, &tick, &data))
	{
		span->from = Min(span->from, tick.at - tick.covers_us);
		span->to = Max(span->to, tick.at);
		pfree(data);
	}
}

/*
 * The part of the window that the history covers: from its first tick to its last, as counters of
 * what was between two ticks come with the later one.
 */
static Span
find_span(TimestampTz from, TimestampTz now)
{
	Span span = {.from = DT_NOEND, .to = DT_NOBEGIN};

	span_tables(&span);
	span_ring(&span);
	if (span.to == DT_NOBEGIN)
		span.to = now;
	span.from = Min(Max(span.from, from), span.to);
	return span;
}

static HistoryScan *
begin_scan(Oid database, TimestampTz from, int64 step_us, const bool *wanted)
{
	int64 datid = database;
	HistoryQuery query = {.family = family,
	                      .from = from,
	                      .to = DT_NOEND,
	                      .step_us = step_us,
	                      .wanted = wanted,
	                      .node = dbops_node_name()};

	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		query.labels[i].nvalues = -1;
	query.labels[LABEL_DATID] = (LabelFilter){.nvalues = 1, .values = &datid};
	return dbops_history_begin(&query);
}

static double
shown_value(const int64 *values, int metric)
{
	return values[metric] == FAMILY_NULL ?
	           0 :
	           dbops_metric_value(&family->metrics[metric], values[metric]);
}

static HTAB *
sum_history(Oid database, TimestampTz from, int64 step_us)
{
	int calls = dbops_family_metric(family, "calls");
	int ms = dbops_family_metric(family, "total_exec_ms");
	HASHCTL table = {
	    .keysize = sizeof(SumKey), .entrysize = sizeof(Sum), .hcxt = CurrentMemoryContext};
	HTAB *sums = hash_create("dbops workload", 1024, &table, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	bool *wanted = palloc0(sizeof(bool) * family->nmetrics);
	HistoryScan *scan;
	const HistoryRow *row;

	wanted[calls] = wanted[ms] = true;
	scan = begin_scan(database, from, step_us, wanted);
	while ((row = dbops_history_next(scan)) != NULL)
	{
		SumKey key = {.queryid = (uint64) row->key->num[LABEL_QUERYID],
		              .userid = (Oid) row->key->num[LABEL_USERID],
		              .toplevel = row->key->num[LABEL_TOPLEVEL] != 0};
		bool found;
		Sum *sum = hash_search(sums, &key, HASH_ENTER, &found);

		if (!found)
			sum->calls = sum->ms = 0;
		sum->calls += shown_value(row->values, calls);
		sum->ms += shown_value(row->values, ms);
	}
	dbops_history_end(scan);
	return sums;
}

static void
take_history(WorkloadTimes *times, Oid database, TimestampTz from, int64 step_us)
{
	HTAB *sums = sum_history(database, from, step_us);
	HASH_SEQ_STATUS iterator;
	const Sum *sum;

	times->rows = palloc(sizeof(TimedRow) * Max(hash_get_num_entries(sums), 1));
	hash_seq_init(&iterator, sums);
	while ((sum = hash_seq_search(&iterator)) != NULL)
		times->rows[times->nrows++] = (TimedRow){.queryid = sum->key.queryid,
		                                         .userid = sum->key.userid,
		                                         .toplevel = sum->key.toplevel != 0,
		                                         .calls = sum->calls,
		                                         .ms = sum->ms};
	hash_destroy(sums);
}

/* ---- the counters ---- */

static void
take_counters(WorkloadTimes *times, Oid database)
{
	StatementScan scan = {0};
	StatementCopy copy;
	int capacity = 1024;

	times->rows = palloc(sizeof(TimedRow) * capacity);
	while (dbops_statements_next(&scan, &copy))
	{
		if (copy.key.datid != database)
			continue;
		if (times->nrows == capacity)
			times->rows = repalloc_huge(times->rows, sizeof(TimedRow) * (capacity *= 2));
		times->rows[times->nrows++] = (TimedRow){.queryid = copy.key.queryid,
		                                         .userid = copy.key.userid,
		                                         .toplevel = copy.key.toplevel,
		                                         .calls = copy.calls,
		                                         .ms = copy.exec_ns / 1e6};
	}
}

WorkloadTimes
dbops_workload_times(Oid database, int64 window_us)
{
	TimestampTz now = dbops_clock_now();
	/* Counters are as old as the shared memory they are in. */
	WorkloadTimes times = {.since = dbops_ring_boot(), .until = now};
	int64 step_us = dbops_workload_step(window_us);
	TimestampTz from = now - window_us;
	Span span;

	/* With a step, rows stand for whole steps. */
	if (step_us > 0)
		from = dbops_bucket_start(from, step_us);
	span = find_span(from, now);
	times.from_history =
	    dbops_workload_prefers_history(window_us, span.to - span.from, now - times.since);
	if (!times.from_history)
	{
		take_counters(&times, database);
		return times;
	}
	times.since = span.from;
	times.until = span.to;
	take_history(&times, database, from, step_us);
	return times;
}
