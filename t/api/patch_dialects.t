# The two dialects of one client: what it sends by default, and what it sends
# when asked to keep to the standard. Both must come to the same.
use ScimTest;

use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub ops {
    my ($id, @ops) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => \@ops });
}

sub op {
    my ($op, $path, @value) = @_;
    return { op => $op, defined $path ? (path => $path) : (),
             @value ? (value => $value[0]) : () };
}

sub read_user { return get("/Users/$_[0]")->json }

sub typed {
    my ($user, $attr, $type) = @_;
    return grep { ($_->{type} // '') eq $type } @{ $user->{$attr} || [] };
}

sub first_of { my ($first) = typed(@_); return $first || {} }

sub value_of { my ($user, $attr, $type) = @_; return first_of($user, $attr, $type)->{value} }

# A user who has none of the values below, and one who has others of them.
sub bare { return new_user(externalId => undef)->{id} }
sub full {
    return new_user(
        displayName => 'Old Name', title => 'Old title', name => { givenName => 'Old', familyName => 'Name' },
        emails => [{ type => 'work', value => uniq('old') . '@contoso.com', primary => json_true() }],
        phoneNumbers => [{ type => 'mobile', value => '1' }],
        ENT, { department => 'Old', employeeNumber => '0', manager => { value => 'old' } })->{id};
}

# ---- V5: each line of both columns, on what is there and on what is not ----

my $mail = 'emails[type eq "work"].value';
my $n = 0;
my @line = (
    # what, legacy operations, flagged operations, what the user must show
    ['deactivation',
     sub { op('Replace', 'active', 'False') }, sub { op('replace', 'active', json_false()) },
     sub { $_[0]{active} }, sub { json_false() }],
    ['deactivation by Add',
     sub { op('Add', 'active', 'False') }, sub { op('replace', undef, { active => json_false() }) },
     sub { $_[0]{active} }, sub { json_false() }],
    ['externalId',
     sub { op('Add', 'externalId', $_[0]) }, sub { op('add', 'externalId', $_[0]) },
     sub { $_[0]{externalId} }],
    ['userName',
     sub { op('Replace', 'userName', $_[0]) }, sub { op('replace', undef, { userName => $_[0] }) },
     sub { $_[0]{userName} }],
    ['work e-mail',
     sub { op('Replace', $mail, $_[0]) }, sub { op('replace', $mail, $_[0]) },
     sub { value_of($_[0], 'emails', 'work') }],
    ['work e-mail by Add',
     sub { op('Add', $mail, $_[0]) }, sub { op('add', $mail, $_[0]) },
     sub { value_of($_[0], 'emails', 'work') }],
    ['given name',
     sub { op('Replace', 'name.givenName', $_[0]) },
     sub { op('replace', undef, { 'name.givenName' => $_[0] }) },
     sub { $_[0]{name}{givenName} }],
    ['display name',
     sub { op('Add', 'displayName', $_[0]) }, sub { op('add', undef, { displayName => $_[0] }) },
     sub { $_[0]{displayName} }],
    ['mobile phone',
     sub { op('Add', 'phoneNumbers[type eq "mobile"].value', $_[0]) },
     sub { op('replace', undef, { 'phoneNumbers[type eq "mobile"].value' => $_[0] }) },
     sub { value_of($_[0], 'phoneNumbers', 'mobile') }],
    ['department',
     sub { op('Replace', ENT . ':department', $_[0]) },
     sub { op('replace', undef, { ENT . ':department' => $_[0] }) },
     sub { $_[0]{+ENT}{department} }],
    ['employee number',
     sub { op('Add', ENT . ':employeeNumber', $_[0]) },
     sub { op('add', undef, { ENT . ':employeeNumber' => $_[0] }) },
     sub { $_[0]{+ENT}{employeeNumber} }],
    ['manager',
     sub { op('Replace', ENT . ':manager', $_[0]) },
     sub { op('replace', ENT . ':manager', { value => $_[0] }) },
     sub { $_[0]{+ENT}{manager}{value} }],
    ['several attributes',
     sub { (op('Replace', 'displayName', "D $_[0]"), op('Replace', $mail, "$_[0]\@x.example"),
            op('Replace', 'name.givenName', "G $_[0]"), op('Replace', 'name.familyName', "F $_[0]"),
            op('Add', 'externalId', $_[0]), op('Replace', ENT . ':department', "X $_[0]")) },
     sub { (op('replace', $mail, "$_[0]\@x.example"),
            op('replace', undef, { displayName => "D $_[0]", 'name.givenName' => "G $_[0]",
                'name.familyName' => "F $_[0]", externalId => $_[0], ENT . ':department' => "X $_[0]" })) },
     sub { my ($u) = @_; [$u->{displayName}, value_of($u, 'emails', 'work'), @{ $u->{name} }{qw(givenName familyName)},
                          $u->{externalId}, $u->{+ENT}{department}] },
     sub { ["D $_[0]", "$_[0]\@x.example", "G $_[0]", "F $_[0]", $_[0], "X $_[0]"] }],
);
for my $line (@line) {
    my ($what, $legacy, $flagged, $read, $want) = @$line;
    $want ||= sub { $_[0] };
    for my $dialect (['legacy', $legacy], ['flagged', $flagged]) {
        my ($name, $make) = @$dialect;
        for my $user (['a bare user', \&bare], ['a user who has it', \&full]) {
            my $id = $user->[1]->();
            my $value = uniq('v') . ++$n;
            my $before = read_user($id);
            is_resource ops($id, $make->($value)), 200, "V5: $what, $name, on $user->[0]";
            my $got = read_user($id);
            is_deeply $read->($got), $want->($value), "V5: $what is there, $name, on $user->[0]";
            is $got->{id}, $before->{id}, "V5: $what, $name: the id stays, on $user->[0]";
            is_resource ops($id, $make->($value)), 200, "V5: $what again, $name, on $user->[0]";
            is_deeply read_user($id), $got, "V5: $what again changes nothing, $name, on $user->[0]";
        }
    }
}

# The flag in the URL means nothing here: both dialects with and without it.
for my $flag ('', '?aadOptscim062020', '?aadOptscim062020=', '?aadOptscim062020=true', '?AzureAdScimPatch2017') {
    my $id = full();
    is_resource patch("/Users/$id$flag", { Operations => [op('Replace', 'active', 'False')] }), 200,
        "V5: a legacy operation with \"$flag\"";
    is row_of($id)->{active}, 0, "V5: is carried out with \"$flag\"";
    is_resource patch("/Users/$id$flag", { Operations => [op('replace', undef, { active => json_true() })] }),
        200, "V5: a flagged operation with \"$flag\"";
    is row_of($id)->{active}, 1, "V5: is carried out with \"$flag\"";
}

# Both in one request, and something unknown next to a deactivation.
{
    my $id = full();
    is_resource ops($id, op('Replace', 'title', 'legacy'), op('replace', undef, { displayName => 'flagged' }),
        op('Add', 'favouriteColour', 'blue'), op('Add', 'urn:example:x:2.0:User:y', { z => 1 }),
        op('Replace', 'active', 'False')), 200, 'V5: dialects mixed, with unknown attributes';
    my $got = read_user($id);
    is_deeply [$got->{title}, $got->{displayName}, $got->{active}], ['legacy', 'flagged', json_false()],
        'V5: all that is known was done';
}

# ---- V6: nothing, clearing, and keys that are paths ----

for my $dialect ('legacy', 'flagged') {
    my $replace = $dialect eq 'legacy' ? sub { op('Replace', $_[0], $_[1]) }
                                       : sub { op('replace', undef, { $_[0] => $_[1] }) };
    my $id = full();
    my $text = get("/Users/$id")->content;
    is_resource ops($id), 200, "V6: no operation at all, $dialect";
    is get("/Users/$id")->content, $text, "V6: changes nothing, $dialect";
    for my $empty ('', undef) {
        my $shown = encode($empty);
        for my $case (
            ['title', sub { $_[0]{title} }], ['displayName', sub { $_[0]{displayName} }],
            ['name.givenName', sub { $_[0]{name}{givenName} }],
            [ENT . ':department', sub { $_[0]{+ENT}{department} }],
            [$mail, sub { value_of($_[0], 'emails', 'work') }],
            ['phoneNumbers[type eq "mobile"].value', sub { $_[0]{phoneNumbers} }],
        ) {
            my ($path, $read) = @$case;
            my $user = full();
            ok defined $read->(read_user($user)), "V6: a user who has $path";
            for my $round ('present', 'absent') {
                is_resource ops($user, $replace->($path, $empty)), 200,
                    "V6: $shown to $path that is $round, $dialect";
                is $read->(read_user($user)), undef, "V6: $path is absent, $dialect";
            }
        }
        is_error ops($id, $replace->('userName', $empty)), 400, 'invalidValue', qr/userName/i,
            "V6: $shown to userName is refused, $dialect";
    }
    is get("/Users/$id")->content, $text, "V6: and changes nothing, $dialect";
}
{
    my $id = bare();
    is_resource ops($id, op('replace', undef, { displayName => 'D', 'name.givenName' => 'G',
        'name.familyName' => 'F', ENT . ':department' => 'X', ENT . ':manager' => 'M',
        $mail => 'w@x.example', 'addresses[type eq "work"].postalCode' => '3000' })), 200,
        'V6: dotted, URN and filtered keys in one value';
    my $got = read_user($id);
    is_deeply [$got->{displayName}, $got->{name}, $got->{+ENT}{department}, $got->{+ENT}{manager}{value},
               value_of($got, 'emails', 'work'), $got->{addresses}],
        ['D', { givenName => 'G', familyName => 'F' }, 'X', 'M', 'w@x.example',
         [{ type => 'work', postalCode => '3000' }]], 'V6: all are applied';
}

# ---- V9: a user filled with many small operations ----

# The longest form: each sub-attribute by an operation of its own.
sub verbose {
    my ($op, $v) = @_;
    my @flat = (
        'emails[type eq "work"].value' => "work-$v\@contoso.com",
        'emails[type eq "work"].primary' => json_true(),
        'emails[type eq "home"].value' => "home-$v\@example.com",
        'emails[type eq "other"].value' => "other-$v\@example.com",
        'addresses[type eq "work"].formatted' => "F $v",
        'addresses[type eq "work"].streetAddress' => "S $v",
        'addresses[type eq "work"].locality' => "L $v",
        'addresses[type eq "work"].region' => "R $v",
        'addresses[type eq "work"].postalCode' => "P $v",
        'addresses[type eq "work"].primary' => json_true(),
        'addresses[type eq "work"].country' => "C $v",
        'addresses[type eq "other"].formatted' => "O $v",
        'phoneNumbers[type eq "work"].value' => "1-$v",
        'phoneNumbers[type eq "work"].primary' => json_true(),
        'phoneNumbers[type eq "mobile"].value' => "2-$v",
        'phoneNumbers[type eq "fax"].value' => "3-$v",
        'roles[primary eq "True"].display' => "D $v",
        'roles[primary eq "True"].value' => "V $v",
        'roles[primary eq "True"].type' => "T $v",
        active => json_true(), displayName => "D $v", title => "T $v", preferredLanguage => "l-$v",
        userType => "U $v", nickName => "N $v", locale => "x-$v", timezone => "Z/$v",
        'name.givenName' => "g $v", 'name.familyName' => "f $v", 'name.formatted' => "gf $v",
        'name.honorificPrefix' => "Dr $v",
        map({ ENT . ":$_" => "$_ $v" } qw(employeeNumber department costCenter organization division)),
    );
    my @ops;
    push @ops, op($op, splice @flat, 0, 2) while @flat;
    return @ops;
}

sub looks_verbose {
    my ($got, $v, $name) = @_;
    my %list = map { my $attr = $_; $attr => { map { ($_->{type} // '') => $_ } @{ $got->{$attr} || [] } } }
        qw(emails addresses phoneNumbers roles);
    my %seen = (
        emails => $list{emails}, addresses => $list{addresses}, phones => $list{phoneNumbers},
        roles => $list{roles}, ext => $got->{+ENT}, name => $got->{name},
        map({ $_ => $got->{$_} } qw(active displayName title preferredLanguage userType nickName locale timezone)),
        counts => [map { scalar @{ $got->{$_} || [] } } qw(emails addresses phoneNumbers roles)],
    );
    my $yes = json_true();
    is_deeply \%seen, {
        emails => { work => { type => 'work', value => "work-$v\@contoso.com", primary => $yes },
                    home => { type => 'home', value => "home-$v\@example.com" },
                    other => { type => 'other', value => "other-$v\@example.com" } },
        addresses => { work => { type => 'work', formatted => "F $v", streetAddress => "S $v", locality => "L $v",
                                 region => "R $v", postalCode => "P $v", primary => $yes, country => "C $v" },
                       other => { type => 'other', formatted => "O $v" } },
        phones => { work => { type => 'work', value => "1-$v", primary => $yes },
                    mobile => { type => 'mobile', value => "2-$v" }, fax => { type => 'fax', value => "3-$v" } },
        roles => { "T $v" => { type => "T $v", value => "V $v", display => "D $v", primary => $yes } },
        ext => { map { $_ => "$_ $v" } qw(employeeNumber department costCenter organization division) },
        name => { givenName => "g $v", familyName => "f $v", formatted => "gf $v", honorificPrefix => "Dr $v" },
        active => $yes, displayName => "D $v", title => "T $v", preferredLanguage => "l-$v", userType => "U $v",
        nickName => "N $v", locale => "x-$v", timezone => "Z/$v",
        counts => [3, 2, 3, 1],
    }, $name;
}

is scalar(my @all = verbose('add', 1)), 36, 'V9: thirty-six operations';
for my $op ('add', 'Add', 'replace', 'Replace') {
    my $id = bare();
    is_resource ops($id, verbose($op, 1)), 200, "V9: $op, on a bare user";
    looks_verbose(read_user($id), 1, "V9: $op filled it, one element of each kind");
    is_resource ops($id, verbose($op, 2)), 200, "V9: $op, on a user who has all that";
    looks_verbose(read_user($id), 2, "V9: $op changed it, with no element too many");
    my $text = get("/Users/$id")->content;
    is_resource ops($id, verbose($op, 2)), 200, "V9: $op, the same again";
    is get("/Users/$id")->content, $text, "V9: $op, the same again, changes nothing";
}
{
    # the short form: elements by path, all the rest in one value
    my @long = verbose('add', 3);
    my @short = ((grep { $_->{path} =~ /\[/ } @long),
        op('add', undef, { map { $_->{path} => $_->{value} } grep { $_->{path} !~ /\[/ } @long }));
    my $id = bare();
    is_resource ops($id, @short), 200, 'V9: the rest in one operation without path';
    looks_verbose(read_user($id), 3, 'V9: comes to the same');

    # moving "primary" from one element to another
    my $primary = sub { join ',', map { $_->{type} } grep { $_->{primary} } @{ read_user($id)->{emails} } };
    is $primary->(), 'work', 'V9: one address is primary';
    for my $move (['home', op('Add', 'emails[type eq "home"].primary', 'True')],
                  ['other', op('replace', 'emails[type eq "other"].primary', json_true())],
                  ['work', op('replace', 'emails[type eq "work"].primary', [json_true()])],
                  ['home', op('replace', undef, { 'emails[type eq "home"].primary' => json_true() })],
                  ['work', op('replace', 'emails[type eq "work"]',
                              { type => 'work', value => 'moved@contoso.com', primary => json_true() })],
                  ['new', op('add', 'emails', [{ type => 'new', value => 'n@example.com', primary => 'True' }])]) {
        my ($to, $op) = @$move;
        is_resource ops($id, $op), 200, "V9: primary moves to $to";
        is $primary->(), $to, "V9: it is at $to and nowhere else";
    }
    is_resource ops($id, op('Replace', 'emails[type eq "new"].primary', 'False')), 200,
        'V9: primary can be taken away';
    is $primary->(), '', 'V9: and then is nowhere';
    is row_of($id)->{email}, 'moved@contoso.com', 'V9: the mapped address followed';
}

# ---- V10: several operations on one attribute, and on several ----

for my $dialect ('legacy', 'flagged') {
    my ($add, $replace, $remove) = $dialect eq 'legacy' ? qw(Add Replace Remove) : qw(add replace remove);
    my $id = full();
    is_resource ops($id, op($remove, 'displayName'), op($add, 'displayName', 'a'),
        op($replace, 'displayName', 'b')), 200, "V10: remove, add, replace of one attribute, $dialect";
    is read_user($id)->{displayName}, 'b', "V10: the last one counts, $dialect";
    is_resource ops($id, op($replace, $mail, 'a@x.example'), op($remove, 'emails[type eq "work"]'),
        op($add, $mail, 'b@x.example')), 200, "V10: on an element, $dialect";
    is row_of($id)->{email}, 'b@x.example', "V10: the element is there again, $dialect";
    is scalar(@{ read_user($id)->{emails} }), 1, "V10: once, $dialect";
    is_resource ops($id, op($add, $mail, 'c@x.example'), op($remove, $mail)), 200,
        "V10: added and removed, $dialect";
    ok !exists read_user($id)->{emails}, "V10: is gone, $dialect";
    is_resource ops($id, op($remove, 'title'), op($add, 'nickName', 'nick'),
        op($replace, 'name.familyName', 'fam'), op($remove, ENT . ':manager'),
        op($add, 'phoneNumbers[type eq "fax"].value', '9')), 200,
        "V10: remove, add and replace of different ones, $dialect";
    my $got = read_user($id);
    ok !exists $got->{title} && !exists $got->{+ENT}{manager}, "V10: removed, $dialect";
    is_deeply [$got->{nickName}, $got->{name}{familyName}, value_of($got, 'phoneNumbers', 'fax'),
               value_of($got, 'phoneNumbers', 'mobile'), $got->{+ENT}{department}],
        ['nick', 'fam', '9', '1', 'Old'], "V10: added, replaced, and the rest left, $dialect";
}

done_testing;
