-- The registry as rows, and the tables made from it.
-- covers: store/columns store/registry store/fdw_table
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- every family has labels and metrics that are described
SELECT DISTINCT kind FROM dbops.metrics()
WHERE kind NOT IN ('label', 'name', 'counter', 'gauge', 'timestamp', 'histogram', 'rate', 'ratio',
                   'share', 'quantile');
SELECT count(DISTINCT family) > 0 AS families, count(*) > 0 AS metrics FROM dbops.metrics();
SELECT family, name, help FROM dbops.metrics() WHERE coalesce(help, '') = '' OR unit IS NULL;
SELECT family, name, count(*) FROM dbops.metrics() GROUP BY family, name HAVING count(*) > 1;
SELECT DISTINCT rollup FROM dbops.metrics() WHERE kind = 'counter';
SELECT DISTINCT cadence FROM dbops.metrics() WHERE cadence NOT IN ('narrow', 'wide', 'keeper');
SELECT kind, type FROM dbops.metrics()
WHERE (kind = 'histogram') <> (type = 'dbops.histogram')
   OR kind IN ('rate', 'ratio', 'share', 'quantile') AND type <> 'double precision'
   OR kind = 'timestamp' AND type <> 'timestamp with time zone';

-- a relation is known by number and by name
SELECT name, type, kind FROM dbops.metrics() WHERE family = 'table' AND kind IN ('label', 'name');

-- tables have exactly the columns of the registry, in its order
SELECT table_name, column_name, column_type
FROM dbops._columns()
EXCEPT
SELECT c.relname, a.attname,
       CASE WHEN a.atttypid = 'dbops.histogram'::regtype THEN 'dbops.histogram'
            ELSE format_type(a.atttypid, a.atttypmod) END
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'f';
SELECT count(*) AS unknown_columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'f'
  AND NOT EXISTS (SELECT FROM dbops._columns() m
                  WHERE m.table_name = c.relname AND m.column_name = a.attname
                    AND m.column_number = a.attnum);

-- the present has neither times nor rates
SELECT DISTINCT column_name FROM dbops._columns()
WHERE kind = 'now'
  AND (column_name IN ('node', 'at', 'covers', 'step', 'late')
       OR (family, column_name) IN (SELECT family, name FROM dbops.metrics()
                                    WHERE kind IN ('rate', 'share')));

-- every table and column has its comment
SELECT c.relname, m.column_name
FROM dbops._columns() m
JOIN pg_class c ON c.relname = m.table_name AND c.relnamespace = 'dbops'::regnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = m.column_name
WHERE col_description(c.oid, a.attnum) IS DISTINCT FROM m.column_comment
   OR coalesce(obj_description(c.oid, 'pg_class'), '') = '';

-- tables and functions are there for pg_monitor and for nobody else
SELECT DISTINCT has_table_privilege('pg_monitor', c.oid, 'SELECT') AS monitor,
       has_table_privilege('public', c.oid, 'SELECT') AS everybody,
       has_table_privilege('pg_monitor', c.oid, 'INSERT') AS writes
FROM pg_class c
WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'f';
SELECT count(*) = (SELECT count(DISTINCT family) FROM dbops._columns()) AS one_each,
       bool_and(has_function_privilege('pg_monitor', p.oid, 'EXECUTE')) AS monitor,
       bool_or(has_function_privilege('public', p.oid, 'EXECUTE')) AS everybody,
       bool_and(obj_description(p.oid, 'pg_proc') <> '') AS described
FROM pg_proc p
WHERE p.pronamespace = 'dbops'::regnamespace AND p.proname LIKE '%\_history'
  AND p.pronargs = 1;

-- all of them belong to the extension
SELECT count(*) AS strays
FROM pg_class c
WHERE c.relnamespace = 'dbops'::regnamespace AND c.relkind = 'f'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');
