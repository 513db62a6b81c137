package ScimTest::Client;
# The smallest HTTP/1.1 client that sends exactly the bytes it is told to:
# no header of its own but Host, the request target untouched. Connections
# are kept alive per server.
use strict;
use warnings;
use Errno qw(EINTR);
use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw(time);

use constant TIMEOUT => 60;

my %idle;       # "pid host:port" => [sockets that wait for their next request]

sub _connect {
    my ($server) = @_;
    my $sock = IO::Socket::INET->new(PeerAddr => $server, Timeout => 10)
        or die "could not connect to $server: $!\n";
    $sock->autoflush(1);
    return $sock;
}

sub _take {
    my ($server) = @_;
    while (my $sock = shift @{ $idle{"$$ $server"} ||= [] }) {
        # readable while nothing is asked: the server has closed it
        return $sock unless IO::Select->new($sock)->can_read(0);
        close $sock;
    }
    return _connect($server);
}

# Forget all connections, for instance to meet another child.
sub close_all { %idle = () }

# A header list in order: Host first, then those of the hash; undef drops one.
sub bytes {
    my ($method, $server, $target, $headers, $body) = @_;
    my %header = %{ $headers || {} };
    my $text = "$method $target HTTP/1.1\r\n";
    my ($host) = grep { lc eq 'host' } keys %header;
    my $host_value = defined $host ? delete $header{$host} : $server;
    $text .= "Host: $host_value\r\n" if defined $host_value;
    if (defined $body && !grep { /^(?:content-length|transfer-encoding)$/i } keys %header) {
        $text .= 'Content-Length: ' . length($body) . "\r\n";
    }
    for my $name (sort keys %header) {
        my $value = $header{$name};
        next unless defined $value;
        $text .= "$name: $_\r\n" for ref $value ? @$value : $value;
    }
    return "$text\r\n" . (defined $body ? $body : '');
}

# One request, one answer. SERVER is "127.0.0.1:port".
sub request {
    my ($server, $method, $target, $headers, $body) = @_;
    my $sock = _take($server);
    _send($sock, bytes($method, $server, $target, $headers, $body));
    my $res = _receive($sock, $method);
    push @{ $idle{"$$ $server"} }, $sock if $res->{keep};
    return $res;
}

# Many requests at the same time, each on a connection of its own:
# [server, method, target, headers, body], ... Answers in the same order.
sub parallel {
    close_all();        # an idle connection may hold a whole child
    my @todo = map { { want => $_, sock => _connect($_->[0]) } } @_;
    # all but the last byte first, so that they start together
    for my $t (@todo) {
        my ($server, $method, $target, $headers, $body) = @{ $t->{want} };
        my $bytes = bytes($method, $server, $target, $headers, $body);
        $t->{last} = chop $bytes;
        _send($t->{sock}, $bytes);
    }
    _send($_->{sock}, $_->{last}) for @todo;
    return map { _receive($_->{sock}, $_->{want}[1]) } @todo;
}

# raw(SERVER, BYTES, shut => 1): send BYTES on a new connection, read until the
# server closes it or a whole answer is there.
sub raw {
    my ($server, $bytes, %opt) = @_;
    my $sock = _connect($server);
    eval { _send($sock, $bytes) };      # it may hang up before it has read all
    shutdown $sock, 1 if $opt{shut};
    my $method = $bytes =~ /^HEAD / ? 'HEAD' : 'GET';
    return _receive($sock, $method, $opt{timeout});
}

