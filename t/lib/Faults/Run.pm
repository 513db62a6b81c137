package Faults::Run;
# One fault from beginning to end, and what came of it:
#
#   my $result = Faults::Run::fault($fault);
#   # { name, what, requests, acknowledged, lost, half, longest, recovery,
#   #   violations => [sentences] }
use strict;
use warnings;
use Time::HiRes qw(time);
use Faults::Audit ();
use Faults::Load ();
use Faults::Servers ();
use ScimTest::Log ();
use ScimTest::Sys qw(top make_dir);

# From the deadline to the answer, on a machine that has other things to do.
use constant AIR      => 1.5;
use constant RECOVERY => 2;

sub fault {
    my ($fault) = @_;
    my %result = (name => $fault->{name}, what => $fault->{what}, violations => []);
    my ($servers, $load);
    my $ok = eval {
        my %opt = %{ $fault->{servers} || {} };
        $opt{full_disk} = full_disk() if $opt{full_disk};
        $servers = Faults::Servers->new(%opt);
        $servers->start;
        $fault->{prepare}->($servers) if $fault->{prepare};
        make_dir($servers->dir . '/load');
        $load = Faults::Load->new(dir => $servers->dir . '/load', origin => $servers->httpd->url,
            token => $servers->token, %{ $fault->{load} || {} })->start;
        $servers->watch(sub { $load->look });
        _under_load($fault, $servers, $load, \%result);
        1;
    };
    push @{ $result{violations} }, "could not be tried to the end: $@" unless $ok;
    eval { $load->stop } if $load;
    _judge($fault, $servers, $load, \%result) if $ok;
    push @{ $result{violations} }, $servers->stop if $servers;
    return \%result;
}

sub _under_load {
    my ($fault, $servers, $load, $result) = @_;
    $servers->wait_for(30, sub { $load->acknowledged >= 50 })
        or die 'there is no load before the fault: ' . join('; ', $load->faults) . "\n";
    $fault->{run}->($servers, $load);
    my $mended = time;
    $servers->wait_for(20, sub { defined $load->recovered($mended) });
    $servers->wait(RECOVERY + 0.5);
    $load->stop;
    # what was abandoned has come to its end one way or the other
    $servers->wait_for(10, sub { !$servers->pg->dbh->selectrow_array(
        q{SELECT count(*) FROM pg_stat_activity WHERE usename = 'mod_scim' AND state <> 'idle'}) })
        or die "there is a statement without an end\n";
    $result->{recovery} = $load->recovered($mended);
    my $audit = Faults::Audit::count($servers->pg->dbh, $load->users);
    @$result{qw(lost half)} = @$audit{qw(lost half)};
    push @{ $result->{violations} }, @{ $audit->{faults} };
}

sub _judge {
    my ($fault, $servers, $load, $result) = @_;
    my $bad = $result->{violations};
    @$result{qw(requests acknowledged errors longest)} =
        ($load->requests, $load->acknowledged, $load->errors, $load->longest);
    push @$bad, $load->faults, $servers->excess;
    push @$bad, sprintf 'an error took %.1f s', $load->longest
        if $load->longest > Faults::Servers::TIMEOUT + AIR;
    push @$bad, 'service did not come back' unless defined $result->{recovery};
    push @$bad, sprintf 'service came back after %.1f s only', $result->{recovery}
        if ($result->{recovery} // 0) > RECOVERY;
    my $errors = $fault->{errors} || 'any';
    push @$bad, 'the load has not noticed it' if $errors eq 'some' && !$load->errors;
    push @$bad, $load->errors . ' requests failed' if $errors eq 'none' && $load->errors;
    # SCIM0013, 0050, 0086: the database; what a fault is about
    push @$bad, ScimTest::Log::faults($servers->httpd->error_log, qr/SCIM00(?:13|50|86): /);
}

# Made by make check-faults.
sub full_disk {
    my $file = ($ENV{SCIM_BUILD} || top() . '/build') . '/full_disk.so';
    die "$file is missing: run make check-faults\n" unless -e $file;
    return $file;
}

1;
