package Bench::Servers;
# The servers that a measurement runs against: a private PostgreSQL with many
# users in several organisations, and httpd with the module and, in the same
# virtual host, static files.
#
# The database is there twice: as it comes, with both walls between tenants, and
# without row-level security, as the statements by hand are measured. Each has
# an httpd of its own:
#   httpd            the first wall alone, beside the static files
#   walled           both walls
#   grouped          the first wall alone, and Groups
#   relayed          the first wall alone, with a relay that counts turns
#
# Users 1 to `users` are in ten organisations. An eleventh has as many again (at
# least 120,000), of which the first 100,000 are in one large team, and in
# 2,000 small teams of ten.
use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use ScimTest::Cluster ();
use ScimTest::Httpd ();
use ScimTest::Relay ();
use ScimTest::Sys qw(top make_dir spew slurp free_port wait_until port_taken);

use constant {
    ORGANISATIONS => 10,
    PLAIN         => 'plain',       # the database without the second wall
    LARGE         => 100_000,
    SMALL         => 10,
    SMALL_TEAMS   => 2_000,
};

# Two children with a thread for every connection of the load, which httpd does
# not share out evenly; as many connections to the database as ScimPoolMax is
# by itself. No access log: it is no part of either side.
my $HTTPD = <<'END';
<IfModule mpm_event_module>
    StartServers 2
    ServerLimit 2
    ThreadLimit 64
    ThreadsPerChild 64
    MaxRequestWorkers 128
    MinSpareThreads 32
    MaxSpareThreads 192
    AsyncRequestWorkerFactor 8
</IfModule>
ScimTimeout 30s
Alias "/static" "%s/static"
<Directory "%s/static">
    Require all granted
    <Files "*.json">
        ForceType application/scim+json
        Header set Cache-Control no-store
    </Files>
</Directory>
END

# users => N; only => 1: no second database,
# no eleventh organisation, and no httpd but the first.
sub new {
    my ($class, %opt) = @_;
    my $tmp = tempdir('scim-bench-XXXXXX', DIR => '/tmp');
    chmod 0755, $tmp;
    return bless { tmp => $tmp, users => $opt{users},
                   only => $opt{only}, httpds => [] }, $class;
}

sub start {
    my $self = shift;
    my $tmp = $self->{tmp};
    $self->{pg} = ScimTest::Cluster->new(dir => "$tmp/pg", port => free_port(),
        conf => "max_connections = 200\nshared_buffers = 1GB\nfsync = on\n"
              . "full_page_writes = on\nmax_wal_size = 8GB\n"
              . "checkpoint_timeout = 30min\nautovacuum_naptime = 10s\n"
              . "synchronous_commit = off\n");
    $self->{pg}->start;
    $self->_fill;
    $self->_fill_large unless $self->{only};
    $self->_plain;
    make_dir("$tmp/htdocs/static");
    my $plain = $self->{pg}->conninfo(dbname => PLAIN);
    $self->{httpd} = $self->_httpd('httpd', $plain);
    return $self if $self->{only};
    $self->{walled} = $self->_httpd('walled', $self->{pg}->conninfo);
    $self->{grouped} = $self->_httpd('grouped', $plain, groups => 1);
    $self->{relay} = ScimTest::Relay->new(dir => "$tmp/relay", cluster => $self->{pg});
    $self->{relayed} = $self->_httpd('relayed', $self->{relay}->conninfo(dbname => PLAIN),
                                     groups => 1, children => 1);
    return $self;
}