sub _send {
    my ($sock, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $pos = 0;
    while ($pos < length $bytes) {
        my $n = syswrite $sock, $bytes, length($bytes) - $pos, $pos;
        next if !defined $n && $! == EINTR;
        die "could not send the request: $!\n" unless defined $n;
        $pos += $n;
    }
}

sub _receive {
    my ($sock, $method, $timeout) = @_;
    my $end = time + ($timeout || TIMEOUT);
    my $set = IO::Select->new($sock);
    my ($buf, $eof) = ('', 0);
    my $more = sub {
        return 0 if $eof;
        my $left = $end - time;
        die "no answer within the time limit; so far: " . substr($buf, 0, 300) . "\n"
            if $left <= 0 || !$set->can_read($left);
        my $n = sysread $sock, $buf, 65536, length $buf;
        return 1 if !defined $n && $! == EINTR;
        $eof = 1 unless $n;
        return $n ? 1 : 0;
    };
    my $res;
    do {
        1 while $buf !~ /\r?\n\r?\n/ && $more->();
        $buf =~ s/\A(.*?\r?\n)\r?\n//s
            or return ScimTest::Response->new(line => '', head => '', raw => $buf,
                content => $buf, keep => 0);
        $res = ScimTest::Response->new(head => $1);
    } while $res->code == 100;

    my ($content, $keep) = ('', 1);
    my $length = $res->header('Content-Length');
    if ($method eq 'HEAD' || $res->code == 204 || $res->code == 304) {
        # no body, whatever the headers say
    }
    elsif (($res->header('Transfer-Encoding') || '') =~ /chunked/i) {
        while (1) {
            1 while $buf !~ /\r\n/ && $more->();
            $buf =~ s/\A([0-9a-fA-F]+)[^\r\n]*\r\n// or die "bad chunk: $buf\n";
            my $n = hex $1;
            1 while length $buf < $n + 2 && $more->();
            die "the answer broke off\n" if length $buf < $n + 2;
            $content .= substr $buf, 0, $n, '';
            substr($buf, 0, 2) = '';
            last unless $n;
        }
    }
    elsif (defined $length) {
        1 while length $buf < $length && $more->();
        die "the answer broke off after " . length($buf) . " of $length bytes\n"
            if length $buf < $length;
        $content = substr $buf, 0, $length, '';
    }
    else {
        1 while $more->();
        ($content, $buf, $keep) = ($buf, '', 0);
    }
    $keep = 0 if $eof || $buf ne ''
        || ($res->header('Connection') || '') =~ /close/i;
    $res->{content} = $content;
    $res->{keep} = $keep;
    $res->{rest} = $buf;
    return $res;
}

package ScimTest::Response;
use strict;
use warnings;
use Carp ();
use JSON::PP ();

sub new {
    my ($class, %opt) = @_;
    my $self = bless { content => '', %opt }, $class;
    my ($line, @field) = split /\r?\n/, $self->{head} // '';
    $self->{line} = $line // '';
    ($self->{code}) = $self->{line} =~ m{\AHTTP/\d\.\d (\d{3})};
    for (@field) {
        my ($name, $value) = /\A([^:]+):[ \t]*(.*?)[ \t]*\z/ or next;
        push @{ $self->{headers}{lc $name} }, $value;
    }
    return $self;
}

sub code        { $_[0]{code} || 0 }
sub status_line { $_[0]{line} }
sub content     { $_[0]{content} }
sub headers     { $_[0]{headers} || {} }        # { lower-case name => [values] }
sub rest        { $_[0]{rest} }                 # bytes behind the answer

# The value of a header, several joined by ", "; undef when it is not there.
sub header {
    my ($self, $name) = @_;
    my $values = $self->headers->{lc $name} or return undef;
    return join ', ', @$values;
}

# The decoded body; dies with it when it is not JSON. A fresh copy each time.
sub json {
    my $self = shift;
    my $data = eval { JSON::PP->new->utf8->allow_nonref->decode($self->{content}) };
    Carp::croak('not JSON: ' . $self->as_string) if $@;
    return $data;
}

sub as_string {
    my $self = shift;
    my $text = ($self->{head} // '') . "\n" . $self->{content};
    return length $text > 3000 ? substr($text, 0, 3000) . '...' : $text;
}

1;
