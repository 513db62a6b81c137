# docs/errors.md and the code: log numbers, error kinds, and the words that a
# client reads. The words in docs/quickstart-entra.md are the code's as well.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

my %source = map { $_ => slurp($_) =~ s{/\*.*?\*/}{}gsr } 'mod_scim.c', glob('modules/*/*.c');
cmp_ok scalar(keys %source), '>=', 10, 'there are sources (' . keys(%source) . ')';

# ---- the numbers in the code ----

# A call's text up to the parenthesis that closes it, from the one that opens
# it at the position of $$code; strings are passed over.
sub call_at {
    my ($code) = @_;
    my ($depth, $text) = (0, '');
    while ($$code =~ /\G("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'()]+|[()])/gc) {
        $text .= $1;
        $depth += $1 eq '(' ? 1 : $1 eq ')' ? -1 : 0;
        return $text unless $depth;
    }
    return $text;
}

my (%place, %level, @faulty);
for my $file (sort keys %source) {
    my $code = $source{$file};
    while ($code =~ /\b(ap_log_(?!assert)\w*error|scim_log)\s*(?=\()/g) {
        my $function = $1;
        my $line = 1 + (substr($code, 0, pos $code) =~ tr/\n//);
        my $call = call_at(\$code);
        my ($numbers, @levels);
        if ($function eq 'scim_log') {
            # its definition
            next if $call =~ /^\(scim_log_level_t level,/;
            @levels = map { lc } $call =~ /\bSCIM_LOG_(\w+)/g;
            ($numbers) = $call =~ /^\([^,"]*,\s*(\d+)\s*,/;
            $numbers = sprintf 'SCIM%04d', $numbers if defined $numbers;
        }
        else {
            @levels = map { lc } $call =~ /\bAPLOG_(?!MARK|STARTUP|NOERRNO|NO_MODULE)([A-Z]+)\b/g;
            next if grep { /^trace/ } @levels;
            # the port of base/log.h, whose callers bring the number
            next if $call =~ /"SCIM%04d: %s"/;
            ($numbers) = $call =~ /,\s*"(SCIM\d+): /;
        }
        if (!defined $numbers || $numbers !~ /^SCIM\d{4}$/ || !@levels) {
            push @faulty, "$file line $line: $function has no level or no number of four digits";
            next;
        }
        push @{ $place{$numbers} }, "$file line $line";
        $level{$numbers} = join ', ', sort @levels;
    }
    # a number outside of a logging call would escape the above
    my $in_text = () = $code =~ /"SCIM\d/g;
    my $seen = grep { /^\Q$file\E line/ } map { @$_ } values %place;
    cmp_ok $in_text, '<=', $seen, "$file: numbers stand in logging calls only";
}
is_deeply \@faulty, [], 'every line that is logged has a level and a number';
cmp_ok scalar(keys %place), '>=', 10, 'there are numbers (' . keys(%place) . ')';
is scalar(@{ $place{$_} }), 1, "$_ stands in one place" or diag map { "  $_\n" } @{ $place{$_} }
    for sort keys %place;

# ---- and in the document ----

my $doc = slurp('docs/errors.md');
my %row = map { $_->[0] => $_->[1] } map { [ /^\| (\S+) \| ([^|]+) \|/ ] }
    grep { /^\| SCIM/ } split /\n/, $doc;
my @section = $doc =~ /^### (SCIM\w+)$/mg;
is_deeply [grep { !/^SCIM\d{4}$/ } keys %row, @section], [], 'numbers are SCIM and four digits';
is_deeply [sort keys %row], [sort keys %place], 'the list has the numbers of the code';
is_deeply \@section, [sort keys %place], 'a section for each, in order';
for my $number (sort keys %place) {
    is join(', ', sort split /,\s*/, $row{$number} // ''), $level{$number}, "$number: the level is the one of the code";
    my ($text) = $doc =~ /^### $number\n(.*?)(?=^#)/ms;
    is_deeply [($text // '') =~ /^- (\w+): \S/mg], [qw(Meaning Cause Cure)], "$number: meaning, cause, cure";
}

# ---- the kinds ----

my %kind = map { $_->[0] => $_->[2] ? "$_->[1] $_->[2]" : $_->[1] }
    map { [ /X\((SCIM_ERR_\w+),\s*(\d+),\s*(?:"(\w+)"|NULL)\)/ ] }
    grep { /^\s*X\(/ } split /\n/, slurp('modules/base/err.h');
cmp_ok scalar(keys %kind), '>=', 10, 'base/err.h has kinds (' . keys(%kind) . ')';
# the application chooses the status of this one
$kind{SCIM_ERR_APPLICATION} = '4xx' if $kind{SCIM_ERR_APPLICATION};
my %said;
for ($doc =~ /^### ([^\n]*\(SCIM_ERR_\w+\))$/mg) {
    my ($what, $name) = /^(.+) \((\w+)\)$/ or next;
    ok !$said{$name}, "$name is documented once";
    $said{$name} = $what;
}
is_deeply \%said, \%kind, 'each kind is documented with its status and scimType';

# ---- the words ----

# Every string literal of the code, neighbours joined, as a pattern: what
# printf puts in is anything.
my @pattern;
for my $code (values %source) {
    while ($code =~ /((?:"(?:[^"\\\n]|\\.)*"\s*|\bAPR_\w+_FMT\s*)+)/g) {
        my $text = $1;
        # `%" APR_SIZE_T_FMT "` is a conversion in pieces
        $text =~ s/%"\s*APR_\w+_FMT\s*/%d"/g;
        my $joined = join '', $text =~ /"((?:[^"\\\n]|\\.)*)"/g;
        $joined =~ s/\\(["\\])/$1/g;
        my @piece = grep { length } split /%[-0-9.*]*[a-z]/, $joined;
        next unless length(join '', @piece) >= 7;
        push @pattern, join '.*?', map { '(' . quotemeta($_) . ')' } @piece;
    }
}
cmp_ok scalar(@pattern), '>=', 100, 'there are words in the code (' . @pattern . ')';

# Whether the code says this: most letters that are no placeholders, which are
# capitals, are in literals of the code.
sub is_said {
    my ($detail) = @_;
    my $rest = $detail;
    for my $pattern (@pattern) {
        $detail =~ /$pattern/s or next;
        substr($rest, $-[$_], $+[$_] - $-[$_]) = '#' x ($+[$_] - $-[$_]) for 1 .. $#-;
    }
    return $rest =~ tr/a-z// <= 0.4 * ($detail =~ tr/a-z//);
}
ok is_said('userName "joy" is used by another account'), 'a detail is recognised';
ok !is_said('userName "joy" is used by some other account'), 'and one that nobody says is not';

# First columns of tables whose head says "detail"; block quotes of the
# quickstart.
my %quoted;
for my $file ('docs/errors.md', 'docs/quickstart-entra.md') {
    my $text = slurp($file);
    while ($text =~ /^\| detail \|[^\n]*\n\|[-|]+\|\n((?:\|[^\n]*\n)+)/mg) {
        push @{ $quoted{$file} }, map { /^\| `(.+?)` \|/ ? $1 : "not between backticks: $_" } split /\n/, $1;
    }
    push @{ $quoted{$file} }, $text =~ /^> (.+)$/mg;
}
for my $file (sort keys %quoted) {
    my @not_said = grep { !is_said($_) } @{ $quoted{$file} };
    ok !@not_said, "$file: the code says what it quotes" or diag map { "  $_\n" } @not_said;
}
cmp_ok scalar(@{ $quoted{'docs/errors.md'} || [] }), '>=', 40, 'docs/errors.md quotes details';
cmp_ok scalar(@{ $quoted{'docs/quickstart-entra.md'} || [] }), '>=', 8, 'docs/quickstart-entra.md quotes some';

# What httpd itself answers, each way round.
my $core = $source{'modules/httpd/core_errors.c'};
my ($list) = $core =~ /\} details\[\] = \{(.*?)\n\};/s;
my ($rest) = $core =~ /detail_of\(int status\)\s*\{(.*?)\n\}/s;
my %core = map { (s/"\s*"//gr => 1) } ($list // '') =~ /\{ HTTP_\w+,\s*("(?:[^"\\]|\\.|"\s*")+") \}/g,
    ($rest // '') =~ /return ("(?:[^"\\]|\\.|"\s*")+");/g;
my ($table) = $doc =~ /^## From httpd itself\n(.*)/ms;
my %told = map { (qq("$_") => 1) } ($table // '') =~ /^\| (?:\d{3}|others) \| (.+?) \|$/mg;
cmp_ok scalar(keys %core), '>=', 5, 'core_errors.c has details';
is_deeply \%told, \%core, 'the answers of httpd are documented word by word';

done_testing;
