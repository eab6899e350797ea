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
#include "nodes/params.h"
#include "pgstat.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
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

/* ---- the row ----------------------------------------------------------------------------- */

/*
 * Takes the row where the executor has it: a page of some megabytes would be copied three times on
 * its way through SPI's own tuples.
 */
typedef struct RowReceiver
{
	DestReceiver receiver;
	const Question *query;
	QueryAnswer *answer;
} RowReceiver;

/* The cell that is sent on is libmicrohttpd's to free. */
static void
keep_cell(RowReceiver *self, int column, const char *bytes, size_t size)
{
	QueryAnswer *answer = self->answer;
	bool is_body = self->query->body == column + 1;
	char *copy = is_body ? malloc(size + 1) : MemoryContextAlloc(answer->context, size + 1);

	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	answer->cells[column] = copy;
	answer->sizes[column] = size;
	if (is_body)
		answer->body = copy;
}

static void
keep_text(RowReceiver *self, int column, const char *bytes, size_t size)
{
	char *converted = pg_server_to_any(bytes, (int) size, PG_UTF8);

	keep_cell(self, column, converted, converted == bytes ? size : strlen(converted));
}

static void
receive_cell(RowReceiver *self, int column, Oid type, Datum value)
{
	Oid output;
	bool is_varlena;
	char *shown;

	if (type == TEXTOID || type == BYTEAOID)
	{
		struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

		(type == TEXTOID ? keep_text : keep_cell)(self, column, VARDATA_ANY(bytes),
		                                          VARSIZE_ANY_EXHDR(bytes));
		return;
	}
	getTypeOutputInfo(type, &output, &is_varlena);
	shown = OidOutputFunctionCall(output, value);
	keep_text(self, column, shown, strlen(shown));
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	slot_getallattrs(slot);
	for (int i = 0; i < Min(slot->tts_tupleDescriptor->natts, QUERY_COLUMNS); i++)
	{
		if (!slot->tts_isnull[i])
			receive_cell((RowReceiver *) receiver, i,
			             TupleDescAttr(slot->tts_tupleDescriptor, i)->atttypid,
			             slot->tts_values[i]);
	}
	return true;
}

static void
ignore_startup(DestReceiver *receiver, int operation, TupleDesc typeinfo)
{
}

static void
ignore_end(DestReceiver *receiver)
{
}

/* ---- the query ---------------------------------------------------------------------------- */

static ParamListInfo
make_arguments(const Question *query)
{
	ParamListInfo list = makeParamList(query->narguments);

	for (int i = 0; i < query->narguments; i++)
	{
		ParamExternData *argument = &list->params[i];

		argument->isnull = query->arguments[i] == NULL;
		argument->value = argument->isnull ? (Datum) 0 : CStringGetTextDatum(query->arguments[i]);
		argument->pflags = PARAM_FLAG_CONST;
		argument->ptype = TEXTOID;
	}
	return list;
}

static void
execute(const Question *query, QueryAnswer *answer)
{
	RowReceiver receiver = {.receiver = {.receiveSlot = receive_row,
	                                     .rStartup = ignore_startup,
	                                     .rShutdown = ignore_end,
	                                     .rDestroy = ignore_end,
	                                     .mydest = DestTuplestore},
	                        .query = query,
	                        .answer = answer};
	SPIExecuteOptions options = {.params = make_arguments(query),
	                             .read_only = true,
	                             .tcount = 1,
	                             .dest = &receiver.receiver};

	/* A plain word instead of a function that cannot be found. */
	if (!query->plain && !OidIsValid(get_extension_oid("dbops", true)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("the database has no extension dbops: CREATE EXTENSION dbops "
		                       "CASCADE")));
	SPI_connect();
	if (SPI_execute_extended(query->sql, &options) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "query \"%s\" yields no row", query->name);
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
	free(answer->body);
	answer->body = NULL;
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
