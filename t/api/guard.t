# ScimGuard: a mistake in a directory may deactivate some accounts, and then no
# more. It counts what is committed, over all connections, children and hosts,
# and holds back nothing else.
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();
expect_log(qr/\[scim:warn\].* SCIM0065: \w+ \S+ held back by ScimGuard in organisation \d+: held back/);

my $h = extra_httpd(guard => 1);
my $other_host = extra_httpd(guard => 1);
my @there = (base => $h->base);

# Users of an organisation, made by the application: their ids.
sub people {
    my ($org, $count) = @_;
    return @{ db()->selectcol_arrayref(q{INSERT INTO public.users (organisation_id, username, external_id, password_hash)
        SELECT ?, x || '@example.com', x, '!' FROM (SELECT gen_random_uuid()::text AS x FROM generate_series(1, ?::int)) AS n
        RETURNING id}, undef, $org, $count) };
}

sub ops { my ($id, @ops) = @_; return [PATCH => "/Users/$id", { schemas => [PATCH_OP], Operations => \@ops }, @there] }
sub off { my ($id, @more) = @_; return ops($id, { op => 'Replace', path => 'active', value => 'False' }, @more) }
sub do_it { my ($request) = @_; return scim(@$request) }

# A PUT that says what is there, with these changes.
sub echo {
    my ($id, %change) = @_;
    return put("/Users/$id", { %{ get("/Users/$id", @there)->json }, %change }, @there);
}

sub active { my (@id) = @_; return scalar grep { my $r = row_of($_); $r->{active} && !defined $r->{deleted_at} } @id }
sub guard_of { my ($org) = @_; return db()->selectrow_hashref('SELECT * FROM scim.guards WHERE tenant = ?', undef, "$org") }
sub fresh { db()->do('DELETE FROM scim.guards') }

my $why = qr/held back.*20 of \d+ active accounts.*60 minutes.*directory.*release.*everything else goes on/;

sub is_held {
    my ($res, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is_error $res, 503, undef, $why, $name;
}

# ---- twenty of them ----

my @id = people(1, 40);         # and the administrator
my $count = 0;
is guard_of(1), undef, 'nothing is counted yet';
is do_it(off($id[$count++]))->code, 200, 'a deactivation by PATCH';
is_deeply [@{ guard_of(1) }{qw(active taken)}], [41, 1], 'is counted, beside all who were active then';
is do_it(off($id[0]))->code, 200, 'again';
is echo($id[$count++], active => json_false())->code, 200, 'one by PUT';
is del("/Users/$id[$count++]", @there)->code, 204, 'a DELETE';
is del("/Users/$id[1]", @there)->code, 204, 'a DELETE of who is inactive';
is guard_of(1)->{taken}, 3, 'each account is counted once';
is post('/Users', { userName => uniq('off'), active => json_false() }, @there)->code, 201, 'one who is new and inactive';
is do_it(ops($id[5], { op => 'add', path => 'title', value => 'T' }))->code, 200, 'another change';
is guard_of(1)->{taken}, 3, 'are not counted';
{
    my $name = uniq('old');
    my ($old) = db()->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash)
        VALUES (1, ?, '!') RETURNING id}, undef, $name);
    is post('/Users', { userName => $name, externalId => $name, active => json_false() }, @there)->code, 201,
        'an adoption that deactivates';
    is row_of($old)->{active}, 0, 'has deactivated';
    is guard_of(1)->{taken}, 4, 'and is counted';
}
for (5 .. 20) {
    is do_it(off($id[$count++]))->code, 200, "deactivation number $_";
}
is guard_of(1)->{taken}, 20, 'twenty so far';

# ---- and no more ----

