# Who may include whom. The rooms of modules/ are a stack: a file includes its
# own room and those that its room may see, and each third-party library is
# seen in one place. The other proof is the linker's: unit tests are linked
# without httpd. Here also: what the module exports and which libraries it
# asks for.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

# room => rooms it may include
my %SEES = (
    'mod_scim.c' => [qw(httpd console)],
    console      => [qw(httpd pg store base)],
    httpd        => [qw(service pg store schema base)],
    service      => [qw(pg proto store query schema base)],
    pg           => [qw(store query schema base)],
    store        => [qw(query schema base)],
    proto        => [qw(query schema base)],
    query        => [qw(schema base)],
    schema       => [qw(base)],
    base         => [],
    ctl          => [qw(pg store proto query schema base)],
);

# headers of a library => the files that may see them
my @LIBRARY = (
    [httpd  => qr{^(?:httpd|http_\w+|ap_\w+|util_\w+|mod_\w+|mpm_common|scoreboard|unixd)\.h$},
               qr{^(?:mod_scim\.c|modules/(?:httpd|console)/)}],
    ['json-c' => qr{^(?:json|json-c/.*|json_\w+)\.h$}, qr{^modules/base/json\.c$}],
    [libpq  => qr{^(?:libpq-fe\.h|libpq-events\.h|libpq/.*|postgres_ext\.h|pg_config.*\.h)$},
               qr{^modules/pg/}],
    [libcrypto => qr{^openssl/}, qr{^modules/base/(?:digest|seal)\.c$}],
    [libcurl => qr{^curl/}, qr{^modules/ctl/http\.c$}],
);

# All that is left: APR, APR-util, the C library and POSIX.
my $SYSTEM = qr{^(?:apr_\w+|apr|apu|apu_\w+|assert|ctype|errno|fcntl|grp|float|inttypes|limits
    |locale|math|netdb|netinet/\w+|arpa/inet|poll|pthread|pwd|setjmp|signal|stdarg|stdatomic
    |stdbool|stddef|stdint|stdio|stdlib|string|strings|sys/\w+|time|unistd|wchar|wctype|getopt|dirent
    |termios)\.h$}x;

# The quoted includes that are refused for FILE, and the others: the rule in
# one function, so that it can be tested itself.
sub fault {
    my ($file, $quoted, $header) = @_;
    my $room = $file =~ m{^modules/(\w+)/} ? $1 : $file;
    return "there is no room \"$room\" in the table" unless $SEES{$room};
    if ($quoted) {
        my $to = $header =~ m{^([\w-]+)/[\w-]+\.h$} ? $1
               : $header =~ m{^[\w-]+\.h$}          ? $room
               : return "\"$header\" is not room/file.h";
        return undef if $to eq $room || grep { $_ eq $to } @{ $SEES{$room} };
        return "$room must not see $to ($header)";
    }
    for my $library (@LIBRARY) {
        my ($name, $is, $may) = @$library;
        return $file =~ $may ? undef : "only " . ($may =~ s/^\(\?\^?:|\)$//gr)
            . " may see $name (<$header>)" if $header =~ $is;
    }
    return $header =~ $SYSTEM ? undef : "<$header> is no library we know";
}

is fault('modules/pg/conn.c', 1, 'base/err.h'), undef, 'pg may include base';
is fault('modules/pg/conn.c', 1, 'conn.h'), undef, 'and itself';
like fault('modules/base/err.c', 1, 'pg/conn.h'), qr/must not see/, 'base not pg';
like fault('modules/proto/x.c', 1, 'store/sql.h'), qr/must not see/, 'proto not store';
like fault('modules/pg/conn.c', 0, 'httpd.h'), qr/may see httpd/, 'pg not httpd';
like fault('modules/base/buf.c', 0, 'json-c/json.h'), qr/may see json-c/, 'json-c is json.c\'s';
like fault('modules/attic/x.c', 1, 'base/err.h'), qr/no room/, 'a room has to be in the table';

my ($files, $includes) = (0, 0);
for my $file (sort grep { -e } 'mod_scim.c', glob('modules/*.[ch]'), glob('modules/*/*.[ch]'),
              glob('modules/*/*/*.[ch]')) {
    my @fault;
    open my $fh, '<', $file or die "$file: $!";
    while (<$fh>) {
        my ($open, $header) = /^\s*#\s*include\s*(["<])([^">]+)[">]/ or next;
        $includes++;
        my $fault = fault($file, $open eq '"', $header);
        push @fault, "line $.: $fault" if $fault;
        next unless $open eq '"';
        my ($room) = $file =~ m{^(modules/\w+)/};
        my $there = $header =~ m{/} ? "modules/$header" : ($room // '.') . "/$header";
        push @fault, "line $.: there is no $there" unless -e $there;
    }
    $files++;
    ok !@fault, $file or diag map { "  $_\n" } @fault;
}
cmp_ok $files, '>=', 2, "files to check ($files)";
cmp_ok $includes, '>=', 2, "includes to check ($includes)";

# ---- the module as it was linked ----

my $module = $ENV{SCIM_MODULE} || 'build/mod_scim.so';
LINKED: {
    ok -e $module, "$module is built" or last LINKED;
    # what the C runtime and a sanitizer put there is not ours
    my @symbol = grep { !/^(?:_init|_fini|_edata|_end|__bss_start|__(?:asan|ubsan|odr_asan)[\w.]*)$/ }
                 map { (split)[2] // () } grep { / [A-TV-Z] /i && !/ [Uw] / } qx(nm -D '$module');
    is_deeply \@symbol, ['scim_module'], 'it exports its module structure and nothing else';
    my @needed = map { /\(NEEDED\).*\[(.+?)\]/ ? $1 : () } qx(readelf -d '$module');
    my @odd = grep { !/^(?:libapr-1|libaprutil-1|libjson-c|libpq|libcrypto|libc)\.so/ } @needed;
    @odd = grep { !/^lib(?:asan|ubsan|pcre2-8|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so/ } @odd
        if $ENV{SCIM_SANITIZE};
    is_deeply \@odd, [], 'it needs APR, json-c, libpq, libcrypto and the C library only';
    ok scalar(@needed), 'and it does need something';
}

done_testing;
