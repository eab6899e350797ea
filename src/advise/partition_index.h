/*
 * advise/partition_index.h
 *		An index of a partitioned table: what it is in a partition, and how large in all of them.
 *
 * The table has no rows and the planner no indexes of it; each partition has one of its own, whose
 * columns may have other numbers.
 */
#pragma once

#include "advise/size_facts.h"

typedef struct PartitionSample PartitionSample;

/* The same index of the partition; NULL if that lacks a column.  In the current context. */
extern IndexSpec *dbops_partition_spec(const IndexSpec *spec, Oid partition);

/* An expression over varno 1, the table, as one over the partition. */
extern Node *dbops_partition_expression(Node *expression, Oid table, Oid partition);

/* Some partitions of the table, the largest first, that stand for all.  In the current context. */
extern PartitionSample *dbops_partition_sample(Oid table);

/*
 * What CREATE INDEX would make of it in all partitions; the height is that in the largest.
 * Partitions that are locked by DDL or gone are taken to be like the others.
 */
extern IndexSize
dbops_partition_size(const IndexSpec *spec, const PartitionSample *sample, const SizeHints *hints);

/* The largest partition; InvalidOid: there is none. */
extern Oid dbops_partition_largest(const PartitionSample *sample);
