# The life of an account: off and on again, deleted, and back.
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
sub text_of   { return get("/Users/$_[0]")->content }

# ---- the application's side ----

sub count_of { my ($table, $id) = @_;
    return db()->selectrow_array("SELECT count(*) FROM public.$table WHERE user_id = ?", undef, $id) }

# Two sessions, an API token and a booking, as a user of the application has.
my $day = 0;
sub settle {
    my ($id) = @_;
    db()->do('INSERT INTO public.sessions (user_id) VALUES (?), (?)', undef, $id, $id);
    db()->do(q{INSERT INTO public.desks (organisation_id, name) VALUES (1, 'Desk 1') ON CONFLICT DO NOTHING});
    db()->do(q{INSERT INTO public.bookings (desk_id, user_id, day)
               SELECT id, ?, date '2030-01-01' + ?::int FROM public.desks WHERE organisation_id = 1}, undef,
        $id, $day++);
    return $id;
}

my @off = (
    ['PATCH, legacy', sub { ops($_[0], op('Replace', 'active', 'False')) }],
    ['PATCH, Add', sub { ops($_[0], op('Add', 'active', 'False')) }],
    ['PATCH, flagged', sub { ops($_[0], op('replace', 'active', json_false())) }],
    ['PATCH without path', sub { ops($_[0], op('replace', undef, { active => json_false() })) }],
    ['PATCH without path, in words', sub { ops($_[0], op('Replace', undef, { active => 'false' })) }],
    ['PUT', sub { put("/Users/$_[0]", { %{ read_user($_[0]) }, active => json_false() }) }],
);
my @on = (
    ['PATCH, legacy', sub { ops($_[0], op('Replace', 'active', 'True')) }],
    ['PATCH, flagged', sub { ops($_[0], op('replace', 'active', json_true())) }],
    ['PATCH without path', sub { ops($_[0], op('replace', undef, { active => json_true() })) }],
    ['PUT', sub { put("/Users/$_[0]", { %{ read_user($_[0]) }, active => json_true() }) }],
);

# ---- A16: off ends sessions at once ----

for my $off (@off) {
    my ($how, $do) = @$off;
    my $id = settle(new_user()->{id});
    is count_of(sessions => $id), 2, "A16: somebody is logged in ($how)";
    is_resource $do->($id), 200, "A16: deactivation by $how";
    is count_of(sessions => $id), 0, "A16: ends all sessions by $how";
    is count_of(bookings => $id), 1, "A16: bookings stay after $how";
    is_resource $do->($id), 200, "A16: again by $how";
    is row_of($id)->{active}, 0, "A16: is the same by $how";

    my $on = $on[$day % @on];
    is_resource $on->[1]->($id), 200, "A16: activation by $on->[0] after $how";
    is row_of($id)->{active}, 1, "A16: restores access by $on->[0] after $how";
    is_resource $on->[1]->($id), 200, "A16: activation again by $on->[0]";
    db()->do('INSERT INTO public.sessions (user_id) VALUES (?)', undef, $id);
    ops($id, op('replace', 'title', 'T'));
    is count_of(sessions => $id), 1, "A16: another change logs nobody out ($how)";
    is count_of(bookings => $id), 1, "A16: bookings are still there ($how)";
}
{
    # a user's own API token goes with the user
    my $id = new_user()->{id};
    db()->do('UPDATE public.users SET api_access = true WHERE id = ?', undef, $id);
    my ($token) = db()->selectrow_array(q{SELECT scim.token_issue(?, interval '1 day')}, undef, $id);
    is_list get('/Users?count=0', token => $token), undef, 'A16: a second token works';
    is_resource ops($id, op('Replace', 'active', 'False')), 200, 'A16: its user is deactivated';
    is_error get('/Users?count=0', token => $token), 401, undef, undef, 'A16: and it does not any longer';
    is_resource ops($id, op('Replace', 'active', 'True')), 200, 'A16: its user is activated';
    is_list get('/Users?count=0', token => $token), undef, 'A16: and it works again';
    is del("/Users/$id")->code, 204, 'A16: its user is deleted';
    is_error get('/Users?count=0', token => $token), 401, undef, undef, 'A16: and it is gone';
}

# ---- L1, L2: inactive, and back ----

