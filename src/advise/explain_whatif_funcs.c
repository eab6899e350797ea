/*
 * advise/explain_whatif_funcs.c
 *		dbops.explain_whatif(): the plan of a statement with indexes that do not exist.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/index_text.h"
#include "advise/whatif.h"
#include "core/compat_planner.h"

PG_FUNCTION_INFO_V1(dbops_explain_whatif);

static explain_get_index_name_hook_type prev_index_name = NULL;

/* What stands in the plan for an index that has no name. */
static const char *
name_index(Oid indexid)
{
	const Whatif *whatif = dbops_whatif_active();
	int item = whatif != NULL ? dbops_whatif_find(whatif, indexid) : -1;
	const WhatifItem *index = item >= 0 ? dbops_whatif_item(whatif, item) : NULL;

	if (index != NULL && !OidIsValid(index->indexid))
		return psprintf("hypothetical_%s",
		                index->name ? index->name : dbops_index_spec_name(index->spec, NULL));
	return prev_index_name ? prev_index_name(indexid) : NULL;
}

static void
install_hook(void)
{
	static bool installed = false;

	if (installed)
		return;
	prev_index_name = explain_get_index_name_hook;
	explain_get_index_name_hook = name_index;
	installed = true;
}

/* Prints the plan; it is not run, so that the locks for reading do. */
static void
print_plan(PlannedStmt *plan, const Statement *statement, void *arg)
{
	StringInfo printed = arg;
	ExplainState *es = NewExplainState();
	ListCell *lc;

	foreach (lc, plan->rtable)
		lfirst_node(RangeTblEntry, lc)->rellockmode = AccessShareLock;
	es->costs = true;
	ExplainBeginOutput(es);
	dbops_compat_explain_plan(plan, es, statement->source->text, statement->params);
	ExplainEndOutput(es);
	appendStringInfoString(printed, es->str->data);
}

static int
add_index(Whatif *whatif, const IndexText *command)
{
	int item;

	if (command->spec->predicate != NIL)
	{
		double share = dbops_whatif_share(whatif, command->spec->table, command->spec->predicate);

		command->spec->selectivity = share >= 0 ? share : 1;
	}
	item = dbops_whatif_add(whatif, command->spec);
	if (item < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
		                errmsg("the expressions of the index fail for rows of table \"%s\"",
		                       get_rel_name(command->spec->table))));
	if (command->name != NULL)
		dbops_whatif_call(whatif, item, command->name);
	return item;
}

/* The list of commands, and what is made of it. */
typedef struct Reading
{
	Whatif *whatif;
	ArrayType *array;
	Bitmapset *present; /* items: what is there, beside all that no command drops */
} Reading;

static void
read_indexes(void *arg)
{
	Reading *reading = arg;
	Datum *texts;
	bool *nulls;
	int n;

	deconstruct_array(reading->array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		IndexText command;

		if (nulls[i])
			continue;
		command = dbops_index_text_read(TextDatumGetCString(texts[i]));
		if (command.spec == NULL)
			dbops_whatif_add_existing(reading->whatif, command.dropped);
		else
			reading->present =
			    bms_add_member(reading->present, add_index(reading->whatif, &command));
	}
}

Datum
dbops_explain_whatif(PG_FUNCTION_ARGS)
{
	Whatif *whatif = dbops_whatif_new();
	WorkloadStatement source = {.text = text_to_cstring(PG_GETARG_TEXT_PP(0))};
	StringInfoData printed;
	WhatifRequest request = {.on_plan = print_plan, .arg = &printed};
	Statement *statement;
	Reading reading = {.whatif = whatif, .array = PG_GETARG_ARRAYTYPE_P(1)};
	TaskError error;
	WhatifPlan plan;

	if (!dbops_restricted_run(&(RestrictedContext){0}, read_indexes, &reading, &error))
		ereport(ERROR, (errcode(error.sqlerrcode), errmsg("%s", error.message),
		                errhint("Give commands such as CREATE INDEX ON t (a, b) or DROP INDEX i, "
		                        "one each.")));
	request.present = reading.present;
	statement = dbops_sent_statement_read(&source);
	install_hook();
	initStringInfo(&printed);
	if (!dbops_whatif_plan(whatif, statement, &request, &plan))
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("the statement cannot be planned"),
		         errdetail("%s.", statement->left_out ? statement->left_out : statement->failure)));
	/* A rule may leave nothing to do; of that EXPLAIN says the same. */
	if (printed.len == 0)
		appendStringInfoString(&printed, "Query rewrites to nothing\n");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(printed.data, printed.len - 1));
}
