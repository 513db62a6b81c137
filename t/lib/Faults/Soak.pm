package Faults::Soak;
# Many requests of all kinds, and an eye on the memory of httpd's children: the
# most that one has in the last tenth may be no more than GROWTH above the most
# that it had in the one after the first. The most, because what a child gives
# back to the system comes and goes.
#
#   my $result = Faults::Soak::run({ name => 'soak', what => ..., soak => 1_000_000 });
#
# The kinds are drawn by chance, but from a seed: the same number gives the same
# requests. Filters are made up, so that statements come and go; what is deleted
# is cleared away now and then, so that the database stays as it is.
use strict;
use warnings;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);
use Faults::Servers ();
use Provision::Http ();
use ScimTest::Httpd ();
use ScimTest::Log ();
use ScimTest::Sys qw(slurp slurp_from make_dir);

use constant WRITERS => 8;
use constant GROWTH  => 0.05;
use constant KEPT    => 25;         # users and groups of a writer
use constant STEP    => 50;         # requests from one note to the next

my $json = JSON::PP->new->utf8->canonical;

# The same children from beginning to end, each with all kinds of requests.
my $CONF = <<'END';
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit 2
    ThreadsPerChild 10
    MaxRequestWorkers 20
    MinSpareThreads 1
    MaxSpareThreads 40
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 10
    MinSpareServers 1
    MaxSpareServers 20
    ServerLimit 10
    MaxRequestWorkers 10
</IfModule>
MaxConnectionsPerChild 0
MaxKeepAliveRequests 50
LogLevel warn scim:warn
ScimTimeout 20s
ScimPoolTimeout 10s
END

sub run {
    my ($fault) = @_;
    my %result = (name => $fault->{name}, what => $fault->{what}, violations => []);
    my $servers = Faults::Servers->new(conf => $CONF, groups => 1);
    eval { _soak($servers, $fault->{soak}, \%result); 1 }
        or push @{ $result{violations} }, "could not be done to the end: $@";
    push @{ $result{violations} }, $servers->stop;
    return \%result;
}

sub _soak {
    my ($servers, $total, $result) = @_;
    my $bad = $result->{violations};
    $servers->start;
    my @log = _start($servers, $total);
    my (%early, %late, $cleared);
    @$result{qw(requests acknowledged errors longest)} = (0, 0, 0, 0);
    while (1) {
        my $busy = grep { !waited($_) } @log;
        _look($_, $result) for @log;
        my $tenth = int(10 * $result->{requests} / $total);
        _memory($servers, $tenth == 1 ? \%early : \%late) if $tenth == 1 || $tenth >= 9;
        last unless $busy;
        _clear($servers) if time - ($cleared //= time) > 5 and $cleared = time;
        $servers->wait(0.2);
    }
    push @$bad, "a writer ended with status $_->{status}" for grep { $_->{status} } @log;
    push @$bad, "$result->{requests} requests were sent, and not $total" if $result->{requests} < $total;
    push @$bad, 'children came or went: ' . join(' ', sort keys %early) . ' to ' . join(' ', sort keys %late)
        if join(' ', sort keys %early) ne join(' ', sort keys %late);
    my @grown;
    for my $pid (grep { $early{$_} } sort keys %late) {
        my $grown = $late{$pid} / $early{$pid} - 1;
        push @grown, sprintf '%.1f to %.1f MB (%+.1f %%)', $early{$pid} / 1024, $late{$pid} / 1024, 100 * $grown;
        push @$bad, "a child has grown from $grown[-1]" if $grown > GROWTH;
    }
    push @$bad, 'nobody was measured' unless @grown;
    $result->{what} .= '; children ' . join(', ', @grown);
    push @$bad, $servers->excess, ScimTest::Log::faults($servers->httpd->error_log);
}

sub _start {
    my ($servers, $total) = @_;
    my $dir = make_dir($servers->dir . '/load');
    my @log;
    for my $n (0 .. WRITERS - 1) {
        my $file = "$dir/writer-$n";
        open my $fh, '>', $file or die "$file: $!\n";
        my $count = int(($total + $n) / WRITERS);
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $ok = eval { Faults::Soak::Writer->new($servers, $n, $fh)->run($count); 1 };
            print {$fh} join("\t", 0, 0, 0, 0, $@ =~ s/\s+/ /gr), "\n" unless $ok;
            close $fh;
            POSIX::_exit($ok ? 0 : 1);
        }
        push @log, { file => $file, pid => $pid, pos => 0 };
    }
    return @log;
}

