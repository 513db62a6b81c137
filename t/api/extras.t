# Attributes without a column: all of the core User and of the enterprise
# extension can be kept in the one JSON column, and without that column none is.
use ScimTest;

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub op {
    my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (),
             @value ? (value => $value[0]) : () };
}

sub ops {
    my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops });
}

sub read_user { return get("/Users/$_[0]")->json }
sub find { my ($filter, @opt) = @_;
    utf8::encode($filter);
    return get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), @opt) }

# Lists in an order that does not depend on the server.
sub plain {
    my ($user) = @_;
    my %copy = map { $_ => ref $user->{$_} eq 'ARRAY'
        ? [sort { encode($a) cmp encode($b) } @{ $user->{$_} }] : $user->{$_} } keys %$user;
    delete $copy{meta};
    return \%copy;
}

my $yes = json_true();

# Every attribute of both schemas that a client may write and read.
sub everything {
    my ($v) = @_;
    return (
        userName => uniq($v) . '@contoso.com', externalId => uniq("ext-$v"), active => $yes,
        name => { formatted => "Dr. Ann M. Lee $v", familyName => "Lee $v", givenName => "Ann $v", middleName => "M $v",
                  honorificPrefix => "Dr. $v", honorificSuffix => "III $v" },
        displayName => "Ann Lee $v", nickName => "Annie $v", profileUrl => "https://contoso.example/ann/$v",
        title => "Vice President $v", userType => "Employee $v", preferredLanguage => "de-CH-$v",
        locale => "en-US-$v", timezone => "Europe/Zurich $v",
        emails => [{ type => 'work', value => "ann.$v\@contoso.com", display => "Work $v", primary => $yes },
                   { type => 'home', value => "ann.$v\@home.example", display => "Home $v" },
                   { type => 'other', value => "ann.$v\@other.example" }],
        phoneNumbers => [map { { type => $_, value => "+41 31 $_ $v", display => "$_ $v",
                                 $_ eq 'mobile' ? (primary => $yes) : () } } qw(work home mobile fax pager other)],
        ims => [map { { type => $_, value => "$_.$v", display => "D $v", $_ eq 'xmpp' ? (primary => $yes) : () } } qw(aim xmpp)],
        photos => [{ type => 'photo', value => "https://contoso.example/p/$v", display => "P $v", primary => $yes },
                   { type => 'thumbnail', value => "https://contoso.example/t/$v" }],
        addresses => [{ type => 'work', formatted => "1 Main St\nBern $v", streetAddress => "1 Main St $v",
                        locality => "Bern $v", region => "BE $v", postalCode => "3000 $v", country => 'CH', primary => $yes },
                      { type => 'home', streetAddress => "2 Side St $v", locality => "Rome $v" }],
        entitlements => [{ value => "E5 $v", display => "Licence $v", type => 'licence', primary => $yes },
                         { value => "F1 $v" }],
        roles => [{ value => "editor $v", display => "Editor $v", type => 'app', primary => $yes },
                  { value => "reader $v" }],
        x509Certificates => [{ value => 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVM=',
                               display => "C $v", type => 'tls', primary => $yes }],
        ENT, { employeeNumber => "4711 $v", costCenter => "C $v", organization => "O $v", division => "V $v",
               department => "D $v", manager => { value => "boss $v" } },
    );
}

