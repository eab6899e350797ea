-- Where history is stored: servers, and a fixed ring of plain tables for each resolution.
--
-- Retention truncates the oldest member of a ring; nothing is created or dropped at run time.  The
-- names of the rings and the number of members are those of src/store/resolution.c.  Nobody reads
-- these tables but dbops' own C code.

CREATE TABLE dbops.node (
    id int2 NOT NULL CONSTRAINT node_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT node_name_key UNIQUE,
    first_seen timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE dbops.node IS 'Servers that the history is about';
REVOKE ALL ON dbops.node FROM PUBLIC;

CREATE TABLE dbops.member (
    resolution int2 NOT NULL,
    member int2 NOT NULL,
    started_at timestamptz NOT NULL,
    CONSTRAINT member_pkey PRIMARY KEY (resolution, member)
);
COMMENT ON TABLE dbops.member IS
    'When each table of a ring became the current one of its resolution; the latest is written to';
REVOKE ALL ON dbops.member FROM PUBLIC;

DO $$
DECLARE
    ring text;
    member int;
BEGIN
    FOR member IN 0 .. 7 LOOP
        EXECUTE pg_catalog.format($sql$
            CREATE TABLE dbops.%1$I (
                at timestamptz NOT NULL,
                boot int8 NOT NULL,
                seq int8 NOT NULL,
                covers_us int8 NOT NULL,
                node int2 NOT NULL,
                family int2 NOT NULL,
                flags int2 NOT NULL,
                data bytea NOT NULL,
                CONSTRAINT %2$I PRIMARY KEY (family, node, at)
            ) WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
            ALTER TABLE dbops.%1$I ALTER COLUMN data SET STORAGE EXTERNAL;
            COMMENT ON TABLE dbops.%1$I IS 'Ticks as taken';
            REVOKE ALL ON dbops.%1$I FROM PUBLIC;
            $sql$, 'tick_' OPERATOR(pg_catalog.||) member, 'tick_' OPERATOR(pg_catalog.||) member OPERATOR(pg_catalog.||) '_pkey');
        FOREACH ring IN ARRAY ARRAY['chunk_1min', 'chunk_10min', 'chunk_1h'] LOOP
            EXECUTE pg_catalog.format($sql$
                CREATE TABLE dbops.%1$I (
                    from_at timestamptz NOT NULL,
                    to_at timestamptz NOT NULL,
                    node int2 NOT NULL,
                    family int2 NOT NULL,
                    head bytea NOT NULL,
                    data bytea NOT NULL,
                    CONSTRAINT %2$I PRIMARY KEY (family, node, from_at)
                );
                ALTER TABLE dbops.%1$I ALTER COLUMN head SET STORAGE EXTERNAL;
                ALTER TABLE dbops.%1$I ALTER COLUMN data SET STORAGE EXTERNAL;
                COMMENT ON TABLE dbops.%1$I IS 'History packed by window, one family in each row';
                REVOKE ALL ON dbops.%1$I FROM PUBLIC;
                $sql$, ring OPERATOR(pg_catalog.||) '_' OPERATOR(pg_catalog.||) member,
                ring OPERATOR(pg_catalog.||) '_' OPERATOR(pg_catalog.||) member OPERATOR(pg_catalog.||) '_pkey');
        END LOOP;
    END LOOP;
END
$$;
