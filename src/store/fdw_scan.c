/*
 * store/fdw_scan.c
 *		Running a scan of a foreign table; see fdw_scan.h.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "core/compat.h"
#include "store/fdw_request.h"
#include "store/fdw_row.h"
#include "store/fdw_scan.h"

typedef struct FdwScan
{
	RowMaker maker;
	List *values; /* ExprState of each request */
	const List *kinds;
	const List *labels;
	const List *expressions;
	bool *wanted;
	MemoryContext context; /* of one run of the scan: values, reader, frame */
	bool started;
	HistoryScan *history; /* TABLE_HISTORY; NULL when no row can match */
	Frame *frame;         /* TABLE_NOW */
	int next_row;
	HistoryRow row; /* of the frame, in the shape of a row of the history */
} FdwScan;

static bool *
make_needed(const FdwTable *table, const List *attributes)
{
	bool *needed = palloc0(sizeof(bool) * table->natts);
	ListCell *cell;

	foreach (cell, attributes)
		needed[lfirst_int(cell) - 1] = true;
	return needed;
}

static bool *
make_wanted(const FdwTable *table, const bool *needed)
{
	bool *wanted = palloc0(sizeof(bool) * Max(table->family->nmetrics, 1));

	for (int i = 0; i < table->natts; i++)
	{
		if (needed[i] && table->columns[i] != NULL)
			dbops_fdw_row_mark(table->family, table->columns[i], wanted);
	}
	return wanted;
}

static bool
needs_names(const FdwTable *table, const bool *needed)
{
	for (int i = 0; i < table->natts; i++)
	{
		if (needed[i] && table->columns[i] != NULL &&
		    dbops_fdw_row_is_name(table->columns[i]->source))
			return true;
	}
	return false;
}

