//! Scalar floating point, in SSE4, AVX and FMA.
//!
//! With FPCR = 0, the host's arithmetic gives Arm's result and raises Arm's exceptions, but for two things: which NaN a result is (and with
//! it, whether FMA is invalid), and Underflow when a result is rounded up to the smallest normal number, which only Arm takes for tiny. Such
//! results are not kept: the interpreter's function computes them again ([`Mend`]), from operands that are still there.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::{Cc, memory};
use super::*;
use crate::map::v_slot;
use armlet_decoder::a64::Insn;
use host::{RAX, RDX};

/// MXCSR under which translated code starts: all exceptions masked, none raised, to nearest.
pub const MXCSR: u32 = 0x1f80;

/// Constants that translated code reads, at [`Shared::constants`]: masks of the magnitude and of the sign (16 bytes each, double and single), the
/// smallest normal numbers, [`MXCSR`], and the magnitudes and smallest normal numbers in all lanes.
pub const CONSTANTS: [u64; 20] = [
    i64::MAX as u64,
    0,
    i32::MAX as u64,
    0,
    1 << 63,
    0,
    1 << 31,
    0,
    1 << 52,
    1 << 23,
    MXCSR as u64,
    0,
    i64::MAX as u64,
    i64::MAX as u64,
    0x7fff_ffff_7fff_ffff,
    0x7fff_ffff_7fff_ffff,
    1 << 52,
    1 << 52,
    0x0080_0000_0080_0000,
    0x0080_0000_0080_0000,
];

const MAGNITUDE: [u64; 2] = [0, 16];
const SIGN: [u64; 2] = [32, 48];
const SMALLEST: [u64; 2] = [64, 72];
/// Offsets of the masks of the magnitude in all lanes.
pub(super) const MAGNITUDES: [u64; 2] = [96, 112];
/// Offsets of the smallest normal numbers in all lanes.
pub(super) const SMALLESTS: [u64; 2] = [128, 144];
/// Offset of [`MXCSR`] in the constants.
pub const MXCSR_OFFSET: u64 = 80;

/// An instruction that the interpreter runs in place of the code behind `label`; execution goes on at `back`.
pub(crate) struct Mend {
    label: Label,
    back: Label,
    insn: Insn,
    pc: u64,
    /// Guest registers that are cached, and where.
    cached: Vec<(u8, u8)>,
}

/// Where a number is.
#[derive(Clone, Copy)]
enum Number {
    Reg(u8),
    Slot(i32),
}

/// Calls `see` with every variable and `vector` with every vector register that an operation names.
pub fn visit(op: &Float, see: &mut dyn FnMut(Var), vector: &mut dyn FnMut(u8)) {
    let mut see_val = |val: Val| {
        if let Val::Var(var) = val {
            see(var);
        }
    };
    match *op {
        Float::Binary { d, a, b, .. } | Float::Select { d, a, b, .. } | Float::Lanes { d, a, b, .. } => {
            [d, a, b].into_iter().for_each(vector)
        }
        Float::Unary { d, a, .. } | Float::Convert { d, a, .. } | Float::PairSum { d, a, .. } => {
            [d, a].into_iter().for_each(vector)
        }
        Float::MultiplyAdd { d, addend, a, b, .. } => [d, addend, a, b].into_iter().for_each(vector),
        Float::FromInteger { d, a, .. } | Float::FromBits { d, a, .. } | Float::FromBitsTop { d, a } => {
            vector(d);
            see_val(a);
        }
        Float::ToInteger { d, a, .. } | Float::ToBits { d, a, .. } | Float::ToBitsTop { d, a } => {
            vector(a);
            see_val(Val::Var(d));
        }
        Float::Compare { comparison, .. } | Float::CompareIf { comparison, .. } => {
            vector(comparison.a);
            comparison.b.into_iter().for_each(vector);
        }
    }
}

