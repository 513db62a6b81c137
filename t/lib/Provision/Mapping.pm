package Provision::Mapping;
# Which attribute of the directory goes to which attribute of SCIM: the table
# that an administrator fills in. The four of the default are the least that an
# application needs; each other may be added.
#
#   Provision::Mapping->new                     # the default
#   Provision::Mapping->new(qw(default displayName department manager))
#   Provision::Mapping->new('all')
use strict;
use warnings;
use Exporter qw(import);
use Provision::Directory ();
use Provision::Json qw(json_true json_false);

use constant CORE       => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
use constant WORK_MAIL  => 'emails[type eq "work"].value';
use constant MANAGER    => ENTERPRISE . ':manager';

our @EXPORT_OK = qw(CORE ENTERPRISE WORK_MAIL MANAGER);

sub _field { my ($name) = @_; return sub { $_[0]{$name} } }

# name, attribute of SCIM, expression as the administrator writes it, its value
my @TABLE = (
    [userName    => 'userName',                'userPrincipalName',    _field('userPrincipalName')],
    [active      => 'active',                  'Not([IsSoftDeleted])', sub { json_true }],
    [displayName => 'displayName',             'displayName',          _field('displayName')],
    [title       => 'title',                   'jobTitle',             _field('jobTitle')],
    [mail        => WORK_MAIL,                 'mail',                 _field('mail')],
    [givenName   => 'name.givenName',          'givenName',            _field('givenName')],
    [surname     => 'name.familyName',         'surname',              _field('surname')],
    [formatted   => 'name.formatted',          'Join(" ", [givenName], [surname])',
        sub { my $text = join ' ', grep { defined } @{ $_[0] }{qw(givenName surname)};
              $text eq '' ? undef : $text }],
    [externalId  => 'externalId',              'objectId',             _field('objectId')],
    [department  => ENTERPRISE . ':department', 'department',          _field('department')],
    # a reference: its value is the id that the manager has in the application
    [manager     => MANAGER,                   'manager',              undef],
);

my %SET = (default => [qw(userName mail active externalId)],
           all     => [map { $_->[0] } @TABLE]);

# Names for the user of a command.
sub names { map { $_->[0] } @TABLE }

sub new {
    my ($class, @names) = @_;
    my %wish;
    for my $name (map { @{ $SET{$_} || [$_] } } @names ? @names : 'default') {
        die "there is no mapping \"$name\"; there are: default, all, "
            . join(', ', names()) . "\n" unless grep { $_->[0] eq $name } @TABLE;
        $wish{$name} = 1;
    }
    return bless { rows => [grep { $wish{ $_->[0] } } @TABLE] }, $class;
}

# [attribute of SCIM, expression], ...
sub table { map { [@$_[1, 2]] } @{ $_[0]{rows} } }

sub has { my ($self, $path) = @_; return scalar grep { $_->[1] eq $path } @{ $self->{rows} } }

# What the application should hold of a person: [attribute, value], ... An
# attribute without a value in the directory is not among them: the service
# never sends one, and leaves alone what the application has there. Of somebody
# who is out, nothing matters but that.
sub wanted {
    my ($self, $person, $now) = @_;
    if (Provision::Directory::standing($person, $now) ne 'in') {
        return $self->has('active') ? ['active', json_false] : ();
    }
    my @wanted;
    for my $row (@{ $self->{rows} }) {
        my $value = $row->[3] ? $row->[3]->($person) : undef;
        push @wanted, [$row->[1], $value] if defined $value;
    }
    return @wanted;
}

# The objectId of the manager whom the application should know, or undef.
sub manager_of {
    my ($self, $person, $now) = @_;
    return undef unless $self->has(MANAGER)
        && Provision::Directory::standing($person, $now) eq 'in';
    return $person->{manager};
}

1;
