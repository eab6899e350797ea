# covers: collect/replication collect/slot collect/receiver collect/recovery collect/subscription
# covers: collect/wal_position store/lsn_time
#
# What replication does is known on each server that takes part: a primary, its standby, a standby of
# that one, and a logical subscriber.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $settings = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
CONF

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', $settings . <<'CONF');
dbops.node_name = 'first'
max_slot_wal_keep_size = 1GB
CONF
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE t (id int PRIMARY KEY, filler text);
CREATE PUBLICATION all_of_t FOR TABLE t;
SELECT dbops.take_sample();
SQL
# A slot keeps WAL from the last checkpoint on, which is to be after the first look at WAL.
ok($primary->poll_query_until('postgres', 'SELECT count(*) > 0 FROM dbops._lsn_points()'), 'the primary looks at its WAL');
$primary->safe_psql('postgres', <<'SQL');
CHECKPOINT;
SELECT pg_create_physical_replication_slot('for_second');
SELECT pg_create_physical_replication_slot('for_nobody', true);
SQL
$primary->backup('copy');

sub make_standby
{
	my ($name, $upstream, $slot) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init_from_backup($primary, 'copy', has_streaming => 1);
	my $conninfo = $upstream->connstr . " application_name=$name";
	$node->append_conf('postgresql.conf', "dbops.node_name = '$name'\nprimary_conninfo = '$conninfo'\n"
		. "primary_slot_name = '$slot'\nwal_receiver_status_interval = 1s\nhot_standby_feedback = on\n");
	$node->start;
	return $node;
}

my $second = make_standby('second', $primary, 'for_second');
my $third = make_standby('third', $second, '');
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->append_conf('postgresql.conf', "${settings}dbops.node_name = 'subscriber'\n");
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int PRIMARY KEY, filler text)');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sub CONNECTION '" . $primary->connstr
	. " dbname=postgres' PUBLICATION all_of_t");

my $written = 0;

sub write_rows
{
	my ($count) = @_;
	$primary->safe_psql('postgres', "INSERT INTO t SELECT $written + g, repeat('x', 500) FROM generate_series(1, $count) AS g");
	$written += $count;
	return $primary->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn()');
}

# ---- who receives -------------------------------------------------------------------------------
becomes($primary, "SELECT state || ' ' || sync_state || ' ' || slot_name || ' ' || instance || ' [' || client_addr || ']'
	FROM dbops.replication_now WHERE application_name = 'second'", 'streaming async for_second 1 []',
	'the primary sees its standby, by name and slot');
becomes($primary, "SELECT state || ' ' || slot_name FROM dbops.replication_now WHERE application_name = 'sub'", 'streaming sub',
	'and its subscriber');
becomes($second, "SELECT state || ' ' || sync_state || ' [' || slot_name || ']' FROM dbops.replication_now WHERE application_name = 'third'",
	'streaming async []', 'a standby sees the one behind it');
becomes($third, 'SELECT count(*) FROM dbops.replication_now', '0', 'which nobody is behind');

my $lsn = write_rows(1000);
becomes($primary, "SELECT count(*) FROM dbops.replication_now WHERE replay_lsn >= '$lsn'::pg_lsn - '0/0'::pg_lsn",
	'2', 'all that is written is replayed by both');
becomes($primary, "SELECT max(replay_lag_bytes) || ' ' || max(behind_ms) || ' ' || max(sent_lag_bytes) FROM dbops.replication_now",
	'0 0 0', 'then nobody is behind');
