/*
 * expose/own_metrics.c
 *		dbops' own families for Prometheus, named by the registry; see own_metrics.h.
 *
 * Left out are families with an entity per table, statement or client: there is no bound to them,
 * unless ring_families.h sets one.  So are labels that would multiply the series: what differs in
 * them alone is added up.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "expose/own_metrics.h"
#include "store/registry.h"

#define MOST_LABELS 6
#define MOST_METRICS 3

typedef struct OwnFamily
{
	const char *family;
	const char *labels[MOST_LABELS];   /* columns; NULL ends */
	const char *metrics[MOST_METRICS]; /* these alone; NULL ends, and stands for all of them */
} OwnFamily;

static const OwnFamily own_families[] = {
    {.family = "system"},
    {.family = "device", .labels = {"device"}},
    {.family = "filesystem", .labels = {"mount"}},
    {.family = "network", .labels = {"interface"}},
    {.family = "server"},
    {.family = "database", .labels = {"datname"}},
    {.family = "error", .labels = {"datname", "sqlstate"}},
    {.family = "self", .labels = {"process"}},
    {.family = "lock", .labels = {"datname", "locktype", "mode"}},
    {.family = "io", .labels = {"backend_type", "object", "context"}},
    {.family = "slru", .labels = {"name"}},
    {.family = "replication", .labels = {"application_name", "client_addr", "slot_name"}},
    {.family = "slot", .labels = {"slot_name", "slot_type", "datname"}},
    {.family = "receiver", .labels = {"sender_host", "slot_name"}},
    {.family = "subscription", .labels = {"subname", "datname"}},
    {.family = "conflict", .labels = {"datname", "kind"}},
    {.family = "recovery"},
    {.family = "progress", .labels = {"pid", "command", "datname", "schemaname", "relname"}},
    {.family = "login", .labels = {"reason", "sqlstate"}},
    {.family = "verdict", .labels = {"check_name", "datname", "schemaname", "relname", "object"}},
    {.family = "health", .labels = {"datname"}},
    {.family = "archiver"},
    {.family = "backup"},
    {.family = "backup_repository", .labels = {"tool", "server", "repository"}},
    {.family = "autovacuum", .labels = {"datname"}},
    {.family = "sequence",
     .labels = {"datname", "schemaname", "relname"},
     .metrics = {"used_percent", "remaining"}},
    {.family = "integer_key",
     .labels = {"datname", "schemaname", "relname", "column_name"},
     .metrics = {"used_percent", "remaining"}},
    {.family = "wait", .labels = {"datname", "wait_event_type", "wait_event"}},
};

static MetricGroup groups[lengthof(own_families)];

/* Endings of names in the registry, and what they are in base units. */
typedef struct Ending
{
	const char *unit;
	const char *ending; /* "": anything */
	const char *base;   /* instead of the ending */
	double factor;
} Ending;

static const Ending endings[] = {
    {"ms", "_ms", "_seconds", 0.001},
    {"ms", "", "_seconds", 0.001},
    {"percent", "_percent", "_ratio", 0.01},
    {"bytes", "_bytes", "_bytes", 1},
    {"bytes", "", "_bytes", 1},
};

static bool
ends_with(const char *name, const char *ending)
{
	Size length = strlen(name);
	Size tail = strlen(ending);

	return length >= tail && strcmp(name + length - tail, ending) == 0;
}

static void
append_without(StringInfo name, const char *word, const char *ending)
{
	appendBinaryStringInfo(name, word, (int) (strlen(word) - strlen(ending)));
}

/* The metric's name without its unit, and then its unit. */
static double
append_base(StringInfo name, const Metric *metric)
{
	for (int i = 0; i < lengthof(endings); i++)
	{
		const Ending *ending = &endings[i];

		if (strcmp(metric->unit, ending->unit) == 0 && ends_with(metric->name, ending->ending))
		{
			append_without(name, metric->name, ending->ending);
			appendStringInfoString(name, ending->base);
			return ending->factor;
		}
	}
	appendStringInfoString(name, metric->name);
	return 1;
}

static void
append_instant(StringInfo name, const char *word)
{
	static const char *const tails[] = {"_at", "_time", "_since", ""};
	int i = 0;

	while (!ends_with(word, tails[i]))
		i++;
	append_without(name, word, tails[i]);
	appendStringInfoString(name, "_timestamp_seconds");
}

static GroupMetric
make_metric(const Family *family, const Metric *metric)
{
	GroupMetric made = {.metric = metric->name, .type = EXPOSED_GAUGE, .help = metric->help};
	StringInfoData name;

	initStringInfo(&name);
	appendStringInfo(&name, "dbops_%s_", family->name);
	if (metric->kind == METRIC_TIMESTAMP)
		append_instant(&name, metric->name);
	else
		made.factor = append_base(&name, metric);
	if (metric->kind == METRIC_COUNTER)
	{
		made.type = EXPOSED_COUNTER;
		appendStringInfoString(&name, "_total");
	}
	if (metric->words != NULL)
		made.word = metric->name;
	made.name = name.data;
	return made;
}

static bool
is_shown(const OwnFamily *own, const Metric *metric)
{
	if (metric->kind == METRIC_HISTOGRAM)
		return false;
	for (int i = 0; i < MOST_METRICS && own->metrics[i] != NULL; i++)
	{
		if (strcmp(own->metrics[i], metric->name) == 0)
			return true;
	}
	return own->metrics[0] == NULL;
}

static void
make_group(MetricGroup *group, const OwnFamily *own)
{
	const Family *family = dbops_registry_by_name(own->family);
	GroupLabel *labels = palloc0(sizeof(GroupLabel) * MOST_LABELS);
	GroupMetric *metrics = palloc0(sizeof(GroupMetric) * family->nmetrics);

	for (int i = 0; i < family->nmetrics; i++)
	{
		if (is_shown(own, &family->metrics[i]))
			metrics[group->nmetrics++] = make_metric(family, &family->metrics[i]);
	}
	while (group->nlabels < MOST_LABELS && own->labels[group->nlabels] != NULL)
	{
		labels[group->nlabels].name = labels[group->nlabels].column = own->labels[group->nlabels];
		group->nlabels++;
	}
	group->labels = labels;
	group->metrics = metrics;
	group->name = psprintf("dbops_%s", own->family);
	group->family = own->family;
}

int
dbops_own_metrics_count(void)
{
	return lengthof(own_families);
}

const MetricGroup *
dbops_own_metrics_group(int index)
{
	MetricGroup *group = &groups[index];
	MetricGroup made = {0};
	MemoryContext caller;

	if (group->family != NULL)
		return group;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	make_group(&made, &own_families[index]);
	*group = made;
	MemoryContextSwitchTo(caller);
	return group;
}
