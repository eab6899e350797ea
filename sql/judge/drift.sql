-- Settings that are not as they were accepted, or on a standby not as on its primary.

CREATE FUNCTION dbops.accept_settings(
    setting_name text DEFAULT NULL,
    note text DEFAULT NULL,
    OUT scope text,
    OUT datname name,
    OUT rolname name,
    OUT name text,
    OUT accepted_before text,
    OUT accepted text)
    RETURNS SETOF record
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    -- As they are now, and not as they were some seconds ago.
    SELECT dbops.take_sample();

    WITH present AS MATERIALIZED (
        SELECT s.scope, s.datname, s.rolname, s.name, s.setting
          FROM dbops.settings_at(clock_timestamp()) AS s
         WHERE s.scope NOT IN ('pending restart', 'file error') AND NOT COALESCE(s.is_default, false)
           AND s.source NOT IN ('default', 'dynamic default', 'override')
           AND (s.name = setting_name
                OR setting_name IS NULL OR NOT EXISTS (SELECT FROM dbops.accepted_settings))
    ), change AS MATERIALIZED (
        SELECT COALESCE(p.scope, a.scope) AS scope, COALESCE(p.datname, a.datname) AS datname,
               COALESCE(p.rolname, a.rolname) AS rolname, COALESCE(p.name, a.name) AS name,
               a.setting AS accepted_before, p.setting AS accepted
          FROM present AS p
          FULL JOIN (SELECT kept.scope, kept.datname, kept.rolname, kept.name, kept.setting, kept.node
                       FROM dbops.accepted_settings AS kept
                      WHERE setting_name IS NULL OR kept.name = setting_name) AS a
            ON a.scope = p.scope AND a.name = p.name AND COALESCE(a.datname, '') = COALESCE(p.datname, '')
               AND COALESCE(a.rolname, '') = COALESCE(p.rolname, '')
         WHERE p.setting IS DISTINCT FROM a.setting OR a.node <> dbops.node_name()
    ), gone AS (
        DELETE FROM dbops.accepted_settings AS a
         USING change AS c
         WHERE c.accepted IS NULL AND a.scope = c.scope AND a.name = c.name
           AND a.datname IS NOT DISTINCT FROM c.datname AND a.rolname IS NOT DISTINCT FROM c.rolname
    ), kept AS (
        INSERT INTO dbops.accepted_settings (scope, datname, rolname, name, setting, node, accepted_at, accepted_by, note)
        SELECT c.scope, c.datname, c.rolname, c.name, c.accepted, dbops.node_name(), now(), SESSION_USER, accept_settings.note
          FROM change AS c
         WHERE c.accepted IS NOT NULL
            ON CONFLICT ON CONSTRAINT accepted_settings_key DO UPDATE
           SET setting = excluded.setting, node = excluded.node, accepted_at = excluded.accepted_at,
               accepted_by = excluded.accepted_by, note = excluded.note
    )
    SELECT c.scope, c.datname, c.rolname, c.name, c.accepted_before, c.accepted
      FROM change AS c
     ORDER BY c.scope <> 'server', c.scope, c.datname, c.rolname, c.name
$$;
COMMENT ON FUNCTION dbops.accept_settings(text, text) IS
    'Accepts the settings as they are now, or those of one name: from now on the check "settings drift" tells what differs; returns what is another value than was accepted before. The first time all are accepted';
REVOKE ALL ON FUNCTION dbops.accept_settings(text, text) FROM PUBLIC;

CREATE VIEW dbops.setting_drift AS
SELECT d.difference, d.scope, d.datname, d.rolname, d.name, d.measure AS compared_with,
       NULLIF(d.expected, '<default>') AS expected,
       NULLIF(d.setting, '<default>') AS setting,
       d.since_at,
       CASE WHEN d.measure = 'accepted'
            THEN pg_catalog.format('set it back; or SELECT dbops.accept_settings(%L)', d.name)
            WHEN d.difference = 'too small'
            THEN 'raise it to that of the primary and restart: replay is paused, or will be'
            ELSE 'set it as on the primary; if it is meant to differ, set enabled to false for it in dbops.thresholds'
       END AS what_to_do,
       a.accepted_at, a.accepted_by, a.note
  FROM dbops.setting_drift_now AS d
  LEFT JOIN dbops.accepted_settings AS a
    ON a.scope = d.scope AND a.name = d.name AND COALESCE(a.datname, '') = COALESCE(d.datname, '')
       AND COALESCE(a.rolname, '') = COALESCE(d.rolname, '')
 WHERE d.difference <> 'none'
 ORDER BY d.difference <> 'too small', d.since_at DESC NULLS LAST, d.scope, d.name;
COMMENT ON VIEW dbops.setting_drift IS
    'Settings that are not as they were accepted with dbops.accept_settings(); on a standby those that are not as on its primary where that hurts. As of the latest sample';
COMMENT ON COLUMN dbops.setting_drift.difference IS 'differs; too small: the WAL of the primary cannot be replayed with it';
COMMENT ON COLUMN dbops.setting_drift.compared_with IS 'accepted, or primary: on a standby';
COMMENT ON COLUMN dbops.setting_drift.expected IS 'Value it should have; NULL: it should not be set';
COMMENT ON COLUMN dbops.setting_drift.setting IS 'Value it has; NULL: it is not set';
COMMENT ON COLUMN dbops.setting_drift.since_at IS 'Since when it is known to have it; dbops.setting_changes may know more';
COMMENT ON COLUMN dbops.setting_drift.accepted_at IS 'When the expected value was accepted';
REVOKE ALL ON dbops.setting_drift FROM PUBLIC;
GRANT SELECT ON dbops.setting_drift TO pg_monitor;
