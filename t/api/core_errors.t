# Answers that httpd gives by itself, before or behind the handler. Below the
# base path they are SCIM errors as well; elsewhere they stay as they were.
use ScimTest;

scim_reset();
my $user = new_user();
my $path = "/Users/$user->{id}";
my $host = (server_url() =~ m{^http://(.+)})[0];
my $users = 'SELECT count(*) FROM public.users';
my $before = db()->selectrow_array($users);

# A request by hand: start line, header lines, body.
sub request {
    my ($line, $header, $body) = @_;
    my @header = ("Host: $host", 'Authorization: Bearer ' . token_a(), @{ $header || [] });
    return join("\r\n", "$line HTTP/1.1", @header, '', '') . ($body // '');
}

my $json = encode({ userName => 'must.not.exist@contoso.com' });
my $type = 'Content-Type: application/scim+json';
my $length = 'Content-Length: ' . length $json;

# ---- one test per status ----

my @case = (
    [414, 'a URL that is too long',       'GET /scim/v2/Users?filter=' . 'x' x 9000],
    [414, 'a path that is too long',      'GET /scim/v2/Users/' . '1' x 9000],
    [417, 'an expectation nobody meets',  'POST /scim/v2/Users', ['Expect: miracles', $type, $length], $json],
    [400, '%zz in the path',              'GET /scim/v2/Users/%zz'],
    [400, '%zz in a resource type',       'GET /scim/v2/%zzUsers'],
    [404, '%2F in an id',                 'GET /scim/v2/Users/a%2Fb'],
    [404, '%2f in an id',                 'DELETE /scim/v2/Users/a%2fb'],
    [413, 'a body above the limit',       'POST /scim/v2/Users', [$type, 'Content-Length: 1048999'],
        '{"userName":"must.not.exist","title":"' . 'x' x 1_048_999],
    [400, 'a Content-Length of letters',  'POST /scim/v2/Users', [$type, 'Content-Length: many'], $json],
    [400, 'a negative Content-Length',    'POST /scim/v2/Users', [$type, 'Content-Length: -1'], $json],
    [400, 'two Content-Lengths',          'POST /scim/v2/Users', [$type, $length, 'Content-Length: 3'], $json],
    [400, 'a header of more than 8 kB',   'GET /scim/v2/Users', ['X-Long: ' . 'x' x 9000]],
    [400, 'too many headers',             'GET /scim/v2/Users', [map { "X-$_: 1" } 1 .. 150]],
    [400, 'a header without a colon',     'GET /scim/v2/Users', ['this is no header']],
    [400, 'a chunk that is none',         'POST /scim/v2/Users', [$type, 'Transfer-Encoding: chunked'], "zz\r\n$json\r\n0\r\n\r\n"],
    [405, 'TRACE',                        'TRACE /scim/v2/Users'],
    [405, 'TRACE of a user',              "TRACE /scim/v2$path"],
    [405, 'TRACE of nothing',             'TRACE /scim/v2/nothing'],
    [405, 'TRACE of the base',            'TRACE /scim/v2'],
);
for my $case (@case) {
    my ($status, $what, @request) = @$case;
    my $res = raw(request(@request));
    is_error $res, $status, undef, undef, "E2: $what is $status in SCIM";
    unlike $res->content, qr/<|must\.not\.exist|scim_[0-9a-f]{16}/,
        "E1: no HTML and no echo for $what";
    is $res->header('Location'), undef, "E1: no redirect for $what";
    is get($path)->code, 200, "E2: service goes on after $what";
}

# Where the path ends at a NUL, nothing is left of it that could be SCIM's or not.
for my $target ('/scim/v2/Users/%00', '/scim/v2/Users%00', "/scim/v2$path%00x") {
    my $res = raw(request("GET $target"));
    is_error $res, $res->code == 404 ? 404 : 400, undef, undef, "E2: $target is refused in SCIM";
    $res = raw(request("DELETE $target"));
    is_error $res, $res->code == 404 ? 404 : 400, undef, undef, "E2: DELETE of $target as well";
}
{
    my $res = raw(request('POST /scim/v2/Users', [$type, 'Transfer-Encoding: nonsense'], $json));
    ok $res->code == 400 || $res->code == 501, 'E2: an unknown transfer coding is refused';
    is_error $res, $res->code, undef, undef, 'E1: in SCIM';
    $res = raw("GET /scim/v2/Users HTTP/1.1\r\nAuthorization: Bearer " . token_a() . "\r\n\r\n");
    is_error $res, 400, undef, undef, 'E2: HTTP/1.1 without Host is 400 in SCIM';
    $res = raw(request('POST /scim/v2/Users', [$type, 'Content-Length: 500'], $json), shut => 1);
    is_error $res, 400, $res->code ? $res->json->{scimType} : undef, undef,
        'E2: a body that ends early is 400 in SCIM' if $res->code;
    is get($path)->code, 200, 'E2: and service goes on';
    $res = raw(request('HEAD /scim/v2/Users/a%2Fb'));
    is $res->code . $res->content, '404', 'E2: HEAD of what httpd refuses has no body';
}

# ---- TRACE echoes nothing ----

{
    my $res = raw(request("TRACE /scim/v2$path", ['X-Secret: hidden']));
    ok index($res->content, token_a()) < 0, 'T5: TRACE does not echo the token';
    unlike $res->content, qr/hidden|Authorization/, 'T5: nor any other header';
    like $res->header('Allow') // '', qr/\bGET\b/, 'E2: it says which methods there are';
    unlike $res->header('Allow') // '', qr/TRACE/, 'E2: and TRACE is none of them';
}

# ---- a large body, in all the ways to send one ----

my $big = encode({ userName => 'must.not.exist@contoso.com', title => 'x' x 1_100_000 });
is_error raw(request('POST /scim/v2/Users', [$type, 'Content-Length: ' . length $big], $big)), 413,
    undef, undef,
    'E2: a body above 1 MiB is 413';
is_error raw(request('POST /scim/v2/Users', [$type, 'Transfer-Encoding: chunked'],
        sprintf("%x\r\n%s\r\n0\r\n\r\n", length $big, $big))), 413, undef, undef,
    'E2: in chunks as well';
is_error raw(request('POST /scim/v2/Users', [$type, 'Expect: 100-continue',
    'Content-Length: ' . length $big]), timeout => 10),
    413, undef, undef, 'E2: and is not asked for when it is announced';
is_error raw(request('POST /scim/v2/Users', [$type, 'Content-Length: 99999999999'], 'x')), 413,
    undef, undef,
    'E2: nor is 100 GB';

# ---- what the administrator of httpd says ----

{
    my $h = extra_httpd(location => "LimitRequestBody 1000\n", conf => <<'END');
ErrorDocument 400 "custom text"
ErrorDocument 401 /login.html
ErrorDocument 404 /not-found.html
ErrorDocument 405 http://login.example/405
ErrorDocument 409 http://login.example/409
END
    is_error post('/Users', { userName => 'must.not.exist', title => 'x' x 2000 },
        base => $h->base),
        413, undef, undef, 'E2: LimitRequestBody is honoured, in SCIM';
    is_resource get($path, base => $h->base), 200, 'T4: the rest is served';
    for my $case (
        [401, undef,         'T4', GET => $path, undef, token => 'wrong'],
        [400, 'invalidFilter', 'E1', GET => '/Users?filter=x'],
        [404, undef,         'E1', GET => '/Users/987654321'],
        [404, undef,         'E1', GET => '/nothing'],
        [404, undef,         'E1', GET => '/Users/a%2Fb'],
        [400, undef,         'E1', GET => '/Users/%zz'],
        [405, undef,         'E1', DELETE => '/Users'],
        [409, 'uniqueness',  'E1', POST => '/Users', { userName => $user->{userName} }],
    ) {
        my ($status, $scim_type, $label, $method, $target, $body, %opt) = @$case;
        my $res = scim($method, $target, $body, %opt, base => $h->base);
        is_error $res, $status, $scim_type, undef,
            "$label: an ErrorDocument does not replace $method $target";
        is $res->header('Location'), undef, "$label: nor does it redirect $method $target";
    }
    like get('/x', base => $h->url, token => undef)->content, qr/not-found|Not Found/i,
        'E1: elsewhere ErrorDocument works as ever';
    $h->stop;
}
{
    # pages elsewhere: no redirect to them, whatever it was
    my $h = extra_httpd(conf => join '', map { "ErrorDocument $_ https://login.example/error\n" }
        400 .. 417, 422, 423, 424, 426, 428, 429, 431, 500 .. 508);
    ($host) = $h->url =~ m{^http://(.+)};
    for my $case (@case) {
        my ($status, $what, @request) = @$case;
        my $res = raw(request(@request), base => $h->base);
        is_error $res, $status, undef, undef, "E2: an ErrorDocument elsewhere leaves $what alone";
        is $res->header('Location'), undef, "E2: it does not redirect $what";
    }
    is_error get('/Users', base => $h->base, token => 'wrong'), 401, undef, undef, 'T4: nor a wrong token';
    is_resource get($path, base => $h->base), 200, 'E2: what is no error is served';
    is get('/x', base => $h->url, token => undef)->code, 302, 'E1: elsewhere it redirects as ever';
    $h->stop;
    ($host) = server_url() =~ m{^http://(.+)};
}
{
    my $h = extra_httpd(location => "Redirect 503 /scim/v2/Users\n");
    is_error get($path, base => $h->base), 503, undef, undef, 'E1: what is out of service is 503 in SCIM, with Retry-After';
    $h->stop;
}
{
    my $h = extra_httpd(location => "Require all denied\n");
    my $res = get($path, base => $h->base);
    is_error $res, 403, undef, undef, 'E1: what Require forbids is 403 in SCIM';
    is_error post('/Users', { userName => 'must.not.exist' }, base => $h->base), 403, undef, undef,
        'E2: for writes as well';
    $h->stop;
}
{
    my $h = extra_httpd(start => 0);
    my $docs = $h->{htdocs};
    $h->{conf} = <<"END";
<Directory "$docs">
    AllowOverride All
    Require all denied
</Directory>
<FilesMatch "^Users\$">
    SetHandler none
</FilesMatch>
END
    ScimTest::Sys::make_dir("$docs/scim/v2/Users");
    ScimTest::Sys::spew("$docs/scim/.htaccess", "Require all denied\nNo such directive\n");
    ScimTest::Sys::spew("$docs/scim/v2/Users/index.html", "<html>a file in the way</html>\n");
    $h->start;
    is_resource get($path, base => $h->base), 200,
        'T2: no <Directory> and no .htaccess stands in the way of a user';
    is_list get('/Users', base => $h->base), 2,
        'T2: nor does a directory of that name in the way of a list';
    is_list get('/Users/', base => $h->base), 2, 'U3: with a slash behind it neither';
    $h->stop;
}

# ---- elsewhere nothing has changed ----

for my $case ([400, '/%zz'], [404, '/a%2Fb'], [404, '/nothing'], [404, '/scim'],
              [404, '/scim/v3/Users'],
              [414, '/' . 'x' x 9000], [417, '/', 'Expect: miracles']) {
    my ($status, $target, @header) = @$case;
    my $res = raw(request("GET $target", \@header));
    is $res->code, $status, 'E1: outside the base path httpd answers ' . substr $target, 0, 20;
    like $res->header('Content-Type'), qr{^text/html}, 'E1: in its own words, ' . substr $target,
        0, 20;
}
is db()->selectrow_array($users), $before, 'E2: none of all this wrote anything';
is_deeply get($path)->json, $user, 'E2: and the user is as it was';

done_testing;
