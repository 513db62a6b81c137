package ScimTest::Mangle;
# A service provider that is broken in one way: it hands each request on to a
# good one and spoils the request or the answer, as servers in the field do.
#
#   my $bad = ScimTest::Mangle->new(base => base_url(), how => \%one_of_HOW);
#   $bad->base; $bad->stop;
#
# How: request => sub { ($method, \$path, \$body) } before it is handed on, may
# return an answer of its own [status, type, body]; answer => sub { ($method,
# $path, $body, \$status, \$type, \$answer) } behind it.
use strict;
use warnings;
use IO::Socket::INET ();
use POSIX ();
use ScimTest::Client ();

sub new {
    my ($class, %opt) = @_;
    my $listen = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', LocalPort => 0)
        or die "no port: $!\n";
    my ($server, $prefix) = $opt{base} =~ m{^http://([^/]+)(.*)$};
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        alarm 300;
        while (my $client = $listen->accept) {
            eval { _serve($client, $server, $prefix, $opt{how}); 1 } or print STDERR $@;
            close $client;
        }
        POSIX::_exit(0);
    }
    return bless { pid => $pid, base => 'http://127.0.0.1:' . $listen->sockport . $prefix }, $class;
}

sub base { $_[0]{base} }

sub stop {
    my ($self) = @_;
    local $?;
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

sub _serve {
    my ($client, $server, $prefix, $how) = @_;
    my ($head, $body) = ('', '');
    while (my $line = <$client>) {
        $head .= $line;
        last if $line =~ /^\r?\n$/;
    }
    my ($method, $path) = $head =~ m{^(\w+) \Q$prefix\E(\S*) } or return;
    read $client, $body, $1 if $head =~ /^Content-Length:\s*(\d+)/mi;
    my %header = map { /^(Authorization|Content-Type):\s*(.*?)\r?$/i ? ($1 => $2) : () } split /\n/, $head;
    my $own = $how->{request} && $how->{request}->($method, \$path, \$body);
    my ($status, $type, $answer);
    if (ref $own eq 'ARRAY') {
        ($status, $type, $answer) = @$own;
    }
    else {
        my $res = ScimTest::Client::request($server, $method, "$prefix$path", \%header,
            $body eq '' ? undef : $body);
        ($status, $type, $answer) = ($res->code, $res->header('Content-Type') // '', $res->content);
        $how->{answer}->($method, $path, $body, \$status, \$type, \$answer) if $how->{answer};
    }
    my $more = $status == 401 ? "WWW-Authenticate: Bearer\r\n"
             : $status == 302 ? "Location: /login\r\n" : '';
    print {$client} "HTTP/1.1 $status X\r\n", ($type ne '' ? "Content-Type: $type\r\n" : ''), $more,
        'Content-Length: ', length $answer, "\r\nConnection: close\r\n\r\n", $answer;
}

1;
