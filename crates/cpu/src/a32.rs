//! What AArch32 adds to the register file, and its view of it.
//!
//! Both instruction sets share one [`State`], as the architecture maps one onto the other (Arm ARM D1.20.1): R0 to R12 are
//! X0 to X12, SP is X13, LR is X14, always with a zero upper half; Q0 to Q15 are V0 to V15, of which D and S registers are halves and quarters.
//! The program counter is [`State::pc`], the address of the instruction (without the Thumb bit). X15 is scratch space for engines.
//! TPIDRURO is [`State::tpidr`]. FPSCR is in three parts: control bits in `fpcr`, cumulative bits in `fpsr`, condition flags here.

use crate::a32_features::Model;
use crate::a64::{Flags, State};
use crate::fp::{Fpcr, fpsr};

/// Index of SP in [`State::x`].
pub const SP: u8 = 13;
/// Index of LR in [`State::x`].
pub const LR: u8 = 14;
/// What R15 is called in encodings.
pub const PC: u8 = 15;

/// The bits of CPSR that are not in [`Flags`].
pub mod cpsr {
    /// What user code reads and writes: the flags, Q and GE.
    pub const APSR: u32 = 0xf80f_0000;
    /// Cumulative saturation.
    pub const Q: u32 = 1 << 27;
    /// GE\[3:0\], the lowest bit.
    pub const GE_SHIFT: u32 = 16;
    /// Thumb state.
    pub const T: u32 = 1 << 5;
    /// M\[4:0\] of user mode.
    pub const USER: u32 = 0x10;
}

/// The part of the state that only AArch32 has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct A32 {
    /// CPSR.T: the next instruction is T32.
    pub thumb: bool,
    /// CPSR.IT\[7:0\] of the next instruction. Engines resolve IT blocks when they decode: it is exact whenever the thread has stopped.
    pub itstate: u8,
    /// CPSR.Q: an instruction has saturated.
    pub q: bool,
    /// CPSR.GE\[3:0\], one bit per byte lane.
    pub ge: u8,
    /// FPSCR.{N,Z,C,V}.
    pub fpscr_flags: Flags,
    /// TPIDRURW, which user code may write (TPIDRURO is [`State::tpidr`]).
    pub tpidrurw: u32,
    /// The processor that the guest sees: which instructions there are.
    pub model: Model,
}

impl State {
    /// R\[n\], 0 to 14. (15 is what the interpreter has put there for an instruction that reads the program counter.)
    #[inline(always)]
    pub fn r(&self, n: u8) -> u32 {
        self.x[usize::from(n & 15)] as u32
    }

    /// Writes R\[n\].
    #[inline(always)]
    pub fn set_r(&mut self, n: u8, value: u32) {
        self.x[usize::from(n & 15)] = u64::from(value);
    }

    /// D\[n\], 0 to 31.
    #[inline(always)]
    pub fn d(&self, n: u8) -> u64 {
        let q = self.v(n >> 1 & 15);
        (if n & 1 == 0 { q } else { q >> 64 }) as u64
    }

    /// Writes D\[n\]; the other half of its Q register stays.
    #[inline(always)]
    pub fn set_d(&mut self, n: u8, value: u64) {
        let at = usize::from(n & 1) * 8;
        self.v[usize::from(n >> 1 & 15)].0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// S\[n\], 0 to 31.
    #[inline(always)]
    pub fn s(&self, n: u8) -> u32 {
        (self.d(n >> 1 & 15) >> (32 * u32::from(n & 1))) as u32
    }

    /// Writes S\[n\]; the rest of its Q register stays.
    #[inline(always)]
    pub fn set_s(&mut self, n: u8, value: u32) {
        let at = usize::from(n & 3) * 4;
        self.v[usize::from(n >> 2 & 7)].0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// FPSCR.
    pub fn fpscr(&self) -> u32 {
        self.a32.fpscr_flags.to_bits() | self.fpcr | self.fpsr
    }

    /// Writes FPSCR. What the model does not have stays zero: half-precision arithmetic came with the last one, which has no short vectors any more;
    /// saturation came with Advanced SIMD. Trap enables stay zero on all.
    pub fn set_fpscr(&mut self, bits: u32) {
        let vectors = Fpcr::LEN | Fpcr::STRIDE;
        let (control, status) = match self.a32.model {
            Model::Arm926 => (
                Fpcr::WRITABLE & !(Fpcr::FZ16 | Fpcr::AHP) | vectors,
                fpsr::WRITABLE & !fpsr::QC,
            ),
            Model::CortexA9 => (Fpcr::WRITABLE & !Fpcr::FZ16 | vectors, fpsr::WRITABLE),
            Model::Max => (Fpcr::WRITABLE, fpsr::WRITABLE),
        };
        self.a32.fpscr_flags = Flags::from_bits(bits);
        self.fpcr = bits & control;
        self.fpsr = bits & status;
    }

    /// CPSR as user mode and signal frames see it: little-endian data, interrupts on, user mode.
    pub fn cpsr(&self) -> u32 {
        let A32 {
            thumb, itstate, q, ge, ..
        } = self.a32;
        let it = u32::from(itstate);
        self.flags.to_bits()
            | if q { cpsr::Q } else { 0 }
            | (it & 3) << 25
            | u32::from(ge & 15) << cpsr::GE_SHIFT
            | (it >> 2) << 10
            | if thumb { cpsr::T } else { 0 }
            | cpsr::USER
    }

    /// Sets what user mode owns of CPSR: flags, Q, GE, and the execution state T and IT (a return from a signal). The other bits are ignored.
    pub fn set_cpsr(&mut self, bits: u32) {
        self.set_apsr(bits);
        self.a32.thumb = bits & cpsr::T != 0;
        let it = bits >> 25 & 3 | bits >> 8 & 0xfc;
        // IT says nothing in A32, and a condition without a length is no state.
        self.a32.itstate = if self.a32.thumb && it & 15 != 0 { it as u8 } else { 0 };
    }

    /// Sets N, Z, C, V, Q and GE.
    pub fn set_apsr(&mut self, bits: u32) {
        self.flags = Flags::from_bits(bits);
        self.a32.q = bits & cpsr::Q != 0;
        self.a32.ge = (bits >> cpsr::GE_SHIFT & 15) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_overlap_as_the_architecture_says() {
        let mut cpu = State::default();
        cpu.set_v(3, 0x4444_4444_3333_3333_2222_2222_1111_1111);
        assert_eq!([12, 13, 14, 15].map(|n| cpu.s(n) >> 28), [1, 2, 3, 4]);
        cpu.set_d(7, 0x8888_8888_7777_7777);
        cpu.set_s(13, 5);
        assert_eq!(cpu.v(3), 0x8888_8888_7777_7777_0000_0005_1111_1111);
        assert_eq!((cpu.d(6), cpu.d(7)), (0x0000_0005_1111_1111, 0x8888_8888_7777_7777));
        cpu.set_d(31, 9);
        assert_eq!(cpu.v(15), 9 << 64);
    }

    #[test]
    fn cpsr_goes_there_and_back() {
        let mut cpu = State::default();
        cpu.set_cpsr(0xf80f_0020 | 2 << 25 | 0x41 << 10);
        assert_eq!(cpu.a32.itstate, 0x41 << 2 | 2);
        assert_eq!(cpu.cpsr(), 0xf80f_0030 | 2 << 25 | 0x41 << 10);
        cpu.set_cpsr(0x0600_fc00);
        assert_eq!(cpu.cpsr(), 0x10, "IT exists in Thumb state only");
    }
}
