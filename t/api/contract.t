# The contract with the database, scim.sql: what the role of the module may do
# and what it may not, who holds a valid token, and the application's own rules
# that hold for the module as for everybody else.
use ScimTest;
use Digest::SHA qw(sha256 sha256_hex);
use POSIX ();
use ScimTest::Sys qw(top slurp slurp_from spew run_cmd);

scim_reset();

my $role = cluster()->dbh(user => 'mod_scim');
$role->do(q{SET scim.tenant = '1'});          # as the module says it, for row-level security
$role->{PrintWarn} = 0;
is $role->selectrow_array('SELECT current_user'), 'mod_scim', 'there is the role of the module';

# The SQLSTATE of what fails, '' for what does not; undone in any case.
sub state_of {
    my ($dbh, $sql, @value) = @_;
    $dbh->begin_work;
    my $ok = eval { $dbh->do($sql, undef, @value); 1 };
    my $state = $ok ? '' : $dbh->state;
    $dbh->rollback;
    return $state;
}

my $user = new_user(name => { givenName => 'Ann' });
my $id = $user->{id};
my ($admin) = db()->selectrow_array("SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'");
my ($session) = db()->selectrow_array('INSERT INTO public.sessions (user_id) VALUES (?) RETURNING id', undef, $id);
my ($desk) = db()->selectrow_array(q{INSERT INTO public.desks (organisation_id, name) VALUES (1, 'Desk 1') RETURNING id});
db()->do(q{INSERT INTO public.bookings (desk_id, user_id, day) VALUES (?, ?, '2030-01-01')}, undef, $desk, $id);

# ---- what the role cannot do, by trying ----

my $before = encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id', { Slice => {} }));
for my $case (
    # reading
    ['read password hashes',             'SELECT password_hash FROM public.users'],
    ['filter by password hashes',        q{SELECT id FROM public.users WHERE password_hash LIKE '!%'}],
    ['sort by password hashes',          'SELECT id FROM public.users ORDER BY password_hash'],
    ['read whole rows of users',         'SELECT u FROM public.users AS u'],
    ['read all columns of users',        'SELECT * FROM public.users'],
    ['copy users out',                   'COPY public.users TO STDOUT'],
    ['read who has API access',          'SELECT api_access FROM public.users'],
    ['read sessions',                    'SELECT id FROM public.sessions'],
    ['count sessions',                   'SELECT count(*) FROM public.sessions'],
    ['read bookings',                    'SELECT day FROM public.bookings'],
    ['read desks',                       'SELECT name FROM public.desks'],
    ['read organisations',               'SELECT name FROM public.organisations'],
    ['read the table of tokens',         'SELECT token_sha256 FROM public.api_tokens'],
    ['count tokens that are not valid',  'SELECT count(*) FROM public.api_tokens'],
    ['read events',                      'SELECT id FROM scim.events'],
    ['read the table of settings',       'SELECT value FROM scim.settings'],
    ['read the definition of passwords of roles', 'SELECT rolpassword FROM pg_authid'],
    ['read files of the server',         q{SELECT pg_read_file('postgresql.conf')}],
    # writing
    ['give a role',                      q{UPDATE public.users SET role = 'admin'}],
    ['give API access',                  'UPDATE public.users SET api_access = true'],
    ['overwrite a password hash',        q{UPDATE public.users SET password_hash = 'x'}],
    ['move a user',                      'UPDATE public.users SET organisation_id = 2'],
    ['change an id',                     'UPDATE public.users SET id = 5'],
    ['set created_at',                   'UPDATE public.users SET created_at = now()'],
    ['set updated_at',                   'UPDATE public.users SET updated_at = now()'],
    ['delete a user',                    'DELETE FROM public.users'],
    ['empty users',                      'TRUNCATE public.users CASCADE'],
    ['make an administrator',            q{INSERT INTO public.users (organisation_id, username, password_hash, role) VALUES (1, 'x', '!', 'admin')}],
    ['make a user with API access',      q{INSERT INTO public.users (organisation_id, username, password_hash, api_access) VALUES (1, 'x', '!', true)}],
    ['choose an id',                     q{INSERT INTO public.users (id, organisation_id, username, password_hash) VALUES (1, 1, 'x', '!')}],
    ['choose a date',                    q{INSERT INTO public.users (organisation_id, username, password_hash, created_at) VALUES (1, 'x', '!', now())}],
    ['end a session',                    'DELETE FROM public.sessions'],
    ['make a session',                   "INSERT INTO public.sessions (user_id) VALUES ($id)"],
    ['cancel a booking',                 'DELETE FROM public.bookings'],
    ['raise the counter of a team',      'UPDATE public.teams SET version = 7'],
    ['delete a team',                    'DELETE FROM public.teams'],
    ['move a team',                      'UPDATE public.teams SET organisation_id = 2'],
    ['change a membership',              'UPDATE public.team_members SET since = now()'],
    ['open an organisation',             'UPDATE public.organisations SET api_enabled = true'],
    ['make itself a token',              "INSERT INTO public.api_tokens (user_id, token_sha256, expires_at) VALUES ($id, sha256('x'), now())"],
    ['write to the view of tokens',      q{UPDATE scim.tokens SET tenant = '2'}],
    ['delete from the view of tokens',   'DELETE FROM scim.tokens'],
    ['delete events',                    'DELETE FROM scim.events'],
    ['rewrite events',                   q{UPDATE scim.events SET actor = 'x'}],
    ['empty events',                     'TRUNCATE scim.events'],
    ['give itself a key of cursors',     q{INSERT INTO scim.settings (name, value) VALUES ('cursor_key', sha256('x'))}],
    ['end a key of cursors',             'UPDATE scim.settings SET ends_at = now()'],
    ['write to the view of keys',        q{UPDATE scim.cursor_keys SET key = sha256('x')}],
    ['read what the guard counts',       'SELECT taken FROM scim.guards'],
    ['change what the guard counts',     'UPDATE scim.guards SET taken = 0'],
    ['choose the time of an event',      q{INSERT INTO scim.events (at, operation, outcome) VALUES (now(), 'x', 'applied')}],
    ['choose the number of an event',    q{INSERT INTO scim.events (id, operation, outcome) OVERRIDING SYSTEM VALUE VALUES (1, 'x', 'applied')}],
    # running
    ['rotate the key of cursors',        'SELECT scim.rotate_key()'],
    ['follow events',                    'SELECT scim.events_after(NULL)'],
    ['forget events',                    q{SELECT scim.forget_events('1 day')}],
    ['choose the transaction of an event', q{INSERT INTO scim.events (xid, operation, outcome) VALUES ('1', 'x', 'applied')}],
    ['release what the guard holds',     q{SELECT scim.release('1')}],
    ['issue a token',                    "SELECT scim.token_issue($admin, interval '1 day')"],
    ['revoke a token',                   q{SELECT scim.token_revoke('1')}],
    ['switch an organisation on',        'SELECT scim.access_organisation(1, true)'],
    ['switch a user on',                 "SELECT scim.access_user($id, true)"],
    # making
    ['create a table',                   'CREATE TABLE public.mine (x integer)'],
    ['create a function',                q{CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql RETURN 1}],
    ['create something in scim',         'CREATE TABLE scim.mine (x integer)'],
    ['create a schema',                  'CREATE SCHEMA mine'],
    ['hang a trigger on users',          'CREATE TRIGGER mine BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.users_touch()'],
    ['alter users',                      'ALTER TABLE public.users ADD COLUMN mine text'],
    ['drop an index',                    'DROP INDEX public.users_username_live'],
    ['change the view of tokens',        q{CREATE OR REPLACE VIEW scim.tokens AS SELECT 1}],
    ['lock users against everybody',     'LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE'],
    ['switch triggers off',              'SET LOCAL session_replication_role = replica'],
    ['become the superuser',             'SET LOCAL ROLE postgres'],
    ['make a role',                      'CREATE ROLE mine'],
    ['grant what it has',                'GRANT SELECT ON scim.tokens TO PUBLIC WITH GRANT OPTION'],
) {
    my ($what, $sql) = @$case;
    my $state = state_of($role, $sql);
    # 42501 is a lack of privilege; the view is not updatable for anybody, and a
    # grant to PUBLIC cannot have the option to grant
    my $want = $what =~ /the view of (?:tokens|keys)/ ? qr/^(?:55000|42501)$/ : $what =~ /^grant/ ? qr/^(?:0LP01|42501)$/ : qr/^42501$/;
    like $state, $want, "the role cannot $what";
}
is encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id', { Slice => {} })), $before,
    'no user has changed by all that';

