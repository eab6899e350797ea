/*
 * worker/visit.c
 *		The inspector process: visits one database, tells the sampler what is in it, and ends.
 *
 * Runs for a few hundred milliseconds, at most VISIT_LIMIT_MS: while it is connected, nobody can
 * use the database as a template or drop it.  Reads catalogs in a read-only transaction; locks a
 * user's table only to show its indexes, and waits for no lock longer than lock_timeout.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "collect/dictionary.h"
#include "core/clock.h"
#include "core/compat_activity.h"
#include "core/spi.h"
#include "store/family.h"
#include "store/selfstat.h"
#include "worker/autovacuum_due.h"
#include "worker/relation_files.h"
#include "worker/visit.h"
#include "worker/visit_density.h"
#include "worker/visit_fill.h"

/*
 * Relations read by one query: more when they are read fast, since a query has its own cost, and
 * fewer when each takes long, as to show an index of a wide table does.
 */
#define PAGE_FIRST 256
#define PAGE_MAX 4096
#define PAGE_MS 200

/* Relations sent in one message. */
#define MESSAGE_RELATIONS 64

/* When so much of the time is used up, no further page is begun. */
#define LAST_PAGE_MS (VISIT_LIMIT_MS / 2)

extern PGDLLEXPORT void dbops_visit_main(Datum argument);

enum
{
	COLUMN_OID,
	COLUMN_RELKIND,
	COLUMN_PERSISTENCE,
	COLUMN_SHARED,
	COLUMN_SCHEMA,
	COLUMN_NAME,
	COLUMN_PARENT,
	COLUMN_FROZEN_XID,
	COLUMN_MIN_MXID,
	COLUMN_PAGES,
	COLUMN_TUPLES,
	COLUMN_TABLESPACE,
	COLUMN_FILENODE,
	COLUMN_UNIQUE,
	COLUMN_PRIMARY,
	COLUMN_VALID,
	COLUMN_CONSTRAINT,
	COLUMN_DEFINITION,
	COLUMN_OPTIONS,
	COLUMN_TABLE_OPTIONS,
	COLUMN_FROZEN_PAGES
};

/*
 * Showing an index takes a brief AccessShareLock on its table, so the definition is left out while
 * somebody holds or awaits an exclusive lock there.
 */
static const char relations_query[] =
    "SELECT c.oid, c.relkind, c.relpersistence, c.relisshared,\n"
    "    n.nspname, c.relname,\n"
    "    coalesce(i.indrelid, t.oid, h.inhparent),\n"
    "    c.relfrozenxid, c.relminmxid, c.relpages, c.reltuples, c.reltablespace,\n"
    "    coalesce(nullif(c.relfilenode, 0), pg_catalog.pg_relation_filenode(c.oid)),\n"
    "    i.indisunique, i.indisprimary, i.indisvalid, k.oid IS NOT NULL,\n"
    "    CASE WHEN i.indexrelid IS NOT NULL AND x.relation IS NULL AND c.relpersistence <> 't'\n"
    "        THEN pg_catalog.pg_get_indexdef(i.indexrelid) END,\n"
    "    c.reloptions, t.reloptions, " DBOPS_ALL_FROZEN_PAGES "\n"
    "FROM (\n"
    "        SELECT p.*\n"
    "        FROM pg_catalog.pg_class AS p\n"
    "        WHERE p.oid > $1 AND p.relkind NOT IN ('v', 'c')\n"
    "        ORDER BY p.oid\n"
    "        LIMIT $2\n"
    "    ) AS c\n"
    "    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
    "    LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid\n"
    "    LEFT JOIN pg_catalog.pg_class AS t ON t.reltoastrelid = c.oid AND c.relkind = 't'\n"
    "    LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid AND c.relispartition\n"
    "    LEFT JOIN pg_catalog.pg_constraint AS k\n"
    "        ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')\n"
    "    LEFT JOIN (\n"
    "        SELECT DISTINCT l.relation\n"
    "        FROM pg_catalog.pg_locks AS l\n"
    "        WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'\n"
    "    ) AS x ON x.relation = i.indrelid\n"
    "ORDER BY c.oid";

