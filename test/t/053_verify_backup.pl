# covers: collect/backup_check collect/manifest_files collect/verify_backup store/verifications
# covers: track/verify_progress
#
# dbops.verify_backup() finds in a backup what pg_verifybackup finds, whatever was done to it.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1, has_archiving => 1);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
dbops.sample_interval = 1s
dbops.wide_interval = 1s
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE; CREATE ROLE auditor LOGIN; CREATE ROLE nobody LOGIN;
	GRANT USAGE ON SCHEMA dbops TO auditor, nobody');

my $backup = $node->backup_dir . '/plain';

sub take_backup
{
	my ($folder, @options) = @_;
	command_ok([ 'pg_basebackup', '-h', $node->host, '-p', $node->port, '-D', $folder, '--no-sync', '-c', 'fast', @options ],
		"a backup is taken: @options");
	return;
}

sub slurp { my ($file) = @_; return slurp_file($file) }

sub write_file
{
	my ($file, $content) = @_;
	open my $out, '>', $file or die "$file: $!";
	binmode $out;
	print $out $content;
	close $out;
	return;
}

# ---- what both find -----------------------------------------------------------------------------

my %said = (
	qr/"(.*)" is present on disk but not in the manifest/ => 'not in the manifest',
	qr/"(.*)" is present in the manifest but not on disk/ => 'missing',
	qr/"(.*)" has size \d+ on disk but size/ => 'wrong size',
	qr/checksum mismatch for file "(.*)"/ => 'wrong checksum',
	qr/(manifest) checksum mismatch/ => 'manifest was changed',
	qr/file "(.*)" should contain \d+ bytes/ => 'wrong size');

sub theirs
{
	my ($folder) = @_;
	my ($out, $err);
	my $whole = IPC::Run::run([ 'pg_verifybackup', '-n', $folder ], '>', \$out, '2>', \$err);
	my @found;
	for my $line (split /\n/, $err)
	{
		for my $pattern (keys %said)
		{
			push @found, ($1 eq 'manifest' ? 'backup_manifest' : $1) . ": $said{$pattern}" if $line =~ $pattern;
		}
	}
	push @found, 'not understood: ' . $err if !$whole && !@found;
	return join "\n", sort @found;
}

sub ours
{
	my ($folder, $more) = @_;
	return $node->safe_psql('postgres', sprintf(
		q{SELECT string_agg(file || ': ' || problem, E'\n' ORDER BY file COLLATE "C", problem)
			FROM dbops.verify_backup('%s', 0%s) WHERE file IS NOT NULL}, $folder, $more // ''));
}

# Runs what harms the backup, compares, and runs what mends it.
sub same_findings
{
	my ($what, $harm, $mend, $least) = @_;
	$harm->();
	my ($ours, $theirs) = (ours($backup), theirs($backup));
	$mend->();
	is($ours, $theirs, "$what: the same is found");
	is(scalar(split /\n/, $ours), $least, "$what: and it is found");
	return;
}

take_backup($backup, '--manifest-checksums=SHA256');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.health WHERE check_name = 'backup unverified' AND status = 'warning'}),
	'that no backup was ever verified is a verdict');
is(ours($backup), '', 'nothing is wrong with a good backup');
is(theirs($backup), '', 'nor does pg_verifybackup find anything');
like($node->safe_psql('postgres', "SELECT problem, expected, found FROM dbops.verify_backup('$backup/')"),
	qr/^none\|\d+ files of \d+ MB\|\d+ files of \d+ MB read in [\d.]+ s, WAL in the backup$/, 'and the last row says so');

is($node->safe_psql('postgres', q{SELECT count(verified_at), count(verify_error) FROM dbops.backup}), '1|0', 'the catalogue of backups knows it');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM dbops.health WHERE check_name IN ('backup unverified', 'backup damaged') AND status = 'ok'}),
	'and so do the verdicts');

my $manifest = slurp("$backup/backup_manifest");
my $map = slurp("$backup/global/pg_filenode.map");
my $version = slurp("$backup/base/1/PG_VERSION");

same_findings('a file is missing', sub { unlink "$backup/base/1/PG_VERSION" },
	sub { write_file("$backup/base/1/PG_VERSION", $version) }, 1);
same_findings('a file and a folder more', sub {
	mkdir "$backup/new";
	write_file("$backup/new/file", 'x');
	write_file("$backup/base/4711", 'x') },
	sub { unlink "$backup/new/file", "$backup/base/4711"; rmdir "$backup/new" }, 2);
same_findings('a file is cut', sub { write_file("$backup/global/pg_filenode.map", substr $map, 0, 100) },
	sub { write_file("$backup/global/pg_filenode.map", $map) }, 1);
