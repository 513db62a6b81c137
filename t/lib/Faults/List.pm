package Faults::List;
# The faults. Each is { name, what, servers, load, prepare, run, errors }:
#
#   servers, load   options of Faults::Servers and Faults::Load
#   prepare         code, when the servers are up and before there is a load
#   run             code that does the harm under the load and has undone it when
#                   it returns
#   errors          'some': the load must notice; 'none': it must not; else either
#
# Each of run's may die: what could not be tried has not been survived.
use strict;
use warnings;
use IO::Select ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use Socket qw(SOCK_STREAM SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);
use ScimTest::Client ();
use ScimTest::Sys qw(top slurp make_dir wait_until);

my @fault;
sub fault { my ($name, $what, %opt) = @_; push @fault, { name => $name, what => $what, %opt } }
sub all { @fault }

# ---- httpd ----

fault 'kill-child', 'kill -9 of a child of httpd, then of all of them, four times',
    load => { cuts => 1 }, errors => 'some',
    run => sub {
        my ($s) = @_;
        for my $n (1 .. 8) {
            my @child = $s->httpd->children or die "httpd has no children\n";
            kill KILL => $n % 2 ? $child[rand @child] : @child;
            # the parent looks after them once a second
            $s->wait(1.2);
        }
    };

fault 'graceful', 'graceful restart, five times',
    load => { close => 1 }, errors => 'none',
    run => sub {
        my ($s) = @_;
        for (1 .. 5) {
            $s->httpd->graceful;
            $s->wait(1);
        }
    };

# ---- PostgreSQL comes and goes ----

fault 'kill-backend', 'kill -9 of a backend, four times',
    errors => 'some',
    run => sub {
        my ($s) = @_;
        for (1 .. 4) {
            my @backend = $s->backends;
            kill KILL => $backend[rand @backend] if @backend;
            $s->wait(0.8);
        }
        is_up($s);
    };

fault 'end-backend', 'pg_terminate_backend of all, twenty times',
    run => sub {
        my ($s) = @_;
        for (1 .. 20) {
            end_sessions($s);
            $s->wait(0.15);
        }
    };

for my $mode (qw(fast immediate)) {
    fault "stop-$mode", "PostgreSQL stopped (-m $mode) for 4 s",
        errors => 'some',
        run => sub {
            my ($s) = @_;
            $s->pg->halt($mode);
            $s->wait(4);
            $s->pg->resume;
        };
}

fault 'restart', 'PostgreSQL restarted, three times',
    errors => 'some',
    run => sub {
        my ($s) = @_;
        for (1 .. 3) {
            $s->pg->halt('fast');
            $s->pg->resume;
            $s->wait(1);
        }
    };

fault 'freeze', 'all processes of PostgreSQL stopped (SIGSTOP) for 6 s',
    errors => 'some',
    run => sub {
        my ($s) = @_;
        kill STOP => $s->postgres;
        # what it was forking meanwhile
        kill STOP => $s->postgres;
        $s->wait(6);
        kill CONT => $s->postgres;
    };

# ---- PostgreSQL is there, and refuses ----

fault 'connections', 'all connections of PostgreSQL taken by others for 4 s',
    servers => { pg_conf => "max_connections = 20\n" }, errors => 'some',
    run => sub {
        my ($s) = @_;
        my $db = $s->pg->dbh;
        $db->do('CREATE ROLE other LOGIN');
        my @other;
        my $taken = wait_until(10, sub {
            end_sessions($s);
            while (my $dbh = eval { $s->pg->dbh(user => 'other') }) { push @other, $dbh }
            return @other >= 16;        # and four are the superuser's
        });
        die "the others have only " . @other . " connections\n" unless $taken;
        $s->wait(4);
        $_->disconnect for @other;
    };

fault 'role-limit', 'CONNECTION LIMIT of the role reached for 4 s',
    errors => 'some',
    run => sub {
        my ($s) = @_;
        $s->pg->dbh->do('ALTER ROLE mod_scim CONNECTION LIMIT 0');
        end_sessions($s);
        $s->wait(4);
        $s->pg->dbh->do('ALTER ROLE mod_scim CONNECTION LIMIT -1');
    };

