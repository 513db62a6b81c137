# Searches by POST (RFC 7644 section 3.4.3), and lists from the root: the same
# parameters in a body give the same answers as in a query string.
use ScimTest;

scim_reset();
my $SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

new_user(userName => "$_\@contoso.com", title => "T$_", displayName => ucfirst,
    emails => [{ type => 'work', value => "$_\@work.example" }]) for qw(delta alpha charlie bravo);
my $some = new_user(userName => "it's \"quoted\" \x{fc}\@contoso.com", externalId => 'Quoted');
my $total = 6;

sub search { my ($path, $body, %opt) = @_; return post("$path/.search", { schemas => [$SEARCH], %$body }, %opt) }

# The answer but for its cursor, which is another one each time.
sub content { my ($res) = @_; return $res->content =~ s/"nextCursor":"[^"]+"/"nextCursor":"..."/r }

# ---- the same as GET ----

for my $case (
    [{}, ''],
    [{ filter => 'userName eq "alpha@contoso.com"' }, 'filter=userName+eq+%22alpha@contoso.com%22'],
    [{ filter => "userName eq \"it's \\\"quoted\\\" \x{fc}\@contoso.com\"" },
     'filter=userName+eq+%22it%27s+%5C%22quoted%5C%22+%C3%BC@contoso.com%22'],
    [{ filter => 'userName co "a + b & c=d"' }, 'filter=userName+co+%22a+%2B+b+%26+c%3Dd%22'],
    [{ filter => 'emails[type eq "work"].value sw "a"', attributes => ['emails.value'] },
     'filter=emails[type+eq+%22work%22].value+sw+%22a%22&attributes=emails.value'],
    [{ startIndex => 2, count => 3 }, 'startIndex=2&count=3'],
    [{ startIndex => '2', count => '3' }, 'startIndex=2&count=3'],
    [{ startIndex => -5, count => 0 }, 'startIndex=-5&count=0'],
    [{ count => -1 }, 'count=-1'],
    [{ count => 100000 }, 'count=100000'],
    [{ sortBy => 'userName' }, 'sortBy=userName'],
    [{ sortBy => 'title', sortOrder => 'descending', count => 3 }, 'sortBy=title&sortOrder=descending&count=3'],
    [{ sortBy => 'nothing' }, 'sortBy=nothing'],
    [{ attributes => ['userName', 'TITLE'] }, 'attributes=userName,TITLE'],
    [{ attributes => 'userName,title' }, 'attributes=userName,title'],
    [{ attributes => [] }, 'attributes='],
    [{ excludedAttributes => ['emails', 'meta', 'id'] }, 'excludedAttributes=emails,meta,id'],
    [{ cursor => '' }, 'cursor='],
    [{ cursor => '', count => 2, sortBy => 'userName' }, 'cursor&count=2&sortBy=userName'],
    [{ FILTER => 'title pr', StartIndex => 2, SORTBY => 'id' }, 'filter=title+pr&startIndex=2&sortBy=id'],
    # what is null, unknown or beside the point
    [{ filter => undef, startIndex => undef, count => undef, sortBy => undef, cursor => undef, attributes => undef }, ''],
    [{ schemas => undef, foo => { bar => [1] }, members => 'x' }, ''],
    [{ schemas => ['urn:something:else'] }, ''],
    [{ schemas => 'x', count => 2 }, 'count=2'],
    # refusals
    [{ filter => 'userName eq' }, 'filter=userName+eq'],
    [{ filter => '' }, 'filter='],
    [{ filter => 'nothing eq "x"' }, 'filter=nothing+eq+%22x%22'],
    [{ filter => 'password eq "x"' }, 'filter=password+eq+%22x%22'],
    [{ count => 'ten' }, 'count=ten'],
    [{ count => 1.5 }, 'count=1.5'],
    [{ count => 'ten', cursor => '' }, 'count=ten&cursor'],
    [{ startIndex => 1, cursor => '' }, 'startIndex=1&cursor'],
    [{ sortBy => 'id', sortOrder => 'up' }, 'sortBy=id&sortOrder=up'],
    [{ cursor => 'nonsense' }, 'cursor=nonsense'],
    [{ attributes => ['id'], excludedAttributes => ['id'] }, 'attributes=id&excludedAttributes=id'],
) {
    my ($body, $query) = @$case;
    for my $endpoint ('/Users', '') {
        my $want = get("$endpoint?$query");
        my $res = search($endpoint, $body);
        my $what = "POST $endpoint/.search " . encode($body);
        is $res->code, $want->code, "$what: status of GET $endpoint?$query";
        is content($res), content($want), "$what: and its answer";
        like $res->header('Content-Type'), qr{^application/scim\+json}, "$what: type";
    }
}
is_list search('/Users', {}), $total, 'a search for nothing finds everybody';
is_list post('/Users/.search', {}), $total, 'schemas may be absent';
is_list post('/Users/.search', { schemas => [$SEARCH] }, content_type => 'application/json'), $total, 'as application/json';
is_list post('/Users/.search/', {}), $total, 'with a slash behind';
is_list post('//Users//.search?aadOptscim062020&filter=id+eq+%22x%22&count=x', {}), $total, 'what stands in the URL counts for nothing';

