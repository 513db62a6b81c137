# GET /Users/{id}: the representation of a user.
use ScimTest;

scim_reset();
my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
my $ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

sub read_user { return get("/Users/$_[0]")->json }
sub row_count { return db()->selectrow_array('SELECT count(*) FROM public.users') }

# All of the core User and the Enterprise extension that a directory may send.
my %full = (
    schemas => [$CORE, $ENT],
    userName => 'Adele.Vance@Contoso.com', externalId => '58342554-38d6-4ec8-948c-50044D0A33FD',
    displayName => ' Adele  Vance ', nickName => "Adè",
    profileUrl => 'https://example.com/~adele?x=1&y=2',
    title => "Head of \"R&D\" \\ Sales\nline two\ttab", userType => 'Employee',
    preferredLanguage => 'de-CH, en;q=0.8',
    locale => 'de-ch', timezone => 'Europe/Zurich', active => json_true,
    name => { formatted => 'Dr. Adele B. Vance III', familyName => 'VANCE', givenName => 'adele',
        middleName => 'B.',
        honorificPrefix => 'Dr.', honorificSuffix => 'III' },
    emails => [{ type => 'work', value => 'Adele.Vance@Work.EXAMPLE', primary => json_true,
               display => 'Work' },
               { type => 'home', value => 'adele@home.example' }, { type => 'other',
               value => 'a@other.example' }],
    phoneNumbers => [{ type => 'work', value => '+49 (30) 123-45', primary => json_true },
                     { type => 'mobile', value => '0170/1' },
                     { type => 'fax', value => 'tel:+1-201-555-0123' }],
    ims => [{ type => 'skype', value => 'adele' }],
    photos => [{ type => 'photo', value => 'https://example.com/a.png' }],
    addresses => [{ type => 'work', formatted => "1 Way\nTown", streetAddress => '1 Way',
                    locality => 'Zürich', region => 'ZH',
                    postalCode => '08001', country => 'CH', primary => json_true },
                    { type => 'home', locality => 'Bern' }],
    entitlements => [{ value => 'e1' }, { value => 'e2', type => 'x' }],
    roles => [{ value => 'lead', display => 'Lead', type => 'team', primary => json_true }],
    x509Certificates => [{ value => 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQA=' }],
    $ENT => { employeeNumber => '007', costCenter => '4130', organization => 'Contoso',
        division => 'EMEA', department => 'Sales',
        manager => { value => '26118915' } },
);

# ---- R1: who can be read ----

my $active = new_user();
my $inactive = new_user(active => json_false);
is_resource get("/Users/$active->{id}"), 200, 'R1: an active user can be read';
is_resource get("/Users/$inactive->{id}"), 200, 'R1: an inactive user can be read';
is_deeply read_user($inactive->{id})->{active}, json_false, 'R1: and is shown as inactive';
is_deeply read_user($active->{id}), $active, 'R1: GET shows what POST returned';
is_deeply get("/Users?filter=id+eq+%22$active->{id}%22")->json->{Resources}, [$active],
    'R1: a list shows the same';
{
    my $gone = new_user()->{id};
    is del("/Users/$gone")->code, 204, 'R1: deleted';
    for my $case (['deleted', $gone], ['unknown', 987654321], ['impossible', 'x']) {
        my ($what, $id) = @$case;
        is_error get("/Users/$id"), 404, undef, undef, "R1: an id that is $what is 404";
        is head("/Users/$id")->code, 404, "R1: for HEAD as well, $what";
    }
    is head("/Users/$active->{id}")->code, 200, 'R1: HEAD of a user is 200';
}

# ---- R2: form ----

my $user = new_user(%full);
my $id = $user->{id};
my $got = read_user($id);
for my $attr (qw(id externalId userName displayName title)) {
    like get("/Users/$id")->content, qr/"$attr":\s*"/, "R2: $attr is a string";
}
like get("/Users/$id")->content, qr/"active":\s*true[,}\s]/, 'R2: active is a boolean';
like get("/Users/$inactive->{id}")->content, qr/"active":\s*false[,}\s]/, 'R2: false as well';
my $number = new_user(userName => '1234567', externalId => '89')->{id};
like get("/Users/$number")->content, qr/"\Q$_\E"/, "R2: digits stay a string: $_"
    for $number, '1234567', '89';
is_deeply [sort @{ $got->{schemas} }], [$CORE, $ENT],
    'R2: schemas names the extension that is there';
