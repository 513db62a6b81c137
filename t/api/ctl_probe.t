# scimctl probe: our own server is all green, and each fault that servers in
# the field have is told in plain words.
use ScimTest;
use ScimTest::Ctl;
use ScimTest::Mangle;

scim_reset();

my %env = (SCIM_TOKEN => token_a());
my $live = sub { db()->selectrow_array(q{SELECT count(*) FROM public.users WHERE deleted_at IS NULL AND organisation_id = 1}) };
my $before = $live->();

# ---- our own ----

my $r = scimctl({ env => \%env }, 'probe', base_url());
is $r->{status}, 0, 'our own server: 0' or diag $r->{out}, $r->{err};
my ($checks) = $r->{out} =~ /\Aall (\d+) checks passed\n\z/;
cmp_ok $checks // 0, '>=', 120, 'all passed, and they were many';
is $live->(), $before, 'nobody is left behind';
$r = scimctl({ env => \%env }, 'probe', '--json', base_url() . '/?aadOptscim062020');
is $r->{status}, 0, '--json, and the Tenant URL as it stands in Entra: 0' or diag $r->{out}, $r->{err};
is_deeply [grep { $_->{result} ne 'ok' } @{ $r->{json} }], [], '--json: all ok';
my %tried = map { $_->{tried} => 1 } @{ $r->{json} };
ok $tried{$_}, "--json: played $_" for 'connection test', 'Entra (legacy)', 'Entra (aadOptscim062020)', 'Okta';
my $events = sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'}) };
my $n = $events->();
$r = scimctl({ env => \%env }, 'probe', '--read-only', '--verbose', base_url());
is $r->{status}, 0, '--read-only: 0';
is $events->(), $n, '--read-only: nothing was changed';
like $r->{out}, qr/^ok     connection test: /m, '--verbose: what went right';
my $file = "$ENV{SCIM_TEST_RUN}/token";
ScimTest::Sys::spew($file, token_a() . "\n");
chmod 0600, $file;
is scimctl('probe', '--read-only', '--token-file', $file, base_url())->{status}, 0, '--token-file';

# ---- broken ones ----

