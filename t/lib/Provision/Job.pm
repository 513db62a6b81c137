package Provision::Job;
# The provisioning of one directory into one application, cycle by cycle, the
# way Entra's service does it.
#
#   my $job = Provision::Job->new(url => $tenant_url, token => $token);
#   my $report = $job->cycle($directory);        # the first one is the initial
#   $job->advance(Provision::Retry::CYCLE);      # the job's clock, not yours
#   $report = $job->cycle($directory);           # what has changed since
#   $report = $job->cycle($directory, full => 1);# everybody is read again
#   $report = $job->on_demand($directory, 'joy@contoso.com');
#   $job->state;                                 # to go on from another day
#
#   dialect      legacy, flagged, pathless or mixed; else as the URL says
#   match        ['externalId'], or ['externalId', 'userName']
#   mapping      Provision::Mapping
#   connections  8: so many objects are under way at the same time
#   timeout      30 seconds for an answer
#   groups       1: the connection test asks for groups too
#   http         what sends the requests; else Provision::Http
#   on_progress  code: (objects done, objects in all)
#
# An object that is refused waits in escrow; see Provision::Retry. A 401 or 403
# ends the run at once, and the next begins with the connection test as all do.
use strict;
use warnings;
use Time::HiRes ();
use Provision::Dialect ();
use Provision::Directory ();
use Provision::Http ();
use Provision::Json ();
use Provision::Mapping qw(MANAGER);
use Provision::Report ();
use Provision::Resource qw(value_at changes);
use Provision::Retry ();

sub new {
    my ($class, %opt) = @_;
    my $write = Provision::Dialect->new($opt{url});
    my $dialect = $opt{dialect} || $write->dialect;
    die "there is no dialect \"$dialect\"; there are: @Provision::Dialect::DIALECTS mixed\n"
        unless grep { $_ eq $dialect } @Provision::Dialect::DIALECTS, 'mixed';
    my $match = $opt{match} || ['externalId'];
    die "matching is by externalId, userName or both, not by \"@$match\"\n"
        if !@$match || grep { !/\A(?:externalId|userName)\z/ } @$match;
    die "there is no token\n" unless defined $opt{token} && $opt{token} ne '';
    my $state = $opt{state} || {};
    return bless {
        write       => $write,
        dialect     => $dialect,
        match       => $match,
        mapping     => $opt{mapping} || Provision::Mapping->new,
        connections => $opt{connections} || 8,
        groups      => $opt{groups} // 1,
        on_progress => $opt{on_progress},
        http        => $opt{http} || Provision::Http->new(
            origin => $write->origin, connections => $opt{connections},
            timeout => $opt{timeout}, ca_file => $opt{ca_file},
            headers => [Authorization => "Bearer $opt{token}"]),
        now         => $state->{now} // $opt{now} // time,
        status      => $state->{status} // 'new',       # new, ready, quarantine
        ids         => $state->{ids} || {},             # objectId => id
        seen        => $state->{seen} || {},            # objectId => fingerprint
        escrow      => $state->{escrow} || {},          # objectId => { first, next, why }
        linking     => $state->{linking} || {},         # objectId => manager there was, '': none
        patches     => 0,
    }, $class;
}

# What a file has to keep for the next run.
sub state {
    my $self = shift;
    return { map { $_ => $self->{$_} } qw(now status ids seen escrow linking) };
}

sub now     { $_[0]{now} }
sub advance { my ($self, $seconds) = @_; $self->{now} += $seconds; return $self }
sub status  { $_[0]{status} }
sub id_of   { my ($self, $object_id) = @_; return $self->{ids}{$object_id} }
sub mapping { $_[0]{mapping} }
sub http    { $_[0]{http} }
sub writer  { $_[0]{write} }

# When the next cycle is due, by the job's clock.
sub next_cycle {
    my $self = shift;
    return $self->{now} + ($self->{status} eq 'quarantine'
        ? Provision::Retry::QUARANTINE_WAIT : Provision::Retry::CYCLE);
}

# Those who wait for another attempt: objectId => { first, next, why }.
sub waiting { return %{ $_[0]{escrow} } }

# ---- runs ----

sub test_connection {
    my $self = shift;
    my $report = $self->_begin('test');
    $self->_test;
    return $self->_end;
}

