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
            Some((i, 0)) => dynasm!($asm ; .arch x64 ; $($before)* [Rq(b) + Rq(i) * 1 + d] $($after)*),
            Some((i, 1)) => dynasm!($asm ; .arch x64 ; $($before)* [Rq(b) + Rq(i) * 2 + d] $($after)*),
            Some((i, 2)) => dynasm!($asm ; .arch x64 ; $($before)* [Rq(b) + Rq(i) * 4 + d] $($after)*),
            Some((i, _)) => dynasm!($asm ; .arch x64 ; $($before)* [Rq(b) + Rq(i) * 8 + d] $($after)*),
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

macro_rules! with_source {
    ($asm:expr, $w:expr, $d:expr, $source:expr, $mnemonic:ident) => {
        match ($w, $source) {
            (Width::X, Source::Reg(r)) => dynasm!($asm ; .arch x64 ; $mnemonic Rq($d), Rq(r)),
            (Width::W, Source::Reg(r)) => dynasm!($asm ; .arch x64 ; $mnemonic Rd($d), Rd(r)),
            (Width::X, Source::Slot(slot)) => memory!($asm, HostAddress::state(slot), ($mnemonic Rq($d), QWORD) ()),
            (Width::W, Source::Slot(slot)) => memory!($asm, HostAddress::state(slot), ($mnemonic Rd($d), DWORD) ()),
            (Width::X, Source::Imm(imm)) => match i8::try_from(imm) {
                Ok(imm) => dynasm!($asm ; .arch x64 ; $mnemonic Rq($d), BYTE imm),
                Err(_) => dynasm!($asm ; .arch x64 ; $mnemonic Rq($d), DWORD imm),
            },
            (Width::W, Source::Imm(imm)) => match i8::try_from(imm) {
                Ok(imm) => dynasm!($asm ; .arch x64 ; $mnemonic Rd($d), BYTE imm),
                Err(_) => dynasm!($asm ; .arch x64 ; $mnemonic Rd($d), DWORD imm),
            },
        }
    };
}

/// Host code under construction.
pub struct Asm {
    /// dynasm's buffer.
    pub ops: VecAssembler<X64Relocation>,
}

/// A place to jump to.
pub type Label = DynamicLabel;

#[allow(clippy::useless_conversion, reason = "dynasm converts what is already converted")]
impl Asm {
    /// Code that will run at `at`.
    pub fn new(at: u64) -> Asm {
        Asm {
            ops: VecAssembler::new(at as usize),
        }
    }

    /// Bytes so far.
    pub fn offset(&self) -> usize {
        self.ops.offset().0
    }

    /// A label that is bound later.
    pub fn label(&mut self) -> Label {
        self.ops.new_dynamic_label()
    }

    /// Binds a label here.
    pub fn bind(&mut self, label: Label) {
        dynasm!(self.ops ; .arch x64 ; =>label);
    }

    /// d = s; the flags stay.
    pub fn mov(&mut self, w: Width, d: u8, s: u8) {
        if d != s || w == Width::W {
            widths!(self.ops, w, mov(d, s));
        }
    }

    /// d = a constant, in the shortest form; the flags stay.
    pub fn mov_imm(&mut self, d: u8, value: u64) {
        if let Ok(value) = u32::try_from(value) {
            dynasm!(self.ops ; .arch x64 ; mov Rd(d), DWORD value as i32);
        } else if let Ok(value) = i32::try_from(value as i64) {
            dynasm!(self.ops ; .arch x64 ; mov Rq(d), DWORD value);
        } else {
            dynasm!(self.ops ; .arch x64 ; mov Rq(d), QWORD value as i64);
        }
    }

    /// d = a 64-bit slot of the state.
    pub fn load_slot(&mut self, d: u8, slot: i32) {
        memory!(self.ops, HostAddress::state(slot), (mov Rq(d), QWORD) ());
    }

    /// A 64-bit slot of the state = s.
    pub fn store_slot(&mut self, slot: i32, s: u8) {
        memory!(self.ops, HostAddress::state(slot), (mov QWORD) (, Rq(s)));
    }