# What ScimTest::Httpd would start, without an access log, and silent.
sub _httpd {
    my ($self, $name, $conninfo, %opt) = @_;
    my $static = "$self->{tmp}/htdocs";
    my $more = sprintf $HTTPD, $static, $static;
    $more .= "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers 64\n" if $opt{children};
    my $httpd = ScimTest::Httpd->new(dir => "$self->{tmp}/$name", htdocs => $static,
        conninfo => $conninfo, mpm => 'event', modules => ['headers'], groups => $opt{groups},
        conf => $more)->write_conf;
    push @{ $self->{httpds} }, $httpd;
    my $conf = slurp($httpd->conf_file);
    $conf =~ s/^CustomLog.*\n//mg;
    $conf =~ s/^LogLevel.*$/LogLevel warn/m;
    spew($httpd->conf_file, $conf);
    # at LogLevel warn it does not say that it is up
    my ($status, $said) = $httpd->command('-k', 'start');
    wait_until(30, sub { port_taken($httpd->port) })
        or die "httpd did not start (exit status $status)\n$said" . $httpd->error_log;
    return $httpd;
}

# User n belongs to organisation n % ORGANISATIONS + 1.
sub _fill {
    my $self = shift;
    my $db = $self->{pg}->dbh;
    my $orgs = ORGANISATIONS;
    $db->do(<<'END', undef, $orgs);
INSERT INTO public.organisations (id, name, api_available, api_enabled)
SELECT o, 'Organisation ' || o, true, true FROM generate_series(3, ?::int) AS o
END
    $db->do(<<'END', undef, $orgs);
WITH owner AS (
    INSERT INTO public.users (organisation_id, username, role, api_access, password_hash)
    SELECT o, 'bench-admin-' || o, 'admin', true, '!' FROM generate_series(1, ?::int) AS o
    RETURNING id, organisation_id)
INSERT INTO public.api_tokens (user_id, token_sha256, expires_at)
SELECT id, sha256(('scim_bench_' || organisation_id)::bytea), now() + interval '1 day' FROM owner
END
    ($self->{first}) = $db->selectrow_array('SELECT max(id) FROM public.users');
    $db->do(<<'END', undef, $orgs, $self->{first}, $self->{users});
INSERT INTO public.users (organisation_id, id, username, email, first_name, last_name,
                          password_hash, external_id, scim_extra)
SELECT n % $1::int + 1, $2::bigint + n, 'user.' || n || '@bench.example', 'user.' || n || '@bench.example',
       'Adele', 'Vance', '!', 'e-' || n,
       '{"displayName": "Adele Vance", "emails[type eq \"work\"]": {"primary": true}}'
  FROM generate_series(1, $3::int) AS n
END
    _count_on($db);
}

sub _count_on {
    my ($db) = @_;
    $db->do(q{SELECT setval(pg_get_serial_sequence('public.users', 'id'), (SELECT max(id) FROM public.users))});
}

sub _fill_large {
    my $self = shift;
    my $db = $self->{pg}->dbh;
    my $org = $self->{large_org} = ORGANISATIONS + 1;
    my $count = $self->{large_users} = $self->{users} > 120_000 ? $self->{users} : 120_000;
    $db->do(q{INSERT INTO public.organisations (id, name, api_available, api_enabled)
              VALUES (?, 'Large', true, true)}, undef, $org);
    $db->do(<<'END', undef, $org, "scim_bench_$org");
WITH owner AS (
    INSERT INTO public.users (organisation_id, username, role, api_access, password_hash)
    VALUES ($1::bigint, 'bench-admin-' || $1::bigint, 'admin', true, '!') RETURNING id)
INSERT INTO public.api_tokens (user_id, token_sha256, expires_at)
SELECT id, sha256($2::bytea), now() + interval '1 day' FROM owner
END
    ($self->{large_first}) = $db->selectrow_array('SELECT max(id) FROM public.users');
    $db->do(<<'END', undef, $org, $self->{large_first}, $count);
INSERT INTO public.users (organisation_id, id, username, email, first_name, last_name,
                          password_hash, external_id)
SELECT $1::bigint, $2::bigint + n, 'large.' || n || '@bench.example', 'large.' || n || '@bench.example',
       'Adele', 'Vance', '!', 'l-' || n
  FROM generate_series(1, $3::int) AS n
END
    _count_on($db);
    # teams 1 to SMALL_TEAMS are small, the next one is large
    $db->do(q{INSERT INTO public.teams (id, organisation_id, name)
              SELECT n, ?, 'Team ' || n FROM generate_series(1, ?::int) AS n}, undef, $org, SMALL_TEAMS + 1);
    $db->do(q{SELECT setval(pg_get_serial_sequence('public.teams', 'id'), ?)}, undef, SMALL_TEAMS + 1);
    $self->members($db);
}

