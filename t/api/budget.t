# What an operation costs: how often the module turns to PostgreSQL and waits,
# and how many statements it has executed there, the token check included. Both
# are exact, so that one query too many fails this file.
use ScimTest;
use ScimTest::Cost ();

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

# One child with one connection: httpd hangs up after a 400, and the next request
# must not meet another child, whose connection is not open yet.
my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my ($h, $relay) = extra_httpd(relay => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
my @there = (base => $h->base);
my $unknown = 'scim_' . '0' x 64;

sub ops {
    my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }, @there);
}

# A filter as it stands in a URL.
sub filter { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }

my $users = 'SELECT count(*) FROM public.users WHERE deleted_at IS NULL';

my $cost = ScimTest::Cost->new($relay, db());
sub costs { local $Test::Builder::Level = $Test::Builder::Level + 1; return $cost->costs(@_) }

# ---- reading ----

my $user = new_user(title => 'T', emails => [{ type => 'work', value => uniq('b') . '@contoso.com' }]);
my $id = $user->{id};
my $mail = $user->{emails}[0]{value};

for my $text ("id eq \"$id\"", "externalId eq \"$user->{externalId}\"", "userName eq \"$user->{userName}\"",
              "emails[type eq \"work\"].value eq \"$mail\"", "emails[type eq \"work\" and value eq \"$mail\"]",
              "emails.value eq \"$mail\"", 'title eq "T" and active eq true') {
    my $res = costs("look-up by $text", 1, 1, 200, sub { get('/Users?filter=' . filter($text), @there) });
    is_list $res, 1, "look-up by $text: and it finds the user";
}
is_list costs('look-up of nobody', 1, 1, 200, sub {
    get('/Users?filter=' . filter('externalId eq "nobody' . shift . '"'), @there) }), 0, 'look-up of nobody: an empty list';
is_resource costs('read by id', 1, 1, 200, sub { get("/Users/$id", @there) }), 200, 'read by id: the user';
costs('HEAD', 1, 1, 200, sub { head("/Users/$id", @there) });
is_list costs('a page', 1, 1, 200, sub { get('/Users', @there) }), 2, 'a page: all users';
costs('a later page', 1, 1, 200, sub { get('/Users?startIndex=2&count=1', @there) });
costs('a count', 1, 1, 200, sub { get('/Users?count=0', @there) });
is_list costs('a search', 1, 1, 200, sub { post('/Users/.search', { count => 1 }, @there) }), 2, 'a search: the total';
costs('a sorted page', 1, 1, 200, sub { get('/Users?sortBy=userName', @there) });
costs('the root', 1, 1, 200, sub { get('/', @there) });
{
    # in each the keys of cursors are a statement beside it
    my $first = costs('the first page by cursor', 1, 2, 200, sub { get('/Users?sortBy=userName&cursor&count=1', @there) });
    my $next = $first->json->{nextCursor};
    costs('a later page by cursor', 1, 2, 200, sub { get("/Users?sortBy=userName&cursor=$next&count=1", @there) });
    costs('a cursor that is none', 1, 2, 400, sub { get('/Users?cursor=x', @there) });
    costs('a cursor without a token', 0, 0, 401, sub { get("/Users?cursor=$next", @there, token => undef) });
    costs('a cursor with a token that is not valid', 1, 2, 401, sub { get("/Users?cursor=$next", @there, token => $unknown) });

    # the one page after a rotation, which has to learn the key first
    db()->do('SELECT scim.rotate_key()');
    costs('a page, by a new key', 1, 2, 200, sub { get('/Users?cursor&count=1', @there) });
    my $other = get('/Users?cursor&count=1')->json->{nextCursor};
    $relay->reset_connections;
    is get("/Users/$id", @there)->code, 200, "a new connection";
    $relay->reset_counts;
    is get("/Users?cursor=$other&count=1", @there)->code, 200, 'a cursor on a connection that knows no key yet';
    is_deeply [@{ $relay->counts }{qw(turns statements)}], [2, 6], 'costs one more turn, once';
}
costs('an unknown id', 1, 1, 404, sub { get('/Users/987654321', @there) });
costs('an id that is none', 1, 1, 404, sub { get('/Users/x', @there) });
costs('a filter that cannot be read', 1, 1, 400, sub { get('/Users?filter=' . filter('userName eq'), @there) });
costs('discovery', 1, 1, 200, sub { get("/$_", @there) }) for qw(ServiceProviderConfig ResourceTypes Schemas);
costs('groups', 1, 1, 200, sub { get('/Groups?filter=' . filter('displayName eq "x"'), @there) });
costs('a path where nothing is', 1, 1, 404, sub { get('/nothing', @there) });

# ---- who is not let in ----

