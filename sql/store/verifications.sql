-- The ledger of verified backups.

CREATE TABLE dbops.verification (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT verification_pkey PRIMARY KEY,
    path text NOT NULL,
    by text NOT NULL DEFAULT SESSION_USER,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    checksums boolean NOT NULL,
    has_wal boolean NOT NULL,
    files bigint NOT NULL,
    bytes bigint NOT NULL,
    problems bigint NOT NULL,
    first_problem text,
    system_identifier bigint,
    timeline bigint,
    start_lsn pg_lsn
);
COMMENT ON TABLE dbops.verification IS
    'Every verification of a backup that came to its end: who, when, what was found; written by dbops.verify_backup()';
COMMENT ON COLUMN dbops.verification.path IS 'Folder of the backup, on the machine of the server';
COMMENT ON COLUMN dbops.verification.by IS 'Who had it verified';
COMMENT ON COLUMN dbops.verification.checksums IS 'Checksums were computed, else only files and sizes were compared';
COMMENT ON COLUMN dbops.verification.has_wal IS 'The backup has WAL of its own';
COMMENT ON COLUMN dbops.verification.files IS 'Files in the manifest';
COMMENT ON COLUMN dbops.verification.bytes IS 'Their size by the manifest';
COMMENT ON COLUMN dbops.verification.problems IS 'Number of problems found';
COMMENT ON COLUMN dbops.verification.system_identifier IS 'Of the cluster; manifests tell it from PostgreSQL 17 on';
COMMENT ON COLUMN dbops.verification.timeline IS 'Timeline of the first WAL it needs';
COMMENT ON COLUMN dbops.verification.start_lsn IS 'First WAL it needs; tells which backup it is';
REVOKE ALL ON dbops.verification FROM PUBLIC;
COMMENT ON SEQUENCE dbops.verification_id_seq IS 'Numbers of the rows of dbops.verification';