/* Functions with statistics; the server keeps none of those in the language internal, 12. */
static const char functions_query[] =
    "SELECT p.oid, n.nspname, p.proname,\n"
    "    pg_catalog.pg_get_function_identity_arguments(p.oid)\n"
    "FROM pg_catalog.pg_proc AS p\n"
    "    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace\n"
    "WHERE p.prolang <> 12 AND pg_catalog.pg_stat_get_function_calls(p.oid) IS NOT NULL\n"
    "ORDER BY p.oid\n"
    "LIMIT $1";

static const char *const session_settings[][2] = {
    {"search_path", "pg_catalog, pg_temp"},
    {"default_transaction_read_only", "on"},
    {"lock_timeout", "100ms"},
    {"jit", "off"},
    {"compute_query_id", "off"},
    {"max_parallel_workers_per_gather", "0"},
    {"row_security", "off"},
    {"stats_fetch_consistency", "none"},
};

typedef struct Visit
{
	shm_mq_handle *queue;
	RelationFiles *files;
	int64 started_us;
	Oid last_oid;
	int page; /* relations to read next */
	MemoryContext message_context;
} Visit;

void
dbops_visit_send(shm_mq_handle *queue, Size size, const void *data)
{
	if (shm_mq_send(queue, size, data, false, true) != SHM_MQ_SUCCESS)
		proc_exit(0);
}

/*
 * The words in UTF-8.  Those that have no form in it, as any byte may stand in an SQL_ASCII
 * database, go as they are: who stores them makes them storable, and one odd name must not keep
 * all others of its database from being learned.
 */
char *
dbops_visit_to_utf8(char *words)
{
	int encoding = GetDatabaseEncoding();
	int length = (int) strlen(words);
	int room = length * MAX_CONVERSION_GROWTH + 1;
	Oid conversion;
	char *converted;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return words;
	conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	if (!OidIsValid(conversion))
		return words;
	converted = palloc(room);
	if (pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8, (unsigned char *) words,
	                                  length, (unsigned char *) converted, room, true) != length)
		return words;
	return converted;
}

static char *
text_of(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);
	char *words;

	if (isnull)
		return NULL;
	words =
	    column == COLUMN_DEFINITION ? TextDatumGetCString(value) : NameStr(*DatumGetName(value));
	return dbops_visit_to_utf8(words);
}

static uint8
flags_of(const SpiRows *rows, uint64 row)
{
	static const struct
	{
		int column;
		uint8 flag;
	} flags[] = {
	    {COLUMN_UNIQUE, OBJECT_IS_UNIQUE},
	    {COLUMN_PRIMARY, OBJECT_IS_PRIMARY},
	    {COLUMN_VALID, OBJECT_IS_VALID},
	    {COLUMN_CONSTRAINT, OBJECT_HAS_CONSTRAINT},
	};
	uint8 result = 0;

	for (int i = 0; i < lengthof(flags); i++)
	{
		bool isnull;
		Datum value = dbops_spi_cell(rows, row, flags[i].column, &isnull);

		if (!isnull && DatumGetBool(value))
			result |= flags[i].flag;
	}
	return result;
}

/* NULL reads as 0, which is none for all of these. */
static Datum
cell(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? (Datum) 0 : value;
}

static void
fill_autovacuum_due(Inspected *out, const SpiRows *rows, uint64 row)
{
	int32 frozen_pages = DatumGetInt32(cell(rows, row, COLUMN_FROZEN_PAGES));
	const TableOptions options = {
	    .own = cell(rows, row, COLUMN_OPTIONS),
	    .of_table = cell(rows, row, COLUMN_TABLE_OPTIONS),
	    .unfrozen = out->pages > 0 ? 1 - Min((double) frozen_pages / (double) out->pages, 1) : 1,
	};

	dbops_autovacuum_due_fill(out, &options);
}

static bool
is_index(char relkind)
{
	return relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX;
}

