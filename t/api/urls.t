# Request targets: query strings as clients really write them, slashes, ids in
# the path, and everything below the base that is nothing.
use ScimTest;

scim_reset();
my $guid = '0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11';
my $user = new_user(userName => 'Adele.Vance@contoso.com', externalId => $guid,
    displayName => 'Adele Vance', emails => [{ type => 'work', value => 'adele@work.example' }]);
my $plus = new_user(userName => 'adele+desk@contoso.com');
my $blank = new_user(userName => 'Jean Luc@contoso.com');
my $path = "/Users/$user->{id}";
my $all = 4;                            # with the administrator
my $users = 'SELECT count(*) FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL';

sub ids {
    my ($res) = @_;
    return $res->code . ': ' . $res->content if $res->code != 200;
    return join ' ', sort { $a <=> $b } map { $_->{id} } @{ $res->json->{Resources} };
}

# ---- V1: the connection test ----

# Not there, however it is asked for: an empty list. There: the one user.
my $absent = 'c1c1c1c1-6d0d-4b0a-9a53-5c7b6a6f1b11';
for my $case (
    ['externalId',                   $guid],
    ['userName',                     'adele.vance@contoso.com'],
    ['emails.value',                 'adele@work.example'],
    ['emails%5Btype+eq+%22work%22%5D.value', 'adele@work.example'],
    ['emails%5btype%20eq%20%22work%22%5d.value', 'adele@work.example'],
    ['emails[type+eq+"work"].value', 'adele@work.example'],
) {
    my ($attr, $value) = @$case;
    (my $coded = $value) =~ s/\@/%40/;
    for my $form (
        ['blanks as +',        "%s+eq+%%22%s%%22"],
        ['blanks as %20',      "%s%%20eq%%20%%22%s%%22"],
        ['raw quotes',         '%s+eq+"%s"'],
    ) {
        my ($what, $format) = @$form;
        is_list get('/Users?filter=' . sprintf($format, $attr, $absent)), 0,
            "V1: a random GUID as $attr is an empty list, $what";
        is ids(get('/Users?filter=' . sprintf($format, $attr, $coded))), $user->{id},
            "V1: a value that exists is found by $attr, $what";
    }
}
for my $target (
    "/Users?aadOptscim062020&filter=externalId+eq+%%22%s%%22",
    "/Users?filter=externalId+eq+%%22%s%%22&aadOptscim062020",
    "/Users?filter=externalId+eq+%%22%s%%22&aadOptscim062020=true",
    "/Users?aadOptscim062020=&filter=externalId+eq+%%22%s%%22",
    "/Users?AzureAdScimPatch2017&filter=externalId+eq+%%22%s%%22",
    "//Users?filter=externalId+eq+%%22%s%%22", "/Users/?filter=externalId+eq+%%22%s%%22",
) {
    is_list get(sprintf $target, $absent), 0, "V1: nobody is found by $target";
    is ids(get(sprintf $target, $guid)), $user->{id}, "V1: somebody is found by $target";
}
is_list get("/Groups?excludedAttributes=members&filter=displayName+eq+%22$absent%22"), 0,
    'V1: a group that is not there is an empty list';

# ---- U1: parameters ----

for my $query ('', 'foo', 'foo=bar', 'foo=', '=', '=x', '&', '&&foo&&', 'foo=%26%3D', 'a=b=c',
               'x%5By%5D=z', '_=1700000000', 'foo;bar', 'foo?bar', 'foo[]=1&foo[]=2', 'ä=ö', 'x='
               . 'y' x 4000) {
    is_list get("/Users?$query"), $all, 'U1: ignored: ?' . substr $query, 0, 40;
    is_resource get("$path?$query"), 200, 'U1: ignored on one user: ?' . substr $query, 0, 40;
}
for my $name (qw(filter FILTER Filter fIlTeR f%69lter)) {
    is ids(get("/Users?$name=externalId+eq+%22$guid%22")), $user->{id}, "U1: $name is filter";
}
is get('/Users?StartIndex=2&COUNT=1')->json->{itemsPerPage}, 1, 'U1: COUNT is count';
is get('/Users?StartIndex=2&COUNT=1')->json->{startIndex}, 2, 'U1: StartIndex is startIndex';
is_deeply [sort keys %{ get("$path?ATTRIBUTES=userName")->json }], [qw(id schemas userName)],
    'U1: ATTRIBUTES is attributes';
