# covers: track/logins collect/login
#
# Every way not to get in is counted under its own reason, by a process that never gets to be a session.
use strict;
use warnings FATAL => 'all';

use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('logins');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_connections = 12
superuser_reserved_connections = 1
max_worker_processes = 16
lc_messages = 'C'
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE with_password LOGIN PASSWORD 'right';
CREATE ROLE without_login;
CREATE ROLE limited LOGIN CONNECTION LIMIT 0;
CREATE ROLE rejected LOGIN;
CREATE ROLE unlisted LOGIN;
CREATE ROLE by_peer LOGIN;
CREATE ROLE plain LOGIN;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
CREATE DATABASE full_up CONNECTION LIMIT 0;
CREATE DATABASE private;
REVOKE CONNECT ON DATABASE private FROM PUBLIC;
SQL
my $me = $node->safe_psql('postgres', 'SELECT current_user');
unlink($node->data_dir . '/pg_hba.conf');
$node->append_conf('pg_hba.conf', <<"HBA");
local all $me trust
local all with_password scram-sha-256
local all rejected reject
local all by_peer peer
local all missing trust
local all without_login,limited,plain trust
HBA
$node->reload;

sub login
{
	my ($user, $database) = @_;
	local $ENV{PGPASSWORD} = 'wrong';
	local $ENV{PGAPPNAME} = 'login test';
	# A psql that is gone already takes no input.
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-c', 'SELECT 1', '-d', $node->connstr($database), '-U', $user ], '<', \undef,
		'>', \$out, '2>', \$err);
	return $err;
}

sub failures
{
	my ($reason) = @_;

	return $node->safe_psql('postgres', "SELECT string_agg(concat_ws(' ', rolname, datname, client_addr, sqlstate,
		failures, last_at > now() - interval '1 minute', what_to_do IS NOT NULL), ', ' ORDER BY rolname, datname)
		FROM dbops.logins WHERE reason = '" . $reason =~ s/'/''/gr . "'");
}

is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.logins'), '0', 'a login that succeeds is none that failed');
login('with_password', 'postgres') for 1 .. 3;
login('rejected', 'postgres');
login('unlisted', 'postgres');
login('by_peer', 'postgres');
login('missing', 'postgres');
login('without_login', 'postgres');
login($me, 'no_such_database');
login($me, 'closed');
login('plain', 'private');
login('limited', 'postgres');
login('plain', 'full_up');
is(failures('password'), 'with_password postgres [local] 28P01 3 t t', 'a wrong password');
is(failures('pg_hba reject'), 'rejected postgres [local] 28000 1 t t', 'a rejecting line of pg_hba.conf');
is(failures('no pg_hba entry'), 'unlisted postgres [local] 28000 1 t t', 'no line of pg_hba.conf');
is(failures('authentication'), 'by_peer postgres [local] 28000 1 t t', 'another method that fails');
is(failures('unknown role'), 'missing postgres [local] 28000 1 t t', 'a role that does not exist');
is(failures('role may not log in'), 'without_login postgres [local] 28000 1 t t', 'a role that may not log in');
is(failures('unknown database'), "$me no_such_database [local] 3D000 1 t t", 'a database that does not exist');
is(failures('database closed'), "$me closed [local] 55000 1 t t", 'a database that takes no connections');
is(failures('no privilege'), 'plain private [local] 42501 1 t t', 'a database that the role may not use');
is(failures("role's connection limit"), 'limited postgres [local] 53300 1 t t', 'the limit of a role');
is(failures("database's connection limit"), 'plain full_up [local] 53300 1 t t', 'the limit of a database');
{
	local $ENV{PGOPTIONS} = '-c work_mem=nonsense';
	login($me, 'postgres');
}
is(failures('setting'), "$me postgres [local] 22023 1 t t", 'an option that makes no sense');

