# covers: collect/autovacuum worker/autovacuum_due collect/progress expose/maintenance
#
# What autovacuum should do, does, and is kept from; and commands that take long, as they run.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('autovacuum');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
autovacuum_naptime = 1s
autovacuum_freeze_max_age = 100000
deadlock_timeout = 10ms
wal_keep_size = 256MB
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE DATABASE shop');

sub answer { my ($sql, $database) = @_; return $node->safe_psql($database // 'postgres', $sql) }

# Takes samples until the query is true.
sub finds
{
	my ($sql) = @_;
	for (1 .. 300)
	{
		return 1 if answer("SELECT FROM dbops.take_sample();\nSELECT ($sql)") eq 't';
	}
	diag(answer('SELECT * FROM dbops.autovacuum'));
	return 0;
}

# ---- what is overdue ---------------------------------------------------------------------------
$node->safe_psql('shop', <<'SQL');
CREATE TABLE below (i int);
CREATE TABLE dead (i int);
CREATE TABLE mine (i int) WITH (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0);
CREATE TABLE left_alone (i int) WITH (autovacuum_enabled = off);
CREATE TABLE filled (i int) WITH (autovacuum_analyze_threshold = 100000);
CREATE TABLE never_filled (i int) WITH (autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 100000);
CREATE TABLE toasted (i int, t text) WITH (autovacuum_enabled = on, toast.autovacuum_vacuum_threshold = 0, toast.autovacuum_vacuum_scale_factor = 0);
ALTER TABLE toasted ALTER t SET STORAGE EXTERNAL;
INSERT INTO below SELECT generate_series(1, 1000);
INSERT INTO dead SELECT generate_series(1, 1000);
INSERT INTO mine SELECT generate_series(1, 1000);
INSERT INTO left_alone SELECT generate_series(1, 1000);
INSERT INTO toasted SELECT i, repeat('x', 5000) FROM generate_series(1, 20) AS i;
SQL
# By a session that is gone, so that its statistics have arrived.
$node->safe_psql('shop', 'VACUUM ANALYZE');
$node->safe_psql('shop', <<'SQL');
DELETE FROM below WHERE i <= 140;
DELETE FROM dead WHERE i <= 900;
DELETE FROM mine WHERE i <= 20;
DELETE FROM left_alone WHERE i <= 900;
DELETE FROM toasted WHERE i <= 10;
INSERT INTO filled SELECT generate_series(1, 2000);
INSERT INTO never_filled SELECT generate_series(1, 2000);
SQL

# The sampler begins anew, so that all databases are visited at once and see all of this.
$node->restart;
is(answer("SELECT count(*) FROM dbops.autovacuum_now WHERE tables_overdue IS NOT NULL"), '0',
	'a session does not know what is overdue, and does not guess');
# What the server would decide, from its documentation.
my $query = <<'SQL';
SELECT count(*) FILTER (WHERE n_dead_tup > coalesce(own.vacuum, 50) + coalesce(own.vacuum_scale, 0.2) * reltuples),
       count(*) FILTER (WHERE own.insert IS DISTINCT FROM -1 AND n_ins_since_vacuum > 1000 + 0.2 * reltuples),
       count(*) FILTER (WHERE relkind <> 't' AND relid <> 'pg_statistic'::regclass AND n_mod_since_analyze > coalesce(own.analyze, 50) + coalesce(own.analyze_scale, 0.1) * reltuples)
  FROM pg_stat_all_tables JOIN (SELECT oid, relkind, greatest(reltuples, 0) AS reltuples, reloptions FROM pg_class WHERE NOT relisshared) AS c ON oid = relid,
       LATERAL (SELECT max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_threshold') AS vacuum,
                       max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_scale_factor') AS vacuum_scale,
                       max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_vacuum_insert_threshold') AS insert,
                       max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_analyze_threshold') AS analyze,
                       max(option_value::float8) FILTER (WHERE option_name = 'autovacuum_analyze_scale_factor') AS analyze_scale,
                       bool_or(option_name = 'autovacuum_enabled' AND option_value = 'off') AS off
                  FROM pg_options_to_table(reloptions) WHERE option_name !~ '^autovacuum_enabled$' OR option_value = 'off') AS own
 WHERE own.off IS NOT TRUE
SQL
my $expected = answer($query, 'shop');
is(answer("$query AND schemaname IN ('public', 'pg_toast')", 'shop'), '3|1|1', 'three tables with dead rows, one with inserts, one to analyze');
ok(finds("EXISTS (SELECT FROM dbops.autovacuum WHERE datname = 'shop' AND vacuum_overdue IS NOT NULL)"),
	'once the database is visited the sampler knows');
is(answer("SELECT vacuum_overdue, insert_vacuum_overdue, analyze_overdue FROM dbops.autovacuum WHERE datname = 'shop'"), $expected,
	'and it knows what the server would decide');
is(answer("SELECT tables_overdue >= 4, wraparound_overdue, workers, cancelled FROM dbops.autovacuum WHERE datname = 'shop'"), 't|0|0|0',
	'a table counts once');
ok($node->poll_query_until('postgres', q{SELECT dbops.prometheus() ~ 'dbops_autovacuum_tables_overdue.datname="shop". [4-9]'}),
	'so does another process');
ok(finds("EXISTS (SELECT FROM dbops.autovacuum WHERE datname = 'shop' AND worst_table ~ '^pg_toast' AND times_its_threshold = 30)"),
	'the table most beyond its threshold has a name');
$node->safe_psql('shop', 'VACUUM ANALYZE');
$node->safe_psql('shop', 'VACUUM pg_statistic');
ok(finds("(SELECT vacuum_overdue + insert_vacuum_overdue + analyze_overdue = 0 FROM dbops.autovacuum WHERE datname = 'shop')"),
	'after VACUUM nothing is overdue');

# ---- a worker at work ----------------------------------------------------------------------------
$node->safe_psql('shop', <<'SQL');
CREATE TABLE big (i int) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_enabled = off);
INSERT INTO big SELECT generate_series(1, 100000);
DELETE FROM big WHERE i % 2 = 0;
ALTER TABLE big SET (autovacuum_enabled = on);
SQL
$node->append_conf('postgresql.conf', "autovacuum = on\n");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM dbops.progress_now WHERE datname = 'shop' AND command = 'VACUUM'
	AND relid = '" . answer("SELECT 'big'::regclass::oid", 'shop') . "' AND phase = 'scanning heap' AND done > 0)"), 'autovacuum works on the table');
