# Several hosts in ScimDatabase: one that says nothing must not be waited for
# by everybody, one that takes no writes is passed over, and a connection that
# turns out to take none is not kept.
use ScimTest;
use IO::Socket::UNIX ();
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(time);
use ScimTest::Sys qw(make_dir);

scim_reset();
my $id = new_user()->{id};
my $list = "/Users?filter=userName+eq+%22nobody%22";

# A server that is reached and never says a word.
my @silent;
sub silent_host {
    my $dir = sprintf '%s-silent-%d-%d', cluster()->dir, $$, scalar @silent;
    make_dir($dir);
    my $path = sprintf '%s/.s.PGSQL.%d', $dir, cluster()->port;
    push @silent, IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path,
        Listen => 100) // die "$path: $!\n";
    chmod 0777, $path;
    return $dir;
}

# One child, so that it is known who remembers what.
my $ONE = ScimTest::Httpd::mpm() eq 'prefork'
    ? "StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\n"
    : "StartServers 1\nServerLimit 1\nMaxRequestWorkers 10\n";
my $n = 0;
sub over {
    my ($hosts, $more, %opt) = @_;
    my $name = 'hosts_' . ++$n;
    my $h = extra_httpd(conninfo => cluster()->conninfo(host => join(',', @$hosts),
        application_name => $name, %opt), conf => "ScimPoolTimeout 1s\n$ONE$more");
    return ($h, $name);
}

sub timed {
    my ($code) = @_;
    my $start = time;
    return ($code->(), time - $start);
}

# The connections of a server break; the next request opens one anew.
sub break_connections {
    my ($name) = @_;
    db()->do('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?', undef, $name);
    wait_until(5, sub { !db()->selectrow_array(
        'SELECT count(*) FROM pg_stat_activity WHERE application_name = ?', undef, $name) })
        or die "the connections of $name did not end\n";
}

# ---- a host that says nothing, in front of one that is well ----

{
    my ($h, $name) = over([silent_host(), cluster()->dir], "ScimTimeout 8s\n", connect_timeout => 2);
    my @there = (base => $h->base);
    my ($res, $took) = timed(sub { get($list, @there) });
    is_list $res, 0, 'V15: a host that says nothing is passed over';
    cmp_ok $took, '>', 1.9, 'V15: after connect_timeout';
    cmp_ok $took, '<', 6, 'V15: and not after all of the deadline';
    break_connections($name);
    ($res, $took) = timed(sub { patch("/Users/$id",
        { Operations => [{ op => 'replace', path => 'title', value => 'passed' }] }, @there) });
    is_resource $res, 200, 'V15: a connection that is opened later';
    cmp_ok $took, '<', 1.9, 'V15: does not wait for it again';
    is get("/Users/$id")->json->{title}, 'passed', 'V15: and is one for writing';
    my @line = grep { /SCIM0086/ } log_lines_since($h);
    is scalar @line, 1, 'V15: which the log tells once';
    like $line[0], qr/SCIM0086: host \S+-silent-\S+ gave no answer within 2\d\d\d ms/, 'V15: with the host';
    $h->stop;
}

# without a connect_timeout each gets its share of the deadline
{
    my ($h) = over([silent_host(), silent_host(), cluster()->dir], "ScimTimeout 3s\n");
    my ($res, $took) = timed(sub { get($list, base => $h->base) });
    is_list $res, 0, 'V15: two hosts that say nothing are passed over';
    cmp_ok $took, '>', 1.9, 'V15: after their share of the deadline';
    cmp_ok $took, '<', 3.5, 'V15: within the deadline';
    $h->stop;
}

# nobody else: still inside the deadline, and the cause names all
{
    my $nobody = cluster()->dir . '-nobody';
    my ($h) = over([silent_host(), $nobody], "ScimTimeout 2s\n");
    my ($res, $took) = timed(sub { get($list, base => $h->base) });
    is_error $res, 503, undef, undef, 'V15: one says nothing and the other is not there';
    cmp_ok $took, '<', 3, 'V15: inside the deadline';
    like join("\n", log_lines_since($h)),
        qr/SCIM0013: .*-silent-\S+: no answer within \d+ ms.*; .*\Q$nobody\E.* failed/,
        'V15: the log says what became of each';
    $h->stop;
}

# ---- hosts that take no writes ----

{
    my $pg = own_cluster();
    $pg->dbh->do($_) for 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()';
    my $rw = cluster()->dir;
    my ($h) = over([$pg->dir, silent_host(), $rw], "ScimTimeout 6s\n",
        target_session_attrs => 'read-write', connect_timeout => 1);
    my $user = new_user(base => $h->base);
    ok row_of($user->{id}), 'V15: target_session_attrs is asked of each host';
    $h->stop;
}

# ---- a connection that turns out to take no writes ----

{
    my ($h, $name) = over([cluster()->dir], "ScimTimeout 2s\n");
    my @there = (base => $h->base);
    db()->do('ALTER ROLE mod_scim SET default_transaction_read_only = on');
    is_list get($list, @there), 0, 'V15: a server that takes no writes is read from';
    my $body = { userName => uniq('ro') };
    is_error post('/Users', $body, @there), 503, undef, undef, 'V15: and a write is to come again';
    db()->do('ALTER ROLE mod_scim RESET default_transaction_read_only');
    is_resource post('/Users', $body, @there), 201, 'V15: when it takes writes again, so does the service';
    $h->stop;
}

# ---- sessions that the server ends ----

# It says so, and hangs up a moment later; in between nobody may use them.
{
    my ($h, $name) = over([cluster()->dir], "ScimTimeout 2s\n");
    my %code;
    for (1 .. 25) {
        get($list, base => $h->base);
        break_connections($name);
        $code{ get($list, base => $h->base)->code }++;
    }
    is_deeply \%code, { 200 => 25 }, 'V15: sessions that were ended while nobody used them cost no request';
    $h->stop;
}

expect_log(qr/SCIM0013: /, qr/SCIM0086: /);
unlink $_->hostpath for @silent;
rmdir $_->hostpath =~ s{/[^/]*\z}{}r for @silent;
done_testing;
