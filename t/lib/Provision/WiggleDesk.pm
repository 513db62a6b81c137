package Provision::WiggleDesk;
# The reference application, seen from its own database: the accounts that were
# there before anybody provisioned them, what people do with them, what its
# table has to hold for a directory, and what its events tell.
use strict;
use warnings;
use DBI ();
use Provision::Directory ();
use Provision::Json ();
use Provision::Mapping qw(ENTERPRISE MANAGER WORK_MAIL);

# A handle for postgresql://user@host:port/database.
sub connect {
    my ($url) = @_;
    my ($user, $host, $port, $db) = $url =~ m{\Apostgres(?:ql)?://([^@/]+)@([^:/]+):(\d+)/(\w+)\z}
        or die "not the URL of a database: $url\n";
    return DBI->connect("dbi:Pg:host=$host;port=$port;dbname=$db", $user, '',
        { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1 });
}

# ---- before ----

# Accounts that are older than provisioning: those people of the directory, as
# the application has known them, some with an old name or another spelling of
# the login. ROLE "admin" is one that no directory may touch.
sub open_account {
    my ($dbh, $org, $person, %opt) = @_;
    my ($username, $mail, $surname) = @$person{qw(userPrincipalName mail surname)};
    $username = ucfirst uc($username) =~ s/\@.*//r . '@' . ($username =~ /\@(.*)/)[0] if $opt{other_case};
    $mail = 'old.' . lc $mail if defined $mail && $opt{old_mail};
    $surname = 'Formerly' if defined $surname && $opt{old_name};
    return $dbh->selectrow_array(<<'END', undef, $org, $username, $mail, $person->{givenName}, $surname, $opt{role} || 'user');
INSERT INTO public.users (organisation_id, username, email, first_name, last_name,
                          role, password_hash, created_at)
VALUES (?, ?, ?, ?, ?, ?, 'a hash that only the application reads', now() - interval '400 days')
RETURNING id
END
}

# Everybody who may logs in, and books so many desks: on days around today.
sub busy_day {
    my ($dbh, $org, $bookings) = @_;
    $dbh->do(<<'END', undef, $org);
INSERT INTO public.sessions (user_id)
SELECT u.id FROM public.users u
 WHERE u.organisation_id = ? AND u.active AND u.deleted_at IS NULL
   AND NOT EXISTS (SELECT FROM public.sessions s WHERE s.user_id = u.id)
END
    my ($people) = $dbh->selectrow_array(
        'SELECT count(*) FROM public.users WHERE organisation_id = ?', undef, $org);
    my $desks = int($people / 4) + 1;
    $dbh->do(<<'END', undef, $org, $desks, $org);
INSERT INTO public.desks (organisation_id, name)
SELECT ?, 'Desk ' || n FROM generate_series(1, ?::int) n
 WHERE NOT EXISTS (SELECT FROM public.desks d WHERE d.organisation_id = ? AND d.name = 'Desk ' || n)
END
    $dbh->do(<<'END', undef, $org, $bookings, $org);
WITH desk AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS desks
                FROM public.desks WHERE organisation_id = ?),
     wish AS (SELECT u.id, row_number() OVER (ORDER BY turn, u.id) - 1 AS n
                FROM public.users u, generate_series(1, ?::int) turn
               WHERE u.organisation_id = ? AND u.active AND u.deleted_at IS NULL)
INSERT INTO public.bookings (desk_id, user_id, day)
SELECT desk.id, wish.id, current_date - 5 + (wish.n / desk.desks)::int
  FROM wish JOIN desk ON desk.n = wish.n % desk.desks
ON CONFLICT DO NOTHING
END
}

# { users, sessions, bookings } of an organisation; of these users only when
# there is a list of ids.
sub counts {
    my ($dbh, $org, $ids) = @_;
    my $these = $ids ? 'AND u.id = ANY (?)' : '';
    my @bind = ($org, $ids ? [@$ids] : ());
    my %n;
    @n{qw(users active sessions bookings)} = $dbh->selectrow_array(<<"END", undef, @bind);
SELECT count(*) FILTER (WHERE deleted_at IS NULL),
       count(*) FILTER (WHERE deleted_at IS NULL AND active),
       coalesce(sum((SELECT count(*) FROM public.sessions s WHERE s.user_id = u.id)), 0),
       coalesce(sum((SELECT count(*) FROM public.bookings b WHERE b.user_id = u.id)), 0)
  FROM public.users u WHERE organisation_id = ? $these
END
    return \%n;
}

# ---- the table ----

