# Pages by cursor (RFC 9865): a walk meets everybody once while others come and
# go, a cursor is good for its own list and nobody else's, and its key lies in
# the database, where all hosts find it and where it is rotated.
use ScimTest;
use MIME::Base64 ();

scim_reset();

sub ids { my ($res) = @_; return map { $_->{id} } @{ $res->json->{Resources} || [] } }

# is_page(RESPONSE, TOTAL, ITEMS, whether there are more, NAME): its cursor.
sub is_page {
    my ($res, $total, $items, $more, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $res->code == 200 ? $res->json : {};
    my $next = delete $json->{nextCursor};
    is_deeply { map { $_ => $json->{$_} } grep { $_ ne 'Resources' } keys %$json },
        { schemas => ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults => $total, itemsPerPage => $items },
        "$name: a page" or diag $res->as_string;
    is scalar(@{ $json->{Resources} || [] }), $items, "$name: resources";
    if ($more) { like $next // '', qr/\A[A-Za-z0-9_~.-]+\z/, "$name: nextCursor, of unreserved characters" }
    else       { is $next, undef, "$name: no nextCursor" }
    return $next;
}

sub is_invalid {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_error $res, 400, 'invalidCursor', qr/cursor/, $name;
}

# All that a cursor leads to, page by page; between() is called after each.
sub walk {
    my ($query, %opt) = @_;
    my ($cursor, @id) = $opt{cursor} // '';
    for (1 .. 2000) {
        my $res = get("/Users?$query&cursor=$cursor", $opt{base} ? (base => $opt{base}) : ());
        $res->code == 200 or return 'answer: ' . $res->as_string;
        push @id, ids($res);
        $cursor = $res->json->{nextCursor} // return @id;
        $opt{between}->(scalar @id) if $opt{between};
    }
    return 'there is no end';
}

# ---- discovery ----

is_deeply get('/ServiceProviderConfig')->json->{pagination}, { cursor => json_true, index => json_true,
    defaultPaginationMethod => 'index', defaultPageSize => 100, maxPageSize => 1000, cursorTimeout => 3600 },
    'pagination is advertised';

# ---- pages ----

my @name = map { sprintf 'walk%02d@contoso.com', $_ * 7 % 23 } 1 .. 22;
new_user(userName => $_, title => 't' . length) for @name;
my @id = ids(get('/Users'));
is scalar(@id), 23, 'people to walk through';

for my $first ('cursor', 'cursor=', 'CURSOR=') {
    my $next = is_page get("/Users?$first&count=10"), 23, 10, 1, "?$first";
    my $res = get("/Users?count=10&cursor=$next");
    is_deeply [ids($res)], [@id[10 .. 19]], "?$first: and the second page";
    $next = is_page $res, 23, 10, 1, "?$first, second page";
    $res = get("/Users?count=10&cursor=$next");
    is_page $res, 23, 3, 0, "?$first, last page";
    is_deeply [ids($res)], [@id[20 .. 22]], "?$first: who is on the last page";
}
is_page get('/Users?cursor'), 23, 23, 0, 'one page for all';
is_page get('/Users?cursor&count=23'), 23, 23, 0, 'a page that is just full is the last';
is_page get('/Users?cursor&count=22'), 23, 22, 1, 'one less, and there is another';
is_page get('/Users?cursor&count=0'), 23, 0, 0, 'count=0: the total alone';
is_page get('/Users?cursor&count=-1'), 23, 0, 0, 'a negative count is 0';
is_page get('/Users?cursor&count=5000'), 23, 23, 0, 'a count above the cap';
is_page get('/Users?cursor&filter=userName+eq+%22nobody%22'), 0, 0, 0, 'nobody';
is_page get('/Users?cursor&count=1&filter=userName+eq+%22' . $name[0] . '%22'), 1, 1, 0, 'one, looked up';
is get('/Users?count=5')->json->{nextCursor}, undef, 'without cursor, pages go by index';
is get('/Users?count=5')->json->{startIndex}, 1, 'and say so';
{
    # count may differ from page to page, and what is shown too
    my $next = is_page get('/Users?cursor&count=2'), 23, 2, 1, 'a small page';
    my $res = get("/Users?cursor=$next&count=7&attributes=userName");
    $next = is_page $res, 23, 7, 1, 'then a larger one';
    is_deeply [ids($res)], [@id[2 .. 8]], 'goes on where the other ended';
    is_deeply [sort keys %{ $res->json->{Resources}[0] }], [qw(id schemas userName)], 'showing less';
    is_page get("/Users?cursor=$next&count=0"), 23, 0, 0, 'none';
    is_page get("/Users?cursor=$next"), 23, 14, 0, 'then the rest';
    is get("/Users?cursor=$next")->content, get("/Users?cursor=$next")->content, 'a page can be asked for twice';
    isnt get('/Users?cursor&count=2')->json->{nextCursor}, get('/Users?cursor&count=2')->json->{nextCursor},
        'two cursors for one place differ';
    (my $coded = $next) =~ s/(.)/sprintf '%%%02x', ord $1/ge;
    is_page get("/Users?cursor=$coded"), 23, 14, 0, 'a cursor may be percent-encoded';
    is_page get("/Users?aadOptscim062020&CURSOR=$next"), 23, 14, 0, 'and stand anywhere';
    is head("/Users?cursor=$next")->code, 200, 'HEAD takes it too';
}

# ---- refusals ----

my $next = get('/Users?cursor&count=5')->json->{nextCursor};
for my $case (['a number', '5'], ['a word', 'next'], ['an id', $id[4]], ['what is left of one', substr $next, 0, -1],
              ['one and more', $next . 'A'], ['one upside down', scalar reverse $next], ['not text', '%00'], ['not UTF-8', '%ff%fe'],
              ['padding', "$next="], ['blanks', "+$next"], ['a very long one', 'A' x 6000], ['one in capitals', uc $next]) {
    my ($what, $cursor) = @$case;
    is_invalid get("/Users?cursor=$cursor"), "no cursor: $what";
}
{
    my $opened = 0;
    for my $i (0 .. length($next) - 1) {
        my $c = substr $next, $i, 1;
        substr(my $bad = $next, $i, 1) = $c eq 'A' ? 'B' : 'A';
        $opened++ if get("/Users?cursor=$bad")->code != 400;
    }
    is $opened, 0, 'a cursor that differs in any one character is refused';
}
my $sorted = get('/Users?sortBy=userName&cursor&count=5')->json->{nextCursor};
my $filtered = get('/Users?filter=title+pr&cursor&count=5')->json->{nextCursor};
for my $case (
    ['for another order',        "sortBy=title&cursor=$sorted"],
    ['for the other direction',  "sortBy=userName&sortOrder=descending&cursor=$sorted"],
    ['for no order',             "cursor=$sorted"],
    ['for an order, from none',  "sortBy=userName&cursor=$next"],
    ['for another filter',       "filter=userName+pr&cursor=$filtered"],
    ['for no filter',            "cursor=$filtered"],
    ['for a filter, from none',  "filter=title+pr&cursor=$next"],
) {
    my ($what, $query) = @$case;
    is_invalid get("/Users?$query"), "a cursor $what";
}
is get("/Users?filter=title+pr&sortOrder=ascending&cursor=$filtered")->code, 200, 'the same list in other words is the same';
is get("/Users?sortBy=USERNAME&cursor=$sorted")->code, 200, 'and so is the same attribute';
is_invalid get("/?cursor=$next"), 'a cursor of /Users at the root';
is_invalid get('/Users?cursor=' . get('/?cursor&count=5')->json->{nextCursor}), 'a cursor of the root at /Users';
is_error get("/Users?startIndex=$_&cursor=$next"), 400, 'invalidValue', qr/startIndex and cursor/, "startIndex=$_ beside a cursor"
    for 0, 1, 6;
is_error get('/Users?startIndex=1&cursor'), 400, 'invalidValue', qr/startIndex and cursor/, 'nor beside an empty one';
is_error get("/Users?count=$_&cursor=$next"), 400, 'invalidCount', qr/count must be a whole number/, "count=$_ beside a cursor"
    for 'ten', '', '1.5', '5x';
is_error get('/Users?count=ten'), 400, 'invalidValue', qr/count/, 'without a cursor it is an invalidValue as ever';
is_error get("/Users?filter=userName+eq&cursor=$next"), 400, 'invalidFilter', undef, 'a filter that cannot be read';

# ---- no rights ----

new_user(token => token_b()) for 1 .. 5;
my @foreign = ids(get('/Users', token => token_b()));
is_page get('/Users?cursor&count=3', token => token_b()), scalar(@foreign), 3, 1, 'the other organisation';
{
    my $theirs = get('/Users?cursor&count=3', token => token_b())->json->{nextCursor};
    my $refused = get("/Users?cursor=$theirs");
    is_invalid $refused, 'a cursor of another organisation';
    is $refused->content, get('/Users?cursor=nonsense')->content, 'is refused with the very words for nonsense';
    is get("/Users?cursor=$next", token => token_b())->content, $refused->content, 'and so the other way round';
    is_deeply [ids(get("/Users?cursor=$theirs", token => token_b()))], [@foreign[3 .. $#foreign]], 'its owner goes on with it';
    is_error get("/Users?cursor=$_", token => 'scim_' . '0' x 64), 401, undef, undef, 'without a valid token any cursor is 401'
        for $next, $theirs, 'nonsense', '';
    is_error get("/Users?cursor=$_", token => undef), 401, undef, undef, 'and without any token' for $next, 'nonsense';

    # a second token of the same organisation
    my ($admin) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
    my ($second) = db()->selectrow_array("SELECT scim.token_issue(?, interval '1 day')", undef, $admin);
    is_deeply [ids(get("/Users?cursor=$next", token => $second))], [@id[5 .. 22]], 'a rotated token goes on with the cursor of the first';
    db()->do('SELECT scim.token_revoke(max(id)::text) FROM public.api_tokens');
    is_error get("/Users?cursor=$next", token => $second), 401, undef, undef, 'once revoked, not any more';
}
{
    my $bytes = MIME::Base64::decode_base64url(get('/Users?sortBy=userName&cursor&count=5')->json->{nextCursor});
    unlike $_, qr/contoso|User|\x00[0-9]+\x00/, 'nothing can be read in it' for $bytes, scalar reverse $bytes;
}

# ---- while others write ----

for my $query ('x', 'sortBy=userName', 'sortBy=userName&sortOrder=descending', 'sortBy=title', 'sortBy=displayName',
               'sortBy=externalId&sortOrder=descending', 'sortBy=displayName&sortOrder=descending') {
    scim_reset();
    my @there = map { new_user(userName => sprintf('m%02d@x.example', $_ * 11 % 31), title => 't' . $_ % 3,
        displayName => $_ % 4 ? undef : "d$_")->{id} } 1 .. 30;
    my (%gone, @new, $n);
    my @seen = walk("$query&count=4&filter=userName+ne+%22admin\@contoso.com%22", between => sub {
        my ($met) = @_;
        # one goes that was met or was not, and some come at either end
        my $leaver = $there[($met * 7) % 30];
        $gone{$leaver} = 1 if del("/Users/$leaver")->code == 204;
        push @new, new_user(userName => "$_" . ++$n . '@x.example', title => "${_}t", displayName => "${_}d")->{id}
            for 'a', 'm15', 'z';
    });
    my %times;
    $times{$_}++ for @seen;
    is_deeply [grep { $times{$_} != 1 } keys %times], [], "$query: nobody is met twice";
    is_deeply [grep { !$times{$_} && !$gone{$_} } @there], [], "$query: nobody who was there all the time is missed";
    cmp_ok scalar(keys %gone), '>=', 3, "$query: some went meanwhile";
    my %known = map { $_ => 1 } @there, @new;
    is_deeply [grep { !$known{$_} } @seen], [], "$query: and nobody else is met";
}
{
    # the very resource that the cursor stands on goes
    for my $query ('x', 'sortBy=userName', 'sortBy=displayName&sortOrder=descending') {
        my $res = get("/Users?$query&count=5&cursor");
        my @first = ids($res);
        my @rest = (ids(get("/Users?$query")))[5 .. 100];
        del("/Users/$first[4]");
        is_deeply [ids(get("/Users?$query&cursor=" . $res->json->{nextCursor}))], [grep { defined } @rest],
            "$query: it goes on behind one that is deleted";
    }
}

# ---- the key ----

my $keys = q{SELECT count(*) FROM scim.settings WHERE name = 'cursor_key'};
db()->do('DELETE FROM scim.settings WHERE ends_at IS NOT NULL');     # of other tests
is db()->selectrow_array($keys), 1, 'there is one key in use';
my $other = extra_httpd(conf => "StartServers 1\n");
my @all = ids(get('/Users'));
my $count = @all;
{
    my $first = get('/Users?cursor&count=5')->json->{nextCursor};
    is_deeply [walk('count=6', cursor => $first, base => $other->base)], [@all[5 .. $#all]], 'another host goes on with the cursor of the first';

    # rotated in the middle of a walk, which passes from host to host
    my @base = (base_url(), $other->base);
    my ($cursor, @seen, $page) = '';
    while (defined $cursor) {
        my $res = get("/Users?sortBy=userName&count=3&cursor=$cursor", base => $base[$page++ % 2]);
        is $res->code, 200, "page $page of a walk" or diag $res->as_string;
        push @seen, ids($res);
        $cursor = $res->json->{nextCursor};
        db()->do('SELECT scim.rotate_key()') if $page == 2 || $page == 4 || $page == 5;
    }
    is_deeply \@seen, [ids(get('/Users?sortBy=userName'))], 'keys were rotated meanwhile, and the walk met everybody';
    is db()->selectrow_array($keys), 4, 'the keys before are still there';
    is db()->selectrow_array("$keys AND ends_at IS NULL"), 1, 'one is in use';
    is db()->selectrow_array("$keys AND ends_at BETWEEN now() + interval '59 minutes' AND now() + interval '1 hour'"), 3,
        'the others end in an hour';
    is get("/Users?cursor=$first")->code, 200, 'a cursor of the first key is good until then';
    is_page get('/Users?cursor&count=2'), $count, 2, 1, 'and the newest makes new ones';

    my $old = get('/Users?cursor&count=2')->json->{nextCursor};
    db()->do('SELECT scim.rotate_key()');
    db()->do(q{UPDATE scim.settings SET ends_at = now() WHERE ends_at IS NOT NULL});
    # each connection learns the keys with its next page
    get("/Users?cursor&count=1", base => $_) for (@base) x 20;
    is_invalid get("/Users?cursor=$first", base => $other->base), 'then it is not';
    is_invalid get("/Users?cursor=$old", base => $other->base), 'nor one of the key before';
    db()->do('SELECT scim.rotate_key()');
    is db()->selectrow_array($keys), 2, 'keys that have ended are removed by the next rotation';
}
{
    db()->do(q{CREATE TABLE public.kept AS SELECT * FROM scim.settings});
    db()->do(q{DELETE FROM scim.settings});
    expect_log(qr/SCIM0012: .*scim\.rotate_key\(\)/);
    is_error get('/Users?cursor&count=1'), 500, undef, qr/could not make a cursor/, 'without a key there is no cursor';
    is_page get('/Users?cursor&count=1000'), $count, $count, 0, 'a list of one page needs none';
    is_list get('/Users?count=1'), $count, 'nor does a list by index';
    db()->do('SELECT scim.rotate_key()');
    is_page get('/Users?cursor&count=1'), $count, 1, 1, 'with one there is';
    db()->do('DROP TABLE public.kept');
}
{
    my @dead = map { scalar eval { db()->do($_); 1 } }
        q{INSERT INTO scim.settings (name, value) VALUES ('cursor_key', sha256('x'))},
        q{UPDATE scim.settings SET value = '\x00' WHERE name = 'cursor_key'};
    is_deeply \@dead, [undef, undef], 'two keys in use, or a short one, cannot be';
}

done_testing;
