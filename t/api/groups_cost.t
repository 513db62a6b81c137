# What groups cost: turns and statements of each operation; that the table of
# members is not even read where no members are shown; and that a change of
# members touches the rows that it changes, however large the group is.
use ScimTest;
use ScimTest::Cost ();

scim_reset();

my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my ($h, $relay) = extra_httpd(relay => 1, groups => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
my @there = (base => $h->base);

sub filter { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
sub ops { my ($path, @ops) = @_; return patch($path, { Operations => \@ops }, @there) }

my $cost = ScimTest::Cost->new($relay, db());
sub costs { local $Test::Builder::Level = $Test::Builder::Level + 1; return $cost->costs(@_) }

# ---- turns ----

my @u = map { new_user(@there)->{id} } 0 .. 5;
my $id = new_group(members => [@u[0, 1]], externalId => 'ext', @there)->{id};
my $name = get("/Groups/$id", @there)->json->{displayName};

costs("look-up by $_", 1, 1, 200, sub { get('/Groups?excludedAttributes=members&filter=' . filter($_), @there) })
    for "displayName eq \"$name\"", "id eq \"$id\"", 'externalId eq "ext"', "members eq \"$u[0]\"", "id eq \"$id\" and members eq \"$u[0]\"";
costs('read with members', 1, 1, 200, sub { get("/Groups/$id", @there) });
costs('a page', 1, 1, 200, sub { get('/Groups', @there) });
costs('read of a user with groups', 1, 1, 200, sub { get("/Users/$u[0]", @there) });
costs('users by group', 1, 1, 200, sub { get('/Users?filter=' . filter("groups eq \"$id\""), @there) });
costs('create', 1, 1, 201, sub { post('/Groups', { displayName => "made $_[0]" }, @there) });
costs('create with members', 2, 5, 201, sub { post('/Groups', { displayName => "with $_[0]", members => [{ value => $u[0] }] }, @there) });
costs('create in conflict', 1, 1, 409, sub { post('/Groups', { displayName => 'again', externalId => 'ext' }, @there) });
costs('add a member', 2, 6, 204, sub { ops("/Groups/$id", { op => 'add', path => 'members', value => [{ value => $u[1 + $_[0]] }] }) });
costs('remove a member', 2, 6, 204, sub { ops("/Groups/$id", { op => 'remove', path => "members[value eq \"$u[1 + $_[0]]\"]" }) });
costs('rename', 2, 5, 204, sub { ops("/Groups/$id", { op => 'replace', path => 'displayName', value => "new $_[0]" }) });
costs('PUT', 2, 6, 200, sub { put("/Groups/$id", { displayName => "put $_[0]", members => [{ value => $u[$_[0]] }] }, @there) });
# what is begun has to be ended
costs('add a member who is there', 2, 4, 204, sub { ops("/Groups/$id", { op => 'add', path => 'members', value => [{ value => $u[2] }] }) });
costs('PATCH without operations', 2, 3, 204, sub { ops("/Groups/$id") });
costs('PATCH with an unknown member', 2, 4, 400, sub { ops("/Groups/$id", { op => 'add', path => 'members', value => [{ value => '987654321' }] }) });
costs('an unknown group', 2, 3, 404, sub { ops('/Groups/987654321') });
costs('an id that is none', 1, 1, 404, sub { ops('/Groups/x') });
{
    my @g = map { new_group(@there)->{id} } 0 .. 2;
    costs('DELETE', 2, 4, 204, sub { del("/Groups/$g[$_[0]]", @there) });
}

# ---- the table of members ----

# The texts that a request is answered with, on a new connection.
sub texts {
    my ($do) = @_;
    $relay->reset_connections;
    $relay->reset_counts;
    my $res = $do->();
    return ($res, grep { /token_sha256 = / } $relay->sql);
}

for my $case (
    ['a group without members', sub { get("/Groups/$id?excludedAttributes=members", @there) }, 0],
    ['a group by attributes', sub { get("/Groups/$id?attributes=displayName", @there) }, 0],
    ['groups without members', sub { get('/Groups?excludedAttributes=members', @there) }, 0],
    ['groups by name', sub { get('/Groups?excludedAttributes=members&filter=' . filter('displayName eq "x"'), @there) }, 0],
    ['a rename', sub { ops("/Groups/$id", { op => 'replace', path => 'displayName', value => 'y' }) }, 0],
    ['a user without groups', sub { get("/Users/$u[0]?excludedAttributes=groups", @there) }, 0],
    ['a user by attributes', sub { get("/Users/$u[0]?attributes=userName", @there) }, 0],
    ['a group', sub { get("/Groups/$id", @there) }, 1],
    ['a group by members', sub { get("/Groups/$id?attributes=members.value", @there) }, 1],
    ['groups by member', sub { get('/Groups?attributes=id&filter=' . filter("members eq \"$u[0]\""), @there) }, 1],
    ['a user', sub { get("/Users/$u[0]", @there) }, 1],
) {
    my ($what, $do, $reads) = @$case;
    my ($res, @sql) = texts($do);
    like $res->code, qr/^20[04]$/, "$what is answered";
    cmp_ok scalar(@sql), '>=', 1, "$what: there are statements";
    is !!(grep { /team_members/ } @sql), !!$reads, "$what: the table of members is " . ($reads ? 'read' : 'not read');
}
{
    # where groups are off, users are read as ever
    my ($off, $relay) = extra_httpd(relay => 1);
    get($_, base => $off->base) for "/Users/$u[0]", '/Users', '/Groups';
    is scalar(grep { /team/ } $relay->sql), 0, 'with groups off nobody asks for teams';
}

# ---- rows, not members ----

db()->do(q{INSERT INTO public.users (organisation_id, username, password_hash)
           SELECT 1, 'many' || n, '!' FROM generate_series(1, 20010) AS n});
db()->do(q{INSERT INTO public.teams (organisation_id, name) SELECT 1, 'other ' || n FROM generate_series(1, 2000) AS n});
my %group = map { $_ => new_group(displayName => "of $_", @there)->{id} } 10, 20_000;
for my $size (keys %group) {
    db()->do(q{INSERT INTO public.team_members (team_id, user_id) SELECT ?, id FROM public.users WHERE username LIKE 'many%'
               ORDER BY id LIMIT ?}, undef, $group{$size}, $size);
}
my @more = @{ db()->selectcol_arrayref(q{SELECT id::text FROM public.users WHERE username LIKE 'many%' ORDER BY users.id DESC LIMIT 5}) };
db()->do("VACUUM ANALYZE public.$_") for qw(users teams team_members);

# A backend that ends has told the statistics all that it did. Those of the
# suite's other servers are sent away first, with what they have yet to tell; they
# are at rest, so that from then on all there are are ours.
sub none_left {
    wait_until(20, sub { !db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'mod_scim'}) })
        or die 'the backends stay';
}
db()->do(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mod_scim'});
none_left();
sub rest {
    $relay->reset_connections;
    none_left();
    db()->do('SELECT pg_stat_force_next_flush()');
}
sub rows_touched {
    my $all = db()->selectall_arrayref(q{SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS read,
        n_tup_ins + n_tup_upd + n_tup_del AS written FROM pg_stat_user_tables WHERE schemaname = 'public'
        AND relname IN ('teams', 'team_members', 'users')}, { Slice => {} });
    my $index = db()->selectrow_array(q{SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ('team_members', 'teams')});
    my $blocks = db()->selectrow_array(q{SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)
        FROM pg_statio_user_tables WHERE relname = 'team_members'});
    return { map({ ("$_->{relname} read" => $_->{read}, "$_->{relname} written" => $_->{written}) } @$all),
             'index entries' => $index, blocks => $blocks };
}
sub touched {
    my ($code, $do) = @_;
    rest();
    my $before = rows_touched();
    is $do->()->code, $code, 'the change is made';
    rest();
    my $after = rows_touched();
    return { map { $_ => $after->{$_} - $before->{$_} } keys %$after };
}

