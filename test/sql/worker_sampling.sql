-- covers: worker/sample worker/sampler worker/sampling_funcs worker/keeper worker/round worker/control worker/launch core/clock
--
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

-- Every family has a tick in the history: those of the sampler and those of the keeper.
SELECT (SELECT count(DISTINCT family) FROM dbops.tick_0) = count(DISTINCT family) AS all_families
  FROM dbops.metrics();

-- Each call is a sample of its own.
SELECT dbops.take_sample() < dbops.take_sample() AS later;
