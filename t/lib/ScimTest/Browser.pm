package ScimTest::Browser;
# A real Chromium without a window, driven by chromedriver over the WebDriver
# protocol: HTTP and JSON, nothing else.
#
#   my $b = ScimTest::Browser->new(width => 390, height => 844);
#   $b->open('http://name:password@127.0.0.1:8642/scim/console/');
#   $b->wait_for(q{document.querySelectorAll('#tokens tbody tr').length});
#   $b->click('#issue button');  $b->type('#search', 'joy');  $b->press('Tab');
#   $b->js('return document.title');
#   $b->stop;
#
# Without a browser it dies; "make deps" installs one.
use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX ();
use ScimTest::Sys qw(slurp spew wait_until alive);

use constant TIMEOUT => 30;

# WebDriver's name of a reference to an element
use constant ELEMENT => 'element-6066-11e4-a52e-4f735466cecf';

my %KEY = (Tab => "\x{e004}", Enter => "\x{e007}", Space => ' ', Escape => "\x{e00c}",
           Shift => "\x{e008}", Down => "\x{e015}", End => "\x{e010}");

sub new {
    my ($class, %opt) = @_;
    my $self = bless { width => 1280, height => 900, owner => $$, %opt }, $class;
    $self->{tmp} = File::Temp::tempdir('scim-browser-XXXXXX', DIR => '/tmp');
    $self->{http} = HTTP::Tiny->new(timeout => TIMEOUT + 30, keep_alive => 1);
    $self->_start_driver;
    my $answer = $self->_call(POST => '/session', { capabilities => { alwaysMatch => {
        browserName => 'chrome',
        'goog:loggingPrefs' => { browser => 'ALL' },
        'goog:chromeOptions' => { args => [
            '--headless=new', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--hide-scrollbars',
            '--lang=en', "--user-data-dir=$self->{tmp}/profile",
            # nobody but root goes without
            $> == 0 ? '--no-sandbox' : (),
        ] },
    } } });
    $self->{session} = "/session/$answer->{sessionId}";
    $self->size(@$self{qw(width height)});
    return $self;
}

# In a process group of its own, so that nothing of it is left behind.
sub _start_driver {
    my $self = shift;
    my $log = "$self->{tmp}/driver.log";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        $ENV{HOME} = $self->{tmp};
        delete @ENV{qw(DISPLAY LD_PRELOAD DBUS_SESSION_BUS_ADDRESS)};
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        { no warnings 'exec'; exec 'chromedriver', '--port=0' }
        print "chromedriver: $!: run make deps\n";
        POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    wait_until(TIMEOUT, sub {
        $self->{port} = $1 if -e $log && slurp($log) =~ /started successfully on port (\d+)/;
        return $self->{port} || waitpid($pid, POSIX::WNOHANG()) == $pid;
    });
    die 'there is no browser: ' . slurp($log) unless $self->{port};
}

