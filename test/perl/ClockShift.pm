package ClockShift;

# A wall clock that is off, for the servers started with it; clock_shift.c is what they preload.
#
#	my $clock = ClockShift->new('name') or plan skip_all => 'no C compiler';
#	$clock->start($node);
#	$clock->shift_to(-3600);    # an hour back, under the running server

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use PostgreSQL::Test::Utils;

# False where there is no C compiler.
sub new
{
	my ($class, $name) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $self = bless { library => "$folder/$name.so", file => "$folder/$name" }, $class;
	my $compiler = $ENV{CC} // 'cc';
	my $source = dirname(__FILE__) . '/clock_shift.c';
	return if system("$compiler -shared -fPIC -o '$self->{library}' '$source' -ldl 2>/dev/null") != 0;
	$self->shift_to(0);
	return $self;
}

# The file is written in place, as servers have it mapped.
sub shift_to
{
	my ($self, $seconds) = @_;
	open my $out, -e $self->{file} ? '+<' : '>', $self->{file} or die "$self->{file}: $!";
	binmode $out;
	syswrite $out, pack('q', $seconds);
	close $out;
	return;
}

sub start
{
	my ($self, $node) = @_;
	local $ENV{LD_PRELOAD} = $self->{library};
	local $ENV{CLOCK_SHIFT} = $self->{file};
	$node->start;
	return;
}

1;
