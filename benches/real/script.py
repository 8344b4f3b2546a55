# A script that lives on Python's interpreter and on its modules written in C: classes, generators, dictionaries, json, re,
# hashing, sorting.
import hashlib
import json
import re
import sys


class Account:
    def __init__(self, owner):
        self.owner = owner
        self.entries = []

    def book(self, amount):
        self.entries.append(amount)
        return self

    @property
    def balance(self):
        return sum(self.entries)


def numbers(seed, count):
    for _ in range(count):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield seed >> 16


accounts = [Account(f"owner{i}") for i in range(500)]
for i, number in enumerate(numbers(1, 150_000)):
    accounts[i % 500].book(number % 1000 - 400)
print(max(accounts, key=lambda account: account.balance).owner)

with open(sys.argv[1]) as source:
    text = source.read(600_000)
words = {}
for word in re.findall(r"[a-z]+", text):
    words[word] = words.get(word, 0) + 1
ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))
print(ranked[:3], len(ranked))
print(len(re.sub(r"\b([a-z])([a-z]*)\b", lambda match: match.group(1).upper() + match.group(2), text)))

document = [{"id": i, "name": f"n{i}", "tags": [str(i % 7), "x"], "value": i / 3} for i in range(15_000)]
for _ in range(3):
    document = json.loads(json.dumps(document))
print(document[-1])

grid = [[(x * y) % 17 for x in range(300)] for y in range(300)]
print(sum(max(row) - min(row) for row in zip(*grid)))
print(hashlib.sha256("".join(map(str, range(200_000))).encode()).hexdigest())

steps = 0
for start in range(1, 12_000):
    n = start
    while n != 1:
        n = 3 * n + 1 if n & 1 else n >> 1
        steps += 1
print(steps)
