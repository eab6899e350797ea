/*
 * expose/status_funcs.c
 *		dbops.status() and dbops.tasks().
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/preload.h"
#include "core/rows.h"
#include "expose/status.h"
#include "worker/control.h"

PG_FUNCTION_INFO_V1(dbops_status);
PG_FUNCTION_INFO_V1(dbops_tasks);

Datum
dbops_status(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	ListCell *cell;

	foreach (cell, dbops_status_findings())
	{
		const Finding *finding = lfirst(cell);

		dbops_rows_put_text(rows, "component", finding->component);
		dbops_rows_put_text(rows, "status", dbops_status_level_name(finding->level));
		dbops_rows_put_text(rows, "detail", finding->detail);
		dbops_rows_put_text(rows, "what_to_do", finding->hint);
		dbops_rows_emit(rows);
	}
	return (Datum) 0;
}

static void
emit_task(RowSet *rows, WorkerKind kind, const TaskState *task)
{
	dbops_rows_put_text(rows, "worker", dbops_control_worker_name(kind));
	dbops_rows_put_text(rows, "task", task->name);
	if (task->last_at != 0)
		dbops_rows_put(rows, "last_at", TimestampTzGetDatum(task->last_at));
	dbops_rows_put(rows, "last_ms", Float8GetDatum(task->last_us / 1000.0));
	dbops_rows_put(rows, "skipped", Int64GetDatum(task->skipped));
	dbops_rows_put(rows, "skips_left", Int32GetDatum(task->skips_left));
	dbops_rows_put(rows, "failures", Int64GetDatum(task->error.failures));
	if (task->error.sqlerrcode != 0)
	{
		dbops_rows_put_text(rows, "sqlstate", unpack_sql_state(task->error.sqlerrcode));
		dbops_rows_put_text(rows, "error", task->error.message);
	}
	dbops_rows_emit(rows);
}

/* Those that fail, or the others. */
static void
emit_tasks(RowSet *rows, bool failing)
{
	for (int kind = 0; kind < WORKER_KINDS; kind++)
	{
		const WorkerState *worker = &dbops_control()->workers[kind];

		for (int i = 0; i < TASK_STATES && worker->tasks[i].name[0] != '\0'; i++)
		{
			if ((worker->tasks[i].error.sqlerrcode != 0) == failing)
				emit_task(rows, kind, &worker->tasks[i]);
		}
	}
}

Datum
dbops_tasks(PG_FUNCTION_ARGS)
{
	RowSet *rows;

	dbops_preload_require();
	rows = dbops_rows_begin(fcinfo);
	emit_tasks(rows, true);
	emit_tasks(rows, false);
	return (Datum) 0;
}
