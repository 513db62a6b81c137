# POST /Users: what is required, what is accepted, what is ignored. What happens
# when somebody is there already is the matter of life.t.
use ScimTest;

scim_reset();
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

sub users { return db()->selectrow_array('SELECT count(*) FROM public.users') }

# POST, expect 201, and hand back what a GET then shows.
sub created {
    my ($body, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = post('/Users', $body);
    is_resource $res, 201, $name;
    return {} unless $res->code == 201;
    my $read = get('/Users/' . $res->json->{id});
    is_deeply $read->json, $res->json, "$name; GET shows what POST returned";
    return $read->json;
}

sub enc {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/gear;
}

# ---- P1: only userName is required ----

{
    my $name = uniq('p1');
    my $res = post('/Users', { schemas => [$CORE], userName => $name });
    is_resource $res, 201, 'P1: a user with nothing but a userName';
    my $id = $res->json->{id};
    my $row = row_of($id);
    is $res->header('Location'), base_url() . "/Users/$id", 'P1: Location is where it can be read';
    is get("/Users/$id")->content, $res->content, 'P1: and there it is, as it was returned';
    is_deeply [@$row{qw(organisation_id username email first_name last_name role active external_id deleted_at password_hash)}],
        [1, $name, undef, undef, undef, 'user', 1, undef, undef, '!'], 'P1: absent attributes are NULL, active is true';
    is_deeply $res->json->{active}, json_true, 'P1: and active is shown as true';
    for my $case (['eq+true', 1], ['eq+false', 0]) {
        is_list get("/Users?filter=active+$case->[0]+and+id+eq+%22$id%22"), $case->[1],
            "P1: by which it is found, active $case->[0]";
    }
    my @event = @{ events_of($id) };
    is_deeply [map { "$_->{outcome} $_->{tenant} $_->{resource_type}" } @event], ['applied 1 User'],
        'P1: the creation is recorded once';
}
for my $case (
    ['missing',            { displayName => 'x' }],
    ['null',               { userName => undef }],
    ['empty',              { userName => '' }],
    ['an empty array',     { userName => [] }],
    ['an object',          { userName => { value => 'x' } }],
    ['true',               { userName => json_true }],
    ['missing beside id',  { id => 'x', externalId => 'y' }],
    ['missing altogether', {}],
) {
    my ($what, $body) = @$case;
    my $before = users();
    is_error post('/Users', $body), 400, 'invalidValue', qr/userName/, "P1: userName is $what";
    is users(), $before, "P1: nobody is created when userName is $what";
}
for my $case (['missing', 1], [undef, 1], [json_true, 1], [json_false, 0], ['True', 1],
              ['true', 1], ['TRUE', 1],
              ['False', 0], ['false', 0], [[json_false], 0], [[], 1]) {
    my ($active, $want) = @$case;
    my %body = (userName => uniq('active'), active => $active);
    delete $body{active} if defined $active && $active eq 'missing';
    my $what = exists $body{active} ? encode($active) : 'absent';
    my $label = $what =~ /true|false/i ? 'P3' : 'P1';
    my $user = created(\%body, "$label: active $what");
    is_deeply $user->{active}, $want ? json_true : json_false, "$label: active $what is "
        . ($want ? 'true' : 'false');
    is row_of($user->{id})->{active}, $want, "$label: and so in the table, active $what";
}
for my $active ('maybe', 'yes', '1', 1, 0, {}, 'Truest', [json_true, json_false],
    { value => json_true }) {
    my $before = users();
    is_error post('/Users', { userName => uniq('active'), active => $active }), 400,
        'invalidValue', qr/active/,
        'P3: active ' . encode($active) . ' is no boolean';
    is users(), $before, 'P3: nobody is created with active ' . encode($active);
}

# ---- P2: what is ignored ----

for my $case (
    ['unknown attributes',           { favouriteColour => 'blue', nested => { a => [1, { b => undef }] }, 'x-y' => 1 }],
    ['attributes with odd names',    { '' => 1, '$ref' => 'x', 'a b' => 2, '__proto__' => {}, 'ä' => 'ö' }],
    ['an unknown schema',            { schemas => [$CORE, 'urn:example:2.0:Unknown'] }],
    ['a mistyped schema',            { schemas => ['urn:ietf:params:scim:schemas:core:2.0:Users'] }],
    ['a schema of SCIM 1.1',         { schemas => ['urn:scim:schemas:core:1.0'] }],
    ['a schema in capitals',         { schemas => [uc $CORE] }],
    ['no schemas',                   { schemas => undef }],
    ['an empty list of schemas',     { schemas => [] }],
    ['schemas as a string',          { schemas => $CORE }],
    ['the same schema twice',        { schemas => [$CORE, $CORE] }],
    ['the name of an extension that is not there', { schemas => [$CORE, $ENT] }],
    ['an unknown extension',         { schemas => [$CORE, 'urn:x:y'], 'urn:x:y' => { a => 1 } }],
    ['an unknown extension that is not named', { 'urn:x:y:2.0:User' => { a => 1 } }],
    ['meta',                         { meta => { resourceType => 'Group',
                                       created => '1999-01-01T00:00:00Z', location => 'http://x/',
                                       lastModified => 'never', version => 'W/"x"' } }],
    ['groups',                       { groups => [{ value => 'admins', display => 'Admins' }] }],
    ['nulls',                        { externalId => undef, displayName => undef, name => undef, emails => undef, title => undef,
                                       active => undef, roles => undef, $ENT => undef,
                                       meta => undef, password => undef }],
    ['empty arrays',                 { emails => [], roles => [], phoneNumbers => [], addresses => [], displayName => [] }],
    ['empty objects',                { name => {}, emails => [{}], $ENT => {} }],
    ['parts that are null',          { name => { givenName => undef, familyName => undef },
                                       emails => [{ type => 'work', value => undef }],
                                       $ENT => { manager => undef, department => undef } }],
    ['a password',                   { password => 't1meMa$heen' }],
    ['columns of the table',         { role => 'admin', organisation_id => 2, organisationId => 2, api_access => json_true,
                                       deleted_at => 'now', password_hash => 'x',
                                       username_key => 'x', scim_extra => { role => 'admin' } }],
) {
    my ($what, $more) = @$case;
    my $user = created({ schemas => [$CORE], userName => uniq('p2'), %$more }, "P2: $what");
    my @left = grep { !/^(?:id|schemas|userName|active|meta)$/ } keys %$user;
    is_deeply \@left, [], "P2: nothing of it is left: $what";
    is_deeply $user->{schemas}, [$CORE], "P2: schemas says what is there: $what";
    my $row = row_of($user->{id});
    is_deeply [@$row{qw(organisation_id role api_access password_hash deleted_at active)}],
        [1, 'user', 0, '!', undef, 1],
        "P2: nothing else in the row was reached: $what";
    unlike $row->{scim_extra}, qr/t1meMa|blue|admin/i, "P2: and nothing hides in the extras: $what";
}
{
    my $user = created({ userName => uniq('p2'), id => '1', externalId => uniq('e') },
        'P2: an id of the client');
    isnt $user->{id}, '1', 'P2: is ignored';
    cmp_ok $user->{meta}{created}, 'gt', '2020', 'P2: created is the time of the server';
    is $user->{meta}{resourceType}, 'User', 'P2: resourceType as well is the server\'s';
    $user = created({ schemas => [$CORE], userName => uniq('p2'),
        $ENT => { department => 'Sales' } },
        'P2: an extension that schemas does not name');
    is $user->{$ENT}{department}, 'Sales', 'P2: is stored';
    is_deeply [sort @{ $user->{schemas} }], [$CORE, $ENT], 'P2: and then schemas names it';
}

# ---- P3: spelling ----

{
    my $name = uniq('p3');
    my $user = created({ SCHEMAS => [$CORE], USERNAME => $name, ExternalID => "x-$name",
        DisplayName => 'D', NAME => { GIVENNAME => 'G',
        familyname => 'F' }, Emails => [{ TYPE => 'work', Value => "$name\@x.example",
        PRIMARY => 'True' }], Active => 'False',
        lc $ENT => { Department => 'Dep' } }, 'P3: names of attributes in any case');
    is_deeply [@$user{qw(userName externalId displayName active)}], [$name, "x-$name", 'D',
        json_false], 'P3: are understood';
    is_deeply $user->{name}, { givenName => 'G', familyName => 'F' }, 'P3: in a complex attribute';
    is_deeply $user->{emails}, [{ type => 'work', value => "$name\@x.example",
        primary => json_true }],
        'P3: in the elements of an array, and "True" is true';
    is_deeply $user->{$ENT}, { department => 'Dep' }, 'P3: in an extension';
    is_deeply [@{ row_of($user->{id}) }{qw(username external_id first_name last_name email active)}],
        [$name, "x-$name", 'G', 'F', "$name\@x.example", 0], 'P3: and in the table';

    $name = uniq('p3');
    $user = created({ userName => $name, emails => { type => 'work', value => "$name\@x.example" },
        phoneNumbers => { type => 'mobile', value => '1' }, roles => { value => 'r' } },
        'P3: an object for an array');
    is_deeply [map { $_->[0]{value} } @$user{qw(emails phoneNumbers roles)}], ["$name\@x.example",
        '1', 'r'],
        'P3: is an array of one element';

    $name = uniq('p3');
    $user = created({ "$CORE:userName" => $name, "$CORE:active" => 'False', "$CORE:title" => 'T',
        "$CORE:emails" => [{ type => 'work', value => "$name\@x.example" }],
        "$CORE:name" => { givenName => 'G' } },
        'P3: attributes with the core URN in front');
    is_deeply [@$user{qw(userName active title)}, $user->{emails}[0]{value},
        $user->{name}{givenName}],
        [$name, json_false, 'T', "$name\@x.example", 'G'], 'P3: are the plain attributes';
    $user = created({ userName => uniq('p3'), roles => [{ value => 'r', primary => 'True' }],
        phoneNumbers => [{ type => 'work', value => '2', primary => 'False' }] },
        'P3: booleans as strings');
    is_deeply $user->{roles}[0]{primary}, json_true, 'P3: are booleans wherever a boolean belongs';
    ok !$user->{phoneNumbers}[0]{primary}, 'P3: "False" is not true';
}

# ---- P4: what is no JSON object ----

for my $body ('', ' ', 'null', 'true', '5', '"userName"', '[]', '[{"userName":"x"}]', '{',
              '{"userName":', '{"userName":"x"',
              '{"userName":"x"}}', '{"userName":"x"} {"userName":"y"}', '{userName:"x"}',
              "{'userName':'x'}", '{"userName":"x",}',
              'userName=x', '<user/>') {
    my $before = users();
    is_error post('/Users', $body), 400, 'invalidSyntax', undef, "P4: not a JSON object: $body";
    is users(), $before, "P4: creates nobody: $body";
}

# ---- P5, P6 ----

{
    my $user = new_user(userName => 'Dup@contoso.com', externalId => 'dup-1');
    my $before = users();
    is_error post('/Users', { userName => $_, externalId => uniq('e') }), 409, 'uniqueness',
        qr/userName/,
        "P5: the name is taken: $_" for 'Dup@contoso.com', 'dup@contoso.com', 'DUP@CONTOSO.COM';
    is_error post('/Users', { userName => uniq('other'), externalId => 'dup-1' }), 409,
        'uniqueness', qr/externalId/,
        'P5: the externalId is taken';
    is users(), $before, 'P5: and nobody is created';
    is_resource post('/Users', { userName => uniq('other'), externalId => 'DUP-1' }), 201,
        'P5: an externalId in another case is another one';
    is_deeply get("/Users/$user->{id}")->json, $user, 'P5: the user that was there is as before';

    my %same = (userName => 'Dup@contoso.com', externalId => 'dup-1');
    is del("/Users/$user->{id}")->code, 204, 'P6: deleted';
    my $again = created(\%same, 'P6: the same POST after DELETE');
    is $again->{id}, $user->{id}, 'P6: has the same id when the externalId is the same';
    is del("/Users/$again->{id}")->code, 204, 'P6: deleted once more';
    my $other = created({ %same, externalId => 'dup-2' }, 'P6: the name under another externalId');
    isnt $other->{id}, $user->{id}, 'P6: is somebody else';
    is row_of($user->{id})->{external_id}, 'dup-1', 'P6: and the tombstone stays what it was';
}
{
    my $name = uniq('race');
    my @answer = parallel(map { ['POST', '/Users',
        { userName => $_ % 2 ? $name : uc $name }] } 1 .. 10);
    is join(' ', sort map { $_->code } @answer), '201' . ' 409' x 9,
        'P5: of ten POSTs at once one wins, the others are 409';
    is_error $_, 409, 'uniqueness', qr/userName/, 'P5: with the reason'
        for (grep { $_->code == 409 } @answer)[0];
    is db()->selectrow_array('SELECT count(*) FROM public.users WHERE username_key = lower(?)',
        undef, $name), 1,
        'P5: and there is one row';
}

# ---- V3: names of people ----

for my $name ('plain', 'a#b@contoso.com', "o'brien\@contoso.com", 'a+b@contoso.com',
              'Jürgen.Müller@contoso.com', 'ß@contoso.com',
              "\x{1F600}\@contoso.com", "\x{20BB7}\x{91CE}家\@contoso.com", 'has blank@contoso.com',
              'a"b@contoso.com', 'a\\b@contoso.com',
              'a/b@contoso.com', '%41@contoso.com', 'a&b=c?d@contoso.com', '<b>@contoso.com',
              'null', 'true', '42', "e\x{301}\@contoso.com",
              "\x{5E9}\x{5DC}\x{5D5}\x{5DD}\@contoso.com", 'x' x 255) {
    my $shown = length $name > 60 ? '255 letters' : $name;
    my $user = created({ userName => $name }, "V3: userName $shown");
    is $user->{userName}, $name, "V3: comes back as it was sent: $shown";
    is row_of($user->{id})->{username}, $name, "V3: and is stored so: $shown";
    my $json = encode($name);
    utf8::decode($json);
    is_deeply [map { $_->{id} } @{ get('/Users?filter=' . enc("userName eq $json"))->json->{Resources} }], [$user->{id}],
        "V3: and is found by filter: $shown";
}
for my $case (
    [userName => 'x' x 256], [externalId => 'x' x 256], ['emails[work]' => 'x' x 256],
) {
    my ($attr, $value) = @$case;
    my $before = users();
    my %body = (userName => uniq('long'),
        $attr =~ /emails/ ? (emails => [{ type => 'work', value => $value }]) : ($attr => $value));
    is_error post('/Users', \%body), 400, 'invalidValue', undef,
        "V3: $attr is longer than its column";
    is users(), $before, "V3: and nobody is created, $attr";
}
{
    my $name = uniq('number');
    my $res = post('/Users', { userName => $name, externalId => 12345 });
    if ($res->code == 201) {
        is_deeply get('/Users/' . $res->json->{id})->json->{externalId}, '12345',
            'V3: a number as externalId becomes a string';
    }
    else {
        is_error $res, 400, 'invalidValue', qr/externalId/, 'V3: a number as externalId is refused';
    }
    is created({ userName => uniq('e'), externalId => '' },
        'V3: an empty externalId')->{externalId}, undef, 'V3: is none';
    created({ userName => uniq('e'), externalId => '' },
        'V3: and is not taken by the second who has none');
}

done_testing;
