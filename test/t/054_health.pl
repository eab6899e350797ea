# covers: judge/usual
#
# Verdicts about what really happens: a deadlock, a queue for a lock, a session idle in its transaction, a
# statement that is slower than it was; on a standby as on its primary, and while nothing can be stored.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use ClockShift;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = ClockShift->new('health') or plan skip_all => 'no C compiler';

my $node = PostgreSQL::Test::Cluster->new('health');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.node_name = 'first'
dbops.inspect_interval = 10s
max_worker_processes = 16
deadlock_timeout = 10ms
autovacuum = off
CONF
$clock->start($node);
sub sql { return $node->safe_psql('postgres', $_[0]) }
my $first = $node->safe_psql('postgres', q{CREATE EXTENSION dbops CASCADE; SELECT coalesce(dbops.health_score()::text, 'unknown')});
like($first, qr/^(unknown|\d+)$/, 'before anything is judged the score is unknown');

# What dbops.health has on a check, sampled anew.
sub health
{
	my ($on, $check, $columns) = @_;
	return $on->safe_psql('postgres', "SELECT $columns FROM dbops.health WHERE check_name = '$check' ORDER BY object LIMIT 1");
}

sub becomes
{
	my ($on, $check, $columns, $expected, $name) = @_;
	ok($on->poll_query_until('postgres', "SELECT $columns FROM dbops.health WHERE check_name = '$check' ORDER BY object LIMIT 1", $expected), $name)
	  or diag('got: ' . health($on, $check, $columns) . "\n" . health($on, $check, 'evidence'));
	return;
}

# ---- a past for later -----------------------------------------------------------------------------
sql('CREATE TABLE grows AS SELECT g AS i FROM generate_series(1, 10) AS g');
my $statement = 'SELECT count(*) FROM grows AS a, grows AS b WHERE a.i + b.i = 7';
sql("$statement;" x 150);
sql('SELECT dbops.take_sample()');

# ---- a deadlock -------------------------------------------------------------------------------------
sql('CREATE TABLE pair AS SELECT g AS i FROM generate_series(1, 2) AS g');
becomes($node, 'deadlocks', 'status', 'ok', 'without a deadlock all is well');
my ($one, $other) = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 2;
$one->query_safe('BEGIN; UPDATE pair SET i = i WHERE i = 1');
$other->query_safe('BEGIN; UPDATE pair SET i = i WHERE i = 2');
$one->{stdin} .= "UPDATE pair SET i = i WHERE i = 2;\n";
$one->{run}->pump_nb;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted"), 'one waits for the other');
$other->query('UPDATE pair SET i = i WHERE i = 1');
$_->quit foreach $one, $other;
becomes($node, 'deadlocks', "status || ' ' || datname || ' ' || value || ' ' || \"limit\" || ' ' || points", 'warning postgres 1 >= 1 3',
	'a deadlock is told, with its database');
is($node->safe_psql('postgres', "SELECT dbops.health_score('postgres') <= 97"), 't', 'and takes points from its score');

# ---- idle in a transaction, holding a lock for which others queue ------------------------------------
sql(q{INSERT INTO dbops.thresholds (check_name, warning, critical, for_seconds) VALUES ('idle in transaction', 500, 3600000, 0),
	('lock queue', 2, 20, 0)});
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE pair');
becomes($node, 'idle in transaction', 'status', 'warning', 'a session that idles in its transaction is told');
my @queue = map { $node->background_psql('postgres') } 1 .. 2;
foreach my $session (@queue)
{
	$session->{stdin} .= "SELECT count(*) FROM pair;\n";
	$session->{run}->pump_nb;
}
becomes($node, 'lock queue', "status || ' ' || value || ' ' || what_to_do", 'warning 2 SELECT * FROM dbops.blocking;', 'so is the queue behind it');
$holder->query_safe('COMMIT');
$_->quit foreach $holder, @queue;
becomes($node, 'lock queue', 'status', 'ok', 'which is over when it commits');
becomes($node, 'idle in transaction', 'status', 'ok', 'as the other is');

