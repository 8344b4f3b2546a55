//! The assembler: the x86-64 forms that the emitter uses, as functions over register numbers. Every memory operand comes out of
//! the macros in this file, which choose the short displacement.

use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, VecAssembler, dynasm, x64::X64Relocation};

use crate::ir::{Alu, Width};

/// A host address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// Base register.
    pub base: u8,
    /// Index register (not RSP) and log2 of its scale (0 to 3).
    pub index: Option<(u8, u8)>,
    /// Displacement.
    pub disp: i32,
}

impl HostAddress {
    /// A slot of the guest state.
    pub fn state(disp: i32) -> HostAddress {
        HostAddress {
            base: crate::map::host::RBP,
            index: None,
            disp,
        }
    }
}

/// A source operand of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A host register.
    Reg(u8),
    /// A slot of the guest state.
    Slot(i32),
    /// A constant that fits.
    Imm(i32),
}

/// x86 condition codes, as encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Cc {
    O = 0,
    No = 1,
    B = 2,
    Ae = 3,
    E = 4,
    Ne = 5,
    Be = 6,
    A = 7,
    S = 8,
    Ns = 9,
    P = 10,
    Np = 11,
    L = 12,
    Ge = 13,
    Le = 14,
    G = 15,
}

impl Cc {
    /// The opposite condition.
    pub fn not(self) -> Cc {
        match self {
            Cc::O => Cc::No,
            Cc::No => Cc::O,
            Cc::B => Cc::Ae,
            Cc::Ae => Cc::B,
            Cc::E => Cc::Ne,
            Cc::Ne => Cc::E,
            Cc::Be => Cc::A,
            Cc::A => Cc::Be,
            Cc::S => Cc::Ns,
            Cc::Ns => Cc::S,
            Cc::P => Cc::Np,
            Cc::Np => Cc::P,
            Cc::L => Cc::Ge,
            Cc::Ge => Cc::L,
            Cc::Le => Cc::G,
            Cc::G => Cc::Le,
        }
    }
}

/// One instruction with a memory operand in the form that fits the address.
macro_rules! memory {
    ($asm:expr, $at:expr, ($($before:tt)*) ($($after:tt)*)) => {{
        let at: HostAddress = $at;
        let (b, d) = (at.base, at.disp);
        match at.index {
            // A base that is known in advance needs no SIB byte.
            None if b == $crate::map::host::RBP => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE rbp + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD rbp + d] $($after)*),
            },
            None => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE Rq(b) + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD Rq(b) + d] $($after)*),
            },
            Some((i, 0)) => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE Rq(b) + Rq(i) * 1 + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD Rq(b) + Rq(i) * 1 + d] $($after)*),
            },
            Some((i, 1)) => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE Rq(b) + Rq(i) * 2 + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD Rq(b) + Rq(i) * 2 + d] $($after)*),
            },
            Some((i, 2)) => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE Rq(b) + Rq(i) * 4 + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD Rq(b) + Rq(i) * 4 + d] $($after)*),
            },
            Some((i, _)) => match i8::try_from(d) {
                Ok(d) => dynasm!($asm ; .arch x64 ; $($before)* [BYTE Rq(b) + Rq(i) * 8 + d] $($after)*),
                Err(_) => dynasm!($asm ; .arch x64 ; $($before)* [DWORD Rq(b) + Rq(i) * 8 + d] $($after)*),
            },
        }
    }};
}
pub(crate) use memory;

/// An instruction in its 32- and 64-bit form.
macro_rules! widths {
    ($asm:expr, $w:expr, $mnemonic:ident ($($d:expr),+)) => {
        match $w {
            Width::X => dynasm!($asm ; .arch x64 ; $mnemonic $(Rq($d)),+),
            Width::W => dynasm!($asm ; .arch x64 ; $mnemonic $(Rd($d)),+),
        }
    };
    ($asm:expr, $w:expr, $mnemonic:ident ($($d:expr),+) byte $imm:expr) => {
        match $w {
            Width::X => dynasm!($asm ; .arch x64 ; $mnemonic $(Rq($d)),+, BYTE $imm),
            Width::W => dynasm!($asm ; .arch x64 ; $mnemonic $(Rd($d)),+, BYTE $imm),
        }
    };
}

/// The operand that a ModRM byte names.
#[derive(Clone, Copy)]
enum Rm {
    /// A register.
    Reg(u8),
    /// A byte register: numbers 4 to 7 need a REX prefix.
    Byte(u8),
    /// Memory.
    At(HostAddress),
}

