/*
 * advise/index_ledger.c
 *		The ledger of index advice; see index_ledger.h.
 *
 * An index that was regressed and is dropped is not advised again: the planner would, but what
 * was measured counts for more.  src/README.md has a drawing of the states.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "advise/index_ledger.h"
#include "advise/index_outcome.h"
#include "advise/outcome_facts.h"
#include "core/guc.h"
#include "core/spi.h"

/* Judged in one run, those that were not for the longest time. */
#define JUDGED_AT_ONCE 20

static const char new_databases_query[] =
    "INSERT INTO dbops.index_advice_run AS r (datid, datname, seen_at)\n"
    "SELECT d.oid, d.datname, $1\n"
    "FROM pg_catalog.pg_database AS d\n"
    "WHERE d.datallowconn AND NOT d.datistemplate\n"
    "ON CONFLICT (datid) DO UPDATE\n"
    "SET datname = excluded.datname\n"
    "WHERE r.datname <> excluded.datname";

static const char renamed_database_query[] = "UPDATE dbops.index_recommendation AS r\n"
                                             "SET datname = u.datname\n"
                                             "FROM dbops.index_advice_run AS u\n"
                                             "WHERE u.datid = r.datid AND u.datname <> r.datname";

static const char gone_databases_query[] =
    "DELETE FROM dbops.index_advice_run AS r\n"
    "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.oid = r.datid)";

static const char advice_of_gone_query[] =
    "DELETE FROM dbops.index_recommendation AS r\n"
    "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.oid = r.datid)";

static const char runs_query[] =
    "SELECT r.datid, r.seen_at, r.tried_at, r.failures, r.error FROM dbops.index_advice_run AS r";

static const char begin_query[] =
    "UPDATE dbops.index_advice_run SET tried_at = $2 WHERE datid = $1";

/* What is known of the index stays, and the first advice. */
static const char advice_query[] =
    "WITH told AS (\n"
    "    SELECT DISTINCT ON (a.identity) a.identity, a.action, a.ddl, a.undo_ddl, a.table_name,\n"
    "        a.index_size_bytes, a.benefit_ms_per_day, a.write_cost_ms_per_day, a.build_seconds,\n"
    "        a.improved, a.regressed, a.writers, a.readers, a.drops, a.confidence, a.reason\n"
    "    FROM jsonb_to_recordset($3::jsonb -> 'advice') AS a (identity text, action text, ddl text,\n"
    "        undo_ddl text, table_name text, index_size_bytes bigint, benefit_ms_per_day float8,\n"
    "        write_cost_ms_per_day float8, build_seconds float8, improved jsonb, regressed jsonb,\n"
    "        writers bigint[], readers bigint[], drops jsonb, confidence text, reason text)\n"
    "    ORDER BY a.identity, a.benefit_ms_per_day DESC NULLS LAST\n"
    "), known AS (\n"
    "    UPDATE dbops.index_recommendation AS r\n"
    "    SET action = t.action,\n"
    "        ddl = t.ddl,\n"
    "        undo_ddl = t.undo_ddl,\n"
    "        table_name = t.table_name,\n"
    "        index_size_bytes = t.index_size_bytes,\n"
    "        benefit_ms_per_day = t.benefit_ms_per_day,\n"
    "        write_cost_ms_per_day = t.write_cost_ms_per_day,\n"
    "        build_seconds = t.build_seconds,\n"
    "        improved = t.improved,\n"
    "        regressed = t.regressed,\n"
    "        writers = t.writers,\n"
    "        readers = t.readers,\n"
    "        drops = t.drops,\n"
    "        confidence = t.confidence,\n"
    "        reason = t.reason,\n"
    "        last_seen = $2,\n"
    "        times_seen = r.times_seen + 1,\n"
    "        status = CASE r.status WHEN 'gone' THEN 'open' ELSE r.status END\n"
    "    FROM told AS t\n"
    "    WHERE r.datid = $1 AND r.identity = t.identity\n"
    "        AND (r.status IN ('open', 'gone') OR r.dropped_seen_at IS NOT NULL)\n"
    ")\n"
    "INSERT INTO dbops.index_recommendation (datid, datname, identity, action, ddl, undo_ddl,\n"
    "    table_name, index_size_bytes, benefit_ms_per_day, write_cost_ms_per_day, build_seconds,\n"
    "    improved, regressed, writers, readers, drops, confidence, reason, first_seen, last_seen,\n"
    "    times_seen, status)\n"
    "SELECT $1, u.datname, t.identity, t.action, t.ddl, t.undo_ddl, t.table_name,\n"
    "    t.index_size_bytes, t.benefit_ms_per_day, t.write_cost_ms_per_day, t.build_seconds,\n"
    "    t.improved, t.regressed, t.writers, t.readers, t.drops, t.confidence, t.reason, $2, $2, 1,\n"
    "    'open'\n"
    "FROM told AS t\n"
    "    JOIN dbops.index_advice_run AS u ON u.datid = $1\n"
    "WHERE NOT EXISTS (\n"
    "    SELECT FROM dbops.index_recommendation AS r WHERE r.datid = $1 AND r.identity = t.identity)\n"
    "ORDER BY t.benefit_ms_per_day DESC NULLS LAST, t.identity";

