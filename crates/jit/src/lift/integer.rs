//! Data processing on general registers, and the system instructions that are mere data movement.

use armlet_decoder::a64::*;
use armlet_interpreter::a64::system_constant;

use super::{Lifter, dst, t, x};
use crate::ir::*;

/// What an arithmetic instruction does with its result.
#[derive(Clone, Copy)]
struct Form {
    op: Alu,
    sf: bool,
    rd: u8,
    rn: u8,
    flags: bool,
}

impl Form {
    fn lift(self, l: &mut Lifter, b: Val) -> bool {
        let Form { op, sf, rd, rn, flags } = self;
        let w = Width::of(sf);
        let a = x(rn);
        if rd == 31 && !flags {
            return true;
        }
        if !flags && rd != 31 {
            let folded = match (op, l.known(a), b) {
                (Alu::Add, Some(a), Val::Imm(b)) => Some(a.wrapping_add(b)),
                (Alu::Sub, Some(a), Val::Imm(b)) => Some(a.wrapping_sub(b)),
                (Alu::Or, Some(0), Val::Imm(b)) => Some(b),
                _ => None,
            };
            if let (Some(value), true) = (folded, sf) {
                l.constant(rd, value);
                return true;
            }
            if a == Val::Imm(0) && matches!(op, Alu::Or | Alu::Add | Alu::Xor) || b == Val::Imm(0) && op != Alu::And {
                let a = if b == Val::Imm(0) { a } else { b };
                l.push(Op::Mov { w, d: Var::X(rd), a });
                return true;
            }
        }
        l.push(Op::Alu {
            op,
            w,
            d: (rd != 31).then_some(Var::X(rd)),
            a,
            b,
            flags,
        });
        true
    }

    /// An addition of `b`, shifted left so far that the host does both at once.
    fn scaled(self, l: &mut Lifter, b: Val, amount: u8) -> bool {
        let Form { op, sf, rd, rn, flags } = self;
        let fits = op == Alu::Add && !flags && rd != 31 && rn != 31 && (1..=3).contains(&amount);
        if fits && matches!(b, Val::Var(_)) {
            l.push(Op::AddScaled {
                w: Width::of(sf),
                d: Var::X(rd),
                a: x(rn),
                b,
                shift: amount,
            });
            return true;
        }
        false
    }

    /// With the second operand shifted, and inverted if `not`.
    fn shifted(self, l: &mut Lifter, rm: u8, shift: u8, amount: u8, not: bool) -> bool {
        let w = Width::of(self.sf);
        let mut b = x(rm);
        if shift & 3 == 0 && !not && self.scaled(l, b, amount) {
            return true;
        }
        if amount != 0 && rm != 31 {
            let op = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror][usize::from(shift & 3)];
            l.push(Op::Shift {
                op,
                w,
                d: Var::T(0),
                a: b,
                b: Val::Imm(amount.into()),
            });
            b = t(0);
        }
        if not {
            b = match b {
                Val::Imm(imm) => Val::Imm(!imm),
                Val::Var(_) => {
                    l.push(Op::Unary {
                        op: Unary::Not,
                        w,
                        d: Var::T(0),
                        a: b,
                    });
                    t(0)
                }
            };
        }
        self.lift(l, b)
    }

    /// With the second operand extended and shifted left.
    fn extended(self, l: &mut Lifter, rm: u8, extend: u8, amount: u8) -> bool {
        let w = Width::of(self.sf);
        let mut b = x(rm);
        if let (Some(op), true) = (extension(extend), rm != 31) {
            l.push(Op::Extend {
                op,
                w,
                d: Var::T(0),
                a: b,
            });
            b = t(0);
        }
        if self.scaled(l, b, amount) {
            return true;
        }
        if amount != 0 && rm != 31 {
            l.push(Op::Shift {
                op: Shift::Lsl,
                w,
                d: Var::T(0),
                a: b,
                b: Val::Imm(amount.into()),
            });
            b = t(0);
        }
        self.lift(l, b)
    }
}

