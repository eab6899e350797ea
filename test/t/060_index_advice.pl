# covers: advise/index_ledger advise/outcome_facts advise/recommendation_json worker/adviser worker/advising worker/advise_requests collect/index_advice store/advice_board judge/checks_advice
#
# Index advice that comes by itself, for every database, and what becomes of it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use IPC::Run;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('advice');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
log_line_prefix = '%b: '
log_min_messages = info
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
dbops.advise_interval = 1s
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE DATABASE shop; CREATE ROLE viewer LOGIN IN ROLE pg_monitor; CREATE ROLE boss LOGIN');

sub answer { my ($sql, $database) = @_; return $node->safe_psql($database // 'postgres', $sql) }

# The statement, with so many values.
sub run_often
{
	my ($statement, $times) = @_;
	$node->safe_psql('shop', join '', map { my $s = $statement; $s =~ s/\?/$_/; "$s;\n" } 1 .. $times);
	return;
}

sub advice
{
	my ($columns, $table) = @_;
	return "SELECT $columns FROM dbops.index_recommendations WHERE datname = 'shop' AND table_name = 'public.$table'";
}

# ---- it comes by itself ---------------------------------------------------------------------------
$node->safe_psql('shop', <<'SQL');
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int);
INSERT INTO orders SELECT i, i % 3000, i FROM generate_series(1, 30000) AS i;
CREATE TABLE events (id int PRIMARY KEY, kind int, note text);
INSERT INTO events SELECT i, i % 3000, 'n' FROM generate_series(1, 30000) AS i;
CREATE TABLE tickets (id int PRIMARY KEY, owner int, note text);
INSERT INTO tickets SELECT i, i % 3000, 'n' FROM generate_series(1, 30000) AS i;
ANALYZE;
SQL
my $orders = 'SELECT sum(total) FROM orders WHERE user_id = ?';
my $events = 'SELECT count(note) FROM events WHERE kind = 7 AND id > -?';
my $tickets = 'SELECT count(note) FROM tickets WHERE owner = ?';
run_often($orders, 150);
run_often($events, 150);
run_often($tickets, 150);
answer('SELECT dbops.take_sample()');
becomes($node, advice('status', $_), 'open', "advice for $_ appears") foreach 'orders', 'events', 'tickets';
is(answer("SELECT extname FROM pg_extension WHERE extname = 'dbops'", 'shop'), '', 'in a database without the extension');
my $first = answer(advice('id, first_seen', 'orders'));
my $seen = answer(advice('times_seen', 'orders'));
becomes($node, advice("times_seen > $seen + 1 AND last_seen > first_seen", 'orders'), 't', 'it is given again and again');
is(answer(advice('id, first_seen', 'orders')), $first, 'and is the same advice since the first time');
is(answer(advice("confidence, action, benefit_ms_per_day > 0, index_size_bytes > 0, improved -> 0 ->> 'query' ~ 'FROM orders', ddl ~ '^CREATE INDEX CONCURRENTLY '", 'orders')),
	'medium|create|t|t|t|t', 'it tells what it is worth, and for which statement');
is(answer("SELECT state, statements > 3, planned > 2, coverage_percent > 50 FROM dbops.index_advice_runs WHERE datname = 'shop'"), 'ok|t|t|t',
	'and the run tells of how much of the time');
is(answer("SELECT string_agg(status, ',') FROM (SELECT status FROM dbops.health WHERE datname = 'shop' AND check_name = 'index advice') AS h"), 'warning',
	'the check says that there is something to gain')
  if answer("SELECT dbops.take_sample() IS NOT NULL") eq 't'
  && $node->poll_query_until('postgres', "SELECT open >= 3 FROM dbops.index_advice_now WHERE datname = 'shop'")
  && $node->poll_query_until('postgres', "SELECT status = 'warning' FROM dbops.health WHERE datname = 'shop' AND check_name = 'index advice'");
is($node->safe_psql('postgres', "SELECT count(improved) > 2 FROM dbops.index_recommendations", extra_params => [ '-U', 'viewer' ]), 't',
	'members of pg_monitor see it, with the statements');

# ---- one that nobody wants ------------------------------------------------------------------------
my $id = answer(advice('id', 'tickets'));
my ($code, $out, $err) = $node->psql('postgres', "SELECT dbops.dismiss_recommendation($id, 'no')", extra_params => [ '-U', 'viewer' ]);
like($err, qr/permission denied for function dismiss_recommendation/, 'not everybody may dismiss advice');
answer('GRANT USAGE ON SCHEMA dbops TO boss; GRANT EXECUTE ON FUNCTION dbops.dismiss_recommendation TO boss');
$node->safe_psql('postgres', "SELECT dbops.dismiss_recommendation($id, 'we archive it soon')", extra_params => [ '-U', 'boss' ]);
is(answer(advice('status, dismissed_by, dismissed_reason', 'tickets')), 'dismissed|boss|we archive it soon', 'who may, is noted with the reason');
$seen = answer(advice('times_seen', 'tickets'));
becomes($node, advice("times_seen > $seen + 1", 'tickets'), 't', 'it is still found');
is(answer(advice('status', 'tickets')), 'dismissed', 'and stays dismissed');
command_like([ 'pg_dump', '-d', $node->connstr('postgres') ], qr/^shop\t.*tickets.*\twe archive it soon\tboss\t/m, 'a dump has it');

# ---- created ----------------------------------------------------------------------------------------
# Under another name, as people do.
foreach my $table ('orders', 'events')
{
	my $ddl = answer(advice('ddl', $table));
	$ddl =~ s/CONCURRENTLY \S+ ON/CONCURRENTLY "By ${table}" ON/;
	$node->safe_psql('shop', $ddl);
}
# What was rare when the index was advised is common now.
$node->safe_psql('shop', "INSERT INTO events SELECT i, 7, 'n' FROM generate_series(30001, 400000) AS i");
foreach my $table ('orders', 'events')
{
	becomes($node, advice('status, index_name', $table), "created|public.\"By ${table}\"", "the index on $table is recognised");
	like(answer(advice('undo_ddl || outcome', $table)), qr/^DROP INDEX CONCURRENTLY public."By $table"(these statements have not|too few|none of)/,
		'how to take it back, and why nothing is known yet');
}
# A sample that began before counts for neither side.
answer('SELECT dbops.take_sample()');
run_often($orders, 150);
run_often($events, 110);
answer('SELECT dbops.take_sample()');
becomes($node, advice('status', 'orders'), 'confirmed', 'after enough calls it is confirmed');
is(answer(advice("calls_before >= 100 AND calls_after >= 100 AND mean_ms_after < mean_ms_before AND saved_percent >= 10 AND outcome ~ '% saved'", 'orders')),
	't', 'by the times of its statements');
becomes($node, advice('status', 'events'), 'regressed', 'one that did not help is regressed');
like(answer(advice('outcome', 'events')), qr/ms a call before, .* lost.*; undo_ddl takes it back$/, 'which says what to do');
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.health WHERE datname = 'shop' AND check_name = 'index regressed' AND status = 'warning'"),
	'and is a warning');