# differences(DBH, ORG, DIRECTORY, JOB): sentences, one for each way in which the
# rows of the organisation are not what the directory says. Those who wait for
# another attempt are left out.
sub differences {
    my ($dbh, $org, $directory, $job) = @_;
    my $mapping = $job->mapping;
    my %waiting = $job->waiting;
    my (%row, @faults, %tombstone);
    for my $row (@{ $dbh->selectall_arrayref(<<'END', { Slice => {} }, $org) }) {
SELECT id, username, email, first_name, last_name, active, external_id,
       deleted_at IS NOT NULL AS deleted, scim_extra
  FROM public.users WHERE organisation_id = ? AND external_id IS NOT NULL
END
        if ($row->{deleted}) {
            $tombstone{ $row->{external_id} } = $row;
            push @faults, "the tombstone of $row->{username} is active" if $row->{active};
            next;
        }
        $row{ $row->{external_id} } = $row;
        push @faults, "$row->{username} is nobody in the directory"
            unless $directory->person($row->{external_id});
    }
    for my $person ($directory->people) {
        my ($object_id, $name) = @$person{qw(objectId userPrincipalName)};
        next if $waiting{$object_id};
        my $standing = Provision::Directory::standing($person, $job->now);
        my $row = $row{$object_id};
        if ($standing eq 'in') {
            push @faults, $row ? _columns($person, $row, $job) : "$name has no row";
        }
        elsif ($standing eq 'gone') {
            push @faults, "$name still has a row" if $row;
        }
        elsif ($row) {
            push @faults, "$name should not be active" if $row->{active};
        }
        elsif (defined $job->id_of($object_id)) {
            push @faults, "$name has no row, but is only inactive";
        }
    }
    return @faults;
}

sub _columns {
    my ($person, $row, $job) = @_;
    my $mapping = $job->mapping;
    my $extra = Provision::Json::decode(_bytes($row->{scim_extra}));
    my $enterprise = $extra->{+ENTERPRISE} || {};
    my $manager = defined $person->{manager} ? $job->id_of($person->{manager}) : undef;
    my @faults;
    for my $column (
        [id => undef, $row->{id}, $job->id_of($person->{objectId})],
        [username => 'userName', $row->{username}, $person->{userPrincipalName}],
        [email => WORK_MAIL, $row->{email}, $person->{mail}],
        [active => 'active', $row->{active}, 1],
        [first_name => 'name.givenName', $row->{first_name}, $person->{givenName}],
        [last_name => 'name.familyName', $row->{last_name}, $person->{surname}],
        [displayName => 'displayName', $extra->{displayName}, $person->{displayName}],
        [title => 'title', $extra->{title}, $person->{jobTitle}],
        [department => ENTERPRISE . ':department', $enterprise->{department}, $person->{department}],
        [manager => MANAGER, ($enterprise->{manager} || {})->{value}, $manager],
    ) {
        my ($name, $path, $is, $should) = @$column;
        next if defined $path && !$mapping->has($path);
        next if ($is // "\0") eq ($should // "\0");
        push @faults, sprintf '%s: %s is %s, not %s', $person->{userPrincipalName}, $name,
            map { defined $_ ? "\"$_\"" : 'NULL' } $is, $should;
    }
    return @faults;
}

sub _bytes { my ($text) = @_; utf8::encode($text); return $text }

# ---- the events ----

sub last_event {
    my ($dbh) = @_;
    return $dbh->selectrow_array('SELECT coalesce(max(id), 0) FROM scim.events');
}

our @KINDS = qw(created adopted restored changed manager deactivated reactivated
                deleted refused);

# events(DBH, AFTER, UP_TO): how many of each kind between two ids.
sub events {
    my ($dbh, $after, $up_to) = @_;
    my %n = map { $_ => 0 } @KINDS;
    my $rows = $dbh->selectall_arrayref(<<'END', undef, MANAGER . '.value', $after, $up_to);
SELECT CASE WHEN outcome = 'refused' THEN 'refused'
            WHEN operation = 'create' THEN 'created'
            WHEN operation = 'adopt' THEN 'adopted'
            WHEN operation = 'restore' THEN 'restored'
            WHEN operation = 'delete' THEN 'deleted'
            WHEN changes #>> '{active,new}' = 'false' THEN 'deactivated'
            WHEN changes #>> '{active,new}' = 'true' THEN 'reactivated'
            WHEN jsonb_exists(changes, ?)
             AND (SELECT count(*) FROM jsonb_object_keys(changes)) = 1 THEN 'manager'
            ELSE 'changed' END, count(*)
  FROM scim.events WHERE id > ? AND id <= ? GROUP BY 1
END
    $n{ $_->[0] } = $_->[1] for @$rows;
    return \%n;
}

# What an auditor asks about a user: rows of { at, operation, outcome, token_id,
# actor (a name), changes }.
sub history {
    my ($dbh, $org, $id) = @_;
    my $rows = $dbh->selectall_arrayref(<<'END', { Slice => {} }, "$org", "$id");
SELECT to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at, e.operation,
       e.outcome, e.token_id, coalesce(u.username, e.actor) AS actor, e.changes
  FROM scim.events e LEFT JOIN public.users u ON u.id::text = e.actor
 WHERE e.tenant = ? AND e.resource_type = 'User' AND e.resource_id = ?
 ORDER BY e.id
END
    for my $row (@$rows) {
        $row->{changes} = defined $row->{changes}
            ? Provision::Json::decode(_bytes($row->{changes})) : {};
    }
    return @$rows;
}

1;
