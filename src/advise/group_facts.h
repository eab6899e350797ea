/*
 * advise/group_facts.h
 *		GROUP BY and DISTINCT whose number of groups extended statistics would mend.
 *
 * A file of its own because groups are counted over all rows of a table, with the planner's
 * estimator for groups, not for conditions.
 */
#pragma once

#include "advise/dependence_facts.h"

/* As dbops_dependence_find(), for what the query groups the relation by. */
extern List *dbops_group_find(PlannerInfo *root, RelOptInfo *rel, Oid table);
