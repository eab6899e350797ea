-- The plan of a statement as it would be with other indexes.

CREATE FUNCTION dbops._explain_whatif(statement text, indexes text[])
    RETURNS text
    AS 'MODULE_PATHNAME', 'dbops_explain_whatif'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION dbops._explain_whatif(text, text[]) IS 'What dbops.explain_whatif() shows, as one text';
REVOKE ALL ON FUNCTION dbops._explain_whatif(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._explain_whatif(text, text[]) TO pg_monitor;

CREATE FUNCTION dbops.explain_whatif(statement text, indexes text[] DEFAULT '{}')
    RETURNS TABLE ("QUERY PLAN" text)
    LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT line FROM pg_catalog.string_to_table(dbops._explain_whatif(statement, indexes), E'\n') AS line;
    END;
COMMENT ON FUNCTION dbops.explain_whatif(text, text[]) IS
    'EXPLAIN of the statement as if the indexes were there (CREATE INDEX …) or not (DROP INDEX …); nothing is created, dropped or run';
REVOKE ALL ON FUNCTION dbops.explain_whatif(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.explain_whatif(text, text[]) TO pg_monitor;
