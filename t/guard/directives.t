# The directives of the code, of docs/directives.md and of conf/scim.conf are
# the same ones: names, contexts, number of arguments and defaults.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

# ---- the code ----

# directives.h: macro => name; those below "Inside <ScimResource>" are inner.
my (%macro, %inner);
{
    my $inside = 0;
    for (split /\n/, slurp('modules/httpd/directives.h')) {
        $inside = 1 if m{^/\* Inside <ScimResource>};
        next unless /^#define\s+SCIM_DIRECTIVE_(\w+)\s+"<?(\w+)"/;
        $macro{$1} = $2;
        $inner{$2} = $inside;
    }
}
cmp_ok scalar(keys %macro), '>=', 20, 'directives.h names directives (' . keys(%macro) . ')';
cmp_ok scalar(grep { $_ } values %inner), '>=', 5, 'some of them inside <ScimResource>';

my $config = join '', map { slurp("modules/httpd/$_.c") } qw(directives config);
my $plain = $config =~ s{/\*.*?\*/}{}gsr;

# The command table: name => [kind, context], and for numbers the range
my (%code, %range);
{
    my %named = map { $_->[0] => $_->[1] } map { [ /(\w+)\s+\((.*)\)/ ] }
        $plain =~ /^#define[ \t]+(\w+[ \t]+\([A-Z_ |]+\))[ \t]*$/mg;
    while ($plain =~ /AP_INIT_(\w+)\(\s*SCIM_DIRECTIVE_(\w+)\s*,[^,]+,\s*
                      (?:NULL|\w+\(([\w, ]+)\))\s*,\s*([A-Z_| ]+?)\s*,/xg) {
        my ($kind, $name, $more, $where) = ($1, $macro{$2} // "SCIM_DIRECTIVE_$2", $3 // '', $4);
        $range{$name} = "$1 to $2" if $more =~ /^\w+, (\d+), (\d+)$/;
        $where = $named{$where} // $where;
        ok !$code{$name}, "$name stands once in the command table";
        $code{$name} = [$kind, join ', ', $inner{$name} ? 'ScimResource' : (
            $where =~ /RSRC_CONF/ ? ('server config', 'virtual host') : (),
            $where =~ /ACCESS_CONF/ ? 'location' : ())];
    }
}
is_deeply [sort keys %code], [sort values %macro], 'the command table has what directives.h names';
is scalar(() = $plain =~ /\bAP_INIT_/g), scalar(keys %code), 'and nothing else';

# Defaults that stand in the getters as plain numbers, or by their names in
# limits.h: name => value, in the spelling of a configuration.
my %default;
{
    my %limit = slurp('modules/base/limits.h') =~ /^#define (SCIM_\w+)\s+(\d+)$/mg;
    my %tokens = $plain =~ /#define\s+DEFAULT_(TOKENS)\s+"([^"]+)"/;
    $default{ $macro{$_} } = $tokens{$_} for keys %tokens;
    while ($plain =~ /\bOR_DEFAULT\(\w+->(\w+),\s*((?:[^()]|\([^()]*\))+)\)/g) {
        my ($member, $value) = ($1, $2);
        my $name = $macro{ uc $member } or next;
        $value = $1 if $value =~ /^\w+\s*\?\s*(.+?)\s*:/;     # threaded : prefork
        $value = $limit{$value} // $value;
        if    ($value =~ /^apr_time_from_sec\((\d+)\)$/) { $default{$name} = "$1s" }
        elsif ($value =~ /^(?:APR_INT64_C\()?(\d+(?:\s*\*\s*\d+)*)\)?$/) {
            my $product = 1;
            $product *= $_ for split /\s*\*\s*/, $1;
            $default{$name} = $product;
        }
    }
}
cmp_ok scalar(keys %default), '>=', 12, 'defaults can be read in the code ('
    . join(' ', map { "$_ $default{$_}" } sort keys %default) . ')';

# ---- the document ----

my $doc = slurp('docs/directives.md');
my (%doc, @order);
for my $section (split /^(?=## )/m, $doc) {
    my ($name) = $section =~ /^## `?<?(\w+)>?`?$/m or next;
    ok !$doc{$name}, "$name is documented once";
    push @order, $name;
    my @lines = $section =~ /^- (\w+): (.+)$/mg;
    my %part = @lines;
    is_deeply [@lines[grep { !($_ % 2) } 0 .. $#lines]], [qw(Description Syntax Default Context)],
        "$name: description, syntax, default and context, in this order";
    $part{text} = $section;
    $part{example} = join "\n", grep { /^    / } split /\n/, $section;
    $doc{$name} = \%part;
}
is_deeply [sort keys %doc], [sort keys %code], 'docs/directives.md has the directives of the code';

# kind of the command table => how many arguments the syntax shows
my %arguments = (TAKE1 => [1, 1], FLAG => [1, 1], TAKE2 => [2, 2], TAKE12 => [1, 2], TAKE23 => [2, 3], TAKE3 => [3, 3], ITERATE => [1, 99]);
# inside a container they take theirs apart themselves
my %by_itself = (ScimAttribute => [2, 99], ScimSchema => [1, 99], ScimDefault => [2, 2]);
for my $name (sort keys %doc) {
    my ($kind, $context) = @{ $code{$name} || ['', ''] };
    my ($syntax) = $doc{$name}{Syntax} =~ /^`(.+)`$/;
    is $doc{$name}{Context}, $context, "$name: the context is the one of the code";
    like $doc{$name}{example}, qr/^ +<?\Q$name\E\b/m, "$name: there is an example";
    if ($kind eq 'RAW_ARGS' && $context ne 'ScimResource') {
        like $syntax // '', qr{^<$name [\w|]+> \.\.\. </$name>$}, "$name: the syntax is that of a container";
        next;
    }
    my ($shown, @argument) = split ' ', $syntax // '';
    is $shown, $name, "$name: the syntax begins with the name";
    my ($least, $most) = @{ $arguments{$kind} || $by_itself{$name} || [] };
    ok defined $least && (grep { !/^\[/ && $_ ne '...' } @argument) == $least
        && ((grep { $_ eq '...' } @argument) ? $most == 99 : @argument == $most),
        "$name: the syntax has the arguments of $kind";
    is $doc{$name}{Syntax} =~ /on\|off`$/ ? 1 : 0, $kind eq 'FLAG' ? 1 : 0,
        "$name: on|off is said of flags and of nothing else" unless $name eq 'ScimRequireTLS';
}

# `Name value` in front of a default is the value; other words describe.
my %said = map { $doc{$_}{Default} =~ /^`$_ ([^`]+)`/ ? ($_ => $1) : () } keys %doc;
for my $name (sort keys %default) {
    is $said{$name}, $default{$name}, "$name: the default is the one of the code";
}

cmp_ok scalar(keys %range), '>=', 10, 'ranges can be read in the command table';
for my $name (sort keys %range) {
    like $doc{$name}{text}, qr/\b\Q$range{$name}\E\b/, "$name: the range is the one of the code ($range{$name})";
}

# ---- the reference configuration ----

# An active line, or one that a single # turns off and that then shows the
# default. Prose has a blank behind the #.
my %conf;
for (split /\n/, slurp('conf/scim.conf')) {
    next unless m{^\s*(#?)<?(Scim\w+)\b\s*(.*?)>?\s*$};
    push @{ $conf{$2} }, [$1, $3];
}
is_deeply [sort keys %conf], [sort keys %code], 'conf/scim.conf has the directives of the code';
for my $name (sort keys %conf) {
    for my $line (@{ $conf{$name} }) {
        next unless $line->[0] && defined $said{$name};
        is $line->[1], $said{$name}, "$name: the commented line shows the default";
    }
}
my @commented = grep { $conf{$_}[0][0] } keys %conf;
cmp_ok scalar(@commented), '>=', 5, 'some lines are commented out (' . @commented . ')';

# The order of the document is the one of directives.h.
my @named = map { /^#define\s+SCIM_DIRECTIVE_\w+\s+"<?(\w+)"/ ? $1 : () }
    split /\n/, slurp('modules/httpd/directives.h');
is_deeply \@order, \@named, 'the document keeps the order of directives.h';

done_testing;
