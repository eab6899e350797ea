# covers: core/guc
#
# Nonsense in a setting is refused, with its range; whatever the server starts with, it runs.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('settings');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
fsync = off
CONF
$node->start;

# One session for all: what it says of each attempt, in order.
sub attempts
{
	my ($code, $out, $err) = $node->psql('postgres', join("\n", map { "$_;" } @_), on_error_stop => 0);
	return $err;
}

my @settings = map { [ split /\|/ ] } split /\n/, $node->safe_psql('postgres',
	"SELECT name, vartype, min_val, max_val, unit, context FROM pg_settings WHERE name LIKE 'dbops.%' ORDER BY name");
cmp_ok(scalar @settings, '>=', 15, 'all settings are known to the server');
foreach my $setting (@settings)
{
	my ($name, $type, $min, $max, $unit) = @$setting;

	if ($type eq 'integer')
	{
		my $below = $min - 1;
		my $above = $max < 2147483647 ? $max + 1 : '99999999999';
		my $said = attempts(map { "ALTER SYSTEM SET $name = '$_'" } $below, $above, 'nonsense', '5 parsecs');

		like($said, qr/outside the valid range for parameter "$name" \($min[^.]* \.\. $max/, "$name: too small is refused with the range");
		is(scalar(() = $said =~ /ERROR:/g), 4, "$name: too large and nonsense are refused too");
	}
	elsif ($type eq 'bool')
	{
		like(attempts("ALTER SYSTEM SET $name = 'perhaps'"), qr/"$name" requires a Boolean value/, "$name: nonsense is refused");
	}
	elsif ($type eq 'enum')
	{
		like(attempts("ALTER SYSTEM SET $name = 'perhaps'"), qr/Available values:/, "$name: nonsense is refused with what there is");
	}
	elsif ($type eq 'real')
	{
		like(attempts("ALTER SYSTEM SET $name = '-1e300'"), qr/outside the valid range/, "$name: too small is refused");
	}
}
like(attempts("ALTER SYSTEM SET dbops.no_such_setting = 1"), qr/dbops.no_such_setting/, 'a setting that does not exist is refused');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_file_settings WHERE name LIKE 'dbops.%'"), '0', 'nothing of it got into a file');

# Texts: one that can be no name of a database, or too long to be shown, is refused.
like(attempts("ALTER SYSTEM SET dbops.database = ''"), qr/invalid value for parameter "dbops.database".*must be 1 to 63 bytes long/s,
	'no database is refused');
like(attempts("ALTER SYSTEM SET dbops.database = '" . 'x' x 64 . "'"), qr/invalid value for parameter "dbops.database"/,
	'nor is one with a name longer than a name can be');
like(attempts("ALTER SYSTEM SET dbops.node_name = '" . 'x' x 64 . "'"), qr/invalid value for parameter "dbops.node_name"/,
	'nor a long name of the node');

# In the file, at a reload: the old value stays, and the log says why.
my $log_size = -s $node->logfile;
$node->append_conf('postgresql.conf', "dbops.sample_interval = 0\ndbops.max_size = '1kB'\ndbops.enabled = perhaps\n");
$node->reload;
$node->wait_for_log(qr/0 s is outside the valid range for parameter "dbops.sample_interval" \(1 s? ?\.\. 3600( s)?\)/, $log_size);
$node->wait_for_log(qr/contains errors; unaffected changes were applied|contains errors; no changes were applied/, $log_size);
is($node->safe_psql('postgres', 'SHOW dbops.sample_interval'), '10s', 'nonsense in the file leaves a running server as it was');

# The extremes themselves work.
$node->append_conf('postgresql.conf', "dbops.sample_interval = 10\ndbops.max_size = '4GB'\ndbops.enabled = on\n");
foreach my $bound (2, 3)
{
	my $name = $bound == 2 ? 'smallest' : 'largest';
	my @lines = map { "$_->[0] = '$_->[$bound]'" } grep { $_->[1] eq 'integer' && $_->[0] !~ /max_statements|ring_size/ } @settings;
	$node->append_conf('postgresql.conf', join("\n", @lines) . "\n");
	$node->restart;
	$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS dbops CASCADE');
	ok($node->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), "with the $name values it samples and stores");
	is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.tasks() WHERE failures > 0"), '0', "with the $name values no task fails");
}
$node->append_conf('postgresql.conf', "dbops.max_statements = 0\ndbops.ring_size = '1MB'\n");
$node->restart;
ok($node->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'nor does it need room for statements');

$node->stop;
done_testing();
