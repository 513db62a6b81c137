package Provision::Company;
# Directories that nobody has, but somebody could: found() makes one of any
# size, evolve() lets time pass in it. The same seed gives the same people.
#
#   my $directory = Provision::Company::found(people => 2000, seed => 1,
#       domain => 'contoso.com');
#   my ($later, @stories) = Provision::Company::evolve($directory, seed => 2,
#       now => $epoch, leave => 40, rename => 20);
#
# A story is { what, objectId, name, text }.
use strict;
use warnings;
use utf8;
use Provision::Directory ();
use Provision::Names ();
use Provision::Time ();

my @DEPARTMENTS = ('Engineering', 'Sales', 'Finance', 'Human Resources',
    'Legal & Compliance', 'R&D', "Managing Director's Office", 'Forschung & Entwicklung',
    'Facilities', 'Customer Success', 'Marketing "EMEA"', 'IT <Operations>');
my @TITLES = ('Engineer', 'Senior Engineer', 'Analyst', 'Account Manager', 'Counsel',
    'Scientist', 'Coordinator', 'Team Lead', 'Chargé d’affaires', 'Buchhalter/in');
my @PARTNERS = qw(fabrikam.com woodgrove.example tailspin.example proseware.co.uk);

# A generator of our own: that of Perl depends on how it was built.
sub _dice {
    my ($seed) = @_;
    my $x = ($seed * 2654435761 + 0x9e3779b9) & 0xffffffff || 1;
    return sub {
        my ($n) = @_;
        $x ^= ($x << 13) & 0xffffffff;
        $x ^= $x >> 17;
        $x ^= ($x << 5) & 0xffffffff;
        return $x % $n;
    };
}

sub _guid {
    my ($dice) = @_;
    my $hex = join '', map { sprintf '%04x', $dice->(65536) } 1 .. 8;
    substr $hex, 12, 1, '4';
    substr $hex, 16, 1, (qw(8 9 a b))[$dice->(4)];
    return $hex =~ s/\A(.{8})(.{4})(.{4})(.{4})/$1-$2-$3-$4-/r;
}

# A domain of one's own for logins of guests.
sub _tenant { my ($domain) = @_; return ($domain =~ /\A([^.]+)/)[0] . '.onmicrosoft.com' }

my @GROUP = Provision::Names::groups();
my @DRAW = map { ($_) x $GROUP[$_]{weight} } 0 .. $#GROUP;

