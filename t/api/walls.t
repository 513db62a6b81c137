# Two walls between tenants: the condition in every statement, and row-level
# security. Whatever the token of organisation A asks with what belongs to
# organisation B is answered as if nobody had ever had it; with both walls, and
# with each of them alone.
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
use constant BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
use constant SEARCH   => 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
use constant ENT      => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

# How organisation B's people are called, and how nobody is. In between there is
# nothing else, so comparisons by order come out alike.
use constant { THEIRS => 'zzbb', NOBODYS => 'zzbc' };

sub enc { my ($text) = @_; return $text =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ger }

# ---- who is there ----

sub identity {
    my ($id, $mark, $state, $version) = @_;
    return { id => $id, version => $version, mark => "$mark$state", name => "$mark$state\@x.example",
             external => "$mark$state-ext", mail => "$mark$state-mail\@x.example" };
}

sub attributes {
    my ($who, %more) = @_;
    return (userName => $who->{name}, externalId => $who->{external}, title => $who->{mark}, displayName => $who->{mark},
        name => { givenName => $who->{mark}, familyName => $who->{mark} }, emails => [{ type => 'work', value => $who->{mail} },
        { type => 'home', value => "h$who->{mail}" }], ENT, { department => $who->{mark} }, %more);
}

my (@pair, $mine, $boss, $team);
my $with_groups = extra_httpd(groups => 1);
sub people {
    scim_reset();
    # ids that stand out in a text
    db()->do(q{SELECT setval(pg_get_serial_sequence('public.users', 'id'), 7654320)});
    db()->do(q{SELECT setval(pg_get_serial_sequence('public.teams', 'id'), 6543210)});
    @pair = ();
    my $ghost = 9876540;
    for my $state (qw(active inactive deleted unlinked)) {
        my $there = identity(undef, THEIRS, $state);
        if ($state eq 'unlinked') {
            $there->{id} = db()->selectrow_array(q{INSERT INTO public.users (organisation_id, username, email, password_hash)
                VALUES (2, ?, ?, '!') RETURNING id}, undef, @$there{qw(name mail)});
        }
        else {
            my $made = new_user(attributes($there, active => $state eq 'active' ? json_true() : json_false()), token => token_b());
            @$there{qw(id version)} = ($made->{id}, $made->{meta}{version});
        }
        is del("/Users/$there->{id}", token => token_b())->code, 204, 'B deletes one' if $state eq 'deleted';
        push @pair, [$state, $there, identity($ghost++, NOBODYS, $state, $there->{version})];
    }
    my $admin = identity(undef, THEIRS, 'admin');
    $admin->{id} = db()->selectrow_array(q{INSERT INTO public.users (organisation_id, username, email, password_hash, role)
        VALUES (2, ?, ?, '!', 'admin') RETURNING id}, undef, @$admin{qw(name mail)});
    push @pair, ['administrator', $admin, identity($ghost, NOBODYS, 'admin')];
    $ghost++;
    # a cursor that B was given, and one that nobody was
    my $cursor = get('/Users?cursor&count=1&attributes=id', token => token_b())->json->{nextCursor};
    ok defined $cursor, 'B has a cursor';
    for my $pair (@pair) {
        $pair->[1]{cursor} = $cursor;
        $pair->[2]{cursor} = $cursor =~ s/(.)(.)\z/$2$1/r =~ s/\A(.)/$1 eq 'A' ? 'B' : 'A'/er;
    }
    # a group of B with its people in it; and one of mine
    my $group = new_group(displayName => THEIRS . 'group', externalId => THEIRS . 'group-ext',
        members => [map { "$_->[1]{id}" } grep { $_->[0] ne 'deleted' } @pair], base => $with_groups->base, token => token_b());
    for my $pair (@pair) {
        @{ $pair->[1] }{qw(group gname gext gversion)} = ($group->{id}, THEIRS . 'group', THEIRS . 'group-ext', $group->{meta}{version});
        @{ $pair->[2] }{qw(group gname gext gversion)} = ($ghost, NOBODYS . 'group', NOBODYS . 'group-ext', $group->{meta}{version});
    }
    $mine = new_user(userName => 'mine@contoso.com', externalId => 'mine', title => 'T');
    $team = new_group(displayName => 'mine', members => [$mine->{id}], base => $with_groups->base);
    $boss = new_user(userName => 'boss@contoso.com', externalId => 'boss');
}

