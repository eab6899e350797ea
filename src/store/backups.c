/*
 * store/backups.c
 *		The catalogue of backups; see backups.h.
 *
 * A file of its own because which source is believed over which is decided here and nowhere else.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/pg_lsn.h"
#include "utils/timestamp.h"

#include "core/clock.h"
#include "core/spi.h"
#include "store/backups.h"
#include "store/node.h"

/* Half a year of one an hour; people look at a hundred of them. */
#define MAX_ROWS "5000"

/*
 * So long after its session is gone, a history file may still be seen for the first time; not when
 * the server has restarted since.
 */
#define MISSING_AFTER "interval '60 seconds'"

/* What is said of a receiver whose end was not seen. */
#define MISSING "the receiver is not connected"

/* What a tool does after the server's part of a backup. */
#define TOLD_AFTER "interval '10 minutes'"

const char *const dbops_backup_kinds[] = {
    [BACKUP_BASE] = "base", [BACKUP_INCREMENTAL] = "incremental",
    [BACKUP_DUMP] = "dump", [BACKUP_DIFFERENTIAL] = "differential",
    [BACKUP_KINDS] = NULL,  [BACKUP_ARCHIVE] = "archive",
};

const char *const dbops_backup_statuses[] = {
    [BACKUP_RUNNING] = "running",
    [BACKUP_OK] = "ok",
    [BACKUP_FAILED] = "failed",
    [BACKUP_STATUSES] = NULL,
};

const char *const dbops_backup_sources[] = {
    [BACKUP_FROM_SESSION] = "session",
    [BACKUP_FROM_HISTORY_FILE] = "history file",
    [BACKUP_FROM_CATALOGUE] = "catalogue",
    [BACKUP_FROM_RECORD] = "recorded",
    [BACKUP_SOURCES] = NULL,
};

/* In the order of the parameters of the two statements that write. */
enum
{
	PARAM_NODE,
	PARAM_TOOL,
	PARAM_KIND,
	PARAM_LABEL,
	PARAM_PRIOR,
	PARAM_DATNAME,
	PARAM_STATUS,
	PARAM_STARTED_AT,
	PARAM_ENDED_AT,
	PARAM_START_LSN,
	PARAM_STOP_LSN,
	PARAM_TIMELINE,
	PARAM_SIZE_BYTES,
	PARAM_STORED_BYTES,
	PARAM_REPOSITORY,
	PARAM_SOURCE,
	PARAM_EVIDENCE,
	PARAM_WAL_INCLUDED,
	PARAM_WAL_ARCHIVED_AT,
	PARAM_PARTIAL,
	PARAM_PID,
	PARAM_SESSION_AT,
	PARAM_NOW,
	PARAM_ID, /* only where a row is changed */
	PARAMS
};

/*
 * The row of the same backup.  A history file knows its time to the second, and says when the copy
 * began, which is after the command that asked for it.  The label in a tool's catalogue may be
 * another one than that in the history file, and there it stands for one backup alone; without
 * archiving there is no history file, and what was seen of the session has but its times.  Either
 * may come first: a catalogue is read when it is due, and a session is known when it ends.
 *
 * A receiver that comes back is the same as long as it goes on where it was; if it lost its place,
 * what it keeps from there on is another archive, with a gap before it.  How far it was is not
 * known of one that went missing, and then it is taken for the same.
 */
