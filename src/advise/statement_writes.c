/*
 * advise/statement_writes.c
 *		Rows that statements write; see statement_writes.h.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"

#include "advise/statement_writes.h"

/* A walk over a query and those within it: how many rows one call writes. */
typedef struct WriteSearch
{
	Oid table;
	double known_rows; /* of a call; -1: not known */
	StatementWrites per_call;
} WriteSearch;

/* Rows that INSERT brings in the statement itself. */
static double
count_values(const Query *query)
{
	ListCell *lc;

	foreach (lc, query->rtable)
	{
		const RangeTblEntry *entry = lfirst(lc);

		if (entry->rtekind == RTE_VALUES)
			return list_length(entry->values_lists);
	}
	return 1;
}

static void
count_query(const Query *query, WriteSearch *search)
{
	const bool known = search->known_rows >= 0;
	const double rows = known ? search->known_rows : 1;

	switch (query->commandType)
	{
		case CMD_INSERT:
			search->per_call.inserts += known ? rows : count_values(query);
			break;
		case CMD_DELETE:
			search->per_call.deletes += rows;
			break;
		default:
			search->per_call.updates += rows;
			break;
	}
}

static bool
find_writes(Node *node, WriteSearch *search)
{
	const Query *query = (const Query *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, find_writes, search);
	if (query->resultRelation > 0 &&
	    rt_fetch(query->resultRelation, query->rtable)->relid == search->table)
		count_query(query, search);
	return query_tree_walker((Query *) query, find_writes, search, 0);
}

StatementWrites
dbops_statement_writes_find(const List *statements, Oid table, const UpdateRows *rows,
                            double least_calls)
{
	StatementWrites writes = {0};
	ListCell *lc;

	foreach (lc, statements)
	{
		const Statement *statement = lfirst(lc);
		const WorkloadStatement *source = statement->source;
		/* Of given texts nothing but the weight is known. */
		const double calls = source->calls_per_day > 0 ? source->calls_per_day : source->weight;
		WriteSearch search = {.table = table};

		if (calls < least_calls)
			continue;
		search.known_rows = dbops_update_rows_per_call(rows, source->queryid);
		find_writes((Node *) statement->queries, &search);
		writes.inserts += calls * search.per_call.inserts;
		writes.updates += calls * search.per_call.updates;
		writes.deletes += calls * search.per_call.deletes;
	}
	return writes;
}
