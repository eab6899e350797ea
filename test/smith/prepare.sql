-- What SQLsmith is to see: dbops, and little else to combine it with.
--
-- It reads pg_proc without a schema, so a view of that name ahead in its search_path chooses the
-- functions it calls: all of dbops', and some of the server's that only compute.

CREATE SCHEMA smith;

CREATE VIEW smith.pg_proc AS
SELECT p.*
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'dbops'::regnamespace
   OR (p.pronamespace = 'pg_catalog'::regnamespace
       AND p.provolatile = 'i'
       AND p.prokind IN ('f', 'a')
       AND NOT p.proretset
       AND p.prorettype IN ('int8'::regtype, 'float8'::regtype, 'text'::regtype, 'bool'::regtype,
                            'interval'::regtype, 'timestamptz'::regtype, 'bytea'::regtype)
       AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[]
       AND hashtext(p.oid::text) % 8 = 0);

-- It calls no function that returns rows, but reads views.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.oid::regprocedure AS signature, p.oid::regproc AS name, p.proname,
               (SELECT string_agg(CASE t.typname
                                      WHEN 'interval' THEN '''1 hour''::interval'
                                      ELSE format('NULL::%s', t.oid::regtype)
                                  END, ', ' ORDER BY a.position)
                FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, position)
                    JOIN pg_type AS t ON t.oid = a.type) AS arguments
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'dbops'::regnamespace AND p.proretset
    LOOP
        EXECUTE format('CREATE VIEW smith.%I AS SELECT * FROM %s(%s)',
                       'view_' || f.proname || '_' || md5(f.signature::text), f.name, f.arguments);
    END LOOP;
END
$$;

-- Values of its own type, bound to occur in what it writes.
CREATE TABLE smith.histograms (id int, h dbops.histogram, span interval, at timestamptz);
INSERT INTO smith.histograms VALUES
    (1, '{}', '1 min', now()),
    (2, '{0:1}', '0', '-infinity'),
    (3, '{511:9223372036854775807}', '-1 day', 'infinity'),
    (4, '{1:2, 100:7, 300:1}', '1 mon', now() - interval '1 hour'),
    (5, NULL, NULL, NULL);

-- Something to watch.
CREATE TABLE smith.work (id int PRIMARY KEY, what text);
INSERT INTO smith.work SELECT i, repeat('x', i % 100) FROM generate_series(1, 1000) AS i;
SELECT dbops.take_sample();