my ($before) = db()->selectrow_array($users);
for my $case ([GET => '/Users'], [GET => "/Users/$id"], [POST => '/Users', { userName => uniq('b') }],
              [PUT => "/Users/$id", { userName => uniq('b') }], [DELETE => "/Users/$id"], [GET => '/nothing'],
              [PATCH => "/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => 'X' }] }]) {
    my ($method, $path, $body) = @$case;
    # PATCH, PUT and DELETE lock within a transaction, which has to be ended
    my $locks = $method =~ /^(?:PATCH|PUT|DELETE)$/;
    costs("$method $path with an unknown token", $locks ? 2 : 1, $locks ? 3 : 1, 401,
        sub { scim($method, $path, $body, token => $unknown, @there) });
    costs("$method $path without a token", 0, 0, 401,
        sub { scim($method, $path, $body, token => undef, @there) });
    costs("$method $path with what cannot be a token", 0, 0, 401,
        sub { scim($method, $path, $body, token => 'a b', @there) });
}
is db()->selectrow_array($users), $before, 'nobody of them has made a user';
is get("/Users/$id", @there)->content, get("/Users/$id", @there)->content, 'the user can be read';
is row_of($id)->{username}, $user->{userName}, 'and has not changed';

# ---- creating ----

my @name = map { uniq('b') . '@contoso.com' } 0 .. 2;
is_resource costs('create', 1, 1, 201, sub {
    post('/Users', { userName => $name[$_[0]], externalId => "ext-$name[$_[0]]",
                     emails => [{ type => 'work', value => $name[$_[0]] }] }, @there) }), 201, 'create: the new user';
is db()->selectrow_array("$users AND username IN (?, ?)", undef, @name[1, 2]), 2, 'create: both are there';

for my $case (['userName', { userName => $name[1] }],
              ['externalId', { userName => uniq('b'), externalId => "ext-$name[1]" }],
              ['both', { userName => $name[1], externalId => "ext-$name[1]" }]) {
    my ($what, $body) = @$case;
    # what stands in the way comes back with the statement that would create
    is_error costs("create in conflict over $what", 1, 1, 409, sub { post('/Users', $body, @there) }),
        409, 'uniqueness', undef, "create in conflict over $what: the reason";
}
{
    my @off = map { new_user()->{externalId} } 0 .. 2;
    db()->do('UPDATE public.users SET active = false WHERE external_id = ANY (?)', undef, [@off]);
    # what could not end well is not even begun
    is_error costs('restore under a name that is taken', 1, 1, 409, sub {
        post('/Users', { userName => $name[1], externalId => $off[$_[0]] }, @there) }),
        409, 'uniqueness', qr/userName/, 'restore under a name that is taken: the reason';
}
costs('create without userName', 1, 1, 400, sub { post('/Users', { title => 'x' }, @there) });
costs('create from what is no JSON', 1, 1, 400, sub { post('/Users', '{', @there) });

# Each time somebody else who is off, deleted, or older than SCIM.
{
    my @off = map { new_user()->{id} } 0 .. 2;
    db()->do('UPDATE public.users SET active = false WHERE id = ANY (?)', undef, [@off]);
    my $res = costs('restore of an inactive user', 2, 2, 201, sub {
        my $row = row_of($off[$_[0]]);
        post('/Users', { userName => $row->{username}, externalId => $row->{external_id} }, @there) }, 2);
    is $res->json->{id}, $off[2], 'restore of an inactive user: the same one';
    is_deeply [map { row_of($_)->{active} } @off], [0, 1, 1], 'restore of an inactive user: is active';
}
{
    my @gone = map { new_user()->{id} } 0 .. 2;
    db()->do('UPDATE public.users SET active = false, deleted_at = now() WHERE id = ANY (?)', undef, [@gone]);
    my $res = costs('restore of a deleted user', 2, 2, 201, sub {
        my $row = row_of($gone[$_[0]]);
        post('/Users', { userName => $row->{username}, externalId => $row->{external_id} }, @there) }, 2);
    is $res->json->{id}, $gone[2], 'restore of a deleted user: the same one';
    is_deeply [map { defined row_of($_)->{deleted_at} ? 1 : 0 } @gone], [1, 0, 0], 'restore of a deleted user: is alive';
}
{
    my @old = map { new_user(externalId => undef)->{id} } 0 .. 2;
    my $res = costs('adoption', 2, 2, 201, sub {
        my $row = row_of($old[$_[0]]);
        post('/Users', { userName => $row->{username}, externalId => "ext-$row->{username}" }, @there) }, 2);
    is $res->json->{id}, $old[2], 'adoption: the same user';
    is_deeply [map { defined row_of($_)->{external_id} ? 1 : 0 } @old], [0, 1, 1], 'adoption: is linked';
}
{
    # it fails before it could say who asks
    db()->do($_) for q{CREATE FUNCTION public.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'SC409'; END $$},
        q{CREATE TRIGGER test_refuse BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.test_refuse()};
    costs('refused by a trigger', 2, 2, 409, sub { post('/Users', { userName => uniq('b') }, @there) }, 2);
    db()->do($_) for 'DROP TRIGGER test_refuse ON public.users', 'DROP FUNCTION public.test_refuse()';
}

# ---- changing ----

for my $case (['a column', 'name.givenName'], ['an extra attribute', 'title'], ['the address', 'emails[type eq "work"].value'],
              ['the name', 'userName']) {
    my ($what, $path) = @$case;
    my $res = costs("PATCH of $what", 2, 4, 200, sub {
        ops($id, { op => 'Replace', path => $path, value => "new$_[0]\@contoso.com" }) });
    like $res->content, qr/"new2\@contoso\.com"/, "PATCH of $what: the answer has it";
    like get("/Users/$id")->content, qr/"new2\@contoso\.com"/, "PATCH of $what: so has the user";
}
costs('PATCH of active', 2, 4, 200, sub {
    ops($id, { op => 'Replace', path => 'active', value => $_[0] == 1 ? 'False' : 'True' }) });
is row_of($id)->{active}, 1, 'PATCH of active: it was off and is on';
{
    my $row = row_of($id);
    costs('PATCH that changes nothing', 2, 3, 200, sub { ops($id, { op => 'Replace', path => 'active', value => 'True' }) });
    costs('PATCH without operations', 2, 3, 200, sub { ops($id) });
    costs('PATCH of what is not kept', 2, 3, 200, sub { ops($id, { op => 'add', path => 'shoeSize', value => 44 }) });
    costs('PATCH with a wrong value', 2, 3, 400, sub { ops($id, { op => 'Replace', path => 'active', value => 'maybe' }) });
    costs('PATCH with an op that is none', 1, 1, 400, sub { ops($id, { op => 'move', path => 'active' }) });
    costs('PATCH that clears userName', 2, 3, 400, sub { ops($id, { op => 'Replace', path => 'userName', value => '' }) });
    is_deeply row_of($id), $row, 'the row is the same after all of them';
}
{
    my $other = new_user();
    # the index finds it, within the transaction
    is_error costs('PATCH in conflict over userName', 3, 5, 409,
        sub { ops($id, { op => 'Replace', path => 'userName', value => $other->{userName} }) }),
        409, 'uniqueness', qr/userName/, 'PATCH in conflict over userName: the reason';
    isnt row_of($id)->{username}, $other->{userName}, 'PATCH in conflict over userName: nothing is changed';
}
{
    my $echo = get("/Users/$id", @there)->json;
    my $res = costs('PUT', 2, 4, 200, sub { put("/Users/$id", { %$echo, title => "put$_[0]" }, @there) });
    is $res->json->{title}, 'put2', 'PUT: the answer has it';
    is get("/Users/$id")->json->{title}, 'put2', 'PUT: so has the user';
    $echo = get("/Users/$id", @there)->json;
    is_deeply costs('PUT that changes nothing', 2, 3, 200, sub { put("/Users/$id", $echo, @there) })->json, $echo,
        'PUT that changes nothing: has changed nothing';
}
costs("$_ of an unknown id", 2, 3, 404, sub {
    scim($_, '/Users/987654321', $_ eq 'DELETE' ? undef : { userName => 'x', Operations => [] }, @there) })
    for qw(PATCH PUT DELETE);
costs("$_ of an id that is none", 1, 1, 404, sub {
    scim($_, '/Users/007', $_ eq 'DELETE' ? undef : { userName => 'x', Operations => [] }, @there) })
    for qw(PATCH PUT DELETE);

# ---- deleting ----

{
    my @leaver = map { new_user()->{id} } 0 .. 2;
    costs('DELETE', 2, 4, 204, sub { del("/Users/$leaver[$_[0]]", @there) });
    is_deeply [map { defined row_of($_)->{deleted_at} ? 1 : 0 } @leaver], [0, 1, 1], 'DELETE: both are gone';
    my ($admin) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
    costs('DELETE of a protected user', 2, 3, 400, sub { del("/Users/$admin", @there) });
    is row_of($admin)->{deleted_at}, undef, 'DELETE of a protected user: is still there';
}

# ---- the start ----

# A new connection costs its opening and the proof of the mapping, once.
$relay->reset_connections;
$relay->reset_counts;
is_resource get("/Users/$id", @there), 200, 'after a reconnect';
my $first = $relay->counts;
is $first->{connections}, 1, 'one connection is opened';
cmp_ok $first->{turns}, '<=', 6, "in few turns ($first->{turns})";
$relay->reset_counts;
is_resource get("/Users/$id", @there), 200, 'and the next request';
is_deeply [@{ $relay->counts }{qw(connections turns statements)}], [0, 1, 2], 'pays nothing of that';

done_testing;