/* A search that was cut short may have missed what it gave before; but not for a week. */
static const char not_given_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = 'gone'\n"
    "WHERE r.datid = $1 AND r.status = 'open' AND r.last_seen < $2\n"
    "    AND (NOT ($3::jsonb -> 'timed_out')::boolean OR r.last_seen < $2 - interval '7 days')";

static const char run_query[] =
    "UPDATE dbops.index_advice_run AS r\n"
    "SET advised_at = $2,\n"
    "    took_ms = $4,\n"
    "    statements = j.statements,\n"
    "    planned = j.planned,\n"
    "    coverage_percent = j.coverage_percent,\n"
    "    ms_per_day = j.ms_per_day,\n"
    "    window_days = j.window_days,\n"
    "    plannings = j.plannings,\n"
    "    timed_out = j.timed_out,\n"
    "    advised = jsonb_array_length(j.advice),\n"
    "    failures = 0,\n"
    "    sqlstate = NULL,\n"
    "    error = NULL\n"
    "FROM jsonb_to_record($3::jsonb) AS j (statements integer, planned integer,\n"
    "    coverage_percent float8, ms_per_day float8, window_days float8, plannings bigint,\n"
    "    timed_out boolean, advice jsonb)\n"
    "WHERE r.datid = $1\n"
    "RETURNING r.advised";

static const char failure_query[] = "UPDATE dbops.index_advice_run AS r\n"
                                    "SET failures = r.failures + 1, sqlstate = $2, error = $3\n"
                                    "WHERE r.datid = $1";

/*
 * An index that was made since, and serves what was advised; the one that is just that comes first.
 * One seen before the first advice was there and is dropped, or there would have been no advice;
 * what is known to be dropped is in the row.  Tables are compared first, by a hash, as there may be
 * many of both.
 */
static const char created_query[] =
    "WITH made AS (\n"
    "    SELECT DISTINCT ON (r.id) r.id, o.objid\n"
    "    FROM dbops.index_recommendation AS r\n"
    "        JOIN dbops.object AS o\n"
    "            ON o.datid = r.datid AND o.class = 'r' AND o.kind IN ('index', 'partitioned index')\n"
    "                AND o.dropped_at IS NULL AND o.is_valid AND o.first_seen_at > r.first_seen\n"
    "                AND o.objid IS DISTINCT FROM r.indexid\n"
    "    WHERE r.action <> 'drop'\n"
    "        AND (r.status IN ('open', 'gone')\n"
    "            OR (r.status = 'regressed' AND r.dropped_seen_at IS NOT NULL))\n"
    "        AND o.first_seen_at > (SELECT min(f.first_seen) FROM dbops.index_recommendation AS f)\n"
    "        AND split_part(dbops._index_identity(o.definition), ' USING ', 1)\n"
    "            = split_part(r.identity, ' USING ', 1)\n"
    "        AND dbops._index_serves(o.definition, r.identity)\n"
    "    ORDER BY r.id, dbops._index_identity(o.definition) <> r.identity, o.first_seen_at\n"
    ")\n"
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = 'created',\n"
    "    indexid = m.objid,\n"
    "    absent_at = greatest(r.last_seen, $1 - make_interval(secs => $2)),\n"
    "    created_seen_at = $1,\n"
    "    dropped_seen_at = NULL,\n"
    "    replaced_seen_at = NULL,\n"
    "    judged_at = NULL,\n"
    "    outcome = NULL\n"
    "FROM made AS m\n"
    "WHERE m.id = r.id";

