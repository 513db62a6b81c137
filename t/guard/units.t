# Every unit test is built and run, every parser has one, and every fuzz
# harness has a corpus to replay.
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

# ---- built; t/TEST runs what it finds in t/unit and fails what is not built ----

my @unit = names('t/unit/*.c', '.c');
cmp_ok scalar(@unit), '>=', 1, 'there are unit tests (' . @unit . ')';
for my $name (@unit) {
    my $program = "$build/unit/$name";
    ok -x $program && -M $program <= -M "t/unit/$name.c",
        "$name is built from what is there now";
}

my @runs = do {
    lib->import('t/lib');
    require ScimTest::Run;
    ScimTest::Run::native('t/unit');
};
is_deeply [sort @runs], [sort map { "t/unit/$_.c" } @unit], 't/TEST runs them all';

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
