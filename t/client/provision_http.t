# The HTTP client of provisioning, against servers that say what a script tells
# them: several connections, reuse, answers in pieces, time limits.
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use IO::Socket::INET ();
use Time::HiRes qw(sleep time);
use Provision::Http ();

# A server in a process of its own. TALK is called for each connection with the
# socket and a code that reads one request (undef at the end).
my @children;
sub server {
    my ($talk) = @_;
    my $listen = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "listen: $@\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{CHLD} = 'IGNORE';
        $SIG{ALRM} = sub { exit 0 };
        alarm 30;
        while (my $sock = $listen->accept) {
            next if fork;
            close $listen;
            $sock->autoflush(1);
            alarm 30;
            my $n = 0;
            $talk->($sock, sub {
                my $head = '';
                while ($head !~ /\r\n\r\n\z/) { sysread $sock, $head, 1, length $head or return undef }
                my $body = '';
                if ($head =~ /^Content-Length: (\d+)/mi) {
                    while (length $body < $1) { sysread $sock, $body, $1 - length $body, length $body or return undef }
                }
                return $head . $body;
            });
            exit 0;
        }
        exit 0;
    }
    push @children, $pid;
    return 'http://127.0.0.1:' . $listen->sockport;
}
END { local $?; kill TERM => @children if @children }

sub client { my ($origin, %opt) = @_; return Provision::Http->new(origin => $origin, connections => 2, timeout => 5, %opt) }

# Send all, return the answers in the order of the requests.
sub ask {
    my ($http, @requests) = @_;
    my @answers;
    for my $n (0 .. $#requests) {
        my $r = ref $requests[$n] ? $requests[$n] : { method => 'GET', target => $requests[$n] };
        $http->send($r, sub { $answers[$n] = $_[0] });
    }
    $http->run;
    return @answers;
}