/* REINDEX CONCURRENTLY makes another index of it; so may others. */
static const char rebuilt_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET indexid = n.objid\n"
    "FROM dbops.object AS o, dbops.object AS n\n"
    "WHERE r.status IN ('created', 'confirmed', 'neutral', 'regressed') AND r.action <> 'drop'\n"
    "    AND r.dropped_seen_at IS NULL\n"
    "    AND o.datid = r.datid AND o.objid = r.indexid AND o.class = 'r' AND o.dropped_at IS NOT NULL\n"
    "    AND n.datid = r.datid AND n.class = 'r' AND n.kind IN ('index', 'partitioned index')\n"
    "    AND n.dropped_at IS NULL AND n.is_valid AND n.parentid = o.parentid\n"
    "    AND n.first_seen_at > r.first_seen\n"
    "    AND dbops._index_serves(n.definition, r.identity)";

static const char dropped_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = CASE r.status WHEN 'regressed' THEN 'regressed' ELSE 'gone' END,\n"
    "    dropped_seen_at = $1,\n"
    "    outcome = concat_ws('; ', r.outcome, 'the index was dropped')\n"
    "FROM dbops.object AS o\n"
    "WHERE r.status IN ('created', 'confirmed', 'neutral', 'regressed') AND r.action <> 'drop'\n"
    "    AND r.dropped_seen_at IS NULL\n"
    "    AND o.datid = r.datid AND o.objid = r.indexid AND o.class = 'r' AND o.dropped_at IS NOT NULL";

/*
 * An index that was to go and is gone: not with its table, nor because REINDEX CONCURRENTLY made
 * another one of it, which has its name.  One that was renamed meanwhile has two lines of advice:
 * the last one counts.
 */
static const char gone_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = 'created',\n"
    "    indexid = o.objid,\n"
    "    index_name = format('%I.%I', o.schemaname, o.objname),\n"
    "    absent_at = greatest(r.last_seen, $1 - make_interval(secs => $2)),\n"
    "    created_seen_at = $1,\n"
    "    dropped_seen_at = NULL,\n"
    "    judged_at = NULL,\n"
    "    outcome = NULL\n"
    "FROM dbops.object AS o\n"
    "WHERE r.action = 'drop'\n"
    "    AND (r.status IN ('open', 'gone')\n"
    "        OR (r.status = 'regressed' AND r.dropped_seen_at IS NOT NULL))\n"
    "    AND o.datid = r.datid AND o.class = 'r' AND o.dropped_at IS NOT NULL\n"
    "    AND o.objid = (r.drops -> 0 ->> 'indexid')::bigint\n"
    "    AND o.objid IS DISTINCT FROM r.indexid\n"
    "    AND EXISTS (\n"
    "        SELECT FROM dbops.object AS t\n"
    "        WHERE t.datid = r.datid AND t.class = 'r' AND t.objid = o.parentid::bigint\n"
    "            AND t.dropped_at IS NULL)\n"
    "    AND NOT EXISTS (\n"
    "        SELECT FROM dbops.object AS n\n"
    "        WHERE n.datid = r.datid AND n.class = 'r' AND n.dropped_at IS NULL\n"
    "            AND n.parentid = o.parentid AND n.objname = o.objname)\n"
    "    AND NOT EXISTS (\n"
    "        SELECT FROM dbops.index_recommendation AS l\n"
    "        WHERE l.datid = r.datid AND l.action = 'drop' AND l.last_seen > r.last_seen\n"
    "            AND l.drops -> 0 -> 'indexid' = r.drops -> 0 -> 'indexid')";

/* What was dropped as advised is there again. */
static const char returned_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = CASE r.status WHEN 'regressed' THEN 'regressed' ELSE 'gone' END,\n"
    "    dropped_seen_at = $1,\n"
    "    outcome = concat_ws('; ', r.outcome, 'the index was created again')\n"
    "FROM dbops.object AS o, dbops.object AS n\n"
    "WHERE r.status IN ('created', 'confirmed', 'neutral', 'regressed') AND r.action = 'drop'\n"
    "    AND r.dropped_seen_at IS NULL\n"
    "    AND o.datid = r.datid AND o.class = 'r' AND o.objid = r.indexid\n"
    "    AND n.datid = r.datid AND n.class = 'r' AND n.kind IN ('index', 'partitioned index')\n"
    "    AND n.dropped_at IS NULL AND n.is_valid AND n.parentid = o.parentid\n"
    "    AND n.first_seen_at >= o.dropped_at\n"
    "    AND dbops._index_serves(n.definition, dbops._index_identity(r.drops -> 0 ->> 'undo_ddl'))";

