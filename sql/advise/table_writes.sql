-- What is written to a table of this database.

CREATE FUNCTION dbops._table_writes(
    relation regclass,
    over interval,
    OUT source text,
    OUT days float8,
    OUT inserts_per_day float8,
    OUT updates_per_day float8,
    OUT hot_updates_per_day float8,
    OUT deletes_per_day float8,
    OUT cached_ratio float8,
    OUT dead_per_vacuum float8
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dbops__table_writes'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION dbops._table_writes(regclass, interval) IS
    'Rows written to a table in a day over a window that ends now, from the history or the counters of the server; NULL where nothing is known';
REVOKE ALL ON FUNCTION dbops._table_writes(regclass, interval) FROM PUBLIC;
