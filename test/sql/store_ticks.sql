-- History reads the same from ticks and from chunks of every resolution, at any step.
-- covers: store/ticks_funcs store/rollup store/chunk_scan store/node store/resolution
-- covers: store/regroup store/history
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';

-- A past of its own: 60 tables, a third of them active in each minute, 27 hours.
SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-02 03:00', '1 min', 60, 0.3) > 0
    AS generated;

CREATE TEMP TABLE expected AS
SELECT identity, at, numbers
FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL);
SELECT count(DISTINCT at) AS ticks, count(DISTINCT identity) AS tables, min(at), max(at) FROM expected;

-- Differences between what is read at a step and what the ticks say; a bucket takes the ticks whose
-- middle lies in it.  Counters are summed, gauges are the last.
CREATE FUNCTION pg_temp.differences(step interval)
RETURNS bigint
LANGUAGE sql
AS $$
    WITH read AS (
        SELECT at, identity, numbers[1] AS seq_scan, numbers[4] AS idx_tup_fetch,
               numbers[10] AS n_live_tup
        FROM dbops._read_history('past', 'table', NULL, NULL, $1, NULL)
    ), made AS (
        SELECT date_bin($1, at - interval '30 s', '2000-01-01Z') AS at, identity,
               sum(numbers[1])::int8 AS seq_scan, sum(numbers[4])::int8 AS idx_tup_fetch,
               (array_agg(numbers[10] ORDER BY at DESC))[1] AS n_live_tup
        FROM expected
        GROUP BY 1, 2
    )
    SELECT (SELECT count(*) FROM (SELECT * FROM read EXCEPT SELECT * FROM made) AS added)
         + (SELECT count(*) FROM (SELECT * FROM made EXCEPT SELECT * FROM read) AS missed)
         + abs((SELECT count(*) FROM read) - (SELECT count(*) FROM made))
$$;

-- from ticks alone
SELECT step, pg_temp.differences(step)
FROM unnest(ARRAY['1 min', '7 min', '10 min', '1 hour', '1 day']::interval[]) AS step;

-- packed: the windows are long over, so all of it is
CREATE PROCEDURE pg_temp.roll_up()
LANGUAGE plpgsql
AS $$
BEGIN
    WHILE dbops._roll_up() > 0 LOOP
        COMMIT;
    END LOOP;
END
$$;
CALL pg_temp.roll_up();
SELECT step, pg_temp.differences(step)
FROM unnest(ARRAY['1 min', '7 min', '10 min', '45 min', '1 hour', '5 hours', '1 day',
                  '30 days']::interval[]) AS step;

-- as stored: a family sampled once a minute is read from the chunks of minutes
SELECT count(*) = (SELECT count(*) FROM expected) AS all_rows,
       sum(numbers[1]) = (SELECT sum(numbers[1]) FROM expected) AS same_sum,
       min(step_us), max(step_us), min(covers_us), max(covers_us)
FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL);

-- one table alone
SELECT count(*) FILTER (WHERE identity <> 16400) AS others,
       count(*) = (SELECT count(*) FROM expected WHERE identity = 16400) AS all_rows
FROM dbops._read_history('past', 'table', NULL, NULL, NULL, 16400);
SELECT count(*) AS unknown_table
FROM dbops._read_history('past', 'table', NULL, NULL, NULL, 1);

-- bounds: a bucket is in when it begins within them
SELECT min(at), max(at), min(covers_us) = 3600e6 AS whole
FROM dbops._read_history('past', 'table', '2020-01-01 05:30', '2020-01-01 09:00', '1 hour', NULL);
SELECT min(at), max(at)
FROM dbops._read_history('past', 'table', '2020-01-01 05:30', '2020-01-01 09:00', NULL, NULL);
SELECT count(*)
FROM dbops._read_history('past', 'table', '2020-01-01 09:00', '2020-01-01 05:30', NULL, NULL);

