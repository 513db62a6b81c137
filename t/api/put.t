# PUT: the whole resource at once, as clients that read, change and write back
# send it.
use ScimTest;
use Time::HiRes qw(sleep);

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

scim_reset();

sub read_user { return get("/Users/$_[0]")->json }
sub text_of   { return get("/Users/$_[0]")->content }
sub applied   { return scalar grep { $_->{outcome} eq 'applied' } @{ events_of($_[0]) } }

# A user with something of everything.
sub rich {
    return new_user(
        displayName => 'Ann Lee', title => 'T', nickName => 'Annie',
        name => { givenName => 'Ann', familyName => 'Lee', middleName => 'M' },
        emails => [{ type => 'work', value => uniq('w') . '@contoso.com', primary => json_true() },
                   { type => 'home', value => 'h@example.com' }],
        phoneNumbers => [{ type => 'work', value => '1' }],
        addresses => [{ type => 'work', locality => 'Bern', primary => json_true() }],
        roles => [{ value => 'editor' }],
        ENT, { department => 'D', manager => { value => '7' } }, @_);
}

# ---- V16: what was read can be written back ----

for my $case (['a rich user', rich()], ['a bare user', new_user(externalId => undef)],
              ['an inactive user', rich(active => json_false())]) {
    my ($what, $user) = @$case;
    my $id = $user->{id};
    my $text = text_of($id);
    sleep 0.01;
    my $res = put("/Users/$id", $text);
    is_resource $res, 200, "V16: the bytes of GET are a good PUT, $what";
    is $res->content, $text, "V16: the answer is the same resource, $what";
    is text_of($id), $text, "V16: and so is the next GET, lastModified included, $what";
    is applied($id), 1, "V16: nothing happened, $what";
}

# ---- W1: GET, modify, PUT ----

{
    my $user = rich();
    my $id = $user->{id};
    my $body = read_user($id);
    $body->{title} = 'Changed';
    $body->{name}{givenName} = 'Bea';
    is_resource put("/Users/$id", $body), 200, 'W1: read, changed, written back';
    my $got = read_user($id);
    is_deeply [$got->{title}, $got->{name}], ['Changed', { givenName => 'Bea', familyName => 'Lee', middleName => 'M' }],
        'W1: the changes are there';
    delete @$_{qw(title name meta)} for $got, $body;
    is_deeply $got, $body, 'W1: and nothing else is different';

    my $other = new_user();
    $body = read_user($id);
    my %foreign = (
        id => $other->{id}, groups => [{ value => '1', display => 'Admins' }], password => '1mz050nq',
        meta => { resourceType => 'Group', created => '2001-01-01T00:00:00Z', lastModified => 'never',
                  location => 'https://elsewhere.example/Users/1', version => 'W/"x"' },
        favouriteColour => 'blue', 'urn:example:extension:2.0:User' => { a => 1 },
        schemas => ['urn:example:extension:2.0:User', CORE, 'urn:example:what'],
    );
    my ($before, $theirs) = (text_of($id), text_of($other->{id}));
    for my $key (sort keys %foreign) {
        is_resource put("/Users/$id", { %$body, $key => $foreign{$key} }), 200, "W1: another $key is passed over";
    }
    is_resource put("/Users/$id", { %$body, %foreign }), 200, 'W1: all of them at once';
    is text_of($id), $before, 'W1: nothing has changed';
    is text_of($other->{id}), $theirs, 'W1: nor at the user whose id stood in the body';
    for my $key (qw(id meta groups schemas)) {
        is_resource put("/Users/$id", { %$body, $key => undef }), 200, "W1: $key may be null";
        my %less = %$body;
        delete $less{$key};
        is_resource put("/Users/$id", \%less), 200, "W1: $key may be missing";
    }
    is text_of($id), $before, 'W1: nothing has changed by that';
    is_resource put("/Users/$id/", $body), 200, 'W1: with a slash at the end';
}

# ---- W2: deactivation, and what is not in the body ----

