# Directories provisioned into the reference application, cycle by cycle: in
# each dialect, with each MPM. After every cycle the proof, through SCIM and in
# the table, and another look at everybody that must not write.
use ScimTest;
use Provision::Company ();
use Provision::Directory ();
use Provision::Job ();
use Provision::Mapping ();
use Provision::Proof ();
use Provision::Retry ();
use Provision::WiggleDesk ();

use constant ORG => 1;

sub job {
    my ($base, %opt) = @_;
    my @map = ref $opt{map} ? @{ $opt{map} } : 'all';
    delete $opt{map};
    return Provision::Job->new(url => $base, token => token_a(), mapping => Provision::Mapping->new(@map), %opt);
}

sub did { my ($report) = @_; return join ' ', map { $_->[1] ? "$_->[0]=$_->[1]" : () } $report->outcomes }

# The proof, twice over, and a full cycle without a write.
sub proven {
    my ($job, $directory, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $proof = Provision::Proof::prove($job, $directory, page => 17);
    is_deeply $proof->{faults}, [], "$name: read through SCIM, the application equals the directory";
    is_deeply [Provision::WiggleDesk::differences(db(), ORG, $directory, $job)], [], "$name: so does the table";
    my $again = $job->cycle($directory, full => 1);
    is_deeply [$again->writes, $again->stopped, [$again->failures]], [0, undef, []], "$name: the next cycle sends no write";
    cmp_ok $again->requests('read'), '>=', $proof->{equal}, "$name: though it has read everybody";
    return $proof;
}

# A run without anything odd.
sub fine {
    my ($report, $did, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is did($report), $did, $name;
    is_deeply [$report->stopped, [map { $_->{why} } $report->failures], [$report->surprises]], [undef, [], []],
        "$name: nothing failed, every answer showed what was asked for"
        or diag explain [$report->failures];
}

my $people = 30;
my @runs = (['event', 'mixed'], map { my $mpm = $_; map { [$mpm, $_] } qw(legacy flagged) } qw(event worker prefork));
my %server;
for my $run (@runs) {
    my ($mpm, $dialect) = @$run;
    my $name = "$mpm, $dialect";
    scim_reset();
    my $server = $server{$mpm} ||= extra_httpd(mpm => $mpm);
    my $start = Provision::Company::found(people => $people, seed => length $name, domain => 'contoso.com');
    my @people = $start->people;
    my @members = grep { $_->{userType} eq 'Member' } @people;
    my ($former, $renamed) = @members[1, 2];
    my @ids = (Provision::WiggleDesk::open_account(db(), ORG, $former, old_mail => 1),
               Provision::WiggleDesk::open_account(db(), ORG, $renamed, other_case => 1, old_name => 1));
    Provision::WiggleDesk::busy_day(db(), ORG, 2);

    # the flag in the URL makes the dialect, except when both are mixed
    my $url = $server->base . ($dialect eq 'flagged' ? '/?aadOptscim062020' : '');
    my $job = job($url, $dialect eq 'mixed' ? (dialect => 'mixed') : (), connections => 5);
    is $job->test_connection->stopped, undef, "$name: the connection test";
    my $report = $job->cycle($start);
    fine($report, "created=$people", "$name: the initial cycle");
    is $report->requests('create'), $people, "$name: a POST for each";
    is_deeply [map { $job->id_of($_->{objectId}) } $former, $renamed], \@ids, "$name: who had an account has it still";
    my $proof = proven($job, $start, "$name: initial");
    is_deeply [@$proof{qw(equal inactive others)}], [$people, 0, 1], "$name: beside them only the administrator";

    # changes and leavers
    my ($later, @stories) = Provision::Company::evolve($start, seed => 7, now => $job->now, rename => 3, mail => 2,
        department => 2, manager => 2, hire => 3, disable => 2, unassign => 2, bin => 2, purge => 2);
    my @leavers = map { $job->id_of($_->{objectId}) } grep { $_->{what} =~ /\A(?:disable|unassign|bin|purge)\z/ } @stories;
    Provision::WiggleDesk::busy_day(db(), ORG, 2);
    my $before = Provision::WiggleDesk::counts(db(), ORG, \@leavers);
    my $sessions = Provision::WiggleDesk::counts(db(), ORG)->{sessions};
    cmp_ok $before->{sessions}, '==', 8, "$name: those who will leave are logged in";
    $job->advance(Provision::Retry::CYCLE);
    $report = $job->cycle($later);
    like did($report), qr/\Acreated=3 updated=\d+ disabled=6 deleted=2\z/, "$name: three hired, eight left";
    is_deeply [$report->stopped, [$report->failures], [$report->surprises]], [undef, [], []], "$name: nothing failed";
    my %dialects = $report->dialects;
    is_deeply [sort keys %dialects], $dialect eq 'mixed' ? [qw(flagged legacy pathless)] : [$dialect], "$name: in this dialect";
    my $after = Provision::WiggleDesk::counts(db(), ORG, \@leavers);
    is $after->{sessions}, 0, "$name: the leavers are logged out";
    is $after->{bookings}, $before->{bookings}, "$name: their bookings are kept";
    is(Provision::WiggleDesk::counts(db(), ORG)->{sessions}, $sessions - 8, "$name: nobody else is logged out");
    proven($job, $later, "$name: later");

    # back again
    my @former = map { $start->person($_->{objectId}) } grep { $_->{what} eq 'purge' } @stories;
    my %id = map { $_->{objectId} => db()->selectrow_array('SELECT id FROM public.users WHERE external_id = ?', undef, $_->{objectId}) } @former;
    my ($end, @returns) = Provision::Company::evolve($later, seed => 8, now => $job->now, former => \@former,
        enable => 2, assign => 2, restore => 2, rehire => 1, return => 1);
    $job->advance(Provision::Retry::CYCLE);
    $report = $job->cycle($end);
    like did($report), qr/\Acreated=2 (?:updated=\d+ )?enabled=6\z/, "$name: eight are back";
    is_deeply [$report->stopped, [$report->failures], [$report->surprises]], [undef, [], []], "$name: nothing failed";
    my ($same) = grep { $end->person($_->{objectId}) } @former;
    my ($other) = grep { !$end->person($_->{objectId}) } @former;
    is $job->id_of($same->{objectId}), $id{ $same->{objectId} }, "$name: the same object has its old id";
    my ($new) = grep { $_->{what} eq 'return' } @returns;
    isnt $job->id_of($new->{objectId}), $id{ $other->{objectId} }, "$name: a new object a new one";
    proven($job, $end, "$name: at the end");

    # on demand, whatever the dialect
    my $one = ($end->people)[3];
    $one->{mail} = 'on.demand@contoso.com';
    $one->{accountEnabled} = 0;
    fine($job->on_demand($end, $one->{objectId}), 'disabled=1', "$name: on demand: out");
    $one->{accountEnabled} = 1;
    fine($job->on_demand($end, $one->{userPrincipalName}), 'enabled=1', "$name: on demand: in, with another address");
    proven($job, $end, "$name: on demand");
    is_deeply(Provision::WiggleDesk::events(db(), 0, 1e9)->{adopted}, 2, "$name: the events know who was adopted");
}

# ---- an account that the application protects ----

scim_reset();
my $base = base_url();
my $d = Provision::Company::found(people => 12, seed => 3, domain => 'contoso.com');
my $boss = (grep { $_->{userType} eq 'Member' } $d->people)[4];
my $boss_id = Provision::WiggleDesk::open_account(db(), ORG, $boss, role => 'admin');
my $job = job($base);
my $report = $job->cycle($d);
is did($report), 'created=11 failed=1', 'protected: one is refused';
my ($failure) = $report->failures;
is_deeply [@$failure{qw(who status)}, $failure->{next} - $job->now], [$boss->{objectId}, 409, 6 * 3600], 'protected: 409, again in six hours';
like $failure->{why}, qr/protect/, 'protected: the log of the provider says why';
is row_of($boss_id)->{external_id}, undef, 'protected: the account is as it was';
my $proof = Provision::Proof::prove($job, $d);
is_deeply [$proof->{faults}, @$proof{qw(equal waiting)}], [[], 11, 1], 'protected: all others are there';
is $job->cycle($d)->requests, 2, 'protected: nothing before the time';
db()->do(q{UPDATE public.users SET role = 'user' WHERE id = ?}, undef, $boss_id);
$job->advance(6 * 3600);
fine($job->cycle($d), 'created=1', 'protected: an administrator no more, the account is adopted');
is $job->id_of($boss->{objectId}), $boss_id, 'protected: with its id';
proven($job, $d, 'protected');

# ---- no adoption, but a second matching precedence ----

my $strict = extra_httpd(edit => sub { s/^\s*ScimAdopt.*\n//m });
scim_reset();
my @known = (grep { $_->{userType} eq 'Member' } $d->people)[0 .. 3];
my @ids = map { Provision::WiggleDesk::open_account(db(), ORG, $_, old_name => 1) } @known;
$job = job($strict->base);
is did($job->cycle($d)), 'created=8 failed=4', 'externalId alone: whoever has an account meets 409';
$job = job($strict->base, match => ['externalId', 'userName'], dialect => 'mixed');
$report = $job->cycle($d);
like did($report), qr/\Alinked=4 updated=\d+ unchanged=\d+\z/, 'externalId, then userName: they are linked, managers of others too';
is_deeply [[$report->failures], [$report->surprises]], [[], []], 'without a failure';
is_deeply [map { $job->id_of($_->{objectId}) } @known], \@ids, 'with their ids';
proven($job, $d, 'two precedences');

# ---- a login that somebody else still has ----

scim_reset();
$job = job($base, map => ['default']);
$d = Provision::Directory->new({ objectId => 'old', userPrincipalName => "zoë.o'brien+x\@contoso.com", mail => 'z@contoso.com' });
fine($job->cycle($d), 'created=1', 'somebody comes');
$d->person('old')->{deletedDateTime} = Provision::Time::format($job->now);
my $left = $job->now;
$d->add({ objectId => 'new', userPrincipalName => "zoë.o'brien+x\@contoso.com", mail => 'z@contoso.com' });
$report = $job->cycle($d);
is did($report), 'disabled=1 failed=1', 'goes, and comes back as another object: the login is taken';
is_deeply [map { $_->{status} } $report->failures], [409], 'by the account that is only inactive';
$d->remove('old');
$job->advance(6 * 3600);
fine($job->cycle($d), 'created=1 deleted=1', 'once the old one is purged, it is free');
proven($job, $d, 'a login reused');

# ---- somebody deleted the user behind the provider's back ----

is del('/Users/' . $job->id_of('new'))->code, 204, 'deleted by somebody else';
$d->person('new')->{mail} = 'y@contoso.com';
is_deeply [map { $_->{status} } $job->cycle($d)->failures], [404], 'L6: a cached id is 404';
$job->restart;
fine($job->cycle($d), 'created=1', 'L6: after a restart of the job the user is back');
proven($job, $d, 'L6');

# ---- the token is revoked in the middle ----

scim_reset();
my ($admin) = db()->selectrow_array(q{SELECT id FROM public.users WHERE organisation_id = 1 AND role = 'admin'});
my ($token) = db()->selectrow_array(q{SELECT scim.token_issue(?, interval '1 day')}, undef, $admin);
my ($token_id) = db()->selectrow_array('SELECT max(id) FROM public.api_tokens');
$d = Provision::Company::found(people => 30, seed => 6, domain => 'contoso.com');
my $done = 0;
$job = job($base, token => $token, connections => 3, on_progress => sub {
    db()->do('SELECT scim.token_revoke(?)', undef, $token_id) if $_[0] == 10 && !$done++;
});
$report = $job->cycle($d);
like $report->stopped, qr/\Athe token was refused: 401/, 'the first 401 ends the run';
cmp_ok $report->outcome('created'), '<', 14, 'at once';
my $resumed = job($base, state => $job->state);
$report = $resumed->cycle($d);
is $report->stopped, undef, 'with another token it goes on';
# what was under way may have happened: then it is found, not made again
is $report->outcome('failed'), 0, 'and nobody is in the way';
proven($resumed, $d, 'the token was replaced');

done_testing;
