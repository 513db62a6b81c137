package ScimTest::Relay;
# A process between the module and PostgreSQL that counts, and misbehaves on
# demand. It listens on a Unix socket in a directory of its own:
#
#   my $relay = ScimTest::Relay->new(dir => '/tmp/x', cluster => $cluster);
#   ... ScimDatabase "host=/tmp/x ..."        # $relay->conninfo
#   $relay->counts;    # { turns, statements, syncs, connections, open, cancels,
#                      #   bytes_in, bytes_out }
#   $relay->reset_counts;
#   $relay->mode('pass');        # forward everything
#   $relay->mode('refuse');      # new connections fail, open ones go on
#   $relay->mode('freeze');      # connections open, then silence both ways
#   $relay->mode('deaf');        # requests arrive, answers do not come back
#   $relay->mode('delay', 50);   # each answer comes 50 ms late
#   $relay->reset_connections;   # close all there are; the mode stays
#   $relay->sql;                 # texts of Parse and Query since reset_counts
#   $relay->sent;                # every byte clients sent since reset_counts
#   $relay->stop;
#
# What is counted, start-up packets aside:
#   turns       times that a client sent something and then had to wait: a
#               Sync, Query or Flush after which the client fell silent, and
#               before which the server had spoken (or nothing had been sent).
#               Many Syncs in one burst are one turn. A burst is collected for
#               LINGER seconds, so that it may arrive in several writes.
#   syncs       Sync and Query messages: round trips without pipelining
#   statements  Execute and Query messages
use strict;
use warnings;
use Errno qw(EINTR EAGAIN ECONNREFUSED ENOENT);
use IO::Select ();
use IO::Socket::UNIX ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);
use POSIX ();
use Socket qw(SOCK_STREAM);
use Time::HiRes qw(sleep time);
use ScimTest::Sys qw(make_dir wait_until alive);

use constant LINGER => 0.002;

# ---- the side of the test ----

sub new {
    my ($class, %opt) = @_;
    my $self = bless {
        dir      => $opt{dir} || die("ScimTest::Relay: dir is missing\n"),
        cluster  => $opt{cluster} || die("ScimTest::Relay: cluster is missing\n"),
        port     => 5432,
    }, $class;
    make_dir($self->{dir});
    my $target = sprintf '%s/.s.PGSQL.%d', $opt{cluster}->dir, $opt{cluster}->port;
    # A fresh perl, not a fork of this one: database handles, sockets and END
    # blocks are none of its business. It ends when our end of the pipe does.
    pipe my $read, my $write or die "pipe: $!\n";
    my $pid = fork;
    die "fork: $!\n" unless defined $pid;
    if (!$pid) {
        open STDIN, '<&', $read;
        no warnings 'exec';
        exec $^X, '-I', ScimTest::Sys::top() . '/t/lib', '-MScimTest::Relay',
            '-e', 'ScimTest::Relay::serve(@ARGV)', $self->{dir}, $target;
        POSIX::_exit(127);
    }
    close $read;
    @$self{qw(pid pipe owner)} = ($pid, $write, $$);
    wait_until(10, sub { -S "$self->{dir}/control" && eval { $self->counts } })
        or die "the relay did not start\n";
    return $self;
}

sub dir { $_[0]{dir} }

sub conninfo {
    my ($self, %opt) = @_;
    return $self->{cluster}->conninfo(host => $self->{dir}, port => 5432, %opt);
}

sub counts            { $_[0]->_ask('counts') }
sub reset_counts      { $_[0]->_ask('reset_counts') }
sub reset_connections { $_[0]->_ask('reset_connections') }
sub sql               { @{ $_[0]->_ask('sql') } }
sub sent              { decode_base64($_[0]->_ask('sent')) }

sub mode {
    my ($self, $mode, $value) = @_;
    die "the relay has no mode \"$mode\"\n"
        unless $mode =~ /^(?:pass|refuse|freeze|deaf|delay|reset)$/;
    return $self->reset_connections if $mode eq 'reset';
    return $self->_ask('mode', $mode, $value || 0);
}