/// The `option` field of extended registers; `None` is the whole register.
pub(super) fn extension(option: u8) -> Option<Extend> {
    match option & 7 {
        0 => Some(Extend::U8),
        1 => Some(Extend::U16),
        2 => Some(Extend::U32),
        4 => Some(Extend::S8),
        5 => Some(Extend::S16),
        6 => Some(Extend::S32),
        _ => None,
    }
}

fn multiply_add(l: &mut Lifter, w: Width, rd: u8, product: (Val, Val), ra: u8, subtract: bool) -> bool {
    if rd == 31 {
        return true;
    }
    let (a, b) = product;
    let d = if ra == 31 && !subtract { Var::X(rd) } else { Var::T(0) };
    l.push(Op::Multiply {
        op: Multiply::Mul,
        w,
        d,
        a,
        b,
    });
    if d == Var::T(0) {
        let op = if subtract { Alu::Sub } else { Alu::Add };
        l.push(Op::Alu {
            op,
            w,
            d: Some(Var::X(rd)),
            a: x(ra),
            b: t(0),
            flags: false,
        });
    }
    true
}

fn multiply_add_long(l: &mut Lifter, extend: Extend, rd: u8, (rn, rm): (u8, u8), ra: u8, subtract: bool) -> bool {
    // A mere product is computed in the result's place.
    let in_place = ra == 31 && !subtract && rd != 31 && rd != rm;
    let d = if in_place { Var::X(rd) } else { Var::T(0) };
    for (d, from) in [(d, rn), (Var::T(1), rm)] {
        l.push(Op::Extend {
            op: extend,
            w: Width::X,
            d,
            a: x(from),
        });
    }
    multiply_add(l, Width::X, rd, (Val::Var(d), t(1)), ra, subtract)
}

fn bitfield(l: &mut Lifter, signed: bool, sf: bool, rd: u8, rn: u8, immr: u8, imms: u8) -> bool {
    let w = Width::of(sf);
    let bits = w.bits() as u8;
    if rd == 31 {
        return true;
    }
    let d = Var::X(rd);
    if imms >= immr {
        l.push(Op::Field {
            w,
            d,
            a: x(rn),
            lsb: immr,
            width: imms - immr + 1,
            signed,
        });
    } else if imms + 1 == immr && !signed {
        l.push(Op::Shift {
            op: Shift::Lsl,
            w,
            d,
            a: x(rn),
            b: Val::Imm((bits - immr).into()),
        });
    } else {
        l.push(Op::Field {
            w,
            d: Var::T(0),
            a: x(rn),
            lsb: 0,
            width: imms + 1,
            signed,
        });
        l.push(Op::Shift {
            op: Shift::Lsl,
            w,
            d,
            a: t(0),
            b: Val::Imm((bits - immr).into()),
        });
    }
    true
}

