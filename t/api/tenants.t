# Two organisations in one table. With the token of one, nothing of the other can
# be seen, changed, matched, counted, adopted, or made to conflict.
use ScimTest;

scim_reset();
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $MARK = 'zzsecretzz';                # in all that belongs to organisation B

sub enc {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/gear;
}

sub rows_of {
    my ($org) = @_;
    return db()->selectall_arrayref('SELECT * FROM public.users WHERE organisation_id = ? ORDER BY id', { Slice => {} }, $org);
}

sub app_user {
    my (%column) = @_;
    %column = (password_hash => '!', %column);
    my @name = sort keys %column;
    return db()->selectrow_array('INSERT INTO public.users (' . join(', ', @name) . ') VALUES ('
        . join(', ', ('?') x @name) . ') RETURNING id', undef, @column{@name});
}

# Organisation B: one account in each state.
sub make_b {
    my ($state, %attr) = @_;
    return new_user(userName => "$state-$MARK\@fabrikam.com", externalId => "$state-$MARK",
        displayName => "$state $MARK",
        title => $MARK, name => { familyName => $MARK },
        emails => [{ type => 'work', value => "$state-$MARK\@work.example" }],
        $ENT => { department => $MARK }, token => token_b(), %attr);
}
my $active = make_b('active');
my $inactive = make_b('inactive', active => json_false);
my $deleted = make_b('deleted');
is del("/Users/$deleted->{id}", token => token_b())->code, 204,
    'T5: organisation B deletes one of its own';
my $unlinked = app_user(organisation_id => 2, username => "unlinked-$MARK\@fabrikam.com");
my ($admin_b) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 2 AND role = 'admin'");
my $mine = new_user(userName => 'mine@contoso.com', externalId => 'mine-1');
my $b_before = rows_of(2);
my %b_id = (active => $active->{id}, inactive => $inactive->{id}, deleted => $deleted->{id},
    unlinked => $unlinked, administrator => $admin_b);
my @seen;

# As organisation A; remembers what came back.
sub a {
    my ($method, $path, $body) = @_;
    my $res = scim($method, $path, $body);
    push @seen, [$res->content, $path];
    return $res;
}

