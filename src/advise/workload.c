/*
 * advise/workload.c
 *		The statements that advice is for; see workload.h.
 *
 * Times come from workload_times.c; texts from captures, which have all that is needed to read
 * them, or else from the dictionary, as far as nothing was taken out of them there.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "advise/left_out.h"
#include "advise/role_planning.h"
#include "advise/workload.h"
#include "advise/workload_times.h"
#include "core/spi.h"
#include "store/object_batch.h"
#include "track/capture_record.h"
#include "track/captures.h"

static const char texts_query[] =
    "SELECT objid, definition\n"
    "  FROM dbops.objects\n"
    " WHERE kind OPERATOR(pg_catalog.=) 'statement' AND datid OPERATOR(pg_catalog.=) $1\n"
    "   AND objid OPERATOR(pg_catalog.=) ANY ($2) AND definition IS NOT NULL";

enum
{
	TEXT_QUERYID,
	TEXT_DEFINITION,
};

/* Finds the statement of a queryid, and what is held of captures of it. */
typedef struct Place
{
	uint64 queryid;
	WorkloadStatement *statement;
	int worth; /* of the capture; 0: there is none */
	TimestampTz captured_at;
} Place;

/* ---- times ---- */

static void
set_times(Workload *workload, const WorkloadTimes *times, int max)
{
	int count;
	TimedStatement *timed = dbops_workload_merge(times->rows, times->nrows, &count);
	int64 covered_us = Max(times->until - times->since, USECS_PER_SEC);

	workload->since = times->since;
	workload->until = times->until;
	workload->from_history = times->from_history;
	workload->window_days = covered_us / (double) USECS_PER_DAY;
	workload->nstatements = Min(count, max);
	workload->nomitted = count - workload->nstatements;
	workload->statements = palloc0(sizeof(WorkloadStatement) * Max(workload->nstatements, 1));
	for (int i = 0; i < count; i++)
	{
		workload->ms_per_day += timed[i].toplevel_ms / workload->window_days;
		if (i >= workload->nstatements)
			continue;
		workload->statements[i] =
		    (WorkloadStatement){.queryid = timed[i].queryid,
		                        .userid = timed[i].userid,
		                        .session_userid = timed[i].userid,
		                        .calls_per_day = timed[i].calls / workload->window_days,
		                        .ms_per_day = timed[i].ms / workload->window_days,
		                        .toplevel_ms_per_day = timed[i].toplevel_ms / workload->window_days,
		                        .weight = 1};
	}
}

