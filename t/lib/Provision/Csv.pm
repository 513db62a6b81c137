package Provision::Csv;
# Comma-separated text, as directories export it and spreadsheets save it:
# quoted fields, line ends within them, a byte order mark, semicolons or tabs
# in place of commas.
use strict;
use warnings;

# parse(TEXT): (names of the first line, rows as arrays, lines they began at).
sub parse {
    my ($text) = @_;
    $text =~ s/\A\x{feff}//;
    my ($first) = $text =~ /\A([^\r\n]*)/;
    my ($sep) = sort { _count($first, $b) <=> _count($first, $a) } ',', ';', "\t";
    my (@rows, @lines, @row);
    my $line = 1;
    my $start = 1;
    my $q = quotemeta $sep;
    pos($text) = 0;
    while (pos($text) < length $text) {
        if ($text =~ /\G"((?:[^"]+|"")*)"/gc) {
            my $field = $1;
            $line += $field =~ tr/\n//;
            push @row, $field =~ s/""/"/gr;
            die "line $line: text behind a closing quote\n"
                unless $text =~ /\G(?=$q|\r?\n|\z)/;
        }
        elsif ($text =~ /\G"/) {
            die "line $line: a quoted field does not end\n";
        }
        else {
            $text =~ /\G([^\r\n$q]*)/gc;
            push @row, $1;
        }
        if ($text =~ /\G$q/gc) {
            push @row, '' if pos($text) == length $text;
            next;
        }
        $text =~ /\G(?:\r?\n|\r|\z)/gc;
        if (@row > 1 || $row[0] ne '') {        # not an empty line
            push @rows, [@row];
            push @lines, $start;
        }
        @row = ();
        $start = ++$line;
    }
    push @rows, [@row] and push @lines, $start if @row;
    my $names = shift @rows || [];
    shift @lines;
    return ($names, \@rows, \@lines);
}

sub _count { my ($text, $char) = @_; my $n = () = $text =~ /\Q$char\E/g; return $n }

sub _field {
    my ($value) = @_;
    $value //= '';
    return $value =~ /[",;\t\r\n]|\A\s|\s\z/ ? '"' . $value =~ s/"/""/gr . '"' : $value;
}

# format(names, rows as arrays): text, with a line of names.
sub format {
    my ($names, @rows) = @_;
    return join '', map { join(',', map { _field($_) } @$_) . "\n" } $names, @rows;
}

1;
