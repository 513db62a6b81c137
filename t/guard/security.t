# docs/security.md names what is there: test files, directives, log numbers, Make's
# targets, other documents; and README.md leads to it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

my $doc = slurp('docs/security.md');

# Every promise has a test.
my ($table) = $doc =~ /^\| promise \| tested by \|\n\|[-|]+\|\n((?:\|.*\n)+)/m;
my @promise = split /\n/, $table // '';
cmp_ok scalar(@promise), '>=', 12, 'there are promises (' . @promise . ')';
for my $row (@promise) {
    my (undef, $promise, $by) = split / *\| */, $row;
    my @file = ($by // '') =~ m{`(t/[\w/.]+)`}g;
    ok @file, "$promise: has a test";
    ok -f $_, "$_ is there" for @file;
}

my %directive = map { $_ => 1 } slurp('modules/httpd/directives.h') =~ /"<?(Scim\w+)"/g;
ok $directive{$_}, "$_ is a directive" for sort keys %{ { map { $_ => 1 } $doc =~ /\b(Scim[A-Z]\w+)/g } };

my $errors = slurp('docs/errors.md');
like $errors, qr/^### $_$/m, "$_ is in docs/errors.md" for sort keys %{ { map { $_ => 1 } $doc =~ /\b(SCIM\d{4})\b/g } };

my $make = slurp('Makefile');
like $make, qr/^$_:/m, "make $_ is there" for sort keys %{ { map { $_ => 1 } $doc =~ /`make ([\w-]+)`/g } };

ok -f $_, "$_ is there" for sort keys %{ { map { $_ => 1 } $doc =~ m{`(docs/[\w.-]+)`}g } };
like slurp('README.md'), qr{`docs/security\.md`}, 'README.md leads to it';

done_testing;
