package ScimTest::Cluster;
# A private PostgreSQL cluster with the reference application's database.
#
#   my $pg = ScimTest::Cluster->new(dir => '/tmp/x');   # port => N: TCP as well
#   $pg->start;                  # up, with a fresh and seeded database
#   $pg->conninfo;               # "host=... user=mod_scim", over the Unix socket
#   $pg->dbh;                    # DBD::Pg handle of the superuser
#   $pg->token(1);               # API token of organisation 1
#   $pg->halt; $pg->resume;      # the database goes away and comes back
#   $pg->standby($dir);          # another one that follows it; ->promote
#   $pg->stop;                   # and remove it
#
# The path of a Unix socket must stay below 108 bytes and the server must be
# able to reach it as another user than root: use a directory below /tmp.
# Everybody on this machine may log in as anybody: no secrets belong in here.
use strict;
use warnings;
use File::Path qw(remove_tree);
use JSON::PP ();
use ScimTest::Seed ();
use ScimTest::Sys qw(top test_user run_cmd make_dir slurp spew alive pid_in
                     wait_until);

use constant DATABASE  => 'wiggledesk';
use constant SUPERUSER => 'postgres';

my $bindir;
sub bindir {
    $bindir ||= $ENV{PG_BINDIR} || do {
        my $dir = run_cmd('pg_config', '--bindir');
        chomp $dir;
        $dir;
    };
    return $bindir;
}

sub new {
    my ($class, %opt) = @_;
    my $self = bless {
        dir  => $opt{dir} || die("ScimTest::Cluster: dir is missing\n"),
        port => $opt{port} || 5432,
        tcp  => $opt{port} ? 1 : 0,
        conf => $opt{conf} || '',
        env  => $opt{env} || {},        # of the server
    }, $class;
    die "the path of the cluster is too long for a Unix socket: $self->{dir}\n"
        if length $self->{dir} > 80;
    return $self;
}

# A cluster that another process started, by its directory.
sub attach {
    my ($class, $dir) = @_;
    my $state = JSON::PP::decode_json(slurp("$dir/cluster.json"));
    return bless { %$state, dir => $dir }, $class;
}

sub dir     { $_[0]{dir} }
sub port    { $_[0]{port} }
sub data    { "$_[0]{dir}/data" }
sub logfile { "$_[0]{dir}/log" }
sub pid     { pid_in($_[0]->data . '/postmaster.pid') }
sub running { alive($_[0]->pid) }
sub tokens  { $_[0]{tokens} }
sub token   { $_[0]{tokens}{ $_[1] } }

# conninfo(user => 'mod_scim', host => DIR, anything => else)
sub conninfo {
    my ($self, %opt) = @_;
    my %part = (host => $self->{dir}, port => $self->{port},
                dbname => DATABASE, user => 'mod_scim', %opt);
    return join ' ', map { "$_=$part{$_}" } sort keys %part;
}

# Over TCP, for tools; only when a port was given.
sub url {
    my ($self, $user) = @_;
    return sprintf 'postgresql://%s@127.0.0.1:%d/%s',
        $user || SUPERUSER, $self->{port}, DATABASE;
}

sub dbh {
    my ($self, %opt) = @_;
    return $self->_connect(%opt) if %opt;
    if (!$self->{dbh} || $self->{dbh_pid} != $$ || !$self->{dbh}->ping) {
        $self->{dbh} = $self->_connect;
        $self->{dbh_pid} = $$;
    }
    return $self->{dbh};
}

sub _connect {
    my ($self, %opt) = @_;
    require DBI;
    my $db = $opt{dbname} || DATABASE;
    return DBI->connect("dbi:Pg:host=$self->{dir};port=$self->{port};dbname=$db",
        $opt{user} || SUPERUSER, '',
        { RaiseError => 1, PrintError => 0, AutoCommit => 1,
          AutoInactiveDestroy => 1, pg_enable_utf8 => 1 });
}

# Up, and with a fresh database in any case.
sub start {
    my $self = shift;
    $self->_create unless -d $self->data;
    $self->resume;
    $self->fresh;
    return $self;
}