# Bytes that are no start-up packet, as of somebody who tries ports.
my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $node->host . '/.s.PGSQL.' . $node->port);
ok(defined $socket, 'a socket is open');
$socket->syswrite("GET / HTTP/1.0\r\n\r\n");
1 while $socket->sysread(my $answer, 1000);
like(failures('protocol'), qr/^\[local\] 08P01 1 t t$/, 'no start-up packet');

# Names that are not ASCII cannot harm whoever reads them.
login("we\xc3\xa4rd\xff", 'postgres');
like(failures('no pg_hba entry'), qr/we\?\?rd\? postgres/, 'odd letters of a name');

# All connections in use.
my @sessions;
for my $n (1 .. 12)
{
	my ($in, $out, $err) = ("SELECT 'ready $n';\n", '', '');
	my $session = IPC::Run::start([ 'psql', '-X', '-qAt', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out,
		'2>', \$err);
	my $ready = eval { $session->pump until $out =~ /ready/ || $err =~ /\n/; $out =~ /ready/ };
	push @sessions, $session;
	last unless $ready;
}
my $err = login('plain', 'postgres');
like($err, qr/remaining connection slots|too many clients/, 'no connection is free');
$_->kill_kill for @sessions;
ok($node->poll_query_until('postgres', "SELECT sum(failures) >= 1 FROM dbops.logins WHERE reason = 'too many connections'
	AND sqlstate = '53300'"), 'and that is counted');

# Ever new names do not push out the sums.
$node->append_conf('pg_hba.conf', "local all all reject\n");
$node->reload;
my $before = $node->safe_psql('postgres', "SELECT sum(failures) FROM dbops.login_now");
my $socket_path = $node->host . '/.s.PGSQL.' . $node->port;
for my $n (1 .. 400)
{
	my $client = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $socket_path);
	my $packet = pack('N', 196608) . "user\0attacker$n\0database\0postgres\0\0";
	$client->syswrite(pack('N', 4 + length $packet) . $packet);
	1 while $client->sysread(my $answer, 1000);
}
is($node->safe_psql('postgres', "SELECT sum(failures) - $before FROM dbops.login_now"), '400', 'no failure is lost');
is($node->safe_psql('postgres', "SELECT count(*) <= 256 + 19 AND sum(failures) FILTER (WHERE rolname = '' AND client_addr = '') > 50
	FROM dbops.login_now"), 't', 'beyond the room for names they are counted together');
is(failures('password'), 'with_password postgres [local] 28P01 3 t t', 'what was there keeps its place');

# And the history has them.
$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
login('with_password', 'postgres');
login('with_password', 'postgres');
is($node->safe_psql('postgres', "SELECT dbops.take_sample() IS NOT NULL"), 't', 'a sample is taken');
is($node->safe_psql('postgres', "SELECT reason, sqlstate, datname, client_addr, failures FROM dbops.login_history
	WHERE rolname = 'with_password' AND failures > 0 ORDER BY at DESC LIMIT 1"), 'password|28P01|postgres|[local]|2',
	'the history has the increase');

# While it shuts down: only a session that was open before can tell.
my ($in, $out) = ("SELECT 'open';\n", '');
my $last = IPC::Run::start([ 'psql', '-X', '-qAt', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
$last->pump until $out =~ /open/;
system_or_bail('pg_ctl', '-D', $node->data_dir, '-m', 'smart', '-W', 'stop');
my $refused = '';
for (1 .. 1000)
{
	$refused = login($me, 'postgres');
	last if $refused =~ /shutting down/;
}
like($refused, qr/shutting down/, 'a server that shuts down refuses logins');
$in .= "SELECT reason, sqlstate, failures FROM dbops.logins WHERE reason = 'shutting down';\nSELECT 'told';\n";
$last->pump until $out =~ /told/;
like($out, qr/shutting down\|\w{5}\|1\n/, 'and counts that');
$node->stop('fast');
$last->kill_kill;
done_testing();
