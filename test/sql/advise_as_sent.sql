-- The statements that advice is for: as they were sent, by whom, how long they took, and what is lost.
-- covers: advise/workload advise/workload_times advise/workload_merge advise/left_out advise/coverage

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE ROLE wl_reader;
CREATE ROLE wl_other;
CREATE SCHEMA wl_schema;
CREATE TABLE wl_table (i int PRIMARY KEY, word text);
INSERT INTO wl_table SELECT i, 'w' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE wl_schema.wl_hidden (i int);
GRANT USAGE ON SCHEMA wl_schema TO wl_reader;
GRANT SELECT ON wl_table, wl_schema.wl_hidden TO wl_reader, wl_other;

CREATE VIEW found AS
SELECT w.*, substring(w.query FROM 'wl_q\d+') AS mark
  FROM dbops.workload() AS w WHERE w.query ~ 'wl_q\d+';

-- one line for a statement, however many users ran it; the one with most time is named
SET ROLE wl_reader;
SELECT count(*) AS wl_q1 FROM wl_table AS a CROSS JOIN generate_series(1, 3000) WHERE word = 'w2';
RESET ROLE;
SET ROLE wl_other;
SELECT count(*) AS wl_q1 FROM wl_table AS a CROSS JOIN generate_series(1, 2) WHERE word = 'w2';
RESET ROLE;
SELECT count(*), min(rolname) AS rolname, bool_and(toplevel) AS toplevel, bool_and(analysable) AS analysable,
       count(reason) AS reasons, bool_and(ms_per_day > 0) AS timed, bool_and(time_percent BETWEEN 0 AND 100) AS percent
  FROM found WHERE mark = 'wl_q1';

-- its own name space, a parameter, and each of several statements in a string
SET search_path = wl_schema, public;
SET ROLE wl_reader;
SELECT i AS wl_q3 FROM wl_hidden;
RESET ROLE;
PREPARE wl_p(text) AS SELECT i AS wl_q4, i + 1 FROM wl_table WHERE word = $1;
EXECUTE wl_p('w7');
RESET search_path;
SELECT 1 AS wl_q5, i, i FROM wl_table WHERE word = 'w1'\; SELECT 2 AS wl_q6, i FROM wl_table WHERE word = 'w3';
SELECT mark, rolname = current_user AS mine, toplevel, analysable, reason, query
  FROM found WHERE mark IN ('wl_q3', 'wl_q4', 'wl_q5', 'wl_q6') ORDER BY mark COLLATE "C";

-- what functions run is there too, but not part of the sum; variables of PL/pgSQL are not in the way
CREATE FUNCTION wl_inner(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    r bigint;
BEGIN
    SELECT max(i) AS wl_q7 INTO r FROM public.wl_table WHERE i > n;
    EXECUTE 'SELECT min(i) AS wl_q8 FROM public.wl_table WHERE word = $1' INTO r USING 'w' || n;
    PERFORM sum(i) AS wl_q9 FROM public.wl_table WHERE word = 'w9';
    RETURN r;
END$$;
SELECT wl_inner(3) > 0 AS wl_called;
SELECT mark, toplevel, analysable, reason FROM found WHERE query ~* '^SELECT (max|min|sum)' AND mark IN ('wl_q7', 'wl_q8', 'wl_q9') ORDER BY mark COLLATE "C";

-- what cannot be analysed: a text that is too long, too many parameters, a command without a plan, what is gone
DO $$BEGIN EXECUTE 'SELECT /* ' || repeat('x', 200000) || ' */ i AS wl_cut FROM wl_table'; END$$;
SELECT toplevel, analysable, reason FROM dbops.workload() WHERE query ~ '^SELECT /. xxx' AND reason ~ 'cut';
DO $outer$BEGIN
    EXECUTE (SELECT 'DO $$BEGIN EXECUTE ''SELECT i AS wl_many, $1001::int FROM wl_table'' USING ' || string_agg(i::text, ', ') || '; END$$'
               FROM generate_series(1, 1001) AS i);
END$outer$;
SELECT toplevel, analysable, reason FROM dbops.workload() WHERE query ~ '^SELECT i AS wl_many';
CREATE TABLE wl_gone (i int);
SELECT i AS wl_q10 FROM wl_gone;
DROP TABLE wl_gone;
SELECT toplevel, analysable, reason FROM dbops.workload() WHERE query ~ '^(SELECT i AS wl_q10|DROP TABLE wl_gone)' ORDER BY query COLLATE "C";

-- worst first, and the same total as all of it together
SELECT bool_and(ms_per_day <= before) AS worst_first
  FROM (SELECT ms_per_day, lag(ms_per_day) OVER () AS before FROM dbops.workload()) AS w;
SELECT round(sum(time_percent) FILTER (WHERE toplevel)) AS toplevel,
       count(*) FILTER (WHERE analysable AND toplevel) AS analysable,
       count(*) FILTER (WHERE analysable <> (reason IS NULL)) AS odd,
       count(DISTINCT since_at) AS spans, bool_and(days > 0) AS covers,
       bool_and(since_at BETWEEN now() - interval '8 days' AND clock_timestamp()) AS lately
  FROM dbops.workload_coverage();
SELECT toplevel, analysable, reason FROM dbops.workload_coverage() WHERE reason ~ 'cut';

-- another database has other statements
SELECT count(*) FROM dbops.workload('template1') WHERE query ~ 'wl_q';

-- who may: members of pg_monitor see all; others, given the right to call it, only what is their own
GRANT USAGE ON SCHEMA dbops TO wl_reader, wl_other;
SET ROLE wl_other;
SELECT * FROM dbops.workload();
SELECT * FROM dbops.workload_coverage();
RESET ROLE;
GRANT EXECUTE ON FUNCTION dbops.workload(name, interval) TO wl_reader;
GRANT SELECT ON dbops.objects TO wl_reader;
SET ROLE wl_reader;
SELECT substring(query FROM 'wl_q\d') AS mark, reason FROM dbops.workload() WHERE query ~ 'wl_q' ORDER BY query COLLATE "C";
SELECT DISTINCT query IS NULL AS hidden, analysable, reason FROM dbops.workload() WHERE reason ~ 'members';
SELECT count(*) AS leaks FROM dbops.workload() WHERE query IS NOT NULL AND rolname <> 'wl_reader';
RESET ROLE;
GRANT pg_monitor TO wl_other;
SET ROLE wl_other;
SELECT count(*) > 4 AS texts, count(*) FILTER (WHERE reason ~ 'pg_read_all_stats') AS hidden FROM dbops.workload() WHERE query ~ 'wl_q\d';
RESET ROLE;

-- arguments
SELECT dbops.workload('wl_no_such_database');
SELECT dbops.workload(since => interval '0');
SELECT dbops.workload(since => interval '-1 day');
SELECT dbops.workload(since => interval '100000 years');
SELECT count(*) FROM dbops.workload(NULL);

DROP VIEW found;
DROP FUNCTION wl_inner(int);
DROP TABLE wl_table, wl_schema.wl_hidden;
DROP SCHEMA wl_schema;
REVOKE ALL ON dbops.objects FROM wl_reader;
REVOKE ALL ON FUNCTION dbops.workload(name, interval) FROM wl_reader;
REVOKE USAGE ON SCHEMA dbops FROM wl_reader, wl_other;
DROP ROLE wl_reader, wl_other;
DEALLOCATE ALL;
