# What lies under SCIM: TLS, media types, methods, headers, throughput, and
# requests that overlap. Tokens have a file of their own, auth.t.
use ScimTest;
use File::Temp ();
use List::Util qw(sum);
use Time::HiRes ();

scim_reset();
my $user = new_user(displayName => 'Adele Vance');
my $path = "/Users/$user->{id}";
my $count_sql = 'SELECT count(*) FROM public.users';

sub users { return db()->selectrow_array($count_sql) }

sub allow {
    my ($res) = @_;
    return { map { $_ => 1 } split /\s*,\s*/, $res->header('Allow') // '' };
}

# ---- T1: TLS ----

my $dir = File::Temp->newdir('scim-tls-XXXXXX', DIR => '/tmp');
my @req = (qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
              -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1),
           '-keyout', "$dir/key.pem", '-out', "$dir/cert.pem");
my $said = `@req 2>&1`;
die "no certificate: $said\n" if $?;

my $tls_port = ScimTest::Sys::free_port();
my $strict = extra_httpd(
    modules  => ['ssl'],
    location => "ScimRequireTLS on\n",
    conf     => <<"END");
Listen 127.0.0.1:$tls_port https
SSLSessionCache none
<VirtualHost 127.0.0.1:$tls_port>
    SSLEngine on
    SSLCertificateFile "$dir/cert.pem"
    SSLCertificateKeyFile "$dir/key.pem"
</VirtualHost>
END

