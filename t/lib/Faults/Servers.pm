package Faults::Servers;
# The servers that a fault is planted in, and an eye on their size: a private
# PostgreSQL and a private httpd, with a relay between them if need be.
#
#   my $servers = Faults::Servers->new(pg_conf => ..., conf => ..., relay => 1,
#       modules => [...], full_disk => FILE, conninfo => sub { ... });
#   $servers->start;
#   $servers->wait(3);                      # looking at both meanwhile
#   $servers->wait_for(10, sub { ... });
#   $servers->excess;                       # what was more than configured
#   $servers->stop;
use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use Time::HiRes qw(sleep time);
use ScimTest::Cluster ();
use ScimTest::Httpd ();
use ScimTest::Relay ();
use ScimTest::Sys qw(make_dir slurp spew);

use constant TIMEOUT  => 2;         # ScimTimeout, seconds
use constant PREFORK  => ScimTest::Httpd::mpm() eq 'prefork';
use constant CHILDREN => PREFORK ? 16 : 4;
use constant THREADS  => PREFORK ? 1 : 10;      # of a child
use constant POOL     => PREFORK ? 1 : 3;       # connections of a child

# What a child has beside its workers: listener, start-up, the main thread.
use constant MORE_THREADS => 4;

my $HTTPD = sprintf <<'END', CHILDREN, THREADS, POOL, TIMEOUT;
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit %1$d
    ThreadsPerChild %2$d
    MaxRequestWorkers 40
    MinSpareThreads 5
    MaxSpareThreads 40
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 12
    MinSpareServers 4
    MaxSpareServers 16
    ServerLimit %1$d
    MaxRequestWorkers %1$d
</IfModule>
ScimPoolMax %3$d
ScimPoolTimeout 1s
ScimTimeout %4$ds
END

sub new {
    my ($class, %opt) = @_;
    my $dir = tempdir('scim-faults-XXXXXX', DIR => '/tmp');
    chmod 0755, $dir;
    return bless { dir => $dir, owner => $$, most_threads => 0, most_connections => 0, %opt }, $class;
}

# What was acknowledged must outlive the server; the operating system stays up,
# so fsync may stay off.
sub start {
    my $self = shift;
    my %env;
    if ($self->{full_disk}) {
        make_dir("$self->{dir}/full", 1);
        %env = (LD_PRELOAD => $self->{full_disk}, FULL_DISK => "$self->{dir}/full");
    }
    $self->{pg} = ScimTest::Cluster->new(dir => "$self->{dir}/pg", env => \%env,
        conf => "synchronous_commit = on\nmax_connections = 60\n" . ($self->{pg_conf} // ''));
    $self->{pg}->start;
    $self->{relay} = ScimTest::Relay->new(dir => "$self->{dir}/relay", cluster => $self->{pg})
        if $self->{relay};
    $self->{httpd} = ScimTest::Httpd->new(dir => "$self->{dir}/httpd", cluster => $self->{pg},
        conf => $HTTPD . ($self->{conf} // ''), modules => $self->{modules} || [],
        $self->{groups} ? (groups => 1) : (),
        $self->{conninfo} ? (conninfo => $self->{conninfo}->($self))
            : $self->{relay} ? (conninfo => $self->{relay}->conninfo) : ());
    $self->{httpd}->start;
    return $self;
}

sub dir   { $_[0]{dir} }
sub pg    { $_[0]{pg} }
sub httpd { $_[0]{httpd} }
sub relay { $_[0]{relay} }
sub token { $_[0]{pg}->token(1) }

# While the file is there, a part of the cluster's files cannot grow.
sub full_disk {
    my ($self, $part, $is_full) = @_;
    my $flag = "$self->{dir}/full/$part";
    return $is_full ? spew($flag, '') : unlink $flag;
}

# The standby, following synchronously.
sub add_standby {
    my $self = shift;
    my $pg = $self->{pg};
    $self->{standby} = $pg->standby("$self->{dir}/standby");
    $pg->dbh->do($_) for q{ALTER SYSTEM SET synchronous_standby_names = 'standby'},
        'SELECT pg_reload_conf()';
    ScimTest::Sys::wait_until(30, sub { $pg->dbh->selectrow_array(
        q{SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'}) })
        or die "the standby does not follow\n";
    return $self->{standby};
}

# The server that has the data from now on.
sub move_to_standby {
    my $self = shift;
    push @{ $self->{others} }, $self->{pg};
    $self->{pg} = delete $self->{standby};
}

sub children_of {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/task/$pid/children" or return;
    return split ' ', scalar(<$fh>) // '';
}

# All processes of PostgreSQL, the first one first.
sub postgres {
    my $self = shift;
    my $pid = $self->{pg}->pid;
    return ($pid, children_of($pid));
}

# Sessions of the module that have come to be; PostgreSQL need not answer.
sub backends {
    my $self = shift;
    return grep {
        my $title = eval { slurp("/proc/$_/cmdline") } // '';
        $title =~ /^postgres: mod_scim / && $title !~ /startup|authentication/;
    } children_of($self->{pg}->pid || return);
}

sub look {
    my $self = shift;
    my @backend = $self->backends;
    $self->{most_connections} = @backend if @backend > $self->{most_connections};
    for my $child ($self->{httpd}->children) {
        my $threads = () = glob "/proc/$child/task/*";
        $self->{most_threads} = $threads if $threads > $self->{most_threads};
    }
    $_->() for @{ $self->{watchers} || [] };
}

sub watch { my ($self, $code) = @_; push @{ $self->{watchers} }, $code }

sub wait {
    my ($self, $seconds) = @_;
    my $end = time + $seconds;
    do { $self->look; sleep 0.05 } while time < $end;
}

sub wait_for {
    my ($self, $seconds, $code) = @_;
    my $end = time + $seconds;
    while (1) {
        $self->look;
        return 1 if $code->();
        return 0 if time > $end;
        sleep 0.05;
    }
}

# More than was configured, as sentences.
sub excess {
    my $self = shift;
    my @excess;
    push @excess, "a child had $self->{most_threads} threads"
        if $self->{most_threads} > THREADS + MORE_THREADS;
    push @excess, "the module had $self->{most_connections} connections"
        if $self->{most_connections} > CHILDREN * POOL;
    return @excess;
}

sub stop {
    my $self = shift;
    return if !$self->{dir};
    kill CONT => $self->postgres if $self->{pg} && $self->{pg}->pid;
    my @bad;
    for my $part (grep { $_ } @$self{qw(httpd relay standby pg)}, @{ $self->{others} || [] }) {
        eval { $part->stop; 1 } or push @bad, $@;
    }
    remove_tree(delete $self->{dir});
    return @bad;
}

sub DESTROY { my $self = shift; local ($?, $@); $self->stop if $self->{owner} == $$ }

1;
