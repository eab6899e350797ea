-- What an index costs those who write to its table, and what it takes to build.

CREATE FUNCTION dbops._index_upkeep(
    command text,
    statements text[],
    over interval,
    queryids bigint[] DEFAULT '{}',
    OUT ms_per_day float8,
    OUT hot_ms_per_day float8,
    OUT hot_updates_per_day float8,
    OUT hot_ms_at_risk float8,
    OUT vacuum_ms_per_day float8,
    OUT bytes_per_day float8,
    OUT wal_bytes_per_day float8,
    OUT unknown text,
    OUT build_seconds float8,
    OUT index_bytes float8,
    OUT temporary_bytes float8,
    OUT workers integer
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dbops__index_upkeep'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops._index_upkeep(text, text[], interval, bigint[]) IS
    'What CREATE INDEX … would cost in a day, and to build, or what DROP INDEX … would save, by what was written over a window that ends now; statements tell what columns updates set, their queryids how many rows a call';
REVOKE ALL ON FUNCTION dbops._index_upkeep(text, text[], interval, bigint[]) FROM PUBLIC;
