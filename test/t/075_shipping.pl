# covers: gateway/shipper gateway/primary store/shipping store/tick_arrays expose/shipping_status worker/gateway_report
#
# A standby ships its samples to the primary: each once, whatever breaks in between, none back, and none twice after it is
# promoted.  What is in the way is told.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use Busy;
use Http;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'built without the gateway' if !-e `pg_config --pkglibdir` =~ s/\n//r . '/dbops_gateway.so';

my @families = qw(server database system wait connection statement recovery verdict);
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.ring_size = 64MB
max_worker_processes = 16
hot_standby_feedback = on
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE ROLE carrier LOGIN; CREATE ROLE "no right" LOGIN; CREATE TABLE t (id int)');
$primary->backup('copy');

my $port = PostgreSQL::Test::Cluster::get_free_port();
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\ndbops.http_listen = '127.0.0.1:$port'\n");
$standby->start;

sub conninfo { my ($user) = @_; return $primary->connstr . " user=''$user''" }

sub ship_as
{
	my ($user) = @_;
	$standby->safe_psql('postgres', "ALTER SYSTEM SET dbops.primary_conninfo = '" . conninfo($user) =~ s/(?<!')'(?!')/''/gr . "'");
	$standby->reload;
	return;
}

sub finding { my ($what) = @_; return "SELECT $what FROM dbops.status() WHERE component = 'shipping'" }

my $ticks = join ' UNION ALL ', map { "SELECT n.name, t.* FROM dbops.tick_$_ AS t JOIN dbops.node AS n ON n.id = t.node" } 0 .. 7;

# What the standby's memory has, by number, independent of what is in tables.  Where nothing has changed, as among statements, samples
# become one when they are read, which one depends on what is read with them: these are left out.
sub ring
{
	my ($node) = @_;
	my (%seqs, $boot);
	my ($after, $more) = (0, 't');
	while ($more eq 't')
	{
		my @lines = split /\n/, $node->safe_psql('postgres', <<SQL);
SELECT s.more, s.boot, t.seq, t.family, t.flags FROM dbops._ticks_to_ship($after) AS s LEFT JOIN LATERAL unnest(s.seq, s.family, s.flags) AS t (seq, family, flags) ON true
SQL
		for (@lines)
		{
			($more, $boot, my ($seq, $family, $flags)) = split /\|/;
			next if !$seq;
			$seqs{$seq} = 1 if $family && !($flags & 1);
			$after = $seq;
		}
	}
	return ($boot, %seqs);
}

# All that was in memory a moment ago gets to the tables of a server, and nothing is there twice.
sub arrives
{
	my ($node, $name, $sender, $sender_name) = @_;
	my ($boot, %seqs) = ring($sender // $standby);
	my $last = (sort { $b <=> $a } keys %seqs)[0];
	my $of_sender = "name = '" . ($sender_name // 'second') . "' AND boot = $boot";
	becomes($node, "SELECT coalesce(max(seq), 0) >= $last FROM ($ticks) AS t WHERE $of_sender", 't', "$name: the last sample is there");
	delete @seqs{ split /\n/, $node->safe_psql('postgres', "SELECT seq FROM ($ticks) AS t WHERE $of_sender") };
	is(join(' ', sort { $a <=> $b } keys %seqs), '', "$name: and so are all others");
	is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT FROM ($ticks) AS t GROUP BY name, family, at HAVING count(*) > 1
		UNION ALL SELECT FROM ($ticks) AS t GROUP BY name, boot, seq HAVING count(*) > 1) AS double"), '0', "$name: nothing is there twice");
	is($node->safe_psql('postgres', "SELECT string_agg(concat_ws(' ', name, family, at), ', ') FROM (SELECT name, family, at, at - covers_us * interval '1 microsecond' AS since,
		lag(at) OVER (PARTITION BY name, boot, family ORDER BY seq) AS before FROM ($ticks) AS t) AS span WHERE before > since + interval '0.5 s'"), '', "$name: no time is covered twice");
	return;
}

# Rows of a family as people see them.
sub rows
{
	my ($node, $family, $from, $to) = @_;
	return $node->safe_psql('postgres', "SELECT count(*), md5(string_agg(h::text, E'\\n' ORDER BY h::text))
		FROM dbops.${family}_history AS h WHERE node = 'second' AND at > '$from' AND at <= '$to'");
}

my $busy = Busy->new($standby);
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'the standby takes samples');
my $from = $standby->safe_psql('postgres', 'SELECT clock_timestamp()');
$standby->safe_psql('postgres', 'SELECT 1 AS only_on_the_standby; SELECT dbops.take_sample()') for 1 .. 3;
my $to = $standby->safe_psql('postgres', 'SELECT clock_timestamp()');
$standby->safe_psql('postgres', 'SELECT dbops.take_sample()');
my %rows = map { $_ => rows($standby, $_, $from, $to) } @families;
like($rows{$_}, qr/^[1-9]/, "the standby has rows of $_") for qw(server database system statement);
is($standby->safe_psql('postgres', finding('count(*)')), '0', 'it is not told to ship, and says nothing of it');

# ---- what is in the way -------------------------------------------------------------------------
ship_as('no right');
becomes($standby, finding("status || ': ' || (detail LIKE 'permission denied for schema dbops; samples wait for % s') || ' ' || what_to_do"),
	'warning: true On the primary: GRANT USAGE ON SCHEMA dbops TO its role, and GRANT EXECUTE ON FUNCTION dbops.receive_ticks TO it.',
	'a role without the right: status() says so, and what to do');
$primary->safe_psql('postgres', 'GRANT USAGE ON SCHEMA dbops TO "no right"');
becomes($standby, finding("detail LIKE 'permission denied for function receive_ticks; %'"), 't', 'one right is not enough');
ship_as('nobody');
becomes($standby, finding("detail LIKE '%role \"nobody\" does not exist%'"), 't', 'a role that is not there is told');
$standby->safe_psql('postgres', q{ALTER SYSTEM SET dbops.primary_conninfo = 'hots=db1'});
$standby->reload;
becomes($standby, finding("detail LIKE 'invalid connection option \"hots\"; %' AND what_to_do LIKE '%connection string of libpq.'"), 't', 'a string that is none is told');
ship_as('carrier');
becomes($standby, finding("detail LIKE 'permission denied%'"), 't', 'the right role has no right yet');
my $log_from = -s $standby->logfile;
$primary->safe_psql('postgres', 'GRANT USAGE ON SCHEMA dbops TO carrier; GRANT EXECUTE ON FUNCTION dbops.receive_ticks TO carrier');

# ---- facts arrive, and are what the standby shows -------------------------------------------------
becomes($primary, "SELECT max(at) > '$to' FROM dbops.server_history WHERE node = 'second'", 't', 'once it has, samples arrive');
becomes($standby, finding("status || ' ' || (detail LIKE '%, database postgres: % samples delivered, behind by % s')"), 'ok true', 'status() says how many, and how far behind');
is(() = slurp_file($standby->logfile, $log_from) =~ /dbops gateway/g, 1, 'the log has one line of it');
like(slurp_file($standby->logfile, $log_from), qr/dbops gateway ships to the primary again/, 'that it works again');
$primary->wait_for_catchup($standby);
for my $family (@families)
{
	is(rows($primary, $family, $from, $to), $rows{$family}, "the primary has the rows of ${family}_history that the standby had");
	is(rows($standby, $family, $from, $to), $rows{$family}, '... and the standby has them once, though they came back');
}
arrives($primary, 'running');
is($primary->safe_psql('postgres', "SELECT count(*) FROM dbops.object WHERE class = 's' AND definition LIKE '%only_on_the_standby%'"), '1',
	'the text of a statement of the standby alone is known');
is($primary->safe_psql('postgres', "SELECT node, ticks > 100, refused, last_refusal, abs(extract(epoch FROM clock_ahead)) < 5 FROM dbops.shippers"),
	'second|t|0||t', 'the primary tells who ships');
my $deliveries = $standby->safe_psql('postgres', finding("substring(detail FROM '(\\d+) samples')::int"));
becomes($standby, finding("substring(detail FROM '(\\d+) samples')::int > $deliveries"), 't', 'the number of samples grows');
is($primary->safe_psql('postgres', "SELECT count(*) FROM pg_stat_statements WHERE query LIKE 'SELECT stored_seq%dbops.receive_ticks(%'"), '0',
	'and no statement of a user is counted for that');

# ---- what breaks in between -----------------------------------------------------------------------
my $receiver = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbops shipping'";
for (1 .. 5)
{
	$primary->poll_query_until('postgres', "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity WHERE application_name = 'dbops shipping'");
}
arrives($primary, 'connection cut');
$primary->restart;
arrives($primary, 'primary restarted');
$primary->stop('immediate');
$primary->start;
arrives($primary, 'primary crashed');

# A primary that hangs holds up nothing.
my $pid;
becomes($primary, "SELECT count(*) FROM ($receiver) AS r", '1', 'it is connected');
$pid = $primary->safe_psql('postgres', $receiver);
kill 'STOP', $pid;
my $worst = 0;
my $well = 0;
for (1 .. 30)
{
	my $answer = Http::get($port, '/metrics');
	$well++ if $answer->{status} == 200;
	$worst = $answer->{seconds} if $answer->{seconds} > $worst;
	select undef, undef, undef, 0.1;
}
is($well, 30, 'while the primary hangs, /metrics is answered');
cmp_ok($worst, '<', 2, 'without waiting for it');
note("worst answer while the primary hung: $worst s");
kill 'CONT', $pid;
arrives($primary, 'primary hung');

# ---- what cannot be read is refused alone ---------------------------------------------------------
$primary->safe_psql('postgres', <<'SQL');
ALTER FUNCTION dbops._ticks_to_ship RENAME TO _real_ticks_to_ship;
CREATE FUNCTION dbops._ticks_to_ship(after int8, OUT node text, OUT system_identifier int8, OUT boot int8, OUT clock_us int8, OUT seq int8[], OUT at_us int8[],
	OUT covers_us int8[], OUT family int2[], OUT flags int2[], OUT data bytea[], OUT ticks int4, OUT more boolean, OUT missed int8)
RETURNS SETOF record LANGUAGE sql
AS $$ SELECT node, system_identifier, boot, clock_us, seq, at_us, covers_us, family, flags,
	CASE WHEN ticks > 1 THEN array_append(data[1:ticks - 1], substr(data[ticks], 1, 3)) ELSE data END, ticks, more, missed FROM dbops._real_ticks_to_ship(after) $$;
SQL
becomes($standby, finding("status || ' ' || (detail LIKE '%; refused: %, the last: sample of % at %: history data is corrupted: % (SQLSTATE XX001)')"), 'warning true',
	'damaged samples are refused, which status() tells');
$primary->safe_psql('postgres', 'DROP FUNCTION dbops._ticks_to_ship; ALTER FUNCTION dbops._real_ticks_to_ship RENAME TO _ticks_to_ship');
my $seen = $primary->safe_psql('postgres', "SELECT max(at) FROM dbops.server_history WHERE node = 'second'");
becomes($primary, "SELECT count(*) > 3 FROM dbops.server_history WHERE node = 'second' AND at > '$seen'", 't', 'others arrive');
is($primary->safe_psql('postgres', "SELECT refused > 0 AND last_refusal LIKE '%SQLSTATE XX001%' FROM dbops.shippers"), 't', 'so does the primary');
is($primary->safe_psql('postgres', 'SELECT count(*) FROM dbops.repair(only_check => true)'), '0', 'whose history has none of them');

# ---- a standby behind a standby -------------------------------------------------------------------
my $third = PostgreSQL::Test::Cluster->new('third');
$third->init_from_backup($primary, 'copy');
$third->enable_streaming($standby);
$third->append_conf('postgresql.conf', "dbops.node_name = 'third'\ndbops.ring_size = 1MB\ndbops.primary_conninfo = '" . conninfo('carrier') . "'\n");
$third->start;
becomes($primary, "SELECT count(*) > 0 FROM dbops.server_history WHERE node = 'third'", 't', 'a standby behind a standby ships, too, listening nowhere');
$third->append_conf('postgresql.conf', "dbops.node_name = 'first'\n");
$third->restart;
becomes($third, finding("detail LIKE 'node \"first\" is this server; %' AND what_to_do LIKE '%dbops.node_name of its own%'"), 't', 'by the name of the primary it may not');
$third->append_conf('postgresql.conf', "dbops.node_name = 'second'\n");
$third->restart;
becomes($third, finding("detail LIKE 'another server ships as node \"second\"; %' AND what_to_do LIKE '%dbops.node_name of its own%'"), 't', 'nor by that of another standby');
$third->append_conf('postgresql.conf', "dbops.node_name = 'third'\ndbops.primary_conninfo = '" . $standby->connstr . " user=carrier'\n");
$third->restart;
becomes($third, finding("detail LIKE 'this server is a standby itself; %'"), 't', 'nor to a standby');
my ($hosts, $ports) = map { my $what = $_; join ',', map { $_->$what } $standby, $primary } 'host', 'port';
$third->append_conf('postgresql.conf', "dbops.primary_conninfo = 'host=$hosts port=$ports user=carrier target_session_attrs=read-write'\n");
$third->reload;
my $third_busy = Busy->new($third);
ok($third->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'it takes samples');
arrives($primary, 'whoever of two is the primary', $third, 'third');

# ---- away for longer than its memory holds --------------------------------------------------------
$primary->safe_psql('postgres', 'REVOKE EXECUTE ON FUNCTION dbops.receive_ticks FROM carrier');
becomes($third, finding("detail LIKE 'permission denied for function receive_ticks; %'"), 't', 'the right is taken away');
my ($away_from, $last_there) = split /\|/, $primary->safe_psql('postgres',
	"SELECT clock_timestamp(), seq FROM dbops.shipper AS s JOIN dbops.node AS n ON n.id = s.node WHERE name = 'third'");
my $rounds = 0;
$third->safe_psql('postgres', 'SELECT count(dbops.take_sample()) FROM generate_series(1, 20)')
  while $rounds++ < 50 && $third->safe_psql('postgres', "SELECT missed FROM dbops._ticks_to_ship($last_there)") < 100;
$primary->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION dbops.receive_ticks TO carrier');
becomes($third, finding("detail ~ '; overwritten before they were delivered: \\d{3,}\$' AND what_to_do LIKE 'Raise dbops.ring_size %'"), 't', 'what was overwritten is told');
becomes($primary, "SELECT count(*) > 0 FROM dbops.gaps WHERE node = 'third' AND ended > '$away_from'", 't', 'and a gap in the history');
arrives($primary, 'after a gap', $third, 'third');

# ---- started anew, and promoted -------------------------------------------------------------------
$busy->end;
$standby->restart;
$busy = Busy->new($standby);
ok($standby->poll_query_until('postgres', 'SELECT dbops.take_sample() IS NOT NULL'), 'the standby is started anew');
arrives($primary, 'standby restarted');
is($primary->safe_psql('postgres', "SELECT count(DISTINCT boot) FROM ($ticks) AS t WHERE name = 'second'"), '2', 'as another start of the same server');

# Another table is the current one when it stores for the first time: its key does not keep it from doing so twice.
$primary->safe_psql('postgres', "INSERT INTO dbops.member SELECT 0, (member + 1) % 8, clock_timestamp() FROM dbops.member WHERE resolution = 0 ORDER BY started_at DESC LIMIT 1");
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->safe_psql('postgres', 'SELECT dbops.take_sample()') for 1 .. 2;
$standby->promote;
arrives($standby, 'promoted');
becomes($standby, finding('count(*)'), '0', 'promoted, it ships nothing');
arrives($standby, 'another standby, after the promotion', $third, 'third');
my $rows_seen = $standby->safe_psql('postgres', "SELECT count(*), count(DISTINCT at) FROM dbops.server_history WHERE node = 'second'");
like($rows_seen, qr/^(\d+)\|\1$/, 'each sample of it is shown once');
$standby->safe_psql('postgres', "ALTER SYSTEM SET dbops.http_listen = ''");
$standby->reload;
becomes($standby, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbops gateway'", '0', 'and needs no gateway for it');
unlike(slurp_file($_->logfile), qr/PANIC|was terminated by signal|TRAP/, 'nothing crashed') for $standby, $third;
$_->end for $busy, $third_busy;
$_->stop for $third, $standby;
done_testing();
