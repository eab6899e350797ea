/*
 * advise/existing_indexes.c
 *		What is known of indexes that are there; see existing_indexes.h.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "advise/existing_indexes.h"
#include "advise/restricted.h"
#include "core/spi.h"

enum
{
	INDEX_OID,
	INDEX_TABLE,
	INDEX_NAMESPACE,
	INDEX_NAME,
	INDEX_FIRST_DUTY /* of the columns that duty_columns tells of */
};

static const char indexes_query[] =
    "SELECT i.indexrelid, i.indrelid, n.nspname, c.relname,\n"
    "       NOT (i.indisvalid AND i.indisready),\n"
    "       c.relispartition,\n"
    "       i.indisprimary,\n"
    "       i.indisexclusion,\n"
    "       EXISTS (SELECT FROM pg_catalog.pg_constraint AS k\n"
    "                WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid\n"
    "                  AND k.contype IN ('p', 'u', 'x')),\n"
    "       i.indisreplident,\n"
    "       i.indisunique,\n"
    "       i.indisclustered,\n"
    "       EXISTS (SELECT FROM pg_catalog.pg_depend AS d\n"
    "                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass\n"
    "                  AND d.objid IN (i.indexrelid, i.indrelid) AND d.deptype IN ('e', 'x'))\n"
    "  FROM pg_catalog.pg_index AS i\n"
    "  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid\n"
    "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace\n"
    " WHERE i.indislive\n"
    "   AND (i.indrelid = ANY ($1) OR i.indrelid IN (\n"
    "           SELECT conrelid FROM pg_catalog.pg_constraint\n"
    "            WHERE contype = 'f' AND conparentid = 0 AND confrelid = ANY ($1)))\n"
    "   AND c.relpersistence <> 't'\n"
    "   AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema')\n"
    " ORDER BY i.indexrelid";

/* What columns of the query stand for, from INDEX_FIRST_DUTY on; the first that is true counts. */
static const IndexDuty duty_columns[] = {
    INDEX_INVALID,   INDEX_OF_PARTITION, INDEX_PRIMARY_KEY,
    INDEX_EXCLUSION, INDEX_CONSTRAINT,   INDEX_REPLICA_IDENTITY,
    INDEX_UNIQUE,    INDEX_CLUSTERED,    INDEX_OF_EXTENSION,
};

enum
{
	USE_INDEX,
	USE_DAYS,
	USE_SCANS,
	USE_LAST_SCAN
};

/*
 * Over all servers of the history, by hour, as what is written to tables is counted.  While that
 * is less than a day, the server's own counter may tell of more.  The parts of a partitioned index
 * are used in its stead.
 */
static const char use_query[] =
    "WITH RECURSIVE asked AS (\n"
    "    SELECT pg_catalog.date_bin('1 hour', pg_catalog.now() - $3 * interval '1 ms',\n"
    "               '2000-01-01 00:00+00') AS since\n"
    "), part AS (\n"
    "    SELECT root, root AS relid FROM pg_catalog.unnest($2) AS root\n"
    "    UNION\n"
    "    SELECT part.root, i.inhrelid\n"
    "      FROM part JOIN pg_catalog.pg_inherits AS i ON i.inhparent = part.relid\n"
    "), watched AS (\n"
    "    SELECT pg_catalog.sum(h.covers) AS over\n"
    "      FROM asked, dbops.server_history AS h\n"
    "     WHERE h.step = '1 hour' AND h.node = dbops.node_name() AND h.at >= asked.since\n"
    "), used AS (\n"
    "    SELECT h.relid, pg_catalog.sum(h.idx_scan) AS scans,\n"
    "           pg_catalog.max(h.last_scan_at) AS last_scan_at\n"
    "      FROM asked, dbops.index_history AS h\n"
    "     WHERE h.step = '1 hour' AND h.at >= asked.since\n"
    "       AND h.datid = $1 AND h.relid = ANY (ARRAY(SELECT relid FROM part))\n"
    "     GROUP BY h.relid\n"
    "), known AS (\n"
    "    SELECT part.root, used.scans, used.last_scan_at, part.relid,\n"
    "           EXTRACT(epoch FROM LEAST(watched.over, pg_catalog.now() - o.first_seen_at)) / 86400\n"
    "               AS days\n"
    "      FROM watched, part\n"
    "      JOIN dbops.objects AS o\n"
    "           ON o.kind IN ('index', 'partitioned index') AND o.datid = $1 AND o.objid = part.relid::bigint\n"
    "      LEFT JOIN used ON used.relid = part.relid\n"
    ")\n"
    "SELECT root, pg_catalog.min(days)::float8,\n"
    "       pg_catalog.sum(GREATEST(COALESCE(scans, 0),\n"
    "           CASE WHEN days < 1 THEN pg_catalog.pg_stat_get_numscans(relid) END))::float8,\n"
    "       pg_catalog.max(last_scan_at)\n"
    "  FROM known\n"
    " GROUP BY root";

