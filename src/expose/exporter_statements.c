/*
 * expose/exporter_statements.c
 *		Statements for Prometheus; see exporter_statements.h.
 */
#include "postgres.h"

#include "lib/binaryheap.h"
#include "utils/memutils.h"

#include "collect/collectors.h"
#include "expose/exporter_statements.h"
#include "expose/metric_group.h"
#include "store/registry.h"
#include "track/statements.h"

static const GroupLabel labels[] = {
    {"datname", "datname"}, {"user", "rolname"}, {"queryid", "queryid"}};

static const GroupMetric metrics[] = {
    SHOW_COUNTER("pg_stat_statements_calls_total", "calls"),
    SHOW_COUNTER("pg_stat_statements_seconds_total", "total_exec_ms", .factor = 0.001),
    SHOW_COUNTER("pg_stat_statements_rows_total", "rows"),
    SHOW_COUNTER("dbops_statement_errors_total", "errors"),
    SHOW_COUNTER("dbops_statement_timeouts_total", "timeouts"),
    SHOW_COUNTER("dbops_statement_cancels_total", "cancels"),
    SHOW_COUNTER("dbops_statement_plans_total", "plans"),
    SHOW_COUNTER("dbops_statement_plan_seconds_total", "total_plan_ms", .factor = 0.001),
    SHOW_HISTOGRAM("dbops_statement_duration_seconds", "exec_histogram", .sum = "total_exec_ms"),
};

static const MetricGroup group = {
    .family = "statement", GROUP_LABELS(labels), GROUP_METRICS(metrics)};

/* In the units of the family: times in microseconds. */
typedef struct Source
{
	const char *metric;
	int offset;
	int64 divisor;
} Source;

#define FIELD(field) offsetof(StatementCopy, field)

static const Source sources[] = {
    {"calls", FIELD(calls), 1},
    {"rows", FIELD(rows), 1},
    {"total_exec_ms", FIELD(exec_ns), 1000},
    {"plans", FIELD(plans), 1},
    {"total_plan_ms", FIELD(plan_ns), 1000},
    {"errors", FIELD(errors), 1},
    {"timeouts", FIELD(timeouts), 1},
    {"cancels", FIELD(cancels), 1},
};

static int64
value_of(const StatementCopy *copy, const Source *source)
{
	int64 value;

	memcpy(&value, (const char *) copy + source->offset, sizeof(value));
	return value / source->divisor;
}

static void
fill_row(int64 *values, const StatementCopy *copy, const int *places)
{
	for (int i = 0; i < lengthof(sources); i++)
		values[places[i]] = value_of(copy, &sources[i]);
}

/* ---- all of them ---------------------------------------------------------------------------- */

/*
 * What all statements of a database did, shown or not.  A statement that is evicted takes its
 * counters along, and a counter that goes down would be taken for one that began anew: so what is
 * told is the sum of what it grew by from scrape to scrape.
 */
typedef struct Sum
{
	Oid datid;
	int64 now[lengthof(sources)];
	int64 before[lengthof(sources)];
	int64 told[lengthof(sources)];
} Sum;

static Sum *sums = NULL;
static int nsums = 0;

static const GroupLabel sum_labels[] = {{"datname", "datname"}};

static const GroupMetric sum_metrics[] = {
    SHOW_COUNTER("dbops_statements_calls_total", "calls",
                 .help = "Calls of all statements of clients, those not shown included"),
    SHOW_COUNTER("dbops_statements_seconds_total", "total_exec_ms", .factor = 0.001,
                 .help = "Time of all statements of clients, those not shown included"),
    SHOW_COUNTER("dbops_statements_rows_total", "rows",
                 .help = "Rows of all statements of clients, those not shown included"),
    SHOW_COUNTER("dbops_statements_errors_total", "errors",
                 .help = "Failures of all statements of clients, those not shown included"),
};

static const MetricGroup sum_group = {
    .family = "statement", GROUP_LABELS(sum_labels), GROUP_METRICS(sum_metrics)};

static Sum *
find_sum(Oid datid)
{
	for (int i = 0; i < nsums; i++)
	{
		if (sums[i].datid == datid)
			return &sums[i];
	}
	if (sums == NULL)
		sums = MemoryContextAlloc(TopMemoryContext, sizeof(Sum));
	else
		sums = repalloc(sums, sizeof(Sum) * (nsums + 1));
	sums[nsums] = (Sum){.datid = datid};
	return &sums[nsums++];
}