same_findings('a byte is another', sub { write_file("$backup/global/pg_filenode.map", substr($map, 0, 100) . chr(ord(substr $map, 100) ^ 1) . substr $map, 101) },
	sub { write_file("$backup/global/pg_filenode.map", $map) }, 1);
same_findings('a file is empty, one is long, one is gone', sub {
	write_file("$backup/base/1/PG_VERSION", '');
	write_file("$backup/global/pg_filenode.map", "${map}x");
	rename "$backup/backup_label", "$backup/label" },
	sub {
		write_file("$backup/base/1/PG_VERSION", $version);
		write_file("$backup/global/pg_filenode.map", $map);
		rename "$backup/label", "$backup/backup_label" }, 4);
same_findings('a whole folder is gone', sub { rename "$backup/base/1", $node->basedir . '/one' },
	sub { rename $node->basedir . '/one', "$backup/base/1" }, scalar(() = $manifest =~ m{"Path": "base/1/}g));
same_findings('what restoring writes is passed over', sub {
	write_file("$backup/$_", '') for 'standby.signal', 'recovery.signal';
	write_file("$backup/postgresql.auto.conf", 'x') },
	sub { unlink map { "$backup/$_" } 'standby.signal', 'recovery.signal' }, 0);
same_findings('the manifest is another', sub { write_file("$backup/backup_manifest", $manifest =~ s/"Size": 3,/"Size": 4,/r) },
	sub { write_file("$backup/backup_manifest", $manifest) }, 1);

ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.health WHERE check_name = 'backup damaged' AND status = 'critical'}),
	'a damaged backup is a verdict');
is($node->safe_psql('postgres', q{SELECT verify_error FROM dbops.backup}), 'backup_manifest: manifest was changed', 'and known to the catalogue');
is(ours($backup), '', 'all harm is undone');

# ---- what the server must not do ----------------------------------------------------------------