static const char find_query[] =
    "SELECT b.id\n"
    "FROM dbops.backup AS b\n"
    "WHERE CASE $1\n"
    "        WHEN 'archive' THEN b.kind = 'archive' AND b.node = $2 AND b.tool = $3\n"
    "            AND b.label IS NOT DISTINCT FROM $4\n"
    "            AND (b.start_lsn = $6 OR b.status = 'running' OR b.evidence = '" MISSING "'\n"
    "                OR coalesce($6 <= b.stop_lsn, true))\n"
    "        WHEN 'dump' THEN b.kind = 'dump' AND b.node = $2\n"
    "            AND (b.pid = $8 AND b.session_at = $9\n"
    "                OR b.tool = $3 AND b.label = $4 AND b.started_at = $5)\n"
    "        ELSE b.kind NOT IN ('archive', 'dump')\n"
    "            AND (b.start_lsn = $6 AND coalesce(b.timeline = $7, true)\n"
    "                OR b.node = $2 AND b.pid = $8 AND b.session_at = $9\n"
    "                    AND ((b.started_at <= $5 OR b.session_at = $5)\n"
    "                        AND coalesce(b.ended_at >= $5 - interval '1 second', true)\n"
    "                        OR b.status = 'running')\n"
    "                OR b.node = $2 AND coalesce(b.label = $4, true)\n"
    "                    AND coalesce(b.start_lsn = $6, true)\n"
    "                    AND (b.pid IS NULL) <> ($8 IS NULL)\n"
    "                    AND CASE WHEN $8 IS NULL\n"
    "                            THEN $5 BETWEEN b.started_at - interval '1 second'\n"
    "                                AND coalesce(b.ended_at, 'infinity')\n"
    "                            ELSE b.started_at BETWEEN $5 - interval '1 second'\n"
    "                                AND coalesce($10, 'infinity') END\n"
    "                OR b.tool = $3 AND b.label = $4\n"
    "                    AND ($11 = 'catalogue' AND b.node = $2 AND $11 = ANY (b.sources)\n"
    "                        OR coalesce(b.start_lsn = $6, true)\n"
    "                        AND coalesce(b.started_at = $5, true))\n"
    "                OR $11 = 'catalogue' AND b.node = $2 AND b.tool = $3\n"
    "                    AND $11 <> ALL (b.sources) AND coalesce(b.start_lsn = $6, true)\n"
    "                    AND coalesce(b.ended_at <= $10 + interval '1 second',\n"
    "                        b.started_at <= $5 + interval '10 seconds')\n"
    "                    AND coalesce(b.started_at >= $5 - interval '1 second',\n"
    "                        b.ended_at >= $10 - " TOLD_AFTER ")\n"
    "                OR $11 IN ('session', 'history file') AND b.node = $2 AND b.tool = $3\n"
    "                    AND b.sources = ARRAY['catalogue'] AND coalesce(b.start_lsn = $6, true)\n"
    "                    AND b.started_at BETWEEN $5 - interval '1 second'\n"
    "                        AND coalesce($10, 'infinity'))\n"
    "    END\n"
    "ORDER BY (b.start_lsn = $6) IS TRUE DESC, (b.pid = $8) IS TRUE DESC,\n"
    "    (b.label = $4 AND $11 = ANY (b.sources)) IS TRUE DESC, b.status = 'failed', b.id DESC\n"
    "LIMIT 1";

/*
 * A catalogue knows times to the second, so that a backup may seem to end before it began.
 *
 * A session that failed after the backup was complete, as when its client went away while the last
 * WAL was on its way, stays failed when the history file is seen; one that only went missing, whose
 * end has no time, does not.
 */
