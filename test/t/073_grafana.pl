# covers: expose/grafana
#
# Every query of every dashboard is run as Grafana would, on a server with load and on its standby, by a
# role that may read and no more: none fails, each has the columns that its panel needs, and none is empty
# that must not be.
use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run qw(run);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, has_archiving => 1);
$primary->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
dbops.sample_interval = 1s
dbops.wide_interval = 1s
dbops.inspect_interval = 10s
dbops.node_name = 'first'
max_worker_processes = 16
hot_standby_feedback = on
track_functions = all
CONF
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dbops CASCADE;
CREATE ROLE grafana LOGIN;
GRANT pg_monitor TO grafana;
ALTER ROLE grafana SET default_transaction_read_only = on;
SQL
$primary->safe_psql('postgres', "SELECT pg_create_physical_replication_slot('a_standby')");
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dbops.node_name = 'second'\nprimary_slot_name = 'a_standby'\n");
$standby->start;

# ---- load ------------------------------------------------------------------------------------------
$primary->safe_psql('postgres', 'CREATE DATABASE shop');
$primary->safe_psql('shop', <<'SQL');
CREATE TABLE orders (id serial PRIMARY KEY, customer int, note text);
CREATE INDEX ON orders (customer);
CREATE FUNCTION half(x int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN x / 2; END';
SQL

sub work
{
	$primary->psql('shop', <<'SQL', on_error_stop => 0);
INSERT INTO orders (customer, note) SELECT half(i), repeat('x', 100) FROM generate_series(1, 500) AS i;
SELECT count(*) FROM orders WHERE note LIKE '%y%';
SELECT sum(id) FROM orders WHERE customer = 7;
UPDATE orders SET note = 'y' WHERE id % 10 = 0;
SELECT 1 / 0;
SELECT nothing FROM orders;
SET work_mem = 64;
SELECT count(*) FROM (SELECT note FROM orders ORDER BY md5(note || id)) AS sorted;
SQL
	return;
}

work();
# One statement waits for another all the time; on the standby it runs, too.
my $long = 10 * $PostgreSQL::Test::Utils::timeout_default;
my $holder = $primary->background_psql('shop', timeout => $long);
my $waiter = $primary->background_psql('shop', on_error_stop => 0, timeout => $long);
my $counted = 'SELECT id FROM orders WHERE id = 1 FOR UPDATE';
$holder->query_safe('BEGIN; UPDATE orders SET note = note WHERE id = 1');
$waiter->query_until(qr/waits/, "\\echo waits\n$counted;\n");
$primary->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.blocking_history") or die 'nobody is blocked';
for (1 .. 3)
{
	work();
	$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
}
$primary->safe_psql('postgres', "SELECT dbops.accept_settings(note => 'test')");
$primary->append_conf('postgresql.conf', "max_connections = 90\nwork_mem = 5MB\n");
$primary->reload;
$primary->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.tables WHERE relname = 'orders'") or die 'no name is known';
$primary->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.health_history WHERE score IS NOT NULL") or die 'no verdict';
$primary->safe_psql('postgres', "SELECT dbops.advise_now('shop')");
$primary->poll_query_until('postgres', "SELECT count(*) > 0 FROM dbops.setting_drift WHERE name = 'work_mem'") or die 'no drift';
$primary->safe_psql('postgres', 'SELECT dbops.take_sample()');
$primary->wait_for_catchup($standby);
$standby->poll_query_until('postgres', "SELECT dbops.take_sample() IS NOT NULL") or die 'the standby takes no sample';
for (1 .. 2)
{
	$standby->psql('shop', "SELECT count(*) FROM orders AS there; SELECT 1 / 0", on_error_stop => 0);
	$standby->safe_psql('postgres', 'SELECT dbops.take_sample()');
}

# ---- the dashboards --------------------------------------------------------------------------------
my %dashboard;
foreach my $name (split /\n/, $primary->safe_psql('postgres', 'SELECT name FROM dbops.grafana_dashboards'))
{
	my $body = $primary->safe_psql('postgres', "SELECT dbops.grafana_dashboard('$name')", extra_params => [ '-U', 'grafana' ]);
	$dashboard{$name} = decode_json($body);
	is($standby->safe_psql('postgres', "SELECT dbops.grafana_dashboard('$name')", extra_params => [ '-U', 'grafana' ]), $body,
		"$name is the same on the standby");
}
my @asking_sql = grep { $dashboard{$_}{templating}{list}[0]{query} =~ /postgresql/ } sort keys %dashboard;

# Values as Grafana puts them into the text of a query: quoted and separated for sqlstring, but what
# stands for all as it is.
sub sqlstring { return join ',', map { s/'/''/gr =~ s/^(.*)$/'$1'/sr } @_ }

sub expanded
{
	my ($query, $range, $interval, $values) = @_;
	my ($from, $to) = @$range;
	$query =~ s/\$__timeFilter\(([\w.]+)\)/$1 BETWEEN '$from' AND '$to'/g;
	$query =~ s/\$__timeFrom\(\)/'$from'/g;
	$query =~ s/\$__timeTo\(\)/'$to'/g;
	$query =~ s/\$__interval/$interval/g;
	$query =~ s/\$\{(\w+):sqlstring\}/$values->{$1} \/\/ die "no value for $1"/ge;
	return $query;
}

# What psql says to each of some queries, in one session: { rows, columns, error } by their names.
sub answers
{
	my ($node, %query) = @_;
	my $script = "\\set ON_ERROR_STOP off\n\\pset format unaligned\n\\pset tuples_only on\n";
	foreach my $name (sort keys %query)
	{
		$script .= "\\echo <<$name>>\n\\warn <<$name>>\n$query{$name} \\gdesc\n\\echo <<rows>>\n"
		  . "SELECT count(*) FROM ($query{$name}) AS panel\n"
		  . "  WHERE EXISTS (SELECT FROM jsonb_each(to_jsonb(panel) - 'time' - 'metric') AS c WHERE c.value <> 'null');\n";
	}
	my ($out, $err) = ('', '');
	run [ 'psql', '-XqAt', '-U', 'grafana', '-d', $node->connstr('postgres') ], \$script, \$out, \$err;
	my %answer = map { $_ => { error => '', columns => [], rows => undef } } keys %query;
	while ($out =~ /^<<(.+?)>>\n(.*?)<<rows>>\n(\d*)/gms)
	{
		$answer{$1}{columns} = [ map { [ split /\|/ ] } split /\n/, $2 ];
		$answer{$1}{rows} = $3;
	}
	while ($err =~ /^<<(.+?)>>\n(.*?)(?=^<<|\z)/gms) { $answer{$1}{error} = $2 }
	return \%answer;
}

sub now { my ($node, $before) = @_; return $node->safe_psql('postgres',
	"SELECT to_char((now() - interval '$before') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')") }

# The panels of dashboards that ask SQL, by "dashboard / title".
my %panel = map { my $d = $_; map { ("$d / $_->{title}" => $_) } grep { $_->{type} ne 'row' } @{ $dashboard{$d}{panels} } } @asking_sql;

# ---- variables -------------------------------------------------------------------------------------
my %variable = map { my $d = $_; map { ("$d / $_->{name}" => $_) } grep { $_->{type} eq 'query' } @{ $dashboard{$d}{templating}{list} } } @asking_sql;
my %some = (node => "'first'", database => "'0'", object => "'0'", statement => "'0'");
foreach my $node ($primary, $standby)
{
	my $where = $node->name;
	my $answers = answers($node, map { $_ => expanded($variable{$_}{query}, [ now($node, '1 hour'), now($node, '0') ], '1m', \%some) } keys %variable);
	is_deeply([ grep { $answers->{$_}{error} } sort keys %$answers ], [], "$where: no variable fails") or diag explain $answers;
	is_deeply([ grep { !$answers->{$_}{rows} } sort keys %$answers ], [], "$where: each has values");
	is($node->safe_psql('postgres', $variable{'overview / node'}{query}) =~ s/\n.*//sr, $where eq 'primary' ? 'first' : 'second',
		"$where: its own history is shown first");
}
is_deeply([ grep { $variable{$_}{multi} != defined $variable{$_}{allValue} } keys %variable ], [], 'who takes several takes all, too');

# ---- panels ----------------------------------------------------------------------------------------
my $shop = $primary->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'shop'");
my $orders = $primary->safe_psql('shop', "SELECT 'orders'::regclass::oid");
my $statement = $primary->safe_psql('postgres', "SELECT queryid FROM dbops.statements WHERE query LIKE '%INTO orders%' LIMIT 1");
my $waits = $primary->safe_psql('postgres', "SELECT queryid FROM dbops.blocking WHERE query LIKE 'SELECT id%'");
my $there = $standby->safe_psql('postgres', "SELECT queryid FROM dbops.statements WHERE query LIKE '%orders AS there%'");
my %all = (database => "'0'", object => "'0'", statement => sqlstring($statement));
my %chosen = (database => sqlstring($shop, 1), object => sqlstring($orders, 1), statement => sqlstring($statement));
my @looks = (
	[ '15 minutes', '1s', \%all ], [ '3 minutes', '200ms', \%chosen ], [ '6 hours', '15s', \%chosen ],
	[ '2 days', '2m', \%all ], [ '30 days', '1h', \%all ], [ '900 days', '1d', { %all, statement => "''" } ]);

sub look
{
	my ($node, $before, $interval, $values, $only) = @_;
	my $range = [ now($node, $before), now($node, '-1 second') ];
	my %named = (%$values, node => $node->name eq 'primary' ? "'first'" : "'second'");
	my %query;
	foreach my $name (grep { !$only || /$only/ } keys %panel)
	{
		$query{"$name / $_->{refId}"} = expanded($_->{rawSql}, $range, $interval, \%named) for @{ $panel{$name}{targets} };
	}
	my $answers = answers($node, %query);
	my $what = $node->name . ", $before in steps of $interval";
	my @failed = grep { $answers->{$_}{error} || !defined $answers->{$_}{rows} } sort keys %$answers;
	is_deeply(\@failed, [], "$what: no panel fails");
	diag("$_: $answers->{$_}{error}\n$query{$_}") for @failed;
	return $answers;
}

my %seen = map { $_->[0] . $_->[1] => look($primary, @$_) } @looks;
my $on_standby = look($standby, '15 minutes', '1s', { %all, statement => sqlstring($there) });
my $waiting = look($primary, '15 minutes', '1s', { %all, statement => sqlstring($waits) }, qr/What it waits for/);
look($standby, '30 days', '1h', \%all);

# What a panel of each type needs.
my $columns = $seen{'15 minutes1s'};
my $number = qr/^(double precision|numeric|bigint|integer)$/;
my (@wrong, @dangling);
foreach my $key (sort keys %$columns)
{
	my ($name) = $key =~ m{^(.*) / \w$};
	my @columns = @{ $columns->{$key}{columns} };
	my %type = map { @$_ } @columns;
	if ($panel{$name}{type} eq 'timeseries')
	{
		my @texts = grep { $type{$_} eq 'text' } keys %type;
		my @numbers = grep { $type{$_} =~ $number } keys %type;
		push @wrong, $name
		  unless ($type{time} // '') eq 'timestamp with time zone' && @numbers + @texts + 1 == @columns && @numbers > 0
		  && (@texts == 0 || (@texts == 1 && $texts[0] eq 'metric' && @numbers == 1));
	}
	elsif ($panel{$name}{type} eq 'table')
	{
		push @wrong, "$name: $_ is $type{$_}" for grep { $type{$_} !~ /$number|^text$|^boolean$|^timestamp with time zone$/ } sort keys %type;
	}
	else
	{
		push @wrong, "$name: $_ is $type{$_}" for grep { $type{$_} !~ /$number|^text$/ } sort keys %type;
	}
	my $fields = encode_json($panel{$name}{fieldConfig});
	push @dangling, "$name: $1" x !$type{$1} while $fields =~ /__data\.fields\.(\w+)/g;
	for (grep { $_->{matcher}{id} eq 'byName' && $_->{matcher}{options} ne 'status' } @{ $panel{$name}{fieldConfig}{overrides} })
	{
		push @dangling, "$name: $_->{matcher}{options}" unless $type{ $_->{matcher}{options} };
	}
}
is_deeply(\@wrong, [], 'each has the columns that its panel needs');
is_deeply([ grep { $_ } @dangling ], [], 'and those that links and colours are about');

# What is empty as nothing of the kind is going on, or as the server is too old; all others have something to show.
my $nothing_is_done = any_of('advice / Index advice', 'queries / Other plans', 'system / Reads and writes by process',
	'system / Memory of the container', 'system / CPU held back', 'system / Pressure', 'system / Disks busy', 'system / Time of a .*',
	'recovery / Backups verified', 'recovery / Repositories', 'recovery / Speed of recovery', 'recovery / Times to go back to',
	'replication / Queries cancelled by replay', 'replication / Subscriptions', 'tables / Under way');
my $of_a_standby = any_of('replication / Its own lag', 'replication / WAL not replayed here', 'replication / What replay waits for',
	'replication / Since the last message of the sender');
my $of_a_primary = any_of('replication / Replication Lag', 'replication / WAL not replayed', 'replication / Where the WAL is',
	'replication / Time to a standby', 'replication / .*[Ss]lots.*', 'recovery / .*', 'waits / .*',
	'advice / .*', 'statement / What it waits for', 'overview / Waits', 'tables / Dead rows',
	'tables / Updates without .*');

# A machine may show neither disks nor networks to who runs in a part of it.
my @unseen = grep { $primary->safe_psql('postgres', "SELECT count(*) FROM dbops.${_}_now") eq '0' } qw(device network);
my %panels_of = (device => 'system / Read and written', network => 'system / Network.*');
my $of_what_is_unseen = any_of('', map { $panels_of{$_} } @unseen);

sub any_of { my $any = join '|', @_; return qr{^($any)$} }

sub empty_ones
{
	my ($answers, @may_be) = @_;
	my %kept = map { $_ => 1 } map { m{^(.*) / \w$} } grep { !$answers->{$_}{rows} } keys %$answers;
	foreach my $allowed (@may_be) { /$allowed/ && delete $kept{$_} for keys %kept }
	return join "\n", sort keys %kept;
}

is(empty_ones($columns, $nothing_is_done, $of_what_is_unseen, $of_a_standby, qr{^statement / What it waits for$}), '', 'none is empty that must not be');
is(empty_ones($waiting), '', 'waits of a statement are shown');
is(empty_ones($on_standby, $nothing_is_done, $of_what_is_unseen, $of_a_primary), '', 'nor on a standby');
$holder->query_safe('COMMIT');
$holder->quit;
$waiter->quit;

# ---- the dashboard for Prometheus --------------------------------------------------------------------
my @expressions = map { map { $_->{expr} } @{ $_->{targets} } } grep { $_->{targets} } @{ $dashboard{prometheus}{panels} };
s/\$__rate_interval/1m/g, s/"\$\w+"/".*"/g for @expressions;
my %told = map { $_ => 1 } $primary->safe_psql('postgres', 'SELECT dbops.prometheus()') =~ /^(?:# TYPE )?([a-z0-9_]+)[{ ]/mg;
my $unseen = join '|', '-', @unseen;
my @unknown = grep { !$told{$_} && !/^dbops_($unseen)_/ } map { /\b((?:pg|dbops)_[a-z0-9_]+)/g } @expressions;
is("@unknown", '', 'every metric it asks for is told');
SKIP:
{
	skip 'promtool is not installed', 1 unless grep { -x "$_/promtool" } split /:/, $ENV{PATH};
	my $rules = PostgreSQL::Test::Utils::tempdir() . '/rules.yml';
	append_to_file($rules, encode_json({ groups => [ { name => 'panels',
		rules => [ map { { record => "panel:$_", expr => $expressions[$_] } } 0 .. $#expressions ] } ] }));
	my $said = '';
	ok(run([ 'promtool', 'check', 'rules', $rules ], '>&', \$said), 'promtool reads every expression') or diag($said);
}

# ---- the schema that Grafana publishes ---------------------------------------------------------------
my $folder = dirname(abs_path(__FILE__)) . '/../grafana';
SKIP:
{
	skip 'no npm: the format is not compared with what Grafana publishes', 1 unless grep { -x "$_/npm" } split /:/, $ENV{PATH};
	skip 'test/setup could not fetch @grafana/schema: the format is not compared with what Grafana publishes', 1
	  unless -e "$folder/node_modules/typescript/bin/tsc" && -e "$folder/node_modules/\@grafana/schema";
	my $types = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$types/$_", slurp_file("$folder/$_")) for 'schema.ts', 'tsconfig.json';
	symlink("$folder/node_modules", "$types/node_modules") or die "symlink: $!";
	mkdir "$types/dashboards";
	append_to_file("$types/dashboards/$_.ts", "import type { Dashboard } from '../schema.js';\nexport const dashboard: Dashboard =\n"
		  . $primary->safe_psql('postgres', "SELECT dbops.grafana_dashboard('$_')") . ";\n") for keys %dashboard;
	my $said = '';
	ok(run([ 'node', "$folder/node_modules/typescript/bin/tsc", '-p', $types ], '>&', \$said), 'each is of the published types') or diag($said);
}
$primary->stop;
$standby->stop;
done_testing();
