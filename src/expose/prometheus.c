/*
 * expose/prometheus.c
 *		All that Prometheus may ask for, in one go; see prometheus.h.
 */
#include "postgres.h"

#include <math.h>

#include "core/clock.h"
#include "core/tx.h"
#include "expose/exporter_databases.h"
#include "expose/exporter_errors.h"
#include "expose/exporter_families.h"
#include "expose/exporter_indexes.h"
#include "expose/exporter_replication.h"
#include "expose/exporter_sessions.h"
#include "expose/exporter_settings.h"
#include "expose/exporter_statements.h"
#include "expose/exporter_tables.h"
#include "expose/own_metrics.h"
#include "expose/prometheus.h"
#include "expose/recovery_metrics.h"
#include "expose/ring_families.h"
#include "store/registry.h"

typedef struct Scrape
{
	Exposition exposition;
	Names *names;
	PrometheusLimits limits;
	ExposedRelations *relations; /* NULL: not read yet */
	Frame **frames; /* by the family's place in the registry; NULL where it was not read yet */
} Scrape;

typedef struct Collector
{
	const char *name;
	void (*collect)(Scrape *scrape);
} Collector;

/* Read once for all groups that show it. */
static Frame *
frame_of(Scrape *scrape, const Family *family)
{
	Frame **frame = &scrape->frames[dbops_registry_index(family)];
	Frame *fresh;

	if (*frame != NULL)
		return *frame;
	if (dbops_ring_families_have(family))
		fresh = dbops_ring_families_frame(family);
	else
	{
		fresh = dbops_frame_create(family);
		family->read(fresh);
	}
	*frame = fresh;
	return fresh;
}

static const ExposedRelations *
relations_of(Scrape *scrape)
{
	if (scrape->relations == NULL)
		scrape->relations = dbops_exposed_relations_read();
	return scrape->relations;
}

static void
write_group(Scrape *scrape, const MetricGroup *group)
{
	dbops_metric_group_write(&scrape->exposition, group,
	                         frame_of(scrape, dbops_registry_by_name(group->family)),
	                         scrape->names);
}

static void
collect_ring(Scrape *scrape)
{
	dbops_ring_families_update();
}

static void
collect_settings(Scrape *scrape)
{
	dbops_exporter_settings(&scrape->exposition);
}

static void
collect_version(Scrape *scrape)
{
	dbops_exporter_version(&scrape->exposition);
}

static void
collect_roles(Scrape *scrape)
{
	dbops_exporter_roles(&scrape->exposition);
}

static void
collect_wal(Scrape *scrape)
{
	dbops_exporter_wal(&scrape->exposition);
}

static void
collect_locks(Scrape *scrape)
{
	dbops_exporter_locks(&scrape->exposition, scrape->names);
}

static void
collect_activity(Scrape *scrape)
{
	dbops_exporter_activity(&scrape->exposition, scrape->names);
}

static void
collect_idle(Scrape *scrape)
{
	dbops_exporter_idle(&scrape->exposition, scrape->names);
}

static void
collect_replication(Scrape *scrape)
{
	dbops_exporter_replication(&scrape->exposition, scrape->names);
}

static void
collect_progress(Scrape *scrape)
{
	dbops_exporter_vacuum(&scrape->exposition, scrape->names);
}

static void
collect_databases(Scrape *scrape)
{
	dbops_exporter_databases(&scrape->exposition);
}

static void
collect_tables(Scrape *scrape)
{
	dbops_exporter_tables(&scrape->exposition, scrape->names, relations_of(scrape),
	                      scrape->limits.tables);
}

static void
collect_indexes(Scrape *scrape)
{
	dbops_exporter_indexes(&scrape->exposition, scrape->names, relations_of(scrape),
	                       scrape->limits.indexes);
}

static void
collect_recovery(Scrape *scrape)
{
	dbops_recovery_metrics(&scrape->exposition);
}

static void
collect_errors(Scrape *scrape)
{
	dbops_exporter_errors(&scrape->exposition);
}

static void
collect_statements(Scrape *scrape)
{
	dbops_exporter_statements(&scrape->exposition, scrape->names, scrape->limits.statements);
}

static const Collector collectors[] = {
    {"ring", collect_ring}, /* first, since others look at what it read */
    {"version", collect_version},
    {"settings", collect_settings},
    {"roles", collect_roles},
    {"wal", collect_wal},
    {"database", collect_databases},
    {"locks", collect_locks},
    {"stat_activity", collect_activity},
    {"process_idle", collect_idle},
    {"replication", collect_replication},
    {"stat_progress_vacuum", collect_progress},
    {"stat_user_tables", collect_tables},
    {"stat_user_indexes", collect_indexes},
    {"errors", collect_errors},
    {"recovery", collect_recovery},
    {"stat_statements", collect_statements},
};

