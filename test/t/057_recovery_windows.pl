# covers: judge/recovery_windows
#
# Times that can be gone back to: a receiver whose slot was lost leaves a gap, and a promotion leaves a
# timeline, of which a part may not be archived and another lie behind.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Tools connect by their own names.
delete $ENV{PGAPPNAME};
my $dir = PostgreSQL::Test::Utils::tempdir;
mkdir "$dir/$_" for qw(stream archive second_archive);

my $conf = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
CONF
my $node = PostgreSQL::Test::Cluster->new('first');
$node->init(allows_streaming => 1, extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', "${conf}wal_keep_size = 0\nmin_wal_size = 2MB\nmax_wal_size = 4MB\nwal_recycle = off\narchive_mode = on\narchive_command = '/bin/true'\ndbops.node_name = 'first'\n");
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');

sub take_backup
{
	my ($server, $name) = @_;
	$server->command_ok([ 'pg_basebackup', '-h', $server->host, '-p', $server->port, '-D', "$dir/$name", '-c', 'fast', '--no-sync', '-l', $name ], "a backup is taken: $name");
	ok($server->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.backups WHERE label ~ '$name|pg_basebackup' AND ended_at = (SELECT max(ended_at) FROM dbops.backups WHERE kind = 'base') AND restorable"),
		"$name can be restored");
	return;
}

sub write_segments
{
	my ($server, $count) = @_;
	$server->safe_psql('postgres', "INSERT INTO t VALUES ($_); SELECT pg_switch_wal()") for 1 .. $count;
	return;
}

my $list = q{SELECT string_agg(concat_ws('|', timeline, backups, coalesce(ends_because, 'goes on')), E'\n' ORDER BY to_lsn) FROM dbops.recovery_windows};
my $gap = 'WAL behind is kept nowhere: a receiver was away for too long, or began later';

# ---- a receiver is the only archive --------------------------------------------------------------

my @receive = ('pg_receivewal', '-h', $node->host, '-p', $node->port, '-D', "$dir/stream", '-S', 'keep', '-s', '1', '--no-sync');
my $receiver;
my $said;

sub receive
{
	$node->command_ok([ @receive, '--create-slot', '--if-not-exists' ], 'there is a slot');
	$receiver = IPC::Run::start(\@receive, '<', \undef, '>&', \$said);
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.backups WHERE kind = 'archive' AND status = 'running' AND id IS NOT NULL AND stop_lsn IS NOT NULL}) or die "no receiver: $said";
	return;
}

sub leave
{
	my ($ends) = @_;
	$receiver->signal('INT');
	$receiver->finish;
	becomes($node, q{SELECT count(*) FROM dbops.backups WHERE kind = 'archive' AND status = 'running'}, '0', 'the receiver is gone');
	return;
}

take_backup($node, 'before');
becomes($node, $list, '1|1|archive_command kept nothing', 'without an archive a backup leads nowhere');
receive();
write_segments($node, 2);
becomes($node, $list, "1|1|$gap", 'nor when a receiver begins after it');
take_backup($node, 'kept');
write_segments($node, 2);
becomes($node, $list, "1|1|$gap\n1|1|goes on", 'what is taken while it receives leads on');
leave();
write_segments($node, 2);
receive();
becomes($node, $list, "1|1|$gap\n1|1|goes on", 'its slot keeps what it misses for a while');
is(sql(q{SELECT count(*) FROM dbops.backups WHERE kind = 'archive'}), '1', 'and it is the same archive');
leave();
sql(q{SELECT pg_drop_replication_slot('keep')});
sql('SELECT dbops.take_sample()');
write_segments($node, 5);
sql('CHECKPOINT');
sql('CHECKPOINT');
# It goes on from its last file, which the server has no more: the operator moves that away.
unlink glob "$dir/stream/*";
receive();
write_segments($node, 2);
becomes($node, $list, "1|1|$gap\n1|1|$gap", 'without its slot it has lost its place, and what leads on ends there');
becomes($node, q{SELECT count(*) = 2 AND bool_and(start_lsn < stop_lsn) FROM dbops.backups WHERE kind = 'archive'}, 't', 'it is two archives');
take_backup($node, 'anew');
write_segments($node, 2);
becomes($node, $list, "1|1|$gap\n1|1|$gap\n1|1|goes on", 'until there is another backup');
is(sql(q{SELECT count(*) FROM dbops.recovery_windows WHERE ends_because IS NOT NULL AND next_from_at = (SELECT max(ended_at) FROM dbops.backups WHERE kind = 'base')}), '1', 'which is where the next window begins');
leave();
sql(q{SELECT pg_drop_replication_slot('keep')});
sql('SELECT dbops.take_sample()');

# ---- a promotion ---------------------------------------------------------------------------------

sql("ALTER SYSTEM SET archive_command = 'cp %p $dir/archive/%f'");
sql("ALTER SYSTEM SET wal_keep_size = '64MB'");
$node->restart;
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM dbops.archive_holes WHERE end_lsn IS NULL') or die 'a hole grows';
sql('DELETE FROM dbops.backup');
write_segments($node, 1);
take_backup($node, 'archived');
write_segments($node, 3);
becomes($node, $list, '1|1|goes on', 'an archive leads on');

sub make_standby
{
	my ($name) = @_;
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$node->backup($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', "dbops.node_name = '$name'\narchive_command = 'cp %p $dir/second_archive/%f'\n");
	$standby->start;
	return $standby;
}
my $good = make_standby('good');
my $late = make_standby('late');
write_segments($node, 2);
my $all = sql('SELECT count(*) FROM dbops.backups WHERE restorable');

# All but the segment being written is archived, and the standby knows.
$node->poll_query_until('postgres', q{SELECT ready = 0 AND archived_lsn >= pg_current_wal_lsn() - '0/0' - 1048576 FROM dbops.archiver_now}) or die 'not archived';
sql('SELECT dbops.take_sample()');
$node->poll_query_until('postgres', q{SELECT max(archived_lsn) >= (SELECT archived_lsn FROM dbops.archiver_now) FROM dbops.archiver_history}) or die 'not stored';
$node->wait_for_catchup($good, 'replay', $node->lsn('insert'));
$good->promote;
$good->safe_psql('postgres', 'INSERT INTO t VALUES (1); SELECT pg_switch_wal()');
becomes($good, $list, "2|$all|goes on", 'promoted, backups of the timeline before lead on, as all of it is archived');
$good->stop;

# The archive fails, and segments are lost with the server.
sql("ALTER SYSTEM SET archive_command = 'false'; ");
sql('SELECT pg_reload_conf()');
write_segments($node, 4);
$node->poll_query_until('postgres', 'SELECT ready >= 3 FROM dbops.archiver_now') or die 'not failing';
sql('SELECT dbops.take_sample()');
$node->wait_for_catchup($late, 'replay', $node->lsn('insert'));
$late->promote;
write_segments($late, 2);
my $lost = 'timeline 1 was left, and the rest of it is not known to be archived';
becomes($late, $list, "1|$all|$lost", 'promoted, they end where the archive of the timeline before ends');
take_backup($late, 'after');
write_segments($late, 1);
becomes($late, $list, "1|$all|$lost\n2|1|goes on", 'and a backup after the promotion begins the next window');
is($late->safe_psql('postgres', q{SELECT next_from_at = (SELECT max(ended_at) FROM dbops.backups WHERE kind = 'base') FROM dbops.recovery_windows WHERE timeline = 1}), 't', 'which it says');
is($late->safe_psql('postgres', q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0}), '', 'no task fails');

$late->stop;
$node->stop;
done_testing();