/* Values are not evaluated here: EXPLAIN comes by, and parameters are not all set. */
void
dbops_fdw_scan_begin(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	FdwTable *table = dbops_fdw_table_open(RelationGetRelid(node->ss.ss_currentRelation));
	bool *needed = make_needed(table, list_nth(plan->fdw_private, FDW_PLAN_NEEDED));
	FdwScan *scan = palloc0(sizeof(FdwScan));

	scan->maker.table = table;
	scan->maker.needed = needed;
	scan->wanted = make_wanted(table, needed);
	scan->kinds = list_nth(plan->fdw_private, FDW_PLAN_KINDS);
	scan->labels = list_nth(plan->fdw_private, FDW_PLAN_LABELS);
	scan->expressions = plan->fdw_exprs;
	/* Names serve all runs of the scan: they share the query's snapshot. */
	if (needs_names(table, needed) && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		scan->maker.names = dbops_names_create();
	scan->values = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	scan->context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops scan", ALLOCSET_DEFAULT_SIZES);
	node->fdw_state = scan;
}

static void
start_history(FdwScan *scan, ExprContext *econtext)
{
	HistoryQuery query;
	bool possible = true;
	int i = 0;
	ListCell *cell;

	dbops_request_init(&query, scan->maker.table->family, scan->wanted);
	foreach (cell, scan->values)
	{
		RequestValue request = {
		    .kind = list_nth_int(scan->kinds, i),
		    .label = list_nth_int(scan->labels, i),
		    .type = exprType(list_nth(scan->expressions, i)),
		};

		/* In this run's context: filters and texts point into the values. */
		request.value = ExecEvalExpr(lfirst(cell), econtext, &request.isnull);
		possible = dbops_request_apply(&query, &request) && possible;
		i++;
	}
	scan->maker.asked_step_us = query.step_us;
	if (possible)
		scan->history = dbops_history_begin(&query);
}

static void
start_present(FdwScan *scan)
{
	const Family *family = scan->maker.table->family;

	scan->frame = dbops_frame_create(family);
	family->read(scan->frame);
	scan->next_row = 0;
}

static void
start_scan(FdwScan *scan, ExprContext *econtext)
{
	MemoryContext old = MemoryContextSwitchTo(scan->context);

	if (scan->maker.table->kind == TABLE_HISTORY)
		start_history(scan, econtext);
	else
		start_present(scan);
	scan->started = true;
	MemoryContextSwitchTo(old);
}

/* Good until the next call. */
static const HistoryRow *
next_present(FdwScan *scan)
{
	const Frame *frame = scan->frame;
	int i = scan->next_row;

	if (i >= frame->nrows)
		return NULL;
	scan->row.key = &frame->keys[i];
	scan->row.texts = frame->texts == NULL ? NULL : frame->texts[i];
	scan->row.values = dbops_frame_row(frame, i);
	scan->next_row++;
	return &scan->row;
}

TupleTableSlot *
dbops_fdw_scan_next(ForeignScanState *node)
{
	FdwScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const HistoryRow *row = NULL;

	if (!scan->started)
		start_scan(scan, node->ss.ps.ps_ExprContext);
	if (scan->frame != NULL)
		row = next_present(scan);
	else if (scan->history != NULL)
		row = dbops_history_next(scan->history);

	ExecClearTuple(slot);
	if (row == NULL)
		return slot;
	dbops_fdw_row_fill(&scan->maker, row, slot->tts_values, slot->tts_isnull);
	return ExecStoreVirtualTuple(slot);
}

void
dbops_fdw_scan_restart(ForeignScanState *node)
{
	FdwScan *scan = node->fdw_state;

	if (scan->history != NULL)
		dbops_history_end(scan->history);
	scan->history = NULL;
	scan->frame = NULL;
	scan->started = false;
	MemoryContextReset(scan->context);
}

void
dbops_fdw_scan_end(ForeignScanState *node)
{
	if (node->fdw_state != NULL)
		dbops_fdw_scan_restart(node);
}

/* ---- EXPLAIN ----------------------------------------------------------------------------------
 */

/* How a request is shown: under which heading, and as which comparison. */
static const struct
{
	const char *heading;
	const char *format; /* of the column and the value */
} request_texts[] = {
    [REQUEST_FROM] = {"From", "%s >= %s"},
    [REQUEST_AFTER] = {"From", "%s > %s"},
    [REQUEST_TO] = {"To", "%s <= %s"},
    [REQUEST_BEFORE] = {"To", "%s < %s"},
    [REQUEST_AT] = {"At", "%s = %s"},
    [REQUEST_STEP] = {"Step", "%s = %s"},
    [REQUEST_NODE] = {"Node", "%s = %s"},
    [REQUEST_LABEL] = {"Labels", "%s = %s"},
    [REQUEST_LABELS] = {"Labels", "%s = ANY (%s)"},
};

static const char *
get_column_name(const FdwTable *table, RequestKind kind, int label)
{
	switch (kind)
	{
		case REQUEST_STEP:
			return "step";
		case REQUEST_NODE:
			return "node";
		case REQUEST_LABEL:
		case REQUEST_LABELS:
			return table->family->labels[label].name;
		default:
			return "at";
	}
}

/* Requests of one heading come out together. */
static void
explain_heading(const FdwScan *scan, const char *heading, List *context, ExplainState *es)
{
	List *lines = NIL;

	for (int i = 0; i < list_length(scan->expressions); i++)
	{
		RequestKind kind = list_nth_int(scan->kinds, i);
		char *value;

		if (strcmp(request_texts[kind].heading, heading) != 0)
			continue;
		value = deparse_expression(list_nth(scan->expressions, i), context, false, false);
		lines = lappend(
		    lines, psprintf(request_texts[kind].format,
		                    get_column_name(scan->maker.table, kind, list_nth_int(scan->labels, i)),
		                    value));
	}
	if (lines != NIL)
		ExplainPropertyList(heading, lines, es);
}

void
dbops_fdw_scan_explain(ForeignScanState *node, ExplainState *es)
{
	static const char *const headings[] = {"From", "To", "At", "Step", "Node", "Labels"};
	const FdwScan *scan = node->fdw_state;
	List *context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, NIL);

	for (int i = 0; i < lengthof(headings); i++)
		explain_heading(scan, headings[i], context, es);
}
