# Schemas of the operator's own: lines of the configuration make them, and they
# are announced, checked, stored, filtered and patched like SCIM's. Here those of
# docs/directives.md and one of every type, on a database that has columns for
# some of it.
use ScimTest;
use ScimTest::Seed ();
use ScimTest::Sys qw(top slurp);

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant DESK => 'urn:example:params:scim:schemas:desk:2.0:User';
use constant MISC => 'urn:example:misc';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

my $pg = own_cluster();
my $dbh = $pg->dbh;
$dbh->do($_) for split /;\n/, <<'SQL';
CREATE TYPE public.colour AS ENUM ('red', 'green');
CREATE DOMAIN public.score AS numeric(5, 1);
ALTER TABLE public.users ADD floor text, ADD floor_key text GENERATED ALWAYS AS (lower(floor)) STORED,
    ADD badge_no integer, ADD locker_no varchar(8), ADD front_key text, ADD rating numeric(6, 2),
    ADD remote boolean, ADD moved_at timestamptz, ADD device uuid, ADD colour public.colour,
    ADD seniority bigint, ADD pin text, ADD price money, ADD born date, ADD woken timestamp, ADD face bytea,
    ADD tags text[], ADD host inet, ADD score public.score, ADD weight real, ADD mass double precision, ADD seen timestamptz(0), ADD nick text;
CREATE FUNCTION public.small() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.nick := lower(NEW.nick); RETURN NEW; END $$;
CREATE TRIGGER small BEFORE INSERT OR UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.small();
CREATE UNIQUE INDEX users_badge ON public.users (organisation_id, badge_no) WHERE deleted_at IS NULL;
GRANT SELECT (floor, floor_key, badge_no, locker_no, front_key, rating, remote, moved_at, device, colour,
    seniority, pin, price, born, woken, face, tags, host, score, weight, mass, seen, nick),
    INSERT (floor, badge_no, locker_no, front_key, rating, remote, moved_at, device, colour, pin, score, weight, mass, seen, nick),
    UPDATE (floor, badge_no, locker_no, front_key, rating, remote, moved_at, device, colour, pin, score, weight, mass, seen, nick)
    ON public.users TO mod_scim
SQL

# The order of the lines does not matter: an element stands before what it is
# one of.
my $lines = <<"CONF";
ScimRedact    ${\DESK}:locker.number
ScimAttribute '${\DESK}:keys[type eq "front"].value' front_key
ScimAttribute ${\DESK}:floor        floor        key=floor_key description="Where \\"home\\" is"
ScimAttribute ${\uc DESK}:badge     badge_no     uniqueness=server description='Number on the badge'
ScimAttribute ${\DESK}:desks        -            multi caseExact canonical="north south"
ScimAttribute ${\DESK}:locker.number locker_no
ScimAttribute ${\DESK}:locker.note  -            "description=Anything else"
ScimAttribute ${\DESK}:place        -            type=complex returned=always
ScimAttribute ${\DESK}:place.x      -            type=decimal
ScimAttribute ${\DESK}:place.secret -            returned=never
ScimAttribute ${\DESK}:keys         -            type=complex multi
ScimAttribute ${\DESK}:keys.value   -
ScimAttribute ${\DESK}:keys.type    -
ScimAttribute ${\DESK}:seniority    seniority    mutability=readOnly
ScimAttribute ${\DESK}:pin          pin          mutability=writeOnly
ScimAttribute ${\DESK}:hidden       -            returned=request
ScimAttribute ${\MISC}:rating       rating
ScimAttribute ${\MISC}:remote       !remote
ScimAttribute ${\MISC}:moved        moved_at
ScimAttribute ${\MISC}:device       device
ScimAttribute ${\MISC}:colour       colour
ScimAttribute ${\MISC}:photo        -            type=binary
ScimAttribute ${\MISC}:page         -            type=reference references="external uri"
ScimAttribute ${\MISC}:level        -            type=integer
ScimAttribute ${\MISC}:share        -            type=decimal
ScimAttribute ${\MISC}:happy        -            type=boolean
ScimAttribute ${\MISC}:since        -            type=dateTime
ScimAttribute ${\MISC}:numbers      -            type=integer multi
ScimAttribute ${\MISC}:days         -            type=dateTime multi
ScimAttribute ${\MISC}:given        -            mutability=readOnly
ScimAttribute ${\MISC}:score        score
ScimAttribute ${\MISC}:weight       weight
ScimAttribute ${\MISC}:mass         mass
ScimAttribute ${\MISC}:seen         seen
ScimAttribute ${\MISC}:nick         nick
ScimSchema    ${\DESK} name=Desk description="Where somebody sits"
CONF
my $h = extra_httpd(cluster => $pg, resource => $lines);
my @base = (base => $h->base, token => $pg->token(1));

