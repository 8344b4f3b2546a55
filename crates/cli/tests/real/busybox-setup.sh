# Makes the directory in which every line of busybox.txt runs. Executed by the host's own busybox, before both runs.
umask 022
mkdir -p tree/one/deep tree/two
printf 'pear 3\napple 10\nfig 7\napple 2\ncherry 25\n\nbanana 1\n' > fruit
seq 1 100 > numbers
printf 'name,age,city\nAnn,31,Oslo\nBob,27,Rome\nCid,45,Oslo\nDee,27,Paris\n' > people.csv
printf 'The quick brown fox\njumps over\tthe lazy dog.\n  Indented line\nTHE END\n' > text
printf 'one\ntwo\nthree\nfour\nfive\n' > left
printf 'one\nTWO\nthree\nfive\nsix\n' > right
printf '\000\001\002\177\200\377ABC\nbinary\000strings here\000\376\n' > binary
i=0; while [ $i -lt 400 ]; do echo "line $i of a long and boring text, $((i * i % 97))"; i=$((i + 1)); done > long
echo alpha > tree/one/alpha.txt; echo beta > tree/one/deep/beta.c; echo gamma > tree/two/gamma.txt; : > tree/two/empty
ln -s one/alpha.txt tree/link; ln tree/two/gamma.txt tree/two/hard
printf '#!/bin/sh\necho script got "$@"\n' > script; chmod 755 script
chmod 600 right; chmod 444 left
find . -exec touch -h -d '2001-09-09 01:46:40' {} +
