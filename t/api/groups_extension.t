# Schemas of the operator's own for groups: announced, checked, stored in columns
# and in the JSONB column, filtered, sorted by, patched, and part of the version.
use ScimTest;

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';
use constant TEAM  => 'urn:example:params:scim:schemas:team:2.0:Group';
use constant DESK  => 'urn:example:params:scim:schemas:desk:2.0:User';

my $pg = own_cluster();
my $dbh = $pg->dbh;
$dbh->do($_) for split /;\n/, <<'SQL';
ALTER TABLE public.teams ADD cost text, ADD cost_key text GENERATED ALWAYS AS (lower(cost)) STORED,
    ADD number integer, ADD budget numeric(8, 2), ADD closed_at timestamptz, ADD owner text, ADD pin text, ADD extra jsonb;
CREATE UNIQUE INDEX teams_number ON public.teams (organisation_id, number) WHERE deleted_at IS NULL;
GRANT SELECT (cost, cost_key, number, budget, closed_at, owner, pin, extra), INSERT (cost, number, budget, closed_at, pin, extra),
    UPDATE (cost, number, budget, closed_at, pin, extra) ON public.teams TO mod_scim
SQL

my $lines = <<"CONF";
ScimExtra     extra
ScimAttribute ${\TEAM}:cost     cost       key=cost_key description="Who pays"
ScimAttribute ${\TEAM}:number   number     type=integer uniqueness=server
ScimAttribute ${\TEAM}:budget   budget     type=decimal
ScimAttribute ${\TEAM}:open     "closed_at IS NULL" type=boolean
ScimAttribute ${\TEAM}:owner    owner      mutability=readOnly
ScimAttribute ${\TEAM}:pin      pin        mutability=writeOnly
ScimAttribute ${\TEAM}:kind     -          mutability=immutable canonical="squad guild"
ScimAttribute ${\TEAM}:parent   -          type=reference references=Group
ScimAttribute ${\TEAM}:tags     -          multi caseExact
ScimAttribute ${\TEAM}:links    -          type=complex multi
ScimAttribute ${\TEAM}:links.value -
ScimAttribute ${\TEAM}:links.type  -
ScimAttribute ${\TEAM}:members  -
ScimAttribute ${\TEAM}:secret   -          returned=request
ScimSchema    ${\TEAM} name=Team
ScimRedact    ${\TEAM}:budget
CONF
my $h = extra_httpd(cluster => $pg, groups => 1, edit => sub {
    s{(ScimMembers.*\n)}{$1$lines} or die; s{(ScimAttribute +userName )}{ScimAttribute ${\DESK}:floor -\n$1} or die });
my @there = (base => $h->base, token => $pg->token(1));

