/*
 * advise/foreign_key_cost.h
 *		What an index on the columns of a foreign key saves those who delete what it refers to.
 *
 * Pure arithmetic.  Each row that is deleted from the referenced table, and each whose key is
 * changed, makes the server look for rows that refer to it: without an index it reads the whole
 * table.  No plan of a statement shows that.
 */
#pragma once

typedef struct ForeignKeyFacts
{
	double
	    lookups; /* rows of the referenced table deleted, or with another key, a day; NaN: not known */
	double table_pages; /* of the table that refers */
	double table_tuples;
	int ncolumns;
	int tree_height; /* of the index, levels above the leaves */
	double ms_per_cost;
	double seq_page_cost; /* settings of the planner, as those below */
	double random_page_cost;
	double cpu_tuple_cost;
	double cpu_operator_cost;
} ForeignKeyFacts;

/* Milliseconds a day, without what the index costs; 0 if nothing is known, or nothing is saved. */
extern double dbops_foreign_key_saves(const ForeignKeyFacts *facts);
