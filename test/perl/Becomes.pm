package Becomes;

# A test that awaits an answer, and says what it got instead.
#
#	becomes($node, 'SELECT 1', '1', 'one is one');

use strict;
use warnings FATAL => 'all';

use Exporter qw(import);
use Test::More;

our @EXPORT = qw(becomes);

sub becomes
{
	my ($node, $query, $expected, $name) = @_;
	ok($node->poll_query_until('postgres', $query, $expected), $name)
	  or diag('got: ' . $node->safe_psql('postgres', $query));
	return;
}

1;
