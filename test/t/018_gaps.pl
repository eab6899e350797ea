# Holes in the history: what was seen of an idle server outlives its stop, and the rest is told.
# covers: expose/gaps
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('gaps');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

my $samples = 'SELECT count(*) > %d FROM dbops.system_history';
my $gaps = 'SELECT count(*) FROM dbops.gaps';

ok($node->poll_query_until('postgres', sprintf($samples, 4)), 'samples are taken');
is($node->safe_psql('postgres', $gaps), '0', 'without a pause there is no gap');

# Samples of an idle server wait in memory for minutes; a stop stores them.
my $last = $node->safe_psql('postgres', 'SELECT max(at) FROM dbops.system_history');
$node->stop('fast');
$node->start;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.gaps WHERE reason IS NOT NULL"),
	'a restart leaves one gap');
is($node->safe_psql('postgres', "SELECT began >= '$last', ended > began, missing = ended - began FROM dbops.gaps"),
	't|t|t', 'which begins with the last sample before the stop');
is($node->safe_psql('postgres', 'SELECT reason FROM dbops.gaps'),
	'the server was started', 'and says why');

# Nothing can be stored at a crash.
$node->stop('immediate');
$node->start;
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbops.gaps WHERE reason = 'the server was started'"),
	'so does a crash');
# The first sample may be as old as the server.
ok($node->poll_query_until('postgres', 'SELECT max(h.at) > max(g.ended) FROM dbops.system_history AS h, dbops.gaps AS g'),
	'it is sampled again');

my $before = $node->safe_psql('postgres', 'SELECT count(*) FROM dbops.system_history');
$node->append_conf('postgresql.conf', 'dbops.enabled = off');
$node->reload;
ok($node->poll_query_until('postgres',
		"SELECT max(at) < now() - interval '3 seconds' FROM dbops.system_history"),
	'dbops.enabled stops sampling');
$node->append_conf('postgresql.conf', 'dbops.enabled = on');
$node->reload;
ok($node->poll_query_until('postgres', "SELECT reason LIKE 'it ran on%' FROM dbops.gaps LIMIT 1"),
	'and so leaves a gap of a server that ran');

$node->stop;
done_testing();
