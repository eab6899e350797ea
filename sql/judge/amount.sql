-- Numbers for people.

CREATE FUNCTION dbops._amount(amount float8, unit text) RETURNS text
    AS 'MODULE_PATHNAME', 'dbops__amount'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dbops._amount(float8, text) IS
    'A number with its unit for people: of bytes, ms, seconds, percent, or of anything else, and of these per second, as bytes/s';
REVOKE ALL ON FUNCTION dbops._amount(float8, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._amount(float8, text) TO pg_monitor;
