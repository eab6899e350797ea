# covers: gateway/metrics_format expose/exposition_protobuf expose/exposition_text
#
# The gateway answers in the format that a scraper prefers; and a real Prometheus that takes native
# histograms finds in them what dbops knows.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Http;
use IO::Uncompress::Gunzip qw(gunzip);
use IPC::Run qw(start run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use JSON::PP;
use Test::More;

plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.http_listen = '127.0.0.1:$port'
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

# ---- which format -------------------------------------------------------------------------------
my %types = (
	text => 'text/plain; version=0.0.4; charset=utf-8',
	openmetrics => 'application/openmetrics-text; version=1.0.0; charset=utf-8',
	protobuf => 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited');
my %begins = (text => qr/^# HELP pg_/, openmetrics => qr/^# TYPE pg_/, protobuf => qr/^.{1,3}\x0a.pg_/s);
my $protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
my $openmetrics = 'application/openmetrics-text;version=1.0.0';

# The first answers may come before the extension is there.
sub ask
{
	my (@headers) = @_;
	my $answer;
	for (1 .. 300)
	{
		$answer = Http::get($port, '/metrics', @headers);
		last if $answer->{status} == 200;
		select undef, undef, undef, 0.1;
	}
	return $answer;
}

for my $case (
	[ 'text', undef ],
	[ 'text', '*/*' ],
	[ 'text', 'text/html,*/*;q=0.8' ],
	[ 'text', 'application/json' ],
	[ 'text', 'application/openmetrics-text;version=7.0.0' ],
	[ 'text', 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text' ],
	[ 'text', "$openmetrics;q=0.2,$protobuf;q=0.3,text/plain;q=0.4" ],
	[ 'openmetrics', $openmetrics ],
	[ 'openmetrics', "$protobuf;q=0,text/plain;q=0.5,$openmetrics;q=0.8" ],
	[ 'protobuf', $protobuf ],
	[ 'protobuf', "$protobuf,$openmetrics;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1" ])
{
	my ($format, $accept) = @$case;
	my $answer = ask($accept ? ("Accept: $accept") : ());
	my $name = $accept // 'no header';
	is($answer->{headers}{'content-type'}, $types{$format}, "$name: $format");
	like($answer->{body}, $begins{$format}, "$name: is what it says");
	is($answer->{headers}{vary}, 'Accept, Accept-Encoding', "$name: caches know by what it varies");
}

my $packed = ask("Accept: $protobuf", 'Accept-Encoding: gzip');
my $unpacked;
is($packed->{headers}{'content-encoding'}, 'gzip', 'compressed, if asked for');
gunzip(\$packed->{body}, \$unpacked);
like($unpacked, $begins{protobuf}, 'and the same inside');
my @together = Http::together($port, map { Http::request('GET', '/metrics', "Accept: $_") } ('text/plain', $openmetrics, $protobuf) x 3);
is(join(' ', map { $_->{headers}{'content-type'} } @together), join(' ', ($types{text}, $types{openmetrics}, $types{protobuf}) x 3),
	'many at a time, each gets its own');
ok($together[0]{body} eq $together[3]{body} && $together[2]{body} eq $together[5]{body}, 'and those of the same format the same');

# ---- OpenMetrics --------------------------------------------------------------------------------
my $body = ask("Accept: $openmetrics")->{body};
my (%families, @doubly, @wrong, $family, $type);
for my $line (split /\n/, $body)
{
	if ($line =~ /^# TYPE (\S+) (\S+)$/)
	{
		push @doubly, $1 if $families{$1}++;
		($family, $type) = ($1, $2);
	}
	elsif ($line =~ /^# HELP (\S+) /) { push @wrong, $line if $1 ne $family }
	elsif ($line =~ /^([a-z0-9_]+)(\{.*\})? (\S+)$/)
	{
		my ($name, $labels) = ($1, $2 // '');
		my $wanted = $type eq 'counter' ? "${family}_total" : $family;
		push @wrong, $line if $type eq 'histogram' ? $name !~ /^\Q$family\E_(bucket|sum|count)$/ : $name ne $wanted;
		push @wrong, $line if $labels =~ /le="[0-9]+"/;
	}
	elsif ($line ne '# EOF') { push @wrong, $line }
}
is_deeply(\@doubly, [], 'OpenMetrics: no metric twice');
is_deeply(\@wrong, [], 'samples are called as the type of their metric demands');
like($body, qr/\n# EOF\n\z/, 'and there is an end');

# ---- a function that is not there -----------------------------------------------------------------
$node->safe_psql('postgres', 'ALTER FUNCTION dbops.prometheus_protobuf(int, int, int) RENAME TO renamed');
my $answer;
for (1 .. 300)
{
	$answer = Http::get($port, '/metrics', "Accept: $protobuf");
	last if $answer->{status} == 503;
	select undef, undef, undef, 0.1;
}
like($answer->{body}, qr/^The function dbops\.prometheus_protobuf\(\) is not there.*ALTER EXTENSION dbops UPDATE/, 'is told of');
is(ask()->{status}, 200, 'while the others answer');
$node->safe_psql('postgres', 'ALTER FUNCTION dbops.renamed(int, int, int) RENAME TO prometheus_protobuf');
is(ask("Accept: $protobuf")->{status}, 200, 'and it again when it is back');

# ---- native histograms ----------------------------------------------------------------------------
SKIP:
{
	my ($prometheus) = grep { -x } map { "$_/prometheus" } split /:/, $ENV{PATH};
	skip 'prometheus is not installed', 8 unless $prometheus;

	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $own_port = PostgreSQL::Test::Cluster::get_free_port();
	my $log = '';
	append_to_file("$folder/prometheus.yml", <<"YAML");
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: postgresql
    static_configs: [{targets: ['127.0.0.1:$port']}]
YAML
	my $handle = start [ $prometheus, "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/data",
		"--web.listen-address=127.0.0.1:$own_port", '--log.level=warn', '--enable-feature=native-histograms' ], '>&', \$log;

	# The value of a query with one, once it is as wanted.
	my $value_of = sub {
		my ($query, $wanted) = @_;
		my $out = '';
		for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
		{
			run [ 'curl', '-s', '-G', "http://127.0.0.1:$own_port/api/v1/query", '--data-urlencode', "query=$query" ], \undef, \$out, \my $err;
			return $1 if $out =~ /"value":\[[\d.]+,"([^"]+)"\]/ && (!defined $wanted || $1 == $wanted);
			select undef, undef, undef, 0.1;
		}
		diag("$query: $out\n$log");
		return 'NaN';
	};

	# One that is quick; when that is known, two hundred and ten, a quarter of which take their time.
	$node->safe_psql('postgres', 'CREATE TABLE probe AS SELECT 1 AS one; SELECT count(*) FROM probe, generate_series(1, 1)');
	my $queryid = $node->safe_psql('postgres', "SELECT queryid FROM dbops.statements WHERE query LIKE 'SELECT count(*) FROM probe, %' AND toplevel");
	my $series = qq(dbops_statement_duration_seconds{queryid="$queryid"});
	is($value_of->("histogram_count($series)", 1), 1, 'a native histogram is there');
	$node->safe_psql('postgres', join '', map { 'SELECT count(*) FROM probe, generate_series(1, ' . ($_ % 4 ? 1 : 20000) . ');' } 1 .. 210);
	is($value_of->("histogram_count($series)", 211), 211, 'it counts on');

	my ($p50, $p95, $seconds) = map { $_ / 1000 } split /\|/, $node->safe_psql('postgres',
		"SELECT dbops.quantile(exec_histogram, 0.5), dbops.quantile(exec_histogram, 0.95), total_exec_ms FROM dbops.statement_now WHERE queryid = $queryid AND toplevel");
	my $same = sub {
		my ($got, $expected, $name) = @_;
		# Ours is the middle of a bucket, theirs anywhere in it.
		ok($got ne 'NaN' && abs(log($got / $expected)) <= log(2) / 16, $name) or diag("$got for $expected");
	};
	$same->($value_of->("histogram_quantile(0.95, $series)"), $p95, 'with the 95th percentile that dbops has');
	$same->($value_of->("histogram_quantile(0.5, $series)"), $p50, 'and the median');
	# Of 210, too, it is the same one.
	$same->($value_of->("histogram_quantile(0.95, rate(${series}[10m]))"), $p95, 'a rate of it has that, too');
	$same->($value_of->("histogram_sum($series)"), $seconds, 'and the sum is what it took');
	is($value_of->('up{job="postgresql"}'), 1, 'Prometheus has nothing against the rest');
	cmp_ok($value_of->('count({__name__=~"(pg|dbops)_.*"})'), '>', 500, 'which is there');
	# What Grafana's dashboard asks of durations.
	my $dashboard = $node->safe_psql('postgres', "SELECT dbops.grafana_dashboard('prometheus')");
	foreach my $target (map { @{ $_->{targets} } } @{ decode_json($dashboard)->{panels} })
	{
		next unless $target->{expr} =~ /statement_duration/;
		my $query = $target->{expr} =~ s/\$__rate_interval/10m/gr =~ s/"\$\w+"/".*"/gr;
		cmp_ok($value_of->("count($query)"), '>', 0, "a panel is not empty: $query");
	}
	$handle->kill_kill;
}
$node->stop;
done_testing();