/// Lifts an instruction of this file; `false` leaves it to others.
pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> bool {
    let form = |op, sf, rd, rn, flags| Form { op, sf, rd, rn, flags };
    let imm = |value: u64| Val::Imm(value);
    match *insn {
        Insn::Adr(Adr { rd, offset }) => l.constant(rd, l.pc.wrapping_add_signed(offset)),
        Insn::Adrp(Adrp { rd, offset }) => l.constant(rd, (l.pc & !0xfff).wrapping_add_signed(offset)),
        Insn::AddImm(AddImm { sf, rd, rn, imm: i, .. }) => {
            return form(Alu::Add, sf, rd, rn, false).lift(l, imm(i.into()));
        }
        Insn::AddsImm(AddsImm { sf, rd, rn, imm: i, .. }) => {
            return form(Alu::Add, sf, rd, rn, true).lift(l, imm(i.into()));
        }
        Insn::SubImm(SubImm { sf, rd, rn, imm: i, .. }) => {
            return form(Alu::Sub, sf, rd, rn, false).lift(l, imm(i.into()));
        }
        Insn::SubsImm(SubsImm { sf, rd, rn, imm: i, .. }) => {
            return form(Alu::Sub, sf, rd, rn, true).lift(l, imm(i.into()));
        }
        Insn::AndImm(AndImm { sf, rd, rn, imm: i }) => return form(Alu::And, sf, rd, rn, false).lift(l, imm(i)),
        Insn::OrrImm(OrrImm { sf, rd, rn, imm: i }) => return form(Alu::Or, sf, rd, rn, false).lift(l, imm(i)),
        Insn::EorImm(EorImm { sf, rd, rn, imm: i }) => return form(Alu::Xor, sf, rd, rn, false).lift(l, imm(i)),
        Insn::AndsImm(AndsImm { sf, rd, rn, imm: i }) => return form(Alu::And, sf, rd, rn, true).lift(l, imm(i)),
        Insn::Movn(Movn { rd, value, .. }) | Insn::Movz(Movz { rd, value, .. }) => l.constant(rd, value),
        Insn::Movk(Movk { sf, rd, shift, imm: i }) => {
            if rd == 31 {
                return true;
            }
            let field = u64::from(i) << shift;
            match l.known(x(rd)) {
                Some(old) => {
                    let value = old & !(0xffff << shift) | field;
                    l.constant(rd, if sf { value } else { value & 0xffff_ffff });
                }
                None => l.push(Op::Insert {
                    w: Width::of(sf),
                    d: Var::X(rd),
                    a: imm(i.into()),
                    pos: shift,
                    width: 16,
                }),
            }
        }
        Insn::Ubfm(Ubfm {
            sf, rd, rn, immr, imms, ..
        }) => return bitfield(l, false, sf, rd, rn, immr, imms),
        Insn::Sbfm(Sbfm {
            sf, rd, rn, immr, imms, ..
        }) => return bitfield(l, true, sf, rd, rn, immr, imms),
        Insn::Bfm(Bfm {
            sf, rd, rn, immr, imms, ..
        }) => {
            if rd == 31 {
                return true;
            }
            let w = Width::of(sf);
            let d = Var::X(rd);
            if imms >= immr {
                let mut a = x(rn);
                if immr > 0 {
                    l.push(Op::Shift {
                        op: Shift::Lsr,
                        w,
                        d: Var::T(0),
                        a,
                        b: imm(immr.into()),
                    });
                    a = t(0);
                }
                l.push(Op::Insert {
                    w,
                    d,
                    a,
                    pos: 0,
                    width: imms - immr + 1,
                });
            } else {
                l.push(Op::Insert {
                    w,
                    d,
                    a: x(rn),
                    pos: w.bits() as u8 - immr,
                    width: imms + 1,
                });
            }
        }
        Insn::Extr(Extr { sf, rd, rn, rm, lsb }) => {
            l.push(Op::Extract {
                w: Width::of(sf),
                d: dst(rd),
                hi: x(rn),
                lo: x(rm),
                lsb,
            });
        }
        Insn::AddShift(AddShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Add, sf, rd, rn, false).shifted(l, rm, shift, amount, false);
        }
        Insn::AddsShift(AddsShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Add, sf, rd, rn, true).shifted(l, rm, shift, amount, false);
        }
        Insn::SubShift(SubShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Sub, sf, rd, rn, false).shifted(l, rm, shift, amount, false);
        }
        Insn::SubsShift(SubsShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Sub, sf, rd, rn, true).shifted(l, rm, shift, amount, false);
        }
        Insn::AddExt(AddExt {
            sf,
            rd,
            rn,
            rm,
            extend,
            amount,
        }) => {
            return form(Alu::Add, sf, rd, rn, false).extended(l, rm, extend, amount);
        }
        Insn::AddsExt(AddsExt {
            sf,
            rd,
            rn,
            rm,
            extend,
            amount,
        }) => {
            return form(Alu::Add, sf, rd, rn, true).extended(l, rm, extend, amount);
        }
        Insn::SubExt(SubExt {
            sf,
            rd,
            rn,
            rm,
            extend,
            amount,
        }) => {
            return form(Alu::Sub, sf, rd, rn, false).extended(l, rm, extend, amount);
        }
        Insn::SubsExt(SubsExt {
            sf,
            rd,
            rn,
            rm,
            extend,
            amount,
        }) => {
            return form(Alu::Sub, sf, rd, rn, true).extended(l, rm, extend, amount);
        }
        Insn::AndShift(AndShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::And, sf, rd, rn, false).shifted(l, rm, shift, amount, false);
        }
        Insn::BicShift(BicShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::And, sf, rd, rn, false).shifted(l, rm, shift, amount, true);
        }
        Insn::OrrShift(OrrShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Or, sf, rd, rn, false).shifted(l, rm, shift, amount, false);
        }
        Insn::OrnShift(OrnShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Or, sf, rd, rn, false).shifted(l, rm, shift, amount, true);
        }
        Insn::EorShift(EorShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Xor, sf, rd, rn, false).shifted(l, rm, shift, amount, false);
        }
        Insn::EonShift(EonShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::Xor, sf, rd, rn, false).shifted(l, rm, shift, amount, true);
        }
        Insn::AndsShift(AndsShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::And, sf, rd, rn, true).shifted(l, rm, shift, amount, false);
        }
        Insn::BicsShift(BicsShift {
            sf,
            rd,
            rn,
            rm,
            shift,
            amount,
        }) => {
            return form(Alu::And, sf, rd, rn, true).shifted(l, rm, shift, amount, true);
        }
        Insn::Adc(Adc { sf, rd, rn, rm }) => {
            l.push(Op::Adc {
                w: Width::of(sf),
                d: Some(dst(rd)),
                a: x(rn),
                b: x(rm),
                flags: false,
            });
        }
        Insn::Adcs(Adcs { sf, rd, rn, rm }) => {
            l.push(Op::Adc {
                w: Width::of(sf),
                d: Some(dst(rd)),
                a: x(rn),
                b: x(rm),
                flags: true,
            });
        }
        Insn::Sbc(Sbc { sf, rd, rn, rm }) => {
            l.push(Op::Sbc {
                w: Width::of(sf),
                d: Some(dst(rd)),
                a: x(rn),
                b: x(rm),
                flags: false,
            });
        }
        Insn::Sbcs(Sbcs { sf, rd, rn, rm }) => {
            l.push(Op::Sbc {
                w: Width::of(sf),
                d: Some(dst(rd)),
                a: x(rn),
                b: x(rm),
                flags: true,
            });
        }
        Insn::CcmpImm(CcmpImm {
            sf,
            rn,
            imm: i,
            nzcv,
            cond,
        }) => {
            l.push(Op::Compare {
                w: Width::of(sf),
                cond,
                a: x(rn),
                b: imm(i.into()),
                negative: false,
                nzcv,
            });
        }
        Insn::CcmpReg(CcmpReg { sf, rn, rm, nzcv, cond }) => {
            l.push(Op::Compare {
                w: Width::of(sf),
                cond,
                a: x(rn),
                b: x(rm),
                negative: false,
                nzcv,
            });
        }
        Insn::CcmnImm(CcmnImm {
            sf,
            rn,
            imm: i,
            nzcv,
            cond,
        }) => {
            l.push(Op::Compare {
                w: Width::of(sf),
                cond,
                a: x(rn),
                b: imm(i.into()),
                negative: true,
                nzcv,
            });
        }
        Insn::CcmnReg(CcmnReg { sf, rn, rm, nzcv, cond }) => {
            l.push(Op::Compare {
                w: Width::of(sf),
                cond,
                a: x(rn),
                b: x(rm),
                negative: true,
                nzcv,
            });
        }
        Insn::Csel(Csel { sf, rd, rn, rm, cond }) => select(l, sf, rd, cond, rn, rm, Otherwise::Same),
        Insn::Csinc(Csinc { sf, rd, rn, rm, cond }) => select(l, sf, rd, cond, rn, rm, Otherwise::Inc),
        Insn::Csinv(Csinv { sf, rd, rn, rm, cond }) => select(l, sf, rd, cond, rn, rm, Otherwise::Not),
        Insn::Csneg(Csneg { sf, rd, rn, rm, cond }) => select(l, sf, rd, cond, rn, rm, Otherwise::Neg),
        Insn::Udiv(Udiv { sf, rd, rn, rm }) => {
            l.push(Op::Multiply {
                op: Multiply::Udiv,
                w: Width::of(sf),
                d: dst(rd),
                a: x(rn),
                b: x(rm),
            });
        }
        Insn::Sdiv(Sdiv { sf, rd, rn, rm }) => {
            l.push(Op::Multiply {
                op: Multiply::Sdiv,
                w: Width::of(sf),
                d: dst(rd),
                a: x(rn),
                b: x(rm),
            });
        }
        Insn::Lslv(Lslv { sf, rd, rn, rm }) => shift_by(l, Shift::Lsl, sf, rd, rn, rm),
        Insn::Lsrv(Lsrv { sf, rd, rn, rm }) => shift_by(l, Shift::Lsr, sf, rd, rn, rm),
        Insn::Asrv(Asrv { sf, rd, rn, rm }) => shift_by(l, Shift::Asr, sf, rd, rn, rm),
        Insn::Rorv(Rorv { sf, rd, rn, rm }) => shift_by(l, Shift::Ror, sf, rd, rn, rm),
        Insn::Rbit(Rbit { sf, rd, rn }) => unary(l, Unary::Rbit, sf, rd, rn),
        Insn::Rev16(Rev16 { sf, rd, rn }) => unary(l, Unary::Rev16, sf, rd, rn),
        Insn::Clz(Clz { sf, rd, rn }) => leading_zeros(l, sf, rd, rn),
        Insn::Cls(Cls { sf, rd, rn }) => unary(l, Unary::Cls, sf, rd, rn),
        Insn::Rev(Rev { sf, rd, rn, .. }) => unary(l, Unary::Rev, sf, rd, rn),
        Insn::Rev32(Rev32 { rd, rn }) => unary(l, Unary::Rev32, true, rd, rn),
        Insn::Madd(Madd { sf, rd, rn, rm, ra }) => {
            return multiply_add(l, Width::of(sf), rd, (x(rn), x(rm)), ra, false);
        }
        Insn::Msub(Msub { sf, rd, rn, rm, ra }) => return multiply_add(l, Width::of(sf), rd, (x(rn), x(rm)), ra, true),
        Insn::Smaddl(Smaddl { rd, rn, rm, ra }) => return multiply_add_long(l, Extend::S32, rd, (rn, rm), ra, false),
        Insn::Smsubl(Smsubl { rd, rn, rm, ra }) => return multiply_add_long(l, Extend::S32, rd, (rn, rm), ra, true),
        Insn::Umaddl(Umaddl { rd, rn, rm, ra }) => return multiply_add_long(l, Extend::U32, rd, (rn, rm), ra, false),
        Insn::Umsubl(Umsubl { rd, rn, rm, ra }) => return multiply_add_long(l, Extend::U32, rd, (rn, rm), ra, true),
        Insn::Smulh(Smulh { rd, rn, rm }) => {
            l.push(Op::Multiply {
                op: Multiply::Smulh,
                w: Width::X,
                d: dst(rd),
                a: x(rn),
                b: x(rm),
            });
        }
        Insn::Umulh(Umulh { rd, rn, rm }) => {
            l.push(Op::Multiply {
                op: Multiply::Umulh,
                w: Width::X,
                d: dst(rd),
                a: x(rn),
                b: x(rm),
            });
        }
        Insn::Crc32(Crc32 { rd, rn, rm, size, .. }) => return crc(l, false, size, rd, rn, rm),
        Insn::Crc32c(Crc32c { rd, rn, rm, size, .. }) => return crc(l, true, size, rd, rn, rm),
        Insn::Hint(_) | Insn::Isb(_) => {}
        Insn::Dmb(Dmb { option }) | Insn::Dsb(Dsb { option }) => {
            // Under TSO only a store followed by a load can be seen out of order.
            if !matches!(option & 3, 1 | 2) {
                l.push(Op::Fence);
            }
        }
        Insn::Mrs(Mrs {
            rt,
            register: SystemRegister::TPIDR_EL0,
        }) => l.push(Op::ReadTpidr { d: dst(rt) }),
        Insn::Mrs(Mrs {
            rt,
            register: SystemRegister::FPCR,
        }) => l.push(Op::ReadFpcr { d: dst(rt) }),
        Insn::Mrs(Mrs {
            rt,
            register: SystemRegister::NZCV,
        }) => l.push(Op::Flags(FlagsOp::Read { d: dst(rt) })),
        Insn::Mrs(Mrs { rt, register }) => match system_constant(register) {
            Some(value) => l.constant(rt, value),
            None => return false,
        },
        Insn::Msr(Msr {
            rt,
            register: SystemRegister::TPIDR_EL0,
        }) => l.push(Op::WriteTpidr { a: x(rt) }),
        Insn::Msr(Msr {
            rt,
            register: SystemRegister::NZCV,
        }) => l.push(Op::Flags(FlagsOp::Write { a: x(rt) })),
        Insn::Cfinv(_) => l.push(Op::Flags(FlagsOp::InvertCarry)),
        Insn::Axflag(_) => l.push(Op::Flags(FlagsOp::ToOthers)),
        Insn::Xaflag(_) => l.push(Op::Flags(FlagsOp::FromOthers)),
        Insn::Rmif(Rmif { rn, shift, mask }) => l.push(Op::Flags(FlagsOp::Insert {
            a: x(rn),
            by: shift,
            mask,
        })),
        Insn::Setf8(Setf8 { rn }) => l.push(Op::Flags(FlagsOp::Narrow { a: x(rn), bits: 8 })),
        Insn::Setf16(Setf16 { rn }) => l.push(Op::Flags(FlagsOp::Narrow { a: x(rn), bits: 16 })),
        // Cleaning a cache does nothing, but the address must be readable.
        Insn::DcCvac(DcCvac { rt })
        | Insn::DcCvau(DcCvau { rt })
        | Insn::DcCvap(DcCvap { rt })
        | Insn::DcCivac(DcCivac { rt }) => l.push(Op::Load {
            load: Load::Zero(0),
            d: Var::T(0),
            at: super::memory::address(rt, 0),
        }),
        _ => return false,
    }
    true
}

