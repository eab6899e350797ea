# covers: store/receive worker/activity
#
# What a standby ships when its clock is off; and a primary that receives can be at rest.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use Busy;
use ClockShift;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';
my $clock = ClockShift->new('shipping') or plan skip_all => 'no C compiler';

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
checkpoint_timeout = 1h
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE ROLE carrier LOGIN; GRANT USAGE ON SCHEMA dbops TO carrier; GRANT EXECUTE ON FUNCTION dbops.receive_ticks TO carrier');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\ndbops.primary_conninfo = '" . $primary->connstr =~ s/'/''/gr . " user=carrier'\n");
$clock->shift_to(600);
$clock->start($standby);
my $busy = Busy->new($standby);

sub finding { my ($what) = @_; return "SELECT $what FROM dbops.status() WHERE component = 'shipping'" }

my $newest = "SELECT extract(epoch FROM max(at) - now()) FROM dbops.server_history WHERE node = 'second'";
my $ticks = join ' UNION ALL ', map { "SELECT n.name, t.* FROM dbops.tick_$_ AS t JOIN dbops.node AS n ON n.id = t.node" } 0 .. 7;

# ---- at rest --------------------------------------------------------------------------------------
becomes($primary, "SELECT ($newest) BETWEEN 590 AND 610", 't', 'a clock that is 10 minutes ahead: samples arrive as they were taken');
my $sampler = $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'");

# To ask the primary would be activity; the kernel counts the pauses of its sampler.
sub sampler_sleeps
{
	my ($count) = slurp_file("/proc/$sampler/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
	return $count;
}

my ($rest_from, $before) = split /\|/, $primary->safe_psql('postgres', 'SELECT clock_timestamp(), ticks FROM dbops.shippers');
my $until = sampler_sleeps() + 10;
my $polls = 0;
select(undef, undef, undef, 0.1) while sampler_sleeps() < $until && $polls++ < 600;
cmp_ok($primary->safe_psql('postgres', 'SELECT ticks FROM dbops.shippers') - $before, '>', 50, 'while a busy standby ships to it');
is($primary->safe_psql('postgres', "SELECT dbops.take_sample(); SELECT count(*) > 0 FROM ($ticks) AS t
	WHERE name = 'first' AND flags & 1 = 1 AND at > '$rest_from'") =~ /t\z/, 1, 'a primary can be at rest');

# ---- clocks that are off --------------------------------------------------------------------------
becomes($standby, finding("status || ' ' || (detail ~ '; the clock here is \\d+ s ahead of the primary''s') || ' ' || what_to_do"),
	'warning true Set the clocks of both servers.', 'status() tells');
is($primary->safe_psql('postgres', "SELECT extract(epoch FROM clock_ahead)::int BETWEEN 590 AND 610 FROM dbops.shippers"), 't', 'so does the primary');
$clock->shift_to(-3 * 3600);
becomes($primary, "SELECT count(*) > 3 FROM dbops.server_history WHERE node = 'second' AND at < now() - interval '170 minutes'", 't', 'it is set back by hours: they arrive as well');
becomes($standby, finding("detail ~ '; the clock here is \\d+ s behind the primary''s'"), 't', 'which status() tells');
$clock->shift_to(2 * 3600);
becomes($standby, finding("detail LIKE '%; refused: %, the last: sample of % more than an hour ahead of this server''s clock (SQLSTATE 22008)  Set the clocks%'"), 't',
	'hours ahead they are refused');
is($primary->safe_psql('postgres', "SELECT max(at) < now() + interval '1 hour' FROM dbops.server_history WHERE node = 'second'"), 't', 'and none is stored');
$clock->shift_to(0);
becomes($primary, "SELECT count(*) > 3 FROM dbops.server_history WHERE node = 'second' AND at BETWEEN now() - interval '30 s' AND now()", 't', 'set right, they arrive again');
is($primary->safe_psql('postgres', "SELECT count(*) FROM (SELECT FROM ($ticks) AS t GROUP BY name, family, at HAVING count(*) > 1
	UNION ALL SELECT FROM ($ticks) AS t GROUP BY name, boot, seq HAVING count(*) > 1) AS double"), '0', 'none is there twice');
unlike(slurp_file($_->logfile), qr/PANIC|was terminated by signal|TRAP/, 'nothing crashed') for $primary, $standby;
$busy->end;
$standby->stop;
$primary->stop;
done_testing();
