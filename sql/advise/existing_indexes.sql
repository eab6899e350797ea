-- Why indexes are there.

CREATE FUNCTION dbops.index_duties(
    relation regclass,
    OUT index_name text,
    OUT may_drop boolean,
    OUT reason text,
    OUT days float8,
    OUT scans bigint,
    OUT last_scan_at timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_index_duties'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION dbops.index_duties(regclass) IS
    'What speaks for keeping each index of a table: its duties, and its use in the last days on all servers known; may_drop is NULL where only plans could tell';
REVOKE ALL ON FUNCTION dbops.index_duties(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.index_duties(regclass) TO pg_monitor;
