# covers: expose/prometheus_rules
#
# A real Prometheus scrapes the gateway, loads the rules, and knows what it was told.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run qw(start run);
use JSON::PP;

my ($prometheus) = grep { -x } map { "$_/prometheus" } split /:/, $ENV{PATH};
plan skip_all => 'prometheus is not installed' unless $prometheus;
plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';

my $node = PostgreSQL::Test::Cluster->new('scraped');
my $port = PostgreSQL::Test::Cluster::get_free_port();
$node->init;
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.http_listen = '127.0.0.1:$port'
max_worker_processes = 16
fsync = off
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
# ---- a Prometheus of our own -----------------------------------------------------------------------
my $folder = PostgreSQL::Test::Utils::tempdir();
my $own_port = PostgreSQL::Test::Cluster::get_free_port();
append_to_file("$folder/rules.yml", $node->safe_psql('postgres', 'SELECT dbops.prometheus_rules()') . "\n");
append_to_file("$folder/prometheus.yml", <<"YAML");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: postgresql
    static_configs: [{targets: ['127.0.0.1:$port']}]
YAML
my $log = '';
my $handle = start [ $prometheus, "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/data",
	"--web.listen-address=127.0.0.1:$own_port", '--log.level=warn' ], '>&', \$log;

sub ask
{
	my ($path, @query) = @_;
	my ($out, $err) = ('', '');
	run [ 'curl', '-s', '-G', "http://127.0.0.1:$own_port/api/v1/$path", map { ('--data-urlencode', $_) } @query ], \undef, \$out, \$err;
	return $out;
}

# Whether the answer matches in the end.
sub becomes
{
	my ($wanted, @question) = @_;
	my $answer = '';
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$answer = ask(@question);
		return 1 if $answer =~ $wanted;
		select undef, undef, undef, 0.1;
	}
	diag("$answer\n$log");
	return 0;
}

ok(becomes(qr/"value":\[[\d.]+,"1"\]/, 'query', 'query=up{job="postgresql"}'), 'it is up');
ok(becomes(qr/"value":\[[\d.]+,"1"\]/, 'query', 'query=pg_up'), 'and so is the server');
my %told = map { $_ => 1 } $node->safe_psql('postgres', 'SELECT dbops.prometheus()') =~ /^([a-z0-9_]+)[{ ]/mg;
cmp_ok(scalar(keys %told), '>', 500, 'much is told');
# What is there for a moment may be told after one scrape and gone before the next.
my @unknown;
for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	my %known = map { $_ => 1 } ask('label/__name__/values') =~ /"([a-z0-9_]+)"/g;
	my %still = map { $_ => 1 } $node->safe_psql('postgres', 'SELECT dbops.prometheus()') =~ /^([a-z0-9_]+)[{ ]/mg;
	@unknown = grep { $still{$_} && !$known{$_} } sort keys %told;
	last if !@unknown;
	select undef, undef, undef, 0.1;
}
is_deeply(\@unknown, [], 'all that is told is known');
ok(becomes(qr/"score"|"value":\[[\d.]+,"\d+"\]/, 'query', 'query=dbops_health_score{datname=""}'), 'the score');
ok(becomes(qr/"state":"firing".*unsafe settings|unsafe settings.*"state":"firing"/s, 'alerts'), 'an alert fires: fsync is off');
like(ask('rules'), qr/"health":"ok"/, 'rules are evaluated');
unlike(ask('rules'), qr/"health":"err"/, 'all of them');
like(ask('targets'), qr/"lastError":""/, 'nothing was wrong with the last scrape');

# ---- the dashboard for Grafana -----------------------------------------------------------------------
my $dashboard = decode_json($node->safe_psql('postgres', "SELECT dbops.grafana_dashboard('prometheus')"));
# A machine may show neither disks nor networks to who runs in a part of it.
my $unseen = join '|', '-', grep { $node->safe_psql('postgres', "SELECT count(*) FROM dbops.${_}_now") eq '0' } qw(device network);
foreach my $panel (@{ $dashboard->{panels} })
{
	foreach my $target (@{ $panel->{targets} })
	{
		# No check is unknown or critical for sure, and nobody replicates or fails.
		my $wanted = $panel->{title} =~ /^(Replication Lag|Errors)/ || $target->{expr} =~ /dbops_($unseen)_/ ? qr/"status":"success"/ : qr/"status":"success".*"value":/;
		my $query = $target->{expr} =~ s/\$__rate_interval/10s/gr =~ s/"\$\w+"/".*"/gr;
		ok(becomes($wanted, 'query', "query=$query"), "$panel->{title} ($target->{refId}) has something to show");
	}
}
$handle->kill_kill;
$node->stop;
done_testing();
