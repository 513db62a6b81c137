# scimctl token, access, events and release: the functions of scim.sql, from a
# shell.
use ScimTest;
use ScimTest::Ctl;

scim_reset();

my @at = ('--database', conninfo_of(cluster()));
my ($admin) = db()->selectrow_array('SELECT id FROM public.users WHERE organisation_id = 1');
my ($other) = db()->selectrow_array('SELECT id FROM public.users WHERE organisation_id = 2');

sub code { get('/Users?count=0', token => $_[0])->code }
sub tokens { my $r = scimctl('token', 'list', '--json', @at, @_); return $r->{json} }
sub row { my ($id) = @_; my ($row) = grep { $_->{token_id} eq $id } @{ tokens() }; return $row }

# ---- tokens ----

my $r = scimctl('token', 'issue', @at, $admin);
is $r->{status}, 0, 'issue: 0' or diag $r->{err};
like $r->{out}, qr/\Ascim_[0-9a-f]{64}\n\z/, 'the token and nothing else is printed';
chomp(my $token = $r->{out});
is code($token), 200, 'and opens the service';
my ($id, $days) = db()->selectrow_array(q{SELECT id, expires_at::date - now()::date FROM public.api_tokens
    WHERE token_sha256 = sha256(convert_to(?, 'UTF8'))}, undef, $token);
cmp_ok $days, '>=', 364, 'for a year';
$r = scimctl('token', 'issue', '--json', '--valid', '2 days', @at, $admin);
is code($r->{json}{token}), 200, '--json: a token';
is db()->selectrow_array(q{SELECT expires_at::date - now()::date FROM public.api_tokens
    WHERE token_sha256 = sha256(convert_to(?, 'UTF8'))}, undef, $r->{json}{token}), 2, '--valid';

is scalar(@{ tokens() }), 4, 'list: all of them';
is scalar(@{ tokens(1) }), 3, 'list: of one organisation';
is_deeply [map { $_->{tenant} } @{ tokens(2) }], [2], 'list: of another';
is row($id)->{state}, 'valid', 'list: valid';
like scimctl('token', 'list', @at)->{out}, qr/^token_id +tenant .*^\Q$id\E +1 +Contoso +\Q$admin\E +admin\@contoso\.com .*valid$/ms, 'list: for people';
like scimctl('token', 'list', @at, '77')->{out}, qr/^there are no tokens$/, 'list: of nobody';

$r = scimctl('token', 'rotate', '--overlap', '1 hour', @at, $id);
is $r->{status}, 0, 'rotate: 0' or diag $r->{err};
chomp(my $new = $r->{out});
isnt $new, $token, 'another token';
is code($new), 200, 'which opens the service';
is code($token), 200, 'as the old one does';
cmp_ok db()->selectrow_array('SELECT extract(epoch FROM expires_at - now()) FROM public.api_tokens WHERE id = ?', undef, $id),
    '<=', 3600, 'for an hour more';
$r = scimctl('token', 'rotate', '--overlap', '0', @at, $id);
is $r->{status}, 0, 'rotate without overlap: 0';
is code($token), 401, 'ends the old one at once';
is row($id)->{state}, 'expired', 'list: expired';
is scimctl('token', 'rotate', '--overlap=-1 day', @at, $id)->{status}, 1, 'a negative overlap: 1';
is scimctl('token', 'rotate', @at, '987654')->{status}, 1, 'rotating what is not there: 1';

my ($new_id) = db()->selectrow_array(q{SELECT id FROM public.api_tokens WHERE token_sha256 = sha256(convert_to(?, 'UTF8'))}, undef, $new);
is scimctl('token', 'revoke', @at, $new_id)->{status}, 0, 'revoke: 0';
is code($new), 401, 'it opens nothing any more';
is row($new_id)->{state}, 'revoked', 'list: revoked';
$r = scimctl('token', 'revoke', @at, $new_id);
is $r->{status}, 1, 'revoking again: 1';
like $r->{err}, qr/there is no token "$new_id", or it was revoked before/, 'which is said';
$r = scimctl('token', 'rotate', @at, $new_id);
is $r->{status}, 1, 'rotating a revoked one: 1';
$r = scimctl('token', 'issue', @at, '987654');
is $r->{status}, 1, 'no such user: 1';
like $r->{err}, qr/there is no user 987654/, 'which the database says';
is scimctl('token', 'issue', '--valid', 'soon', @at, $admin)->{status}, 1, 'no interval: 1';

# ---- access ----

