# covers: core/command worker/backup_reader store/repositories store/backup_board
# covers: collect/repository judge/checks_backup
#
# What backup tools tell is read by their own commands: real pgBackRest and Barman where they are
# installed, and a stand-in that hangs, floods, lies and fails, of which nothing may stay behind.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
my $home = $node->basedir;
my $folder = PostgreSQL::Test::Utils::tempdir_short();
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.backup_command_interval = 1s
dbops.backup_command_limit = 2s
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

sub sql { my ($query) = @_; return $node->safe_psql('postgres', $query) }

sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what) }

sub write_commands
{
	my (@commands) = @_;
	$node->append_conf('postgresql.conf', "dbops.backup_command = '" . join('; ', @commands) =~ s/'/''/gr . "'\n");
	return;
}

sub set_commands
{
	write_commands(@_);
	$node->reload;
	return;
}

# ---- a stand-in ---------------------------------------------------------------------------------

my $mark = "$folder/never";    # in the arguments of all that could stay behind
my $tool = "$folder/tool";

sub write_file
{
	my ($file, $content) = @_;
	open my $out, '>', $file or die "$file: $!";
	print $out $content;
	close $out;
	return;
}

write_file($mark, '');
write_file($tool, <<"TOOL");
#!/bin/sh
case \$1 in
hang) exec tail -f $mark ;;
stubborn) trap '' TERM; tail -f $mark & wait; tail -f $mark ;;
flood) exec yes $mark ;;
complain) yes $mark | head -c 1000000 >&2; echo '[]' ;;
leave) tail -f $mark & echo '[]' ;;
nonsense) echo nonsense ;;
half) echo '[{"name": "main", "backup": [{"label": "l"' ;;
lie) echo '[{"name": "main", "backup": [{"label": "l", "lsn": {"start": 5}}]}]' ;;
other) echo '{"a": 1}' ;;
latin) printf '[{"name": "\\344", "backup": []}]' ;;
fail) echo 'ERROR: [037]: no such stanza' >&2; exit 37 ;;
kill) kill -KILL \$\$ ;;
words) shift; printf '<%s>' "\$@" >&2; exit 1 ;;
cat) cat $folder/told ;;
esac
TOOL
chmod 0755, $tool;

# What runs with the mark in its arguments.
sub left_behind
{
	my ($out, $err);
	IPC::Run::run([ 'ps', '-eo', 'pid,args' ], '>', \$out, '2>', \$err) or die $err;
	return grep { /\Q$mark\E/ } split /\n/, $out;
}

sub await_nothing_left
{
	my ($what) = @_;
	my @left;
	for my $try (1 .. 300)
	{
		@left = left_behind() or last;
		select undef, undef, undef, 0.1;
	}
	is_deeply(\@left, [], $what);
	return;
}

my @cases = (
	[ "$folder/none", '58P01', qr/could not execute program ".*none": No such file or directory/ ],
	[ $folder, '42501', qr/could not execute program ".*": Permission denied/ ],
	[ "$tool hang", '57014', qr/was ended, as it did not end in time/ ],
	[ "$tool stubborn", '57014', qr/was ended, as it did not end in time/ ],
	[ "$tool flood", '54000', qr/was ended, as it printed more than \d+ kB/ ],
	[ "$tool complain", undef, qr/^$/ ],
	[ "$tool leave", undef, qr/^$/ ],
	[ "$tool nonsense", '22032', qr/is no JSON/ ],
	[ "$tool half", '22032', qr/is no JSON/ ],
	[ "$tool lie", '22032', qr/JSON has a number where a text is expected: \[0\].backup\[0\].lsn.start/ ],
	[ "$tool other", '22032', qr/is of no backup tool that is known/ ],
	[ "$tool latin", '22021', qr/invalid byte sequence for encoding "UTF8"/ ],
	[ "$tool fail", '38000', qr/ended with exit code 37: ERROR: \[037\]: no such stanza$/ ],
	[ "$tool kill", '38000', qr/ended by signal 9$/ ],
	[ "true", '22032', qr/is no JSON/ ],
	[ qq{$tool words "a b" c'd;e'\$HOME `id` * "" x}, '38000', qr/: <a b><cd;e\$HOME><`id`><\*><><x>$/ ]);

