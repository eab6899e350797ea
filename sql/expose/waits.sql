-- What sessions do and wait for: at the moment, and over the last hour.

CREATE FUNCTION dbops._sessions(
    OUT pid integer,
    OUT leader_pid integer,
    OUT datid oid,
    OUT userid oid,
    OUT application_name text,
    OUT client_addr text,
    OUT state text,
    OUT rests boolean,
    OUT wait_event_type text,
    OUT wait_event text,
    OUT xact_at timestamptz,
    OUT statement_at timestamptz,
    OUT state_at timestamptz,
    OUT queryid bigint,
    OUT query text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dbops__sessions';
COMMENT ON FUNCTION dbops._sessions() IS
    'All processes of the server but those of dbops, straight from shared memory; what others do is shown to members of pg_read_all_stats alone';
REVOKE ALL ON FUNCTION dbops._sessions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._sessions() TO pg_monitor;

CREATE FUNCTION dbops._blocking(
    OUT "position" integer,
    OUT depth integer,
    OUT pid integer,
    OUT xid xid,
    OUT blocks integer,
    OUT blocked_by integer[],
    OUT locktype text,
    OUT mode text,
    OUT lock_detail text,
    OUT datid oid,
    OUT relid oid,
    OUT since timestamptz)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dbops__blocking';
COMMENT ON FUNCTION dbops._blocking() IS
    'Sessions that wait for a lock and those in their way, as a tree; in blocked_by those that hold the lock come first, 0 is a prepared transaction';
REVOKE ALL ON FUNCTION dbops._blocking() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._blocking() TO pg_monitor;

CREATE FUNCTION dbops._elapsed(since timestamptz) RETURNS interval
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT GREATEST(pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp() - since), interval '0');
    END;
