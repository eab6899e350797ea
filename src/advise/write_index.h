/*
 * advise/write_index.h
 *		What an index is to those who write to its table: of one that exists, or of a spec.
 *
 * Apart from table_writes.h, as that asks the statistics of the server, this the catalogs alone.
 */
#pragma once

#include "utils/relcache.h"

#include "advise/index_size.h"
#include "advise/index_spec.h"
#include "advise/write_cost.h"

/* Of one of the table's indexes.  Its size is the sum of the partitions' where it has some. */
extern WriteIndex dbops_write_index_of(Relation index, double table_tuples);

/* Of one that would have that size, for so many of the rows of the table. */
extern WriteIndex dbops_write_index_of_spec(const IndexSpec *spec, const IndexSize *size,
                                            double rows, double table_tuples);
