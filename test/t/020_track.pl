# Recording under load, across crashes, in any order of libraries, and what comes only by the log.
# covers: core/preload
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub new_node
{
	my ($name, $libraries, $more) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = '$libraries'
compute_query_id = on
pg_stat_statements.track = all
max_worker_processes = 16
restart_after_crash = on
$more
CONF
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
	# The extension's script is hundreds of statements: begin with an empty table.
	$node->restart;
	return $node;
}

# The calls that dbops recorded and those that pg_stat_statements counted of statements like this.
sub calls_of
{
	my ($node, $like) = @_;

	return $node->safe_psql('postgres', <<"SQL");
SELECT sum(t.calls) || ' ' || sum(p.calls)
  FROM pg_stat_statements AS p JOIN dbops._tracked_statements() AS t
    ON (t.queryid, t.userid, t.datid, t.toplevel) = (p.queryid, p.userid, p.dbid, p.toplevel)
 WHERE p.query LIKE '$like'
SQL
}

sub errors_of
{
	my ($node, $sqlstate, $kind) = @_;

	return $node->safe_psql('postgres', "SELECT coalesce(sum(count), 0) FROM dbops._tracked_errors()
		WHERE sqlstate = '$sqlstate' AND kind = '$kind' AND queryid = 0");
}

my $node = new_node('track', 'pg_stat_statements, dbops', "dbops.max_statements = 200\nmax_connections = 60");
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE hot (i int PRIMARY KEY, j int);
INSERT INTO hot SELECT i, 0 FROM generate_series(1, 100) AS i;
CREATE FUNCTION churn(n int) RETURNS int LANGUAGE plpgsql AS
    $$DECLARE r int; BEGIN EXECUTE 'SELECT ' || repeat('1 + ', n) || '1' INTO r; RETURN r; END$$;
SELECT churn(1);
SELECT j FROM hot WHERE i = 1;
SQL

# ---- many sessions, the same statement ----------------------------------------------------------
my $hot = $node->basedir . '/hot.sql';
append_to_file($hot, "\\set n random(1, 100)\nSELECT j FROM hot WHERE i = :n;\n");
foreach my $protocol ('simple', 'extended', 'prepared')
{
	$node->command_ok([ 'pgbench', '-n', '-M', $protocol, '-c', '16', '-j', '2', '-t', '200', '-f', $hot,
			'postgres' ], "many sessions run one statement, protocol $protocol");
}
my ($ours, $theirs) = split / /, calls_of($node, 'SELECT j FROM hot%');
is($ours, 1 + 3 * 16 * 200, 'each execution is recorded once, in any protocol');
is($theirs, $ours, 'as in pg_stat_statements');

# ---- many sessions, more statements than there is room for --------------------------------------
my $churn = $node->basedir . '/churn.sql';
append_to_file($churn, "\\set n random(2, 700)\nSELECT churn(:n);\n");
$node->command_ok([ 'pgbench', '-n', '-c', '16', '-j', '2', '-t', '150', '-f', "$churn\@1", '-f', "$hot\@1",
		'postgres' ], 'more statements than room make no session fail');
is($node->safe_psql('postgres', <<'SQL'), 't|t|0|0', 'the table is full, says so, and is sound');
SELECT statements <= 200 AND max_statements = 200, not_admitted > 0, copies, torn
  FROM dbops._track_state(),
       (SELECT count(*) - count(DISTINCT (datid, userid, queryid, toplevel)) AS copies,
               count(*) FILTER (WHERE calls <> coalesce(dbops.count(exec_histogram), 0)) AS torn
          FROM dbops._tracked_statements()) AS s
SQL
($ours, $theirs) = split / /, calls_of($node, 'SELECT j FROM hot%');
is($ours, $theirs, 'a statement that has its place loses nothing to the newcomers');

# ---- what only the log knows --------------------------------------------------------------------
# (nothing to say to a psql that is gone already)
$node->psql('no_such_database', '');
cmp_ok(errors_of($node, '3D000', 'error'), '>=', 1, 'a login to a missing database is counted');
my ($in, $out, $err) = ("SET idle_in_transaction_session_timeout = '1ms'; BEGIN;\n", '', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out,
	'2>', \$err);
$session->pump_nb;
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM dbops._tracked_errors()
	WHERE sqlstate = '25P03' AND kind = 'idle in transaction timeout' AND queryid = 0"),
	'a session idle in a transaction for too long is counted');
$session->kill_kill;

