package ScimTest;
# What a test in t/api and t/client says. It exports Test::More as well:
#
#   use ScimTest;
#   scim_reset();
#   my $user = new_user(name => { givenName => 'Adele' });
#   is_error patch("/Users/$user->{id}", { Operations => [ ... ] }),
#       400, 'invalidPath', qr/could not parse/, 'a path without end';
#   done_testing;
#
# The servers are up already: t/TEST t/api/x.t starts and stops them, or
# t/TEST -start-httpd leaves them up for prove -It/lib t/api/x.t.
#
# An error or warning of the module in error_log, or a child that crashed,
# fails the file unless it was announced with expect_log().
use strict;
use warnings;
use Exporter ();
use Fcntl qw(:flock);
use JSON::PP ();
use Test::More;
use Test2::API ();
use Scalar::Util qw(blessed);
use Time::HiRes ();
use ScimTest::Client ();
use ScimTest::Cluster ();
use ScimTest::Httpd ();
use ScimTest::Log ();
use ScimTest::Relay ();
use ScimTest::Sys qw(top make_dir slurp slurp_from wait_until);

our @ISA = qw(Exporter);
our @EXPORT = (@Test::More::EXPORT, qw(
    scim_reset scim scim_b get post put patch del head options raw parallel
    token_a token_b base_url server_url uniq new_user new_group group_state own_version
    is_error is_list is_resource
    db cluster row_of events_of
    expect_log log_lines_since extra_httpd own_cluster httpd
    json_true json_false encode wait_until));

# ---- the servers of the suite ----

my ($run, $cluster, $httpd, $log_start, $log_seen, %extra);
my (@expected, @clusters);

sub import {
    my $class = shift;
    _attach() unless $run;
    Test2::API::test2_stack()->top->listen(\&_stop_at_failure)
        if $ENV{SCIM_FIRST_FAILURE};
    strict->import;
    warnings->import;
    utf8->import if eval { require utf8; 1 };
    binmode Test::More->builder->$_, ':encoding(UTF-8)'
        for qw(output failure_output todo_output);
    ScimTest->export_to_level(1, $class, @_);
}

# Who only asks whether something fails, as t/bin/mutants does, need not wait
# for the rest: SCIM_FIRST_FAILURE ends the run. END below is still reached.
sub _stop_at_failure {
    my (undef, $event) = @_;
    BAIL_OUT('the first failure')
        if $event->isa('Test2::Event::Ok') && $event->causes_fail;
}

