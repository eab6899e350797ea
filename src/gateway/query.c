/*
 * gateway/query.c
 *		SQL, the gateway's only way to dbops; see query.h.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "gateway/query.h"

volatile sig_atomic_t dbops_query_runs = false;

static void
begin(const Question *query, int timeout_ms)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, query->name);
	enable_timeout_after(STATEMENT_TIMEOUT, timeout_ms);
}

static void
end(void)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static char *
copy_cell(int column, MemoryContext context)
{
	char *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	if (value == NULL)
		return NULL;
	value = pg_server_to_any(value, strlen(value), PG_UTF8);
	return MemoryContextStrdup(context, value);
}

static void
execute(const Question *query, QueryAnswer *answer)
{
	Oid types[QUERY_ARGUMENTS];
	Datum values[QUERY_ARGUMENTS];
	char nulls[QUERY_ARGUMENTS];

	/* A plain word instead of a function that cannot be found. */
	if (!query->plain && !OidIsValid(get_extension_oid("dbops", true)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("the database has no extension dbops: CREATE EXTENSION dbops "
		                       "CASCADE")));
	for (int i = 0; i < query->narguments; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = query->arguments[i] == NULL ? 'n' : ' ';
		values[i] =
		    query->arguments[i] == NULL ? (Datum) 0 : CStringGetTextDatum(query->arguments[i]);
	}
	SPI_connect();
	if (SPI_execute_with_args(query->sql, query->narguments, types, values, nulls, true, 1) !=
	        SPI_OK_SELECT ||
	    SPI_processed != 1)
		elog(ERROR, "query \"%s\" yields no row", query->name);
	for (int i = 0; i < Min(SPI_tuptable->tupdesc->natts, QUERY_COLUMNS); i++)
		answer->cells[i] = copy_cell(i + 1, answer->context);
	SPI_finish();
}

/* Ends the transaction, and tells of what is news. */
static void
recover(const Question *query, QueryAnswer *answer)
{
	ErrorData *edata = CopyErrorData();

	HOLD_INTERRUPTS();
	disable_all_timeouts(false);
	QueryCancelPending = false;
	FlushErrorState();
	AbortCurrentTransaction();
	pgstat_report_activity(STATE_IDLE, NULL);
	RESUME_INTERRUPTS();
	if (edata->sqlerrcode != answer->sqlerrcode)
		ereport(LOG, (errcode(edata->sqlerrcode),
		              errmsg("dbops gateway cannot read %s: %s", query->name, edata->message),
		              edata->detail ? errdetail_internal("%s", edata->detail) : 0,
		              edata->context ? errcontext("%s", edata->context) : 0));
	answer->sqlerrcode = edata->sqlerrcode;
	strlcpy(answer->error, edata->message ? edata->message : "", sizeof(answer->error));
	FreeErrorData(edata);
}

void
dbops_query_run(const Question *query, int timeout_ms, QueryAnswer *answer)
{
	MemoryContext caller = CurrentMemoryContext;

	if (answer->context == NULL)
		answer->context =
		    AllocSetContextCreate(TopMemoryContext, "dbops gateway answer", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(answer->context);
	memset(answer->cells, 0, sizeof(answer->cells));
	answer->ok = false;
	dbops_query_runs = true;
	PG_TRY();
	{
		begin(query, timeout_ms);
		execute(query, answer);
		end();
		answer->ok = true;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		recover(query, answer);
	}
	PG_END_TRY();
	dbops_query_runs = false;
	MemoryContextSwitchTo(caller);
	if (answer->ok && answer->sqlerrcode != 0)
	{
		ereport(LOG, (errmsg("dbops gateway can read %s again", query->name)));
		answer->sqlerrcode = 0;
	}
}
