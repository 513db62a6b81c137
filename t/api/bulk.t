# Bulk jobs: many operations in one request, what they may say of each other,
# and what is left when some of them, the database or the token fail.
use ScimTest;
use Time::HiRes qw(time);

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant BULK_REQUEST  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
use constant BULK_RESPONSE => 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

scim_reset();
my $users = 'SELECT count(*) FROM public.users';
my $events = q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'};

# ---- what a job is made of ----

sub bulk {
    my ($operations, %opt) = @_;
    my %body = (schemas => [BULK_REQUEST], Operations => $operations,
                map { exists $opt{$_} ? ($_ => delete $opt{$_}) : () } qw(failOnErrors));
    return post('/Bulk', \%body, %opt);
}

sub create {
    my ($bulk_id, %attr) = @_;
    return { method => 'POST', path => '/Users', bulkId => "$bulk_id",
             data => { schemas => [CORE], userName => uniq("bulk-$bulk_id-"), %attr } };
}

sub change {
    my ($path, @ops) = @_;
    return { method => 'PATCH', path => $path, data => { Operations => \@ops } };
}

sub title { my ($path, $text) = @_; return change($path, { op => 'replace', path => 'title', value => "$text" }) }
sub managed_by { return (ENT, { manager => { value => $_[0] } }) }

