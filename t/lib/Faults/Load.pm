package Faults::Load;
# A load of writes that remembers what it was told. Each writer is a process with
# one connection and users of its own: it creates one, changes it a few times,
# reads it back, looks it up, deletes every other one. What is answered 503, or
# not at all where that may be, is sent again until it is answered, as a
# directory would do it.
#
#   my $load = Faults::Load->new(dir => DIR, origin => URL, token => TEXT,
#       writers => 8, cuts => 1, close => 1)->start;
#   $load->look;                    # take in what they have written down
#   $load->acknowledged; $load->requests; $load->errors; $load->longest;
#   $load->recovered(SINCE);        # seconds, or undef when it has not yet
#   $load->stop;
#   $load->users;                   # what each user has to be
#   $load->faults;                  # answers that must not be
#
# cuts: a connection may break in the middle. close: a connection for each
# request, so that none is hung up between two of them, as HTTP allows.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);
use Provision::Http ();
use ScimTest::Sys qw(slurp_from alive wait_until);

use constant PATH  => '/scim/v2';
use constant USER  => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant PAUSE => 0.1;      # after an error

my $json = JSON::PP->new->utf8->canonical;

sub new {
    my ($class, %opt) = @_;
    return bless { writers => 8, requests => 0, acknowledged => 0, errors => 0, longest => 0,
                   faults => [], users => [], log => [], %opt }, $class;
}

sub start {
    my $self = shift;
    for my $n (1 .. $self->{writers}) {
        my $file = "$self->{dir}/writer-$n";
        open my $fh, '>', $file or die "$file: $!\n";
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $ok = eval { Faults::Load::Writer->new(%$self, name => "load-$n", out => $fh)->run; 1 };
            print {$fh} "died\t", $@ =~ s/\s+/ /gr, "\n" unless $ok;
            close $fh;
            POSIX::_exit($ok ? 0 : 1);
        }
        push @{ $self->{log} }, { file => $file, pid => $pid, pos => 0, good => [], bad => undef };
    }
    return $self;
}

# Whole lines that are new.
sub look {
    my $self = shift;
    for my $log (@{ $self->{log} }) {
        my $text = slurp_from($log->{file}, $log->{pos});
        $text =~ s/[^\n]*\z//;
        $log->{pos} += length $text;
        $self->_take($log, split /\t/, $_, -1) for split /\n/, $text;
    }
}

sub _take {
    my ($self, $log, $what, @field) = @_;
    if ($what eq 'user') {
        push @{ $self->{users} }, $json->decode($field[0]);
    }
    elsif ($what eq 'died') {
        push @{ $self->{faults} }, "a writer gave up: $field[0]";
    }
    else {
        my ($begin, $end, $text) = @field;
        $self->{requests}++;
        $self->{acknowledged}++ if $what eq 'ack';
        if ($what eq 'ack' || $what eq 'read') {
            push @{ $log->{good} }, [$begin, $end];
            return;
        }
        $self->{errors}++;
        $log->{bad} = $begin;
        my $took = $end - $begin;
        $self->{longest} = $took if $took > $self->{longest};
        push @{ $self->{faults} }, $text if $what eq 'fault';
    }
}

# Seconds until each writer was served again and no request failed any more.
sub recovered {
    my ($self, $since) = @_;
    my $last = 0;
    for my $log (@{ $self->{log} }) {
        my $bad = $log->{bad} // 0;
        my ($good) = grep { $_->[0] >= $since && $_->[0] > $bad } @{ $log->{good} };
        return undef unless $good;
        # a writer that was told nothing wrong was never without service
        next if $bad < $since;
        $last = $bad - $since if $bad - $since > $last;
    }
    return $last;
}

sub requests     { $_[0]{requests} }
sub acknowledged { $_[0]{acknowledged} }
sub errors       { $_[0]{errors} }
sub longest      { $_[0]{longest} }
sub users        { @{ $_[0]{users} } }
sub faults       { @{ $_[0]{faults} } }

