# covers: advise/table_writes advise/write_index advise/update_kinds advise/upkeep
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
	my ($command, $statements, $window, $what) = @_;
	return $node->safe_psql('postgres',
		"SELECT $what FROM dbops._index_upkeep('$command', ARRAY[$statements]::text[], '$window')");
}

is(writes('t', '7 days'), '||||', 'without a history, and counters of an unknown time, nothing is known');
is(upkeep('DROP INDEX t_a', '', '7 days', 'ms_per_day, bytes_per_day, unknown'),
	'||how many rows are written is not known', 'so upkeep is unknown, and not 0');

$node->safe_psql('postgres', 'SELECT pg_stat_reset()');
$node->safe_psql('postgres', $write);
is(writes('t', '7 days'), '||||', 'counters of a moment say nothing of a week');
is(writes('t', '1 ms'), 'counters|1000|500|0|50', 'they are of all that was written since they were reset');
is($node->safe_psql('postgres', "SELECT dead_per_vacuum FROM dbops._table_writes('t', '1 ms')"),
	'7', 'autovacuum waits for what the table says');

my $hot = 'ms_per_day > 0, round(hot_updates_per_day) <> 0, unknown IS NULL';
my $update_b = "'UPDATE t SET b = 2 WHERE id = 1'";
is(upkeep('DROP INDEX t_a', $update_b, '1 ms', $hot), 't|t|t',
	'an index on what updates set, be it in its predicate, costs HOT updates');
is(upkeep('DROP INDEX t_pkey', $update_b, '1 ms', $hot), 't|f|t', 'one on something else costs none');
is(upkeep('DROP INDEX t_a', '', '1 ms', 'ms_per_day > 0, hot_ms_per_day, hot_updates_per_day, unknown'),
	't|||which columns the updates set is not known', 'what is not known is not said to be nothing');
isnt($node->psql('postgres', "SELECT * FROM dbops._index_upkeep('DROP TABLE t', '{}', '1 ms')"), 0, 'no index');
isnt($node->psql('postgres', "SELECT * FROM dbops._index_upkeep('DROP INDEX t_a', '{nonsense}', '1 ms')"), 0, 'no statement');

# The history counts from when the table is known.
$node->safe_psql('postgres', <<'SQL');
DROP TABLE t;
ALTER SYSTEM SET dbops.enabled = on;
SQL
$node->restart;
$node->safe_psql('postgres', <<'SQL');
SELECT pg_stat_statements_reset();
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

# 300 of 500 updates were HOT: those of b; an index on it would end that.
my $updates = join(', ', ("'UPDATE t SET b = b + 1 WHERE id = 1'") x 3, ("'UPDATE t SET a = 1'") x 2);
my $count = 'round(hot_updates_per_day * (SELECT days FROM dbops._table_writes(\'t\', \'1 s\')) / 10) * 10';
is(upkeep('CREATE INDEX ON t (b)', $updates, '1 s', "$count, unknown"), '300|',
	'an index on b loses those of b');
is(upkeep('CREATE INDEX ON t (a) INCLUDE (id)', $updates, '1 s', "$count, unknown"), '0|', 'another one on a none');
is(upkeep('CREATE INDEX ON t (id) WHERE b > 3', $updates, '1 s', "$count, unknown"), '300|', 'a predicate counts');
is(upkeep('CREATE INDEX ON t ((t.b + 1))', $updates, '1 s', "$count, unknown"), '300|', 'so does an expression');

# The history knows how many rows a call updates: of b 300, of a 200.
my $ids = $node->safe_psql('postgres', "SELECT string_agg(queryid::text, ',' ORDER BY query DESC)
	FROM pg_stat_statements WHERE query LIKE 'UPDATE t SET %'");
ok($node->poll_query_until('postgres', "SELECT count(DISTINCT queryid) = 2 FROM dbops.take_sample() AS sample,
	dbops.statement_history WHERE queryid IN ($ids) AND sample IS NOT NULL"), 'the statements have a history');
is($node->safe_psql('postgres', "SELECT $count FROM dbops._index_upkeep('CREATE INDEX ON t (b)',
	ARRAY['UPDATE t SET b = 1', 'UPDATE t SET a = 1'], '1 s', '{$ids}')"), '300', 'calls of many rows count as many');

is(upkeep('CREATE INDEX ON t (b)', "'WITH u AS (UPDATE t SET b = 3 RETURNING id) SELECT count(*) FROM u'", '1 s', "$count > 0, unknown"),
	't|', 'and what is written within a query');
is(upkeep('CREATE INDEX ON t (b)', "'SELECT b FROM t', 'DELETE FROM t'", '1 s', 'hot_ms_at_risk > 0, unknown'),
	't|which columns the updates set is not known', 'queries and deletes tell nothing of updates');
is(upkeep('CREATE INDEX ON t (b)', $updates, '1 s', 'build_seconds > 0, build_seconds < 1, index_bytes BETWEEN 16384 AND 100000, temporary_bytes'),
	't|t|t|0', 'and it is known what it takes to build it');
$node->stop;
done_testing();
