/*
 * advise/sent_statement.c
 *		From a text to what the planner takes; see sent_statement.h.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "parser/parse_param.h"
#include "rewrite/rewriteHandler.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "advise/role_planning.h"
#include "advise/sent_statement.h"

/* A statement that could not be planned so often in a row will not be planned the next time. */
#define MAX_FAILURES 3

/* ---- what changed meanwhile ------------------------------------------------------------------ */

#define NCHANGES 64

/* The relations whose definition or statistics changed last; InvalidOid: any. */
static Oid changes[NCHANGES];
static uint64 nchanges;

static void
note_change(Datum arg, Oid relid)
{
	changes[nchanges++ % NCHANGES] = relid;
}

static void
follow_changes(void)
{
	static bool follows = false;

	if (!follows)
		CacheRegisterRelcacheCallback(note_change, 0);
	follows = true;
}

static bool
is_stale(const Statement *statement)
{
	if (nchanges - statement->analysed_at > NCHANGES)
		return true;
	for (uint64 i = statement->analysed_at; i < nchanges; i++)
	{
		Oid relid = changes[i % NCHANGES];

		if (!OidIsValid(relid) || list_member_oid(statement->relations, relid))
			return true;
	}
	return false;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The query within what only wraps it; NULL: there is none. */
static Node *
unwrap(Node *node)
{
	switch (nodeTag(node))
	{
		case T_ExplainStmt:
			return unwrap(castNode(ExplainStmt, node)->query);
		case T_PrepareStmt:
			return unwrap(castNode(PrepareStmt, node)->query);
		case T_DeclareCursorStmt:
			return unwrap(castNode(DeclareCursorStmt, node)->query);
		case T_CreateTableAsStmt:
			return unwrap(castNode(CreateTableAsStmt, node)->query);
		case T_CopyStmt:
			return castNode(CopyStmt, node)->query;
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			return node;
		default:
			return NULL;
	}
}

/*
 * Names of variables seen so far in the text being read: the number of a name is that of its
 * parameter.  Static, as the parser's hooks for parameters have the only pointer it hands on.
 */
static List *variables;

/* A name that is no column is a variable: a parameter whose type the parser finds out. */
static Node *
read_variable(ParseState *pstate, ColumnRef *cref, Node *var)
{
	ParamRef *ref;
	String *name;

	if (var != NULL || !IsA(llast(cref->fields), String))
		return NULL;
	name = makeString(NameListToString(cref->fields));
	variables = list_append_unique(variables, name);
	ref = makeNode(ParamRef);
	ref->location = cref->location;
	for (ref->number = 1; !equal(list_nth(variables, ref->number - 1), name);)
		ref->number++;
	return pstate->p_paramref_hook(pstate, ref);
}

/*
 * Like parse_analyze_varparams(), but for what other modules hook into it: pg_stat_statements would
 * make an entry of each statement read here.
 */
static Query *
analyse(RawStmt *raw, const WorkloadStatement *source)
{
	ParseState *pstate = make_parsestate(NULL);
	int nparameters = source->named_parameters ? 0 : source->nparameters;
	Oid *types = palloc(sizeof(Oid) * Max(nparameters, 1));
	Query *query;

	if (nparameters > 0)
		memcpy(types, source->parameter_types, sizeof(Oid) * nparameters);
	pstate->p_sourcetext = source->text;
	setup_parse_variable_parameters(pstate, &types, &nparameters);
	if (source->named_parameters)
	{
		variables = NIL;
		pstate->p_post_columnref_hook = read_variable;
	}
	query = transformTopLevelStmt(pstate, raw);
	check_variable_parameters(pstate, query);
	free_parsestate(pstate);
	return query;
}

static RawStmt *
parse(const char *query)
{
	List *statements = pg_parse_query(query);
	RawStmt *raw;

	if (list_length(statements) != 1)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
		                statements == NIL ? errmsg("there is no statement in the text") :
		                                    errmsg("the text holds several statements")));
	raw = linitial_node(RawStmt, statements);
	raw->stmt = unwrap(raw->stmt);
	if (raw->stmt == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a utility command has no plan")));
	return raw;
}

/* What the statement reads and writes; what cannot be planned without effects is an error. */
static List *
find_relations(List *queries)
{
	List *relations = NIL;
	ListCell *lc;

	foreach (lc, queries)
	{
		List *reads;
		List *others;
		bool row_security;

		extract_query_dependencies(lfirst(lc), &reads, &others, &row_security);
		relations = list_concat_unique_oid(relations, reads);
	}
	foreach (lc, relations)
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_FOREIGN_TABLE)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			                errmsg("it reads a foreign table, which planning may connect to")));
	}
	return relations;
}

