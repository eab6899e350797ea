# Captures under load, in little memory, in several encodings, and without any.
# covers: track/captures track/capture_reader
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('captures');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
compute_query_id = on
max_worker_processes = 16
dbops.capture_values = on
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE hot (i int PRIMARY KEY, word text);
INSERT INTO hot SELECT i, 'w' || i FROM generate_series(1, 100) AS i;
CREATE FUNCTION churn(n int) RETURNS int LANGUAGE plpgsql AS
    $$DECLARE r int; BEGIN EXECUTE 'SELECT ' || repeat('1 + ', n) || '1' INTO r; RETURN r; END$$;
CREATE FUNCTION samples(pattern text) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT s.query, s.parameter_types, s.parameter_values, s.truncated, s.duration_ms, s.datname
      FROM (SELECT DISTINCT c.queryid FROM dbops._captured_statements() AS c WHERE c.query ~ pattern) AS q,
           dbops.statement_sample(q.queryid) AS s
     WHERE s.query ~ pattern $$;
SQL

# A column of the captures whose text matches.
sub sample
{
	my ($server, $column, $pattern) = @_;

	return $server->safe_psql('postgres', "SELECT $column FROM samples('$pattern') AS s(query text,
		types text[], parameters text[], truncated bool, duration_ms float8, datname text)");
}

sub state_of
{
	my ($server, $column) = @_;
	return $server->safe_psql('postgres', "SELECT $column FROM dbops._capture_state()");
}

# ---- parameters of the protocol -----------------------------------------------------------------
my %script;
foreach my $protocol ('extended', 'prepared')
{
	$script{$protocol} = $node->basedir . "/$protocol.sql";
	append_to_file($script{$protocol},
		"\\set n random(7, 7)\nSELECT word, '$protocol' || i FROM hot WHERE i = :n AND '$protocol' <> 'x';\n");
	$node->command_ok([ 'pgbench', '-n', '-M', $protocol, '-t', '3', '-f', $script{$protocol}, 'postgres' ],
		"pgbench with protocol $protocol");
}
like(sample($node, 'query', '^SELECT word.*(extended|prepared)'), qr/WHERE i = \$1 AND/, 'the text has the parameter');
is(sample($node, 'parameters', '^SELECT word.*(extended|prepared)'), '{7}', 'and the value stands beside it');

# A failing statement has its text, and the value it failed on.
my $fail = $node->basedir . '/fail.sql';
append_to_file($fail, "\\set n 0\nSELECT 100 / length(word) / :n FROM hot WHERE i = 1;\n");
$node->command_fails([ 'pgbench', '-n', '-M', 'prepared', '-t', '1', '-f', $fail, 'postgres' ], 'a statement fails');
like(sample($node, 'parameters, duration_ms IS NULL', '^SELECT 100 /'), qr/^\{0\}\|t$/,
	'the value that made it fail is there');

# ---- letters of more than one byte ----------------------------------------------------------------
$node->safe_psql('postgres', "DO \$\$BEGIN EXECUTE 'SELECT ''x' || repeat(chr(228), 40000) || ''' AS umlauts FROM hot'; END\$\$");
is(sample($node, 'truncated, octet_length(query), query ~ (chr(228) || \'$\'), length(query)',
		"^SELECT .x\xc3\xa4\xc3\xa4"), 't|65535|t|32772', 'a long text is cut between letters');
$node->safe_psql('postgres', "DO \$\$BEGIN EXECUTE 'SELECT ''xy' || repeat(chr(228), 40000) || ''' AS umlauts, 1 FROM hot'; END\$\$");
is(sample($node, 'truncated, octet_length(query), query ~ (chr(228) || \'$\')', "^SELECT .xy\xc3\xa4\xc3\xa4"),
	't|65536|t', 'wherever the limit falls');

# ---- texts of databases with other encodings -----------------------------------------------------
$node->safe_psql('postgres', "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
$node->safe_psql('latin', "CREATE TABLE t (a int); SELECT a AS latin_a, '\xe4' AS umlaut FROM t");
is(sample($node, 'query', 'latin_a'), "SELECT a AS latin_a, '?' AS umlaut FROM t",
	'a text of another encoding is readable here, but for what is not ASCII');

# ---- eight sessions churn while others read ----------------------------------------------------------
my $churn = $node->basedir . '/churn.sql';
append_to_file($churn, "\\set n random(2, 900)\nSELECT churn(:n);\n");
my $reader = $node->basedir . '/reader.sql';
append_to_file($reader, <<'SQL');
SELECT 1 / (count(*) FILTER (WHERE query IS NULL OR query = '' OR query !~ '^[[:space:]]*[(/a-zA-Z]') = 0)::int
  FROM dbops._captured_statements();
SQL
$node->command_ok([ 'pgbench', '-n', '-c', '10', '-j', '2', '-t', '100', '-f', "$churn\@8", '-f', "$reader\@1", 'postgres' ],
	'sessions that churn statements and sessions that read texts do not hurt each other');
is($node->safe_psql('postgres', <<'SQL'), '0', 'each text is that of its statement');
SELECT count(*)
  FROM dbops._captured_statements() AS a
  JOIN dbops._captured_statements() AS b ON a.query = b.query AND a.query ~ '^SELECT 1 \+'
 WHERE a.queryid <> b.queryid
SQL
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM dbops._captured_statements() WHERE query ~ '^SELECT 1 \+'}),
	'>', 300, 'there are many');