    /// A 64-bit slot of the state = a sign-extended constant.
    pub fn store_slot_imm(&mut self, slot: i32, value: i32) {
        memory!(self.ops, HostAddress::state(slot), (mov QWORD) (, DWORD value));
    }

    /// d = d op s
    pub fn alu(&mut self, op: Alu, w: Width, d: u8, s: Source) {
        match op {
            Alu::Add => with_source!(self.ops, w, d, s, add),
            Alu::Sub => with_source!(self.ops, w, d, s, sub),
            Alu::And => with_source!(self.ops, w, d, s, and),
            Alu::Or => with_source!(self.ops, w, d, s, or),
            Alu::Xor => with_source!(self.ops, w, d, s, xor),
        }
    }

    /// d = d + s + CF
    pub fn adc(&mut self, w: Width, d: u8, s: Source) {
        with_source!(self.ops, w, d, s, adc);
    }

    /// d = d - s - CF
    pub fn sbb(&mut self, w: Width, d: u8, s: Source) {
        with_source!(self.ops, w, d, s, sbb);
    }

    /// Flags of a - s.
    pub fn cmp(&mut self, w: Width, a: u8, s: Source) {
        match (w, s) {
            (_, Source::Imm(0)) => self.test(w, a, Source::Reg(a)),
            (Width::X, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; cmp Rq(a), DWORD imm),
            (Width::W, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; cmp Rd(a), DWORD imm),
            (_, Source::Reg(r)) => widths!(self.ops, w, cmp(a, r)),
            (Width::X, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (cmp Rq(a), QWORD) ()),
            (Width::W, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (cmp Rd(a), DWORD) ()),
        }
    }

    /// Flags of a & s.
    pub fn test(&mut self, w: Width, a: u8, s: Source) {
        match (w, s) {
            (_, Source::Reg(r)) => widths!(self.ops, w, test(a, r)),
            (Width::X, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (test QWORD) (, Rq(a))),
            (Width::W, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (test DWORD) (, Rd(a))),
            (Width::X, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; test Rq(a), DWORD imm),
            (Width::W, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; test Rd(a), DWORD imm),
        }
    }

    /// slot = slot op s (64 bits)
    pub fn alu_slot(&mut self, op: Alu, slot: i32, s: Source) {
        macro_rules! form {
            ($mnemonic:ident) => {
                match s {
                    Source::Reg(r) => memory!(self.ops, HostAddress::state(slot), ($mnemonic QWORD) (, Rq(r))),
                    Source::Imm(imm) => memory!(self.ops, HostAddress::state(slot), ($mnemonic QWORD) (, DWORD imm)),
                    Source::Slot(_) => unreachable!("an instruction has one memory operand"),
                }
            };
        }
        match op {
            Alu::Add => form!(add),
            Alu::Sub => form!(sub),
            Alu::And => form!(and),
            Alu::Or => form!(or),
            Alu::Xor => form!(xor),
        }
    }

    /// Flags of slot - s.
    pub fn cmp_slot(&mut self, w: Width, slot: i32, s: Source) {
        let at = HostAddress::state(slot);
        match (w, s) {
            (Width::X, Source::Reg(r)) => memory!(self.ops, at, (cmp QWORD) (, Rq(r))),
            (Width::W, Source::Reg(r)) => memory!(self.ops, at, (cmp DWORD) (, Rd(r))),
            (Width::X, Source::Imm(imm)) => memory!(self.ops, at, (cmp QWORD) (, DWORD imm)),
            (Width::W, Source::Imm(imm)) => memory!(self.ops, at, (cmp DWORD) (, DWORD imm)),
            (_, Source::Slot(_)) => unreachable!("an instruction has one memory operand"),
        }
    }

    /// d = address; the flags stay.
    pub fn lea(&mut self, w: Width, d: u8, at: HostAddress) {
        match w {
            Width::X => memory!(self.ops, at, (lea Rq(d),) ()),
            Width::W => memory!(self.ops, at, (lea Rd(d),) ()),
        }
    }

