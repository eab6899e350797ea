-- A series as one line of text.

CREATE FUNCTION dbops.sparkline(
    series float8[],
    width integer DEFAULT NULL,
    low float8 DEFAULT NULL,
    high float8 DEFAULT NULL) RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_sparkline'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION dbops.sparkline(float8[], integer, float8, float8) IS
    'A series as one line of text, of blocks that grow with the value (in a database that is not UTF8, of other characters): a character for each value, a blank for NULL; at most width characters, then each is a mean; '
    'low (by default 0, or the lowest value if that is less) and high (by default the highest) are what the lowest and the highest character stand for';
REVOKE ALL ON FUNCTION dbops.sparkline(float8[], integer, float8, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.sparkline(float8[], integer, float8, float8) TO pg_monitor;