$node->stop;

# ---- little memory, and few statements -------------------------------------------------------------------
$node->append_conf('postgresql.conf', <<'CONF');
dbops.capture_size = 64kB
dbops.max_statements = 200
dbops.wide_interval = 1
CONF
$node->start;
is(state_of($node, 'capacity_bytes'), 65536, 'the memory is as large as the setting says');
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '60', '-f', $churn, 'postgres' ],
	'a full arena hurts no session');
$node->command_ok([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '60', '-f', $churn, 'postgres' ], 'nor later');
cmp_ok(state_of($node, 'not_captured'), '>', 0, 'what found no room is counted');
$node->safe_psql('postgres', "DO \$\$BEGIN EXECUTE 'SELECT ''' || repeat('z', 5000) || ''' AS clipped FROM hot'; END\$\$");
# Statements come and go: in the end there is room for a newcomer.
ok($node->poll_query_until('postgres', <<'SQL', "1\nt"), 'the sampler makes room for other statements');
SELECT count(word) AS newcomer FROM hot WHERE i = 42;
SELECT count(*) = 1 FROM dbops._captured_statements() WHERE query ~ '^SELECT count.*newcomer'
SQL
ok($node->poll_query_until('postgres', 'SELECT used_bytes <= capacity_bytes * 0.9 FROM dbops._capture_state()'),
	'and keeps some free');
ok($node->poll_query_until('postgres', <<'SQL'), 'what is captured fits in what is used: nothing is lost');
SELECT used_bytes BETWEEN sum(octet_length(query)) AND sum(octet_length(query) + 1500)
  FROM dbops._capture_state(), dbops._captured_statements() GROUP BY used_bytes
SQL
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops._captured_statements() WHERE octet_length(query) > 1024'),
	'0', 'no text takes more than its share');

# ---- a backend dies ----------------------------------------------------------------------------------
$node->append_conf('postgresql.conf', "restart_after_crash = on");
$node->reload;
my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops sampler' LIMIT 1")
  || $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type ~ 'dbops' LIMIT 1");
my $log_size = -s $node->logfile;
kill 'KILL', $pid;
# Who asks while it goes down may find nobody listening.
ok($node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $log_size), 'the server is back');
ok($node->poll_query_until('postgres', <<'SQL', "1\nt"), 'and captures anew');
SELECT count(word) AS revived FROM hot WHERE i = 42;
SELECT count(*) = 1 FROM dbops._captured_statements() WHERE query ~ '^SELECT count.*revived'
SQL
$node->stop;

# ---- none -------------------------------------------------------------------------------------------
$node->append_conf('postgresql.conf', 'dbops.capture_size = 0');
$node->start;
$node->safe_psql('postgres', 'SELECT count(word) AS nothing FROM hot');
$node->psql('postgres', 'SELECT 1 / (i - i) FROM hot');
is(state_of($node, "captures || ' ' || used_bytes || ' ' || capacity_bytes || ' ' || not_captured"), '0 0 0 0',
	'without memory nothing is captured');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops._captured_statements()'), '0', 'or shown');
is($node->safe_psql('postgres', "SELECT count(*) > 3 FROM dbops._tracked_statements()"), 't', 'and statements are recorded');
$node->stop;

# ---- not preloaded -------------------------------------------------------------------------------------
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;
foreach my $call ('statement_sample(1)', '_captured_statements()', '_capture_state()')
{
	my ($code, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM dbops.$call");
	like($err, qr/55000.*shared_preload_libraries = 'pg_stat_statements, dbops'/s, "$call says what is missing");
}
$node->stop;

# ---- preloaded, without the extension ------------------------------------------------------------------
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_stat_statements, dbops'\ndbops.capture_size = 4MB");
$node->start;
$node->safe_psql('postgres', 'DROP EXTENSION dbops');
$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', '-t', '3', '-f', $script{prepared}, 'postgres' ],
	'without the extension statements run as ever');
$node->safe_psql('postgres', 'CREATE EXTENSION dbops');
like(sample($node, 'parameters', '^SELECT word.*prepared'), qr/7/, 'and what was captured is there once it is made');
$node->stop;

done_testing();
