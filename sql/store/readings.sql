-- What the commands of dbops.backup_command told on a standby, which keeps it in memory.

CREATE FUNCTION dbops._read_backup_commands(
    OUT "position" integer,
    OUT program text,
    OUT tool text,
    OUT ran_at timestamptz,
    OUT read_at timestamptz,
    OUT took_ms bigint,
    OUT sqlstate text,
    OUT error text,
    OUT failures bigint,
    OUT failing_since timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__read_backup_commands'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops._read_backup_commands() IS
    'How the last run of each command on this standby went, as dbops.backup_command has it; none on a primary';
REVOKE ALL ON FUNCTION dbops._read_backup_commands() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._read_backup_commands() TO pg_monitor;

CREATE FUNCTION dbops._read_backup_repositories(
    OUT tool text,
    OUT server text,
    OUT name text,
    OUT "position" integer,
    OUT status_code integer,
    OUT status text,
    OUT retention text,
    OUT cipher text,
    OUT first_wal text,
    OUT last_wal text,
    OUT system_identifier bigint,
    OUT busy boolean,
    OUT backups integer,
    OUT base_backups integer,
    OUT erroneous integer,
    OUT failed integer,
    OUT oldest_at timestamptz,
    OUT newest_at timestamptz,
    OUT newest_base_at timestamptz,
    OUT stored_bytes bigint,
    OUT listed_at timestamptz,
    OUT read_at timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__read_backup_repositories'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops._read_backup_repositories() IS
    'What commands told this standby of repositories, as dbops.backup_repository has it; none on a primary';
REVOKE ALL ON FUNCTION dbops._read_backup_repositories() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._read_backup_repositories() TO pg_monitor;

CREATE FUNCTION dbops._read_backups(
    OUT tool text,
    OUT kind text,
    OUT label text,
    OUT prior text,
    OUT status text,
    OUT started_at timestamptz,
    OUT ended_at timestamptz,
    OUT start_lsn pg_lsn,
    OUT stop_lsn pg_lsn,
    OUT timeline bigint,
    OUT size_bytes bigint,
    OUT stored_bytes bigint,
    OUT repository text,
    OUT evidence text,
    OUT wal_archived_at timestamptz)
    RETURNS SETOF record
    AS 'MODULE_PATHNAME', 'dbops__read_backups'
    LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION dbops._read_backups() IS
    'Backups that commands told this standby of, the newest 128; none on a primary';
REVOKE ALL ON FUNCTION dbops._read_backups() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._read_backups() TO pg_monitor;
