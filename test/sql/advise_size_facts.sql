SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

-- covers: advise/column_facts advise/gin_facts advise/key_counts advise/key_samples advise/row_sample
-- Sizes that are expected of indexes, from statistics, are those of the indexes that were built.
CREATE TABLE sized (id integer, few integer, sparse integer, word text, amount numeric, at timestamptz, tags integer[], doc jsonb);
INSERT INTO sized
SELECT i, i % 50, CASE WHEN i % 3 = 0 THEN i END, repeat('x', i % 40), i * 1.25, timestamptz '2024-01-01' + i * interval '1 min',
    ARRAY[i % 7, i % 11, i % 400], jsonb_build_object('id', i, 'kind', i % 5)
FROM generate_series(1, 20000) AS i;
CREATE INDEX sized_id ON sized (id);
CREATE UNIQUE INDEX sized_unique ON sized (id);
CREATE INDEX sized_few ON sized (few);
CREATE INDEX sized_few_apart ON sized (few) WITH (deduplicate_items = off);
CREATE INDEX sized_sparse ON sized (sparse);
CREATE INDEX sized_word ON sized (word);
CREATE INDEX sized_amount ON sized (amount);
CREATE INDEX sized_two ON sized (few, at);
CREATE INDEX sized_covering ON sized (few) INCLUDE (id, amount);
CREATE INDEX sized_expression ON sized (upper(word));
CREATE INDEX sized_part ON sized (id) WHERE few < 5;
CREATE INDEX sized_full ON sized (id) WITH (fillfactor = 100);
CREATE INDEX sized_hash ON sized USING hash (id);
CREATE INDEX sized_brin ON sized USING brin (at);
CREATE INDEX sized_tags ON sized USING gin (tags);
CREATE INDEX sized_doc ON sized USING gin (doc jsonb_path_ops);
VACUUM ANALYZE sized;
SELECT indexrelid::regclass AS index, abs(expected_pages - pages) <= 0.15 * pages + 1 AS close,
    expected_height IS NOT DISTINCT FROM height AS level
FROM pg_index, dbops._index_size(indexrelid)
WHERE indrelid = 'sized'::regclass
ORDER BY indexrelid;

-- Dependent columns have fewer combinations than independent ones: extended statistics tell.
CREATE TABLE depends AS SELECT i % 200 AS a, i % 200 / 2 AS b FROM generate_series(1, 20000) AS i;
CREATE INDEX depends_both ON depends (a, b);
CREATE STATISTICS depends_ndistinct (ndistinct) ON a, b FROM depends;
ANALYZE depends;
SELECT abs(expected_pages - pages) <= 0.15 * pages + 1 AS close FROM dbops._index_size('depends_both');

-- Where there are none, a sample tells: of values that depend on each other, also where they lie together.
CREATE TABLE together AS
SELECT i % 4001 AS a, i % 4001 / 3 AS b, i / 20 AS c, i / 50 AS d, i * 7919 % 3001 AS e FROM generate_series(1, 40000) AS i;
CREATE INDEX together_a_b ON together (a, b);
CREATE INDEX together_b_a ON together (b, a);
CREATE INDEX together_c_d ON together (c, d);
CREATE INDEX together_a_e ON together (a, e);
ANALYZE together;
SELECT indexrelid::regclass AS index, abs(expected_pages - pages) <= 0.15 * pages + 1 AS close
FROM pg_index, dbops._index_size(indexrelid)
WHERE indrelid = 'together'::regclass
ORDER BY indexrelid;

-- Without statistics some rows are looked at; an expression that throws is done without.
CREATE TABLE unknown (a integer, b text);
ALTER TABLE unknown SET (autovacuum_enabled = off);
CREATE INDEX unknown_a ON unknown (a);
CREATE INDEX unknown_b ON unknown (lower(b));
CREATE INDEX unknown_thrown ON unknown ((1 / a));
INSERT INTO unknown SELECT 1 + i % 10, repeat('y', 20) || i FROM generate_series(1, 5000) AS i;
REINDEX TABLE unknown;
SELECT indexrelid::regclass AS index, abs(expected_pages - pages) <= 0.25 * pages + 1 AS close
FROM pg_index, dbops._index_size(indexrelid)
WHERE indrelid = 'unknown'::regclass
ORDER BY indexrelid;

-- An expression is evaluated with the rights of the table's owner, and cannot write.
CREATE ROLE sized_owner;
CREATE TABLE watched (who text);
GRANT INSERT, SELECT ON watched TO sized_owner;
GRANT CREATE ON SCHEMA public TO sized_owner;
SET ROLE sized_owner;
CREATE TABLE trap (a integer);
CREATE FUNCTION trapped(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN $1; END $$;
INSERT INTO trap VALUES (1);
CREATE INDEX trap_index ON trap (trapped(a));
RESET ROLE;
SELECT expected_pages FROM dbops._index_size('trap_index');
CREATE OR REPLACE FUNCTION trapped(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN INSERT INTO watched VALUES (current_user); RETURN $1; END $$;
SELECT expected_pages FROM dbops._index_size('trap_index');
SELECT count(*) FROM watched;

-- An exclusion constraint is no index that could be described; its real size is known.
CREATE TABLE excluded (r int4range, EXCLUDE USING gist (r WITH &&));
SELECT expected_pages, pages FROM dbops._index_size('excluded_r_excl');
SELECT * FROM dbops._index_size('sized');

-- Nobody but a superuser may ask.
SET ROLE sized_owner;
SELECT * FROM dbops._index_size('trap_index');
RESET ROLE;
DROP TABLE sized, depends, together, unknown, trap, watched, excluded;
DROP FUNCTION trapped(integer);
REVOKE CREATE ON SCHEMA public FROM sized_owner;
DROP ROLE sized_owner;
