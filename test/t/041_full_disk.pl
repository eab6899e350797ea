# A full disk under the history: the server is unharmed, and once there is room again the samples taken
# meanwhile are stored, without a gap.  Needs a small file system of its own (test/run makes one as root).
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $disk = $ENV{DBOPS_SMALL_DISK};
plan skip_all => 'no small file system: DBOPS_SMALL_DISK names its folder' if !$disk || !-w $disk;

mkdir "$disk/history" or die "$disk/history: $!";
my $node = PostgreSQL::Test::Cluster->new('full_disk');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
fsync = off
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
$node->safe_psql('postgres', "CREATE TABLESPACE history LOCATION '$disk/history'");
sql(q{SET default_tablespace = history; CREATE EXTENSION dbops CASCADE});
sql('CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) AS g');
is(sql(q{SELECT count(*) FROM pg_class WHERE relname ~ '^tick_\d$' AND reltablespace <> 0}), '8',
	'with default_tablespace the history goes to a disk of its own');
sql('SELECT dbops.take_sample()');
# As autovacuum does sooner or later: from 19 on, reading a table makes its visibility map if it has none.
sql('VACUUM');
my $workers = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
	WHERE backend_type IN ('dbops sampler', 'dbops keeper')};
my $pids = sql($workers);
my $begin = sql('SELECT clock_timestamp()');

# Somebody else takes all the room there is, and more whenever some is left.
sub fill
{
	open my $file, '>>', "$disk/filler" or die "$disk/filler: $!";
	binmode $file;
	while (syswrite $file, 'x' x 4096) { }
	close $file;
	return;
}
my $full = 0;
for (1 .. 600)
{
	fill();
	sql('UPDATE t SET id = id + 1 WHERE id % 10 = 0');
	$full = sql(q{SELECT bool_or(detail ~ 'No space left') FROM dbops.status() WHERE component = 'store'}) eq 't';
	last if $full;
	select(undef, undef, undef, 0.1);
}
ok($full, 'status() says that the disk is full');
my $since = sql('SELECT clock_timestamp()');
like(sql(q{SELECT what_to_do FROM dbops.status() WHERE component = 'store'}), qr/wait in memory/, 'and that samples wait');

is(sql('WITH changed AS (UPDATE t SET id = id + 1 RETURNING 1) SELECT count(*) FROM changed'), '1000',
	'users go on writing on their own disk');
ok($node->poll_query_until('postgres', "SELECT count(*) >= 4 FROM dbops.system_history WHERE at > '$since'"),
	'samples are taken, and can be read');
sql('CREATE TABLE meanwhile AS SELECT g FROM generate_series(1, 500) AS g');
my ($code, $out, $err) = $node->psql('postgres', 'SELECT dbops.take_sample()');
like($err, qr/not stored: failed.*kept in memory/s, 'take_sample() says that it is not stored');
is(scalar(() = slurp_file($node->logfile) =~ /dbops task "store" failed/g), 1, 'the log has it once');
is(sql($workers), $pids, 'no worker died of it');

unlink "$disk/filler" or die "$disk/filler: $!";
ok($node->poll_query_until('postgres', q{SELECT status = 'ok' FROM dbops.status() WHERE component = 'store'}),
	'with room on the disk storing goes on by itself');
sql('SELECT dbops.take_sample()');
is(sql(q{SELECT ticks_lost + ticks_dropped FROM dbops.self_now WHERE process = 'sampler'}), '0', 'no sample is lost');
is(sql("SELECT count(*) FROM (SELECT at - covers AS began_at, lag(at) OVER (ORDER BY at) AS before
		FROM dbops.system_history WHERE at >= '$begin') AS span
	WHERE abs(extract(epoch FROM began_at - before)) > 0.2"), '0', 'and there is no gap');
cmp_ok(sql("SELECT count(*) FROM dbops.tick_0 WHERE family = 1 AND at >= '$since'"), '>=', 4,
	'what waited in memory is in the tables');
is(sql("SELECT sum(tup_inserted) >= 500 FROM dbops.database_history WHERE datname = 'postgres' AND at > '$since'"), 't',
	'and what was done meanwhile is known');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'the server is unharmed');

$node->stop;
done_testing();
