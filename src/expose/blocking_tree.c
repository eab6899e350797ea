/*
 * expose/blocking_tree.c
 *		Who blocks whom, as a tree that can be read from the top; see blocking_tree.h.
 */
#include "postgres.h"

#include "expose/blocking_tree.h"

/* A node among those with the same parent. */
typedef struct Sibling
{
	int node;
	int parent;
	int below;
} Sibling;

/* Makes a root of one node of each circle. */
static void
break_circles(BlockingNode *nodes, int count)
{
	int *visit = palloc0(sizeof(int) * (count + 1));

	for (int i = 0; i < count; i++)
	{
		int node = i;

		while (node >= 0 && visit[node] == 0)
		{
			visit[node] = i + 1;
			node = nodes[node].parent;
		}
		/* Back at a node of this very walk: the rest of the way is a circle. */
		if (node >= 0 && visit[node] == i + 1)
		{
			int first = node;

			for (int next = nodes[node].parent; next != node; next = nodes[next].parent)
				first = Min(first, next);
			nodes[first].parent = -1;
		}
	}
	pfree(visit);
}

static void
measure_nodes(BlockingNode *nodes, int count)
{
	for (int i = 0; i < count; i++)
	{
		nodes[i].depth = 0;
		nodes[i].below = 0;
	}
	for (int i = 0; i < count; i++)
	{
		for (int above = nodes[i].parent; above >= 0; above = nodes[above].parent)
		{
			nodes[above].below++;
			nodes[i].depth++;
		}
	}
}

/* By parent; within one the last to be shown first, as they are taken from a stack. */
static int
compare_siblings(const void *a, const void *b)
{
	const Sibling *x = a;
	const Sibling *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->below != y->below)
		return x->below < y->below ? -1 : 1;
	return x->node < y->node ? 1 : -1;
}

void
dbops_blocking_tree_build(BlockingNode *nodes, int count, int *order)
{
	Sibling *siblings = palloc(sizeof(Sibling) * (count + 1));
	int *first = palloc(sizeof(int) * (count + 2)); /* of each parent's, counted from -1 */
	int *stack = palloc(sizeof(int) * (count + 1));
	int depth = 0;
	int filled = 0;
	int s = 0;

	break_circles(nodes, count);
	measure_nodes(nodes, count);
	for (int i = 0; i < count; i++)
		siblings[i] = (Sibling){.node = i, .parent = nodes[i].parent, .below = nodes[i].below};
	qsort(siblings, count, sizeof(Sibling), compare_siblings);
	for (int parent = -1; parent <= count; parent++)
	{
		first[parent + 1] = s;
		while (s < count && siblings[s].parent == parent)
			s++;
	}

	for (int i = first[0]; i < first[1]; i++)
		stack[depth++] = siblings[i].node;
	while (depth > 0)
	{
		int node = stack[--depth];

		order[filled++] = node;
		for (int i = first[node + 1]; i < first[node + 2]; i++)
			stack[depth++] = siblings[i].node;
	}
	Assert(filled == count);
	pfree(siblings);
	pfree(first);
	pfree(stack);
}
