# How much a request may ask for. Of each limit: what reaches it is served, one
# more gets the answer of docs/design.md (Limits) and changes nothing, and
# discovery says what is enforced.
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

# Smaller than the defaults, so that a request that reaches one is short.
my $h = extra_httpd(groups => 1, location => <<'END');
ScimPage            2
ScimPageMax         4
ScimBodyMax         4096
ScimBodyDepthMax    10
ScimBodyValuesMax   100
ScimValuesMax       3
ScimPatchMax        4
ScimBulkMax         3
ScimFilterLengthMax 100
ScimFilterDepthMax  2
ScimFilterTermsMax  3
END
my @there = (base => $h->base);

# All that a write could leave behind.
sub state_of_all {
    return db()->selectall_arrayref(q{SELECT u.*, (SELECT count(*) FROM scim.events WHERE outcome = 'applied') AS events
                                        FROM public.users u ORDER BY id}, { Slice => {} });
}

# refused(ANSWER, IS_ERROR's ARGUMENTS): as is_error(), and nothing has changed.
sub unchanged {
    my ($code, $status, $type, $detail, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = state_of_all();
    is_error $code->(), $status, $type, $detail, $name;
    is_deeply state_of_all(), $before, "$name: nothing has changed";
}

sub ops { return { schemas => [PATCH_OP], Operations => [@_] } }
sub body { my ($n, %more) = @_; return { userName => uniq('limit'), %more, $n ? (ours => [(1) x $n]) : () } }

# ---- body: bytes, nesting, values ----
{
    my $of = sub { my ($size) = @_; my $text = encode({ userName => uniq('b'), title => '' });
                   $text =~ s/""/'"' . 'x' x ($size - length $text) . '"'/er };
    is_resource post('/Users', $of->(4096), @there), 201, 'a body of ScimBodyMax bytes';
    unchanged sub { post('/Users', $of->(4097), @there) }, 413, undef, qr/larger than the 4096 bytes/, 'a byte more';

    my $deep = sub { my ($n) = @_; '{"userName":"' . uniq('d') . '","ours":' . '[' x ($n - 1) . ']' x ($n - 1) . '}' };
    is_resource post('/Users', $deep->(10), @there), 201, 'a body of ScimBodyDepthMax levels';
    unchanged sub { post('/Users', $deep->(11), @there) }, 400, 'invalidSyntax', qr/nesting deeper than 10 levels/, 'a level more';

    # the object, two names, two values, and what is in the array
    is_resource post('/Users', body(95), @there), 201, 'a body of ScimBodyValuesMax values and names';
    unchanged sub { post('/Users', body(96), @there) }, 413, undef, qr/more than 100 values and names/, 'a value more';

    my $group = sub { my ($n) = @_; post('/Groups', { displayName => uniq('g'), ours => [(1) x $n] }, @there) };
    my $groups = sub { db()->selectrow_array('SELECT count(*) FROM public.teams') };
    is_resource $group->(495), 201, 'a group of five times as many';
    my $count = $groups->();
    unchanged sub { $group->(496) }, 413, undef, qr/more than 500 values and names/, 'a value of a group more';
    is $groups->(), $count, 'a value of a group more: nor is there a group more';

    my $search = sub { my ($n) = @_; post('/Users/.search', { count => 1, ours => [(1) x $n] }, @there) };
    is $search->(95)->code, 200, 'a search of as many';
    is_error $search->(96), 413, undef, qr/more than 100 values/, 'a value of a search more';
}

# ---- what is kept of a resource ----
{
    my $long = sub { my ($name, $size) = @_; return { op => 'replace', path => $name, value => 'x' x $size } };
    my $user = new_user(@there);
    my $path = "/Users/$user->{id}";
    my @words = (400, 'invalidValue', qr/^the account would take \d+ bytes, more than the 4096 that can be kept$/);
    is_resource patch($path, ops($long->('title', 2500)), @there), 200, 'an attribute of a size';
    unchanged sub { patch($path, ops($long->('displayName', 2500)), @there) }, @words, 'another besides, too large for one body';
    unchanged sub { patch($path, ops($long->('name.givenName', 2500)), @there) }, @words, 'or in a column';
    is_resource patch($path, ops($long->('displayName', 900)), @there), 200, 'but what fits';
    is length get($path, @there)->json->{displayName}, 900, 'and it is there';

    # what was larger before may stay, and become less
    my $large = new_user(title => 'x' x 3000, displayName => 'x' x 3000);
    $path = "/Users/$large->{id}";
    is_resource patch($path, ops({ op => 'replace', path => 'active', value => 'False' }), @there), 200, 'an account that is larger is deactivated';
    is get($path, @there)->json->{active}, json_false, 'and then is';
    unchanged sub { patch($path, ops($long->('nickName', 9)), @there) }, @words, 'but becomes no larger';
    is_resource patch($path, ops($long->('title', 2500)), @there), 200, 'and can become smaller';
    is length get($path, @there)->json->{title}, 2500, 'and then is';

    # by a POST that brings somebody back, too
    my $back = new_user(@there, externalId => uniq('e'), title => 'x' x 3000);
    patch("/Users/$back->{id}", ops({ op => 'replace', path => 'active', value => 'False' }), @there);
    unchanged sub { post('/Users', { userName => $back->{userName}, externalId => $back->{externalId}, displayName => 'x' x 3000 }, @there) },
        @words, 'a POST that restores with more';
}

# ---- values of an attribute ----
{
    my @phone = map { { type => "t$_", value => "$_" } } 1 .. 4;
    my $user = new_user(@there, phoneNumbers => [@phone[0 .. 2]]);
    my $path = "/Users/$user->{id}";
    is scalar @{ get($path, @there)->json->{phoneNumbers} }, 3, 'ScimValuesMax values';
    my @words = (400, 'invalidValue', qr/^phoneNumbers has more than the 3 values that can be kept$/);
    unchanged sub { patch($path, ops({ op => 'add', path => 'phoneNumbers', value => [$phone[3]] }), @there) }, @words, 'a value more by PATCH';
    unchanged sub { put($path, { userName => $user->{userName}, phoneNumbers => \@phone }, @there) }, @words, 'a value more by PUT';
    unchanged sub { post('/Users', body(0, phoneNumbers => \@phone), @there) }, @words, 'a value more by POST';
    unchanged sub { patch($path, ops({ op => 'replace', path => 'active', value => json_false },
                                     { op => 'add', path => 'phoneNumbers', value => [$phone[3]] }), @there) }, @words, 'a value more beside something else';

    # what counts is what an account has in the end; in between it may be twice as many
    my $has = sub { is_deeply [map { $_->{value} } @{ get($path, @there)->json->{phoneNumbers} }], [@_[1 .. $#_]], $_[0] };
    my $swap = sub { my ($new, $old) = @_; return ({ op => 'add', path => 'phoneNumbers', value => [map { { type => "t$_", value => "$_" } } @$new] },
        @$old ? { op => 'remove', path => 'phoneNumbers[' . join(' or ', map { qq{type eq "t$_"} } @$old) . ']' } : ()) };
    is_resource patch($path, ops(reverse $swap->([4], [1])), @there), 200, 'a value in the place of one';
    $has->('which it then has', 2, 3, 4);
    is_resource patch($path, ops($swap->([5], [2])), @there), 200, 'a value more that a later operation removes';
    $has->('is no value more', 3, 4, 5);
    is_resource patch($path, ops($swap->([6, 7, 8], [3, 4, 5])), @there), 200, 'all values anew, and those of before removed';
    $has->('which it then has as well', 6, 7, 8);
    unchanged sub { patch($path, ops($swap->([9], []), $swap->([1, 2, 3], []), { op => 'remove', path => 'phoneNumbers' }), @there) }, @words, 'more than twice as many in between';
    unchanged sub { patch($path, ops($swap->([1, 2, 3], [6, 7])), @there) }, @words, 'a value more than later operations remove';
    unchanged sub { patch($path, ops(map { $swap->([$_], []) } 1, 2), @there) }, @words, 'values more, one by one';

    # an account that has more than the limit since before it was set
    my $full = new_user(phoneNumbers => \@phone);
    $path = "/Users/$full->{id}";
    is_resource patch($path, ops({ op => 'replace', path => 'active', value => 'False' },
                                 { op => 'replace', path => 'phoneNumbers[type eq "t1"].value', value => '9' }), @there), 200,
        'what an account has already is in nobody\'s way';
    my $now = get($path, @there)->json;
    is_deeply [$now->{active}, map { $_->{value} } @{ $now->{phoneNumbers} }], [json_false, 9, 2, 3, 4], 'and the change is made';
    is_resource put($path, $now, @there), 200, 'PUT of what was read';
    is_resource put($path, { %$now, active => json_true }, @there), 200, 'PUT of something else beside it';
    my $all = { op => 'replace', path => 'phoneNumbers', value => $now->{phoneNumbers} };
    is_resource patch($path, ops($all, { op => 'replace', path => 'active', value => json_false }), @there), 200, 'PATCH that says all of it again';
    is_deeply get($path, @there)->json->{phoneNumbers}, $now->{phoneNumbers}, 'and all of it stays';
    is get($path, @there)->json->{active}, json_false, 'and the change is made by each';
    my @five = (@{ $now->{phoneNumbers} }, { type => 't5', value => '5' });
    unchanged sub { put($path, { %$now, phoneNumbers => \@five }, @there) }, @words, 'but no value more by PUT';
    unchanged sub { patch($path, ops({ %$all, value => \@five }), @there) }, @words, 'nor by a PATCH that says all';
    is_resource patch($path, ops({ op => 'remove', path => 'phoneNumbers[type eq "t4"]' }), @there), 200, 'it can become less';
    is scalar @{ get($path, @there)->json->{phoneNumbers} }, 3, 'and then is';
}

# ---- operations of a PATCH, of a bulk job ----
{
    my $user = new_user(@there);
    my $path = "/Users/$user->{id}";
    my @op = map { { op => 'replace', path => 'title', value => "T$_" } } 1 .. 5;
    is patch($path, ops(@op[0 .. 3]), @there)->json->{title}, 'T4', 'ScimPatchMax operations';
    unchanged sub { patch($path, ops(@op), @there) }, 413, undef, qr/^more than 4 operations in one request$/, 'an operation more';
    my $group = new_group(@there);
    is patch("/Groups/$group->{id}", ops(map { { %$_, path => 'displayName' } } @op[0 .. 3]), @there)->code, 204, 'of a group likewise';
    is_error patch("/Groups/$group->{id}", ops(map { { %$_, path => 'displayName' } } @op), @there), 413, undef, qr/more than 4 operations/, 'an operation more of a group';
    is get("/Groups/$group->{id}", @there)->json->{displayName}, 'T4', 'an operation more of a group: nothing has changed';

    my $bulk = sub { my ($n) = @_; post('/Bulk', { Operations => [map { { method => 'POST', path => '/Users', bulkId => "b$_", data => body(0) } } 1 .. $n] }, @there) };
    is_deeply [map { $_->{status} } @{ $bulk->(3)->json->{Operations} }], [(201) x 3], 'ScimBulkMax operations';
    unchanged sub { $bulk->(4) }, 413, undef, qr/has 4 operations, more than the 3/, 'an operation of a job more';
    # within a job, the limits of its operations hold
    my $res = post('/Bulk', { Operations => [{ method => 'PATCH', path => $path, data => ops(@op) }] }, @there);
    is $res->json->{Operations}[0]{status}, '413', 'an operation more in a PATCH of a job';
    is row_of($user->{id})->{title} // get($path, @there)->json->{title}, 'T4', 'and it changes nothing';
}

# ---- filters ----
{
    my $user = new_user(@there, title => 'F');
    my $find = sub { my ($filter) = @_; $filter =~ s/([^\w.])/sprintf '%%%02x', ord $1/ge; get("/Users?filter=$filter", @there) };
    my $long = sub { my ($n) = @_; my $front = 'title eq "F" or title eq "'; $front . 'x' x ($n - 1 - length $front) . '"' };
    is length $long->(100), 100, 'a filter that fills it';
    is_list $find->($long->(100)), 1, 'a filter of ScimFilterLengthMax bytes';
    is_error $find->($long->(101)), 400, 'invalidFilter', qr/more than 100 bytes/, 'a byte of it more';
    is_list $find->('((title eq "F"))'), 1, 'a filter of ScimFilterDepthMax levels';
    is_error $find->('(((title eq "F")))'), 400, 'invalidFilter', qr/nesting deeper than 2 levels/, 'a level of it more';
    is_list $find->('title eq "F" or title eq "a" or title eq "b"'), 1, 'a filter of ScimFilterTermsMax comparisons';
    is_error $find->('title eq "F" or title eq "a" or title eq "b" or title eq "c"'), 400, 'invalidFilter', qr/more than 3 comparisons/, 'a comparison more';
    is_error post('/Users/.search', { filter => '(((title eq "F")))' }, @there), 400, 'invalidFilter', qr/deeper than 2/, 'a search likewise';
    is_error post('/.search', { filter => $long->(101) }, @there), 400, 'invalidFilter', qr/more than 100/, 'and one of the root';

    # between the brackets of a path
    my $path = sub { my (@type) = @_; ops({ op => 'remove', path => 'phoneNumbers[' . join(' or ', map { "type eq \"$_\"" } @type) . ']' }) };
    is_resource patch("/Users/$user->{id}", $path->('a', 'b', 'c'), @there), 200, 'a path of as many comparisons';
    unchanged sub { patch("/Users/$user->{id}", $path->('a' .. 'd'), @there) }, 400, 'invalidPath', qr/more than 3 comparisons/, 'a path of one more';
}

# ---- pages, and what the service says of itself ----
{
    is scalar @{ get('/Users', @there)->json->{Resources} }, 2, 'ScimPage resources unasked';
    is scalar @{ get("/Users?count=$_", @there)->json->{Resources} }, 4, "at most ScimPageMax resources, of $_" for 4, 5, 1000;
    is scalar @{ get('/Users?cursor&count=5', @there)->json->{Resources} }, 4, 'by cursor, too';

    my $config = get('/ServiceProviderConfig', @there)->json;
    is_deeply [$config->{filter}{maxResults}, @{ $config->{pagination} }{qw(defaultPageSize maxPageSize)},
               @{ $config->{bulk} }{qw(maxOperations maxPayloadSize)}], [4, 2, 4, 3, 4096],
        'discovery says what is enforced';
}

# httpd's own limit, where that is the smaller one
{
    my $less = extra_httpd(location => "LimitRequestBody 2000\n");
    is get('/ServiceProviderConfig', base => $less->base)->json->{bulk}{maxPayloadSize}, 2000, 'maxPayloadSize is LimitRequestBody where that is less';
    is_error post('/Users', encode({ userName => 'x' x 2000 }), base => $less->base), 413, undef, undef, 'which is enforced';
}

# ---- what a request has to be compared with is the client's to choose, too ----
{
    my $u = new_user(phoneNumbers => [map { { value => "\x{e9}" . 'a' x 4900 . $_ } } 1 .. 199])->{id};
    my $res = patch("/Users/$u", ops(map { { op => 'add', path => 'phoneNumbers', value => { value => "\x{e9}b" } } } 1 .. 1000));
    is_resource $res, 200, 'a thousand times a value beside many long ones that begin like it';
    is @{ $res->json->{phoneNumbers} }, 200, 'it is there once';
    my $remove = { op => 'remove', path => 'phoneNumbers[value co "c"]' };
    is_resource patch("/Users/$u", ops(($remove) x 10)), 200, 'some filters that look through a megabyte';
    unchanged sub { patch("/Users/$u", ops(($remove) x 40)) }, 413, undef, qr/look through more than 33554432 bytes/, 'many';
}

done_testing;
