# What the schema says of an attribute holds in POST, PUT and PATCH alike: its type,
# one primary value, no value twice, canonical values as suggestions. Mutability
# and the rest, for which the built-in schemas have no attribute, are in
# t/unit/mutability.c.
use ScimTest;

use constant ENT => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

scim_reset();

sub op { my ($op, $path, $value) = @_; return { op => $op, defined $path ? (path => $path) : (), value => $value } }

# Each way to write ATTR: what it is called, and what does it to a new user who
# has some value already; the answer and a way to read back.
sub ways {
    my ($attr, $value) = @_;
    my $fresh = { userName => uniq('r') . '@contoso.com' };
    my $user = new_user(title => 'before');
    my $id = $user->{id};
    return (
        [POST => sub { post('/Users', { %$fresh, $attr => $value }) }, undef],
        [PUT => sub { put("/Users/$id", { %$user, $attr => $value }) }, $id],
        ['PATCH add' => sub { patch("/Users/$id", { Operations => [op('add', $attr, $value)] }) }, $id],
        ['PATCH replace' => sub { patch("/Users/$id", { Operations => [op('replace', $attr, $value)] }) }, $id],
        ['PATCH without path' => sub { patch("/Users/$id", { Operations => [op('replace', undef, { $attr => $value })] }) }, $id],
    );
}

# ---- types ----

for my $case (
    ['a string that is a number', 'title', 7, qr/title must be a string/],
    ['a string that is an object', 'title', { a => 1 }, qr/title must be a string/],
    ['a boolean that is a number', 'active', 1, qr/active must be true or false/],
    ['a boolean that is a word', 'active', 'on', qr/active must be true or false/],
    ['a complex value that is a string', 'name', 'Joy', qr/name must be an object/],
    ['a part of the wrong type', 'name', { givenName => 7 }, qr/name\.givenName must be a string/],
    ['an element that is a number', 'addresses', [7], qr/addresses must be an object/],
    ['a primary that is none', 'emails', [{ value => 'a@x', primary => 'first' }], qr/emails\.primary must be true/],
    ['a certificate with a blank', 'x509Certificates', [{ value => 'QU JD' }], qr/x509Certificates\.value must be base64/],
    ['a certificate that is cut', 'x509Certificates', [{ value => 'QUJDR' }], qr/x509Certificates\.value must be base64/],
    ['a certificate with too much padding', 'x509Certificates', [{ value => 'QUJD=' }], qr/must be base64/],
    ['a reference on two lines', 'profileUrl', "https://x.example/\nb", qr/profileUrl must be a URI/],
    ['a reference that is a number', 'profileUrl', 7, qr/profileUrl must be a URI/],
) {
    my ($what, $attr, $value, $detail) = @$case;
    for my $way (ways($attr, $value)) {
        my ($name, $do, $id) = @$way;
        my $before = defined $id ? get("/Users/$id")->content : undef;
        my ($count) = db()->selectrow_array('SELECT count(*) FROM public.users');
        is_error $do->(), 400, 'invalidValue', $detail, "$name: $what";
        is get("/Users/$id")->content, $before, "$name: $what: nothing is changed" if defined $id;
        is db()->selectrow_array('SELECT count(*) FROM public.users'), $count, "$name: $what: nobody is made";
    }
}

# ---- values as they come ----

# What is written, and what is read back (the same, unless said).
for my $case (
    ['a certificate', 'x509Certificates', [{ value => 'QUI=' }]],
    ['a certificate without padding', 'x509Certificates', [{ value => 'QUI' }]],
    ['a URL', 'profileUrl', 'https://x.example/%7Ejoy?a=b#c'],
    ['a relative reference', 'profileUrl', '../joy'],
    ['a reference with a blank', 'profileUrl', 'https://x.example/a b'],
    ['a type of nobody\'s list', 'emails', [{ type => 'boat', value => 'boat@x.example' }]],
    ['a type in other letters', 'phoneNumbers', [{ type => 'MOBILE', value => '1' }]],
    ['two primary values', 'phoneNumbers',
        [{ type => 'work', value => '1', primary => json_true }, { type => 'home', value => '2', primary => 'True' }],
        [{ type => 'work', value => '1', primary => json_true }, { type => 'home', value => '2' }]],
    ['the same twice', 'phoneNumbers',
        [{ type => 'work', value => '1' }, { type => 'home', value => '1' }, { type => 'Work', value => '1', display => 'W' }],
        [{ type => 'Work', value => '1', display => 'W' }, { type => 'home', value => '1' }]],
    ['the same address twice', 'addresses', [({ type => 'work', locality => 'Zurich' }) x 2],
        [{ type => 'work', locality => 'Zurich' }]],
    ['a work address beside another that is primary', 'emails',
        [{ type => 'work', value => 'w@x.example', primary => json_true }, { type => 'home', value => 'h@x.example', primary => json_true }],
        [{ type => 'work', value => 'w@x.example', primary => json_true }, { type => 'home', value => 'h@x.example' }]],
) {
    my ($what, $attr, $value, $want) = @$case;
    for my $way (ways($attr, $value)) {
        my ($name, $do) = @$way;
        my $res = $do->();
        is_resource $res, $name eq 'POST' ? 201 : 200, "$name: $what";
        is_deeply get("/Users/" . $res->json->{id})->json->{$attr}, $want // $value, "$name: $what: as read back";
    }
}

