# The store beside others: readers that hold a table, a full disk, a standby, ticks in ring and table.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('store');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
autovacuum = off
dbops.enabled = off
dbops.sample_interval = 1
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub set
{
	my ($name, $value) = @_;
	sql("ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('$name') = '$value'");
	return;
}

# A reader that holds the member which is to be emptied: retention neither waits nor empties.
sql('SELECT dbops._retain()');
sql(q{INSERT INTO dbops.tick_1 VALUES (now(), 0, 0, 0, 99, 1, 0, '')});
sql(q{UPDATE dbops.member SET started_at = now() - interval '1 day' WHERE resolution = 0});
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; LOCK TABLE dbops.tick_1 IN ACCESS SHARE MODE');
is(sql(q{SET lock_timeout = '10s'; SELECT dbops._retain();
	SELECT max(member) FROM dbops.member WHERE resolution = 0}) =~ s/^\s+//r, '0',
	'while a reader holds the next member, the current one stays');
$reader->query_safe('COMMIT');
$reader->quit;
is(sql('SELECT dbops._retain(); SELECT max(member) FROM dbops.member WHERE resolution = 0')
	=~ s/^\s+//r, '1', 'once it is free, the ring moves on');
is(sql('SELECT count(*) FROM dbops.tick_1'), '0', 'to an emptied member');

# A reader in the middle of the history keeps what it reads; one with an old snapshot finds it gone, no more.
sql(q{SELECT dbops._generate_history('read', 'network', '2020-01-01', '2020-01-01 02:00', '10 s', 5, 1)});
is(sql('SELECT count(*) FROM dbops.tick_1'), '720', 'there is something to read');
my $cursor = $node->background_psql('postgres');
$cursor->query_safe(q{BEGIN; DECLARE c CURSOR FOR SELECT at FROM dbops.network_history WHERE node = 'read'});
$cursor->query_safe('MOVE 100 FROM c');
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dbops.node');
my $truncate = q{UPDATE dbops.member SET started_at = started_at - interval '1 day' WHERE resolution = 0; SELECT dbops._retain();};
sql(q{SET lock_timeout = '10s';} . $truncate x 8);
is($cursor->query_safe('MOVE ALL FROM c; CLOSE c') =~ s/\D//gr, '', 'a cursor is read to its end while retention goes round');
is(sql('SELECT count(*) FROM dbops.tick_1'), '720', 'as its member is left alone');
$cursor->query_safe('COMMIT');
$cursor->quit;
sql($truncate x 8);
is(sql('SELECT count(*) FROM dbops.tick_1'), '0', 'until it is closed');
is($old->query_safe(q{SELECT count(*) FROM dbops.network_history WHERE node = 'read'}), '0',
	'who has an older snapshot finds nothing there, and no error');
$old->query_safe('COMMIT');
$old->quit;
sql('TRUNCATE dbops.member');
sql(q{INSERT INTO dbops.member VALUES (0, 0, now() - interval '1 day'), (0, 1, now())});

# dbops.max_size: what is oldest and finest goes first.
my $total = q{SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c
	WHERE relnamespace = 'dbops'::regnamespace AND relname ~ '^(tick|chunk_1min|chunk_10min|chunk_1h)_\d$'
	AND relkind = 'r'};
sql(q{SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 04:00', '1 min', 2000, 1)});
sql(q{SELECT dbops._roll_up()});
my $chunks = sql('SELECT count(*) FROM dbops.chunk_1min_0');
cmp_ok($chunks, '>', 0, 'history is packed');
# Raw ticks beyond the limit, in an older member and in the current one.
sql(q{UPDATE dbops.member SET started_at = now() - interval '1 day' WHERE resolution = 0});
sql(q{UPDATE dbops.member SET started_at = now() - interval '12 hours' WHERE resolution = 0 AND member = 1});
sql(q{SELECT dbops._retain()});
sql(q{INSERT INTO dbops.tick_1 (at, boot, seq, covers_us, node, family, flags, data)
	SELECT now() + i * interval '1 s', 0, i, 1, 99, 1, 0, decode(repeat('5a', 1000000), 'hex')
	FROM generate_series(1, 80) AS i});
cmp_ok(sql($total), '>', 64e6, 'the history is larger than the limit that comes');
set('dbops.max_size', '64MB');
sql('SELECT dbops._retain()');
cmp_ok(sql($total), '<', 64 * 1024 * 1024, 'dbops.max_size: the history shrinks below it');
is(sql('SELECT count(*) FROM dbops.chunk_1min_0'), $chunks, 'packed history outlives the ticks');
is(sql(q{SELECT status || ': ' || (detail ~ 'dbops.max_size .64 MB. is too small') || (what_to_do ~ 'Raise dbops.max_size')
	FROM dbops.status() WHERE component = 'history'}), 'warning: truetrue', 'status() says that the limit binds');

# Ticks keep coming, a minute of them between two runs: the oldest go, the newest stay.
sql(q{TRUNCATE dbops.member, dbops.tick_0, dbops.tick_1, dbops.tick_2});
my ($most, $least) = (0, 1e9);
for my $minute (1 .. 24)
{
	my $member = sql('SELECT dbops._retain(); SELECT member FROM dbops.member WHERE resolution = 0 ORDER BY started_at DESC LIMIT 1')
	  =~ s/^\s+//r;
	sql(qq{INSERT INTO dbops.tick_$member (at, boot, seq, covers_us, node, family, flags, data)
		SELECT '2020-01-01'::timestamptz + ($minute * 60 + i) * interval '1 s', 0, i, 1, 99, 1, 0, decode(repeat('5a', 1000000), 'hex')
		FROM generate_series(0, 4) AS i});
	next if $minute < 18;
	sql('SELECT dbops._retain()');
	my $kept = sql(join ' ', 'SELECT count(*) FROM (',
		join(' UNION ALL ', map { "SELECT at FROM dbops.tick_$_ WHERE node = 99" } 0 .. 7), ') AS tick');
	($most, $least) = ($kept > $most ? $kept : $most, $kept < $least ? $kept : $least);
	is(sql(join ' ', 'SELECT count(*) FROM (', join(' UNION ALL ', map { "SELECT at FROM dbops.tick_$_ WHERE node = 99" } 0 .. 7),
		qq{) AS tick WHERE at >= '2020-01-01'::timestamptz + ($minute - 2) * interval '1 min'}), '15',
		"minute $minute: the newest minutes are there") if $minute % 3 == 0;
}
# The keeper may be at it at the same time, and hold what was to be emptied: then the next run does it.
ok($node->poll_query_until('postgres', "SELECT ($total) < 64 * 1024 * 1024"), 'the history stays below the limit');
cmp_ok($least, '>=', 30, 'and most of it is used');
set('dbops.max_size', '4GB');
sql('SELECT dbops._retain()');
is(sql(q{SELECT status FROM dbops.status() WHERE component = 'history'}), 'ok', 'with a higher limit status() is content');

# With samples taken every second, each is read once, whether it is in the ring, a table, or both.
set('dbops.enabled', 'on');
ok($node->poll_query_until('postgres',
	q{SELECT count(*) > 5 FROM dbops.system_history WHERE node <> 'past'}), 'samples are taken');
my $twice = 0;
for (1 .. 40)
{
	$twice += sql(q{SELECT count(*) FROM (SELECT at FROM dbops.system_history
		GROUP BY at HAVING count(*) > 1) AS twice});
}
is($twice, 0, 'no sample is read twice');

# A standby reads what its primary stored, and its own samples from memory.
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'the standby'\n");
$standby->start;
ok($standby->poll_query_until('postgres',
	q{SELECT count(*) > 2 FROM dbops.system_history WHERE node = 'the standby'}),
	'a standby has its own samples');
cmp_ok($standby->safe_psql('postgres',
	q{SELECT count(*) FROM dbops.system_history WHERE node <> 'the standby'}), '>', 5,
	'and those of its primary');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM dbops.node WHERE name = 'the standby'}),
	'0', 'without writing anything');

# Promotion needs nothing: storing begins.
$standby->promote;
ok($standby->poll_query_until('postgres',
	q{SELECT count(*) = 1 FROM dbops.node WHERE name = 'the standby'}),
	'once promoted, it stores under its own name');

$standby->stop;
$node->stop;
done_testing();
