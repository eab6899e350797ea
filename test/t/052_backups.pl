# covers: store/backups collect/backup_watch collect/backup_sessions collect/backup_files track/backup_ends
#
# Backups by real tools are found with nothing configured, and told apart: good, failed, running.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $conf = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
CONF

# Tools connect by their own names.
delete $ENV{PGAPPNAME};

my $node = PostgreSQL::Test::Cluster->new('backups');
$node->init(allows_streaming => 1, has_archiving => 1);
$node->append_conf('postgresql.conf', $conf);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE wide AS SELECT g, repeat(md5(g::text), 20) AS filler FROM generate_series(1, 30000) AS g;
CREATE TABLE narrow AS SELECT 1 AS a;
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
CREATE ROLE poor LOGIN;
CREATE DATABASE shop;
SQL
my $out = $node->basedir;

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Waits until the catalogue says so of some backup.
sub found
{
	my ($condition, $what, $where) = @_;
	my $told = ($where // $node)->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.backups WHERE $condition");
	ok($told, $what) or diag(($where // $node)->safe_psql('postgres',
		'SELECT tool, kind, label, datname, node, status, source, restorable, evidence FROM dbops.backups'));
	return;
}

sub run_tool { my @command = @_; return run_log(\@command, '<', \undef) }

is(sql('SELECT tool, next_step FROM dbops.backup_status()'),
	'|no backup has been seen yet: take one, as with pg_basebackup, or tell of one with dbops.record_backup()',
	'nothing is known of backups before there is one');

# ---- pg_basebackup: one that is killed, seen as it runs, and good ones ---------------------------

my @connection = ('-h', $node->host, '-p', $node->port);
my $slow = IPC::Run::start([ 'pg_basebackup', @connection, '-D', "$out/slow", '-c', 'fast', '-l', 'slow one', '-X', 'none', '-r', '1M', '--no-sync' ],
	'<', \undef, '>', \my $slow_out, '2>', \my $slow_err);
found(q{label = 'slow one' AND tool = 'pg_basebackup' AND kind = 'base' AND status = 'running' AND size_bytes > 0 AND ended_at IS NULL
	AND restorable IS NULL}, 'a base backup is seen while it runs');
$slow->kill_kill(grace => 0);
found(q{label = 'slow one' AND status = 'failed' AND NOT restorable AND ended_at IS NOT NULL AND evidence ~ 'client'},
	'one that is killed has failed, at once');
run_tool('pg_basebackup', @connection, '-D', "$out/good", '-c', 'fast', '-l', 'good one', '--no-sync');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.backup WHERE label = 'good one' AND start_lsn IS NOT NULL}),
	'its history file is read before the next one takes its place');
run_tool('pg_basebackup', @connection, '-D', "$out/without_wal", '-c', 'fast', '-l', "its'own", '-X', 'none', '--no-sync');

# ---- dumps -----------------------------------------------------------------------------------------

run_tool('pg_dump', @connection, '-f', "$out/dump", 'postgres');
run_tool('pg_dump', @connection, '-Fd', '-j', '2', '-f', "$out/dump_dir", 'postgres');
run_tool('pg_dump', @connection, '--schema-only', '-f', "$out/schema", 'postgres');
run_tool('pg_dump', @connection, '--inserts', '-t', 'narrow', '-f', "$out/inserts", 'postgres');
run_tool('pg_dump', @connection, '-U', 'poor', '-f', "$out/poor", 'postgres');
run_tool('pg_dump', @connection, '-f', '/dev/full', 'postgres');
run_tool('pg_dumpall', @connection, '-l', 'postgres', '-f', "$out/all");
{
	my $pid = open(my $dump, '-|', 'pg_dump', @connection, 'postgres');
	read($dump, my $some, 100_000);
	kill 'KILL', $pid;
	close $dump;
}
{
	local $ENV{PGAPPNAME} = 'nightly job';
	run_tool('pg_dump', @connection, '-t', 'narrow', '-f', "$out/renamed", 'postgres');
}

# ---- pg_backup_start() by hand ----------------------------------------------------------------------

my $copy = $node->background_psql('postgres');
$copy->query_safe(q{SELECT pg_backup_start('by hand', true)});
found(q{label = 'by hand' AND tool = 'plain copy' AND status = 'running'}, 'a copy of files by hand is seen while it is taken');
$copy->query_safe('SELECT pg_backup_stop(false)');
my $forgotten = $node->background_psql('postgres');
$forgotten->query_safe(q{SELECT pg_backup_start('forgotten', true)});
$forgotten->quit;

# ---- pg_receivewal ---------------------------------------------------------------------------------

mkdir "$out/wal";
my @receive = ('pg_receivewal', @connection, '-D', "$out/wal", '-S', 'keep_wal', '--no-sync');
run_tool(@receive, '--create-slot');
my $receiver = IPC::Run::start(\@receive, '<', \undef, '>', \my $wal_out, '2>', \my $wal_err);
found(q{kind = 'archive' AND tool = 'pg_receivewal' AND label = 'keep_wal' AND status = 'running' AND stop_lsn IS NOT NULL},
	'a receiver that keeps WAL is an archive');

# ---- all that came to an end -----------------------------------------------------------------------

found(q{label = 'good one' AND status = 'ok' AND restorable AND start_lsn < stop_lsn AND timeline = 1 AND size_bytes > 20000000
	AND source ~ 'session' AND source ~ 'history file'}, 'a good base backup is known by its session and its history file, in one row');
found(q{label = 'its''own' AND tool = 'pg_basebackup' AND status = 'ok' AND source ~ 'history file' AND restorable},
	'one without WAL can be restored once its WAL is archived');
