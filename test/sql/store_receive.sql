-- What a standby ships is stored once, under its name, whenever it comes; what is wrong with it is refused alone.
-- covers: store/receive worker/receive store/reopen store/node
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SELECT system_identifier AS system FROM pg_control_system() \gset

-- All of it in a transaction, that leaves nothing behind.  The past begins with a window, long enough ago to be packed.
BEGIN;
CREATE TEMP TABLE stage AS SELECT date_bin('2 hours', now() - interval '20 hours', '2000-01-01') AS began;
SELECT dbops._generate_history('maker', 'table', began, began + interval '1 hour', '1 min', 10, 0.5) > 0 AS made FROM stage;
CREATE TEMP VIEW stored AS
SELECT n.name, t.*
  FROM (SELECT * FROM dbops.tick_0 UNION ALL SELECT * FROM dbops.tick_1 UNION ALL SELECT * FROM dbops.tick_2
        UNION ALL SELECT * FROM dbops.tick_3 UNION ALL SELECT * FROM dbops.tick_4 UNION ALL SELECT * FROM dbops.tick_5
        UNION ALL SELECT * FROM dbops.tick_6 UNION ALL SELECT * FROM dbops.tick_7) AS t
  JOIN dbops.node AS n ON n.id = t.node;
CREATE TEMP TABLE made AS
SELECT row_number() OVER (ORDER BY at) AS seq, (extract(epoch FROM at) * 1000000)::int8 - 946684800000000 AS at_us,
       covers_us, family, flags, data
  FROM stored WHERE name = 'maker';
SELECT count(*) FROM made;

-- Sends what is in a table, as the standby `name` would.
CREATE FUNCTION pg_temp.send(name text, boot int8, from_seq int, to_seq int,
                             system int8 DEFAULT :system)
RETURNS TABLE (stored_seq int8, stored int4, refused int4, sqlstate text, refusal text, hint text)
LANGUAGE sql
AS $$
    SELECT r.stored_seq, r.stored, r.refused, r.refusal_sqlstate,
           regexp_replace(r.refusal, '\d{4}-\d\d-\d\d [0-9:.]+[0-9]( UTC)?', 'TIME'), r.hint
      FROM (SELECT coalesce(array_agg(m.seq ORDER BY m.seq), '{}') AS seqs, coalesce(array_agg(at_us ORDER BY m.seq), '{}') AS ats,
                   coalesce(array_agg(covers_us ORDER BY m.seq), '{}') AS covers, coalesce(array_agg(m.family ORDER BY m.seq), '{}') AS families,
                   coalesce(array_agg(flags ORDER BY m.seq), '{}') AS flags, coalesce(array_agg(m.data ORDER BY m.seq), '{}') AS datas
              FROM made AS m WHERE m.seq BETWEEN from_seq AND to_seq) AS a,
           dbops.receive_ticks(name, system, boot, (extract(epoch FROM clock_timestamp()) * 1000000)::int8 - 946684800000000,
                               seqs, ats, covers, families, a.flags, datas) AS r
$$;

-- ---- once ----
SELECT * FROM pg_temp.send('far', 1, 1, 0);
SELECT * FROM pg_temp.send('far', 1, 1, 20);
SELECT * FROM pg_temp.send('far', 1, 1, 20);
SELECT * FROM pg_temp.send('far', 1, 11, 30);
SELECT * FROM pg_temp.send('far', 1, 1, 0);
SELECT count(*), count(DISTINCT at), min(seq), max(seq), min(boot), max(boot) FROM stored WHERE name = 'far';
SELECT count(*) FROM (SELECT at, covers_us, family, flags, data FROM stored WHERE name = 'far'
                      EXCEPT SELECT at, covers_us, family, flags, data FROM stored WHERE name = 'maker') AS different;
SELECT node, ticks, refused, last_refusal, abs(extract(epoch FROM clock_ahead)) < 5 AS clocks_agree
  FROM dbops.shippers;

-- ---- late, into a window that is packed: it is packed again, with all of it ----
CREATE FUNCTION pg_temp.differences(step interval)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT count(*) FROM (
        (SELECT at, identity, numbers FROM dbops._read_history('maker', 'table', NULL, (SELECT max(at) FROM stored WHERE name = 'far'), $1, NULL)
         EXCEPT ALL SELECT at, identity, numbers FROM dbops._read_history('far', 'table', NULL, NULL, $1, NULL))
        UNION ALL
        (SELECT at, identity, numbers FROM dbops._read_history('far', 'table', NULL, NULL, $1, NULL)
         EXCEPT ALL SELECT at, identity, numbers FROM dbops._read_history('maker', 'table', NULL, (SELECT max(at) FROM stored WHERE name = 'far'), $1, NULL))
    ) AS d
