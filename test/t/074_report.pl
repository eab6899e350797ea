# covers: expose/report
#
# The report of a server with a load, as a browser sees it; on a standby, and in databases of other encodings.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/../perl";

use Chromium;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @sections = qw(overview health changes statements waits errors tables advice replication recovery capacity settings);
my $folder = PostgreSQL::Test::Utils::tempdir();

sub start_node
{
	my ($name, @extra) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1, extra => \@extra);
	$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.wait_interval = 50ms
max_worker_processes = 16
fsync = off
CONF
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');
	return $node;
}

sub report
{
	my ($node, $arguments) = @_;
	return $node->safe_psql('postgres', "SELECT dbops.report($arguments)");
}

sub write_page
{
	my ($name, $html) = @_;
	append_to_file("$folder/$name", $html);
	return "$folder/$name";
}

# ---- a server that is used ------------------------------------------------------------------------
my $node = start_node('reported', '--encoding=UTF8', '--locale=C');
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE "<b>orders</b>" (id int PRIMARY KEY, note text);
INSERT INTO "<b>orders</b>" SELECT i, 'x' FROM generate_series(1, 20000) AS i;
SQL
append_to_file("$folder/load.sql", <<'SQL');
SELECT count(*) FROM "<b>orders</b>" WHERE note = '<script>alert(1)</script>';
UPDATE "<b>orders</b>" SET note = 'y' WHERE id = 1;
SQL
my $until_there = 0;
for my $round (1 .. 60)
{
	IPC::Run::run([ 'pgbench', '-n', '-c', '3', '-t', '20', '-f', "$folder/load.sql", '-h', $node->host, '-p', $node->port, 'postgres' ],
		\undef, \my $out, \my $err);
	$node->psql('postgres', 'SELECT 1/0 AS "</p><script>alert(2)</script>"');
	$node->safe_psql('postgres', 'SELECT dbops.take_sample()');
	$until_there = $node->safe_psql('postgres', <<'SQL');
SELECT EXISTS (SELECT FROM dbops.statement_history AS h JOIN dbops.objects AS o ON o.kind = 'statement' AND o.objid = h.queryid
                WHERE o.definition LIKE 'UPDATE%orders%')
   AND EXISTS (SELECT FROM dbops.error_history WHERE sqlstate = '22012')
   AND EXISTS (SELECT FROM dbops.wait_history WHERE state = 'active')
   AND EXISTS (SELECT FROM dbops.table_history WHERE relname = '<b>orders</b>' AND total_bytes > 0)
SQL
	last if $until_there eq 't';
}
is($until_there, 't', 'the history knows statements, errors, waits and tables');

my $html = report($node, "now() - interval '10 minutes'");
is(join(' ', $html =~ /<section id="(\w+)">/g), "@sections", 'all sections are there, in order');
unlike($html, qr/could not be read/, 'and no part failed');
unlike($html, qr/[^\x01-\x7f]/, 'nothing but ASCII');
unlike($html, qr/<script|<b>orders/, 'what users named is text');
like($html, qr/&lt;b&gt;orders&lt;\/b&gt;/, 'and is there');
cmp_ok(length $html, '<', 1_000_000, 'less than a megabyte');

my $compared = report($node, "now() - interval '2 minutes', compare_to => '3 minutes'");
like($compared, qr/compared with/, 'two times side by side');
unlike($compared, qr/could not be read/, 'and no part failed');

