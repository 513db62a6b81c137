package ScimTest::Ctl;
# build/scimctl as a person or a script calls it.
#
#   my $r = scimctl({ env => { SCIM_TOKEN => 'x' }, in => $text }, 'probe', $url);
#   $r->{status}; $r->{out}; $r->{err}; $r->{json};
use strict;
use warnings;
use Exporter qw(import);
use File::Temp ();
use JSON::PP ();
use POSIX ();
use Test::More ();
use ScimTest::Sys qw(top slurp spew);
use ScimTest::Valgrind ();

our @EXPORT = qw(scimctl conninfo_of is_tame);

sub program { ($ENV{SCIM_BUILD} || top() . '/build') . '/scimctl' }

# The superuser's connection string of a ScimTest::Cluster.
sub conninfo_of { my ($pg, %opt) = @_; return $pg->conninfo(user => 'postgres', %opt) }

sub scimctl {
    my $opt = ref $_[0] eq 'HASH' ? shift : {};
    my @args = @_;
    my %file = map { $_ => File::Temp->new(TEMPLATE => "scimctl-$_-XXXXXX", DIR => '/tmp') } qw(in out err);
    print { $file{in} } $opt->{in} // '';
    $file{in}->flush;
    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if (!$pid) {
        delete @ENV{ qw(SCIM_TOKEN HTTPD HTTPD_CONF), grep { /^PG/ } keys %ENV };
        $ENV{LD_PRELOAD} = $ENV{SCIM_PRELOAD} if $ENV{SCIM_PRELOAD};
        %ENV = (%ENV, %{ $opt->{env} || {} });
        open STDIN, '<', "$file{in}" or POSIX::_exit(126);
        open STDOUT, '>', "$file{out}" or POSIX::_exit(126);
        open STDERR, '>', "$file{err}" or POSIX::_exit(126);
        { no warnings 'exec'; exec ScimTest::Valgrind::command(program()), @args }
        POSIX::_exit(127);
    }
    return { pid => $pid, file => \%file } if $opt->{background};
    return finish({ pid => $pid, file => \%file });
}

# Nothing that a terminal obeys is in TEXT.
sub is_tame {
    my ($text, $name) = @_;
    my @found = $text =~ /[\x00-\x09\x0b-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]/g;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::is(join(' ', map { sprintf '%04x', ord } @found), '', $name);
}

# The end of one that ran in the background.
sub finish {
    my ($run) = @_;
    local $?;
    waitpid $run->{pid}, 0;
    my %r = (status => $? & 127 ? 128 + ($? & 127) : $? >> 8,
             map { $_ => slurp("$run->{file}{$_}") } qw(out err));
    $r{json} = eval { JSON::PP->new->utf8->allow_nonref->decode($r{out}) };
    utf8::decode($r{$_}) for qw(out err);
    return \%r;
}

1;