$$;
CREATE TEMP VIEW packed AS
SELECT n.name, c.family, c.from_at, c.to_at
  FROM (SELECT * FROM dbops.chunk_1min_0 UNION ALL SELECT * FROM dbops.chunk_1min_1 UNION ALL SELECT * FROM dbops.chunk_1min_2
        UNION ALL SELECT * FROM dbops.chunk_1min_3 UNION ALL SELECT * FROM dbops.chunk_1min_4 UNION ALL SELECT * FROM dbops.chunk_1min_5
        UNION ALL SELECT * FROM dbops.chunk_1min_6 UNION ALL SELECT * FROM dbops.chunk_1min_7) AS c
  JOIN dbops.node AS n ON n.id = c.node;
DO $$ BEGIN WHILE dbops._roll_up() > 0 LOOP END LOOP; END $$;
SELECT name, count(*) FROM packed WHERE name IN ('far', 'maker') GROUP BY name ORDER BY name;
SELECT * FROM pg_temp.send('far', 1, 31, 60);
SELECT name, count(*) FROM packed WHERE name IN ('far', 'maker') GROUP BY name ORDER BY name;
SELECT pg_temp.differences('1 min') AS differences;
DO $$ BEGIN WHILE dbops._roll_up() > 0 LOOP END LOOP; END $$;
SELECT name, count(*) FROM packed WHERE name IN ('far', 'maker') GROUP BY name ORDER BY name;
SELECT pg_temp.differences('1 min') AS differences, pg_temp.differences('10 min') AS of_ten_minutes;

-- ---- another start of the same server counts anew ----
UPDATE made SET seq = seq - 60, at_us = at_us + 3600000000;
INSERT INTO made SELECT seq + 60, at_us - 3600000000, covers_us, family, flags, data FROM made;
SELECT * FROM pg_temp.send('far', 2, 1, 0);
UPDATE made SET at_us = at_us + 7200000000;
SELECT * FROM pg_temp.send('far', 2, 1, 5);
SELECT boot, count(*) FROM stored WHERE name = 'far' GROUP BY boot ORDER BY boot;

-- ---- what is wrong is refused, and the rest taken ----
UPDATE made SET data = substr(data, 1, length(data) / 2) WHERE seq = 7;
UPDATE made SET data = '\x' WHERE seq = 9;
UPDATE made SET data = '\x01ffffffff7f' WHERE seq = 11;
SELECT * FROM pg_temp.send('far', 2, 6, 12);
UPDATE made SET family = 999 WHERE seq = 13;
SELECT * FROM pg_temp.send('far', 2, 13, 14);
UPDATE made SET at_us = at_us + 48 * 3600000000 WHERE seq = 15;
SELECT * FROM pg_temp.send('far', 2, 15, 16);
UPDATE made SET at_us = at_us - 48 * 3600000000 WHERE seq = 17;
SELECT * FROM pg_temp.send('far', 2, 17, 18);
UPDATE made SET covers_us = -1 WHERE seq = 19;
UPDATE made SET flags = 128 WHERE seq = 20;
UPDATE made SET covers_us = 9223372036854775807 WHERE seq = 27;
SELECT * FROM pg_temp.send('far', 2, 19, 21);
SELECT seq FROM stored WHERE name = 'far' AND boot = 2 ORDER BY seq;
SELECT ticks, refused, last_refusal LIKE 'sample of table at %: its time or its flags are out of range (SQLSTATE XX001)' AS told
  FROM dbops.shippers;
SELECT count(*) > 0 AS readable FROM dbops.table_history WHERE node = 'far';

