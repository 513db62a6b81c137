# The manager, told as a story; patch_paths.t has every spelling.
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
sub manager_of { my $ext = read_user($_[0])->{+ENT}; return $ext && $ext->{manager} }

my $path = ENT . ':manager';
my @boss = map { new_user()->{id} } 1 .. 3;

# ---- a new user comes with one ----

for my $case (
    ['an object', { value => $boss[0] }, $boss[0]],
    ['a string', $boss[0], $boss[0]],
    ['an array of one object', [{ value => $boss[0] }], $boss[0]],
    ['somebody unknown', { value => 'no-such-user' }, 'no-such-user'],
    ['an object with more', { value => $boss[0], '$ref' => "../Users/$boss[0]", displayName => 'X' }, $boss[0]],
    ['a capital Value', { Value => 'SuzzyQ' }, 'SuzzyQ'],
    ['nothing', undef, undef],
    ['an empty string', '', undef],
    ['an object with an empty value', { value => '' }, undef],
    ['an object with null', { value => undef }, undef],
) {
    my ($what, $value, $want) = @$case;
    my $res = post('/Users', { schemas => [CORE, ENT], userName => uniq('m') . '@contoso.com',
                               ENT, { department => 'D', manager => $value } });
    is_resource $res, 201, "V8: a new user with $what";
    my $got = manager_of($res->json->{id});
    if (defined $want) {
        is ref $got, 'HASH', "V8: the manager is an object ($what)";
        is $got->{value}, $want, "V8: with the id as value ($what)";
    }
    else {
        is $got, undef, "V8: there is no manager ($what)";
    }
    is read_user($res->json->{id})->{+ENT}{department}, 'D', "V8: the department is there ($what)";
}
{
    my $id = new_user(ENT, { manager => { value => '' } })->{id};
    ok !exists read_user($id)->{+ENT}, 'V8: an extension without anything is not shown';
}

# ---- set, change, clear in every way ----

my @set = (
    ['a string', sub { op('Add', $path, $_[0]) }],
    ['an object', sub { op('replace', $path, { value => $_[0] }) }],
    ['an array', sub { op('Replace', $path, [{ value => $_[0] }]) }],
    ['a key', sub { op('replace', undef, { $path => $_[0] }) }],
    ['a key for value', sub { op('replace', undef, { "$path.value" => $_[0] }) }],
);
my @clear = (
    ['an empty string', sub { op('Replace', $path, '') }],
    ['null', sub { op('replace', $path, undef) }],
    ['an object with an empty value', sub { op('Replace', $path, { value => '' }) }],
    ['remove', sub { op('Remove', $path) }],
    ['remove of the value', sub { op('remove', "$path.value") }],
);
for my $set (@set) {
    for my $clear (@clear) {
        my $id = new_user()->{id};
        my $story = "$set->[0], then $clear->[0]";
        is_resource ops($id, $set->[1]->($boss[0])), 200, "V8: set: $story";
        is manager_of($id)->{value}, $boss[0], "V8: is set: $story";
        is_resource ops($id, $set->[1]->($boss[1])), 200, "V8: changed: $story";
        is manager_of($id)->{value}, $boss[1], "V8: is changed: $story";
        is_resource ops($id, $clear->[1]->()), 200, "V8: cleared: $story";
        is manager_of($id), undef, "V8: is cleared: $story";
        ok !exists read_user($id)->{+ENT}, "V8: with nothing left behind: $story";
        is_resource ops($id, $clear->[1]->()), 200, "V8: cleared again: $story";
        is_resource ops($id, $set->[1]->($boss[2])), 200, "V8: and set again: $story";
        is manager_of($id)->{value}, $boss[2], "V8: is set again: $story";
    }
}

# ---- the reference is that of the value, or gone ----

for my $case ([op('replace', $path, $boss[1])], [op('add', $path, { value => $boss[1] })],
              [op('Replace', $path, [{ value => $boss[1] }])], [op('replace', "$path.value", $boss[1])],
              [op('replace', undef, { "$path.value" => $boss[1] })],
              [op('remove', $path), op('add', $path, $boss[1])]) {
    my $id = new_user(ENT, { manager => { value => $boss[0], '$ref' => "../Users/$boss[0]" } })->{id};
    my $what = encode($case);
    is_resource ops($id, @$case), 200, "V8: another manager by $what";
    is_deeply manager_of($id), { value => $boss[1] }, 'V8: has no reference to the one before';
}
{
    my $id = new_user(ENT, { manager => { value => $boss[0], '$ref' => "../Users/$boss[0]" } })->{id};
    my $want = { value => $boss[1], '$ref' => "../Users/$boss[1]" };
    is_resource ops($id, op('replace', $path, $want)), 200, 'V8: another manager, with a reference';
    is_deeply manager_of($id), $want, 'V8: has that reference';
    is_resource ops($id, op('replace', $path, $boss[1])), 200, 'V8: the same manager again';
    is_deeply manager_of($id), $want, 'V8: keeps it';
}

# ---- who does not exist, and who ceases to ----

{
    my $id = new_user()->{id};
    for my $who ('987654321', 'no-such-user', '26118915-6090-4610-87e4-49d8ca9f808d', $id) {
        is_resource ops($id, op('Add', $path, $who)), 200, "V8: the manager may be $who";
        is manager_of($id)->{value}, $who, "V8: and is kept as $who";
    }
    my ($foreign) = scim_b('GET', '/Users')->json->{Resources}[0]{id};
    is_resource ops($id, op('Add', $path, $foreign)), 200, 'V8: an id of another organisation is a string';
    my $got = manager_of($id);
    is_deeply [grep { $_ ne 'value' && $_ ne '$ref' } keys %$got], [], 'V8: nothing of that user is shown';

    is_resource ops($id, op('Add', $path, $boss[0])), 200, 'V8: a manager who exists';
    ops($boss[0], op('Replace', 'active', 'False'));
    is manager_of($id)->{value}, $boss[0], 'V8: stays when deactivated';
    del("/Users/$boss[0]");
    is manager_of($id)->{value}, $boss[0], 'V8: and when deleted';
    is_resource ops($id, op('Replace', 'title', 'T')), 200, 'V8: the user can still be changed';
    is_resource put("/Users/$id", read_user($id)), 200, 'V8: also by PUT';
    is manager_of($id)->{value}, $boss[0], 'V8: with the manager as before';
}

# ---- found by it ----

{
    my $who = uniq('boss');
    my @id = map { new_user(ENT, { manager => { value => $who } })->{id} } 1 .. 2;
    for my $filter ("$path.value eq \"$who\"", "manager.value eq \"$who\"") {
        my $res = get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger));
        is_list $res, 2, "V8: found by $filter";
        is_deeply [sort map { $_->{id} } @{ $res->json->{Resources} }], [sort @id], "V8: both, by $filter";
    }
}

done_testing;
