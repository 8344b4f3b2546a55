//! Loads and stores, of one register or several, and exclusive ones.

use armlet_decoder::a32::*;
use armlet_interpreter::a32::Place;

use super::branch::to_result;
use super::{Lifted, dst, imm, r, t};
use crate::ir::*;
use crate::lift::Lifter;

const W: Width = Width::W;
const SP: u8 = 13;

/// What is transferred.
#[derive(Clone, Copy)]
enum Data {
    Load(Load, u8),
    Store(u8, u8),
}

impl Data {
    fn lift(self, l: &mut Lifter, place: Place, at: Address) {
        l.push(match self {
            Data::Load(load, rt) => Op::Load { load, d: dst(rt), at },
            Data::Store(size, rt) => Op::Store {
                size,
                a: r(place, rt),
                at,
                release: false,
            },
        });
    }

    fn loads(self, n: u8) -> bool {
        matches!(self, Data::Load(_, rt) if rt == n)
    }
}

fn address(base: Val, disp: i32) -> Address {
    Address {
        base,
        index: None,
        disp,
    }
}

fn add(l: &mut Lifter, op: Alu, d: Var, a: Val, b: Val) {
    l.push(Op::Alu {
        op,
        w: W,
        d: Some(d),
        a,
        b,
        flags: false,
    });
}

/// What follows a transfer: a load of R15 branches.
fn done(l: &mut Lifter, place: Place, data: Data, ret: bool) -> Lifted {
    if data.loads(15) {
        to_result(l, PcWrite::Load, place, ret)
    } else {
        Lifted::Done
    }
}

/// A base register and a constant offset.
fn immediate(l: &mut Lifter, place: Place, data: Data, rn: u8, index: bool, wback: bool, offset: i32) -> Lifted {
    if wback && (data.loads(rn) || rn == 15) {
        return Lifted::Unknown;
    }
    data.lift(l, place, address(r(place, rn), if index { offset } else { 0 }));
    if wback {
        add(l, Alu::Add, Var::X(rn), r(place, rn), imm(offset as u32));
    }
    done(l, place, data, rn == SP && !index && offset == 4)
}

/// An index register with a constant shift.
#[derive(Clone, Copy)]
struct Index {
    add: bool,
    rm: u8,
    shift: u8,
    amount: u8,
}

fn indexed(l: &mut Lifter, place: Place, data: Data, rn: u8, index: bool, wback: bool, by: Index) -> Lifted {
    let Index {
        add: up,
        rm,
        shift,
        amount,
    } = by;
    if rm == 15 || wback && (data.loads(rn) || rn == 15) {
        return Lifted::Unknown;
    }
    if up && index && !wback && shift == 0 && amount <= 3 {
        let at = Address {
            base: r(place, rn),
            index: Some((Var::X(rm), None, amount)),
            disp: 0,
        };
        data.lift(l, place, at);
        return done(l, place, data, false);
    }
    let op = match shift {
        0 => Shift::Lsl,
        1 if amount < 32 => Shift::Lsr,
        2 => Shift::Asr,
        _ => return Lifted::Unknown,
    };
    let mut offset = Val::Var(Var::X(rm));
    if amount != 0 {
        l.push(Op::Shift {
            op,
            w: W,
            d: Var::T(1),
            a: offset,
            b: imm(u32::from(amount).min(31)),
        });
        offset = t(1);
    }
    // The base's new value.
    add(l, if up { Alu::Add } else { Alu::Sub }, Var::T(1), r(place, rn), offset);
    data.lift(l, place, address(if index { t(1) } else { r(place, rn) }, 0));
    if wback {
        l.push(Op::Mov {
            w: W,
            d: Var::X(rn),
            a: t(1),
        });
    }
    done(l, place, data, false)
}

fn literal(l: &mut Lifter, place: Place, data: Data, offset: i32) -> Lifted {
    let target = (place.pc() & !3).wrapping_add_signed(offset);
    data.lift(l, place, address(imm(target), 0));
    done(l, place, data, false)
}

