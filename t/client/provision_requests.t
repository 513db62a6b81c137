# The bytes of the provisioning client's requests, against those that clients of
# Microsoft were seen to send: each request below stands in a transcript of
# t/client, member for member in this order.
use strict;
use warnings;
use utf8;
use Test::More;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use Encode ();
use JSON::PP ();
use Provision::Dialect ();
use Provision::Directory ();
use Provision::Http ();
use Provision::Json qw(json_true json_false);
use Provision::Mapping qw(CORE ENTERPRISE MANAGER WORK_MAIL);

my $type = 'application/scim+json; charset=utf-8';

# ---- transcripts ----

# JSON without the blanks between its parts; the rest stays byte for byte.
sub minified {
    my ($text) = @_;
    return $text =~ s/("(?:[^"\\]+|\\.)*")|\s+/$1 \/\/ ''/gesr;
}

# The value of a member of an object in minified JSON.
sub member {
    my ($text, $name) = @_;
    $text =~ /"\Q$name\E":((\{(?:"(?:[^"\\]+|\\.)*"|[^{}"]|(?2))*\})|"(?:[^"\\]+|\\.)*")/s or return undef;
    return $1;
}

# All requests of a file as "METHOD path", headers, body: minified.
my %file;
sub requests {
    my ($name) = @_;
    return @{ $file{$name} ||= do {
        open my $fh, '<:raw', "$FindBin::RealBin/$name" or die "t/client/$name: $!\n";
        my $text = minified(do { local $/; <$fh> });
        my @found;
        while ($text =~ /"request":/g) {
            my $request = member(substr($text, $-[0]), 'request');
            my $decode = sub { my $t = member($request, $_[0]); defined $t ? JSON::PP->new->utf8->allow_nonref->decode($t) : undef };
            push @found, join "\n", $decode->('method') . ' ' . $decode->('path') =~ s/\{\w+\}/{id}/gr,
                ($decode->('headers') || {})->{'Content-Type'} // 'no type', member($request, 'body') // 'no body';
        }
        \@found;
    } };
}

my $compared = 0;

# Our request, with the id replaced as transcripts write it, is in the file.
sub seen {
    my ($request, $file, $name) = @_;
    my $path = $request->{target} =~ s{\A/scim}{}r =~ s{/Users/\K42(?=\?|\z)}{{id}}r;
    my $ours = join "\n", "$request->{method} $path", $request->{type} // 'no type', $request->{body} // 'no body';
    ok(scalar(grep { $_ eq $ours } requests($file)), $name) ? $compared++
        : diag("not in t/client/$file:\n$ours\n\n", join "\n\n", requests($file));
}

my $plain = Provision::Dialect->new('https://host/scim/');
my $flag  = Provision::Dialect->new('https://host/scim/?aadOptscim062020');
is $plain->dialect, 'legacy', 'a URL without flag: the old dialect';
is $flag->dialect, 'flagged', 'with the flag: the new one';
is(Provision::Dialect->new('https://host/scim?AzureAdScimPatch2017=1')->dialect, 'flagged', 'the older flag too');
is $flag->origin, 'https://host', 'where to';
for my $url ('host/scim', 'ftp://host', 'https://', "https://h/a b") {
    ok !eval { Provision::Dialect->new($url) }, "no tenant URL: $url";
    like $@, qr/must be like https/, 'and what one is like';
}

# ---- reading ----

my ($legacy, $compat, $new) = ('entra-legacy/users.json', 'entra-legacy/compatibility.json', 'entra-flagged/compatibility.json');
seen $plain->lookup(userName => 'Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee'), $legacy, 'look-up by userName';
seen $plain->lookup(userName => 'non-existent user'), $legacy, 'with a blank';
seen $plain->lookup(externalId => '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef'), $legacy, 'look-up by externalId';
seen $plain->lookup(externalId => 'Eqpj'), $compat, 'and another';
seen $plain->lookup(WORK_MAIL, 'test_user_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com'), $legacy, 'look-up by address';
seen $flag->lookup(userName => 'bjfe@test.microsoft.com'), $new, 'the flag goes in front';
seen $plain->group_lookup('displayName'), 'entra-legacy/groups-off.json', 'look-up of a group';
seen $plain->read(42), $legacy, 'read by id';
seen $plain->remove(42), $legacy, 'delete';

# ---- creating ----

sub wanted {
    my ($mapping, %person) = @_;
    my $directory = Provision::Directory->new({ objectId => 'o', %person });
    return grep { $mapping ne '-externalId' || $_->[0] ne 'externalId' }
        Provision::Mapping->new($mapping eq '-externalId' ? 'default' : split / /, $mapping)->wanted(($directory->people)[0], 0);
}

seen $plain->create(wanted('default givenName surname formatted', objectId => '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
        userPrincipalName => 'Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee',
        mail => 'Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com', givenName => 'givenName', surname => 'familyName')),
    $legacy, 'create';
