/* A matcher of regular expressions that backtracks: recursion over two pointers, characters, classes, stars. */
#include "common.h"

static int match_here(const char *pattern, const char *text);

static int one(const char *pattern, char c) {
    if (*pattern == '[') {
        for (pattern++; *pattern != ']'; pattern++) {
            if (pattern[1] == '-') {
                if (c >= pattern[0] && c <= pattern[2])
                    return 1;
                pattern += 2;
            } else if (*pattern == c) {
                return 1;
            }
        }
        return 0;
    }
    return *pattern == '.' || *pattern == c;
}

static const char *behind(const char *pattern) {
    if (*pattern == '[')
        while (*pattern != ']')
            pattern++;
    return pattern + 1;
}

static int match_star(const char *item, const char *rest, const char *text, int least) {
    const char *end = text;
    while (*end && one(item, *end))
        end++;
    for (; end >= text + least; end--)
        if (match_here(rest, end))
            return 1;
    return 0;
}

static int match_here(const char *pattern, const char *text) {
    for (;;) {
        if (!*pattern)
            return 1;
        if (*pattern == '$' && !pattern[1])
            return !*text;
        const char *rest = behind(pattern);
        if (*rest == '*')
            return match_star(pattern, rest + 1, text, 0);
        if (*rest == '+')
            return match_star(pattern, rest + 1, text, 1);
        if (*rest == '?') {
            if (*text && one(pattern, *text) && match_here(rest + 1, text + 1))
                return 1;
            pattern = rest + 1;
            continue;
        }
        if (!*text || !one(pattern, *text))
            return 0;
        pattern = rest, text++;
    }
}

static int match(const char *pattern, const char *text) {
    if (*pattern == '^')
        return match_here(pattern + 1, text);
    do
        if (match_here(pattern, text))
            return 1;
    while (*text++);
    return 0;
}

int main(int argc, char **argv) {
    static const char *patterns[] = {"[a-c]+x?[0-9]*$", "^a.*b.*c", "x[0-9]+y", "a*a*a*b$", "[xyz][xyz]*[0-9][0-9]$", "^[a-z]*$"};
    static const char letters[] = "abcxyz019";
    uint32_t rounds = size_argument(argc, argv, 300), state = 11, sum = 0;
    char text[41] = "";
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < 40; i++)
            text[i] = letters[random32(&state) % (sizeof letters - 1)];
        text[8 + random32(&state) % 32] = 0;
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++)
            sum = sum * 2 + (uint32_t)match(patterns[p], text) + (sum >> 31);
    }
    printf("%08x\n", sum);
    return 0;
}