/// LDRD and STRD with a constant offset.
fn pair(
    l: &mut Lifter,
    place: Place,
    (first, second): (Data, Data),
    rn: u8,
    index: bool,
    wback: bool,
    offset: i32,
) -> Lifted {
    if wback && (first.loads(rn) || second.loads(rn) || rn == 15) {
        return Lifted::Unknown;
    }
    let disp = if index { offset } else { 0 };
    let (low, high) = (address(r(place, rn), disp), address(r(place, rn), disp + 4));
    // A loaded base comes last.
    if first.loads(rn) {
        second.lift(l, place, high);
        first.lift(l, place, low);
    } else {
        first.lift(l, place, low);
        second.lift(l, place, high);
    }
    if wback {
        add(l, Alu::Add, Var::X(rn), r(place, rn), imm(offset as u32));
    }
    Lifted::Done
}

/// Where the words of LDM and STM are, from the base: the lowest, and the base's new value.
fn range(before: bool, add: bool, list: u16) -> (i32, i32) {
    let bytes = 4 * list.count_ones() as i32;
    let lowest = if add { 0 } else { -bytes };
    let lowest = if before == add { lowest + 4 } else { lowest };
    (lowest, if add { bytes } else { -bytes })
}

fn load_multiple(
    l: &mut Lifter,
    place: Place,
    Ldm {
        rn,
        before,
        add: up,
        wback,
        list,
    }: Ldm,
) -> Lifted {
    if wback && list >> rn & 1 != 0 {
        return Lifted::Unknown;
    }
    let (lowest, moved) = range(before, up, list);
    let at = |n: u8| {
        let index = (list & ((1 << n) - 1)).count_ones() as i32;
        address(r(place, rn), lowest + 4 * index)
    };
    let load = Load::Zero(2);
    // A loaded base comes last: until then, the instruction can be run again.
    let (others, base): (Vec<u8>, Vec<u8>) = (0..16).filter(|n| list >> n & 1 != 0).partition(|&n| n != rn);
    for n in others.into_iter().chain(base) {
        l.push(Op::Load {
            load,
            d: dst(n),
            at: at(n),
        });
    }
    if wback {
        add(l, Alu::Add, Var::X(rn), r(place, rn), imm(moved as u32));
    }
    if list >> 15 != 0 {
        to_result(l, PcWrite::Load, place, rn == SP)
    } else {
        Lifted::Done
    }
}

fn store_multiple(
    l: &mut Lifter,
    place: Place,
    Stm {
        rn,
        before,
        add: up,
        wback,
        list,
    }: Stm,
) -> Lifted {
    let (mut disp, moved) = range(before, up, list);
    for n in (0..16).filter(|n| list >> n & 1 != 0) {
        Data::Store(2, n).lift(l, place, address(r(place, rn), disp));
        disp += 4;
    }
    if wback {
        add(l, Alu::Add, Var::X(rn), r(place, rn), imm(moved as u32));
    }
    Lifted::Done
}

/// An exclusive access without an offset.
fn exclusive(l: &mut Lifter, op: AtomicOp, size: u8, rn: u8) -> Lifted {
    let base = Val::Var(Var::X(rn));
    l.push(Op::Aligned {
        size,
        at: address(base, 0),
    });
    l.push(Op::Atomic(Atomic { op, size, base }));
    Lifted::Done
}

fn load_exclusive(l: &mut Lifter, size: u8, rt: u8, rn: u8) -> Lifted {
    exclusive(l, AtomicOp::LoadExclusive { d: Var::X(rt) }, size, rn)
}

fn store_exclusive(l: &mut Lifter, place: Place, size: u8, rd: u8, rt: u8, rn: u8) -> Lifted {
    let (status, a) = (Var::X(rd), r(place, rt));
    exclusive(l, AtomicOp::StoreExclusive { status, a }, size, rn)
}

/// `transfer, offset forms, index forms, literal forms;`
macro_rules! single {
    ($l:ident, $insn:ident, $place:ident; $($data:expr => $Imm:ident, $Reg:ident $(, $Lit:ident)?;)*) => {
        match *$insn {
            $(Insn::$Imm($Imm { rt, rn, index, wback, offset }) => return immediate($l, $place, $data(rt), rn, index, wback, offset),
            Insn::$Reg($Reg { rt, rn, index, wback, add, rm, shift, amount }) => {
                return indexed($l, $place, $data(rt), rn, index, wback, Index { add, rm, shift, amount });
            }
            $(Insn::$Lit($Lit { rt, offset }) => return literal($l, $place, $data(rt), offset),)?)*
            _ => {}
        }
    };
}

