/*
 * worker/autovacuum_due.h
 *		When autovacuum comes to a table: after how many changes of which kind.
 */
#pragma once

#include "collect/dictionary.h"

/* A table's storage options as in pg_class; for TOAST also those of its table. */
typedef struct TableOptions
{
	Datum own; /* 0: none */
	Datum of_table;
	double unfrozen; /* share of its pages that are not all frozen; 1 when unknown */
} TableOptions;

/* Fills how many changes it takes, from the relation's kind and number of tuples. */
extern void dbops_autovacuum_due_fill(Inspected *inspected, const TableOptions *options);
