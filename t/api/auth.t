# Who may come in: the Authorization header, the gates of scim.tokens, and what
# a token must never do, which is to appear anywhere.
use ScimTest;
use Digest::SHA qw(sha256_hex);
use Time::HiRes qw(sleep);

scim_reset();
my $user = new_user();
my $path = "/Users/$user->{id}";
my $token = token_a();
my ($admin) = db()->selectrow_array(
    "SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");

sub users { return db()->selectrow_array('SELECT count(*) FROM public.users') }

# ---- the header ----

for my $value ("Bearer $token", "bearer $token", "BEARER $token", "bEaReR $token",
    "Bearer  $token") {
    is get($path, headers => { Authorization => $value })->code, 200,
        'T5: the scheme is caseless, one blank or two: ' . ($value =~ s/\Q$token/TOKEN/r);
}
my $bad = 'scim_' . 'f' x 64;
for my $case (
    ['no header',                    undef],
    ['an empty header',              ''],
    ['a scheme alone',               'Bearer'],
    ['a scheme and a blank',         'Bearer '],
    ['a token alone',                $token],
    ['Basic',                        'Basic ' . 'YWRtaW46YWRtaW4='],
    ['another scheme',               "Token $token"],
    ['a scheme that only begins so', "Bearerx $token"],
    ['no blank in between',          "Bearer$token"],
    ['an unknown token',             "Bearer $bad"],
    ['a token cut short',            'Bearer ' . substr($token, 0, -1)],
    ['a token that goes on',         "Bearer ${token}0"],
    ['a token in another case',      'Bearer ' . uc $token],
    ['a token in quotes',            "Bearer \"$token\""],
    ['a token and more',             "Bearer $token $token"],
    ['two tokens in a list',         "Bearer $token, Bearer $token"],
    ['the hash of a token',          'Bearer ' . sha256_hex($token)],
    ['SQL',                          "Bearer ' OR '1'='1"],
    ['bytes that are no text',       "Bearer \xff\xfe\x80"],
    ['a long token',                 'Bearer ' . 'x' x 6000],
) {
    my ($what, $value) = @$case;
    is_error scim('GET', $path, undef, token => undef, headers => { Authorization => $value }),
        401, undef, undef, "T5: $what is 401";
}
is_error scim('GET', $path, undef, token => undef,
        headers => { Authorization => ["Bearer $bad", "Bearer $token"] }),
    401, undef, undef, 'T5: of two Authorization headers none is picked';
is_error get("/Users?access_token=$bad", token => undef), 401, undef, undef,
    'T5: a token in the URL counts for nothing';

# ---- every route, before anything else is judged ----

my $op = { Operations => [{ op => 'replace', path => 'active', value => 'False' }] };
my @route = (
    [GET => '/Users'], [GET => $path], [GET => '/Users/987654321'], [GET => '/Users/x'],
    [POST => '/Users', { userName => uniq('v13') }], [PUT => $path, { userName => uniq('v13') }],
    [PATCH => $path, $op], [DELETE => $path], [DELETE => '/Users'],
    [GET => '/Groups'], [GET => '/Groups/1'], [POST => '/Groups', { displayName => 'x' }],
    [GET => '/ServiceProviderConfig'], [GET => '/ResourceTypes'], [GET => '/Schemas'],
    [GET => '/Schemas/urn:ietf:params:scim:schemas:core:2.0:User'],
    [POST => '/Bulk', {}], [GET => '/Me'], [POST => '/Users/.search', {}],
    [POST => '/Groups/.search', {}], [POST => '/.search', {}], [POST => '/.search', { count => 'x' }],
    [GET => ''], [GET => '/'], [GET => '/no/such/thing'], [GET => '//Users'],
    [OPTIONS => '/Users'], [BREW => '/Users'],
    [GET => '/Users?filter=((('], [GET => '/Users?count=x'],
    [GET => '/Users?cursor'], [GET => '/Users?cursor=x'], [GET => '/Users?cursor&startIndex=1'],
);
for my $request (@route) {
    my ($method, $target, @body) = @$request;
    for my $case (['a wrong token', $bad], ['no token', undef]) {
        is_error scim($method, $target, @body ? @body : undef, token => $case->[1]),
            401, undef, undef, "V13: $method \"$target\" with $case->[0] is 401";
    }
}
for my $case (
    ['a malformed body',      '{"userName":'],
    ['a body of no JSON',     "\xff\x00"],
    ['nested 20,000 times',   '[' x 20_000],
    ['an empty body',         ''],
    ['a type that is refused', '<user/>', 'text/xml'],
    ['a body of 900 kB',      encode({ userName => 'x' x 900_000 })],
) {
    my ($what, $body, $type) = @$case;
    is_error scim('POST', '/Users', $body, token => $bad, $type ? (content_type => $type) : ()),
        401, undef, undef, "V13: $what with a wrong token is 401 all the same";
    is_error scim('PATCH', $path, $body, token => $bad, $type ? (content_type => $type) : ()),
        401, undef, undef, "V13: and so for PATCH, $what";
    is get($path)->code, 200, "V13: the connection is good for more, $what";
}
{
    my $res = head($path, token => $bad);
    is $res->code . $res->content, '401', 'V13: HEAD with a wrong token is 401';
    like $res->header('WWW-Authenticate'), qr/^Bearer/, 'V13: and says what is wanted';
    is get($path, token => $bad)->content, get('/Users/987654321', token => $bad)->content,
        'T5: without a token one cannot tell whether a user exists';
}
is row_of($user->{id})->{username}, $user->{userName}, 'V13: nothing was changed';
ok row_of($user->{id})->{active}, 'V13: nobody was deactivated';
is users(), 3, 'V13: nobody was created or deleted';

# ---- rotation ----

