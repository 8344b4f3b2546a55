//! The kernel's helpers at the end of the page at 0xffff0000, and the trampolines by which signal handlers return. Both are guest code, made
//! here as words of A32. Programs for ARMv5 and ARMv6 know the helpers by their addresses (Documentation/arch/arm/kernel_user_helpers.rst):
//! what the processor has no instruction for, the kernel has one.
//!
//! An engine may recognise the addresses and run something faster in their place.

/// `bool __kuser_cmpxchg64(const i64 *old: r0, const i64 *new: r1, volatile i64 *at: r2)`.
pub const CMPXCHG64: u32 = 0xffff_0f60;
/// `void __kuser_memory_barrier(void)`.
pub const MEMORY_BARRIER: u32 = 0xffff_0fa0;
/// `bool __kuser_cmpxchg(i32 old: r0, i32 new: r1, volatile i32 *at: r2)`; r0 = 0 and C set if it was stored.
pub const CMPXCHG: u32 = 0xffff_0fc0;
/// `void *__kuser_get_tls(void)`.
pub const GET_TLS: u32 = 0xffff_0fe0;
/// How many helpers there are: a word.
pub const VERSION: u32 = 0xffff_0ffc;
/// The version with all of them.
const HELPERS: u32 = 5;

/// Where the helpers begin.
const START: u32 = CMPXCHG64;

const DMB_ISH: u32 = 0xf57f_f05b;
const BX_LR: u32 = 0xe12f_ff1e;

/// The code of each helper.
const CODE: [(u32, &[u32]); 5] = [
    (
        CMPXCHG64,
        &[
            0xe92d_00f0, // push {r4-r7}
            0xe1c0_40d0, // ldrd r4, r5, [r0]
            0xe1c1_60d0, // ldrd r6, r7, [r1]
            DMB_ISH,
            0xe1b2_0f9f, // 1: ldrexd r0, r1, [r2]
            0xe030_3004, // eors r3, r0, r4
            0x0031_3005, // eorseq r3, r1, r5
            0x01a2_3f96, // strexdeq r3, r6, r7, [r2]
            0x0333_0001, // teqeq r3, #1
            0x0aff_fff9, // beq 1b
            DMB_ISH,
            0xe273_0000, // rsbs r0, r3, #0
            0xe8bd_00f0, // pop {r4-r7}
            BX_LR,
        ],
    ),
    (MEMORY_BARRIER, &[DMB_ISH, BX_LR]),
    (
        CMPXCHG,
        &[
            DMB_ISH,
            0xe192_3f9f, // 1: ldrex r3, [r2]
            0xe053_3000, // subs r3, r3, r0
            0x0182_3f91, // strexeq r3, r1, [r2]
            0x0333_0001, // teqeq r3, #1
            0x0aff_fffa, // beq 1b
            0xe273_0000, // rsbs r0, r3, #0
            0xeaff_ffef, // b __kuser_memory_barrier
        ],
    ),
    (
        GET_TLS,
        &[
            0xee1d_0f70, // mrc p15, 0, r0, c13, c0, 3 (TPIDRURO)
            BX_LR,
        ],
    ),
    (VERSION, &[HELPERS]),
];

/// The bytes from the first helper to the end of the page.
#[must_use]
pub fn page() -> Vec<u8> {
    let mut bytes = vec![0; (0xffff_1000 - u64::from(START)) as usize];
    for (address, words) in CODE {
        let start = (address - START) as usize;
        for (place, word) in bytes[start..].chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }
    bytes
}

/// How a handler returns that has no restorer: `sigreturn` and `rt_sigreturn`, each for A32 (two words) and for T32 (two halfwords in
/// one word), in the kernel's encodings, by which debuggers and unwinders know a signal's frame.
pub const TRAMPOLINES: [u32; 6] = [
    0xe3a0_7077, // mov r7, #119
    0xef90_0077, // svc
    0xdf00_2777, // movs r7, #119; svc #0
    0xe3a0_70ad, // mov r7, #173
    0xef90_00ad, // svc
    0xdf00_27ad, // movs r7, #173; svc #0
];

/// The words of the trampoline for a handler, and the offset of its first byte from [`TRAMPOLINES`].
#[must_use]
pub const fn trampoline(thumb: bool, with_info: bool) -> (u64, [u32; 2]) {
    let first = if with_info { 3 } else { 0 };
    if thumb {
        (4 * (first as u64 + 2), [TRAMPOLINES[first + 2], 0])
    } else {
        (4 * first as u64, [TRAMPOLINES[first], TRAMPOLINES[first + 1]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_where_programs_look_for_them() {
        let page = page();
        let word = |address: u32| {
            let at = (address - START) as usize;
            u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
        };
        assert_eq!(word(VERSION), 5);
        assert_eq!(word(GET_TLS), 0xee1d_0f70);
        let mut end = 0;
        for (address, words) in CODE {
            assert!(address >= end, "{address:#x} is overwritten");
            end = address + 4 * words.len() as u32;
        }
        // The branch at the end of cmpxchg leads to the barrier.
        let at = CMPXCHG + 28;
        let offset = ((word(at) << 8) as i32 >> 6) as u32;
        assert_eq!(at.wrapping_add(8).wrapping_add(offset), MEMORY_BARRIER);
    }

    #[test]
    fn trampolines_by_state() {
        assert_eq!(trampoline(false, false), (0, [0xe3a0_7077, 0xef90_0077]));
        assert_eq!(trampoline(true, true), (20, [0xdf00_27ad, 0]));
    }
}
