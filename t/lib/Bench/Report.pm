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

# The efficiency is taken within each round, where the sides were measured one
# after the other, and then the median of those.
sub efficiency {
    my ($figures, $op, $side) = @_;
    my %rate;
    $rate{ $_->{round} }{ $_->{side} } = $_->{rate} for grep { $_->{op} eq $op } @$figures;
    return median(map { $_->{ $side || 'scim' } * (1 / $_->{static} + 1 / $_->{sql}) } values %rate);
}

# line(WHAT, VALUE, TARGET or undef, NOTE, 'least' when the target is one)
sub line {
    my ($what, $value, $target, $note, $least) = @_;
    return { what => $what, value => $value, target => $target, note => $note,
             met => !defined $target ? undef : $least ? $value >= $target : $value <= $target };
}

sub _verdict { my ($met) = @_; return !defined $met ? '' : $met ? 'met' : 'MISSED' }

sub table {
    my ($operations, $figures, $lines) = @_;
    my $text = '';
    if (@$operations) {
        $text .= sprintf "%-34s%48s\n%-34s%9s%9s%9s%9s%9s%12s%8s%13s\n", '', 'requests per second', 'operation',
            qw(static sql scim walls own), 'efficiency', 'target', '(with walls)';
        for my $op (@$operations) {
            my $name = $op->{name};
            my $efficiency = efficiency($figures, $name);
            $text .= sprintf "%-34s%9.0f%9.0f%9.0f%9.0f%9s%12.2f%8.2f%13.2f  %s\n", $op->{what},
                (map { of($figures, $name, $_, 'rate') } qw(static sql scim walls)),
                $op->{script} ? sprintf '%.0f', of($figures, $name, 'own', 'rate') : '',
                $efficiency, $op->{target}, efficiency($figures, $name, 'walls'),
                _verdict($efficiency >= $op->{target});
        }
        $text .= sprintf "\n%-34s%9s%9s%30s%32s%8s%12s\n", '', 'scim, ms', '', 'CPU us of httpd', 'CPU us of PostgreSQL',
            '', '';
        $text .= sprintf "%-34s%9s%9s%10s%10s%10s%11s%10s%11s%8s%12s\n", 'operation', qw(p50 p99), qw(static scim walls),
            qw(sql scim walls), qw(turns statements);
        for my $op (@$operations) {
            my $name = $op->{name};
            $text .= sprintf "%-34s%9.2f%9.2f%10.0f%10.0f%10.0f%11.0f%10.0f%11.0f%8s%12s\n", $op->{what},
                (map { of($figures, $name, 'scim', $_) } qw(p50 p99)),
                (map { of($figures, $name, $_, 'cpu_httpd') } qw(static scim walls)),
                (map { of($figures, $name, $_, 'cpu_pg') } qw(sql scim walls)),
                map { $op->{$_} // '' } qw(turns statements);
        }
        my @sync = grep { my $n = "$_->{name}, synchronous_commit=on"; grep { $_->{op} eq $n } @$figures } @$operations;
        for my $op (@sync) {
            my $name = "$op->{name}, synchronous_commit=on";
            $text .= "\n" . sprintf "%s: sql %.0f/s, scim %.0f/s, p50 %.2f ms, p99 %.2f ms", $name,
                (map { of($figures, $name, $_, 'rate') } qw(sql scim)),
                map { of($figures, $name, 'scim', $_) } qw(p50 p99);
        }
        $text .= "\n" if @sync;
    }
    for my $line (@$lines) {
        $text .= sprintf "\n%-66s%7.2f%s  %-6s  %s", $line->{what}, $line->{value},
            defined $line->{target} ? sprintf '%8.2f', $line->{target} : ' ' x 8, _verdict($line->{met}), $line->{note};
    }
    return "$text\n";
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
        my ($name, $what, $target) = @$op{qw(name what target)};
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