is $flag->create(['userName', 'x'])->{body}, $plain->create(['userName', 'x'])->{body}, 'a creation is the same in both dialects';
is $plain->create(wanted('all', userPrincipalName => "zoë.o'brien\@x", displayName => "Zoë \"Z\" O'Brien 𠮷", department => 'R&D', jobTitle => 'Boß'))->{body},
    Encode::encode('UTF-8', '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],'
    . '"externalId":"o","userName":"zoë.o\'brien@x","active":true,"displayName":"Zoë \"Z\" O\'Brien 𠮷","meta":{"resourceType":"User"},'
    . '"roles":[],"title":"Boß","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"}}'),
    'what has no value is not sent, and text as it is';

# ---- changing ----

my @name = (['replace', 'displayName', 'Pvlo'], ['replace', WORK_MAIL, 'TestBcwqnm@test.microsoft.com'], ['replace', 'name.givenName', 'Gtfd'],
            ['replace', 'name.familyName', 'Pkqf'], ['replace', 'externalId', 'Eqpj'], ['replace', ENTERPRISE . ':employeeNumber', 'Eqpj']);
seen $plain->patch('legacy', 42, ['replace', 'active', json_false]), $compat, 'legacy: disable';
seen $plain->patch('legacy', 42, ['replace', 'active', json_true]), $compat, 'legacy: enable';
seen $plain->patch('legacy', 42, ['add', 'nickName', 'Babs']), $compat, 'legacy: add';
seen $plain->patch('legacy', 42, @name), $compat, 'legacy: an operation for each attribute';
seen $plain->patch('legacy', 42, ['replace', WORK_MAIL, 'updatedEmail@microsoft.com'], ['replace', 'name.familyName', 'updatedFamilyName']), $legacy, 'legacy: address and name';
seen $plain->patch('legacy', 42, ['replace', 'userName', '5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com']), $legacy, 'legacy: rename';
seen $plain->patch('legacy', 42, ['replace', 'title', 'tester'], ['add', WORK_MAIL, 'two@joe.com']), 'entra-legacy/add-for-replace.json', 'legacy: replace and add';

seen $flag->patch('flagged', 42, ['replace', 'active', json_false]), $new, 'flagged: disable';
seen $flag->patch('flagged', 42, ['replace', 'active', json_true]), $new, 'flagged: enable';
seen $flag->patch('flagged', 42, ['add', 'nickName', 'Babs']), $new, 'flagged: add';
seen $flag->patch('flagged', 42, ['replace', 'displayName', 'Bjfe'], ['replace', WORK_MAIL, 'TestMhvaes@test.microsoft.com'],
    ['replace', 'name.givenName', 'Kkom'], ['replace', 'name.familyName', 'Unua'], ['replace', ENTERPRISE . ':employeeNumber', 'Aklq']),
    $new, 'flagged: several attributes in one operation, the address by itself';
seen $plain->patch('flagged', 42, ['replace', 'active', json_true], ['replace', 'name.givenName', 'Hello world!']),
    'entra-flagged/multi-value-replace.json', 'flagged: active among others';
seen $plain->patch('pathless', 42, ['add', 'externalId', 'test']), 'entra-flagged/external-id.json', 'pathless: link';

sub operations { return member(minified($_[0]{body}) =~ s/"Operations":(\[.*\])\}\z/"x":{"o":$1}}/sr, 'x') =~ s/\A\{"o":|\}\z//gr }
is operations($plain->patch('legacy', 1, ['add', MANAGER, '7'], ['remove', 'title'])),
    '[{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"7"},{"op":"Remove","path":"title"}]',
    'legacy: a manager, a removal';
is operations($plain->patch('pathless', 1, ['add', 'title', 'T'], ['replace', 'active', json_false], ['add', MANAGER, '7'], ['remove', 'nickName'])),
    '[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"7"},{"op":"remove","path":"nickName"},'
    . '{"op":"replace","value":{"active":false}},{"op":"add","value":{"title":"T"}}]',
    'pathless: what refers to somebody, and a removal, keep their paths';
ok !eval { $plain->patch('klingon', 1, ['add', 'a', 'b']) }, 'no other dialect';

cmp_ok $compared, '>=', 20, "$compared requests were found in the transcripts";

# ---- the query, the head ----

is $plain->lookup(userName => "o'brien+1\@x \"\\ü𠮷")->{target},
    '/scim/Users?filter=userName+eq+%22o%27brien%2B1%40x+%22%5C%C3%BC%F0%A0%AE%B7%22', 'a form encodes so, and nothing is escaped';
is $flag->page(101, 100)->{target}, '/scim/Users?aadOptscim062020&startIndex=101&count=100', 'a page';
is $plain->read('a b/ü')->{target}, '/scim/Users/a%20b%2F%C3%BC', 'an id with everything';

my $http = Provision::Http->new(origin => 'http://host:8642', headers => [Authorization => 'Bearer secret']);
is $http->bytes($plain->read(1)), "GET /scim/Users/1 HTTP/1.1\r\nHost: host:8642\r\nAuthorization: Bearer secret\r\n\r\n",
    'no User-Agent, no Accept, no Content-Type';
is $http->bytes({ method => 'POST', target => '/x', body => '{}', type => $type }),
    "POST /x HTTP/1.1\r\nHost: host:8642\r\nAuthorization: Bearer secret\r\nContent-Type: $type\r\nContent-Length: 2\r\n\r\n{}", 'a body';

done_testing;
