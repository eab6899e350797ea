-- Tables and indexes for index_size; all that is random repeats with the seed.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT setseed(0.5);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE wide AS
SELECT i AS id,
    i % 50 AS few,
    (i * 7919::bigint % :rows)::integer / 4 AS fours,
    (:rows / 20 * random())::integer AS twenties,
    floor(power(random(), 4) * :rows / 5)::integer AS skewed,
    floor(exp(random() * ln(:rows)))::integer AS zipf,
    CASE WHEN random() < 0.3 THEN (random() * 1000000)::integer END AS sparse,
    CASE WHEN random() < 0.9 THEN i END AS nullable,
    NULL::integer AS empty,
    random() < 0.1 AS flag,
    md5(i::text) AS hex,
    md5((i % 3000)::text) AS hex_few,
    substr(md5(i::text) || md5(i::text), 1, 4 + (random() * 40)::integer) AS word,
    (ARRAY['new', 'paid', 'shipped', 'returned', 'lost'])[1 + floor(power(random(), 3) * 5)::integer] AS status,
    'user' || i || '@example.org' AS email,
    repeat(md5(i::text), 4 + i % 9) AS long,
    (random() * 100000)::numeric(10, 2) AS amount,
    (floor(random() * 50) * 5)::numeric AS price,
    md5(i::text)::uuid AS uuid,
    timestamptz '2024-01-01' + i * interval '37 seconds' AS at,
    date '2020-01-01' + (random() * 1500)::integer AS day,
    random() AS ratio,
    (i % 32000)::smallint AS small,
    (i / 100)::bigint AS block,
    ('n' || i % 700)::name AS nom,
    point(random() * 1000, random() * 1000) AS spot,
    int4range((random() * 1000000)::integer, 1000001) AS span,
    ('10.' || i % 200 || '.' || i / 200 % 250 || '.' || i % 251)::inet AS addr,
    substr(md5(i::text), 1, 1)::char(10) AS fixed
FROM generate_series(1, :rows) AS i;

CREATE TABLE docs AS
SELECT i AS id,
    (SELECT array_agg(DISTINCT floor(power(random(), 3) * 2000)::integer) FROM generate_series(1, 3 + i % 8)) AS tags,
    (SELECT array_agg(floor(random() * 50)::integer) FROM generate_series(1, 4) WHERE i > 0) AS colours,
    jsonb_build_object('id', i, 'kind', 'k' || i % 12, 'name', 'name ' || (random() * 5000)::integer,
        'flags', jsonb_build_array(i % 3, i % 5), 'at', i / 100) AS data,
    (SELECT string_agg('w' || floor(exp(random() * 9))::integer, ' ') FROM generate_series(1, 10 + i % 20)) AS body
FROM generate_series(1, :rows / 5) AS i;
ALTER TABLE docs ADD words tsvector;
UPDATE docs SET words = to_tsvector('simple', body);
VACUUM FULL docs;

CREATE TABLE tiny AS SELECT i AS a FROM generate_series(1, 1) AS i;
CREATE TABLE none (a integer, b text);
CREATE TABLE page AS SELECT i AS a FROM generate_series(1, 367) AS i;
VACUUM (FREEZE, ANALYZE);