# A manifest with another entry, and the checksum that goes with it.
sub forge
{
	my ($entry) = @_;
	(my $forged = $manifest) =~ s/("Files": \[\n)/$1$entry,\n/;
	my ($covered) = $forged =~ /^(.*\n)"Manifest-Checksum"/s;
	my $checksum = $node->safe_psql('postgres', "SELECT encode(sha256('\\x" . unpack('H*', $covered) . "'), 'hex')");
	$forged =~ s/("Manifest-Checksum": ")\w+/$1$checksum/;
	write_file("$backup/backup_manifest", $forged);
	return;
}

for my $path ('../../../../../../etc/passwd', '/etc/passwd', 'base/../../x', 'base//1', './x', '')
{
	forge(qq/{ "Path": "$path", "Size": 1 }/);
	is(ours($backup), "$path: path leaves the backup", qq{"$path" is not looked for});
}
forge('{ "Path": "base/1/PG_VERSION", "Size": 3 }');
is(ours($backup), 'base/1/PG_VERSION: twice in the manifest', 'an entry that is there twice is told');
write_file("$backup/backup_manifest", $manifest);

symlink '/etc', "$backup/base/etc";
is(ours($backup), 'base/etc: symbolic link', 'a link out of the backup is not followed');
unlink "$backup/base/etc";
rename "$backup/global/pg_filenode.map", "$backup/../map";
symlink "$backup/../map", "$backup/global/pg_filenode.map";
is(ours($backup), "global/pg_filenode.map: missing\nglobal/pg_filenode.map: symbolic link", 'nor is one in place of a file');
unlink "$backup/global/pg_filenode.map";
rename "$backup/../map", "$backup/global/pg_filenode.map";
IPC::Run::run([ 'mkfifo', "$backup/base/fifo" ]);
is(ours($backup), 'base/fifo: not a file or folder', 'a pipe is not opened');
unlink "$backup/base/fifo";

my @refused = (
	[ "'relative'", qr/path of a backup must be absolute/ ],
	[ "'$backup/base'", qr/could not open file ".*backup_manifest": No such file or directory/ ],
	[ "'$backup/nowhere'", qr/could not open file/ ],
	[ "'$backup', -1", qr/max_mb_per_second must not be negative/ ]);
for (@refused)
{
	my ($result, $out, $err) = $node->psql('postgres', "SELECT * FROM dbops.verify_backup($_->[0])");
	like($err, $_->[1], "refused: " . ($_->[0] =~ s/\Q$backup\E/backup/r));
}
for ('', 'x', "{}\n{}\n", substr($manifest, 0, 1000), substr($manifest, 0, length($manifest) - 1), "[\n]\n", "\0\n\0\n")
{
	write_file("$backup/backup_manifest", $_);
	my ($result, $out, $err) = $node->psql('postgres', "SELECT * FROM dbops.verify_backup('$backup')");
	like($err, qr/ERROR:  .*(manifest|JSON)/, 'a manifest of ' . length . ' bytes that is none is refused');
}
write_file("$backup/backup_manifest", $manifest);

# ---- WAL and tablespaces ------------------------------------------------------------------------

my ($segment) = grep { /^[0-9A-F]{24}$/ } slurp_dir("$backup/pg_wal");
rename "$backup/pg_wal/$segment", "$backup/../$segment";
like($node->safe_psql('postgres', "SELECT found FROM dbops.verify_backup('$backup', 0) WHERE file IS NULL"), qr/WAL not in the backup/,
	'that a backup has no WAL is told');
rename "$backup/../$segment", "$backup/pg_wal/$segment";
rename "$backup/pg_wal/$segment", "$backup/pg_wal/0000000100000000000000FF";
is(ours($backup), "pg_wal/$segment: WAL is missing", 'WAL that it needs and that is not among the rest is missing');
rename "$backup/pg_wal/0000000100000000000000FF", "$backup/pg_wal/$segment";

mkdir $node->basedir . '/space';
mkdir $node->basedir . '/mapped';
my ($from, $to) = map { $node->basedir . "/$_" } 'space', 'mapped';
$node->safe_psql('postgres', "CREATE TABLESPACE space LOCATION '$from'");
$node->safe_psql('postgres', 'CREATE TABLE in_space (id int) TABLESPACE space; INSERT INTO in_space VALUES (1)');
my $spaced = $node->backup_dir . '/spaced';
take_backup($spaced, "--tablespace-mapping=$from=$to");
is(ours($spaced, ', tablespaces => true'), theirs($spaced), 'tablespaces are followed when that is said');
like(ours($spaced), qr{^pg_tblspc/\d+/.*: missing\npg_tblspc/\d+: symbolic link$|^pg_tblspc/\d+: symbolic link\npg_tblspc/\d+/.*: missing$}m, 'and only then');
is($node->safe_psql('postgres', "SELECT count(*) > 3 AND sum(files) = (SELECT DISTINCT files FROM dbops.backup_manifest('$spaced'))
	AND bool_or(datid = (SELECT oid FROM pg_database WHERE datname = 'postgres')) FROM dbops.backup_manifest_databases('$spaced')"),
	't', 'a manifest tells the size of each database');
is($node->safe_psql('postgres', "SELECT unchanged, checksum_algorithm, timeline, start_lsn < end_lsn FROM dbops.backup_manifest('$spaced')"),
	't|CRC32C|1|t', 'and of the WAL that is needed');

# ---- who, and how far ---------------------------------------------------------------------------

my ($result, $out, $err) = $node->psql('postgres', "SELECT * FROM dbops.verify_backup('$backup')", extra_params => [ '-U', 'nobody' ]);
like($err, qr/permission denied for function verify_backup/, 'who was not granted it cannot have files read');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION dbops.verify_backup TO auditor');
is($node->safe_psql('postgres', "SELECT problem FROM dbops.verify_backup('$backup')", extra_params => [ '-U', 'auditor' ]), 'none',
	'who was granted it can');
is($node->safe_psql('postgres', 'SELECT state, by, problems, has_wal, start_lsn IS NOT NULL FROM dbops.verifications LIMIT 1'), 'intact|auditor|0|t|t',
	'and is named in the ledger');
is($node->safe_psql('postgres', "SELECT first_problem FROM dbops.verifications WHERE state = 'damaged' ORDER BY started_at LIMIT 1"),
	'base/1/PG_VERSION: missing', 'as is what was wrong');

my ($slow_out, $slow_err) = ('', '');
my $slow = IPC::Run::start([ 'psql', '-XAt', '-d', $node->connstr('postgres'), '-c', "SELECT * FROM dbops.verify_backup('$backup', 1)" ],
	'<', \undef, '>', \$slow_out, '2>', \$slow_err);
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM dbops.verifications
	WHERE state = 'computing checksums' AND done_percent > 0 AND done_percent < 50 AND pid IS NOT NULL}), 'how far a verification is can be seen');
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM dbops.verifications WHERE pid IS NOT NULL});
$slow->finish;
like($slow_err, qr/canceling statement due to user request/, 'it can be cancelled');
is($node->safe_psql('postgres', 'SELECT count(*) FROM dbops.verifications WHERE pid IS NOT NULL'), '0', 'and is gone then');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_progress_basebackup'), '0', 'no base backup is pretended');

$node->stop;
done_testing();
