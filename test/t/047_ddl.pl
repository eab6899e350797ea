# covers: core/shared_catalog
#
# DDL in flight everywhere: of tables and indexes that are sampled, of the catalogs themselves, of databases
# that are visited, and locks that stay.  Nobody who does it fails or waits because of dbops, and no
# sample is missing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Samples;
use Test::More;

my $timeout = $PostgreSQL::Test::Utils::timeout_default;
my $node = PostgreSQL::Test::Cluster->new('ddl');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
fsync = off
autovacuum = off
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE DATABASE app');
my $fill = <<'SQL';
CREATE TABLE hot (id int PRIMARY KEY, a text, b int);
INSERT INTO hot SELECT g, repeat('x', 100), g FROM generate_series(1, 2000) AS g;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
CREATE SEQUENCE s;
SQL
$node->safe_psql($_, $fill) for qw(postgres app);
sql('SELECT dbops.take_sample()');
my $samples = Samples->new($node);

# ---- many at once ----------------------------------------------------------------------------------
my %scripts = (
	table => <<'SQL',
ALTER TABLE hot ADD COLUMN c int DEFAULT 1;
BEGIN; ALTER TABLE hot ALTER a TYPE varchar, DROP COLUMN b; SELECT count(*) FROM hot; ROLLBACK;
CREATE INDEX CONCURRENTLY hot_b ON hot (b);
REINDEX TABLE CONCURRENTLY hot;
ALTER TABLE hot RENAME TO cold;
ALTER TABLE cold RENAME COLUMN b TO bb;
SELECT count(*) FROM cold WHERE bb = 7;
ALTER TABLE cold RENAME COLUMN bb TO b;
ALTER TABLE cold RENAME TO hot;
CLUSTER hot USING hot_pkey;
VACUUM FULL hot;
DROP INDEX CONCURRENTLY hot_b;
ALTER TABLE hot DROP COLUMN c;
BEGIN; TRUNCATE hot; INSERT INTO hot SELECT g, 'x', g FROM generate_series(1, 2000) AS g; COMMIT;
CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 2';
ALTER SEQUENCE s RESTART; SELECT nextval('s'), f(1);
CREATE SCHEMA other; ALTER TABLE hot SET SCHEMA other; ALTER TABLE other.hot SET SCHEMA public; DROP SCHEMA other;
CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts FOR VALUES FROM (1) TO (9);
ALTER TABLE parts DETACH PARTITION part; DROP TABLE parts, part;
SQL
	catalog => <<'SQL',
VACUUM FULL pg_class; VACUUM FULL pg_attribute; VACUUM FULL pg_index; VACUUM FULL pg_proc; VACUUM FULL pg_namespace;
VACUUM FULL pg_database; VACUUM FULL pg_authid; VACUUM FULL pg_db_role_setting; VACUUM FULL pg_tablespace; VACUUM FULL pg_subscription;
REINDEX TABLE pg_class; REINDEX TABLE pg_attribute; REINDEX TABLE pg_database; REINDEX TABLE pg_statistic; REINDEX TABLE pg_authid;
SQL
	role => <<'SQL',
CREATE ROLE comes LOGIN; ALTER ROLE comes SET work_mem = '5MB'; ALTER ROLE comes RENAME TO goes;
ALTER DATABASE app SET work_mem = '6MB'; ALTER DATABASE app RESET work_mem;
SET ROLE goes; SELECT 1; RESET ROLE;
CREATE PUBLICATION p FOR ALL TABLES; CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false);
ALTER SUBSCRIPTION s RENAME TO t; ALTER SUBSCRIPTION t SET (slot_name = NONE); DROP SUBSCRIPTION t; DROP PUBLICATION p;
DROP ROLE goes;
ALTER SYSTEM SET work_mem = '7MB'; ALTER SYSTEM RESET work_mem; SELECT pg_reload_conf();
SQL
	database => <<'SQL',