    /// d = index << log2 scale, by LEA without a base; the flags stay.
    pub fn lea_scaled(&mut self, w: Width, d: u8, index: u8, scale: u8) {
        match (w, scale) {
            (Width::X, 0) => dynasm!(self.ops ; .arch x64 ; mov Rq(d), Rq(index)),
            (Width::X, 1) => dynasm!(self.ops ; .arch x64 ; lea Rq(d), [Rq(index) * 1 + Rq(index)]),
            (Width::X, 2) => dynasm!(self.ops ; .arch x64 ; lea Rq(d), [NOSPLIT Rq(index) * 4]),
            (Width::X, _) => dynasm!(self.ops ; .arch x64 ; lea Rq(d), [NOSPLIT Rq(index) * 8]),
            (Width::W, 0) => dynasm!(self.ops ; .arch x64 ; mov Rd(d), Rd(index)),
            (Width::W, 1) => dynasm!(self.ops ; .arch x64 ; lea Rd(d), [Rq(index) * 1 + Rq(index)]),
            (Width::W, 2) => dynasm!(self.ops ; .arch x64 ; lea Rd(d), [NOSPLIT Rq(index) * 4]),
            (Width::W, _) => dynasm!(self.ops ; .arch x64 ; lea Rd(d), [NOSPLIT Rq(index) * 8]),
        }
    }

    /// d = s shifted by a constant below the width (BMI2 RORX for rotations); `d` already holds the operand for the others.
    pub fn shift_imm(&mut self, op: crate::ir::Shift, w: Width, d: u8, amount: u8) {
        use crate::ir::Shift;
        let amount = amount as i8;
        match op {
            Shift::Lsl => widths!(self.ops, w, shl(d) byte amount),
            Shift::Lsr => widths!(self.ops, w, shr(d) byte amount),
            Shift::Asr => widths!(self.ops, w, sar(d) byte amount),
            Shift::Ror => widths!(self.ops, w, rorx(d, d) byte amount),
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
        match w {
            Width::X => dynasm!(self.ops ; .arch x64 ; ror Rq(d), cl),
            Width::W => dynasm!(self.ops ; .arch x64 ; ror Rd(d), cl),
        }
    }

    /// d = (s:d) >> amount, low half.
    pub fn shrd(&mut self, w: Width, d: u8, s: u8, amount: u8) {
        let amount = amount as i8;
        widths!(self.ops, w, shrd(d, s) byte amount);
    }

    /// d = !d; the flags stay.
    pub fn not(&mut self, w: Width, d: u8) {
        widths!(self.ops, w, not(d));
    }

    /// d = -d
    pub fn neg(&mut self, w: Width, d: u8) {
        widths!(self.ops, w, neg(d));
    }

    /// Byte swap; the flags stay.
    pub fn bswap(&mut self, w: Width, d: u8) {
        widths!(self.ops, w, bswap(d));
    }

    /// d = leading zeros of s.
    pub fn lzcnt(&mut self, w: Width, d: u8, s: u8) {
        widths!(self.ops, w, lzcnt(d, s));
    }

    /// d = d * s, low half.
    pub fn imul(&mut self, w: Width, d: u8, s: Source) {
        match (w, s) {
            (_, Source::Reg(r)) => widths!(self.ops, w, imul(d, r)),
            (Width::X, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (imul Rq(d), QWORD) ()),
            (Width::W, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), (imul Rd(d), DWORD) ()),
            (Width::X, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; imul Rq(d), Rq(d), DWORD imm),
            (Width::W, Source::Imm(imm)) => dynasm!(self.ops ; .arch x64 ; imul Rd(d), Rd(d), DWORD imm),
        }
    }

    /// RDX:RAX = RAX * s
    pub fn mul_wide(&mut self, signed: bool, s: u8) {
        match signed {
            true => dynasm!(self.ops ; .arch x64 ; imul Rq(s)),
            false => dynasm!(self.ops ; .arch x64 ; mul Rq(s)),
        }
    }

