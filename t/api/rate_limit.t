# ScimRateLimit: how many requests an organisation may send. At one per second
# hardly any come by while a test runs, so the burst is what is counted.
use ScimTest;
use Time::HiRes qw(time);

scim_reset();
sub at {
    my ($path, $limit) = @_;
    return ScimTest::Httpd::reference_conf(database => cluster()->conninfo, base_url => "http://127.0.0.1$path")
        =~ s{<Location "/scim/v2">}{<Location "$path">}r =~ s{ScimRateLimit off}{$limit}r;
}
my $h = extra_httpd(
    location => "ScimRateLimit 1 10\n",
    # other locations of the same database; one has what holds unless one says so
    conf => at('/other', 'ScimRateLimit 1 3') . at('/third', 'ScimRateLimit 1 4') . at('/default', '#')
        # and more than are told apart
        . join('', map { at("/many$_", 'ScimRateLimit 1 3') } 1 .. 32));
my @there = (base => $h->base);
my @words = (429, undef, qr/^more requests than the 1 per second that are accepted from one organisation; try again in \d+ seconds?$/);
expect_log(qr/SCIM0083: organisation \d+ is above ScimRateLimit/);

my ($admin) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
my ($second) = db()->selectrow_array("SELECT scim.token_issue(?, interval '1 day')", undef, $admin);
my $user = new_user();

sub refused { my @answer = @_; return grep { $_->code == 429 } @answer }

# ---- over all children, for all tokens of an organisation ----
{
    my $begin = time;
    my @answer = parallel(map { [GET => "/Users/$user->{id}", undef, @there, token => $_ % 2 ? token_a() : $second] } 1 .. 60);
    my $most = 10 + int(time - $begin + 1);
    my @fine = grep { $_->code == 200 } @answer;
    cmp_ok @fine + refused(@answer), '==', 60, 'each request is served or refused';
    # of a token that has not been met yet the first requests come by, as many
    # as are under way until one is answered
    cmp_ok scalar(@fine), '>=', 10, 'the burst is served (' . @fine . ' of 60)';
    cmp_ok scalar(refused(@answer)), '>=', 1, 'and then no more';

    $begin = time;
    @answer = parallel(map { [GET => "/Users/$user->{id}", undef, @there, token => $_ % 2 ? token_a() : $second] } 1 .. 40);
    @fine = grep { $_->code == 200 } @answer;
    cmp_ok scalar(@fine), '<=', int(time - $begin) + 2, 'as many as come with the time (' . @fine . ' of 40)';
    my ($no) = refused(@answer);
    is_error $no, @words, 'the others are told why';
    cmp_ok $no->header('Retry-After'), '<=', 2, 'and when to come again';
}

# ---- nothing is done, and nothing is written ----

# As scim(), again and again until it is one too many: now and then one comes by
# with the time.
sub until_refused {
    my $res;
    for (1 .. 100) {
        $res = scim(@_);
        last if $res->code == 429;
    }
    return $res;
}
for my $case (
    [GET => '/Users'], [GET => "/Users/$user->{id}"], [GET => '/Schemas'], [GET => '/nothing'], [OPTIONS => '/Users'],
    [POST => '/Users', '{'], [POST => '/Users/.search', {}], [POST => '/Bulk', { Operations => [] }],
    [PUT => "/Users/$user->{id}", { userName => $user->{userName} }], [DELETE => '/Users/987654'],
    [PATCH => "/Users/$user->{id}", { Operations => [] }],
) {
    my ($method, $path, $body) = @$case;
    is_error until_refused($method, $path, $body, @there), @words, "$method $path";
}
{
    my $of = sub { db()->selectrow_array("SELECT count(*) FROM $_[0]") };
    my ($users, $events) = ($of->('public.users'), $of->('scim.events'));
    my @answer = parallel(map { [POST => '/Users', { userName => uniq('rate') }, @there] } 1 .. 30);
    my $made = grep { $_->code == 201 } @answer;
    cmp_ok $made + refused(@answer), '==', 30, 'of thirty new users each is made or refused';
    cmp_ok $made, '<', 30, 'some are refused';
    is $of->('public.users') - $users, $made, 'who is refused is not made';
    is $of->('scim.events') - $events, $made, 'and what is one too many leaves no event';
}