{
    my $user = rich();
    my $id = $user->{id};
    for my $value (json_false(), 'False', 'false') {
        my $shown = encode($value);
        is_resource put("/Users/$id", { %{ read_user($id) }, active => json_true() }), 200, 'W2: activation';
        is row_of($id)->{active}, 1, 'W2: is done';
        is_resource put("/Users/$id", { %{ read_user($id) }, active => $value }), 200, "W2: active $shown";
        is row_of($id)->{active}, 0, "W2: deactivates by $shown";
    }
    for my $state (json_false(), json_true()) {
        put("/Users/$id", { %{ read_user($id) }, active => $state });
        my %body = %{ read_user($id) };
        delete $body{active};
        $body{title} = uniq('t');
        is_resource put("/Users/$id", \%body), 200, 'W2: a body without active';
        is_deeply read_user($id)->{active}, $state, 'W2: keeps it at ' . encode($state);
        is read_user($id)->{title}, $body{title}, 'W2: and changes the rest';
        is_resource put("/Users/$id", { %body, active => undef }), 200, 'W2: active null';
        is_deeply read_user($id)->{active}, $state, 'W2: is the same as absent, at ' . encode($state);
    }

    # what the body leaves out is cleared, except externalId
    is_resource put("/Users/$id", { schemas => [CORE], userName => $user->{userName} }), 200,
        'W2: a body with userName alone';
    my $got = read_user($id);
    is_deeply [sort keys %$got], [sort qw(schemas id externalId meta userName active)],
        'W2: clears what is optional';
    is $got->{externalId}, $user->{externalId}, 'W2: but keeps externalId';
    is_deeply $got->{schemas}, [CORE], 'W2: and only the core schema is left';
    my $row = row_of($id);
    is_deeply [@$row{qw(email first_name last_name external_id)}], [undef, undef, undef, $user->{externalId}],
        'W2: in the row as well';
    is $row->{password_hash}, '!', 'W2: what is not mapped is not touched';

    my $ext = uniq('ext');
    is_resource put("/Users/$id", { userName => $user->{userName}, externalId => $ext }), 200,
        'W2: another externalId';
    is row_of($id)->{external_id}, $ext, 'W2: replaces it';
    is_resource put("/Users/$id", { userName => $user->{userName}, name => { familyName => 'Only' } }), 200,
        'W2: a part of the name';
    is_deeply read_user($id)->{name}, { familyName => 'Only' }, 'W2: is the name';
    is_resource put("/Users/$id", { userName => $user->{userName}, name => { givenName => 'Other' } }), 200,
        'W2: the other part';
    is_deeply read_user($id)->{name}, { givenName => 'Other' }, 'W2: replaces the first';
    is_resource put("/Users/$id", { userName => $user->{userName},
        emails => [{ type => 'home', value => 'h2@example.com' }] }), 200, 'W2: a list';
    is_deeply read_user($id)->{emails}, [{ type => 'home', value => 'h2@example.com' }], 'W2: is the list';
    is_resource put("/Users/$id", { userName => $user->{userName}, emails => [], name => {}, title => '',
        nickName => undef, phoneNumbers => [], ENT, {} }), 200, 'W2: empty values';
    is_deeply [grep { !/^(?:schemas|id|externalId|meta|userName|active)$/ } keys %{ read_user($id) }], [],
        'W2: are none';
}

# ---- an extension that is no object is not one without data ----

{
    my $user = rich();
    my $id = $user->{id};
    my $text = text_of($id);
    for my $value ('x', 5, json_true(), [{ department => 'E' }, {}], ['x']) {
        is_error put("/Users/$id", { userName => $user->{userName}, ENT, $value }), 400, 'invalidValue',
            qr/^the value of \Q${\ENT}\E must be an object/, 'an extension cannot be ' . encode($value);
        is text_of($id), $text, 'and nothing is cleared by it';
        is_error post('/Users', { userName => uniq('x'), ENT, $value }), 400, 'invalidValue',
            qr/^the value of \Q${\ENT}\E must be an object/, 'nor in a POST';
    }
    is_resource put("/Users/$id", { userName => $user->{userName}, ENT, [{ department => 'E' }] }), 200,
        'in an array of one';
    is_deeply read_user($id)->{+ENT}, { department => 'E' }, 'an extension is itself';
}

