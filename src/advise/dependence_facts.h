/*
 * advise/dependence_facts.h
 *		Conditions of a statement whose estimates extended statistics would mend.
 *
 * Needs the planner, for its estimates, and a sample of rows, for the truth; what follows from both
 * is in dependence.
 */
#pragma once

#include "nodes/pathnodes.h"

#include "advise/dependence.h"

typedef struct StatisticsFinding
{
	Oid table;
	List *expressions; /* columns and expressions, of varno 1 */
	int kinds;         /* of StatisticsKind */
	bool groups;       /* these are counted, not rows */
	double estimated;
	double actual;
	double after; /* what the planner would say with them */
	AdviceConfidence confidence;
} StatisticsFinding;

/*
 * A List of StatisticsFinding for the conditions on a relation that is being planned, in the
 * current context.  As the current user, who must be allowed to read the table.
 */
extern List *dbops_dependence_find(PlannerInfo *root, RelOptInfo *rel, Oid table);