is_deeply $active->{schemas}, [$CORE], 'R2: and not the one that is not';
is ref $got->{$ENT}{manager}, 'HASH', 'R2: manager is an object';
is $got->{$ENT}{manager}{value}, '26118915', 'R2: with its value, a string';
for my $manager ('26118915', { value => '26118915' }, [{ value => '26118915' }]) {
    my $managed = new_user($ENT => { manager => $manager });
    is_deeply read_user($managed->{id})->{$ENT}, { manager => { value => '26118915' } },
        'R2: a manager sent as ' . encode($manager) . ' is an object';
}
{
    my $meta = $got->{meta};
    is $meta->{resourceType}, 'User', 'R2: meta.resourceType';
    is $meta->{location}, base_url() . "/Users/$id", 'R2: meta.location';
    my ($where) = $meta->{location} =~ m{(/Users/.*)};
    is get($where)->content, get("/Users/$id")->content, 'R2: which leads to the user';
    like $meta->{$_}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
        "R2: meta.$_ is a date of RFC 3339"
        for qw(created lastModified);
    is $meta->{lastModified}, $meta->{created},
        'R2: a new user was last modified when it was created';
    is abs(db()->selectrow_array('SELECT extract(epoch FROM ?::timestamptz - created_at) FROM public.users WHERE id = ?', undef,
        $meta->{created}, $id)) < 0.002, 1, 'R2: and that is the time in the table';
    my $spoofed = get("/Users/$id", headers => { Host => 'evil.example' });
    unlike $spoofed->content, qr/evil/, 'R2: the Host header has no say in it';
}
{
    # rows as an application leaves them: nothing, empty strings, odd extras
    my $insert = "INSERT INTO public.users (organisation_id, username, password_hash, email, first_name, last_name, scim_extra)
                  VALUES (1, ?, '!', ?, ?, ?, ?) RETURNING id";
    for my $case (
        ['NULLs',          undef, undef, undef, '{}'],
        ['empty strings',  '', '', '', '{}'],
        ['one name',       undef, undef, 'Vance', '{}'],
    ) {
        my ($what, @value) = @$case;
        my ($row) = db()->selectrow_array($insert, undef, uniq('app'), @value);
        my $res = get("/Users/$row");
        is_resource $res, 200, "R2: a row with $what has no empty attribute";
        is_deeply [sort keys %{ $res->json }], [sort qw(active id meta schemas userName),
            $value[2] ? 'name' : ()],
            "R2: only what is there, $what";
    }
    my ($broken) = db()->selectrow_array($insert, undef, uniq('app'), undef, undef, undef,
        '{"title":null,"emails":[],"name":{},"displayName":"","nosuch":1,"roles":[{}]}');
    is_resource get("/Users/$broken"), 200, 'R2: not even when the extras hold such';
    is_list get('/Users?count=500'), undef, 'R2: nor does one odd row spoil a list';
    db()->do('DELETE FROM public.users WHERE id = ?', undef, $broken);
}
is_list get('/Users?count=500'), undef, 'R2: no null, no empty string, no empty array in any user';

# ---- R3: values come back as they were sent ----

for my $attr (sort grep { $_ ne 'schemas' } keys %full) {
    is_deeply $got->{$attr}, $full{$attr}, "R3: $attr comes back as it was sent";
}
for my $value (' leading', 'trailing ', "two  blanks", 'UPPER lower', "Zu\x{308}rich", 'Zürich',
               "\x{1F469}\x{200D}\x{1F4BB}", "a\x{A0}b",
               "tab\there", "line\nbreak", "\\back", '"quoted"', '<b>&amp;</b>', '+49 (0)30/12 34',
               '00123', '1e5', 'true', 'null', 'x' x 5000,
               '2026-01-01T00:00:00+02:00', "\x{7f}", '%20', '{"json":1}') {
    my $shown = length $value > 40 ? '5000 letters' : $value =~ s/[\n\t\x7f]/?/gr;
    my $mine = new_user(displayName => $value, title => $value, name => { givenName => $value,
        familyName => $value },
        nickName => $value, $ENT => { department => $value });
    my $read = read_user($mine->{id});
    is_deeply [@$read{qw(displayName title nickName)},
        @{ $read->{name} }{qw(givenName familyName)}, $read->{$ENT}{department}],
        [($value) x 6], "R3: kept to the letter: $shown";
    is row_of($mine->{id})->{first_name}, $value, "R3: in the column as well: $shown";
}
{
    my $mine = new_user(emails => [{ type => 'work', value => 'MiXed.Case@Work.Example' }],
        userName => 'MiXed@Contoso.com');
    is read_user($mine->{id})->{emails}[0]{value}, 'MiXed.Case@Work.Example',
        'R3: an address keeps its case';
    is read_user($mine->{id})->{userName}, 'MiXed@Contoso.com', 'R3: so does userName';
    db()->do("UPDATE public.users SET first_name = 'By the application' WHERE id = ?", undef,
        $mine->{id});
    my $read = read_user($mine->{id});
    is $read->{name}{givenName}, 'By the application',
        'R3: what the application writes is shown with the next GET';
    cmp_ok $read->{meta}{lastModified}, 'ge', $mine->{meta}{lastModified},
        'R3: with the time of that';
    isnt $read->{meta}{lastModified}, $mine->{meta}{lastModified}, 'R3: which is later';
}

