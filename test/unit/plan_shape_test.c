/*
 * test/unit/plan_shape_test.c
 *		Which plans have the same shape, and which have not.
 *
 * sources: src/track/plan_shape.c
 */
#include "postgres.h"

#include <time.h>

#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"

#include "track/plan_shape.h"

#include "tap.h"

#define TABLE 16384
#define OTHER_TABLE 16385
#define INDEX 16400
#define OTHER_INDEX 16401
#define PARTITIONED 16500
#define PARTITION 16501 /* and those after it */
#define PARTITIONS 40

static void *
make_node(Size size, NodeTag tag)
{
	Node *node = palloc0(size);

	node->type = tag;
	return node;
}

#define MAKE(type) ((type *) make_node(sizeof(type), T_##type))

/* A list of pointers; the server's own functions for that are not here. */
static List *
append(List *list, void *pointer)
{
	int length = list_length(list);
	List *longer = palloc0(sizeof(List));
	ListCell *cells = palloc0(sizeof(ListCell) * (length + 1));

	for (int i = 0; i < length; i++)
		cells[i] = list->elements[i];
	cells[length].ptr_value = pointer;
	longer->type = T_List;
	longer->length = longer->max_length = length + 1;
	longer->elements = cells;
	return longer;
}

static void
add_table(PlannedStmt *stmt, Oid relid)
{
	RangeTblEntry *entry = MAKE(RangeTblEntry);

	entry->rtekind = RTE_RELATION;
	entry->relid = relid;
	stmt->rtable = append(stmt->rtable, entry);
}

/* A statement over TABLE, entry 1, and OTHER_TABLE, entry 2. */
static PlannedStmt *
make_stmt(Plan *plan)
{
	PlannedStmt *stmt = MAKE(PlannedStmt);

	add_table(stmt, TABLE);
	add_table(stmt, OTHER_TABLE);
	stmt->planTree = plan;
	return stmt;
}

static uint64
shape(Plan *plan)
{
	return dbops_plan_shape(make_stmt(plan));
}

static Plan *
seq_scan(Index rti)
{
	SeqScan *scan = MAKE(SeqScan);

	((Scan *) scan)->scanrelid = rti;
	return (Plan *) scan;
}

/* A search on a column of the entry. */
static Plan *
index_scan(Index rti, Oid indexid, AttrNumber column)
{
	IndexScan *scan = MAKE(IndexScan);
	OpExpr *clause = MAKE(OpExpr);
	Var *var = MAKE(Var);

	var->varno = rti;
	var->varattno = column;
	clause->args = append(NIL, var);
	scan->scan.scanrelid = rti;
	scan->indexid = indexid;
	scan->indexqual = append(NIL, clause);
	scan->indexqualorig = append(NIL, clause);
	scan->indexorderdir = ForwardScanDirection;
	return (Plan *) scan;
}

static Plan *
over(void *node, Plan *left, Plan *right)
{
	((Plan *) node)->lefttree = left;
	((Plan *) node)->righttree = right;
	return node;
}

static Plan *
join(JoinType type, Plan *left, Plan *right)
{
	HashJoin *node = MAKE(HashJoin);

	node->join.jointype = type;
	return over(node, left, over(MAKE(Hash), right, NULL));
}

static Plan *
sort(AttrNumber column, Plan *below)
{
	Sort *node = MAKE(Sort);

	node->numCols = 1;
	node->sortColIdx = palloc0(sizeof(AttrNumber));
	node->sortColIdx[0] = column;
	return over(node, below, NULL);
}

static void
test_lines(void)
{
	Plan *cheap = index_scan(1, INDEX, 1);
	Plan *dear = index_scan(1, INDEX, 1);
	Plan *backward = index_scan(1, INDEX, 1);
	uint64 of = shape(cheap);

	dear->total_cost = 1e9;
	dear->plan_rows = 1e9;
	((IndexScan *) backward)->indexorderdir = BackwardScanDirection;
	ok(of != 0, "a shape is not 0");
	ok(of == shape(dear), "costs and rows do not matter");
	ok(of != shape(index_scan(1, OTHER_INDEX, 1)), "the index matters");
	ok(of != shape(backward), "the direction matters");
	ok(of != shape(seq_scan(1)), "the kind of scan matters");
	ok(shape(seq_scan(1)) != shape(seq_scan(2)), "the table matters");
	ok(shape(over(MAKE(Result), seq_scan(1), NULL)) != shape(seq_scan(1)), "a node more matters");
	ok(dbops_plan_shape_line(make_stmt(cheap)) == of, "a plan of one node is a line");
}

