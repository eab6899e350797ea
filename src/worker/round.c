/*
 * worker/round.c
 *		A round: the families one worker samples together; see round.h.
 */
#include "postgres.h"

#include "store/frame.h"
#include "store/registry.h"
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
} Source;

struct Round
{
	WorkerState *worker;
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
}

Round *
dbops_round_create(struct WorkerState *worker, RoundFamilies families)
{
	Round *round = palloc0(sizeof(Round));

	round->worker = worker;
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

void
dbops_round_take(Round *round, bool wide)
{
	for (int i = 0; i < round->nsources; i++)
	{
		Source *source = &round->sources[i];

		if (wide || source->family->cadence == CADENCE_NARROW)
			dbops_control_run(round->worker, &source->task, source->sampling);
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
		dbops_sampling_forget(round->sources[i].sampling);
}
