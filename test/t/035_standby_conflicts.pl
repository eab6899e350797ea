# covers: collect/conflict
#
# On a standby dbops neither holds up replay nor is hurt by it, and counts the queries that replay had
# cancelled.
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
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
autovacuum = off
hot_standby_feedback = off
max_standby_streaming_delay = -1
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t AS SELECT generate_series(1, 1000) AS id');
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\n");
$standby->start;
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'a standby takes samples');
my $sampler = $standby->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'");

# A database is seen there by the sampler and perhaps visited, and then all that is looked at is moved or gone.
sub upset_catalogs
{
	my ($rounds) = @_;
	foreach my $round (1 .. $rounds)
	{
		$primary->safe_psql('postgres', "CREATE DATABASE gone_$round");
		$primary->wait_for_catchup($standby);
		$standby->safe_psql('postgres', 'SELECT dbops.take_sample()');
		$primary->safe_psql('postgres', $_) foreach ("DROP DATABASE gone_$round", 'VACUUM FULL pg_database',
			'VACUUM FREEZE', 'DROP EXTENSION dbops', 'CREATE EXTENSION dbops', 'SELECT dbops.take_sample()');
		$primary->wait_for_catchup($standby);
	}
	return;
}

# ---- nothing of dbops holds up replay, which would wait for it for ever ---------------------------
upset_catalogs(3);
pass('replay gets past whatever the samples of the standby look at');
is($standby->safe_psql('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 't', 'which goes on taking them');
is($standby->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'"), $sampler,
	'by the same process');
# A visit may have been among those that gave way: the next one ends.
my $troubles = "SELECT string_agg(component || ': ' || detail, '; ') FROM dbops.status() WHERE status <> 'ok'";
ok($standby->poll_query_until('postgres', $troubles, ''), 'and all is well with dbops there')
  or diag($standby->safe_psql('postgres', $troubles));
is($standby->safe_psql('postgres', "SELECT count(*) FROM dbops.tasks() WHERE failures > 0"), '0', 'no task of it has failed');

# ---- those of others do, and are counted ----------------------------------------------------------
is($standby->safe_psql('postgres', 'SELECT count(*) FROM dbops.conflict_now'), '0', 'nobody was cancelled so far');
my $reader = $standby->background_psql('postgres');

# Somebody reads on the standby what the primary then cleans up.
sub make_conflict
{
	$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$reader->query_safe('SELECT count(*) FROM t');
	$primary->safe_psql('postgres', $_) foreach ('DELETE FROM t', 'VACUUM t');
	return;
}

make_conflict();
ok($standby->poll_query_until('postgres', "SELECT waits_for FROM dbops.recovery_now", 'conflict: snapshot'),
	'it is seen what replay waits for');
ok($standby->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.recovery_history WHERE waits_for = 'conflict: snapshot'"),
	'the history knows what replay waited for');
$reader->query_safe('COMMIT');
$primary->safe_psql('postgres', 'INSERT INTO t SELECT generate_series(1, 1000)');
$primary->wait_for_catchup($standby);
$standby->safe_psql('postgres', 'ALTER SYSTEM SET max_standby_streaming_delay = 0; SELECT pg_reload_conf()');
make_conflict();
ok($standby->poll_query_until('postgres', "SELECT datname || ' ' || kind || ' ' || conflicts FROM dbops.conflict_now", 'postgres snapshot 1'),
	'a query that was cancelled is counted, by kind');
ok($standby->poll_query_until('postgres', "SELECT kind || ' ' || sum(conflicts) FROM dbops.conflict_history WHERE node = 'second' GROUP BY kind",
	'snapshot 1'), 'and in the history');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.conflict_now'), '0', 'a primary has no conflicts');

# ---- where replay waits for nobody, dbops gets over being cancelled -------------------------------
upset_catalogs(3);
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'where replay waits for nobody samples are taken too');
is($standby->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'"), $sampler,
	'by the same process still');
# The session was ended with its query.
eval { $reader->quit };

$standby->stop;
$primary->stop;
done_testing();
