/*
 * store/fdw_row.c
 *		From a row of the history to columns; see fdw_row.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/encoding.h"
#include "math/histogram_type.h"
#include "store/derived.h"
#include "store/fdw_row.h"
#include "store/registry.h"

#define US_PER_SECOND 1e6

/* One column of one row; cells are NULL until set. */
typedef struct Cell
{
	Datum value;
	bool isnull;
} Cell;

static const Cell null_cell = {.isnull = true};

static Cell
form_cell(Datum value)
{
	return (Cell){.value = value};
}

static Cell
form_text(const char *string)
{
	return string == NULL ? null_cell : form_cell(CStringGetTextDatum(string));
}

/*
 * A text from the machine, whose bytes may be no text in the encoding of this database: a folder's
 * name, say.  Nothing else in the server expects that, so such bytes come out as question marks.
 */
static Cell
form_label_text(const char *string)
{
	char *shown;

	if (pg_verifymbstr(string, (int) strlen(string), true))
		return form_text(string);
	shown = pstrdup(string);
	dbops_encoding_fit(shown, GetDatabaseEncoding());
	return form_text(shown);
}

static Cell
form_name(const char *string)
{
	Name name;

	if (string == NULL)
		return null_cell;
	name = palloc(sizeof(NameData));
	namestrcpy(name, string);
	return form_cell(NameGetDatum(name));
}

static Cell
form_interval(int64 us)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = us;
	return form_cell(IntervalPGetDatum(interval));
}

static int
count_texts_before(const Family *family, int label)
{
	int count = 0;

	for (int i = 0; i < label; i++)
		count += family->labels[i].type == LABEL_TEXT;
	return count;
}

static Cell
form_label(const Family *family, const HistoryRow *row, int index)
{
	const Label *label = &family->labels[index];
	int64 number = row->key->num[index];

	switch (label->type)
	{
		case LABEL_OID:
			return form_cell(ObjectIdGetDatum((Oid) number));
		case LABEL_INT8:
			return form_cell(Int64GetDatum(number));
		case LABEL_BOOL:
			return form_cell(BoolGetDatum(number != 0));
		case LABEL_SQLSTATE:
			return form_text(unpack_sql_state((int) number));
		case LABEL_TEXT:
			return form_label_text(dbops_texts_at(row->texts, count_texts_before(family, index)));
		case LABEL_WORD:
			return form_text(dbops_word(label->words, number));
	}
	return null_cell;
}

static Cell
form_metric(const Metric *metric, const int64 *values, int index)
{
	int64 stored = values[index];

	if (stored == FAMILY_NULL)
		return null_cell;
	switch (metric->kind)
	{
		case METRIC_TIMESTAMP:
			return form_cell(TimestampTzGetDatum(stored));
		case METRIC_HISTOGRAM:
			return form_cell(
			    PointerGetDatum(dbops_histogram_form(dbops_frame_histogram(values, index))));
		case METRIC_COUNTER:
		case METRIC_GAUGE:
			break;
	}
	if (metric->words != NULL)
		return form_text(dbops_word(metric->words, stored));
	if (metric->scale == 0 || metric->scale == 1)
		return form_cell(Int64GetDatum(stored));
	return form_cell(Float8GetDatum(dbops_metric_value(metric, stored)));
}

static Cell
form_rate(const Metric *metric, const HistoryRow *row, int index)
{
	int64 stored = row->values[index];

	if (stored == FAMILY_NULL || row->covers_us <= 0)
		return null_cell;
	return form_cell(Float8GetDatum(dbops_metric_value(metric, stored) /
	                                ((double) row->covers_us / US_PER_SECOND)));
}

static Cell
form_derived(const Family *family, const Derived *derived, const HistoryRow *row)
{
	double value;

	return dbops_derived_value(family, derived, row->values, row->covers_us, &value) ?
	           form_cell(Float8GetDatum(value)) :
	           null_cell;
}

/* A relation's or function's database is the label before it. */
static const EntityName *
find_name(const RowMaker *maker, const HistoryRow *row, const Column *column)
{
	const int64 *key = row->key->num;
	int index = column->index;
	LabelNames names = maker->table->family->labels[index].names;

	switch (column->source)
	{
		case COLUMN_DATNAME:
			return dbops_names_lookup(maker->names, NAME_DATABASE, InvalidOid, key[index]);
		case COLUMN_ROLNAME:
			return dbops_names_lookup(maker->names, NAME_ROLE, InvalidOid, key[index]);
		default:
			return dbops_names_lookup(maker->names,
			                          names == NAMES_FUNCTION ? NAME_FUNCTION : NAME_RELATION,
			                          index > 0 ? (Oid) key[index - 1] : InvalidOid, key[index]);
	}
}

/* The step asked for comes back as asked, so that the clause that asked holds. */
static Cell
form_step(const RowMaker *maker, const HistoryRow *row)
{
	int64 step_us = maker->asked_step_us > 0 ? maker->asked_step_us : row->step_us;

	return step_us > 0 ? form_interval(step_us) : null_cell;
}

static Cell
form_column(const RowMaker *maker, const HistoryRow *row, const Column *column)
{
	const Family *family = maker->table->family;

	switch (column->source)
	{
		case COLUMN_NODE:
			return form_text(row->node);
		case COLUMN_AT:
			return form_cell(TimestampTzGetDatum(row->at));
		case COLUMN_COVERS:
			return form_interval(row->covers_us);
		case COLUMN_STEP:
			return form_step(maker, row);
		case COLUMN_LATE:
			return form_cell(BoolGetDatum((row->flags & TICK_LATE) != 0));
		case COLUMN_LABEL:
			return form_label(family, row, column->index);
		case COLUMN_SCHEMANAME:
			return form_name(find_name(maker, row, column)->schemaname);
		case COLUMN_DATNAME:
		case COLUMN_RELNAME:
		case COLUMN_ROLNAME:
			return form_name(find_name(maker, row, column)->objname);
		case COLUMN_METRIC:
			return form_metric(&family->metrics[column->index], row->values, column->index);
		case COLUMN_RATE:
			return form_rate(&family->metrics[column->index], row, column->index);
		case COLUMN_DERIVED:
			return form_derived(family, &family->derived[column->index], row);
	}
	return null_cell;
}

void
dbops_fdw_row_fill(const RowMaker *maker, const HistoryRow *row, Datum *values, bool *nulls)
{
	const FdwTable *table = maker->table;

	for (int i = 0; i < table->natts; i++)
	{
		Cell cell = null_cell;

		if (maker->needed[i] && table->columns[i] != NULL)
			cell = form_column(maker, row, table->columns[i]);
		values[i] = cell.value;
		nulls[i] = cell.isnull;
	}
}

void
dbops_fdw_row_mark(const Family *family, const Column *column, bool *wanted)
{
	if (column->source == COLUMN_METRIC || column->source == COLUMN_RATE)
		wanted[column->index] = true;
	else if (column->source == COLUMN_DERIVED)
		dbops_derived_mark(family, &family->derived[column->index], wanted);
}
