# The rig itself: what the other tests rely on.
use ScimTest;
use File::Temp ();
use IO::Socket::UNIX ();
use Socket qw(SOCK_STREAM);
use ScimTest::Log ();
use ScimTest::Sys qw(top run_cmd spew slurp);

scim_reset();

# ---- data, tokens, requests ----

is_deeply db()->selectcol_arrayref('SELECT name FROM public.organisations ORDER BY id'),
    ['Contoso', 'Fabrikam'], 'two organisations';
isnt token_a(), token_b(), 'each with a token of its own';
is_list get('/Users?filter=externalId+eq+%22none%22'), 0, 'organisation 1 is served';
is_list scim_b('GET', '/Users?filter=externalId+eq+%22none%22'), 0, 'organisation 2 is served';
is_error get('/Users', token => undef), 401, undef, undef, 'nobody without a token is';
is_error get('/Users', token => 'x' x 43), 401, undef, undef, 'nor with a wrong one';
is_error get('/Users/999999999'), 404, undef, undef, 'an error is recognised';

my $res = post('/Users', { schemas => ['urn:ietf:params:scim:schemas:core:2.0:User'],
                           userName => uniq('rig') });
is_resource $res, 201, 'a resource is recognised';
my $user = new_user(userName => 'rig@contoso.com');
is $user->{userName}, 'rig@contoso.com', 'new_user takes attributes';
is row_of($user->{id})->{username}, 'rig@contoso.com', 'row_of finds the row';

my $token = token_a();
scim_reset();
is row_of($user->{id}), undef, 'after a reset the user is gone';
is token_a(), $token, 'the token is the same';
is_list get('/Users?filter=externalId+eq+%22none%22'), 0, 'and still good';

my @answers = parallel(map { ['GET', '/Users/999999999'] } 1 .. 8);
is_deeply [map { $_->code } @answers], [(404) x 8], 'eight requests at the same time';

