# scimctl check: httpd tells its mapping, scimctl proves it.
use ScimTest;
use ScimTest::Ctl;

scim_reset();

my $program = ScimTest::Httpd::program();
my @at = ('--httpd', $program, '-f');

# ---- all is well ----

my $h = extra_httpd(start => 0);
$h->write_conf;
my $r = scimctl('check', @at, $h->conf_file);
is $r->{status}, 0, 'the reference fits: 0' or diag $r->{err};
like $r->{out}, qr/^the mapping fits the database$/m, 'and it says so';
is $r->{err}, '', 'nothing on standard error';
like $r->{out}, qr/^ScimAttribute userName +username +text +users_username_live \(unique\) +caseless, by username_key +select insert update +ok$/m,
    'an attribute with its column, type, index, case rule and rights';
like $r->{out}, qr/^ScimAttribute externalId .* exact /m, 'another compares exactly';
like $r->{out}, qr/^ScimDefault +password_hash +text +insert +ok$/m, 'a default needs INSERT only';
like $r->{out}, qr{^<ScimResource User> in <Location "/scim/v2"> \(\S+:\d+\)$}m, 'where it is configured';

$r = scimctl('check', '--json', @at, $h->conf_file);
is $r->{status}, 0, '--json: 0';
is scalar(@{ $r->{json} }), 1, '--json: one location';
my %line = map { $_->{directive} => $_ } @{ $r->{json}[0]{columns} };
is $line{'ScimAttribute emails[type eq "work"].value'}{index}, 'users_email_live', '--json: an index';
is_deeply $r->{json}[0]{findings}, [], '--json: no findings';

$r = scimctl({ env => { HTTPD => $program, HTTPD_CONF => $h->conf_file } }, 'check');
is $r->{status}, 0, 'program and configuration from the environment' or diag $r->{err};

# ---- the dump ----

