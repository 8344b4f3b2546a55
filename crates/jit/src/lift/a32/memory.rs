//! Loads and stores, of one register or several, and exclusive ones.

use armlet_decoder::a32::*;
use armlet_interpreter::a32::Place;

use super::branch::to_result;
use super::integer::shifted;
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
    let offset = shifted(l, place, rm, shift, amount, Var::T(1)).unwrap_or_else(|| {
        l.push(Op::RotateExtended {
            d: Var::T(1),
            a: Val::Var(Var::X(rm)),
        });
        t(1)
    });
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

/// LDRD and STRD with a register as offset.
fn pair_indexed(
    l: &mut Lifter,
    place: Place,
    (first, second): (Data, Data),
    rn: u8,
    (index, wback): (bool, bool),
    (up, rm): (bool, u8),
) -> Lifted {
    if wback && (first.loads(rn) || second.loads(rn) || rn == 15) {
        return Lifted::Unknown;
    }
    // The base's new value.
    let op = if up { Alu::Add } else { Alu::Sub };
    add(l, op, Var::T(1), r(place, rn), Val::Var(Var::X(rm)));
    let base = if index { t(1) } else { r(place, rn) };
    let (low, high) = (address(base, 0), address(base, 4));
    match first {
        // The second access may fault, and needs what this one loads again.
        Data::Load(load, rt) if rt == rn || rt == rm => {
            l.push(Op::Load {
                load,
                d: Var::T(0),
                at: low,
            });
            second.lift(l, place, high);
            l.push(Op::Mov {
                w: W,
                d: Var::X(rt),
                a: t(0),
            });
        }
        _ => {
            first.lift(l, place, low);
            second.lift(l, place, high);
        }
    }
    if wback {
        l.push(Op::Mov {
            w: W,
            d: Var::X(rn),
            a: t(1),
        });
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

/// LDA and STL, which are plain, but that an STL comes before a later LDA: as a plain store with a barrier behind it.
fn ordered(l: &mut Lifter, place: Place, data: Data, size: u8, rn: u8) -> Lifted {
    let at = address(r(place, rn), 0);
    l.push(Op::Aligned { size, at });
    data.lift(l, place, at);
    if let Data::Store(..) = data {
        l.push(Op::Fence);
    }
    Lifted::Done
}

/// An exclusive access at a register's address plus an offset.
fn exclusive_at(l: &mut Lifter, op: AtomicOp, size: u8, rn: u8, offset: u16) -> Lifted {
    if offset == 0 {
        return exclusive(l, op, size, rn);
    }
    add(l, Alu::Add, Var::T(1), Val::Var(Var::X(rn)), imm(offset.into()));
    l.push(Op::Aligned {
        size,
        at: address(t(1), 0),
    });
    l.push(Op::Atomic(Atomic { op, size, base: t(1) }));
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
        Insn::LdrdLit(LdrdLit { rt, rt2, offset }) => {
            let target = (place.pc() & !3).wrapping_add_signed(offset.into());
            load(rt).lift(l, place, address(imm(target), 0));
            load(rt2).lift(l, place, address(imm(target), 4));
            Lifted::Done
        }
        Insn::LdrdReg(LdrdReg {
            rt,
            rt2,
            rn,
            index,
            wback,
            add,
            rm,
        }) => pair_indexed(l, place, (load(rt), load(rt2)), rn, (index, wback), (add, rm)),
        Insn::StrdReg(StrdReg {
            rt,
            rt2,
            rn,
            index,
            wback,
            add,
            rm,
        }) => {
            let data = (Data::Store(2, rt), Data::Store(2, rt2));
            pair_indexed(l, place, data, rn, (index, wback), (add, rm))
        }
        Insn::Lda(Lda { rt, rn }) => ordered(l, place, load(rt), 2, rn),
        Insn::Ldah(Ldah { rt, rn }) => ordered(l, place, Data::Load(Load::Zero(1), rt), 1, rn),
        Insn::Ldab(Ldab { rt, rn }) => ordered(l, place, Data::Load(Load::Zero(0), rt), 0, rn),
        Insn::Stl(Stl { rt, rn }) => ordered(l, place, Data::Store(2, rt), 2, rn),
        Insn::Stlh(Stlh { rt, rn }) => ordered(l, place, Data::Store(1, rt), 1, rn),
        Insn::Stlb(Stlb { rt, rn }) => ordered(l, place, Data::Store(0, rt), 0, rn),
        Insn::Swp(Swp { rt, rt2, rn }) => {
            let (d, a) = (Var::X(rt), r(place, rt2));
            exclusive(l, AtomicOp::Swap { d, a }, 2, rn)
        }
        Insn::Swpb(Swpb { rt, rt2, rn }) => {
            let (d, a) = (Var::X(rt), r(place, rt2));
            exclusive(l, AtomicOp::Swap { d, a }, 0, rn)
        }
        Insn::Ldm(ldm) => load_multiple(l, place, ldm),
        Insn::Stm(stm) => store_multiple(l, place, stm),
        Insn::Ldrexb(Ldrexb { rt, rn }) | Insn::Ldaexb(Ldaexb { rt, rn }) => load_exclusive(l, 0, rt, rn),
        Insn::Ldrexh(Ldrexh { rt, rn }) | Insn::Ldaexh(Ldaexh { rt, rn }) => load_exclusive(l, 1, rt, rn),
        Insn::Ldaex(Ldaex { rt, rn }) => load_exclusive(l, 2, rt, rn),
        Insn::Ldrex(Ldrex { rt, rn, offset }) => {
            exclusive_at(l, AtomicOp::LoadExclusive { d: Var::X(rt) }, 2, rn, offset)
        }
        Insn::Strexb(Strexb { rd, rt, rn }) | Insn::Stlexb(Stlexb { rd, rt, rn }) => {
            store_exclusive(l, place, 0, rd, rt, rn)
        }
        Insn::Strexh(Strexh { rd, rt, rn }) | Insn::Stlexh(Stlexh { rd, rt, rn }) => {
            store_exclusive(l, place, 1, rd, rt, rn)
        }
        Insn::Stlex(Stlex { rd, rt, rn }) => store_exclusive(l, place, 2, rd, rt, rn),
        Insn::Strex(Strex { rd, rt, rn, offset }) => {
            let (status, a) = (Var::X(rd), r(place, rt));
            exclusive_at(l, AtomicOp::StoreExclusive { status, a }, 2, rn, offset)
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