for my $case (['adding a member', sub { my ($g) = @_; ops("/Groups/$g", { op => 'add', path => 'members', value => [{ value => $more[0] }] }) }],
              ['adding three', sub { my ($g) = @_; ops("/Groups/$g", { op => 'add', path => 'members', value => [map { { value => $_ } } @more[1 .. 3]] }) }],
              ['removing a member', sub { my ($g) = @_; ops("/Groups/$g", { op => 'Remove', path => 'members', value => [{ value => $more[0] }] }) }],
              ['renaming', sub { my ($g) = @_; ops("/Groups/$g", { op => 'replace', path => 'displayName', value => "new $g" }) }]) {
    my ($what, $do) = @$case;
    my %cost = map { my $size = $_; $size => touched(204, sub { $do->($group{$size}) }) } sort { $a <=> $b } keys %group;
    my %blocks = map { $_ => delete $cost{$_}{blocks} } keys %cost;
    # dead versions of rows count as well, and what the planner looks at; a walk
    # through the members would be 20,000
    my @more = grep { abs($cost{20_000}{$_} - $cost{10}{$_}) > 100 } sort keys %{ $cost{10} };
    is_deeply \@more, [], "$what touches the same rows in a group of 10 and of 20,000" or diag explain \%cost;
    cmp_ok abs($blocks{20_000} - $blocks{10}), '<=', 8, "$what: and as many blocks ($blocks{10}, $blocks{20_000})";
    cmp_ok $cost{20_000}{'team_members read'}, '<', 50, "$what: which are few";
}

# As it is read, without its members.
{
    my %cost = map { my $size = $_; $size => touched(200, sub { get("/Groups/$group{$size}?excludedAttributes=members", @there) }) } keys %group;
    is $cost{20_000}{blocks}, 0, 'of 20,000 members none is read when none is shown';
    cmp_ok abs($cost{20_000}{$_} - $cost{10}{$_}), '<=', 3, "it costs what a small group costs: $_"
        for sort keys %{ $cost{10} };
    is scalar(@{ get("/Groups/$group{20_000}", @there)->json->{members} }), 20_000 + 3, 'all are shown when they are asked for';
}

done_testing;
