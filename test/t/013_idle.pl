# covers: worker/activity store/quiet worker/timer
#
# An idle server stores next to nothing, and what happens after is all there.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('idle');
$node->init;
# Nobody but dbops is to write anything.
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
checkpoint_timeout = 1h
log_min_messages = log
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');

# Names are learned once; that is no rest.
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.take_sample() AS sample, dbops.objects
	WHERE objname = 't' AND kind = 'table' AND datname = 'postgres' AND sample IS NOT NULL"),
	'the names are known');

my $session = $node->background_psql('postgres');
my $sampler = $session->query_safe("SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler'");

# To ask the server how far it is would be activity; the kernel counts the pauses of the sampler.
sub sampler_sleeps
{
	my ($count) = slurp_file("/proc/$sampler/status") =~ /^voluntary_ctxt_switches:\s+(\d+)/m;
	return $count;
}

# A sample is stored, and what it cost in WAL.
sub sample_cost
{
	my $before = $session->query_safe('SELECT pg_current_wal_insert_lsn()');
	$session->query_safe('SELECT dbops.take_sample()');
	return $session->query_safe("SELECT pg_current_wal_insert_lsn() - '$before'::pg_lsn");
}

sample_cost();
my $cost = sample_cost();
my $idle_from = $session->query_safe('SELECT clock_timestamp()');
my $idle_lsn = $session->query_safe('SELECT pg_current_wal_insert_lsn()');

my $until = sampler_sleeps() + 15;
my $polls = 0;
select(undef, undef, undef, 0.1) while sampler_sleeps() < $until && $polls++ < 600;

my $idle_wal = $session->query_safe("SELECT pg_current_wal_insert_lsn() - '$idle_lsn'::pg_lsn");
cmp_ok($idle_wal, '<', 8 * $cost, 'fifteen rounds at rest write less WAL than eight stored samples');

# Ticks are flagged 1 when nobody but dbops was active.
$session->query_safe('SELECT dbops.take_sample()');
is($session->query_safe("SELECT max(count) FROM (SELECT count(*) FROM dbops.tick_0
	WHERE flags & 1 = 1 AND at > '$idle_from' GROUP BY family) AS quiet"), '1',
	'a family has one stored tick for all of the time at rest');
cmp_ok($session->query_safe("SELECT min(covers_us) FROM dbops.tick_0
	WHERE flags & 1 = 1 AND at > '$idle_from' AND family = 5"), '>=', 8_000_000,
	'which covers the rounds that it stands for');

# Then somebody works.
$session->query_safe('INSERT INTO t SELECT generate_series(1, 1000)') for 1 .. 3;
$session->query_safe('SELECT pg_stat_force_next_flush()');
$session->query_safe('SELECT dbops.take_sample()');
is($session->query_safe("SELECT sum(n_tup_ins) FROM dbops.table_history WHERE relid = 't'::regclass"), '3000',
	'each row that was written after it is in the history');
is($session->query_safe("SELECT sum(h.calls) FROM dbops.statement_history AS h
	JOIN pg_stat_statements AS s USING (queryid) WHERE s.query LIKE 'INSERT INTO t %'"), '3',
	'and each statement that was run');
is($session->query_safe("SELECT count(*) FROM (
	SELECT family, at - lag(at) OVER same AS since, covers_us * interval '1 us' AS covers
	  FROM dbops.tick_0 WHERE flags & 8 = 0 WINDOW same AS (PARTITION BY family ORDER BY at)) AS span
	WHERE abs(extract(epoch FROM since - covers)) > 0.5"), '0',
	'no time is missing between the stored ticks of a family, and none is there twice');

$session->quit;
$node->stop;
done_testing();
