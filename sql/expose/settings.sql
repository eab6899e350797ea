-- Settings: what was changed when, and what differs from the built-in values now.
--
-- All rows of a node between two of its starts tell since when they are so; server_version, which
-- is always there, marks the starts.  What has no row after a start was gone by then.

CREATE VIEW dbops.setting_changes AS
WITH state AS (
    SELECT node, datid, roleid,
           CASE WHEN source IN ('global', 'pending restart', 'file error') THEN source ELSE '' END AS slot,
           name, since_at, source, setting, sourcefile, removed, problem,
           pg_catalog.max(datname::text) AS datname, pg_catalog.max(rolname::text) AS rolname,
           pg_catalog.max(sourceline) AS sourceline
      FROM dbops.setting_history
     GROUP BY node, datid, roleid, slot, name, since_at, source, setting, sourcefile, removed, problem
), start AS (
    SELECT node, since_at AS at, pg_catalog.min(since_at) OVER (PARTITION BY node) AS first_at
      FROM state
     WHERE name = 'server_version' AND slot = ''
), step AS (
    SELECT node, datid, roleid, slot, name, since_at, source, setting, sourcefile, removed, problem,
           datname, rolname, sourceline,
           pg_catalog.lag(setting) OVER slots AS old_setting,
           pg_catalog.lag(source) OVER slots AS old_source,
           pg_catalog.lag(sourcefile) OVER slots AS old_sourcefile,
           pg_catalog.lag(removed) OVER slots AS old_removed,
           pg_catalog.lag(since_at) OVER slots AS old_since_at,
           pg_catalog.lead(since_at) OVER slots AS next_since_at
      FROM state
    WINDOW slots AS (PARTITION BY node, datid, roleid, slot, name ORDER BY since_at)
), change AS (
    -- A value that another one was before, or none; all that the first start found was there before.
    SELECT node, since_at AS changed_at, slot, datid, roleid, datname, rolname, name,
           CASE WHEN old_removed IS NULL THEN old_setting END AS old_setting,
           CASE WHEN removed IS NULL THEN setting END AS new_setting,
           CASE WHEN removed IS NULL THEN source END AS source,
           CASE WHEN removed IS NULL THEN NULLIF(sourcefile, '') END AS sourcefile,
           CASE WHEN removed IS NULL THEN sourceline END AS sourceline,
           problem
      FROM step
     WHERE CASE WHEN old_since_at IS NULL
                THEN removed IS NULL AND source NOT IN ('default', 'dynamic default', 'override')
                     AND since_at > (SELECT pg_catalog.min(first_at) FROM start WHERE start.node = step.node)
                ELSE (setting, source, sourcefile, removed)
                     IS DISTINCT FROM (old_setting, old_source, old_sourcefile, old_removed)
                     AND NOT (setting = old_setting AND source IN ('default', 'dynamic default')
                              AND old_source IN ('default', 'dynamic default'))
           END
    UNION ALL
    SELECT step.node, start.at, slot, datid, roleid, datname, rolname, name, setting, NULL, NULL, NULL, NULL, NULL
      FROM step
      JOIN start ON start.node = step.node AND start.at > step.since_at
       AND NOT EXISTS (SELECT FROM start AS between_them
                        WHERE between_them.node = step.node AND between_them.at > step.since_at
                          AND between_them.at < start.at)
     WHERE removed IS NULL AND (next_since_at IS NULL OR next_since_at > start.at)
       AND source NOT IN ('default', 'dynamic default', 'override')
)
SELECT changed_at,
       CASE WHEN slot <> '' THEN CASE slot WHEN 'global' THEN 'all roles' ELSE slot END
            WHEN datid <> 0 AND roleid <> 0 THEN 'role in database'
            WHEN datid <> 0 THEN 'database'
            WHEN roleid <> 0 THEN 'role'
            ELSE 'server' END AS scope,
       datname, rolname, name,
       CASE WHEN slot IN ('pending restart', 'file error')
            THEN (SELECT running.setting FROM state AS running
                   WHERE running.node = change.node AND running.slot = '' AND running.datid = 0
                     AND running.roleid = 0 AND running.name = change.name
                     AND running.since_at <= change.changed_at
                   ORDER BY running.since_at DESC LIMIT 1)
            ELSE old_setting END AS old_setting,
       new_setting, source, sourcefile, sourceline,
       slot = 'pending restart' AS pending_restart,
       NULLIF(problem, 'none') AS problem,
       node
  FROM change
 WHERE new_setting IS NOT NULL OR slot NOT IN ('pending restart', 'file error')
 ORDER BY changed_at DESC, scope, datname, rolname, name;

COMMENT ON VIEW dbops.setting_changes IS
    'Changes of settings on all nodes, the newest first, of the server, of databases and roles; pending ones have the value wanted as new_setting. One made while the server was down has the time of its start';
