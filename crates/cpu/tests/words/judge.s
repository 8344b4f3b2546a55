// The judge: executes single instructions on given registers. Freestanding AArch64 Linux; `stubs` follows this text.
//
// Standard input is a sequence of records of 96 bytes:
//     u32 index of the stub, u32 FPCR, u32 FPSR, u32 unused, u128 V0, V1, V2, V3, u64 X1, u64 unused
// and for each of them standard output gets 32 bytes:
//     u128 V0, u64 X0, u32 FPSR, u32 NZCV
        .arch   armv8.6-a+fp16+fp16fml+crypto+sha3+sm4+crc+bf16
        .set    RECORDS, 512
        .set    INPUT, 96 * RECORDS
        .bss
        .balign 16
input:  .skip   INPUT
output: .skip   32 * RECORDS
        .text
        .global _start
_start: adrp    x20, input
        add     x20, x20, :lo12:input
        ldr     x25, =INPUT
        mov     x21, #0                 // bytes read
read:   mov     x0, #0
        add     x1, x20, x21
        sub     x2, x25, x21
        mov     x8, #63                 // read
        svc     #0
        cmp     x0, #0
        b.le    run
        add     x21, x21, x0
        cmp     x21, x25
        b.lo    read

run:    mov     x22, x20
        add     x24, x20, x21
        adrp    x26, output
        add     x26, x26, :lo12:output
        mov     x23, x26
next:   cmp     x22, x24
        b.hs    write
        ldp     w9, w10, [x22]
        ldr     w11, [x22, #8]
        ldp     q0, q1, [x22, #16]
        ldp     q2, q3, [x22, #48]
        ldr     x1, [x22, #80]
        mov     x0, #0
        adr     x12, stubs
        add     x12, x12, x9, lsl #3
        msr     fpcr, x10
        msr     fpsr, x11
        msr     nzcv, xzr
        blr     x12
        mrs     x13, nzcv
        mrs     x14, fpsr
        str     q0, [x23]
        str     x0, [x23, #16]
        stp     w14, w13, [x23, #24]
        add     x22, x22, #96
        add     x23, x23, #32
        b       next

write:  cmp     x26, x23
        b.hs    written
        mov     x0, #1
        mov     x1, x26
        sub     x2, x23, x26
        mov     x8, #64                 // write
        svc     #0
        cmp     x0, #0
        b.le    fail
        add     x26, x26, x0
        b       write
written:
        cmp     x21, x25
        b.eq    _start
        mov     x0, #0
        b       exit
fail:   mov     x0, #1
exit:   mov     x8, #93                 // exit
        svc     #0
        .ltorg
        .balign 8
// Each stub is one instruction and a return.
stubs:
