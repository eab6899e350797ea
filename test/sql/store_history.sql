-- What a query of the history passes on to the reader, and what it refuses.
-- covers: store/fdw store/fdw_quals store/fdw_scan store/fdw_estimate store/fdw_request
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
SET datestyle = 'ISO, YMD';

CREATE FUNCTION pushed(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ '^\s*(->\s*)?(From|To|At|Step|Node|Labels|Foreign Scan|Function Scan)' THEN
            -- What a sub-select yields is called $0 up to 16, (InitPlan 1).col1 from 17 on.
            RETURN NEXT regexp_replace(trim(line), '\(InitPlan \w+\)\.col1', '$0');
        END IF;
    END LOOP;
END
$$;

-- time: each comparison, either way round
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= '2026-01-01Z' AND at < '2026-01-02Z'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at > '2026-01-01Z' AND at <= '2026-01-02Z'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE '2026-01-01Z' <= at AND '2026-01-02Z' > at$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at = '2026-01-01Z'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at BETWEEN '2026-01-01Z' AND '2026-01-02Z'$$);

-- time: what is known when the query runs
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at > now() - interval '1 hour'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= date_trunc('day', now())$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= (SELECT max(at) FROM dbops.system_history)$$);

-- time: dates and timestamps without zone are instants too
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= current_date$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= date '2026-01-01' AND timestamp '2026-01-02' > at$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= localtimestamp - interval '1 hour'$$);

-- time: not what has no one value, or is no bound
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= clock_timestamp()$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at <> '2026-01-01Z'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at >= last_vacuum_at$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE at > '2026-01-02Z' OR at < '2026-01-01Z'$$);

-- labels
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE relid = 'pg_class'::regclass$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE datid = 5 AND 16384 = relid$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE relid IN (1259, 1249) AND datid = ANY ('{1, 5}')$$);
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE device = 'sda'$$);
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE device IN ('sda', 'sdb')$$);
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE device = current_database()$$);
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE device = 'sda'::varchar$$);

-- labels: not what compares otherwise
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE relid > 16384 AND NOT relid = 5$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE relid <> ALL ('{1, 2}')$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE relname = 'pg_class'$$);
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE lower(device) = 'sda'$$);

-- node
SELECT pushed($$SELECT 1 FROM dbops.device_history WHERE node = 'here'$$);

-- parameters of a plan that serves all
SET plan_cache_mode = force_generic_plan;
PREPARE between_times AS SELECT 1 FROM dbops.table_history
WHERE at BETWEEN $1 AND $1 + interval '1 hour' AND relid = ANY ($2);
SELECT pushed($$EXECUTE between_times('2026-01-01Z', '{1, 2}')$$);
EXECUTE between_times('1999-01-01Z', '{1, 2}');
EXECUTE between_times(NULL, NULL);
RESET plan_cache_mode;

-- through a view, on the nullable side of a join, in an aggregate
CREATE VIEW recent_tables AS SELECT at, relid FROM dbops.table_history WHERE at > now() - interval '1 day';
SELECT pushed($$SELECT count(*) FROM recent_tables WHERE at < '2026-01-02Z' AND relid = 5 GROUP BY at$$);
SELECT pushed($$SELECT 1 FROM (VALUES (1)) AS v(x)
                LEFT JOIN dbops.table_history h ON h.at > '2026-01-01Z' AND h.relid = 5$$);
DROP VIEW recent_tables;

-- from outside: a scan per row
CREATE TABLE wanted_relations (relid oid, since timestamptz);
INSERT INTO wanted_relations VALUES (1259, '1999-01-01Z');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT pushed($$SELECT 1 FROM wanted_relations w JOIN dbops.table_history h USING (relid)$$);
SELECT pushed($$SELECT 1 FROM wanted_relations w
                CROSS JOIN LATERAL (SELECT 1 FROM dbops.table_history h WHERE h.at < w.since OFFSET 0) AS h$$);
SELECT count(*) FROM wanted_relations w JOIN dbops.table_history h ON h.relid = w.relid AND h.at < w.since;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- the step, written out and by the function, which is inlined
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE step = '10 min' AND at > '2026-01-01Z'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE interval '1 day' = step$$);
SELECT pushed($$SELECT relid FROM dbops.table_history('10 min') WHERE at > '2026-01-01Z' AND relid = 5$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history(interval '1 min' * 2) WHERE at > now() - interval '1 hour'$$);
SELECT count(*) AS none FROM dbops.table_history('1 day') WHERE at < '1999-01-01Z';
SELECT count(*) AS none FROM dbops.table_history(NULL);

