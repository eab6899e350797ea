-- What functions of advice are given and cannot use is refused in words; what is gone has no rows.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dbops CASCADE;
RESET client_min_messages;
\set VERBOSITY terse
CREATE TABLE aa_table (i int PRIMARY KEY);

-- a relation that is not there, and one of another kind
SELECT * FROM dbops._index_size(0);
SELECT * FROM dbops._table_writes(0, '1 hour');
SELECT * FROM dbops._table_writes(4294967295, '1 hour');
SELECT * FROM dbops.index_duties(0);
SELECT * FROM dbops._index_size('aa_table');
SELECT * FROM dbops._table_writes('aa_table_pkey', '1 hour');
SELECT * FROM dbops._table_writes('pg_views', '1 hour');
SELECT count(*) FROM dbops._table_writes('aa_table', '1 hour');

-- lists that do not fit
SELECT * FROM dbops.recommend_indexes(weights => '{1}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{1,2}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{{1}}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{NULL}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{NaN}');
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', weights => '{-1}');
SELECT * FROM dbops.recommend_indexes(workload => '{NULL}');
SELECT * FROM dbops.recommend_indexes(workload => '{{a},{b}}');
SELECT count(*) FROM dbops.recommend_indexes(workload => '{}');
SELECT count(*) FROM dbops.recommend_indexes(workload => '{"",;,"SELECT $1","SELECT 1; SELECT 2"}');

-- limits
\set VERBOSITY default
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', max_columns => 0);
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', budget => -1);
SELECT * FROM dbops.recommend_indexes(workload => '{SELECT 1}', time_limit => '-1 s');
SELECT count(*) FROM dbops.recommend_indexes(workload => '{SELECT 1}', time_limit => '178000000 years');

-- whether an index serves what was advised: of a definition as the server shows it
SELECT dbops._index_serves(pg_get_indexdef('aa_table_pkey'::regclass), 'public.aa_table USING btree (i DESC)') AS serves,
       dbops._index_serves(pg_get_indexdef('aa_table_pkey'::regclass), 'public.aa_table USING hash (i)') AS not_of_another_method,
       dbops._index_serves('DROP TABLE x', 'x') AS not_what_is_no_index;

DROP TABLE aa_table;