found(q{label = 'by hand' AND tool = 'plain copy' AND status = 'ok' AND source ~ 'history file' AND restorable}, 'a copy by hand is complete');
found(q{label = 'forgotten' AND status = 'failed' AND evidence = 'its session ended without pg_backup_stop()'},
	'one that was not ended has failed');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM dbops.backups WHERE id IS NULL OR (kind = 'dump' AND status = 'running')}),
	'all has ended and is stored');
# A client that goes away may cancel what it began, or not, or say nothing.
is(sql(q{SELECT tool, datname, status, restorable,
	CASE WHEN evidence ~ '^(08006|57014): |the client went away' THEN 'given up' ELSE left(evidence, 17) END
	FROM dbops.backups WHERE kind = 'dump' ORDER BY started_at}), <<'ROWS' =~ s/\n$//r, 'dumps, good and failed');
pg_dump|postgres|ok|t|
pg_dump|postgres|ok|t|
pg_dump|postgres|ok|f|no rows of its 3 
pg_dump|postgres|ok|t|
pg_dump|postgres|failed|f|42501: permission
pg_dump|postgres|failed|f|given up
pg_dumpall|postgres|ok|t|
pg_dump|template1|ok||no table was read
pg_dump|postgres|ok|t|
pg_dump|shop|ok||no table was read
pg_dump|postgres|failed|f|given up
pg_dump|postgres|ok|t|
ROWS
is(sql(q{SELECT count(DISTINCT size_bytes / 1000000) FROM dbops.backups WHERE kind = 'dump' AND status = 'ok' AND size_bytes > 1000000}), '1',
	'a dump with several jobs is one row, and as large as one with one');
is(sql(q{SELECT string_agg(tool || ' ' || kind || ' ' || good || ' ' || failed, ', ' ORDER BY tool, kind) FROM dbops.backup_status()}),
	'pg_basebackup base 2 1, pg_dump dump 7 3, pg_dumpall dump 1 0, pg_receivewal archive 0 0, plain copy base 1 1', 'what there is of each tool');

$receiver->signal('INT');
$receiver->finish;
found(q{kind = 'archive' AND label = 'keep_wal' AND status = 'failed' AND evidence = 'the receiver was stopped'}, 'a receiver that stops is no archive');

# ---- a restore drill, as printed ------------------------------------------------------------------

my $drill_port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file("$out/drill.sh", sql("SELECT dbops.restore_drill_command('pg_basebackup', '$out/drill', $drill_port, '$out/good')"));
run_tool('bash', "$out/drill.sh");
is(sql(q{SELECT ok, tool, label, took IS NOT NULL, size_bytes > 20000000 FROM dbops.restore_tests}), 't|pg_basebackup|its\'own|t|t',
	'a drill restores, starts, reads and records');
ok(!-e "$out/drill", 'and leaves nothing behind');
unlink "$out/good/global/pg_control";
ok(!run_tool('bash', "$out/drill.sh"), 'one of a backup that is broken fails');
is(sql(q{SELECT ok, error ~ 'restore drill failed at line' FROM dbops.restore_tests ORDER BY id DESC LIMIT 1}), 'f|t', 'and records that');
is(sql(q{SELECT last_restore_test_at IS NOT NULL, next_step FROM dbops.backup_status() WHERE tool = 'pg_basebackup'}), 't|the last restore test failed: see dbops.restore_tests',
	'which says what to do')
	or diag(sql('SELECT tool, label, status, source, ended_at, restorable, evidence FROM dbops.backups'));

# ---- what operators say travels in a dump, what dbops found does not -----------------------------

sql(q{INSERT INTO dbops.locations VALUES ('repository', 'somewhere', 'room 1')});
run_tool('pg_dump', @connection, '-f', "$out/travels", 'postgres');
my $travels = slurp_file("$out/travels");
like($travels, qr/COPY dbops\.restore_tests .*\n.*pg_basebackup/, 'restore tests travel');
like($travels, qr/room 1/, 'so do locations');
unlike($travels, qr/COPY dbops\.backup /, 'the catalogue stays with its server');

# ---- a standby ---------------------------------------------------------------------------------------

my $standby = PostgreSQL::Test::Cluster->new('backups_standby');
$node->backup('for_standby');
$standby->init_from_backup($node, 'for_standby', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'standby'");
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
run_tool('pg_basebackup', '-h', $standby->host, '-p', $standby->port, '-D', "$out/of_standby", '-c', 'fast', '-l', 'of the standby', '--no-sync');
found(q{label = 'of the standby' AND node = 'standby' AND status = 'ok' AND source = 'session' AND restorable AND id IS NULL},
	'a backup of a standby is known there, from memory', $standby);
found(q{label = 'good one' AND node <> 'standby'}, 'beside those of its primary', $standby);

# ---- restarts -------------------------------------------------------------------------------------------

my $cut = $node->background_psql('postgres', on_error_stop => 0);
$cut->query_safe(q{SELECT pg_backup_start('cut off', true)});
found(q{label = 'cut off' AND status = 'running' AND id IS NOT NULL}, 'one that runs is stored');
$node->stop('immediate');
$cut->{run}->kill_kill(grace => 0);
$standby->promote;
found(q{label = 'of the standby' AND node = 'standby' AND status = 'ok' AND id IS NOT NULL}, 'after promotion it is stored', $standby);
$standby->stop;
$node->start;
found(q{label = 'cut off' AND status = 'failed' AND evidence ~ 'session is gone'}, 'a crash ends what ran');
found(q{label = 'good one' AND status = 'ok' AND restorable}, 'what was known stays known');
is(sql(q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0}), '', 'no task fails');
$node->stop;

done_testing();
