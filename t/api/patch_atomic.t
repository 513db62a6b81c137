# A PATCH happens as a whole or not at all, one after the other on one user, and
# a request that changes nothing leaves no trace.
use ScimTest;
use POSIX ();
use Time::HiRes qw(time sleep);

use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub body { return { schemas => [PATCH_OP], Operations => [@_] } }
sub ops  { my ($id, @ops) = @_; return patch("/Users/$id", body(@ops)) }

sub op {
    my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (),
             @value ? (value => $value[0]) : () };
}

# All at once; each on a connection that ends with its answer, since an MPM may
# keep a thread for every connection that stays open.
sub at_once {
    return parallel(map { my ($method, $path, $body) = @$_;
        [$method, $path, $body, headers => { Connection => 'close' }] } @_);
}

sub text_of   { return get("/Users/$_[0]")->content }
sub read_user { return get("/Users/$_[0]")->json }
sub applied   { return scalar grep { $_->{outcome} eq 'applied' } @{ events_of($_[0]) } }

my $taken = new_user();

# ---- A2: all or nothing ----

{
    my $user = new_user(title => 'before', name => { givenName => 'Ann', familyName => 'Lee' },
        emails => [{ type => 'work', value => 'ann@contoso.com', display => 'Ann' },
                   { type => 'home', value => 'ann@example.com' }],
        ENT, { department => 'D', manager => { value => '7' } });
    my $id = $user->{id};
    my @good = (
        ['a mapped column', op('Replace', 'name.givenName', 'Bea')],
        ['an extra attribute', op('Replace', 'title', 'after')],
        ['deactivation', op('Replace', 'active', 'False')],
        ['a new name', op('Replace', 'userName', uniq('new') . '@contoso.com')],
        ['the removal of an element', op('remove', 'emails[type eq "work"]')],
        ['a new element', op('Add', 'phoneNumbers[type eq "fax"].value', '1')],
        ['a value without path', op('replace', undef, { displayName => 'B', ENT . ':department' => 'E' })],
    );
    my @bad = (
        ['a boolean that is none', 400, 'invalidValue', op('replace', 'active', 'maybe')],
        ['an unknown op', 400, 'invalidSyntax', op('move', 'title', 'x')],
        ['a path that does not parse', 400, 'invalidPath', op('replace', 'emails[type eq', 'x')],
        ['a remove without path', 400, 'noTarget', op('remove', undef)],
        ['the removal of userName', 400, 'mutability', op('remove', 'userName')],
        ['an empty userName', 400, 'invalidValue', op('replace', 'userName', '')],
        ['a userName that is taken', 409, 'uniqueness', op('replace', 'userName', uc $taken->{userName})],
        ['an externalId that is taken', 409, 'uniqueness', op('replace', 'externalId', $taken->{externalId})],
        ['a value of the wrong type', 400, 'invalidValue', op('replace', 'name', 'Ann')],
        ['a value too long for its column', 400, 'invalidValue', op('replace', 'userName', 'x' x 300)],
    );
    my ($text, $row, $n) = (text_of($id), encode(row_of($id)), applied($id));
    for my $good (@good) {
        for my $bad (@bad) {
            my ($what, $status, $type, $op) = @$bad;
            is_error ops($id, $good->[1], $op), $status, $type, undef, "A2: $good->[0], then $what";
            is text_of($id), $text, "A2: GET is the same byte for byte after $good->[0] and $what";
        }
    }
    for my $bad (@bad) {
        my ($what, $status, $type, $op) = @$bad;
        # without the new name, which would mend some of them
        is_error ops($id, $op, map({ $_->[1] } grep { $_->[0] ne 'a new name' } @good)),
            $status, $type, undef, "A2: $what first, then the rest";
    }
    is text_of($id), $text, 'A2: GET is still the same';
    is encode(row_of($id)), $row, 'A2: so is the row, updated_at and extras included';
    is applied($id), $n, 'A2: and no event says otherwise';
}

# ---- A3: what changes nothing leaves no trace ----