my $valid = token_a();
my ($valid_id) = db()->selectrow_array(q{SELECT id FROM public.api_tokens WHERE token_sha256 = sha256(convert_to(?, 'UTF8'))}, undef, $valid);
is scimctl('access', @at, 1, 'off')->{status}, 0, 'an organisation off: 0';
is code($valid), 401, 'its tokens open nothing';
is code(token_b()), 200, 'those of others do';
is row($valid_id)->{state}, 'organisation: API access is off', 'list: says which gate is closed';
is scimctl('access', @at, 1, 'on')->{status}, 0, 'on again: 0';
is code($valid), 200, 'open again';
is scimctl('access', @at, '--user', $admin, 'off')->{status}, 0, 'a user off: 0';
is code($valid), 401, 'closed';
is row($valid_id)->{state}, 'user: API access is off', 'list: says so too';
is_deeply scimctl('access', '--json', @at, '--user', $admin, 'on')->{json}, { access => json_true }, 'on again, --json';
is code($valid), 200, 'open';
$r = scimctl('access', @at, 99, 'on');
is $r->{status}, 1, 'no such organisation: 1';

# ---- events ----

my $user = new_user(userName => 'Event.One@contoso.com');
patch("/Users/$user->{id}", { Operations => [{ op => 'Replace', path => 'active', value => 'False' },
    { op => 'Replace', path => 'userName', value => 'event.two@contoso.com' }] });
my $b_user = scim_b('POST', '/Users', { userName => 'b@fabrikam.com' })->json;
my @lines = split /\n/, scimctl('events', '--json', @at)->{out};
is scalar(@lines), 3, 'events, --json: a line for each';
my @event = map { JSON::PP::decode_json($_) } @lines;
is_deeply [map { $_->{operation} } @event], [qw(create patch create)], 'in their order';
is $event[1]{changes}{userName}{old}, 'Event.One@contoso.com', 'with old value';
is $event[1]{changes}{userName}{new}, 'event.two@contoso.com', 'and new';
my $out = scimctl('events', @at, '--user', $user->{id})->{out};
is scalar(() = $out =~ /^\d{4}-/mg), 2, '--user, by id';
like $out, qr/^    active  true -> false$/m, 'for people: a change';
like $out, qr/^    userName  "Event\.One\@contoso\.com" -> "event\.two\@contoso\.com"$/m, 'of text too';
is scimctl('events', @at, '--user', $_)->{out}, $out, "--user, by the name $_" for 'EVENT.one@contoso.com', 'event.TWO@contoso.com';
is scalar(() = scimctl('events', @at, '--tenant', 2)->{out} =~ /^\d{4}-/mg), 1, '--tenant';
is scalar(() = scimctl('events', @at, '--since', '1 hour')->{out} =~ /^\d{4}-/mg), 3, '--since, how long ago';
is scimctl('events', @at, '--since', '2100-01-01')->{out}, '', '--since, a time';
is scalar(() = scimctl('events', @at, '--since', '2001-01-01 08:00')->{out} =~ /^\d{4}-/mg), 3, '--since, a time that is past';
is scimctl('events', @at, '--since', 'lately')->{status}, 1, '--since, neither';
like scimctl('events', @at, '--limit', 1)->{out}, qr/\A.*User \Q$b_user->{id}\E /, '--limit: the newest';
is scimctl('events', @at, '--limit', 'x')->{status}, 2, '--limit, no number';

