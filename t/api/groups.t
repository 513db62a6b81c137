# Groups where they are on: discovery, POST, GET, lists and filters, PUT, DELETE,
# and the groups of a user. PATCH is in groups_patch.t.
use ScimTest;

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';
use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';

scim_reset();
my $h = extra_httpd(groups => 1);
my @there = (base => $h->base);

sub filter { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
sub ids { return [sort { $a <=> $b } map { $_->{value} } @{ $_[0] || [] }] }
sub found {
    my ($type, $text, @more) = @_;
    my $res = get("/$type?" . join('&', 'filter=' . filter($text), @more), @there);
    return $res->code == 200 ? [sort { $a <=> $b } map { $_->{id} } @{ $res->json->{Resources} }] : $res->as_string;
}

# ---- discovery ----

{
    my $res = get('/ResourceTypes', @there);
    is_deeply [map { $_->{id} } @{ $res->json->{Resources} }], [qw(User Group)], 'resource types: User and Group';
    is get('/ResourceTypes/group', @there)->json->{endpoint}, '/Groups', 'the endpoint of Group';
    my %schema = map { $_->{id} => $_ } @{ get('/Schemas', @there)->json->{Resources} };
    ok $schema{ (GROUP) }, 'there is a schema Group';
    my %attr = map { $_->{name} => $_ } @{ $schema{ (GROUP) }{attributes} };
    is_deeply [sort keys %attr], [qw(displayName members)], 'displayName and members';
    is $attr{displayName}{required}, json_true, 'displayName is required';
    is $attr{displayName}{uniqueness}, 'server', 'and unique, as an index of the application sees to it';
    my %sub = map { $_->{name} => $_->{mutability} } @{ $attr{members}{subAttributes} };
    is_deeply \%sub, { value => 'immutable', '$ref' => 'immutable', type => 'immutable', display => 'readOnly' },
        'sub-attributes of a member are immutable';
    my ($groups) = grep { $_->{name} eq 'groups' } @{ $schema{ (USER) }{attributes} };
    is $groups->{mutability}, 'readOnly', 'groups of a User is readOnly';
    is get('/Schemas/' . GROUP, @there)->json->{name}, 'Group', 'the schema by its URN';
    is_error get('/Schemas/' . GROUP), 404, undef, qr/schema/, 'D2: where groups are off there is no such schema';
    is_error get('/ResourceTypes/Group'), 404, undef, qr/resource type/, 'D2: nor such a resource type';
    unlike get('/Schemas')->content, qr/"groups"/, 'D2: nor groups of a User';
}

# ---- create and read ----

my @user = map { new_user(displayName => "Person $_", @there) } 0 .. 3;
my ($u0, $u1, $u2, $u3) = map { $_->{id} } @user;

my $res = post('/Groups', { schemas => [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
    id => 'mine', externalId => 'ext-g', displayName => 'Fire Wardens', meta => { resourceType => 'Group' },
    members => [{ value => $u0, '$ref' => undef }, { value => $u1, display => 'ignored' }, { value => $u0 }] }, @there);
is_resource $res, 201, 'POST with members';
my $group = $res->json;
my $id = $group->{id};
is_deeply { %$group, meta => 0 }, {
    schemas => [GROUP], id => $id, externalId => 'ext-g', displayName => 'Fire Wardens', meta => 0,
    members => [map { my $u = $user[$_];
        { value => $u->{id}, '$ref' => $h->base . "/Users/$u->{id}", type => 'User', display => "Person $_" } } 0, 1],
}, 'the whole group is answered, members with value, $ref, type and display';
is_deeply get("/Groups/$id", @there)->json, $group, 'and GET gives the same';
is get($group->{members}[0]{'$ref'} =~ s/^\Q@{[ $h->base ]}\E//r, @there)->json->{userName}, $user[0]{userName},
    'a $ref leads to the member';
is $group->{meta}{resourceType}, 'Group', 'meta.resourceType';
is_deeply group_state($id)->{members}, [$u0, $u1], 'the rows are there, each once';
is_deeply group_state($id)->{events}, [{ operation => 'create', outcome => 'applied', actor => 1,
    changes => { displayName => { new => 'Fire Wardens' }, externalId => { new => 'ext-g' },
                 members => { added => [$u0, $u1] } } }], 'one event with the members';

my $empty = post('/Groups', { displayName => 'Empty', members => [] }, @there);
is_resource $empty, 201, 'a group without members';
ok !exists $empty->json->{members}, 'has no members in the answer';
is $empty->json->{meta}{lastModified}, $empty->json->{meta}{created}, 'lastModified is created';
is_deeply group_state($empty->json->{id})->{events}[0]{changes}, { displayName => { new => 'Empty' } },
    'and none in its event';

for my $case (['no displayName', {}, qr/displayName is required/], ['an empty one', { displayName => '' }, qr/displayName is required/],
              ['null', { displayName => undef }, qr/displayName is required/]) {
    my ($name, $body, $detail) = @$case;
    is_error post('/Groups', $body, @there), 400, 'invalidValue', $detail, "POST with $name";
}
is_error post('/Groups', { displayName => 'fire WARDENS' }, @there), 409, 'uniqueness',
    qr/^displayName "fire WARDENS" is used by another group$/, 'a name that the index of the application has already';
is_error post('/Groups', { displayName => 'Other', externalId => 'ext-g' }, @there), 409, 'uniqueness',
    qr/^externalId "ext-g" is used by another group$/, 'an externalId that another group has';
is_error post('/Groups', { displayName => 'Other', externalId => 'ext-g', members => [$u0] }, @there), 409, 'uniqueness',
    qr/externalId/, 'the same with members';
is_resource post('/Groups', { displayName => 'Cased', externalId => 'EXT-G' }, @there), 201, 'externalId is case exact';

# ---- who is not let in ----

for my $case ([GET => '/Groups'], [GET => "/Groups/$id"], [POST => '/Groups', { displayName => 'X' }], [POST => '/Groups', {}],
              [POST => '/Groups', { displayName => 'X', members => [$u0] }], [POST => '/Groups', { members => [17] }],
              [PUT => "/Groups/$id", { displayName => 'X' }], [PATCH => "/Groups/$id", { Operations => [{ op => 'remove', path => 'members' }] }],
              [PATCH => "/Groups/$id", { Operations => [{ op => 'remove' }] }], [DELETE => "/Groups/$id"], [POST => '/Groups/.search', {}]) {
    my ($method, $path, $body) = @$case;
    is_error scim($method, $path, $body, @there, token => 'scim_' . '0' x 64), 401, undef, undef,
        "T5: $method $path with an unknown token and " . ($body ? encode($body) : 'no body');
}
is_deeply get("/Groups/$id", @there)->json, $group, 'T5: none of them has changed anything';

# ---- who cannot be a member ----

my $gone = new_user(@there)->{id};
del("/Users/$gone", @there);
my $strange = new_user(token => token_b(), @there)->{id};
my $count = db()->selectrow_array('SELECT count(*) FROM public.teams');
my %said;
for my $case (['unknown', '987654321'], ['no key', 'nobody'], ['deleted', $gone], ['of another tenant', $strange]) {
    my ($what, $who) = @$case;
    my $res = post('/Groups', { displayName => "N $what", members => [{ value => $u0 }, { value => $who }] }, @there);
    is_error $res, 400, 'invalidValue', qr/^members: there is no User with the id "\Q$who\E"$/, "a member who is $what";
    $said{ $res->json->{detail} =~ s/"[^"]*"/"x"/r }++;
}
is_deeply [values %said], [4], 'one cannot tell the cases apart';
for my $case (['a group', { value => $id, type => 'Group' }, qr/groups within groups/],
              ['the URL of a group', { value => $id, '$ref' => $h->base . "/Groups/$id" }, qr/groups within groups/],
              ['no value', { display => 'x' }, qr/by the id/], ['a number', 17, qr/by the id/],
              ['an empty value', { value => '' }, qr/by the id/], ['a list in the list', [$u0], qr/by the id/]) {
    my ($what, $member, $detail) = @$case;
    is_error post('/Groups', { displayName => "N $what", members => [$member] }, @there), 400, 'invalidValue', $detail,
        "a member that is $what";
}
is db()->selectrow_array('SELECT count(*) FROM public.teams'), $count, 'none of them has made a group';
{
    my $off = new_user(active => json_false, @there)->{id};
    is_deeply ids(new_group(displayName => 'Off', members => [$off], @there)->{members}), [$off], 'an inactive user can be a member';
}

# ---- what is shown ----

is_deeply [sort keys %{ get("/Groups/$id?excludedAttributes=members", @there)->json }],
    [qw(displayName externalId id meta schemas)], 'excludedAttributes=members';
is_deeply get("/Groups/$id?attributes=members.value", @there)->json,
    { schemas => [GROUP], id => $id, members => [{ value => $u0 }, { value => $u1 }] }, 'attributes=members.value';
is_deeply [sort keys %{ get("/Groups/$id?attributes=displayName", @there)->json }], [qw(displayName id schemas)],
    'attributes=displayName';
is_deeply get("/Groups/$id?attributes=" . GROUP . ':members.display', @there)->json->{members},
    [map { { display => "Person $_" } } 0, 1], 'attributes with the URN';
is head("/Groups/$id", @there)->code, 200, 'HEAD';
is options("/Groups", @there)->header('Allow'), 'GET, HEAD, POST, OPTIONS', 'OPTIONS';
is options("/Groups/$id", @there)->header('Allow'), 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS', 'OPTIONS of one';
is_error get('/Groups/987654321', @there), 404, undef, qr/^there is no Group with the id "987654321"$/, 'an unknown id';
is_error scim($_, '/Groups/987654321', $_ eq 'DELETE' ? undef : { displayName => 'x', Operations => [] }, @there), 404, undef, undef,
    "$_ of an unknown id" for qw(PUT PATCH DELETE);
is_error patch('/Groups/987654321', { Operations => [{ op => 'x' }] }, @there), 404, undef, undef,
    'existence is decided before the body is judged';

# ---- the groups of a user ----

my $second = new_group(displayName => 'Zebra', members => [$u0], @there)->{id};
is_deeply get("/Users/$u0", @there)->json->{groups}, [
    { value => $id, '$ref' => $h->base . "/Groups/$id", display => 'Fire Wardens', type => 'direct' },
    { value => $second, '$ref' => $h->base . "/Groups/$second", display => 'Zebra', type => 'direct' }],
    'a user shows its groups';
ok !exists get("/Users/$u2", @there)->json->{groups}, 'and none when it has none';
ok !exists get("/Users/$u0?excludedAttributes=groups", @there)->json->{groups}, 'nor when they are not to be shown';
{
    my $before = group_state($id);
    my $echo = get("/Users/$u2", @there)->json;
    is put("/Users/$u2", { %$echo, groups => [{ value => $id }] }, @there)->code, 200, 'groups in a PUT are passed over';
    is patch("/Users/$u2", { Operations => [{ op => 'add', path => 'groups', value => [{ value => $id }] }] }, @there)->code,
        200, 'A11: and in a PATCH';
    is_deeply group_state($id), $before, 'they change no group';
    my $res = patch("/Users/$u0", { Operations => [{ op => 'replace', path => 'title', value => 'T' }] }, @there);
    is scalar(@{ $res->json->{groups} }), 2, 'the answer to a PATCH of a user has the groups';
}

# ---- filters ----

for my $case (
    ['displayName eq "fire wardens"', [$id]], ['DISPLAYNAME EQ "FIRE WARDENS"', [$id]], ['displayName sw "fire"', [$id]],
    ['displayName eq "nobody"', []], ['externalId eq "ext-g"', [$id]], ['externalId eq "ext-G"', []],
    [GROUP . ':displayName eq "Zebra"', [$second]], ["id eq \"$id\"", [$id]], ['id eq "x"', []],
    ["members eq \"$u0\"", [$id, $second]], ["members.value eq \"$u1\"", [$id]], ["members[value eq \"$u1\"]", [$id]],
    ["members[value eq \"$u0\" and type eq \"User\"]", [$id, $second]], ["members[value eq \"$u0\" and display eq \"person 1\"]", []],
    ["members eq \"$u2\"", []], ['members eq "nobody"', []], ['members.display eq "person 1"', [$id]],
    ["id eq \"$id\" and members eq \"$u0\"", [$id]], ["id eq \"$id\" and members eq \"$u2\"", []],
    ["members pr and displayName sw \"z\"", [$second]], ["displayName eq \"Empty\" and not (members pr)", [$empty->json->{id}]],
    ["displayName sw \"fire\" and members ne \"$u0\"", [$id]], ["displayName eq \"Zebra\" and members ne \"$u0\"", []],
    ['meta.created gt "2020-01-01T00:00:00Z" and displayName eq "Zebra"', [$second]],
) {
    is_deeply found(Groups => $case->[0]), $case->[1], "filter $case->[0]";
}
is_deeply found(Groups => "id eq \"$id\" and members eq \"$u0\"", 'attributes=id'), [$id], 'the look-up of a membership';
is_deeply found(Users => "groups.value eq \"$id\""), [$u0, $u1], 'users by group';
is_deeply found(Users => "groups eq \"$second\""), [$u0], 'users by group, short';
is_deeply found(Users => 'groups.display eq "zebra"'), [$u0], 'users by the name of a group';
is_deeply found(Users => 'groups[display sw "fire" and type eq "direct"]'), [$u0, $u1], 'users by an element of groups';
{
    my ($group, $user) = ($h->base . "/Groups/$id", $h->base . "/Users/$u1");
    my $ref = '$ref';
    for my $case (
        [Groups => "members.$ref eq \"$user\"", [$id]], [Groups => "members[$ref eq \"$user\" and type eq \"User\"]", [$id]],
        [Groups => "members[$ref ew \"/Users/$u0\" and value eq \"$u1\"]", []], [Groups => "members.$ref co \"/Users/\" and displayName eq \"zebra\"", [$second]],
        [Groups => "members.$ref eq \"/Users/$u1\"", []], [Groups => "members.$ref pr and displayName sw \"z\"", [$second]],
        [Users => "groups.$ref eq \"$group\"", [$u0, $u1]], [Users => "groups[$ref sw \"$group\" and display sw \"fire\"]", [$u0, $u1]],
        [Users => "groups.$ref eq \"" . uc($group) . '"', []], [Users => "userName eq \"$user[2]{userName}\" and not (groups.$ref pr)", [$u2]],
    ) {
        is_deeply found(@$case[0, 1]), $case->[2], "$case->[0] by URL: $case->[1]";
    }
}

# Nothing is advertised that no filter can ask for.
{
    my %asked;
    for my $schema (@{ get('/Schemas', @there)->json->{Resources} }) {
        my $type = $schema->{id} eq GROUP ? 'Groups' : 'Users';
        my @all = map { my $name = $_->{name};
            ($name, map { "$name.$_->{name}" } @{ $_->{subAttributes} || [] }) } @{ $schema->{attributes} };
        is_deeply [grep { get("/$type?count=0&filter=" . filter("$schema->{id}:$_ pr"), @there)->code != 200 } @all], [],
            "every attribute of $schema->{name} can be asked for";
        $asked{$type} += @all;
    }
    cmp_ok $asked{Groups}, '>=', 6, 'those of groups are among them';
    cmp_ok $asked{Users}, '>', 50, 'and those of users';
}
is_error get('/Groups?filter=' . filter('userName eq "x"'), @there), 400, 'invalidFilter', undef, 'a group has no userName';
is_error get('/Groups?filter=' . filter('displayName eq'), @there), 400, 'invalidFilter', undef, 'a filter that cannot be read';
{
    my $list = get('/Groups?count=2', @there);
    is_list $list, undef, 'a page of groups';
    is_deeply ids($list->json->{Resources}[0]{members}), [$u0, $u1], 'with their members';
    my $none = get('/Groups?count=2&excludedAttributes=members', @there)->json;
    ok !grep({ exists $_->{members} } @{ $none->{Resources} }), 'or without';
    is_list get('/Groups?excludedAttributes=members&filter=' . filter('displayName eq "c1c1"'), @there), 0, 'the connection test';
}

# ---- order, cursors, searches ----

{
    my $by_name = sub { [map { $_->{displayName} } @{ $_[0]->json->{Resources} }] };
    my $list = get('/Groups?sortBy=displayName&sortOrder=descending&filter=' . filter('displayName sw "fire" or displayName eq "zebra"'), @there);
    is_deeply $by_name->($list), ['Zebra', 'Fire Wardens'], 'groups are sorted';
    is scalar(@{ $list->json->{Resources}[1]{members} }), 2, 'and have their members';
    $list = post('/Groups/.search', { schemas => ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter => "members eq \"$u1\"", excludedAttributes => ['members'] }, @there);
    is_list $list, 1, 'a search';
    is_deeply [$list->json->{Resources}[0]{id}, $list->json->{Resources}[0]{members}], [$id, undef], 'finds the group, without members';
    my (@walked, $cursor);
    for (1 .. 20) {
        my $page = get('/Groups?count=2&cursor=' . ($cursor // ''), @there)->json;
        push @walked, map { $_->{id} } @{ $page->{Resources} };
        $cursor = $page->{nextCursor} // last;
    }
    is_deeply \@walked, [map { $_->{id} } @{ get('/Groups', @there)->json->{Resources} }], 'cursors lead through all groups';
    my %type = map { $_->{meta}{resourceType} => 1 } @{ get('/?filter=' . filter('meta.created gt "2020-01-01T00:00:00Z"'), @there)->json->{Resources} };
    is_deeply [sort keys %type], [qw(Group User)], 'a query from the root covers both types';
}

# ---- the root, where one type keeps what the other does not ----

{
    my $own = extra_httpd(groups => 1, edit => sub { s{^\s*ScimExtra.*\n}{}mg; s{(<ScimResource Group>.*?)^\s*ScimAttribute\s+externalId.*?\n}{$1}ms });
    my @own = (base => $own->base);
    my $root = sub { [sort map { "$_->{meta}{resourceType} $_->{id}" } @{ get('/?count=1000&filter=' . filter($_[0]), @own)->json->{Resources} || [] }] };
    my @users = map { "User $_->{id}" } @{ get('/Users?count=1000', @own)->json->{Resources} };
    my @groups = map { "Group $_->{id}" } @{ get('/Groups?count=1000', @own)->json->{Resources} };
    my ($name, $who) = ($user[0]{userName}, "User $u0");
    for my $case (
        ['displayName eq "zebra"', ["Group $second"]],
        ["userName eq \"$name\" or displayName eq \"zebra\"", [sort $who, "Group $second"]],
        ["userName eq \"$name\" and not (displayName eq \"zebra\")", [$who]],
        ["userName eq \"$name\" and displayName ne \"zebra\"", [$who]],
        ["userName eq \"$name\" and displayName pr", []],
        ['not (displayName pr)', [sort @users]],
        ['not (externalId pr) and displayName pr', [sort @groups]],
        ["externalId pr or id eq \"$second\"", [sort "Group $second", (grep { $_ eq "User $second" } @users),
            map { "User $_->{id}" } grep { defined $_->{externalId} } @{ get('/Users?count=1000', @own)->json->{Resources} }]],
    ) {
        is_deeply $root->($case->[0]), [sort { $a cmp $b } keys %{ { map { $_ => 1 } @{ $case->[1] } } }], "from the root: $case->[0]";
    }
    is_error get('/Users?filter=' . filter('displayName pr'), @own), 400, 'invalidFilter', qr/not kept/,
        'at its own endpoint what is not kept is refused';
    is_error get('/?filter=' . filter($_), @own), 400, 'invalidFilter', qr/"title" .* not kept/, "what no type keeps is refused: $_"
        for 'title eq "x"', 'displayName eq "zebra" or title eq "x"', 'not (title pr)';
    is_error post('/.search', { filter => 'title pr' }, @own), 400, 'invalidFilter', qr/not kept/, 'by search as well';
    is_error get('/?filter=' . filter('title pr'), @own, token => 'scim_' . '0' x 64), 401, undef, undef, 'and not without a token';
    $own->stop;
}

# ---- the root ----

{
    my %users = map { $_->{id} => $_ } @{ get('/Users', @there)->json->{Resources} };
    my %groups = map { $_->{id} => $_ } @{ get('/Groups', @there)->json->{Resources} };
    for my $case (['GET /', get('/', @there)], ['POST /.search', post('/.search', {}, @there)]) {
        my ($what, $res) = @$case;
        is_list $res, keys(%users) + keys(%groups), "$what: users and groups";
        my %seen;
        $seen{ $_->{meta}{resourceType} }{ $_->{id} } = $_ for @{ $res->json->{Resources} };
        is_deeply \%seen, { User => \%users, Group => \%groups }, "$what: each as under its own endpoint";
    }
    is_list get('/?filter=' . filter('meta.resourceType eq "Group"'), @there), scalar(keys %groups), 'by resource type: the groups';
    is_list get('/?filter=' . filter('displayName eq "zebra"'), @there), 1, 'by what both have: one of them';
    is_list get('/?filter=' . filter("userName eq \"$user[0]{userName}\""), @there), 1, 'what a group does not have, none has';
    my ($at, %met) = '';
    while (defined $at) {
        my $res = get("/?count=3&cursor=$at", @there);
        is $res->code, 200, 'a page of the root by cursor' or last;
        $met{ $_->{meta}{location} }++ for @{ $res->json->{Resources} };
        $at = $res->json->{nextCursor};
    }
    is_deeply \%met, { map { $_->{meta}{location} => 1 } values %users, values %groups }, 'a walk of the root meets all, once';
}

# ---- PUT ----

{
    my $before = group_state($id);
    my $echo = get("/Groups/$id", @there)->json;
    is_deeply put("/Groups/$id", $echo, @there)->json, $echo, 'V16: a PUT of what was read is answered the same';
    is_deeply group_state($id), $before, 'and has written nothing';
    my $res = put("/Groups/$id", { displayName => 'Wardens', members => [{ value => $u1 }, { value => $u2 }] }, @there);
    is_resource $res, 200, 'PUT of name and members';
    is_deeply ids($res->json->{members}), [$u1, $u2], 'the list is replaced';
    is $res->json->{externalId}, 'ext-g', 'W2: externalId stays';
    is_deeply get("/Groups/$id", @there)->json, $res->json, 'GET gives the same';
    my $state = group_state($id);
    is_deeply $state->{events}[-1], { operation => 'put', outcome => 'applied', actor => 1, changes => {
        displayName => { old => 'Fire Wardens', new => 'Wardens' }, members => { added => [$u2], removed => [$u0] } } },
        'the event has the difference';
    is scalar(@{ $state->{events} }), 2, 'and is one';
    my $since = db()->selectrow_array('SELECT since FROM public.team_members WHERE team_id = ? AND user_id = ?', undef, $id, $u1);
    is_resource put("/Groups/$id", { displayName => 'Wardens', members => [{ value => $u1 }] }, @there), 200, 'PUT of fewer';
    is db()->selectrow_array('SELECT since FROM public.team_members WHERE team_id = ? AND user_id = ?', undef, $id, $u1), $since,
        'who stays is not written anew';
    is_error put("/Groups/$id", { displayName => 'X', members => [{ value => '987654321' }] }, @there), 400, 'invalidValue',
        qr/no User/, 'PUT with an unknown member';
    is_error put("/Groups/$id", { members => [] }, @there), 400, 'invalidValue', qr/displayName/, 'PUT without displayName';
    is_error put("/Groups/$id", { displayName => 'zebra' }, @there), 409, 'uniqueness', qr/displayName/, 'PUT of a name that is taken';
    is_deeply group_state($id)->{members}, [$u1], 'they have changed nothing';
    is_resource put("/Groups/$id", { displayName => 'Wardens' }, @there), 200, 'W2: PUT without members';
    is_deeply group_state($id)->{members}, [], 'clears them, as all that is left out';
}

# ---- with others in one job ----

{
    my $res = post('/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => [
        { method => 'POST', path => '/Groups', bulkId => 'g', data => { displayName => 'In bulk',
            members => [{ value => 'bulkId:u' }, { value => $u3 }] } },
        { method => 'POST', path => '/Users', bulkId => 'u', data => { userName => uniq('bulk') } },
        { method => 'PATCH', path => '/Groups/bulkId:g', data => { Operations => [
            { op => 'remove', path => "members[value eq \"$u3\"]" }] } },
        { method => 'POST', path => '/Groups', bulkId => 'x', data => { displayName => 'in BULK' } },
    ] }, @there);
    is $res->code, 200, 'a bulk job';
    my @done = @{ $res->json->{Operations} };
    is_deeply [map { $_->{status} } @done], [201, 201, 204, 409], 'a group, its member, a change of both, and a conflict';
    my ($g, $u) = map { $_->{location} =~ m{([^/]+)$} } @done[0, 1];
    my $now = get("/Groups/$g", @there);
    is_deeply ids($now->json->{members}), [$u], 'a bulkId is a member';
    is $done[2]{version}, own_version($now->header('ETag')), 'the job has the version';
}
is_resource get('/Me', @there), 200, '/Me where groups are on';

# ---- a user goes ----

{
    my $g = new_group(members => [$u2, $u3], @there)->{id};
    my $before = group_state($g);
    is patch("/Users/$u2", { Operations => [{ op => 'replace', path => 'active', value => json_false }] }, @there)->code, 200,
        'a member is deactivated';
    is_deeply ids(get("/Groups/$g", @there)->json->{members}), [$u2, $u3], 'and stays a member';
    is del("/Users/$u2", @there)->code, 204, 'it is deleted';
    is_deeply ids(get("/Groups/$g", @there)->json->{members}), [$u3], 'and is gone from the group';
    is_deeply found(Groups => "members eq \"$u2\""), [], 'and from filters';
    cmp_ok group_state($g)->{row}{version}, '>', $before->{row}{version}, 'the version of the group has risen';
    # an application that leaves the rows of its deleted users behind
    db()->do('INSERT INTO public.team_members VALUES (?, ?)', undef, $g, $u2);
    is_deeply ids(get("/Groups/$g", @there)->json->{members}), [$u3], 'a row that is left behind makes no member';
    is_deeply found(Groups => "members eq \"$u2\""), [], 'nor does it in filters';
}
{
    # what a group that changes at the same moment leaves behind
    my $user = { userName => uniq('gone'), externalId => uniq('gone') };
    my $id = new_user(%$user, @there)->{id};
    my $g = new_group(members => [$u3], @there)->{id};
    is del("/Users/$id", @there)->code, 204, 'a user is deleted';
    db()->do('INSERT INTO public.team_members VALUES (?, ?)', undef, $g, $id);
    my $back = post('/Users', $user, @there);
    is_resource $back, 201, 'and comes back';
    is $back->json->{id}, $id, 'as the same';
    ok !exists get("/Users/$id", @there)->json->{groups}, 'in no group';
    is_deeply ids(get("/Groups/$g", @there)->json->{members}), [$u3], 'for the group neither';
}

# ---- DELETE ----

{
    my $g = new_group(externalId => 'bye', displayName => 'Bye', members => [$u0], @there)->{id};
    is del("/Groups/$g", @there)->code, 204, 'DELETE';
    ok defined group_state($g)->{row}{deleted_at}, 'the row is a tombstone';
    is_deeply group_state($g)->{events}[-1], { operation => 'delete', outcome => 'applied', actor => 1, changes => {} }, 'with an event';
    is_error get("/Groups/$g", @there), 404, undef, undef, 'GET after it';
    is_error del("/Groups/$g", @there), 404, undef, undef, 'DELETE again';
    is_error patch("/Groups/$g", { Operations => [] }, @there), 404, undef, undef, 'PATCH after it';
    is_deeply found(Groups => 'displayName eq "Bye"'), [], 'it is in no list';
    ok !(grep { $_->{value} == $g } @{ get("/Users/$u0", @there)->json->{groups} || [] }), 'and at no user';
    is_deeply found(Users => "groups eq \"$g\""), [], 'and in no filter of users';
    my $again = new_group(externalId => 'bye', displayName => 'Bye', @there);
    isnt $again->{id}, $g, 'the same name and externalId again are a new group';
    ok !exists $again->{members}, 'without the members of old';
    # ids of groups and of users are not the same thing
    my ($actor) = db()->selectrow_array(q{SELECT min(id) FROM public.users WHERE organisation_id = 1 AND role = 'admin'});
    db()->do(q{INSERT INTO public.teams (id, organisation_id, name) OVERRIDING SYSTEM VALUE VALUES (?, 1, 'Actor')
               ON CONFLICT (id) DO UPDATE SET deleted_at = NULL, name = 'Actor'}, undef, $actor);
    is del("/Groups/$actor", @there)->code, 204, 'a group with the id of the user who asks is not protected';
}
{
    # nor an externalId: then nothing stands in the way of a POST
    my $n = extra_httpd(groups => 1, edit => sub {
        s{<ScimResource Group>.*}{$& =~ s/^\s*(?:ScimTombstone|ScimAttribute +externalId).*\n//mgr}es });
    db()->do('CREATE INDEX teams_name_all ON public.teams (organisation_id, name_key)');
    my $g = new_group(base => $n->base)->{id};
    is_error del("/Groups/$g", base => $n->base), 501, undef, qr/^this application does not let groups be deleted$/,
        'without ScimTombstone DELETE is not possible';
    is get("/Groups/$g", base => $n->base)->code, 200, 'and the group is still there';
    is_error get('/Groups?filter=' . filter('externalId eq "x"'), base => $n->base), 400, 'invalidFilter', undef,
        'an externalId that is not kept cannot be looked up';
    db()->do('DROP INDEX public.teams_name_all');
}

done_testing;
