/*
 * worker/visit_fill.c
 *		Sequences and integer keys of a database; see visit_fill.h.
 *
 * A page of catalog rows is read by one query, then each sequence and index by worker/endpoint.h.
 * What counts for a key is where its sequence stands and the farthest value in an index that begins
 * with it, whichever is farther; else the statistics that ANALYZE left.  A foreign key without any
 * of these is as far as what it refers to, which the sampler knows.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "collect/key_fill.h"
#include "core/clock.h"
#include "core/spi.h"
#include "worker/endpoint.h"
#include "worker/visit_fill.h"

/* Sequences, and tables, of one page: some milliseconds each. */
#define PAGE_SEQUENCES 500
#define PAGE_TABLES 200

/* Time for both, and what must be left of the visit to begin. */
#define FILL_MS 700
#define FILL_LIMIT_MS 1000

enum
{
	SEQUENCE_OID,
	SEQUENCE_TYPE_BYTES,
	SEQUENCE_MIN,
	SEQUENCE_MAX,
	SEQUENCE_INCREMENT,
	SEQUENCE_CYCLES
};

static const char sequences_query[] =
    "SELECT s.seqrelid, t.typlen, s.seqmin, s.seqmax, s.seqincrement, s.seqcycle\n"
    "FROM pg_catalog.pg_sequence AS s\n"
    "    JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid\n"
    "    JOIN pg_catalog.pg_type AS t ON t.oid = s.seqtypid\n"
    "WHERE s.seqrelid > $1 AND c.relpersistence <> 't'\n"
    "ORDER BY s.seqrelid\n"
    "LIMIT $2";

enum
{
	KEY_TABLE,
	KEY_ATTNUM,
	KEY_COLUMN,
	KEY_TYPE_BYTES,
	KEY_SEQUENCE,
	KEY_INCREMENT,
	KEY_INDEX,
	KEY_REFERENCED,
	KEY_REFERENCED_ATTNUM,
	KEY_STATISTICS,
	KEY_STATISTICS_LOWEST
};

/*
 * A row for each key, or one without a column for a table that has none.  A sequence feeds a column
 * by its default, or as what made it an identity or serial.  A partition fed by a sequence is left
 * to its parent, which is fed by the same.
 */