# What it needs, it can.
for my $case (
    ['read the mapped columns', 'SELECT id, organisation_id, username, username_key, email, email_key, first_name, last_name,
         role, active, external_id, deleted_at, scim_extra, created_at, updated_at FROM public.users'],
    ['read valid tokens', 'SELECT token_sha256, token_id, tenant, actor FROM scim.tokens'],
    ['ask for the version', 'SELECT scim.version()'],
    ['read the keys of cursors', 'SELECT key, made_at FROM scim.cursor_keys'],
    ['make a user', q{INSERT INTO public.users (organisation_id, username, email, first_name, last_name, active, external_id,
         deleted_at, scim_extra, password_hash) VALUES (1, 'made', 'm', 'f', 'l', true, 'e', NULL, '{}', '!')}],
    ['change a user', "UPDATE public.users SET username = 'c', email = 'm', first_name = 'f', last_name = 'l', active = false,
         external_id = 'e', deleted_at = now(), scim_extra = '{}' WHERE id = $id"],
    ['make a team and a member', "WITH t AS (INSERT INTO public.teams (organisation_id, name, external_id) VALUES (1, 'made', 'e') RETURNING id)
         INSERT INTO public.team_members (team_id, user_id) SELECT id, $id FROM t"],
    ['take a member out', 'DELETE FROM public.team_members'],
    ['lock a row', "SELECT id FROM public.users WHERE id = $id FOR UPDATE"],
    ['write an event', q{INSERT INTO scim.events (tenant, actor, token_id, request_id, operation, resource_type, resource_id,
         changes, outcome) VALUES ('1', '1', '1', NULL, 'x', 'User', '1', '{}', 'refused')}],
) {
    my ($what, $sql) = @$case;
    is state_of($role, $sql), '', "the role can $what";
}
is state_of($role, q{INSERT INTO scim.events (operation, outcome) VALUES ('x', 'perhaps')}), '23514',
    'an event is applied or refused, nothing else';

# ---- the same by the catalog, over everything there is ----

# Every privilege of the role on every object outside the system's schemas.
my $PRIVILEGES = <<'END';
SELECT 'schema ' || nspname || ' ' || p
  FROM pg_namespace, unnest(ARRAY['USAGE', 'CREATE']) AS p
 WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege($1, oid, p)
UNION ALL
SELECT 'table ' || c.oid::regclass || ' ' || p
  FROM pg_class AS c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
       'pg_toast'::regnamespace) AND has_table_privilege($1, c.oid, p)
UNION ALL
SELECT 'column ' || c.oid::regclass || '.' || a.attname || ' ' || p
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped,
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
       'pg_toast'::regnamespace) AND has_column_privilege($1, c.oid, a.attnum, p) AND NOT has_table_privilege($1, c.oid, p)
UNION ALL
SELECT 'sequence ' || c.oid::regclass || ' ' || p
  FROM pg_class AS c, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
 WHERE c.relkind = 'S' AND has_sequence_privilege($1, c.oid, p)
UNION ALL
SELECT 'function ' || oid::regprocedure
  FROM pg_proc WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
   AND has_function_privilege($1, oid, 'EXECUTE')
ORDER BY 1
END
sub privileges {
    my ($dbh) = @_;
    $dbh->do(q{SET search_path = pg_catalog});      # names in full
    my $list = $dbh->selectcol_arrayref($PRIVILEGES =~ s/\$1/'mod_scim'/gr);
    $dbh->do('RESET search_path');
    return $list;
}

my @expected = sort(
    'schema scim USAGE', 'schema public USAGE', 'function scim.version()', 'table scim.tokens SELECT',
    'table scim.cursor_keys SELECT',
    'function scim.tenant()', 'function scim.guard_begins(text,integer)', 'function scim.guard_count(text,bigint,integer,integer,integer)',
    (map { "column public.users.$_ SELECT" } qw(id organisation_id username username_key email email_key first_name
        last_name role active external_id deleted_at scim_extra created_at updated_at)),
    (map { "column public.users.$_ INSERT" } qw(organisation_id username email first_name last_name active external_id
        deleted_at scim_extra password_hash)),
    (map { "column public.users.$_ UPDATE" } qw(username email first_name last_name active external_id deleted_at
        scim_extra)),
    (map { "column public.teams.$_ SELECT" } qw(id organisation_id name name_key external_id version deleted_at created_at updated_at)),
    (map { "column public.teams.$_ INSERT" } qw(organisation_id name external_id deleted_at)),
    (map { "column public.teams.$_ UPDATE" } qw(name external_id deleted_at)),
    (map { "column public.team_members.$_" } 'team_id SELECT', 'team_id INSERT', 'user_id SELECT', 'user_id INSERT'),
    'table public.team_members DELETE',
    (map { "column scim.events.$_ INSERT" } qw(tenant actor token_id request_id client status scim_type reason operation resource_type resource_id
        changes outcome)),
);
is_deeply [sort @{ privileges(db()) }], \@expected, 'these are all its privileges, and no others';
ok !grep({ /password_hash (?!INSERT)|sessions|bookings|api_tokens|organisations|desks/ } @expected),
    'among them none on what is not the module\'s business';
is_deeply db()->selectrow_arrayref(q{SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin,
    rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'mod_scim'}), [0, 0, 0, 0, 0, 1, 0],
    'it is an ordinary role that can log in, without a password';
is db()->selectrow_array(q{SELECT count(*) FROM pg_auth_members WHERE member = 'mod_scim'::regrole
    OR roleid = 'mod_scim'::regrole}), 0, 'a member of no other role, and nobody is a member of it';
is db()->selectrow_array(q{SELECT count(*) FROM pg_shdepend WHERE refobjid = 'mod_scim'::regrole AND deptype = 'o'}), 0,
    'it owns nothing';
is db()->selectrow_array(q{SELECT has_database_privilege('mod_scim', current_database(), 'CREATE')}), 0,
    'and cannot make schemas';
# docs/database.md says the same
{
    my $doc = slurp(top() . '/docs/database.md');
    for my $name (qw(scim.version() scim.tenant() scim.guard_begins scim.guard_count scim.tokens scim.cursor_keys scim.events)) {
        like $doc, qr/\| `\Q$name\E` \| (?:EXECUTE|SELECT|INSERT)/, "docs/database.md lists the right on $name";
    }
}

# ---- tokens: hashes only, and none behind a closed gate ----

is_deeply [sort map { "$_->[0] $_->[1]" } @{ db()->selectall_arrayref(q{SELECT attname, atttypid::regtype FROM pg_attribute
    WHERE attrelid = 'scim.tokens'::regclass AND attnum > 0}) }],
    ['actor text', 'tenant text', 'token_id text', 'token_sha256 bytea'], 'the view has its four columns';
is_deeply $role->selectall_arrayref(q{SELECT encode(token_sha256, 'hex'), tenant, actor FROM scim.tokens ORDER BY tenant}),
    [map { my ($t, $org) = @$_; [sha256_hex($t), $org, db()->selectrow_array(
        q{SELECT id FROM public.users WHERE organisation_id = ? AND role = 'admin'}, undef, $org)] }
        [token_a(), 1], [token_b(), 2]], 'the view shows the hashes of valid tokens, with tenant and actor';
{
    # a token in clear stands nowhere in the database
    my $tables = db()->selectcol_arrayref(q{SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'v', 'm')
        AND relnamespace::regnamespace::text IN ('public', 'scim', 'scim_rig')});
    cmp_ok scalar(@$tables), '>=', 8, 'there are tables to look into';
    for my $table (@$tables) {
        is db()->selectrow_array("SELECT count(*) FROM $table AS x WHERE strpos(x::text, ?) > 0 OR strpos(x::text, ?) > 0",
            undef, token_a(), substr token_a(), 5), 0, "no token in clear in $table";
    }
}

