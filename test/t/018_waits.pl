# What sessions wait for and who blocks them is counted, shown live, on a standby too, and stays private.
# covers: collect/session collect/wait collect/blocking expose/waits
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('waits');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wait_interval = 10ms
compute_query_id = on
max_prepared_transactions = 2
max_worker_processes = 16
hot_standby_feedback = on
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE chain (id int PRIMARY KEY, v int);
INSERT INTO chain VALUES (1, 0), (2, 0);
CREATE TABLE wide AS SELECT g AS id FROM generate_series(1, 20000) AS g;
ALTER TABLE wide SET (parallel_workers = 2);
CREATE ROLE curious LOGIN;
CREATE ROLE owner LOGIN;
GRANT pg_read_all_data, pg_write_all_data TO owner;
SQL
$node->backup('copy');

# A session that runs one text and stays.
sub session
{
	my ($at, $name, $sql, $user) = @_;
	my %session = (in => "$sql\n", out => '');

	$session{run} = IPC::Run::start(
		[ 'psql', '-X', '-qAt', '-d', $at->connstr('postgres') . " application_name=$name" . ($user ? " user=$user" : '') ],
		'<', \$session{in}, '>', \$session{out}, '2>', \$session{err}, IPC::Run::timeout(180));
	$session{run}->pump_nb;
	return \%session;
}

sub finish
{
	foreach my $session (@_)
	{
		$session->{in} .= "\\q\n";
		eval { $session->{run}->finish; };
	}
}

sub until_true
{
	my ($at, $sql, $name) = @_;
	ok($at->poll_query_until('postgres', $sql), $name);
}

my $tree = "SELECT string_agg(repeat('-', b.depth) || a.application_name || ' ' || b.blocks, ', ' ORDER BY b.position)
	FROM dbops.blocking AS b JOIN pg_stat_activity AS a USING (pid)";

# ---- a chain of three ---------------------------------------------------------------------------
my $began = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
my @chain = (session($node, 'first', "BEGIN;\nUPDATE chain SET v = 1 WHERE id = 1;"));
until_true($node, "SELECT count(*) = 1 FROM dbops.sessions WHERE application_name = 'first' AND state = 'idle in transaction'",
	'a session idle in a transaction is shown');
push @chain, session($node, 'second', 'UPDATE chain SET v = 2 WHERE id = 1;');
until_true($node, "SELECT count(*) = 1 FROM dbops.blocking WHERE locktype = 'transactionid'", 'the second waits');
push @chain, session($node, 'third', 'UPDATE chain SET v = 3 WHERE id = 1;');
until_true($node, "SELECT count(*) = 1 FROM dbops.blocking WHERE locktype = 'tuple'", 'the third waits');
is($node->safe_psql('postgres', $tree), 'first 2, -second 1, --third 0', 'three in a chain are a tree of three');
is($node->safe_psql('postgres', "SELECT application_name, blocks FROM dbops.sessions LIMIT 1"), 'first|2',
	'the session that blocks most is the first');
is($node->safe_psql('postgres', "BEGIN READ ONLY; SELECT count(*) FROM dbops.blocking; SELECT count(*) >= 3 FROM dbops.sessions; COMMIT"),
	"3\nt", 'a read-only transaction may look');

# Somebody idle between transactions is nobody's business.
my $idle = session($node, 'idler', 'SELECT 1;');
until_true($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'idler' AND state = 'idle'", 'somebody is idle');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.sessions WHERE application_name = 'idler'"), '0',
	'an idle session is not shown');

# ---- what was counted ---------------------------------------------------------------------------
my $waited = "FROM dbops.wait_history WHERE wait_event_type = 'Lock' AND wait_event = 'tuple' AND state = 'active'";
until_true($node, "SELECT coalesce(sum(session_seconds), 0) > 2 $waited", 'lock waits get into the history');
my ($seconds, $samples, $peak, $lasted) = split /\|/, $node->safe_psql('postgres',
	"SELECT sum(session_seconds), sum(samples), max(peak_sessions), extract(epoch FROM clock_timestamp() - '$began') $waited");
