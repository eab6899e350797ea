-- covers: expose/report_chart expose/report_objects expose/report_overview expose/report_recovery expose/report_rows
-- covers: expose/report_statements expose/report_style expose/report_table expose/report_time
-- The report: all of its sections, well-formed, whatever people call their things, and honest about what it lacks.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE SCHEMA report_shop;
SET search_path = report_shop;
CREATE TABLE "<script>alert(1)</script>" (id int, "a&b" text);
INSERT INTO "<script>alert(1)</script>" SELECT i, repeat('x', 200) FROM generate_series(1, 60000) AS i;
-- One that is among those that take most time, and an error among the most frequent.
SELECT count(*) AS "<script>&'""" FROM generate_series(1, 4000000);
\set VERBOSITY terse
SELECT $$DO 'BEGIN RAISE EXCEPTION ''</p><script>"&'' USING ERRCODE = ''P0777''; END'$$ FROM generate_series(1, 10) \gexec
\set VERBOSITY default
SELECT pg_stat_force_next_flush();
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();
\i test/include/await.sql
CALL pg_temp.await($$ EXISTS (SELECT FROM dbops.table_history WHERE relname LIKE '<script>%' AND n_tup_ins > 0) $$);
CALL pg_temp.await($$ EXISTS (SELECT FROM dbops.error_history WHERE sqlstate = 'P0777') $$);
CALL pg_temp.await($$ EXISTS (SELECT FROM dbops.statement_history AS h JOIN dbops.objects AS o ON o.kind = 'statement' AND o.objid = h.queryid
                               WHERE h.calls > 0 AND o.definition ~ '<script>.*generate_series') $$);

CREATE TEMP TABLE page AS SELECT dbops.report(now() - interval '2 minutes') AS html;

-- ---- a page that any browser reads, and that asks nobody for anything ---------------------------------
SELECT html LIKE '<!DOCTYPE html>%' AS html5, html !~ '[^\x01-\x7f]' AS ascii,
       html LIKE '%<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''; img-src data:"/>%' AS policy,
       html !~ '(src|href)="(?!#|data:)|@import|url\(|https?:|<(script|iframe|object|embed|form|base)\M' AS nothing_outside,
       html ~ 'prefers-color-scheme:dark' AS dark, html ~ '@media print' AS prints
  FROM page;
CREATE TEMP TABLE tree AS SELECT xmlparse(DOCUMENT html) AS page FROM page;
SELECT t.id, t.title, t.parts, cardinality(xpath(format('//nav/a[@href="#%s"]', t.id), tree.page)) AS in_contents
  FROM tree, xmltable('//section' PASSING page COLUMNS id text PATH '@id', title text PATH 'h2', parts int PATH 'count(h3)') AS t;
SELECT failed FROM tree, xmltable('//*[@class="failed"][parent::section]' PASSING page COLUMNS failed text PATH '.');
-- No identifier twice, every chart with a name for those who do not see it, every head with its cells.
SELECT id FROM tree, xmltable('//*[@id]' PASSING page COLUMNS id text PATH '@id') AS t GROUP BY id HAVING count(*) > 1;
SELECT cardinality(xpath('//figure', page)) > 5 AS charts, cardinality(xpath('//figure[not(svg/@aria-label) or not(figcaption)]', page)) AS nameless
  FROM tree;
SELECT t.head, t.cells FROM tree,
       xmltable('//table' PASSING page COLUMNS head int PATH 'count(thead/tr/th)', cells int PATH 'count(tbody[1]/tr[1]/td)') AS t
 WHERE t.head <> t.cells;

-- ---- what users named is text ------------------------------------------------------------------------
SELECT html ~ 'report_shop\.&lt;script&gt;alert\(1\)&lt;/script&gt;' AS table_name, html ~ '&lt;script&gt;&amp;&#39;' AS statement,
       html ~ '&lt;/p&gt;&lt;script&gt;&quot;&amp;' AS message
  FROM page;

-- ---- a part that fails says so in its place, the others are there ----------------------------------------
BEGIN;
ALTER VIEW dbops.slots RENAME TO gone;
CREATE TEMP TABLE broken AS SELECT xmlparse(DOCUMENT dbops.report(now() - interval '5 minutes')) AS page;
SELECT t.section, t.failed FROM broken,
       xmltable('//*[@class="failed"][parent::section]' PASSING page COLUMNS section text PATH '../@id', failed text PATH '.') AS t;
SELECT cardinality(xpath('//section', page)) AS sections FROM broken;
ROLLBACK;

-- ---- who may, and where ---------------------------------------------------------------------------------
CREATE ROLE report_reader;
SET ROLE report_reader;
SELECT dbops.report();
RESET ROLE;
GRANT pg_monitor TO report_reader;
SET ROLE report_reader;
BEGIN READ ONLY;
-- Whatever is on the path of who asks.
SET LOCAL search_path = report_shop, pg_temp;
SELECT dbops.report(now() - interval '5 minutes') !~ '<p class="failed">This could not be read';
COMMIT;
RESET ROLE;
DROP ROLE report_reader;
\set SHOW_CONTEXT never
SELECT pg_cancel_backend(pg_backend_pid()), dbops.report();
\set SHOW_CONTEXT errors

-- ---- two times side by side ---------------------------------------------------------------------------
SELECT cardinality(xpath('//section', page)) AS sections, cardinality(xpath('//section/*[@class="failed"]', page)) AS failed,
       xpath('count(//header/p[1]/b)', page) AS times
  FROM xmlparse(DOCUMENT dbops.report(now() - interval '10 minutes', compare_to => '15 minutes')) AS page;

-- ---- times that make no sense, or of which nothing is known --------------------------------------------
SELECT dbops.report(NULL);
SELECT dbops.report(until => NULL);
SELECT dbops.report('-infinity');
SELECT dbops.report(until => 'infinity');
SELECT dbops.report('2020-01-02', '2020-01-01');
SELECT dbops.report(now(), now());
SELECT dbops.report('2999-01-01', '2999-01-02');
SELECT dbops.report(compare_to => '0');
SELECT dbops.report(compare_to => '-1 day');
SELECT dbops.report(compare_to => '1000000 years');
SELECT html ~ 'There is no history of this time: that of this server begins at' AS said,
       regexp_count(html, '<p class="empty">There is no history of this time') > 10 AS in_each, html !~ 'could not be read' AS read
  FROM dbops.report('2001-01-01', '2001-01-02') AS html;
SELECT length(dbops.report('0001-01-01')) > 10000 AS of_2000_years, length(dbops.report(now() - interval '1 second')) > 10000 AS of_a_second,
       length(dbops.report(now() - interval '1 day', 'tomorrow')) > 10000 AS beyond_now;
SET timezone = 'Asia/Kathmandu';
SELECT dbops.report(now() - interval '5 minutes') ~ 'Times are in Asia/Kathmandu' AS its_clock;
RESET timezone;

ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();
DROP TABLE "<script>alert(1)</script>";
DROP SCHEMA report_shop;
