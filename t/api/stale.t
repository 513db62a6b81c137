# What a connection has prepared and proven outlives a change of the tables: no
# request notices.
use ScimTest;

scim_reset();
# what the console shows keeps its type; see docs/operations.md
db()->do('DROP VIEW scim.accounts');
my $h = extra_httpd(conf => "StartServers 1\nServerLimit " . (ScimTest::Httpd::mpm() eq 'prefork' ? 1 : 2) . "\nScimPoolMax 1\n");
my @there = (base => $h->base);
my $id = new_user(name => { givenName => 'Adele' }, @there)->{id};

for my $case (
    ['the type of a column changes',  'ALTER TABLE public.users ALTER COLUMN first_name TYPE varchar(77)'],
    ['it changes back',               'ALTER TABLE public.users ALTER COLUMN first_name TYPE text'],
    ['a column is added',             'ALTER TABLE public.users ADD COLUMN stale text'],
    ['it is dropped',                 'ALTER TABLE public.users DROP COLUMN stale'],
) {
    my ($what, $sql) = @$case;
    is_resource get("/Users/$id", @there), 200, "before $what" for 1 .. 3;
    db()->do($sql);
    my $res = get("/Users/$id", @there);
    is_resource $res, 200, "$what, and a user is read";
    is $res->json->{name}{givenName}, 'Adele', "$what, and is the same";
    is_resource patch("/Users/$id", { Operations => [{ op => 'replace', path => 'title', value => $what }] }, @there),
        200, "$what, and a user is changed";
    is get("/Users/$id")->json->{title}, $what, "$what, and has been";
}
$h->stop;

# Of many connections each one has to notice by itself. A request that meets a
# stale one tries again, and must not meet the next while others, to whose
# statements nothing happened, use those that are open anew.
$h = extra_httpd(conf => "StartServers 1\nServerLimit 1\nThreadLimit 50\nThreadsPerChild 50\nMaxRequestWorkers 50\nScimPoolMax 10\nKeepAlive off\n",
                 ScimTest::Httpd::mpm() eq 'prefork' ? (mpm => 'event') : ());
my @read = ['GET', "/Users/$id", undef, base => $h->base];
my @other = ['GET', '/ServiceProviderConfig', undef, base => $h->base];
for my $type (map { ('varchar(77)', 'text') } 1 .. 3) {
    my %status;
    $status{ $_->code }++ for parallel((@read) x 50);
    is_deeply \%status, { 200 => 50 }, 'all connections know the statement';
    db()->do("ALTER TABLE public.users ALTER COLUMN first_name TYPE $type");
    %status = ();
    $status{ $_->code }++ for parallel((@read, (@other) x 4) x 40);
    is_deeply \%status, { 200 => 200 }, "first_name is $type now, and nobody notices";
}
$h->stop;
cluster()->psql('-d', 'wiggledesk', '-1', '-f', ScimTest::Sys::top() . '/conf/sql/scim.sql');
is db()->selectrow_array('SELECT count(*) > 0 FROM scim.accounts'), 1, 'scim.sql brings back the view that was in the way';

done_testing;
