-- Rings move on with time, the oldest member is emptied, nobody is waited for, the disk is bounded.
-- covers: store/retention store/ticks
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';

-- Rings of its own, in a transaction that keeps the keeper out and is rolled back.
BEGIN;
TRUNCATE dbops.tick_0, dbops.tick_1, dbops.tick_2, dbops.tick_3, dbops.tick_4, dbops.tick_5,
    dbops.tick_6, dbops.tick_7;
LOCK TABLE dbops.member IN EXCLUSIVE MODE;
DELETE FROM dbops.member;

-- the first member is begun
SELECT FROM dbops._retain();
SELECT member FROM dbops.member WHERE resolution = 0;

-- within its share of the retention it stays: a day over seven members
UPDATE dbops.member SET started_at = now() - interval '3 hours';
SELECT FROM dbops._retain();
SELECT count(*) FROM dbops.member WHERE resolution = 0;

-- after its share the next one is begun
UPDATE dbops.member SET started_at = now() - interval '3 hours 30 min' WHERE resolution = 0;
SELECT FROM dbops._retain();
SELECT member FROM dbops.member WHERE resolution = 0 ORDER BY started_at;
SELECT count(*) AS other_rings FROM dbops.member WHERE resolution <> 0;

-- new ticks go there, and what the next one in turn held is gone once it is begun
SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 01:00', '1 min', 60, 0.3) > 0
    AS generated;
SELECT (SELECT count(*) FROM dbops.tick_0) AS first, (SELECT count(*) FROM dbops.tick_1) AS second;
INSERT INTO dbops.tick_2 SELECT * FROM dbops.tick_1;
UPDATE dbops.member SET started_at = started_at - interval '4 hours' WHERE resolution = 0;
SELECT FROM dbops._retain();
SELECT (SELECT count(*) FROM dbops.tick_1) AS kept, (SELECT count(*) FROM dbops.tick_2) AS oldest;
SELECT member FROM dbops.member WHERE resolution = 0 ORDER BY started_at;

-- all the way round
DO $$
BEGIN
    FOR i IN 1 .. 7 LOOP
        UPDATE dbops.member SET started_at = started_at - interval '4 hours' WHERE resolution = 0;
        PERFORM dbops._retain();
    END LOOP;
END
$$;
SELECT (SELECT count(*) FROM dbops.tick_1) AS gone;
SELECT member FROM dbops.member WHERE resolution = 0 ORDER BY started_at;

-- the clock was set back by years: the rings go on from now, in their order
UPDATE dbops.member SET started_at = started_at + interval '90 years' WHERE resolution = 0;
SELECT FROM dbops._retain();
SELECT member FROM dbops.member WHERE resolution = 0 ORDER BY started_at;
SELECT max(started_at) <= clock_timestamp() AS not_in_the_future FROM dbops.member;
ROLLBACK;
