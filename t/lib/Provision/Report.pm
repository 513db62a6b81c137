package Provision::Report;
# What one run did, and how fast: nothing in here but what was counted.
use strict;
use warnings;
use List::Util qw(sum0);

# What can become of an object, in the order in which people read it.
our @OUTCOMES = qw(created linked updated disabled enabled deleted unchanged
                   skipped failed);
our @REQUESTS = ('test', 'look-up', 'read', 'create', 'change', 'delete', 'page');

sub new {
    my ($class, %opt) = @_;
    return bless { kind => $opt{kind}, outcome => {}, of => {}, seconds => {}, status => {},
                   failures => [], surprises => [], dialect => {}, attribute => {},
                   stopped => undef, wall => 0 }, $class;
}

sub kind     { $_[0]{kind} }
sub outcome  { my ($self, $what) = @_; return $self->{outcome}{$what} || 0 }
sub outcomes { my $self = shift; return map { [$_, $self->outcome($_)] } @OUTCOMES }
sub failures { @{ $_[0]{failures} } }       # { who, why, status, next }
sub surprises { @{ $_[0]{surprises} } }     # text: an answer unlike the request
sub stopped  { $_[0]{stopped} }             # why, when the run ended early
sub wall     { $_[0]{wall} }
sub attributes { %{ $_[0]{attribute} } }    # path => times it was sent in PATCH
sub dialects { %{ $_[0]{dialect} } }        # dialect => PATCH requests

sub surprise { my ($self, $text) = @_; push @{ $self->{surprises} }, $text }
sub stop     { my ($self, $why) = @_; $self->{stopped} //= $why }
sub took     { my ($self, $seconds) = @_; $self->{wall} += $seconds }

# An object has one outcome. A reference that follows its creation is part of
# that; a failure outweighs all.
sub became {
    my ($self, $who, $what) = @_;
    my $before = $self->{of}{$who};
    return if defined $before && $what ne 'failed' && $before !~ /\A(?:unchanged|skipped)\z/;
    $self->{outcome}{$before}-- if defined $before;
    $self->{outcome}{$what}++;
    $self->{of}{$who} = $what;
}

sub failure {
    my ($self, $failure) = @_;
    $self->became($failure->{who}, 'failed');
    push @{ $self->{failures} }, $failure;
}

# Those with this outcome.
sub who { my ($self, $what) = @_; return grep { $self->{of}{$_} eq $what } sort keys %{ $self->{of} } }

# An answer to a request of this kind.
sub answered {
    my ($self, $kind, $answer) = @_;
    push @{ $self->{seconds}{$kind} }, $answer->{seconds};
    $self->{status}{$kind}{ $answer->{status} || $answer->{error} }++;
}

sub patched {
    my ($self, $dialect, @changes) = @_;
    $self->{dialect}{$dialect}++;
    $self->{attribute}{ $_->[1] }++ for @changes;
}

# requests(KIND...): how many, of all kinds without one.
sub requests {
    my ($self, @kinds) = @_;
    @kinds = keys %{ $self->{seconds} } unless @kinds;
    return sum0 map { scalar @{ $self->{seconds}{$_} || [] } } @kinds;
}

sub writes { return $_[0]->requests(qw(create change delete)) }

# kind => { status => count }
sub statuses { my ($self, $kind) = @_; return %{ $self->{status}{$kind} || {} } }

sub times {
    my ($self, @kinds) = @_;
    @kinds = keys %{ $self->{seconds} } unless @kinds;
    return map { @{ $self->{seconds}{$_} || [] } } @kinds;
}

# Take the numbers of other reports in.
sub add {
    my ($self, @others) = @_;
    for my $other (@others) {
        $self->{outcome}{$_} += $other->{outcome}{$_} for keys %{ $other->{outcome} };
        push @{ $self->{seconds}{$_} }, @{ $other->{seconds}{$_} } for keys %{ $other->{seconds} };
        $self->{dialect}{$_} += $other->{dialect}{$_} for keys %{ $other->{dialect} };
        $self->{attribute}{$_} += $other->{attribute}{$_} for keys %{ $other->{attribute} };
        for my $kind (keys %{ $other->{status} }) {
            $self->{status}{$kind}{$_} += $other->{status}{$kind}{$_}
                for keys %{ $other->{status}{$kind} };
        }
        push @{ $self->{failures} }, $other->failures;
        push @{ $self->{surprises} }, $other->surprises;
        $self->{wall} += $other->{wall};
    }
    return $self;
}

# percentile(0.99, numbers): the smallest number that so many do not exceed.
sub percentile {
    my ($share, @numbers) = @_;
    return undef unless @numbers;
    @numbers = sort { $a <=> $b } @numbers;
    my $rank = int($share * @numbers);
    $rank++ if $rank < $share * @numbers;
    return $numbers[$rank > 0 ? $rank - 1 : 0];
}

1;
