-- What is corrupted is named, the rest stays readable, rollup goes on without it, repair sets it aside.
-- covers: store/damage store/verify store/repair store/repair_funcs store/rollup
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';

-- A past of its own, in a transaction that keeps it from the keeper.
BEGIN;
TRUNCATE dbops.tick_0, dbops.tick_1, dbops.tick_2, dbops.tick_3, dbops.tick_4, dbops.tick_5,
    dbops.tick_6, dbops.tick_7;
LOCK TABLE dbops.member IN EXCLUSIVE MODE;
DELETE FROM dbops.member;
SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 04:00', '1 min', 10, 0.5) > 0
    AS generated;
SELECT dbops._generate_history('past', 'network', '2020-01-01', '2020-01-01 04:00', '1 min', 3, 1) > 0
    AS generated;

CREATE FUNCTION pg_temp.rows_of(family text, from_at timestamptz, to_at timestamptz)
RETURNS bigint
LANGUAGE sql
AS $$ SELECT count(*) FROM dbops._read_history('past', $1, $2, $3, '1 min', NULL) $$;

-- all is well
SELECT * FROM dbops.repair();

-- a tick that ends early
UPDATE dbops.tick_0 SET data = substr(data, 1, 20) WHERE at = '2020-01-01 01:05' AND family = 7;
SAVEPOINT reading;
SELECT pg_temp.rows_of('table', '2020-01-01 01:00', '2020-01-01 01:10');
ROLLBACK TO reading;
SELECT pg_temp.rows_of('table', '2020-01-01 01:06', '2020-01-01 01:20') > 0 AS other_time,
       pg_temp.rows_of('network', '2020-01-01 01:01', '2020-01-01 01:10') AS other_family;

-- looking changes nothing
SELECT table_name, node, family, at, error, done FROM dbops.repair(only_check => true);
SELECT count(*) FROM dbops.set_aside;

-- it is packed without that minute, and status() says so
SELECT dbops._roll_up() > 0 AS packed;
SELECT family, from_at, to_at, count(*)
FROM (SELECT * FROM dbops.chunk_1min_0 UNION ALL SELECT * FROM dbops.chunk_1min_1) AS chunk
WHERE from_at < '2020-01-02' GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT min(covers_us), max(covers_us)
FROM dbops._read_history('past', 'table', '2020-01-01', '2020-01-01 01:50', '10 min', NULL);
SELECT status, detail, what_to_do FROM dbops.status() WHERE component = 'history';

-- chunks: one whose head, one whose data ends early
UPDATE dbops.chunk_1min_0 SET head = substr(head, 1, length(head) / 2)
WHERE from_at = '2020-01-01' AND family = 7;
UPDATE dbops.chunk_1min_0 SET data = substr(data, 1, length(data) / 2)
WHERE from_at = '2020-01-01 02:00' AND family = 7;
SAVEPOINT reading;
SELECT pg_temp.rows_of('table', '2020-01-01 00:30', '2020-01-01 00:40');
ROLLBACK TO reading;
SELECT pg_temp.rows_of('table', '2020-01-01 02:30', '2020-01-01 02:40');
ROLLBACK TO reading;

-- the tick is set aside, the chunks are written anew from the other ticks
SELECT table_name, node, family, at, error, done FROM dbops.repair();
SELECT table_name, at, set_aside_by = session_user AS by_me, length(data) > 0 AS has_bytes
FROM dbops.set_aside ORDER BY table_name, at;
SELECT pg_temp.rows_of('table', NULL, NULL) > 1000 AS readable,
       min(at), max(at) FROM dbops._read_history('past', 'table', NULL, NULL, '10 min', NULL);
SELECT status FROM dbops.status() WHERE component = 'history';
SELECT count(*) AS left_to_repair FROM dbops.repair();

-- where nothing finer is left, a chunk is set aside alone
DELETE FROM dbops.tick_0;
UPDATE dbops.chunk_1min_0 SET data = '' WHERE from_at = '2020-01-01' AND family = 7;
SELECT table_name, at, error, done FROM dbops.repair();
SELECT pg_temp.rows_of('table', '2020-01-01 02:30', '2020-01-01 02:40') > 0 AS readable;

