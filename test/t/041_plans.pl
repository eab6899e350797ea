
# Plans of statements: many sessions at once, more plans than there is room for, and a restart.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('plans');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
dbops.max_statements = 100
dbops.wide_interval = 1
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub await
{
	my ($fact, $condition) = @_;
	ok($node->poll_query_until('postgres', "SELECT dbops.take_sample() IS NULL OR ($condition)"), $fact);
	return;
}

sql(q{CREATE TABLE t (i int PRIMARY KEY, a int);
	INSERT INTO t SELECT i, i % 1000 FROM generate_series(1, 10000) AS i;
	CREATE INDEX t_a ON t (a);
	VACUUM ANALYZE t});

# Eight sessions, each in turn by the index and without, planned each time and prepared.
my $script = $node->basedir . '/plans.sql';
append_to_file($script, <<'SQL');
\set n random(1, 1000)
SET enable_seqscan = off;
SELECT count(i) AS shared FROM t WHERE a = :n;
SET enable_seqscan = on;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT count(i) AS shared FROM t WHERE a = :n;
RESET enable_indexscan;
RESET enable_bitmapscan;
SQL
for my $protocol (qw(simple prepared))
{
	$node->command_ok(
		[ 'pgbench', '-n', '-c', 8, '-j', 2, '-t', 50, '-M', $protocol, '-f', $script, 'postgres' ],
		"eight sessions run both plans ($protocol)");
}
my $recorded = q{FROM dbops._tracked_plans() AS p
	JOIN pg_stat_statements AS s USING (queryid, userid, toplevel) WHERE s.query ~ '^SELECT count.i. AS shared'};
is(sql("SELECT count(*), sum(p.calls), sum(dbops.count(p.exec_histogram)), count(DISTINCT p.queryid) $recorded"),
	'4|1600|1600|2', 'every execution is counted');
is(sql("SELECT min(p.calls), max(p.calls) $recorded"), '400|400', 'under the plan it had');
is(sql(q{SELECT count(*) FROM dbops._tracked_statements() AS s JOIN (
	SELECT queryid, userid, toplevel, sum(calls) AS calls FROM dbops._tracked_plans() GROUP BY 1, 2, 3) AS p
	USING (queryid, userid, toplevel) WHERE s.calls <> p.calls AND s.errors = 0}),
	'0', 'statements and plans agree');

# A change that a restart follows.
sql('DROP INDEX t_a');
sql(q{SELECT count(i) AS shared FROM t WHERE a = 5});
await('the plans are stored', q{(SELECT count(*) FROM dbops.plan AS p JOIN pg_stat_statements AS s USING (queryid)
	WHERE s.query ~ '^SELECT count.i. AS shared') = 4});
my $known = sql(q{SELECT planid, definition FROM dbops.plan ORDER BY planid});
my $changes = q{SELECT change, calls_before > 0, plan_before IS NOT NULL AND plan_after IS NOT NULL FROM dbops.plan_changes
	WHERE plan_after ~ 'Seq Scan on t'};
my $before = sql($changes);
like($before, qr/t_a.*->.*Seq Scan on t\|t\|t$|Seq Scan on t.*->.*t_a/, 'the change is known');
$node->restart;
is(sql($changes), $before, 'and still is after a restart');
is(sql(q{SELECT count(*) > 0 FROM dbops.plans WHERE plan ~ '\mt_a\M' AND calls IS NULL}),
	't', 'with the text of a plan that has not run since');
sql(q{SELECT count(i) AS shared FROM t WHERE a = 5});
is(sql(q{SELECT count(*), bool_and(t.planid = p.planid) FROM dbops._tracked_plans() AS t
	JOIN dbops.plan AS p USING (queryid, userid, toplevel)
	WHERE t.plan = p.definition AND p.definition ~ 'Seq Scan on t$'}),
	'1|t', 'a plan keeps its number');

# More plans than there is room for: nobody notices, and the sampler makes room.
sql('SET dbops.track = off; SELECT dbops.take_sample()');
sql(q{ALTER SYSTEM SET dbops.wide_interval = '1h'; SELECT pg_reload_conf()});
sql('CREATE TABLE small (i int)');
sql(q{SET join_collapse_limit = 1;
	DO $$BEGIN FOR n IN 40..60 LOOP
		EXECUTE 'SELECT count(*) FROM small AS s1' ||
			(SELECT string_agg(format(' CROSS JOIN small AS s%s', m), '') FROM generate_series(2, n) AS m);
	END LOOP; END$$});
is(sql(q{SELECT texts_exhausted > 0, (SELECT count(*) > 0 FROM dbops._tracked_plans()
	WHERE plan IS NULL AND planid <> 0 AND calls = 1) FROM dbops._plan_state()}),
	't|t', 'a plan whose text finds no room is counted all the same');
sql(q{DO $$BEGIN FOR n IN 1..400 LOOP
	EXECUTE 'SELECT ' || repeat('i, ', n) || 'i FROM t WHERE i = 1'; END LOOP; END$$});
is(sql('SELECT plans, max_plans, not_admitted >= 200 FROM dbops._plan_state()'),
	'200|200|t', 'a full table turns plans away and counts them');
sql(q{ALTER SYSTEM SET dbops.wide_interval = '1s'; SELECT pg_reload_conf()});
await('room is made', q{(SELECT evicted > 0 AND plans < max_plans FROM dbops._plan_state())});
sql(q{DO $$BEGIN FOR n IN 1..20 LOOP PERFORM i AS admitted_later FROM t WHERE i = n; END LOOP; END$$});
is(sql(q{SELECT count(*) > 0 FROM dbops._tracked_plans() WHERE calls = 20 AND NOT toplevel}),
	't', 'for a new plan');

# Switched off for all, and on again.
sql(q{ALTER SYSTEM SET dbops.track_plans = off; SELECT pg_reload_conf()});
$node->poll_query_until('postgres', q{SELECT NOT current_setting('dbops.track_plans')::bool});
sql(q{SELECT max(a) AS off FROM t WHERE i = 3});
sql(q{ALTER SYSTEM RESET dbops.track_plans; SELECT pg_reload_conf()});
$node->poll_query_until('postgres', q{SELECT current_setting('dbops.track_plans')::bool});
is(sql(q{SELECT count(*) FROM dbops._tracked_plans() AS p JOIN pg_stat_statements AS s USING (queryid)
	WHERE s.query ~ 'AS off FROM t'}), '0', 'nothing is recorded while it is off');

$node->stop;
done_testing();
