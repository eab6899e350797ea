-- covers: advise/candidate_list
-- covers: advise/candidates_btree
-- covers: advise/candidates_partial
-- covers: advise/candidates_special
-- covers: advise/operator_class
-- covers: advise/partition_index
-- covers: advise/row_statistics
-- covers: advise/sampled
-- covers: advise/wants
-- covers: advise/wants_clause
-- covers: advise/whatif_items
-- covers: core/collation
-- Which indexes are thought of for which shape of statement.

SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
CREATE SCHEMA candidate_shop;
SET search_path = candidate_shop;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
RESET client_min_messages;
CREATE COLLATION english (provider = icu, locale = 'en');

CREATE TABLE users (id bigint PRIMARY KEY, name text, email text COLLATE "C", created_at timestamptz,
                    active boolean, deleted_at timestamptz, country text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total numeric, status text,
                     created_at timestamptz, parent_id bigint, note varchar(200));
CREATE TABLE lines (order_id bigint, line int, product_id bigint, ordered date, shipped date,
                    quantity int, PRIMARY KEY (order_id, line));
INSERT INTO users
SELECT i, 'name ' || i, 'e' || i || '@example.org', timestamptz '2024-06-01 UTC' - i * interval '1 hour',
       i % 10 <> 0, CASE WHEN i % 20 = 0 THEN timestamptz '2024-01-01 UTC' END, 'country ' || i % 100
  FROM generate_series(1, 4000) AS i;
INSERT INTO orders
SELECT i, i % 4000 + 1, i % 1000, CASE WHEN i % 10 = 0 THEN 'open' WHEN i % 10 = 1 THEN 'paid' ELSE 'done' END,
       timestamptz '2024-06-01 UTC' - i * interval '10 min', CASE WHEN i % 50 = 0 THEN i / 50 END, 'note ' || i
  FROM generate_series(1, 20000) AS i;
INSERT INTO lines
SELECT i / 3, i % 3, i % 700, date '2024-01-01' + i % 365, date '2024-01-01' + i % 365 + i % 7 - 1, i % 50
  FROM generate_series(1, 20000) AS i;
CREATE TABLE docs (id bigint PRIMARY KEY, body text, words tsvector, during int8range, place point,
                   url text COLLATE "C", title text COLLATE english, tags int[], meta jsonb);
INSERT INTO docs
SELECT i, 'text ' || md5(i::text), to_tsvector('simple', 'w' || i % 100 || ' v' || i % 30), int8range(i, i + 5),
       point(i % 100, i / 100), 'https://example.org/a/long/path/' || md5(i::text), 'title ' || i,
       ARRAY[i % 500, i % 700], jsonb_build_object('kind', i % 50, 'name', 'n' || i)
  FROM generate_series(1, 2000) AS i;

