-- What the server counts besides statements and relations, for people: the costliest first.

CREATE VIEW dbops.functions AS
SELECT now.datname,
       now.schemaname,
       now.funcname,
       o.definition AS arguments,
       now.calls,
       dbops._rounded(100 * now.self_ms / NULLIF(pg_catalog.sum(now.self_ms) OVER (), 0), 1) AS self_percent,
       dbops._rounded(now.self_ms, 1) AS self_ms,
       dbops._rounded(now.total_ms, 1) AS total_ms,
       dbops._rounded(now.mean_ms, 3) AS mean_ms,
       now.datid,
       now.funcid
  FROM dbops.function_now AS now
  LEFT JOIN dbops.object AS o
    ON o.class = 'f' AND o.datid = now.datid AND o.objid = now.funcid::bigint
 ORDER BY now.self_ms DESC, now.datid, now.funcid;

COMMENT ON VIEW dbops.functions IS
    'Functions of all databases since their statistics were reset, those that took most time themselves first; needs track_functions = all (or pl)';
REVOKE ALL ON dbops.functions FROM PUBLIC;
GRANT SELECT ON dbops.functions TO pg_monitor;
