# covers: advise/table_writes advise/write_index
#
# What is written to a table is known from the history, or the server's counters; or it is not known,
# and then nothing is said to cost nothing.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('writes');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
dbops.enabled = off
CONF
$node->start;

# Column b is in no index but the first table's: its updates are HOT then, as they fit the page.
my $write = <<'SQL';
INSERT INTO t SELECT i, i, i FROM generate_series(1, 1000) AS i;
UPDATE t SET b = b + 1 WHERE id <= 300;
UPDATE t SET a = a + 1 WHERE id BETWEEN 501 AND 700;
DELETE FROM t WHERE id > 950;
SELECT pg_stat_force_next_flush();
SQL
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE t (id int PRIMARY KEY, a int, b int) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 7);
CREATE INDEX t_a ON t (a) WHERE b > 0;
SQL

sub writes
{
	my ($table, $window) = @_;
	return $node->safe_psql('postgres', "SELECT source, round(inserts_per_day * days), round(updates_per_day * days),
		round(hot_updates_per_day * days), round(deletes_per_day * days) FROM dbops._table_writes('$table', '$window')");
}

sub upkeep
{
	my ($columns, $window, $what) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM dbops._index_upkeep('t', '$window', $columns)
		WHERE indexrelid = 't_a'::regclass");
}

is(writes('t', '7 days'), '||||', 'without a history, and counters of an unknown time, nothing is known');
is(upkeep("'{a}'", '7 days', 'ms_per_day, bytes_per_day, unknown'),
	'||how many rows are written is not known', 'so upkeep is unknown, and not 0');

$node->safe_psql('postgres', 'SELECT pg_stat_reset()');
$node->safe_psql('postgres', $write);
is(writes('t', '7 days'), '||||', 'counters of a moment say nothing of a week');
is(writes('t', '1 ms'), 'counters|1000|500|0|50', 'they are of all that was written since they were reset');
is($node->safe_psql('postgres', "SELECT dead_per_vacuum FROM dbops._table_writes('t', '1 ms')"),
	'7', 'autovacuum waits for what the table says');

is(upkeep("'{b}'", '1 ms', 'ms_per_day > 0, round(hot_updates_per_day / (ms_per_day + 1)) > 0, unknown IS NULL'),
	't|t|t', 'an index on what updates set, be it by its predicate, costs HOT updates');
is(upkeep("'{id}'", '1 ms', 'ms_per_day > 0, hot_updates_per_day, unknown IS NULL'),
	't|0|t', 'one on something else costs none');
is(upkeep('NULL', '1 ms', 'ms_per_day > 0, hot_ms_per_day, hot_ms_at_risk > 0, unknown'),
	't||t|which columns the updates set is not known', 'what is not known is not said to be nothing');
is($node->psql('postgres', "SELECT * FROM dbops._index_upkeep('t', '1 ms', '{nothing}')"), 3, 'a column that is not there');
is($node->psql('postgres', "SELECT * FROM dbops._index_upkeep(NULL, NULL, NULL)"), 3, 'no table');

# The history counts from when the table is known.
$node->safe_psql('postgres', <<'SQL');
DROP TABLE t;
ALTER SYSTEM SET dbops.enabled = on;
SQL
$node->restart;
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE t (id int PRIMARY KEY, a int, b int) WITH (fillfactor = 50);
CREATE INDEX t_a ON t (a);
CREATE TABLE parted (id int, a int, b int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (500);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (500) TO (10000);
SQL
ok($node->poll_query_until('postgres', "SELECT count(*) = 3 FROM dbops.take_sample() AS sample, dbops.objects
	WHERE objname IN ('t', 'parted_1', 'parted_2') AND kind = 'table' AND sample IS NOT NULL"), 'the tables are known');
# Windows begin with an hour: it must not begin in between.
$node->poll_query_until('postgres', 'SELECT EXTRACT(epoch FROM now())::int % 3600 < 3560');
$node->safe_psql('postgres', $write);
$node->safe_psql('postgres', $write =~ s/\bt\b/parted/gr);
for my $table ('t', 'parted')
{
	ok($node->poll_query_until('postgres', "SELECT deletes_per_day > 0 AND source = 'history' FROM dbops.take_sample() AS sample,
		dbops._table_writes('$table', '1 s') WHERE sample IS NOT NULL"), "$table has a history");
	like(writes($table, '1 s'), qr/^history\|1000\|500\|\d+\|50$/, 'which has all that was written');
}
is(writes('t', '1 s'), 'history|1000|500|300|50', 'HOT updates apart');
$node->stop;
done_testing();
