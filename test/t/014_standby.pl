# covers: store/node store/ticks
#
# A standby remembers in memory what it cannot store, and stores from the moment it is promoted.
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
max_worker_processes = 16
hot_standby_feedback = on
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\n");
$standby->start;

sub nodes
{
	my ($node, $family) = @_;
	return $node->safe_psql('postgres',
		"SELECT string_agg(DISTINCT node, ' ' ORDER BY node) FROM dbops.${family}_history");
}

# ---- as a standby -------------------------------------------------------------------------------
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'),
	'a standby takes samples');
my $before = $standby->safe_psql('postgres', 'SELECT now() FROM dbops.take_sample()');
is($standby->safe_psql('postgres', "SELECT count(*) FROM dbops.status() WHERE status <> 'ok'"), '0',
	'and all is well with dbops there');
is($standby->safe_psql('postgres', "SELECT bool_or(at >= '$before') FROM dbops.server_history WHERE node = 'second'"),
	't', 'it remembers the sample');
is($standby->safe_psql('postgres', "SELECT min(in_recovery) || ' ' || max(in_recovery)
	FROM dbops.server_history WHERE node = 'second'"), '1 1', 'which was taken in recovery');

$primary->safe_psql('postgres', 'INSERT INTO t SELECT generate_series(1, 100); SELECT dbops.take_sample()');
$primary->wait_for_catchup($standby);
foreach my $family ('server', 'database', 'system', 'statement')
{
	is(nodes($standby, $family), 'first second', "on the standby, ${family}_history is of both nodes");
	is(nodes($primary, $family), 'first', "on the primary, ${family}_history is of the primary");
}
is($standby->safe_psql('postgres', 'SELECT dbops.node_name()'), 'second', 'the standby knows its name');
is($standby->safe_psql('postgres', "SELECT count(DISTINCT in_recovery) || ' ' || max(in_recovery)
	FROM dbops.server_history WHERE node = 'first'"), '1 0', 'the primary was never in recovery');
cmp_ok($primary->safe_psql('postgres', 'SELECT max(walsenders) FROM dbops.server_history'), '>=', 1,
	'the primary saw the standby');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM dbops.node'), '1', 'nothing of the standby is stored');

# ---- at rest -------------------------------------------------------------------------------------
# A standby that receives is no activity.  To ask the primary would be; the kernel counts the pauses of its sampler.
my $sampler = $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'");

sub sampler_sleeps
{
	my ($count) = slurp_file("/proc/$sampler/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
	return $count;
}

my $rest_from = $primary->safe_psql('postgres', 'SELECT clock_timestamp()');
my $until = sampler_sleeps() + 10;
my $polls = 0;
select(undef, undef, undef, 0.1) while sampler_sleeps() < $until && $polls++ < 600;
is($primary->safe_psql('postgres', "SELECT dbops.take_sample(); SELECT count(*) > 0 FROM dbops.tick_0
	WHERE flags & 1 = 1 AND at > '$rest_from' AND family = 18") =~ /t\z/, 1, 'a primary with a standby can be at rest');

# ---- promoted -----------------------------------------------------------------------------------
my $started = $standby->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');
my $remembered = $standby->safe_psql('postgres', "SELECT min(at) FROM dbops.server_history WHERE node = 'second'");
$primary->stop;
$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'),
	'once promoted it takes samples');
$before = $standby->safe_psql('postgres', 'SELECT now() FROM dbops.take_sample()');
is($standby->safe_psql('postgres', 'SELECT string_agg(name, \' \' ORDER BY name) FROM dbops.node'),
	'first second', 'and stores them, as those of another node');
is($standby->safe_psql('postgres', "SELECT count(*) > 0 FROM dbops.tick_0 AS t JOIN dbops.node AS n ON n.id = t.node
	WHERE n.name = 'second' AND t.at >= '$before'"), 't', 'the new sample is in the tables');
# Quiet samples are stored as one, which covers their time.
is($standby->safe_psql('postgres', "SELECT min(at - covers) <= timestamptz '$remembered' + interval '0.1 s'
	FROM dbops.server_history WHERE node = 'second'"), 't', 'what it remembered as a standby is kept');
is($standby->safe_psql('postgres', "SELECT string_agg(DISTINCT in_recovery::text, ' ' ORDER BY in_recovery::text)
	FROM dbops.server_history WHERE node = 'second'"), '0 1', 'and tells when it was promoted');
is($standby->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, 'without a restart');
is(nodes($standby, 'server'), 'first second', 'the history of the old primary is still there');

# What was in memory only is in tables: it outlives the memory.
$standby->restart;
is($standby->safe_psql('postgres', "SELECT min(at) <= '$before' FROM dbops.server_history WHERE node = 'second'"),
	't', 'after a restart it remembers what happened before');

$standby->stop;
done_testing();
