# The handler scim-metrics: what is counted, in OpenMetrics text that a strict
# reader takes. Counts are exact, over all children, and outlive each of them.
use ScimTest;
use File::Basename qw(dirname);
use POSIX ();
use ScimTest::OpenMetrics ();
use Time::HiRes qw(sleep);

use constant PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
use constant BULK => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

scim_reset();
my $prefork = ScimTest::Httpd::mpm() eq 'prefork';
my $dbh = db();

# A server of which nobody else asks anything.
my $place = "<Location \"/scim-metrics\">\n    SetHandler scim-metrics\n</Location>\n";
sub server {
    my (%opt) = @_;
    return scalar extra_httpd(%opt, conf => $place . ($opt{conf} // ''));
}

# What it says now. Each time on a connection of its own, so by any child.
sub scrape {
    my ($h, $path) = @_;
    ScimTest::Client::close_all();
    my $res = scim('GET', $path // '/scim-metrics', undef, token => undef, base => $h->url);
    die $res->as_string if $res->code != 200;
    return ScimTest::OpenMetrics->parse($res->content);
}

# Requests by what they were and how they were answered: { "User get 200 none" => n }
sub requests {
    my ($metrics, $name) = @_;
    my %n;
    for my $row ($metrics->rows($name // 'mod_scim_requests_total')) {
        my ($label, $value) = @$row;
        $n{ join ' ', @$label{qw(resource operation status scim_type)} } += $value;
    }
    return \%n;
}

# What has risen, and by how much.
sub rise {
    my ($before, $after) = @_;
    my %rise = map { $_ => $after->{$_} - ($before->{$_} // 0) } keys %$after;
    return { map { $rise{$_} ? ($_ => $rise{$_}) : () } keys %rise };
}

my $h = server(groups => 1, conninfo => cluster()->conninfo(application_name => 'metrics'), conf => <<"END");
<Location "/denied-metrics">
    SetHandler scim-metrics
    Require all denied
</Location>
LogFormat "%{pid}P" pid
CustomLog logs/pids pid
END
my @there = (base => $h->base);
my @here = (token => undef, base => $h->url);
my $server = '127.0.0.1:' . $h->port;
my %place = (server => $server, location => '/scim/v2');

# ---- the handler ----

{
    my $res = scim('GET', '/scim-metrics', undef, @here);
    is $res->code, 200, 'the metrics are there';
    is $res->header('Content-Type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'as OpenMetrics text';
    like $res->content, qr/\n# EOF\n\z/, 'with its end';
    my $head = scim('HEAD', '/scim-metrics', undef, @here);
    is $head->code, 200, 'HEAD';
    is $head->header('Content-Type'), $res->header('Content-Type'), 'has the same type';
    is $head->content, '', 'and no body';
    for my $method (qw(POST PUT PATCH DELETE OPTIONS)) {
        my $res = scim($method, '/scim-metrics', $method =~ /^P/ ? '{}' : undef, @here);
        is $res->code, 405, "$method is refused";
        like $res->header('Allow'), qr/\bGET\b/, "$method: and what is possible is said";
    }
    is scim('GET', '/denied-metrics', undef, @here)->code, 403, "who may read it is for httpd's rules to say";
    is scim('GET', '/elsewhere', undef, @here)->code, 404, 'elsewhere there is nothing of it';
}

{
    my $metrics = scrape($h);
    is_deeply requests($metrics), {}, 'no request was counted so far, these neither';
    my %type = (
        requests => 'counter', bulk_operations => 'counter', request_duration_seconds => 'histogram',
        database_duration_seconds => 'histogram', events => 'counter', events_lost => 'counter',
        attributes_discarded => 'counter', authentication_failures => 'counter', guard_refusals => 'counter',
        guard_holding => 'gauge', connections_open => 'gauge', connections_busy => 'gauge',
        requests_waiting => 'gauge', connections_opened => 'counter', connections_abandoned => 'counter',
        last_success_age_seconds => 'gauge',
    );
    is_deeply { map { s/^mod_scim_//r => $metrics->families->{$_}{type} } keys %{ $metrics->families } }, \%type,
        'the families, by type';
    for my $name (qw(events_lost attributes_discarded authentication_failures guard_refusals)) {
        is $metrics->value("mod_scim_${name}_total", %place), 0, "$name begins at 0";
    }
    is $metrics->value('mod_scim_events_total', %place, outcome => $_), 0, "events $_ begin at 0" for qw(applied refused);
    is $metrics->value('mod_scim_connections_open'), 0, 'no connection is open yet';
    is_deeply [$metrics->rows('mod_scim_last_success_age_seconds')], [], 'and no tenant known';
}

# ---- each request once ----

my $unknown = 'scim_' . '0' x 64;

sub counts {
    my ($name, $want, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = scrape($h);
    $code->();
    my $after = scrape($h);
    is_deeply rise(requests($before), requests($after)), $want, $name;
    my $sum = 0;
    $sum += $_ for values %$want;
    my %duration;
    is $after->sum('mod_scim_request_duration_seconds_count', %place)
        - $before->sum('mod_scim_request_duration_seconds_count', %place), $sum, "$name: as many durations";
    return ($before, $after);
}

my $id;
counts 'a create', { 'User create 201 none' => 1 }, sub { $id = new_user(@there)->{id} };
my $other = new_user(@there);
my $group = new_group(@there);
sub body { return { schemas => [PATCH_OP], Operations => [@_] } }
my $title = body({ op => 'replace', path => 'title', value => 'T' });
for my $case (
    ['a read',              'User get 200 none',              sub { get("/Users/$id", @there) }],
    ['HEAD',                'User get 200 none',              sub { head("/Users/$id", @there) }],
    ['oneself',             'User get 200 none',              sub { get('/Me', @there) }],
    ['a user who is not',   'User get 404 none',              sub { get('/Users/987654', @there) }],
    ['a list',              'User list 200 none',             sub { get('/Users', @there) }],
    ['a filter',            'User list 400 invalidFilter',    sub { get('/Users?filter=userName', @there) }],
    ['the root',            'none list 200 none',             sub { get('/', @there) }],
    ['a search',            'User search 200 none',           sub { post('/Users/.search', {}, @there) }],
    ['a search of all',     'none search 200 none',           sub { post('/.search', {}, @there) }],
    ['groups',              'Group list 200 none',            sub { get('/Groups', @there) }],
    ['a group',             'Group get 200 none',             sub { get("/Groups/$group->{id}", @there) }],
    ['a conflict',          'User create 409 uniqueness',     sub { post('/Users', { userName => $other->{userName} }, @there) }],
    ['a body',              'User create 400 invalidSyntax',  sub { post('/Users', 'x', @there) }],
    ['another media type',  'User create 415 none',           sub { post('/Users', '{}', @there, content_type => 'text/plain') }],
    ['a PATCH',             'User patch 200 none',            sub { patch("/Users/$id", $title, @there) }],
    ['a PATCH of a path',   'User patch 400 invalidPath',     sub { patch("/Users/$id", body({ op => 'add', path => 'x y', value => 1 }), @there) }],
    ['a PUT',               'User put 200 none',              sub { put("/Users/$id", { userName => uniq('put') }, @there) }],
    ['a stale PUT',         'User put 412 none',              sub { put("/Users/$id", { userName => 'x' }, @there, headers => { 'If-Match' => 'W/"1"' }) }],
    ['a DELETE',            'User delete 204 none',           sub { del("/Users/$other->{id}", @there) }],
    ['discovery',           'none discovery 200 none',        sub { get('/Schemas', @there) }],
    ['OPTIONS',             'User options 204 none',          sub { options('/Users', @there) }],
    ['a method',            'User other 405 none',            sub { scim('PUT', '/Users', {}, @there) }],
    ['nothing there',       'none other 404 none',            sub { get('/nothing', @there) }],
    ['no token',            'User list 401 none',             sub { get('/Users', @there, token => undef) }],
    ['a token that is none', 'User get 401 none',             sub { get("/Users/$id", @there, token => $unknown) }],
    ['what httpd refuses',  'none other 404 none',            sub { get('/Users/a%2Fb', @there) }],
    ['a URL too long',      'none other 414 none',            sub { get('/Users?' . 'x' x 9000, @there) }],
) {
    my ($name, $series, $code) = @$case;
    counts $name, { $series => 1 }, $code;
}

{
    my ($before, $after) = counts 'a bulk job', { 'none bulk 200 none' => 1 }, sub {
        post('/Bulk', { schemas => [BULK], Operations => [
            { method => 'POST', path => '/Users', bulkId => 'a', data => { userName => uniq('bulk') } },
            { method => 'POST', path => '/Users', bulkId => 'b', data => { userName => uniq('bulk') } },
            { method => 'POST', path => '/Groups', bulkId => 'x', data => { displayName => uniq('g'), members => [{ value => 'bulkId:a' }] } },
            { method => 'PATCH', path => "/Users/$id", data => body({ op => 'replace', path => 'userName', value => '' }) },
            { method => 'DELETE', path => '/Users/987654' },
        ] }, @there) };
    is_deeply rise(requests($before, 'mod_scim_bulk_operations_total'), requests($after, 'mod_scim_bulk_operations_total')),
        { 'User create 201 none' => 2, 'Group create 201 none' => 1, 'User patch 400 invalidValue' => 1, 'User delete 404 none' => 1 },
        'and its operations, each by itself';
    is $after->value('mod_scim_events_total', %place, outcome => 'applied')
        - $before->value('mod_scim_events_total', %place, outcome => 'applied'), 3, 'with the changes they made';
}

# Whatever writes an event, and what almost does.
{
    my $circle = sub {
        my ($name) = @_;
        return post('/Bulk', { schemas => [BULK], Operations => [map {
            { method => 'POST', path => '/Users', bulkId => $_->[0], data => { userName => $_->[2],
                'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' => { manager => { value => "bulkId:$_->[1]" } } } }
        } ['a', 'b', uniq('circle')], ['b', 'a', $name]] }, @there);
    };
    my ($before, $after) = counts 'creates that refer to each other', { 'none bulk 200 none' => 1 }, sub { $circle->(uniq('circle')) };
    is_deeply rise(requests($before, 'mod_scim_bulk_operations_total'), requests($after, 'mod_scim_bulk_operations_total')),
        { 'User create 201 none' => 2 }, 'are two operations';
    ($before, $after) = counts 'and such of which one fails', { 'none bulk 200 none' => 1 }, sub { $circle->('') };
    is $after->value('mod_scim_events_total', %place, outcome => 'applied'),
        $before->value('mod_scim_events_total', %place, outcome => 'applied'), 'change nothing';
    my $leaver = new_user(@there);
    del("/Users/$leaver->{id}", @there);
    is post('/Users', { userName => uniq('back'), externalId => $leaver->{externalId} }, @there)->json->{id}, $leaver->{id}, 'a restore';
    $dbh->do(q{INSERT INTO public.users (organisation_id, username, password_hash) VALUES (1, 'old@contoso.com', '!')});
    is post('/Users', { userName => 'old@contoso.com', externalId => 'old' }, @there)->code, 201, 'an adoption';
    patch("/Users/$id", $title, @there) for 1 .. 2;
    patch("/Groups/$group->{id}", body({ op => 'add', path => 'members', value => [{ value => $_ }] }), @there) for $id, $id, 987654;
    new_group(@there, members => [$id]);
    del("/Groups/$group->{id}", @there);
}

# ---- beside the answers ----

{
    my $metrics = scrape($h);
    is $metrics->value('mod_scim_authentication_failures_total', %place), 2, 'those without a valid token';
    is $metrics->value('mod_scim_events_total', %place, outcome => 'applied'),
        $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'applied'}), 'as many changes as there are events';
    my $refused = $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'});
    ok wait_until(10, sub {
        my $n = $dbh->selectrow_array(q{SELECT count(*) FROM scim.events WHERE outcome = 'refused'});
        $n > 0 && scrape($h)->value('mod_scim_events_total', %place, outcome => 'refused') == $n }),
        'and as many refusals';
    my $n = $metrics->sum('mod_scim_request_duration_seconds_count', %place);
    cmp_ok $metrics->sum('mod_scim_database_duration_seconds_count', %place), '<', $n, 'not every request has met the database';
    cmp_ok $metrics->sum('mod_scim_request_duration_seconds_sum', %place), '<', $n * 60, 'durations are no dates';
    cmp_ok $metrics->sum('mod_scim_database_duration_seconds_sum', %place), '<=',
        $metrics->sum('mod_scim_request_duration_seconds_sum', %place), 'the part is not more than the whole';
    cmp_ok $metrics->value('mod_scim_database_duration_seconds_sum', %place, operation => 'create'), '>', 0, 'and not nothing';
    my $age = $metrics->value('mod_scim_last_success_age_seconds', %place, tenant => '1');
    cmp_ok $age, '<', 60, "the tenant's last success is not long ago";
    is $metrics->value('mod_scim_last_success_age_seconds', tenant => '2'), undef, 'the other one had none';
    scim_b('GET', '/Users/987654', undef, @there);
    is scrape($h)->value('mod_scim_last_success_age_seconds', tenant => '2'), undef, 'nor by what was refused';
    scim_b('GET', '/Users', undef, @there);
    $metrics = scrape($h);
    my $young = $metrics->value('mod_scim_last_success_age_seconds', %place, tenant => '2');
    cmp_ok $young, '<', $metrics->value('mod_scim_last_success_age_seconds', %place, tenant => '1'), 'now it has one, more recent than the first';
    sleep 0.01;
    cmp_ok scrape($h)->value('mod_scim_last_success_age_seconds', %place, tenant => '2'), '>', $young, 'which gets older';
}

# ---- several children ----

sub pids { my %seen; $seen{$_}++ for ScimTest::Sys::slurp($h->dir . '/logs/pids') =~ /^(\d+)$/mg; return \%seen }

my $sent = 0;
ok wait_until(60, sub {
    parallel(map { [GET => '/Users?count=1', undef, @there] } 1 .. 12);
    $sent += 12;
    # both have told the log of at least one
    keys %{ pids() } > 1 }), 'requests are served by several children';
my $before = scrape($h);
parallel(map { [GET => '/Users?count=1', undef, @there] } 1 .. 12) for 1 .. 3;
my $after = scrape($h);
is_deeply rise(requests($before), requests($after)), { 'User list 200 none' => 36 }, 'and counted together';
is requests($after)->{'User list 200 none'} - 2 - $sent - 36, 0, 'none is lost of those before';

{
    # while others are counting
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        my $bad = 0;
        for (1 .. 10) { $bad += grep { $_->code != 200 } parallel(map { [GET => '/Users?count=1', undef, @there] } 1 .. 8) }
        POSIX::_exit($bad ? 1 : 0);
    }
    my ($fall, $scrapes, $last) = (0, 0, 0);
    do {
        my $now = requests(scrape($h))->{'User list 200 none'};
        $fall++ if $now < $last;
        ($last, $scrapes) = ($now, $scrapes + 1);
    } until waitpid $child, POSIX::WNOHANG();
    is $?, 0, 'requests under way';
    ok !$fall, "what is scraped meanwhile is well formed and never falls ($scrapes times)";
    is requests(scrape($h))->{'User list 200 none'}, requests($after)->{'User list 200 none'} + 80, 'in the end all are there';
}

# ---- a child that is killed ----

{
    my ($before, $open);
    # prefork ends children it has no use for
    ok wait_until(20, sub {
        $before = scrape($h);
        $open = $before->value('mod_scim_connections_open');
        $open == $dbh->selectrow_array(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'metrics'}) }),
        'as many connections are open as PostgreSQL knows';
    cmp_ok $open, '>=', 2, 'several';
    is $before->value('mod_scim_connections_busy'), 0, 'none is busy';
    my $opened = $before->value('mod_scim_connections_opened_total');
    cmp_ok $opened, $prefork ? '>=' : '==', $open, 'each was opened once';
    kill KILL => $h->children;
    # nobody may be there for a moment
    ok wait_until(30, sub { (eval { scrape($h)->value('mod_scim_connections_open') } // 1) == 0 }),
        'killed children have no connections';
    my $after = scrape($h);
    is_deeply rise(requests($before), requests($after)), {}, 'what they have counted stays';
    is $after->value('mod_scim_connections_opened_total'), $opened, 'the connections as well';
    counts 'their successors count on', { 'User get 200 none' => 1 }, sub { get("/Users/$id", @there) };
    is scrape($h)->value('mod_scim_connections_open'), 1, 'with a connection of their own';
}

# ---- restarts ----

for my $restart (qw(graceful restart)) {
    my $before = scrape($h);
    $h->$restart;
    ScimTest::Client::close_all();
    my $after = scrape($h);
    is_deeply rise(requests($before), requests($after)), {}, "$restart: the counts stay";
    is $after->value('mod_scim_authentication_failures_total', %place), 2, "$restart: all of them";
    counts "$restart: counting goes on", { 'User get 200 none' => 1 }, sub { get("/Users/$id", @there) };
}

# ---- what the guard does, and what is not kept ----

{
    my $h = server(guard => 1, edit => sub { s/ScimGuard .*/ScimGuard 1 0% 1h/; s/^ +ScimExtra .*\n//m });
    my @there = (base => $h->base);
    my @id = map { new_user(@there)->{id} } 1 .. 3;
    my $off = body({ op => 'replace', path => 'active', value => json_false() });
    expect_log(qr/SCIM0065/, qr/SCIM0050: .* answered 503: held back/);
    is patch("/Users/$id[0]", $off, @there)->code, 200, 'a deactivation';
    my $metrics = scrape($h);
    is $metrics->sum('mod_scim_guard_refusals_total'), 0, 'nothing is held back yet';
    is_deeply [$metrics->rows('mod_scim_guard_holding')], [], 'and nobody held';
    is patch("/Users/$id[1]", $off, @there)->code, 503, 'another one';
    is post('/Bulk', { Operations => [{ method => 'PATCH', path => "/Users/$id[2]", data => $off }] }, @there)->code, 200, 'and one in a bulk job';
    $metrics = scrape($h);
    is $metrics->sum('mod_scim_guard_refusals_total'), 2, 'are counted';
    is $metrics->value('mod_scim_guard_holding', tenant => '1'), 1, 'with the tenant who is held';
    is $metrics->value('mod_scim_guard_holding', tenant => '2'), undef, 'and nobody else';
    my $before = $metrics->sum('mod_scim_attributes_discarded_total');
    post('/Users', { userName => uniq('x'), title => 'T', nickName => 'N' }, @there);
    is scrape($h)->sum('mod_scim_attributes_discarded_total') - $before, 2, 'attributes that are not kept are counted';
    $h->stop;
}

# ---- connections: waiting, busy, abandoned ----

{
    my $one = $prefork ? "StartServers 1\nServerLimit 4\nMinSpareServers 1\nMaxSpareServers 4\nMaxRequestWorkers 4\n" : "StartServers 1\nServerLimit 1\nMaxRequestWorkers 10\n";
    my $h = server(conf => "${one}ScimPoolMax 1\nScimPoolTimeout 30s\nScimTimeout 30s\n");
    my @id = map { new_user(base => $h->base)->{id} } 1 .. 2;
    my $holder = cluster()->dbh(user => 'postgres');
    $holder->begin_work;
    $holder->do('SELECT 1 FROM public.users WHERE id = ? FOR UPDATE', undef, $_) for @id;
    my $child = fork // die "fork: $!\n";
    if (!$child) {
        POSIX::_exit(scalar grep { $_->code != 200 } parallel(map { [PATCH => "/Users/$_", $title, base => $h->base] } @id));
    }
    # a child of prefork has a connection and a request of its own
    my ($busy, $waiting) = $prefork ? (2, 0) : (1, 1);
    ok wait_until(20, sub {
        my $metrics = scrape($h);
        $metrics->value('mod_scim_connections_busy') == $busy && $metrics->value('mod_scim_requests_waiting') == $waiting }),
        'a connection that serves a request is busy, and the next request waits';
    $holder->rollback;
    waitpid $child, 0;
    is $?, 0, 'both are answered in the end';
    my $metrics = scrape($h);
    is $metrics->value("mod_scim_$_"), 0, "in the end $_ is 0" for qw(connections_busy requests_waiting);
    is $metrics->value('mod_scim_connections_abandoned_total'), 0, 'none was abandoned';
    $h->stop;
    expect_log(qr/SCIM0013: .*no answer within 300 ms/);
    ($h, my $relay) = extra_httpd(relay => 1, conf => "$place${one}ScimPoolMax 1\nScimTimeout 300ms\n");
    get('/Users?count=1', base => $h->base) for 1 .. 3;
    $relay->mode('freeze');
    is get('/Users?count=1', base => $h->base)->code, 503, 'a server that does not answer';
    $metrics = scrape($h);
    is $metrics->value('mod_scim_connections_abandoned_total'), 1, 'a connection is abandoned';
    $h->stop;
}

# ---- mod_status ----

{
    my $h = server(modules => ['status'], conf => "<Location \"/status\">\n    SetHandler server-status\n</Location>\n");
    my @there = (base => $h->base);
    my $number = sub {
        my $res = scim('GET', '/status?auto', undef, token => undef, base => $h->url);
        return { $res->content =~ /^Scim(\w+): (\d+)$/mg };
    };
    my $nothing = { map { $_ => 0 } qw(Requests RequestsRefused RequestsFailed Unauthorized Changes HeldBack
        ConnectionsOpen ConnectionsBusy RequestsWaiting) };
    is_deeply $number->(), $nothing, 'mod_status for programs: nothing yet';
    new_user(@there);
    get('/Users/987654', @there);
    get('/Users', @there, token => undef);
    my $after = $number->();
    cmp_ok delete $after->{ConnectionsOpen}, '>=', 1, 'a connection';
    is_deeply { %$after, ConnectionsOpen => 0 }, { %$nothing, Requests => 3, RequestsRefused => 2, Unauthorized => 1, Changes => 1 },
        'and what there was';
    my $page = scim('GET', '/status', undef, token => undef, base => $h->url)->content;
    my $port = $h->port;
    like $page, qr{<h2>SCIM</h2>.*<td>127\.0\.0\.1:$port</td><td>/scim/v2</td><td>3</td><td>2</td><td>0</td><td>1</td><td>1</td><td>0</td>}s,
        'mod_status for people';
    like $page, qr{<p>Connections to databases: [12] open, 0 busy; requests waiting for one: 0</p>}, 'with the connections';
    like $page, qr{</html>\s*\z}i, 'and the rest of its page';
    $h->stop;
}

# ---- names that have to be escaped ----

{
    my $tenant = qq(the "first"\\one\nb\x{e4}r);
    $dbh->do($_) for
        'CREATE TABLE public.people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, org text NOT NULL,
             username text NOT NULL, active boolean NOT NULL DEFAULT true)',
        'CREATE UNIQUE INDEX ON public.people (org, lower(username))',
        'GRANT SELECT (id, org, username, active), INSERT (org, username, active), UPDATE (username, active) ON public.people TO mod_scim',
        'CREATE VIEW public.odd_tokens WITH (security_barrier) AS SELECT token_sha256, token_id, '
            . $dbh->quote($tenant) . '::text AS tenant, actor FROM scim.tokens',
        'GRANT SELECT ON public.odd_tokens TO mod_scim';
    my $h = server(conf => <<"END");
<Location "/odd\\"path\\\\x">
    SetHandler scim
    ScimDatabase "@{[ cluster()->conninfo ]}"
    ScimTokens public.odd_tokens
    <ScimResource User>
        ScimTable public.people
        ScimKey id
        ScimTenant org
        ScimAttribute userName username
        ScimAttribute active active
    </ScimResource>
</Location>
END
    is get('/Users', base => $h->url . '/odd%22path%5Cx')->code, 200, 'a tenant with an odd name at an odd place';
    my $metrics = scrape($h);
    is requests($metrics)->{'User list 200 none'}, 1, 'is counted';
    ok defined $metrics->value('mod_scim_last_success_age_seconds', tenant => $tenant, location => '/odd"path\\x'),
        'and found under its name';
    $h->stop;
    $dbh->do($_) for 'DROP VIEW public.odd_tokens', 'DROP TABLE public.people';
}

# ---- where the system has no memory to share ----

# A child then counts for itself; there is one, so it is known what it says.
{
    local $ENV{SCIM_PRELOAD} = join ' ', $ENV{SCIM_PRELOAD} // (), dirname(ScimTest::Httpd::module_file()) . '/no_shared.so';
    my $alone = server(location => "ScimRateLimit 1 3\n", conf => $prefork ? "StartServers 1\nServerLimit 1\nMaxRequestWorkers 1\nMaxSpareServers 1\n"
                                                      : "StartServers 1\nServerLimit 1\nMaxRequestWorkers 10\n");
    my @there = (base => $alone->base);
    expect_log(qr/SCIM0083: /);
    expect_log(qr/SCIM0077: could not make shared memory of \d+ bytes; each child counts for itself/);
    like $alone->error_log, qr/:warn\] .*Cannot allocate memory: .*SCIM0077: /, 'the log says that there is none, and why';
    my $user = new_user(@there);
    is row_of($user->{id})->{username}, $user->{userName}, 'requests are served all the same';
    is requests(scrape($alone))->{'User create 201 none'}, 1, 'and counted by the child';
    my $over = 0;
    $over += get("/Users/$user->{id}", @there)->code == 429 for 1 .. 20;
    cmp_ok $over, '>=', 1, 'which keeps the limits as well';
    $alone->stop;
}

done_testing;