static const char change_query[] =
    "UPDATE dbops.backup AS b\n"
    "SET (tool, kind, label, prior, datname, status, started_at, ended_at, start_lsn, stop_lsn,\n"
    "        timeline, size_bytes, stored_bytes, repository, sources, evidence, wal_included,\n"
    "        wal_archived_at, partial, expired_at, pid, session_at, updated_at)\n"
    "    = (n.tool, n.kind, n.label, n.prior, n.datname, n.status, n.started_at, n.ended_at,\n"
    "        n.start_lsn, n.stop_lsn, n.timeline, n.size_bytes, n.stored_bytes, n.repository,\n"
    "        n.sources, n.evidence, n.wal_included, n.wal_archived_at, n.partial, n.expired_at,\n"
    "        n.pid, n.session_at, $23)\n"
    "FROM (\n"
    "    SELECT old.id,\n"
    "        CASE WHEN told OR old.tool = 'plain copy'\n"
    "                OR old.tool = 'pg_basebackup' AND $2 <> 'plain copy'\n"
    "            THEN $2 ELSE old.tool END AS tool,\n"
    "        CASE WHEN told OR old.kind = 'base' THEN $3 ELSE old.kind END AS kind,\n"
    "        CASE WHEN told THEN coalesce($4, old.label) ELSE coalesce(old.label, $4) END AS label,\n"
    "        coalesce($5, old.prior) AS prior,\n"
    "        coalesce(old.datname, $6) AS datname,\n"
    "        v.status,\n"
    "        CASE WHEN $3 = 'archive' AND $7 = 'running' THEN coalesce($8, old.started_at)\n"
    "            WHEN told THEN coalesce($8, old.started_at)\n"
    "            WHEN was_told THEN old.started_at\n"
    "            ELSE least(old.started_at, $8) END AS started_at,\n"
    "        CASE WHEN v.status = 'running' OR coalesce($9, old.ended_at) IS NULL THEN NULL\n"
    "            WHEN told THEN greatest(coalesce($9, old.ended_at), $8, old.started_at)\n"
    "            ELSE greatest(old.ended_at, $9) END AS ended_at,\n"
    "        coalesce(old.start_lsn, CASE WHEN $10 <= coalesce($11, old.stop_lsn, $10)\n"
    "            THEN $10 END) AS start_lsn,\n"
    "        coalesce($11, old.stop_lsn) AS stop_lsn,\n"
    "        coalesce($12, old.timeline) AS timeline,\n"
    "        coalesce($13, old.size_bytes) AS size_bytes,\n"
    "        coalesce($14, old.stored_bytes) AS stored_bytes,\n"
    "        CASE WHEN told THEN coalesce($15, old.repository)\n"
    "            ELSE coalesce(old.repository, $15) END AS repository,\n"
    "        CASE WHEN $16 = ANY (old.sources) THEN old.sources\n"
    "            ELSE old.sources || $16 END AS sources,\n"
    "        CASE WHEN told OR v.status = $7 AND old.status <> $7 THEN $17\n"
    "            WHEN v.status = $7 AND NOT was_told THEN coalesce($17, old.evidence)\n"
    "            ELSE old.evidence END AS evidence,\n"
    "        coalesce($18, old.wal_included) AS wal_included,\n"
    "        coalesce(old.wal_archived_at, $19) AS wal_archived_at,\n"
    "        coalesce($20, old.partial) AS partial,\n"
    "        CASE WHEN NOT told THEN old.expired_at END AS expired_at,\n"
    "        coalesce($21, old.pid) AS pid,\n"
    "        coalesce($22, old.session_at) AS session_at\n"
    "    FROM dbops.backup AS old,\n"
    "        LATERAL (SELECT $16 IN ('catalogue', 'recorded'),\n"
    "            old.sources && ARRAY['catalogue', 'recorded']) AS t (told, was_told),\n"
    "        LATERAL (SELECT CASE\n"
    "            WHEN told OR $3 = 'archive' OR old.status = 'running' THEN $7\n"
    "            WHEN $7 = 'running' THEN old.status\n"
    "            WHEN old.status = 'failed' AND old.ended_at IS NOT NULL\n"
    "                AND $16 = 'history file' THEN old.status\n"
    "            WHEN old.status = 'ok' AND 'catalogue' = ANY (old.sources) THEN old.status\n"
    "            ELSE $7 END) AS v (status)\n"
    "    WHERE old.id = $24\n"
    ") AS n\n"
    "WHERE b.id = n.id\n"
    "    AND (b.tool, b.kind, b.label, b.prior, b.datname, b.status, b.started_at, b.ended_at,\n"
    "            b.start_lsn, b.stop_lsn, b.timeline, b.size_bytes, b.stored_bytes, b.repository,\n"
    "            b.sources, b.evidence, b.wal_included, b.wal_archived_at, b.partial,\n"
    "            b.expired_at, b.pid, b.session_at)\n"
    "        IS DISTINCT FROM (n.tool, n.kind, n.label, n.prior, n.datname, n.status,\n"
    "            n.started_at, n.ended_at, n.start_lsn, n.stop_lsn, n.timeline, n.size_bytes,\n"
    "            n.stored_bytes, n.repository, n.sources, n.evidence, n.wal_included,\n"
    "            n.wal_archived_at, n.partial, n.expired_at, n.pid, n.session_at)";

