/*
 * store/ticks_funcs.c
 *		What tests and benchmarks need of the store: to write a past, to run its upkeep, to read
 *		rows.
 *
 * For superusers only.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/rows.h"
#include "math/histogram.h"
#include "store/codec.h"
#include "store/history.h"
#include "store/merge.h"
#include "store/node.h"
#include "store/registry.h"
#include "store/retention.h"
#include "store/rollup.h"
#include "store/ticks.h"

PG_FUNCTION_INFO_V1(dbops__generate_history);
PG_FUNCTION_INFO_V1(dbops__roll_up);
PG_FUNCTION_INFO_V1(dbops__retain);
PG_FUNCTION_INFO_V1(dbops__read_history);

/* Ticks written at a time. */
#define GENERATE_BATCH 64

/* Of the metrics this many change with every execution, the others only in some entities. */
#define BUSY_METRICS 6
#define RARE_METRICS 4

/* Repeatable randomness: the same for the same entity, moment and purpose. */
typedef struct Dice
{
	uint64 entity;
	uint64 moment;
} Dice;

static uint64
mix(uint64 number)
{
	return dbops_merge_hash_identity((int64) number);
}

static uint64
roll(const Dice *dice, int purpose)
{
	return mix(mix(mix(dice->entity) + dice->moment) + (uint64) purpose);
}

static double
roll_unit(const Dice *dice, int purpose)
{
	return (double) (roll(dice, purpose) >> 11) / (double) (UINT64CONST(1) << 53);
}

static const Family *
family_argument(const text *name)
{
	const char *wanted = text_to_cstring(name);
	const Family *family = dbops_registry_by_name(wanted);

	if (family == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("there is no family \"%s\"", wanted)));
	return family;
}

static void
require_superuser(void)
{
	if (!superuser())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("must be superuser to work on the history itself")));
}

static EntityKey
make_key(const Family *family, int entity)
{
	EntityKey key = {{0}};
	int identity = dbops_merge_identity(family);

	for (int i = 0; i < family->nlabels; i++)
		key.num[i] = family->labels[i].type == LABEL_BOOL ? 1 : 16384;
	if (identity >= 0)
		key.num[identity] = family->labels[identity].type == LABEL_INT8 ?
		                        (int64) mix((uint64) entity + 1) :
		                        16385 + entity;
	return key;
}

/* A histogram of `calls` durations around the entity's own, whose sum is put in *total_us. */
static Histogram *
make_histogram(const Frame *frame, const Dice *dice, int calls, int64 *total_us)
{
	uint64 dense[HISTOGRAM_BUCKETS] = {0};
	Dice habit = {.entity = dice->entity};
	double typical_us = exp2(4 + 12 * roll_unit(&habit, 0));
	Histogram *histogram;

	*total_us = 0;
	for (int i = 0; i < calls; i++)
	{
		double us =
		    typical_us * exp2(roll_unit(dice, 100 + 2 * i) + roll_unit(dice, 101 + 2 * i) - 1);

		*total_us += (int64) us;
		dense[dbops_histogram_bucket((uint64) (us * 1000))]++;
	}
	histogram = MemoryContextAlloc(frame->context, HISTOGRAM_SIZE(dbops_histogram_nonzero(dense)));
	dbops_histogram_from_dense(dense, histogram);
	return histogram;
}

/* A gauge stands where it is with most entities, and moves a little with a third of them. */
static int64
make_gauge(const Dice *dice, uint64 chance)
{
	int64 level = (int64) (chance & ((UINT64CONST(1) << (8 + chance % 14)) - 1));

	return chance % 3 == 0 ? level + (int64) (roll(dice, 2) % 100) : level;
}

/* What an entity that was active did: some metrics with each call, some now and then. */
static void
fill_values(const Frame *frame, const Dice *dice, int64 *values)
{
	const Family *family = frame->family;
	Dice habit = {.entity = dice->entity};
	int calls = 1 + (int) (4 * pow(roll_unit(dice, 1), 6));
	int64 total_us = 0;
	Histogram *histogram = make_histogram(frame, dice, calls, &total_us);

	for (int m = 0; m < family->nmetrics; m++)
	{
		uint64 chance = roll(&habit, 10 + m);

		if (family->metrics[m].kind == METRIC_HISTOGRAM)
			dbops_frame_set_histogram(values, m, histogram);
		else if (family->metrics[m].kind == METRIC_TIMESTAMP)
			values[m] = FAMILY_NULL;
		else if (family->metrics[m].kind == METRIC_GAUGE)
			values[m] = make_gauge(dice, chance);
		else if (m == 0)
			values[m] = calls;
		else if (m == 1)
			values[m] = total_us;
		else if (m < BUSY_METRICS)
			values[m] = calls * (int64) (chance % 20);
		else if (m < BUSY_METRICS + RARE_METRICS && chance % 4 == 0)
			values[m] = (int64) (roll(dice, 10 + m) % 50);
		else
			values[m] = 0;
	}
}

