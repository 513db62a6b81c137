# The parts of the provisioning client that need no server: files, times,
# mapping, comparison, the rules about trying again.
use strict;
use warnings;
use utf8;
use Test::More;
use Encode ();
use FindBin;
use lib "$FindBin::RealBin/../lib";
use JSON::PP ();
use Provision::Company ();
use Provision::Csv ();
use Provision::Directory ();
use Provision::Json ();
use Provision::Mapping qw(ENTERPRISE MANAGER WORK_MAIL);
use Provision::Names ();
use Provision::Report ();
use Provision::Resource qw(value_at changes);
use Provision::Retry ();
use Provision::Screen ();
use Provision::Time ();

binmode Test::More->builder->$_, ':encoding(UTF-8)' for qw(output failure_output todo_output);

sub dies { my ($code) = @_; return eval { $code->(); 1 } ? '' : $@ }

# ---- JSON ----

my $peer = JSON::PP->new->utf8->canonical->allow_nonref;
for my $text ('{}', '[]', '[[],{}]', '{"a":{"b":[1,-2.5e3,"x"]}}', '"\u00e9\ud842\udfb7\n\"\\\\\/"',
              ' { "a" : [ true , false , null ] } ', '"𠮷Ω"', '{"a\u0062":"c"}', '0') {
    my $bytes = Encode::encode('UTF-8', $text);
    is $peer->encode(Provision::Json::decode($bytes)) =~ s/"(-?[\d.e]+)"/$1/gr,
        $peer->encode($peer->decode($bytes)) =~ s/-2500/-2.5e3/r, "JSON is read: $text";
}
for my $text ('', '{', '[1,]', '{"a" 1}', '{"a":1,}', 'nul', '[1]x', '"a', "\"a\nb\"", "\"\xff\"", '{a:1}', '01') {
    like dies(sub { Provision::Json::decode($text) }), qr/not JSON/, "and refused: $text";
}
my $object = Provision::Json::object(z => "é\"\\\x01\n/", a => [Provision::Json::json_true, undef], h => { y => 1, x => 2 });
is Provision::Json::encode($object), Encode::encode('UTF-8', '{"z":"é\"\\\\\u0001\n/","a":[true,null],"h":{"x":"2","y":"1"}}'),
    'what is written keeps its order';
is_deeply Provision::Json::decode(Provision::Json::encode($object))->{z}, "é\"\\\x01\n/", 'and can be read again';

# ---- CSV ----

sub csv { my ($names, $rows) = Provision::Csv::parse($_[0]); return [$names, @$rows] }
is_deeply csv("a,b\n1,2\n"), [['a', 'b'], [1, 2]], 'CSV: plain';
is_deeply csv("\x{feff}a;b\r\n1;\"x;\"\"y\r\nz\"\r\n"), [['a', 'b'], [1, "x;\"y\r\nz"]], 'CSV: mark, semicolons, quotes, line ends inside';
is_deeply csv("a\tb\n1\t\n\n2\t3"), [['a', 'b'], [1, ''], [2, 3]], 'CSV: tabs, an empty line, no line end';
is_deeply [(Provision::Csv::parse("a,b\n\"x\ny\",1\n2,3\n"))[2]], [[2, 4]], 'CSV: line numbers count what is quoted';
like dies(sub { csv("a\n\"x\n") }), qr/^line 2: a quoted field does not end/, 'CSV: no closing quote';
like dies(sub { csv("a\n\"x\"y\n") }), qr/^line 2: text behind/, 'CSV: text behind a quote';
is_deeply csv(Provision::Csv::format(['a', 'b'], ['x,"y"', "l1\nl2"], [undef, ' z'])),
    [['a', 'b'], ['x,"y"', "l1\nl2"], ['', ' z']], 'CSV: written and read again';

# ---- times ----

is Provision::Time::parse('1970-01-02'), 86400, 'a day';
is Provision::Time::parse('2026-11-24T07:30:00.123+01:00'), Provision::Time::parse('2026-11-24T06:30:00Z'), 'an offset';
is Provision::Time::parse($_), undef, "no time: $_" for '2026-13-01', 'yesterday', '';
is Provision::Time::format(Provision::Time::parse('2026-02-28T23:59:59Z')), '2026-02-28T23:59:59Z', 'there and back';

