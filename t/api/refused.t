# scim.events: requests that were refused, each a row of its own that says why.
# They are written after the answer, and nothing depends on it.
use ScimTest;
use Time::HiRes qw(time);

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub refused_rows {
    my ($after) = @_;
    return @{ db()->selectall_arrayref(q{SELECT * FROM scim.events WHERE outcome = 'refused' AND id > ? ORDER BY id},
        { Slice => {} }, $after // 0) };
}
sub last_id { return db()->selectrow_array('SELECT coalesce(max(id), 0) FROM scim.events') }

# What a request leaves; it comes after the answer.
sub left_by {
    my ($request, $count) = @_;
    my $last = last_id();
    my $res = scim(@$request);
    wait_until(5, sub { refused_rows($last) >= $count }) if $count;
    select undef, undef, undef, 0.1 unless $count;
    return ($res, refused_rows($last));
}

sub ops { my ($id, @ops) = @_; return [PATCH => "/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }] }

my ($actor, $token_id) = db()->selectrow_array(q{SELECT u.id, t.id FROM public.users u
    JOIN public.api_tokens t ON t.user_id = u.id WHERE u.organisation_id = 1});
my $user = new_user(title => 'T');
my $other = new_user();
my $theirs = new_user(token => token_b());
my $id = $user->{id};

# ---- one for each ----

for my $case (
    ['a name that is taken', [POST => '/Users', { userName => $other->{userName} }], 409, 'create', 'User', undef],
    ['an externalId that is taken', [POST => '/Users', { userName => uniq('n'), externalId => $other->{externalId} }], 409,
        'create', 'User', undef],
    ['a body that is no JSON', [POST => '/Users', '{'], 400, 'create', 'User', undef],
    ['a body of another type', [POST => '/Users', '<x/>', content_type => 'text/xml'], 415, 'create', 'User', undef],
    ['a PATCH in conflict', ops($id, { op => 'replace', path => 'userName', value => $other->{userName} }), 409, 'patch', 'User', $id],
    ['a wrong value', ops($id, { op => 'replace', path => 'active', value => 'maybe' }), 400, 'patch', 'User', $id],
    ['a wrong path', ops($id, { op => 'replace', path => 'a[', value => 'x' }), 400, 'patch', 'User', $id],
    ['the actor', ops($actor, { op => 'replace', path => 'active', value => 'False' }), 400, 'patch', 'User', $actor],
    ['a PUT without a name', [PUT => "/Users/$id", {}], 400, 'put', 'User', $id],
    ['a DELETE of the actor', [DELETE => "/Users/$actor"], 400, 'delete', 'User', $actor],
    ['a DELETE of nobody', [DELETE => '/Users/987654321'], 404, 'delete', 'User', '987654321'],
    ['a DELETE of another organisation\'s', [DELETE => "/Users/$theirs->{id}"], 404, 'delete', 'User', $theirs->{id}],
    ['a read of nobody', [GET => '/Users/nobody'], 404, 'get', 'User', 'nobody'],
    ['a filter that cannot be read', [GET => '/Users?filter=userName+eq'], 400, 'get', 'User', undef],
    ['a path where nothing is', [GET => '/nothing'], 404, 'get', undef, undef],
    ['a method that is not possible', [DELETE => '/Schemas'], 405, 'delete', undef, undef],
) {
    my ($what, $request, $code, $operation, $type, $on) = @$case;
    my ($res, @row) = left_by($request, 1);
    is $res->code, $code, "$what: $code";
    is scalar(@row), 1, "$what: is one row" or next;
    my $said = $res->json;
    is_deeply [@{ $row[0] }{qw(tenant actor token_id operation resource_type resource_id outcome status scim_type reason client)}],
        [1, $actor, $token_id, $operation, $type, $on, 'refused', $code, $said->{scimType}, $said->{detail}, '127.0.0.1'],
        "$what: says who, what, and why" or diag explain $row[0];
    is $row[0]{changes}, undef, "$what: changes nothing";
}

# ---- and none for the rest ----

for my $case (
    ['a token that is not valid', [POST => '/Users', {}, token => 'scim_' . '0' x 64]],
    ['no token', [POST => '/Users', {}, token => undef]],
    ['what cannot be a token', [POST => '/Users', {}, token => 'a b']],
    ['a look-up of nobody', [GET => '/Users?filter=userName+eq+%22nobody%22']],
    ['a change', ops($id, { op => 'replace', path => 'title', value => 'U' })],
    ['a change of nothing', ops($id)],
    ['what the service does not offer', [POST => '/Groups', { displayName => 'G' }]],
) {
    my ($what, $request) = @$case;
    my ($res, @row) = left_by($request, 0);
    is scalar(@row), 0, "no row about $what (" . $res->code . ')';
}

# ---- what is odd in a request ----

{
    my $long = 'x' x 3000;
    my ($res, @row) = left_by([GET => "/Users/$long"], 1);
    is $res->code, 404, 'a long id';
    ok length $row[0]{resource_id} <= 80, 'is kept in short';
    ($res, @row) = left_by([GET => '/Users/a%ff%01b'], 1);
    is $row[0]{resource_id}, 'a??b', 'bytes that are no text are kept as question marks';
    ($res, @row) = left_by([POST => '/Users', { userName => "it's \\ \"q\" \x{1F600}", active => 'x' }], 1);
    is $row[0]{reason}, $res->json->{detail}, 'quotes and all do no harm';
}

# ---- the application's own refusals, and those of the guard ----

{
    db()->do(q{CREATE FUNCTION public.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'all 50 seats are taken' USING ERRCODE = 'SC409'; END $$});
    db()->do(q{CREATE TRIGGER test_refuse BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW
        WHEN (NEW.first_name = 'refuse') EXECUTE FUNCTION public.test_refuse()});
    my ($res, @row) = left_by(ops($id, { op => 'replace', path => 'name.givenName', value => 'refuse' }), 1);
    is_deeply [@{ $row[0] }{qw(status scim_type reason)}], [409, undef, 'all 50 seats are taken'], 'in the words of the application';
    ($res, @row) = left_by([POST => '/Users', { userName => uniq('seat'), name => { givenName => 'refuse' } }], 1);
    is $res->code, 409, 'likewise who is new';
    is_deeply [@{ $row[0] || {} }{qw(tenant actor token_id operation reason)}],
        [1, $actor, $token_id, 'create', 'all 50 seats are taken'], 'with whose request it was';
    # the same statement under a token that is not valid
    ($res, @row) = left_by([POST => '/Users', { userName => uniq('seat'), name => { givenName => 'refuse' } },
        token => 'scim_' . '0' x 64], 0);
    is $res->code, 401, 'and nothing is told to who has no valid token';
    is scalar(@row), 0, 'or kept of them';
    db()->do('DROP TRIGGER test_refuse ON public.users');
    db()->do('DROP FUNCTION public.test_refuse()');

    expect_log(qr/SCIM0065/);
    my $h = extra_httpd(guard => 1, edit => sub { s/ScimGuard .*/ScimGuard 0 0% 1h/ });
    ($res, @row) = left_by([@{ ops($id, { op => 'replace', path => 'active', value => 'False' }) }, base => $h->base], 1);
    is $res->code, 503, 'held back by the guard';
    is_deeply [@{ $row[0] }{qw(status scim_type reason operation resource_id)}], [503, undef, $res->json->{detail}, 'patch', $id],
        'is a row as well';
}

# ---- in a bulk job ----

{
    my ($res, @row) = left_by([POST => '/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => [
        { method => 'POST', path => '/Users', bulkId => 'a', data => { userName => $other->{userName} } },
        { method => 'DELETE', path => '/Users/987654321' },
        { method => 'DELETE', path => '/Users/' . new_user()->{id} } ] }], 2);
    is_deeply [map { $_->{status} } @{ $res->json->{Operations} }], [409, 404, 204], 'a bulk job';
    is_deeply [map { [@$_{qw(operation resource_id status client)}] } @row],
        [['create', undef, 409, '127.0.0.1'], ['delete', '987654321', 404, '127.0.0.1']], 'has a row for each that was refused';
    is $row[0]{reason}, $res->json->{Operations}[0]{response}{detail}, 'with its reason';
    # two who refer to each other, of whom the application refuses one
    db()->do(q{CREATE FUNCTION public.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no more seats' USING ERRCODE = 'SC409'; END $$});
    db()->do(q{CREATE TRIGGER test_refuse BEFORE INSERT ON public.users FOR EACH ROW
        WHEN (NEW.first_name = 'refuse') EXECUTE FUNCTION public.test_refuse()});
    my @circle = map { my ($of, $by, $name) = @$_; { method => 'POST', path => '/Users', bulkId => $of, data => { userName => uniq($of),
        name => { givenName => $name }, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' => { manager => { value => "bulkId:$by" } } } } }
        ['a', 'b', 'Ann'], ['b', 'a', 'refuse'];
    ($res, @row) = left_by([POST => '/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => \@circle }], 1);
    is_deeply [map { $_->{status} } @{ $res->json->{Operations} }], [409, 409], 'a circle of creates';
    is_deeply [map { [@$_{qw(tenant actor token_id operation resource_id status reason)}] } @row],
        [[1, $actor, $token_id, 'create', undef, 409, 'no more seats']], 'has a row of the one that was refused';
    db()->do('DROP TRIGGER test_refuse ON public.users');
    db()->do('DROP FUNCTION public.test_refuse()');
    ($res, @row) = left_by([POST => '/Bulk', {}], 1);
    is_deeply [@{ $row[0] }{qw(operation resource_type status)}], ['bulk', undef, 400], 'one that is no job is a row itself';
}

# ---- who, by way of a proxy, and which request ----

{
    my $h = extra_httpd(modules => [qw(remoteip unique_id)],
        conf => "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"
            . "CustomLog logs/ids \"%{UNIQUE_ID}e %a\"\n");
    my @from = (base => $h->base, headers => { 'X-Forwarded-For' => '192.0.2.77' });
    my ($res, @row) = left_by([DELETE => '/Users/987654321', undef, @from], 1);
    is $row[0]{client}, '192.0.2.77', 'mod_remoteip says where a refused request came from';
    like $row[0]{request_id}, qr/^[\w@-]{20,}$/, 'mod_unique_id has given it a name';
    is patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => uniq('t') }] }, @from)->code, 200, 'a change';
    my ($event) = (reverse @{ events_of($id) })[0];
    is $event->{client}, '192.0.2.77', 'and where a change came from';
    like $event->{request_id}, qr/^[\w@-]{20,}$/, 'under another name';
    isnt $event->{request_id}, $row[0]{request_id}, 'than the other';
    for my $name ($event->{request_id}, $row[0]{request_id}) {
        ok wait_until(5, sub { ScimTest::Sys::slurp($h->dir . '/logs/ids') =~ /^\Q$name\E 192\.0\.2\.77$/m }),
            'which the access log has too';
    }
    patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => uniq('t') }] });
    is_deeply [@{ (reverse @{ events_of($id) })[0] }{qw(client request_id)}], ['127.0.0.1', undef], 'without them it is who is connected';
}

# ---- redaction ----

{
    my $h = extra_httpd(resource => "ScimRedact userName\n");
    my @there = (base => $h->base);
    my ($res, @row) = left_by([POST => '/Users', { userName => $other->{userName} }, @there], 1);
    like $res->json->{detail}, qr/\Q$other->{userName}\E/, 'the client is told the name';
    is $row[0]{reason}, 'userName "..." is used by another account', 'the event does not say it where names are redacted';
    ($res, @row) = left_by([POST => '/Users', '{"active":"say \"x\" \"y\" no", "userName":"z"}', @there], 1);
    unlike $row[0]{reason}, qr/say|x|\by\b/, 'whatever quotes it has';
    my ($made) = map { $_->{id} } post('/Users', { userName => uniq('secret'), title => 'T' }, @there)->json;
    my ($event) = @{ events_of($made) };
    is_deeply $event->{changes}{userName}, { new => json_true() }, 'of a change it says that there was one';
    is_deeply $event->{changes}{title}, { new => 'T' }, 'and of others what';
}

# ---- nothing depends on it ----

{
    my $before = last_id();
    db()->do(q{CREATE FUNCTION scim.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$});
    db()->do(q{CREATE TRIGGER test_refuse BEFORE INSERT ON scim.events FOR EACH ROW
        WHEN (NEW.outcome = 'refused') EXECUTE FUNCTION scim.test_refuse()});
    log_lines_since();
    is_error del('/Users/987654321'), 404, undef, undef, 'when the row cannot be written the answer is the same';
    my @line;
    ok wait_until(5, sub { push @line, grep { /SCIM0066/ } log_lines_since(); scalar @line }), 'and the log says so';
    like $line[0], qr/could not record in scim\.events that DELETE \S+ was refused: no room/, 'with the reason';
    is_resource get("/Users/$id"), 200, 'all goes on';
    db()->do('DROP TRIGGER test_refuse ON scim.events');
    db()->do('DROP FUNCTION scim.test_refuse()');

    # a table that is locked: the answers come at once
    my $lock = cluster()->dbh(user => 'postgres');
    $lock->begin_work;
    $lock->do('LOCK TABLE scim.events IN EXCLUSIVE MODE');
    my $start = time;
    is_error del('/Users/987654321', headers => { Connection => 'close' }), 404, undef, undef, 'when the table is locked, too';
    cmp_ok time - $start, '<', 0.9, 'and the client has not waited for it';
    $lock->rollback;
    $lock->disconnect;
    is_resource get("/Users/$id"), 200, 'all goes on, again';
}

# ---- retention ----

{
    db()->do('TRUNCATE scim.events');
    db()->do(q{INSERT INTO scim.events (at, operation, outcome) SELECT now() - make_interval(days => n), 'x', 'applied'
        FROM generate_series(1, 10) AS n});
    is db()->selectrow_array(q{SELECT scim.forget_events('5 days 12 hours')}), 5, 'older events can be forgotten';
    is db()->selectrow_array('SELECT count(*) FROM scim.events'), 5, 'and are';
    is db()->selectrow_array(q{SELECT scim.forget_events('5 days 12 hours')}), 0, 'once';
    for my $wrong ('NULL', q{'0 s'}, q{'-1 day'}) {
        is eval { db()->do("SELECT scim.forget_events($wrong)"); 1 }, undef, "forget_events($wrong) is refused";
    }
    is db()->selectrow_array('SELECT count(*) FROM scim.events'), 5, 'and forgets nothing';
}

done_testing;
