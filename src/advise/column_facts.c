/*
 * advise/column_facts.c
 *		What statistics know of the values of one column; see column_facts.h.
 *
 * Widths come from the values that statistics keep: the most common ones by their share, and the
 * bounds of the histogram, each for an equal part of the rest.  The average width alone would be
 * wrong by half of what each tuple is rounded up to.
 */
#include "postgres.h"

#include <math.h>

#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/toast_internals.h"
#include "catalog/heap.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "commands/vacuum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "advise/column_facts.h"
#include "advise/key_counts.h"
#include "core/compat.h"

/* Rows that ANALYZE looks at for each step of the statistics target (std_typanalyze). */
#define ROWS_PER_TARGET 300.0

/* Where the values that are kept are shorter than the average by so much, long ones were left out.
 */
#define WIDTH_OFF 0.02

typedef struct WidthShare
{
	float width;
	float share;
} WidthShare;

ColumnValues
dbops_column_values(Relation table, AttrNumber attno, double tuples)
{
	ColumnValues values = {.tuples = tuples, .stored = true};
	Oid relid = RelationGetRelid(table);
	bool inherited = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;

	if (attno < 0)
		values.att = *SystemAttributeDefinition(attno);
	else
		values.att = *TupleDescAttr(RelationGetDescr(table), attno - 1);
	values.statistics = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
	                                    Int16GetDatum(attno), BoolGetDatum(inherited));
	return values;
}

/* Bytes of the value in an index tuple: short values have a short header, long ones are compressed.
 */
static float
stored_width(const ColumnValues *values, Datum value)
{
	char storage = values->att.attstorage;
	float width;
	Pointer compressed;

	if (values->att.attlen == -2)
		return strlen(DatumGetCString(value)) + 1;
	width = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
	if (storage == TYPSTORAGE_PLAIN)
		return width + VARHDRSZ;
	if (width + VARHDRSZ > TOAST_INDEX_TARGET && storage != TYPSTORAGE_EXTERNAL)
	{
		compressed = DatumGetPointer(toast_compress_datum(value, values->att.attcompression));
		if (compressed != NULL)
			return VARSIZE(compressed);
	}
	return width + (width + VARHDRSZ_SHORT <= VARATT_SHORT_MAX ? VARHDRSZ_SHORT : VARHDRSZ);
}

/* Appends what the values of a slot weigh: as their shares say, or each the same part of `rest`. */
static int
weigh_slot(const ColumnValues *values, int kind, float rest, WidthShare *widths)
{
	AttStatsSlot slot;
	int count = 0;
	int flags = ATTSTATSSLOT_VALUES | (kind == STATISTIC_KIND_MCV ? ATTSTATSSLOT_NUMBERS : 0);

	if (!get_attstatsslot(&slot, values->statistics, kind, InvalidOid, flags))
		return 0;
	/* A name is stored as cstring, and may be read as one. */
	if (values->att.attlen == -2 || get_typlen(slot.valuetype) == values->att.attlen)
	{
		count = Min(slot.nvalues, kind == STATISTIC_KIND_MCV ? slot.nnumbers : slot.nvalues);
		for (int i = 0; i < count; i++)
			widths[i] =
			    (WidthShare){.width = stored_width(values, slot.values[i]),
			                 .share = kind == STATISTIC_KIND_MCV ? slot.numbers[i] : rest / count};
	}
	free_attstatsslot(&slot);
	return count;
}