{
    my $user = new_user(title => 'T', displayName => '', name => { givenName => 'Ann', familyName => 'Lee' },
        emails => [{ type => 'work', value => 'Ann@contoso.com', primary => json_true() },
                   { type => 'home', value => 'ann@example.com' }],
        roles => [{ value => 'a' }, { value => 'b' }],
        ENT, { department => 'D', manager => { value => '7' } });
    my $id = $user->{id};
    my ($text, $row, $n) = (text_of($id), encode(row_of($id)), applied($id));
    is $n, 1, 'A3: its creation was one event';
    for my $case (
        ['the same string', op('Replace', 'title', 'T')],
        ['the same mapped string', op('Add', 'name.givenName', 'Ann')],
        ['the same boolean in words', op('Replace', 'active', 'True')],
        ['the same userName', op('replace', 'userName', $user->{userName})],
        ['the same externalId', op('replace', 'externalId', $user->{externalId})],
        ['the same address', op('replace', 'emails[type eq "work"].value', 'Ann@contoso.com')],
        ['the same element', op('add', 'emails', [{ type => 'home', value => 'ann@example.com' }])],
        ['the same list', op('replace', 'roles', [{ value => 'a' }, { value => 'b' }])],
        ['the same manager', op('Add', ENT . ':manager', '7')],
        ['the same object', op('replace', undef, { name => { givenName => 'Ann' } })],
        ['the same of several', op('replace', undef, { title => 'T', ENT . ':department' => 'D' })],
        ['clearing what is absent', op('Replace', 'nickName', '')],
        ['removing what is absent', op('Remove', 'phoneNumbers')],
        ['what is not stored', op('Add', 'favouriteColour', 'blue')],
        ['what the server sets', op('replace', undef, { id => '1', meta => { created => 'x' } })],
        ['no operation'],
        ['there and back', op('replace', 'title', 'U'), op('replace', 'title', 'T')],
    ) {
        my ($what, @ops) = @$case;
        is_resource ops($id, @ops), 200, "A3: $what is success";
        is text_of($id), $text, "A3: $what leaves GET as it is, lastModified included";
        is applied($id), $n, "A3: $what writes no event";
    }
    is encode(row_of($id)), $row, 'A3: the row is untouched';
    is_resource put("/Users/$id", read_user($id)), 200, 'A3: a PUT of what is there is success';
    is text_of($id), $text, 'A3: and leaves GET as it is';
    is applied($id), $n, 'A3: and writes no event';

    sleep 0.01;
    is_resource ops($id, op('replace', 'title', 'U')), 200, 'A3: a change';
    my $got = read_user($id);
    isnt $got->{meta}{lastModified}, $user->{meta}{lastModified}, 'A3: moves lastModified';
    is $got->{meta}{created}, $user->{meta}{created}, 'A3: and not created';
    is applied($id), $n + 1, 'A3: and is an event';
}

# ---- T7: many at the same time ----

