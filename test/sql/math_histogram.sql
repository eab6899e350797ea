-- The type dbops.histogram.
-- covers: math/histogram_type math/histogram_merge_funcs
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
SET search_path = dbops, pg_catalog;

-- text
SELECT '{}'::histogram AS empty, ' { 17 : 3,20:1 } '::histogram AS spaced, '{20:1, 17:3}'::histogram AS sorted;
SELECT '{0:1, 511:9223372036854775806}'::histogram AS largest;
SELECT '{5:1, 9:200, 300:70000}'::histogram::text::histogram = '{5:1, 9:200, 300:70000}' AS round_trip;

-- what is no histogram
SELECT ''::histogram;
SELECT '{'::histogram;
SELECT '{17}'::histogram;
SELECT '{17:}'::histogram;
SELECT '{17:-1}'::histogram;
SELECT '{17:1,}'::histogram;
SELECT '{17:1} x'::histogram;
SELECT '{17:0}'::histogram;
SELECT '{17:1, 17:1}'::histogram;
SELECT '{512:1}'::histogram;
SELECT '{17:9223372036854775808}'::histogram;
SELECT '{17:9223372036854775807, 18:1}'::histogram;

-- binary: what send wrote, recv reads
CREATE TEMP TABLE travelled (h histogram);
INSERT INTO travelled VALUES ('{}'), ('{5:1, 9:200, 300:70000}'), (NULL);
\set file `mktemp -u`
COPY travelled TO :'file' (FORMAT binary);
COPY travelled FROM :'file' (FORMAT binary);
\set ignored `rm -f :'file'`
SELECT h, pg_catalog.count(*) FROM travelled GROUP BY h ORDER BY h::text;

-- stored compressed or in line, it stays what it was
CREATE TEMP TABLE stored AS
SELECT ('{' || string_agg(b || ':' || b * 7919::bigint + 1, ', ') || '}')::histogram AS h
FROM generate_series(0, 511) b;
SELECT count(h) = (SELECT sum(b * 7919::bigint + 1) FROM generate_series(0, 511) b) AS all_counts,
       h::text::histogram = h AS round_trip
FROM stored;

-- comparison
SELECT '{1:1}'::histogram = '{1:1}' AS same, '{1:1}'::histogram = '{1:2}' AS other_count,
       '{1:1}'::histogram <> '{2:1}' AS other_bucket, '{}'::histogram = '{1:1}' AS not_empty;
SELECT h FROM (VALUES ('{1:1}'::histogram), ('{1:1}'), ('{2:1}')) AS v(h) GROUP BY h ORDER BY h::text;

-- merging
SELECT '{1:1, 3:1}'::histogram + '{2:5, 3:2}'::histogram AS together;
SELECT '{1:9223372036854775807}'::histogram + '{2:1}'::histogram;
SELECT merge(h) FROM (VALUES ('{1:1, 3:1}'::histogram), (NULL), ('{2:5, 3:2}'), ('{}')) AS v(h);
SELECT merge(h) FROM (VALUES (NULL::histogram)) AS v(h);
SELECT merge(h) FROM (VALUES ('{1:9223372036854775807}'::histogram), ('{1:1}')) AS v(h);

-- merging in parallel gives the same
CREATE TABLE public.histogram_parts AS
SELECT i % 10 AS part, ('{' || i % 500 || ':1}')::dbops.histogram AS h FROM generate_series(1, 20000) i;
ANALYZE public.histogram_parts;
SELECT merge(h) AS alone FROM public.histogram_parts \gset
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT merge(h) FROM public.histogram_parts;
SELECT merge(h) = :'alone' AS same, count(merge(h)) FROM public.histogram_parts;
SELECT count(merge(h)) FROM public.histogram_parts GROUP BY part ORDER BY part LIMIT 2;
DROP TABLE public.histogram_parts;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- questions: 900 values of about 1 ms, 99 of about 10 ms, one of about 1 s
CREATE TEMP TABLE asked AS SELECT '{159:900, 212:99, 319:1}'::histogram AS h;
SELECT round(quantile(h, 0)::numeric, 3) AS p0, round(quantile(h, 0.9)::numeric, 3) AS p90,
       round(quantile(h, 0.901)::numeric, 3) AS p901, round(quantile(h, 0.999)::numeric, 3) AS p999,
       round(quantile(h, 1)::numeric, 1) AS p100
FROM asked;
SELECT (quantiles(h, '{0.5, NULL, 0.95, 1}'))[3] = quantile(h, 0.95) AS same,
       (quantiles(h, '{0.5, NULL, 0.95, 1}'))[2] IS NULL AS kept_null,
       quantiles(h, '{}') AS none
FROM asked;
SELECT count(h), round(mean(h)::numeric, 3) AS mean, round(stddev(h)::numeric, 3) AS stddev FROM asked;
SELECT round(upper_ms::numeric, 3) AS upper_ms, b.count FROM asked, buckets(h) AS b;
SELECT count(h), quantile(h, 0.5), mean(h), stddev(h), quantiles(h, '{0.5}'), merge(h)
FROM (VALUES ('{}'::histogram)) AS v(h) GROUP BY h;
SELECT quantile(h, 1.1) FROM asked;
SELECT quantile(h, 'NaN') FROM asked;
SELECT quantiles(h, '{0.5, -0.1}') FROM asked;

-- nothing of the type is open to everybody
SELECT p.oid::regprocedure AS public_function
FROM pg_proc p
WHERE 'dbops.histogram'::regtype IN (p.prorettype, p.proargtypes[0])
  AND has_function_privilege('public', p.oid, 'EXECUTE');
RESET search_path;
