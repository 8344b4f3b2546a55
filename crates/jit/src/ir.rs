//! The intermediate representation: what a region of guest code does, free of any encoding.
//!
//! A region is a control-flow graph of blocks. The variables are the guest's own registers (they must be right at every instruction that can
//! fault, and a register that a guest compiler chose is worth keeping), plus temporaries that are written once and live within one guest
//! instruction. Flags are one more variable, which operations define and conditions use; [`crate::opt`] finds out
//! where they are dead, and the emitter where they can stay in EFLAGS.

mod float;
mod media;
mod simd;
mod text;

use armlet_decoder::a64::Insn;
use armlet_interpreter::a32::accelerate::Routine;

use crate::map::Halves;

pub use float::*;
pub use media::*;
pub use simd::*;

/// Operand width of an integer operation; a 32-bit result clears the upper half of its register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 32 bits.
    W,
    /// 64 bits.
    X,
}

impl Width {
    /// From an `sf` field.
    pub fn of(sf: bool) -> Width {
        if sf { Width::X } else { Width::W }
    }

    /// In bits.
    pub fn bits(self) -> u32 {
        match self {
            Width::W => 32,
            Width::X => 64,
        }
    }
}

/// A variable: a guest register or a temporary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Var {
    /// X0 to X30, or 32 for SP; never 31.
    X(u8),
    /// Temporary 0 or 1.
    T(u8),
}

/// An operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Val {
    /// A variable's value.
    Var(Var),
    /// A constant.
    Imm(u64),
}

/// Two-operand arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alu {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a & b
    And,
    /// a | b
    Or,
    /// a ^ b
    Xor,
}

/// Shifts by an amount taken modulo the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Logical left.
    Lsl,
    /// Logical right.
    Lsr,
    /// Arithmetic right.
    Asr,
    /// Rotate right.
    Ror,
}

/// One-operand operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// !a
    Not,
    /// Leading zeros.
    Clz,
    /// Trailing zeros.
    Ctz,
    /// Leading sign bits, without the sign bit itself.
    Cls,
    /// Bits in reverse order.
    Rbit,
    /// Bytes in reverse order within 16-bit units.
    Rev16,
    /// Bytes in reverse order within 32-bit units.
    Rev32,
    /// All bytes in reverse order.
    Rev,
}

/// Extensions of the low bits of a register to the width of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extend {
    /// Zero-extended byte.
    U8,
    /// Zero-extended halfword.
    U16,
    /// Zero-extended word.
    U32,
    /// Sign-extended byte.
    S8,
    /// Sign-extended halfword.
    S16,
    /// Sign-extended word.
    S32,
}

/// Multiplications and divisions, with the results that the Arm instructions define.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiply {
    /// Low half of a * b.
    Mul,
    /// High 64 bits of the signed product.
    Smulh,
    /// High 64 bits of the unsigned product.
    Umulh,
    /// a / b towards zero; x / 0 = 0; MIN / -1 = MIN.
    Sdiv,
    /// a / b; x / 0 = 0.
    Udiv,
}

/// What happens to the second operand of a conditional select when the condition fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// As it is (CSEL).
    Same,
    /// Plus one (CSINC).
    Inc,
    /// Inverted (CSINV).
    Not,
    /// Negated (CSNEG).
    Neg,
}

/// A guest address: `base + (extend(index) << shift) + disp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The base.
    pub base: Val,
    /// Index, its extension (`None`: all 64 bits), and its shift (0 to 4).
    pub index: Option<(Var, Option<Extend>, u8)>,
    /// Displacement in bytes.
    pub disp: i32,
}

/// Size and extension of an integer load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Zero-extended 1, 2, 4 or 8 bytes (log2 of the size).
    Zero(u8),
    /// Sign-extended 1, 2 or 4 bytes (log2 of the size), to the width of the register.
    Sign(u8, Width),
}

