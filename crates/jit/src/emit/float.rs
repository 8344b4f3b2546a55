//! Scalar floating point, in SSE4, AVX and FMA.
//!
//! With the host's rounding set as the guest's, the host's arithmetic gives Arm's result and raises Arm's exceptions, but for two things: which
//! NaN a result is, and Underflow when a result is rounded up to the smallest normal number, which only Arm takes for tiny.
//!
//! - NaNs: the host raises Invalid whenever its NaN is not Arm's, but for FMA. So if Invalid traps ([`Numbers::trap`]), nothing is checked: the handler of
//!   SIGFPE has the interpreter run the instruction (see `crate::recover`), and until then it has written nothing. A program that traps often goes on with
//!   code that checks results instead, and that FMA does always: a NaN is not kept, the interpreter's function computes it again ([`Mend`]), from operands that are still there.
//! - Underflow is checked in the same way, where it is wanted ([`Numbers::underflow`]).

use std::collections::BTreeMap;

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::{Cc, memory};
use super::*;
use crate::map::{v_slot, x_slot};
use armlet_decoder::a64::Insn;
use host::{RAX, RDX};

/// Constants that translated code reads, at [`Shared::constants`]: masks of the magnitude and of the sign (16 bytes each, double and single), the
/// smallest normal numbers, and (16 bytes on) the magnitudes and smallest normal numbers in all lanes.
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
    0,
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

/// Where the tables of `estimate.rs` are, behind these.
pub(super) const TABLES_AT: u64 = size_of::<[u64; 20]>() as u64;

const MAGNITUDE: [u64; 2] = [0, 16];
const SIGN: [u64; 2] = [32, 48];
const SMALLEST: [u64; 2] = [64, 72];
/// Offsets of the masks of the magnitude in all lanes.
pub(super) const MAGNITUDES: [u64; 2] = [96, 112];
/// Offsets of the smallest normal numbers in all lanes.
pub(super) const SMALLESTS: [u64; 2] = [128, 144];

/// An instruction that the interpreter runs in place of the code behind `label`; execution goes on at `back`.
pub(crate) struct Mend {
    label: Label,
    back: Label,
    insn: Insn,
    pc: u64,
    standard: bool,
    /// The mapping.
    mapping: usize,
    /// Guest registers that are cached, and where.
    cached: Vec<(u8, u8)>,
    /// A register that the code has overwritten, and the one that holds its old value.
    restore: Option<(u8, u8)>,
}

/// What is to be checked of a result.
#[derive(Clone, Copy)]
pub(super) struct Checks {
    /// That it is not a NaN.
    pub nan: bool,
    /// That it is not the smallest normal number.
    pub tiny: bool,
}

impl Checks {
    pub fn any(self) -> bool {
        self.nan || self.tiny
    }
}