# Fifty attributes, no two the same.
my @place = (
    (map { [$_, sub { $_[0]{ $_[1] } }] } qw(displayName nickName profileUrl title userType
                                             preferredLanguage locale timezone)),
    (map { ["name.$_", sub { $_[0]{name}{ $_[1] =~ s/.*\.//r } }] }
        qw(formatted familyName givenName middleName honorificPrefix honorificSuffix)),
    (map { [ENT . ":$_", sub { $_[0]{+ENT}{ $_[1] =~ s/.*://r } }] }
        qw(employeeNumber costCenter organization division department)),
    (map { my ($attr, @type) = @$_; map { ["$attr\[type eq \"$_\"].value", \&in_element] } @type }
        [emails => qw(work home other)], [phoneNumbers => qw(work home mobile fax pager other)],
        [ims => qw(aim icq xmpp msn)]),
    (map { my $type = $_; map { ["addresses[type eq \"$type\"].$_", \&in_element] }
        qw(formatted streetAddress locality region postalCode country) } qw(work home other)),
);

sub in_element {
    my ($user, $path) = @_;
    my ($attr, $type, $sub) = $path =~ /^(\w+)\[type eq "(\w+)"\]\.(\w+)$/ or die $path;
    my @found = grep { ($_->{type} // '') eq $type } @{ $user->{$attr} || [] };
    return @found == 1 ? $found[0]{$sub} : scalar(@found) . ' elements';
}
is scalar(@place), 50, 'V14: fifty attributes';

for my $round (1 .. 2) {
    my $id = new_user(externalId => undef)->{id};
    my @res = at_once(map {
        my ($path) = @$_;
        ['PATCH', "/Users/$id", body(op($round == 1 ? 'Add' : 'replace', $path, "v$round $path"))]
    } @place);
    is_deeply [sort { $a <=> $b } map { $_->code } @res], [(200) x 50],
        "V14: fifty parallel PATCH on one user are all 200, round $round";
    my $got = read_user($id);
    is_deeply [map { $_->[1]->($got, $_->[0]) } @place], [map { "v$round $_->[0]" } @place],
        "T7: and none is lost, round $round";
    is applied($id), 51, "T7: each is an event, round $round";
}

# The same operation many times at once: as if once.
{
    my $user = new_user(externalId => undef);
    my $id = $user->{id};
    my $op = op('Add', 'emails[type eq "home"].value', 'one@example.com');
    my @res = at_once(map { ['PATCH', "/Users/$id", body($op)] } 1 .. 20);
    is_deeply [map { $_->code } @res], [(200) x 20], 'T7: one PATCH twenty times at once';
    is_deeply read_user($id)->{emails}, [{ type => 'home', value => 'one@example.com' }],
        'T7: makes one element';
    is applied($id), 2, 'T7: and is one event';

    @res = at_once(map { ['PATCH', "/Users/$id",
        body(op('replace', 'active', $_ % 2 ? 'False' : 'True'), op('replace', 'title', $_ % 2 ? 'off' : 'on'))]
    } 1 .. 20);
    is_deeply [map { $_->code } @res], [(200) x 20], 'T7: two PATCH against each other';
    my $got = read_user($id);
    is $got->{title}, $got->{active} ? 'on' : 'off', 'T7: of each the whole is kept, never halves';
}

# Different kinds of request on one user.
{
    my $id = new_user()->{id};
    my $name = uniq('put') . '@contoso.com';
    my @res = at_once(
        (map { ['PATCH', "/Users/$id", body(op('replace', 'title', "t$_"))] } 1 .. 6),
        (map { ['PUT', "/Users/$id", { userName => $name, displayName => "p$_" }] } 1 .. 6),
        (map { ['GET', "/Users/$id"] } 1 .. 6));
    is_deeply [map { $_->code } @res], [(200) x 18], 'T7: PATCH, PUT and GET at the same time';
    is row_of($id)->{username}, $name, 'T7: PUT took effect';

    @res = at_once((map { ['DELETE', "/Users/$id"] } 1 .. 8),
        (map { ['PATCH', "/Users/$id", body(op('replace', 'title', 'late'))] } 1 .. 4));
    my @code = map { $_->code } @res;
    is scalar(grep { $_ == 204 } @code[0 .. 7]), 1, 'T7: of eight DELETE one wins';
    is scalar(grep { $_ == 404 } @code[0 .. 7]), 7, 'T7: the others meet nobody';
    is scalar(grep { $_ == 404 || $_ == 200 } @code[8 .. 11]), 4, 'T7: PATCH comes before it or too late';
    is get("/Users/$id")->code, 404, 'T7: the user is gone';
    is scalar(grep { ($_->{changes}{title}{new} // '') eq 'late' } @{ events_of($id) }),
        (grep { $_ == 200 } @code[8 .. 11]) ? 1 : 0, 'T7: no change came after it';
}

# One name for many: one gets it.
{
    my @id = map { new_user()->{id} } 1 .. 8;
    my $name = uniq('wanted') . '@contoso.com';
    my @res = at_once(map { ['PATCH', "/Users/$_", body(op('replace', 'userName', $name))] } @id);
    is_deeply [sort map { $_->code } @res], [200, (409) x 7], 'T7: eight want one userName, one gets it';
    is_error $_, 409, 'uniqueness', qr/userName/i, 'T7: the others are told' for grep { $_->code == 409 } @res;
    is_list get("/Users?filter=userName+eq+%22$name%22"), 1, 'T7: it is there once';
}

# The application writes to the same row while a request waits for it.

# Do WORK in a transaction that has the row of this user already, while REQUEST
# is on its way; (status, body) of its answer.
sub meanwhile {
    my ($id, $request, $work) = @_;
    db()->begin_work;
    db()->do('SELECT FROM public.users WHERE id = ? FOR UPDATE', undef, $id);
    pipe my $read, my $write or die $!;
    my $pid = fork // die "could not fork: $!\n";
    if (!$pid) {
        my $res = eval { $request->() };
        syswrite $write, $res ? $res->code . "\n" . $res->content : "0\n$@";
        POSIX::_exit(0);
    }
    close $write;
    my $waits = wait_until(5, sub { db()->selectrow_array(
        q{SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'mod_scim'}) });
    ok $waits, 'T7: the request waits for the row';
    $work->();
    db()->commit;
    my $text = do { local $/; <$read> };
    waitpid $pid, 0;
    return split /\n/, $text, 2;
}
{
    my $user = new_user(title => 'T', name => { givenName => 'Ann', familyName => 'Lee' });
    my $id = $user->{id};
    my ($code) = meanwhile($id, sub { ops($id, op('replace', 'name.givenName', 'Bea')) },
        sub { db()->do(q{UPDATE public.users SET last_name = 'App', email = 'app@contoso.com',
            scim_extra = scim_extra || '{"nickName":"App"}' WHERE id = ?}, undef, $id) });
    is $code, 200, 'T7: a PATCH after the application\'s change';
    my $got = read_user($id);
    is_deeply [$got->{name}, $got->{emails}, @$got{qw(title nickName)}],
        [{ givenName => 'Bea', familyName => 'App' }, [{ type => 'work', value => 'app@contoso.com' }], 'T', 'App'],
        'T7: loses nothing of it';

    my ($status, $text) = meanwhile($id, sub { ops($id, op('replace', 'title', 'never')) },
        sub { db()->do('UPDATE public.users SET deleted_at = now(), active = false WHERE id = ?', undef, $id) });
    is $status, 404, 'T7: whoever was deleted meanwhile is not there';
    is row_of($id)->{active}, 0, 'T7: and does not come back';
    unlike row_of($id)->{scim_extra}, qr/never/, 'T7: nor is changed';

    my $other = new_user();
    my $name = uniq('meanwhile') . '@contoso.com';
    ($status) = meanwhile($other->{id}, sub { ops($other->{id}, op('replace', 'userName', $name)) }, sub {
        db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, ?, '!')}, undef, $name) });
    is $status, 409, 'T7: a name taken meanwhile is taken';
    is read_user($other->{id})->{userName}, $other->{userName}, 'T7: and the user keeps the old one';

    ($status) = meanwhile($other->{id}, sub { ops($other->{id}, op('Replace', 'active', 'False')) }, sub {
        db()->do(q{UPDATE public.users SET role = 'admin' WHERE id = ?}, undef, $other->{id}) });
    is $status, 400, 'T7: who becomes an administrator meanwhile is protected';
    is row_of($other->{id})->{active}, 1, 'T7: and stays active';

    my ($token) = db()->selectrow_array(q{SELECT scim.token_issue(id, interval '1 day') FROM public.users
        WHERE organisation_id = 1 AND api_access}, undef);
    my $third = new_user();
    ($status) = meanwhile($third->{id},
        sub { patch("/Users/$third->{id}", body(op('replace', 'title', 'revoked')), token => $token) },
        sub { db()->do('UPDATE public.api_tokens SET revoked_at = now() WHERE id = (SELECT max(id) FROM public.api_tokens)') });
    is $status, 401, 'T7: a token revoked meanwhile does nothing any longer';
    ok !exists read_user($third->{id})->{title}, 'T7: and nothing was done';
}

# ---- V14: steadily, twenty-five a second ----

{
    my @id = map { new_user()->{id} } 1 .. 5;
    my ($per_second, $seconds) = (25, 4);
    my $start = time;
    my (%code, @took);
    for my $n (0 .. $per_second * $seconds - 1) {
        my $due = $start + $n / $per_second;
        sleep($due - time) if $due > time;
        my $id = $id[$n % @id];
        my $t = time;
        my $res = $n % 2 ? ops($id, op('Replace', 'title', "t$n"))
                         : get("/Users?filter=externalId+eq+%22none-$n%22");
        push @took, time - $t;
        $code{ $res->code }++;
    }
    is_deeply \%code, { 200 => $per_second * $seconds }, 'V14: 25 requests a second, no 429 among them';
    cmp_ok time - $start, '<', $seconds * 1.5, 'V14: the server keeps up with them';
    cmp_ok((sort { $a <=> $b } @took)[@took / 2], '<', 0.6, 'V14: a typical answer takes less than 0.6 s');
    is_deeply [map { read_user($_)->{title} } @id],
        [map { my $k = $_; "t" . (grep { $_ % 2 && $_ % @id == $k } 0 .. $per_second * $seconds - 1)[-1] } 0 .. $#id],
        'V14: the last change of each user is there';
}

done_testing;
