SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- covers: expose/holders
-- A session does not hold back itself in its own eyes.
SELECT count(*) FROM dbops.xmin_holders WHERE pid = pg_backend_pid();

-- A prepared transaction holds its own XID, and is named with database, role and time.
BEGIN;
CREATE TABLE xmin_prepared (a integer);
PREPARE TRANSACTION 'xmin test';
SELECT kind, pid, name, datname = current_database() AS here, rolname = current_user AS mine,
    since <= now() AS has_time
FROM dbops.xmin_holders WHERE name = 'xmin test';

-- Its age grows with the transactions after it.
SELECT xmin_age AS age_before FROM dbops.xmin_holders WHERE name = 'xmin test' \gset
CREATE TABLE xmin_later (a integer);
DROP TABLE xmin_later;
SELECT xmin_age >= :age_before + 2 AS older FROM dbops.xmin_holders WHERE name = 'xmin test';

-- The worst comes first.
SELECT bool_and(xmin_age <= before OR before IS NULL) AS sorted
FROM (SELECT xmin_age, lag(xmin_age) OVER () AS before FROM dbops.xmin_holders) AS h;

-- Once it has ended, it holds nothing, although its slot remembers the XID.
ROLLBACK PREPARED 'xmin test';
SELECT count(*) FROM dbops.xmin_holders WHERE kind = 'prepared transaction';

-- Only those who monitor may look.
CREATE ROLE xmin_nobody;
SET ROLE xmin_nobody;
SELECT count(*) FROM dbops.xmin_holders;
RESET ROLE;
GRANT pg_monitor TO xmin_nobody;
SET ROLE xmin_nobody;
SELECT count(*) >= 0 AS may_look FROM dbops.xmin_holders;
RESET ROLE;
DROP ROLE xmin_nobody;
