# covers: expose/release
#
# ALTER EXTENSION UPDATE brings tables what the library has gained; status() says who is behind.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('update');
my $scripts = $node->config_data('--sharedir') . '/extension';
plan skip_all => "$scripts cannot be written" unless -w $scripts;

# An older release, of which a table lacks a column and another is not there at all; and a newer one.
my %script = (
	'dbops--0.9.sql' => slurp_file(glob "$scripts/dbops--1.*.sql") . <<'SQL',
ALTER EXTENSION dbops DROP FUNCTION dbops.filesystem_history(interval);
DROP FUNCTION dbops.filesystem_history(interval);
ALTER FOREIGN TABLE dbops.filesystem_history DROP COLUMN total_bytes;
ALTER EXTENSION dbops DROP FUNCTION dbops.slru_history(interval);
DROP FUNCTION dbops.slru_history(interval);
ALTER EXTENSION dbops DROP FOREIGN TABLE dbops.slru_history;
DROP FOREIGN TABLE dbops.slru_history;
SQL
	'dbops--0.9--999.0.sql' => "SELECT dbops._refresh_history();\n");
append_to_file("$scripts/$_", $script{$_}) foreach keys %script;
END { unlink map { "$scripts/$_" } keys %script if $scripts }

$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
CONF
$node->start;

sub extension
{
	return $node->safe_psql('postgres', "SELECT status || ': ' || detail || coalesce('; ' || what_to_do, '')
		FROM dbops.status() WHERE component = 'extension'");
}

$node->safe_psql('postgres', "CREATE EXTENSION dbops VERSION '0.9' CASCADE");
$node->safe_psql('postgres', 'CREATE VIEW of_a_user AS SELECT * FROM dbops.filesystem_history');
like(extension(), qr/^warning: the extension is of version 0\.9, .*; ALTER EXTENSION dbops UPDATE;$/,
	'an older extension is to be updated');
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.system_history'), '>', 0,
	'meanwhile it is sampled and stored');

$node->safe_psql('postgres', "ALTER EXTENSION dbops UPDATE TO '999.0'");
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops._columns() AS c
	WHERE NOT EXISTS (SELECT FROM pg_attribute
		WHERE attrelid = to_regclass('dbops.' || c.table_name) AND attname = c.column_name)"), '0',
	'after the update no table and no column is missing');
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.filesystem_history WHERE total_bytes > 0'), '>', 0,
	'what was sampled before has the column, too');
$node->safe_psql('postgres', 'SELECT count(*) FROM of_a_user; SELECT count(*) FROM dbops.slru_history');
like(extension(), qr/^warning: the library that runs is of version 1\.\S+, the extension of version 999\.0; Restart/,
	'a library that was not restarted is behind');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relnamespace = 'dbops'::regnamespace
	AND relkind IN ('r', 'v', 'f') AND NOT EXISTS (SELECT FROM pg_depend
		WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')"), '0',
	'all tables belong to the extension');
$node->command_ok(['pg_dump', '--file', $node->basedir . '/dump.sql', 'postgres'], 'pg_dump');
unlike(slurp_file($node->basedir . '/dump.sql'), qr/dbops\.slru_history|tick_0/, 'a dump has none of them');
$node->safe_psql('postgres', 'DROP VIEW of_a_user; DROP EXTENSION dbops');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('dbops')"), '0',
	'all goes with the extension');

$node->stop;
done_testing();