CREATE DATABASE one TEMPLATE app;
CREATE DATABASE two TEMPLATE one STRATEGY file_copy;
ALTER DATABASE one RENAME TO three;
ALTER DATABASE three WITH ALLOW_CONNECTIONS false;
DROP DATABASE three;
DROP DATABASE two;
SQL
);

# Each in a database of its own, but for the catalogs, which are those dbops reads; the template of a new
# database must be empty of sessions.
my %where = (table => 'other', catalog => 'postgres', role => 'third', database => 'template1');
sql("CREATE DATABASE $_") for qw(other third);
$node->safe_psql('other', $fill);
my $going_on = $node->basedir . '/going_on';
append_to_file($going_on, '');
my (%loops, %said);
foreach my $what (sort keys %scripts)
{
	my ($file, $errors) = map { $node->basedir . "/$what.$_" } qw(sql err);
	append_to_file($file, $scripts{$what});
	$said{$what} = $errors;
	$loops{$what} = IPC::Run::start([ 'sh', '-c', 'while [ -e "$1" ]; do psql -X -q -v ON_ERROR_STOP=1 -f "$2" -d "$3" >/dev/null || exit 1; done',
		'sh', $going_on, $file, $node->connstr($where{$what}) ], '2>', $errors);
}
my $samples_taken = q{SELECT count(*) FROM dbops.system_history};
my $enough = sql($samples_taken) + 8;
do
{
	sql('SELECT count(*) FROM dbops.tables; SELECT count(*) FROM dbops.locks; SELECT count(*) FROM dbops.sessions;
		SELECT count(*) FROM dbops.settings; SELECT count(*) FROM dbops.table_history');
} while (sql($samples_taken) < $enough);
unlink $going_on;
foreach my $what (sort keys %loops)
{
	ok($loops{$what}->finish, "$what: no statement fails") or diag(slurp_file($said{$what}));
}
sql('SELECT dbops.take_sample()');
$samples->are_whole('after all the DDL');

# ---- locks that stay -------------------------------------------------------------------------------
# Of what the sampler reads each second, and of what a visit reads.
foreach my $locked ('pg_database', 'pg_db_role_setting, pg_subscription', 'hot, dbops.object')
{
	my ($holder, $watcher) = map { $node->background_psql('postgres') } 1 .. 2;
	$watcher->query_safe('SELECT count(*) FROM dbops.health');
	$holder->query_safe("BEGIN; LOCK TABLE $locked");
	# Who is connected already sees samples come: ticks of some twenty families a second.
	$watcher->query_safe("SET statement_timeout = '${timeout}s'");
	is($watcher->query(<<'SQL') // '', 'more', "$locked: locked, and samples are taken");
DO $$
DECLARE
    first int8 := (SELECT ticks FROM dbops.self_now WHERE process = 'sampler');
BEGIN
    WHILE (SELECT ticks < first + 60 FROM dbops.self_now WHERE process = 'sampler') LOOP
    END LOOP;
END$$;
SELECT 'more';
SQL
	if ($locked eq 'pg_database')
	{
		is($watcher->query(<<'SQL') // '', 'unknown ok', 'what cannot be read is unknown, and the rest is judged');
DO $$
BEGIN
    WHILE NOT EXISTS (SELECT FROM dbops.health WHERE check_name = 'deadlocks' AND evidence = 'could not be read: "pg_database" is locked') LOOP
    END LOOP;
END$$;
SELECT string_agg(status, ' ' ORDER BY check_name DESC) FROM dbops.health WHERE check_name IN ('deadlocks', 'connections');
SQL
	}
	$holder->query_safe('COMMIT');
	$_->quit foreach $holder, $watcher;
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM dbops.tasks() WHERE failures > 0'), 'what was left out is taken again');
	sql('SELECT dbops.take_sample()');
	$samples->are_whole("$locked: after the lock");
}
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'the server is unharmed');

$node->stop;
done_testing();