is(answer("SELECT command, unit, percent > 0 AND percent < 100, done < total, index_rounds, dead_items >= 0
	FROM dbops.progress_now WHERE datname = 'shop' AND phase = 'scanning heap'"), 'VACUUM|blocks|t|t|0|t', 'and says how far it is');
is(answer("SELECT workers, wraparound_workers, oldest_run >= interval '0' FROM dbops.autovacuum WHERE datname = 'shop'"), '1|0|t',
	'its worker is counted');
answer('SELECT dbops.take_sample()');
ok($node->poll_query_until('postgres', "SELECT phase = 'scanning heap' AND phase_remaining > interval '0' AND done ~ '^[0-9]+ kB of [0-9]+ kB\$'
	AND elapsed < interval '5 minutes' FROM dbops.progress WHERE datname = 'shop' AND what ~ '^VACUUM '"),
	'with the time that remains of the phase');

# Whoever wants a lock that it holds cancels it.
$node->safe_psql('shop', 'BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE; COMMIT');
ok($node->poll_query_until('postgres', "SELECT cancelled = 1 FROM dbops.autovacuum_now WHERE datname = 'shop'"),
	'a run that gives way to a lock is counted');
is(answer("SELECT sqlstate, kind, count FROM dbops.errors WHERE kind = 'autovacuum cancel'"), '57014|autovacuum cancel|1',
	'and is no cancel by a user');
ok(finds("(SELECT cancelled = 1 FROM dbops.autovacuum WHERE datname = 'shop')"), 'the history has it too');
is(answer("SELECT sum(autovacuum_cancels) FROM dbops.error_history WHERE sqlstate = '57014'"), '1', 'as an error');

# ---- wraparound ----------------------------------------------------------------------------------
# A table that autovacuum leaves alone until it must not be left alone.
$node->safe_psql('shop', <<'SQL');
DROP TABLE big;
CREATE TABLE old (i int) WITH (autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
INSERT INTO old SELECT generate_series(1, 100000);
CREATE TABLE burnt (i int);
DO $$BEGIN FOR n IN 1 .. 100100 LOOP BEGIN INSERT INTO burnt VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END$$;
SQL
ok($node->poll_query_until('postgres', "SELECT wraparound_workers >= 1 FROM dbops.autovacuum_now WHERE datname = 'shop'"),
	'a worker against wraparound is known as such');
ok(finds("(SELECT wraparound_overdue >= 1 AND tables_overdue >= wraparound_overdue FROM dbops.autovacuum WHERE datname = 'shop')"),
	'tables that are too old are overdue');

# ---- a base backup ---------------------------------------------------------------------------------
my ($out, $err) = ('', '');
my $backup = IPC::Run::start([ 'pg_basebackup', '-D', $node->basedir . '/copy', '-r', '32k', '-c', 'fast', '-X', 'none', '-d',
		$node->connstr('postgres') ], '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM dbops.progress WHERE what = 'BASE BACKUP'
	AND phase = 'streaming database files' AND percent > 0 AND percent < 100 AND done ~ ' of ' AND phase_remaining > interval '0')"),
	'a base backup says how far it is') or diag($err);
$backup->kill_kill;
ok(finds("NOT EXISTS (SELECT FROM dbops.progress WHERE what = 'BASE BACKUP')"), 'until it is gone');

$node->stop('immediate');
done_testing();
