package Provision::Resource;
# A user as the application returned it, and what it lacks.
use strict;
use warnings;
use Exporter qw(import);
use Provision::Mapping qw(CORE ENTERPRISE);

our @EXPORT_OK = qw(value_at changes);

# The value at a path that a mapping can have, or undef: name.givenName,
# emails[type eq "work"].value, URN:department, URN:manager.
sub value_at {
    my ($resource, $path) = @_;
    return undef unless ref $resource eq 'HASH';
    if ($path =~ /\A(\w+)\[(\w+) eq "([^"]*)"\]\.(\w+)\z/) {
        my ($list, $key, $is, $sub) = ($resource->{$1}, $2, $3, $4);
        return undef unless ref $list eq 'ARRAY';
        for my $element (grep { ref eq 'HASH' } @$list) {
            return $element->{$sub} if ($element->{$key} // '') eq $is;
        }
        return undef;
    }
    if ($path =~ /\A(urn:.*):(\w+)\z/s) {
        my ($urn, $name) = ($1, $2);
        my $value = $urn eq CORE ? $resource->{$name}
            : ref $resource->{$urn} eq 'HASH' ? $resource->{$urn}{$name} : undef;
        return ref $value eq 'HASH' ? $value->{value} : $value;
    }
    my $value = $resource;
    for my $name (split /\./, $path) {
        return undef unless ref $value eq 'HASH';
        $value = $value->{$name};
    }
    return $value;
}

sub _same {
    my ($wanted, $there) = @_;
    return 0 unless defined $there;
    if (ref $wanted eq 'JSON::PP::Boolean') {
        return 0 unless ref $there eq 'JSON::PP::Boolean' || $there =~ /\A(?:true|false)\z/i;
        my $is = ref $there ? $there : lc $there eq 'true';
        return !$wanted == !$is;
    }
    return !ref $there && $wanted eq $there;
}

# changes(RESOURCE, [path, value], ...): what has to be sent, each as
# [add|replace|remove, path, value]. A wanted value of undef means "not there".
sub changes {
    my ($resource, @wanted) = @_;
    my @changes;
    for my $want (@wanted) {
        my ($path, $value) = @$want;
        my $there = value_at($resource, $path);
        if (!defined $value) {
            push @changes, ['remove', $path] if defined $there;
        }
        elsif (!_same($value, $there)) {
            push @changes, [defined $there ? 'replace' : 'add', $path, $value];
        }
    }
    return @changes;
}

1;