-- ---- texts of statements travel; other names do not ----
CREATE FUNCTION pg_temp.names(class text, objid int, words text)
RETURNS bytea
LANGUAGE sql
AS $$ SELECT convert_to(class, 'UTF8') || '\x00000400000001'::bytea || int8send(objid) || int4send(0) || convert_to(words, 'UTF8') || '\x00' $$;
UPDATE made SET family = 0, data = '\x01'::bytea || pg_temp.names('s', 4711, 'SELECT one') || pg_temp.names('s', 4712, 'SELECT two') WHERE seq = 22;
UPDATE made SET family = 0, data = '\x01'::bytea || pg_temp.names('s', 4711, 'SELECT another') WHERE seq = 23;
UPDATE made SET family = 0, data = '\x01'::bytea || pg_temp.names('s', 4713, 'SELECT three') || pg_temp.names('r', 4714, 'a table') WHERE seq = 24;
UPDATE made SET family = 0, data = '\x01'::bytea || '\x7300' WHERE seq = 25;
SELECT * FROM pg_temp.send('far', 2, 22, 23);
SELECT * FROM pg_temp.send('far', 2, 24, 24);
SELECT * FROM pg_temp.send('far', 2, 25, 26);
SELECT * FROM pg_temp.send('far', 2, 27, 28);
UPDATE made SET data = convert_to(repeat('x', 17 * 1024 * 1024), 'UTF8') WHERE seq BETWEEN 29 AND 31;
SELECT * FROM pg_temp.send('far', 2, 29, 32);
-- a text that does not end
UPDATE made SET family = 0, data = '\x01'::bytea || substr(pg_temp.names('s', 4713, repeat('x', 995)), 1, 1000) WHERE seq = 33;
SELECT * FROM pg_temp.send('far', 2, 33, 34);
UPDATE made SET family = 0, data = '\x01'::bytea || pg_temp.names('s', 4713, repeat('x', 20000)) WHERE seq = 35;
SELECT * FROM pg_temp.send('far', 2, 35, 36);
SELECT class, objid, definition FROM dbops.object WHERE objid BETWEEN 4711 AND 4714 AND datid = 1 ORDER BY objid;

-- ---- senders that are none ----
SELECT set_config('regress.ours', dbops.node_name(), true) IS NOT NULL AS known;
CREATE FUNCTION pg_temp.told(query text)
RETURNS TABLE (told text)
LANGUAGE plpgsql
AS $$
DECLARE
    state text;
    message text;
    hint text;
BEGIN
    RETURN QUERY EXECUTE query;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    message := replace(message, current_setting('regress.ours'), 'OURS');
    RETURN QUERY VALUES (state || ': ' || message), (hint);
END
$$;
CREATE FUNCTION pg_temp.receive(node text, system int8, rest text)
RETURNS SETOF text
LANGUAGE sql
AS $$ SELECT pg_temp.told(format('SELECT (stored_seq, stored, refused)::text FROM dbops.receive_ticks(%L, %L, 2, 0, %s)', node, system, rest)) $$;
SELECT pg_temp.receive(dbops.node_name(), :system, $$'{1}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('', :system, $$'{1}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', 42, $$'{1}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', NULL, $$'{1}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', :system, $$'{1,2}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', :system, $$'{2,1}', '{0,0}', '{0,0}', '{1,1}', '{0,0}', '{"",""}'$$);
SELECT pg_temp.receive('far', :system, $$'{NULL}', '{0}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', :system, $$'{{1}}', '{{0}}', '{{0}}', '{{1}}', '{{0}}', '{{""}}'$$);
SELECT pg_temp.receive('far', :system, $$'{1}', '{9223372036854775807}', '{0}', '{1}', '{0}', '{""}'$$);
SELECT pg_temp.receive('far', :system, $$(SELECT array_agg(i) FROM generate_series(1::int8, 10001) AS i), array_fill(0::int8, '{10001}'),
    array_fill(0::int8, '{10001}'), array_fill(1::int2, '{10001}'), array_fill(0::int2, '{10001}'), array_fill(''::bytea, '{10001}')$$);

-- Another server of this name is connected, as it seems: another session that is there.
UPDATE dbops.shipper SET pid = a.pid, backend_start = a.backend_start
  FROM pg_stat_activity AS a WHERE a.backend_type = 'dbops sampler';
SELECT pg_temp.told($$SELECT stored_seq::text FROM pg_temp.send('far', 3, 1, 0)$$);
-- It was an earlier connection of the same server.
SELECT pg_temp.told($$SELECT stored_seq::text FROM pg_temp.send('far', 2, 1, 0)$$);
-- It has been silent for long.
UPDATE dbops.shipper SET pid = a.pid, backend_start = a.backend_start, received_at = received_at - interval '7 minutes'
  FROM pg_stat_activity AS a WHERE a.backend_type = 'dbops sampler';
SELECT pg_temp.told($$SELECT stored_seq::text FROM pg_temp.send('far', 3, 1, 0)$$);

-- ---- rights ----
CREATE ROLE regress_shipper;
GRANT USAGE ON SCHEMA dbops TO regress_shipper;
SET LOCAL ROLE regress_shipper;
SELECT pg_temp.receive('far', :system, $$'{}', '{}', '{}', '{}', '{}', '{}'$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION dbops.receive_ticks TO regress_shipper;
SET LOCAL ROLE regress_shipper;
SELECT pg_temp.receive('far', :system, $$'{}', '{}', '{}', '{}', '{}', '{}'$$);
SELECT pg_temp.told('SELECT node::text FROM dbops.shipper');
RESET ROLE;
ROLLBACK;
