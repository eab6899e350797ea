-- take_sample() returns when all families are stored, and says clearly when it cannot.
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS dbops CASCADE;

-- The workers cannot see what is not committed.
BEGIN;
CREATE EXTENSION dbops CASCADE;
SELECT dbops.take_sample();
ROLLBACK;

CREATE EXTENSION dbops CASCADE;
RESET client_min_messages;

SELECT dbops.take_sample() > now() - interval '1 minute' AS taken;

-- Every family has a tick of its own in the history.
SELECT DISTINCT family
  FROM dbops.metrics() m
 WHERE NOT EXISTS (
    SELECT FROM dbops.tick_0 t WHERE t.family = (SELECT DISTINCT id FROM dbops.metrics() x WHERE x.family = m.family));

-- Each call is a sample of its own.
SELECT dbops.take_sample() < dbops.take_sample() AS later;