# turns(CODE): how many turns CODE cost.
sub turns {
    my ($self, $code) = @_;
    $self->reset_counts;
    $code->();
    return $self->counts->{turns};
}

sub _ask {
    my ($self, @request) = @_;
    my $sock = IO::Socket::UNIX->new(Type => SOCK_STREAM,
        Peer => "$self->{dir}/control") or die "no answer from the relay: $!\n";
    print {$sock} JSON::PP::encode_json(\@request), "\n";
    my $line = <$sock>;
    die "no answer from the relay\n" unless defined $line;
    return JSON::PP->new->allow_nonref->decode($line);
}

sub stop {
    my $self = shift;
    return unless $self->{pid} && $self->{owner} == $$;
    local ($?, $!);
    close $self->{pipe};
    my $pid = delete $self->{pid};
    kill TERM => $pid;
    waitpid $pid, 0;
    unlink "$self->{dir}/.s.PGSQL.5432", "$self->{dir}/control";
    rmdir $self->{dir};
}

sub DESTROY { $_[0]->stop }

# ---- the process ----

my (%count, @sql, $sent, %link, $mode, $delay, $listen, $dir, $target, @late);

sub _zero {
    %count = map { $_ => 0 } qw(turns statements syncs connections cancels
                                bytes_in bytes_out);
    @sql = ();
    $sent = '';
}

sub _listen {
    my $path = "$dir/.s.PGSQL.5432";
    unlink $path;
    $listen = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => $path,
        Listen => 128) or die "relay: could not listen on $path: $!\n";
    chmod 0777, $path;
}

sub serve {
    ($dir, $target) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $control = IO::Socket::UNIX->new(Type => SOCK_STREAM,
        Local => "$dir/control", Listen => 16)
        or die "relay: could not listen on $dir/control: $!\n";
    ($mode, $delay) = ('pass', 0);
    _zero();
    _listen();

    while (1) {
        my $set = IO::Select->new($control, \*STDIN);
        my $frozen = $mode eq 'freeze';
        $set->add($listen) if $listen && !$frozen;
        if (!$frozen) {
            $set->add($_->{client}, $_->{server}) for values %{{ %link }};
        }
        my $wait = @late ? $late[0][0] - time : undef;
        $wait = 0 if defined $wait && $wait < 0;
        my @ready = $set->can_read($wait);
        _send_late();
        for my $fh (@ready) {
            if ($fh == \*STDIN) {
                POSIX::_exit(0) unless sysread STDIN, my $x, 1;
            }
            elsif ($fh == $control)             { _command($control->accept) }
            elsif ($listen && $fh == $listen)   { _accept() }
            elsif (my $l = $link{ fileno($fh) // -1 }) {
                next if $mode eq 'freeze';
                $fh == $l->{client} ? _from_client($l) : _from_server($l);
            }
        }
    }
}

sub _command {
    my ($sock) = @_;
    my $line = $sock && <$sock>;
    return unless defined $line;
    my ($what, @arg) = @{ JSON::PP::decode_json($line) };
    my $answer = 1;
    if ($what eq 'counts') {
        $answer = { %count, open => scalar(keys %link) / 2 };
    }
    elsif ($what eq 'reset_counts')      { _zero() }
    elsif ($what eq 'reset_connections') { _close($_) for values %{{ %link }} }
    elsif ($what eq 'sql')               { $answer = \@sql }
    elsif ($what eq 'sent')              { $answer = encode_base64($sent, '') }
    elsif ($what eq 'mode') {
        ($mode, $delay) = @arg;
        if ($mode eq 'refuse') {
            close $listen if $listen;
            undef $listen;
        }
        elsif (!$listen) {
            _listen();
        }
        # answers held back are lost: the connection has to go with them
        _close($_) for grep { $_->{lost} } values %{{ %link }};
    }
    print {$sock} JSON::PP->new->allow_nonref->encode($answer), "\n";
}

sub _accept {
    my $client = $listen->accept or return;
    my $server = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $target);
    if (!$server) {
        close $client;
        return;
    }
    $count{connections}++;
    my $l = { client => $client, server => $server, buf => '', started => 0,
              waiting => 0, lost => 0 };
    $link{ fileno $client } = $l;
    $link{ fileno $server } = $l;
}

