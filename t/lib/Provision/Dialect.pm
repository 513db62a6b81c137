package Provision::Dialect;
# The requests as Entra words them: method, target, body. Two dialects, which
# differ in PATCH alone:
#
#   legacy      what it sends by itself: capitalised operations, one for each
#               attribute, "True" and "False" in words
#   flagged     with aadOptscim062020 in the tenant URL: lower case, booleans,
#               several attributes in one operation without path
#   pathless    the same, and a single attribute without path too
#
#   my $write = Provision::Dialect->new('https://host/scim/v2/?aadOptscim062020');
#   $write->lookup(externalId => $guid);   # { method, target }
#   $write->patch('legacy', $id, @changes) # { method, target, body, type }
use strict;
use warnings;
use Provision::Json qw(object encode);
use Provision::Mapping qw(CORE ENTERPRISE);

use constant PATCH_OP  => 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
use constant TYPE      => 'application/scim+json; charset=utf-8';
use constant FLAGS     => qr/\A(?:aadOptscim062020|AzureAdScimPatch2017)(?:=|\z)/i;
our @DIALECTS = qw(legacy flagged pathless);

sub new {
    my ($class, $url) = @_;
    my ($origin, $path, $query) = ($url // '')
        =~ m{\A(https?://[^/?\#\s]+)([^?\#\s]*)(?:\?([^\#\s]*))?\z}i
        or die 'the tenant URL must be like https://host/scim/v2, not "'
            . ($url // '') . "\"\n";
    $path =~ s{/+\z}{};
    return bless { origin => $origin, base => $path,
                   query => defined $query && $query ne '' ? $query : undef }, $class;
}

sub origin  { $_[0]{origin} }

# The dialect that the flag in the tenant URL asks for.
sub dialect {
    my $self = shift;
    return grep({ $_ =~ FLAGS } split /&/, $self->{query} // '') ? 'flagged' : 'legacy';
}

# As a form encodes it, the way .NET does.
sub form_encode {
    my ($text) = @_;
    utf8::encode($text);
    $text =~ s/([^A-Za-z0-9\-_.!*() ])/sprintf '%%%02X', ord $1/ge;
    $text =~ tr/ /+/;
    return $text;
}

sub _segment {
    my ($text) = @_;
    utf8::encode($text);
    $text =~ s/([^A-Za-z0-9\-_.~])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# What the tenant URL has behind its question mark goes in front of all else.
sub _target {
    my ($self, $path, @query) = @_;
    unshift @query, $self->{query} if defined $self->{query};
    return $self->{base} . $path . (@query ? '?' . join '&', @query : '');
}

sub _get { my ($self, @target) = @_; return { method => 'GET', target => $self->_target(@target) } }

# The service escapes neither quotes nor backslashes in the value.
sub _filter {
    my ($attribute, $value) = @_;
    return 'filter=' . form_encode(qq($attribute eq "$value"));
}

sub lookup       { my ($self, $attribute, $value) = @_; return $self->_get('/Users', _filter($attribute, $value)) }
sub group_lookup { my ($self, $value) = @_; return $self->_get('/Groups', 'excludedAttributes=members', _filter(displayName => $value)) }
sub read         { my ($self, $id) = @_; return $self->_get('/Users/' . _segment($id)) }
sub page         { my ($self, $start, $count) = @_; return $self->_get('/Users', "startIndex=$start", "count=$count") }
sub remove       { my ($self, $id) = @_; return { method => 'DELETE', target => $self->_target('/Users/' . _segment($id)) } }

# The four that every creation begins with, then the rest by name.
sub create {
    my ($self, @wanted) = @_;
    my %value = map { @$_ } @wanted;
    my (%body, %enterprise);
    for my $path (keys %value) {
        if ($path =~ /\A(\w+)\[type eq "(\w+)"\]\.value\z/) {
            $body{$1} = [object(primary => Provision::Json::json_true, type => $2,
                                value => $value{$path})];
        }
        elsif ($path =~ /\A\Q${\ENTERPRISE}\E:(\w+)\z/) {
            $enterprise{$1} = $value{$path};
        }
        elsif ($path =~ /\A(\w+)\z/) {
            $body{$1} = $value{$path};
        }
    }
    my @name = map { defined $value{"name.$_"} ? ($_ => $value{"name.$_"}) : () }
        qw(formatted familyName givenName);
    $body{name} = object(@name) if @name;
    $body{meta} = object(resourceType => 'User');
    $body{roles} = [];
    my @first = qw(externalId userName active);
    my %first = map { $_ => 1 } @first;
    my $body = object(schemas => [CORE, ENTERPRISE],
        (map { defined $body{$_} ? ($_ => $body{$_}) : () }
            @first, sort grep { !$first{$_} } keys %body),
        %enterprise ? (ENTERPRISE, \%enterprise) : ());
    return { method => 'POST', target => $self->_target('/Users'),
             body => encode($body), type => TYPE };
}

# patch(DIALECT, ID, [add|replace|remove, path, value], ...)
sub patch {
    my ($self, $dialect, $id, @changes) = @_;
    my $operations = $dialect eq 'legacy' ? [_legacy(@changes)]
                   : $dialect =~ /\A(?:flagged|pathless)\z/ ? [_flagged($dialect, @changes)]
                   : die "there is no dialect \"$dialect\"\n";
    return { method => 'PATCH', target => $self->_target('/Users/' . _segment($id)),
             body => encode(object(schemas => [PATCH_OP], Operations => $operations)),
             type => TYPE };
}

sub _legacy {
    return map {
        my ($op, $path, $value) = @$_;
        $value = $value ? 'True' : 'False' if ref $value eq 'JSON::PP::Boolean';
        object(op => ucfirst $op, path => $path, @$_ > 2 ? (value => $value) : ());
    } @_;
}

# What is addressed by a filter, or refers to somebody, keeps its path.
sub _flagged {
    my ($dialect, @changes) = @_;
    my (@own, %plain);
    for my $change (@changes) {
        my ($op, $path, $value) = @$change;
        if ($op eq 'remove' || $path =~ /\[/ || $path eq Provision::Mapping::MANAGER) {
            push @own, object(op => $op, path => $path, @$change > 2 ? (value => $value) : ());
        }
        else {
            push @{ $plain{$op} }, $path, $value;
        }
    }
    for my $op (grep { $plain{$_} } qw(replace add)) {
        my @pair = @{ $plain{$op} };
        push @own, @pair == 2 && $dialect eq 'flagged'
            ? object(op => $op, path => $pair[0], value => $pair[1])
            : object(op => $op, value => object(@pair));
    }
    return @own;
}

1;