static void
test_modifications(void)
{
	Plan *by_index = over(MAKE(ModifyTable), index_scan(1, INDEX, 1), NULL);
	Plan *by_table = over(MAKE(ModifyTable), seq_scan(1), NULL);

	ok(shape(by_index) == shape(over(MAKE(ModifyTable), index_scan(1, INDEX, 1), NULL)),
	   "two updates by an index are alike");
	ok(shape(by_index) != shape(by_table), "how an update finds its rows matters");
	ok(shape(by_index) != shape(index_scan(1, INDEX, 1)), "changing matters");
}

static void
test_trees(void)
{
	Plan *parallel = seq_scan(1);
	uint64 of = shape(join(JOIN_INNER, seq_scan(1), seq_scan(2)));

	parallel->parallel_aware = true;
	ok(of == shape(join(JOIN_INNER, seq_scan(1), seq_scan(2))), "two equal joins are alike");
	ok(of != shape(join(JOIN_INNER, seq_scan(2), seq_scan(1))), "the order of a join matters");
	ok(of != shape(join(JOIN_LEFT, seq_scan(1), seq_scan(2))), "the type of a join matters");
	ok(of != shape(join(JOIN_INNER, parallel, seq_scan(2))), "being parallel matters");
	ok(of != shape(join(JOIN_INNER, seq_scan(1), index_scan(2, INDEX, 1))),
	   "what is on the right matters");
	ok(shape(sort(1, seq_scan(1))) != shape(sort(2, seq_scan(1))), "the keys of a sort matter");
	ok(shape(join(JOIN_INNER, join(JOIN_INNER, seq_scan(1), seq_scan(2)), seq_scan(1))) !=
	       shape(join(JOIN_INNER, seq_scan(1), join(JOIN_INNER, seq_scan(2), seq_scan(1)))),
	   "where a join stands matters");
}

static void
test_subplans(void)
{
	PlannedStmt *with = make_stmt(seq_scan(1));
	PlannedStmt *other = make_stmt(seq_scan(1));

	with->subplans = append(NIL, seq_scan(2));
	other->subplans = append(NIL, index_scan(2, INDEX, 1));
	ok(dbops_plan_shape(with) != dbops_plan_shape(make_stmt(seq_scan(1))), "a subplan matters");
	ok(dbops_plan_shape(with) != dbops_plan_shape(other), "what a subplan does matters");
	with->subplans = append(NIL, NULL);
	ok(dbops_plan_shape(with) != 0, "a subplan may be missing");
}

/* Deeper than it is looked, to the right, which is where the walk calls itself. */
static void
test_depth(void)
{
	Plan *deep = seq_scan(1);

	for (int i = 0; i < 100000; i++)
		deep = over(MAKE(NestLoop), seq_scan(1), deep);
	ok(shape(deep) != 0, "a plan of any depth has a shape");
}

/* PARTITIONED is entry 3, its partitions those after it. */
static PlannedStmt *
partitioned(Plan *plan)
{
	PlannedStmt *stmt = make_stmt(plan);

	add_table(stmt, PARTITIONED);
	for (int i = 0; i < PARTITIONS; i++)
	{
		AppendRelInfo *child = MAKE(AppendRelInfo);

		add_table(stmt, PARTITION + i);
		child->parent_relid = 3;
		child->child_relid = 4 + i;
		child->parent_reloid = PARTITIONED;
		stmt->appendRelations = append(stmt->appendRelations, child);
	}
	return stmt;
}

static Plan *
append_of(Plan **plans, int count)
{
	Append *node = MAKE(Append);

	for (int i = 0; i < count; i++)
		node->appendplans = append(node->appendplans, plans[i]);
	return (Plan *) node;
}