fault 'disk-data', 'no room for tables for 4 s',
    servers => { full_disk => 1 }, errors => 'some',
    run => sub {
        my ($s) = @_;
        $s->full_disk('base', 1);
        $s->wait(4);
        slurp($s->pg->logfile) =~ /No space left on device/ or die "the disk was not full\n";
        $s->full_disk('base', 0);
    };

# PostgreSQL ends over this one, tries to come up, and ends for good when there
# still is no room: whoever makes room starts it again.
fault 'disk-wal', 'no room for the log (WAL) at commit for 4 s',
    servers => { full_disk => 1 }, errors => 'some',
    run => sub {
        my ($s) = @_;
        $s->full_disk('pg_wal', 1);
        eval { local $SIG{__WARN__} = sub { }; $s->pg->dbh->do('SELECT pg_switch_wal()') };
        $s->wait(4);
        slurp($s->pg->logfile) =~ /PANIC: .*No space left on device/ or die "the disk was not full\n";
        $s->full_disk('pg_wal', 0);
        $s->wait_for(10, sub { !$s->pg->running || eval { $s->pg->dbh } });
        $s->pg->resume;
    };

fault 'read-only', 'sessions that take no writes for 4 s',
    errors => 'some',
    run => sub {
        my ($s) = @_;
        $s->pg->dbh->do('ALTER ROLE mod_scim SET default_transaction_read_only = on');
        end_sessions($s);
        $s->wait(4);
        $s->pg->dbh->do('ALTER ROLE mod_scim RESET default_transaction_read_only');
    };

# ---- another server ----

# The address that the module knows is moved to the standby by mistake.
fault 'standby', 'a standby reached by mistake, promoted after 4 s',
    servers => { conninfo => sub {
        my ($s) = @_;
        point($s, $s->pg);
        return $s->pg->conninfo(host => $s->dir . '/db');
    } },
    errors => 'some',
    prepare => sub { $_[0]->add_standby },
    run => sub {
        my ($s) = @_;
        point($s, $s->{standby});
        $s->pg->halt('fast');
        $s->move_to_standby;
        $s->wait(4);
        $s->pg->promote;
        no_standby($s);
    };

fault 'failover', 'the primary killed (-m immediate), its synchronous standby promoted',
    servers => { conninfo => sub {
        my ($s) = @_;
        return $s->pg->conninfo(host => $s->dir . '/pg,' . $s->dir . '/standby',
            target_session_attrs => 'read-write');
    } },
    errors => 'some',
    prepare => sub { $_[0]->add_standby },
    run => sub {
        my ($s) = @_;
        $s->pg->halt('immediate');
        $s->move_to_standby;
        $s->wait(2);
        $s->pg->promote;
        no_standby($s);
    };

fault 'frozen-primary', 'the primary frozen (SIGSTOP), its synchronous standby promoted',
    servers => { conninfo => sub {
        my ($s) = @_;
        return $s->pg->conninfo(host => $s->dir . '/pg,' . $s->dir . '/standby',
            target_session_attrs => 'read-write', connect_timeout => 1);
    } },
    errors => 'some',
    prepare => sub { $_[0]->add_standby },
    run => sub {
        my ($s) = @_;
        my @frozen = $s->postgres;
        kill STOP => @frozen;
        $s->move_to_standby;
        $s->{frozen} = \@frozen;
        $s->wait(4);
        # nobody but us still listens to it: it must not come back
        kill KILL => @frozen;
        $s->pg->promote;
        no_standby($s);
    };

fault 'silent-host', 'a host that says nothing in front of the one that serves',
    servers => { conninfo => sub {
        my ($s) = @_;
        my $dir = $s->dir . '/silent';
        make_dir($dir);
        $s->{silent} = IO::Socket::UNIX->new(Type => SOCK_STREAM,
            Local => "$dir/.s.PGSQL." . $s->pg->port, Listen => 100) or die "$dir: $!\n";
        chmod 0777, "$dir/.s.PGSQL." . $s->pg->port;
        return $s->pg->conninfo(host => "$dir," . $s->dir . '/pg', connect_timeout => 1);
    } },
    errors => 'any',
    run => sub {
        my ($s) = @_;
        for (1 .. 10) {
            end_sessions($s);
            $s->wait(0.3);
        }
    };

