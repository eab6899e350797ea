-- What dbops saw, as the demo shows it.  Every query works on any server with dbops.
\set ON_ERROR_STOP on
\pset footer off
\pset null '-'
\pset linestyle unicode
\pset border 1
\pset format wrapped
\pset columns 140

\echo
\echo '== Is dbops well? ========================================================  SELECT * FROM dbops.status()'
SELECT * FROM dbops.status();

\echo
\echo '== Which statements take the time?  (the first one misses an index, the updates of products wait in a queue)'
SELECT datname AS database, calls, round(mean_ms::numeric, 2) AS mean_ms, round(p50_ms::numeric, 2) AS p50_ms,
       round(p99_ms::numeric, 2) AS p99_ms, errors, round(100 * total_share::numeric, 1) AS "share %",
       regexp_replace(left(query, 60), '\s+', ' ', 'g') AS statement
FROM dbops.statements
ORDER BY total_share DESC NULLS LAST
LIMIT 10;

\echo
\echo '== What fails?  (also what a PL/pgSQL handler swallows, and what the log never shows)'
SELECT datname AS database, sqlstate, sum(errors) AS errors,
       regexp_replace(left(min(query), 60), '\s+', ' ', 'g') AS "for example"
FROM dbops.errors
GROUP BY 1, 2
ORDER BY 3 DESC
LIMIT 10;

\echo
\echo '== Which tables are read whole?  (orders: an index on customer_id is missing)'
SELECT datname AS database, relname AS "table", seq_scan, seq_tup_read, idx_scan, n_tup_ins, n_tup_upd,
       pg_size_pretty(size_bytes) AS size
FROM dbops.tables
WHERE schemaname = 'public'
ORDER BY seq_tup_read DESC NULLS LAST
LIMIT 6;

\echo
\echo '== How is the machine?'
SELECT * FROM dbops.system \gx

\echo
\echo '== What happened over the last minutes?  (history, in steps of 20 s; temporary files are the report that spills)'
SELECT at::time(0) AS at, datname AS database, xact_commit, xact_rollback, tup_returned,
       pg_size_pretty(temp_bytes) AS temporary
FROM dbops.database_history
WHERE step = '20 s' AND at > now() - interval '3 minutes' AND datname IN ('shop', 'telemetry')
ORDER BY datname, at;
