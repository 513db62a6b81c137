# /Me: the user whose token makes the request (RFC 7644 section 3.11).
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

my ($id) = db()->selectrow_array(q{SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin' AND api_access});
my $url = base_url() . "/Users/$id";

sub op { my ($op, $path, $value) = @_; return { op => $op, path => $path, value => $value } }
sub ops { my ($ops, @opt) = @_; return patch('/Me', { schemas => [PATCH_OP], Operations => $ops }, @opt) }

sub is_me {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_resource $res, 200, $name;
    is $res->json->{id}, $id, "$name: it is the token's owner";
    is $res->header('Location'), $url, "$name: Location is the permanent URL";
    is $res->header('Content-Location'), $url, "$name: so is Content-Location";
    is $res->json->{meta}{location}, $url, "$name: and meta.location";
}

# ---- reading ----

is_me get('/Me'), 'GET';
is get('/Me')->content, get("/Users/$id")->content, 'GET: the same as under its own URL';
is_me get('/Me/'), 'GET with a slash';
is head('/Me')->code, 200, 'HEAD';
is head('/Me')->header('Location'), $url, 'HEAD has the URL';
is_deeply [sort keys %{ get('/Me?attributes=userName')->json }], [qw(id schemas userName)], 'one attribute of it';
is get('/Me', headers => { 'If-None-Match' => get('/Me')->header('ETag') })->code, 304, 'its version works';
is_error get('/Me', headers => { 'If-Match' => '"x"' }), 412, undef, undef, 'and another does not';
is_error get('/Me?attributes=a&excludedAttributes=b'), 400, 'invalidValue', undef, 'a fault of the request';
my ($other) = db()->selectrow_array(q{SELECT id FROM public.users WHERE organisation_id = 2 AND role = 'admin'});
is scim_b('GET', '/Me')->json->{id}, $other, 'another token, another owner';
is_error get('/Me', token => undef), 401, undef, undef, 'without a token';
is_error get('/Me', token => 'scim_' . '0' x 64), 401, undef, undef, 'with a token that is not valid';

# ---- changing ----

{
    my $version = get('/Me')->header('ETag');
    is_me ops([op('replace', 'title', 'Chief'), op('add', 'name.givenName', 'Meg')]), 'PATCH';
    is get("/Users/$id")->json->{title}, 'Chief', 'PATCH: the user has it';
    is row_of($id)->{first_name}, 'Meg', 'PATCH: the row too';
    is events_of($id)->[-1]{operation}, 'patch', 'PATCH: and the event';
    is_error ops([op('replace', 'title', 'x')], headers => { 'If-Match' => $version }), 412, undef, undef,
        'PATCH under an old version';
    is_me ops([]), 'PATCH of nothing';
    my $me = get('/Me')->json;
    is_me put('/Me', { %$me, title => 'Boss' }), 'PUT';
    is get("/Users/$id")->json->{title}, 'Boss', 'PUT: the user has it';
    is get("/Users/$id")->json->{userName}, $me->{userName}, 'PUT: and is the same otherwise';
}

# ---- what it is protected from ----

{
    my $row = encode(row_of($id));
    is_error ops([op('replace', 'active', 'False')]), 400, 'mutability', qr/token/, 'not to be deactivated';
    is_error ops([op('replace', 'userName', 'x')]), 400, 'mutability', qr/token/, 'not to be renamed';
    is_error del('/Me'), 400, 'mutability', qr/token/, 'not to be deleted';
    is_error post('/Me', { userName => 'x' }), 501, undef, qr{POST /Me}, 'not to be created';
    is encode(row_of($id)), $row, 'it is as it was';
    is options('/Me')->header('Allow'), 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS', 'OPTIONS says what is possible';
    is_error scim('GET', '/Me/x'), 404, undef, undef, 'there is nothing below it';
}

# ---- owners who are no user here ----

# A view whose actor is what a test says.
db()->do(q{CREATE TABLE public.pretended (actor text)});
db()->do(q{INSERT INTO public.pretended VALUES (NULL)});
db()->do(q{CREATE VIEW public.pretending AS SELECT token_sha256, token_id, tenant, p.actor
    FROM scim.tokens, public.pretended AS p});
db()->do(q{GRANT SELECT ON public.pretending TO mod_scim});
my $h = extra_httpd(location => "ScimTokens public.pretending\n");
my @there = (base => $h->base);

sub act { db()->do('UPDATE public.pretended SET actor = ?', undef, $_[0]) }

my ($dead) = db()->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash, active, deleted_at)
    VALUES (1, 'dead', '!', false, now()) RETURNING id});
for my $case ([undef, 'nobody'], ['', 'an empty name'], ['service', 'a name'], ["0$id", 'a number with a nought'],
              [" $id", 'a number with a blank'], ["$id\n", 'a number with a line end'], ['987654321', 'an unknown number'],
              ['9223372036854775808', 'a number too large'], ['-9223372036854775809', 'one too small'],
              ['9' x 40, 'one much too large'], ['1e3', 'a power'], [$other, 'a user of another tenant'],
              [$dead, 'a deleted user'], ["1' OR 'a'='a", 'a quote']) {
    my ($actor, $what) = @$case;
    act($actor);
    is_error get('/Me', @there), 404, undef, qr/owner of this API token/, "$what: GET";
    is_error ops([op('replace', 'title', 'x')], @there), 404, undef, undef, "$what: PATCH";
    is_error put('/Me', { userName => 'x' }, @there), 404, undef, undef, "$what: PUT";
    is_error del('/Me', @there), 404, undef, undef, "$what: DELETE";
    is get('/Users', @there)->code, 200, "$what: the rest works";
}
act($id);
is get('/Me', @there)->json->{id}, $id, 'and a user is one';
$h->stop;
db()->do('DROP VIEW public.pretending');
db()->do('DROP TABLE public.pretended');

# ---- in one turn ----

# Each transaction begins with the statement that raises the second wall.

my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my ($counted, $relay) = extra_httpd(relay => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
for my $case ([GET => undef, 1, 2], [PATCH => { Operations => [op('replace', 'title', 'T')] }, 2, 5],
              [PUT => { userName => row_of($id)->{username}, title => 'U' }, 2, 5]) {
    my ($method, $body, $turns, $statements) = @$case;
    scim($method, '/Me', $body, base => $counted->base);
    ops([op('replace', 'title', 'between')]);
    $relay->reset_counts;
    is scim($method, '/Me', $body, base => $counted->base)->code, 200, "$method: the answer";
    is_deeply [@{ $relay->counts }{qw(turns statements)}], [$turns, $statements], "$method: turns and statements";
}
{
    my $version = get('/Me')->header('ETag');
    $relay->reset_counts;
    is get('/Me', base => $counted->base, headers => { 'If-None-Match' => $version })->code, 304, 'a 304';
    is_deeply [@{ $relay->counts }{qw(turns statements)}], [1, 2], 'a 304 costs as much as reading';
}

done_testing;
