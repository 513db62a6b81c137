package Bench::Servers;
# The servers that a measurement runs against: a private PostgreSQL with many
# users in several organisations, and a private httpd with the module and, in
# the same virtual host, static files.
use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use ScimTest::Cluster ();
use ScimTest::Httpd ();
use ScimTest::Sys qw(top make_dir spew free_port);

use constant ORGANISATIONS => 10;

# Two children with a thread for every connection of the load, which httpd does
# not share out evenly. No access log: it is no part of either side.
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
ScimPoolMax %d
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

sub new {
    my ($class, %opt) = @_;
    my $tmp = tempdir('scim-bench-XXXXXX', DIR => '/tmp');
    chmod 0755, $tmp;
    return bless { tmp => $tmp, users => $opt{users}, pool => $opt{pool} || 8,
                   sync => $opt{sync} || 'off' }, $class;
}

sub start {
    my $self = shift;
    my $tmp = $self->{tmp};
    $self->{pg} = ScimTest::Cluster->new(dir => "$tmp/pg", port => free_port(),
        conf => "max_connections = 120\nshared_buffers = 1GB\nfsync = on\n"
              . "full_page_writes = on\nmax_wal_size = 8GB\n"
              . "checkpoint_timeout = 30min\nautovacuum_naptime = 10s\n"
              . "synchronous_commit = $self->{sync}\n");
    $self->{pg}->start;
    $self->_fill;
    make_dir("$tmp/htdocs/static");
    $self->{httpd} = ScimTest::Httpd->new(dir => "$tmp/httpd", htdocs => "$tmp/htdocs",
        cluster => $self->{pg}, mpm => 'event', modules => ['headers'],
        conf => sprintf($HTTPD, $self->{pool}, "$tmp/htdocs", "$tmp/htdocs"));
    $self->{httpd}->write_conf;
    my $conf = ScimTest::Sys::slurp($self->{httpd}->conf_file);
    $conf =~ s/^CustomLog.*\n//mg;
    $conf =~ s/^LogLevel.*$/LogLevel warn/m;
    {
        # what start() writes is this
        no warnings 'redefine';
        local *ScimTest::Httpd::write_conf = sub { $_[0] };
        spew($self->{httpd}->conf_file, $conf);
        $self->_start_httpd;
    }
    return $self;
}

# At LogLevel warn httpd does not say that it is up: ask it.
sub _start_httpd {
    my $self = shift;
    my $httpd = $self->{httpd};
    my ($status, $said) = $httpd->command('-k', 'start');
    ScimTest::Sys::wait_until(30, sub { ScimTest::Sys::port_taken($httpd->port) })
        or die "httpd did not start (exit status $status)\n$said" . $httpd->error_log;
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
    $db->do(q{SELECT setval(pg_get_serial_sequence('public.users', 'id'), (SELECT max(id) FROM public.users))});
    $db->do('VACUUM ANALYZE');
    $db->do('CHECKPOINT');
}

sub httpd { $_[0]{httpd} }
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
    $self->{pg}->dbh->do('VACUUM ANALYZE public.users');
    $self->{pg}->dbh->do('CHECKPOINT');
}

sub stop {
    my $self = shift;
    eval { $self->{httpd}->stop if $self->{httpd} };
    eval { $self->{pg}->stop if $self->{pg} };
    remove_tree($self->{tmp});
}

1;
