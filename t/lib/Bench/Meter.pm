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

# around(SERVERS, CODE): what CODE gives, with CPU microseconds per request.
sub around {
    my ($servers, $code) = @_;
    my @root = ($servers->httpd->pid, $servers->pg->pid);
    my @before = map { cpu($_) } @root;
    my $r = $code->();
    my @after = map { cpu($_) } @root;
    my $n = $r->{requests} || 1;
    $r->{cpu_httpd} = ($after[0] - $before[0]) * 1e6 / $n;
    $r->{cpu_pg}    = ($after[1] - $before[1]) * 1e6 / $n;
    $r->{rate}      = $r->{requests} / $r->{seconds};
    return $r;
}

# wrk(SERVERS, seconds => S, connections => N, args => [...])
sub wrk {
    my ($servers, %opt) = @_;
    my $said = run_cmd('wrk', '-t2', "-c$opt{connections}", "-d$opt{seconds}s", '--timeout', '30s',
        '-s', top() . '/t/bench/load.lua', $servers->httpd->base, '--', @{ $opt{args} });
    my ($json) = $said =~ /^BENCH (.*)$/m or die "wrk did not say what it measured\n$said";
    my $r = JSON::PP::decode_json($json);
    die "the load met $r->{errors} errors (@{ $opt{args} })\n$said" if $r->{errors};
    return $r;
}

# pgbench(SERVERS, seconds, connections, file, users): a transaction is one
# request. Every hundredth is logged for the percentiles.
sub pgbench {
    my ($servers, %opt) = @_;
    my $dir = tempdir('scim-pgbench-XXXXXX', DIR => '/tmp', CLEANUP => 1);
    my $said = run_cmd(ScimTest::Cluster::bindir() . '/pgbench', '-h', $servers->pg->dir,
        '-p', $servers->pg->port, '-U', 'postgres', '-n', '-M', 'prepared', '-j', 2,
        '-c', $opt{connections}, '-T', $opt{seconds}, '-f', $opt{file},
        '-D', "users=$opt{users}", '-D', 'orgs=' . Bench::Servers::ORGANISATIONS(),
        '-D', 'first=' . $servers->first, '-l', '--sampling-rate=0.1',
        "--log-prefix=$dir/log", ScimTest::Cluster::DATABASE());
    my ($rate) = $said =~ /^tps = ([\d.]+)/m;
    my ($done) = $said =~ /^number of transactions actually processed: (\d+)/m;
    my ($failed) = $said =~ /^number of failed transactions: (\d+)/m;
    die "pgbench did not say what it measured\n$said" unless $rate && $done;
    die "pgbench had $failed failures\n$said" if $failed;
    my @us = sort { $a <=> $b } map { map { (split)[2] } split /\n/, slurp($_) } glob "$dir/log*";
    return { requests => $done, seconds => $done / $rate, p50 => $us[@us / 2] / 1000,
             p99 => $us[int(@us * 0.99)] / 1000 };
}

1;