my @left = @id[$count .. $#id];
my $first = shift @left;
my $before = row_of($first);
my $events = db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'});
my $res = do_it(off($first));
is_held $res, 'the next PATCH is held back';
my $wait = $res->header('Retry-After');
ok $wait > 3300 && $wait <= 3600, "until the hour is over ($wait s)";
unlike $res->content, qr/scimType/, 'there is no scimType';
is_held echo($first, active => json_false()), 'so is a PUT';
is_held del("/Users/$first", @there), 'so is a DELETE';
is_held do_it(off($first, { op => 'replace', path => 'title', value => 'gone' })), 'and a PATCH with other changes beside';
is_held scim(@{ off($first) }[0 .. 2], base => $other_host->base), 'on another host as well';
is_deeply row_of($first), $before, 'as a whole: the row is what it was';
is db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'}), $events, 'and so are the events';
is guard_of(1)->{taken}, 20, 'what was refused is not counted';

# ---- everything else goes on ----

is_resource do_it(ops($first, { op => 'replace', path => 'title', value => 'here' })), 200, 'other changes are made';
is get("/Users/$first")->json->{title}, 'here', 'and kept';
is do_it(off($id[0]))->code, 200, 'who is inactive may be deactivated';
is del("/Users/$id[0]", @there)->code, 204, 'and deleted';
is do_it(ops($id[3], { op => 'replace', path => 'active', value => 'True' }))->code, 200, 'activation is possible';
is post('/Users', { userName => uniq('new') }, @there)->code, 201, 'somebody new';
{
    my ($other) = people(2, 1);
    is scim(@{ off($other) }, token => token_b())->code, 200, 'another organisation has its own guard';
    is guard_of(2)->{taken}, 1, 'with its own count';
}
is patch("/Users/$first", { Operations => [{ op => 'replace', path => 'active', value => json_false() }] })->code, 200,
    'without ScimGuard nothing is held back';
is guard_of(1)->{taken}, 20, 'or counted';

# ---- release ----

is_held do_it(off($left[0])), 'still held';
db()->do(q{SELECT scim.release('1')});
is do_it(off($_))->code, 200, 'released: deactivation works' for @left;
is active(@left), 0, 'of any number';
is guard_of(1)->{taken}, 0, 'and is not counted';
ok db()->selectrow_array(q{SELECT released_until BETWEEN now() + interval '58 minutes' AND now() + interval '1 hour'
    FROM scim.guards WHERE tenant = '1'}), 'for an hour';
db()->do(q{UPDATE scim.guards SET released_until = now() - interval '1 second'});
@id = people(1, 30);
is do_it(off($_))->code, 200, 'after that it counts again' for @id[0 .. 19];
is_held do_it(off($id[20])), 'and holds back';
db()->do(q{SELECT scim.release('1', '1 minute')});
is do_it(off($id[20]))->code, 200, 'it may be released for some other time';
fresh();
db()->do(q{SELECT scim.release('2')});
ok guard_of(2), 'beforehand as well';
db()->do(q{UPDATE public.organisations SET api_enabled = false WHERE id = 2});
is eval { db()->do(q{SELECT scim.release('2', '2 hours')}); 1 }, 1, 'and where its tokens are shut meanwhile' or diag $@;
fresh();
for my $unknown ('2', '77', '', 'x') {
    is eval { local db()->{PrintError} = 0; db()->do('SELECT scim.release(?)', undef, $unknown); 1 }, undef, "\"$unknown\", of which nothing is known, is refused";
    like $@, qr/could not release: there is no organisation $unknown with a valid token/, 'which is said';
    ok !guard_of($unknown), 'and leaves no row';
}
db()->do(q{UPDATE public.organisations SET api_enabled = true WHERE id = 2});
for my $wrong (q{NULL}, q{'1', NULL}, q{'1', '0 s'}, q{'1', '-1 hour'}) {
    is eval { local db()->{PrintError} = 0; db()->do("SELECT scim.release($wrong)"); 1 }, undef, "release($wrong) is refused";
}

# ---- when the hour is over ----

fresh();
is do_it(off($_))->code, 200, 'a new window' for grep { active($_) } @id;
my @more = people(1, 25);
do_it(off($_)) for @more[0 .. 19];
is_held do_it(off($more[24])), 'held until the window ends';
db()->do(q{UPDATE scim.guards SET began_at = began_at - interval '59 minutes'});
$res = do_it(off($more[24]));
is_held $res, 'in the last minute too';
cmp_ok $res->header('Retry-After'), '<=', 60, 'which is said';
db()->do(q{UPDATE scim.guards SET began_at = began_at - interval '1 minute'});
is do_it(off($more[24]))->code, 200, 'then it ends';
is guard_of(1)->{taken}, 1, 'and the next one begins';

# ---- ten of a hundred ----

fresh();
db()->do('UPDATE public.users SET active = false WHERE organisation_id = 1 AND active AND role <> ?', undef, 'admin');
@id = people(1, 255);
db()->do(q{UPDATE public.users SET active = false WHERE id = ANY (?)}, undef, [@id[252 .. 254]]);
do_it(off($_)) for @id[0 .. 24];
is active(@id[0 .. 24]), 0, '25 of 253 accounts';
$res = do_it(off($id[25]));
is_error $res, 503, undef, qr/25 of 253 active accounts/, 'are ten of a hundred, and the next one is held back';

# ---- at the same time ----

for my $round (1 .. 3) {
    fresh();
    my @crowd = people(1, 60);
    db()->do('UPDATE public.users SET active = false WHERE organisation_id = 1 AND active AND role <> ? AND NOT id = ANY (?)',
        undef, 'admin', \@crowd);
    my @answer = parallel(map { my $r = off($_); $_ % 2 ? [@$r[0 .. 2], base => $other_host->base] : $r } @crowd);
    my %code;
    $code{ $_->code }++ for @answer;
    is_deeply \%code, { 200 => 20, 503 => 40 }, "round $round: of sixty at once twenty are let through";
    is active(@crowd), 40, "round $round: the others are active";
    is guard_of(1)->{taken}, 20, "round $round: so many are counted";
    is db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied' AND operation = 'patch'
        AND resource_id = ANY (?)}, undef, [map { "$_" } @crowd]), 20, "round $round: and have their events";
}