static HTAB *
index_statements(const Workload *workload)
{
	HASHCTL table = {
	    .keysize = sizeof(uint64), .entrysize = sizeof(Place), .hcxt = CurrentMemoryContext};
	HTAB *places = hash_create("dbops workload places", Max(workload->nstatements, 16), &table,
	                           HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	for (int i = 0; i < workload->nstatements; i++)
	{
		WorkloadStatement *statement = &workload->statements[i];
		Place *place = hash_search(places, &statement->queryid, HASH_ENTER, NULL);

		place->statement = statement;
		place->worth = 0;
		place->captured_at = 0;
	}
	return places;
}

/* ---- captures ---- */

static const char *
find_fault(const Capture *capture)
{
	if (!dbops_captures_visible(capture->key.userid))
		return dbops_left_out_phrase(LEFT_OUT_HIDDEN, 0);
	if (capture->truncated && capture->nparameters >= CAPTURE_PARAMETERS)
		return dbops_left_out_phrase(LEFT_OUT_PARAMETERS, CAPTURE_PARAMETERS);
	if (capture->truncated)
		return dbops_left_out_phrase(LEFT_OUT_CUT, (int) strlen(capture->query));
	return NULL;
}

/* Of several captures of a statement, the one to take; more than 0. */
static int
rate_capture(const Capture *capture, const WorkloadStatement *statement, const char *fault)
{
	return 1 + 4 * (fault == NULL) + 2 * capture->key.toplevel +
	       (capture->key.userid == statement->userid);
}

static void
copy_parameters(WorkloadStatement *statement, const Capture *capture)
{
	int n = capture->nparameters;

	statement->nparameters = n;
	statement->parameter_types = palloc(sizeof(Oid) * Max(n, 1));
	statement->parameter_values = capture->has_values ? palloc0(sizeof(char *) * Max(n, 1)) : NULL;
	for (int i = 0; i < n; i++)
	{
		const CapturedParameter *parameter = &capture->parameters[i];

		statement->parameter_types[i] = parameter->type;
		if (capture->has_values && parameter->known && parameter->value != NULL)
			statement->parameter_values[i] = pstrdup(parameter->value);
	}
}

static void
take_capture(WorkloadStatement *statement, const Capture *capture, const char *fault)
{
	bool visible = dbops_captures_visible(capture->key.userid);

	statement->text = visible ? pstrdup(capture->query) : NULL;
	statement->search_path = visible ? pstrdup(capture->search_path) : NULL;
	statement->userid = capture->key.userid;
	statement->session_userid = capture->session_userid;
	statement->named_parameters = capture->named_parameters;
	statement->left_out = fault == NULL ? NULL : pstrdup(fault);
	statement->nparameters = 0;
	if (visible)
		copy_parameters(statement, capture);
}

static void
set_captures(const Workload *workload, HTAB *places)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext one =
	    AllocSetContextCreate(caller, "dbops workload capture", ALLOCSET_DEFAULT_SIZES);
	StatementScan scan = {0};

	for (;;)
	{
		const Capture *capture;
		const char *fault;
		Place *place;
		int worth;

		MemoryContextReset(one);
		MemoryContextSwitchTo(one);
		capture = dbops_captures_next(&scan, 0);
		if (capture == NULL)
			break;
		place = hash_search(places, &capture->key.queryid, HASH_FIND, NULL);
		if (place == NULL || capture->key.datid != workload->database)
			continue;
		fault = find_fault(capture);
		worth = rate_capture(capture, place->statement, fault);
		if (worth < place->worth ||
		    (worth == place->worth && capture->captured_at <= place->captured_at))
			continue;
		MemoryContextSwitchTo(caller);
		take_capture(place->statement, capture, fault);
		place->worth = worth;
		place->captured_at = capture->captured_at;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(one);
}

/* ---- normalized texts ---- */

/* Whether constants may be missing in it.  Literals, where '$1' is no parameter, are out of it. */
static bool
has_parameters(const char *query)
{
	for (const char *dollar = strchr(query, '$'); dollar != NULL; dollar = strchr(dollar + 1, '$'))
	{
		if (dollar[1] >= '0' && dollar[1] <= '9')
			return true;
	}
	return false;
}

static void
take_text(const Workload *workload, WorkloadStatement *statement, const char *query)
{
	statement->text = query;
	if (has_parameters(query))
		return;
	if (pg_mbstrlen(query) >= OBJECT_DEFINITION_MAX)
	{
		statement->left_out = dbops_left_out_phrase(LEFT_OUT_CUT, (int) strlen(query));
		return;
	}
	statement->search_path =
	    dbops_role_planning_search_path(workload->database, statement->session_userid);
	statement->left_out = NULL;
}

static void
set_texts(const Workload *workload, HTAB *places)
{
	Datum *queryids = palloc(sizeof(Datum) * Max(workload->nstatements, 1));
	SpiValue params[2] = {{.type = OIDOID, .value = ObjectIdGetDatum(workload->database)},
	                      {.type = INT8ARRAYOID}};
	int count = 0;
	const SpiRows *rows;

	for (int i = 0; i < workload->nstatements; i++)
	{
		WorkloadStatement *statement = &workload->statements[i];

		if (((const Place *) hash_search(places, &statement->queryid, HASH_FIND, NULL))->worth > 0)
			continue;
		statement->left_out = dbops_left_out_phrase(LEFT_OUT_NOT_CAPTURED, 0);
		queryids[count++] = Int64GetDatum((int64) statement->queryid);
	}
	if (count == 0 || !OidIsValid(get_extension_oid("dbops", true)))
		return;
	params[1].value = PointerGetDatum(
	    construct_array(queryids, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	rows = dbops_spi_query(texts_query, params, lengthof(params));
	for (uint64 i = 0; i < rows->nrows; i++)
	{
		bool isnull;
		uint64 queryid = DatumGetInt64(dbops_spi_cell(rows, i, TEXT_QUERYID, &isnull));
		Place *place = hash_search(places, &queryid, HASH_FIND, NULL);

		take_text(workload, place->statement,
		          TextDatumGetCString(dbops_spi_cell(rows, i, TEXT_DEFINITION, &isnull)));
	}
}

Workload *
dbops_workload_load(Oid database, int64 window_ms, int max)
{
	Workload *workload = palloc0(sizeof(Workload));
	WorkloadTimes times = dbops_workload_times(database, window_ms * 1000);
	HTAB *places;

	workload->database = database;
	set_times(workload, &times, max);
	places = index_statements(workload);
	set_captures(workload, places);
	set_texts(workload, places);
	hash_destroy(places);
	return workload;
}

Workload *
dbops_workload_given(const List *texts, const double *weights)
{
	Workload *workload = palloc0(sizeof(Workload));
	const ListCell *cell;

	workload->database = MyDatabaseId;
	workload->statements = palloc0(sizeof(WorkloadStatement) * Max(list_length(texts), 1));
	foreach (cell, texts)
	{
		int i = workload->nstatements++;

		workload->statements[i] = (WorkloadStatement){.text = lfirst(cell),
		                                              .search_path = pstrdup(namespace_search_path),
		                                              .userid = GetUserId(),
		                                              .session_userid = GetSessionUserId(),
		                                              .weight = weights == NULL ? 1 : weights[i]};
	}
	return workload;
}