static const char add_query[] =
    "INSERT INTO dbops.backup (\n"
    "    node, tool, kind, label, prior, datname, status, started_at, ended_at, start_lsn,\n"
    "    stop_lsn, timeline, size_bytes, stored_bytes, repository, sources, evidence,\n"
    "    wal_included, wal_archived_at, partial, pid, session_at, first_seen_at, updated_at\n"
    ")\n"
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, ARRAY[$16], $17,\n"
    "    $18, $19, $20, $21, $22, $23, $23)\n"
    "RETURNING id";

static const char archived_query[] =
    "UPDATE dbops.backup SET wal_archived_at = $4, updated_at = $4\n"
    "WHERE node = $1 AND timeline = $2 AND stop_lsn <= $3 AND wal_archived_at IS NULL\n"
    "    AND status = 'ok' AND kind NOT IN ('dump', 'archive')";

/*
 * The end of a receiver is that of its session; when a backup ended nobody knows.  Without
 * archiving ($6 false) history files are removed as soon as they are written; then a session that
 * is gone without the server's warning has called pg_backup_stop(), unless the server went down.
 */
static const char missing_query[] =
    "UPDATE dbops.backup AS b\n"
    "SET status = CASE WHEN b.kind IN ('archive', 'dump') OR $6 OR b.session_at < $5 THEN 'failed'\n"
    "        ELSE 'ok' END,\n"
    "    ended_at = CASE WHEN b.kind = 'archive' THEN $4 END,\n"
    "    evidence = CASE WHEN b.kind = 'archive' THEN '" MISSING "'\n"
    "        WHEN b.kind = 'dump' OR $6 OR b.session_at < $5\n"
    "        THEN 'its session is gone, and nothing tells that it was completed'\n"
    "        ELSE 'its session is gone without a warning; nothing else tells with archive_mode'\n"
    "            ' off' END,\n"
    "    updated_at = $4\n"
    "WHERE b.node = $1 AND b.status = 'running' AND 'session' = ANY (b.sources)\n"
    "    AND NOT EXISTS (\n"
    "        SELECT FROM unnest($2, $3) AS s (pid, session_at)\n"
    "        WHERE s.pid = b.pid AND s.session_at = b.session_at)\n"
    "    AND (b.kind = 'archive' OR b.session_at < $5 OR b.updated_at < $4 - " MISSING_AFTER ")";

static const char prune_query[] =
    "DELETE FROM dbops.backup AS b\n"
    "WHERE b.status <> 'running'\n"
    "    AND (coalesce(b.ended_at, b.started_at, b.updated_at) < $1\n"
    "        OR b.id < (SELECT id FROM dbops.backup ORDER BY id DESC OFFSET " MAX_ROWS " LIMIT 1))";

/* No time and no position are the first there are. */
static const char known_query[] =
    "SELECT n.nr\n"
    "FROM unnest($3, $4, $5, $6) WITH ORDINALITY AS n (label, repository, ended_at, start_lsn, nr)\n"
    "    JOIN dbops.backup AS b ON b.label = n.label AND b.repository = n.repository\n"
    "        AND b.ended_at = n.ended_at AND n.start_lsn IN ('0/0', b.start_lsn)\n"
    "WHERE b.node = $1 AND b.tool = $2 AND b.status = 'ok' AND b.evidence IS NULL\n"
    "    AND b.expired_at IS NULL AND b.start_lsn IS NOT NULL AND 'catalogue' = ANY (b.sources)";

