// C++ with its run-time library: exceptions through many frames, iostreams, containers, templates, virtual calls, threads,
// run-time type information, static construction. Linked statically; the output is the same everywhere.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

struct Tracker {
    static int alive;
    Tracker() { alive++; }
    Tracker(const Tracker &) { alive++; }
    ~Tracker() { alive--; }
};
int Tracker::alive = 0;

class Fault : public std::runtime_error {
  public:
    Fault(const std::string &text, int depth) : std::runtime_error(text), depth(depth) {}
    int depth;
};

int dive(int depth, int stop) {
    Tracker guard;
    if (depth == stop)
        throw Fault("at the bottom", depth);
    try {
        return dive(depth + 1, stop) + 1;
    } catch (const std::logic_error &) {
        return -1; // never
    }
}

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};
struct Square : Shape {
    explicit Square(double side) : side(side) {}
    double area() const override { return side * side; }
    double side;
};
struct Circle : Shape {
    explicit Circle(double radius) : radius(radius) {}
    double area() const override { return 3.0 * radius * radius; }
    double radius;
};

template <int N> struct Factorial {
    static constexpr std::uint64_t value = N * Factorial<N - 1>::value;
};
template <> struct Factorial<0> {
    static constexpr std::uint64_t value = 1;
};

template <typename... T> std::string join(const T &...parts) {
    std::ostringstream out;
    ((out << parts << ' '), ...);
    return out.str();
}

} // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::stoi(argv[1]) : 200;

    int caught = 0;
    for (int i = 0; i < rounds; i++)
        try {
            dive(0, i % 40);
        } catch (const Fault &fault) {
            caught += fault.depth;
        }
    std::cout << "caught " << caught << " alive " << Tracker::alive << '\n';
    try {
        try {
            (void)std::vector<int>(3).at(7);
        } catch (...) {
            std::throw_with_nested(std::invalid_argument("outer"));
        }
    } catch (const std::exception &error) {
        std::cout << error.what();
        try {
            std::rethrow_if_nested(error);
        } catch (const std::out_of_range &) {
            std::cout << " holds out_of_range\n";
        }
    }
    try {
        Shape *shape = new Square(1);
        std::unique_ptr<Shape> owner(shape);
        (void)dynamic_cast<Circle &>(*shape);
    } catch (const std::bad_cast &) {
        std::cout << "bad cast\n";
    }

    std::map<std::string, std::vector<int>> index;
    std::istringstream words("the cat and the dog and the bird saw the cat");
    std::string word;
    for (int at = 0; words >> word; at++)
        index[word].push_back(at);
    for (const auto &[key, places] : index)
        std::cout << std::setw(6) << std::left << key << std::accumulate(places.begin(), places.end(), 0) << '\n';

    std::unordered_map<std::uint64_t, std::uint64_t> table;
    std::set<std::uint32_t> ordered;
    std::uint32_t seed = 1;
    for (int i = 0; i < rounds * 50; i++) {
        seed = seed * 1664525 + 1013904223;
        table[seed % 1000] += seed;
        ordered.insert(seed >> 12);
    }
    std::uint64_t sum = 0;
    for (const auto &[key, value] : table)
        sum += key ^ value;
    std::cout << table.size() << ' ' << ordered.size() << ' ' << sum << ' ' << *ordered.begin() << '\n';

    std::vector<std::unique_ptr<Shape>> shapes;
    for (int i = 1; i < 20; i++)
        if (i % 2)
            shapes.push_back(std::make_unique<Square>(i));
        else
            shapes.push_back(std::make_unique<Circle>(i));
    double area = 0;
    for (const auto &shape : shapes)
        area += shape->area();
    std::cout << std::fixed << std::setprecision(3) << area << ' ' << std::scientific << area << std::defaultfloat << ' '
              << std::hex << std::showbase << 48879 << std::dec << ' ' << std::boolalpha
              << (typeid(*shapes[0]) == typeid(Square)) << '\n';
    std::cout << Factorial<20>::value << ' ' << join("joined", 1, 2.5, 'c', std::string("text")) << '\n';

    std::variant<int, std::string> either = std::string("variant");
    std::visit([](const auto &value) { std::cout << value << '\n'; }, either);
    std::function<int(int)> collatz = [&](int n) { return n == 1 ? 0 : 1 + collatz(n % 2 ? 3 * n + 1 : n / 2); };
    std::cout << collatz(27) << ' ' << std::regex_replace("a1b22c333", std::regex("[0-9]+"), "#") << '\n';

    std::mutex mutex;
    std::atomic<int> counter{0};
    long guarded = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < rounds; i++) {
                counter.fetch_add(1, std::memory_order_relaxed);
                std::lock_guard<std::mutex> lock(mutex);
                guarded += t;
            }
            try {
                dive(0, t);
            } catch (const Fault &) {
                counter++;
            }
        });
    for (auto &thread : threads)
        thread.join();
    std::cout << counter << ' ' << guarded << '\n';
    std::vector<std::string> lines;
    for (int i = 0; i < 100; i++)
        lines.push_back(std::to_string(i * 7919 % 100));
    std::sort(lines.begin(), lines.end(), std::greater<>());
    std::cout << lines.front() << ' ' << lines[50] << ' ' << lines.back() << std::endl;
    return 3;
}