-- an entity's rows ascend in time
SELECT bool_and(at > before) AS ascending
FROM (SELECT at, lag(at) OVER (PARTITION BY identity ORDER BY position) AS before
      FROM (SELECT row_number() OVER () AS position, identity, at
            FROM dbops._read_history('past', 'table', NULL, NULL, '45 min', NULL)) AS read) AS pairs;

-- packing again adds nothing, even of ticks that came late
SELECT dbops._generate_history('past', 'table', '2020-01-01 01:00:20', '2020-01-01 01:01:20',
                               '1 min', 60, 1) > 0 AS late;
CALL pg_temp.roll_up();
SELECT pg_temp.differences('10 min');

-- what retention takes is answered by what is left
CREATE PROCEDURE pg_temp.forget(ring text)
LANGUAGE plpgsql
AS $$
BEGIN
    FOR member IN 0 .. 7 LOOP
        EXECUTE format('DELETE FROM dbops.%I
                        WHERE node = (SELECT id FROM dbops.node WHERE name = ''past'')',
                       ring || '_' || member);
    END LOOP;
END
$$;
CALL pg_temp.forget('tick');
SELECT step, pg_temp.differences(step)
FROM unnest(ARRAY['1 min', '1 hour']::interval[]) AS step;
CALL pg_temp.forget('chunk_1min');
SELECT step, pg_temp.differences(step)
FROM unnest(ARRAY['10 min', '20 min', '1 hour']::interval[]) AS step;
SELECT min(step_us), max(step_us),
       sum(numbers[1]) = (SELECT sum(numbers[1]) FROM expected) AS same_sum
FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL);
CALL pg_temp.forget('chunk_10min');
SELECT step, pg_temp.differences(step)
FROM unnest(ARRAY['1 hour', '3 hours']::interval[]) AS step;
CALL pg_temp.forget('chunk_1h');
SELECT count(*) FROM dbops._read_history('past', 'table', NULL, NULL, '1 hour', NULL);

-- Texts travel with their rows.  Sampled every ten seconds, they are read as taken, but for the oldest
-- minute, of which retention may have taken some.
SELECT dbops._generate_history('past', 'network', '2020-01-01', '2020-01-01 03:00', '10 s', 5, 1) > 0
    AS generated;
SELECT label, count(*)
FROM dbops._read_history('past', 'network', NULL, NULL, NULL, NULL)
GROUP BY 1 ORDER BY 1;
CALL pg_temp.roll_up();
SELECT label, count(*)
FROM dbops._read_history('past', 'network', NULL, NULL, NULL, NULL)
GROUP BY 1 ORDER BY 1;
SELECT label, count(*), min(covers_us)
FROM dbops._read_history('past', 'network', NULL, NULL, '1 hour', NULL)
GROUP BY 1 ORDER BY 1;
CALL pg_temp.forget('tick');
SELECT label, count(*), min(step_us)
FROM dbops._read_history('past', 'network', NULL, NULL, NULL, NULL)
GROUP BY 1 ORDER BY 1;

-- damage is an error, never a wrong row
SELECT dbops._generate_history('past', 'table', '2020-02-01', '2020-02-01 00:10', '1 min', 60, 0.3) > 0
    AS generated;
DO $$
BEGIN
    FOR member IN 0 .. 7 LOOP
        EXECUTE format('UPDATE dbops.tick_%s SET data = substr(data, 1, 20)
                        WHERE at = ''2020-02-01 00:05Z''', member);
    END LOOP;
END
$$;
SELECT count(*) FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL);

-- nobody else
CREATE ROLE store_reader;
GRANT pg_monitor TO store_reader;
SET ROLE store_reader;
SELECT count(*) FROM dbops.tick_0;
SELECT dbops._roll_up();
RESET ROLE;
DROP ROLE store_reader;
CALL pg_temp.forget('tick');
CALL pg_temp.forget('chunk_1min');
CALL pg_temp.forget('chunk_10min');
CALL pg_temp.forget('chunk_1h');
DELETE FROM dbops.node WHERE name = 'past';