/// An exclusive or atomic access of 2^size bytes at `base`; old values are zero-extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atomic {
    /// What is done.
    pub op: AtomicOp,
    /// log2 of the size in bytes (0 to 3; 4 for pairs).
    pub size: u8,
    /// The address.
    pub base: Val,
}

/// The temporary that takes the high half of what accesses of pairs have loaded. It is not cached: it is read at most once, by the next operation.
pub const UPPER: Var = Var::T(8);

/// What an atomic access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtomicOp {
    /// d = memory, and the monitor is set.
    LoadExclusive { d: Var },
    /// memory = a if the monitor allows it; status = 0, or 1 if not.
    StoreExclusive { status: Var, a: Val },
    /// d = the low half of memory, [`UPPER`] the high one, and the monitor is set.
    LoadExclusivePair { d: Var },
    /// memory = a pair if the monitor allows it; status = 0, or 1 if not.
    StoreExclusivePair { status: Var, new: [Val; 2] },
    /// memory = new if memory = expected; d = the low half of what memory was, [`UPPER`] the high one.
    CompareSwapPair { d: Var, expected: [Val; 2], new: [Val; 2] },
    /// d = memory, memory = a.
    Swap { d: Var, a: Val },
    /// d = memory, memory += a.
    Add { d: Var, a: Val },
    /// d = memory, memory = memory op a (a bit operation). Nobody wants the old value if `d` is `None`.
    Logic { op: Alu, d: Option<Var>, a: Val },
    /// d = memory, memory = the larger (or smaller) one of memory and a.
    Extreme { d: Var, a: Val, signed: bool, larger: bool },
    /// memory = new if memory = expected; expected = what memory was.
    CompareSwap { expected: Var, new: Val },
    /// d = memory, memory = new if d = expected, as 32 bits or, if the access has 64, all of them. The monitor is set.
    CompareExclusive { d: Var, expected: Val, new: Val },
}

impl AtomicOp {
    /// The variable that is written, and the operands.
    pub fn operands(&self) -> (Option<Var>, [Option<Val>; 4]) {
        match *self {
            AtomicOp::LoadExclusive { d } | AtomicOp::LoadExclusivePair { d } => (Some(d), [None; 4]),
            AtomicOp::StoreExclusive { status, a } => (Some(status), [Some(a), None, None, None]),
            AtomicOp::StoreExclusivePair { status, new: [a, b] } => (Some(status), [Some(a), Some(b), None, None]),
            AtomicOp::CompareSwapPair {
                d,
                expected: [a, b],
                new: [x, y],
            } => (Some(d), [Some(a), Some(b), Some(x), Some(y)]),
            AtomicOp::Swap { d, a } | AtomicOp::Add { d, a } | AtomicOp::Extreme { d, a, .. } => {
                (Some(d), [Some(a), None, None, None])
            }
            AtomicOp::Logic { d, a, .. } => (d, [Some(a), None, None, None]),
            AtomicOp::CompareSwap { expected, new } => (Some(expected), [Some(new), None, None, None]),
            AtomicOp::CompareExclusive { d, expected, new } => (Some(d), [Some(expected), Some(new), None, None]),
        }
    }
}

