package Proxy;

# A connection that can be cut: passes bytes between a socket of its own and a server's, and while it
# is cut passes nothing and closes nothing, as a network does whose cable was pulled.
#
#	my $proxy = Proxy->new($node);
#	$proxy->connstr                  # in place of $node->connstr
#	$proxy->cut; $proxy->mend;

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;
use POSIX ();
use Socket qw(SOCK_STREAM);

use constant PIECE => 65536;

sub new
{
	my ($class, $node) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir_short();
	my $file = '.s.PGSQL.' . $node->port;
	my $self = bless { folder => $folder, port => $node->port, parent => $$ }, $class;
	my $listener = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => "$folder/$file", Listen => 20)
	  or die "proxy: $!";
	$self->{pid} = fork() // die "fork: $!";
	return $self if $self->{pid};
	# None of the test's own endings in the child.
	$SIG{__DIE__} = 'DEFAULT';
	$SIG{PIPE} = 'IGNORE';
	eval { pass_bytes($listener, $node->host . "/$file") };
	POSIX::_exit(0);
}

sub connstr { my ($self) = @_; return "host=$self->{folder} port=$self->{port}" }

sub cut { my ($self) = @_; kill 'STOP', $self->{pid}; return }

sub mend { my ($self) = @_; kill 'CONT', $self->{pid}; return }

sub stop
{
	my ($self) = @_;
	return unless $self->{pid} && $self->{parent} == $$;
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY { local $?; $_[0]->stop; return }

# Each end has a partner, and the bytes that it is still to get.
sub pass_bytes
{
	my ($listener, $server) = @_;
	my (%partner, %pending);
	my $parent = getppid();
	while (getppid() == $parent)
	{
		my @open = values %partner;
		my ($readable, $writable) = IO::Select->select(
			IO::Select->new($listener, grep { length $pending{ $partner{$_} } < PIECE } @open),
			IO::Select->new(grep { length $pending{$_} } @open), undef, 1);
		foreach my $end (@{ $writable // [] })
		{
			my $sent = syswrite $end, $pending{$end};
			substr($pending{$end}, 0, $sent, '') if $sent;
		}
		foreach my $end (@{ $readable // [] })
		{
			if ($end == $listener)
			{
				my $client = $listener->accept or next;
				my $other = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $server) or next;
				$_->blocking(0) foreach $client, $other;
				@partner{ $client, $other } = ($other, $client);
				@pending{ $client, $other } = ('', '');
			}
			elsif (my $other = $partner{$end})
			{
				my $got = sysread $end, $pending{$other}, PIECE, length $pending{$other};
				next if $got || (!defined $got && $!{EAGAIN});
				syswrite $other, $pending{$other} if length $pending{$other};
				foreach my $gone ($end, $other)
				{
					delete $partner{$gone};
					delete $pending{$gone};
					close $gone;
				}
			}
		}
	}
	return;
}

1;
