# covers: collect/setting core/settings core/role_settings expose/settings
#
# Changes of settings are known with old and new value: by reload, by restart, of databases and
# roles, and what a file wants in vain.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('settings');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 3600s
max_worker_processes = 16
lock_timeout = 11s
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE DATABASE shop; CREATE ROLE clerk');

# Waits until a sample shows the rows.
sub await
{
	my ($query, $expected, $fact) = @_;
	ok($node->poll_query_until('postgres', "SELECT ($query) FROM dbops.take_sample()", $expected), $fact)
		or diag($node->safe_psql('postgres', 'TABLE dbops.setting_changes'));
	return;
}

# The latest changes of one setting, the newest last.
sub changes
{
	my ($name) = @_;
	return "SELECT string_agg(concat_ws(' ', scope, datname, rolname,
			coalesce(old_setting, '-') || ' -> ' || coalesce(new_setting, '-')), '; ' ORDER BY changed_at)
		FROM dbops.setting_changes WHERE name = '$name'";
}

$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.take_sample() AS t, dbops.settings WHERE name = 'lock_timeout'");
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.setting_changes'), '0', 'what was there at the first start is no change');
is($node->safe_psql('postgres', "SELECT scope, setting, source FROM dbops.settings WHERE name = 'lock_timeout'"),
	'server|11s|configuration file', 'what differs from the built-in value is shown');

