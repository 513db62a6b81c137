# Each mutant of t/mutants can still be planted: its line is there, once, and so
# are the tests that have to notice it. "make check-mutants" plants them.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

my $said = `t/bin/mutants --check 2>&1`;
is $?, 0, 'every mutant can be planted' or diag $said;
my ($mutants) = $said =~ /^(\d+) mutants/;
cmp_ok $mutants // 0, '>=', 60, 'and there are enough of them';

my %room = map { m{^modules/([^/]+)/} ? ($1 => 1) : () } glob 'modules/*/*.c';
cmp_ok scalar keys %room, '>=', 8, 'there are rooms';
for my $room (sort keys %room) {
    my $lists = `grep -l '^file modules/$room/' t/mutants/*`;
    like $lists, qr/\S/, "room $room has mutants";
}

done_testing;
