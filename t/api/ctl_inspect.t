# scimctl inspect: what it proposes for a database, put to use as it stands, is
# accepted by httpd, proven by scimctl check and passes scimctl probe.
use ScimTest;
use ScimTest::Ctl;

my $scim_sql = ScimTest::Sys::slurp(ScimTest::Sys::top() . '/conf/sql/scim.sql');
my ($part1, $check) = $scim_sql =~ /\A(.*?)^-- =+\n-- PART 2: .*?(^-- -+\n-- Last, a check .*)\z/ms;
ok $part1 && $check, 'scim.sql has a part 1, and a check at its end';

my $n = 0;

# A database of its own with this SQL in it.
sub database {
    my ($sql) = @_;
    my $name = sprintf 'inspect_%d_%d', $$, ++$n;
    db()->do("CREATE DATABASE $name TEMPLATE template0");
    my $file = "$ENV{SCIM_TEST_RUN}/$name.sql";
    ScimTest::Sys::spew($file, $sql);
    cluster()->psql('-d', $name, '-1', '-f', $file);
    return $name;
}

# Inspect, apply, check and probe; returns the proposal.
sub put_to_use {
    my ($what, $name, $org, $user) = @_;
    my @at = ('--database', conninfo_of(cluster(), dbname => $name));
    my $r = scimctl('inspect', '--json', @at);
    is $r->{status}, 0, "$what: inspected" or diag $r->{err};
    my $proposal = $r->{json} or return {};
    my $before = db_state($name);
    is scimctl('inspect', @at)->{status}, 0, "$what: again";
    is db_state($name), $before, "$what: inspecting changes nothing";

    my $file = "$ENV{SCIM_TEST_RUN}/$name-scim.sql";
    ScimTest::Sys::spew($file, join "\n", $part1, $proposal->{sql}, $check);
    for my $run ('applied', 'applied again') {
        ok eval { cluster()->psql('-d', $name, '-1', '-f', $file); 1 }, "$what: the SQL is $run" or diag $@;
        # indexes have no name to be found again by; what is there is not proposed
        $proposal->{second} //= scimctl('inspect', '--json', @at)->{json}{sql};
        ScimTest::Sys::spew($file, join "\n", $part1, $proposal->{second}, $check);
    }
    unlike $proposal->{second}, qr/^CREATE (?:UNIQUE )?INDEX|ADD COLUMN/m, "$what: then nothing is missing any more";

    my $conf = $proposal->{conf};
    my $conninfo = cluster()->conninfo(dbname => $name);
    $conf =~ s/^(\s*ScimDatabase ).*/$1"$conninfo"/m or die;
    my $h = extra_httpd(start => 0, edit => sub { $_ = $conf });
    my ($status, $said) = $h->configtest;
    is $status, 0, "$what: httpd -t accepts the configuration" or diag $said, $conf;
    $r = scimctl('check', '--httpd', ScimTest::Httpd::program(), '-f', $h->conf_file);
    is $r->{status}, 0, "$what: scimctl check proves it" or diag $r->{out}, $r->{err}, $conf;

    is scimctl('access', @at, $org, 'on')->{status}, 0, "$what: access of the organisation" if defined $org;
    is scimctl('access', @at, '--user', $user, 'on')->{status}, 0, "$what: access of a user";
    chomp(my $token = scimctl('token', 'issue', @at, $user)->{out});
    my $list = scimctl('token', 'list', '--json', @at)->{json};
    is $list->[-1]{state}, 'valid', "$what: its token is valid";
    $h->start;
    $r = scimctl({ env => { SCIM_TOKEN => $token } }, 'probe', $h->base);
    is $r->{status}, 0, "$what: scimctl probe is content" or diag $r->{out}, $r->{err}, $h->error_log;
    chomp(my $new = scimctl('token', 'rotate', '--overlap', '0', @at, $list->[-1]{token_id})->{out});
    like $new, qr/^scim_/, "$what: the token is rotated";
    is scimctl('token', 'revoke', @at, scimctl('token', 'list', '--json', @at)->{json}[-1]{token_id})->{status}, 0, "$what: and revoked";
    $h->stop;
    console($what, $name, $org, $user) if $proposal->{sql} !~ /nobody yet: say who administers/;
    return $proposal;
}

