# The console over HTTP: who gets in, what a login may see and change, what the
# page must prove, and what stands in headers, logs and addresses.
use ScimTest;
use MIME::Base64 qw(encode_base64);
use ScimTest::Sys qw(slurp);

use constant USERS => 120;

scim_reset();
my $admin = 'admin@contoso.com';
my $other = 'admin@fabrikam.com';
my $h = extra_httpd(console => { $admin => 'one', $other => 'two', nobody => 'three' }, guard => 1);
my ($server) = $h->console =~ m{//([^/]+)};
my @there = (base => $h->base);

# ask(METHOD, PATH below the console, BODY, login, headers)
sub ask {
    my ($method, $path, $body, %opt) = @_;
    my %password = ($admin => 'one', $other => 'two', nobody => 'three');
    my $login = exists $opt{login} ? $opt{login} : $admin;
    my %header = (
        defined $login ? (Authorization => 'Basic ' . encode_base64("$login:$password{$login}", '')) : (),
        defined $body ? ('Content-Type' => 'application/json') : (),
        %{ $opt{headers} || {} });
    $body = encode($body) if ref $body;
    utf8::encode($path) if utf8::is_utf8($path);
    return ScimTest::Client::request($opt{server} // $server, $method, "/scim/console/$path", \%header, $body);
}

my %proof;
sub proof { $proof{ $_[0] } //= ask(GET => 'api/session', undef, login => $_[0])->json->{proof} }

sub look { my ($path, %opt) = @_; return ask(GET => "api/$path", undef, %opt) }

# A change as the page asks for it.
sub change {
    my ($name, $args, %opt) = @_;
    my $login = $opt{login} // $admin;
    return ask(POST => "api/$name", $args, %opt,
        headers => { 'X-Scim-Console' => proof($login), 'Sec-Fetch-Site' => 'same-origin', %{ $opt{headers} || {} } });
}

sub is_refused {
    my ($res, $status, $detail, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = eval { $res->json } || {};
    ok $res->code == $status && ($json->{status} // 0) == $status && ($json->{detail} // '') =~ $detail, $name
        or diag $res->as_string;
}

sub done_ok {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $res->code, 200, $name or diag $res->as_string;
    return $res->json;
}

my ($admin_id) = db()->selectrow_array('SELECT id FROM public.users WHERE username = ?', undef, $admin);
my ($other_id) = db()->selectrow_array('SELECT id FROM public.users WHERE username = ?', undef, $other);

# ---- the role ----

{
    my $dbh = cluster()->dbh(user => 'scim_console');
    local $dbh->{PrintWarn} = 0;
    my $relations = db()->selectcol_arrayref(q{
        SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'scim') AND c.relkind IN ('r', 'v', 'p', 'm')});
    cmp_ok scalar(@$relations), '>=', 10, 'there are tables and views';
    for my $relation (@$relations) {
        ok !eval { $dbh->do("SELECT FROM $relation LIMIT 1"); 1 }, "scim_console cannot read $relation";
        is $dbh->state, '42501', 'for want of the right to';
        my $rights = db()->selectrow_array(q{SELECT has_any_column_privilege('scim_console', $1, 'SELECT, INSERT, UPDATE')
            OR has_table_privilege('scim_console', $1, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')} =~ s/\$1/'$relation'/gr);
        ok !$rights, "nor write it";
    }
    my $functions = db()->selectcol_arrayref(q{
        SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname IN ('scim', 'public') AND has_function_privilege('scim_console', p.oid, 'EXECUTE') ORDER BY 1});
    is_deeply $functions, [map { "console_$_" } qw(access accounts activity enable health issue keys organisation
        release revoke rotate tenants tokens)], 'it can call what the page needs and nothing else';
    ok !eval { $dbh->do("SELECT scim.console_accounts('$other', '1', NULL, NULL, NULL, NULL)"); 1 },
        'a function itself refuses a login that administers another organisation';
    is $dbh->state, 'SC403', 'with the status';
    for my $call ("enable('$other', '1', false)", "access('$other', '1', '$admin_id', false)",
        "issue('$other', '1', '$admin_id', '1')", "rotate('$other', '1', '1', '1', '1')", "revoke('$other', '1', '1')",
        "release('$other', '1')", "tokens('$other', '1')", "health('$other', '1')", "organisation('$other', '1')",
        "activity('$other', '1', NULL, NULL, NULL)", "tokens(NULL, '1')", "tokens('$other', NULL)", "tenants('nobody')") {
        ok !eval { $dbh->do("SELECT scim.console_$call"); 1 } && $dbh->state eq 'SC403', "and so does $call";
    }
    $dbh->disconnect;
    db()->do('GRANT SELECT ON public.desks TO PUBLIC');
    my $said = cluster()->psql('-d', 'wiggledesk', '-1', '-f', ScimTest::Sys::top() . '/conf/sql/scim.sql');
    like $said, qr/WARNING: +role "scim_console" has rights on desks, and needs none/, 'scim.sql warns of a grant to everybody';
    db()->do('REVOKE SELECT ON public.desks FROM PUBLIC');
    unlike cluster()->psql('-d', 'wiggledesk', '-1', '-f', ScimTest::Sys::top() . '/conf/sql/scim.sql'), qr/scim_console/,
        'and of nothing where all is well';
    ok !db()->selectrow_array(q{SELECT bool_or(has_function_privilege('mod_scim', p.oid, 'EXECUTE'))
        FROM pg_proc p WHERE proname LIKE 'console%'}), 'the role of the service can call none of these';
}

# ---- who gets in ----

is ask(GET => '', undef, login => undef)->code, 401, 'without a login httpd asks for one';
is ask(GET => 'api/session', undef, login => undef)->code, 401, 'for a call as well';
is ask(GET => '', undef, headers => { Authorization => 'Basic ' . encode_base64("$admin:wrong", '') })->code, 401,
    'a wrong password';
is_refused look('session', login => 'nobody'), 403, qr/do not administer any organisation/, 'a login that administers nothing';
{
    my $session = done_ok look('session'), 'a login that administers something';
    is $session->{login}, $admin, 'it is told who it is';
    is_deeply $session->{tenants}, [{ tenant => '1', name => 'Contoso' }], 'and its organisation, no other';
    is $session->{url}, $h->base, 'and the URL of the service';
}
{
    my $open = extra_httpd(console => { $admin => 'one' }, conf => <<'END');
<Location "/open">
    SetHandler scim-console
    ScimConsoleDatabase "user=x"
</Location>
<Location "/nothing">
    SetHandler scim-console
</Location>
<Location "/tls">
    SetHandler scim-console
    ScimConsoleDatabase "user=x"
    ScimRequireTLS on
</Location>
END
    my ($at) = $open->url =~ m{//(.+)};
    my $plain = sub { ScimTest::Client::request($at, GET => $_[0], { Authorization => 'Basic ' . encode_base64("$admin:one", '') }) };
    expect_log(qr/SCIM0091: console: nobody has logged in/, qr/SCIM0092: .*without ScimConsoleDatabase/);
    is $plain->('/open/')->code, 403, 'where httpd asks for no login nobody is let in';
    is $plain->('/open/')->content, "this page is for those who have logged in\n", 'and is told why';
    is_refused $plain->('/open/api/session'), 403, qr/have logged in/, 'not to a call either';
    is $plain->('/open/console.js')->code, 403, 'nor to a file';
    is $plain->('/nothing/')->code, 500, 'without a database';
    is $plain->('/tls/')->code, 403, 'without TLS where it is asked for';
    like $plain->('/tls/')->content, qr{https://}, 'in words';
    $open->stop;
}
{
    db()->do('UPDATE public.users SET active = false WHERE id = ?', undef, $admin_id);
    is_refused look('organisation?tenant=1'), 403, qr/do not administer/, 'who is deactivated is out with the next request';
    db()->do('UPDATE public.users SET active = true WHERE id = ?', undef, $admin_id);
}

{
    # an application that answers everything itself does not get in between
    my $front = extra_httpd(console => { $admin => 'one' }, modules => ['rewrite'],
        conf => qq{RewriteEngine on\nRewriteRule ^ /index.html [L]\nFallbackResource /index.html\n});
    my ($at) = $front->url =~ m{//(.+)};
    is ask(GET => 'api/session', undef, server => $at)->code, 200, 'front controllers are passed over';
    is ask(TRACE => '', undef, server => $at)->code, 405, 'and nobody is shown what was sent';
    $front->stop;
    my $below = extra_httpd(start => 0, conf => qq{<Location "/scim/v2/console">\nScimConsoleDatabase "user=x"\n</Location>\n});
    my ($status, $said) = $below->configtest;
    isnt $status, 0, 'below a SCIM base there is no console';
    like $said . $below->error_log, qr{SCIM0090: the console at "/scim/v2/console" lies below}, 'and httpd says so';
    expect_log(qr/SCIM0090/) if $below->error_log =~ /SCIM0090/;
    for my $case (['<LocationMatch "^/x">', '</LocationMatch>'], ['<Location ~ "^/x">', '</Location>'], ['<Directory "/x">', '</Directory>']) {
        my $odd = extra_httpd(start => 0, conf => qq{$case->[0]\nScimConsoleDatabase "user=x"\n$case->[1]\n});
        like +($odd->configtest)[1], qr/ScimConsoleDatabase must stand inside a <Location>/, "not in $case->[0]";
    }
    my $wrong = extra_httpd(start => 0, conf => qq{<Location "/x">\nScimConsoleDatabase "nonsense"\n</Location>\n});
    like +($wrong->configtest)[1], qr/ScimConsoleDatabase is not a connection string such as .*user=scim_console/, 'a connection string that is none';
}

# ---- headers and files ----

for my $path ('', 'console.css', 'console.js', 'icon.svg', 'api/session', 'no-such-file', 'api/nothing') {
    my $res = ask(GET => $path);
    is $res->code, $path =~ /no/ && $path =~ /such|nothing/ ? 404 : 200, "GET \"$path\"";
    my $csp = $res->header('Content-Security-Policy') // '';
    like $csp, qr/default-src 'none'.*frame-ancestors 'none'/, "a strict policy, \"$path\"";
    unlike $csp, qr/unsafe|\*|http/, "without exceptions, \"$path\"";
    is_deeply [map { $res->header($_) } 'Cache-Control', 'X-Frame-Options', 'X-Content-Type-Options', 'Referrer-Policy'],
        ['no-store', 'DENY', 'nosniff', 'no-referrer'], "and the other headers, \"$path\"";
    ok !defined $res->header('Set-Cookie'), "no cookie, \"$path\"";
    ok !defined $res->header('Access-Control-Allow-Origin'), "nothing for other sites, \"$path\"";
}
is ask(GET => '')->header('Content-Type'), 'text/html; charset=utf-8', 'the page is HTML';
is ask(HEAD => '')->code . ask(HEAD => '')->content, '200', 'HEAD';
for my $file ('index.html', 'console.css', 'console.js', 'icon.svg') {
    my $text = ask(GET => $file)->content;
    is $text, slurp(ScimTest::Sys::top() . "/modules/console/page/$file"), "$file is the one of the sources";
    my @foreign = grep { !m{^https?://(?:www\.w3\.org/|HOST)} } $text =~ m{((?:https?:)?//[\w.-]+[^\s"']*)}g;
    is_deeply [grep { m{^(?:https?:)//} } @foreign], [], "$file names no other host";
    unlike $text, qr/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/, "$file makes no HTML of text"
        if $file =~ /js$/;
    unlike $text, qr/\sstyle=|\son\w+=|<style|<script>/, "$file has nothing inline" if $file =~ /html$/;
}
{
    my $res = ScimTest::Client::request($server, GET => '/scim/console', { Authorization => 'Basic ' . encode_base64("$admin:one", '') });
    is $res->code, 307, 'without the slash';
    like $res->header('Location'), qr{/scim/console/$}, 'one is sent to it';
    is ask(POST => '', { })->code, 405, 'the page takes no POST';
    is_refused ask(GET => 'api/revoke?tenant=1'), 405, qr/method/, 'a change takes no GET';
    is_refused ask(POST => 'api/tokens', { tenant => 1 }), 405, qr/method/, 'a look takes no POST';
    is_refused ask($_ => 'api/tokens?tenant=1'), 405, qr/method/, "and no call a $_" for qw(PUT DELETE PATCH OPTIONS BREW);
}

# ---- what the page must prove ----

sub enabled { return db()->selectrow_array('SELECT api_enabled FROM public.organisations WHERE id = 1') }
my $off = { tenant => '1', enabled => json_false() };
{
    my $good = proof($admin);
    for my $case (
        ['no proof',                     { 'X-Scim-Console' => undef }],
        ['an empty one',                 { 'X-Scim-Console' => '' }],
        ['one that was made up',         { 'X-Scim-Console' => 'x' x length $good }],
        ['one that was changed',         { 'X-Scim-Console' => $good =~ s/^(.)/$1 eq 'A' ? 'B' : 'A'/er }],
        ['another login\'s',             { 'X-Scim-Console' => proof($other) }],
        ['another site\'s request',      { 'Sec-Fetch-Site' => 'cross-site' }],
        ['a sibling\'s request',         { 'Sec-Fetch-Site' => 'same-site' }],
        ['another origin',               { 'Sec-Fetch-Site' => undef, Origin => 'https://evil.example' }],
        ['an origin of no address',      { 'Sec-Fetch-Site' => undef, Origin => 'null' }],
    ) {
        my ($what, $headers) = @$case;
        is_refused change('enable', $off, headers => $headers), 403, qr/out of date|another site/, "refused: $what";
    }
    is_refused look('session', headers => { 'Sec-Fetch-Site' => 'cross-site' }), 403, qr/another site/, 'no look from another site';
    for my $type ('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx', '') {
        is_refused change('enable', $off, headers => { 'Content-Type' => $type }), 415, qr/json/, "refused: a body of type \"$type\"";
    }
    is_refused change('enable', '{"tenant":"1","enabled":false'), 400, qr/./, 'refused: half a body';
    is_refused change('enable', '[]'), 400, qr/object/, 'refused: a list';
    is_refused change('enable', { tenant => { a => 1 } }), 400, qr/tenant must be/, 'refused: an object for a value';
    is_refused change('enable', { tenant => '1', enabled => 'maybe' }), 400, qr/./, 'refused: neither true nor false';
    is_refused change('enable', { tenant => '1' }), 400, qr/./, 'refused: nothing said';
    is_refused change('enable', { tenant => '1', enabled => json_false(), x => 'y' x 20000 }), 413, qr/16384/, 'refused: a long body';
    ok enabled(), 'nothing of it was done';
    done_ok change('enable', $off, headers => { 'Sec-Fetch-Site' => undef, Origin => $h->url }), 'our own origin';
    ok !enabled(), 'is served';
    done_ok change('enable', { tenant => '1', enabled => json_true() }), 'and on again';
    ok enabled(), 'it is on';
    isnt proof($admin), ask(GET => 'api/session')->json->{proof}, 'each page has a proof of its own';
}
{
    # keys are rotated: the page that is open goes on for an hour
    db()->do('SELECT scim.rotate_key()');
    done_ok change('enable', { tenant => '1', enabled => json_true() }), 'a proof outlives a rotation of the key';
    db()->do(q{UPDATE scim.settings SET ends_at = now() WHERE ends_at IS NOT NULL});
    is_refused change('enable', $off), 403, qr/out of date/, 'until the old key is gone';
    %proof = ();
}

# ---- one organisation does not see the other ----

my $joy = new_user(@there, userName => 'joy@contoso.com', name => { givenName => 'Joy', familyName => 'Ito' });
{
    my $before = encode(db()->selectall_arrayref('SELECT * FROM public.organisations ORDER BY id'))
        . encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id'));
    for my $path (qw(organisation health accounts activity tokens)) {
        is_refused look("$path?tenant=1", login => $other), 403, qr/do not administer this/, "$path of another organisation";
        is_refused look($path), 403, qr/do not administer this/, "$path of none";
        is_refused look("$path?tenant=9"), 403, qr/do not administer this/, "$path of one that is not there";
        is_refused look("$path?tenant=1'%20OR%201=1"), 403, qr/do not administer this/, "$path of SQL";
    }
    my ($token) = db()->selectrow_array('SELECT token_id FROM scim.token_list(NULL) WHERE tenant = ?', undef, 1);
    for my $case ([enable => { enabled => json_false() }], [access => { account => $joy->{id}, enabled => json_true() }],
        [issue => { account => $admin_id, days => 30 }], [rotate => { token => $token, days => 30, overlap => 1 }],
        [revoke => { token => $token }], [release => {}]) {
        my ($name, $args) = @$case;
        is_refused change($name, { tenant => '1', %$args }, login => $other), 403, qr/do not administer this/, "$name for another organisation";
        is_refused change($name, { tenant => '2', %$args }, login => $other), 404, qr/no such/, "$name what belongs to another"
            if $name =~ /access|issue|rotate|revoke/;
    }
    is encode(db()->selectall_arrayref('SELECT * FROM public.organisations ORDER BY id'))
        . encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id')), $before, 'nothing has changed';
    is get('/Users?count=0', @there)->code, 200, 'the token is still good';
    is scalar(@{ look('accounts?tenant=2', login => $other)->json->{accounts} }), 1, 'each sees its own';
}

{
    # a login may have several organisations
    my $user = new_user(@there, token => token_b(), userName => $admin);
    db()->do(q{UPDATE public.users SET role = 'admin' WHERE id = ?}, undef, $user->{id});
    is_deeply [map { $_->{name} } @{ look('session')->json->{tenants} }], ['Contoso', 'Fabrikam'], 'two organisations of one login';
    is look("organisation?tenant=$_->[0]")->json->{name}, $_->[1], "$_->[1] is one of them" for [1, 'Contoso'], [2, 'Fabrikam'];
    db()->do(q{UPDATE public.users SET role = 'user' WHERE id = ?}, undef, $user->{id});
    is_refused look('organisation?tenant=2'), 403, qr/do not administer this/, 'one of them is taken away';
    del("/Users/$user->{id}", @there, token => token_b());
}

# ---- switches and tokens ----

{
    done_ok change('enable', $off), 'API access off';
    is get('/Users?count=0', @there)->code, 401, 'and the token is not valid';
    done_ok change('enable', { tenant => '1', enabled => json_true() }), 'on';
    is get('/Users?count=0', @there)->code, 200, 'and it is';
    ok !row_of($joy->{id})->{api_access}, 'a user has no API access';
    done_ok change('access', { tenant => '1', account => $joy->{id}, enabled => json_true() }), 'until it is given';
    ok row_of($joy->{id})->{api_access}, 'and then has it';

    my $issued = done_ok change('issue', { tenant => '1', account => $joy->{id}, days => 30 }), 'a token is issued';
    my $token = $issued->{token};
    like $token, qr/^scim_[0-9a-f]{64}$/, 'its text is in the answer';
    unlike look('tokens?tenant=1')->content, qr/scim_|[0-9a-f]{64}/, 'it is not shown again, nor is its hash';
    my ($mine) = grep { $_->{account} eq $joy->{id} } @{ look('tokens?tenant=1')->json };
    is_deeply [@$mine{qw(user_name state used_at)}], ['joy@contoso.com', 'valid', undef], 'it is in the list, not used yet';
    is get('/Users?count=0', @there, token => $token)->code, 200, 'and it works';
    ($mine) = grep { $_->{account} eq $joy->{id} } @{ look('tokens?tenant=1')->json };
    my $read = $mine->{used_at} // '';
    like $read, qr/^\d{4}-/, 'after a request that only reads it says when';
    patch("/Users/$joy->{id}", { Operations => [{ op => 'replace', path => 'title', value => 'x' }] }, @there, token => $token);
    ($mine) = grep { $_->{account} eq $joy->{id} } @{ look('tokens?tenant=1')->json };
    cmp_ok $mine->{used_at} // '', 'gt', $read, 'and after a change';
    my ($others) = grep { $_->{account} ne $joy->{id} } @{ look('tokens?tenant=1')->json };
    cmp_ok $others->{used_at} // '', 'lt', $mine->{used_at}, 'each token for itself';

    my $next = done_ok(change('rotate', { tenant => '1', token => $mine->{token_id}, days => 60, overlap => 1 }), 'it is rotated')->{token};
    isnt $next, $token, 'into another one';
    is get('/Users?count=0', @there, token => $_)->code, 200, 'old and new are valid for a while' for $token, $next;
    my ($left) = db()->selectrow_array(q{SELECT expires_at < now() + interval '25 hours' FROM scim.token_list('1') WHERE token_id = ?},
        undef, $mine->{token_id});
    ok $left, 'the old one for a day';
    done_ok change('revoke', { tenant => '1', token => $mine->{token_id} }), 'it is revoked';
    is get('/Users?count=0', @there, token => $token)->code, 401, 'and over';
    is get('/Users?count=0', @there, token => $next)->code, 200, 'the new one is not';
    is_refused change('revoke', { tenant => '1', token => $mine->{token_id} }), 404, qr/no such token/, 'one cannot revoke twice';
    is_refused change('rotate', { tenant => '1', token => $mine->{token_id}, days => 1, overlap => 0 }), 404, qr/no such token/,
        'nor rotate what is revoked';
    for my $days (0, -1, 3651, 'x', '1; DROP TABLE x', '') {
        is_refused change('issue', { tenant => '1', account => $joy->{id}, days => $days }), 400, qr/days must be a whole number from 1 to 3650/,
            "not for \"$days\" days";
    }
    is_refused change('issue', { tenant => '1', account => $joy->{id} }), 400, qr/days must/, 'nor for none';
    is_refused change('issue', { tenant => '1', account => $_, days => 1 }), 404, qr/no such account/, "not for account \"$_\""
        for 'x', '99999999', '007', "$other_id", '';
    my $log = $h->error_log;
    like $log, qr/SCIM0094: console: \Q$admin\E: issue tenant 1 account $joy->{id} days 30/, 'the log says who issued a token to whom';
    like $log, qr/SCIM0094: console: \Q$admin\E: revoke tenant 1 token \d+.* \[login \Q$admin\E, tenant 1\]/, 'and who revoked it';
    ok index($log, $_) < 0 && index($h->access_log, $_) < 0, 'no log has a token' for $token, $next;
    ok index($h->access_log . $log, proof($admin)) < 0, 'or a proof';
}

# ---- accounts ----

scim_reset();
{
    db()->do(q{INSERT INTO public.users (organisation_id, username, email, first_name, last_name, password_hash)
        SELECT 1, 'old' || to_char(n, 'FM000') || '@contoso.com', 'old' || n || '@mail.example', 'Old', 'Person ' || n, '!'
          FROM generate_series(1, ?) n}, undef, USERS);
    my %of = map { $_ => new_user(@there, userName => "$_\@contoso.com") } qw(Active Inactive);
    patch("/Users/$of{Inactive}{id}", { Operations => [{ op => 'replace', path => 'active', value => 'False' }] }, @there);
    my $adopted = new_user(@there, userName => 'OLD007@contoso.com');
    my $gone = new_user(@there, userName => 'gone@contoso.com');
    del("/Users/$gone->{id}", @there);

    my $names = sub {
        my ($query, @opt) = @_;
        my @name;
        my $after;
        for (1 .. 10) {
            my $page = look("accounts?tenant=1&$query" . (defined $after ? '&after=' . ($after =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger) : ''))->json;
            push @name, map { $_->{user_name} } @{ $page->{accounts} };
            cmp_ok scalar(@{ $page->{accounts} }), '<=', 50, "a page has 50 at most ($query)";
            $after = $page->{next};
            return @name unless defined $after;
        }
        return @name;
    };
    my $all = db()->selectcol_arrayref('SELECT username FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL ORDER BY username_key');
    is_deeply [$names->('')], $all, 'all accounts, page by page, in the order of their names';
    is_deeply [$names->('sort=-name')], [reverse @$all], 'and backwards';
    my $by_id = db()->selectcol_arrayref('SELECT username FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL ORDER BY id');
    is_deeply [$names->('sort=old')], $by_id, 'by age';
    is_deeply [$names->('sort=new')], [reverse @$by_id], 'and backwards';
    is_deeply [$names->('state=provisioned')], [qw(Active@contoso.com Inactive@contoso.com OLD007@contoso.com)], 'provisioned';
    is_deeply [$names->('state=inactive')], ['Inactive@contoso.com'], 'inactive';
    is_deeply [$names->('state=adopted')], ['OLD007@contoso.com'], 'adopted';
    is_deeply [$names->('state=protected')], [$admin], 'protected';
    is scalar(my @never = $names->('state=never')), USERS, 'never synced: the others, and the administrator';
    is_deeply [$names->('search=old11')], [map { sprintf 'old%03d@contoso.com', $_ } 11, 110 .. 119], 'a search in addresses';
    is_deeply [$names->('search=ACTIVE@')], [qw(Active@contoso.com Inactive@contoso.com)], 'whatever its case';
    is_deeply [$names->('search=old%20person%2012')], [map { sprintf 'old%03d@contoso.com', $_ } 12, 120], 'in names';
    is_deeply [$names->("search=$adopted->{externalId}")], ['OLD007@contoso.com'], 'by externalId';
    is_deeply [$names->('search=o_d')], [], 'a character means itself';
    is_deeply [$names->("search=%27%20OR%20true--")], [], 'so does SQL';
    is_deeply [$names->('state=nonsense&sort=nonsense')], $all, 'what is not known is passed over';
    is look('accounts?tenant=1&sort=new&after=x')->code, 400, 'a place that is none';
    my ($row) = @{ look('accounts?tenant=1&state=adopted')->json->{accounts} };
    is_deeply { map { $_ => $row->{$_} ? 1 : 0 } qw(active synced adopted protected api_access) },
        { active => 1, synced => 1, adopted => 1, protected => 0, api_access => 0 }, 'what an account is';
    unlike encode($row), qr/password|hash/, 'and no more than that';
    is_deeply look('organisation?tenant=1')->json, { name => 'Contoso', available => json_true(), enabled => json_true(),
        accounts => { all => USERS + 3, provisioned => 3, inactive => 1, adopted => 1, protected => 1, never => USERS } },
        'the organisation and its numbers';

    # each order is that of an index: no page sorts, or walks what is before it
    my $dbh = cluster()->dbh(user => 'postgres');
    my $plans = '';
    $dbh->do($_) for q{LOAD 'auto_explain'}, 'SET auto_explain.log_min_duration = 0',
        'SET auto_explain.log_nested_statements = on', 'SET auto_explain.log_level = notice',
        'SET enable_seqscan = off', 'SET enable_bitmapscan = off';
    local $SIG{__WARN__} = sub { $plans .= $_[0] };
    for my $case (['name', 'old100@contoso.com', 'users_username_live', qr/username_key > /],
        ['-name', 'old100@contoso.com', 'users_username_live', qr/username_key < /],
        ['new', '100', qr/users_(?:id_live|pkey)/, qr/id < /], ['old', '50', qr/users_(?:id_live|pkey)/, qr/id > /]) {
        my ($sort, $after, $index, $from) = @$case;
        $plans = '';
        $dbh->selectrow_array(q{SELECT scim.console_accounts(?, '1', 'all', '', ?, ?)}, undef, $admin, $sort, $after);
        like $plans, qr/Index Scan (?:Backward )?using $index.*?Index Cond: .*$from/s, "a page in the order \"$sort\" begins where it should, by an index";
        unlike $plans, qr/Sort Key|Rows Removed/, 'and sorts nothing';
    }
    # a search does little to each account, since it looks at many
    $plans = '';
    $dbh->selectrow_array(q{SELECT scim.console_accounts(?, '1', 'all', '4711', 'name', NULL)}, undef, $admin);
    my ($filter) = $plans =~ /Filter: (.*username_key ~~ .*)/;
    is scalar(() = ($filter // '') =~ /\blower\(/g), 1, 'a search folds each account once' or diag $plans;
    unlike $filter // 'id::text', qr/\bid\)?::text/, 'and makes no text of its key';
    ok scalar(grep { $_ eq 'OLD007@contoso.com' } $names->("search=$adopted->{id}")), 'which finds all the same';
    $plans = '';
    $dbh->selectrow_array(q{SELECT scim.console_organisation(?, '1')}, undef, $admin);
    like $plans, qr/using events_adopted/, 'the adopted are counted by an index';
    unlike $plans, qr/Sort Key: e\.resource_id/, 'and not sorted';

    db()->do(q{INSERT INTO scim.events (tenant, operation, resource_type, resource_id, outcome)
        SELECT CASE WHEN n % 40 = 0 THEN '1' ELSE '9' END, 'made-up', 'User', n::text, 'applied'
          FROM generate_series(1000, 5000) n});
    db()->do('ANALYZE scim.events');
    for my $case (['', '', 'events_tenant'], ['refused', '', 'events_refused'], ['', $adopted->{id}, 'events_resource']) {
        my ($outcome, $account, $index) = @$case;
        $plans = '';
        $dbh->selectrow_array(q{SELECT scim.console_activity(?, '1', ?, ?, '1000')}, undef, $admin, $outcome, $account);
        like $plans, qr/Index Scan Backward using $index/, "activity by the index $index";
        unlike $plans, qr/Sort Key: e/, 'and nothing is sorted';
    }
    $dbh->disconnect;
    db()->do(q{DELETE FROM scim.events WHERE operation = 'made-up'});
}

# ---- activity and health ----

{
    my $user = new_user(@there, userName => 'ann@contoso.com', name => { givenName => 'Anna' });
    patch("/Users/$user->{id}", { Operations => [{ op => 'replace', path => 'name.givenName', value => 'Ann' }] }, @there);
    post('/Users', { userName => 'ann@contoso.com' }, @there);
    wait_until(5, sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'}) });
    my $events = look('activity?tenant=1')->json->{events};
    is_deeply [map { "$_->{operation} $_->{outcome}" } @$events[0 .. 2]], ['create refused', 'patch applied', 'create applied'],
        'the newest first';
    is $events->[0]{status}, 409, 'what was refused says how';
    like $events->[0]{reason}, qr/used by another account/, 'and why, in words';
    is_deeply $events->[1]{changes}, { 'name.givenName' => { old => 'Anna', new => 'Ann' } }, 'a change has the old and the new value';
    is_deeply [@{ $events->[1] }{qw(resource actor)}], ['ann@contoso.com', $admin], 'whose, and by whom';
    is_deeply [map { $_->{outcome} } @{ look('activity?tenant=1&outcome=refused')->json->{events} }], ['refused'], 'only what was refused';
    is_deeply [map { $_->{operation} } @{ look("activity?tenant=1&account=$user->{id}")->json->{events} }], [qw(patch create)], 'only one account';
    is_deeply look('activity?tenant=2', login => $other)->json->{events}, [], 'another organisation has its own';
    is look('activity?tenant=1&before=x')->code, 400, 'a place that is none';

    db()->do(q{INSERT INTO scim.events (tenant, operation, outcome) SELECT '1', 'made-up', 'applied' FROM generate_series(1, 120)});
    my (@seen, $before);
    do {
        my $page = look('activity?tenant=1' . (defined $before ? "&before=$before" : ''))->json;
        push @seen, map { $_->{id} } @{ $page->{events} };
        $before = $page->{next};
    } while defined $before;
    is_deeply \@seen, db()->selectcol_arrayref(q{SELECT id FROM scim.events WHERE tenant = '1' ORDER BY id DESC}), 'all, page by page';

    my $health = look('health?tenant=1')->json;
    like $health->{changed_at}, qr/^\d{4}/, 'health: the last change';
    like $health->{succeeded_at}, qr/^\d{4}.*Z$/, 'health: the last success';
    get('/Users?count=0', @there);
    my $later = look('health?tenant=1')->json;
    isnt $later->{succeeded_at}, $health->{succeeded_at}, 'health: a request that only reads is one';
    is $later->{changed_at}, $health->{changed_at}, 'health: and no change';
    is look('health?tenant=2', login => $other)->json->{changed_at}, undef, 'health: others have their own';
    like $health->{refused}, qr/used by another/, 'health: the last refusal';
    is $health->{refused_in_day}, 1, 'health: how many';
    is $health->{guard}{held_back}, 0, 'health: the guard has nothing';

    my @leaver = map { new_user(@there) } 1 .. 21;
    my @answer = map { patch("/Users/$_->{id}", { Operations => [{ op => 'replace', path => 'active', value => 'False' }] }, @there) } @leaver;
    is $answer[-1]->code, 503, 'the guard holds one back';
    expect_log(qr/SCIM0065/);
    ok wait_until(5, sub { look('health?tenant=1')->json->{guard}{held_back} >= 1 }), 'health says so';
    is look('health?tenant=2', login => $other)->json->{guard}{held_back}, 0, 'not to others';
    db()->do(q{UPDATE scim.events SET at = at - interval '2 days' WHERE status = 503});
    db()->do(q{UPDATE scim.guards SET began_at = began_at - interval '3 days'});
    is look('health?tenant=1')->json->{guard}{held_back}, 0, 'not for ever';
    db()->do(q{UPDATE scim.events SET at = at + interval '2 days' WHERE status = 503});
    done_ok change('release', { tenant => '1' }), 'it is released';
    $health = look('health?tenant=1')->json;
    is $health->{guard}{held_back}, 0, 'health: nothing is held back';
    like $health->{guard}{released_until}, qr/^\d{4}/, 'health: until when';
    is patch("/Users/$leaver[-1]{id}", { Operations => [{ op => 'replace', path => 'active', value => 'False' }] }, @there)->code, 200,
        'and the directory may go on';

    # one of which nothing is known to release
    my ($idle) = db()->selectrow_array(q{INSERT INTO public.organisations (name) VALUES ('Idle') RETURNING id});
    db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash, role) VALUES (?, ?, '!', 'admin')}, undef, $idle, $admin);
    is_refused change('release', { tenant => "$idle" }), 404, qr/there is no organisation $idle with a valid token/, 'one without a token';
    is db()->selectrow_array('SELECT count(*) FROM scim.guards WHERE tenant = ?', undef, "$idle"), 0, 'gets no row';
    db()->do("DELETE FROM public.$_->[0] WHERE $_->[1] = ?", undef, $idle) for [users => 'organisation_id'], [organisations => 'id'];
}

# ---- what is hostile stays text ----

{
    my $evil = q{<img src=x onerror=alert(1)>"'&\\} . "\x{202e}\x{1f600}";
    my $user = new_user(@there, userName => uniq('evil') . $evil);
    my $page = look('accounts?tenant=1&search=evil');
    like $page->header('Content-Type'), qr{^application/json}, 'an answer is JSON';
    is $page->json->{accounts}[0]{user_name}, $user->{userName}, 'in which every character is itself';
}

# ---- the database ----

{
    my $away = extra_httpd(console => { $admin => 'one' }, conninfo => 'host=/nowhere user=mod_scim dbname=x');
    my ($at) = $away->url =~ m{//(.+)};
    expect_log(qr/SCIM0092: console: GET .* answered 503/);
    is_refused look('session', server => $at), 503, qr/not available/, 'the database is away';
    is ask(GET => '', undef, server => $at)->code, 200, 'the page is there all the same';
    $away->stop;
}

done_testing;
