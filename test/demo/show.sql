-- What dbops saw, as the demo shows it.  Every query works on any server with dbops.
\set ON_ERROR_STOP on
\pset footer off
\pset null '-'
\pset linestyle unicode
\pset border 1

\echo
\echo '== Is dbops well?  dbops.status()'
SELECT * FROM dbops.status();

\echo
\echo '== Is the server healthy?  dbops.health, dbops.health_score()'
\echo '   The worst first; each has the next step in its column what_to_do.'
SELECT dbops.health_score() AS score, dbops.health_score('shop') AS "of shop";
SELECT status, check_name, datname AS database, object, value, "limit", points, left(evidence, 80) AS evidence
FROM dbops.health
WHERE status IN ('warning', 'critical')
LIMIT 8;

\echo
\echo '== Is the standby current, and what would be lost if the primary were?  dbops.replication, dbops.recovery'
SELECT kind, name, state, replay_lag_seconds, certain, cause, loss_bytes, loss_commits FROM dbops.replication;
SELECT failure, rpo_seconds, rto_seconds, confidence, left(why, 90) AS why FROM dbops.recovery;

\echo
\echo '== Could it be restored?  dbops.backups'
\echo '   Nobody told dbops about the backup: it saw it being taken.'
SELECT tool, kind, status, ended_at::time(0) AS ended, size, restorable FROM dbops.backups LIMIT 3;

\echo
\echo '== Who blocks whom, at the moment?  dbops.blocking'
\echo '   A job holds the row of one product while it sleeps; its stop_sql would end the queue.'
SELECT tree, blocks, state, waiting_for, locktype, relation,
       left(regexp_replace(query, '\s+', ' ', 'g'), 15) AS statement, stop_sql
FROM dbops.blocking
LIMIT 6;

\echo
\echo '== Which statements take the time?  dbops.statements'
\echo '   Updates of one product wait for each other: a median below 1 ms, and seconds at the 99th percentile.'
\echo '   Orders of one customer: the whole table is read each time, for want of an index.'
SELECT datname AS database, calls, time_percent AS "time %", mean_ms, p50_ms, p99_ms, errors,
       left(regexp_replace(query, '\s+', ' ', 'g'), 60) AS statement
FROM dbops.statements
WHERE toplevel AND datname IN ('shop', 'telemetry')
LIMIT 10;

\echo
\echo '== Which of them got another plan?  dbops.plan_changes'
\echo '   Somebody dropped an index during the load.'
SELECT changed_at::time(0) AS at, mean_ms_before AS "ms before", mean_ms_after AS "ms after", change
FROM dbops.plan_changes
WHERE datname = 'shop' AND cost_ms > 0
LIMIT 2;

\echo
\echo '== What fails?  dbops.errors'
\echo '   22012 (division by zero) is caught in a function: neither the application nor the log sees it.'
SELECT datname AS database, sqlstate, kind, sum(count) AS times, left(max(message), 40) AS message,
       left(regexp_replace(max(query), '\s+', ' ', 'g'), 48) AS "for example"
FROM dbops.errors
WHERE datname IN ('shop', 'telemetry')
GROUP BY datname, sqlstate, kind
ORDER BY times DESC
LIMIT 10;

\echo
\echo '== Which tables are read whole, of all databases?  dbops.tables'
SELECT datname AS database, relname AS "table", size, seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_tup_upd,
       dead_percent AS "dead %"
FROM dbops.tables
WHERE schemaname = 'public'
LIMIT 6;

\echo
\echo '== What do sessions wait for?  dbops.waits'
\echo '   CPU is waiting for nothing; mean sessions is how many did so at a time.'
SELECT datname AS database, state, wait_event_type AS "kind of wait", wait_event AS wait, mean_sessions AS "mean sessions",
       time_percent AS "time %", left(regexp_replace(query, '\s+', ' ', 'g'), 48) AS statement
FROM dbops.waits
WHERE datname IN ('shop', 'telemetry')
LIMIT 8;

\echo
\echo '== And who keeps whom waiting for locks?  dbops.blocking_history; at the moment: dbops.blocking'
SELECT b.datname AS database, b.locktype AS lock, b.relname AS "table", b.blocker_state AS "blocker is",
       round(sum(b.blocked_seconds)::numeric, 1) AS "blocked, s", round(max(b.longest_ms)) AS "longest, ms",
       left(regexp_replace(max(o.definition), '\s+', ' ', 'g'), 48) AS "last statement of the blocker"
FROM dbops.blocking_history AS b
     LEFT JOIN dbops.objects AS o ON o.kind = 'statement' AND o.datname = b.datname AND o.objid = b.blocker_queryid
WHERE b.step = '1 min' AND b.at > now() - interval '10 minutes' AND b.datname IN ('shop', 'telemetry')
GROUP BY b.datname, b.locktype, b.relname, b.blocker_state, b.blocker_queryid
ORDER BY sum(b.blocked_seconds) DESC
LIMIT 6;

\echo
\echo '== How is the machine?  dbops.system'
SELECT resource, used_percent AS "used %", left(detail, 90) AS detail
FROM dbops.system
LIMIT 8;

\echo
\echo '== And over the last minutes, in steps of 20 s?  dbops.database_history, dbops.server_history'
\echo '   Rows read come from the missing index, temporary files from a report that sorts in 1 MB.'
SELECT d.at::time(0) AS at, round(d.xact_commit_per_second) AS "commits/s",
       d.xact_rollback AS rollbacks, round(d.tup_returned_per_second) AS "rows read/s",
       pg_size_pretty(d.temp_bytes) AS "temporary files", s.lock_waiters AS "waiting for a lock",
       s.idle_in_transaction AS "idle in transaction",
       pg_size_pretty(round(s.wal_bytes_per_second)::bigint) AS "WAL/s"
FROM dbops.database_history AS d
     LEFT JOIN dbops.server_history AS s ON s.at = d.at AND s.node = d.node AND s.step = '20 s'
                                            AND s.at > now() - interval '3 minutes'
WHERE d.step = '20 s' AND d.at > now() - interval '3 minutes' AND d.datname = 'shop'
ORDER BY d.at;

\echo
\echo '== And a percentile of one statement over time?  dbops.statement_history'
SELECT h.at::time(0) AS at, h.calls, round(h.p50_ms::numeric, 2) AS p50_ms,
       round(h.p95_ms::numeric, 2) AS p95_ms, round(h.p99_ms::numeric, 2) AS p99_ms
FROM dbops.statement_history AS h
WHERE h.step = '20 s' AND h.at > now() - interval '3 minutes' AND h.datname = 'shop'
      AND h.queryid = (SELECT s.queryid FROM dbops.statements AS s
                       WHERE s.datname = 'shop' AND s.query LIKE 'UPDATE products SET stock = stock%WHERE id = %' LIMIT 1)
ORDER BY h.at;
