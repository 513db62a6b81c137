# scimctl adopt: what it foretells is what happens.
use ScimTest;
use ScimTest::Ctl;

scim_reset();

sub user {
    my ($name, %more) = @_;
    my %row = (organisation_id => 1, username => $name, password_hash => '!', %more);
    my @key = sort keys %row;
    my ($id) = db()->selectrow_array('INSERT INTO public.users (' . join(', ', @key) . ') VALUES ('
        . join(', ', ('?') x @key) . ') RETURNING id', undef, @row{@key});
    return $id;
}
my %id = (
    plain   => user('Plain@contoso.com'),
    off     => user('off@contoso.com', active => 'false'),
    linked  => user('linked@contoso.com', external_id => 'E-linked'),
    asleep  => user('asleep@contoso.com', external_id => 'E-asleep', active => 'false'),
    taken   => user('taken@contoso.com', external_id => 'E-other'),
    boss    => user('boss@contoso.com', role => 'admin'),
    gone    => user('gone@contoso.com', external_id => 'E-gone', deleted_at => 'now'),
    rival   => user('rival@contoso.com', external_id => 'E-rival', deleted_at => 'now'),
    rival2  => user('rival@contoso.com'),
    mine    => user('mine@contoso.com', external_id => 'E-mine'),
    renamed => user('renamed@contoso.com'),
    idle    => user('idle@contoso.com'),
);
user('plain@contoso.com', organisation_id => 2);

# userPrincipalName, externalId => result, account, text
my @people = (
    ['plain@contoso.com',   'E-plain',  'adopt',     'plain'],
    ['off@contoso.com',     'E-off',    'adopt',     'off', qr/inactive/],
    ['linked@contoso.com',  'E-linked', 'linked',    'linked'],
    ['asleep@contoso.com',  'E-asleep', 'linked',    'asleep', qr/^inactive$/],
    ['taken@contoso.com',   'E-taken',  'conflict',  'taken', qr/linked to externalId E-other/],
    ['boss@contoso.com',    'E-boss',   'protected', 'boss', qr/ScimProtect/],
    ['gone2@contoso.com',   'E-gone',   'restore',   'gone'],
    ['rival@contoso.com',   'E-rival',  'conflict',  'rival2', qr/deleted account has the externalId/],
    ['renamed@contoso.com', 'E-mine',   'conflict',  'mine', qr/account $id{renamed} has the userName/],
    ["o'neil, \"x\"\@contoso.com", 'E-new', 'new',   undef],
    ["\x{dc}ber\@contoso.com", 'E-ueber', 'new',     undef],
    ["\x{fc}BER\@contoso.com", 'E-twice', 'conflict', undef, qr/line 12 has the same/],
    ['', 'E-nobody', 'conflict', undef, qr/no userName/],
);

