# covers: collect/relation collect/pgstat_scan
#
# The views of tables and indexes show what was done to them, in every database, and those at rest too.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('tables');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
autovacuum = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE DATABASE shop');
$node->safe_psql('shop', <<'SQL');
CREATE TABLE orders (id int PRIMARY KEY, customer int, note text);
CREATE INDEX never_used ON orders (customer);
INSERT INTO orders SELECT g, g % 10, repeat('x', 100) FROM generate_series(1, 2000) AS g;
UPDATE orders SET note = 'y' WHERE id <= 10;
DELETE FROM orders WHERE id > 1900;
SET enable_indexscan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM orders WHERE id = 7;
SET enable_indexscan = on; SET enable_seqscan = off;
SELECT note FROM orders WHERE id = 7;
CREATE TABLE resting (id int);
SQL

ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbops.take_sample() AS t, dbops.tables
	WHERE datname = 'shop' AND relname IN ('orders', 'resting')"), 'tables of another database are found');
is($node->safe_psql('postgres', "SELECT schemaname, n_live_tup, dead_percent > 5, n_tup_ins, n_tup_upd, n_tup_del
	FROM dbops.tables WHERE relname = 'orders'"), 'public|1900|t|2000|10|100',
	'each row that was written since it was made is counted');
is($node->safe_psql('postgres', "SELECT seq_scan >= 1, seq_tup_read >= 1900, idx_scan >= 1, total_bytes > 200000, size ~ 'kB'
	FROM dbops.tables WHERE relname = 'orders'"), 't|t|t|t|t', 'scans and size too');
is($node->safe_psql('postgres', "SELECT n_live_tup, seq_scan, n_tup_ins, total_bytes FROM dbops.tables
	WHERE relname = 'resting'"), '0|0|0|0', 'a table that nobody used is there');
is($node->safe_psql('postgres', "SELECT relname, indexrelname, idx_scan > 0, is_unique, is_valid, has_constraint, definition ~ 'btree'
	FROM dbops.indexes WHERE relname = 'orders' ORDER BY indexrelname"),
	"orders|never_used|f|f|t|f|t\norders|orders_pkey|t|t|t|t|t", 'indexes say what they are and whether they are used');
is($node->safe_psql('postgres', "SELECT count(*) FROM (
	SELECT idx_scan, lag(idx_scan) OVER () AS previous FROM dbops.indexes
	WHERE is_valid AND schemaname NOT IN ('pg_catalog', 'pg_toast', 'dbops')) AS i WHERE idx_scan < previous"),
	'0', 'the least used index comes first');
is($node->safe_psql('postgres', "SELECT schemaname FROM dbops.indexes LIMIT 1"), 'public', 'before those of the system');

$node->safe_psql('shop', 'DROP TABLE orders');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.objects
	WHERE datname = 'shop' AND objname = 'orders' AND dropped_at IS NOT NULL"), 'a table that was dropped is known as such');
is($node->safe_psql('postgres', "SELECT sum(n_tup_ins) FROM dbops.table_history WHERE datname = 'shop' AND relname = 'orders'"),
	'2000', 'and keeps its history and its name');

$node->stop;
done_testing();
