# covers: expose/exporter_indexes expose/exporter_errors expose/ring_families expose/recovery_metrics advise/dense_size worker/visit_density
#
# Whatever public dashboards and alerting rules ask for is there, with data, on every version: those of
# dashboard 9628, of the mixin of postgres_exporter, and of the collection "awesome prometheus alerts".
# And bloat is what VACUUM FULL and REINDEX give back.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('public');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
max_worker_processes = 16
autovacuum = off
track_io_timing = on
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
SELECT pg_create_physical_replication_slot('spare', true);
CREATE DATABASE shop;
SQL
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;

# Rows that went, rows that did not, keys in many and in few copies, NULLs, and a lower fill factor.
$node->safe_psql('shop', <<'SQL');
CREATE TABLE shrunk (id int PRIMARY KEY, v int, note text, at timestamptz DEFAULT now());
INSERT INTO shrunk SELECT i, i % 100, md5(i::text) || repeat('x', i % 50) FROM generate_series(1, 100000) AS i;
CREATE INDEX shrunk_v ON shrunk (v);
CREATE INDEX shrunk_note ON shrunk (note) WITH (fillfactor = 70);
CREATE INDEX shrunk_some ON shrunk (note, id) WHERE v < 50;
DELETE FROM shrunk WHERE id % 10 < 7;
CREATE TABLE dense (a bigint, b smallint, c uuid, d numeric, e text, f boolean);
INSERT INTO dense SELECT i, i % 5, gen_random_uuid(), i * 1.7, CASE WHEN i % 3 = 0 THEN NULL ELSE 'e' || i END, i % 2 = 0
  FROM generate_series(1, 100000) AS i;
