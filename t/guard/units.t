# Every unit test and every property is built and run, every parser has a unit
# test, and every fuzz harness has a corpus to replay.
use strict;
use warnings;
use lib ();
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;
my $build = $ENV{SCIM_BUILD} || 'build';

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }
sub names { my ($glob, $end) = @_; map { basename($_, $end) } glob $glob }

# ---- built; t/TEST runs what it finds and fails what is not built ----

lib->import('t/lib');
require ScimTest::Run;
for my $kind (qw(unit property)) {
    my @test = names("t/$kind/*.c", '.c');
    cmp_ok scalar(@test), '>=', 1, "there are programs in t/$kind (" . @test . ')';
    for my $name (@test) {
        my $program = "$build/$kind/$name";
        ok -x $program && -M $program <= -M "t/$kind/$name.c",
            "$name is built from what is there now";
    }
    is_deeply [sort(ScimTest::Run::native("t/$kind"))], [sort map { "t/$kind/$_.c" } @test],
        't/TEST runs them all';
}

# ---- every parser ----

# A parser is a function of the library called scim_..._parse or _decode (the
# house's verbs for text and for JSON). Each is named in a unit test.
my $tests = join '', map { slurp($_) } glob 't/unit/*.c';
my @parser;
for my $header (glob 'modules/*/*.h') {
    next if $header =~ m{^modules/(?:httpd|console|ctl)/};
    my $text = slurp($header) =~ s{/\*.*?\*/}{}gsr;
    push @parser, map { [$_, $header] } $text =~ /\b(scim_\w*_(?:parse|decode)(?:_\w+)?)\s*\(/g;
}
cmp_ok scalar(@parser), '>=', 1, 'there are parsers (' . @parser . ')';
for my $parser (@parser) {
    my ($function, $header) = @$parser;
    ok $tests =~ /\b$function\b/, "$function ($header) has a unit test";
}

# What clients' texts are taken apart by is what "make coverage" looks at. The
# others read what the operator wrote.
my ($measured) = slurp('Makefile') =~ /^PARSERS = ((?:.*\\\n)*.*)\n/m;
my %measured = map { $_ => 1 } map { glob }
    ($measured // '') =~ /(modules\S+?\.c)\b/g;
for my $parser (@parser) {
    my ($function, $header) = @$parser;
    my $source = $header =~ s/\.h\z/.c/r;
    next if $source =~ m{^modules/store/dump\.c$};
    ok $measured{$source}, "$function is in a source whose coverage is measured";
}

# ---- every fuzz harness ----

my @harness = grep { $_ ne 'replay' } names('t/fuzz/*.c', '.c');
cmp_ok scalar(@harness), '>=', 1, 'there are fuzz harnesses (' . @harness . ')';
for my $name (@harness) {
    ok -x "$build/fuzz/$name", "$name is built";
    my @input = grep { -f } glob "t/fuzz/corpus/$name/*";
    ok scalar(@input), "$name has a corpus (" . @input . ')';
}
for my $name (names('t/fuzz/corpus/*', '')) {
    ok -e "t/fuzz/$name.c", "corpus $name has a harness";
}

done_testing;