sub op { my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (), @value ? (value => $value[0]) : () } }
sub ops { my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }, @base) }
sub read_user { return get("/Users/$_[0]" . ($_[1] // ''), @base)->json }
sub find { my ($filter) = @_;
    return get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), @base) }
sub found { my ($filter, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = find($filter);
    my @names = sort grep { !/^admin/ } map { $_->{userName} } @{ $res->code == 200 ? $res->json->{Resources} : [] };
    is "@names", $want, $name // $filter or diag $res->as_string }
sub user { my ($name, %attr) = @_; return new_user(userName => $name, externalId => "ext-$name", %attr, @base) }
sub row { return $dbh->selectrow_hashref('SELECT *, scim_extra::text AS doc FROM public.users WHERE id = ?', undef, $_[0]) }
sub doc { return JSON::PP->new->utf8->decode(row($_[0])->{doc}) }
my ($yes, $no) = (json_true(), json_false());

# ---- discovery ----

{
    my %schema = map { $_->{id} => $_ } @{ get('/Schemas', @base)->json->{Resources} };
    is_deeply [sort keys %schema], [sort(+CORE, ENT, DESK, MISC)], 'the schemas are announced, each once';
    my $desk = $schema{+DESK};
    is_deeply get('/Schemas/' . uc DESK, @base)->json, $desk, 'one is found by its URN in any case';
    like $desk->{meta}{location}, qr{^http.*/scim/v2/Schemas/\Q${\DESK}\E$}, 'and says where it is';
    is "$desk->{name}: $desk->{description}", 'Desk: Where somebody sits', 'ScimSchema names one';
    is "$schema{+MISC}{name}: $schema{+MISC}{description}", 'misc: Extension misc', 'a name is made for the other';
    my %attr = map { $_->{name} => $_ } @{ $desk->{attributes} }, @{ $schema{+MISC}{attributes} };
    my %plain = (type => 'string', multiValued => $no, required => $no, caseExact => $no,
                 mutability => 'readWrite', returned => 'default', uniqueness => 'none');
    my @want = (
        [floor => description => 'Where "home" is'],
        [badge => type => 'integer', uniqueness => 'server', description => 'Number on the badge'],
        [desks => multiValued => $yes, caseExact => $yes, canonicalValues => ['north', 'south']],
        [seniority => type => 'integer', mutability => 'readOnly'],
        [place => type => 'complex', returned => 'always', subAttributes => [
            { %plain, name => 'x', description => 'x', type => 'decimal' }]],
        [hidden => returned => 'request'],
        [rating => type => 'decimal'], [remote => type => 'boolean'], [moved => type => 'dateTime'],
        [device => ()], [photo => type => 'binary', caseExact => $yes],
        [page => type => 'reference', caseExact => $yes, referenceTypes => ['external', 'uri']],
        [numbers => type => 'integer', multiValued => $yes],
        [locker => type => 'complex', subAttributes => [
            { %plain, name => 'number', description => 'number' },
            { %plain, name => 'note', description => 'Anything else' }]],
        [keys => type => 'complex', multiValued => $yes, subAttributes => [
            { %plain, name => 'value', description => 'value' }, { %plain, name => 'type', description => 'type' }]],
    );
    for my $want (@want) {
        my ($name, %more) = @$want;
        is_deeply $attr{$name}, { %plain, name => $name, description => $name, %more }, "$name is as it was defined";
    }
    ok !$attr{pin}, 'D2: what is never returned is not announced';
    is_deeply [map { [$_->{schema}, $_->{required}] } @{ get('/ResourceTypes/User', @base)->json->{schemaExtensions} }],
        [[ENT, $no], [DESK, $no], [MISC, $no]], 'the resource type names them';
}

# ---- values ----

my %desk = (floor => 'Third', badge => 17, desks => ['D1', 'd1', 'D2'], locker => { number => 'L-9', note => 'N' },
            keys => [{ type => 'front', value => 'F1' }, { type => 'back', value => 'B1' }]);
my %misc = (rating => 4.5, remote => $yes, moved => '2026-01-31T12:00:00Z', device => '0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b11',
            colour => 'red', photo => 'AAEC', page => 'https://x.example/a', level => 3, share => 0.25, happy => $no,
            since => '2020-02-29T00:00:00Z', numbers => [1, 20, 3], days => ['2026-01-01T00:00:00Z']);
my $ann = user('ann', DESK, { %desk, pin => '1234', hidden => 'h', seniority => 5 }, MISC, { %misc, given => 'x' });
my $id = $ann->{id};
sub sorted { my ($x) = @_; return { %$x, keys => [sort { $a->{type} cmp $b->{type} } @{ $x->{keys} || [] }] } }
is_deeply sorted($ann->{+DESK}), sorted({ %desk, hidden => 'h' }), 'POST answers with what it was given, but for what is never shown';
is_deeply sorted(read_user($id)->{+DESK}), sorted(\%desk), 'so does GET, but for what is not always shown';
is ops($id, op('add', DESK . ':hidden', 'h'))->json->{+DESK}{hidden}, 'h', 'PATCH answers with it to who wrote it';
is ops($id)->json->{+DESK}{hidden}, undef, 'and to nobody else';
{
    my ($got, $extra) = (get("/Users/$id", @base), sub { doc($id)->{+DESK} });
    my $before = $extra->();
    is $before->{hidden}, 'h', 'it is there';
    is_resource put("/Users/$id", $got->json, @base), 200, 'V16: a PUT of what GET shows';
    is_deeply $extra->(), $before, 'V16: keeps what GET does not show';
    is get("/Users/$id", @base)->content, $got->content, 'V16: and is no change at all, nor another version';
}
is_deeply read_user($id)->{+MISC}, \%misc, 'of every type; what is readOnly is passed over';
is_deeply [sort @{ $ann->{schemas} }], [sort(+CORE, DESK, MISC)], 'schemas lists what carries data';
{
    my $row = row($id);
    is_deeply [@$row{qw(floor badge_no locker_no front_key rating remote device colour pin seniority)}],
        ['Third', 17, 'L-9', 'F1', '4.50', 0, $misc{device}, 'red', '1234', undef], 'what has a column is in it';
    my $doc = doc($id);
    is_deeply $doc->{+DESK}, { desks => $desk{desks}, locker => { note => 'N' }, keys => [{ type => 'back', value => 'B1' }],
        hidden => 'h' }, 'the rest is in the document';
    is_deeply [sort keys %{ $doc->{+MISC} }], [sort qw(photo page level share happy since numbers days)], 'of both schemas';
    my $event = $dbh->selectrow_array(q{SELECT changes FROM scim.events WHERE outcome = 'applied' AND resource_id = ? ORDER BY id DESC LIMIT 1}, undef, $id);
    my $changes = JSON::PP->new->utf8->decode($event);
    is_deeply $changes->{ DESK . ':desks' }, { new => $desk{desks} }, 'an event says what changed';
    is_deeply [@$changes{ DESK . ':pin', DESK . ':locker.number' }], [({ new => $yes }) x 2],
        'but not what is never shown, nor what ScimRedact names';
    unlike $event, qr/1234|L-9/, 'in no place';
}
is_deeply [sort @{ user('bob')->{schemas} }], [CORE], 'who has nothing of it does not list it';
my $bob = find('userName eq "bob"')->json->{Resources}[0]{id};

# a second spelling, URN and names in any case, and one value where many belong
my $cyn = user('cyn', lc DESK, { FLOOR => 'third', Badge => 18, desks => 'D1' }, uc(MISC) . ':Level', 7)->{id};
is_deeply read_user($cyn)->{+DESK}, { floor => 'third', badge => 18, desks => ['D1'] }, 'names in any case, a value for a list';
is read_user($cyn)->{+MISC}{level}, 7, 'a qualified name at the top';

for my $case (
    ['badge', 'x', 'must be a whole number'], ['badge', 1.5, 'must be a whole number'], ['floor', 5, 'must be a string'],
    ['desks', [{ a => 1 }], 'must be a string'], ['locker', 'x', 'must be an object'], ['badge', 99999999999, '\\S'],
    ['locker', { number => 'x' x 9 }, 'longer than the 8'],
) {
    my ($name, $value, $rule) = @$case;
    is_error ops($id, op('replace', DESK . ":$name", $value)), 400, 'invalidValue', qr/$rule/, "$name cannot be " . encode($value);
}
for my $case (['moved', 'tomorrow'], ['happy', 'perhaps'], ['numbers', [1, 'x']], ['photo', '%'], ['colour', 'blue'],
              ['device', 'x'], ['rating', '5'], ['rating', 123456], ['days', ['2026-02-30T00:00:00Z']]) {
    is_error ops($id, op('replace', MISC . ":$case->[0]", $case->[1])), 400, 'invalidValue', undef, "$case->[0] cannot be " . encode($case->[1]);
}
is_error post('/Users', { userName => uniq('x'), DESK, { badge => 17 } }, @base), 409, 'uniqueness', qr/badge "17" is used by another account/,
    'what is unique is so';
is_deeply read_user($id)->{+MISC}, \%misc, 'nothing of it has changed';

# ---- filters ----

my $D = DESK;
for my $case (
    ["$D:floor eq \"THIRD\"", 'ann cyn'], [uc($D) . ':Floor sw "thi"', 'ann cyn'], ["floor eq \"third\"", 'ann cyn'],
    ["$D:badge eq 17", 'ann'], ["$D:badge gt 17", 'cyn'], ["$D:badge lt 99999999999", 'ann cyn'],
    ["$D:badge pr", 'ann cyn'], ["not ($D:badge eq 17)", 'bob cyn'], ["$D:badge ne 17", 'bob cyn'],
    ["$D:desks eq \"D1\"", 'ann cyn'], ["$D:desks eq \"d1\"", 'ann'], ["$D:desks[value eq \"D2\"]", 'ann'],
    ["$D:desks[value sw \"D\" and value ew \"2\"]", 'ann'], ["$D:desks[value eq \"D1\" and value eq \"D2\"]", ''],
    ["$D:desks eq \"D1\" and $D:desks eq \"D2\"", 'ann'], ["$D:desks ne \"D1\"", 'ann bob'], ["$D:desks pr", 'ann cyn'],
    ["not ($D:desks pr)", 'bob'], ["$D:desks eq null", 'bob'], ["$D:desks[not (value eq \"D1\")]", 'ann'],
    ["$D:desks[value eq \"D2\"].value eq \"D2\"", 'ann'], ["$D:desks co \"%\"", ''],
    ["$D:locker.number eq \"l-9\"", 'ann'], ["$D:locker.note eq \"n\"", 'ann'], ["$D:locker pr", 'ann'],
    ["$D:keys[type eq \"front\" and value eq \"f1\"]", 'ann'], ["$D:keys[type eq \"back\"].value eq \"B1\"", 'ann'],
    ["$D:keys.value eq \"B1\"", 'ann'], ["$D:keys[type eq \"front\" and value eq \"B1\"]", ''],
    [MISC . ':rating eq 4.5', 'ann'], [MISC . ':rating eq 4.50', 'ann'], [MISC . ':rating ge 4.51', ''],
    [MISC . ':remote eq true', 'ann'], [MISC . ':remote eq false', ''], [MISC . ':remote pr', 'ann'],
    [MISC . ':moved ge "2026-01-31T13:00:00+01:00"', 'ann'], [MISC . ':moved gt "2026-01-31T12:00:00Z"', ''],
    [MISC . ':device eq "0F3F6C5E-6d0d-4b0a-9a53-5c7b6a6f1b11"', 'ann'], [MISC . ':device eq "x"', ''], [MISC . ':device pr', 'ann'],
    [MISC . ':colour eq "RED"', 'ann'], [MISC . ':colour eq "blue"', ''], [MISC . ':colour sw "r"', 'ann'],
    [MISC . ':level eq 3', 'ann'], [MISC . ':level gt 3', 'cyn'], [MISC . ':level le 3.0', '', 400],
    [MISC . ':share eq 2.5e-1', 'ann'], [MISC . ':share lt 0.25', ''], [MISC . ':happy eq false', 'ann'], [MISC . ':happy eq true', ''],
    [MISC . ':since eq "2020-02-29T01:00:00+01:00"', 'ann'], [MISC . ':since gt "2020-02-28T23:59:59.999Z"', 'ann'],
    [MISC . ':since lt "2020-02-29T00:00:00.1Z"', 'ann'], [MISC . ':since gt "2020-02-29T00:00:00Z"', ''],
    [MISC . ':numbers eq 20', 'ann'], [MISC . ':numbers gt 19', 'ann'], [MISC . ':numbers[value gt 3 and value lt 20]', ''],
    [MISC . ':days lt "2026-01-02T00:00:00Z"', 'ann'], [MISC . ':photo eq "AAEC"', 'ann'], [MISC . ':page eq "https://x.example/a"', 'ann'],
    [MISC . ':page eq "HTTPS://x.example/a"', ''],
) {
    my ($filter, $want, $status) = @$case;
    $status ? is(find($filter)->code, $status, "$filter: $status") : found($filter, $want);
}
is_error find("$D:$_ eq \"1234\""), 400, 'invalidFilter', qr/unknown attribute/, "nothing is found by $_" for 'pin', 'shoe';

# The application writes the document as well: what has not the type of its
# attribute is none, and breaks nothing.
$dbh->do('UPDATE public.users SET scim_extra = ?::jsonb WHERE id = ?', undef,
    encode({ DESK, { desks => ['D9', '', undef, {}, ['x']], locker => [] }, MISC, { level => 'many', since => 'tomorrow', share => {},
        numbers => 'x', given => 'by hand', days => ['someday', '2026-05-01T00:00:00Z'] } }), $bob);
found(MISC . ':level gt 0', 'ann cyn');
found(MISC . ':since gt "1999-01-01T00:00:00Z"', 'ann');
found(MISC . ':days gt "2026-04-01T00:00:00Z"', 'bob');
found(MISC . ':numbers gt 0', 'ann');
found("$D:desks[not (value eq \"D9\")]", 'ann cyn');
found("$D:desks eq \"D9\"", 'bob');
is_deeply read_user($bob)->{+DESK}, { desks => ['D9'] }, 'it is not shown either';
is read_user($bob)->{+MISC}{given}, 'by hand', 'what is readOnly is the application\'s to write';
is_resource ops($bob, op('add', "$D:desks", 'D10')), 200, 'such a resource can be changed';
is_deeply doc($bob)->{+DESK}{desks}, ['D9', 'D10'], 'and is put in order by that';

# What is a number to PostgreSQL alone is none.
for my $odd ('NaN', '-3.50') {
    $dbh->do('UPDATE public.users SET rating = ? WHERE id = ?', undef, $odd, $bob);
    is read_user($bob)->{+MISC}{rating}, $odd eq 'NaN' ? undef : -3.5, "a rating of $odd";
    is_resource ops($bob, op('replace', 'title', $odd)), 200, 'and a change besides';
}
$dbh->do('UPDATE public.users SET rating = NULL WHERE id = ?', undef, $bob);

# ---- projections ----

is_deeply [sort keys %{ read_user($id, "?attributes=${\uc DESK}:FLOOR,urn:example:misc:level") }], [sort 'id', 'schemas', DESK, MISC],
    'attributes takes URNs in any case';
is_deeply read_user($id, "?attributes=$D:locker.note")->{+DESK}, { locker => { note => 'N' } }, 'and sub-attributes';
is_deeply [sort keys %{ read_user($id, "?attributes=$D")->{+DESK} }], [sort qw(floor badge desks locker keys hidden)], 'a URN alone is all of it';
is_deeply read_user($id, "?excludedAttributes=$D:desks,$D:locker,$D:keys,$D:badge")->{+DESK}, { floor => 'Third' }, 'so does excludedAttributes';
ok !read_user($id, "?excludedAttributes=$D")->{+DESK}, 'a URN alone there as well';
is_deeply read_user($id, "?excludedAttributes=$D")->{schemas}, [CORE, MISC], 'then schemas does not list it';
is read_user($id, "?attributes=$D:hidden")->{+DESK}{hidden}, 'h', 'what is returned on request is, on request';

my $eve = user('eve', DESK, { floor => '1', place => { x => 1.5, secret => 's' } })->{id};
is_deeply read_user($eve, "?attributes=$_")->{+DESK}, { place => { x => 1.5 } }, "what is always returned is, with attributes=$_" for 'userName', "$D:place.x";
is_deeply read_user($eve, "?excludedAttributes=$_")->{+DESK}{place}, { x => 1.5 }, "and with excludedAttributes=$_" for "$D:place", $D, "$D:place.x";
is doc($eve)->{+DESK}{place}{secret}, 's', 'what is never returned is kept';
is_error find("$D:place[secret eq \"s\"]"), 400, 'invalidFilter', qr/unknown attribute/, 'and nothing is found by it in brackets';

# ---- PATCH ----

sub desks { my ($name, $want, @ops) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_resource ops($id, @ops), 200, $name;
    return is_deeply read_user($id)->{+DESK}{desks}, $want, "$name: read back" }
desks('add to a list of strings', ['D1', 'd1', 'D2', 'D3'], op('add', "$D:desks", ['D3', 'D1']));
desks('add a single one', ['D1', 'd1', 'D2', 'D3', 'D4'], op('Add', "$D:desks", 'D4'));
desks('remove one by filter', ['D1', 'd1', 'D3', 'D4'], op('remove', "$D:desks[value eq \"D2\"]"));
desks('remove some by a list', ['d1', 'D4'], op('Remove', "$D:desks", ['D1', 'D3', 'nope']));
desks('replace one by filter', ['D4', 'D5'], op('replace', "$D:desks[value eq \"d1\"]", 'D5'));
desks('replace one that is not there', ['D4', 'D5', 'D6'], op('replace', "$D:desks[value eq \"x\"].value", 'D6'));
desks('replace all', ['E1'], op('replace', "$D:desks", ['E1']));
desks('without path', ['E1', 'E2'], op('add', undef, { $D => { desks => ['E2'] }, "$D:floor" => '4th' }));
is row($id)->{floor}, '4th', 'beside a column';
is_error ops($id, op('remove', "$D:desks", [{ x => 1 }])), 400, 'invalidValue', undef, 'a list that cannot be read removes nothing';
desks('remove the last by filter', undef, op('remove', "$D:desks[value sw \"E\"]"));
ok !exists doc($id)->{$D}{desks}, 'then there is no empty list left';
desks('clear', undef, op('add', "$D:desks", ['x']), op('replace', "$D:desks", []));
is_resource ops($id, op('replace', 'URN:x:y:z', 1), op('replace', "$D:shoe", 1)), 200, 'what is not defined is passed over';
is_resource ops($id, op('replace', "$D:locker.number", 'L-1'), op('replace', "$D:keys[type eq \"front\"].value", 'F2'),
    op('add', "$D:keys", { type => 'side', value => 'S' }), op('replace', "$D.badge", 19), op('remove', MISC . ':remote')), 200, 'all sorts of paths';
is_deeply [@{ row($id) }{qw(locker_no front_key badge_no remote)}], ['L-1', 'F2', 19, undef], 'they have reached the columns';
is_deeply [sort map { $_->{value} } @{ read_user($id)->{$D}{keys} }], ['B1', 'F2', 'S'], 'and the document';
my $events = $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied' AND resource_id = ?}, undef, $id);
is_resource ops($id, op('replace', MISC . ':rating', 4.5), op('replace', MISC . ':since', '2020-02-29T01:00:00+01:00'),
    op('add', MISC . ':numbers', [20])), 200, 'a PATCH that changes nothing';
is $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied' AND resource_id = ?}, undef, $id), $events, 'leaves no event';
is_error ops($id, op('add', "$D:locker.note", 'M'), op('replace', "$D:seniority", 9)), 400, 'mutability', qr/seniority is read-only/,
    'what is readOnly is not changed by PATCH';
is read_user($id)->{$D}{locker}{note}, 'N', 'nor is anything beside it';
is_deeply ops($bob, op('remove', $D), op('remove', MISC))->json->{schemas}, [CORE, MISC], 'remove of a URN; what is readOnly stays';
is_deeply read_user($bob)->{+MISC}, { given => 'by hand' }, 'and only that';
is_resource ops($bob, op('add', "$D:floor", 'first')), 200, 'a path with a URN';
is_deeply read_user($bob)->{schemas}, [CORE, DESK, MISC], 'adds it to schemas';

# ---- PUT ----

$dbh->do('UPDATE public.users SET seniority = 12 WHERE id = ?', undef, $bob);
is_resource put("/Users/$bob", { userName => 'bob', $D => { badge => 3, seniority => 1 }, MISC, { given => 'other' } }, @base), 200, 'PUT';
is_deeply read_user($bob)->{+DESK}, { badge => 3, seniority => 12 }, 'replaces what clients write, and not what the application does';
is_deeply read_user($bob)->{+MISC}, { given => 'by hand' }, 'in the document neither';
is row($bob)->{pin}, undef, 'a PIN that was not there';
is_resource put("/Users/$id", { userName => 'ann', $D => { pin => '9' } }, @base), 200, 'PUT of what is written only';
is row($id)->{pin}, '9', 'is written';
ok !read_user($id)->{+DESK}, 'and is not shown';

# ---- what a column makes of a value ----

# The row has less than what was sent, or something else. An event says what
# the row has, and the same once more is no change: nothing is written.
{
    my $gil = user('gil')->{id};
    my $last = sub { return @{ $dbh->selectrow_arrayref(q{SELECT id, changes FROM scim.events
        WHERE outcome = 'applied' AND resource_id = ? ORDER BY id DESC LIMIT 1}, undef, $_[0]) } };
    my $news = sub { my $c = JSON::PP->new->utf8->decode($_[0]); return { map { $_ => $c->{$_}{new} } keys %$c } };
    my $written = sub { return $dbh->selectrow_array('SELECT xmin, updated_at FROM public.users WHERE id = ?', undef, $_[0]) };
    my %sent = (rating => 4.505, score => -7.25, weight => 0.123456789, mass => '0.12345678901234567891', moved => '2026-01-31T12:00:00.1234567Z',
                seen => '2026-01-31T13:00:00.5+01:00', device => '{0F3F6C5E6D0D4B0A9A535C7B6A6F1B22}', level => '1', remote => 'True');
    my %kept = (rating => 4.51, score => -7.3, weight => 0.12345679, mass => 0.12345678901234568, moved => '2026-01-31T12:00:00.123456Z',
                seen => '2026-01-31T12:00:01Z', device => '0f3f6c5e-6d0d-4b0a-9a53-5c7b6a6f1b22', level => 1, remote => $yes);
    $sent{$_} += 0 for qw(level);
    my $json = sub { my ($value) = @_;      # a number as it is written
        return encode($value) =~ s/"(0\.123[0-9]+)"/$1/r };
    for my $name (sort keys %sent) {
        my $body = $json->({ schemas => [PATCH_OP], Operations => [op('replace', MISC . ":$name", $sent{$name})] });
        is_resource patch("/Users/$gil", $body, @base), 200, "$name: a value";
        my ($event, $changes) = $last->($gil);
        is_deeply $news->($changes), { MISC . ":$name" => $kept{$name} }, "$name: the event says what the row has";
        is_deeply read_user($gil)->{+MISC}{$name}, $kept{$name}, "$name: as it is shown";
        my @before = $written->($gil);
        is_resource patch("/Users/$gil", $body, @base), 200, "$name: the same again";
        is_deeply [($last->($gil))[0], $written->($gil)], [$event, @before], "$name: writes nothing";
    }
    my $body = $json->({ schemas => [PATCH_OP], Operations => [op('replace', 'title', 'T'), map { op('replace', MISC . ":$_", $sent{$_}) } sort keys %sent] });
    is_resource patch("/Users/$gil", $body, @base), 200, 'all of it again, and a title';
    is_deeply $news->(($last->($gil))[1]), { title => 'T' }, 'is a change of the title';
    my ($event, @before) = (($last->($gil))[0], $written->($gil));
    $body = $json->({ userName => 'gil', title => 'T', MISC, \%sent });
    is_resource put("/Users/$gil", $body, @base), 200, 'all of it by PUT';
    is_deeply [($last->($gil))[0], $written->($gil)], [$event, @before], 'writes nothing';

    my $hal = post('/Users', $json->({ userName => 'hal', externalId => 'ext-hal', MISC, \%sent }), @base);
    is_resource $hal, 201, 'all of it by POST';
    my $new = $news->(($last->($hal->json->{id}))[1]);
    is_deeply { map { $_ => $new->{ MISC . ":$_" } } keys %kept }, \%kept, 'the event says what the row has';

    my $nought = '{"schemas":["' . PATCH_OP . '"],"Operations":[{"op":"replace","path":"' . DESK . ':badge","value":-0}]}';
    is_resource patch("/Users/$gil", $nought, @base), 200, 'nought below nought';
    ($event, @before) = (($last->($gil))[0], $written->($gil));
    is_resource patch("/Users/$gil", $nought, @base), 200, 'again';
    is_deeply [($last->($gil))[0], $written->($gil)], [$event, @before], 'is nought: writes nothing';

    is_resource ops($gil, op('replace', MISC . ':nick', 'GIL')), 200, 'what a trigger makes something else of';
    is row($gil)->{nick}, 'gil', 'is that';
    ($event, @before) = (($last->($gil))[0], ($written->($gil))[1]);
    is_resource ops($gil, op('replace', MISC . ':nick', 'Gil')), 200, 'again';
    is_deeply [($last->($gil))[0], ($written->($gil))[1]], [$event, @before], 'is no change to anybody';
}

# ---- what is required ----

my $strict = extra_httpd(cluster => $pg, resource => "ScimAttribute $D:floor floor required\nScimAttribute $D:badge badge_no type=integer\n"
    . "ScimSchema $D required\nScimAttribute urn:example:other:one - required\nScimAttribute urn:example:other:two - multi\n"
    . "ScimAttribute urn:example:other:three - returned=request\n");
my @strict = (base => $strict->base, token => $pg->token(1));
is_deeply [map { [$_->{schema}, $_->{required}] } @{ get('/ResourceTypes/User', @strict)->json->{schemaExtensions} }],
    [[ENT, $no], [DESK, $yes], ['urn:example:other', $no]], 'a required extension is announced';
is_error post('/Users', { userName => 'dan' }, @strict), 400, 'invalidValue', qr/desk:2\.0:User:floor is required/, 'nobody is made without it';
is_error post('/Users', { userName => 'dan', $D => { badge => 77 } }, @strict), 400, 'invalidValue', qr/floor is required/, 'nor with a part of it';
is_error post('/Users', { userName => 'dan', $D => { floor => '1' }, 'urn:example:other', { two => ['x'] } }, @strict), 400, 'invalidValue',
    qr/urn:example:other:one is required/, 'what an optional one requires is required where it is';
my $dan = post('/Users', { userName => 'dan', externalId => 'ext-dan', $D => { floor => '1' } }, @strict);
is_resource $dan, 201, 'with it somebody is';
$dan = $dan->json->{id};
sub strictly { my ($id, @ops) = @_; return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }, @strict) }
is_error strictly($dan, op('remove', "$D:floor")), 400, 'mutability', qr/floor is required/, 'it cannot be removed';
is_error strictly($dan, op('replace', "$D:floor", '')), 400, 'invalidValue', qr/floor is required/, 'nor cleared';
is_error strictly($dan, op('remove', $D)), 400, 'mutability', qr/floor is required/, 'nor with its schema';
is_error put("/Users/$dan", { userName => 'dan' }, @strict), 400, 'invalidValue', qr/floor is required/, 'nor left out of a PUT';
is row($dan)->{floor}, '1', 'it is still there';
is_resource strictly($bob, op('replace', 'active', 'False')), 200, 'who has lacked it before can be deactivated';
is row($bob)->{active}, 0, 'and is';
strictly($bob, op('replace', 'active', 'True'));
is_resource put("/Users/$bob", { %{ get("/Users/$bob", @strict)->json }, active => $no }, @strict), 200, 'W2: by PUT as well';
is row($bob)->{active}, 0, 'W2: and is';
is_error strictly($dan, op('add', 'urn:example:other:two', ['x'])), 400, 'invalidValue', qr/one is required/, 'a PATCH cannot begin an extension without what it requires';
is_resource strictly($dan, op('add', 'urn:example:other:two', ['x']), op('add', 'urn:example:other:one', '1')), 200, 'but with it';
{
    my $other = 'urn:example:other';
    my $body = get("/Users/$dan", @strict)->json;
    is_resource strictly($dan, op('add', "$other:three", 'x')), 200, 'and what is shown on request';
    is_resource put("/Users/$dan", $body, @strict), 200, 'a PUT of what was shown';
    is doc($dan)->{$other}{three}, 'x', 'keeps what was not';
    is_resource put("/Users/$dan", { %$body, $other => undef }, @strict), 200, 'V16: a PUT that does without the whole of it';
    is_deeply [doc($dan)->{$other}, get("/Users/$dan?attributes=$other", @strict)->json->{$other}], [undef, undef], 'V16: takes all of it away';
    is row($dan)->{floor}, '1', 'V16: and nothing else';
}

# ---- what is set once ----

my $once = extra_httpd(cluster => $pg, resource => "ScimAttribute $D:floor floor mutability=immutable\n"
    . "ScimAttribute $D:pass - type=dateTime mutability=immutable\nScimAttribute $D:badge badge_no type=integer\n");
my @once = (base => $once->base, token => $pg->token(1));
sub at_once { my ($id, @ops) = @_; return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }, @once) }
{
    my $fay = post('/Users', { userName => 'fay', externalId => 'ext-fay', $D => { floor => '7' } }, @once)->json->{id};
    is row($fay)->{floor}, '7', 'immutable: set by POST';
    my $stays = sub { my ($res, $what) = @_;
        local $Test::Builder::Level = $Test::Builder::Level + 1;
        is_error $res, 400, 'mutability', qr/cannot be changed once it has a value/, "immutable: $what is refused";
        is_deeply [@{ row($fay) }{qw(floor badge_no)}], ['7', undef], "immutable: $what changes nothing" };
    $stays->(at_once($fay, op('add', "$D:badge", 5), op('replace', "$D:floor", '8')), 'a PATCH');
    $stays->(at_once($fay, op('add', undef, { "$D:floor" => '8', "$D:badge" => 5 })), 'a PATCH without path');
    $stays->(at_once($fay, op('remove', "$D:floor")), 'its removal');
    $stays->(at_once($fay, op('remove', $D)), 'the removal of its schema');
    $stays->(put("/Users/$fay", { userName => 'fay', $D => { floor => '8', badge => 5 } }, @once), 'a PUT');
    is_resource at_once($fay, op('replace', "$D:floor", '7'), op('add', "$D:pass", '2026-01-31T12:00:00Z')), 200,
        'immutable: the same again, and another that was not there';
    is doc($fay)->{$D}{pass}, '2026-01-31T12:00:00Z', 'immutable: which is set';
    is_resource put("/Users/$fay", { userName => 'fay', $D => { badge => 6, pass => '2026-01-31T13:00:00+01:00' } }, @once), 200,
        'immutable: a PUT without it, and with the same instant';
    is_deeply [@{ row($fay) }{qw(floor badge_no)}], ['7', 6], 'immutable: keeps it';
    is doc($fay)->{$D}{pass}, '2026-01-31T12:00:00Z', 'immutable: and the other';
    is_resource at_once($fay, op('replace', 'active', 'False')), 200, 'immutable: deactivated';
    is_error post('/Users', { userName => 'fay', externalId => 'ext-fay', $D => { floor => '8' } }, @once), 400, 'mutability', qr/floor/,
        'immutable: not restored with another';
    is row($fay)->{active}, 0, 'immutable: still inactive';
    is_resource post('/Users', { userName => 'fay', externalId => 'ext-fay', $D => { floor => '7' } }, @once), 201, 'immutable: but with the same';
    is row($fay)->{active}, 1, 'immutable: is active';
}
$once->stop;