/*
 * What is replaced is gone: from then on the index that was created is alone.  One that has made
 * it slower stays so.
 */
static const char replaced_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = CASE r.status WHEN 'regressed' THEN 'regressed' ELSE 'created' END,\n"
    "    replaced_seen_at = $1,\n"
    "    created_seen_at = $1,\n"
    "    judged_at = NULL\n"
    "WHERE r.action = 'replace' AND r.replaced_seen_at IS NULL AND r.dropped_seen_at IS NULL\n"
    "    AND r.status IN ('created', 'confirmed', 'neutral', 'regressed')\n"
    "    AND NOT EXISTS (\n"
    "        SELECT FROM jsonb_array_elements(r.drops) AS d\n"
    "            LEFT JOIN dbops.object AS o\n"
    "                ON o.datid = r.datid AND o.class = 'r'\n"
    "                    AND o.objid = (d ->> 'indexid')::bigint AND o.dropped_at IS NOT NULL\n"
    "        WHERE o.objid IS NULL)";

/* How to take back what was created: by the name that it has, with what was dropped for it. */
static const char undo_query[] =
    "WITH undo AS (\n"
    "    SELECT r.id, format('%I.%I', o.schemaname, o.objname) AS index_name, concat(\n"
    "            (SELECT string_agg(d.d ->> 'undo_ddl' || E';\\n', '' ORDER BY d.nr)\n"
    "            FROM jsonb_array_elements(r.drops) WITH ORDINALITY AS d (d, nr)\n"
    "                JOIN dbops.object AS g\n"
    "                    ON g.datid = r.datid AND g.class = 'r' AND g.dropped_at IS NOT NULL\n"
    "                        AND g.objid = (d.d ->> 'indexid')::bigint),\n"
    "            CASE o.kind WHEN 'index' THEN 'DROP INDEX CONCURRENTLY ' ELSE 'DROP INDEX ' END,\n"
    "            format('%I.%I', o.schemaname, o.objname)) AS undo_ddl\n"
    "    FROM dbops.index_recommendation AS r\n"
    "        JOIN dbops.object AS o\n"
    "            ON o.datid = r.datid AND o.class = 'r' AND o.objid = r.indexid\n"
    "                AND o.dropped_at IS NULL\n"
    "    WHERE r.status IN ('created', 'confirmed', 'neutral', 'regressed') AND r.action <> 'drop'\n"
    "        AND r.dropped_seen_at IS NULL\n"
    ")\n"
    "UPDATE dbops.index_recommendation AS r\n"
    "SET index_name = u.index_name, undo_ddl = u.undo_ddl\n"
    "FROM undo AS u\n"
    "WHERE u.id = r.id\n"
    "    AND (r.index_name IS DISTINCT FROM u.index_name OR r.undo_ddl <> u.undo_ddl)";

/* Looked for one after another. */
static const struct
{
	const char *query;
	int nvalues;
} followed[] = {
    {created_query, 2},  {rebuilt_query, 0},  {dropped_query, 1}, {gone_query, 2},
    {returned_query, 1}, {replaced_query, 1}, {undo_query, 0},
};

/* As time goes on less and less often: what is true after a week stays. */
static const char to_judge_query[] =
    "SELECT r.id, r.datid, r.absent_at, r.created_seen_at,\n"
    "    ARRAY(SELECT (e ->> 'queryid')::bigint FROM jsonb_array_elements(r.improved) AS e\n"
    "        WHERE e ? 'queryid') || r.readers,\n"
    "    r.writers,\n"
    "    (SELECT string_agg(d ->> 'name', ' and ')\n"
    "    FROM jsonb_array_elements(r.drops) AS d\n"
    "    WHERE r.action = 'replace' AND r.replaced_seen_at IS NULL)\n"
    "FROM dbops.index_recommendation AS r\n"
    "WHERE r.status IN ('created', 'confirmed', 'neutral', 'regressed')\n"
    "    AND r.dropped_seen_at IS NULL AND r.created_seen_at <= $1\n"
    "    AND r.created_seen_at > $1 - CASE r.status WHEN 'created' THEN interval '30 days'\n"
    "        ELSE interval '7 days' END\n"
    "    AND (r.judged_at IS NULL OR r.judged_at < $1 - ($1 - r.created_seen_at) / 20)\n"
    "ORDER BY r.judged_at NULLS FIRST\n"
    "LIMIT $2";