# ---- in a bulk job ----

{
    expect_log(qr/SCIM0050: bulk job \S+, operation 2[123] answered 503: held back/);
    fresh();
    my @crowd = people(1, 25);
    db()->do('UPDATE public.users SET active = false WHERE organisation_id = 1 AND active AND role <> ? AND NOT id = ANY (?)',
        undef, 'admin', \@crowd);
    my $res = post('/Bulk', { schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations => [
        (map { { method => 'PATCH', path => "/Users/$_", data => { schemas => [PATCH_OP],
            Operations => [{ op => 'replace', path => 'active', value => json_false() }] } } } @crowd[0 .. 21]),
        { method => 'DELETE', path => "/Users/$crowd[22]" },
        { method => 'PATCH', path => "/Users/$crowd[23]", data => { schemas => [PATCH_OP],
            Operations => [{ op => 'replace', path => 'title', value => 'T' }] } } ] }, @there);
    is $res->code, 200, 'a bulk job';
    is_deeply [map { $_->{status} } @{ $res->json->{Operations} }], [(200) x 20, 503, 503, 503, 200],
        'goes through as far as the guard lets it, and other operations do';
    like $res->json->{Operations}[20]{response}{detail}, $why, 'with the reason';
    is active(@crowd), 5, 'which the table says too';
}

# ---- what is undone is not counted ----

{
    fresh();
    my @crowd = people(1, 25);
    db()->do(q{CREATE FUNCTION public.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'SC409'; END $$});
    # at the end of the transaction, when all has been done
    db()->do(q{CREATE CONSTRAINT TRIGGER test_refuse AFTER UPDATE ON public.users DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.first_name = 'refuse') EXECUTE FUNCTION public.test_refuse()});
    db()->do(q{UPDATE public.users SET first_name = 'x' WHERE id = ANY (?)}, undef, \@crowd);
    do_it(off($_)) for @crowd[0 .. 3];
    for my $id (@crowd[4 .. 9]) {
        my $res = do_it(off($id, { op => 'replace', path => 'name.givenName', value => 'refuse' }));
        is_error $res, 409, undef, qr/not this one/, 'the application refuses a deactivation';
    }
    is guard_of(1)->{taken}, 4, 'which is not counted';
    db()->do('DROP TRIGGER test_refuse ON public.users');
    db()->do('DROP FUNCTION public.test_refuse()');
}