static const char keys_query[] =
    "SELECT c.oid, k.attnum, k.attname, k.attlen, k.seqrelid, k.seqincrement, k.indexrelid,\n"
    "    k.confrelid, k.confattnum, k.farthest, k.lowest\n"
    "FROM (\n"
    "        SELECT p.oid, p.relispartition\n"
    "        FROM pg_catalog.pg_class AS p\n"
    "        WHERE p.oid > $1 AND p.relkind IN ('r', 'p') AND p.relpersistence <> 't'\n"
    "        ORDER BY p.oid\n"
    "        LIMIT $2\n"
    "    ) AS c\n"
    "    LEFT JOIN LATERAL (\n"
    "        SELECT a.attnum, a.attname, a.attlen, s.seqrelid, s.seqincrement, i.indexrelid,\n"
    "            f.confrelid, f.confattnum, h.farthest, h.lowest\n"
    "        FROM pg_catalog.pg_attribute AS a\n"
    "            LEFT JOIN LATERAL (\n"
    "                SELECT q.seqrelid, q.seqincrement\n"
    "                FROM (\n"
    "                        SELECT d.refobjid AS feeder, 1 AS place\n"
    "                        FROM pg_catalog.pg_attrdef AS e\n"
    "                            JOIN pg_catalog.pg_depend AS d\n"
    "                                ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass\n"
    "                                AND d.objid = e.oid\n"
    "                                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass\n"
    "                        WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum\n"
    "                        UNION ALL\n"
    "                        SELECT d.objid, 2\n"
    "                        FROM pg_catalog.pg_depend AS d\n"
    "                        WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass\n"
    "                            AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum\n"
    "                            AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass\n"
    "                            AND d.deptype IN ('a', 'i')\n"
    "                    ) AS w\n"
    "                    JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = w.feeder\n"
    "                ORDER BY w.place, q.seqrelid\n"
    "                LIMIT 1\n"
    "            ) AS s ON true\n"
    "            LEFT JOIN LATERAL (\n"
    "                SELECT x.indexrelid\n"
    "                FROM pg_catalog.pg_index AS x\n"
    "                    JOIN pg_catalog.pg_class AS b\n"
    "                        ON b.oid = x.indexrelid AND b.relkind = 'i'\n"
    "                    JOIN pg_catalog.pg_am AS m ON m.oid = b.relam AND m.amname = 'btree'\n"
    "                WHERE x.indrelid = a.attrelid AND x.indkey[0] = a.attnum\n"
    "                    AND x.indisvalid AND x.indpred IS NULL\n"
    "                ORDER BY x.indisprimary DESC, x.indisunique DESC, x.indexrelid\n"
    "                LIMIT 1\n"
    "            ) AS i ON true\n"
    "            LEFT JOIN LATERAL (\n"
    "                SELECT r.confrelid, u.confattnum\n"
    "                FROM pg_catalog.pg_constraint AS r,\n"
    "                    ROWS FROM (pg_catalog.unnest(r.conkey), pg_catalog.unnest(r.confkey))\n"
    "                        AS u (attnum, confattnum)\n"
    "                WHERE r.conrelid = a.attrelid AND r.contype = 'f' AND u.attnum = a.attnum\n"
    "                ORDER BY r.oid\n"
    "                LIMIT 1\n"
    "            ) AS f ON true\n"
    "            LEFT JOIN LATERAL (\n"
    "                SELECT pg_catalog.max(n.number) AS farthest, pg_catalog.min(n.number) AS lowest\n"
    "                FROM pg_catalog.pg_statistic AS t,\n"
    "                    LATERAL (VALUES (t.stakind1, t.stavalues1::text),\n"
    "                        (t.stakind2, t.stavalues2::text),\n"
    "                        (t.stakind3, t.stavalues3::text)) AS v (kind, words),\n"
    "                    pg_catalog.unnest(v.words::bigint[]) AS n (number)\n"
    "                WHERE t.starelid = a.attrelid AND t.staattnum = a.attnum\n"
    "                    AND v.kind IN (1, 2)\n"
    "                    AND s.seqrelid IS NULL AND (i.indexrelid IS NULL OR NOT a.attnotnull)\n"
    "            ) AS h ON true\n"
    "        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped\n"
    "            AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype,\n"
    "                'int8'::pg_catalog.regtype)\n"
    "            AND (s.seqrelid IS NOT NULL OR f.confrelid IS NOT NULL OR EXISTS (\n"
    "                SELECT\n"
    "                FROM pg_catalog.pg_index AS x\n"
    "                WHERE x.indrelid = a.attrelid AND x.indisunique\n"
    "                    AND a.attnum = ANY (x.indkey[0:x.indnkeyatts - 1])))\n"
    "            AND NOT (c.relispartition AND s.seqrelid IS NOT NULL)\n"
    "    ) AS k ON true\n"
    "ORDER BY c.oid, k.attnum";

/*
 * A page is few rows, each looked up by an index: plans that read whole catalogs are never right,
 * and after a mass of tables was made the planner has no statistics to know that.
 */
static const char *const plan_settings[] = {"enable_seqscan", "enable_hashjoin",
                                            "enable_mergejoin"};

typedef struct Filling
{
	shm_mq_handle *queue;
	VisitSegment *segment;
	int64 until_us;
	MemoryContext page_context;
} Filling;

/* NULL reads as 0, which is none for all of these. */
static Datum
cell(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? (Datum) 0 : value;
}

static SpiRows *
read_page(const char *query, Oid after, int limit)
{
	/* What has a lower number came with initdb. */
	const SpiValue params[] = {
	    {.type = OIDOID, .value = ObjectIdGetDatum(Max(after, FirstNormalObjectId - 1))},
	    {.type = INT8OID, .value = Int64GetDatum(limit)},
	};

	return dbops_spi_query(query, params, lengthof(params));
}

static SeenSequence
see_sequence(const SpiRows *rows, uint64 row)
{
	SeenSequence seen;
	SequencePoint point = {0};

	memset(&seen, 0, sizeof(seen));
	seen.datid = MyDatabaseId;
	seen.relid = DatumGetObjectId(cell(rows, row, SEQUENCE_OID));
	seen.type_bytes = DatumGetInt16(cell(rows, row, SEQUENCE_TYPE_BYTES));
	seen.min_value = DatumGetInt64(cell(rows, row, SEQUENCE_MIN));
	seen.max_value = DatumGetInt64(cell(rows, row, SEQUENCE_MAX));
	seen.increment = DatumGetInt64(cell(rows, row, SEQUENCE_INCREMENT));
	seen.cycles = DatumGetBool(cell(rows, row, SEQUENCE_CYCLES));
	seen.read = dbops_endpoint_read_sequence(seen.relid, &point) == ENDPOINT_FOUND;
	seen.last_value = point.last_value;
	seen.called = point.is_called;
	return seen;
}