sub enc { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
sub ops { my ($id, @ops) = @_; return patch("/Groups/$id", { Operations => \@ops }, @there) }
sub team { my ($id, $query) = @_; return get("/Groups/$id" . ($query // ''), @there)->json }
sub row { return $dbh->selectrow_hashref('SELECT *, extra::text AS doc FROM public.teams WHERE id = ?', undef, $_[0]) }
sub events { return [map { JSON::PP->new->decode($_) } @{ $dbh->selectcol_arrayref(
    q{SELECT changes FROM scim.events WHERE outcome = 'applied' AND resource_type = 'Group' AND resource_id = ?::text ORDER BY id}, undef, $_[0]) }] }
sub names { my ($query) = @_; my $res = get("/Groups?$query", @there);
    return $res->code == 200 ? join ' ', map { $_->{displayName} } @{ $res->json->{Resources} } : $res->as_string }
my ($yes, $no) = (json_true, json_false);

# ---- discovery ----

{
    my %schema = map { $_->{id} => $_ } @{ get('/Schemas', @there)->json->{Resources} };
    ok $schema{$_}, "there is $_" for GROUP, TEAM, DESK;
    is $schema{+TEAM}{name}, 'Team', 'ScimSchema names it';
    my %attr = map { $_->{name} => $_ } @{ $schema{+TEAM}{attributes} };
    is_deeply [sort keys %attr], [sort qw(cost number budget open owner kind parent tags links members secret)], 'with its attributes, but for what is never returned';
    is_deeply [@{ $attr{number} }{qw(type uniqueness)}], [qw(integer server)], 'and what they are';
    is_deeply $attr{parent}{referenceTypes}, ['Group'], 'a reference to groups';
    is_deeply [map { $_->{schema} } @{ get('/ResourceTypes/Group', @there)->json->{schemaExtensions} }], [TEAM], 'the type Group names it';
    ok !(grep { $_->{schema} eq TEAM } @{ get('/ResourceTypes/User', @there)->json->{schemaExtensions} }), 'the type User does not';
}

# ---- create and read ----

my $user = new_user(@there)->{id};
my %body = (cost => 'R&D', number => 17, budget => 1.5, open => $no, owner => 'not mine', pin => '1234', kind => 'squad',
    parent => '../Groups/1', tags => ['a', 'B'], links => [{ value => 'https://x.example', type => 'wiki' }], members => 'a text', secret => 's');
my $res = post('/Groups', { schemas => [GROUP, TEAM], displayName => 'Alpha', members => [{ value => $user }], TEAM, { %body } }, @there);
is_resource $res, 201, 'POST';
my $id = $res->json->{id};
delete @body{qw(owner pin)};
is_deeply $res->json->{+TEAM}, { %body }, 'all is answered that can be read' or diag explain $res->json;
is_deeply [sort @{ $res->json->{schemas} }], [sort(+GROUP, TEAM)], 'schemas name both';
is_deeply [map { $_->{value} } @{ $res->json->{members} }], [$user], 'members of the extension are not those of the group';
delete $body{secret};
is_deeply team($id)->{+TEAM}, { %body }, 'GET: what is shown only when asked for is not';
is team($id, '?attributes=' . TEAM . ':secret')->{+TEAM}{secret}, 's', 'unless asked for';
is_deeply team($id, '?attributes=' . TEAM . ':members'), { schemas => [GROUP, TEAM], id => $id, TEAM, { members => 'a text' } },
    'attributes with the URN' or diag explain team($id, '?attributes=' . TEAM . ':members');
is_deeply [sort keys %{ team($id, '?excludedAttributes=members,' . TEAM) }], [qw(displayName id meta schemas)], 'and excludedAttributes';
is_deeply [@{ row($id) }{qw(cost number budget pin owner)}], ['R&D', 17, '1.50', '1234', undef], 'the columns';
ok defined row($id)->{closed_at}, 'a boolean as a time';
my $event = events($id)->[0];
is_deeply $event->{+TEAM . ':cost'} // $event->{cost}, { new => 'R&D' }, 'the event' or diag explain $event;
unlike encode($event), qr/1234|1\.5/, 'says nothing of what is secret or redacted';
is_resource post('/Groups', { displayName => 'Plain' }, @there), 201, 'a group without any of it';
is_error post('/Groups', { displayName => 'Same', TEAM, { number => 17 } }, @there), 409, 'uniqueness', qr/number "17" is used by another group/,
    'a number that is taken';
for my $case (['a text as a number', { number => 'x' }], ['a number as text', { cost => 7 }], ['no boolean', { open => 'maybe' }],
              ['an object as text', { members => [{ value => $user }] }], ['tags that are objects', { tags => [{ a => 1 }] }]) {
    my ($what, $value) = @$case;
    is_error post('/Groups', { displayName => uniq('bad'), TEAM, $value }, @there), 400, 'invalidValue', undef, $what;
}

# ---- filters and order ----

new_group(displayName => $_->[0], TEAM, $_->[1], @there)
    for ['Beta', { cost => 'r&d', number => 4, tags => ['b'] }], ['Gamma', { cost => 'Sales', number => 100, kind => 'guild' }];
for my $case (
    [TEAM . ':cost eq "R&d"', 'Alpha Beta'], ['cost eq "sales"', 'Gamma'], [TEAM . ':number gt 10', 'Alpha Gamma'],
    [TEAM . ':open eq false', 'Alpha'], [TEAM . ':kind eq "SQUAD"', 'Alpha'], [TEAM . ':tags eq "B"', 'Alpha'], [TEAM . ':tags eq "b"', 'Beta'],
    [TEAM . ':links[type eq "wiki" and value sw "https"]', 'Alpha'], [TEAM . ':links.type eq "x"', ''], [TEAM . ':members eq "a text"', 'Alpha'],
    ["members eq \"$user\" and " . TEAM . ':budget le 2', 'Alpha'], [TEAM . ':owner pr', ''], ['displayName pr and not (' . TEAM . ':cost pr)', 'Plain'],
) {
    is names('filter=' . enc($case->[0])), $case->[1], "filter $case->[0]";
    is names('filter=' . enc($case->[0]) =~ s/^\?//r . '&count=1&startIndex=1'), $case->[1] =~ s/ .*//r, 'a page of it';
}
is_error get('/Groups?filter=' . enc(TEAM . ':pin eq "1234"'), @there), 400, 'invalidFilter', undef, 'what cannot be read cannot be asked for';
is_error get('/Users?filter=' . enc(TEAM . ':cost eq "x"'), @there), 400, 'invalidFilter', undef, 'users do not have it';
is names('sortBy=' . TEAM . ':number'), 'Beta Alpha Gamma Plain', 'in order of a number';
is names('sortBy=' . TEAM . ':cost&sortOrder=descending'), 'Plain Gamma Beta Alpha', 'and of a text';
is_deeply [map { $_->{displayName} // $_->{userName} } @{ get('/?filter=' . enc(TEAM . ':number gt 10 or ' . DESK . ':floor pr'), @there)
    ->json->{Resources} }], [qw(Alpha Gamma)], 'at the root, beside a schema of users';

# ---- PATCH, PUT and versions ----

{
    my $version = sub { get("/Groups/$id?excludedAttributes=members", @there)->header('ETag') };
    my $first = $version->();
    for my $case (
        ['a column', [{ op => 'replace', path => TEAM . ':cost', value => 'HR' }], sub { is row($id)->{cost}, 'HR', 'is written' }],
        ['without a path', [{ op => 'replace', value => { TEAM . ':number' => 18 } }], sub { is row($id)->{number}, 18, 'is written' }],
        ['an object', [{ op => 'add', value => { TEAM, { budget => 2.25, open => 'True' } } }], sub {
            is_deeply [@{ row($id) }{qw(budget closed_at)}], ['2.25', undef], 'is merged' }],
        ['a list', [{ op => 'add', path => TEAM . ':tags', value => ['c'] }], sub { is_deeply team($id)->{+TEAM}{tags}, [qw(a B c)], 'grows' }],
        ['an element', [{ op => 'replace', path => TEAM . ':links[type eq "wiki"].value', value => 'y' }], sub {
            is_deeply team($id)->{+TEAM}{links}, [{ value => 'y', type => 'wiki' }], 'is changed' }],
        ['with members', [{ op => 'remove', path => 'members' }, { op => 'replace', path => TEAM . ':members', value => 'others' }], sub {
            is_deeply [@{ team($id) }{'members'}, team($id)->{+TEAM}{members}], [undef, 'others'], 'each is its own' }],
        ['a removal', [{ op => 'remove', path => TEAM . ':cost' }], sub { is row($id)->{cost}, undef, 'is made' }],
    ) {
        my ($what, $ops, $check) = @$case;
        is ops($id, @$ops)->code, 204, "PATCH: $what";
        $check->();
        isnt $version->(), $first, 'another version';
        $first = $version->();
    }
    is ops($id, { op => 'replace', path => TEAM . ':pin', value => '5' })->code, 204, 'what is never returned';
    is row($id)->{pin}, '5', 'is written';
    is $version->(), $first, 'and no other version';
    is_error ops($id, { op => 'replace', path => TEAM . ':kind', value => 'guild' }), 400, 'mutability', qr/kind/, 'what is immutable';
    is_error ops($id, { op => 'replace', path => TEAM . ':owner', value => 'me' }), 400, 'mutability', qr/owner/, 'what is readOnly';
    is_error ops($id, { op => 'replace', path => TEAM . ':number', value => 4 }), 409, 'uniqueness', qr/number "4"/, 'a number that is taken';
    is_error ops($id, { op => 'add', path => 'members', value => $user }, { op => 'replace', path => TEAM . ':number', value => 'x' }), 400,
        'invalidValue', qr/number/, 'one wrong value';
    ok !team($id)->{members}, 'and no member comes';
    is $version->(), $first, 'all of these have changed nothing';
    $dbh->do(q{UPDATE public.teams SET owner = 'Joy' WHERE id = ?}, undef, $id);
    isnt $version->(), $first, 'the application writes: another version';

    is ops($id, { op => 'remove', path => TEAM . ':secret' })->code, 204, 'what is shown only when asked for is removed';
    my $echo = team($id);
    is $echo->{+TEAM}{owner}, 'Joy', 'which is shown';
    my $before = row($id);
    $res = put("/Groups/$id", $echo, @there);
    is_deeply $res->json, $echo, 'PUT of what was read' or diag $res->as_string;
    is_deeply row($id), $before, 'changes nothing, not even what is not shown';
    $dbh->do(q{UPDATE public.teams SET extra = extra || '{"shoe": 44}' WHERE id = ?}, undef, $id);
    $res = put("/Groups/$id", { displayName => 'Alpha', TEAM, { cost => 'New' } }, @there);
    like row($id)->{doc}, qr/"shoe": 44/, 'what the application keeps beside it stays';
    is_deeply $res->json->{+TEAM}, { cost => 'New', open => $yes, owner => 'Joy', kind => 'squad' },
        'PUT clears the rest, but for what a client cannot write or need not repeat' or diag explain $res->json;
    my $events = @{ events($id) };
    is put("/Groups/$id", { displayName => 'Alpha', TEAM, { cost => 'New' } }, @there)->code, 200, 'the same PUT again';
    is scalar(@{ events($id) }), $events, 'is no change';
    is_error put("/Groups/$id", { displayName => 'Alpha' }, @there, headers => { 'If-Match' => $first }), 412, undef, undef, 'PUT of an old version';
}

# ---- a group may be named where the schema of the operator says so ----

{
    my $job = { Operations => [{ method => 'POST', path => '/Groups', bulkId => 'child', data => { displayName => 'Child', TEAM, { parent => 'bulkId:top' } } },
        { method => 'POST', path => '/Groups', bulkId => 'top', data => { displayName => 'Top', TEAM, { parent => 'bulkId:top' } } }] };
    my @done = @{ post('/Bulk', $job, @there)->json->{Operations} };
    is_deeply [map { $_->{status} } @done], [201, 201], 'groups that refer to groups' or diag explain \@done;
    my ($child, $top) = map { $_->{location} =~ m{(\d+)$} } @done;
    is team($_)->{+TEAM}{parent}, $top, 'the parent' for $child, $top;
}

# ---- its size ----

# A group with all it has must fit into one body, members aside.
{
    my $id = post('/Groups', { displayName => uniq('large') }, @there)->json->{id};
    is ops($id, { op => 'add', path => TEAM . ':parent', value => 'x' x 600_000 })->code, 204, 'a large value';
    is_error ops($id, { op => 'add', path => TEAM . ':cost', value => 'y' x 600_000 }), 400, 'invalidValue',
        qr/^the group would take \d+ bytes, more than the 1048576 that can be kept$/, 'another one besides';
    is_deeply [row($id)->{cost}, length team($id)->{+TEAM}{parent}], [undef, 600_000], 'nothing has changed';
}

done_testing;
