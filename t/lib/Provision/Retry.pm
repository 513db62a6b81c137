package Provision::Retry;
# When the service tries again, and when it gives up. A refused object waits in
# escrow; the times count from its first failure.
use strict;
use warnings;
use Provision::Time ();

use constant HOUR => Provision::Time::HOUR;
use constant DAY  => Provision::Time::DAY;

use constant CYCLE           => 40 * Provision::Time::MINUTE;
use constant QUARANTINE_WAIT => DAY;        # between cycles in quarantine
use constant GIVE_UP         => 28 * DAY;

# Quarantine: more than this share of the objects, and this many at least.
our $QUARANTINE_SHARE    = 0.4;
our $QUARANTINE_FAILURES = 5000;

# What an answer means: 'done'; 'stop' (the whole job); 'refused' (this object,
# later again); 'again' (in the next cycle).
sub verdict {
    my ($answer) = @_;
    my $status = $answer->{status};
    return 'done'    if $status >= 200 && $status < 300;
    return 'stop'    if $status == 401 || $status == 403;
    return 'again'   if !$status || $status >= 500 || $status == 429 || $status == 408;
    return 'refused';
}

# The next attempt after one that failed at NOW: 6, 12 and 24 hours after the
# FIRST failure, then daily; undef when four weeks have passed.
sub next_attempt {
    my ($first, $now) = @_;
    my $age = $now - $first;
    for my $hours (6, 12, 24) {
        return $first + $hours * HOUR if $age < $hours * HOUR;
    }
    my $next = (int($age / DAY) + 1) * DAY;
    return $next <= GIVE_UP ? $first + $next : undef;
}

# Do so many failing objects, of so many, put the job into quarantine?
sub quarantined {
    my ($failing, $total) = @_;
    return $failing >= $QUARANTINE_FAILURES && $failing > $total * $QUARANTINE_SHARE;
}

1;
