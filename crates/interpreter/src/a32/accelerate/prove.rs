//! A symbol is a promise: before a routine that is not in the table is done the quick way, it is run on numbers that tell good arithmetic from
//! bad (rounding, overflow, subnormal numbers, zeros, infinities), and has to give the same results. So has one of the table whose fingerprint is
//! without the address of what it computes with.

use armlet_cpu::a32::LR;
use armlet_cpu::a64::State;

use super::super::block::Fetch;
use super::super::cache::BlockCache;
use super::super::place::Place;
use super::super::run::run_block;
use super::routine::{Routine, Ways};

/// Blocks that a routine may take; the longest division loops take a few hundred.
const MAX_BLOCKS: usize = 10_000;
/// Where the routine returns to: no program's code.
const BACK: u32 = 0xffff_fff0;

const DOUBLES: [u64; 18] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0001,
    0x3ff0_0000_0000_0003,
    0x4008_0000_0000_0000,
    0x3fb9_9999_9999_999a,
    0x3c9f_ffff_ffff_ffff,
    0x3ca0_0000_0000_0001,
    0x4340_0000_0000_0001,
    0xc1df_ffff_ffc0_0000,
    0x7fef_ffff_ffff_ffff,
    0xffef_ffff_ffff_ffff,
    0x0010_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x8000_0000_0000_0001,
    0x1e5f_1234_5678_9abc,
    0x7ff0_0000_0000_0000,
];

const SINGLES: [u32; 18] = [
    0,
    1 << 31,
    0x3f80_0000,
    0xbf80_0001,
    0x3f80_0003,
    0x4040_0000,
    0x3dcc_cccd,
    0x337f_ffff,
    0x3380_0001,
    0x4b80_0001,
    0xceff_ffff,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x0080_0001,
    0x007f_ffff,
    0x8000_0001,
    0x1fbf_1234,
    0x7f80_0000,
];

/// Whether the code at `place` gives the routine's results, as far as these numbers tell. It is run on the registers of `cpu`, which stay as they
/// are: what it leaves below the stack pointer is nobody's.
pub fn is_what_it_says(cpu: &State, place: Place, routine: Routine, code: &mut impl Fetch) -> bool {
    let mut blocks = BlockCache::new();
    let words = |value: u64| [value as u32, (value >> 32) as u32];
    let doubles = DOUBLES
        .iter()
        .flat_map(|&a| DOUBLES.map(|b| [words(a), words(b)].concat()));
    // A square root has a table, from which the upper bits choose.
    let steps = (0..if routine == Routine::Sqrt { 512 } else { 0 }).map(|n: u64| {
        let low = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        [words((0x3fe0_0000_0000_0000 + (n << 44)) | low), [0; 2]].concat()
    });
    let singles = SINGLES.iter().flat_map(|&a| SINGLES.map(|b| vec![a, b, a ^ b, b]));
    let mut tried = 0;
    for operands in doubles.chain(steps).chain(singles) {
        let mut start = cpu.clone();
        (0..).zip(&operands).for_each(|(n, &word)| start.set_r(n, word));
        start.set_r(LR, BACK | u32::from(place.thumb()));
        start.pc = place.address().into();
        start.a32.thumb = place.thumb();
        start.a32.itstate = 0;
        let mut expected = start.clone();
        if !routine.perform(&mut expected) {
            continue;
        }
        tried += 1;
        let back = |cpu: &State| cpu.pc == u64::from(BACK);
        let ended =
            (0..MAX_BLOCKS).any(|_| run_block(&mut start, &mut blocks, code, &mut ()).is_some() || back(&start));
        let same = (0..routine.ways().results()).all(|n| start.r(n) == expected.r(n));
        // The flags that a comparison gives are Z and C.
        let (flags, expected) = (start.flags, expected.flags);
        let same_flags = routine.ways() != Ways::Flags || (flags.z, flags.c) == (expected.z, expected.c);
        if !ended || !back(&start) || !same || !same_flags {
            return false;
        }
    }
    tried > 0
}