my $n = 0;
sub file {
    my ($text) = @_;
    my $name = sprintf '%s/people-%d.csv', $ENV{SCIM_TEST_RUN}, ++$n;
    utf8::encode($text) if utf8::is_utf8($text);
    ScimTest::Sys::spew($name, $text);
    return $name;
}
sub csv {
    my ($sep, @rows) = @_;
    return join '', map { join($sep, map { my $f = $_; '"' . $f =~ s/"/""/gr . '"' } @$_) . "\r\n" } @rows;
}
my $h = extra_httpd(start => 0);
$h->write_conf;
my @at = ('adopt', '--dry-run', '--httpd', ScimTest::Httpd::program(), '-f', $h->conf_file);

my $text = "\x{feff}" . csv(',', ['displayName', 'userPrincipalName', 'mail', 'id'], map { ["A\nB", $_->[0], '', $_->[1]] } @people);
# the names of two lines in each field above count as lines
my $events = db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'});
my $before = encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id'));
my $r = scimctl(@at, '--json', '--tenant', 1, file($text));
is $r->{status}, 1, 'conflicts: 1' or diag $r->{err};
is scalar(@{ $r->{json} }), scalar(@people), 'a verdict for each';
for my $i (0 .. $#people) {
    my ($name, $external, $result, $account, $says) = @{ $people[$i] };
    my $got = $r->{json}[$i];
    $says = qr/line \d+ has the same/ if $says && $says =~ /line 12/;
    is $got->{result}, $result, "$external: $result";
    is $got->{account}, $account && $id{$account}, "$external: the account";
    like $got->{text} // '', $says, "$external: says why" if $says;
    is $got->{line}, 2 + 2 * $i, "$external: its line";
}
is encode(db()->selectall_arrayref('SELECT * FROM public.users ORDER BY id')), $before, 'nothing is changed';

$r = scimctl(@at, '--tenant', 1, file($text));
like $r->{out}, qr/^ +2 would be linked to the account they have$/m, 'for people: counts';
like $r->{out}, qr/^ +5 would be refused with 409$/m, 'for people: conflicts';
like $r->{out}, qr/^ +1 have an account that provisioning may not take over: 409$/m, 'for people: protected';
like $r->{out}, qr/^ +2 accounts are not in the file, and stay as they are$/m, 'for people: the others';
like $r->{out}, qr/taken\@contoso\.com +E-taken +conflict +$id{taken} /, 'for people: a conflict is shown';
unlike $r->{out}, qr/plain\@contoso/, 'for people: what is well is not';
like scimctl(@at, '--all', '--tenant', 1, file($text))->{out}, qr/plain\@contoso\.com +E-plain +adopt/, '--all: it is';

# what happens is what was said
my %code = (adopt => 201, restore => 201, new => 201, conflict => 409, protected => 409);
for my $i (0 .. $#people) {
    my ($name, $external, $result) = @{ $people[$i] };
    next if $result eq 'linked' || $name eq '' || $external eq 'E-mine' || $external eq 'E-twice';
    my $res = post('/Users', { userName => $name, externalId => $external });
    is $res->code, $code{$result}, "$external: POST answers as foretold";
    is $res->json->{id}, $id{ $people[$i][3] }, "$external: with the account that was foretold" if $result =~ /adopt|restore/;
}

# ---- other forms of file, other settings ----

$r = scimctl(@at, '--json', '--tenant', 2, file("externalId;userName\nE1;plain\@contoso.com\n\nE2;nobody\@x\n"));
is $r->{status}, 0, 'no conflicts: 0' or diag $r->{err};
is_deeply [map { "$_->{line} $_->{result}" } @{ $r->{json} }], ['2 adopt', '4 new'], 'semicolons, other names, another organisation';
my $o = extra_httpd(start => 0, edit => sub { s/^\s*ScimAdopt.*\n//m });
$o->write_conf;
$r = scimctl('adopt', '--dry-run', '--json', '--httpd', ScimTest::Httpd::program(), '-f', $o->conf_file, '--tenant', 2,
    file("objectId,userPrincipalName\nE1,plain\@contoso.com\n"));
is $r->{status}, 1, 'ScimAdopt off: 1';
is $r->{json}[0]{result}, 'conflict', 'ScimAdopt off: a conflict';
like $r->{json}[0]{text}, qr/ScimAdopt is off/, 'which is said';

# what is hostile stays text
$r = scimctl(@at, '--all', '--tenant', 1, file(qq{userName,id\n"\e[2J\a\r\n  999 would be linked\x{9b}1m\x{202e}",E\x{2066}\n}));
is_tame $r->{out}, 'nothing that a terminal obeys' or diag $r->{err};
like $r->{out}, qr/^2 +\\u001b\[2J\\u0007\\u000d\\u000a  999 would be linked\\u009b1m\\u202e  E\\u2066 +new$/m, 'but what was there';
$r = scimctl(@at, '--tenant', 1, "/nowhere\e\n");
is $r->{err}, "scimctl adopt: could not read \"/nowhere\\u001b\\u000a\"\n", 'in a complaint too';

for my $bad (['a field that does not end', "userName,id\n\"x,1\n", qr/line 2: a quoted field does not end/],
             ['text behind a quote', "userName,id\n\"x\"y,1\n", qr/line 2: text behind a closing quote/],
             ['no name', "id,mail\n1,2\n", qr/does not name userPrincipalName or userName/],
             ['no id', "userName,mail\n1,2\n", qr/does not name objectId, externalId or id/],
             ['nothing', '', qr/is empty/],
             ['no UTF-8', "userName,id\n\xe9,1\n", qr/is not UTF-8/]) {
    my ($what, $csv, $says) = @$bad;
    my $r = scimctl(@at, '--tenant', 1, file($csv));
    is $r->{status}, 2, "$what: 2";
    like $r->{err}, $says, "$what: says so";
}
is scimctl(@at, '--tenant', 1, '/nowhere')->{status}, 2, 'no file: 2';
is scimctl(@at, file($text))->{status}, 2, 'no organisation: 2';
is scimctl('adopt', '--tenant', 1, file($text))->{status}, 2, 'without --dry-run: 2';
my $one = file("userName,id\nnew\@tailspin.com,E-1\n");
$r = scimctl(@at, '--tenant', 99, $one);
is $r->{status}, 1, 'no such organisation: 1';
is $r->{err}, "scimctl adopt: could not compare: there is no organisation 99 with an account or a valid token\n", 'which is said';
is $r->{out}, '', 'and no verdict';
my ($empty) = db()->selectrow_array(q{INSERT INTO public.organisations (name) VALUES ('Tailspin') RETURNING id});
is scimctl(@at, '--tenant', $empty, $one)->{status}, 1, 'one without an account: 1';
user('gone@tailspin.com', organisation_id => $empty, deleted_at => 'now');
is scimctl(@at, '--tenant', $empty, $one)->{status}, 0, 'with a deleted one: 0';
is scimctl(@at, '--tenant', 'x', file($text))->{status}, 1, 'an organisation that is no number: 1';

done_testing;