# ---- W3: what is refused ----

{
    my $user = rich();
    my $other = new_user();
    my $id = $user->{id};
    my ($before, $n) = (text_of($id), applied($id));
    my $body = read_user($id);
    for my $case (['missing', {}], ['null', { userName => undef }], ['empty', { userName => '' }],
                  ['no string', { userName => { a => 1 } }]) {
        my ($what, $more) = @$case;
        my %new = (%$body, title => 'half', %$more);
        delete $new{userName} unless exists $more->{userName};
        is_error put("/Users/$id", \%new), 400, 'invalidValue', qr/userName/i, "W3: userName $what";
    }
    is_error put("/Users/$id", { %$body, userName => uc $other->{userName} }), 409, 'uniqueness',
        qr/userName/i, 'W3: a userName that is taken';
    is_error put("/Users/$id", { %$body, externalId => $other->{externalId} }), 409, 'uniqueness',
        qr/externalId/i, 'W3: an externalId that is taken';
    is_error put("/Users/$id", { %$body, active => 'maybe' }), 400, 'invalidValue', qr/active/i,
        'W3: an active that is no boolean';
    for my $bytes ('', '{', '[]', '"x"', 'null', '{"userName":"x"', "{\"userName\":\"\xff\"}") {
        is_error put("/Users/$id", $bytes), 400, 'invalidSyntax', undef,
            'W3: a body that is no JSON object: ' . ($bytes =~ s/[^ -~]/?/gr || '(nothing)');
    }
    is text_of($id), $before, 'W3: nothing has changed';
    is applied($id), $n, 'W3: and there is no event of a change';

    my $users = sub { db()->selectrow_array('SELECT count(*) FROM public.users') };
    my $count = $users->();
    for my $gone ('987654321', '0', 'x', '007', '99999999999999999999') {
        is_error put("/Users/$gone", { userName => uniq('new') . '@contoso.com' }), 404, undef, undef,
            "W3: there is no user $gone";
    }
    my $deleted = new_user();
    is del("/Users/$deleted->{id}")->code, 204, 'W3: a user is deleted';
    is_error put("/Users/$deleted->{id}", $deleted), 404, undef, undef, 'W3: and does not come back by PUT';
    is_error scim_b('PUT', "/Users/$id", $body), 404, undef, undef, 'W3: nor can another organisation reach one';
    is $users->(), $count + 1, 'W3: PUT made nobody';
    is text_of($id), $before, 'W3: and changed nobody';

    # success
    my $name = uniq('renamed') . '@contoso.com';
    my $res = put("/Users/$id", { %$body, userName => $name });
    is_resource $res, 200, 'W3: success is 200 with the resource';
    is_deeply $res->json, read_user($id), 'W3: as GET shows it';
    is $res->json->{id}, $id, 'W3: renaming keeps the id';
    is row_of($id)->{username}, $name, 'W3: the row is renamed';
    is put("/Users/$id", { %$body, userName => uc $name })->json->{userName}, uc $name,
        'W3: and the case alone may change';
    is_resource put("/Users/$id", { USERNAME => $name, DisplayName => 'D', 'Name' => { GIVENNAME => 'G' } }), 200,
        'W3: names in another case';
    my $got = read_user($id);
    is_deeply [$got->{userName}, $got->{displayName}, $got->{name}{givenName}], [$name, 'D', 'G'],
        'W3: mean the same';
    is_resource put("/Users/$id", encode({ userName => $name, title => 'J' }), content_type => 'application/json'),
        200, 'W3: as application/json';
    is read_user($id)->{title}, 'J', 'W3: too';
}

done_testing;
