# What the server says about itself, and that it is true. Groups are off here:
# how that looks to a client that asks for them is tested too.
use ScimTest;

scim_reset();
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $SPC = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

# ---- D1: ServiceProviderConfig ----

my $res = get('/ServiceProviderConfig');
my $config = $res->json;
is $res->code, 200, 'D1: ServiceProviderConfig is there';
like $res->header('Content-Type'), qr{^application/scim\+json}, 'D1: as SCIM';
is_deeply $config->{schemas}, [$SPC], 'D1: under its schema';
is_deeply [map { $config->{$_}{supported} } qw(patch filter sort etag bulk changePassword)],
    [json_true, json_true, json_true, json_true, json_true, json_false],
    'D1: patch, filter, sort, etag and bulk yes, changePassword no';
cmp_ok $config->{filter}{maxResults}, '>=', 100, 'D1: filter.maxResults is a number';
like encode($config->{bulk}), qr/"$_":\d/, "D1: bulk.$_ is a number"
    for qw(maxOperations maxPayloadSize);
like encode([$config->{$_}{supported}]), qr/true|false/, "D1: $_.supported is a boolean"
    for qw(patch filter bulk changePassword sort etag);
{
    my @scheme = @{ $config->{authenticationSchemes} };
    is_deeply [map { $_->{type} } @scheme], ['oauthbearertoken'],
        'D1: the one way to come in is a bearer token';
    ok length $scheme[0]{$_}, "D1: it has a $_" for qw(name description);
}
is $config->{meta}{resourceType}, 'ServiceProviderConfig', 'D1: meta.resourceType';
is $config->{meta}{location}, base_url() . '/ServiceProviderConfig', 'D1: meta.location';
is $res->header('Content-Location'), $config->{meta}{location}, 'D1: and Content-Location';
unlike $res->content, qr/\bnull\b|:\s*""/, 'D1: nothing in it is empty';
{
    # what is advertised works, what works is advertised
    my $user = new_user();
    my $one = get("/Users/$user->{id}");
    my $tag = $one->header('ETag');
    is $tag, $user->{meta}{version}, 'D1: etag works: ETag is meta.version';
    is get("/Users/$user->{id}", headers => { 'If-None-Match' => $tag })->code, 304,
        'D1: If-None-Match works';
    my $stale = patch("/Users/$user->{id}",
        { Operations => [{ op => 'replace', path => 'title', value => 'x' }] },
        headers => { 'If-Match' => 'W/"stale"' });
    is_error $stale, 412, undef, undef, 'D1: a stale If-Match is 412';
    is get("/Users/$user->{id}")->json->{title}, undef, 'D1: and nothing was changed';
    is_resource patch("/Users/$user->{id}",
        { Operations => [{ op => 'replace', path => 'title', value => 'y' }] }), 200,
        'D1: patch works';
    is_list get("/Users?filter=title+eq+%22y%22"), 1, 'D1: filter works';
    $res = post('/Bulk', { Operations => [{ method => 'DELETE', path => "/Users/$user->{id}" }] });
    is $res->code, 200, 'D1: bulk works';
    is $res->json->{Operations}[0]{status}, '204', 'D1: and did what it was asked';
    is get("/Users/$user->{id}")->code, 404, 'D1: the user is gone';
}

# ---- D1: ResourceTypes and Schemas ----

$res = get('/ResourceTypes');
is_list $res, 1, 'D1: ResourceTypes is a list of one';
my ($type) = @{ $res->json->{Resources} };
is_deeply [@$type{qw(id name endpoint schema)}], ['User', 'User', '/Users', $CORE],
    'D1: that is User, at /Users';
is_deeply [map { $_->{schema} } @{ $type->{schemaExtensions} }], [$ENT],
    'D2: with the enterprise extension';
is_deeply [map { $_->{required} } @{ $type->{schemaExtensions} }], [json_false],
    'D2: which is not required';
$res = get('/ResourceTypes/User');
is_resource $res, 200, 'D1: ResourceTypes/User';
is_deeply $res->json, $type, 'D1: is the same as in the list';
is_error get("/ResourceTypes/$_"), 404, undef, undef, "D2: there is no resource type $_"
    for qw(Group Device Schema x);

