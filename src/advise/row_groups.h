/*
 * advise/row_groups.h
 *		Rows of a sample that have the same value, or the same values of several columns.
 *
 * Pure: values are numbers here, so that one way of counting serves all types.  How dependent
 * columns are, and how many combinations of values there are, follows from how groups meet.
 */
#pragma once

#include "c.h"

typedef struct RowGroups
{
	int nrows;
	int ngroups;
	int *group; /* of each row */
	int *size;  /* rows of each group */
	int *first; /* the first row of each group */
} RowGroups;

/* How many groups there are in all rows of a table. */
typedef struct GroupEstimate
{
	double likely; /* as ANALYZE estimates */
	double least;  /* as many were seen */
	double most;   /* if each group that was met once stands for others that were not met */
} GroupEstimate;

/* Rows with the same key are a group; in the current context. */
extern RowGroups *dbops_row_groups_by(const uint64 *keys, int nrows);

/* Rows that are together in both. */
extern RowGroups *dbops_row_groups_combine(const RowGroups *a, const RowGroups *b);

/*
 * The share of rows whose group lies within one group of `both`, its combination with other
 * columns: how much these depend on it, as ANALYZE has it for functional dependencies.
 */
extern double dbops_row_groups_degree(const RowGroups *determinant, const RowGroups *both);

/* How many pairs of rows are in the same group. */
extern double dbops_row_groups_pairs(const RowGroups *groups);

/* In a table of so many rows. */
extern GroupEstimate dbops_row_groups_estimate(const RowGroups *groups, double table_rows);
