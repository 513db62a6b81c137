# Rows that provisioning must not break: those that ScimProtect names, and the
# user whose token makes the request.
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

sub text_of   { return get("/Users/$_[0]")->content }
sub read_user { return get("/Users/$_[0]")->json }
sub applied   { return scalar grep { $_->{outcome} eq 'applied' } @{ events_of($_[0]) } }

sub make_row {
    my (%col) = (organisation_id => 1, password_hash => '!', username => uniq('row') . '@contoso.com', @_);
    my @name = sort keys %col;
    return db()->selectrow_array('INSERT INTO public.users (' . join(', ', @name) . ') VALUES ('
        . join(', ', ('?') x @name) . ') RETURNING id', undef, @col{@name});
}

my ($actor) = db()->selectrow_array(q{SELECT id FROM public.users
    WHERE organisation_id = 1 AND role = 'admin' AND api_access});
db()->do(q{UPDATE public.users SET external_id = 'ext-actor' WHERE id = ?}, undef, $actor);
my $admin = make_row(role => 'admin', external_id => 'ext-admin', first_name => 'Ada', last_name => 'Min',
                     email => 'ada@contoso.com');

# An ordinary user who has the token: protected as its actor, not by ScimProtect.
my $plain = make_row(external_id => 'ext-plain', api_access => 1, first_name => 'Pat', email => 'pat@contoso.com');
my ($plain_token) = db()->selectrow_array(q{SELECT scim.token_issue(?, interval '1 day')}, undef, $plain);

my @protected = (
    # what, id, token, word that the detail must have
    ['an administrator', $admin, token_a(), qr/protect|administrat|role|manag/i],
    ['the actor', $actor, token_a(), qr/token|protect/i],
    ['an actor who is nothing else', $plain, $plain_token, qr/token/i],
);

my $no_internals = qr/\b(?:sql|select|update|column|table|users|role = |scim_extra|null|SCIM\d{4}|ScimProtect)\b/i;

