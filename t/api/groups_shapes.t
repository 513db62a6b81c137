# Groups in an application of another shape: keys that are text and uuid, a boolean
# that marks the deleted, columns that want quotes, a name without key=, and the
# two blocks in the other order.
use ScimTest;
use ScimTest::Seed ();
use ScimTest::Sys qw(top);

scim_reset();
my $name = "groups_shapes_$$";
db()->do("CREATE DATABASE $name TEMPLATE template0");
cluster()->psql('-d', $name, '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
my $dbh = cluster()->dbh(dbname => $name);
$dbh->{PrintWarn} = 0;
my $token = ScimTest::Seed::seed($dbh)->{1};
$dbh->do($_) for split /;\n/, <<'END';
CREATE SCHEMA crm;
CREATE TABLE crm.people (key uuid PRIMARY KEY DEFAULT gen_random_uuid(), firm text NOT NULL, login text NOT NULL,
    "on" boolean NOT NULL, shown text, gone boolean NOT NULL DEFAULT false);
CREATE UNIQUE INDEX ON crm.people (firm, lower(login)) WHERE NOT gone;
CREATE TABLE crm."Squads" ("Key" text PRIMARY KEY DEFAULT 'a "b" \c-ä%&~' || gen_random_uuid(), firm text NOT NULL,
    "Title" varchar(40) NOT NULL, rev integer NOT NULL DEFAULT 1, gone boolean NOT NULL DEFAULT false);
CREATE INDEX ON crm."Squads" (firm, lower("Title")) WHERE NOT gone;
CREATE TABLE crm."In" ("Squad" text NOT NULL, "Who" uuid NOT NULL, UNIQUE ("Who", "Squad"));
CREATE INDEX ON crm."In" ("Squad");
CREATE FUNCTION crm.count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN UPDATE crm."Squads" SET rev = rev + 1 WHERE "Key" = coalesce(NEW."Squad", OLD."Squad"); RETURN NULL; END';
CREATE TRIGGER c AFTER INSERT OR DELETE ON crm."In" FOR EACH ROW EXECUTE FUNCTION crm.count();
GRANT USAGE ON SCHEMA crm TO mod_scim;
GRANT SELECT, INSERT, UPDATE ON crm.people TO mod_scim;
GRANT SELECT, INSERT, UPDATE ON crm."Squads" TO mod_scim;
GRANT SELECT, INSERT, DELETE ON crm."In" TO mod_scim
END

my $h = extra_httpd(conninfo => cluster()->conninfo(dbname => $name), edit => sub {
    s{<ScimResource User>.*</Location>}{<<'END'}es });
<ScimResource Group>
    ScimTable crm.Squads
    ScimKey Key
    ScimTenant firm
    ScimTombstone gone
    ScimVersion rev
    ScimMembers crm.In Squad Who
    ScimAttribute displayName Title
</ScimResource>
<ScimResource User>
    ScimTable crm.people
    ScimKey key
    ScimTenant firm
    ScimTombstone gone
    ScimAttribute userName login
    ScimAttribute active on
    ScimAttribute displayName shown
</ScimResource>
</Location>
END
my @there = (base => $h->base, token => $token);

sub enc { my ($text) = @_; utf8::encode($text); return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
sub find { my ($type, $text) = @_; return [map { $_->{id} } @{ get("/$type?filter=" . enc($text), @there)->json->{Resources} }] }
sub quoted { my ($text) = @_; return '"' . $text =~ s/(["\\])/\\$1/gr . '"' }

my ($u1, $u2) = map { new_user(displayName => "P$_", externalId => undef, @there)->{id} } 1, 2;
my $res = post('/Groups', { displayName => 'Team', externalId => 'not kept', members => [$u1, uc $u2] }, @there);
is_error $res, 400, 'invalidValue', qr/no User with the id "\U$u2\E"/, 'an id has one spelling';
$res = post('/Groups', { displayName => 'Team', externalId => 'not kept', members => [$u1] }, @there);
is $res->code, 201, 'POST';
my $g = $res->json;
like $g->{id}, qr{^a "b" \\c-}, 'the id is any text';
my $path = '/Groups/' . enc($g->{id});
ok !exists $g->{externalId}, 'an externalId that has no column is left out';
is_deeply $g->{members}, [{ value => $u1, '$ref' => $h->base . "/Users/$u1", type => 'User', display => 'P1' }], 'the member';
is_deeply get($path, @there)->json, $g, 'GET';
is get("/Users/$u1", @there)->json->{groups}[0]{value}, $g->{id}, 'the group of the user';
is get(get("/Users/$u1", @there)->json->{groups}[0]{'$ref'} =~ s/^\Q@{[ $h->base ]}\E//r, @there)->json->{id}, $g->{id}, 'and its URL';
is patch($path, { Operations => [{ op => 'add', path => 'members', value => [$u2] }, { op => 'remove', path => "members[value eq \"$u1\"]" }] },
    @there)->code, 204, 'PATCH';
is_deeply $dbh->selectcol_arrayref('SELECT "Who"::text FROM crm."In"'), [$u2], 'the row';
is $dbh->selectrow_array('SELECT rev FROM crm."Squads"'), 4, 'and the version';
is_deeply find(Groups => "members eq \"$u2\""), [$g->{id}], 'found by member';
is_deeply find(Groups => 'members eq "17"'), [], 'what cannot be a key finds nothing';
is_deeply find(Groups => 'displayName eq "tEAM" and id eq ' . quoted($g->{id})), [$g->{id}], 'found by name and id';
is_deeply find(Users => 'groups eq ' . quoted($g->{id})), [$u2], 'users found by group';
my $url = get("/Users/$u2", @there)->json->{groups}[0]{'$ref'};
like $url, qr{/Groups/[\x21-\x7e]+$}, 'its URL is escaped';
is_deeply find(Users => 'groups.$ref eq ' . quoted($url)), [$u2], 'and by its URL';
is_deeply find(Groups => 'members.$ref eq ' . quoted($h->base . "/Users/$u2")), [$g->{id}], 'as it is by the URL of a member';
is put($path, { displayName => 'Crew', members => [{ value => $u1 }, { value => $u2 }] }, @there)->code, 200, 'PUT';
is scalar(@{ get($path, @there)->json->{members} }), 2, 'two members';
my ($name_attr) = grep { $_->{name} eq 'displayName' } @{ get('/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group', @there)->json->{attributes} };
is $name_attr->{uniqueness}, 'none', 'no index makes names unique, and none are advertised to be';
is post('/Groups', { displayName => 'crew' }, @there)->code, 201, 'a name twice: the application has nothing against it';
is_error put($path, { displayName => 'x' x 41 }, @there), 400, 'invalidValue', qr/longer than the 40/, 'a name that is too long';
is del("/Users/$u1", @there)->code, 204, 'a user goes';
is_deeply [map { $_->{value} } @{ get($path, @there)->json->{members} }], [$u2], 'and is no member any more';
is del($path, @there)->code, 204, 'DELETE';
is_error get($path, @there), 404, undef, undef, 'it is gone';
ok !exists get("/Users/$u2", @there)->json->{groups}, 'from the user too';

$dbh->disconnect;
$h->stop;
db()->do("DROP DATABASE $name WITH (FORCE)");
done_testing;
