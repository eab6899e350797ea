/*
 * expose/blocking_tree.h
 *		Who blocks whom, as a tree that can be read from the top.
 *
 * A file of its own because it is a decision about an order and knows no locks: given who is in the
 * way of each session, it says who stands at the root, how deep each stands, how many each holds
 * up, and in which order to show them.
 */
#pragma once

/* What is left out is filled in by dbops_blocking_tree_build. */
typedef struct BlockingNode
{
	int parent; /* position of who is in the way; -1 for none */
	int depth;  /* 0: a root */
	int below;  /* how many wait for it, directly or not */
} BlockingNode;

/*
 * Builds the tree of `count` nodes, whose parents are given, and fills order[] with their
 * positions: each node behind its parent, those that hold up most first.  Of nodes that wait for
 * each other in a circle the first one becomes a root.  Allocates scratch in the current context.
 */
extern void dbops_blocking_tree_build(BlockingNode *nodes, int count, int *order);
