# PATCH of groups: members in every form that clients send, what changes nothing,
# what is refused as a whole, events and versions, and requests at the same time.
use ScimTest;

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();
my $h = extra_httpd(groups => 1);
my @there = (base => $h->base);

sub ops {
    my ($id, @ops) = @_;
    return patch("/Groups/$id", { schemas => [PATCH_OP], Operations => \@ops }, @there);
}
sub members { return [sort { $a <=> $b } map { $_->{value} } @{ get("/Groups/$_[0]", @there)->json->{members} || [] }] }

my @u = map { new_user(displayName => "Person $_", @there)->{id} } 0 .. 5;

# ---- each form, on a group of 0, 1 and 2 ----

my $v = sub { [map { { value => $u[$_] } } @_] };
for my $case (
    ['A9: legacy add', [{ op => 'Add', path => 'members', value => [{ '$ref' => undef, value => $u[3] }, { value => $u[4] }] }],
        [0 .. 4]],
    ['A9: legacy remove with a list', [{ op => 'Remove', path => 'members', value => [{ '$ref' => undef, value => $u[1] }] }], [0, 2]],
    ['remove with a list of two', [{ op => 'remove', path => 'members', value => $v->(0, 2) }], [1]],
    ['remove with a list that has strangers', [{ op => 'remove', path => 'members',
        value => [@{ $v->(0, 5) }, { value => 'nobody' }, { value => '987654321' }] }], [1, 2]],
    ['remove with an empty list', [{ op => 'remove', path => 'members', value => [] }], [0, 1, 2]],
    ['remove with one object', [{ op => 'remove', path => 'members', value => { value => $u[1] } }], [0, 2]],
    ['remove with a bare id', [{ op => 'remove', path => 'members', value => $u[1] }], [0, 2]],
    ['remove through a filter', [{ op => 'remove', path => "members[value eq \"$u[1]\"]" }], [0, 2]],
    ['remove through an or', [{ op => 'remove', path => "members[value eq \"$u[1]\" or value eq \"$u[0]\"]" }], [2]],
    ['remove through an and', [{ op => 'remove', path => "members[value eq \"$u[1]\" and type eq \"User\"]" }], [0, 2]],
    ['remove through an and that fails', [{ op => 'remove', path => "members[type eq \"Group\" and value eq \"$u[1]\"]" }], [0, 1, 2]],
    ['remove through a name', [{ op => 'remove', path => 'members[display eq "person 2"]' }], [0, 1]],
    ['remove all but one', [{ op => 'remove', path => "members[not (value eq \"$u[1]\")]" }], [1]],
    ['remove through a filter with the URN', [{ op => 'remove', path => GROUP . ":members[value eq \"$u[1]\"]" }], [0, 2]],
    ['remove all', [{ op => 'remove', path => 'members' }], []],
    ['remove all, with null', [{ op => 'remove', path => 'members', value => undef }], []],
    ['add a bare id', [{ op => 'add', path => 'members', value => $u[3] }], [0 .. 3]],
    ['add one object', [{ op => 'add', path => 'members', value => { value => $u[3] } }], [0 .. 3]],
    ['add bare ids', [{ op => 'add', path => 'members', value => [@u[3, 4]] }], [0 .. 4]],
    ['add one who is there and one who is not', [{ op => 'add', path => 'members', value => $v->(2, 3, 3) }], [0 .. 3]],
    ['add nobody', [{ op => 'add', path => 'members', value => [] }], [0 .. 2]],
    ['add null', [{ op => 'add', path => 'members', value => undef }], [0 .. 2]],
    ['add an empty text', [{ op => 'add', path => 'members', value => '' }], [0 .. 2]],
    ['replace', [{ op => 'replace', path => 'members', value => $v->(2, 3) }], [2, 3]],
    ['replace by nobody', [{ op => 'replace', path => 'members', value => [] }], []],
    ['A8: replace by null', [{ op => 'replace', path => 'members', value => undef }], []],
    ['A8: replace by an empty text', [{ op => 'replace', path => 'members', value => '' }], []],
    ['remove through a URL', [{ op => 'remove', path => 'members[$ref eq "' . $h->base . "/Users/$u[1]\"]" }], [0, 2]],
    ['remove through the end of a URL', [{ op => 'remove', path => "members[\$ref ew \"/$u[0]\" or value eq \"$u[1]\"]" }], [2]],
    ['remove through the URL of another server', [{ op => 'remove', path => "members[\$ref eq \"https://x/Users/$u[1]\"]" }], [0, 1, 2]],
    ['pathless add', [{ op => 'add', value => { members => $v->(3) } }], [0 .. 3]],
    ['pathless replace', [{ op => 'replace', value => { id => 'x', displayName => 'New', members => $v->(4) } }], [4]],
    ['pathless with the URN', [{ op => 'add', value => { GROUP . ':members' => $v->(4) } }], [0, 1, 2, 4]],
    ['in order: remove, then add', [{ op => 'remove', path => "members[value eq \"$u[0]\"]" },
        { op => 'add', path => 'members', value => $v->(0) }], [0, 1, 2]],
    ['in order: add, then remove', [{ op => 'add', path => 'members', value => $v->(3, 4) },
        { op => 'remove', path => 'members', value => $v->(3, 1) }], [0, 2, 4]],
    ['clear, then add', [{ op => 'remove', path => 'members' }, { op => 'add', path => 'members', value => $v->(0, 5) }], [0, 5]],
    ['add, then remove by name', [{ op => 'add', path => 'members', value => $v->(3, 4) },
        { op => 'remove', path => 'members[display ew "3" or display ew "0"]' }], [1, 2, 4]],
    ['V10: of one attribute', [{ op => 'remove', path => 'members', value => $v->(0) }, { op => 'add', path => 'members', value => $v->(3) },
        { op => 'replace', path => 'members', value => $v->(5) }], [5]],
) {
    my ($name, $ops, $want) = @$case;
    my $g = new_group(members => [@u[0 .. 2]], @there);
    my $before = group_state($g->{id});
    my $res = ops($g->{id}, @$ops);
    is $res->code, 204, "$name: 204";
    is $res->content, '', "$name: without a body";
    my @want = @u[@$want];
    is_deeply members($g->{id}), \@want, "$name: who is in the group";
    my $after = group_state($g->{id});
    my $events = @{ $after->{events} } - @{ $before->{events} };
    my %was = map { $_ => 1 } @u[0 .. 2];
    my %is = map { $_ => 1 } @want;
    my ($added, $removed) = ([grep { !$was{$_} } @want], [grep { !$is{$_} } @u[0 .. 2]]);
    if (!@$added && !@$removed) {
        is_deeply $after, $before, "$name: nothing has changed, version, lastModified and events neither";
        next;
    }
    is $events, 1, "$name: one event";
    is_deeply $after->{events}[-1]{changes}{members}, { @$added ? (added => $added) : (), @$removed ? (removed => $removed) : () },
        "$name: with exactly those who came and went";
    cmp_ok $after->{row}{version}, '>', $before->{row}{version}, "$name: the version rises";
    cmp_ok $after->{row}{updated_at}, 'gt', $before->{row}{updated_at}, "$name: and lastModified moves";
}

