-- covers: judge/amount
-- A series as a line of text, and how the server fared on one screen.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

SELECT dbops.sparkline('{0,1,2,3,4,5,6,7,8}') AS steps, dbops.sparkline('{3,NULL,9}') AS gap,
       dbops.sparkline('{0,0}') AS flat, dbops.sparkline('{}') = '' AS empty, dbops.sparkline(NULL) IS NULL AS missing,
       dbops.sparkline('{NULL,NaN}') = '  ' AS nothing;
SELECT dbops.sparkline(array_agg(sin(i / 10.0) + 1 ORDER BY i), 40) AS wave FROM generate_series(1, 400) AS i;
SELECT dbops.sparkline('{99,99.5,100}', low => 99, high => 100) AS scaled, dbops.sparkline('{1,2}', width => 100) AS short,
       dbops.sparkline(ARRAY[1, 2]::int[]::float8[], 1) AS one;
SELECT dbops.sparkline('{1,2}', 0);
SELECT dbops.sparkline('{1,2}', low => 2, high => 1);
SELECT dbops.sparkline('{1,2}', high => 'Infinity');
SELECT dbops.sparkline('{{1,2}}');

SELECT dbops._amount(value, unit)
  FROM (VALUES (0, 'bytes'), (1536, 'bytes/s'), (12.34, '/min'), (0.25, 'ms'), (90000, 'ms'), (99.94, 'percent'), ('NaN', 'ms')) AS v(value, unit);

-- Something is known of the latest minutes, and each line fits into 160 columns, 20 of which are lines between.
SELECT dbops.take_sample() IS NOT NULL;
SELECT figure FROM dbops.trends
 WHERE length(concat(figure, now, hour_mean, day_mean, day_worst, last_hour, last_24_hours)) > 139;
SELECT figure, length(last_hour) BETWEEN 29 AND 30 AS hour, length(last_24_hours) BETWEEN 47 AND 48 AS day,
       right(last_hour, 3) ~ '\S' AS drawn
  FROM dbops.trends WHERE figure IN ('active sessions', 'connections', 'WAL', 'transactions') ORDER BY figure;

-- Of a time before the history nothing is known, which is not 0.
SELECT bool_and(array_to_string(series, '') = '') FROM dbops._trends('2001-01-01', '2001-01-02', '1 hour');
SET ROLE pg_monitor;
SELECT count(*) > 10 FROM dbops.trends;
RESET ROLE;
