/*
 * advise/passed_over.h
 *		Which tables of a statement no advice is given for.
 *
 * A file of its own because advice on indexes and on statistics pass over the same ones.
 */
#pragma once

#include "nodes/pathnodes.h"

/* A partitioned table has the pages of the partitions that are left after pruning. */
extern double dbops_passed_over_pages(const PlannerInfo *root, const RelOptInfo *rel);

/* Why the table gets no advice; NULL: it may. */
extern const char *
dbops_passed_over_reason(const PlannerInfo *root, const RelOptInfo *rel, Oid table);
