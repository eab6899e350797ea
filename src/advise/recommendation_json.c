/*
 * advise/recommendation_json.c
 *		Advice as JSON; see recommendation_json.h.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "advise/index_identity.h"
#include "advise/recommendation_json.h"
#include "advise/search_existing.h"

/* What is shown of a statement's text. */
#define SHOWN_TEXT 300

/* Statements kept with one line of advice. */
#define KEPT_STATEMENTS 20

static void
append_number(StringInfo json, const char *name, double value)
{
	if (isfinite(value))
		appendStringInfo(json, ", \"%s\": %.9g", name, value);
}

static void
append_text(StringInfo json, const char *name, const char *value)
{
	appendStringInfo(json, "%s\"%s\": ", json->data[json->len - 1] == '{' ? "" : ", ", name);
	escape_json(json, value);
}

/* A statement and what it costs: by the planner, and in measured time where there is any. */
static void
append_statement(StringInfo json, const RecommendedStatement *changed)
{
	const WorkloadStatement *source = changed->statement->source;
	int length = pg_mbcliplen(source->text, strlen(source->text), SHOWN_TEXT);

	appendStringInfoChar(json, '{');
	append_text(json, "query", pnstrdup(source->text, length));
	if (source->queryid != 0)
		appendStringInfo(json, ", \"queryid\": \"%lld\"", (long long) source->queryid);
	append_number(json, "calls_per_day",
	              source->calls_per_day > 0 ? source->calls_per_day : source->weight);
	append_number(json, "cost_before", changed->before);
	append_number(json, "cost_after", changed->after);
	if (source->ms_per_day > 0 && source->calls_per_day > 0)
	{
		double ms = source->ms_per_day / source->calls_per_day;

		append_number(json, "ms_before", ms);
		append_number(json, "ms_after", ms * changed->after / changed->before);
	}
	appendStringInfoChar(json, '}');
}

