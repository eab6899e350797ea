/*
 * track/parameters.c
 *		Values of parameters as text, where nothing may fail; see parameters.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/compat.h"
#include "track/parameters.h"

#define CONTEXT_SIZE (32 * 1024)
#define INPUT_BYTES 1000 /* a longer value is left out */
#define NUMERIC_DIGITS 500
#define ARRAY_ELEMENTS 100

typedef enum Passing
{
	BY_VALUE,
	BY_POINTER,
	BY_VARLENA,
	BY_SIZE = FLOAT8PASSBYVAL ? BY_VALUE : BY_POINTER, /* of eight bytes */
} Passing;

typedef struct OutputRule
{
	Oid type;
	Passing passing;
	PGFunction output;
} OutputRule;

static const OutputRule output_rules[] = {
    {BOOLOID, BY_VALUE, boolout},
    {INT2OID, BY_VALUE, int2out},
    {INT4OID, BY_VALUE, int4out},
    {INT8OID, BY_SIZE, int8out},
    {OIDOID, BY_VALUE, oidout},
    {FLOAT4OID, BY_VALUE, float4out},
    {FLOAT8OID, BY_SIZE, float8out},
    {NUMERICOID, BY_VARLENA, numeric_out},
    {TEXTOID, BY_VARLENA, textout},
    {VARCHAROID, BY_VARLENA, varcharout},
    {BPCHAROID, BY_VARLENA, bpcharout},
    {NAMEOID, BY_POINTER, nameout},
    {CHAROID, BY_VALUE, charout},
    {BYTEAOID, BY_VARLENA, byteaout},
    {JSONOID, BY_VARLENA, json_out},
    {UUIDOID, BY_POINTER, uuid_out},
    {DATEOID, BY_VALUE, date_out},
    {TIMEOID, BY_SIZE, time_out},
    {TIMETZOID, BY_POINTER, timetz_out},
    {TIMESTAMPOID, BY_SIZE, timestamp_out},
    {TIMESTAMPTZOID, BY_SIZE, timestamptz_out},
    {INTERVALOID, BY_POINTER, interval_out},
    {INETOID, BY_VARLENA, inet_out},
    {CIDROID, BY_VARLENA, cidr_out},
};

/* Arrays of such elements: with what is in pg_type about them, which is not looked up here. */
typedef struct ArrayRule
{
	Oid type;
	Oid element;
	int length;
	bool by_value;
	char align;
} ArrayRule;

static const ArrayRule array_rules[] = {
    {BOOLARRAYOID, BOOLOID, 1, true, TYPALIGN_CHAR},
    {INT2ARRAYOID, INT2OID, 2, true, TYPALIGN_SHORT},
    {INT4ARRAYOID, INT4OID, 4, true, TYPALIGN_INT},
    {INT8ARRAYOID, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE},
    {FLOAT8ARRAYOID, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE},
    {TEXTARRAYOID, TEXTOID, -1, false, TYPALIGN_INT},
    {VARCHARARRAYOID, VARCHAROID, -1, false, TYPALIGN_INT},
    {UUIDARRAYOID, UUIDOID, 16, false, TYPALIGN_CHAR},
    {DATEARRAYOID, DATEOID, 4, true, TYPALIGN_INT},
    {TIMESTAMPTZARRAYOID, TIMESTAMPTZOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE},
};

static MemoryContext context = NULL;

void
dbops_parameters_init(void)
{
	context = AllocSetContextCreate(TopMemoryContext, "dbops parameter", CONTEXT_SIZE, CONTEXT_SIZE,
	                                CONTEXT_SIZE);
}

static const OutputRule *
find_rule(Oid type)
{
	for (int i = 0; i < lengthof(output_rules); i++)
	{
		if (output_rules[i].type == type)
			return &output_rules[i];
	}
	return NULL;
}