# ---- the proof ----

# What the catalog knows and the configuration does not say: one sentence each.
for my $case (
    ["$D:badge badge_no type=string", qr/ScimAttribute $D:badge is of type string, but column "badge_no" is integer; say type=integer$/],
    ["$D:floor floor type=integer", qr/ScimAttribute $D:floor is of type integer, but column "floor" is text; say type=string$/],
    ["$D:x rating type=string", qr/column "rating" is numeric; say type=decimal$/],
    ["$D:x remote type=integer", qr/column "remote" is boolean; say type=boolean$/],
    ["$D:x moved_at caseExact", qr/column "moved_at" is timestamp with time zone; say type=dateTime$/],
    ["$D:x moved_at key=floor_key", qr/column "moved_at" is timestamp with time zone; say type=dateTime$/],
    ["$D:x born", qr/ScimAttribute $D:x needs a column of type timestamp with time zone, but "born" is date; map another one, or ALTER TABLE /],
    ["$D:x woken", qr/ScimAttribute $D:x needs a column of type timestamp with time zone, but "woken" is timestamp without time zone; /],
    ["$D:x face", qr/ScimAttribute $D:x needs a column of type text, but "face" is bytea; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "face" TYPE text USING encode\("face", 'base64'\)$/],
    ["$D:x tags", qr/ScimAttribute $D:x needs a column of type text, but "tags" is text\[\]; /],
    ["$D:x host", qr/ScimAttribute $D:x needs a column of type text, but "host" is inet; /],
    ["$D:x price", qr/ScimAttribute $D:x needs a column of type text, but "price" is money; /],
    ["$D:x device type=integer", qr/column "device" is uuid; say type=string$/],
    ["$D:x colour type=boolean", qr/column "colour" is \S*colour; say type=string$/],
    ["$D:x price type=decimal", qr/ScimAttribute $D:x needs a column of type numeric, but "price" is money; /],
    ["$D:x nowhere", qr/ScimAttribute $D:x names column "nowhere"/],
    ["$D:x floor uniqueness=server", qr/ScimAttribute $D:x must be unique within an organisation, but no index sees to it; CREATE UNIQUE INDEX ON "public"\."users" \("organisation_id", lower\("floor"\)\) WHERE "deleted_at" IS NULL$/],
    ["$D:x badge_no type=integer uniqueness=global", qr/ScimAttribute $D:x must be unique over all organisations, but no index sees to it; CREATE UNIQUE INDEX ON "public"\."users" \("badge_no"\) WHERE "deleted_at" IS NULL$/],
    ["$D:x seniority type=integer", qr/role "mod_scim" may not (?:INSERT|UPDATE) column "seniority"; GRANT/],
) {
    my ($line, $sentence) = @$case;
    my $wrong = extra_httpd(cluster => $pg, resource => "ScimAttribute $line\n");
    expect_log(qr/SCIM0010: /);
    is_error get('/Users', base => $wrong->base, token => $pg->token(1)), 500, undef, undef, "$line: 500";
    ok scalar(grep { $_ =~ $sentence } log_lines_since($wrong)), "$line: the sentence" or diag $wrong->error_log;
    $wrong->stop;
}

