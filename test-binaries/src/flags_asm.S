// Flags and the stack at entry, without a C library: every condition after chosen comparisons, as one letter per
// condition that holds. The expected text is worked out by hand from the Arm manual (flags_asm.txt).
        .global _start
        .text

        .macro  report condition, letter
        mov     w9, #'.'
        mov     w10, #\letter
        csel    w9, w10, w9, \condition
        strb    w9, [x20], #1
        .endm

        .macro  all
        report  eq, 'e'
        report  ne, 'n'
        report  hs, 'c'
        report  lo, 'o'
        report  mi, 'm'
        report  pl, 'p'
        report  vs, 'v'
        report  vc, 'w'
        report  hi, 'h'
        report  ls, 's'
        report  ge, 'g'
        report  lt, 'l'
        report  gt, 't'
        report  le, 'k'
        mov     w9, #'\n'
        strb    w9, [x20], #1
        .endm

_start:
        ldr     x19, [sp]               // argc must be 1
        adrp    x20, buffer
        add     x20, x20, :lo12:buffer
        mov     x21, x20
        cmp     x19, #1                 // equal
        all
        mov     x1, #5
        cmp     x1, #9                  // 5 - 9: negative, borrow
        all
        mov     w1, #0x80000000
        cmp     w1, #1                  // overflow of a subtraction
        all
        mov     w1, #0x7fffffff
        adds    w2, w1, #1              // overflow of an addition
        all
        mov     x1, #-1
        adds    x2, x1, #1              // carry, zero
        all
        ands    xzr, x1, #0x8000000000000000
        all
        mov     x3, #3
        cmp     x3, #3
        ccmp    x3, #4, #0b0000, ne     // condition fails: NZCV = 0000
        all
        cmp     x3, #3
        ccmp    x3, #2, #0b0000, eq     // condition holds: compares 3 with 2
        all
        fmov    d0, #1.0
        fmov    d1, xzr
        fdiv    d1, d1, d1              // not a number
        fcmp    d0, d1                  // unordered: 0011
        all
        fcmp    d0, #0.0                // greater: 0010
        all
        mov     x4, #0xf0000000
        msr     nzcv, x4                // all four
        all
        mrs     x5, nzcv
        cmp     x5, x4
        all
        subs    x6, xzr, xzr
        sbcs    x6, xzr, x3             // 0 - 3 with no borrow in
        all
        adcs    w6, w3, w6              // 3 + 0xfffffffd without carry: 0, carry out
        all
        mov     x0, #1
        mov     x1, x21
        sub     x2, x20, x21
        mov     x8, #64
        svc     #0
        mov     x0, #0
        mov     x8, #94                 // exit_group
        svc     #0

        .bss
buffer: .skip   1024
