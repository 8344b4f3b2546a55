/* A recursive-descent parser of JSON: characters, strings with escapes, numbers, nested values. */
#include "common.h"

typedef struct {
    uint32_t objects, arrays, strings, numbers, words, depth, deepest, hash;
    double sum;
} Seen;

static const char *at;

static void skip_space(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
}

static int parse_string(Seen *seen) {
    seen->strings++;
    for (at++; *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20)
            return 0;
        if (c == '\\') {
            at++;
            if (*at == 'u') {
                uint32_t code = 0;
                for (int i = 0; i < 4; i++) {
                    at++;
                    int digit = *at >= '0' && *at <= '9' ? *at - '0' : (*at | 32) >= 'a' && (*at | 32) <= 'f' ? (*at | 32) - 'a' + 10 : -1;
                    if (digit < 0)
                        return 0;
                    code = code * 16 + (uint32_t)digit;
                }
                seen->hash = (seen->hash ^ code) * 16777619u;
                continue;
            }
            const char *escape = strchr("\"\"\\\\//b\bf\fn\nr\rt\t", *at);
            if (!escape)
                return 0;
            c = (unsigned char)escape[1];
        }
        seen->hash = (seen->hash ^ c) * 16777619u;
    }
    at++;
    return 1;
}

static int parse_number(Seen *seen) {
    double value = 0, scale = 1, sign = 1;
    if (*at == '-')
        sign = -1, at++;
    if (*at < '0' || *at > '9')
        return 0;
    for (; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            value += (*at - '0') * (scale /= 10);
    if (*at == 'e' || *at == 'E') {
        at++;
        int negative = *at == '-', exponent = 0;
        if (*at == '-' || *at == '+')
            at++;
        for (; *at >= '0' && *at <= '9'; at++)
            exponent = exponent * 10 + (*at - '0');
        for (; exponent > 0; exponent--)
            value = negative ? value / 10 : value * 10;
    }
    seen->numbers++;
    seen->sum += sign * value;
    return 1;
}

static int parse(Seen *seen) {
    if (++seen->depth > seen->deepest)
        seen->deepest = seen->depth;
    int good = 1;
    skip_space();
    if (*at == '{' || *at == '[') {
        int object = *at++ == '{';
        object ? seen->objects++ : seen->arrays++;
        skip_space();
        for (int first = 1; good && *at != (object ? '}' : ']'); first = 0) {
            if (!first && *at++ != ',')
                return 0;
            skip_space();
            if (object) {
                good = *at == '"' && parse_string(seen);
                skip_space();
                good = good && *at++ == ':';
            }
            good = good && parse(seen);
            skip_space();
        }
        at++;
    } else if (*at == '"') {
        good = parse_string(seen);
    } else if (strncmp(at, "true", 4) == 0 || strncmp(at, "null", 4) == 0) {
        seen->words++, at += 4;
    } else if (strncmp(at, "false", 5) == 0) {
        seen->words++, at += 5;
    } else
        good = parse_number(seen);
    seen->depth--;
    return good;
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv, 5);
    static char text[32768];
    size_t length = (size_t)sprintf(text, "[");
    for (int i = 0; i < 200; i++)
        length += (size_t)sprintf(text + length,
                                  "%s\n  {\"id\": %d, \"name\": \"item \\\"%d\\\" \\u00%02x\\n\", \"price\": %d.%02d, \"tags\": "
                                  "[true, false, null, [%de-2, {}]]}",
                                  i ? "," : "", i, i * 7, i % 64 + 32, i * 3, i % 100, i * 11);
    strcpy(text + length, "\n]\n");
    Seen seen = {.hash = FNV_START};
    for (uint32_t round = 0; round < rounds; round++) {
        at = text;
        CHECK(parse(&seen));
        skip_space();
        CHECK(*at == 0);
    }
    printf("objects %u arrays %u strings %u numbers %u words %u deepest %u\n", seen.objects, seen.arrays, seen.strings,
           seen.numbers, seen.words, seen.deepest);
    printf("sum %.6f hash %08x\n", seen.sum, seen.hash);
    static const char *const broken[] = {"[1,", "{\"a\" 1}", "\"\\q\"", "[1 2]", "-x", "\"\\u12G4\"", "{1:2}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        at = broken[i];
        printf("%s %s\n", broken[i], parse(&seen) ? "accepted" : "rejected");
    }
    return 0;
}