# ---- types and uniqueness that the catalog tells ----

{
    my $open = extra_httpd(cluster => $pg, resource => join '', map { "ScimAttribute $D:$_->[0]\n" } (
        ['a badge_no'], ['b rating'], ['c remote'], ['d moved_at'], ['e device'], ['f colour'], ['g floor'], ['h locker_no'],
        ['i.j seniority mutability=readOnly'], ['k "front_key IS NULL" type=boolean'], ['l "moved_by IS NULL"'], ['m -'], ['n pin canonical="x y"']));
    $dbh->do('ALTER TABLE public.users ADD moved_by timestamptz');
    $dbh->do('GRANT SELECT (moved_by), INSERT (moved_by), UPDATE (moved_by) ON public.users TO mod_scim');
    $dbh->do('ALTER TABLE public.users ALTER front_key TYPE timestamptz USING NULL');
    my @there = (base => $open->base, token => $pg->token(1));
    my %attr = map { $_->{name} => $_ } @{ get("/Schemas/$D", @there)->json->{attributes} };
    $attr{'i.j'} = $attr{i}{subAttributes}[0];
    is_deeply { map { $_ => $attr{$_}{type} } keys %attr }, { a => 'integer', b => 'decimal', c => 'boolean', d => 'dateTime',
        e => 'string', f => 'string', g => 'string', h => 'string', i => 'complex', 'i.j' => 'integer', k => 'boolean', l => 'boolean',
        m => 'string', n => 'string' }, 'the very first request: each attribute has the type of its column';
    is_deeply { map { $_ => $attr{$_}{uniqueness} } qw(a b i.j m) }, { a => 'server', b => 'none', 'i.j' => 'none', m => 'none' },
        'and is unique where an index sees to it';
    my %desk = (a => 4711, b => 1.5, c => json_true, d => '2026-01-31T12:00:00Z', f => 'red', g => 'Third', l => json_true);
    my $res = post('/Users', { userName => uniq('open'), $D => \%desk }, @there);
    is_resource $res, 201, 'values of these types are taken';
    is_deeply { map { $_ => $res->json->{$D}{$_} } keys %desk }, \%desk, 'and shown as what they are';
    is_deeply [@{ row($res->json->{id}) }{qw(badge_no rating remote floor)}], [4711, '1.50', 1, 'Third'], 'and kept';
    is_error post('/Users', { userName => uniq('open'), $D => { $_->[0] => $_->[1] } }, @there), 400, 'invalidValue', undef, "not taken: $_->[0] $_->[1]"
        for ['a', 'x'], ['b', 'x'], ['c', 'maybe'], ['d', 'noon'];
    for my $case (['a', 2147483648, 'integer'], ['b', 99999.99, 'numeric'], ['e', 'xx', 'uuid'], ['f', 'blue', 'colour']) {
        my ($name, $value, $type) = @$case;
        my $detail = qr/\Q$D:$name "$value" does not fit the application's column of type \E\S*$type/;
        my $before = row($res->json->{id});
        is_error post('/Users', { userName => uniq('open'), $D => { $name => $value } }, @there), 400, 'invalidValue', $detail,
            "what does not fit a column is named: $name $value";
        is_error patch('/Users/' . $res->json->{id}, { Operations => [{ op => 'replace', path => "$D:$name", value => $value }] }, @there),
            400, 'invalidValue', $detail, "by PATCH, too: $name";
        is_deeply row($res->json->{id}), $before, "and nothing has changed: $name";
    }
    is_error post('/Users', { userName => uniq('open'), $D => { a => 4711 } }, @there), 409, 'uniqueness', qr/a "4711" is used by another account/,
        'the index is at work';
    my $get = sub { get('/Users?filter=' . ($_[0] =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), @there) };
    is_list $get->("$D:$_"), 1, "found by it: $_" for 'a gt 4710', 'a eq 4711', 'b lt 1.75 and userName sw "open"', 'c eq true',
        'd le "2026-01-31T13:00:00+01:00"', 'f eq "RED"', 'g sw "th" and userName sw "open"';
    is_error $get->("$D:$_"), 400, 'invalidFilter', undef, "not asked: $_" for 'a co "4"', 'c gt true', 'd eq "noon"';

    # The application changes its mind.
    my $as_text = sub {
        $dbh->do($_) for 'ALTER TABLE public.users ALTER rating TYPE text', 'CREATE UNIQUE INDEX tentative ON public.users (organisation_id, floor) WHERE rating IS NOT NULL',
            q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mod_scim'};
        $dbh->do('SELECT pg_stat_clear_snapshot()');
    };
    my $type = sub { my $res = get("/Schemas/$D", @there); return $res->code if $res->code != 200;
        return join ' ', map { "$_->{name}=$_->{type},$_->{uniqueness}" } grep { $_->{name} =~ /^[bg]$/ } @{ $res->json->{attributes} } };
    is $type->(), 'b=decimal,none g=string,none', 'before';
    $as_text->();
    # each child may say once that it has to look again
    my @said;
    wait_until(20, sub { @said = map { $type->() } 1 .. 8; !grep { $_ ne 'b=string,none g=string,server' } @said });
    is_deeply \@said, [('b=string,none g=string,server') x 8], 'after another type and an index: everybody knows, without a restart';
    my $text = sub { patch('/Users/' . $res->json->{id}, { Operations => [{ op => 'replace', path => "$D:b", value => 'two' }] }, @there)->code };
    my $code = $text->();
    $code = $text->() if $code == 503;
    is $code, 200, 'a text is taken now';
    is row($res->json->{id})->{rating}, 'two', 'and kept';

    # the same under connections that have not written yet
    $dbh->do('DROP INDEX public.tentative');
    $open->graceful;
    get('/Users?count=1', @there) for 1 .. 8;
    $dbh->do('ALTER TABLE public.users ALTER rating TYPE numeric(6, 2) USING NULL');
    my %answer;
    ok wait_until(20, sub { my $res = $text->(); $answer{$res}++; $res == 400 }), 'back to a number: a text is refused before long'
        or diag explain \%answer;
    is_deeply [grep { !/^(?:503|400)$/ } keys %answer], [], 'until then 503' or diag explain \%answer;
    my $set = sub { patch('/Users/' . $res->json->{id}, { Operations => [{ op => 'replace', path => "$D:b", value => 2.5 }] }, @there)->code };
    ok wait_until(20, sub { $set->() == 200 }), 'and a number is taken';
    is row($res->json->{id})->{rating}, '2.50', 'and kept';
    $open->stop;
    $dbh->do($_) for q{DELETE FROM public.users WHERE username LIKE 'open%'}, 'ALTER TABLE public.users ALTER front_key TYPE text';
}

