# covers: advise/recommend advise/recommendation advise/plan_pool advise/why_not advise/why_not_clause
#
# Advice from end to end: every statement that is run can be advised on, in the name of who runs it, and
# what is advised for users and orders costs, once it is built, what was claimed.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('advice');
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
CREATE ROLE app;
CREATE ROLE mallory;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO app, mallory;
CREATE TABLE shop.item AS SELECT i AS id, i % 500 AS k, now() - i * interval '1 min' AS d,
	repeat('i', 50) AS note, i / 7.0 AS x, i % 3 = 0 AS b FROM generate_series(1, 5000) AS i;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO app, mallory;
ANALYZE shop.item;
SQL

# ---- every shape of statement --------------------------------------------------------------------
# Those that fail to parse again once pg_stat_statements has normalised them come first.
my @shapes = (
	"SELECT count(*) AS s01 FROM item WHERE d > now() - interval '3 day'",
	'SELECT extract(year FROM d) AS s02 FROM item WHERE id = 1',
	"SELECT id AS s03 FROM item WHERE d > date '2026-01-01' AND k = 1",
	"SELECT id AS s04 FROM item WHERE d > timestamptz '2026-01-01' AND k = 2",
	"SELECT id AS s05 FROM item WHERE d > now() - interval '7' day AND k = 3",
	"SELECT float8 '1.5' AS s06, bool 'true' FROM item WHERE id = 3",
	'SELECT 2 + 3 AS s07 FROM item WHERE id = 4',
	"SELECT date_trunc('day', d) AS s08, count(*) FROM item GROUP BY date_trunc('day', d)",
	"SELECT 'word' AS s09 FROM item WHERE id = 5",
	'SELECT count(*) AS s10 FROM item TABLESAMPLE bernoulli (10)',
	'SELECT id AS s11 FROM item ORDER BY d LIMIT 5',
	'SELECT id AS s12 FROM item ORDER BY id LIMIT 5 OFFSET 20',
	'SELECT id AS s13 FROM item WHERE k IN (1, 2, 3)',
	'SELECT id AS s14 FROM item WHERE k = ANY (ARRAY[1, 2])',
	'SELECT id AS s15 FROM item WHERE k BETWEEN 1 AND 2',
	"SELECT id AS s16 FROM item WHERE note LIKE 'ab%'",
	'SELECT CASE WHEN k = 1 THEN 2 ELSE 3 END AS s17 FROM item WHERE id = 6',
	"SELECT id::text || 'x' AS s18 FROM item WHERE id = 7",
	'WITH few AS (SELECT id FROM item WHERE k = 4) SELECT count(*) AS s19 FROM few',
	'SELECT id AS s20, row_number() OVER (PARTITION BY k ORDER BY d) FROM item WHERE k = 5',
	'SELECT a.id AS s21 FROM item AS a JOIN item AS b ON b.k = a.id WHERE a.k = 6',
	'SELECT id AS s22 FROM item AS a WHERE EXISTS (SELECT FROM item AS b WHERE b.id = a.k) AND a.k = 7',
	'SELECT id AS s23 FROM item WHERE k = 8 UNION SELECT id FROM item WHERE k = 9',
	"INSERT INTO item (id, note) SELECT 9001, 's24'",
	"UPDATE item SET note = 's25' WHERE id = 9001",
	"DELETE FROM item WHERE id = 9001 AND note = 's26'",
	"SELECT d AT TIME ZONE 'UTC' AS s27 FROM item WHERE id = 8",
	'VALUES (1, \'s28\'), (2, \'b\')');
is(scalar @shapes, 28, 'there are 28 shapes');
my $shapes = join ";\n", @shapes;

my $given = join ', ', map { "\$q\$$_\$q\$" } @shapes;
is($node->safe_psql('postgres', <<"SQL"), '', 'each of them can be given as text');
SET search_path = shop;
SELECT s FROM unnest(ARRAY[$given]) AS s, dbops.why_not(s) WHERE reason ~ 'cannot be planned';
SQL
like($node->safe_psql('postgres', "SET search_path = shop; SELECT ddl FROM dbops.recommend_indexes(workload => ARRAY[$given])"),
	qr/shop\.item/, 'all of them together give advice');
