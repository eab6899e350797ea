# covers: advise/workload_times
#
# A workload is of the history once there is some, keeps the texts that need nothing else over a
# restart, tells of a standby from its memory, and of any database, from any.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.wide_interval = 1s
max_worker_processes = 16
CONF
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE shopper;
ALTER ROLE shopper SET search_path = shop;
CREATE SCHEMA shop;
CREATE TABLE shop.goods (i int, word text);
INSERT INTO shop.goods SELECT i, 'w' || i FROM generate_series(1, 1000) AS i;
GRANT USAGE ON SCHEMA shop TO shopper;
GRANT SELECT ON shop.goods TO shopper;
CREATE DATABASE other;
SQL

sub of
{
	my ($node, $column, $pattern, $database) = @_;
	$database //= 'postgres';
	return $node->safe_psql('postgres',
		"SELECT $column FROM dbops.workload('$database') WHERE query ~ '$pattern'");
}

sub source
{
	my ($node) = @_;
	return $node->safe_psql('postgres', 'SELECT DISTINCT source FROM dbops.workload_coverage()');
}

sub run_all
{
	my ($node) = @_;
	$node->safe_psql('postgres', <<'SQL');
SET ROLE shopper;
SET search_path = shop;
SELECT i FROM goods WHERE word = 'w7';
SELECT max(i) FROM goods;
SQL
	return;
}

# ---- the history ---------------------------------------------------------------------------------
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
run_all($primary) for 1 .. 3;
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
ok($primary->poll_query_until('postgres',
		"SELECT bool_and(source = 'history') FROM dbops.take_sample(), dbops.workload_coverage()"),
	'a history that covers most of the time since the start is the source');
is(of($primary, 'rolname, toplevel, analysable', '^SELECT i FROM goods'), 'shopper|t|t',
	'it has statements with role and text');
# (a sample may come between the two)
ok($primary->poll_query_until('postgres', "SELECT round((calls_per_day * days)::numeric, 6) = 3
		FROM (SELECT DISTINCT days FROM dbops.workload_coverage()) AS c, dbops.workload()
		WHERE query ~ '^SELECT max'"), 'calls are those of the time that is covered');
is($primary->safe_psql('postgres', "SELECT count(*) FROM dbops.workload(since => '1 ms') WHERE query ~ '^SELECT max'"),
	'1', 'a window shorter than the time between two samples is of the counters');
$primary->safe_psql('other', 'CREATE TABLE t (i int); SELECT i FROM t WHERE i = 5');
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.take_sample(),
		LATERAL (SELECT * FROM dbops.workload('other') OFFSET 0) AS w WHERE query ~ '^SELECT i FROM t'"),
	'another database has its own');
is(of($primary, 'analysable, reason', '^SELECT i FROM t', 'other'), '|',
	'whether its statements can be analysed is not known from here');
is($primary->safe_psql('postgres', "SELECT bool_and(analysable IS NULL) FROM dbops.workload_coverage('other') WHERE reason IS NULL"),
	't', 'nor of how much time');

# The history is in one database; in another one the memory of the server answers.
$primary->safe_psql('other', 'CREATE EXTENSION dbops CASCADE');
is($primary->safe_psql('other', "SELECT toplevel, analysable FROM dbops.workload() WHERE query ~ '^SELECT i FROM t'"),
	't|t', 'from within that database its statements can be read');
is($primary->safe_psql('other', "SELECT rolname FROM dbops.workload('postgres') WHERE query ~ '^SELECT max'"),
	'shopper', 'and of the first database it is known from there as well');

# ---- after a restart -----------------------------------------------------------------------------
ok($primary->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbops.objects
		WHERE definition ~ '^SELECT (i|max.*) FROM goods'"), 'the dictionary has the texts');
$primary->restart;
ok($primary->poll_query_until('postgres', "SELECT bool_and(source = 'history') FROM dbops.workload_coverage()"),
	'the history outlives a restart');
is($primary->safe_psql('postgres', 'SELECT bool_and(since_at < pg_postmaster_start_time()) FROM dbops.workload_coverage()'),
	't', 'and reaches back to before it');
is(of($primary, 'analysable, reason', '^SELECT max'), 't|',
	'a text without parameters is enough, with the search_path of the role');
is(of($primary, 'analysable, reason', '^SELECT i FROM goods'), 'f|not captured yet',
	'one with parameters has to be seen again');
run_all($primary);
is(of($primary, 'analysable, reason', '^SELECT i FROM goods'), 't|', 'and then it is');

# ---- a standby -----------------------------------------------------------------------------------
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\n");
$standby->start;
$standby->safe_psql('postgres', 'SET search_path = shop; SELECT min(word) FROM goods');
ok($standby->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.workload()
		WHERE query ~ '^SELECT min' AND analysable AND toplevel"), 'a standby has a workload');
ok($standby->poll_query_until('postgres', "SELECT bool_and(source = 'history') FROM dbops.workload_coverage()"),
	'from its own memory');
is($standby->safe_psql('postgres', 'SELECT bool_and(since_at > pg_postmaster_start_time()) FROM dbops.workload_coverage()'),
	't', 'which does not reach back to before it was there');
is(of($standby, 'count(*)', '^SELECT max'), '0', 'and not of the primary');

$standby->stop;
$primary->stop;
done_testing();