# Each gate, once closed and opened: the view has the row of the token or not,
# and the next request is let in or not.
my ($tid) = db()->selectrow_array('SELECT id FROM public.api_tokens WHERE user_id = ?', undef, $admin);
my $unrevoke = "UPDATE public.api_tokens SET revoked_at = NULL WHERE id = $tid";
for my $gate (
    ['the vendor\'s option', 'UPDATE public.organisations SET api_available = false WHERE id = 1',
                             'UPDATE public.organisations SET api_available = true WHERE id = 1'],
    ['the organisation\'s switch', 'SELECT scim.access_organisation(1, false)', 'SELECT scim.access_organisation(1, true)'],
    ['the user\'s switch', "SELECT scim.access_user($admin, false)", "SELECT scim.access_user($admin, true)"],
    ['the user\'s being active', "UPDATE public.users SET active = false WHERE id = $admin",
                                 "UPDATE public.users SET active = true WHERE id = $admin"],
    ['the user\'s not being deleted', "UPDATE public.users SET deleted_at = now() WHERE id = $admin; " . $unrevoke,
                                      "UPDATE public.users SET deleted_at = NULL WHERE id = $admin"],
    ['expiry', "UPDATE public.api_tokens SET expires_at = now() - interval '1 second' WHERE id = $tid",
               "UPDATE public.api_tokens SET expires_at = now() + interval '1 hour' WHERE id = $tid"],
    ['revocation', "SELECT scim.token_revoke('$tid')", $unrevoke],
) {
    my ($what, $close, $open) = @$gate;
    my $seen = sub { $role->selectrow_array('SELECT count(*) FROM scim.tokens WHERE token_sha256 = ?::bytea', undef,
        '\x' . sha256_hex(token_a())) };
    is $seen->(), 1, "$what: open, the token is valid";
    db()->do($close);
    is $seen->(), 0, "$what: closed, it is not";
    is_error get("/Users/$id"), 401, undef, undef, "$what: closed, the next request is 401";
    is_list scim_b('GET', '/Users?count=0'), undef, "$what: closed, the other organisation goes on";
    db()->do($open);
    is $seen->(), 1, "$what: open again, the token is valid";
    is_resource get("/Users/$id"), 200, "$what: open again, the next request is let in";
}
{
    # at the very instant of its expiry a token is no longer valid
    my ($then) = db()->selectrow_array('UPDATE public.api_tokens SET expires_at = statement_timestamp() WHERE id = ?
        RETURNING expires_at', undef, $tid);
    is $role->selectrow_array(q{SELECT count(*) FROM scim.tokens WHERE tenant = '1'}), 0, "expired at $then, not valid after";
    db()->do(q{UPDATE public.api_tokens SET expires_at = now() + interval '1 hour' WHERE id = ?}, undef, $tid);
}
{
    # several tokens of one user, one of them revoked: a function that the role
    # smuggles into a query must not get to see that one
    my ($old) = db()->selectrow_array("SELECT scim.token_issue($admin, interval '1 day')");
    my ($old_id) = db()->selectrow_array('SELECT max(id) FROM public.api_tokens');
    is_list get('/Users?count=0', token => $_), undef, 'two tokens of one user are good' for token_a(), $old;
    db()->do('SELECT scim.token_revoke(?)', undef, $old_id);
    db()->do(q{CREATE FUNCTION public.peep(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
        $$ BEGIN RAISE WARNING 'seen %', $1; RETURN true; END $$});
    my @seen;
    {
        local $SIG{__WARN__} = sub { push @seen, $_[0] =~ /seen (\d+)/ };
        local $role->{PrintWarn} = 1;
        $role->selectall_arrayref('SELECT token_id FROM scim.tokens WHERE public.peep(token_id)');
    }
    is_deeply [sort { $a <=> $b } @seen], [sort { $a <=> $b } @{ db()->selectcol_arrayref('SELECT token_id FROM scim.tokens') }],
        'a function in a query sees valid tokens and no others';
    ok !grep({ $_ == $old_id } @seen), 'not the one that was revoked';
    db()->do('DROP FUNCTION public.peep');
}

# ---- the functions ----

sub refused_with {
    my ($sql, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ok = eval { db()->do($sql); 1 };
    ok !$ok && $@ =~ $pattern, $name or diag $ok ? 'it was done' : $@;
}

my @token = map { db()->selectrow_array("SELECT scim.token_issue($admin, interval '1 year')") } 1 .. 5;
like $_, qr/\Ascim_[0-9a-f]{64}\z/, 'token_issue gives the text of a token' for @token;
is scalar(keys %{ { map { $_ => 1 } @token } }), 5, 'each is another';
is_deeply db()->selectrow_arrayref('SELECT user_id, revoked_at, expires_at = created_at + interval \'1 year\'
    FROM public.api_tokens WHERE token_sha256 = ?::bytea', undef, '\x' . sha256_hex($token[0])), [$admin, undef, 1],
    'what is stored is its hash, its user and its end';
is_list get('/Users?count=0', token => $token[0]), undef, 'and it works';
my $tokens = 'SELECT count(*) FROM public.api_tokens';
my ($count) = db()->selectrow_array($tokens);
refused_with($$_[0], $$_[1], "token_issue refuses $$_[2]") for
    ["SELECT scim.token_issue(987654321, '1 day')", qr/there is no user 987654321/, 'a user that is not there'],
    ["SELECT scim.token_issue(NULL, '1 day')", qr/there is no user NULL/, 'nobody'],
    ["SELECT scim.token_issue($admin, '0')", qr/must be a positive interval/, 'no time at all'],
    ["SELECT scim.token_issue($admin, '-1 day')", qr/must be a positive interval/, 'the past'],
    ["SELECT scim.token_issue($admin, '1 month -31 days')", qr/must be a positive interval/, 'an interval that comes to nothing'],
    ["SELECT scim.token_issue($admin, NULL)", qr/must be a positive interval/, 'no interval'];
{
    my $gone = new_user()->{id};
    del("/Users/$gone");
    refused_with("SELECT scim.token_issue($gone, '1 day')", qr/there is no user/, 'token_issue refuses a deleted user');
    refused_with("SELECT scim.access_user($gone, true)", qr/there is no user/, 'access_user refuses a deleted user');
}
is db()->selectrow_array($tokens), $count, 'no token came of that';
{
    # nothing here opens a closed gate
    my ($waiting) = db()->selectrow_array("SELECT scim.token_issue($id, '1 day')");
    is_error get('/Users?count=0', token => $waiting), 401, undef, undef, 'a token for a user without API Access waits';
    db()->do("SELECT scim.access_user($id, true)");
    is row_of($id)->{api_access}, 1, 'access_user switches it on';
    is_list get('/Users?count=0', token => $waiting), undef, 'then it works';
    db()->do("SELECT scim.access_user($id, false)");
    is row_of($id)->{api_access}, 0, 'access_user switches it off';
    is_error get('/Users?count=0', token => $waiting), 401, undef, undef, 'and it does not any longer';
}
{
    my ($t) = db()->selectrow_array('SELECT id FROM public.api_tokens WHERE token_sha256 = ?::bytea', undef, '\x' . sha256_hex($token[1]));
    is db()->selectrow_array("SELECT scim.token_revoke('$t')"), 1, 'token_revoke says that there was one';
    ok defined db()->selectrow_array("SELECT revoked_at FROM public.api_tokens WHERE id = $t"), 'it is revoked';
    is_error get('/Users?count=0', token => $token[1]), 401, undef, undef, 'and not valid';
    my ($when) = db()->selectrow_array("SELECT revoked_at FROM public.api_tokens WHERE id = $t");
    is db()->selectrow_array("SELECT scim.token_revoke('$t')"), 0, 'revoking again revokes nothing';
    is db()->selectrow_array("SELECT revoked_at FROM public.api_tokens WHERE id = $t"), $when, 'and leaves the time alone';
    is db()->selectrow_array("SELECT scim.token_revoke($_)"), 0, "token_revoke($_) finds nothing"
        for q{'987654321'}, q{'x'}, q{''}, 'NULL';
    is_list get('/Users?count=0', token => $token[2]), undef, 'the other tokens of the user go on';
}
db()->do('SELECT scim.access_organisation(2, false)');
is_deeply db()->selectcol_arrayref('SELECT api_enabled FROM public.organisations ORDER BY id'), [1, 0],
    'access_organisation switches one organisation off';
db()->do('SELECT scim.access_organisation(2, true)');
is_deeply db()->selectcol_arrayref('SELECT api_enabled FROM public.organisations ORDER BY id'), [1, 1], 'and on';
refused_with($$_[0], $$_[1], "refused: $$_[0]") for
    ['SELECT scim.access_organisation(987654321, true)', qr/there is no organisation 987654321/],
    ['SELECT scim.access_organisation(NULL, true)', qr/there is no organisation NULL/],
    ['SELECT scim.access_organisation(1, NULL)', qr/say true or false, not NULL/],
    ['SELECT scim.access_user(987654321, true)', qr/there is no user 987654321/],
    ["SELECT scim.access_user($id, NULL)", qr/say true or false, not NULL/];

# Who may call them: nobody, until it is said.
db()->do("CREATE ROLE somebody_$$");
db()->do("GRANT USAGE ON SCHEMA scim TO somebody_$$");
for my $call ("scim.token_issue($admin, '1 day')", "scim.token_revoke('1')", 'scim.access_organisation(1, true)',
              "scim.access_user($id, true)", 'scim.version()', 'scim.rotate_key()', q{scim.release('1')},
              'scim.tenant()', q{scim.events_after(NULL)}, q{scim.forget_events('1 day')}, q{scim.guard_begins('1', 1)},
              q{scim.guard_count('1', 1, 1, 1, 1)}) {
    db()->do("SET ROLE somebody_$$");
    is state_of(db(), "SELECT $call"), '42501', "nobody may call $call by himself";
    db()->do('RESET ROLE');
}
my ($grant) = slurp(top() . '/conf/sql/scim.sql') =~ /^(-- GRANT USAGE ON SCHEMA scim TO wiggledesk;\n(?:-- .*\n)+)/m;
ok $grant, 'the file has the grants for the application, commented out';
$grant =~ s/^-- //mg;
$grant =~ s/\bwiggledesk\b/somebody_$$/g;
db()->do($grant);
{
    db()->do("SET ROLE somebody_$$");
    my ($t) = db()->selectrow_array("SELECT scim.token_issue($admin, '1 day')");
    db()->do('SELECT scim.access_organisation(1, true)');
    db()->do("SELECT scim.access_user($id, false)");
    is db()->selectrow_array("SELECT scim.token_revoke('987654321')"), 0, 'granted, the application may revoke';
    is state_of(db(), 'SELECT id FROM public.api_tokens'), '42501', 'without rights on the tables behind';
    db()->do('RESET ROLE');
    is_list get('/Users?count=0', token => $t), undef, 'granted, the application may issue';
}
db()->do("DROP OWNED BY somebody_$$");
db()->do("DROP ROLE somebody_$$");
is_deeply db()->selectcol_arrayref(q{SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef
    AND pronamespace IN ('scim'::regnamespace, 'public'::regnamespace)
    AND coalesce(proconfig, '{}') <> '{"search_path=pg_catalog, pg_temp"}'}), [],
    'what runs with the rights of its owner has a pinned search path';

# ---- the application's own rules, whoever writes ----

my $sessions = sub { db()->selectrow_array('SELECT count(*) FROM public.sessions WHERE user_id = ?', undef, $_[0]) };
my $bookings = sub { db()->selectrow_array('SELECT count(*) FROM public.bookings WHERE user_id = ?', undef, $_[0]) };
for my $case (['deactivated', 'UPDATE public.users SET active = false WHERE id = ?'],
              ['deleted', 'UPDATE public.users SET deleted_at = now() WHERE id = ?']) {
    my ($what, $sql) = @$case;
    for my $who (['the module', $role], ['the application', db()]) {
        my ($name, $dbh) = @$who;
        my $one = new_user()->{id};
        my $other = new_user()->{id};
        db()->do('INSERT INTO public.sessions (user_id) VALUES (?), (?), (?)', undef, $one, $one, $other);
        db()->do(q{INSERT INTO public.bookings (desk_id, user_id, day) VALUES (?, ?, '2031-01-01'::date + ?::integer)}, undef, $desk, $one, $one);
        $dbh->do(q{UPDATE public.users SET first_name = 'x' WHERE id = ?}, undef, $one);
        is $sessions->($one), 2, "another change by $name logs nobody out";
        $dbh->begin_work;
        $dbh->do($sql, undef, $one);
        $dbh->rollback;
        is $sessions->($one), 2, "$what by $name and undone: still logged in";
        $dbh->do($sql, undef, $one);
        is $sessions->($one), 0, "$what by $name: logged out";
        is $sessions->($other), 1, "$what by $name: others are not";
        is $bookings->($one), 1, "$what by $name: the booking stays";
    }
}

my $stamps = sub { db()->selectrow_hashref(q{SELECT created_at, updated_at, username_key, email_key FROM public.users WHERE id = ?}, undef, $_[0]) };
{
    my $one = new_user(emails => [{ type => 'work', value => "\x{c4}nn\@Example.com" }])->{id};
    my $at = $stamps->($one);
    is $at->{updated_at}, $at->{created_at}, 'updated_at begins as created_at';
    is $at->{email_key}, "\x{e4}nn\@example.com", 'the folded form goes beyond ASCII';
    my $moved = sub {
        my ($dbh, $sql, @value) = @_;
        my $then = $stamps->($one);
        $dbh->do($sql, undef, @value, $one);
        my $now = $stamps->($one);
        is $now->{created_at}, $then->{created_at}, "created_at stays: $sql";
        return $now->{updated_at} cmp $then->{updated_at};
    };
    for my $who (['the module', $role], ['the application', db()]) {
        my ($name, $dbh) = @$who;
        my $new = uniq('n');
        is $moved->($dbh, 'UPDATE public.users SET first_name = ? WHERE id = ?', $new), 1, "updated_at moves with a change by $name";
        is $moved->($dbh, 'UPDATE public.users SET first_name = ? WHERE id = ?', $new), 0, "and not with the same value by $name";
        is $moved->($dbh, 'UPDATE public.users SET username = username, active = active WHERE id = ?'), 0, "nor with no value by $name";
        is $moved->($dbh, 'UPDATE public.users SET scim_extra = ?::jsonb WHERE id = ?', '{"a":1}'), 1, "it moves with an extra attribute by $name";
        is $moved->($dbh, 'UPDATE public.users SET scim_extra = ?::jsonb WHERE id = ?', '{"a":1.0}'), 1, "and with the form of a number by $name";
        db()->do(q{UPDATE public.users SET scim_extra = '{}' WHERE id = ?}, undef, $one);
        is $moved->($dbh, 'UPDATE public.users SET email = upper(email) WHERE id = ?'), 1, "and with the case of an address by $name";
        db()->do('UPDATE public.users SET email = lower(email) WHERE id = ?', undef, $one);
    }
    is $moved->(db(), q{UPDATE public.users SET updated_at = '2001-01-01' WHERE id = ?}), 0, 'nobody sets it by hand';
    is $moved->(db(), q{UPDATE public.users SET password_hash = 'h' WHERE id = ?}), 1, 'what SCIM does not see moves it as well';
    db()->do('ALTER TABLE public.users DISABLE TRIGGER zz_touch');
    db()->do(q{UPDATE public.users SET updated_at = '2100-01-01' WHERE id = ?}, undef, $one);
    db()->do('ALTER TABLE public.users ENABLE TRIGGER zz_touch');
    is $moved->(db(), q{UPDATE public.users SET first_name = 'back' WHERE id = ?}), 0, 'it never goes backwards';
}
is state_of(db(), q{UPDATE public.users SET username_key = 'x'}), '428C9', 'nobody writes a folded form';
is state_of(db(), q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, ?, '!')}, uc $user->{userName}),
    '23505', 'a user name is unique without regard to case';
is state_of(db(), q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (2, ?, '!')}, $user->{userName}),
    '', 'within its organisation';
is state_of(db(), q{INSERT INTO public.users (organisation_id, username, password_hash, deleted_at) VALUES (1, ?, '!', now())},
    $user->{userName}), '', 'tombstones aside';

# ---- the file itself ----

# A database of its own, in the same cluster.
my $n = 0;
{
    # who comes back from the dead has none of the tokens of before
    my $user = new_user();
    my $gone = $user->{id};
    db()->do('UPDATE public.users SET api_access = true WHERE id = ?', undef, $gone);
    my @token = map { db()->selectrow_array(q{SELECT scim.token_issue(?, '1 day')}, undef, $gone) } 1 .. 2;
    my $revoked = sub { db()->selectrow_array('SELECT count(*) FROM public.api_tokens WHERE user_id = ? AND revoked_at IS NOT NULL',
        undef, $_[0]) };
    my $others = $revoked->($admin);
    is_list get('/Users', token => $token[0]), undef, 'a token of a user who is there';
    is patch("/Users/$gone", { Operations => [{ op => 'replace', path => 'active', value => json_false }] })->code, 200, 'deactivated';
    is_error get('/Users', token => $token[0]), 401, undef, undef, 'whose token then is none';
    is patch("/Users/$gone", { Operations => [{ op => 'replace', path => 'active', value => json_true }] })->code, 200, 'activated';
    is_list get('/Users', token => $token[0]), undef, 'it is one again';
    is $revoked->($gone), 0, 'deactivation revokes nothing';
    is del("/Users/$gone")->code, 204, 'deleted';
    is $revoked->($gone), 2, 'deletion revokes all of them';
    is post('/Users', { userName => $user->{userName}, externalId => $user->{externalId} })->json->{id}, $gone, 'restored';
    is_error get('/Users', token => $_), 401, undef, undef, 'no token of before works again' for @token;
    my ($new) = db()->selectrow_array(q{SELECT scim.token_issue(?, '1 day')}, undef, $gone);
    is_list get('/Users', token => $new), undef, 'a new one does';
    db()->do('UPDATE public.users SET deleted_at = now() WHERE id = ?', undef, $gone);
    is $revoked->($gone), 3, 'deletion by the application revokes as well';
    is $revoked->($admin), $others, 'and nobody else\'s';
}

sub database {
    my (%opt) = @_;
    my $name = sprintf 'contract_%d_%d', $$, ++$n;
    db()->do("CREATE DATABASE $name TEMPLATE template0" . ($opt{with} ? " $opt{with}" : ''));
    return $name;
}
sub run_file {
    my ($database, $file, @before) = @_;
    my $out = eval { cluster()->psql('-d', $database, '-1', (map { ('-c', $_) } @before), '-f', $file) };
    return defined $out ? (1, $out) : (0, $@);
}
my $sql = top() . '/conf/sql';

# All that the file makes, as text.
sub made {
    my ($dbh) = @_;
    my $settings = $dbh->selectrow_array(q{SELECT to_regclass('scim.settings')})
        ? $dbh->selectcol_arrayref(q{SELECT 'setting ' || s FROM scim.settings AS s ORDER BY id}) : [];
    return [@{ $dbh->selectcol_arrayref(<<'END') }, @$settings];
SELECT 'schema ' || nspname || coalesce((SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS g), '') || coalesce(obj_description(oid, 'pg_namespace'), '')
  FROM pg_namespace WHERE nspname IN ('scim', 'public')
UNION ALL
SELECT 'relation ' || c.oid::regclass || c.relkind::text || coalesce((SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner))) AS g), '') || coalesce(c.reloptions::text, '')
       || coalesce(pg_get_viewdef(c.oid), '') || coalesce(obj_description(c.oid, 'pg_class'), '') || c.oid
  FROM pg_class AS c WHERE relnamespace IN ('scim'::regnamespace, 'public'::regnamespace)