# ---- cursors ----

{
    for my $endpoint ('/Users', '') {
        my ($cursor, @by_post, @by_get) = '';
        while (defined $cursor) {
            my $res = search($endpoint, { cursor => $cursor, count => 2, sortBy => 'userName', filter => 'userName co "o"' });
            is $res->code, 200, "$endpoint/.search: a page" or diag $res->as_string;
            push @by_post, map { $_->{userName} } @{ $res->json->{Resources} };
            # each page by GET as well: it is the same list
            push @by_get, map { $_->{userName} } @{ get("$endpoint?cursor=$cursor&count=2&sortBy=userName&filter=userName+co+%22o%22")
                ->json->{Resources} };
            $cursor = $res->json->{nextCursor};
        }
        is scalar(@by_post), $total, "$endpoint/.search: a walk meets everybody";
        is_deeply \@by_post, [sort @by_post], "$endpoint/.search: in order";
        is_deeply \@by_get, \@by_post, "$endpoint/.search: a cursor is good for GET, too";
    }
}

# ---- wrong bodies ----

for my $case (
    ['no body', '', 'invalidSyntax'], ['no JSON', '{', 'invalidSyntax'], ['an array', '[]', 'invalidSyntax'],
    ['a text', '"x"', 'invalidSyntax'], ['filter twice', '{"filter":"id pr","FILTER":"id pr"}', 'invalidSyntax'],
    ['a filter that is a number', '{"filter":5}', 'invalidFilter'],
    ['a filter that is an object', '{"filter":{"userName":"x"}}', 'invalidFilter'],
    ['a count that is a boolean', '{"count":true}', 'invalidValue'],
    ['a startIndex that is an array', '{"startIndex":[1]}', 'invalidValue'],
    ['a sortBy that is an array', '{"sortBy":["userName"]}', 'invalidValue'],
    ['a cursor that is a number', '{"cursor":5}', 'invalidCursor'],
    ['attributes that are an object', '{"attributes":{"a":1}}', 'invalidValue'],
    ['attributes that are numbers', '{"attributes":[1]}', 'invalidValue'],
) {
    my ($what, $body, $type) = @$case;
    is_error post("$_/.search", $body), 400, $type, undef, "POST $_/.search with $what" for '/Users', '';
    is_error post('/Users/.search', $body, token => 'scim_' . '0' x 64), 401, undef, undef, "$what, without a token: 401";
}
is_error post('/Users/.search', '<x/>', content_type => 'text/xml'), 415, undef, undef, 'another media type';
is_error post('/Users/.search', encode({ filter => 'userName eq "' . 'x' x 2_000_000 . '"' })), 413, undef, undef, 'a body beyond the limit';

# ---- methods ----