sub _create {
    my $self = shift;
    make_dir($self->{dir}, 1);
    run_cmd({ user => 1 }, bindir() . '/initdb', '-D', $self->data,
            qw(-A trust -N -E UTF8 --locale=C.UTF-8 -U), SUPERUSER);
    my $listen = $self->{tcp} ? '127.0.0.1' : '';
    open my $fh, '>>', $self->data . '/postgresql.conf'
        or die "postgresql.conf: $!\n";
    print {$fh} <<"END";

listen_addresses = '$listen'
port = $self->{port}
unix_socket_directories = '$self->{dir}'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u '
$self->{conf}
END
    close $fh or die "postgresql.conf: $!\n";
}

# Start the server over the data that are there.
sub resume {
    my $self = shift;
    return $self if $self->running;
    my ($status, $out) = run_cmd({ user => 1, status => 1, env => $self->{env} },
        bindir() . '/pg_ctl', '-D', $self->data, '-l', $self->logfile,
        qw(-w -t 60 start));
    die "could not start PostgreSQL in $self->{dir}\n$out"
        . (-e $self->logfile ? slurp($self->logfile) : '') if $status;
    return $self;
}

# Stop the server, keep the data. MODE: smart, fast or immediate.
sub halt {
    my ($self, $mode) = @_;
    $self->_disconnect;
    return $self unless $self->running;
    run_cmd({ user => 1 }, bindir() . '/pg_ctl', '-D', $self->data, '-m',
            $mode || 'fast', qw(-w -t 60 stop));
    return $self;
}

# A cluster that follows this one, as "standby"; it is up, with the same tokens.
sub standby {
    my ($self, $dir) = @_;
    my $standby = bless { %$self, dir => $dir, dbh => undef }, ref $self;
    make_dir($dir, 1);
    run_cmd({ user => 1 }, bindir() . '/pg_basebackup', '-h', $self->{dir}, '-p', $self->{port},
        '-U', SUPERUSER, '-D', $standby->data, qw(-R -X stream -c fast));
    open my $fh, '>>', $standby->data . '/postgresql.auto.conf'
        or die "postgresql.auto.conf: $!\n";
    printf {$fh} "unix_socket_directories = '%s'\n"
        . "primary_conninfo = 'host=%s port=%d user=%s application_name=standby'\n",
        $dir, $self->{dir}, $self->{port}, SUPERUSER;
    close $fh or die "postgresql.auto.conf: $!\n";
    return $standby->resume;
}

# Follow nobody any more, and take writes.
sub promote {
    my $self = shift;
    run_cmd({ user => 1 }, bindir() . '/pg_ctl', '-D', $self->data, qw(-w -t 60 promote));
    return $self;
}

# Stop the server and remove everything.
sub stop {
    my $self = shift;
    $self->halt('immediate') if -d $self->data;
    remove_tree($self->{dir});
    return;
}

sub _disconnect {
    my $self = shift;
    my $dbh = delete $self->{dbh} or return;
    $dbh->disconnect if $self->{dbh_pid} == $$;
}

# psql(FILE or -c SQL...): psql as the superuser, stopping at the first error.
sub psql {
    my ($self, @args) = @_;
    return run_cmd(bindir() . '/psql', '-h', $self->{dir}, '-p', $self->{port},
        '-U', SUPERUSER, qw(-qX -v ON_ERROR_STOP=1), @args);
}

# Throw the database away and make it again from the files of the repository.
sub fresh {
    my $self = shift;
    my $sql = top() . '/conf/sql';
    for my $file ('wiggledesk.sql', 'scim.sql') {
        die "conf/sql/$file is missing\n" unless -e "$sql/$file";
    }
    $self->_disconnect;
    $self->psql('-d', 'postgres',
        '-c', 'DROP DATABASE IF EXISTS ' . DATABASE . ' WITH (FORCE)',
        '-c', 'CREATE DATABASE ' . DATABASE . ' TEMPLATE template0');
    $self->psql('-d', DATABASE, '-1', '-f', "$sql/$_")
        for 'wiggledesk.sql', 'scim.sql';
    $self->{tokens} = ScimTest::Seed::seed($self->dbh);
    ScimTest::Seed::snapshot($self->dbh);
    spew("$self->{dir}/cluster.json", JSON::PP->new->canonical->encode({
        map { $_ => $self->{$_} } qw(port tcp tokens) }));
    return $self;
}

# The data as they were when fresh() had run, tokens included. Much faster.
sub reset_data {
    my $self = shift;
    ScimTest::Seed::restore($self->dbh);
    return $self;
}

1;