enum
{
	KEY_CONSTRAINT,
	KEY_TABLE,
	KEY_REFERENCED,
	KEY_COLUMNS,
	KEY_REFERENCED_COLUMNS
};

/* A partition has its table's. */
static const char keys_query[] = "SELECT oid, conrelid, confrelid, conkey, confkey\n"
                                 "  FROM pg_catalog.pg_constraint\n"
                                 " WHERE contype = 'f' AND conparentid = 0\n"
                                 "   AND (conrelid = ANY ($1) OR confrelid = ANY ($1))\n"
                                 " ORDER BY oid";

/*
 * Servers that read what this one writes, and are not told of in the history.  Logical ones have
 * indexes of their own.
 */
static const char standbys_query[] =
    "SELECT GREATEST(0, (\n"
    "           SELECT pg_catalog.count(*)\n"
    "             FROM pg_catalog.pg_stat_get_wal_senders() AS s\n"
    "            WHERE s.state IN ('streaming', 'catchup')\n"
    "              AND s.pid NOT IN (SELECT active_pid FROM pg_catalog.pg_get_replication_slots()\n"
    "                                 WHERE active_pid IS NOT NULL AND slot_type = 'logical')\n"
    "       ) - (\n"
    "           SELECT pg_catalog.count(DISTINCT h.node)\n"
    "             FROM dbops.server_history AS h\n"
    "            WHERE h.step = '1 hour' AND h.at > pg_catalog.now() - interval '1 day'\n"
    "              AND h.node <> dbops.node_name()\n"
    "       ))::float8";

static SpiValue
oid_array(const Oid *oids, int n)
{
	Datum *values = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		values[i] = ObjectIdGetDatum(oids[i]);
	return (SpiValue){.type = OIDARRAYOID,
	                  .value = PointerGetDatum(
	                      construct_array(values, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT))};
}

static SpiValue
oid_list(const List *oids)
{
	Oid *values = palloc(sizeof(Oid) * Max(list_length(oids), 1));
	ListCell *lc;

	foreach (lc, oids)
		values[foreach_current_index(lc)] = lfirst_oid(lc);
	return oid_array(values, list_length(oids));
}

/* ---- the catalogs ---------------------------------------------------------------------------- */

static IndexDuty
read_duty(const SpiRows *rows, uint64 row)
{
	for (int i = 0; i < lengthof(duty_columns); i++)
	{
		bool isnull;
		Datum value = dbops_spi_cell(rows, row, INDEX_FIRST_DUTY + i, &isnull);

		if (!isnull && DatumGetBool(value))
			return duty_columns[i];
	}
	return INDEX_NO_DUTY;
}

static void
read_index(ExistingIndex *index, const SpiRows *rows, uint64 row)
{
	bool isnull;

	index->indexid = DatumGetObjectId(dbops_spi_cell(rows, row, INDEX_OID, &isnull));
	index->table = DatumGetObjectId(dbops_spi_cell(rows, row, INDEX_TABLE, &isnull));
	index->name = quote_qualified_identifier(
	    NameStr(*DatumGetName(dbops_spi_cell(rows, row, INDEX_NAMESPACE, &isnull))),
	    NameStr(*DatumGetName(dbops_spi_cell(rows, row, INDEX_NAME, &isnull))));
	index->duty = read_duty(rows, row);
	index->scans = NAN;
}

/* Those that are not defined yet, from one on; whoever takes their memory knows how far it got. */
typedef struct Defining
{
	ExistingIndexes *existing;
	int at;
	List *busy; /* tables that somebody works on: what failed once is not tried again */
} Defining;

/* The catalogs are read as they are now: another session may have dropped what the list has. */
static void
define_indexes(void *arg)
{
	Defining *defining = arg;

	for (; defining->at < defining->existing->count; defining->at++)
	{
		ExistingIndex *index = &defining->existing->indexes[defining->at];

		if (!list_member_oid(defining->busy, index->table))
			index->definition = TextDatumGetCString(
			    DirectFunctionCall1(pg_get_indexdef, ObjectIdGetDatum(index->indexid)));
	}
}

static void
define_all(ExistingIndexes *existing)
{
	/* Whoever runs the definition may have another path. */
	const RestrictedContext qualified = {.search_path = "pg_catalog, pg_temp"};
	Defining defining = {.existing = existing};
	TaskError error;

	while (!dbops_restricted_run(&qualified, define_indexes, &defining, &error))
		defining.busy = lappend_oid(defining.busy, existing->indexes[defining.at++].table);
}

