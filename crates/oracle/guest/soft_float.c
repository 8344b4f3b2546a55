/* Links all routines of a library for floating point and division into one program, so that their fingerprints can be taken
 * (src/bin/signatures.rs), and so that tests can call them. A library need not have them all. */
#define ROUTINES(X) X(__aeabi_dadd) X(__aeabi_dsub) X(__aeabi_drsub) X(__aeabi_dmul) X(__aeabi_ddiv) \
    X(__aeabi_fadd) X(__aeabi_fsub) X(__aeabi_frsub) X(__aeabi_fmul) X(__aeabi_fdiv) X(__aeabi_dcmpeq) \
    X(__aeabi_dcmplt) X(__aeabi_dcmple) X(__aeabi_dcmpge) X(__aeabi_dcmpgt) X(__aeabi_dcmpun) \
    X(__aeabi_cdcmpeq) X(__aeabi_cdcmple) X(__aeabi_cdrcmple) X(__aeabi_fcmpeq) X(__aeabi_fcmplt) \
    X(__aeabi_fcmple) X(__aeabi_fcmpge) X(__aeabi_fcmpgt) X(__aeabi_fcmpun) X(__aeabi_cfcmpeq) \
    X(__aeabi_cfcmple) X(__aeabi_cfrcmple) X(__aeabi_d2f) X(__aeabi_f2d) X(__aeabi_i2d) X(__aeabi_ui2d) \
    X(__aeabi_l2d) X(__aeabi_ul2d) X(__aeabi_i2f) X(__aeabi_ui2f) X(__aeabi_l2f) X(__aeabi_ul2f) \
    X(__aeabi_d2iz) X(__aeabi_d2uiz) X(__aeabi_d2lz) X(__aeabi_d2ulz) X(__aeabi_f2iz) X(__aeabi_f2uiz) \
    X(__aeabi_f2lz) X(__aeabi_f2ulz) X(__gtdf2) X(__ltdf2) X(__eqdf2) X(__gtsf2) X(__ltsf2) X(__eqsf2) \
    SQUARE_ROOT(X) INTEGERS(X)

#define INTEGERS(X) X(__aeabi_uidiv) X(__aeabi_idiv) X(__aeabi_uidivmod) X(__aeabi_idivmod) X(__umodsi3) X(__modsi3) \
    X(__aeabi_uldivmod) X(__aeabi_ldivmod) X(__udivdi3) X(__divdi3) X(__umoddi3) X(__moddi3)

/* A weak reference takes nothing out of an archive, but a library that lacks routines needs it. */
#ifdef INCOMPLETE
#define SQUARE_ROOT(X) X(sqrt)
#define DECLARE(name) extern void name(void) __attribute__((weak));
#else
/* (That of glibc looks at its environment, and has no fingerprint.) */
#define SQUARE_ROOT(X)
#define DECLARE(name) extern void name(void);
#endif
#ifdef ONLY_INTEGERS
#define LISTED INTEGERS
#else
#define LISTED ROUTINES
#endif
LISTED(DECLARE)

#define ADDRESS(name) name,
static void (*volatile routines[])(void) = {LISTED(ADDRESS)};

int main(int count, char **arguments) {
    (void)arguments;
    return routines[count] == 0;
}
