# covers: expose/restore_drill store/restore_tests
#
# The commands of a restore drill work as they are printed, for backups of real tools: what is restored
# has what was there when the backup ended and nothing else, the server beside it is left alone, and how
# long it took is what the time to recover is told by.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub find_program { my ($name) = @_; return (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0] }

my $pgbackrest = find_program('pgbackrest');
my $barman = find_program('barman');
my $me = getpwuid($<);

# Tools connect by their own names.
delete $ENV{PGAPPNAME};
my $node = PostgreSQL::Test::Cluster->new('drill');
my $out = PostgreSQL::Test::Utils::tempdir_short();
mkdir "$out/$_" for qw(space repo lock log spool barman archive);
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.backup_command_interval = 1s
max_worker_processes = 16
autovacuum = off
archive_mode = on
archive_command = 'cp "%p" "$out/archive/%f"'
external_pid_file = '$out/pid'
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE');
sql("CREATE TABLESPACE space LOCATION '$out/space'");
sql('CREATE TABLE orders (id int); CREATE TABLE parts (id int) TABLESPACE space');

my $last = 0;

sub order
{
	my $next = $last + 100;
	sql("INSERT INTO orders SELECT generate_series($last + 1, $next); INSERT INTO parts SELECT generate_series($last + 1, $next)");
	$last = $next;
	return;
}

sub write_file
{
	my ($file, $content) = @_;
	unlink $file;
	append_to_file($file, $content);
	return;
}

