-- The history as tables: dbops.<family>_history, a foreign table per family, and
-- dbops.<family>_now, the family as it is at the moment.

CREATE FUNCTION dbops._fdw_handler()
RETURNS fdw_handler
LANGUAGE C STRICT
AS 'MODULE_PATHNAME', 'dbops_fdw_handler';
COMMENT ON FUNCTION dbops._fdw_handler() IS
    'Handler of the foreign-data wrapper dbops';
REVOKE ALL ON FUNCTION dbops._fdw_handler() FROM PUBLIC;

CREATE FUNCTION dbops._fdw_validator(options text[], catalog oid)
RETURNS void
LANGUAGE C STRICT
AS 'MODULE_PATHNAME', 'dbops_fdw_validator';
COMMENT ON FUNCTION dbops._fdw_validator(text[], oid) IS
    'Checks the options of a foreign table of dbops';
REVOKE ALL ON FUNCTION dbops._fdw_validator(text[], oid) FROM PUBLIC;

CREATE FOREIGN DATA WRAPPER dbops
    HANDLER dbops._fdw_handler
    VALIDATOR dbops._fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER dbops IS
    'Reads what dbops remembers';

CREATE SERVER dbops
    FOREIGN DATA WRAPPER dbops;
COMMENT ON SERVER dbops IS
    'What dbops remembers';

IMPORT FOREIGN SCHEMA history FROM SERVER dbops INTO dbops;
IMPORT FOREIGN SCHEMA now FROM SERVER dbops INTO dbops;

-- What IMPORT FOREIGN SCHEMA cannot make: comments, rights, and a function per history.  Inlined,
-- the function passes the conditions of the query on to the table, which is why it has no
-- search_path of its own and is not strict.
CREATE FUNCTION dbops._describe_history()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT table_name, column_name, column_comment
        FROM dbops._columns()
    LOOP
        EXECUTE format('COMMENT ON COLUMN dbops.%I.%I IS %L',
                       c.table_name, c.column_name, c.column_comment);
    END LOOP;

    -- A column that was added later is the last of its table, whatever the registry's order.
    FOR c IN
        SELECT t.table_name, t.family_help, t.kind,
               string_agg(format('h.%I', a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM (SELECT DISTINCT table_name, family_help, kind FROM dbops._columns()) AS t
            JOIN pg_class AS r
                ON r.relname = t.table_name AND r.relnamespace = 'dbops'::regnamespace
            JOIN pg_attribute AS a
                ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        GROUP BY t.table_name, t.family_help, t.kind
    LOOP
        EXECUTE format('COMMENT ON FOREIGN TABLE dbops.%I IS %L', c.table_name,
                       CASE c.kind WHEN 'history' THEN 'History: ' ELSE 'At the moment: ' END
                       || c.family_help);
        EXECUTE format('REVOKE ALL ON dbops.%I FROM PUBLIC', c.table_name);
        EXECUTE format('GRANT SELECT ON dbops.%I TO pg_monitor', c.table_name);
        CONTINUE WHEN c.kind <> 'history';
        EXECUTE format('CREATE OR REPLACE FUNCTION dbops.%1$I(step interval) '
                       'RETURNS SETOF dbops.%1$I LANGUAGE sql STABLE '
                       'BEGIN ATOMIC SELECT %2$s FROM dbops.%1$I AS h WHERE h.step = $1; END',
                       c.table_name, c.columns);
        EXECUTE format('COMMENT ON FUNCTION dbops.%I(interval) IS %L', c.table_name,
                       'History in steps, of any time without months: ' || c.family_help);
        EXECUTE format('REVOKE ALL ON FUNCTION dbops.%I(interval) FROM PUBLIC', c.table_name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION dbops.%I(interval) TO pg_monitor',
                       c.table_name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION dbops._describe_history() IS
    'Gives the tables of the history their comments, rights and functions';
REVOKE ALL ON FUNCTION dbops._describe_history() FROM PUBLIC;

SELECT dbops._describe_history();

-- For scripts that bring the extension to another version, where the tables are there already and
-- views of users may stand on them.
CREATE FUNCTION dbops._refresh_history()
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added bigint := 0;
    m record;
BEGIN
    -- What of the library's tables the catalog lacks, and of their columns.
    FOR m IN
        SELECT DISTINCT c.kind, c.table_name
        FROM dbops._columns() AS c
        WHERE to_regclass(format('dbops.%I', c.table_name)) IS NULL
    LOOP
        EXECUTE format('IMPORT FOREIGN SCHEMA %I LIMIT TO (%I) FROM SERVER dbops INTO dbops',
                       m.kind, m.table_name);
        added := added + 1;
    END LOOP;

    FOR m IN
        SELECT c.table_name, c.column_name, c.column_type
        FROM dbops._columns() AS c
        WHERE NOT EXISTS (
            SELECT
            FROM pg_attribute AS a
            WHERE a.attrelid = to_regclass(format('dbops.%I', c.table_name))
              AND a.attname = c.column_name
              AND NOT a.attisdropped)
        ORDER BY c.table_name, c.column_number
    LOOP
        EXECUTE format('ALTER FOREIGN TABLE dbops.%I ADD COLUMN %I %s',
                       m.table_name, m.column_name, m.column_type);
        added := added + 1;
    END LOOP;
    IF added = 0 THEN
        RETURN 0;
    END IF;

    PERFORM dbops._describe_history();

    -- Outside a script of the extension, what is new has to be made part of it.
    FOR m IN
        SELECT format('FOREIGN TABLE %s', r.oid::regclass) AS object
        FROM pg_class AS r
        WHERE r.relnamespace = 'dbops'::regnamespace
          AND r.relname IN (SELECT c.table_name FROM dbops._columns() AS c)
          AND NOT EXISTS (
            SELECT
            FROM pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('FUNCTION %s', p.oid::regprocedure)
        FROM pg_proc AS p
        WHERE p.pronamespace = 'dbops'::regnamespace
          AND p.proname IN (SELECT c.table_name FROM dbops._columns() AS c)
          AND NOT EXISTS (
            SELECT
            FROM pg_depend AS d
            WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('ALTER EXTENSION dbops ADD %s', m.object);
    END LOOP;
    RETURN added;
END
$$;
COMMENT ON FUNCTION dbops._refresh_history() IS
    'Adds the tables and columns that the library has and the extension lacks; how many they were';
REVOKE ALL ON FUNCTION dbops._refresh_history() FROM PUBLIC;
