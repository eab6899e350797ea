/*
 * advise/statistics_script.c
 *		CREATE STATISTICS and what takes it back; see statistics_script.h.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"
#include "nodes/primnodes.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "advise/dependence.h"
#include "advise/statistics_script.h"

static const struct
{
	int kind;
	const char *name;
} kind_names[] = {
    {STATISTICS_NDISTINCT, "ndistinct"},
    {STATISTICS_DEPENDENCIES, "dependencies"},
    {STATISTICS_MCV, "mcv"},
};

static bool
is_taken(const char *name, Oid schema, const List *taken)
{
	return list_member(taken, makeString(unconstify(char *, name))) ||
	       SearchSysCacheExists2(STATEXTNAMENSP, CStringGetDatum(name), ObjectIdGetDatum(schema));
}

/* As CREATE STATISTICS would call it: by the table and its columns, with a number if need be. */
static char *
choose_name(Oid table, const List *expressions, List **taken)
{
	Oid schema = get_rel_namespace(table);
	StringInfoData columns;
	ListCell *lc;
	char *name;

	initStringInfo(&columns);
	foreach (lc, expressions)
	{
		Node *expression = lfirst(lc);

		appendStringInfo(&columns, "%s%s", columns.len > 0 ? "_" : "",
		                 IsA(expression, Var) ?
		                     get_attname(table, castNode(Var, expression)->varattno, false) :
		                     "expr");
	}
	name = makeObjectName(get_rel_name(table), columns.data, "stat");
	for (int i = 1; is_taken(name, schema, *taken); i++)
		name = makeObjectName(get_rel_name(table), columns.data, psprintf("stat%d", i));
	*taken = lappend(*taken, makeString(name));
	return name;
}

static char *
write_expression(Oid table, Node *expression)
{
	return deparse_expression(expression, deparse_context_for(get_rel_name(table), table), false,
	                          false);
}

/* What is neither a column nor called as a function stands in parentheses. */
static bool
stands_alone(const Node *expression)
{
	return IsA(expression, Var) ||
	       (IsA(expression, FuncExpr) &&
	        ((const FuncExpr *) expression)->funcformat == COERCE_EXPLICIT_CALL);
}

static char *
write_kinds(int kinds)
{
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; i < lengthof(kind_names); i++)
	{
		if (kinds & kind_names[i].kind)
			appendStringInfo(&words, "%s%s", words.len > 0 ? ", " : " (", kind_names[i].name);
	}
	if (words.len > 0)
		appendStringInfoChar(&words, ')');
	return words.data;
}

StatisticsScript
dbops_statistics_script_of(Oid table, List *expressions, int kinds, List **taken)
{
	const char *schema = get_namespace_name(get_rel_namespace(table));
	const char *relation = quote_qualified_identifier(schema, get_rel_name(table));
	const char *name = quote_qualified_identifier(schema, choose_name(table, expressions, taken));
	StatisticsScript script = {0};
	StringInfoData columns;
	ListCell *lc;

	initStringInfo(&columns);
	foreach (lc, expressions)
	{
		char *words = write_expression(table, lfirst(lc));

		appendStringInfo(&columns, stands_alone(lfirst(lc)) ? "%s%s" : "%s(%s)",
		                 columns.len > 0 ? ", " : "", words);
		script.columns = lappend(script.columns, words);
	}
	script.create = psprintf("CREATE STATISTICS %s%s ON %s FROM %s; ANALYZE %s", name,
	                         write_kinds(kinds), columns.data, relation, relation);
	script.drop = psprintf("DROP STATISTICS %s", name);
	return script;
}