/* What a tool told by its label alone, before it was known which backup that is. */
static const char same_query[] =
    "DELETE FROM dbops.backup\n"
    "WHERE id <> $1 AND node = $2 AND tool = $3 AND label = $4 AND start_lsn IS NULL\n"
    "    AND sources = ARRAY['catalogue']";

static const char expire_query[] =
    "UPDATE dbops.backup SET expired_at = $4, updated_at = $4\n"
    "WHERE tool = $1 AND repository = $2 AND 'catalogue' = ANY (sources) AND status <> 'running'\n"
    "    AND expired_at IS NULL AND label <> ALL ($3)";

static const char verified_query[] =
    "UPDATE dbops.backup SET verified_at = $2, verify_error = $3, updated_at = $2\n"
    "WHERE start_lsn = $1 AND kind NOT IN ('dump', 'archive')";

static const char complete_query[] =
    "SELECT started_at, start_lsn, timeline\n"
    "FROM dbops.backup\n"
    "WHERE node = $1 AND kind NOT IN ('dump', 'archive')\n"
    "    AND (start_lsn IS NOT NULL OR tool = $4)\n"
    "    AND ('catalogue' <> ALL (sources) OR tool = $4 AND label = $5)\n"
    "    AND started_at BETWEEN $2 - interval '5 s' AND $3 AND ended_at <= $3 + interval '5 s'\n"
    "ORDER BY start_lsn IS NULL, started_at DESC\n"
    "LIMIT 1";

static SpiValue
lsn_value(XLogRecPtr value)
{
	return (SpiValue){.type = LSNOID, .value = LSNGetDatum(value), .isnull = value == 0};
}

static SpiValue
number_value(int64 value)
{
	return (SpiValue){.type = INT8OID, .value = Int64GetDatum(value), .isnull = value == 0};
}

static SpiValue
pid_value(int value)
{
	return (SpiValue){.type = INT4OID, .value = Int32GetDatum(value), .isnull = value == 0};
}

static SpiValue
answer_value(BackupAnswer value)
{
	return (SpiValue){.type = BOOLOID,
	                  .value = BoolGetDatum(value == BACKUP_YES),
	                  .isnull = value == BACKUP_UNKNOWN};
}

static const char *
node_of(const Backup *backup)
{
	return backup->node != NULL ? backup->node : dbops_node_name();
}

/* The id of the row that tells of the same backup; 0 if there is none. */
static int64
find_row(const Backup *backup)
{
	const SpiValue params[] = {
	    dbops_spi_text(dbops_backup_kinds[backup->kind]),
	    dbops_spi_text(node_of(backup)),
	    dbops_spi_text(backup->tool),
	    dbops_spi_text(backup->label),
	    dbops_spi_instant(backup->started_at),
	    lsn_value(backup->start_lsn),
	    number_value(backup->timeline),
	    pid_value(backup->pid),
	    dbops_spi_instant(backup->session_at),
	    dbops_spi_instant(backup->ended_at),
	    dbops_spi_text(dbops_backup_sources[backup->source]),
	};
	const SpiRows *rows = dbops_spi_query_now(find_query, params, lengthof(params));
	bool isnull;

	return rows->nrows == 0 ? 0 : DatumGetInt64(dbops_spi_cell(rows, 0, 0, &isnull));
}

static void
forget_same(const Backup *backup, int64 id)
{
	const SpiValue params[] = {
	    number_value(id),
	    dbops_spi_text(node_of(backup)),
	    dbops_spi_text(backup->tool),
	    dbops_spi_text(backup->label),
	};

	dbops_spi_execute(same_query, params, lengthof(params));
}

