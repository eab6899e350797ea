# What cannot be stored is not lost: a failing store is told, and is made up for when the cause is gone.
# covers: core/tx core/spi core/clock
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('store_failure');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');

# The keeper loses a table it writes to.
$node->safe_psql('postgres', 'ALTER TABLE dbops.node RENAME TO node_gone');
my $before = $node->safe_psql('postgres', 'SELECT now()');
my ($code, $out, $err) = $node->psql('postgres', 'SELECT dbops.take_sample()');
isnt($code, 0, 'a sample that cannot be stored is an error');
like($err, qr/taken but not stored: failed.*dbops\.status\(\)/s, 'which says where to look');

is($node->safe_psql('postgres', "SELECT status FROM dbops.status() WHERE component = 'store'"),
	'critical', 'status() has it');
like($node->safe_psql('postgres', "SELECT detail FROM dbops.status() WHERE component = 'store'"),
	qr/storing failed: relation "dbops.node" does not exist/, 'with the reason');
is($node->safe_psql('postgres',
		"SELECT failures >= 1, sqlstate FROM dbops.tasks() WHERE task = 'store'"),
	't|42P01', 'tasks() has the SQLSTATE');
ok($node->poll_query_until('postgres', "SELECT count(*) >= 3 FROM dbops.server_history WHERE at > '$before'"),
	'sampling goes on, and readers find the samples in memory');
is( scalar(() = slurp_file($node->logfile) =~ /dbops task "store" failed/g),
	1, 'the failure is logged once, however often it repeats');

# The cause is gone.
my $waiting = $node->safe_psql('postgres', "SELECT max(at) FROM dbops.server_history");
$node->safe_psql('postgres', 'ALTER TABLE dbops.node_gone RENAME TO node');
ok($node->poll_query_until('postgres', "SELECT status = 'ok' FROM dbops.status() WHERE component = 'store'"),
	'it recovers by itself');
is($node->safe_psql('postgres',
		"SELECT count(*) FROM dbops.server_history h WHERE at > '$before' AND at <= '$waiting'
		    AND NOT EXISTS (SELECT FROM dbops.tick_0 t WHERE t.at = h.at)"),
	'0', 'what waited in memory is in the tables');
like(slurp_file($node->logfile), qr/dbops task "store" works again after \d+ failures/, 'and the log says so');

$node->stop;
done_testing();