static bool
is_time_up(const Filling *filling)
{
	return dbops_clock_monotonic_us() >= filling->until_us;
}

/* Sends the head and what was put behind it; the next page goes on after the last of it. */
static void
send_page(Filling *filling, const VisitFill *fill, StringInfo message)
{
	memcpy(message->data, fill, sizeof(*fill));
	dbops_visit_send(filling->queue, message->len, message->data);
}

/* Sends a page of sequences, or what there is time for; whether there may be more. */
static bool
fill_sequences(Filling *filling)
{
	const SpiRows *rows =
	    read_page(sequences_query, filling->segment->after_sequence, PAGE_SEQUENCES);
	VisitFill fill = {.kind = VISIT_SEQUENCES};
	StringInfoData message;

	initStringInfo(&message);
	appendBinaryStringInfo(&message, (const char *) &fill, sizeof(fill));
	while (fill.count < rows->nrows && (fill.count == 0 || !is_time_up(filling)))
	{
		const SeenSequence seen = see_sequence(rows, fill.count++);

		CHECK_FOR_INTERRUPTS();
		fill.after = seen.relid;
		appendBinaryStringInfo(&message, (const char *) &seen, sizeof(seen));
	}
	fill.ended = rows->nrows == 0;
	send_page(filling, &fill, &message);
	filling->segment->after_sequence = fill.after;
	return !fill.ended;
}

/* Takes the value if it is farther than what the key has. */
static void
go_to(SeenKey *seen, KeySource source, int64 value)
{
	bool farther = seen->counts_down ? value < seen->farthest : value > seen->farthest;

	if (seen->source != KEY_FROM_NOTHING && !farther)
		return;
	seen->source = source;
	seen->farthest = value;
}

/* Takes what was read, if it was. */
static void
note(SeenKey *seen, EndpointResult result, KeySource source, int64 value)
{
	if (result == ENDPOINT_FOUND)
		go_to(seen, source, value);
	else if (result == ENDPOINT_BUSY)
		seen->locked = true;
}

static int64
half_of_type(const SeenKey *seen)
{
	return PG_INT64_MAX >> (64 - 8 * seen->type_bytes + 1);
}

/*
 * Hashes and random numbers are all over their type, and do not run out.  Nobody counts to half of
 * bigint; what is negative as far as it is positive was not counted, either.
 */
static void
forget_scattered(SeenKey *seen, bool known, int64 lowest)
{
	const int64 half = half_of_type(seen);

	if (seen->source == KEY_FROM_NOTHING || seen->farthest < half)
		return;
	if (seen->type_bytes == sizeof(int64) || (known && lowest < -half))
		seen->source = KEY_FROM_NOTHING;
}

static void
find_farthest(SeenKey *seen, Oid index)
{
	EndpointSide side = seen->counts_down ? ENDPOINT_LOWEST : ENDPOINT_HIGHEST;
	SequencePoint point = {0};
	int64 value = 0;
	EndpointResult result;

	if (OidIsValid(seen->sequenceid))
	{
		result = dbops_endpoint_read_sequence(seen->sequenceid, &point);
		if (result != ENDPOINT_FOUND || point.is_called)
			note(seen, result, KEY_FROM_SEQUENCE, point.last_value);
	}
	if (OidIsValid(index))
	{
		result = dbops_endpoint_read_index(seen->relid, index, side, &value);
		note(seen, result, KEY_FROM_INDEX, value);
	}
	if (seen->source == KEY_FROM_INDEX && !OidIsValid(seen->sequenceid))
	{
		result = dbops_endpoint_read_index(seen->relid, index, ENDPOINT_LOWEST, &value);
		forget_scattered(seen, result == ENDPOINT_FOUND, value);
	}
}

