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

#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"

#define SHAPE_PARENTLESS 16

/* A walk through the plan of one statement. */
typedef struct ShapeWalk
{
	const PlannedStmt *stmt;
	int depth;
	Index parentless[SHAPE_PARENTLESS]; /* known to be no partitions: each is asked for again */
} ShapeWalk;

#define PLAN_SHAPE_SEED UINT64CONST(0x6f7073646270616e)

static inline uint64
dbops_plan_shape_mix(uint64 hash, uint64 value)
{
	return (((hash << 5) | (hash >> 59)) ^ value) * UINT64CONST(0x9e3779b97f4a7c15);
}

static inline uint64
dbops_plan_shape_pair(uint64 high, uint64 low)
{
	return (high << 32) | low;
}

/* The highest bit is set, so whichever upper bits are kept of a shape, they are not 0. */
static inline uint64
dbops_plan_shape_mark(uint64 hash)
{
	return hash | UINT64CONST(1) << 63;
}

/*
 * The shape of a plan of common nodes in a line; 0 if it is another.  That is what nearly every
 * short statement has, and it is those that feel the cost: inline, and some fifteen instructions a
 * node.  Not the number that a walk would give, but a plan always has either this one or that.
 */
static inline uint64
dbops_plan_shape_line(const PlannedStmt *stmt)
{
	const List *entries = stmt->rtable;
	uint64 hash = PLAN_SHAPE_SEED;

	if (unlikely(stmt->subplans != NIL || stmt->appendRelations != NIL))
		return 0;
	for (const Plan *plan = stmt->planTree; plan != NULL; plan = plan->lefttree)
	{
		uint64 with;

		if (unlikely(plan->righttree != NULL))
			return 0;
		if (IsA(plan, IndexScan))
			/* The index tells the table. */
			with = dbops_plan_shape_pair(((const IndexScan *) plan)->indexorderdir,
			                             ((const IndexScan *) plan)->indexid);
		else if (IsA(plan, SeqScan))
			with = ((const RangeTblEntry *) list_nth(entries, ((const Scan *) plan)->scanrelid - 1))
			           ->relid;
		else if (IsA(plan, ModifyTable) || IsA(plan, Result))
			/* What is changed, and how, is the same in all plans of a statement. */
			with = 0;
		else
			return 0;
		hash = dbops_plan_shape_mix(hash + nodeTag(plan), with);
	}
	return dbops_plan_shape_mark(hash ^ (hash >> 32));
}

/* Never 0.  Good within this server as long as it runs: it has OIDs and numbers of node tags. */
extern uint64 dbops_plan_shape(const PlannedStmt *stmt);

/* The shape of a part of the plan. */
extern uint64 dbops_plan_shape_of(ShapeWalk *walk, const Plan *plan);

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
