# scim.events: exactly one row for each change that was committed, and none for
# what did not happen.
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
sub total     { return db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'}) }

# What a piece of work adds to the events: the applied rows that are new.
sub during {
    my ($work) = @_;
    my ($last) = db()->selectrow_array('SELECT coalesce(max(id), 0) FROM scim.events');
    $work->();
    my $rows = db()->selectall_arrayref(
        q{SELECT * FROM scim.events WHERE id > ? AND outcome = 'applied' ORDER BY id}, { Slice => {} }, $last);
    $_->{changes} = JSON::PP->new->allow_nonref->decode($_->{changes} // 'null') for @$rows;
    return @$rows;
}

# The change of one attribute in a row: [old, new], undef for "not there".
sub change { my ($row, $path) = @_; my $c = $row->{changes}{$path} or return; return [@$c{qw(old new)}] }

my %of;         # organisation => [actor, token_id]
for my $org (1, 2) {
    $of{$org} = [db()->selectrow_array(q{SELECT u.id, t.id FROM public.users u
        JOIN public.api_tokens t ON t.user_id = u.id WHERE u.organisation_id = ?}, undef, $org)];
}

sub is_event {
    my ($row, $org, $operation, $id, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply [@$row{qw(tenant actor token_id resource_type resource_id outcome)}],
        [$org, @{ $of{$org} }, 'User', $id, 'applied'], $name;
    like $row->{operation}, $operation, "$name: the operation";
    ok defined $row->{at} && $row->{at} =~ /^\d{4}-/, "$name: the time";
}

# ---- one for each change ----

my $mail = 'emails[type eq "work"].value';
my %start = (userName => uniq('e') . '@contoso.com', externalId => uniq('ext'), title => 'T',
             name => { givenName => 'Ann', familyName => 'Lee' },
             emails => [{ type => 'work', value => 'ann@contoso.com' }]);
my $id;

my @row = during(sub { $id = post('/Users', { schemas => [CORE], %start })->json->{id} });
is scalar(@row), 1, 'a new user is one event';
is_event $row[0], 1, qr/create|post/i, $id, 'it says who and whom';
is_deeply change($row[0], 'userName'), [undef, $start{userName}], 'userName is new';
is_deeply change($row[0], 'externalId'), [undef, $start{externalId}], 'externalId is new';
is_deeply change($row[0], 'emails'), [undef, $start{emails}], 'so is the address, in its list';
is_deeply change($row[0], 'name.givenName'), [undef, 'Ann'], 'so is the given name';
like encode($row[0]{changes}), qr/"T"/, 'extra attributes are in it';

for my $case (
    ['a mapped attribute', [op('Replace', 'name.givenName', 'Bea')], { 'name.givenName' => ['Ann', 'Bea'] }],
    ['two of them', [op('Replace', 'name.givenName', 'Cia'), op('Replace', 'name.familyName', 'Day')],
     { 'name.givenName' => ['Bea', 'Cia'], 'name.familyName' => ['Lee', 'Day'] }],
    ['deactivation', [op('Replace', 'active', 'False')], { active => [json_true(), json_false()] }],
    ['activation', [op('replace', undef, { active => json_true() })], { active => [json_false(), json_true()] }],
    ['the address', [op('Replace', $mail, 'new@contoso.com')],
     { emails => [[{ type => 'work', value => 'ann@contoso.com' }], [{ type => 'work', value => 'new@contoso.com' }]] }],
    ['clearing', [op('remove', 'name.familyName')], { 'name.familyName' => ['Day', undef] }],
    ['one attribute three times', [map { op('replace', 'name.givenName', $_) } 'x', 'y', 'Eve'],
     { 'name.givenName' => ['Cia', 'Eve'] }],
    ['an extra attribute', [op('replace', 'title', 'U')], { title => ['T', 'U'] }],
    ['with others ignored', [op('Add', 'favouriteColour', 'blue'), op('replace', 'title', 'V')],
     { title => ['U', 'V'] }],
    ['with others the same', [op('replace', 'title', 'W'), op('replace', 'active', json_true())],
     { title => ['V', 'W'] }],
) {
    my ($what, $ops, $want) = @$case;
    my @row = during(sub { is_resource ops($id, @$ops), 200, "PATCH: $what" });
    is scalar(@row), 1, "is one event: $what";
    is_event $row[0], 1, qr/patch|update|modify/i, $id, "of the right user: $what";
    is_deeply +{ map { $_ => change($row[0], $_) } keys %{ $row[0]{changes} } }, $want,
        "with old and new value of what changed: $what";
}

@row = during(sub { put("/Users/$id", { %{ read_user($id) }, displayName => 'Shown' }) });
is scalar(@row), 1, 'a PUT is one event';
is_event $row[0], 1, qr/put|replace|update/i, $id, 'of that user';
is_deeply $row[0]{changes}, { displayName => { new => 'Shown' } }, 'with what it changed, and no more';

@row = during(sub { del("/Users/$id") });
is scalar(@row), 1, 'a DELETE is one event';
is_event $row[0], 1, qr/delete|remove/i, $id, 'of that user, too';

@row = during(sub { post('/Users', { userName => $start{userName}, externalId => $start{externalId} }) });
is scalar(@row), 1, 'a restoring POST is one event';
is_event $row[0], 1, qr/\w/, $id, 'of the restored user';

my $name = uniq('adopt') . '@contoso.com';
my ($adopted) = db()->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash)
    VALUES (1, ?, '!') RETURNING id}, undef, $name);
