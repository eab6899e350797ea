-- The plans of statements, and what a change of plan did to a statement.
--
-- dbops.plan_changes reads of the history only the statements that had more than one plan.

CREATE VIEW dbops.plans AS
WITH known AS (
    SELECT datid, userid, queryid, toplevel, planid,
           pg_catalog.min(first_seen_at) AS first_seen_at,
           pg_catalog.max(last_seen_at) AS last_seen_at,
           pg_catalog.max(plan) AS plan,
           pg_catalog.sum(calls) AS calls,
           pg_catalog.sum(total_exec_ms) AS total_exec_ms,
           dbops.merge(exec_histogram) AS exec_histogram
      FROM (
        SELECT datid, userid, queryid, toplevel, planid, first_seen_at, last_seen_at, plan,
               calls, total_exec_ms, exec_histogram
          FROM dbops._tracked_plans()
        UNION ALL
        SELECT datid, userid, queryid, toplevel, planid, first_seen_at, last_seen_at, definition,
               NULL, NULL, NULL
          FROM dbops.plan
      ) AS plans
     GROUP BY datid, userid, queryid, toplevel, planid
)
SELECT d.datname, r.rolname, p.calls,
       dbops._rounded(p.total_exec_ms, 1) AS total_ms,
       dbops._rounded(p.total_exec_ms / NULLIF(p.calls, 0)::float8, 3) AS mean_ms,
       dbops._rounded(dbops.quantile(p.exec_histogram, 0.5), 3) AS p50_ms,
       dbops._rounded(dbops.quantile(p.exec_histogram, 0.95), 3) AS p95_ms,
       dbops._rounded(dbops.quantile(p.exec_histogram, 0.99), 3) AS p99_ms,
       p.first_seen_at, p.last_seen_at,
       COALESCE(o.definition, captured.query) AS query, p.plan,
       p.toplevel, p.datid, p.userid, p.queryid, p.planid
  FROM known AS p
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = p.datid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = p.userid
  LEFT JOIN dbops.object AS o ON o.class = 's' AND o.datid = p.datid AND o.objid = p.queryid
  LEFT JOIN dbops._captured_statements() AS captured
    ON captured.datid = p.datid AND captured.userid = p.userid AND captured.queryid = p.queryid AND captured.toplevel = p.toplevel
 ORDER BY p.total_exec_ms DESC NULLS LAST, p.last_seen_at DESC;
COMMENT ON VIEW dbops.plans IS
    'Plans by which statements ran, those that took most time since the server started first; a plan that did not run since has no counts';
COMMENT ON COLUMN dbops.plans.plan IS 'What it does, as EXPLAIN shows it, without costs and constants';
REVOKE ALL ON dbops.plans FROM PUBLIC;
GRANT SELECT ON dbops.plans TO pg_monitor;

