/*
 * expose/labelled.c
 *		Numbers by label set; see labelled.h.
 */
#include "postgres.h"

#include "expose/labelled.h"

#define FIRST_ROWS 64

LabelledRow *
dbops_labelled_add(Labelled *labelled)
{
	LabelledRow *row;

	if (labelled->count == labelled->capacity)
	{
		labelled->capacity = Max(labelled->capacity * 2, FIRST_ROWS);
		labelled->rows = labelled->rows == NULL ?
		                     palloc(sizeof(LabelledRow) * labelled->capacity) :
		                     repalloc(labelled->rows, sizeof(LabelledRow) * labelled->capacity);
	}
	row = &labelled->rows[labelled->count++];
	memset(row, 0, sizeof(*row));
	initStringInfo(&row->labels);
	return row;
}

static int
compare_rows(const void *a, const void *b)
{
	return strcmp(((const LabelledRow *) a)->labels.data, ((const LabelledRow *) b)->labels.data);
}

void
dbops_labelled_merge(Labelled *labelled)
{
	int n = 0;

	if (labelled->count > 0)
		qsort(labelled->rows, labelled->count, sizeof(LabelledRow), compare_rows);
	for (int i = 0; i < labelled->count; i++)
	{
		const LabelledRow *row = &labelled->rows[i];
		LabelledRow *last = n == 0 ? NULL : &labelled->rows[n - 1];

		if (last == NULL || compare_rows(last, row) != 0)
		{
			labelled->rows[n++] = *row;
			continue;
		}
		last->numbers[0] += row->numbers[0];
		last->numbers[1] = Max(last->numbers[1], row->numbers[1]);
	}
	labelled->count = n;
}

void
dbops_labelled_write(const Labelled *labelled, Exposition *exposition, int number)
{
	for (int i = 0; i < labelled->count; i++)
		dbops_exposition_number(exposition, &labelled->rows[i].labels,
		                        labelled->rows[i].numbers[number]);
}
