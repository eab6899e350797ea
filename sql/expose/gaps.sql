-- Holes in the history: without them "nothing happened" and "nobody looked" are told apart.

CREATE VIEW dbops.gaps AS
WITH sample AS (
    SELECT node, covers, step,
           CASE WHEN step IS NULL THEN at - covers ELSE at END AS began,
           CASE WHEN step IS NULL THEN at ELSE at + step END AS ended
      FROM dbops.system_history
), follower AS (
    SELECT node, covers, step, began, ended, pg_catalog.max(ended) OVER (PARTITION BY node ORDER BY ended
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen_until
      FROM sample
), gap AS (
    SELECT node, seen_until AS began, began AS ended, began - seen_until AS missing
      FROM follower
     WHERE began > seen_until + interval '100 milliseconds'
    UNION ALL
    -- Of a step the history knows how much of it was seen, not which part.
    SELECT node, began, ended, step - covers
      FROM follower
     WHERE covers < step - interval '1 second' AND seen_until IS NOT NULL
)
SELECT g.node, g.began, g.ended, g.missing,
       CASE WHEN server.started_at IS NULL THEN NULL
            WHEN server.started_at > g.began THEN 'the server was started'
            ELSE 'it ran on: a crash of a process, or sampling was off'
       END AS reason
  FROM gap AS g
  LEFT JOIN LATERAL (
    SELECT s.started_at
      FROM dbops.server_history AS s
     WHERE s.node = g.node AND s.at >= g.ended AND s.at < g.ended + interval '10 minutes'
     ORDER BY s.at
     LIMIT 1) AS server ON true
 ORDER BY g.began DESC, g.node;

COMMENT ON VIEW dbops.gaps IS
    'Times the history knows nothing of, the latest first; an idle server leaves none';
COMMENT ON COLUMN dbops.gaps.began IS
    'Last sample before; where only steps are kept, the beginning of the step';
COMMENT ON COLUMN dbops.gaps.ended IS
    'First sample after; where only steps are kept, the end of the step';
COMMENT ON COLUMN dbops.gaps.missing IS 'Time between the two that no sample covers';
COMMENT ON COLUMN dbops.gaps.reason IS
    'Whether the server was started in between; NULL when the history does not say';
REVOKE ALL ON dbops.gaps FROM PUBLIC;
GRANT SELECT ON dbops.gaps TO pg_monitor;
