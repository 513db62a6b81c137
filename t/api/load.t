# Faults under a load of writes, some seconds of what "make check-faults" does at
# length; then everything is counted. And the count itself: it must notice what
# it is there for.
use ScimTest;
use Time::HiRes qw(time);
use Faults::Audit ();
use Faults::Load ();
use ScimTest::Sys qw(make_dir);

my $pg = own_cluster(conf => "synchronous_commit = on\n");
my $h = extra_httpd(cluster => $pg, conf => "ScimTimeout 2s\nScimPoolTimeout 1s\n");
my $dir = make_dir($h->dir . '/load');
my $load = Faults::Load->new(dir => $dir, origin => $h->url, token => $pg->token(1),
    writers => 4, cuts => 1)->start;

sub acknowledged {
    my ($more) = @_;
    my $want = $load->acknowledged + $more;
    return wait_until(20, sub { $load->look; $load->acknowledged >= $want });
}

sub sessions {
    return grep { ScimTest::Sys::slurp("/proc/$_/cmdline") =~ /^postgres: mod_scim / }
           split ' ', ScimTest::Sys::slurp('/proc/' . $pg->pid . '/task/' . $pg->pid . '/children');
}

ok acknowledged(20), 'V15: there is a load of writes';
for my $case (
    ['kill -9 of a child of httpd', sub { my %old = map { $_ => 1 } $h->children; kill KILL => (keys %old)[0];
                                          wait_until(20, sub { grep { !$old{$_} } $h->children }) or die "no new child\n" }],
    ['a graceful restart',          sub { $h->graceful }],
    ['the end of all sessions',     sub { $pg->dbh->do(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mod_scim'}) }],
    ['kill -9 of a backend',        sub { kill KILL => (sessions())[0] // die "no session\n";
                                          local $SIG{__WARN__} = sub { };
                                          wait_until(20, sub { eval { $pg->dbh } }) or die "PostgreSQL did not come back\n" }],
    ['PostgreSQL stopped and frozen', sub { my @pid = ($pg->pid, sessions()); kill STOP => @pid;
                                          select undef, undef, undef, 0.5; kill CONT => @pid }],
    ['PostgreSQL restarted',        sub { $pg->halt('immediate'); $pg->resume }],
) {
    my ($what, $harm) = @$case;
    $harm->();
    my $mended = time;
    ok acknowledged(20), "V15: the load goes on after $what";
    ok wait_until(10, sub { $load->look; defined $load->recovered($mended) }), 'V15: all of it';
}
$load->stop;
is_deeply [$load->faults], [], 'V15: every answer was the usual one or 503 with Retry-After';
cmp_ok $load->longest, '<', 3.5, 'V15: inside the deadline';
my $db = $pg->dbh;
my @users = $load->users;
is_deeply [@{ Faults::Audit::count($db, @users) }{qw(lost half faults)}], [0, 0, []],
    'V15: of ' . $load->acknowledged . ' acknowledged writes none is lost and none is there by halves';

# ---- the count ----

my ($id, $name) = $db->selectrow_array(q{SELECT id, username FROM public.users
    WHERE username LIKE 'load-%' AND scim_extra->>'title' = '3' AND deleted_at IS NULL LIMIT 1});
ok $id, 'there is somebody to tamper with';
for my $case (
    ['a row that is gone',        'lost', "DELETE FROM public.users WHERE id = $id"],
    ['a change that is gone',     'lost', "UPDATE public.users SET first_name = '1', scim_extra = scim_extra || '{\"title\": \"1\", \"displayName\": \"1\"}' WHERE id = $id"],
    ['a deletion that is gone',   'lost', q{UPDATE public.users SET deleted_at = NULL WHERE username LIKE 'load-%' AND deleted_at IS NOT NULL}],
    ['a deletion nobody asked for', 'lost', "UPDATE public.users SET deleted_at = now() WHERE id = $id"],
    ['a change in part',          'half', "UPDATE public.users SET first_name = '2' WHERE id = $id"],
    ['an event that is missing',  'half', "DELETE FROM scim.events WHERE resource_id = '$id' AND operation = 'patch' AND changes->'title'->>'new' = '2'"],
    ['an event too many',         'half', "INSERT INTO scim.events (tenant, actor, token_id, operation, resource_type, resource_id, changes, outcome)
         SELECT tenant, actor, token_id, operation, resource_type, resource_id, changes, outcome FROM scim.events WHERE resource_id = '$id' AND operation = 'create'"],
    ['events without a row',      'half', "UPDATE scim.events SET resource_id = '987654321' WHERE resource_id = '$id'"],
) {
    my ($what, $kind, $sql) = @$case;
    $db->begin_work;
    $db->do($sql);
    my $audit = Faults::Audit::count($db, @users);
    cmp_ok $audit->{$kind}, '>', 0, "the count notices $what";
    $db->rollback;
}
is Faults::Audit::count($db, @users)->{half}, 0, 'and is quiet again without';

expect_log(qr/SCIM0013: /);
done_testing;
