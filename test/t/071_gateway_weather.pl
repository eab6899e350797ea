# covers: gateway/connections gateway/http_server gateway/gateway worker/gateway_report
#
# The gateway in bad weather: clients that are slow, malformed, too many or gone; a standby; a server that goes down.
# Good requests are answered throughout, nothing leaks, and nobody in the server notices.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use Http;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Samples;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.http_listen = '127.0.0.1:$port'
dbops.http_timeout = 2s
dbops.http_max_connections = 20
max_worker_processes = 16
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

sub gateway_pid { my ($node) = @_; return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops gateway'}) }

# All but files of the database, which any process of the server keeps open for a while.
sub descriptors { my ($pid) = @_; return scalar grep { (readlink // '') !~ m{/(?:base|global|pg_wal)/} } glob "/proc/$pid/fd/*" }

sub descriptors_return
{
	my ($pid, $to) = @_;
	my $polls = 0;
	select undef, undef, undef, 0.1 while descriptors($pid) > $to && $polls++ < 200;
	return descriptors($pid) <= $to;
}

sub status_is
{
	my ($at, $path, $status, $name) = @_;
	my $answer;
	for (1 .. 300)
	{
		$answer = Http::get($at, $path);
		last if $answer->{status} == $status;
		select undef, undef, undef, 0.1;
	}
	is($answer->{status}, $status, $name) or diag $answer->{body};
	return;
}

# A connection that is refused has status 0, too.
sub await { my ($at) = @_; for (1 .. 300) { last if Http::get($at, '/')->{status}; select undef, undef, undef, 0.1 } return }

await($port);
becomes($primary, 'SELECT dbops.health_score() IS NOT NULL', 't', 'there are verdicts');
ok($primary->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.status() WHERE component = 'gateway' AND status = 'ok'}), 'the gateway is there');
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
my $pid = gateway_pid($primary);
my $samples = Samples->new($primary);

# ---- slow ones -----------------------------------------------------------------------------------
my $good = Http::request('GET', '/health');
my $half = substr $good, 0, 30;
my ($nothing, $first, $slow) = Http::together($port, '', "GET / HT", $half);
for my $case ([ 'nothing', $nothing ], [ 'half a line', $first ], [ 'half a request', $slow ])
{
	my ($name, $answer) = @$case;
	is($answer->{status}, 408, "who sends $name is told that it took too long");
	cmp_ok($answer->{seconds}, '>', 1.5, '... after the time that it has');
	cmp_ok($answer->{seconds}, '<', 8, '... and not much later');
}
# One byte at a time makes no difference.
my $dripping = Http::connect_to($port);
my $began = time;
while (time - $began < 20)
{
	local $SIG{PIPE} = 'IGNORE';
	last if !defined syswrite $dripping, 'x';
	my $bits = '';
	vec($bits, fileno $dripping, 1) = 1;
	last if select $bits, undef, undef, 0.2;
}
like(scalar <$dripping>, qr{^HTTP/1.1 408 }, 'who sends a byte now and then is no exception');
cmp_ok(time - $began, '<', 8, 'in the same time');
my $idle = Http::connect_to($port);
syswrite $idle, "GET /primary HTTP/1.1\r\nHost: here\r\n\r\n";
like(join('', <$idle>), qr{^HTTP/1.1 (?:200|503) (?:(?!HTTP/1.1).)*\z}s, 'a connection that idles after its request is closed without a word');

# ---- who does not take the answer ----------------------------------------------------------------
$primary->safe_psql('postgres', <<'SQL');
DO $do$ BEGIN
	IF pg_catalog.to_regproc('dbops.prometheus') IS NOT NULL THEN ALTER FUNCTION dbops.prometheus RENAME TO real_prometheus; END IF;
END $do$;
CREATE FUNCTION dbops.prometheus() RETURNS text LANGUAGE sql AS $f$ SELECT repeat('0123456789abcde' || chr(10), 1000000) $f$;
SQL
status_is($port, '/metrics', 200, 'metrics of 16 MB');
my $at_rest = descriptors($pid);
my @deaf = map { Http::connect_to($port) } 1 .. 10;
syswrite $_, Http::request('GET', '/metrics') for @deaf;
my $large = Http::get($port, '/metrics');
is(length $large->{body}, 16000000, 'who reads gets all of it beside ten who do not');
ok($primary->poll_query_until('postgres', 'SELECT true'), 'and the server works');
ok(descriptors_return($pid, $at_rest), 'those who do not read are not waited for');
my $got = 0;
for my $socket (@deaf) { while (sysread $socket, my $piece, 65536) { $got += length $piece } }
cmp_ok($got, '<', 160_000_000, 'and do not get all of it');
undef @deaf;

# ---- 200 at once, half of them bad, where 20 have room --------------------------------------------
status_is($port, '/primary', 200, 'it answers');
$primary->safe_psql('postgres', 'DROP FUNCTION dbops.prometheus(); CREATE FUNCTION dbops.prometheus() RETURNS text LANGUAGE sql AS $$ SELECT repeat(\'x 1\' || chr(10), 1000) $$');
status_is($port, '/metrics', 200, 'with small metrics');
my $before = descriptors($pid);
my @kinds = (
	[ $good, qr/^(200|503)$/ ], [ $half, qr/^408$/ ], [ Http::request('GET', '/metrics', 'Accept-Encoding: gzip'), qr/^200$/ ], [ "nonsense\r\n\r\n", qr/^400$/ ],
	[ Http::request('GET', '/primary'), qr/^200$/ ], [ 'GET / HTTP/1.1', qr/^408$/ ], [ Http::request('GET', '/'), qr/^200$/ ],
	[ Http::request('GET', '/', map { "X-$_: " . 'y' x 400 } 1 .. 100), qr/^431$/ ], [ Http::request('GET', '/nope'), qr/^404$/ ],
	[ Http::request('POST', '/metrics', 'Content-Length: 9') . 'content', qr/^405$/ ]);
for my $round (1 .. 2)
{
	my @answers = Http::together($port, map { $kinds[ $_ % @kinds ][0] } 0 .. 199);
	for my $kind (0 .. $#kinds)
	{
		my @wrong = grep { $_ % @kinds == $kind && $answers[$_]{status} !~ $kinds[$kind][1] } 0 .. 199;
		is(scalar @wrong, 0, "round $round: each of kind $kind has its status") or diag join ' ', map { $answers[$_]{status} } @wrong;
	}
	my ($slowest) = sort { $b <=> $a } map { $answers[$_]{seconds} } grep { $_ % 2 == 0 } 0 .. 199;
	cmp_ok($slowest, '<', 15, "round $round: the good ones wait a bounded time for the others");
}
ok(descriptors_return($pid, $before), 'no descriptor is left over');
is(gateway_pid($primary), $pid, 'all by the same process');
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
$samples->are_whole('meanwhile');
becomes($primary, q{SELECT substring(detail FROM 'requests: (\d+)')::int > 300 AND substring(detail FROM 'refused: (\d+)')::int > 80
	FROM dbops.status() WHERE component = 'gateway'}, 't', 'status() counts them');

# A client that is gone before its answer is there.
for (1 .. 50) { my $gone = Http::connect_to($port); syswrite $gone, $good; close $gone }
status_is($port, '/primary', 200, 'those who leave harm nobody');

$primary->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
status_is($port, '/primary', 200, 'nor does it harm to cancel what does not run');
is(gateway_pid($primary), $pid, 'still the same process');

# ---- killed --------------------------------------------------------------------------------------
$primary->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops gateway' AND pid <> $pid"), 'the sampler starts it again');
$primary->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'dbops sampler'});
ok($primary->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops sampler'}), 'a sampler that is started anew');
await($port);
is($primary->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbops gateway'}), '1', 'starts no second gateway');

# ---- a standby -----------------------------------------------------------------------------------
my $other = PostgreSQL::Test::Cluster::get_free_port();
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.http_listen = '127.0.0.1:$other'\ndbops.http_timeout = 10s\n");
$standby->start;
await($other);
status_is($other, '/replica', 200, 'a standby is a replica');
status_is($other, '/primary', 503, 'and no primary');
status_is($other, '/metrics', 200, 'it has metrics');
ok($standby->poll_query_until('postgres', 'SELECT dbops.health_score() IS NOT NULL'), 'it is judged');
my $health;
for (1 .. 100) { $health = Http::get($other, '/health'); last if $health->{body} =~ /"score" : \d/; select undef, undef, undef, 0.1 }
like($health->{body}, qr/"in_recovery" : true/, 'it has verdicts of its own');
$primary->wait_for_catchup($standby);
status_is($other, "/replica?lag=$_", 200, "it is not further behind than $_") for '1h', '100MB';
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$primary->safe_psql('postgres', 'CREATE TABLE behind AS SELECT i, repeat(\'x\', 100) FROM generate_series(1, 20000) AS i');
status_is($other, "/replica?lag=$_", 503, "when replay has stopped it is further behind than $_") for '100kB', '500ms';
status_is($other, '/replica', 200, 'and a replica still');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
status_is($other, '/replica?lag=100kB', 200, 'until it has caught up');
my $standby_pid = gateway_pid($standby);
$primary->stop;
$standby->promote;
status_is($other, '/primary', 200, 'promoted, it is the primary');
status_is($other, '/replica', 503, 'and no replica');
is(gateway_pid($standby), $standby_pid, 'by the same process');

# ---- going down with connections open -------------------------------------------------------------
my @open = map { Http::connect_to($other) } 1 .. 15;
syswrite $_, $half for @open;
$standby->safe_psql('postgres', 'DROP FUNCTION dbops.prometheus(); CREATE FUNCTION dbops.prometheus() RETURNS text LANGUAGE plpgsql AS $$ BEGIN LOOP END LOOP; END $$');
my $busy = Http::connect_to($other);
syswrite $busy, Http::request('GET', '/metrics');
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops gateway' AND query = 'metrics' AND state = 'active'}), 'a query that does not end is under way');
$began = time;
$standby->stop('fast');
cmp_ok(time - $began, '<', 6, 'the server goes down all the same, and at once');
unlike(slurp_file($_->logfile), qr/PANIC|was terminated by signal|TRAP/, $_->name . ': nothing crashed') for $primary, $standby;
done_testing();
