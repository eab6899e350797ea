/*
 * test/unit/foreign_key_cost_test.c
 *		What an index for a foreign key saves.
 *
 * sources: src/advise/foreign_key_cost.c
 */
#include "postgres.h"

#include <math.h>

#include "advise/foreign_key_cost.h"

#include "tap.h"

static const ForeignKeyFacts usual = {
    .lookups = 10,
    .table_pages = 1000,
    .table_tuples = 100000,
    .ncolumns = 1,
    .tree_height = 1,
    .ms_per_cost = 0.01,
    .seq_page_cost = 1,
    .random_page_cost = 4,
    .cpu_tuple_cost = 0.01,
    .cpu_operator_cost = 0.0025,
};

int
main(void)
{
	ForeignKeyFacts facts = usual;

	is_near(dbops_foreign_key_saves(&facts), 10 * (2250 - 8) * 0.01, 1e-9,
	        "each lookup reads the table, less two pages of the index");
	facts.ncolumns = 2;
	is_near(dbops_foreign_key_saves(&facts), 10 * (2500 - 8) * 0.01, 1e-9,
	        "and compares each column");
	facts = usual;
	facts.lookups = 0;
	is_near(dbops_foreign_key_saves(&facts), 0, 0, "nobody deletes");
	facts.lookups = NAN;
	is_near(dbops_foreign_key_saves(&facts), 0, 0, "nobody knows");
	facts = usual;
	facts.table_tuples = NAN;
	is_near(dbops_foreign_key_saves(&facts), 0, 0, "nor how large the table is");
	facts = usual;
	facts.table_pages = 1;
	facts.table_tuples = 10;
	is_near(dbops_foreign_key_saves(&facts), 0, 0, "a table of one page is read as soon");
	return tap_done();
}
