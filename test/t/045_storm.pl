# 500 connections at once, and thousands of tables made and dropped: sampling goes on, in bounded memory.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Samples;
use Test::More;

my ($connections, $tables, $makers) = (500, 10000, 4);

my $node = PostgreSQL::Test::Cluster->new('storm');
$node->init;
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
max_connections = 600
shared_buffers = 64MB
fsync = off
autovacuum = off
log_statement = none
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE');
sql('SELECT dbops.take_sample()');
my $samples = Samples->new($node);

sub private_kb
{
	my ($kb) = map { /^RssAnon:\s+(\d+) kB/ } split /\n/,
	  slurp_file('/proc/' . sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'dbops $_[0]'") . '/status');
	return $kb;
}

# ---- connections -----------------------------------------------------------------------------------
my $one = $node->basedir . '/one.sql';
append_to_file($one, "SELECT 1;\n");
$node->command_ok([ 'pgbench', '-n', '-C', '-c', $connections, '-j', 2, '-t', 2, '-f', $one, 'postgres' ],
	"$connections clients connect, ask and leave");
$node->command_ok([ 'pgbench', '-n', '-c', $connections, '-j', 2, '-t', 2, '-f', $one, 'postgres' ],
	"$connections clients stay connected");
sql('SELECT dbops.take_sample()');
$samples->are_whole('after the storm');
cmp_ok(sql("SELECT sum(sessions) FROM dbops.database_history WHERE datname = 'postgres'"), '>=', $connections * 3,
	'each connection is counted');
is(sql(q{SELECT sum(t.calls) FROM pg_stat_statements AS p JOIN dbops._tracked_statements() AS t USING (queryid)
	WHERE p.query LIKE 'SELECT _1'}), 4 * $connections, 'and each statement');

# ---- tables ----------------------------------------------------------------------------------------
# Twice: whatever the first half needs once, the second must not add to it.
sub make_and_drop
{
	my ($half) = @_;
	my $each = $tables / 2 / $makers;
	my @sessions = map { my $maker = $_; IPC::Run::start([ 'psql', '-X', '-q', '-c', <<"SQL", $node->connstr('postgres') ]) } 1 .. $makers;
DO \$\$BEGIN
    FOR i IN 1 .. $each LOOP
        EXECUTE format('CREATE TABLE made_%s_%s (id int)', $maker, i);
        EXECUTE format('DROP TABLE made_%s_%s', $maker, i);
        IF i % 10 = 0 THEN COMMIT; END IF;
    END LOOP;
END\$\$
SQL
	is(scalar(grep { $_->finish } @sessions), $makers, "$tables tables, $half half: made and dropped");
	sql('SELECT dbops.take_sample()');
	return;
}
$samples->begin;
make_and_drop('first');
my ($sampler_kb, $keeper_kb) = (private_kb('sampler'), private_kb('keeper'));
make_and_drop('second');
cmp_ok(private_kb('sampler'), '<', $sampler_kb + 2048, 'the memory of the sampler is bounded');
# Which may have packed samples for the first time.
cmp_ok(private_kb('keeper'), '<', $keeper_kb + 8192, 'and that of the keeper');
$samples->are_whole('after all the tables');
sql('CREATE TABLE stays (id int)');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.objects WHERE objname = 'stays'}),
	'a table that stays is learned');
is(sql(q{SELECT ticks_lost + ticks_dropped FROM dbops.self_now WHERE process = 'sampler'}), '0', 'no sample is lost');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|out of memory/, 'the server is unharmed');

$node->stop;
done_testing();
