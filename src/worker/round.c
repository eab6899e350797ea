/*
 * worker/round.c
 *		A round: the families one worker samples together; see round.h.
 */
#include "postgres.h"

#include "core/guc.h"
#include "store/frame.h"
#include "store/registry.h"
#include "store/selfstat.h"
#include "worker/breaker.h"
#include "worker/control.h"
#include "worker/round.h"
#include "worker/sample.h"

#define SAMPLE_LIMIT_MS 5000

typedef struct Source
{
	const Family *family;
	Sampling *sampling;
	Task task;
	char task_name[32];
	TaskState *state;
	Breaker breaker; /* of a wide family */
} Source;

struct Round
{
	WorkerState *worker;
	int sample_limit; /* the settings by which families are left out */
	int wide_interval;
	SelfKind self;
	int nsources;
	Source *sources;
};

static void
take_one(void *arg)
{
	dbops_sampling_take(arg);
}

static void
add_source(Round *round, const Family *family, bool sql)
{
	Source *source = &round->sources[round->nsources++];

	source->family = family;
	source->sampling = dbops_sampling_create(family);
	snprintf(source->task_name, sizeof(source->task_name), "sample %s", family->name);
	source->task = (Task){.name = source->task_name, .sql = sql, .run = take_one};
	source->task.timeout_ms = sql ? SAMPLE_LIMIT_MS : 0;
	source->state = dbops_control_task(round->worker, source->task_name);
}

Round *
dbops_round_create(struct WorkerState *worker, RoundFamilies families)
{
	Round *round = palloc0(sizeof(Round));

	round->worker = worker;
	round->self = families == ROUND_OF_KEEPER ? SELF_KEEPER : SELF_SAMPLER;
	round->sources = palloc0(sizeof(Source) * dbops_registry_count());
	for (int i = 0; i < dbops_registry_count(); i++)
	{
		const Family *family = dbops_registry_at(i);
		bool of_keeper = family->cadence == CADENCE_KEEPER;

		if (of_keeper == (families == ROUND_OF_KEEPER))
			add_source(round, family, of_keeper);
	}
	return round;
}

/* Takes in what a sample of a wide family took; says once when it is too much, and when no more. */
static void
note_cost(Source *source)
{
	int64 interval_us = dbops_guc_wide_interval * USECS_PER_SEC;
	int64 took_us = source->state->last_us;
	Trouble trouble = dbops_control()->trouble;
	int64 budget_us =
	    dbops_breaker_budget_us(interval_us, dbops_guc_sample_limit * INT64CONST(1000), trouble);
	BreakerNews news = dbops_breaker_note(&source->breaker, took_us, budget_us, interval_us);

	source->state->skips_left = source->breaker.skips_left;
	source->state->expensive = source->breaker.said;
	if (news == BREAKER_OPENED)
		ereport(LOG,
		        (errmsg("dbops samples family \"%s\" less often: a sample took %.0f ms of %.0f ms",
		                source->family->name, took_us / 1000.0, budget_us / 1000.0),
		         trouble == TROUBLE_NONE ?
		             0 :
		             errdetail_internal("%s", dbops_breaker_trouble_name(trouble))));
	else if (news == BREAKER_CLOSED)
		ereport(LOG,
		        (errmsg("dbops samples family \"%s\" in every round again", source->family->name)));
}

static void
forget_cost(Source *source)
{
	source->breaker = (Breaker){0};
	source->state->skips_left = 0;
	source->state->expensive = false;
}

/* With other settings, all are tried again at once. */
static void
follow_settings(Round *round)
{
	if (round->sample_limit == dbops_guc_sample_limit &&
	    round->wide_interval == dbops_guc_wide_interval)
		return;
	round->sample_limit = dbops_guc_sample_limit;
	round->wide_interval = dbops_guc_wide_interval;
	for (int i = 0; i < round->nsources; i++)
		round->sources[i].breaker.skips_left = 0;
}

static void
take_wide(Round *round, Source *source, RoundExtent extent)
{
	if (extent == ROUND_WIDE && dbops_breaker_skips(&source->breaker))
	{
		source->state->skips_left = source->breaker.skips_left;
		source->state->skipped++;
		dbops_selfstat_add_skipped(round->self);
		return;
	}
	dbops_control_run(round->worker, &source->task, source->sampling);
	note_cost(source);
}

void
dbops_round_take(Round *round, RoundExtent extent)
{
	follow_settings(round);
	for (int i = 0; i < round->nsources; i++)
	{
		Source *source = &round->sources[i];

		if (source->family->cadence == CADENCE_NARROW)
			dbops_control_run(round->worker, &source->task, source->sampling);
		else if (extent != ROUND_NARROW)
			take_wide(round, source, extent);
	}
}

int64
dbops_round_sum(const Round *round, const char *metric)
{
	int64 sum = 0;

	for (int i = 0; i < round->nsources; i++)
	{
		int column = dbops_family_metric(round->sources[i].family, metric);

		if (column >= 0)
			sum += dbops_sampling_sum(round->sources[i].sampling, column);
	}
	return sum;
}

const struct Frame *
dbops_round_changes(const Round *round, const Family *family)
{
	for (int i = 0; i < round->nsources; i++)
	{
		if (round->sources[i].family == family)
			return dbops_sampling_changes(round->sources[i].sampling);
	}
	return NULL;
}

int64
dbops_round_rows(const Round *round)
{
	int64 rows = 0;

	for (int i = 0; i < round->nsources; i++)
	{
		const Frame *changes = dbops_sampling_changes(round->sources[i].sampling);

		rows += changes == NULL ? 0 : changes->nrows;
	}
	return rows;
}

void
dbops_round_append(Round *round, uint16 flags)
{
	for (int i = 0; i < round->nsources; i++)
		dbops_sampling_append(round->sources[i].sampling, flags);
}

void
dbops_round_forget(Round *round)
{
	for (int i = 0; i < round->nsources; i++)
	{
		dbops_sampling_forget(round->sources[i].sampling);
		forget_cost(&round->sources[i]);
	}
}