static void
fill_frame(Frame *frame, TimestampTz at, int entities, double changed)
{
	const char *texts[ENTITY_KEY_PARTS];

	dbops_frame_reset(frame);
	for (int entity = 0; entity < entities; entity++)
	{
		Dice dice = {.entity = (uint64) entity, .moment = (uint64) at};
		EntityKey key = make_key(frame->family, entity);

		if (roll_unit(&dice, 0) >= changed)
			continue;
		for (int i = 0; i < frame->ntexts; i++)
			texts[i] = psprintf("entity%d", i == frame->ntexts - 1 ? entity : i);
		fill_values(frame, &dice, dbops_frame_add_texts(frame, &key, texts));
	}
	dbops_frame_sort(frame);
}

Datum
dbops__generate_history(PG_FUNCTION_ARGS)
{
	const Family *family = family_argument(PG_GETARG_TEXT_PP(1));
	TimestampTz from = PG_GETARG_TIMESTAMPTZ(2);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(3);
	int64 step_us = PG_GETARG_INTERVAL_P(4)->time;
	int entities = PG_GETARG_INT32(5);
	double changed = PG_GETARG_FLOAT8(6);
	int16 node;
	Frame *frame = dbops_frame_create(family);
	TickBatch batch = {0};
	int64 bytes = 0;

	require_superuser();
	if (step_us <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("step must be positive")));
	node = dbops_node_register(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (TimestampTz at = from + step_us; at <= to; at += step_us)
	{
		StringInfo data = makeStringInfo();
		Tick tick = {.family = family->id, .at = at, .covers_us = step_us, .seq = at / step_us};

		CHECK_FOR_INTERRUPTS();
		fill_frame(frame, at, entities, changed);
		dbops_codec_encode(frame, data);
		tick.size = data->len;
		bytes += data->len;
		dbops_quiet_add(&batch, &tick, data->data);
		if (batch.count < GENERATE_BATCH && at + step_us <= to)
			continue;
		dbops_ticks_insert(&batch, node);
		for (int i = 0; i < batch.count; i++)
			pfree(batch.data[i]);
		batch.count = 0;
	}
	PG_RETURN_INT64(bytes);
}

Datum
dbops__roll_up(PG_FUNCTION_ARGS)
{
	require_superuser();
	PG_RETURN_INT32(dbops_rollup_run());
}

Datum
dbops__retain(PG_FUNCTION_ARGS)
{
	require_superuser();
	dbops_retention_run();
	PG_RETURN_VOID();
}

static Datum
numbers_of(const Family *family, const int64 *values)
{
	Datum *numbers = palloc(sizeof(Datum) * (family->nmetrics + 1));
	bool *nulls = palloc(sizeof(bool) * (family->nmetrics + 1));
	int dims[1] = {family->nmetrics};
	int bounds[1] = {1};

	for (int m = 0; m < family->nmetrics; m++)
	{
		nulls[m] = values[m] == FAMILY_NULL;
		numbers[m] =
		    Int64GetDatum(family->metrics[m].kind == METRIC_HISTOGRAM && !nulls[m] ?
		                      (int64) dbops_histogram_count(dbops_frame_histogram(values, m)) :
		                      values[m]);
	}
	return PointerGetDatum(construct_md_array(numbers, nulls, 1, dims, bounds, INT8OID,
	                                          sizeof(int64), true, TYPALIGN_DOUBLE));
}

static void
emit(RowSet *rows, const Family *family, const HistoryRow *row)
{
	int identity = dbops_merge_identity(family);

	dbops_rows_put(rows, "at", TimestampTzGetDatum(row->at));
	dbops_rows_put(rows, "covers_us", Int64GetDatum(row->covers_us));
	dbops_rows_put(rows, "step_us", Int64GetDatum(row->step_us));
	dbops_rows_put(rows, "flags", Int32GetDatum(row->flags));
	if (identity >= 0)
		dbops_rows_put(rows, "identity", Int64GetDatum(row->key->num[identity]));
	dbops_rows_put_text(rows, "label", row->texts);
	dbops_rows_put(rows, "numbers", numbers_of(family, row->values));
	dbops_rows_emit(rows);
}

Datum
dbops__read_history(PG_FUNCTION_ARGS)
{
	RowSet *rows;
	HistoryQuery query = {.from = DT_NOBEGIN, .to = DT_NOEND};
	HistoryScan *scan;
	const HistoryRow *row;
	int identity;
	int64 only;

	require_superuser();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("node and family must not be null")));
	rows = dbops_rows_begin(fcinfo);
	query.node = text_to_cstring(PG_GETARG_TEXT_PP(0));
	query.family = family_argument(PG_GETARG_TEXT_PP(1));
	if (!PG_ARGISNULL(2))
		query.from = PG_GETARG_TIMESTAMPTZ(2);
	if (!PG_ARGISNULL(3))
		query.to = PG_GETARG_TIMESTAMPTZ(3);
	if (!PG_ARGISNULL(4))
		query.step_us =
		    PG_GETARG_INTERVAL_P(4)->time + PG_GETARG_INTERVAL_P(4)->day * USECS_PER_DAY;
	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		query.labels[i].nvalues = -1;
	identity = dbops_merge_identity(query.family);
	if (!PG_ARGISNULL(5) && identity >= 0)
	{
		only = PG_GETARG_INT64(5);
		query.labels[identity] = (LabelFilter){.nvalues = 1, .values = &only};
	}
	scan = dbops_history_begin(&query);
	while ((row = dbops_history_next(scan)) != NULL)
		emit(rows, query.family, row);
	dbops_history_end(scan);
	return (Datum) 0;
}
