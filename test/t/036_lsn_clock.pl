# covers: store/lsn_time
#
# The clock is set back and forward: ages of WAL positions stay right, and times are in order.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use ClockShift;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clock = ClockShift->new('clock') or plan skip_all => 'no C compiler';

my $node = PostgreSQL::Test::Cluster->new('clock');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
max_worker_processes = 16
CONF
$clock->start($node);
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE; CREATE TABLE t (id int)');

# Writes, and waits until that is known.
sub write_more
{
	my $lsn = sql('INSERT INTO t SELECT generate_series(1, 100); SELECT pg_current_wal_flush_lsn()');
	ok($node->poll_query_until('postgres', "SELECT max(lsn) >= '$lsn' FROM dbops._lsn_points()"), 'WAL that is written is noted');
	return $lsn;
}

my $first = write_more();
my $second = write_more();
my $started = time;
my $order = "SELECT count(*) FROM (SELECT first_at < lag(last_at) OVER (ORDER BY lsn) OR last_at < first_at AS wrong
	FROM dbops._lsn_points()) AS p WHERE wrong";

$clock->shift_to(-86400);
my $third = write_more();
my $passed = time - $started + 5;
foreach my $lsn ($first, $second, $third)
{
	is(sql("SELECT dbops.lsn_age('$lsn') BETWEEN interval '0' AND interval '1 s' * (10 + $passed)"), 't', 'set back by a day, an age is as it was');
	is(sql("SELECT dbops.lsn_time('$lsn') BETWEEN clock_timestamp() - interval '1 s' * (10 + $passed) AND clock_timestamp()"), 't',
		'and its time is told by the clock as it is set');
}
is(sql($order), '0', 'all is in order');
is(sql("SELECT dbops.lsn_time('$first') < dbops.lsn_time('$third')"), 't', 'what was written later is later');

$clock->shift_to(0);
my $fourth = write_more();
is(sql("SELECT dbops.lsn_age('$fourth') < interval '1 min'"), 't', 'set right again, what is new is new');
is(sql("SELECT dbops.lsn_age('$first') > interval '23 hours'"), 't', 'and a day counts as passed');
is(sql($order), '0', 'all is in order');

# After a restart all of it comes from the history, where the clock once went back.
sql('SELECT dbops.take_sample()');
$node->restart;
ok($node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM dbops._lsn_points()'), 'after a restart');
is(sql("SELECT count(*) FROM (VALUES ('$first'::pg_lsn), ('$second'), ('$third'), ('$fourth')) AS l(lsn) WHERE dbops.lsn_time(lsn) IS NULL
	OR dbops.lsn_age(lsn) < interval '0'"), '0', 'each position still has a time and an age');

# ---- a standby whose clock is two hours behind --------------------------------------------------
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('behind');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'behind'\n");
my $other_clock = ClockShift->new('other');
$other_clock->start($standby);
# Not before: pg_ctl compares times.
$other_clock->shift_to(-7200);
$started = time;
my $fifth = write_more();
$node->wait_for_catchup($standby);
write_more();
ok($standby->poll_query_until('postgres', "SELECT max(lsn) > '$fifth' FROM dbops._lsn_points()"), 'a standby notes what it receives');
$node->wait_for_catchup($standby);
$passed = time - $started + 5;
is($standby->safe_psql('postgres', "SELECT dbops.lsn_age('$fifth') BETWEEN interval '0' AND interval '1 s' * $passed"), 't',
	'an age does not depend on its own clock');
my $there = $standby->safe_psql('postgres', "SELECT dbops.lsn_time('$fifth')");
is(sql("SELECT abs(extract(epoch FROM dbops.lsn_time('$fifth') - '$there')) < 10"), 't', 'a time is told by the clock of the primary');
is($standby->safe_psql('postgres', "SELECT dbops.lsn_age('FFFFFFFF/0')"), '00:00:00', 'what is up to date has no age');

# What the standby noted itself, not what it has from the primary's history, by that one's clock.
my $noted = $standby->safe_psql('postgres', 'SELECT max(lsn) FROM dbops._lsn_points()');
$node->stop;
$standby->promote;
ok($standby->poll_query_until('postgres', 'SELECT timeline = 2 FROM dbops._lsn_points() ORDER BY lsn DESC LIMIT 1'), 'once promoted');
$passed = time - $started + 5;
is($standby->safe_psql('postgres', "SELECT dbops.lsn_age('$fifth') BETWEEN interval '0' AND interval '1 s' * $passed"), 't', 'an age is as it was');
ok($standby->poll_query_until('postgres', "SELECT dbops.lsn_time('$noted') BETWEEN clock_timestamp() - interval '10 min' AND clock_timestamp()"),
	'and with the next look a time is told by its own clock');

$standby->stop;
done_testing();
