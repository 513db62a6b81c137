# Groups of two organisations in one table: with the token of one, neither the
# groups nor the users of the other can be seen, changed, or brought together.
use ScimTest;

scim_reset();
my $h = extra_httpd(groups => 1);
my @a = (base => $h->base);
my @b = (base => $h->base, token => token_b());
my $MARK = 'zzsecretzz';

sub filter { my ($text) = @_; return $text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }

my $mine = new_user(@a)->{id};
my $theirs = new_user(userName => "$MARK\@fabrikam.com", displayName => $MARK, @b)->{id};
my $ours = new_group(displayName => 'Ours', externalId => 'same', members => [$mine], @a)->{id};
my $foreign = new_group(displayName => "Foreign $MARK", externalId => 'same', members => [$theirs], @b)->{id};
is_resource get("/Groups/$foreign", @b), 200, 'two tenants may have the same externalId';
my $name = new_group(displayName => 'Ours', @b)->{id};
is_resource get("/Groups/$name", @b), 200, 'and the same name';

# What an application should not have: rows that bring the two together.
db()->do('INSERT INTO public.team_members (team_id, user_id) VALUES (?, ?), (?, ?)', undef, $ours, $theirs, $foreign, $mine);

my $before = group_state($foreign);
my $row = row_of($theirs);
my @seen;
sub a {
    my ($method, $path, $body) = @_;
    my $res = scim($method, $path, $body, @a);
    push @seen, $res->content =~ s/"detail":"(?:[^"\\]|\\.)*"//r;       # which may quote the request
    return $res;
}

is_deeply [map { $_->{value} } @{ a(GET => "/Groups/$ours")->json->{members} }], [$mine], 'a foreign user is no member';
is_deeply [map { $_->{value} } @{ a(GET => "/Users/$mine")->json->{groups} }], [$ours], 'and a foreign group no group';
for my $text ("members eq \"$theirs\"", "members.display eq \"$MARK\"", "id eq \"$foreign\"", "displayName co \"$MARK\"",
              "id pr and members eq \"$theirs\"", "members[value eq \"$theirs\"]") {
    is_list a(GET => '/Groups?filter=' . filter($text)), 0, "nothing is found by $text";
}
for my $text ("members ne \"$theirs\"", "not (members eq \"$theirs\")", "displayName pr or members eq \"$theirs\"") {
    is_deeply [map { $_->{id} } @{ a(GET => '/Groups?filter=' . filter($text))->json->{Resources} }], [$ours], "only ours by $text";
}
for my $text ("groups eq \"$foreign\"", "groups.display co \"$MARK\"", "groups[value eq \"$foreign\" or display co \"$MARK\"]") {
    is_list a(GET => '/Users?filter=' . filter($text)), 0, "no user is found by $text";
}
for my $method (qw(GET PUT PATCH DELETE)) {
    my $body = { displayName => 'X', members => [], Operations => [{ op => 'remove', path => 'members' }] };
    is_error a($method => "/Groups/$foreign", $method =~ /^P/ ? $body : undef), 404, undef,
        qr/^there is no Group with the id "$foreign"$/, "$method of a foreign group: 404";
}
is_error a(PATCH => "/Groups/$ours", { Operations => [{ op => 'add', path => 'members', value => $theirs }] }), 400, 'invalidValue',
    qr/^members: there is no User/, 'a foreign user cannot be added';
is_error a(POST => '/Groups', { displayName => 'New', members => [$theirs] }), 400, 'invalidValue', qr/^members: there is no User/,
    'nor be in a new group';
is_error a(PUT => "/Groups/$ours", { displayName => 'Ours', members => [$theirs] }), 400, 'invalidValue', qr/^members: there is no User/,
    'nor by PUT';
for my $op ({ op => 'remove', path => "members[value eq \"$theirs\"]" }, { op => 'remove', path => 'members', value => [{ value => $theirs }] },
            { op => 'remove', path => "members[display eq \"$MARK\"]" }) {
    is a(PATCH => "/Groups/$ours", { Operations => [$op] })->code, 204, 'to remove one who is no member is success';
}
is_deeply group_state($ours)->{members}, [sort { $a <=> $b } $mine, $theirs], 'and leaves the row of the application alone';
is a(PATCH => "/Groups/$ours", { Operations => [{ op => 'remove', path => 'members' }] })->code, 204, 'to remove all';
is_deeply group_state($ours)->{members}, [$theirs], 'removes ours alone';
is_deeply group_state($ours)->{events}[-1]{changes}, { members => { removed => [$mine] } }, 'and says so';

is_deeply group_state($foreign), $before, 'the foreign group is as it was';
is_deeply row_of($theirs), $row, 'so is the foreign user';
cmp_ok scalar(@seen), '>=', 20, 'many answers';
is scalar(grep { /fabrikam|\Q$MARK\E/ } @seen), 0, 'in none of them anything of the other';

done_testing;