# ---- what it costs ----

{
    fresh();
    my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
    my ($counted, $relay) = extra_httpd(guard => 1, relay => 1,
        conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
    my ($plain, $relay_plain) = extra_httpd(relay => 1,
        conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
    my @crowd = people(1, 30);
    my %cost;
    for my $case ([guarded => $counted, $relay], [plain => $plain, $relay_plain]) {
        my ($name, $server, $wire) = @$case;
        for my $round (1, 2) {
            $wire->reset_counts;
            my $id = pop @crowd;
            is scim(@{ off($id) }[0 .. 2], base => $server->base)->code, 200, "$name: a deactivation";
            push @{ $cost{$name} }, [@{ $wire->counts }{qw(turns statements)}] if $round == 2;
            $wire->reset_counts;
            is scim(@{ ops(pop @crowd, { op => 'add', path => 'title', value => "T$round" }) }[0 .. 2],
                base => $server->base)->code, 200, "$name: another change";
            push @{ $cost{$name} }, [@{ $wire->counts }{qw(turns statements)}] if $round == 2;
        }
    }
    is_deeply $cost{guarded}, $cost{plain}, 'the guard costs no turn and no statement';
    is $cost{plain}[0][0], 2, 'which are two turns';

    # nobody waits for the counter who deactivates nobody
    my $lock = cluster()->dbh(user => 'postgres');
    $lock->begin_work;
    $lock->do('SELECT FROM scim.guards FOR UPDATE');
    is do_it(ops($crowd[0], { op => 'add', path => 'title', value => 'L' }))->code, 200,
        'a change that deactivates nobody does not look at the counter';
    $lock->rollback;
    $lock->disconnect;
}

# ---- rights ----

{
    my $role = cluster()->dbh(user => 'mod_scim');
    for my $sql ('SELECT * FROM scim.guards', 'DELETE FROM scim.guards', 'UPDATE scim.guards SET taken = 0',
                 q{SELECT scim.release('1')}) {
        is eval { $role->do($sql); 1 }, undef, "the module's role may not: $sql";
    }
    $role->disconnect;
}

# ---- the directive ----

for my $case (
    ['x 10% 1h'], ['-1 10% 1h'], ['20 10 1h'], ['20 101% 1h'], ['20 x% 1h'], ['20 10% 0s'], ['20 10% 25h'], ['20 10% soon'],
) {
    my ($args) = @$case;
    my $server = extra_httpd(start => 0, resource => "ScimGuard $args\n");
    my ($status, $said) = $server->configtest;
    isnt $status, 0, "ScimGuard $args is refused";
    like $said, qr/ScimGuard must be a number of accounts, a share of them and a time, such as ScimGuard 20 10% 1h/,
        'with the words that say how it is written';
}
{
    my $server = extra_httpd(start => 0, location => "ScimGuard 20 10% 1h\n");
    my ($status, $said) = $server->configtest;
    isnt $status, 0, 'ScimGuard outside of a resource is refused';
    like $said, qr/ScimGuard must stand inside <ScimResource/, 'with a sentence';

    $server = extra_httpd(start => 0, groups => 1, edit => sub { s/(ScimVersion +\w+)/$1\nScimGuard 20 10% 1h/ });
    ($status, $said) = $server->configtest;
    isnt $status, 0, 'ScimGuard of groups is refused';
    like $said, qr/<ScimResource Group> has ScimGuard, but nothing in it can be deactivated/, 'with a sentence, too';

    # none at all, and any number of seconds
    my $none = extra_httpd(resource => "ScimGuard 0 0% 30\n");
    fresh();
    my ($id) = people(1, 1);
    is_error scim(@{ off($id) }[0 .. 2], base => $none->base), 503, undef, qr/0 of \d+ active accounts .* within 1 minutes/,
        'ScimGuard 0 0% lets nobody be deactivated';
    is active($id), 1, 'nobody at all';
}

done_testing;
