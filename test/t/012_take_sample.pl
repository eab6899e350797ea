# covers: core/guc core/preload core/databases
#
# take_sample() says what is in the way: not preloaded, switched off, no database, no extension there.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('take_sample');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 16\n");
$node->start;

sub finds
{
	my ($component, $status) = @_;
	return $node->poll_query_until('postgres',
		"SELECT bool_or(status = '$status') FROM dbops.status() WHERE component = '$component'");
}

sub refuses
{
	my ($sql, $expected, $what) = @_;
	my ($code, $out, $err) = $node->psql('postgres', $sql);
	isnt($code, 0, "$what: refused");
	like($err, $expected, "$what: says why");
	return;
}

# Not preloaded: the functions exist, and say which line is missing.
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
refuses('SELECT dbops.take_sample()',
	qr/must be loaded when the server starts.*shared_preload_libraries = 'pg_stat_statements, dbops'/s,
	'not preloaded');
ok(finds('library', 'critical'), 'not preloaded: status() has it');
like($node->safe_psql('postgres',
		"SELECT what_to_do FROM dbops.status() WHERE component = 'pg_stat_statements'"),
	qr/shared_preload_libraries = 'pg_stat_statements, dbops'/, 'and the line for postgresql.conf');

# The wrong order.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'dbops, pg_stat_statements'\n");
$node->restart;
ok(finds('pg_stat_statements', 'warning'), 'loaded in the wrong order: status() has it');

# A database that does not exist, then one without the extension.
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.database = 'memory'
CONF
$node->restart;
ok(finds('store', 'critical'), 'no such database: status() has it');
refuses('SELECT dbops.take_sample()', qr/not stored: no database.*dbops\.status/s, 'no such database');
$node->safe_psql('postgres', 'CREATE DATABASE memory');
ok($node->poll_query_until('postgres',
		"SELECT detail ~ 'no extension' FROM dbops.status() WHERE component = 'store'"),
	'no extension in it: status() has it');
refuses('SELECT dbops.take_sample()', qr/not stored: no extension/, 'no extension');
$node->safe_psql('memory', 'CREATE EXTENSION dbops CASCADE');
is($node->safe_psql('memory', 'SELECT dbops.take_sample() IS NOT NULL'), 't', 'with both it samples');
is($node->safe_psql('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 't',
	'and so it does from another database that has the extension');
ok(finds('store', 'warning'), 'whose status() says that the history is elsewhere');

# Switched off.
$node->append_conf('postgresql.conf', "dbops.enabled = off\n");
$node->reload;
ok(finds('library', 'warning'), 'switched off: status() has it');
refuses('SELECT dbops.take_sample()', qr/switched off.*dbops\.enabled = on/s, 'switched off');
$node->append_conf('postgresql.conf', "dbops.enabled = on\n");
$node->reload;
ok(finds('library', 'ok'), 'switched on again');
is($node->safe_psql('memory', 'SELECT dbops.take_sample() IS NOT NULL'), 't', 'and it samples');

# Slots for the two workers and the launcher of logical replication, none for the inspector.
$node->append_conf('postgresql.conf', "max_worker_processes = 3\n");
$node->restart;
ok(finds('inspector', 'warning'), 'no slot for the inspector: status() has it');

# No slot for the sampler: the server does not try again.
$node->append_conf('postgresql.conf', "max_worker_processes = 1\n");
$node->restart;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.status()
	WHERE component = 'sampler' AND status = 'critical' AND what_to_do ~ 'max_worker_processes .now 1.'"),
	'no slot for the sampler: status() names the setting');

# Nonsense is refused with its range.
my ($code, $out, $err) = $node->psql('postgres', "ALTER SYSTEM SET dbops.sample_interval = '2h'");
like($err, qr/outside the valid range/, 'a setting out of range is refused with the range');

$node->stop;
done_testing();
