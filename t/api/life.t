# The life of an account: none, active, inactive, tombstone, and back. Every row
# of the table that decides what a POST meets, and whom SCIM must leave alone.
use ScimTest;
use POSIX ();

scim_reset();
my ($admin) = db()->selectrow_array(
    "SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");

# A row that the application made, not SCIM.
sub app_user {
    my (%column) = @_;
    %column = (organisation_id => 1, password_hash => 'secret-hash', %column);
    my @name = sort keys %column;
    return db()->selectrow_array('INSERT INTO public.users (' . join(', ', @name) . ') VALUES ('
        . join(', ', ('?') x @name) . ') RETURNING id', undef, @column{@name});
}

sub users { return db()->selectrow_array('SELECT count(*) FROM public.users') }
sub mail  { my ($value) = @_; return [{ type => 'work', value => $value }] }

# POST is 409 and neither changes a row nor adds one.
sub conflict {
    my ($body, $detail, $name, @rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @before = map { row_of($_) } @rows;
    my $n = users();
    is_error post('/Users', $body), 409, 'uniqueness', $detail, "V4: $name is 409";
    is users(), $n, "V4: $name adds no row";
    is_deeply [map { row_of($_) } @rows], \@before, "V4: $name changes no row";
}

# POST is 201 with the id of a row that was there.
sub same_id {
    my ($body, $id, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $n = users();
    my $res = post('/Users', $body);
    is_resource $res, 201, "V4: $name is 201";
    is $res->json->{id}, $id, "V4: $name keeps the id";
    is users(), $n, "V4: $name adds no row";
    is_deeply get("/Users/$id")->json, $res->json, "V4: $name can be read again";
    return $res->json;
}

sub switch_off { return patch("/Users/$_[0]",
    { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }) }

# ---- row 1: protected ----

my $other_admin = app_user(username => 'boss@contoso.com', role => 'admin',
    external_id => 'boss-1');
my $sleeping_admin = app_user(username => 'former@contoso.com', role => 'admin', active => 'f',
    external_id => 'former-1');
my $free_admin = app_user(username => 'free@contoso.com', role => 'admin');
my $inactive = new_user(externalId => 'inactive-1', active => json_false);
for my $case (
    ['userName of the token\'s own user',         { userName => 'admin@contoso.com', externalId => 'n-1' },    $admin],
    ['the same in another case',                  { userName => 'ADMIN@CONTOSO.COM', externalId => 'n-1' },    $admin],
    ['userName of a protected user',              { userName => 'boss@contoso.com', externalId => 'n-1' },     $other_admin],
    ['externalId of a protected user',            { userName => 'new@contoso.com', externalId => 'boss-1' },   $other_admin],
    ['both of a protected user',                  { userName => 'boss@contoso.com', externalId => 'boss-1' },  $other_admin],
    ['an inactive protected user by externalId',  { userName => 'new@contoso.com', externalId => 'former-1' }, $sleeping_admin],
    ['an inactive protected user by userName',    { userName => 'former@contoso.com' },                        $sleeping_admin],
    ['a protected user without externalId',       { userName => 'Free@contoso.com', externalId => 'n-1' },     $free_admin],
    ['a protected userName with the externalId of an inactive user',
        { userName => 'boss@contoso.com', externalId => 'inactive-1' }, $other_admin,
        $inactive->{id}],
) {
    my ($what, $body, @rows) = @$case;
    conflict($body, undef, $what, @rows);
}

# Whose token it is stays protected without being an administrator.
db()->do("UPDATE public.users SET role = 'user' WHERE id = ?", undef, $admin);
conflict({ userName => 'admin@contoso.com', externalId => 'n-1' }, undef,
    'adoption of the token\'s user, whatever the role', $admin);
for my $case (
    ['the token\'s user', $admin, qr/token/i],
    ['a protected user', $other_admin, undef],
) {
    my ($what, $id, $detail) = @$case;
    my $row = row_of($id);
    is_resource get("/Users/$id"), 200, "V4: $what can be read";
    is_list get("/Users?filter=id+eq+%22$id%22"), 1, "V4: $what is found";
    for my $op (
        ['legacy',    { op => 'Replace', path => 'active', value => 'False' }],
        ['compliant', { op => 'replace', value => { active => json_false } }],
        ['with more', { op => 'replace', value => { active => json_false, title => 'x', nosuch => 1 } }],
    ) {
        is_error patch("/Users/$id", { Operations => [$op->[1]] }), 400, 'mutability', $detail,
            "V4: $what cannot be deactivated, $op->[0]";
    }
    is_error patch("/Users/$id", { Operations => [{ op => 'replace', path => 'userName',
        value => uniq('x') }] }),
        400, 'mutability', undef, "V4: $what cannot be renamed";
    is_error put("/Users/$id", { userName => $row->{username}, active => json_false }), 400,
        'mutability', undef,
        "V4: $what cannot be deactivated by PUT";
    is_error put("/Users/$id", { userName => uniq('x') }), 400, 'mutability', undef,
        "V4: $what cannot be renamed by PUT";
    is_error del("/Users/$id"), 400, 'mutability', $detail, "V4: $what cannot be deleted";
    is_deeply row_of($id), $row, "V4: the row of $what is as it was";
    is_resource patch("/Users/$id",
        { Operations => [{ op => 'replace', path => 'active', value => json_true }] }), 200,
        "V4: $what may be called active, being so";
    is_deeply row_of($id), $row, "V4: which changes nothing about $what";
}
db()->do("UPDATE public.users SET role = 'admin' WHERE id = ?", undef, $admin);

# ---- row 2: live and active, this externalId ----

my $live = new_user(userName => 'Live@contoso.com', externalId => 'live-1',
    emails => mail('live@work.example'));
conflict({ userName => 'live@contoso.com', externalId => 'live-1' }, undef, 'the same user again',
    $live->{id});
conflict({ userName => uniq('x'), externalId => 'live-1' }, qr/externalId/,
    'an active externalId under another name', $live->{id});
conflict({ userName => $inactive->{userName}, externalId => 'live-1' }, undef,
    'an active externalId with the name of an inactive user', $live->{id}, $inactive->{id});

# ---- row 3: inactive, this externalId ----

{
    my $user = new_user(externalId => 'back-1', title => 'Old', name => { givenName => 'Old' },
        emails => mail('old@work.example'));
    is switch_off($user->{id})->code, 200, 'V4: switched off';
    is get("/Users/$user->{id}")->json->{active}, json_false, 'V4: and inactive';
    my $name = uniq('back');
    my $back = same_id({ userName => $name, externalId => 'back-1', title => 'New',
        emails => mail('new@work.example') },
        $user->{id}, 'an inactive user who comes back');
    is_deeply [@$back{qw(userName externalId title active)}, $back->{emails}[0]{value}],
        [$name, 'back-1', 'New', json_true, 'new@work.example'], 'V4: is active, with what the request says';
    is_deeply [@{ row_of($user->{id}) }{qw(username email active deleted_at)}],
        [$name, 'new@work.example', 1, undef],
        'V4: and so in the table';
    switch_off($user->{id});
    $back = same_id({ userName => $name, externalId => 'back-1', active => json_false },
        $user->{id},
        'an inactive user who comes back inactive');
    is row_of($user->{id})->{active}, 0, 'V4: gets no access by it';
    switch_off($user->{id});
    conflict({ userName => 'LIVE@contoso.com', externalId => 'back-1' }, qr/userName/,
        'an inactive user who comes back under a name that is taken', $user->{id}, $live->{id});
    conflict({ userName => $inactive->{userName}, externalId => 'back-1' }, qr/userName/,
        'or under the name of another inactive user', $user->{id}, $inactive->{id});
    conflict({ userName => $name, externalId => 'BACK-1' }, qr/userName/,
        'externalId in another case does not bring back', $user->{id});
}

# ---- row 3: tombstone, this externalId ----

{
    my $user = new_user(externalId => 'grave-1', emails => mail('grave@work.example'));
    my $id = $user->{id};
    is del("/Users/$id")->code, 204, 'V4: deleted';
    ok row_of($id)->{deleted_at}, 'V4: the row stays as a tombstone';
    is row_of($id)->{active}, 0, 'V4: and is inactive';
    is_error get("/Users/$id"), 404, undef, undef, 'V4: which nobody sees';
    is_error switch_off($id), 404, undef, undef, 'V4: or changes';
    is_error put("/Users/$id", { userName => 'x' }), 404, undef, undef, 'V4: or replaces';
    is_error del("/Users/$id"), 404, undef, undef, 'V4: or deletes again';

    conflict({ userName => 'live@contoso.com', externalId => 'grave-1' }, qr/userName/,
        'a tombstone that would come back under a name that is taken', $id, $live->{id});
    db()->do(q{UPDATE public.users SET scim_extra = scim_extra || '{"shoe": 44, "title": "Gone"}' WHERE id = ?}, undef, $id);
    my $name = uniq('grave');
    my $back = same_id({ userName => $name, externalId => 'grave-1',
        emails => mail('g@work.example') }, $id, 'a tombstone that comes back');
    is_deeply [@{ row_of($id) }{qw(username email active deleted_at)}], [$name, 'g@work.example',
        1, undef], 'V4: and lives';
    is $back->{title}, undef, 'V4: with nothing of what the directory had said before';
    like row_of($id)->{scim_extra}, qr/"shoe": ?44/, 'V4: and all that the application keeps of its own';
    is $back->{meta}{created}, $user->{meta}{created}, 'V4: having been created when it was';
    is scalar(grep { $_->{outcome} eq 'applied' } @{ events_of($id) }), 3,
        'V4: create, delete and restore are recorded';

    del("/Users/$id");
    my $older = app_user(username => 'older', external_id => 'grave-1', active => 'f',
        deleted_at => '2020-01-01');
    my $newer = app_user(username => 'newer', external_id => 'grave-1', active => 'f',
        deleted_at => '2999-01-01');
    same_id({ userName => $name, externalId => 'grave-1' }, $newer,
        'of several tombstones the newest');
    ok row_of($_)->{deleted_at}, 'V4: the others rest' for $id, $older;
    switch_off($newer);
    same_id({ userName => $name, externalId => 'grave-1' }, $newer,
        'an inactive user goes before any tombstone');
    ok row_of($_)->{deleted_at}, 'V4: the tombstones rest' for $id, $older;

    my $grave_admin = app_user(username => 'old.boss@contoso.com', role => 'admin',
        external_id => 'old-boss', active => 'f', deleted_at => 'now');
    my $tomb = row_of($grave_admin);
    $name = uniq('x');
    my $res = post('/Users', { userName => $name, externalId => 'old-boss' });
    is_resource $res, 201, 'V4: the externalId of a protected tombstone is free';
    my $new = eval { $res->json->{id} } // 0;
    isnt $new, $grave_admin, 'V4: an administrator is not raised from the dead';
    is_deeply row_of($grave_admin), $tomb, 'V4: nor touched';
    conflict({ userName => uniq('x'), externalId => 'old-boss' }, qr/externalId/, 'the new account, again', $new);
    del("/Users/$new");
    same_id({ userName => $name, externalId => 'old-boss' }, $new,
        'of several tombstones one that is not protected, be it the older');
    del("/Users/$new");
    db()->do("UPDATE public.users SET deleted_at = '2020-01-01' WHERE id = ?", undef, $new);
    same_id({ userName => $name, externalId => 'old-boss' }, $new, 'or much older');
    ok row_of($grave_admin)->{deleted_at}, 'V4: and rests';
}

# ---- row 4: the name is taken ----

my $nameless = app_user(username => 'Unlinked@contoso.com');
for my $case (
    ['an active name under another externalId',    { userName => 'live@contoso.com', externalId => 'n-4' },        $live->{id}],
    ['an active name without externalId',          { userName => 'LIVE@contoso.com' },                             $live->{id}],
    ['an inactive name under another externalId',  { userName => uc $inactive->{userName}, externalId => 'n-4' },  $inactive->{id}],
    ['an inactive name without externalId',        { userName => $inactive->{userName} },                          $inactive->{id}],
    ['an unlinked name without externalId',        { userName => 'unlinked@contoso.com' },                         $nameless],
    ['an unlinked name with externalId null',      { userName => 'unlinked@contoso.com', externalId => undef },    $nameless],
) {
    my ($what, $body, @rows) = @$case;
    conflict($body, qr/userName/, $what, @rows);
}

# ---- row 5: adoption ----

{
    my $strict = extra_httpd(edit => sub { s/^[ \t]*ScimAdopt\b.*\n//m });
    my $row = row_of($nameless);
    my $n = users();
    is_error post('/Users', { userName => 'unlinked@contoso.com', externalId => 'link-1' },
        base => $strict->base), 409, 'uniqueness',
        qr/userName/, 'V4: without ScimAdopt an unlinked account is 409';
    is_deeply [users(), row_of($nameless)], [$n, $row], 'V4: and is not touched';
    is_resource post('/Users', { userName => uniq('x'), externalId => uniq('x') },
        base => $strict->base), 201,
        'V4: without ScimAdopt new accounts are created as ever';
    $strict->stop;

    db()->do('INSERT INTO public.sessions (user_id) VALUES (?)', undef, $nameless);
    my ($desk) = db()->selectrow_array("INSERT INTO public.desks (organisation_id, name) VALUES (1, 'A1') RETURNING id");
    db()->do("INSERT INTO public.bookings (desk_id, user_id, day) VALUES (?, ?, '2030-01-01')",
        undef, $desk, $nameless);
    my $user = same_id({ userName => 'unlinked@Contoso.com', externalId => 'link-1',
        emails => mail('un@work.example'),
        name => { givenName => 'Una' } }, $nameless, 'an account older than SCIM');
    my $after = row_of($nameless);
    is_deeply [@$after{qw(username external_id email first_name active)}],
        ['unlinked@Contoso.com', 'link-1', 'un@work.example', 'Una', 1], 'V4: is linked and updated';
    is_deeply [@$after{qw(password_hash role api_access created_at organisation_id)}],
        [@$row{qw(password_hash role api_access created_at organisation_id)}], 'V4: the rest of it stays the application\'s';
    is_deeply [map { db()->selectrow_array("SELECT count(*) FROM public.$_ WHERE user_id = ?",
        undef, $nameless) } qw(sessions bookings)],
        [1, 1], 'V4: its sessions and bookings too';
    is_list get('/Users?filter=externalId+eq+%22link-1%22'), 1,
        'V4: from now on it is found by externalId';
    is scalar(grep { $_->{outcome} eq 'applied' } @{ events_of($nameless) }), 1,
        'V4: adoption is recorded once';
    conflict({ userName => 'unlinked@contoso.com', externalId => 'link-1' }, undef,
        'a second adoption', $nameless);
    conflict({ userName => 'unlinked@contoso.com', externalId => 'link-2' }, qr/userName/,
        'adoption by somebody else', $nameless);

    my $asleep = app_user(username => 'asleep@contoso.com', active => 'f');
    same_id({ userName => 'asleep@contoso.com', externalId => 'link-3', active => json_true },
        $asleep, 'an inactive account older than SCIM');
    is row_of($asleep)->{active}, 1, 'V4: is active when the directory says so';

    my $wanted = app_user(username => 'wanted@contoso.com');
    my @answer = parallel(map { ['POST', '/Users', { userName => 'wanted@contoso.com',
        externalId => "w-$_" }] } 1 .. 6);
    is join(' ', sort map { $_->code } @answer), '201' . ' 409' x 5,
        'V4: of six adoptions at once one wins';
    is row_of($wanted)->{external_id}, (grep { $_->code == 201 } @answer)[0]->json->{externalId},
        'V4: and the row is the winner\'s';
}

# An account that becomes protected while it is being adopted: the application
# holds the row, and makes an administrator of it before it lets go.
{
    my $risen = app_user(username => 'risen@contoso.com');
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do("UPDATE public.users SET role = 'admin' WHERE id = ?", undef, $risen);
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        my $res = eval { post('/Users', { userName => 'risen@contoso.com', externalId => 'risen-1' }) };
        POSIX::_exit($res ? $res->code - 400 : 255);
    }
    ok wait_until(5, sub { db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'mod_scim' AND wait_event_type = 'Lock'}) }), 'V4: an adoption waits for the application';
    $holder->commit;
    $holder->disconnect;
    waitpid $child, 0;
    is +($? >> 8) + 400, 409, 'V4: an account that has become protected meanwhile is 409';
    is row_of($risen)->{external_id}, undef, 'V4: and not linked';
}

# An inactive user whom the application makes while the directory does: the
# request meets it in the second look only, and restores it.
{
    my $name = uniq('meanwhile');
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    my ($id) = $holder->selectrow_array(q{INSERT INTO public.users (organisation_id, password_hash, username, external_id, active)
        VALUES (1, '!', ?, 'meanwhile-1', false) RETURNING id}, undef, $name);
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        my $res = eval { post('/Users', { userName => $name, externalId => 'meanwhile-1' }) };
        POSIX::_exit($res ? $res->code - 200 : 255);
    }
    ok wait_until(5, sub { db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity
        WHERE usename = 'mod_scim' AND wait_event_type = 'Lock'}) }), 'V4: a create waits for the same user\'s';
    $holder->commit;
    $holder->disconnect;
    waitpid $child, 0;
    is +($? >> 8) + 200, 201, 'V4: and restores who is there now';
    is row_of($id)->{active}, 1, 'V4: who is active then';
}

