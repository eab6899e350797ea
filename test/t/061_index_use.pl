# covers: advise/existing_indexes
#
# Use of an index counts on whichever server it is seen: a standby sees its own beside the primary's,
# and a primary says that it knows nothing of its standbys'.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Becomes;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
max_worker_processes = 16
CONF
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE TABLE goods (i int PRIMARY KEY, n int, m int);
CREATE INDEX goods_n ON goods (n);
CREATE INDEX goods_m ON goods (m);
INSERT INTO goods SELECT i, i, i FROM generate_series(1, 5000) AS i;
VACUUM ANALYZE goods;
SQL

sub unused
{
	my ($name) = @_;
	return "SELECT may_drop::text || ': ' || regexp_replace(reason, '[0-9]+ (minutes|hours)', 'N')
		FROM dbops.index_duties('goods') WHERE index_name = 'public.$name'";
}

becomes($primary, unused('goods_n'), 'true: not used in the N that are known',
	'an index that no server used may go');

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'");
$standby->start;
$primary->wait_for_catchup($standby);
is($primary->safe_psql('postgres', unused('goods_n')),
	'true: not used in the N that are known; 1 standby may use it, of which nothing is known',
	'a primary does not know of the use by its standbys');
is($primary->safe_psql('postgres', "SELECT string_agg(DISTINCT confidence, ',')
		FROM dbops.recommend_indexes() WHERE ddl ~ 'goods_n'"), 'low', 'which makes it less sure');

# ---- on the standby ------------------------------------------------------------------------------
$standby->safe_psql('postgres', 'SET enable_seqscan = off; SELECT i FROM goods WHERE n = 7') for 1 .. 3;
becomes($standby, "SELECT scans >= 3 AND may_drop IS NULL FROM dbops.index_duties('goods')
		WHERE index_name = 'public.goods_n'", 't', 'a standby counts its own use');
is($standby->safe_psql('postgres', "SELECT scans FROM dbops.index_duties('goods')
		WHERE index_name = 'public.goods_m'"), '0', 'index by index');
is($standby->safe_psql('postgres', "SELECT count(*) FROM dbops.recommend_indexes() WHERE ddl ~ 'goods_n'"),
	'0', 'and advises to keep what it uses');

$standby->stop;
$primary->stop;
done_testing();
