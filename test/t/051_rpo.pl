# covers: collect/archiver collect/archive_watch collect/archive_holes collect/wal_copies judge/recovery_facts
# covers: collect/crash_replay collect/recovery_rates judge/checks_archive
#
# What would be lost, told within two seconds of the truth, in each state of archiving.  The truth is
# what lies in the archive's folder: the first commit behind the WAL that is there without a gap.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant { SEGMENT => 1024 * 1024, TOLERANCE => 2 };

my $dir = PostgreSQL::Test::Utils::tempdir;
my ($archive, $stream, $spool, $repository) = map { "$dir/$_" } qw(archive stream spool repository);
mkdir $_ for $archive, $stream, $spool, $repository;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.rpo_objective = 1
max_worker_processes = 16
autovacuum = off
archive_mode = on
archive_command = 'cp %p $archive/%f'
wal_keep_size = 64MB
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');

# ---- the truth ----------------------------------------------------------------------------------

sub number { my ($high, $low) = split m{/}, $_[0]; return hex($high) * 2**32 + hex($low) }

# Segments of a folder by number; those of pgBackRest have more behind the name.
sub segments
{
	my %found;
	for my $file (map { glob "$_/*" } @_)
	{
		$file =~ m{/[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})(\.partial|-[0-9a-f]+\.\w+)?$} or next;
		$found{ hex($1) * (2**32 / SEGMENT) + hex($2) } = $file;
	}
	return \%found;
}

my @beats;    # commits: position behind each, and when
my $since;    # first segment that a restore needs

sub beat
{
	my $rows = $_[0] // 1;
	my $at = time;
	my $lsn = sql("INSERT INTO t SELECT generate_series(1, $rows); SELECT pg_current_wal_insert_lsn()");
	push @beats, [ number($lsn), $at ];
	return;
}

# Up to where WAL is kept without a gap.
sub kept
{
	my $found = segments(@_);
	my $next = $since // (sort { $a <=> $b } keys %$found)[0] // return 0;
	$next++ while $found->{$next};
	return $next * SEGMENT;
}

# For how long the first commit behind that has been there; 0 if there is none.
sub exposed
{
	my ($end) = @_;
	my ($first) = grep { $_->[0] > $end } @beats;
	return $first ? time - $first->[1] : 0;
}

my %worst;
my $site = "FROM dbops.recovery WHERE failure = 'loss of all but the archive'";

# Compares with the truth once; true if it is near enough.
sub compare
{
	my ($state, @folders) = @_;
	my $before = exposed(kept(@folders));
	my $told = sql("SELECT rpo_seconds $site");
	my $after = exposed(kept(@folders));
	# What is archived meanwhile makes it less.
	my ($least, $most) = sort { $a <=> $b } $before, $after;
	my $error = $told eq '' ? 1e9 : $told < $least ? $least - $told : $told > $most ? $told - $most : 0;
	$worst{$state} = [ $error, $told, $after ] if !$worst{$state} || $error > $worst{$state}[0];
	return $error <= TOLERANCE;
}

# What the sampler has not looked at yet is not known to it.
sub await_look
{
	my $lsn = sql('SELECT pg_current_wal_flush_lsn()');
	$node->poll_query_until('postgres', "SELECT max(lsn) >= '$lsn' FROM dbops._lsn_points()") or die 'no look';
	return;
}

# Writes and compares for some seconds; `word` is how the archiver is to be called at the end.
sub watch
{
	my ($state, $seconds, $work, @folders) = @_;
	my $end = time + $seconds;
	my $wrong = 0;
	await_look();
	while (time < $end)
	{
		$work->();
		$wrong++ unless compare($state, @folders);
	}
	is($wrong, 0, "$state: exposure is within two seconds of the truth")
	  or diag(sprintf "told %s, the truth is %.2f", @{ $worst{$state} }[ 1, 2 ]);
	return;
}

sub is_state
{
	my ($word, $name) = @_;
	ok($node->poll_query_until('postgres', "SELECT state = '$word' FROM dbops.archiving"), $name)
	  or diag(sql('SELECT state, evidence FROM dbops.archiving'));
	return;
}

sub is_verdict
{
	my ($check, $status) = @_;
	ok($node->poll_query_until('postgres', "SELECT status = '$status' FROM dbops.health WHERE check_name = '$check'"), "$check: $status")
	  or diag(sql("SELECT status, value, evidence FROM dbops.health WHERE check_name = '$check'"));
	return;
}

sub set_command
{
	my ($command) = @_;
	$node->adjust_conf('postgresql.conf', 'archive_command', "'$command'");
	$node->reload;
	return;
}

sub next_segment { return sql('SELECT pg_switch_wal()') }

# ---- working, idle ------------------------------------------------------------------------------