static const char verdict_query[] =
    "UPDATE dbops.index_recommendation AS r\n"
    "SET status = $2, judged_at = $3, outcome = $4, calls_before = $5, calls_after = $6,\n"
    "    mean_ms_before = $7, mean_ms_after = $8, saved_percent = $9, writes_percent = $10\n"
    "WHERE r.id = $1";

static const char prune_query[] =
    "DELETE FROM dbops.index_recommendation AS r WHERE r.status = 'gone' AND r.last_seen < $1";

static const char dismiss_query[] =
    "INSERT INTO dbops.dismissed_recommendations AS d (datname, identity, ddl, reason)\n"
    "SELECT r.datname, r.identity, r.ddl, $2\n"
    "FROM dbops.index_recommendation AS r\n"
    "WHERE r.id = $1\n"
    "ON CONFLICT (datname, identity) DO UPDATE\n"
    "SET reason = excluded.reason,\n"
    "    dismissed_by = excluded.dismissed_by,\n"
    "    dismissed_at = excluded.dismissed_at";

static SpiValue
oid_value(Oid value)
{
	return (SpiValue){.type = OIDOID, .value = ObjectIdGetDatum(value)};
}

static SpiValue
number_value(int64 value)
{
	return (SpiValue){.type = INT8OID, .value = Int64GetDatum(value)};
}

/* NaN is not known. */
static SpiValue
float_value(double value)
{
	return (SpiValue){.type = FLOAT8OID, .value = Float8GetDatum(value), .isnull = isnan(value)};
}