is(answer("SELECT string_agg(status, ' ') FROM dbops.index_recommendations WHERE datname = 'shop' AND table_name <> 'x'"), 'regressed confirmed dismissed',
	'what is to be done comes first');

# ---- taken back ---------------------------------------------------------------------------------------
$node->safe_psql('shop', answer(advice('undo_ddl', 'events')));
becomes($node, advice('dropped_seen_at IS NOT NULL', 'events'), 't', 'that it was dropped is seen');
$seen = answer("SELECT advised_at FROM dbops.index_advice_runs WHERE datname = 'shop'");
becomes($node, "SELECT advised_at > '$seen' FROM dbops.index_advice_runs WHERE datname = 'shop'", 't', 'the next search');
is(answer(advice('status', 'events')), 'regressed', 'does not open it again');

# ---- asked for, and databases that go -----------------------------------------------------------------
is(answer("SELECT dbops.advise_now('shop') >= 1"), 't', 'a search at once');
foreach my $round (1 .. 3)
{
	answer('CREATE DATABASE brief');
	my ($bout, $berr) = ('', '');
	my $waiting = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-c', "SELECT dbops.advise_now('brief')" ],
		'>', \$bout, '2>', \$berr);
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.index_advice_runs WHERE datname = 'brief'");
	answer('DROP DATABASE brief');
	$waiting->finish;
	ok("$bout$berr" =~ /^0$|does not exist|to drop, copy|ended early/m, "a database can be dropped meanwhile ($round)") or diag("$bout$berr");
}
becomes($node, "SELECT count(*) FROM dbops.index_advice_runs WHERE datname = 'brief'", '0', 'and is forgotten');

