# A script that lives on Perl's interpreter: regular expressions, hashes, sorting, strings.
use strict;
use warnings;

open my $source, '<', $ARGV[0] or die "$ARGV[0]: $!";
my (%words, %pairs, $last);
while (my $line = <$source>) {
    last if $. > 25000;
    for my $word ($line =~ /([a-z]+)/g) {
        $words{$word}++;
        $pairs{"$last $word"}++ if defined $last;
        $last = $word;
    }
}
my @ranked = sort { $words{$b} <=> $words{$a} || $a cmp $b } keys %words;
print "$_ $words{$_}\n" for @ranked[0 .. 4];
my @doubles = sort { $pairs{$b} <=> $pairs{$a} || $a cmp $b } keys %pairs;
print scalar(@doubles), " $doubles[0]\n";

sub ackermann {
    my ($m, $n) = @_;
    return $n + 1 if $m == 0;
    return ackermann($m - 1, 1) if $n == 0;
    return ackermann($m - 1, ackermann($m, $n - 1));
}
no warnings 'recursion';
print ackermann(2, 200), "\n";

my $text = join ',', map { sprintf '%03d', $_ * 7919 % 1000 } 1 .. 60000;
(my $changed = $text) =~ s/(\d)(\d)(\d)/$3$2$1/g;
print length $changed, ' ', substr($changed, 0, 20), "\n";
my $sum = 0;
$sum += $_ for split /,/, $changed;
print "$sum\n";
