package Chromium;

# A browser without a window: what it makes of a page, what it complains of, and whom it asks.
#
#	my $browser = Chromium->find or skip ...;
#	my $seen = $browser->open($file, '--dump-dom');    # {out, complaints, asked}

use strict;
use warnings FATAL => 'all';

use Compress::Zlib qw(uncompress);
use IO::Select;
use IO::Socket::INET;
use IPC::Run ();
use PostgreSQL::Test::Utils;

# What it does of its own accord, which is not the page's doing.
my @quiet = qw(--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking
  --disable-component-update --disable-default-apps --disable-sync --disable-extensions
  --disable-domain-reliability --disable-breakpad --metrics-recording-only --hide-scrollbars
  --enable-logging=stderr --v=0);

# Undef where it is not installed.
sub find
{
	my ($class) = @_;
	my ($program) = grep { -x } map { "$_/chromium" } split /:/, $ENV{PATH};
	return if !$program;
	# Whoever asks for anything over the network comes here, and is refused.
	my $proxy = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', Proto => 'tcp') or return;
	return bless { program => $program, proxy => $proxy }, $class;
}

# Opens a file; `asked` tells what was wanted from the network.
sub open
{
	my ($self, $file, @options) = @_;
	my $home = PostgreSQL::Test::Utils::tempdir();
	my ($out, $err) = ('', '');
	my $address = '127.0.0.1:' . $self->{proxy}->sockport;
	local $ENV{HOME} = $home;
	local $ENV{XDG_CONFIG_HOME} = $home;
	local $ENV{XDG_CACHE_HOME} = $home;
	my $handle = IPC::Run::start([ $self->{program}, @quiet, "--user-data-dir=$home/profile", "--proxy-server=$address",
			'--proxy-bypass-list=<-loopback>', @options, "file://$file" ],
		\undef, \$out, \$err, IPC::Run::timeout(4 * $PostgreSQL::Test::Utils::timeout_default, name => 'browser'));
	$self->{asked} = [];
	while ($handle->pumpable)
	{
		$self->refuse;
		last if !eval { $handle->pump_nb; 1 };
		select undef, undef, undef, 0.02;
	}
	eval { $handle->finish; 1 } or $handle->kill_kill;
	$self->refuse;
	return { out => $out, asked => join(', ', @{ $self->{asked} }), complaints => join '', $err =~ /^.*\bCONSOLE\b.*$/mg };
}

# Notes who was asked for, but for the maker of the browser, to whom it turns of its own accord; nobody is reached.
sub refuse
{
	my ($self) = @_;
	while (IO::Select->new($self->{proxy})->can_read(0))
	{
		my $client = $self->{proxy}->accept or next;
		my $request = '';
		sysread $client, $request, 4096 if IO::Select->new($client)->can_read(2);
		syswrite $client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		close $client;
		my ($line) = $request =~ /^([^\r\n]*)/;
		push @{ $self->{asked} }, $line if $line !~ m{^\S+ (?:https?://)?[\w.-]*\b(?:google|googleapis|gvt1|gstatic)\.com\b};
	}
	return;
}

# The colour of the first dot of a PNG file, as three numbers: of eight bits each, as a browser writes it.
sub first_dot
{
	my ($file) = @_;
	my $png = slurp_file($file);
	my ($at, $packed) = (8, '');
	while ($at < length $png)
	{
		my ($length, $kind) = unpack 'Na4', substr $png, $at, 8;
		$packed .= substr $png, $at + 8, $length if $kind eq 'IDAT';
		$at += 12 + $length;
	}
	# The first dot has nothing before it that a filter could take into account.
	return unpack 'xC3', uncompress($packed);
}

1;
