package ScimTest::Log;
# What nobody may find in an error_log without having been told.
use strict;
use warnings;
use JSON::PP ();

my $FAULT = qr/\[scim:(?:warn|error|crit|alert|emerg)\]|\bexit\ signal\b
              |seg\ fault|Segmentation\ fault|AddressSanitizer|runtime\ error:/x;

# Callers without a valid token are what many tests send.
my $USUAL = qr/\bSCIM00(?:14|82): refused /;

# Lines of TEXT that are faults and match none of the patterns.
sub faults {
    my ($text, @pattern) = @_;
    return grep { my $line = $_;
                  $line =~ $FAULT && $line !~ $USUAL && !grep { $line =~ $_ } @pattern }
           split /\n/, $text;
}

# Test files leave their patterns here for the last look at the whole log: a
# parent may report a child only when the file is over.
sub announce {
    my ($run, @pattern) = @_;
    open my $fh, '>>', "$run/announced" or die "$run/announced: $!\n";
    print {$fh} JSON::PP->new->allow_nonref->ascii->encode("$_"), "\n" for @pattern;
}

sub announced {
    my ($run) = @_;
    open my $fh, '<', "$run/announced" or return;
    return map { my $re = JSON::PP->new->allow_nonref->decode($_); qr/$re/ } <$fh>;
}

1;