sub waited {
    my ($log) = @_;
    return 1 if defined $log->{status};
    local $?;
    return 0 unless waitpid $log->{pid}, POSIX::WNOHANG();
    $log->{status} = $?;
    return 1;
}

sub _look {
    my ($log, $result) = @_;
    my $text = slurp_from($log->{file}, $log->{pos});
    $text =~ s/[^\n]*\z//;
    $log->{pos} += length $text;
    for (split /\n/, $text) {
        my ($requests, $writes, $errors, $longest, $why) = split /\t/, $_, 5;
        $result->{requests} += $requests;
        $result->{acknowledged} += $writes;
        $result->{errors} += $errors;
        $result->{longest} = $longest if $longest > $result->{longest};
        push @{ $result->{violations} }, $why if length($why // '');
    }
}

# The most resident memory that each child has had, in kB.
sub _memory {
    my ($servers, $most) = @_;
    for my $pid ($servers->httpd->children) {
        my ($kb) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m or next;
        $most->{$pid} = $kb if $kb > ($most->{$pid} // 0);
    }
}

sub _clear {
    my ($servers) = @_;
    my $db = $servers->pg->dbh;
    my $gone = q{deleted_at < now() - interval '2 s'};
    $db->begin_work;
    for my $case ([teams => 'team_id'], [users => 'user_id']) {
        my ($table, $column) = @$case;
        $db->do("DELETE FROM public.team_members WHERE $column IN (SELECT id FROM public.$table WHERE $gone)");
        $db->do("DELETE FROM public.$table WHERE $gone");
    }
    $db->do(q{DELETE FROM scim.events WHERE at < now() - interval '20 s'});
    $db->commit;
}

# ---- one writer ----

package Faults::Soak::Writer;
use strict;
use warnings;
use Time::HiRes qw(time);

my $PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
my $BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
my $SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

sub new {
    my ($class, $servers, $n, $out) = @_;
    my $token = $servers->pg->token($n % 2 + 1);
    my %http = map { $_->[0] => Provision::Http->new(origin => $servers->httpd->url, connections => 1,
        timeout => 60, headers => [Authorization => "Bearer $_->[1]"]) } [good => $token], [wrong => 'wrong'];
    srand 1000 + $n;
    return bless { http => \%http, out => $out, name => "soak-$n", n => 0, user => [], group => [],
                   requests => 0, writes => 0, errors => 0, longest => 0 }, $class;
}

sub run {
    my ($self, $count) = @_;
    $self->{out}->autoflush(1);
    $self->{left} = $count;
    my @kind = (
        (\&create) x 4, (\&remove) x 4, (\&look_up) x 12, (\&get) x 8, (\&patch) x 12, (\&put) x 3,
        (\&page) x 2, (\&filter) x 8, (\&search) x 2, (\&cursor) x 1, (\&discover) x 2, (\&refused) x 6,
        (\&bulk) x 1, (\&group) x 4, (\&unknown) x 2);
    while ($self->{left} > 0) {
        $kind[rand @kind]->($self);
    }
    $self->_note;
}

sub _note {
    my ($self, $why) = @_;
    print { $self->{out} } join("\t", @$self{qw(requests writes errors longest)}, $why // ''), "\n";
    @$self{qw(requests writes errors longest)} = (0) x 4;
}

# The answer; anything but one of the statuses is a fault.
sub ask {
    my ($self, $want, $method, $path, $body, $who) = @_;
    return { status => 0, body => '' } if $self->{left} <= 0;
    my $answer;
    my $http = $self->{http}{ $who // 'good' };
    my $bytes = ref $body ? $json->encode($body) : $body;
    for (1 .. 2) {
        $http->send({ method => $method, target => "/scim/v2$path",
            defined $bytes ? (body => $bytes, type => 'application/scim+json') : () }, sub { $answer = shift });
        $http->run;
        # hung up between two requests, as HTTP allows
        last if $answer->{status} || $answer->{error} ne 'connection lost';
    }
    $self->{left}--;
    $self->{requests}++;
    $self->{writes}++ if $method ne 'GET' && $answer->{status} =~ /^2/;
    if ($answer->{status} !~ /^(?:$want)$/) {
        $self->{errors}++;
        $self->{longest} = $answer->{seconds} if $answer->{seconds} > $self->{longest};
        $self->_note("$method $path: $answer->{status} " . ($answer->{error} // $answer->{body}) =~ s/\s+/ /gr);
    }
    $self->_note if $self->{requests} >= Faults::Soak::STEP;
    return $answer;
}

sub name { my $self = shift; return sprintf '%s-%d', $self->{name}, ++$self->{n} }
sub some { my ($list) = @_; return $list->[rand @$list] }
sub word { return join '', map { ('a' .. 'z')[rand 26] } 1 .. 1 + rand 12 }
sub id_of { my ($answer) = @_; return (eval { $json->decode($answer->{body}) } || {})->{id} }
sub encoded { return $_[0] =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ger }

sub body {
    my ($self, $name) = @_;
    return { userName => $name, externalId => "x-$name", title => word(), displayName => word(),
        name => { givenName => word(), familyName => word() }, active => JSON::PP::true(),
        emails => [{ type => 'work', value => "$name\@contoso.com", primary => JSON::PP::true() },
                   { type => 'home', value => word() . '@example.com' }],
        phoneNumbers => [map { { type => some([qw(work mobile fax)]), value => word() } } 0 .. rand 3],
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User' => { department => word() } };
}

sub create {
    my ($self) = @_;
    return $self->remove if @{ $self->{user} } >= Faults::Soak::KEPT;
    my $name = $self->name;
    my $id = id_of($self->ask('201', 'POST', '/Users', $self->body($name))) // return;
    push @{ $self->{user} }, { id => $id, name => $name };
}

# Whoever is at hand.
sub user {
    my ($self) = @_;
    $self->create if !@{ $self->{user} };
    return some($self->{user}) // { id => 0, name => 'nobody' };
}

sub remove {
    my ($self) = @_;
    return $self->create if @{ $self->{user} } < Faults::Soak::KEPT / 2;
    my ($user) = splice @{ $self->{user} }, rand @{ $self->{user} }, 1;
    $self->ask('204', 'DELETE', "/Users/$user->{id}");
}

sub look_up {
    my ($self) = @_;
    my $name = $self->user->{name};
    $self->ask('200', 'GET', '/Users?filter=' . encoded(some([
        "externalId eq \"x-$name\"", "userName eq \"$name\"", "emails[type eq \"work\"].value eq \"$name\@contoso.com\"",
        "userName eq \"" . word() . '"' ])));
}

sub get {
    my ($self) = @_;
    $self->ask('200', 'GET', '/Users/' . $self->user->{id}
        . some(['', '', '?attributes=userName,emails', '?excludedAttributes=name,groups']));
}

sub patch {
    my ($self) = @_;
    my @operation = map { some([
        { op => 'replace', path => 'active', value => some([JSON::PP::true(), JSON::PP::false(), 'True', 'False']) },
        { op => 'Add', path => 'title', value => word() },
        { op => 'replace', path => 'emails[type eq "work"].value', value => word() . '@contoso.com' },
        { op => 'add', path => 'phoneNumbers', value => [{ type => 'mobile', value => word() }] },
        { op => 'remove', path => some([qw(title name.familyName phoneNumbers)]) },
        { op => 'replace', value => { displayName => word(), 'name.givenName' => word() } },
    ]) } 0 .. rand 3;
    $self->ask('200', 'PATCH', '/Users/' . $self->user->{id}, { schemas => [$PATCH], Operations => \@operation });
}

sub put {
    my ($self) = @_;
    my $user = $self->user;
    $self->ask('200', 'PUT', "/Users/$user->{id}", $self->body($user->{name}));
}

sub page {
    my ($self) = @_;
    $self->ask('200', 'GET', sprintf '/Users?startIndex=%d&count=%d&sortBy=%s&sortOrder=%s', 1 + rand 50, rand 60,
        some([qw(userName name.familyName meta.created title emails)]), some([qw(ascending descending)]));
}

# A filter that hardly anybody has asked before.
sub expression {
    my ($depth) = @_;
    if ($depth && rand() < 0.5) {
        return '(' . expression($depth - 1) . some([' and ', ' or ']) . expression($depth - 1) . ')';
    }
    my $simple = some([qw(userName title displayName name.familyName emails.value phoneNumbers.value externalId)])
        . ' ' . some(['pr', map { "$_ \"" . word() . '"' } qw(eq ne co sw ew gt le)]);
    return rand() < 0.2 ? "not ($simple)" : $simple;
}

sub filter {
    my ($self) = @_;
    $self->ask('200', 'GET', '/Users?count=10&filter=' . encoded(expression(3)));
}

sub search {
    my ($self) = @_;
    $self->ask('200', 'POST', some(['/Users/.search', '/.search']), { schemas => [$SEARCH],
        filter => expression(1) =~ s/\b(?:title|name\.familyName|emails\.value|phoneNumbers\.value)\b/userName/gr,
        count => int rand 20 });
}

sub cursor {
    my ($self) = @_;
    my $next = '';
    for (1 .. 3) {
        my $answer = $self->ask('200', 'GET', "/Users?count=10&sortBy=userName&cursor=" . encoded($next));
        $next = (eval { $json->decode($answer->{body}) } || {})->{nextCursor} // return;
    }
}

sub discover {
    my ($self) = @_;
    $self->ask('200', 'GET', some([qw(/ServiceProviderConfig /Schemas /ResourceTypes /Me
        /Schemas/urn:ietf:params:scim:schemas:core:2.0:User)]));
}

sub refused {
    my ($self) = @_;
    my $user = $self->user;
    my $case = some([
        ['401', 'GET', '/Users', undef, 'wrong'],
        ['404', 'GET', '/Users/987654321'],
        ['404', 'PATCH', '/Users/987654321', { Operations => [{ op => 'remove', path => 'title' }] }],
        ['409|201', 'POST', '/Users', $self->body($user->{name})],
        ['400', 'POST', '/Users', '{"userName": ' ],
        ['400', 'POST', '/Users', { userName => '' }],
        ['400', 'GET', '/Users?filter=userName+like+%22x%22'],
        ['400', 'PATCH', "/Users/$user->{id}", { Operations => [{ op => 'replace', path => 'emails[type', value => 'x' }] }],
        ['400', 'PATCH', "/Users/$user->{id}", '[' x 100 ],
        ['405', 'DELETE', '/Users'],
        ['404', 'GET', '/Nothing'],
    ]);
    $self->ask(@$case);
}

# Attributes that nobody has heard of are left out.
sub unknown {
    my ($self) = @_;
    my $user = $self->user;
    $self->ask('200', 'PATCH', "/Users/$user->{id}", { Operations => [
        { op => 'replace', value => { 'urn:x:' . word() => { a => word() }, title => word() } }] });
}

sub bulk {
    my ($self) = @_;
    my @name = map { $self->name } 1 .. 3;
    my @user = map { $self->user } 1 .. 2;
    my $answer = $self->ask('200', 'POST', '/Bulk', { schemas => [$BULK], Operations => [
        (map { { method => 'POST', path => '/Users', bulkId => $_, data => $self->body($_) } } @name),
        (map { { method => 'PATCH', path => "/Users/$_->{id}", data => { Operations => [
            { op => 'replace', path => 'title', value => word() }] } } } @user) ] });
    for my $done (@{ (eval { $json->decode($answer->{body}) } || {})->{Operations} || [] }) {
        $self->ask('204', 'DELETE', "/Users/$1")
            if $done->{method} eq 'POST' && ($done->{location} // '') =~ m{/Users/(\d+)\z};
    }
}

sub group {
    my ($self) = @_;
    my $groups = $self->{group};
    if (@$groups < 3) {
        my $id = id_of($self->ask('201', 'POST', '/Groups', { displayName => $self->name,
            members => [map { { value => $self->user->{id} } } 1 .. 3] })) // return;
        push @$groups, $id;
        return;
    }
    my $id = some($groups);
    my $member = [{ value => $self->user->{id} }];
    my $kind = int rand 6;
    if ($kind == 0) {
        @$groups = grep { $_ ne $id } @$groups;
        $self->ask('204', 'DELETE', "/Groups/$id");
    }
    elsif ($kind == 1) {
        $self->ask('200', 'GET', "/Groups/$id" . some(['', '?excludedAttributes=members']));
    }
    elsif ($kind == 2) {
        $self->ask('200', 'GET', '/Groups?count=5');
    }
    else {
        $self->ask('200|204', 'PATCH', "/Groups/$id", { schemas => [$PATCH], Operations => [some([
            { op => 'add', path => 'members', value => $member },
            { op => 'remove', path => "members[value eq \"$member->[0]{value}\"]" },
            { op => 'replace', path => 'displayName', value => $self->name }])] });
    }
}

1;
