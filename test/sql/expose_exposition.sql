-- covers: expose/exposition_format expose/exposition_escape expose/exposition_text expose/exposition_protobuf
-- The same metrics in every format.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
CREATE SCHEMA exposed;
CREATE TABLE exposed.formats AS
    SELECT dbops.prometheus() AS plain, dbops.openmetrics() AS open, dbops.prometheus_protobuf() AS packed;

-- ---- OpenMetrics ----------------------------------------------------------------------------------
SELECT right(open, 6) = E'# EOF\n' AS ends, open ~ '\n\n' AS has_blank_lines FROM exposed.formats;
CREATE TEMP TABLE heading AS
    SELECT h[1] AS name, h[2] AS type FROM exposed.formats, regexp_matches(open, '(?:^|\n)# TYPE (\S+) (\S+)', 'g') AS h;
SELECT name FROM heading GROUP BY 1 HAVING count(*) > 1;
SELECT DISTINCT type FROM heading ORDER BY 1;
-- Counters of dbops are counters without their ending; those of others keep their names.
SELECT name, type FROM heading
 WHERE name IN ('dbops_database_xact_commit', 'pg_stat_bgwriter_buffers_clean', 'pg_stat_bgwriter_buffers_clean_total', 'dbops_statement_duration_seconds')
 ORDER BY 1;
SELECT name FROM heading WHERE name ~ '^dbops_.*_total$';
SELECT open ~ '\ndbops_database_xact_commit_total\{' AS sample, open ~ 'le="1.0"' AS bound, plain ~ 'le="1"' AS bound_in_text
  FROM exposed.formats;

-- ---- protobuf ---------------------------------------------------------------------------------------
-- A message after its length, again and again; each begins with the name.
CREATE FUNCTION exposed.names(packed bytea) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    place int := 0;
    size bigint;
    shift int;
    byte int;
BEGIN
    WHILE place < length(packed) LOOP
        size := 0;
        shift := 0;
        LOOP
            byte := get_byte(packed, place);
            place := place + 1;
            size := size + ((byte & 127)::bigint << shift);
            shift := shift + 7;
            EXIT WHEN byte < 128;
        END LOOP;
        RETURN NEXT convert_from(substring(packed FROM place + 3 FOR get_byte(packed, place + 1)), 'UTF8');
        place := place + size;
    END LOOP;
    IF place <> length(packed) THEN
        RAISE EXCEPTION 'ends at % of %', place, length(packed);
    END IF;
END $$;
SELECT n FROM exposed.formats, exposed.names(packed) AS n WHERE n !~ '^[a-z][a-z0-9_]+$';
-- Sessions come and go.
SELECT coalesce(p, t) AS name, p, t
  FROM (SELECT exposed.names(packed) AS p FROM exposed.formats) AS packed
  FULL JOIN (SELECT h[1] AS t FROM exposed.formats, regexp_matches(plain, '(?:^|\n)# TYPE (\S+)', 'g') AS h) AS plain ON p = t
 WHERE (p IS NULL OR t IS NULL) AND coalesce(p, t) <> 'pg_process_idle_seconds';

-- ---- arguments and rights -------------------------------------------------------------------------
SELECT dbops.openmetrics(0, 0) !~ 'pg_stat_statements_calls_total\{' AS none,
       length(dbops.prometheus_protobuf(0, 0)) < length(packed) AS less FROM exposed.formats;
SELECT dbops.openmetrics(-1);
SELECT dbops.prometheus_protobuf(tables => -1);
CREATE ROLE regress_exposed;
SET ROLE regress_exposed;
SELECT dbops.openmetrics();
SELECT dbops.prometheus_protobuf();
RESET ROLE;
DROP ROLE regress_exposed;
SET client_min_messages = warning;
DROP SCHEMA exposed CASCADE;
