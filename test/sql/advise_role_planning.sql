-- Settings of roles and databases that plans depend on: which, and which value wins.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE ROLE rp_role;
CREATE ROLE rp_monitor IN ROLE pg_monitor;

CREATE VIEW planning AS
SELECT p.*
  FROM pg_catalog.pg_database AS d,
       dbops._role_planning(d.oid, (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'rp_role')) AS p
 WHERE d.datname = pg_catalog.current_database()
 ORDER BY p.name COLLATE "C";
-- (the test's database may have settings)
CREATE TABLE planning_before AS SELECT * FROM planning;
CREATE VIEW changed AS
SELECT p.* FROM planning AS p LEFT JOIN planning_before AS b USING (name)
 WHERE b.setting IS DISTINCT FROM p.setting ORDER BY p.name COLLATE "C";
SELECT name FROM planning_before WHERE name ~ '^(enable_|work_mem|random_page_cost|from_collapse)';

-- of the role: what the planner looks at, and how texts are read; nothing else
ALTER ROLE rp_role SET work_mem = '123MB';
ALTER ROLE rp_role SET enable_seqscan = off;
ALTER ROLE rp_role SET random_page_cost = 1.5;
ALTER ROLE rp_role SET "DateStyle" = 'German, DMY';
ALTER ROLE rp_role SET statement_timeout = '1h';
ALTER ROLE rp_role SET search_path = 'pg_catalog';
ALTER ROLE rp_role SET rp.placeholder = 'x=y';
SELECT * FROM changed;

-- the role in this database wins over the role, the role over the database
DO $$BEGIN
    EXECUTE format('ALTER ROLE rp_role IN DATABASE %I SET work_mem = ''7MB''', current_database());
    EXECUTE format('ALTER DATABASE %I SET random_page_cost = 3', current_database());
    EXECUTE format('ALTER DATABASE %I SET from_collapse_limit = 3', current_database());
END$$;
SELECT * FROM changed;
ALTER ROLE rp_role RESET random_page_cost;
SELECT * FROM planning WHERE name = 'random_page_cost';
ALTER ROLE ALL SET random_page_cost = 9;
ALTER ROLE ALL SET geqo_threshold = 10;
SELECT * FROM planning WHERE name ~ 'random|geqo';

-- another role has what is the database's
SELECT name, setting
  FROM dbops._role_planning((SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
                            'rp_monitor'::regrole)
 WHERE name IN ('work_mem', 'random_page_cost', 'from_collapse_limit') ORDER BY name COLLATE "C";

-- who reads statistics may
SET ROLE rp_monitor;
SELECT count(*) FROM dbops._role_planning(0, 0) WHERE name = 'work_mem';
RESET ROLE;
SET ROLE rp_role;
SELECT dbops._role_planning(0, 0);
RESET ROLE;

ALTER ROLE ALL RESET random_page_cost;
ALTER ROLE ALL RESET geqo_threshold;
DO $$BEGIN
    EXECUTE format('ALTER DATABASE %I RESET random_page_cost', current_database());
    EXECUTE format('ALTER DATABASE %I RESET from_collapse_limit', current_database());
END$$;
DROP VIEW changed, planning;
DROP TABLE planning_before;
DROP ROLE rp_role, rp_monitor;