my $follow = scimctl({ background => 1 }, 'events', '--json', '--follow', @at, '--tenant', 1);
ok wait_until(20, sub { ScimTest::Sys::slurp("$follow->{file}{out}") =~ /event\.two/ }), '--follow: what there is';
my $late = new_user(userName => 'late@contoso.com');
ok wait_until(20, sub { ScimTest::Sys::slurp("$follow->{file}{out}") =~ /late\@contoso\.com/ }), '--follow: what comes';
kill TERM => $follow->{pid};
$r = ScimTest::Ctl::finish($follow);
is scalar(() = $r->{out} =~ /^\{/mg), 3, '--follow: each once';

# ---- refused ones ----

is post('/Users', { userName => 'b.two@contoso.com', externalId => 'E-refused' })->code, 201, 'an account';
is post('/Users', { userName => 'B.Two@contoso.com', externalId => 'E-other' })->code, 409, 'and another of that name: refused';
ok wait_until(20, sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused' AND status = 409}) }), 'which is an event';
$out = scimctl('events', @at, '--user', 'b.two@contoso.com')->{out};
like $out, qr/^    REFUSED 409 uniqueness: .*b\.two\@contoso\.com/im, 'shown with the reason, by the name in it';
is scalar(() = $out =~ /^\d{4}-/mg), 2, 'beside what was done';

# ---- what is hostile stays text ----

# ESC, BEL, CR, a newline with what looks like an event, DEL, C1, and what turns the line
my $evil = "x\e]0;y\a\r\n2026-01-01 00:00:00+00  delete User 1  organisation 1\t\x{7f}\x{9b}31m\x{202e}\x{2066}\x{200f}\x{61c}\x{2028}z";
my $shown = 'x\u001b]0;y\u0007\u000d\u000a2026-01-01 00:00:00+00  delete User 1  organisation 1\u0009\u007f\u009b31m\u202e\u2066\u200f\u061c\u2028z';
db()->do(q{INSERT INTO scim.events (tenant, actor, operation, resource_type, resource_id, outcome, status, reason, changes)
    VALUES ($1, $1, $1, $1, 'evil', 'refused', 400, $1, jsonb_build_object($1::text, jsonb_build_object('old', $1::text, 'new', ARRAY[$1::text])))},
    undef, $evil);
$r = scimctl('events', @at, '--user', 'evil');
is_tame $r->{out}, 'events: nothing that a terminal obeys';
is scalar(() = $r->{out} =~ /\n/g), 3, 'events: no line is forged';
like $r->{out}, qr/^.*  \Q$shown\E \Q$shown\E evil  organisation \Q$shown\E, .*\n    REFUSED 400 -: \Q$shown\E\n    \Q$shown\E  "\Q$shown\E" -> /,
    'events: it is told what was there';
$r = scimctl('events', '--json', @at, '--user', 'evil');
is_tame $r->{out}, 'events, --json: nothing that a terminal obeys';
is $r->{json}{reason}, $evil, 'events, --json: the text as it is';
is_deeply $r->{json}{changes}, { $evil => { old => $evil, new => [$evil] } }, 'events, --json: of changes too';

my ($name) = db()->selectrow_array('SELECT username FROM public.users WHERE id = ?', undef, $admin);
db()->do('UPDATE public.users SET username = ? WHERE id = ?', undef, $evil, $admin);
$r = scimctl('token', 'list', @at, 1);
is_tame $r->{out}, 'token list: nothing that a terminal obeys';
is scalar(() = $r->{out} =~ /\n/g), 1 + @{ tokens(1) }, 'token list: no line is forged';
like $r->{out}, qr/ \Q$shown\E  /, 'token list: it is told what was there';
is_deeply [grep { $_ ne $evil } map { $_->{username} } @{ tokens(1) }], [], 'token list, --json: the text as it is';
db()->do('UPDATE public.users SET username = ? WHERE id = ?', undef, $name, $admin);

$r = scimctl('token', 'revoke', @at, $evil);
is $r->{status}, 1, 'a complaint';
is_tame $r->{err}, 'has nothing that a terminal obeys';
is scalar(() = $r->{err} =~ /\n/g), 1, 'and is one line';

# ---- release ----

db()->do('ALTER FUNCTION scim.release(text, interval) RENAME TO let_go');
$r = scimctl('release', @at, 1);
is $r->{status}, 3, 'release where there is no guard: 3';
like $r->{err}, qr/has no function scim\.release/, 'which is said';
db()->do('ALTER FUNCTION scim.let_go(text, interval) RENAME TO release');
is scimctl('release', @at, 1)->{status}, 0, 'release: 0';
my $until = sub { db()->selectrow_array(q{SELECT round(extract(epoch FROM released_until - now()) / 60) FROM scim.guards WHERE tenant = '1'}) };
cmp_ok $until->(), '>=', 59, 'for an hour';
is_deeply scimctl('release', '--json', '--for', '5 minutes', @at, 1)->{json}, { released => json_true }, '--for, --json';
cmp_ok $until->(), '<=', 5, 'for as long as was said';
is scimctl('release', '--for', '-1 hour', @at, 1)->{status}, 1, 'a time that is past: 1';
$r = scimctl('release', '--json', @at, 99);
is $r->{status}, 1, 'no such organisation: 1';
like $r->{err}, qr/^scimctl release: could not release: there is no organisation 99 /, 'which is said';
is $r->{out}, '', 'and nothing else';
is db()->selectrow_array(q{SELECT count(*) FROM scim.guards WHERE tenant = '99'}), 0, 'and leaves no row';

# ---- usage, and no database ----

for my $wrong (['token', 'issue'], ['token', 'sell', 1], ['token', 'revoke', 1, 2], ['access', 1], ['access', 1, 'maybe'],
               ['access', '--user', 1, 1, 'on'], ['events', 'x'], ['release'], ['token', 'list', '--database', 'x y']) {
    my $r = scimctl(@$wrong);
    is $r->{status}, 2, "wrong usage: @$wrong";
    isnt $r->{err}, '', "which is said: @$wrong";
}
$r = scimctl('token', 'list', '--database', 'host=/nowhere dbname=x');
is $r->{status}, 3, 'no server: 3';
like $r->{err}, qr/could not ask the database/, 'which is said';
$r = scimctl('token', 'list', '--database', conninfo_of(cluster(), dbname => 'postgres'));
is $r->{status}, 3, 'no schema scim: 3';
like $r->{err}, qr/run the scim\.sql that came with this version/, 'and what to do';
$r = scimctl('token', 'issue', '--database', cluster()->conninfo, $admin);
is $r->{status}, 1, 'the role of the module may not: 1';
$r = scimctl({ env => { PGHOST => cluster()->dir, PGPORT => cluster()->port, PGUSER => 'postgres', PGDATABASE => 'wiggledesk' } }, 'token', 'list');
is $r->{status}, 0, 'the PG variables name a database too' or diag $r->{err};

done_testing;