# The teams as they were.
sub members {
    my ($self, $db) = @_;
    $db->do('TRUNCATE public.team_members');
    $db->do(q{INSERT INTO public.team_members (team_id, user_id)
              SELECT t, $1::bigint + n FROM generate_series(1, $2::int) AS t, generate_series(1, $3::int) AS n
              UNION ALL SELECT $2 + 1, $1 + n FROM generate_series(1, $4::int) AS n},
        undef, $self->{large_first}, SMALL_TEAMS, SMALL, LARGE);
    $db->do('VACUUM ANALYZE public.team_members');
}

# The same database without row-level security, and without policies, which
# would make the module raise the wall.
sub _plain {
    my $self = shift;
    my $pg = $self->{pg};
    $pg->dbh->do('VACUUM ANALYZE');
    $pg->dbh->disconnect;      # a template must not be in use
    $pg->psql('-d', 'postgres', '-c', 'CREATE DATABASE ' . PLAIN . ' TEMPLATE ' . ScimTest::Cluster::DATABASE());
    my $db = $self->plain;
    for my $table (map { $_->[0] } @{ $db->selectall_arrayref(
            'SELECT oid::regclass FROM pg_catalog.pg_class WHERE relrowsecurity') }) {
        $db->do("ALTER TABLE $table DISABLE ROW LEVEL SECURITY");
        $db->do('DROP POLICY ' . $db->quote_identifier($_->[0]) . " ON $table")
            for @{ $db->selectall_arrayref(
                'SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = ?::regclass', undef, $table) };
    }
    $db->do('VACUUM ANALYZE');
    $db->do('CHECKPOINT');
}

# A handle for the database without the second wall.
sub plain { $_[0]{plain} ||= $_[0]{pg}->dbh(dbname => PLAIN) }

# Does a commit wait for the disk?
sub synchronous {
    my ($self, $value) = @_;
    $self->plain->do("ALTER SYSTEM SET synchronous_commit = $value");
    $self->plain->do('SELECT pg_reload_conf()');
    wait_until(10, sub { $self->pg->dbh(dbname => 'postgres')
        ->selectrow_array('SHOW synchronous_commit') eq $value }) or die "synchronous_commit is not $value\n";
}

sub httpd { $_[0]{httpd} }
sub users { $_[0]{users} }
sub large_users { $_[0]{large_users} }
sub tmp   { $_[0]{tmp} }
sub pg    { $_[0]{pg} }
sub first { $_[0]{first} }
sub static_dir { "$_[0]{tmp}/htdocs/static" }

# A file of the size of a reply, served with its headers.
sub put_static {
    my ($self, $name, $bytes) = @_;
    spew($self->static_dir . "/$name.json", $bytes);
    return "/static/$name.json";
}

# Between two kinds of writes: what the last one left behind is cleared away,
# so that the next does not pay for it.
sub settle {
    my $self = shift;
    $_->do('VACUUM ANALYZE public.users') for $self->plain, $self->{only} ? () : $self->{pg}->dbh;
    $self->plain->do('CHECKPOINT');
}

sub stop {
    my $self = shift;
    eval { $_->stop } for @{ $self->{httpds} };
    eval { $self->{relay}->stop } if $self->{relay};
    eval { $self->{pg}->stop if $self->{pg} };
    remove_tree($self->{tmp});
}

1;
