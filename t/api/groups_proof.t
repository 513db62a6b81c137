# The proof of the mapping of groups. As in proof.t, a sentence in error_log names
# directive and column, and its SQL is taken at its word and run.
use ScimTest;
use ScimTest::Seed ();
use ScimTest::Sys qw(top);

scim_reset();
expect_log(qr/SCIM0010: /);

my $name = "groups_proof_$$";
db()->do("CREATE DATABASE $name TEMPLATE template0");
cluster()->psql('-d', $name, '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
my $dbh = cluster()->dbh(dbname => $name);
$dbh->{PrintWarn} = 0;
my $token = ScimTest::Seed::seed($dbh)->{1};

my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my $relay = ScimTest::Relay->new(dir => cluster()->dir . "-gproof-$$", cluster => cluster());
my $conninfo = $relay->conninfo(dbname => $name);

# ---- mappings that are wrong ----

my @location;
sub location {
    my ($edit) = @_;
    my $path = '/case/' . (1 + @location);
    my $text = ScimTest::Httpd::reference_conf(database => $conninfo, base_url => "http://localhost$path", groups => 1, edit => $edit);
    $text =~ s{<Location "/scim/v2">}{<Location "$path">} or die 'where is the Location?';
    push @location, $text;
    return $path;
}

my @mapping = (
    ['ScimMembers names a table that is not there', sub { s/public\.team_members/public.membership/ },
        qr/ScimMembers: there is no table or view "public"\."membership" in this database$/],
    ['ScimMembers names a group column that is not there', sub { s/(team_members\s+)team_id/$1team/ },
        qr/ScimMembers names column "team", which "public"\."team_members" does not have; correct the directive, or ALTER TABLE "public"\."team_members" ADD COLUMN "team" bigint NOT NULL/, 2],
    ['ScimMembers names a user column that is not there', sub { s/(team_members\s+team_id\s+)user_id/$1person/ },
        qr/ScimMembers names column "person", which/, 2],
    ['ScimVersion names a column that is not there', sub { s/(ScimVersion +)version/$1counter/ },
        qr/ScimVersion names column "counter", which "public"\."teams" does not have/],
    ['the table of groups is not there', sub { s/public\.teams/public.groups/ }, qr/ScimTable: there is no table or view "public"\."groups"/],
);
$_->[4] = location($_->[1]) for @mapping;
my $right = location(sub { s/ScimAdopt.*\n// });

my $h = extra_httpd(conninfo => $conninfo, groups => 1,
    conf => join('', @location) . "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");
my @there = (token => $token);

# What the log says of a request: the findings.
sub findings {
    my ($path, $what) = @_;
    $relay->reset_connections;
    log_lines_since($h);
    my $res = get($path, base => $h->url . ($what // '/scim/v2'), @there);
    my @found = map { /SCIM0010: (?:<ScimResource \w+> in [^:]+: )?(.*)/ ? $1 : () } log_lines_since($h);
    return ($res, @found);
}

for my $case (@mapping) {
    my ($what, undef, $sentence, $count, $path) = @$case;
    for my $endpoint ('/Groups', '/Users') {
        my ($res, @found) = findings($endpoint, $path);
        is_error $res, 500, undef, qr/not set up correctly/, "$what: $endpoint is answered 500";
        is scalar(grep { $_ =~ $sentence } @found), 1, "$what: the log says so" or diag explain \@found;
        is scalar(@found), $count // 1, "$what: and nothing else" or diag explain \@found;
    }
}
is_list get('/Groups', base => $h->url . $right, @there), 0, 'the right mapping beside them is served';

# ---- a database that does not fit, and the SQL that mends it ----

for my $case (
    ['no rights on a column to read', 'REVOKE SELECT ON public.team_members FROM mod_scim; GRANT SELECT (team_id) ON public.team_members TO mod_scim',
        qr/ScimMembers: role "mod_scim" may not SELECT column "user_id"; (GRANT SELECT \("user_id"\) ON "public"\."team_members" TO "mod_scim")$/],
    ['no rights on a column to write', 'REVOKE INSERT ON public.team_members FROM mod_scim; GRANT INSERT (user_id) ON public.team_members TO mod_scim',
        qr/ScimMembers: role "mod_scim" may not INSERT column "team_id"; (GRANT INSERT \("team_id"\) ON "public"\."team_members" TO "mod_scim")$/],
    ['no right to delete', 'REVOKE DELETE ON public.team_members FROM mod_scim',
        qr/ScimMembers: role "mod_scim" may not DELETE members; (GRANT DELETE ON "public"\."team_members" TO "mod_scim")$/],
    ['no unique pair', 'ALTER TABLE public.team_members DROP CONSTRAINT team_members_pkey',
        qr/ScimMembers: nothing keeps a user from being a member of a group twice; (CREATE UNIQUE INDEX ON "public"\."team_members" \("team_id", "user_id"\))$/],
    ['no index by user', 'DROP INDEX public.team_members_user',
        qr/ScimMembers: no index finds the groups of a user; (CREATE INDEX ON "public"\."team_members" \("user_id", "team_id"\))$/],
    ['no index by group', 'DROP INDEX public.team_members_team_id_user_id_idx; CREATE UNIQUE INDEX team_members_turned ON public.team_members (user_id, team_id)',
        qr/ScimMembers: no index finds the members of a group; (CREATE INDEX ON "public"\."team_members" \("team_id", "user_id"\))$/],
    ['a column of another type', 'ALTER TABLE public.team_members ALTER COLUMN team_id TYPE integer',
        qr/ScimMembers: column "team_id" is integer, but "id" of "public"\."teams", which it refers to, is bigint; (ALTER TABLE "public"\."team_members" ALTER COLUMN "team_id" TYPE bigint USING "team_id"::bigint)$/],
    ['a column that nothing fills', 'ALTER TABLE public.team_members ALTER COLUMN since DROP DEFAULT',
        qr/ScimMembers: column "since" of "public"\."team_members" must not be NULL and nothing fills it when a member is added; (ALTER TABLE "public"\."team_members" ALTER COLUMN "since" DROP NOT NULL)$/],
    ['no trigger', 'DROP TRIGGER count_new ON public.team_members; DROP TRIGGER count_old ON public.team_members',
        qr/ScimVersion: no trigger of "public"\."team_members" raises "version" when members come and go; docs\/database\.md shows the one for large groups, the shortest is (CREATE FUNCTION .*)$/],
    ['a counter that does not count', 'DROP TRIGGER zz_touch ON public.teams; ALTER TABLE public.teams ALTER COLUMN version DROP DEFAULT, ALTER COLUMN version TYPE text, ALTER COLUMN version SET DEFAULT 1',
        qr/ScimVersion: column "version" is text; (ALTER TABLE "public"\."teams" ALTER COLUMN "version" DROP DEFAULT, ALTER COLUMN "version" TYPE bigint USING 1, ALTER COLUMN "version" SET DEFAULT 1)$/],
    ['a counter that can be NULL', 'ALTER TABLE public.teams ALTER COLUMN version DROP NOT NULL; UPDATE public.teams SET version = NULL',
        qr/ScimVersion: column "version" can be NULL, from which nothing rises; (UPDATE "public"\."teams" SET "version" = 1 WHERE "version" IS NULL; ALTER TABLE "public"\."teams" ALTER COLUMN "version" SET NOT NULL)$/],
    ['a counter that may not be read', 'REVOKE SELECT (version) ON public.teams FROM mod_scim',
        qr/ScimVersion: role "mod_scim" may not SELECT column "version"; (GRANT SELECT \("version"\) ON "public"\."teams" TO "mod_scim")$/],
    ['no index for names', 'DROP INDEX public.teams_name_live',
        qr/ScimAttribute displayName is what directories look groups up by, but no index serves; (CREATE INDEX ON "public"\."teams" \("organisation_id", "name_key"\) WHERE "deleted_at" IS NULL)$/],
    ['a serial beside the members', 'ALTER TABLE public.team_members ADD COLUMN no serial',
        qr/ScimMembers: column "no" of "public"\."team_members" draws from sequence public\.team_members_no_seq, which role "mod_scim" may not use; (GRANT USAGE ON SEQUENCE public\.team_members_no_seq TO "mod_scim")$/],
    ['a column of groups that nothing fills', "ALTER TABLE public.teams ADD COLUMN colour text NOT NULL DEFAULT 'red'; ALTER TABLE public.teams ALTER COLUMN colour DROP DEFAULT",
        qr/column "colour" of "public"\."teams" must not be NULL and nothing fills it when a directory creates a group; add ScimDefault colour VALUE, or (ALTER TABLE "public"\."teams" ALTER COLUMN "colour" DROP NOT NULL)$/],
    ['a schema that may not be used', 'CREATE SCHEMA hr; ALTER TABLE public.team_members SET SCHEMA hr; CREATE VIEW public.team_members AS SELECT * FROM hr.team_members',
        qr/ScimMembers: role "mod_scim" may not SELECT column "team_id"; (GRANT SELECT \("team_id"\) ON "public"\."team_members" TO "mod_scim")$/, 5,
        'GRANT SELECT (team_id, user_id), INSERT (team_id, user_id), DELETE ON public.team_members TO mod_scim'],
) {
    my ($what, $spoil, $sentence, $count, $mend) = @$case;
    $dbh->do($spoil);
    my ($res, @found) = findings('/Groups');
    is_error $res, 500, undef, undef, "$what: 500";
    is scalar(@found), $count // 1, "$what: the findings" or diag explain \@found;
    my ($sql) = map { $_ =~ $sentence ? $1 : () } @found;
    ok $sql, "$what: the log says so, with SQL" or diag explain \@found;
    $dbh->do($mend // $sql) if $sql;
    my $user = new_user(base => $h->base, @there)->{id};
    my $g = new_group(members => [$user], base => $h->base, @there);
    is_deeply [map { $_->{value} } @{ $g->{members} }], [$user], "$what: mended, and groups are served";
}

# ---- the trigger of the sentence does its work ----

{
    my $user = new_user(base => $h->base, @there)->{id};
    my $g = new_group(base => $h->base, @there)->{id};
    my $version = sub { $dbh->selectrow_array('SELECT version FROM public.teams WHERE id = ?', undef, $g) };
    my $before = $version->();
    is patch("/Groups/$g", { Operations => [{ op => $_, path => 'members', value => $user }] }, base => $h->base, @there)->code, 204,
        "$_ of a member" for qw(add remove);
    is $version->(), $before + 2, 'the shortest trigger raises the version with each';
}

$dbh->disconnect;
$h->stop;
$relay->stop;
db()->do("DROP DATABASE $name WITH (FORCE)");
done_testing;
