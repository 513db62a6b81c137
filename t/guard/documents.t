# What the documents refer to is there: files, pictures, headings. README.md leads
# to every document, and the Debian package has them all.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

my @document = ('README.md', sort glob 'docs/*.md');
my %text = map { $_ => slurp($_) } @document;
cmp_ok scalar(@document), '>=', 8, 'there are documents';

# What is shown as code, between fences or indented, refers to nothing.
sub prose {
    my ($text) = @_;
    $text =~ s/^ *```.*?^ *```$//msg;
    return $text =~ s/^    .*\n//mgr;
}

my %heading = map { my $file = $_; $file => { map { $_ => 1 } prose($text{$file}) =~ /^#+ +(.*?) *$/mg } } @document;

# As a page of Markdown names them.
sub anchor { my ($title) = @_; return lc($title) =~ s/[^\w -]//gr =~ s/ /-/gr }

my ($links, $files, $titles) = (0, 0, 0);
for my $file (@document) {
    is scalar(() = $text{$file} =~ /^ *```/mg) % 2, 0, "$file: what is opened by a fence is closed";
    my $prose = prose($text{$file});
    my @dead;
    while ($prose =~ /\]\(([^)\s]+)\)/g) {
        my $target = $1;
        next if $target =~ /^[a-z]+:/;
        $links++;
        my ($path, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
        my $at = $path eq '' ? $file : dirname($file) eq '.' ? $path : dirname($file) . "/$path";
        push @dead, $target unless -e $at && (!defined $anchor
            || grep { anchor($_) eq $anchor } keys %{ $heading{$at} || {} });
    }
    while ($prose =~ m{`((?:docs|conf|t)/[\w./-]+)`}g) {
        $files++;
        push @dead, $1 unless -e $1;
    }
    # `docs/operations.md`, "Replacing a token"
    while ($prose =~ /`?\b((?:docs\/)?[\w-]+\.md)`?,\s+"([^"]+)"/g) {
        my ($other, $title) = ($1, $2);
        $title =~ s/\s+/ /g;
        $titles++;
        push @dead, "$other, \"$title\"" unless $heading{$other}{$title};
    }
    is_deeply \@dead, [], "$file: refers to nothing that is not there";
}
cmp_ok $links, '>=', 8, "there are links ($links)";
cmp_ok $files, '>=', 50, "and names of files ($files)";
cmp_ok $titles, '>=', 3, "and of sections ($titles)";

for my $file (grep { $_ ne 'README.md' } @document, glob 'docs/*.1') {
    like $text{'README.md'}, qr/\]\(\Q$file\E\)/, "README.md leads to $file";
}
my @package = split /\n/, slurp('conf/debian/libapache2-mod-scim.docs');
for my $file (@document, glob 'docs/images/*') {
    ok scalar(grep { my $dir = $_; grep { $_ eq $file || $file =~ m{^\Q$_\E/} } glob $dir } @package), "the package has $file";
}

done_testing;
