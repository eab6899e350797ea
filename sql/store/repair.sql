-- What cannot be read any more, and setting it aside.

CREATE TABLE dbops.set_aside (
    table_name text NOT NULL,
    node text NOT NULL,
    family text NOT NULL,
    at timestamptz NOT NULL,
    error text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    set_aside_by text NOT NULL DEFAULT SESSION_USER,
    to_at timestamptz,
    boot int8,
    seq int8,
    covers_us int8,
    flags int2,
    head bytea,
    data bytea
);
COMMENT ON TABLE dbops.set_aside IS
    'Ticks and chunks that could not be read, as dbops.repair() found them; may be emptied';
REVOKE ALL ON dbops.set_aside FROM PUBLIC;

CREATE FUNCTION dbops.repair(
    only_check boolean DEFAULT false,
    OUT table_name text,
    OUT node text,
    OUT family text,
    OUT at timestamptz,
    OUT error text,
    OUT done text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_repair'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.repair(boolean) IS
    'Reads all stored history, moves what is corrupted to dbops.set_aside, and tells what it did; only looks when only_check';
REVOKE ALL ON FUNCTION dbops.repair(boolean) FROM PUBLIC;