@row = during(sub { is_resource post('/Users', { userName => $name, externalId => 'adopted' }), 201, 'adoption' });
is scalar(@row), 1, 'an adoption is one event';
is_event $row[0], 1, qr/\w/, $adopted, 'of the adopted user';
is_deeply change($row[0], 'externalId'), [undef, 'adopted'], 'with its new externalId';

@row = during(sub { scim_b('POST', '/Users', { userName => uniq('b') . '@fabrikam.com' }) });
is scalar(@row), 1, 'another organisation';
is_event $row[0], 2, qr/create|post/i, $row[0]{resource_id}, 'has its own actor and token';

# A second token of the same actor is told apart.
{
    my ($token) = db()->selectrow_array(q{SELECT scim.token_issue(?, interval '1 day')}, undef, $of{1}[0]);
    my ($token_id) = db()->selectrow_array('SELECT max(id) FROM public.api_tokens');
    my @row = during(sub { patch("/Users/$adopted", { Operations => [op('replace', 'title', 'x')] }, token => $token) });
    is_deeply [map { [@$_{qw(actor token_id)}] } @row], [[$of{1}[0], $token_id]], 'a second token has its own id';
    my $all = db()->selectcol_arrayref('SELECT e::text FROM scim.events e');
    is scalar(grep { index($_, $token) >= 0 || index($_, token_a()) >= 0 } @$all), 0, 'no token is in the events';
}

# A request id, when the client or httpd gives one, names the request.
{
    my @row = during(sub { ops($adopted, op('replace', 'title', "r$_")) for 1 .. 2 });
    is scalar(@row), 2, 'two requests';
    ok !defined $row[0]{request_id} || $row[0]{request_id} ne $row[1]{request_id},
        'do not share a request id';
}

# ---- none for what did not happen ----