static TimestampTz
instant_at(const SpiRows *rows, uint64 row, int column)
{
	bool isnull;
	Datum value = dbops_spi_cell(rows, row, column, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

/* ---- databases and their searches ---- */

void
dbops_index_ledger_note_databases(TimestampTz now)
{
	const SpiValue at = dbops_spi_instant(now);

	(void) dbops_spi_execute(gone_databases_query, NULL, 0);
	(void) dbops_spi_execute(advice_of_gone_query, NULL, 0);
	(void) dbops_spi_execute(new_databases_query, &at, 1);
	(void) dbops_spi_execute(renamed_database_query, NULL, 0);
}

int
dbops_index_ledger_runs(LedgerRun **runs)
{
	const SpiRows *rows = dbops_spi_query_now(runs_query, NULL, 0);

	*runs = palloc0(sizeof(LedgerRun) * Max(rows->nrows, 1));
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		LedgerRun *run = &(*runs)[row];
		bool isnull;
		Datum error = dbops_spi_cell(rows, row, 4, &isnull);

		run->error = isnull ? NULL : TextDatumGetCString(error);
		run->datid = DatumGetObjectId(dbops_spi_cell(rows, row, 0, &isnull));
		run->seen_at = instant_at(rows, row, 1);
		run->tried_at = instant_at(rows, row, 2);
		run->failures = DatumGetInt32(dbops_spi_cell(rows, row, 3, &isnull));
	}
	return (int) rows->nrows;
}

void
dbops_index_ledger_begin(Oid datid, TimestampTz at)
{
	const SpiValue values[] = {oid_value(datid), dbops_spi_instant(at)};

	(void) dbops_spi_execute(begin_query, values, lengthof(values));
}

int
dbops_index_ledger_store(Oid datid, TimestampTz began_at, int64 took_ms, const char *run)
{
	const SpiValue values[] = {oid_value(datid), dbops_spi_instant(began_at), dbops_spi_text(run),
	                           number_value(took_ms)};
	const SpiRows *rows;
	bool isnull;

	(void) dbops_spi_execute(advice_query, values, 3);
	(void) dbops_spi_execute(not_given_query, values, 3);
	rows = dbops_spi_query_now(run_query, values, lengthof(values));
	return rows->nrows == 0 ? 0 : DatumGetInt32(dbops_spi_cell(rows, 0, 0, &isnull));
}

void
dbops_index_ledger_fail(Oid datid, const TaskError *error)
{
	const SpiValue values[] = {oid_value(datid),
	                           dbops_spi_text(unpack_sql_state(error->sqlerrcode)),
	                           dbops_spi_text(error->message)};

	(void) dbops_spi_execute(failure_query, values, lengthof(values));
}

/* ---- what came of it ---- */

static void
describe(StringInfo words, const OutcomeVerdict *verdict)
{
	if (verdict->reason != NULL)
	{
		appendStringInfoString(words, verdict->reason);
		return;
	}
	appendStringInfo(words, "%.3g ms a call before, %.3g ms since: %.0f %% %s",
	                 verdict->mean_before, verdict->mean_after, fabs(verdict->saved_ratio) * 100,
	                 verdict->saved_ratio < 0 ? "lost" : "saved");
	if (fabs(verdict->write_ratio) >= OUTCOME_NOTABLE)
		appendStringInfo(words, ", as writing takes %.0f %% %s", fabs(verdict->write_ratio) * 100,
		                 verdict->write_ratio < 0 ? "less" : "more");
	if (verdict->kind == OUTCOME_REGRESSED)
		appendStringInfoString(words, "; undo_ddl takes it back");
}

static void
write_verdict(int64 id, const OutcomeVerdict *verdict, const char *outcome, TimestampTz now)
{
	const SpiValue values[] = {
	    number_value(id),
	    dbops_spi_text(dbops_index_outcome_name(verdict->kind)),
	    dbops_spi_instant(now),
	    dbops_spi_text(outcome),
	    float_value(verdict->calls_before),
	    float_value(verdict->calls_after),
	    float_value(verdict->mean_before),
	    float_value(verdict->mean_after),
	    float_value(verdict->saved_ratio * 100),
	    float_value(verdict->write_ratio * 100),
	};

	(void) dbops_spi_execute(verdict_query, values, lengthof(values));
}

static void
judge(const SpiRows *rows, uint64 row, TimestampTz now)
{
	bool isnull;
	const OutcomeQuestion question = {
	    .datid = DatumGetObjectId(dbops_spi_cell(rows, row, 1, &isnull)),
	    .absent_at = instant_at(rows, row, 2),
	    .seen_at = instant_at(rows, row, 3),
	    .improved = dbops_spi_cell(rows, row, 4, &isnull),
	    .writers = dbops_spi_cell(rows, row, 5, &isnull),
	};
	const OutcomeFacts *facts = dbops_outcome_facts_load(&question);
	OutcomeVerdict verdict;
	StringInfoData outcome;
	Datum left;

	dbops_index_outcome_judge(facts, &verdict);
	initStringInfo(&outcome);
	describe(&outcome, &verdict);
	left = dbops_spi_cell(rows, row, 6, &isnull);
	if (!isnull)
		appendStringInfo(&outcome, "; not dropped yet: %s", TextDatumGetCString(left));
	write_verdict(DatumGetInt64(dbops_spi_cell(rows, row, 0, &isnull)), &verdict, outcome.data,
	              now);
}

void
dbops_index_ledger_follow(TimestampTz now)
{
	/* Within that time before it was seen, it may have been done. */
	const SpiValue seen[] = {
	    dbops_spi_instant(now),
	    float_value(dbops_guc_inspect_interval + 2 * dbops_guc_wide_interval),
	};
	const SpiValue limit[] = {
	    dbops_spi_instant(now),
	    number_value(JUDGED_AT_ONCE),
	};
	const SpiRows *rows;

	for (int i = 0; i < lengthof(followed); i++)
		(void) dbops_spi_execute(followed[i].query, seen, followed[i].nvalues);
	rows = dbops_spi_query_now(to_judge_query, limit, lengthof(limit));
	for (uint64 row = 0; row < rows->nrows; row++)
		judge(rows, row, now);
}

void
dbops_index_ledger_prune(TimestampTz before)
{
	const SpiValue value = dbops_spi_instant(before);

	(void) dbops_spi_execute(prune_query, &value, 1);
}

bool
dbops_index_ledger_dismiss(int64 id, const char *reason)
{
	const SpiValue values[] = {number_value(id), dbops_spi_text(reason)};

	return dbops_spi_execute(dismiss_query, values, lengthof(values)) > 0;
}
