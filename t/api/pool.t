# The connections of a child: how they are set up, and that neither accounts
# which the application holds nor statements that do not end take all of them.
use ScimTest;
use ScimTest::Sys qw(slurp_from);
use POSIX ();
use Time::HiRes qw(sleep time);

scim_reset();
my $prefork = ScimTest::Httpd::mpm() eq 'prefork';

# Servers with so many connections in all.
sub server_with {
    my ($connections, $name, $more) = @_;
    return scalar extra_httpd(
        conninfo => cluster()->conninfo(application_name => $name),
        conf => ($prefork ? "StartServers $connections\nServerLimit $connections\nMaxRequestWorkers $connections\nScimPoolMax 1\n"
                          : "StartServers 1\nServerLimit 1\nMaxRequestWorkers 10\nScimPoolMax $connections\n") . $more);
}

sub title { my ($text) = @_; return { Operations => [{ op => 'replace', path => 'title', value => $text }] } }

# ---- how a connection is set up ----

{
    my @setting = qw(jit statement_timeout lock_timeout client_connection_check_interval DateStyle);
    db()->do($_) for 'CREATE FUNCTION public.note_settings() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.last_name := ' . join(" || '/' || ", map { "current_setting('$_')" } @setting) . '; RETURN NEW; END $$',
        'CREATE TRIGGER a_note BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.note_settings()';
    my $h = server_with(1, 'pool_settings', "ScimTimeout 4s\n");
    my $user = new_user(base => $h->base);
    is row_of($user->{id})->{last_name}, 'off/3200ms/2800ms/400ms/ISO, YMD',
        'V15: no JIT, and limits below the deadline of 4 s';
    db()->do($_) for 'DROP TRIGGER a_note ON public.users', 'DROP FUNCTION public.note_settings()';
    $h->stop;
}

# ---- an account that the application holds ----

{
    my $name = 'pool_held';
    my $h = server_with($prefork ? 12 : 3, $name, "ScimTimeout 3s\nScimPoolTimeout 1s\n");
    my @there = (base => $h->base);
    my ($held, $free) = map { new_user()->{id} } 1 .. 2;
    my $other = scim_b('POST', '/Users', { userName => uniq('other') })->json;
    get('/Users?count=1', @there);
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do('SELECT 1 FROM public.users WHERE id = ? FOR UPDATE', undef, $held);
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        my @answer = parallel(map { [PATCH => "/Users/$held", title("held $_"), @there] } 1 .. 6);
        POSIX::_exit(scalar grep { $_->code != 503 } @answer);
    }
    my $waiting = sub { db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity
        WHERE application_name = ? AND wait_event_type = 'Lock'}, undef, $name) };
    ok wait_until(5, sub { $waiting->() }), 'V15: an account that the application holds is waited for';
    sleep 0.3;
    is $waiting->(), 1, 'V15: by one connection, however many want to change it' unless $prefork;
    my $start = time;
    my @case = (
        ['another organisation looks up', sub { scim_b('GET', "/Users?filter=userName+eq+%22$other->{userName}%22", undef, @there) }],
        ['another organisation reads', sub { scim_b('GET', "/Users/$other->{id}", undef, @there) }],
        ['another organisation changes', sub { scim_b('PATCH', "/Users/$other->{id}", title('free'), @there) }],
        ['another account is changed', sub { patch("/Users/$free", title('free'), @there) }],
        ['the account is read', sub { get("/Users/$held", @there) }],
    );
    is $_->[1]->()->code, 200, "V15: meanwhile $_->[0]" for @case;
    cmp_ok time - $start, '<', 0.9, 'V15: and all of that at once';
    is scim_b('GET', "/Users/$other->{id}")->json->{title}, 'free', 'V15: what was changed is';
    waitpid $child, 0;
    is $?, 0, 'V15: who wants to change it is told to come back';
    $holder->rollback;
    $holder->disconnect;
    is_resource patch("/Users/$held", title('let go'), @there), 200, 'V15: and can, when it is let go';
    is get("/Users/$held")->json->{title}, 'let go', 'V15: which is done';

    # changes of many accounts that are held leave one connection to readers
    $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do('SELECT 1 FROM public.users FOR UPDATE');
    my @held = map { new_user()->{id} } 1 .. 4;
    $holder->do('SELECT 1 FROM public.users FOR UPDATE');
    $child = fork // die "fork: $!\n";
    if (!$child) {
        my @answer = parallel(map { [PATCH => "/Users/$_", title('held'), @there] } @held);
        POSIX::_exit(scalar grep { $_->code != 503 } @answer);
    }
    ok wait_until(5, sub { $waiting->() >= 2 }), 'V15: several accounts are waited for';
    $start = time;
    is scim_b('GET', "/Users/$other->{id}", undef, @there)->code, 200, 'V15: and who only reads is served';
    cmp_ok time - $start, '<', 0.9, 'V15: at once';
    waitpid $child, 0;
    is $?, 0, 'V15: the others are told to come back';
    $holder->rollback;
    $holder->disconnect;
    $h->stop;
    expect_log(qr/SCIM0013: .*(?:lock timeout|ScimPoolMax)/);
}

# ---- who waits for a connection ----

