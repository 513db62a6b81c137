package Provision::Time;
# Instants as files and people write them. A job keeps a time of its own, which
# a test or a demonstration moves ahead by hours without waiting for them.
use strict;
use warnings;
use POSIX ();
use Time::Local ();

use constant { MINUTE => 60, HOUR => 3600, DAY => 86400 };

# "2026-11-24T07:30:00Z", offsets and fractions too, to seconds since 1970;
# undef when it is none of these.
sub parse {
    my ($text) = @_;
    my ($y, $mo, $d, $h, $mi, $s, $off) = $text
        =~ /\A(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[-+]\d\d:?\d\d)?)?\z/i
        or return undef;
    my $epoch = eval { Time::Local::timegm_modern($s // 0, $mi // 0, $h // 0, $d, $mo - 1, $y) };
    return undef unless defined $epoch;
    if (defined $off && $off =~ /([-+])(\d\d):?(\d\d)/) {
        $epoch -= ($1 eq '-' ? -1 : 1) * ($2 * HOUR + $3 * MINUTE);
    }
    return $epoch;
}

sub format {
    my ($epoch) = @_;
    return POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $epoch);
}

# 5400 is "1.5 h".
sub span {
    my ($seconds) = @_;
    return $seconds < 120       ? sprintf('%.3g s', $seconds)
         : $seconds < 2 * HOUR  ? sprintf('%.0f min', $seconds / MINUTE)
         : $seconds < 2 * DAY   ? sprintf('%.3g h', $seconds / HOUR)
         :                        sprintf('%.3g days', $seconds / DAY);
}

1;
