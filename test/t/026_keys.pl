# covers: collect/sequence collect/integer_key collect/key_fill worker/visit_fill worker/endpoint expose/keys
#
# Sequences and integer keys that run full are found in every database, whichever of type and
# sequence comes first, and nobody's lock is waited for.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $conf = <<'CONF';
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
autovacuum = off
log_lock_waits = on
deadlock_timeout = 10ms
CONF

my $node = PostgreSQL::Test::Cluster->new('keys');
$node->init(allows_streaming => 1);
# All is there before anybody looks, so that the first visit finds it.
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', <<'SQL');
CREATE TABLE tiny (id smallserial PRIMARY KEY, parent smallint REFERENCES tiny);
SELECT setval('tiny_id_seq', 32000);
CREATE SEQUENCE wide;
CREATE TABLE classic (id int PRIMARY KEY DEFAULT nextval('wide'));
SELECT setval('wide', 2000000000);
CREATE TABLE points_there (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, classic int REFERENCES classic);
CREATE SEQUENCE down INCREMENT -1;
CREATE TABLE negative (id int PRIMARY KEY DEFAULT nextval('down'));
SELECT setval('down', -1500000000);
CREATE SEQUENCE circle MAXVALUE 10 CYCLE;
SELECT setval('circle', 9);
CREATE SEQUENCE over MAXVALUE 5;
SELECT setval('over', 5);
CREATE SEQUENCE unused;
CREATE UNLOGGED SEQUENCE unlogged;
SELECT nextval('unlogged');
CREATE TABLE by_hand (id int PRIMARY KEY, other bigint);
INSERT INTO by_hand SELECT generate_series(1, 2000);
INSERT INTO by_hand VALUES (1900000000);
CREATE TABLE two (a bigint, b smallint, PRIMARY KEY (a, b));
INSERT INTO two SELECT g, g FROM generate_series(1, 30000) AS g;
ANALYZE two;
CREATE TABLE descending (id smallint);
CREATE UNIQUE INDEX ON descending (id DESC);
INSERT INTO descending VALUES (1), (16000), (NULL);
CREATE TABLE hashed (wide bigint PRIMARY KEY, narrow int UNIQUE, positive bigint UNIQUE, a int NOT NULL, b int NOT NULL, UNIQUE (a, b));
INSERT INTO hashed SELECT hashint8extended(g, 0), hashint4(g), abs(hashint8extended(g, 1)), g, hashint4(g) FROM generate_series(1, 1000) AS g;
ANALYZE hashed;
SQL
$node->append_conf('postgresql.conf', $conf);
$node->restart;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.take_sample() AS t, dbops.integer_keys
	WHERE relname = 'descending' AND datname = 'shop'"), 'keys of another database are found');
