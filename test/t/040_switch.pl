# covers: worker/pressure worker/round worker/breaker
#
# dbops.enabled switches everything off and on again by a reload: recording, sampling, storing, visits.  What
# costs too much is left out, and told.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('switch');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
pg_stat_statements.track = all
max_worker_processes = 16
autovacuum = off
fsync = off
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE t (id int);
SQL

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub set
{
	my ($name, $value) = @_;
	sql("ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT setting = '$value' FROM pg_settings WHERE name = '$name'")
	  or die "$name is not $value";
	return;
}

# What grows while dbops does anything: ticks, recorded calls, names, stored ticks, cycles of workers.
sub traces
{
	my ($what) = @_;
	return sql(q{SELECT (SELECT ticks FROM dbops.self_now WHERE process = 'sampler') || ' ticks, '
		|| (SELECT sum(calls) FROM dbops._tracked_statements()) || ' calls, '
		|| (SELECT sum(cycles) FROM dbops.self_now WHERE process <> 'keeper') || ' cycles, '
		|| (SELECT count(*) FROM dbops.tick_0) || ' stored, '
		|| pg_current_wal_insert_lsn()});
}

ok($node->poll_query_until('postgres', "SELECT count(*) > 3 FROM dbops.tick_0"), 'switched on: samples are stored');
my $pids = "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
	WHERE backend_type IN ('dbops sampler', 'dbops keeper')";
my $workers = sql($pids);

# A visit that is under way ends by itself.
set('dbops.enabled', 'off');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'dbops inspector'"),
	'switched off: no visit to a database goes on');
# So does a task of the keeper.
my $before = traces();
for (1 .. 100)
{
	my $again = traces();
	last if $again eq $before;
	$before = $again;
}
my $since = sql('SELECT clock_timestamp()');
$node->psql('postgres', 'SELECT 1 / 0') for 1 .. 3;
sql('SELECT count(*) FROM t') for 1 .. 5;
$node->poll_query_until('postgres', "SELECT clock_timestamp() > '$since'::timestamptz + interval '2.5 s'");
is(traces(), $before, 'nothing is sampled, recorded, learned or written any more');
is(sql($pids), $workers, 'the workers stay');
is(sql("SELECT string_agg(component || ' ' || status, ', ' ORDER BY component) FROM dbops.status() WHERE status <> 'ok'"),
	'library warning, store unknown', 'status() says so');

set('dbops.enabled', 'on');
sql('SELECT count(*) FROM t') for 1 .. 5;
ok($node->poll_query_until('postgres', "SELECT count(*) > 1 FROM dbops.system_history WHERE at > '$since'"),
	'switched on again: samples are taken and stored');
is(sql(q{SELECT sum(t.calls) FROM pg_stat_statements AS p JOIN dbops._tracked_statements() AS t USING (queryid)
	WHERE p.query LIKE 'SELECT count(_) FROM t'}), '5', 'statements are recorded from then on, and none of before');
ok(sql(q{SELECT bool_and(seq_scan < 6) FROM dbops.table_history WHERE relid = 't'::regclass}) ne 'f',
	'what happened meanwhile is in no increase');
is(sql($pids), $workers, 'by the same workers');
sql('SELECT dbops.take_sample()');
is(sql("SELECT count(*) FROM dbops.status() WHERE status IN ('warning', 'critical') AND component !~ '^sample '"), '0', 'status() is content');

# ---- what takes too long is left out ----------------------------------------------------------------
# Thousands of statements take more than the millisecond that is allowed.
my $log_size = -s $node->logfile;
set('dbops.sample_limit', '1');
sql(q{DO $$BEGIN FOR i IN 1 .. 40 LOOP FOR j IN 1 .. 50 LOOP
	EXECUTE 'SELECT ' || repeat('1 + ', i) || '1, ' || repeat('1 - ', j) || '1'; END LOOP; END LOOP; END$$});
$node->wait_for_log(qr/dbops samples family "statement" less often: a sample took \d+ ms of 1 ms/, $log_size);
ok(1, 'the log says which family takes too long');
ok($node->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.status()
	WHERE component = 'sample statement' AND status = 'warning' AND detail ~ 'takes too long'
	AND what_to_do ~ 'dbops.sample_limit'"), 'so does status()');
ok($node->poll_query_until('postgres', "SELECT sum(skipped) > 3 FROM dbops.tasks() WHERE task = 'sample statement'"),
	'tasks() has how often it was left out');
is(sql("SELECT sum(skipped) FROM dbops.tasks() WHERE task IN ('sample system', 'sample server', 'sample database')"), '0',
	'what is sampled every second never is');
ok($node->poll_query_until('postgres', "SELECT samples_skipped > 3 FROM dbops.self_now WHERE process = 'keeper'"),
	'dbops.self has it too');
is(scalar(() = slurp_file($node->logfile, $log_size) =~ /family "statement" less often/g), 1, 'the log has it once');

my $calls = q{SELECT sum(h.calls) FROM dbops.statement_history AS h JOIN pg_stat_statements AS p USING (queryid)
	WHERE p.query LIKE 'SELECT max(id) FROM t'};
sql('SELECT max(id) FROM t') for 1 .. 3;
sql('SELECT dbops.take_sample()');
is(sql($calls), '3', 'a sample that is asked for leaves nothing out');
sql('SELECT max(id) FROM t') for 1 .. 2;
set('dbops.sample_limit', '60000');
set('dbops.wide_interval', '60');
sql('SELECT dbops.take_sample()');
$node->wait_for_log(qr/dbops samples family "statement" in every round again/, $log_size);
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM dbops.status() WHERE detail ~ 'takes too long'"),
	'with a higher limit it is not left out any more');
ok($node->poll_query_until('postgres', "SELECT ($calls) = 5"), 'and nothing of what happened meanwhile is missing');

$node->stop;
done_testing();