sub _call {
    my ($self, $method, $path, $body) = @_;
    my $res = $self->{http}->request($method, "http://127.0.0.1:$self->{port}$path", defined $body
        ? { headers => { 'Content-Type' => 'application/json' }, content => JSON::PP->new->utf8->encode($body) }
        : {});
    my $json = eval { JSON::PP->new->utf8->decode($res->{content}) };
    die "browser: $method $path: $res->{status} $res->{content}\n" unless $json;
    my $value = $json->{value};
    die "browser: $value->{error}: " . ($value->{message} =~ s/\n.*//sr) . "\n"
        if ref $value eq 'HASH' && defined $value->{error};
    return $value;
}

sub _do { my ($self, $method, $path, $body) = @_; $self->_call($method, "$self->{session}$path", $body) }

# A command of the DevTools protocol.
sub devtools {
    my ($self, $command, $params) = @_;
    return $self->_do(POST => '/goog/cdp/execute', { cmd => $command, params => $params || {} });
}

# The size of what a page sees of itself.
sub size {
    my ($self, $width, $height) = @_;
    $self->devtools('Emulation.setDeviceMetricsOverride', { width => $width, height => $height,
        deviceScaleFactor => 1, mobile => $width < 500 ? JSON::PP::true : JSON::PP::false });
}

# light or dark
sub scheme {
    my ($self, $scheme) = @_;
    $self->devtools('Emulation.setEmulatedMedia',
        { features => [{ name => 'prefers-color-scheme', value => $scheme }] });
}

sub open { my ($self, $url) = @_; $self->_do(POST => '/url', { url => $url }) }
sub url  { $_[0]->_do(GET => '/url') }

# The body of a function, its arguments as "arguments".
sub js { my ($self, $code, @args) = @_; $self->_do(POST => '/execute/sync', { script => $code, args => \@args }) }

# Until an expression is true; its value. Dies after TIMEOUT seconds.
sub wait_for {
    my ($self, $expression, @args) = @_;
    my $value;
    wait_until(TIMEOUT, sub { $value = $self->js("return ($expression)", @args) })
        or die "browser: this did not come true: $expression\n" . $self->js('return document.body.innerText') . "\n";
    return $value;
}

sub _find {
    my ($self, $css) = @_;
    return $self->_do(POST => '/element', { using => 'css selector', value => $css })->{ELEMENT()};
}

# As a person does: it has to be there, in sight, and not covered.
sub click { my ($self, $css) = @_; $self->_do(POST => '/element/' . $self->_find($css) . '/click', {}) }

# Replace what is in a field by TEXT.
sub type {
    my ($self, $css, $text) = @_;
    my $element = $self->_find($css);
    $self->_do(POST => "/element/$element/clear", {});
    $self->_do(POST => "/element/$element/value", { text => $text });
}

sub text  { my ($self, $css) = @_; $self->_do(GET => '/element/' . $self->_find($css) . '/text') }
sub value { my ($self, $css) = @_; $self->js('return document.querySelector(arguments[0]).value', $css) }

# Choose an option of a select by its value.
sub choose { my ($self, $css, $value) = @_; $self->click("$css option[value=\"$value\"]") }

# Keys, one after the other: names such as Tab, "Shift+Tab", or a text.
sub press {
    my ($self, @keys) = @_;
    my @action;
    for my $key (@keys) {
        my @held = split /(?<=.)\+/, $key;
        my $last = pop @held;
        my @last = defined $KEY{$last} ? $KEY{$last} : split //, $last;
        push @action, map { { type => 'keyDown', value => $KEY{$_} } } @held;
        push @action, map { ({ type => 'keyDown', value => $_ }, { type => 'keyUp', value => $_ }) } @last;
        push @action, map { { type => 'keyUp', value => $KEY{$_} } } @held;
    }
    $self->_do(POST => '/actions', { actions => [{ type => 'key', id => 'keyboard', actions => \@action }] });
}

# What the focus is on: its id, else its accessible name or text.
sub focus {
    my $self = shift;
    return $self->js(q{const e = document.activeElement;
        return e.id || e.getAttribute('aria-label') || e.textContent.trim() || e.tagName;});
}

# What the browser has to complain about since the last call.
sub complaints {
    my $self = shift;
    return map { $_->{message} } grep { $_->{level} =~ /SEVERE|WARNING/ }
        @{ $self->_do(POST => '/se/log', { type => 'browser' }) };
}

sub screenshot {
    my ($self, $file) = @_;
    return spew($file, decode_base64($self->_do(GET => '/screenshot')));
}

sub stop {
    my $self = shift;
    my $pid = delete $self->{pid};
    return unless $pid && $self->{owner} == $$;
    eval { $self->_do(DELETE => '') } if $self->{session};
    kill TERM => -$pid;
    wait_until(5, sub { waitpid($pid, POSIX::WNOHANG()) }) or kill KILL => -$pid;
    remove_tree($self->{tmp});
}

sub DESTROY { local ($?, $@); $_[0]->stop }

1;
