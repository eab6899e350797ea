# Names that have no form in UTF-8 do not keep the other names of their database from being learned.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('encodings');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_stat_statements, dbops'
max_worker_processes = 16
dbops.wide_interval = 1
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dbops CASCADE');

# An odd byte in the name of a table, which the encoding of the database allows.
my %odd_bytes = (SQL_ASCII => 255, WIN1252 => 129, LATIN1 => 252);
foreach my $encoding (sort keys %odd_bytes)
{
	my $database = lc $encoding;

	$node->safe_psql('postgres',
		"CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql($database, <<"SQL");
CREATE TABLE plain (a int);
DO \$\$ BEGIN EXECUTE format('CREATE TABLE %I (a int)', 'odd_' || chr($odd_bytes{$encoding})); END \$\$;
SQL
}

sub learns
{
	my ($database, $name, $what) = @_;
	ok($node->poll_query_until('postgres',
			"SELECT count(*) = 1 FROM dbops.objects WHERE datname = '$database'
			    AND schemaname = 'public' AND objname = $name"), $what);
	return;
}

learns('sql_ascii', "'plain'", 'SQL_ASCII: plain names are learned beside an odd one');
learns('sql_ascii', "'odd_?'", 'SQL_ASCII: what is not UTF-8 becomes a question mark');
learns('win1252', "'plain'", 'WIN1252: plain names are learned beside one without equivalent');
learns('win1252', "'odd_?'", 'WIN1252: what has no equivalent becomes a question mark');
learns('latin1', "'odd_' || chr(252)", 'LATIN1: names are converted');

# pg_stat_statements itself cannot show a text of another encoding that is not valid here.
$node->safe_psql('sql_ascii', "SELECT 1 AS \"odd_\xff\"");
my ($code, $out, $err) = $node->psql('postgres', 'SELECT count(query) FROM pg_stat_statements');
SKIP:
{
	skip 'pg_stat_statements shows such texts', 2 if $code == 0;
	$node->safe_psql('postgres', 'SELECT dbops.take_sample()') for 1 .. 5;
	ok($node->poll_query_until('postgres',
			"SELECT bool_or(detail ~ 'failed [2-9] times') FROM dbops.status()
			  WHERE component = 'learn statement texts'"),
		'a text that cannot be read stays a finding');
	unlike(slurp_file($node->logfile), qr/"learn statement texts" works again/,
		'and the log does not say that it works again');
}

$node->stop;
done_testing();
