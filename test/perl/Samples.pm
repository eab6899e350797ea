package Samples;

# What must hold of the samples after any weather: no round is missing, no task has failed, and the
# workers are those of the beginning.
#
#	my $samples = Samples->new($node);
#	...
#	$samples->are_whole('after the storm');    # since new or the last time

use strict;
use warnings FATAL => 'all';

use Test::More;

sub new
{
	my ($class, $node) = @_;
	my $self = bless { node => $node }, $class;
	$self->{workers} = $self->workers;
	return $self->begin;
}

sub begin
{
	my ($self) = @_;
	$self->{since} = $self->sql('SELECT clock_timestamp()');
	return $self;
}

sub are_whole
{
	my ($self, $what) = @_;
	# Each tick begins where the one before ended.
	is($self->sql("SELECT count(*) FROM (SELECT at - covers AS began_at, lag(at) OVER (ORDER BY at) AS before
			FROM dbops.system_history WHERE at >= '$self->{since}') AS span
		WHERE abs(extract(epoch FROM began_at - before)) > 0.5"), '0', "$what: the samples have no gap");
	is($self->sql(q{SELECT string_agg(task || ': ' || error, ', ') FROM dbops.tasks() WHERE failures > 0}), '',
		"$what: no task fails");
	is($self->workers, $self->{workers}, "$what: the same workers");
	$self->begin;
	return;
}

sub sql { my ($self, $query) = @_; return $self->{node}->safe_psql('postgres', $query) }

sub workers
{
	my ($self) = @_;
	return $self->sql(q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity
		WHERE backend_type IN ('dbops sampler', 'dbops keeper')});
}

1;
