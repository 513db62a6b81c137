# Versions: ETag and meta.version, and what hangs on them (RFC 7644 section 3.14,
# RFC 9110 section 13).
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub ops {
    my ($id, $ops, @opt) = @_;
    return patch("/Users/$id", { schemas => [PATCH_OP], Operations => $ops }, @opt);
}
sub title    { my ($id, $title, @opt) = @_; ops($id, [{ op => 'replace', path => 'title', value => $title }], @opt) }
sub version  { get("/Users/$_[0]", @_[1 .. $#_])->json->{meta}{version} }
sub if_match { (headers => { 'If-Match' => $_[0] }) }
sub if_none  { (headers => { 'If-None-Match' => $_[0] }) }
sub bare     { $_[0] =~ s/^W\///r }
sub applied  { scalar grep { $_->{outcome} eq 'applied' } @{ events_of($_[0]) } }

# What must be as it was after a refused request.
sub state_of { my ($id) = @_; return encode([row_of($id), applied($id)]) }

# ---- one version everywhere ----

{
    my $made = post('/Users', { userName => uniq('v') . '@contoso.com', title => 'T' });
    is_resource $made, 201, 'POST has the version, and the URL of what it shows';
    my $id = $made->json->{id};
    my $version = $made->header('ETag');
    for my $case ([GET => get("/Users/$id")], ['GET, one attribute' => get("/Users/$id?attributes=userName")],
                  ['GET without meta' => get("/Users/$id?excludedAttributes=meta,title")],
                  [HEAD => head("/Users/$id")], ['PATCH of nothing' => ops($id, [])],
                  ['PATCH, one attribute' => patch("/Users/$id?attributes=id", { Operations => [] })],
                  ['PUT of the same' => put("/Users/$id", $made->json)]) {
        my ($what, $res) = @$case;
        is $res->code, 200, "$what: 200";
        is $res->header('ETag'), $version, "$what: the ETag is that of POST";
        is $res->header('Content-Location'), $made->json->{meta}{location}, "$what: Content-Location is meta.location";
        is $res->header('Location'), undef, "$what: no Location";
    }
    is get("/Users/$id?attributes=meta.version")->json->{meta}{version}, $version, 'meta.version alone';
    my ($member) = @{ get("/Users?filter=id+eq+%22$id%22")->json->{Resources} };
    is $member->{meta}{version}, $version, 'a member of a list has it as well';
    is get('/Users')->header($_), undef, "a list has no $_" for qw(ETag Content-Location);
    is get("/Users/$id")->json->{meta}{version}, $version, 'reading changes nothing';

    my $changed = title($id, 'U');
    is_resource $changed, 200, 'PATCH has the new version';
    isnt $changed->header('ETag'), $version, 'which is another';
    is version($id), $changed->header('ETag'), 'and the one that GET has';
    is title($id, 'T')->header('ETag'), $version, 'what is as it was has the version it had';
    is_resource put("/Users/$id", { %{ $made->json }, title => 'V' }), 200, 'PUT has the new version';
    isnt version($id), $version, 'which is another';
    is_error get('/Users/987654321'), 404, undef, undef, 'an error';
    is get('/Users/987654321')->header($_), undef, "an error has no $_" for qw(ETag Content-Location);
    is del("/Users/$id")->header('ETag'), undef, 'DELETE has none';
}

# ---- what the application does counts as well ----

{
    my $id = new_user(title => 'T', emails => [{ type => 'work', value => uniq('m') . '@contoso.com' }])->{id};
    my %seen = (version($id) => 'at first');
    for my $set (q{first_name = 'App'}, q{last_name = ''}, q{active = false},
                 q{email = 'app@contoso.com'}, q{external_id = 'app'}, q{username = 'app@contoso.com'},
                 q{scim_extra = scim_extra || '{"title": "App"}'}, q{first_name = 'Ap', last_name = 'p'}) {
        db()->do("UPDATE public.users SET $set WHERE id = ?", undef, $id);
        my $version = version($id);
        is $seen{$version}, undef, "$set: another version";
        $seen{$version} = $set;
    }
    my $version = version($id);
    for my $set (q{password_hash = 'x'}, q{updated_at = now() + interval '1 day'}, q{api_access = NOT api_access},
                 q{scim_extra = scim_extra || '{"shoeSize": 44}'}) {
        db()->do("UPDATE public.users SET $set WHERE id = ?", undef, $id);
        is version($id), $version, "$set: the version stays";
    }
    my $other = extra_httpd(edit => sub { s/^(\s*)ScimAttribute\s+meta\..*\n//mg });
    is version($id, base => $other->base), $version, 'another host has the same';
}

# ---- If-Match ----

for my $case (
    ['the version'       => sub { $_[0] }],
    ['without W/'        => sub { bare($_[0]) }],
    ['*'                 => sub { '*' }],
    ['in a list'         => sub { qq(W/"x", $_[0]) }],
    ['in two lines'      => sub { ['"x"', $_[0]] }],
    ['as mod_deflate gives it' => sub { $_[0] =~ s/"$/-gzip"/r }],
    ['as mod_brotli gives it'  => sub { $_[0] =~ s/"$/-br"/r }],
) {
    my ($what, $tag) = @$case;
    my $user = new_user();
    my $id = $user->{id};
    is title($id, 'P', if_match($tag->(version($id))))->code, 200, "If-Match, $what: PATCH";
    is row_of($id)->{scim_extra} =~ /"P"/, 1, "If-Match, $what: has patched";
    is put("/Users/$id", { %$user, title => 'Q' }, if_match($tag->(version($id))))->code, 200, "If-Match, $what: PUT";
    is get("/Users/$id")->json->{title}, 'Q', "If-Match, $what: has put";
    is get("/Users/$id", if_match($tag->(version($id))))->code, 200, "If-Match, $what: GET";
    is del("/Users/$id", if_match($tag->(version($id))))->code, 204, "If-Match, $what: DELETE";
    is get("/Users/$id")->code, 404, "If-Match, $what: has deleted";
}

{
    my $user = new_user(title => 'old');
    my $id = $user->{id};
    my $stale = version($id);
    title($id, 'new');
    my $now = version($id);
    my $body = { %$user, title => 'put' };
    for my $tag ($stale, bare($stale), 'W/"x"', '""', '"', 'x', bare($now) =~ s/"//gr, "$stale, \"y\"", "\"x\" $now",
                 '*, "x"', ',', ($now =~ s/"$/-zip"/r)) {
        my $before = state_of($id);
        is_error title($id, 'patch', if_match($tag)), 412, undef, qr/If-Match/, "If-Match $tag: PATCH is refused";
        is_error put("/Users/$id", $body, if_match($tag)), 412, undef, undef, "If-Match $tag: PUT is refused";
        is_error del("/Users/$id", if_match($tag)), 412, undef, undef, "If-Match $tag: DELETE is refused";
        is_error get("/Users/$id", if_match($tag)), 412, undef, undef, "If-Match $tag: GET is refused";
        is state_of($id), $before, "If-Match $tag: row and events are as before";
    }
    is_error ops($id, [], if_match($stale)), 412, undef, undef, 'a PATCH that would change nothing as well';
    is title($id, 'new', if_match($stale))->header($_), undef, "412 has no $_" for qw(ETag Content-Location);

    # a version is one of a resource
    my $other = new_user();
    is_error title($other->{id}, 'x', if_match($now)), 412, undef, undef, 'the version of another user';

    # what is not there has no version, and is not there
    for my $tag ('*', $now) {
        for my $gone (987654321, '007') {
            is_error title($gone, 'x', if_match($tag)), 404, undef, undef, "If-Match $tag: PATCH of $gone is 404";
            is_error put("/Users/$gone", { userName => 'x' }, if_match($tag)), 404, undef, undef, "PUT of $gone too";
            is_error del("/Users/$gone", if_match($tag)), 404, undef, undef, "DELETE of $gone too";
            is_error get("/Users/$gone", if_match($tag)), 404, undef, undef, "and GET";
        }
    }
    is_error scim_b('PATCH', "/Users/$id", { Operations => [] }, if_match($stale)), 404, undef, undef,
        'another tenant learns nothing by it';
    is_error title($id, 'x', token => undef, if_match($stale)), 401, undef, undef, 'nor does somebody without a token';

    # what cannot be read is said first, what is not allowed afterwards
    is_error patch("/Users/$id", '{', if_match($stale)), 400, 'invalidSyntax', undef, 'no JSON is no JSON';
    is_error ops($id, [{ op => 'replace', path => 'active', value => 'maybe' }], if_match($stale)), 412, undef, undef,
        'a value is not judged under the wrong version';

    # as of what the application made of the row meanwhile
    my $mine = version($id);
    db()->do(q{UPDATE public.users SET last_name = 'Changed' WHERE id = ?}, undef, $id);
    is_error title($id, 'x', if_match($mine)), 412, undef, undef, 'the application has changed the row';
    db()->do(q{UPDATE public.users SET last_name = NULL WHERE id = ?}, undef, $id);
    is title($id, 'x', if_match($mine))->code, 200, 'and changed it back';
}

# ---- one of ten ----

for my $round (1 .. 3) {
    my $id = new_user(title => 'start')->{id};
    my $version = version($id);
    my @res = parallel(map { ['PATCH', "/Users/$id", { Operations => [
        { op => 'replace', path => 'title', value => "writer $_" },
        { op => 'replace', path => 'name.givenName', value => "writer $_" }] },
        headers => { 'If-Match' => $version, Connection => 'close' }] } 1 .. 10);
    my @won = grep { $res[$_]->code == 200 } 0 .. $#res;
    is @won, 1, "round $round: one of ten writers wins";
    is grep({ $_->code == 412 } @res), 9, "round $round: nine are told";
    my $user = get("/Users/$id")->json;
    is $user->{title}, 'writer ' . ($won[0] + 1), "round $round: it is what the winner wrote";
    is $user->{name}{givenName}, $user->{title}, "round $round: all of it";
    is $res[$won[0]]->header('ETag'), $user->{meta}{version}, "round $round: in the version it was told";
    is applied($id), 2, "round $round: one event beside the first";
}
{
    my $id = new_user()->{id};
    my $version = version($id);
    my @res = parallel(map { [$_ % 2 ? 'DELETE' : 'PUT', "/Users/$id", $_ % 2 ? undef : { userName => uniq('w') },
        headers => { 'If-Match' => $version, Connection => 'close' }] } 1 .. 10);
    is grep({ $_->code =~ /^20[04]$/ } @res), 1, 'one of ten that put and delete wins';
    is grep({ $_->code !~ /^(?:20[04]|404|412)$/ } @res), 0, 'the others meet another version, or nothing';
    is applied($id), 2, 'one event beside the first';
}

# ---- If-None-Match ----

{
    my $user = new_user(title => 'T');
    my ($id, $version) = ($user->{id}, $user->{meta}{version});
    for my $tag ($version, bare($version), '*', "\"x\", $version", ($version =~ s/"$/-gzip"/r)) {
        for my $res (get("/Users/$id", if_none($tag)), get("/Users/$id?attributes=title", if_none($tag)),
                     head("/Users/$id", if_none($tag))) {
            is $res->code, 304, "If-None-Match $tag: 304";
            is $res->header('ETag'), $version, "If-None-Match $tag: with the version";
            is $res->header('Content-Location'), $user->{meta}{location}, "If-None-Match $tag: with the URL";
            is $res->header('Cache-Control'), 'no-store', "If-None-Match $tag: with Cache-Control";
            is $res->content . ($res->rest // ''), '', "If-None-Match $tag: without body";
        }
        my $before = state_of($id);
        is_error title($id, 'x', if_none($tag)), 412, undef, qr/If-None-Match/, "If-None-Match $tag: PATCH is refused";
        is_error put("/Users/$id", $user, if_none($tag)), 412, undef, undef, "If-None-Match $tag: PUT is refused";
        is_error del("/Users/$id", if_none($tag)), 412, undef, undef, "If-None-Match $tag: DELETE is refused";
        is state_of($id), $before, "If-None-Match $tag: row and events are as before";
    }
    for my $tag ('"x"', 'W/"x"', '', 'x', '"') {
        is_resource get("/Users/$id", if_none($tag)), 200, "If-None-Match $tag: the user";
    }
    is_error get('/Users/987654321', if_none('*')), 404, undef, undef, 'what is not there is not unmodified';
    is_error get("/Users/$id", headers => { 'If-Match' => '"x"', 'If-None-Match' => $version }), 412, undef, undef,
        'If-Match comes first';
    is title($id, 'U', if_none('"x"'))->code, 200, 'another version is no hindrance to PATCH';
    is_resource get("/Users/$id", if_none($version)), 200, 'after a change the user is sent';
    # there is no date that these could be compared with
    for my $name (qw(If-Modified-Since If-Unmodified-Since)) {
        is_resource get("/Users/$id", headers => { $name => $_ }), 200, "$name: $_ is passed over"
            for 'Sat, 01 Jan 2000 00:00:00 GMT', 'Sat, 01 Jan 2050 00:00:00 GMT';
    }
    is_resource get("/Users/$id", headers => { Range => 'bytes=0-9', 'If-Range' => version($id) }), 200,
        'a range under a weak tag is the whole';
}

# ---- POST makes something that has no version yet ----

for my $case ([if_match('"x"'), 412], [if_none('*'), 412], [if_match('*'), 201], [if_none('"x"'), 201]) {
    my ($opt, $headers, $status) = @$case;
    my $name = uniq('p');
    my $res = post('/Users', { userName => $name }, $opt, $headers);
    is $res->code, $status, 'POST, ' . encode($headers) . ": $status";
    my ($n) = db()->selectrow_array('SELECT count(*) FROM public.users WHERE username = ?', undef, $name);
    is $n, $status == 201 ? 1 : 0, 'POST, ' . encode($headers) . ': is in the table as it says';
}
is_error post('/Users', '{', if_none('*')), 400, 'invalidSyntax', undef, 'POST: no JSON is no JSON';

# ---- compressed ----

for my $module (qw(deflate brotli)) {
    my ($filter, $coding) = $module eq 'deflate' ? ('DEFLATE', 'gzip') : ('BROTLI_COMPRESS', 'br');
    my $h = extra_httpd(modules => ['filter', $module], conf => "AddOutputFilterByType $filter application/scim+json\n");
    my $id = new_user(title => 'T' x 2000)->{id};
    my $version = version($id);
    my @coded = (base => $h->base, headers => { 'Accept-Encoding' => $coding });
    my @with = (base => $h->base, headers => { 'Accept-Encoding' => $coding, 'If-None-Match' => $version });
    my $res = get("/Users/$id", @coded);
    is $res->header('Content-Encoding'), $coding, "mod_$module is at work";
    is $res->header('ETag'), $version, "mod_$module: ETag is meta.version all the same";
    $res = get("/Users/$id", @with);
    is $res->code, 304, "mod_$module: If-None-Match";
    is $res->header('ETag'), $version, "mod_$module: the same version in a 304";
    is $res->content, '', "mod_$module: without body";
    for my $tag ($version, $version =~ s/"$/-$coding"/r) {
        is get("/Users/$id", base => $h->base, headers => { 'Accept-Encoding' => $coding, 'If-None-Match' => $tag })->code,
            304, "mod_$module: If-None-Match $tag";
        is title($id, 'U', base => $h->base, headers => { 'Accept-Encoding' => $coding, 'If-Match' => $tag })->code,
            200, "mod_$module: If-Match $tag";
        is get("/Users/$id")->json->{title}, 'U', "mod_$module: has changed the user";
        is_error title($id, 'V', base => $h->base, headers => { 'If-Match' => $tag }), 412, undef, undef,
            "mod_$module: and a second time it is stale";
        title($id, 'T' x 2000);
    }
}

done_testing;