# ---- on a standby --------------------------------------------------------------------------------
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('reported_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
ok($standby->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.server_history WHERE node = dbops.node_name()"),
	'the standby has a history of its own');
my $of_standby = report($standby, "now() - interval '10 minutes'");
like($of_standby, qr/, a standby, /, 'its report says what it is');
unlike($of_standby, qr/could not be read/, 'and no part failed');
is($standby->safe_psql('postgres', "SELECT count(*) > 5 FROM dbops.trends WHERE last_hour ~ '\\S'"), 't', 'and the last hour has figures');
$standby->stop;

# ---- in a browser ----------------------------------------------------------------------------------
SKIP:
{
	my $browser = Chromium->find or skip 'chromium is not installed: apt-get install chromium', 14;
	my $page = write_page('report.html', $html);

	my $seen = $browser->open($page, '--dump-dom');
	is(join(' ', $seen->{out} =~ /<section id="(\w+)">/g), "@sections", 'a browser finds all sections');
	cmp_ok(scalar(() = $seen->{out} =~ /<figure\b/g), '>', 5, 'and the charts');
	is($seen->{complaints}, '', 'complains of nothing');
	is($seen->{asked}, '', 'and asks nobody');

	# What would be seen of a page that does ask: without the policy a connection, with it a complaint.
	my $image = '<img src="http://192.0.2.1/x.png"/>';
	my $asks = $html =~ s/<meta http-equiv[^>]*>//r =~ s/<main>/<main>$image/r;
	like($browser->open(write_page('asks.html', $asks), '--dump-dom')->{asked}, qr/192\.0\.2\.1/, 'a page that asks is noticed');
	$seen = $browser->open(write_page('forbidden.html', $html =~ s/<main>/<main>$image/r), '--dump-dom');
	is($seen->{asked}, '', 'the policy of the page keeps it from asking');
	like($seen->{complaints}, qr/Content Security Policy/, 'which is noticed, too');

	# Light unless the reader wants it dark.
	my %dot;
	for my $scheme (0, 1)
	{
		$browser->open($page, "--screenshot=$folder/$scheme.png", '--window-size=1200,800', "--blink-settings=preferredColorScheme=$scheme");
		ok(-s "$folder/$scheme.png", "a picture with colour scheme $scheme") or next;
		$dot{$scheme} = (Chromium::first_dot("$folder/$scheme.png"))[0];
	}
	cmp_ok($dot{0} // 255, '<', 60, 'dark on demand');
	cmp_ok($dot{1} // 0, '>', 240, 'light else');

	# A narrow window: only what may is wider than it.
	my $measure = '<script>document.title = document.documentElement.scrollWidth <= innerWidth ? "fits" : "too wide"</script></body>';
	my $narrow = $compared =~ s/<meta http-equiv[^>]*>//r =~ s/<\/body>/$measure/r;
	$seen = $browser->open(write_page('narrow.html', $narrow), '--dump-dom', '--window-size=500,900');
	like($seen->{out}, qr/<title>fits</, 'two times side by side fit into a narrow window');

	$seen = $browser->open($page, "--print-to-pdf=$folder/report.pdf", '--no-pdf-header-footer');
	my $pdf = -e "$folder/report.pdf" ? slurp_file("$folder/report.pdf") : '';
	like($pdf, qr/^%PDF-/, 'it prints');
	cmp_ok(scalar(() = $pdf =~ /\/Type\s*\/Page\b/g), '>', 2, 'on several pages');
}
$node->stop;

# ---- other encodings --------------------------------------------------------------------------------
my %named = (LATIN1 => [ "\xe4\xdf", '&#228;&#223;' ], SQL_ASCII => [ "\xff\xc3\xa4", '&#65533;&#228;' ]);
for my $encoding (sort keys %named)
{
	my ($bytes, $shown) = @{ $named{$encoding} };
	my $other = start_node(lc $encoding, "--encoding=$encoding", '--locale=C');
	local $ENV{PGCLIENTENCODING} = $encoding;
	$other->psql('postgres', "DO \$\$ BEGIN RAISE EXCEPTION '$bytes' USING ERRCODE = 'P0777'; END \$\$");
	ok($other->poll_query_until('postgres',
			"SELECT dbops.take_sample() IS NULL OR EXISTS (SELECT FROM dbops.error_history WHERE sqlstate = 'P0777')"),
		"$encoding: an error with a message beyond ASCII");
	my $its = report($other, "now() - interval '10 minutes'");
	unlike($its, qr/could not be read/, "$encoding: no part failed");
	unlike($its, qr/[^\x01-\x7f]/, "$encoding: nothing but ASCII");
	like($its, qr/P0777.*$shown/s, "$encoding: the message as it was");
	$other->stop;
}
done_testing();
