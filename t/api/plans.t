# Look-ups stay cheap in a big database. What the module really sends is caught
# on its way to PostgreSQL and explained there by the module's own role, with
# 100,000 users in organisations of very different size: each look-up is an
# index scan that touches a handful of rows, whether the plan is made for the
# values at hand or for any values.
use ScimTest;
use ScimTest::Sys qw(top slurp);
use Digest::SHA qw(sha256_hex);
use Time::HiRes qw(time);

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
use constant TOTAL => 100_000;
use constant SMALL => 12;               # users of organisation 2
use constant FIRST => 50_000;           # in the middle of all ids

scim_reset();

# ---- the data ----

# Organisation 1 has most of the users, organisation 2 a handful, 2,000 others
# share the rest. One user in twenty is a tombstone.
db()->do(q{INSERT INTO public.organisations (id, name, api_available, api_enabled)
           SELECT n, 'Organisation ' || n, true, true FROM generate_series(3, 2002) AS n});
db()->begin_work;
db()->do(q{SET LOCAL session_replication_role = replica});     # triggers would only take their time
db()->do(sprintf <<'END', FIRST, FIRST + SMALL - 1, TOTAL);
INSERT INTO public.users (organisation_id, username, email, first_name, last_name, password_hash,
                          external_id, active, deleted_at, scim_extra)
SELECT CASE WHEN n BETWEEN %d AND %d THEN 2 WHEN n %% 10 < 8 THEN 1 ELSE 3 + n %% 2000 END,
       'Person' || n || '@example.com', 'Mail' || n || '@example.com', 'First' || n %% 500, 'Last' || n %% 3000, '!',
       'ext-' || n, n %% 17 <> 0, CASE WHEN n %% 20 = 3 THEN now() - make_interval(mins => n) END,
       jsonb_build_object('displayName', 'Person ' || n, 'title', 'T' || n %% 100,
                          'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
                          jsonb_build_object('employeeNumber', 'E' || n),
                          'phoneNumbers', jsonb_build_array(jsonb_build_object('type', 'work', 'value', '+1' || n)))
  FROM generate_series(1, %d) AS n
END
db()->do(q{INSERT INTO public.api_tokens (user_id, token_sha256, expires_at)
           SELECT id, sha256(username::bytea), now() + interval '1 year' FROM public.users WHERE id % 20 = 7});
db()->commit;
db()->do("ANALYZE $_") for qw(public.users public.api_tokens public.organisations);
cmp_ok db()->selectrow_array('SELECT count(*) FROM public.users'), '>', TOTAL, 'there are many users';
my ($mine) = db()->selectrow_array('SELECT count(*) FROM public.users WHERE organisation_id = 2 AND deleted_at IS NULL');
cmp_ok $mine, '<=', SMALL + 1, 'few of them in organisation 2';

# Somebody in the middle of each organisation.
my %person;
for my $org (1, 2) {
    $person{$org} = db()->selectrow_hashref(q{SELECT * FROM public.users WHERE organisation_id = ? AND active
        AND deleted_at IS NULL AND external_id LIKE 'ext-%' AND id > ? ORDER BY id LIMIT 1}, undef, $org, FIRST);
}

# ---- what the module sends ----

my $workers = ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 10;
my ($h, $relay) = extra_httpd(relay => 1,
    conf => "ScimPoolMax 1\nStartServers 1\nServerLimit 1\nMaxRequestWorkers $workers\n");

