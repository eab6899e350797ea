/*
 * advise/candidates_funcs.c
 *		dbops._candidates(): what the advisor would think of for one statement.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/candidates.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__candidates);

/* Enough to see all. */
#define MANY_PER_RELATION 1000

static void
put_candidate(RowSet *rows, const WhatifItem *item, const WhatifPlan *before,
              const WhatifPlan *after, bool used)
{
	dbops_rows_put_text(
	    rows, "table_name",
	    quote_qualified_identifier(get_namespace_name(get_rel_namespace(item->table)),
	                               get_rel_name(item->table)));
	dbops_rows_put_text(rows, "ddl", dbops_index_spec_ddl(item->spec, NULL, false));
	dbops_rows_put(rows, "bytes", Int64GetDatum((int64) dbops_index_size_bytes(&item->size)));
	dbops_rows_put(rows, "used", BoolGetDatum(used));
	dbops_rows_put(rows, "cost_before", Float8GetDatum(before->cost));
	dbops_rows_put(rows, "cost_after", Float8GetDatum(after->cost));
	dbops_rows_emit(rows);
}

static void
warn_passed_over(Oid table, const char *reason, void *arg)
{
	ereport(DEBUG1,
	        (errmsg_internal("no index of \"%s\" is thought of: %s", get_rel_name(table), reason)));
}

Datum
dbops__candidates(PG_FUNCTION_ARGS)
{
	const WorkloadStatement source = {.text = text_to_cstring(PG_GETARG_TEXT_PP(0)),
	                                  .userid = GetUserId()};
	const CandidateLimits limits = {.max_columns = PG_GETARG_INT32(1),
	                                .per_relation = MANY_PER_RELATION,
	                                .on_passed_over = warn_passed_over};
	RowSet *rows = dbops_rows_begin(fcinfo);
	Whatif *whatif = dbops_whatif_new();
	Statement *statement = dbops_sent_statement_read(&source);
	WhatifRequest request = {0};
	WhatifPlan before;
	WhatifPlan after;

	if (limits.max_columns < 1 || limits.max_columns > SPEC_MAX_COLUMNS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("an index has between 1 and %d columns", SPEC_MAX_COLUMNS)));
	request.present = dbops_candidates_find(whatif, statement, &limits);
	if (statement->left_out != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("the statement is not analyzed: %s", statement->left_out)));
	if (dbops_whatif_plan(whatif, statement, &(WhatifRequest){0}, &before) &&
	    dbops_whatif_plan(whatif, statement, &request, &after))
	{
		for (int i = 0; i < dbops_whatif_count(whatif); i++)
			put_candidate(rows, dbops_whatif_item(whatif, i), &before, &after,
			              bms_is_member(i, after.uses));
	}
	return (Datum) 0;
}
