# covers: gateway/gateway gateway/http_server gateway/routes gateway/connections gateway/http_pages gateway/query gateway/credentials
# covers: gateway/gzip gateway/listeners gateway/tls_files gateway/http_settings worker/gateway_report
#
# The gateway answers what it should, to whom it should, on the addresses it should, and every request that is not
# as it should be gets the status for that.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use Http;
use IO::Uncompress::Gunzip qw(gunzip);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = PostgreSQL::Test::Cluster->new('main');
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

sub set_and_reload
{
	my (%settings) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET $_ = '$settings{$_}'") for sort keys %settings;
	$node->reload;
	return;
}

sub finding { return q{SELECT status || ': ' || detail FROM dbops.status() WHERE component = 'gateway'} }

sub gateways { return q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbops gateway'} }

# Metrics of our own, whose size and failures are as we like.
sub make_metrics
{
	my ($body) = @_;
	$node->safe_psql('postgres', <<SQL);
DO \$do\$ BEGIN
	IF pg_catalog.to_regproc('dbops.real_prometheus') IS NULL AND pg_catalog.to_regproc('dbops.prometheus') IS NOT NULL THEN
		ALTER FUNCTION dbops.prometheus RENAME TO real_prometheus;
	END IF;
END \$do\$;
CREATE OR REPLACE FUNCTION dbops.prometheus() RETURNS text LANGUAGE plpgsql AS \$f\$ $body \$f\$;
SQL
	return;
}

# A page is kept for a second.
sub metrics_become
{
	my ($status, $pattern, $name) = @_;
	my $answer;
	for (1 .. 300)
	{
		$answer = Http::get($port, '/metrics');
		last if $answer->{status} == $status && $answer->{body} =~ $pattern;
		select undef, undef, undef, 0.1;
	}
	is($answer->{status}, $status, "$name: status $status");
	like($answer->{body}, $pattern, $name);
	return;
}

sub listens { my ($where) = @_; return finding() . " AND detail LIKE 'listening on $where%'" }

# ---- off and on ---------------------------------------------------------------------------------
is($node->safe_psql('postgres', gateways()), '0', 'nothing runs unless it is asked for');
is($node->safe_psql('postgres', finding()), '', 'and status() has nothing to say of it');
set_and_reload('dbops.http_listen' => "127.0.0.1:$port");
becomes($node, gateways(), '1', 'a reload starts it');
becomes($node, "SELECT count(*) FROM (" . listens("127.0.0.1:$port") . ") AS f", '1', 'status() says where it listens');
my $log = slurp_file($node->logfile);
like($log, qr/LOG: +dbops gateway listens on 127\.0\.0\.1:$port\n/, 'so does the log');
unlike($log, qr/WARNING: +dbops gateway/, 'which has nothing against a loopback address');

# ---- paths and methods --------------------------------------------------------------------------
my $index = Http::get($port, '/');
is($index->{status}, 200, 'there is an index');
like($index->{headers}{'content-type'}, qr{^text/html}, 'in HTML');
like($index->{body}, qr{<a href="$_">}, "with a link to $_") for '/metrics', '/health', '/primary', '/replica';

my $none = $node->safe_psql('postgres', "SELECT to_regproc('dbops.prometheus') IS NULL");
SKIP: {
	skip 'this dbops has dbops.prometheus()', 2 if $none ne 't';
	my $answer = Http::get($port, '/metrics');
	is($answer->{status}, 503, 'without dbops.prometheus() there are no metrics');
	like($answer->{body}, qr/^The function dbops\.prometheus\(\) is not there/, 'and the answer says so');
}
make_metrics(q{BEGIN RETURN E'# TYPE up gauge\nup 1\n'; END});
metrics_become(200, qr/^# TYPE up gauge\nup 1\n\z/, 'metrics are what dbops.prometheus() returns');
is(Http::get($port, '/metrics')->{headers}{'content-type'}, 'text/plain; version=0.0.4; charset=utf-8', 'of the type Prometheus expects');

becomes($node, 'SELECT dbops.health_score() IS NOT NULL', 't', 'there are verdicts');
my $health;
for (1 .. 100) { $health = Http::get($port, '/health'); last if $health->{body} !~ /"unknown", "score"/; select undef, undef, undef, 0.1 }
my ($word) = $health->{body} =~ /^\{"status" : "(\w+)"/;
is($health->{status}, $word eq 'critical' ? 503 : 200, "health \"$word\" has its status");
is($health->{headers}{'content-type'}, 'application/json', 'health is JSON');
is($node->safe_psql('postgres', "SELECT jsonb_array_length(v -> 'verdicts') > 10 AND v ->> 'node' = dbops.node_name() AND (v ->> 'score')::int BETWEEN 0 AND 100
	FROM (SELECT \$json\$$health->{body}\$json\$::jsonb) AS h (v)"), 't', 'with all verdicts, the score and the node');
is(Http::get($port, '/primary')->{status}, 200, 'a primary is a primary');
is(Http::get($port, '/replica')->{status}, 503, 'and no replica');
is(Http::get($port, '/replica?lag=1h')->{status}, 503, 'however far behind one may be');
is(Http::get($port, "/replica?lag=$_")->{status}, 400, "a lag of $_ makes no sense") for 'x', '-1', '', '1parsec', '0x10';

is(Http::get($port, $_)->{status}, 404, "nothing is at $_") for '/metrics/', '/Metrics', '//', '/../etc/passwd', '/metrics%00', '/favicon.ico';
my $head = Http::answer($port, Http::request('HEAD', '/metrics'));
is("$head->{status} $head->{headers}{'content-length'} '$head->{body}'", "200 21 ''", 'HEAD has the headers alone');
for my $method (qw(POST PUT DELETE OPTIONS TRACE PATCH BREW))
{
	my $answer = Http::answer($port, Http::request($method, '/metrics', 'Content-Length: 0'));
	is("$answer->{status} $answer->{headers}{allow}", '405 GET, HEAD', "$method is not allowed");
}
my $post = Http::answer($port, Http::request('POST', '/health', 'Content-Length: 7') . 'content');
is("$post->{status} $post->{headers}{allow}", '405 GET, HEAD', 'nor is it with content');

# ---- what is wrong with a request ----------------------------------------------------------------
my @wrong = (
	[ 413, 'content', Http::request('GET', '/metrics', 'Content-Length: 7') . 'content' ],
	[ 413, 'content that goes on for ever', Http::request('GET', '/metrics', 'Content-Length: 1000000000000') . 'x' x 100 ],
	[ 413, 'content in chunks', Http::request('GET', '/metrics', 'Transfer-Encoding: chunked') . "1\r\nx\r\n" ],
	[ 414, 'a path of 20 kB', Http::request('GET', '/' . 'x' x 20000) ],
	[ 431, 'headers of 40 kB', Http::request('GET', '/metrics', map { "X-$_: " . 'y' x 400 } 1 .. 100) ],
	[ 431, 'one header of 20 kB', Http::request('GET', '/metrics', 'X: ' . 'y' x 20000) ],
	[ 400, 'a length that is none', Http::request('GET', '/metrics', 'Content-Length: many') ],
	[ 400, 'no host', "GET /metrics HTTP/1.1\r\n\r\n" ],
	[ 400, 'a header without a colon', "GET /metrics HTTP/1.1\r\nHost: here\r\nnonsense\r\n\r\n" ]);
for my $case (@wrong)
{
	my ($status, $name, $bytes) = @$case;
	is(Http::answer($port, $bytes)->{status}, $status, "$name: status $status");
}
# What is no HTTP at all is told so.
like(Http::answer($port, $_->[1])->{status}, qr/^(400|505)$/, "$_->[0] is refused")
  for [ 'another protocol', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\r\n\r\n" ], [ 'noise', join('', map { chr($_ * 37 % 256) } 1 .. 500) . "\r\n\r\n" ],
  [ 'a version from the future', "GET /metrics HTTP/7.0\r\nHost: here\r\n\r\n" ], [ 'a first line of one word', "hello\r\n\r\n" ];
is(Http::get($port, '/metrics')->{status}, 200, 'after all of that it answers as before');

# ---- compression and sharing ---------------------------------------------------------------------
make_metrics(q{BEGIN RETURN repeat(E'some_metric{label="value"} 12345\n', 10000); END});
metrics_become(200, qr/^some_metric/, 'metrics of 330 kB');
for my $case ([ 'gzip', 'gzip' ], [ 'deflate, gzip;q=0.5', 'gzip' ], [ '*', 'gzip' ], [ 'GZIP', 'gzip' ], [ 'identity', '' ], [ 'gzip;q=0', '' ], [ 'gzipped', '' ])
{
	my $answer = Http::get($port, '/metrics', "Accept-Encoding: $case->[0]");
	my $plain = $answer->{body};
	gunzip(\$answer->{body}, \$plain) if $case->[1];
	is($answer->{headers}{'content-encoding'} // '', $case->[1], "Accept-Encoding: $case->[0]");
	is(length $plain, 330000, '... is the whole text');
	cmp_ok(length $answer->{body}, '<', 10000, '... and small') if $case->[1];
}
is(`curl -sf --compressed http://127.0.0.1:$port/metrics | wc -c` + 0, 330000, 'curl reads it');
is(`curl -s http://127.0.0.1:$port/metrics http://127.0.0.1:$port/ http://127.0.0.1:$port/nope http://127.0.0.1:$port/metrics -w '%{num_connects}\n' -o /dev/null -o /dev/null -o /dev/null -o /dev/null`,
	"1\n0\n0\n0\n", 'over one connection, as long as it likes');

$node->safe_psql('postgres', 'CREATE SEQUENCE rendered');
make_metrics(q{BEGIN SET LOCAL transaction_read_only = off; RETURN nextval('public.rendered'); END});
$node->safe_psql('postgres', 'ALTER SEQUENCE rendered RESTART');
metrics_become(503, qr/read-only|read only|must be set before/, 'nothing is written, whatever the function wants');
make_metrics(q{BEGIN RETURN clock_timestamp(); END});
metrics_become(200, qr/^\d{4}-/, 'metrics tell the time');
my %times = map { $_->{body} => 1 } Http::together($port, (Http::request('GET', '/metrics')) x 40);
cmp_ok(scalar keys %times, '<=', 3, 'forty who ask at once share an answer');

# ---- errors in SQL -------------------------------------------------------------------------------
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops gateway'});
make_metrics(q{BEGIN RAISE EXCEPTION 'out of "luck"'; END});
metrics_become(503, qr/^The metrics cannot be read: out of "luck"\n\z/, 'an error is told');
make_metrics(q{BEGIN PERFORM 1 / 0; RETURN 'x'; END});
metrics_become(503, qr/division by zero/, 'and the next one');
set_and_reload('dbops.http_timeout' => '500ms');
make_metrics(q{BEGIN LOOP END LOOP; END});
metrics_become(503, qr/statement timeout/, 'a function that does not end is ended');
set_and_reload('dbops.http_timeout' => '10s');
$node->safe_psql('postgres', 'CREATE TABLE locked ()');
make_metrics(q{BEGIN PERFORM FROM public.locked; RETURN 'y'; END});
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE locked') if $holder->can('query_safe');
SKIP: {
	skip 'no session that stays open here', 2 if !$holder->can('query_safe');
	metrics_become(503, qr/lock timeout/, 'it does not wait long for a lock');
}
$holder->quit if $holder->can('quit');
make_metrics(q{BEGIN RETURN 'back'; END});
metrics_become(200, qr/^back\z/, 'what works again is served again');
like(slurp_file($node->logfile), qr/dbops gateway cannot read metrics: division by zero.*dbops gateway can read metrics again/s, 'the log tells both');

$node->safe_psql('postgres', 'DROP EXTENSION dbops CASCADE; DROP SCHEMA IF EXISTS dbops CASCADE');
for (1 .. 100) { $health = Http::get($port, '/health'); last if $health->{body} =~ /no extension/; select undef, undef, undef, 0.1 }
is($health->{body}, qq({"status" : "unknown", "reason" : "the database has no extension dbops: CREATE EXTENSION dbops CASCADE"}\n), 'without the extension nothing is known');
is($health->{status}, 503, 'which is not well');
is(Http::get($port, '/primary')->{status}, 200, 'but a primary is one still');
$node->safe_psql('postgres', 'CREATE EXTENSION dbops');
for (1 .. 300) { $health = Http::get($port, '/health'); last if $health->{body} =~ /"score" : \d/; select undef, undef, undef, 0.1 }
like($health->{body}, qr/"score" : \d/, 'made anew, it is asked again');
is($node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops gateway'}), $pid, 'all by the same process');

# ---- who may ask ---------------------------------------------------------------------------------
make_metrics(q{BEGIN RETURN 'secret'; END});
metrics_become(200, qr/^secret\z/, 'without credentials anybody is answered');
my $file = "$folder/credentials";

sub write_credentials
{
	my ($mode, $lines) = @_;
	unlink $file;
	append_to_file($file, $lines);
	chmod $mode, $file or die;
	return;
}

sub status_of
{
	my (@headers) = @_;
	return Http::get($port, '/metrics', @headers)->{status};
}

sub status_becomes
{
	my ($status, $name, @headers) = @_;
	my $polls = 0;
	select undef, undef, undef, 0.05 while status_of(@headers) != $status && $polls++ < 200;
	is(status_of(@headers), $status, $name);
	return;
}

write_credentials(0600, "# who scrapes\nprometheus:open sesame\n\nbearer:0123456789abcdef\r\ngrafana:a:b\n");
set_and_reload('dbops.http_credentials_file' => $file);
status_becomes(401, 'with a file nobody is answered just so');
is(Http::get($port, $_)->{status}, 401, "not at $_ either") for '/', '/health', '/primary', '/nope';
like(Http::get($port, '/')->{headers}{'www-authenticate'}, qr/^Basic realm="dbops"/, 'and is asked who it is');
is(`curl -s -o /dev/null -w '%{http_code}' -u '$_->[0]' http://127.0.0.1:$port/metrics`, $_->[1], "curl -u '$_->[0]': $_->[1]")
  for [ 'prometheus:open sesame', 200 ], [ 'grafana:a:b', 200 ], [ 'prometheus:open', 401 ], [ 'prometheus:', 401 ], [ 'Prometheus:open sesame', 401 ], [ 'bearer:0123456789abcdef', 401 ];
is(status_of("Authorization: $_->[0]"), $_->[1], "Authorization: $_->[0]: $_->[1]")
  for [ 'Bearer 0123456789abcdef', 200 ], [ 'bearer 0123456789abcdef', 200 ], [ 'Bearer 0123456789abcdeF', 401 ], [ 'Bearer 0123456789abcdef0', 401 ],
  [ 'Bearer', 401 ], [ 'Basic', 401 ], [ 'Basic 0123456789abcdef', 401 ], [ 'Digest 0123456789abcdef', 401 ];
write_credentials(0600, "bearer:another\n");
status_becomes(401, 'a file that changes is read again: the old token is none', 'Authorization: Bearer 0123456789abcdef');
is(status_of('Authorization: Bearer another'), 200, 'the new one is');
like(Http::get($port, '/')->{headers}{'www-authenticate'}, qr/^Bearer realm="dbops"/, 'tokens alone are asked for as such');
chmod 0644, $file;
status_becomes(503, 'a file that others may read serves nobody', 'Authorization: Bearer another');
like(slurp_file($node->logfile), qr/WARNING: +dbops gateway: credentials file "\Q$file\E" has group or world access/, 'and the log says why');
becomes($node, "SELECT detail LIKE '%group or world access%' FROM dbops.status() WHERE component = 'gateway'", 't', 'so does status()');
write_credentials(0600, "nonsense\n");
status_becomes(503, 'nor does one with a line that makes no sense', 'Authorization: Bearer another');
unlink $file;
is(status_of('Authorization: Bearer another'), 503, 'nor one that is not there');
write_credentials(0600, "bearer:another\n");
status_becomes(200, 'when it is there it is read', 'Authorization: Bearer another');
set_and_reload('dbops.http_credentials_file' => '');
status_becomes(200, 'without a file everybody is answered');

# ---- addresses -----------------------------------------------------------------------------------
my $second = PostgreSQL::Test::Cluster::get_free_port();
my $stays = Http::connect_to($port);
syswrite $stays, "GET / HTTP/1.1\r\n";
set_and_reload('dbops.http_listen' => "127.0.0.1:$port, 127.0.0.2:$second");
becomes($node, "SELECT count(*) FROM (" . listens("127.0.0.1:$port, 127.0.0.2:$second") . ") AS f", '1', 'a reload adds an address');
is(`curl -s http://127.0.0.2:$second/primary`, "primary\n", 'where it listens, too');
syswrite $stays, "Host: here\r\nConnection: close\r\n\r\n";
like(join('', <$stays>), qr{^HTTP/1.1 200 }, 'connections stay');
set_and_reload('dbops.http_listen' => "127.0.0.2:$second");
becomes($node, "SELECT count(*) FROM (" . listens("127.0.0.2:$second") . ") AS f", '1', 'a reload takes one away');
is(Http::connect_to($port), undef, 'where nobody listens any more');
set_and_reload('dbops.http_listen' => "somewhere:$second");
becomes($node, "SELECT detail LIKE '%is not like%\"somewhere:$second\"; listening on 127.0.0.2:$second' FROM dbops.status() WHERE component = 'gateway'", 't',
	'what makes no sense changes nothing, and is told');
is(`curl -s http://127.0.0.2:$second/primary`, "primary\n", 'it goes on where it was');
my $squatter = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, ReuseAddr => 1) or die;
set_and_reload('dbops.http_listen' => "127.0.0.1:$port");
becomes($node, "SELECT detail LIKE 'could not listen on 127.0.0.1:$port: Address already in use%' FROM dbops.status() WHERE component = 'gateway'", 't', 'an address that is taken is told');
close $squatter;
becomes($node, "SELECT count(*) FROM (" . listens("127.0.0.1:$port") . ") AS f", '1', 'and listened on when it is free, without being asked');
set_and_reload('dbops.http_listen' => "*:$second");
becomes($node, "SELECT count(*) FROM (" . listens("0.0.0.0:$second") . ") AS f", '1', 'it listens everywhere if asked to');
like(slurp_file($node->logfile), qr/WARNING: +dbops gateway answers anybody who reaches 0\.0\.0\.0:$second/, 'with a warning where there are no credentials');

# ---- TLS -----------------------------------------------------------------------------------------
my ($certificate, $key) = ("$folder/server.crt", "$folder/server.key");

sub make_certificate
{
	my ($name) = @_;
	system(qq(openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name -addext subjectAltName=IP:127.0.0.1 -out $certificate -keyout $key 2>/dev/null)) == 0 or die;
	chmod 0600, $key;
	return;
}

sub curl_tls { return scalar `curl -s --cacert $certificate https://127.0.0.1:$port/primary` }

make_certificate('first');
chmod 0644, $key;
set_and_reload('dbops.http_listen' => '');
becomes($node, gateways(), '0', 'off for a moment');
set_and_reload('dbops.http_listen' => "127.0.0.1:$port", 'dbops.http_tls_certificate' => $certificate, 'dbops.http_tls_key' => $key);
becomes($node, "SELECT status, detail LIKE 'could not read \"$key\": it has group or world access%; listening on nothing' FROM dbops.status() WHERE component = 'gateway'",
	'critical|t', 'with a key that others may read it does not start');
is(Http::connect_to($port), undef, 'not in clear either');
chmod 0600, $key;
my $polls = 0;
select undef, undef, undef, 0.1 while curl_tls() eq '' && $polls++ < 100;
is(curl_tls(), "primary\n", 'it speaks TLS once the key is in order');
is(Http::get($port, '/primary')->{status}, 0, 'and nothing else');
like(`openssl s_client -connect 127.0.0.1:$port </dev/null 2>/dev/null`, qr/subject=CN ?= ?first/, 'with the certificate it was given');
make_certificate('second');
$node->reload;
$polls = 0;
select undef, undef, undef, 0.1 while curl_tls() eq '' && $polls++ < 100;
is(curl_tls(), "primary\n", 'a reload takes the new certificate');
append_to_file($certificate, "nonsense\n");
open my $broken, '>', $certificate or die;
print $broken "nonsense\n";
close $broken;
$node->reload;
becomes($node, "SELECT detail LIKE 'could not start the HTTP server%' FROM dbops.status() WHERE component = 'gateway'", 't', 'one that is none is told');
is(`curl -sk https://127.0.0.1:$port/primary`, "primary\n", 'and the last one goes on');
set_and_reload('dbops.http_tls_certificate' => '', 'dbops.http_tls_key' => '');
status_becomes(200, 'without them it speaks plainly');

# ---- off again -----------------------------------------------------------------------------------
set_and_reload('dbops.http_listen' => '');
becomes($node, gateways(), '0', 'a reload ends it');
is(Http::connect_to($port), undef, 'and nobody listens');
is($node->safe_psql('postgres', finding()), '', 'which is as it should be');
is($node->safe_psql('postgres', "SELECT count(*) FROM dbops.self WHERE process = 'gateway'"), '1', 'what it cost is in dbops.self');
unlike(slurp_file($node->logfile), qr/PANIC|was terminated by signal|TRAP/, 'nothing crashed');
$node->stop;
done_testing();