is get("$path?ExcludedAttributes=displayName")->json->{displayName}, undef,
    'U1: ExcludedAttributes is excludedAttributes';
{
    my $res = get("/Users?filter=externalId+eq+%22$guid%22&filter=id+pr");
    ok $res->code == 400 || $res->code == 200 && $res->json->{totalResults} < $all,
        'U1: a filter that is given twice is not dropped' or diag $res->as_string;
}

# ---- U2: the flag in the tenant URL ----

my %legacy = (Operations => [{ op => 'Replace', path => 'active', value => 'False' },
                             { op => 'Add', path => 'title', value => 'Legacy' }]);
my %compliant = (Operations => [{ op => 'replace', value => { active => json_true,
    title => 'Compliant' } }]);
for my $flag ('', '?aadOptscim062020', '?aadOptscim062020=', '?aadOptscim062020=true',
    '?AzureAdScimPatch2017') {
    is_list get("/Users$flag"), $all, "U2: a list with \"$flag\"";
    is get("$path$flag")->content, get($path)->content,
        "U2: a user with \"$flag\" is the same user";

    my $res = patch("$path$flag", \%legacy);
    is_resource $res, 200, "U2: the legacy dialect with \"$flag\"";
    is_deeply [@{ row_of($user->{id}) }{qw(active)}, get($path)->json->{title}], [0, 'Legacy'],
        "U2: and means what it says with \"$flag\"";
    is_resource patch("$path$flag", \%compliant), 200, "U2: the compliant dialect with \"$flag\"";
    is_deeply [@{ row_of($user->{id}) }{qw(active)}, get($path)->json->{title}], [1, 'Compliant'],
        "U2: and means what it says too with \"$flag\"";

    my $name = uniq('flag');
    $res = post("/Users$flag", { userName => $name });
    is_resource $res, 201, "U2: POST with \"$flag\"";
    unlike $res->header('Location'), qr/\?/, "U2: no flag in Location, \"$flag\"";
    is del("/Users/" . $res->json->{id} . $flag)->code, 204, "U2: DELETE with \"$flag\"";
    is db()->selectrow_array($users), $all, "U2: that user is gone again, \"$flag\"";
}

# ---- U3: slashes ----

for my $target ('/Users', '//Users', '///Users', '/Users/', '//Users/', '/Users?', '/Users/?',
    '//Users?') {
    is_list get($target), $all, "U3: $target is the list";
}
for my $target ($path, "/$path", "$path/", "//Users//$user->{id}/", "$path?", "$path/?") {
    my $res = get($target);
    is_resource $res, 200, "U3: $target is the user";
    is $res->json->{meta}{location}, base_url() . $path,
        "U3: with its one location, asked as $target";
}
for my $target ('//ServiceProviderConfig', '/ServiceProviderConfig/', '/Schemas/',
    '//ResourceTypes', '/Groups/', '//Groups') {
    is get($target)->code, 200, "U3: $target";
}
{
    my $name = uniq('slash');
    my $res = post('//Users/', { userName => $name });
    is_resource $res, 201, 'U3: POST to //Users/';
    is_resource patch('//Users/' . $res->json->{id} . '/',
        { Operations => [{ op => 'replace', path => 'title', value => 'T' }] }), 200,
        'U3: PATCH with a slash behind';
    is get('/Users/' . $res->json->{id})->json->{title}, 'T', 'U3: and it is done';
    is del('//Users/' . $res->json->{id} . '/')->code, 204, 'U3: DELETE with slashes';
}

# ---- U4: decoding ----

