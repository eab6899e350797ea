/*
 * advise/recommend_statistics_funcs.c
 *		dbops.recommend_statistics().
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/statistics_advice.h"
#include "advise/workload_arguments.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops_recommend_statistics);

/* Positions of the arguments. */
enum
{
	ARG_WORKLOAD,
	ARG_WEIGHTS,
	ARG_TIME_LIMIT
};

static const char *const confidences[] = {
    [ADVICE_LOW] = "low", [ADVICE_MEDIUM] = "medium", [ADVICE_HIGH] = "high"};

static Datum
make_array(const List *texts)
{
	Datum *values = palloc(sizeof(Datum) * list_length(texts));
	int n = 0;
	ListCell *lc;

	foreach (lc, texts)
		values[n++] = CStringGetTextDatum((char *) lfirst(lc));
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
emit_advice(RowSet *rows, int rank, const StatisticsAdvice *advice)
{
	const StatisticsFinding *finding = &advice->finding;
	Oid table = finding->table;

	dbops_rows_put(rows, "rank", Int32GetDatum(rank));
	dbops_rows_put_text(rows, "ddl", advice->ddl);
	dbops_rows_put_text(rows, "undo_ddl", advice->undo_ddl);
	dbops_rows_put_text(rows, "table_name",
	                    quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
	                                               get_rel_name(table)));
	dbops_rows_put(rows, "columns", make_array(advice->columns));
	dbops_rows_put(rows, "estimated_rows", Float8GetDatum(rint(Max(finding->estimated, 1))));
	dbops_rows_put(rows, "actual_rows", Float8GetDatum(rint(finding->actual)));
	dbops_rows_put(rows, "factor",
	               Float8GetDatum(dbops_dependence_factor(finding->estimated, finding->actual)));
	dbops_rows_put(rows, "statements", Int32GetDatum(advice->statements));
	dbops_rows_put(rows, "calls_per_day", Float8GetDatum(advice->calls_per_day));
	if (advice->ms_per_day > 0)
		dbops_rows_put(rows, "ms_per_day", Float8GetDatum(advice->ms_per_day));
	dbops_rows_put_text(rows, "confidence", confidences[finding->confidence]);
	dbops_rows_put_text(rows, "reason", advice->reason);
	dbops_rows_emit(rows);
}

Datum
dbops_recommend_statistics(PG_FUNCTION_ARGS)
{
	double seconds = dbops_workload_arguments_seconds(fcinfo, ARG_TIME_LIMIT);
	RowSet *rows = dbops_rows_begin(fcinfo);
	const Workload *workload = dbops_workload_arguments_read(fcinfo, ARG_WORKLOAD, ARG_WEIGHTS);
	List *advice = dbops_statistics_advise(workload, seconds);
	int rank = 0;
	ListCell *lc;

	foreach (lc, advice)
		emit_advice(rows, ++rank, lfirst(lc));
	PG_RETURN_NULL();
}
