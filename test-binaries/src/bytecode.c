/* An interpreter inside the guest: a small stack machine, run once by a switch and once by computed gotos. */
#include "common.h"

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, XOR, LESS, JUMP, JUMP_ZERO, DUP, HALT };

/* The program, assembled with labels: counts the primes below locals[0] by trial division, with a checksum. */
static int32_t code[128];
static int length, label_at[16], fix_at[16], fix_label[16], fixes;

static void emit(int32_t word) { code[length++] = word; }
static void emit2(int32_t op, int32_t operand) { emit(op), emit(operand); }
static void jump(int32_t op, int label) {
    emit(op);
    fix_at[fixes] = length, fix_label[fixes++] = label;
    emit(0);
}

static void assemble(void) {
    enum { OUTER, TRY, DIVIDE, DIVIDED, NEXT_D, PRIME, NEXT_I, DONE };
    enum { LIMIT, I, D, CHECKSUM, R, COUNT };
    emit2(PUSH, 2), emit2(STORE, I);
    label_at[OUTER] = length;
    emit2(LOAD, I), emit2(LOAD, LIMIT), emit(LESS), jump(JUMP_ZERO, DONE);
    emit2(PUSH, 2), emit2(STORE, D);
    label_at[TRY] = length; /* i < d * d: no divisor found */
    emit2(LOAD, I), emit2(LOAD, D), emit(DUP), emit(MUL), emit(LESS);
    emit2(PUSH, 1), emit(XOR), jump(JUMP_ZERO, PRIME);
    emit2(LOAD, I), emit2(STORE, R);
    label_at[DIVIDE] = length;
    emit2(LOAD, R), emit2(LOAD, D), emit(LESS), emit2(PUSH, 1), emit(XOR), jump(JUMP_ZERO, DIVIDED);
    emit2(LOAD, R), emit2(LOAD, D), emit(SUB), emit2(STORE, R), jump(JUMP, DIVIDE);
    label_at[DIVIDED] = length;
    emit2(LOAD, R), jump(JUMP_ZERO, NEXT_I);
    label_at[NEXT_D] = length;
    emit2(LOAD, D), emit2(PUSH, 1), emit(ADD), emit2(STORE, D), jump(JUMP, TRY);
    label_at[PRIME] = length;
    emit2(LOAD, COUNT), emit2(PUSH, 1), emit(ADD), emit2(STORE, COUNT);
    emit2(LOAD, CHECKSUM), emit2(PUSH, 31), emit(MUL), emit2(LOAD, I), emit(XOR);
    emit2(PUSH, 0xffffff), emit(AND), emit2(STORE, CHECKSUM);
    label_at[NEXT_I] = length;
    emit2(LOAD, I), emit2(PUSH, 1), emit(ADD), emit2(STORE, I), jump(JUMP, OUTER);
    label_at[DONE] = length;
    emit(HALT);
    for (int i = 0; i < fixes; i++)
        code[fix_at[i]] = label_at[fix_label[i]];
}

static uint64_t run_switch(int32_t *locals) {
    int32_t stack[16], *sp = stack;
    uint64_t steps = 0;
    for (const int32_t *pc = code;; steps++)
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case LOAD: *sp++ = locals[*pc++]; break;
        case STORE: locals[*pc++] = *--sp; break;
        case ADD: sp--, sp[-1] += sp[0]; break;
        case SUB: sp--, sp[-1] -= sp[0]; break;
        case MUL: sp--, sp[-1] *= sp[0]; break;
        case AND: sp--, sp[-1] &= sp[0]; break;
        case XOR: sp--, sp[-1] ^= sp[0]; break;
        case LESS: sp--, sp[-1] = sp[-1] < sp[0]; break;
        case JUMP: pc = code + *pc; break;
        case JUMP_ZERO: pc = *--sp ? pc + 1 : code + *pc; break;
        case DUP: *sp = sp[-1], sp++; break;
        default: return steps;
        }
}

static uint64_t run_goto(int32_t *locals) {
    static const void *const labels[] = {&&push, &&load,  &&store, &&add,  &&sub,       &&mul, &&and,
                                         &&xor,  &&less,  &&jump,  &&jump_zero, &&dup, &&halt};
    int32_t stack[16], *sp = stack;
    const int32_t *pc = code;
    uint64_t steps = (uint64_t)-1;
#define NEXT steps++; goto *labels[*pc++]
    NEXT;
push: *sp++ = *pc++; NEXT;
load: *sp++ = locals[*pc++]; NEXT;
store: locals[*pc++] = *--sp; NEXT;
add: sp--, sp[-1] += sp[0]; NEXT;
sub: sp--, sp[-1] -= sp[0]; NEXT;
mul: sp--, sp[-1] *= sp[0]; NEXT;
and: sp--, sp[-1] &= sp[0]; NEXT;
xor: sp--, sp[-1] ^= sp[0]; NEXT;
less: sp--, sp[-1] = sp[-1] < sp[0]; NEXT;
jump: pc = code + *pc; NEXT;
jump_zero: pc = *--sp ? pc + 1 : code + *pc; NEXT;
dup: *sp = sp[-1], sp++; NEXT;
halt:
    return steps;
}

int main(int argc, char **argv) {
    int32_t limit = (int32_t)size_argument(argc, argv, 300);
    assemble();
    int32_t one[6] = {limit}, two[6] = {limit};
    uint64_t steps = run_switch(one);
    CHECK(steps == run_goto(two));
    CHECK(memcmp(one, two, sizeof one) == 0);
    printf("primes below %d: %d, checksum %06x, %llu steps\n", limit, one[5], one[3], (unsigned long long)steps);
    return 0;
}