beat();
next_segment();
$node->poll_query_until('postgres', 'SELECT archived_count > 0 FROM pg_stat_archiver') or die 'nothing is archived';
# From here on the sampler has seen all.
ok($node->poll_query_until('postgres', "SELECT rpo_seconds IS NOT NULL $site"), 'exposure is told');
my $count = 0;
watch('working', 3, sub { beat(); next_segment() if ++$count % 15 == 0 }, $archive);
# Should the last thing have been to begin a segment, nothing would be left to archive.
beat();
is_state('working', 'it works');
is_verdict($_, 'ok') for 'archiving keeps nothing', 'archive lacks WAL', 'no copy of WAL';
is_verdict('recovery point by design', 'warning');

await_look();
next_segment();
$node->poll_query_until('postgres', 'SELECT ready = 0 FROM dbops.archiver_now') or die 'not archived';
is_state('idle', 'with all archived it idles');
sql('CHECKPOINT; SELECT dbops.take_sample()');
$node->poll_query_until('postgres', "SELECT rpo_seconds = 0 $site") or die 'not idle';
watch('idle server', 2, sub { }, $archive);
is(sql("SELECT unarchived_bytes > 0 AND important_lsn > archived_lsn FROM dbops.archiver_now"), 't',
	'though there is WAL behind it: a checkpoint, and what dbops writes');

# ---- failing, hanging ---------------------------------------------------------------------------

set_command('false');
beat();
next_segment();
watch('failing', 2, sub { beat() }, $archive);
is_state('failing', 'it fails');
like(sql("SELECT evidence FROM dbops.archiving"), qr/^the last attempt failed; [1-9]\d* segments wait/, 'what waits is told');

# A crash takes the statistics, not what is known of the archive.
beat(300000);
await_look();
$node->stop('immediate');
$node->start;
is(sql('SELECT last_archived_time IS NULL FROM pg_stat_archiver'), 't', 'after a crash the server remembers nothing archived');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM dbops._lsn_points()'), 'the sampler looks again');
compare('after a crash', $archive);
cmp_ok($worst{'after a crash'}[0], '<=', 2 * TOLERANCE, 'exposure is what it was before');

ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.recovery_rates WHERE source = 'crash' AND bytes_per_second > 0"),
	'how fast WAL was replayed is learned');
like(sql("SELECT why FROM dbops.recovery WHERE failure = 'crash'"), qr/by the last crash recovery/, 'and the time of the next recovery told by it');

my $pid_file = "$dir/pid";
set_command("echo \$\$ > $pid_file; exec tail -f /dev/null");
$node->poll_query_until('postgres', "SELECT waits_for = 'archive_command' FROM dbops.archiver_now") or die 'not hanging';
watch('hanging', 2, sub { beat() }, $archive);
is(sql("SELECT failed_count FROM pg_stat_archiver"), sql("SELECT failed_count FROM dbops.archiver_now"), 'what hangs counts no failure');

set_command("cp %p $archive/%f");
kill 'TERM', slurp_file($pid_file) + 0;
ok($node->poll_query_until('postgres', 'SELECT ready = 0 FROM dbops.archiver_now'), 'it recovers, and all is archived');
watch('working again', 2, sub { beat(); next_segment() if ++$count % 15 == 0 }, $archive);

# ---- a receiver that acts as an archive -----------------------------------------------------------

set_command('false');
$node->command_ok([ 'pg_receivewal', '-D', $stream, '-S', 'receiver', '--create-slot', '-d', $node->connstr('postgres') ], 'a slot is made');
my $receiver = IPC::Run::start([ 'pg_receivewal', '-D', $stream, '-S', 'receiver', '--synchronous', '-d', $node->connstr('postgres') . ' application_name=pg_receivewal' ],
	'<', \undef, '>', \my $out, '2>', \my $err);
ok($node->poll_query_until('postgres', "SELECT rpo_seconds < 1 $site"), 'a receiver with a slot makes up for the archive');
my $streamed = sub {
	beat();
	my $lsn = number(sql('SELECT min(flush_lsn) FROM pg_stat_replication'));
	# What it has flushed is kept, though its segment is not complete.
	@beats = grep { $_->[0] > $lsn } @beats;
};
watch('pg_receivewal', 2, $streamed);
like(sql("SELECT why $site"), qr/receiver "pg_receivewal" has all that was committed/, 'it is named');
is(sql("SELECT rpo_by_design_seconds $site"), '60', 'and how late a broken connection may be noticed');
$receiver->signal('INT');
$receiver->finish;
beat();
ok($node->poll_query_until('postgres', "SELECT why ~ 'receiver \"pg_receivewal\", which is not connected, ends before the latest commits' $site"),
	'gone, it is remembered up to where it was')
  or diag(sql("SELECT why $site"));
sql("SELECT pg_drop_replication_slot('receiver')");
set_command("cp %p $archive/%f");
beat();
next_segment();
ok($node->poll_query_until('postgres', 'SELECT ready = 0 FROM dbops.archiver_now', 't'), 'the archive goes on');

# ---- WAL is dropped -------------------------------------------------------------------------------

my $data = $node->data_dir;
my $pgbackrest = `which pgbackrest 2>/dev/null`;
chomp $pgbackrest;
mkdir "$dir/$_" for qw(lock log);
append_to_file("$dir/pgbackrest.conf", <<CONF);
[global]
repo1-path=$repository
lock-path=$dir/lock
log-path=$dir/log
spool-path=$spool
archive-async=y
archive-push-queue-max=2MB

