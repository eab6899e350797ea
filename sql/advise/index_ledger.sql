-- Which indexes are advised for all databases, since when, and what came of those that were created.

CREATE FUNCTION dbops._index_identity(definition text) RETURNS text
    AS 'MODULE_PATHNAME', 'dbops__index_identity'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dbops._index_identity(text) IS 'What an index is, without its name, of its CREATE INDEX; NULL of another text';
REVOKE ALL ON FUNCTION dbops._index_identity(text) FROM PUBLIC;

CREATE FUNCTION dbops._index_serves(definition text, identity text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'dbops__index_serves'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION dbops._index_serves(text, text) IS 'Whether the index of a CREATE INDEX serves all that one with that identity would';
REVOKE ALL ON FUNCTION dbops._index_serves(text, text) FROM PUBLIC;

CREATE VIEW dbops.index_recommendations AS
SELECT r.id,
       r.datname,
       s.status,
       r.action,
       r.ddl,
       r.undo_ddl,
       r.table_name,
       r.index_size_bytes,
       r.benefit_ms_per_day,
       r.write_cost_ms_per_day,
       r.build_seconds,
       CASE WHEN s.sees_texts THEN r.improved END AS improved,
       CASE WHEN s.sees_texts THEN r.regressed END AS regressed,
       r.confidence,
       r.reason,
       r.first_seen,
       r.last_seen,
       r.times_seen,
       r.index_name,
       r.created_seen_at,
       r.dropped_seen_at,
       r.mean_ms_before,
       r.mean_ms_after,
       r.calls_before,
       r.calls_after,
       r.saved_percent,
       r.writes_percent,
       r.outcome,
       d.dismissed_by,
       d.dismissed_at,
       d.reason AS dismissed_reason
  FROM dbops.index_recommendation AS r
       LEFT JOIN dbops.dismissed_recommendations AS d ON d.datname = r.datname AND d.identity = r.identity
       CROSS JOIN LATERAL (
           SELECT CASE WHEN d.identity IS NOT NULL AND r.status IN ('open', 'gone') THEN 'dismissed'
                       WHEN r.status = 'created' AND r.action = 'drop' THEN 'dropped' ELSE r.status END AS status,
                  pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_texts) AS s
 ORDER BY CASE s.status WHEN 'open' THEN 0 WHEN 'regressed' THEN 1 WHEN 'gone' THEN 3 WHEN 'dismissed' THEN 4 ELSE 2 END,
          r.benefit_ms_per_day DESC NULLS LAST, r.id;
COMMENT ON VIEW dbops.index_recommendations IS
    'Indexes that are advised, for every database, computed by itself every dbops.advise_interval: open ones first, what saves most first; then what came of those that were created or dropped';
COMMENT ON COLUMN dbops.index_recommendations.id IS 'For dbops.dismiss_recommendation(id, reason)';
COMMENT ON COLUMN dbops.index_recommendations.status IS
    'open; gone: not advised any more; created, dropped: it was done, but too little is known yet; confirmed: its statements take at least a tenth less; neutral; regressed: a tenth more, see undo_ddl; dismissed: by an operator';
COMMENT ON COLUMN dbops.index_recommendations.ddl IS 'What to do, in that database';
COMMENT ON COLUMN dbops.index_recommendations.undo_ddl IS 'What takes it back; once it is created, by the name it has, with what was dropped for it';
COMMENT ON COLUMN dbops.index_recommendations.index_size_bytes IS 'What the index would take';
COMMENT ON COLUMN dbops.index_recommendations.benefit_ms_per_day IS 'Time of statements that it saves, beside the advice above it';
COMMENT ON COLUMN dbops.index_recommendations.write_cost_ms_per_day IS 'What keeping it takes; NULL: not known';
COMMENT ON COLUMN dbops.index_recommendations.build_seconds IS 'Time to create it; NULL: not known';
COMMENT ON COLUMN dbops.index_recommendations.improved IS 'Statements that it makes faster, those with the most time first; texts only for members of pg_read_all_stats';
COMMENT ON COLUMN dbops.index_recommendations.regressed IS 'Statements that it makes slower';
COMMENT ON COLUMN dbops.index_recommendations.confidence IS 'high: times are measured; low: only the planner says so';
COMMENT ON COLUMN dbops.index_recommendations.first_seen IS 'When it was first advised';
COMMENT ON COLUMN dbops.index_recommendations.last_seen IS 'When it was last advised';
COMMENT ON COLUMN dbops.index_recommendations.times_seen IS 'How often it was advised';
COMMENT ON COLUMN dbops.index_recommendations.index_name IS 'The index that was created, whatever its name; or that was dropped';
COMMENT ON COLUMN dbops.index_recommendations.created_seen_at IS 'When that was seen, some minutes later; when it replaces another one, that this is gone';
COMMENT ON COLUMN dbops.index_recommendations.dropped_seen_at IS 'When it was seen to be taken back: dropped, or created again';
COMMENT ON COLUMN dbops.index_recommendations.mean_ms_before IS 'Mean time of the improved statements, of a drop of those of its table, on the day before, each as often as it was called since';
COMMENT ON COLUMN dbops.index_recommendations.mean_ms_after IS 'Their mean time since';
COMMENT ON COLUMN dbops.index_recommendations.calls_before IS 'Calls that the mean before is of';
COMMENT ON COLUMN dbops.index_recommendations.calls_after IS 'Calls that the mean after is of';
COMMENT ON COLUMN dbops.index_recommendations.saved_percent IS 'Share of their time that is saved, less what writing to the table takes more';
COMMENT ON COLUMN dbops.index_recommendations.writes_percent IS 'By how much statements that write to the table became slower; NULL: too few of them';
COMMENT ON COLUMN dbops.index_recommendations.outcome IS 'What came of it, in words; or what is still missing to judge';
REVOKE ALL ON dbops.index_recommendations FROM PUBLIC;
GRANT SELECT ON dbops.index_recommendations TO pg_monitor;

CREATE VIEW dbops.index_advice_runs AS
SELECT r.datname,
       CASE WHEN r.failures > 0 THEN 'failing' WHEN r.advised_at IS NULL THEN 'waiting' WHEN r.timed_out THEN 'cut short' ELSE 'ok' END AS state,
       r.advised_at,
       r.advised,
       r.statements,
       r.planned,
       r.coverage_percent,
       r.window_days,
       r.took_ms,
       r.plannings,
       r.tried_at,
       r.failures,
       r.sqlstate,
       r.error
  FROM dbops.index_advice_run AS r
 ORDER BY r.failures > 0 DESC, r.advised_at IS NOT NULL, r.timed_out DESC NULLS LAST, r.coverage_percent, r.datname;
COMMENT ON VIEW dbops.index_advice_runs IS 'The last search for indexes in each database, those in trouble first: when, of how much of its time, how long it took, what went wrong';
COMMENT ON COLUMN dbops.index_advice_runs.state IS 'ok; cut short: dbops.advise_time_limit was up, so there may be better advice; waiting: for the first time; failing: see error';
COMMENT ON COLUMN dbops.index_advice_runs.advised_at IS 'Begin of the last search that ended well';
COMMENT ON COLUMN dbops.index_advice_runs.advised IS 'Lines of advice it gave';
COMMENT ON COLUMN dbops.index_advice_runs.statements IS 'Statements it was for';
COMMENT ON COLUMN dbops.index_advice_runs.planned IS 'Those of them that could be planned; dbops.workload() tells why not the others';
COMMENT ON COLUMN dbops.index_advice_runs.coverage_percent IS 'Their share of the time of all that clients sent';
COMMENT ON COLUMN dbops.index_advice_runs.window_days IS 'Days that the times are of';
COMMENT ON COLUMN dbops.index_advice_runs.plannings IS 'Times that the planner was asked';
COMMENT ON COLUMN dbops.index_advice_runs.tried_at IS 'Begin of the last search';
COMMENT ON COLUMN dbops.index_advice_runs.failures IS 'Searches in a row that failed';
REVOKE ALL ON dbops.index_advice_runs FROM PUBLIC;
GRANT SELECT ON dbops.index_advice_runs TO pg_monitor;

CREATE FUNCTION dbops.dismiss_recommendation(id bigint, reason text) RETURNS void
    AS 'MODULE_PATHNAME', 'dbops_dismiss_recommendation'
    LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.dismiss_recommendation(bigint, text) IS
    'Index advice, by its id in dbops.index_recommendations, is not wanted, now and whenever it comes up again; kept with who and when in dbops.dismissed_recommendations';
REVOKE ALL ON FUNCTION dbops.dismiss_recommendation(bigint, text) FROM PUBLIC;

CREATE FUNCTION dbops.advise_now(database name DEFAULT pg_catalog.current_database()) RETURNS integer
    AS 'MODULE_PATHNAME', 'dbops_advise_now'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION dbops.advise_now(name) IS
    'Searches for the indexes that a database should have, now and in a worker, and returns how many lines of advice came of it when they are in dbops.index_recommendations';
REVOKE ALL ON FUNCTION dbops.advise_now(name) FROM PUBLIC;
