# PATCH, operation by operation: what op, path and value may look like, in what
# order they take effect, and what is refused.
use ScimTest;

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub ops {
    my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops });
}

# op(OP, PATH or undef [, VALUE])
sub op {
    my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (),
             @value ? (value => $value[0]) : () };
}

sub read_user { return get("/Users/$_[0]")->json }
sub text_of   { return get("/Users/$_[0]")->content }

# The elements of a multi-valued attribute with this type.
sub typed {
    my ($user, $attr, $type) = @_;
    return grep { ($_->{type} // '') eq $type } @{ $user->{$attr} || [] };
}

sub first_of { my ($first) = typed(@_); return $first || {} }

sub is_false { return JSON::PP::is_bool($_[0]) && !$_[0] }
sub is_true  { return JSON::PP::is_bool($_[0]) && $_[0] }

# ---- A1: the message ----

{
    my $user = new_user();
    my $id = $user->{id};
    for my $op (qw(add Add ADD aDD replace Replace REPLACE)) {
        is_resource ops($id, op($op, 'title', "by $op")), 200, "A1: \"op\":\"$op\" is accepted";
        is read_user($id)->{title}, "by $op", "A1: and \"$op\" took effect";
    }
    for my $op (qw(remove Remove REMOVE)) {
        ops($id, op('add', 'title', 'to go'));
        is_resource ops($id, op($op, 'title')), 200, "A1: \"op\":\"$op\" is accepted";
        ok !exists read_user($id)->{title}, "A1: and \"$op\" took effect";
    }
    for my $name (qw(Operations operations OPERATIONS)) {
        is_resource patch("/Users/$id", { schemas => [PATCH_OP],
            $name => [op('replace', 'nickName', "in $name")] }),
            200, "A1: the list may be called \"$name\"";
        is read_user($id)->{nickName}, "in $name", "A1: and \"$name\" took effect";
    }
    my $before = text_of($id);
    my $res = ops($id);
    is_resource $res, 200, 'A1: an empty list of operations is fine';
    is text_of($id), $before, 'A1: and changes nothing';

    for my $case (
        ['no schemas', {}],
        ['schemas null', { schemas => undef }],
        ['schemas in another case', { schemas => [lc PATCH_OP] }],
        ['a foreign URN in schemas', { schemas => ['urn:example:other'] }],
        ['more members', { schemas => [PATCH_OP], id => '7', externalId => 'x', comment => { a => [1] } }],
    ) {
        my ($what, $more) = @$case;
        my $title = uniq('title');
        is_resource patch("/Users/$id", { %$more, Operations => [op('replace', 'title', $title)] }),
            200, "A1: a request with $what is accepted";
        is read_user($id)->{title}, $title, "A1: and applied, with $what";
    }
    my $title = uniq('title');
    is_resource ops($id, { %{ op('replace', 'title', $title) }, name => 'x', $user->{id} => 1,
                           comment => undef, '$ref' => {} }),
        200, 'A1: more members in an operation are ignored';
    is read_user($id)->{title}, $title, 'A1: and the operation is done';
    is read_user($id)->{externalId}, $user->{externalId},
        'A1: externalId beside the operations is no change';

    # all that is behind here is in front elsewhere, and the other way round
    is_resource patch("/Users/$id", '{"Operations":[{"value":{"primary":"True","value":"w@x.example","type":"work"},'
        . '"path":"emails","op":"add"},{"value":"last","op":"replace","path":"title"}],"schemas":["' . PATCH_OP . '"]}'),
        200, 'A1: members may come in any order';
    my $got = read_user($id);
    is_deeply [@$got{qw(emails title)}], [[{ type => 'work', value => 'w@x.example', primary => json_true() }], 'last'],
        'A1: and mean the same';
}

# ---- A2: in order, and judged at the end ----

{
    my $user = new_user(title => 'before');
    my $id = $user->{id};
    is_resource ops($id, op('replace', 'title', 'one'), op('replace', 'title', 'two')), 200,
        'A2: one attribute twice';
    is read_user($id)->{title}, 'two', 'A2: the later operation wins';

    ops($id, op('remove', 'title'), op('add', 'title', 'three'));
    is read_user($id)->{title}, 'three', 'A2: removed, then added: it is there';
    ops($id, op('add', 'title', 'four'), op('remove', 'title'));
    ok !exists read_user($id)->{title}, 'A2: added, then removed: it is gone';

    is_resource ops($id,
        op('add', 'emails', [{ type => 'home', value => 'first@home.example' }]),
        op('replace', 'emails[type eq "home"].value', 'second@home.example'),
        op('add', 'emails[value eq "second@home.example"].display', 'At home')), 200,
        'A2: later operations address what earlier ones made';
    is_deeply [typed(read_user($id), 'emails', 'home')],
        [{ type => 'home', value => 'second@home.example', display => 'At home' }],
        'A2: which is one element';

    my $name = uniq('renamed') . '@contoso.com';
    is_resource ops($id, op('remove', 'userName'), op('add', 'userName', $name)), 200,
        'A2: a required attribute may be gone in between';
    is read_user($id)->{userName}, $name, 'A2: it counts what is there at the end';
    my $other = uniq('renamed') . '@contoso.com';
    is_resource ops($id, op('replace', 'userName', ''), op('replace', 'userName', $other)), 200,
        'A2: emptied in between, too';
    is row_of($id)->{username}, $other, 'A2: and the row has the last name';
    is_resource ops($id, op('replace', 'userName', 'x'), op('replace', 'userName', undef),
        op('replace', 'userName', $name)), 200, 'A2: null in between, too';
    is row_of($id)->{username}, $name, 'A2: the row has that name';

    my $before = text_of($id);
    is_error ops($id, op('replace', 'title', 'half'), op('replace', 'active', 'maybe')),
        400, 'invalidValue', undef, 'A2: one refused operation refuses the request';
    is text_of($id), $before, 'A2: and nothing of it was done';
}

# ---- A3: add and replace are one ----

{
    my $user = new_user(name => { givenName => 'Ann', familyName => 'Lee' }, title => 'old');
    my $id = $user->{id};
    for my $case (
        # path, value, what reads it from the resource
        ['title', 'new', sub { $_[0]{title} }],
        ['name.givenName', 'Bea', sub { $_[0]{name}{givenName} }],
        ['externalId', uniq('ext'), sub { $_[0]{externalId} }],
        ['userName', uniq('name') . '@contoso.com', sub { $_[0]{userName} }],
        ['displayName', 'Bea Lee', sub { $_[0]{displayName} }],
        [ENT . ':department', 'Sales', sub { $_[0]{+ENT}{department} }],
        ['emails[type eq "work"].value', 'bea@contoso.com',
         sub { first_of($_[0], 'emails', 'work')->{value} }],
    ) {
        my ($path, $value, $read) = @$case;
        my $absent = !defined $read->(read_user($id));
        for my $op ($absent ? 'replace' : 'add', 'add', 'replace') {
            is_resource ops($id, op($op, $path, $value)), 200,
                "A3: $op of $path" . ($absent ? ' that is absent' : ' that is there');
            is $read->(read_user($id)), $value, "A3: $path has the value after $op";
            $absent = 0;
        }
        my $before = text_of($id);
        is_resource ops($id, op('add', $path, $value)), 200, "A3: $path once more is success";
        is text_of($id), $before, "A3: and changes nothing of $path";
    }
    is read_user($id)->{name}{familyName}, 'Lee', 'A3: the family name was not touched';
}

# ---- A3: lists ----

{
    my @old = ({ type => 'work', value => 'w@contoso.com', display => 'Work', primary => json_true() },
               { type => 'home', value => 'h@example.com', display => 'Home' });
    my $sorted = sub { [sort { encode($a) cmp encode($b) } @_] };
    for my $case (
        # what, operation, the list afterwards
        ['add of a list', op('add', 'emails', [{ type => 'other', value => 'o@example.com' }]),
         @old, { type => 'other', value => 'o@example.com' }],
        ['add of one object', op('Add', 'emails', { type => 'other', value => 'o@example.com' }),
         @old, { type => 'other', value => 'o@example.com' }],
        ['add of what is there', op('add', 'emails', [$old[1]]), @old],
        ['add of two, one of them there', op('add', 'emails', [$old[1], { type => 'other', value => 'o@example.com' }]),
         @old, { type => 'other', value => 'o@example.com' }],
        ['add of another work address', op('add', 'emails', [{ type => 'work', value => 'new@contoso.com' }]),
         $old[1], { type => 'work', value => 'new@contoso.com' }],
        ['add of a new primary', op('add', 'emails', [{ type => 'other', value => 'o@example.com', primary => 'True' }]),
         { type => 'work', value => 'w@contoso.com', display => 'Work' }, $old[1],
         { type => 'other', value => 'o@example.com', primary => json_true() }],
        ['replace by a list', op('replace', 'emails', [{ type => 'other', value => 'o@example.com' }]),
         { type => 'other', value => 'o@example.com' }],
        ['replace by one object', op('Replace', 'emails', { type => 'work', value => 'n@contoso.com' }),
         { type => 'work', value => 'n@contoso.com' }],
        ['replace by the same', op('replace', 'emails', [@old]), @old],
        ['replace of one element', op('replace', 'emails[type eq "home"]', { type => 'home', value => 'h2@example.com' }),
         $old[0], { type => 'home', value => 'h2@example.com' }],
        ['replace of one value', op('replace', 'emails[type eq "work"].value', 'n@contoso.com'),
         { %{ $old[0] }, value => 'n@contoso.com' }, $old[1]],
        ['an element found by its value', op('replace', 'emails[value eq "H@example.com"].value', 'h2@example.com'),
         $old[0], { %{ $old[1] }, value => 'h2@example.com' }],
        ['removal of one', op('remove', 'emails[type eq "home"]'), $old[0]],
        ['removal of the mapped one', op('remove', 'emails[value eq "w@contoso.com"]'), $old[1]],
    ) {
        my ($what, $op, @want) = @$case;
        my $id = new_user(emails => \@old)->{id};
        # found by a value that then is another, it would be made anew
        for my $round ('once', $what =~ /found by/ ? () : 'twice') {
            is_resource ops($id, $op), 200, "A3: $what, $round";
            my $got = read_user($id)->{emails} || [];
            delete $_->{primary} for grep { JSON::PP::is_bool($_->{primary}) && !$_->{primary} } @$got;
            # an element that replaces may keep what it does not say
            if ($what =~ /^add of another|^replace of one element/) {
                is_deeply $sorted->(map { [@$_{qw(type value)}] } @$got),
                    $sorted->(map { [@$_{qw(type value)}] } @want), "A3: the list is right after $what, $round";
            }
            else {
                is_deeply $sorted->(@$got), $sorted->(@want), "A3: the list is right after $what, $round";
            }
            my ($work) = grep { $_->{type} eq 'work' } @want;
            is row_of($id)->{email}, $work && $work->{value}, "A3: so is the column after $what, $round";
        }
    }
}

# ---- A4: without path the keys are paths ----

{
    my %name = (givenName => 'Ann', familyName => 'Lee');
    for my $op ('add', 'replace', 'Add', 'Replace') {
        my $id = new_user(name => { %name }, ENT, { costCenter => 'C1' })->{id};
        for my $case (
            ['an attribute', { title => "T $op" }, sub { $_[0]{title} }, "T $op"],
            ['an attribute in another case', { NICKNAME => 'Nick' }, sub { $_[0]{nickName} }, 'Nick'],
            ['a dotted key', { 'name.givenName' => 'Bea' }, sub { $_[0]{name} },
             { %name, givenName => 'Bea' }],
            ['an object that merges', { name => { givenName => 'Cia' } }, sub { $_[0]{name} },
             { %name, givenName => 'Cia' }],
            ['an extension', { ENT, { department => 'D1' } }, sub { $_[0]{+ENT} },
             { costCenter => 'C1', department => 'D1' }],
            ['a key URN:attr', { ENT . ':department' => 'D2' }, sub { $_[0]{+ENT} },
             { costCenter => 'C1', department => 'D2' }],
            ['a key URN:attr.sub', { ENT . ':manager.value' => '4711' },
             sub { $_[0]{+ENT}{manager}{value} }, '4711'],
            ['a key with the core URN', { CORE . ':title' => 'core' }, sub { $_[0]{title} }, 'core'],
            ['a key with the core URN and a dot', { CORE . ':name.givenName' => 'Dia' },
             sub { $_[0]{name} }, { %name, givenName => 'Dia' }],
            ['a filtered key', { 'emails[type eq "work"].value' => 'dia@contoso.com' },
             sub { first_of($_[0], 'emails', 'work')->{value} }, 'dia@contoso.com'],
            ['a filtered key of what is absent', { 'phoneNumbers[type eq "mobile"].value' => '+1 555' },
             sub { $_[0]{phoneNumbers} }, [{ type => 'mobile', value => '+1 555' }]],
            ['a boolean in words', { active => 'False' }, sub { $_[0]{active} }, json_false()],
        ) {
            my ($what, $value, $read, $want) = @$case;
            is_resource ops($id, op($op, undef, $value)), 200, "A4: $op without path, $what";
            is_deeply $read->(read_user($id)), $want, "A4: $op applied $what";
        }
        my $name = uniq('all') . '@contoso.com';
        is_resource ops($id, op($op, undef, {
            id => '999', userName => $name, displayName => 'All', active => json_true(),
            'name.familyName' => 'Day', ENT . ':employeeNumber' => '17',
            'emails[type eq "home"].value' => 'all@home.example', unknown => 1 })), 200,
            "A4: $op without path, many keys";
        my $got = read_user($id);
        is_deeply [@$got{qw(id userName displayName)}, $got->{name}{familyName},
                   $got->{+ENT}{employeeNumber}, map({ $_->{value} } typed($got, 'emails', 'home'))],
            [$id, $name, 'All', 'Day', '17', 'all@home.example'],
            "A4: $op set all of them, and not the id";
        ok is_true($got->{active}), "A4: $op set the boolean";
    }

    my $id = new_user(phoneNumbers => [{ type => 'work', value => '1' }])->{id};
    ops($id, op('add', undef, { phoneNumbers => [{ type => 'home', value => '2' }] }));
    is_deeply [sort map { $_->{value} } @{ read_user($id)->{phoneNumbers} }], ['1', '2'],
        'A4: add without path appends to a list';
    ops($id, op('replace', undef, { phoneNumbers => [{ type => 'fax', value => '3' }] }));
    is_deeply read_user($id)->{phoneNumbers}, [{ type => 'fax', value => '3' }],
        'A4: replace without path replaces it';

    my $before = text_of($id);
    for my $value ('x', 5, ['title'], json_true()) {
        my $res = ops($id, op('replace', undef, $value));
        is_error $res, 400, $res->json->{scimType}, undef,
            'A4: without path the value must be an object, not ' . encode($value);
    }
    is text_of($id), $before, 'A4: and nothing was changed';
}

# ---- A6: booleans ----

{
    my $id = new_user()->{id};
    for my $case (
        [json_false(), 0], [json_true(), 1], ['False', 0], ['True', 1], ['false', 0], ['true', 1],
        [[json_false()], 0], [['True'], 1], [['False'], 0], [[json_true()], 1],
    ) {
        my ($value, $want) = @$case;
        my $shown = encode($value);
        for my $path ('active', undef) {
            ops($id, op('replace', 'active', $want ? json_false() : json_true()));
            is_resource ops($id, op('replace', $path, defined $path ? $value : { active => $value })),
                200, "A6: $shown is a boolean, " . ($path ? 'with path' : 'without path');
            my $got = read_user($id)->{active};
            ok(($want ? is_true($got) : is_false($got)), "A6: $shown is what is read");
            is row_of($id)->{active}, $want, "A6: $shown is in the row";
        }
    }
    ops($id, op('replace', 'active', json_true()));
    my $before = text_of($id);
    for my $value ('maybe', 'yes', '0', '1', 0, 1, 'Falsch', ' false', { value => json_false() },
                   [json_false(), json_true()], ['maybe']) {
        for my $path ('active', undef) {
            is_error ops($id, op('replace', $path, defined $path ? $value : { active => $value })),
                400, 'invalidValue', qr/active/i,
                'A6: ' . encode($value) . ' is none, ' . ($path ? 'with path' : 'without path');
        }
    }
    is text_of($id), $before, 'A6: and nothing was changed';
    is row_of($id)->{active}, 1, 'A6: the user is active';
    ops($id, op('add', 'emails', [{ type => 'home', value => 'h@example.com', primary => 'True' }]));
    ok is_true(first_of(read_user($id), 'emails', 'home')->{primary}),
        'A6: "True" inside an element is a boolean as well';
}

# ---- A8: clearing ----

{
    for my $empty ('', undef) {
        my $shown = encode($empty);
        for my $op ('add', 'replace') {
            my $id = new_user(title => 'T', name => { givenName => 'Ann', familyName => 'Lee' },
                emails => [{ type => 'work', value => 'ann@contoso.com' }])->{id};
            for my $case (
                ['title', sub { $_[0]{title} }],
                ['name.givenName', sub { $_[0]{name}{givenName} }],
                ['externalId', sub { $_[0]{externalId} }],
                ['emails[type eq "work"].value', sub { $_[0]{emails} }],
                ['nickName', sub { $_[0]{nickName} }],
                ['emails[type eq "home"].value', sub { $_[0]{emails} }],
            ) {
                my ($path, $read) = @$case;
                is_resource ops($id, op($op, $path, $empty)), 200, "A8: $op of $shown to $path";
                is $read->(read_user($id)), undef, "A8: $path is not there after $op of $shown";
            }
            is read_user($id)->{name}{familyName}, 'Lee', "A8: $op of $shown left the rest";
            my $before = text_of($id);
            is_error ops($id, op($op, 'userName', $empty)), 400, 'invalidValue', qr/userName/i,
                "A8: $op of $shown to userName is refused";
            is_error ops($id, op($op, undef, { userName => $empty })), 400, 'invalidValue',
                qr/userName/i, "A8: $op of $shown to userName without path is refused";
            is text_of($id), $before, "A8: $op of $shown: userName is still there";
        }
    }
    my $id = new_user()->{id};
    my $before = text_of($id);
    is_error ops($id, op('remove', 'userName')), 400, 'mutability', qr/userName/i,
        'A8: remove of userName is refused';
    is_error ops($id, op('remove', CORE . ':userName')), 400, 'mutability', qr/userName/i,
        'A8: by its long name too';
    is text_of($id), $before, 'A8: it is still there';
}

# ---- A9: remove ----

{
    my $id = new_user(title => 'T', phoneNumbers => [
        { type => 'work', value => '1' }, { type => 'home', value => '2' },
        { type => 'fax', value => '3' }])->{id};
    my $before = text_of($id);
    for my $path ('nickName', 'emails', 'emails[type eq "home"]', 'emails[type eq "home"].value',
                  'name', 'name.middleName', 'phoneNumbers[type eq "pager"]',
                  'phoneNumbers[type eq "work"].display', ENT, ENT . ':department', ENT . ':manager',
                  'roles[primary eq "True"]', 'noSuchAttribute', 'urn:example:none:2.0:User:x') {
        is_resource ops($id, op('Remove', $path)), 200, "A9: remove of the absent $path is success";
    }
    is text_of($id), $before, 'A9: and changed nothing';

    is_error ops($id, op('remove', undef)), 400, 'noTarget', undef, 'A9: remove wants a path';
    is_error ops($id, op('remove', undef, { title => 'T' })), 400, 'noTarget', undef,
        'A9: also when it has a value';
    is text_of($id), $before, 'A9: nothing was removed';

    my $phones = sub { join ',', sort map { $_->{value} } @{ read_user($id)->{phoneNumbers} || [] } };
    for my $case (
        ['a value nobody has', [{ value => '9' }], '1,2,3'],
        ['an empty list', [], '1,2,3'],
        ['one value', [{ value => '2' }], '1,3'],
        ['the same again', [{ value => '2' }], '1,3'],
        ['a value and one nobody has, with more members',
         [{ '$ref' => undef, value => '3', display => 'x' }, { '$ref' => undef, value => '8' }], '1'],
    ) {
        my ($what, $value, $want) = @$case;
        is_resource ops($id, op('Remove', 'phoneNumbers', $value)), 200,
            "A9: remove with $what is success";
        is $phones->(), $want, "A9: and leaves the others ($what)";
    }
    ops($id, op('add', 'emails', [{ type => 'work', value => 'w@contoso.com' },
                                  { type => 'home', value => 'h@example.com' }]));
    is_resource ops($id, op('Remove', 'emails', [{ type => 'work', value => 'w@contoso.com' }])), 200,
        'A9: the same with the mapped element';
    is_deeply read_user($id)->{emails}, [{ type => 'home', value => 'h@example.com' }],
        'A9: the other address stays';
    is row_of($id)->{email}, undef, 'A9: the column is empty';

    is_resource ops($id, op('remove', 'phoneNumbers')), 200, 'A9: remove without value list';
    is $phones->(), '', 'A9: removes all';
    is_resource ops($id, op('remove', 'title'), op('remove', 'title')), 200, 'A9: twice in a row';
    ok !exists read_user($id)->{title}, 'A9: is gone once';
}

# ---- A10: what is not stored is never in the way ----

{
    my @unknown = (
        ['an unknown attribute', 'favouriteColour', 'blue'],
        ['an unknown sub-attribute', 'name.nonsense', 'x'],
        ['an unknown complex attribute', 'badge.number', '7'],
        ['an unknown extension', 'urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag', 't'],
        ['an unknown extension as a whole', 'urn:example:extension:2.0:User', { a => 1 }],
        ['an unknown attribute of the extension', ENT . ':shoeSize', '43'],
        ['a filtered unknown attribute', 'badges[type eq "door"].value', '7'],
        ['an unknown sub-attribute of an element', 'emails[type eq "work"].nonsense', 'x'],
        ['a password', 'password', 'secret-1mz050nq'],
    );
    for my $case (@unknown) {
        my ($what, $path, $value) = @$case;
        my $user = new_user(title => 'T',
            emails => [{ type => 'work', value => 'w@contoso.com' }]);
        my $id = $user->{id};
        my $before = text_of($id);
        for my $op ('Add', 'replace', 'Remove') {
            is_resource ops($id, op($op, $path, $op eq 'Remove' ? () : $value)), 200,
                "A10: $op of $what is not refused";
        }
        is text_of($id), $before, "A10: $what changed nothing";
        is_resource ops($id, op('Add', $path, $value), op('Replace', 'active', 'False'),
            op('Replace', 'title', 'after')), 200, "A10: $what in front of active=false";
        my $got = read_user($id);
        ok is_false($got->{active}), "A10: $what did not stop the deactivation";
        is $got->{title}, 'after', "A10: $what did not stop the rest";
        is row_of($id)->{active}, 0, "A10: $what: the row is inactive";
        is_resource ops($id, op('replace', undef, { $path => $value, active => json_true() })), 200,
            "A10: $what beside active in one value";
        ok is_true(read_user($id)->{active}), "A10: $what did not stop that either";
        unlike text_of($id), qr/secret-1mz050nq|nonsense|shoeSize/, "A10: $what is not kept";
    }
    my $dump = db()->selectcol_arrayref('SELECT u::text FROM public.users u
        UNION ALL SELECT e::text FROM scim.events e');
    is scalar(grep { /secret-1mz050nq/ } @$dump), 0, 'A10: a password is nowhere in the database';
    my $name = new_user(password => 'secret-1mz050nq')->{userName};
    my $refused = post('/Users', { userName => $name, password => 'secret-1mz050nq' });
    is_error $refused, 409, 'uniqueness', qr/userName/, 'A10: an error beside a password';
    unlike $refused->content, qr/secret-1mz050nq/, 'A10: does not repeat it';
    like httpd()->error_log, qr/\bpassword\b/, 'A10: that one came along is in the log';
    unlike httpd()->error_log . httpd()->access_log, qr/secret-1mz050nq/, 'A10: what it was is not';
}

# ---- A11: what is refused, and with what ----

{
    my $other = new_user();
    my $user = new_user(title => 'T', name => { givenName => 'Ann' },
        emails => [{ type => 'work', value => 'w@contoso.com' }]);
    my $id = $user->{id};
    my $before = text_of($id);
    for my $path ('emails[type eq "work"', 'emails[', 'emails[]', 'emails[type eq "work"]]',
                  '[type eq "work"].value', 'emails[type xx "work"].value', 'emails[type].value',
                  'emails[type eq "work" and].value', 'name..givenName', '.title', 'title.',
                  'ti tle', 'emails[type eq "work"].', 'emails[type eq "work"]value',
                  'emails[(type eq "work"].value', 'title[', '"title"', '/title') {
        for my $op ('add', 'Replace', 'remove') {
            is_error ops($id, op($op, $path, $op eq 'remove' ? () : 'x')), 400, 'invalidPath', undef,
                "A11: $op with the path $path";
        }
    }
    # a key that was meant as a path into what is kept is told; another is nothing
    my $leaver = new_user()->{id};
    is_error ops($leaver, op('replace', undef, { active => json_false(), 'emails[type eq "work"' => 'x' })), 400, 'invalidPath',
        qr/bracket is not closed/, 'A11: a key that was meant as a path';
    ok row_of($leaver)->{active}, 'A11: and nothing is changed';
    is_resource ops($leaver, op('replace', undef, { active => json_false(), 'badges[type eq "x"' => 'x', 'badges[' => 1 })), 200,
        'A10: a bracket behind an unknown name';
    ok !row_of($leaver)->{active}, 'A10: is not in the way of a deactivation';
    is_resource ops($leaver, op('replace', undef, { active => json_true() })), 200, 'A10: nor of anything else';
    for my $bad ('move', 'test', 'copy', '', 'addd', 'a', 'replace ', "add\x{0}") {
        is_error ops($id, op($bad, 'title', 'x')), 400, 'invalidSyntax', undef,
            'A11: there is no op ' . encode($bad);
    }
    is_error ops($id, { path => 'title', value => 'x' }), 400, 'invalidSyntax', undef,
        'A11: an operation without op';
    is_error ops($id, { op => 5, path => 'title', value => 'x' }), 400, 'invalidSyntax', undef,
        'A11: an op that is no string';
    for my $body ('{"Operations":"x"}', '{"Operations":[5]}', '{"Operations":[null]}',
                  '{"Operations":[["add"]]}', '{"schemas":["' . PATCH_OP . '"]}', '[]', '"x"', 'null',
                  '{"Operations":[{"op":"add","path":"title","value":"x"}]', '', '{"Operations":null}') {
        is_error patch("/Users/$id", $body), 400, 'invalidSyntax', undef,
            'A11: a body that is no PATCH: ' . ($body eq '' ? '(nothing)' : $body);
    }
    is_error ops($id, { op => 'add', path => ['title'], value => 'x' }), 400, undef_or_invalid($id),
        undef, 'A11: a path that is no string';
    for my $case (
        ['userName', {}], ['userName', { value => 'x' }], ['userName', ['a', 'b']],
        ['userName', json_true()], ['name', 'Ann Lee'], ['name', ['a', 'b']], ['name.givenName', { a => 1 }],
        ['title', { a => 1 }], ['title', ['a', 'b']], ['externalId', { value => 'x' }],
        ['emails[type eq "work"].value', { a => 1 }], ['emails[type eq "work"].primary', 'maybe'],
        [ENT . ':department', { value => 'x' }], [ENT, 'x'], ['emails', json_true()],
        ['phoneNumbers', [{ value => { a => 1 } }]],
    ) {
        my ($path, $value) = @$case;
        next if ref $value eq 'HASH' && !%$value;       # {} is nothing, see clearing.t
        is_error ops($id, op('replace', $path, $value)), 400, 'invalidValue', undef,
            'A11: ' . encode($value) . " is no value for $path";
    }
    is_error ops($id, { op => 'add', path => 'title' }), 400, 'invalidValue', undef,
        'A11: add without a value';
    is_error ops($id, { op => 'replace', path => 'title' }), 400, 'invalidValue', undef,
        'A11: replace without a value';

    for my $case (
        ['id', '4711'], ['meta', { resourceType => 'Group' }], ['meta.created', '2001-01-01T00:00:00Z'],
        ['meta.lastModified', '2001-01-01T00:00:00Z'], ['meta.location', 'https://evil.example/'],
        ['schemas', ['urn:example:x']], ['groups', [{ value => '1', display => 'Admins' }]],
    ) {
        my ($path, $value) = @$case;
        for my $op ('add', 'Replace') {
            is_resource ops($id, op($op, $path, $value)), 200, "A11: $op of $path is passed over";
        }
        is_resource ops($id, op('replace', undef, { $path => $value })), 200,
            "A11: $path without path is passed over";
    }
    is text_of($id), $before, 'A11: after all of these nothing has changed';

    my $theirs = text_of($other->{id});
    for my $case (['userName', $other->{userName}], ['userName', uc $other->{userName}],
                  ['externalId', $other->{externalId}]) {
        my ($path, $value) = @$case;
        is_error ops($id, op('replace', 'title', 'half'), op('Replace', $path, $value)), 409,
            'uniqueness', qr/\Q$path\E/i, "A11: $path $value is taken";
        is_error ops($id, op('replace', undef, { $path => $value })), 409, 'uniqueness',
            qr/\Q$path\E/i, "A11: $path $value is taken, without path";
    }
    is text_of($id), $before, 'A11: a conflict changes nothing here';
    is text_of($other->{id}), $theirs, 'A11: nor there';
    is_resource ops($id, op('replace', 'externalId', uc $other->{externalId})), 200,
        'A11: externalId in another case is another one';
    is read_user($id)->{externalId}, uc $other->{externalId}, 'A11: and is kept';

    for my $gone ('987654321', '0', '-1', 'x', '007', '99999999999999999999', '1%202') {
        is_error ops($gone, op('replace', 'title', 'x')), 404, undef, undef,
            "A11: there is no user $gone";
        is_error ops($gone, op('move', 'title', 'x')), 404, undef, undef,
            "A11: which goes before a fault in the operation ($gone)";
    }
    is_error scim_b('PATCH', "/Users/$id", { Operations => [op('replace', 'title', 'x')] }), 404,
        undef, undef, 'A11: the user of another organisation is not there';
    is row_of($id)->{external_id}, uc $other->{externalId}, 'A11: and stays as it is';
}

# A path that is no string may be called a fault of the syntax or of the path.
sub undef_or_invalid {
    my ($id) = @_;
    my $type = ops($id, { op => 'add', path => ['title'], value => 'x' })->json->{scimType} // '';
    return $type =~ /^invalid(?:Syntax|Path)$/ ? $type : 'invalidPath or invalidSyntax';
}

# ---- A11: values that do not fit, and bytes that are no text ----

{
    my $id = new_user(title => 'T')->{id};
    my $before = text_of($id);
    for my $case (['userName', 'x' x 256], ['externalId', 'x' x 256],
                  ['emails[type eq "work"].value', 'x' x 256], ['userName', "\x{fc}" x 256]) {
        my ($path, $value) = @$case;
        my $res = ops($id, op('Replace', 'title', 'half'), op('Replace', $path, $value));
        is_error $res, 400, 'invalidValue', ($path =~ /^(\w+)/ ? qr/\b$1\b/ : undef),
            "A11: 256 characters are too many for $path, and the detail names it";
        unlike $res->content, qr/users_|_check/, "E1: in plain words, without a name of the database: $path";
    }
    my ($open, $close) = (qq({"Operations":[{"op":"replace","path":"title","value":"), qq("}]}));
    for my $case (['NUL', '\\u0000'], ['half a surrogate pair', '\\ud800'], ['a control character', "\x01"],
                  ['bytes that are no UTF-8', "\xff\xfe"], ['an overlong encoding', "\xc0\xaf"],
                  ['an encoded surrogate', "\xed\xa0\x80"], ['an unknown escape', '\\x41']) {
        my ($what, $bytes) = @$case;
        my $body = "$open$bytes$close";
        utf8::downgrade($body);
        my $res = patch("/Users/$id", $body);
        is_error $res, 400, $res->json->{scimType}, undef, "A11: a value with $what";
        like $res->json->{scimType} // '', qr/^invalid(?:Syntax|Value)$/, "A11: is called so: $what";
    }
    for my $body (
        '{"Operations":[{"op":"replace","value":{"title":"a","title":"b"}}]}',
        '{"Operations":[{"op":"replace","value":{"title":"a","TITLE":"b"}}]}',
        '{"Operations":[{"op":"replace","value":{"active":true,"Active":false}}]}',
        '{"Operations":[{"op":"replace","path":"name","value":{"givenName":"a","GIVENNAME":"b"}}]}',
        '{"Operations":[{"op":"replace","path":"title","value":"a","path":"nickName"}]}',
        '{"Operations":[{"op":"replace","path":"title","value":"a"}],"operations":[]}',
    ) {
        my $res = patch("/Users/$id", $body);
        is_error $res, 400, $res->json->{scimType}, undef, "A11: a member twice: $body";
    }
    is text_of($id), $before, 'A11: nothing of that was done';
    for my $case (['userName', "\x{fc}" x 240 . '@x.example'], ['externalId', "\x{1f600}" x 255],
                  ['title', "\x{fc}" x 20_000]) {
        my ($path, $value) = @$case;
        is_resource ops($id, op('Replace', $path, $value)), 200, "A11: characters count, not bytes: $path";
        is read_user($id)->{$path}, $value, "A11: $path is kept whole";
    }
}

# ---- A12: the names can be changed ----

{
    my $user = new_user();
    my $id = $user->{id};
    my $name = uniq('New.Name') . '@contoso.com';
    my $res = ops($id, op('Replace', 'userName', $name));
    is_resource $res, 200, 'A12: userName can be changed';
    is $res->json->{id}, $id, 'A12: the id stays';
    is $res->json->{meta}{location}, $user->{meta}{location}, 'A12: and so does the location';
    is row_of($id)->{username}, $name, 'A12: the row has the new name as it was sent';
    is_list get("/Users?filter=userName+eq+%22$name%22"), 1, 'A12: it is found by the new name';
    is_list get("/Users?filter=userName+eq+%22$user->{userName}%22"), 0, 'A12: not by the old one';
    is new_user(userName => $user->{userName})->{userName}, $user->{userName},
        'A12: the old name is free';

    is_resource ops($id, op('Replace', 'userName', uc $name)), 200, 'A12: only the case can change';
    is read_user($id)->{userName}, uc $name, 'A12: and it does';

    my $ext = uniq('ext');
    is_resource ops($id, op('Add', 'externalId', $ext)), 200, 'A12: externalId can be changed';
    is row_of($id)->{external_id}, $ext, 'A12: in the row';
    is_list get("/Users?filter=externalId+eq+%22$ext%22"), 1, 'A12: it is found by it';
    is_list get("/Users?filter=externalId+eq+%22$user->{externalId}%22"), 0, 'A12: not by the old one';
    my $bare = new_user(externalId => undef);
    is_resource ops($bare->{id}, op('Add', 'externalId', $user->{externalId})), 200,
        'A12: one that has none can get one';
    is read_user($bare->{id})->{externalId}, $user->{externalId}, 'A12: and has it';
    is_resource ops($bare->{id}, op('Remove', 'externalId')), 200, 'A12: and lose it';
    ok !exists read_user($bare->{id})->{externalId}, 'A12: and has none';
}

# ---- A15: the answer ----

{
    my $user = new_user(title => 'T', name => { givenName => 'Ann', familyName => 'Lee' },
        emails => [{ type => 'work', value => 'w@contoso.com', primary => json_true() }],
        ENT, { department => 'D' });
    my $id = $user->{id};
    for my $case (['a change', op('replace', 'title', 'U')],
                  ['no change', op('replace', 'title', 'U')],
                  ['something ignored', op('replace', 'unknown', 'U')],
                  ['deactivation', op('Replace', 'active', 'False')]) {
        my ($what, $op) = @$case;
        my $res = ops($id, $op);
        is_resource $res, 200, "A15: after $what the answer is 200 with the resource";
        is_deeply $res->json, read_user($id), "A15: the same that GET shows ($what)";
    }
    my $some = patch("/Users/$id?attributes=title", { Operations => [op('replace', 'title', 'V')] });
    is $some->code, 200, 'A15: with attributes= it is 200, too';
    is_deeply $some->json->{title}, 'V', 'A15: has what was asked for';
    ok !exists $some->json->{name}, 'A15: and not the rest';
    is $some->json->{id}, $id, 'A15: but always the id';
}

done_testing;
