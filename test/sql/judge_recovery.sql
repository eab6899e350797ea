-- covers: judge/archiving
-- What would be lost is told for each kind of failure, whatever is known; here nothing is archived.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

SELECT failure FROM dbops.recovery ORDER BY failure COLLATE "C";
SELECT rpo_objective_seconds, rto_objective_seconds FROM dbops.recovery LIMIT 1;
SELECT rto_seconds > 0 AS told, why ~ 'MB of WAL since the last checkpoint' AS why
  FROM dbops.recovery WHERE failure = 'crash';
SELECT rpo_by_design_seconds IS NULL AS unlimited, why ~ 'archive_mode is off' AS why
  FROM dbops.recovery WHERE failure = 'loss of all but the archive';
SELECT state, evidence, archive_mode, method, archived_lsn FROM dbops.archiving;

-- A row says why, or what to do, whenever something cannot be told.
SELECT count(*) FROM dbops.recovery WHERE rpo_seconds IS NULL AND why = '';

-- The settings for it.
SELECT name, setting, unit, context FROM pg_settings WHERE name LIKE 'dbops.r_o\_objective' ORDER BY name;

-- What there is to read is for monitors.
CREATE ROLE recovery_reader IN ROLE pg_monitor;
CREATE ROLE recovery_stranger;
SET ROLE recovery_reader;
SELECT count(*) FROM dbops.recovery;
SELECT count(*) FROM dbops.archiving;
SELECT count(*) >= 0 AS readable FROM dbops.recovery_windows;
SELECT count(*) >= 0 AS readable FROM dbops.recovery_rates;
SET ROLE recovery_stranger;
SELECT count(*) FROM dbops.recovery;
SELECT count(*) FROM dbops._archiving();
RESET ROLE;
DROP ROLE recovery_reader;
DROP ROLE recovery_stranger;