/// `d = mnemonic(a, b)` in the form for the precision and for where `b` is.
macro_rules! scalar {
    ($asm:expr, $p:expr, $double:ident / $single:ident, $d:expr, $a:expr, $b:expr $(, $imm:expr)?) => {
        match ($p, $b) {
            (Precision::Double, Number::Reg(b)) => {
                dynasm!($asm ; .arch x64 ; $double Rx($d), Rx($a), Rx(b) $(, BYTE $imm)?)
            }
            (Precision::Single, Number::Reg(b)) => {
                dynasm!($asm ; .arch x64 ; $single Rx($d), Rx($a), Rx(b) $(, BYTE $imm)?)
            }
            (Precision::Double, Number::Slot(slot)) => {
                memory!($asm, HostAddress::state(slot), ($double Rx($d), Rx($a), QWORD) ($(, BYTE $imm)?))
            }
            (Precision::Single, Number::Slot(slot)) => {
                memory!($asm, HostAddress::state(slot), ($single Rx($d), Rx($a), DWORD) ($(, BYTE $imm)?))
            }
        }
    };
}

impl Emitter<'_> {
    pub(super) fn float(&mut self, op: &Float, insn: Insn) {
        match *op {
            Float::Binary { op, p, d, a, b } => match op {
                FloatBinary::Max | FloatBinary::Min => self.extremum(op == FloatBinary::Max, p, d, a, b, insn),
                _ => self.float_binary(op, p, d, a, b, insn),
            },
            Float::Unary { op, p, d, a } => self.float_unary(op, p, d, a, insn),
            Float::MultiplyAdd {
                p,
                d,
                addend,
                a,
                b,
                negative_addend,
                negative_product,
            } => {
                self.spill_if_kept();
                self.copy_vector(0, addend);
                let (a, b) = (self.read_vector(a, 1), self.number(b));
                let ops = &mut self.asm.ops;
                match (negative_addend, negative_product) {
                    (false, false) => scalar!(ops, p, vfmadd231sd / vfmadd231ss, 0, a, b),
                    (false, true) => scalar!(ops, p, vfnmadd231sd / vfnmadd231ss, 0, a, b),
                    (true, false) => scalar!(ops, p, vfmsub231sd / vfmsub231ss, 0, a, b),
                    (true, true) => scalar!(ops, p, vfnmsub231sd / vfnmsub231ss, 0, a, b),
                }
                let back = self.unless_nan_or_smallest(p, insn);
                self.write_number(p, d, 0);
                self.asm.bind(back);
            }
            Float::Convert { to, d, a } => self.convert(to, d, a, insn),
            Float::FromInteger { p, d, w, signed, a } => self.integer_to_number(p, d, w, signed, a),
            Float::ToInteger { p, d, w, signed, a } => self.number_to_integer(p, d, w, signed, a, insn),
            Float::FromBits { w, d, a } => self.bits_to_number(w, d, a),
            Float::ToBits { w, d, a } => {
                let own = self.destination(d, RAX);
                self.bits(w, own, a);
                self.assign(d, own);
            }
            Float::FromBitsTop { d, a } => {
                let a = self.read(a, RAX);
                match self.mapping.vector(d) {
                    Some(own) => dynasm!(self.asm.ops ; .arch x64 ; vpinsrq Rx(own), Rx(own), Rq(a), BYTE 1),
                    None => self.asm.store_slot(v_slot(d) + 8, a),
                }
            }
            Float::ToBitsTop { d, a } => {
                let own = self.destination(d, RAX);
                match self.mapping.vector(a) {
                    Some(a) => dynasm!(self.asm.ops ; .arch x64 ; vpextrq Rq(own), Rx(a), BYTE 1),
                    None => self.asm.load_slot(own, v_slot(a) + 8),
                }
                self.assign(d, own);
            }
            Float::Lanes { op, p, d, a, b, lane } => self.float_lanes(op, p, d, a, b, lane, insn),
            Float::PairSum { p, d, a } => self.pair_sum(p, d, a, insn),
            Float::Compare { comparison, reversed } => self.compare_numbers(comparison, reversed),
            Float::CompareIf { comparison, cond, nzcv } => self.compare_numbers_if(comparison, cond, nzcv),
            Float::Select { p, cond, d, a, b } => self.select_number(p, cond, d, a, b),
        }
    }

    fn number(&self, n: u8) -> Number {
        match self.mapping.vector(n) {
            Some(host) => Number::Reg(host),
            None => Number::Slot(v_slot(n)),
        }
    }

    pub(super) fn constant(&self, offset: [u64; 2], p: Precision) -> usize {
        (self.shared.constants + offset[usize::from(p == Precision::Single)]) as usize
    }

    /// xmm `to` = V\[n\]
    pub(super) fn copy_vector(&mut self, to: u8, n: u8) {
        let from = self.read_vector(n, to);
        if from != to {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(to), Rx(from));
        }
    }

    /// V\[d\] = the number in an xmm register, the rest zero.
    pub(super) fn write_number(&mut self, p: Precision, d: u8, from: u8) {
        let own = self.mapping.vector(d).unwrap_or(0);
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(own), Rx(from)),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vinsertps Rx(own), Rx(from), Rx(from), BYTE 0b1110),
        }
        self.assign_vector(d, own);
    }

    /// V\[d\] = an xmm register whose upper part is zero already.
    pub(super) fn write_clean(&mut self, d: u8, from: u8) {
        match self.mapping.vector(d) {
            Some(own) if own != from => dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(own), Rx(from)),
            _ => self.assign_vector(d, from),
        }
    }

    /// xmm1 = 0, for the upper part of a result.
    fn clear_second(&mut self) {
        dynasm!(self.asm.ops ; .arch x64 ; vxorps xmm1, xmm1, xmm1);
    }

    /// On a condition, the interpreter runs the instruction instead of what follows up to the label that is returned.
    pub(super) fn mend(&mut self, cc: Cc, insn: Insn) -> Label {
        let (label, back) = (self.asm.label(), self.asm.label());
        self.asm.jcc(cc, label);
        self.mends.push(Mend {
            label,
            back,
            insn,
            pc: self.pc,
            cached: self.cached(),
        });
        back
    }

    /// Checks the result in xmm0 of an operation that cannot underflow inexactly.
    pub(super) fn unless_nan(&mut self, p: Precision, insn: Insn) -> Label {
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd xmm0, xmm0),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss xmm0, xmm0),
        }
        self.mend(Cc::P, insn)
    }

    /// Checks the result in xmm0 of any other operation. A NaN is "equal", too.
    fn unless_nan_or_smallest(&mut self, p: Precision, insn: Insn) -> Label {
        let (magnitude, smallest) = (self.constant(MAGNITUDE, p), self.constant(SMALLEST, p));
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64
                ; vandps xmm1, xmm0, [extern magnitude]
                ; vucomisd xmm1, [extern smallest]),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64
                ; vandps xmm1, xmm0, [extern magnitude]
                ; vucomiss xmm1, [extern smallest]),
        }
        self.mend(Cc::E, insn)
    }

    fn float_binary(&mut self, op: FloatBinary, p: Precision, d: u8, a: u8, b: u8, insn: Insn) {
        self.spill_if_kept();
        let (a, b) = (self.read_vector(a, 0), self.number(b));
        let ops = &mut self.asm.ops;
        let back = match op {
            FloatBinary::Add => {
                scalar!(ops, p, vaddsd / vaddss, 0, a, b);
                self.unless_nan(p, insn)
            }
            FloatBinary::Sub => {
                scalar!(ops, p, vsubsd / vsubss, 0, a, b);
                self.unless_nan(p, insn)
            }
            FloatBinary::Div => {
                scalar!(ops, p, vdivsd / vdivss, 0, a, b);
                self.unless_nan_or_smallest(p, insn)
            }
            _ => {
                scalar!(ops, p, vmulsd / vmulss, 0, a, b);
                self.unless_nan_or_smallest(p, insn)
            }
        };
        if op == FloatBinary::Nmul {
            self.negate(p, 0);
        }
        self.write_number(p, d, 0);
        self.asm.bind(back);
    }

    /// xmm0 = -xmm `a`
    fn negate(&mut self, p: Precision, a: u8) {
        let sign = self.constant(SIGN, p);
        dynasm!(self.asm.ops ; .arch x64 ; vxorps xmm0, Rx(a), [extern sign]);
    }

    /// FMAX and FMIN, which differ from the host's in NaNs and in zeros of both signs.
    fn extremum(&mut self, max: bool, p: Precision, d: u8, a: u8, b: u8, insn: Insn) {
        self.spill_if_kept();
        let (a, b) = (self.read_vector(a, 0), self.read_vector(b, 1));
        let (different, done) = (self.asm.label(), self.asm.label());
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(a), Rx(b)),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(a), Rx(b)),
        }
        let back = self.mend(Cc::P, insn);
        self.asm.jcc(Cc::Ne, different);
        if max {
            dynasm!(self.asm.ops ; .arch x64 ; vandps xmm0, Rx(a), Rx(b));
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vorps xmm0, Rx(a), Rx(b));
        }
        self.asm.jmp(done);
        self.asm.bind(different);
        if max {
            scalar!(self.asm.ops, p, vmaxsd / vmaxss, 0, a, Number::Reg(b));
        } else {
            scalar!(self.asm.ops, p, vminsd / vminss, 0, a, Number::Reg(b));
        }
        self.asm.bind(done);
        self.write_number(p, d, 0);
        self.asm.bind(back);
    }

    fn float_unary(&mut self, op: FloatUnary, p: Precision, d: u8, a: u8, insn: Insn) {
        match op {
            FloatUnary::Mov => {
                let a = self.read_vector(a, 0);
                self.write_number(p, d, a);
            }
            FloatUnary::Abs => {
                let (own, a) = (self.mapping.vector(d).unwrap_or(0), self.read_vector(a, 0));
                let magnitude = self.constant(MAGNITUDE, p);
                dynasm!(self.asm.ops ; .arch x64 ; vandps Rx(own), Rx(a), [extern magnitude]);
                self.assign_vector(d, own);
            }
            FloatUnary::Neg => {
                let a = self.read_vector(a, 0);
                self.negate(p, a);
                self.write_number(p, d, 0);
            }
            FloatUnary::Sqrt => {
                self.spill_if_kept();
                self.clear_second();
                let a = self.number(a);
                scalar!(self.asm.ops, p, vsqrtsd / vsqrtss, 0, 1, a);
                let back = self.unless_nan(p, insn);
                self.write_clean(d, 0);
                self.asm.bind(back);
            }
            FloatUnary::Round { rounding, exact } => {
                // Bit 3 keeps Inexact from being raised.
                let mode = rounding as i8 | if exact { 0 } else { 8 };
                self.clear_second();
                let (own, a) = (self.mapping.vector(d).unwrap_or(0), self.number(a));
                scalar!(self.asm.ops, p, vroundsd / vroundss, own, 1, a, mode);
                self.assign_vector(d, own);
            }
        }
    }

    fn convert(&mut self, to: Precision, d: u8, a: u8, insn: Insn) {
        self.spill_if_kept();
        self.clear_second();
        let a = self.read_vector(a, 0);
        let back = match to {
            Precision::Single => {
                dynasm!(self.asm.ops ; .arch x64 ; vcvtsd2ss xmm0, xmm1, Rx(a));
                self.unless_nan_or_smallest(to, insn)
            }
            Precision::Double => {
                dynasm!(self.asm.ops ; .arch x64 ; vcvtss2sd xmm0, xmm1, Rx(a));
                self.unless_nan(to, insn)
            }
        };
        self.write_clean(d, 0);
        self.asm.bind(back);
    }

    fn integer_to_number(&mut self, p: Precision, d: u8, w: Width, signed: bool, a: Val) {
        if w == Width::X && !signed {
            return self.unsigned_to_number(p, d, a);
        }
        let own = self.mapping.vector(d).unwrap_or(0);
        let mut from = self.read(a, RAX);
        if !signed {
            dynasm!(self.asm.ops ; .arch x64 ; mov eax, Rd(from));
            from = RAX;
        }
        self.clear_second();
        let wide = w == Width::X || !signed;
        match (p, wide) {
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd Rx(own), xmm1, Rq(from)),
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd Rx(own), xmm1, Rd(from)),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2ss Rx(own), xmm1, Rq(from)),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2ss Rx(own), xmm1, Rd(from)),
        }
        self.assign_vector(d, own);
    }

    /// From an unsigned 64-bit integer. One of 64 significant bits is halved, its last bit being sticky, and the result doubled.
    fn unsigned_to_number(&mut self, p: Precision, d: u8, a: Val) {
        self.spill_if_kept();
        self.read_into(Width::X, RAX, a);
        self.clear_second();
        let (large, done) = (self.asm.label(), self.asm.label());
        let convert = |ops: &mut dynasmrt::VecAssembler<dynasmrt::x64::X64Relocation>| match p {
            Precision::Double => dynasm!(ops ; .arch x64 ; vcvtsi2sd xmm0, xmm1, rax),
            Precision::Single => dynasm!(ops ; .arch x64 ; vcvtsi2ss xmm0, xmm1, rax),
        };
        dynasm!(self.asm.ops ; .arch x64 ; test rax, rax);
        self.asm.jcc(Cc::S, large);
        convert(&mut self.asm.ops);
        self.asm.jmp(done);
        self.asm.bind(large);
        dynasm!(self.asm.ops ; .arch x64 ; mov rdx, rax ; shr rdx, BYTE 1 ; and eax, BYTE 1 ; or rax, rdx);
        convert(&mut self.asm.ops);
        scalar!(self.asm.ops, p, vaddsd / vaddss, 0, 0, Number::Reg(0));
        self.asm.bind(done);
        self.write_clean(d, 0);
    }

    /// Truncation. What is out of range, and could raise Inexact on the host only, is the interpreter's.
    fn number_to_integer(&mut self, p: Precision, d: Var, w: Width, signed: bool, a: u8, insn: Insn) {
        self.spill_if_kept();
        let a = self.read_vector(a, 0);
        let mut back = None;
        if !signed {
            // The sign and the exponent: below 2^32 or 2^63, and not negative.
            let limit = match (p, w) {
                (Precision::Double, Width::W) => 0x41f,
                (Precision::Double, Width::X) => 0x43e,
                (Precision::Single, Width::W) => 0x9f,
                (Precision::Single, Width::X) => 0xbe,
            };
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vmovq rdx, Rx(a) ; shr rdx, BYTE 52),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vmovd edx, Rx(a) ; shr edx, BYTE 23),
            }
            dynasm!(self.asm.ops ; .arch x64 ; cmp edx, DWORD limit);
            back = Some(self.mend(Cc::Ae, insn));
        }
        let wide = w == Width::X || !signed;
        match (p, wide) {
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvttsd2si rax, Rx(a)),
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvttsd2si eax, Rx(a)),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vcvttss2si rax, Rx(a)),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vcvttss2si eax, Rx(a)),
        }
        let back = back.unwrap_or_else(|| {
            // Only the smallest integer overflows: it stands for everything out of range.
            match w {
                Width::X => dynasm!(self.asm.ops ; .arch x64 ; cmp rax, BYTE 1),
                Width::W => dynasm!(self.asm.ops ; .arch x64 ; cmp eax, BYTE 1),
            }
            self.mend(Cc::O, insn)
        });
        self.assign(d, RAX);
        self.asm.bind(back);
    }

    fn bits_to_number(&mut self, w: Width, d: u8, a: Val) {
        let own = self.mapping.vector(d).unwrap_or(0);
        if a == Val::Imm(0) {
            dynasm!(self.asm.ops ; .arch x64 ; vxorps Rx(own), Rx(own), Rx(own));
        } else {
            let a = self.read(a, RAX);
            match w {
                Width::X => dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(own), Rq(a)),
                Width::W => dynasm!(self.asm.ops ; .arch x64 ; vmovd Rx(own), Rd(a)),
            }
        }
        self.assign_vector(d, own);
    }

    /// A host register = the low bits of V\[a\]. The flags stay.
    fn bits(&mut self, w: Width, to: u8, a: u8) {
        match (self.mapping.vector(a), w) {
            (Some(a), Width::X) => dynasm!(self.asm.ops ; .arch x64 ; vmovq Rq(to), Rx(a)),
            (Some(a), Width::W) => dynasm!(self.asm.ops ; .arch x64 ; vmovd Rd(to), Rx(a)),
            (None, Width::X) => self.asm.load_slot(to, v_slot(a)),
            (None, Width::W) => self.asm.load(Load::Zero(2), to, HostAddress::state(v_slot(a))),
        }
    }

    fn compare_numbers(&mut self, Comparison { p, a, b, signal }: Comparison, reversed: bool) {
        let a = self.read_vector(a, 0);
        let b = match b {
            Some(b) => self.read_vector(b, 1),
            None => {
                self.clear_second();
                1
            }
        };
        let (a, b) = if reversed { (b, a) } else { (a, b) };
        match (p, signal) {
            (Precision::Double, false) => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(a), Rx(b)),
            (Precision::Double, true) => dynasm!(self.asm.ops ; .arch x64 ; vcomisd Rx(a), Rx(b)),
            (Precision::Single, false) => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(a), Rx(b)),
            (Precision::Single, true) => dynasm!(self.asm.ops ; .arch x64 ; vcomiss Rx(a), Rx(b)),
        }
        self.place = Place::Float { reversed };
    }

    fn compare_numbers_if(&mut self, comparison: Comparison, cond: u8, nzcv: u8) {
        if cond >= 14 {
            return self.compare_numbers(comparison, false);
        }
        let (otherwise, done) = (self.asm.label(), self.asm.label());
        let cc = self.condition(cond);
        self.asm.jcc(cc.not(), otherwise);
        self.compare_numbers(comparison, false);
        self.store_flags();
        self.asm.jmp(done);
        self.asm.bind(otherwise);
        self.store_constant_flags(nzcv);
        self.asm.bind(done);
        self.place = Place::Memory;
    }

    fn select_number(&mut self, p: Precision, cond: u8, d: u8, a: u8, b: u8) {
        if cond >= 14 {
            let a = self.read_vector(a, 0);
            return self.write_number(p, d, a);
        }
        let w = match p {
            Precision::Single => Width::W,
            Precision::Double => Width::X,
        };
        let cc = self.condition(cond);
        self.bits(w, RAX, b);
        self.bits(w, RDX, a);
        self.asm.cmov(cc, w, RAX, Source::Reg(RDX));
        let own = self.mapping.vector(d).unwrap_or(0);
        dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(own), rax);
        self.assign_vector(d, own);
    }

    /// The code that mends results, behind the region; its common part comes last.
    pub(super) fn finish_mends(&mut self) {
        if self.mends.is_empty() {
            return;
        }
        let common = self.asm.label();
        for mend in std::mem::take(&mut self.mends) {
            let Mend {
                label,
                back,
                insn,
                pc,
                cached,
            } = mend;
            let insn = Box::new(insn);
            let (pointer, pc) = (&raw const *insn as i64, pc as i64);
            self.insns.push(insn);
            dynasm!(self.asm.ops ; .arch x64
                ; =>label
                ; mov rsi, QWORD pointer
                ; mov rdx, QWORD pc
                ; call =>common);
            for (guest, host) in cached {
                self.asm.load_slot(host, crate::map::x_slot(guest));
            }
            self.asm.jmp(back);
        }
        self.asm.bind(common);
        self.call_interpreter();
        dynasm!(self.asm.ops ; .arch x64 ; ret);
    }
}