for my $case (@protected) {
    my ($who, $id, $token, $word) = @$case;
    my @as = (token => $token);
    my $body = sub { return { schemas => [PATCH_OP], Operations => [@_] } };
    my $row = row_of($id);
    my ($name, $ext) = @$row{qw(username external_id)};

    # ---- reading is free ----
    my $res = get("/Users/$id", @as);
    is_resource $res, 200, "R1: $who can be read";
    my $user = $res->json;
    is_list get("/Users?filter=externalId+eq+%22$ext%22", @as), 1, "R1: $who is found by externalId";
    is_list get("/Users?filter=userName+eq+%22$name%22", @as), 1, "R1: $who is found by userName";

    # ---- what would break it is refused ----
    my $text = get("/Users/$id", @as)->content;
    my $n = applied($id);
    my %less = %$user;
    for my $deed (
        ['deactivation', 'PATCH', $body->(op('Replace', 'active', 'False'))],
        ['deactivation, flagged', 'PATCH', $body->(op('replace', undef, { active => json_false() }))],
        ['deactivation beside something unknown', 'PATCH',
         $body->(op('Add', 'favouriteColour', 'x'), op('Replace', 'active', 'False'))],
        ['deactivation beside a harmless change', 'PATCH',
         $body->(op('Replace', 'title', 'half'), op('Replace', 'active', 'False'))],
        ['renaming', 'PATCH', $body->(op('Replace', 'userName', uniq('new') . '@contoso.com'))],
        ['renaming, flagged', 'PATCH', $body->(op('replace', undef, { userName => uniq('new') }))],
        ['another externalId', 'PATCH', $body->(op('Replace', 'externalId', uniq('other')))],
        ['loss of the externalId', 'PATCH', $body->(op('Remove', 'externalId'))],
        ['deactivation', 'PUT', { %less, active => json_false() }],
        ['renaming', 'PUT', { %less, userName => uniq('new') . '@contoso.com' }],
        ['deletion', 'DELETE'],
    ) {
        my ($what, $method, $send) = @$deed;
        my $res = scim($method, "/Users/$id", $send, @as);
        is_error $res, 400, 'mutability', $word, "E2: $what of $who by $method is 400, never 403";
        unlike $res->json->{detail} // '', $no_internals, "E1: plain words for $what of $who by $method";
        is get("/Users/$id", @as)->content, $text, "E2: $what of $who by $method did nothing";
    }
    is_deeply [@{ row_of($id) }{qw(active deleted_at username external_id)}], [1, undef, $name, $ext],
        "E2: the row of $who is as it was";
    is applied($id), $n, "E2: and no event says otherwise for $who";

    # ---- POST is a conflict ----
    my $count = sub { db()->selectrow_array('SELECT count(*) FROM public.users') };
    my $before = $count->();
    for my $post (
        ['its externalId', { userName => uniq('p'), externalId => $ext }],
        ['its userName', { userName => $name, externalId => uniq('e') }],
        ['its userName in another case', { userName => uc $name }],
        ['both', { userName => $name, externalId => $ext }],
    ) {
        my ($what, $send) = @$post;
        my $res = post('/Users', { schemas => [CORE], %$send }, @as);
        is_error $res, 409, 'uniqueness', undef, "P5: a POST with $what of $who is 409";
        unlike $res->json->{detail} // '', $no_internals, "E1: plain words for $what of $who";
    }
    is $count->(), $before, "P5: nobody new beside $who";
    is get("/Users/$id", @as)->content, $text, "P5: $who is as before";

    # ---- the harmless is allowed ----
    for my $deed (
        ['a title', $body->(op('Add', 'title', 'Chief')), sub { $_[0]{title} }, 'Chief'],
        ['a given name', $body->(op('Replace', 'name.givenName', 'Other')), sub { $_[0]{name}{givenName} }, 'Other'],
        ['an address', $body->(op('replace', 'emails[type eq "work"].value', "new-$id\@contoso.com")),
         sub { $_[0]{emails}[0]{value} }, "new-$id\@contoso.com"],
        ['active as it is', $body->(op('Replace', 'active', 'True')), sub { $_[0]{active} }, json_true()],
        ['the userName as it is', $body->(op('Replace', 'userName', $name)), sub { $_[0]{userName} }, $name],
        ['the department', $body->(op('replace', undef, { ENT . ':department' => 'IT' })),
         sub { $_[0]{+ENT}{department} }, 'IT'],
        ['nothing', $body->(), sub { $_[0]{id} }, $id],
    ) {
        my ($what, $send, $read, $want) = @$deed;
        is_resource scim('PATCH', "/Users/$id", $send, @as), 200, "E2: PATCH of $what is allowed for $who";
        is_deeply $read->(get("/Users/$id", @as)->json), $want, "E2: and done: $what for $who";
    }
    my $now = get("/Users/$id", @as)->json;
    is_resource scim('PUT', "/Users/$id", { %$now, displayName => 'Shown' }, @as), 200,
        "E2: a harmless PUT is allowed for $who";
    is get("/Users/$id", @as)->json->{displayName}, 'Shown', "E2: and done for $who";
    is_list get('/Users?count=0', @as), undef, "E2: the token still works for $who";
}

# Who holds no token of this request and is no administrator is not protected.
{
    is_resource ops($plain, op('Replace', 'active', 'False')), 200,
        'E2: another token may deactivate an ordinary user who has one';
    is row_of($plain)->{active}, 0, 'E2: and does';
    is_error get('/Users?count=0', token => $plain_token), 401, undef, undef, 'E2: whose token then is none';
}

# An administrator who left is history and can be matched by nobody by name.
{
    my $gone = make_row(role => 'admin', external_id => 'ext-gone', active => 0, deleted_at => '2020-01-01');
    my $name = row_of($gone)->{username};
    my $res = post('/Users', { schemas => [CORE], userName => $name });
    is_resource $res, 201, 'P6: the name of a deleted administrator is free';
    isnt $res->json->{id}, $gone, 'P6: and the new user is somebody else';
    isnt row_of($res->json->{id})->{role}, 'admin', 'P6: without that role';
    is row_of($gone)->{deleted_at} =~ /^2020/ ? 1 : 0, 1, 'P6: the deleted one stays';
}

# Becoming protected takes effect at once.
{
    my $user = new_user();
    is_resource ops($user->{id}, op('Replace', 'active', 'False')), 200, 'E2: an ordinary user';
    ops($user->{id}, op('Replace', 'active', 'True'));
    db()->do(q{UPDATE public.users SET role = 'admin' WHERE id = ?}, undef, $user->{id});
    is_error ops($user->{id}, op('Replace', 'active', 'False')), 400, 'mutability', undef,
        'E2: who becomes an administrator is protected';
    is row_of($user->{id})->{active}, 1, 'E2: from then on';
    is_error scim_b('DELETE', "/Users/$user->{id}"), 404, undef, undef,
        'E2: for another organisation there is nobody to protect';
}

done_testing;
