-- covers: advise/dependence_facts
-- covers: advise/group_facts
-- covers: advise/passed_over
-- covers: advise/row_sample
-- covers: advise/statistics_advice
-- covers: advise/statistics_script
-- covers: advise/workload_arguments
-- Extended statistics: where they are advised, that they mend the estimate, and where there is none.
-- Tables are so small that ANALYZE and the sample see all rows.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
CREATE SCHEMA statistics_shop;
SET search_path = statistics_shop;
RESET client_min_messages;

CREATE TABLE people (id int, city text, zip int, state text, carrier text, age int, email text, born timestamp,
                     street int, house int)
    WITH (autovacuum_enabled = false);
INSERT INTO people
SELECT i, 'city ' || i % 50 / 5, i % 50, 'S' || i % 20, 'C' || i % 20 / 4, i * 7919 % 83,
       'Mail' || i % 4000 || '@example.org', timestamp '2024-01-01' + i * interval '1 hour', i / 40, i % 40
  FROM generate_series(1, 20000) AS i;
ANALYZE people;

-- The columns of partitions have other numbers.
CREATE TABLE events (kind int, source int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 (at date, gone int, source int, kind int);
ALTER TABLE events_2 DROP COLUMN gone;
ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO events SELECT i % 40, i % 40 / 2, date '2024-01-01' + i % 60 FROM generate_series(1, 16000) AS i;
ANALYZE events;

-- What the planner expects of a statement, and what there is.
CREATE FUNCTION expects(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
CREATE FUNCTION has(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (' || statement || ') AS s' INTO n;
    RETURN n;
END $$;

-- What is expected before and after the advice is followed, if it is "good" then: within a factor of 2.
CREATE FUNCTION is_good(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN greatest(statistics_shop.expects(statement), 1) / greatest(statistics_shop.has(statement), 1) BETWEEN 0.5 AND 2;
END $$;
CREATE FUNCTION mend(statement text, OUT good_before boolean, OUT good_after boolean, OUT still_advised bigint)
LANGUAGE plpgsql AS $$
DECLARE
    advice record;
    undo text[];
BEGIN
    good_before := statistics_shop.is_good(statement);
    FOR advice IN SELECT * FROM dbops.recommend_statistics(workload => ARRAY[statement])
    LOOP
        EXECUTE advice.ddl;
        undo := undo || advice.undo_ddl;
    END LOOP;
    good_after := statistics_shop.is_good(statement);
    SELECT count(*) INTO still_advised FROM dbops.recommend_statistics(workload => ARRAY[statement]);
    FOR i IN 1 .. cardinality(undo)
    LOOP
        EXECUTE undo[i];
    END LOOP;
END $$;

CREATE TABLE asked (no int, statement text);
INSERT INTO asked VALUES
    (1, $$SELECT * FROM people WHERE city = 'city 7' AND zip = 36$$),
    (2, $$SELECT * FROM people WHERE city IN ('city 7', 'city 8') AND zip = 41 AND age < 70$$),
    (3, $$SELECT * FROM people WHERE state = 'S3' AND carrier = 'C4'$$),
    (4, $$SELECT * FROM people WHERE state < 'S12' AND carrier > 'C3'$$),
    (5, $$SELECT state, carrier, zip, count(*) FROM people GROUP BY state, carrier, zip$$),
    (6, $$SELECT DISTINCT street, house FROM people$$),
    (7, $$SELECT * FROM people WHERE lower(email) LIKE 'mail%'$$),
    (8, $$SELECT * FROM people WHERE id % 2 = 0$$),
    (9, $$SELECT date_trunc('month', born), count(*) FROM people GROUP BY 1$$),
    (10, $$SELECT * FROM people WHERE id % 10 = 3 AND zip % 10 = 3 AND age > 3$$),
    (11, $$SELECT * FROM people WHERE state = 'S3' AND carrier = 'C0' AND zip % 10 = 3 AND city = 'city 2'$$),
    (12, $$SELECT * FROM events WHERE kind = 7 AND source = 3 AND at < '2024-02-01'$$),
    (13, $$SELECT kind, source, count(*) FROM events GROUP BY kind, source$$);
SELECT no, a.ddl FROM asked, dbops.recommend_statistics(workload => ARRAY[statement]) AS a ORDER BY no, rank;
SELECT no, a.columns, a.estimated_rows, a.actual_rows, round(a.factor::numeric, 1) AS factor, a.confidence
  FROM asked, dbops.recommend_statistics(workload => ARRAY[statement]) AS a ORDER BY no, rank;
SELECT no, mended.* FROM asked, mend(statement) AS mended ORDER BY no;

-- Independent; single; one of them tells the row; few rows; alternatives; joins; a small table; the system's.
SELECT a.*
  FROM dbops.recommend_statistics(workload => ARRAY[
    $$SELECT * FROM people WHERE age = 5 AND state = 'S3'$$,
    $$SELECT * FROM people WHERE city = 'city 7'$$,
    $$SELECT * FROM people WHERE id = 7 AND city = 'city 1'$$,
    $$SELECT * FROM people WHERE zip = 36 AND city = 'city 7' AND id < 1000$$,
    $$SELECT age, state FROM people GROUP BY 1, 2$$,
    $$SELECT * FROM people WHERE city = 'city 7' OR zip = 36$$,
    $$SELECT * FROM people AS a, people AS b WHERE a.city = b.city AND a.zip = b.zip$$,
    $$SELECT * FROM asked WHERE no = 1 AND statement = 'x'$$,
    $$SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 11$$]) AS a;

-- Values that are not known are those of some rows.
SELECT a.ddl, a.estimated_rows, a.actual_rows, a.confidence
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM people WHERE city = $1 AND zip = $2']) AS a;
SELECT count(*) AS independent
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM people WHERE age = $1 AND state = $2']);

-- Several statements, weighted: what is off by more for who calls more comes first.
SELECT rank, a.ddl, undo_ddl, table_name, statements, calls_per_day, ms_per_day, reason
  FROM dbops.recommend_statistics(
           workload => ARRAY['SELECT * FROM people WHERE city = ''city 7'' AND zip = 36',
                             'SELECT age FROM people WHERE zip = 35 AND city = ''city 7''',
                             'SELECT city, zip FROM people GROUP BY city, zip',
                             'SELECT * FROM people WHERE lower(email) > ''a''',
                             'this is no statement'],
           weights => ARRAY[10, 5, 1, 2, 100]) AS a;

-- Who asks why there is no index for a statement is told, too.
SELECT table_name, reason, next_step FROM dbops.why_not('SELECT * FROM people WHERE state < ''S12'' AND carrier > ''C3''')
 WHERE next_step ~ 'STATISTICS';

-- A name that is taken, and names that need quotes.
CREATE STATISTICS people_state_carrier_stat (ndistinct) ON age, id FROM people;
CREATE TABLE "a Table" AS SELECT i % 40 AS "Kind", i % 40 / 2 AS "of it" FROM generate_series(1, 10000) AS i;
ALTER TABLE "a Table" SET (autovacuum_enabled = false);
SELECT count(*) AS never_analysed
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM "a Table" WHERE "Kind" = 3 AND "of it" = 1']);
ANALYZE "a Table";
SELECT a.ddl, undo_ddl, columns
  FROM dbops.recommend_statistics(workload => ARRAY[
    'SELECT * FROM people WHERE state = ''S3'' AND carrier = ''C4''',
    'SELECT * FROM "a Table" WHERE "Kind" = 3 AND "of it" = 1']) AS a ORDER BY table_name;
DROP STATISTICS people_state_carrier_stat;

-- Who may not read the table learns nothing of what is in it.
CREATE ROLE statistics_reader IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA statistics_shop TO statistics_reader;
GRANT SELECT (city, zip) ON people TO statistics_reader;
SET ROLE statistics_reader;
SELECT count(*) AS without_rights
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT 1 FROM people WHERE city = ''city 7'' AND zip = 36',
                                                    'SELECT city, zip FROM people GROUP BY city, zip']);
RESET ROLE;
GRANT SELECT ON people TO statistics_reader;
SET ROLE statistics_reader;
SELECT count(*) AS with_rights
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT 1 FROM people WHERE city = ''city 7'' AND zip = 36']);
RESET ROLE;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
SET ROLE statistics_reader;
SELECT count(*) AS with_row_security
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT city, zip FROM people GROUP BY city, zip']);
RESET ROLE;
ALTER TABLE people DISABLE ROW LEVEL SECURITY;

-- A function that is said to be immutable acts with no more rights than those of the table's owner, and writes nothing.
CREATE TABLE loot (what text);
GRANT INSERT ON loot TO statistics_reader;
CREATE FUNCTION takes(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO statistics_shop.loot VALUES (current_user);
    RETURN 1;
END $$;
CREATE FUNCTION tries(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        ALTER ROLE statistics_reader SUPERUSER;
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    RETURN (SELECT rolsuper::int FROM pg_roles WHERE rolname = current_user);
END $$;
CREATE TABLE trap WITH (autovacuum_enabled = false) AS SELECT i, i % 7 AS k FROM generate_series(1, 5000) AS i;
ALTER TABLE trap OWNER TO statistics_reader;
ANALYZE trap;
SELECT count(*) AS of_what_throws FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM trap WHERE takes(i) = 1']);
SELECT actual_rows AS as_superuser FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM trap WHERE tries(i) = 0']);
SELECT (SELECT count(*) FROM loot) AS looted, rolsuper FROM pg_roles WHERE rolname = 'statistics_reader';

-- What is no workload; and no time.
SELECT * FROM dbops.recommend_statistics(workload => ARRAY['SELECT 1', NULL]);
SELECT * FROM dbops.recommend_statistics(workload => ARRAY['SELECT 1'], weights => ARRAY[1, 2]);
SELECT * FROM dbops.recommend_statistics(time_limit => '0');
SELECT count(*) <= 1 AS ends_in_time
  FROM dbops.recommend_statistics(workload => ARRAY['SELECT * FROM people WHERE city = ''city 7'' AND zip = 36',
                                                    'SELECT kind, source FROM events GROUP BY kind, source'],
                                  time_limit => '1 us');

SET client_min_messages = warning;
DROP SCHEMA statistics_shop CASCADE;
DROP OWNED BY statistics_reader;
DROP ROLE statistics_reader;