# ---- primary moves ----

{
    my $id = new_user(emails => [{ type => 'work', value => 'w@x.example', primary => json_true },
                                 { type => 'home', value => 'h@x.example' }, { type => 'other', value => 'o@x.example' }])->{id};
    my $primary = sub { join ' ', map { $_->{type} } grep { $_->{primary} } @{ get("/Users/$id")->json->{emails} } };
    is $primary->(), 'work', 'primary: work at first';
    for my $case (['home', op('replace', 'emails[type eq "home"].primary', 'True')],
                  ['other', op('add', 'emails[type eq "other"]', { primary => json_true })],
                  ['work', op('add', 'emails[type eq "work"].primary', json_true)],
                  ['home', op('add', 'emails', [{ type => 'home', value => 'h@x.example', primary => json_true }])],
                  ['boat', op('add', 'emails', [{ type => 'boat', value => 'b@x.example', primary => json_true }])],
                  ['work', op('replace', undef, { 'emails[type eq "work"].primary' => json_true })]) {
        my ($type, $op) = @$case;
        is_resource patch("/Users/$id", { Operations => [$op] }), 200, "primary: moves to $type";
        is $primary->(), $type, "primary: is $type alone";
    }
    is_resource patch("/Users/$id", { Operations => [op('replace', 'emails[type eq "work"].primary', json_false)] }), 200,
        'primary: none';
    is $primary->(), '', 'primary: nobody is';
    # an element that becomes like another is that one
    is_resource patch("/Users/$id", { Operations => [op('replace', 'emails[type eq "boat"]',
        { type => 'home', value => 'H@x.example' })] }), 200, 'an address becomes like another';
    is join(' ', map { $_->{type} } @{ get("/Users/$id")->json->{emails} }), 'work home other', 'and is there once';
}

# ---- what only the server sets ----

{
    my $made = post('/Users', { userName => uniq('r'), id => '7', groups => [{ value => 'g' }], schemas => ['urn:x'],
        meta => { version => 'W/"x"', resourceType => 'X', created => '2000-01-01T00:00:00Z' },
        ENT, { manager => { value => '7', displayName => 'M' } } });
    is_resource $made, 201, 'POST: passes over what is the server\'s';
    my $user = $made->json;
    isnt $user->{id}, '7', 'POST: the id is the server\'s';
    is $user->{groups}, undef, 'POST: so are groups';
    is_deeply $user->{ENT()}, { manager => { value => '7' } }, 'POST: and the name of the manager';
    is $user->{meta}{lastModified}, $user->{meta}{created}, 'meta.lastModified is meta.created at first';
    is $user->{meta}{resourceType}, 'User', 'meta.resourceType is that of the endpoint';
    my $id = $user->{id};
    for my $op (op('replace', 'id', '8'), op('add', 'meta.version', 'W/"y"'), op('replace', 'groups', []),
                op('replace', 'schemas', ['urn:y']), op('add', 'groups', [{ value => 'g' }]),
                op('replace', undef, { id => '8', meta => { version => 'W/"y"' }, groups => [] }),
                op('replace', ENT . ':manager.displayName', 'N')) {
        is_resource patch("/Users/$id", { Operations => [$op] }), 200, 'PATCH: passes over ' . encode($op);
        is get("/Users/$id")->content, $made->content, 'PATCH: and changes nothing';
    }
    is_resource put("/Users/$id", { %$user, id => '8', meta => { version => 'W/"y"' } }), 200, 'PUT: passes over them too';
    is get("/Users/$id")->content, $made->content, 'PUT: and changes nothing';
}

done_testing;
