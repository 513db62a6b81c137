# Clients that vanish in the middle, and clients that are slow: nobody else is
# held up, and what they asked for is done whole or not at all.
use ScimTest;
use IO::Select ();
use IO::Socket::INET ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time);
use ScimTest::Client ();

scim_reset();
my $h = extra_httpd(modules => ['reqtimeout'],
    conf => "ScimTimeout 2s\nScimPoolTimeout 1s\nRequestReadTimeout header=2 body=2\n");
my ($server) = $h->base =~ m{^http://([^/]+)};

sub request_bytes {
    my ($method, $path, $body) = @_;
    return ScimTest::Client::bytes($method, $server, "/scim/v2$path",
        { Authorization => 'Bearer ' . token_a(), defined $body ? ('Content-Type' => 'application/scim+json') : () },
        defined $body ? encode($body) : undef);
}

sub connected { return IO::Socket::INET->new(PeerAddr => $server) || die "could not connect: $!\n" }

# Send, perhaps read a little, and be gone with a reset.
sub vanish {
    my ($bytes, $read) = @_;
    my $sock = connected();
    $sock->syswrite($bytes);
    $sock->sysread(my $answer, $read) if $read;
    setsockopt $sock, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0;
    close $sock;
}

# ---- gone ----

my @there = (base => $h->base);
my $id = new_user(title => 'before', @there)->{id};
new_user(title => 'x' x 200) for 1 .. 20;
for my $case (
    ['in the head',        sub { substr request_bytes('POST', '/Users', { userName => $_[0] }), 0, 60 }, 0, 0],
    ['in the body',        sub { request_bytes('POST', '/Users', { userName => $_[0] }) =~ s/.{4}\z//sr }, 0, 0],
    ['before the answer',  sub { request_bytes('POST', '/Users', { userName => $_[0] }) }, 0, 1],
    ['in the answer',      sub { request_bytes('GET', '/Users?count=1000') }, 10, 0],
) {
    my ($what, $bytes, $read, $may_be) = @$case;
    my @name = map { uniq('gone') } 1 .. 12;
    vanish($bytes->($_), $read) for @name;
    is get("/Users/$id", @there)->code, 200, "V15: the others are served when clients vanish $what";
    ok wait_until(5, sub { !db()->selectrow_array(
        q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'mod_scim' AND state <> 'idle'}) }),
        'V15: and nothing goes on for ever';
    # what may be done is done whole, with its event, or not at all
    my ($rows, $events) = db()->selectrow_array(q{SELECT count(*), count(e.id) FROM public.users u LEFT JOIN scim.events e
        ON e.resource_id = u.id::text AND e.operation = 'create' WHERE u.username = ANY (?)}, undef, \@name);
    cmp_ok $rows, '<=', $may_be * @name, 'V15: what had not arrived is not done';
    is $events, $rows, 'V15: and what is done has its event';
}
my @answer = parallel(map { [GET => "/Users/$id", undef, @there] } 1 .. 10);
is join(' ', map { $_->code } @answer), join(' ', (200) x 10), 'V15: all connections are there again';

# ---- slow ----

{
    my $name = uniq('slow');
    my $bytes = request_bytes('POST', '/Users', { userName => $name, title => 'x' x 60 });
    my $head = index($bytes, "\r\n\r\n") + 4;
    my @slow = map { { sock => connected(), at => $_->[0], what => $_->[1], in => '' } }
        [$head, 'its body'], [index($bytes, "\r\n") + 2, 'its head'];
    $_->{sock}->syswrite($bytes, $_->{at}) for @slow;
    my $end = time + 15;
    my @took;
    while (time < $end && grep { $_->{sock} } @slow) {
        for my $client (grep { $_->{sock} } @slow) {
            if (IO::Select->new($client->{sock})->can_read(0.1)) {
                $client->{sock}->sysread($client->{in}, 65536, length $client->{in})
                    or delete $client->{sock};
                next;
            }
            local $SIG{PIPE} = 'IGNORE';
            $client->{sock}->syswrite($bytes, 1, $client->{at}++);
        }
        my $start = time;
        is get("/Users/$id", @there)->code, 200, 'V15: the others are served beside slow clients' if @took < 3;
        push @took, time - $start;
    }
    for my $client (@slow) {
        my $res = ScimTest::Response->new(head => $client->{in} =~ s/\r\n\r\n(.*)//sr, content => $1 // '');
        is_error $res, 408, undef, qr/did not arrive in time/, "V15: a client that is slow with $client->{what} is told 408";
    }
    is db()->selectrow_array('SELECT count(*) FROM public.users WHERE username = ?', undef, $name), 0,
        'V15: and nothing is done';
}

$h->stop;
done_testing;