for my $off (@off) {
    my ($how, $do) = @$off;
    my $user = new_user(title => 'T', ENT, { department => 'D' });
    my $id = $user->{id};
    my $res = $do->($id);
    is_resource $res, 200, "L1: $how answers with the resource";
    is_deeply $res->json->{active}, json_false(), "L1: inactive after $how";
    my $got = read_user($id);
    is_deeply $got->{active}, json_false(), "L1: it stays readable with active false ($how)";
    is_deeply [@$got{qw(id userName externalId title)}, $got->{+ENT}],
        [@$user{qw(id userName externalId title)}, { department => 'D' }], "L1: and all of it is there ($how)";
    for my $filter ("externalId eq \"$user->{externalId}\"", "userName eq \"$user->{userName}\"",
                    "id eq \"$id\"", "userName eq \"$user->{userName}\" and active eq false") {
        my $list = get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger));
        is_list $list, 1, "L1: found by $filter";
        is_deeply $list->json->{Resources}[0]{active}, json_false(), "L1: as inactive ($how)";
    }
    is row_of($id)->{deleted_at}, undef, "L1: no tombstone ($how)";
    is_error post('/Users', { userName => $user->{userName} }), 409, 'uniqueness', qr/userName/i,
        "L1: its name still counts ($how)";

    my ($on_name, $on) = @{ $on[$id % @on] };
    $res = $on->($id);
    is_resource $res, 200, "L2: back by $on_name after $how";
    is $res->json->{id}, $id, "L2: with the same id ($on_name)";
    is_deeply read_user($id)->{active}, json_true(), "L2: and active ($on_name)";
}
{
    my $user = new_user();
    my $id = $user->{id};
    ops($id, op('Replace', 'active', 'False'));
    is_resource ops($id, op('Replace', 'active', 'True'), op('Replace', 'displayName', 'Back'),
        op('Replace', 'name.givenName', 'B')), 200, 'L2: back together with other changes';
    is_deeply [@{ read_user($id) }{qw(active displayName)}], [json_true(), 'Back'], 'L2: all are done';

    # POST instead of PATCH restores as well
    ops($id, op('Replace', 'active', 'False'));
    settle($id);
    my $name = uniq('again') . '@contoso.com';
    my $res = post('/Users', { schemas => [CORE], userName => $name, externalId => $user->{externalId} });
    is_resource $res, 201, 'L2: a POST with the externalId of an inactive user is 201';
    is $res->json->{id}, $id, 'L2: it is the same user';
    is_deeply [@{ row_of($id) }{qw(active username)}], [1, $name], 'L2: active, with the new name';
    is count_of(bookings => $id), 1, 'L2: with all bookings';
    is_error post('/Users', { userName => uniq('x'), externalId => $user->{externalId} }), 409, 'uniqueness',
        qr/externalId/i, 'L2: once active, the externalId is taken';
    ops($id, op('Replace', 'active', 'False'));
    my $holder = new_user();
    is_error post('/Users', { userName => $holder->{userName}, externalId => $user->{externalId} }), 409,
        'uniqueness', qr/userName/i, 'L2: no restoring under the name of another';
    is row_of($id)->{active}, 0, 'L2: the inactive one stays so';
}

# ---- L3 to L6: deletion ----

for my $state ('active', 'inactive') {
    my $user = new_user(title => 'T', emails => [{ type => 'work', value => uniq('w') . '@contoso.com' }]);
    my $id = settle($user->{id});
    ops($id, op('Replace', 'active', 'False')) if $state eq 'inactive';
    my $mail = $user->{emails}[0]{value};
    my $res = del("/Users/$id");
    is $res->code, 204, "L3: DELETE of an $state user is 204";
    is $res->content, '', "L3: without a body ($state)";
    is $res->header('Content-Type'), undef, "L3: and without its type ($state)";
    my $row = row_of($id);
    ok defined $row->{deleted_at}, "L3: the row is a tombstone ($state)";
    is $row->{active}, 0, "L3: and inactive ($state)";
    is count_of(sessions => $id), 0, "L3: nobody is logged in ($state)";
    is count_of(bookings => $id), 1, "L3: bookings survive ($state)";

    my $kept = encode(row_of($id));
    for my $round (1 .. 2) {
        is_error del("/Users/$id"), 404, undef, undef, "L4: DELETE again is 404, round $round ($state)";
    }
    is_error get("/Users/$id"), 404, undef, undef, "L5: GET is 404 ($state)";
    is head("/Users/$id")->code, 404, "L5: HEAD is 404 ($state)";
    for my $filter ("externalId eq \"$user->{externalId}\"", "userName eq \"$user->{userName}\"",
                    "id eq \"$id\"", "emails[type eq \"work\"].value eq \"$mail\"", "emails.value eq \"$mail\"",
                    "id eq \"$id\" and active eq false", "id eq \"$id\" or id eq \"$id\"",
                    "not (id ne \"$id\")", "title eq \"T\" and id eq \"$id\"") {
        is_list get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger)), 0,
            "L5: nobody by $filter ($state)";
    }
    ok !grep({ $_->{id} eq $id } @{ get('/Users?count=1000')->json->{Resources} }),
        "L5: not in the whole list ($state)";
    for my $op (op('Replace', 'active', 'True'), op('Replace', 'title', 'x'), op('remove', 'userName'), op('move', 'x')) {
        is_error ops($id, $op), 404, undef, undef, "L6: PATCH is 404, $op->{op} ($state)";
    }
    is_error ops($id), 404, undef, undef, "L6: with no operation as well ($state)";
    is_error put("/Users/$id", $user), 404, undef, undef, "L6: PUT is 404 ($state)";
    is encode(row_of($id)), $kept, "L6: the row has not changed ($state)";
}
for my $gone ('987654321', '0', '-1', 'x', '007', '99999999999999999999', 'a%2520b') {
    is_error del("/Users/$gone"), 404, undef, undef, "L4: DELETE of $gone, which never was";
}
{
    my $user = new_user();
    is_error scim_b('DELETE', "/Users/$user->{id}"), 404, undef, undef, 'L4: another organisation meets nobody';
    is row_of($user->{id})->{deleted_at}, undef, 'L4: and deletes nobody';
}