# ---- R4: what is never shown stays harmless ----

{
    my $mine = new_user(password => 't1meMa$heen', favouriteColour => 'blue');
    my $before = row_of($mine->{id});
    unlike get("/Users/$mine->{id}")->content, qr/t1meMa|password|blue/i,
        'R4: a password is not shown, nor what is not stored';
    unlike "@{[ map { $_ // '' } %$before ]}", qr/t1meMa|blue/, 'R4: nor is it stored';
    for my $round (1 .. 3) {
        for my $op (['password', 'again'], ['favouriteColour', 'green'],
                    ['emails[type eq "nosuch"].value', ''], ['groups', [{ value => '1' }]],
                    ['nosuch.part', 'x'], ['urn:x:y:attr', 'z']) {
            is_resource patch("/Users/$mine->{id}",
                { Operations => [{ op => 'Replace', path => $op->[0], value => $op->[1] }] }), 200,
                "R4: $op->[0] may be sent again, round $round";
        }
    }
    is_deeply row_of($mine->{id}), $before, 'R4: and again, and changes nothing, not even the date';
    is_deeply read_user($mine->{id}), $mine, 'R4: the user is what it was';
    my $n = row_count();
    is_error post('/Users', { userName => $mine->{userName}, password => 'x' }), 409, 'uniqueness',
        undef,
        'R4: a repeated POST is answered as ever';
    is row_count(), $n, 'R4: and creates nobody';
}

# ---- R5: one of each ----

{
    my $name = uniq('r5');
    my $mine = new_user(emails => [
        { type => 'work', value => "$name-1\@work.example", primary => json_true },
            { type => 'home', value => "$name\@home.example" },
        { type => 'work', value => "$name-2\@work.example" }]);
    my $read = read_user($mine->{id});
    my @work = grep { $_->{type} eq 'work' } @{ $read->{emails} };
    is scalar @work, 1, 'R5: of two work addresses one is kept';
    is $work[0]{value}, row_of($mine->{id})->{email}, 'R5: the one in the column';
    is $work[0]{value}, "$name-2\@work.example", 'R5: which is the later one';
    is scalar(grep { $_->{type} eq 'home' } @{ $read->{emails} }), 1,
        'R5: the other type is untouched';
}
for my $attr (qw(emails phoneNumbers roles addresses)) {
    my $part = $attr eq 'addresses' ? 'locality' : 'value';
    my $res = post('/Users', { userName => uniq('r5'), $attr => [
        map { +{ type => $_, $part => "$_\@x.example",
            primary => json_true } } qw(work home other)] });
    if ($res->code == 201) {
        my $read = read_user($res->json->{id});
        is scalar(@{ $read->{$attr} }), 3, "R5: three types of $attr are kept";
        is scalar(grep { $_->{primary} } @{ $read->{$attr} }), 1, "R5: and one of $attr is primary";
    }
    else {
        is_error $res, 400, 'invalidValue', qr/primary/, "R5: three primary $attr are refused";
    }
}
{
    my $mine = new_user(emails => [{ type => 'work', value => 'w@x.example',
        primary => json_true }, { type => 'home', value => 'h@x.example' }]);
    is_resource patch("/Users/$mine->{id}",
        { Operations => [{ op => 'replace', path => 'emails[type eq "home"].primary',
        value => 'True' }] }),
        200, 'R5: another address becomes primary';
    is_deeply [map { $_->{type} } grep { $_->{primary} } @{ read_user($mine->{id})->{emails} }],
        ['home'], 'R5: and the first one no longer is';
}

done_testing;
