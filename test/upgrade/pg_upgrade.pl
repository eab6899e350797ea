# pg_upgrade takes the history along: what is known of the time before can be read, by its names, and
# sampling goes on where it stopped.
#
# $OLD_INSTALL is the installation of the older server, with dbops in it.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $conf = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.node_name = 'upgraded'
max_worker_processes = 16
autovacuum = off
CONF

# A table with a name that wants quotes, statements of two databases, an index, a role of one's own.
my $workload = <<'SQL';
CREATE TABLE IF NOT EXISTS "Orders" (id int PRIMARY KEY, what text);
TRUNCATE "Orders";
INSERT INTO "Orders" SELECT i, 'what ' || i FROM generate_series(1, 1000) AS i;
SELECT count(*) AS n FROM "Orders" WHERE id BETWEEN 10 AND 20;
SELECT count(*) AS n FROM "Orders" WHERE id BETWEEN 30 AND 50;
UPDATE "Orders" SET what = 'else' WHERE id <= 100;
SQL

my $old = PostgreSQL::Test::Cluster->new('old', install_path => $ENV{OLD_INSTALL});
$old->init;
$old->append_conf('postgresql.conf', $conf);
$old->start;
my $version = $old->safe_psql('postgres', 'SHOW server_version_num') / 10000;
$old->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
$old->safe_psql('postgres', 'CREATE DATABASE shop');
$old->safe_psql('postgres', 'CREATE ROLE watcher LOGIN IN ROLE pg_monitor; CREATE ROLE auditor LOGIN');
$old->safe_psql('postgres', 'GRANT USAGE ON SCHEMA dbops TO auditor; GRANT SELECT ON dbops.table_history TO auditor');
$old->safe_psql('postgres', 'CREATE VIEW inserts AS SELECT at, n_tup_ins FROM dbops.table_history');
work($old);