# First come, first served; with prefork a child has a request and a connection.
unless ($prefork) {
    my $h = server_with(1, 'pool_line', "ScimTimeout 30s\nScimPoolTimeout 30s\n"
        . "<Location \"/scim-metrics\">\n    SetHandler scim-metrics\n</Location>\n");
    my @there = (base => $h->base);
    my $held = new_user(@there)->{id};
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do('SELECT 1 FROM public.users WHERE id = ? FOR UPDATE', undef, $held);
    my $waiting = sub {
        my $res = scim('GET', '/scim-metrics', undef, token => undef, base => $h->url);
        my ($count) = $res->content =~ /^mod_scim_requests_waiting (\d+)$/m;
        return $count;
    };
    my $busy = sub { db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'pool_line' AND wait_event_type = 'Lock'}) };
    my $send = sub {
        my ($want, @request) = @_;
        my $child = fork // die "fork: $!\n";
        return $child if $child;
        my ($res) = parallel([@request, @there]);
        POSIX::_exit($res->code == $want ? 0 : 1);
    };
    my @child = $send->(200, PATCH => "/Users/$held", title('held'));
    ok wait_until(20, $busy), 'V15: the one connection is busy';
    my @name = map { uniq('line') } 1 .. 6;
    for my $n (0 .. $#name) {
        push @child, $send->(201, POST => '/Users', { userName => $name[$n] });
        ok wait_until(20, sub { $waiting->() == $n + 1 }), 'V15: and so many wait for it: ' . ($n + 1);
    }
    $holder->rollback;
    $holder->disconnect;
    is scalar(grep { waitpid $_, 0; $? } @child), 0, 'V15: all are served';
    is_deeply db()->selectcol_arrayref('SELECT username FROM public.users WHERE username = ANY (?) ORDER BY id', undef, \@name),
        \@name, 'V15: in the order in which they came';
    is $waiting->(), 0, 'V15: nobody waits any more';
    $h->stop;
}

# ---- a statement that does not end ----

# A trigger of the application that swallows every limit, and says how many
# connections there are whenever it begins.
sub stick {
    my ($name) = @_;
    db()->do($_) for 'CREATE FUNCTION public.stubborn() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            the_end timestamptz := clock_timestamp() + interval \'8 s\';
        BEGIN
            RAISE LOG \'stubborn: %\', (SELECT count(*) FROM pg_stat_activity WHERE application_name = \'' . $name . '\');
            WHILE clock_timestamp() < the_end LOOP
                BEGIN
                    PERFORM pg_sleep(0.05);
                EXCEPTION WHEN query_canceled THEN
                    NULL;
                END;
            END LOOP;
            RETURN NEW;
        END $$',
        'CREATE TRIGGER a_stubborn BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.stubborn()';
}

sub unstick { db()->do($_) for 'DROP TRIGGER a_stubborn ON public.users', 'DROP FUNCTION public.stubborn()' }

{
    my $name = 'pool_stuck';
    my $h = server_with(2, $name, "ScimTimeout 1s\nScimPoolTimeout 1s\n");
    my @id = map { new_user()->{id} } 1 .. 6;
    stick($name);
    my $log = -s cluster()->logfile;
    my $start = time;
    for my $round (0 .. 2) {
        my @answer = parallel(map { [PATCH => "/Users/$_", title('stuck'), base => $h->base] } @id[2 * $round, 2 * $round + 1]);
        is_error $_, 503, undef, undef, 'V15: a change that does not end' for @answer;
    }
    cmp_ok time - $start, '<', 6.5, 'V15: is told at the deadline, each time';
    my @seen = slurp_from(cluster()->logfile, $log) =~ /stubborn: (\d+)/g;
    cmp_ok scalar(@seen), '>=', 3, 'V15: it was begun';
    is scalar(grep { $_ > 2 } @seen), 0, "V15: never with more connections than there may be (@seen)";
    ok wait_until(3, sub { !db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = ?
        AND state <> 'idle'}, undef, $name) }), 'V15: and the server gave it up soon after';
    unstick();
    is_resource patch("/Users/$_", title('well'), base => $h->base), 200, 'V15: without it, service goes on' for @id;
    isnt get("/Users/$_")->json->{title}, 'stuck', 'V15: nothing of it is left' for @id;
    expect_log(qr/SCIM0013: .*(?:no answer within|statement timeout)/);
    $h->stop;
}

# Who takes over the connection of a statement that was given up waits until the
# server has noticed: a tenth of ScimTimeout.
unless ($prefork) {
    my $h = server_with(1, 'pool_rests', "ScimTimeout 3s\nScimPoolTimeout 3s\n");
    my @there = (base => $h->base);
    my ($stuck, $free) = map { new_user()->{id} } 1 .. 2;
    is get("/Users/$free", @there)->code, 200, 'V15: a connection is open';
    stick('pool_rests');
    my $begun = sub { db()->selectrow_array(q{SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'pool_rests' AND state = 'active'}) };
    my $start = time;
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        my $res = patch("/Users/$stuck", title('stuck'), @there);
        POSIX::_exit($res->code == 503 ? 0 : 1);
    }
    ok wait_until(3, $begun), 'V15: a change does not end';
    sleep 1;                                # its deadline comes first
    my $res = get("/Users/$free", @there);
    my $took = time - $start;
    is $res->code, 200, 'V15: who waits behind it is served';
    waitpid $child, 0;
    is $?, 0, 'V15: when it was given up';
    cmp_ok $took, '>', 3.25, 'V15: and not at once, while the server may still be busy with it';
    unstick();
    expect_log(qr/SCIM0013: .*no answer within/);
    $h->stop;
}

done_testing;
