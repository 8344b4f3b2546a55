//! What ends a block.

use armlet_decoder::a64::*;

use super::{Lifter, t, x};
use crate::ir::*;
use crate::quick;

pub(super) fn lift(l: &mut Lifter, insn: &Insn) -> Option<End> {
    let pc = l.pc;
    let next = pc.wrapping_add(4);
    let to = |offset: i64| pc.wrapping_add_signed(offset);
    let branch = |test: Test, offset: i64| End::Branch {
        test,
        taken: to(offset),
        not: next,
    };
    Some(match *insn {
        Insn::B(B { offset }) => End::Jump { to: to(offset) },
        Insn::Bl(Bl { offset }) => {
            l.constant(30, next);
            End::Call { to: to(offset), next }
        }
        Insn::BCond(BCond { cond, offset }) if cond >= 14 => End::Jump { to: to(offset) },
        Insn::BCond(BCond { cond, offset }) => branch(Test::Cond(cond), offset),
        Insn::Cbz(Cbz { rt: 31, offset, .. }) | Insn::Tbz(Tbz { rt: 31, offset, .. }) => End::Jump { to: to(offset) },
        Insn::Cbnz(Cbnz { rt: 31, .. }) | Insn::Tbnz(Tbnz { rt: 31, .. }) => End::Jump { to: next },
        Insn::Cbz(Cbz { sf, rt, offset }) => branch(Test::Zero(Width::of(sf), x(rt)), offset),
        Insn::Cbnz(Cbnz { sf, rt, offset }) => branch(Test::NotZero(Width::of(sf), x(rt)), offset),
        Insn::Tbz(Tbz { rt, bit, offset }) => branch(Test::BitClear(x(rt), bit), offset),
        Insn::Tbnz(Tbnz { rt, bit, offset }) => branch(Test::BitSet(x(rt), bit), offset),
        Insn::Br(Br { rn }) => End::Indirect {
            to: x(rn),
            next: None,
            ret: false,
        },
        Insn::Ret(Ret { rn }) => End::Indirect {
            to: x(rn),
            next: None,
            ret: true,
        },
        Insn::Blr(Blr { rn }) => {
            l.push(Op::Mov {
                w: Width::X,
                d: Var::T(0),
                a: x(rn),
            });
            l.constant(30, next);
            End::Indirect {
                to: t(0),
                next: Some(next),
                ret: false,
            }
        }
        Insn::Svc(Svc { imm: 0 }) => {
            let number = l.known(x(8));
            match number.and_then(|number| quick::operation(false, number, next)) {
                Some(call) => {
                    l.push(call);
                    End::Jump { to: next }
                }
                None => End::SupervisorCall { next },
            }
        }
        _ => return None,
    })
}