static SeenKey
see_key(const SpiRows *rows, uint64 row)
{
	SeenKey seen;
	int64 increment = DatumGetInt64(cell(rows, row, KEY_INCREMENT));
	char *column = dbops_visit_to_utf8(NameStr(*DatumGetName(cell(rows, row, KEY_COLUMN))));
	bool isnull;
	Datum statistics = dbops_spi_cell(rows, row, KEY_STATISTICS, &isnull);

	memset(&seen, 0, sizeof(seen));
	seen.datid = MyDatabaseId;
	seen.relid = DatumGetObjectId(cell(rows, row, KEY_TABLE));
	seen.attnum = DatumGetInt16(cell(rows, row, KEY_ATTNUM));
	seen.type_bytes = DatumGetInt16(cell(rows, row, KEY_TYPE_BYTES));
	seen.sequenceid = DatumGetObjectId(cell(rows, row, KEY_SEQUENCE));
	seen.referenced = DatumGetObjectId(cell(rows, row, KEY_REFERENCED));
	seen.referenced_attnum = DatumGetInt16(cell(rows, row, KEY_REFERENCED_ATTNUM));
	seen.counts_down = increment < 0;
	seen.step =
	    increment == PG_INT64_MIN ? PG_INT64_MAX : Max(increment < 0 ? -increment : increment, 1);
	memcpy(seen.column, column,
	       pg_encoding_mbcliplen(PG_UTF8, column, (int) strlen(column), NAMEDATALEN - 1));
	find_farthest(&seen, DatumGetObjectId(cell(rows, row, KEY_INDEX)));
	if (seen.source == KEY_FROM_NOTHING && !seen.locked && !isnull)
	{
		go_to(&seen, KEY_FROM_STATISTICS, DatumGetInt64(statistics));
		forget_scattered(&seen, true, DatumGetInt64(cell(rows, row, KEY_STATISTICS_LOWEST)));
	}
	return seen;
}

/* Sends the keys of a page of tables, or of those there is time for; whether there may be more. */
static bool
fill_keys(Filling *filling)
{
	const SpiRows *rows = read_page(keys_query, filling->segment->after_keys, PAGE_TABLES);
	VisitFill fill = {.kind = VISIT_KEYS};
	StringInfoData message;

	initStringInfo(&message);
	appendBinaryStringInfo(&message, (const char *) &fill, sizeof(fill));
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		Oid table = DatumGetObjectId(cell(rows, row, KEY_TABLE));
		SeenKey seen;

		CHECK_FOR_INTERRUPTS();
		/* Never between the keys of a table. */
		if (row > 0 && table != fill.after && is_time_up(filling))
			break;
		fill.after = table;
		if (DatumGetInt16(cell(rows, row, KEY_ATTNUM)) == 0)
			continue;
		seen = see_key(rows, row);
		appendBinaryStringInfo(&message, (const char *) &seen, sizeof(seen));
		fill.count++;
	}
	fill.ended = rows->nrows == 0;
	send_page(filling, &fill, &message);
	filling->segment->after_keys = fill.after;
	return !fill.ended;
}

/* Page after page until the end or the time has come; one row at least. */
static void
fill_pages(Filling *filling, bool (*page)(Filling *filling), int64 until_us)
{
	bool more;

	filling->until_us = until_us;
	do
	{
		MemoryContext old = MemoryContextSwitchTo(filling->page_context);

		more = page(filling);
		MemoryContextSwitchTo(old);
		MemoryContextReset(filling->page_context);
	} while (more && !is_time_up(filling));
}

static void
fill_all(void *arg)
{
	Filling *filling = arg;
	int64 began_us = dbops_clock_monotonic_us();

	filling->page_context =
	    AllocSetContextCreate(CurrentMemoryContext, "dbops key page", ALLOCSET_DEFAULT_SIZES);
	fill_pages(filling, fill_sequences, began_us + FILL_MS * 1000 / 3);
	fill_pages(filling, fill_keys, began_us + FILL_MS * 1000);
}

void
dbops_visit_fill_run(shm_mq_handle *queue, VisitSegment *segment, int64 started_us)
{
	static const Task task = {
	    .name = "inspect keys", .timeout_ms = FILL_LIMIT_MS, .sql = true, .run = fill_all};
	Filling filling = {.queue = queue, .segment = segment};
	int64 spent_us = dbops_clock_monotonic_us() - started_us;

	if (spent_us >= (VISIT_LIMIT_MS - FILL_LIMIT_MS) * INT64CONST(1000))
		return;
	for (int i = 0; i < lengthof(plan_settings); i++)
		SetConfigOption(plan_settings[i], "off", PGC_SUSET, PGC_S_OVERRIDE);
	dbops_tx_run(&task, &filling, &segment->fill_error);
}