    /// RAX = RDX:RAX / s, after the sign or zero extension of RAX into RDX.
    pub fn div(&mut self, w: Width, signed: bool, s: u8) {
        match (w, signed) {
            (Width::X, true) => dynasm!(self.ops ; .arch x64 ; cqo ; idiv Rq(s)),
            (Width::W, true) => dynasm!(self.ops ; .arch x64 ; cdq ; idiv Rd(s)),
            (Width::X, false) => dynasm!(self.ops ; .arch x64 ; xor edx, edx ; div Rq(s)),
            (Width::W, false) => dynasm!(self.ops ; .arch x64 ; xor edx, edx ; div Rd(s)),
        }
    }

    /// d = extended low part of s; the flags stay. The result has 64 bits for `Width::X`.
    pub fn extend(&mut self, op: crate::ir::Extend, w: Width, d: u8, s: u8) {
        use crate::ir::Extend;
        match (op, w) {
            (Extend::U8, _) => dynasm!(self.ops ; .arch x64 ; movzx Rd(d), Rb(s)),
            (Extend::U16, _) => dynasm!(self.ops ; .arch x64 ; movzx Rd(d), Rw(s)),
            (Extend::U32, _) => dynasm!(self.ops ; .arch x64 ; mov Rd(d), Rd(s)),
            (Extend::S8, Width::X) => dynasm!(self.ops ; .arch x64 ; movsx Rq(d), Rb(s)),
            (Extend::S8, Width::W) => dynasm!(self.ops ; .arch x64 ; movsx Rd(d), Rb(s)),
            (Extend::S16, Width::X) => dynasm!(self.ops ; .arch x64 ; movsx Rq(d), Rw(s)),
            (Extend::S16, Width::W) => dynasm!(self.ops ; .arch x64 ; movsx Rd(d), Rw(s)),
            (Extend::S32, Width::X) => dynasm!(self.ops ; .arch x64 ; movsxd Rq(d), Rd(s)),
            (Extend::S32, Width::W) => dynasm!(self.ops ; .arch x64 ; mov Rd(d), Rd(s)),
        }
    }

    /// d = memory, extended.
    pub fn load(&mut self, load: crate::ir::Load, d: u8, at: HostAddress) {
        use crate::ir::Load;
        match load {
            Load::Zero(0) => memory!(self.ops, at, (movzx Rd(d), BYTE) ()),
            Load::Zero(1) => memory!(self.ops, at, (movzx Rd(d), WORD) ()),
            Load::Zero(2) => memory!(self.ops, at, (mov Rd(d), DWORD) ()),
            Load::Zero(_) => memory!(self.ops, at, (mov Rq(d), QWORD) ()),
            Load::Sign(0, Width::X) => memory!(self.ops, at, (movsx Rq(d), BYTE) ()),
            Load::Sign(0, Width::W) => memory!(self.ops, at, (movsx Rd(d), BYTE) ()),
            Load::Sign(1, Width::X) => memory!(self.ops, at, (movsx Rq(d), WORD) ()),
            Load::Sign(1, Width::W) => memory!(self.ops, at, (movsx Rd(d), WORD) ()),
            Load::Sign(_, _) => memory!(self.ops, at, (movsxd Rq(d), DWORD) ()),
        }
    }

    /// memory = low bytes of s.
    pub fn store(&mut self, size: u8, s: u8, at: HostAddress) {
        match size {
            0 => memory!(self.ops, at, (mov BYTE) (, Rb(s))),
            1 => memory!(self.ops, at, (mov WORD) (, Rw(s))),
            2 => memory!(self.ops, at, (mov DWORD) (, Rd(s))),
            _ => memory!(self.ops, at, (mov QWORD) (, Rq(s))),
        }
    }

    /// memory = a (sign-extended) constant.
    pub fn store_imm(&mut self, size: u8, imm: i32, at: HostAddress) {
        match size {
            0 => memory!(self.ops, at, (mov BYTE) (, BYTE imm as i8)),
            1 => memory!(self.ops, at, (mov WORD) (, WORD imm as i16)),
            2 => memory!(self.ops, at, (mov DWORD) (, DWORD imm)),
            _ => memory!(self.ops, at, (mov QWORD) (, DWORD imm)),
        }
    }

