-- The names the history speaks of.

CREATE VIEW dbops.objects AS
SELECT
    o.kind,
    o.datid,
    d.objname AS datname,
    o.objid,
    o.schemaname,
    o.objname,
    o.parentid,
    p.objname AS parentname,
    CASE
        WHEN o.class <> 's'
            OR pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
        THEN o.definition
    END AS definition,
    o.is_unique,
    o.is_primary,
    o.is_valid,
    o.has_constraint,
    o.first_seen_at,
    o.last_seen_at,
    o.dropped_at
FROM dbops.object AS o
    LEFT JOIN dbops.object AS d
        ON d.datid = o.datid AND d.objid = o.datid::bigint AND d.class = 'd'
    LEFT JOIN dbops.object AS p
        ON p.datid = o.datid AND p.objid = o.parentid::bigint AND p.class = 'r';

COMMENT ON VIEW dbops.objects IS 'Names of databases, roles, relations and statements, dropped ones included; texts of statements only for those who may read all statistics';
REVOKE ALL ON dbops.objects FROM PUBLIC;
GRANT SELECT ON dbops.objects TO pg_monitor;