# ---- between the two ----

fault 'reset', 'connections to PostgreSQL cut in mid-statement, thirty times',
    servers => { relay => 1 }, errors => 'some',
    run => sub {
        my ($s) = @_;
        for (1 .. 30) {
            $s->relay->reset_connections;
            $s->wait(0.1);
        }
    };

# ---- transactions that PostgreSQL undoes ----

# The application counts changes in a row of its own, by a trigger, and now and
# then locks that row first.
fault 'deadlock', 'deadlocks with a transaction of the application, for 5 s',
    servers => { pg_conf => "deadlock_timeout = 20ms\n" },
    prepare => sub {
        my ($s) = @_;
        $s->pg->dbh->do($_) for 'CREATE TABLE public.changes (n bigint NOT NULL)',
            'INSERT INTO public.changes VALUES (0)',
            'CREATE FUNCTION public.count_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
             AS $$ BEGIN UPDATE public.changes SET n = n + 1; RETURN NEW; END $$',
            'CREATE TRIGGER count_change AFTER UPDATE OF first_name ON public.users FOR EACH ROW
             EXECUTE FUNCTION public.count_change()';
    },
    run => sub {
        my ($s) = @_;
        my $db = $s->pg->dbh;
        my $end = time + 5;
        while (time < $end) {
            eval {
                $db->begin_work;
                $db->do('UPDATE public.changes SET n = n + 1');
                sleep 0.03;
                $db->do(q{UPDATE public.users SET last_name = 'seen' WHERE username LIKE 'load-%'
                          AND deleted_at IS NULL AND updated_at > now() - interval '2 s'});
                $db->commit;
                1;
            } or $db->rollback;
            $s->wait(0.02);
        }
        slurp($s->pg->logfile) =~ /ERROR:  deadlock detected/ or die "there was no deadlock\n";
    };

fault 'serialisation', 'sessions that are SERIALIZABLE, for 5 s',
    run => sub {
        my ($s) = @_;
        $s->pg->dbh->do(q{ALTER ROLE mod_scim SET default_transaction_isolation = 'serializable'});
        end_sessions($s);
        $s->wait(5);
        slurp($s->pg->logfile) =~ /could not serialize access/ or die "nothing had to be serialised\n";
        $s->pg->dbh->do('ALTER ROLE mod_scim RESET default_transaction_isolation');
        end_sessions($s);
    };

# ---- the tables change ----

fault 'schema-change', 'columns, indexes, types and scim.sql change, sixteen times',
    run => sub {
        my ($s) = @_;
        my $sql = top() . '/conf/sql/scim.sql';
        for my $n (1 .. 4) {
            my ($type, $index) = $n % 2 ? ('varchar(200)', 'users_a') : ('text', 'users_external_id_live');
            my $old = $n % 2 ? 'users_external_id_live' : 'users_a';
            for my $change (
                [-c => "ALTER TABLE public.users ADD COLUMN more_$n int DEFAULT $n"],
                [-c => "DROP INDEX public.$old", -c => "CREATE UNIQUE INDEX $index ON public.users "
                     . '(organisation_id, external_id) WHERE deleted_at IS NULL'],
                # the next one has the view that is in the way
                [-c => 'DROP VIEW scim.accounts', -c => "ALTER TABLE public.users ALTER COLUMN first_name TYPE $type"],
                [-f => $sql],
            ) {
                # who meets the load in a deadlock is the one who tries again
                my $done = wait_until(20, sub {
                    eval { $s->pg->psql('-d', 'wiggledesk', '-1', @$change); 1 } or $@ !~ /deadlock/ && die $@;
                });
                die "could not change the tables\n" unless $done;
                $s->wait(0.3);
            }
        }
    };

# ---- clients ----

