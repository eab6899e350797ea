-- Backups compared with their manifests, and what a manifest tells.

CREATE FUNCTION dbops.verify_backup(
    path text,
    max_mb_per_second integer DEFAULT 100,
    checksums boolean DEFAULT true,
    tablespaces boolean DEFAULT false,
    OUT file text,
    OUT problem text,
    OUT expected text,
    OUT found text)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_verify_backup'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION dbops.verify_backup(text, integer, boolean, boolean) IS
    'Compares a base backup on the machine of the server with its backup_manifest: a row per problem and a last one for the whole; reads at most so many MB per second, 0 as fast as it goes; tablespaces follows the links in pg_tblspc';
REVOKE ALL ON FUNCTION dbops.verify_backup(text, integer, boolean, boolean) FROM PUBLIC;

CREATE FUNCTION dbops.backup_manifest(
    path text,
    OUT version integer,
    OUT system_identifier bigint,
    OUT files bigint,
    OUT bytes bigint,
    OUT checksum_algorithm text,
    OUT unchanged boolean,
    OUT timeline bigint,
    OUT start_lsn pg_lsn,
    OUT end_lsn pg_lsn)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_backup_manifest'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops.backup_manifest(text) IS
    'What the backup_manifest in a folder tells, a row for each range of WAL the backup needs; unchanged compares its own checksum';
REVOKE ALL ON FUNCTION dbops.backup_manifest(text) FROM PUBLIC;

CREATE FUNCTION dbops.backup_manifest_databases(
    path text,
    OUT datid oid,
    OUT files bigint,
    OUT bytes bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops_backup_manifest_databases'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops.backup_manifest_databases(text) IS
    'Files and bytes of each database in a backup, by its manifest; datid is NULL for what belongs to all';
REVOKE ALL ON FUNCTION dbops.backup_manifest_databases(text) FROM PUBLIC;

CREATE FUNCTION dbops._running_verifications(
    OUT pid integer,
    OUT userid oid,
    OUT path text,
    OUT phase text,
    OUT started_at timestamptz,
    OUT files bigint,
    OUT files_done bigint,
    OUT bytes bigint,
    OUT bytes_done bigint,
    OUT problems bigint)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__running_verifications'
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dbops._running_verifications() IS 'How far the verifications of backups are that run';
REVOKE ALL ON FUNCTION dbops._running_verifications() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._running_verifications() TO pg_monitor;
