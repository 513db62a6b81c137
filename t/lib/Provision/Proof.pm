package Provision::Proof;
# Does the application hold what the directory says? All users are read, page
# by page, the way account discovery does it, and each is held against the
# directory; nothing is taken from what the job believes but the ids.
#
#   my $proof = Provision::Proof::prove($job, $directory, page => 100);
#   $proof->{faults};      # sentences; none: proven
use strict;
use warnings;
use Provision::Directory ();
use Provision::Json ();
use Provision::Mapping qw(MANAGER);
use Provision::Report ();
use Provision::Resource qw(changes value_at);
use Provision::Retry ();

# All users: array of resources. Dies with a sentence.
sub all_users {
    my ($job, $report, $count) = @_;
    my (@users, $total);
    do {
        my $answer;
        $job->http->send($job->writer->page(1 + @users, $count), sub { ($answer) = @_ });
        $job->http->run;
        $report->answered('page', $answer);
        die 'could not read the users: ' . ($answer->{error} // $answer->{status}) . "\n"
            if Provision::Retry::verdict($answer) ne 'done';
        my $list = Provision::Json::decode($answer->{body});
        my $page = $list->{Resources} || [];
        $total = $list->{totalResults};
        die "could not read the users: the page from " . (1 + @users)
            . " of $total is empty\n" if !@$page && @users < $total;
        push @users, @$page;
    } while (@users < $total);
    return \@users;
}

sub prove {
    my ($job, $directory, %opt) = @_;
    my $report = Provision::Report->new(kind => 'proof');
    my $users = all_users($job, $report, $opt{page} || 100);
    return { %{ compare($job, $directory, $users) }, report => $report };
}

# compare(JOB, DIRECTORY, users): { faults, equal, inactive, absent, waiting,
# others }; the last is how many users the directory knows nothing of.
sub compare {
    my ($job, $directory, $users) = @_;
    my (@faults, %by_external, %by_id, %n);
    @n{qw(equal inactive absent waiting others)} = (0) x 5;
    my %waiting = $job->waiting;
    for my $user (@$users) {
        push @faults, "the id $user->{id} is there twice" if $by_id{ $user->{id} }++;
        my $external = $user->{externalId};
        if (!defined $external || !$directory->person($external) && !$waiting{$external}) {
            if (defined $external) {
                push @faults, "$user->{userName} (externalId $external) is nobody in the directory";
            }
            else {
                $n{others}++;
            }
            next;
        }
        push @faults, "the externalId $external is there twice" if $by_external{$external};
        $by_external{$external} = $user;
    }
    for my $person ($directory->people) {
        my ($object_id, $name) = @$person{qw(objectId userPrincipalName)};
        my $user = $by_external{$object_id};
        if ($waiting{$object_id}) {
            $n{waiting}++;
            next;
        }
        my $standing = Provision::Directory::standing($person, $job->now);
        if (!$user) {
            push @faults, "$name is missing" if $standing eq 'in';
            push @faults, "$name is missing, though " . $job->id_of($object_id) . ' was made for it'
                if $standing eq 'out' && defined $job->id_of($object_id);
            $n{absent}++;
            next;
        }
        if ($standing eq 'gone') {
            push @faults, "$name is still there";
            next;
        }
        push @faults, "$name has the id $user->{id}, not " . ($job->id_of($object_id) // 'none')
            if ($job->id_of($object_id) // '') ne $user->{id};
        my @wanted = $job->mapping->wanted($person, $job->now);
        if (defined(my $manager = $job->mapping->manager_of($person, $job->now))) {
            push @wanted, [MANAGER, $job->id_of($manager)] if defined $job->id_of($manager);
        }
        elsif ($standing eq 'in' && $job->mapping->has(MANAGER)) {
            push @wanted, [MANAGER, undef];
        }
        for my $change (changes($user, @wanted)) {
            my ($op, $path, $value) = @$change;
            my $there = value_at($user, $path);
            push @faults, sprintf '%s: %s is %s, not %s', $name, $path,
                map { defined $_ ? Provision::Json::encode($_) : 'absent' } $there, $value;
        }
        $n{ $standing eq 'in' ? 'equal' : 'inactive' }++;
    }
    return { %n, faults => \@faults };
}

1;