for my $case (
    ['%2B is a plus',               'adele%2Bdesk%40contoso.com', $plus->{id}],
    ['%2b is a plus',               'adele%2bdesk%40contoso.com', $plus->{id}],
    ['+ is a blank, not a plus',    'adele+desk@contoso.com',     ''],
    ['+ is a blank',                'Jean+Luc@contoso.com',       $blank->{id}],
    ['%20 is a blank',              'Jean%20Luc@contoso.com',     $blank->{id}],
    ['%2B is no blank',             'Jean%2BLuc@contoso.com',     ''],
    ['letters may be coded',        '%61dele%2evance%40contoso.com', $user->{id}],
    ['a percent sign is coded',     '100%25',                     ''],
    ['nothing is decoded twice',    'adele%252Bdesk%40contoso.com', ''],
) {
    my ($what, $value, $want) = @$case;
    is ids(get("/Users?filter=userName+eq+%22$value%22")), $want, "U4: $what";
    is ids(get("/Users?filter=userName+eq+\"$value\"")), $want, "U4: $what, in raw quotes";
}
for my $value ('%zz', '%', '%4', '%u0041') {
    my $res = get("/Users?filter=userName+eq+%22$value%22");
    ok $res->code == 400 || $res->code == 200 && !$res->json->{totalResults},
        "U4: $value in a filter is refused or matches nobody" or diag $res->as_string;
}

# ---- U5: the id ----

{
    my $coded = join '', map { sprintf '%%%02x', ord } split //, $user->{id};
    is_resource get("/Users/$coded"), 200, 'U5: the id is percent-decoded';
    is get("/Users/$coded")->json->{meta}{location}, base_url() . $path, 'U5: and shown as it is';
    is patch("/Users/$coded", { Operations => [{ op => 'replace', path => 'title',
        value => 'Coded' }] })->code,
        200, 'U5: PATCH decodes it as well';
    is get($path)->json->{title}, 'Coded', 'U5: and reaches the user';
}
for my $id ("0$user->{id}", "+$user->{id}", "%2B$user->{id}", "-$user->{id}", "$user->{id}.0",
            "$user->{id}e0",
            "$user->{id}%20", "%20$user->{id}", "$user->{id}a", "0x1", "'$user->{id}'", '%22'
            . $user->{id} . '%22',
            "$user->{id},1", "$user->{id}%0A", '%D9%A1', '9223372036854775808', '9' x 20, '007',
            'null', '*', '%25') {
    is_error get("/Users/$id"), 404, undef, undef, "U5: $id is nobody's id";
    is_error del("/Users/$id"), 404, undef, undef, "U5: nor is anybody deleted by $id";
}
is db()->selectrow_array($users), $all, 'U5: all are still there';

# ---- U6: nothing else ----

for my $target ('/nothing', '/nothing/at/all', "$path/name", "$path/x/y", '/User',
                '/Users.json',
                '/v2/Users', '/Schemas/urn:x/y', '/Schemas/no-such-schema',
                '/ServiceProviderConfig/x',
                '/ResourceTypes/Nothing', '/ResourceTypes/User/x', '/.well-known/scim',
                '/index.html', '/favicon.ico',
                '/Users%3Fx', '/%55sers%20', '/~admin') {
    is_error get($target), 404, undef, undef, "U6: \"$target\" is 404";
}
for my $method (qw(POST PUT PATCH DELETE)) {
    is_error scim($method, '/nothing', $method eq 'DELETE' ? undef : {}), 404, undef, undef,
        "U6: $method of nothing is 404";
    is_error scim($method, "$path/name", $method eq 'DELETE' ? undef : { userName => 'x' }), 404,
        undef, undef,
        "U6: $method of a part of a user is 404";
}
for my $case ([POST => '/Me'], [POST => '/Schemas/.search']) {
    my ($method, $target) = @$case;
    my $res = scim($method, $target, $method eq 'POST' ? {} : undef);
    is_error $res, $res->code == 501 ? 501 : 404, undef, undef,
        "U6: $method $target is not there, and said so";
}
{
    my $res = get('/../v2/Users', base => server_url() . '/scim');
    ok $res->code == 400 || $res->code == 404 || $res->code == 200
        && $res->json->{totalResults} == $all,
        'U6: dots in a path lead nowhere else' or diag $res->as_string;
    $res = get('x/Users', token => undef);
    is $res->code, 404, 'U6: what only begins like the base path is not ours';
    unlike $res->header('Content-Type'), qr/scim/, 'U6: and is answered by httpd';
}
is get($path)->json->{userName}, $user->{userName}, 'U6: the user is as before';
is db()->selectrow_array($users), $all, 'U6: and nobody came or went';

for my $slash ('', '/') {
    is_error post($slash, {}), 405, undef, qr{^POST is not possible on /; possible are }, "E2: the root is named, with '$slash' at its end";
}

done_testing;
