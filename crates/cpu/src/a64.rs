//! The register file as user code sees it (EL0), in AArch64's terms.

use crate::Trap;
use crate::a32::A32;

/// Index of XZR/WZR in [`State::x`]: reads as zero, writes vanish.
pub const ZR: u8 = 31;
/// Index of SP in [`State::x`].
pub const SP: u8 = 32;

/// PSTATE.{N,Z,C,V}, one byte each (0 or 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(4))]
pub struct Flags {
    /// Negative.
    pub n: bool,
    /// Zero.
    pub z: bool,
    /// Carry, or "no borrow" after a subtraction.
    pub c: bool,
    /// Signed overflow.
    pub v: bool,
}

impl Flags {
    /// The architectural form: N, Z, C, V in bits 31 to 28, as in the NZCV register and in PSTATE.
    pub fn to_bits(self) -> u32 {
        u32::from(self.n) << 31 | u32::from(self.z) << 30 | u32::from(self.c) << 29 | u32::from(self.v) << 28
    }

    /// The inverse of [`Flags::to_bits`]; other bits are ignored.
    pub fn from_bits(bits: u32) -> Flags {
        Flags {
            n: bits >> 31 & 1 != 0,
            z: bits >> 30 & 1 != 0,
            c: bits >> 29 & 1 != 0,
            v: bits >> 28 & 1 != 0,
        }
    }

    /// From the four-bit immediate of CCMP and its like (N is bit 3).
    pub fn from_nibble(nzcv: u8) -> Flags {
        Flags::from_bits(u32::from(nzcv) << 28)
    }

    /// ConditionHolds() of the manual (J1.1.3): whether `cond` (0 to 15) is met. AL and NV are both always true.
    ///
    /// By reference and without short cuts, so that single bytes are loaded: the host cannot forward four stores of a byte
    /// to one load of a word.
    #[inline(always)]
    pub fn holds(&self, cond: u8) -> bool {
        let base = match cond >> 1 & 7 {
            0 => self.z,
            1 => self.c,
            2 => self.n,
            3 => self.v,
            4 => self.c & !self.z,
            5 => self.n == self.v,
            6 => (self.n == self.v) & !self.z,
            _ => return true,
        };
        base != (cond & 1 != 0)
    }
}

/// The local exclusive monitor of one guest thread, kept as "the value that LDXR saw".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Exclusive {
    /// The value that the exclusive load read (low bytes).
    pub value: u128,
    /// Its address.
    pub address: u64,
    /// Its size in bytes (1 to 16); 0 when the monitor is open.
    pub size: u64,
    /// The stamp of that memory before it was read (`armlet_memory::exclusive`).
    pub stamp: u64,
}

/// One vector register as its 16 bytes, byte 0 first: memory order, so that lanes of any size can be read and written
/// without arithmetic on a 128-bit number, which no compiler turns back into vector instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Vector(pub [u8; 16]);

impl From<u128> for Vector {
    #[inline(always)]
    fn from(bits: u128) -> Vector {
        Vector(bits.to_le_bytes())
    }
}

impl From<Vector> for u128 {
    #[inline(always)]
    fn from(vector: Vector) -> u128 {
        u128::from_le_bytes(vector.0)
    }
}

/// One guest thread's state, in AArch64 as in AArch32 (see [`crate::a32`]). Engines, signal frames and debuggers all work on this one
/// structure.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct State {
    /// X0 to X30; [`ZR`] is always 0; [`SP`]; the rest is scratch space for engines. The length is a power of two so that an index needs
    /// a mask and no check.
    pub x: [u64; 64],
    /// V0 to V31.
    pub v: [Vector; 32],
    /// The program counter.
    pub pc: u64,
    /// Condition flags.
    pub flags: Flags,
    /// Floating-point control register (only writable bits are ever set).
    pub fpcr: u32,
    /// Floating-point status register.
    pub fpsr: u32,
    /// The guest has read FPSR at some time: from then on, translated code records every underflow that it shows.
    pub fpsr_read: bool,
    /// TPIDR_EL0: the thread pointer.
    pub tpidr: u64,
    /// The exclusive monitor.
    pub exclusive: Exclusive,
    /// What only AArch32 has.
    pub a32: A32,
    /// Why the engine stopped last; set together with an engine's return to the runtime.
    pub trap: Option<Trap>,
}

impl Default for State {
    fn default() -> State {
        State {
            x: [0; 64],
            v: [Vector::default(); 32],
            pc: 0,
            flags: Flags::default(),
            fpcr: 0,
            fpsr: 0,
            fpsr_read: false,
            tpidr: 0,
            exclusive: Exclusive::default(),
            a32: A32::default(),
            trap: None,
        }
    }
}

impl State {
    /// X\[n\]: 0 to 30, [`ZR`] or [`SP`].
    #[inline(always)]
    pub fn x(&self, n: u8) -> u64 {
        self.x[usize::from(n & 63)]
    }

    /// Writes X\[n\]; a write of [`ZR`] vanishes.
    #[inline(always)]
    pub fn set_x(&mut self, n: u8, value: u64) {
        self.x[usize::from(n & 63)] = value;
        self.x[usize::from(ZR)] = 0;
    }

    /// W\[n\]: the low 32 bits of X\[n\].
    #[inline(always)]
    pub fn w(&self, n: u8) -> u32 {
        self.x(n) as u32
    }

    /// Writes W\[n\]: the upper half of X\[n\] becomes zero.
    #[inline(always)]
    pub fn set_w(&mut self, n: u8, value: u32) {
        self.set_x(n, u64::from(value));
    }

    /// The stack pointer.
    #[inline(always)]
    pub fn sp(&self) -> u64 {
        self.x[usize::from(SP)]
    }

    /// Sets the stack pointer.
    #[inline(always)]
    pub fn set_sp(&mut self, value: u64) {
        self.x[usize::from(SP)] = value;
    }

    /// V\[n\], all 128 bits as a number.
    #[inline(always)]
    pub fn v(&self, n: u8) -> u128 {
        self.vector(n).into()
    }

    /// Writes V\[n\], all 128 bits.
    #[inline(always)]
    pub fn set_v(&mut self, n: u8, value: u128) {
        self.set_vector(n, value.into());
    }

    /// V\[n\] as bytes.
    #[inline(always)]
    pub fn vector(&self, n: u8) -> Vector {
        self.v[usize::from(n & 31)]
    }

    /// Writes V\[n\] as bytes.
    #[inline(always)]
    pub fn set_vector(&mut self, n: u8, value: Vector) {
        self.v[usize::from(n & 31)] = value;
    }

    /// Writes V\[n\]: all of it, or (without `q`) the low half, and the upper half becomes zero.
    #[inline(always)]
    pub fn set_vector_q(&mut self, q: bool, n: u8, value: Vector) {
        let register = &mut self.v[usize::from(n & 31)];
        *register = value;
        if !q {
            register.0[8..].fill(0);
        }
    }
}