int64
dbops_backups_store(const Backup *backup)
{
	const TimestampTz now = dbops_clock_now();
	const int64 id = find_row(backup);
	const SpiValue params[PARAMS] = {
	    [PARAM_NODE] = dbops_spi_text(node_of(backup)),
	    [PARAM_TOOL] = dbops_spi_text(backup->tool),
	    [PARAM_KIND] = dbops_spi_text(dbops_backup_kinds[backup->kind]),
	    [PARAM_LABEL] = dbops_spi_text(backup->label),
	    [PARAM_PRIOR] = dbops_spi_text(backup->prior),
	    [PARAM_DATNAME] = dbops_spi_text(backup->datname),
	    [PARAM_STATUS] = dbops_spi_text(dbops_backup_statuses[backup->status]),
	    [PARAM_STARTED_AT] = dbops_spi_instant(backup->started_at),
	    [PARAM_ENDED_AT] = dbops_spi_instant(backup->ended_at),
	    [PARAM_START_LSN] = lsn_value(backup->start_lsn),
	    [PARAM_STOP_LSN] = lsn_value(backup->stop_lsn),
	    [PARAM_TIMELINE] = number_value(backup->timeline),
	    [PARAM_SIZE_BYTES] = number_value(backup->size_bytes),
	    [PARAM_STORED_BYTES] = number_value(backup->stored_bytes),
	    [PARAM_REPOSITORY] = dbops_spi_text(backup->repository),
	    [PARAM_SOURCE] = dbops_spi_text(dbops_backup_sources[backup->source]),
	    [PARAM_EVIDENCE] = dbops_spi_text(backup->evidence),
	    [PARAM_WAL_INCLUDED] = answer_value(backup->wal_included),
	    [PARAM_WAL_ARCHIVED_AT] = dbops_spi_instant(backup->wal_archived == BACKUP_YES ? now : 0),
	    [PARAM_PARTIAL] = answer_value(backup->partial),
	    [PARAM_PID] = pid_value(backup->pid),
	    [PARAM_SESSION_AT] = dbops_spi_instant(backup->session_at),
	    [PARAM_NOW] = dbops_spi_instant(now),
	    [PARAM_ID] = number_value(id),
	};
	bool isnull;

	if (id == 0)
		return DatumGetInt64(
		    dbops_spi_cell(dbops_spi_query_now(add_query, params, PARAM_ID), 0, 0, &isnull));
	dbops_spi_execute(change_query, params, PARAMS);
	if (backup->source == BACKUP_FROM_CATALOGUE)
		forget_same(backup, id);
	return id;
}

void
dbops_backups_note_archived(TimeLineID timeline, XLogRecPtr up_to)
{
	const SpiValue params[] = {
	    dbops_spi_text(dbops_node_name()),
	    number_value(timeline),
	    lsn_value(up_to),
	    dbops_spi_instant(dbops_clock_now()),
	};

	dbops_spi_execute(archived_query, params, lengthof(params));
}

void
dbops_backups_close_missing(const int *pids, const TimestampTz *starts, int n)
{
	Datum *pid_datums = palloc(sizeof(Datum) * (n + 1));
	Datum *start_datums = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
	{
		pid_datums[i] = Int32GetDatum(pids[i]);
		start_datums[i] = TimestampTzGetDatum(starts[i]);
	}
	const SpiValue params[] = {
	    dbops_spi_text(dbops_node_name()),
	    {.type = INT4ARRAYOID,
	     .value = PointerGetDatum(
	         construct_array(pid_datums, n, INT4OID, sizeof(int32), true, TYPALIGN_INT))},
	    {.type = TIMESTAMPTZARRAYOID,
	     .value = PointerGetDatum(construct_array(start_datums, n, TIMESTAMPTZOID, sizeof(int64),
	                                              FLOAT8PASSBYVAL, TYPALIGN_DOUBLE))},
	    dbops_spi_instant(dbops_clock_now()),
	    dbops_spi_instant(PgStartTime),
	    {.type = BOOLOID, .value = BoolGetDatum(XLogArchivingActive())},
	};

	dbops_spi_execute(missing_query, params, lengthof(params));
}

void
dbops_backups_prune(TimestampTz before)
{
	const SpiValue params[] = {dbops_spi_instant(before)};

	dbops_spi_execute(prune_query, params, lengthof(params));
}

