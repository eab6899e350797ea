# covers: judge/drift judge/drift_facts collect/setting_drift store/setting_board
#
# Settings that are not as they were accepted are told with both values, and on a standby those that
# differ from its primary's: also when that has stopped replay.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 3600s
max_worker_processes = 16
max_connections = 50
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE ROLE clerk');

# Waits until a sample shows it.
sub await
{
	my ($node, $query, $expected, $fact) = @_;
	ok($node->poll_query_until('postgres', "SELECT ($query) FROM dbops.take_sample()", $expected), $fact)
		or diag($node->safe_psql('postgres', "SELECT status, check_name, object, evidence FROM dbops.health
			WHERE check_name IN ('settings drift', 'standby settings'); TABLE dbops.setting_drift_now"));
	return;
}

# A check's verdicts in a line.
sub verdicts
{
	my ($check) = @_;
	return "SELECT string_agg(concat_ws(' ', status, datname, object, regexp_replace(evidence, ', since_at .* ago', '')), '; '
		ORDER BY datname NULLS FIRST, object, evidence) FROM dbops.health WHERE check_name = '$check'";
}

await($primary, verdicts('settings drift'),
	'unknown none are accepted: SELECT dbops.accept_settings() accepts those of now', 'nothing was accepted: how to do so');
is($primary->safe_psql('postgres', "SELECT coalesce(sum(points), 0) FROM dbops.health WHERE check_name = 'settings drift'"), '0',
	'which takes no points');
is($primary->safe_psql('postgres', verdicts('standby settings')), 'ok there is none', 'a primary has no primary');

# ---- what was accepted -------------------------------------------------------------------------
$primary->safe_psql('postgres', "ALTER SYSTEM SET work_mem = '5MB'; SELECT pg_reload_conf()");
is($primary->safe_psql('postgres', "SELECT accepted FROM dbops.accept_settings(note => 'as agreed') WHERE name = 'work_mem'"), '5MB',
	'what is accepted is what was set a moment ago');
is($primary->safe_psql('postgres', "SELECT setting, node, accepted_by = current_user, note, accepted_at < now() FROM dbops.accepted_settings
	WHERE name = 'max_connections'"), '50|first|t|as agreed|t', 'by whom and when is kept');
is($primary->safe_psql('postgres', "SELECT count(*) FROM dbops.accepted_settings WHERE name IN ('enable_seqscan', 'server_version', 'wal_buffers')"), '0',
	'what is as built in needs no acceptance');
await($primary, "SELECT status || ' ' || (evidence ~ '^[0-9]+ looked at') FROM dbops.health WHERE check_name = 'settings drift'", 'ok true',
	'then all is as it was accepted');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.accept_settings()'), '0', 'there is no more to accept');

$primary->safe_psql('postgres', "ALTER SYSTEM SET work_mem = '6MB'; ALTER SYSTEM SET log_lock_waits = on; SELECT pg_reload_conf();
	ALTER ROLE clerk SET work_mem = '7MB'; ALTER DATABASE postgres SET work_mem = '8MB'");
await($primary, verdicts('settings drift'), 'warning clerk work_mem "<default>" -> "7MB"; warning log_lock_waits "<default>" -> "on"; '
	. 'warning work_mem "5MB" -> "6MB"; warning postgres work_mem "<default>" -> "8MB"',
	'what differs is told with both values');
is($primary->safe_psql('postgres', "SELECT scope, expected, setting, since_at > accepted_at, accepted_by = current_user, note FROM dbops.setting_drift
	WHERE name = 'work_mem' AND scope = 'server'"), 'server|5MB|6MB|t|t|as agreed', 'and with who accepted the one before, and since when it is so');
is($primary->safe_psql('postgres', "SELECT string_agg(concat_ws(' ', scope, rolname, datname, accepted_before, accepted), '; ')
	FROM dbops.accept_settings('work_mem')"), 'server 5MB 6MB; database postgres 8MB; role clerk 7MB', 'settings of one name are accepted alone');
await($primary, verdicts('settings drift'), 'warning log_lock_waits "<default>" -> "on"', 'others go on to differ');
$primary->safe_psql('postgres', "ALTER SYSTEM RESET log_lock_waits; SELECT pg_reload_conf(); ALTER ROLE clerk RESET work_mem");
await($primary, verdicts('settings drift'), 'warning clerk work_mem "7MB" -> "<default>"', 'what is set back is as it was; what is taken away is missed');
$primary->safe_psql('postgres', 'DROP ROLE clerk');
await($primary, "SELECT status FROM dbops.health WHERE check_name = 'settings drift'", 'ok', 'not that of a role that is gone');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$primary->command_ok([ 'pg_dump', '-f', $dump, $primary->connstr('postgres') ], 'a dump is taken');
like(slurp_file($dump), qr/^COPY dbops\.accepted_settings .*\bmax_connections\t50\tfirst\t/ms, 'it has what was accepted');

# ---- a standby ----------------------------------------------------------------------------------
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\ntemp_buffers = '9MB'\nmax_connections = 60\n");
$standby->start;
await($standby, "SELECT status || ' ' || (evidence ~ '^[0-9]+ looked at') FROM dbops.health WHERE check_name = 'standby settings'", 'ok true',
	'a standby may have more connections, and memory of its own');
is($standby->safe_psql('postgres', "SELECT string_agg(status, ' ') FROM dbops.health WHERE check_name = 'settings drift'"), 'ok',
	'and is not compared with what was accepted');
$standby->append_conf('postgresql.conf', 'synchronous_commit = off');
$standby->reload;
await($standby, verdicts('standby settings'), 'warning synchronous_commit "on" on the primary, "off" here',
	'in the place of its primary it would do other things');
$primary->append_conf('postgresql.conf', 'synchronous_commit = off');
$primary->reload;
await($primary, "SELECT setting FROM dbops.settings WHERE name = 'synchronous_commit'", 'off', 'the primary changes');
await($standby, "SELECT status FROM dbops.health WHERE check_name = 'standby settings'", 'ok', 'not when the primary does as much');

# With more connections on the primary, its WAL is replayed no further, and its history with it.
$primary->append_conf('postgresql.conf', 'max_connections = 70');
$primary->restart;
await($standby, verdicts('standby settings'), 'critical max_connections "70" on the primary, "60" here',
	'with fewer connections than its primary a standby cannot replay');
is($standby->safe_psql('postgres', "SELECT difference, compared_with, expected, setting FROM dbops.setting_drift"),
	'too small|primary|70|60', 'the view says so too');
is($standby->safe_psql('postgres', "SELECT pg_get_wal_replay_pause_state()"), 'paused', 'it does not, indeed');
$standby->append_conf('postgresql.conf', 'max_connections = 70');
$standby->restart;
await($standby, "SELECT status FROM dbops.health WHERE check_name = 'standby settings'", 'ok', 'with as many it does');

# ---- after a failover ---------------------------------------------------------------------------
$primary->stop;
$standby->promote;
await($standby, "SELECT string_agg(object, ' ' ORDER BY object) FROM dbops.health WHERE check_name = 'settings drift' AND status = 'warning'",
	'max_connections synchronous_commit temp_buffers', 'a new primary is measured by what was accepted, not by where it is');

$standby->stop;
done_testing();
