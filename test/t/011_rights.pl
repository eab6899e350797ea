# A role without rights sees nothing; pg_monitor sees the views, but nobody sees raw ticks.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rights');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE nobody LOGIN;
CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
SQL
$node->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL');

my @relations = split /\n/, $node->safe_psql('postgres',
	"SELECT relkind::text || ' ' || oid::regclass FROM pg_class
	  WHERE relnamespace = 'dbops'::regnamespace AND relkind IN ('r', 'v', 'f') ORDER BY 1");
# What operators edit is there to be read.
my %edited = map { $_ => 1 } qw(dbops.accepted_settings dbops.locations dbops.restore_tests dbops.thresholds);
cmp_ok(scalar @relations, '>', 40, 'there are relations to try');

my (@leaks, @denied);
foreach my $row (@relations)
{
	my ($kind, $relation) = split / /, $row;
	my ($code) = $node->psql('postgres', "SELECT FROM $relation LIMIT 1", extra_params => [ '-U', 'nobody' ]);
	push @leaks, $relation if $code == 0;
	($code) = $node->psql('postgres', "SELECT FROM $relation LIMIT 1", extra_params => [ '-U', 'monitor' ]);
	push @leaks, "$relation (monitor)" if $kind eq 'r' && $code == 0 && !$edited{$relation};
	push @denied, $relation if $kind ne 'r' && $code != 0;
}
is_deeply(\@leaks, [], 'an unprivileged role reads no relation, and a monitoring role no table but those that operators edit');
is_deeply(\@denied, [], 'a monitoring role reads every view and foreign table');

is($node->safe_psql('postgres',
		"SELECT count(*) FROM pg_proc WHERE pronamespace = 'dbops'::regnamespace
		    AND has_function_privilege('nobody', oid, 'EXECUTE')"),
	'0', 'an unprivileged role may call no function');

# Functions put into a schema made beforehand would run with the rights of whoever reads a view.
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE trap OWNER owner');
$node->safe_psql('trap', <<'SQL', extra_params => [ '-U', 'owner' ]);
CREATE SCHEMA dbops;
CREATE FUNCTION dbops._bytes(bigint) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
SQL
my ($code, $out, $err) = $node->psql('trap', 'CREATE EXTENSION dbops CASCADE');
like($err, qr/belongs to a role that is not a superuser/,
	'the extension does not move into a schema of an unprivileged role');
$node->safe_psql('trap', 'ALTER SCHEMA dbops OWNER TO current_user');
($code, $out, $err) = $node->psql('trap', 'CREATE EXTENSION dbops CASCADE');
like($err, qr/functions or operators in it/, 'nor into one with functions in it');
$node->safe_psql('trap', 'DROP FUNCTION dbops._bytes(bigint); CREATE EXTENSION dbops CASCADE');
$node->safe_psql('trap', 'DROP EXTENSION dbops; CREATE EXTENSION dbops');
pass('but into one that is empty, and again after DROP EXTENSION');

$node->stop;
done_testing();
