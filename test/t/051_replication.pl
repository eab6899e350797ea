# covers: judge/replication_facts judge/family_rows judge/replay_conflict judge/sync_rule collect/standbys
# covers: judge/checks_replication
#
# Everybody who takes part in replication has a row that says how it is with him, why, and what to do:
# synchronous standbys and those behind them, subscribers, slots that nobody uses, timelines that part.
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
wal_retrieve_retry_interval = 200ms
max_standby_streaming_delay = -1
CONF

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->append_conf('postgresql.conf', "${settings}dbops.node_name = 'primary'\n");
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE read_there AS SELECT generate_series(1, 1000) AS id;
CREATE PUBLICATION p FOR TABLE t;
CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
SELECT pg_create_physical_replication_slot('for_first', true);
SELECT pg_create_physical_replication_slot('for_nobody', true);
SQL
$primary->backup('copy');

sub make_standby
{
	my ($name, $upstream, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init_from_backup($primary, 'copy', has_streaming => 1);
	$node->append_conf('postgresql.conf', "dbops.node_name = '$name'\nprimary_conninfo = '"
		. $upstream->connstr . " application_name=$name'\n" . ($conf // ''));
	$node->start;
	return $node;
}

my $first = make_standby('first', $primary, "primary_slot_name = 'for_first'\n");
my $second = make_standby('second', $first);
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', "${settings}dbops.node_name = 'subscriber'\n");
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int PRIMARY KEY)');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sub CONNECTION '" . $primary->connstr . " dbname=postgres' PUBLICATION p");

my $written = 0;

sub write_row
{
	$written++;
	return $primary->safe_psql('postgres', "INSERT INTO t VALUES ($written); SELECT pg_current_wal_flush_lsn()");
}

# ---- who is there -------------------------------------------------------------------------------
my $all = q{SELECT string_agg(concat_ws(' ', kind, name, state, slot_name, replay_lag_seconds, cause), ', ' ORDER BY name) FROM dbops.replication
	WHERE name <> 'for_nobody'};
write_row();
becomes($primary, $all, 'standby first streaming for_first 0.000, consumer sub streaming sub 0.000',
	'a primary knows its standby and its consumer');
becomes($first, $all, 'upstream first streaming for_first 0.000, standby second streaming 0.000',
	'a standby knows itself and the one behind it');
becomes($second, $all, 'upstream second streaming 0.000', 'which knows itself');
becomes($subscriber, $all, 'subscription sub streaming 0.000', 'a subscriber knows its subscription');
is($primary->safe_psql('postgres', q{SELECT concat_ws(' ', kind, state, cause, what_to_do, wal_status, wal_kept_bytes > 0, certain)
	FROM dbops.replication WHERE name = 'for_nobody'}), 'slot inactive nobody uses it start its receiver, or SELECT '
	. q{pg_drop_replication_slot('for_nobody') reserved t f}, 'a slot that nobody uses is shown with what to do');
is($primary->safe_psql('postgres', 'SELECT name FROM dbops.replication LIMIT 1'), 'for_nobody', 'and comes first');
foreach my $case ([ $primary, 'loss_bytes = 0 AND loss_seconds = 0 AND loss_commits = 0', 'first' ],
	[ $first, 'loss_bytes = 0 AND loss_seconds = 0', 'first' ])
{
	my ($node, $condition, $name) = @$case;
	becomes($node, "SELECT $condition AND certain AND timeline = 1 AND abs(clock_ahead_seconds) < 2 FROM dbops.replication WHERE name = '$name'",
		't', $node->name . ' knows that nothing would be lost, and that the clocks agree');
}
becomes($primary, q{SELECT (r.sent_lsn, r.write_lsn, r.flush_lsn, r.replay_lsn, r.pid, r.client_addr, r.sync_state)
	IS NOT DISTINCT FROM (s.sent_lsn, s.write_lsn, s.flush_lsn, s.replay_lsn, s.pid, host(s.client_addr), s.sync_state)
	FROM dbops.replication AS r JOIN pg_stat_replication AS s USING (application_name) WHERE application_name = 'first'}, 't',
	'as the server itself has it');

# ---- one number ---------------------------------------------------------------------------------
foreach my $case ([ $primary, q{dbops.replication_lag('first')} ], [ $primary, q{dbops.replication_lag('for_first')} ],
	[ $primary, q{dbops.replication_lag('sub')} ], [ $primary, 'dbops.replication_lag()' ], [ $first, 'dbops.replication_lag()' ],
	[ $first, q{dbops.replication_lag('second')} ], [ $second, 'dbops.replication_lag()' ], [ $subscriber, q{dbops.replication_lag('sub')} ])
{
	becomes($case->[0], "SELECT $case->[1]", '0', $case->[0]->name . ": $case->[1] is 0");
}
is($subscriber->safe_psql('postgres', 'SELECT dbops.replication_lag() IS NULL'), 't', 'without a standby there is none');
my (undef, undef, $error) = $primary->psql('postgres', q{SELECT dbops.replication_lag('nobody')});
like($error, qr/nothing that replicates has the name "nobody"\nHINT:  There are: (?=.*"first")(?=.*"sub")/,
	'an unknown name is an error that says which are known');
(undef, undef, $error) = $second->psql('postgres', q{SELECT dbops.replication_lag('nobody')});
like($error, qr/There are: "second"/, 'on a standby too');

# ---- who may ask --------------------------------------------------------------------------------
is($_->safe_psql('postgres', 'SET ROLE watcher; SELECT count(*) > 0, dbops.replication_lag() IS NOT NULL FROM dbops.replication'),
	't|t', 'a member of pg_monitor may ask ' . $_->name) foreach $primary, $first;

# ---- synchronous replication --------------------------------------------------------------------
sub set_primary { $primary->safe_psql('postgres', $_) foreach (@_, 'SELECT pg_reload_conf()'); return }
my $sync = q{SELECT concat_ws(' ', sync_state, sync_satisfied, sync_candidates, sync_required, sync_waiters) FROM dbops.replication WHERE name = 'first'};
set_primary(q{ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ("first")'});
becomes($primary, $sync, 'sync t 1 1 0', 'commits get the confirmation they ask for');
$first->stop;
my $hanging = $primary->background_psql('postgres');
$hanging->query_until(qr/begun/, "\\echo begun\nINSERT INTO t VALUES (-1);\n");
becomes($primary, q{SELECT concat_ws(' ', state, sync_satisfied, sync_candidates, sync_required, sync_waiters, cause, slot_name, sync_waiting_seconds > 1)
	FROM dbops.replication WHERE name = 'first'}, 'disconnected f 0 1 1 disconnected for_first t', 'without it they hang, and it is known since when');
is($primary->safe_psql('postgres', q{SELECT name, replay_lag_seconds > 1, certain, loss_bytes > 0, loss_seconds > 1, loss_commits BETWEEN 1 AND 30
	FROM dbops.replication LIMIT 1}), 'first|t|f|t|t|t', 'that comes first now, with what would be lost');
becomes($primary, q{SELECT status || ' ' || points FROM dbops.health WHERE check_name = 'synchronous standbys'}, 'critical 30', 'a check fails for it');
$first->start;
becomes($primary, $sync, 'sync t 1 1 0', 'it is back');
becomes($primary, q{SELECT status FROM dbops.health WHERE check_name = 'synchronous standbys'}, 'ok', 'then all is well');
$hanging->quit;
set_primary(q{ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ("first", absent)'});
becomes($primary, q{SELECT concat_ws(' ', kind, state, sync_satisfied, what_to_do, replay_lag_seconds) FROM dbops.replication WHERE name = 'absent'},
	'standby missing t start absent, or take it out of synchronous_standby_names', 'a standby that is asked for and was never there');
set_primary('ALTER SYSTEM RESET synchronous_standby_names');

# ---- checks -------------------------------------------------------------------------------------
becomes($first, q{SELECT string_agg(check_name || ' ' || status, ', ' ORDER BY check_name) FROM dbops.health
	WHERE check_name IN ('standby lag', 'standby connection') AND value IS NOT NULL}, 'standby connection ok, standby lag ok',
	'a standby checks what it receives and replays');
$primary->safe_psql('postgres', q{INSERT INTO dbops.thresholds (check_name, warning) VALUES ('replication lag', 0), ('standby lag', 0), ('unused slots', 0)});
foreach my $case ([ $primary, 'replication lag' ], [ $primary, 'unused slots' ], [ $first, 'standby lag' ])
{
	my ($node, $check) = @$case;
	becomes($node, "SELECT DISTINCT status FROM dbops.health WHERE check_name = '$check'", 'warning', "$check: the operator says what is too much");
}
$primary->safe_psql('postgres', 'DELETE FROM dbops.thresholds');

# ---- replay held up -----------------------------------------------------------------------------
my $reader = $first->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$reader->query_safe('SELECT count(*) FROM read_there');
my $pid = $reader->query_safe('SELECT pg_backend_pid()');
my $conflict = q{SELECT concat_ws(' ', cause, lost_in, conflict_pid, what_to_do) FROM dbops.replication WHERE kind = 'upstream'};
$primary->safe_psql('postgres', $_) foreach ('DELETE FROM read_there', 'VACUUM read_there');
becomes($first, $conflict, "recovery conflict apply $pid SELECT pg_terminate_backend($pid)", 'who reads what replay has to remove is named');
is($first->safe_psql('postgres', q{SELECT conflict_query LIKE 'SELECT pg_backend_pid()%' FROM dbops.replication WHERE kind = 'upstream'}), 't', 'with his query');
becomes($primary, q{SELECT concat_ws(' ', cause, lost_in, certain) FROM dbops.replication WHERE name = 'first'},
	'WAL is not replayed there apply t', 'the primary sees that replay is behind');
$reader->query_safe('COMMIT');
becomes($first, 'SELECT dbops.replication_lag()', '0', 'it goes on');
$reader->query_safe('BEGIN');
$reader->query_safe('SELECT count(*) FROM read_there');
$primary->safe_psql('postgres', 'TRUNCATE read_there');
becomes($first, $conflict, "recovery conflict apply $pid SELECT pg_terminate_backend($pid)", 'so is who has locked it');
$reader->query_safe('COMMIT');
$reader->quit;

# ---- behind another standby ---------------------------------------------------------------------
$second->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
becomes($second, 'SELECT pg_get_wal_replay_pause_state()', 'paused', 'the one behind is paused');
write_row();
becomes($first, q{SELECT concat_ws(' ', cause, lost_in, replay_lag_seconds > 1, replay_lag_bytes > 0) FROM dbops.replication WHERE name = 'second'},
	'WAL is not replayed there apply t t', 'the one before it sees that');
becomes($second, q{SELECT concat_ws(' ', cause, lost_in, replay_lag_seconds > 1) FROM dbops.replication}, 'replay is paused apply t', 'so does it itself');
$second->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
becomes($first, q{SELECT dbops.replication_lag('second')}, '0', 'it catches up');

# ---- logical replication ------------------------------------------------------------------------
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION sub DISABLE');
becomes($primary, q{SELECT state FROM dbops.replication WHERE name = 'sub'}, 'disconnected', 'a consumer that has left stays in sight');
write_row();
becomes($primary, q{SELECT concat_ws(' ', cause, certain, replay_lag_seconds > 1, replay_lag_bytes > 0) FROM dbops.replication WHERE name = 'sub'},
	'disconnected f t t', 'and falls behind');
is($subscriber->safe_psql('postgres', q{SELECT concat_ws(' ', state, cause, certain, replay_lag_seconds > 1, what_to_do) FROM dbops.replication}),
	'stopped disabled f t ALTER SUBSCRIPTION sub ENABLE', 'the subscriber knows since when it has heard nothing');
$subscriber->safe_psql('postgres', 'ALTER SUBSCRIPTION sub ENABLE');
becomes($primary, q{SELECT dbops.replication_lag('sub')}, '0', 'it catches up');
becomes($subscriber, q{SELECT certain FROM dbops.replication}, 't', 'and is sure of that');

# ---- slots --------------------------------------------------------------------------------------
write_row();
becomes($primary, q{SELECT wal_left_seconds > 0 AND safe_wal_size IS NULL AND replay_lag_seconds > 1 FROM dbops.replication WHERE name = 'for_nobody'}, 't',
	'a slot without limit has time until the disk is full');
set_primary(q{ALTER SYSTEM SET max_slot_wal_keep_size = '64MB'});
becomes($primary, q{SELECT wal_left_seconds > 0 AND safe_wal_size > 0 FROM dbops.replication WHERE name = 'for_nobody'}, 't', 'with one until that');
set_primary('ALTER SYSTEM RESET max_slot_wal_keep_size', q{SELECT pg_drop_replication_slot('for_nobody')});

# ---- after a restart of the primary -------------------------------------------------------------
$first->stop;
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
$primary->restart;
write_row();
becomes($primary, q{SELECT concat_ws(' ', kind, name, state, replay_lag_seconds > 0, certain) FROM dbops.replication WHERE slot_name = 'for_first'},
	'standby first disconnected t f', 'a primary that was restarted knows from the history whose slot it is');

# ---- timelines that part ------------------------------------------------------------------------
sub follow
{
	my ($node, $upstream) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = '" . $upstream->connstr . " application_name=second'");
	$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
	return;
}
follow($second, $primary);
my $lsn = write_row();
$primary->wait_for_catchup('second', 'replay', $lsn);
becomes($second, 'SELECT diverged FROM dbops.replication', 'f', 'a standby that follows has not diverged');
$primary->stop;
$first->start;
$first->promote;
$first->safe_psql('postgres', 'CREATE TABLE elsewhere (id int)');
follow($second, $first);
becomes($second, q{SELECT concat_ws(' ', diverged, timeline, cause) FROM dbops.replication}, 't 1 timelines have diverged',
	'one that has replayed more than the new primary had is found out');

$_->stop foreach $second, $first, $subscriber;
done_testing();
