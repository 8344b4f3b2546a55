//! What routines of floating-point libraries do, in place of their calls (AArch32). A double is put together from two registers, and taken apart by the
//! operations behind.
//!
//! Where the routine itself has to do it (a NaN, an integer that is too large), the interpreter runs the call. The host may trap there, too, as in
//! `float.rs`, with the same end.

use std::sync::atomic::{AtomicU64, Ordering};

use armlet_interpreter::a32::accelerate::{Arithmetic, Division, Relation, Routine, SHORT_OF_A_POWER, Ways};
use dynasmrt::{DynasmApi, dynasm};

use super::asm::Cc;
use super::*;
use host::{RAX, RCX, RDX};

/// How often routines were done by code that counts.
static DONE: AtomicU64 = AtomicU64::new(0);

/// How often translated code of this process has done a library routine, if executions are counted.
#[must_use]
pub fn accelerated() -> u64 {
    DONE.load(Ordering::Relaxed)
}

/// Whether there is code for a routine: not for those that give flags.
pub fn is_known(routine: Routine) -> bool {
    routine.ways() != Ways::Flags
}

/// The last routine's number, which is in xmm2 until something else overwrites that, and the registers that have its words: what is computed from it
/// need not be put together from these.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    precision: Option<Precision>,
    /// Temporary 0 has all of a double.
    whole: bool,
    /// Bit n: R\[n\] has the low word, or the single.
    low: u32,
    /// Bit n: R\[n\] has the high word.
    high: u32,
}

impl Held {
    /// What is known behind an operation. (Routines themselves say what they leave.)
    pub fn after(&mut self, op: &Op) {
        let is_32 = Val::Imm(32);
        match *op {
            Op::Soft { .. } => {}
            Op::Mov {
                d: Var::X(d),
                a: Val::Var(Var::T(0)),
                ..
            } if self.whole => self.set(d, true, false),
            Op::Shift {
                op: Shift::Lsr,
                w: Width::X,
                d: Var::X(d),
                a: Val::Var(Var::T(0)),
                b,
            } if self.whole && b == is_32 => self.set(d, false, true),
            Op::Mov {
                d: Var::X(d),
                a: Val::Var(Var::X(a)),
                ..
            } => self.set(d, self.low >> a & 1 != 0, self.high >> a & 1 != 0),
            Op::Mov { .. }
            | Op::Alu { .. }
            | Op::Adc { .. }
            | Op::Sbc { .. }
            | Op::Shift { .. }
            | Op::Unary { .. }
            | Op::Extend { .. }
            | Op::Multiply { .. }
            | Op::Insert { .. }
            | Op::Field { .. }
            | Op::Select { .. }
            | Op::Load { .. }
            | Op::Store { .. }
            | Op::Nz { .. } => op.written().into_iter().for_each(|var| self.written(var)),
            _ => *self = Held::default(),
        }
    }

    fn written(&mut self, var: Var) {
        match var {
            Var::X(n) => self.set(n, false, false),
            Var::T(_) => self.whole = false,
        }
    }

    fn set(&mut self, n: u8, low: bool, high: bool) {
        let bit = 1 << (n & 31);
        self.low = self.low & !bit | if low { bit } else { 0 };
        self.high = self.high & !bit | if high { bit } else { 0 };
    }

    /// Whether it is the double in R\[n\] and R\[n+1\], or the single in R\[n\].
    fn is(&self, p: Precision, n: u8) -> bool {
        self.precision == Some(p) && self.low >> n & 1 != 0 && (p == Precision::Single || self.high >> (n + 1) & 1 != 0)
    }

    /// A routine leaves a number in xmm2 that it gives to `d`.
    fn becomes(&mut self, p: Precision, d: Var) {
        *self = Held {
            precision: Some(p),
            whole: p == Precision::Double && d == Var::T(0),
            low: u32::from(p == Precision::Single && d == Var::X(0)),
            high: 0,
        };
    }
}

/// The precision of the number that a routine gives, if it is one.
fn number_of(routine: Routine) -> Option<Precision> {
    match routine.ways() {
        Ways::Double(_) => Some(Precision::Double),
        Ways::Single(_) => Some(Precision::Single),
        _ => match routine {
            Routine::F2d | Routine::I2d | Routine::Ui2d | Routine::L2d | Routine::Ul2d | Routine::Sqrt => {
                Some(Precision::Double)
            }
            Routine::D2f | Routine::I2f | Routine::Ui2f | Routine::L2f | Routine::Ul2f => Some(Precision::Single),
            _ => None,
        },
    }
}