    /// Exchanges memory and s, sequentially consistent.
    pub fn xchg(&mut self, size: u8, s: u8, at: HostAddress) {
        match size {
            0 => memory!(self.ops, at, (xchg BYTE) (, Rb(s))),
            1 => memory!(self.ops, at, (xchg WORD) (, Rw(s))),
            2 => memory!(self.ops, at, (xchg DWORD) (, Rd(s))),
            _ => memory!(self.ops, at, (xchg QWORD) (, Rq(s))),
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
        macro_rules! form {
            ($mnemonic:ident) => {
                match (w, s) {
                    (_, Source::Reg(r)) => widths!(self.ops, w, $mnemonic(d, r)),
                    (Width::X, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), ($mnemonic Rq(d), QWORD) ()),
                    (Width::W, Source::Slot(slot)) => memory!(self.ops, HostAddress::state(slot), ($mnemonic Rd(d), DWORD) ()),
                    (_, Source::Imm(_)) => unreachable!("a conditional move has no constant"),
                }
            };
        }
        match cc {
            Cc::O => form!(cmovo),
            Cc::No => form!(cmovno),
            Cc::B => form!(cmovb),
            Cc::Ae => form!(cmovae),
            Cc::E => form!(cmove),
            Cc::Ne => form!(cmovne),
            Cc::Be => form!(cmovbe),
            Cc::A => form!(cmova),
            Cc::S => form!(cmovs),
            Cc::Ns => form!(cmovns),
            Cc::P => form!(cmovp),
            Cc::Np => form!(cmovnp),
            Cc::L => form!(cmovl),
            Cc::Ge => form!(cmovge),
            Cc::Le => form!(cmovle),
            Cc::G => form!(cmovg),
        }
    }

    /// Low byte of d = the condition (d is RAX, RCX or RDX).
    pub fn setcc(&mut self, cc: Cc, d: u8) {
        match cc {
            Cc::O => dynasm!(self.ops ; .arch x64 ; seto Rb(d)),
            Cc::No => dynasm!(self.ops ; .arch x64 ; setno Rb(d)),
            Cc::B => dynasm!(self.ops ; .arch x64 ; setb Rb(d)),
            Cc::Ae => dynasm!(self.ops ; .arch x64 ; setae Rb(d)),
            Cc::E => dynasm!(self.ops ; .arch x64 ; sete Rb(d)),
            Cc::Ne => dynasm!(self.ops ; .arch x64 ; setne Rb(d)),
            Cc::Be => dynasm!(self.ops ; .arch x64 ; setbe Rb(d)),
            Cc::A => dynasm!(self.ops ; .arch x64 ; seta Rb(d)),
            Cc::S => dynasm!(self.ops ; .arch x64 ; sets Rb(d)),
            Cc::Ns => dynasm!(self.ops ; .arch x64 ; setns Rb(d)),
            Cc::P => dynasm!(self.ops ; .arch x64 ; setp Rb(d)),
            Cc::Np => dynasm!(self.ops ; .arch x64 ; setnp Rb(d)),
            Cc::L => dynasm!(self.ops ; .arch x64 ; setl Rb(d)),
            Cc::Ge => dynasm!(self.ops ; .arch x64 ; setge Rb(d)),
            Cc::Le => dynasm!(self.ops ; .arch x64 ; setle Rb(d)),
            Cc::G => dynasm!(self.ops ; .arch x64 ; setg Rb(d)),
        }
    }

    /// A byte of the state = the condition; only O, E, S, P, B, AE, BE and A are needed.
    pub fn setcc_slot(&mut self, cc: Cc, slot: i32) {
        let at = HostAddress::state(slot);
        match cc {
            Cc::O => memory!(self.ops, at, (seto BYTE) ()),
            Cc::E => memory!(self.ops, at, (sete BYTE) ()),
            Cc::S => memory!(self.ops, at, (sets BYTE) ()),
            Cc::B => memory!(self.ops, at, (setb BYTE) ()),
            Cc::Ae => memory!(self.ops, at, (setae BYTE) ()),
            Cc::Be => memory!(self.ops, at, (setbe BYTE) ()),
            Cc::A => memory!(self.ops, at, (seta BYTE) ()),
            Cc::P => memory!(self.ops, at, (setp BYTE) ()),
            _ => unreachable!("no guest flag is this condition"),
        }
    }
}