# Each writer finishes the request that it has sent.
sub stop {
    my $self = shift;
    my @pid = map { delete $_->{pid} // () } @{ $self->{log} };
    kill TERM => @pid;
    for my $pid (@pid) {
        wait_until(60, sub { !alive($pid) }) or kill KILL => $pid;
        waitpid $pid, 0;
        push @{ $self->{faults} }, "a writer ended with status $?" if $?;
    }
    $self->look;
    return $self;
}

sub DESTROY { my $self = shift; local $?; kill KILL => $_->{pid} for grep { $_->{pid} } @{ $self->{log} } }

# ---- one writer ----

package Faults::Load::Writer;
use strict;
use warnings;
use Time::HiRes qw(sleep time);

my $stop;

sub new {
    my ($class, %opt) = @_;
    my $http = Provision::Http->new(origin => $opt{origin}, connections => 1, timeout => 30,
        headers => [Authorization => "Bearer $opt{token}", $opt{close} ? (Connection => 'close') : ()]);
    return bless { %opt, http => $http }, $class;
}

sub run {
    my $self = shift;
    $SIG{TERM} = sub { $stop = 1 };
    $SIG{INT} = 'IGNORE';
    $self->{out}->autoflush(1);
    for (my $n = 1; !$stop; $n++) {
        my $user = { name => "$self->{name}-$n", created => 0, value => undef, tried => 0, deleted => '' };
        $self->_live($user, $n % 2);
        $self->_say('user', $json->encode($user));
    }
}

sub _say { my $self = shift; print { $self->{out} } join("\t", @_), "\n" }

# The state of USER is written down before each request that may change it, and
# after the answer that says so.
sub _live {
    my ($self, $user, $is_deleted) = @_;
    my $name = $user->{name};
    my $answer = $self->_until([201], [409], 'POST', '/Users', {
        schemas => [Faults::Load::USER], userName => $name, externalId => "x-$name",
        active => JSON::PP::true(), title => '0', displayName => '0', name => { givenName => '0' } });
    return unless $answer;
    if ($answer->{status} == 409) {
        $answer = $self->_find($name) or return;
    }
    my $id = $json->decode($answer->{body})->{id};
    @$user{qw(id created value)} = ($id, 1, 0);

    for my $value (1 .. 3) {
        $user->{tried} = $value;
        $self->_until([200], [], 'PATCH', "/Users/$id", { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations => [map { { op => 'replace', path => $_, value => "$value" } }
                           qw(title displayName name.givenName)] }) or return;
        $user->{value} = $value;
        $answer = $self->_until([200], [], 'GET', "/Users/$id") or return;
        my $read = $json->decode($answer->{body});
        $self->_fault("$name reads $read->{title}, $read->{displayName}, $read->{name}{givenName} and not $value")
            if grep { $_ ne $value } $read->{title}, $read->{displayName}, $read->{name}{givenName};
    }
    $self->_find($name) or return;
    return unless $is_deleted;
    $user->{deleted} = 'tried';
    $self->_until([204], [404], 'DELETE', "/Users/$id") or return;
    $user->{deleted} = 'yes';
}

# By its externalId: it is there, so an empty list is a fault.
sub _find {
    my ($self, $name) = @_;
    my $answer = $self->_until([200], [], 'GET', "/Users?filter=externalId+eq+%22x-$name%22") or return;
    my $list = $json->decode($answer->{body});
    if (($list->{totalResults} // 0) != 1) {
        $self->_fault("$name is not found: $answer->{body}");
        return;
    }
    return { body => $json->encode($list->{Resources}[0]) };
}

# Ask until it is answered with one of GOOD, or of MAYBE when it may have
# happened before. Nothing when there is nothing to go on with.
sub _until {
    my ($self, $good, $maybe, @request) = @_;
    my $unsure = 0;
    until ($stop) {
        my ($what, $answer) = $self->_ask($unsure ? [@$good, @$maybe] : $good, @request);
        return $answer if $what eq 'ack' || $what eq 'read';
        return if $what eq 'fault';
        $unsure = 1;
        sleep Faults::Load::PAUSE;
    }
    return;
}

sub _ask {
    my ($self, $good, $method, $path, $body) = @_;
    my $answer;
    my $begin = time;
    $self->{http}->send({ method => $method, target => Faults::Load::PATH . $path,
        $body ? (body => $json->encode($body), type => 'application/scim+json') : () }, sub { $answer = shift });
    $self->{http}->run;
    my ($what, $text) = $self->_judge($good, $answer, $method);
    $self->_say($what, $begin, time, $text ? "$method $path: $text" =~ s/\s+/ /gr : ());
    return ($what, $answer);
}

sub _judge {
    my ($self, $good, $answer, $method) = @_;
    my $status = $answer->{status};
    return $method eq 'GET' ? 'read' : 'ack' if grep { $status == $_ } @$good;
    return $self->{cuts} ? 'cut' : ('fault', $answer->{error}) if !$status;
    return ('fault', "$status $answer->{body}") if $status != 503;
    return ('fault', "503 without Retry-After") if ($answer->{headers}{'retry-after'} // '') !~ /^[1-9]\d*$/;
    return ('fault', "503 that is no SCIM error: $answer->{body}")
        if ($answer->{headers}{'content-type'} // '') !~ m{^application/scim\+json}
            || (eval { $json->decode($answer->{body})->{status} } // '') ne '503';
    return 'away';
}

sub _fault {
    my ($self, $text) = @_;
    $self->_say('fault', time, time, $text =~ s/\s+/ /gr);
}

1;
