SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
-- covers: store/lsn_time store/lsn_curve

-- The sampler notes where WAL is, about every second.
\i test/include/await.sql
CALL pg_temp.await('count(*) > 0 FROM dbops._lsn_points()');
CREATE TABLE regress_lsn (id int);
INSERT INTO regress_lsn SELECT generate_series(1, 10000);
SELECT pg_current_wal_insert_lsn() AS written_lsn, clock_timestamp() AS written_at \gset
INSERT INTO regress_lsn SELECT generate_series(1, 10000);
CALL pg_temp.await(format('max(lsn) > %L FROM dbops._lsn_points()', :'written_lsn'));
CALL pg_temp.await('count(*) >= 3 FROM dbops._lsn_points()');

-- The time is right to a few seconds, also where it comes from the history.
SELECT dbops.lsn_time(:'written_lsn') - :'written_at' BETWEEN interval '-10 s' AND interval '10 s' AS is_near;
SELECT dbops.lsn_age(:'written_lsn') - (clock_timestamp() - :'written_at')
    BETWEEN interval '-10 s' AND interval '10 s' AS age_is_near;

-- Later positions have later times.
SELECT count(*) FROM (
    SELECT dbops.lsn_time(lsn) < lag(dbops.lsn_time(lsn)) OVER (ORDER BY lsn) AS falls
      FROM (SELECT '0/1'::pg_lsn + (pg_current_wal_lsn() - '0/1'::pg_lsn) * g / 50 AS lsn FROM generate_series(1, 50) AS g) AS l
    ) AS neighbours
 WHERE falls;
SELECT count(*) FROM dbops._lsn_points() WHERE last_at < first_at OR important_lsn IS NULL OR timeline IS NULL;

-- The latest position has age 0, however long it is the latest; older ones have their age.
SELECT dbops.lsn_age(pg_current_wal_flush_lsn()) < interval '10 s' AS flushed;
SELECT dbops.lsn_age(pg_current_wal_insert_lsn()) = interval '0' AS inserted;
SELECT dbops.lsn_age('FFFFFFFF/0') = interval '0' AS ahead;
SELECT bool_and(dbops.lsn_age(lsn) >= interval '0') AS never_negative FROM dbops._lsn_points();

-- What was before all that is known, or is still to come, has no time.
SELECT dbops.lsn_time('0/0') AS none, dbops.lsn_time('0/1') AS too_old, dbops.lsn_time('FFFFFFFF/0') AS to_come;
SELECT dbops.lsn_age('0/0') AS none, dbops.lsn_age('0/1') AS too_old;
SELECT dbops.lsn_time(pg_current_wal_insert_lsn()) > now() - interval '30 s' AS now;

-- The points and the history tell the same: what one has, the other finds.
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT count(*) FROM (
    SELECT dbops.lsn_time('0/0'::pg_lsn + wal_lsn::numeric) - at AS wrong_by
      FROM dbops.server_history WHERE node = dbops.node_name() AND at >= :'written_at') AS sample
 WHERE wrong_by NOT BETWEEN interval '-10 s' AND interval '10 s';

DROP TABLE regress_lsn;

-- Only those who monitor may ask.
CREATE ROLE regress_lsn_nobody;
SET ROLE regress_lsn_nobody;
SELECT dbops.lsn_time('0/1');
RESET ROLE;
GRANT pg_monitor TO regress_lsn_nobody;
SET ROLE regress_lsn_nobody;
SELECT dbops.lsn_age(:'written_lsn') IS NOT NULL AS may_ask, count(*) > 0 AS may_look FROM dbops._lsn_points();
RESET ROLE;
DROP ROLE regress_lsn_nobody;
