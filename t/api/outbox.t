# scim.events_after(): an application follows what was changed, in order, each
# change once and none left out, whatever transactions are under way.
use ScimTest;

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

scim_reset();

sub after {
    my ($place, $many, $dbh) = @_;
    return @{ ($dbh || db())->selectall_arrayref('SELECT * FROM scim.events_after(?::text, ?::int)', { Slice => {} }, $place, $many // 100) };
}

# By hand, in a transaction that stays open: the id.
sub event { my ($dbh, $what) = @_; return $dbh->selectrow_array(q{INSERT INTO scim.events (operation, resource_id, outcome)
    VALUES ('x', ?, 'applied') RETURNING id}, undef, $what) }
sub connection { return cluster()->dbh(user => 'postgres') }
sub what { return [map { $_->{resource_id} } @_] }

is_deeply [after(undef)], [], 'there is nothing to begin with';

# ---- what a client did ----

my $user = new_user(title => 'T');
patch("/Users/$user->{id}", { schemas => [PATCH_OP], Operations => [{ op => 'replace', path => 'title', value => $_ }] }) for qw(U V);
is put("/Users/$user->{id}", {})->code, 400, 'one that is refused';
is del("/Users/$user->{id}")->code, 204, 'and the end';
wait_until(5, sub { db()->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'}) });

my @row = after(undef);
is_deeply [map { $_->{operation} } @row], [qw(create patch patch delete)], 'what was applied, in order';
is_deeply [sort keys %{ $row[0] }], [sort qw(next_place id at tenant actor token_id request_id client operation
    resource_type resource_id changes)], 'with all that an event says';
is_deeply [map { $_->{resource_id} } @row], [($user->{id}) x 4], 'of whom';
like $row[1]{changes}, qr/"U"/, 'and what';

# ---- in portions ----

my ($place, @all) = (undef);
while (my @some = after($place, 3)) {
    push @all, @some;
    $place = $some[-1]{next_place};
}
is_deeply [map { $_->{id} } @all], [map { $_->{id} } @row], 'in portions they are the same';
is_deeply [after($place)], [], 'behind the last there is nothing';
is_deeply [after($row[1]{next_place})], [@row[2, 3]], 'each has its place';

# ---- transactions that are under way ----

{
    # the lower id is committed later
    my ($slow, $fast) = (connection(), connection());
    $slow->begin_work;
    my $low = event($slow, 'slow');
    my $high = event($fast, 'fast');
    cmp_ok $low, '<', $high, 'a transaction with the lower id is open';
    is_deeply what(after($place)), [], 'what comes behind it is not told yet';
    $slow->commit;
    is_deeply what(my @now = after($place)), [qw(slow fast)], 'when it is over both are, in order';
    $place = $now[-1]{next_place};

    # the other way round: the higher id belongs to the older transaction
    $slow->begin_work;
    $slow->do('SELECT pg_current_xact_id()');
    $fast->begin_work;
    $fast->do('SELECT pg_current_xact_id()');
    event($fast, 'younger, lower id');
    event($slow, 'older, higher id');
    $slow->commit;
    is_deeply what(@now = after($place)), ['older, higher id'], 'an older transaction is told while a younger one is open';
    $place = $now[-1]{next_place};
    event($slow, 'one more');
    is_deeply what(after($place)), [], 'what comes behind the younger one is not';
    $fast->commit;
    is_deeply what(@now = after($place)), ['younger, lower id', 'one more'], 'then the younger is not lost, though its id is lower';
    $place = $now[-1]{next_place};

    # undone, and by savepoints
    $slow->begin_work;
    event($slow, 'undone');
    event($fast, 'behind it');
    is_deeply what(after($place)), [], 'nothing is told about what may be undone';
    $slow->rollback;
    is_deeply what(@now = after($place)), ['behind it'], 'what is undone never is';
    $place = $now[-1]{next_place};
    $slow->begin_work;
    event($slow, 'a');
    $slow->do('SAVEPOINT s');
    event($slow, 'b, undone');
    $slow->do('ROLLBACK TO s');
    event($slow, 'c');
    is_deeply what(after($place, 100, $slow)), [], 'a transaction does not read ahead of itself';
    $slow->commit;
    is_deeply what(@now = after($place)), [qw(a c)], 'a transaction is told in the order of its events';
    $place = $now[-1]{next_place};

    # a reader whose snapshot is old
    my $reader = connection();
    $reader->begin_work;
    $reader->do('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    $reader->do('SELECT 1 FROM scim.events LIMIT 1');
    event($fast, 'later');
    is_deeply what(after($place, 100, $reader)), [], 'a reader sees what its snapshot has';
    $reader->commit;
    is_deeply what(@now = after($place, 100, $reader)), ['later'], 'and the rest afterwards';
    $place = $now[-1]{next_place};
    $_->disconnect for $slow, $fast, $reader;
}

# ---- many at once ----

{
    my @kid = map {
        my $n = $_;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $dbh = connection();
            for my $i (1 .. 40) {
                $dbh->begin_work;
                event($dbh, "$n.$i");
                select undef, undef, undef, 0.001 * (($n * 7 + $i * 3) % 9);
                event($dbh, "$n.$i+");
                $i % 5 ? $dbh->commit : $dbh->rollback;
            }
            $dbh->disconnect;
            require POSIX;
            POSIX::_exit(0);
        }
        $pid;
    } 1 .. 6;
    my (@told, $alive);
    do {
        $alive = grep { kill 0, $_ and waitpid($_, 1) == 0 } @kid;
        while (my @some = after($place, 7)) {
            push @told, @some;
            $place = $some[-1]{next_place};
        }
    } while ($alive);
    my $there = db()->selectcol_arrayref(q{SELECT id FROM scim.events WHERE resource_id ~ '^[1-6][.]'});
    is scalar(@told), 6 * 32 * 2, 'with six writers at once all are told that were committed';
    is_deeply [sort { $a <=> $b } map { $_->{id} } @told], [sort { $a <=> $b } @$there], 'each of them once';
    my %last;
    my $wrong = 0;
    for (@told) {
        my ($n, $i, $second) = $_->{resource_id} =~ /^(\d)\.(\d+)(\+?)$/;
        my $is = 2 * $i + ($second ? 1 : 0);
        $wrong++ if $is <= ($last{$n} // 0);
        $last{$n} = $is;
    }
    is $wrong, 0, 'and those of a writer in its order';
}

# ---- places ----

for my $wrong ('x', '', '1', '1.', '.1', '1.1.1', '-1.1', '1.1x', "1.1' OR true", '1' x 21 . '.1') {
    is eval { after($wrong); 1 }, undef, "\"$wrong\" is not a place";
    like $@, qr/is not a place/, 'which is said';
}
is_deeply [after('0.0')], [after(undef)], 'the first place is the beginning';
{
    my ($first, $second) = after(undef, 2);
    db()->do('DELETE FROM scim.events WHERE id = ?', undef, $first->{id});
    is((after($first->{next_place}, 1))[0]{id}, $second->{id}, 'a place holds when its event is forgotten');
}

# ---- another cluster ----

# Restored into one that has counted fewer transactions.
{
    my @was = after(undef, 10000);
    my $held = $was[3];
    db()->do(q{UPDATE scim.events SET xid = (xid::text::numeric + 1000000000)::text::xid8});
    my $ahead = ($held->{next_place} =~ /^(\d+)/)[0] + 1000000000 . ".$held->{id}";
    is eval { after($ahead); 1 }, undef, 'events of the future';
    like $@, qr/restored from another cluster/, 'are not told, with the reason';
    cluster()->psql('-d', 'wiggledesk', '-1', '-f', ScimTest::Sys::top() . '/conf/sql/scim.sql');
    is_deeply [map { $_->{id} } after(undef, 10000)], [sort { $a <=> $b } map { $_->{id} } @was], 'scim.sql puts them in order';
    my @rest = after($ahead, 10000);
    is_deeply [map { $_->{id} } @rest], [sort { $a <=> $b } grep { $_ > $held->{id} } map { $_->{id} } @was],
        'a place of then goes on behind its event';
    event(db(), 'new');
    is_deeply what(after($rest[-1]{next_place})), ['new'], 'and new ones come behind';
    db()->do('DELETE FROM scim.events WHERE id = ?', undef, $held->{id});
    is_deeply [map { $_->{id} } after($ahead, 10000)], [map { $_->{id} } @rest, after($rest[-1]{next_place})],
        'also when its event is forgotten';
}

# ---- by an index, and for whom ----

{
    db()->do(q{INSERT INTO scim.events (operation, outcome) SELECT 'x', 'applied' FROM generate_series(1, 20000)});
    db()->do('ANALYZE scim.events');
    my ($plan) = db()->selectrow_array(q{EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT e.id FROM scim.events e
        WHERE e.outcome = 'applied' AND (e.xid, e.id) > ('5'::xid8, 5) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.id LIMIT 100});
    like $plan, qr/"Index Name": "events_in_order"/, 'they are read by an index';
    unlike $plan, qr/"Node Type": "Sort"/, 'in its order';

    db()->do("CREATE ROLE follower_$$");
    db()->do("GRANT USAGE ON SCHEMA scim TO follower_$$");
    db()->do("SET ROLE follower_$$");
    is eval { after(undef); 1 }, undef, 'not everybody may follow';
    db()->do('RESET ROLE');
    db()->do("GRANT EXECUTE ON FUNCTION scim.events_after(text, integer) TO follower_$$");
    db()->do("SET ROLE follower_$$");
    is scalar(after(undef, 5)), 5, 'who was let in may, without rights on the table';
    db()->do('RESET ROLE');
    db()->do("DROP OWNED BY follower_$$");
    db()->do("DROP ROLE follower_$$");
    my $role = cluster()->dbh(user => 'mod_scim');
    is eval { after(undef, 1, $role); 1 }, undef, 'the module may not';
    $role->disconnect;
}

scim_reset();
done_testing;
