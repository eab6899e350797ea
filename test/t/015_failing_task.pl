# covers: core/tx core/spi core/clock
#
# A task that fails ends nothing but itself: it is shown with its error, tried again, and nothing is lost.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('failing');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
my $workers = "SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
	WHERE backend_type IN ('dbops sampler', 'dbops keeper')";
my $pids = $node->safe_psql('postgres', $workers);

# Nobody can write ticks while this session holds the table.
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN; LOCK TABLE dbops.tick_0 IN ACCESS EXCLUSIVE MODE');
my $locked_at = $session->query_safe('SELECT clock_timestamp()');
$node->safe_psql('postgres', 'INSERT INTO t SELECT generate_series(1, 500)');
my ($code, $out, $err);
($code, $out, $err) = $node->psql('postgres', 'SELECT dbops.take_sample()') for 1 .. 2;
like($err, qr/the sample was taken but not stored: failed/, 'take_sample() says that it was not stored');
ok($node->poll_query_until('postgres', "SELECT status = 'critical'
	AND detail = 'storing failed: canceling statement due to lock timeout'
	FROM dbops.status() WHERE component = 'store'"), 'status() has the error');
ok($node->poll_query_until('postgres', "SELECT ticks > 100 FROM dbops.self_now WHERE process = 'sampler'"),
	'the sampler goes on');
is($node->safe_psql('postgres', $workers), $pids, 'no worker died of it');
$session->query_safe('COMMIT');
my $freed_at = $session->query_safe('SELECT clock_timestamp()');
$session->quit;

ok($node->poll_query_until('postgres', "SELECT status = 'ok' FROM dbops.status() WHERE component = 'store'"),
	'it is tried again, and works');
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
cmp_ok($node->safe_psql('postgres', "SELECT count(*) FROM dbops.tick_0
	WHERE family = 5 AND at BETWEEN '$locked_at' AND '$freed_at'"), '>=', 2, 'ticks of that time are in the table');
is($node->safe_psql('postgres', "SELECT ticks_lost FROM dbops.self_now WHERE process = 'sampler'"), '0', 'none was lost');
cmp_ok($node->safe_psql('postgres', "SELECT sum(tup_inserted) FROM dbops.database_history
	WHERE datname = 'postgres' AND at > '$locked_at'"), '>=', 500, 'and what was done meanwhile is known');

is(scalar(() = slurp_file($node->logfile) =~ /dbops task "store" failed/g), 1,
	'the log has it once, however often it was tried');
like(slurp_file($node->logfile), qr/dbops task "store" works again after \d+ failures/, 'and that it works again');

$node->stop;
done_testing();