-- integers and the like
CREATE INDEX int_unique ON wide (id);
CREATE INDEX int_fifty ON wide (few);
CREATE INDEX int_fours ON wide (fours);
CREATE INDEX int_twenties ON wide (twenties);
CREATE INDEX int_skewed ON wide (skewed);
CREATE INDEX int_zipf ON wide (zipf);
CREATE INDEX int_sparse ON wide (sparse);
CREATE INDEX int_nullable ON wide (nullable);
CREATE INDEX int_empty ON wide (empty);
CREATE INDEX bool_flag ON wide (flag);
CREATE INDEX small_int ON wide (small);
CREATE INDEX big_int ON wide (block);
CREATE INDEX float_unique ON wide (ratio);
CREATE INDEX int_full ON wide (id) WITH (fillfactor = 100);
CREATE INDEX int_half ON wide (id) WITH (fillfactor = 50);
CREATE INDEX int_not_merged ON wide (few) WITH (deduplicate_items = off);
CREATE UNIQUE INDEX int_is_unique ON wide (id);
-- text, numbers, times
CREATE INDEX text_hex ON wide (hex);
CREATE INDEX text_hex_few ON wide (hex_few);
CREATE INDEX text_word ON wide (word);
CREATE INDEX text_status ON wide (status);
CREATE INDEX text_email ON wide (email);
CREATE INDEX text_long ON wide (long);
CREATE INDEX text_pattern ON wide (email text_pattern_ops);
CREATE INDEX name_some ON wide (nom);
CREATE INDEX char_fixed ON wide (fixed);
CREATE INDEX numeric_amount ON wide (amount);
CREATE INDEX numeric_price ON wide (price);
CREATE INDEX uuid_unique ON wide (uuid);
CREATE INDEX time_unique ON wide (at);
CREATE INDEX date_some ON wide (day);
CREATE INDEX inet_addr ON wide (addr);
CREATE INDEX range_span ON wide (span);
-- several columns
CREATE INDEX two_low_high ON wide (few, id);
CREATE INDEX two_few ON wide (few, status);
CREATE INDEX two_text_int ON wide (status, twenties);
CREATE INDEX two_sparse ON wide (sparse, nullable);
CREATE INDEX three_ints ON wide (few, twenties, id);
CREATE INDEX three_mixed ON wide (status, day, amount);
CREATE INDEX four_mixed ON wide (flag, status, day, few);
CREATE INDEX four_wide ON wide (word, hex, at, small);
CREATE INDEX two_dependent ON wide (id, block);
CREATE INDEX covering_int ON wide (few) INCLUDE (id);
CREATE INDEX covering_text ON wide (id) INCLUDE (word, amount);
-- expressions and parts
CREATE INDEX expr_lower ON wide (lower(email));
CREATE INDEX expr_mod ON wide ((id % 10));
CREATE INDEX expr_day ON wide ((date_trunc('day', day::timestamp)));
CREATE INDEX part_flag ON wide (id) WHERE flag;
CREATE INDEX part_some ON wide (twenties) WHERE status = 'new';
CREATE INDEX part_none ON wide (id) WHERE id < 0;
-- hash
CREATE INDEX hash_unique ON wide USING hash (id);
CREATE INDEX hash_fifty ON wide USING hash (few);
CREATE INDEX hash_twenties ON wide USING hash (twenties);
CREATE INDEX hash_zipf ON wide USING hash (zipf);
CREATE INDEX hash_text ON wide USING hash (hex);
CREATE INDEX hash_sparse ON wide USING hash (sparse);
CREATE INDEX hash_part ON wide USING hash (id) WHERE flag;
-- BRIN
CREATE INDEX brin_id ON wide USING brin (id);
CREATE INDEX brin_two ON wide USING brin (at, hex);
CREATE INDEX brin_fine ON wide USING brin (id) WITH (pages_per_range = 1);
CREATE INDEX brin_null ON wide USING brin (nullable) WITH (pages_per_range = 4);
-- GIN
CREATE INDEX gin_tags ON docs USING gin (tags);
CREATE INDEX gin_colours ON docs USING gin (colours);
CREATE INDEX gin_jsonb ON docs USING gin (data);
CREATE INDEX gin_path ON docs USING gin (data jsonb_path_ops);
CREATE INDEX gin_words ON docs USING gin (words);
CREATE INDEX gin_expr ON docs USING gin (to_tsvector('simple', body));
CREATE INDEX gin_trigram ON docs USING gin (body gin_trgm_ops);
CREATE INDEX gin_trigram_hex ON wide USING gin (hex gin_trgm_ops);
CREATE INDEX gin_trigram_email ON wide USING gin (email gin_trgm_ops);
-- GiST and SP-GiST
CREATE INDEX gist_point ON wide USING gist (spot);
CREATE INDEX gist_range ON wide USING gist (span);
CREATE INDEX gist_int ON wide USING gist (id);
CREATE INDEX gist_words ON docs USING gist (words);
CREATE INDEX gist_trigram ON docs USING gist (body gist_trgm_ops);
CREATE INDEX spgist_point ON wide USING spgist (spot);
CREATE INDEX spgist_text ON wide USING spgist (email);
CREATE INDEX spgist_range ON wide USING spgist (span);
-- edges
CREATE INDEX edge_one ON tiny (a);
CREATE INDEX edge_none ON none (a);
CREATE INDEX edge_page ON page (a);
CREATE INDEX edge_none_hash ON none USING hash (a);
CREATE INDEX edge_none_brin ON none USING brin (a);
CREATE INDEX edge_none_gin ON none USING gin (to_tsvector('simple', b));
CREATE INDEX edge_one_brin ON tiny USING brin (a);
VACUUM ANALYZE;