impl Emitter<'_> {
    /// [`Op::Soft`].
    pub(super) fn soft(&mut self, routine: Routine, d: Var) {
        self.spill_if_kept();
        match routine.ways() {
            Ways::Double(op) => {
                self.double_in(0, 0);
                self.double_in(1, 2);
                self.double_arithmetic(op);
            }
            Ways::Single(op) => {
                self.single_in(0, 0);
                self.single_in(1, 1);
                self.single_arithmetic(op);
            }
            Ways::DoubleIs(relation) => {
                self.double_in(0, 0);
                self.double_in(1, 2);
                self.relation(Precision::Double, relation);
            }
            Ways::SingleIs(relation) => {
                self.single_in(0, 0);
                self.single_in(1, 1);
                self.relation(Precision::Single, relation);
            }
            Ways::Divide(division) => self.quotient(division),
            Ways::Word | Ways::Pair | Ways::Flags => self.other(routine),
        }
        if self.shared.numbers.trap {
            // Any instruction may have trapped; no register of the guest has changed.
            self.may_fault(self.place);
        }
        if self.region.counters.is_some() {
            let counter = &raw const DONE as i64;
            dynasm!(self.asm.ops ; .arch x64 ; mov rdx, QWORD counter ; lock inc QWORD [rdx]);
        }
        self.assign(d, RAX);
        match number_of(routine) {
            Some(precision) => {
                dynasm!(self.asm.ops ; .arch x64 ; vmovaps xmm2, xmm0);
                self.held.becomes(precision, d);
            }
            None => self.held.written(d),
        }
    }

    /// RDX = the two words in R\[n\] and R\[n+1\].
    fn words(&mut self, n: u8) {
        self.read_into(Width::W, RDX, Val::Var(Var::X(n + 1)));
        let low = self.read(Val::Var(Var::X(n)), RAX);
        dynasm!(self.asm.ops ; .arch x64 ; shl rdx, 32 ; or rdx, Rq(low));
    }

    /// An xmm register = the double in R\[n\] and R\[n+1\].
    fn double_in(&mut self, xmm: u8, n: u8) {
        if self.held.is(Precision::Double, n) {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(xmm), xmm2);
            return;
        }
        self.words(n);
        dynasm!(self.asm.ops ; .arch x64 ; vmovq Rx(xmm), rdx);
    }

    /// An xmm register = the single in R\[n\].
    fn single_in(&mut self, xmm: u8, n: u8) {
        if self.held.is(Precision::Single, n) {
            dynasm!(self.asm.ops ; .arch x64 ; vmovaps Rx(xmm), xmm2);
            return;
        }
        let word = self.read(Val::Var(Var::X(n)), RAX);
        dynasm!(self.asm.ops ; .arch x64 ; vmovd Rx(xmm), Rd(word));
    }

    /// RAX = the quotient; neither may the divisor be zero, nor a quotient with a sign too large. RCX is destroyed.
    fn quotient(&mut self, Division { wide, signed, .. }: Division) {
        let w = if wide { Width::X } else { Width::W };
        if wide {
            self.words(2);
            dynasm!(self.asm.ops ; .arch x64 ; mov rcx, rdx);
            self.words(0);
            dynasm!(self.asm.ops ; .arch x64 ; mov rax, rdx);
        } else {
            self.read_into(w, RCX, Val::Var(Var::X(1)));
            self.read_into(w, RAX, Val::Var(Var::X(0)));
        }
        if signed {
            // Neither 0 nor -1.
            dynasm!(self.asm.ops ; .arch x64 ; lea rdx, [rcx + 1]);
            self.asm.cmp(w, RDX, Source::Imm(1));
            self.leave_to_interpreter(Cc::Be);
        } else {
            self.asm.test(w, RCX, Source::Reg(RCX));
            self.leave_to_interpreter(Cc::E);
        }
        self.asm.div(w, signed, RCX);
    }

    fn double_arithmetic(&mut self, op: Arithmetic) {
        match op {
            Arithmetic::Add => dynasm!(self.asm.ops ; .arch x64 ; vaddsd xmm0, xmm0, xmm1),
            Arithmetic::Sub => dynasm!(self.asm.ops ; .arch x64 ; vsubsd xmm0, xmm0, xmm1),
            Arithmetic::Rsub => dynasm!(self.asm.ops ; .arch x64 ; vsubsd xmm0, xmm1, xmm0),
            Arithmetic::Mul => dynasm!(self.asm.ops ; .arch x64 ; vmulsd xmm0, xmm0, xmm1),
            Arithmetic::Div => dynasm!(self.asm.ops ; .arch x64 ; vdivsd xmm0, xmm0, xmm1),
        }
        self.double_result();
        if op == Arithmetic::Div {
            // Twice the smallest normal number, without the sign; a quotient up to it is the routine's to round.
            self.asm.mov_imm(RDX, 1 << 53);
            dynasm!(self.asm.ops ; .arch x64 ; shl rax, 1 ; cmp rax, rdx);
            self.leave_to_interpreter(Cc::Be);
            dynasm!(self.asm.ops ; .arch x64 ; vmovq rax, xmm0);
        }
        if matches!(op, Arithmetic::Add | Arithmetic::Sub | Arithmetic::Rsub) {
            // The sums that libgcc may round the wrong way.
            let mask = SHORT_OF_A_POWER as i32;
            dynasm!(self.asm.ops ; .arch x64
                ; mov rdx, rax
                ; shr rdx, 32
                ; not edx
                ; test edx, mask);
            self.leave_to_interpreter(Cc::E);
        }
    }

    fn single_arithmetic(&mut self, op: Arithmetic) {
        match op {
            Arithmetic::Add => dynasm!(self.asm.ops ; .arch x64 ; vaddss xmm0, xmm0, xmm1),
            Arithmetic::Sub => dynasm!(self.asm.ops ; .arch x64 ; vsubss xmm0, xmm0, xmm1),
            Arithmetic::Rsub => dynasm!(self.asm.ops ; .arch x64 ; vsubss xmm0, xmm1, xmm0),
            Arithmetic::Mul => dynasm!(self.asm.ops ; .arch x64 ; vmulss xmm0, xmm0, xmm1),
            Arithmetic::Div => dynasm!(self.asm.ops ; .arch x64 ; vdivss xmm0, xmm0, xmm1),
        }
        self.single_result();
        if op == Arithmetic::Div {
            dynasm!(self.asm.ops ; .arch x64 ; shl eax, 1 ; cmp eax, 1 << 24);
            self.leave_to_interpreter(Cc::Be);
            dynasm!(self.asm.ops ; .arch x64 ; vmovd eax, xmm0);
        }
    }

    /// RAX = xmm0, which must not be a NaN.
    fn double_result(&mut self) {
        dynasm!(self.asm.ops ; .arch x64 ; vucomisd xmm0, xmm0);
        self.leave_to_interpreter(Cc::P);
        dynasm!(self.asm.ops ; .arch x64 ; vmovq rax, xmm0);
    }

    /// EAX = xmm0, which must not be a NaN.
    fn single_result(&mut self) {
        dynasm!(self.asm.ops ; .arch x64 ; vucomiss xmm0, xmm0);
        self.leave_to_interpreter(Cc::P);
        dynasm!(self.asm.ops ; .arch x64 ; vmovd eax, xmm0);
    }

    /// Compares xmm`a` with xmm`b`, which must not be NaNs.
    fn ordered(&mut self, p: Precision, a: u8, b: u8) {
        match p {
            Precision::Double => dynasm!(self.asm.ops ; .arch x64 ; vucomisd Rx(a), Rx(b)),
            Precision::Single => dynasm!(self.asm.ops ; .arch x64 ; vucomiss Rx(a), Rx(b)),
        }
        self.leave_to_interpreter(Cc::P);
    }

    fn relation(&mut self, p: Precision, relation: Relation) {
        match relation {
            Relation::Eq | Relation::Gt | Relation::Ge => self.ordered(p, 0, 1),
            Relation::Lt | Relation::Le => self.ordered(p, 1, 0),
        }
        match relation {
            Relation::Eq => dynasm!(self.asm.ops ; .arch x64 ; sete al),
            Relation::Gt | Relation::Lt => dynasm!(self.asm.ops ; .arch x64 ; seta al),
            Relation::Ge | Relation::Le => dynasm!(self.asm.ops ; .arch x64 ; setae al),
        }
        dynasm!(self.asm.ops ; .arch x64 ; movzx eax, al);
    }

    /// EAX = -1, 0 or 1 for xmm0 less than, equal to or greater than xmm1; or 0, if it is only asked whether they can be compared.
    fn order(&mut self, p: Precision, order: bool) {
        self.ordered(p, 0, 1);
        if order {
            dynasm!(self.asm.ops ; .arch x64
                ; seta al
                ; setb dl
                ; sub al, dl
                ; movsx eax, al);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; xor eax, eax);
        }
    }

    fn other(&mut self, routine: Routine) {
        match routine {
            Routine::Dcmpun | Routine::Dcmp => {
                self.double_in(0, 0);
                self.double_in(1, 2);
                self.order(Precision::Double, routine == Routine::Dcmp);
            }
            Routine::Fcmpun | Routine::Fcmp => {
                self.single_in(0, 0);
                self.single_in(1, 1);
                self.order(Precision::Single, routine == Routine::Fcmp);
            }
            Routine::D2f => {
                self.double_in(0, 0);
                dynasm!(self.asm.ops ; .arch x64 ; vcvtsd2ss xmm0, xmm0, xmm0);
                self.single_result();
            }
            Routine::F2d => {
                self.single_in(0, 0);
                dynasm!(self.asm.ops ; .arch x64 ; vcvtss2sd xmm0, xmm0, xmm0);
                self.double_result();
            }
            Routine::Sqrt => {
                self.double_in(0, 0);
                dynasm!(self.asm.ops ; .arch x64 ; vsqrtsd xmm0, xmm0, xmm0);
                self.double_result();
            }
            Routine::I2d | Routine::Ui2d | Routine::I2f | Routine::Ui2f => {
                self.read_into(Width::W, RDX, Val::Var(Var::X(0)));
                if matches!(routine, Routine::I2d | Routine::I2f) {
                    dynasm!(self.asm.ops ; .arch x64 ; movsxd rdx, edx);
                }
                self.integer_in_rdx(matches!(routine, Routine::I2d | Routine::Ui2d));
            }
            Routine::L2d | Routine::L2f => {
                self.words(0);
                self.integer_in_rdx(routine == Routine::L2d);
            }
            Routine::Ul2d | Routine::Ul2f => {
                self.words(0);
                dynasm!(self.asm.ops ; .arch x64 ; test rdx, rdx);
                self.leave_to_interpreter(Cc::S);
                self.integer_in_rdx(routine == Routine::Ul2d);
            }
            _ => {
                let double = matches!(routine, Routine::D2iz | Routine::D2uiz | Routine::D2lz | Routine::D2ulz);
                let signed = matches!(routine, Routine::D2iz | Routine::D2lz | Routine::F2iz | Routine::F2lz);
                let wide = routine.ways() == Ways::Pair;
                self.truncate_number(double, signed, wide);
            }
        }
    }

    /// RAX = the signed number in RDX as a double or a single.
    fn integer_in_rdx(&mut self, double: bool) {
        dynasm!(self.asm.ops ; .arch x64 ; vxorps xmm0, xmm0, xmm0);
        if double {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2sd xmm0, xmm0, rdx ; vmovq rax, xmm0);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vcvtsi2ss xmm0, xmm0, rdx ; vmovd eax, xmm0);
        }
    }

    /// RAX = the operand, towards zero; it must have no sign if the result has none, and not be too large.
    fn truncate_number(&mut self, double: bool, signed: bool, wide: bool) {
        if double {
            self.double_in(0, 0);
        } else {
            self.single_in(0, 0);
        }
        if !signed {
            let top = self.read(Val::Var(Var::X(u8::from(double))), RDX);
            dynasm!(self.asm.ops ; .arch x64 ; test Rd(top), Rd(top));
            self.leave_to_interpreter(Cc::S);
        }
        if double {
            dynasm!(self.asm.ops ; .arch x64 ; vcvttsd2si rax, xmm0);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; vcvttss2si rax, xmm0);
        }
        match (signed, wide) {
            (true, false) => dynasm!(self.asm.ops ; .arch x64 ; movsxd rdx, eax ; cmp rdx, rax),
            (false, false) => dynasm!(self.asm.ops ; .arch x64 ; mov edx, eax ; cmp rdx, rax),
            (true, true) => {
                self.asm.mov_imm(RDX, 1 << 63);
                dynasm!(self.asm.ops ; .arch x64 ; cmp rax, rdx);
            }
            (false, true) => dynasm!(self.asm.ops ; .arch x64 ; test rax, rax),
        }
        self.leave_to_interpreter(match (signed, wide) {
            (_, false) => Cc::Ne,
            (true, true) => Cc::E,
            (false, true) => Cc::S,
        });
        if signed && !wide {
            dynasm!(self.asm.ops ; .arch x64 ; mov eax, eax);
        }
    }
}
