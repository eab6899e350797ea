# covers: collect/replay_meter collect/recovery_rates
#
# How fast WAL is replayed is learned from a standby that catches up, and the times to recover are told
# by it: the truth is how far the standby itself says it is, looked at all the time.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $conf = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
max_wal_size = 2GB
checkpoint_timeout = 1h
autovacuum = off
CONF

my $primary = PostgreSQL::Test::Cluster->new('rate_primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "${conf}wal_keep_size = 2GB\ndbops.node_name = 'primary'\n");
$primary->start;
sub sql { return $primary->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE TABLE t (k text) WITH (fillfactor = 50); CREATE INDEX ON t (k); INSERT INTO t SELECT md5(g::text) FROM generate_series(1, 200000) AS g');
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('slow');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
# Too small for the index: replay reads and writes pages all the time, so that it is slower than the network.
$standby->append_conf('postgresql.conf', "shared_buffers = 8MB\nmax_connections = 100\nrecovery_prefetch = off\ndbops.node_name = 'slow'\n");
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(sql('SELECT count(*) FROM dbops.recovery_rates'), '0', 'a standby that is never behind tells nothing');

# ---- it catches up -------------------------------------------------------------------------------

$standby->stop;
my $from = sql('SELECT pg_current_wal_lsn()');
sql("INSERT INTO t SELECT md5((g * 7)::text) FROM generate_series(1, 400000) AS g");
my $to = sql('SELECT pg_current_wal_lsn()');
my $megabytes = sql("SELECT ('$to'::pg_lsn - '$from') / 1048576");
cmp_ok($megabytes, '>', 100, 'there is much to catch up with');
$standby->start;

# Pairs of time and what is replayed by then.
my @seen;
my $watch = $standby->background_psql('postgres');
for (;;)
{
	my ($replayed, $at, $left) = split /\|/, $watch->query_safe("SELECT pg_last_wal_replay_lsn() - '$from', extract(epoch FROM clock_timestamp()), '$to' - pg_last_wal_replay_lsn() FROM pg_sleep(0.05)");
	push @seen, [ $at, $replayed ];
	last if $left <= 0;
}
$watch->quit;
my ($first) = grep { $_->[1] > 0.1 * $megabytes * 1048576 } @seen;
my $truth = ($seen[-1][1] - $first->[1]) / ($seen[-1][0] - $first->[0]);
note(sprintf '%.0f MB in %.1f s: %.0f MB/s', $megabytes, $seen[-1][0] - $seen[0][0], $truth / 1048576);

becomes($primary, q{SELECT string_agg(concat_ws('|', node, source, name), ' ') FROM dbops.recovery_rates}, 'primary|standby|slow', 'its rate is learned, once');
my ($told, $bytes) = split /\|/, sql('SELECT bytes_per_second, bytes FROM dbops.recovery_rates JOIN dbops.recovery_rate USING (node, source, name)');
note(sprintf 'told: %.0f MB/s, by %.0f MB', $told / 1048576, $bytes / 1048576);
cmp_ok(abs($told / $truth - 1), '<', 0.5, 'and right')
  or diag(sprintf 'told %.1f MB/s, the truth is %.1f', $told / 1048576, $truth / 1048576);

# ---- what it is for ------------------------------------------------------------------------------

my $rounded = sql("SELECT round($told / 1048576)");
like(sql("SELECT why FROM dbops.recovery WHERE failure = 'crash'"), qr{MB of WAL since the last checkpoint at $rounded MB/s, by standby "slow" when it caught up$},
	'the time to recover from a crash is told by it');
is(sql(q{SELECT confidence FROM dbops.recovery WHERE failure = 'crash'}), 'medium', 'with the confidence of what was measured');
is(sql(qq{SELECT abs(rto_seconds - 1 - (pg_current_wal_insert_lsn() - redo_lsn) / $told) < 1 FROM dbops.recovery, pg_control_checkpoint() WHERE failure = 'crash'}), 't',
	'which is what there is to replay by the rate');
$primary->poll_query_until('postgres', "SELECT count(*) > 1 FROM dbops.replication_history WHERE replay_lsn >= '$to'::pg_lsn - '0/0'") or die 'not seen';
sql('SELECT dbops.take_sample()');
sql('SELECT dbops.take_sample()');
my $before = sql('SELECT measured_at FROM dbops.recovery_rates');
sql('SELECT dbops.take_sample()');
sql('SELECT dbops.take_sample()');
is(sql('SELECT measured_at FROM dbops.recovery_rates'), $before, 'it is not measured again while nothing is to be learned');

# ---- paused, that is no rate ---------------------------------------------------------------------

sql("DELETE FROM dbops.recovery_rate");
$primary->restart;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
sql("INSERT INTO t SELECT md5((g * 3)::text) FROM generate_series(1, 100000) AS g");
my $end = sql('SELECT pg_current_wal_lsn()');
$primary->poll_query_until('postgres', "SELECT flush_lsn >= '$end' FROM pg_stat_replication") or die 'not received';
$primary->poll_query_until('postgres', "SELECT count(*) > 1 FROM dbops.replication_history WHERE replay_lag_bytes > 16000000 AND flush_lag_bytes = 0") or die 'not seen';
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$primary->wait_for_catchup($standby, 'replay', $end);
sql('SELECT dbops.take_sample()');
sql('SELECT dbops.take_sample()');
is(sql(qq{SELECT count(*) FROM dbops.recovery_rates WHERE bytes_per_second < $told / 3}), '0', 'replay that was paused is not taken for slow')
  or diag(sql('SELECT * FROM dbops.recovery_rate'));

is(sql(q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0}), '', 'no task fails');
$standby->stop;
$primary->stop;
done_testing();