COMMENT ON FUNCTION dbops._elapsed(timestamptz) IS 'Time since then, for people';
REVOKE ALL ON FUNCTION dbops._elapsed(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._elapsed(timestamptz) TO pg_monitor;

-- What ends a session's hold on others, with as little harm as will do.
CREATE FUNCTION dbops._stop_sql(pid integer, state text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT CASE WHEN state LIKE 'idle%' OR state = 'disabled'
                    THEN pg_catalog.format('SELECT pg_terminate_backend(%s)', pid)
                    WHEN state IN ('active', 'blocked', 'fastpath function call', 'autovacuum worker',
                                   'logical replication worker', 'background worker')
                    THEN pg_catalog.format('SELECT pg_cancel_backend(%s)', pid) END;
    END;
COMMENT ON FUNCTION dbops._stop_sql(integer, text) IS
    'The statement that stops what a session does; NULL for processes that are not to be stopped';
REVOKE ALL ON FUNCTION dbops._stop_sql(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._stop_sql(integer, text) TO pg_monitor;

CREATE VIEW dbops.sessions AS
SELECT d.datname, r.rolname, s.application_name, s.client_addr, s.state,
       COALESCE(b.blocks, 0) AS blocks,
       s.wait_event_type, s.wait_event,
       CASE WHEN s.state IN ('active', 'blocked', 'fastpath function call')
            THEN dbops._elapsed(s.statement_at) END AS statement_for,
       dbops._elapsed(s.xact_at) AS transaction_for,
       dbops._elapsed(s.state_at) AS state_for,
       s.query,
       dbops._stop_sql(COALESCE(s.leader_pid, s.pid), s.state) AS stop_sql,
       s.pid, b.blocked_by, s.leader_pid, s.queryid
  FROM dbops._sessions() AS s
  LEFT JOIN dbops._blocking() AS b USING (pid)
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
 WHERE (s.rests IS NOT TRUE OR b.blocks > 0) AND s.pid <> pg_catalog.pg_backend_pid()
 ORDER BY COALESCE(b.blocks, 0) DESC, s.xact_at NULLS LAST, s.pid;

COMMENT ON VIEW dbops.sessions IS
    'Sessions and processes of the server that are not idle, at the moment: those that block most others first, then the oldest transactions; stop_sql is what would stop one';
COMMENT ON COLUMN dbops.sessions.blocks IS 'How many sessions it holds up, directly or through others';
COMMENT ON COLUMN dbops.sessions.statement_for IS 'For how long its statement has run';
COMMENT ON COLUMN dbops.sessions.transaction_for IS 'For how long its transaction has been open';
COMMENT ON COLUMN dbops.sessions.state_for IS 'For how long it has been in this state';
COMMENT ON COLUMN dbops.sessions.query IS 'Its statement, the latest one when it is idle';
COMMENT ON COLUMN dbops.sessions.stop_sql IS 'The statement that would stop it: cancels what runs, ends a session that idles';
COMMENT ON COLUMN dbops.sessions.blocked_by IS 'PIDs in its way, those that hold the lock first; 0 is a prepared transaction';
REVOKE ALL ON dbops.sessions FROM PUBLIC;
GRANT SELECT ON dbops.sessions TO pg_monitor;

CREATE VIEW dbops.blocking AS
SELECT pg_catalog.repeat('  ', b.depth) OPERATOR(pg_catalog.||) COALESCE(b.pid::text, 'prepared') AS tree,
       b.blocks, s.state,
       dbops._elapsed(b.since) AS waiting_for,
       b.locktype, b.mode,
       CASE WHEN c.relname IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, c.relname)
            WHEN o.objname IS NOT NULL THEN pg_catalog.format('%I.%I', o.schemaname, o.objname)
            ELSE b.relid::text END AS relation,
       b.lock_detail,
       dbops._elapsed(COALESCE(s.xact_at, p.prepared)) AS transaction_for,
       COALESCE(d.datname, p.database) AS datname, COALESCE(r.rolname, p.owner) AS rolname,
       s.application_name, s.query,
       COALESCE(dbops._stop_sql(b.pid, s.state), pg_catalog.format('ROLLBACK PREPARED %L', p.gid)) AS stop_sql,
       b.pid, b.blocked_by, s.queryid, b.depth, b."position"
  FROM dbops._blocking() AS b
  LEFT JOIN dbops._sessions() AS s USING (pid)
  LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON b.pid IS NULL AND p.transaction = b.xid
  LEFT JOIN pg_catalog.pg_database AS mine ON mine.datname = pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = b.relid AND b.datid IN (0, mine.oid)
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
  LEFT JOIN dbops.object AS o ON o.class = 'r' AND o.datid = b.datid AND o.objid = b.relid::bigint
 ORDER BY b."position";

COMMENT ON VIEW dbops.blocking IS
    'Who blocks whom at the moment, as a tree: those at the root wait for nobody, and those that hold up most come first; stop_sql is what would stop one';
COMMENT ON COLUMN dbops.blocking.tree IS 'PID, indented below the one that it waits for';
COMMENT ON COLUMN dbops.blocking.blocks IS 'How many sessions it holds up, directly or through others';
COMMENT ON COLUMN dbops.blocking.waiting_for IS 'For how long it has waited; NULL at the root';
COMMENT ON COLUMN dbops.blocking.mode IS 'The lock that it waits for';
COMMENT ON COLUMN dbops.blocking.transaction_for IS 'For how long its transaction has been open';
COMMENT ON COLUMN dbops.blocking.query IS 'Its statement, the latest one when it is idle: the lock may come from one before that';
COMMENT ON COLUMN dbops.blocking.stop_sql IS 'The statement that would stop it: cancels what runs, ends a session that idles';
REVOKE ALL ON dbops.blocking FROM PUBLIC;
GRANT SELECT ON dbops.blocking TO pg_monitor;

CREATE VIEW dbops.waits AS
WITH sampled AS (
    SELECT EXTRACT(epoch FROM pg_catalog.sum(covers)) AS seconds
      FROM dbops.server_history
     WHERE at > pg_catalog.now() - interval '1 hour' AND node = dbops.node_name() AND step = interval '1 minute'
), captured AS (
    SELECT datid, queryid, pg_catalog.max(query) AS query
      FROM dbops._captured_statements()
     GROUP BY datid, queryid
)
SELECT w.datname, w.rolname, w.state, w.wait_event_type, w.wait_event,
       dbops._rounded(pg_catalog.sum(w.session_seconds), 1) AS session_seconds,
       dbops._rounded(pg_catalog.sum(w.session_seconds) / NULLIF(sampled.seconds, 0)::float8, 2) AS mean_sessions,
       pg_catalog.max(w.peak_sessions) AS peak_sessions,
       dbops._rounded(100 * pg_catalog.sum(w.session_seconds)
           / NULLIF(pg_catalog.sum(pg_catalog.sum(w.session_seconds)) OVER (), 0), 1) AS time_percent,
       NULLIF(w.queryid, 0) AS queryid, COALESCE(pg_catalog.max(o.definition), pg_catalog.max(captured.query)) AS query
  FROM sampled, dbops.wait_history AS w
  LEFT JOIN dbops.object AS o ON o.class = 's' AND o.datid = w.datid AND o.objid = w.queryid
  LEFT JOIN captured ON captured.datid = w.datid AND captured.queryid = w.queryid
 WHERE w.at > pg_catalog.now() - interval '1 hour' AND w.node = dbops.node_name() AND w.step = interval '1 minute'
 GROUP BY w.datname, w.rolname, w.state, w.wait_event_type, w.wait_event, w.queryid, sampled.seconds
 ORDER BY pg_catalog.sum(w.session_seconds) DESC;

COMMENT ON VIEW dbops.waits IS
    'What sessions did and waited for in the last hour, what took most time first; CPU is what waits for nothing';
COMMENT ON COLUMN dbops.waits.session_seconds IS 'One is a session that did so for a second, or ten for 0.1 s';
COMMENT ON COLUMN dbops.waits.mean_sessions IS 'How many did so at a time, on average';
COMMENT ON COLUMN dbops.waits.peak_sessions IS 'How many did so at a time, at most';
COMMENT ON COLUMN dbops.waits.queryid IS 'NULL when no statement is known: nothing runs, or it is still being parsed';
REVOKE ALL ON dbops.waits FROM PUBLIC;
GRANT SELECT ON dbops.waits TO pg_monitor;