static void
fill_inspected(const Visit *visit, Inspected *out, const SpiRows *rows, uint64 row)
{
	memset(out, 0, sizeof(*out));
	out->datid = DatumGetBool(cell(rows, row, COLUMN_SHARED)) ? InvalidOid : MyDatabaseId;
	out->relid = DatumGetObjectId(cell(rows, row, COLUMN_OID));
	out->parentid = DatumGetObjectId(cell(rows, row, COLUMN_PARENT));
	out->relkind = DatumGetChar(cell(rows, row, COLUMN_RELKIND));
	out->persistence = DatumGetChar(cell(rows, row, COLUMN_PERSISTENCE));
	out->frozen_xid = DatumGetTransactionId(cell(rows, row, COLUMN_FROZEN_XID));
	out->min_mxid = DatumGetTransactionId(cell(rows, row, COLUMN_MIN_MXID));
	out->pages = DatumGetInt32(cell(rows, row, COLUMN_PAGES));
	out->tuples = (int64) DatumGetFloat4(cell(rows, row, COLUMN_TUPLES));
	out->invalid = is_index(out->relkind) && !DatumGetBool(cell(rows, row, COLUMN_VALID));
	if (!dbops_relation_files_find(
	        visit->files, DatumGetObjectId(cell(rows, row, COLUMN_TABLESPACE)),
	        DatumGetObjectId(cell(rows, row, COLUMN_FILENODE)), &out->main_bytes, &out->all_bytes))
		out->main_bytes = out->all_bytes = FAMILY_NULL;
	fill_autovacuum_due(out, rows, row);
}

static NamedObject
name_of(const Inspected *inspected, const SpiRows *rows, uint64 row)
{
	return (NamedObject){
	    .class = OBJECT_CLASS_RELATION,
	    .relkind = inspected->relkind,
	    .flags = flags_of(rows, row),
	    .datid = inspected->datid,
	    .objid = inspected->relid,
	    .parentid = inspected->parentid,
	    .schemaname = text_of(rows, row, COLUMN_SCHEMA),
	    .objname = text_of(rows, row, COLUMN_NAME),
	    .definition = text_of(rows, row, COLUMN_DEFINITION),
	};
}

static void
send_rows(Visit *visit, const SpiRows *rows, uint64 first, int count)
{
	MemoryContext old = MemoryContextSwitchTo(visit->message_context);
	const VisitPage page = {.kind = VISIT_RELATIONS, .count = count};
	StringInfoData message;
	StringInfoData batch;

	initStringInfo(&message);
	initStringInfo(&batch);
	appendBinaryStringInfo(&message, (const char *) &page, sizeof(page));
	for (int i = 0; i < count; i++)
	{
		Inspected inspected;
		NamedObject name;

		fill_inspected(visit, &inspected, rows, first + i);
		name = name_of(&inspected, rows, first + i);
		appendBinaryStringInfo(&message, (const char *) &inspected, sizeof(inspected));
		dbops_object_batch_append(&batch, &name, 1);
	}
	appendBinaryStringInfo(&message, batch.data, batch.len);
	dbops_visit_send(visit->queue, message.len, message.data);
	MemoryContextSwitchTo(old);
	MemoryContextReset(visit->message_context);
}

/* Reads and sends one page; false when there was none. */
static bool
send_page(Visit *visit)
{
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(visit->last_oid)},
	    {.type = INT8OID, .value = Int64GetDatum(visit->page)},
	};
	const SpiRows *rows = dbops_spi_query(relations_query, params, lengthof(params));

	for (uint64 row = 0; row < rows->nrows; row += MESSAGE_RELATIONS)
		send_rows(visit, rows, row, (int) Min(rows->nrows - row, MESSAGE_RELATIONS));
	if (rows->nrows == 0)
		return false;
	visit->last_oid = DatumGetObjectId(cell(rows, rows->nrows - 1, COLUMN_OID));
	return true;
}

/* One that was dropped meanwhile has no arguments any more: catalogs are read as they are now. */
static NamedObject
function_of(const SpiRows *rows, uint64 row)
{
	bool dropped;
	Datum arguments = dbops_spi_cell(rows, row, 3, &dropped);

	return (NamedObject){
	    .class = OBJECT_CLASS_FUNCTION,
	    .datid = MyDatabaseId,
	    .objid = DatumGetObjectId(cell(rows, row, 0)),
	    .schemaname = dbops_visit_to_utf8(NameStr(*DatumGetName(cell(rows, row, 1)))),
	    .objname = dbops_visit_to_utf8(NameStr(*DatumGetName(cell(rows, row, 2)))),
	    .definition = dropped ? NULL : dbops_visit_to_utf8(TextDatumGetCString(arguments)),
	};
}

