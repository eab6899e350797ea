-- covers: core/rows
--
-- status() tells what is wrong and how to mend it.
-- covers: core/rows
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- All is well once a sample is stored.
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT component, status, what_to_do FROM dbops.status() ORDER BY component;

-- Without query identifiers statements cannot be told apart.
SET compute_query_id = off;
SELECT * FROM dbops.status() WHERE status <> 'ok';
RESET compute_query_id;

-- Only those who monitor may ask.
CREATE ROLE regress_dbops_nobody;
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
SET ROLE regress_dbops_nobody;
SELECT * FROM dbops.status();
SET ROLE regress_dbops_monitor;
SELECT count(*) > 0 AS may_ask FROM dbops.status();
RESET ROLE;
DROP ROLE regress_dbops_nobody, regress_dbops_monitor;