sub is_everything {
    my ($got, $want, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $got = plain($got);
    my %want = (%{ plain($want) }, id => $got->{id}, schemas => [sort { $a cmp $b } CORE, ENT]);
    delete @{ $got->{+ENT}{manager} }{qw($ref displayName)} if ref $got->{+ENT} && ref $got->{+ENT}{manager};
    return is_deeply $got, \%want, $name;
}

# ---- POST with all, and back ----

my %all = everything('a');
my $res = post('/Users', { schemas => [CORE, ENT], %all });
is_resource $res, 201, 'R3: a user with every attribute';
my $id = $res->json->{id};
is_everything($res->json, \%all, 'R3: the answer has them as they were sent');
is_everything(read_user($id), \%all, 'R3: so has GET');
is_everything(find("id eq \"$id\"")->json->{Resources}[0], \%all, 'R3: and a list');
my $extra = JSON::PP->new->utf8->decode(do { my $t = row_of($id)->{scim_extra}; utf8::encode($t) if utf8::is_utf8($t); $t });
for my $mapped (qw(userName externalId active id meta schemas)) {
    ok !exists $extra->{$mapped}, "R3: $mapped has a column and is not in the extras";
}
is_deeply [sort keys %{ $extra->{name} || {} }], [sort qw(formatted middleName honorificPrefix honorificSuffix)],
    'R3: of the name only the parts without a column are';

# Nothing is known of the use of an address without a type: it is none of the mapped one.
{
    my @untyped = ({ primary => json_true, value => 'untyped@contoso.com' });
    my $user = new_user(emails => \@untyped);
    is_deeply $user->{emails}, \@untyped, 'R3: an address without a type stays without';
    $res = put("/Users/$user->{id}", { userName => $user->{userName}, emails => \@untyped, title => 'CEO' });
    is_deeply $res->json->{emails}, \@untyped, 'R3: so it does in a PUT';
    is_deeply read_user($user->{id})->{emails}, \@untyped, 'R3: and is read so';
    is row_of($user->{id})->{email}, undef, 'R3: the column of the work address has nothing of it';
    is_list find('emails.value eq "untyped@contoso.com"'), 1, 'F2: it is found among all addresses';
    is_list find('emails[type eq "work"].value eq "untyped@contoso.com"'), 0, 'F2: and not as the one at work';
}

# ---- filters ----

my $other = new_user(everything('other'), userName => uniq('other') . '@contoso.com');
for my $filter (
    'title eq "Vice President a"', 'TITLE eq "vice president A"', 'displayName eq "ANN LEE A"',
    'nickName sw "Annie a"', 'userType co "Employee a"', 'preferredLanguage eq "de-CH-a"',
    'locale ew "-a"', 'timezone eq "Europe/Zurich a"', 'profileUrl eq "https://contoso.example/ann/a"',
    'name.formatted eq "Dr. Ann M. Lee a"', 'name.middleName eq "M a"', 'name.honorificPrefix eq "Dr. a"',
    'name.honorificSuffix eq "III a"', 'emails.value eq "ann.a@home.example"', 'emails eq "ann.a@other.example"',
    'emails[type eq "home"].value eq "ann.a@home.example"', 'emails[type eq "home" and value eq "ann.a@home.example"]',
    'emails[type eq "work" and display eq "Work a"]', 'phoneNumbers.value eq "+41 31 fax a"',
    'phoneNumbers[type eq "mobile"].value eq "+41 31 mobile a"', 'phoneNumbers[primary eq true and value ew " a"]',
    'ims[type eq "xmpp" and value eq "xmpp.a"]', 'photos.value eq "https://contoso.example/p/a"',
    'addresses.locality eq "Bern a"', 'addresses[type eq "work"].postalCode eq "3000 a"',
    'addresses[type eq "home" and locality eq "Rome a"]', 'entitlements.value eq "E5 a"',
    'roles.value eq "editor a"', 'roles[primary eq true and value eq "editor a"]',
    ENT . ':employeeNumber eq "4711 a"', ENT . ':costCenter eq "C a"', ENT . ':organization eq "O a"',
    ENT . ':division eq "V a"', ENT . ':department eq "D a"', ENT . ':manager.value eq "boss a"',
    CORE . ':title eq "Vice President a"',
    'title eq "Vice President a" and roles.value eq "reader a" and ' . ENT . ':department eq "D a"',
    'title pr and not (displayName eq "Ann Lee other") and nickName pr',
) {
    my $list = find($filter);
    is_list $list, 1, "F2: one by $filter";
    is $list->json->{Resources}[0]{id}, $id, "F2: the right one by $filter";
}
for my $filter (
    'emails[type eq "work"].value eq "ann.a@home.example"', 'emails[type eq "home" and value eq "ann.a@contoso.com"]',
    'addresses[type eq "home" and locality eq "Bern a"]', 'phoneNumbers[type eq "fax"].value eq "+41 31 work a"',
    'roles[primary eq true].value eq "reader a"', 'title eq "Vice President"', 'title eq "Vice_President a"',
    ENT . ':department eq "d_a"',
) {
    is_list find($filter), 0, "F2: nobody by $filter";
}

# ---- PATCH ----

my %new = everything('b');
for my $key (sort keys %new) {
    my $path = $key;
    is_resource ops($id, op('replace', $path, $new{$key})), 200, "R3: PATCH of $key";
    is_deeply plain({ x => read_user($id)->{$key} }), plain({ x => $new{$key} }), "R3: $key is as it was sent"
        unless $key eq ENT;
}
is_everything(read_user($id), \%new, 'R3: all have been replaced');
%all = everything('c');
is_resource ops($id, op('replace', undef, \%all)), 200, 'R3: PATCH of all without path';
is_everything(read_user($id), \%all, 'R3: all have been replaced again');

# ---- PUT ----

%all = everything('d');
is_resource put("/Users/$id", { schemas => [CORE, ENT], %all }), 200, 'R3: PUT of all';
is_everything(read_user($id), \%all, 'R3: all are as they were sent');
is_list find('title eq "Vice President d"'), 1, 'F2: found by a new value';
is_list find('title eq "Vice President a"'), 0, 'F2: not by an old one';
is_resource put("/Users/$id", { schemas => [CORE], userName => $all{userName} }), 200, 'R3: PUT of none';
is_deeply [sort keys %{ read_user($id) }], [sort qw(schemas id externalId userName active meta)], 'R3: all are gone';
is row_of($id)->{scim_extra}, '{}', 'R3: in the row as well';

# ---- values as they are ----

for my $value (' leading and trailing ', 'MiXeD', '+41 (31) 555-01-00', "line\nbreak", "tab\there",
               'quote " backslash \\ slash /', "\x{e4}\x{f6}\x{fc} \x{df} \x{1f600} \x{65}\x{301}", '0', 'true', 'null',
               '<script>', "' OR 1=1 --", '$1', '%s%n', "\x{202e}rtl", 'x' x 4000) {
    my $shown = substr(encode($value), 0, 60);
    for my $path ('title', 'name.givenName', 'displayName', 'phoneNumbers[type eq "work"].value', ENT . ':department') {
        is_resource ops($id, op('Replace', $path, $value)), 200, "R3: $path can be $shown";
    }
    my $got = read_user($id);
    is_deeply [$got->{title}, $got->{name}{givenName}, $got->{displayName}, $got->{phoneNumbers}[0]{value},
               $got->{+ENT}{department}], [($value) x 5], "R3: and comes back as it was sent: $shown";
}

# A list keeps no two of one type when one has a column: the later one counts.
{
    my $id = new_user(emails => [{ type => 'work', value => 'first@contoso.com', display => 'First' },
                                 { type => 'home', value => 'h@example.com' },
                                 { type => 'work', value => 'second@contoso.com' }])->{id};
    my $got = read_user($id);
    is scalar(grep { $_->{type} eq 'work' } @{ $got->{emails} }), 1, 'R5: of two work addresses one is kept';
    ok row_of($id)->{email} eq (grep { $_->{type} eq 'work' } @{ $got->{emails} })[0]{value},
        'R5: the one that is shown is in the column';
    my $user = new_user(emails => [{ type => 'home', value => 'h1@example.com', primary => $yes },
                                   { type => 'other', value => 'o1@example.com', primary => 'True' }]);
    is scalar(grep { $_->{primary} } @{ $user->{emails} }), 1, 'R5: one element is primary';
    is scalar(@{ $user->{emails} }), 2, 'R5: and both are there';
}

# ---- the column as the application has written it ----

# What the column has is read as far as it can be, and never in the way of a
# deactivation.
for my $case (
    ['an array', '[]', {}],
    ['an array of something', '[{"title": "T"}]', {}],
    ['null', 'null', {}],
    ['a text', '"x"', {}],
    ['names that differ in case', '{"title": "T", "Title": "U", "nickname": "N"}', { title => 'T' }],
    ['a number beyond all', '{"title": "T", "score": 123456789012345678901234567890, "mine": 1e300}', { title => 'T' }],
    ['lists of anything', '{"ims": [1, null, "x", {"value": "i"}], "emails": "x", "phoneNumbers": {"value": "1"}, "title": ["T"]}',
        { ims => [{ value => 'i' }] }],
    ['nested deeply', '{"title": "T", "own": ' . '[' x 60 . ']' x 60 . '}', { title => 'T' }],
) {
    my ($what, $extra, $shown) = @$case;
    my $id = new_user()->{id};
    db()->do('UPDATE public.users SET scim_extra = ?::jsonb WHERE id = ?', undef, $extra, $id);
    my ($stored) = db()->selectrow_array('SELECT scim_extra::text FROM public.users WHERE id = ?', undef, $id);
    my $user = get("/Users/$id")->json;
    is_deeply { map { $_ => $user->{$_} } grep { !/^(?:id|schemas|meta|userName|externalId|active)$/ } keys %$user }, $shown,
        "R2: $what: what can be read";
    is_resource ops($id, op('Replace', 'active', 'False')), 200, "L1: $what: deactivated";
    is_deeply [@{ row_of($id) }{qw(active scim_extra)}], [0, $stored], "L1: $what: and the column is left alone";
    is_resource ops($id, op('Replace', 'active', 'True'), op('Add', 'displayName', 'D')), 200, "R3: $what: an attribute beside it";
    $user = get("/Users/$id")->json;
    is $user->{displayName}, 'D', "R3: $what: is kept";
    is_deeply { map { $_ => $user->{$_} } keys %$shown }, $shown, "R3: $what: and so is what could be read";
    is db()->selectrow_array('SELECT scim_extra->?::text = ?::jsonb->?::text FROM public.users WHERE id = ?', undef, $_, $extra, $_, $id), 1,
        "R3: $what: as is the application's own \"$_\"" for grep { $extra =~ /"$_"/ } qw(score mine own);
    is_resource put("/Users/$id", { userName => $user->{userName}, active => json_false() }), 200, "L1: $what: PUT";
    is row_of($id)->{active}, 0, "L1: $what: deactivates as well";
    is_list find("id eq \"$id\" and emails.value pr"), 0, "F6: $what: no filter stumbles over it";
    is del("/Users/$id")->code, 204, "L3: $what: deleted";
}

# ---- numbers of any size beside what matters ----

{
    my $id = new_user()->{id};
    for my $number ('123456789012345678901234567890', '-99999999999999999999', '1e999', '1' x 400) {
        my $short = substr $number, 0, 24;
        is_resource patch("/Users/$id", qq({"Operations":[{"op":"replace","value":{"active":true,"loginCount":$number}}]})), 200,
            "A10: $short in an unknown attribute";
        is_resource patch("/Users/$id", qq({"Operations":[{"op":"add","path":"loginCount","value":$number},{"op":"Replace","path":"active","value":"False"}]})),
            200, "A10: $short at an unknown path";
        is row_of($id)->{active}, 0, "A10: $short does not stop a deactivation";
        is_error patch("/Users/$id", qq({"Operations":[{"op":"replace","path":"title","value":$number}]})), 400, 'invalidValue', qr/title/,
            "A11: $short is no text, though";
    }
}

# ---- advertised is what is kept ----

sub advertised {
    my (%opt) = @_;
    my %path;
    for my $schema (@{ get('/Schemas', %opt)->json->{Resources} }) {
        for my $attr (@{ $schema->{attributes} }) {
            my $path = ($schema->{id} eq CORE ? '' : "$schema->{id}:") . $attr->{name};
            $path{$path} = 1;
            $path{"$path.$_->{name}"} = 1 for @{ $attr->{subAttributes} || [] };
        }
    }
    return \%path;
}
{
    my $seen = advertised();
    %all = everything('e');
    for my $key (sort keys %all) {
        next if $key eq 'externalId' || $key eq ENT;    # externalId is common to all resources
        ok $seen->{$key}, "D2: $key is advertised";
        my $value = $all{$key};
        my %sub = map { %$_ } ref $value eq 'ARRAY' ? @$value : ref $value eq 'HASH' ? $value : ();
        ok $seen->{"$key.$_"}, "D2: $key.$_ is advertised" for sort keys %sub;
    }
    ok $seen->{ ENT . ":$_" }, "D2: $_ of the extension is advertised" for sort keys %{ $all{+ENT} };
    ok !$seen->{password}, 'D2: a password is not';
}

# ---- a location without the column ----

my $bare = extra_httpd(edit => sub { s/^\s*ScimExtra\b.*\n//m or die 'no ScimExtra in the configuration' });
my @base = (base => $bare->base);
{
    my %all = everything('z');
    my $res = post('/Users', { schemas => [CORE, ENT], %all }, @base);
    is_resource $res, 201, 'R4: without ScimExtra a user with every attribute is accepted';
    my $id = $res->json->{id};
    my %want = (
        userName => $all{userName}, externalId => $all{externalId}, active => $yes, id => $id, schemas => [CORE],
        name => { givenName => 'Ann z', familyName => 'Lee z' },
        emails => [{ type => 'work', value => 'ann.z@contoso.com' }],
    );
    is_deeply plain(get("/Users/$id", @base)->json), \%want, 'R4: only what has a column is kept';
    is row_of($id)->{scim_extra}, '{}', 'R4: nothing is in the JSON column';
    is_deeply plain(get("/Users/$id")->json), \%want, 'R4: the other location sees the same';

    for my $op ('Add', 'Replace') {
        for my $key (sort keys %all) {
            next if $key =~ /^(?:userName|externalId|active|name|emails)$/;
            is_resource patch("/Users/$id", { Operations => [op($op, $key, $all{$key})] }, @base), 200,
                "A10: $op of $key, which is not kept, is no error";
        }
    }
    is_resource patch("/Users/$id", { Operations => [op('Add', 'emails[type eq "home"].value', 'h@example.com'),
        op('Add', 'roles[primary eq "True"].value', 'x'), op('Add', 'name.middleName', 'M'),
        op('Add', 'emails[type eq "work"].display', 'D'), op('Remove', 'addresses[type eq "work"]')] }, @base), 200,
        'A10: nor are elements and sub-attributes that are not kept';
    is_deeply plain(get("/Users/$id", @base)->json), \%want, 'A10: and nothing has changed';
    is scalar(grep { $_->{outcome} eq 'applied' } @{ events_of($id) }), 1, 'A10: there is no event but the first';
    is_resource patch("/Users/$id", { Operations => [op('Add', 'title', 'T'), op('Add', ENT . ':manager', '7'),
        op('Replace', 'active', 'False')] }, @base), 200, 'A10: beside them active=false';
    is row_of($id)->{active}, 0, 'A10: is done';
    is_resource put("/Users/$id", { %all, active => $yes }, @base), 200, 'A10: PUT is accepted as well';
    is_deeply plain(get("/Users/$id", @base)->json), \%want, 'A10: with the same result';

    is_error find('title eq "x"', @base), 400, 'invalidFilter', qr/title/i,
        'F6: what is not kept cannot be looked for';
    is_error find('active eq true and ' . ENT . ':department eq "x"', @base), 400, 'invalidFilter', undef,
        'F6: not even beside something that is';
    is_list find('emails[type eq "work"].value eq "ann.z@contoso.com"', @base), 1, 'F2: what has a column can';

    # another location's extras survive
    my $rich = new_user(title => 'Kept', name => { givenName => 'Ann', middleName => 'M' });
    is_resource patch("/Users/$rich->{id}", { Operations => [op('Replace', 'name.givenName', 'Bea')] }, @base), 200,
        'R4: a change in this location';
    is_deeply [@{ read_user($rich->{id}) }{qw(title name)}], ['Kept', { givenName => 'Bea', middleName => 'M' }],
        'R4: leaves alone what the other location keeps';

    my $seen = advertised(@base);
    is_deeply [grep { !/^(?:userName|active|name(?:\.(?:given|family)Name)?|emails(?:\.(?:value|type))?|externalId|id|meta(?:\..*)?|schemas)$/ }
        sort keys %$seen], [], 'D2: only what is kept is advertised';
    ok $seen->{userName} && $seen->{'name.givenName'} && $seen->{'emails.value'}, 'D2: and all of that';
    is_deeply [map { $_->{id} } @{ get('/Schemas', @base)->json->{Resources} }], [CORE],
        'D2: without the extension';
}

done_testing;