[main]
pg1-path=$data
CONF
append_to_file("$dir/pgbackrest.conf", 'pg1-port=' . $node->port . "\npg1-socket-path=" . $node->host . "\n");
# It knows no server that is newer than itself.
if ($pgbackrest eq '' || !PostgreSQL::Test::Utils::run_log([ $pgbackrest, "--config=$dir/pgbackrest.conf", '--stanza=main', 'stanza-create' ]))
{
	# As it does: success, and a status file that tells.
	$pgbackrest = "$dir/pgbackrest";
	append_to_file($pgbackrest, <<SH);
#!/bin/sh
mkdir -p $spool/archive/main/out
for last; do :; done
name=\$(basename "\$last")
printf "0\\ndropped WAL file '%s' because archive queue exceeded 2MB" "\$name" > $spool/archive/main/out/\$name.ok
SH
	chmod 0755, $pgbackrest;
	note('pgBackRest is not there, or too old: its status files are written instead');
}
set_command('false');
for (1 .. 6) { beat(); next_segment() }
set_command("$pgbackrest --config=$dir/pgbackrest.conf --stanza=main archive-push %p");
ok($node->poll_query_until('postgres', "SELECT state = 'dropping' AND segments_waiting = 0 FROM dbops.archiving"),
	'pgBackRest drops WAL, and the server thinks that all is archived')
  or diag(sql('SELECT * FROM dbops.archiving'), sql('SELECT * FROM dbops.archiver_now'));
watch('WAL dropped', 2, sub { beat() }, $archive, glob("$repository/archive/main/*/*"));
is_verdict('archive lacks WAL', 'critical');
like(sql("SELECT what_to_do $site"), qr/then take a base backup/, 'what to do is told');

# Archived again, the hole stays until there is a backup behind it.
set_command("cp %p $archive/%f");
beat();
next_segment();
ok($node->poll_query_until('postgres', "SELECT archived_count > 0 AND ready = 0 FROM dbops.archiver_now"), 'then WAL is archived again');
watch('a hole behind', 2, sub { beat() }, $archive);
await_look();
$node->command_ok([ 'pg_basebackup', '-D', "$dir/base", '-c', 'fast', '-d', $node->connstr('postgres') ], 'a base backup is taken');
ok($node->poll_query_until('postgres', "SELECT rpo_seconds < 3 AND (SELECT count(*) > 0 FROM dbops.backups WHERE restorable) $site"), 'after it the hole is behind us') or diag(sql("SELECT * $site"));
$since = int(number(sql("SELECT max(start_lsn) FROM dbops.backups WHERE restorable")) / SEGMENT);
watch('after a backup', 2, sub { beat(); next_segment() if ++$count % 15 == 0 }, $archive);
is(sql("SELECT rto_seconds > 0 FROM dbops.recovery WHERE failure = 'loss of all but the archive'"), 't', 'and the time to restore it is told');

# ---- WAL is thrown away ---------------------------------------------------------------------------

next_segment();
$node->poll_query_until('postgres', 'SELECT ready = 0 FROM dbops.archiver_now') or die 'not archived';
set_command('exit 0');
beat();
next_segment();
watch('true', 2, sub { beat(); next_segment() if ++$count % 10 == 0 }, $archive);
is_state('discarding', 'it throws WAL away');
is_verdict('archiving keeps nothing', 'critical');
is_verdict('recovery point', 'critical');
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM dbops.archive_hole WHERE end_lsn IS NULL'), 'the hole is noted');
$node->restart;
ok($node->poll_query_until('postgres', "SELECT start_lsn = (SELECT start_lsn FROM dbops.archive_hole WHERE end_lsn IS NULL)
	FROM dbops._archive_hole_now()"), 'and taken up again after a restart');
watch('true, restarted', 2, sub { beat() }, $archive);
is(sql('SELECT count(*), count(ends_because) FROM dbops.recovery_windows'), '1|1', 'one can go back to a window that ends there')
  or diag(sql('SELECT * FROM dbops.recovery_windows'));

set_command("cp %p $archive/%f");
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM dbops.archive_hole WHERE kind = $$discarded$$ AND end_lsn IS NOT NULL'),
	'mended, the hole has an end');
$node->command_ok([ 'pg_basebackup', '-D', "$dir/second", '-c', 'fast', '-d', $node->connstr('postgres') ], 'another base backup is taken');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 AND count(ends_because) = 1 AND count(next_from_at) = 1 FROM dbops.recovery_windows'),
	'behind which a second window begins')
  or diag(sql('SELECT * FROM dbops.recovery_windows'));

note(sprintf '%-18s %10s %10s %10s', 'state', 'told', 'truth', 'error');
note(sprintf '%-18s %8.2f s %8.2f s %8.2f s', $_, @{ $worst{$_} }[ 1, 2, 0 ]) for sort keys %worst;
$node->stop;
done_testing();
