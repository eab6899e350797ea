-- Is the server healthy: verdicts, the worst first, and the score they make.

CREATE FUNCTION dbops._verdicts(
    OUT status text,
    OUT check_name text,
    OUT scope text,
    OUT datname text,
    OUT object text,
    OUT value text,
    OUT "limit" text,
    OUT since timestamptz,
    OUT points int4,
    OUT database_points int4,
    OUT evidence text,
    OUT what_to_do text,
    OUT why text,
    OUT value_number float8,
    OUT warning float8,
    OUT critical float8,
    OUT unit text,
    OUT at timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_verdicts'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 80;
COMMENT ON FUNCTION dbops._verdicts() IS 'The verdicts of the last round of checks';
REVOKE ALL ON FUNCTION dbops._verdicts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._verdicts() TO pg_monitor;

CREATE VIEW dbops.verdicts AS
SELECT status, check_name, scope, datname, object, value_number AS value, unit, warning, critical, since, at,
       points, database_points, evidence, what_to_do, why
  FROM dbops._verdicts();
COMMENT ON VIEW dbops.verdicts IS 'All verdicts of the last round of checks, in numbers; dbops.health is for people';
COMMENT ON COLUMN dbops.verdicts.status IS 'ok, warning, critical; or unknown: there is nothing to judge by yet, which is not ok';
COMMENT ON COLUMN dbops.verdicts.object IS 'Table, device, statement or whatever it is about; NULL: the server or the database as a whole, or all of them';
COMMENT ON COLUMN dbops.verdicts.since IS 'Since when it has had this status';
COMMENT ON COLUMN dbops.verdicts.at IS 'When it was judged';
COMMENT ON COLUMN dbops.verdicts.points IS 'What it takes from the score of the server: of each check the worst verdict takes points';
COMMENT ON COLUMN dbops.verdicts.database_points IS 'What it takes from the score of its database';
REVOKE ALL ON dbops.verdicts FROM PUBLIC;
GRANT SELECT ON dbops.verdicts TO pg_monitor;

CREATE VIEW dbops.health AS
SELECT status,
       check_name,
       datname,
       object,
       value,
       "limit",
       pg_catalog.date_trunc('second', since) AS since,
       points,
       evidence,
       what_to_do,
       why
  FROM dbops._verdicts()
 ORDER BY check_name = 'health' DESC, CASE status WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END,
          points DESC, database_points DESC, check_name, datname, object;
COMMENT ON VIEW dbops.health IS
    'All verdicts of the last round of checks, the worst first: what was found, by which limit, since when, what it takes from the score and what to do';
COMMENT ON COLUMN dbops.health.status IS 'ok, warning, critical; or unknown: there is nothing to judge by yet, which is not ok';
COMMENT ON COLUMN dbops.health.object IS 'Table, device, statement or whatever it is about; NULL: the server or the database as a whole, or all of them';
COMMENT ON COLUMN dbops.health."limit" IS 'The limit that was passed, or would be next; change it in dbops.thresholds';
COMMENT ON COLUMN dbops.health.since IS 'Since when it has had this status';
COMMENT ON COLUMN dbops.health.points IS 'What it takes from the score: of each check the worst verdict takes points';
REVOKE ALL ON dbops.health FROM PUBLIC;
GRANT SELECT ON dbops.health TO pg_monitor;

CREATE FUNCTION dbops.health_score(datname name DEFAULT NULL) RETURNS integer
    AS 'MODULE_PATHNAME', 'dbops_health_score'
    LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops.health_score(name) IS
    'Health from 0 to 100, of the server or of one database: 100 less the points in dbops.health, at most 49 while anything is critical; NULL while nothing is known, or was judged for a minute or six rounds';
REVOKE ALL ON FUNCTION dbops.health_score(name) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.health_score(name) TO pg_monitor;

CREATE FUNCTION dbops._checks(
    OUT check_name text,
    OUT about text,
    OUT scope text,
    OUT family text,
    OUT unit text,
    OUT bad text,
    OUT warning float8,
    OUT critical float8,
    OUT for_seconds int4,
    OUT points int4,
    OUT why text,
    OUT what_to_do text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_checks'
    LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 60;
COMMENT ON FUNCTION dbops._checks() IS 'The checks that are built in';
REVOKE ALL ON FUNCTION dbops._checks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._checks() TO pg_monitor;

CREATE VIEW dbops.checks AS
SELECT c.check_name, c.about, c.scope, c.unit, c.bad, c.warning, c.critical, c.for_seconds, c.points, c.why, c.what_to_do, c.family
  FROM dbops._checks() AS c
 ORDER BY c.points DESC, c.check_name;
COMMENT ON VIEW dbops.checks IS 'What is checked, with the built-in limits, those that weigh most first; dbops.thresholds has what you changed';
COMMENT ON COLUMN dbops.checks.bad IS 'Whether values above or below the limits are bad';
COMMENT ON COLUMN dbops.checks.for_seconds IS 'How long a value must be beyond a limit before it counts';
COMMENT ON COLUMN dbops.checks.points IS 'What a warning takes from the score; a critical verdict takes three times as much';
REVOKE ALL ON dbops.checks FROM PUBLIC;
GRANT SELECT ON dbops.checks TO pg_monitor;
