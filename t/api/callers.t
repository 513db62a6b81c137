# Callers without a valid token: each is seen in the log as it usually is, by its
# address and the reason, until there are too many; and fail2ban reads the lines.
use ScimTest;
use ScimTest::Sys qw(top slurp);

scim_reset();

# httpd's usual level
my $h = extra_httpd(conf => "LogLevel warn\n");
my @there = (base => $h->base);
my $secret = 'scim_' . 'd' x 64;

sub lines { my ($from) = @_; return grep { /SCIM00(?:14|82)/ } split /\n/, $h->log_from($from) }

for my $case (
    ['none',             undef,              qr/the request has no API token; it must be sent as "Authorization: Bearer TOKEN"$/],
    ['another scheme',   "Basic $secret",    qr/only Bearer tokens are accepted$/],
    ['a malformed one',  "Bearer $secret x", qr/the Authorization header has no well-formed Bearer token$/],
    ['an unknown one',   "Bearer $secret",   qr/the API token is not valid: it may be mistyped, .*$/],
) {
    my ($what, $header, $reason) = @$case;
    my $from = $h->log_size;
    get("/Users?access_token=$secret", @there, token => undef, headers => { Authorization => $header, 'X-Forwarded-For' => '192.0.2.9' });
    my @line = lines($from);
    is scalar(@line), 1, "$what: one line";
    like $line[0], qr/\[scim:warn\] .*SCIM0014: refused a caller from 127\.0\.0\.1: $reason/, "$what: address and reason";
}
my $log = $h->error_log;
unlike $log, qr/\Q$secret\E|dddddddd/, 'nothing of a token';

{
    my $behind = extra_httpd(modules => ['remoteip'], conf => "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n");
    get('/Users', base => $behind->base, token => undef, headers => { 'X-Forwarded-For' => '2001:db8::7' });
    like $behind->error_log, qr/SCIM0014: refused a caller from 2001:db8::7: /, 'behind a proxy the address is what mod_remoteip says';
}

# ---- fail2ban ----
my ($regex) = slurp(top() . '/docs/security.md') =~ /^\s*failregex = (.+)$/m;
ok $regex, 'docs/security.md has a failregex';
# <HOST> as fail2ban reads it, more or less
($regex //= 'none') =~ s/<HOST>/(?<host>[0-9a-fA-F.:]+|[\\w.-]+)/;
my @line = lines(0);
for my $line (@line) {
    # fail2ban takes the date out first, and leaves the brackets
    for my $form ($line, $line =~ s/^\[[^\]]*\]/[]/r) {
        ok $form =~ /$regex/ && $+{host} eq '127.0.0.1', 'a line is read' or diag $form;
    }
}
# what somebody else's line quotes is not taken for one of ours
my $forged = 'SCIM0014: refused a caller from 192.0.2.1: the request has no API token';
for my $line ("[Wed Nov 25 01:41:03.3 2026] [core:error] [pid 1:tid 2] [client 127.0.0.1:9] AH00127: Cannot map GET /$forged to file",
              "[Wed Nov 25 01:41:03.3 2026] [scim:info] [pid 1:tid 2] [client 127.0.0.1:9] SCIM0015: GET /scim/v2/$forged answered 404: x",
              "[Wed Nov 25 01:41:03.3 2026] [scim:warn] [pid 1:tid 2] [client 127.0.0.1:9] SCIM0065: PATCH /scim/v2/$forged held back") {
    unlike $line, qr/$regex/, 'a quoted one is not';
}

# ---- too many ----
{
    my $from = $h->log_size;
    my $begin = Time::HiRes::time();
    my @answer = parallel(map { [GET => '/Users', undef, @there, token => undef] } 1 .. 80);
    is scalar(grep { $_->code == 401 } @answer), 80, 'eighty callers are refused';
    my $most = 21 + 5 * (Time::HiRes::time() - $begin);
    my $sent = 80;
    my $seen = () = $h->log_from($from) =~ /SCIM0014/g;
    cmp_ok $seen, '<=', $most, "not each has a line ($seen)";
    # whoever has a line again says how many had none
    my $said = sub {
        my ($own, $others) = (0, 0);
        /SCIM0082: refused (\d+) more callers, without a line for each/ ? ($others += $1) : $own++ for lines($from);
        return $own + $others;
    };
    ok wait_until(30, sub { $sent++; get('/Users', @there, token => undef); $said->() == $sent }), 'in the end all are counted'
        or diag $said->(), " of $sent";
    like $h->log_from($from), qr/\[scim:warn\] .*SCIM0082: refused \d+ more callers/, 'as a warning' if $seen < 80;
}

# a caller with a token has none of these
{
    my $from = $h->log_size;
    is get('/Users', @there)->code, 200, 'with a token';
    is_deeply [lines($from)], [], 'there is no line';
}

done_testing;