COMMENT ON COLUMN dbops.setting_changes.old_setting IS 'NULL when it was not set';
COMMENT ON COLUMN dbops.setting_changes.new_setting IS 'NULL when it was taken away';
COMMENT ON COLUMN dbops.setting_changes.pending_restart IS 'Whether the new value waits for a restart';
REVOKE ALL ON dbops.setting_changes FROM PUBLIC;
GRANT SELECT ON dbops.setting_changes TO pg_monitor;

CREATE FUNCTION dbops.settings_at(at timestamptz)
RETURNS TABLE (scope text, datname name, rolname name, name text, setting text, source text,
               sourcefile text, sourceline bigint, since_at timestamptz, is_default boolean, problem text)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
        WITH latest AS (
            SELECT DISTINCT ON (h.datid, h.roleid, slot, h.name)
                   h.datid, h.roleid, slot, h.name, h.datname, h.rolname, h.setting, h.source, h.sourcefile,
                   h.sourceline, h.since_at, h.is_default, h.problem, h.removed
              FROM dbops.setting_history AS h,
                   LATERAL (VALUES (CASE WHEN h.source IN ('global', 'pending restart', 'file error')
                                         THEN h.source ELSE '' END)) AS slots(slot)
             WHERE h.at > $1 - interval '25 hours' AND h.at <= $1 + interval '1 hour' AND h.since_at <= $1
               AND h.node = dbops.node_name()
             ORDER BY h.datid, h.roleid, slot, h.name, h.since_at DESC, h.at DESC
        )
        SELECT CASE WHEN slot <> '' THEN CASE slot WHEN 'global' THEN 'all roles' ELSE slot END
                    WHEN l.datid <> 0 AND l.roleid <> 0 THEN 'role in database'
                    WHEN l.datid <> 0 THEN 'database'
                    WHEN l.roleid <> 0 THEN 'role'
                    ELSE 'server' END,
               l.datname, l.rolname, l.name, l.setting, l.source, NULLIF(l.sourcefile, ''), l.sourceline,
               l.since_at, l.is_default = 1, NULLIF(l.problem, 'none')
          FROM latest AS l
         WHERE l.removed IS NULL
           AND l.since_at >= (SELECT s.since_at FROM latest AS s
                               WHERE s.name = 'server_version' AND s.datid = 0 AND s.roleid = 0 AND s.slot = '');
    END;
COMMENT ON FUNCTION dbops.settings_at(timestamptz) IS
    'All settings of this node as they were at a time, those of databases and roles too';
REVOKE ALL ON FUNCTION dbops.settings_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.settings_at(timestamptz) TO pg_monitor;

CREATE VIEW dbops.settings AS
SELECT s.scope, s.datname, s.rolname, s.name, s.setting,
       wanted.setting AS pending_setting,
       CASE WHEN s.scope = 'file error'
            THEN pg_catalog.format('correct line %s of %s; then SELECT pg_catalog.pg_reload_conf()',
                     s.sourceline, s.sourcefile)
            WHEN wanted.setting IS NOT NULL THEN 'restart the server'
       END AS what_to_do,
       s.problem, s.source,
       CASE WHEN wanted.setting IS NULL THEN s.sourcefile ELSE wanted.sourcefile END AS sourcefile,
       CASE WHEN wanted.setting IS NULL THEN s.sourceline ELSE wanted.sourceline END AS sourceline,
       s.since_at
  FROM dbops.settings_at(pg_catalog.now()) AS s
  LEFT JOIN dbops.settings_at(pg_catalog.now()) AS wanted
    ON wanted.scope = 'pending restart' AND wanted.name = s.name AND s.scope = 'server'
 WHERE s.scope <> 'pending restart'
   AND (wanted.setting IS NOT NULL
        OR NOT COALESCE(s.is_default, false) AND s.source NOT IN ('dynamic default', 'override'))
 ORDER BY s.scope <> 'file error', wanted.setting IS NULL, s.scope <> 'server', s.scope, s.datname,
          s.rolname, s.name;

COMMENT ON VIEW dbops.settings IS
    'Settings that differ from the built-in values as of the latest sample; those that a file wants in vain and those that wait for a restart come first';
COMMENT ON COLUMN dbops.settings.pending_setting IS 'The value wanted, which a restart would bring; NULL when none waits for one';
COMMENT ON COLUMN dbops.settings.sourcefile IS 'Where the value stands, or the pending one';
COMMENT ON COLUMN dbops.settings.since_at IS 'Since when dbops knows that the setting is so; not before the start of the server';
REVOKE ALL ON dbops.settings FROM PUBLIC;
GRANT SELECT ON dbops.settings TO pg_monitor;
