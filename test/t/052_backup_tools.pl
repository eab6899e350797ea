# covers: store/backups collect/backup_watch store/restore_tests
#
# pgBackRest and Barman: what they do is seen in the server, with none of their catalogues read.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbackrest) = grep { -x } map { "$_/pgbackrest" } split /:/, $ENV{PATH};
my ($barman) = grep { -x } map { "$_/barman" } split /:/, $ENV{PATH};
plan skip_all => 'neither pgbackrest nor barman is installed' unless $pgbackrest || $barman;

# Tools connect by their own names.
delete $ENV{PGAPPNAME};
my $node = PostgreSQL::Test::Cluster->new('tools');
$node->init(allows_streaming => 1);
my $out = $node->basedir;
my $me = getpwuid($<);
my $archive = $pgbackrest ? "pgbackrest --config=$out/pgbackrest.conf --stanza=main archive-push %p" : '/bin/true';
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
archive_mode = on
archive_command = '$archive'
CONF
mkdir "$out/$_" for qw(repo lock spool log barman);
append_to_file("$out/pgbackrest.conf", <<"CONF");
[global]
repo1-path=$out/repo
repo1-retention-full=2
log-path=$out/log
lock-path=$out/lock
spool-path=$out/spool
start-fast=y
compress-type=none
[main]
pg1-path=@{[ $node->data_dir ]}
pg1-port=@{[ $node->port ]}
pg1-socket-path=@{[ $node->host ]}
pg1-user=$me
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE wide AS SELECT g, repeat(md5(g::text), 9) FROM generate_series(1, 90000) AS g');

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub found
{
	my ($condition, $what, $count) = @_;
	$count //= 1;
	ok($node->poll_query_until('postgres', "SELECT count(*) = $count FROM dbops.backups WHERE $condition"), $what)
		or diag(sql('SELECT tool, kind, label, status, source, restorable, evidence FROM dbops.backups'));
	return;
}

sub run_tool { my @command = @_; return run_log(\@command, '<', \undef) }

SKIP:
{
	skip 'pgbackrest is not installed', 6 unless $pgbackrest;
	my @run = ('pgbackrest', "--config=$out/pgbackrest.conf", '--stanza=main', '--log-level-console=warn');
	ok(run_tool(@run, 'stanza-create'), 'pgBackRest works here') or last SKIP;
	run_tool(@run, 'backup', "--type=$_") for qw(full diff incr);
	found(q{tool = 'pgBackRest' AND label ~ '^pgBackRest backup started at 2' AND status = 'ok' AND source ~ 'history file' AND restorable
		AND start_lsn < stop_lsn}, 'full, differential and incremental ones are found', 3);
	my $killed = IPC::Run::start([ @run, 'backup', '--type=full', '--compress-type=gz', '--compress-level=9' ], '<', \undef, '>', \my $killed_out, '2>', \my $killed_err);
	found(q{tool = 'pgBackRest' AND status = 'running'}, 'one is seen while it runs');
	# It copies, so pg_backup_start() has been called.
	for (1 .. 1000)
	{
		last if glob "$out/repo/backup/main/*F/pg_data/base/*/*.gz";
		sql('SELECT 1');
	}
	$killed->kill_kill(grace => 0);
	found(q{tool = 'pgBackRest' AND status = 'failed' AND evidence = 'its session ended without pg_backup_stop()'}, 'one that is killed has failed');
	my $drill = sql("SELECT dbops.restore_drill_command('pgBackRest', '$out/drill', " . PostgreSQL::Test::Cluster::get_free_port() . ')');
	append_to_file("$out/drill.sh", $drill);
	ok(run_tool('bash', "$out/drill.sh"), 'the drill for the newest one runs as it is');
	is(sql('SELECT ok, tool FROM dbops.restore_tests'), 't|pgBackRest', 'and is recorded');
}

SKIP:
{
	skip 'barman is not installed', 4 unless $barman;
	my $connection = 'host=' . $node->host . ' port=' . $node->port . " user=$me";
	append_to_file("$out/barman.conf", <<"CONF");
[barman]
barman_user = $me
barman_home = $out/barman
barman_lock_directory = $out/barman
log_file = $out/barman/log
[main]
description = main
conninfo = $connection dbname=postgres application_name=barman
streaming_conninfo = $connection application_name=barman
backup_method = postgres
streaming_archiver = on
slot_name = barman
path_prefix = @{[ (split /:/, $ENV{PATH})[0] ]}
CONF
	my @run = ('barman', '-c', "$out/barman.conf");
	ok(run_tool(@run, 'receive-wal', '--create-slot', 'main'), 'Barman works here') or last SKIP;
	my $receiver = IPC::Run::start([ @run, 'receive-wal', 'main' ], '<', \undef, '>', \my $wal_out, '2>', \my $wal_err);
	found(q{tool = 'Barman' AND kind = 'archive' AND label = 'barman' AND status = 'running'}, 'its receiver is an archive');
	# It takes no backup before it has a first piece of WAL.
	run_tool(@run, 'switch-wal', '--force', 'main');
	for (1 .. 100)
	{
		run_tool(@run, 'archive-wal', 'main');
		last if glob "$out/barman/main/wals/0*/0*";
	}
	run_tool(@run, 'backup', 'main');
	found(q{tool = 'Barman' AND kind = 'base' AND status = 'ok' AND source ~ 'session' AND source ~ 'history file' AND restorable
		AND size_bytes > 20000000}, 'a backup by streaming is found, and told from pg_basebackup');
	run_tool(@run, 'receive-wal', '--stop', 'main');
	$receiver->finish;
	found(q{tool = 'Barman' AND kind = 'archive' AND status = 'failed'}, 'its receiver is gone when it is stopped');
}
is(sql(q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0}), '', 'no task fails');
$node->stop;

done_testing();