# One request over TLS, answered by HTTP/1.0 rules: no chunks to undo.
sub tls {
    my ($version, $method, $target, $token) = @_;
    my $auth = defined $token ? "Authorization: Bearer $token\r\n" : '';
    open my $fh, '>', "$dir/request" or die "$dir/request: $!\n";
    print {$fh} "$method /scim/v2$target HTTP/1.0\r\nHost: 127.0.0.1\r\n$auth\r\n";
    close $fh or die "$dir/request: $!\n";
    my $answer = `timeout 30 openssl s_client -connect 127.0.0.1:$tls_port $version -CAfile $dir/cert.pem -verify_return_error -quiet <$dir/request 2>/dev/null`;
    my ($head, $content) = split /\r?\n\r?\n/, $answer, 2;
    return ScimTest::Response->new(head => $head, content => $content // '');
}

for my $version (qw(-tls1_2 -tls1_3)) {
    (my $name = $version) =~ s/-tls1_/TLS 1./;
    is_resource tls($version, GET => $path, token_a()), 200, "T1: $name serves a user";
    is_error tls($version, GET => $path, 'wrong'), 401, undef, undef,
        "T1: $name judges the token";
}
for my $case (['a good token', token_a()], ['a wrong token', 'wrong'], ['no token', undef]) {
    my ($what, $token) = @$case;
    my $res = scim('GET', $path, undef, token => $token, base => $strict->base);
    is_error $res, 403, undef, qr/TLS|https/i,
        "T1: where TLS is required, plain HTTP with $what is refused";
    is $res->header('Location'), undef, "T1: and is not redirected, $what";
}
is_error post('/Users', { userName => uniq('plain') }, base => $strict->base),
    403, undef, undef, 'T1: nor is a write taken over plain HTTP';
is users(), 3, 'T1: and nothing was written';
is_resource get($path), 200, 'T1: on loopback plain HTTP is served unless the directive says otherwise';
$strict->stop;

# ---- T2: clients that say little ----

my $auth = 'Authorization: Bearer ' . token_a();
my $host = (server_url() =~ m{^http://(.+)})[0];
is_resource raw("GET /scim/v2$path HTTP/1.1\r\nHost: $host\r\n$auth\r\n\r\n"), 200,
    'T2: a request with nothing but Host and Authorization is served';
is_resource raw("GET /scim/v2$path HTTP/1.0\r\n$auth\r\n\r\n"), 200,
    'T2: HTTP/1.0 without Host is served';
for my $accept ('application/scim+json', 'application/json', '*/*', 'text/html',
                'application/xml;q=1', 'application/json;q=0', '') {
    is_resource get($path, headers => { Accept => $accept }), 200,
        "T2: Accept: $accept does not lead to a refusal";
}
for my $agent ('', '-', 'curl/7.88', "Mozilla/5.0 (Windows NT 10.0) <script>") {
    is get($path, headers => { 'User-Agent' => $agent })->code, 200,
        "T2: User-Agent \"$agent\" is all the same";
}
is_resource get($path, headers => { 'Content-Type' => 'text/plain' }), 200,
    'T2: the Content-Type of a GET is not looked at';
{
    my $id = new_user()->{id};
    is put("/Users/$id", { userName => uniq('t2') })->code, 200, 'T2: PUT passes';
    is patch("/Users/$id", { Operations => [] })->code, 200, 'T2: PATCH passes';
    is del("/Users/$id", headers => { 'Content-Type' => 'text/plain' })->code, 204,
        'T2: DELETE passes, whatever its Content-Type';
    is get("/Users/$id")->code, 404, 'T2: and was carried out';
}

# ---- T3, V2: the type of a body ----

for my $case (
    ['V2: application/scim+json',     'application/scim+json; charset=utf-8'],
    ['V2: application/json',          'application/json'],
    ['V2: no type at all',            undef],
    ['T3: the plain type',            'application/scim+json'],
    ['T3: a charset in capitals',     'application/json;charset=UTF-8'],
    ['T3: a type in capitals',        'Application/SCIM+JSON'],
    ['T3: more than one parameter',   'application/json; odata.metadata=minimal; charset="utf-8"'],
) {
    my ($name, $type) = @$case;
    my $user_name = uniq('type');
    is_resource post('/Users', { userName => $user_name }, headers => { 'Content-Type' => $type }),
        201, "$name is read";
    is db()->selectrow_array("$count_sql WHERE username = ?", undef, $user_name), 1,
        "$name: and what it says is stored";
}
for my $type ('text/plain', 'text/html', 'application/xml', 'application/x-www-form-urlencoded',
              'multipart/form-data; boundary=x', 'application/jsonx', 'application/json-patch+json',
              'application', 'x, application/json') {
    my $before = users();
    is_error post('/Users', { userName => uniq('type') }, content_type => $type), 415, undef, undef,
        "T3: POST of $type is 415";
    is_error patch($path, { Operations => [{ op => 'replace', path => 'displayName',
        value => 'X' }] },
        content_type => $type), 415, undef, undef, "T3: PATCH of $type is 415";
    is users(), $before, "T3: $type created nobody";
}
is get($path)->json->{displayName}, 'Adele Vance', 'T3: and changed nobody';
{
    my $name = uniq('bom');
    is_resource post('/Users', "\xEF\xBB\xBF" . encode({ userName => $name })), 201,
        'T3: a byte order mark in front of the body is ignored';
    $name = uniq('Zoë');
    my $id = post('/Users', { userName => $name })->json->{id};
    is row_of($id)->{username}, $name, 'T3: a body is UTF-8';

    $name = uniq('chunk');
    my $body = encode({ userName => $name });
    my $chunked = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } $body =~ /(.{1,7})/gs;
    my $res = scim('POST', '/Users', "${chunked}0\r\n\r\n",
        headers => { 'Transfer-Encoding' => 'chunked' });
    is_resource $res, 201, 'T3: a body may come in chunks';
    is row_of($res->json->{id})->{username}, $name, 'T3: and is put together';
    is_resource post('/Users', { userName => uniq('expect') },
        headers => { Expect => '100-continue' }),
        201, 'T3: Expect: 100-continue is honoured';
}

# ---- T4: every body is SCIM ----

for my $case (
    [200, 'a user',             GET    => $path],
    [200, 'a list',             GET    => '/Users'],
    [200, 'discovery',          GET    => '/ServiceProviderConfig'],
    [201, 'a created user',     POST   => '/Users', { userName => uniq('t4') }],
    [400, 'a bad filter',       GET    => '/Users?filter=x'],
    [400, 'a bad body',         POST   => '/Users', '{'],
    [404, 'an unknown user',    GET    => '/Users/987654321'],
    [404, 'an unknown path',    GET    => '/nothing/here'],
    [405, 'a wrong method',     DELETE => '/Users'],
    [409, 'a name that is taken', POST => '/Users', { userName => $user->{userName} }],
) {
    my ($status, $what, @request) = @$case;
    my $res = scim(@request);
    is $res->code, $status, "T4: $what is $status";
    like $res->header('Content-Type'), qr{^application/scim\+json(?:;|$)}, "T4: $what is SCIM";
    unlike $res->content, qr/<html|<!DOCTYPE/i, "T4: $what is not HTML";
}
{
    my $res = del('/Users/' . new_user()->{id});
    is $res->code . $res->content, '204', 'T4: 204 comes without a body';
    is $res->header('Content-Type'), undef, 'T4: and so without a type';
    for my $base ('', '/') {
        $res = get($base);
        is_list $res, undef, "T4: the base path \"$base\" itself is no redirect";
    }
}

# ---- methods ----

for my $target ($path, '/Users', '/ServiceProviderConfig', '/Users/987654321') {
    my ($get, $head) = (get($target), head($target));
    is $head->code, $get->code, "T2: HEAD $target is answered like GET";
    is $head->content, '', "T2: HEAD $target has no body";
    is $head->header('Content-Type'), $get->header('Content-Type'),
        "T2: HEAD $target has the type of GET";
    is $head->header('ETag'), $get->header('ETag'), "T2: HEAD $target has the ETag of GET";
}
my %methods = (
    '/Users'  => [qw(GET HEAD POST OPTIONS)],
    $path     => [qw(GET HEAD PUT PATCH DELETE OPTIONS)],
    map { $_ => [qw(GET HEAD OPTIONS)] }
        '/ServiceProviderConfig', '/ResourceTypes', '/ResourceTypes/User', '/Schemas',
        '/Schemas/urn:ietf:params:scim:schemas:core:2.0:User',
);
for my $target (sort keys %methods) {
    my %allowed = map { $_ => 1 } @{ $methods{$target} };
    my $res = options($target);
    is $res->code . $res->content, '204', "E2: OPTIONS $target is 204 without a body";
    is_deeply allow($res), \%allowed, "E2: OPTIONS $target says what is allowed";
    for my $method (grep { !$allowed{$_} } qw(POST PUT PATCH DELETE)) {
        $res = scim($method, $target, $method eq 'DELETE' ? undef : { userName => uniq('405') });
        is_error $res, 405, undef, undef, "E2: $method $target is 405";
        is_deeply allow($res), \%allowed, "E2: $method $target is told what is allowed";
    }
}
for my $method (qw(BREW get PROPFIND)) {
    my $res = scim($method, $path);
    is_error $res, $res->code == 501 ? 501 : 405, undef, undef, "E2: $method is not a method here";
}
is get($path)->json->{displayName}, 'Adele Vance', 'E2: no wrong method did anything';

# ---- T6: throughput ----

{
    my @time;
    my $start = Time::HiRes::time();
    my %status;
    for my $n (1 .. 125) {
        my $t = Time::HiRes::time();
        my $res = $n % 5
            ? get("/Users?filter=externalId+eq+%22$user->{externalId}%22")
            : patch($path, { Operations => [{ op => 'replace', path => 'title',
                value => "T$n" }] });
        push @time, Time::HiRes::time() - $t;
        $status{ $res->code }++;
    }
    my $rate = 125 / (Time::HiRes::time() - $start);
    is_deeply \%status, { 200 => 125 }, 'T6: 125 requests in a row, and none is throttled';
    cmp_ok $rate, '>=', 25, 'T6: at least 25 requests per second';
    cmp_ok((sort { $a <=> $b } @time)[62], '<', 0.6, 'T6: a typical answer takes less than 600 ms');
    is get($path)->json->{title}, 'T125', 'T6: and the last change is there';
}

# ---- a part of a message is none ----

{
    my $path = '/Users/' . new_user()->{id};
    my $whole = get($path)->content;
    for my $range ('bytes=0-9', 'bytes=-5', 'bytes=5-', 'bytes=0-1,4-5', 'bytes=999999-') {
        for my $header ('Range', 'Request-Range') {
            my $res = get($path, headers => { $header => $range });
            is_resource $res, 200, "T6: $header: $range is passed over";
            is $res->content, $whole, "T6: and the whole is sent, $header: $range";
            is $res->header('Content-Range'), undef, "T6: which is no range, $header: $range";
        }
    }
    is_list get('/Users', headers => { Range => 'bytes=0-9' }), undef, 'T6: of a list neither';
}

# ---- T7: overlapping requests ----

{
    my $ent = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    my $id = new_user()->{id};
    my %value = map { $_ => uniq('v') } qw(title nickName displayName userType locale timezone
        preferredLanguage name.givenName name.familyName),
            map { "$ent:$_" } qw(department costCenter division);
    my @answer = parallel(map { ['PATCH', "/Users/$id",
        { Operations => [{ op => 'Replace', path => $_,
        value => $value{$_} }] }] } sort keys %value);
    is join(' ', map { $_->code } @answer), join(' ', (200) x 12),
        'T7: 12 overlapping PATCHes all succeed';
    my $got = get("/Users/$id")->json;
    is_deeply { %$got{qw(title nickName displayName userType locale timezone preferredLanguage)},
        map({ ("name.$_" => $got->{name}{$_}) } qw(givenName familyName)),
        map({ ("$ent:$_" => $got->{$ent}{$_}) } qw(department costCenter division)) }, \%value,
        'T7: and none of them is lost';
    is scalar(grep { $_->{outcome} eq 'applied' } @{ events_of($id) }), 13,
        'T7: each is recorded once';

    @answer = parallel((['PATCH', "/Users/$id",
        { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }]) x 8);
    is join(' ', map { $_->code } @answer), join(' ', (200) x 8),
        'T7: the same PATCH eight times at once is harmless';
    ok !row_of($id)->{active}, 'T7: and holds';

    @answer = parallel((['DELETE', "/Users/$id"]) x 6);
    is join(' ', sort map { $_->code } @answer), '204 404 404 404 404 404',
        'T7: of six DELETEs at once one deletes';
    is get("/Users/$id")->code, 404, 'T7: and the user is gone';
}

done_testing;
