# The configuration. A directive that is wrong is told in one sentence, with the
# file and the line where it stands and with what would be right; one that is right does
# what docs/directives.md says. At the end applications of other shapes than the
# reference.
use ScimTest;
use Digest::SHA qw(sha256_hex);
use ScimTest::Seed ();
use ScimTest::Sys qw(top slurp spew);

use constant CORE => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENT  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

# ---- directives that are wrong ----

my $site = extra_httpd(start => 0);
my ($fine, $said) = $site->configtest;
is $fine, 0, 'the reference configuration is right' or diag $said;

# refused(NAME, WHERE => TEXT, LINE, SENTENCE): httpd does not take it, names the
# line that matches LINE, and says SENTENCE and nothing more.
sub refused {
    my ($name, $where, $text, $line, $sentence) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    local $site->{$where} = $text;
    my ($status, $out) = $site->configtest;
    isnt $status, 0, "$name: refused";
    my ($number, $file, $rest) = $out =~ /^AH00526: Syntax error on line (\d+) of (\S+):\n(.*)\z/ms;
    $rest //= $out;
    $rest =~ s/\n\z//;
    like $rest, $sentence, "$name: the sentence";
    unlike $rest, qr/\n/, "$name: is one" or diag $out;
    my @line = $file && -e $file ? split /\n/, slurp($file) : ();
    like $line[($number // 1) - 1] // '', $line, "$name: the line is where it stands";
}

# replaced(PATTERN => TEXT): an edit of the reference configuration.
sub replaced { my ($pattern, $new) = @_; return sub { s/^[ \t]*$pattern.*$/        $new/m } }

# at the server and in the Location
for my $case (
    ['ScimDatabase "dbname"', qr/^ScimDatabase is not a connection string such as "host=\/run\/postgresql dbname=app user=mod_scim": missing "=" after "dbname" in connection info string$/],
    ['ScimDatabase "host=x port=y=z nosuch=1"', qr/^ScimDatabase is not a connection string .*: invalid connection option "nosuch"$/],
    ['ScimDatabase "postgresql://[::1"', qr/^ScimDatabase is not a connection string .*: /],
    ['ScimDatabase', qr/^ScimDatabase takes one argument, /],
    (map { ["ScimBaseURL $_", qr/^ScimBaseURL must be a URL such as https:\/\/app\.example\/scim\/v2, without query string$/] }
        'scim/v2', '/scim/v2', 'ftp://x/scim', 'https://x/scim?a=1', 'https://x/scim#a', '"https://x/sc im"', 'x', 'HTTPS//x',
        'https://', 'https:///', 'https:///scim/v2', 'https://[::1', 'https://[]/scim', 'http://:80/x', 'https://x:y/scim'),
    (map { ["ScimRequireTLS $_", qr/^ScimRequireTLS must be on, proxy or off$/] } 'maybe', 'yes', '1'),
    ['ScimPublicDiscovery maybe', qr/^ScimPublicDiscovery must be On or Off$/],
    (map { ["ScimPage $_", qr/^ScimPage must be a whole number from 1 to 10000$/] } 0, -1, 10001, 'many', '1.5', '10x', '99999999999999999999'),
    (map { ["ScimPageMax $_", qr/^ScimPageMax must be a whole number from 1 to 10000$/] } 0, 10001, 'x'),
    (map { my ($name, $least, $most) = @$_; map { ["$name $_", qr/^$name must be a whole number from $least to $most$/] } $least - 1, $most + 1 }
        ['ScimBodyDepthMax', 10, 100], ['ScimBodyValuesMax', 100, 1000000], ['ScimValuesMax', 1, 1000], ['ScimPatchMax', 1, 10000], ['ScimBulkMax', 0, 10000],
        ['ScimFilterLengthMax', 100, 65536], ['ScimFilterDepthMax', 1, 200], ['ScimFilterTermsMax', 1, 200]),
    (map { ["ScimBodyMax $_", qr/^ScimBodyMax must be a whole number from 1024 to 67108864$/] } 0, 1023, 67108865, '1M', '-5'),
    ['ScimPoolMax 4', qr/^ScimPoolMax not allowed in <Location> context$/],
    ['ScimPoolTimeout 1s', qr/^ScimPoolTimeout not allowed in <Location> context$/],
    ['ScimTimeout 1s', qr/^ScimTimeout not allowed in <Location> context$/],
    (map { ["ScimTokens $_", qr/^ScimTokens: "[^"]*" is not the name of a view; give VIEW or SCHEMA\.VIEW$/] } 'a.scim.tokens', '.tokens', 'scim.'),
    ['ScimNothing on', qr/^Invalid command 'ScimNothing'/],
    (map { ["$_ x", qr/^$_ must stand inside <ScimResource>$/] }
        qw(ScimTable ScimKey ScimTenant ScimTombstone ScimExtra ScimAdopt ScimProtect ScimRedact ScimVersion)),
    ['ScimMembers a b c', qr/^ScimMembers must stand inside <ScimResource>$/],
    ['ScimDefault x y', qr/^ScimDefault must stand inside <ScimResource>$/],
    ['ScimSchema urn:example:desk', qr/^ScimSchema must stand inside <ScimResource>$/],
    ['ScimAttribute userName username', qr/^ScimAttribute must stand inside <ScimResource>$/],
) {
    my ($text, $sentence) = @$case;
    my ($directive) = split ' ', $text;
    refused($text, location => "$text\n", qr/^\s*\Q$text\E$/, $sentence);
}
for my $case (
    (map { ["ScimPoolMax $_", qr/^ScimPoolMax must be a whole number from 1 to 1000$/] } 0, 1001, 'x'),
    (map { ["ScimPoolTimeout $_", qr/^ScimPoolTimeout must be a time from 10ms to 300s$/] } 0, '5ms', '301s', 'soon', '-1'),
    (map { ["ScimTimeout $_", qr/^ScimTimeout must be a time from 10ms to 300s$/] } 0, '9ms', '6min', 'x', '1day'),
    ['ScimBaseURL https://x/scim', qr/^ScimBaseURL not allowed here$/],
    ['ScimTokens scim.tokens', qr/^ScimTokens not allowed here$/],
    ['ScimTable public.users', qr/^ScimTable not allowed here$/],
    ['<ScimResource User>', qr/^<ScimResource not allowed here$|must stand inside <Location/, "</ScimResource>\n"],
) {
    my ($text, $sentence, $more) = @$case;
    refused("$text at the server", conf => "$text\n" . ($more // ''), qr/^\s*\Q$text\E$/, $sentence);
}

# in the resource, added to what is right
for my $case (
    ['ScimTable a.b.c', qr/^"a\.b\.c" is not the name of a table; give TABLE or SCHEMA\.TABLE$/],
    ['ScimTable .users', qr/^"\.users" is not the name of a table; give TABLE or SCHEMA\.TABLE$/],
    ['ScimTable public.', qr/^"public\." is not the name of a table; give TABLE or SCHEMA\.TABLE$/],
    ['ScimAdopt email', qr/^ScimAdopt must be userName or off$/],
    ['ScimAttribute title job lower=job_key', qr/^ScimAttribute title: "lower=job_key" is not an option; known is key=COLUMN$/],
    ['ScimAttribute title job key=', qr/^ScimAttribute title: "key=" is not an option; known is key=COLUMN$/],
    ['ScimAttribute title', qr/^ScimAttribute must name an attribute and a column$/],
    (map { ["ScimDefault $_", qr/^ScimDefault takes two arguments, column and the value it gets in new accounts$/] } 'role', 'role a b', '"" a'),
    ['ScimAttribute shoeSize x', qr/^"shoeSize" is not an attribute of User$/],
    ['ScimAttribute name.nick x', qr/^"name\.nick" is not an attribute of User$/],
    ['ScimAttribute urn:x:y x', qr/^ScimAttribute "urn:x" is not a URN such as urn:example:params:scim:schemas:desk:2\.0:User, made of letters, digits and - _ \. :$/],
    ['ScimAttribute ' . CORE . ':nick x', qr/:User:nick" is not an attribute of User$/],
    ['ScimAttribute ' . uc(ENT) . ':nick x', qr/:nick" is not an attribute of User$/i],
    ['ScimAttribute urn:ietf:params:scim:schemas:core:2.0:Group:floor x', qr/^ScimAttribute "urn:ietf:params:scim:schemas:core:2\.0:Group" is for schemas of SCIM itself; choose a URN of your own$/],
    ['ScimAttribute urn:example:desk:floor x type=text', qr/^ScimAttribute urn:example:desk:floor: type must be string, boolean, decimal, integer, dateTime, binary, reference or complex$/],
    ['ScimAttribute urn:example:desk:floor x size=3', qr/^ScimAttribute urn:example:desk:floor: "size=3" is not an option; known are type=, .* and key=$/],
    ['ScimAttribute urn:example:desk:floor x multi', qr/^"urn:example:desk:floor" can have many values, which no column holds; write - in place of the column$/],
    ['ScimAttribute urn:example:desk:floor x type=complex', qr/^<ScimResource User> has no sub-attribute of urn:example:desk:floor, which is complex$/, qr/<ScimResource User>/],
    ['ScimAttribute urn:example:desk:floor x type=integer key=y', qr/^"urn:example:desk:floor" is not compared without case, so key= does not apply$/],
    ['ScimAttribute title -', qr/^"title" cannot have - for a column: no schema of your own defines it; leave the line out$/],
    ['ScimAttribute urn:example:desk:floor - uniqueness=server', qr/^"urn:example:desk:floor" cannot have - for a column: only a column can be unique$/],
    ['ScimSchema urn:example:desk', qr/^<ScimResource User> has no attribute of urn:example:desk$/, qr/<ScimResource User>/],
    ['ScimSchema', qr/^ScimSchema "" is not a URN/],
    ['ScimSchema ' . CORE . ' name=x', qr/^ScimSchema "\Q${\CORE}\E" is for schemas of SCIM itself; choose a URN of your own$/],
    ['ScimSchema urn:example:desk floor', qr/^ScimSchema urn:example:desk: "floor" is not an option; known are name=, description= and required$/],
    ['ScimAttribute "user name" x', qr/^"user name" is not an attribute: path "user name": not the name of an attribute$/],
    ['ScimAttribute emails[type x', qr/^"emails\[type" is not an attribute: path "emails\[type": the bracket is not closed$/],
    ['ScimAttribute name x', qr/^"name" is complex; map its sub-attributes, such as "name\.formatted"$/],
    ['ScimAttribute manager x', qr/^"manager" is complex; map its sub-attributes, such as "manager\.value"$/],
    ['ScimAttribute emails x', qr/^"emails" (?:is complex|can have many values); map .*such as /],
    ['ScimAttribute emails.value x', qr/^"emails\.value" can have many values; map one of them, such as 'emails\[type eq "work"\]\.value'$/],
    [q{ScimAttribute 'emails[type eq "home"]' x}, qr/^"emails\[type eq "home"\]" is complex; map its sub-attributes, such as "emails\[type eq "home"\]\.value"$/],
    [q{ScimAttribute 'emails[primary eq true].value' x}, qr/^"emails\[primary eq true\]\.value": between the brackets only type eq "\.\.\." can be mapped$/],
    [q{ScimAttribute 'emails[type ne "work"].value' x}, qr/between the brackets only type eq "\.\.\." can be mapped$/],
    [q{ScimAttribute 'emails[type eq "a" and primary eq true].value' x}, qr/between the brackets only type eq "\.\.\." can be mapped$/],
    [q{ScimAttribute 'emails[type eq "home"].type' x}, qr/^"emails\[type eq "home"\]\.type" is fixed by the brackets and needs no column$/],
    [q{ScimAttribute 'emails[type eq "home"].display' x}, qr/maps part of emails\[type eq "home"\], but not 'emails\[type eq "home"\]\.value'$/, qr/<ScimResource User>/],
    ['ScimAttribute id x', qr/^"id" cannot be mapped: it is the column of ScimKey$/],
    ['ScimAttribute password x', qr/^"password" cannot be mapped: it is not for clients to read and write$/],
    ['ScimAttribute groups.value x', qr/^"groups\.value" (?:can have many values|cannot be mapped)/],
    ['ScimAttribute manager.displayName x', qr/^"manager\.displayName" cannot be mapped: it is not for clients to read and write$/],
    ['ScimAttribute meta.version x', qr/^of meta only meta\.created and meta\.lastModified can be mapped, not "meta\.version"$/],
    ['ScimAttribute meta.location x', qr/^of meta only meta\.created and meta\.lastModified can be mapped, not "meta\.location"$/],
    ['ScimAttribute title !', qr/^"!?" is not a column; give COLUMN, !COLUMN or "COLUMN IS NULL"$/],
    ['ScimAttribute title ' . 'x' x 64, qr/^"x{64}" is not a column; give COLUMN, !COLUMN or "COLUMN IS NULL"$/],
    ['ScimAttribute title !job', qr/^"title" is not a boolean, so its column cannot be inverted or tested for NULL$/],
    ['ScimAttribute title "job IS NULL"', qr/^"title" is not a boolean, so its column cannot be inverted or tested for NULL$/],
    ['ScimAttribute profileUrl url key=url_key', qr/^"profileUrl" is not compared without case, so key= does not apply$/],
    ['ScimAttribute userName login', qr/^"userName" is mapped twice$/],
    ['ScimAttribute USERNAME login', qr/^"USERNAME" is mapped twice$/],
    ['ScimAttribute ' . CORE . ':userName login', qr/:userName" is mapped twice$/],
    [q{ScimAttribute 'emails[type eq "WORK"].value' mail}, qr/^"emails\[type eq "WORK"\]\.value" is mapped twice$/],
    ['ScimAttribute title username', qr/^column "username" is mapped to both "userName" and "title"$/],
    # columns that are not there for an attribute
    (map { my ($attribute, $as) = @$_;
           ["ScimAttribute $attribute", qr/^<ScimResource User> uses column "\w+" for \w+ and as $as; an attribute needs a column of its own$/, qr/<ScimResource User>/] }
        ['title organisation_id', 'ScimTenant'], ['title id', 'ScimKey'], ['title deleted_at', 'ScimTombstone'], ['title scim_extra', 'ScimExtra'],
        ['title job key=organisation_id', 'ScimTenant']),
    (map { my ($column, $by) = @$_;
           ["ScimDefault $column x", qr/^<ScimResource User> has a ScimDefault for column "$column", which $by fills; remove it$/, qr/<ScimResource User>/] }
        ['organisation_id', 'ScimTenant'], ['id', 'the database'], ['scim_extra', 'ScimExtra'], ['username', 'userName'], ['username_key', 'userName'],
        ['active', 'active'], ['password_hash', 'another one']),
    ['ScimRedact shoeSize', qr/^"shoeSize" is not an attribute of User$/],
    ['ScimRedact title shoeSize', qr/^"shoeSize" is not an attribute of User$/],
    [q{ScimRedact 'emails[type eq "work"]'}, qr/is not an attribute of User$/],
) {
    my ($text, $sentence, $line) = @$case;
    refused($text, resource => "$text\n", $line // qr/^\s*\Q$text\E$/, $sentence);
}

# in the resource, taken out or changed
for my $case (
    ['no ScimTable', replaced('ScimTable ', ''), qr/^<ScimResource User> has no ScimTable$/],
    ['no ScimKey', replaced('ScimKey ', ''), qr/^<ScimResource User> has no ScimKey; name the column that becomes the id$/],
    ['no ScimTenant', replaced('ScimTenant ', ''), qr/^<ScimResource User> has no ScimTenant; name the column with the organisation$/],
    ['no userName', replaced('ScimAttribute +userName ', ''), qr/^<ScimResource User> has no ScimAttribute userName$/],
    ['no active', replaced('ScimAttribute +active ', ''), qr/^<ScimResource User> has no ScimAttribute active; name the column that lets a user in$/],
    ['active and tombstone in one', replaced('ScimTombstone ', 'ScimTombstone active'),
        qr/^<ScimResource User> uses column "active" for active and as ScimTombstone; an inactive user and a deleted one must differ$/],
    ['active and tombstone in one, as IS NULL', replaced('ScimAttribute +active ', 'ScimAttribute active "deleted_at IS NULL"'),
        qr/^<ScimResource User> uses column "deleted_at" for active and as ScimTombstone/],
    ['an attribute of no column without ScimExtra', sub { s/^\s*ScimExtra .*$/ScimAttribute urn:example:desk:floor -/m },
        qr/^<ScimResource User> has no ScimExtra to keep "urn:example:desk:floor" in; add one, or name a column for it$/],
    ['tombstone and key in one', replaced('ScimTombstone ', 'ScimTombstone id'),
        qr/^<ScimResource User> uses column "id" both as ScimKey and as ScimTombstone; name a column for each$/],
    ['tenant and key in one', replaced('ScimTenant ', 'ScimTenant id'),
        qr/^<ScimResource User> uses column "id" both as ScimKey and as ScimTenant; name a column for each$/],
    ['adoption without externalId', replaced('ScimAttribute +externalId ', ''), qr/^<ScimResource User> has ScimAdopt, but no ScimAttribute externalId$/],
    ['another resource type', sub { s/<ScimResource User>/<ScimResource Device>/ }, qr/^<ScimResource> must name the resource type: User or Group$/, qr/<ScimResource Device>/],
    ['ScimVersion of users', sub { s/(ScimKey.*\n)/$1ScimVersion x\n/ }, qr/^<ScimResource User> has ScimVersion, which is for groups$/],
    ['ScimMembers of users', sub { s/(ScimKey.*\n)/$1ScimMembers a b c\n/ }, qr/^ScimMembers: only groups have members$/, qr/ScimMembers a b c/],
    ['no resource type', sub { s/<ScimResource User>/<ScimResource>/ }, qr/^<ScimResource> must name the resource type: User or Group$/, qr/<ScimResource>/],
    ['two resource types', sub { s/<ScimResource User>/<ScimResource User Group>/ }, qr/^<ScimResource> must name the resource type: User or Group$/, qr/<ScimResource User Group>/],
    ['no closing bracket', sub { s/<ScimResource User>/<ScimResource User/ }, qr/^<ScimResource> lacks its closing ">"$/, qr/<ScimResource User$/],
    ['the resource twice', sub { s{(\s*<ScimResource User>.*?</ScimResource>)}{$1$1}s }, qr/^there are two <ScimResource User> in one location$/, qr/<ScimResource User>/],
    ['a Directory', sub { s{<Location "/scim/v2">}{<Directory "/srv">}; s{</Location>}{</Directory>} },
        qr{^<ScimResource> must stand inside a <Location>, whose path is the base of all SCIM URLs$}, qr/<ScimResource User>/],
    ['a LocationMatch', sub { s{<Location "/scim/v2">}{<LocationMatch "^/scim">}; s{</Location>}{</LocationMatch>} },
        qr{^<ScimResource> must stand inside a <Location>, }, qr/<ScimResource User>/],
    ['a Location with a pattern', sub { s{<Location "/scim/v2">}{<Location ~ "^/scim">} },
        qr{^<ScimResource> must stand inside a <Location>, }, qr/<ScimResource User>/],
) {
    my ($what, $edit, $sentence, $line) = @$case;
    refused($what, edit => $edit, $line // qr/<ScimResource User>/, $sentence);
}

# ---- groups ----

for my $case (
    ['no displayName', sub { s/.*ScimAttribute +displayName.*\n// }, qr/^<ScimResource Group> has no ScimAttribute displayName$/],
    ['no ScimMembers', sub { s/.*ScimMembers.*\n// }, qr/^<ScimResource Group> has no ScimMembers; name the table of members, /],
    ['no ScimVersion', sub { s/.*ScimVersion.*\n// }, qr/^<ScimResource Group> has no ScimVersion; name the counter /],
    ['ScimProtect of groups', sub { s/(ScimMembers.*\n)/$1ScimProtect true\n/ }, qr/^<ScimResource Group> has ScimProtect, which is for accounts$/],
    ['ScimAdopt of groups', sub { s/(ScimMembers.*\n)/$1ScimAdopt userName\n/ }, qr/^<ScimResource Group> has ScimAdopt, which is for accounts$/],
    ['one column for both', sub { s/(ScimMembers +\S+ +team_id +)user_id/$1team_id/ },
        qr/^ScimMembers: the columns with the group and the user must be two$/, qr/ScimMembers/],
    ['members in a column', sub { s/(ScimMembers.*\n)/$1ScimAttribute members x\n/ },
        qr/^"members" stands in a table of its own, which ScimMembers names$/, qr/ScimAttribute members x/],
    ['a schema of both', sub {
            s/(ScimAttribute +userName )/ScimAttribute urn:example:Both:a -\n$1/;
            s/(ScimMembers.*\n)/$1ScimExtra extra\nScimAttribute urn:example:BOTH:b -\n/ },
        qr/^<ScimResource Group> has the schema urn:example:BOTH, as <ScimResource User> has; a schema belongs to one of them, so give it another URN$/],
    ['the groups twice', sub { s{(\s*<ScimResource Group>.*?</ScimResource>)}{$1$1}s }, qr/^there are two <ScimResource Group> in one location$/],
) {
    my ($what, $edit, $sentence, $line) = @$case;
    local $site->{groups} = 1;
    refused($what, edit => $edit, $line // qr/<ScimResource Group>/, $sentence);
}

# What shows only when all is read: httpd -t tells it too, since whoever has run it
# goes on to restart a web server that others depend on.
for my $case (
    ['no ScimDatabase', sub { s/.*ScimDatabase .*\n// },
        qr{SCIM0001: \S+:\d+: <Location "/scim/v2"> has no ScimDatabase; add one to it or to the server, such as ScimDatabase "dbname=app user=mod_scim"$}m],
    ['ScimPage above ScimPageMax', sub { s/#ScimPage 100/ScimPage 500/; s/#ScimPageMax 1000/ScimPageMax 400/ },
        qr{SCIM0002: \S+:\d+: <Location "/scim/v2"> has a ScimPage above its ScimPageMax; lower the one or raise the other$}m],
    ['groups without users', sub {
            $_ = ScimTest::Httpd::reference_conf(database => 'dbname=x', base_url => 'https://x', groups => 1);
            s{<ScimResource User>.*?</ScimResource>}{}s },
        qr{SCIM0045: \S+:\d+: <Location "/scim/v2"> has <ScimResource Group> without <ScimResource User>; add the mapping of the users that are in the groups$}m],
) {
    my ($what, $edit, $sentence) = @$case;
    my $text = ScimTest::Httpd::reference_conf(database => 'dbname=x', base_url => 'https://x');
    my $h = extra_httpd(start => 0);
    $h->write_conf;
    my $file = $h->dir . '/conf/scim-reference.conf';
    { local $_ = $text; $edit->(); spew($file, $_) }
    my ($status, $out) = $h->command('-t');
    isnt $status, 0, "$what: httpd -t refuses it";
    like $out, $sentence, "$what: with one sentence";
    ($status, $out) = $h->command('-k', 'start');
    isnt $status, 0, "$what: httpd does not start";
    like $out . $h->error_log, $sentence, "$what: and says why";
    like $out . $h->error_log, qr/\Q$file\E:\d+:/, "$what: with file and line";
    ok !$h->running, "$what: it does not run";
    expect_log($sentence) if $h->error_log =~ $sentence;
}

# ---- directives that are right ----

# Limits; several hosts in one server; who is logged as whom.
my $format = '"%u" "%{scim-tenant}n" "%{scim-actor}n" "%{scim-token}n" %>s "%r"';
my $base = ScimTest::Httpd::reference_conf(database => cluster()->conninfo, base_url => 'https://desk.example/scim/v2');
sub at {
    my ($path, $edit) = @_;
    local $_ = $base;
    s{<Location "/scim/v2">}{<Location "$path">};
    $edit->() if $edit;
    return $_;
}
my $h = extra_httpd(
    location => "ScimPage 3\nScimPageMax 5\nScimBodyMax 2048\n",
    resource => "ScimRedact phoneNumbers name.familyName\nScimRedact title\nScimRedact " . ENT . ":department\n",
    edit     => sub { s/.*ScimBaseURL .*\n//; s{ScimTombstone +deleted_at}{ScimTombstone deleted_at} or die; s/\z/\n/ },
    conf     => "LogFormat '$format' scim\nCustomLog \"logs/scim_log\" scim\nServerName desk.example\n"
        . at('/named/scim') . at('/slash/scim/', sub { s{https://desk\.example/scim/v2}{https://desk.example/slash/scim///} })
        . at('/defaults', sub { s/.*ScimDatabase.*\n// })
        . 'ScimDatabase "' . cluster()->conninfo . "\"\nScimPageMax 50\n",
);
my @there = (base => $h->base);

my @id = map { new_user(@there, title => "T$_")->{id} } 1 .. 8;
{
    # ScimPage, ScimPageMax
    my $res = get('/Users', @there);
    is_list $res, 9, 'ScimPage';
    is $res->json->{itemsPerPage}, 3, 'ScimPage: as many as are shown unasked';
    is get('/Users?count=4', @there)->json->{itemsPerPage}, 4, 'ScimPage: one may ask for more';
    is get('/Users?count=1000', @there)->json->{itemsPerPage}, 5, 'ScimPageMax: but not for more than that';
    is get('/ServiceProviderConfig', @there)->json->{filter}{maxResults}, 5, 'ScimPageMax: which the service says of itself';
    is get('/Users', base => $h->url . '/defaults')->json->{itemsPerPage}, 9, 'ScimPageMax at the server: the page follows it';
    is get('/ServiceProviderConfig', base => $h->url . '/defaults')->json->{filter}{maxResults}, 50, 'ScimPageMax at the server is every location\'s';
    is get('/ServiceProviderConfig', base => $h->url . '/named/scim')->json->{filter}{maxResults}, 50, 'and that of one with a base of its own';

    # ScimBodyMax
    my $body = sub { my ($size) = @_; my $text = encode({ userName => uniq('b'), title => '' });
                     $text =~ s/""/'"' . 'x' x ($size - length $text) . '"'/er };
    is length $body->(2048), 2048, 'ScimBodyMax: a body that fills it';
    is_resource post('/Users', $body->(2048), @there), 201, 'ScimBodyMax: is taken';
    my ($users) = db()->selectrow_array('SELECT count(*) FROM public.users');
    is_error post('/Users', $body->(2049), @there), 413, undef, qr/larger than the 2048 bytes/, 'ScimBodyMax: a byte more is not';
    is db()->selectrow_array('SELECT count(*) FROM public.users'), $users, 'ScimBodyMax: and creates nobody';
    is_resource post('/Users', $body->(2049), base => $h->url . '/named/scim'), 201, 'ScimBodyMax: elsewhere it is';
    is_resource patch("/Users/$id[0]", encode({ Operations => [{ op => 'replace', path => 'displayName', value => 'x' x 1900 }] }), @there), 200,
        'ScimBodyMax: a PATCH that fits';
    is_error patch("/Users/$id[0]", encode({ Operations => [{ op => 'replace', path => 'displayName', value => 'x' x 2048 }] }), @there), 413,
        undef, undef, 'ScimBodyMax: one that does not';
    is length get("/Users/$id[0]")->json->{displayName}, 1900, 'ScimBodyMax: and changes nothing';
}
{
    # ScimBaseURL, and what stands for it: never what the client says
    my $name = 'http://desk.example:' . $h->port . '/scim/v2';
    for my $host ('evil.example', 'desk.example', '127.0.0.1:' . $h->port, "x:99999", 'desk.example"><b>') {
        my $res = get("/Users/$id[0]", @there, headers => { Host => $host });
        next if $res->code == 400;      # httpd's own judgement of the name
        is_resource $res, 200, "without ScimBaseURL, Host: $host";
        is $res->json->{meta}{location}, "$name/Users/$id[0]", "without ScimBaseURL the name is ServerName's, with Host: $host";
        unlike $res->content, qr/evil/, 'and not the client\'s';
    }
    my $res = post('/Users', { userName => uniq('host') }, @there,
        headers => { Host => 'evil.example', 'X-Forwarded-Host' => 'evil.example', Forwarded => 'host=evil.example;proto=https', 'X-Forwarded-Proto' => 'https' });
    is_resource $res, 201, 'without ScimBaseURL, forwarded';
    is $res->header('Location'), "$name/Users/" . $res->json->{id}, 'without ScimBaseURL a proxy has no say either';
    is get('/Schemas', @there, headers => { Host => 'evil.example' })->json->{Resources}[0]{meta}{location},
        "$name/Schemas/" . CORE, 'without ScimBaseURL: discovery';
    is get("/Users/$id[0]", base => $h->url . '/named/scim')->json->{meta}{location}, "https://desk.example/scim/v2/Users/$id[0]", 'ScimBaseURL counts';
    is get("/Users/$id[0]", base => $h->url . '/slash/scim')->json->{meta}{location}, "https://desk.example/slash/scim/Users/$id[0]",
        'ScimBaseURL: slashes at its end do not';
    is_error get('/nothing', base => $h->url . '/slash/scim'), 404, undef, undef, 'a Location with a slash at its end';
}
{
    # ScimRedact
    my $user = post('/Users', { schemas => [CORE, ENT], userName => uniq('red'), title => 'Hush', displayName => 'Loud',
        name => { givenName => 'Ann', familyName => 'Secret' }, phoneNumbers => [{ type => 'work', value => '+15550100' }],
        ENT, { department => 'Covert', division => 'Open' } }, @there)->json;
    is_resource patch("/Users/$user->{id}", { schemas => [PATCH_OP], Operations => [
        { op => 'replace', path => 'name.familyName', value => 'Hidden' }, { op => 'replace', path => 'name.givenName', value => 'Bea' },
        { op => 'remove', path => 'title' }, { op => 'replace', path => 'phoneNumbers[type eq "work"].value', value => '+15550199' }] }, @there),
        200, 'ScimRedact: a change';
    del("/Users/$user->{id}", @there);
    my @event = @{ events_of($user->{id}) };
    is scalar(@event), 3, 'ScimRedact: is in the events, as the others';
    my $text = encode([map { $_->{changes} } @event]);
    unlike $text, qr/$_/, "ScimRedact: there is no $_ in them" for qw(Secret Hidden Hush 5550100 5550199 Covert);
    like $text, qr/$_/, "ScimRedact: there is $_" for qw(Ann Bea Loud Open);
    is_deeply $event[0]{changes}{$_}, { new => json_true() }, "ScimRedact: $_ is set" for 'name.familyName', 'title', 'phoneNumbers', ENT . ':department';
    is_deeply $event[1]{changes}{'name.familyName'}, { old => json_true(), new => json_true() }, 'ScimRedact: that it changed is said';
    is_deeply $event[1]{changes}{title}, { old => json_true() }, 'ScimRedact: that it went as well';
    is_deeply $event[1]{changes}{'name.givenName'}, { old => 'Ann', new => 'Bea' }, 'ScimRedact: others are told in full';
}
{
    # LogFormat
    my ($actor, $id) = db()->selectrow_array(q{SELECT u.id, t.id FROM public.users u JOIN public.api_tokens t ON t.user_id = u.id
        WHERE u.organisation_id = 2});
    my $log = sub { slurp($h->dir . '/logs/scim_log') =~ /^(.*"GET \Q$_[0]\E HTTP.*)$/m ? $1 : 'not logged' };
    scim_b('GET', '/Users?count=0&who=b', undef, @there);
    get('/Users/987654321?who=b', @there, token => token_b());
    get('/Users?who=none', @there, token => undef);
    get('/Users?who=wrong', @there, token => 'x' x 43);
    get('/?who=page', base => $h->url, token => undef);
    wait_until(5, sub { $log->('/?who=page') ne 'not logged' });
    is $log->('/scim/v2/Users?count=0&who=b'), qq{"$actor" "2" "$actor" "$id" 200 "GET /scim/v2/Users?count=0&who=b HTTP/1.1"}, 'LogFormat: who asks, and for whom';
    is $log->('/scim/v2/Users/987654321?who=b'), qq{"$actor" "2" "$actor" "$id" 404 "GET /scim/v2/Users/987654321?who=b HTTP/1.1"}, 'LogFormat: with an error as well';
    like $log->('/scim/v2/Users?who=none'), qr/^"-" "-" "-" "-" 401 /, 'LogFormat: nobody without a token';
    like $log->('/scim/v2/Users?who=wrong'), qr/^"-" "-" "-" "-" 401 /, 'LogFormat: nor with a wrong one';
    like $log->('/?who=page'), qr/^"-" "-" "-" "-" 200 /, 'LogFormat: nor on the rest of the site';
    my $all = slurp($h->dir . '/logs/scim_log') . $h->access_log . $h->error_log;
    ok index($all, $_) < 0, 'no token in any log' for token_a(), token_b(), sha256_hex(token_a());
}
$h->stop;

# ScimAdopt off; no ScimExtra; no ScimTombstone; no ScimProtect
{
    my $h = extra_httpd(edit => sub { s/ScimAdopt +userName/ScimAdopt off/; s/.*ScimExtra .*\n//; s/.*ScimTombstone .*\n//; s/.*ScimProtect .*\n// },
        start => 0);
    # the unique indexes of the reference leave tombstones out; without any, whole ones are needed
    my $name = "whole_$$";
    db()->do("CREATE DATABASE $name TEMPLATE template0");
    cluster()->psql('-d', $name, '-1', '-f', top() . "/conf/sql/$_") for qw(wiggledesk.sql scim.sql);
    my $dbh = cluster()->dbh(dbname => $name);
    my $token = ScimTest::Seed::seed($dbh)->{1};
    $dbh->do($_) for 'CREATE UNIQUE INDEX ON public.users (organisation_id, username_key)', 'CREATE UNIQUE INDEX ON public.users (organisation_id, external_id)',
        'CREATE INDEX ON public.users (organisation_id, email_key)';
    $h->{conninfo} = cluster()->conninfo(dbname => $name);
    $h->start;
    my @there = (base => $h->base, token => $token);
    my $row = sub { $dbh->selectrow_hashref('SELECT * FROM public.users WHERE id = ?', undef, $_[0]) };

    my $res = post('/Users', { userName => uniq('bare'), externalId => 'e1', title => 'T', name => { givenName => 'Ann', middleName => 'M' },
        emails => [{ type => 'work', value => 'a@x', primary => json_true() }, { type => 'home', value => 'h@x' }], ENT, { department => 'D' } }, @there);
    is_resource $res, 201, 'no ScimExtra: an account with much';
    my $id = $res->json->{id};
    my %shown = %{ get("/Users/$id", @there)->json };
    is_deeply [sort keys %shown], [qw(active emails externalId id meta name schemas userName)], 'no ScimExtra: keeps what has a column';
    is_deeply [@shown{qw(emails name schemas)}], [[{ type => 'work', value => 'a@x' }], { givenName => 'Ann' }, [CORE]], 'no ScimExtra: and no more';
    is $row->($id)->{scim_extra}, '{}', 'no ScimExtra: the column is not touched';
    is_error get('/Users?filter=title+eq+%22T%22', @there), 400, 'invalidFilter', qr/"title" .*not kept by this service/, 'no ScimExtra: nothing is found by the rest';
    is_resource patch("/Users/$id", { Operations => [{ op => 'add', path => 'title', value => 'X' }, { op => 'Replace', path => 'active', value => 'False' }] }, @there),
        200, 'no ScimExtra: what is not kept stops nothing';
    is $row->($id)->{active}, 0, 'no ScimExtra: the rest is done';
    my @attr = map { $_->{name} } @{ get('/Schemas/' . CORE, @there)->json->{attributes} };
    is_deeply [sort @attr], [qw(active emails name userName)], 'no ScimExtra: and /Schemas says so';
    is_error get('/Schemas/' . ENT, @there), 404, undef, undef, 'no ScimExtra: no extension';

    is_error del("/Users/$id", @there), 501, undef, qr/deactivate/, 'no ScimTombstone: DELETE is not offered';
    is $row->($id)->{deleted_at}, undef, 'no ScimTombstone: nobody is deleted';
    is_error del('/Users/987654321', @there), 501, undef, undef, 'no ScimTombstone: whoever it is';
    is_resource post('/Users', { userName => $shown{userName}, externalId => 'e1' }, @there), 201, 'no ScimTombstone: an inactive user comes back';
    is $row->($id)->{active}, 1, 'no ScimTombstone: as the same';

    my ($old) = $dbh->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, 'Old', '!') RETURNING id});
    is_error post('/Users', { userName => 'old', externalId => 'e2' }, @there), 409, 'uniqueness', qr/userName/, 'ScimAdopt off: a user without externalId stands in the way';
    is $row->($old)->{external_id}, undef, 'ScimAdopt off: and is not linked';

    my ($other) = $dbh->selectrow_array(q{INSERT INTO public.users (organisation_id, username, password_hash, role) VALUES (1, 'Boss', '!', 'admin') RETURNING id});
    is_resource patch("/Users/$other", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @there), 200, 'no ScimProtect: administrators are users';
    is $row->($other)->{active}, 0, 'no ScimProtect: and can be deactivated';
    my ($actor) = $dbh->selectrow_array(q{SELECT id FROM public.users WHERE organisation_id = 1 AND username LIKE 'admin@%'});
    is_error patch("/Users/$actor", { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @there), 400, 'mutability', qr/runs the provisioning/,
        'no ScimProtect: but not whoever owns the token';
    is $row->($actor)->{active}, 1, 'no ScimProtect: who stays';
    $h->stop;
    $dbh->disconnect;
    db()->do("DROP DATABASE $name WITH (FORCE)");
}

# ---- applications of other shapes ----

# A database of its own: part 1 of scim.sql, then what the application has and
# says in place of part 2.
my ($part1) = slurp(top() . '/conf/sql/scim.sql') =~ /\A(.*?)^-- =+\n-- PART 2:/ms;
ok $part1, 'scim.sql has a part that is the same everywhere';
my @made;
sub application {
    my ($name, $sql, $conf, %opt) = @_;
    my $database = "${name}_$$";
    db()->do("CREATE DATABASE $database TEMPLATE template0");
    my $file = cluster()->dir . "/$database.sql";
    my $text = "$part1\n$sql";
    utf8::encode($text);
    spew($file, $text);
    cluster()->psql('-d', $database, '-1', '-f', $file);
    unlink $file;
    my $dbh = cluster()->dbh(dbname => $database);
    my $conninfo = cluster()->conninfo(dbname => $database);
    my ($h, $relay);
    if ($opt{relay}) {
        ($h, $relay) = extra_httpd(start => 0, relay => 1);
        $conninfo = $relay->conninfo(dbname => $database);
    }
    else {
        $h = extra_httpd(start => 0);
    }
    $h->{edit} = sub {
        $_ = qq{<Location "/scim/v2">\nSetHandler scim\nScimDatabase "$conninfo"\n<ScimResource User>\n$conf</ScimResource>\n</Location>\n};
    };
    push @made, [$h, $dbh, $database];
    return { name => $name, h => $h->start, dbh => $dbh, base => $h->base, token => "$name-token", relay => $relay };
}
sub token_sql { my ($name) = @_; return "sha256(convert_to('$name-token', 'UTF8'))" }

sub find { my ($app, $filter) = @_;
    utf8::encode($filter);
    return get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger), base => $app->{base}, token => $app->{token}) }
sub path_of { my ($id) = @_; utf8::encode($id); return '/Users/' . ($id =~ s/([^A-Za-z0-9-])/sprintf '%%%02X', ord $1/ger) }

# The whole life of an account. $app->{row} shows what the application has of
# an id: { login, mail, ext, first, lets_in, gone }.
sub life {
    my ($app, %opt) = @_;
    my $name = $app->{name};
    my @there = (base => $app->{base}, token => $app->{token});
    my $row = $app->{row};
    my $login = 'J' . chr(0xd6) . 'rg-' . uniq() . '@contoso.com';
    my $ext = uniq('ext');
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is_list get('/Users', @there), 1, "$name: whoever owns the token is there";
    is_resource get('/Me', @there), 200, "$name: and is /Me";
    is get('/Me', @there)->json->{id}, get('/Users', @there)->json->{Resources}[0]{id}, "$name: under the same id";
    my $res = post('/Users', { schemas => [CORE], userName => $login, externalId => $ext, name => { givenName => 'Ann' },
        emails => [{ type => 'work', value => 'Ann@Contoso.com' }] }, @there);
    is_resource $res, 201, "$name: create";
    my $id = $res->code == 201 ? $res->json->{id} : return;
    my $path = path_of($id);
    is $res->header('Location'), $app->{base} . $path, "$name: create: Location";
    is_deeply $row->($id), { login => $login, mail => 'Ann@Contoso.com', ext => $ext, first => 'Ann', lets_in => 1, gone => 0 }, "$name: create: the row";
    is_resource get($path, @there), 200, "$name: read";
    is_deeply get($path, @there)->json, $res->json, "$name: read: what create showed";
    for my $filter ("id eq \"$id\"", 'userName eq "' . uc($login) . '"', "externalId eq \"$ext\"",
                    'emails[type eq "work"].value eq "ANN@CONTOSO.COM"', 'emails.value eq "ann@contoso.com"',
                    "active eq true and userName eq \"$login\"", "not (active eq false) and id eq \"$id\"",
                    'name.givenName sw "an"', "userName co \"\x{f6}RG\"") {
        my $list = find($app, $filter);
        is_list $list, 1, "$name: found by $filter";
        is eval { $list->json->{Resources}[0]{id} }, $id, "$name: found by $filter: the id";
    }
    is_list find($app, $_), 0, "$name: nobody by $_" for 'id eq "nobody"', 'externalId eq "' . uc($ext) . '"', "id eq \"$id\" and active eq false",
        'id eq "00000000-0000-0000-0000-000000000000"', 'id eq "1"';
    is_error get("/Users/$_", @there), 404, undef, undef, "$name: nobody at $_"
        for '1', '007', 'nobody', '00000000-0000-0000-0000-000000000000', "99999999999999999999", '%27', '%C3%A4', '%C3';
    is_error post('/Users', { userName => uc $login, externalId => 'other' }, @there), 409, 'uniqueness', qr/userName/, "$name: the user name is taken";
    is_error post('/Users', { userName => uniq('o'), externalId => $ext }, @there), 409, 'uniqueness', qr/externalId/, "$name: the externalId is taken";

    $res = patch($path, { Operations => [{ op => 'Replace', path => 'userName', value => "new-$login" },
        { op => 'Replace', path => 'emails[type eq "work"].value', value => 'new@contoso.com' },
        { op => 'Add', path => 'name.givenName', value => 'Bea' }] }, @there);
    is_resource $res, 200, "$name: rename";
    is_deeply $row->($id), { login => "new-$login", mail => 'new@contoso.com', ext => $ext, first => 'Bea', lets_in => 1, gone => 0 }, "$name: rename: the row";
    $res = patch($path, { Operations => [{ op => 'Replace', path => 'emails[type eq "work"].value', value => '' }, { op => 'remove', path => 'name.givenName' }] }, @there);
    is_resource $res, 200, "$name: clear";
    is_deeply $row->($id), { login => "new-$login", mail => undef, ext => $ext, first => undef, lets_in => 1, gone => 0 }, "$name: clear: the row";
    ok !exists $res->json->{emails} && !exists $res->json->{name}, "$name: clear: the answer";

    for my $round (1 .. 2) {
        $res = patch($path, { Operations => [{ op => 'Replace', path => 'active', value => 'False' }] }, @there);
        is_resource $res, 200, "$name: off, $round";
        is_deeply $res->json->{active}, json_false(), "$name: off, $round: the answer";
        is $row->($id)->{lets_in}, 0, "$name: off, $round: the row";
    }
    is_list find($app, "active eq false and id eq \"$id\""), 1, "$name: off: found as inactive";
    is_list find($app, "active eq true and id eq \"$id\""), 0, "$name: off: not as active";
    is_list find($app, "active ne true and id eq \"$id\""), 1, "$name: off: found as not active";
    is_resource post('/Users', { userName => "again-$login", externalId => $ext }, @there), 201, "$name: restore";
    is_deeply [@{ $row->($id) }{qw(login lets_in)}], ["again-$login", 1], "$name: restore: the row";
    my $echo = get($path, @there)->json;
    is_resource put($path, { %$echo, userName => $login, active => json_false() }, @there), 200, "$name: PUT";
    is_deeply [@{ $row->($id) }{qw(login lets_in)}], [$login, 0], "$name: PUT: the row";
    is_resource patch($path, { Operations => [{ op => 'replace', value => { active => json_true() } }] }, @there), 200, "$name: on";
    is $row->($id)->{lets_in}, 1, "$name: on: the row";
    my $same = patch($path, { Operations => [{ op => 'replace', value => { active => json_true() } }] }, @there);
    is_resource $same, 200, "$name: on again";

    my ($events) = $app->{dbh}->selectrow_array(q{SELECT string_agg(operation, ' ' ORDER BY id) FROM scim.events WHERE outcome = 'applied' AND resource_id = ?}, undef, $id);
    is $events, 'create patch patch patch restore put patch', "$name: the events";
    is_deeply $app->{dbh}->selectcol_arrayref('SELECT DISTINCT tenant || \' \' || actor FROM scim.events'), [$app->{who}], "$name: the events: for whom and by whom";

    $res = patch(path_of($app->{owner}), { Operations => [{ op => 'replace', path => 'active', value => 'False' }] }, @there);
    is_error $res, 400, 'mutability', qr/runs the provisioning/, "$name: whoever owns the token is protected";
    is $row->($app->{owner})->{lets_in}, 1, "$name: and stays";

    if ($opt{no_delete}) {
        is_error del($path, @there), 501, undef, undef, "$name: DELETE is not offered";
        is $row->($id)->{lets_in}, 1, "$name: and deletes nobody";
        return $id;
    }
    is del($path, @there)->code, 204, "$name: DELETE";
    is_deeply [@{ $row->($id) }{qw(lets_in gone)}], [0, 1], "$name: DELETE: the row";
    is_error get($path, @there), 404, undef, undef, "$name: deleted: read";
    is_error del($path, @there), 404, undef, undef, "$name: deleted: DELETE again";
    is_list find($app, "externalId eq \"$ext\""), 0, "$name: deleted: look-up";
    $res = post('/Users', { userName => $login, externalId => $ext }, @there);
    is_resource $res, 201, "$name: deleted, and back";
    is $res->json->{id}, $id, "$name: deleted, and back: as the same";
    is_deeply [@{ $row->($id) }{qw(login lets_in gone)}], [$login, 1, 0], "$name: deleted, and back: the row";
    return $id;
}

# uuid keys and tenants, an inverted boolean, a boolean tombstone, names that
# must be quoted, lengths, a domain, caseless by expression
{
    my $company = '0a0b0c0d-0000-4000-8000-00000000000a';
    my $app = application('crm', <<END, <<'CONF');
CREATE SCHEMA crm;
CREATE DOMAIN crm.given AS varchar(20) CHECK (VALUE <> 'forbidden');
CREATE TABLE crm."Accounts" (
    "accountNo" uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company uuid NOT NULL, "logIn" text NOT NULL CHECK (length("logIn") < 200), "user" text, given crm.given,
    blocked boolean NOT NULL DEFAULT false, removed boolean NOT NULL DEFAULT false, "more data" jsonb NOT NULL DEFAULT '{}',
    ext varchar(40), secret text NOT NULL, note text NOT NULL, kind integer NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX ON crm."Accounts" (company, lower("logIn")) WHERE NOT removed;
CREATE UNIQUE INDEX ON crm."Accounts" (company, ext) WHERE NOT removed;
CREATE INDEX ON crm."Accounts" (company, lower("user")) WHERE NOT removed;
CREATE TABLE crm.keys (hash bytea PRIMARY KEY, owner uuid NOT NULL REFERENCES crm."Accounts");
INSERT INTO crm."Accounts" ("accountNo", company, "logIn", secret, note) VALUES ('11111111-1111-4111-8111-111111111111', '$company', 'owner', '', '');
INSERT INTO crm.keys VALUES (${\ token_sql('crm') }, '11111111-1111-4111-8111-111111111111');
CREATE VIEW scim.tokens (token_sha256, token_id, tenant, actor) WITH (security_barrier) AS
SELECT k.hash, 'key', a.company::text, a."accountNo"::text FROM crm.keys k JOIN crm."Accounts" a ON a."accountNo" = k.owner
 WHERE NOT a.blocked AND NOT a.removed;
GRANT SELECT ON scim.tokens TO mod_scim;
GRANT USAGE ON SCHEMA crm TO mod_scim;
GRANT SELECT ("accountNo", company, "logIn", "user", given, blocked, removed, "more data", ext, kind),
      INSERT (company, "logIn", "user", given, blocked, removed, "more data", ext, secret, note, kind),
      UPDATE ("logIn", "user", given, blocked, removed, "more data", ext) ON crm."Accounts" TO mod_scim;
END
ScimTable crm.Accounts
ScimKey accountNo
ScimTenant company
ScimTombstone removed
ScimExtra "more data"
ScimAdopt userName
ScimProtect "kind > 8"
ScimDefault secret "it's \\ \"quoted\" $1 ?"
ScimDefault note ""
ScimDefault kind 7
ScimAttribute userName logIn
ScimAttribute externalId ext
ScimAttribute 'emails[type eq "work"].value' user
ScimAttribute active !blocked
ScimAttribute name.givenName given
CONF
    my $dbh = $app->{dbh};
    @$app{qw(owner who)} = ('11111111-1111-4111-8111-111111111111', "$company 11111111-1111-4111-8111-111111111111");
    $app->{row} = sub { $dbh->selectrow_hashref(q{SELECT "logIn" AS login, "user" AS mail, ext, given AS first, (NOT blocked)::integer AS lets_in,
        removed::integer AS gone FROM crm."Accounts" WHERE "accountNo"::text = ?}, undef, $_[0]) };
    my $id = life($app);
    my @there = (base => $app->{base}, token => $app->{token});
    like $id // '', qr/\A[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\z/, 'crm: a uuid is the id';
    is_error get('/Users/' . uc($id // 'x'), @there), 404, undef, undef, 'crm: in its own spelling only';
    is_list find($app, 'id eq "' . uc($id // 'x') . '"'), 0, 'crm: by filter as well';
    is_deeply $dbh->selectrow_arrayref(q{SELECT secret, note, kind, company::text FROM crm."Accounts" WHERE "accountNo"::text = ?}, undef, $id),
        [q{it's \\ "quoted" $1 ?}, '', 7, $company], 'crm: constants are stored to the letter';

    # lengths and the application's own rules
    my $count = sub { $dbh->selectrow_array('SELECT count(*) FROM crm."Accounts"') };
    my $n = $count->();
    is_error post('/Users', { userName => uniq('l'), externalId => 'x' x 41 }, @there), 400, 'invalidValue', qr/externalId.* 40 characters/, 'crm: too long for its column';
    is_error post('/Users', { userName => uniq('l'), name => { givenName => 'x' x 21 } }, @there), 400, 'invalidValue', qr/name\.givenName.* 20 characters/, 'crm: too long for its domain';
    is_error post('/Users', { userName => uniq('l'), name => { givenName => 'forbidden' } }, @there), 400, 'invalidValue', qr/rule/, 'crm: what the domain refuses';
    is_error post('/Users', { userName => 'x' x 200 }, @there), 400, 'invalidValue', qr/rule/, 'crm: what a constraint refuses';
    is $count->(), $n, 'crm: none of them is there';
    is_resource post('/Users', { userName => uniq('l'), externalId => "\x{e4}" x 40 }, @there), 201, 'crm: characters are counted, not bytes';

    # extra attributes; adoption; protection
    my $res = patch("/Users/$id", { Operations => [{ op => 'add', path => 'title', value => 'T' }, { op => 'add', value => { department => 'D' } }] }, @there);
    is_resource $res, 200, 'crm: extra attributes';
    is_deeply JSON::PP::decode_json($dbh->selectrow_array(q{SELECT "more data" FROM crm."Accounts" WHERE "accountNo"::text = ?}, undef, $id)),
        { title => 'T', ENT, { department => 'D' } }, 'crm: extra attributes: the column';
    is_list find($app, 'department eq "d" and title eq "t"'), 1, 'crm: extra attributes: found';
    my ($old) = $dbh->selectrow_array(qq{INSERT INTO crm."Accounts" (company, "logIn", secret, note) VALUES ('$company', 'OldOne', '', '') RETURNING "accountNo"});
    $res = post('/Users', { userName => 'oldone', externalId => 'now-linked' }, @there);
    is_resource $res, 201, 'crm: adoption';
    is $res->json->{id}, $old, 'crm: adoption: the same account';
    is $app->{row}->($old)->{ext}, 'now-linked', 'crm: adoption: is linked';
    $dbh->do('UPDATE crm."Accounts" SET kind = 9 WHERE "accountNo" = ?::uuid', undef, $old);
    is_error del("/Users/$old", @there), 400, 'mutability', undef, 'crm: protection';
    is $app->{row}->($old)->{gone}, 0, 'crm: protection: is still there';

    # the index that the proof asks for is the one that it takes
    $dbh->do('ALTER TABLE crm."Accounts" ALTER COLUMN "logIn" TYPE varchar(100)');
    $app->{h}->graceful;
    is_list get('/Users?count=0', @there), undef, 'crm: a varchar whose name must be quoted, with an index on its lower()';
    $dbh->do('ALTER TABLE crm."Accounts" ALTER COLUMN "logIn" TYPE text');
    $app->{h}->graceful;
    is_list get('/Users?count=0', @there), undef, 'crm: as it was';
}

# text keys and tenants, a timestamp in place of active, citext, nothing extra,
# no tombstone
{
    my $app = application('club', <<END, <<'CONF', relay => 1);
CREATE EXTENSION citext;
CREATE TABLE public.members (
    code text PRIMARY KEY DEFAULT 'm-' || substr(md5(random()::text), 1, 12),
    club text NOT NULL, login citext NOT NULL, mail citext, first_name citext, ext text, disabled_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX members_login ON public.members (club, login);
CREATE UNIQUE INDEX members_ext ON public.members (club, ext);
CREATE INDEX members_mail ON public.members (club, mail);
INSERT INTO public.members (code, club, login) VALUES ('the-owner', 'Caf\x{e9} "7"', 'owner');
CREATE VIEW scim.tokens (token_sha256, token_id, tenant, actor) WITH (security_barrier) AS
SELECT ${\ token_sql('club') }, 'key'::text, club, code FROM public.members WHERE code = 'the-owner' AND disabled_at IS NULL;
GRANT SELECT ON scim.tokens TO mod_scim;
GRANT SELECT, INSERT (club, login, mail, first_name, ext, disabled_at), UPDATE (login, mail, first_name, ext, disabled_at) ON public.members TO mod_scim;
END
ScimTable members
ScimKey code
ScimTenant club
ScimAttribute userName login
ScimAttribute externalId ext
ScimAttribute 'emails[type eq "work"].value' mail
ScimAttribute active "disabled_at IS NULL"
ScimAttribute name.givenName first_name
ScimAttribute meta.lastModified changed_at
CONF
    my $dbh = $app->{dbh};
    @$app{qw(owner who)} = ('the-owner', "Caf\x{e9} \"7\" the-owner");
    $app->{row} = sub { $dbh->selectrow_hashref(q{SELECT login, mail, ext, first_name AS first, (disabled_at IS NULL)::integer AS lets_in, 0 AS gone
        FROM public.members WHERE code = ?}, undef, $_[0]) };
    my $id = life($app, no_delete => 1);
    my @there = (base => $app->{base}, token => $app->{token});
    like $id // '', qr/\Am-[0-9a-f]{12}\z/, 'club: a text is the id';
    is_error get(path_of(uc($id // 'x')), @there), 404, undef, undef, 'club: in its own spelling only';
    for my $code ("m \x{e4}+1", 'a%20b', 'a"b\\c', "o'x", '#?&;=', '-', '..x', "\x{1F600}") {
        $dbh->do(q{INSERT INTO public.members (code, club, login) SELECT ?, club, ? FROM public.members WHERE code = 'the-owner'}, undef, $code, uniq('odd'));
        my $res = get(path_of($code), @there);
        is $res->code, 200, "club: id $code: is read";
        is eval { $res->json->{id} }, $code, "club: id $code: the id";
        my ($back) = eval { $res->json->{meta}{location} } =~ /^\Q$app->{base}\E(.*)/;
        is get($back // '/none', @there)->content, $res->content, "club: id $code: the location leads back";
        is patch(path_of($code), { Operations => [{ op => 'replace', path => 'name.givenName', value => 'Here' }] }, @there)->code, 200, "club: id $code: is changed";
        is $app->{row}->($code)->{first}, 'Here', "club: id $code: the row";
        is find($app, 'id eq ' . JSON::PP->new->allow_nonref->encode($code))->json->{totalResults}, 1, "club: id $code: is found";
    }
    is_deeply [sort keys %{ get(path_of($id), @there)->json->{meta} }], [qw(lastModified location resourceType version)], 'club: meta.created has no column and is left out';
    is_error find($app, 'meta.created pr'), 400, 'invalidFilter', qr/meta\.created/, 'club: and is refused in filters';

    # when somebody was switched off is kept as it was
    patch(path_of($id), { Operations => [{ op => 'replace', path => 'active', value => json_false() }] }, @there);
    my $when = $dbh->selectrow_array('SELECT disabled_at FROM public.members WHERE code = ?', undef, $id);
    patch(path_of($id), { Operations => [{ op => 'replace', path => 'active', value => json_false() }, { op => 'replace', path => 'name.givenName', value => 'Z' }] }, @there);
    is $dbh->selectrow_array('SELECT disabled_at FROM public.members WHERE code = ?', undef, $id), $when, 'club: off and off again keeps the time';

    # its indexes serve, by which it is unique
    $dbh->do(q{INSERT INTO public.members (club, login, mail, ext) SELECT club, 'm' || n, 'm' || n || '@x', 'e' || n
        FROM public.members, generate_series(1, 3000) AS n WHERE code = 'the-owner'});
    $dbh->do('ANALYZE public.members');
    my $mine = cluster()->dbh(dbname => "club_$$", user => 'mod_scim');
    $mine->do('SET enable_seqscan = off');
    for my $case (['userName eq "M77"', 'members_login'], ['externalId eq "e77"', 'members_ext']) {
        my ($filter, $index) = @$case;
        $app->{relay}->reset_connections;
        $app->{relay}->reset_counts;
        is_list find($app, $filter), 1, "club: found by $filter among many";
        my ($text) = reverse grep { /FROM "scim"\."tokens" AS t/ } $app->{relay}->sql;
        my ($value) = $filter =~ /"([^"]+)"$/;
        $mine->do("PREPARE s AS $text");
        my @type = split /,/, $mine->selectrow_array(q{SELECT parameter_types::text FROM pg_prepared_statements WHERE name = 's'}) =~ s/[{}]//gr;
        my $plan = join "\n", @{ $mine->selectcol_arrayref('EXPLAIN EXECUTE s(' . join(', ', map {
            $_ eq 'bytea' ? q{'\x00'} : $_ eq 'bigint' ? '1' : "'$value'" } @type) . ')') };
        like $plan, qr/$index.*\n\s*Index Cond: .*(?:login|ext)\W/, "club: $filter: by $index" or diag $plan;
        $mine->do('DEALLOCATE s');
    }
    $mine->disconnect;
}

# a view over two tables, whose triggers know how to write it
{
    my $app = application('odd', <<END, <<'CONF');
CREATE TABLE public.people (person bigint GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY, house integer NOT NULL, first text, mail text, state text NOT NULL DEFAULT 'on',
    left_at timestamptz, extra jsonb NOT NULL DEFAULT '{}');
CREATE TABLE public.logins (person bigint PRIMARY KEY REFERENCES public.people, house integer NOT NULL, login text NOT NULL, folded text GENERATED ALWAYS AS (lower(login)) STORED, ext text);
CREATE UNIQUE INDEX ON public.logins (house, folded);
CREATE UNIQUE INDEX ON public.logins (house, ext);
CREATE SCHEMA face;
CREATE VIEW face.users AS SELECT p.person AS id, p.house, l.login, l.folded, p.mail, p.first, l.ext, p.state = 'on' AS active, p.left_at, p.extra
  FROM public.people p JOIN public.logins l USING (person);
CREATE FUNCTION face.write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS \$\$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.people (house, first, mail, state, extra) VALUES (NEW.house, NEW.first, NEW.mail, CASE WHEN NEW.active THEN 'on' ELSE 'off' END,
            coalesce(NEW.extra, '{}')) RETURNING person INTO NEW.id;
        INSERT INTO public.logins (person, house, login, ext) VALUES (NEW.id, NEW.house, NEW.login, NEW.ext);
    ELSE
        UPDATE public.people SET first = NEW.first, mail = NEW.mail, state = CASE WHEN NEW.active THEN 'on' ELSE 'off' END, left_at = NEW.left_at, extra = NEW.extra
         WHERE person = OLD.id;
        UPDATE public.logins SET login = NEW.login, ext = NEW.ext WHERE person = OLD.id;
    END IF;
    RETURN NEW;
END \$\$;
REVOKE ALL ON FUNCTION face.write() FROM PUBLIC;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE ON face.users FOR EACH ROW EXECUTE FUNCTION face.write();
INSERT INTO face.users (house, login, active) VALUES (7, 'owner', true);
CREATE VIEW scim.tokens (token_sha256, token_id, tenant, actor) WITH (security_barrier) AS
SELECT ${\ token_sql('odd') }, 'key'::text, house::text, id::text FROM face.users WHERE id = 100 AND active;
GRANT SELECT ON scim.tokens TO mod_scim;
GRANT USAGE ON SCHEMA face TO mod_scim;
GRANT SELECT, INSERT, UPDATE ON face.users TO mod_scim;
END
ScimTable face.users
ScimKey id
ScimTenant house
ScimTombstone left_at
ScimExtra extra
ScimAttribute userName login
ScimAttribute externalId ext
ScimAttribute 'emails[type eq "work"].value' mail
ScimAttribute active active
ScimAttribute name.givenName first
CONF
    my $dbh = $app->{dbh};
    @$app{qw(owner who)} = (100, '7 100');
    $app->{row} = sub { $dbh->selectrow_hashref(q{SELECT login, mail, ext, first, active::integer AS lets_in, (left_at IS NOT NULL)::integer AS gone
        FROM face.users WHERE id::text = ?}, undef, $_[0]) };
    life($app);
    is cluster()->dbh(dbname => "odd_$$", user => 'mod_scim')->selectrow_array(q{SELECT has_table_privilege('public.people', 'SELECT')}), 0,
        'odd: the module has no right on the tables behind';

    # its folded form is a column of the view too, generated in the table behind
    $app->{h}{edit} = do { my $old = $app->{h}{edit}; sub { $old->(); s/userName login/userName login key=folded/ } };
    $app->{h}->stop;
    $app->{h}->start;
    is_list find($app, 'userName eq "OWNER"'), 1, 'odd: key= names a column of a view';
}

# flags that may be NULL, and an element of which only a part has a column
{
    my $app = application('loose', <<END, <<'CONF');
CREATE TABLE public.staff (no integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, firm smallint NOT NULL, login text NOT NULL, ext text, may_enter boolean,
    gone boolean, street text, extra jsonb);
CREATE UNIQUE INDEX ON public.staff (firm, lower(login)) WHERE NOT gone;
CREATE UNIQUE INDEX ON public.staff (firm, ext) WHERE NOT gone;
INSERT INTO public.staff (firm, login, may_enter, gone) VALUES (3, 'owner', true, false), (3, 'nobody knows', NULL, false);
CREATE VIEW scim.tokens (token_sha256, token_id, tenant, actor) WITH (security_barrier) AS
SELECT ${\ token_sql('loose') }, 'key'::text, firm::text, no::text FROM public.staff WHERE no = 1;
GRANT SELECT ON scim.tokens TO mod_scim;
GRANT SELECT, INSERT (firm, login, ext, may_enter, gone, street, extra), UPDATE (login, ext, may_enter, gone, street, extra) ON public.staff TO mod_scim;
END
ScimTable public.staff
ScimKey no
ScimTenant firm
ScimTombstone gone
ScimExtra extra
ScimAttribute userName login
ScimAttribute externalId ext
ScimAttribute active may_enter
ScimAttribute 'addresses[type eq "work"].streetAddress' street
CONF
    my @there = (base => $app->{base}, token => $app->{token});
    my $dbh = $app->{dbh};
    # a tombstone that is neither true nor false would hide whoever is created
    expect_log(qr/SCIM0010: .*ScimTombstone: boolean column "gone" can be NULL/);
    is_error get('/Users/2', @there), 500, undef, undef, 'loose: a tombstone that may be NULL is no tombstone';
    my ($sql) = map { /SCIM0010: .*ScimTombstone: boolean column "gone" can be NULL, which says neither; (ALTER TABLE .*)/ ? $1 : () } log_lines_since($app->{h});
    $dbh->do('ALTER TABLE public.staff ALTER COLUMN gone SET DEFAULT false');
    ok $sql && eval { $dbh->do($sql); 1 }, 'loose: the SQL that mends it can be run';
    is_deeply get('/Users/2', @there)->json->{active}, json_false(), 'loose: who may perhaps come in may not';
    is_list find($app, 'userName eq "nobody knows" and active eq false'), 1, 'loose: which a filter sees as well';
    is_list find($app, 'userName eq "nobody knows" and not (active eq true)'), 1, 'loose: either way';
    is_list find($app, 'userName eq "nobody knows" and active eq true'), 0, 'loose: and not as active';

    my $res = post('/Users', { userName => uniq('loose'), externalId => 'x1',
        addresses => [{ type => 'work', locality => 'Zurich' }, { type => 'home', streetAddress => 'Side 2' }] }, @there);
    is_resource $res, 201, 'loose: create, with an address of which no part has a column';
    my $id = $res->json->{id};
    is_resource get("/Users/$id", @there), 200, 'loose: which is there';
    is_deeply $res->json->{addresses}, [{ type => 'work', locality => 'Zurich' }, { type => 'home', streetAddress => 'Side 2' }], 'loose: the address comes back';
    for my $filter ('addresses[type eq "work"].locality eq "zurich"', 'addresses[type eq "work" and locality eq "Zurich"]', 'addresses.locality eq "Zurich"',
                    'addresses[type eq "work"]', 'addresses[type eq "work" and not (streetAddress pr)]', 'addresses[type eq "home"].streetAddress eq "side 2"') {
        is_list find($app, "userName sw \"loose\" and $filter"), 1, "loose: found by $filter";
    }
    is_resource patch("/Users/$id", { Operations => [{ op => 'add', path => 'addresses[type eq "work"].streetAddress', value => 'Main 1' }] }, @there), 200, 'loose: the street is added';
    is $dbh->selectrow_array('SELECT street FROM public.staff WHERE no = ?', undef, $id), 'Main 1', 'loose: in its column';
    is_list find($app, 'addresses[type eq "work"].streetAddress eq "main 1" and addresses[type eq "work"].locality eq "Zurich"'), 1, 'loose: found by both';
}

# what the application itself has written among the extra attributes, and does
# not have the form: it is not shown, and stops nobody else from being found
{
    my ($user, $odd) = map { new_user(roles => [{ value => 'r', primary => json_true() }], title => 'Fits')->{id} } 1, 2;
    for my $extra ('{"roles": [{"value": "r", "primary": "maybe"}], "title": "Fits"}', '{"roles": "r", "title": "Fits"}',
                   '{"roles": [7, "x", null], "title": "Fits"}', '{"roles": {"value": "r"}, "title": "Fits"}',
                   '{"roles": [{"value": {"a": 1}, "primary": 7}], "title": "Fits"}', '{"emails": [{"value": 7, "primary": []}], "title": "Fits"}',
                   '{"title": "Fits", "name": 7, "emails": 7}') {
        db()->do('UPDATE public.users SET scim_extra = ?::jsonb WHERE id = ?', undef, $extra, $odd);
        is_resource get("/Users/$odd"), 200, "odd extras: read: $extra";
        for my $filter ('title eq "Fits"', 'roles.primary eq true or title eq "Fits"', 'roles[primary eq true]', 'roles[value eq "r" and primary eq true]',
                        'not (roles.primary eq false)', 'emails.primary ne true', 'name.familyName eq "x" or title eq "Fits"') {
            my $list = get('/Users?filter=' . ($filter =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger));
            ok is_list($list, undef, "odd extras: $filter: $extra")
                && grep({ $_->{id} eq $user } @{ $list->json->{Resources} }), "odd extras: $filter: finds who fits";
        }
        is_resource patch("/Users/$odd", { Operations => [{ op => 'replace', path => 'name.givenName', value => 'X' }] }), 200, "odd extras: changed: $extra";
        is row_of($odd)->{first_name}, 'X', 'odd extras: the row';
        db()->do('UPDATE public.users SET first_name = NULL WHERE id = ?', undef, $odd);
    }
}

for my $app (@made) {
    my ($h, $dbh, $database) = @$app;
    $h->stop;
    $dbh->disconnect;
    db()->do("DROP DATABASE $database WITH (FORCE)");
}
done_testing;
