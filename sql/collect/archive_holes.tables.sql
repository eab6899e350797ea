-- Holes in the archive.  Written by collect/archive_holes.c alone.

CREATE TABLE dbops.archive_hole (
    node text NOT NULL,
    start_lsn pg_lsn NOT NULL,
    kind text NOT NULL,
    timeline bigint NOT NULL,
    end_lsn pg_lsn,
    since timestamptz NOT NULL,
    CONSTRAINT archive_hole_pkey PRIMARY KEY (node, start_lsn, kind),
    CONSTRAINT archive_hole_kind_check CHECK (kind IN ('discarded', 'dropped'))
) WITH (fillfactor = 80);

COMMENT ON TABLE dbops.archive_hole IS 'WAL that was reported as archived and is in no archive';
COMMENT ON COLUMN dbops.archive_hole.node IS 'Server whose archive it is';
COMMENT ON COLUMN dbops.archive_hole.start_lsn IS 'First WAL that is missing';
COMMENT ON COLUMN dbops.archive_hole.kind IS 'discarded: archive_command did nothing; dropped: pgBackRest dropped it';
COMMENT ON COLUMN dbops.archive_hole.timeline IS 'Timeline of that WAL';
COMMENT ON COLUMN dbops.archive_hole.end_lsn IS 'WAL from here on is archived again; NULL while the hole grows';
COMMENT ON COLUMN dbops.archive_hole.since IS 'When nothing that users committed was missing yet';
REVOKE ALL ON dbops.archive_hole FROM PUBLIC;