-- showing, grouping and ordering by it are no conditions
SELECT step, count(*) FROM dbops.table_history WHERE at < '1999-01-01Z' GROUP BY step ORDER BY step;

-- any other use of it is refused
SELECT 1 FROM dbops.table_history WHERE step > '10 min';
SELECT 1 FROM dbops.table_history WHERE step IN ('1 min', '10 min');
SELECT 1 FROM dbops.table_history WHERE step = '1 min' OR at > now();
SELECT 1 FROM dbops.table_history WHERE step IS NOT NULL;
SELECT 1 FROM dbops.table_history WHERE step = covers;
SELECT 1 FROM dbops.table_history WHERE step + interval '1 min' = '2 min';
SELECT 1 FROM dbops.table_history WHERE step::text = '00:10:00';
SELECT 1 FROM dbops.table_history WHERE step = make_interval(mins => (random() * 10)::int);
CREATE TABLE wanted_steps (step interval);
SELECT 1 FROM dbops.table_history h JOIN wanted_steps w USING (step);
SELECT 1 FROM wanted_steps w LEFT JOIN dbops.table_history h ON h.step = w.step;
SELECT 1 FROM dbops.table_history h, wanted_steps w WHERE h.step < w.step;
SELECT 1 FROM dbops.table_history a JOIN dbops.device_history b USING (step);
SELECT 1 FROM wanted_steps w, LATERAL dbops.table_history(w.step);
SELECT pushed($$SELECT 1 FROM dbops.table_history a JOIN dbops.device_history b USING (step) WHERE step = '1 min'$$);
SELECT pushed($$SELECT 1 FROM dbops.table_history WHERE step = (SELECT max(step) FROM wanted_steps)$$);
DROP TABLE wanted_steps, wanted_relations;

-- steps that are none
SELECT 1 FROM dbops.table_history WHERE step = '1 month';
SELECT 1 FROM dbops.table_history WHERE step = '1 year 3 days';
SELECT 1 FROM dbops.table_history WHERE step = '0';
SELECT 1 FROM dbops.table_history WHERE step = '-1 min';
SELECT 1 FROM dbops.table_history WHERE step = '1 day -25 hours';
SELECT 1 FROM dbops.table_history WHERE step = '200000000 days';

-- values that match nothing
SELECT count(*) FROM dbops.table_history WHERE at > NULL;
SELECT count(*) FROM dbops.table_history WHERE at > (SELECT NULL::timestamptz);
SELECT count(*) FROM dbops.table_history WHERE relid = ANY ((SELECT '{}'::oid[])::oid[]);
SELECT count(*) FROM dbops.table_history WHERE relid = ANY ((SELECT '{NULL}'::oid[])::oid[]);
SELECT count(*) FROM dbops.table_history WHERE relid = (SELECT 1::oid) AND relid = (SELECT 2::oid);
SELECT count(*) FROM dbops.table_history WHERE at > (SELECT 'infinity'::timestamptz);
SELECT count(*) FROM dbops.table_history WHERE at < (SELECT '-infinity'::timestamptz);
SELECT count(*) FROM dbops.table_history WHERE at > (SELECT '2026-01-02Z'::timestamptz)
                                           AND at < (SELECT '2026-01-01Z'::timestamptz);
SELECT count(*) FROM dbops.device_history WHERE node = 'here' AND node = (SELECT 'there');

-- reading only, and only for those who may
INSERT INTO dbops.table_history (relid) VALUES (1);
DELETE FROM dbops.table_history;
CREATE ROLE regress_dbops_nobody;
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA dbops TO regress_dbops_nobody;
SET ROLE regress_dbops_nobody;
SELECT count(*) FROM dbops.table_history;
SELECT count(*) FROM dbops.table_history('1 min');
SET ROLE regress_dbops_monitor;
SELECT count(*) FROM dbops.table_history WHERE at < '1999-01-01Z';
SELECT count(*) FROM dbops.table_history('1 min') WHERE at < '1999-01-01Z';
SELECT count(*) FROM dbops.object;
RESET ROLE;
REVOKE USAGE ON SCHEMA dbops FROM regress_dbops_nobody;
DROP ROLE regress_dbops_nobody, regress_dbops_monitor;
DROP FUNCTION pushed(text);
