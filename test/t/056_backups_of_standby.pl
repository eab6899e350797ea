# covers: store/readings store/readings_funcs
#
# A standby knows of backups what its primary's tables say, and how old that is; with commands of its
# own what these tell, which it keeps in memory until it can write tables itself.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir_short();
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.node_name = 'first'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.backup_command_interval = 1s
max_worker_processes = 16
dbops.backup_command = 'cat $folder/first'
CONF
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
my $identifier = $primary->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
my $then = time - 86400;

# What pgBackRest prints of backups [label, type, repository, start].
sub let_tell
{
	my ($file, $status, @backups) = @_;
	my $list = join ',', map { qq/{"label":"$_->[0]","type":"$_->[1]","database":{"id":1,"repo-key":$_->[2]},"error":false,
		"timestamp":{"start":$_->[3],"stop":@{[ $_->[3] + 10 ]}},"info":{"size":1000,"repository":{"delta":100}}}/ } @backups;
	open my $out, '>', "$folder/new" or die $!;
	print $out qq/[{"name":"main","backup":[$list],"db":[{"id":1,"repo-key":1,"system-id":$identifier}],
		"repo":[{"key":1,"status":{"code":$status,"message":"m$status"}}]}]/;
	close $out;
	rename "$folder/new", "$folder/$file";
	return;
}

sub await
{
	my ($node, $query, $expected, $fact) = @_;
	ok($node->poll_query_until('postgres', $query, $expected), $fact)
		or diag($node->safe_psql('postgres', 'TABLE dbops.backup_repositories; SELECT * FROM dbops.tasks() WHERE failures > 0'));
	return;
}

my $repositories = "SELECT string_agg(concat_ws(' ', repository, state, backups, read_on), '; ') FROM dbops.backup_repositories";
my $labels = "SELECT string_agg(label || ' ' || status, ', ' ORDER BY label) FROM dbops.backups WHERE source = 'catalogue'";
my $verdict = "SELECT string_agg(status || ' ' || coalesce(object, evidence), '; ') FROM dbops.health WHERE check_name = 'backup repository'";

let_tell('first', 0, [ 'A', 'full', 1, $then ]);
await($primary, $repositories, 'repo1 ok 1 here', 'a primary reads the catalogue');
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\ndbops.backup_command = ''\n");
$standby->start;

# ---- without commands of its own ----------------------------------------------------------------
await($standby, $repositories, 'repo1 ok 1 primary', 'a standby has what its primary has read');
is($standby->safe_psql('postgres', $labels), 'A ok', 'the backups, too');
await($standby, $verdict, 'ok 1 looked at', 'and judges it');
is($standby->safe_psql('postgres', "SELECT tool, last_good_label, known_at > now() - interval '1 hour' FROM dbops.backup_status() WHERE tool = 'pgBackRest'"),
	'pgBackRest|A|t', 'a line for the tool says until when it is known');
let_tell('first', 99, [ 'A', 'full', 1, $then ]);
await($standby, $verdict, 'warning pgBackRest main repo1', 'trouble that the primary was told of comes there');
$primary->stop('immediate');
my $age = $standby->safe_psql('postgres', "SELECT age FROM dbops.backup_repositories");
await($standby, "SELECT age > '$age' + interval '2 s' AND age < '1 hour' FROM dbops.backup_repositories", 't', 'when nothing comes any more, what is known gets older');
is($standby->safe_psql('postgres', "SELECT known_at < now() - interval '2 s' FROM dbops.backup_status() WHERE tool = 'pgBackRest'"), 't', 'and says so');

# ---- with its own -------------------------------------------------------------------------------
let_tell('second', 0, [ 'A', 'full', 1, $then ], [ 'B', 'incr', 1, $then + 1000 ]);
$standby->append_conf('postgresql.conf', "dbops.backup_command = 'cat $folder/second'\n");
$standby->reload;
await($standby, $repositories, 'repo1 ok 2 here', 'what its own command tells goes before');
is($standby->safe_psql('postgres', $labels), 'A ok, B ok', 'of backups as well, each once');
is($standby->safe_psql('postgres', "SELECT label, kind, repository, restorable, size_bytes FROM dbops.backups WHERE label = 'B'"),
	'B|incremental|repo1|t|1000', 'with all there is to them');
is($standby->safe_psql('postgres', "SELECT last_good_label, known_at > now() - interval '1 min' FROM dbops.backup_status() WHERE kind = 'incremental'"), 'B|t',
	'the line for the tool is of now');
await($standby, $verdict, 'ok 1 looked at', 'a check, too');
let_tell('second', 0, [ 'B', 'incr', 1, $then + 1000 ], [ 'C', 'incr', 1, $then + 2000 ]);
await($standby, $labels, 'A ok, B ok, C ok', 'a new one is seen; what only the primary has told of stays');
unlink "$folder/second";
await($standby, "SELECT state || ' ' || stale || ' ' || backups || ' ' || (failing_since < now()) FROM dbops.backup_repositories", 'not read true 2 true',
	'when the command fails, what it told is stale');
await($standby, "SELECT status FROM dbops.health WHERE check_name = 'backup command'", 'warning', 'and that is a verdict');
is($standby->safe_psql('postgres', "SELECT count(*) FROM dbops.tasks() WHERE failures > 0 AND task NOT LIKE 'backup command%'"), '0', 'no task fails for want of tables');
let_tell('second', 0, [ 'C', 'incr', 1, $then + 2000 ]);
await($standby, $repositories, 'repo1 ok 1 here', 'until it works again');

$standby->append_conf('postgresql.conf', "dbops.backup_command = ''\n");
$standby->reload;
await($standby, $repositories, 'repo1 error 1 primary', 'an empty setting leaves what the primary told');

# ---- in the place of its primary ----------------------------------------------------------------
$standby->append_conf('postgresql.conf', "dbops.backup_command = 'cat $folder/second'\n");
$standby->reload;
await($standby, $repositories, 'repo1 ok 1 here', 'set again');
$standby->promote;
await($standby, 'SELECT count(*) FROM dbops.backup_repository WHERE backups = 1 AND status_code = 0', '1', 'after promotion it is stored');
is($standby->safe_psql('postgres', 'SELECT (SELECT count(*) FROM dbops._read_backup_commands()), (SELECT count(*) FROM dbops._read_backups())'), '0|0',
	'and memory has no more to say');
is($standby->safe_psql('postgres', $repositories), 'repo1 ok 1 here', 'nor is anything shown twice');

$standby->stop;
done_testing();