my $raw = raw("GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
is_error $raw, 401, undef, undef, 'bytes of one\'s own';

# ---- assertions that must not let anything pass ----

sub refuses {
    my ($name, $code) = @_;
    # the verdict of an assertion, without its test lines
    no warnings qw(redefine once);
    my @seen;
    local *ScimTest::ok = sub { push @seen, $_[0]; $_[0] };
    local *ScimTest::diag = sub { };
    $code->();
    ok @seen == 1 && !$seen[0], $name;
}

sub answer {
    my ($code, $body, @head) = @_;
    my $text = join "\r\n", "HTTP/1.1 $code X", @head,
        (grep { /^Content-Type:/ } @head) ? () : 'Content-Type: application/scim+json', '';
    return ScimTest::Response->new(head => $text, content => $body);
}

my $error = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409",'
    . '"scimType":"uniqueness","detail":"taken"}';
is_error answer(409, $error), 409, 'uniqueness', qr/taken/, 'a good error';
refuses 'an error with another status', sub { is_error answer(400, $error), 409, 'uniqueness' };
refuses 'an error with a numeric status', sub {
    is_error answer(409, $error =~ s/"409"/409/r), 409, 'uniqueness' };
refuses 'an error with another scimType', sub { is_error answer(409, $error), 409, 'mutability' };
refuses 'an error with a scimType too many', sub { is_error answer(409, $error), 409, undef };
refuses 'an error with another detail', sub { is_error answer(409, $error), 409, 'uniqueness', qr/gone/ };
refuses 'an error in HTML', sub {
    is_error answer(409, $error, 'Content-Type: text/html'), 409, 'uniqueness' };
refuses '401 without WWW-Authenticate', sub {
    is_error answer(401, $error =~ s/409/401/r), 401, 'uniqueness' };
refuses '503 without Retry-After', sub {
    is_error answer(503, $error =~ s/409/503/r), 503, 'uniqueness' };

my $good = '{"schemas":["x"],"id":"7","meta":{"location":"http://h/Users/7","version":"W/\"0a\""}}';
my @good = ('Content-Type: application/scim+json', 'Content-Location: http://h/Users/7', 'ETag: W/"0a"');
is_resource answer(200, $good, @good), 200, 'a good resource';
refuses 'a resource without ETag', sub { is_resource answer(200, $good, @good[0, 1]), 200 };
refuses 'a resource with another ETag', sub { is_resource answer(200, $good, @good[0, 1], 'ETag: W/"0b"'), 200 };
refuses 'a resource without Content-Location', sub { is_resource answer(200, $good, @good[0, 2]), 200 };
refuses 'a resource with a numeric id', sub { is_resource answer(200, $good =~ s/"7"/7/r, @good), 200 };
refuses 'a resource with a null', sub { is_resource answer(200, $good =~ s/"id"/"a":null,"id"/r, @good), 200 };
refuses 'a resource with an empty list', sub { is_resource answer(200, $good =~ s/"id"/"a":[],"id"/r, @good), 200 };
refuses 'a resource with an empty string', sub {
    is_resource answer(200, $good =~ s/"id"/"a":[{"b":""}],"id"/r, @good), 200 };
refuses 'a resource without meta', sub { is_resource answer(200, '{"schemas":["x"],"id":"7"}', @good), 200 };
refuses '201 without Location', sub { is_resource answer(201, $good, @good), 201 };

my $list = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
    . '"totalResults":1,"startIndex":1,"itemsPerPage":1,"Resources":[' . $good . ']}';
is_list answer(200, $list), 1, 'a good list';
refuses 'a list of another length', sub { is_list answer(200, $list), 2 };
refuses 'a list without Resources', sub { is_list answer(200, $list =~ s/Resources/Other/r), 1 };

# ---- error_log ----

my $line = '[Tue Jan 02 03:04:05 2024] [scim:error] [pid 1] SCIM0042: could not';
is_deeply [ScimTest::Log::faults("$line\n[scim:info] x\n[core:error] y\n")], [$line],
    'an error of the module in error_log is a fault';
is_deeply [ScimTest::Log::faults($line, qr/SCIM0042: /)], [], 'unless it was announced';
is scalar(ScimTest::Log::faults('[core:notice] AH00052: child pid 7 exit signal Segmentation fault (11)')),
    1, 'so is a child that crashed';

# A test file as others write them, run as they are run.
sub outcome {
    my ($text) = @_;
    my $dir = File::Temp->newdir('scim-rig-XXXXXX', DIR => '/tmp');
    spew("$dir/x.t", "use ScimTest;\n$text\nok 1, 'one test';\ndone_testing;\n");
    my ($status) = run_cmd({ status => 1 }, $^X, '-I', top() . '/t/lib', "$dir/x.t");
    return $status;
}
my $write = 'my $h = extra_httpd(start => 0); $h->write_conf;'
    . 'open my $fh, ">>", $h->log_file or die; print {$fh} "[scim:error] SCIM0042: could not\n"; close $fh;';
is outcome(''), 0, 'a file whose log is clean passes';
isnt outcome($write), 0, 'one with an error in its log fails';
is outcome("$write expect_log(qr/SCIM0042: /);"), 0, 'unless it announced that';
isnt outcome('expect_log(qr/SCIM0042: never/);'), 0, 'what was announced has to come';

# ---- the relay ----

my ($h, $relay) = extra_httpd(relay => 1);
is_list get('/Users?filter=externalId+eq+%22none%22', base => $h->base), 0,
    'a second httpd, with a relay before the database';
cmp_ok $relay->counts->{connections}, '>=', 1, 'which has seen a connection';
cmp_ok $relay->counts->{turns}, '>=', 1, 'and a turn';

# The frontend protocol by hand: what is one burst, and what is two.
sub pg_connect {
    my $sock = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $relay->dir . '/.s.PGSQL.5432')
        or return;
    my $startup = pack('N', 196608) . "user\0postgres\0database\0wiggledesk\0\0";
    print {$sock} pack('N', 4 + length $startup) . $startup;
    return $sock;
}
sub message { my ($type, $body) = @_; $type . pack('N', 4 + length $body) . $body }
sub query {
    my ($sql) = @_;
    return message('P', "\0$sql\0" . pack 'n', 0) . message('B', "\0\0" . pack 'nnn', 0, 0, 0)
        . message('E', "\0" . pack 'N', 0);
}
sub ready {
    my ($sock, $n) = @_;
    my $seen = 0;
    while ($seen < $n) {
        read $sock, my $head, 5 or return 0;
        my ($type, $len) = unpack 'aN', $head;
        read $sock, my $body, $len - 4 if $len > 4;
        $seen++ if $type eq 'Z';
    }
    return 1;
}
my $sync = message('S', '');
my $sock = pg_connect();
ready($sock, 1);

$relay->reset_counts;
print {$sock} query('SELECT 1') . $sync . query('SELECT 2') . $sync . query('SELECT 3') . $sync;
ready($sock, 3);
my $counts = $relay->counts;
is $counts->{turns}, 1, 'three statements in one burst are one turn';
is $counts->{statements}, 3, 'and three statements';
is $counts->{syncs}, 3, 'with three syncs';
is_deeply [$relay->sql], ['SELECT 1', 'SELECT 2', 'SELECT 3'], 'their texts';
like $relay->sent, qr/SELECT 2/, 'and bytes';

is $relay->turns(sub {
    for my $n (1 .. 3) {
        print {$sock} query("SELECT $n") . $sync;
        ready($sock, 1);
    }
}), 3, 'one after the other they are three turns';

is $relay->turns(sub {
    $sock->autoflush(1);
    print {$sock} query('SELECT 1');
    print {$sock} query('SELECT 2') . $sync;
    ready($sock, 1);
}), 1, 'a burst may come in two writes';

is $relay->turns(sub {
    print {$sock} message('Q', "SELECT 1\0");
    ready($sock, 1);
}), 1, 'a simple query is a turn';

# ---- the relay's faults ----

