# Groups in bulk jobs: references to members in every place where they can stand,
# circles, versions, what the answers say, and that a group never passes for a user.
use ScimTest;

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';
use constant ENT => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

scim_reset();
my $h = extra_httpd(groups => 1);
my @there = (base => $h->base);

sub bulk { my ($job, %more) = @_;
    return post('/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => $job, %more }, @there) }
sub user { my ($id, %attr) = @_;
    return { method => 'POST', path => '/Users', bulkId => $id, data => { userName => uniq($id), %attr } } }
sub group { my ($id, %attr) = @_;
    return { method => 'POST', path => '/Groups', bulkId => $id, data => { displayName => uniq($id), %attr } } }
sub change { my ($path, @op) = @_; return { method => 'PATCH', path => $path, data => { Operations => \@op } } }
sub by { return ENT, { manager => { value => "bulkId:$_[0]" } } }
sub value { return [map { { value => $_ =~ /^\d+$/ ? $_ : "bulkId:$_" } } @_] }
sub id_in { return $_[0]{location} =~ m{/(\d+)$} ? $1 : undef }
sub codes { return join ' ', map { $_->{status} } @_ }
sub members { return [sort { $a <=> $b } map { $_->{value} } @{ get("/Groups/$_[0]", @there)->json->{members} || [] }] }
# As text: what was compared as a number would be sent as one.
sub sorted { return [sort { $a <=> $b } map { "$_" } @_] }

# The answers; their locations and versions are those of what is there now,
# unless the job went on with it.
sub answers {
    my ($res, $codes, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @answer = $res->code == 200 ? @{ $res->json->{Operations} } : ();
    is codes(@answer), $codes, $name or diag $res->as_string;
    my %last;
    $last{ $_->{location} // '' } = $_ for @answer;
    for my $answer (grep { $_->{status} =~ /^20[01]$/ && $last{ $_->{location} } == $_ } @answer) {
        my $now = get($answer->{location} =~ s/^\Q@{[ $h->base ]}\E//r, @there);
        is $now->code, 200, "$name: what is at $answer->{location}";
        is own_version($answer->{version}), own_version($now->header('ETag')), "$name: its version";
    }
    return @answer;
}

my @u = map { new_user(@there)->{id} } 0 .. 2;

# ---- references ----

{
    my @answer = answers(bulk([
        group('late', members => value('c', $u[0])), user('c'),
        group('list', members => ['bulkId:c', $u[1]]), group('one', members => { value => 'bulkId:c', '$ref' => '../Users/bulkId:c' }),
        group('bare', members => 'bulkId:c'), group('urn', GROUP . ':members', value('c')),
        group('in', GROUP, { members => value('c') }),
    ]), '201 201 201 201 201 201 201', 'members who come later in the job');
    my ($late, $c, @other) = map { id_in($_) } @answer;
    is_deeply members($late), sorted($c, $u[0]), 'the first group waits for its member';
    is_deeply members($other[0]), sorted($c, $u[1]), 'a list of bare references';
    is_deeply members($_), [$c], 'each form is a member' for @other[1 .. 4];
    is_deeply group_state($late)->{events}[0]{changes}{members}, { added => [map { "$_" } @{ sorted($c, $u[0]) }] }, 'the event has the id'
        or diag explain group_state($late)->{events};
    is scalar(@{ get("/Users/$c", @there)->json->{groups} }), 6, 'and the user is in all of them';
    unlike encode(get($_, @there)->json), qr/bulkId/, 'nothing of a reference is left' for "/Groups/$late", "/Users/$c";
}
{
    my $g = new_group(members => [@u], @there)->{id};
    my @answer = answers(bulk([
        change("/Groups/$g", { op => 'add', path => 'members', value => value('a', 'b') }),
        user('a'), user('b'), user('x'), user('y'), user('z'),
        change("/Groups/$g", { op => 'remove', path => 'members[value eq "bulkId:a"]' }, { op => 'add', path => 'members', value => 'bulkId:x' }),
        change("/Groups/$g", { op => 'add', value => { members => value('y') } }, { op => 'Remove', path => 'members', value => value('b', $u[0]) }),
        change("/Groups/$g", { op => 'remove', path => "members[value eq \"$u[1]\" or value eq \"bulkId:y\"]" }),
        { method => 'PATCH', path => "/Groups/$g", data => [{ op => 'add', path => GROUP . ':members', value => ['bulkId:z'] }] },
    ]), '204 201 201 201 201 201 204 204 204 204', 'PATCH by references');
    my %id = map { $_->{bulkId} ? ($_->{bulkId} => id_in($_)) : () } @answer;
    is_deeply members($g), sorted($u[2], @id{qw(x z)}), 'in order';
    is $answer[9]{location}, $h->base . "/Groups/$g", 'a PATCH without a body has its location';
    is $answer[9]{version}, own_version(get("/Groups/$g", @there)->header('ETag')), 'and the version that it has made';
    is scalar(keys %{ { map { $_->{version} => 1 } @answer[0, 6 .. 9] } }), 5, 'another one each time';
    @answer = answers(bulk([{ method => 'PUT', path => "/Groups/$g", data => { displayName => uniq('put'), members => value('new', $u[0]) } },
        user('new')]), '200 201', 'PUT by references');
    is_deeply members($g), sorted($u[0], id_in($answer[1])), 'replaces the list';
}
{
    my @answer = answers(bulk([
        change('/Groups/bulkId:g', { op => 'add', path => 'members', value => value('u') }), user('u'), group('g', members => value($u[0])),
        { method => 'PUT', path => '/Groups/bulkId:g', data => { displayName => uniq('put'), members => value('u') } },
        group('gone', members => value('u')), { method => 'DELETE', path => '/Groups/bulkId:gone' },
        change('/Groups/bulkId:gone', { op => 'add', path => 'members', value => $u[0] }),
    ]), '204 201 201 200 201 204 404', 'a group by its bulkId');
    is_deeply members(id_in($answer[2])), [id_in($answer[1])], 'changed and replaced';
    is $answer[5]{location}, $answer[4]{location}, 'the location of what is deleted';
    ok !exists $answer[5]{version}, 'has no version';
    is_error get('/Groups/' . id_in($answer[4]), @there), 404, undef, undef, 'and nothing is there';
}

# ---- circles ----

{
    my @answer = answers(bulk([
        group('team', members => value('a', 'b', 'c')), user('a', by('b')), user('b', by('c')), user('c', by('a')),
        change('/Groups/bulkId:team', { op => 'remove', path => 'members[value eq "bulkId:b"]' }),
    ]), '201 201 201 201 204', 'members who are each other\'s managers');
    my ($team, $a, $b, $c) = map { id_in($_) } @answer;
    is_deeply members($team), sorted($a, $c), 'a group around a circle';
    is get("/Users/$a", @there)->json->{+ENT}{manager}{value}, $b, 'which is closed';
    # a user cannot say which groups it has, but may refer to them
    for my $first (0, 1) {
        my @pair = (group('g', externalId => "circle $first", members => value('u', $u[0])), user('u', groups => value('g')));
        @answer = answers(bulk([@pair[$first, 1 - $first]]), '201 201', 'a group and a user that refer to each other');
        ($a, $b) = map { id_in($_) } @answer[$first, 1 - $first];
        is_deeply members($a), sorted($b, $u[0]), 'the members';
        is_deeply [map { $_->{operation} } @{ group_state($a)->{events} }], [$first ? 'create' : qw(create patch)], 'at once where they are there';
        is get("/Groups/$a", @there)->json->{externalId}, "circle $first", 'and what else the group has';
    }
}

# Whatever the database says inside of a circle, its transaction is over: it is
# begun anew as a whole, or nothing of it is there.
{
    db()->do($_) for split /;\n/, <<'END';
CREATE SEQUENCE public.meddle_tries;
CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$BEGIN IF nextval('public.meddle_tries') <= TG_ARGV[0]::bigint THEN
        RAISE EXCEPTION 'meddled' USING ERRCODE = TG_ARGV[1]; END IF; RETURN NULL; END$$;
END
    my @tables = (qw(public.users public.teams public.team_members), q{scim.events WHERE outcome = 'applied'});
    for my $case (
        ['a deadlock that happens once', 1, '40P01', 'team_members', '201 201 201 204', 2],
        ['one when the group is created', 1, '40001', 'teams', '201 201 201 204', 2],
        ['a refusal', 1000, '23514', 'team_members', '400 409 201 409', 1],
        ['the application\'s own', 1000, 'SC409', 'team_members', '409 409 201 409', 1],
        ['deadlocks without end', 1000, '40P01', 'team_members', '503 503 201 503', 3],
    ) {
        my ($what, $times, $state, $table, $codes, $tries) = @$case;
        my @before = map { db()->selectrow_array("SELECT count(*) FROM $_") } @tables;
        db()->do(q{SELECT setval('public.meddle_tries', 1, false)});
        db()->do("CREATE TRIGGER meddle AFTER INSERT ON public.$table FOR EACH STATEMENT EXECUTE FUNCTION public.meddle($times, '$state')");
        expect_log(qr/SCIM0050: .*answered 503/) if $codes =~ /503/;
        my @answer = answers(bulk([group('g', members => value('u')), user('u', groups => value('g')), user('alone'),
            change('/Groups/bulkId:g', { op => 'add', path => 'externalId', value => uniq('x') })]), $codes, $what);
        db()->do("DROP TRIGGER meddle ON public.$table");
        my ($last) = db()->selectrow_array('SELECT last_value FROM public.meddle_tries');
        is $last, $tries, "$what: tried so often";
        my @after = map { db()->selectrow_array("SELECT count(*) FROM $_") } @tables;
        is_deeply [map { $after[$_] - $before[$_] } 0 .. 3], $codes =~ /^201/ ? [2, 1, 1, 5] : [1, 0, 0, 1], "$what: what is there"
            or diag explain \@answer;
    }
    db()->do($_) for 'DROP FUNCTION public.meddle()', 'DROP SEQUENCE public.meddle_tries';
}

# ---- a group is no user, although it may have a user's id ----

{
    my ($next) = db()->selectrow_array('SELECT max(id) + 1000 FROM public.users');
    my $same = sub { db()->do('SELECT setval(pg_get_serial_sequence(?, ?), ?, false)', undef, "public.$_", 'id', $next += 10) for qw(users teams);
        return new_user(@_, @there)->{id} };
    my $is_refused = sub {
        my ($name, $answer) = @_;
        is_deeply [$answer->{status}, $answer->{response}{scimType}], [400, 'invalidValue'], "$name is refused" or diag explain $answer;
        like $answer->{response}{detail}, qr/^it refers to the bulkId "g", which is a group, where a user is meant$/, "$name: and why";
    };
    for my $case (
        ['a member in a POST', sub { group('x', members => value('g')) }], ['a bare member', sub { group('x', members => ['bulkId:g']) }],
        ['a manager', sub { user('x', by('g')) }],
        ['a member to add', sub { change("/Groups/$_[0]", { op => 'add', path => 'members', value => value('g') }) }],
        ['a member to add without a path', sub { change("/Groups/$_[0]", { op => 'add', value => { members => 'bulkId:g' } }) }],
        ['a member to remove', sub { change("/Groups/$_[0]", { op => 'remove', path => 'members[value eq "bulkId:g"]' }) }],
        ['a list of members to remove', sub { change("/Groups/$_[0]", { op => 'remove', path => 'members', value => value('g') }) }],
        ['a manager to set', sub { change("/Users/$_[1]", { op => 'add', path => ENT . ':manager', value => 'bulkId:g' }) }],
        ['a user to change', sub { change('/Users/bulkId:g', { op => 'replace', path => 'title', value => 'x' }) }],
        ['a user to replace', sub { { method => 'PUT', path => '/Users/bulkId:g', data => { userName => uniq('x') } } }],
        ['a user to delete', sub { { method => 'DELETE', path => '/Users/bulkId:g' } }],
    ) {
        my ($what, $make) = @$case;
        my $user = $same->(title => 'T');
        my $group = new_group(members => [$user], @there)->{id};
        db()->do('SELECT setval(pg_get_serial_sequence(?, ?), ?, false)', undef, 'public.teams', 'id', $user);
        my ($row, $state) = (row_of($user), group_state($group));
        my @answer = @{ bulk([group('g'), $make->($group, $user)])->json->{Operations} };
        is id_in($answer[0]), $user, "$what: the group has the id of a user";
        $is_refused->($what, $answer[1]);
        is_deeply row_of($user), $row, "$what: the user is as it was";
        is_deeply group_state($group), $state, "$what: and in its group";
    }
    $is_refused->('a member of itself', @{ bulk([group('g', members => value('g'))])->json->{Operations} });
    my ($answer) = (bulk([user('u'), { method => 'DELETE', path => '/Groups/bulkId:u' }])->json->{Operations}[1]);
    like $answer->{response}{detail}, qr/"u", which is a user, where a group is meant/, 'nor is a user a group';
    is_deeply [map { $_->{status} } @{ bulk([group('c1', members => value('c2')), group('c2', members => value('c1'))])->json->{Operations} }],
        [400, 400], 'groups within each other are refused';
}

# ---- versions ----

{
    my $g = new_group(members => [$u[0]], @there);
    my $first = $g->{meta}{version};
    my $path = "/Groups/$g->{id}";
    my $name = uniq('v');
    my $before = group_state($g->{id});
    my @job = (change($path, { op => 'add', path => 'members', value => $u[1] }), change($path, { op => 'remove', path => 'members' }),
        { method => 'PUT', path => $path, data => { displayName => $name } }, { method => 'DELETE', path => $path });
    for my $stale ('W/"stale"', '"0"') {
        my @answer = answers(bulk([map { { %$_, version => $stale } } @job]), '412 412 412 412', "versions that are not the present one: $stale");
        ok !exists $answer[0]{version}, 'an error has no version';
        is_deeply group_state($g->{id}), $before, 'and nothing is changed';
    }
    my @answer = answers(bulk([{ %{ $job[0] }, version => $first }, { %{ $job[1] }, version => $first }, change($path)]), '204 412 204',
        'the present version, and then it is old');
    my $second = $answer[0]{version};
    isnt $second, $first, 'a change of members is another version';
    is $answer[2]{version}, $second, 'no change is none';
    is_deeply members($g->{id}), sorted(@u[0, 1]), 'the first one has changed the members';
    @answer = answers(bulk([{ %{ $job[2] }, version => $second }, { %{ $job[3] }, version => get($path, @there)->header('ETag') }]), '200 412',
        'PUT by version');
    is_deeply members($g->{id}), [], 'has replaced them';
    answers(bulk([{ %{ $job[3] }, version => $answer[0]{version} }]), '204', 'DELETE by the version that PUT has told');
    answers(bulk([{ %{ group('n') }, version => $first }, group('n')]), '412 400', 'a new group has no version to match');
}

# ---- one winner ----

for my $case (['PATCH', sub { my ($who) = @_; { Operations => [{ op => 'add', path => 'members', value => $who }] } }],
              ['PUT', sub { my ($who) = @_; { displayName => uniq('w'), members => [{ value => $who }] } }],
              ['DELETE', sub { undef }]) {
    my ($method, $body) = @$case;
    my @who = map { new_user(@there)->{id} } 1 .. 10;
    my $g = new_group(@there);
    my @res = parallel(map { [$method, "/Groups/$g->{id}", $body->($_), @there, headers => { 'If-Match' => $g->{meta}{version} }] } @who);
    my %count;
    $count{ $_->code }++ for @res;
    my %other = $method eq 'DELETE' ? (404 => 9) : (412 => 9);
    is_deeply \%count, { ($method eq 'PUT' ? 200 : 204) => 1, %other }, "of ten parallel $method with one version one wins";
    is scalar(@{ group_state($g->{id})->{members} }), $method eq 'DELETE' ? 0 : 1, 'and its members are in';
    is scalar(@{ group_state($g->{id})->{events} }), 2, 'with its event';
}
{
    my $g = new_group(@there);
    my @res = parallel(map { ['POST', '/Bulk', { Operations => [{ %{ change("/Groups/$g->{id}", { op => 'add', path => 'members', value => $_ }) },
        version => $g->{meta}{version} }] }, @there] } (@u) x 3);
    is_deeply [sort map { $_->json->{Operations}[0]{status} } @res], [204, (412) x 8], 'the same in bulk jobs';
    is scalar(@{ members($g->{id}) }), 1, 'one member';
}

# ---- others ----

{
    my $theirs = new_group(@there, token => token_b())->{id};
    my $stranger = new_user(@there, token => token_b())->{id};
    my $before = group_state($theirs);
    my @answer = answers(bulk([change("/Groups/$theirs", { op => 'add', path => 'members', value => $u[0] }),
        { method => 'DELETE', path => "/Groups/$theirs" }, { method => 'PUT', path => "/Groups/$theirs", data => { displayName => 'x' } },
        group('g', members => value($stranger)), group('taken', displayName => 'Taken', members => value($u[0])), group('again', displayName => 'TAKEN'),
        change('/Groups/bulkId:again', { op => 'remove', path => 'members' }), group('bad', displayName => ''),
        change('/Groups/987654321', { op => 'nonsense' }), { method => 'POST', path => '/Groups/.search', bulkId => 's', data => {} },
    ]), '404 404 404 400 201 409 409 400 404 400', 'another organisation, names that are taken, and what cannot be');
    is_deeply group_state($theirs), $before, 'nobody else is touched';
    is $answer[3]{response}{detail}, "members: there is no User with the id \"$stranger\"", 'the answers are those of the requests alone';
    is $answer[5]{response}{scimType}, 'uniqueness', 'a name that is taken';
    ok !exists $answer[$_]{location}, 'a POST that failed has no location' for 3, 5, 7;
    is $answer[0]{location}, $h->base . "/Groups/$theirs", 'others have one';
    @answer = answers(bulk([group('a', displayName => ''), group('b')], failOnErrors => 1), '400', 'failOnErrors');
}
{
    # where groups are off
    my @answer = @{ post('/Bulk', { Operations => [group('g'), user('u'), change('/Groups/1', { op => 'remove', path => 'members' }),
        { method => 'DELETE', path => '/Groups/bulkId:g' }] })->json->{Operations} };
    is codes(@answer), '501 201 501 409', 'with groups off';
    like $answer[0]{response}{detail}, qr/groups are not enabled/, 'it says so';
}

done_testing;