set_commands(map { $_->[0] } @cases);
await('SELECT count(*) = ' . @cases . ' FROM dbops.backup_command', 'every command is run, whatever the others do');
for my $i (1 .. @cases)
{
	my ($command, $sqlstate, $error) = @{ $cases[ $i - 1 ] };
	my ($state, $said) = split /\|/, sql("SELECT sqlstate, error FROM dbops.backup_command WHERE position = $i"), 2;
	my $name = $command =~ s/\Q$folder\E//r;
	is($state, $sqlstate // '', "$name: its SQLSTATE");
	like($said, $error, "$name: the reason");
}
is(sql(q{SELECT count(*) FROM dbops.backup_repositories WHERE repository IS NOT NULL}), '0', 'nothing of it is stored');
is(sql(q{SELECT count(*) > 10 FROM dbops.tasks() WHERE worker = 'backup reader' AND failures > 0}), 't', 'failures are shown as of any task');

# While a command hangs, storing goes on as ever.
$node->append_conf('postgresql.conf', "dbops.backup_command_limit = 1h\n");
set_commands("$tool hang");
await(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops backup reader' AND query = 'backup command 1 (tool)'}, 'a command hangs');
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dbops backup reader' AND backend_xmin IS NOT NULL}), '0',
	'it holds no snapshot');
my $seconds = sql(q{SELECT dbops.take_sample(); SELECT extract(epoch FROM clock_timestamp() - statement_timestamp())}) =~ s/.*\n//sr;
cmp_ok($seconds, '<', 5, 'storing is not late meanwhile');
is(scalar(left_behind()), 1, 'the program runs');
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'dbops backup reader'});
set_commands('');
await_nothing_left('it ends with the process that started it');
await(q{SELECT count(*) = 0 FROM dbops.backup_command}, 'an empty setting forgets what was read');
is(sql(q{SELECT count(*) FROM dbops.tasks() WHERE worker = 'backup reader'}), '0', 'and what failed');
set_commands("$tool stubborn");
await(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dbops backup reader'}, 'another one hangs and heeds no signal');
$node->stop('fast');
await_nothing_left('it ends with the server');

# ---- what was good stays, and is said to be stale -----------------------------------------------

write_commands("$tool cat");
$node->append_conf('postgresql.conf', "dbops.backup_command_limit = 10s\n");
$node->start;
my $identifier = sql('SELECT system_identifier FROM pg_control_system()');

sub let_tell
{
	my ($status, @backups) = @_;
	my $list = join ',', map { qq/{"label":"$_->[0]","type":"$_->[1]","database":{"id":1,"repo-key":$_->[2]},"error":$_->[3],
		"timestamp":{"start":$_->[4],"stop":@{[ $_->[4] + 10 ]}},"info":{"size":1000,"repository":{"delta":100}}}/ } @backups;
	write_file("$folder/new", qq/[{"name":"main","backup":[$list],"db":[{"id":1,"repo-key":1,"system-id":$identifier},{"id":1,"repo-key":2,"system-id":7}],
		"repo":[{"key":1,"status":{"code":$status,"message":"m$status"}},{"key":2,"status":{"code":0,"message":"ok"}}]}]/);
	rename "$folder/new", "$folder/told";
	return;
}

# As if it were yesterday: what is older than the history is forgotten.
my $then = time - 86400;
my @backups = ([ 'A', 'full', 1, 'false', $then ], [ 'B', 'incr', 1, 'true', $then + 1000 ], [ 'C', 'full', 2, 'false', $then + 2000 ]);
let_tell(0, @backups);
await(q{SELECT count(*) = 2 FROM dbops.backup_repositories WHERE state IN ('ok', 'errors in backups')}, 'repositories are read');
is(sql(q{SELECT repository, state, backups, base_backups, erroneous, stored_bytes, behind FROM dbops.backup_repositories ORDER BY 1}),
	"repo1|errors in backups|2|1|1|200|00:16:40\nrepo2|ok|1|1|0|100|00:00:00", 'with what they keep');
is(sql(q{SELECT label, kind, tool, repository, source, coalesce(evidence, '') <> '' FROM dbops.backups WHERE source = 'catalogue' ORDER BY 1}),
	"A|base|pgBackRest|repo1|catalogue|f\nB|incremental|pgBackRest|repo1|catalogue|t",
	'backups are in the catalogue, but not those of another cluster');
write_file("$folder/told", '[{');
await(q{SELECT bool_and(stale AND state = 'not read') AND count(*) = 2 FROM dbops.backup_repositories}, 'when the command fails, what it told is stale');
is(sql(q{SELECT sum(backups) FROM dbops.backup_repositories}), '3', 'and kept');
is(sql(q{SELECT count(*) FROM dbops.backups WHERE expired_at IS NOT NULL}), '0', 'no backup is taken for gone');
await(q{SELECT count(*) = 2 FROM dbops.health WHERE check_name = 'backup command' AND status = 'warning' AND object ~ 'repo'}, 'which is a verdict, as well');
let_tell(99, $backups[2]);
await(q{SELECT count(*) = 1 FROM dbops.backup_repositories WHERE NOT stale AND state = 'error' AND status = 'm99'}, 'what the tool says against a repository is told');
is(sql(q{SELECT count(*) FROM dbops.backups WHERE expired_at IS NOT NULL}), '0', 'its backups are not taken for gone, either');
await(q{SELECT count(*) = 1 FROM dbops.health WHERE check_name = 'backup repository' AND status = 'warning' AND object ~ 'repo1'}, 'and is a verdict');
let_tell(2);
await(q{SELECT count(*) = 1 FROM dbops.health WHERE check_name = 'backup repository' AND status = 'critical' AND object ~ 'repo1'}, 'a worse one when there is no backup');
await(q{SELECT string_agg(label, ',' ORDER BY label) = 'A,B' FROM dbops.backups WHERE expired_at IS NOT NULL}, 'for then they are gone');
let_tell(0, @backups[0, 1], [ 'D', 'full', 2, 'false', $then + 9 * 86400 ]);
await(q{SELECT string_agg(check_name || ' ' || status, ', ' ORDER BY check_name) = 'backup errors warning, backup repository behind critical'
	FROM dbops.health WHERE object ~ 'repo1' AND status <> 'ok'}, 'errors in backups and a repository behind another are verdicts');
is(sql(q{SELECT count(*) FROM dbops.backups WHERE expired_at IS NOT NULL}), '0', 'what is listed again is not gone');
let_tell(0, $backups[0]);
await(q{SELECT count(*) = 1 FROM dbops.backups WHERE expired_at IS NOT NULL AND label = 'B'}, 'a backup that is not listed any more is gone');
is(sql(q{SELECT string_agg(label, ',') FROM dbops.backups WHERE expired_at IS NULL}), 'A', 'and the others are not');
set_commands("$tool cat", "$tool fail");
await(q{SELECT count(*) = 3 FROM dbops.backup_repositories}, 'a command that told nothing yet has a row');
is(sql(q{SELECT state, tool, stale FROM dbops.backup_repositories LIMIT 1}), 'not read||t', 'the first one');

# ---- who may see and set it ---------------------------------------------------------------------

my ($result, $out, $err) = $node->psql('postgres', q{ALTER SYSTEM SET dbops.backup_command = 'a "b'});
like($err, qr/invalid value for parameter "dbops.backup_command".*\nDETAIL:  It ends within quotes/, 'a list that ends within quotes is refused');
sql('CREATE ROLE somebody LOGIN');
($result, $out, $err) = $node->psql('postgres', 'SHOW dbops.backup_command', extra_params => [ '-U', 'somebody' ]);
like($err, qr/permission denied|must be superuser/, 'the setting is not for everyone to see');
($result, $out, $err) = $node->psql('postgres', q{SET dbops.backup_command = 'x'});
like($err, qr/cannot be changed now/, 'nor to be set in a session');

# ---- pgBackRest ---------------------------------------------------------------------------------

sub find_program
{
	my ($name) = @_;
	return (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0];
}

sub run_ok
{
	my ($what, @command) = @_;
	my $said;
	my $done = IPC::Run::run(\@command, '<', \undef, '>&', \$said);
	ok($done, $what) or diag($said);
	return $done;
}

SKIP:
{
	my $program = find_program('pgbackrest') or skip 'pgBackRest is not installed (Debian: pgbackrest)', 1;
	my @pgbackrest = ($program, "--config=$folder/pgbackrest.conf", '--stanza=main');
	my ($data, $host, $port) = ($node->data_dir, $node->host, $node->port);

	mkdir "$folder/$_" for 'repo1', 'repo2', 'lock', 'spool', 'log';
	write_file("$folder/pgbackrest.conf", <<"CONF");
[global]
repo1-path=$folder/repo1
repo1-retention-full=2
repo2-path=$folder/repo2
repo2-retention-full=1
lock-path=$folder/lock
spool-path=$folder/spool
log-path=$folder/log
log-level-file=off
start-fast=y
compress-level=1
[main]
pg1-path=$data
pg1-socket-path=$host
pg1-port=$port
CONF
	$node->append_conf('postgresql.conf', "archive_mode = on\narchive_command = '$program --config=$folder/pgbackrest.conf --stanza=main archive-push %p'\n");
	write_commands("$program --config=$folder/pgbackrest.conf info --output=json");
	$node->restart;
	run_ok('pgBackRest makes its stanza', @pgbackrest, 'stanza-create') or skip 'no stanza', 1;
	run_ok("pgBackRest takes a backup: $_->[1] to $_->[0]", @pgbackrest, "--repo=$_->[0]", "--type=$_->[1]", 'backup')
	  for [ 1, 'full' ], [ 1, 'diff' ], [ 1, 'incr' ], [ 2, 'full' ];
	my $info = do { my $said; IPC::Run::run([ @pgbackrest, 'info', '--output=json' ], '>', \$said); $said };
	my $expected = sql(qq{SELECT string_agg(concat_ws('|', b->>'label', CASE b->>'type' WHEN 'full' THEN 'base' WHEN 'diff' THEN 'differential' ELSE 'incremental' END,
			b->>'prior', 'repo' || (b#>>'{database,repo-key}'), b#>>'{info,size}', b#>>'{info,repository,delta}', b#>>'{lsn,start}', b#>>'{lsn,stop}', 1), E'\\n' ORDER BY b->>'label')
		FROM json_array_elements(\$json\$$info\$json\$::json->0->'backup') AS b});
	await(q{SELECT count(*) = 4 FROM dbops.backup WHERE tool = 'pgBackRest' AND repository LIKE 'repo_' AND start_lsn IS NOT NULL AND 'catalogue' = ANY (sources)},
		'all four are read');
	is(sql(q{SELECT string_agg(concat_ws('|', label, kind, prior, repository, size_bytes, stored_bytes, start_lsn, stop_lsn, timeline), E'\n' ORDER BY label)
		FROM dbops.backup WHERE tool = 'pgBackRest' AND 'catalogue' = ANY (sources) AND start_lsn IS NOT NULL}), $expected, 'as pgBackRest tells of them');
	is(sql(q{SELECT count(*) FROM dbops.backup WHERE kind <> 'archive' AND start_lsn IS NOT NULL}), '4',
		'what was seen of them besides is one with what the tool tells');
	is(sql(q{SELECT string_agg(concat_ws('|', server, repository, state, backups, base_backups), E'\n' ORDER BY repository) FROM dbops.backup_repositories}),
		"main|repo1|ok|3|1\nmain|repo2|ok|1|1", 'and of its repositories');
	rename "$folder/repo2", "$folder/away";
	mkdir "$folder/repo2";
	await(q{SELECT count(*) = 1 FROM dbops.backup_repositories WHERE repository = 'repo2' AND state = 'error' AND status = 'missing stanza path'},
		'a repository that went missing is told');
	rmdir "$folder/repo2";
	rename "$folder/away", "$folder/repo2";
	await(q{SELECT bool_and(state = 'ok') FROM dbops.backup_repositories}, 'and that it is back');
	$node->append_conf('postgresql.conf', "archive_mode = off\n");
}

# ---- Barman -------------------------------------------------------------------------------------

SKIP:
{
	my $program = find_program('barman') or skip 'Barman is not installed (Debian: barman)', 1;
	my @barman = ($program, '-c', "$folder/barman.conf", '-f', 'json');
	my ($host, $port, $user) = ($node->host, $node->port, sql('SELECT current_user'));
	my $bindir = find_program('pg_basebackup') =~ s{/[^/]*$}{}r;

	mkdir "$folder/$_" for 'barman', 'barman/conf.d';
	write_file("$folder/barman.conf", <<"CONF");
[barman]
barman_user = @{[ (getpwuid $>)[0] ]}
configuration_files_directory = $folder/barman/conf.d
barman_home = $folder/barman
barman_lock_directory = $folder/barman
log_file = $folder/barman/log
[here]
description = here
conninfo = host=$host port=$port user=$user dbname=postgres
streaming_conninfo = host=$host port=$port user=$user
backup_method = postgres
immediate_checkpoint = true
streaming_archiver = on
slot_name = barman
create_slot = auto
path_prefix = $bindir
retention_policy = REDUNDANCY 2
CONF
	local $ENV{HOME} = $folder;
	write_commands(map { "$program -c $folder/barman.conf -f json $_ all" } 'list-backups', 'show-servers');
	$node->restart;
	run_ok('Barman makes its slot', @barman, 'receive-wal', '--create-slot', 'here') or skip 'no slot', 1;
	my $receiver = IPC::Run::start([ @barman, 'receive-wal', 'here' ], '<', \undef, '>&', \my $said);
	await(q{SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = 'barman' AND active}, 'Barman receives WAL');
	my $switched = 0;
	for my $try (1 .. 10)
	{
		$switched = IPC::Run::run([ @barman, 'switch-wal', '--force', '--archive', '--archive-timeout', '5', 'here' ], '<', \undef, '>&', \my $said_too) and last;
	}
	ok($switched, 'Barman has WAL');
	run_ok('Barman takes a backup', @barman, 'backup', 'here');
	await(q{SELECT count(*) = 1 FROM dbops.backup_repositories WHERE tool = 'Barman' AND server = 'here' AND backups = 1 AND retention = 'REDUNDANCY 2' AND state = 'ok'},
		'its repository is read, by two commands');
	await(q{SELECT count(*) = 1 FROM dbops.backups WHERE tool = 'Barman' AND label ~ '^\d{8}T\d{6}$' AND status = 'ok' AND source ~ 'catalogue'}, 'and its backup');
	set_commands("$program -c $folder/barman.conf -f json show-backup here latest");
	await(q{SELECT count(*) = 1 FROM dbops.backups WHERE tool = 'Barman' AND kind = 'base' AND start_lsn IS NOT NULL AND size_bytes > 0}, 'and all of it, when it is shown');
	await(q{SELECT count(*) = 1 FROM dbops.backups WHERE kind = 'base' AND ended_at > now() - interval '1 h' AND tool <> 'pgBackRest'}, 'as one backup')
	  or diag(sql('SELECT string_agg(b::text, chr(10)) FROM dbops.backup AS b'));
	sql('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots');
	$receiver->finish;
}

$node->stop;
await_nothing_left('nothing is left');
done_testing();