# The answers, by place; each is looked at in any case.
sub answers {
    my ($res, $count, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @fault;
    push @fault, 'status is ' . $res->code if $res->code != 200;
    my $json = eval { $res->json } || {};
    push @fault, 'schemas' if encode($json->{schemas}) ne encode([BULK_RESPONSE]);
    my @answer = ref $json->{Operations} eq 'ARRAY' ? @{ $json->{Operations} } : ();
    push @fault, @answer . " answers, not $count" if @answer != $count;
    for my $answer (@answer) {
        push @fault, 'status is no string: ' . encode($answer)
            if encode($answer->{status}) !~ /^"\d{3}"$/;
        my $bad = $answer->{status} >= 400;
        push @fault, 'an error without response, or the other way round: ' . encode($answer)
            if $bad != exists $answer->{response};
        push @fault, 'the response is no error: ' . encode($answer)
            if $bad && ($answer->{response}{status} ne $answer->{status} || !length $answer->{response}{detail}
                || $answer->{response}{schemas}[0] !~ /:Error$/);
        push @fault, 'no location: ' . encode($answer) if !$bad && !length($answer->{location} // '');
    }
    ok !@fault, $name or diag join "\n", @fault, $res->as_string;
    return @answer;
}

sub codes { join ' ', map { $_->{status} } @_ }
sub id_in { $_[0]{location} =~ m{/Users/(\d+)$} ? $1 : undef }
sub manager_of { my $user = get("/Users/$_[0]")->json; return ($user->{+ENT}{manager} || {})->{value} }
sub detail { $_[0]{response}{detail} }

# ---- all methods ----

{
    my ($put, $patch, $del) = map { new_user() } 1 .. 3;
    my $name = uniq('put');
    my $res = bulk([
        create('a', title => 'new'),
        { method => 'PUT', path => "/Users/$put->{id}", data => { userName => $name, title => 'put' } },
        { method => 'patch', path => base_url() . "/Users/$patch->{id}", bulkId => 'p',
          data => { Operations => [{ op => 'replace', path => 'title', value => 'patched' }] } },
        # as the example of RFC 7644 section 3.7.3 has it
        { method => 'PATCH', path => "/Users/$patch->{id}", data => [{ op => 'add', path => 'nickName', value => 'Nick' }] },
        { METHOD => 'DELETE', Path => "/Users/$del->{id}" },
    ]);
    my @answer = answers($res, 5, 'a job with each method');
    is codes(@answer), '201 200 200 200 204', 'each is done';
    is_deeply [map { $_->{method} } @answer], [qw(POST PUT PATCH PATCH DELETE)], 'in the order of the job';
    is_deeply [map { $_->{bulkId} } @answer], ['a', undef, 'p', undef, undef], 'with the bulkId where there is one';
    my $id = id_in($answer[0]);
    is_deeply [map { $_->{location} } @answer],
        [map { base_url() . "/Users/$_" } $id, $put->{id}, ($patch->{id}) x 2, $del->{id}], 'and the location';
    is get("/Users/$id")->json->{title}, 'new', 'POST: the user is there';
    is row_of($put->{id})->{username}, $name, 'PUT: the user is replaced';
    is get("/Users/$patch->{id}")->json->{title}, 'patched', 'PATCH: the user is changed';
    is get("/Users/$patch->{id}")->json->{nickName}, 'Nick', 'PATCH: without a message around its operations, too';
    ok row_of($del->{id})->{deleted_at}, 'DELETE: the user is deleted';
    my @event = map { $_->[-1] } map { events_of($_) } $id, $put->{id}, $patch->{id}, $del->{id};
    is_deeply [map { $_->{operation} } @event], [qw(create put patch delete)], 'there is an event for each';
}
{
    my $res = post('/Bulk', { operations => [] });
    is_deeply [answers($res, 0, 'a job without operations, and without schemas')], [], 'has no answers';
    my $user = new_user();
    is codes(answers(bulk([map { title("/Users/$user->{id}", $_) } 1 .. 3]), 3, 'changes of one user')),
        '200 200 200', 'are all done';
    is get("/Users/$user->{id}")->json->{title}, 3, 'in their order';
}

{
    my $h = extra_httpd(modules => ['unique_id']);
    my @answer = answers(bulk([create('a', managed_by('bulkId:b')), create('b', managed_by('bulkId:a')),
        title('/Users/bulkId:a', 'x')], base => $h->base), 3, 'a job on a server whose requests have ids');
    my %request = map { ($_->{request_id} // 'none') => 1 } map { @{ events_of(id_in($_)) } } @answer[0, 1];
    is scalar(keys %request), 1, 'all of its events have the same';
    ok !$request{none}, 'which is one';
    $h->stop;
}

# ---- errors ----

{
    my $user = new_user();
    my ($first, $last) = (uniq('first'), uniq('last'));
    my $count = db()->selectrow_array($users);
    my @job = (create('a', userName => $first), create('b', userName => $user->{userName}),
               create('c', userName => ''), title('/Users/987654321', 'x'), title('/Users/x', 'x'),
               { method => 'PUT', path => "/Users/$user->{id}" },
               { method => 'PATCH', path => "/Users/$user->{id}", data => { Operations => 'x' } },
               create('d', userName => $last));
    my @answer = answers(bulk(\@job), 8, 'a job with errors');
    is codes(@answer), '201 409 400 404 404 400 400 201', 'goes on behind them';
    is_deeply [map { $_->{response}{scimType} } @answer],
        [undef, 'uniqueness', 'invalidValue', undef, undef, 'invalidSyntax', 'invalidSyntax', undef],
        'each answer is the one that the request alone would get';
    ok !exists $answer[$_]{location}, 'a POST that failed has no location' for 1, 2;
    is $answer[3]{location}, base_url() . '/Users/987654321', 'others have one';
    is db()->selectrow_array($users), $count + 2, 'two users more';
    is_deeply get("/Users/$user->{id}")->json, $user, 'the other is as it was';

    $_->{data}{userName} = uniq('again') for @job[0, 7];
    for my $case ([1, 2], [2, 3], [5, 6], [6, 7], [7, 8], [100, 8], [0, 8]) {
        my ($limit, $want) = @$case;
        $_->{data}{userName} = uniq('again') for @job[0, 7];
        $count = db()->selectrow_array($users);
        @answer = answers(bulk(\@job, failOnErrors => $limit), $want, "failOnErrors $limit: $want answers");
        is $answer[-1]{status}, $want < 8 ? $answer[-1]{response}{status} : 201,
            "failOnErrors $limit: the last one is the error that was one too many, or all is done";
        is db()->selectrow_array($users), $count + ($want < 8 ? 1 : 2),
            "failOnErrors $limit: nothing was done behind it, and what came before stays";
    }
}

# ---- what no operation can be ----

{
    my $user = new_user();
    my $before = db()->selectrow_array($events);
    my @bad = (
        { method => 'GET', path => "/Users/$user->{id}" },
        { method => 'HEAD', path => "/Users/$user->{id}" },
        { path => "/Users/$user->{id}" },
        { method => 'DELETE' },
        { method => 'DELETE', path => '/Users' },
        { method => 'DELETE', path => "/Users/$user->{id}/x" },
        { method => 'DELETE', path => "http://elsewhere.example/Users/$user->{id}" },
        { method => 'POST', path => '/Bulk', bulkId => 'b', data => { Operations => [{ method => 'DELETE', path => "/Users/$user->{id}" }] } },
        { method => 'POST', path => '/Users/.search', bulkId => 's', data => {} },
        { method => 'POST', path => '/.search', bulkId => 't', data => {} },
        { method => 'PATCH', path => '/Me', data => { Operations => [] } },
        { method => 'PUT', path => '/Schemas/x', data => {} },
        { method => 'POST', path => '/Users', data => { userName => uniq('none') } },
        { method => 'POST', path => "/Users/$user->{id}", bulkId => 'i', data => { userName => uniq('none') } },
        { method => 'DELETE', path => "/Users/$user->{id}/../$user->{id}" },
    );
    my @answer = answers(bulk(\@bad), scalar @bad, 'a job of what cannot be');
    is codes(@answer), join(' ', (400) x @bad), 'each is refused';
    is_deeply [grep { $_->{response}{scimType} ne 'invalidSyntax' } @answer], [], 'as invalidSyntax';
    is_deeply [map { $_->{location} // () } @answer], [], 'without a location';
    like detail($answer[0]), qr/POST, PUT, PATCH or DELETE, not "GET"/, 'which says why';
    is $answer[0]{method}, 'GET', 'and what was asked';
    is_deeply get("/Users/$user->{id}")->json, $user, 'nobody was touched';
    my @dup = answers(bulk([create('same'), create('same'), create('other')]), 3, 'two POSTs with one bulkId');
    is codes(@dup), '201 400 201', 'the second is refused';
    is db()->selectrow_array($events), $before + 2, 'and there are no events but of what was done';
}

# ---- references ----

{
    my @answer = answers(bulk([
        create('boss'),
        create('a', managed_by('bulkId:boss')),
        create('b', ENT, { manager => 'bulkId:boss' }),
        create('c', ENT . ':manager', [{ value => 'bulkId:boss' }]),
        create('d', ENT, { manager => { value => 'bulkId:boss', '$ref' => '../Users/bulkId:boss' } }),
    ]), 5, 'users with a manager who is new');
    is codes(@answer), '201 201 201 201 201', 'references in a POST';
    my $boss = id_in($answer[0]);
    is manager_of(id_in($_)), $boss, "reference of $_->{bulkId}: the manager" for @answer[1 .. 4];
    my $raw = db()->selectrow_array('SELECT scim_extra::text FROM public.users WHERE id = ?', undef, id_in($answer[4]));
    unlike $raw, qr/bulkId/, 'nothing of the references is kept';
    my $ref = get('/Users/' . id_in($answer[4]))->json->{+ENT}{manager}{'$ref'};
    is $ref, "../Users/$boss", 'a $ref leads to the manager';

    my @user = map { new_user()->{id} } 1 .. 5;
    @answer = answers(bulk([
        create('boss', roles => [{ value => 'r' }]),
        change("/Users/$user[0]", { op => 'add', path => ENT . ':manager', value => 'bulkId:boss' }),
        change("/Users/$user[1]", { op => 'add', path => ENT . ':manager', value => { value => 'bulkId:boss' } }),
        change("/Users/$user[2]", { op => 'replace', path => ENT . ':manager.value', value => 'bulkId:boss' }),
        change("/Users/$user[3]", { op => 'replace', value => { ENT . ':manager' => 'bulkId:boss' } }),
        { method => 'PUT', path => "/Users/$user[4]", data => { userName => uniq('put'), managed_by('bulkId:boss') } },
        title('/Users/bulkId:boss', 'promoted'),
        change('/Users/bulkId:boss', { op => 'add', path => 'roles', value => [{ value => 'bulkId:boss' }] }),
        change('/Users/bulkId:boss', { op => 'replace', path => 'roles[value eq "bulkId:boss"].display', value => 'own' }),
    ]), 9, 'references in a PATCH, a PUT and a path');
    is codes(@answer), join(' ', 201, (200) x 8), 'all are done';
    $boss = id_in($answer[0]);
    is manager_of($user[$_]), $boss, "user $_ has the new manager" for 0 .. 4;
    is $answer[6]{location}, base_url() . "/Users/$boss", 'the location of bulkId:boss is the real one';
    my $json = get("/Users/$boss")->json;
    is $json->{title}, 'promoted', 'a path with a reference';
    is_deeply [map { "$_->{value} " . ($_->{display} // '') } @{ $json->{roles} }], ['r ', "$boss own"],
        'a reference between the brackets of a PATCH path';
    is codes(answers(bulk([create('gone'), { method => 'DELETE', path => '/Users/bulkId:gone' }]), 2,
        'created and deleted in one job')), '201 204', 'is both';
}

# forward
{
    my $user = new_user();
    my @answer = answers(bulk([
        title("/Users/$user->{id}", 'before'),
        change("/Users/$user->{id}", { op => 'add', path => ENT . ':manager', value => 'bulkId:late' }),
        create('early', managed_by('bulkId:middle')),
        create('middle', managed_by('bulkId:late')),
        create('late'),
    ]), 5, 'references to what comes later');
    is codes(@answer), '200 200 201 201 201', 'are done';
    is_deeply [map { $_->{bulkId} } @answer], [undef, undef, qw(early middle late)], 'and answered in the order of the job';
    my ($early, $middle, $late) = map { id_in($_) } @answer[2 .. 4];
    is manager_of($user->{id}), $late, 'PATCH before POST';
    is manager_of($early), $middle, 'POST before POST';
    is manager_of($middle), $late, 'and so on';
}

# what cannot be read of an operation does not hide the rest of it
{
    my @answer = answers(bulk([{ %{ create('x') }, bulkId => 5 }, { %{ title('/Users/1', 'T') }, bulkId => 'i', method => 5 }]), 2,
        'operations that cannot be read');
    is codes(@answer), '400 400', 'are refused';
    is_deeply [@{ $answer[0] }{qw(method bulkId)}], ['POST', undef], 'the answer has the method';
    is_deeply [@{ $answer[1] }{qw(method bulkId)}], [undef, 'i'], 'or the bulkId';
}

# to nothing, and to what failed
{
    my $count = db()->selectrow_array($users);
    my $taken = new_user()->{userName};
    my @answer = answers(bulk([
        create('a', managed_by('bulkId:nobody')),
        create('bad', userName => $taken),
        create('b', managed_by('bulkId:bad')),
        create('c', managed_by('bulkId:b')),
        title('/Users/bulkId:bad', 'x'),
        title('/Users/bulkId:nobody', 'x'),
        create('refused', userName => undef),
        { method => 'DELETE', path => '/Users/bulkId:refused' },
        create('good'),
    ]), 9, 'references that lead nowhere');
    is codes(@answer), '400 409 409 409 409 400 400 409 201', 'only these fail';
    is $answer[$_]{response}{scimType}, 'invalidValue', 'a bulkId that is none: invalidValue' for 0, 5;
    like detail($answer[0]), qr/"nobody", which no POST of this job has/, 'and which';
    like detail($answer[$_->[0]]), qr/refers to the bulkId "$_->[1]", whose operation failed/, "what became of $_->[1]"
        for [2, 'bad'], [3, 'b'], [4, 'bad'], [7, 'refused'];
    ok !exists $answer[4]{location}, 'nobody knows where bulkId:bad would be';
    is db()->selectrow_array($users), $count + 2, 'one user more, beside the one that was in the way';
    my $one = uniq('plain');
    my $plain = post('/Users', { userName => $one, managed_by('bulkId:x') });
    is manager_of($plain->json->{id}), 'bulkId:x', 'outside of a job the word means nothing';
    is_error get('/Users/bulkId:x'), 404, undef, undef, 'nor in a URL';
}

# ---- circles ----

{
    my @answer = answers(bulk([
        create('a', managed_by('bulkId:b'), title => 'A'),
        create('b', ENT, { manager => { value => 'bulkId:a' }, department => 'D' }),
        create('self', managed_by('bulkId:self')),
        create('x', managed_by('bulkId:y')), create('outside'), create('y', managed_by('bulkId:z')),
        create('z', ENT, { manager => { value => 'bulkId:x', displayName => 'X' } }),
        create('after', managed_by('bulkId:a')),
    ]), 8, 'users who refer to each other');
    is codes(@answer), join(' ', (201) x 8), 'are created';
    my %id = map { $_->{bulkId} => id_in($_) } @answer;
    my %boss = (a => 'b', b => 'a', self => 'self', x => 'y', y => 'z', z => 'x', after => 'a');
    is manager_of($id{$_}), $id{ $boss{$_} }, "the manager of $_ is $boss{$_}" for sort keys %boss;
    is get("/Users/$id{a}")->json->{title}, 'A', 'other attributes are there';
    is get("/Users/$id{b}")->json->{+ENT}{department}, 'D', 'those of the extension too';
    is_deeply [map { $_->{operation} } @{ events_of($id{a}) }], [qw(create patch)], 'events: created, and linked';
}
{
    # data that is no object still refers, and so may be part of a circle
    my $count = db()->selectrow_array($users);
    my @answer = answers(bulk([{ %{ create('a') }, data => ['bulkId:b'] }, create('b', managed_by('bulkId:a'))]), 2,
        'a circle with data that is a list');
    is codes(@answer), '400 409', 'the circle fails';
    is db()->selectrow_array($users), $count, 'and nobody is created';
}
for my $case (['a name that is taken', 409, userName => new_user()->{userName}], ['no name', 400, userName => ''],
              ['a value of the wrong type', 400, active => 'x'], ['an element of the wrong type', 400, emails => 7]) {
    my ($what, $code, %attr) = @$case;
    for my $bad (0 .. 2) {
        my ($count, $log) = map { db()->selectrow_array($_) } $users, $events;
        my @job = map { create($_->[0], managed_by("bulkId:$_->[1]")) } [a => 'b'], [b => 'c'], [c => 'a'];
        $job[$bad]{data} = { %{ $job[$bad]{data} }, %attr };
        my @answer = answers(bulk([@job, create('alone'), create('late', managed_by('bulkId:a'))]), 5, "a circle with $what");
        my @want = (409) x 3;
        $want[$bad] = $code;
        is codes(@answer), "@want 201 409", 'the circle fails, and who refers to it';
        is_deeply [map { @$_{qw(location version)} } @answer[0 .. 2]], [(undef) x 6], 'with no trace of what was undone';
        my $name = $answer[$bad]{bulkId};
        like detail($answer[$_]), qr/circle of references with the bulkId "$name", whose operation failed/,
            'each says because of whom' for grep { $_ != $bad } 0 .. 2;
        is_deeply [map { db()->selectrow_array($_) } $users, $events], [$count + 1, $log + 1],
            'nothing of it is there';
        is get('/Users/' . id_in($answer[3]))->code, 200, 'what stands alone is';
    }
}
{
    # a circle restores who was there before, as any POST
    my @old = map { new_user() } 1, 2;
    db()->do('UPDATE public.users SET active = false WHERE id = ?', undef, $old[0]{id});
    del("/Users/$old[1]{id}");
    my @answer = answers(bulk([map { my ($me, $other) = @$_;
        create("o$me", externalId => $old[$me]{externalId}, userName => $old[$me]{userName}, managed_by("bulkId:o$other")) }
        [0, 1], [1, 0]]), 2, 'a circle of former users');
    is codes(@answer), '201 201', 'is restored';
    is_deeply [map { id_in($_) } @answer], [map { $_->{id} } @old], 'under the old ids';
    is_deeply [map { manager_of($_->{id}) } @old], [reverse map { $_->{id} } @old], 'with new managers';
}

# ---- versions ----

{
    my @user = map { new_user() } 1 .. 4;
    my $version_of = sub { get("/Users/$_[0]")->json->{meta}{version} };
    my @version = map { $version_of->($_->{id}) } @user;
    my @job = (title("/Users/$user[0]{id}", 'new'), title("/Users/$user[1]{id}", 'new'),
        { method => 'PUT', path => "/Users/$user[2]{id}", data => { userName => $user[2]{userName}, title => 'new' } },
        { method => 'DELETE', path => "/Users/$user[3]{id}" });
    my $before = [map { row_of($_->{id}) } @user];
    $job[$_]{version} = 'W/"stale"' for 0 .. 3;
    my @answer = answers(bulk(\@job), 4, 'operations with versions that are not the present ones');
    is codes(@answer), '412 412 412 412', 'are refused';
    is_deeply [map { row_of($_->{id}) } @user], $before, 'and change nothing';
    $job[$_]{version} = $version[$_] for 0 .. 3;
    @answer = answers(bulk([@job, create('a'), create('b', managed_by('bulkId:c')), create('c', managed_by('bulkId:b')), $job[0]]),
        8, 'operations with the present versions');
    is codes(@answer), '200 200 200 204 201 201 201 412', 'are done, until the version is another';
    is $answer[$_]{version}, $version_of->(id_in($answer[$_])), "answer $_ has the new version" for 0 .. 2, 4 .. 6;
    ok !exists $answer[3]{version}, 'what is deleted has none';
    isnt $answer[0]{version}, $version[0], 'a version moves with a change';
}

# ---- tenants ----

{
    my $theirs = new_user(token => token_b());
    my $row = row_of($theirs->{id});
    my @answer = answers(bulk([
        title("/Users/$theirs->{id}", 'x'), { method => 'DELETE', path => "/Users/$theirs->{id}" },
        { method => 'PUT', path => "/Users/$theirs->{id}", data => { userName => 'x' } },
        create('same', userName => $theirs->{userName}, externalId => $theirs->{externalId}),
        title('/Users/bulkId:same', 'mine'),
    ]), 5, 'a job about another organisation');
    is codes(@answer), '404 404 404 201 200', 'finds nobody there';
    is_deeply row_of($theirs->{id}), $row, 'and changes nobody';
    is row_of(id_in($answer[3]))->{organisation_id}, 1, 'what it creates is its own';
}

# ---- the request itself ----

is_error get('/Bulk'), 405, undef, undef, 'GET /Bulk';
is options('/Bulk')->header('Allow'), 'POST, OPTIONS', 'OPTIONS says what is possible';
for my $case (['{', 400, 'invalidSyntax'], ['[]', 400, 'invalidSyntax'], ['{}', 400, 'invalidSyntax'], ['', 400, 'invalidSyntax'],
              ['{"Operations":[1]}', 400, 'invalidSyntax'], ['{"Operations":[],"failOnErrors":"x"}', 400, 'invalidValue']) {
    my ($body, $code, $type) = @$case;
    is_error post('/Bulk', $body), $code, $type, undef, "a body that is none: $body";
    is_error post('/Bulk', $body, token => 'scim_' . '0' x 64), 401, undef, undef, 'which is said to nobody without a token';
}
is_error post('/Bulk', '{"Operations":[]}', token => undef), 401, undef, undef, 'no token';
is_error post('/Bulk', '{"Operations":[]}', content_type => 'text/plain'), 415, undef, undef, 'no JSON';

# ---- limits ----

my $spc = get('/ServiceProviderConfig')->json->{bulk};
is_deeply $spc, { supported => json_true, maxOperations => 1000, maxPayloadSize => 1048576 }, 'the limits are advertised';
{
    my $count = db()->selectrow_array($users);
    my @answer = answers(bulk([map { create($_, externalId => uniq('x'), active => json_true, title => "T$_",
        name => { givenName => 'G', familyName => 'F' }, displayName => "Number $_",
        emails => [{ type => 'work', value => uniq('m') . '@contoso.com', primary => json_true }]) } 1 .. 1000]), 1000,
        'a thousand users in one job');
    is scalar(grep { $_->{status} eq '201' } @answer), 1000, 'are created';
    is db()->selectrow_array($users), $count + 1000, 'and are there';
    is get('/Users/' . id_in($answer[999]))->json->{title}, 'T1000', 'the last one too';
    my $res = bulk([map { create($_) } 1 .. 1001]);
    is_error $res, 413, undef, qr/1001 operations, more than the 1000 .*maxOperations/, 'one more is too many';
    $res = post('/Bulk', '{"Operations":[' . ' ' x 1048576 . ']}');
    is_error $res, 413, undef, qr/larger than the 1048576 bytes/, 'and so is one byte more';
    is db()->selectrow_array($users), $count + 1000, 'nothing of these was done';
    my @many = (0) x 21_000;
    is codes(answers(bulk([create('many', nonsense => \@many)]), 1, 'a job of 21,000 values')), '201', 'is taken';
    $res = bulk([create('many', nonsense => [(0) x 100_000])]);
    is_error $res, 413, undef, qr/more than 100000 values/, 'one of 100,000 is not';
}
{
    my $small = extra_httpd(location => "ScimBulkMax 2\nScimBodyMax 2048\n");
    my @there = (base => $small->base);
    is_deeply get('/ServiceProviderConfig', @there)->json->{bulk},
        { supported => json_true, maxOperations => 2, maxPayloadSize => 2048 }, 'smaller limits are advertised';
    is codes(answers(bulk([create('a'), create('b')], @there), 2, 'two operations')), '201 201', 'are taken';
    is_error bulk([map { create($_) } 1 .. 3], @there), 413, undef, qr/\b2\b/, 'three are not';
    is_error bulk([create('a', title => 'x' x 2048)], @there), 413, undef, qr/\b2048\b/, 'nor is a larger body';
    $small->stop;
    my $off = extra_httpd(location => "ScimBulkMax 0\n");
    @there = (base => $off->base);
    is_deeply get('/ServiceProviderConfig', @there)->json->{bulk},
        { supported => json_false, maxOperations => 0, maxPayloadSize => 0 }, 'bulk can be switched off';
    my $user = new_user();
    is_error bulk([{ method => 'DELETE', path => "/Users/$user->{id}" }], @there), 501, undef, undef, 'then it is 501';
    is_error get('/Bulk', @there), 501, undef, undef, 'and so is GET';
    is get("/Users/$user->{id}")->code, 200, 'and nothing happens';
    $off->stop;
}

# ---- cost ----

{
    my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
    my ($h, $relay) = extra_httpd(relay => 1,
        conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
    my $user = new_user();
    my $job = sub {
        my ($n) = @_;
        return bulk([map({ create($_) } 1 .. 20), title("/Users/$user->{id}", $n)], base => $h->base);
    };
    $job->(1);
    $relay->reset_counts;
    is codes(answers($job->(2), 21, 'a job that is counted')), join(' ', (201) x 20, 200), 'is done';
    my $counts = $relay->counts;
    is $counts->{connections}, 0, 'over the connection that was there';
    is $counts->{open}, 1, 'which is the only one';
    # the token; 20 creates; BEGIN and SELECT, UPDATE and COMMIT
    is $counts->{turns}, 1 + 20 + 2, 'turns: the token, and what each operation costs alone';
    # with the one that raises the second wall in each transaction
    is $counts->{statements}, 1 + 20 + 4 + 22, 'and statements';
    $job = sub { bulk([create('a', managed_by('bulkId:b')), create('b', managed_by('bulkId:a'))], base => $h->base) };
    $job->();
    $relay->reset_counts;
    is codes(answers($job->(), 2, 'a circle that is counted')), '201 201', 'is done';
    # the token; BEGIN; two creates; the first reads and gets its manager; COMMIT
    is $relay->counts->{turns}, 1 + 1 + 2 + 2 + 1, 'turns of a circle';
    $h->stop;
}

# ---- when something fails in the middle ----

# A database whose users have a word in their names that makes things happen.
my $pg = own_cluster();
my $token = $pg->token(1);
$pg->dbh->do(<<'END');
CREATE SEQUENCE public.attempts;
CREATE FUNCTION public.mischief() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    CASE split_part(NEW.username, '-', 1)
    WHEN 'revoke' THEN UPDATE public.organisations SET api_enabled = false WHERE id = NEW.organisation_id;
    WHEN 'kill' THEN PERFORM pg_terminate_backend(pg_backend_pid());
    WHEN 'slow' THEN PERFORM pg_sleep(0.1);
    WHEN 'stuck' THEN PERFORM pg_sleep(10);
    WHEN 'retry' THEN
        IF nextval('public.attempts') % 2 = 1 THEN
            RAISE 'once more' USING ERRCODE = '40001';
        END IF;
    WHEN 'broken' THEN RAISE 'broken' USING ERRCODE = '42P17';
    ELSE NULL;
    END CASE;
    RETURN NEW;
END $$;
CREATE TRIGGER mischief AFTER INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.mischief();
CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'nobody with this name' USING ERRCODE = 'SC422';
END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON public.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.username LIKE 'never-%') EXECUTE FUNCTION public.refuse();
END
my $own = extra_httpd(cluster => $pg, conf => "ScimTimeout 1s\n");
my @there = (base => $own->base, token => $token);
my $count_there = sub { $pg->dbh->selectrow_array($users) };
sub named { my ($word, @rest) = @_; return create("$word$$", @rest, userName => uniq("$word-")) }
expect_log(qr/SCIM0050: bulk job \S+, operation \d+ answered 50[03]: /);

bulk([create('warm')], @there);
{
    my $count = $count_there->();
    my @answer = answers(bulk([create('a'), named('retry'), create('b')], @there), 3, 'an operation that the database undid');
    is codes(@answer), '201 201 201', 'is tried again';
    @answer = answers(bulk([create('a', managed_by("bulkId:retry$$")), named('retry', managed_by('bulkId:a'))], @there), 2,
        'a circle that the database undid');
    is codes(@answer), '201 201', 'is tried again';
    is $count_there->(), $count + 5, 'each is there once';

    @answer = answers(bulk([create('a'), named('broken'), create('b')], @there), 3, 'an operation that nobody foresaw');
    is codes(@answer), '201 500 201', 'is an error of its own';
    @answer = answers(bulk([create('a', managed_by("bulkId:broken$$")), named('broken', managed_by('bulkId:a')), create('b')],
        @there), 3, 'in a circle');
    is codes(@answer), '409 500 201', 'likewise';
    is $count_there->(), $count + 8, 'and nothing of it is there';

    is_error post('/Users', { userName => uniq('never-') }, @there), 422, undef, qr/^nobody with this name$/,
        'what a deferred trigger refuses';
    @answer = answers(bulk([create('a'), named('never'), create('b')], @there), 3, 'an operation that is refused at its end');
    is codes(@answer), '201 422 201', 'fails';
    @answer = answers(bulk([create('a', managed_by("bulkId:never$$")), named('never', managed_by('bulkId:a')), create('b')],
        @there), 3, 'a circle that is refused at its end');
    is codes(@answer), '422 422 201', 'fails as a whole';
    is detail($_), 'nobody with this name', 'with the reason' for @answer[0, 1];
    is $count_there->(), $count + 11, 'and nothing of it is there';
}
{
    my $count = $count_there->();
    my $start = time;
    my @answer = answers(bulk([create('a'), named('stuck'), create('b', managed_by("bulkId:stuck$$")), create('c')], @there), 4,
        'an operation that takes too long');
    is codes(@answer), '201 503 503 201', 'is 503, and who refers to it, the others are done';
    cmp_ok time - $start, '<', 3, 'and has no more time than any request';
    is $count_there->(), $count + 2, 'what is reported is there';
}
{
    my $count = $count_there->();
    my @answer = answers(bulk([create('a'), create('b'), named('kill'), create('c'), create('d')], @there), 5,
        'a database that goes away in the middle');
    is codes(@answer), '201 201 503 503 503', 'what was done is reported, the rest is 503';
    like detail($answer[4]), qr/send this operation again/, 'and says what to do';
    is $count_there->(), $count + 2, 'so it is';
    @answer = answers(bulk([create('c'), create('d')], @there), 2, 'the rest is sent again');
    is codes(@answer), '201 201', 'and done';
    @answer = answers(bulk([create('a'), named('kill', managed_by('bulkId:x')), create('x', managed_by("bulkId:kill$$")),
        create('z')], @there), 4, 'in the middle of a circle');
    is codes(@answer), '201 503 503 503', 'likewise';
    is $count_there->(), $count + 5, 'and nothing of the circle is there';
    expect_log(qr/SCIM0013: POST \S+ answered 503/);
    is_error bulk([named('kill'), create('a')], @there), 503, undef, undef, 'when nothing was done the job is 503';
    is $count_there->(), $count + 5, 'and nothing is there';
}
{
    my $slow = extra_httpd(cluster => $pg, conf => "ScimTimeout 200ms\nScimPoolTimeout 1s\n");
    my $count = $count_there->();
    my $start = time;
    my @answer = answers(bulk([map { create($_, userName => uniq('slow-')) } 1 .. 60], base => $slow->base, token => $token), 60,
        'a job that takes too long');
    my $took = time - $start;
    my $done = grep { $_->{status} eq '201' } @answer;
    cmp_ok $took, '<', 4, 'ends';
    cmp_ok $done, '>', 5, 'some of it is done';
    cmp_ok $done, '<', 30, 'some is not';
    is codes(@answer), join(' ', (201) x $done, (503) x (60 - $done)), 'which is the end of it';
    like detail($answer[-1]), qr/took too long/, 'and says why';
    is $count_there->(), $count + $done, 'and what was done is there';

    $start = time;
    my @circle = map { create($_, userName => uniq('slow-'), managed_by('bulkId:' . ($_ + 1) % 40)) } 0 .. 39;
    is_error bulk(\@circle, base => $slow->base, token => $token), 503, undef, qr/took too long/,
        'a circle that takes too long';
    cmp_ok time - $start, '<', 4, 'ends as well';
    is $count_there->(), $count + $done, 'and nothing of it is there';
    $slow->stop;
}
{
    my $count = $count_there->();
    my @answer = answers(bulk([create('a'), named('revoke'), create('b'), title('/Users/bulkId:a', 'x'),
        create('c', managed_by('bulkId:d')), create('d', managed_by('bulkId:c'))], @there), 6,
        'a token that ends in the middle');
    is codes(@answer), '201 201 401 401 401 401', 'ends with what was done before';
    is $count_there->(), $count + 2, 'and nothing is done behind it';
    is_error bulk([create('a')], @there), 401, undef, undef, 'the next job is not let in';
}
$own->stop;

# ---- what is not kept ----

{
    my $from = httpd()->log_size;
    my @answer = answers(bulk([
        create('plain'),
        create('more', shoeSize => 44, password => 'secret-bulk'),
        title('/Users/999999999', 'nobody'),
        change('/Users/bulkId:plain', { op => 'add', path => 'nonsense', value => 'never' }, { op => 'replace', path => 'active', value => json_false }),
        create('round', shoeSize => 45, managed_by('bulkId:about')), create('about', managed_by('bulkId:round')),
    ]), 6, 'operations with attributes that nobody knows');
    is codes(@answer), '201 201 404 200 201 201', 'A10: which stop nothing';
    my $log = httpd()->log_from($from);
    is_deeply [sort $log =~ /SCIM0074: bulk job \S+, operation (\d+): not kept here and left out: (.+?) \[tenant 1, actor \d+\]$/mg],
        [sort 2, 'password shoeSize', 4, 'nonsense', 5, 'shoeSize'], 'A10: are in the log, with the number of the operation'
        or diag $log;
    unlike $log, qr/secret-bulk|never/, 'A10: and their values are not';
}

done_testing;
