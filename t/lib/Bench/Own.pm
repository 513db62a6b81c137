package Bench::Own;
# The module's own statement for an operation, as a script for pgbench: what
# PostgreSQL alone makes of it. Taken from what a relay saw the module send, so
# it is never out of date.
use strict;
use warnings;

# What the client sent on its last turn: text and parameters of the statement
# that it executed last.
sub last_executed {
    my ($sent) = @_;
    my (%text, @bound);
    while (length $sent >= 5) {
        my ($type, $len) = unpack 'aN', $sent;
        if ($type !~ /[BCDEHPQSX]/) {       # a start-up packet has no type
            substr($sent, 0, unpack('N', $sent)) = '';
            next;
        }
        my $body = substr $sent, 5, $len - 4;
        substr($sent, 0, 1 + $len) = '';
        if ($type eq 'P') {
            my ($name, $text) = split /\0/, $body, 3;
            $text{$name} = $text;
        }
        elsif ($type eq 'B') {
            my (undef, $name, $rest) = split /\0/, $body, 3;
            my ($formats) = unpack 'n', $rest;
            substr($rest, 0, 2 + 2 * $formats) = '';
            my $count = unpack 'n', $rest;
            substr($rest, 0, 2) = '';
            my @value;
            for (1 .. $count) {
                my $n = unpack 'l>', $rest;
                push @value, $n < 0 ? undef : substr $rest, 4, $n;
                substr($rest, 0, 4 + ($n < 0 ? 0 : $n)) = '';
            }
            @bound = ($text{$name}, @value);
        }
    }
    return @bound;
}

# script(SENT, VALUE => EXPRESSION...): where a parameter was VALUE, pgbench
# computes EXPRESSION; the other parameters stay as they were.
sub script {
    my ($sent, %by) = @_;
    my ($text, @value) = last_executed($sent);
    die "the module sent no statement\n" unless defined $text;
    my $own = $text =~ s{\$(\d+)}{
        my $value = $value[$1 - 1];
        !defined $value ? 'NULL' : defined $by{$value} ? "($by{$value})"
                                 : "'" . $value =~ s/'/''/gr . "'" }ger;
    # a cast is no variable of pgbench, whatever follows
    return "\\set n random(1, :users)\n\\set org :n % :orgs + 1\n\\set id :first + :n\n$own;\n";
}

1;