my ($status, $dump) = $h->command('-t', '-D', 'SCIM_DUMP');
is $status, 0, 'httpd -t -D SCIM_DUMP';
my @json = grep { /^\{/ } split /\n/, $dump;
is scalar(@json), 1, 'one line for the one mapping';
my $line = JSON::PP::decode_json($json[0] // '{}');
is $line->{path}, '/scim/v2', 'it has the path';
is $line->{mapping}{table}, 'public.users', 'and the table';
is_deeply [grep { $_->{attribute} eq 'userName' } @{ $line->{mapping}{attributes} }],
    [{ attribute => 'userName', column => 'username', key => 'username_key' }], 'and the attributes';
($status, $dump) = $h->command('-t');
unlike $dump, qr/public\.users/, 'without the define nothing is told';

$r = scimctl({ in => "Syntax OK\n$json[0]\n" }, 'check', '-');
is $r->{status}, 0, 'the dump from standard input' or diag $r->{err};
for my $bad (["{\"scim\":1,\n" => 'cut off'], ["{\"scim\":1,\"path\":\"/x\",\"mapping\":{}}\n" => 'empty'],
             [$json[0] =~ s/"columns?":"username"/"column":""/r => 'without a column']) {
    my $r = scimctl({ in => $bad->[0] }, 'check', '-');
    is $r->{status}, 3, "a dump that is none: $bad->[1]";
    like $r->{err}, qr/could not read what httpd dumped/, "which is said: $bad->[1]";
}

# A virtual host has the main server's locations; they are told once.
my $v = extra_httpd(start => 0, conf => '<VirtualHost 127.0.0.1:' . $h->port . ">\nServerName other\n</VirtualHost>\n");
$v->write_conf;
($status, $dump) = $v->command('-t', '-D', 'SCIM_DUMP');
is scalar(() = $dump =~ /^\{"scim"/mg), 1, 'a virtual host does not tell it again';

# Groups, and their members.
my $g = extra_httpd(start => 0, groups => 1);
$g->write_conf;
$r = scimctl('check', '--json', @at, $g->conf_file);
is $r->{status}, 0, 'users and groups: 0' or diag $r->{out}, $r->{err};
is_deeply [map { $_->{resource} } @{ $r->{json} }], ['User', 'Group'], 'each has a report';
like scimctl('check', @at, $g->conf_file)->{out}, qr/^ScimVersion +\w+ +(?:bigint|integer) .*ok$/m, 'groups: the counter is in it';

# ---- broken ----

# The database of others is left alone: a copy.
my $name = 'ctl_' . $$;
db()->do("CREATE DATABASE $name TEMPLATE template0");
cluster()->psql('-d', $name, '-1', '-f', ScimTest::Sys::top() . "/conf/sql/$_") for 'wiggledesk.sql', 'scim.sql';
my $dbh = cluster()->dbh(dbname => $name);
my $b = extra_httpd(start => 0, conninfo => cluster()->conninfo(dbname => $name),
    edit => sub { s/^(\s*ScimAttribute\s+name\.familyName\s+)last_name/${1}family_name/m });
$b->write_conf;
$dbh->do('REVOKE UPDATE (email) ON public.users FROM mod_scim');
$r = scimctl('check', @at, $b->conf_file);
is $r->{status}, 1, 'a broken mapping: 1';
like $r->{out}, qr/^ScimAttribute name\.familyName +family_name +\(missing\) .*WRONG$/m, 'a column that is missing';
like $r->{out}, qr/^wrong: ScimAttribute name\.familyName names column "family_name", which "public"\."users" does not have; .*ADD COLUMN/m, 'in a sentence';
like $r->{out}, qr/^wrong: .*GRANT UPDATE \("email"\) ON "public"\."users" TO "mod_scim"$/m, 'a grant that is missing, with the SQL';
like $r->{out}, qr/^ScimAttribute emails\S* \S+ \S+ +email .* select insert +WRONG$/m, 'and in its line';
like $r->{out}, qr/^2 findings$/m, 'counted';
$r = scimctl('check', '--json', @at, $b->conf_file);
is $r->{status}, 1, '--json: 1';
is_deeply [sort map { $_->{directive} } @{ $r->{json}[0]{findings} }],
    ['ScimAttribute emails[type eq "work"].value', 'ScimAttribute name.familyName'], '--json: what they are about';
my @mend = map { $_->{text} =~ /; (GRANT .*)$/ ? $1 : () } @{ $r->{json}[0]{findings} };
$dbh->do($_) for @mend, 'ALTER TABLE public.users RENAME last_name TO family_name';
is scimctl('check', @at, $b->conf_file)->{status}, 0, 'the SQL that it gives mends it';

$dbh->do('DROP INDEX public.users_username_live');
$r = scimctl('check', @at, $b->conf_file);
like $r->{out}, qr/^wrong: ScimAttribute userName must be unique .*CREATE UNIQUE INDEX/m, 'an index that is missing';
like $r->{out}, qr/^ScimAttribute userName +username +text +caseless/m, 'is missing in its line';
my ($index) = $r->{out} =~ /; (CREATE UNIQUE INDEX .*)$/m;
$dbh->do($index);
is scimctl('check', @at, $b->conf_file)->{status}, 0, 'and made';
$dbh->do('DROP INDEX public.users_organisation_id_username_key_idx');
$dbh->do('CREATE UNIQUE INDEX everywhere ON public.users (username_key) WHERE deleted_at IS NULL');
$r = scimctl('check', @at, $b->conf_file);
is $r->{status}, 0, 'a warning is no finding';
like $r->{out}, qr/^warning: ScimAttribute userName is unique over all organisations/m, 'but is told';
my $m = extra_httpd(start => 0, groups => 1, conninfo => cluster()->conninfo(dbname => $name),
    edit => sub { s/^(\s*ScimAttribute\s+name\.familyName\s+)last_name/${1}family_name/m; s/^(\s*ScimMembers\s+)\S+/${1}public.nowhere/m });
$m->write_conf;
$r = scimctl('check', @at, $m->conf_file);
is $r->{status}, 1, 'a table of members that is not there: 1';
like $r->{out}, qr/^wrong: ScimMembers: there is no table or view "public"\."nowhere" in this database$/m, 'which is said';
like $r->{out}, qr/^1 finding$/m, 'once';
$dbh->do('ALTER SCHEMA scim RENAME TO elsewhere');
$r = scimctl('check', @at, $b->conf_file);
is $r->{status}, 1, 'no schema scim: 1';
like $r->{out}, qr/^wrong: .*run scim\.sql in this database/m, 'in a sentence about no column';
$dbh->disconnect;
db()->do("DROP DATABASE $name WITH (FORCE)");

# ---- what is not there ----

$r = scimctl('check', @at, $b->conf_file);
is $r->{status}, 3, 'no such database: 3';
like $r->{err}, qr/could not ask the database: .*"$name" does not exist/, 'the server says why';
$r = scimctl('check', @at, $h->conf_file, '--location', '/elsewhere');
is $r->{status}, 3, 'no such location: 3';
$r = scimctl('check', '--httpd', '/nowhere/httpd');
is $r->{status}, 3, 'no such program: 3';
$r = scimctl('check', @at, '/nowhere/httpd.conf');
is $r->{status}, 1, 'a configuration that httpd refuses: 1';
like $r->{err}, qr/does not accept the configuration:\n.*nowhere/s, 'with what httpd says';
my $conf = "$ENV{SCIM_TEST_RUN}/none.conf";
ScimTest::Sys::spew($conf, ScimTest::Sys::slurp($h->conf_file) =~ s/^Include .*scim-reference.*$//mr);
$r = scimctl('check', @at, $conf);
is $r->{status}, 3, 'nothing configured: 3';
like $r->{err}, qr/there is no <ScimResource>/, 'which is said';

# ---- usage ----

for my $wrong (['check', 'x'], ['check', '--nothing'], ['check', '-f'], ['check', '--json=1'], [], ['x'], ['token'],
               ['check', '--location']) {
    my $r = scimctl(@$wrong);
    is $r->{status}, 2, "wrong usage: @$wrong";
    like $r->{err}, qr/--help" says how it is used$/m, "points to the help: @$wrong";
    is $r->{out}, '', "and prints nothing else: @$wrong";
}
$r = scimctl('--help');
is $r->{status}, 0, '--help: 0';
my @command = $r->{out} =~ /^  (\w+)  +\w/mg;
is_deeply [sort @command], [qw(access adopt check events inspect probe release token)], 'it names the commands';
for my $command (@command) {
    my $r = scimctl($command, '--help');
    is $r->{status}, 0, "$command --help: 0";
    like $r->{out}, qr/^usage: .*scimctl $command\b.*^exit status: 0/ms, "$command --help: usage and exit status";
}
like scimctl('--version')->{out}, qr/^scimctl \d/, '--version';

done_testing;
