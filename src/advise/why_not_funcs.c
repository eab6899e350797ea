/*
 * advise/why_not_funcs.c
 *		dbops.why_not().
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/why_not.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_why_not);
PG_FUNCTION_INFO_V1(dbops_why_not_of);

/* The window of the history that a statement is looked for in. */
#define WINDOW_MS (7 * INT64CONST(86400) * 1000)

static void
emit_lines(FunctionCallInfo fcinfo, const WorkloadStatement *source)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	ListCell *lc;

	foreach (lc, dbops_why_not_find(source))
	{
		const WhyNot *line = lfirst(lc);
		const char *name = OidIsValid(line->table) ? get_rel_name(line->table) : NULL;

		if (name != NULL)
			dbops_rows_put_text(rows, "table_name",
			                    quote_qualified_identifier(
			                        get_namespace_name(get_rel_namespace(line->table)), name));
		dbops_rows_put_text(rows, "reason", line->reason);
		dbops_rows_put_text(rows, "next_step", line->next_step);
		dbops_rows_emit(rows);
	}
}

Datum
dbops_why_not(PG_FUNCTION_ARGS)
{
	const Workload *workload =
	    dbops_workload_given(list_make1(text_to_cstring(PG_GETARG_TEXT_PP(0))), NULL);

	emit_lines(fcinfo, &workload->statements[0]);
	return (Datum) 0;
}

Datum
dbops_why_not_of(PG_FUNCTION_ARGS)
{
	uint64 queryid = (uint64) PG_GETARG_INT64(0);
	const Workload *workload = dbops_workload_load(MyDatabaseId, WINDOW_MS, WORKLOAD_STATEMENTS);

	for (int i = 0; i < workload->nstatements; i++)
	{
		if (workload->statements[i].queryid == queryid)
		{
			emit_lines(fcinfo, &workload->statements[i]);
			return (Datum) 0;
		}
	}
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
	                errmsg("no statement with queryid %lld is among the dearest of this database",
	                       (long long) queryid),
	                errhint("See dbops.workload() for those that are known, or give the text.")));
}
