package ScimTest::OpenMetrics;
# A strict reader of OpenMetrics text, version 1.0.0: what it lets pass, any
# scraper understands.
#
#   my $metrics = ScimTest::OpenMetrics->parse($bytes);     # dies with a reason
#   $metrics->value('mod_scim_connections_open');           # undef: not there
#   $metrics->value('mod_scim_events_total', outcome => 'applied');
#   $metrics->sum('mod_scim_requests_total', status => '200');
#   $metrics->rows('mod_scim_requests_total');              # [{ labels }, value] ...
#   $metrics->families;     # { name => { type, unit, help } }
use strict;
use warnings;
use Encode ();

my $NAME  = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $LABEL = qr/[a-zA-Z_][a-zA-Z0-9_]*/;
my $VALUE = qr/(?:[^"\\\n]|\\[\\"n])*/;
my $NUMBER = qr/[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|Inf)|NaN/;

# type => endings of its samples
my %ENDING = (
    counter   => { _total => 1 },
    gauge     => { '' => 1 },
    histogram => { _bucket => 1, _count => 1, _sum => 1 },
    info      => { _info => 1 },
);

sub parse {
    my ($class, $bytes) = @_;
    my $text = eval { Encode::decode('UTF-8', my $copy = $bytes, Encode::FB_CROAK) };
    die "not UTF-8\n" unless defined $text;
    $text =~ s/\n?# EOF\n\z/\n/ or die "the end is not \"# EOF\" and a line feed\n";
    my $self = bless { families => {}, rows => [], seen => {} }, $class;
    my $n = 0;
    for my $line (split /\n/, $text) {
        $n++;
        eval { $self->_line($line); 1 } or die "line $n: $@  $line\n";
    }
    $self->_end_family;
    return $self;
}

sub _line {
    my ($self, $line) = @_;
    die "a carriage return\n" if $line =~ /\r/;
    return $self->_meta($line) if $line =~ /^#/;
    my ($name, $labels, $value) = $line =~ /^($NAME)(?:\{(.*)\})? ($NUMBER)$/
        or die "no sample\n";
    $self->_sample($name, defined $labels ? _labels($labels) : {}, $value);
}

sub _meta {
    my ($self, $line) = @_;
    my ($what, $name, $rest) = $line =~ /^# (TYPE|UNIT|HELP) ($NAME) (.+)$/ or die "no metadata\n";
    my $family = $self->{family};
    if (!$family || $family->{name} ne $name) {
        $self->_end_family;
        die "the family $name comes twice\n" if $self->{families}{$name};
        $family = $self->{family} = $self->{families}{$name} = { name => $name, rows => [] };
    }
    die "$what behind samples\n" if @{ $family->{rows} };
    die "$what twice\n" if defined $family->{ lc $what };
    die "an unknown type\n" if $what eq 'TYPE' && !$ENDING{$rest};
    die "the name does not end in its unit\n" if $what eq 'UNIT' && $name !~ /_\Q$rest\E$/;
    die "a stray escape\n" if $what eq 'HELP' && $rest !~ /^(?:[^"\\]|\\[\\"n])*$/;
    $family->{ lc $what } = $rest;
}

sub _labels {
    my ($text) = @_;
    my %label;
    while ($text =~ /\G($LABEL)="($VALUE)"(,|\z)/gc) {
        my ($name, $value, $more) = ($1, $2, $3);
        die "the label $name twice\n" if exists $label{$name};
        $label{$name} = $value =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ger;
        return \%label if $more eq '';
    }
    die "labels that cannot be read\n";
}

sub _key { my ($label) = @_; return join "\0", map { ($_, $label->{$_}) } sort keys %$label }

sub _sample {
    my ($self, $name, $label, $value) = @_;
    my $family = $self->{family} or die "a sample without metadata\n";
    my ($ending) = $name =~ /^\Q$family->{name}\E(.*)$/ or die "a sample of another family\n";
    my $type = $family->{type} // die "no type\n";
    die "no ending of a $type\n" unless $ENDING{$type}{$ending};
    die "the sample twice\n" if $self->{seen}{ "$name\0" . _key($label) }++;
    die "not a number that can be counted\n" if $type ne 'gauge' && $value !~ /^[0-9.]+$/;
    die "no bound\n" if ($ending eq '_bucket') != (exists $label->{le} ? 1 : 0);
    my $row = [$name, $label, $value, $ending];
    push @{ $family->{rows} }, $row;
    push @{ $self->{rows} }, $row;
}

# What can be judged only when all samples of a family are there.
sub _end_family {
    my ($self) = @_;
    my $family = delete $self->{family} or return;
    die "$family->{name} has no type\n" unless $family->{type};
    die "$family->{name} has no help\n" unless $family->{help};
    return unless $family->{type} eq 'histogram';
    my (@order, %of);
    for my $row (@{ $family->{rows} }) {
        my %label = %{ $row->[1] };
        delete $label{le};
        my $key = _key(\%label);
        push @order, $key unless @order && $order[-1] eq $key;
        push @{ $of{$key} }, $row;
    }
    die "$family->{name}: samples of a histogram are apart\n" if @order != keys %of;
    _histogram($family->{name}, @{ $of{$_} }) for @order;
}

sub _histogram {
    my ($name, @row) = @_;
    my @bucket = grep { $_->[3] eq '_bucket' } @row;
    my ($count) = map { $_->[2] } grep { $_->[3] eq '_count' } @row;
    my ($sum) = map { $_->[2] } grep { $_->[3] eq '_sum' } @row;
    die "$name: no count or no sum\n" unless defined $count && defined $sum;
    die "$name: the last bucket is not +Inf\n" if !@bucket || $bucket[-1][1]{le} ne '+Inf';
    die "$name: the last bucket is not the count\n" if $bucket[-1][2] != $count;
    for my $i (0 .. $#bucket - 1) {
        my $le = $bucket[$i][1]{le};
        die "$name: the bound \"$le\" is not in its canonical form\n" if $le !~ /^[0-9]+\.[0-9]*[1-9]$|^[0-9]+\.0$/;
        die "$name: bounds do not rise\n" if $i && $le <= $bucket[$i - 1][1]{le};
        die "$name: buckets fall\n" if $bucket[$i][2] > $bucket[$i + 1][2];
    }
}

sub families { $_[0]{families} }

# Samples of that name whose labels have these values: [{ labels }, value] ...
sub rows {
    my ($self, $name, %want) = @_;
    return map { [$_->[1], $_->[2]] } grep {
        my $row = $_;
        $row->[0] eq $name && !grep { ($row->[1]{$_} // '') ne $want{$_} } keys %want;
    } @{ $self->{rows} };
}

sub sum {
    my ($self, $name, %want) = @_;
    my $sum = 0;
    $sum += $_->[1] for $self->rows($name, %want);
    return $sum;
}

sub value {
    my ($self, $name, %want) = @_;
    my @row = $self->rows($name, %want);
    die "$name: " . @row . " samples fit\n" if @row > 1;
    return @row ? $row[0][1] : undef;
}

1;
