/*
 * store/fdw_request.c
 *		From the values of requests to a query of the history; see fdw_request.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "store/fdw_request.h"
#include "store/registry.h"

#define SQLSTATE_LENGTH 5

void
dbops_request_init(HistoryQuery *query, const Family *family, const bool *wanted)
{
	memset(query, 0, sizeof(*query));
	query->family = family;
	query->from = DT_NOBEGIN;
	query->to = DT_NOEND;
	query->wanted = wanted;
	for (int i = 0; i < ENTITY_KEY_PARTS; i++)
		query->labels[i].nvalues = -1;
}

static void
raise_from(HistoryQuery *query, TimestampTz from)
{
	query->from = Max(query->from, from);
}

static void
lower_to(HistoryQuery *query, TimestampTz to)
{
	query->to = Min(query->to, to);
}

/* An instant is a microsecond, so open bounds are closed bounds beside them. */
static bool
apply_time(HistoryQuery *query, const RequestValue *request)
{
	TimestampTz at = DatumGetTimestampTz(request->value);

	switch (request->kind)
	{
		case REQUEST_AFTER:
			if (TIMESTAMP_IS_NOEND(at))
				return false;
			raise_from(query, TIMESTAMP_IS_NOBEGIN(at) ? at : at + 1);
			break;
		case REQUEST_BEFORE:
			if (TIMESTAMP_IS_NOBEGIN(at))
				return false;
			lower_to(query, TIMESTAMP_IS_NOEND(at) ? at : at - 1);
			break;
		case REQUEST_FROM:
			raise_from(query, at);
			break;
		case REQUEST_TO:
			lower_to(query, at);
			break;
		default:
			raise_from(query, at);
			lower_to(query, at);
			break;
	}
	return query->from <= query->to;
}

static void
report_interval(const char *problem, Datum interval)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("step \"%s\" %s",
	                       DatumGetCString(DirectFunctionCall1(interval_out, interval)), problem),
	                errhint("A step is a positive time in days or less, as '10 min' or '1 day'.")));
}

/* Days count 24 hours: steps are aligned to 2000-01-01 UTC, where all days do. */
static bool
apply_step(HistoryQuery *query, const RequestValue *request)
{
	const Interval *interval = DatumGetIntervalP(request->value);
	int64 step_us;

	if (interval->month != 0)
		report_interval("contains months", request->value);
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &step_us) ||
	    pg_add_s64_overflow(step_us, interval->time, &step_us))
		report_interval("is too long", request->value);
	if (step_us <= 0)
		report_interval("is not positive", request->value);
	query->step_us = step_us;
	return true;
}

static char *
get_string(Oid type, Datum value)
{
	return type == NAMEOID ? pstrdup(NameStr(*DatumGetName(value))) : TextDatumGetCString(value);
}

static bool
apply_node(HistoryQuery *query, const RequestValue *request)
{
	const char *node = get_string(request->type, request->value);

	if (query->node != NULL && strcmp(query->node, node) != 0)
		return false;
	query->node = node;
	return true;
}

/* Returns false for text that is no SQLSTATE: it equals none. */
static bool
get_sqlstate(const char *state, int64 *key)
{
	if (strlen(state) != SQLSTATE_LENGTH ||
	    strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != SQLSTATE_LENGTH)
		return false;
	*key = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
	return true;
}

/* The part of an entity's key that the value is, or false if no entity can have it. */
static bool
get_key(const Label *label, Oid type, Datum value, int64 *key)
{
	switch (type)
	{
		case BOOLOID:
			*key = DatumGetBool(value) ? 1 : 0;
			return true;
		case OIDOID:
			*key = (int64) DatumGetObjectId(value);
			return true;
		case INT2OID:
			*key = DatumGetInt16(value);
			return true;
		case INT4OID:
			*key = DatumGetInt32(value);
			return true;
		case INT8OID:
			*key = DatumGetInt64(value);
			return true;
		default:
			break;
	}
	if (label->type == LABEL_WORD)
	{
		*key = dbops_word_number(label->words, get_string(type, value));
		return *key >= 0;
	}
	if (label->type == LABEL_SQLSTATE)
		return get_sqlstate(get_string(type, value), key);
	*key = dbops_entity_hash(get_string(type, value));
	return true;
}

static bool
contains_key(const LabelFilter *filter, int64 key)
{
	for (int i = 0; i < filter->nvalues; i++)
	{
		if (filter->values[i] == key)
			return true;
	}
	return false;
}

static int
compare_keys(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

/* Leaves the filter with those of `keys` that it let pass before, sorted and each once. */
static bool
intersect_filter(LabelFilter *filter, int64 *keys, int nkeys)
{
	int kept = 0;

	qsort(keys, nkeys, sizeof(int64), compare_keys);
	for (int i = 0; i < nkeys; i++)
	{
		if (kept > 0 && keys[kept - 1] == keys[i])
			continue;
		if (filter->nvalues < 0 || contains_key(filter, keys[i]))
			keys[kept++] = keys[i];
	}
	filter->nvalues = kept;
	filter->values = keys;
	return kept > 0;
}

static bool
apply_label(HistoryQuery *query, const RequestValue *request)
{
	int64 *keys = palloc(sizeof(int64));
	int nkeys =
	    get_key(&query->family->labels[request->label], request->type, request->value, keys) ? 1 :
	                                                                                           0;

	return intersect_filter(&query->labels[request->label], keys, nkeys);
}

static bool
apply_labels(HistoryQuery *query, const RequestValue *request)
{
	ArrayType *array = DatumGetArrayTypeP(request->value);
	Oid type = ARR_ELEMTYPE(array);
	Datum *elements;
	bool *nulls;
	int count;
	int64 *keys;
	int nkeys = 0;
	int16 length;
	bool by_value;
	char align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &elements, &nulls, &count);
	keys = palloc(sizeof(int64) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i] &&
		    get_key(&query->family->labels[request->label], type, elements[i], &keys[nkeys]))
			nkeys++;
	}
	return intersect_filter(&query->labels[request->label], keys, nkeys);
}

bool
dbops_request_apply(HistoryQuery *query, const RequestValue *request)
{
	/* Every request comes from an operator that is strict. */
	if (request->isnull)
		return false;
	switch (request->kind)
	{
		case REQUEST_FROM:
		case REQUEST_AFTER:
		case REQUEST_TO:
		case REQUEST_BEFORE:
		case REQUEST_AT:
			return apply_time(query, request);
		case REQUEST_STEP:
			return apply_step(query, request);
		case REQUEST_NODE:
			return apply_node(query, request);
		case REQUEST_LABEL:
			return apply_label(query, request);
		case REQUEST_LABELS:
			return apply_labels(query, request);
	}
	return true;
}
