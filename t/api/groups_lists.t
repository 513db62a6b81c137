# Lists and searches where groups are on: /Groups/.search, sorted groups, pages of
# groups by cursor, and the root, which lists users and then groups.
use ScimTest;

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';

scim_reset();
my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my ($h, $relay) = extra_httpd(relay => 1, groups => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
my @there = (base => $h->base);

sub enc { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
sub query { my (%p) = @_; return join '&', map { "$_=" . enc(ref $p{$_} ? join ',', @{ $p{$_} } : $p{$_}) } sort keys %p }

# What is in a list, as the word for its type and its name.
sub names {
    my ($res) = @_;
    return [$res->as_string] if $res->code != 200;
    return [map { ($_->{schemas}[0] eq GROUP ? 'g:' : 'u:') . ($_->{userName} // $_->{displayName}) } @{ $res->json->{Resources} }];
}

# All pages of a walk by cursor, and their sizes.
sub walk {
    my ($path, %p) = @_;
    my ($cursor, @all, @sizes) = '';
    while (defined $cursor && @sizes < 100) {
        my $res = get("$path?" . query(%p, cursor => $cursor), @there);
        my $page = names($res);
        push @all, @$page;
        push @sizes, scalar @$page;
        $cursor = $res->code == 200 ? $res->json->{nextCursor} : undef;
    }
    return (\@all, \@sizes);
}

my %u = map { $_ => new_user(userName => $_, displayName => "Name $_", @there)->{id} } qw(carol alice bob);
my %g;
$g{$_->[0]} = new_group(displayName => $_->[0], externalId => $_->[1], members => [@u{ @{ $_->[2] } }], @there)->{id}
    for ['Zebra', 'B', ['alice']], ['apple', 'a', []], ['Mango', 'b', ['bob', 'carol']], ['mandarin', undef, ['carol']];
my @users = map { "u:$_" } 'admin@contoso.com', qw(carol alice bob);
my @groups = map { "g:$_" } qw(Zebra apple Mango mandarin);
my @shown = (attributes => [qw(userName displayName)]);

# ---- /Groups/.search is GET /Groups ----

for my $case (
    {}, { filter => 'displayName eq "ZEBRA"' }, { filter => "members eq \"$u{carol}\"", attributes => ['id'] },
    { filter => "members[value eq \"$u{bob}\" and display sw \"name\"]", excludedAttributes => ['members', 'meta'] },
    { filter => 'externalId eq "b"' }, { filter => 'externalId eq "B"', attributes => ['members.value'] },
    { filter => 'not (members pr)' }, { startIndex => 2, count => 2 }, { count => 0 }, { sortBy => 'displayName' },
    { sortBy => 'displayName', sortOrder => 'descending', startIndex => 3, count => 1 }, { sortBy => 'externalId' },
    { filter => 'userName eq "x"' }, { filter => 'members.$ref eq "x"' }, { filter => 'displayName' }, { sortOrder => 'up' },
    { cursor => 'nonsense' },
) {
    my $want = get('/Groups?' . query(%$case), @there);
    my $res = post('/Groups/.search', $case, @there);
    is $res->code, $want->code, 'POST /Groups/.search ' . encode($case) . ': the status of GET';
    is $res->content, $want->content, 'and the answer';
}
is_list post('/Groups/.search', {}, @there), 4, 'all groups';
is_deeply names(post('/Groups/.search', { filter => "members eq \"$u{carol}\"" }, @there)), ['g:Mango', 'g:mandarin'], 'those of one member';
is_error post('/Groups/.search', '{', @there), 400, 'invalidSyntax', undef, 'no JSON';
is_error post('/Groups/.search', {}, @there, token => 'scim_' . '0' x 64), 401, undef, undef, 'no token';
is_list post('/Groups/.search', {}, @there, token => token_b()), 0, 'another organisation finds none';
for my $method (qw(GET PUT PATCH DELETE)) {
    my $res = scim($method, '/Groups/.search', $method =~ /^P/ ? {} : undef, @there);
    is_error $res, 405, undef, undef, "$method /Groups/.search";
    is $res->header('Allow'), 'POST, OPTIONS', "$method: what is possible";
}

# ---- groups in order, and by cursor ----

for my $case (
    [displayName => [qw(apple mandarin Mango Zebra)]], [externalId => [qw(Zebra apple Mango mandarin)]],
    [id => [qw(Zebra apple Mango mandarin)]], ['meta.created' => [qw(Zebra apple Mango mandarin)]],
    [GROUP . ':displayName' => [qw(apple mandarin Mango Zebra)]],
    # by these nothing is sorted, so the list comes by key
    (map { [$_ => [qw(Zebra apple Mango mandarin)], 'by key'] } 'members', 'members.display', 'userName', 'nothing'),
) {
    my ($by, $names, $unsorted) = @$case;
    for my $order ('ascending', 'descending') {
        my @want = map { "g:$_" } @$names;
        @want = reverse @want if $order eq 'descending' && !$unsorted;
        my %p = (sortBy => $by, sortOrder => $order, @shown);
        is_deeply names(get('/Groups?' . query(%p), @there)), \@want, "groups by $by, $order";
        is_deeply [map { @{ names(get('/Groups?' . query(%p, startIndex => $_, count => 1), @there)) } } 1 .. 4], \@want, 'page by page';
        for my $count (1, 2, 3, 4) {
            my ($all, $sizes) = walk('/Groups', %p, count => $count);
            is_deeply $all, \@want, "by cursor, $count at a time";
            is_deeply $sizes, $count == 1 ? [1, 1, 1, 1] : $count == 2 ? [2, 2] : $count == 3 ? [3, 1] : [4], 'in so many pages';
        }
    }
}
{
    my $cursor = get('/Groups?count=1&cursor', @there)->json->{nextCursor};
    is_deeply [map { scalar @{ $_->{members} // [] } } @{ post('/Groups/.search', { cursor => $cursor }, @there)->json->{Resources} }], [0, 2, 1],
        'a cursor goes on in a search, with members';
    is_error get("/$_?cursor=$cursor", @there), 400, 'invalidCursor', undef, "a cursor of /Groups at /$_" for 'Users', '';
    is_error get("/Groups?cursor=$cursor", @there, token => token_b()), 400, 'invalidCursor', undef, 'nor is it another organisation\'s';
    my $ofusers = get('/Users?count=1&cursor', @there)->json->{nextCursor};
    is_error get("/Groups?cursor=$ofusers", @there), 400, 'invalidCursor', undef, 'nor is one of /Users good here';
    del('/Groups/' . new_group(displayName => 'gone', @there)->{id}, @there);
    is_deeply((walk('/Groups', count => 2))[0], \@groups, 'who is deleted is in no walk');
}

# ---- the root: users, then groups ----

{
    my @all = (@users, @groups);
    for my $case (['GET', sub { get('/?' . query(@_), @there) }], ['POST', sub { post('/.search', { @_ }, @there) }]) {
        my ($method, $ask) = @$case;
        is_list $ask->(), 8, "$method: the root lists all";
        is_deeply names($ask->()), \@all, "$method: users, then groups";
        for my $count (1 .. 9) {
            is_deeply [map { @{ names($ask->(count => $count, startIndex => 1 + $count * $_)) } } 0 .. int(8 / $count)], \@all,
                "$method: by index, $count at a time";
        }
        is_deeply [@{ $ask->(count => 3, startIndex => 3)->json }{qw(totalResults startIndex itemsPerPage)}], [8, 3, 3], "$method: across the border";
        is_deeply [@{ $ask->(startIndex => 9)->json }{qw(totalResults startIndex itemsPerPage)}], [8, 9, 0], "$method: beyond the end";
        is_deeply [@{ $ask->(count => 0)->json }{qw(totalResults startIndex itemsPerPage)}], [8, 1, 0], "$method: the total alone";
        is_deeply names($ask->(sortBy => 'displayName')), ['u:alice', 'u:bob', 'u:carol', $users[0], map { "g:$_" } qw(apple mandarin Mango Zebra)],
            "$method: each type in the order asked for";
        is_deeply names($ask->(sortBy => 'userName', sortOrder => 'descending')), ['u:carol', 'u:bob', 'u:alice', $users[0], @groups],
            "$method: by an attribute that groups lack";
    }
    for my $order ({}, { sortBy => 'displayName' }, { sortBy => 'displayName', sortOrder => 'descending' }, { sortBy => 'externalId' },
                   { sortBy => 'userName', sortOrder => 'descending' }, { sortBy => 'meta.lastModified' }) {
        my $want = names(get('/?' . query(%$order), @there));
        for my $count (1 .. 9) {
            my ($all, $sizes) = walk('/', %$order, count => $count);
            is_deeply $all, $want, 'by cursor, ' . encode($order) . ", $count at a time";
            is_deeply $sizes, [($count) x int(8 / $count), 8 % $count || ()], 'full pages, and none that is empty';
        }
    }
    my $first = get('/?cursor&count=6', @there)->json;
    is $first->{totalResults}, 8, 'the total';
    new_group(displayName => 'New', @there);
    my $second = get("/?cursor=$first->{nextCursor}", @there);
    is $second->json->{totalResults}, 8, 'is carried on';
    is_deeply names($second), ['g:Mango', 'g:mandarin', 'g:New'], 'while groups come';
    del('/Groups/' . $second->json->{Resources}[2]{id}, @there);
    is_error get("/?sortBy=id&cursor=$first->{nextCursor}", @there), 400, 'invalidCursor', undef, 'a cursor of another order';
    is_list get('/', @there, token => token_b()), 1, 'another organisation sees its own';
}

# ---- filters at the root: what a type does not have has no value there ----

for my $case (
    ['userName eq "alice"', ['u:alice']], ["members eq \"$u{carol}\"", ['g:Mango', 'g:mandarin']],
    ['displayName sw "name" or displayName eq "apple"', [qw(u:carol u:alice u:bob g:apple)]],
    ['userName eq "bob" or displayName eq "apple"', ['u:bob', 'g:apple']],
    ["members eq \"$u{alice}\" or userName eq \"bob\"", ['u:bob', 'g:Zebra']],
    ['userName eq "bob" and displayName eq "apple"', []], ['active eq true and displayName pr', [qw(u:carol u:alice u:bob)]],
    ['not (userName eq "alice")', [@users[0, 1, 3], @groups]], ['userName ne "alice"', [@users[0, 1, 3], @groups]],
    ['userName eq null', [@groups]], ['userName ne null', [@users]], ['userName pr', [@users]], ['not (userName pr)', [@groups]],
    ['members pr', [map { "g:$_" } qw(Zebra Mango mandarin)]], ['not (members pr)', [@users, 'g:apple']],
    ["members[value eq \"$u{bob}\" and display pr]", ['g:Mango']], ["not (members[value eq \"$u{bob}\"])", [@users, @groups[0, 1, 3]]],
    ["members[value eq \"$u{bob}\"].display sw \"name\"", ['g:Mango']],
    ['emails[type eq "work"] or displayName eq "apple"', ['u:admin@contoso.com', 'g:apple']],
    ['emails[type eq "work" and value pr] or displayName eq "apple"', ['u:admin@contoso.com', 'g:apple']],
    ['emails[type eq "work"].value pr', ['u:admin@contoso.com']], ['active eq true', [@users]], ['active eq false', []],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob" or ' . GROUP . ':displayName eq "apple"', ['u:bob', 'g:apple']],
    ['meta.resourceType eq "Group" and not (userName pr)', [@groups]], ['meta.resourceType eq "User" and members eq "x"', []],
    ["id eq \"$u{alice}\" and userName pr", ['u:alice']],
    # what no type has, or nobody may ask for, is refused as anywhere
    ['nothing eq "x"', 400], ['userName eq "x" or nothing eq "x"', 400], ["members eq \"x\" or password eq \"x\"", 400],
    ['userName eq', 400], ['userName co true and', 400], ['active eq "maybe" or displayName pr', 400], ['active gt true or members pr', 400],
    ['members[nothing eq "x"] or userName pr', 400], ['members.nothing eq "x" or userName pr', 400], ['(userName pr', 400],
) {
    my ($filter, $want) = @$case;
    for my $res (get('/?' . query(filter => $filter), @there), post('/.search', { filter => $filter }, @there)) {
        if (ref $want) { is_deeply names($res), $want, "filter $filter" }
        else           { is_error $res, $want, 'invalidFilter', undef, "filter $filter is refused" }
    }
    next unless ref $want;
    is get('/?' . query(filter => $filter, count => 0), @there)->json->{totalResults}, scalar @$want, 'and counted';
    is_deeply((walk('/', filter => $filter, count => 2))[0], $want, 'and walked through by cursor');
}
is_error get('/Users?' . query(filter => 'userName pr or members pr'), @there), 400, 'invalidFilter', undef, 'of one type only its own are asked';

# ---- what is not shown is not read ----

sub texts {
    my ($do) = @_;
    $relay->reset_connections;
    $relay->reset_counts;
    my $res = $do->();
    return ($res->code, grep { /token_sha256 = / } $relay->sql);
}
for my $case (
    ['all', {}, 2], ['members', { attributes => ['members'] }, 1], ['groups', { attributes => ['groups.value'] }, 1],
    ['both', { attributes => ['groups', 'members'] }, 2], ['without members', { excludedAttributes => ['members'] }, 1],
    ['without groups', { excludedAttributes => ['groups'] }, 1], ['without both', { excludedAttributes => ['members', 'groups'] }, 0],
    ['names', { attributes => ['displayName'] }, 0], ['without members, by cursor', { excludedAttributes => ['members', 'groups'], cursor => '' }, 0],
) {
    my ($what, $p, $reads) = @$case;
    for my $do (sub { get('/?' . query(%$p), @there) }, sub { post('/.search', $p, @there) }) {
        my ($code, @sql) = texts($do);
        is $code, 200, "$what: answered";
        is scalar(grep { /team_members/ } @sql), $reads, "$what: so many statements read the table of members";
    }
}
for my $case (['/Groups/.search', { excludedAttributes => ['members'] }, 0], ['/Groups/.search', {}, 1],
              ['/Users/.search', { excludedAttributes => ['groups'] }, 0]) {
    my ($path, $p, $reads) = @$case;
    my ($code, @sql) = texts(sub { post($path, $p, @there) });
    is scalar(grep { /team_members/ } @sql), $reads, "POST $path " . encode($p) . ": reads $reads";
}
is_deeply [sort map { join ',', sort keys %$_ } @{ get('/?' . query(attributes => ['members'], filter => 'displayName eq "Zebra" or userName eq "bob"'),
    @there)->json->{Resources} }], ['id,members,schemas', 'id,schemas'], 'attributes that a type lacks are passed over';

# ---- what is wrong is said to nobody without a token ----

{
    expect_log(qr/SCIM0010: .*displayName/);
    my $nobody = 'scim_' . '0' x 64;
    my ($is) = db()->selectrow_array(q{SELECT pg_get_indexdef('public.teams_name_live'::regclass)});
    db()->do('DROP INDEX public.teams_name_live');
    $relay->reset_connections;
    is_error get('/', @there, token => $nobody), 401, undef, undef, 'a mapping that is wrong';
    is_error post('/.search', {}, @there, token => $nobody), 401, undef, undef, 'nor in a search';
    is_error get('/', @there), 500, undef, qr/not set up correctly/, 'with one it is';
    db()->do($is);
    is get('/', @there)->code, 200, 'mended';
}

done_testing;
