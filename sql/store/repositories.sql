-- What the commands of dbops.backup_command told.  Both tables are written by store/repositories.c alone.

CREATE TABLE dbops.backup_command (
    position integer CONSTRAINT backup_command_pkey PRIMARY KEY,
    program text NOT NULL,
    tool text,
    ran_at timestamptz NOT NULL,
    read_at timestamptz,
    took_ms bigint NOT NULL,
    sqlstate text,
    error text,
    failures bigint NOT NULL,
    failing_since timestamptz
);
COMMENT ON TABLE dbops.backup_command IS 'How the last run of each command of dbops.backup_command went';
COMMENT ON COLUMN dbops.backup_command.position IS 'Position in the setting, from 1';
COMMENT ON COLUMN dbops.backup_command.tool IS 'Tool it is known to be of';
COMMENT ON COLUMN dbops.backup_command.read_at IS 'When it last worked';
COMMENT ON COLUMN dbops.backup_command.failures IS 'Times it failed in a row';
REVOKE ALL ON dbops.backup_command FROM PUBLIC;

CREATE TABLE dbops.backup_repository (
    tool text NOT NULL,
    server text NOT NULL,
    name text NOT NULL,
    position integer NOT NULL,
    status_code integer,
    status text,
    retention text,
    cipher text,
    first_wal text,
    last_wal text,
    system_identifier bigint,
    busy boolean,
    backups integer,
    base_backups integer,
    erroneous integer,
    failed integer,
    oldest_at timestamptz,
    newest_at timestamptz,
    newest_base_at timestamptz,
    stored_bytes bigint,
    listed_at timestamptz,
    read_at timestamptz NOT NULL,
    CONSTRAINT backup_repository_pkey PRIMARY KEY (tool, server, name)
);
COMMENT ON TABLE dbops.backup_repository IS 'What backup tools last told of their repositories';
COMMENT ON COLUMN dbops.backup_repository.server IS 'What the tool calls the server: its stanza';
COMMENT ON COLUMN dbops.backup_repository.position IS 'Command that lists it';
COMMENT ON COLUMN dbops.backup_repository.status_code IS '0: the tool finds nothing wrong';
COMMENT ON COLUMN dbops.backup_repository.erroneous IS 'Backups in which the tool found errors';
COMMENT ON COLUMN dbops.backup_repository.failed IS 'Backups that failed';
COMMENT ON COLUMN dbops.backup_repository.listed_at IS 'When its backups were last listed';
COMMENT ON COLUMN dbops.backup_repository.read_at IS 'When anything was last told of it';
REVOKE ALL ON dbops.backup_repository FROM PUBLIC;

-- A standby that has commands of its own goes by what they told it, and by its primary's tables else.

CREATE VIEW dbops._known_backup_commands AS
WITH own AS MATERIALIZED (
    SELECT position, program, tool, ran_at, read_at, took_ms, sqlstate, error, failures, failing_since
      FROM dbops._read_backup_commands()
)
SELECT position, program, tool, ran_at, read_at, took_ms, sqlstate, error, failures, failing_since,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'primary' ELSE 'here' END AS read_on
  FROM dbops.backup_command
 WHERE NOT EXISTS (SELECT FROM own)
UNION ALL
SELECT position, program, tool, ran_at, read_at, took_ms, sqlstate, error, failures, failing_since, 'here'
  FROM own;
COMMENT ON VIEW dbops._known_backup_commands IS 'dbops.backup_command; on a standby what its own commands told, if it has any';
REVOKE ALL ON dbops._known_backup_commands FROM PUBLIC;
GRANT SELECT ON dbops._known_backup_commands TO pg_monitor;

CREATE VIEW dbops._known_backup_repositories AS
SELECT tool, server, name, position, status_code, status, retention, cipher, first_wal, last_wal,
       system_identifier, busy, backups, base_backups, erroneous, failed, oldest_at, newest_at,
       newest_base_at, stored_bytes, listed_at, read_at
  FROM dbops.backup_repository
 WHERE NOT EXISTS (SELECT FROM dbops._read_backup_commands())
UNION ALL
SELECT tool, server, name, position, status_code, status, retention, cipher, first_wal, last_wal,
       system_identifier, busy, backups, base_backups, erroneous, failed, oldest_at, newest_at,
       newest_base_at, stored_bytes, listed_at, read_at
  FROM dbops._read_backup_repositories();
COMMENT ON VIEW dbops._known_backup_repositories IS 'dbops.backup_repository; on a standby what its own commands told, if it has any';
REVOKE ALL ON dbops._known_backup_repositories FROM PUBLIC;
GRANT SELECT ON dbops._known_backup_repositories TO pg_monitor;