# What the page asks for, as the role of the console.
sub console {
    my ($what, $name, $org, $user) = @_;
    my $dbh = cluster()->dbh(dbname => $name, user => 'scim_console');
    my $owner = cluster()->dbh(dbname => $name);
    my $call = sub {
        my $text = eval { $dbh->selectrow_array(sprintf('SELECT scim.console_%s(%s)', shift, join ', ', ('?') x @_), undef, @_) };
        return defined $text ? JSON::PP->new->allow_nonref->decode($text) : { error => $@ };
    };
    my ($login, $tenant) = $owner->selectrow_array('SELECT login, tenant FROM scim.console_users');
    ok defined $login, "$what: console: somebody administers it" or return;
    is $tenant, $org, "$what: console: the organisation" if defined $org;
    my $tenants = $call->(tenants => $login);
    is_deeply $tenants, [{ tenant => $tenant, name => defined $org ? 'Contoso' : $name }], "$what: console: its name" or diag encode($tenants);
    my $organisation = $call->(organisation => $login, $tenant);
    is $organisation->{accounts}{protected}, 1, "$what: console: one account is protected" or diag encode($organisation);
    ok $organisation->{enabled}, "$what: console: access is on";
    if (defined $org) {
        ok !$call->(enable => $login, $tenant, 0)->{error}, "$what: console: switched off";
        ok !$call->(organisation => $login, $tenant)->{enabled}, "$what: console: which it then is";
        ok !$call->(enable => $login, $tenant, 1)->{error}, "$what: console: and on again";
    }
    for my $sort (qw(name -name new old)) {
        my $page = $call->(accounts => $login, $tenant, 'all', '', $sort, undef);
        is_deeply [map { $_->{id} } @{ $page->{accounts} }], [$user], "$what: console: accounts by $sort" or diag encode($page);
    }
    my $after = $call->(accounts => $login, $tenant, 'protected', $login, 'name', '!');
    is $after->{accounts}[0]{user_name}, $login, "$what: console: found" or diag encode($after);
    ok !$call->(access => $login, $tenant, $user, 1)->{error}, "$what: console: access of a user";
    my $token = $call->(issue => $login, $tenant, $user, 30);
    like $token->{token} // '', qr/^scim_/, "$what: console: a token" or diag encode($token);
    my ($valid) = grep { $_->{state} eq 'valid' } @{ $call->(tokens => $login, $tenant) };
    is $valid->{account}, $user, "$what: console: in its list";
    ok !$call->(revoke => $login, $tenant, $valid->{token_id})->{error}, "$what: console: and revoked";
    is ref $call->(activity => $login, $tenant, '', '', '')->{events}, 'ARRAY', "$what: console: activity";
    $_->disconnect for $dbh, $owner;
}

# All that the catalog has of it.
sub db_state {
    my ($name) = @_;
    my $dbh = cluster()->dbh(dbname => $name);
    my $text = encode($dbh->selectall_arrayref(q{SELECT attrelid::regclass::text, attname, atttypid::regtype::text
        FROM pg_attribute WHERE attrelid > 16383 AND attnum > 0 ORDER BY 1, 2}));
    $dbh->disconnect;
    return $text;
}

# ---- the reference ----

my $reference = ScimTest::Sys::slurp(ScimTest::Sys::top() . '/conf/sql/wiggledesk.sql') . <<'END';
INSERT INTO public.organisations VALUES (1, 'Contoso', true, false);
INSERT INTO public.users (id, organisation_id, username, role, password_hash) OVERRIDING SYSTEM VALUE VALUES (100, 1, 'admin@contoso.com', 'admin', '!');
ALTER TABLE public.users ALTER id RESTART 101;
END
my $p = put_to_use('the reference', database($reference), 1, 100);
like $p->{conf}, qr/^\s+ScimAttribute +userName +username key=username_key$/m, 'the reference: userName with its key column';
like $p->{conf}, qr/^\s+ScimTenant +organisation_id$/m, 'the reference: the organisation';
like $p->{conf}, qr/^\s+ScimTombstone +deleted_at$/m, 'the reference: the tombstone';
like $p->{conf}, qr/^\s+ScimProtect +"role = 'admin'"$/m, 'the reference: administrators';
unlike $p->{sql}, qr/ALTER TABLE|CREATE (?:UNIQUE )?INDEX|CREATE TABLE/, 'the reference: nothing is missing';
like $p->{sql}, qr/o\.api_available AND o\.api_enabled/, 'the reference: the gates of the organisation';
like $p->{sql}, qr/^ *FROM public\.api_tokens t$/m, 'the reference: its own tokens';
like $p->{sql}, qr/^SELECT o\.id, o\.name::text, o\.api_available, o\.api_enabled$/m, 'the reference: organisations for the console';
like $p->{conf}, qr/^#    ScimConsoleDatabase "dbname=\w+ user=scim_console"$/m, 'the reference: a console to switch on';

# ---- uuid keys, and a timestamp for inactive ----

