# The proof of the mapping. What does not fit is told in one sentence in
# error_log, which names the directive and the column, and the SQL that mends it:
# the sentence is taken at its word, and its SQL is run. The client sees a 500
# until then, the rest of the web server goes on, and nobody restarts anything.
use ScimTest;
use ScimTest::Seed ();
use ScimTest::Sys qw(top);

scim_reset();
expect_log(qr/SCIM0010: /, qr/SCIM0022: /);

# ---- a database to spoil ----

my $name = "proof_$$";
db()->do("CREATE DATABASE $name TEMPLATE template0");
cluster()->psql('-d', $name, '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
my $dbh = cluster()->dbh(dbname => $name);
$dbh->{PrintWarn} = 0;
# there is no console, whose views stand in the way of columns that come and go
$dbh->do('DROP VIEW scim.console_users, scim.organisations, scim.accounts, scim.groups');
my $token = ScimTest::Seed::seed($dbh)->{1};

my $conninfo;       # through the relay
my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my $relay = ScimTest::Relay->new(dir => cluster()->dir . "-proof-$$", cluster => cluster());
$conninfo = $relay->conninfo(dbname => $name);

# ---- mappings that are wrong ----

# A location of its own for each, all in one server. What it says besides is the
# reference configuration.
my (@location, %conf);
sub location {
    my ($edit) = @_;
    my $path = '/case/' . (1 + @location);
    my $text = ScimTest::Httpd::reference_conf(database => $conninfo, base_url => "http://localhost$path", edit => $edit);
    $text =~ s{<Location "/scim/v2">}{<Location "$path">} or die 'where is the Location?';
    push @location, $text;
    return $path;
}

# Name, edit of the reference configuration, what the sentence says, and how
# many there are where more than one thing is wrong.
my @mapping = (
    ['ScimTable names a table that is not there', sub { s/public\.users/public.people/ },
        qr/ScimTable: there is no table or view "public"\."people" in this database$/],
    ['ScimTable names a schema that is not there', sub { s/public\.users/crm.users/ },
        qr/ScimTable: there is no table or view "crm"\."users" in this database$/],
    ['ScimAttribute names a column that is not there', sub { s/(ScimAttribute +name\.givenName +)\w+/$1forename/ },
        qr/ScimAttribute name\.givenName names column "forename", which "public"\."users" does not have; correct the directive, or ALTER TABLE "public"\."users" ADD COLUMN "forename"/],
    ['key= names a column that is not there', sub { s/key=username_key/key=username_lower/ },
        qr/ScimAttribute userName key= names column "username_lower", which "public"\."users" does not have; .*ADD COLUMN "username_lower"/],
    ['ScimKey names a column that is not there', sub { s/(ScimKey +)id/$1uid/ },
        qr/ScimKey names column "uid", which "public"\."users" does not have/],
    ['ScimTenant names a column that is not there', sub { s/(ScimTenant +)\w+/$1company/ },
        qr/ScimTenant names column "company", which "public"\."users" does not have/, 2],
    ['ScimTombstone names a column that is not there', sub { s/(ScimTombstone +)\w+/$1gone/ },
        qr/ScimTombstone names column "gone", which "public"\."users" does not have/],
    ['ScimExtra names a column that is not there', sub { s/(ScimExtra +)\w+/$1more/ },
        qr/ScimExtra names column "more", which "public"\."users" does not have/],
    ['ScimDefault names a column that is not there', sub { s/(ScimDefault +)password_hash/$1secret x\n$1password_hash/ },
        qr/ScimDefault names column "secret", which "public"\."users" does not have/],
    ['ScimTokens names a view that is not there', sub { s/#ScimTokens scim\.tokens/ScimTokens scim.keys/ },
        qr/ScimTokens: "scim"\."keys" is not a view with the columns token_sha256 bytea, token_id text, tenant text and actor text; run scim\.sql in this database$/],
    ['ScimTokens names something else', sub { s/#ScimTokens scim\.tokens/ScimTokens scim.events/ },
        qr/ScimTokens: "scim"\."events" is not a view with the columns/],
    ['a text attribute in a time', sub { s/(ScimResource User>)/$1\nScimAttribute title created_at/; s/.*meta\.created.*\n// },
        qr/ScimAttribute title needs a column of type text, but "created_at" is timestamp with time zone; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "created_at" TYPE text/, 3],
    ['a boolean attribute in a text', sub { s/(ScimAttribute +active +)active/$1role/ },
        qr/ScimAttribute active needs a column of type boolean, but "role" is text; /, 3],
    ['an inverted boolean in a text', sub { s/(ScimAttribute +active +)active/$1!role/ },
        qr/ScimAttribute active needs a column of type boolean, but "role" is text; /, 3],
    ['a boolean attribute in a time', sub { s/(ScimAttribute +active +)active/$1created_at/; s/.*meta\.created.*\n// },
        qr/ScimAttribute active needs a column of type boolean, but "created_at" is timestamp with time zone; /, 3],
    ['a column IS NULL that is no time', sub { s/(ScimAttribute +active +)active/$1"role IS NULL"/ },
        qr/ScimAttribute active needs a column of type timestamp with time zone, but "role" is text; /, 3],
    ['a dateTime in a text', sub { s/(ScimAttribute +meta\.created +)\w+/$1role/ },
        qr/ScimAttribute meta\.created needs a column of type timestamp with time zone, but "role" is text; /],
    ['a key= that is not generated', sub { s/key=username_key/key=role/ },
        qr/ScimAttribute userName: key column "role" is not a stored generated text column; ALTER TABLE "public"\."users" ADD COLUMN .*GENERATED ALWAYS AS \(lower\("username"\)\) STORED/],
    ['a key= that folds another column', sub { s/key=username_key/key=email_key/ },
        qr/ScimAttribute userName: key column "email_key" is lower\(email\), not the caseless form of "username"; name another one, or ALTER TABLE "public"\."users" ADD COLUMN .*GENERATED ALWAYS AS \(lower\("username"\)\) STORED$/],
    ['an attribute in a generated column', sub { s/(ScimResource User>)/$1\nScimAttribute title email_key/ },
        qr/ScimAttribute title: column "email_key" is generated, so nothing can be written to it; map the one that it is made of$/],
    ['an attribute in the column of a ScimDefault', sub { s/(ScimResource User>)/$1\nScimAttribute displayName password_hash/ },
        qr/ScimAttribute displayName: column "password_hash" has a ScimDefault, and role "mod_scim" may not read and change it; map another column$/],
    ['a key that cannot be one', sub { s/(ScimKey +)id/$1updated_at/; s/.*meta\.lastModified.*\n// },
        qr/ScimKey: column "updated_at" is timestamp with time zone; a key is bigint, integer, uuid or text$/],
    ['a tenant that cannot be one', sub { s/(ScimTenant +)\w+/$1created_at/; s/.*meta\.created.*\n// },
        qr/ScimTenant: column "created_at" is timestamp with time zone; it must be bigint, integer, uuid, text or varchar$/, 3],
    ['a tombstone that cannot be one', sub { s/(ScimTombstone +)\w+/$1external_id/; s/.*ScimAttribute +externalId.*\n//; s/.*ScimAdopt .*\n// },
        qr/ScimTombstone: column "external_id" is text; it must be a timestamp with time zone, or boolean$/],
    ['a ScimExtra that is no jsonb', sub { s/(ScimExtra +)\w+/$1external_id/; s/.*ScimAttribute +externalId.*\n//; s/.*ScimAdopt .*\n// },
        qr/ScimExtra: column "external_id" is text; ALTER TABLE "public"\."users" ALTER COLUMN "external_id" TYPE jsonb USING "external_id"::jsonb$/],
    ['nothing for a column that must not be NULL', sub { s/.*ScimDefault .*\n// },
        qr/column "password_hash" of "public"\."users" must not be NULL and nothing fills it when a directory creates an account; add ScimDefault password_hash VALUE, or ALTER TABLE "public"\."users" ALTER COLUMN "password_hash" DROP NOT NULL$/],
    ['a ScimDefault for a column that may not be inserted', sub { s/(ScimDefault +)password_hash/$1role user\n$1password_hash/ },
        qr/ScimDefault: role "mod_scim" may not INSERT column "role"; GRANT INSERT \("role"\) ON "public"\."users" TO "mod_scim"$/],
    ['a ScimProtect that is no SQL', sub { s/role = 'admin'/role = 'admin' AND/ },
        qr/ScimProtect "role = 'admin' AND" is not a condition on "public"\."users": syntax error/],
    ['a ScimProtect about a column that is not there', sub { s/role = 'admin'/rank = 'admin'/ },
        qr/ScimProtect "rank = 'admin'" is not a condition on "public"\."users": column "rank" does not exist/],
    ['a ScimProtect that is no condition', sub { s/role = 'admin'/lower(role)/ },
        qr/ScimProtect "lower\(role\)" is not a condition on "public"\."users": /],
    ['a ScimProtect with a parameter', sub { s/role = 'admin'/role = \$1/ },
        qr/ScimProtect "role = \$1" is not a condition on "public"\."users": it must not have parameters such as \$1$/],
    ['a ScimProtect about what the role may not read', sub { s/role = 'admin'/password_hash = '!'/ },
        qr/ScimProtect "password_hash = '!'" is not a condition on "public"\."users": permission denied/],
    ['a ScimDefault that is no value of its type', sub { s/(ScimDefault +)password_hash/$1deleted_at perhaps\n$1password_hash/ },
        qr/ScimDefault deleted_at "perhaps" is no value of type timestamp with time zone: invalid input syntax for type timestamp with time zone/],
    ['an attribute that may not be written', sub { s/(ScimResource User>)/$1\nScimAttribute userType role/ },
        qr/ScimAttribute userType: role "mod_scim" may not (?:INSERT|UPDATE) column "role"; GRANT (?:INSERT|UPDATE) \("role"\) ON "public"\."users" TO "mod_scim"$/, 2],
    ['an attribute that may not be read', sub { s/(ScimResource User>)/$1\nScimAttribute displayName password_hash/; s/.*ScimDefault .*\n// },
        qr/ScimAttribute displayName: role "mod_scim" may not (?:SELECT|UPDATE) column "password_hash"; GRANT (?:SELECT|UPDATE) |column "password_hash" of .* must not be NULL/, 3],
    ['a user name without its folded form', sub { s/ key=username_key// },
        qr/ScimAttribute userName must be unique within an organisation, but no index sees to it; CREATE UNIQUE INDEX ON "public"\."users" \("organisation_id", lower\("username"\)\) WHERE "deleted_at" IS NULL$/],
    ['an e-mail address without its folded form', sub { s/ key=email_key// },
        qr/ScimAttribute emails\[type eq "work"\]\.value is what directories look accounts up by, but no index serves; CREATE INDEX ON "public"\."users" \("organisation_id", lower\("email"\)\) WHERE "deleted_at" IS NULL$/],
);
$_->[4] = location($_->[1]) for @mapping;
my @later = (
    ['a column that is mapped and has a ScimDefault', location(sub { s/(ScimDefault +)password_hash/$1first_name none\n$1password_hash/ })],
);

my $h = extra_httpd(conninfo => $conninfo, guard => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n" . join '', @location);
my @there = (base => $h->base, token => $token);

# The findings in the log since the last look, without what httpd adds.
sub findings {
    return map { /SCIM0010: (.*)/ ? $1 =~ s/, referer: .*//r : () } log_lines_since($h);
}

# The rest of the web server.
sub rest_is_well {
    my ($what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $res = get('/', base => $h->url, token => undef);
    is $res->code, 200, "$what: the rest of the web server goes on";
    like $res->content, qr/<title>here/, "$what: and shows its pages";
}

is_list get('/Users', @there), 1, 'the reference configuration is right';
is_deeply [findings()], [], 'and nothing is said of it';
my $users = 'SELECT count(*) FROM public.users';

for my $case (@mapping) {
    my ($what, undef, $pattern, $count, $path) = @$case;
    my @here = (base => $h->url . $path, token => $token);
    is_error get('/Users', @here), 500, undef, qr/not set up correctly; its administrator finds the reason in the web server's error log/,
        "$what: 500";
    my @found = findings();
    is scalar(@found), $count // 1, "$what: one sentence for each thing" or diag join "\n", @found;
    like $found[0] // '', $pattern, "$what: which says what would be right";
    like $found[0] // '', qr/^<ScimResource User> in <Location "\Q$path\E">: /, "$what: and where";
    is_error post('/Users', { userName => uniq('p') }, @here), 500, undef, undef, "$what: nor is anybody created";
    findings();
}
is $dbh->selectrow_array($users), 2, 'nobody was created';
is_list get('/Users', @there), 1, 'the location beside them is served all the time';
rest_is_well('with all of these mappings');

# Without a column for the folded form an index on the expression does, and the
# sentence has it.
for my $case (grep { $_->[0] =~ /without its folded form/ } @mapping) {
    my ($what, undef, undef, undef, $path) = @$case;
    my @here = (base => $h->url . $path, token => $token);
    get('/Users', @here);
    my ($sql) = map { /(CREATE (?:UNIQUE )?INDEX .*)/ ? $1 : () } findings();
    my $before = $dbh->selectcol_arrayref("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'public.users'::regclass");
    ok eval { $dbh->do($sql); 1 }, "$what: the SQL can be run: $sql";
    is_list get('/Users?filter=userName+eq+%22ADMIN@contoso.com%22', @here), 1, "$what: mended, without a restart";
    is_list get('/Users?filter=emails[type+eq+%22work%22].value+eq+%22ADMIN@contoso.com%22', @here), 1, "$what: addresses are found";
    is_resource post('/Users', { userName => 'Folded@contoso.com' }, @here), 201, "$what: accounts are created";
    is_error post('/Users', { userName => 'fOLDED@contoso.com' }, @here), 409, 'uniqueness', undef, "$what: and are unique";
    my %old = map { $_ => 1 } @$before;
    $dbh->do("DROP INDEX $_") for grep { !$old{$_} } @{ $dbh->selectcol_arrayref(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'public.users'::regclass") };
    $dbh->do("DELETE FROM public.users WHERE role <> 'admin'");
}

# A proof that fails says nothing to somebody without a token, and asks nothing.
is_error get('/Users', base => $h->url . $mapping[0][4], token => undef), 401, undef, undef, 'no token is still no token';

# Somebody whose token is not valid learns nothing, and costs one question.
{
    my @here = (base => $h->url . $mapping[0][4]);
    findings();
    is $relay->turns(sub {
        is_error get('/Users', @here, token => 'wrong'), 401, undef, undef, 'a wrong token is still a wrong token';
    }), 1, 'and no reason for a proof';
    is_deeply [findings()], [], 'which would be told';
}

# A default for what is mapped, too: the attribute goes first.
{
    my ($what, $path) = @{ $later[0] };
    my @here = (base => $h->url . $path, token => $token);
    $dbh->do($_) for q{UPDATE public.users SET first_name = ''}, 'ALTER TABLE public.users ALTER COLUMN first_name SET NOT NULL';
    $relay->reset_connections;
    is_list get('/Users', @here), undef, "$what: is served, though it must not be NULL";
    for my $case (['without the attribute', undef, 'none'], ['with the attribute', { givenName => 'Ann' }, 'Ann']) {
        my ($how, $value, $want) = @$case;
        my $res = post('/Users', { userName => uniq('d'), name => $value }, @here);
        is_resource $res, 201, "$what: create $how";
        my $id = eval { $res->json->{id} } // 0;
        is $dbh->selectrow_array('SELECT first_name FROM public.users WHERE id = ?', undef, $id =~ /^\d+$/ ? $id : 0), $want,
            "$what: what is stored $how";
    }
    $dbh->do('ALTER TABLE public.users ALTER COLUMN first_name DROP NOT NULL');
    $relay->reset_connections;
    $dbh->do("DELETE FROM public.users WHERE role <> 'admin'");
}

# ---- a database that is wrong ----

# Each case spoils the database. The next connection proves the mapping anew
# and finds it; the SQL of the sentence mends it, in place of MEND.
sub spoiled {
    my ($what, $spoil, $pattern, %opt) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    $relay->reset_connections;
    is get('/Users?count=1', @there)->code, 200, "$what: before, all is well";
    $dbh->do($_) for ref $spoil ? @$spoil : $spoil;
    is get('/Users?count=1', @there)->code, 200, "$what: a connection that has proved it goes on" if $opt{goes_on};
    findings();
    $relay->reset_connections;
    is_error get('/Users', @there), 500, undef, qr/error log/, "$what: 500";
    my @found = findings();
    is scalar(@found), $opt{count} // 1, "$what: one sentence" or diag join "\n", @found;
    like $found[0] // '', $pattern, "$what: which says what would be right" or diag join "\n", @found;
    rest_is_well($what);
    my @mend = $opt{mend} ? @{ $opt{mend} }
             : map { /((?:ALTER TABLE|CREATE (?:UNIQUE )?INDEX|GRANT) .*)/ ? $1 : () } @found;
    ok scalar(@mend), "$what: it has SQL to run";
    for my $sql (@mend) {
        ok eval { $dbh->do($sql); 1 }, "$what: which can be run: $sql" or diag $@;
    }
    $dbh->do($_) for @{ $opt{then} || [] };
    is get('/Users?count=1', @there)->code, 200, "$what: mended, without a restart";
    is_deeply [findings()], [], "$what: and nothing more is said";
    is_resource post('/Users', { userName => uniq('p'), externalId => uniq('e') }, @there), 201, "$what: accounts are created again";
    $dbh->do($_) for @{ $opt{back} || [] };
    $dbh->do(q{DELETE FROM public.users WHERE role <> 'admin'});
}

my $indexes = q{SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1};
my $as_made = encode($dbh->selectcol_arrayref($indexes));

# grants
for my $case (
    [SELECT => 'username', 'ScimAttribute userName'], [INSERT => 'username', 'ScimAttribute userName'],
    [UPDATE => 'username', 'ScimAttribute userName'], [SELECT => 'username_key', 'ScimAttribute userName'],
    [SELECT => 'email_key', 'ScimAttribute emails\[type eq "work"\]\.value'], [UPDATE => 'external_id', 'ScimAttribute externalId'],
    [SELECT => 'created_at', 'ScimAttribute meta\.created'], [INSERT => 'active', 'ScimAttribute active'],
    [SELECT => 'id', 'ScimKey'], [SELECT => 'organisation_id', 'ScimTenant'], [INSERT => 'organisation_id', 'ScimTenant'],
    [SELECT => 'deleted_at', 'ScimTombstone'], [UPDATE => 'deleted_at', 'ScimTombstone'],
    [SELECT => 'scim_extra', 'ScimExtra'], [INSERT => 'scim_extra', 'ScimExtra'], [UPDATE => 'scim_extra', 'ScimExtra'],
    [INSERT => 'password_hash', 'ScimDefault'],
) {
    my ($right, $column, $directive) = @$case;
    spoiled("no $right on $column", "REVOKE $right ($column) ON public.users FROM mod_scim",
        qr/$directive: role "mod_scim" may not $right column "$column"; GRANT $right \("$column"\) ON "public"\."users" TO "mod_scim"$/);
}
spoiled('no SELECT on what ScimProtect names', 'REVOKE SELECT (role) ON public.users FROM mod_scim',
    qr/ScimProtect "role = 'admin'" is not a condition on "public"\."users": permission denied/,
    mend => ['GRANT SELECT (role) ON public.users TO mod_scim']);
spoiled('no SELECT on the tokens', 'REVOKE SELECT ON scim.tokens FROM mod_scim',
    qr/ScimTokens: role "mod_scim" may not read "scim"\."tokens"; GRANT SELECT ON "scim"\."tokens" TO "mod_scim"$/);
spoiled('no INSERT on the events', 'REVOKE INSERT (changes) ON scim.events FROM mod_scim',
    qr/role "mod_scim" may not write events; GRANT INSERT \(tenant, actor, token_id, request_id, client, operation, resource_type, resource_id, changes, outcome, status, scim_type, reason\) ON scim\.events TO "mod_scim"$/);
spoiled('no EXECUTE on the version', 'REVOKE EXECUTE ON FUNCTION scim.version() FROM mod_scim',
    qr/scim\.version\(\).*GRANT EXECUTE ON FUNCTION scim\.version\(\) TO "mod_scim"$/,
    mend => ['GRANT EXECUTE ON FUNCTION scim.version() TO mod_scim']);
spoiled('no SELECT on the keys of cursors', 'REVOKE SELECT ON scim.cursor_keys FROM mod_scim',
    qr/role "mod_scim" may not read scim\.cursor_keys; GRANT SELECT ON scim\.cursor_keys TO "mod_scim"$/);
for my $function ('guard_begins(text, integer)', 'guard_count(text, bigint, integer, integer, integer)') {
    spoiled("no EXECUTE on scim.$function", "REVOKE EXECUTE ON FUNCTION scim.$function FROM mod_scim",
        qr/ScimGuard: role "mod_scim" may not call its functions; GRANT EXECUTE ON FUNCTION scim\.guard_begins\(.*\) TO "mod_scim"$/);
}
spoiled('no USAGE on the schema of the tokens', 'REVOKE USAGE ON SCHEMA scim FROM mod_scim',
    qr/role "mod_scim" may not use .*schema.*GRANT USAGE ON SCHEMA "?scim"? TO "mod_scim"$/,
    mend => ['GRANT USAGE ON SCHEMA scim TO mod_scim']);
spoiled('no USAGE on the schema of the table', 'REVOKE USAGE ON SCHEMA public FROM mod_scim, PUBLIC',
    qr/ScimTable: role "mod_scim" may not use the schema of "public"\."users"; GRANT USAGE ON SCHEMA .* TO "mod_scim"$/,
    mend => ['GRANT USAGE ON SCHEMA public TO mod_scim, PUBLIC']);

# columns
my @grant_extra = map { "GRANT $_ (scim_extra) ON public.users TO mod_scim" } qw(SELECT INSERT UPDATE);
spoiled('the column of an attribute is gone', 'ALTER TABLE public.users DROP COLUMN last_name',
    qr/ScimAttribute name\.familyName names column "last_name", which "public"\."users" does not have; correct the directive, or ALTER TABLE "public"\."users" ADD COLUMN "last_name"/,
    mend => ['ALTER TABLE public.users ADD COLUMN last_name text', map { "GRANT $_ (last_name) ON public.users TO mod_scim" } qw(SELECT INSERT UPDATE)]);
spoiled('the column of an attribute has another name', 'ALTER TABLE public.users RENAME first_name TO forename',
    qr/ScimAttribute name\.givenName names column "first_name"/, mend => ['ALTER TABLE public.users RENAME forename TO first_name']);
spoiled('the extra column is json', 'ALTER TABLE public.users ALTER COLUMN scim_extra DROP DEFAULT, ALTER COLUMN scim_extra TYPE json',
    qr/ScimExtra: column "scim_extra" is json; ALTER TABLE "public"\."users" ALTER COLUMN "scim_extra" TYPE jsonb USING "scim_extra"::jsonb$/,
    back => [q{ALTER TABLE public.users ALTER COLUMN scim_extra SET DEFAULT '{}'}]);
spoiled('a time without zone', 'ALTER TABLE public.users ALTER COLUMN updated_at TYPE timestamp',
    qr/ScimAttribute meta\.lastModified needs a column of type timestamp with time zone, but "updated_at" is timestamp without time zone; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "updated_at" TYPE timestamp with time zone USING "updated_at"::timestamp with time zone$/);
spoiled('a text that is a number', 'ALTER TABLE public.users ALTER COLUMN last_name TYPE integer USING NULL',
    qr/ScimAttribute name\.familyName needs a column of type text, but "last_name" is integer; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "last_name" TYPE text USING "last_name"::text$/);
spoiled('a text that PostgreSQL pads', 'ALTER TABLE public.users ALTER COLUMN last_name TYPE char(40)',
    qr/ScimAttribute name\.familyName needs a column of type text, but "last_name" is character; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "last_name" TYPE text USING "last_name"::text$/);
spoiled('a text that PostgreSQL cuts', ['UPDATE public.users SET last_name = left(last_name, 63)', 'ALTER TABLE public.users ALTER COLUMN last_name TYPE name'],
    qr/ScimAttribute name\.familyName needs a column of type text, but "last_name" is name; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "last_name" TYPE text USING "last_name"::text$/);
my @log_out = ('DROP TRIGGER log_out ON public.users', 'DROP VIEW scim.tokens');
spoiled('a boolean that is a text', ['CREATE VIEW public.kept AS SELECT pg_get_viewdef(\'scim.tokens\'::regclass) AS text,
        pg_get_triggerdef((SELECT oid FROM pg_trigger WHERE tgname = \'log_out\')) AS trigger', 'CREATE TABLE public.texts AS TABLE public.kept',
        'DROP VIEW public.kept', @log_out, 'ALTER TABLE public.users ALTER COLUMN active DROP DEFAULT, ALTER COLUMN active TYPE text',
        'CREATE VIEW scim.tokens WITH (security_barrier) AS SELECT t.token_sha256, t.id::text AS token_id, u.organisation_id::text AS tenant, u.id::text AS actor
             FROM public.api_tokens t JOIN public.users u ON u.id = t.user_id', 'GRANT SELECT ON scim.tokens TO mod_scim'],
    qr/ScimAttribute active needs a column of type boolean, but "active" is text; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "active" TYPE boolean USING "active"::boolean$/);
{
    # as it was, whatever became of the case above
    my ($view, $trigger) = $dbh->selectrow_array('SELECT text, trigger FROM public.texts');
    $dbh->do($_) for 'DROP VIEW scim.tokens', "ALTER TABLE public.users ALTER COLUMN active TYPE boolean USING active::boolean,
        ALTER COLUMN active SET DEFAULT true", "CREATE VIEW scim.tokens (token_sha256, token_id, tenant, actor) WITH (security_barrier) AS $view",
        'GRANT SELECT ON scim.tokens TO mod_scim', $trigger, 'DROP TABLE public.texts';
}
spoiled('a new column that must not be NULL',
    [q{ALTER TABLE public.users ADD COLUMN team text NOT NULL DEFAULT 'x'}, 'ALTER TABLE public.users ALTER COLUMN team DROP DEFAULT'],
    qr/column "team" of "public"\."users" must not be NULL and nothing fills it .*add ScimDefault team VALUE, or ALTER TABLE "public"\."users" ALTER COLUMN "team" DROP NOT NULL$/,
    back => ['ALTER TABLE public.users DROP COLUMN team']);
spoiled('an optional attribute that must not be NULL',
    ['UPDATE public.users SET external_id = id', 'ALTER TABLE public.users ALTER COLUMN external_id SET NOT NULL'],
    qr/column "external_id" of "public"\."users" must not be NULL and nothing fills it .*ALTER COLUMN "external_id" DROP NOT NULL$/,
    back => ['UPDATE public.users SET external_id = NULL']);
spoiled('a folded form that is something else',
    ['ALTER TABLE public.users DROP COLUMN username_key', 'ALTER TABLE public.users ADD COLUMN username_key text GENERATED ALWAYS AS (lower(btrim(username))) STORED',
     'GRANT SELECT (username_key) ON public.users TO mod_scim', 'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username_key) WHERE deleted_at IS NULL'],
    qr/ScimAttribute userName: key column "username_key" is lower\(btrim\(username\)\), not the caseless form of "username"; name another one, or ALTER TABLE/,
    mend => ['ALTER TABLE public.users DROP COLUMN username_key', 'ALTER TABLE public.users ADD COLUMN username_key text GENERATED ALWAYS AS (lower(username)) STORED',
     'GRANT SELECT (username_key) ON public.users TO mod_scim', 'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username_key) WHERE deleted_at IS NULL']);
spoiled('a key that is a serial', ['CREATE SEQUENCE public."People No" OWNED BY public.users.id', q{SELECT setval('public."People No"', 1000)},
        q{ALTER TABLE public.users ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT nextval('public."People No"')}],
    qr/column "id" of "public"\."users" draws from sequence public\."People No", which role "mod_scim" may not use; GRANT USAGE ON SEQUENCE public\."People No" TO "mod_scim"$/,
    back => ['ALTER TABLE public.users ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (START 2000)',
             'DROP SEQUENCE public."People No"']);
spoiled('a text that is money', 'ALTER TABLE public.users ALTER COLUMN last_name TYPE money USING NULL',
    qr/ScimAttribute name\.familyName needs a column of type text, but "last_name" is money; map another one, or ALTER TABLE "public"\."users" ALTER COLUMN "last_name" TYPE text USING "last_name"::text$/);
spoiled('two findings are two sentences', ['REVOKE SELECT (username) ON public.users FROM mod_scim', 'REVOKE UPDATE (email) ON public.users FROM mod_scim'],
    qr/ScimAttribute userName: role "mod_scim" may not SELECT column "username"/, count => 2);

# indexes
my %index = map { /INDEX (\w+)/ ? ($1 => $_) : () } @{ $dbh->selectcol_arrayref($indexes) };
my $unique = sub { my ($target, $key) = @_;
    qr/ScimAttribute $target must be unique within an organisation, but no index sees to it; CREATE UNIQUE INDEX ON "public"\."users" \("organisation_id", "$key"\) WHERE "deleted_at" IS NULL$/ };
my $as_was = sub { my ($drop, $index) = @_; ("DROP INDEX public.$drop", $index{$index}) };
spoiled('no unique index for userName', 'DROP INDEX public.users_username_live', $unique->('userName', 'username_key'),
    back => [$as_was->('users_organisation_id_username_key_idx', 'users_username_live')]);
spoiled('no unique index for externalId', 'DROP INDEX public.users_external_id_live', $unique->('externalId', 'external_id'),
    back => [$as_was->('users_organisation_id_external_id_idx', 'users_external_id_live')]);
spoiled('an index that is not unique', ['DROP INDEX public.users_external_id_live',
        'CREATE INDEX users_external_id_live ON public.users (organisation_id, external_id) WHERE deleted_at IS NULL'],
    $unique->('externalId', 'external_id'),
    back => ['DROP INDEX public.users_external_id_live', $as_was->('users_organisation_id_external_id_idx', 'users_external_id_live')]);
spoiled('a unique index with case', ['DROP INDEX public.users_username_live',
        'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username) WHERE deleted_at IS NULL'],
    $unique->('userName', 'username_key'),
    back => ['DROP INDEX public.users_username_live', $as_was->('users_organisation_id_username_key_idx', 'users_username_live')]);
spoiled('a unique index that counts tombstones', ['DROP INDEX public.users_username_live',
        'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username_key)'],
    $unique->('userName', 'username_key'),
    back => ['DROP INDEX public.users_username_live', $as_was->('users_organisation_id_username_key_idx', 'users_username_live')]);
spoiled('a unique index about something else', ['DROP INDEX public.users_username_live',
        'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username_key) WHERE active'],
    $unique->('userName', 'username_key'),
    back => ['DROP INDEX public.users_username_live', $as_was->('users_organisation_id_username_key_idx', 'users_username_live')]);
spoiled('a unique index over more', ['DROP INDEX public.users_username_live',
        'CREATE UNIQUE INDEX users_username_live ON public.users (organisation_id, username_key, role) WHERE deleted_at IS NULL'],
    $unique->('userName', 'username_key'),
    back => ['DROP INDEX public.users_username_live', $as_was->('users_organisation_id_username_key_idx', 'users_username_live')]);
spoiled('no index for the work e-mail', 'DROP INDEX public.users_email_live',
    qr/ScimAttribute emails\[type eq "work"\]\.value is what directories look accounts up by, but no index serves; CREATE INDEX ON "public"\."users" \("organisation_id", "email_key"\) WHERE "deleted_at" IS NULL$/,
    back => [$as_was->('users_organisation_id_email_key_idx', 'users_email_live')]);
spoiled('a key that is not unique', ['ALTER TABLE public.sessions DROP CONSTRAINT sessions_user_id_fkey', 'ALTER TABLE public.bookings DROP CONSTRAINT bookings_user_id_fkey',
        'ALTER TABLE public.api_tokens DROP CONSTRAINT api_tokens_user_id_fkey',
        'ALTER TABLE public.team_members DROP CONSTRAINT team_members_user_id_fkey', 'ALTER TABLE public.users DROP CONSTRAINT users_pkey'],
    qr/ScimKey "id" is not unique; ALTER TABLE "public"\."users" ADD UNIQUE \("id"\)$/,
    back => ['ALTER TABLE public.users DROP CONSTRAINT users_id_key, ADD PRIMARY KEY (id)',
             map { "ALTER TABLE public.$_ ADD FOREIGN KEY (user_id) REFERENCES public.users" } qw(sessions bookings api_tokens team_members)]);
is encode($dbh->selectcol_arrayref($indexes)), $as_made, 'the indexes are as they were made';

# the schema scim
my $version = sub { "CREATE OR REPLACE FUNCTION scim.version() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $_[0]" };
for my $other (1, 3) {
    spoiled("version $other of the schema", $version->($other),
        qr/schema "scim" is of version $other, this module works with 2; run the scim\.sql that came with the module$/,
        mend => [$version->(2)]);
}
spoiled('a schema without a version', 'ALTER FUNCTION scim.version() RENAME TO edition',
    qr/schema "scim" is missing or too old; run scim\.sql in this database$/,
    mend => ['ALTER FUNCTION scim.edition() RENAME TO version']);
spoiled('a schema without events', 'ALTER TABLE scim.events RENAME TO happenings',
    qr/schema "scim" is missing or too old; run scim\.sql in this database$/,
    mend => ['ALTER TABLE scim.happenings RENAME TO events']);
spoiled('a schema without keys for cursors', 'ALTER VIEW scim.cursor_keys RENAME TO door_keys',
    qr/schema "scim" is missing or too old; run scim\.sql in this database$/,
    mend => ['ALTER VIEW scim.door_keys RENAME TO cursor_keys']);
spoiled('a view of tokens with other columns', 'ALTER VIEW scim.tokens RENAME COLUMN actor TO owner',
    qr/ScimTokens: "scim"\."tokens" is not a view with the columns token_sha256 bytea, token_id text, tenant text and actor text; run scim\.sql in this database$/,
    mend => ['ALTER VIEW scim.tokens RENAME COLUMN owner TO actor']);
spoiled('no schema scim at all', 'ALTER SCHEMA scim RENAME TO elsewhere',
    qr/ScimTokens: "scim"\."tokens" is not a view .*; run scim\.sql in this database$/, count => 2,
    mend => ['ALTER SCHEMA elsewhere RENAME TO scim']);
spoiled('no table at all', 'ALTER TABLE public.users RENAME TO people',
    qr/ScimTable: there is no table or view "public"\."users" in this database$/,
    mend => ['ALTER TABLE public.people RENAME TO users']);

# ---- what the database insists on ----

# A column that has a default and must not be NULL: it can be left out, and not
# be cleared. Who says so names the attribute, and nothing has changed.
{
    $dbh->do($_) for q{UPDATE public.users SET first_name = 'x', email = 'x' || id},
        q{ALTER TABLE public.users ALTER COLUMN first_name SET DEFAULT 'none', ALTER COLUMN first_name SET NOT NULL,
            ALTER COLUMN email SET DEFAULT 'none', ALTER COLUMN email SET NOT NULL};
    $relay->reset_connections;
    my $row = sub { encode($dbh->selectrow_hashref('SELECT * FROM public.users WHERE id = ?', undef, $_[0])) };
    my $res = post('/Users', { userName => uniq('n') }, @there);
    is_resource $res, 201, 'what has a default can be left out';
    my $id = $res->json->{id};
    is $res->json->{name}{givenName}, 'none', 'the default is shown';
    my $before = $row->($id);
    my $mail = 'emails[type eq "work"].value';
    for my $case (
        ['remove', 'name.givenName', { op => 'remove', path => 'name.givenName' }],
        ['remove of the whole', 'name.givenName', { op => 'remove', path => 'name' }],
        ['replace by null', 'name.givenName', { op => 'replace', path => 'name.givenName', value => undef }],
        ['replace by an empty text', 'name.givenName', { op => 'Replace', path => 'name.givenName', value => '' }],
        ['pathless', 'name.givenName', { op => 'replace', value => { name => { givenName => '' } } }],
        ['the address', $mail, { op => 'Replace', path => $mail, value => '' }],
        ['all addresses', $mail, { op => 'remove', path => 'emails' }],
    ) {
        my ($what, $name, $op) = @$case;
        is_error patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => 'T' }, $op] }, @there), 400, 'invalidValue',
            qr/^\Q$name\E cannot be removed or left empty: the application needs a value$/, "cleared by $what";
    }
    is $row->($id), $before, 'nothing has changed';
    $res = put("/Users/$id", { userName => 'kept@contoso.com', active => json_false, title => 'T',
        emails => [{ type => 'work', value => 'kept@contoso.com' }] }, @there);
    is_resource $res, 200, 'W2: a PUT that leaves it out is done';
    is_deeply [@{ $res->json }{qw(active title)}, $res->json->{name}{givenName}], [json_false, 'T', 'none'], 'and keeps what cannot be cleared';
    unlike $dbh->selectrow_array(q{SELECT changes::text FROM scim.events WHERE operation = 'put' ORDER BY id DESC LIMIT 1}), qr/givenName|"name"/,
        'which is no change';
    is_error put("/Users/$id", { userName => 'kept@contoso.com' }, @there), 400, 'invalidValue', qr/^\Q$mail\E cannot be removed/,
        'an address that leaves with its element is refused';
    is_resource patch("/Users/$id", { Operations => [{ op => 'replace', path => 'active', value => json_false },
        { op => 'replace', path => 'name.givenName', value => 'Ann' }] }, @there), 200, 'what sets it is done';
    $dbh->do($_) for 'ALTER TABLE public.users ALTER COLUMN first_name DROP NOT NULL, ALTER COLUMN first_name DROP DEFAULT,
        ALTER COLUMN email DROP NOT NULL, ALTER COLUMN email DROP DEFAULT', q{DELETE FROM public.users WHERE role <> 'admin'};
    $relay->reset_connections;
}

# ---- a warning, no more ----

$dbh->do($_) for 'DROP INDEX public.users_username_live',
    'CREATE UNIQUE INDEX everywhere ON public.users (username_key) WHERE deleted_at IS NULL';
$relay->reset_connections;
log_lines_since($h);
my $res = post('/Users', { userName => 'shared@contoso.com' }, @there);
is_resource $res, 201, 'unique over all organisations: accounts are created';
my @warning = grep { /SCIM0022: / } log_lines_since($h);
is scalar(@warning), 1, 'unique over all organisations: one warning';
like $warning[0] // '', qr/\[scim:warn\].*ScimAttribute userName is unique over all organisations, so one can see that another uses a value; CREATE UNIQUE INDEX ON "public"\."users" \("organisation_id", "username_key"\) WHERE "deleted_at" IS NULL instead/,
    'unique over all organisations: which says what would be right';
my ($org2) = $dbh->selectrow_array(q{SELECT scim.token_issue(id, '1 day') FROM public.users WHERE organisation_id = 2});
$res = post('/Users', { userName => 'Shared@contoso.com' }, base => $h->base, token => $org2);
is_error $res, 409, 'uniqueness', qr/^userName "Shared\@contoso\.com" is used by another account$/, 'unique over all organisations: 409 says no more than that';
unlike $res->content, qr/"id"|shared\@/, 'unique over all organisations: nothing of the other account';
is_list get('/Users?filter=userName+eq+%22shared@contoso.com%22', base => $h->base, token => $org2), 0,
    'unique over all organisations: the other organisation does not find it';
$dbh->do($_) for 'DROP INDEX public.everywhere', $index{users_username_live}, q{DELETE FROM public.users WHERE role <> 'admin'};

# Which fold the same by an expression is as good.
$dbh->do($_) for 'DROP INDEX public.users_username_live',
    'CREATE UNIQUE INDEX both_ways ON public.users (username_key, organisation_id) WHERE deleted_at IS NULL';
$relay->reset_connections;
is_list get('/Users', @there), 1, 'the tenant may stand second in the index';
$dbh->do($_) for 'DROP INDEX public.both_ways', $index{users_username_live};
is_deeply [grep { /SCIM0010|SCIM0022/ } log_lines_since($h)], [], 'without a word';

# ---- nothing to prove it with ----

# Whether the mapping is right cannot be known: 503, not 500.
expect_log(qr/SCIM0013: .*answered 503/);
$relay->mode('refuse');
$relay->reset_connections;
for my $path ($h->base, map { $h->url . $_->[4] } @mapping[0, 1]) {
    is_error get('/Users', base => $path, token => $token), 503, undef, undef, 'the database is away: 503';
}
rest_is_well('the database is away');
is_deeply [findings()], [], 'the database is away: nothing is said about the mapping';
$relay->mode('pass');
is_list get('/Users', @there), 1, 'the database is back: served';
is_error get('/Users', base => $h->url . $mapping[0][4], token => $token), 500, undef, undef, 'the database is back: what was wrong still is';

$h->stop;
$dbh->disconnect;
$relay->stop;
db()->do("DROP DATABASE $name WITH (FORCE)");
done_testing;
