# A script that lives on the shell itself: arithmetic, strings, functions, loops; no other program is started.
collatz() {
  n=$1
  count=0
  while [ "$n" -ne 1 ]; do
    if [ $((n % 2)) -eq 0 ]; then n=$((n / 2)); else n=$((3 * n + 1)); fi
    count=$((count + 1))
  done
}
best=0
total=0
i=1
while [ $i -lt 700 ]; do
  collatz $i
  total=$((total + count))
  if [ $count -gt $best ]; then best=$count; fi
  i=$((i + 1))
done
echo "$best $total"
list=""
i=0
while [ $i -lt 1500 ]; do
  list="$list item$((i * 7 % 100))"
  i=$((i + 1))
done
hits=0
for word in $list; do
  case $word in
    item1*) hits=$((hits + 1)) ;;
    *9) hits=$((hits + 100)) ;;
  esac
done
echo "$hits ${#list} ${list%%item50*}"