# Discovery without a token is what the catalog says, too: asked once, when
# nobody else has asked before; without a database nobody knows.
{
    my ($public, $relay) = extra_httpd(cluster => $pg, relay => 1, location => "ScimPublicDiscovery on\n",
        conf => "StartServers 1\nServerLimit 1\nScimTimeout 1s\n", resource => "ScimAttribute $D:badge badge_no\n");
    my @anybody = (base => $public->base, token => undef);
    my $badge = sub { my ($attr) = grep { $_->{name} eq 'badge' } @{ get("/Schemas/$D", @anybody)->json->{attributes} || [] }; return "$attr->{type} $attr->{uniqueness}" };
    $relay->mode('refuse');
    expect_log(qr/\[scim:error\]/);
    for my $target ('/Schemas', "/Schemas/$D", '/ResourceTypes', '/ServiceProviderConfig') {
        my $res = get($target, @anybody);
        is_error $res, 503, undef, undef, "public discovery before the database was ever reached: $target";
        ok $res->header('Retry-After'), 'says when to come back';
    }
    $relay->mode('pass');
    is $badge->(), 'integer server', 'public discovery as the first request';
    $relay->reset_counts;
    is $badge->(), 'integer server', 'and the second';
    is $relay->counts->{statements}, 0, 'asks nobody any more';
    $relay->mode('refuse');
    $relay->reset_connections;
    is $badge->(), 'integer server', 'nor does it need the database any more';
    $public->stop;
    $relay->stop;
}