static void
test_partitions(void)
{
	Plan *all[PARTITIONS];
	Plan *mixed[] = {index_scan(4, 17000, 2), seq_scan(5)};
	Plan *turned[] = {seq_scan(30), index_scan(20, 17016, 2), index_scan(21, 17017, 2)};
	ShapeWalk walk;
	uint64 of = dbops_plan_shape(partitioned(index_scan(4, 17000, 2)));

	for (int i = 0; i < PARTITIONS; i++)
		all[i] = index_scan(4 + i, 17000 + i, 2);
	ok(of == dbops_plan_shape(partitioned(index_scan(10, 17006, 2))),
	   "which partition is read does not matter");
	ok(of == dbops_plan_shape(partitioned(append_of(all, 2))) &&
	       of == dbops_plan_shape(partitioned(append_of(all, PARTITIONS))),
	   "how many are read does not matter");
	ok(of != dbops_plan_shape(partitioned(index_scan(4, 17000, 1))),
	   "the column they are searched by matters");
	ok(of != dbops_plan_shape(partitioned(seq_scan(4))), "how they are read matters");
	ok(of != dbops_plan_shape(partitioned(append_of(mixed, 2))), "reading one otherwise matters");
	ok(dbops_plan_shape(partitioned(append_of(mixed, 2))) ==
	       dbops_plan_shape(partitioned(append_of(turned, 3))),
	   "in which order they are read does not matter");
	walk = (ShapeWalk){.stmt = partitioned(NULL)};
	ok(dbops_plan_shape_root(&walk, 43) == 3 && dbops_plan_shape_root(&walk, 4) == 3 &&
	       dbops_plan_shape_root(&walk, 1) == 0,
	   "the root of a partition is found, from whichever was asked for before");
}

/* Two tables of so many partitions, read in turn: what each is a partition of is found at once. */
static void
test_many_partitions(void)
{
	enum
	{
		MANY = 50000
	};
	PlannedStmt *stmt = MAKE(PlannedStmt);
	ShapeWalk walk = {.stmt = stmt};
	ListCell *cells = palloc0(sizeof(ListCell) * 2 * MANY);
	clock_t begun = clock();
	bool found = true;

	for (int i = 0; i < 2 * MANY; i++)
	{
		AppendRelInfo *append = MAKE(AppendRelInfo);

		append->parent_relid = i < MANY ? 1 : 2;
		append->child_relid = 3 + i;
		append->parent_reloid = PARTITIONED;
		cells[i].ptr_value = append;
	}
	/* Some come late. */
	((AppendRelInfo *) cells[0].ptr_value)->child_relid = 2 + 2 * MANY;
	((AppendRelInfo *) cells[2 * MANY - 1].ptr_value)->child_relid = 3;
	stmt->appendRelations = MAKE(List);
	stmt->appendRelations->length = 2 * MANY;
	stmt->appendRelations->elements = cells;
	for (int i = 1; i < MANY; i++)
		found &= dbops_plan_shape_root(&walk, 3 + i) == 1 &&
		         dbops_plan_shape_root(&walk, 2 + MANY + i) == 2;
	ok(found, "the roots of many partitions are found");
	ok(dbops_plan_shape_root(&walk, 3) == 2 && dbops_plan_shape_root(&walk, 2 + 2 * MANY) == 1,
	   "and those of partitions that are not in order");
	ok(clock() - begun < CLOCKS_PER_SEC, "in far less than a second");
}

/* The branches of a UNION ALL have a parent that is no relation. */
static void
test_union(void)
{
	Plan *branches[] = {seq_scan(4), seq_scan(5)};
	PlannedStmt *stmt = partitioned(append_of(branches, 2));

	for (int i = 0; i < PARTITIONS; i++)
		((AppendRelInfo *) list_nth(stmt->appendRelations, i))->parent_reloid = InvalidOid;
	ok(dbops_plan_shape(stmt) != dbops_plan_shape(partitioned(append_of(branches, 2))),
	   "branches of a UNION ALL are told apart");
}

int
main(void)
{
	test_lines();
	test_modifications();
	test_trees();
	test_subplans();
	test_depth();
	test_partitions();
	test_many_partitions();
	test_union();
	return tap_done();
}
