# Each promise about the protocol has a label, and each label has tests. A test
# says by its name which promise it keeps: 'A7: a filter that finds nothing ...'.
# This file is the list of the promises.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

chdir dirname(abs_path(__FILE__)) . '/../..' or die $!;

my %label = (
    # transport
    T1 => 'nothing over plain HTTP, except on loopback or behind a proxy that says so',
    T2 => 'the usual headers may be missing',
    T3 => 'bodies as application/scim+json, application/json or without a type, in UTF-8',
    T4 => 'every body is application/scim+json, those of errors as well',
    T5 => 'a valid Bearer token before everything else, several per organisation',
    T6 => 'no throttling of what an identity provider sends',
    T7 => 'parallel requests on one user: none is lost, none is halved',
    # URLs
    U1 => 'unknown query parameters are passed over, known ones are caseless',
    U2 => 'the compatibility flags of Entra in the query change nothing',
    U3 => 'doubled slashes, a slash at the end, an empty query',
    U4 => 'queries are decoded as forms are',
    U5 => 'the id in the path is decoded, then compared exactly',
    U6 => 'every other path below the base is a 404 of SCIM',
    # filters
    F1 => 'names and operators are caseless',
    F2 => 'what can be filtered by, and how',
    F3 => 'values: strings, bare words, quotes that nobody escaped',
    F4 => 'which comparisons look at case',
    F5 => 'no match is an empty list; inactive users match, deleted ones do not',
    F6 => 'a filter that cannot be evaluated is refused',
    F7 => 'a list is a ListResponse, with one hit too',
    F8 => 'pages: startIndex and count',
    F9 => 'attributes and excludedAttributes',
    # the test of a connection
    C1 => 'groups while they are off',
    C2 => 'the requests with which providers try a connection',
    # creation
    P1 => 'only userName is required',
    P2 => 'what is unknown, null or empty is no obstacle',
    P3 => 'names are caseless, values come in several forms',
    P4 => 'a body that is no JSON object is refused',
    P5 => 'conflicts, restoring and adoption',
    P6 => 'deletion frees the names',
    # representation
    R1 => 'reading by id, active or not',
    R2 => 'the shape of a user: strings, booleans, dates, nothing empty',
    R3 => 'values come back as they were sent',
    R4 => 'what is not kept is accepted each time',
    R5 => 'one element per type and one primary where there is one place',
    # PATCH
    A1 => 'the form of the message',
    A2 => 'all or nothing, in order, judged at the end',
    A3 => 'add and replace of what is there and of what is not',
    A4 => 'without path the keys are paths',
    A5 => 'the spellings of a path',
    A6 => 'the spellings of a boolean',
    A7 => 'a filter in a path makes what it does not find',
    A8 => 'clearing by null and by an empty string',
    A9 => 'remove, also with a list of values',
    A10 => 'what is not stored is passed over and stops nothing',
    A11 => 'what is refused, and with which error',
    A12 => 'userName and externalId can be changed',
    A13 => 'the forms of a manager',
    A14 => 'roles with JSON inside a string',
    A15 => 'the answer is 200 with the resource',
    A16 => 'deactivation ends sessions and tokens at once',
    # PUT
    W1 => 'what the client read and only sends back is ignored',
    W2 => 'deactivation; what absence means',
    W3 => 'what is refused; PUT never creates',
    # life
    L1 => 'deactivation leaves the user readable',
    L2 => 'activation brings the same user back',
    L3 => 'deletion answers 204',
    L4 => 'deletion again answers 404',
    L5 => 'a deleted user is not found',
    L6 => 'a deleted user cannot be changed',
    # errors
    E1 => 'the form of an error, in plain words',
    E2 => 'which status stands for what',
    E3 => 'no status that makes a provider stop without need',
    # discovery
    D1 => 'the discovery endpoints',
    D2 => 'advertised is what is stored and returned, nothing else',
    # scenarios
    V1 => 'look-ups of what does not exist, in every spelling of the URL',
    V2 => 'requests with few headers, and with each media type',
    V3 => 'creations, from the barest to the strangest',
    V4 => 'duplicates of every kind',
    V5 => 'each kind of change in both dialects of Entra; real clients\' requests',
    V6 => 'nothing, clearing, keys that are paths',
    V7 => 'off, on, deleted, created again',
    V8 => 'a manager set, changed and cleared',
    V9 => 'a user filled by many small operations',
    V10 => 'several operations on one attribute, and on several',
    V11 => 'page after page',
    V12 => 'groups looked up and written while they are off',
    V13 => 'a wrong token on every route',
    V14 => 'many requests on one user, and many a second',
    V15 => 'the database away',
    V16 => 'what GET showed, given back by PUT',
);
my %range = (T => 7, U => 6, F => 9, C => 2, P => 6, R => 5, A => 16, W => 3, L => 6, E => 3, D => 2, V => 16);
my @label = map { my $letter = $_; map { "$letter$_" } 1 .. $range{$letter} } sort keys %range;
is_deeply [sort keys %label], [sort @label], 'the list has every label';
is scalar(grep { length } values %label), 81, 'with a meaning each';

# Names of tests: string literals that begin with a label and a colon; "A2, T7:"
# are two labels.
my %seen;
my @unknown;
my ($files, $names) = (0, 0);
for my $file (sort(glob('t/api/*.t'), glob('t/unit/*.c'))) {
    open my $fh, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    $files++;
    while (my $line = <$fh>) {
        next if $line =~ m{^\s*(?:#|//|/?\*)};
        while ($line =~ /['"]((?:[A-Z]\d{1,2}(?:,\s*|(?=:)))+):\s/g) {
            for my $label (split /,\s*/, $1) {
                $names++;
                $seen{$label}++;
                push @unknown, "$file line $.: there is no label $label" unless $label{$label};
            }
        }
    }
}
cmp_ok $files, '>=', 10, "there are files of tests ($files)";
cmp_ok $names, '>=', 200, "whose tests bear labels ($names)";
is_deeply \@unknown, [], 'no test bears a label that does not exist';
ok $seen{$_}, "$_ has a test: $label{$_}" for @label;

done_testing;
