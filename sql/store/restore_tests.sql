-- Restore tests: recording one.

CREATE FUNCTION dbops.record_restore_test(
    ok boolean,
    took interval DEFAULT NULL,
    tool text DEFAULT NULL,
    label text DEFAULT NULL,
    size_bytes bigint DEFAULT NULL,
    error text DEFAULT NULL,
    note text DEFAULT NULL,
    tested_at timestamptz DEFAULT pg_catalog.now())
    RETURNS bigint
    AS 'MODULE_PATHNAME', 'dbops_record_restore_test'
    LANGUAGE C VOLATILE PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.record_restore_test(boolean, interval, text, text, bigint, text, text, timestamptz) IS
    'Records that a backup was restored for a test, the newest good one unless tool or label say which; returns the id in dbops.restore_tests';
REVOKE ALL ON FUNCTION dbops.record_restore_test(boolean, interval, text, text, bigint, text, text, timestamptz) FROM PUBLIC;