impl From<Source> for Rm {
    fn from(source: Source) -> Rm {
        match source {
            Source::Reg(reg) => Rm::Reg(reg),
            Source::Slot(slot) => Rm::At(HostAddress::state(slot)),
            Source::Imm(_) => unreachable!("a constant is no ModRM operand"),
        }
    }
}

/// Host code under construction.
pub struct Asm {
    /// dynasm's buffer.
    pub ops: VecAssembler<X64Relocation>,
    /// Where the code will run.
    at: usize,
}

/// A place to jump to.
pub type Label = DynamicLabel;

#[allow(clippy::useless_conversion, reason = "dynasm converts what is already converted")]
impl Asm {
    /// Code that will run at `at`.
    pub fn new(at: u64) -> Asm {
        Asm::for_code(at, 0, 0)
    }

    /// The same with room for the code of so many operations, in so many blocks.
    pub fn for_code(at: u64, operations: usize, blocks: usize) -> Asm {
        let labels = 4 * blocks;
        Asm {
            ops: VecAssembler::new_with_capacity(at as usize, 32 * operations, 0, 0, labels, 0, labels),
            at: at as usize,
        }
    }

    /// Bytes so far.
    pub fn offset(&self) -> usize {
        self.ops.offset().0
    }

    /// Does nothing up to the next multiple of an address, in a few instructions.
    pub fn align(&mut self, to: usize) {
        const NOPS: [&[u8]; 8] = [
            &[0x90],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0x00],
            &[0x0f, 0x1f, 0x40, 0x00],
            &[0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
            &[0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
            &[0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
        ];
        let mut missing = (self.at + self.offset()).wrapping_neg() % to;
        while missing > 0 {
            let nop = NOPS[missing.min(8) - 1];
            self.ops.extend(nop);
            missing -= nop.len();
        }
    }

    /// A label that is bound later.
    pub fn label(&mut self) -> Label {
        self.ops.new_dynamic_label()
    }

    /// Binds a label here.
    pub fn bind(&mut self, label: Label) {
        dynasm!(self.ops ; .arch x64 ; =>label);
    }

    /// The encoding of one instruction: mandatory prefix (0: none), REX.W, opcode, the register field (or opcode extension), the ModRM
    /// operand. Of general registers only; dynasm's forms with register numbers that are not known in advance would
    /// always take a REX prefix, a SIB byte and long displacements.
    fn encode(&mut self, prefix: u8, wide: bool, opcode: &[u8], reg: u8, rm: Rm) {
        let (base, index, extra) = match rm {
            Rm::Reg(r) => (r, 0, false),
            Rm::Byte(r) => (r, 0, (4..8).contains(&r)),
            Rm::At(at) => (at.base, at.index.map_or(0, |(index, _)| index), false),
        };
        let rex = 0x40 | u8::from(wide) << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
        let ops = &mut self.ops;
        if prefix != 0 {
            ops.push(prefix);
        }
        if rex != 0x40 || extra {
            ops.push(rex);
        }
        ops.extend(opcode);
        let field = (reg & 7) << 3;
        match rm {
            Rm::Reg(r) | Rm::Byte(r) => ops.push(0xc0 | field | r & 7),
            Rm::At(HostAddress { base, index, disp }) => {
                let short = i8::try_from(disp);
                // RBP and R13 as base need a displacement, RSP and R12 a SIB byte.
                let mode = match short {
                    Ok(0) if base & 7 != 5 => 0x00,
                    Ok(_) => 0x40,
                    Err(_) => 0x80,
                };
                match index {
                    Some((index, scale)) => {
                        ops.push(mode | field | 4);
                        ops.push(scale << 6 | (index & 7) << 3 | base & 7);
                    }
                    None if base & 7 == 4 => {
                        ops.push(mode | field | 4);
                        ops.push(0x24);
                    }
                    None => ops.push(mode | field | base & 7),
                }
                match (mode, short) {
                    (0x00, _) => {}
                    (_, Ok(short)) => ops.push_i8(short),
                    (_, Err(_)) => ops.push_i32(disp),
                }
            }
        }
    }

    /// The same with the opcode's register field for a byte register.
    fn encode_byte(&mut self, opcode: &[u8], reg: u8, at: HostAddress) {
        if (4..8).contains(&reg) && at.base < 8 && at.index.is_none_or(|(index, _)| index < 8) {
            // An empty REX prefix chooses SIL and DIL over DH and BH.
            self.ops.push(0x40);
        }
        self.encode(0, false, opcode, reg, Rm::At(at));
    }

    /// One of the eight instructions with the opcodes 0x00 to 0x3f: `number` is ADD 0, OR 1, ADC 2, SBB 3, AND 4, SUB 5, XOR 6, CMP 7.
    fn arithmetic(&mut self, number: u8, w: Width, d: u8, s: Source) {
        let wide = w == Width::X;
        match s {
            Source::Imm(imm) => self.arithmetic_imm(number, wide, Rm::Reg(d), imm),
            _ => self.encode(0, wide, &[number << 3 | 3], d, s.into()),
        }
    }

    fn arithmetic_imm(&mut self, number: u8, wide: bool, d: Rm, imm: i32) {
        match i8::try_from(imm) {
            Ok(imm) => {
                self.encode(0, wide, &[0x83], number, d);
                self.ops.push_i8(imm);
            }
            Err(_) => {
                self.encode(0, wide, &[0x81], number, d);
                self.ops.push_i32(imm);
            }
        }
    }

    /// d = s; the flags stay.
    pub fn mov(&mut self, w: Width, d: u8, s: u8) {
        if d != s || w == Width::W {
            self.encode(0, w == Width::X, &[0x8b], d, Rm::Reg(s));
        }
    }

    /// d = a constant, in the shortest form; the flags stay.
    pub fn mov_imm(&mut self, d: u8, value: u64) {
        if let Ok(value) = u32::try_from(value) {
            if d >= 8 {
                self.ops.push(0x41);
            }
            self.ops.push(0xb8 | d & 7);
            self.ops.push_u32(value);
        } else if let Ok(value) = i32::try_from(value as i64) {
            self.encode(0, true, &[0xc7], 0, Rm::Reg(d));
            self.ops.push_i32(value);
        } else {
            self.ops.push(0x48 | d >> 3);
            self.ops.push(0xb8 | d & 7);
            self.ops.push_u64(value);
        }
    }

    /// d = a 64-bit slot of the state.
    pub fn load_slot(&mut self, d: u8, slot: i32) {
        self.encode(0, true, &[0x8b], d, Rm::At(HostAddress::state(slot)));
    }

    /// d = a 32-bit slot of the state.
    pub fn load_slot_32(&mut self, d: u8, slot: i32) {
        self.encode(0, false, &[0x8b], d, Rm::At(HostAddress::state(slot)));
    }

    /// A 64-bit slot of the state = s.
    pub fn store_slot(&mut self, slot: i32, s: u8) {
        self.encode(0, true, &[0x89], s, Rm::At(HostAddress::state(slot)));
    }

    /// A 64-bit slot of the state = a sign-extended constant.
    pub fn store_slot_imm(&mut self, slot: i32, value: i32) {
        self.store_imm(3, value, HostAddress::state(slot));
    }

    /// d = d op s
    pub fn alu(&mut self, op: Alu, w: Width, d: u8, s: Source) {
        self.arithmetic(number(op), w, d, s);
    }

    /// d = d + s + CF
    pub fn adc(&mut self, w: Width, d: u8, s: Source) {
        self.arithmetic(2, w, d, s);
    }

    /// d = d - s - CF
    pub fn sbb(&mut self, w: Width, d: u8, s: Source) {
        self.arithmetic(3, w, d, s);
    }

    /// Flags of a - s.
    pub fn cmp(&mut self, w: Width, a: u8, s: Source) {
        match s {
            Source::Imm(0) => self.test(w, a, Source::Reg(a)),
            _ => self.arithmetic(7, w, a, s),
        }
    }

    /// Flags of a & s.
    pub fn test(&mut self, w: Width, a: u8, s: Source) {
        match s {
            // A mask of the low byte, without its sign bit, sets the same flags.
            Source::Imm(imm) if (1..0x80).contains(&imm) => {
                self.encode(0, false, &[0xf6], 0, Rm::Byte(a));
                self.ops.push(imm as u8);
            }
            Source::Imm(imm) => {
                self.encode(0, w == Width::X, &[0xf7], 0, Rm::Reg(a));
                self.ops.push_i32(imm);
            }
            _ => self.encode(0, w == Width::X, &[0x85], a, s.into()),
        }
    }

    /// Flags of a 32-bit slot & a constant.
    pub fn test_slot(&mut self, slot: i32, imm: u32) {
        self.encode(0, false, &[0xf7], 0, Rm::At(HostAddress::state(slot)));
        self.ops.push_u32(imm);
    }

    /// CF = a bit of a 32-bit slot.
    pub fn bit_test_slot(&mut self, slot: i32, bit: u8) {
        self.encode(0, false, &[0x0f, 0xba], 4, Rm::At(HostAddress::state(slot)));
        self.ops.push(bit);
    }

    /// slot = slot op s (64 bits)
    pub fn alu_slot(&mut self, op: Alu, slot: i32, s: Source) {
        let at = Rm::At(HostAddress::state(slot));
        match s {
            Source::Reg(r) => self.encode(0, true, &[number(op) << 3 | 1], r, at),
            Source::Imm(imm) => self.arithmetic_imm(number(op), true, at, imm),
            Source::Slot(_) => unreachable!("an instruction has one memory operand"),
        }
    }

    /// Flags of slot - s.
    pub fn cmp_slot(&mut self, w: Width, slot: i32, s: Source) {
        let at = Rm::At(HostAddress::state(slot));
        match s {
            Source::Reg(r) => self.encode(0, w == Width::X, &[0x39], r, at),
            Source::Imm(imm) => self.arithmetic_imm(7, w == Width::X, at, imm),
            Source::Slot(_) => unreachable!("an instruction has one memory operand"),
        }
    }

    /// Flags of the low byte of a slot - a constant.
    pub fn cmp_byte_slot(&mut self, slot: i32, imm: i8) {
        self.encode(0, false, &[0x80], 7, Rm::At(HostAddress::state(slot)));
        self.ops.push_i8(imm);
    }

    /// d = address; the flags stay.
    pub fn lea(&mut self, w: Width, d: u8, at: HostAddress) {
        self.encode(0, w == Width::X, &[0x8d], d, Rm::At(at));
    }

    /// d = index << log2 scale, by LEA without a base; the flags stay.
    pub fn lea_scaled(&mut self, w: Width, d: u8, index: u8, scale: u8) {
        match (w, scale) {
            (_, 0) => self.mov(w, d, index),
            (_, 1) => self.lea(
                w,
                d,
                HostAddress {
                    base: index,
                    index: Some((index, 0)),
                    disp: 0,
                },
            ),
            (Width::X, 2) => dynasm!(self.ops ; .arch x64 ; lea Rq(d), [NOSPLIT Rq(index) * 4]),
            (Width::X, _) => dynasm!(self.ops ; .arch x64 ; lea Rq(d), [NOSPLIT Rq(index) * 8]),
            (Width::W, 2) => dynasm!(self.ops ; .arch x64 ; lea Rd(d), [NOSPLIT Rq(index) * 4]),
            (Width::W, _) => dynasm!(self.ops ; .arch x64 ; lea Rd(d), [NOSPLIT Rq(index) * 8]),
        }
    }

    /// d = d shifted by a constant below the width, which is not 0 (BMI2 RORX for rotations).
    pub fn shift_imm(&mut self, op: crate::ir::Shift, w: Width, d: u8, amount: u8) {
        use crate::ir::Shift;
        let number = match op {
            Shift::Lsl => 4,
            Shift::Lsr => 5,
            Shift::Asr => 7,
            Shift::Ror => return self.rorx(w, d, d, amount),
        };
        match amount {
            1 => self.encode(0, w == Width::X, &[0xd1], number, Rm::Reg(d)),
            _ => {
                self.encode(0, w == Width::X, &[0xc1], number, Rm::Reg(d));
                self.ops.push(amount);
            }
        }
    }

    /// d = s rotated right by a constant; the flags stay.
    pub fn rorx(&mut self, w: Width, d: u8, s: u8, amount: u8) {
        let amount = amount as i8;
        widths!(self.ops, w, rorx(d, s) byte amount);
    }

    /// d = a shifted by the low bits of register c (BMI2); the flags stay. Not for rotations.
    pub fn shift_by(&mut self, op: crate::ir::Shift, w: Width, d: u8, a: u8, c: u8) {
        use crate::ir::Shift;
        match op {
            Shift::Lsl => widths!(self.ops, w, shlx(d, a, c)),
            Shift::Lsr => widths!(self.ops, w, shrx(d, a, c)),
            Shift::Asr | Shift::Ror => widths!(self.ops, w, sarx(d, a, c)),
        }
    }

    /// d rotated right by CL.
    pub fn ror_cl(&mut self, w: Width, d: u8) {
        self.encode(0, w == Width::X, &[0xd3], 1, Rm::Reg(d));
    }

    /// d = (s:d) >> amount, low half.
    pub fn shrd(&mut self, w: Width, d: u8, s: u8, amount: u8) {
        self.encode(0, w == Width::X, &[0x0f, 0xac], s, Rm::Reg(d));
        self.ops.push(amount);
    }

    /// d = !d; the flags stay.
    pub fn not(&mut self, w: Width, d: u8) {
        self.encode(0, w == Width::X, &[0xf7], 2, Rm::Reg(d));
    }

    /// d = -d
    pub fn neg(&mut self, w: Width, d: u8) {
        self.encode(0, w == Width::X, &[0xf7], 3, Rm::Reg(d));
    }

    /// Byte swap; the flags stay.
    pub fn bswap(&mut self, w: Width, d: u8) {
        widths!(self.ops, w, bswap(d));
    }

    /// d = leading zeros of s.
    pub fn lzcnt(&mut self, w: Width, d: u8, s: u8) {
        self.encode(0xf3, w == Width::X, &[0x0f, 0xbd], d, Rm::Reg(s));
    }

    /// d = trailing zeros of s.
    pub fn tzcnt(&mut self, w: Width, d: u8, s: u8) {
        self.encode(0xf3, w == Width::X, &[0x0f, 0xbc], d, Rm::Reg(s));
    }

    /// d = d * s, low half.
    pub fn imul(&mut self, w: Width, d: u8, s: Source) {
        match s {
            Source::Imm(imm) => self.imul_imm(w, d, d, imm),
            _ => self.encode(0, w == Width::X, &[0x0f, 0xaf], d, s.into()),
        }
    }

    /// d = s * a constant, low half.
    pub fn imul_imm(&mut self, w: Width, d: u8, s: u8, imm: i32) {
        match i8::try_from(imm) {
            Ok(imm) => {
                self.encode(0, w == Width::X, &[0x6b], d, Rm::Reg(s));
                self.ops.push_i8(imm);
            }
            Err(_) => {
                self.encode(0, w == Width::X, &[0x69], d, Rm::Reg(s));
                self.ops.push_i32(imm);
            }
        }
    }

    /// RDX:RAX = RAX * s
    pub fn mul_wide(&mut self, signed: bool, s: u8) {
        self.encode(0, true, &[0xf7], if signed { 5 } else { 4 }, Rm::Reg(s));
    }

    /// RAX = RDX:RAX / s, after the sign or zero extension of RAX into RDX.
    pub fn div(&mut self, w: Width, signed: bool, s: u8) {
        match (w, signed) {
            (Width::X, true) => dynasm!(self.ops ; .arch x64 ; cqo),
            (Width::W, true) => dynasm!(self.ops ; .arch x64 ; cdq),
            (_, false) => dynasm!(self.ops ; .arch x64 ; xor edx, edx),
        }
        self.encode(0, w == Width::X, &[0xf7], if signed { 7 } else { 6 }, Rm::Reg(s));
    }

    /// d = extended low part of s; the flags stay. The result has 64 bits for `Width::X`.
    pub fn extend(&mut self, op: crate::ir::Extend, w: Width, d: u8, s: u8) {
        use crate::ir::Extend;
        let wide = w == Width::X;
        match op {
            Extend::U8 => self.encode(0, false, &[0x0f, 0xb6], d, Rm::Byte(s)),
            Extend::U16 => self.encode(0, false, &[0x0f, 0xb7], d, Rm::Reg(s)),
            Extend::S8 => self.encode(0, wide, &[0x0f, 0xbe], d, Rm::Byte(s)),
            Extend::S16 => self.encode(0, wide, &[0x0f, 0xbf], d, Rm::Reg(s)),
            Extend::S32 if wide => self.encode(0, true, &[0x63], d, Rm::Reg(s)),
            Extend::U32 | Extend::S32 => self.mov(Width::W, d, s),
        }
    }

    /// d = memory, extended.
    pub fn load(&mut self, load: crate::ir::Load, d: u8, at: HostAddress) {
        use crate::ir::Load;
        let (wide, opcode): (bool, &[u8]) = match load {
            Load::Zero(0) => (false, &[0x0f, 0xb6]),
            Load::Zero(1) => (false, &[0x0f, 0xb7]),
            Load::Zero(2) => (false, &[0x8b]),
            Load::Zero(_) => (true, &[0x8b]),
            Load::Sign(0, w) => (w == Width::X, &[0x0f, 0xbe]),
            Load::Sign(1, w) => (w == Width::X, &[0x0f, 0xbf]),
            Load::Sign(_, _) => (true, &[0x63]),
        };
        self.encode(0, wide, opcode, d, Rm::At(at));
    }

    /// The 33 bits of CF and d, rotated right by one.
    pub fn rotate_extended(&mut self, d: u8) {
        self.encode(0, false, &[0xd1], 3, Rm::Reg(d));
    }

    /// memory = low bytes of s.
    pub fn store(&mut self, size: u8, s: u8, at: HostAddress) {
        match size {
            0 => self.encode_byte(&[0x88], s, at),
            1 => self.encode(0x66, false, &[0x89], s, Rm::At(at)),
            _ => self.encode(0, size == 3, &[0x89], s, Rm::At(at)),
        }
    }

    /// memory = a (sign-extended) constant.
    pub fn store_imm(&mut self, size: u8, imm: i32, at: HostAddress) {
        match size {
            0 => {
                self.encode(0, false, &[0xc6], 0, Rm::At(at));
                self.ops.push_i8(imm as i8);
            }
            1 => {
                self.encode(0x66, false, &[0xc7], 0, Rm::At(at));
                self.ops.push_i16(imm as i16);
            }
            _ => {
                self.encode(0, size == 3, &[0xc7], 0, Rm::At(at));
                self.ops.push_i32(imm);
            }
        }
    }

    /// Exchanges memory and s, sequentially consistent.
    pub fn xchg(&mut self, size: u8, s: u8, at: HostAddress) {
        match size {
            0 => self.encode_byte(&[0x86], s, at),
            1 => self.encode(0x66, false, &[0x87], s, Rm::At(at)),
            _ => self.encode(0, size == 3, &[0x87], s, Rm::At(at)),
        }
    }

    /// A full barrier; the flags do not stay.
    pub fn fence(&mut self) {
        dynasm!(self.ops ; .arch x64 ; lock or DWORD [rsp], BYTE 0);
    }

    /// Jumps when the condition holds.
    pub fn jcc(&mut self, cc: Cc, to: Label) {
        match cc {
            Cc::O => dynasm!(self.ops ; .arch x64 ; jo =>to),
            Cc::No => dynasm!(self.ops ; .arch x64 ; jno =>to),
            Cc::B => dynasm!(self.ops ; .arch x64 ; jb =>to),
            Cc::Ae => dynasm!(self.ops ; .arch x64 ; jae =>to),
            Cc::E => dynasm!(self.ops ; .arch x64 ; je =>to),
            Cc::Ne => dynasm!(self.ops ; .arch x64 ; jne =>to),
            Cc::Be => dynasm!(self.ops ; .arch x64 ; jbe =>to),
            Cc::A => dynasm!(self.ops ; .arch x64 ; ja =>to),
            Cc::S => dynasm!(self.ops ; .arch x64 ; js =>to),
            Cc::Ns => dynasm!(self.ops ; .arch x64 ; jns =>to),
            Cc::P => dynasm!(self.ops ; .arch x64 ; jp =>to),
            Cc::Np => dynasm!(self.ops ; .arch x64 ; jnp =>to),
            Cc::L => dynasm!(self.ops ; .arch x64 ; jl =>to),
            Cc::Ge => dynasm!(self.ops ; .arch x64 ; jge =>to),
            Cc::Le => dynasm!(self.ops ; .arch x64 ; jle =>to),
            Cc::G => dynasm!(self.ops ; .arch x64 ; jg =>to),
        }
    }

    /// Jumps.
    pub fn jmp(&mut self, to: Label) {
        dynasm!(self.ops ; .arch x64 ; jmp =>to);
    }

    /// d = s when the condition holds.
    pub fn cmov(&mut self, cc: Cc, w: Width, d: u8, s: Source) {
        self.encode(0, w == Width::X, &[0x0f, 0x40 | cc as u8], d, s.into());
    }

    /// Low byte of d = the condition.
    pub fn setcc(&mut self, cc: Cc, d: u8) {
        self.encode(0, false, &[0x0f, 0x90 | cc as u8], 0, Rm::Byte(d));
    }
}

/// The place of an operation among x86's eight.
fn number(op: Alu) -> u8 {
    match op {
        Alu::Add => 0,
        Alu::Or => 1,
        Alu::And => 4,
        Alu::Sub => 5,
        Alu::Xor => 6,
    }
}
