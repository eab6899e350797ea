# covers: advise/restricted advise/sent_statement advise/exploration advise/search worker/advising
#
# Advice is asked for by those who may do everything, about statements of those who may not: what runs
# while their statements are planned gets nowhere, and whatever happens meanwhile leaves nothing behind.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
pg_stat_statements.track = all
dbops.enabled = off
max_worker_processes = 16
max_locks_per_transaction = 512
max_prepared_transactions = 0
autovacuum = off
jit = off
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE mallory LOGIN;
CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
CREATE TABLE secret AS SELECT 'the password' AS word;
CREATE TABLE big AS SELECT i AS id, i % 1000 AS k, repeat('b', 100) AS note FROM generate_series(1, 20000) AS i;
CREATE TABLE other AS SELECT i AS id, i % 1000 AS k, repeat('o', 100) AS note FROM generate_series(1, 20000) AS i;
CREATE TABLE looted (who text);
GRANT ALL ON big, looted TO mallory, PUBLIC;
GRANT CREATE ON SCHEMA public TO mallory;
SET ROLE mallory;
CREATE FUNCTION do_write() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN INSERT INTO public.looted VALUES (current_user); RETURN 1; END $$;
CREATE FUNCTION do_role() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN SET ROLE postgres; PERFORM public.do_write(); RETURN 1; END $$;
CREATE FUNCTION do_authorization() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN SET SESSION AUTHORIZATION postgres; RETURN 1; END $$;
CREATE FUNCTION do_read() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'read %', (SELECT word FROM public.secret); END $$;
CREATE FUNCTION do_settings() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN PERFORM set_config('work_mem', '7MB', false), set_config('search_path', 'mallory', false),
		set_config('lock_timeout', '0', false); RETURN 7; END $$;
CREATE FUNCTION do_unlock() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); PERFORM public.do_write(); RETURN 1; END $$;
CREATE FUNCTION do_temporary() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN CREATE TEMP TABLE left_behind (i int); RETURN 1; END $$;
CREATE FUNCTION do_name() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'planned as %', current_user; END $$;
CREATE FUNCTION do_cancel() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'not canceled at all' USING ERRCODE = 'query_canceled'; END $$;
CREATE FUNCTION do_shutdown() RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'not shut down at all' USING ERRCODE = 'admin_shutdown'; END $$;
SQL