sub set { my ($name, $value) = @_; sql("ALTER SYSTEM SET $name = " . ($value =~ s/'/''/gr =~ s/^(.*)$/'$1'/sr)); sql('SELECT pg_reload_conf()'); return }

sub run_ok
{
	my ($what, @command) = @_;
	my $done = IPC::Run::run(\@command, '<', \undef, '>&', \my $said);
	ok($done, $what) or diag($said);
	return $done;
}

my $content = q{SELECT count(*), max(id), (SELECT sum(id) FROM parts) FROM orders};

# Commands with what the operator wants to see in place of the line that invites to it.
sub print_drill
{
	my ($arguments) = @_;
	my $drill = sql("SELECT dbops.restore_drill_command($arguments)") . "\n";
	$drill =~ s/^# Check here .*$/run -d postgres -c '$content' >$out\/seen/m or die $drill;
	return $drill;
}

sub paste
{
	my ($drill, @shell) = @_;
	my $done = IPC::Run::run([ @shell, 'bash', '--norc' ], '<', \$drill, '>', \my $said, '2>', \my $complaint);
	return ($done, "$said$complaint");
}

# Takes a backup between orders, and drills with it when it is known as it should be.
sub drill
{
	my ($tool, $more, $known, @backup) = @_;
	order();
	run_ok("$tool takes a backup", @backup) or return 0;
	my $expected = sql($content);
	order();
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM (SELECT max(id) AS id FROM dbops.backups WHERE tool = '$tool' AND kind <> 'archive') AS newest
		JOIN dbops.backups USING (id) WHERE restorable AND $known"), "$tool: its backup can be restored")
	  or diag(sql('SELECT tool, label, status, source, restorable, evidence FROM dbops.backups'));
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $begun = time;
	my ($done, $said) = paste(print_drill("'$tool', '$out/scratch', $port$more"));
	my $passed = time - $begun + 1;
	ok($done, "$tool: the commands work as they are printed") or diag($said);
	like($said, qr/^restored in \d+ s, and recorded in dbops.restore_tests$/m, "$tool: and say so");
	is(slurp_file("$out/seen"), "$expected\n", "$tool: what is restored is what was there when the backup ended");
	is(sql("SELECT t.ok, t.tool, t.label = b.label, t.backup_at = b.ended_at, t.took > '0' AND t.took < '$passed s', t.size_bytes > 20000000
			FROM dbops.restore_tests AS t, (SELECT * FROM dbops.backups WHERE tool = '$tool' AND kind <> 'archive' LIMIT 1) AS b ORDER BY t.id DESC LIMIT 1"),
		"t|$tool|t|t|t|t", "$tool: the test is recorded with the time it took");
	ok(!-e "$out/scratch", "$tool: nothing of it stays");
	return 1;
}

# ---- pg_basebackup -------------------------------------------------------------------------------

my @connection = ('-h', $node->host, '-p', $node->port);
my @base = ('pg_basebackup', @connection, '-c', 'fast', '--no-sync');
my $files = drill('pg_basebackup', ", '$out/files'", 'true', @base, '-D', "$out/files", '-T', "$out/space=$out/files_space");
is((stat "$out/files_space")[3] > 2 && -e "$out/files/backup_label", 1, 'the backup itself is as it was');
drill('pg_basebackup', ", '$out/tar'", 'true', @base, '-D', "$out/tar", '-Ft', '-z');
drill('pg_basebackup', ", '$out/bare'", 'true', @base, '-D', "$out/bare", '-Ft', '-X', 'none');


# As it stands on the screen of psql, between other things that were typed there.
{
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my ($screen) = run_command([ 'psql', '-X', @connection, '-d', 'postgres', '-c', "SELECT dbops.restore_drill_command('pg_basebackup', '$out/scratch', $port, '$out/tar')" ]);
	my $lines = join "\n", grep { !/^ *restore_drill_command *$|^-+$|^\(\d+ rows\)$/ } split /\n/, $screen;
	my ($done, $said) = paste("echo before\n$lines\necho \"after: \$-\"\n");
	like($said, qr/^before\nrestored in .*\nafter: (?!.*[eu])/m, 'pasted from the screen they work, and leave the shell as it was');
}

# What cannot begin is no failed test.
my $tests = sql('SELECT count(*) FROM dbops.restore_tests');

sub is_refused
{
	my ($drill, $reason, $what) = @_;
	my ($done, $said) = paste($drill);
	like($said, $reason, $what);
	ok(!$done, "$what: and the status tells so");
	return;
}
is_refused(print_drill("'pg_basebackup', '$out/scratch'"), qr/backup: is to be filled in first/, 'without the folder of the backup it asks for it');
is_refused(print_drill("'pg_basebackup', '$out/scratch', 5, '$out/nowhere'"), qr/nowhere is not there/, 'a folder that is not there is told');
is_refused(print_drill("'pg_basebackup', '$out/repo', 5, '$out/files'"), qr/repo is there already/, 'a scratch folder that is in use is left alone');
mkdir "$out/copy";
mkdir "$out/copy/$_" for qw(base pg_tblspc);
symlink "$out/space", "$out/copy/pg_tblspc/1";
is_refused(print_drill("'pg_basebackup', '$out/scratch', 5, '$out/copy'"), qr/leads to a tablespace of the server itself/, 'tablespaces of the server are never opened');
unlink "$out/copy/pg_tblspc/1";
symlink "$out/space", "$out/copy/pg_wal";
is_refused(print_drill("'pg_basebackup', '$out/scratch', 5, '$out/copy'"), qr/pg_wal.* leads out of/, 'nor any other folder outside');
ok(!-e "$out/scratch", 'nor left behind');
is(sql('SELECT count(*) FROM dbops.restore_tests'), $tests, 'none of that is recorded');

# ---- pgBackRest ----------------------------------------------------------------------------------

SKIP:
{
	skip 'pgBackRest is not installed (Debian: pgbackrest)', 1 unless $pgbackrest;
	my @run = ($pgbackrest, "--config=$out/pgbackrest.conf", '--stanza=main');
	write_file("$out/pgbackrest.conf", <<"CONF");
[global]
repo1-path=$out/repo
repo1-retention-full=2
log-path=$out/log
lock-path=$out/lock
spool-path=$out/spool
log-level-file=off
start-fast=y
compress-level=1
[main]
pg1-path=@{[ $node->data_dir ]}
pg1-port=@{[ $node->port ]}
pg1-socket-path=@{[ $node->host ]}
pg1-user=$me
CONF
	run_ok('pgBackRest makes its stanza', @run, 'stanza-create') or skip 'no stanza', 1;
	set('archive_command', "$pgbackrest --config=$out/pgbackrest.conf --stanza=main archive-push %p");
	drill('pgBackRest', '', 'true', @run, '--type=full', 'backup');
	is(sql("SELECT rto_seconds > 0, why ~ 'by the last restore test,' FROM dbops.recovery WHERE failure = 'dropped table'"), 't|t',
		'a size that no catalogue tells is taken from the drill');
	set('dbops.backup_command', "$pgbackrest --config=$out/pgbackrest.conf info --output=json");
	becomes($node, q{SELECT bool_and(source ~ 'catalogue') FROM dbops.backups WHERE tool = 'pgBackRest'}, 't', 'pgBackRest: its catalogue is read');
	drill('pgBackRest', '', q{label ~ 'I$'}, @run, '--type=incr', 'backup');
}

# ---- Barman --------------------------------------------------------------------------------------

SKIP:
{
	skip 'Barman is not installed (Debian: barman)', 1 unless $barman;
	my $connection = 'host=' . $node->host . ' port=' . $node->port . " user=$me";
	my @run = ($barman, '-c', "$out/barman.conf");
	write_file("$out/barman.conf", <<"CONF");
[barman]
barman_user = $me
barman_home = $out/barman
barman_lock_directory = $out/barman
log_file = $out/barman/log
[here]
description = here
conninfo = $connection dbname=postgres application_name=barman
streaming_conninfo = $connection application_name=barman
backup_method = postgres
immediate_checkpoint = true
streaming_archiver = on
slot_name = barman
path_prefix = @{[ find_program('pg_basebackup') =~ s{/[^/]*$}{}r ]}
CONF
	local $ENV{HOME} = $out;
	run_ok('Barman makes its slot', @run, 'receive-wal', '--create-slot', 'here') or skip 'no slot', 1;
	my $receiver = IPC::Run::start([ @run, 'receive-wal', 'here' ], '<', \undef, '>&', \my $said);
	becomes($node, q{SELECT active FROM pg_replication_slots WHERE slot_name = 'barman'}, 't', 'Barman receives WAL');
	for my $try (1 .. 10)
	{
		last if IPC::Run::run([ @run, 'switch-wal', '--force', '--archive', '--archive-timeout', '5', 'here' ], '<', \undef, '>&', \my $switched);
	}
	set('dbops.backup_command', "$barman -c $out/barman.conf -f json list-backups all; $barman -c $out/barman.conf -f json show-backup here latest");
	drill('Barman', '', q{source ~ 'catalogue' AND source ~ 'session'}, @run, 'backup', '--wait', 'here');
	sql('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots');
	$receiver->finish;
}

# ---- what is learned -----------------------------------------------------------------------------

my $site = "FROM dbops.recovery WHERE failure = 'loss of all but the archive'";
my $rates = q{(SELECT avg(size_bytes / extract(epoch FROM took)) / 1048576 AS rate FROM dbops.restore_tests WHERE id = (SELECT max(id) FROM dbops.restore_tests))};
note(sql('SELECT tool, took, size_bytes FROM dbops.restore_tests'));
like(sql("SELECT why $site"), qr/MB to restore at \d+ MB\/s, by the last restore test,/, 'the time to recover is told by the last restore test')
  or diag(sql("SELECT * $site"));


# ---- one that fails ------------------------------------------------------------------------------

unlink "$out/files/global/pg_control";
{
	my ($done, $said) = paste(print_drill("'pg_basebackup', '$out/scratch', 54329, '$out/files'"));
	ok(!$done, 'a backup that is broken fails the drill');
	like($said, qr/pg_control.*the drill failed at line \d+, starting it; see \Q$out\E\/scratch/s, 'with what the server said, and where to look');
}
is(sql('SELECT ok, tool, error ~ $$^restore drill failed at line \d+, starting it$$ FROM dbops.restore_tests ORDER BY id DESC LIMIT 1'), 'f|pg_basebackup|t', 'and that is recorded');
sub is_verdict { my ($check, $status) = @_; becomes($node, "SELECT status FROM dbops.health WHERE check_name = '$check'", $status, "$check: $status"); return }
is_verdict('restore test failed', 'critical');
sql('DELETE FROM dbops.restore_tests WHERE NOT ok');
is_verdict('restore test failed', 'ok');

# ---- 90 days on ----------------------------------------------------------------------------------

is_verdict('restore test overdue', 'ok');
sql("UPDATE dbops.restore_tests SET tested_at = tested_at - interval '89 days 23 hours'");
is_verdict('restore test overdue', 'ok');
like(sql("SELECT why $site"), qr/by the last restore test,/, 'for 90 days it is what the time is told by');
sql("UPDATE dbops.restore_tests SET tested_at = tested_at - interval '2 hours'");
is_verdict('restore test overdue', 'warning');
like(sql("SELECT why $site"), qr/by how fast it was taken/, 'then not any more');
is(sql(q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0 AND worker <> 'backup reader'}), '', 'no task fails');

is(sql($content), "$last|$last|" . $last * ($last + 1) / 2, 'the server has all that was written to it');
is(slurp_file("$out/pid") =~ /^(\d+)/ ? $1 : '', slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/ ? $1 : '-', 'its file with its pid is its own');
$node->stop;
done_testing();
