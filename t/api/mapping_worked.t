# docs/mapping.md, step by step: its SQL and its configuration are taken from the
# document and put to use, then users live in the tables of its two applications.
use ScimTest;
use ScimTest::Ctl;
use MIME::Base64 qw(encode_base64);

use constant ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

my $top = ScimTest::Sys::top();

# ---- the document ----

# Blocks by application, step and language: { Fieldnote => { 'The tables' => { sql => [...] } } }
my %book;
{
    my ($application, $step, $language, $block) = ('', '');
    for my $line (split /^/, ScimTest::Sys::slurp("$top/docs/mapping.md")) {
        if (defined $block) {
            if ($line eq "```\n") {
                push @{ $book{$application}{$step}{$language} }, $block;
                undef $block;
            }
            else {
                $block .= $line;
            }
        }
        elsif ($line =~ /^```(\w+)$/) { ($language, $block) = ($1, '') }
        elsif ($line =~ /^## (\w+):/) { $application = $1 }
        elsif ($line =~ /^### (.*)$/) { $step = $1 }
    }
}
is_deeply [sort keys %book], ['Fieldnote', 'Ledger'], 'the document has two applications';

my ($part1, $last) = ScimTest::Sys::slurp("$top/conf/sql/scim.sql")
    =~ /\A(.*?)^-- =+\n-- PART 2: .*?(^-- -+\n-- Last, a check .*)\z/ms;
ok $part1 && $last, 'scim.sql has a part 1, and a check at its end';

# All blocks of a step in one language; there is at least one.
sub block {
    my ($application, $step, $language) = @_;
    my $blocks = $book{$application}{$step}{$language};
    ok $blocks, "$application: $step: there is $language" or return '';
    return join "\n", @$blocks;
}

# Each line of a block stands in the text, whatever the width of its columns; one
# that begins with blanks goes on with the line before.
sub quotes {
    my ($lines, $text, $what) = @_;
    $lines =~ s/\n +/ /g;
    my $flat = join "\n", map { join ' ', split } split /\n/, $text;
    my @missing = grep { index($flat, $_) < 0 } map { join ' ', split } split /\n/, $lines;
    is_deeply \@missing, [], $what or diag $text;
}

# ---- an application is set up ----

my (@database, @server);

sub run_sql {
    my ($app, $what, @sql) = @_;
    my $file = "$ENV{SCIM_TEST_RUN}/$app->{database}.sql";
    ScimTest::Sys::spew($file, join "\n", @sql);
    my $said = eval { cluster()->psql('-d', $app->{database}, '-1', '-f', $file) };
    ok defined $said, "$app->{name}: $what" or diag $@;
    return $said // '';
}

# Up to scimctl check; $seed is SQL that is run behind the tables, $login
# administers the first organisation.
sub set_up {
    my ($name, $seed, $login) = @_;
    my $app = { name => $name, database => lc($name) . "_$$", login => $login };
    db()->do("CREATE DATABASE $app->{database} TEMPLATE template0");
    push @database, $app->{database};
    run_sql($app, 'the tables', block($name, 'The tables', 'sql'), $seed);
    if (my $proposed = $book{$name}{'What the tool proposes'}) {
        for my $option ('--conf', '--sql') {
            my $r = scimctl('inspect', $option, conninfo_of(cluster(), dbname => $app->{database}));
            quotes(shift @{ $proposed->{text} } // '?', $r->{out}, "$name: scimctl inspect $option proposes what the document shows");
        }
    }
    run_sql($app, 'what is missing', block($name, 'What is missing', 'sql'));
    my @part2 = ($part1, (map { block($name, $_, 'sql') } 'Part 2 of scim.sql', 'The console'), $last);
    is run_sql($app, 'scim.sql', @part2), '', "$name: scim.sql: without a warning";
    is run_sql($app, 'scim.sql again', @part2), '', "$name: scim.sql again: likewise";

    my $conf = join "\n", map { block($name, $_, 'apache') } 'The configuration', 'The console';
    my $h = $app->{httpd} = extra_httpd(start => 0, console => { $login => 'secret' }, edit => sub { $_ = $conf });
    my %value = (AuthUserFile => "$h->{htdocs}.logins", ScimDatabase => cluster()->conninfo(dbname => $app->{database}),
        ScimConsoleDatabase => cluster()->conninfo(dbname => $app->{database}, user => 'scim_console'));
    $conf =~ s/^(\s*$_ ).*/$1"$value{$_}"/m or die "no $_" for keys %value;
    push @server, $h;
    $h->write_conf;
    my $r = scimctl('check', '--httpd', ScimTest::Httpd::program(), '-f', $h->conf_file);
    is $r->{status}, 0, "$name: scimctl check" or diag $r->{out}, $r->{err};
    quotes($book{$name}{'The check'}{text}[0] // '?', $r->{out}, "$name: scimctl check says what the document shows");
    $h->start;
    $app->{dbh} = cluster()->dbh(dbname => $app->{database});
    return $app;
}

# The commands of the first request, as they stand there.
sub first_request {
    my ($app) = @_;
    my $name = $app->{name};
    my $base = $app->{httpd}->base;
    run_sql($app, 'the switches', block($name, 'The first request', 'sql'));
    my $sh = block($name, 'The first request', 'sh');
    my $conninfo = conninfo_of(cluster(), dbname => $app->{database});
    $sh =~ s/dbname=\w+/"$conninfo"/ or die 'no database';
    $sh =~ s{"https://\w+\.example/scim/v2}{"$base} or die 'no URL';
    $sh =~ s{^TOKEN=\$\(scimctl}{'TOKEN=$(' . ScimTest::Ctl::program()}e or die 'no token';
    my ($status, $said) = ScimTest::Sys::run_cmd({ status => 1 }, 'sh', '-c', "$sh\necho; echo \$TOKEN");
    my ($json, $token) = split /\n/, $said;
    like $token, qr/^scim_[0-9a-f]{64}$/, "$name: a token";
    my $answer = eval { JSON::PP::decode_json($json) };
    my $user = eval { $answer->{Resources}[0] } // {};
    delete $user->{meta};
    is_deeply $user, JSON::PP::decode_json(block($name, 'The first request', 'json')), "$name: the first request" or diag $said;
    $app->{token} = $token;
    $app->{there} = [base => $base, token => $token];
}

# ---- the console ----

# What its page asks for and does, as the administrator of the first organisation.
sub console {
    my ($app, $tenant, $count, $switch) = @_;
    my ($name, $owner) = @$app{qw(name owner)};
    my ($server) = $app->{httpd}->console =~ m{//([^/]+)};
    my $ask = sub {
        my ($method, $path, $body, %header) = @_;
        return ScimTest::Client::request($server, $method, "/scim/console/$path",
            { Authorization => 'Basic ' . encode_base64("$app->{login}:secret", ''), %header, $body ? ('Content-Type' => 'application/json') : () },
            $body && encode($body));
    };
    my $look = sub {
        my ($call) = @_;
        my $res = $ask->(GET => "api/$call" . ($call =~ /\?/ ? '&' : '?') . "tenant=$tenant");
        is $res->code, 200, "$name: console: $call" or diag $res->as_string;
        return eval { $res->json };
    };
    like $ask->(GET => '')->content, qr/<title>/, "$name: console: the page";
    my $session = $ask->(GET => 'api/session')->json;
    is_deeply $session->{tenants}, [{ tenant => "$tenant", name => 'Contoso' }], "$name: console: the organisation" or diag encode($session);
    my $change = sub {
        my ($call, %args) = @_;
        return $ask->(POST => "api/$call", { tenant => "$tenant", %args }, 'X-Scim-Console' => $session->{proof}, 'Sec-Fetch-Site' => 'same-origin');
    };
    my $organisation = $look->('organisation');
    my ($all, $inactive) = $app->{dbh}->selectrow_array($count);
    is_deeply [@{ $organisation->{accounts} }{qw(all inactive protected)}], [$all, $inactive, 1], "$name: console: the numbers" or diag encode($organisation);
    for my $sort (qw(name -name new old)) {
        is scalar @{ $look->("accounts?sort=$sort")->{accounts} }, $all, "$name: console: all, sorted by $sort";
    }
    my ($me) = @{ $look->("accounts?state=protected&search=$owner")->{accounts} };
    is_deeply [@$me{qw(id user_name)}], [$owner, $app->{login} =~ s/\@7$//r], "$name: console: the administrator, searched for";
    my $events = $look->('activity')->{events};
    ok !(grep { !defined $_->{actor} } @$events), "$name: console: by whom";
    ok scalar(grep { $_->{operation} eq 'delete' && defined $_->{resource} } @$events), "$name: console: what is deleted has a name";
    is $look->('health')->{refused_in_day} > 0, 1, "$name: console: something was refused";

    is $change->('enable', enabled => json_false())->code, 200, "$name: console: switched off";
    is get('/Users?count=0', @{ $app->{there} })->code, 401, "$name: console: and off it is";
    is $change->('enable', enabled => json_true())->code, 200, "$name: console: and on";
    my $token = $change->('issue', account => $owner, days => 1)->json->{token};
    is get('/Users?count=0', base => $app->{httpd}->base, token => $token)->code, 200, "$name: console: its token works";
    my ($last) = sort { $b->{token_id} <=> $a->{token_id} } @{ $look->('tokens') };
    is_deeply [@$last{qw(account state)}], [$owner, 'valid'], "$name: console: and is listed";
    like $change->('rotate', token => $last->{token_id}, days => 1, overlap => 0)->json->{token} // '', qr/^scim_/, "$name: console: rotated";
    ($last) = sort { $b->{token_id} <=> $a->{token_id} } @{ $look->('tokens') };
    is $change->('revoke', token => $last->{token_id})->code, 200, "$name: console: revoked";
    is $change->('access', account => $owner, enabled => json_true())->code, $switch, "$name: console: API access of a user";
}

# ---- a life, in both dialects of Entra ----

sub filter {
    my ($app, $filter) = @_;
    return get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), @{ $app->{there} });
}

# $app->{row}->(id) is what the tables have: { login, ext, first, last, active, gone }.
sub life {
    my ($app, $dialect) = @_;
    my ($name, @there) = ("$app->{name}, $dialect", @{ $app->{there} });
    my ($login, $ext) = (uniq('Joy') . '@contoso.com', uniq('e'));
    my $legacy = $dialect eq 'legacy';
    my $row = sub {
        my ($id, $want, $what) = @_;
        my $have = $app->{row}->($id);
        is_deeply { map { $_ => $have->{$_} } keys %$want }, $want, "$name: $what: the tables";
    };
    my $change = sub {
        my ($id, $what, %to) = @_;
        my @ops = $legacy ? map { { op => 'Replace', path => $_, value => $to{$_} } } sort keys %to
                          : { op => 'replace', value => { map { $_ => $_ eq 'active' ? ($to{active} eq 'True' ? json_true() : json_false()) : $to{$_} } keys %to } };
        my $res = patch("/Users/$id", { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations => \@ops }, @there);
        is_resource $res, 200, "$name: $what";
        return $res->json;
    };

    is_list filter($app, "externalId eq \"$ext\""), 0, "$name: nobody yet";
    my $res = post('/Users', { schemas => ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE], userName => $login, externalId => $ext, active => $legacy ? 'True' : json_true(),
        name => { givenName => 'Joy', familyName => 'Ng' }, emails => [{ type => 'work', value => $login, primary => json_true() }],
        phoneNumbers => [{ type => 'mobile', value => '+41 79' }], ENTERPRISE, { department => 'Sales' } }, @there);
    is_resource $res, 201, "$name: create";
    my $id = $res->json->{id};
    $row->($id, { login => $login, ext => $ext, first => 'Joy', last => 'Ng', active => 1, gone => 0 }, 'create');
    is filter($app, $_)->json->{Resources}[0]{id}, $id, "$name: found by $_" for "externalId eq \"$ext\"", 'userName eq "' . uc($login) . '"';
    is get("/Users/$id", @there)->content, $res->content, "$name: read";

    $change->($id, 'change', 'name.givenName' => 'Joyce', userName => "x$login");
    $row->($id, { login => "x$login", first => 'Joyce', last => 'Ng' }, 'change');
    ok exists $change->($id, 'clear', 'name.familyName' => '')->{name} && !defined get("/Users/$id", @there)->json->{name}{familyName}, "$name: clear: the answer";
    is $app->{row}->($id)->{last} || '', '', "$name: clear: the tables";

    # uniqueness, inside the tenant
    is_error post('/Users', { userName => "X$login", externalId => 'other' }, @there), 409, 'uniqueness', qr/userName/, "$name: the name is taken";
    is_error post('/Users', { userName => "y$login", externalId => $ext }, @there), 409, 'uniqueness', qr/externalId/, "$name: the externalId is taken";
    my $second = post('/Users', { userName => "z$login", externalId => "z$ext" }, @there)->json->{id};
    is_error patch("/Users/$second", { Operations => [{ op => 'Replace', path => 'userName', value => "X$login" }] }, @there), 409, 'uniqueness', undef,
        "$name: the name is taken: PATCH";
    $row->($second, { login => "z$login", active => 1 }, 'the name is taken');

    # off and on; sessions end
    $app->{log_in}->($_) for $id, $second;
    for my $round (1, 2) {
        is_deeply $change->($id, "off, $round", active => 'False')->{active}, json_false(), "$name: off, $round: the answer";
        $row->($id, { active => 0, gone => 0 }, "off, $round");
    }
    is_deeply [map { $app->{sessions}->($_) } $id, $second], [0, 1], "$name: off: the sessions end, and nobody else's";
    is_list filter($app, "externalId eq \"$ext\" and active eq false"), 1, "$name: off: found as inactive";
    $change->($id, 'on', active => 'True');
    $row->($id, { login => "x$login", active => 1 }, 'on');

    # deleted, and back
    is del("/Users/$id", @there)->code, 204, "$name: delete";
    $row->($id, { active => 0, gone => 1 }, 'delete');
    is_error get("/Users/$id", @there), 404, undef, undef, "$name: deleted: read";
    is_resource post('/Users', { userName => "x$login", externalId => "new-$ext" }, @there), 201, "$name: deleted: the name is free";
    $res = post('/Users', { userName => $login, externalId => $ext }, @there);
    is_resource $res, 201, "$name: back";
    is $res->json->{id}, $id, "$name: back: the same";
    $row->($id, { login => $login, active => 1, gone => 0 }, 'back');
    my $events = $app->{dbh}->selectcol_arrayref(q{SELECT operation FROM scim.events WHERE outcome = 'applied' AND resource_id = ? ORDER BY id}, undef, $id);
    is_deeply $events, [qw(create patch patch patch patch delete restore)], "$name: the events";
    return $id;
}

# Another tenant sees nothing of it; the protected one stays; a token ends.
sub fences {
    my ($app, $id, $other) = @_;
    my ($name, @there) = ($app->{name}, @{ $app->{there} });
    my @other = (base => $app->{httpd}->base, token => $other);
    my $before = $app->{row}->($id);
    is_list get('/Users?count=0', @other), 1, "$name: the other tenant has one user";
    is_error get("/Users/$id", @other), 404, undef, undef, "$name: not this one";
    is_error patch("/Users/$id", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @other), 404, undef, undef, "$name: which it cannot change";
    is_error del("/Users/$id", @other), 404, undef, undef, "$name: or delete";
    is_deeply $app->{row}->($id), $before, "$name: which stays as it is";
    is_resource post('/Users', { userName => $before->{login}, externalId => $before->{ext} }, @other), 201, "$name: it may use the same names";

    is_error patch("/Users/$app->{owner}", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @there), 400, 'mutability', undef,
        "$name: who owns the token is protected";
    is $app->{row}->($app->{owner})->{active}, 1, "$name: and stays active";

    my ($token_id) = $app->{dbh}->selectrow_array('SELECT token_id FROM scim.tokens WHERE actor = ?', undef, $app->{owner});
    my $r = scimctl('token', 'revoke', '-d', conninfo_of(cluster(), dbname => $app->{database}), $token_id);
    is $r->{status}, 0, "$name: the token is revoked" or diag $r->{err};
    is_error get("/Users/$id", @there), 401, undef, undef, "$name: and ends with it";
    is_list get('/Users?count=0', @other), 2, "$name: the other goes on";
}

# The module without a tenant, or with another, in a session of its own.
sub wall {
    my ($app, $table, $tenant, $count) = @_;
    my $dbh = cluster()->dbh(dbname => $app->{database}, user => 'mod_scim');
    ok !eval { $dbh->selectrow_array("SELECT count(*) FROM $table"); 1 }, "$app->{name}: the wall: nobody has said the tenant";
    $dbh->do(q{SELECT set_config('scim.tenant', ?, false)}, undef, $tenant);
    is $dbh->selectrow_array("SELECT count(*) FROM $table"), $count, "$app->{name}: the wall: one tenant's alone";
    return $dbh;
}

# ---- Fieldnote ----

my @id = map { "5b1f8a52-7f1c-4f5e-9d6e-3f0b2c7d9a1$_" } 0 .. 3;
my $field = set_up('Fieldnote', <<"END", 'owner@contoso.com');
INSERT INTO public.workspaces (id, name) VALUES ('$id[2]', 'Contoso'), ('$id[3]', 'Fabrikam');
INSERT INTO public.members (id, workspace_id, email, password_digest, is_owner)
VALUES ('$id[0]', '$id[2]', 'owner\@contoso.com', 'x', true), ('$id[1]', '$id[3]', 'owner\@fabrikam.com', 'x', true);
END
my $dbh = $field->{dbh};
$field->{owner} = $id[0];
$field->{row} = sub { $dbh->selectrow_hashref(q{SELECT email AS login, external_id AS ext, given_name AS first, family_name AS last,
    (deactivated_at IS NULL)::integer AS active, (deleted_at IS NOT NULL)::integer AS gone FROM public.members WHERE id = ?}, undef, $_[0]) };
$field->{log_in} = sub { $dbh->do('INSERT INTO public.sessions (member_id) VALUES (?)', undef, $_[0]) };
$field->{sessions} = sub { $dbh->selectrow_array('SELECT count(*) FROM public.sessions WHERE member_id = ?', undef, $_[0]) };

first_request($field);
my @made = map { life($field, $_) } 'flagged', 'legacy';
like $made[0], qr/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/, 'Fieldnote: an id is a uuid';
is $dbh->selectrow_array(q{SELECT password_digest FROM public.members WHERE id = ?}, undef, $made[0]), '!', 'Fieldnote: no password fits';
my $kept = post('/Users', { userName => 'kept@contoso.com', externalId => 'kept', emails => [{ type => 'work', value => 'k@contoso.com' }] }, @{ $field->{there} })->json;
is_deeply JSON::PP::decode_json($dbh->selectrow_array('SELECT scim_extra FROM public.members WHERE id = ?', undef, $kept->{id})),
    { emails => [{ type => 'work', value => 'k@contoso.com' }] }, 'Fieldnote: the address beside is kept';
patch("/Users/$kept->{id}", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @{ $field->{there} });
my $since = 'SELECT deactivated_at FROM public.members WHERE id = ?';
my $when = $dbh->selectrow_array($since, undef, $kept->{id});
ok $when, 'Fieldnote: off since';
patch("/Users/$kept->{id}", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @{ $field->{there} });
is $dbh->selectrow_array($since, undef, $kept->{id}), $when, 'Fieldnote: off again keeps since when';
console($field, $id[2], "SELECT count(*), count(deactivated_at) FROM public.members WHERE workspace_id = '$id[2]' AND deleted_at IS NULL", 200);
wall($field, 'public.members', $id[3], 1)->disconnect;

$dbh->do($_) for 'UPDATE public.workspaces SET api_enabled = true', 'UPDATE public.members SET api_access = true WHERE is_owner';
fences($field, $made[0], $dbh->selectrow_array("SELECT scim.token_issue('$id[1]', '1 day')"));

# ---- Ledger ----

my $ledger = set_up('Ledger', <<'END', 'ADMIN@7');
INSERT INTO erp.company VALUES (7, 'Contoso'), (8, 'Fabrikam');
INSERT INTO erp.person (comp_no, lastname) VALUES (7, 'Admin'), (8, 'Admin');
INSERT INTO erp.login (pers_no, comp_no, login, pw_md5, admin_yn) VALUES (1, 7, 'ADMIN', 'x', 'Y'), (2, 8, 'ADMIN', 'x', 'Y');
END
my $old = $ledger->{dbh};
$ledger->{owner} = 1;
$ledger->{row} = sub { $old->selectrow_hashref(q{SELECT l.login, l.ext_id AS ext, p.firstname AS first, p.lastname AS last,
    (l.active_yn = 'Y')::integer AS active, (l.deleted_yn = 'Y')::integer AS gone FROM erp.login l JOIN erp.person p USING (pers_no) WHERE l.pers_no = ?}, undef, $_[0]) };
my $session = 0;
$ledger->{log_in} = sub { $old->do('INSERT INTO erp.web_session VALUES (?, ?)', undef, ++$session, $_[0]) };
$ledger->{sessions} = sub { $old->selectrow_array('SELECT count(*) FROM erp.web_session WHERE pers_no = ?', undef, $_[0]) };

first_request($ledger);
@made = map { life($ledger, $_) } 'flagged', 'legacy';
my $contacts = sub { $old->selectcol_arrayref('SELECT kind || value FROM erp.contact WHERE pers_no = ? ORDER BY kind', undef, $_[0]) };
my $joy = post('/Users', { userName => 'contact', externalId => 'contact', emails => [{ type => 'work', value => 'c@contoso.com' }],
    phoneNumbers => [{ type => 'mobile', value => '+41 79' }], title => 'not kept' }, @{ $ledger->{there} })->json;
is_deeply $contacts->($joy->{id}), ['Ec@contoso.com', 'M+41 79'], 'Ledger: addresses in a table of their own';
ok !exists $joy->{title}, 'Ledger: what has no column is left out';
is_list filter($ledger, 'emails[type eq "work"].value eq "C@contoso.com"'), 1, 'Ledger: found by address';
$old->do("INSERT INTO erp.contact VALUES (?, 'F', 'fax')", undef, $joy->{id});
patch("/Users/$joy->{id}", { Operations => [{ op => 'Replace', path => 'emails[type eq "work"].value', value => 'd@contoso.com' },
    { op => 'Remove', path => 'phoneNumbers[type eq "mobile"]' }] }, @{ $ledger->{there} });
is_deeply $contacts->($joy->{id}), ['Ed@contoso.com', 'Ffax'], 'Ledger: changed, removed, and the rest left alone';
is $old->selectrow_array('SELECT pw_md5 FROM erp.login WHERE pers_no = ?', undef, $joy->{id}), '!', 'Ledger: no password fits';
is_error post('/Users', { userName => 'x' x 51 }, @{ $ledger->{there} }), 400, 'invalidValue', qr/userName.* 50 characters/, 'Ledger: lengths are seen through the view';

# many at once, each with an attribute of its own: the rows behind are locked
my @answer = parallel(map { ['PATCH', "/Users/$joy->{id}", { Operations => [{ op => 'replace', path => $_, value => 'At once' }] }, @{ $ledger->{there} }] }
    ('name.givenName', 'name.familyName') x 4);
is_deeply [map { $_->code } @answer], [(200) x 8], 'Ledger: changes at once';
is_deeply [@{ $ledger->{row}->($joy->{id}) }{qw(first last)}], ['At once', 'At once'], 'Ledger: changes at once: none is lost';

console($ledger, 7, q{SELECT count(*), count(*) FILTER (WHERE active_yn = 'N') FROM erp.login WHERE comp_no = 7 AND deleted_yn = 'N'}, 400);

# the wall, and the indexes behind it
my $mine = wall($ledger, 'face.users', 8, 1);
ok !eval { $mine->do(q{INSERT INTO face.users (comp_no, login, active) VALUES (7, 'intruder', true)}); 1 } && $@ =~ /not that of the token/,
    'Ledger: the wall: nobody is made for another tenant';
is $mine->do(q{UPDATE face.users SET login = 'taken over' WHERE comp_no = 7}) + 0, 0, 'Ledger: the wall: nor changed';
ok !eval { $mine->selectrow_array('SELECT count(*) FROM erp.login'); 1 }, 'Ledger: the tables behind are closed to the module';
$old->do(q{INSERT INTO erp.person (pers_no, comp_no, lastname) SELECT n, 7, n FROM generate_series(1000, 3000) n});
$old->do(q{INSERT INTO erp.login (pers_no, comp_no, login, pw_md5, ext_id) SELECT n, 7, 'u' || n, 'x', 'x' || n FROM generate_series(1000, 3000) n});
$old->do("ANALYZE erp.$_") for qw(person login);
my ($set, $explain) = split /;\n/, ($book{Ledger}{'The check'}{sql} // ['?'])->[0];
$mine->do($set);
my $plan = join "\n", @{ $mine->selectcol_arrayref($explain) };
quotes($book{Ledger}{'The check'}{text}[1] // '?', $plan, 'Ledger: the plan of a look-up');
$mine->disconnect;

$old->do(q{UPDATE erp.company SET scim_yn = 'Y'});
fences($ledger, $made[0], $old->selectrow_array(q{SELECT scim.token_issue(2, '1 day')}));

# ---- a view that cannot do it is found out ----

my $check = sub { scimctl('check', '--httpd', ScimTest::Httpd::program(), '-f', $ledger->{httpd}->conf_file) };
$old->do('DROP TRIGGER users_write ON face.users');
my $r = $check->();
is $r->{status}, 1, 'without its trigger: 1';
like $r->{out}, qr/^wrong: ScimTable: rows of "face"\."users" cannot be inserted and changed; CREATE TRIGGER \.\.\. INSTEAD OF INSERT OR UPDATE ON "face"\."users" /m,
    'which is said';
my ($trigger) = join("\n", @{ $book{Ledger}{'Part 2 of scim.sql'}{sql} }) =~ /^(CREATE OR REPLACE TRIGGER .*?;)$/ms;
$old->do($trigger);
my $view = $old->selectrow_array(q{SELECT pg_get_viewdef('face.users'::regclass)});
(my $outer = $view) =~ s/\bJOIN erp\.person/LEFT JOIN erp.person/ or die $view;
$old->do("CREATE OR REPLACE VIEW face.users AS $outer");
$r = $check->();
is $r->{status}, 1, 'with an outer join: 1';
like $r->{out}, qr/^wrong: ScimTable: rows of "face"\."users" cannot be locked, .*: FOR NO KEY UPDATE cannot be applied to the nullable side of an outer join/m,
    'which is said';
$old->do("CREATE OR REPLACE VIEW face.users AS $view");
is $check->()->{status}, 0, 'as it was: 0';

$_->stop for @server;
$_->{dbh}->disconnect for $field, $ledger;
db()->do("DROP DATABASE $_ WITH (FORCE)") for @database;
done_testing;
