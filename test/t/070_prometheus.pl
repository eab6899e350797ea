# covers: expose/prometheus
#
# Side by side with postgres_exporter on the same server: what it says, dbops says, under the same
# names and labels; promtool reads it; and whatever is locked, nobody is waited for.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run qw(start finish run);

my ($exporter) = grep { -x } map { "$_/prometheus-postgres-exporter" } split /:/, $ENV{PATH};
my ($promtool) = grep { -x } map { "$_/promtool" } split /:/, $ENV{PATH};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
track_io_timing = on
dbops.max_statements = 100
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE DATABASE other;
CREATE ROLE reader LOGIN IN ROLE pg_monitor;
CREATE TABLE orders (id int PRIMARY KEY, note text);
INSERT INTO orders SELECT i, 'note ' || i FROM generate_series(1, 1000) AS i;
ANALYZE orders;
SELECT pg_create_physical_replication_slot('spare', true);
SQL
$node->safe_psql('other', 'CREATE TABLE elsewhere AS SELECT 1 AS one');
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;

ok($node->poll_query_until('postgres', "SELECT dbops.prometheus() ~ 'table_size_bytes\\{[^}]*relname=\"orders\"'
	AND dbops.prometheus() ~ 'n_live_tup\\{datname=\"other\",schemaname=\"public\",relname=\"elsewhere\"\\} 1'
	FROM dbops.take_sample()"), 'tables of all databases are there, with their sizes');

# Name and labels, sorted and without empty ones, to value; and the types by name.
sub parse
{
	my ($body) = @_;
	my (%samples, %types);

	for my $line (split /\n/, $body)
	{
		$types{$1} = $2 if $line =~ /^# TYPE (\S+) (\S+)$/;
		next unless $line =~ /^([a-zA-Z0-9_:]+)(\{.*\})? (\S+)$/;
		my ($name, $labels, $value) = ($1, $2 // '', $3);
		my @pairs = sort grep { !/=""$/ && !/^server=/ } $labels =~ /(\w+="(?:[^"\\]|\\.)*")/g;
		$samples{"$name\{" . join(',', @pairs) . '}'} = $value;
	}
	return (\%samples, \%types);
}

sub scrape
{
	return parse($_[0]->safe_psql('postgres', 'SELECT dbops.prometheus()', extra_params => ['-U', 'reader']));
}

SKIP:
{
	skip 'promtool is not installed', 4 unless $promtool;
	my $body = $node->safe_psql('postgres', 'SELECT dbops.prometheus()') . "\n";
	my ($out, $err);
	run [ $promtool, 'check', 'metrics' ], \$body, \$out, \$err;
	unlike("$out$err", qr/error/i, 'promtool reads it');
	# What postgres_exporter calls its counters is no matter of taste here.
	is(join("\n", grep { /^dbops_/ } split /\n/, "$out$err"), '', 'and has nothing to say about the names of dbops');

	my $rules = PostgreSQL::Test::Utils::tempdir() . '/rules.yml';
	append_to_file($rules, $node->safe_psql('postgres', 'SELECT dbops.prometheus_rules()', extra_params => ['-U', 'reader']) . "\n");
	run [ $promtool, 'check', 'rules', $rules ], \undef, \$out, \$err;
	my $checks = $node->safe_psql('postgres', 'SELECT count(*) + 4 FROM dbops.checks');
	like("$out$err", qr/SUCCESS: $checks rules found/, 'rules: an alert for each check, and some more');
	# What rules ask for is there to be scraped.
	my %names = map { $_ => 1 } $body =~ /^# TYPE (\S+)/mg;
	my @asked = slurp_file($rules) =~ /\b((?:pg|dbops)_[a-z_]+)(?=[\[{])/g;
	is_deeply([ grep { !$names{ s/_bucket$//r } } sort @asked ], [], 'rules ask for what is there');
}

SKIP:
{
	skip 'postgres_exporter is not installed', 5 unless $exporter;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	my $log = '';
	local $ENV{DATA_SOURCE_NAME} = 'user=' . $node->safe_psql('postgres', 'SELECT current_user')
	  . ' dbname=postgres sslmode=disable host=' . $node->host . ' port=' . $node->port;
	my $handle = start [ $exporter, "--web.listen-address=127.0.0.1:$port" ], '>&', \$log;
	my $theirs = '';
	for (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default / 10)
	{
		run [ 'curl', '-s', "http://127.0.0.1:$port/metrics" ], \undef, \$theirs;
		last if $theirs =~ /^pg_up 1$/m;
		select undef, undef, undef, 0.1;
	}
	my ($expected, $expected_types) = parse($theirs);
	my ($found, $types) = scrape($node);
	$handle->kill_kill;

	my %mine = map { /^([^{]+)/ ? ($1 => 1) : () } keys %$found;
	# Of itself it tells other things; resets of this view are not known apart.
	my $own = qr/^(go_|promhttp_|pg_stat_replication_reply_time|process_|postgres_exporter_|pg_scrape_|pg_exporter_|pg_stat_bgwriter_stats_reset)/;
	my @names = grep { !/$own/ } keys %$expected_types;
	cmp_ok(scalar(@names), '>', 250, 'it tells of much');
	is(join("\n", grep { !$mine{$_} } sort @names), '', 'all of its metrics are there');
	is(join("\n", grep { $expected_types->{$_} ne 'untyped' && $expected_types->{$_} ne ($types->{$_} // '') } sort @names),
		'', 'of the same type');
	# Catalogs that all databases share have no name; databases nobody uses are not measured.
	# Before 0.12 it took the process for the slot.  Sessions of this test come and go.
	my @samples = grep { !/$own/ && !/^pg_stat_replication_/ && !/^pg_stat_activity_.*070_prometheus/ && !/datid="0"/ && !/^pg_database_size_bytes\{datname="template/ } keys %$expected;
	is(join("\n", grep { !exists $found->{$_} } sort @samples), '', 'with the same labels');
	# What the two sessions differ in, and what goes on meanwhile.
	my $moving = qr/^pg_(stat_database_|stat_activity_|locks_|settings_(extra_float_digits|tcp_|application)|stat_archiver_last|stat_replication|stat_bgwriter|static|replication_slots_pg_wal)/;
	is(join("\n", grep { abs($expected->{$_} - $found->{$_}) > 0.02 * abs($expected->{$_}) }
		  grep { exists $found->{$_} && !/$moving/ } sort @samples), '', 'and the same values');
}

# ---- states ---------------------------------------------------------------------------------------
my $session = $node->background_psql('postgres');
$session->query_safe('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
my ($samples) = scrape($node);
is($samples->{'pg_stat_activity_count{application_name="070_prometheus.pl",backend_type="client backend",datname="postgres",state="idle in transaction",'
	. 'usename="' . $node->safe_psql('postgres', 'SELECT current_user') . '",wait_event="ClientRead",wait_event_type="Client"}'} // 'none',
	1, 'a session is shown with what it waits for') or diag(join "\n", grep { /idle in trans/ } sort keys %$samples);
cmp_ok($samples->{'pg_locks_count{datname="postgres",mode="accessexclusivelock"}'}, '>=', 1, 'locks are counted');
is($samples->{'pg_locks_count{datname="other",mode="accessexclusivelock"}'}, 0, 'those that nobody holds, too');
is($samples->{'pg_exporter_last_scrape_error{}'}, 0, 'nothing that is locked is waited for or missed');
$session->query_safe('ROLLBACK');
$session->quit;
is($samples->{'pg_replication_slots_slot_is_active{slot_name="spare",slot_type="physical"}'}, 0, 'a slot that nobody uses');
ok((grep { /^pg_stat_replication_pg_wal_lsn_diff\{application_name="standby".*state="streaming"/ } keys %$samples), 'a receiver');

# What is not shown is in the sums, which never go down: not when statements are forgotten either.
my $asker = $node->background_psql('postgres');
sub ask_all { return parse($asker->query_safe('SELECT dbops.prometheus(statements => 1)')) }
($samples) = ask_all();
my $calls = $samples->{'dbops_statements_calls_total{datname="postgres"}'};
cmp_ok($calls, '>', 10, 'statements that are not shown are summed up');
is(scalar(grep { /^pg_stat_statements_calls_total/ } keys %$samples), 1, 'one is shown');
# The sampler makes room by what was not used for long.
for my $round (1 .. 20)
{
	$node->safe_psql('postgres', join "\n", map { 'SELECT ' . join('+', (1) x ($round * 50 + $_)) . ';' } 1 .. 50);
	last if $node->safe_psql('postgres', 'SELECT evicted > 0 FROM dbops.take_sample(), dbops._track_state()') eq 't';
}
is($node->safe_psql('postgres', 'SELECT evicted > 0 FROM dbops._track_state()'), 't', 'statements are forgotten');
($samples) = ask_all();
cmp_ok($samples->{'dbops_statements_calls_total{datname="postgres"}'}, '>=', $calls, 'their sum stays');
$asker->quit;

my ($there) = scrape($standby);
is($there->{'pg_replication_is_replica{}'}, 1, 'a standby says that it is one');
cmp_ok($there->{'pg_replication_lag_seconds{}'}, '<', 60, 'and how far behind');
ok((grep { /^pg_stat_wal_receiver_flushed_lsn\{.*status="streaming"/ } keys %$there), 'and from whom it receives');
is($there->{'pg_exporter_last_scrape_error{}'}, 0, 'all of it can be read there');

# An extension that is gone leaves the rest.
$node->safe_psql('postgres', 'DROP EXTENSION pg_stat_statements CASCADE');
$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS dbops CASCADE; DROP TABLE IF EXISTS orders');
($samples) = scrape($node);
is($samples->{'pg_up{}'}, 1, 'it is up after all was dropped and made anew');
$standby->stop;
$node->stop;
done_testing();
