# The manual page of scimctl and what the command says of itself name the same
# commands and options.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

my $program = ($ENV{SCIM_BUILD} || 'build') . '/scimctl';
ok -x $program, "$program is built";
local $ENV{LD_PRELOAD} = $ENV{SCIM_PRELOAD} if $ENV{SCIM_PRELOAD};

my $page = do { local (@ARGV, $/) = 'docs/scimctl.1'; <> };
my ($common) = $page =~ /^Options of all commands:\n(.*?)^\.Ss /ms;
my %section = $page =~ /^\.Ss (\w+)\n(.*?)(?=^\.S[sh] )/msg;

# The options that an .It line of the page names, without dashes in front.
sub items { my ($text) = @_; return map { s/^-//r } map { / Fl -(\S+)/g } $text =~ /^(\.It .*)/mg }

my @command = qx($program --help) =~ /^  (\w+)  +\w/mg;
cmp_ok scalar(@command), '>=', 8, 'the command names its commands';
is_deeply [sort keys %section], [sort @command], 'the page has a section for each';
my @all = items($common // '');
cmp_ok scalar(@all), '>=', 3, 'and one for options of all';
for my $command (@command) {
    my $help = qx($program $command --help);
    my %option = map { $_ => 1 } $help =~ /^  .*?--([\w-]+)/mg;
    delete @option{@all};
    my @there = items($section{$command} // '');
    # those that several commands share stand once
    push @there, items($section{check}) if ($section{$command} // '') =~ /are those of\n\.Cm check/;
    is_deeply [sort keys %option], [sort @there], "$command: the page has the options of --help";
    like $page, qr/^\.Nm\n\.Cm $command$/m, "$command: the synopsis";
}
is_deeply [sort $page =~ /^\.It (\d)$/mg], [0 .. 3], 'the page has every exit status';

my $readme = do { local (@ARGV, $/) = 'README.md'; <> };
my ($row) = $readme =~ /^\| `man scimctl`.*: ([\w, ]+) \|$/m;
is_deeply [sort split /, /, $row // ''], [sort @command], 'README.md names every command';

# What a terminal obeys is escaped in one place, and nobody goes past it.
my @writer = grep { my $file = $_; local (@ARGV, $/) = $file; <> =~ /\b(?:v?f?printf|f?puts|f?putc|putchar|fwrite|write|apr_file_(?:write|put)\w*) ?\(/ }
    glob 'modules/ctl/*.c';
is_deeply \@writer, ['modules/ctl/main.c', 'modules/ctl/print.c'], 'only print.c writes, and main.c what is its own';

my ($version) = qx($program --version) =~ /^scimctl (\S+)$/;
my $changelog = do { local (@ARGV, $/) = 'conf/debian/changelog'; <> };
like $changelog, qr/\Amod-scim \(\Q$version\E\) /, 'the package has the version that the command tells';

is qx(mandoc -Tlint -Wwarning docs/scimctl.1 2>&1), '', 'mandoc has nothing to say';

done_testing;