-- Any byte may be any other, and the data may end anywhere: rows or an error that says so.
CREATE FUNCTION pg_temp.attempt(change text, tried int8)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE change;
    PERFORM FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION
    WHEN SQLSTATE 'ZZ000' THEN RETURN 'read';
    WHEN data_corrupted THEN RETURN 'corrupted';
    WHEN OTHERS THEN RETURN SQLSTATE || ' at ' || tried || ': ' || SQLERRM;
END
$$;

CREATE FUNCTION pg_temp.damage(relation text, part text, every int)
RETURNS TABLE (outcome text, many boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    size int;
BEGIN
    EXECUTE format('SELECT length(%I) FROM %s', part, relation) INTO size;
    RETURN QUERY
    SELECT pg_temp.attempt(change, i), count(*) > 3
    FROM (SELECT i, format('UPDATE %1$s SET %2$I = set_byte(%2$I, %3$s, get_byte(%2$I, %3$s) # %4$s)',
                           relation, part, i, mask) AS change
          FROM generate_series(0, size - 1, every) AS i, unnest(ARRAY[1, 255]) AS mask
          UNION ALL
          SELECT i, format('UPDATE %1$s SET %2$I = substr(%2$I, 1, %3$s)', relation, part, i)
          FROM generate_series(0, size - 1, every) AS i) AS changes
    GROUP BY 1
    ORDER BY 1;
END
$$;

DELETE FROM dbops.chunk_1min_0;
DELETE FROM dbops.chunk_10min_0;
SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 00:01', '1 min', 20, 1) > 0
    AS generated;
SELECT * FROM pg_temp.damage('dbops.tick_0', 'data', 3);
DELETE FROM dbops.tick_0;
SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 00:20', '1 min', 10, 0.5) > 0
    AS generated;
SELECT dbops._roll_up() > 0 AS packed;
DELETE FROM dbops.tick_0;
SELECT count(*) AS chunks FROM dbops.chunk_1min_0;
SELECT * FROM pg_temp.damage('dbops.chunk_1min_0', 'head', 1);
SELECT * FROM pg_temp.damage('dbops.chunk_1min_0', 'data', 7);
ROLLBACK;

-- The owner's, and of those it is granted to.
CREATE ROLE regress_dbops_mender IN ROLE pg_monitor;
SET ROLE regress_dbops_mender;
SELECT * FROM dbops.repair();
RESET ROLE;
GRANT EXECUTE ON FUNCTION dbops.repair(boolean) TO regress_dbops_mender;
SET ROLE regress_dbops_mender;
SELECT * FROM dbops.repair();
RESET ROLE;
-- With the owner's rights, but not with operators of whoever calls it.
CREATE SCHEMA repair_trap;
CREATE FUNCTION repair_trap.spring(smallint, smallint) RETURNS boolean LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'sprung by %', current_user; END$$;
CREATE OPERATOR repair_trap.= (LEFTARG = smallint, RIGHTARG = smallint, FUNCTION = repair_trap.spring);
GRANT USAGE ON SCHEMA repair_trap TO regress_dbops_mender;
BEGIN;
LOCK TABLE dbops.member IN EXCLUSIVE MODE;
SELECT dbops._generate_history('trapped', 'table', '2020-01-01', '2020-01-01 00:10', '1 min', 10, 0.5) > 0
    AS generated;
UPDATE dbops.tick_0 SET data = substr(data, 1, 20) WHERE at = '2020-01-01 00:05';
SET LOCAL search_path = repair_trap, pg_catalog;
SET LOCAL ROLE regress_dbops_mender;
SELECT done FROM dbops.repair();
ROLLBACK;
DROP OPERATOR repair_trap.= (smallint, smallint);
DROP FUNCTION repair_trap.spring(smallint, smallint);
DROP SCHEMA repair_trap;
REVOKE EXECUTE ON FUNCTION dbops.repair(boolean) FROM regress_dbops_mender;
DROP ROLE regress_dbops_mender;