bool *
dbops_backups_find_known(const Backup *backups, int n)
{
	bool *known = palloc0(Max(n, 1));
	Datum *labels = palloc(sizeof(Datum) * Max(n, 1));
	Datum *repositories = palloc(sizeof(Datum) * Max(n, 1));
	Datum *ends = palloc(sizeof(Datum) * Max(n, 1));
	Datum *starts = palloc(sizeof(Datum) * Max(n, 1));
	const SpiRows *rows;

	if (n == 0)
		return known;
	for (int i = 0; i < n; i++)
	{
		bool complete = backups[i].status == BACKUP_OK && backups[i].evidence == NULL;

		labels[i] = CStringGetTextDatum(complete ? backups[i].label : "");
		repositories[i] = CStringGetTextDatum(backups[i].repository);
		ends[i] = TimestampTzGetDatum(backups[i].ended_at);
		starts[i] = LSNGetDatum(backups[i].start_lsn);
	}

	const SpiValue params[] = {
	    dbops_spi_text(node_of(&backups[0])),
	    dbops_spi_text(backups[0].tool),
	    {TEXTARRAYOID,
	     PointerGetDatum(construct_array(labels, n, TEXTOID, -1, false, TYPALIGN_INT)), false},
	    {TEXTARRAYOID,
	     PointerGetDatum(construct_array(repositories, n, TEXTOID, -1, false, TYPALIGN_INT)),
	     false},
	    {TIMESTAMPTZARRAYOID,
	     PointerGetDatum(
	         construct_array(ends, n, TIMESTAMPTZOID, sizeof(TimestampTz), true, TYPALIGN_DOUBLE)),
	     false},
	    {PG_LSNARRAYOID,
	     PointerGetDatum(
	         construct_array(starts, n, LSNOID, sizeof(XLogRecPtr), true, TYPALIGN_DOUBLE)),
	     false},
	};

	rows = dbops_spi_query_now(known_query, params, lengthof(params));
	for (uint64 row = 0; row < rows->nrows; row++)
	{
		bool isnull;

		known[DatumGetInt64(dbops_spi_cell(rows, row, 0, &isnull)) - 1] = true;
	}
	return known;
}

void
dbops_backups_expire_missing(const char *tool, const char *repository, const char *const *labels,
                             int n)
{
	Datum *texts = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		texts[i] = CStringGetTextDatum(labels[i]);

	const SpiValue params[] = {
	    dbops_spi_text(tool),
	    dbops_spi_text(repository),
	    {.type = TEXTARRAYOID,
	     .value = PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT))},
	    dbops_spi_instant(dbops_clock_now()),
	};

	dbops_spi_execute(expire_query, params, lengthof(params));
}

void
dbops_backups_note_verified(XLogRecPtr start_lsn, TimestampTz at, const char *problem)
{
	const SpiValue params[] = {lsn_value(start_lsn), dbops_spi_instant(at),
	                           dbops_spi_text(problem)};

	dbops_spi_execute(verified_query, params, lengthof(params));
}

void
dbops_backups_complete(Backup *backup, TimestampTz began_at)
{
	const SpiValue params[] = {
	    dbops_spi_text(node_of(backup)),     dbops_spi_instant(began_at),
	    dbops_spi_instant(backup->ended_at), dbops_spi_text(backup->tool),
	    dbops_spi_text(backup->label),
	};
	const SpiRows *rows = dbops_spi_query_now(complete_query, params, lengthof(params));
	Datum start;
	Datum timeline;
	bool isnull;

	if (rows->nrows == 0)
		return;
	backup->started_at = DatumGetTimestampTz(dbops_spi_cell(rows, 0, 0, &isnull));
	start = dbops_spi_cell(rows, 0, 1, &isnull);
	if (!isnull)
		backup->start_lsn = DatumGetLSN(start);
	timeline = dbops_spi_cell(rows, 0, 2, &isnull);
	if (!isnull)
		backup->timeline = (TimeLineID) DatumGetInt64(timeline);
}
