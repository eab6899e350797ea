# Sampling survives whatever happens around it: killed processes, a killed server, dropped objects.
# After each, no stored tick is lost or torn, and no increase is negative.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('survival');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
restart_after_crash = on
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
$node->safe_psql('postgres', 'CREATE TABLE t (id int PRIMARY KEY, v int)');

# Ticks in tables: what must never go away again.
sub stored_ticks
{
	return $node->safe_psql(
		'postgres', join ' UNION ALL ',
		map { "SELECT node, family, at, boot, md5(data) FROM dbops.tick_$_" } 0 .. 7);
}

sub is_kept
{
	my ($before, $what) = @_;
	my %after = map { $_ => 1 } split /\n/, stored_ticks();
	my @lost = grep { !$after{$_} } split /\n/, $before;
	is(scalar @lost, 0, "$what: every stored tick is still there, unchanged");
	return;
}

# Every row of every family can be read, and no counter ever shows a negative increase.
sub is_sane
{
	my ($what) = @_;
	my @counters = split /\n/, $node->safe_psql('postgres',
		"SELECT family || ' ' || string_agg(format('%I < 0', name), ' OR ')
		   FROM dbops.metrics() WHERE kind = 'counter' GROUP BY family");
	my @bad;
	foreach my $row (@counters)
	{
		my ($family, $negative) = split / /, $row, 2;
		my $count = $node->safe_psql('postgres',
			"SELECT count(*) FILTER (WHERE $negative) FROM dbops.${family}_history");
		push @bad, "$family: $count" if $count ne '0';
	}
	is_deeply(\@bad, [], "$what: every row reads, and no increase is negative");
	return;
}

sub wait_for_sample
{
	my ($what) = @_;
	ok($node->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'),
		"$what: samples are taken and stored again");
	return;
}

# Until somebody has reaped it, a killed postmaster holds its lock file; and its orphans hold its shared
# memory until they notice.
sub start_after_kill
{
	my ($pid) = @_;
	foreach (1 .. 100)
	{
		return 1 if !kill(0, $pid) && $node->start(fail_ok => 1);
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

sub load
{
	$node->safe_psql('postgres',
		'INSERT INTO t SELECT g, 0 FROM generate_series(1, 100) g ON CONFLICT (id) DO UPDATE SET v = t.v + 1');
	return;
}

sub pid_of
{
	my ($type) = @_;
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$type'");
}

load();
wait_for_sample('at first');
load();
wait_for_sample('under load');
is_sane('under load');

foreach my $victim ('dbops sampler', 'dbops keeper', 'client backend')
{
	my $before = stored_ticks();
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $victim eq 'client backend' ? $session->query_safe('SELECT pg_backend_pid()') : pid_of($victim);

	like($pid, qr/^\d+$/, "$victim runs");
	my $log_size = -s $node->logfile;
	kill 'KILL', $pid;
	$node->wait_for_log(qr/all server processes terminated; reinitializing.*ready to accept connections/s, $log_size);
	$session->{run}->finish;
	wait_for_sample("$victim killed");
	load();
	wait_for_sample("$victim killed, then load");
	is_kept($before, "$victim killed");
	is_sane("$victim killed");
}

{
	my $before = stored_ticks();
	my ($pid) = split /\n/, slurp_file($node->data_dir . "/postmaster.pid");
	$node->kill9;
	ok(start_after_kill($pid), 'postmaster killed: the server starts');
	wait_for_sample('postmaster killed');
	is_kept($before, 'postmaster killed');
	is_sane('postmaster killed');
}

foreach my $worker ('dbops sampler', 'dbops keeper')
{
	my $pid = pid_of($worker);
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	ok($node->poll_query_until('postgres',
			"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = '$worker' AND pid <> $pid"),
		"$worker terminated: it comes back");
	wait_for_sample("$worker terminated");
}

# Objects vanish while they are sampled.
$node->safe_psql('postgres', 'CREATE DATABASE doomed');
$node->safe_psql('doomed', 'CREATE TABLE x AS SELECT generate_series(1, 1000) g');
wait_for_sample('with another database');
$node->safe_psql('postgres', 'DROP DATABASE doomed WITH (FORCE)');
$node->safe_psql('postgres', 'DROP TABLE t');
wait_for_sample('database and table dropped');
is_sane('database and table dropped');

$node->safe_psql('postgres', 'DROP EXTENSION dbops');
$node->safe_psql('postgres', 'CREATE EXTENSION dbops');
wait_for_sample('extension dropped and created');
ok($node->poll_query_until('postgres', "SELECT bool_and(definition IS NOT NULL) AND count(*) > 10
	FROM dbops.take_sample() AS t, dbops.object WHERE class = 's' AND t IS NOT NULL"),
	'extension dropped and created: texts of statements are known again');
ok($node->poll_query_until('postgres', "SELECT count(*) > 100 FROM dbops.take_sample() AS t, dbops.object
	WHERE class = 'r' AND t IS NOT NULL"),
	'extension dropped and created: names of relations are known again');
is_sane('extension dropped and created');

# A statistics reset must not show as a huge or negative step.
$node->safe_psql('postgres', 'SELECT pg_stat_reset(), pg_stat_reset_shared(\'bgwriter\'), pg_stat_statements_reset()');
wait_for_sample('statistics reset');
is_sane('statistics reset');

$node->stop;
done_testing();