/* In memory, in one piece, and not too long. */
static bool
is_plain(Datum value)
{
	struct varlena *data = (struct varlena *) DatumGetPointer(value);

	return !VARATT_IS_EXTERNAL(data) && !VARATT_IS_COMPRESSED(data) &&
	       VARSIZE_ANY(data) <= INPUT_BYTES;
}

/*
 * Whether a number has not too many digits: 1e100000 takes a few bytes, but not as text.  In binary
 * form it begins with the number of base-10000 digits, weight, sign and digits after the point.
 */
static bool
is_short_numeric(Datum value)
{
	bytea *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send, value));
	uint16 parts[4];
	int weight;

	memcpy(parts, VARDATA_ANY(sent), sizeof(parts));
	weight = (int16) pg_ntoh16(parts[1]);
	return weight * 4 + pg_ntoh16(parts[3]) <= NUMERIC_DIGITS;
}

static const char *
form_scalar(const OutputRule *rule, Datum value)
{
	if (rule->type == NUMERICOID && !is_short_numeric(value))
		return NULL;
	return DatumGetCString(DirectFunctionCall1(rule->output, value));
}

static void
append_quoted(StringInfo words, const char *element)
{
	appendStringInfoChar(words, '"');
	for (const char *c = element; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(words, '\\');
		appendStringInfoChar(words, *c);
	}
	appendStringInfoChar(words, '"');
}

/* Of one dimension counted from 1, as nearly all are. */
static const char *
form_array(const ArrayRule *rule, Datum value)
{
	ArrayType *array = DatumGetArrayTypeP(value);
	const OutputRule *output = find_rule(rule->element);
	StringInfoData words;
	Datum *elements;
	bool *nulls;
	int count;

	if (ARR_NDIM(array) > 1 || ARR_ELEMTYPE(array) != rule->element ||
	    (ARR_NDIM(array) == 1 &&
	     (ARR_LBOUND(array)[0] != 1 || ARR_DIMS(array)[0] > ARRAY_ELEMENTS)))
		return NULL;
	deconstruct_array(array, rule->element, rule->length, rule->by_value, rule->align, &elements,
	                  &nulls, &count);
	initStringInfo(&words);
	appendStringInfoChar(&words, '{');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&words, ',');
		if (nulls[i])
			appendStringInfoString(&words, "NULL");
		else if (rule->length > 0)
			appendStringInfoString(&words, form_scalar(output, elements[i]));
		else
			append_quoted(&words, form_scalar(output, elements[i]));
	}
	appendStringInfoChar(&words, '}');
	return words.data;
}

static const ArrayRule *
find_array_rule(Oid type)
{
	for (int i = 0; i < lengthof(array_rules); i++)
	{
		if (array_rules[i].type == type)
			return &array_rules[i];
	}
	return NULL;
}

const char *
dbops_parameters_text(Oid type, Datum value, bool is_there)
{
	const OutputRule *rule = find_rule(type);
	const ArrayRule *array_rule = rule == NULL ? find_array_rule(type) : NULL;
	MemoryContext caller;
	const char *words;
	int date_style = DateStyle;
	int interval_style = IntervalStyle;

	if (rule == NULL && array_rule == NULL)
		return NULL;
	if (!is_there && (rule == NULL || rule->passing != BY_VALUE))
		return NULL;
	if ((rule == NULL || rule->passing == BY_VARLENA) && !is_plain(value))
		return NULL;
	/* As every session reads them. */
	DateStyle = USE_ISO_DATES;
	IntervalStyle = INTSTYLE_POSTGRES;
	caller = MemoryContextSwitchTo(context);
	words = rule != NULL ? form_scalar(rule, value) : form_array(array_rule, value);
	MemoryContextSwitchTo(caller);
	DateStyle = date_style;
	IntervalStyle = interval_style;
	return words;
}

void
dbops_parameters_forget(void)
{
	if (!MemoryContextIsEmpty(context))
		MemoryContextReset(context);
}