UNION ALL
SELECT 'column ' || attrelid::regclass || attname || atttypid::regtype || attnotnull || attidentity::text || coalesce((SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM aclexplode(attacl) AS g), '')
  FROM pg_attribute WHERE attnum > 0 AND attrelid::regclass::text ~ '^(scim[.]|users$)'
UNION ALL
SELECT 'function ' || pg_get_functiondef(oid) || coalesce((SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS g), '')
  FROM pg_proc WHERE pronamespace IN ('scim'::regnamespace, 'public'::regnamespace)
UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname IN ('scim', 'public')
UNION ALL
SELECT 'constraint ' || conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace IN ('scim'::regnamespace, 'public'::regnamespace)
UNION ALL
SELECT 'event ' || e FROM scim.events AS e
ORDER BY 1
END
}

# The file is run while the service is in use: neither it nor a request fails.
{
    my @user = map { new_user()->{id} } 1 .. 4;
    my $stop = cluster()->dir . "/stop-$$";
    my @child = map {
        my $id = $_;
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my ($n, $bad) = (0, 0);
            until (-e $stop || $n > 2000) {
                my $res = eval { patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => 'T' . ++$n }] }) };
                my $new = eval { post('/Users', { userName => uniq("live$$") }) };
                $bad = 1 unless $res && $res->code == 200 && $new && $new->code == 201;
            }
            POSIX::_exit($bad || !$n);
        }
        $pid;
    } @user;
    my $log = -s cluster()->logfile;
    my @run = map { select undef, undef, undef, 0.1; run_file('wiggledesk', "$sql/scim.sql") } 1 .. 8;
    spew($stop, '');
    is_deeply \@run, [(1, '') x 8], 'eight runs under load succeed';
    is_deeply [map { waitpid $_, 0; $? } @child], [(0) x 4], 'as do all requests meanwhile';
    unlink $stop;
    unlike slurp_from(cluster()->logfile, $log), qr/deadlock/, 'and there was no deadlock';
}

