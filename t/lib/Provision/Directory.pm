package Provision::Directory;
# A directory of people: what an identity provider holds of its own. It is read
# from a file, CSV or JSON, with the names that Entra's exports have:
#
#   objectId (or id), userPrincipalName, mail, givenName, surname, displayName,
#   jobTitle, department, userType, manager (an objectId or a userPrincipalName),
#   accountEnabled, and two that say how somebody stands with the application:
#   assigned, and deletedDateTime for those in the recycle bin.
#
# objectId and userPrincipalName must be there, the rest need not: who is not
# said to be disabled, unassigned or deleted is none of it. Other columns are
# passed over.
use strict;
use warnings;
use Provision::Csv ();
use Provision::Json ();
use Provision::Time ();

our @FIELDS = qw(objectId userPrincipalName mail givenName surname displayName
                 jobTitle department userType manager accountEnabled assigned
                 deletedDateTime);

# A person in the recycle bin is purged after so many days.
use constant BIN_DAYS => 30;

my %name = (id => 'objectId', upn => 'userPrincipalName',
            map { lc $_ => $_ } @FIELDS);

sub new {
    my ($class, @people) = @_;
    my $self = bless { people => [], by_id => {} }, $class;
    $self->add($_) for @people;
    $self->_resolve_managers;
    return $self;
}

# The file's content decides what it is.
sub load {
    my ($class, $file) = @_;
    open my $fh, '<:raw', $file or die "could not open \"$file\": $!\n";
    my $bytes = do { local $/; <$fh> } // '';
    my $self = eval { $class->parse($bytes) } or die "$file: $@";
    return $self;
}

