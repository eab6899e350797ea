-- The dictionary of names.  Written by store/objects.c alone.

CREATE TABLE dbops.object (
    class "char" NOT NULL,
    datid oid NOT NULL,
    objid bigint NOT NULL,
    kind text NOT NULL,
    schemaname name,
    objname name,
    parentid oid,
    definition text,
    is_unique boolean,
    is_primary boolean,
    is_valid boolean,
    has_constraint boolean,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    dropped_at timestamptz,
    CONSTRAINT object_pkey PRIMARY KEY (datid, objid, class),
    CONSTRAINT object_class_check CHECK (class IN ('d', 'u', 'r', 's', 'f'))
) WITH (fillfactor = 90);

COMMENT ON TABLE dbops.object IS 'Names of everything the history speaks of; entries outlive a DROP';
COMMENT ON COLUMN dbops.object.class IS 'Name space of objid: d database, u role, r relation, s statement, f function';
COMMENT ON COLUMN dbops.object.datid IS 'Database; 0 for roles and shared catalogs; a database''s own oid for itself';
COMMENT ON COLUMN dbops.object.objid IS 'OID, or queryid of a statement';
COMMENT ON COLUMN dbops.object.kind IS 'database, role, statement, function, or the kind of relation: table, toast, index, matview, sequence, view, foreign table, partitioned table, partitioned index';
COMMENT ON COLUMN dbops.object.schemaname IS 'Schema of a relation or function';
COMMENT ON COLUMN dbops.object.objname IS 'Name of the database, role, relation or function';
COMMENT ON COLUMN dbops.object.parentid IS 'Table of an index or TOAST table; partitioned table of a partition';
COMMENT ON COLUMN dbops.object.definition IS 'Definition of an index, text of a statement (the first 16 kB), arguments of a function';
COMMENT ON COLUMN dbops.object.is_unique IS 'Index: is unique';
COMMENT ON COLUMN dbops.object.is_primary IS 'Index: is a primary key';
COMMENT ON COLUMN dbops.object.is_valid IS 'Index: may be used by queries';
COMMENT ON COLUMN dbops.object.has_constraint IS 'Index: stands behind a primary key, unique or exclusion constraint';
COMMENT ON COLUMN dbops.object.first_seen_at IS 'When it was first seen';
COMMENT ON COLUMN dbops.object.last_seen_at IS 'When it was last seen, exact to the day';
COMMENT ON COLUMN dbops.object.dropped_at IS 'When it was found missing; NULL while it exists, and for functions, which only age';

REVOKE ALL ON dbops.object FROM PUBLIC;
