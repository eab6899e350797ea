# Many sessions at once, on one statement and each on its own; then far more statements than there is room
# for.  What is recorded and what found no room add up to what was executed.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('churn');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
compute_query_id = on
pg_stat_statements.max = 20000
dbops.max_statements = 1000
dbops.track_planning = off
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
max_connections = 100
shared_buffers = 32MB
fsync = off
autovacuum = off
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE ROLE churner SUPERUSER LOGIN; CREATE TABLE hot (i int PRIMARY KEY, j int);
	INSERT INTO hot SELECT g, g FROM generate_series(1, 100) AS g');

# A statement like no other: terms of another kind or number.
sub shape
{
	my ($number) = @_;
	my @words = map { ($number >> $_) & 1 ? 'i' : 'j' } 0 .. 14;
	return 'SELECT ' . join(' + ', @words) . ' FROM hot WHERE i = 1';
}

# ---- 64 clients ------------------------------------------------------------------------------------
# The first executions count too: 64 sessions admit a statement at the same time.
my ($same, $clients, $times) = ($node->basedir . '/same.sql', 64, 100);
append_to_file($same, "SELECT j FROM hot WHERE i = 7;\n");
my @distinct = map { $node->basedir . "/distinct$_.sql" } 1 .. $clients;
append_to_file($distinct[$_], shape($_) . ";\n") for 0 .. $#distinct;

sub calls_like
{
	my ($like) = @_;
	return sql("SELECT sum(t.calls) || ' ' || sum(dbops.count(t.exec_histogram)) FROM pg_stat_statements AS p
		JOIN dbops._tracked_statements() AS t ON (t.queryid, t.userid, t.toplevel) = (p.queryid, p.userid, p.toplevel)
		WHERE p.query LIKE '$like'");
}

$node->command_ok([ 'pgbench', '-n', '-U', 'churner', '-M', 'prepared', '-c', $clients, '-j', 2, '-t', $times, '-f', $same,
	'postgres' ], "$clients clients run one statement");
my $expected = $clients * $times;
is(calls_like('SELECT j FROM hot WHERE i = _1'), "$expected $expected", 'each execution is recorded, with its latency');
$node->command_ok([ 'pgbench', '-n', '-U', 'churner', '-c', $clients, '-j', 2, '-t', $times, (map { ('-f', $_) } @distinct),
	'postgres' ], "$clients clients run $clients statements");
is(calls_like('SELECT % + % FROM hot WHERE i = _1'), "$expected $expected", 'each execution is recorded, with its latency');
is(sql('SELECT not_admitted || \' \' || evicted FROM dbops._track_state()'), '0 0', 'all of them found room');

# ---- far more statements than room ---------------------------------------------------------------
# All that was recorded by the name of the clients, in the history, against all they executed.
my $sum = q{SELECT coalesce(sum(dbops.count(exec_histogram)), 0) FROM dbops.statement_history
	WHERE userid = 'churner'::regrole};
sql('SELECT dbops.take_sample()');
my $before = sql($sum);
my $executed = 0;
foreach my $round (1 .. 3)
{
	my @files = map { $node->basedir . "/churn$round.$_.sql" } 0 .. 3;
	append_to_file($files[$_ % 4], shape($round * 2500 + $_) . ";\n") for 1 .. 2500;
	my @sessions = map { IPC::Run::start([ 'psql', '-X', '-q', '-U', 'churner', '-o', '/dev/null', '-f', $_,
		$node->connstr('postgres') ]) } @files;
	is(scalar(grep { $_->finish } @sessions), 4, "round $round: no session fails");
	$executed += 2500;
	# The sampler makes room by what was not used for long.
	sql('SELECT dbops.take_sample()');
}
my ($not_admitted, $evicted) = split / /, sql(q{SELECT not_admitted || ' ' || evicted FROM dbops._track_state()});
cmp_ok($evicted, '>', 100, 'room is made by giving up what is not used');
my $recorded = sql($sum) - $before;
cmp_ok($recorded, '>=', 900, 'what finds room is recorded');
cmp_ok($recorded + $not_admitted, '>=', $executed, 'what found no room is counted: nothing is lost');
cmp_ok($recorded + $not_admitted, '<=', $executed + 100, 'or counted twice');
is(sql("SELECT sum(calls) FROM dbops.statement_history WHERE userid = 'churner'::regrole AND toplevel"),
	sql("SELECT sum(calls) FROM pg_stat_statements WHERE userid = 'churner'::regrole AND toplevel"),
	'calls in the history are those of pg_stat_statements');
is(sql(q{SELECT count(*) FILTER (WHERE calls <> coalesce(dbops.count(exec_histogram), 0)) || ' ' ||
	count(*) - count(DISTINCT (datid, userid, queryid, toplevel)) FROM dbops._tracked_statements()}), '0 0',
	'the table is sound');
like(sql("SELECT detail || ': ' || what_to_do FROM dbops.status() WHERE component = 'statements'"),
	qr/found no room.*Raise dbops.max_statements/, 'status() tells which setting to raise');

$node->stop;
done_testing();