$res = get('/Schemas');
is_list $res, 2, 'D1: Schemas is a list of two';
my %schema = map { $_->{id} => $_ } @{ $res->json->{Resources} };
is_deeply [sort keys %schema], [$CORE, $ENT], 'D2: User and its extension, no Group';
for my $id ($CORE, $ENT) {
    $res = get("/Schemas/$id");
    is_resource $res, 200, "D1: Schemas/$id";
    is_deeply $res->json, $schema{$id}, "D1: $id is the same as in the list";
    is $res->json->{meta}{location}, base_url() . "/Schemas/$id", "D1: $id has its location";
    is $res->json->{meta}{resourceType}, 'Schema', "D1: $id is a Schema";
}
is_error get("/Schemas/$_"), 404, undef, undef, "D2: there is no schema $_"
    for 'urn:ietf:params:scim:schemas:core:2.0:Group', $SPC, 'urn:x', "$CORE:userName", 'User';
for my $target ('/ServiceProviderConfig', '/ResourceTypes', '/Schemas', "/Schemas/$CORE") {
    is get("$target?startIndex=5&count=1&sortBy=x&attributes=&x")->content, get($target)->content,
        "D1: $target is not paged";
    my $answer = get("$target?filter=id+eq+%22x%22");
    ok $answer->code == 403 || $answer->content eq get($target)->content,
        "D1: nor filtered: $target";
    is head($target)->code, 200, "D1: HEAD $target";
}

# ---- D2: every attribute that is advertised ----

my %is = (
    type       => { map { $_ => 1 } qw(string boolean decimal integer dateTime reference complex binary) },
    mutability => { map { $_ => 1 } qw(readOnly readWrite immutable) },
    returned   => { map { $_ => 1 } qw(always default request) },
    uniqueness => { map { $_ => 1 } qw(none server global) },
);
my @flaw;