/* ---- one by one ----------------------------------------------------------------------------- */

typedef struct Errand
{
	Scrape *scrape;
	const Collector *collector; /* or */
	const MetricGroup *group;
} Errand;

typedef struct Result
{
	StringInfoData labels;
	double seconds;
	bool success;
} Result;

typedef struct Results
{
	Result *results;
	int count;
} Results;

static void
run_errand(void *arg)
{
	Errand *errand = arg;

	if (errand->collector != NULL)
		errand->collector->collect(errand->scrape);
	else
		write_group(errand->scrape, errand->group);
}

/* What a collector wrote before it failed is taken back. */
static void
collect(Errand *errand, const char *name, Results *results)
{
	Exposition *exposition = &errand->scrape->exposition;
	Result *result = &results->results[results->count++];
	const int before = dbops_exposition_mark(exposition);
	int64 begun = dbops_clock_monotonic_us();
	TaskError error;

	result->success = dbops_tx_try(run_errand, errand, TX_ANY_ERROR, &error);
	if (!result->success)
	{
		dbops_exposition_go_back(exposition, before);
		ereport(DEBUG1, errmsg_internal("dbops metrics of \"%s\": %s", name, error.message));
	}
	result->seconds = (double) (dbops_clock_monotonic_us() - begun) / USECS_PER_SEC;
	initStringInfo(&result->labels);
	dbops_exposition_label(&result->labels, "collector", name);
}

static void
write_results(Exposition *exposition, const Results *results)
{
	static int64 scrapes = 0;
	double seconds = 0;
	int failed = 0;

	dbops_exposition_metric(exposition, "pg_scrape_collector_success", EXPOSED_GAUGE,
	                        "1 if the collector could be read, else 0");
	for (int i = 0; i < results->count; i++)
	{
		dbops_exposition_integer(exposition, &results->results[i].labels,
		                         results->results[i].success);
		failed += !results->results[i].success;
	}
	dbops_exposition_metric(exposition, "pg_scrape_collector_duration_seconds", EXPOSED_GAUGE,
	                        "Time that it took to read");
	for (int i = 0; i < results->count; i++)
	{
		dbops_exposition_number(exposition, &results->results[i].labels,
		                        results->results[i].seconds);
		seconds += results->results[i].seconds;
	}
	dbops_exposition_metric(exposition, "pg_exporter_last_scrape_duration_seconds", EXPOSED_GAUGE,
	                        "Time that all of this took");
	dbops_exposition_number(exposition, NULL, seconds);
	dbops_exposition_metric(exposition, "pg_exporter_last_scrape_error", EXPOSED_GAUGE,
	                        "1 if a collector could not be read, else 0");
	dbops_exposition_integer(exposition, NULL, failed > 0);
	dbops_exposition_metric(exposition, "pg_exporter_scrapes_total", EXPOSED_COUNTER,
	                        "How often this session was asked");
	dbops_exposition_integer(exposition, NULL, ++scrapes);
}

struct varlena *
dbops_prometheus_render(const PrometheusLimits *limits, const ExpositionFormat *format)
{
	Scrape scrape = {.names = dbops_names_create(), .limits = *limits};
	Results results = {0};
	int most = lengthof(collectors) + dbops_own_metrics_count();

	for (const MetricGroup *group = dbops_exporter_families; group->family != NULL; group++)
		most++;
	scrape.frames = palloc0(sizeof(Frame *) * dbops_registry_count());
	results.results = palloc(sizeof(Result) * most);
	dbops_exposition_begin(&scrape.exposition, format);
	for (int i = 0; i < lengthof(collectors); i++)
	{
		Errand errand = {.scrape = &scrape, .collector = &collectors[i]};

		collect(&errand, collectors[i].name, &results);
	}
	for (const MetricGroup *group = dbops_exporter_families; group->family != NULL; group++)
	{
		Errand errand = {.scrape = &scrape, .group = group};

		collect(&errand, group->name, &results);
	}
	for (int i = 0; i < dbops_own_metrics_count(); i++)
	{
		Errand errand = {.scrape = &scrape, .group = dbops_own_metrics_group(i)};

		collect(&errand, errand.group->name, &results);
	}
	write_results(&scrape.exposition, &results);
	return dbops_exposition_end(&scrape.exposition);
}
