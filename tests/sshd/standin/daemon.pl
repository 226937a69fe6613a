# A stand-in for Cassandra's process: called `java`, with the class name on its command line; it
# holds its data open and listens on its two ports, and USR1 closes the one for clients.
use strict;
use warnings;
use IO::Socket::INET;

my (undef, $here, $up, $native, $storage) = @ARGV;

sub port {
    return IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => shift, ReuseAddr => 1)
        || die "ERROR [main] cannot listen: $!\n";
}

sub write_file {
    my ($path, $text) = @_;
    open(my $file, '>', $path) or die "ERROR [main] $path: $!\n";
    print $file $text;
    close($file);
}

# it keeps its data open
my @held = map { open(my $file, '<', $_) or die "ERROR [main] $_: $!\n"; $file } glob("$here/data/*/*/*-Data.db");
my $internal = port($storage);
my $clients = port($native);
$SIG{USR1} = sub { close($clients); unlink("$here/native-open"); };
$SIG{TERM} = sub { unlink("$here/native-open"); exit 0; };
write_file("$here/pid", "$$\n");
write_file($up, '');
write_file("$here/native-open", '');
sleep 1 while 1;