sub _local { my ($text) = @_; return lc $text =~ s/[^A-Za-z'.\-]//gr }

# Somebody whose login is not taken yet.
sub _hire {
    my ($dice, $domain, $taken) = @_;
    my $group = $GROUP[ $DRAW[ $dice->(scalar @DRAW) ] ];
    my ($given, $surname) = map { $_->[ $dice->(scalar @$_) ] } @$group{qw(given surname)};
    my $stem = _local($given->[1]) . '.' . _local($surname->[1]);
    my $guest = $dice->(100) < 5;
    my $partner = $PARTNERS[ $dice->(scalar @PARTNERS) ];
    my ($n, $local, $upn) = (1);
    do {
        $local = $n == 1 ? $stem : "$stem$n";
        $upn = $guest ? "${local}_$partner#EXT#\@" . _tenant($domain) : "$local\@$domain";
        $n++;
    } while $taken->{ lc $upn }++;
    my $mail = $guest ? "$local\@$partner" : "$local\@$domain";
    if (!$guest) {
        my $kind = $dice->(100);
        $mail = $kind < 6  ? undef                                  # no mailbox
              : $kind < 10 ? $mail =~ s/\@/+desk\@/r                # a tag
              : $kind < 14 ? join('.', map { ucfirst } split /\./, $local) . "\@$domain"
              :              $mail;
    }
    # not everybody filled in everything
    my $native = $dice->(100) < 70 ? 0 : 1;       # or the Latin spelling
    my ($first, $last) = ($given->[$native], $surname->[$native]);
    return {
        objectId          => _guid($dice),
        userPrincipalName => $upn,
        mail              => $mail,
        givenName         => $dice->(100) < 3 ? undef : $given->[0],
        surname           => $surname->[0],
        displayName       => ($native || $group->{order} eq 'last' ? "$first $last" : "$last $first")
                             . ($guest ? ' (Guest)' : ''),
        jobTitle          => $dice->(10) ? $TITLES[ $dice->(scalar @TITLES) ] : undef,
        department        => $dice->(12) ? $DEPARTMENTS[ $dice->(scalar @DEPARTMENTS) ] : undef,
        userType          => $guest ? 'Guest' : 'Member',
    };
}

# A tree: each has a manager among those who were there before, a few of them
# leading many.
sub found {
    my (%opt) = @_;
    my $dice = _dice($opt{seed} // 1);
    my $domain = $opt{domain} // 'contoso.com';
    my (%taken, @people);
    for my $n (0 .. $opt{people} - 1) {
        my $person = _hire($dice, $domain, \%taken);
        $person->{manager} = $people[ $dice->(int($n / 8) + 1) ]{objectId} if $n && $dice->(50);
        push @people, $person;
    }
    return Provision::Directory->new(@people);
}

# ---- time passes ----

my %STORY = (
    hire       => ['hired',                   \&_story_hire],
    rename     => ['a new surname and login', \&_story_rename],
    mail       => ['a new address',           sub { my ($p, $d) = @_; $p->{mail} = _local('desk') . '.' . substr($p->{objectId}, 0, 6) . '@' . _domain($p); 1 }],
    department => ['another department',      sub { my ($p, $d) = @_; my $old = $p->{department} // ''; do { $p->{department} = $DEPARTMENTS[ $d->(scalar @DEPARTMENTS) ] } while $p->{department} eq $old; 1 }],
    manager    => ['another manager',         \&_story_manager],
    disable    => ['sign-in blocked',         sub { $_[0]{accountEnabled} = 0; 1 }],
    unassign   => ['unassigned',              sub { $_[0]{assigned} = 0; 1 }],
    bin        => ['deleted, in the bin',     sub { my ($p, $d, $more) = @_; $p->{deletedDateTime} = Provision::Time::format($more->{now}); 1 }],
    purge      => ['deleted for good',        sub { my ($p, $d, $more) = @_; $more->{later}->remove($p->{objectId}); 1 }],
    enable     => ['sign-in allowed again',   sub { $_[0]{accountEnabled} = 1; 1 }],
    assign     => ['assigned again',          sub { $_[0]{assigned} = 1; 1 }],
    restore    => ['restored from the bin',   sub { $_[0]{deletedDateTime} = undef; 1 }],
    rehire     => ['back, as the same object',    sub { _story_return(@_, 0) }],
    return     => ['back, as a new object',       sub { _story_return(@_, 1) }],
);
# departures last: nobody gets a manager who leaves in the same moment
our @WHATS = qw(enable assign restore rehire return rename mail department manager hire
                disable unassign bin purge);
my %FROM = (enable => sub { !$_[0]{accountEnabled} }, assign => sub { !$_[0]{assigned} },
            restore => sub { defined $_[0]{deletedDateTime} });

sub _domain { my ($person) = @_; return ($person->{userPrincipalName} =~ /\@(.*)\z/)[0] }

sub _story_rename {
    my ($person, $dice, $more) = @_;
    return 0 if ($person->{userType} // '') eq 'Guest';
    my $group = $GROUP[ $DRAW[ $dice->(scalar @DRAW) ] ];
    my $surname = $group->{surname}[ $dice->(scalar @{ $group->{surname} }) ];
    my ($given) = $person->{userPrincipalName} =~ /\A([^.\@]+)/;
    my $stem = $given . '.' . _local($surname->[1]);
    my $domain = _domain($person);
    my ($n, $upn) = (1);
    do { $upn = $stem . ($n++ > 1 ? $n : '') . "\@$domain" } while $more->{taken}{ lc $upn }++;
    $person->{userPrincipalName} = $upn;
    $person->{surname} = $surname->[0];
    $person->{displayName} = join ' ', grep { defined } $person->{givenName}, $surname->[0];
    $person->{mail} = $upn if defined $person->{mail};
    return 1;
}

sub _story_manager {
    my ($person, $dice, $more) = @_;
    my @others = grep { $_->{objectId} ne $person->{objectId} && ($_->{manager} // '') ne $person->{objectId} }
        @{ $more->{stay} };
    return 0 unless @others;
    $person->{manager} = $others[ $dice->(scalar @others) ]{objectId};
    return 1;
}

sub _story_hire {
    my ($person, $dice, $more) = @_;
    my $new = _hire($dice, $more->{domain}, $more->{taken});
    $new->{manager} = $more->{stay}[ $dice->(scalar @{ $more->{stay} }) ]{objectId};
    %$person = %{ $more->{later}->add($new) };
    return 1;
}

# Somebody who had been deleted for good; with the login of then.
sub _story_return {
    my ($person, $dice, $more, $new) = @_;
    my $former = shift @{ $more->{former} } or return 0;
    my %again = (%$former, deletedDateTime => undef, accountEnabled => 1, assigned => 1);
    $again{objectId} = _guid($dice) if $new;
    %$person = %{ $more->{later}->add(\%again) };
    return 1;
}

# evolve(DIRECTORY, seed =>, now =>, domain =>, WHAT => how many, ...): the
# directory later, and the stories. Nobody has two of them. spare => [objectId]
# names people to whom nothing happens; former => [people who were deleted for
# good] is what rehire and return draw from.
sub evolve {
    my ($directory, %opt) = @_;
    my $dice = _dice(delete $opt{seed} // 1);
    my $later = $directory->copy;
    my %more = (later => $later, now => delete $opt{now} // time,
                domain => delete $opt{domain} // 'contoso.com',
                former => [@{ delete $opt{former} || [] }],
                taken => { map { lc $_->{userPrincipalName} => 1 } $later->people });
    my %touched = map { $_ => 1 } @{ delete $opt{spare} || [] };
    for my $what (keys %opt) {
        die "there is no story \"$what\"; there are: @WHATS\n" unless $STORY{$what};
    }
    my @stories;
    for my $what (@WHATS) {
        my ($text, $happen) = @{ $STORY{$what} };
        my $from = $FROM{$what} || sub {
            Provision::Directory::standing($_[0], $more{now}) eq 'in' };
        for (1 .. $opt{$what} || 0) {
            my @free = grep { !$touched{ $_->{objectId} } && $from->($_) } $later->people;
            $more{stay} = [grep { Provision::Directory::standing($_, $more{now}) eq 'in' } $later->people];
            my $newcomer = $what =~ /\A(?:hire|rehire|return)\z/;
            last if !@free && !$newcomer;
            my ($person, $done);
            for (1 .. 50) {             # not everything can happen to everybody
                $person = $newcomer ? {} : $free[ $dice->(scalar @free) ];
                last if $done = $happen->($person, $dice, \%more);
            }
            next unless $done;
            $touched{ $person->{objectId} } = 1;
            push @stories, { what => $what, objectId => $person->{objectId},
                             name => $person->{displayName} // $person->{userPrincipalName}, text => $text };
        }
    }
    _reorganise($later, $dice, \%more);
    return ($later, @stories);
}

# Who lost the manager gets that one's manager, or somebody else.
sub _reorganise {
    my ($later, $dice, $more) = @_;
    my @stay = grep { Provision::Directory::standing($_, $more->{now}) eq 'in' } $later->people;
    for my $person (@stay) {
        next unless defined $person->{manager};
        next if Provision::Directory::standing($later->person($person->{manager}), $more->{now}) eq 'in';
        my ($chief) = grep { $_->{objectId} ne $person->{objectId} } @stay;
        $person->{manager} = $chief && $chief->{objectId};
    }
}

1;
