//! What ends blocks: branches, and results in R15.

use armlet_cpu::a32_features::Model;
use armlet_decoder::a32::*;
use armlet_interpreter::a32::Place;

use super::{Lifted, imm, r, t};
use crate::ir::*;
use crate::lift::Lifter;
use crate::quick;

const LR: u8 = 14;

pub(super) fn link(l: &mut Lifter, value: Place) {
    l.push(Op::Mov {
        w: Width::W,
        d: Var::X(LR),
        a: imm(value.0),
    });
}

/// A branch to the place in temporary 0 that a load or an addition has left there as R15.
pub(super) fn to_result(l: &mut Lifter, kind: PcWrite, place: Place, ret: bool) -> Lifted {
    if kind == PcWrite::Alu && l.model == Model::Arm926 && !place.thumb() {
        // ARMv5 does not change the instruction set here.
        l.push(Op::Alu {
            op: Alu::And,
            w: Width::W,
            d: Some(Var::T(0)),
            a: t(0),
            b: imm(!3),
            flags: false,
        });
    }
    if kind == PcWrite::Alu && place.thumb() {
        l.push(Op::Alu {
            op: Alu::Or,
            w: Width::W,
            d: Some(Var::T(0)),
            a: t(0),
            b: imm(1),
            flags: false,
        });
    }
    Lifted::Ends(End::Indirect {
        to: t(0),
        next: None,
        ret,
    })
}

/// A branch to one of the entries of a table of halfwords' distances.
fn table(l: &mut Lifter, size: u8, rn: u8, rm: u8, place: Place) -> Lifted {
    let base = r(place, rn);
    l.push(Op::Load {
        load: Load::Zero(size),
        d: Var::T(0),
        at: Address {
            base,
            index: Some((Var::X(rm), None, size)),
            disp: 0,
        },
    });
    l.push(Op::Shift {
        op: Shift::Lsl,
        w: Width::W,
        d: Var::T(0),
        a: t(0),
        b: imm(1),
    });
    l.push(Op::Alu {
        op: Alu::Add,
        w: Width::W,
        d: Some(Var::T(0)),
        a: t(0),
        b: imm(place.pc() | 1),
        flags: false,
    });
    Lifted::Ends(End::Indirect {
        to: t(0),
        next: None,
        ret: false,
    })
}

/// Lifts an instruction of this file.
pub(super) fn lift(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    let to = |offset: i32| u64::from(place.branch(offset).0);
    let next = |bytes: u32| place.plus(bytes);
    Lifted::Ends(match *insn {
        Insn::B(B { offset }) => End::Jump { to: to(offset) },
        Insn::Bl(Bl { offset }) => {
            link(l, next(4));
            End::Call {
                to: to(offset),
                next: next(4).0.into(),
            }
        }
        Insn::BlxImm(BlxImm { offset }) => {
            link(l, next(4));
            let target = (place.pc() & !3).wrapping_add_signed(offset);
            End::Call {
                to: Place::new(target, !place.thumb()).0.into(),
                next: next(4).0.into(),
            }
        }
        Insn::Bx(Bx { rm }) | Insn::Bxj(Bxj { rm }) => End::Indirect {
            to: r(place, rm),
            next: None,
            ret: rm == LR,
        },
        Insn::BlxReg(BlxReg { rm }) => {
            let back = next(if place.thumb() { 2 } else { 4 });
            l.push(Op::Mov {
                w: Width::W,
                d: Var::T(0),
                a: r(place, rm),
            });
            link(l, back);
            End::Indirect {
                to: t(0),
                next: Some(back.0.into()),
                ret: false,
            }
        }
        Insn::Svc(Svc { imm: 0 }) => {
            let next = next(if place.thumb() { 2 } else { 4 }).0.into();
            let number = l.known(Val::Var(Var::X(7)));
            match number.and_then(|number| quick::operation(true, number, next)) {
                Some(call) => {
                    l.push(call);
                    End::Jump { to: next }
                }
                None => End::SupervisorCall { next },
            }
        }
        Insn::Cbz(Cbz { rn, offset }) => End::Branch {
            test: Test::Zero(Width::W, r(place, rn)),
            taken: to(offset),
            not: next(2).0.into(),
        },
        Insn::Cbnz(Cbnz { rn, offset }) => End::Branch {
            test: Test::NotZero(Width::W, r(place, rn)),
            taken: to(offset),
            not: next(2).0.into(),
        },
        Insn::Tbb(Tbb { rn, rm }) => return table(l, 0, rn, rm, place),
        Insn::Tbh(Tbh { rn, rm }) => return table(l, 1, rn, rm, place),
        _ => return Lifted::Unknown,
    })
}