-- A partition with its columns in another order, and one dropped.
CREATE TABLE events (id bigint, kind int, device int, note text, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 (note text, gone int, at date, device int, id bigint, kind int);
ALTER TABLE events_2 DROP COLUMN gone;
ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO events SELECT i, i % 50, i % 1000, md5(i::text), date '2024-01-01' + i % 60 FROM generate_series(1, 10000) AS i;

-- Rows in the order of their time, a page each: 128 MB that are quickly written.
CREATE TABLE measurements (at timestamptz, value text) WITH (fillfactor = 10, autovacuum_enabled = false);
INSERT INTO measurements
SELECT timestamptz '2024-01-01 UTC' + i * interval '1 min', repeat('x', 900) FROM generate_series(1, 17000) AS i;

CREATE TABLE tiny (id int, name text);
INSERT INTO tiny SELECT i, 'n' || i FROM generate_series(1, 100) AS i;
CREATE TABLE fresh (id int, name text) WITH (autovacuum_enabled = false);
INSERT INTO fresh SELECT i, repeat('n', 100) FROM generate_series(1, 10000) AS i;
CREATE VIEW open_orders AS SELECT id, user_id, total, created_at FROM orders WHERE status = 'open';
CREATE VIEW user_orders AS SELECT u.name, u.country, o.* FROM users AS u JOIN orders AS o ON o.user_id = u.id;
VACUUM ANALYZE users, orders, lines, docs, measurements, tiny;
ANALYZE events;

CREATE FUNCTION candidates(statement text, max_columns int DEFAULT 4) RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT replace(substring(ddl FROM 'ON (.*)'), 'candidate_shop.', '')
      FROM dbops._candidates(statement, max_columns) ORDER BY replace(ddl, 'USING', '~') COLLATE "C"
$$;
\pset tuples_only on
\pset format unaligned

-- What everybody asks first: a filter, a join, an order and a limit; and with few columns, so that they can be covered.
SELECT candidates($$SELECT * FROM users u JOIN orders o ON u.id = o.user_id WHERE u.created_at > '2024-01-01' ORDER BY o.created_at DESC LIMIT 10$$);
SELECT candidates($$SELECT u.name, o.total FROM users u JOIN orders o ON u.id = o.user_id WHERE u.created_at > '2024-01-01' ORDER BY o.created_at DESC LIMIT 10$$);

-- Equalities first, then what is sorted by; directions only where they are mixed.
SELECT candidates($$SELECT * FROM orders WHERE user_id = 5 AND note = 'x' ORDER BY created_at DESC, id LIMIT 3$$);
SELECT candidates($$SELECT * FROM orders WHERE user_id = 5 ORDER BY created_at DESC, total DESC LIMIT 3$$);
SELECT candidates($$SELECT * FROM orders ORDER BY created_at DESC NULLS LAST LIMIT 3$$);
SELECT candidates($$SELECT * FROM orders WHERE (created_at, id) < ('2024-02-02', 5) ORDER BY created_at DESC, id DESC LIMIT 5$$);

-- Ranges behind equalities; a list of values is an equality.
SELECT candidates($$SELECT * FROM orders WHERE user_id IN (1, 2, 3) AND created_at BETWEEN '2024-01-01' AND '2024-01-02'$$);
SELECT candidates($$SELECT * FROM orders WHERE user_id = $1::bigint AND created_at > now() - interval '1 day' AND total > $2::numeric$$);
SELECT candidates($$SELECT * FROM orders WHERE user_id = 1 OR created_at > '2024-05-31'$$);

-- Never more keys than asked for.
SELECT candidates($$SELECT * FROM orders WHERE user_id = 5 AND note = 'x' ORDER BY created_at$$, 1);
SELECT candidates($$SELECT * FROM orders WHERE user_id = 5 AND note = 'x' ORDER BY created_at$$, 2);

-- What another index serves already is not thought of; what a unique key is followed by only covers.
SELECT candidates($$SELECT * FROM lines WHERE order_id = 5$$);
SELECT candidates($$SELECT quantity FROM lines WHERE line = 1 AND order_id = 5$$);
SELECT candidates($$SELECT * FROM users WHERE id = 5 AND created_at > '2024-01-01'$$);

-- Joins: by one key, by several to one relation, outer, semi, anti, unequal.
SELECT candidates($$SELECT l.line FROM lines l JOIN lines m ON m.product_id = l.order_id AND m.quantity = l.line WHERE l.shipped = '2024-03-01'$$);
SELECT candidates($$SELECT u.id, o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.total > 5 WHERE u.country = 'country 7'$$);
SELECT candidates($$SELECT id FROM users u WHERE EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.note = 'x')$$);
SELECT candidates($$SELECT id FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)$$);
SELECT candidates($$SELECT 1 FROM orders a JOIN orders b ON a.total < b.total WHERE a.user_id = 2$$);
SELECT candidates($$SELECT o.id FROM users u, orders o WHERE lower(o.note) = lower(u.email) AND u.id = 7$$);

