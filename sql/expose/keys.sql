-- What runs full by counting: sequences, and integer keys of too small a type.
--
-- The history has the latest state within the last 70 minutes, and where each stood a day ago.

CREATE FUNCTION dbops._time_left(remaining bigint, remaining_then bigint, at timestamptz, at_then timestamptz) RETURNS interval
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT pg_catalog.justify_hours(pg_catalog.date_trunc('second',
                   interval '1 second' * LEAST(
                       remaining * EXTRACT(epoch FROM at - at_then) / NULLIF(remaining_then - remaining, 0)::numeric,
                       31556952000)::float8))
         WHERE remaining_then > remaining AND at > at_then;
    END;
COMMENT ON FUNCTION dbops._time_left(bigint, bigint, timestamptz, timestamptz) IS
    'How long what remains lasts at the pace between two readings, at most 1000 years; NULL when nothing was used';
REVOKE ALL ON FUNCTION dbops._time_left(bigint, bigint, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._time_left(bigint, bigint, timestamptz, timestamptz) TO pg_monitor;

CREATE VIEW dbops.sequences AS
WITH day AS (
    SELECT DISTINCT ON (datid, relid) datid, relid, remaining, read_at
      FROM dbops.sequence_history
     WHERE at > pg_catalog.now() - interval '1 day' AND node = dbops.node_name()
       AND remaining IS NOT NULL
     ORDER BY datid, relid, at
), latest AS (
    SELECT DISTINCT ON (datid, relid)
           datid, relid, datname, schemaname, relname, last_value, min_value, max_value, increment_by,
           cycles, type_bytes, used_percent, remaining, read_at
      FROM dbops.sequence_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
     ORDER BY datid, relid, at DESC
)
SELECT latest.datname, latest.schemaname, latest.relname AS sequencename,
       dbops._rounded(latest.used_percent, 2) AS used_percent,
       latest.last_value,
       CASE WHEN latest.increment_by > 0 THEN latest.max_value ELSE latest.min_value END AS end_value,
       latest.increment_by,
       latest.cycles = 1 AS cycles,
       latest.remaining,
       CASE WHEN latest.cycles = 0
            THEN dbops._time_left(latest.remaining, day.remaining, latest.read_at, day.read_at)
       END AS full_in,
       CASE WHEN latest.cycles = 1 OR latest.used_percent <= 50 THEN NULL
            WHEN latest.increment_by > 0
                 AND latest.max_value < (1::numeric * 2 ^ (8 * latest.type_bytes - 1)) - 1
            THEN pg_catalog.format('ALTER SEQUENCE %I.%I NO MAXVALUE', latest.schemaname, latest.relname)
            WHEN latest.increment_by < 0
                 AND latest.min_value > 1 - (1::numeric * 2 ^ (8 * latest.type_bytes - 1))
            THEN pg_catalog.format('ALTER SEQUENCE %I.%I NO MINVALUE', latest.schemaname, latest.relname)
            WHEN latest.type_bytes < 8
            THEN pg_catalog.format('ALTER SEQUENCE %I.%I AS bigint', latest.schemaname, latest.relname)
       END AS what_to_do,
       latest.read_at, latest.datid, latest.relid
  FROM latest
  LEFT JOIN day USING (datid, relid)
  LEFT JOIN dbops.object AS o
    ON o.class = 'r' AND o.datid = latest.datid AND o.objid = latest.relid::bigint
 WHERE o.dropped_at IS NULL
   AND (latest.datname, latest.schemaname) IS DISTINCT FROM (pg_catalog.current_database(), 'dbops'::name)
 ORDER BY latest.cycles, latest.used_percent DESC NULLS LAST, latest.datname, latest.schemaname, latest.relname;

COMMENT ON VIEW dbops.sequences IS
    'Sequences of all databases, the fullest first, those that cycle last, without those of dbops; as last inspected';
COMMENT ON COLUMN dbops.sequences.end_value IS 'The last value it can give: its maximum, or its minimum when it counts down';
COMMENT ON COLUMN dbops.sequences.remaining IS 'Values left';
COMMENT ON COLUMN dbops.sequences.full_in IS 'Time left at the pace of the last day; NULL when it did not move, or cycles';
COMMENT ON COLUMN dbops.sequences.what_to_do IS 'What makes room once more than half is used';
REVOKE ALL ON dbops.sequences FROM PUBLIC;
GRANT SELECT ON dbops.sequences TO pg_monitor;

CREATE VIEW dbops.integer_keys AS
WITH day AS (
    SELECT DISTINCT ON (datid, relid, column_name) datid, relid, column_name, remaining, read_at
      FROM dbops.integer_key_history
     WHERE at > pg_catalog.now() - interval '1 day' AND node = dbops.node_name()
       AND remaining IS NOT NULL
     ORDER BY datid, relid, column_name, at
), latest AS (
    SELECT DISTINCT ON (datid, relid, column_name)
           datid, relid, column_name, datname, schemaname, relname, farthest_value, limit_value,
           used_percent, remaining, type_bytes, read_from, sequenceid, read_at
      FROM dbops.integer_key_history
     WHERE at > pg_catalog.now() - interval '70 minutes' AND node = dbops.node_name()
     ORDER BY datid, relid, column_name, at DESC
)
SELECT latest.datname, latest.schemaname, latest.relname, latest.column_name,
       CASE latest.type_bytes WHEN 2 THEN 'smallint' WHEN 4 THEN 'integer' ELSE 'bigint' END AS type,
       dbops._rounded(latest.used_percent, 2) AS used_percent,
       latest.farthest_value,
       latest.limit_value,
       latest.remaining,
       dbops._time_left(latest.remaining, day.remaining, latest.read_at, day.read_at) AS full_in,
       sequence.objname AS sequencename,
       latest.read_from,
       CASE WHEN latest.type_bytes < 8 AND latest.used_percent > 50
            THEN pg_catalog.format('ALTER TABLE %I.%I ALTER COLUMN %I TYPE bigint; -- rewrites the table under an exclusive lock',
                     latest.schemaname, latest.relname, latest.column_name)
       END AS what_to_do,
       latest.read_at, latest.datid, latest.relid
  FROM latest
  LEFT JOIN day USING (datid, relid, column_name)
  LEFT JOIN dbops.object AS o
    ON o.class = 'r' AND o.datid = latest.datid AND o.objid = latest.relid::bigint
  LEFT JOIN dbops.object AS sequence
    ON sequence.class = 'r' AND sequence.datid = latest.datid AND sequence.objid = latest.sequenceid
 WHERE o.dropped_at IS NULL
   AND (latest.datname, latest.schemaname) IS DISTINCT FROM (pg_catalog.current_database(), 'dbops'::name)
 ORDER BY latest.used_percent DESC NULLS LAST, latest.datname, latest.schemaname, latest.relname,
          latest.column_name;

COMMENT ON VIEW dbops.integer_keys IS
    'Integer columns that are keys, or refer to one, in all databases, the fullest first, without those of dbops; as last inspected';
COMMENT ON COLUMN dbops.integer_keys.farthest_value IS 'The value nearest to the end of the type that is in use';
COMMENT ON COLUMN dbops.integer_keys.limit_value IS 'The end of the type';
COMMENT ON COLUMN dbops.integer_keys.full_in IS 'Time left at the pace of the last day; NULL when it did not move';
COMMENT ON COLUMN dbops.integer_keys.read_from IS 'Where farthest_value comes from';
COMMENT ON COLUMN dbops.integer_keys.what_to_do IS 'What makes room once more than half is used';
REVOKE ALL ON dbops.integer_keys FROM PUBLIC;
GRANT SELECT ON dbops.integer_keys TO pg_monitor;