# The file that says where the servers are: of a run's pairs one that no other
# test has, which is ours as long as we hold the lock, that is, to our end. A
# test that runs another shares its pair with it.
my $lock;
sub _attach {
    my $dir = $ENV{SCIM_TEST_RUN};
    my $file = ($dir // top() . '/t/logs') . '/server.json';
    if ($dir && !-e $file) {
        wait_until(60, sub { $file = _take(glob "$dir/*/server.json") })
            or die "all servers of $dir are taken\n";
    }
    die "no servers are up: run t/TEST $0, or t/TEST -start-httpd first\n"
        unless -e $file;
    $run = JSON::PP::decode_json(slurp($file));
    $cluster = ScimTest::Cluster->attach($run->{cluster});
    $httpd = bless { %{ $run->{httpd} }, cluster => $cluster }, 'ScimTest::Httpd';
    $ENV{SCIM_TEST_RUN} = $run->{dir};
    $log_start = $log_seen = $httpd->log_size;
}

# The first of these files that nobody has locked, or undef.
sub _take {
    for my $file (@_) {
        open $lock, '<', $file or die "$file: $!\n";
        return $file if flock $lock, LOCK_EX | LOCK_NB;
    }
    return undef;
}

sub cluster    { $cluster }                     # ScimTest::Cluster
sub httpd      { $httpd }                       # ScimTest::Httpd: log, pid ...
sub db         { $cluster->dbh }
sub token_a    { $cluster->token(1) }
sub token_b    { $cluster->token(2) }
sub server_url { $httpd->url }                  # http://127.0.0.1:port
sub base_url   { $httpd->base }                 # the same with /scim/v2

# Fresh data: first thing in every file.
sub scim_reset {
    $cluster->reset_data;
    ScimTest::Client::close_all();
}

my $n = 0;
my $start = int(Time::HiRes::time() * 1000);
sub uniq {
    my ($prefix) = @_;
    return sprintf '%s%x-%x-%d', $prefix // 'u', $start & 0xffffff, $$, ++$n;
}

sub json_true  { JSON::PP::true() }
sub json_false { JSON::PP::false() }

# JSON text as bytes, keys in order.
sub encode { JSON::PP->new->utf8->canonical->allow_nonref->encode($_[0]) }

# ---- requests ----

# scim(METHOD, PATH, BODY, %opt); PATH is what follows the base and is sent as
# it stands; BODY is undef, a reference (sent as JSON) or the bytes to send.
#   token        => text, undef for none (default: token_a)
#   headers      => { Name => value, or undef to leave out }
#   content_type => default application/scim+json, with a body only
#   base         => 'http://127.0.0.1:port/path' (default: base_url)
sub scim {
    return ScimTest::Client::request(_request(@_));
}

sub _request {
    my ($method, $path, $body, %opt) = @_;
    for my $key (keys %opt) {
        die "scim: there is no option \"$key\"\n"
            unless $key =~ /^(?:token|headers|content_type|base)$/;
    }
    my ($server, $prefix) = ($opt{base} // base_url()) =~ m{^http://([^/]+)(.*)$}
        or die "scim: not a base URL: $opt{base}\n";
    $body = encode($body) if ref $body;
    $path //= '';
    utf8::encode($_) for grep { defined && utf8::is_utf8($_) } $path, $body;
    my %header;
    my $token = exists $opt{token} ? $opt{token} : token_a();
    $header{Authorization} = "Bearer $token" if defined $token;
    $header{'Content-Type'} = $opt{content_type} // 'application/scim+json'
        if defined $body;
    my %more = %{ $opt{headers} || {} };
    for my $name (keys %more) {
        delete @header{ grep { lc eq lc $name } keys %header };
        $header{$name} = $more{$name} if defined $more{$name} || lc $name eq 'host';
    }
    return ($server, $method, "$prefix$path", \%header, $body);
}

sub scim_b {
    my ($method, $path, $body, %opt) = @_;
    return scim($method, $path, $body, token => token_b(), %opt);
}

sub get     { my ($path, %opt) = @_; scim('GET', $path, undef, %opt) }
sub del     { my ($path, %opt) = @_; scim('DELETE', $path, undef, %opt) }
sub head    { my ($path, %opt) = @_; scim('HEAD', $path, undef, %opt) }
sub options { my ($path, %opt) = @_; scim('OPTIONS', $path, undef, %opt) }
sub post    { my ($path, $body, %opt) = @_; scim('POST', $path, $body, %opt) }
sub put     { my ($path, $body, %opt) = @_; scim('PUT', $path, $body, %opt) }
sub patch   { my ($path, $body, %opt) = @_; scim('PATCH', $path, $body, %opt) }

# raw(BYTES, base => ..., shut => 1, timeout => s): exactly these bytes on a
# connection of their own. A line end is written \r\n by the caller.
sub raw {
    my ($bytes, %opt) = @_;
    my ($server) = (delete $opt{base} // base_url()) =~ m{^http://([^/]+)};
    return ScimTest::Client::raw($server, $bytes, %opt);
}

# parallel([METHOD, PATH, BODY, %opt], ...): all at once, answers in order.
sub parallel {
    return ScimTest::Client::parallel(map { [_request(@$_)] } @_);
}

# ---- resources ----

use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';

# Create a user; attributes given replace the random ones, undef leaves one out.
# (base => and token => are options of the request.)
sub new_user {
    my (%attr) = @_;
    my %opt = map { $_ => delete $attr{$_} } grep { exists $attr{$_} } qw(base token);
    my $name = uniq('user');
    my %body = (schemas => [USER], userName => "$name\@contoso.com",
                externalId => "ext-$name", active => json_true(), %attr);
    delete @body{ grep { !defined $body{$_} } keys %body };
    my $res = post('/Users', \%body, %opt);
    die 'could not create a user: ' . $res->as_string . "\n" if $res->code != 201;
    return $res->json;
}

# What a version says of the resource itself, without those shown with it.
sub own_version { return $_[0] =~ s/\.[0-9a-f]+"$/"/r }

use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';

# The same for a group; members are ids. It takes a server with groups => 1.
sub new_group {
    my (%attr) = @_;
    my %opt = map { $_ => delete $attr{$_} } grep { exists $attr{$_} } qw(base token);
    my %body = (schemas => [GROUP], displayName => uniq('group'), %attr);
    $body{members} = [map { ref ? $_ : { value => $_ } } @{ $body{members} }] if $body{members};
    my $res = post('/Groups', \%body, %opt);
    die 'could not create a group: ' . $res->as_string . "\n" if $res->code != 201;
    return $res->json;
}

# All that a write to a group could change: its row, its members, its events.
sub group_state {
    my ($id) = @_;
    my $members = db()->selectcol_arrayref(
        'SELECT user_id FROM public.team_members WHERE team_id = ? ORDER BY user_id', undef, $id);
    my $events = db()->selectall_arrayref(
        q{SELECT operation, changes, outcome, actor FROM scim.events
           WHERE resource_type = 'Group' AND resource_id = ?::text AND outcome = 'applied' ORDER BY id},
        { Slice => {} }, $id);
    $_->{changes} = JSON::PP->new->decode($_->{changes}) for @$events;
    return { row => db()->selectrow_hashref('SELECT * FROM public.teams WHERE id = ?', undef, $id),
             members => $members, events => $events };
}

# The row of public.users, or undef.
sub row_of {
    my ($id) = @_;
    return db()->selectrow_hashref('SELECT * FROM public.users WHERE id = ?', undef, $id);
}

# Changes of a resource in scim.events, oldest first; changes decoded.
sub events_of {
    my ($id) = @_;
    my $rows = db()->selectall_arrayref(
        q{SELECT * FROM scim.events WHERE resource_id = ?::text AND outcome = 'applied' ORDER BY id},
        { Slice => {} }, $id);
    for my $row (@$rows) {
        $row->{changes} = JSON::PP->new->allow_nonref->decode($row->{changes})
            if defined $row->{changes};
    }
    return $rows;
}

# ---- assertions; each is one test ----

sub _verdict {
    my ($res, $name, @fault) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    my $ok = ok(!@fault, $name);
    diag join "\n", (map { "  $_" } @fault), '  answer:', $res->as_string unless $ok;
    return $ok;
}

sub _content_type {
    my ($res) = @_;
    my $type = $res->header('Content-Type') // '(none)';
    return $type =~ m{^application/scim\+json(?:;|$)}i ? ()
         : "Content-Type is $type, not application/scim+json";
}

sub _json {
    my ($res, $fault) = @_;
    my $json = eval { $res->json };
    push @$fault, 'the body is not a JSON object' unless ref $json eq 'HASH';
    return ref $json eq 'HASH' ? $json : {};
}

sub _show { defined $_[0] ? encode($_[0]) : 'absent' }

# is_error(RESPONSE, STATUS, scimType or undef for none, qr/detail/ or undef, NAME)
sub is_error {
    my ($res, $status, $type, $detail, $name) = @_;
    my @fault;
    push @fault, 'status is ' . $res->code . ", not $status" if $res->code != $status;
    push @fault, _content_type($res);
    my $json = _json($res, \@fault);
    my $schemas = _show($json->{schemas});
    push @fault, "schemas is $schemas" if $schemas
        ne '["urn:ietf:params:scim:api:messages:2.0:Error"]';
    push @fault, 'status in the body is ' . _show($json->{status}) . ", not \"$status\""
        if _show($json->{status}) ne "\"$status\"";
    push @fault, 'scimType is ' . _show($json->{scimType}) . ', not ' . _show($type)
        if _show($json->{scimType}) ne _show($type);
    push @fault, 'detail is ' . _show($json->{detail})
        if !defined $json->{detail} || ref $json->{detail} || $json->{detail} eq '';
    push @fault, "detail does not match $detail"
        if defined $detail && ($json->{detail} // '') !~ $detail;
    push @fault, 'WWW-Authenticate is missing or not Bearer'
        if $status == 401 && ($res->header('WWW-Authenticate') // '') !~ /^Bearer\b/;
    push @fault, 'Retry-After is missing'
        if $status =~ /^(?:503|429)$/ && ($res->header('Retry-After') // '') !~ /^\d+$/;
    return _verdict($res, $name // "error $status", @fault);
}

# is_list(RESPONSE, totalResults or undef for any, NAME)
sub is_list {
    my ($res, $total, $name) = @_;
    my @fault;
    push @fault, 'status is ' . $res->code . ', not 200' if $res->code != 200;
    push @fault, _content_type($res);
    my $json = _json($res, \@fault);
    my $schemas = _show($json->{schemas});
    push @fault, "schemas is $schemas" if $schemas
        ne '["urn:ietf:params:scim:api:messages:2.0:ListResponse"]';
    for my $key (qw(totalResults startIndex itemsPerPage)) {
        push @fault, "$key is " . _show($json->{$key}) . ', not a number'
            if _show($json->{$key}) !~ /^\d+$/;
    }
    push @fault, "totalResults is not $total"
        if defined $total && _show($json->{totalResults}) ne $total;
    if (ref $json->{Resources} ne 'ARRAY') {
        push @fault, 'Resources is not an array';
    }
    else {
        push @fault, 'itemsPerPage is not the number of Resources'
            if _show($json->{itemsPerPage}) ne scalar @{ $json->{Resources} };
        push @fault, map { _resource_faults($_, 0) } @{ $json->{Resources} };
    }
    return _verdict($res, $name // 'a list', @fault);
}

# is_resource(RESPONSE, STATUS, NAME)
sub is_resource {
    my ($res, $status, $name) = @_;
    my @fault;
    push @fault, 'status is ' . $res->code . ", not $status" if $res->code != $status;
    push @fault, _content_type($res);
    my $json = _json($res, \@fault);
    push @fault, _resource_faults($json, 1);
    my $location = ref $json->{meta} eq 'HASH' ? $json->{meta}{location} // '' : '';
    push @fault, 'Location is ' . ($res->header('Location') // 'absent')
        . ', not meta.location'
        if $status == 201 && ($res->header('Location') // '') ne $location;
    push @fault, 'Content-Location is ' . ($res->header('Content-Location') // 'absent')
        . ', not meta.location' if ($res->header('Content-Location') // '') ne $location;
    my $tag = $res->header('ETag') // 'absent';
    # what discovery serves has no version
    push @fault, "ETag is $tag, not meta.version"
        if ($json->{meta}{resourceType} // '') !~ /^(?:Schema|ResourceType)$/
            && ($tag !~ m{^W/"[0-9a-f]+(?:\.[0-9a-f]+)?"$} || $tag ne ($json->{meta}{version} // ''));
    return _verdict($res, $name // 'a resource', @fault);
}

# In a list, attributes= may have left out all but id and schemas.
sub _resource_faults {
    my ($json, $whole) = @_;
    return 'a resource is not an object' unless ref $json eq 'HASH';
    my @fault;
    push @fault, 'id is ' . _show($json->{id}) . ', not a string with something in it'
        if _show($json->{id}) !~ /^".+"$/s;
    push @fault, 'schemas is ' . _show($json->{schemas})
        if ref $json->{schemas} ne 'ARRAY' || !@{ $json->{schemas} };
    my $meta = $json->{meta};
    push @fault, 'meta.location is missing'
        if $whole && (ref $meta ne 'HASH' || ($meta->{location} // '') !~ m{^https?://});
    push @fault, 'meta.location does not end in the id'
        if ref $meta eq 'HASH' && defined $meta->{location} && defined $json->{id}
            && !ref $json->{id} && $meta->{location} !~ m{/\Q$json->{id}\E\z};
    push @fault, _empty($json, 'the resource');
    return @fault;
}

sub _empty {
    my ($value, $where) = @_;
    return "$where is null" unless defined $value;
    if (ref $value eq 'HASH') {
        return "$where is {}" unless %$value;
        return map { _empty($value->{$_}, $_) } sort keys %$value;
    }
    if (ref $value eq 'ARRAY') {
        return "$where is []" unless @$value;
        return map { _empty($value->[$_], "$where\[$_]") } 0 .. $#$value;
    }
    return "$where is \"\"" if !ref $value && $value eq '';
    return ();
}

# ---- the log ----

# Announce lines of error_log: expect_log(qr/SCIM\d+: could not connect/). Each
# pattern must come to pass at least once in this file.
sub expect_log {
    push @expected, map { { re => $_, seen => 0 } } @_;
    ScimTest::Log::announce($run->{dir}, @_);
}

# Lines of error_log since the last call, or since this file began. With a
# ScimTest::Httpd, those of that server.
sub log_lines_since {
    my ($server) = @_;
    my $pos = !$server || $server == $httpd ? \$log_seen
                                            : \$extra{$server}{seen};
    $server ||= $httpd;
    my $text = $server->log_from($$pos // 0);
    $$pos = ($$pos // 0) + length $text;
    return split /\n/, $text;
}

# ---- more servers ----

# A second PostgreSQL that a test may break: ScimTest::Cluster, removed at END.
sub own_cluster {
    my (%opt) = @_;
    my $pg = ScimTest::Cluster->new(
        dir => sprintf('%s/pg-%d-%d', $run->{dir}, $$, scalar @clusters), %opt);
    push @clusters, $pg;
    return $pg->start;
}

# A second httpd, against the suite's cluster or cluster => of another:
#   my $h = extra_httpd(location => "ScimPoolMax 1\n");
#   my ($h, $relay) = extra_httpd(relay => 1);
#   get '/Users', base => $h->base;
# Options as for ScimTest::Httpd->new, and start => 0. Stopped at END.
sub extra_httpd {
    my (%opt) = @_;
    my $dir = sprintf '%s/httpd-%d-%d', $run->{dir}, $$, scalar keys %extra;
    my $pg = $opt{cluster} ||= $cluster;
    my ($relay, $start) = (delete $opt{relay}, delete $opt{start});
    if ($relay) {
        $relay = ScimTest::Relay->new(dir => "$dir-relay", cluster => $pg);
        $opt{conninfo} ||= $relay->conninfo;
    }
    my $server = ScimTest::Httpd->new(dir => $dir, %opt,
        $relay ? (relay => $relay) : ());
    $extra{$server} = { server => $server, seen => 0 };
    $server->start if $start // 1;
    return wantarray && $relay ? ($server, $relay) : $server;
}

# ---- the end of a file ----

my $owner = $$;
END {
    if ($run && $owner == $$) {
        my $status = $?;
        my @bad;
        my $log = '';
        for my $e (sort { $a->{server}{dir} cmp $b->{server}{dir} } values %extra) {
            my $server = $e->{server};
            eval { $server->stop; 1 } or push @bad, $@;
            $log .= $server->error_log;
        }
        eval { $_->{server}->relay and $_->{server}->relay->stop } for values %extra;
        eval { $_->stop; 1 } or push @bad, $@ for @clusters;
        $log .= $httpd->log_from($log_start);
        push @bad, map { "not announced in error_log: $_" }
            ScimTest::Log::faults($log, map { $_->{re} } @expected);
        for my $e (@expected) {
            push @bad, "announced, but not in error_log: $e->{re}"
                unless grep { $_ =~ $e->{re} } split /\n/, $log;
        }
        if (@bad) {
            diag(join "\n", @bad[0 .. ($#bad > 20 ? 20 : $#bad)]);
            $status ||= 1;
        }
        $? = $status;
    }
}

1;