sub cycle {
    my ($self, $directory, %opt) = @_;
    my $kind = $self->{status} eq 'new' ? 'initial' : $opt{full} ? 'full' : 'incremental';
    $self->_begin($kind, $directory);
    if ($self->_test) {
        my ($leaving, $rest) = $self->_work($kind);
        # who is new will be linked to the manager, most likely
        my $links = grep { !defined $self->{ids}{$_} && defined
            $self->{mapping}->manager_of($directory->person($_), $self->{now}) } @$rest;
        $self->{total} = @$leaving + @$rest + $links;
        $self->_progress;
        # first who is gone for good: somebody else may have the name by now
        $self->_each($leaving, sub { $self->_process(@_) });
        $self->_each($rest, sub { $self->_process(@_) });
        $self->_link;
        $self->_look_at_failures;
    }
    return $self->_end;
}

# Provision one person now. The service words such requests without looking at
# the flag in the tenant URL.
sub on_demand {
    my ($self, $directory, $who) = @_;
    my $person = $directory->find($who);
    $self->_begin('on demand', $directory);
    local $self->{dialect} = 'legacy';
    if ($self->_test) {
        $self->{total} = 1;
        $self->_each([$person->{objectId}], sub { $self->_match($person, @_[1 .. $#_]) });
        $self->_link;
    }
    return $self->_end;
}

# Forget everything but the clock: the next cycle is an initial one.
sub restart {
    my $self = shift;
    $self->{$_} = {} for qw(ids seen escrow linking);
    $self->{status} = 'new';
    return $self;
}

sub _begin {
    my ($self, $kind, $directory) = @_;
    $self->{directory} = $directory;
    $self->{started} = Time::HiRes::time();
    $self->{stop} = undef;
    @$self{qw(done total)} = (0, 0);
    return $self->{report} = Provision::Report->new(kind => $kind);
}

sub _end {
    my $self = shift;
    my $report = delete $self->{report};
    $report->took(Time::HiRes::time() - $self->{started});
    if (defined $self->{stop}) {
        $report->stop($self->{stop});
        $self->{status} = 'quarantine' if $self->{status} ne 'new';
    }
    elsif ($report->kind =~ /\A(?:initial|incremental|full)\z/ && !$report->stopped) {
        $self->{status} = 'ready';
    }
    elsif ($report->stopped) {
        $self->{status} = 'quarantine';
    }
    delete $self->{directory};
    return $report;
}

# The objectIds a cycle has to look at: those who are gone, and the others.
sub _work {
    my ($self, $kind) = @_;
    my ($directory, $now) = @$self{qw(directory now)};
    my (@leaving, @rest);
    my $waits = sub {
        my $held = $self->{escrow}{ $_[0] } or return 0;
        return $held->{next} > $now;
    };
    for my $id (sort keys %{ $self->{seen} }) {
        push @leaving, $id if !$directory->person($id) && !$waits->($id);
    }
    for my $person ($directory->people) {
        my $id = $person->{objectId};
        my $changed = ($self->{seen}{$id} // '')
            ne Provision::Directory::fingerprint($person, $now);
        next unless $changed || $kind eq 'full' && !$waits->($id)
            || $self->{escrow}{$id} && !$waits->($id);
        my $gone = Provision::Directory::standing($person, $now) eq 'gone';
        push @{ $gone ? \@leaving : \@rest }, $id;
    }
    return (\@leaving, \@rest);
}

sub _progress {
    my $self = shift;
    $self->{on_progress}->($self->{done}, $self->{total}) if $self->{on_progress};
}

# STEP for every objectId, so many at a time as there are connections. STEP is
# given the objectId and what to call in the end.
sub _each {
    my ($self, $list, $step, %opt) = @_;
    my @todo = @$list;
    my ($running, $feeding) = (0, 0);
    my $feed;
    $feed = sub {
        return if $feeding;             # called from within: the loop goes on
        $feeding = 1;
        while (@todo && $running < $self->{connections} && !defined $self->{stop}) {
            my $object_id = shift @todo;
            $running++;
            $step->($object_id, sub {
                $running--;
                if (!defined $self->{stop} && !$opt{quiet}) {
                    $self->{done}++;
                    $self->_progress;
                }
                $feed->();
            });
        }
        $feeding = 0;
    };
    $feed->();
    $self->{http}->run;
    undef $feed;
}

# ---- requests ----

# One request. THEN is called with an answer that means 'done', OTHERWISE with
# any other, unless the job has to stop: then END is.
sub _ask {
    my ($self, $kind, $request, $end, $then, $otherwise) = @_;
    return $end->() if defined $self->{stop};
    $self->{http}->send($request, sub {
        my ($answer) = @_;
        $self->{report}->answered($kind, $answer);
        my $verdict = Provision::Retry::verdict($answer);
        if ($verdict eq 'stop') {
            $self->{stop} //= 'the token was refused: ' . _why($answer);
            return $end->();
        }
        return $end->() if defined $self->{stop};
        my $data;
        if ($verdict eq 'done' && $answer->{body} ne '') {
            $data = eval { Provision::Json::decode($answer->{body}) };
            if (!defined $data) {
                chomp(my $why = $@ || 'null');
                $answer = { %$answer, error => "the answer cannot be read: $why" };
                $verdict = 'refused';
            }
        }
        return $verdict eq 'done' ? $then->($data, $answer) : $otherwise->($answer);
    });
}

# An answer in words, for the log of the job.
sub _why {
    my ($answer) = @_;
    return $answer->{error} if defined $answer->{error};
    my $body = eval { Provision::Json::decode($answer->{body}) };
    my $detail = ref $body eq 'HASH' && defined $body->{detail} ? $body->{detail} : '';
    return "$answer->{status}" . ($detail eq '' ? '' : " $detail");
}

sub _guid {
    return join '-', map { join '', map { sprintf '%x', int rand 16 } 1 .. $_ } 8, 4, 4, 4, 12;
}

# A look-up of nobody must find nobody, in a list.
sub _test {
    my $self = shift;
    my @tests = (['Users', $self->{write}->lookup($self->{match}[0], _guid())]);
    push @tests, ['Groups', $self->{write}->group_lookup(_guid())] if $self->{groups};
    my $fault;
    for my $test (@tests) {
        my ($what, $request) = @$test;
        $self->_ask('test', $request, sub { }, sub {
            my ($list) = @_;
            $fault //= "$what: the answer is no ListResponse"
                unless ref $list eq 'HASH' && defined $list->{totalResults};
            $fault //= "$what: a look-up of nobody found $list->{totalResults}"
                if !$fault && $list->{totalResults};
        }, sub { $fault //= "$what: " . _why(@_) });
    }
    $self->{http}->run;
    $self->{stop} //= "the connection test failed: $fault" if defined $fault;
    return !defined $self->{stop};
}

# ---- one object ----

sub _process {
    my ($self, $object_id, $end) = @_;
    my $person = $self->{directory}->person($object_id);
    my $standing = Provision::Directory::standing($person, $self->{now});
    my $id = $self->{ids}{$object_id};

    return $self->_remove($object_id, $person, $end) if $standing eq 'gone';
    if (defined $id) {
        return $self->_ask('read', $self->{write}->read($id), $end,
            sub { $self->_compare($person, $_[0], $end) },
            sub { $self->_fail($person, $_[0], $end) });
    }
    # who was never provisioned and is not to be: nothing to look for. Somebody
    # who is merely disabled may have been there before this job was.
    if ($standing eq 'out' && !($person->{assigned} && !defined $person->{deletedDateTime})) {
        return $self->_became($person, 'skipped', $end);
    }
    return $self->_match($person, $end);
}

sub _remove {
    my ($self, $object_id, $person, $end) = @_;
    my $gone = sub {
        my ($what) = @_;
        delete $self->{$_}{$object_id} for qw(ids seen escrow linking);
        # still in the bin of the directory, for ever
        $self->{seen}{$object_id} = Provision::Directory::fingerprint($person, $self->{now})
            if $person;
        $self->{report}->became($object_id, $what);
        $end->();
    };
    my $id = $self->{ids}{$object_id};
    return $gone->('skipped') unless defined $id;
    $self->_ask('delete', $self->{write}->remove($id), $end,
        sub { $gone->('deleted') },
        sub {
            return $gone->('skipped') if $_[0]{status} == 404;      # what was wanted
            $self->_fail($person || { objectId => $object_id }, $_[0], $end);
        });
}

# Look for the person by one matching attribute after the other.
sub _match {
    my ($self, $person, $end, @attributes) = @_;
    @attributes = @{ $self->{match} } unless @attributes;
    my $attribute = shift @attributes;
    my $value = $person->{ $attribute eq 'externalId' ? 'objectId' : 'userPrincipalName' };
    $self->_ask('look-up', $self->{write}->lookup($attribute, $value), $end, sub {
        my ($list, $answer) = @_;
        my $found = ref $list eq 'HASH' && ref $list->{Resources} eq 'ARRAY' ? $list->{Resources} : [];
        my $total = ref $list eq 'HASH' ? $list->{totalResults} // 0 : 0;
        if ($total != @$found || @$found > 1) {
            return $self->_fail($person, { %$answer, status => 400,
                error => "the look-up by $attribute found $total users" }, $end);
        }
        if (@$found) {
            $self->{ids}{ $person->{objectId} } = $found->[0]{id};
            return $self->_compare($person, $found->[0], $end);
        }
        return $self->_match($person, $end, @attributes) if @attributes;
        return $self->_became($person, 'skipped', $end)
            if Provision::Directory::standing($person, $self->{now}) ne 'in';
        $self->_create($person, $end);
    }, sub { $self->_fail($person, $_[0], $end) });
}

sub _create {
    my ($self, $person, $end) = @_;
    my @wanted = $self->{mapping}->wanted($person, $self->{now});
    $self->_ask('create', $self->{write}->create(@wanted), $end, sub {
        my ($resource, $answer) = @_;
        my $id = ref $resource eq 'HASH' ? $resource->{id} : undef;
        ($id) = ($answer->{headers}{location} // '') =~ m{/([^/?]+)\z} unless defined $id;
        if (!defined $id || ref $id || $id eq '') {
            return $self->_fail($person, { %$answer, status => 400,
                error => 'the user was created, but the answer has no id' }, $end);
        }
        $self->{ids}{ $person->{objectId} } = $id;
        $self->_read_back($person, $resource, @wanted);
        # somebody who was there before may have a manager of then
        my @reference = $self->_reference($person, $resource);
        $self->{linking}{ $person->{objectId} } = value_at($resource, MANAGER)
            if changes($resource, @reference);
        $self->_became($person, 'created', $end);
    }, sub { $self->_fail($person, $_[0], $end) });
}

# Send what differs, and nothing when nothing does.
sub _compare {
    my ($self, $person, $resource, $end) = @_;
    my @wanted = $self->{mapping}->wanted($person, $self->{now});
    push @wanted, $self->_reference($person, $resource);
    my @changes = changes($resource, @wanted);
    return $self->_became($person, 'unchanged', $end) unless @changes;
    my $what = 'updated';
    for my $change (@changes) {
        my ($op, $path, $value) = @$change;
        $what = $value ? 'enabled' : 'disabled' if $path eq 'active';
        $what = 'linked' if $path eq 'externalId' && $op eq 'add' && $what eq 'updated';
    }
    $self->_change($person, \@changes, \@wanted, $what, $end);
}

sub _change {
    my ($self, $person, $changes, $wanted, $what, $end) = @_;
    my $dialect = $self->{dialect};
    if ($dialect eq 'mixed') {
        $dialect = $Provision::Dialect::DIALECTS[ $self->{patches}++ % @Provision::Dialect::DIALECTS ];
    }
    my $id = $self->{ids}{ $person->{objectId} };
    $self->{report}->patched($dialect, @$changes);
    $self->_ask('change', $self->{write}->patch($dialect, $id, @$changes), $end, sub {
        my ($resource) = @_;
        $self->_read_back($person, $resource, @$wanted) if defined $resource;   # else 204
        $self->_became($person, $what, $end);
    }, sub { $self->_fail($person, $_[0], $end) });
}

# An answer to a write shows the user. It should be the one that was asked for.
sub _read_back {
    my ($self, $person, $resource, @wanted) = @_;
    for my $change (changes($resource, @wanted)) {
        my ($op, $path, $value) = @$change;
        $self->{report}->surprise(sprintf '%s: %s should be %s, the answer has %s',
            $person->{userPrincipalName}, $path, _quoted($value),
            _quoted(value_at($resource, $path)));
    }
}

sub _quoted {
    my ($value) = @_;
    return !defined $value ? 'nothing' : ref $value ? Provision::Json::encode($value) : "\"$value\"";
}

# The manager as [path, id of the manager or undef], to be compared like the
# rest; nothing, when there is nothing to say yet: the manager comes later.
sub _reference {
    my ($self, $person, $resource) = @_;
    my $object_id = $person->{objectId};
    delete $self->{linking}{$object_id};
    return unless $self->{mapping}->has(MANAGER)
        && Provision::Directory::standing($person, $self->{now}) eq 'in';
    my $manager = $self->{mapping}->manager_of($person, $self->{now});
    return [MANAGER, undef] unless defined $manager;
    # a reference is never part of a creation, but follows it
    my $id = $self->{ids}{$manager};
    my $there = value_at($resource, MANAGER);
    if (!defined $id || !defined $there) {
        $self->{linking}{$object_id} = $there // '';
        return;
    }
    return [MANAGER, $id];
}

# References whose turn it was not yet, because the manager was not there.
sub _link {
    my $self = shift;
    my $directory = $self->{directory};
    my %manager;                        # objectId => id of the manager, or undef
    for my $object_id (sort keys %{ $self->{linking} }) {
        my $person = $directory->person($object_id);
        next unless defined $self->{ids}{$object_id}
            && Provision::Directory::standing($person, $self->{now}) eq 'in';
        my $manager = $self->{mapping}->manager_of($person, $self->{now});
        next if defined $manager && !defined $self->{ids}{$manager};
        my $id = defined $manager ? $self->{ids}{$manager} : undef;
        if (defined $id && $self->{linking}{$object_id} eq $id) {
            delete $self->{linking}{$object_id};        # has been so all the time
            next;
        }
        $manager{$object_id} = $id;
    }
    my @ready = sort keys %manager;
    $self->{total} = $self->{done} + @ready;
    $self->_progress if @ready || $self->{done};
    $self->_each(\@ready, sub {
        my ($object_id, $end) = @_;
        my $person = $directory->person($object_id);
        my $id = $manager{$object_id};
        my $change = !defined $id ? ['remove', MANAGER]
            : [$self->{linking}{$object_id} eq '' ? 'add' : 'replace', MANAGER, $id];
        $self->_change($person, [$change], [[MANAGER, $id]], 'updated', sub {
            delete $self->{linking}{$object_id} unless defined $self->{stop};
            $end->();
        });
    });
}

# ---- the end of an object ----

sub _seen {
    my ($self, $person) = @_;
    $self->{seen}{ $person->{objectId} } = $self->{directory}->person($person->{objectId})
        ? Provision::Directory::fingerprint($person, $self->{now}) : 'gone';
}

sub _became {
    my ($self, $person, $what, $end) = @_;
    $self->_seen($person);
    delete $self->{escrow}{ $person->{objectId} };
    $self->{report}->became($person->{objectId}, $what);
    $end->();
}

sub _fail {
    my ($self, $person, $answer, $end) = @_;
    my $object_id = $person->{objectId};
    my $again = Provision::Retry::verdict($answer) eq 'again';
    my $held = $self->{escrow}{$object_id};
    my $first = !$again && $held && $held->{first} ? $held->{first} : $self->{now};
    my $next = $again ? $self->{now} : Provision::Retry::next_attempt($first, $self->{now});
    my $why = _why($answer);
    if (defined $next) {
        $self->{escrow}{$object_id} = { $again ? () : (first => $first), next => $next, why => $why };
    }
    else {
        delete $self->{escrow}{$object_id};         # until the person changes
    }
    $self->_seen($person);
    $self->{report}->failure({ who => $object_id, name => $person->{userPrincipalName},
        why => $why, status => $answer->{status}, next => $next, again => $again });
    $end->();
}

sub _look_at_failures {
    my $self = shift;
    return if defined $self->{stop};
    my ($failing, $total) = (scalar keys %{ $self->{escrow} }, scalar keys %{ $self->{seen} });
    $self->{report}->stop("quarantine: $failing of $total objects fail")
        if Provision::Retry::quarantined($failing, $total);
}

1;
