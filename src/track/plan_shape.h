/*
 * track/plan_shape.h
 *		The shape of a plan: what it does, by which way, without what differs from call to call.
 *
 * Two plans have the same shape when they have the same nodes in the same tree, read the same
 * relations by the same indexes, and join, sort and group in the same manner.  Costs, row counts,
 * constants, the number of workers and whatever is below DEPTH_MAX levels do not matter.
 *
 * Partitions are not told apart: a plan that reads the partition of yesterday has the shape of one
 * that reads that of today, or both, as long as it reads them in the same way.  For that, a
 * partition counts as its partitioned table, its index as the columns it is searched by, and an
 * Append as the set of the shapes below it, or, if that is one alone, as nothing.
 *
 * A pure walk: no catalog, no memory, no error, little stack.
 */
#pragma once

#include "nodes/plannodes.h"

#include "core/symbols.h"

/* A walk through the plan of one statement. */
typedef struct ShapeWalk
{
	const PlannedStmt *stmt;
	int depth;
	int next_child; /* where appendRelations is likely to go on */
} ShapeWalk;

/* Never 0.  Good within this server as long as it runs: it has OIDs and numbers of node tags. */
extern DBOPS_PRIVATE uint64 dbops_plan_shape(const PlannedStmt *stmt);

/* The shape of a part of the plan. */
extern DBOPS_PRIVATE uint64 dbops_plan_shape_of(ShapeWalk *walk, const Plan *plan);

/* The partitioned table that a range table entry is a partition of, or 0. */
extern Index dbops_plan_shape_root(ShapeWalk *walk, Index rti);

/* What an Append or its like has below it: its plans; NIL for other nodes. */
extern const List *dbops_plan_shape_branches(const Plan *plan);

/*
 * Whether a branch is the first of its shape.  `shapes` collects those seen so far, at most
 * SHAPE_BRANCHES of them; what comes after these is not told apart.
 */
#define SHAPE_BRANCHES 16

typedef struct ShapeSet
{
	int count;
	uint64 shape[SHAPE_BRANCHES];
} ShapeSet;

extern bool dbops_plan_shape_add(ShapeSet *set, uint64 shape);

/* Whether the node stands for nothing but its branches. */
extern bool dbops_plan_shape_is_transparent(ShapeWalk *walk, const Plan *plan);

/*
 * The column of `varno` that a clause of an index search is about: the one on the left if there is
 * one.  0 when it is an expression.
 */
extern AttrNumber dbops_plan_shape_column(const Node *clause, int varno);