my $saas = <<'END';
CREATE EXTENSION IF NOT EXISTS citext;
CREATE SCHEMA crm;
CREATE TABLE crm.workspaces (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), display_name text NOT NULL);
CREATE TABLE crm.members (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES crm.workspaces,
    email citext NOT NULL,
    first_name text, last_name text, full_name name, job_title varchar(80), mobile text,
    password_digest text NOT NULL,
    is_admin boolean NOT NULL DEFAULT false,
    seats integer NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz
);
CREATE TABLE crm.notes (id bigint PRIMARY KEY, author uuid REFERENCES crm.members, username text, email text);
INSERT INTO crm.workspaces VALUES ('11111111-1111-4111-8111-111111111111', 'Contoso');
INSERT INTO crm.members (id, workspace_id, email, password_digest, is_admin, seats)
    VALUES ('22222222-2222-4222-8222-222222222222', '11111111-1111-4111-8111-111111111111', 'admin@contoso.com', '!', true, 1);
END
$p = put_to_use('uuid keys', database($saas), '11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222');
like $p->{conf}, qr/^\s+ScimTable +crm\.members$/m, 'uuid keys: the right table is found';
like $p->{conf}, qr/^\s+ScimTenant +workspace_id$/m, 'uuid keys: the organisation, by its foreign key';
like $p->{conf}, qr/^\s+ScimAttribute +active +"disabled_at IS NULL"$/m, 'uuid keys: a timestamp for inactive';
like $p->{conf}, qr/^\s+ScimAttribute +userName +email$/m, 'uuid keys: the address is the name, and citext needs no key column';
like $p->{conf}, qr/^\s+ScimAttribute +title +job_title$/m, 'uuid keys: a title';
unlike $p->{conf}, qr/^\s+ScimAttribute.*full_name/m, 'uuid keys: nothing in a column that cuts';
like $p->{conf}, qr/^\s+ScimProtect +is_admin$/m, 'uuid keys: administrators by a boolean';
like $p->{conf}, qr/^\s+ScimDefault +password_digest "!"\n\s+ScimDefault +seats 0$/m, 'uuid keys: what must not be NULL';
like $p->{sql}, qr/^ALTER TABLE crm\.members ALTER COLUMN id SET DEFAULT gen_random_uuid\(\);$/m, 'uuid keys: somebody has to make them';
like $p->{sql}, qr/^CREATE TABLE IF NOT EXISTS scim\.api_tokens/m, 'uuid keys: a place for tokens';

# ---- capitals, abbreviations, no zone ----

my $legacy = <<'END';
CREATE TABLE "Companies" ("CompanyID" integer PRIMARY KEY, "CompanyName" varchar(100));
CREATE TABLE "tblUsers" (
    "UserID" serial PRIMARY KEY,
    "CompanyID" integer NOT NULL REFERENCES "Companies",
    "LoginName" varchar(100) NOT NULL,
    "EMail" varchar(200),
    "FirstName" varchar(60), "LastName" varchar(60),
    "Dept" varchar(40),
    "Pwd" varchar(64) NOT NULL,
    "IsDisabled" boolean NOT NULL DEFAULT false,
    "Deleted" boolean NOT NULL DEFAULT false,
    "CreatedOn" timestamp,
    "order" integer
);
INSERT INTO "Companies" VALUES (7, 'Contoso');
INSERT INTO "tblUsers" ("UserID", "CompanyID", "LoginName", "Pwd") VALUES (900, 7, 'admin', 'x');
END
$p = put_to_use('capitals', database($legacy), 7, 900);
like $p->{conf}, qr/^\s+ScimTable +public\.tblUsers$/m, 'capitals: the table';
like $p->{conf}, qr/^\s+ScimAttribute +active +!IsDisabled$/m, 'capitals: an inverted boolean';
like $p->{conf}, qr/^\s+ScimTombstone +Deleted$/m, 'capitals: a boolean tombstone';
like $p->{conf}, qr/^\s+ScimAttribute +userName +LoginName key=loginname_key$/m, 'capitals: a key column is proposed';
like $p->{conf}, qr/^\s+ScimAttribute +\S+:User:department +Dept$/m, 'capitals: the department';
like $p->{conf}, qr/# Not mapped: .*CreatedOn \(timestamp without time zone\)/, 'capitals: what does not fit is told';
like $p->{sql}, qr/ADD COLUMN IF NOT EXISTS loginname_key text GENERATED ALWAYS AS \(lower\("LoginName"\)\) STORED;/, 'capitals: quoted in SQL';
unlike $p->{sql}, qr/ADD COLUMN IF NOT EXISTS deleted_at/, 'capitals: no second tombstone';

# ---- prefixes, a timestamp without a zone, no organisation ----

