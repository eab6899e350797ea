-- Indexes that nobody misses are dropped, and those with a duty stay.
-- covers: advise/droppable advise/existing_indexes advise/drop_advice advise/search_existing advise/statement_writes advise/index_script advise/foreign_key_advice
-- covers: advise/search advise/exploration advise/plan_pool advise/recommendation advise/recommend
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;

CREATE SCHEMA drops;
SET search_path = drops, public;

-- what is advised on a table for a workload, numbers aside
CREATE FUNCTION drops.advice(name text, workload text[], weights float8[] DEFAULT NULL,
    OUT action text, OUT ddl text, OUT undo_ddl text, OUT confidence text, OUT reason text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT r.action, r.ddl, r.undo_ddl, r.confidence, regexp_replace(r.reason, '[0-9.]+ (%|minutes|hours|days)', 'N \1')
      FROM dbops.recommend_indexes(workload => $2, weights => $3) AS r
     WHERE r.table_name = 'drops.' || $1
     ORDER BY r.action COLLATE "C", r.ddl COLLATE "C"
$$;

-- each duty keeps an index, though the workload uses none of them
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE duty (
    id int PRIMARY KEY,
    a int, b int, c int,
    e int NOT NULL, f int REFERENCES parent, g int, h int,
    CONSTRAINT duty_c UNIQUE (c),
    EXCLUDE USING btree (b WITH =));
CREATE UNIQUE INDEX duty_unique ON duty (a);
CREATE UNIQUE INDEX duty_identity ON duty (e);
ALTER TABLE duty REPLICA IDENTITY USING INDEX duty_identity;
CREATE INDEX duty_clustered ON duty (g, a);
ALTER TABLE duty CLUSTER ON duty_clustered;
CREATE INDEX duty_f ON duty (f);
CREATE INDEX duty_g ON duty (g);
CREATE INDEX duty_h ON duty (h);
CREATE INDEX duty_h_id ON duty (h, id);
CREATE INDEX duty_invalid ON duty (b, c);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'duty_invalid'::regclass;
INSERT INTO parent SELECT generate_series(1, 100);
INSERT INTO duty SELECT i, i, i, i, i, 1 + i % 100, i, i FROM generate_series(1, 1000) AS i;
VACUUM ANALYZE parent, duty;
SELECT index_name, may_drop, reason FROM dbops.index_duties('duty') WHERE reason !~ 'known' ORDER BY 1;
SELECT action, ddl, undo_ddl, confidence, reason FROM advice('duty', ARRAY['SELECT count(*) FROM drops.duty']);

-- what an extension brings is its own
CREATE TABLE brought (a int);
CREATE INDEX brought_a ON brought (a);
CREATE INDEX brought_a_again ON brought (a);
ALTER EXTENSION pg_stat_statements ADD TABLE brought;
SELECT index_name, may_drop, reason FROM dbops.index_duties('brought') ORDER BY 1;
ALTER EXTENSION pg_stat_statements DROP TABLE brought;
SELECT index_name, may_drop, reason FROM dbops.index_duties('brought') WHERE reason !~ 'known' ORDER BY 1;

-- any of two indexes may serve the foreign key, but not none; a partial one if it lacks but NULLs
CREATE TABLE child (id int PRIMARY KEY, f int REFERENCES parent, x int);
CREATE INDEX child_f ON child (f) WHERE f IS NOT NULL;
CREATE INDEX child_include ON child (x) INCLUDE (f);
SELECT index_name, may_drop, reason FROM dbops.index_duties('child') WHERE reason !~ 'known' ORDER BY 1;
CREATE INDEX child_f_x ON child (f, x);
SELECT index_name FROM dbops.index_duties('child') WHERE reason ~ 'foreign key' ORDER BY 1;
DROP INDEX child_f, child_f_x;
CREATE INDEX child_some ON child (f) WHERE x > 0;
SELECT index_name FROM dbops.index_duties('child') WHERE reason ~ 'foreign key' ORDER BY 1;

-- duplicates and prefixes go, whatever else may use them; what only looks like one stays
CREATE TABLE twice (id int PRIMARY KEY, a int, b int, c int, d text);
CREATE INDEX twice_a ON twice (a);
CREATE INDEX twice_ab ON twice (a, b);
CREATE INDEX twice_c1 ON twice (c);
CREATE INDEX twice_c2 ON twice (c);
CREATE INDEX twice_c_part ON twice (c) WHERE b < 10;
CREATE INDEX twice_d ON twice (d text_pattern_ops);
CREATE INDEX twice_d2 ON twice (d, a);
CREATE INDEX twice_hash ON twice USING hash (a);
CREATE UNIQUE INDEX twice_unique ON twice (a, id);
INSERT INTO twice SELECT i, i % 1000, i % 500, i % 300, md5(i::text) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE twice;
SELECT * FROM advice('twice', ARRAY['SELECT * FROM drops.twice WHERE a = 1', 'SELECT * FROM drops.twice WHERE c = 2']);

-- one that is not the same is kept, as nobody knows who else uses it
CREATE INDEX twice_b ON twice (b);
SELECT ddl FROM advice('twice', ARRAY['SELECT * FROM drops.twice WHERE a = 1']) WHERE ddl ~ 'twice_b';

-- an index that is extended is replaced, created first and dropped then
CREATE TABLE wider (id int PRIMARY KEY, a int, b int, pad text);
CREATE INDEX wider_a ON wider (a);
INSERT INTO wider SELECT i, i % 50, i % 5003, repeat('x', 100) FROM generate_series(1, 40000) AS i;
VACUUM ANALYZE wider;
SELECT action, ddl, undo_ddl, reason FROM advice('wider', ARRAY['SELECT * FROM drops.wider WHERE a = 1 AND b = 1', 'SELECT * FROM drops.wider WHERE a = 2 ORDER BY b LIMIT 5'], ARRAY[1000, 1000]);
-- but not where it alone serves somebody
SELECT action, ddl FROM advice('wider', ARRAY['SELECT * FROM drops.wider WHERE b = 1'], ARRAY[1000]);

-- what is written more than it is read gets no index, and the same table gets one where it is read
SELECT action, ddl FROM advice('wider', ARRAY['SELECT * FROM drops.wider WHERE b = 1', 'INSERT INTO drops.wider VALUES (1, 2, 3)'], ARRAY[1, 1e7]);
SELECT action, ddl FROM advice('wider', ARRAY['SELECT * FROM drops.wider WHERE b = 1', 'UPDATE drops.wider SET b = 2 WHERE id = 1'], ARRAY[1, 1e7]);
SELECT action, ddl FROM advice('wider', ARRAY['SELECT * FROM drops.wider WHERE b = 1', 'INSERT INTO drops.wider VALUES (1, 2, 3)'], ARRAY[1e5, 100]);
SELECT write_cost_ms_per_day > 0 AS has_write_cost, build_seconds > 0 AS has_build_time, benefit_ms_per_day > write_cost_ms_per_day AS pays
  FROM dbops.recommend_indexes(workload => ARRAY['SELECT * FROM drops.wider WHERE b = 1', 'INSERT INTO drops.wider VALUES (1, 2, 3)'], weights => ARRAY[1e5, 100]);

-- a foreign key without index costs who deletes, as much as is deleted
CREATE TABLE owner (id int PRIMARY KEY, word text);
CREATE TABLE owned (id int PRIMARY KEY, owner_id int REFERENCES owner, other_id int, pad text);
INSERT INTO owner SELECT i, 'w' FROM generate_series(1, 1000) AS i;
INSERT INTO owned SELECT i, 1 + i % 1000, i, repeat('x', 100) FROM generate_series(1, 20000) AS i;
VACUUM ANALYZE owner, owned;
SELECT * FROM advice('owned', ARRAY['DELETE FROM drops.owner WHERE id = 1'], ARRAY[100]);
SELECT * FROM advice('owned', ARRAY['UPDATE drops.owner SET id = 3 WHERE id = 1'], ARRAY[100]);
SELECT * FROM advice('owned', ARRAY['UPDATE drops.owner SET word = 3 WHERE id = 1', 'SELECT FROM drops.owned'], ARRAY[100, 1]);
SELECT * FROM advice('owned', ARRAY['DELETE FROM drops.owner WHERE id = 1', 'INSERT INTO drops.owned VALUES (1)'], ARRAY[1, 1e7]);
CREATE INDEX owned_owner ON owned (owner_id) WHERE owner_id IS NOT NULL;
SELECT * FROM advice('owned', ARRAY['DELETE FROM drops.owner WHERE id = 1'], ARRAY[100]);

-- of a partitioned table the index is one: made by a script without blocking, dropped where all parts are
CREATE TABLE parted (id int, a int, b int, c int, pad text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (20000);
CREATE TABLE parted_2 (pad text, c int, b int, a int, id int) PARTITION BY RANGE (id);
CREATE TABLE parted_2a PARTITION OF parted_2 FOR VALUES FROM (20000) TO (40000);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (20000) TO (40000);
CREATE INDEX parted_b ON parted (b);
CREATE INDEX parted_bc ON parted (b, c);
INSERT INTO parted SELECT i, i % 5003, i % 5003, i, repeat('x', 50) FROM generate_series(0, 39999) AS i;
VACUUM ANALYZE parted;
SELECT index_name, may_drop, reason FROM dbops.index_duties('parted_1') ORDER BY 1;
SELECT action, ddl, undo_ddl, reason FROM advice('parted', ARRAY['SELECT * FROM drops.parted WHERE a = 1', 'SELECT * FROM drops.parted_2a WHERE b = 1'], ARRAY[1000, 1000]);
-- the script does what it says, and takes itself back
SELECT ddl AS script, undo_ddl AS undo FROM advice('parted', ARRAY['SELECT * FROM drops.parted WHERE a = 1'], ARRAY[1000]) WHERE action = 'create' \gset
SELECT unnest(string_to_array(:'script', E';\n')) \gexec
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indexrelid = 'parted_a_idx'::regclass;
SELECT ddl FROM advice('parted', ARRAY['SELECT * FROM drops.parted WHERE a = 1'], ARRAY[1000]) WHERE action = 'create';
:undo;
SELECT to_regclass('parted_a_idx');

-- of what a workload says that was watched, an index that nobody used goes, and one that is used does not,
-- though it is not known by whom: the statement is too long to be read
CREATE TABLE used (id int PRIMARY KEY, a int, b int, c int);
CREATE INDEX used_a ON used (a);
CREATE INDEX used_b ON used (b);
CREATE INDEX used_c ON used (c);
INSERT INTO used SELECT i, i, i, i FROM generate_series(1, 10000) AS i;
VACUUM ANALYZE used;
\set VERBOSITY terse
ALTER SYSTEM SET dbops.inspect_interval = '10s';
ALTER SYSTEM SET dbops.wide_interval = '1s';
SELECT pg_reload_conf();
\i test/include/await.sql
CALL pg_temp.await($$ EXISTS (SELECT FROM dbops.objects WHERE objname = 'used_c') $$);
SET enable_seqscan = off;
SELECT id FROM drops.used WHERE a = 7;
DO $$BEGIN EXECUTE 'SELECT /* ' || repeat('x', 200000) || ' */ id FROM drops.used WHERE b = 7'; END$$;
RESET enable_seqscan;
SELECT FROM pg_stat_force_next_flush();
CALL pg_temp.await($$ (SELECT count(*) = 2 FROM dbops.index_duties('drops.used') WHERE scans > 0) $$);
SELECT index_name, may_drop, regexp_replace(reason, '\d+', 'N'), scans > 0 AS used, days > 0 AS watched FROM dbops.index_duties('used') ORDER BY 1;
SELECT * FROM advice('used', NULL);
-- what saves next to nothing beside what is there is not worth a name
CREATE TABLE spare AS SELECT i AS id, i % 7 AS state, 'n' || i AS note FROM generate_series(1, 20000) AS i;
CREATE INDEX spare_note ON spare (note);
ANALYZE spare;
SELECT action, ddl FROM advice('spare', ARRAY[$q$SELECT * FROM drops.spare WHERE state = 3 AND note = 'n7'$q$]);

-- nor are two with the same keys, where one does for both
CREATE TABLE twin AS SELECT i AS at, i % 10 AS a, i % 11 AS b, repeat('x', 100) AS pad FROM generate_series(1, 40000) AS i ORDER BY i % 977;
VACUUM ANALYZE twin;
SELECT action, ddl FROM advice('twin', ARRAY['SELECT a FROM drops.twin WHERE at < 700', 'SELECT a, b FROM drops.twin WHERE at < 700'], ARRAY[100, 1000]);

-- Two statements with one key are served by one index with what either reads.
CREATE TABLE drops.merging (id int PRIMARY KEY, a int, x int, y int, pad text);
INSERT INTO drops.merging SELECT i, i % 500, i, i, repeat('p', 100) FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE drops.merging;
SELECT count(*), bool_and(ddl ~ '\(a\) INCLUDE \((x, y|y, x)\)') AS of_both
  FROM dbops.recommend_indexes(workload => ARRAY['SELECT sum(x) FROM drops.merging WHERE a = 1', 'SELECT sum(y) FROM drops.merging WHERE a = 2'],
                               weights => ARRAY[1000, 1000]);

-- whoever may watch the server may ask
CREATE ROLE drops_watcher;
GRANT pg_monitor TO drops_watcher;
GRANT USAGE ON SCHEMA drops TO drops_watcher;
SET ROLE drops_watcher;
SELECT index_name FROM dbops.index_duties('used') WHERE may_drop;
SELECT action FROM advice('twice', ARRAY['SELECT FROM pg_class']);
RESET ROLE;
DROP OWNED BY drops_watcher;
DROP ROLE drops_watcher;
ALTER SYSTEM RESET dbops.inspect_interval;
ALTER SYSTEM RESET dbops.wide_interval;
SELECT pg_reload_conf();

SET client_min_messages = warning;
DROP SCHEMA drops CASCADE;
