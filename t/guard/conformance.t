# docs/conformance.md says of each requirement which test proves it, or why it is
# not met. Here: that every number is there, once and in order, and that each test
# exists under its name.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

my @NUMBERS = (1 .. 182, 206 .. 214);

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

# The string literals of a file of tests, those of comments left out. The name of
# a test stands in one of them, whole or up to what is put into it.
my %literals;
sub literals {
    my ($file) = @_;
    return $literals{$file} ||= join "\n", map { my ($line, @text) = ($_);
        push @text, $2 while $line =~ /(["'])((?:\\.|(?!\1)[^\\])*)\1/g;
        @text } grep { !m{^\s*(?:#|//|/?\*)} } split /\n/, slurp($file);
}

# What is wrong with a table: sentences.
sub faults {
    my ($text) = @_;
    my (@fault, @number);
    for my $row (grep { /^\| *\d/ } split /\n/, $text) {
        my ($number, $level, $requirement, $proof, @more) = $row =~ /\G\| *(.*?) *(?=\|)/g;
        push @number, $number;
        push @fault, "$number: not four columns" and next if @more || !defined $proof;
        push @fault, "$number: level \"$level\""
            unless $level =~ /^(?:PROJECT|(?:MUST|SHOULD|MAY) (?:RFC \d+ |C?)§\d.*)$/;
        push @fault, "$number: no requirement" unless length $requirement;
        my ($cited, $rest) = (0, $proof);
        while ($rest =~ s/`(t\/[^`]*)`((?:,? "[^"]*")+)//) {
            my ($file, $names) = ($1, $2);
            push @fault, "$number: there is no $file" and next unless -f $file;
            for my $name ($names =~ /"([^"]*)"/g) {
                $cited++;
                push @fault, "$number: \"$name\" is too short for a name" if length $name < 5;
                push @fault, "$number: $file has no test \"$name\"" if index(literals($file), $name) < 0;
            }
        }
        push @fault, "$number: a file without the name of a test" if $rest =~ /`t\//;
        push @fault, "$number: a name without its file" if $rest =~ s/`[^`]*`//gr =~ /"/;
        my $reason = $proof =~ /^\*\*No\*\*/;
        push @fault, "$number: neither a test nor a reason" unless $cited || $reason;
        push @fault, "$number: no reason" if $reason && $rest !~ /^\*\*No\*\*: (?:\S+\s+){5}/;
    }
    push @fault, 'the numbers are ' . join ' ', @number if "@number" ne "@NUMBERS";
    return @fault;
}

# ---- the guard itself ----

my $me = 't/guard/conformance.t';
my %row = map { $_ => "| $_ | MUST §1 | something | `$me` \"the guard sees it\" |" } @NUMBERS;
sub table { my (%other) = @_; return join "\n", map { $other{$_} // $row{$_} } @NUMBERS }

is_deeply [faults(table())], [], 'a table without faults';
for my $case (
    ['no number at all',   qr/^the numbers are $/,      ''],
    ['one is missing',     qr/^the numbers are 1 3 /,   table(2 => '')],
    ['one is there twice', qr/^the numbers are 1 2 2 /, table(2 => "$row{2}\n$row{2}")],
    ['two changed places', qr/^the numbers are 2 1 /,   table(1 => $row{2}, 2 => $row{1})],
    ['one too many',       qr/ 214 215$/,               table() . "\n| 215 " . substr $row{9}, 3],
    ['another level',      qr/^7: level/,               table(7 => $row{7} =~ s/MUST/OUGHT/r)],
    ['a level alone',      qr/^7: level/,               table(7 => $row{7} =~ s/ §1//r)],
    ['nothing required',   qr/^7: no requirement$/,     table(7 => $row{7} =~ s/something//r)],
    ['no proof',           qr/^7: neither/,             table(7 => $row{7} =~ s/`.*"/surely/r)],
    ['an empty cell',      qr/^7: neither/,             table(7 => $row{7} =~ s/`.*"//r)],
    ['a column is gone',   qr/^7: not four/,            table(7 => $row{7} =~ s/something \| //r)],
    ['no such file',       qr{^7: there is no t/no\.t}, table(7 => $row{7} =~ s/$me/t\/no.t/r)],
    ['no such name',       qr/^7: \S+ has no test/,     table(7 => $row{7} =~ s/sees/overlooks/r)],
    ['a name in a comment', qr/^7: \S+ has no test/,    table(7 => $row{7} =~ s/the guard sees it/whole or up to/r)],
    ['a name of one sign', qr/^7: .*too short/,         table(7 => $row{7} =~ s/the guard sees it/e/r)],
    ['a file alone',       qr/^7: a file without/,      table(7 => $row{7} =~ s/ "the.*"//r)],
    ['a name alone',       qr/^7: a name without/,      table(7 => $row{7} =~ s/`$me`/see/r)],
    ['a bare No',          qr/^7: no reason$/,          table(7 => $row{7} =~ s/`.*"/**No**/r)],
    ['No, and a test',     qr/^7: no reason$/,          table(7 => $row{7} =~ s/`/**No**: `/r)],
) {
    my ($what, $fault, $text) = @$case;
    like join("\n", faults($text)), qr/$fault/m, "the guard sees it: $what";
}
is_deeply [faults(table(7 => '| 7 | SHOULD §2 | x | **No**: because of this and of that. |'))], [], 'a reason will do';

# ---- the document ----

is_deeply [faults(slurp('docs/conformance.md'))], [], 'docs/conformance.md has each number, with a test or a reason';

done_testing;