/// Where a number is.
#[derive(Clone, Copy)]
pub(super) enum Number {
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
        Float::Binary { d, a, b, .. }
        | Float::Select { d, a, b, .. }
        | Float::Lanes { d, a, b, .. }
        | Float::HalfPairs { d, a, b, .. }
        | Float::HalfProduct { d, a, b, .. }
        | Float::BrainProduct { d, a, b, .. }
        | Float::Complex { d, a, b, .. }
        | Float::Pairs { d, a, b, .. } => [d, a, b].into_iter().for_each(vector),
        Float::Unary { d, a, .. }
        | Float::Convert { d, a, .. }
        | Float::FromHalf { d, a, .. }
        | Float::ToHalf { d, a, .. }
        | Float::HalfAcross { d, a, .. }
        | Float::HalfToInteger { d, a, .. }
        | Float::HalfFromInteger { d, a, .. }
        | Float::RoundSized { d, a, .. }
        | Float::NarrowOdd { d, a, .. }
        | Float::LanesUnary { d, a, .. }
        | Float::Pair { d, a, .. }
        | Float::Across { d, a, .. }
        | Float::Estimate { d, a, .. }
        | Float::LanesToInteger { d, a, .. }
        | Float::LanesFromInteger { d, a, .. }
        | Float::Lengthen { d, a, .. }
        | Float::Narrow { d, a, .. } => [d, a].into_iter().for_each(vector),
        Float::Half { d, a, b, .. } => {
            vector(d);
            vector(a);
            b.register().into_iter().for_each(vector);
        }
        Float::HalfMultiplyAdd { d, addend, a, b, .. } => {
            [d, a].into_iter().for_each(&mut *vector);
            [addend, b]
                .into_iter()
                .filter_map(HalfOperand::register)
                .for_each(vector);
        }
        Float::LanesCompare { d, a, b, .. } => {
            vector(d);
            vector(a);
            b.into_iter().for_each(vector);
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

pub(super) use scalar;

/// Whether an operation gives plain numbers (see [`Emitter::plain`]), and has no other NaNs than its operands.
fn keeps_plain(op: FloatLanes) -> bool {
    matches!(
        op,
        FloatLanes::Add
            | FloatLanes::Sub
            | FloatLanes::Mul
            | FloatLanes::Difference
            | FloatLanes::MulAdd
            | FloatLanes::MulSub
    )
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
            } => self.multiply_add(p, d, addend, (a, b), (negative_addend, negative_product), insn),
            Float::Convert { to, d, a } => self.convert(to, d, a, insn),
            Float::FromHalf { to, d, a } => self.half_to_number(to, d, a, insn),
            Float::ToHalf { from, d, a } => self.number_to_half(from, d, a, insn),
            Float::FromInteger {
                p,
                d,
                w,
                signed,
                a,
                fbits,
            } => self.integer_to_number(p, d, w, signed, a, fbits),
            Float::ToInteger {
                p,
                d,
                w,
                signed,
                a,
                rounding,
                fbits,
                half,
            } => self.number_to_integer((p, half), d, (w, signed), a, rounding, fbits, insn),
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
            Float::Compare { comparison, .. } | Float::CompareIf { comparison, .. }
                if comparison.half && !(self.shared.numbers.half && self.shared.numbers.trap) =>
            {
                self.fallback(insn);
                return self
                    .cached()
                    .into_iter()
                    .for_each(|(guest, host)| self.asm.load_slot(host, x_slot(guest)));
            }
            Float::Compare { comparison, reversed } => return self.compare_numbers(comparison, reversed),
            Float::CompareIf { comparison, cond, nzcv } => return self.compare_numbers_if(comparison, cond, nzcv),
            Float::Select { p, cond, d, a, b } => return self.select_number(p, cond, d, a, b),
            _ => self.float_lanes(op, insn),
        }
        if self.shared.numbers.trap || self.standard {
            // Any instruction of the operation may have trapped; none has changed the guest's registers before.
            self.may_fault(self.place);
        }
    }

    /// [`Emitter::float`], under the standard value of FPSCR if `standard`. There, what is tiny traps (see [`Numbers::standard`]), so that nothing is
    /// to be flushed here; a NaN becomes the default one, so that the interpreter computes it.
    pub(super) fn float_under(&mut self, standard: bool, op: &Float, insn: Insn) {
        if !standard {
            return self.float(op, insn);
        }
        let numbers = self.shared.numbers;
        debug_assert!(numbers.trap, "the lifter asks");
        self.standard = true;
        self.shared.numbers = Numbers {
            trap: false,
            underflow: true,
            ..numbers
        };
        self.plain_operands = match *op {
            Float::Lanes { op, d, a, b, .. } if keeps_plain(op) => {
                let fused = matches!(op, FloatLanes::MulAdd | FloatLanes::MulSub);
                self.is_plain(a) && self.is_plain(b) && (!fused || self.is_plain(d))
            }
            _ => false,
        };
        self.float(op, insn);
        self.plain_operands = false;
        self.shared.numbers = numbers;
        self.standard = false;
    }

    fn is_plain(&self, n: u8) -> bool {
        self.plain >> (n & 31) & 1 != 0
    }

    /// Which registers are plain behind an operation. (A result that the interpreter has mended is the default NaN, if it is one, and the host keeps it.)
    pub(super) fn plain_after(&mut self, op: &Op) {
        let mut written = 0;
        let mut plain = false;
        match *op {
            Op::Float { ref op, standard, .. } => {
                plain = standard && matches!(*op, Float::Lanes { op, shape: Shape::Full, .. } if keeps_plain(op))
                    || matches!(op, Float::LanesFromInteger { .. });
                op.written().into_iter().for_each(|(d, _)| written |= 1 << (d & 31));
            }
            Op::Simd(ref op) => op.written().into_iter().for_each(|(d, _)| written |= 1 << (d & 31)),
            Op::Vector(Vector::Load { d, .. } | Vector::LoadLane { d, .. }) => written = 1 << (d & 31),
            Op::Vector(Vector::LoadStructures { count, d, .. }) => {
                (0..count).for_each(|n| written |= 1 << ((d + n) & 31));
            }
            Op::Fallback { .. } | Op::Fallback32 { .. } => written = u32::MAX,
            _ => {}
        }
        if plain {
            self.plain |= written;
        } else {
            self.plain &= !written;
        }
    }

    /// What is to be checked. `silent`: the host's NaN may differ without an exception; `tiny`: the result may be tiny and inexact.
    pub(super) fn checks(&self, silent: bool, tiny: bool) -> Checks {
        let numbers = self.shared.numbers;
        Checks {
            // What goes wrong with plain operands traps.
            nan: (silent || !numbers.trap) && !self.plain_operands,
            tiny: tiny && numbers.underflow,
        }
    }

    /// Leaves what the host cannot do under these conditions to the interpreter.
    pub(super) fn leave_unless(&mut self, possible: bool, insn: Insn) -> bool {
        if !possible {
            self.fallback(insn);
            for (guest, host) in self.cached() {
                self.asm.load_slot(host, crate::map::x_slot(guest));
            }
        }
        !possible
    }

    /// The host register that holds the number in V\[n\]; `scratch` is loaded if it is in memory.
    pub(super) fn read_number(&mut self, p: Precision, n: u8, scratch: u8) -> u8 {
        match (self.mapping.vector(n), p) {
            (Some(host), _) => return host,
            (None, Precision::Double) => {
                memory!(self.asm.ops, HostAddress::state(v_slot(n)), (vmovsd Rx(scratch), QWORD) ())
            }
            (None, Precision::Single) => {
                memory!(self.asm.ops, HostAddress::state(v_slot(n)), (vmovss Rx(scratch), DWORD) ())
            }
        }
        scratch
    }

    /// Whether there is nothing above the number that [`Emitter::read_number`] gives.
    pub(super) fn is_clean(&self, p: Precision, n: u8) -> bool {
        self.mapping.vector(n).is_none() || self.clean.holds(n, p)
    }

    /// The register from which a result takes what stands above the number: that of the operand if it is clean, else xmm1, with zeros.
    pub(super) fn above(&mut self, p: Precision, a: u8, operand: Number) -> u8 {
        match operand {
            Number::Reg(host) if self.clean.holds(a, p) => host,
            _ => {
                self.clear_second();
                1
            }
        }
    }

    /// V\[d\] = the number in an xmm register; `clean` says whether there is nothing above it.
    pub(super) fn finish_number(&mut self, p: Precision, d: u8, from: u8, clean: bool) {
        if clean {
            self.write_clean(d, from);
        } else {
            self.write_number(p, d, from);
        }
    }

    pub(super) fn number(&self, n: u8) -> Number {
        match self.mapping.vector(n) {
            Some(host) => Number::Reg(host),
            None => Number::Slot(v_slot(n)),
        }
    }

    pub(super) fn constant(&self, offset: [u64; 2], p: Precision) -> usize {
        (self.shared.constants + offset[usize::from(p == Precision::Single)]) as usize
    }

    /// V\[d\] = the number in an xmm register, the rest zero.
    pub(super) fn write_number(&mut self, p: Precision, d: u8, from: u8) {
        if self.is_loose(d) {
            return self.write_clean(d, from);
        }
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
    pub(super) fn clear_second(&mut self) {
        dynasm!(self.asm.ops ; .arch x64 ; vxorps xmm1, xmm1, xmm1);
    }

    /// On a condition, the interpreter runs the instruction instead of what follows up to the label that is returned.
    pub(super) fn mend(&mut self, cc: Cc, insn: Insn, restore: Option<(u8, u8)>) -> Label {
        let (label, back) = (self.asm.label(), self.asm.label());
        self.asm.jcc(cc, label);
        self.mends.push(Mend {
            label,
            back,
            insn,
            pc: self.pc,
            standard: self.standard,
            mapping: self.current,
            cached: self.cached(),
            restore,
        });
        back
    }

    /// Checks the number in a register. Xmm1 is overwritten.
    fn check(&mut self, p: Precision, checks: Checks, r: u8, insn: Insn, restore: Option<(u8, u8)>) -> Option<Label> {
        if checks.tiny {
            // A NaN is "equal", too.
            let (magnitude, smallest) = (self.constant(MAGNITUDE, p), self.constant(SMALLEST, p));
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64
                    ; vandps xmm1, Rx(r), [extern magnitude]
                    ; vucomisd xmm1, [extern smallest]),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64
                    ; vandps xmm1, Rx(r), [extern magnitude]
                    ; vucomiss xmm1, [extern smallest]),
            }
            Some(self.mend(Cc::E, insn, restore))
        } else if checks.nan {
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(r), Rx(r)),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(r), Rx(r)),
            }
            Some(self.mend(Cc::P, insn, restore))
        } else {
            None
        }
    }

    /// Checks a result, with the operands (besides those in memory) still where they were, and puts it where it belongs.
    pub(super) fn check_and_finish(&mut self, p: Precision, checks: Checks, d: u8, r: u8, clean: bool, insn: Insn) {
        let back = self.check(p, checks, r, insn, None);
        self.finish_number(p, d, r, clean);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// Where to compute V\[d\]: in its own register, unless its old value may be needed again.
    pub(super) fn in_place(&self, checks: Checks, d: u8, operands: &[u8], scratch: u8) -> u8 {
        match self.mapping.vector(d) {
            Some(own) if !checks.any() || !operands.contains(&d) => own,
            _ => scratch,
        }
    }

    pub(super) fn spill_for(&mut self, checks: Checks) {
        if checks.any() {
            self.spill_if_kept();
        }
    }

    fn float_binary(&mut self, op: FloatBinary, p: Precision, d: u8, a: u8, b: u8, insn: Insn) {
        let checks = self.checks(
            false,
            matches!(op, FloatBinary::Div | FloatBinary::Mul | FloatBinary::Nmul),
        );
        self.spill_for(checks);
        if op == FloatBinary::Div {
            self.trap_if_tiny(p, a);
        }
        let clean = self.is_clean(p, a);
        let (first, second) = (self.read_number(p, a, 0), self.number(b));
        let r = self.in_place(checks, d, &[a, b], 0);
        let ops = &mut self.asm.ops;
        match op {
            FloatBinary::Add => scalar!(ops, p, vaddsd / vaddss, r, first, second),
            FloatBinary::Sub => scalar!(ops, p, vsubsd / vsubss, r, first, second),
            FloatBinary::Div => scalar!(ops, p, vdivsd / vdivss, r, first, second),
            _ => scalar!(ops, p, vmulsd / vmulss, r, first, second),
        }
        let back = self.check(p, checks, r, insn, None);
        if op == FloatBinary::Nmul {
            self.negate(p, r, r);
        }
        self.finish_number(p, d, r, clean);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// FMADD and its relatives.
    fn multiply_add(
        &mut self,
        p: Precision,
        d: u8,
        addend: u8,
        (a, b): (u8, u8),
        (negative_addend, negative_product): (bool, bool),
        insn: Insn,
    ) {
        let checks = self.checks(true, true);
        self.spill_for(checks);
        let clean = self.is_clean(p, addend);
        let start = self.read_number(p, addend, 0);
        let own = self.mapping.vector(d);
        let mut restore = None;
        let r = match own {
            Some(own) if d != a && d != b => {
                if start == own {
                    dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, Rx(own));
                    restore = Some((own, 2));
                }
                own
            }
            _ => 0,
        };
        if start != r {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(r), Rx(start));
        }
        let (a, b) = (self.read_number(p, a, 1), self.number(b));
        let ops = &mut self.asm.ops;
        match (negative_addend, negative_product) {
            (false, false) => scalar!(ops, p, vfmadd231sd / vfmadd231ss, r, a, b),
            (false, true) => scalar!(ops, p, vfnmadd231sd / vfnmadd231ss, r, a, b),
            (true, false) => scalar!(ops, p, vfmsub231sd / vfmsub231ss, r, a, b),
            (true, true) => scalar!(ops, p, vfnmsub231sd / vfnmsub231ss, r, a, b),
        }
        let back = self.check(p, checks, r, insn, restore);
        self.finish_number(p, d, r, clean);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    /// xmm `d` = -xmm `a`
    fn negate(&mut self, p: Precision, d: u8, a: u8) {
        let sign = self.constant(SIGN, p);
        dynasm!(self.asm.ops ; .arch x64 ; vxorps Rx(d), Rx(a), [extern sign]);
    }

    /// FMAX and FMIN. The host's return the second operand for zeros of both signs: so both orders are tried, and a bit operation decides.
    fn extremum(&mut self, max: bool, p: Precision, d: u8, a: u8, b: u8, insn: Insn) {
        if self.leave_unless(!self.shared.numbers.flush, insn) {
            return;
        }
        let (first, second) = (self.read_number(p, a, 0), self.read_number(p, b, 1));
        let mut back = None;
        if !self.shared.numbers.trap {
            self.spill_if_kept();
            match p {
                Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(first), Rx(second)),
                Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(first), Rx(second)),
            }
            back = Some(self.mend(Cc::P, insn, None));
        }
        let clean = self.is_clean(p, a) && self.is_clean(p, b);
        let r = self.mapping.vector(d).unwrap_or(0);
        if max {
            scalar!(self.asm.ops, p, vmaxsd / vmaxss, 2, first, Number::Reg(second));
            scalar!(self.asm.ops, p, vmaxsd / vmaxss, 1, second, Number::Reg(first));
            dynasm!(self.asm.ops ; .arch x64 ; vandps Rx(r), xmm1, xmm2);
        } else {
            scalar!(self.asm.ops, p, vminsd / vminss, 2, first, Number::Reg(second));
            scalar!(self.asm.ops, p, vminsd / vminss, 1, second, Number::Reg(first));
            dynasm!(self.asm.ops ; .arch x64 ; vorps Rx(r), xmm1, xmm2);
        }
        self.finish_number(p, d, r, clean);
        back.into_iter().for_each(|back| self.asm.bind(back));
    }

    fn float_unary(&mut self, op: FloatUnary, p: Precision, d: u8, a: u8, insn: Insn) {
        let clean = self.is_clean(p, a);
        match op {
            FloatUnary::Mov => {
                let from = self.read_number(p, a, 0);
                self.finish_number(p, d, from, clean);
            }
            FloatUnary::Abs => {
                let (own, from) = (self.mapping.vector(d).unwrap_or(0), self.read_number(p, a, 0));
                let magnitude = self.constant(MAGNITUDE, p);
                dynasm!(self.asm.ops ; .arch x64 ; vandps Rx(own), Rx(from), [extern magnitude]);
                self.assign_vector(d, own);
            }
            FloatUnary::Neg => {
                let (own, from) = (self.mapping.vector(d).unwrap_or(0), self.read_number(p, a, 0));
                self.negate(p, own, from);
                self.finish_number(p, d, own, clean);
            }
            FloatUnary::Sqrt => {
                let checks = self.checks(false, false);
                self.spill_for(checks);
                let from = self.number(a);
                let above = self.above(p, a, from);
                let r = self.in_place(checks, d, &[a], 0);
                scalar!(self.asm.ops, p, vsqrtsd / vsqrtss, r, above, from);
                self.check_and_finish(p, checks, d, r, true, insn);
            }
            FloatUnary::Round { rounding, exact } => self.round_number(p, d, a, rounding, exact, insn),
        }
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
    pub(super) fn bits(&mut self, w: Width, to: u8, a: u8) {
        match (self.mapping.vector(a), w) {
            (Some(a), Width::X) => dynasm!(self.asm.ops ; .arch x64 ; vmovq Rq(to), Rx(a)),
            (Some(a), Width::W) => dynasm!(self.asm.ops ; .arch x64 ; vmovd Rd(to), Rx(a)),
            (None, Width::X) => self.asm.load_slot(to, v_slot(a)),
            (None, Width::W) => self.asm.load(Load::Zero(2), to, HostAddress::state(v_slot(a))),
        }
    }

    pub(super) fn compare_numbers(&mut self, Comparison { p, a, b, signal, half }: Comparison, reversed: bool) {
        let mut operand = |n: u8, scratch: u8| {
            if half {
                self.widened(HalfOperand::Reg(n), Shape::Scalar, scratch);
                scratch
            } else {
                self.read_number(p, n, scratch)
            }
        };
        let a = operand(a, 0);
        let b = match b {
            Some(b) => operand(b, 1),
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
        if self.shared.numbers.trap {
            self.may_fault(self.place);
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
            let from = self.read_number(p, a, 0);
            return self.write_number(p, d, from);
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
        // What mends of one kind and mapping share.
        let mut commons: BTreeMap<(bool, usize), Label> = BTreeMap::new();
        for mend in std::mem::take(&mut self.mends) {
            let Mend {
                label,
                back,
                insn,
                pc,
                standard,
                mapping,
                restore,
                cached,
            } = mend;
            let common = *commons.entry((standard, mapping)).or_insert_with(|| self.asm.label());
            self.asm.bind(label);
            if let Some((own, old)) = restore {
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(own), Rx(old));
            }
            let insn = Box::new(insn);
            let (pointer, pc) = (&raw const *insn as i64, pc as i64);
            self.insns.push(insn);
            dynasm!(self.asm.ops ; .arch x64
                ; mov rsi, QWORD pointer
                ; mov rdx, QWORD pc
                ; call =>common);
            for (guest, host) in cached {
                self.asm.load_slot(host, crate::map::x_slot(guest));
            }
            self.asm.jmp(back);
        }
        for ((standard, mapping), common) in commons {
            self.asm.bind(common);
            self.hold(mapping);
            self.call_interpreter(standard);
            dynasm!(self.asm.ops ; .arch x64 ; ret);
        }
    }
}