# ---- letters of more than one byte are not cut ---------------------------------------------------
$node->psql('postgres', "DO \$\$BEGIN RAISE EXCEPTION 'x%', repeat(chr(228), 5000); END\$\$");
like($node->safe_psql('postgres', "SELECT message ~ ('^x' || chr(228) || '+\$') FROM dbops._recent_errors()
	WHERE message LIKE 'x%' LIMIT 1"), qr/t/, 'a long message is clipped between letters');

# ---- a backend dies --------------------------------------------------------------------------------
my ($vin, $vout, $verr) = ("SELECT pg_backend_pid();\n", '', '');
my $victim = IPC::Run::start([ 'psql', '-X', '-qAt', '-d', $node->connstr('postgres') ], '<', \$vin, '>',
	\$vout, '2>', \$verr);
pump $victim until $vout =~ /^(\d+)\s/m;
my ($pid) = $vout =~ /^(\d+)\s/m;
my $log_size = -s $node->logfile;
kill 'KILL', $pid;
$victim->kill_kill;
$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $log_size);
$node->command_ok([ 'pgbench', '-n', '-c', '4', '-t', '50', '-f', $hot, 'postgres' ],
	'after kill -9 of a backend the server serves again');
like(calls_of($node, 'SELECT j FROM hot%'), qr/^200 /, 'and recording begins anew');
is($node->safe_psql('postgres', 'SELECT not_admitted || \' \' || pages_exhausted FROM dbops._track_state()'),
	'0 0', 'with an empty table');

# ---- errors of the statement the client sent, which pass no PG_TRY ---------------------------------
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE definer;
CREATE FUNCTION raise_as_definer() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
    $$BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'ZZ001'; END$$;
ALTER FUNCTION raise_as_definer() OWNER TO definer;
CREATE FUNCTION raise_hidden() RETURNS int LANGUAGE plpgsql SET log_min_messages = panic AS
    $$BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'ZZ002'; END$$;
CREATE FUNCTION go_on() RETURNS int LANGUAGE plpgsql AS $$
DECLARE r int;
BEGIN
    BEGIN
        RAISE EXCEPTION 'caught' USING ERRCODE = 'ZZ003';
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'caught';
    END;
    SELECT j INTO r FROM hot WHERE i = 1 AND j = 0 AND i = 1;
    RETURN r;
END$$;
SQL

sub failures
{
	return $node->safe_psql('postgres', "SELECT count || ' ' || toplevel || ' ' || userid::regrole || ' '
		|| (queryid <> 0) FROM dbops._tracked_errors() WHERE sqlstate = '$_[0]'");
}
my $me = $node->safe_psql('postgres', 'SELECT current_user::regrole');
$node->psql('postgres', 'SELECT raise_as_definer()');
is(failures('ZZ001'), "1 true $me true", 'an error in a security definer function is its caller\'s');
$node->psql('postgres', 'SELECT raise_hidden()');
is(failures('ZZ002'), "1 true $me true", 'the last error of a session counts when the log leaves it out');
$node->psql('postgres', "SELECT raise_hidden();\nSELECT count(*) AS after_hidden FROM hot;", on_error_stop => 0);
is(failures('ZZ002'), "2 true $me true", 'and so does one before another statement');
is($node->safe_psql('postgres', <<'SQL'), 't', 'which is at the top level');
SELECT string_agg(t.toplevel::text, ' ') = 'true' FROM pg_stat_statements JOIN dbops._tracked_statements() AS t
 USING (queryid) WHERE query LIKE '%after_hidden FROM%'
SQL
$node->safe_psql('postgres', 'SELECT go_on(); SELECT count(*) AS after_caught FROM hot');
is($node->safe_psql('postgres', <<'SQL'), 'false true', 'an error caught inside a statement leaves the levels right');
SELECT string_agg(t.toplevel::text, ' ' ORDER BY t.toplevel) FROM dbops._tracked_statements() AS t
  JOIN pg_stat_statements AS p USING (queryid, toplevel)
 WHERE query LIKE '%after_caught FROM%' OR query LIKE '%AND j = % AND i = %'
SQL
$node->psql('postgres', <<'SQL', on_error_stop => 0);
SELECT go_on();
SELEC;
DO $$BEGIN PERFORM count(*) AS inside_do FROM hot; END$$;
SQL
is($node->safe_psql('postgres', <<'SQL'), 'false', 'neither do earlier errors change the levels of a later block');
SELECT string_agg(t.toplevel::text, ' ') FROM pg_stat_statements JOIN dbops._tracked_statements() AS t
 USING (queryid, toplevel) WHERE query LIKE 'SELECT count(_) AS inside_do%'
SQL
is(failures('ZZ003'), '', 'and is no failure of the statement that caught it');
$node->psql('postgres', "SELECT 1 / 0;\nSELECT 1 / 0;\nSELEC;", on_error_stop => 0);
is($node->safe_psql('postgres', "SELECT string_agg(sqlstate || ' ' || count || ' ' || (queryid <> 0), ', ' ORDER BY sqlstate)
	FROM dbops._tracked_errors() WHERE sqlstate IN ('22012', '42601')"), '22012 2 true, 42601 2 false',
	'errors of planning belong to the statement, those of parsing to none');
$node->stop;

# ---- the other order of libraries ------------------------------------------------------------------
$node = new_node('reversed', 'dbops, pg_stat_statements', '');
$node->safe_psql('postgres', 'CREATE TABLE t (i int); INSERT INTO t SELECT generate_series(1, 1000)');
is($node->safe_psql('postgres', 'SELECT order_is_right FROM dbops._track_state()'), 'f',
	'the wrong order of libraries is noticed');
is($node->safe_psql('postgres', "SELECT calls, wal_records >= 1000, shared_blks_hit > 0
	FROM pg_stat_statements WHERE query LIKE 'INSERT INTO t %'"), '1|t|t',
	'and pg_stat_statements still counts blocks and WAL');
is(calls_of($node, 'INSERT INTO t %'), '1 1', 'and dbops records it too');
$node->stop;

# ---- not preloaded ---------------------------------------------------------------------------------
$node = PostgreSQL::Test::Cluster->new('unloaded');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
foreach my $function ('_tracked_statements', '_tracked_errors', '_recent_errors', '_track_state')
{
	my ($code, $stdout, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM dbops.$function()");
	like($stderr, qr/55000.*shared_preload_libraries = 'pg_stat_statements, dbops'/s,
		"$function says which line is missing in postgresql.conf");
}
$node->stop;
done_testing();