# A value, another one, and the first again.
my $before = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->safe_psql('postgres', "ALTER SYSTEM SET work_mem = '7MB'");
$node->reload;
await(changes('work_mem'), 'server 4MB -> 7MB', 'ALTER SYSTEM and a reload');
is($node->safe_psql('postgres', "SELECT sourcefile ~ 'postgresql.auto.conf', sourceline > 0, changed_at > '$before', changed_at < now()
	FROM dbops.setting_changes WHERE name = 'work_mem'"), 't|t|t|t', 'with the place and the time');
my $between = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET work_mem');
$node->reload;
await(changes('work_mem'), 'server 4MB -> 7MB; server 7MB -> 4MB', 'and back: a line that is removed is seen');
is($node->safe_psql('postgres', "SELECT (SELECT setting FROM dbops.settings_at('$between') WHERE name = 'work_mem' AND scope = 'server'),
	(SELECT setting FROM dbops.settings_at(now()) WHERE name = 'work_mem' AND scope = 'server')"), '7MB|4MB',
	'what it was at a time can be asked');

# What only sessions to come take over.
$node->append_conf('postgresql.conf', 'log_disconnections = on');
$node->reload;
await(changes('log_disconnections'), 'server off -> on', 'a setting that running processes keep is seen too');
$node->adjust_conf('postgresql.conf', 'log_disconnections', undef);
$node->reload;
await(changes('log_disconnections'), 'server off -> on; server on -> off', 'and that it went');

# A verdict ends with what it is about.
my $unsafe = "SELECT string_agg(concat_ws(' ', status, object, evidence ~ '^\"off\" in .*postgresql.auto.conf'), '; ') FROM dbops.health
	WHERE check_name = 'unsafe settings' AND object = 'full_page_writes'";
$node->safe_psql('postgres', 'ALTER SYSTEM SET full_page_writes = off');
$node->reload;
await($unsafe, 'critical full_page_writes t', 'a setting that endangers data is found');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET full_page_writes');
$node->reload;
await($unsafe, '', 'and when it is set right, the verdict goes');

# Of databases and roles.
$node->safe_psql('postgres', <<'SQL');
ALTER DATABASE shop SET random_page_cost = 1.5;
ALTER ROLE clerk SET random_page_cost = 1.6;
ALTER ROLE clerk IN DATABASE shop SET random_page_cost = 1.7;
ALTER ROLE ALL SET random_page_cost = 1.8;
SQL
await("SELECT count(*) = 4 AND bool_and(old_setting IS NULL) FROM dbops.setting_changes WHERE name = 'random_page_cost'", 't',
	'a first ALTER DATABASE or ROLE SET is a change');
is($node->safe_psql('postgres', "SELECT scope, datname, rolname, setting FROM dbops.settings WHERE name = 'random_page_cost' ORDER BY setting"),
	"database|shop||1.5\nrole||clerk|1.6\nrole in database|shop|clerk|1.7\nall roles|||1.8", 'each where it is set');
$node->safe_psql('postgres', 'ALTER DATABASE shop RESET random_page_cost; ALTER ROLE clerk SET random_page_cost = 2.5');
await("SELECT string_agg(concat(scope, ' ', old_setting, ' ', new_setting), '; ' ORDER BY scope) FROM dbops.setting_changes
	WHERE name = 'random_page_cost' AND old_setting IS NOT NULL", 'database 1.5 ; role 1.6 2.5', 'RESET and another value too');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.settings WHERE name = 'random_page_cost'"), '3', 'and it is gone from what is set');

# What only superusers may see.
$node->append_conf('postgresql.conf', "primary_conninfo = 'host=h password=sesame'");
$node->reload;
await("SELECT count(*) FROM dbops.setting_changes WHERE name = 'primary_conninfo' AND new_setting ~ '^<hidden ....>\$'", '1',
	'a change of a hidden setting is seen, not its value');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.setting_history WHERE concat(setting, name, sourcefile) ~ 'sesame'"), '0', 'nowhere');
$node->append_conf('postgresql.conf', "primary_conninfo = 'host=h password=barley'");
$node->reload;
await("SELECT count(DISTINCT new_setting) FROM dbops.setting_changes WHERE name = 'primary_conninfo'", '2', 'another value is another hash');

# What cannot be applied.
$node->append_conf('postgresql.conf', "max_connections = 77\nwork_mem = '10 apples'\nnonsense = 1\nmyapp.color = 'red'");
await("SELECT string_agg(concat_ws(' ', scope, name, old_setting, new_setting, problem), '; ' ORDER BY name) FROM dbops.setting_changes
	WHERE pending_restart OR problem IS NOT NULL",
	'pending restart max_connections ' . $node->safe_psql('postgres', 'SHOW max_connections')
		. ' 77; file error nonsense 1 unknown setting; file error work_mem 4MB 10 apples invalid value',
	'lines that wait for a restart, and wrong ones, are told before anybody reloads');
is($node->safe_psql('postgres', "SELECT string_agg(name || ' ' || coalesce(pending_setting, problem), '; ') FROM
	(SELECT * FROM dbops.settings LIMIT 3) AS worst"), 'nonsense unknown setting; work_mem invalid value; max_connections 77', 'and come first');
$node->adjust_conf('postgresql.conf', 'nonsense', undef);
$node->adjust_conf('postgresql.conf', 'work_mem', undef);
$node->reload;
await("SELECT count(*) = 0 FROM dbops.settings WHERE problem IS NOT NULL", 't', 'a line that is mended is no trouble any more');
await(changes('myapp.color'), 'server - -> red', 'settings of other extensions are kept');

# While the server is down nobody looks.
$node->stop;
$node->adjust_conf('postgresql.conf', 'lock_timeout', '22s');
$node->adjust_conf('postgresql.conf', 'myapp.color', undef);
$node->start;
$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.status() WHERE component = 'sampler' AND status = 'ok'");
await(changes('lock_timeout'), 'server 11s -> 22s', 'what was changed while the server was down is found');
await(changes('myapp.color'), 'server - -> red; server red -> -', 'what was removed meanwhile too');
is($node->safe_psql('postgres', "SELECT new_setting, source FROM dbops.setting_changes WHERE name = 'max_connections' AND NOT pending_restart"),
	'77|configuration file', 'what waited for the restart has come');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.settings WHERE pending_setting IS NOT NULL'), '0', 'and waits no more');
is($node->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE source IN ('default', 'dynamic default')) FROM dbops.setting_changes
	WHERE name NOT IN ('work_mem', 'random_page_cost', 'primary_conninfo', 'max_connections', 'nonsense', 'lock_timeout', 'myapp.color',
		'log_disconnections', 'full_page_writes')
		AND name NOT LIKE 'shared_memory_size%' AND name <> 'num_os_semaphores'"), '0|0', 'nothing else seems to have changed');

# Rows are stored for changes alone.
is($node->safe_psql('postgres', "SELECT count(*) < 1200 FROM dbops.setting_history"), 't', 'what stays as it is takes no room');

$node->stop;
done_testing();