/// What is done with the flags as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagsOp {
    /// d = NZCV, in bits 31 to 28.
    Read { d: Var },
    /// NZCV = bits 31 to 28 of a.
    Write { a: Val },
    /// d = what AArch32's MRS reads: NZCV, Q, GE and the mode.
    ReadApsr { d: Var },
    /// Q = bit 27 of a.
    WriteQ { a: Val },
    /// GE = bits 19 to 16 of a.
    WriteGe { a: Val },
    /// C is inverted.
    InvertCarry,
    /// From Arm's flags of a floating-point comparison to those of others (AXFLAG).
    ToOthers,
    /// The other way (XAFLAG).
    FromOthers,
    /// The flags that `mask` has = bits 3 to 0 of a rotated right.
    Insert { a: Val, by: u8, mask: u8 },
    /// N and Z of the low `bits` of a, V where the next bit differs from their highest one; C as it was.
    Narrow { a: Val, bits: u8 },
}

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// d = a
    Mov { w: Width, d: Var, a: Val },
    /// d = a op b; defines the flags (as the Arm instruction does) if `flags`; `d` is `None` for a comparison.
    Alu {
        op: Alu,
        w: Width,
        d: Option<Var>,
        a: Val,
        b: Val,
        flags: bool,
    },
    /// d = a + (b << shift), by 1 to 3.
    AddScaled {
        w: Width,
        d: Var,
        a: Val,
        b: Val,
        shift: u8,
    },
    /// d = a + b + C; defines the flags if `flags`. SBC is ADC of the inverse.
    Adc {
        w: Width,
        d: Option<Var>,
        a: Val,
        b: Val,
        flags: bool,
    },
    /// d = a - b - !C; defines the flags if `flags`.
    Sbc {
        w: Width,
        d: Option<Var>,
        a: Val,
        b: Val,
        flags: bool,
    },
    /// d = shift(a, b)
    Shift {
        op: Shift,
        w: Width,
        d: Var,
        a: Val,
        b: Val,
    },
    /// d = op(a)
    Unary { op: Unary, w: Width, d: Var, a: Val },
    /// d = extend(a)
    Extend { op: Extend, w: Width, d: Var, a: Val },
    /// d = a op b
    Multiply {
        op: Multiply,
        w: Width,
        d: Var,
        a: Val,
        b: Val,
    },
    /// d = the check sum `a`, continued with the low 2^size bytes of `b`: CRC-32, or CRC-32C (Castagnoli).
    Crc {
        castagnoli: bool,
        size: u8,
        d: Var,
        a: Val,
        b: Val,
    },
    /// Halfwords and bytes of a register, and what saturates (AArch32).
    Media(Media),
    /// d = (hi:lo) >> lsb, low half
    Extract {
        w: Width,
        d: Var,
        hi: Val,
        lo: Val,
        lsb: u8,
    },
    /// d<pos+width-1:pos> = a<width-1:0>, other bits of d unchanged
    Insert {
        w: Width,
        d: Var,
        a: Val,
        pos: u8,
        width: u8,
    },
    /// d = zero- or sign-extended a<lsb+width-1:lsb>
    Field {
        w: Width,
        d: Var,
        a: Val,
        lsb: u8,
        width: u8,
        signed: bool,
    },
    /// d = cond ? a : otherwise(b)
    Select {
        w: Width,
        d: Var,
        cond: u8,
        a: Val,
        b: Val,
        otherwise: Otherwise,
    },
    /// flags = cond ? flags(a - b or a + b) : nzcv
    Compare {
        w: Width,
        cond: u8,
        a: Val,
        b: Val,
        negative: bool,
        nzcv: u8,
    },
    /// d = memory
    Load { load: Load, d: Var, at: Address },
    /// memory = a
    Store {
        size: u8,
        a: Val,
        at: Address,
        release: bool,
    },
    /// The interpreter runs this instruction if the address is not a multiple of 2^size.
    Aligned { size: u8, at: Address },
    /// An exclusive or atomic access, aligned.
    Atomic(Atomic),
    /// The exclusive monitor is open.
    ClearExclusive,
    /// A full barrier.
    Fence,
    /// A load-acquire follows: it comes after the store-releases before it.
    AfterReleases,
    /// d = address of the thread area (TPIDR_EL0), and back.
    ReadTpidr { d: Var },
    /// TPIDR_EL0 = a
    WriteTpidr { a: Val },
    /// AArch32: d = FPSCR.
    ReadFpscr { d: Var },
    /// d = FPCR.
    ReadFpcr { d: Var },
    /// What is rarely done with the flags.
    Flags(FlagsOp),
    /// Vectors.
    Vector(Vector),
    /// Floating point; the interpreter runs `insn` where the host's result is not Arm's. `standard`: under the standard value of FPSCR (Advanced SIMD
    /// in AArch32).
    Float { op: Float, insn: Insn, standard: bool },
    /// d = a shifted by 1 to 31, 32 bits; defines N and Z by d and C by the last bit shifted out. V is as it was if `keeps_v`, else anything.
    ShiftFlags {
        op: Shift,
        d: Var,
        a: Val,
        by: u8,
        keeps_v: bool,
    },
    /// d = C:a rotated right by one, without C's place (RRX).
    RotateExtended { d: Var, a: Val },
    /// The interpreter runs the instruction if `a`, the new FPSCR, has other control bits than this code is made for.
    KeepsControl { a: Val },
    /// The flags = those of FPSCR.
    CopyFpscr,
    /// VCMP: the flags of FPSCR, and no others.
    CompareFpscr { comparison: Comparison },
    /// The flags of FPSCR = the flags, which a floating-point comparison has just defined.
    KeepFpscr,
    /// Advanced SIMD on integers.
    Simd(Simd),
    /// The interpreter's function for this instruction, which does not branch.
    Fallback { insn: Insn },
    /// A system call for which the host's function may be called from here (see `crate::quick`).
    QuickCall { next: u64 },
    /// A system call that the host's kernel does (see `crate::quick`).
    DirectCall { call: crate::quick::DirectCall, next: u64 },
    /// The same of an AArch32 instruction of `len` bytes.
    Fallback32 { insn: armlet_decoder::a32::Insn, len: u8 },
    /// d = what a library routine makes of R0 to R3 (a double in all 64 bits); the interpreter runs the instruction, which is a call of the routine,
    /// where the routine has to do it itself.
    Soft { routine: Routine, d: Var },
    /// N and Z of the low 32 bits of `a`; C = bit 0 of `carry`, or as it was; V as it was.
    Nz { a: Val, carry: Option<Val> },
    /// d = shift(a, low byte of b), 32 bits; the amount is not taken modulo anything. No rotation.
    ShiftByByte { op: Shift, d: Var, a: Val, b: Val },
    /// d = carry-out of a shift of 32 bits by the low byte of b: the last bit shifted out, or C if the amount is 0.
    ShiftCarry { op: Shift, d: Var, a: Val, b: Val },
}

