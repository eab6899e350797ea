-- The catalogue of backups, and where copies are.  dbops.backup is written by store/backups.c alone.

CREATE TABLE dbops.backup (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backup_pkey PRIMARY KEY,
    node text NOT NULL,
    tool text NOT NULL,
    kind text NOT NULL,
    label text,
    prior text,
    datname text,
    status text NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    start_lsn pg_lsn,
    stop_lsn pg_lsn,
    timeline bigint,
    size_bytes bigint,
    stored_bytes bigint,
    repository text,
    sources text[] NOT NULL,
    evidence text,
    wal_included boolean,
    wal_archived_at timestamptz,
    partial boolean,
    verified_at timestamptz,
    verify_error text,
    expired_at timestamptz,
    pid integer,
    session_at timestamptz,
    first_seen_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT backup_kind_check CHECK (kind IN ('base', 'incremental', 'differential', 'dump', 'archive')),
    CONSTRAINT backup_status_check CHECK (status IN ('running', 'ok', 'failed')),
    CONSTRAINT backup_span_check CHECK (ended_at >= started_at),
    CONSTRAINT backup_lsn_check CHECK (stop_lsn >= start_lsn)
) WITH (fillfactor = 80);
CREATE INDEX backup_start_lsn_idx ON dbops.backup (start_lsn);
CREATE INDEX backup_started_at_idx ON dbops.backup (started_at);

COMMENT ON TABLE dbops.backup IS 'Every backup that dbops knows of, however it came to know';
COMMENT ON COLUMN dbops.backup.node IS 'Server it was taken from';
COMMENT ON COLUMN dbops.backup.tool IS 'What made it: pgBackRest, Barman, WAL-G, pg_probackup, pg_basebackup, pg_receivewal, pg_dump, pg_dumpall, plain copy, or as recorded';
COMMENT ON COLUMN dbops.backup.kind IS 'base, incremental, differential, dump, or archive: a receiver that keeps WAL';
COMMENT ON COLUMN dbops.backup.label IS 'What its tool calls it; the slot or name of a receiver';
COMMENT ON COLUMN dbops.backup.prior IS 'Label of the backup it builds on';
COMMENT ON COLUMN dbops.backup.datname IS 'Database of a dump';
COMMENT ON COLUMN dbops.backup.status IS 'running, ok or failed';
COMMENT ON COLUMN dbops.backup.started_at IS 'When it began';
COMMENT ON COLUMN dbops.backup.ended_at IS 'When it ended; NULL while it runs';
COMMENT ON COLUMN dbops.backup.start_lsn IS 'First WAL it needs; of a receiver, where it began';
COMMENT ON COLUMN dbops.backup.stop_lsn IS 'End of the WAL it needs; of a receiver, how far it has it';
COMMENT ON COLUMN dbops.backup.timeline IS 'Timeline at its end';
COMMENT ON COLUMN dbops.backup.size_bytes IS 'What was copied: files of the cluster, or rows of a dump as text';
COMMENT ON COLUMN dbops.backup.stored_bytes IS 'What it takes where it lies, as its tool says';
COMMENT ON COLUMN dbops.backup.repository IS 'Where it lies: repository of the tool, else address of the client that took it';
COMMENT ON COLUMN dbops.backup.sources IS 'How dbops knows: session, history file, catalogue, recorded';
COMMENT ON COLUMN dbops.backup.evidence IS 'What tells that it failed, or how far it can be relied on';
COMMENT ON COLUMN dbops.backup.wal_included IS 'Whether the WAL it needs is part of it; NULL when unknown';
COMMENT ON COLUMN dbops.backup.wal_archived_at IS 'When the WAL it needs was first known to be archived';
COMMENT ON COLUMN dbops.backup.partial IS 'Dump: of definitions only, or without the rows of some tables';
COMMENT ON COLUMN dbops.backup.verified_at IS 'When its files were last compared with its manifest';
COMMENT ON COLUMN dbops.backup.verify_error IS 'What was wrong then';
COMMENT ON COLUMN dbops.backup.expired_at IS 'Since when its tool does not list it any more';
COMMENT ON COLUMN dbops.backup.pid IS 'Process that served it';
COMMENT ON COLUMN dbops.backup.session_at IS 'When that process began';
COMMENT ON COLUMN dbops.backup.first_seen_at IS 'When dbops first knew';
COMMENT ON COLUMN dbops.backup.updated_at IS 'When it last learned something new of it';
REVOKE ALL ON dbops.backup FROM PUBLIC;
COMMENT ON SEQUENCE dbops.backup_id_seq IS 'Numbers of backups';
REVOKE ALL ON SEQUENCE dbops.backup_id_seq FROM PUBLIC;

CREATE TABLE dbops.locations (
    what text NOT NULL,
    name text NOT NULL,
    location text NOT NULL,
    CONSTRAINT locations_pkey PRIMARY KEY (what, name),
    CONSTRAINT locations_what_check CHECK (what IN ('node', 'standby', 'repository')),
    CONSTRAINT locations_name_check CHECK (name <> ''),
    CONSTRAINT locations_location_check CHECK (location <> '')
);
COMMENT ON TABLE dbops.locations IS
    'Where servers and repositories are, as operators say: copies in one location are lost together';
COMMENT ON COLUMN dbops.locations.what IS 'node, standby (by its application_name) or repository (as dbops.backups has it)';
COMMENT ON COLUMN dbops.locations.name IS 'Its name';
COMMENT ON COLUMN dbops.locations.location IS 'Any word for a place that fails as one: a site, a room, a provider';
REVOKE ALL ON dbops.locations FROM PUBLIC;
GRANT SELECT ON dbops.locations TO pg_monitor;
SELECT pg_catalog.pg_extension_config_dump('dbops.locations', '');