# ---- what is answered ----

my $g = new_group(members => [@u[0, 1]], @there)->{id};
{
    my $res = patch("/Groups/$g?attributes=displayName,members", { Operations => [{ op => 'add', path => 'members', value => $u[2] }] }, @there);
    is $res->code, 200, 'with attributes the answer is 200';
    is_deeply [sort map { $_->{value} } @{ $res->json->{members} }], [sort @u[0 .. 2]], 'and shows the members after the change';
    $res = patch("/Groups/$g?excludedAttributes=members", { Operations => [{ op => 'replace', path => 'displayName', value => 'Renamed' }] }, @there);
    is_resource $res, 200, 'with excludedAttributes as well';
    is $res->json->{displayName}, 'Renamed', 'it shows the new name';
    is $res->json->{meta}{lastModified}, get("/Groups/$g", @there)->json->{meta}{lastModified}, 'and the time of the change';
    ok !exists $res->json->{members}, 'and no members';
    $res = patch("/Groups/$g?attributes=members", { Operations => [] }, @there);
    is $res->code, 200, 'A1: no operations';
    is scalar(@{ $res->json->{members} }), 3, 'the members are shown all the same';
    $res = ops($g, { op => 'replace', value => { id => $g, displayName => 'Okta' } });
    is $res->code, 204, 'a rename as Okta sends it';
    is_deeply group_state($g)->{events}[-1]{changes}, { displayName => { old => 'Renamed', new => 'Okta' } }, 'its event has the name alone';
    is ops($g, { op => 'replace', path => 'displayName', value => 'Okta' })->code, 204, 'the same name again';
    is ops($g, { op => 'add', path => 'shoeSize', value => 44 })->code, 204, 'A10: what is not kept is left out';
}

# ---- refused as a whole ----