/* Names of functions: few, so they come in one piece after the last page of relations. */
static void
send_functions(Visit *visit)
{
	const SpiValue limit = {.type = INT8OID, .value = Int64GetDatum(DICTIONARY_FUNCTIONS_MAX)};
	const SpiRows *rows = dbops_spi_query(functions_query, &limit, 1);

	for (uint64 first = 0; first < rows->nrows; first += MESSAGE_RELATIONS)
	{
		const VisitPage page = {.kind = VISIT_FUNCTIONS,
		                        .count = (int) Min(rows->nrows - first, MESSAGE_RELATIONS)};
		StringInfoData message;
		StringInfoData batch;

		initStringInfo(&message);
		initStringInfo(&batch);
		for (int i = 0; i < page.count; i++)
		{
			NamedObject function = function_of(rows, first + i);

			dbops_object_batch_append(&batch, &function, 1);
		}
		appendBinaryStringInfo(&message, (const char *) &page, sizeof(page));
		appendBinaryStringInfo(&message, batch.data, batch.len);
		dbops_visit_send(visit->queue, message.len, message.data);
	}
}

static void
adapt_page(Visit *visit, int64 took_us)
{
	if (took_us < PAGE_MS / 2 * 1000)
		visit->page = Min(visit->page * 2, PAGE_MAX);
	else if (took_us > PAGE_MS * 1000)
		visit->page = Max(visit->page / 2, PAGE_FIRST);
}

static void
inspect(void *arg)
{
	Visit *visit = arg;
	MemoryContext page_context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops visit page", ALLOCSET_DEFAULT_SIZES);
	VisitEnd end = {.kind = VISIT_END};
	bool more = true;

	visit->message_context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops visit message", ALLOCSET_DEFAULT_SIZES);
	visit->files = dbops_relation_files_read();
	/* One at least, or a visit that is slow to start would never get anywhere. */
	do
	{
		MemoryContext old = MemoryContextSwitchTo(page_context);
		int64 began_us = dbops_clock_monotonic_us();

		more = send_page(visit);
		MemoryContextSwitchTo(old);
		MemoryContextReset(page_context);
		adapt_page(visit, dbops_clock_monotonic_us() - began_us);
	} while (more && dbops_clock_monotonic_us() - visit->started_us < LAST_PAGE_MS * 1000);
	if (!more)
		send_functions(visit);
	end.complete = !more;
	end.database_bytes = dbops_relation_files_total(visit->files);
	dbops_visit_send(visit->queue, sizeof(end), &end);
}

void
dbops_visit_main(Datum argument)
{
	static const Task task = {
	    .name = "inspect", .timeout_ms = VISIT_LIMIT_MS, .sql = true, .run = inspect};
	Visit visit = {.started_us = dbops_clock_monotonic_us(), .page = PAGE_FIRST};
	dsm_segment *mapping;
	VisitSegment *segment;

	/* The default handler exits at once, also from within malloc(). */
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	mapping = dsm_attach(DatumGetUInt32(argument));
	if (mapping == NULL)
		proc_exit(0);
	dsm_pin_mapping(mapping);
	segment = dsm_segment_address(mapping);
	visit.last_oid = segment->after;
	shm_mq_set_sender(dbops_visit_queue(segment), MyProc);
	visit.queue = shm_mq_attach(dbops_visit_queue(segment), mapping, NULL);

	BackgroundWorkerInitializeConnectionByOid(segment->datid, InvalidOid, 0);
	dbops_selfstat_begin(SELF_INSPECTOR);
	for (int i = 0; i < lengthof(session_settings); i++)
		SetConfigOption(session_settings[i][0], session_settings[i][1], PGC_SUSET, PGC_S_OVERRIDE);
	if (dbops_tx_run(&task, &visit, &segment->error))
	{
		dbops_visit_fill_run(visit.queue, segment, visit.started_us);
		dbops_visit_density_run(visit.queue, segment, visit.started_us);
	}
	dbops_selfstat_publish(SELF_INSPECTOR);
	proc_exit(0);
}