-- Subqueries of all kinds.
SELECT candidates($$SELECT u.name, l.total FROM users u CROSS JOIN LATERAL (SELECT * FROM orders o WHERE o.user_id = u.id ORDER BY o.created_at DESC LIMIT 3) l WHERE u.country = 'country 7'$$);
SELECT candidates($$SELECT id, (SELECT max(total) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE u.email = 'e5@example.org'$$);
SELECT candidates($$WITH late AS MATERIALIZED (SELECT order_id FROM lines WHERE shipped > '2024-12-30') SELECT total FROM orders JOIN late ON late.order_id = orders.parent_id$$);
-- From 17 on, a union may ask for sorted input, too.
SELECT c FROM candidates($$SELECT user_id FROM orders WHERE total = 1 UNION SELECT id FROM users WHERE email = 'x'$$) AS c
    WHERE c ~ '^\w+ \((total|email)\)';
SELECT candidates($$SELECT * FROM (SELECT user_id AS id, total FROM orders UNION ALL SELECT id, 0 FROM users) AS both_of WHERE id = 5$$);

-- Grouping, distinct values, windows, the greatest.
SELECT candidates($$SELECT user_id, sum(total) FROM orders GROUP BY user_id$$);
SELECT candidates($$SELECT DISTINCT country FROM users$$);
SELECT candidates($$SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_at) FROM orders$$);
SELECT candidates($$SELECT max(created_at) FROM orders WHERE user_id = 5$$);

-- Through views; the predicate of a view is one of an index.
SELECT candidates($$SELECT * FROM open_orders WHERE user_id = 7 FOR UPDATE$$);
SELECT candidates($$SELECT * FROM user_orders WHERE country = 'country 7' AND total > 990$$);

-- Partial: states, NULL, a flag, columns of one row; never a parameter, or a value that is one of many.
SELECT candidates($$SELECT * FROM orders WHERE status = 'open' AND user_id = 5 ORDER BY created_at LIMIT 3$$);
SELECT candidates($$SELECT * FROM orders WHERE status = $1::text AND user_id = 5$$);
SELECT candidates($$SELECT id FROM users WHERE NOT active$$);
SELECT candidates($$SELECT id FROM users WHERE deleted_at < $1::timestamptz$$);
SELECT candidates($$SELECT total FROM orders WHERE parent_id = $1::bigint$$);
SELECT candidates($$SELECT order_id FROM lines WHERE shipped < ordered AND product_id = 5$$);
SELECT candidates($$SELECT * FROM users WHERE country = 'country 7' AND name = 'x'$$);

-- Expressions that are immutable.
SELECT candidates($$SELECT * FROM users WHERE lower(email) = 'x'$$);
SELECT candidates($$SELECT * FROM orders WHERE (created_at AT TIME ZONE 'UTC')::date = '2024-01-01'$$);
SELECT candidates($$SELECT * FROM orders WHERE created_at::date = '2024-01-01'$$);
SELECT candidates($$SELECT * FROM users ORDER BY lower(name) LIMIT 5$$);
SELECT candidates($$SELECT id FROM docs WHERE meta ->> 'name' = 'n77'$$);

-- Patterns: by prefix in the order of bytes, else by trigrams.
SELECT candidates($$SELECT id FROM docs WHERE url LIKE 'https://example.org/b%'$$);
SELECT candidates($$SELECT id FROM docs WHERE title LIKE 'title 1%'$$);
SELECT candidates($$SELECT id FROM docs WHERE title ILIKE '%abc%'$$);
SELECT candidates($$SELECT id FROM docs WHERE title ~ '^title 1'$$);

-- Other access methods.
SELECT candidates($$SELECT id FROM docs WHERE meta @> '{"kind": 5}'$$);
SELECT candidates($$SELECT id FROM docs WHERE meta ? 'x'$$);
SELECT candidates($$SELECT id FROM docs WHERE tags && ARRAY[5]$$);
SELECT candidates($$SELECT id FROM docs WHERE words @@ to_tsquery('simple', 'w5')$$);
SELECT candidates($$SELECT id FROM docs WHERE to_tsvector('simple', body) @@ to_tsquery('simple', 'abc')$$);
SELECT candidates($$SELECT a.id FROM docs a JOIN docs b ON a.tags && b.tags WHERE b.id = 5$$);
SELECT candidates($$SELECT id FROM docs WHERE during && int8range(5, 6)$$);
SELECT candidates($$SELECT id FROM docs ORDER BY place <-> point(5, 5) LIMIT 5$$);
SELECT candidates($$SELECT id FROM docs WHERE url = 'https://x'$$);
SELECT candidates($$SELECT * FROM measurements WHERE at BETWEEN '2024-01-05' AND '2024-01-06'$$);