# ---- functions that planning calls ----------------------------------------------------------------------
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN; CREATE DATABASE arena OWNER mallory');
$node->safe_psql('arena', <<'SQL', extra_params => [ '-U', 'mallory' ]);
CREATE TABLE trace (who text, session text);
CREATE TABLE field (id int PRIMARY KEY, v int);
INSERT INTO field SELECT i, i % 3000 FROM generate_series(1, 30000) AS i;
ANALYZE field;
CREATE FUNCTION note() RETURNS void LANGUAGE sql VOLATILE AS 'INSERT INTO public.trace VALUES (current_user, session_user)';
CREATE FUNCTION attempt(command text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    EXECUTE command;
    RAISE LOG 'trick "%" worked as % of %', command, current_user, session_user;
EXCEPTION WHEN OTHERS THEN
    RAISE LOG 'trick "%" as % of %: %', command, current_user, session_user, SQLERRM;
END$$;
CREATE FUNCTION trick(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM public.attempt('SELECT public.note()');
    PERFORM public.attempt('SET ROLE postgres');
    PERFORM public.attempt('SET SESSION AUTHORIZATION postgres');
    PERFORM public.attempt('SET transaction_read_only = off');
    PERFORM public.attempt('CREATE ROLE intruder SUPERUSER');
    RETURN i;
END$$;
CREATE FUNCTION doze(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF session_user <> 'mallory' THEN
        RAISE LOG 'doze as % of %', current_user, session_user;
        PERFORM pg_sleep(1000);
    END IF;
    RETURN i;
END$$;
SELECT count(*) FROM field WHERE v = trick(5);
SELECT count(*), 1 FROM field WHERE v = doze(6);
SQL
$node->safe_psql('arena', join('', map { "SELECT sum(id) FROM field WHERE v = $_;\n" } 1 .. 50), extra_params => [ '-U', 'mallory' ]);
my $own = $node->safe_psql('arena', 'SELECT count(*) FROM trace');
answer('SELECT dbops.take_sample()');
my $position = -s $node->logfile;
is(answer("SELECT dbops.advise_now('arena') >= 1"), 't', 'there is advice beside a statement that takes for ever to plan');
my $log = slurp_file($node->logfile, $position);
like($log, qr/dbops adviser: LOG:  trick "SELECT public.note\(\)" as mallory of \S+: cannot execute INSERT in a read-only transaction/,
	'a function that planning calls runs as its user, and cannot write');
like($log, qr/trick "SET ROLE postgres" as mallory of \S+: cannot set parameter "role" within security-/, 'nor become another');
like($log, qr/trick "SET SESSION AUTHORIZATION postgres" as mallory of \S+: cannot set parameter "session_authorization" within security-/, 'in any way');
like($log, qr/trick "SET transaction_read_only = off" as mallory of \S+: cannot set transaction read-write mode/, 'nor begin to write');
like($log, qr/dbops adviser: LOG:  doze as mallory of/, 'the one that takes for ever was tried');
unlike($log, qr/dbops adviser: LOG:  trick "[^"]*" worked/, 'no trick works');
is($node->safe_psql('arena', 'SELECT count(*) FROM trace'), $own, 'nothing was written');
is(answer("SELECT count(*) FROM pg_roles WHERE rolname = 'intruder'"), '0', 'nobody came in');
is(answer("SELECT state, failures FROM dbops.index_advice_runs WHERE datname = 'arena'"), 'ok|0', 'the search went well');
answer('DROP DATABASE arena');

# ---- a standby --------------------------------------------------------------------------------------------
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\n");
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', advice('status', 'orders')), 'confirmed', 'a standby shows the advice');
($code, $out, $err) = $standby->psql('postgres', "SELECT dbops.advise_now('shop')");
like($err, qr/recovery is in progress/, 'and computes none');
ok($standby->poll_query_until('postgres', "SELECT bool_and(last_ms >= 0) FROM dbops.tasks() WHERE task = 'judge' AND last_at IS NOT NULL"), 'its keeper works');
unlike(slurp_file($standby->logfile), qr/dbops adviser/, 'nor tries to');
$standby->stop;

# ---- no worker is left ------------------------------------------------------------------------------------
$node->append_conf('postgresql.conf', "max_worker_processes = 3\n");
$node->restart;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops.status() WHERE component = 'index advice' AND detail ~ 'no free worker slot'"),
	'without a worker slot status() says so');
($code, $out, $err) = $node->psql('postgres', "SELECT dbops.advise_now('shop')");
like($err, qr/no advice for database "shop": no free worker slot/, 'as who asks is told');
is(answer("SELECT count(*) FROM dbops.tasks() WHERE failures > 0"), '0', 'no task fails for that');

done_testing();
