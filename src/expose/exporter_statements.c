/*
 * expose/exporter_statements.c
 *		Statements for Prometheus; see exporter_statements.h.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "collect/collectors.h"
#include "expose/exporter_statements.h"
#include "expose/metric_group.h"
#include "store/registry.h"
#include "track/statements.h"

static const GroupLabel labels[] = {
    {"datname", "datname"}, {"user", "rolname"}, {"queryid", "queryid"}};

static const GroupMetric names_of_others[] = {
    SHOW_COUNTER("pg_stat_statements_calls_total", "calls"),
    SHOW_COUNTER("pg_stat_statements_seconds_total", "total_exec_ms", .factor = 0.001),
    SHOW_COUNTER("pg_stat_statements_rows_total", "rows"),
};

static const GroupMetric own_names[] = {
    SHOW_COUNTER("dbops_statement_errors_total", "errors"),
    SHOW_COUNTER("dbops_statement_timeouts_total", "timeouts"),
    SHOW_COUNTER("dbops_statement_cancels_total", "cancels"),
    SHOW_COUNTER("dbops_statement_plans_total", "plans"),
    SHOW_COUNTER("dbops_statement_plan_seconds_total", "total_plan_ms", .factor = 0.001),
};

static const GroupMetric histograms[] = {
    SHOW_HISTOGRAM("dbops_statement_duration_seconds", "exec_histogram", .sum = "total_exec_ms"),
};

static const MetricGroup groups[] = {
    {.family = "statement", GROUP_LABELS(labels), GROUP_METRICS(names_of_others)},
    {.family = "statement", GROUP_LABELS(labels), GROUP_METRICS(own_names)},
    {.family = "statement", GROUP_LABELS(labels), GROUP_METRICS(histograms)},
};

static int
compare_times(const void *a, const void *b)
{
	int64 x = ((const StatementCopy *) a)->exec_ns;
	int64 y = ((const StatementCopy *) b)->exec_ns;

	return x == y ? 0 : x > y ? -1 : 1;
}

/* Those that clients sent: what is nested in them would count twice. */
static StatementCopy *
copy_statements(int *count)
{
	StatementCopy *copies = MemoryContextAllocHuge(
	    CurrentMemoryContext, sizeof(StatementCopy) * Max(dbops_statements_capacity(), 1));
	StatementScan scan = {0};

	*count = 0;
	while (*count < (int) dbops_statements_capacity() &&
	       dbops_statements_next(&scan, &copies[*count]))
		*count += copies[*count].key.toplevel;
	qsort(copies, *count, sizeof(StatementCopy), compare_times);
	return copies;
}

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

static void
fill_row(int64 *values, const StatementCopy *copy, const int *places)
{
	for (int i = 0; i < lengthof(sources); i++)
	{
		int64 value;

		memcpy(&value, (const char *) copy + sources[i].offset, sizeof(value));
		values[places[i]] = value / sources[i].divisor;
	}
}

void
dbops_exporter_statements(Exposition *exposition, Names *names, int most)
{
	const Family *family = &dbops_family_statement;
	const int histogram = dbops_family_metric(family, "exec_histogram");
	Frame *frame = dbops_frame_create(family);
	int places[lengthof(sources)];
	int count;
	StatementCopy *copies = copy_statements(&count);

	for (int i = 0; i < lengthof(sources); i++)
		places[i] = dbops_family_metric(family, sources[i].metric);
	for (int i = 0; i < Min(count, most); i++)
	{
		const StatementKey *own = &copies[i].key;
		const EntityKey key = {{own->datid, own->userid, (int64) own->queryid, true}};
		int64 *values = dbops_frame_add(frame, &key, NULL);

		fill_row(values, &copies[i], places);
		dbops_frame_set_histogram(values, histogram,
		                          dbops_statements_histogram(&copies[i], PHASE_EXEC));
	}
	for (int i = 0; i < lengthof(groups); i++)
		dbops_metric_group_write(exposition, &groups[i], frame, names);
	dbops_exposition_metric(exposition, "dbops_statements", EXPOSED_GAUGE,
	                        "Statements of clients that are counted, those not shown included");
	dbops_exposition_integer(exposition, NULL, count);
}