static int
by_time(const ListCell *a, const ListCell *b)
{
	const RecommendedStatement *first = lfirst(a);
	const RecommendedStatement *second = lfirst(b);
	double difference =
	    second->statement->weight * second->before - first->statement->weight * first->before;

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

void
dbops_recommendation_json_statements(StringInfo json, const List *statements, int most)
{
	List *sorted = list_copy(statements);
	ListCell *lc;

	list_sort(sorted, by_time);
	appendStringInfoChar(json, '[');
	foreach (lc, sorted)
	{
		if (foreach_current_index(lc) >= most)
			break;
		if (foreach_current_index(lc) > 0)
			appendStringInfoString(json, ", ");
		append_statement(json, lfirst(lc));
	}
	appendStringInfoChar(json, ']');
}

char *
dbops_recommendation_table(const Recommendation *advice)
{
	char *schema = get_namespace_name(get_rel_namespace(advice->table));

	return quote_qualified_identifier(schema, get_rel_name(advice->table));
}

static bool
writes_to(const Statement *statement, Oid table)
{
	ListCell *lc;

	foreach (lc, statement->queries)
	{
		const Query *query = lfirst_node(Query, lc);

		if (query->commandType != CMD_SELECT && query->resultRelation > 0 &&
		    rt_fetch(query->resultRelation, query->rtable)->relid == table)
			return true;
	}
	return false;
}

static bool
speaks_of(const Statement *statement, Oid table)
{
	return list_member_oid(dbops_search_tables(statement), table);
}

/* The statements that do so with the table, the dearest first. */
static void
append_queryids(StringInfo json, const SearchResult *result, Oid table,
                bool (*does)(const Statement *statement, Oid table))
{
	int n = 0;

	appendStringInfoChar(json, '[');
	for (int i = 0; i < result->nstatements && n < KEPT_STATEMENTS; i++)
	{
		const SearchStatement *statement = &result->statements[i];

		if (statement->pool == NULL || statement->source->queryid == 0 ||
		    !does(statement->pool->statement, table))
			continue;
		appendStringInfo(json, "%s%lld", n++ > 0 ? ", " : "",
		                 (long long) statement->source->queryid);
	}
	appendStringInfoChar(json, ']');
}

static void
append_drops(StringInfo json, const List *drops)
{
	ListCell *lc;

	appendStringInfoChar(json, '[');
	foreach (lc, drops)
	{
		const RecommendedDrop *drop = lfirst(lc);

		appendStringInfo(json, "%s{\"indexid\": \"%u\"", lc == list_head(drops) ? "" : ", ",
		                 drop->indexid);
		append_text(json, "name", drop->name);
		append_text(json, "undo_ddl", drop->undo_ddl);
		appendStringInfoChar(json, '}');
	}
	appendStringInfoChar(json, ']');
}

/* What an index may make slower is what writes; what its loss may, all. */
static void
append_affected(StringInfo json, const SearchResult *result, const Recommendation *advice)
{
	appendStringInfoString(json, ", \"writers\": ");
	append_queryids(json, result, advice->table, writes_to);
	appendStringInfoString(json, ", \"readers\": ");
	if (advice->drops != NIL)
		append_queryids(json, result, advice->table, speaks_of);
	else
		appendStringInfoString(json, "[]");
	appendStringInfoString(json, ", \"drops\": ");
	append_drops(json, advice->drops);
}

static void
append_advice(StringInfo json, const SearchResult *result, const Recommendation *advice)
{
	appendStringInfoChar(json, '{');
	append_text(json, "identity", dbops_index_identity_of_advice(advice->action, advice->ddl));
	append_text(json, "action", advice->action);
	append_text(json, "ddl", advice->ddl);
	append_text(json, "undo_ddl", advice->undo_ddl);
	append_text(json, "table_name", dbops_recommendation_table(advice));
	append_text(json, "confidence", advice->confidence);
	append_text(json, "reason", advice->reason);
	appendStringInfo(json, ", \"index_size_bytes\": %.0f", advice->index_size_bytes);
	append_number(json, "benefit_ms_per_day", advice->benefit_ms_per_day);
	append_number(json, "write_cost_ms_per_day", advice->write_cost_ms_per_day);
	append_number(json, "build_seconds", advice->build_seconds);
	appendStringInfoString(json, ", \"improved\": ");
	dbops_recommendation_json_statements(json, advice->improved, KEPT_STATEMENTS);
	appendStringInfoString(json, ", \"regressed\": ");
	dbops_recommendation_json_statements(json, advice->regressed, KEPT_STATEMENTS);
	append_affected(json, result, advice);
	appendStringInfoChar(json, '}');
}

/* What could be planned: as statements, and as a share of the time of all that clients sent. */
static void
append_coverage(StringInfo json, const Workload *workload, const SearchResult *result)
{
	double ms = 0;
	int planned = 0;

	for (int i = 0; i < result->nstatements; i++)
	{
		const SearchStatement *statement = &result->statements[i];

		if (statement->pool == NULL || statement->pool->nplans == 0)
			continue;
		planned++;
		ms += statement->source->toplevel_ms_per_day;
	}
	appendStringInfo(json, ", \"planned\": %d", planned);
	if (workload->ms_per_day > 0)
		append_number(json, "coverage_percent", 100 * Min(ms / workload->ms_per_day, 1));
}

void
dbops_recommendation_json_run(StringInfo json, const Workload *workload, const SearchResult *result,
                              int room)
{
	static const char ending[] = "]}";
	int advised = 0;
	ListCell *lc;

	appendStringInfo(json, "{\"statements\": %d, \"plannings\": %d, \"timed_out\": %s",
	                 workload->nstatements + workload->nomitted, result->plannings,
	                 result->timed_out ? "true" : "false");
	append_number(json, "ms_per_day", workload->ms_per_day);
	append_number(json, "window_days", workload->window_days);
	append_coverage(json, workload, result);
	appendStringInfoString(json, ", \"advice\": [");
	foreach (lc, dbops_recommendations_make(result))
	{
		int before = json->len;

		if (advised > 0)
			appendStringInfoString(json, ", ");
		append_advice(json, result, lfirst(lc));
		if (json->len + (int) sizeof(ending) > room)
		{
			json->data[json->len = before] = '\0';
			break;
		}
		advised++;
	}
	appendStringInfoString(json, ending);
}