my $error = sub { [$_[0], 'application/scim+json', encode({ schemas => ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status => "$_[0]", detail => $_[1] // 'no' })] };
my @broken = (
    ['LIKE in place of equality', { request => sub { ${ $_[1] } =~ s/Probe-([0-9a-f]{12})/Probe_$1/; 0 } },
        qr/"_" is no wildcard\n +"Probe-\w+\@probe\.example" finds 1 users, though nobody is called so: eq must not be done by LIKE/],
    ['a filter that is passed over', { request => sub { ${ $_[1] } =~ s/\?filter=noSuch.*//; 0 } },
        qr/filter on an unknown attribute\n +the filter was passed over and everybody is in the answer/],
    ['no match as 404', { answer => sub { my ($m, $p, $b, $s, $t, $a) = @_;
          ($$s, $$a) = @{ $error->(404) }[0, 2] if $$a =~ /"totalResults":0/ } },
        qr/no match was answered 404.*Stumbles: Entra/s],
    ['the string "False"', { request => sub { ${ $_[2] } =~ s/"False"/true/; 0 } },
        qr/Entra \(legacy\): a leaver is deactivated\n +the answer was good, but active is true: the leaver still gets in\. "False", a string, has to mean false/],
    ['active:false without path', { request => sub { ${ $_[2] } =~ s/"value":\{"active":false\}/"value":{"title":"x"}/; 0 } },
        qr/Okta: a leaver is deactivated.*it was sent without path/s],
    ['a stack trace', { request => sub { ${ $_[1] } =~ /filter=userName\+eq$/ ? [500, 'text/html', '<h1>at line 1</h1>'] : 0 } },
        qr/filters: no server error\n +the server failed on an ordinary request with 500/],
    ['a login page', { request => sub { $_[0] eq 'GET' && ${ $_[1] } =~ m{^/Users/} ? [200, 'text/html', '<form>'] : 0 } },
        qr/the answer is "text\/html" and not application\/scim\+json; a login page/],
    ['a redirection', { request => sub { ${ $_[1] } =~ /aadOpt/ ? [302, 'text/html', ''] : 0 } },
        qr/the answer is a redirection to \/login; no client follows one/],
    ['a PATCH that is carried out by half', { request => sub { ${ $_[2] } =~ s/,\{[^{}]*"maybe"\}//; 0 },
          answer => sub { my ($m, $p, $b, $s, $t, $a) = @_; ($$s, $$a) = @{ $error->(400) }[0, 2] if $b =~ /"Half"/ } },
        qr/a PATCH happens whole or not at all\n +the first operation of a refused PATCH was carried out/],
    ['an unknown attribute that is refused', { request => sub { ${ $_[2] } =~ /scimctlProbe/ ? $error->(400) : 0 } },
        qr/an unknown attribute is passed over\n +the status is 400: one attribute .* stops the deactivation beside it for ever/],
    ['names that stay taken', { request => sub { $_[0] eq 'POST' && ${ $_[2] } =~ /"ReProbe_/ ? $error->(409) : 0 } },
        qr/a user is created\n +the status is 409 and not 201/],
    ['deletion that is not there', { request => sub { $_[0] eq 'DELETE' ? $error->(501) : 0 } },
        qr/the user "ReProbe_\w+\@probe\.example" could not be deleted; please remove it by hand/],
    ['no token needed', { request => sub { 0 }, answer => sub { my ($m, $p, $b, $s, $t, $a) = @_;
          ($$s, $$a) = (200, '{"totalResults":0,"Resources":[]}') if $p eq '/Users?count=1' } },
        qr/security: no token is refused\n +users are shown to anybody who asks/],
    ['groups that are a 404', { request => sub { ${ $_[1] } =~ m{^/Groups} ? $error->(404) : 0 } },
        qr/an unknown group: empty list\n +no match was answered 404/],
    ['numbers for ids', { answer => sub { ${ $_[5] } =~ s/"id":"(\d+)"/"id":$1/g } }, qr/"id" is missing or not a string/],
    ['a userName in lower case', { answer => sub { ${ $_[5] } =~ s/"userName":"(\w+)/'"userName":"' . lc $1/ge } },
        qr/userName comes back as it was sent\n.*the client sends it again in every cycle/],
    ['the inactive hidden', { answer => sub { my ($m, $p, $b, $s, $t, $a) = @_;
          $$a = '{"totalResults":0,"Resources":[]}' if $p =~ /filter/ && $$a =~ /"active":false/ } },
        qr/the inactive are found\n +0 users are found: who comes back cannot be linked/],
);
for my $case (@broken) {
    my ($what, $how, $says) = @$case;
    my $bad = ScimTest::Mangle->new(base => base_url(), how => $how);
    my $r = scimctl({ env => \%env }, 'probe', $bad->base);
    $bad->stop;
    is $r->{status}, 1, "$what: 1";
    like $r->{out}, qr/^WRONG  /m, "$what: wrong";
    like $r->{out}, $says, "$what: in plain words";
    like $r->{out}, qr/^(?:\d+) of \d+ checks failed\n\z/m, "$what: counted";
    if ($what =~ /deletion/) {
        is db()->selectrow_array(q{SELECT count(*) FROM public.users WHERE active AND username LIKE '%probe.example'}), 0,
            'those that could not be deleted are locked out';
        db()->do(q{UPDATE public.users SET deleted_at = now() WHERE username LIKE '%probe.example'});
        next;
    }
    is $live->(), $before, "$what: nobody is left behind";
}

# ---- what is hostile stays text ----

for my $json (0, 1) {
    my $bad = ScimTest::Mangle->new(base => base_url(),
        how => { request => sub { [200, "text/\e]0;x\a\x9b\xc2\x9b\xe2\x80\xae", "\xc2\x9b<\xe2\x80\xae\xff>"] } });
    my $r = scimctl({ env => \%env }, 'probe', ($json ? '--json' : ()), $bad->base);
    $bad->stop;
    is $r->{status}, 1, 'a hostile answer: 1';
    is_tame $r->{out}, 'nothing that a terminal obeys';
    next if !$json;
    like $r->{json}[0]{text}, qr/"text\/\e\]0;x\a\x{fffd}\x{9b}\x{202e}"/, '--json: the text, as far as it is one';
}

# ---- tokens, addresses, usage ----

$r = scimctl({ env => { SCIM_TOKEN => 'scim_no' } }, 'probe', base_url());
is $r->{status}, 1, 'a wrong token: 1';
like $r->{out}, qr/the token is refused/, 'which is said';
like $r->{out}, qr/^1 of 1 checks failed$/m, 'and no more is tried';
$r = scimctl({ env => \%env }, 'probe', server_url() . '/elsewhere');
is $r->{status}, 1, 'another page of the web server: 1';
is scalar(() = $r->{out} =~ /^WRONG/mg), 1, 'said once';
$r = scimctl({ env => \%env }, 'probe', 'http://127.0.0.1:1/scim/v2');
is $r->{status}, 3, 'nobody there: 3';
like $r->{err}, qr{could not reach "http://127\.0\.0\.1:1/scim/v2": }, 'which is said';
for my $wrong (['probe'], ['probe', 'ftp://x/'], ['probe', base_url(), 'x'], ['probe', base_url()], ['probe', '--timeout', 'x', base_url()],
               ['probe', '--domain', 'a b', base_url()], ['probe', '--token-file', '/nowhere', base_url()]) {
    is scimctl({ env => @$wrong > 2 ? \%env : {} }, @$wrong)->{status}, 2, "wrong usage: @$wrong";
}
my $said = join '', map { $_->{out} . $_->{err} } scimctl({ env => \%env }, 'probe', '-v', base_url());
unlike $said, qr/\Q${\ token_a() }\E/, 'the token is never shown';

done_testing;
