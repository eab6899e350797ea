/*
 * advise/outcome_facts.c
 *		What the history knows of statements before and after; see outcome_facts.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "advise/outcome_facts.h"
#include "core/spi.h"

/* What is compared with: the day before. */
#define BEFORE_US USECS_PER_DAY

/*
 * Statements of all users and levels, as they are advised on.  A row that reaches over the moment
 * is of neither side; `at` is the end of what it covers, or its beginning where that is long ago.
 */
static const char statements_query[] =
    "SELECT h.queryid = ANY ($6) AND NOT h.queryid = ANY ($5),\n"
    "    coalesce(sum(h.calls) FILTER (WHERE h.at <= $3), 0)::float8,\n"
    "    coalesce(sum(h.total_exec_ms) FILTER (WHERE h.at <= $3), 0)::float8,\n"
    "    coalesce(sum(h.calls) FILTER (WHERE h.at > $4 AND h.at - h.covers >= $4), 0)::float8,\n"
    "    coalesce(sum(h.total_exec_ms) FILTER (WHERE h.at > $4 AND h.at - h.covers >= $4), 0)::float8\n"
    "FROM dbops.statement_history AS h\n"
    "WHERE h.datid = $1 AND h.at > $2 AND h.queryid = ANY ($5 || $6) AND h.node = dbops.node_name()\n"
    "GROUP BY h.queryid";

/* How much of both sides there is history of. */
static const char hours_query[] =
    "SELECT (extract(epoch FROM sum(h.covers) FILTER (WHERE h.at <= $2)) / 3600)::float8,\n"
    "    (extract(epoch FROM sum(h.covers) FILTER (WHERE h.at > $3)) / 3600)::float8\n"
    "FROM dbops.server_history AS h\n"
    "WHERE h.at > $1 AND h.node = dbops.node_name() AND h.step = '1 min'";

static double
number_at(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

static void
load_statements(const OutcomeQuestion *question, OutcomeFacts *facts)
{
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(question->datid)},
	    dbops_spi_instant(question->absent_at - BEFORE_US),
	    dbops_spi_instant(question->absent_at),
	    dbops_spi_instant(question->seen_at),
	    {.type = INT8ARRAYOID, .value = question->improved},
	    {.type = INT8ARRAYOID, .value = question->writers},
	};
	const SpiRows *rows = dbops_spi_query(statements_query, params, lengthof(params));
	OutcomeStatement *statements = palloc(sizeof(OutcomeStatement) * Max(rows->nrows, 1));

	for (uint64 row = 0; row < rows->nrows; row++)
	{
		bool isnull;

		statements[row] = (OutcomeStatement){
		    .writes = DatumGetBool(dbops_spi_cell(rows, row, 0, &isnull)),
		    .calls_before = number_at(rows, row, 1),
		    .ms_before = number_at(rows, row, 2),
		    .calls_after = number_at(rows, row, 3),
		    .ms_after = number_at(rows, row, 4),
		};
	}
	facts->nstatements = (int) rows->nrows;
	facts->statements = statements;
}

OutcomeFacts *
dbops_outcome_facts_load(const OutcomeQuestion *question)
{
	const SpiValue sides[] = {
	    dbops_spi_instant(question->absent_at - BEFORE_US),
	    dbops_spi_instant(question->absent_at),
	    dbops_spi_instant(question->seen_at),
	};
	const SpiRows *hours = dbops_spi_query(hours_query, sides, lengthof(sides));
	OutcomeFacts *facts = palloc0(sizeof(OutcomeFacts));

	facts->hours_before = number_at(hours, 0, 0);
	facts->hours_after = number_at(hours, 0, 1);
	load_statements(question, facts);
	return facts;
}
