# The job of provisioning against an application in memory: cycles, what is sent
# and what is not, retries in simulated time, and when it gives up.
use strict;
use warnings;
use Test::More;
use FindBin;
use lib "$FindBin::RealBin/../lib";
use JSON::PP ();
use Provision::Directory ();
use Provision::Job ();
use Provision::Mapping qw(ENTERPRISE MANAGER WORK_MAIL);
use Provision::Pretend ();
use Provision::Proof ();
use Provision::Retry ();

use constant { HOUR => 3600, DAY => 86400, START => 1_800_000_000 };

my $json = JSON::PP->new->utf8->canonical;

sub person { my ($name, %more) = @_; return { objectId => "o-$name", userPrincipalName => "$name\@contoso.com", mail => "$name\@contoso.com", %more } }
sub directory { return Provision::Directory->new(@_) }

sub job {
    my ($app, %opt) = @_;
    my @map = ref $opt{mapping} ? @{ delete $opt{mapping} } : 'default';
    return Provision::Job->new(url => 'https://app.example/scim', token => 't', http => $app, now => START,
        groups => 0, mapping => Provision::Mapping->new(@map), %opt);
}

# What a run did, in short: outcomes that are not 0.
sub did { my ($report) = @_; return join ' ', map { $_->[1] ? "$_->[0]=$_->[1]" : () } $report->outcomes }

sub told { my ($app) = @_; return [map { /filter=(\w+)/ ? "look-up $1" : $_ } $app->told] }

sub sent { my ($app) = @_; return [map { $json->decode($_->[2]) } grep { defined $_->[2] } @{ $app->{log} }] }