is($primary->safe_psql('postgres', "SELECT count(*) FROM dbops.replication_now AS n JOIN pg_stat_replication AS s USING (pid)
	WHERE n.application_name = s.application_name AND n.state = s.state AND n.sync_state = s.sync_state
	  AND n.sync_priority = s.sync_priority AND n.backend_start = s.backend_start"), '2',
	'as the server itself has it');
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (second, sub)'; SELECT pg_reload_conf()});
becomes($primary, "SELECT string_agg(application_name || ' ' || sync_state || ' ' || sync_priority, ', ' ORDER BY sync_priority) FROM dbops.replication_now",
	'second sync 1, sub potential 2', 'whom commits wait for is known');
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (second, sub)'; SELECT pg_reload_conf()});
becomes($primary, "SELECT string_agg(DISTINCT sync_state, ',') FROM dbops.replication_now", 'quorum', 'a quorum too');
$primary->safe_psql('postgres', 'ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()');

# ---- on the standbys ----------------------------------------------------------------------------
my $primary_port = $primary->port;
my $second_port = $second->port;
becomes($second, "SELECT status || ' ' || (sender_port = $primary_port) || ' ' || slot_name || ' ' || missing_bytes || ' ' || received_tli
	FROM dbops.receiver_now", 'streaming true for_second 0 1', 'a standby knows from whom it receives');
becomes($third, "SELECT status || ' ' || (sender_port = $second_port) || ' [' || slot_name || ']' FROM dbops.receiver_now",
	'streaming true []', 'so does one behind another');
is($second->safe_psql('postgres', 'SELECT n.pid = r.pid AND n.status = r.status AND n.sender_host = r.sender_host
	AND n.last_msg_receipt_time >= r.last_msg_receipt_time AND abs(transfer_latency_ms) < 60000
	FROM pg_stat_wal_receiver AS r, dbops.receiver_now AS n'), 't', 'as the server itself has it');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.receiver_now'), '0', 'a primary receives nothing');
foreach my $node ($second, $third)
{
	my $name = $node->name;
	becomes($node, "SELECT pause_state || ' ' || waits_for || ' ' || timeline || ' ' || replay_lag_bytes || ' ' || replay_lag_ms
		|| ' ' || promote_triggered FROM dbops.recovery_now", 'not paused WAL from the sender 1 0 0 0',
		"$name has replayed all and waits for more");
}
is($second->safe_psql('postgres', "SELECT replay_lsn >= '$lsn'::pg_lsn - '0/0'::pg_lsn AND last_xact_replay_time <= now()
	AND apply_delay_ms = 0 FROM dbops.recovery_now"), 't', 'it knows how far, and as of when');
is($second->safe_psql('postgres', 'SELECT (n.prefetch, n.hit, n.skip_init, n.skip_new, n.skip_fpw, n.skip_rep)
	IS NOT DISTINCT FROM (p.prefetch, p.hit, p.skip_init, p.skip_new, p.skip_fpw, p.skip_rep) AND n.prefetch_stats_reset = p.stats_reset
	FROM pg_stat_recovery_prefetch AS p, dbops.recovery_now AS n'), 't', 'and what prefetching did, as the server has it');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.recovery_now'), '0', 'a primary replays nothing');

# ---- the time of an LSN -------------------------------------------------------------------------
my $written_at = $primary->safe_psql('postgres', 'SELECT clock_timestamp()');
foreach my $node ($primary, $second, $third)
{
	my $name = $node->name;
	becomes($node, "SELECT abs(extract(epoch FROM dbops.lsn_time('$lsn') - '$written_at')) < 20", 't',
		"$name knows when the primary wrote something");
	becomes($node, "SELECT dbops.lsn_age('FFFFFFFF/0')", '00:00:00', "$name knows that nothing is newer than the latest");
}

# ---- replay that is paused ----------------------------------------------------------------------
$second->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
my $paused_lsn = write_rows(2000);
becomes($second, 'SELECT pause_state || waits_for FROM dbops.recovery_now', 'pausedpause to end', 'a pause is seen');
becomes($second, 'SELECT replay_lag_bytes > 1000000 AND replay_lag_ms > 2000 FROM dbops.recovery_now', 't',
	'what it costs is seen there, in bytes and in time');
becomes($primary, "SELECT replay_lag_bytes > 1000000 AND behind_ms > 2000 AND flush_lag_bytes = 0 FROM dbops.replication_now
	WHERE application_name = 'second'", 't', 'and on the primary, as lag in replay and nowhere else');
is($second->safe_psql('postgres', "SELECT dbops.lsn_age(pg_last_wal_replay_lsn()) > interval '2 s'"), 't',
	'the age of what it has replayed says the same');
is($second->safe_psql('postgres', "SELECT dbops.lsn_time('$paused_lsn') IS NOT NULL"), 't', 'the time of what is received is known before it is replayed');
is($third->safe_psql('postgres', "SELECT replay_lag_bytes > 1000000 OR dbops.lsn_age(pg_last_wal_replay_lsn()) < interval '1 h'
	FROM dbops.recovery_now"), 't', 'the one behind it goes on');
$second->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
becomes($second, 'SELECT pause_state || replay_lag_bytes || replay_lag_ms FROM dbops.recovery_now', 'not paused00', 'it catches up');
becomes($second, "SELECT max(replay_lag_ms) > 900 AND bool_or(pause_state = 'paused') FROM dbops.recovery_history WHERE node = 'second'", 't',
	'the history remembers the pause');

# ---- slots --------------------------------------------------------------------------------------
is($primary->safe_psql('postgres', "SELECT string_agg(slot_name || ' ' || slot_type || ' ' || active || ' ' || wal_status || ' ' || coalesce(datname, '-')
	|| ' [' || plugin || ']', ', ' ORDER BY slot_name) FROM dbops.slot_now"), 'for_nobody physical 0 reserved - [], '
	. 'for_second physical 1 reserved - [], sub logical 1 reserved postgres [pgoutput]', 'slots of each kind are there');
is($primary->safe_psql('postgres', "SELECT count(*) FROM dbops.slot_now AS n JOIN pg_replication_slots AS s USING (slot_name)
	WHERE n.slot_type = s.slot_type AND n.plugin = coalesce(s.plugin, '') AND n.datid = coalesce(s.datoid, 0) AND (n.active = 1) = s.active
	  AND n.wal_status = s.wal_status AND n.active_pid IS NOT DISTINCT FROM s.active_pid AND (n.two_phase = 1) = s.two_phase
	  AND abs(n.safe_wal_size - s.safe_wal_size) < 1000000"), '3', 'as the server itself has them');
is($primary->safe_psql('postgres', "SELECT restart_lag_bytes > 1500000 AND safe_wal_size < 1100000000 AND xmin_age IS NULL FROM dbops.slot_now
	WHERE slot_name = 'for_nobody'"), 't', 'a slot that nobody uses keeps what was written since');
becomes($primary, "SELECT confirmed_flush_lag_bytes < 1000000 AND catalog_xmin_age >= 0 AND total_txns >= 1 AND total_bytes > 500000
	FROM dbops.slot_now WHERE slot_name = 'sub'", 't', 'one for logical replication tells what it decoded');
is($primary->safe_psql('postgres', "SELECT slot_name || ' ' || (wal_kept_for > interval '2 s') || ' ' || wal_status FROM dbops.slots LIMIT 1"),
	'for_nobody true reserved', 'the slot that keeps most comes first, with the time since');
$primary->safe_psql('postgres', "SELECT pg_switch_wal(), txid_current() FROM generate_series(1, 1)") for 1 .. 4;
# Only the slot that nobody uses is to be lost.  A logical one moves on when it decodes who is running,
# which a checkpoint logs.
ok($primary->poll_query_until('postgres', "CHECKPOINT;
	SELECT bool_and(pg_current_wal_lsn() - restart_lsn < 1000000) FROM pg_replication_slots WHERE slot_name <> 'for_nobody'", "CHECKPOINT\nt"),
	'the other slots move on');
$primary->safe_psql('postgres', q{ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'; SELECT pg_reload_conf()});
$primary->safe_psql('postgres', 'SELECT txid_current(); SELECT pg_switch_wal(); CHECKPOINT');
becomes($primary, "SELECT wal_status FROM dbops.slot_now WHERE slot_name = 'for_nobody'", 'lost', 'a slot whose WAL is gone is lost');
$primary->safe_psql('postgres', 'ALTER SYSTEM RESET max_slot_wal_keep_size; SELECT pg_reload_conf()');
becomes($primary, 'SELECT slot_name FROM dbops.slots LIMIT 1', 'for_nobody', 'which is the worst there is');
is($primary->safe_psql('postgres', "SELECT string_agg(DISTINCT wal_status, ',') FROM dbops.slot_history WHERE slot_name = 'for_nobody' AND at < '$written_at'"),
	'reserved', 'the history knows that it was not always so');
$primary->safe_psql('postgres', "SELECT pg_drop_replication_slot('for_nobody')");
becomes($primary, "SELECT count(*) FROM dbops.slots WHERE slot_name = 'for_nobody'", '0', 'a slot that was dropped is gone');

# ---- a subscription -----------------------------------------------------------------------------
becomes($subscriber, "SELECT subname || ' ' || datname || ' ' || enabled || ' ' || sync_workers || ' ' || (received_lsn > 0) || ' ' || apply_error_count
	FROM dbops.subscription_now", 'sub postgres 1 0 true 0', 'a subscriber knows its subscription');
is($subscriber->safe_psql('postgres', "SELECT n.pid = s.pid AND n.received_lsn <= s.received_lsn - '0/0'::pg_lsn AND last_msg_age_ms < 600000
	FROM dbops.subscription_now AS n, pg_stat_subscription AS s WHERE n.subid = s.subid"), 't', 'as the server itself has it');
$subscriber->safe_psql('postgres', 'INSERT INTO t VALUES (' . ($written + 1) . ')');
write_rows(1);
becomes($subscriber, 'SELECT apply_error_count > 0 FROM dbops.subscription_now', 't', 'an error while applying is counted');
becomes($subscriber, "SELECT sum(apply_error_count) > 0 FROM dbops.subscription_history WHERE subname = 'sub'", 't', 'and in the history');
$subscriber->safe_psql('postgres', 'DELETE FROM t WHERE id = ' . $written);
becomes($subscriber, 'SELECT max(id) FROM t', $written, 'it goes on once that is mended');
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION sub DISABLE');
becomes($subscriber, 'SELECT enabled || coalesce(pid::text, \'-\') FROM dbops.subscription_now', '0-', 'one that is disabled stays in sight');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.subscription_now'), '0', 'the publisher has none');

# ---- a receiver that is stopped -----------------------------------------------------------------
my $restart = $second->safe_psql('postgres', "SELECT pg_last_wal_replay_lsn()");
$second->safe_psql('postgres', q{ALTER SYSTEM SET primary_conninfo = ''; SELECT pg_reload_conf()});
becomes($second, 'SELECT status FROM dbops.receiver_now', 'stopped', 'a receiver that is stopped is seen');
write_rows(100);
becomes($second, "SELECT dbops.lsn_age('FFFFFFFF/0') > interval '2 s' AND replay_lag_ms > 2000 FROM dbops.recovery_now", 't',
	'without a connection nobody is sure to be up to date, and the age says since when');
becomes($primary, "SELECT active FROM dbops.slot_now WHERE slot_name = 'for_second'", '0', 'the primary sees its slot unused');
becomes($primary, "SELECT wal_kept_for > interval '1 s' AND restart_lag_bytes > 50000 FROM dbops.slots WHERE slot_name = 'for_second'", 't',
	'and what that costs, although nobody is connected');
$second->safe_psql('postgres', q{ALTER SYSTEM RESET primary_conninfo; SELECT pg_reload_conf()});
becomes($second, 'SELECT status || (SELECT replay_lag_bytes || \' \' || replay_lag_ms FROM dbops.recovery_now) FROM dbops.receiver_now', 'streaming0 0',
	'it connects again and catches up');

# ---- restart, failover --------------------------------------------------------------------------
my $old_lsn = $lsn;
my $before = $primary->safe_psql('postgres', "SELECT dbops.take_sample(), 1; SELECT dbops.lsn_time('$old_lsn')");
($before) = $before =~ /([^\n]+)\z/;
$primary->restart;
is($primary->safe_psql('postgres', "SELECT abs(extract(epoch FROM dbops.lsn_time('$old_lsn') - '$before')) < 5"), 't',
	'a time from before a restart comes from the history');
is($primary->safe_psql('postgres', "SELECT dbops.lsn_age('$old_lsn') BETWEEN interval '2 s' AND interval '1 h'"), 't', 'an age too');
becomes($second, 'SELECT status FROM dbops.receiver_now', 'streaming', 'the standby has found the primary again');
my $last = write_rows(10);
$primary->wait_for_catchup('second', 'replay', $last);
$primary->stop;
$second->promote;
becomes($second, 'SELECT count(*) FROM dbops.recovery_now', '0', 'once promoted it replays no more');
$second->safe_psql('postgres', 'CREATE TABLE later (id int); SELECT dbops.take_sample()');
becomes($second, "SELECT abs(extract(epoch FROM dbops.lsn_time('$old_lsn') - '$before')) < 10", 't', 'times of before the failover are known on the new timeline');
becomes($second, "SELECT timeline FROM dbops._lsn_points() ORDER BY lsn DESC LIMIT 1", '2', 'new ones are of the new timeline');
is($second->safe_psql('postgres', "SELECT count(*) FROM (SELECT first_at < lag(last_at) OVER (ORDER BY lsn) AS falls FROM dbops._lsn_points()) AS p
	WHERE falls"), '0', 'and all are in order');
is($second->safe_psql('postgres', "SELECT string_agg(DISTINCT node, ' ' ORDER BY node) FROM dbops.slot_history"), 'first',
	'the old primary\'s slots are in the history');
is($second->safe_psql('postgres', "SELECT count(*) > 0 FROM dbops.recovery_history WHERE node = 'second'"), 't',
	'what the standby knew of its recovery is there after the promotion');
becomes($third, "SELECT status || ' ' || received_tli FROM dbops.receiver_now", 'streaming 2', 'the one behind it follows');

$_->stop foreach $third, $subscriber, $second;
done_testing();
