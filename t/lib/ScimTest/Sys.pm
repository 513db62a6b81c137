package ScimTest::Sys;
# What the rest of the rig wants from the operating system: processes, users,
# ports, files. Nothing here knows of PostgreSQL, httpd or SCIM.
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(SEEK_END SEEK_SET);
use File::Basename qw(dirname);
use File::Temp ();
use IO::Socket::INET ();
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(top test_user run_cmd free_port port_taken slurp slurp_from
                    spew make_dir wait_until alive pid_in);

my $TOP = abs_path(dirname(__FILE__) . '/../../..');

# The checkout.
sub top { $TOP }

# Whom servers run as that refuse to run as root: (name, uid, gid), or nothing
# when this process is an ordinary user already.
sub test_user {
    return if $> != 0;
    my $name = $ENV{SCIM_TEST_USER} || 'nobody';
    my ($uid, $gid) = (getpwnam $name)[2, 3];
    die "SCIM_TEST_USER: there is no user \"$name\"\n" unless defined $uid;
    die "SCIM_TEST_USER: \"$name\" must not be root\n" unless $uid;
    return ($name, $uid, $gid);
}

# run_cmd([\%opt,] COMMAND...): its output (both streams), or die with it.
#   user => 1     as test_user()
#   status => 1   return (status, output) instead of dying
#   env => {..}   additional environment, undef removes
# Output goes through a file: a daemon that keeps a pipe open would hang us.
sub run_cmd {
    my $opt = ref $_[0] eq 'HASH' ? shift : {};
    my @cmd = @_;
    my @show = @cmd;
    my $out = File::Temp->new(TEMPLATE => 'scim-out-XXXXXX', DIR => '/tmp');

    if ($opt->{user} and my (undef, $uid, $gid) = test_user()) {
        unshift @cmd, 'setpriv', "--reuid=$uid", "--regid=$gid",
            '--clear-groups', '--inh-caps=-all', 'env', 'HOME=/tmp';
    }
    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if (!$pid) {
        # the other user may not be able to stand where we do
        chdir '/' if $opt->{user};
        for my $name (keys %{ $opt->{env} || {} }) {
            my $value = $opt->{env}{$name};
            defined $value ? $ENV{$name} = $value : delete $ENV{$name};
        }
        open STDIN, '<', '/dev/null';
        open STDOUT, '>&', $out;
        open STDERR, '>&', $out;
        { no warnings 'exec'; exec @cmd }
        print STDERR "$cmd[0]: $!\n";
        POSIX::_exit(127);
    }
    {
        local $?;
        waitpid $pid, 0;
        $opt->{result} = $?;
    }
    my $text = slurp("$out");
    my $status = $opt->{result} & 127 ? 128 + ($opt->{result} & 127)
                                      : $opt->{result} >> 8;
    return ($status, $text) if $opt->{status};
    die "@show: exit status $status\n$text" if $status;
    return $text;
}

# A TCP port on 127.0.0.1 that was free a moment ago. Bound here rather than
# counted up from a fixed number, which races with a suite beside us.
sub free_port {
    my $sock = IO::Socket::INET->new(
        Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0)
        or die "no free TCP port on 127.0.0.1: $!\n";
    return $sock->sockport;
}

sub port_taken {
    my ($port) = @_;
    return !IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $port);
}

sub slurp {
    my ($file) = @_;
    return slurp_from($file, 0);
}

# What FILE holds from byte POS on.
sub slurp_from {
    my ($file, $pos) = @_;
    open my $fh, '<:raw', $file or die "could not open \"$file\": $!\n";
    seek $fh, $pos, SEEK_SET;
    local $/;
    my $text = <$fh>;
    return defined $text ? $text : '';
}

# Write FILE so that no reader sees half of it.
sub spew {
    my ($file, $text) = @_;
    my $tmp = "$file.$$.tmp";
    open my $fh, '>:raw', $tmp or die "could not write \"$tmp\": $!\n";
    print {$fh} $text;
    close $fh or die "could not write \"$tmp\": $!\n";
    rename $tmp, $file or die "could not write \"$file\": $!\n";
    return $file;
}

# make_dir(DIR, owned by test_user?): everybody may look, one may write.
sub make_dir {
    my ($dir, $for_user) = @_;
    my $path = '';
    for my $part (split m{/}, $dir) {
        $path .= "$part/";
        next if -d $path;
        mkdir $path, 0755 or -d $path or die "could not make \"$path\": $!\n";
        chmod 0755, $path;
    }
    if ($for_user and my (undef, $uid, $gid) = test_user()) {
        chown $uid, $gid, $dir or die "could not chown \"$dir\": $!\n";
    }
    return $dir;
}

# Poll until the code says yes; false when SECONDS have passed, or more where
# all takes longer.
sub wait_until {
    my ($seconds, $code) = @_;
    my $end = time + $seconds * ($ENV{SCIM_VALGRIND} ? 10 : 1);
    while (1) {
        return 1 if $code->();
        return 0 if time > $end;
        sleep 0.02;
    }
}

# Is there such a process (a zombie is not one)?
sub alive {
    my ($pid) = @_;
    return 0 unless $pid;
    open my $fh, '<', "/proc/$pid/stat" or return 0;
    my $stat = <$fh>;
    return defined $stat && $stat !~ /\) [ZX] /;
}

# The process id in a pid file, or 0.
sub pid_in {
    my ($file) = @_;
    open my $fh, '<', $file or return 0;
    my $line = <$fh>;
    return defined $line && $line =~ /^(\d+)/ ? $1 : 0;
}

1;
