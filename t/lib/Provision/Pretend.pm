package Provision::Pretend;
# An application for tests, in memory, in place of Provision::Http: it knows as
# much of SCIM as the client asks for, and fails when it is told to.
#
#   my $app = Provision::Pretend->new(fault => sub {
#       my ($request, $n) = @_;             # the n-th request
#       return $request->{method} eq 'POST' ? { status => 500 } : undef });
#   Provision::Job->new(url => 'https://app.example/scim', token => 't', http => $app);
#   $app->{log}                             # [method, target, body], ...
use strict;
use warnings;
use JSON::PP ();
use Provision::Mapping qw(ENTERPRISE MANAGER);
use Provision::Resource qw(value_at);

my $json = JSON::PP->new->utf8->canonical;

sub new {
    my ($class, %opt) = @_;
    return bless { users => {}, last => 0, log => [], queue => [], %opt }, $class;
}

sub send {
    my ($self, $request, $callback) = @_;
    push @{ $self->{queue} }, [$request, $callback];
}

sub run {
    my $self = shift;
    while (my $job = shift @{ $self->{queue} }) {
        my ($request, $callback) = @$job;
        push @{ $self->{log} }, [@$request{qw(method target body)}];
        my $answer = $self->{fault} && $self->{fault}->($request, scalar @{ $self->{log} });
        $answer ||= $self->_serve($request);
        $callback->({ headers => {}, body => '', seconds => 0, %$answer });
    }
}

# Requests since the last call: "POST /Users", "PATCH /Users/3", ...
sub told {
    my $self = shift;
    my @lines = map { "$_->[0] " . $_->[1] =~ s/\A\/scim//r } @{ $self->{log} };
    $self->{log} = [];
    return @lines;
}

sub _ok    { my ($data, $status) = @_; return { status => $status || 200, body => $json->encode($data) } }
sub _error { my ($status, $detail) = @_; return { status => $status, body => $json->encode({
    schemas => ['urn:ietf:params:scim:api:messages:2.0:Error'], status => "$status", detail => $detail }) } }

sub _list {
    my (@found) = @_;
    return _ok({ schemas => ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
        totalResults => scalar @found, startIndex => 1, itemsPerPage => scalar @found, Resources => \@found });
}

sub _all { my $self = shift; return @{ $self->{users} }{ sort { $a <=> $b } keys %{ $self->{users} } } }

sub _serve {
    my ($self, $request) = @_;
    my ($path, $query) = split /\?/, $request->{target} =~ s{\A/scim}{}r, 2;
    my %query = map { map { tr/+/ /r =~ s/%(..)/chr hex $1/ger } /\A([^=]*)=?(.*)\z/s } split /&/, $query // '';
    utf8::decode($_) for values %query;
    my $body = defined $request->{body} ? $json->decode($request->{body}) : undef;
    return _list() if $path eq '/Groups';

    if ($path eq '/Users' && $request->{method} eq 'GET') {
        if (defined $query{filter}) {
            my ($name, $value) = $query{filter} =~ /\A(\w+) eq "(.*)"\z/s or return _error(400, 'filter');
            return _list(grep { my $v = value_at($_, $name);
                defined $v && ($name eq 'userName' ? lc $v eq lc $value : $v eq $value) } $self->_all);
        }
        my @all = $self->_all;
        my ($start, $count) = ($query{startIndex} || 1, $query{count} || 100);
        my @page = @all[grep { $_ >= $start - 1 && $_ < $start - 1 + $count } 0 .. $#all];
        my $answer = _list(@page);
        $answer->{body} =~ s/"totalResults":\d+/'"totalResults":' . @all/e;
        return $answer;
    }
    if ($path eq '/Users') {
        for my $key (qw(userName externalId)) {
            return _error(409, "$key is taken") if defined $body->{$key}
                && grep { lc($_->{$key} // '') eq lc $body->{$key} } $self->_all;
        }
        delete @$body{qw(roles meta)};
        my $id = ++$self->{last};
        return _ok($self->{users}{$id} = { %$body, id => "$id" }, 201);
    }
    my ($id) = $path =~ m{\A/Users/([^/]+)\z} or return _error(404, 'no such path');
    my $user = $self->{users}{$id} or return _error(404, "there is no user $id");
    if ($request->{method} eq 'DELETE') {
        delete $self->{users}{$id};
        return { status => 204 };
    }
    if ($request->{method} eq 'PATCH') {
        for my $op (@{ $body->{Operations} }) {
            my %set = exists $op->{path} ? ($op->{path} => $op->{value}) : %{ $op->{value} };
            _set($user, $_, lc $op->{op} eq 'remove' ? undef : $set{$_}) for keys %set;
        }
    }
    return _ok($user);
}

sub _set {
    my ($user, $path, $value) = @_;
    $value = $value eq 'True' ? JSON::PP::true : JSON::PP::false if $path eq 'active' && !ref $value;
    my ($where, $name) = ($user, $path);
    if ($path =~ /\A(\w+)\[type eq "(\w+)"\]\.(\w+)\z/) {
        my ($list, $type) = ($user->{$1} ||= [], $2);
        $name = $3;
        ($where) = grep { $_->{type} eq $type } @$list;
        push @$list, $where = { type => $type } unless $where;
    }
    elsif ($path =~ /\A\Q${\ENTERPRISE}\E:(\w+)\z/) {
        ($where, $name) = ($user->{+ENTERPRISE} ||= {}, $1);
        $value = { value => $value } if $path eq MANAGER && defined $value;
    }
    elsif ($path =~ /\A(\w+)\.(\w+)\z/) {
        ($where, $name) = ($user->{$1} ||= {}, $2);
    }
    defined $value ? $where->{$name} = $value : delete $where->{$name};
}

1;