my @database;
{
    my $name = database();
    push @database, $name;
    is_deeply [run_file($name, "$sql/wiggledesk.sql")], [1, ''], 'the application\'s file runs, without a word';
    is_deeply [run_file($name, "$sql/scim.sql")], [1, ''], 'scim.sql runs, without a word';
    my $dbh = cluster()->dbh(dbname => $name);
    $dbh->do(q{INSERT INTO scim.events (operation, outcome) VALUES ('kept', 'applied')});
    my $first = made($dbh);
    cmp_ok scalar(grep { /\bscim\./ } @$first), '>=', 30, 'it makes its objects';
    is_deeply [run_file($name, "$sql/scim.sql")], [1, ''], 'a second run, without a word';
    is_deeply made($dbh), $first, 'changes nothing, and keeps the events and the key';
    is_deeply [sort @{ privileges($dbh) }], \@expected, 'the role has its privileges in this database too';

    # what somebody has granted by hand
    $dbh->do($_) for 'GRANT SELECT ON public.organisations TO mod_scim', 'GRANT UPDATE (password_hash) ON public.users TO mod_scim',
        'GRANT ALL ON public.api_tokens TO mod_scim', 'GRANT SELECT ON scim.events TO mod_scim',
        'GRANT EXECUTE ON FUNCTION scim.token_issue(bigint, interval) TO mod_scim', 'GRANT CREATE ON SCHEMA public TO mod_scim',
        'CREATE SCHEMA other', 'CREATE TABLE other.t ()', 'GRANT USAGE ON SCHEMA other TO mod_scim', 'GRANT ALL ON other.t TO mod_scim',
        'GRANT USAGE ON SEQUENCE public.users_id_seq TO mod_scim', 'REVOKE SELECT (id) ON public.users FROM mod_scim';
    isnt encode([sort @{ privileges($dbh) }]), encode(\@expected), 'rights that were granted by hand';
    is_deeply [run_file($name, "$sql/scim.sql")], [1, ''], 'are no obstacle';
    is_deeply [sort @{ privileges($dbh) }], \@expected, 'and are taken back; what was taken away is given again';
    $dbh->do('DROP TABLE other.t');
    $dbh->do('DROP SCHEMA other');
    is_deeply made($dbh), $first, 'all is as it was';

    # what it cannot take away, it tells
    for my $case (['a grant to PUBLIC', 'GRANT SELECT ON public.sessions TO PUBLIC', 'REVOKE ALL ON public.sessions FROM PUBLIC',
                   qr/WARNING: .*also has SELECT .*sessions.*\n.*HINT: .*PUBLIC/],
                  ['a right to delete', 'GRANT DELETE ON public.desks TO PUBLIC', 'REVOKE ALL ON public.desks FROM PUBLIC',
                   qr/WARNING: .*also has DELETE on desks/],
                  ['a schema open to all', 'GRANT CREATE ON SCHEMA public TO PUBLIC', 'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
                   qr/WARNING: .*may create objects in schema "public"/],
                  ['a function with its owner\'s rights', 'CREATE FUNCTION public.strong() RETURNS integer SECURITY DEFINER LANGUAGE sql RETURN 1',
                   'DROP FUNCTION public.strong', qr/WARNING: .*may run strong\(\), which is SECURITY DEFINER/],
                  ['more powers', 'ALTER ROLE mod_scim CREATEDB', 'ALTER ROLE mod_scim NOCREATEDB',
                   qr/WARNING: .*more powers than an ordinary role/],
                  ['a membership', 'GRANT pg_monitor TO mod_scim', 'REVOKE pg_monitor FROM mod_scim',
                   qr/WARNING: .*is a member of role "pg_monitor"/]) {
        my ($what, $do, $undo, $pattern) = @$case;
        $dbh->do($do);
        my ($ok, $out) = run_file($name, "$sql/scim.sql");
        $dbh->do($undo);
        ok $ok, "with $what the file runs";
        like $out, $pattern, "with $what it warns";
    }
    is_deeply [run_file($name, "$sql/scim.sql")], [1, ''], 'without them, not a word';
    is_deeply made($dbh), $first, 'and all is as it was';

    # a newer one is not taken back
    $dbh->do('CREATE OR REPLACE FUNCTION scim.version() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 3');
    my ($ok, $out) = run_file($name, "$sql/scim.sql");
    ok !$ok, 'over a newer version the file does not run';
    like $out, qr/already has version 3, this file would take it back to version 2/, 'and says why';
    is $dbh->selectrow_array('SELECT scim.version()'), 3, 'the newer one stays';

    # an older one is brought up to date: version 1 had no settings
    $dbh->do($_) for 'DROP VIEW scim.cursor_keys', 'DROP FUNCTION scim.rotate_key()', 'DROP TABLE scim.settings',
        'CREATE OR REPLACE FUNCTION scim.version() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1';
    my $old = made($dbh);
    is_deeply [run_file($name, "$sql/scim.sql")], [1, ''], 'over version 1 the file runs, without a word';
    is $dbh->selectrow_array('SELECT scim.version()'), 2, 'and makes it version 2';
    my %was = map { $_ => 1 } @$old;
    my @new = grep { !$was{$_} && !/^function .*\bversion\(\)/s } @{ made($dbh) };
    is_deeply [grep { !/settings|cursor_keys?|rotate_key/ } @new], [], 'adding the settings and nothing else';
    is $dbh->selectrow_array('SELECT count(*) FROM scim.cursor_keys'), 1, 'with a key';
    is $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE operation = 'kept'}), 1, 'and keeping the events';
    is_deeply [sort @{ privileges($dbh) }], \@expected, 'the role has its privileges';

    $dbh->disconnect;
}
{
    # the owner of the application, who is no superuser
    db()->do("CREATE ROLE desk_owner_$$");
    my $name = database(with => "OWNER desk_owner_$$");
    push @database, $name;
    is_deeply [run_file($name, "$sql/$_", "SET SESSION AUTHORIZATION desk_owner_$$")], [1, ''], "the owner of the application may run $_"
        for qw(wiggledesk.sql scim.sql scim.sql);
    my $dbh = cluster()->dbh(dbname => $name);
    is_deeply [sort @{ privileges($dbh) }], \@expected, 'with the same privileges for the role';
    is $dbh->selectrow_array("SELECT count(*) FROM pg_class WHERE relnamespace = 'scim'::regnamespace AND relowner <> 'desk_owner_$$'::regrole"), 0,
        'and everything belongs to the owner';
    $dbh->disconnect;
}
{
    my $name = database(with => q{ENCODING 'SQL_ASCII' LOCALE 'C'});
    push @database, $name;
    run_file($name, "$sql/wiggledesk.sql");
    my ($ok, $out) = run_file($name, "$sql/scim.sql");
    ok !$ok, 'in a database of another encoding the file does not run';
    like $out, qr/has encoding SQL_ASCII, mod_scim needs UTF8/, 'and says why';
}
{
    # tokens kept in clear: the view that the file has commented out
    my $name = database();
    push @database, $name;
    run_file($name, "$sql/wiggledesk.sql");
    my $dbh = cluster()->dbh(dbname => $name);
    $dbh->do('CREATE TABLE public.api_keys (id bigint GENERATED BY DEFAULT AS IDENTITY, user_id bigint NOT NULL REFERENCES public.users,
        token text NOT NULL, expires_at timestamptz NOT NULL)');
    my $text = slurp("$sql/scim.sql");
    my ($block) = $text =~ /^(-- CREATE OR REPLACE FUNCTION scim\.token_sha256.*?^--    AND k\.expires_at > statement_timestamp\(\);\n)/ms;
    ok $block, 'the file has a view for tokens kept in clear';
    $block =~ s/^-- ?//mg;
    $text =~ s/^CREATE OR REPLACE VIEW scim\.tokens .*?;.*?\n\n/$block\n/ms or die 'where is the view?';
    my $file = cluster()->dir . "/clear-$$.sql";
    spew($file, $text);
    is_deeply [run_file($name, $file)], [1, ''], 'put in its place, it runs';
    is_deeply [run_file($name, $file)], [1, ''], 'and again';
    unlink $file;
    $dbh->do(q{INSERT INTO public.organisations (id, name) VALUES (1, 'Old')});
    my ($one) = $dbh->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, 'a', '!') RETURNING id});
    $dbh->do(q{INSERT INTO public.api_keys (user_id, token, expires_at) SELECT ?, 'key-' || n, now() + interval '1 day'
        FROM generate_series(1, 3000) AS n}, undef, $one);
    $dbh->do('ANALYZE public.api_keys');
    my $h = extra_httpd(conninfo => cluster()->conninfo(dbname => $name));
    is_list get('/Users', base => $h->base, token => 'key-17'), 1, 'a token in clear is accepted';
    is_error get('/Users', base => $h->base, token => 'key-3001'), 401, undef, undef, 'another is not';
    is_error get('/Users', base => $h->base, token => sha256_hex('key-17')), 401, undef, undef, 'nor is its hash';
    $dbh->do(q{UPDATE public.api_keys SET expires_at = now() WHERE token = 'key-17'});
    is_error get('/Users', base => $h->base, token => 'key-17'), 401, undef, undef, 'nor is it, once it has expired';
    my $mine = cluster()->dbh(dbname => $name, user => 'mod_scim');
    is state_of($mine, 'SELECT token FROM public.api_keys'), '42501', 'the role cannot read a token in clear';
    like join("\n", @{ $mine->selectcol_arrayref(q{EXPLAIN SELECT * FROM scim.tokens WHERE token_sha256 = '\x00'::bytea}) }),
        qr/api_keys_token_sha256/, 'and finds a hash by its index';
    $_->disconnect for $mine, $dbh;
    $h->stop;
}
db()->do("DROP DATABASE $_ WITH (FORCE)") for @database;
db()->do("DROP ROLE desk_owner_$$");

done_testing;
