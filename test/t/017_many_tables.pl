# covers: worker/visits worker/visit worker/inspector collect/dictionary collect/outbox
#
# A database with more relations than one visit can read is learned whole: visit after visit goes on
# where the one before stopped.  With the smallest ring no name is lost on the way.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# To show an index of a wide table takes long: a thousand of them take longer than a visit may.
my $wide = 10;
my $tables = 2000;

my $node = PostgreSQL::Test::Cluster->new('many');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 5s
dbops.inspect_interval = 10s
dbops.ring_size = 1MB
max_worker_processes = 16
autovacuum = off
fsync = off
CONF
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE many');
$node->safe_psql('many', <<"SQL");
DO \$\$
BEGIN
    FOR i IN 1 .. $wide LOOP
        EXECUTE (SELECT format('CREATE TABLE wide_%s (%s)', i, string_agg('column_number_' || c || ' int', ', '))
            FROM generate_series(1, 1000) AS c);
        FOR c IN 1 .. 150 LOOP
            EXECUTE format('CREATE INDEX ON wide_%s ((column_number_%s + 1))', i, c);
        END LOOP;
        COMMIT;
    END LOOP;
    FOR i IN 1 .. $tables LOOP
        EXECUTE format('CREATE TABLE many_%s (id int PRIMARY KEY, word text UNIQUE)', i);
        IF i % 200 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END \$\$;
SQL
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

my $named = "FROM dbops.objects WHERE datname = 'many' AND objname LIKE 'many%'";

ok($node->poll_query_until('postgres', "SELECT count(*) = $tables $named AND kind = 'table'"),
	'every table has its name in the history');
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 * $tables $named AND kind = 'index'"),
	'and so has every index');

$node->safe_psql('many', <<"SQL");
CREATE TABLE many_late (id int);
DO \$\$
BEGIN
    FOR i IN 1 .. $tables BY 2 LOOP
        EXECUTE format('DROP TABLE many_%s', i);
        IF i % 100 = 1 THEN
            COMMIT;
        END IF;
    END LOOP;
END \$\$;
SQL
ok($node->poll_query_until('postgres', "SELECT count(*) = $tables / 2 $named AND kind = 'table' AND dropped_at IS NOT NULL"),
	'every table that was dropped is known as such');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 $named AND objname = 'many_late'"),
	'a table made while others went is there');
is($node->safe_psql('postgres', "SELECT count(*) $named AND kind = 'table' AND dropped_at IS NULL"),
	$tables / 2 + 1, 'and none that is there counts as dropped');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.status() WHERE component = 'inspector'"),
	'0', 'status() has nothing to say of the inspector');

$node->stop;
done_testing();
