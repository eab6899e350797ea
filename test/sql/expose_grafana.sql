-- covers: core/json_writer expose/dashboard
-- Dashboards for Grafana: what is on them, and that everything they ask for is there.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

SELECT name, title, datasource, answers FROM dbops.grafana_dashboards;

CREATE TEMPORARY TABLE dashboard AS
SELECT name, datasource, dbops.grafana_dashboard(name) AS body FROM dbops.grafana_dashboards;

CREATE TEMPORARY TABLE panel AS
SELECT d.name AS dashboard, d.datasource, p.position, p.body ->> 'type' AS type, p.body ->> 'title' AS title,
       p.body #>> '{fieldConfig,defaults,unit}' AS unit, p.body, (p.body ->> 'id')::int AS id,
       (p.body #>> '{gridPos,x}')::int AS x, (p.body #>> '{gridPos,y}')::int AS y,
       (p.body #>> '{gridPos,w}')::int AS w, (p.body #>> '{gridPos,h}')::int AS h
  FROM dashboard AS d, json_array_elements(d.body -> 'panels') WITH ORDINALITY AS p(body, position);

SELECT dashboard, type, title, unit FROM panel ORDER BY dashboard COLLATE "C", position;

-- Fixed names, the panels of the classic dashboards, and links that lead somewhere.
SELECT name FROM dashboard WHERE body ->> 'uid' <> 'dbops-' || name OR body ->> 'id' IS NOT NULL;
SELECT dashboard, title FROM panel WHERE title IN ('Database Health', 'Query Performance', 'Replication Lag') AND dashboard = 'overview' ORDER BY 2;
SELECT DISTINCT link[1] AS leads_nowhere
  FROM dashboard, regexp_matches(body::text, '/d/dbops-(\w+)', 'g') AS link
 WHERE link[1] NOT IN (SELECT name FROM dashboard);

-- Whoever points at a panel is told what it is.
SELECT dashboard, title FROM panel WHERE type <> 'row' AND COALESCE(body ->> 'description', '') = '';

-- Units: every number has one, of its own or by the name of its column.
SELECT dashboard, title FROM panel WHERE type NOT IN ('row', 'table') AND unit IS NULL AND body::text !~ 'byRegexp';

-- Nothing lies on anything else, or beyond the edge.
SELECT dashboard, id, count(*) FROM panel GROUP BY 1, 2 HAVING count(*) > 1;
SELECT a.dashboard, a.title, b.title
  FROM panel AS a JOIN panel AS b ON a.dashboard = b.dashboard AND a.id < b.id
 WHERE a.x < b.x + b.w AND b.x < a.x + a.w AND a.y < b.y + b.h AND b.y < a.y + a.h;
SELECT dashboard, title FROM panel WHERE x < 0 OR x + w > 24 OR w < 1 OR h < 1;

-- Colours are those of the limits in force.
SELECT body #>> '{fieldConfig,defaults,thresholds,steps}' AS steps FROM panel WHERE dashboard = 'overview' AND title = 'Connections used';
INSERT INTO dbops.thresholds (check_name, warning, critical) VALUES ('connections', 61, 71.5);
SELECT string_agg(step ->> 'value', ' ') AS as_edited
  FROM json_array_elements(dbops.grafana_dashboard('overview') -> 'panels') AS p,
       json_array_elements(p #> '{fieldConfig,defaults,thresholds,steps}') AS step
 WHERE p ->> 'title' = 'Connections used';
DELETE FROM dbops.thresholds WHERE check_name = 'connections';

-- Every table and column of every query is there, with macros as Grafana expands them.
CREATE FUNCTION pg_temp.expanded(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    query := regexp_replace(query, '\$__timeFilter\(([\w.]+)\)', '\1 BETWEEN ''2026-11-01T00:00:00Z'' AND ''2026-11-22T00:00:00Z''', 'g');
    query := replace(replace(query, '$__timeFrom()', '''2026-11-01T00:00:00Z'''), '$__timeTo()', '''2026-11-22T00:00:00Z''');
    query := replace(query, '$__interval', '2h');
    query := replace(query, '${node:sqlstring}', '''some node''');
    query := regexp_replace(query, '\$\{(database|object):sqlstring\}', '''5'',''7''', 'g');
    RETURN regexp_replace(query, '\$\{statement:sqlstring\}', '''-5''', 'g');
END
$$;

DO $$
DECLARE
    q record;
    line text;
    plan text;
BEGIN
    FOR q IN
        SELECT p.dashboard, p.title, t ->> 'rawSql' AS query
          FROM panel AS p, json_array_elements(p.body -> 'targets') AS t WHERE p.datasource = 'PostgreSQL'
         UNION ALL
        SELECT d.name, v ->> 'name', v ->> 'query'
          FROM dashboard AS d, json_array_elements(d.body #> '{templating,list}') AS v
         WHERE v ->> 'type' = 'query' AND d.datasource = 'PostgreSQL'
    LOOP
        plan := '';
        BEGIN
            FOR line IN EXECUTE 'EXPLAIN (VERBOSE) ' || pg_temp.expanded(q.query) LOOP
                plan := plan || line || E'\n';
            END LOOP;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING '% / %: %', q.dashboard, q.title, SQLERRM;
        END;
        IF pg_temp.expanded(q.query) ~ '\$' THEN
            RAISE WARNING '% / %: not expanded', q.dashboard, q.title;
        END IF;
        -- What asks for a time must have it pushed down to the history.
        IF q.query ~ 'time(Filter|From)' AND q.query ~ '_history|_totals' AND NOT (plan ~ ' From: at >=' AND plan ~ ' Step: step =' AND plan ~ ' Node: node =') THEN
            RAISE WARNING '% / % reads all of the history: %', q.dashboard, q.title, plan;
        END IF;
    END LOOP;
END
$$;

-- Bad input.
SELECT dbops.grafana_dashboard('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT dbops.grafana_dashboard('');
SELECT dbops.grafana_dashboard(NULL) IS NULL AS nothing;

-- Nobody but members of pg_monitor.
CREATE ROLE grafana_test;
GRANT SELECT ON dashboard TO grafana_test;
SET ROLE grafana_test;
SELECT dbops.grafana_dashboard('overview');
RESET ROLE;
GRANT pg_monitor TO grafana_test;
SET ROLE grafana_test;
SELECT dbops.grafana_dashboard('overview')::text = (SELECT body::text FROM dashboard WHERE name = 'overview') AS same;
RESET ROLE;
REVOKE SELECT ON dashboard FROM grafana_test;
DROP ROLE grafana_test;