-- Partitions: an index of the table.
SELECT candidates($$SELECT * FROM events WHERE kind = 5 AND device = 3 ORDER BY at DESC$$);
SELECT candidates($$SELECT sum(kind) FROM events WHERE device = 5$$);
SELECT candidates($$SELECT * FROM events_2 WHERE device = 5$$);

-- Statements that write, and what wraps statements.
SELECT candidates($$UPDATE orders SET total = 0 WHERE user_id = 4$$);
SELECT candidates($$DELETE FROM orders WHERE created_at < '2020-01-01'$$);
SELECT candidates($$INSERT INTO tiny SELECT user_id, note FROM orders WHERE total = 5$$);
SELECT candidates($$MERGE INTO users u USING orders o ON u.id = o.user_id AND o.note = 'x' WHEN MATCHED THEN UPDATE SET name = 'x'$$);
SELECT candidates($$EXPLAIN (COSTS OFF) SELECT * FROM users WHERE email = 'x'$$);
SELECT candidates($$DECLARE c CURSOR FOR SELECT * FROM users WHERE email = 'x'$$);

-- Small tables, those without statistics, and what is the system's get none.
SELECT candidates($$SELECT * FROM tiny WHERE name = 'n5'$$);
SELECT candidates($$SELECT * FROM fresh WHERE id = 5$$);
SELECT candidates($$SELECT * FROM pg_class WHERE relname = 'x'$$);

-- Why a table gets none.
\pset format aligned
SET client_min_messages = debug1;
SELECT count(*) FROM dbops._candidates('SELECT FROM tiny, fresh, pg_class');
RESET client_min_messages;

-- With the index of the table, all partitions are read by theirs, whatever the numbers of their columns.
SELECT ddl, cost_after < cost_before / 4 AS cheaper
  FROM dbops._candidates('SELECT * FROM events WHERE device = 5') WHERE used;
-- It is as large as those of its partitions.
SELECT bytes AS claimed FROM dbops._candidates('SELECT * FROM events WHERE device = 5') \gset
CREATE INDEX events_device ON events (device);
SELECT sum(pg_relation_size(relid)) BETWEEN :claimed / 1.15 AND :claimed * 1.15 AS right_size
  FROM pg_partition_tree('events_device') WHERE isleaf;