# caught(METHOD, PATH, BODY, %opt): the answer, then what was executed for it:
# [text, parameters], ... A new connection each time, so that every text is seen;
# what a new connection asks first, the token alone, is left out.
my @wall;
sub caught {
    my ($method, $path, $body, %opt) = @_;
    $relay->reset_connections;
    $relay->reset_counts;
    my $res = scim($method, $path, $body, base => $h->base, %opt);
    my $bytes = $relay->sent;
    substr($bytes, 0, unpack 'N', $bytes) = '';         # the start-up packet
    my (%text, $bound, @done);
    while (length $bytes) {
        my ($type, $len) = unpack 'aN', $bytes;
        my $data = substr $bytes, 5, $len - 4;
        substr($bytes, 0, $len + 1) = '';
        if ($type eq 'P') {
            my ($name, $text) = split /\0/, $data, 3;
            $text{$name} = $text;
        }
        elsif ($type eq 'B') {
            my (undef, $name, $rest) = split /\0/, $data, 3;
            my ($formats) = unpack 'n', $rest;
            my ($n, $list) = unpack 'x' . (2 + 2 * $formats) . 'n a*', $rest;
            my @value;
            for (1 .. $n) {
                my ($size) = unpack 'l>', $list;
                push @value, $size < 0 ? undef : substr $list, 4, $size;
                $list = substr $list, 4 + ($size < 0 ? 0 : $size);
            }
            $bound = [$text{$name}, \@value];
        }
        elsif ($type eq 'E') {
            push @done, $bound if $bound->[0] =~ /"scim"\."tokens"/;
        }
    }
    shift @done;
    # the second wall is raised first, and is what row-level security goes by
    @wall = grep { $_->[0] =~ /\bset_config\('scim\.tenant'/ } @done;
    return ($res, grep { $_->[0] !~ /\A(?:BEGIN|COMMIT|ROLLBACK)|\bset_config\('scim\.tenant'/ } @done);
}

# ---- what PostgreSQL makes of it ----

my $role = cluster()->dbh(user => 'mod_scim');
is $role->selectrow_array('SELECT current_user'), 'mod_scim', 'plans are made for the role of the module';
is $role->selectrow_array(q{SELECT row_security_active('public.users')}), 1, 'with row-level security on';

# explain(MODE, TEXT, VALUES): the nodes of the plan as it was run, and undone.
sub plan_of {
    my ($mode, $text, $value) = @_;
    $role->do("SET plan_cache_mode = force_${mode}_plan");
    $role->do("PREPARE statement AS $text");
    my $list = join ', ', map { defined $_ ? $role->quote($_) : 'NULL' } @$value;
    $role->begin_work;
    # the wall, for the token of the statement
    my ($hash) = grep { defined && /\A\\x[0-9a-f]{64}\z/ } @$value;
    my $raise = $wall[0][0] =~ s/\$1::bytea/$role->quote($hash) . '::bytea'/er;
    $role->selectrow_array($raise);
    my ($json) = $role->selectrow_array('EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE statement'
        . (length $list ? "($list)" : ''));
    $role->rollback;
    $role->do('DEALLOCATE statement');
    my (@node, $walk);
    $walk = sub {
        my ($node, @above) = @_;
        push @node, { %$node, above => [@above] };
        $walk->($_, $node->{'Node Type'}, @above) for @{ $node->{Plans} || [] };
    };
    $walk->(JSON::PP::decode_json($json)->[0]{Plan});
    return @node;
}

sub reads { my ($table, @node) = @_; return grep { ($_->{'Relation Name'} // '') eq $table
    && $_->{'Node Type'} =~ /Scan$/ } @node }

# Rows that were looked at, of all runs of a node.
sub looked_at {
    my $rows = 0;
    for my $node (@_) {
        $rows += $node->{'Actual Loops'} * (($node->{'Actual Rows'} || 0) + ($node->{'Rows Removed by Filter'} || 0)
            + ($node->{'Rows Removed by Index Recheck'} || 0));
    }
    return $rows;
}

sub shown {
    return join "\n", map { my $n = $_;
        join ' ', map { defined $n->{$_} ? "$_=$n->{$_}" : () } 'Node Type', 'Relation Name', 'Alias', 'Index Name',
            'Index Cond', 'Filter', 'Actual Rows', 'Actual Loops', 'Rows Removed by Filter' } @_;
}

# is_cheap(NAME, [text, values], MOST rows of users looked at)
sub is_cheap {
    my ($name, $statement, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($text, $value) = @$statement;
    for my $mode (qw(custom generic)) {
        my @node = plan_of($mode, $text, $value);
        my @user = reads('users', @node);
        cmp_ok scalar(@user), '>=', 1, "$name, $mode plan: users are read";
        my @whole = grep { $_->{'Node Type'} !~ /^(?:Index|Index Only|Bitmap Heap) Scan$/ } @user,
            reads('api_tokens', @node), reads('organisations', @node);
        is scalar(@whole), 0, "$name, $mode plan: by indexes only" or diag shown(@whole);
        cmp_ok looked_at(@user), '<=', $most, "$name, $mode plan: few rows are looked at" or diag shown(@user);
    }
    # a token that is not valid
    my @other = @$value;
    my $n = grep { defined && /\A\\x[0-9a-f]{64}\z/ } @other;
    is $n, 1, "$name: the hash of the token is the one parameter of its kind";
    $_ = '\x' . '00' x 32 for grep { defined && /\A\\x[0-9a-f]{64}\z/ } @other;
    for my $mode (qw(custom generic)) {
        my @node = plan_of($mode, $text, \@other);
        # an UPDATE comes second, when the token was valid a moment ago: it may
        # look for its one row before it finds that the token is not any more
        my ($update) = grep { ($_->{Operation} // '') eq 'Update' } @node;
        if ($update) {
            is $update->{'Actual Rows'}, 0, "$name, $mode plan: without a valid token nothing is changed";
            cmp_ok looked_at(reads('users', @node)), '<=', 1, "$name, $mode plan: and one row looked at";
            next;
        }
        is_deeply [grep { $_->{'Actual Loops'} } reads('users', @node)], [],
            "$name, $mode plan: without a valid token users are not read at all";
    }
}

# ---- look-ups ----

sub filter { my ($text) = @_; return '/Users?filter=' . ($text =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger) }

# the token's own user is read as well
my %token = (1 => token_a(), 2 => token_b());
for my $org (1, 2) {
    my $p = $person{$org};
    my $size = $org == 1 ? 'the huge organisation' : 'the small one';
    for my $case (
        ['id',                      filter("id eq \"$p->{id}\"")],
        ['userName',                filter('userName eq "' . uc($p->{username}) . '"')],
        ['externalId',              filter("externalId eq \"$p->{external_id}\"")],
        ['work e-mail',             filter('emails[type eq "work"].value eq "' . lc($p->{email}) . '"')],
        ['work e-mail in brackets', filter('emails[type eq "work" and value eq "' . uc($p->{email}) . '"]')],
        ['externalId and active',   filter("externalId eq \"$p->{external_id}\" and active eq true")],
        ['id by path',              "/Users/$p->{id}"],
    ) {
        my ($what, $path) = @$case;
        my ($res, @sent) = caught(GET => $path, undef, token => $token{$org});
        my $got = $res->json;
        is +($got->{Resources} ? $got->{Resources}[0] : $got)->{id}, $p->{id}, "look-up by $what in $size: finds the user";
        is scalar(@sent), 1, "look-up by $what in $size: with one statement" or next;
        # e-mail addresses are not unique: one more for the total
        is_cheap("look-up by $what in $size", $sent[0], $what =~ /mail/ ? 4 : 3);
    }
    {
        my ($res, @sent) = caught(GET => '/Me', undef, token => $token{$org});
        is_resource $res, 200, "/Me in $size";
        is @sent, 1, "/Me in $size: one statement";
        is_cheap("/Me in $size", $sent[0], 2);
    }
    my ($res, @sent) = caught(GET => filter('externalId eq "nobody"'), undef, token => $token{$org});
    is_list $res, 0, "look-up of nobody in $size";
    is_cheap("look-up of nobody in $size", $sent[0], 1);
}

# ---- an address of any type ----

# There may be more of them in scim_extra, so by itself such a look-up reads the
# caller's organisation; with an index on those that have more, it does not.
sub own_rows {
    my ($name, $statement, $org, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $mode (qw(custom generic)) {
        my @user = grep { $_->{Alias} =~ /^r/ } reads('users', plan_of($mode, @$statement));
        is_deeply [grep { ($_->{'Index Cond'} // '') !~ /organisation_id = / } @user], [],
            "$name, $mode plan: by the organisation" or diag shown(@user);
        cmp_ok looked_at(@user), '<=', $most, "$name, $mode plan: and no other's rows are looked at" or diag shown(@user);
    }
}

my ($huge) = db()->selectrow_array('SELECT count(*) FROM public.users WHERE organisation_id = 1 AND deleted_at IS NULL');
my %size = (1 => $huge, 2 => $mine);
for my $org (1, 2) {
    my ($res, @sent) = caught(GET => filter("emails.value eq \"$person{$org}{email}\""), undef, token => $token{$org});
    is_list $res, 1, "look-up by any e-mail in organisation $org";
    is $res->json->{Resources}[0]{id}, $person{$org}{id}, "look-up by any e-mail in organisation $org: finds the user";
    # once for the total and once for the page
    own_rows("look-up by any e-mail in organisation $org", $sent[0], $org, 2 * $size{$org});
}
db()->do(q{CREATE INDEX more_emails ON public.users (organisation_id) WHERE deleted_at IS NULL AND scim_extra ? 'emails'});
db()->do('ANALYZE public.users');
for my $org (1, 2) {
    my ($res, @sent) = caught(GET => filter("emails eq \"$person{$org}{email}\""), undef, token => $token{$org});
    is_list $res, 1, "look-up by any e-mail with its index in organisation $org";
    is_cheap("look-up by any e-mail with its index in organisation $org", $sent[0], 4);
}
db()->do('DROP INDEX public.more_emails');

# ---- an index for an extra attribute ----

# As docs/database.md has them: the statements there, with the names that stand
# there.
my $docs = slurp(top() . '/docs/database.md');
my @index = $docs =~ /^ {4}(CREATE INDEX CONCURRENTLY users_\w+_live\n(?: {8}.*\n)+)/mg;
is scalar(@index), 3, 'three statements are documented';
# Under row-level security none of them can serve, as the documentation says: what
# these expressions are made of is not leakproof.
db()->do('CREATE EXTENSION btree_gin');
db()->do('ALTER TABLE public.users DISABLE ROW LEVEL SECURITY');
db()->do($_ =~ s/CONCURRENTLY //r) for @index;
db()->do('ANALYZE public.users');
for my $org (1, 2) {
    my ($n) = $person{$org}{username} =~ /(\d+)@/;
    for my $case (
        ['displayName',            qq{displayName eq "PERSON $n"}],
        ['an enterprise attribute', qq{employeeNumber eq "e$n"}],
        ['the same with its URN',  qq{urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "E$n"}],
        ['a phone number',         qq{phoneNumbers.value eq "+1$n"}],
        ['a phone number of a type', qq{phoneNumbers[type eq "work" and value eq "+1$n"]}],
        ['a phone number by path', qq{phoneNumbers[type eq "WORK"].value eq "+1$n" and active eq true}],
    ) {
        my ($what, $filter) = @$case;
        my ($res, @sent) = caught(GET => filter($filter), undef, token => $token{$org});
        is_list $res, 1, "look-up by $what in organisation $org";
        is $res->json->{Resources}[0]{id}, $person{$org}{id}, "look-up by $what in organisation $org: finds the user";
        is_cheap("look-up by $what in organisation $org", $sent[0], 4);
    }
}
db()->do('ALTER TABLE public.users ENABLE ROW LEVEL SECURITY');
# other things than equality are answered as without
is_list scim(GET => filter('phoneNumbers.value sw "+19999"'), undef, base => $h->base), undef, 'and by another operator';
db()->do("DROP INDEX public.$_") for map { /(users_\w+_live)/ } @index;
db()->do('DROP EXTENSION btree_gin');

# ---- lists ----

# The handful of a small organisation, beside a huge one and in the middle of
# its ids: neither the total nor the page may walk through the others.
for my $case (['the first page', '/Users'], ['a short page', '/Users?count=5'], ['a later page', '/Users?startIndex=9&count=3'],
              ['the total', '/Users?count=0'], ['a list by an extra attribute', filter('title eq "T7"')],
              ['a list by active', filter('active eq false')]) {
    my ($what, $path) = @$case;
    my ($res, @sent) = caught(GET => $path, undef, token => token_b());
    is_list $res, $path eq '/Users' ? $mine : undef, "$what of the small organisation";
    is_cheap("$what of the small organisation", $sent[0], 1 + 2 * $mine);
}
{
    my ($res, @sent) = caught(GET => '/Users?count=50');
    is_list $res, $huge, 'the first page of the huge organisation';
    for my $mode (qw(custom generic)) {
        # all but the total, which is counted in the index
        my @page = grep { grep { $_ eq 'Limit' } @{ $_->{above} } } reads('users', plan_of($mode, @{ $sent[0] }));
        is scalar(@page), 1, "the first page of the huge organisation, $mode plan: one scan";
        is $page[0]{'Node Type'}, 'Index Scan', "the first page of the huge organisation, $mode plan: of an index";
        is looked_at(@page), 50, "the first page of the huge organisation, $mode plan: of one page" or diag shown(@page);
    }
}

# ---- sorted lists and cursors ----

# The rows that the page itself looks at: not those of the total, which is
# counted in an index and for the first page only.
sub page_scans {
    my ($mode, $statement) = @_;
    return grep { grep { $_ eq 'Limit' } @{ $_->{above} } } reads('users', plan_of($mode, @$statement));
}

# is_walk(NAME, STATEMENT, INDEX, MOST rows): the page is read along the index.
sub is_walk {
    my ($name, $statement, $index, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $mode (qw(custom generic)) {
        my @page = page_scans($mode, $statement);
        is_deeply [grep { !/^$index$/ } map { $_->{'Index Name'} // $_->{'Node Type'} } @page], [],
            "$name, $mode plan: along the index" or diag shown(@page);
        cmp_ok looked_at(@page), '<=', $most, "$name, $mode plan: no more than the page" or diag shown(@page);
    }
}

# The cursor of a page in the middle of the list: what the module would seal
# there is got by a walk of large pages.
sub deep {
    my ($query, $pages) = @_;
    my $cursor = '';
    for (1 .. $pages) {
        my $json = get("/Users?$query&count=1000&attributes=id&cursor=$cursor", base => $h->base)->json;
        $cursor = $json->{nextCursor} or die "the list is too short: $query";
    }
    return $cursor;
}

for my $case (
    ['by userName',             'sortBy=userName',                           'users_username_live'],
    ['by userName, descending', 'sortBy=userName&sortOrder=descending',      'users_username_live'],
    ['by externalId',           'sortBy=externalId',                         'users_external_id_live'],
    ['by externalId, descending', 'sortBy=externalId&sortOrder=descending',  'users_external_id_live'],
    ['by nothing',              'x',                                         'users_id_live'],
) {
    my ($what, $query, $index) = @$case;
    my ($res, @sent) = caught(GET => "/Users?$query&count=50");
    is_list $res, $huge, "sorted $what";
    is_walk("sorted $what, the first page", $sent[0], $index, 51);
    ($res, @sent) = caught(GET => "/Users?$query&count=50&cursor");
    my $first = $res->json->{nextCursor};
    is_walk("sorted $what, the first page of a cursor", $sent[0], $index, 52);
    for my $depth (['second', $first], ['deep', deep($query, 30)]) {
        my ($how, $cursor) = @$depth;
        # once to learn the keys
        ($res, @sent) = caught(GET => "/Users?$query&count=50&cursor=$cursor");
        is $res->json->{itemsPerPage}, 50, "sorted $what, a $how page: is there" or diag $res->as_string;
        unlike $sent[-1][0], qr/count\(/, "sorted $what, a $how page: nothing is counted";
        # a few more: where the index has no key, it begins at the value itself;
        # those without a value are the other stretch of the order
        is_walk("sorted $what, a $how page", $sent[-1], "(?:$index|users_id_live)", $what =~ /externalId/ ? 110 : 53);
    }
}
# An order that is asked for often gets the index that docs/database.md names.
{
    my @index = slurp(top() . '/docs/database.md') =~ /^    (CREATE INDEX ON public\.users \(organisation_id,\n.*?NULLIF.*?;)$/msg;
    is scalar(@index), 2, 'docs/database.md has indexes for orders';
    for my $case (['name.familyName', qr/last_name/], ['displayName', qr/displayName/]) {
        my ($by, $pattern) = @$case;
        my ($sql) = grep { $_ =~ $pattern } @index;
        db()->do($sql =~ s/INDEX ON/INDEX an_order ON/r);
        db()->do('ANALYZE public.users');
        for my $query ("sortBy=$by", "sortBy=$by&sortOrder=descending") {
            my ($res, @sent) = caught(GET => "/Users?$query&count=50&cursor=" . deep($query, 30));
            is $res->json->{itemsPerPage}, 50, "$query, a deep page by its index: is there";
            # what is no column is compared after row-level security has let it
            # through, so up to its place the list of the organisation is walked
            is_walk("$query, a deep page by its index", $sent[-1], '(?:an_order|users_id_live)', 2 * $huge);
            db()->do('ALTER TABLE public.users DISABLE ROW LEVEL SECURITY');
            is_walk("$query, a deep page by its index without row-level security", $sent[-1], '(?:an_order|users_id_live)', 110);
            db()->do('ALTER TABLE public.users ENABLE ROW LEVEL SECURITY');
        }
        db()->do('DROP INDEX public.an_order');
    }
}
{
    # who has no externalId stands at the end, in the order of ids
    db()->do(q{UPDATE public.users SET external_id = NULL WHERE organisation_id = 1 AND id % 1000 = 7});
    db()->do('ANALYZE public.users');
    my $cursor = deep('sortBy=externalId', int($huge / 1000) - 1);
    my (@ids, $res, @sent);
    while (defined $cursor) {
        ($res, @sent) = caught(GET => "/Users?sortBy=externalId&count=300&attributes=externalId&cursor=$cursor");
        push @ids, map { [$_->{id}, $_->{externalId}] } @{ $res->json->{Resources} };
        is_walk('without externalId', $sent[-1], '(?:users_external_id_live|users_id_live)', 2000);
        $cursor = $res->json->{nextCursor};
    }
    my @without = map { $_->[0] } grep { !defined $_->[1] } @ids;
    cmp_ok scalar(@without), '>', 50, 'some have no externalId';
    is_deeply [map { $_->[0] } @ids[-@without .. -1]], [sort { $a <=> $b } @without], 'they come last, by id';
}

# ---- writing ----

my @gone = @{ db()->selectrow_arrayref(q{SELECT id, username, external_id FROM public.users
    WHERE organisation_id = 1 AND deleted_at IS NOT NULL AND id > ? ORDER BY id LIMIT 1}, undef, FIRST) };
my $alive = $person{1};
for my $case (
    ['create', 1, [POST => '/Users', { userName => uniq('plan'), externalId => uniq('plan'),
                                       emails => [{ type => 'work', value => 'x@example.com' }] }], 201],
    ['create in conflict', 1, [POST => '/Users', { userName => $alive->{username}, externalId => 'other' }], 409],
    ['restore', 2, [POST => '/Users', { userName => $gone[1], externalId => $gone[2] }], 201],
    ['PATCH', 2, [PATCH => "/Users/$alive->{id}", { schemas => [PATCH_OP], Operations =>
        [{ op => 'Replace', path => 'name.givenName', value => 'New' }] }], 200],
    ['PUT', 2, [PUT => "/Users/$alive->{id}", { userName => $alive->{username}, title => 'New' }], 200],
    ['DELETE', 2, [DELETE => "/Users/$alive->{id}"], 204],
) {
    my ($what, $count, $request, $code) = @$case;
    my ($res, @sent) = caught(@$request);
    is $res->code, $code, "$what in a big table: $code" or diag $res->as_string;
    is scalar(@sent), $count, "$what in a big table: statements";
    is_cheap("$what, statement $_", $sent[$_ - 1], 4) for 1 .. @sent;
}
is row_of($gone[0])->{deleted_at}, undef, 'restore in a big table: has been done';
ok defined row_of($alive->{id})->{deleted_at}, 'DELETE in a big table: has been done';

# ---- the longest filter ----

# No index helps it, and of each user a list in the JSON column is walked, twice
# for each comparison: once for the total and once for the page.
{
    db()->begin_work;
    db()->do('SET LOCAL session_replication_role = replica');
    is db()->do('UPDATE public.users SET organisation_id = 3 WHERE id IN (SELECT id FROM public.users
        WHERE organisation_id = 1 AND deleted_at IS NULL AND id > ? LIMIT 5000)', undef, FIRST), 5000, 'an organisation of some thousands';
    db()->commit;
    my ($token) = db()->selectrow_array(q{UPDATE public.users SET api_access = true, active = true
        WHERE id = (SELECT max(id) FROM public.users WHERE organisation_id = 3 AND deleted_at IS NULL)
        RETURNING scim.token_issue(id, '1 day')});
    my $start = time;
    is_list get('/Users?filter=' . join('+or+', map { "phoneNumbers.value+co+%22x$_%22" } 1 .. 30),
        base => $h->base, token => $token), 0, 'F6: the longest filter is answered';
    cmp_ok time - $start, '<', 3, 'F6: well inside the deadline';
    is_error get('/Users?filter=' . join('+or+', map { "phoneNumbers.value+co+%22x$_%22" } 1 .. 31),
        base => $h->base, token => $token), 400, 'invalidFilter', qr/30 comparisons/, 'F6: a longer one is refused';
}

scim_reset();
done_testing;
