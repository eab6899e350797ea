# covers: core/clock
#
# The clock is set forward and back under a running server: sampling and storing go on, no span is wrong.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use ClockShift;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = ClockShift->new('clock') or plan skip_all => 'no C compiler';

my $node = PostgreSQL::Test::Cluster->new('clock');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
fsync = off
CONF
$clock->start($node);
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');
sql('SELECT dbops.take_sample()');
my $workers = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
	WHERE backend_type IN ('dbops sampler', 'dbops keeper')};
my $pids = sql($workers);
my $ticks = join ' UNION ALL ', map { "SELECT family, at FROM dbops.tick_$_" } 0 .. 7;

sub goes_on
{
	my ($what, $seconds) = @_;
	$clock->shift_to($seconds);
	my $now = sql('SELECT clock_timestamp()');
	my $then = "BETWEEN '$now'::timestamptz - interval '2 s' AND '$now'::timestamptz + interval '1 min'";
	cmp_ok(abs(sql("SELECT extract(epoch FROM '$now'::timestamptz)") - time - $seconds), '<', 5, "$what: the server sees it");
	sql('INSERT INTO t SELECT generate_series(1, 100)');
	ok($node->poll_query_until('postgres', "SELECT count(*) >= 2 FROM ($ticks) AS tick WHERE family = 1 AND at $then"),
		"$what: samples are taken and stored");
	sql('SELECT dbops.take_sample()');
	is(sql("SELECT sum(tup_inserted) >= 100 FROM dbops.database_history WHERE datname = 'postgres' AND at $then"),
		't', "$what: they have what happened");
	is(sql('SELECT count(*) FROM dbops.system_history WHERE covers < interval \'0\' OR covers > interval \'1 min\''), '0',
		"$what: no span is wrong");
	is(sql(q{SELECT count(*) FROM dbops.status() WHERE status = 'critical'}), '0', "$what: status() is content");
	is(sql($workers), $pids, "$what: the same workers");
	return;
}

goes_on('a day forward', 86400);
goes_on('back by two days', -86400);
goes_on('forward by an hour', -82800);
goes_on('right again', 0);
is(sql('SELECT count(*) FROM dbops.member WHERE started_at > clock_timestamp()'), '0', 'the rings of tables are where they were')
  if $node->poll_query_until('postgres', "SELECT bool_and(last_at > clock_timestamp() - interval '1 min') FROM dbops.tasks() WHERE task = 'retain'");
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|dbops task .* failed/, 'nobody complains');

$node->stop;
done_testing();