# ---- each organisation, each location ----
{
    until_refused(GET => '/Users', undef, @there);
    is scim_b('GET', '/Users', undef, @there)->code, 200, 'another organisation is served';
    is_deeply [map { get('/Users', base => $h->url . '/other')->code } 1 .. 3], [(200) x 3], 'so is this one elsewhere, and each request counts once';
    is_error until_refused(GET => '/Users', undef, base => $h->url . '/other'), @words, 'which has a limit of its own';
    my @many = map { get("/Users/$user->{id}", base => $h->url . '/default') } 1 .. 300;
    is scalar(grep { $_->code == 200 } @many), 300, 'T6: by default three hundred at once are few';
}

# ---- beyond the locations that are told apart ----
{
    is_error until_refused(GET => '/Users', undef, base => $h->url . '/many1'), @words, 'a location among the first';
    for my $path ('/many31', '/many32') {
        is_deeply [map { get('/Users', base => $h->url . $path)->code } 1 .. 12], [(200) x 12], "$path: not limited, rather than with others";
    }
}

# ---- who has no valid token learns nothing of it ----
{
    my @answer = map { get('/Users', @there, token => 'scim_' . 'e' x 64) } 1 .. 30;
    is scalar(grep { $_->code == 401 } @answer), 30, 'a wrong token is 401, however often';
    is get('/Users', @there, token => undef)->code, 401, 'and so is none';
    is_error until_refused(GET => '/Users', undef, @there, token => $second), @words, 'a token above the limit';
    db()->do('SELECT scim.token_revoke(token_id) FROM scim.tokens WHERE token_sha256 = sha256(?)', undef, $second);
    my $gone = get('/Users', @there, token => $second);
    is_error $gone, 401, undef, undef, 'that is revoked is 401 with the next request';
    is $gone->header('Retry-After'), undef, 'without a time to come again';

    # nor does it use up what the others may send: four, of which two are taken
    my ($third) = db()->selectrow_array("SELECT scim.token_issue(?, interval '1 day')", undef, $admin);
    my @third = (base => $h->url . '/third');
    is get('/Users', @third, token => $third)->code, 200, 'another token';
    db()->do('SELECT scim.token_revoke(token_id) FROM scim.tokens WHERE token_sha256 = sha256(?)', undef, $third);
    is scalar(grep { $_->code == 401 } map { get('/Users', @third, token => $third) } 1 .. 20), 20, 'and when it is revoked';
    is_deeply [map { get('/Users', @third)->code } 1, 2], [200, 200], 'requests with it are nobody\'s burden';
}

# ---- it ends by itself ----
{
    my $no = until_refused(GET => '/Users', undef, @there);
    is_error $no, @words, 'once more too many';
    select undef, undef, undef, $no->header('Retry-After');
    is get('/Users', @there)->code, 200, 'after Retry-After it is served';
}

# ---- one line in a minute ----
my @line = grep { /SCIM0083/ } split /\n/, $h->error_log;
is scalar(grep { /organisation 1 is above/ } @line), 3, 'a line for each location, not for each request' or diag @line;
like $line[0], qr/\[scim:warn\].*SCIM0083: organisation 1 is above ScimRateLimit: more requests than/, 'which is a warning';

# ---- the directive ----
for my $case (
    ['ScimRateLimit', qr/^ScimRateLimit takes 1-2 arguments, requests per second of an organisation, and how many at once; or off$/],
    map { ["ScimRateLimit $_", qr/^ScimRateLimit must be a number of requests per second from 1 to 10000, and behind it, if wanted, one that may come at once, from 1 to 100000; or off$/] }
        '-1', '10001', 'on', '5/s', '5 0', '5 100001', 'off 5', '0 1',
) {
    my ($text, $sentence) = @$case;
    my ($status, $said) = extra_httpd(start => 0, location => "$text\n")->configtest;
    isnt $status, 0, "$text: refused";
    like $said =~ s/^AH00526.*\n//r, $sentence, "$text: in one sentence";
}
is +(extra_httpd(start => 0, location => "ScimRateLimit 0\n")->configtest)[0], 0, 'ScimRateLimit 0 is right';

done_testing;