# The trick of them all: what is said to be immutable is run while the statement is planned.
my @tricks = qw(write role authorization read settings unlock temporary name cancel shutdown);
$node->safe_psql('postgres', "SET ROLE mallory; CREATE FUNCTION try_$_() RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	\$\$ BEGIN RETURN public.do_$_(); END \$\$; CREATE FUNCTION sql_$_() RETURNS int IMMUTABLE LANGUAGE sql AS
	'SELECT public.do_$_()'") for @tricks;
$node->safe_psql('postgres', 'VACUUM ANALYZE');

sub recommend
{
	my (@statements) = @_;
	return 'dbops.recommend_indexes(workload => ARRAY[' . join(', ', map { "\$q\$$_\$q\$" } @statements) . '])';
}

sub whatif
{
	my ($statement, @indexes) = @_;
	return "dbops.explain_whatif(\$q\$$statement\$q\$, ARRAY["
	  . join(', ', map { "\$q\$$_\$q\$" } @indexes) . ']::text[])';
}

# What the superuser's session is after advice was asked for: nothing but what it was.
my $state = <<'SQL';
SELECT current_user, session_user, current_setting('work_mem'), current_setting('search_path'),
	current_setting('lock_timeout'), current_setting('transaction_read_only'),
	(SELECT count(*) FROM looted), to_regclass('pg_temp.left_behind') IS NULL;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'
	AND mode <> 'AccessShareLock' AND relation IN ('big'::regclass, 'other'::regclass, 'secret'::regclass);
SQL
my $untouched = $node->safe_psql('postgres', $state);
my ($superuser) = split /\|/, $untouched;

# ---- functions that act while they are planned ---------------------------------------------------
my @attacks = map { ("SELECT * FROM big WHERE k = try_$_()", "SELECT * FROM big WHERE k = sql_$_()") } @tricks;
my $good = 'SELECT * FROM big WHERE id = 7';
my ($code, $out, $err) = $node->psql('postgres',
	"BEGIN; SELECT ddl FROM " . recommend(@attacks, $good) . "; $state ROLLBACK;");
is($code, 0, 'statements that fail when planned do not stop the advice') or diag($err);
like($out, qr/big \(id\)|big USING hash \(id\)/, 'there is some for the others');
like($out, qr/\Q$untouched\E$/, 'role, settings, tables and locks are as before');

my %words = (
	write => 'cannot execute INSERT in a read-only transaction',
	role => 'cannot set parameter "role" within security-definer function',
	authorization => 'cannot set parameter "session_authorization" within security-definer function',
	unlock => 'cannot set transaction read-write mode inside a read-only transaction',
	temporary => 'cannot execute CREATE TABLE in a read-only transaction',
	name => "planned as $superuser",
	cancel => 'not canceled at all',
	shutdown => 'not shut down at all');
for my $trick (sort keys %words)
{
	(undef, $out, $err) = $node->psql('postgres', 'SELECT * FROM ' . whatif("SELECT * FROM big WHERE k = try_$trick()"));
	like($err, qr/the statement cannot be planned\nDETAIL:  \Q$words{$trick}\E/, "$trick: the reason is told");
}
is($node->safe_psql('postgres', 'SELECT * FROM ' . whatif('SELECT * FROM big WHERE k = try_settings()') . "; $state")
	=~ s/^.*?\n(?=$superuser)//sr, $untouched, 'settings go with the planning');

# Expressions are evaluated over rows of a table to know what an index of them would hold: with the
# rights of who asks, not of the table's owner, and of rows that may be read.
$node->safe_psql('postgres', <<'SQL');
GRANT mallory TO monitor;
SET ROLE mallory;
CREATE FUNCTION words(t text) RETURNS tsvector IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN RAISE LOG 'evaluated as % of %', current_user, left(t, 5); RETURN to_tsvector('simple', t); END $$;
CREATE FUNCTION number(t text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$ BEGIN RAISE LOG 'evaluated as % of %', current_user, left(t, 5); RETURN length(t); END $$;
SQL
my $secrets = "ARRAY['CREATE INDEX ON secret USING gin (words(word))', 'CREATE INDEX ON secret (number(word))', 'CREATE INDEX ON secret (word) WHERE number(word) = 3']";
$node->psql('postgres', "SELECT * FROM " . recommend("SELECT * FROM big WHERE words(note) @@ 'b'::tsquery", "SELECT * FROM big WHERE number(note) = 3"),
	extra_params => [ '-U', 'monitor' ]);
is($node->safe_psql('postgres', "SELECT count(*) FROM unnest($secrets) AS index,
		dbops.explain_whatif('SELECT * FROM big', ARRAY[index])", extra_params => [ '-U', 'monitor' ]),
	'3', 'indexes of what may not be read can be thought of');
my $log = slurp_file($node->logfile);
like($log, qr/evaluated as monitor of bbb/, 'expressions are evaluated as who asks');
unlike($log, qr/evaluated as ($superuser|mallory)/, 'and as nobody else');
unlike($log, qr/evaluated as \w+ of the p/, 'not over rows that may not be read');

# A function that does not end ends after a while; meanwhile the rest of this test goes on.
my $endless = $node->background_psql('postgres', on_error_stop => 0);
$node->safe_psql('postgres', "CREATE FUNCTION endless() RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN 1; END'");
$endless->query_until(qr/begun/, "\\echo begun\nSELECT * FROM " . whatif('SELECT * FROM big WHERE k = endless()') . ";\nSELECT 'goes on';\n");

# Nor does one that catches the cancel: it may return then, or begin anew, or go deeper.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION patient() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_sleep(600);
	RETURN 1;
EXCEPTION WHEN query_canceled THEN
	RETURN 1;
END $$;
CREATE FUNCTION stubborn(depth int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		BEGIN
			PERFORM CASE WHEN depth = 1 THEN pg_sleep(600) ELSE (SELECT pg_sleep(0) FROM stubborn(depth - 1)) END;
		EXCEPTION WHEN query_canceled THEN
			PERFORM depth;
		END;
	END LOOP;
END $$;
SQL
my %catching = map { $_ => $node->background_psql('postgres', on_error_stop => 0) } 'patient()', 'stubborn(1)', 'stubborn(3)';
$catching{$_}->query_until(qr/begun/, "\\echo begun\nSELECT clock_timestamp() AS began \\gset\nSELECT * FROM " . whatif("SELECT * FROM big WHERE k = $_")
	  . ";\nSELECT 'goes on after', extract(epoch FROM clock_timestamp() - :'began') < 20;\n") for sort keys %catching;

# In the worker, too, while whoever asked it waits as long as he likes.
my $holding = PostgreSQL::Test::Cluster->new('holding');
$holding->init;
$holding->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
log_line_prefix = '%b: '
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.advise_interval = 0
dbops.advise_time_limit = 15s
CONF
$holding->start;
$holding->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE mallory LOGIN;
GRANT CREATE ON SCHEMA public TO mallory;
SET SESSION AUTHORIZATION mallory;
CREATE TABLE field (id int PRIMARY KEY, v int);
INSERT INTO field SELECT i, i % 3000 FROM generate_series(1, 30000) AS i;
ANALYZE field;
CREATE FUNCTION holds() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	WHILE session_user <> 'mallory' LOOP
		BEGIN
			RAISE LOG 'held by %', current_user;
			PERFORM pg_sleep(600);
		EXCEPTION WHEN query_canceled THEN
		END;
	END LOOP;
	RETURN 5;
END $$;
SELECT count(*) FROM field WHERE v = holds();
SELECT sum(id) FROM field WHERE v = 5;
SQL
$holding->safe_psql('postgres', 'SELECT dbops.take_sample()');
my $waiting = $holding->background_psql('postgres', on_error_stop => 0);
$waiting->query_until(qr/begun/, "\\echo begun\nSELECT clock_timestamp() AS began \\gset\nSELECT 'advised', dbops.advise_now() >= 1;\n"
	  . "SELECT 'goes on after', extract(epoch FROM clock_timestamp() - :'began') < 35;\n");
$holding->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops adviser' AND wait_event = 'PgSleep'")
  or diag('the worker is not held');
my $asked = time;
($code, $out, $err) = $holding->psql('postgres', "SET statement_timeout = '500ms'; SELECT dbops.advise_now()");
like($err, qr/canceling statement due to statement timeout/, 'who waits for a worker that is held can be canceled');
cmp_ok(time - $asked, '<', 5, 'at once');

# ---- planning within planning --------------------------------------------------------------------
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE seen (plan text);
CREATE FUNCTION cached(int) RETURNS bigint STABLE LANGUAGE plpgsql AS
	$$ BEGIN RETURN (SELECT count(*) FROM big WHERE k = $1); END $$;
CREATE FUNCTION plans() RETURNS int LANGUAGE plpgsql AS $$
DECLARE line text; plan text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN SELECT * FROM big WHERE k = 5' LOOP plan = plan || line; END LOOP;
	PERFORM cached(i) FROM generate_series(1, 10) AS i;
	IF plan ~ 'Index' THEN RAISE EXCEPTION 'a function sees what is not there: %', plan; END IF;
	RETURN 5;
END $$;
CREATE FUNCTION plans_itself() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN plans(); END $$;
SQL
$out = $node->safe_psql('postgres', <<"SQL");
SET plan_cache_mode = force_generic_plan;
SELECT * FROM @{[ whatif('SELECT * FROM big WHERE k = plans_itself()', 'CREATE INDEX kk ON big (k)') ]};
SELECT cached(5);
EXPLAIN SELECT * FROM big WHERE k = 5;
SQL
like($out, qr/on hypothetical_kk.*\n20\nSeq Scan on big/s,
	'a function that plans meanwhile sees what is there, and the plans it keeps work later');

# Advice that is asked for within advice: what is planned outside goes on with its own indexes.
$node->safe_psql('postgres', <<'SQL');
CREATE INDEX other_id ON other (id);
CREATE FUNCTION advises() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dbops._explain_whatif('SELECT * FROM big WHERE id = 7', ARRAY['CREATE INDEX ON big (id)']);
	RETURN 5;
END $$;
CREATE FUNCTION advises_in_vain() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dbops._explain_whatif('SELECT * FROM big WHERE id = 1 / (SELECT 0)', ARRAY['CREATE INDEX ON nowhere (id)']);
	RETURN 6;
EXCEPTION WHEN OTHERS THEN
	RETURN 5;
END $$;
SQL
for my $function (qw(advises advises_in_vain))
{
	like($node->safe_psql('postgres', 'SELECT * FROM ' . whatif("SELECT * FROM other WHERE id = $function()", 'CREATE INDEX kk ON other (k)')),
		qr/Index Scan using other_id/, "$function: an index that exists is used outside");
	like($node->safe_psql('postgres', 'SELECT * FROM ' . whatif("SELECT * FROM other WHERE k = $function()", 'CREATE INDEX kk ON other (k)')),
		qr/on hypothetical_kk/, 'and one that does not');
}
$node->safe_psql('postgres', 'DROP INDEX other_id');

# What may not be read is not told of by costs either.
$node->safe_psql('postgres', 'CREATE TABLE salaries AS SELECT i AS id, i % 100 AS salary FROM generate_series(1, 20000) AS i; ANALYZE salaries');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ' . recommend('SELECT * FROM salaries WHERE salary = 7'), extra_params => [ '-U', 'monitor' ]),
	'0', 'no advice for a table that may not be read');
like($node->safe_psql('postgres', "SELECT reason FROM dbops.why_not('SELECT * FROM salaries WHERE salary = 7')", extra_params => [ '-U', 'monitor' ]),
	qr/permission denied for table salaries/, 'and it is told why');

# ---- DDL meanwhile -------------------------------------------------------------------------------
my $ddl = $node->background_psql('postgres');
$ddl->query_safe('BEGIN; LOCK TABLE other IN ACCESS EXCLUSIVE MODE');
my $began = time;
($code, $out, $err) = $node->psql('postgres', 'SELECT ddl FROM ' . recommend('SELECT * FROM other WHERE id = 7', $good));
cmp_ok(time - $began, '<', 5, 'a lock is not waited for');
is($code, 0, 'and does not stop the advice') or diag($err);
like($out, qr/big/, 'on what is not locked there is some');
unlike($out, qr/other/, 'on what is locked there is none');
($code, $out, $err) = $node->psql('postgres', 'SELECT * FROM ' . whatif('SELECT * FROM other WHERE id = 7'));
like($err, qr/DETAIL:  canceling statement due to lock timeout/, 'and the reason is told');
$began = time;
($code, $out, $err) = $node->psql('postgres', 'SELECT * FROM ' . whatif($good, 'CREATE INDEX ON other (id)'));
like($err, qr/ERROR:  canceling statement due to lock timeout/, 'nor is it waited for to read of an index');
cmp_ok(time - $began, '<', 5, 'not for long');
$ddl->query_safe('ROLLBACK');

# A table that goes, and one whose column becomes another type, between two plannings: the function
# is evaluated in each of them, and tells the other session when the first has begun.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE going AS SELECT i AS id, i % 1000 AS k, repeat('g', 100) AS note FROM generate_series(1, 20000) AS i;
CREATE TABLE changing AS SELECT i AS id, i % 1000 AS k, repeat('c', 100) AS note FROM generate_series(1, 20000) AS i;
ANALYZE going, changing;
CREATE SEQUENCE turns;
CREATE FUNCTION waits() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	-- Not one wait for the lock: those end by lock_timeout.
	WHILE NOT pg_try_advisory_lock_shared(4711) LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
	PERFORM pg_advisory_unlock_shared(4711);
	RETURN 7;
END $$;
SQL
for my $change ('DROP TABLE going', 'ALTER TABLE changing ALTER k TYPE text')
{
	my ($table) = $change =~ /TABLE (\w+)/;
	my $gate = $node->background_psql('postgres');
	$gate->query_safe('SELECT pg_advisory_lock(4711)');
	my $search = $node->background_psql('postgres', on_error_stop => 0);
	$search->query_until(qr/begun/, "\\echo begun\nSET deadlock_timeout = '1h'; SELECT ddl FROM "
		  . recommend("SELECT * FROM $table WHERE k = 7 AND id = 9", 'SELECT * FROM other WHERE k = 3 AND id < waits()', $good) . ";\n\\echo ended\n");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query ~ 'recommend'")
	  or diag('the search does not reach the gate');
	$node->safe_psql('postgres', "SET lock_timeout = '10s'; $change");
	$gate->query_safe('SELECT pg_advisory_unlock(4711)');
	$out = $search->query_until(qr/ended/, "\\echo ended\n");
	like($out, qr/big/, "$change: the advice goes on");
	unlike($out, qr/ON public\.$table\b/, "$change: nothing for what it was before");
	$search->quit;
	$gate->quit;
}

# ---- a cancel in the middle ----------------------------------------------------------------------
my $many = join ', ', map { "'SELECT * FROM big AS a JOIN other AS b USING (k) JOIN big AS c ON c.id = b.id WHERE a.k = $_ AND b.note > ''o$_'''" } 1 .. 200;
$out = $node->safe_psql('postgres', <<"SQL");
DO \$\$
BEGIN
	SET LOCAL statement_timeout = 0;
	PERFORM * FROM dbops.recommend_indexes(workload => ARRAY[$many]);
EXCEPTION WHEN query_canceled THEN
	RAISE EXCEPTION 'canceled without a reason';
END \$\$;
SET statement_timeout = '50ms';
DO \$\$
BEGIN
	PERFORM * FROM dbops.recommend_indexes(workload => ARRAY[$many]);
	RAISE EXCEPTION 'not canceled';
EXCEPTION WHEN query_canceled THEN
	RAISE NOTICE 'canceled';
END \$\$;
SET statement_timeout = 0;
EXPLAIN SELECT * FROM big WHERE k = 5;
SELECT now() = statement_timestamp();
$state
SQL
like($out, qr/^Seq Scan on big.*\nt\n\Q$untouched\E$/s, 'after a cancel that was caught, plans are of what is there');

# ---- kinds of tables -----------------------------------------------------------------------------
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION postgres_fdw;
CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '@{[ $node->host ]}', port '@{[ $node->port ]}', use_remote_estimate 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER self;
CREATE FOREIGN TABLE far (id int, k int) SERVER self OPTIONS (table_name 'big');
CREATE TABLE family (id int, k int) PARTITION BY RANGE (k);
CREATE TABLE family_1 PARTITION OF family FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE family_2 PARTITION OF family FOR VALUES FROM (10) TO (20) SERVER self OPTIONS (table_name 'big');
CREATE TABLE unknown (id int, k int) WITH (autovacuum_enabled = off);
INSERT INTO unknown SELECT i, i FROM generate_series(1, 20000) AS i;
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM other;
VACUUM ANALYZE unlogged;
SQL
for my $statement ('SELECT * FROM far WHERE k = 7', 'SELECT * FROM family WHERE id = 7')
{
	(undef, undef, $err) = $node->psql('postgres', 'SELECT * FROM ' . whatif($statement));
	like($err, qr/it reads a foreign table/, "$statement: not planned");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM postgres_fdw_get_connections()"), '0', 'and not connected to');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ' . recommend('SELECT * FROM unknown WHERE k = 7')),
	'0', 'no advice for a table that was never analyzed');
like($node->safe_psql('postgres', 'SELECT ddl FROM ' . recommend('SELECT * FROM unlogged WHERE id = 7')),
	qr/unlogged/, 'an unlogged table is a table');
like($node->safe_psql('postgres', 'CREATE TEMP TABLE mine AS SELECT * FROM other; ANALYZE mine; SELECT count(*), (SELECT count(*) FROM '
	  . whatif('SELECT * FROM mine WHERE id = 7', 'CREATE INDEX ON mine (id)') . ') > 0 FROM ' . recommend('SELECT * FROM mine WHERE id = 7')),
	qr/0\|t$/, 'a temporary table can be looked at, but there is no advice for it');

# ---- what is left behind -------------------------------------------------------------------------
$out = $node->safe_psql('postgres', <<"SQL");
PREPARE mine AS SELECT count(*) FROM big WHERE k = \$1;
BEGIN;
DECLARE cursor_of_mine CURSOR FOR SELECT id FROM big ORDER BY id;
FETCH 1 FROM cursor_of_mine;
SELECT count(*) > 0 FROM @{[ recommend($good) ]};
FETCH 1 FROM cursor_of_mine;
COMMIT;
EXECUTE mine(5);
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'big'::regclass;
SQL
is($out, "1\nt\n2\n20\n0", 'prepared statements and cursors of the session go on');
is($node->safe_psql('postgres', "BEGIN READ ONLY; SELECT count(*) > 0 FROM @{[ recommend($good) ]};"),
	't', 'a read-only transaction is enough');
is($node->safe_psql('postgres', "SELECT pg_stat_statements_reset() IS NULL; SELECT count(*) > 0 FROM @{[ recommend($good, 'SELECT note FROM other WHERE id = 3') ]};
	SELECT count(*) FROM pg_stat_statements WHERE query ~ '^SELECT (\\*|note) FROM (big|other)'") =~ s/^.*?\n//r, "t\n0",
	'statements that are only planned are not counted as run');
like($node->safe_psql('postgres', <<"SQL"), qr/^t$/m, '200 times take no more memory than 20');
CREATE FUNCTION pg_temp.used() RETURNS bigint LANGUAGE sql AS 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';
CREATE FUNCTION pg_temp.run(n int) RETURNS bigint LANGUAGE plpgsql AS \$\$
BEGIN
	FOR i IN 1 .. n LOOP PERFORM * FROM @{[ recommend($good) ]}; END LOOP;
	RETURN pg_temp.used();
END \$\$;
CREATE TEMP TABLE measured AS SELECT pg_temp.run(20) AS bytes;
SELECT pg_temp.run(200) - bytes < 300000 FROM measured;
SQL

# ---- many partitions -----------------------------------------------------------------------------
my $partitions = $ENV{DBOPS_TEST_PARTITIONS} // 2000;
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE many (id int, k int, note text) PARTITION BY RANGE (id);
SELECT format('CREATE TABLE many_%s PARTITION OF many FOR VALUES FROM (%s) TO (%s)', i, i * 100, i * 100 + 100)
	FROM generate_series(0, $partitions / 500 - 1) AS n, generate_series(n * 500, n * 500 + 499) AS i \\gexec
INSERT INTO many SELECT i, i, 'n' FROM generate_series(0, $partitions * 100 - 1) AS i;
ANALYZE many;
SQL
$began = time;
($code, $out, $err) = $node->psql('postgres', "SELECT ddl FROM dbops.recommend_indexes(time_limit => '5 s', workload => ARRAY['SELECT * FROM many WHERE k = 7', 'SELECT * FROM many WHERE k = 7 AND id < 1000', 'SELECT * FROM big WHERE id = 7'])");
is($code, 0, "$partitions partitions are no trouble") or diag($err);
like($out, qr/big/, 'and keep no other table from its advice');
diag(sprintf '%d partitions: %.1f s', $partitions, time - $began);

# ---- what takes too long --------------------------------------------------------------------------
$out = $endless->query('SELECT 1');
like($out, qr/goes on/, 'after what takes too long to plan the session goes on');
like($endless->{stderr}, qr/DETAIL:  it takes longer than 10 s/, 'and the reason is told');
$endless->quit;

for my $function (sort keys %catching)
{
	$out = $catching{$function}->query('SELECT 1');
	like($out, qr/goes on after\|t/, "$function: after one that catches the cancel, too, and soon");
	like($catching{$function}->{stderr}, qr/DETAIL:  it takes longer than 10 s/, "$function: and it is no plan");
	$catching{$function}->quit;
}
$out = $waiting->query('SELECT 1');
like($out, qr/advised\|t\ngoes on after\|t/, 'a worker that is held goes on with the others, within its time');
like(slurp_file($holding->logfile), qr/dbops adviser: LOG:  held by mallory/, 'though it was held');
is($holding->safe_psql('postgres', "SELECT state, failures FROM dbops.index_advice_runs WHERE datname = 'postgres'") =~ s/cut short/ok/r, 'ok|0',
	'the search went well');
$waiting->quit;
$holding->stop;

# ---- a standby -----------------------------------------------------------------------------------
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
like($standby->safe_psql('postgres', 'SELECT ddl FROM ' . recommend($good)), qr/big/, 'a standby gives advice');
like($standby->safe_psql('postgres', 'SELECT * FROM ' . whatif($good, 'CREATE INDEX x ON big (id)')), qr/hypothetical_x/,
	'and shows plans');

$standby->stop;
$node->stop;
done_testing();