# A value that fits, as the schema describes it.
sub value_for {
    my ($attr, $path) = @_;
    my $where = "$path$attr->{name}";
    for my $key (sort keys %is) {
        push @flaw, "$where: $key is " . ($attr->{$key} // 'absent')
            unless $is{$key}{ $attr->{$key} // '' };
    }
    for my $key (qw(multiValued required caseExact)) {
        push @flaw, "$where: $key is no boolean"
            unless ref $attr->{$key} || $key eq 'caseExact'
                && $attr->{type} =~ /^(?:complex|boolean|integer|decimal|dateTime)$/;
    }
    push @flaw, "$where: canonicalValues is empty"
        if $attr->{canonicalValues} && !@{ $attr->{canonicalValues} };
    push @flaw, "$where: complex without parts"
        if $attr->{type} eq 'complex' && !@{ $attr->{subAttributes} || [] };
    push @flaw, "$where: complex within complex" if $attr->{type} eq 'complex' && $path =~ /\.$/;
    return undef if $attr->{mutability} eq 'readOnly';
    my $value = $attr->{type} eq 'complex'
        ? { map { my $v = value_for($_,
            "$where."); defined $v ? ($_->{name} => $v) : () } @{ $attr->{subAttributes} } }
        : $attr->{canonicalValues}                  ? $attr->{canonicalValues}[0]
        : $attr->{type} eq 'boolean'                ? json_true
        : $attr->{type} =~ /^(?:integer|decimal)$/  ? 7
        : $attr->{type} eq 'dateTime'               ? '2026-01-01T00:00:00Z'
        : $attr->{type} eq 'reference'              ? 'https://example.com/x.png'
        : $attr->{type} eq 'binary'                 ? 'AQIDBA=='
        : $where eq 'country' || $where =~ /\.country$/ ? 'CH'
        : $where =~ /^emails\.value/                ? uniq('mail') . '@work.example'
        : uniq($attr->{name});
    return $attr->{multiValued} ? [$value] : $value;
}

my (%body, @path);
for my $id ($CORE, $ENT) {
    my %part;
    for my $attr (@{ $schema{$id}{attributes} }) {
        my $value = value_for($attr, '');
        $part{ $attr->{name} } = $value if defined $value;
    }
    $id eq $CORE ? %body = (%body, %part) : ($body{$id} = \%part);
}
is_deeply \@flaw, [], 'D2: every attribute is described in full';
$body{active} = json_true;
$res = post('/Users', { schemas => [$CORE, $ENT], %body });
is_resource $res, 201, 'D2: a user with a value for each attribute is created';
my $user = get('/Users/' . $res->json->{id})->json;
for my $name (sort grep { $_ ne $ENT } keys %body) {
    is_deeply $user->{$name}, $body{$name}, "D2: $name is stored and returned";
}
is_deeply $user->{$ENT}{$_}, $body{$ENT}{$_}, "D2: $_ of the extension is stored and returned"
    for sort keys %{ $body{$ENT} };
for my $name (qw(userName displayName title name emails phoneNumbers addresses roles active nickName locale timezone)) {
    ok exists $body{$name}, "D2: $name is advertised";
}
ok exists $body{$ENT}{$_}, "D2: $_ is advertised"
    for qw(employeeNumber costCenter organization division department manager);

# and nothing that is not
my %known = map { $_->{name} => 1 } @{ $schema{$CORE}{attributes} };
ok !$known{$_}, "D2: $_ is not advertised" for qw(password groups);
is_deeply [grep { !$known{$_} && !/^(?:schemas|id|externalId|meta|\Q$ENT\E)$/ } sort keys %$user],
    [],
    'D2: nothing is returned that is not advertised';
my ($name) = grep { $_->{name} eq 'userName' } @{ $schema{$CORE}{attributes} };
is_deeply [@$name{qw(required caseExact uniqueness)}], [json_true, json_false, 'server'],
    'D2: userName is required, caseless and unique';
for my $attr (grep { $_->{type} eq 'complex'
    && $_->{multiValued} } @{ $schema{$CORE}{attributes} }) {
    my ($kind) = grep { $_->{name} eq 'type' && $_->{canonicalValues} } @{ $attr->{subAttributes} }
        or next;
    my ($part) = grep { !/^(?:type|primary|display|\$ref)$/ } map { $_->{name} } @{ $attr->{subAttributes} };
    my @element = map { +{ type => $_, $part => uniq('v') } } @{ $kind->{canonicalValues} };
    my $made = post('/Users', { userName => uniq('kinds'), $attr->{name} => \@element });
    is_resource $made, 201, "D2: $attr->{name} of every type";
    my %got = map { $_->{type} => $_->{$part} } @{ get('/Users/' . $made->json->{id})->json->{ $attr->{name} } };
    is_deeply \%got, { map { $_->{type} => $_->{$part} } @element },
        "D2: all come back: @{ $kind->{canonicalValues} }";
}
{
    my ($emails) = grep { $_->{name} eq 'emails' } @{ $schema{$CORE}{attributes} };
    my ($kind) = grep { $_->{name} eq 'type' } @{ $emails->{subAttributes} };
    my %canonical = map { $_ => 1 } @{ $kind->{canonicalValues} };
    ok $canonical{$_}, "D2: an e-mail may be of type $_" for qw(work home other);
}
{
    # a mapping without a place for extras: only the columns are advertised
    my $lean = extra_httpd(edit => sub { s/^[ \t]*ScimExtra\b.*\n//m });
    my $list = get('/Schemas', base => $lean->base);
    is_deeply [map { $_->{id} } @{ $list->json->{Resources} }], [$CORE],
        'D2: without ScimExtra there is no extension';
    my @names = sort grep { !/^(?:id|externalId|meta|schemas)$/ } map { $_->{name} } @{ $list->json->{Resources}[0]{attributes} };
    is_deeply \@names, [qw(active emails name userName)],
        'D2: and only what has a column is advertised';
    my $plain = post('/Users', { userName => uniq('lean'), title => 'T',
        $ENT => { department => 'D' }, name => { givenName => 'G' } }, base => $lean->base);
    is_resource $plain, 201, 'D2: the rest is accepted';
    my $read = get('/Users/' . $plain->json->{id}, base => $lean->base)->json;
    is_deeply [sort keys %$read], [qw(active id meta name schemas userName)], 'D2: and not stored';
    is row_of($read->{id})->{scim_extra}, '{}', 'D2: anywhere';
    is_error get('/Users?filter=title+pr', base => $lean->base), 400, 'invalidFilter', qr/title/,
        'D2: nor can it be asked for';
    $lean->stop;
}

# ---- D1: discovery without a token, where that is wanted ----

is_error get($_, token => undef), 401, undef, undef, "D1: by default $_ needs a token"
    for '/ServiceProviderConfig', '/Schemas', '/ResourceTypes';
{
    my $open = extra_httpd(location => "ScimPublicDiscovery on\n");
    for my $target ('/ServiceProviderConfig', '/Schemas', "/Schemas/$CORE", '/ResourceTypes',
        '/ResourceTypes/User') {
        is get($target, token => undef, base => $open->base)->code, 200,
            "D1: public discovery opens $target";
        is get($target, base => $open->base)->code, 200,
            "D1: also to those who have a token, $target";
        is_error get($target, token => 'wrong', base => $open->base), 401, undef, undef,
            "D1: a wrong token stays wrong, $target";
    }
    is_error get($_, token => undef, base => $open->base), 401, undef, undef,
        "D1: and opens nothing else: $_"
        for '/Users', "/Users/$user->{id}", '/Groups', '/nothing', '';
    $open->stop;
}

# ---- C1, V12: groups are off ----

for my $query ('', '?filter=displayName+eq+%22x%22',
               '?excludedAttributes=members&filter=displayName+eq+%22c1c1%22',
               '?startIndex=1&count=100',
               '?filter=((((', '?filter=', '?filter=nosuch+xx',
               '?filter=id+eq+%22g%22+and+members+eq+%22u%22&attributes=id',
               '?filter=members[value+eq+%22x%22]', '?count=x', '?filter=%FF',
               '?aadOptscim062020') {
    is_list get("/Groups$query"), 0, "V12: GET /Groups$query is an empty list";
}
is_error get("/Groups/$_"), 404, undef, undef, "C1: there is no group $_"
    for '1', 'x', $user->{id}, '0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11';
for my $case ([POST => '/Groups', { displayName => 'G' }], [PUT => '/Groups/1',
              { displayName => 'G' }], [DELETE => '/Groups/1'],
              [PATCH => '/Groups/1', { Operations => [{ op => 'Add', path => 'members', value => [{ value => $user->{id} }] }] }],
              [POST => '/Groups', '{'], [PATCH => '/Groups/1', { Operations => 'x' }]) {
    my ($method, $target, $body) = @$case;
    is_error scim($method, $target, $body), 501, undef, qr/group/i,
        "V12: $method $target is 501 and says that groups are not enabled";
}
is head('/Groups')->code, 200, 'C1: HEAD /Groups';
is options('/Groups')->code, 204, 'C1: OPTIONS /Groups';
is_list get('/Groups'), 0, 'C1: after all of this there is still none';
is_deeply get("/Users/$user->{id}")->json, $user, 'C1: and nobody was changed';

# ---- C2: the connection tests of other clients ----

is_list get('/Users?startIndex=1&count=2'), undef, 'C2: Okta lists two users';
is get('/Users?startIndex=1&count=2')->json->{itemsPerPage}, 2, 'C2: and gets two';
is_list get('/Groups?startIndex=1&count=100'), 0, 'C2: Okta lists groups';
is_list get('/Users?filter=userName%20eq%20%22no-such-user%40example.com%22'), 0,
    'C2: OneLogin asks for a user who is not there';
{
    my $test = uniq('jumpcloud');
    $res = post('/Users', { schemas => [$CORE], userName => $test, name => { givenName => 'Test',
        familyName => 'User' },
        displayName => 'Test User', active => json_true,
        emails => [{ value => "$test\@example.com", type => 'work', primary => json_true }] });
    is_resource $res, 201, 'C2: JumpCloud creates a test user';
    my $made = $res->json;
    is_resource put("/Users/$made->{id}", { %$made, displayName => 'Changed' }), 200,
        'C2: updates it';
    is get("/Users/$made->{id}")->json->{displayName}, 'Changed', 'C2: finds it updated';
    is_resource put("/Users/$made->{id}", { %$made, active => json_false }), 200,
        'C2: deactivates it';
    is row_of($made->{id})->{active}, 0, 'C2: finds it inactive';
    is del("/Users/$made->{id}")->code, 204, 'C2: deletes it';
    is_error get("/Users/$made->{id}"), 404, undef, undef, 'C2: and finds it gone';
}

done_testing;
