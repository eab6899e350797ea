-- The schema of dbops is nobody else's.
--
-- It may be there already, from a dump or because the owner of the database made it.  Whoever owns
-- it could put functions and operators into it that the views below would then take for ours, and
-- they would run with the rights of whoever reads a view.

DO $$
BEGIN
    IF NOT (SELECT r.rolsuper
              FROM pg_catalog.pg_namespace AS n
              JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
             WHERE n.nspname OPERATOR(pg_catalog.=) 'dbops')
    THEN
        RAISE EXCEPTION 'schema "dbops" belongs to a role that is not a superuser'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Drop or rename the schema, or give it to a superuser once it is empty.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_proc AS p
                WHERE p.pronamespace OPERATOR(pg_catalog.=) 'dbops'::pg_catalog.regnamespace)
        OR EXISTS (SELECT FROM pg_catalog.pg_operator AS o
                    WHERE o.oprnamespace OPERATOR(pg_catalog.=) 'dbops'::pg_catalog.regnamespace)
    THEN
        RAISE EXCEPTION 'schema "dbops" has functions or operators in it that are not of dbops'
            USING ERRCODE = 'duplicate_object',
                  HINT = 'Drop them, or move them to another schema.';
    END IF;
END
$$;