/* In the restricted context; leaves the result in the statement's memory. */
static void
read_text(void *arg)
{
	Statement *statement = arg;
	MemoryContext caller;
	List *queries;
	List *relations;

	statement->analysed_at = nchanges;
	queries = QueryRewrite(analyse(parse(statement->source->text), statement->source));
	relations = find_relations(queries);
	caller = MemoryContextSwitchTo(statement->memory);
	statement->queries = copyObject(queries);
	statement->relations = list_copy(relations);
	MemoryContextSwitchTo(caller);
}

/* Values that were sent, as constants: the planner then sees what it saw. */
static ParamListInfo
make_params(const WorkloadStatement *source)
{
	int n = source->parameter_values != NULL && !source->named_parameters ? source->nparameters : 0;
	ParamListInfo params = makeParamList(n);

	for (int i = 0; i < n; i++)
	{
		Oid input;
		Oid io_param;

		params->params[i].isnull = true;
		params->params[i].pflags = 0;
		params->params[i].ptype = InvalidOid;
		if (source->parameter_values[i] == NULL || !OidIsValid(source->parameter_types[i]))
			continue;
		getTypeInputInfo(source->parameter_types[i], &input, &io_param);
		params->params[i].value = OidInputFunctionCall(
		    input, unconstify(char *, source->parameter_values[i]), io_param, -1);
		params->params[i].isnull = false;
		params->params[i].pflags = PARAM_FLAG_CONST;
		params->params[i].ptype = source->parameter_types[i];
	}
	return params;
}

/* In the restricted context, as input functions are user code, too. */
static void
read_values(void *arg)
{
	Statement *statement = arg;
	MemoryContext caller = MemoryContextSwitchTo(statement->memory);

	statement->params = make_params(statement->source);
	MemoryContextSwitchTo(caller);
}

static void
leave_out(Statement *statement, const TaskError *error)
{
	statement->queries = NIL;
	statement->relations = NIL;
	statement->left_out = MemoryContextStrdup(GetMemoryChunkContext(statement), error->message);
}

static void
read_anew(Statement *statement)
{
	TaskError error;
	MemoryContext caller;
	MemoryContext working =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops statement", ALLOCSET_DEFAULT_SIZES);

	statement->queries = NIL;
	statement->relations = NIL;
	MemoryContextReset(statement->memory);
	caller = MemoryContextSwitchTo(working);
	if (!dbops_restricted_run(&statement->context, read_text, statement, &error) ||
	    !dbops_restricted_run(&statement->context, read_values, statement, &error))
		leave_out(statement, &error);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(working);
}

Statement *
dbops_sent_statement_read(const WorkloadStatement *source)
{
	Statement *statement = palloc0(sizeof(Statement));

	follow_changes();
	statement->source = source;
	statement->context = (RestrictedContext){.userid = source->userid,
	                                         .search_path = source->search_path,
	                                         .trusted_code = source->queryid != 0};
	if (OidIsValid(source->session_userid))
		statement->context.settings =
		    dbops_role_planning_settings(MyDatabaseId, source->session_userid);
	statement->memory = AllocSetContextCreate(CurrentMemoryContext, "dbops analysed statement",
	                                          ALLOCSET_SMALL_SIZES);
	statement->left_out = source->left_out;
	if (statement->left_out == NULL)
		read_anew(statement);
	return statement;
}

bool
dbops_sent_statement_lock(Statement *statement)
{
	ListCell *lc;

	do
	{
		if (is_stale(statement))
			read_anew(statement);
		foreach (lc, statement->relations)
			LockRelationOid(lfirst_oid(lc), AccessShareLock);
	} while (statement->left_out == NULL && is_stale(statement));
	return statement->left_out == NULL;
}

void
dbops_sent_statement_extend(Statement *statement, const List *relations)
{
	MemoryContext caller = MemoryContextSwitchTo(statement->memory);

	statement->relations = list_concat_unique_oid(statement->relations, relations);
	MemoryContextSwitchTo(caller);
}

void
dbops_sent_statement_fail(Statement *statement, const TaskError *error)
{
	statement->failure = MemoryContextStrdup(GetMemoryChunkContext(statement), error->message);
	if (++statement->failures >= MAX_FAILURES || error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		leave_out(statement, error);
}