# The SQL of a sentence, taken at its word.
$dbh->do('CREATE UNIQUE INDEX ON public.users (badge_no) WHERE deleted_at IS NULL');
$dbh->do("UPDATE public.users SET floor = 'x' WHERE floor IS NULL");
$dbh->do('ALTER TABLE public.users ALTER COLUMN floor SET NOT NULL');
my $proven = extra_httpd(cluster => $pg, resource => "ScimAttribute $D:badge badge_no type=integer uniqueness=global\n"
    . "ScimAttribute $D:floor floor required\nScimSchema $D required\n");
is_list get('/Users', base => $proven->base, token => $pg->token(1)), undef,
    'a column that must not be NULL is filled by what is required';
is_error post('/Users', { userName => uniq('x'), $D => { floor => '1', badge => 3 } }, base => $proven->base, token => $pg->token(2)),
    409, 'uniqueness', qr/badge "3" is used by another account/, 'unique over all organisations';

# ---- the example of docs/database.md, to the letter ----

{
    my ($section) = slurp(top() . '/docs/database.md') =~ /^### A schema of your own, for example\n(.*?)^## /ms;
    my @blocks = $section =~ /((?:^    .*\n)+)/mg;
    is scalar(@blocks), 2, 'the example has SQL and directives';
    $dbh->do("CREATE DATABASE example TEMPLATE template0");
    $pg->psql('-d', 'example', '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
    my $own = $pg->dbh(dbname => 'example');
    my $token = ScimTest::Seed::seed($own)->{1};
    $own->do($_) for split /;\n/, $blocks[0];
    my $example = extra_httpd(cluster => $pg, conninfo => $pg->conninfo(dbname => 'example'), resource => $blocks[1]);
    my $urn = 'urn:example:desk:2.0:User';
    my %desk = (floor => 'Third', badge => 7, desks => ['a', 'b']);
    my $res = post('/Users', { userName => 'u', $urn => \%desk }, base => $example->base, token => $token);
    is_resource $res, 201, 'with it somebody can be created';
    is_deeply $res->json->{$urn}, \%desk, 'who has what it says';
    is_deeply $own->selectrow_arrayref('SELECT floor, badge_no, scim_extra #>> ? FROM public.users WHERE username = ?', undef,
        "{$urn,desks}", 'u'), ['Third', 7, '["a", "b"]'], 'where it says';
    is_error post('/Users', { userName => 'v', $urn => { badge => 7 } }, base => $example->base, token => $token), 409, 'uniqueness',
        qr/badge "7"/, 'and the badge is unique';
}

done_testing;