my $bare = <<'END';
CREATE TABLE usr_account (
    usr_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    usr_login text NOT NULL, usr_email text, usr_forename text, usr_surname text,
    usr_password text NOT NULL, usr_disabled_on timestamp, usr_is_admin boolean
);
INSERT INTO usr_account (usr_login, usr_password, usr_is_admin) VALUES ('admin', 'x', true);
END
$p = put_to_use('prefixes', database($bare), undef, 1);
like $p->{conf}, qr/^\s+ScimAttribute +name\.givenName +usr_forename$/m, 'prefixes: seen through';
like $p->{conf}, qr/^\s+ScimTenant +scim_tenant$/m, 'prefixes: one organisation needs a column all the same';
like $p->{sql}, qr/ALTER COLUMN usr_disabled_on TYPE timestamptz USING/, 'prefixes: the zone is asked for';

# ---- names that end a line ----

my $lines = database(qq{CREATE TABLE public.users (
    id bigint PRIMARY KEY, username text NOT NULL, "first\nname" text, active boolean NOT NULL DEFAULT true,
    "note\n); DROP TABLE public.users; --" text, "pass\nScimTable evil" text NOT NULL,
    "kind\n\\" public."type\nInclude /evil");\n}
    =~ s/\A/CREATE TYPE public."type\nInclude \/evil" AS ENUM ('x');\n/r);
$p = scimctl('inspect', '--json', '--database', conninfo_of(cluster(), dbname => $lines))->{json};
unlike $p->{conf}, qr/^(?!\s*(?:#|<|Scim|SetHandler|\z))/m, 'a newline in a name: no line of the configuration is anything else';
unlike $p->{conf}, qr/^\s*(?:Include|ScimTable +evil)/m, 'and none is what a name says';
like $p->{conf}, qr/# Not mapped: first\\u000aname \(text\), note\\u000a/, 'it is told as a comment, on one line';
like $p->{conf}, qr/^ +#ScimDefault +"pass\\\\u000aScimTable evil" VALUE$|^ +#ScimDefault +"pass\\u000aScimTable evil" VALUE$/m, 'and so is one that must be filled';
my ($outside) = $p->{sql} =~ s/"(?:[^"]|"")*"/NAME/gr;
unlike $outside, qr/DROP TABLE|evil/, 'in the SQL such a name is nowhere but in quotes';
db()->do(qq{CREATE TABLE public."users\n; DROP" (id bigint PRIMARY KEY, username text)});
my $r = scimctl('inspect', '--table', qq{public."users\n; DROP"}, '--database', conninfo_of(cluster()));
is $r->{status}, 1, 'a table with such a name: 1';
like $r->{err}, qr/no configuration can name public\.users\\u000a; DROP, with a control character/, 'which is said';
db()->do(qq{DROP TABLE public."users\n; DROP"});

my $quoted = qq{it's "a" b\\c $$};
db()->do(qq{CREATE DATABASE } . db()->quote_identifier($quoted) . ' TEMPLATE template0');
my @odd = (dbname => qq{'} . ($quoted =~ s/(['\\])/\\$1/gr) . qq{'});
cluster()->psql('-d', conninfo_of(cluster(), @odd), '-c', 'CREATE TABLE public.users (id bigint PRIMARY KEY, username text)');
like scimctl('inspect', '--conf', '--database', conninfo_of(cluster(), @odd))->{out},
    qr/^    ScimDatabase "dbname='it\\\\'s \\"a\\" b\\\\\\\\c \d+' user=mod_scim"$/m, 'a database with an odd name is quoted twice';
db()->do('DROP DATABASE ' . db()->quote_identifier($quoted) . ' WITH (FORCE)');

# ---- what it cannot do ----

$r = scimctl('inspect', '--database', conninfo_of(cluster(), dbname => 'postgres'));
is $r->{status}, 1, 'no table of accounts: 1';
like $r->{err}, qr/no table looks like one of accounts; name it by --table/, 'which is said';
my @at = ('--database', conninfo_of(cluster()));
is scimctl('inspect', '--table', 'nowhere', @at)->{status}, 1, 'no such table: 1';
is scimctl('inspect', '--table', 'desks', @at)->{status}, 1, 'a table of something else: 1';
is scimctl('inspect', '--table', 'public.users', @at)->{status}, 0, 'a table by its whole name: 0';
my $conf = scimctl('inspect', '--conf', @at)->{out};
like $conf, qr/\A# Proposed .*<\/Location>\n\z/s, '--conf: the configuration alone';
my $sql = scimctl('inspect', '--sql', @at)->{out};
like $sql, qr/\A-- Proposed /, '--sql: the SQL alone';
is scimctl('inspect', '--sql', conninfo_of(cluster()))->{out}, $sql, 'the connection string as argument';
is scimctl('inspect', '--conf', '--sql', @at)->{status}, 2, 'both: 2';
is scimctl('inspect', 'a', 'b')->{status}, 2, 'two connection strings: 2';
is scimctl('inspect', 'host=/nowhere')->{status}, 3, 'no server: 3';

db()->do("DROP DATABASE inspect_${$}_$_ WITH (FORCE)") for 1 .. $n;
done_testing;
