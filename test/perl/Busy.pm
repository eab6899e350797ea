package Busy;

# A session that is at work for as long as it is wanted, on a standby too, and costs nothing: samples of a time
# in which nobody is active are stored, and shipped, as one.
#
#	my $busy = Busy->new($node);
#	$busy->end;

use strict;
use warnings FATAL => 'all';

use Becomes;
use IO::Handle;

# Sessions that may last longer than those of the framework, whose time is limited.
sub new
{
	my ($class, $node) = @_;
	my @sessions;
	for my $name ('holds', 'waits')
	{
		open my $session, '|-', "psql -XAtq '" . $node->connstr('postgres') =~ s/'/'"'"'/gr . "' >/dev/null 2>&1" or die "psql: $!";
		$session->autoflush;
		print $session "SELECT pg_advisory_lock(4711);\n";
		becomes($node, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", @sessions + 1, "a session $name");
		push @sessions, $session;
	}
	return bless { sessions => \@sessions }, $class;
}

# The first one's end is what the second one waits for.
sub end
{
	my ($self) = @_;
	close $_ for splice @{ $self->{sessions} };
	return;
}

1;