static void
load_indexes(ExistingIndexes *existing, const SpiValue *tables)
{
	const SpiRows *rows = dbops_spi_query(indexes_query, tables, 1);

	existing->indexes = palloc0(sizeof(ExistingIndex) * Max(rows->nrows, 1));
	existing->count = rows->nrows;
	for (uint64 row = 0; row < rows->nrows; row++)
		read_index(&existing->indexes[row], rows, row);
	define_all(existing);
}

static int
read_columns(const SpiRows *rows, uint64 row, int column, AttrNumber *columns)
{
	bool isnull;
	const ArrayType *array = DatumGetArrayTypeP(dbops_spi_cell(rows, row, column, &isnull));
	const int n = Min(ARR_DIMS(array)[0], SPEC_MAX_COLUMNS);

	memcpy(columns, ARR_DATA_PTR(array), sizeof(AttrNumber) * n);
	return n;
}

static void
load_keys(ExistingIndexes *existing, const SpiValue *tables)
{
	const SpiRows *rows = dbops_spi_query(keys_query, tables, 1);

	existing->keys = palloc0(sizeof(ForeignKey) * Max(rows->nrows, 1));
	existing->nkeys = rows->nrows;
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		ForeignKey *key = &existing->keys[row];
		bool isnull;

		key->constraint = DatumGetObjectId(dbops_spi_cell(rows, row, KEY_CONSTRAINT, &isnull));
		key->table = DatumGetObjectId(dbops_spi_cell(rows, row, KEY_TABLE, &isnull));
		key->referenced = DatumGetObjectId(dbops_spi_cell(rows, row, KEY_REFERENCED, &isnull));
		key->ncolumns = read_columns(rows, row, KEY_COLUMNS, key->columns);
		read_columns(rows, row, KEY_REFERENCED_COLUMNS, key->referenced_columns);
	}
}

/* ---- the history ----------------------------------------------------------------------------- */

static ExistingIndex *
find_index(const ExistingIndexes *existing, Oid indexid)
{
	for (int i = 0; i < existing->count; i++)
	{
		if (existing->indexes[i].indexid == indexid)
			return &existing->indexes[i];
	}
	return NULL;
}

static void
load_use(ExistingIndexes *existing, int64 window_ms)
{
	Oid *oids = palloc(sizeof(Oid) * Max(existing->count, 1));
	const SpiRows *rows;

	for (int i = 0; i < existing->count; i++)
		oids[i] = existing->indexes[i].indexid;
	rows = dbops_spi_query(
	    use_query,
	    (SpiValue[]){{.type = OIDOID, .value = ObjectIdGetDatum(MyDatabaseId)},
	                 oid_array(oids, existing->count),
	                 {.type = FLOAT8OID, .value = Float8GetDatum((double) window_ms)}},
	    3);
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		bool isnull;
		ExistingIndex *index =
		    find_index(existing, DatumGetObjectId(dbops_spi_cell(rows, row, USE_INDEX, &isnull)));
		Datum value;

		if (index == NULL)
			continue;
		value = dbops_spi_cell(rows, row, USE_DAYS, &isnull);
		index->days = isnull ? 0 : DatumGetFloat8(value);
		value = dbops_spi_cell(rows, row, USE_SCANS, &isnull);
		index->scans = isnull ? NAN : DatumGetFloat8(value);
		value = dbops_spi_cell(rows, row, USE_LAST_SCAN, &isnull);
		index->last_scan_at = isnull ? 0 : DatumGetTimestampTz(value);
	}
}

static int
count_standbys(void)
{
	const SpiRows *rows = dbops_spi_query(standbys_query, NULL, 0);
	bool isnull;
	Datum value = dbops_spi_cell(rows, 0, 0, &isnull);

	return isnull ? 0 : (int) DatumGetFloat8(value);
}

static void
describe(void *arg)
{
	ExistingIndex *index = arg;

	index->spec = dbops_index_spec_of(index->indexid);
}

bool
dbops_existing_index_describe(ExistingIndex *index)
{
	const RestrictedContext nobody_else = {0};
	TaskError error;

	if (!dbops_restricted_run(&nobody_else, describe, index, &error))
		return false;
	if (index->spec == NULL && index->duty == INDEX_NO_DUTY)
		index->duty = INDEX_UNKNOWN;
	return true;
}

ExistingIndexes *
dbops_existing_indexes_load(const List *tables, int64 window_ms)
{
	ExistingIndexes *existing = palloc0(sizeof(ExistingIndexes));
	const SpiValue asked = oid_list(tables);

	load_indexes(existing, &asked);
	load_keys(existing, &asked);
	if (existing->count > 0 && OidIsValid(get_extension_oid("dbops", true)))
	{
		load_use(existing, window_ms);
		existing->standbys_unknown = count_standbys();
	}
	return existing;
}
