# The commands: t/bin/make-directory and t/bin/provision on files, as a person
# runs them.
use ScimTest;
use File::Temp ();
use ScimTest::Sys qw(top run_cmd slurp spew);

scim_reset();
my $dir = File::Temp->newdir;
my %env = (SCIM_URL => base_url(), SCIM_TOKEN => token_a());

# (exit status, what was said)
sub run {
    my ($command, @args) = @_;
    return run_cmd({ status => 1, env => \%env }, $^X, top() . "/t/bin/$command", @args);
}

sub says {
    my ($pattern, $status, $name, @command) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($got, $said) = run(@command);
    utf8::decode($said);
    ok $got == $status && $said =~ $pattern, $name or diag "exit status $got\n$said";
    return $said;
}

sub users { return db()->selectrow_array('SELECT count(*) FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL') }

# ---- a directory ----

says qr/\A\z/, 0, 'make-directory writes a file', 'make-directory', '--people', 25, '--seed', 5, '-o', "$dir/a.csv";
is scalar(split /\n/, slurp("$dir/a.csv")), 26, 'a line for each, and the names';
my $json = says qr/\A\[\n\{"objectId":/, 0, 'or JSON', 'make-directory', '--people', 3, '--json';
is scalar @{ JSON::PP->new->decode($json) }, 3, 'of three';
my $stories = says qr/^hired .*^deleted for good /ms, 0, 'make-directory tells what happened', 'make-directory',
    '--after', "$dir/a.csv", '--seed', 2, '--happen', 'hire=2', '--happen', 'purge=1', '-o', "$dir/b.csv";
is scalar(split /\n/, $stories), 3, 'and nothing else';
says qr/\Amake-directory: there is no story "dance"/, 1, 'make-directory: no such story', 'make-directory', '--after', "$dir/a.csv", '--happen', 'dance=1';
says qr/^usage: /m, 2, 'make-directory: no such option', 'make-directory', '--dance';

# ---- provisioning ----

my @a = ('--directory', "$dir/a.csv", '--map', 'all', '--state', "$dir/state");
says qr/^The connection works\.$/m, 0, 'the connection test', 'provision', 'test';
my $said = says qr/^Initial cycle: 25 created/m, 0, 'a trial run', 'provision', @a;
like $said, qr/^The application equals the directory: 25 users equal, 0 inactive, 0 waiting, 1 that no directory manages$/m, 'with its proof';
like $said, qr/^Full cycle: 25 unchanged in .*, 0 of them writes$/m, 'and a second cycle';
unlike $said, qr/\e|\r/, 'no control characters where there is no terminal';
is users(), 26, 'they are there';
says qr/^Incremental cycle: nothing to do/m, 0, 'nothing has changed', 'provision', @a, 'cycle';
says qr/\A\z/, 0, 'quiet', 'provision', @a, '--quiet', 'cycle';
my @b = ('--directory', "$dir/b.csv", '--map', 'all', '--state', "$dir/state");
says qr/^Incremental cycle: 2 created, .*1 deleted/m, 0, 'the directory has changed', 'provision', @b, '--dialect', 'mixed', 'cycle';
says qr/equals the directory: 26 users/m, 0, 'proven', 'provision', @b, 'prove';
says qr/^On demand: 1 unchanged/m, 0, 'on demand', 'provision', @b, 'on-demand', (split /,/, (split /\n/, slurp("$dir/b.csv"))[3])[0];
says qr/nobody called "nobody"/, 1, 'on demand: nobody', 'provision', @b, 'on-demand', 'nobody';

my $first = (split /,/, (split /\n/, slurp("$dir/b.csv"))[1])[0];
db()->do(q{UPDATE public.users SET last_name = 'Changed' WHERE external_id = ?}, undef, $first);
says qr/^The application does not equal the directory:\n.*familyName is "Changed", not /m, 1, 'somebody changed a name in the application', 'provision', @b, 'prove';
says qr/^Incremental cycle: nothing to do/m, 0, 'which an incremental cycle does not see', 'provision', @b, 'cycle';
says qr/^Full cycle: 1 updated, 25 unchanged/m, 0, 'but a full one does', 'provision', @b, '--full', 'cycle';
says qr/^Initial cycle: 26 unchanged/m, 0, 'from the beginning', 'provision', @b, '--restart', 'cycle';
{
    my ($status) = run('provision', '--directory', "$dir/b.csv", '--url', base_url() . '/?aadOptscim062020', '--match', 'externalId,userName', '--connections', 1);
    is $status, 0, 'with other options';
    spew("$dir/token", token_b() . "\n");
    says qr/^Initial cycle: 26 created/m, 0, 'another organisation, by its token', 'provision', '--directory', "$dir/b.csv", '--token-file', "$dir/token", 'cycle';
}

# ---- when it does not work ----

spew("$dir/bad.csv", "objectId,userPrincipalName\no1,a\@x\no1,b\@x\n");
says qr/\Aprovision: .*bad\.csv: line 3: objectId o1 is there twice$/m, 1, 'a directory with a fault', 'provision', '--directory', "$dir/bad.csv";
spew("$dir/taken.csv", "objectId,userPrincipalName\no1,admin\@contoso.com\n");
says qr/^  failed: admin\@contoso\.com: 409 .* \(again \d{4}-/m, 1, 'a refusal, in words', 'provision', '--directory', "$dir/taken.csv", 'cycle';
says qr/other application|another application/, 1, 'the state of another application', 'provision', @a, '--url', 'http://127.0.0.1:1/x';
says qr/there is no dialect "klingon"; there are: legacy flagged pathless mixed/, 1, 'no such dialect', 'provision', @b, '--dialect', 'klingon';
says qr/there is no mapping "shoe"/, 1, 'no such mapping', 'provision', '--directory', "$dir/b.csv", '--map', 'shoe';
says qr/the tenant URL must be like/, 1, 'no URL', 'provision', '--url', 'x', 'test';
says qr/Provision a directory into an application/, 2, 'no such command', 'provision', 'dance';
$env{SCIM_TOKEN} = 'wrong';
says qr/^stopped: the token was refused: 401/m, 1, 'a wrong token', 'provision', 'test';
delete $env{SCIM_TOKEN};
local $ENV{SCIM_TOKEN};
delete $ENV{SCIM_TOKEN};
says qr/there is no token: set SCIM_TOKEN/, 1, 'none', 'provision', 'test';
$env{SCIM_TOKEN} = 'x';
says qr/^stopped: the connection test failed: Users: could not connect to 127\.0\.0\.1:1: /m, 1, 'nobody there', 'provision', '--url', 'http://127.0.0.1:1/scim', 'test';

done_testing;
