-- Foreign tables of dbops: their options, columns by name, and the present.
-- covers: store/fdw_table store/fdw_row
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE SCHEMA other;

-- options
CREATE FOREIGN TABLE other.t (node text) SERVER dbops;
CREATE FOREIGN TABLE other.t (node text) SERVER dbops OPTIONS (family 'system');
CREATE FOREIGN TABLE other.t (node text) SERVER dbops OPTIONS (family 'system', kind 'past');
CREATE FOREIGN TABLE other.t (node text) SERVER dbops OPTIONS (family 'system', kind 'now', x '1');
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dbops OPTIONS (host 'there');
IMPORT FOREIGN SCHEMA past FROM SERVER dbops INTO other;

-- a family of another version is refused when read, not before
CREATE FOREIGN TABLE other.t (node text) SERVER dbops OPTIONS (family 'nothing', kind 'history');
SELECT count(*) FROM other.t;
DROP FOREIGN TABLE other.t;

-- columns count by name; what nobody knows is NULL
CREATE FOREIGN TABLE other.t (of_old text, device text, gone int, read_bytes bigint)
SERVER dbops OPTIONS (family 'device', kind 'history');
ALTER FOREIGN TABLE other.t DROP COLUMN gone;
SELECT count(of_old) AS unknown, count(device) = count(*) AS known FROM other.t;
EXPLAIN (COSTS OFF) SELECT * FROM other.t WHERE device = 'sda' AND of_old = 'x';
DROP FOREIGN TABLE other.t;
CREATE FOREIGN TABLE other.t (of_old text, datname name, datid oid)
SERVER dbops OPTIONS (family 'database', kind 'now');
SELECT datname, of_old, t IS NOT NULL AS complete FROM other.t
WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database());
DROP FOREIGN TABLE other.t;
CREATE FOREIGN TABLE other.t (device bigint) SERVER dbops OPTIONS (family 'device', kind 'now');
SELECT count(*) FROM other.t;
DROP FOREIGN TABLE other.t;

-- what only the sampler knows has no table of the present
CREATE FOREIGN TABLE other.t (relid oid) SERVER dbops OPTIONS (family 'table', kind 'now');
SELECT count(*) FROM other.t;
DROP FOREIGN TABLE other.t;

-- both kinds can be imported again elsewhere
IMPORT FOREIGN SCHEMA now LIMIT TO (database_now) FROM SERVER dbops INTO other;
IMPORT FOREIGN SCHEMA history LIMIT TO (table_history) FROM SERVER dbops INTO other;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'other'::regnamespace ORDER BY relname;

-- the present is read again for each scan
SELECT count(*) > 0 AS rows FROM dbops.system_now;
SELECT count(*) = 2 * (SELECT count(*) FROM dbops.system_now) AS twice
FROM (VALUES (1), (2)) AS v(x) CROSS JOIN LATERAL (SELECT x FROM dbops.system_now OFFSET 0) AS s;

-- a text of the machine that is none in this encoding is shown with question marks
BEGIN;
SELECT dbops._generate_history('odd', 'network', '2020-01-01', '2020-01-01 00:01', '10 s', 1, 1) > 0 AS generated;
DO $$
BEGIN
    FOR member IN 0 .. 7 LOOP
        EXECUTE format('UPDATE dbops.tick_%s SET data = overlay(data PLACING ''\xff'' FROM position(''entity0'' IN data) + 1 FOR 1)
                        WHERE node = (SELECT id FROM dbops.node WHERE name = ''odd'')
                          AND position(''entity0'' IN data) > 0', member);
    END LOOP;
END
$$;
SELECT DISTINCT interface, upper(interface) FROM dbops.network_history WHERE node = 'odd';
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA other CASCADE;
