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
cmp_ok(scalar @relations, '>', 40, 'there are relations to try');

my (@leaks, @denied);
foreach my $row (@relations)
{
	my ($kind, $relation) = split / /, $row;
	my ($code) = $node->psql('postgres', "SELECT FROM $relation LIMIT 1", extra_params => [ '-U', 'nobody' ]);
	push @leaks, $relation if $code == 0;
	($code) = $node->psql('postgres', "SELECT FROM $relation LIMIT 1", extra_params => [ '-U', 'monitor' ]);
	push @leaks, "$relation (monitor)" if $kind eq 'r' && $code == 0;
	push @denied, $relation if $kind ne 'r' && $code != 0;
}
is_deeply(\@leaks, [], 'an unprivileged role reads no relation, and a monitoring role no table');
is_deeply(\@denied, [], 'a monitoring role reads every view and foreign table');

is($node->safe_psql('postgres',
		"SELECT count(*) FROM pg_proc WHERE pronamespace = 'dbops'::regnamespace
		    AND has_function_privilege('nobody', oid, 'EXECUTE')"),
	'0', 'an unprivileged role may call no function');

$node->stop;
done_testing();