my $gone = new_user(@there)->{id};
del("/Users/$gone", @there);
my $strange = new_user(token => token_b(), @there)->{id};
my $other = new_group(displayName => 'Taken', @there)->{id};
my $before = group_state($g);
my %said;
for my $case (['unknown', '987654321'], ['no key', 'nobody'], ['deleted', $gone], ['of another tenant', $strange]) {
    my ($what, $who) = @$case;
    my $res = ops($g, { op => 'replace', path => 'displayName', value => 'X' }, { op => 'add', path => 'members',
        value => [{ value => $u[3] }, { value => $who }] });
    is_error $res, 400, 'invalidValue', qr/^members: there is no User with the id "\Q$who\E"$/, "a member who is $what";
    $said{ $res->json->{detail} =~ s/"[^"]*"/"x"/r }++;
}
is_deeply [values %said], [4], 'one cannot tell the cases apart';
for my $case (
    ['a list of objects without value', { op => 'remove', path => 'members', value => [{ display => 'x' }] }, 'invalidValue'],
    ['a list that has one such', { op => 'remove', path => 'members', value => [{ value => $u[0] }, {}] }, 'invalidValue'],
    ['a list of numbers', { op => 'remove', path => 'members', value => [17] }, 'invalidValue'],
    ['an empty text', { op => 'remove', path => 'members', value => '' }, 'invalidValue'],
    ['a boolean', { op => 'remove', path => 'members', value => json_true }, 'invalidValue'],
    ['null in the list', { op => 'remove', path => 'members', value => [undef] }, 'invalidValue'],
    (map { my $op = $_; map { ["$op of $_->[0]", { op => $op, path => 'members', value => $_->[1] }, 'invalidValue'] }
        ['an empty object', {}], ['one in a list', [{}]], ['one behind a member', [{ value => $u[3] }, {}]],
        ['an object without value', { display => 'x' }], ['an object with null', { value => undef }],
        ['an object with an empty text', { value => '' }], ['null in a list', [undef]], ['an empty text in a list', ['']] }
        qw(add replace remove)),
    ['a pathless replace with an empty object', { op => 'replace', value => { members => {} } }, 'invalidValue'],
    ['to add: an object without value', { op => 'add', path => 'members', value => [{ type => 'User' }] }, 'invalidValue'],
    ['a group', { op => 'add', path => 'members', value => [{ value => $other, type => 'Group' }] }, 'invalidValue'],
    ['the URL of a group', { op => 'add', path => 'members', value => [{ value => $u[3], '$ref' => '../Groups/5' }] }, 'invalidValue'],
    ['the value of a member', { op => 'replace', path => "members[value eq \"$u[0]\"].value", value => $u[3] }, 'mutability'],
    ['all values', { op => 'remove', path => 'members.value' }, 'mutability'],
    ['a member in place', { op => 'replace', path => "members[value eq \"$u[0]\"]", value => { value => $u[3] } }, 'mutability'],
    ['a path without end', { op => 'remove', path => 'members[value eq "x"' }, 'invalidPath'],
    ['no path', { op => 'remove' }, 'noTarget'],
    ['no name', { op => 'replace', path => 'displayName', value => '' }, 'invalidValue'],
    ['a name removed', { op => 'remove', path => 'displayName' }, 'mutability'],
) {
    my ($name, $op, $type) = @$case;
    is_error ops($g, { op => 'add', path => 'members', value => $u[4] }, $op), 400, $type, undef, "$name is refused";
}
is_error ops($g, { op => 'add', path => 'members', value => $u[4] }, { op => 'replace', path => 'displayName', value => 'TAKEN' }),
    409, 'uniqueness', qr/^displayName "TAKEN" is used by another group$/, 'a name that is taken';
is_error ops($g, map { +{ op => 'remove', path => "members[display eq \"$_\"]" } } 1 .. 11), 413, undef, qr/10 filters/,
    'filters that look at everybody are limited';
is_deeply group_state($g), $before, 'after all of them the group is as it was, its members and events too';

{
    my $v = new_group(@there);
    my @name = map { { op => $_->[0], path => 'displayName', @$_ > 1 ? (value => $_->[1]) : () } } ['remove'], [add => 'A'], [replace => 'B'];
    is ops($v->{id}, @name)->code, 204, 'V10: a name removed, added and replaced in one request';
    is get("/Groups/$v->{id}", @there)->json->{displayName}, 'B', 'V10: is the last of them';
}

# ---- versions ----