sub readable { my ($s) = @_; IO::Select->new($s)->can_read(0.3) ? 1 : 0 }

$relay->mode('freeze');
print {$sock} query('SELECT 1') . $sync;
is readable($sock), 0, 'frozen: no answer';
my $new = pg_connect();
ok $new, 'a new connection opens';
is readable($new), 0, 'and hears nothing';
$relay->mode('pass');
ok ready($sock, 1), 'thawed: the answer comes';
ok ready($new, 1), 'on both';

$relay->mode('delay', 100);
my $before = Time::HiRes::time();
print {$sock} query('SELECT 1') . $sync;
ok ready($sock, 1), 'delayed: the answer comes';
cmp_ok Time::HiRes::time() - $before, '>=', 0.1, 'late';
$relay->mode('pass');

$relay->mode('refuse');
is pg_connect(), undef, 'refusing: no new connection';
print {$sock} query('SELECT 1') . $sync;
ok ready($sock, 1), 'the old one goes on';
$relay->mode('pass');

db()->do('CREATE TABLE scim_rig.deaf ()');
$relay->mode('deaf');
print {$sock} query('DROP TABLE scim_rig.deaf') . $sync;
is readable($sock), 0, 'deaf: no answer';
is db()->selectrow_array(q{SELECT to_regclass('scim_rig.deaf')}), undef,
    'but the statement has been done';
$relay->mode('pass');
ok !ready($sock, 1), 'the connection that lost an answer is closed';

cmp_ok $relay->counts->{open}, '>=', 1, 'the other is open';
$relay->reset_connections;
is $relay->counts->{open}, 0, 'reset: none is';
ok !ready($new, 1), 'as the client notices';

# ---- httpd ----

my ($status, $said) = extra_httpd(start => 0, location => "NoSuchDirective on\n")->configtest;
isnt $status, 0, 'a configuration with a fault is refused';
like $said, qr/NoSuchDirective/, 'with a reason';
is((extra_httpd(start => 0)->configtest)[0], 0, 'the reference configuration is taken');
is eval { extra_httpd(start => 0, edit => sub { s/no such text// })->write_conf; 1 }, undef,
    'an edit that changes nothing is an error';

my $pid = $h->pid;
$h->graceful;
is $h->pid, $pid, 'a graceful restart keeps the process';
is_list get('/Users?filter=externalId+eq+%22none%22', base => $h->base), 0, 'and the service';

for my $mpm (qw(event worker prefork)) {
    my $other = extra_httpd(mpm => $mpm);
    is_list get('/Users?filter=externalId+eq+%22none%22', base => $other->base), 0, "MPM $mpm";
    $other->stop;
    ok !$other->running, 'stops';
}

if ($> == 0) {
    my @uid = map { (stat "/proc/$_")[4] } $h->children;
    ok @uid && !grep({ $_ == 0 } @uid), 'the children of an httpd of root are not root';
}
else {
    pass 'an ordinary user runs the suite';
}

# ---- a database of one's own ----

my $pg = own_cluster();
ok $pg->running, 'a second PostgreSQL';
$pg->halt;
ok !$pg->running, 'that goes away';
$pg->resume;
is $pg->dbh->selectrow_array('SELECT count(*) FROM public.organisations'), 2,
    'and comes back with its data';
is cluster()->dbh->selectrow_array('SELECT 1'), 1, 'beside the suite\'s';

# ---- make up: what cannot be is told before anything is touched ----

{
    my $dir = httpd->dir . "/up-$$";
    for my $case (
        (map { [{ SCIM_PORT => $_ }, qr/^SCIM_PORT must be a port number from 1 to 65535, not "\Q$_\E"$/] } qw(0 65536 99999 x 80x -1)),
        [{ PG_PORT => 70000 }, qr/^PG_PORT must be a port number from 1 to 65535, not "70000"$/],
        [{ SCIM_PORT => 4321, PG_PORT => 4321 }, qr/^SCIM_PORT and PG_PORT are both 4321; httpd and PostgreSQL need one each$/],
        [{ SCIM_PORT => (httpd->url =~ /(\d+)$/)[0] }, qr/^port \d+ on 127\.0\.0\.1 is taken by another process: set SCIM_PORT to a free one$/],
        [{ USERS => 'many' }, qr/^USERS must be a number of users, not "many"$/],
        [{ MPM => 'threads' }, qr/^MPM must be event, worker or prefork, not "threads"$/],
    ) {
        my ($set, $sentence) = @$case;
        my $what = join ' ', map { "$_=$set->{$_}" } sort keys %$set;
        local @ENV{ 'UP_DIR', keys %$set } = ($dir, values %$set);
        my ($status, $out) = run_cmd({ status => 1 }, $^X, top() . '/t/bin/up');
        isnt $status, 0, "make up with $what: refused";
        like $out, $sentence, "make up with $what: in one sentence";
        ok !-e $dir, "make up with $what: nothing is made";
    }
}

done_testing;