sub ok_answer { my ($body) = @_; return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body" }

# ---- one answer after the other on kept connections ----

my $echo = server(sub {
    my ($sock, $next) = @_;
    my $n = 0;
    while (defined(my $request = $next->())) {
        my ($target) = $request =~ m{\A\w+ (\S+)};
        sleep 0.2 if $target =~ /slow/;
        print {$sock} ok_answer("$$ " . ++$n . " $target");
    }
});
my $http = client($echo);
my @answers = ask($http, map { "/$_" } 1 .. 20);
is_deeply [map { $_->{status} } @answers], [(200) x 20], 'twenty answers';
is_deeply [map { (split ' ', $_->{body})[2] } @answers], [map { "/$_" } 1 .. 20], 'each to its request';
my %process = map { (split ' ', $_->{body})[0] => 1 } @answers;
is keys %process, 2, 'over two connections';
my ($later) = ask($http, '/again');
ok $process{ (split ' ', $later->{body})[0] }, 'which are used again';

my $start = time;
@answers = ask(client($echo, connections => 4), map { "/slow$_" } 1 .. 4);
cmp_ok time - $start, '<', 0.7, 'four slow answers at the same time';
ok !(grep { $_->{seconds} < 0.19 || $_->{seconds} > 0.6 } @answers), 'each is timed by itself';

my @order;
$http = client($echo, connections => 1);
$http->send({ method => 'GET', target => '/a' }, sub { push @order, 'a';
    $http->send({ method => 'GET', target => '/b' }, sub { push @order, 'b' }) });
$http->run;
is "@order", 'a b', 'a callback sends the next request';

# ---- what answers look like ----

my %reply = (
    '/chunked'  => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n",
    '/empty'    => "HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a:  2 \r\n\r\n",
    '/continue' => "HTTP/1.1 100 Continue\r\n\r\n" . ok_answer('done'),
    '/bare'     => "HTTP/1.1 200\nContent-Length: 2\n\nok",
    '/junk'     => "SSH-2.0-OpenSSH\r\n\r\n",
    '/old'      => "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold",
    '/until'    => "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    '/broken'   => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    '/nothing'  => '',
);
my %hang_up = map { $_ => 1 } qw(/until /broken /nothing);
for my $pieces (0, 1) {
    my $strange = server(sub {
        my ($sock, $next) = @_;
        while (defined(my $request = $next->())) {
            my ($target) = $request =~ m{\A\w+ (\S+)};
            for my $piece ($pieces ? split //, $reply{$target} : $reply{$target}) {
                syswrite $sock, $piece if length $piece;
                sleep 0.0005 if $pieces;
            }
            last if $hang_up{$target};
        }
    });
    my $how = $pieces ? 'byte by byte' : 'at once';
    my %is = map { $_ => (ask(client($strange), $_))[0] } keys %reply;
    is $is{'/chunked'}{body}, 'abc0123456789abcdef', "$how: chunks";
    is_deeply [@{ $is{'/empty'} }{qw(status body)}, $is{'/empty'}{headers}{'x-a'}], [204, '', '1, 2'], "$how: no body, a header twice";
    is $is{'/continue'}{body}, 'done', "$how: 100 is not the answer";
    is $is{'/bare'}{body}, 'ok', "$how: bare line ends";
    is_deeply [@{ $is{'/junk'} }{qw(status error)}], [0, 'not an HTTP answer'], "$how: not HTTP";
    is $is{'/old'}{body}, 'old', "$how: HTTP/1.0";
    is $is{'/until'}{body}, 'until the end', "$how: until the end of the connection";
    is_deeply [@{ $is{$_} }{qw(status error)}], [0, 'connection lost'], "$how: $_" for '/broken', '/nothing';
}

# ---- connections that end ----

# serves one request on each connection and then hangs up without a word
my $short = server(sub {
    my ($sock, $next) = @_;
    my $request = $next->() // return;
    print {$sock} ok_answer($request =~ /\A(\w+)/);
    $next->() if $request =~ /late/;        # takes the second one, says nothing
});
$http = client($short, connections => 1);
is_deeply [map { $_->{status} } ask($http, '/1', '/2', '/3')], [200, 200, 200], 'a connection that was closed is replaced';
is_deeply [map { $_->{status} } ask($http, '/late', '/again')], [200, 200], 'who reads tries again on a new one';
@answers = ask($http, '/late', { method => 'POST', target => '/x', body => '{}', type => 'a/b' });
is_deeply [map { $_->{status} || $_->{error} } @answers], [200, 'connection lost'], 'who writes does not: it may have happened';

my $deaf = server(sub { my ($sock, $next) = @_; $next->(); sleep 1.5 });
$start = time;
@answers = ask(client($deaf, timeout => 0.3), '/1', '/2', '/3');
is_deeply [map { $_->{error} } @answers], [('timeout') x 3], 'no answer within the time limit';
cmp_ok time - $start, '<', 2, 'and no waiting beyond it';

my $gone = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport;
@answers = ask(client("http://127.0.0.1:$gone"), '/1', '/2');
is_deeply [map { $_->{status} } @answers], [0, 0], 'nobody listens';
like $answers[1]{error}, qr/\Acould not connect to 127\.0\.0\.1:$gone: \S/, 'and the error says so';

my $large = 'x' x 3_000_000;
my $sink = server(sub { my ($sock, $next) = @_; while (defined(my $r = $next->())) { print {$sock} ok_answer(length($r =~ s/\A.*?\r\n\r\n//sr) . $large) } });
my ($answer) = ask(client($sink), { method => 'POST', target => '/', body => $large, type => 'a/b' });
is length $answer->{body}, 3_000_007, 'three megabytes there and back';

ok !eval { Provision::Http->new(origin => 'gopher://x') }, 'another scheme is none';
is_deeply [@{ Provision::Http->new(origin => 'http://[::1]:81') }{qw(host port authority)}], ['::1', 81, '[::1]:81'], 'an address of IPv6';

done_testing;
