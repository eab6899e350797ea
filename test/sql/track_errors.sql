-- Every failure is counted once, at the statement where it arose, caught or not.
-- covers: track/failures

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET pg_stat_statements.track = 'all';

CREATE TABLE fail_table (i int PRIMARY KEY, j int);
INSERT INTO fail_table SELECT i, i % 3 FROM generate_series(0, 9) AS i;

-- Failed statements have no text in pg_stat_statements: show what came since the last look.
CREATE TEMP TABLE seen (datid oid, userid oid, queryid bigint, toplevel bool, sqlstate text, kind text,
                        count bigint);
CREATE FUNCTION failures_since() RETURNS TABLE (failure text) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE shown ON COMMIT DROP AS
    SELECT e.sqlstate, e.kind, e.queryid <> 0 AS statement, e.toplevel,
           e.count - coalesce(s.count, 0) AS more
      FROM dbops._tracked_errors() AS e
      LEFT JOIN seen AS s USING (datid, userid, queryid, toplevel, sqlstate, kind)
     WHERE e.count > coalesce(s.count, 0)
       AND e.datid = (SELECT oid FROM pg_database WHERE datname = current_database());
    DELETE FROM seen;
    INSERT INTO seen
    SELECT e.datid, e.userid, e.queryid, e.toplevel, e.sqlstate, e.kind, e.count
      FROM dbops._tracked_errors() AS e;
    RETURN QUERY
    SELECT format('%s %s x %s, %s', sqlstate, kind, more,
                  CASE WHEN NOT statement THEN 'outside any statement'
                       WHEN toplevel THEN 'top level' ELSE 'nested' END)
      FROM shown ORDER BY 1;
END$$;
\o /dev/null
SELECT failures_since();
\o
\pset tuples_only on

-- while it runs, while it is planned, while it starts
SELECT i / j FROM fail_table;
SELECT failures_since();
SELECT 1 / 0;
SELECT failures_since();
CREATE ROLE fail_nobody;
SET ROLE fail_nobody;
SELECT * FROM fail_table;
RESET ROLE;
SELECT failures_since();

-- before it is a statement
SELEC;
SELECT nothing FROM fail_table;
SELECT failures_since();

-- a constraint, a utility statement, COPY, a prepared statement
INSERT INTO fail_table VALUES (1, 1);
CREATE TABLE fail_table (i int);
COPY fail_table FROM '/does/not/exist';
PREPARE fail_prepared AS SELECT 1 / $1::int;
EXECUTE fail_prepared(0);
EXECUTE fail_unknown;
SELECT failures_since();

-- nested: counted there, not at the caller
CREATE FUNCTION fail_divide(n int) RETURNS int LANGUAGE plpgsql AS
    $$DECLARE r int; BEGIN SELECT i / n INTO r FROM fail_table WHERE i = 5; RETURN r; END$$;
SELECT fail_divide(0);
SELECT failures_since();

-- caught
CREATE FUNCTION fail_caught(n int) RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RETURN fail_divide(n); EXCEPTION WHEN division_by_zero THEN RETURN -1; END$$;
SELECT fail_caught(0);
SELECT failures_since();

-- caught and raised again is the same failure; another raised instead is another
CREATE FUNCTION fail_again() RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RETURN fail_divide(0); EXCEPTION WHEN OTHERS THEN RAISE; END$$;
SELECT fail_again();
SELECT failures_since();
CREATE FUNCTION fail_other() RETURNS int LANGUAGE plpgsql AS
    $$BEGIN RETURN fail_divide(0); EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION 'other'; END$$;
SELECT fail_other();
SELECT failures_since();

-- the same failure in a loop counts each time
DO $$
BEGIN
    FOR k IN 1..5 LOOP
        BEGIN
            INSERT INTO fail_table VALUES (1, k);
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END LOOP;
END$$;
SELECT failures_since();

-- no right to a table in a function that catches it
CREATE FUNCTION fail_denied() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM * FROM fail_table;
    RETURN 'allowed';
EXCEPTION WHEN insufficient_privilege THEN
    RETURN 'denied';
END$$;
SET ROLE fail_nobody;
SELECT fail_denied();
RESET ROLE;
SELECT failures_since();

-- in a trigger fired at the end of its statement
CREATE FUNCTION fail_fire() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'refused'; END$$;
CREATE TRIGGER fail_trigger AFTER UPDATE ON fail_table FOR EACH ROW EXECUTE FUNCTION fail_fire();
UPDATE fail_table SET j = 5 WHERE i = 5;
SELECT failures_since();

-- at COMMIT
CREATE TABLE fail_deferred (i int REFERENCES fail_table DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO fail_deferred VALUES (1000);
COMMIT;
SELECT failures_since();

-- in the middle of a cursor
BEGIN;
DECLARE fail_cursor CURSOR FOR SELECT 1 / (3 - i) FROM fail_table ORDER BY i;
FETCH 2 FROM fail_cursor;
FETCH 2 FROM fail_cursor;
ROLLBACK;
SELECT failures_since();

-- what the log hides
SET log_min_messages = panic;
SELECT i / 0 FROM fail_table;
RESET log_min_messages;
SELECT failures_since();

-- time-outs and cancels, which share SQLSTATEs
SET statement_timeout = '10ms';
SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS endless;
RESET statement_timeout;
SELECT failures_since();
SELECT pg_cancel_backend(pg_backend_pid()),
       (SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) AS endless);
SELECT failures_since();
INSERT INTO fail_deferred VALUES (1);
BEGIN;
UPDATE fail_deferred SET i = 2;
PREPARE TRANSACTION 'fail_lock';
SET lock_timeout = '10ms';
\set SHOW_CONTEXT never
SELECT * FROM fail_deferred FOR UPDATE;
\set SHOW_CONTEXT errors
RESET lock_timeout;
SELECT failures_since();
SELECT * FROM fail_deferred FOR UPDATE NOWAIT;
SELECT failures_since();
ROLLBACK PREPARED 'fail_lock';

-- a statement's own counters
SELECT sum(errors), sum(timeouts), sum(cancels)
  FROM dbops._tracked_statements() AS s
 WHERE s.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND timeouts > 0;

-- the latest failures
SELECT sqlstate, kind, toplevel, pid = pg_backend_pid() AS mine, message FROM dbops._recent_errors()
 WHERE pid = pg_backend_pid() LIMIT 5;
\set VERBOSITY sqlstate
DO $$BEGIN RAISE EXCEPTION '%', repeat('x', 10000); END$$;
\set VERBOSITY default
SELECT length(message) BETWEEN 900 AND 959 AS clipped FROM dbops._recent_errors() LIMIT 1;

DROP TABLE fail_deferred, fail_table;
DROP FUNCTION failures_since(), fail_divide(int), fail_caught(int), fail_again(), fail_other(), fail_denied(),
    fail_fire();
DROP ROLE fail_nobody;