# ---- row 6: nothing ----

{
    my $gone = new_user(userName => 'gone@contoso.com', externalId => 'gone-1');
    my $unlinked = app_user(username => 'ghost@contoso.com', active => 'f', deleted_at => 'now');
    del("/Users/$gone->{id}");
    for my $case (
        ['a tombstone\'s name under another externalId', { userName => 'gone@contoso.com', externalId => 'gone-2' }, $gone->{id}],
        ['an unlinked tombstone\'s name',               { userName => 'ghost@contoso.com', externalId => 'ghost-1' }, $unlinked],
        ['a name and an externalId nobody has',         { userName => uniq('six'), externalId => uniq('six') }, $gone->{id}],
    ) {
        my ($what, $body, $old) = @$case;
        my $n = users();
        my $tomb = row_of($old);
        my $res = post('/Users', $body);
        is_resource $res, 201, "V4: $what is 201";
        isnt $res->json->{id}, $old, "V4: $what is a new id";
        is users(), $n + 1, "V4: $what is a new row";
        is_deeply row_of($old), $tomb, "V4: $what leaves the tombstone as it was";
    }
    is_resource post('/Users', { userName => uniq('six') }), 201,
        'V4: a new name without externalId is 201';
}

# ---- deactivation is never hostage ----

{
    my $id = new_user(userName => uniq('leaver'))->{id};
    db()->do('INSERT INTO public.sessions (user_id) VALUES (?)', undef, $id);
    is_resource patch("/Users/$id", { Operations => [
        { op => 'Add', path => 'nosuch.attribute', value => 'x' }, { op => 'Replace',
            path => 'active', value => 'False' },
        { op => 'Add', path => 'emails[type eq "fax"].value', value => 'y' }] }), 200,
        'V4: unknown attributes do not stop a deactivation';
    is row_of($id)->{active}, 0, 'V4: the leaver is inactive';
    is db()->selectrow_array('SELECT count(*) FROM public.sessions WHERE user_id = ?', undef, $id),
        0, 'V4: and logged out';
}

done_testing;
