package Provision::Json;
# JSON as a provisioning service writes and reads it. What is written keeps the
# order of its members, as the service does; there is nothing but strings,
# booleans, null, arrays and objects in it. What is read becomes hashes, arrays
# and strings; numbers are strings of digits then.
#
# Not JSON::PP, which needs a millisecond for a user, longer than the server.
use strict;
use warnings;
use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(object json_true json_false encode decode);

sub json_true  () { $JSON::PP::true }
sub json_false () { $JSON::PP::false }

# object(name => value, ...): members in this order.
sub object { return bless [@_], 'Provision::Json::Object' }

my %escape = ("\n" => '\n', "\r" => '\r', "\t" => '\t', "\f" => '\f',
              "\b" => '\b', '"' => '\"', '\\' => '\\\\');

sub _string {
    my ($text) = @_;
    $text =~ s/(["\\\x00-\x1f])/$escape{$1} \/\/ sprintf '\\u%04x', ord $1/ge;
    return "\"$text\"";
}

sub _write {
    my ($value) = @_;
    my $kind = ref $value;
    return defined $value ? _string($value) : 'null' if $kind eq '';
    return $value ? 'true' : 'false' if $kind eq 'JSON::PP::Boolean';
    return '[' . join(',', map { _write($_) } @$value) . ']' if $kind eq 'ARRAY';
    my @pair = $kind eq 'HASH' ? map { $_ => $value->{$_} } sort keys %$value
                               : @$value;
    my @member;
    while (my ($name, $member) = splice @pair, 0, 2) {
        push @member, _string($name) . ':' . _write($member);
    }
    return '{' . join(',', @member) . '}';
}

# Data to bytes in UTF-8.
sub encode {
    my ($data) = @_;
    my $text = _write($data);
    utf8::encode($text);
    return $text;
}

# Bytes in UTF-8 to data; dies with a sentence when they are no JSON.
sub decode {
    my ($bytes) = @_;
    my $text = $bytes;
    utf8::decode($text) or die "not JSON: the bytes are not UTF-8\n";
    local $_ = $text;
    pos = 0;
    my $value = _read();
    /\G[ \t\r\n]*\z/gc or _fault();
    return $value;
}

sub _fault { die 'not JSON, at character ' . (pos() // 0) . "\n" }

my %plain = (n => "\n", r => "\r", t => "\t", f => "\f", b => "\b");

sub _unescape {
    my ($text) = @_;
    $text =~ s{\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|(.))}{
        defined $1 ? chr(0x10000 + ((hex($1) & 0x3ff) << 10) + (hex($2) & 0x3ff))
      : defined $3 ? chr(hex $3)
      : $plain{$4} // $4
    }gesi;
    return $text;
}

# One value of $_, from pos on.
sub _read {
    if (/\G[ \t\r\n]*"((?:[^"\\\x00-\x1f]+|\\.)*)"/gcs) {
        my $text = $1;
        return index($text, '\\') < 0 ? $text : _unescape($text);
    }
    if (/\G[ \t\r\n]*\{[ \t\r\n]*/gc) {
        my %object;
        return \%object if /\G\}/gc;
        while (1) {
            /\G[ \t\r\n]*"((?:[^"\\\x00-\x1f]+|\\.)*)"[ \t\r\n]*:/gcs or _fault();
            my $name = $1;
            $name = _unescape($name) if index($name, '\\') >= 0;
            $object{$name} = _read();
            next if /\G[ \t\r\n]*,/gc;
            return \%object if /\G[ \t\r\n]*\}/gc;
            _fault();
        }
    }
    if (/\G[ \t\r\n]*\[[ \t\r\n]*/gc) {
        my @array;
        return \@array if /\G\]/gc;
        while (1) {
            push @array, _read();
            next if /\G[ \t\r\n]*,/gc;
            return \@array if /\G[ \t\r\n]*\]/gc;
            _fault();
        }
    }
    return json_true  if /\G[ \t\r\n]*true/gc;
    return json_false if /\G[ \t\r\n]*false/gc;
    return undef      if /\G[ \t\r\n]*null/gc;
    return $1 if /\G[ \t\r\n]*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/gc;
    _fault();
}

1;