CREATE VIEW dbops.plan_changes AS
WITH known AS (
    SELECT datid, userid, queryid, toplevel, planid, first_seen_at, plan, datname, rolname, query,
           pg_catalog.count(*) OVER statement AS plans,
           pg_catalog.min(first_seen_at) OVER statement AS statement_seen_at
      FROM dbops.plans
    WINDOW statement AS (PARTITION BY datid, userid, queryid, toplevel)
), several AS (
    SELECT datid, userid, queryid, toplevel, planid, first_seen_at, plan, datname, rolname, query,
           first_seen_at > statement_seen_at AS is_new
      FROM known
     WHERE plans > 1
), used AS MATERIALIZED (
    -- All of them at once: reading each by itself takes a few milliseconds.
    SELECT datid, userid, queryid, toplevel, planid, at, at - covers AS since,
           calls, total_exec_ms, exec_histogram
      FROM dbops.plan_history
     WHERE queryid = ANY (ARRAY(SELECT queryid FROM several))
       AND node = dbops.node_name() AND calls > 0
), compared AS (
    SELECT new.datid, new.userid, new.queryid, new.toplevel, new.planid AS new_planid,
           u.planid,
           pg_catalog.sum(u.calls) AS calls,
           pg_catalog.sum(u.total_exec_ms) AS total_exec_ms,
           dbops.merge(u.exec_histogram) AS exec_histogram,
           pg_catalog.max(u.at) AS last_used_at
      FROM several AS new
      JOIN used AS u USING (datid, userid, queryid, toplevel)
     WHERE new.is_new AND (u.planid = new.planid OR u.since < new.first_seen_at)
     GROUP BY new.datid, new.userid, new.queryid, new.toplevel, new.planid, u.planid
), ranked AS (
    -- Of the plans before, the one that ran most often stands for all.
    SELECT datid, userid, queryid, toplevel, new_planid, planid, calls, total_exec_ms,
           exec_histogram, last_used_at, planid = new_planid AS is_after,
           pg_catalog.row_number() OVER (
               PARTITION BY datid, userid, queryid, toplevel, new_planid, planid = new_planid
               ORDER BY calls DESC, planid) AS rank
      FROM compared
), paired AS (
    SELECT datid, userid, queryid, toplevel, new_planid AS planid_after,
           pg_catalog.max(planid) FILTER (WHERE NOT is_after) AS planid_before,
           pg_catalog.max(calls) FILTER (WHERE NOT is_after) AS calls_before,
           pg_catalog.max(calls) FILTER (WHERE is_after) AS calls_after,
           pg_catalog.max(total_exec_ms / calls::float8) FILTER (WHERE NOT is_after) AS mean_ms_before,
           pg_catalog.max(total_exec_ms / calls::float8) FILTER (WHERE is_after) AS mean_ms_after,
           dbops.quantile(dbops.merge(exec_histogram) FILTER (WHERE NOT is_after), 0.95) AS p95_ms_before,
           dbops.quantile(dbops.merge(exec_histogram) FILTER (WHERE is_after), 0.95) AS p95_ms_after,
           pg_catalog.max(last_used_at) FILTER (WHERE is_after) AS last_used_at
      FROM ranked
     WHERE rank = 1
     GROUP BY datid, userid, queryid, toplevel, new_planid
    HAVING pg_catalog.count(*) = 2
), change AS (
    SELECT DISTINCT ON (datid, userid, queryid, toplevel)
           datid, userid, queryid, toplevel, planid_before, planid_after, calls_before, calls_after,
           mean_ms_before, mean_ms_after, p95_ms_before, p95_ms_after, last_used_at,
           (mean_ms_after - mean_ms_before) * calls_after::float8 AS cost_ms
      FROM paired
     ORDER BY datid, userid, queryid, toplevel, cost_ms DESC
)
SELECT new.first_seen_at AS changed_at,
       new.datname, new.rolname,
       dbops._plan_difference(old.plan, new.plan) AS change,
       dbops._rounded(c.mean_ms_before, 3) AS mean_ms_before,
       dbops._rounded(c.mean_ms_after, 3) AS mean_ms_after,
       dbops._rounded(c.mean_ms_after / NULLIF(c.mean_ms_before, 0), 1) AS times_slower,
       dbops._rounded(c.p95_ms_before, 3) AS p95_ms_before,
       dbops._rounded(c.p95_ms_after, 3) AS p95_ms_after,
       c.calls_before, c.calls_after,
       dbops._rounded(c.cost_ms, 1) AS cost_ms,
       c.last_used_at,
       new.query,
       old.plan AS plan_before, new.plan AS plan_after,
       c.toplevel, c.queryid, c.planid_before, c.planid_after
  FROM change AS c
  JOIN several AS new
    ON new.datid = c.datid AND new.userid = c.userid AND new.queryid = c.queryid
   AND new.toplevel = c.toplevel AND new.planid = c.planid_after
  JOIN several AS old
    ON old.datid = c.datid AND old.userid = c.userid AND old.queryid = c.queryid
   AND old.toplevel = c.toplevel AND old.planid = c.planid_before
 ORDER BY c.cost_ms DESC;
COMMENT ON VIEW dbops.plan_changes IS
    'Statements whose plan changed, with the change that cost most time, as of the latest sample; the costliest first, gains last; cost_ms is the time that its executions took more than they did by the plan before';
COMMENT ON COLUMN dbops.plan_changes.changed_at IS 'When the plan after was first seen';
COMMENT ON COLUMN dbops.plan_changes.change IS 'The nodes that only one of the plans has: before -> after';
COMMENT ON COLUMN dbops.plan_changes.times_slower IS 'Mean latency after, divided by that before; below 1 it got faster';
COMMENT ON COLUMN dbops.plan_changes.cost_ms IS 'Time that all executions took more since than they would have before; negative is a gain';
COMMENT ON COLUMN dbops.plan_changes.plan_before IS 'Of the plans before, the one that ran most often';
REVOKE ALL ON dbops.plan_changes FROM PUBLIC;
GRANT SELECT ON dbops.plan_changes TO pg_monitor;
