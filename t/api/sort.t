# Sorted lists: sortBy and sortOrder, on columns, on extra attributes, on id and
# meta, and the same by index and by cursor. What is right is computed here from
# the resources themselves.
use ScimTest;
use ScimTest::Seed ();
use ScimTest::Sys qw(top);

scim_reset();
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

# ---- people of every kind ----

my @people = (
    { userName => 'bob@x.example', displayName => 'Bob', title => 'b', name => { familyName => 'Zoo', givenName => 'B' },
      emails => [{ type => 'work', value => 'z@work.example' }, { type => 'home', value => 'A@home.example', primary => json_true }],
      $ENT => { department => 'Sales', manager => { value => '9' } } },
    { userName => 'Alice@x.example', displayName => 'alice', name => { familyName => 'adams' }, active => json_false,
      emails => [{ type => 'work', value => 'M@work.example', primary => json_true }, { type => 'home', value => 'b@home.example' }],
      phoneNumbers => [{ type => 'home', value => '3' }, { type => 'work', value => '1', primary => json_true }],
      $ENT => { department => 'board', manager => { value => '10' } } },
    { userName => "\x{c4}rger\@x.example", displayName => "\x{e4}rger", title => 'B',
      phoneNumbers => [{ type => 'work', value => '2' }], $ENT => { department => "\x{c9}cole" } },
    { userName => '_under@x.example', displayName => 'Zed', title => "\x{1f600}", name => { givenName => 'Q' },
      emails => [{ type => 'home', value => 'c@home.example' }] },
    { userName => 'zoe@x.example', title => "\x{ffdd}", name => { familyName => 'Zoo' },
      emails => [{ type => 'other', value => 'y@other.example' }, { type => 'home', value => 'a@other.example' }] },
    { userName => 'Charlie@x.example', displayName => 'bob', externalId => undef, title => 'x' x 600 . 'a' },
    { userName => 'dora@x.example', displayName => 'BOB', title => 'x' x 510 . 'b', active => json_false },
    { userName => 'eve@x.example' },
    { userName => '100%@x.example', title => q{it's "quoted" \\} },
);
my $n = 0;
for my $person (@people) {
    my $case = $n++ % 2 ? 'Ext-' : 'eXT-';
    $person->{externalId} = $case . uniq('') unless exists $person->{externalId};
    my $id = new_user(%$person)->{id};
    db()->do(q{UPDATE public.users SET created_at = '2020-01-01'::timestamptz + ? * interval '1 microsecond' WHERE id = ?},
        undef, $n * 7 % 5, $id);
}

# ---- what is right ----

my %exact = map { $_ => 1 } qw(externalid id);

# What a resource is sorted by; undef for nothing.
sub value_of {
    my ($resource, $path) = @_;
    my ($attr, $sub) = split /\./, $path, 2;
    my $from = exists $resource->{$attr} ? $resource : $resource->{$ENT} || {};
    my $value = $from->{$attr};
    if (ref $value eq 'ARRAY') {
        $sub //= 'value';
        my @has = grep { length($_->{$sub} // '') } @$value;
        my ($it) = ((grep { $_->{primary} } @has), @has);
        return $it ? $it->{$sub} : undef;
    }
    return defined $sub ? ref $value ? $value->{$sub} : undef : $value;
}

sub key_of {
    my ($resource, $path) = @_;
    my $value = value_of($resource, $path);
    return undef unless defined $value;
    return $value ? 1 : 0 if JSON::PP::is_bool($value);
    return $value =~ s/Z\z//r if $path =~ /^meta/;      # so that a fraction comes later
    $value = substr $value, 0, 512;
    return $exact{lc $path} ? $value : lc $value;
}

# Missing values last when ascending; ids decide between equals.
sub in_order {
    my ($path, $descending, @resource) = @_;
    my %key = map { $_->{id} => key_of($_, $path) } @resource;
    my @sorted = sort {
        my ($x, $y) = @key{$a->{id}, $b->{id}};
        (defined $x && defined $y ? $x cmp $y : defined $y <=> defined $x) || $a->{id} <=> $b->{id};
    } @resource;
    @sorted = reverse @sorted if $descending;
    return map { $_->{id} } @sorted;
}

sub ids { my ($res) = @_; return map { $_->{id} } @{ $res->json->{Resources} || [] } }

sub walk {
    my ($query, $count) = @_;
    my ($cursor, @id, @sizes) = ('');
    while (defined $cursor) {
        my $res = get("/Users?$query&count=$count&cursor=$cursor");
        $res->code == 200 or return 'answer: ' . $res->as_string;
        push @id, ids($res);
        push @sizes, $res->json->{itemsPerPage};
        $cursor = $res->json->{nextCursor};
        @sizes < 1000 or return 'no end';
    }
    return @id;
}

my @all = @{ get('/Users')->json->{Resources} };
is scalar(@all), 1 + @people, 'all are there';

for my $case (
    # as in the request, and as in the resource
    [qw(userName userName)], [qw(USERNAME userName)], ["$CORE:userName", 'userName'],
    [qw(externalId externalId)], [qw(id id)],
    [qw(displayName displayName)], [qw(title title)], [qw(active active)],
    [qw(name.familyName name.familyName)], [qw(Name.GivenName name.givenName)], ["$CORE:name.givenName", 'name.givenName'],
    [qw(meta.created meta.created)], [qw(meta.lastModified meta.lastModified)],
    [qw(emails emails)], [qw(emails.value emails)], [qw(phoneNumbers phoneNumbers)], [qw(phoneNumbers.type phoneNumbers.type)],
    ["$ENT:department", 'department'], ['department', 'department'], ["$ENT:manager.value", 'manager.value'],
) {
    my ($by, $path) = @$case;
    for my $order ('', '&sortOrder=ascending', '&sortOrder=DESCENDING') {
        my @want = in_order($path, scalar($order =~ /DESC/), @all);
        my $what = "sortBy=$by$order";
        my $res = get("/Users?$what");
        is_list $res, scalar(@all), $what;
        is_deeply [ids($res)], \@want, "$what: the order"
            or diag explain [map { value_of($_, $path) } @{ $res->json->{Resources} }];
        is_deeply [map { ids(get("/Users?$what&startIndex=$_&count=3")) } 1, 4, 7, 10], \@want, "$what: page by page";
        is_deeply [walk($what, $_)], \@want, "$what: by cursor, $_ at a time" for 1, 3, 100;
        my @some = in_order($path, scalar($order =~ /DESC/), grep { ($_->{displayName} // '') =~ /b/i } @all);
        my $filter = 'filter=displayName+co+%22B%22';
        is_deeply [ids(get("/Users?$filter&$what"))], \@some, "$what: with a filter";
        is_deeply [walk("$filter&$what", 2)], \@some, "$what: with a filter, by cursor";
    }
}

# ---- nothing to sort by ----

my @by_key = map { $_->{id} } @all;
for my $by ('', 'nothing', 'no.such', 'urn:x:y', $ENT, 'name', 'addresses', 'schemas', 'meta', 'meta.resourceType',
            'meta.version', 'groups', 'x509Certificates', 'emails%5Btype+eq+%22work%22%5D.value', "a'+OR+1=1--", '%ff', '%00') {
    my $res = get("/Users?sortBy=$by&sortOrder=ascending");
    is_list $res, scalar(@all), "sortBy=$by has no values";
    is_deeply [ids($res)], \@by_key, "sortBy=$by: the order is that of a list without";
    is_deeply [walk("sortBy=$by", 4)], \@by_key, "sortBy=$by: by cursor too";
}
is_deeply [ids(get('/Users?sortOrder=descending'))], \@by_key, 'sortOrder alone orders nothing';
is_error get('/Users?sortBy=userName&sortOrder=up'), 400, 'invalidValue', qr/ascending or descending/, 'a sortOrder that is none';
{
    # what nobody may read must not show in the order
    db()->do(q{UPDATE public.users SET password_hash = 'h' || (1000000 - id), scim_extra = scim_extra || jsonb_build_object(
        'password', 'p' || (1000000 - id)) WHERE organisation_id = 1});
    for my $by (qw(password PASSWORD password_hash role), "$CORE:password") {
        for my $order (qw(ascending descending)) {
            is_deeply [ids(get("/Users?sortBy=$by&sortOrder=$order"))], \@by_key, "sortBy=$by, $order, tells nothing";
        }
    }
}
is get('/ServiceProviderConfig')->json->{sort}{supported}, json_true, 'sort is advertised';

# ---- values that the application made ----

# '' is no value, in a column and in the document; a strange shape breaks nothing
{
    my @one = map { $_->{id} } @all[1 .. 3];
    db()->do(q{UPDATE public.users SET last_name = '', scim_extra = scim_extra || '{"displayName": ""}' WHERE id = ?}, undef, $one[0]);
    db()->do(q{UPDATE public.users SET scim_extra = scim_extra || '{"emails": "x", "phoneNumbers": {"a": 1}, "displayName": ["x"]}'
        WHERE id = ?}, undef, $one[1]);
    db()->do(q{UPDATE public.users SET scim_extra = scim_extra || '{"emails": [1, null, {"value": null}, {"type": "x"}], "name": 5}'
        WHERE id = ?}, undef, $one[2]);
    my @now = @{ get('/Users')->json->{Resources} };
    for my $by (qw(name.familyName emails phoneNumbers)) {
        is_deeply [ids(get("/Users?sortBy=$by"))], [in_order($by, 0, @now)], "odd rows stand among the others, by $by";
        is_deeply [walk("sortBy=$by&sortOrder=descending", 2)], [in_order($by, 1, @now)], "and by cursor, by $by";
    }
    is_list get("/Users?sortBy=displayName"), scalar(@now), 'and by displayName the list is whole';
}

# ---- attributes of every type ----

# Numbers, dates and booleans have their own order; of a list without parts the
# first value counts; what nobody is shown tells nothing.
{
    my $X = 'urn:example:sort';
    my $h = extra_httpd(resource => <<"CONF");
ScimAttribute $X:level  - type=integer
ScimAttribute $X:share  - type=decimal
ScimAttribute $X:happy  - type=boolean
ScimAttribute $X:since  - type=dateTime
ScimAttribute $X:exact  - caseExact
ScimAttribute $X:tags   - multi
ScimAttribute $X:days   - type=dateTime multi
ScimAttribute $X:asked  - returned=request
ScimAttribute $X:secret - returned=never
ScimAttribute $X:pin    - mutability=writeOnly
CONF
    my @there = (base => $h->base);
    my $secret = 900;
    my %id;
    for my $case (
        [a => { level => 10, share => 2.5, happy => json_true, since => '2024-03-01T00:00:00Z', exact => 'b', tags => ['z', 'a'],
                days => ['2024-01-01T00:00:00Z'] }],
        [b => { level => 9, share => 10.25, happy => json_false, since => '2024-03-01T00:00:00.5Z', exact => 'B', tags => ['M'],
                days => ['2023-01-01T00:00:00+02:00', '2020-01-01T00:00:00Z'] }],
        [c => { level => -1, share => -3, since => '2023-12-31T23:00:00-05:00', exact => 'a', tags => ['b'] }],
        [d => { level => 100, share => 0.1, happy => json_true, since => '2024-03-01T00:00:00.25Z', exact => '_' }],
        [e => {}],
        [f => { level => 9 }],
    ) {
        my ($name, $more) = @$case;
        $id{$name} = new_user(userName => "own-$name", $X => { %$more, asked => "q$name", secret => 's' . $secret--,
            pin => 's' . $secret }, @there)->{id};
    }
    db()->do(q{UPDATE public.users SET scim_extra = jsonb_set(scim_extra, ARRAY[?, 'level'], '"many"') WHERE id = ?}, undef, $X, $id{e});
    db()->do(q{UPDATE public.users SET scim_extra = jsonb_set(scim_extra, ARRAY[?, 'since'], '"soon"') WHERE id = ?}, undef, $X, $id{f});
    my $filter = 'filter=userName+sw+%22own-%22';
    for my $case (['level', 'cbfade'], ['share', 'cdabef'], ['happy', 'badcef'], ['since', 'cadbef'], ['exact', 'bdcaef'], ['tags', 'cbadef'],
                  ['days', 'bacdef'], ['asked', 'abcdef'], ['secret', 'abcdef'], ['pin', 'abcdef']) {
        my ($by, $want) = @$case;
        for my $order (qw(ascending descending)) {
            my $query = "$filter&sortBy=$X:$by&sortOrder=$order";
            my $got = join '', map { $_->{userName} =~ s/own-//r } @{ get("/Users?$query", @there)->json->{Resources} };
            my $right = $by =~ /secret|pin/ || $order eq 'ascending' ? $want : scalar reverse $want;
            # equals come by id, which descends as well
            is $got, $right, "by $by, $order";
            my ($cursor, $walk) = ('', '');
            while (defined $cursor) {
                my $json = get("/Users?$query&count=2&cursor=$cursor", @there)->json;
                $walk .= $_->{userName} =~ s/own-//r for @{ $json->{Resources} };
                $cursor = $json->{nextCursor};
            }
            is $walk, $right, "by $by, $order, by cursor";
        }
    }
    $h->stop;
}

# ---- a database with another order ----

# Sorted by the rules of a language, umlauts stand beside their vowels. Lists do
# not: their order is the one in which filters compare.
{
    my $name = "sort_$$";
    db()->do("CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en'");
    cluster()->psql('-d', $name, '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
    my $dbh = cluster()->dbh(dbname => $name);
    my $token = ScimTest::Seed::seed($dbh)->{1};
    is_deeply $dbh->selectcol_arrayref(q{SELECT x FROM unnest(ARRAY['b', 'Z', 'ä', '_']) AS x ORDER BY x}), ['_', "\x{e4}", 'b', 'Z'],
        'a database that sorts by language';
    my $h = extra_httpd(conninfo => cluster()->conninfo(dbname => $name, user => 'mod_scim'));
    my @there = (base => $h->base, token => $token);
    new_user(userName => $_, displayName => $_, externalId => $_, @there) for 'b', 'Z', "\x{e4}", '_', "\x{c4}z";
    for my $case (['userName', '_', 'b', 'Z', "\x{e4}", "\x{c4}z"], ['displayName', '_', 'b', 'Z', "\x{e4}", "\x{c4}z"],
                  ['externalId', 'Z', '_', 'b', "\x{c4}z", "\x{e4}"]) {
        my ($by, @want) = @$case;
        my @got = map { $_->{$by} } @{ get("/Users?sortBy=$by&filter=externalId+pr", @there)->json->{Resources} };
        is_deeply \@got, \@want, "there too lists are sorted by code point, by $by";
        my ($cursor, @walk) = '';
        while (defined $cursor) {
            my $json = get("/Users?sortBy=$by&filter=externalId+pr&count=2&cursor=$cursor", @there)->json;
            push @walk, map { $_->{$by} } @{ $json->{Resources} };
            $cursor = $json->{nextCursor};
        }
        is_deeply \@walk, \@want, "and by cursor, by $by";
    }
    $h->stop;
    $dbh->disconnect;
    db()->do("DROP DATABASE $name WITH (FORCE)");
}

done_testing;
