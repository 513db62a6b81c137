package Faults::Audit;
# What the database has in the end, beside what the load was told.
#
#   my $audit = Faults::Audit::count($dbh, @users);
#   # { lost, half, faults => [sentences] }
#
# lost: something that was acknowledged is not there. half: a change is there in
# part, or a row and its events do not tell the same story.
use strict;
use warnings;
use JSON::PP ();

my @PART = qw(title displayName name.givenName);

sub count {
    my ($dbh, @user) = @_;
    my $rows = $dbh->selectall_hashref(q{
        SELECT id, username, external_id, first_name, scim_extra->>'title' AS title,
               scim_extra->>'displayName' AS display, deleted_at IS NOT NULL AS gone, active
          FROM public.users WHERE username LIKE 'load-%'}, 'username');
    my (%event, @lost, @half, %known);
    push @{ $event{ $_->{resource_id} } }, $_ for @{ $dbh->selectall_arrayref(q{
        SELECT resource_id, operation, changes FROM scim.events
         WHERE outcome = 'applied' AND resource_type = 'User' ORDER BY id}, { Slice => {} }) };
    for my $user (@user) {
        my $row = $rows->{ $user->{name} };
        $known{ $user->{name} } = 1;
        push @lost, map { "$user->{name} $_" } _lost($user, $row);
        push @half, "$user->{name} was never asked for, but is $row->{title}"
            if $row && $row->{title} > $user->{tried};
    }
    for my $row (values %$rows) {
        push @half, "$row->{username} was never asked for" unless $known{ $row->{username} };
        push @half, map { "$row->{username} $_" } _half($row, @{ delete $event{ $row->{id} } || [] });
    }
    push @half, map { "user $_ has events and no row" } keys %event;
    return { lost => scalar @lost, half => scalar @half, faults => [@lost, @half] };
}

sub _lost {
    my ($user, $row) = @_;
    return unless $user->{created};
    return 'was created and is not there' unless $row;
    return (
        $row->{title} < $user->{value} ? "was changed to $user->{value} and is $row->{title}" : (),
        $user->{deleted} eq 'yes' && !$row->{gone} ? 'was deleted and is there' : (),
        !$user->{deleted} && $row->{gone} ? 'was never deleted and is gone' : ());
}

# The events, replayed.
sub _half {
    my ($row, @event) = @_;
    my @half;
    my @have = @$row{qw(title display first_name)};
    push @half, "is in part: @have" if grep { $_ ne $have[0] } @have;
    push @half, 'has an externalId of somebody else' if ($row->{external_id} // '') ne "x-$row->{username}";
    push @half, 'is deleted and active' if $row->{gone} && $row->{active};
    my ($now, $gone) = ('', 0);
    for my $event (@event) {
        my $changes = JSON::PP->new->decode($event->{changes});
        if ($event->{operation} eq 'delete') {
            push @half, 'was deleted twice' if $gone++;
            next;
        }
        push @half, "has an event $event->{operation} after " . ($now eq '' ? 'nothing' : $now)
            if $event->{operation} ne ($now eq '' ? 'create' : 'patch') || $gone;
        for my $part (@PART) {
            my $change = $changes->{$part};
            push @half, "has an event in which $part does not follow from $now"
                if !$change || ($change->{old} // '') ne $now || ($change->{new} // '') eq $now;
        }
        my %new = map { $changes->{$_}{new} // '' => 1 } @PART;
        push @half, 'has an event in part' if keys %new != 1;
        ($now) = keys %new;
    }
    push @half, "is $row->{title} and its events say $now" if $now ne $row->{title};
    push @half, 'is deleted and has no event of it, or the other way round' if !!$gone != !!$row->{gone};
    return @half;
}

1;
