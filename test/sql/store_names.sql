-- Names in the history: the catalogs' while the object exists, the dictionary's afterwards.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE DATABASE regress_dbops_gone;
SELECT oid AS gone FROM pg_database WHERE datname = 'regress_dbops_gone' \gset
SELECT dbops.take_sample() IS NOT NULL AS taken;
SELECT DISTINCT datname FROM dbops.database_history WHERE datid = :gone;

-- the history goes by number, so it follows a new name
ALTER DATABASE regress_dbops_gone RENAME TO regress_dbops_renamed;
SELECT DISTINCT datname FROM dbops.database_history WHERE datid = :gone;

DROP DATABASE regress_dbops_renamed;
BEGIN;
DELETE FROM dbops.object WHERE datid = :gone;
SELECT DISTINCT datname FROM dbops.database_history WHERE datid = :gone;
INSERT INTO dbops.object (class, datid, objid, kind, objname, first_seen_at, last_seen_at)
VALUES ('d', :gone, :gone, 'database', 'regress_dbops_gone', now(), now());
SELECT DISTINCT datname FROM dbops.database_history WHERE datid = :gone;

-- whoever may read the history may read the names in it, though not the dictionary
CREATE ROLE regress_dbops_monitor IN ROLE pg_monitor;
SET LOCAL ROLE regress_dbops_monitor;
SELECT DISTINCT datname FROM dbops.database_history WHERE datname = 'regress_dbops_gone';
ROLLBACK;