/// Lifts an instruction of this file.
pub(super) fn lift(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    single! { l, insn, place;
        |rt| Data::Load(Load::Zero(2), rt) => LdrImm, LdrReg, LdrLit;
        |rt| Data::Load(Load::Zero(0), rt) => LdrbImm, LdrbReg, LdrbLit;
        |rt| Data::Load(Load::Zero(1), rt) => LdrhImm, LdrhReg, LdrhLit;
        |rt| Data::Load(Load::Sign(0, W), rt) => LdrsbImm, LdrsbReg, LdrsbLit;
        |rt| Data::Load(Load::Sign(1, W), rt) => LdrshImm, LdrshReg, LdrshLit;
        |rt| Data::Store(2, rt) => StrImm, StrReg;
        |rt| Data::Store(0, rt) => StrbImm, StrbReg;
        |rt| Data::Store(1, rt) => StrhImm, StrhReg;
    }
    let load = |rt| Data::Load(Load::Zero(2), rt);
    match *insn {
        Insn::LdrdImm(LdrdImm {
            rt,
            rt2,
            rn,
            index,
            wback,
            offset,
        }) => pair(l, place, (load(rt), load(rt2)), rn, index, wback, offset.into()),
        Insn::StrdImm(StrdImm {
            rt,
            rt2,
            rn,
            index,
            wback,
            offset,
        }) => {
            let data = (Data::Store(2, rt), Data::Store(2, rt2));
            pair(l, place, data, rn, index, wback, offset.into())
        }
        Insn::Ldm(ldm) => load_multiple(l, place, ldm),
        Insn::Stm(stm) => store_multiple(l, place, stm),
        Insn::Ldrexb(Ldrexb { rt, rn }) | Insn::Ldaexb(Ldaexb { rt, rn }) => load_exclusive(l, 0, rt, rn),
        Insn::Ldrexh(Ldrexh { rt, rn }) | Insn::Ldaexh(Ldaexh { rt, rn }) => load_exclusive(l, 1, rt, rn),
        Insn::Ldrex(Ldrex { rt, rn, offset: 0 }) | Insn::Ldaex(Ldaex { rt, rn }) => load_exclusive(l, 2, rt, rn),
        Insn::Strexb(Strexb { rd, rt, rn }) | Insn::Stlexb(Stlexb { rd, rt, rn }) => {
            store_exclusive(l, place, 0, rd, rt, rn)
        }
        Insn::Strexh(Strexh { rd, rt, rn }) | Insn::Stlexh(Stlexh { rd, rt, rn }) => {
            store_exclusive(l, place, 1, rd, rt, rn)
        }
        Insn::Strex(Strex { rd, rt, rn, offset: 0 }) | Insn::Stlex(Stlex { rd, rt, rn }) => {
            store_exclusive(l, place, 2, rd, rt, rn)
        }
        Insn::Ldrexd(Ldrexd { rt, rt2, rn }) | Insn::Ldaexd(Ldaexd { rt, rt2, rn }) => {
            exclusive(l, AtomicOp::LoadExclusive { d: Var::T(0) }, 3, rn);
            l.push(Op::Mov {
                w: W,
                d: Var::X(rt),
                a: t(0),
            });
            l.push(Op::Shift {
                op: Shift::Lsr,
                w: Width::X,
                d: Var::X(rt2),
                a: t(0),
                b: imm(32),
            });
            Lifted::Done
        }
        Insn::Strexd(Strexd { rd, rt, rt2, rn }) | Insn::Stlexd(Stlexd { rd, rt, rt2, rn }) => {
            l.push(Op::Shift {
                op: Shift::Lsl,
                w: Width::X,
                d: Var::T(0),
                a: r(place, rt2),
                b: imm(32),
            });
            l.push(Op::Alu {
                op: Alu::Or,
                w: Width::X,
                d: Some(Var::T(0)),
                a: t(0),
                b: r(place, rt),
                flags: false,
            });
            let status = Var::X(rd);
            exclusive(l, AtomicOp::StoreExclusive { status, a: t(0) }, 3, rn)
        }
        Insn::Clrex(_) => {
            l.push(Op::ClearExclusive);
            Lifted::Done
        }
        _ => Lifted::Unknown,
    }
}