fault 'vanish', 'clients that vanish in mid-request and mid-reply, 240 times',
    errors => 'none',
    run => sub {
        my ($s, $load) = @_;
        for my $n (1 .. 60) {
            my $user = { name => "load-gone-$n", created => 0, value => undef, tried => 0, deleted => '' };
            my $body = sprintf '{"userName": "%1$s", "externalId": "x-%1$s", "title": "0", '
                . '"displayName": "0", "name": {"givenName": "0"}}', $user->{name};
            my $post = bytes($s, 'POST', '/Users', $body);
            push @{ $load->{users} }, $user;
            vanish($s, substr($post, 0, 40));
            vanish($s, substr($post, 0, length($post) - 20));
            vanish($s, $post);
            vanish($s, bytes($s, 'GET', '/Users?count=1000'), 100);
            $s->look;
        }
        $s->wait(1);
    };

fault 'slow', 'clients that send a byte a second: heads and bodies',
    servers => { modules => ['reqtimeout'], conf => "RequestReadTimeout header=3 body=3\n" }, errors => 'none',
    run => sub {
        my ($s) = @_;
        my $post = bytes($s, 'POST', '/Users', '{"userName": "load-slow", "externalId": "load-slow"}');
        my @slow = map { { sock => connected($s), in => '', at => 0 } } 1 .. 6;
        # three have sent their head already
        my $head = index($post, "\r\n\r\n") + 4;
        for my $client (@slow) {
            # of the others a request line, so that it is known what they want
            $client->{at} = $client->{sock}->syswrite($post, $client == $slow[0] || $client == $slow[1]
                || $client == $slow[2] ? $head : index($post, "\r\n") + 2);
        }
        my $end = time + 15;
        while (time < $end && grep { $_->{sock} } @slow) {
            for my $client (grep { $_->{sock} } @slow) {
                local $SIG{PIPE} = 'IGNORE';
                if (IO::Select->new($client->{sock})->can_read(0)) {
                    $client->{sock}->sysread($client->{in}, 65536, length $client->{in})
                        or delete $client->{sock};
                }
                else {
                    $client->{sock}->syswrite($post, 1, $client->{at}++);
                }
            }
            $s->wait(1);
        }
        for my $client (@slow) {
            my $in = $client->{in};
            die "a slow client was not told 408 as SCIM does: " . substr($in, 0, 300) . "\n"
                unless $in =~ m{^HTTP/1\.1 408 } && $in =~ m{^Content-Type: application/scim\+json}mi
                    && $in =~ /"status":"408"/;
        }
    };

# ---- what several have in common ----

sub end_sessions {
    my ($s) = @_;
    $s->pg->dbh->do(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mod_scim'});
}

sub is_up {
    my ($s) = @_;
    $s->wait_for(30, sub { eval { $s->pg->dbh } }) or die "PostgreSQL did not come up again\n";
}

sub no_standby {
    my ($s) = @_;
    $s->pg->dbh->do($_) for 'ALTER SYSTEM RESET synchronous_standby_names', 'SELECT pg_reload_conf()';
}

# The address of the database, which may move.
sub point {
    my ($s, $pg) = @_;
    my $link = $s->dir . '/db';
    symlink $pg->dir, "$link.new" or die "$link: $!\n";
    rename "$link.new", $link or die "$link: $!\n";
}

sub connected {
    my ($s) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $s->httpd->port)
        || die "could not connect: $!\n";
}

sub bytes {
    my ($s, $method, $path, $body) = @_;
    return ScimTest::Client::bytes($method, '127.0.0.1:' . $s->httpd->port, "/scim/v2$path",
        { Authorization => 'Bearer ' . $s->token, defined $body ? ('Content-Type' => 'application/scim+json') : () },
        $body);
}

# Send, read so many bytes, and be gone with a reset.
sub vanish {
    my ($s, $bytes, $read) = @_;
    my $sock = connected($s);
    local $SIG{PIPE} = 'IGNORE';
    $sock->syswrite($bytes);
    $sock->sysread(my $answer, $read) if $read;
    setsockopt $sock, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0;
    close $sock;
}

1;
