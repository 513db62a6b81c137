package Provision::Screen;
# What a person looks at: headings, columns, and a bar that moves on a terminal
# and becomes a few plain lines when the output goes to a file.
use strict;
use warnings;
use Exporter qw(import);
use Time::HiRes qw(time);

our @EXPORT_OK = qw(thousands milliseconds columns);

sub new {
    my ($class, $fh) = @_;
    $fh ||= \*STDOUT;
    binmode $fh, ':encoding(UTF-8)' unless grep { /utf-?8/i } PerlIO::get_layers($fh);
    $fh->autoflush(1) if $fh->can('autoflush');
    return bless { fh => $fh, terminal => -t $fh ? 1 : 0 }, $class;
}

sub terminal { $_[0]{terminal} }
sub say      { my ($self, @text) = @_; print { $self->{fh} } map { "$_\n" } @text ? @text : '' }
sub bold     { my ($self, $text) = @_; return $self->{terminal} ? "\e[1m$text\e[0m" : $text }

sub title {
    my ($self, $text) = @_;
    $self->say('', $self->bold($text), '=' x _width($text));
}

sub heading {
    my ($self, $text) = @_;
    $self->say('', $self->bold($text));
}

sub thousands {
    my ($n) = @_;
    1 while $n =~ s/\A(\d+)(\d{3})/$1,$2/;
    return $n;
}

sub milliseconds { my ($seconds) = @_; return defined $seconds ? sprintf '%.1f', 1000 * $seconds : '-' }

# The cells a text takes on a terminal: wide and combining characters counted.
sub _width {
    my ($text) = @_;
    my $marks = () = $text =~ /[\p{Mn}\p{Me}\p{Cf}]/g;
    my $wide  = () = $text =~ /[\p{East_Asian_Width: W}\p{East_Asian_Width: F}]/g;
    return length($text) - $marks + $wide;
}

# columns('lrr', rows): lines with the columns aligned left or right, two
# blanks between them, indented by two.
sub columns {
    my ($align, @rows) = @_;
    my @align = split //, $align;
    my @width;
    for my $row (@rows) {
        for my $i (0 .. $#$row) {
            my $w = _width($row->[$i] // '');
            $width[$i] = $w if $w > ($width[$i] // 0);
        }
    }
    return map {
        my $row = $_;
        my $line = '  ' . join '  ', map {
            my $text = $row->[$_] // '';
            my $pad = ' ' x ($width[$_] - _width($text));
            ($align[$_] // 'l') eq 'r' ? "$pad$text" : "$text$pad";
        } 0 .. $#$row;
        $line =~ s/ +\z//r;
    } @rows;
}

sub table { my ($self, $align, @rows) = @_; $self->say(columns($align, @rows)) }

# A bar: code to be called with (done, total), and with nothing at the end.
sub bar {
    my ($self, $label) = @_;
    my ($start, $shown, $quarter, $last, $all) = (time, 0, 0, 0, 0);
    my $state = sub {
        my ($done, $total) = @_;
        my $seconds = time - $start;
        my $rate = $seconds > 0 ? $done / $seconds : 0;
        return sprintf '%*s of %s  %3d %%  %4.0f/s', length thousands($total),
            thousands($done), thousands($total), $total ? 100 * $done / $total : 100, $rate;
    };
    return sub {
        my ($done, $total) = @_;
        if (!defined $done) {
            return unless $self->{terminal} && $shown;
            print { $self->{fh} } "\r", _line($label, $last, $all, $state->($last, $all)), "\e[K\n";
            return;
        }
        ($last, $all) = ($done, $total);
        if ($self->{terminal}) {
            return if time - $shown < 0.1 && $done < $total;
            $shown = time;
            print { $self->{fh} } "\r", _line($label, $done, $total, $state->($done, $total)), "\e[K";
            return;
        }
        my $now = $total ? int(4 * $done / $total) : 4;
        return if $now <= $quarter || !$total;
        $quarter = $now;
        $self->say(sprintf '  %-26s %s', $label, $state->($done, $total));
    };
}

sub _line {
    my ($label, $done, $total, $state) = @_;
    my $cells = 28;
    my $full = $total ? int($cells * $done / $total) : $cells;
    return sprintf '  %-26s [%s%s] %s', $label, '#' x $full, '.' x ($cells - $full), $state;
}

1;
