/*
 * advise/foreign_key_cost.c
 *		Lookups of foreign keys; see foreign_key_cost.h.
 */
#include "postgres.h"

#include <math.h>

#include "advise/foreign_key_cost.h"

/* cost_seqscan(); the rows that are found have to be read either way. */
static double
price_table(const ForeignKeyFacts *facts)
{
	return facts->table_pages * facts->seq_page_cost +
	       facts->table_tuples *
	           (facts->cpu_tuple_cost + facts->ncolumns * facts->cpu_operator_cost);
}

/* One page of each level, none of them cached. */
static double
price_index(const ForeignKeyFacts *facts)
{
	return (Max(facts->tree_height, 0) + 1) * facts->random_page_cost;
}

double
dbops_foreign_key_saves(const ForeignKeyFacts *facts)
{
	const double saved = price_table(facts) - price_index(facts);

	if (!(facts->lookups > 0) || !(saved > 0))
		return 0;
	return facts->lookups * saved * facts->ms_per_cost;
}
