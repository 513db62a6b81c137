package Bench::Meter;
# One measurement: a load for some seconds, the rate, the latencies, and the CPU
# time that httpd and PostgreSQL spent on it.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use ScimTest::Cluster ();
use ScimTest::Sys qw(top run_cmd slurp);
use File::Temp qw(tempdir);

my $HZ = POSIX::sysconf(POSIX::_SC_CLK_TCK());

# CPU seconds of a process and all below it.
sub cpu {
    my ($root) = @_;
    my (%parent, %ticks);
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $fh, '<', $stat or next;
        my $line = <$fh> // next;
        my ($pid, $rest) = $line =~ /^(\d+) \(.*\) (.*)$/s or next;
        my @field = split ' ', $rest;
        $parent{$pid} = $field[1];
        # its own, and that of children it has waited for
        $ticks{$pid} = $field[11] + $field[12];
        $ticks{$pid} += $field[13] + $field[14] if $pid == $root;
    }
    my $sum = 0;
    for my $pid (keys %ticks) {
        my $p = $pid;
        $p = $parent{$p} while defined $p && $p != $root && $p > 1;
        $sum += $ticks{$pid} if defined $p && $p == $root;
    }
    return $sum / $HZ;
}

# Resident memory of a server's children, in KB.
sub resident {
    my ($httpd) = @_;
    my $sum = 0;
    for my $pid ($httpd->children) {
        slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m or die "process $pid says nothing of its memory\n";
        $sum += $1;
    }
    return $sum;
}

# What CODE gives, with CPU microseconds per request.
sub _around {
    my ($servers, $httpd, $code) = @_;
    my @root = ($httpd->pid, $servers->pg->pid);
    my @before = map { cpu($_) } @root;
    my $r = $code->();
    my @after = map { cpu($_) } @root;
    my $n = $r->{requests} || 1;
    $r->{cpu_httpd} = ($after[0] - $before[0]) * 1e6 / $n;
    $r->{cpu_pg}    = ($after[1] - $before[1]) * 1e6 / $n;
    $r->{rate}      = $r->{requests} / $r->{seconds};
    return $r;
}

# wrk(SERVERS, HTTPD, seconds => S, connections => N, args => [...])
sub wrk {
    my ($servers, $httpd, %opt) = @_;
    return _around($servers, $httpd, sub {
        my $threads = $opt{connections} < 2 ? 1 : 2;
        my $said = run_cmd('wrk', "-t$threads", "-c$opt{connections}", "-d$opt{seconds}s", '--timeout', '30s',
            '-s', top() . '/t/bench/load.lua', $httpd->base, '--', @{ $opt{args} });
        my ($json) = $said =~ /^BENCH (.*)$/m or die "wrk did not say what it measured\n$said";
        my $r = JSON::PP::decode_json($json);
        die "the load met $r->{errors} errors (@{ $opt{args} })\n$said" if $r->{errors};
        return $r;
    });
}

# pgbench(SERVERS, seconds, connections, file, define => { name => value }): a
# transaction is one request. Every tenth is logged for the percentiles.
sub pgbench {
    my ($servers, %opt) = @_;
    return _around($servers, $servers->httpd, sub {
        my $dir = tempdir('scim-pgbench-XXXXXX', DIR => '/tmp', CLEANUP => 1);
        my %define = (users => $servers->users, orgs => Bench::Servers::ORGANISATIONS(),
                      first => $servers->first, %{ $opt{define} || {} });
        my $said = run_cmd(ScimTest::Cluster::bindir() . '/pgbench', '-h', $servers->pg->dir,
            '-p', $servers->pg->port, '-U', 'postgres', '-n', '-M', 'prepared', '-j', $opt{connections} < 2 ? 1 : 2,
            '-c', $opt{connections}, '-T', $opt{seconds}, '-f', $opt{file},
            (map { ('-D', "$_=$define{$_}") } sort keys %define),
            '-l', '--sampling-rate=0.1', "--log-prefix=$dir/log", Bench::Servers::PLAIN());
        my ($rate) = $said =~ /^tps = ([\d.]+)/m;
        my ($done) = $said =~ /^number of transactions actually processed: (\d+)/m;
        my ($failed) = $said =~ /^number of failed transactions: (\d+)/m;
        die "pgbench did not say what it measured\n$said" unless $rate && $done;
        die "pgbench had $failed failures\n$said" if $failed;
        my @us = sort { $a <=> $b } map { map { (split)[2] } split /\n/, slurp($_) } glob "$dir/log*";
        return { requests => $done, seconds => $done / $rate, p50 => $us[@us / 2] / 1000,
                 p99 => $us[int(@us * 0.99)] / 1000 };
    });
}

1;