{
    my $v = new_group(members => [$u[0]], @there);
    my $path = "/Groups/$v->{id}";
    my $etag = sub { get("$path?excludedAttributes=members", @there)->header('ETag') };
    my $first = $etag->();
    is own_version($v->{meta}{version}), $first, 'a new group is answered in the version that it has when its members are in';
    my $res = ops($v->{id}, { op => 'add', path => 'members', value => $u[0] });
    is $res->header('ETag'), $first, 'a PATCH that changes nothing: the answer without body has the version';
    is $etag->(), $first, 'and it is the same one';
    $res = ops($v->{id}, { op => 'add', path => 'members', value => $u[1] });
    my $second = $etag->();
    isnt $second, $first, 'a change of members is another version';
    is $res->header('ETag'), $second, 'which the answer has';
    db()->do('DELETE FROM public.team_members WHERE team_id = ? AND user_id = ?', undef, $v->{id}, $u[1]);
    isnt $etag->(), $second, 'so is a change that the application makes';
    isnt $etag->(), $first, 'and it is none that was there before';
    my $before = group_state($v->{id});
    for my $case ([PATCH => { Operations => [{ op => 'remove', path => 'members' }] }], [PUT => { displayName => 'X' }], [DELETE => undef]) {
        my ($method, $body) = @$case;
        is_error scim($method, $path, $body, @there, headers => { 'If-Match' => $second }), 412, undef, undef,
            "$method with If-Match of an old version";
    }
    is_deeply group_state($v->{id}), $before, 'they change nothing';
    is scim('PATCH', $path, { Operations => [{ op => 'remove', path => 'members' }] }, @there,
        headers => { 'If-Match' => $etag->() })->code, 204, 'with the present version a PATCH is made';
    is_error post('/Groups', { displayName => uniq('g') }, @there, headers => { 'If-Match' => '"x"' }), 412, undef, undef,
        'a new group has no version to match';
    is get($path, @there, headers => { 'If-None-Match' => $etag->() })->code, 304, 'and one that is known is not sent again';
}

# ---- what is shown of others is part of what a client has ----

{
    my $who = new_user(displayName => 'Before', @there);
    my $path = "/Users/$who->{id}";
    my $g = new_group(@there);
    my %seen;
    my $known = sub {
        my ($what, $url) = @_;
        my $res = get($url, @there);
        my $tag = $res->header('ETag');
        is_resource $res, 200, "$what: ETag is meta.version";
        is $seen{$tag}, undef, "$what: another version";
        is get($url, @there, headers => { 'If-None-Match' => $_ })->code, 200, "$what: sent again to who knows $_" for keys %seen;
        is get($url, @there, headers => { 'If-None-Match' => $tag })->code, 304, "$what: and not to who knows it";
        $seen{$tag} = 1;
        return $tag;
    };
    my $first = $known->('a user', $path);
    ops($g->{id}, { op => 'add', path => 'members', value => $who->{id} });
    $known->('in a group', $path);
    ops($g->{id}, { op => 'replace', path => 'displayName', value => uniq('renamed') });
    my $tag = $known->('which has another name', $path);
    is get("$path?excludedAttributes=groups", @there)->header('ETag'), $first, 'the user alone is in the same version';
    is patch($path, { Operations => [] }, @there, headers => { 'If-Match' => $_ })->code, 200, 'which is what If-Match is about'
        for $first, $tag;
    is patch($path, { Operations => [] }, @there, headers => { 'If-Match' => '"x.y"' })->code, 412, 'another version is another';

    %seen = ();
    $tag = $known->('a group', "/Groups/$g->{id}");
    is patch($path, { Operations => [{ op => 'replace', path => 'displayName', value => 'After' }] }, @there)->code, 200,
        'a member is renamed';
    $known->('with a member of another name', "/Groups/$g->{id}");
    is ops($g->{id}, { op => 'add', path => 'members', value => $who->{id} })->header('ETag'), own_version($tag),
        'the group alone is in the same version';
    del($path, @there);
    $known->('whose member is deleted', "/Groups/$g->{id}");
}

# ---- many ----

