/*
 * advise/foreign_key_advice.c
 *		Advice for foreign keys; see foreign_key_advice.h.
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "catalog/pg_am_d.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/foreign_key_advice.h"
#include "advise/foreign_key_cost.h"
#include "advise/index_script.h"
#include "advise/restricted.h"

/* A foreign key without index, and what one would be. */
typedef struct KeyIndex
{
	const SearchResult *result;
	const ForeignKey *key;
	IndexSpec *spec;
	IndexSize size;
	double lookups;
	double saves;
	double upkeep;
	double build_seconds;
} KeyIndex;

static bool
is_served(const SearchResult *result, const ForeignKey *key)
{
	Bitmapset *there =
	    bms_union(bms_difference(result->existing, result->dropped), result->created);

	for (int item = -1; (item = bms_next_member(there, item)) >= 0;)
	{
		const IndexSpec *spec = dbops_whatif_item(result->whatif, item)->spec;

		if (spec != NULL && dbops_index_serves_key(spec, key))
			return true;
	}
	return false;
}

static IndexSpec *
make_spec(const ForeignKey *key)
{
	IndexSpec *spec = dbops_index_spec_new(key->table, BTREE_AM_OID);

	for (int i = 0; i < key->ncolumns; i++)
	{
		if (!dbops_index_spec_add_key(spec, key->columns[i], NULL))
			return NULL;
	}
	return spec;
}

/* Rows of the referenced table that are deleted or get another key in a day. */
static double
count_lookups(const WriteFacts *writes, const ForeignKey *key)
{
	double lookups = writes->deletes;
	double all = 0;
	double changing = 0;
	Bitmapset *columns = NULL;

	for (int i = 0; i < key->ncolumns; i++)
		columns = bms_add_member(columns,
		                         key->referenced_columns[i] - FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; i < writes->nkinds; i++)
	{
		all += writes->kinds[i].rows;
		changing += bms_overlap(writes->kinds[i].columns, columns) ? writes->kinds[i].rows : 0;
	}
	return all > 0 ? lookups + writes->updates * changing / all : lookups;
}

/* All of what may find a table gone or locked. */
static void
weigh_key(void *arg)
{
	KeyIndex *index = arg;
	Upkeep *upkeep = index->result->upkeep;
	ForeignKeyFacts facts = {.ncolumns = index->key->ncolumns,
	                         .ms_per_cost = index->result->ms_per_cost,
	                         .seq_page_cost = seq_page_cost,
	                         .random_page_cost = random_page_cost,
	                         .cpu_tuple_cost = cpu_tuple_cost,
	                         .cpu_operator_cost = cpu_operator_cost};
	double pages;
	int item;

	facts.lookups = index->lookups =
	    count_lookups(dbops_upkeep_writes(upkeep, index->key->referenced, &pages), index->key);
	facts.table_tuples =
	    dbops_upkeep_writes(upkeep, index->key->table, &facts.table_pages)->table_tuples;
	LockRelationOid(index->key->table, AccessShareLock);
	index->spec = make_spec(index->key);
	if (index->spec == NULL || !(index->lookups > 0))
		return;
	item = dbops_whatif_add(index->result->whatif, index->spec);
	if (item < 0)
		return;
	index->size = dbops_whatif_item(index->result->whatif, item)->size;
	facts.tree_height = index->size.tree_height;
	index->saves = dbops_foreign_key_saves(&facts);
	index->upkeep = dbops_upkeep_of_spec(upkeep, index->spec, &index->size).ms_per_day;
	index->build_seconds = dbops_upkeep_build(upkeep, index->spec, &index->size).seconds;
}

static Recommendation *
advise(const KeyIndex *index, List **taken)
{
	IndexScript script = dbops_index_script_of(index->spec, taken);
	Recommendation *advice = palloc0(sizeof(Recommendation));

	advice->action = "create";
	advice->table = index->key->table;
	advice->ddl = script.create;
	advice->undo_ddl = script.drop;
	advice->index_size_bytes = dbops_index_size_bytes(&index->size);
	advice->benefit_ms_per_day = index->saves;
	advice->write_cost_ms_per_day = index->upkeep;
	advice->build_seconds = index->build_seconds;
	/* Rows are counted, what each of them takes is not. */
	advice->confidence = index->result->given ? "low" : "medium";
	advice->reason = psprintf(
	    "no index serves foreign key %s: each of %.0f rows a day that are deleted from %s, or get "
	    "another key, makes the server read all of %s",
	    quote_identifier(get_constraint_name(index->key->constraint)), index->lookups,
	    get_rel_name(index->key->referenced), get_rel_name(index->key->table));
	return advice;
}

static int
compare_saving(const ListCell *a, const ListCell *b)
{
	const KeyIndex *left = lfirst(a);
	const KeyIndex *right = lfirst(b);

	if (left->saves != right->saves)
		return left->saves > right->saves ? -1 : 1;
	return left->key->constraint < right->key->constraint ? -1 : 1;
}

/* Those that pay, of keys that nothing serves. */
static List *
weigh_keys(const SearchResult *result)
{
	const ExistingIndexes *existing = result->droppables->existing;
	const RestrictedContext nobody_else = {0};
	List *found = NIL;

	for (int i = 0; i < existing->nkeys; i++)
	{
		KeyIndex *index = palloc0(sizeof(KeyIndex));
		TaskError error;

		*index = (KeyIndex){.result = result, .key = &existing->keys[i]};
		if (!is_served(result, index->key) &&
		    dbops_restricted_run(&nobody_else, weigh_key, index, &error) &&
		    index->saves > (isnan(index->upkeep) ? 0 : index->upkeep))
			found = lappend(found, index);
	}
	list_sort(found, compare_saving);
	return found;
}

List *
dbops_foreign_key_advice_make(const SearchResult *result, List **taken)
{
	double bytes = result->bytes_left;
	int left = result->indexes_left;
	List *made = NIL;
	List *advice = NIL;
	ListCell *lc;

	foreach (lc, weigh_keys(result))
	{
		const KeyIndex *index = lfirst(lc);
		bool twice = false;
		ListCell *other;

		/* Two keys may have the same columns. */
		foreach (other, made)
			twice = twice || dbops_index_serves_key(lfirst(other), index->key);
		if (twice || left <= 0 || !dbops_index_script_hold(index->key->table) ||
		    !dbops_index_script_hold(index->key->referenced) ||
		    dbops_index_size_bytes(&index->size) > bytes)
			continue;
		advice = lappend(advice, advise(index, taken));
		made = lappend(made, index->spec);
		bytes -= dbops_index_size_bytes(&index->size);
		left--;
	}
	return advice;
}