static void
forget_now(void)
{
	for (int i = 0; i < nsums; i++)
		memset(sums[i].now, 0, sizeof(sums[i].now));
}

static void
add_to_sum(const StatementCopy *copy)
{
	Sum *sum = find_sum(copy->key.datid);

	for (int i = 0; i < lengthof(sources); i++)
		sum->now[i] += value_of(copy, &sources[i]);
}

static void
tell_sums(Exposition *exposition, Names *names, const int *places)
{
	Frame *frame = dbops_frame_create(&dbops_family_statement);

	for (int i = 0; i < nsums; i++)
	{
		Sum *sum = &sums[i];
		const EntityKey key = {{sum->datid}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		for (int j = 0; j < lengthof(sources); j++)
		{
			sum->told[j] += Max(sum->now[j] - sum->before[j], 0);
			sum->before[j] = sum->now[j];
			values[places[j]] = sum->told[j];
		}
	}
	dbops_metric_group_write(exposition, &sum_group, frame, names);
}

/* ---- the top of them ------------------------------------------------------------------------- */

/* Those that took the most time, of all. */
typedef struct Top
{
	StatementCopy *copies;
	int shown;
	int count;
} Top;

static int
compare_times(Datum a, Datum b, void *arg)
{
	int64 x = ((const StatementCopy *) DatumGetPointer(a))->exec_ns;
	int64 y = ((const StatementCopy *) DatumGetPointer(b))->exec_ns;

	/* What took the least is on top of the heap: the first to go. */
	return x == y ? 0 : x < y ? 1 : -1;
}

/* Keeps the statement while it is one of so many that took the most time. */
static void
consider(Top *top, binaryheap *heap, int most, const StatementCopy *copy)
{
	StatementCopy *least;

	if (top->shown < most)
	{
		top->copies[top->shown] = *copy;
		binaryheap_add(heap, PointerGetDatum(&top->copies[top->shown++]));
		return;
	}
	least = top->shown == 0 ? NULL : (StatementCopy *) DatumGetPointer(binaryheap_first(heap));
	if (least == NULL || least->exec_ns >= copy->exec_ns)
		return;
	*least = *copy;
	binaryheap_replace_first(heap, PointerGetDatum(least));
}

/* Those that clients sent: what is nested in them would count twice. */
static Top
find_top(int most)
{
	const int room = Min(most, (int) dbops_statements_capacity());
	Top top = {0};
	binaryheap *heap = binaryheap_allocate(Max(room, 1), compare_times, NULL);
	StatementScan scan = {0};
	StatementCopy copy;

	top.copies = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(StatementCopy) * Max(room, 1));
	forget_now();
	while (dbops_statements_next(&scan, &copy))
	{
		if (!copy.key.toplevel)
			continue;
		top.count++;
		add_to_sum(&copy);
		consider(&top, heap, room, &copy);
	}
	return top;
}

/* ---- the scrape ----------------------------------------------------------------------------- */

void
dbops_exporter_statements(Exposition *exposition, Names *names, int most)
{
	const Family *family = &dbops_family_statement;
	const int histogram = dbops_family_metric(family, "exec_histogram");
	Frame *frame = dbops_frame_create(family);
	const Top top = find_top(most);
	int places[lengthof(sources)];

	for (int i = 0; i < lengthof(sources); i++)
		places[i] = dbops_family_metric(family, sources[i].metric);
	for (int i = 0; i < top.shown; i++)
	{
		const StatementKey *own = &top.copies[i].key;
		const EntityKey key = {{own->datid, own->userid, (int64) own->queryid, true}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		fill_row(values, &top.copies[i], places);
		dbops_frame_set_histogram(values, histogram,
		                          dbops_statements_histogram(&top.copies[i], PHASE_EXEC));
	}
	dbops_metric_group_write(exposition, &group, frame, names);
	tell_sums(exposition, names, places);
	dbops_exposition_metric(exposition, "dbops_statements", EXPOSED_GAUGE,
	                        "Statements of clients that are counted, those not shown included");
	dbops_exposition_integer(exposition, NULL, top.count);
}