impl Op {
    /// The variable that is written.
    pub fn written(&self) -> Option<Var> {
        match *self {
            Op::Alu { d, .. } | Op::Adc { d, .. } | Op::Sbc { d, .. } => d,
            Op::Mov { d, .. }
            | Op::Shift { d, .. }
            | Op::ShiftByByte { d, .. }
            | Op::ShiftCarry { d, .. }
            | Op::ShiftFlags { d, .. }
            | Op::RotateExtended { d, .. }
            | Op::Unary { d, .. }
            | Op::Extend { d, .. }
            | Op::Multiply { d, .. }
            | Op::Crc { d, .. }
            | Op::AddScaled { d, .. }
            | Op::Extract { d, .. }
            | Op::Insert { d, .. }
            | Op::Field { d, .. }
            | Op::Select { d, .. }
            | Op::Load { d, .. }
            | Op::Soft { d, .. }
            | Op::ReadTpidr { d }
            | Op::ReadFpcr { d }
            | Op::Flags(FlagsOp::Read { d } | FlagsOp::ReadApsr { d })
            | Op::ReadFpscr { d } => Some(d),
            Op::Atomic(ref atomic) => atomic.op.operands().0,
            Op::Media(ref media) => media.operands().0,
            Op::Float {
                op: Float::ToInteger { d, .. } | Float::ToBits { d, .. } | Float::ToBitsTop { d, .. },
                ..
            } => Some(d),
            Op::Simd(Simd::Move { d, .. }) => Some(d),
            Op::Float { .. }
            | Op::CompareFpscr { .. }
            | Op::CopyFpscr
            | Op::KeepFpscr
            | Op::KeepsControl { .. }
            | Op::Flags(_)
            | Op::Simd(_)
            | Op::Vector(_)
            | Op::Fallback { .. }
            | Op::Fallback32 { .. }
            | Op::Nz { .. }
            | Op::QuickCall { .. }
            | Op::DirectCall { .. }
            | Op::Compare { .. }
            | Op::Store { .. }
            | Op::Aligned { .. }
            | Op::ClearExclusive
            | Op::Fence
            | Op::AfterReleases
            | Op::WriteTpidr { .. } => None,
        }
    }

