# Taking values away: null, "", [], {} and remove, on what has a column, on what
# has none, and on what must be there.
use ScimTest;

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
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
sub text_of   { return get("/Users/$_[0]")->content }

sub typed {
    my ($user, $attr, $type) = @_;
    return grep { ($_->{type} // '') eq $type } @{ $user->{$attr} || [] };
}

sub first_of { my ($first) = typed(@_); return $first || {} }

sub full {
    return new_user(
        title => 'T', nickName => 'N', name => { givenName => 'Ann', familyName => 'Lee', middleName => 'M' },
        emails => [{ type => 'work', value => 'w@contoso.com', display => 'W', primary => json_true() },
                   { type => 'home', value => 'h@example.com', display => 'H' }],
        phoneNumbers => [{ type => 'work', value => '1', display => 'one' }],
        addresses => [{ type => 'work', locality => 'Bern', country => 'CH' }],
        roles => [{ value => 'a', primary => json_true() }, { value => 'b' }],
        ENT, { department => 'D', costCenter => 'C', manager => { value => '7' } })->{id};
}

# ---- every way, on everything ----

# path, what reads it; then what must still be there
my @target = (
    # mapped
    ['externalId', sub { $_[0]{externalId} }],
    ['name.givenName', sub { $_[0]{name}{givenName} }, sub { $_[0]{name}{familyName} eq 'Lee' }],
    ['name.familyName', sub { $_[0]{name}{familyName} }, sub { $_[0]{name}{givenName} eq 'Ann' }],
    ['emails[type eq "work"].value', sub { (typed($_[0], 'emails', 'work'))[0] },
     sub { first_of($_[0], 'emails', 'home')->{value} eq 'h@example.com' }],
    # extra
    ['title', sub { $_[0]{title} }, sub { $_[0]{nickName} eq 'N' }],
    ['name.middleName', sub { $_[0]{name}{middleName} }, sub { $_[0]{name}{givenName} eq 'Ann' }],
    ['emails[type eq "home"].value', sub { (typed($_[0], 'emails', 'home'))[0] },
     sub { first_of($_[0], 'emails', 'work')->{value} eq 'w@contoso.com' }],
    ['emails[type eq "home"].display', sub { first_of($_[0], 'emails', 'home')->{display} },
     sub { first_of($_[0], 'emails', 'home')->{value} eq 'h@example.com' }],
    ['emails[type eq "work"].display', sub { first_of($_[0], 'emails', 'work')->{display} },
     sub { first_of($_[0], 'emails', 'work')->{value} eq 'w@contoso.com' }],
    ['phoneNumbers[type eq "work"].value', sub { $_[0]{phoneNumbers} }],
    ['phoneNumbers', sub { $_[0]{phoneNumbers} }],
    ['addresses[type eq "work"].locality', sub { $_[0]{addresses}[0]{locality} },
     sub { $_[0]{addresses}[0]{country} eq 'CH' }],
    ['roles', sub { $_[0]{roles} }],
    [ENT . ':department', sub { $_[0]{+ENT}{department} }, sub { $_[0]{+ENT}{costCenter} eq 'C' }],
    [ENT . ':manager', sub { $_[0]{+ENT}{manager} }, sub { $_[0]{+ENT}{department} eq 'D' }],
    [CORE . ':title', sub { $_[0]{title} }],
);
my @way = (
    ['replace with ""', sub { op('replace', $_[0], '') }],
    ['Replace with null', sub { op('Replace', $_[0], undef) }],
    ['Add with ""', sub { op('Add', $_[0], '') }],
    ['add with null', sub { op('add', $_[0], undef) }],
    ['remove', sub { op('remove', $_[0]) }],
    ['Remove with ""', sub { op('Remove', $_[0], '') }],
    ['a key with ""', sub { op('replace', undef, { $_[0] => '' }) }],
    ['a key with null', sub { op('replace', undef, { $_[0] => undef }) }],
    ['a key with null, by add', sub { op('Add', undef, { $_[0] => undef }) }],
);
for my $target (@target) {
    my ($path, $read, $rest) = @$target;
    for my $way (@way) {
        my ($how, $make) = @$way;
        # of a list, a value names what is to go, and "" names nothing
        next if $how eq 'Remove with ""' && $path =~ /^(?:phoneNumbers|roles)$/;
        my $id = full();
        ok defined $read->(read_user($id)), "A8: $path is there, before $how";
        for my $round ('present', 'absent') {
            is_resource ops($id, $make->($path)), 200, "A8: $how, $path is $round";
            my $got = read_user($id);
            is $read->($got), undef, "A8: $path is absent after $how";
            ok $rest->($got), "A8: the rest is there after $how of $path" if $rest;
        }
    }
}

# What was absent all along is not made by clearing it.
{
    my $id = new_user()->{id};
    my $text = text_of($id);
    for my $target (@target) {
        next if $target->[0] eq 'externalId';
        for my $way (@way) {
            next if $way->[0] eq 'Remove with ""' && $target->[0] =~ /^(?:phoneNumbers|roles)$/;
            is_resource ops($id, $way->[1]->($target->[0])), 200,
                "A8: $way->[0] of $target->[0], which nobody has";
        }
    }
    is text_of($id), $text, 'A8: has made nothing';
    like encode(row_of($id)->{scim_extra}), qr/^"\{\}"$/, 'A8: not even something empty in the row';
}

# ---- whole objects and lists ----

for my $case (
    ['an element', op('replace', 'emails[type eq "home"]', undef), sub { !typed($_[0], 'emails', 'home') }],
    ['the mapped element', op('Remove', 'emails[type eq "work"]'),
     sub { !typed($_[0], 'emails', 'work') && typed($_[0], 'emails', 'home') == 1 }],
    ['all elements', op('replace', 'emails', []), sub { !exists $_[0]{emails} }],
    ['all elements by null', op('replace', 'emails', undef), sub { !exists $_[0]{emails} }],
    ['all elements by remove', op('remove', 'emails'), sub { !exists $_[0]{emails} }],
    ['all elements without path', op('replace', undef, { emails => [] }), sub { !exists $_[0]{emails} }],
    ['an element that is given without value', op('replace', 'emails', [{ type => 'work', value => '' },
        { type => 'home', value => 'x@example.com' }]),
     sub { @{ $_[0]{emails} } == 1 && $_[0]{emails}[0]{value} eq 'x@example.com' }],
    ['an element that is given with null', op('replace', 'phoneNumbers', [{ type => 'work', value => undef }]),
     sub { !exists $_[0]{phoneNumbers} }],
    ['the name', op('remove', 'name'), sub { !exists $_[0]{name} }],
    ['the name by null', op('Replace', 'name', undef), sub { !exists $_[0]{name} }],
    ['one part of the name in an object', op('replace', 'name', { middleName => '' }),
     sub { !exists $_[0]{name}{middleName} && $_[0]{name}{givenName} eq 'Ann' }],
    ['one mapped part in an object', op('replace', undef, { name => { givenName => undef } }),
     sub { !exists $_[0]{name}{givenName} && $_[0]{name}{familyName} eq 'Lee' }],
    ['the extension', op('remove', ENT), sub { !exists $_[0]{+ENT} && @{ $_[0]{schemas} } == 1 }],
    ['all of the extension, one by one', op('replace', undef, { ENT, { department => '', costCenter => undef,
        manager => { value => '' } } }), sub { !exists $_[0]{+ENT} && @{ $_[0]{schemas} } == 1 }],
) {
    my ($what, $op, $check) = @$case;
    my $id = full();
    for my $round (1 .. 2) {
        is_resource ops($id, $op), 200, "A8: $what, round $round";
        ok $check->(read_user($id)), "A8: is cleared: $what, round $round";
    }
}

# ---- the columns ----

{
    my $id = full();
    ops($id, op('remove', 'name'), op('remove', 'emails'), op('replace', 'externalId', ''));
    my $row = row_of($id);
    is_deeply [@$row{qw(first_name last_name email external_id)}], [undef, undef, undef, undef],
        'A8: what is cleared is NULL in the row, not an empty string';
    ok defined $row->{username}, 'A8: the name is there';

    # two users without externalId do not meet
    my $other = full();
    is_resource ops($other, op('replace', 'externalId', undef)), 200, 'A8: a second one without externalId';
    is row_of($other)->{external_id}, undef, 'A8: there may be many';

    # POST and PUT: null, "" and [] are absent
    my $res = post('/Users', { userName => uniq('n') . '@contoso.com', externalId => '', title => undef,
        nickName => '', name => { givenName => '', familyName => undef }, emails => [], roles => undef,
        phoneNumbers => [{ type => 'work', value => '' }], addresses => [{}], active => undef,
        displayName => undef, ENT, { department => '', manager => { value => undef } } });
    is_resource $res, 201, 'P2: a POST full of nothing';
    is_deeply [sort keys %{ $res->json }], [sort qw(schemas id userName active meta)], 'P2: makes a bare user';
    is_deeply $res->json->{active}, json_true(), 'P2: who is active';
}

# ---- what is required ----

{
    my $id = full();
    my $text = text_of($id);
    for my $path ('userName', 'USERNAME', CORE . ':userName') {
        for my $way (@way) {
            my ($how, $make) = @$way;
            is_error ops($id, $make->($path)), 400, ($how =~ /^remove/i ? 'mutability' : 'invalidValue'),
                qr/userName/i, "A8: $how of $path is refused";
        }
    }
    is text_of($id), $text, 'A8: and nothing has changed';

    # a state is never nothing: whoever left is not let in by clearing it
    for my $state (json_true(), json_false()) {
        for my $way (@way) {
            my ($how, $make) = @$way;
            my $user = new_user(active => $state)->{id};
            my $res = ops($user, $make->('active'));
            ok $res->code == 200 || $res->code == 400, "A8: $how of active is answered"
                or diag $res->as_string;
            is_deeply read_user($user)->{active}, $state, 'A8: active stays ' . encode($state) . " after $how";
        }
    }
}

done_testing;
