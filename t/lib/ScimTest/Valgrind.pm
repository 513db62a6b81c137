package ScimTest::Valgrind;
# Programs under valgrind's memcheck, when SCIM_VALGRIND is set: the directory
# for what it reports.
#
#   exec ScimTest::Valgrind::command('/usr/sbin/apache2', '-k', 'start');
#   my @tests = ScimTest::Valgrind::bearable(glob 't/api/*.t');
#
# One file for each process; an empty one is a process without a fault. Memory
# that nothing points to any more when a process ends is a fault; what stays
# reachable, as httpd's own pools do, is none.
use strict;
use warnings;
use ScimTest::Sys qw(top slurp);

sub command {
    my @program = @_;
    return @program unless $ENV{SCIM_VALGRIND};
    return ('valgrind', '-q', '--vgdb=no', '--num-callers=30', '--leak-check=full',
            '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite', '--error-exitcode=0',
            '--suppressions=' . top() . '/t/memory/suppressions',
            "--log-file=$ENV{SCIM_VALGRIND}/%p", @program);
}

# Of test files those that make sense when all takes longer.
sub bearable {
    my @file = @_;
    return @file unless $ENV{SCIM_VALGRIND};
    my %left_out = map { /^(t\S+)\s+\S/ ? ($1 => 1) : () } split /\n/, slurp(top() . '/t/memory/left-out');
    for my $name (sort keys %left_out) {
        die "t/memory/left-out: there is no $name\n" unless grep { $_ eq $name } @file;
        print "left out: $name\n";
    }
    return grep { !$left_out{$_} } @file;
}

1;