sub b_untouched {
    my ($name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply rows_of(2), $b_before, "T5: organisation B is untouched by $name";
}

# ---- by id ----

for my $state (sort keys %b_id) {
    my $target = "/Users/$b_id{$state}";
    for my $case (
        [GET => undef],
        [PUT => { userName => uniq('x'), active => json_false }],
        [PATCH => { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }],
        [PATCH => { Operations => [{ op => 'replace', value => { userName => 'x', externalId => 'x' } }] }],
        [PATCH => { Operations => [] }],
        [PATCH => { Operations => [{ op => 'move' }] }],
        [DELETE => undef],
    ) {
        my ($method, $body) = @$case;
        my $what = "$method of the $state user of organisation B"
            . ($body ? ' ' . encode($body) : '');
        my $res = a($method, $target, $body);
        is_error $res, 404, undef, undef, "R1: $what is 404";
        my $unknown = scim($method, '/Users/987654321', $body);
        my $detail = eval { $res->json->{detail} } // '';
        is $detail =~ s/\b$b_id{$state}\b/ID/gr,
            (eval { $unknown->json->{detail} } // '') =~ s/\b987654321\b/ID/gr,
            "R1: as if there were no such user: $what";
    }
    is head($target)->code, 404, "R1: HEAD of the $state user of organisation B is 404";
    is a(GET => "$target?attributes=id")->code, 404, "R1: attributes open nothing, $state";
    b_untouched("requests for its $state user");
}

# ---- lists and filters ----

my @a_id = sort map { $_->{id} } @{ rows_of(1) };
sub only_a {
    my ($query, $total, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = a(GET => "/Users$query");
    is_list $res, $total, $name;
    my %known = map { $_ => 1 } @a_id;
    my $found = eval { $res->json->{Resources} } || [];
    is_deeply [grep { !$known{$_} } map { $_->{id} } @$found], [],
        "$name, nobody of organisation B";
}
my $n = @a_id;
only_a('', $n, 'F5: all are all of one organisation');
only_a('?count=0', $n, 'F8: nobody else is counted');
only_a("?startIndex=$_&count=1", $n, "F8: page $_ knows no others") for 1 .. $n + 3;
only_a('?filter=' . enc($_), 0, "F5: organisation B cannot be found: $_") for
    (map { "id eq \"$b_id{$_}\"" } sort keys %b_id),
    (map { ("userName eq \"$_-$MARK\@fabrikam.com\"", "externalId eq \"$_-$MARK\"",
            "emails.value eq \"$_-$MARK\@work.example\"",
            "emails[type eq \"work\"].value eq \"$_-$MARK\@work.example\"",
            "displayName eq \"$_ $MARK\"") } qw(active inactive deleted)),
    "title eq \"$MARK\"", "userName co \"$MARK\"", "name.familyName sw \"$MARK\"",
    "$ENT:department eq \"$MARK\"",
    'userName eq "admin@fabrikam.com"', "userName co \"fabrikam\"", "emails co \"$MARK\"",
    "userName eq \"x\" or userName co \"$MARK\"", "(userName co \"$MARK\") or (title eq \"$MARK\")",
    "userName co \"$MARK\" and (active eq true or active eq false)",
    "not (not (userName co \"$MARK\"))",
    "emails[type eq \"work\" and (value co \"$MARK\" or value co \"fabrikam\")]",
    "id eq \"x\" or id eq \"$b_id{active}\"";
only_a('?filter=' . enc($_), $n,
    "F6: whatever stands in a filter, the organisation is outside of it: $_") for
    'id pr', 'userName pr or id pr', 'not (userName eq "x")', 'active eq true or active eq false',
        'not (id eq "x")',
    "userName ne \"$MARK\"", 'not (title eq "x" and title eq "y")',
    "id pr or userName co \"$MARK\"", 'meta.created pr',
    "not (userName co \"$MARK\")", 'userName eq "x" or not (userName eq "x")';
for my $text ("x' OR organisation_id = 2 --", "x\" or organisation_id eq \"2", "x') OR ('1'='1",
    'x" or (id pr') {
    my $res = a(GET => '/Users?filter=' . enc("userName eq \"$text\""));
    ok $res->code == 400 || $res->json->{totalResults} <= $n,
        "F6: SQL in a value opens nothing: $text";
}
is_error a(GET => "/Users?filter=$_+eq+%222%22"), 400, 'invalidFilter', undef,
    "F6: $_ cannot be asked for" for qw(organisation_id tenant organisationId);
b_untouched('filters');

# ---- creation: no conflict, no adoption, no restore ----

for my $case (
    ['the name of an active user',       { userName => $active->{userName}, externalId => uniq('e') }],
    ['the name of an inactive user',     { userName => uc $inactive->{userName}, externalId => uniq('e') }],
    ['the externalId of an active user', { userName => uniq('u'), externalId => $active->{externalId} }],
    ['the externalId of an inactive user', { userName => uniq('u'), externalId => $inactive->{externalId} }],
    ['the externalId of a tombstone',    { userName => uniq('u'), externalId => $deleted->{externalId} }],
    ['the name of an account that is not linked', { userName => "unlinked-$MARK\@fabrikam.com", externalId => uniq('e') }],
    ['the name of an administrator',     { userName => 'admin@fabrikam.com', externalId => uniq('e') }],
    ['the address of somebody',          { userName => uniq('u'), emails => $active->{emails} }],
    ['the id of somebody',               { userName => uniq('u'), id => $active->{id} }],
    ['an organisation',                  { userName => uniq('u'), organisation_id => 2,
        tenant => '2', $ENT => { organization => '2' } }],
) {
    my ($what, $body) = @$case;
    my $res = scim('POST', '/Users', $body);
    is_resource $res, 201, "P5: $what in organisation B is free in A";
    my $id = $res->json->{id};
    is scalar(grep { $_ eq $id } values %b_id), 0, "P5: and it is a new user, $what";
    is row_of($id)->{organisation_id}, 1, "P5: of organisation A, $what";
    is get("/Users/$id", token => token_b())->code, 404, "R1: which B does not see, $what";
    is_deeply [map { $_->{tenant} } @{ events_of($id) }], ['1'], "P5: recorded for A, $what";
    b_untouched("a user with $what");
    is del("/Users/$id")->code, 204, "P6: and can be deleted again, $what";
    b_untouched("its deletion, $what");
}
for my $case (
    ['PATCH', [PATCH => { Operations => [{ op => 'replace', path => 'userName', value => $active->{userName} },
                                         { op => 'replace', path => 'externalId',
                                         value => $active->{externalId} }] }]],
    ['PUT',   [PUT => { userName => uc $inactive->{userName}, externalId => $inactive->{externalId} }]],
) {
    my ($what, $request) = @$case;
    my $res = scim($request->[0], "/Users/$mine->{id}", $request->[1]);
    is_resource $res, 200, "P5: by $what too a name of B can be taken in A";
    is row_of($mine->{id})->{organisation_id}, 1, "P5: without moving, $what";
    b_untouched($what);
}
is put("/Users/$mine->{id}", { userName => 'mine@contoso.com', externalId => 'mine-1' })->code,
    200, 'P5: and given back';
{
    # a manager is only a text: it does not lead anywhere
    my $res = scim('PATCH', "/Users/$mine->{id}",
        { Operations => [{ op => 'add', path => "$ENT:manager", value => $active->{id} }] });
    is_resource $res, 200, 'R2: an id of organisation B as manager is taken as a text';
    my $manager = get("/Users/$mine->{id}")->json->{$ENT}{manager};
    is $manager->{value}, $active->{id}, 'R2: and given back as one';
    is $manager->{displayName}, undef, 'R2: with no name that would tell who it is';
    b_untouched('a manager');
    $res = a(PATCH => "/Users/$mine->{id}",
        { Operations => [{ op => 'replace', value => { organisation_id => 2, id => $active->{id},
        title => 'T' } }] });
    is_resource $res, 200, 'R4: foreign attributes are ignored';
    is_deeply [@{ row_of($mine->{id}) }{qw(id organisation_id)}], [$mine->{id}, 1],
        'R4: they move nobody';
    b_untouched('foreign attributes');
}

# ---- the other way round, and side by side ----

is_error scim_b('GET', "/Users/$mine->{id}"), 404, undef, undef, 'R1: B does not see A either';
is_error scim_b('PATCH', "/Users/$mine->{id}",
    { Operations => [{ op => 'replace', path => 'active', value => json_false }] }), 404, undef,
    undef,
    'R1: nor change A';
is_error scim_b('DELETE', "/Users/$mine->{id}"), 404, undef, undef, 'R1: nor delete from A';
is row_of($mine->{id})->{active}, 1, 'R1: all is as it was in A';
is_list scim_b('GET', '/Users'), 4, 'F5: B sees its own four';
is_deeply [sort map { $_->{id} } @{ scim_b('GET', '/Users')->json->{Resources} }],
    [sort @b_id{qw(active inactive unlinked administrator)}],
    'F5: and these are they';
{
    # the same requests at once, on the same connections to the database
    my @answer = parallel(map { ([GET => '/Users?attributes=userName', undef, token => token_a()],
        [GET => '/Users?attributes=userName', undef, token => token_b()]) } 1 .. 10);
    my $list_a = scim('GET', '/Users?attributes=userName')->content;
    my $list_b = scim_b('GET', '/Users?attributes=userName')->content;
    isnt $list_a, $list_b, 'F5: A and B have different lists';
    is join(' ', map { $_->content eq $list_a ? 'A' : $_->content eq $list_b ? 'B' : '?' } @answer), join(' ', ('A', 'B') x 10),
        'F5: requests of both at once are not mixed up';
}
{
    my $name = uniq('both') . '@example.com';
    my @made = map { scim('POST', '/Users', { userName => $name, externalId => $name },
        token => $_) } token_a(), token_b();
    is join(' ', map { $_->code } @made), '201 201',
        'P5: the same person may be in both organisations';
    my ($id_a, $id_b) = map { $_->json->{id} } @made;
    is del("/Users/$id_a")->code, 204, 'P6: when A deletes its own';
    is scim_b('GET', "/Users/$id_b")->code, 200, 'P6: B keeps its own';
    is scim('POST', '/Users', { userName => $name, externalId => $name })->json->{id}, $id_a,
        'P6: and A gets back its own';
    is del("/Users/$id_b", token => token_b())->code, 204, 'P6: B deletes';
    is row_of($id_a)->{deleted_at}, undef, 'P6: and A keeps';
    $b_before = rows_of(2);
}

# ---- what came back to A ----

cmp_ok scalar @seen, '>', 60, 'T5: there are answers to look at';
# a filter's text may be quoted in the detail of an error, nothing else
my @leak = grep { $_->[0] =~ /$MARK|fabrikam|Lidia|Holloway/i && $_->[1] !~ /filter=/ } @seen;
is_deeply \@leak, [], 'T5: no answer to A holds a word of B';
is_deeply db()->selectcol_arrayref("SELECT DISTINCT resource_id FROM scim.events WHERE tenant = '1' AND outcome = 'applied'
    AND resource_id = ANY (?)", undef, [map { "$_" } values %b_id]), [], 'T5: and no event of A is about a user of B';
b_untouched('all of this');

done_testing;