sub _close {
    my ($l) = @_;
    for my $fh (@$l{qw(client server)}) {
        next unless defined fileno $fh;
        delete $link{ fileno $fh };
        close $fh;
    }
    @late = grep { $_->[1] != $l } @late;
}

sub _write {
    my ($fh, $data) = @_;
    my $pos = 0;
    while ($pos < length $data) {
        my $n = syswrite $fh, $data, length($data) - $pos, $pos;
        next if !defined $n && $! == EINTR;
        return 0 unless defined $n;
        $pos += $n;
    }
    return 1;
}

sub _from_client {
    my ($l) = @_;
    my $burst = '';
    my $set = IO::Select->new($l->{client});
    my $eof;
    while (1) {
        my $n = sysread $l->{client}, my $data, 65536;
        next if !defined $n && $! == EINTR;
        if (!$n) { $eof = 1; last }
        $burst .= $data;
        last unless $set->can_read(LINGER);
    }
    if ($burst ne '') {
        $sent .= $burst;
        $count{bytes_in} += length $burst;
        _count($l, $burst);
        $eof = 1 unless _write($l->{server}, $burst);
    }
    _close($l) if $eof;
}

# Take whole frontend messages out of what has come so far.
sub _count {
    my ($l, $burst) = @_;
    $l->{buf} .= $burst;
    my $ender = 0;
    while (1) {
        if (!$l->{started}) {
            last if length $l->{buf} < 8;
            my ($len, $code) = unpack 'NN', $l->{buf};
            last if length $l->{buf} < $len;
            substr($l->{buf}, 0, $len) = '';
            if ($code == 80877102) {
                $count{cancels}++;
                $count{connections}--;
            }
            # SSLRequest and GSSENCRequest are followed by another start-up
            $l->{started} = 1 unless $code == 80877103 || $code == 80877104;
            next;
        }
        last if length $l->{buf} < 5;
        my ($type, $len) = unpack 'aN', $l->{buf};
        last if length $l->{buf} < 1 + $len;
        my $body = substr $l->{buf}, 5, $len - 4;
        substr($l->{buf}, 0, 1 + $len) = '';
        $count{statements}++ if $type eq 'E' || $type eq 'Q';
        $count{syncs}++      if $type eq 'S' || $type eq 'Q';
        $ender = 1           if $type =~ /[SQH]/;
        push @sql, $body =~ s/\0.*//sr        if $type eq 'Q';
        push @sql, (split /\0/, $body, 3)[1]  if $type eq 'P';
    }
    if ($ender && !$l->{waiting}) {
        $count{turns}++;
        $l->{waiting} = 1;
    }
}

sub _from_server {
    my ($l) = @_;
    my $n = sysread $l->{server}, my $data, 65536;
    return if !defined $n && $! == EINTR;
    if (!$n) {
        _close($l);
        return;
    }
    $count{bytes_out} += $n;
    $l->{waiting} = 0;
    if ($mode eq 'deaf') {
        $l->{lost} = 1;
    }
    elsif ($mode eq 'delay' || grep { $_->[1] == $l } @late) {
        # never overtaking what is on its way already
        my $when = time + $delay / 1000;
        $when = $l->{last} if $l->{last} && $l->{last} > $when;
        push @late, [$l->{last} = $when, $l, $data];
        @late = sort { $a->[0] <=> $b->[0] } @late;
    }
    else {
        _write($l->{client}, $data) or _close($l);
    }
}

sub _send_late {
    while (@late && $late[0][0] <= time) {
        my ($when, $l, $data) = @{ shift @late };
        _write($l->{client}, $data) or _close($l);
    }
}

1;
