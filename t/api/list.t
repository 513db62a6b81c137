# Lists: their shape, pages, and the choice of attributes.
use ScimTest;
use ScimTest::Seed ();

scim_reset();
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my ($admin) = db()->selectrow_array(
    "SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");

sub ids { return map { $_->{id} } @{ $_[0]->json->{Resources} || [] } }

sub page {
    my ($query, $total, $name) = @_;
    my $res = get("/Users?$query");
    is_list $res, $total, $name;
    return $res;
}

# ---- F7, F5: shape ----

is_deeply get('/Users?filter=userName+eq+%22nobody%22')->json, {
    schemas => ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults => 0, startIndex => 1, itemsPerPage => 0, Resources => [] },
    'F7: no match is exactly the empty ListResponse';
my $user = new_user(userName => 'Adele@contoso.com', displayName => 'Adele Vance',
    title => 'Engineer',
    name => { givenName => 'Adele', familyName => 'Vance' },
    emails => [{ type => 'work', value => 'adele@work.example', primary => json_true },
    { type => 'home', value => 'a@home.example' }],
    $ENT => { department => 'Sales', costCenter => 'C1' });
my $path = "/Users/$user->{id}";
{
    my $res = page('filter=userName+eq+%22adele@contoso.com%22', 1,
        'F7: one hit is a ListResponse too');
    is_deeply $res->json->{Resources}[0], get($path)->json, 'F7: with the resource as GET shows it';
    is $res->json->{startIndex}, 1, 'F7: startIndex is 1 when it was not given';
    is page('', 2, 'F7: no filter: everybody')->json->{itemsPerPage}, 2, 'F7: on one page';
}
for my $gone (['inactive', json_false, 1], ['active', json_true, 1]) {
    my ($what, $active, $total) = @$gone;
    my $name = uniq($what);
    my $mail = "$name\@work.example";
    my $id = new_user(userName => $name, externalId => "x-$name", active => $active,
        displayName => "D $name",
        emails => [{ type => 'work', value => $mail }])->{id};
    my @filter = map { s/ /+/gr =~ s/"/%22/gr } "userName eq \"$name\"",
        "externalId eq \"x-$name\"", "id eq \"$id\"",
        "emails.value eq \"$mail\"", "emails[type eq \"work\"].value eq \"$mail\"",
        "displayName eq \"D $name\"";
    for my $filter (@filter) {
        my $res = page("filter=$filter", 1, "F5: an $what user is found by $filter");
        is $res->json->{Resources}[0]{active}, $active, "F5: and is shown as $what";
    }
    is scalar(grep { $_ eq $id } ids(get('/Users'))), 1, "F5: an $what user is in the list of all";
    is del("/Users/$id")->code, 204, "F5: the $what user is deleted";
    page("filter=$_", 0, "F5: a deleted user is not found by $_") for @filter;
    page("filter=$_+or+userName+eq+%22adele\@contoso.com%22", 1, "F5: nor beside another, $_")
        for $filter[0], $filter[2];
    is scalar(grep { $_ eq $id } ids(get('/Users'))), 0,
        'F5: nor is a deleted user in the list of all';
    is scalar(grep { $_ eq $id } ids(get('/Users?filter=not+(userName+eq+%22x%22)'))), 0,
        'F5: nor found by a negation';
}

# ---- V11, F8: pages ----

my @id = ($admin, $user->{id}, map { new_user(displayName => "Page $_")->{id} } 1 .. 9);
{
    my @seen;
    for my $case ([1, 5], [6, 5], [11, 1]) {
        my ($start, $want) = @$case;
        my $res = page("startIndex=$start&count=5", 11, "V11: 11 users, the page from $start");
        is $res->json->{startIndex}, $start, "V11: startIndex $start is echoed";
        is $res->json->{itemsPerPage}, $want, "V11: itemsPerPage is what is there, from $start";
        push @seen, ids($res);
    }
    is_deeply [sort { $a <=> $b } @seen], [sort { $a <=> $b } @id],
        'V11: the pages together are everybody, once';
    for my $count (1, 2, 3, 4, 7, 10, 11) {
        my @walk = map { ids(get("/Users?startIndex=$_&count=$count")) } grep { ($_ - 1) % $count == 0 } 1 .. 11;
        is_deeply \@walk, \@seen, "V11: in pages of $count the order is the same";
    }
    for my $start (0, -1, -99999) {
        my $res = page("startIndex=$start&count=5", 11, "V11: startIndex $start");
        is_deeply [ids($res)], [@seen[0 .. 4]], "V11: startIndex $start is the first page";
    }
    for my $count (0, -1, -99) {
        my $res = page("count=$count", 11, "V11: count $count");
        is_deeply [ids($res)], [], "V11: count $count returns nobody, but the total";
    }
    for my $start (12, 13, 5000, 2_000_000_000) {
        my $res = page("startIndex=$start&count=5", 11,
            "V11: startIndex $start lies beyond the end");
        is_deeply $res->json->{Resources}, [], "V11: nobody at $start";
        is $res->json->{startIndex}, $start, "V11: startIndex $start is echoed all the same";
    }
    is_deeply [ids(get('/Users?startIndex=4'))], [@seen[3 .. 10]], 'F8: startIndex without count';
    is_deeply [ids(get('/Users?count=3'))], [@seen[0 .. 2]], 'F8: count without startIndex';

    my $filter = 'filter=displayName+sw+%22Page%22';
    my $res = page("$filter&startIndex=4&count=4", 9,
        'F8: with a filter the total is that of the matches');
    is_deeply [ids($res)], [(grep { my $i = $_; grep { $_ eq $i } @id[2 .. 10] } @seen)[3 .. 6]],
        'F8: and so are the pages';
    page("$filter&count=0", 9, 'F8: only the total of the matches');
    page("$filter&startIndex=10&count=4", 9, 'F8: beyond the end of the matches');

    # somebody comes, somebody is changed, between two pages
    my @first = ids(get('/Users?startIndex=1&count=5'));
    db()->do("UPDATE public.users SET last_name = 'Renamed' WHERE id = ANY (?)", undef,
        [grep { $_ ne $user->{id} } @first[0 .. 2], $seen[9]]);
    my $new = new_user(userName => '0-first-by-name@contoso.com')->{id};
    my @rest = map { ids(get("/Users?startIndex=$_&count=5")) } 6, 11;
    is_deeply [@first, grep { $_ ne $new } @rest], \@seen,
        'V11: the order holds while others write';
    is scalar(grep { $_ eq $new } @rest), 1, 'V11: and whoever is new is met';
}
for my $value ('abc', '5.5', '1e3', '99999999999999999999', '%20', '5x') {
    for my $name (qw(startIndex count)) {
        my $res = get("/Users?$name=$value");
        my $what = "F8: $name=$value is refused or taken as if it were not there";
        if ($res->code == 200) { is_list $res, 12, $what }
        else                   { is_error $res, 400, 'invalidValue', qr/$name/i, $what }
    }
}

# ---- V11: large organisations ----

{
    ScimTest::Seed::users(db(), 1, 1100);
    my $total = db()->selectrow_array('SELECT count(*) FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL');
    is page('', $total, 'V11: a large organisation')->json->{itemsPerPage}, 100,
        'V11: a page has 100 users by default';
    is page('count=5000', $total, 'V11: a count above the cap')->json->{itemsPerPage}, 1000,
        'V11: is cut to 1000';
    is page('count=2147483648&startIndex=1001', $total,
        'V11: and the rest is on the next page')->json->{itemsPerPage},
        $total - 1000, 'V11: all of it';
    is get('/ServiceProviderConfig')->json->{filter}{maxResults}, 1000,
        'V11: the cap is the one that is advertised';
    my %seen;
    for (my $start = 1; $start <= $total; $start += 300) {
        $seen{$_}++ for ids(get("/Users?startIndex=$start&count=300&attributes=id"));
    }
    is scalar(keys %seen), $total, 'V11: the walk meets everybody';
    is scalar(grep { $_ != 1 } values %seen), 0, 'V11: nobody twice';
}

# ---- F9: attributes ----

my $all = get($path)->json;
for my $case (
    ['userName',                    qw(userName)],
    ['USERNAME',                    qw(userName)],
    ['userName,active',             qw(userName active)],
    ['userName%2Cactive',           qw(userName active)],
    ['userName,%20active',          qw(userName active)],
    ['userName,+active,,',          qw(userName active)],
    ['id',                          ()],
    ['schemas',                     ()],
    ['name',                        qw(name)],
    ['name.givenName',              qw(name)],
    ['emails',                      qw(emails)],
    ['emails.value',                qw(emails)],
    ['meta',                        qw(meta)],
    ['meta.lastModified',           qw(meta)],
    ['title,displayName',           qw(title displayName)],
    ['nosuch',                      ()],
    ['nosuch,title',                qw(title)],
    ['urn:ietf:params:scim:schemas:core:2.0:User:title', qw(title)],
    ['URN:ietf:params:scim:schemas:core:2.0:USER:name.familyName', qw(name)],
    [$ENT,                          $ENT],
    ["$ENT:department",             $ENT],
) {
    my ($list, @want) = @$case;
    for my $target ($path, "/Users?filter=id+eq+%22$user->{id}%22") {
        my $res = get($target . ($target =~ /\?/ ? '&' : '?') . "attributes=$list");
        is $res->code, 200, "F9: attributes=$list is taken";
        my $got = $res->json;
        ($got) = @{ $got->{Resources} } if $got->{Resources};
        is_deeply [sort keys %$got], [sort qw(id schemas), @want],
            "F9: attributes=$list gives that, id and schemas"
            . ($target =~ /\?/ ? ', in a list' : '');
    }
}
is_deeply get("$path?attributes=name.givenName")->json->{name}, { givenName => 'Adele' },
    'F9: one part of a name';
is_deeply [map { [sort keys %$_] } @{ get("$path?attributes=emails.value")->json->{emails} }],
    [['value'], ['value']],
    'F9: one part of each e-mail';
is_deeply get("$path?attributes=$ENT:department")->json->{$ENT}, { department => 'Sales' },
    'F9: one part of the extension';
is_deeply get("$path?attributes=meta.location")->json->{meta}, { location => base_url() . $path },
    'F9: one part of meta';

for my $case (
    ['emails',                      qw(emails)],
    ['EMAILS,name',                 qw(emails name)],
    ['emails%2Cname%2Cmeta',        qw(emails name meta)],
    ['id,schemas',                  ()],
    ['id,title',                    qw(title)],
    ['members',                     ()],
    [$ENT,                          $ENT],
    ['urn:ietf:params:scim:schemas:core:2.0:User:title', qw(title)],
) {
    my ($list, @gone) = @$case;
    my %want = %$all;
    delete @want{@gone};
    for my $target ("$path?", "/Users?filter=id+eq+%22$user->{id}%22&") {
        my $res = get("${target}excludedAttributes=$list");
        is $res->code, 200, "F9: excludedAttributes=$list is taken";
        my $got = $res->json;
        ($got) = @{ $got->{Resources} } if $got->{Resources};
        is_deeply [sort grep { $_ ne 'schemas' } keys %$got],
            [sort grep { $_ ne 'schemas' } keys %want],
            "F9: excludedAttributes=$list leaves that out, never id and schemas"
            . ($target =~ /filter/ ? ', in a list' : '');
        ok $got->{id} && @{ $got->{schemas} }, "F9: both are there, excludedAttributes=$list";
    }
}
is_deeply get("$path?excludedAttributes=name.givenName")->json->{name}, { familyName => 'Vance' },
    'F9: one part of a name is left out';
is_deeply get("$path?excludedAttributes=$ENT:costCenter")->json->{$ENT}, { department => 'Sales' },
    'F9: one part of the extension';
{
    my $res = post('/Users?attributes=userName', { userName => uniq('f9'), title => 'T' });
    is_deeply [$res->code, sort keys %{ $res->json }], [201, qw(id schemas userName)],
        'F9: attributes with POST';
    my $new = '/Users/' . $res->json->{id};
    $res = patch("$new?attributes=active",
        { Operations => [{ op => 'replace', path => 'title', value => 'U' }] });
    is_deeply [$res->code, sort keys %{ $res->json }], [200, qw(active id schemas)],
        'F9: attributes with PATCH';
    $res = put("$new?excludedAttributes=meta,title", { userName => uniq('f9'), title => 'V' });
    is_deeply [$res->code, sort keys %{ $res->json }],
        [200, qw(active externalId id schemas userName)[0, 2, 3, 4]],
        'F9: excludedAttributes with PUT';
    is get($new)->json->{title}, 'V', 'F9: which changes only the answer';
}

done_testing;
