-- A script that lives on Lua's interpreter: calls, tables, strings, closures, sorting, patterns.
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(29))

local Point = {}
Point.__index = Point
function Point.new(x, y) return setmetatable({ x = x, y = y }, Point) end
function Point:add(other) return Point.new(self.x + other.x, self.y + other.y) end
local sum = Point.new(0, 0)
for i = 1, 400000 do sum = sum:add(Point.new(i, 0.5 * i)) end
print(sum.x, sum.y)

local state = 42
local function random(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n
end
local list = {}
for i = 1, 120000 do list[i] = random(32768) end
table.sort(list, function(a, b) return a > b end)
print(list[1], list[#list // 2], list[#list])

local words = {}
for i = 1, 40000 do words[i] = "word" .. random(5000) end
local text = table.concat(words, " ")
local counts = {}
for word in text:gmatch("%a+%d+") do counts[word] = (counts[word] or 0) + 1 end
local names = {}
for name in pairs(counts) do names[#names + 1] = name end
table.sort(names)
print(#names, names[1], counts[names[1]])
print(#(text:gsub("word(%d+)", function(digits) return string.format("<%05d>", tonumber(digits)) end)))

local function counter()
  local n = 0
  return function(step) n = n + step; return n end
end
local total = 0
for _ = 1, 20000 do
  local count = counter()
  for step = 1, 20 do total = total + count(step) end
end
print(total)
