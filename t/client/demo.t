# "make demo" in small: everything it prints is checked by itself, so its exit
# status is the test; what it tells people to paste has to work.
use ScimTest;
use File::Temp ();
use MIME::Base64 qw(encode_base64);
use ScimTest::OpenMetrics ();
use ScimTest::Sys qw(top run_cmd free_port);

my $dir = File::Temp::tempdir('scim-demo-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $dir;
my %env = (UP_DIR => "$dir/up", SCIM_PORT => free_port(), PG_PORT => free_port(), USERS => 90);
my ($status, $said) = run_cmd({ status => 1, env => \%env }, $^X, top() . '/t/bin/demo');
utf8::decode($said);
is $status, 0, 'the demonstration ends well' or diag $said;
unlike $said, qr/NOT AS IT SHOULD BE|\e|\r/, 'plain lines, no fault';
like $said, qr/^  all +\d+ +\d+\.\d +\d+\.\d +\d+\.\d +\d+\.\d$/m, 'requests are measured on both sides';
like $said, qr/^  adopted: had an account +[1-9]/m, 'accounts that were there are adopted';
like $said, qr/^  \Q$_\E.* [1-9][\d,]*$/m, "$_ in the events" for 'created', 'restored', 'changed', 'deactivated', 'active again', 'deleted';
like $said, qr/^  \S+\@contoso\.com, role admin, active, externalId none\n    answer to the provider: 409 \S/m, 'the administrator is left alone';
like $said, qr/UTC  adopt  token 1 of admin\@contoso\.com\n      \S/, 'the auditor gets an answer';
like $said, qr/^  make down UP_DIR=\Q$dir\E\/up   stops/m, 'how to stop';

# what is counted agrees
{
    my ($url) = $said =~ m{^  Metrics  (http://\S+)$}m;
    my ($server, $path) = ($url // '') =~ m{^http://([^/]+)(/.*)$};
    is $url, "http://127.0.0.1:$env{SCIM_PORT}/scim-metrics", 'where the metrics are';
    my $res = ScimTest::Client::request($server, 'GET', $path, {});
    my $metrics = eval { ScimTest::OpenMetrics->parse($res->content) } or diag $@;
    cmp_ok $metrics->sum('mod_scim_requests_total', status => '201'), '>=', 90, 'they tell of the users created';
}

{
    my ($url, $user, $password) = map { $said =~ /^  $_=(\S+)$/m ? $1 : die "no $_ in the demonstration\n" }
        qw(CONSOLE_URL CONSOLE_USER CONSOLE_PASSWORD);
    my ($server, $path) = $url =~ m{^http://([^/]+)(/.*/)$};
    my $session = ScimTest::Client::request($server, GET => "${path}api/session",
        { Authorization => 'Basic ' . encode_base64("$user:$password", '') });
    is $session->code, 200, 'the console lets its administrator in';
    is_deeply [map { $_->{name} } @{ $session->json->{tenants} }], ['Contoso'], 'to the right organisation';
}

# the lines to paste: the settings, then three times curl
my @paste = $said =~ /^  (\. \S+\/env|curl .*)$/mg;
is scalar @paste, 4, 'four lines to paste';
my ($settings, @curl) = @paste;
my @answers = map { my (undef, $text) = run_cmd({ status => 1 }, 'sh', '-c', "$settings\n$_"); eval { JSON::PP->new->utf8->decode($text) } || diag $text } @curl;
is $answers[0]{totalResults}, 1, 'the first finds somebody';
is $answers[1]{id}, $answers[0]{Resources}[0]{id}, 'the second changes the same user';
ok !$answers[1]{active}, 'who is inactive then';
cmp_ok $answers[2]{totalResults}, '>=', 1, 'and the third lists such';

($status, $said) = run_cmd({ status => 1, env => { %env, USERS => 'many' } }, $^X, top() . '/t/bin/demo');
is $status, 1, 'a number of users is one';
like $said, qr/\AUSERS must be a number, 60 at least, not "many"$/, 'and it says so';

END {
    local $?;
    run_cmd({ status => 1, env => \%env }, $^X, top() . '/t/bin/up', '--down') if $dir;
}

done_testing;
