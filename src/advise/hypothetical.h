/*
 * advise/hypothetical.h
 *		An index that does not exist, as the planner sees one.
 *
 * Everything an IndexOptInfo of a real index has is filled in the same way, the tree's height and
 * mark and restore included: a descent or a merge join costs what it will cost.  It is never
 * unique, as that would change what the query means, and marked hypothetical, so that nothing opens
 * it.
 */
#pragma once

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

#include "advise/index_size.h"
#include "advise/index_spec.h"

/* Its facts, to be copied into plannings.  In the current context. */
extern IndexOptInfo *
dbops_hypothetical_new(const IndexSpec *spec, Relation table, Oid indexid, const IndexSize *size);

/* Appends a copy to the indexes of a relation that is being planned. */
extern void dbops_hypothetical_inject(const IndexOptInfo *index, RelOptInfo *rel);