{
    my $user = new_user(title => 'T', name => { givenName => 'Ann' });
    my $other = new_user();
    my $id = $user->{id};
    my $body = read_user($id);
    for my $case (
        ['GET', sub { get("/Users/$id") }],
        ['a list', sub { get('/Users?filter=active+eq+true') }],
        ['HEAD', sub { head("/Users/$id") }],
        ['a PATCH of nothing', sub { ops($id) }],
        ['a PATCH to the same value', sub { ops($id, op('replace', 'title', 'T')) }],
        ['a PATCH of what is unknown', sub { ops($id, op('Add', 'favouriteColour', 'x')) }],
        ['a PATCH there and back', sub { ops($id, op('replace', 'title', 'x'), op('replace', 'title', 'T')) }],
        ['a PUT of what is there', sub { put("/Users/$id", $body) }],
        ['a refused value', sub { ops($id, op('replace', 'title', 'x'), op('replace', 'active', 'maybe')) }],
        ['a refused path', sub { ops($id, op('replace', 'title', 'x'), op('replace', 'a[', 'x')) }],
        ['a PATCH in conflict', sub { ops($id, op('replace', 'userName', $other->{userName})) }],
        ['a PUT in conflict', sub { put("/Users/$id", { %$body, userName => $other->{userName} }) }],
        ['a POST in conflict', sub { post('/Users', { userName => $other->{userName} }) }],
        ['a POST without userName', sub { post('/Users', { title => 'x' }) }],
        ['a body that is no JSON', sub { post('/Users', '{') }],
        ['a wrong token', sub { patch("/Users/$id", { Operations => [op('replace', 'title', 'x')] }, token => 'x') }],
        ['another organisation', sub { scim_b('PATCH', "/Users/$id", { Operations => [op('replace', 'title', 'x')] }) }],
        ['another organisation\'s DELETE', sub { scim_b('DELETE', "/Users/$id") }],
        ['nobody', sub { ops('987654321', op('replace', 'title', 'x')); del('/Users/987654321') }],
        ['the actor', sub { ops($of{1}[0], op('Replace', 'active', 'False')); del("/Users/$of{1}[0]") }],
        ['groups', sub { post('/Groups', { displayName => 'G' }) }],
    ) {
        my ($what, $work) = @$case;
        is scalar(during($work)), 0, "no event of a change from $what";
    }
    is_deeply read_user($id), $body, 'and indeed nothing has changed';
    my ($strange) = db()->selectrow_array(q{SELECT count(*) FROM scim.events
        WHERE outcome NOT IN ('applied', 'refused')});
    is $strange, 0, 'an event is applied or refused';
}

# What the database refuses takes its event with it, and the other way round.
{
    my $user = new_user();
    my $id = $user->{id};
    db()->do(q{CREATE FUNCTION public.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'all 50 seats are taken' USING ERRCODE = NEW.first_name; END $$});
    db()->do(q{CREATE TRIGGER test_refuse BEFORE UPDATE ON public.users FOR EACH ROW
        WHEN (NEW.first_name LIKE 'SC4__') EXECUTE FUNCTION public.test_refuse()});
    for my $status (409, 422, 429) {
        my @row = during(sub {
            my $res = ops($id, op('replace', 'name.givenName', "SC$status"));
            is_error $res, $status, undef, qr/all 50 seats are taken/,
                "the application refuses a change with $status, in its own words";
        });
        is scalar(@row), 0, "there is no event of it, $status";
    }
    db()->do('DROP TRIGGER test_refuse ON public.users');
    db()->do('DROP FUNCTION public.test_refuse()');

    expect_log(qr/\[scim:error\]/);
    db()->do(q{CREATE FUNCTION scim.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$});
    db()->do(q{CREATE TRIGGER test_refuse BEFORE INSERT ON scim.events FOR EACH ROW
        WHEN (NEW.changes::text LIKE '%no-event%') EXECUTE FUNCTION scim.test_refuse()});
    my $res = ops($id, op('replace', 'name.givenName', 'no-event'));
    is_error $res, 503, undef, undef, 'an event for which there is no room is an error, that may pass';
    unlike $res->content, qr/no room/, 'whose text stays inside';
    is row_of($id)->{first_name}, undef, 'and takes the change with it';
    db()->do('DROP TRIGGER test_refuse ON scim.events');
    db()->do('DROP FUNCTION scim.test_refuse()');
    is_resource ops($id, op('replace', 'name.givenName', 'again')), 200, 'afterwards all is well';
    is row_of($id)->{first_name}, 'again', 'and done';
}

# ---- the sum ----

{
    my $before = total();
    my @id = map { new_user()->{id} } 1 .. 3;
    ops($_, op('replace', 'title', 'a'), op('replace', 'displayName', 'b')) for @id;
    ops($_, op('Replace', 'active', 'False')) for @id[0, 1];
    ops($_, op('Replace', 'active', 'False')) for @id[0, 1];
    del("/Users/$id[0]");
    del("/Users/$id[0]");
    is total() - $before, 3 + 3 + 2 + 1, 'as many events as changes';
    is_deeply [map { scalar grep { $_->{outcome} eq 'applied' } @{ events_of($_) } } @id], [4, 3, 2],
        'at each user those of its own';
    my $history = events_of($id[0]);
    is_deeply [map { $_->{id} } @$history], [sort { $a <=> $b } map { $_->{id} } @$history], 'in order';
}

done_testing;
