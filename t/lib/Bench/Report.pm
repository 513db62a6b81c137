package Bench::Report;
# The figures as a table and as a plot.
use strict;
use warnings;

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return @sorted % 2 ? $sorted[$#sorted / 2]
                       : ($sorted[@sorted / 2 - 1] + $sorted[@sorted / 2]) / 2;
}

# of(FIGURES, OP, SIDE, KEY): the median over the rounds.
sub of {
    my ($figures, $op, $side, $key) = @_;
    return median(map { $_->{$key} } grep { $_->{op} eq $op && $_->{side} eq $side } @$figures);
}

# The efficiency is taken within each round, where the three were measured one
# after the other, and then the median of those.
sub efficiency {
    my ($figures, $op) = @_;
    my %rate;
    $rate{ $_->{round} }{ $_->{side} } = $_->{rate} for grep { $_->{op} eq $op } @$figures;
    return median(map { $_->{scim} * (1 / $_->{static} + 1 / $_->{sql}) } values %rate);
}

sub table {
    my ($operations, $figures) = @_;
    my $text = sprintf "%-34s%31s%18s%22s%22s\n%-34s%10s%10s%11s%9s%9s%11s%11s%13s%8s\n",
        '', 'requests per second    ', 'scim, ms    ', 'CPU us of scim   ', '', 'operation',
        qw(static sql scim p50 p99 httpd PostgreSQL efficiency target);
    for my $op (@$operations) {
        my ($name, $what, $target) = @$op;
        my $efficiency = efficiency($figures, $name);
        $text .= sprintf "%-34s%10.0f%10.0f%11.0f%9.2f%9.2f%11.0f%11.0f%13.2f%8.2f  %s\n", $what,
            (map { of($figures, $name, $_, 'rate') } qw(static sql scim)),
            (map { of($figures, $name, 'scim', $_) } qw(p50 p99 cpu_httpd cpu_pg)),
            $efficiency, $target, $efficiency >= $target ? 'met' : 'MISSED';
    }
    return $text;
}

# Bars of the efficiency, with the target of each as a line.
sub plot {
    my ($operations, $figures) = @_;
    my ($left, $width, $row) = (250, 400, 34);
    my $height = 60 + $row * @$operations;
    my $svg = sprintf qq{<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" }
        . qq{font-family="sans-serif" font-size="13">\n<rect width="100%%" height="100%%" fill="white"/>\n}
        . qq{<text x="10" y="22" font-size="15">Efficiency: SCIM beside static httpd plus bare SQL}
        . qq{</text>\n}, $left + $width + 70, $height;
    my $y = 40;
    for my $op (@$operations) {
        my ($name, $what, $target) = @$op;
        my $efficiency = efficiency($figures, $name);
        my $at = $left + $width * $target / 1.2;
        $svg .= sprintf qq{<text x="%d" y="%d" text-anchor="end">%s</text>\n}
            . qq{<rect x="%d" y="%d" width="%.1f" height="20" fill="%s"/>\n}
            . qq{<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="black" stroke-width="2"/>\n}
            . qq{<text x="%.1f" y="%d">%.2f</text>\n},
            $left - 8, $y + 15, $what, $left, $y, $width * $efficiency / 1.2,
            $efficiency >= $target ? '#4a8f5c' : '#c07030',
            $at, $y - 4, $at, $y + 24, $left + $width * $efficiency / 1.2 + 6, $y + 15, $efficiency;
        $y += $row;
    }
    return $svg . sprintf(qq{<text x="%d" y="%d" fill="#555">black lines: targets</text>\n</svg>\n},
        $left, $height - 6);
}

1;
