# covers: collect/connection expose/connections
#
# Connections are counted by database, role, application and address, as many as there are, in few rows.
use strict;
use warnings FATAL => 'all';

use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('connections');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
listen_addresses = '127.0.0.1'
max_connections = 300
max_worker_processes = 16
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE ROLE app LOGIN; CREATE DATABASE shop');
$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust\n");
$node->reload;

# A session that speaks only as much of the protocol as it must.
sub connect_as
{
	my ($application) = @_;
	my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $node->host . '/.s.PGSQL.' . $node->port)
	  or die "cannot connect: $!";
	my $packet = pack('N', 196608) . "user\0app\0database\0shop\0application_name\0$application\0\0";
	$socket->syswrite(pack('N', 4 + length $packet) . $packet);
	my $answer = '';
	while ($answer !~ /Z\x00{3}\x05I$/)
	{
		$socket->sysread($answer, 1000, length $answer) or die "no session for $application: $answer";
	}
	return $socket;
}

sub run
{
	my ($socket, $sql) = @_;
	$socket->syswrite('Q' . pack('N', 5 + length $sql) . "$sql\0");
	my $answer = '';
	$socket->sysread($answer, 1000, length $answer) until $answer =~ /Z\x00{3}\x05[IT]$/;
	return;
}

sub rows
{
	my ($columns) = @_;
	return $node->safe_psql('postgres', "SELECT $columns FROM dbops.connections WHERE datname = 'shop'");
}

sub sample { return $node->safe_psql('postgres', 'SELECT dbops.take_sample() IS NOT NULL') }

sample();
my @web = map { connect_as('web') } 1 .. 3;
my $batch = connect_as('batch');
run($web[0], 'BEGIN');
is(rows('rolname, application_name, client_addr, connections, active, idle, idle_in_transaction'),
	"app|web|[local]|3|0|2|1\napp|batch|[local]|1|0|1|0", 'by application and state, the most first');
is(rows("bool_and(oldest >= oldest_idle AND oldest_idle < '1 minute' AND limit_percent BETWEEN 0.1 AND 2)"), 't',
	'with ages and the share of the limit');
like($node->safe_psql('postgres', "SELECT active FROM dbops.connection_now WHERE datname = 'postgres'"), qr/^1$/,
	'a connection that runs a statement is active');
my ($in, $out, $err) = ("SELECT 'ready';\n", '', '');
my $tcp = IPC::Run::start([ 'psql', '-X', '-qAt', '-h', '127.0.0.1', '-p', $node->port, '-U', 'app', 'shop' ], '<', \$in, '>', \$out,
	'2>', \$err);
$tcp->pump until $out =~ /ready/ || $err =~ /\n/;
is(rows("string_agg(client_addr, ' ') FILTER (WHERE client_addr <> '[local]')"), '127.0.0.1', 'an address of the network');
$tcp->kill_kill;

# The history counts new connections, and knows when they are gone.
sample();
push @web, connect_as('web');
sample();
close $_ for @web, $batch;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'shop'");
sample();
is($node->safe_psql('postgres', "SELECT application_name, connections, idle_in_transaction, established
	FROM dbops.connection_history WHERE datname = 'shop' AND application_name IN ('web', 'batch')
	ORDER BY application_name DESC, at"), "web|3|1|3\nweb|4|1|1\nweb|0|0|\nbatch|1|0|1\nbatch|0|0|",
	'the history has new ones and an end')
  or diag($node->safe_psql('postgres', "SELECT * FROM dbops.connection_history WHERE datname = 'shop' ORDER BY at"));

# More applications than rows.
my @many = map { connect_as("application $_") } 1 .. 230;
push @many, connect_as('application 1');
is($node->safe_psql('postgres', 'SELECT count(*), sum(connections) FROM dbops.connection_now'), '200|232',
	'the number of rows is bounded, and no connection is missing');
is($node->safe_psql('postgres', "SELECT application_name, connections FROM dbops.connections LIMIT 2"),
	"(others)|32\napplication 1|2", 'those with the fewest connections share a row');

$node->stop;
done_testing();