# ---- V7: the whole round ----

{
    my $user = new_user();
    my $id = $user->{id};
    my $find = sub { get("/Users?filter=externalId+eq+%22$user->{externalId}%22")->json };
    for my $round (1 .. 2) {
        for my $twice (1 .. 2) {
            is_resource ops($id, op('Replace', 'active', 'False')), 200, "V7: off, $round.$twice";
            is_deeply [read_user($id)->{active}, $find->()->{Resources}[0]{active}],
                [json_false(), json_false()], "V7: shown by id and by filter, $round.$twice";
        }
        for my $twice (1 .. 2) {
            is_resource ops($id, op('Replace', 'active', 'True')), 200, "V7: on, $round.$twice";
            is_deeply [read_user($id)->{active}, $find->()->{Resources}[0]{active}],
                [json_true(), json_true()], "V7: shown by id and by filter, on, $round.$twice";
        }
    }
    is del("/Users/$id")->code, 204, 'V7: delete';
    is_error del("/Users/$id"), 404, undef, undef, 'V7: delete again';
    is_error get("/Users/$id"), 404, undef, undef, 'V7: read';
    is $find->()->{totalResults}, 0, 'V7: filter';
    is_error ops($id, op('Replace', 'active', 'True')), 404, undef, undef, 'V7: patch';

    # the same again, in three ways
    my $res = post('/Users', { userName => $user->{userName}, externalId => $user->{externalId} });
    is_resource $res, 201, 'V7: create again with the same externalId';
    is $res->json->{id}, $id, 'V7: it is the same user';
    is_deeply [@{ row_of($id) }{qw(deleted_at active)}], [undef, 1], 'V7: alive and active';
    is $find->()->{totalResults}, 1, 'V7: found again';

    del("/Users/$id");
    $res = post('/Users', { userName => $user->{userName}, externalId => uniq('other') });
    is_resource $res, 201, 'V7: create again with another externalId';
    isnt $res->json->{id}, $id, 'V7: it is somebody else';
    ok defined row_of($id)->{deleted_at}, 'V7: the first one stays deleted';
    my $second = $res->json->{id};
    del("/Users/$second");
    $res = post('/Users', { userName => $user->{userName} });
    is_resource $res, 201, 'V7: create again without externalId';
    ok !grep({ $_ eq $res->json->{id} } $id, $second), 'V7: is a third one';

    # of several tombstones the newest comes back
    my $ext = uniq('many');
    my @id;
    for my $n (1 .. 3) {
        my $name = uniq("many$n") . '@contoso.com';
        db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash, active, external_id, deleted_at)
                   VALUES (1, ?, '!', false, ?, now() - make_interval(hours => ?))}, undef, $name, $ext,
            $n == 2 ? 1 : 10 * $n);
        push @id, db()->selectrow_array('SELECT max(id) FROM public.users');
    }
    $res = post('/Users', { userName => uniq('back') . '@contoso.com', externalId => $ext });
    is_resource $res, 201, 'V7: create where three have been';
    is $res->json->{id}, $id[1], 'V7: the one deleted last comes back';
    is_deeply [map { defined row_of($_)->{deleted_at} ? 1 : 0 } @id], [1, 0, 1], 'V7: the others stay deleted';

    # coming back is an update as well
    my $old = new_user(title => 'Old title', name => { givenName => 'Old' });
    del("/Users/$old->{id}");
    $res = post('/Users', { userName => $old->{userName}, externalId => $old->{externalId}, displayName => 'New' });
    is $res->json->{displayName}, 'New', 'V7: a restored user has what the request says';
    is_deeply $res->json, read_user($old->{id}), 'V7: and GET shows the same';
}

done_testing;
