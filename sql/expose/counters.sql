-- What the server counts besides statements and relations, for people: the costliest first.

CREATE VIEW dbops.functions AS
SELECT now.datname,
       now.schemaname,
       now.funcname,
       now.calls,
       dbops._rounded(100 * now.self_ms / NULLIF(pg_catalog.sum(now.self_ms) OVER (), 0), 1) AS self_percent,
       dbops._rounded(now.self_ms, 1) AS self_ms,
       dbops._rounded(now.total_ms, 1) AS total_ms,
       dbops._rounded(now.mean_ms, 3) AS mean_ms,
       now.datid,
       now.funcid,
       o.definition AS arguments
  FROM dbops.function_now AS now
  LEFT JOIN dbops.object AS o
    ON o.class = 'f' AND o.datid = now.datid AND o.objid = now.funcid::bigint
 WHERE (now.datname, now.schemaname) IS DISTINCT FROM (pg_catalog.current_database(), 'dbops'::name)
 ORDER BY now.self_ms DESC, now.datid, now.funcid;

COMMENT ON VIEW dbops.functions IS
    'Functions of all databases since their statistics were reset, those that took most time themselves first, without those of dbops; needs track_functions = all (or pl)';
COMMENT ON COLUMN dbops.functions.self_percent IS 'Share of the time of the functions shown';
COMMENT ON COLUMN dbops.functions.self_ms IS 'Time in the function, without the functions it called';
COMMENT ON COLUMN dbops.functions.total_ms IS 'Time in the function and those it called';
REVOKE ALL ON dbops.functions FROM PUBLIC;
GRANT SELECT ON dbops.functions TO pg_monitor;

CREATE VIEW dbops.io AS
SELECT now.backend_type,
       now.object,
       now.context,
       dbops._bytes(now.read_bytes) AS read,
       dbops._rounded(now.read_latency_ms, 3) AS read_latency_ms,
       dbops._rounded(now.hit_percent, 1) AS hit_percent,
       dbops._bytes(now.write_bytes) AS written,
       dbops._rounded(now.write_latency_ms, 3) AS write_latency_ms,
       dbops._bytes(now.extend_bytes) AS extended,
       now.evictions,
       now.reuses,
       now.fsyncs,
       dbops._rounded(now.fsync_latency_ms, 3) AS fsync_latency_ms,
       now.stats_reset_at
  FROM dbops.io_now AS now
 WHERE GREATEST(now.reads, now.writes, now.extends, now.hits, now.evictions, now.fsyncs) > 0
 ORDER BY COALESCE(now.read_bytes, 0) + COALESCE(now.write_bytes, 0) + COALESCE(now.extend_bytes, 0) DESC,
          now.hits DESC NULLS LAST;

COMMENT ON VIEW dbops.io IS
    'Reads and writes since the statistics were reset, by kind of process, object and context, the most bytes first; from PostgreSQL 16 on';
COMMENT ON COLUMN dbops.io.context IS 'normal, or by which small buffer ring: vacuum, bulkread, bulkwrite';
COMMENT ON COLUMN dbops.io.hit_percent IS 'Share of blocks found in shared buffers';
COMMENT ON COLUMN dbops.io.reuses IS 'Buffers of its own ring used again';
REVOKE ALL ON dbops.io FROM PUBLIC;
GRANT SELECT ON dbops.io TO pg_monitor;
