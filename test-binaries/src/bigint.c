/* Big integers: multiplication and Montgomery powers with 64x64 to 128-bit products (high halves) where the machine has
 * them, 32x32 to 64 elsewhere; both give the same numbers, kept as 32-bit words. */
#include "common.h"

enum { WORDS = 32 };
#ifdef __SIZEOF_INT128__
typedef uint64_t Limb;
typedef unsigned __int128 Wide;
#else
typedef uint32_t Limb;
typedef uint64_t Wide;
#endif
enum { BITS = 8 * sizeof(Limb), LIMBS = WORDS * 32 / BITS };

static int compare(const Limb *a, const Limb *b) {
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static Limb subtract(Limb *a, const Limb *b) {
    Limb borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        Wide difference = (Wide)a[i] - b[i] - borrow;
        a[i] = (Limb)difference;
        borrow = (Limb)(difference >> BITS) & 1;
    }
    return borrow;
}

/* out = a * b / 2^1024 modulo m (Montgomery), `inverse` = -1/m modulo one limb. */
static void montgomery(Limb *out, const Limb *a, const Limb *b, const Limb *m, Limb inverse) {
    Limb t[LIMBS + 2] = {0};
    for (int i = 0; i < LIMBS; i++) {
        Wide carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += (Wide)a[j] * b[i] + t[j];
            t[j] = (Limb)carry, carry >>= BITS;
        }
        carry += t[LIMBS];
        t[LIMBS] = (Limb)carry, t[LIMBS + 1] = (Limb)(carry >> BITS);
        Limb q = t[0] * inverse;
        carry = ((Wide)q * m[0] + t[0]) >> BITS;
        for (int j = 1; j < LIMBS; j++) {
            carry += (Wide)q * m[j] + t[j];
            t[j - 1] = (Limb)carry, carry >>= BITS;
        }
        carry += t[LIMBS];
        t[LIMBS - 1] = (Limb)carry;
        t[LIMBS] = t[LIMBS + 1] + (Limb)(carry >> BITS);
    }
    memcpy(out, t, LIMBS * sizeof *t);
    if (t[LIMBS] || compare(out, m) >= 0)
        subtract(out, m);
}

static void print(const char *label, const Limb *a) {
    printf("%s ", label);
    for (int i = LIMBS - 1; i >= 0; i--)
        for (int shift = BITS - 32; shift >= 0; shift -= 32)
            printf("%08x", (unsigned)((Wide)a[i] >> shift & 0xffffffffu));
    putchar('\n');
}

static void set_words(Limb *out, const uint32_t *words) {
    memset(out, 0, LIMBS * sizeof *out);
    for (int i = 0; i < WORDS; i++)
        out[i * 32 / BITS] |= (Limb)((Wide)words[i] << (i * 32 % BITS));
}

int main(int argc, char **argv) {
    uint32_t exponent_bits = size_argument(argc, argv, 64);
    uint32_t words[WORDS], seed = 41;
    Limb m[LIMBS], base[LIMBS], one[LIMBS], power[LIMBS], check[LIMBS];
    for (int i = 0; i < WORDS; i++)
        words[i] = random32(&seed);
    words[0] |= 1, words[WORDS - 1] |= 0x80000000u;
    set_words(m, words);
    for (int i = 0; i < WORDS; i++)
        words[i] = random32(&seed);
    words[WORDS - 1] >>= 1;
    set_words(base, words);
    Limb inverse = 1;
    for (int i = 0; i < 6; i++)
        inverse *= 2 - m[0] * inverse;
    inverse = -inverse;
    CHECK((Limb)(inverse * m[0]) == (Limb)-1);
    memset(one, 0, sizeof one); /* 2^1024 modulo m, as the top bit of m is set */
    subtract(one, m);
    memcpy(power, one, sizeof power);
    for (uint32_t i = 0; i < exponent_bits; i++) {
        montgomery(power, power, power, m, inverse);
        if (random32(&seed) & 1)
            montgomery(power, power, base, m, inverse);
    }
    print("power", power);
    /* (a b) c = a (b c) */
    montgomery(check, power, base, m, inverse), montgomery(check, check, one, m, inverse);
    montgomery(power, power, one, m, inverse), montgomery(power, power, base, m, inverse);
    CHECK(compare(check, power) == 0);
    Limb unit[LIMBS] = {1};
    montgomery(check, one, unit, m, inverse);
    CHECK(compare(check, unit) == 0);
    return 0;
}