static int
compare_widths(const void *a, const void *b)
{
	float difference = ((const WidthShare *) a)->width - ((const WidthShare *) b)->width;

	return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

static int
count_values(const ColumnValues *values, int kind)
{
	AttStatsSlot slot;
	int count;

	if (!get_attstatsslot(&slot, values->statistics, kind, InvalidOid, ATTSTATSSLOT_VALUES))
		return 0;
	count = slot.nvalues;
	free_attstatsslot(&slot);
	return count;
}

/* The widths at the middles of equal parts of all values; width becomes their average. */
static void
divide_widths(WidthShare *widths, int count, SizeColumn *column)
{
	float sum = 0;
	float seen = 0;
	int at = 0;

	qsort(widths, count, sizeof(WidthShare), compare_widths);
	for (int i = 0; i < count; i++)
		sum += widths[i].share;
	column->width = 0;
	for (int i = 0; i < count; i++)
		column->width += widths[i].width * widths[i].share / sum;
	for (int i = 0; i < SIZE_WIDTHS; i++)
	{
		float middle = sum * (i + 0.5f) / SIZE_WIDTHS;

		while (at < count - 1 && seen + widths[at].share < middle)
			seen += widths[at++].share;
		column->widths[i] = widths[at].width;
	}
}

/*
 * Widths from a few values are scaled to the average of all, `width`, of which a fraction was cut
 * off; unless they are compressed in an index, as that average is not.
 */
static void
scale_widths(SizeColumn *column, double width)
{
	double factor = (width + 0.5) / column->width;

	if (fabs(column->width - width - 0.5) <= 0.5 || fabs(factor - 1) < WIDTH_OFF ||
	    column->widths[0] == column->widths[SIZE_WIDTHS - 1] ||
	    column->widths[SIZE_WIDTHS - 1] > TOAST_INDEX_TARGET)
		return;
	for (int i = 0; i < SIZE_WIDTHS; i++)
		column->widths[i] = rint(column->widths[i] * factor);
	column->width *= factor;
}

static void
load_widths(const ColumnValues *values, SizeColumn *column)
{
	int room =
	    count_values(values, STATISTIC_KIND_MCV) + count_values(values, STATISTIC_KIND_HISTOGRAM);
	WidthShare *widths = palloc(sizeof(WidthShare) * (room + 1));
	int count = weigh_slot(values, STATISTIC_KIND_MCV, 0, widths);
	float rest = 1 - column->null_ratio;
	double width = column->width;

	for (int i = 0; i < count; i++)
		rest -= widths[i].share;
	count += weigh_slot(values, STATISTIC_KIND_HISTOGRAM, Max(rest, 0), widths + count);
	if (count == 0)
		return;
	divide_widths(widths, count, column);
	if (values->stored && values->att.attlen == -1)
		scale_widths(column, width);
}

static double
absolute_ndistinct(double stadistinct, double tuples)
{
	return stadistinct < 0 ? -stadistinct * tuples : stadistinct;
}

/* Shares of the rows that the most common values have. */
static void
load_common(const ColumnValues *values, SizeColumn *column)
{
	AttStatsSlot slot;
	float *shares;

	if (!get_attstatsslot(&slot, values->statistics, STATISTIC_KIND_MCV, InvalidOid,
	                      ATTSTATSSLOT_NUMBERS))
		return;
	column->ncommon = slot.nnumbers;
	shares = palloc(sizeof(float) * slot.nnumbers);
	memcpy(shares, slot.numbers, sizeof(float) * slot.nnumbers);
	column->common = shares;
	free_attstatsslot(&slot);
}

static void
load_type(const ColumnValues *values, SizeColumn *column)
{
	const FormData_pg_attribute *att = &values->att;

	column->width = att->attlen > 0 ? att->attlen : get_typavgwidth(att->atttypid, att->atttypmod);
	column->align = att->attalign;
}

/* What is short stands unaligned. */
static void
align_short(const ColumnValues *values, SizeColumn *column)
{
	if (values->att.attlen == -1 && values->att.attstorage != TYPSTORAGE_PLAIN &&
	    column->width <= VARATT_SHORT_MAX)
		column->align = TYPALIGN_CHAR;
}

void
dbops_column_facts_load(const ColumnValues *values, SizeColumn *column)
{
	Form_pg_statistic form = (Form_pg_statistic) GETSTRUCT(values->statistics);

	load_type(values, column);
	column->null_ratio = form->stanullfrac;
	column->ndistinct = absolute_ndistinct(form->stadistinct, values->tuples);
	column->sampled = ROWS_PER_TARGET * default_statistics_target;
	load_common(values, column);
	if (values->att.attlen < 0)
	{
		column->width = Max(form->stawidth, 1);
		load_widths(values, column);
	}
	align_short(values, column);
}

void
dbops_column_facts_guess(const ColumnValues *values, const RowSample *sample, SizeColumn *column)
{
	KeyCounts *counts;
	KeyEstimate estimate;
	WidthShare *widths;
	int count = 0;

	load_type(values, column);
	if (values->att.atttypid == BOOLOID)
		column->ndistinct = 2;
	align_short(values, column);
	if (sample == NULL)
		return;
	counts = dbops_key_counts_new();
	widths = palloc(sizeof(WidthShare) * (sample->nrows + 1));
	for (int row = 0; row < sample->nrows; row++)
	{
		if (sample->nulls[row])
			continue;
		dbops_key_counts_add(counts, dbops_row_sample_hash(sample, row), 0,
		                     (KeyPlace){.row = row, .block = sample->blocks[row]});
		if (values->att.attlen < 0)
			widths[count].width = stored_width(values, sample->values[row]);
		widths[count++].share = 1;
	}
	column->null_ratio = 1 - (double) count / sample->nrows;
	column->sampled = sample->nrows;
	if (count == 0)
		return;
	estimate = dbops_key_counts_estimate(counts, sample->nrows, values->tuples);
	column->ndistinct = estimate.keys;
	column->ncommon = estimate.ncommon;
	column->common = estimate.common;
	if (values->att.attlen < 0)
	{
		divide_widths(widths, count, column);
		align_short(values, column);
	}
}

double
dbops_column_correlation(const ColumnValues *values)
{
	AttStatsSlot slot;
	double correlation;

	if (values->statistics == NULL ||
	    !get_attstatsslot(&slot, values->statistics, STATISTIC_KIND_CORRELATION, InvalidOid,
	                      ATTSTATSSLOT_NUMBERS))
		return 0;
	correlation = slot.nnumbers > 0 ? slot.numbers[0] : 0;
	free_attstatsslot(&slot);
	return correlation;
}
