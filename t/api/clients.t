# Replays the transcripts of t/client: what identity providers send, by their
# own public documents, and what they look for in the answers.
#
# A transcript is a JSON file:
#
#   { "source": "URL of the document", "client": "name", "note": "...",
#     "groups": true where the server has groups, else left out,
#     "exchanges": [ { "request":  { "method", "path", "headers", "body" },
#                      "response": { "status", "has", "capture" } } ] }
#
# A request is that of the document, with the ids of this server and with values
# where the document has variables. One that has "source" of its own is of another
# document; one that has "added" is of none and says what it is there for: a user
# who must exist first, a look at what has become of a change.
#
# path is relative to the base URL and sent as it stands. A header that is null
# is left out; Authorization, if not given, is a valid token. status may be a
# list. has: JSON pointers and what must be there, a value or one of
#   {"$is":"present"}  {"$is":"absent"}  {"$is":"number"}  {"$count":n}
# In an array, name=value instead of an index is the element with that member.
# capture: name and pointer; {name} in a later path, body or has is the value.
use ScimTest;
use File::Basename qw(dirname);
use Cwd qw(abs_path);

my $dir = abs_path(dirname(__FILE__) . '/../client');
my @file = sort glob "$dir/*/*.json";
cmp_ok scalar(@file), '>=', 20, 'V5: there are transcripts to replay';
for my $client (qw(entra-legacy entra-flagged microsoft-validator okta onelogin jumpcloud)) {
    ok scalar(grep { m{/\Q$client\E/} } @file), "V5: some are of $client";
}

sub slurp { my ($file) = @_; local (@ARGV, $/) = $file; scalar <> }

# Replace {name} in all strings of a structure.
sub fill {
    my ($data, $var) = @_;
    return $data if JSON::PP::is_bool($data) || !defined $data;
    return { map { fill($_, $var) => fill($data->{$_}, $var) } keys %$data } if ref $data eq 'HASH';
    return [map { fill($_, $var) } @$data] if ref $data eq 'ARRAY';
    return $data unless $data =~ /\{\w+\}/;             # a number stays a number
    (my $text = $data) =~ s/\{(\w+)\}/exists $var->{$1} ? $var->{$1} : "{$1}"/ge;
    return $text;
}

# (found, value) at a pointer.
sub at {
    my ($data, $pointer) = @_;
    my (undef, @token) = split m{/}, $pointer, -1;
    for my $token (@token) {
        $token =~ s/~1/\//g;
        $token =~ s/~0/~/g;
        if (ref $data eq 'HASH') {
            return unless exists $data->{$token};
            $data = $data->{$token};
        }
        elsif (ref $data eq 'ARRAY' && $token =~ /^(\w+)=(.*)$/) {
            my ($name, $value) = ($1, $2);
            my @match = grep { ref eq 'HASH' && ($_->{$name} // '') eq $value } @$data;
            return unless @match == 1;
            $data = $match[0];
        }
        elsif (ref $data eq 'ARRAY' && $token =~ /^\d+$/) {
            return unless $token < @$data;
            $data = $data->[$token];
        }
        else {
            return;
        }
    }
    return (1, $data);
}

sub holds {
    my ($json, $pointer, $want) = @_;
    my ($found, $value) = at($json, $pointer);
    my $show = $found ? encode($value) : 'absent';
    if (ref $want eq 'HASH' && exists $want->{'$is'}) {
        my $is = $want->{'$is'};
        return if $is eq 'absent' ? !$found
            : $is eq 'present' ? $found && defined $value && encode($value) !~ /^(?:""|\[\]|\{\})$/
            : $is eq 'number' ? $found && $show =~ /^-?\d+$/
            : die "there is no \"\$is\":\"$is\"\n";
        return "$pointer is $show, not $is";
    }
    if (ref $want eq 'HASH' && exists $want->{'$count'}) {
        return if ref $value eq 'ARRAY' && @$value == $want->{'$count'};
        return "$pointer has not $want->{'$count'} elements but is $show";
    }
    my $expected = encode($want);
    return $found && $show eq $expected ? () : "$pointer is $show, not $expected";
}

my $with_groups;
for my $file (@file) {
    my ($name) = $file =~ m{([^/]+/[^/]+)\.json$};
    my $script = eval { JSON::PP->new->utf8->decode(slurp($file)) };
    ok $script, "V5: $name is JSON" or diag($@), next;
    like $script->{source} // '', qr{^https://\S+$}, "V5: $name names its source";
    ok length($script->{client} // '') && length($script->{note} // ''), "V5: $name says whose it is";
    my @exchange = @{ $script->{exchanges} || [] };
    cmp_ok scalar(@exchange), '>=', 2, "V5: $name has requests";
    ok scalar(grep { !exists $_->{added} } @exchange), "V5: $name has some of its document";
    is_deeply [grep { exists $_->{added} && !length $_->{added}
            || exists $_->{source} && $_->{source} !~ m{^https://\S+$}
            || grep { !/^(?:added|source|request|response)$/ } keys %$_ } @exchange],
        [], "V5: $name says of the others where they are from";

    scim_reset();
    my @there = $script->{groups} ? (base => ($with_groups ||= extra_httpd(groups => 1))->base) : ();
    my %var;
    my $n = 0;
    for my $exchange (@exchange) {
        my ($want, $res) = ($exchange->{response}, undef);
        my $request = fill($exchange->{request}, \%var);
        my ($method, $path) = @$request{qw(method path)};
        my $what = sprintf '%s, %d: %s %s', $name, ++$n, $method, $path;
        is_deeply [sort grep { !/^(?:method|path|headers|body)$/ } keys %$request], [],
            "V5: $what: a request as described";
        $res = scim($method, $path, $request->{body}, headers => $request->{headers} || {}, @there);
        my @status = ref $want->{status} ? @{ $want->{status} } : $want->{status};
        my @fault;
        push @fault, 'status ' . $res->code . " is not @status" unless grep { $_ == $res->code } @status;
        if ($res->code == 204) {
            push @fault, '204 has a body' if $res->content ne '';
        }
        else {
            my $json = eval { $res->json };
            push @fault, 'the body is no JSON' unless ref $json;
            push @fault, 'Content-Type is ' . ($res->header('Content-Type') // '(none)')
                unless ($res->header('Content-Type') // '') =~ m{^application/scim\+json}i;
            my $has = fill($want->{has} || {}, \%var);
            push @fault, holds($json, $_, $has->{$_}) for sort keys %$has;
            for my $key (sort keys %{ $want->{capture} || {} }) {
                my ($found, $value) = at($json, $want->{capture}{$key});
                push @fault, "nothing at $want->{capture}{$key} to keep" unless $found;
                $var{$key} = $value;
            }
        }
        ok !@fault, "V5: $what" or diag join "\n", map({ "  $_" } @fault), '  answer: ' . $res->as_string;
        last if @fault && $want->{capture};             # the rest would fail as well

        # the state, by a second request
        next unless $path =~ m{^/(Users|Groups)} && $method ne 'GET' && $res->code < 300;
        my $type = $1;
        my $id = $method eq 'POST' ? $res->json->{id} : ($path =~ m{^/$type/([^/?]+)})[0];
        my $again = get("/$type/$id", @there);
        if ($method eq 'DELETE') {
            is_error $again, 404, undef, undef, "V5: $what: and it is gone";
        }
        else {
            is_resource $again, 200, "V5: $what: and it can be read";
            is_deeply $again->json, $res->json, "V5: $what: just as it was answered" unless $res->code == 204;
        }
    }
}

done_testing;