my ($second) = db()->selectrow_array("SELECT scim.token_issue(?, interval '1 day')", undef, $admin);
my %id_of = map { $_ => db()->selectrow_array(
    'SELECT token_id FROM scim.tokens WHERE token_sha256 = sha256(?::text::bytea)', undef,
        $_) } $token, $second;
for my $name (['the old', $token], ['the new', $second]) {
    is get($path, token => $name->[1])->code, 200, "T5: while tokens rotate $name->[0] one is good";
}
is_resource post('/Users', { userName => uniq('rotate') }, token => $second), 201,
    'V13: the second token may write too';
db()->do('SELECT scim.token_revoke(?)', undef, $id_of{$second});
is_error get($path, token => $second), 401, undef, undef,
    'V13: a revoked token is 401 with the next request';
is get($path)->code, 200, 'V13: the other one is untouched';

my ($brief) = db()->selectrow_array("SELECT scim.token_issue(?, interval '1 second')", undef,
    $admin);
is get($path, token => $brief)->code, 200, 'T5: a token is good until it expires';
sleep 1.1;
is_error get($path, token => $brief), 401, undef, undef, 'T5: and no longer';

# ---- the gates ----

my $mine = "token_sha256 = sha256('$token')";
for my $gate (
    ['the vendor takes the option away',
        'UPDATE public.organisations SET api_available = false WHERE id = 1',
        'UPDATE public.organisations SET api_available = true WHERE id = 1'],
    ['the organisation switches API access off',
        'SELECT scim.access_organisation(1, false)', 'SELECT scim.access_organisation(1, true)'],
    ['the user loses API access',
        "SELECT scim.access_user($admin, false)", "SELECT scim.access_user($admin, true)"],
    ['the user is deactivated',
        "UPDATE public.users SET active = false WHERE id = $admin",
        "UPDATE public.users SET active = true WHERE id = $admin"],
    ['the user is deleted',
        "UPDATE public.users SET deleted_at = now() WHERE id = $admin;
         UPDATE public.api_tokens SET revoked_at = NULL WHERE user_id = $admin",
        "UPDATE public.users SET deleted_at = NULL WHERE id = $admin"],
    ['the token has expired',
        "UPDATE public.api_tokens SET expires_at = now() WHERE $mine",
        "UPDATE public.api_tokens SET expires_at = now() + interval '1 year' WHERE $mine"],
    ['the token is revoked',
        "UPDATE public.api_tokens SET revoked_at = now() WHERE $mine",
        "UPDATE public.api_tokens SET revoked_at = NULL WHERE $mine"],
) {
    my ($what, $close, $open) = @$gate;
    is get($path)->code, 200, "T5: before $what all is well";
    db()->do($close);
    # several connections at once, so that each child and each of its
    # connections to the database is asked
    my @answer = parallel((['GET', $path]) x 8);
    is join(' ', map { $_->code } @answer), join(' ', (401) x 8),
        "T5: the next requests are 401 once $what";
    is_error $answer[0], 401, undef, undef, "T5: in SCIM, once $what";
    my $before = users();
    is_error post('/Users', { userName => uniq('gate') }), 401, undef, undef,
        "T5: nobody is created once $what";
    is_error patch($path, $op), 401, undef, undef, "T5: nobody is changed once $what";
    is_error del($path), 401, undef, undef, "T5: nobody is deleted once $what";
    is_error put($path, { userName => uniq('gate') }), 401, undef, undef,
        "T5: nobody is replaced once $what";
    is get('/Users', token => token_b())->code, 200,
        "T5: the other organisation notices nothing when $what";
    is users(), $before, "T5: as many rows as before, $what";
    is_deeply [@{ row_of($user->{id}) }{qw(username active deleted_at)}], [$user->{userName}, 1,
        undef],
        "T5: the row is as it was, $what";
    db()->do($open);
    is get($path)->code, 200, "T5: the token is good again when it is undone: $what";
}

# ---- a token leaves no trace ----

{
    my ($relayed, $relay) = extra_httpd(relay => 1,
        conf => qq{CustomLog "logs/who_log" "%u %>s"\n});
    is get($path, base => $relayed->base)->code, 200, 'T5: a request over the relay';
    is get($path, base => $relayed->base, token => $bad)->code, 401,
        'T5: and one with a wrong token';
    my $sent = $relay->sent;
    ok length $sent, 'T5: the relay has seen what went to PostgreSQL';
    ok index($sent, $_) < 0, 'T5: PostgreSQL never sees the text of a token' for $token, $bad;
    my $file = $relayed->dir . '/logs/who_log';
    ok wait_until(5, sub { -s $file && ScimTest::Sys::slurp($file) =~ /401/ }),
        'T5: both are in the access log';
    is ScimTest::Sys::slurp($file), "$admin 200\n- 401\n",
        'T5: which names the actor, once it is known';
    $relayed->stop;
}
{
    my $mark = uniq('last');
    get("/$mark");
    ok wait_until(5, sub { httpd()->access_log =~ /$mark/ }), 'T5: the logs are written';
    for my $secret (['a good token', $token], ['a wrong token', $bad], ['a second token',
        $second]) {
        # the one in the URL is the client's own doing: httpd logs request lines
        my $access = join "\n", grep { !/access_token=/ } split /\n/, httpd()->access_log;
        ok index(httpd()->error_log, $secret->[1]) < 0, "T5: $secret->[0] is not in error_log";
        ok index($access, $secret->[1]) < 0, "T5: $secret->[0] is not in access_log";
        ok !db()->selectrow_array('SELECT count(*) FROM scim.events e WHERE e::text LIKE ?', undef,
            "%$secret->[1]%"),
            "T5: $secret->[0] is not in scim.events";
    }
}

done_testing;
