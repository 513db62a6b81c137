# The database is away, frozen, slow or full: 503 with Retry-After inside the
# deadline, never 401, never 404, never an empty list. When it is back, service
# resumes by itself.
use ScimTest;
use POSIX ();
use Time::HiRes qw(sleep time);

scim_reset();
use constant LIMIT => 3.5;      # 1 s to get a connection, 1 s for its work, and some air
my ($h, $relay) = extra_httpd(relay => 1,
    conf => "ScimTimeout 1s\nScimPoolTimeout 1s\nScimPoolMax 2\n");
expect_log(qr/\[scim:(?:error|warn)\]/);

my $user = new_user(title => 'before');
my $id = $user->{id};
my $row = row_of($id);
my $users = 'SELECT count(*) FROM public.users';
my $before = db()->selectrow_array($users);

# The codes of several requests at once, and how long the last one took.
sub at_once {
    my ($base, @request) = @_;
    my $start = time;
    my @answer = parallel(map { [@$_[0 .. 2], base => $base, @$_[3 .. $#$_]] } @request);
    return (time - $start, @answer);
}

my @request = (
    [GET    => '/Users', undef],
    [GET    => "/Users/$id", undef],
    [GET    => '/Users/987654321', undef],
    [GET    => "/Users?filter=externalId+eq+%22$user->{externalId}%22", undef],
    [GET    => '/Users?filter=externalId+eq+%22nobody%22', undef],
    [POST   => '/Users', { userName => uniq('away') }],
    [PUT    => "/Users/$id", { userName => uniq('away') }],
    [PATCH  => "/Users/$id", { Operations => [{ op => 'replace', path => 'active', value => json_false }] }],
    [DELETE => "/Users/$id", undef],
    [GET    => '/Groups', undef],
    [GET    => '/ServiceProviderConfig', undef],
    [GET    => '/nothing', undef],
    [GET    => '/Users', undef, token => 'wrong'],
    [POST   => '/Users', '{', token => 'wrong'],
);

sub away {
    my ($what, $base, @asked) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    @asked = @request unless @asked;
    my ($took, @answer) = at_once($base, @asked);
    for my $i (0 .. $#asked) {
        my ($method, $target, undef, @opt) = @{ $asked[$i] };
        is_error $answer[$i], 503, undef, undef, "V15: $method $target"
            . (@opt ? ' with a wrong token' : '') . " while the database $what";
        my $after = $answer[$i]->header('Retry-After') // '';
        ok $after =~ /^\d+$/ && $after >= 1 && $after <= 3600, 'V15: which says when to come back';
    }
    cmp_ok $took, '<', LIMIT, "V15: all of them inside the deadline while the database $what";
    my $res = get("/Users/$id", base => $base, token => undef);
    like $res->code, qr/^(?:401|503)$/,
        "V15: no token is no token, or nobody knows, while the database $what";
}

sub back {
    my ($what, $base, @opt) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = get("/Users/$id", base => $base, @opt);
    is_resource $res, 200, "V15: service resumes by itself after the database $what";
    my @answer = parallel(([GET => "/Users/$id", undef, base => $base, @opt]) x 8);
    is join(' ', map { $_->code } @answer), join(' ', (200) x 8),
        "V15: on all connections, after the database $what";
    is_error get('/Users', base => $base, token => 'wrong'), 401, undef, undef,
        "V15: and tokens are judged again, after the database $what";
}

sub unchanged {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply [db()->selectrow_array($users), row_of($id)], [$before, $row],
        "V15: nothing was changed while the database $what";
}

back('was there from the start', $h->base);
my $elsewhere = get('/', base => $h->url, token => undef)->code;

# ---- refused, frozen ----

$relay->mode('refuse');
$relay->reset_connections;
away('refuses connections', $h->base);
unchanged('refuses connections');
is get('/', base => $h->url, token => undef)->code, $elsewhere,
    'V15: the rest of the web server is served meanwhile';
$relay->mode('pass');
back('refused connections', $h->base);

$relay->mode('freeze');
away('is frozen, over connections that are open', $h->base);
away('is frozen, over new connections', $h->base);
$relay->reset_connections;
$relay->mode('pass');
back('was frozen', $h->base);
unchanged('was frozen');

# ---- slow ----

$relay->mode('delay', 100);
is_resource get("/Users/$id", base => $h->base), 200, 'V15: a slow database is waited for';
is_resource patch("/Users/$id",
    { Operations => [{ op => 'replace', path => 'title', value => 'slow' }] }, base => $h->base),
    200,
    'V15: for writes as well';
is get("/Users/$id")->json->{title}, 'slow', 'V15: which are done';
$row = row_of($id);
$relay->mode('delay', 10_000);
away('is too slow', $h->base, grep { $_->[0] eq 'GET' } @request);
$relay->reset_connections;
$relay->mode('pass');
back('was too slow', $h->base);
unchanged('was too slow');

# ---- answers that are lost: a retry ends in the same state ----

{
    my $leaver = new_user()->{id};
    my $name = uniq('lost');
    my @write = (
        [POST   => '/Users', { userName => $name, externalId => "x-$name" }],
        [PATCH  => "/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => 'after' }] }],
        [DELETE => "/Users/$leaver", undef],
    );
    $relay->mode('deaf');
    my ($took, @answer) = at_once($h->base, @write);
    is_error $answer[$_], 503, undef, undef, "V15: $write[$_][0] whose answer is lost"
        for 0 .. $#write;
    cmp_ok $took, '<', LIMIT, 'V15: inside the deadline';
    $relay->reset_connections;
    $relay->mode('pass');
    my ($post, $patch, $del) = map { scim(@$_, base => $h->base) } @write;
    like $post->code, qr/^(?:201|409)$/, 'V15: POST again creates, or finds it done';
    is db()->selectrow_array("$users WHERE username = ? AND external_id = ?", undef, $name,
        "x-$name"), 1, 'V15: there is one row';
    is $patch->code, 200, 'V15: PATCH again';
    is get("/Users/$id")->json->{title}, 'after', 'V15: is done';
    like $del->code, qr/^(?:204|404)$/, 'V15: DELETE again deletes, or finds it done';
    ok row_of($leaver)->{deleted_at}, 'V15: the user is gone';
}

# ---- connections that break ----

back('was well', $h->base);
$relay->reset_connections;
is join(' ', map { ScimTest::Client::close_all(); get("/Users/$id",
    base => $h->base)->code } 1 .. 8), join(' ', (200) x 8),
    'V15: connections that died while nobody used them cost no request';
$relay->reset_connections;
is patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => 'again' }] },
    base => $h->base)->code, 200,
    'V15: not even a write';
is get("/Users/$id")->json->{title}, 'again', 'V15: which is done';

for my $case (['a read', 'GET', undef], ['a write', 'PATCH',
    { Operations => [{ op => 'replace', path => 'title', value => 'broken' }] }]) {
    my ($what, $method, $body) = @$case;
    $relay->mode('delay', 500);
    pipe my $read, my $write or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        my $res = eval { scim($method, "/Users/$id", $body, base => $h->base) };
        syswrite $write, $res ? $res->code . ' ' . ($res->header('Retry-After') // '')
            : 'no answer';
        POSIX::_exit(0);
    }
    close $write;
    sleep 0.2;
    $relay->reset_connections;
    $relay->mode('pass');
    my $said = <$read> // '';
    waitpid $pid, 0;
    like $said, qr/^(?:503 \d+|200)/,
        "V15: a connection that breaks under $what is 503, or tried again";
    my %may_be = !$body ? (again => 1) : $said =~ /^200/ ? (broken => 1)
        : (again => 1, broken => 1);
    ok $may_be{ get("/Users/$id")->json->{title} }, "V15: and nothing is done by halves, $what";
    back("broke the connection under $what", $h->base);
}

# ---- a row that somebody holds, and a pool that is empty ----

{
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do('SELECT 1 FROM public.users WHERE id = ? FOR UPDATE', undef, $id);
    my $patch = { Operations => [{ op => 'replace', path => 'title', value => 'held' }] };
    my ($took, @answer) = at_once($h->base, ([PATCH => "/Users/$id", $patch]) x 8);
    is_error $_, 503, undef, undef, 'V15: a row that the application holds for too long'
        for @answer;
    cmp_ok $took, '<', LIMIT, 'V15: inside the deadline, with more requests than connections';
    is get("/Users/$id", base => $h->base)->code, 200, 'V15: reading goes on';
    isnt get("/Users/$id")->json->{title}, 'held', 'V15: nothing was changed';
    $holder->rollback;
    $holder->disconnect;
    sleep 0.2;
    isnt get("/Users/$id")->json->{title}, 'held', 'V15: nor is it afterwards';
    is_resource patch("/Users/$id", $patch, base => $h->base), 200, 'V15: then it can be changed';
    is get("/Users/$id")->json->{title}, 'held', 'V15: and is';
    back('held a row', $h->base);
}
$h->stop;

# ---- PostgreSQL itself, stopped, started, full ----

{
    my $pg = own_cluster(conf => "max_connections = 9\nsuperuser_reserved_connections = 3\n");
    my $token = $pg->token(1);
    my @filler;
    while (my $dbh = eval { $pg->dbh(user => 'mod_scim') }) { push @filler, $dbh }
    cmp_ok scalar @filler, '>=', 5, 'V15: all connections of a server are taken';
    my $own = extra_httpd(cluster => $pg,
        conf => "ScimTimeout 1s\nScimPoolTimeout 1s\nScimPoolMax 1\n");
    my $list = '/Users?filter=userName+eq+%22x%22';
    is_error get($list, base => $own->base, token => $token), 503, undef, undef,
        'V15: a server that is full';
    $_->disconnect for splice @filler;
    ok wait_until(5, sub { get($list, base => $own->base, token => $token)->code == 200 }),
        'V15: when it has room again it is used';

    for my $mode (qw(fast immediate)) {
        $pg->halt($mode);
        my ($took, @answer) = at_once($own->base,
            map { [GET => $list, undef, token => $_] } ($token) x 4, 'wrong');
        is_error $_, 503, undef, undef, "V15: PostgreSQL is stopped ($mode)" for @answer;
        cmp_ok $took, '<', LIMIT, "V15: inside the deadline, stopped ($mode)";
        if ($mode eq 'immediate') {
            $own->stop;
            $own->start;
            is_error get($list, base => $own->base, token => $token), 503, undef, undef,
                'V15: httpd starts without the database';
        }
        $pg->resume;
        is_list get($list, base => $own->base, token => $token), 0,
            "V15: PostgreSQL is up again ($mode)";
        my $res = post('/Users', { userName => uniq('up') }, base => $own->base, token => $token);
        is_resource $res, 201, "V15: and written to ($mode)";
        is $pg->dbh->selectrow_array("$users WHERE id = ?", undef, $res->json->{id}), 1,
            "V15: which is there ($mode)";
    }
    $own->stop;
}

done_testing;
