package Http;

# A client of the gateway, that can misbehave: sends bytes as they are, and reads what comes until the
# other side closes.
#
#	my $answer = Http::get($port, '/health', 'Accept: text/html');
#	$answer->{status}, $answer->{headers}{'content-type'}, $answer->{body}
#	my @answers = Http::together($port, @bytes);    # all at the same time

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

use constant { PIECE => 65536, PATIENCE => 60 };

sub request
{
	my ($method, $path, @headers) = @_;
	return join("\r\n", "$method $path HTTP/1.1", 'Host: here', 'Connection: close', @headers, '', '');
}

sub get { my ($port, @request) = @_; return answer($port, request('GET', @request)) }

sub answer { my ($port, $bytes) = @_; return (together($port, $bytes))[0] }

sub connect_to
{
	my ($port, $host) = @_;
	return IO::Socket::INET->new(PeerAddr => $host // '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => PATIENCE);
}

# What was received, in parts.  Status 0: nothing was.
sub parse
{
	my ($received) = @_;
	my ($head, $body) = split /\r\n\r\n/, $received, 2;
	my ($first, @lines) = split /\r\n/, $head // '';
	my ($status) = ($first // '') =~ m{^HTTP/1\.[01] (\d{3}) };
	my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name => $value) } @lines;
	return { status => $status // 0, headers => \%headers, body => $body // '' };
}

# An answer for each; `seconds` is how long it took to come.
sub together
{
	my ($port, @requests) = @_;
	my $began = time;
	my $readers = IO::Select->new;
	my $writers = IO::Select->new;
	my (%place, %left, @received, @seconds);
	local $SIG{PIPE} = 'IGNORE';

	for my $i (0 .. $#requests)
	{
		my $socket = connect_to($port) or next;
		$socket->blocking(0);
		$place{$socket} = $i;
		$left{$socket} = $requests[$i];
		$readers->add($socket);
		$writers->add($socket);
	}
	while ($readers->count && time - $began < PATIENCE)
	{
		my ($readable, $writable) = IO::Select->select($readers, $writers, undef, 1);
		for my $socket (@{ $writable // [] })
		{
			my $sent = syswrite $socket, $left{$socket};
			substr($left{$socket}, 0, $sent) = '' if $sent;
			$writers->remove($socket) if $left{$socket} eq '' || (!defined $sent && !$!{EAGAIN});
		}
		for my $socket (@{ $readable // [] })
		{
			my $i = $place{$socket};
			my $got = sysread $socket, my $piece, PIECE;
			$received[$i] .= $piece if $got;
			next if $got || (!defined $got && $!{EAGAIN});
			$seconds[$i] = time - $began;
			$readers->remove($socket);
			$writers->remove($socket);
			close $socket;
		}
	}
	return map { { %{ parse($received[$_] // '') }, seconds => $seconds[$_] // PATIENCE } } 0 .. $#requests;
}

1;