# Names of relations come with the visit of a database.
ok($old->poll_query_until('postgres', "SELECT dbops.take_sample() IS NOT NULL
	AND EXISTS (SELECT FROM dbops.table_history WHERE relname = 'Orders' AND n_tup_ins >= 1000)
	AND EXISTS (SELECT FROM dbops.objects WHERE kind = 'statement' AND definition ~ 'BETWEEN')"),
	"on $version, history with names");
my $upgraded_at = $old->safe_psql('postgres', 'SELECT clock_timestamp()');

# What is known up to then.
my %known = (
	tables => "SELECT datname, schemaname, relname, relid, sum(n_tup_ins), sum(n_tup_upd), count(*)
		FROM dbops.table_history WHERE relname = 'Orders' AND at < '$upgraded_at' GROUP BY 1, 2, 3, 4",
	indexes => "SELECT datname, relname, sum(idx_scan) FROM dbops.index_history
		WHERE datname = 'shop' AND at < '$upgraded_at' GROUP BY 1, 2 ORDER BY 1, 2",
	statements => "SELECT h.datname, h.rolname, h.queryid, o.definition, sum(h.calls), sum(h.rows),
			dbops.count(dbops.merge(h.exec_histogram))
		FROM dbops.statement_history AS h
		JOIN dbops.objects AS o ON o.kind = 'statement' AND o.objid = h.queryid AND o.datid = h.datid
		WHERE h.datname = 'shop' AND h.at < '$upgraded_at' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
	databases => "SELECT datname, count(*) > 0, sum(xact_commit) > 0 FROM dbops.database_history
		WHERE datname IN ('shop', 'postgres') AND at < '$upgraded_at' GROUP BY 1 ORDER BY 1",
	server => "SELECT count(*), min(at), max(at) FROM dbops.server_history WHERE at < '$upgraded_at'",
	'a view of a user' => "SELECT count(*), sum(n_tup_ins) FROM inserts WHERE at < '$upgraded_at'",
	# What an owner may do differs by version.
	rights => "SELECT c.relname, c.relkind, a.grantee::regrole, a.privilege_type
		FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
		WHERE c.relnamespace = 'dbops'::regnamespace AND a.grantee <> c.relowner ORDER BY 1, 2, 3, 4",
	'rights on functions' => "SELECT p.oid::regprocedure::text, array_agg(a::text ORDER BY a::text)
		FROM pg_proc AS p CROSS JOIN LATERAL unnest(p.proacl) AS a
		WHERE p.pronamespace = 'dbops'::regnamespace GROUP BY 1 ORDER BY 1",
	# From 17 on the types of tables are no members.
	members => "SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
		WHERE classid <> 'pg_type'::regclass
			AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dbops') AND deptype = 'e' ORDER BY 1",
	version => "SELECT extversion FROM pg_extension WHERE extname = 'dbops'");

my %before = map { $_ => $old->safe_psql('postgres', $known{$_}) } keys %known;
foreach my $what ('tables', 'indexes', 'statements', 'server')
{
	isnt($before{$what}, '', "on $version, there is something to know of: $what");
}
$old->stop;

foreach my $mode ('--copy', '--link')
{
	my $new = PostgreSQL::Test::Cluster->new('new' . ($mode =~ tr/-//dr));
	my $what = "after pg_upgrade $mode";

	# From 18 on checksums are the default, and both must agree.
	$new->init(extra => $new->pg_version >= 18 ? ['--no-data-checksums'] : []);
	$new->append_conf('postgresql.conf', $conf);
	upgrade($new, $mode);
	$new->start;
	foreach my $known (sort keys %known)
	{
		is($new->safe_psql('postgres', $known{$known}), $before{$known}, "$what, as before: $known");
	}
	goes_on($new, $what);
	$new->stop;
}
done_testing();

sub work
{
	my ($node) = @_;
	foreach (1 .. 2)
	{
		$node->safe_psql('shop', $workload);
		$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
	}
}

sub upgrade
{
	my ($new, $mode) = @_;
	chdir $new->basedir or die $!;
	command_ok(['pg_upgrade', '--no-sync', $mode,
			'--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir,
			'--old-bindir', "$ENV{OLD_INSTALL}/bin", '--new-bindir', $new->config_data('--bindir'),
			'--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port],
		"pg_upgrade $mode");
	unlike(slurp_file($_), qr/dbops (sampler|keeper)/, "no worker ran in pg_upgrade $mode: $_")
	  foreach glob($new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_server.log');
}

sub goes_on
{
	my ($new, $what) = @_;
	ok($new->poll_query_until('postgres', "SELECT count(*) = 0 FROM dbops.status() WHERE status <> 'ok'"),
		"$what, all is well")
	  or diag($new->safe_psql('postgres', 'SELECT * FROM dbops.status()'));
	work($new);
	ok($new->poll_query_until('postgres', "SELECT dbops.take_sample() IS NOT NULL
		AND EXISTS (SELECT FROM dbops.table_history
			WHERE relname = 'Orders' AND n_tup_ins >= 1000 AND at > '$upgraded_at')"),
		"$what, tables go on under their names");
	is($new->safe_psql('postgres', "SELECT count(DISTINCT relid) FROM dbops.table_history WHERE relname = 'Orders'"),
		'1', "$what, a table is the same one as before");

	# The number of a statement is another one, its text is not.
	ok($new->poll_query_until('postgres', "SELECT dbops.take_sample() IS NOT NULL
		AND count(DISTINCT h.at > '$upgraded_at') = 2 AND count(DISTINCT o.definition) = 1
		FROM dbops.statement_history AS h
		JOIN dbops.objects AS o ON o.kind = 'statement' AND o.objid = h.queryid AND o.datid = h.datid
		WHERE o.definition ~ 'WHERE id BETWEEN'"),
		"$what, a statement goes on under its text");
	is($new->safe_psql('postgres', "SELECT count(DISTINCT node) FROM dbops.server_history"), '1',
		"$what, it is the same node");
	is($new->safe_psql('postgres', "SELECT count(*) FROM dbops.database_history
		WHERE xact_commit < 0 OR xact_commit > 100000"), '0', "$what, no counter jumps");
	$new->safe_psql('postgres', 'SET ROLE watcher; SELECT count(*) FROM dbops.statements');
	$new->safe_psql('postgres', 'SET ROLE auditor; SELECT count(*) FROM dbops.table_history');
	unlike(slurp_file($new->logfile), qr/ERROR|PANIC|TRAP|terminated by signal/, "$what, nothing failed");
	$new->command_ok(['pg_dump', '--file', $new->basedir . '/dump.sql', 'postgres'], "$what, pg_dump");
	unlike(slurp_file($new->basedir . '/dump.sql'), qr/tick_0/, "$what, a dump leaves out the history");
}