    /// Whether the whole state of the guest may be looked at here: by a fault, or by the interpreter.
    pub fn observes(&self) -> bool {
        match self {
            Op::Load { .. }
            | Op::Store { .. }
            | Op::Aligned { .. }
            | Op::Atomic(_)
            | Op::Vector(_)
            | Op::Float { .. }
            | Op::CompareFpscr { .. }
            | Op::CopyFpscr
            | Op::KeepsControl { .. }
            | Op::Simd(_)
            | Op::Fallback { .. }
            | Op::Fallback32 { .. }
            | Op::Soft { .. }
            | Op::QuickCall { .. }
            | Op::DirectCall { .. } => true,
            Op::Mov { .. }
            | Op::KeepFpscr
            | Op::Nz { .. }
            | Op::ShiftByByte { .. }
            | Op::ShiftCarry { .. }
            | Op::ShiftFlags { .. }
            | Op::RotateExtended { .. }
            | Op::Alu { .. }
            | Op::Adc { .. }
            | Op::Sbc { .. }
            | Op::Shift { .. }
            | Op::Unary { .. }
            | Op::Extend { .. }
            | Op::Multiply { .. }
            | Op::Crc { .. }
            | Op::Media(_)
            | Op::AddScaled { .. }
            | Op::Extract { .. }
            | Op::Insert { .. }
            | Op::Field { .. }
            | Op::Select { .. }
            | Op::Compare { .. }
            | Op::ClearExclusive
            | Op::Fence
            | Op::AfterReleases
            | Op::ReadTpidr { .. }
            | Op::ReadFpcr { .. }
            | Op::Flags(_)
            | Op::ReadFpscr { .. }
            | Op::WriteTpidr { .. } => false,
        }
    }
}

/// Operations on the vector registers; grown by what is hot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Vector {
    /// V\[d\] = memory of 2^size bytes, upper bits zero.
    Load { size: u8, d: u8, at: Address },
    /// memory = low 2^size bytes of V\[a\]
    Store { size: u8, a: u8, at: Address },
    /// One element of V\[d\] = memory of 2^size bytes.
    LoadLane { size: u8, d: u8, lane: u8, at: Address },
    /// memory = one element of V\[a\]
    StoreLane { size: u8, a: u8, lane: u8, at: Address },
    /// V\[d\] and the registers behind it = structures of `count` elements: the first one has the first elements.
    LoadStructures {
        size: u8,
        q: bool,
        count: u8,
        d: u8,
        at: Address,
    },
    /// memory = structures of the elements of V\[a\] and the registers behind it.
    StoreStructures {
        size: u8,
        q: bool,
        count: u8,
        a: u8,
        at: Address,
    },
}

/// An operation of one guest instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// The guest instruction's address.
    pub pc: u64,
    /// What it does.
    pub op: Op,
}

/// What a two-way branch tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// A condition of the flags (0 to 13).
    Cond(u8),
    /// The register is zero.
    Zero(Width, Val),
    /// The register is not zero.
    NotZero(Width, Val),
    /// The bit is clear.
    BitClear(Val, u8),
    /// The bit is set.
    BitSet(Val, u8),
}

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Goes on at an address.
    Jump { to: u64 },
    /// Goes on at one of two addresses.
    Branch { test: Test, taken: u64, not: u64 },
    /// A call: the link register is set by an operation before; execution may come back to `next`.
    Call { to: u64, next: u64 },
    /// Goes on at the address in a register; `next` is where it may come back to if it is a call.
    Indirect { to: Val, next: Option<u64>, ret: bool },
    /// A system call; it comes back to `next`.
    SupervisorCall { next: u64 },
    /// The interpreter runs the instruction at this address, outside of translated code.
    Interpret,
}

