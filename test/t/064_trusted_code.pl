# covers: advise/trusted_code
#
# What a superuser sent once is planned again for advice, when what it names may have become something
# else: the code of others does not run with his rights then.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('trusted');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
max_worker_processes = 16
autovacuum = off
jit = off
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE mallory;
CREATE ROLE app;
GRANT CREATE ON SCHEMA public TO mallory, app;
CREATE TABLE item AS SELECT i AS id, i % 500 AS k, CASE WHEN i % 2 = 0 THEN 7 ELSE i END AS s FROM generate_series(1, 5000) AS i;
ANALYZE item;
GRANT SELECT ON item TO PUBLIC;
CREATE FUNCTION own_seven() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 7; END';
SET ROLE mallory;
CREATE TABLE harmless AS SELECT 7 AS x;
GRANT SELECT ON harmless TO PUBLIC;
CREATE FUNCTION acts() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE LOG 'acts as %', current_user; RETURN 7; END $$;
CREATE FUNCTION seven() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN public.acts(); END $$;
CREATE FUNCTION equals(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN RAISE LOG 'compares as %', current_user; RETURN $1 = $2; END $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = equals, RESTRICT = eqsel);
SQL

my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
my %sent = (
	table => 'SELECT item.id AS sent_table FROM item JOIN harmless ON k = x',
	own => 'SELECT id AS sent_own FROM item WHERE k = own_seven()',
	app => 'SELECT id AS sent_app FROM item WHERE k = seven()',
	operator => 'SELECT id AS sent_operator FROM item WHERE 7 === s AND k = 7');
for my $name (sort keys %sent)
{
	my $role = $name eq 'app' ? 'app' : $superuser;
	$node->safe_psql('postgres', "SET ROLE \"$role\"; " . "$sent{$name};\n" x 50);
}
$node->poll_query_until('postgres', "SELECT count(*) = 4 FROM dbops.workload() WHERE analysable AND query ~ '^SELECT (item.)?id AS sent_'")
  or diag('the statements are not known');
$node->safe_psql('postgres', <<'SQL');
SET ROLE mallory;
DROP TABLE harmless;
CREATE VIEW harmless AS SELECT public.seven() AS x;
GRANT SELECT ON harmless TO PUBLIC;
SQL
my $offset = -s $node->logfile;

my $advice = $node->safe_psql('postgres', 'SELECT ddl FROM dbops.recommend_indexes()');
my $log = slurp_file($node->logfile, $offset);
unlike($log, qr/(acts|compares) as \Q$superuser\E/, 'no code of others runs with the rights of a superuser');
like($log, qr/acts as app/, 'who may not do more than the database lets him is planned for as he was');
like($advice, qr/ON public\.item/, 'there is advice for the rest');

sub reason
{
	my ($name) = @_;
	return $node->safe_psql('postgres',
		"SELECT w.reason || ': ' || w.next_step FROM dbops.workload() AS s, dbops.why_not(s.queryid) AS w WHERE s.query ~ '^SELECT (item.)?id AS sent_$name'");
}
like(reason('table'), qr/function public\.\w+ belongs to mallory, so it is not run with the rights of \Q$superuser\E: let the function belong/,
	'the reason is told, and what to do');
like(reason('operator'), qr/function public\.equals belongs to mallory/, 'operators have functions, too');
like(reason('own'), qr/there is advice/, 'his own functions run');

# What is asked for now is planned as EXPLAIN would.
like($node->safe_psql('postgres', "SELECT * FROM dbops.explain_whatif('SELECT * FROM item WHERE k = public.seven()')"),
	qr/k = 7/, 'what somebody asks for is run for him');
is($node->safe_psql('postgres', 'SELECT x FROM harmless'), '7', 'and the session may go on to run what it wants');

$node->stop;
done_testing();