cmp_ok($seconds, '<=', $lasted, 'no more time was waited than has passed');
cmp_ok(abs($samples * 0.01 - $seconds), '<=', 0.3 * $seconds, 'each sample stands for about the interval');
is($peak, 1, 'one session waited so');
is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM dbops.wait_history AS w
		WHERE state = 'idle in transaction' AND wait_event = 'ClientRead' AND datname = 'postgres' AND rolname = current_user
		AND queryid = (SELECT queryid FROM dbops.sessions WHERE application_name = 'first')"),
	't', 'idle in a transaction counts for its last statement');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.wait_history WHERE state = 'idle'"), '0', 'idle is not counted');
until_true($node, "SELECT count(DISTINCT locktype) = 2 FROM dbops.blocking_history", 'blockers get into the history');
is($node->safe_psql('postgres', <<'SQL'), <<'ROWS' =~ s/\n$//r, 'with what they did and which lock it was');
SELECT DISTINCT locktype, mode, blocker_state, b.queryid = w.queryid, b.blocker_queryid = f.queryid, datname, relid = 'chain'::regclass
  FROM dbops.blocking_history AS b,
       (SELECT queryid FROM dbops.sessions WHERE application_name = 'third') AS w,
       (SELECT queryid FROM dbops.sessions WHERE application_name = 'first') AS f
 WHERE b.blocked_seconds > 0.5 ORDER BY locktype
SQL
transactionid|ShareLock|idle in transaction|t|t|postgres|t
tuple|ExclusiveLock|blocked|t|t|postgres|t
ROWS
is($node->safe_psql('postgres', "SELECT max(longest_ms) BETWEEN 500 AND 1000 * extract(epoch FROM clock_timestamp() - '$began')
	FROM dbops.blocking_history"), 't', 'and how long it lasted');
is($node->safe_psql('postgres', "SELECT wait_event, state FROM dbops.waits WHERE wait_event = 'tuple'"), 'tuple|active',
	'the view waits has it');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.sessions WHERE application_name LIKE 'dbops%' OR query LIKE '%dbops.tick%'"),
	'0', 'dbops itself is not shown');

is($node->safe_psql('postgres', "SELECT sum(looks) > 100 AND sum(sessions_lumped) = 0 FROM dbops.self_history WHERE process = 'sampler'"), 't',
	'looks are counted, and found room for all');

# ---- what others do is private ------------------------------------------------------------------
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA dbops TO curious; GRANT EXECUTE ON FUNCTION dbops._sessions() TO curious');
my $seen = "SELECT query, state IS NULL, wait_event IS NULL, queryid IS NULL FROM dbops._sessions() WHERE application_name = 'first'";
is($node->safe_psql('postgres', $seen, extra_params => [ '-U', 'curious' ]), '<insufficient privilege>|t|t|t',
	'who may not see others in pg_stat_activity does not see them here');
$node->safe_psql('postgres', 'GRANT pg_read_all_stats TO curious');
is($node->safe_psql('postgres', $seen, extra_params => [ '-U', 'curious' ]), 'UPDATE chain SET v = 1 WHERE id = 1;|f|f|f',
	'a member of pg_read_all_stats does');

# ---- the statement at hand ends it --------------------------------------------------------------
my $stop = $node->safe_psql('postgres', 'SELECT stop_sql FROM dbops.blocking ORDER BY position LIMIT 1');
is($node->safe_psql('postgres', $stop), 't', 'the root can be stopped by what the view says');
until_true($node, 'SELECT count(*) = 0 FROM dbops.blocking', 'and then nobody waits');
finish(@chain, $idle);

# ---- nobody runs, yet something holds the row ---------------------------------------------------
$node->safe_psql('postgres', "BEGIN; UPDATE chain SET v = 1 WHERE id = 2; PREPARE TRANSACTION 'it''s mine'",
	extra_params => [ '-U', 'owner' ]);
my $waiter = session($node, 'waiter', 'UPDATE chain SET v = 2 WHERE id = 2;');
until_true($node, 'SELECT count(*) = 2 FROM dbops.blocking', 'a prepared transaction blocks');
is($node->safe_psql('postgres', 'SELECT tree, pid, blocks, rolname, datname, stop_sql FROM dbops.blocking ORDER BY position LIMIT 1'),
	"prepared||1|owner|postgres|ROLLBACK PREPARED 'it''s mine'", 'it is at the root, by name');
until_true($node, "SELECT count(*) > 0 FROM dbops.blocking_history WHERE blocker_state = 'prepared transaction'", 'and in the history');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'it''s mine'");
finish($waiter);

# ---- a parallel group is one session ------------------------------------------------------------
my $group = session($node, 'group', <<'SQL');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET parallel_leader_participation = off;
SELECT count(*) FROM wide WHERE id > 0 AND pg_sleep(CASE WHEN id % 5000 = 0 THEN 100 ELSE 0 END) IS NOT NULL;
SQL
until_true($node, "SELECT count(*) = 2 FROM dbops.sessions WHERE leader_pid IS NOT NULL AND wait_event = 'PgSleep'", 'two workers work');
my $locker = session($node, 'locker', "BEGIN;\nLOCK TABLE wide;");
until_true($node, "SELECT count(*) = 2 FROM dbops.blocking", 'somebody waits for all of them');
is($node->safe_psql('postgres', $tree), 'group 1, -locker 0', 'it waits for their leader alone');
until_true($node, "SELECT coalesce(max(peak_sessions), 0) = 2 FROM dbops.wait_history WHERE wait_event = 'PgSleep' AND state = 'active'
	AND queryid = (SELECT queryid FROM dbops.sessions WHERE application_name = 'group' AND leader_pid IS NULL)",
	'workers count for their leader\'s statement');
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'group'");
finish($group, $locker);

# ---- how often ----------------------------------------------------------------------------------
my ($code, $out, $err) = $node->psql('postgres', "ALTER SYSTEM SET dbops.wait_interval = '5ms'");
like($err, qr/outside the valid range/, 'looks come at most every 10 ms');
($code, $out, $err) = $node->psql('postgres', "ALTER SYSTEM SET dbops.wait_interval = '61s'");
like($err, qr/outside the valid range/, 'and at least every minute');
$node->safe_psql('postgres', "ALTER SYSTEM SET dbops.wait_interval = '200ms'; SELECT pg_reload_conf()");
my $sleeper = session($node, 'sleeper', 'SELECT pg_sleep(600) AS once_more;');
my $slept = "FROM dbops.wait_history WHERE queryid = (SELECT queryid FROM dbops.sessions WHERE application_name = 'sleeper')
	AND wait_event = 'PgSleep'";
until_true($node, "SELECT coalesce(sum(samples), 0) >= 10 $slept", 'fewer looks are taken');
is($node->safe_psql('postgres', "SELECT sum(session_seconds) / sum(samples) BETWEEN 0.15 AND 1 $slept"), 't',
	'and each stands for more time');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sleeper'");
finish($sleeper);

# ---- a standby ----------------------------------------------------------------------------------
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'standby'\n");
$standby->start;
my $holder = session($standby, 'holder', 'SELECT pg_advisory_lock(7);');
until_true($standby, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory'", 'a key is held on a standby');
my $knocker = session($standby, 'knocker', 'SELECT pg_advisory_lock(7);');
until_true($standby, 'SELECT count(*) = 2 FROM dbops.blocking', 'and wanted');
is($standby->safe_psql('postgres', $tree), 'holder 1, -knocker 0', 'a standby shows who blocks whom');
is($standby->safe_psql('postgres', "SELECT locktype || ' ' || lock_detail FROM dbops.blocking WHERE depth = 1"), 'advisory key 7',
	'and the key');
is($standby->safe_psql('postgres', "SELECT state FROM dbops.sessions WHERE application_name = 'knocker'"), 'blocked', 'and its sessions');
until_true($standby, "SELECT coalesce(sum(samples), 0) > 0 FROM dbops.wait_history WHERE node = 'standby' AND wait_event = 'advisory'",
	'and remembers');
finish($holder, $knocker);

$standby->stop;
$node->stop;
done_testing();