/// A basic block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Address of the first instruction.
    pub pc: u64,
    /// Guest instructions in it.
    pub insns: u32,
    /// The addresses of these instructions, where they are not all of four bytes (AArch32).
    pub places: Vec<u64>,
    /// Their bytes.
    pub bytes: u32,
    /// The operations.
    pub nodes: Vec<Node>,
    /// Address of the last instruction (the one that ends the block).
    pub end_pc: u64,
    /// How it ends.
    pub end: End,
}

/// A region: what is translated as one unit. Block 0 is where it is entered; the others follow in the order of their addresses.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its blocks, in the order in which they are laid out.
    pub blocks: Vec<Block>,
    /// Code outside that defines all flags before it uses any: they are dead on the way there. With the bytes that say so, because the region must be
    /// forgotten when they change. In the order of addresses.
    pub dead_flags: Vec<std::ops::Range<u64>>,
    /// Other code that the region relies on: the library routines that it does not call.
    pub watched: Vec<std::ops::Range<u64>>,
    /// What counts the executions, if they are to be counted.
    pub counters: Option<Counters>,
    /// AArch32: addresses are computed modulo 2^32, and those of instructions have the Thumb bit.
    pub a32: bool,
    /// AArch32: Q registers that are two.
    pub halves: Halves,
}

impl Block {
    /// How many of its instructions stand before an address; `None` if it is not one of them.
    pub fn index_of(&self, pc: u64) -> Option<u32> {
        if self.places.is_empty() {
            return (self.insns > 0 && pc >= self.pc && pc <= self.end_pc).then(|| ((pc - self.pc) / 4) as u32);
        }
        self.places
            .iter()
            .position(|&place| place == pc)
            .map(|index| index as u32)
    }

    /// How many of its instructions translated code executes: all but the one that it may leave to the interpreter.
    pub fn own(&self) -> u32 {
        self.insns.saturating_sub(u32::from(matches!(self.end, End::Interpret)))
    }

    /// The addresses of its instructions' bytes.
    pub fn code(&self, a32: bool) -> std::ops::Range<u64> {
        let start = if a32 { self.pc & !3 } else { self.pc };
        start..start.wrapping_add(u64::from(self.bytes) + if a32 { 4 } else { 0 })
    }
}

/// Addresses of the counters of a region.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Block by block: how often it was entered.
    pub blocks: Vec<u64>,
    /// Instructions behind those at which blocks were left in the middle.
    pub skipped: u64,
    /// Several threads count.
    pub shared: bool,
    /// A block counts its instructions, not itself; and the region is made for `crate::check`.
    pub instructions: bool,
}

impl Region {
    /// It is made for `crate::check`: entered at its first block only, and left at the head of every loop.
    pub fn is_checked(&self) -> bool {
        self.counters.as_ref().is_some_and(|counters| counters.instructions)
    }

    /// Whether the flags are known to be dead at an address outside.
    pub fn flags_are_dead(&self, pc: u64) -> bool {
        self.dead_flags.binary_search_by_key(&pc, |range| range.start).is_ok()
    }

    /// Whether the block at that address is the body of conditional instructions, which cannot be entered from elsewhere.
    pub fn is_body(&self, pc: u64) -> bool {
        let thumb = self.blocks[0].pc & 1 != 0;
        self.a32 && if thumb { pc & 1 == 0 } else { pc & 2 != 0 }
    }

    /// The index of the block at an address. All blocks but the first are in the order of addresses.
    pub fn find(&self, pc: u64) -> Option<usize> {
        let (first, others) = self.blocks.split_first()?;
        if first.pc == pc {
            return Some(0);
        }
        others
            .binary_search_by_key(&pc, |block| block.pc)
            .ok()
            .map(|index| index + 1)
    }
}
