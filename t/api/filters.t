# Filters: who is found by which. A filter that cannot be evaluated is an error,
# never an empty list and never everybody.
use ScimTest;

scim_reset();
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

sub enc {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/gear;
}

my %tag;        # id => short name

sub add {
    my ($tag, @attr) = @_;
    my $user = new_user(@attr);
    $tag{ $user->{id} } = $tag;
    return $user;
}

sub found {
    my ($query) = @_;
    my $res = get("/Users?count=500&filter=$query");
    return $res->code . ': ' . $res->content if $res->code != 200;
    my $json = $res->json;
    my $names = join ' ', sort map { $tag{ $_->{id} } // "($_->{userName})" } @{ $json->{Resources} };
    my $n = @{ $json->{Resources} };
    return $json->{totalResults} == $n ? $names : "totalResults is $json->{totalResults}, not $n";
}

sub finds {
    my ($rule, $filter, $want) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is found(enc($filter)), $want, "$rule: $filter";
}

my ($megan) = db()->selectrow_array(
    "SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
$tag{$megan} = 'megan';                 # Megan Bowen, admin@contoso.com, not from SCIM
my $adele = add(adele => userName => 'Adele.Vance@Contoso.com', externalId => 'E-1',
    displayName => 'Adele Vance', title => 'Engineer', name => { givenName => 'Adele',
    familyName => 'Vance' },
    emails => [{ type => 'work', value => 'Adele@Work.example', primary => json_true },
               { type => 'home', value => 'adele@home.example' }],
    phoneNumbers => [{ type => 'mobile', value => '+49 170 1' },
    { type => 'work', value => '+49 30 2' }],
    roles => [{ value => 'lead', primary => json_true }],
    addresses => [{ type => 'work', locality => 'Köln' }],
    $ENT => { department => 'Sales', employeeNumber => 'N-1', manager => { value => '77' } });
add(alex => userName => 'alex@contoso.com', externalId => 'e-1', displayName => 'Alex',
    active => json_false,
    title => 'Accountant', emails => [{ type => 'work', value => 'alex@work.example' }],
    $ENT => { department => 'R&D' });
my $plain = add(plain => userName => 'plain', externalId => undef);
my $time = $plain->{meta}{lastModified};

# ---- F1: spelling ----

finds 'F1: case and blanks do not matter', $_, 'adele' for
    'userName eq "adele.vance@contoso.com"', 'USERNAME EQ "adele.vance@contoso.com"',
        'username Eq "adele.vance@contoso.com"',
    '  userName   eq   "adele.vance@contoso.com"  ', '(userName eq "adele.vance@contoso.com")',
    '( ( userName eq "adele.vance@contoso.com" ) )', 'displayname sW "adele"', 'TITLE CO "gin"',
    'EMAILS[TYPE EQ "work" AND VALUE EQ "adele@work.example"]', 'emails[ type eq "home" ]',
    'Emails.Value Eq "adele@home.example"',
    'userName Sw "adele" AND active Eq true', 'userName sw "adele" aNd NOT (title eq "x")',
    'userName sw "adele" Or title eq "x"',
    'userName sw "adele" and not(title eq "x")', uc($CORE)
    . ':USERNAME eq "adele.vance@contoso.com"',
    uc($ENT) . ':Department eq "Sales"', 'name.GIVENNAME eq "Adele"',
    'title PR and userName sw "ade"';

# ---- F2: what must be supported ----

finds 'F2: a user is found by any attribute', $_, 'adele' for
    'externalId eq "E-1"', "id eq \"$adele->{id}\"", 'displayName eq "Adele Vance"',
    'emails eq "adele@work.example"', 'emails.value eq "adele@work.example"',
    'emails[value eq "adele@work.example"]',
    'emails[type eq "work"].value eq "adele@work.example"',
    'emails[type eq "work" and value eq "adele@work.example"]',
    'emails[value eq "adele@work.example" and type eq "work"]',
    "$CORE:emails.value eq \"adele\@work.example\"",
    "$CORE:emails[type eq \"work\"].value eq \"adele\@work.example\"",
    'emails[type eq "work" and primary eq true].value eq "adele@work.example"',
    'emails eq "adele@home.example"', 'emails.value eq "adele@home.example"',
    'emails.type eq "home"',
    'emails[type eq "home"].value eq "adele@home.example"',
    'emails[type eq "home" and value sw "adele"]',
    "$CORE:externalId eq \"E-1\"", "$CORE:name.familyName eq \"Vance\"",
    "$ENT:department eq \"Sales\"",
    "$ENT:employeeNumber eq \"N-1\"", "$ENT:manager.value eq \"77\"", "$ENT:manager pr",
    'userName sw "adele" and active eq true and externalId eq "E-1" and emails.value eq "adele@home.example"',
    'title eq "Engineer"', 'phoneNumbers.value eq "+49 170 1"',
    'phoneNumbers[type eq "mobile"].value eq "+49 170 1"',
    'phoneNumbers[type eq "mobile" and value sw "+49 1"]', 'roles.value eq "lead"',
    'roles[value eq "lead" and primary eq true]',
    'roles[primary eq "True"].value eq "lead"', 'addresses[type eq "work"].locality eq "Köln"',
    'addresses.locality co "öl"',
    'name.familyName co "anc"', 'title ge "B" and title lt "F"', 'title gt "Accountant"',
    'not (title le "B") and title pr';

for my $case (
    ['active eq true',                                              'adele megan plain'],
    ['active eq false',                                             'alex'],
    ['active eq "False"',                                           'alex'],
    ['active ne true',                                              'alex'],
    ['active pr',                                                   'adele alex megan plain'],
    ['title pr',                                                    'adele alex'],
    ['not (title pr)',                                              'megan plain'],
    ['emails pr',                                                   'adele alex megan'],
    ['not (emails pr)',                                             'plain'],
    ['emails[type eq "work"]',                                      'adele alex megan'],
    ['emails.value co "@work."',                                    'adele alex'],
    ['emails[type eq "work" and not (value sw "alex")]',            'adele megan'],
    ['emails[type eq "work" and (value sw "alex" or value sw "adele")]', 'adele alex'],
    ['externalId pr',                                               'adele alex'],
    ['not (externalId pr)',                                         'megan plain'],
    ['userName ne "plain"',                                         'adele alex megan'],
    ['userName co "CONTOSO"',                                       'adele alex megan'],
    ['userName ew ".com"',                                          'adele alex megan'],
    ['userName sw "a" and userName ew "m"',                         'adele alex megan'],
    ['name.givenName sw "me" or title eq "Accountant"',             'alex megan'],
    ['active eq false or title eq "Engineer" and userName sw "plain"', 'alex'],
    ['(active eq false or title eq "Engineer") and userName sw "ad"', 'adele'],
    ['not (active eq true) or userName eq "plain"',                 'alex plain'],
    ['not (active eq true or userName eq "plain")',                 'alex'],
    ['not (not (active eq true))',                                  'adele megan plain'],
    ["$ENT:department sw \"R\"",                                    'alex'],
    ['meta.lastModified gt "2020-01-01T00:00:00Z"',                 'adele alex megan plain'],
    ['meta.lastModified lt "2020-01-01T00:00:00Z"',                 ''],
    ['meta.created ge "2020-01-01T01:00:00.123+02:00"',             'adele alex megan plain'],
    ['meta.lastModified le "2999-12-31T23:59:59-05:00" and active eq false', 'alex'],
    ["meta.lastModified ge \"$time\" and externalId eq \"nobody\"", ''],
) {
    finds 'F2: operators and their order', @$case;
}
is found(enc("meta.lastModified ge \"$time\" and userName eq \"plain\"")), 'plain',
    'F2: a user is not older than its own lastModified';
is found(enc("meta.lastModified le \"$time\" and userName eq \"plain\"")), 'plain',
    'F2: and not newer';
db()->do("UPDATE public.users SET last_name = 'Moved' WHERE id = ?", undef, $plain->{id});
is found(enc("meta.lastModified gt \"$time\"")), 'plain',
    'F2: what the application changed is found by its date';
finds 'F2: and by its new value', 'name.familyName eq "moved"', 'plain';

# What the application left empty is not there, in a column or in the document.
db()->do(q{UPDATE public.users SET email = '', first_name = '', scim_extra = scim_extra
           || '{"title": "", "nickName": null, "roles": [], "phoneNumbers": [{}]}' WHERE id = ?}, undef, $plain->{id});
finds 'F2: nothing is present that is empty', "userName eq \"plain\" and $_ pr", ''
    for qw(emails emails.value name.givenName title nickName roles phoneNumbers), "$ENT:department";
finds 'F2: but absent', "userName eq \"plain\" and not ($_ pr)", 'plain'
    for qw(emails emails.value name.givenName title nickName roles phoneNumbers), "$ENT:department";
db()->do('UPDATE public.users SET email = NULL, first_name = NULL, scim_extra = ? WHERE id = ?', undef, '{}', $plain->{id});

# A value path speaks of one element, not of all together.
finds 'F2: a value path is about one element', $_, '' for
    'emails[type eq "work"].value eq "adele@home.example"',
        'emails[type eq "home" and value eq "adele@work.example"]',
    'emails[type eq "home" and value eq "alex@work.example"]',
    'phoneNumbers[type eq "work" and value eq "+49 170 1"]',
    'phoneNumbers[type eq "work"].value eq "+49 170 1"',
    'roles[value eq "lead" and primary eq false]',
    'addresses[type eq "home"].locality eq "Köln"', 'emails[type eq "other"]';

# where primary is missing it is false
finds('F2', $_, 'adele') for
    'emails[value eq "adele@home.example" and primary eq false]', 'emails[type eq "home" and primary ne true].value sw "adele@h"',
    'userName eq "adele.vance@contoso.com" and emails.primary eq false';
finds('F2', $_, '') for
    'emails[value eq "adele@home.example" and primary ne false]',
    'userName eq "adele.vance@contoso.com" and phoneNumbers.primary eq true';

# ---- F3: values ----

finds 'F3: a word without quotes', $_, 'plain'
    for 'userName eq plain', 'userName eq PLAIN', '(userName eq plain)',
    'userName eq plain and active eq True';
finds 'F3: values in both spellings', $_, 'adele' for
    'externalId eq E-1', 'userName eq adele.vance@contoso.com',
        'displayName eq "Adele Vance" and emails.value eq adele@work.example',
    'userName eq "adele.vance\u0040contoso.com"', 'addresses.locality eq "K\u00f6ln"';
finds 'F3: a date without quotes', 'meta.lastModified gt 2020-01-01T00:00:00Z',
    'adele alex megan plain';

add(quote => userName => 'quo"te@contoso.com');
add(back => userName => 'back\slash@contoso.com');
add(paren => userName => 'a) b (c');
finds 'F3: quotes within quotes', $_, 'quote' for
    'userName eq "quo\"te@contoso.com"', 'userName eq "quo"te@contoso.com"',
        'userName eq "quo"te@contoso.com" and active eq true',
    '(userName eq "quo"te@contoso.com")', 'active eq true and userName eq "QUO"te@contoso.com"',
    'userName co "quo\"t"';
finds 'F3: a backslash, escaped or not', $_, 'back'
    for 'userName eq "back\\\\slash@contoso.com"', 'userName eq "back\slash@contoso.com"',
    'userName co "k\\\\s"';
finds 'F3: a parenthesis within quotes', 'userName eq "a) b (c"', 'paren';
is found('userName+eq+"quo"te@contoso.com"'), 'quote',
    'F3: quotes within quotes, all of them raw in the URL';

# ---- F4: comparison ----

my %literal = (
    apostrophe => "o'hara\@contoso.com", umlaut => 'Müller@contoso.com',
        greek => 'ΣΊΣΥΦΟΣ@contoso.com',
    clef => "\x{1D11E}clef\@contoso.com", low => 'a_b@contoso.com', axb => 'axb@contoso.com',
    wild => '100%wild',
    zwild => '100Zwild', hash => 'a#b&c;d@contoso.com', sql => "x'); DROP TABLE users; --",
    star => 'st*r?@contoso.com',
    dollar => '$1${x}%s%n', brackets => '[a-z]{2}', cyrillic => 'Жанна@contoso.com',
);
add($_ => userName => $literal{$_}, displayName => "D $literal{$_}",
    externalId => "x $literal{$_}", title => $literal{$_})
    for sort keys %literal;
for my $tag (sort keys %literal) {
    my $json = encode($literal{$tag});
    utf8::decode($json);
    my $other = encode(uc $literal{$tag});
    utf8::decode($other);
    finds 'F4: each character is only itself', "userName eq $json", $tag;
    finds 'F4: each character is only itself', "displayName eq " . $json =~ s/^"/"D /r, $tag;
    finds 'F4: each character is only itself', "externalId eq " . $json =~ s/^"/"x /r, $tag;
    finds 'F4: each character is only itself', "title eq $json", $tag;
    finds 'F4: each character is only itself', "title co $json", $tag;
    finds 'F4: each character is only itself', "userName sw $json", $tag;
    finds 'F4: userName in capitals', "userName eq $other", $tag;
}
finds 'F4: caseless but for id and externalId, and no patterns', @$_ for
    ['userName eq "MÜLLER@CONTOSO.COM"', 'umlaut'], ['userName eq "жанна@contoso.com"', 'cyrillic'],
    ['userName eq "ADELE.VANCE@CONTOSO.COM"', 'adele'], ['emails.value eq "ADELE@WORK.EXAMPLE"', 'adele'],
    ['emails[type eq "work"].value eq "ADELE@work.example"', 'adele'],
        ['emails[type eq "home" and value eq "ADELE@HOME.example"]', 'adele'],
    ['displayName eq "ADELE VANCE"', 'adele'], ['title eq "ENGINEER"', 'adele'], ['name.familyName eq "VANCE"', 'adele'],
    ['externalId eq "e-1"', 'alex'], ['externalId eq "E-1"', 'adele'], ['externalId sw "E-"', 'adele'],
    ['userName eq "adele.vance@contoso.com "', ''], ['userName eq ""', ''], ['userName eq "a_b"', ''],
    ['userName co "_b@"', 'low'], ['userName sw "100%"', 'wild'], ['userName sw "100"', 'wild zwild'], ['userName co "%w"', 'wild'],
    ['title co "%"', 'dollar wild'], ['title co "_"', 'low'], ['title ew "?@contoso.com"', 'star'], ['title co "*"', 'star'];
for my $id ("0$adele->{id}", 'abc', '9' x 20, '-1', "$adele->{id} ", "'", '1.0', '', 'é') {
    finds 'F4: an id is compared exactly', "id eq \"$id\"", '';
}

# ---- what every answer has ----

finds 'F2: is present', "userName eq \"plain\" and $_", 'plain'
    for 'id pr', 'meta pr', 'meta.version pr', 'meta.location pr', 'meta.resourceType pr', 'schemas pr', 'meta[version pr]',
        'meta.version ne null';
finds 'F2: and never absent', "userName eq \"plain\" and $_", ''
    for 'not (schemas pr)', 'meta.location eq null', 'meta[not (version pr)]';

# ---- F6: what cannot be evaluated ----

for my $case (
    ['an unknown attribute', qr/nosuch/i, 'nosuch eq "x"', 'nosuch pr', 'not (nosuch pr)', 'name.nosuch eq "x"',
        'emails.nosuch eq "x"', 'emails[nosuch eq "x"]', 'emails[type eq "work"].nosuch eq "x"',
        'userName eq "plain" or nosuch eq "x"',
        'userName eq "plain" and nosuch eq "x"', 'nosuch[type eq "x"]', "$ENT:nosuch eq \"x\"",
        "$CORE:nosuch eq \"x\"",
        'urn:nosuch:2.0:User:title eq "x"', 'userName.nosuch eq "x"'],
    ['what nobody may ask', qr/password/i, 'password eq "!"', 'password pr', 'password sw "$"', 'userName eq "x" or password pr',
        'password_hash pr'],
    ['a column', undef, 'username_key eq "plain"', 'organisation_id eq "1"', 'deleted_at pr',
        'role eq "admin"', 'api_access eq true',
        'scim_extra pr'],
    ['bad grammar', undef, 'userName', 'userName eq', 'eq "x"', '"x" eq userName', 'userName = "x"', 'userName like "x"',
        'userName eqx "x"', '(userName eq "x"', 'userName eq "x")', '()', 'userName eq "x" and',
        'and userName eq "x"',
        'userName pr or or userName pr', 'userName pr userName pr', 'not', 'not ()',
        'userName eq "x" garbage',
        'emails[', 'emails[]', 'emails[type eq "work"', 'emails[type eq "work"].',
        'emails[type eq "work"]]', 'emails]type eq "work"[',
        'userName eq [1]', 'userName eq {"a":1}', '.userName eq "x"', 'userName. eq "x"',
        'userName eq "x" && active eq true',
        'userName eq "x"; DROP TABLE users', 'userName pr "x"', '*', '1 eq 1', "'a' eq 'a'",
        'true', ':', "$ENT eq"],
    ['quotes that do not end', undef, 'userName eq "x', 'userName eq "', 'userName eq "\\', 'emails[type eq "work].value eq "x'],
    ['types that do not fit', undef, 'active gt true', 'active eq "maybe"', 'active co "t"', 'meta.lastModified gt "yesterday"',
        'meta.lastModified eq true', 'meta.lastModified gt "2026-13-45T99:00:00Z"',
        'userName[type eq "x"]', 'active.value eq true'],
) {
    my ($what, $detail, @filter) = @$case;
    is_error get('/Users?filter=' . enc($_)), 400, 'invalidFilter', $detail, "F6: $what: $_"
        for @filter;
}
is_error get('/Users?filter=' . enc($_)), 400, 'invalidFilter', qr/\d|frob/,
    "F6: the detail points at the place: $_"
    for 'userName frob "x"', 'userName eq "x" and (active eq true', 'userName eq "x" frob';
is_error get("/Users?$_"), 400, 'invalidFilter', qr/^filter is empty$/, "F6: $_ is no filter"
    for 'filter', 'filter=', 'filter=+', 'filter&count=1', 'count=1&filter';
is_error get("/Users?filter=userName+eq+%22$_%22"), 400, 'invalidFilter', undef,
    "F6: $_ in a value is no text"
    for '%FF', '%C3', '%C0%80', '%ED%A0%80', '%F8%88%80%80%80', 'a%00b';

# Depth and length have an end, and it is not a crash.
for my $case (
    ['3,000 parentheses',           '(' x 3000 . 'active+eq+true' . ')' x 3000],
    ['3,000 open parentheses',      '(' x 3000],
    ['1,000 times not',             'not(' x 1000 . 'active+eq+true' . ')' x 1000],
    ['3,000 brackets',              'emails' . '[' x 3000],
) {
    is_error get("/Users?filter=$case->[1]"), 400, 'invalidFilter', undef, "F6: $case->[0]";
}
# What may be answered either way, but never by a fault or by everybody.
for my $filter ((join ' or ', map { "id eq $_" } 900_000 .. 900_200), 'title eq 5',
                'title eq null', 'active sw true', 'id co "x"', 'id sw "x"', 'id gt "y"',
                'meta.lastModified co "x-y"', 'meta.resourceType eq "Group"', 'schemas eq "urn:x"',
                'groups.value eq "1"',
                'groups eq "1"', 'emails[type eq "x"].value.x eq "1"', 'name eq "x"',
                'meta eq "x"') {
    my $res = get('/Users?filter=' . enc($filter));
    my $name = 'F6: answered or refused: ' . substr $filter, 0, 60;
    if ($res->code == 200 && $filter ne 'id gt "y"') { is_list $res,
        $filter eq 'title eq null' ? undef : 0, $name }
    elsif ($res->code == 200)                        { is_list $res, undef, $name }
    else { is_error $res, 400, 'invalidFilter', undef, $name }
}
is_error get('/Users/' . $adele->{id} . '/x?filter=id+pr'), 404, undef, undef,
    'F6: an unknown path stays unknown with a filter';
is db()->selectrow_array('SELECT count(*) FROM public.users WHERE organisation_id = 1'),
    scalar(keys %tag),
    'F6: after all of this everybody is still there';

done_testing;
