# PATCH paths: how an attribute can be named, what a filter in a path selects,
# and what it makes when it selects nothing. Managers and roles have ways of
# their own.
use ScimTest;

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub ops {
    my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops });
}

sub op {
    my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (),
             @value ? (value => $value[0]) : () };
}

sub read_user { return get("/Users/$_[0]")->json }

sub typed {
    my ($user, $attr, $type) = @_;
    return grep { ($_->{type} // '') eq $type } @{ $user->{$attr} || [] };
}

# The elements of an attribute in an order that does not depend on the server.
sub sorted {
    my ($list) = @_;
    return [sort { encode($a) cmp encode($b) } @{ $list || [] }];
}

# ---- A5: one attribute, many spellings ----

{
    my $id = new_user(name => { familyName => 'Lee' },
        emails => [{ type => 'work', value => 'w@contoso.com' },
                   { type => 'home', value => 'h@example.com' }])->{id};
    my $given = sub { $_[0]{name}{givenName} };
    my $title = sub { $_[0]{title} };
    my $department = sub { $_[0]{+ENT}{department} };
    my $work = sub { join ',', map { $_->{value} } typed($_[0], 'emails', 'work') };
    my $home = sub { join ',', map { $_->{display} // '' } typed($_[0], 'emails', 'home') };
    for my $case (
        [$title, 'title', 'Title', 'TITLE', CORE . ':title', CORE . ':TITLE', uc(CORE . ':title'),
         CORE . '.title'],
        [$given, 'name.givenName', 'NAME.GIVENNAME', 'Name.givenname', CORE . ':name.givenName',
         uc CORE . ':name.givenName'],
        [$department, ENT . ':department', ENT . '.department', uc(ENT . ':department'),
         ENT . ':DEPARTMENT', lc(ENT . ':department')],
        [$work, 'emails[type eq "work"].value', 'EMAILS[TYPE EQ "work"].VALUE',
         'emails[type Eq "work"].value', 'emails[type eq "WORK"].value',
         'emails[ type  eq  "work" ].value', CORE . ':emails[type eq "work"].value',
         'emails[(type eq "work")].value', 'emails[not (type eq "home")].value',
         'emails[type ne "home"].value', 'emails[type sw "wo"].value',
         'emails[type eq "work" and value co "@"].value',
         'emails[type eq "work" or type eq "fax"].value'],
        [$home, 'emails[type eq "home"].display', 'emails[value eq "h@example.com"].display',
         'emails[value eq "H@EXAMPLE.COM"].display', 'emails[value ew "@example.com"].display',
         'emails[value pr and type eq "home"].display'],
    ) {
        my ($read, @path) = @$case;
        for my $path (@path) {
            for my $op ('add', 'replace') {
                my $value = uniq('v') . '@x.example';
                is_resource ops($id, op($op, $path, $value)), 200, "A5: $op with the path $path";
                is $read->(read_user($id)), $value, "A5: $path reached its attribute ($op)";
            }
        }
        for my $path ($read == $work || $read == $home ? () : @path) {
            ops($id, op('add', $path[0], 'there'));
            is_resource ops($id, op('remove', $path)), 200, "A5: remove with the path $path";
            is $read->(read_user($id)), undef, "A5: $path was removed";
        }
    }
    is scalar(@{ read_user($id)->{emails} }), 2, 'A5: no spelling made a second element';

    # a filtered path without sub-attribute is the element
    is_resource ops($id, op('replace', 'emails[type eq "home"]',
        { type => 'home', value => 'new@example.com', display => 'New' })), 200,
        'A5: a path may end with the filter';
    is_deeply [typed(read_user($id), 'emails', 'home')],
        [{ type => 'home', value => 'new@example.com', display => 'New' }],
        'A5: and means the element';
    is_resource ops($id, op('remove', 'emails[type eq "home"]')), 200, 'A5: which can be removed';
    is_deeply [map { $_->{type} } @{ read_user($id)->{emails} }], ['work'], 'A5: alone';
    is_resource ops($id, op('remove', 'emails[type eq "WORK"]')), 200, 'A5: so can the mapped one';
    ok !exists read_user($id)->{emails}, 'A5: no address is left';
    is row_of($id)->{email}, undef, 'A5: nor in the row';

    # a whole extension
    is_resource ops($id, op('add', ENT, { department => 'D', costCenter => 'C' })), 200,
        'A5: a path may be an extension';
    is_deeply read_user($id)->{+ENT}, { department => 'D', costCenter => 'C' }, 'A5: as a whole';
    ok grep({ $_ eq ENT } @{ read_user($id)->{schemas} }), 'A5: schemas names it';
    is_resource ops($id, op('remove', ENT)), 200, 'A5: and be removed';
    ok !exists read_user($id)->{+ENT}, 'A5: as a whole, too';
    is_deeply read_user($id)->{schemas}, [CORE], 'A5: schemas does not name it any longer';
}

# ---- A7: what a filter does not find, it makes ----

{
    my @make = (
        # path, value, attribute, the element
        ['emails[type eq "home"].value', 'h@example.com', 'emails',
         { type => 'home', value => 'h@example.com' }],
        ['emails[type eq "work"].value', 'w@contoso.com', 'emails',
         { type => 'work', value => 'w@contoso.com' }],
        ['emails[type eq "other" and primary eq true].value', 'o@example.com', 'emails',
         { type => 'other', primary => json_true(), value => 'o@example.com' }],
        ['emails[type eq "other" and primary eq "True"].value', 'o@example.com', 'emails',
         { type => 'other', primary => json_true(), value => 'o@example.com' }],
        ['phoneNumbers[type eq "mobile"].value', '+1 555 0100', 'phoneNumbers',
         { type => 'mobile', value => '+1 555 0100' }],
        ['phoneNumbers[type eq "fax"].value', '555', 'phoneNumbers', { type => 'fax', value => '555' }],
        ['addresses[type eq "work"].streetAddress', '1 Main St', 'addresses',
         { type => 'work', streetAddress => '1 Main St' }],
        ['addresses[type eq "other"].formatted', "Room 1\nBuilding 2", 'addresses',
         { type => 'other', formatted => "Room 1\nBuilding 2" }],
        ['roles[primary eq "True"].value', 'admin', 'roles', { primary => json_true(), value => 'admin' }],
        ['roles[primary eq true].value', 'admin', 'roles', { primary => json_true(), value => 'admin' }],
        ['roles[value eq "editor"].display', 'Editor', 'roles', { value => 'editor', display => 'Editor' }],
        ['ims[type eq "xmpp"].value', 'a@xmpp.example', 'ims', { type => 'xmpp', value => 'a@xmpp.example' }],
        ['photos[type eq "thumbnail"].value', 'https://x.example/p', 'photos',
         { type => 'thumbnail', value => 'https://x.example/p' }],
        ['entitlements[type eq "licence"].value', 'E5', 'entitlements',
         { type => 'licence', value => 'E5' }],
        ['emails[type eq "home"]', { value => 'h@example.com', display => 'H' }, 'emails',
         { type => 'home', value => 'h@example.com', display => 'H' }],
        ['addresses[type eq "home"]', { locality => 'Bern', country => 'CH' }, 'addresses',
         { type => 'home', locality => 'Bern', country => 'CH' }],
    );
    for my $case (@make) {
        my ($path, $value, $attr, $want) = @$case;
        for my $op ('add', 'Replace') {
            my $id = new_user()->{id};
            is_resource ops($id, op($op, $path, $value)), 200, "A7: $op through $path, nothing there";
            is_deeply read_user($id)->{$attr}, [$want], "A7: $op made the element of $path";

            my $keep = $attr eq 'addresses' ? { type => 'kept', locality => 'Rome' }
                                            : { type => 'kept', value => 'kept@example.com' };
            $id = new_user($attr => [$keep])->{id};
            is_resource ops($id, op($op, $path, $value)), 200, "A7: $op through $path, another there";
            is_deeply sorted(read_user($id)->{$attr}), sorted([$keep, $want]),
                "A7: $op made the element of $path beside the other";

            is_resource ops($id, op($op, $path, $value)), 200, "A7: $op through $path once more";
            is_deeply sorted(read_user($id)->{$attr}), sorted([$keep, $want]),
                "A7: $op finds the element of $path now";
        }
    }
    my $id = new_user()->{id};
    ops($id, op('Add', 'emails[type eq "work"].value', 'mapped@contoso.com'));
    is row_of($id)->{email}, 'mapped@contoso.com', 'A7: the mapped element is made in its column';
    unlike row_of($id)->{scim_extra}, qr/mapped\@/, 'A7: and only there';

    # found by the very part that is set: nothing there is no reason to refuse
    # the rest, and the same again makes no second element
    for my $case (['roles[value eq "old"].value', 'new', 'roles', { value => 'new' }],
                  ['emails[value eq "o@x"].value', 'n@x', 'emails', { value => 'n@x' }],
                  ['emails[type eq "work" and value eq "o@x"].value', 'n@x', 'emails',
                   { type => 'work', value => 'n@x' }]) {
        my ($path, $value, $attr, $want) = @$case;
        my $id = new_user()->{id};
        for my $time ('once', 'again') {
            is_resource ops($id, op('replace', 'active', json_false()), op('replace', $path, $value)), 200,
                "A7: $path beside active=false, $time";
            my $got = read_user($id);
            is_deeply [@$got{'active', $attr}], [json_false(), [$want]], "A7: is done, $time";
        }
    }
    $id = new_user(emails => [{ type => 'work', value => 'o@x' }])->{id};
    for my $time ('once', 'again') {
        is_resource ops($id, op('replace', 'emails[value eq "o@x"].value', 'n@x')), 200, "A7: an address moves, $time";
        is_deeply read_user($id)->{emails}, [{ type => 'work', value => 'n@x' }], "A7: and is there, $time";
    }

    # several matches: all of them
    $id = new_user(phoneNumbers => [map { { type => $_, value => "0-$_" } } qw(work home fax)])->{id};
    is_resource ops($id, op('replace', 'phoneNumbers[type eq "work" or type eq "fax"].display', 'desk')),
        200, 'A7: a filter may match several';
    is_deeply +{ map { $_->{type} => $_->{display} } @{ read_user($id)->{phoneNumbers} } },
        { work => 'desk', fax => 'desk', home => undef }, 'A7: all of them are changed, and no other';
    is_resource ops($id, op('remove', 'phoneNumbers[value sw "0-"].display')), 200,
        'A7: also by remove';
    is_deeply [grep { exists $_->{display} } @{ read_user($id)->{phoneNumbers} }], [],
        'A7: the sub-attribute is gone from each';
    is_resource ops($id, op('remove', 'phoneNumbers[type ne "home"]')), 200, 'A7: and whole elements';
    is_deeply read_user($id)->{phoneNumbers}, [{ type => 'home', value => '0-home' }],
        'A7: the one that does not match stays';

    # the boolean of a path, in any spelling
    for my $spelling ('true', '"True"', '"true"', '"TRUE"') {
        my $id = new_user(roles => [{ value => 'a', primary => json_true() },
                                    { value => 'b' }])->{id};
        my $path = "roles[primary eq $spelling].display";
        is_resource ops($id, op('replace', $path, 'Primary')), 200, "A7: $path";
        is_deeply sorted(read_user($id)->{roles}),
            sorted([{ value => 'a', primary => json_true(), display => 'Primary' }, { value => 'b' }]),
            "A7: $path matches the one role that is primary";
    }
    for my $spelling ('false', '"False"') {
        my $id = new_user(roles => [{ value => 'a', primary => json_true() }])->{id};
        is_resource ops($id, op('add', "roles[primary eq $spelling].value", 'b')), 200,
            "A7: primary eq $spelling";
        my %role = map { $_->{value} => $_ } @{ read_user($id)->{roles} };
        is_deeply [sort keys %role], ['a', 'b'], "A7: does not match the primary one ($spelling)";
        ok $role{a}{primary} && !$role{b}{primary}, "A7: and makes one that is not ($spelling)";

        $id = new_user(roles => [{ value => 'a', primary => json_true() }, { value => 'b' }])->{id};
        is_resource ops($id, op('add', "roles[primary eq $spelling].display", 'D')), 200,
            "A7: where primary is missing it is false ($spelling)";
        is_deeply sorted(read_user($id)->{roles}),
            sorted([{ value => 'a', primary => json_true() }, { value => 'b', display => 'D' }]),
            "A7: that element is changed ($spelling)";
        is_resource ops($id, op('remove', "roles[primary eq $spelling]")), 200, "A7: or removed ($spelling)";
        is_deeply read_user($id)->{roles}, [{ value => 'a', primary => json_true() }],
            "A7: and no other ($spelling)";
    }
}

# ---- A13: manager ----

{
    my $path = ENT . ':manager';
    my $n = 0;
    my @set = (
        (map { my $p = $_; map { [$p, $_] } '"ID"', '{"value":"ID"}', '[{"value":"ID"}]' }
            $path, 'manager', uc $path, ENT . '.manager'),
        ["$path.value", '"ID"'], ["$path.value", '["ID"]'], ['manager.value', '"ID"'],
        [$path, '{"value":"ID","$ref":"../Users/ID","displayName":"The Boss"}'],
        [$path, '{"value":"ID","$ref":null,"displayName":null}'],
    );
    my @pathless = (
        map({ qq({"$path":$_}) } '"ID"', '{"value":"ID"}', '[{"value":"ID"}]'),
        qq({"$path.value":"ID"}), '{"manager":"ID"}', '{"manager":{"value":"ID"}}',
        '{"' . ENT . '":{"manager":"ID"}}', '{"' . ENT . '":{"manager":{"value":"ID"}}}',
        '{"' . ENT . '":{"manager":[{"value":"ID"}]}}',
    );
    for my $case (@set, map { [undef, $_] } @pathless) {
        my ($p, $value) = @$case;
        my $json = defined $p ? sprintf('"path":%s,"value":%s', encode($p), $value) : qq("value":$value);
        for my $op ('add', 'replace', 'Add') {
            my $boss = 'boss-' . ++$n;
            (my $text = $json) =~ s/ID/$boss/g;
            my $id = new_user(ENT, { department => 'D' })->{id};
            for my $round ('absent', 'the same', 'another') {
                ops($id, op('add', $path, 'someone else')) if $round eq 'another';
                my $res = patch("/Users/$id", qq({"Operations":[{"op":"$op",$text}]}));
                is_resource $res, 200, "A13: $op $json, before: $round";
                my $got = read_user($id)->{+ENT};
                is ref $got->{manager} eq 'HASH' && $got->{manager}{value}, $boss,
                    "A13: $op $json gives an object with the id, before: $round";
                is $got->{department}, 'D', "A13: $op $json leaves the rest, before: $round";
            }
        }
    }
    my @clear = (
        (map { my $p = $_; map { qq("op":"$p->[0]","path":"$p->[1]","value":$_) }
            '""', 'null', '{"value":""}', '{"value":null}', '[]', '[{"value":""}]' }
            (map { my $op = $_; map { [$op, $_] } $path, 'manager' } 'add', 'Replace')),
        (map { qq("op":"Replace","path":"$path.value","value":$_) } '""', 'null'),
        (map { qq("op":"remove","path":"$_") } $path, 'manager', "$path.value"),
        qq("op":"Remove","path":"$path","value":"boss"),
        qq("op":"Remove","path":"$path","value":[{"value":"boss"}]),
        (map { qq("op":"replace","value":{$_}) } qq("$path":""), qq("$path":null),
            qq("$path":{"value":""}), qq("$path.value":""), '"manager":null',
            '"' . ENT . '":{"manager":null}', '"' . ENT . '":{"manager":""}'),
    );
    for my $text (@clear) {
        my $id = new_user(ENT, { department => 'D', manager => { value => 'boss' } })->{id};
        is read_user($id)->{+ENT}{manager}{value}, 'boss', 'A13: a user with a manager';
        for my $round ('is there', 'is not there') {
            is_resource patch("/Users/$id", "{\"Operations\":[{$text}]}"), 200,
                "A13: cleared by $text, when it $round";
            is_deeply read_user($id)->{+ENT}, { department => 'D' },
                "A13: only the manager is gone, when it $round: $text";
        }
    }
    my $boss = new_user();
    my $id = new_user()->{id};
    is_resource ops($id, op('Add', $path, $boss->{id})), 200, 'A13: a manager that exists';
    my $got = read_user($id)->{+ENT}{manager};
    is $got->{value}, $boss->{id}, 'A13: is kept by id';
    ok !exists $got->{'$ref'} || $got->{'$ref'} =~ m{/Users/\Q$boss->{id}\E$},
        'A13: and $ref, if any, leads there';
    is del("/Users/$boss->{id}")->code, 204, 'A13: the manager may be deleted';
    is_resource get("/Users/$id"), 200, 'A13: and the user is still served';
}

# ---- A14: roles ----

{
    my $text = '{"id":"18d14569-c3bd-439b-9a66-3a2aee01d14f","displayName":"User"}';
    for my $case (
        ['roles[primary eq "True"].value', $text, sub { [{ primary => json_true(), value => $_[0] }] }],
        ['roles', [{ value => $text }], sub { [{ value => $_[0] }] }],
        ['roles', [{ value => $text, primary => 'True', display => 'R', type => 'WindowsAzureActiveDirectoryRole' }],
         sub { [{ value => $_[0], primary => json_true(), display => 'R',
                  type => 'WindowsAzureActiveDirectoryRole' }] }],
        ['roles', $text, sub { [{ value => $_[0] }] }],
        [undef, { roles => [{ value => $text }] }, sub { [{ value => $_[0] }] }],
    ) {
        my ($path, $value, $want) = @$case;
        for my $op ('Add', 'Replace') {
            my $id = new_user(title => 'T')->{id};
            my $shown = encode(op($op, $path, $value));
            is_resource ops($id, op($op, $path, $value), op('Replace', 'title', 'after')), 200,
                "A14: JSON inside a string is accepted: $shown";
            my $got = read_user($id);
            is_deeply $got->{roles}, $want->($text), "A14: and kept as it came: $shown";
            is $got->{title}, 'after', "A14: the rest is done: $shown";
            ops($id, op($op, $path, $value));
            is scalar(@{ read_user($id)->{roles} }), 1, "A14: the same again makes no second one: $shown";
        }
    }
    my $id = new_user(roles => [{ value => $text }, { value => 'other' }])->{id};
    is_deeply sorted(read_user($id)->{roles}), sorted([{ value => $text }, { value => 'other' }]),
        'A14: a new user may come with them';
    is_resource ops($id, op('Remove', 'roles', [{ value => $text }])), 200, 'A14: one can be removed';
    is_deeply read_user($id)->{roles}, [{ value => 'other' }], 'A14: and the other stays';
    is new_user(roles => [])->{roles}, undef, 'A14: an empty list is none';
}

done_testing;
