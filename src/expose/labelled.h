/*
 * expose/labelled.h
 *		Numbers by label set, where several things share one.
 *
 * A file of its own because what is counted per session or lock becomes samples of some labels, and
 * no metric may have two of the same.
 */
#pragma once

#include "expose/exposition.h"

#define LABELLED_NUMBERS 2

typedef struct LabelledRow
{
	StringInfoData labels;
	double numbers[LABELLED_NUMBERS];
} LabelledRow;

typedef struct Labelled
{
	LabelledRow *rows;
	int count;
	int capacity;
} Labelled;

/* A row for what is to be counted; its labels are empty and its numbers 0.  Good until the next. */
extern LabelledRow *dbops_labelled_add(Labelled *labelled);

/* Makes one of rows with the same labels: the first number is added up, the second the largest. */
extern void dbops_labelled_merge(Labelled *labelled);

/* Writes a metric from one of the numbers. */
extern void dbops_labelled_write(const Labelled *labelled, Exposition *exposition, int number);
