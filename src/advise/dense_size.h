/*
 * advise/dense_size.h
 *		What a relation that exists would take if it were written anew: without bloat.
 *
 * A file of its own because it is asked of every large relation of every database, by a process
 * with all rights: so it reads statistics alone, no rows, and runs nobody's code.
 *
 * Of a table it is the sum of its rows' average widths (pg_statistic) as heap pages take them up to
 * the fill factor, TOAST not included; of an index what advise/index_size.h says.
 */
#pragma once

#include "utils/relcache.h"

/*
 * Bytes of the main fork; -1: not known, as it was never analyzed, or is none of the heap, or no
 * B-tree, or an index of expressions, or has an operator class that did not come with the server.
 * The relation is open, an index's table as well, and both are locked.
 */
extern double dbops_dense_size_of_table(Relation table);
extern double dbops_dense_size_of_index(Relation index, Relation table);