# ---- the directory ----

my $csv = "objectId,userPrincipalName,Mail,manager,accountEnabled,assigned,deletedDateTime,extra\n"
    . "o1,boss\@x.example,boss\@x.example,,TRUE,,,1\no2,a'b\@x.example,,BOSS\@x.example,False,yes,,\n"
    . "o3,c\@x.example,c+d\@x.example,o1,true,no,,\no4,d\@x.example,,gone,true,true,2026-01-01T00:00:00Z,\n";
my $d = Provision::Directory->parse($csv);
my $new_year = Provision::Time::parse('2026-01-01');
is $d->size, 4, 'four people';
is $d->person('o2')->{manager}, 'o1', 'a manager by login becomes the objectId';
is $d->person('o4')->{manager}, 'gone', 'one that is not there stays as it is';
is $d->person('o2')->{mail}, undef, 'nothing is not the empty string';
is $d->find("A'B\@X.example")->{objectId}, 'o2', 'found by login, caseless';
like dies(sub { $d->find('nobody') }), qr/nobody called "nobody"/, 'and nobody not';
is_deeply [map { Provision::Directory::standing($_, $new_year) } $d->people], ['in', 'out', 'out', 'out'],
    'in; disabled; unassigned; in the bin';
my $person = $d->person('o4');
is Provision::Directory::standing($person, $new_year + 30 * 86400 - 1), 'out', '30 days in the bin';
is Provision::Directory::standing($person, $new_year + 30 * 86400), 'gone', 'then for good';
is Provision::Directory::standing(undef, 0), 'gone', 'nobody is gone';
isnt Provision::Directory::fingerprint($person, $new_year), Provision::Directory::fingerprint($person, $new_year + 3e6),
    'the fingerprint changes with the standing';
is_deeply [map { $_->csv } Provision::Directory->parse($d->csv), Provision::Directory->parse($d->json)],
    [$d->csv, $d->csv], 'CSV and JSON hold the same';
my $graph = Provision::Directory->parse(Encode::encode('UTF-8', '{"value":[{"id":"g1","userPrincipalName":"é@x",'
    . '"accountEnabled":false,"manager":{"id":"g2"}}]}'));
is $graph->person('g1')->{manager}, 'g2', 'an answer of Microsoft Graph';
for my $bad (["mail\nx\n", qr/no column "objectId"/], ["objectId,userPrincipalName\no1,\n", qr/^line 2: there is no userPrincipalName/],
             ["objectId,userPrincipalName\no1,a\no1,b\n", qr/^line 3: objectId o1 is there twice/],
             ["id,userPrincipalName,assigned\no1,a,perhaps\n", qr/neither true nor false: "perhaps"/],
             ["id,userPrincipalName,deletedDateTime\no1,a,soon\n", qr/is no time: "soon"/],
             ["id\xff", qr/not UTF-8/], ['{"a":1}', qr/neither an array/], ['[1]', qr/entry 1 is not an object/]) {
    like dies(sub { Provision::Directory->parse($bad->[0]) }), $bad->[1], "refused: $bad->[1]";
}
my $copy = $d->copy;
$copy->person('o1')->{mail} = 'x';
$copy->remove('o3');
is $d->person('o1')->{mail}, 'boss@x.example', 'a copy is one';
is $copy->size . $d->size, '34', 'also of the list';

# ---- mapping and comparison ----

my $joy = { objectId => 'o', userPrincipalName => 'joy@x', mail => 'j@x', givenName => 'Joy', surname => 'Ito',
            department => 'R&D', manager => 'm', accountEnabled => 1, assigned => 1 };
is_deeply [Provision::Mapping->new->wanted($joy, 0)],
    [[userName => 'joy@x'], [active => JSON::PP::true], [WORK_MAIL, 'j@x'], [externalId => 'o']], 'the default mapping';
is_deeply [map { $_->[0] } Provision::Mapping->new('all')->wanted($joy, 0)],
    ['userName', 'active', WORK_MAIL, qw(name.givenName name.familyName name.formatted externalId), ENTERPRISE . ':department'],
    'all that has a value; a reference is none';
