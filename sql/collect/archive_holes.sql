-- The hole in the archive that is watched at the moment.

CREATE FUNCTION dbops._archive_hole_now(
    OUT kind text,
    OUT timeline bigint,
    OUT start_lsn pg_lsn,
    OUT end_lsn pg_lsn,
    OUT since timestamptz)
RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__archive_hole_now'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION dbops._archive_hole_now() IS
    'WAL that was last reported as archived and is in no archive, as the sampler sees it; no row if there was none since the server started';
REVOKE ALL ON FUNCTION dbops._archive_hole_now() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._archive_hole_now() TO pg_monitor;

CREATE VIEW dbops.archive_holes AS
SELECT start_lsn, kind, timeline,
       CASE WHEN pg_catalog.bool_or(end_lsn IS NULL) THEN NULL ELSE pg_catalog.max(end_lsn) END AS end_lsn,
       pg_catalog.min(since) AS since
  FROM (SELECT start_lsn, kind, timeline, end_lsn, since
          FROM dbops.archive_hole
         WHERE (node, start_lsn, kind) NOT IN (SELECT dbops.node_name(), now.start_lsn, now.kind FROM dbops._archive_hole_now() AS now)
         UNION ALL
        SELECT start_lsn, kind, timeline, end_lsn, since
          FROM dbops._archive_hole_now()) AS known
 GROUP BY start_lsn, kind, timeline;

COMMENT ON VIEW dbops.archive_holes IS 'Holes in the archive: those stored, and the one that is watched, as it is now';
REVOKE ALL ON dbops.archive_holes FROM PUBLIC;
GRANT SELECT ON dbops.archive_holes TO pg_monitor;
