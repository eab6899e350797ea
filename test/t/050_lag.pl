# covers: judge/replication_facts judge/family_rows judge/replay_conflict collect/standbys store/upstream worker/heartbeat
#
# How far a standby is behind is right to two seconds in each state it can be in, on both sides that are
# alive; where nobody can know, it is the time since it was last known to be up to date, and says so.
use strict;
use warnings FATAL => 'all';

use List::Util qw(max);
use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Proxy;
use Test::More;
use Time::HiRes qw(time);

my $settings = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
wal_receiver_timeout = 6s
wal_retrieve_retry_interval = 500ms
CONF

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', has_archiving => 1);
$primary->append_conf('postgresql.conf', "${settings}dbops.node_name = 'primary'\n");
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE beat (at timestamptz);
CREATE TABLE t (id int);
CREATE PUBLICATION p FOR TABLE beat;
SQL
$primary->backup('copy');
my $proxy = Proxy->new($primary);

sub make_standby
{
	my ($name, $conninfo, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init_from_backup($primary, 'copy');
	$node->append_conf('postgresql.conf', "dbops.node_name = '$name'\narchive_mode = off\n"
		. ($conninfo ? "primary_conninfo = '$conninfo application_name=$name'\n" : '') . ($conf // ''));
	$node->set_standby_mode;
	$node->start;
	return $node;
}

my $standby = make_standby('standby', $proxy->connstr);

# ---- truth and measure --------------------------------------------------------------------------

# Commits the time, ten times a second.
my $writer;
my $beats = PostgreSQL::Test::Utils::tempdir() . '/beats.sql';
append_to_file($beats, "INSERT INTO beat VALUES (clock_timestamp())\n\\watch 0.1\n");

sub busy
{
	$writer = IPC::Run::start([ 'psql', '-XqAt', '-f', $beats, '-d', $primary->connstr('postgres') ], '<', '/dev/null',
		'>', '/dev/null', '2>', '/dev/null');
	return;
}

sub idle
{
	$writer->kill_kill(grace => 0) if $writer;
	undef $writer;
	return;
}

my @table;

# One look: what a server says of a standby, and what is true just before and just after: a standby
# that catches up may do so in between.
sub look
{
	my ($state, $side, $node, $truth) = @_;
	my $where = $side eq 'primary' ? q{name = 'standby'} : q{kind = 'upstream'};
	my $name = $side eq 'primary' ? q{'standby'} : 'NULL';
	my $before = $truth->();
	my ($lag, $certain, $cause) = split /\|/, $node->safe_psql('postgres',
		"SELECT round(dbops.replication_lag($name)::numeric, 2), certain, coalesce(cause, '') FROM dbops.replication WHERE $where");
	return { state => $state, side => $side, before => sprintf('%.2f', $before), truth => sprintf('%.2f', $truth->()),
		lag => $lag // '', certain => $certain // '', cause => $cause // '' };
}

# Looks for some seconds; every single one has to be right.
sub is_right
{
	my ($state, $side, $node, $truth, %expected) = @_;
	my ($worst, $bad, $looks) = (undef, 0, 0);
	my $end = time + ($expected{for} // 1);
	do
	{
		my $look = look($state, $side, $node, $truth);
		my ($least, $most) = sort { $a <=> $b } $look->{before}, $look->{truth};
		my $error = $look->{lag} eq '' ? 1e9 : max($least - $look->{lag}, $look->{lag} - $most, 0);
		$looks++;
		$bad++ if $error > 2 || (defined $expected{certain} && $look->{certain} ne $expected{certain})
		  || (defined $expected{cause} && $look->{cause} ne $expected{cause});
		$look->{error} = $error;
		$worst = $look if !defined $worst || $error >= $worst->{error};
	} while (time < $end);
	push @table, $worst;
	is($bad, 0, "$state: the $side is right") or diag explain($worst);
	return;
}

# The first commit that the standby has not replayed is as old as the standby is behind.
sub not_replayed_for
{
	my $seen = $standby->safe_psql('postgres', q{SELECT coalesce(max(at), '-infinity') FROM beat});
	return sub {
		return $primary->safe_psql('postgres', "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM beat WHERE at > '$seen'");
	};
}

my $not_replayed_for = sub { return not_replayed_for()->() };
sub since { my ($from) = @_; return sub { return time - $from } }

# ---- busy ---------------------------------------------------------------------------------------
busy();
becomes($primary, q{SELECT state FROM dbops.replication WHERE name = 'standby'}, 'streaming', 'the standby is there');
becomes($standby, 'SELECT usual_pause_ms < 2000 FROM dbops.receiver_now', 't', 'it knows how often it hears of its sender');
is_right('busy', 'primary', $primary, $not_replayed_for, certain => 't', cause => '');
is_right('busy', 'standby', $standby, $not_replayed_for, certain => 't', cause => '');

# ---- idle ---------------------------------------------------------------------------------------
idle();
is_right('idle', 'primary', $primary, sub { 0 }, certain => 't', cause => '');
is_right('idle', 'standby', $standby, sub { 0 }, certain => 't', cause => '', for => 5);

# ---- replay paused ------------------------------------------------------------------------------
busy();
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
becomes($standby, 'SELECT pg_get_wal_replay_pause_state()', 'paused', 'replay is paused');
becomes($standby, 'SELECT dbops.replication_lag() > 2', 't', 'which makes it fall behind');
is_right('paused', 'primary', $primary, $not_replayed_for, certain => 't', cause => 'WAL is not replayed there');
is_right('paused', 'standby', $standby, $not_replayed_for, certain => 't', cause => 'replay is paused');
is($standby->safe_psql('postgres', "SELECT lost_in || ' ' || what_to_do FROM dbops.replication WHERE kind = 'upstream'"),
	'apply SELECT pg_wal_replay_resume()', 'it is known where the time is lost, and what to do');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
becomes($standby, 'SELECT dbops.replication_lag() = 0', 't', 'it catches up');

# ---- network cut --------------------------------------------------------------------------------
becomes($primary, q{SELECT dbops.replication_lag('standby') < 1}, 't', 'the primary hears of that');
my $cut_at = time;
$proxy->cut;
becomes($standby, q{SELECT certain FROM dbops.replication WHERE kind = 'upstream'}, 'f', 'it notices that it hears nothing');
cmp_ok(time - $cut_at, '<', 6, 'soon');
is_right('cut', 'primary', $primary, $not_replayed_for);
is_right('cut', 'standby', $standby, since($cut_at), certain => 'f');
# The receiver gives up meanwhile and tries to connect again, in vain.
becomes($standby, q{SELECT status <> 'streaming' FROM dbops.receiver_now}, 't', 'the receiver gives up');
is_right('cut', 'standby', $standby, since($cut_at), certain => 'f', cause => 'disconnected', for => 2);
is_right('cut', 'primary', $primary, $not_replayed_for);
$proxy->mend;
becomes($standby, q{SELECT certain AND replay_lag_seconds = 0 FROM dbops.replication WHERE kind = 'upstream'}, 't', 'it comes back');
becomes($primary, q{SELECT dbops.replication_lag('standby') < 1}, 't', 'the primary knows');
is_right('mended', 'primary', $primary, $not_replayed_for, certain => 't', cause => '');
is_right('mended', 'standby', $standby, $not_replayed_for, certain => 't', cause => '', for => 0);

# ---- standby restarted --------------------------------------------------------------------------
my $seen = not_replayed_for();
$standby->stop;
becomes($primary, q{SELECT state FROM dbops.replication WHERE name = 'standby'}, 'disconnected', 'a standby that is stopped stays in sight');
becomes($primary, q{SELECT dbops.replication_lag('standby') > 2}, 't', 'its lag grows');
is_right('restarted', 'primary', $primary, $seen, certain => 'f', cause => 'disconnected');
is($primary->safe_psql('postgres', q{SELECT loss_bytes > 0 AND loss_seconds > 2 AND loss_commits BETWEEN 15 AND 200
	FROM dbops.replication WHERE name = 'standby'}), 't', 'what would be lost with it is known, in bytes, seconds and commits');
$standby->start;
is_right('restarted', 'standby', $standby, $not_replayed_for);
is_right('restarted', 'primary', $primary, $not_replayed_for, certain => 't');

# ---- WAL from the archive only ------------------------------------------------------------------
my $archive = $primary->archive_dir;
my $copy = make_standby('copy', '', "restore_command = 'cp $archive/%f %p'\n");

sub not_restored_for
{
	my $at = $copy->safe_psql('postgres', q{SELECT coalesce(max(at), '-infinity') FROM beat});
	return $primary->safe_psql('postgres', "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM beat WHERE at > '$at'");
}
my $switched_at = $primary->safe_psql('postgres', 'SELECT clock_timestamp(), pg_switch_wal()') =~ s/\|.*//sr;
becomes($copy, "SELECT max(at) > '$switched_at'::timestamptz - interval '1 s' FROM beat", 't', 'a copy restores what is in the archive');
is_right('archive only', 'standby', $copy, \&not_restored_for, certain => 'f', cause => 'WAL from the archive only', for => 2);
$copy->stop;

# ---- primary killed -----------------------------------------------------------------------------
becomes($standby, 'SELECT dbops.replication_lag() = 0', 't', 'the standby is up to date');
my $killed_at = time;
$primary->stop('immediate');
idle();
is_right('primary killed', 'standby', $standby, since($killed_at), certain => 'f', cause => 'disconnected', for => 2);

note sprintf('%-15s %-8s truth %7s  measured %7s  certain %s  %s', @{$_}{qw(state side truth lag certain cause)}) foreach @table;
$standby->stop;
done_testing();
