-- The plan of a statement as it would be with other indexes.

CREATE FUNCTION dbops.explain_whatif(
    statement text,
    indexes text[] DEFAULT '{}',
    OUT "QUERY PLAN" text)
    RETURNS SETOF text
    AS 'MODULE_PATHNAME', 'dbops_explain_whatif'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION dbops.explain_whatif(text, text[]) IS
    'EXPLAIN of the statement as if the indexes were there (CREATE INDEX …) or not (DROP INDEX …); nothing is created, dropped or run';
REVOKE ALL ON FUNCTION dbops.explain_whatif(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops.explain_whatif(text, text[]) TO pg_monitor;