is(Provision::Mapping->new('all')->manager_of($joy, 0), 'm', 'it is asked for by itself');
is(Provision::Mapping->new->manager_of($joy, 0), undef, 'when it is mapped');
is_deeply [Provision::Mapping->new('all')->wanted({ %$joy, assigned => 0 }, 0)], [[active => JSON::PP::false]],
    'of who is out only that';
like dies(sub { Provision::Mapping->new('shoeSize') }), qr/no mapping "shoeSize"; there are: default, all, userName/, 'a mapping that is not there';

my $user = { userName => 'joy@x', active => JSON::PP::true, name => { givenName => 'Joy' },
             emails => [{ type => 'home', value => 'h@x' }, { type => 'work', value => 'w@x' }],
             ENTERPRISE, { department => 'R&D', manager => { value => '7' } } };
is value_at($user, WORK_MAIL), 'w@x', 'the work address';
is value_at($user, MANAGER), '7', 'a manager';
is value_at($user, $_) // 'none', 'none', "nothing at $_" for 'emails[type eq "other"].value', 'name.familyName', 'title.x', 'urn:x:y';
is_deeply [changes($user, ['userName', 'joy@x'], ['active', JSON::PP::false], [WORK_MAIL, 'W@x'], ['title', 'T'],
        ['name.givenName', 'Joy'], [MANAGER, undef], ['nickName', undef], [ENTERPRISE . ':department', 'R&D'])],
    [['replace', 'active', JSON::PP::false], ['replace', WORK_MAIL, 'W@x'], ['add', 'title', 'T'], ['remove', MANAGER]],
    'only what differs, added or replaced as needed';
is_deeply [changes({ active => 'True' }, ['active', JSON::PP::true])], [], 'a boolean in words is one';
is_deeply [changes({ active => 'maybe' }, ['active', JSON::PP::true])], [['replace', 'active', JSON::PP::true]], 'or it is not';

# ---- trying again ----

is_deeply [map { Provision::Retry::verdict({ status => $_ }) } 200, 201, 204, 401, 403, 404, 409, 400, 412, 501, 500, 503, 429, 0],
    [qw(done done done stop stop refused refused refused refused again again again again again)], 'what an answer means';
my @hours;
for (my $t = 0; defined $t; $t = Provision::Retry::next_attempt(0, $t)) { push @hours, $t / 3600 }
is_deeply [@hours[0 .. 5]], [0, 6, 12, 24, 48, 72], 'again after 6, 12 and 24 hours, then daily';
is $hours[-1], 28 * 24, 'until the 28th day';
is Provision::Retry::quarantined(@$_[0, 1]), $_->[2], "$_->[0] of $_->[1]" for
    [4999, 6000, ''], [5000, 12500, ''], [5001, 12500, 1], [5000, 5000, 1];

# ---- counting ----

is Provision::Report::percentile(0.5, 4, 1, 3, 2), 2, 'p50';
is Provision::Report::percentile(0.99, 1 .. 100), 99, 'p99';
is Provision::Report::percentile(0.99, 1 .. 10), 10, 'p99 of ten is the last';
is Provision::Report::percentile(0.5), undef, 'of nothing there is none';
my $report = Provision::Report->new(kind => 'x');
$report->became('a', 'unchanged');
$report->became('a', 'updated');
$report->became('b', 'created');
$report->became('b', 'updated');
$report->failure({ who => 'b', why => 'x' });
is_deeply [map { $report->outcome($_) } qw(unchanged updated created failed)], [0, 1, 0, 1], 'each has one outcome';
is_deeply [Provision::Report->new->add($report, $report)->outcome('failed')], [2], 'reports add up';

is_deeply [Provision::Screen::columns('lr', ['a', '1'], ['渡邉', '1,000'])], ['  a         1', '  渡邉  1,000'], 'columns of wide characters';
is Provision::Screen::thousands(1234567), '1,234,567', 'thousands';

# ---- people who could exist ----

