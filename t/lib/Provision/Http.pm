package Provision::Http;
# HTTP/1.1 over a handful of connections that are kept alive, all in one thread
# that never waits for one of them alone. Requests carry no header that is not
# needed: no User-Agent, no Accept, and no Content-Type without a body.
#
#   my $http = Provision::Http->new(origin => 'https://host:8443',
#       connections => 8, timeout => 30, headers => [Authorization => '...']);
#   $http->send({ method => 'GET', target => '/x' }, sub { my ($res) = @_; ... });
#   $http->run;              # until nothing is left, what callbacks send included
#
# An answer is { status, headers (lower case), body, seconds }. Without one,
# status is 0 and error says why: "timeout", "could not connect ...", ...
use strict;
use warnings;
use Errno qw(EAGAIN EINTR EWOULDBLOCK);
use IO::Select ();
use IO::Socket::IP ();
use Time::HiRes qw(time);

use constant CONNECT_TIMEOUT => 10;
use constant LONGEST_HEAD => 65536;

sub new {
    my ($class, %opt) = @_;
    my ($scheme, $host, $port) = $opt{origin}
        =~ m{\A(https?)://(\[[0-9a-f:.]+\]|[^/:]+)(?::(\d+))?/?\z}i
        or die "not a server: $opt{origin}\n";
    my $tls = lc $scheme eq 'https';
    if ($tls) {
        eval { require IO::Socket::SSL; 1 } or die
            "https needs the Perl module IO::Socket::SSL: apt-get install libio-socket-ssl-perl\n";
    }
    my $authority = $host . (defined $port ? ":$port" : '');
    return bless {
        tls         => $tls,
        host        => $host =~ s/\A\[|\]\z//gr,
        port        => $port // ($tls ? 443 : 80),
        authority   => $authority,
        connections => $opt{connections} || 8,
        timeout     => $opt{timeout} || 30,
        headers     => $opt{headers} || [],
        ca_file     => $opt{ca_file},
        queue       => [],          # requests that wait for a connection
        open        => {},          # fileno => connection
        idle        => [],
        reading     => IO::Select->new,
        writing     => IO::Select->new,
    }, $class;
}

# The bytes of a request.
sub bytes {
    my ($self, $request) = @_;
    my $body = $request->{body};
    my @header = (Host => $self->{authority}, @{ $self->{headers} });
    push @header, 'Content-Type' => $request->{type}, 'Content-Length' => length $body
        if defined $body;
    my $text = "$request->{method} $request->{target} HTTP/1.1\r\n";
    while (my ($name, $value) = splice @header, 0, 2) {
        $text .= "$name: $value\r\n";
    }
    return "$text\r\n" . ($body // '');
}

sub send {
    my ($self, $request, $callback) = @_;
    push @{ $self->{queue} }, { request => $request, callback => $callback };
}

# Everything that was sent, and what its callbacks send.
sub run {
    my $self = shift;
    my @done;
    while (1) {
        $self->_start(\@done);
        # answers first: a callback may send the next request of its flow while
        # the other connections go on
        if (my $job = shift @done) {
            $job->{callback}->($job->{answer});
            $self->_start(\@done);
            $self->_move(0, \@done) if %{ $self->{open} };
            next;
        }
        return unless $self->_busy;
        $self->_move($self->_patience, \@done);
    }
}

sub _busy { my $self = shift; return keys(%{ $self->{open} }) > @{ $self->{idle} } }

# Give what waits to idle or new connections.
sub _start {
    my ($self, $done) = @_;
    while (@{ $self->{queue} }) {
        my $conn = $self->_connection($done) or last;
        my $job = shift @{ $self->{queue} };
        $self->_assign($conn, $job);
    }
}

sub _connection {
    my ($self, $done) = @_;
    while (my $conn = pop @{ $self->{idle} }) {
        # readable while nothing is asked: the server has hung up
        if (IO::Select->new($conn->{socket})->can_read(0)) {
            $self->_close($conn);
            next;
        }
        return $conn;
    }
    return undef if keys(%{ $self->{open} }) >= $self->{connections};
    my $conn = eval { $self->_connect };
    return $conn if $conn;
    my $why = $@ =~ s/\n\z//r;
    my $job = shift @{ $self->{queue} };
    push @$done, { %$job, answer => { status => 0, error => $why, headers => {}, body => '', seconds => 0 } };
    return undef;
}

sub _connect {
    my $self = shift;
    my %peer = (PeerHost => $self->{host}, PeerPort => $self->{port}, Timeout => CONNECT_TIMEOUT);
    my $socket = $self->{tls}
        ? IO::Socket::SSL->new(%peer, SSL_verifycn_scheme => 'http',
            defined $self->{ca_file} ? (SSL_ca_file => $self->{ca_file}) : ())
        : IO::Socket::IP->new(%peer);
    if (!$socket) {
        no warnings 'once';
        die "could not connect to $self->{authority}: "
            . ($self->{tls} ? $IO::Socket::SSL::SSL_ERROR || $! : $@ || $!) . "\n";
    }
    $socket->blocking(0);
    setsockopt $socket, Socket::IPPROTO_TCP(), Socket::TCP_NODELAY(), 1;
    my $conn = { socket => $socket, served => 0 };
    $self->{open}{ fileno $socket } = $conn;
    $self->{reading}->add($socket);
    return $conn;
}

sub _close {
    my ($self, $conn) = @_;
    $self->{reading}->remove($conn->{socket});
    $self->{writing}->remove($conn->{socket});
    delete $self->{open}{ fileno $conn->{socket} };
    @{ $self->{idle} } = grep { $_ != $conn } @{ $self->{idle} };
    close $conn->{socket};
}

sub _assign {
    my ($self, $conn, $job) = @_;
    @$conn{qw(job out in head started)} =
        ($job, $self->bytes($job->{request}), '', undef, time);
    $conn->{deadline} = $conn->{started} + $self->{timeout};
    $self->{writing}->add($conn->{socket});
    $self->_write($conn);
}

# Seconds until the first deadline.
sub _patience {
    my $self = shift;
    my ($first) = sort { $a <=> $b }
        map { $_->{deadline} } grep { $_->{job} } values %{ $self->{open} };
    my $left = $first - time;
    return $left > 0 ? $left : 0;
}

# Let bytes flow for at most so many seconds; finished requests go to DONE.
sub _move {
    my ($self, $seconds, $done) = @_;
    my ($readable, $writable) = IO::Select->select(
        $self->{reading}, $self->{writing}, undef, $seconds);
    for my $socket (@{ $writable || [] }) {
        my $conn = $self->{open}{ fileno $socket // -1 } or next;
        $self->_write($conn);
    }
    for my $socket (@{ $readable || [] }) {
        my $conn = defined fileno $socket ? $self->{open}{ fileno $socket } : undef;
        $self->_read($conn, $done) if $conn;
    }
    my $now = time;
    for my $conn (grep { $_->{job} && $_->{deadline} <= $now } values %{ $self->{open} }) {
        $self->_fail($conn, 'timeout', $done);
    }
}

sub _later { return $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR }

sub _write {
    my ($self, $conn) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $n = syswrite $conn->{socket}, $conn->{out};
    if (defined $n) {
        substr $conn->{out}, 0, $n, '';
        $self->{writing}->remove($conn->{socket}) if $conn->{out} eq '';
    }
    elsif (!_later()) {
        # an answer may stand in the line all the same: let the reader find out
        $self->{writing}->remove($conn->{socket});
        $conn->{out} = '';
    }
}

sub _read {
    my ($self, $conn, $done) = @_;
    my $end = 0;
    while (1) {
        my $n = sysread $conn->{socket}, $conn->{in}, 65536, length($conn->{in} // '');
        if ($n) {
            next if $self->{tls};       # more may lie decrypted already
            last;
        }
        last if !defined $n && _later();
        $end = 1;
        last;
    }
    if (!$conn->{job}) {                # hung up, or talks without being asked
        $self->_close($conn);
        return;
    }
    my $answer = eval { $self->_parse($conn, $end) };
    return $self->_fail($conn, $@ =~ s/\n\z//r, $done) if $@;
    return $self->_finish($conn, $answer, $done) if $answer;
    return unless $end;
    # A server may close a connection that was idle in the very moment it is
    # used again. Who only reads may simply try again.
    my $job = $conn->{job};
    if ($conn->{in} eq '' && $conn->{served} && $job->{request}{method} eq 'GET'
            && !$job->{again}++) {
        $self->_close($conn);
        unshift @{ $self->{queue} }, $job;
        return;
    }
    $self->_fail($conn, 'connection lost', $done);
}

sub _fail {
    my ($self, $conn, $why, $done) = @_;
    push @$done, { %{ $conn->{job} }, answer => { status => 0, error => $why,
        headers => {}, body => '', seconds => time - $conn->{started} } };
    delete $conn->{job};
    $self->_close($conn);
}

sub _finish {
    my ($self, $conn, $answer, $done) = @_;
    $answer->{seconds} = time - $conn->{started};
    push @$done, { %{ delete $conn->{job} }, answer => $answer };
    $conn->{served}++;
    if ($answer->{keep} && $conn->{in} eq '' && $conn->{out} eq '') {
        push @{ $self->{idle} }, $conn;
    }
    else {
        $self->_close($conn);
    }
}

# The answer once it is whole, else undef. END: the server has hung up.
sub _parse {
    my ($self, $conn, $end) = @_;
    if (!$conn->{head}) {
        if ($conn->{in} !~ s/\A(.*?)\r?\n\r?\n//s) {
            die "the head of the answer has no end\n" if length $conn->{in} > LONGEST_HEAD;
            return undef;
        }
        my ($line, @field) = split /\r?\n/, $1;
        my ($minor, $status) = $line =~ m{\AHTTP/1\.(\d) (\d{3})(?: |\z)}
            or die "not an HTTP answer\n";
        return $self->_parse($conn, $end) if $status < 200;
        my %header;
        for (@field) {
            my ($name, $value) = /\A([^:\s]+):[ \t]*(.*?)[ \t]*\z/ or next;
            $name = lc $name;
            $header{$name} = defined $header{$name} ? "$header{$name}, $value" : $value;
        }
        my $connection = lc($header{connection} // '');
        $conn->{head} = { status => $status + 0, headers => \%header, body => '',
            keep => scalar($minor ? $connection !~ /\bclose\b/ : $connection =~ /\bkeep-alive\b/) };
    }
    my $head = $conn->{head};
    my $header = $head->{headers};
    if ($head->{status} == 204 || $head->{status} == 304) {
        return $head;
    }
    if (($header->{'transfer-encoding'} // '') =~ /\bchunked\b/i) {
        while ($conn->{in} =~ /\A([0-9a-fA-F]{1,8})[^\r\n]*\r?\n/) {
            my ($size, $skip) = (hex $1, $+[0]);
            if (!$size) {
                $conn->{in} =~ s/\A0+[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n// or return undef;
                return $head;
            }
            return undef if length $conn->{in} < $skip + $size + 2;
            $head->{body} .= substr $conn->{in}, $skip, $size;
            substr $conn->{in}, 0, $skip + $size, '';
            $conn->{in} =~ s/\A\r?\n// or die "a chunk of the answer has no end\n";
        }
        return undef;
    }
    if (defined(my $length = $header->{'content-length'})) {
        return undef if length $conn->{in} < $length;
        $head->{body} = substr $conn->{in}, 0, $length, '';
        return $head;
    }
    return undef unless $end;
    $head->{body} = delete $conn->{in};
    $conn->{in} = '';
    $head->{keep} = 0;
    return $head;
}

# Hang up; nothing may be under way.
sub hang_up {
    my $self = shift;
    $self->_close($_) for values %{ $self->{open} };
}

1;