$node->safe_psql('postgres', "SET search_path = shop; SET ROLE app;\n$shapes;");
is($node->safe_psql('postgres', <<'SQL'), '28|28|', 'each of them can be advised on as it was sent by another role');
SELECT count(*), count(*) FILTER (WHERE analysable), string_agg(reason, ', ')
	FROM dbops.workload() WHERE rolname = 'app' AND query ~ '\ms\d\d\M';
SQL
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.workload_coverage() WHERE reason ~ 'syntax|does not exist|operator'"),
	'0', 'and nothing is lost to how it is written');
like($node->safe_psql('postgres', 'SELECT ddl FROM dbops.recommend_indexes()'), qr/shop\.item/,
	'so there is advice for what was run');

# ---- in whose name -------------------------------------------------------------------------------
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION shop.name() RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN IF current_setting('application_name') <> 'mallory' THEN RAISE EXCEPTION 'planned as %', current_user; END IF; RETURN 1; END $$;
SET search_path = shop;
SET application_name = 'mallory';
SET ROLE mallory;
SELECT id AS as_mallory FROM item WHERE k = name();
SQL
is($node->safe_psql('postgres', "SELECT DISTINCT w.reason FROM dbops.workload() AS q, dbops.why_not(q.queryid) AS w
		WHERE q.query ~ 'as_mallory FROM'"), 'it cannot be planned: planned as mallory',
	'a statement is planned as who sends it, whoever asks');

# ---- the classic ---------------------------------------------------------------------------------
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE users AS SELECT i AS id, 'user ' || i AS name, repeat('u', 60) AS bio,
	timestamptz '2020-01-01' + (i::bigint * 7919 % 50000) * interval '1 hour' AS created_at FROM generate_series(1, 50000) AS i;
CREATE TABLE orders AS SELECT i AS id, (i::bigint * 104729 % 50000 + 1)::int AS user_id, i % 1000 / 10.0 AS total,
	repeat('o', 60) AS note, timestamptz '2020-01-01' + (i::bigint * 15485863 % 500000) * interval '6 min' AS created_at
	FROM generate_series(1, 500000) AS i;
ALTER TABLE users ADD PRIMARY KEY (id);
ALTER TABLE orders ADD PRIMARY KEY (id);
VACUUM ANALYZE users, orders;
SQL
sub cost
{
	my ($statement) = @_;
	return $node->safe_psql('postgres', "EXPLAIN $statement") =~ /cost=[\d.]+\.\.([\d.]+)/ ? $1 : undef;
}

# The advice for one statement, and then the statement with it.
sub advise_and_build
{
	my ($name, $statement, $wanted) = @_;
	my $before = cost($statement);
	my $advice = $node->safe_psql('postgres', "SELECT ddl, improved->-1->>'cost_after' FROM dbops.recommend_indexes(workload => ARRAY[\$q\$$statement\$q\$]) ORDER BY rank");
	my @lines = map { [ split /\|/ ] } split /\n/, $advice;

	note($advice);
	like($advice, $wanted, "$name: the advice comes by itself");
	$node->safe_psql('postgres', $_->[0]) for @lines;
	my $after = cost($statement);
	my $claimed = $lines[-1][1];
	cmp_ok($after, '<', $before / 2, sprintf '%s: the cost falls from %.2f to %.2f', $name, $before, $after);
	cmp_ok(abs($after - $claimed), '<=', $after * 0.01, "$name: which is what was claimed, $claimed")
	  or diag($node->safe_psql('postgres', "EXPLAIN $statement"));
	my @names = map { $_->[0] =~ /INDEX CONCURRENTLY (\w+)/ } @lines;
	$node->safe_psql('postgres', "DROP INDEX $_") for @names;
	return;
}

my $classic = "FROM users u JOIN orders o ON u.id = o.user_id WHERE u.created_at > '2024-01-01' ORDER BY o.created_at DESC LIMIT 10";
advise_and_build('all columns', "SELECT * $classic", qr/users \(created_at|orders \((user_id, created_at|created_at)/);
advise_and_build('name and total', "SELECT u.name, o.total $classic", qr/\) INCLUDE \(.*(total|name)|users \(created_at|orders \((user_id, )?created_at/);
advise_and_build('one user', 'SELECT o.total FROM orders o WHERE o.user_id = 77 ORDER BY o.created_at DESC LIMIT 10',
	qr/orders \(user_id, created_at/);

# ---- where there is none -------------------------------------------------------------------------
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE tiny (id int, k int);
INSERT INTO tiny SELECT i, i FROM generate_series(1, 50) AS i;
ANALYZE tiny;
CREATE TABLE never (id int, k int);
INSERT INTO never SELECT i, i FROM generate_series(1, 50000) AS i;
CREATE TABLE blind AS TABLE users;
ALTER TABLE blind ALTER created_at SET STATISTICS 0;
ANALYZE blind;
CREATE FUNCTION stable_name(text) RETURNS text STABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
SQL

sub why_not_like
{
	my ($name, $statement, $wanted) = @_;
	my $lines = $node->safe_psql('postgres', "SELECT * FROM dbops.why_not(\$q\$$statement\$q\$)");
	like($lines, $wanted, "why not: $name");
	unlike($lines, qr/\|$/m, "why not: $name: there is a next step");
	return;
}

why_not_like('a small table', 'SELECT * FROM tiny WHERE k = 7', qr/^public\.tiny\|.*so small/m);
why_not_like('not analyzed', 'SELECT * FROM never WHERE k = 7', qr/^public\.never\|.*never analyzed\|ANALYZE/m);
why_not_like('an index that is there', 'SELECT * FROM users WHERE id = 7', qr/^public\.users\|index "users_pkey" serves it already/m);
why_not_like('all rows', 'SELECT * FROM users', qr/^public\.users\|no condition is on it/m);
why_not_like('most rows', "SELECT * FROM users WHERE created_at > '2020-02-01'", qr/^public\.users\|its conditions let in 9\d %/m);
why_not_like('a function', "SELECT * FROM users WHERE stable_name(name) = 'user 5'", qr/stable_name\(\), which is not immutable/);
why_not_like('a conversion', 'SELECT * FROM users WHERE id = 7.0', qr/column "id" is converted to numeric .*its own type, integer/);
why_not_like('a conversion that an index could hold', 'SELECT * FROM users WHERE id = 7.0', qr/there is advice\|.*\(\(\(?id\)?::numeric\)\)/);
why_not_like('a wildcard', "SELECT * FROM users WHERE name LIKE '%77'", qr/begins with a wildcard.*\|CREATE EXTENSION pg_trgm/);
why_not_like('all but some', "SELECT * FROM users WHERE name <> 'user 5'", qr/with <> wants all rows but some/);
why_not_like('its own columns', 'SELECT * FROM users WHERE name < bio', qr/columns of the same row/);
why_not_like('no statistics', "SELECT count(bio) FROM blind WHERE created_at <> '2024-01-01'", qr/no statistics of column "created_at"/);
why_not_like('a text that is none', 'SELECT * FROM nowhere', qr/^\|it cannot be planned: relation "nowhere" does not exist/m);
why_not_like('a command', 'VACUUM users', qr/^\|it cannot be planned: a utility command has no plan\|nothing/m);
why_not_like('that there is advice', 'SELECT * FROM orders WHERE user_id = 7', qr/^public\.orders\|there is advice\|CREATE INDEX CONCURRENTLY/m);
my ($code, undef, $err) = $node->psql('postgres', 'SELECT * FROM dbops.why_not(-4711::bigint)');
like($err, qr/no statement with queryid -4711/, 'why not: a queryid that nobody knows');

$node->stop;
done_testing();
