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

    FOR c IN
        SELECT table_name, family_help, kind,
               string_agg(format('h.%I', column_name), ', ' ORDER BY column_number) AS columns
        FROM dbops._columns()
        GROUP BY table_name, family_help, kind
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