sub parse {
    my ($class, $bytes) = @_;
    my $text = $bytes;
    utf8::decode($text) or die "not UTF-8: save the file as \"CSV UTF-8\"\n";
    return $class->new($text =~ /\A\x{feff}?\s*[\[\{]/ ? _from_json($bytes)
                                                       : _from_csv($text));
}

sub _from_csv {
    my ($text) = @_;
    my ($names, $rows, $lines) = Provision::Csv::parse($text);
    my @column = map { $name{ lc s/\s+//gr } } @$names;
    for my $must (qw(objectId userPrincipalName)) {
        die "there is no column \"$must\"\n" unless grep { ($_ // '') eq $must } @column;
    }
    my @people;
    for my $n (0 .. $#$rows) {
        my %person = (line => $lines->[$n]);
        for my $i (0 .. $#column) {
            $person{ $column[$i] } = $rows->[$n][$i] if defined $column[$i];
        }
        push @people, \%person;
    }
    return @people;
}

# An array of people, or what Microsoft Graph answers: {"value":[...]}.
sub _from_json {
    my ($bytes) = @_;
    $bytes =~ s/\A\xef\xbb\xbf//;
    my $data = Provision::Json::decode($bytes);
    $data = $data->{value} if ref $data eq 'HASH';
    die "neither an array of people nor {\"value\": [...]}\n" unless ref $data eq 'ARRAY';
    my @people;
    for my $entry (@$data) {
        die 'entry ' . (@people + 1) . " is not an object\n" unless ref $entry eq 'HASH';
        my %person = (line => @people + 1);
        for my $key (keys %$entry) {
            my $field = $name{lc $key} or next;
            my $value = $entry->{$key};
            $value = $value->{id} // $value->{objectId} if ref $value eq 'HASH';
            $value = $value ? 'true' : 'false' if ref $value eq 'JSON::PP::Boolean';
            $person{$field} = $value;
        }
        push @people, \%person;
    }
    return @people;
}

sub add {
    my ($self, $given) = @_;
    my $line = delete $given->{line};
    my $where = defined $line ? "line $line: " : '';
    my %person;
    for my $field (@FIELDS) {
        my $value = $given->{$field};
        $person{$field} = defined $value && $value ne '' ? $value : undef;
    }
    for my $must (qw(objectId userPrincipalName)) {
        die "${where}there is no $must\n" unless defined $person{$must};
    }
    for my $flag (qw(accountEnabled assigned)) {
        my $value = lc($person{$flag} // 'true');
        die "${where}$flag is neither true nor false: \"$person{$flag}\"\n"
            unless $value =~ /\A(?:(true|yes|1)|false|no|0)\z/;
        $person{$flag} = $1 ? 1 : 0;
    }
    if (defined $person{deletedDateTime}) {
        Provision::Time::parse($person{deletedDateTime}) // die
            "${where}deletedDateTime is no time: \"$person{deletedDateTime}\"\n";
    }
    die "${where}objectId $person{objectId} is there twice\n"
        if $self->{by_id}{ $person{objectId} };
    push @{ $self->{people} }, \%person;
    $self->{by_id}{ $person{objectId} } = \%person;
    return \%person;
}

# A manager may be named by userPrincipalName; from here on it is the objectId.
sub _resolve_managers {
    my $self = shift;
    my %by_upn = map { lc $_->{userPrincipalName} => $_->{objectId} } @{ $self->{people} };
    for my $person (grep { defined $_->{manager} } @{ $self->{people} }) {
        next if $self->{by_id}{ $person->{manager} };
        $person->{manager} = $by_upn{ lc $person->{manager} } // $person->{manager};
    }
}

sub people { @{ $_[0]{people} } }
sub size   { scalar @{ $_[0]{people} } }

# The person with this objectId, or undef.
sub person { $_[0]{by_id}{ $_[1] } }

# The person with this objectId or userPrincipalName; dies when there is none.
sub find {
    my ($self, $who) = @_;
    my ($person) = $self->{by_id}{$who}
        // grep { lc $_->{userPrincipalName} eq lc $who } @{ $self->{people} };
    return $person // die "the directory has nobody called \"$who\"\n";
}

sub remove {
    my ($self, $object_id) = @_;
    delete $self->{by_id}{$object_id} or return;
    @{ $self->{people} } = grep { $_->{objectId} ne $object_id } @{ $self->{people} };
}

# A copy that can be changed without this one noticing.
sub copy {
    my $self = shift;
    return ref($self)->new(map { { %$_ } } @{ $self->{people} });
}

sub _text {
    my ($person, $field) = @_;
    my $value = $person->{$field};
    return $value ? 'true' : 'false' if $field =~ /\A(?:accountEnabled|assigned)\z/;
    return $value;
}

# CSV, or JSON when the name of the file ends so.
sub save {
    my ($self, $file) = @_;
    open my $fh, '>:raw', $file or die "could not write \"$file\": $!\n";
    print {$fh} $file =~ /\.json\z/i ? $self->json : $self->csv;
    close $fh or die "could not write \"$file\": $!\n";
}

sub csv {
    my $self = shift;
    my $text = Provision::Csv::format(\@FIELDS,
        map { my $p = $_; [map { _text($p, $_) } @FIELDS] } $self->people);
    utf8::encode($text);
    return $text;
}

sub json {
    my $self = shift;
    my @lines = map { my $p = $_; Provision::Json::encode(Provision::Json::object(
        map { my $v = _text($p, $_); defined $v ? ($_ => $v) : () } @FIELDS)) } $self->people;
    return "[\n" . join(",\n", @lines) . "\n]\n";
}

# How a person stands with the application at a time: 'in'; 'out' (disabled,
# unassigned, or in the recycle bin), which is what IsSoftDeleted says; or
# 'gone' for good. undef for nobody.
sub standing {
    my ($person, $now) = @_;
    return 'gone' unless $person;
    if (defined $person->{deletedDateTime}) {
        my $since = Provision::Time::parse($person->{deletedDateTime});
        return $now - $since >= BIN_DAYS * 86400 ? 'gone' : 'out';
    }
    return $person->{accountEnabled} && $person->{assigned} ? 'in' : 'out';
}

# What distinguishes two states of a person, as text.
sub fingerprint {
    my ($person, $now) = @_;
    return join "\x1f", standing($person, $now),
        map { $_ // '' } @$person{ grep { $_ ne 'deletedDateTime' } @FIELDS };
}

1;