for my $path ('/Users/.search', '/Groups/.search', '/.search') {
    for my $method (qw(GET PUT PATCH DELETE)) {
        my $res = scim($method, $path, $method =~ /^P/ ? {} : undef);
        is_error $res, 405, undef, undef, "$method $path";
        is $res->header('Allow'), 'POST, OPTIONS', "$method $path: what is possible";
    }
    is options($path)->header('Allow'), 'POST, OPTIONS', "OPTIONS $path";
}
is_error post("$_/.search", {}), 501, undef, undef, "nothing is searched at $_" for qw(/Schemas /ResourceTypes /Me);
is_error post('/nothing/.search', {}), 404, undef, undef, 'nor where nothing is';
is_error post('/Users/.search/x', {}), 404, undef, undef, 'nor below a search';

# ---- groups, which are off here ----

for my $body ({}, { filter => 'displayName eq "x"', excludedAttributes => ['members'] }, { filter => 'not a filter' }) {
    is post('/Groups/.search', $body)->content, get('/Groups')->content, 'a search for groups is empty like a list of them: '
        . encode($body);
}
is_error post('/Groups/.search', {}, token => undef), 401, undef, undef, 'but not without a token';

# ---- the root ----

my @all = @{ get('/Users')->json->{Resources} };
for my $path ('', '/', '//', '?x') {
    my $res = get($path);
    is_list $res, $total, "GET \"$path\" lists the root";
    is_deeply $res->json->{Resources}, \@all, "GET \"$path\": all that is served";
}
is_deeply [map { $_->{meta}{resourceType} } @{ get('/?filter=meta.resourceType+eq+%22User%22')->json->{Resources} }], [('User') x $total],
    'by resource type';
is_list get('/?filter=meta.resourceType+eq+%22Group%22'), 0, 'of which there is one';
is_list post('/.search', { filter => 'externalId eq "Quoted"', attributes => ['id'] }), 1, 'one of them, by search';
is head('/')->code, 200, 'HEAD';
is options('/')->header('Allow'), 'GET, HEAD, OPTIONS', 'OPTIONS';
for my $method (qw(POST PUT PATCH DELETE)) {
    is_error scim($method, '/', $method eq 'DELETE' ? undef : {}), 405, undef, undef, "$method / is not possible";
}
is_list get('/', token => token_b()), 1, 'another organisation sees its own';
is_error get('/', token => undef), 401, undef, undef, 'nobody without a token';

# ---- attributes on whatever returns a resource ----

{
    my $name = uniq('proj');
    my $body = { userName => $name, title => 'T', displayName => 'D', emails => [{ type => 'work', value => 'p@work.example' }] };
    my $id = post('/Users', $body)->json->{id};
    my $patch = { Operations => [{ op => 'replace', path => 'title', value => 'U' }] };
    my %call = (
        POST  => sub { post("/Users?$_[0]", { %$body, userName => uniq('proj') }) },
        PUT   => sub { put("/Users/$id?$_[0]", $body) },
        PATCH => sub { patch("/Users/$id?$_[0]", $patch) },
        GET   => sub { get("/Users/$id?$_[0]") },
        list  => sub { get("/Users?filter=id+eq+%22$id%22&$_[0]") },
        root  => sub { get("/?filter=id+eq+%22$id%22&$_[0]") },
        search => sub { my ($k, $v) = split /=/, $_[0]; search('/Users', { filter => "id eq \"$id\"", $k => [split /,/, $v] }) },
        'root search' => sub { my ($k, $v) = split /=/, $_[0]; search('', { filter => "id eq \"$id\"", $k => [split /,/, $v] }) },
    );
    for my $what (sort keys %call) {
        for my $case (['attributes=title,emails.value', [qw(emails id schemas title)]],
                      ['excludedAttributes=title,emails,meta,id', [qw(active displayName id schemas userName)]]) {
            my ($query, $want) = @$case;
            my $got = $call{$what}->($query)->json;
            ($got) = @{ $got->{Resources} } if $got->{Resources};
            is_deeply [sort keys %$got], $want, "$what honours $query";
            is_deeply $got->{emails}, [{ value => 'p@work.example' }], "$what: of an e-mail its value" if $query =~ /^attr/;
        }
    }
}

done_testing;