is($node->safe_psql('postgres', "SELECT sequencename, used_percent, last_value, end_value, cycles, remaining, what_to_do
	FROM dbops.sequences WHERE datname = 'shop' AND (used_percent > 50 OR sequencename IN ('down', 'unused', 'unlogged'))"), <<'ROWS' =~ s/\n$//r,
over|100.00|5|5|f|0|ALTER SEQUENCE public.over NO MAXVALUE
tiny_id_seq|97.66|32000|32767|f|767|ALTER SEQUENCE public.tiny_id_seq AS bigint
down|0.00|-1500000000|-9223372036854775807|f|9223372035354775808|
unlogged|0.00|1|9223372036854775807|f|9223372036854775806|
unused|0.00||9223372036854775807|f|9223372036854775807|
circle|90.00|9|10|t|1|
ROWS
	'sequences, the fullest first, and what helps');
is($node->safe_psql('postgres', "SELECT relname, column_name, type, used_percent, farthest_value, sequencename, read_from
	FROM dbops.integer_keys WHERE datname = 'shop'"), <<'ROWS' =~ s/\n$//r,
tiny|id|smallint|97.66|32000|tiny_id_seq|sequence
tiny|parent|smallint|97.66|32000||referenced key
classic|id|integer|93.13|2000000000|wide|sequence
points_there|classic|integer|93.13|2000000000||referenced key
two|b|smallint|91.56|30000||statistics
by_hand|id|integer|88.48|1900000000||index
negative|id|integer|69.85|-1500000000|down|sequence
descending|id|smallint|48.83|16000||index
hashed|a|integer|0.00|1000||index
two|a|bigint|0.00|30000||index
hashed|b|integer||||
hashed|narrow|integer||||
hashed|positive|bigint||||
hashed|wide|bigint||||
points_there|id|bigint|||points_there_id_seq|
ROWS
	'keys measured against their type: an int4 fed by a bigint sequence, smallint, descending, references, without a sequence, and hashes');
is($node->safe_psql('postgres', "SELECT what_to_do FROM dbops.integer_keys WHERE relname = 'classic'"),
	'ALTER TABLE public.classic ALTER COLUMN id TYPE bigint; -- rewrites the table under an exclusive lock', 'with what helps');

# A table that somebody has for himself is known as before, and the visit goes on.
my $holder = $node->background_psql('shop');
$holder->query_safe('CREATE TEMP TABLE passing (id smallserial PRIMARY KEY)');
$holder->query_safe('BEGIN; LOCK TABLE by_hand IN ACCESS EXCLUSIVE MODE; DROP SEQUENCE over');
$node->safe_psql('shop', "CREATE TABLE made_meanwhile (id smallserial PRIMARY KEY); SELECT setval('tiny_id_seq', 32500)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.take_sample() AS t, dbops.integer_keys
	WHERE relname = 'made_meanwhile'"), 'a locked table does not hold up the visit');
is($node->safe_psql('postgres', "SELECT farthest_value, read_from FROM dbops.integer_keys WHERE relname = 'by_hand'"),
	'1900000000|index', 'and stays as it was read before');
is($node->safe_psql('postgres', "SELECT last_value FROM dbops.sequences WHERE sequencename = 'over'"), '5', 'so does a locked sequence');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.sequences WHERE sequencename ~ 'passing'"), '0', 'temporary sequences are nobody\'s trouble');
$holder->query_safe('ROLLBACK');
$holder->quit;
unlike(slurp_file($node->logfile), qr/still waiting/, 'nobody was waited for');
is($node->safe_psql('postgres', "SELECT bool_and(full_in BETWEEN interval '1 second' AND interval '5 minutes')
	FROM (SELECT full_in FROM dbops.integer_keys WHERE relname = 'tiny' AND column_name = 'id'
		UNION ALL SELECT full_in FROM dbops.sequences WHERE sequencename = 'tiny_id_seq') AS tiny"), 't', 'the time left follows from the pace');

# A sequence that is gone.
$node->safe_psql('shop', 'DROP SEQUENCE over; DROP TABLE by_hand');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM dbops.take_sample() AS t, (SELECT relid FROM dbops.sequences
	WHERE sequencename = 'over' UNION ALL SELECT relid FROM dbops.integer_keys WHERE relname = 'by_hand') AS gone"), 'what was dropped is gone');
$node->backup('base');

# A standby has no data of unlogged sequences.
my $standby = PostgreSQL::Test::Cluster->new('keys_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'standby'");
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
ok($standby->poll_query_until('postgres', "SELECT count(*) = 2 FROM dbops.take_sample() AS t, dbops.sequences
	WHERE sequencename IN ('wide', 'unlogged') AND datname = 'shop'"), 'a standby has its sequences');
is($standby->safe_psql('postgres', "SELECT sequencename, last_value FROM dbops.sequences WHERE sequencename IN ('wide', 'unlogged') ORDER BY 1"),
	"unlogged|\nwide|2000000000", 'and knows nothing of unlogged ones');
is($standby->safe_psql('postgres', "SELECT setting FROM dbops.settings WHERE name = 'dbops.node_name'"), 'standby', 'it knows its own settings too');
unlike(slurp_file($standby->logfile), qr/could not (open|read)/, 'without looking for them');

$standby->stop;
$node->stop;
done_testing();
