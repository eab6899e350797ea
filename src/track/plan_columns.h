/*
 * track/plan_columns.h
 *		Names of the columns that a plan sorts, groups and searches by.
 *
 * A file of its own because a column of a plan is found by following it down the tree to where it
 * is read, which nothing else does.  No catalog is asked: the names stand in the plan.
 */
#pragma once

#include "nodes/plannodes.h"

/* What column `column` of the plan's output is; "expression" if it is computed. */
extern const char *
dbops_plan_columns_output(const PlannedStmt *stmt, const Plan *plan, AttrNumber column);

/* What a clause of an index scan searches by. */
extern const char *
dbops_plan_columns_search(const PlannedStmt *stmt, const Plan *plan, const Node *clause);