/// CRC32 and CRC32C; `false` if the host cannot.
pub(super) fn crc(l: &mut Lifter, castagnoli: bool, size: u8, rd: u8, rn: u8, rm: u8) -> bool {
    let (d, a, b) = (dst(rd), x(rn), x(rm));
    let known = castagnoli || is_x86_feature_detected!("pclmulqdq");
    if known {
        l.push(Op::Crc {
            castagnoli,
            size,
            d,
            a,
            b,
        });
    }
    known
}

fn select(l: &mut Lifter, sf: bool, rd: u8, cond: u8, rn: u8, rm: u8, otherwise: Otherwise) {
    l.push(Op::Select {
        w: Width::of(sf),
        d: dst(rd),
        cond,
        a: x(rn),
        b: x(rm),
        otherwise,
    });
}

fn shift_by(l: &mut Lifter, op: Shift, sf: bool, rd: u8, rn: u8, rm: u8) {
    l.push(Op::Shift {
        op,
        w: Width::of(sf),
        d: dst(rd),
        a: x(rn),
        b: x(rm),
    });
}

fn unary(l: &mut Lifter, op: Unary, sf: bool, rd: u8, rn: u8) {
    l.push(Op::Unary {
        op,
        w: Width::of(sf),
        d: dst(rd),
        a: x(rn),
    });
}

/// CLZ of what RBIT has just turned round counts trailing zeros.
fn leading_zeros(l: &mut Lifter, sf: bool, rd: u8, rn: u8) {
    if let Some(Node {
        op: Op::Unary {
            op: Unary::Rbit,
            w,
            d,
            a,
        },
        ..
    }) = l.nodes.last()
        && *w == Width::of(sf)
        && *d == Var::X(rn)
        && (rd == rn || *a != Val::Var(*d))
    {
        let (w, a) = (*w, *a);
        if rd == rn {
            l.nodes.pop();
        }
        return l.push(Op::Unary {
            op: Unary::Ctz,
            w,
            d: dst(rd),
            a,
        });
    }
    unary(l, Unary::Clz, sf, rd, rn);
}
