# covers: store/damage store/repair
#
# A page of the history is lost on disk: the error names what cannot be read, all else goes on, and
# dbops.repair() sets it aside.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('damage');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
fsync = off
CONF
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }
sql('CREATE EXTENSION dbops CASCADE');

# Ticks that are too large for the table's own pages, in a table that is not the current one.
sql(q{SELECT dbops._generate_history('past', 'table', '2020-01-01', '2020-01-01 03:00', '1 min', 1000, 1)});
sql(q{INSERT INTO dbops.tick_5 SELECT * FROM dbops.tick_0 WHERE at < '2020-01-02'; DELETE FROM dbops.tick_0 WHERE at < '2020-01-02'});
my $file = $node->data_dir . '/' . sql(q{SELECT pg_relation_filepath(reltoastrelid) FROM pg_class WHERE oid = 'dbops.tick_5'::regclass});
$node->stop;
cmp_ok(-s $file, '>', 100 * 8192, 'there is something to damage');
open my $page, '+<', $file or die "$file: $!";
binmode $page;
# A page of zeros passes checksums.
sysseek $page, 50 * 8192, 0;
syswrite $page, "\0" x 8192;
close $page;
$node->start;

my ($code, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT count(*) FROM dbops._read_history('past', 'table', NULL, NULL, NULL, NULL)");
like($err, qr/XX001: .*HINT:  .*dbops\.repair\(\).*family "table" of node "past" at 2020-01-01 [0-9:+]*, in table dbops\.tick_5/s,
	'the error names what cannot be read, and what to do');
is(sql(q{SELECT count(*) > 0 FROM dbops.system_history WHERE node = dbops.node_name()}), 't', 'other families can be read');
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM dbops.chunk_1min_0}), 'packing goes on');
like(sql(q{SELECT status || ' ' || detail FROM dbops.status() WHERE component = 'history'}),
	qr/^critical left out as corrupted: \d+, the last of family "table".*dbops\.tick_5/, 'without what is broken, as status() says');
is(sql(q{SELECT count(*) FROM dbops.tasks() WHERE failures > 0}), '0', 'and no task fails');

my $ticks = sql(q{SELECT count(*) FROM dbops.tick_5});
my $broken = sql(q{SELECT count(*) FROM dbops.repair(true)});
cmp_ok($broken, '>=', 1, 'repair() finds it');
is(sql(q{SELECT count(*) FROM dbops.tick_5}), $ticks, 'and changes nothing when it is only to look');
is(sql(q{SELECT string_agg(DISTINCT done, ', ') || ' ' || count(*) FROM dbops.repair()}),
	"removed: its bytes cannot be read $broken", 'what is lost is taken out');
is(sql(q{SELECT count(*) FILTER (WHERE data IS NULL AND error <> '') FROM dbops.set_aside}), $broken, 'and on record');
is(sql(q{SELECT count(*) FROM dbops.repair()}), '0', 'then there is nothing left to repair');
is(sql(q{SELECT count(DISTINCT at) FROM dbops._read_history('past', 'table', NULL, NULL, '1 min', NULL)}), 180 - $broken,
	'all else is still there');
is(sql(q{SELECT status FROM dbops.status() WHERE component = 'history'}), 'ok', 'status() is content');

$node->stop;
done_testing();