{
    db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash)
               SELECT 1, 'many' || n, '!' FROM generate_series(1, 3000) AS n});
    my $many = db()->selectcol_arrayref(q{SELECT id::text FROM public.users WHERE username LIKE 'many%' ORDER BY id});
    my $big = new_group(@there)->{id};
    is ops($big, { op => 'add', path => 'members', value => [map { { value => $_ } } @$many] })->code, 204, '3,000 members in one operation';
    is scalar(@{ members($big) }), 3000, 'all of them are there';
    is group_state($big)->{row}{version}, 2, 'the version has risen once';
    is ops($big, map { +{ op => 'remove', path => "members[value eq \"$_\"]" } } @$many[0 .. 999])->code, 204, '1,000 operations';
    is scalar(@{ members($big) }), 2000, 'all of them count';
    is ops($big, { op => 'replace', path => 'members', value => [map { { value => $_ } } @$many[1500 .. 2999], $u[0]] })->code, 204,
        'a replace of 1,501';
    is_deeply [map { scalar @{ $_ } } @{ group_state($big)->{events}[-1]{changes}{members} }{qw(added removed)}], [1, 500],
        'changes the difference';

    # as it was read, it can be written: four values and their names each
    is ops($big, { op => 'add', path => 'members', value => $many })->code, 204, 'by bare ids';
    my $read = get("/Groups/$big", @there)->json;
    is scalar(@{ $read->{members} }), 3001, 'a group of 3,001 is read';
    my $state = group_state($big);
    my $res = put("/Groups/$big", $read, @there);
    is $res->code, 200, 'and PUT as it was' or diag $res->content;
    is_deeply $res->json, $read, 'it is answered the same';
    is_deeply group_state($big), $state, 'and has not changed';
    pop @{ $read->{members} } for 1 .. 500;
    is post('/Groups', { %$read, displayName => 'Copy', externalId => undef }, @there)->code, 201, 'it can be made anew';
    is ops($big, { op => 'replace', path => 'members', value => $read->{members} })->code, 204, 'and be the value of a PATCH';
    is scalar(@{ members($big) }), 2501, 'which then has these';
    my $large = { displayName => 'x', members => [map { { value => $_ } } @$many] };
    $large->{members} = [(@{ $large->{members} }) x 12];
    is_error put("/Groups/$big", $large, @there), 413, undef, qr/more than 100000 values/, 'there is an end to it';
    is_error put("/Groups/$big", $_, @there, token => 'scim_' . '0' x 64), 401, undef, undef, 'and nothing is said of it without a token'
        for $read, $large;
    is_error put('/Groups/987654321', $large, @there), 404, undef, undef, 'nor of a group that is not there';
}

# ---- at the same time ----

{
    my $g = new_group(@there)->{id};
    my @who = map { new_user(@there)->{id} } 1 .. 12;
    my @res = parallel(map { my $who = $_; ['PATCH', "/Groups/$g", { Operations => [{ op => 'add', path => 'members', value => [{ value => $who }] }] },
        @there] } @who);
    is_deeply [map { $_->code } @res], [(204) x @who], '12 requests add a member each';
    is_deeply members($g), [sort { $a <=> $b } @who], 'all of them are in';
    is group_state($g)->{row}{version}, 1 + @who, 'the version counts each';
    @res = parallel(map { ['PATCH', "/Groups/$g", { Operations => [{ op => 'add', path => 'members', value => $u[5] }] }, @there] } 1 .. 8);
    is_deeply [map { $_->code } @res], [(204) x 8], '8 requests add the same member';
    is scalar(grep { $_ == $u[5] } @{ group_state($g)->{members} }), 1, 'it is in once';
    is scalar(grep { ($_->{changes}{members}{added}[0] // 0) == $u[5] } @{ group_state($g)->{events} }), 1, 'and in one event';
    @res = parallel(map { ['PATCH', "/Groups/$g", { Operations => [{ op => 'remove', path => "members[value eq \"$_\"]" }] }, @there] } @who);
    is_deeply [map { $_->code } @res], [(204) x @who], '12 requests remove one each';
    is_deeply members($g), [$u[5]], 'none of them is left';
}
{
    # the application writes as well, without the lock on the group's row
    my $g = new_group(members => [$u[0]], @there)->{id};
    db()->do('DELETE FROM public.team_members WHERE team_id = ?', undef, $g);
    is ops($g, { op => 'remove', path => 'members', value => $u[0] })->code, 204, 'a member whom the application has taken out';
    is scalar(@{ group_state($g)->{events} }), 1, 'makes no event';
}

# ---- redaction ----

{
    my $r = extra_httpd(groups => 1, edit => sub { s/(ScimMembers.*\n)/$1ScimRedact members\n/ });
    my $g = new_group(members => [$u[0]], base => $r->base)->{id};
    patch("/Groups/$g", { Operations => [{ op => 'replace', path => 'members', value => [$u[1]] }] }, base => $r->base);
    is_deeply [map { $_->{changes}{members} } @{ group_state($g)->{events} }],
        [{ added => json_true }, { added => json_true, removed => json_true }], 'ScimRedact members: events do not say who';
}

done_testing;
