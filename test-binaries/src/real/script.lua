-- A script for the Lua interpreter: tables, strings, closures, coroutines, errors, numbers, files.
local n = tonumber(arg[1]) or 200

local function fib(k) return k < 2 and k or fib(k - 1) + fib(k - 2) end
print("fib", fib(20))

local t = {}
for i = 1, n do t[i] = (i * 7919) % 1009 end
table.sort(t, function(a, b) return a > b end)
print("sorted", t[1], t[#t], table.concat(t, ",", 1, 5))

local words = {}
for word in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[word] = (words[word] or 0) + 1 end
local keys = {}
for k in pairs(words) do keys[#keys + 1] = k end
table.sort(keys)
for _, k in ipairs(keys) do io.write(k, "=", words[k], " ") end
print()

local function generate(limit)
  return coroutine.wrap(function() for i = 1, limit do coroutine.yield(i * i) end end)
end
local sum = 0
for square in generate(n) do sum = sum + square end
print("coroutines", sum)

print(select(2, pcall(function() error({ code = 42 }) end)).code)
print(select(2, pcall(error, "message", 0)), select("#", 1, nil, 3))
print(select(2, pcall(function() local x = nil; return x.field end)))

print(10 // 3, -7 // 2, -7 % 3, 7 / 2, 2 ^ 10, 1e15, 0.1 + 0.2, 1 / 0, -1 / 0, 3 | 8, 5 ~ 1, ~0, 1 << 62)
print(math.maxinteger, math.mininteger, math.tointeger(3.0), math.floor(-2.5), math.type(1), math.type(1.0))
print(string.format("%5d|%-5s|%05.1f|%x|%q|%g", 42, "ab", 3.14159, 255, 'a "quote"\n', 1e100))
print(("hello world"):gsub("o", "0"), ("abc"):rep(3, "-"), ("hello"):upper():reverse(), ("x"):byte())
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("abc"):find("b", 1, true))
print(utf8.char(72, 228, 8364), utf8.len("Grüße"), string.pack("<i4", 100):byte(1, -1))

local Point = {}
Point.__index = Point
Point.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Point) end
Point.__tostring = function(p) return "point " .. p.x end
print(tostring(setmetatable({ x = 1 }, Point) + setmetatable({ x = 2 }, Point)))

local garbage = 0
for i = 1, n * 50 do
  local s = { tostring(i), { i } }
  garbage = garbage + #s[1]
end
collectgarbage()
print("garbage", garbage)

local name = os.getenv("TMPDIR") .. "/lua-test.txt"
local file = assert(io.open(name, "w"))
for i = 1, 10 do file:write("line ", i, "\n") end
file:close()
local lines = 0
for _ in io.lines(name) do lines = lines + 1 end
print("lines", lines, os.remove(name), io.open(name))
print(os.date("!%Y-%m-%d %H:%M:%S", 1000000000), os.time({ year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40 }))
print(load("return 1 + 1")(), load("syntax error here"))
local sieve, count = {}, 0
for i = 2, n * 20 do
  if not sieve[i] then
    count = count + 1
    for j = i * i, n * 20, i do sieve[j] = true end
  end
end
print("primes", count)
os.exit(5)
