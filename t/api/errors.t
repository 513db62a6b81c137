# Bad input: refused with a SCIM error that says why, and nothing has changed.
use ScimTest;

scim_reset();
my $user = new_user(userName => 'adele@contoso.com', externalId => 'E-1', title => 'Engineer');
my $other = new_user(userName => 'alex@contoso.com', externalId => 'E-2');
my $path = "/Users/$user->{id}";
my $row = row_of($user->{id});
my $users = 'SELECT count(*) FROM public.users';
my $before = db()->selectrow_array($users);
my @detail;

sub unchanged {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply [db()->selectrow_array($users), row_of($user->{id})], [$before, $row], $name;
}

# An error of this status, with one of several scimTypes: "a|b".
sub refused {
    my ($res, $status, $types, $detail, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $got = eval { $res->json->{scimType} };
    my ($type) = grep { defined $got && $_ eq $got } split /\|/, $types // '';
    $type //= (split /\|/, $types // '')[0];
    push @detail, eval { $res->json->{detail} } // ();
    return is_error $res, $status, $type, $detail, $name;
}

sub enc {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/gear;
}

my @write = ([POST => '/Users'], [PUT => $path], [PATCH => $path]);

# ---- bodies that are no JSON ----

my $op = '{"op":"replace","path":"title","value":';
for my $case (
    ['nothing',                       ''],
    ['blanks',                        " \n "],
    ['a lone brace',                  '{'],
    ['a string that breaks off',      '{"userName":"x'],
    ['an object that breaks off',     '{"userName":"x","Operations":[' . $op . '"y"}]'],
    ['a comma too many',              '{"userName":"x","Operations":[],}'],
    ['text behind the end',           '{"userName":"x","Operations":[]} x'],
    ['two objects',                   '{"userName":"x"}{"Operations":[]}'],
    ['an array',                      '[{"userName":"x","Operations":[]}]'],
    ['a string',                      '"userName"'],
    ['a number',                      '42'],
    ['null',                          'null'],
    ['a comment',                     '{"userName":"x"/**/,"Operations":[]}'],
    ['names without quotes',          '{userName:"x",Operations:[]}'],
    ['single quotes',                 "{'userName':'x','Operations':[]}"],
    ['NaN',                           '{"userName":"x","title":NaN,"Operations":[' . $op . 'NaN}]}'],
    ['a number with leading zeros',   '{"userName":"x","title":007,"Operations":[' . $op . '007}]}'],
    ['form data',                     'userName=x&Operations='],
    ['UTF-16',                        "\xFF\xFE{\0\"\0u\0\"\0:\0" . "1\0}\0"],
    ['a NUL byte',                    "{\"userName\":\"a\0b\",\"Operations\":[$op\"a\0b\"}]}"],
    ['a NUL byte behind the end',     "{\"userName\":\"x\",\"Operations\":[]}\0"],
    ['a byte that is no UTF-8',       "{\"userName\":\"a\xFF\",\"Operations\":[$op\"\xFF\"}]}"],
    ['UTF-8 that breaks off',         "{\"userName\":\"a\xC3\",\"Operations\":[$op\"\xC3\"}]}"],
    ['overlong UTF-8',                "{\"userName\":\"a\xC0\xAF\",\"Operations\":[$op\"\xC0\xAF\"}]}"],
    ['a surrogate in UTF-8',          "{\"userName\":\"a\xED\xA0\x80\",\"Operations\":[$op\"\xED\xA0\x80\"}]}"],
    ['no UTF-8 in a name',            "{\"userName\":\"x\",\"\xFF\":1,\"Operations\":[]}"],
    ['20,000 arrays',                 '[' x 20_000 . ']' x 20_000],
    ['20,000 levels in a value',      '{"userName":"x","title":' . '[' x 20_000 . ']' x 20_000
                                      . ",\"Operations\":[$op" . '[' x 20_000 . ']' x 20_000
                                          . '}]}'],
    ['20,000 objects',                '{"a":' x 20_000 . '1' . '}' x 20_000],
    ['20,000 levels without end',     '{"userName":' x 20_000],
) {
    my ($what, $body) = @$case;
    for my $request (@write) {
        my ($method, $target) = @$request;
        refused(scim($method, $target, $body), 400, 'invalidSyntax', undef,
            "E2: $method of $what is invalidSyntax");
    }
    unchanged("E2: and changes nothing: $what");
}
# Text that PostgreSQL cannot hold, and text that is none.
for my $text ('a\u0000b', '\u0000', 'a\ud800b', '\udc00') {
    for my $case ([POST => '/Users', "{\"userName\":\"$text\"}"],
                  [PUT => $path, "{\"userName\":\"x\",\"title\":\"$text\"}"],
                  [PATCH => $path, "{\"Operations\":[$op\"$text\"}]}"],
                      [PATCH => $path, "{\"Operations\":[{\"op\":\"add\",\"path\":\"$text\",\"value\":1}]}"]) {
        my ($method, $target, $body) = @$case;
        refused(scim($method, $target, $body), 400, 'invalidValue|invalidSyntax|invalidPath',
            undef, "E2: $method of $text: $body");
    }
    unchanged("E2: $text changes nothing");
}

# ---- an attribute repeated ----

for my $case (
    ['userName',             '{"userName":"x1","USERNAME":"x2"}',
        '{"Operations":[{"op":"replace","value":{"userName":"x1","USERNAME":"x2"}}]}'],
    ['userName',             '{"userName":"x1","userName":"x2"}',
        '{"Operations":[{"op":"replace","value":{"userName":"x1","userName":"x2"}}]}'],
    ['active',               '{"userName":"x","active":true,"Active":false}',
        '{"Operations":[{"op":"replace","value":{"active":true,"Active":false}}]}'],
    ['givenName',            '{"userName":"x","name":{"givenName":"a","GivenName":"b"}}',
                             '{"Operations":[{"op":"add","path":"name","value":{"givenName":"a","GivenName":"b"}}]}'],
    ['value',                '{"userName":"x","emails":[{"type":"work","value":"a","VALUE":"b"}]}',
                             '{"Operations":[{"op":"add","path":"emails","value":[{"type":"work","value":"a","VALUE":"b"}]}]}'],
    ['op|Operations|value|path', undef, '{"Operations":[{"op":"replace","OP":"remove","path":"title","value":"x"}]}'],
    ['op|Operations|value|path', undef, '{"Operations":[{"op":"replace","path":"title","value":"x"}],"operations":[]}'],
) {
    my ($attr, $create, $patch) = @$case;
    for my $request ($create ? ([POST => '/Users', $create], [PUT => $path, $create]) : (),
        [PATCH => $path, $patch]) {
        my ($method, $target, $body) = @$request;
        refused(scim($method, $target, $body), 400, 'invalidSyntax|invalidValue', qr/$attr/i,
            "E2: $method with $attr twice: $body");
    }
    unchanged('E2: nothing is resolved by luck: ' . ($create // $patch));
}

# ---- size ----

for my $case (['12 MiB', 12 << 20], ['just above 1 MiB', (1 << 20) + 1]) {
    my ($what, $size) = @$case;
    for my $request (@write) {
        my ($method, $target) = @$request;
        my $body = '{"userName":"x","Operations":[],"title":"' . 'x' x ($size - 43) . '"}';
        my $res = raw(join("\r\n", "$method /scim/v2$target HTTP/1.1", 'Host: localhost',
            'Authorization: Bearer ' . token_a(),
            'Content-Type: application/scim+json', 'Content-Length: ' . length $body, '', $body));
        refused($res, 413, undef, undef, "E2: $method of $what is 413");
    }
    unchanged("E2: and changes nothing, $what");
}
{
    my $res = post('/Users', { userName => uniq('big'), title => 'x' x 900_000 });
    is_resource $res, 201, 'E2: a body below 1 MiB is taken';
    is length(get('/Users/' . $res->json->{id})->json->{title}), 900_000, 'E2: whole';
    db()->do('DELETE FROM public.users WHERE id = ?', undef, $res->json->{id});
}

# ---- number ----

{
    my @phone = map { { type => 'other', value => "+41 $_" } } 1 .. 200;
    my $many = new_user(phoneNumbers => \@phone);
    my $whole = get("/Users/$many->{id}")->content;
    is scalar(@{ $many->{phoneNumbers} }), 200, 'E2: an attribute may have 200 values';
    my $one = { type => 'other', value => '+41 0' };
    for my $request (
        [POST  => '/Users', { userName => uniq('many'), phoneNumbers => [@phone, $one] }],
        [PUT   => "/Users/$many->{id}", { %$many, phoneNumbers => [@phone, $one] }],
        [PATCH => "/Users/$many->{id}", { Operations => [{ op => 'add', path => 'phoneNumbers', value => [$one] }] }],
    ) {
        my ($method, $target, $body) = @$request;
        my $count = db()->selectrow_array($users);
        refused(scim($method, $target, $body), 400, 'invalidValue', qr/phoneNumbers has more than the 200 values/,
            "E2: one more by $method is too many");
        is get("/Users/$many->{id}")->content, $whole, "E2: and changes nothing, by $method";
        is db()->selectrow_array($users), $count, "E2: nor makes anybody, by $method";
    }
    my @op = ({ op => 'replace', path => 'title', value => 'x' }) x 1000;
    is patch("/Users/$many->{id}", { Operations => \@op })->code, 200, 'E2: a PATCH may have 1,000 operations';
    refused(patch("/Users/$many->{id}", { Operations => [@op, { op => 'remove', path => 'title' }] }), 413, undef,
        qr/1000/, 'E2: one more is 413');
    is get("/Users/$many->{id}")->json->{title}, 'x', 'E2: and none of them is done';
    db()->do('DELETE FROM public.users WHERE id = ?', undef, $many->{id});
}

# ---- ids that are none ----

for my $id ('abc', '007', '1.5', '-1', '0x10', '1e3', '9' x 20, '9223372036854775808', '1%20',
            '%27', "1'%20OR%20'1'='1", '1;DROP%20TABLE%20users',
            '%F0%9F%98%80', '%FF', '%C3', 'null', 'undefined', '%7Bid%7D', '..%5C..', '1' x 5000,
            '%0D%0ASet-Cookie:x', '%25%32%46') {
    my $shown = substr $id, 0, 30;
    for my $request ([GET => undef], [PUT => { userName => 'x' }], [PATCH => { Operations => [] }],
        [DELETE => undef]) {
        refused(scim($request->[0], "/Users/$id", $request->[1]), 404, undef, undef,
            "E2: $request->[0] of id $shown is 404");
    }
    is_list get("/Users?filter=id+eq+%22$id%22"), 0, "E2: as a filter $shown finds nobody"
        unless $id =~ /%FF|%C3|^1{9}/;
}
unchanged('E2: no such id changed anything');

# ---- hostile strings, everywhere ----

for my $text ("'; DROP TABLE users; --", "' OR '1'='1", '" or 1 eq 1 or "', '$(reboot)', '`id`',
              '${jndi:ldap://x/y}', '%s%s%s%n', '../../etc/passwd',
              '<script>alert(1)</script>', "\r\nSet-Cookie: x=1", "\x01\x02\x1b[31m", '\\',
              '\\\\\'', '{{7*7}}', '{"$ne":null}', "\x{202E}drow",
              "\x{FEFF}bom", "\x{FFFE}", "\x{10FFFF}", '$1', ':tenant', '?', '%', '_', '*', 'NULL',
              '\N', 'E\'x\'', '$$x$$', '/*', '--') {
    my $shown = JSON::PP->new->ascii->allow_nonref->encode($text);
    my $name = uniq('h') . $text;
    my $res = post('/Users', { userName => $name, externalId => $name, displayName => $text,
        name => { givenName => $text },
        emails => [{ type => 'work', value => $text }, { type => $text, value => $text }],
        $text => $text, title => $text });
    if ($res->code == 201) {
        my $id = $res->json->{id};
        my $read = get("/Users/$id")->json;
        is_deeply [@$read{qw(userName externalId displayName title)}, $read->{name}{givenName},
            row_of($id)->{email}],
            [$name, $name, ($text) x 4], "E2: stored to the letter: $shown";
        is $res->header('Set-Cookie'), undef, "E2: and no header is made of it: $shown";
        is_resource patch("/Users/$id",
            { Operations => [{ op => 'replace', path => 'title', value => "$text!" }] }), 200,
            "E2: patched: $shown";
        is get("/Users/$id")->json->{title}, "$text!", "E2: to the letter too: $shown";
        is_list get('/Users?filter=' . enc("title eq $shown" =~ s/"$/!"/r)), 1,
            "E2: in a filter it is only a value: $shown";
        db()->do('DELETE FROM public.users WHERE id = ?', undef, $id);
    }
    else {
        refused($res, 400, 'invalidValue|invalidSyntax', undef, "E2: refused: $shown");
    }
    $res = patch($path, { Operations => [{ op => 'replace', path => $text, value => 'x' }] });
    ok $res->code == 400 || $res->code == 200, "E2: as a path it is refused or ignored: $shown"
        or diag $res->as_string;
    refused($res, 400, 'invalidPath', undef, "E2: and if refused, as a path: $shown")
        if $res->code == 400;
    refused(patch($path, { Operations => [{ op => $text, path => 'title', value => 'x' }] }), 400,
        'invalidSyntax', undef, "E2: as an op: $shown");
    is get("$path?attributes=" . enc($text))->code, 200,
        "E2: in attributes it selects nothing: $shown";
    $res = get('/Users?filter=' . enc($text));
    refused($res, 400, 'invalidFilter', undef, "E2: as a filter: $shown");
    refused(get('/Schemas/' . enc($text) =~ s/%2F/-/gr), 404, undef, undef,
        "E2: as a schema: $shown") unless $text =~ /^\.\.|^\*?$/;
}
unchanged('E2: no string changed anybody else');

# ---- requests that make no sense ----

for my $case (
    ['an unknown op',         'invalidSyntax',       qr/op/i,       { op => 'move', path => 'title', value => 'x' }],
    ['no op',                 'invalidSyntax',       qr/op/i,       { path => 'title', value => 'x' }],
    ['op that is no string',  'invalidSyntax',       qr/op/i,       { op => 1, path => 'title', value => 'x' }],
    ['a path that breaks off', 'invalidPath',        undef,         { op => 'replace', path => 'emails[type eq', value => 'x' }],
    ['an empty filter',       'invalidPath|invalidFilter', undef,   { op => 'replace', path => 'emails[].value', value => 'x' }],
    ['a path with a blank',   'invalidPath',         undef,         { op => 'replace', path => 'display name', value => 'x' }],
    ['a path that is a number', 'invalidPath|invalidSyntax', undef, { op => 'replace', path => 5, value => 'x' }],
    ['remove without path',   'noTarget',            undef,         { op => 'remove' }],
    ['a boolean that is none', 'invalidValue',       qr/active/,    { op => 'replace', path => 'active', value => 'maybe' }],
    ['an object for a string', 'invalidValue',       qr/userName/,  { op => 'replace', path => 'userName', value => { x => 1 } }],
    ['no name left',          'invalidValue|mutability', qr/userName/, { op => 'replace', path => 'userName', value => '' }],
    ['the name removed',      'mutability',          qr/userName/,  { op => 'remove', path => 'userName' }],
    ['an operation that is no object', 'invalidSyntax', undef,      'replace'],
) {
    my ($what, $type, $detail, $operation) = @$case;
    my $good = { op => 'replace', path => 'title', value => 'must not stay' };
    refused(patch($path, { Operations => [$good, $operation] }), 400, $type, $detail,
        "E2: $what is refused");
    unchanged("E2: the whole request, $what");
}
refused(patch($path, { Operations => 'x' }), 400, 'invalidSyntax', qr/Operations/i,
    'E2: Operations that are no array');
refused(patch($path, {}), 400, 'invalidSyntax|invalidValue', qr/Operations/i, 'E2: no Operations');
refused(put($path, { title => 'x' }), 400, 'invalidValue', qr/userName/,
    'E2: PUT without userName');
refused(put('/Users/987654321', { userName => 'x' }), 404, undef, undef, 'E2: PUT does not create');
refused(patch('/Users/987654321', { Operations => [{ op => 'move' }] }), 404, undef, undef,
    'E2: an unknown user comes before a bad operation');
unchanged('E2: nothing of this changed anything');

# ---- E1: conflicts and details ----

for my $case (
    [qr/userName/,   POST  => '/Users', { userName => 'ALEX@contoso.com' }],
    [qr/externalId/, POST  => '/Users', { userName => uniq('x'), externalId => 'E-2' }],
    [qr/userName/,   PUT   => $path,    { userName => 'Alex@Contoso.com' }],
    [qr/userName/,   PATCH => $path,    { Operations => [{ op => 'Replace', path => 'userName', value => 'alex@contoso.com' }] }],
    [qr/externalId/, PATCH => $path,
        { Operations => [{ op => 'add', path => 'title', value => 'X' },
        { op => 'add', path => 'externalId', value => 'E-2' }] }],
    [qr/userName/,   PATCH => $path,
        { Operations => [{ op => 'replace', value => { userName => 'alex@contoso.com',
        active => json_false } }] }],
) {
    my ($detail, $method, $target, $body) = @$case;
    refused(scim($method, $target, $body), 409, 'uniqueness', $detail,
        "E1: $method that takes another's value is 409 and names the attribute");
    unchanged("E1: and changes nothing, $method " . encode($body));
}
cmp_ok scalar @detail, '>', 300, 'E1: there are details to look at';
my @inside = grep { /SELECT |INSERT |UPDATE |public\.|users_\w+_live|pg_|libpq|json-c|json_tokener|apr_|\w\.c:\d|SQLSTATE|ERROR:|external_id|username_key|line \d+ of/ } @detail;
is_deeply \@inside, [], 'E1: no detail tells of the inside';
is_deeply [grep { length > 1000 } @detail], [], 'E1: none is longer than anybody reads';
is_deeply [grep { /[\x00-\x08\x0b\x0c\x0e-\x1f]/ } @detail], [],
    'E1: none carries control characters';

# ---- E3: one bad object does not stop the whole job ----

for my $request ([POST => '/Users', { userName => 'admin@contoso.com' }],
                 [POST => '/Users', { userName => '' }], [GET => '/Users/0'],
                 [PATCH => '/Users/0', { Operations => [] }], [DELETE => '/Users/0'], [PUT => '/Users/0', { userName => 'x' }],
                 [PATCH => $path, { Operations => [{ op => 'x' }] }], [GET => '/Users?filter=x'],
                     [POST => '/Groups', { displayName => 'x' }],
                 [DELETE => '/Users/' . db()->selectrow_array("SELECT id FROM public.users WHERE username = 'admin\@contoso.com'")]) {
    my $res = scim(@$request);
    like $res->code, qr/^(?:400|404|409|501)$/,
        "E3: never 401, 403 or 500 for one object: $request->[0] $request->[1]";
    is get($path)->code, 200, "E3: and the next request is served, $request->[0] $request->[1]";
}
unchanged('E3: and all is as it was');

done_testing;