CREATE INDEX dense_a ON dense (a);
CREATE INDEX dense_e ON dense (e);
CREATE TABLE roomy (k int) WITH (fillfactor = 50);
INSERT INTO roomy SELECT i % 7 FROM generate_series(1, 100000) AS i;
CREATE INDEX roomy_k ON roomy (k);
CREATE FUNCTION prying(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('application_name') NOT LIKE '%.pl' THEN RAISE EXCEPTION 'run by %', current_user; END IF;
	RETURN $1;
END $$;
CREATE TABLE pried AS SELECT i FROM generate_series(1, 100000) AS i;
CREATE INDEX pried_some ON pried (i) WHERE i > prying(3);
CREATE TABLE doubled AS SELECT 1 AS i UNION ALL SELECT 1;
SQL
$node->psql('shop', 'CREATE UNIQUE INDEX CONCURRENTLY doubled_ccnew ON doubled (i)');
$node->safe_psql('shop', 'VACUUM ANALYZE');
# The sampler begins anew, so that all databases are visited at once and see all of this.
$node->restart;

my $body = '';

# Whether there is a sample of the metric with these labels, by name or by pattern.
sub has
{
	my ($selector) = @_;
	my ($name, $labels) = $selector =~ /^(\w+)(?:\{(.*)\})?$/;
	return grep {
		my $line = $_;
		!grep { my ($label, $value) = /^(\w+)=(.*)$/; $line !~ /[{,]$label="(?:$value)"/ } split /,/, $labels // '';
	} $body =~ /^($name(?:\{.*\})? \S+)$/mg;
}

sub scrape { $body = $_[0]->safe_psql('postgres', 'SELECT dbops.prometheus()') . "\n"; return 1 }

ok($node->poll_query_until('postgres', q{SELECT dbops.prometheus() ~ 'pg_bloat_table_real_size[^\n]*"shrunk"' FROM dbops.take_sample()}),
	'bloat is known once the database was visited');

# ---- bloat ---------------------------------------------------------------------------------------
scrape($node);
my %told;
$told{$2} = $3 while $body =~ /^pg_bloat_(?:btree|table)_bloat_pct\{.*(idxname|relname)="(\w+)"\} (\d+)$/mg;
my $sizes = q{SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')};
my %before = split /[|\n]/, $node->safe_psql('shop', $sizes);
ok(!exists $told{pried_some} || $told{pried_some} < 3, 'nobody ran what an index of users would run');
unlike(slurp_file($node->logfile), qr/ERROR:  run by/, 'nor tried to');
$node->safe_psql('shop', "VACUUM FULL $_") for qw(shrunk dense roomy);
my %after = split /[|\n]/, $node->safe_psql('shop', $sizes);
for my $relation (qw(shrunk shrunk_pkey shrunk_v shrunk_note shrunk_some dense dense_a dense_e roomy roomy_k))
{
	next if $before{$relation} < 1024 * 1024 && !exists $told{$relation};
	my $gained = 100 * (1 - $after{$relation} / $before{$relation});
	cmp_ok(abs(($told{$relation} // -100) - $gained), '<', 5, sprintf 'bloat of %s: %.0f %%', $relation, $gained)
	  or diag($told{$relation} // 'not told');
}
ok(scalar(grep { ($told{$_} // 0) > 60 } qw(shrunk shrunk_note shrunk_pkey)) == 3, 'there was some to be told');

# ---- what others ask for -------------------------------------------------------------------------
my $user = 'datname=shop';
my %asked = (
	# dashboard 9628
	'version' => ['pg_static{short_version=\d.*}'],
	'start time' => ['pg_postmaster_start_time_seconds'],
	'current data' => [ map { "pg_stat_database_tup_${_}{$user}" } qw(fetched inserted updated returned deleted) ],
	'max connections' => ['pg_settings_max_connections'],
	'CPU, memory, files' => [qw(process_cpu_seconds_total process_resident_memory_bytes process_virtual_memory_bytes process_open_fds)],
	'tiles of settings' => [ map { "pg_settings_$_" } qw(shared_buffers_bytes effective_cache_size_bytes maintenance_work_mem_bytes
		  work_mem_bytes max_wal_size_bytes random_page_cost seq_page_cost max_worker_processes max_parallel_workers) ],
	'sessions' => [ map { "pg_stat_activity_count{$user,state=$_}" } 'active', 'idle', 'idle in transaction', 'idle in transaction \(aborted\)' ],
	'transactions' => [ map { "pg_stat_database_xact_${_}{$user}" } qw(commit rollback) ],
	'locks' => [ map { "pg_locks_count{$user,mode=$_}" } qw(accesssharelock rowexclusivelock accessexclusivelock) ],
	'cache hits' => [ map { "pg_stat_database_blks_${_}{$user}" } qw(hit read) ],
	'buffers' => [ map { ("pg_stat_bgwriter_buffers_$_", "pg_stat_bgwriter_buffers_${_}_total") } qw(backend alloc backend_fsync checkpoint clean) ],
	'conflicts and deadlocks' => [ map { "pg_stat_database_${_}{$user}" } qw(conflicts deadlocks) ],
	'temporary files' => ["pg_stat_database_temp_bytes{$user}"],
	'checkpoints' => [ map { ("pg_stat_bgwriter_checkpoint_$_", "pg_stat_bgwriter_checkpoint_${_}_total") } qw(write_time sync_time) ],
	# alerts of the exporter's mixin
	'connections' => [qw(pg_stat_activity_count pg_settings_max_connections pg_settings_superuser_reserved_connections)],
	'up' => [qw(pg_up pg_exporter_last_scrape_error)],
	'slow queries' => ["pg_stat_activity_max_tx_duration{$user}"],
	'too many locks' => [qw(pg_locks_count pg_settings_max_locks_per_transaction)],
	'WAL' => [qw(pg_xlog_position_bytes pg_replication_is_replica)],
	'replication stopped' => ['pg_stat_replication_pg_xlog_location_diff{application_name=standby}'],
	'replication lags' => [qw(pg_replication_lag pg_replication_lag_seconds)],
	'slots' => [ 'pg_replication_slots_active{slot_name=spare}', 'pg_replication_slots_xmin_age{slot_name=spare}' ],
	'dead rows' => [ map { "pg_stat_user_tables_n_${_}_tup{$user,relname=shrunk}" } qw(live dead) ],
	'not vacuumed' => [qw(pg_settings_autovacuum_vacuum_scale_factor pg_settings_autovacuum_vacuum_threshold)],
	'checkpoints requested' => [qw(pg_stat_bgwriter_checkpoints_timed_total pg_stat_bgwriter_checkpoints_req_total)],
	# awesome prometheus alerts, where they are not among the above
	'not auto vacuumed' => [ map { "pg_stat_user_tables_${_}{$user}" } qw(n_tup_del n_tup_upd n_tup_hot_upd last_autovacuum last_autoanalyze) ],
	'not auto analyzed' => ['pg_settings_autovacuum_analyze_threshold'],
	'too few connections, by database' => ["pg_stat_activity_count{$user}"],
	'rollbacks, by datid' => [ map { "pg_stat_database_xact_${_}{$user,datid=[1-9]\\d*}" } qw(commit rollback) ],
	'transaction ids' => ['pg_txid_current'],
	'timeouts and deadlocks' => [ map { "postgresql_errors_total{type=$_}" } qw(statement_timeout deadlock_detected) ],
	'settings changed' => ['pg_settings_transaction_read_only'],
	'TLS compression' => ['pg_stat_ssl_compression'],
	'bloated indexes' => [ map { "pg_bloat_btree_${_}{$user,idxname=shrunk_note}" } qw(bloat_pct real_size) ],
	'bloated tables' => [ map { "pg_bloat_table_${_}{$user,relname=shrunk}" } qw(bloat_pct real_size) ],
	'invalid indexes' => ["pg_general_index_info_pg_relation_size{$user,relname=doubled,indexrelname=.*ccnew.*}"],
);
ok($node->poll_query_until('postgres', q{SELECT dbops.prometheus() ~ 'pg_stat_replication_pg_wal_lsn_diff\{application_name="standby"'}), 'the standby is there');
scrape($node);
for my $panel (sort keys %asked)
{
	is_deeply([ grep { !has($_) } @{ $asked{$panel} } ], [], "there is data for: $panel");
}
is(scalar(has('pg_stat_user_tables_n_live_tup{relname=nobody}')), 0, 'which would be seen otherwise');

# ---- what would be lost --------------------------------------------------------------------------
my @columns = qw(rpo_seconds rpo_bytes rto_seconds);
my $known = $node->safe_psql('postgres', join ' UNION ALL ',
	map { "SELECT format('dbops_recovery_${_}{failure=\"%s\"}', failure) FROM dbops.recovery WHERE $_ IS NOT NULL" } @columns);
scrape($node);
is(join("\n", sort $body =~ /^(dbops_recovery_r[pt]o_\w+\{.*\}) \S+$/mg), join("\n", sort split /\n/, $known),
	'RPO and RTO are told for each failure of which they are known');
like($body, qr/^dbops_recovery_rpo_seconds\{failure="loss of the server, a standby is left"\} \d/m, 'with a standby, for the loss of the server');
like($body, qr/^dbops_recovery_rto_seconds\{failure="crash"\} [1-9]/m, 'and the time after a crash in any case');

# ---- what was counted ----------------------------------------------------------------------------
my $holder = $node->background_psql('shop');
$holder->query_safe('SELECT pg_advisory_lock(7)');
$node->psql('shop', "SET statement_timeout = '10ms'; SELECT pg_advisory_lock(7)");
scrape($node);
is(scalar(has('postgresql_errors_total{type=statement_timeout}')), 1, 'errors have a type');
like($body, qr/^postgresql_errors_total\{type="statement_timeout"\} 1$/m, 'and are counted');

# Waits are summed up from one answer to the next of the same session.
my $session = $node->background_psql('postgres');
my $waiter = $node->background_psql('shop');
$waiter->query_until(qr/begun/, "\\echo begun\nSELECT pg_advisory_lock(7);\n");
my ($first, $second) = (0, 0);
for (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default / 10)
{
	($second) = $session->query_safe('SELECT dbops.prometheus() FROM dbops.take_sample()')
	  =~ /^dbops_wait_session_seconds_total\{datname="shop",wait_event_type="Lock",wait_event="advisory"\} (\S+)$/m;
	$second //= 0;
	$first ||= $second;
	last if $second > $first + 1;
	select undef, undef, undef, 0.1;
}
cmp_ok($first, '>', 0, 'waits are told by event');
cmp_ok($second, '>', $first + 1, 'and grow with time');
$session->quit;
$holder->quit;
$waiter->quit;

scrape($standby);
is_deeply([ grep { !has($_) } map { @$_ } @asked{ 'buffers', 'checkpoints', 'sessions', 'up', 'timeouts and deadlocks' } ], [],
	'a standby has the same, where it can');
$standby->stop;
$node->stop;
done_testing();