sub rows_of {
    my ($org) = @_;
    return encode([map { db()->selectall_arrayref($_, { Slice => {} }, $org) }
        'SELECT * FROM public.users WHERE organisation_id = ? ORDER BY id',
        'SELECT * FROM public.teams WHERE organisation_id = ? ORDER BY id',
        'SELECT m.* FROM public.team_members m JOIN public.teams g ON g.id = m.team_id WHERE g.organisation_id = ?
          ORDER BY m.team_id, m.user_id']);
}

# ---- what is asked: name => code that is given an identity ----

sub patched { my (@ops) = @_; return { schemas => [PATCH_OP], Operations => \@ops } }
sub replaced { my ($path, $value) = @_; return patched({ op => 'replace', path => $path, value => $value }) }

my @TEXT = (['userName', 'name'], ['externalId', 'external'], ['title', 'mark'], ['displayName', 'mark'],
    ['name.familyName', 'mark'], ['name.givenName', 'mark'], ['emails.value', 'mail'], ['emails', 'mail'],
    ['emails[type eq "work"].value', 'mail'], [ENT . ':department', 'mark']);

sub filters {
    my @filter = map { my $op = $_; ["id $op", sub { "id $op \"$_[0]{id}\"" }] } qw(eq ne);
    for my $attribute (@TEXT) {
        my ($path, $key) = @$attribute;
        for my $op (qw(eq ne co sw ew gt ge lt le)) {
            push @filter, ["$path $op", sub { "$path $op \"$_[0]{$key}\"" }];
        }
    }
    my $eq = sub { my ($who) = @_; return "userName eq \"$who->{name}\"" };
    push @filter,
        ['eq, in capitals', sub { 'userName eq "' . uc($_[0]{name}) . '"' }],
        ['not', sub { 'not (' . $eq->(@_) . ')' }],
        ['or', sub { $eq->(@_) . " or id eq \"$_[0]{id}\" or externalId eq \"$_[0]{external}\"" }],
        ['or with one of mine', sub { $eq->(@_) . ' or userName eq "mine@contoso.com"' }],
        ['and', sub { $eq->(@_) . ' and (active eq true or active eq false)' }],
        ['and, the other way round', sub { "(id pr) and externalId eq \"$_[0]{external}\"" }],
        ['everything, or', sub { 'id pr or ' . $eq->(@_) }],
        ['not not', sub { 'not (not (' . $eq->(@_) . '))' }],
        ['brackets', sub { "emails[type eq \"work\" and value eq \"$_[0]{mail}\"]" }],
        ['brackets with or', sub { "emails[value eq \"$_[0]{mail}\" or value eq \"h$_[0]{mail}\"]" }],
        ['as manager', sub { ENT . ":manager.value eq \"$_[0]{id}\"" }],
        ['a quote within', sub { "userName eq \"x' OR '1'='1\" or userName eq \"$_[0]{name}\"" }];
    return @filter;
}

sub requests {
    my @request;
    my $ask = sub { push @request, [@_] };
    # by id
    for my $query ('', '?attributes=userName', '?excludedAttributes=emails') {
        $ask->("GET by id$query", sub { [GET => "/Users/$_[0]{id}$query"] });
    }
    $ask->('HEAD', sub { [HEAD => "/Users/$_[0]{id}"] });
    $ask->('OPTIONS', sub { [OPTIONS => "/Users/$_[0]{id}"] });
    $ask->('GET with the version', sub { [GET => "/Users/$_[0]{id}", undef, headers => { 'If-None-Match' => $_[0]{version} // '*' }] });
    $ask->('PATCH', sub { [PATCH => "/Users/$_[0]{id}", replaced(title => 'X')] });
    $ask->('PATCH of active', sub { [PATCH => "/Users/$_[0]{id}", replaced(active => 'False')] });
    $ask->('PATCH to what is there', sub { [PATCH => "/Users/$_[0]{id}", replaced(title => $_[0]{mark})] });
    $ask->('PATCH of nothing', sub { [PATCH => "/Users/$_[0]{id}", patched()] });
    $ask->('PATCH that is none', sub { [PATCH => "/Users/$_[0]{id}", '{'] });
    $ask->('PATCH with a wrong value', sub { [PATCH => "/Users/$_[0]{id}", replaced(active => 'maybe')] });
    for my $header ('If-Match', 'If-None-Match') {
        $ask->("PATCH with $header", sub { [PATCH => "/Users/$_[0]{id}", replaced(title => 'X'),
            headers => { $header => $_[0]{version} // '*' }] });
        $ask->("DELETE with $header", sub { [DELETE => "/Users/$_[0]{id}", undef, headers => { $header => $_[0]{version} // '*' }] });
    }
    $ask->('PUT', sub { [PUT => "/Users/$_[0]{id}", { userName => 'x@contoso.com' }] });
    $ask->('PUT of what is there', sub { [PUT => "/Users/$_[0]{id}", { attributes($_[0]) }] });
    $ask->('DELETE', sub { [DELETE => "/Users/$_[0]{id}"] });
    # filters, in lists, counts, pages and searches
    for my $filter (filters()) {
        my ($name, $text) = @$filter;
        $ask->("filter $name", sub { [GET => '/Users?filter=' . enc($text->(@_))] });
    }
    for my $filter ((filters())[0, 2, 3, 4, 12]) {
        my ($name, $text) = @$filter;
        $ask->("count by $name", sub { [GET => '/Users?count=0&filter=' . enc($text->(@_))] });
        $ask->("page by $name", sub { [GET => '/Users?startIndex=2&count=1&filter=' . enc($text->(@_))] });
        $ask->("sorted by $name", sub { [GET => '/Users?sortBy=userName&sortOrder=descending&filter=' . enc($text->(@_))] });
        $ask->("cursor by $name", sub { [GET => '/Users?cursor&count=1&attributes=id&filter=' . enc($text->(@_))] });
        $ask->("search by $name", sub { [POST => '/Users/.search', { schemas => [SEARCH], filter => $text->(@_) }] });
        $ask->("search at the root by $name", sub { [POST => '/.search', { schemas => [SEARCH], filter => $text->(@_) }] });
    }
    for my $query ('', '&count=1', '&attributes=id&count=1', '&sortBy=userName') {
        $ask->("cursor of B$query", sub { [GET => "/Users?cursor=$_[0]{cursor}$query"] });
    }
    $ask->('cursor of B in a search', sub { [POST => '/Users/.search', { schemas => [SEARCH], cursor => $_[0]{cursor}, count => 1 }] });
    # making somebody who has it
    for my $part (['userName', sub { userName => $_[0]{name} }], ['userName in capitals', sub { userName => uc $_[0]{name} }],
                  ['externalId', sub { (userName => 'new@contoso.com', externalId => $_[0]{external}) }],
                  ['both', sub { (userName => $_[0]{name}, externalId => $_[0]{external}) }],
                  ['all', sub { attributes($_[0]) }], ['id', sub { (userName => 'new@contoso.com', id => "$_[0]{id}") }],
                  ['manager', sub { (userName => 'new@contoso.com', ENT, { manager => { value => "$_[0]{id}" } }) }],
                  ['address', sub { (userName => 'new@contoso.com', emails => [{ type => 'work', value => $_[0]{mail} }]) }]) {
        my ($name, $body) = @$part;
        $ask->("POST with the $name", sub { [POST => '/Users', { $body->(@_) }] });
        $ask->("bulk POST with the $name", sub { [POST => '/Bulk', { schemas => [BULK], Operations => [
            { method => 'POST', path => '/Users', bulkId => 'q', data => { $body->(@_) } }] }] });
    }
    # giving it to somebody of mine
    for my $part ([userName => 'name'], [externalId => 'external'], ['emails[type eq "work"].value' => 'mail'],
                  [ENT . ':manager' => 'id'], [id => 'id'], [title => 'mark']) {
        my ($path, $key) = @$part;
        $ask->("PATCH of mine, $path", sub { [PATCH => "/Users/$mine->{id}", replaced($path => "$_[0]{$key}")] });
    }
    $ask->('PUT of mine', sub { [PUT => "/Users/$mine->{id}", { attributes($_[0], ENT, { manager => { value => "$_[0]{id}" } }) }] });
    $ask->('PATCH of mine with the version', sub { [PATCH => "/Users/$mine->{id}", replaced(title => 'X'),
        headers => { 'If-Match' => $_[0]{version} // '"x"' }] });
    # in a job
    for my $operation (['PATCH', sub { data => replaced(title => 'X') }], ['PUT', sub { data => { attributes($_[0]) } }], ['DELETE', sub { () }]) {
        my ($method, $data) = @$operation;
        $ask->("bulk $method", sub { [POST => '/Bulk', { schemas => [BULK], Operations => [
            { method => $method, path => "/Users/$_[0]{id}", $data->(@_), defined $_[0]{version} ? (version => $_[0]{version}) : () },
            { method => $method, path => "/Users/$_[0]{id}", $data->(@_) }] }] });
    }
    $ask->('bulk reference', sub { [POST => '/Bulk', { schemas => [BULK], Operations => [
        { method => 'POST', path => '/Users', bulkId => 'q', data => { userName => 'new@contoso.com', ENT, { manager => { value => "$_[0]{id}" } } } },
        { method => 'PATCH', path => "/Users/$boss->{id}", data => replaced(ENT . ':manager', 'bulkId:q') }] }] });
    # groups and their members
    for my $query ('', '?attributes=members', '?excludedAttributes=members') {
        $ask->("group by id$query", sub { [GET => "/Groups/$_[0]{group}$query"] });
    }
    $ask->('PUT of a group', sub { [PUT => "/Groups/$_[0]{group}", { displayName => 'X' }] });
    $ask->('DELETE of a group', sub { [DELETE => "/Groups/$_[0]{group}"] });
    $ask->('DELETE of a group with the version', sub { [DELETE => "/Groups/$_[0]{group}", undef, headers => { 'If-Match' => $_[0]{gversion} }] });
    for my $op (qw(add remove replace)) {
        $ask->("$op members of a group", sub { [PATCH => "/Groups/$_[0]{group}",
            patched({ op => $op, path => 'members', value => [{ value => "$_[0]{id}" }] })] });
        $ask->("$op mine in a group", sub { [PATCH => "/Groups/$_[0]{group}",
            patched({ op => $op, path => 'members', value => [{ value => $mine->{id} }] })] });
        $ask->("$op members of mine", sub { [PATCH => "/Groups/$team->{id}",
            patched({ op => $op, path => 'members', value => [{ value => "$_[0]{id}" }] })] });
    }
    $ask->('remove a member of mine by path', sub { [PATCH => "/Groups/$team->{id}",
        patched({ op => 'remove', path => "members[value eq \"$_[0]{id}\"]" })] });
    $ask->('PUT of members of mine', sub { [PUT => "/Groups/$team->{id}", { displayName => 'mine', members => [{ value => "$_[0]{id}" }] }] });
    $ask->('POST of a group with a member', sub { [POST => '/Groups', { displayName => 'G', members => [{ value => "$_[0]{id}" }] }] });
    $ask->('POST of a group with the name', sub { [POST => '/Groups', { displayName => $_[0]{gname} }] });
    $ask->('POST of a group with the externalId', sub { [POST => '/Groups', { displayName => 'G', externalId => $_[0]{gext} }] });
    $ask->('name of mine', sub { [PATCH => "/Groups/$team->{id}", replaced(displayName => $_[0]{gname})] });
    for my $filter (['id', sub { "id eq \"$_[0]{group}\"" }], ['name', sub { "displayName eq \"$_[0]{gname}\"" }],
                    ['part of the name', sub { "displayName co \"$_[0]{gname}\"" }], ['externalId', sub { "externalId eq \"$_[0]{gext}\"" }],
                    ['member', sub { "members.value eq \"$_[0]{id}\"" }], ['members', sub { "members eq \"$_[0]{id}\"" }],
                    ['id and member', sub { "id eq \"$_[0]{group}\" and members eq \"$_[0]{id}\"" }],
                    ['anything or member', sub { "displayName pr or members eq \"$_[0]{id}\"" }],
                    ['not', sub { "not (members eq \"$_[0]{id}\")" }]) {
        my ($name, $text) = @$filter;
        $ask->("filter of groups by $name", sub { [GET => '/Groups?filter=' . enc($text->(@_))] });
    }
    for my $filter (['group', sub { "groups eq \"$_[0]{group}\"" }], ['value', sub { "groups.value eq \"$_[0]{group}\"" }],
                    ['not', sub { "not (groups eq \"$_[0]{group}\")" }]) {
        my ($name, $text) = @$filter;
        $ask->("filter of users by group, $name", sub { [GET => '/Users?filter=' . enc($text->(@_))] });
    }
    return @request;
}

# ---- what is answered ----

# An answer as seen by somebody who knows what was asked: that, what is new
# every time, and what depends on it, is the same for all.
sub seen {
    my ($res, $who) = @_;
    my $text = join "\n", $res->code, (map { "$_: " . ($res->header($_) // '-') } qw(Content-Type Location Content-Location ETag
        Allow WWW-Authenticate Retry-After Cache-Control)), $res->content;
    for my $word (sort { length $b <=> length $a } grep { defined && length } map { ($_, uc, lc) } map { "$_" } @$who{qw(name external mail mark gname gext)}) {
        $text =~ s/\Q$word\E/WHO/g;
    }
    $text =~ s/(?<![\w-])\Q$_\E(?![\w-])/ID/g for @$who{qw(id group)};
    for (['Users', $boss], ['Groups', $team]) {
        my ($endpoint, $last) = @$_;
        my ($new) = $text =~ m{$endpoint/(\d+)(?=["\s])} or next;
        $text =~ s/(?<![\w-])\Q$new\E(?![\w-])/NEW/g if $new > $last->{id};
    }
    $text =~ s/\d{4}-\d\d-\d\dT[\d:.]+Z/TIME/g;
    $text =~ s{W/\\?"[^"\\]*\\?"}{VERSION}g;
    $text =~ s/"(nextCursor|previousCursor)":"[^"]*"/"$1":"..."/g;
    return $text;
}

# My organisation as it was, after each request.
sub put_back {
    db()->do('DELETE FROM public.team_members m USING public.teams g WHERE g.id = m.team_id AND g.organisation_id = 1
        AND (m.team_id, m.user_id) <> (?, ?)', undef, $team->{id}, $mine->{id});
    db()->do(q{DELETE FROM public.users WHERE organisation_id = 1 AND role <> 'admin' AND id <> ALL (?)}, undef, [$mine->{id}, $boss->{id}]);
    db()->do(q{UPDATE public.users SET username = 'mine@contoso.com', external_id = 'mine', email = NULL, first_name = NULL,
        last_name = NULL, active = true, scim_extra = '{"title": "T"}' WHERE id = ?}, undef, $mine->{id});
    db()->do(q{UPDATE public.users SET scim_extra = '{}' WHERE id = ?}, undef, $boss->{id});
    db()->do(q{DELETE FROM public.teams WHERE organisation_id = 1 AND id <> ?}, undef, $team->{id});
    db()->do(q{UPDATE public.teams SET name = 'mine' WHERE id = ?}, undef, $team->{id});
    db()->do('INSERT INTO public.team_members (team_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING', undef, $team->{id}, $mine->{id});
}

people();
my @REQUESTS = requests();
cmp_ok scalar(@REQUESTS), '>', 150, 'there are many ways to ask (' . @REQUESTS . ')';

# differences(SERVER, MOST): what is answered differently when it is B's, and
# whether B is as it was. Filters are tried with two of B's people.
sub differences {
    my ($server, $most) = @_;
    my $before = rows_of(2);
    my @found;
    for my $request (@REQUESTS) {
        my ($name, $make) = @$request;
        for my $pair (@pair) {
            my ($state, @who) = @$pair;
            next if $name =~ /^(?:filter|count|page|sorted|cursor|search)\b/ && $state !~ /^(?:active|deleted)$/;
            return @found if $most && @found > $most;
            my @seen = map {
                my ($method, $path, $body, %opt) = @{ $make->($_) };
                my $res = scim($method, $path, $body, base => $server->base, %opt);
                put_back() if $method =~ /^(?:POST|PUT|PATCH)$/ && $res->code =~ /^2/;
                seen($res, $_);
            } @who;
            push @found, "$name, $state: $seen[0]\nas if nobody's: $seen[1]" if $seen[0] ne $seen[1];
            push @found, "$name, $state: of B: $seen[0]" if $seen[0] =~ /${\THEIRS}|fabrikam/i;
        }
    }
    push @found, 'organisation B is not what it was' if rows_of(2) ne $before;
    return @found;
}

# ---- the walls ----

my @TABLES = qw(users teams team_members);
sub row_security { my ($word) = @_; db()->do("ALTER TABLE public.$_ $word ROW LEVEL SECURITY") for @TABLES }

my $usual = $with_groups;
my $second = extra_httpd(build => 'wall', groups => 1);

for my $case (['both walls', $usual, 'ENABLE'], ['row-level security alone', $second, 'ENABLE'],
              ['the condition alone', $usual, 'DISABLE']) {
    my ($name, $server, $word) = @$case;
    people();
    row_security($word);
    my @found = differences($server);
    is scalar(@found), 0, "$name: what is organisation B's is not there for A" or diag join "\n\n", grep { defined } @found[0 .. 4];
    # not by seeing nothing at all
    is_list get('/Users', base => $server->base), 3, "$name: A sees its own";
    is_list get('/Users', base => $server->base, token => token_b()), 5, "$name: and B its own";
}

# The test would notice: with neither there is a lot to see.
expect_log(qr/\[scim:error\]|SCIM\d+/);
people();
row_security('DISABLE');
cmp_ok scalar(differences($second, 50)), '>', 50, 'with neither wall there are differences';
row_security('ENABLE');
people();

# ---- row-level security by itself: what the module's role can do in SQL ----

{
    my $role = cluster()->dbh(user => 'mod_scim');
    my $as = sub {
        my ($tenant, $sql, @bind) = @_;
        $role->begin_work;
        $role->selectrow_array(q{SELECT set_config('scim.tenant', ?, true)}, undef, $tenant) if defined $tenant;
        my $n = eval { $sql =~ /^SELECT/ ? $role->selectrow_array($sql, undef, @bind) : 0 + $role->do($sql, undef, @bind) };
        my $state = $@ ? $role->state : undef;
        $role->rollback;
        return $state // $n;
    };
    my $count = 'SELECT count(*) FROM public.users';
    my $insert = q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (2, 'x', '!')};
    is $as->(undef, $count), '42704', 'a session in which nobody has been named sees an error';
    is $as->('1', $count), 3, 'with A it sees A';
    is $as->(undef, $count), 0, 'and in the next transaction nobody again';
    is $as->('', $count), 0, 'with no valid token nobody';
    is $as->('2', $count), 6, 'with B it sees B, tombstone included';
    is $as->('1', "$count WHERE organisation_id = 2"), 0, 'with A nobody of B';
    is $as->('1', q{UPDATE public.users SET username = username || 'x' WHERE organisation_id = 2}), 0, 'and changes nobody';
    is $as->('1', $insert), '42501', 'nor makes somebody there';
    is $as->('2', $insert), 1, 'whom B can make';
    is $as->('1', 'SELECT count(*) FROM (SELECT FROM public.users WHERE organisation_id = 2 FOR NO KEY UPDATE) AS x'), 0, 'nor locks anybody';
    $role->disconnect;
}

# The application's own roles see what they have always seen.
{
    db()->do("CREATE ROLE app_$$");
    db()->do("GRANT SELECT, INSERT, UPDATE, DELETE ON public.users TO app_$$");
    db()->do("SET ROLE app_$$");
    is db()->selectrow_array('SELECT count(DISTINCT organisation_id) FROM public.users'), 2, 'a role of the application sees both organisations';
    is 0 + db()->do(q{UPDATE public.users SET first_name = 'App' WHERE id IN (?, ?)}, undef, $mine->{id}, $pair[0][1]{id}), 2, 'changes both';
    is 0 + db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, 'app1', '!'), (2, 'app2', '!')}), 2, 'adds to both';
    is 0 + db()->do(q{DELETE FROM public.users WHERE username IN ('app1', 'app2')}), 2, 'and deletes in both';
    db()->do('RESET ROLE');
    db()->do("DROP OWNED BY app_$$");
    db()->do("DROP ROLE app_$$");
}

# ---- when it comes and goes ----

{
    my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
    my ($h, $relay) = extra_httpd(relay => 1,
        conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
    my $look = sub { get("/Users/$mine->{id}", base => $h->base) };
    my $cost = sub { $relay->reset_counts; $look->(); return $relay->counts->{statements} };
    my $policies = q{SELECT polrelid::regclass, polpermissive, polroles::regrole[]::text, pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid) FROM pg_policy ORDER BY polrelid, polname};
    my $made = encode(db()->selectall_arrayref($policies));
    $look->();
    is $cost->(), 2, 'the second wall costs a statement';
    db()->do("DROP POLICY scim ON public.$_") for @TABLES;
    $relay->reset_connections;
    $look->();
    is $cost->(), 1, 'none where no policy asks for it';

    # the file makes it again
    row_security('DISABLE');
    cluster()->psql('-d', 'wiggledesk', '-1', '-f', ScimTest::Sys::top() . '/conf/sql/scim.sql');
    is encode(db()->selectall_arrayref($policies)), $made, 'scim.sql makes the policies where they are missing';
    is db()->selectrow_array(q{SELECT count(*) FROM pg_class WHERE relrowsecurity}), 3, 'and switches them on';
    is_resource $look->(), 200, 'a connection that has not known them is opened anew';
    is $cost->(), 2, 'and from then on the statement is paid';
}

scim_reset();
done_testing;