# ---- an index that nobody can use ------------------------------------------------------------------------
sql(q{INSERT INTO dbops.thresholds (check_name, for_seconds) VALUES ('invalid index', 0)});
becomes($node, 'invalid index', 'status', 'ok', 'without an invalid index all is well');
sql('INSERT INTO pair VALUES (1)');
$node->psql('postgres', 'CREATE UNIQUE INDEX CONCURRENTLY broken ON pair (i)');
becomes($node, 'invalid index', "status || ' ' || datname || ' ' || object || ' ' || what_to_do", 'warning postgres public.broken '
	. 'SELECT * FROM dbops.progress; then REINDEX INDEX CONCURRENTLY public.broken, or DROP it.', 'one that could not be built is told');
sql('DROP INDEX broken');
becomes($node, 'invalid index', 'status', 'ok', 'until it is dropped');

# ---- slower than usual --------------------------------------------------------------------------------
sql(q{INSERT INTO dbops.thresholds (check_name, for_seconds) VALUES ('statement slower than usual', 0)});
sql('INSERT INTO grows SELECT g FROM generate_series(1, 1500) AS g');
$clock->shift_to(3 * 3600);
sql('SELECT dbops.take_sample()');
sql("$statement;" x 30);
sql('SELECT dbops.take_sample()');
# It is learned every ten minutes.
my $before_that = sql('SELECT now()');
$clock->shift_to(3 * 3600 + 600);
ok($node->poll_query_until('postgres', "SELECT dbops.take_sample() IS NOT NULL AND count(*) > 0 FROM dbops.tasks()
	WHERE task = 'learn what is usual' AND last_at > '$before_that'"), 'the past is learned');
sql("$statement;" x 30);
becomes($node, 'statement slower than usual', "status || ' ' || (value ~ ' times\$') || ' ' || (what_to_do ~ 'plan_changes')", 'critical true true',
	'a statement that takes longer than in its past is told');
is(health($node, 'statement slower than usual', "object ~ (SELECT queryid::text FROM pg_stat_statements WHERE query ~ '^SELECT count.* grows' LIMIT 1)"),
	't', 'by its queryid');

# ---- on a standby -------------------------------------------------------------------------------------
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\nmax_connections = 105\n");
$clock->start($standby);
sql(q{INSERT INTO dbops.thresholds (check_name, warning) VALUES ('connections', 0)});
becomes($standby, 'connections', 'status', 'warning', 'a standby judges itself, by the same limits');
is($standby->safe_psql('postgres', 'SELECT dbops.health_score() BETWEEN 0 AND 99'), 't', 'and has a score');
ok($standby->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.health_history WHERE node = 'second'"), 'which it remembers');

# ---- a keeper that does not judge ------------------------------------------------------------------------
my $before = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops keeper'");
kill 'STOP', $before;
$clock->shift_to(4 * 3600);
is(sql('SELECT dbops.health_score() IS NULL'), 't', 'the score is unknown when nobody judges');
is(sql('SELECT status, check_name, evidence FROM dbops.health LIMIT 1'), 'unknown|health|nothing was judged since; what follows is of then',
	'and that is said first');
kill 'CONT', $before;
ok($node->poll_query_until('postgres', 'SELECT dbops.health_score() IS NOT NULL'), 'it is known again once somebody does');

# ---- without the extension, and after a crash of the judge ---------------------------------------------
my $since = sql("SELECT since FROM dbops.health WHERE check_name = 'checksums'");
my $keeper = sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops keeper'");
sql("SELECT pg_terminate_backend($keeper)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops keeper' AND pid <> $keeper"),
	'another keeper comes');
sql('SELECT dbops.take_sample()');
is(sql("SELECT since FROM dbops.health WHERE check_name = 'checksums'"), $since, 'and knows since when a verdict stands');
$standby->stop;
sql('DROP EXTENSION dbops; CREATE EXTENSION dbops; SELECT dbops.take_sample()');
is(sql("SELECT status FROM dbops.health WHERE check_name = 'connections'"), 'ok', 'a new extension has the limits that are built in');

$node->stop;
done_testing();
