# covers: advise/index_ledger advise/index_identity advise/drop_advice
#
# Advice is done in another way than it was given: by other indexes that serve as well, by a script, by
# dropping what was to go; and what came of it is told all the same.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('followed');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
dbops.advise_interval = 1s
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE DATABASE shop');

sub answer { return $node->safe_psql('postgres', $_[0]) }

# The statement, with so many values, in a session.
sub run_often
{
	my ($statement) = @_;
	$node->safe_psql('shop', join '', map { "$statement = $_;\n" } 1 .. 150);
	return;
}

sub advice
{
	my ($columns, $table, $action) = @_;
	return "SELECT $columns FROM dbops.index_recommendations WHERE datname = 'shop' AND table_name = 'public.$table' AND action = '$action'";
}

# Each command of a script in a transaction of its own.
sub run_script
{
	my ($script) = @_;
	$node->safe_psql('shop', $_) foreach split /;\n/, $script;
	return;
}

my @tables = qw(wide twice lost whole longer);
$node->safe_psql('shop', join("\n", map { <<"SQL" } @tables) . <<'SQL');
CREATE TABLE $_ (id int PRIMARY KEY, owner int, total int, note text);
INSERT INTO $_ SELECT i, i % 1500, i, repeat('n', 50) FROM generate_series(1, 30000) AS i;
SQL
CREATE INDEX twice_1 ON twice (owner) INCLUDE (total);
CREATE INDEX twice_2 ON twice (owner) INCLUDE (total);
CREATE INDEX lost_1 ON lost (owner) INCLUDE (total);
CREATE INDEX lost_2 ON lost (owner) INCLUDE (total);
CREATE INDEX whole_1 ON whole (owner) INCLUDE (total);
CREATE INDEX whole_2 ON whole (owner) INCLUDE (total);
CREATE INDEX longer_1 ON longer (owner);
CREATE TABLE parts (id int, owner int, total int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (15000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (15000) TO (40000);
INSERT INTO parts SELECT i, i % 1500, i FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE;
SQL
# A condition with a value that is rare: which one is asked for is known of one call.
$node->safe_psql('shop', <<'SQL');
CREATE TABLE states (id int PRIMARY KEY, total int, state int, flag boolean, note text);
INSERT INTO states SELECT i, i, i % 200 / 198, i % 300 = 0, repeat('n', 50) FROM generate_series(1, 30000) AS i;
VACUUM ANALYZE states;
SQL
$node->safe_psql('shop', join '', map { "SELECT id FROM states WHERE state = 1 ORDER BY total LIMIT 5;\n" } 1 .. 150);
my %statements = map { $_ => "SELECT sum(total) FROM $_ WHERE owner" } @tables, 'parts';
run_often($_) foreach values %statements;
my $sampled = answer('SELECT dbops.take_sample()');
my %action = (wide => 'create', parts => 'create', longer => 'replace', twice => 'drop', lost => 'drop', whole => 'drop');
# Given when all calls were known, of indexes that the dictionary knows.
becomes($node, advice("status, last_seen > '$sampled'", $_, $action{$_}), 'open|t', "advice on $_ to $action{$_}") foreach sort keys %action;
becomes($node, "SELECT count(*) FROM dbops.objects WHERE kind = 'index' AND objname ~ '^(twice|lost|whole|longer)_[12]\$'", '7', 'what is to go is known');
my %ddl = map { $_ => answer(advice('ddl', $_, $action{$_})) } keys %action;
like($ddl{wide}, qr/\(owner\) INCLUDE \(total\)$/, 'one with a covered column');
like($ddl{parts}, qr/ON ONLY .*ATTACH PARTITION/s, 'one that takes a script');

becomes($node, advice("ddl ~ ' WHERE .*state = 1', reason ~ '; its condition is of one call that was seen, others may have other values\$'", 'states', 'create'), 't|t',
	'of a condition it is told that other calls may have other values');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.index_recommendations WHERE reason ~ 'one call' AND ddl !~ ' WHERE '"), '0', 'and of nothing else');

# ---- done, each in its way ------------------------------------------------------------------------
$node->safe_psql('shop', 'CREATE UNIQUE INDEX CONCURRENTLY mine ON wide (owner DESC, id, total)');
run_script($ddl{parts});
$node->safe_psql('shop', (split /;\n/, $ddl{longer})[0]);
$node->safe_psql('shop', $ddl{twice});
$node->safe_psql('shop', 'DROP INDEX lost_1, lost_2');
$node->safe_psql('shop', 'DROP TABLE whole');
becomes($node, advice('status, index_name, undo_ddl', 'wide', 'create'), 'created|public.mine|DROP INDEX CONCURRENTLY public.mine',
	'an index with other keys after those that were advised, read from the other end, is taken for it');
becomes($node, advice("status, undo_ddl = 'DROP INDEX ' || index_name", 'parts', 'create'), 'created|t',
	'one of a partitioned table, which is not dropped concurrently');
becomes($node, advice("status, undo_ddl ~ '^DROP INDEX CONCURRENTLY [^;]+\$', outcome ~ '; not dropped yet: public.longer_1\$'", 'longer', 'replace'), 'created|t|t',
	'one that replaces another, which is still there');
becomes($node, advice('status', $_, 'drop'), 'dropped', "that an index of $_ was dropped is noticed") foreach 'twice', 'lost';
like(answer(advice('undo_ddl', 'lost', 'drop')), qr/^CREATE INDEX CONCURRENTLY lost_\d ON public.lost USING btree \(owner\) INCLUDE \(total\)$/,
	'with what makes it again');
unlike(answer(advice('status', 'whole', 'drop')), qr/dropped/, 'one that went with its table does not count');

# ---- what came of it ------------------------------------------------------------------------------
$node->safe_psql('shop', 'ALTER INDEX mine RENAME TO "By owner"');
$node->safe_psql('shop', 'REINDEX INDEX CONCURRENTLY "By owner"');
$node->safe_psql('shop', 'DROP INDEX longer_1');
answer('SELECT dbops.take_sample()');
run_often($statements{$_}) foreach qw(wide twice lost parts);
answer('SELECT dbops.take_sample()');
becomes($node, advice('status', 'lost', 'drop'), 'regressed', 'a drop by which statements of the table take longer is regressed');
like(answer(advice('outcome', 'lost', 'drop')), qr/ms a call before, .* lost.*; undo_ddl takes it back$/, 'in numbers');
becomes($node, advice('status', 'wide', 'create'), 'confirmed', 'the one with other keys is confirmed');
becomes($node, advice('status', 'twice', 'drop'), 'neutral', 'one that nobody misses is neutral');
becomes($node, advice('index_name, undo_ddl', 'wide', 'create'), 'public."By owner"|DROP INDEX CONCURRENTLY public."By owner"',
	'an index that was renamed and built anew is the same');
becomes($node, advice("outcome !~ 'not dropped' AND undo_ddl ~ '^CREATE INDEX CONCURRENTLY longer_1 ON .*;.DROP INDEX CONCURRENTLY [^;]+\$'", 'longer', 'replace'), 't',
	'what was replaced is made again by the undo once it is gone');

# ---- taken back -----------------------------------------------------------------------------------
$node->safe_psql('shop', answer(advice('undo_ddl', 'lost', 'drop')));
becomes($node, advice('status, dropped_seen_at IS NOT NULL', 'lost', 'drop'), 'regressed|t', 'that the index is there again is noticed');
like(answer(advice('outcome', 'lost', 'drop')), qr/; the index was created again$/, 'and told');
is(answer("SELECT count(*) FROM dbops.tasks() WHERE failures > 0"), '0', 'no task fails');

$node->stop;
done_testing();