my $contoso = Provision::Company::found(people => 1000, seed => 4, domain => 'contoso.com');
is $contoso->size, 1000, 'a company of a thousand';
is $contoso->csv, Provision::Company::found(people => 1000, seed => 4, domain => 'contoso.com')->csv, 'the same seed, the same people';
isnt $contoso->csv, Provision::Company::found(people => 1000, seed => 5, domain => 'contoso.com')->csv, 'another seed, others';
my @people = $contoso->people;
my %login = map { lc $_->{userPrincipalName} => 1 } @people;
is keys %login, 1000, 'no login twice';
is_deeply [grep { $_->{userPrincipalName} !~ /\A[A-Za-z0-9'.\-_#]+\@contoso\.(?:onmicrosoft\.)?com\z/ } @people], [], 'logins of letters that one can have';
is_deeply [grep { $_->{objectId} !~ /\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/ } @people], [], 'objectIds';
my %kinds = (guest => sub { $_[0]{userPrincipalName} =~ /#EXT#/ }, 'no mail' => sub { !defined $_[0]{mail} }, apostrophe => sub { $_[0]{surname} =~ /'/ },
    plus => sub { ($_[0]{mail} // '') =~ /\+/ }, capitals => sub { ($_[0]{mail} // '') =~ /[A-Z]/ }, '4 bytes' => sub { $_[0]{surname} =~ /[\x{10000}-\x{10ffff}]/ },
    map { my $script = $_; $script => sub { $_[0]{surname} =~ /\p{Script: $script}/ } } qw(Cyrillic Greek Arabic Hebrew Devanagari Thai Han Hangul Georgian Armenian Ethiopic));
for my $kind (sort keys %kinds) {
    cmp_ok scalar(grep { $kinds{$kind}->($_) } @people), '>', 2, "some: $kind";
}
my %surname;
$surname{ $_->{surname} }++ for @people;
cmp_ok scalar(grep { $_ > 5 } values %surname), '>', 20, 'shared surnames';
cmp_ok scalar(grep { defined $_->{manager} } @people), '>', 900, 'managers';
is_deeply [grep { defined $_->{manager} && !$contoso->person($_->{manager}) } @people], [], 'whom there are';
is Provision::Names::latin('Łękawska Weiß Åkesson Þórdís Müller'), 'Lekawska Weiss Akesson Thordis Mueller', 'in Latin letters';

my @all = qw(rename mail department manager hire disable unassign bin purge);
my ($later, @stories) = Provision::Company::evolve($contoso, seed => 2, now => $new_year, map { $_ => 5 } @all);
my %told;
$told{ $_->{what} }++ for @stories;
is_deeply \%told, { map { $_ => 5 } @all }, 'five of each story';
is $later->size, 1000, 'five came, five left for good';
my %who = map { $_->{objectId} => 1 } @stories;
is keys %who, 45, 'nobody has two stories';
for my $story (@stories) {
    my ($was, $is) = map { $_->person($story->{objectId}) } $contoso, $later;
    my $what = $story->{what};
    my $true = $what eq 'hire' ? !$was && $is : $what eq 'purge' ? !$is
        : $what eq 'rename' ? $was->{userPrincipalName} ne $is->{userPrincipalName} && $was->{surname} ne ''
        : $what eq 'disable' ? !$is->{accountEnabled} : $what eq 'unassign' ? !$is->{assigned}
        : $what eq 'bin' ? defined $is->{deletedDateTime} : ($was->{$what} // '') ne $is->{$what};
    ok $true, "$what: it is so" or diag explain $story;
}
is_deeply [grep { defined $_->{manager} && Provision::Directory::standing($later->person($_->{manager}), $new_year) ne 'in' }
    grep { Provision::Directory::standing($_, $new_year) eq 'in' } $later->people], [], 'nobody keeps a manager who left';
my @former = map { $contoso->person($_->{objectId}) } grep { $_->{what} eq 'purge' } @stories;
my ($back) = Provision::Company::evolve($later, seed => 3, now => $new_year, former => \@former,
    enable => 9, assign => 9, restore => 9, rehire => 2, return => 3);
is_deeply [grep { Provision::Directory::standing($_, $new_year) ne 'in' } $back->people], [], 'everybody is back';
is scalar(grep { $back->person($_->{objectId}) } @former), 2, 'two as the same object';
is scalar(grep { my $f = $_; grep { $_->{userPrincipalName} eq $f->{userPrincipalName} } $back->people } @former), 5, 'all with their logins';
like dies(sub { Provision::Company::evolve($contoso, dance => 1) }), qr/no story "dance"/, 'no such story';

done_testing;
