-- How large an index would be.

CREATE FUNCTION dbops._index_size(
    index regclass,
    OUT expected_pages bigint,
    OUT expected_height integer,
    OUT pages bigint,
    OUT height integer
)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'dbops__index_size'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 1;

COMMENT ON FUNCTION dbops._index_size(regclass) IS
    'Pages and levels that an index would have if it were built now, by statistics of its table, and has; internal';
REVOKE ALL ON FUNCTION dbops._index_size(regclass) FROM PUBLIC;