-- Of an expression, a sample tells what ANALYZE finds once the index is there.
CREATE FUNCTION plan_cost(statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Total Cost';
END $$;
SELECT cost_after AS claimed, bytes
  FROM dbops._candidates($$SELECT * FROM users WHERE length(email) = 13$$) WHERE used \gset
CREATE INDEX users_length ON users (length(email));
ANALYZE users;
SELECT plan_cost('SELECT * FROM users WHERE length(email) = 13') BETWEEN :claimed / 1.05 AND :claimed * 1.05 AS right_cost,
       pg_relation_size('users_length') BETWEEN :bytes / 1.15 AND :bytes * 1.15 AS right_size;
-- One that fails for a row makes no index.
SELECT candidates('SELECT * FROM users WHERE name::int = 5');
-- Who may not read a table is told nothing of what is in it, and no function runs over its rows.
CREATE ROLE candidate_stranger;
CREATE FUNCTION told(text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RAISE WARNING 'told %', current_user; RETURN 1; END $$;
ALTER FUNCTION told(text) COST 100000;
GRANT USAGE ON SCHEMA candidate_shop, dbops TO candidate_stranger;
GRANT EXECUTE ON FUNCTION dbops._candidates(text, integer), dbops.explain_whatif(text, text[]), dbops._explain_whatif(text, text[])
   TO candidate_stranger;
SET ROLE candidate_stranger;
SELECT ddl FROM dbops._candidates('SELECT * FROM users WHERE told(name) = 5');
SELECT count(*) FROM dbops.explain_whatif('SELECT 1 FROM candidate_shop.users');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION dbops._candidates(text, integer), dbops.explain_whatif(text, text[]), dbops._explain_whatif(text, text[])
  FROM candidate_stranger;
REVOKE USAGE ON SCHEMA dbops FROM candidate_stranger;

-- A function that becomes part of the query has tables, too.
CREATE FUNCTION of_user(bigint) RETURNS SETOF orders STABLE LANGUAGE sql AS
'SELECT * FROM candidate_shop.orders WHERE user_id = $1';
SELECT ddl FROM dbops.recommend_indexes(workload => ARRAY['SELECT * FROM candidate_shop.of_user(7)']);

-- No index is a copy of a table, whose rows are as short in its partitions as they are.
CREATE TABLE short (id int, k int, at timestamptz, note text) PARTITION BY RANGE (id);
CREATE TABLE short_1 PARTITION OF short FOR VALUES FROM (0) TO (20000);
INSERT INTO short SELECT i, i % 100, timestamptz '2024-01-01 UTC', 'n' FROM generate_series(1, 10000) AS i;
ANALYZE short;
SELECT ddl ~ 'INCLUDE' AS copies FROM dbops.recommend_indexes(workload => ARRAY['SELECT * FROM candidate_shop.short WHERE k = 7']);

-- Another operator class for what an index searches already.
CREATE INDEX docs_meta ON docs USING gin (meta jsonb_path_ops);
SELECT ddl FROM dbops._candidates($$SELECT * FROM docs WHERE meta @> '{"kind": 7}'$$);
SELECT ddl FROM dbops._candidates($$SELECT * FROM docs WHERE meta ? 'kind'$$);

-- A rule may leave nothing to plan; what writes is planned under the locks of what reads.
CREATE RULE kept AS ON DELETE TO tiny DO INSTEAD NOTHING;
SELECT * FROM dbops.explain_whatif('DELETE FROM candidate_shop.tiny');
SELECT count(*) > 0 AS planned FROM dbops.explain_whatif('UPDATE candidate_shop.orders SET total = 1 WHERE id = 7');

-- What the server would not create is not thought of either.
SELECT FROM dbops.explain_whatif('SELECT 1', ARRAY['CREATE INDEX ON candidate_shop.orders (ctid)']);
SELECT FROM dbops.explain_whatif('SELECT 1', ARRAY['CREATE INDEX ON candidate_shop.orders (id) WHERE tableoid = 7']);
SELECT FROM dbops.explain_whatif('SELECT 1', ARRAY['CREATE INDEX ON candidate_shop.orders (id) INCLUDE ((total + 1))']);
SELECT FROM dbops.explain_whatif('SELECT 1', ARRAY['CREATE INDEX ON candidate_shop.orders USING hash (id, total)']);
SELECT FROM dbops.explain_whatif('SELECT 1', ARRAY['CREATE INDEX ON candidate_shop.docs USING gin (meta) INCLUDE (id)']);

-- What cannot be planned says why.
SELECT count(*) FROM dbops.recommend_indexes(workload => ARRAY['SELECT 1', 'SELECT * FROM nowhere']);
SELECT ddl FROM dbops._candidates('SELECT * FROM nowhere');
SELECT ddl FROM dbops._candidates('SELECT 1', 0);
SELECT ddl FROM dbops._candidates('SELECT 1');

-- It is for superusers.
CREATE ROLE candidate_monitor IN ROLE pg_monitor;
SET ROLE candidate_monitor;
SELECT ddl FROM dbops._candidates('SELECT 1');
RESET ROLE;

SET client_min_messages = warning;
DROP ROLE candidate_monitor;
DROP SCHEMA candidate_shop CASCADE;
DROP ROLE candidate_stranger;
DROP EXTENSION pg_trgm;
RESET client_min_messages;