sub proven {
    my ($job, $directory, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is_deeply Provision::Proof::prove($job, $directory)->{faults}, [], $name;
}

# ---- the initial cycle, and the next ----

my $app = Provision::Pretend->new;
my $job = job($app);
my $d = directory(map { person($_) } qw(ann bob));
my $report = $job->cycle($d);
is $report->kind, 'initial', 'the first cycle';
is did($report), 'created=2', 'creates two';
is $report->writes, 2, 'with two writes';
is_deeply [sort @{ told($app) }], ['POST /Users', 'POST /Users', ('look-up externalId') x 3], 'after a look-up of nobody, and of each';
is $job->status, 'ready', 'the job is ready';
proven($job, $d, 'the application equals the directory');
$app->told;

$report = $job->cycle($d);
is_deeply [$report->kind, did($report)], ['incremental', ''], 'nothing has changed';
is_deeply told($app), ['look-up externalId'], 'nothing but the connection test';
$report = $job->cycle($d, full => 1);
is_deeply [$report->kind, did($report), $report->writes], ['full', 'unchanged=2', 0], 'everybody again: no write';
is_deeply [sort @{ told($app) }], ['GET /Users/1', 'GET /Users/2', 'look-up externalId'], 'reads by id';

my %by = map { $_->{userName} => $_->{id} } values %{ $app->{users} };
my $ann = $by{'ann@contoso.com'};

# ---- life ----

my @life = (
    ['rename', sub { $_->{userPrincipalName} = 'anna@contoso.com' }, 'updated=1', ['GET', 'PATCH'],
        [{ op => 'Replace', path => 'userName', value => 'anna@contoso.com' }]],
    ['new mail', sub { $_->{mail} = 'anna+1@contoso.com' }, 'updated=1', ['GET', 'PATCH'],
        [{ op => 'Replace', path => WORK_MAIL, value => 'anna+1@contoso.com' }]],
    ['mail gone', sub { $_->{mail} = undef }, 'unchanged=1', ['GET'], undef],
    ['mail back', sub { $_->{mail} = 'anna+1@contoso.com' }, 'unchanged=1', ['GET'], undef],
    ['disable', sub { $_->{accountEnabled} = 0 }, 'disabled=1', ['GET', 'PATCH'], [{ op => 'Replace', path => 'active', value => 'False' }]],
    ['rename while disabled', sub { $_->{userPrincipalName} = 'a@contoso.com' }, 'unchanged=1', ['GET'], undef],
    ['enable', sub { $_->{accountEnabled} = 1 }, 'enabled=1', ['GET', 'PATCH'],
        [{ op => 'Replace', path => 'userName', value => 'a@contoso.com' }, { op => 'Replace', path => 'active', value => 'True' }]],
    ['unassign', sub { $_->{assigned} = 0 }, 'disabled=1', ['GET', 'PATCH'], [{ op => 'Replace', path => 'active', value => 'False' }]],
    ['assign', sub { $_->{assigned} = 1 }, 'enabled=1', ['GET', 'PATCH'], [{ op => 'Replace', path => 'active', value => 'True' }]],
    ['soft delete', sub { $_->{deletedDateTime} = Provision::Time::format(START) }, 'disabled=1', ['GET', 'PATCH'],
        [{ op => 'Replace', path => 'active', value => 'False' }]],
    ['restore', sub { $_->{deletedDateTime} = undef }, 'enabled=1', ['GET', 'PATCH'], [{ op => 'Replace', path => 'active', value => 'True' }]],
);
for my $step (@life) {
    my ($name, $change, $did, $methods, $operations) = @$step;
    $change->() for $d->person('o-ann');
    $app->told;
    $report = $job->cycle($d);
    my @log = @{ $app->{log} };
    is did($report), $did, "$name: $did";
    is_deeply [map { $_->[0] } @log[1 .. $#log]], $methods, "$name: @$methods";
    is_deeply [map { $_->{Operations} } @{ sent($app) }], $operations ? [$operations] : [], "$name: what is sent";
    proven($job, $d, "$name: proven");
}
is $app->{users}{$ann}{userName}, 'a@contoso.com', 'the id has stayed the same';

$d->person('o-ann')->{deletedDateTime} = Provision::Time::format(START);
$job->cycle($d);
$app->told;
$job->advance(29 * DAY);
is did($job->cycle($d)), '', 'after 29 days in the bin nothing';
$job->advance(DAY);
is did($job->cycle($d)), 'deleted=1', 'after 30 it is emptied';
is_deeply [grep { !/look-up/ } @{ told($app) }], ["DELETE /Users/$ann"], 'by DELETE';
proven($job, $d, 'and she is gone');
is $job->cycle($d, full => 1)->writes, 0, 'there is nobody to delete again';
$d->person('o-ann')->{deletedDateTime} = undef;
$app->told;
is did($job->cycle($d)), 'created=1', 're-hired as the same object: looked up and created';
$d->remove('o-ann');
is did($job->cycle($d)), 'deleted=1', 'a purge is a DELETE';
is did($job->cycle($d)), '', 'once';
$d->add(person('a', objectId => 'o-ann-2'));
is did($job->cycle($d)), 'created=1', 're-hired as a new object';
proven($job, $d, 'proven');

# who was never in is not looked for, who is merely disabled is
$app->told;
$d->add(person($_->[0], %{ $_->[1] })) for ['un', { assigned => 'false' }], ['bin', { deletedDateTime => '2027-01-10' }], ['dis', { accountEnabled => 'false' }];
is did($job->cycle($d)), 'skipped=3', 'nobody is created only to be inactive';
is_deeply told($app), ['look-up externalId', 'look-up externalId'], 'one is looked for';

# ---- accounts that were there before ----

$app = Provision::Pretend->new;
$app->{users}{1} = { id => '1', userName => 'ANN@contoso.com', active => JSON::PP::true };
$app->{users}{2} = { id => '2', userName => 'bob@contoso.com', externalId => 'o-bob', active => JSON::PP::false };
$app->{last} = 2;
$d = directory(map { person($_) } qw(ann bob));
$job = job($app, match => ['externalId', 'userName'], dialect => 'flagged');
$report = $job->cycle($d);
is did($report), 'linked=1 enabled=1', 'one is linked by userName, one found by externalId';
my ($linked) = grep { $_->[0] eq 'PATCH' && $_->[1] =~ /1$/ } @{ $app->{log} };
is_deeply $json->decode($linked->[2])->{Operations}, [{ op => 'add', path => WORK_MAIL, value => 'ann@contoso.com' },
    { op => 'replace', path => 'userName', value => 'ann@contoso.com' }, { op => 'add', path => 'externalId', value => 'o-ann' }],
    'by adding the externalId';
proven($job, $d, 'proven');
$app = Provision::Pretend->new;
$app->{users}{1} = { id => '1', userName => 'ann@contoso.com', active => JSON::PP::true };
$report = job($app)->cycle(directory(person('ann')));
is did($report), 'failed=1', 'matching on externalId alone meets 409';
is_deeply [map { [@$_{qw(who why status)}, $_->{next} - START] } $report->failures],
    [['o-ann', '409 userName is taken', 409, 6 * HOUR]], 'and tries again in six hours';

# ---- managers ----

$app = Provision::Pretend->new;
$job = job($app, mapping => ['default', 'manager'], connections => 1);
$d = directory(person('ann', manager => 'o-bob'), person('bob', manager => 'o-cleo'), person('cleo'), person('dan', manager => 'o-eve'),
    person('eve', assigned => 'false'));
is did($job->cycle($d)), 'created=4 skipped=1', 'created';
%by = map { $_->{userName} => $_->{id} } values %{ $app->{users} };
is_deeply [map { $_->{schemas}[0] =~ /PatchOp/ ? $_->{Operations} : () } @{ sent($app) }],
    [map { [{ op => 'Add', path => MANAGER, value => $by{"$_\@contoso.com"} }] } qw(bob cleo)], 'then linked to whom there is';
proven($job, $d, 'proven');
is $job->cycle($d, full => 1)->writes, 0, 'no write in the next cycle';
$d->person('o-eve')->{assigned} = 1;
is did($job->cycle($d)), 'created=1 updated=1', 'the manager came later';
proven($job, $d, 'proven');
$d->person('o-ann')->{manager} = 'o-cleo';
$d->person('o-bob')->{manager} = undef;
$app->told;
is did($job->cycle($d)), 'updated=2', 'another manager, and none';
is_deeply [map { $_->{Operations}[0] } @{ sent($app) }],
    [{ op => 'Replace', path => MANAGER, value => $by{'cleo@contoso.com'} }, { op => 'Remove', path => MANAGER }], 'a reference can be taken away';
proven($job, $d, 'proven');

# ---- dialects ----

$app = Provision::Pretend->new;
$job = job($app, dialect => 'mixed');
$d = directory(map { person($_) } 'a' .. 'f');
$job->cycle($d);
$_->{mail} = 'x' . $_->{mail}, $_->{userPrincipalName} = 'x' . $_->{userPrincipalName} for $d->people;
$app->told;
$report = $job->cycle($d);
is_deeply { $report->dialects }, { legacy => 2, flagged => 2, pathless => 2 }, 'mixed: each dialect in turn';
proven($job, $d, 'mixed: proven');
$app = Provision::Pretend->new;
$job = job($app, url => 'https://app.example/scim/?aadOptscim062020');
$d = directory(person('a'), person('b'));
$report = $job->on_demand($d, 'a@contoso.com');
is_deeply [$report->kind, did($report)], ['on demand', 'created=1'], 'on demand: one is created';
$d->person('o-a')->{accountEnabled} = 0;
$app->told;
is did($job->on_demand($d, 'o-a')), 'disabled=1', 'on demand: and disabled';
is sent($app)->[0]{Operations}[0]{op}, 'Replace', 'on demand: in the old dialect, whatever the URL says';
like $app->{log}[0][1], qr{^/scim/Users\?aadOptscim062020&filter=}, 'the flag stands in front of the query';
is $job->status, 'new', 'on demand: the initial cycle is still to come';
is did($job->cycle($d)), 'created=1', 'and knows whom there is';
ok !eval { $job->on_demand($d, 'nobody') }, 'on demand: somebody must be there';

# ---- failures ----

# 5xx and silence: the next cycle
my ($fault, $n) = (undef, 0);
$app = Provision::Pretend->new(fault => sub { $fault ? $fault->(@_) : undef });
$job = job($app);
$d = directory(map { person($_) } qw(ann bob));
for my $bad ({ status => 500, body => '' }, { status => 503, body => 'x' }, { status => 0, error => 'timeout' }, { status => 429 }) {
    $fault = sub { $_[0]{method} eq 'POST' && $_[0]{body} =~ /ann/ ? $bad : undef };
    $report = $job->cycle($d);
    is did($report), $n++ ? 'failed=1' : 'created=1 failed=1', "$bad->{status}: only the one object";
    is +($report->failures)[0]{again}, 1, "$bad->{status}: again in the next cycle";
}
undef $fault;
is did($job->cycle($d)), 'created=1', 'which succeeds, without any waiting';

# 400 and 409: back-off
$d->person('o-ann')->{mail} = 'new@contoso.com';
$fault = sub { $_[0]{method} eq 'PATCH' ? { status => 400, body => '{"detail":"no such thing"}' } : undef };
my ($given_up, @at) = (0);
for (1 .. 28 * 24 * 2) {
    $report = $job->cycle($d);
    push @at, ($job->now - START) / HOUR if $report->outcome('failed');
    if (my ($failure) = $report->failures) {
        is $failure->{why}, '400 no such thing', 'the answer in words' if @at == 1;
        $given_up = 1 unless defined $failure->{next};
    }
    $job->advance(HOUR / 2);
}
is_deeply [@at[0 .. 5]], [0, 6, 12, 24, 48, 72], 'tried again after 6, 12 and 24 hours, then daily';
is_deeply [$at[-1], $given_up], [27 * 24, 0], 'for 27 days';
$job->advance(DAY);
$report = $job->cycle($d);
ok !defined +($report->failures)[0]{next}, 'on the 28th day it gives up';
$app->told;
$job->advance(10 * DAY);
is did($job->cycle($d)), '', 'for good';
undef $fault;
$d->person('o-ann')->{mail} = 'newer@contoso.com';
is did($job->cycle($d)), 'updated=1', 'until the person changes';
proven($job, $d, 'proven');

# a change while it waits is tried at once
$fault = sub { $_[0]{method} eq 'PATCH' ? { status => 409, body => '' } : undef };
$d->person('o-ann')->{mail} = 'a@contoso.com';
$job->cycle($d);
is did($job->cycle($d)), '', 'it waits';
is $job->cycle($d, full => 1)->outcome('failed'), 0, 'also when everybody is read again';
$d->person('o-ann')->{mail} = 'b@contoso.com';
undef $fault;
is did($job->cycle($d)), 'updated=1', 'but not when there is something new';

# 404 on a cached id
delete $app->{users}{ $job->id_of('o-bob') };
$d->person('o-bob')->{mail} = 'bobby@contoso.com';
$report = $job->cycle($d);
is_deeply [map { @$_{qw(status next)} } $report->failures], [404, $job->now + 6 * HOUR], '404 on a cached id is a failure of the object';
$job->advance(6 * HOUR);
is $job->cycle($d)->outcome('failed'), 1, 'and stays one';
$job->restart;
$report = $job->cycle($d);
is_deeply [$report->kind, did($report)], ['initial', 'created=1 unchanged=1'], 'until the job is restarted';

# two users with one externalId; an answer that is none
$fault = sub { $_[0]{target} =~ /o-cleo/ ? { status => 200, body => '{"totalResults":2,"Resources":[{"id":"1"},{"id":"2"}]}' } : undef };
$d->add(person('cleo'));
like +($job->cycle($d)->failures)[0]{why}, qr/found 2 users/, 'a look-up that finds two is a failure';
$fault = sub { $_[0]{target} =~ /o-dan/ ? { status => 200, body => '<html>' } : undef };
$d->add(person('dan'));
like +($job->cycle($d)->failures)[0]{why}, qr/cannot be read: not JSON/, 'so is HTML';

# an answer that shows something else than was asked for
$fault = sub { $_[0]{method} eq 'PATCH' ? { status => 200, body => '{"id":"1","userName":"ann@contoso.com"}' } : undef };
$d->person('o-ann')->{mail} = 'c@contoso.com';
is_deeply [map { /ann\@contoso.com: \Q${\WORK_MAIL}\E should be "c\@contoso.com", the answer has nothing/ ? 'mail' : 'other' } $job->cycle($d)->surprises],
    ['other', 'mail', 'other'], 'what is read back is compared';

# 401 and 403: everything stops
for my $status (401, 403) {
    $app = Provision::Pretend->new(fault => sub { $fault ? $fault->(@_) : undef });
    $job = job($app, connections => 2);
    $d = directory(map { person("p$_") } 1 .. 20);
    my $posts = 0;
    $fault = sub { $_[0]{method} eq 'POST' && ++$posts > 5 ? { status => $status, body => '{"detail":"token revoked"}' } : undef };
    $report = $job->cycle($d);
    is $report->stopped, "the token was refused: $status token revoked", "$status: the job stops";
    cmp_ok $posts, '<=', 7, "$status: nothing follows but what is under way";
    is $report->outcome('failed'), 0, "$status: no object is to blame";
    $fault = sub { { status => $status, body => '' } };
    $app->told;
    $report = $job->cycle($d);
    like $report->stopped, qr/$status/, "$status: the next run";
    is scalar @{ told($app) }, 1, "$status: sends its connection test and nothing else";
    undef $fault;
    is did($job->cycle($d)), 'created=15', "$status: then goes on where it was";
    $fault = sub { { status => $status, body => '' } };
    $job->cycle($d);
    is $job->status, 'quarantine', "$status: quarantine";
    is $job->next_cycle - $job->now, DAY, "$status: one attempt a day";
    undef $fault;
    $job->cycle($d);
    is_deeply [$job->status, $job->next_cycle - $job->now], ['ready', 40 * 60], "$status: back to a cycle in 40 minutes";
}

# the connection test
for my $bad ([{ status => 200, body => '{"totalResults":1,"Resources":[{}]}' }, qr/a look-up of nobody found 1/],
             [{ status => 200, body => '[]' }, qr/no ListResponse/], [{ status => 404, body => '' }, qr/Users: 404/],
             [{ status => 0, error => 'could not connect to x' }, qr/could not connect/]) {
    $fault = sub { $bad->[0] };
    $report = job($app)->cycle($d);
    like $report->stopped, $bad->[1], "connection test: $bad->[1]";
    is $report->requests, 1, 'and no more';
}
$fault = sub { $_[0]{target} =~ m{/Groups} ? { status => 404, body => '{"detail":"none here"}' } : undef };
like job($app, groups => 1)->test_connection->stopped, qr/Groups: 404 none here/, 'connection test: groups are asked for too';
is job($app)->test_connection->stopped, undef, 'connection test: unless not';
undef $fault;

# too many failures
{
    local $Provision::Retry::QUARANTINE_FAILURES = 30;
    $app = Provision::Pretend->new(fault => sub { $fault ? $fault->(@_) : undef });
    $job = job($app);
    $d = directory(map { person("p$_") } 1 .. 60);
    $fault = sub { $_[0]{method} eq 'POST' && $_[0]{body} =~ /p(\d+)\@/ && $1 <= 29 ? { status => 409, body => '' } : undef };
    $report = $job->cycle($d);
    is_deeply [did($report), $report->stopped, $job->status], ['created=31 failed=29', undef, 'ready'], '29 of 60 failing: below the number';
    $fault = sub { $_[0]{method} eq 'PATCH' ? { status => 409, body => '' } : undef };
    $d->person('o-p60')->{mail} = 'x@y';
    $report = $job->cycle($d);
    is $report->stopped, 'quarantine: 30 of 60 objects fail', '30 of 60: quarantine';
    is $job->next_cycle - $job->now, DAY, 'one cycle a day';
}

# ---- the state of a job survives ----

$app = Provision::Pretend->new;
$job = job($app);
$d = directory(map { person($_) } qw(ann bob));
$job->cycle($d);
my $kept = $json->decode($json->encode($job->state));
$d->person('o-bob')->{mail} = 'robert@contoso.com';
$app->told;
my $resumed = job($app, state => $kept);
$report = $resumed->cycle($d);
is_deeply [$report->kind, did($report)], ['incremental', 'updated=1'], 'a job goes on from its file';

# ---- a proof that can fail ----

my ($bob) = grep { $_->{externalId} eq 'o-bob' } values %{ $app->{users} };
for my $break (
    [sub { $_->{mail} = 'z@z' for $d->person('o-bob') }, qr/emails.*robert.*not "z\@z"/, sub { $d->person('o-bob')->{mail} = 'robert@contoso.com' }],
    [sub { $bob->{active} = JSON::PP::false }, qr/active is false, not true/, sub { $bob->{active} = JSON::PP::true }],
    [sub { $bob->{externalId} = 'strange' }, qr/bob\@contoso.com is missing|is nobody/, sub { $bob->{externalId} = 'o-bob' }],
    [sub { $app->{users}{77} = { %$bob, id => '77' } }, qr/externalId o-bob is there twice/, sub { delete $app->{users}{77} }],
    [sub { $app->{users}{78} = { id => '78', userName => 'z', externalId => 'o-zoe' } }, qr/o-zoe\) is nobody/, sub { delete $app->{users}{78} }],
    [sub { $d->add(person('late')) }, qr/late\@contoso.com is missing/, sub { $d->remove('o-late') }],
    [sub { $d->person('o-bob')->{assigned} = 0 }, qr/active is true, not false/, sub { $d->person('o-bob')->{assigned} = 1 }],
    [sub { $d->person('o-bob')->{deletedDateTime} = '2020-01-01' }, qr/bob\@contoso.com is still there/, sub { $d->person('o-bob')->{deletedDateTime} = undef }],
) {
    my ($do, $pattern, $undo) = @$break;
    $do->();
    my $proof = Provision::Proof::prove($resumed, $d, page => 1);
    ok scalar(grep { $_ =~ $pattern } @{ $proof->{faults} }), "the proof fails: $pattern" or diag explain $proof->{faults};
    $undo->();
}
my $proof = Provision::Proof::prove($resumed, $d, page => 1);
is_deeply [@$proof{qw(equal inactive waiting others)}, scalar @{ $proof->{faults} }], [2, 0, 0, 0, 0], 'and holds again, page by page';

done_testing;
