-- What distinguishes two plans, in a line.

CREATE FUNCTION dbops._plan_difference(before text, after text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH line AS (
        SELECT side, nr, node,
               row_number() OVER (PARTITION BY side, node ORDER BY nr) AS occurrence
        FROM (VALUES (1, before), (2, after)) AS plans (side, plan),
             LATERAL string_to_table(plan, E'\n') WITH ORDINALITY AS lines (line, nr),
             LATERAL regexp_replace(line, '^ *(-> *)?', '') AS node
    ), differing AS (
        SELECT side, string_agg(node, ', ' ORDER BY nr) AS nodes
        FROM line AS l
        WHERE NOT EXISTS (
            SELECT FROM line AS other
            WHERE other.side <> l.side AND other.node = l.node AND other.occurrence = l.occurrence)
        GROUP BY side
    )
    SELECT CASE
               WHEN before IS NULL OR after IS NULL THEN NULL
               WHEN count(*) = 0 THEN 'the same nodes in another order'
               ELSE coalesce(max(nodes) FILTER (WHERE side = 1), '(nothing)') || '  ->  '
                   || coalesce(max(nodes) FILTER (WHERE side = 2), '(nothing)')
           END
    FROM differing
$$;
COMMENT ON FUNCTION dbops._plan_difference(text, text) IS
    'The nodes of a plan that another has not, and those it has instead';
REVOKE ALL ON FUNCTION dbops._plan_difference(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dbops._plan_difference(text, text) TO pg_monitor;
