/*
 * advise/upkeep_funcs.c
 *		dbops._index_upkeep(): what an index costs, or would cost.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "advise/index_text.h"
#include "advise/restricted.h"
#include "advise/size_facts.h"
#include "advise/sent_statement.h"
#include "advise/table_writes.h"
#include "advise/upkeep.h"
#include "core/rows.h"

PG_FUNCTION_INFO_V1(dbops__index_upkeep);

#define ARG_COMMAND 0
#define ARG_STATEMENTS 1
#define ARG_WINDOW 2
#define ARG_QUERYIDS 3

/* The i-th of the ids; 0 if there are fewer. */
static uint64
get_queryid(ArrayType *array, int i)
{
	Datum *ids;
	bool *nulls;
	int n;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, &nulls,
	                  &n);
	return i < n && !nulls[i] ? (uint64) DatumGetInt64(ids[i]) : 0;
}

/* Read as the current user, all of the same weight. */
static List *
read_statements(ArrayType *array, ArrayType *queryids)
{
	List *statements = NIL;
	Datum *texts;
	bool *nulls;
	int n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		WorkloadStatement *source = palloc0(sizeof(WorkloadStatement));
		Statement *statement;

		if (nulls[i])
			continue;
		source->text = TextDatumGetCString(texts[i]);
		source->queryid = get_queryid(queryids, i);
		source->weight = 1;
		statement = dbops_sent_statement_read(source);
		if (statement->left_out != NULL)
			ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			        errmsg("the statement cannot be read"), errdetail("%s.", statement->left_out));
		statements = lappend(statements, statement);
	}
	return statements;
}

static void
put_number(RowSet *rows, const char *name, double value)
{
	if (!isnan(value))
		dbops_rows_put(rows, name, Float8GetDatum(value));
}

static void
put_write_cost(RowSet *rows, const WriteCost *cost)
{
	put_number(rows, "ms_per_day", cost->ms_per_day);
	put_number(rows, "hot_ms_per_day", cost->hot_ms_per_day);
	put_number(rows, "hot_updates_per_day", cost->hot_updates_per_day);
	put_number(rows, "hot_ms_at_risk", cost->hot_ms_at_risk);
	put_number(rows, "vacuum_ms_per_day", cost->vacuum_ms_per_day);
	put_number(rows, "bytes_per_day", cost->bytes_per_day);
	put_number(rows, "wal_bytes_per_day", cost->wal_bytes_per_day);
	dbops_rows_put_text(rows, "unknown", dbops_write_cost_unknown(cost->known));
}

static void
put_build_cost(RowSet *rows, const BuildCost *cost)
{
	put_number(rows, "build_seconds", cost->seconds);
	put_number(rows, "index_bytes", cost->index_bytes);
	put_number(rows, "temporary_bytes", cost->temporary_bytes);
	dbops_rows_put(rows, "workers", Int32GetDatum(cost->workers));
}

/* What is asked, and what is answered. */
typedef struct Question
{
	const char *command;
	UpkeepOptions options;
	WriteCost cost;
	bool is_new;
	BuildCost build; /* if it is */
} Question;

static void
weigh_new_index(Question *question, Upkeep *upkeep, const IndexSpec *spec)
{
	Relation table = table_open(spec->table, AccessShareLock);
	const IndexSize size = dbops_size_of_spec(spec, table);

	question->is_new = true;
	question->cost = dbops_upkeep_of_spec(upkeep, spec, &size);
	question->build = dbops_upkeep_build(upkeep, spec, &size);
	table_close(table, AccessShareLock);
}

/* Expressions are simplified where a command is read, and where an index is opened. */
static void
weigh(void *arg)
{
	Question *question = arg;
	const IndexText command = dbops_index_text_read(question->command);
	Upkeep *upkeep = dbops_upkeep_begin(&question->options);

	if (command.spec != NULL)
		weigh_new_index(question, upkeep, command.spec);
	else
		question->cost = dbops_upkeep_of_index(upkeep, IndexGetRelation(command.dropped, false),
		                                       command.dropped);
}

Datum
dbops__index_upkeep(PG_FUNCTION_ARGS)
{
	RowSet *rows = dbops_rows_begin(fcinfo);
	Question question = {
	    .command = text_to_cstring(PG_GETARG_TEXT_PP(ARG_COMMAND)),
	    .options = {
	        .window_ms = dbops_table_writes_window(PG_GETARG_INTERVAL_P(ARG_WINDOW)),
	        .statements = read_statements(PG_GETARG_ARRAYTYPE_P(ARG_STATEMENTS),
	                                      PG_GETARG_ARRAYTYPE_P(ARG_QUERYIDS)),
	    }};

	dbops_restricted_require(weigh, &question);
	put_write_cost(rows, &question.cost);
	if (question.is_new)
		put_build_cost(rows, &question.build);
	dbops_rows_emit(rows);
	PG_RETURN_VOID();
}
