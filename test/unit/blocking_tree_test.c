/*
 * test/unit/blocking_tree_test.c
 *		The tree of blockers: roots on top, who holds up most first, everybody once.
 *
 * sources: src/expose/blocking_tree.c
 */
#include "postgres.h"

#include "expose/blocking_tree.h"

#include "tap.h"

#define MOST 64

/* Builds the tree of nodes with these parents and describes it as "node/depth/below ...". */
static const char *
describe(const int *parents, int count)
{
	static char tree[MOST * 16];
	BlockingNode nodes[MOST];
	int order[MOST];
	int length = 0;

	for (int i = 0; i < count; i++)
		nodes[i] = (BlockingNode){.parent = parents[i], .depth = 77, .below = 77};
	dbops_blocking_tree_build(nodes, count, order);
	tree[0] = '\0';
	for (int i = 0; i < count; i++)
		length += snprintf(tree + length, sizeof(tree) - length, "%s%d/%d/%d", i > 0 ? " " : "",
		                   order[i], nodes[order[i]].depth, nodes[order[i]].below);
	return tree;
}

static void
test_shapes(void)
{
	is_str(describe(NULL, 0), "", "nobody is a tree");
	is_str(describe((int[]){-1, 0, 1, 2}, 4), "0/0/3 1/1/2 2/2/1 3/3/0", "a chain");
	is_str(describe((int[]){1, 2, -1}, 3), "2/0/2 1/1/1 0/2/0",
	       "whatever the order it is found in");
	is_str(describe((int[]){-1, 0, 0, 0}, 4), "0/0/3 1/1/0 2/1/0 3/1/0",
	       "a queue in the order it is found in");
	is_str(describe((int[]){-1, 0, -1, 2, 2, 4}, 6), "2/0/3 4/1/1 5/2/0 3/1/0 0/0/1 1/1/0",
	       "who holds up most comes first, at every level");
}

static void
test_circles(void)
{
	is_str(describe((int[]){1, 0}, 2), "0/0/1 1/1/0", "of two that block each other one is a root");
	is_str(describe((int[]){2, 0, 1, 2}, 4), "0/0/3 1/1/2 2/2/1 3/3/0",
	       "a circle with somebody waiting for it");
	is_str(describe((int[]){-1, 3, 0, 1}, 4), "0/0/1 2/1/0 1/0/1 3/1/0", "a circle beside a chain");
	is_str(describe((int[]){0}, 1), "0/0/0", "who is in its own way waits for nobody");
}

int
main(void)
{
	test_shapes();
	test_circles();
	return tap_done();
}
