//! Loads and stores of VFP and Advanced SIMD, comparisons of VFP, and what becomes A64 instructions (`lift/a32_vector.rs`, `standard.rs`).
//!
//! A load of several registers changes none before all of its memory has been touched: its ends first, since it is shorter than a page.

use armlet_decoder::a32::*;
use armlet_decoder::a64::Insn as Insn64;
use armlet_interpreter::a32::Place;

use super::{Lifted, imm, r, standard, t};
use crate::ir::*;
use crate::lift::Lifter;
use crate::lift::a32_vector;
use crate::map::Halves;

const W: Width = Width::W;
/// The temporary registers.
const FIRST: u8 = 16;

/// Where an access is: a base register and a displacement.
#[derive(Clone, Copy)]
struct Base {
    base: Val,
    disp: i32,
}

impl Base {
    fn of(place: Place, rn: u8, disp: i32) -> Base {
        match rn {
            15 => Base {
                base: imm((place.pc() & !3).wrapping_add_signed(disp)),
                disp: 0,
            },
            _ => Base {
                base: r(place, rn),
                disp,
            },
        }
    }

    fn at(self, offset: i32) -> Address {
        Address {
            base: self.base,
            index: None,
            disp: self.disp + offset,
        }
    }

    /// Leaves an address that is no multiple of 2^size to the interpreter.
    fn check(self, l: &mut Lifter, size: u8) {
        match self.base {
            Val::Imm(base) if (base as u32).wrapping_add_signed(self.disp) & ((1 << size) - 1) == 0 => {}
            _ if size == 0 => {}
            Val::Var(Var::X(n)) if size == 2 && self.disp % 4 == 0 => {
                // Once in a block, as long as the register moves in words.
                if l.aligned >> n & 1 == 0 {
                    l.push(Op::Aligned { size, at: self.at(0) });
                    l.aligned |= 1 << n;
                }
            }
            _ => l.push(Op::Aligned { size, at: self.at(0) }),
        }
    }
}

/// `count` registers S (`size` 2) or D (3) from `d` on, in the order of memory: in the largest pieces that are at one place in a V register.
fn pieces(halves: Halves, size: u8, d: u8, count: u8) -> Vec<(u8, u8, u8, i32)> {
    let mut all = Vec::new();
    let (mut n, mut offset) = (d, 0);
    while n < d + count {
        let rest = d + count - n;
        let wide = [4u8, 3, 2]
            .into_iter()
            .filter(|&wide| wide < 4 || halves.upper(n >> (4 - size)).is_none())
            .find(|&wide| wide == size || wide > size && n % (1 << (wide - size)) == 0 && rest >= 1 << (wide - size))
            .unwrap_or(size);
        let (register, lane) = match wide {
            4 => (n >> (4 - size), 0),
            _ => halves.place(wide, n >> (wide - size)),
        };
        all.push((wide, register, lane, offset));
        n += 1 << (wide - size);
        offset += 1 << wide;
    }
    all
}

fn load(l: &mut Lifter, base: Base, size: u8, d: u8, count: u8) {
    let pieces = pieces(l.halves, size, d, count);
    if let [_, .., (wide, _, _, offset)] = pieces[..] {
        l.push(Op::Load {
            load: Load::Zero(0),
            d: Var::T(0),
            at: base.at(offset + (1 << wide) - 1),
        });
    }
    for (size, d, lane, offset) in pieces {
        let at = base.at(offset);
        l.push(Op::Vector(match size {
            4 => Vector::Load { size, d, at },
            3 if lane == 0 && l.halves.is_half(d) => Vector::Load { size, d, at },
            _ => Vector::LoadLane { size, d, lane, at },
        }));
    }
}

fn store(l: &mut Lifter, base: Base, size: u8, d: u8, count: u8) {
    for (size, a, lane, offset) in pieces(l.halves, size, d, count) {
        let at = base.at(offset);
        l.push(Op::Vector(match size {
            4 => Vector::Store { size, a, at },
            _ => Vector::StoreLane { size, a, lane, at },
        }));
    }
}

fn add(l: &mut Lifter, rn: u8, b: Val) {
    l.push(Op::Alu {
        op: Alu::Add,
        w: W,
        d: Some(Var::X(rn)),
        a: Val::Var(Var::X(rn)),
        b,
        flags: false,
    });
}

/// The element loads and stores: their address, with the alignment that they ask for in bytes.
fn element_base(l: &mut Lifter, place: Place, rn: u8, align: u8) -> Base {
    let base = Base::of(place, rn, 0);
    base.check(l, align.max(1).trailing_zeros() as u8);
    base
}

/// Their write-back: none (15), by their bytes (13), or by a register.
fn write_back(l: &mut Lifter, rn: u8, rm: u8, bytes: u32) -> Lifted {
    match rm {
        15 => {}
        13 => add(l, rn, imm(bytes)),
        _ => add(l, rn, Val::Var(Var::X(rm))),
    }
    Lifted::Done
}

/// D\[n\] = the lower half of a temporary.
fn take(l: &mut Lifter, n: u8, from: u8) {
    take_half(l, n, from, 0);
}

/// D\[n\] = a half of a temporary.
fn take_half(l: &mut Lifter, n: u8, a: u8, from: u8) {
    let (d, lane) = l.halves.place(3, n);
    l.push(Op::Simd(Simd::Copy {
        size: 3,
        d,
        lane,
        a,
        from,
    }));
}

/// The last byte of an access of several registers is read, so that it faults before anything is changed.
fn touch(l: &mut Lifter, base: Base, bytes: u32) {
    l.push(Op::Load {
        load: Load::Zero(0),
        d: Var::T(0),
        at: base.at(bytes as i32 - 1),
    });
}

/// VLD2 to VLD4 and VST2 to VST4 of one structure, from or to registers `step` apart.
#[allow(clippy::too_many_arguments, reason = "the fields of one instruction")]
fn one_structure(
    l: &mut Lifter,
    place: Place,
    loads: bool,
    count: u8,
    (size, index): (u8, u8),
    (vd, step): (u8, u8),
    (rn, rm): (u8, u8),
    align: u8,
) -> Lifted {
    let base = element_base(l, place, rn, align);
    let bytes = u32::from(count) << size;
    if loads {
        touch(l, base, bytes);
    }
    for n in 0..count {
        let at = base.at(i32::from(n) << size);
        let (register, lane) = element(l, size, vd + step * n, index);
        l.push(Op::Vector(match loads {
            true => Vector::LoadLane {
                size,
                d: register,
                lane,
                at,
            },
            false => Vector::StoreLane {
                size,
                a: register,
                lane,
                at,
            },
        }));
    }
    write_back(l, rn, rm, bytes)
}

/// VLD2 to VLD4 of one structure to all lanes.
fn replicated(
    l: &mut Lifter,
    place: Place,
    (count, size): (u8, u8),
    (vd, step): (u8, u8),
    (rn, rm): (u8, u8),
    align: u8,
) -> Lifted {
    let base = element_base(l, place, rn, align);
    let bytes = u32::from(count) << size;
    touch(l, base, bytes);
    for n in 0..count {
        l.push(Op::Load {
            load: Load::Zero(size),
            d: Var::T(0),
            at: base.at(i32::from(n) << size),
        });
        l.push(Op::Simd(Simd::Duplicate {
            size,
            q: true,
            d: FIRST,
            a: t(0),
        }));
        take(l, vd + step * n, FIRST);
    }
    write_back(l, rn, rm, bytes)
}

/// The lower half of a temporary = D\[n\].
fn give(l: &mut Lifter, to: u8, n: u8) {
    let (a, lane) = l.halves.place(3, n);
    l.push(Op::Simd(Simd::Element {
        size: 3,
        d: to,
        a,
        lane,
    }));
}

/// VLD2 to VLD4 of doublewords, `step` registers apart.
#[allow(clippy::too_many_arguments, reason = "the fields of one instruction")]
fn structures(
    l: &mut Lifter,
    place: Place,
    loads: bool,
    count: u8,
    size: u8,
    (vd, step): (u8, u8),
    (rn, rm): (u8, u8),
    align: u8,
) -> Lifted {
    let at = element_base(l, place, rn, align).at(0);
    if loads {
        l.push(Op::Vector(Vector::LoadStructures {
            size,
            q: false,
            count,
            d: FIRST,
            at,
        }));
        (0..count).for_each(|n| take(l, vd + step * n, FIRST + n));
    } else {
        (0..count).for_each(|n| give(l, FIRST + n, vd + step * n));
        l.push(Op::Vector(Vector::StoreStructures {
            size,
            q: false,
            count,
            a: FIRST,
            at,
        }));
    }
    write_back(l, rn, rm, 8 * u32::from(count))
}

/// VLD2 and VST2 of four registers, two and two.
fn two_pairs(l: &mut Lifter, place: Place, loads: bool, size: u8, vd: u8, (rn, rm): (u8, u8), align: u8) -> Lifted {
    let at = element_base(l, place, rn, align).at(0);
    let odd = vd & 1 != 0;
    let (q, count, first) = (true, 2, if odd { FIRST } else { vd / 2 });
    if odd && !loads {
        for n in 0..4 {
            let (a, from) = l.halves.place(3, vd + n);
            l.push(Op::Simd(Simd::Copy {
                size: 3,
                d: FIRST + n / 2,
                lane: n & 1,
                a,
                from,
            }));
        }
    }
    l.push(Op::Vector(match loads {
        true => Vector::LoadStructures {
            size,
            q,
            count,
            d: first,
            at,
        },
        false => Vector::StoreStructures {
            size,
            q,
            count,
            a: first,
            at,
        },
    }));
    if odd && loads {
        (0..4).for_each(|n| take_half(l, vd + n, FIRST + n / 2, n & 1));
    }
    write_back(l, rn, rm, 32)
}

/// The element of a V register that is one of D\[n\].
fn element(l: &Lifter, size: u8, n: u8, index: u8) -> (u8, u8) {
    l.halves.place(size, n * (8 >> size) + index)
}

fn memory(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    match *insn {
        Insn::Vldr(Vldr { size, vd, rn, offset }) => {
            let base = Base::of(place, rn, offset);
            base.check(l, 2);
            load(l, base, size, vd, 1);
        }
        Insn::Vstr(Vstr { size, vd, rn, offset }) => {
            let base = Base::of(place, rn, offset);
            base.check(l, 2);
            store(l, base, size, vd, 1);
        }
        Insn::Vldmia(Vldmia {
            size,
            vd,
            rn,
            writeback,
            count,
            words,
        }) => {
            let base = Base::of(place, rn, 0);
            base.check(l, 2);
            load(l, base, size, vd, count);
            if writeback {
                add(l, rn, imm(4 * u32::from(words)));
            }
        }
        Insn::Vstmia(Vstmia {
            size,
            vd,
            rn,
            writeback,
            count,
            words,
        }) => {
            let base = Base::of(place, rn, 0);
            base.check(l, 2);
            store(l, base, size, vd, count);
            if writeback {
                add(l, rn, imm(4 * u32::from(words)));
            }
        }
        Insn::Vldmdb(Vldmdb {
            size,
            vd,
            rn,
            count,
            words,
        }) => {
            let base = Base::of(place, rn, -4 * i32::from(words));
            base.check(l, 2);
            load(l, base, size, vd, count);
            add(l, rn, imm((4 * u32::from(words)).wrapping_neg()));
        }
        Insn::Vstmdb(Vstmdb {
            size,
            vd,
            rn,
            count,
            words,
        }) => {
            let base = Base::of(place, rn, -4 * i32::from(words));
            base.check(l, 2);
            store(l, base, size, vd, count);
            add(l, rn, imm((4 * u32::from(words)).wrapping_neg()));
        }
        Insn::Vld1Multiple(Vld1Multiple {
            vd,
            rn,
            rm,
            count,
            align,
            ..
        }) => {
            let base = element_base(l, place, rn, align);
            load(l, base, 3, vd, count);
            return write_back(l, rn, rm, 8 * u32::from(count));
        }
        Insn::Vst1Multiple(Vst1Multiple {
            vd,
            rn,
            rm,
            count,
            align,
            ..
        }) => {
            let base = element_base(l, place, rn, align);
            store(l, base, 3, vd, count);
            return write_back(l, rn, rm, 8 * u32::from(count));
        }
        Insn::Vld1Single(Vld1Single {
            size,
            vd,
            rn,
            rm,
            index,
            align,
            ..
        }) => {
            let at = element_base(l, place, rn, align).at(0);
            let (d, lane) = element(l, size, vd, index);
            l.push(Op::Vector(Vector::LoadLane { size, d, lane, at }));
            return write_back(l, rn, rm, 1 << size);
        }
        Insn::Vst1Single(Vst1Single {
            size,
            vd,
            rn,
            rm,
            index,
            align,
            ..
        }) => {
            let at = element_base(l, place, rn, align).at(0);
            let (a, lane) = element(l, size, vd, index);
            l.push(Op::Vector(Vector::StoreLane { size, a, lane, at }));
            return write_back(l, rn, rm, 1 << size);
        }
        Insn::Vld1All(Vld1All {
            size,
            vd,
            rn,
            rm,
            count,
            align,
        }) => {
            let at = element_base(l, place, rn, align).at(0);
            l.push(Op::Load {
                load: Load::Zero(size),
                d: Var::T(0),
                at,
            });
            let whole = count == 2 && vd & 1 == 0;
            l.push(Op::Simd(Simd::Duplicate {
                size,
                q: true,
                d: if whole { vd / 2 } else { FIRST },
                a: t(0),
            }));
            if !whole {
                (0..count).for_each(|n| take(l, vd + n, FIRST));
            }
            return write_back(l, rn, rm, 1 << size);
        }
        Insn::Vld2MultiplePairs(Vld2MultiplePairs {
            size,
            vd,
            rn,
            rm,
            align,
        }) => return two_pairs(l, place, true, size, vd, (rn, rm), align),
        Insn::Vst2MultiplePairs(Vst2MultiplePairs {
            size,
            vd,
            rn,
            rm,
            align,
        }) => return two_pairs(l, place, false, size, vd, (rn, rm), align),
        _ => return several(l, insn, place),
    }
    Lifted::Done
}

/// VLD2 to VLD4 and VST2 to VST4.
fn several(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    macro_rules! each {
        ($($count:literal $loads:literal $Insn:ident;)*) => {
            match *insn {
                $(Insn::$Insn($Insn { size, vd, rn, rm, step, align }) => {
                    structures(l, place, $loads, $count, size, (vd, step), (rn, rm), align)
                })*
                _ => single_structures(l, insn, place),
            }
        };
    }
    each! {
        2 true Vld2Multiple;
        3 true Vld3Multiple;
        4 true Vld4Multiple;
        2 false Vst2Multiple;
        3 false Vst3Multiple;
        4 false Vst4Multiple;
    }
}

/// VLD2 to VLD4 and VST2 to VST4 of one structure.
fn single_structures(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    macro_rules! each {
        (one {$($count:literal $loads:literal $Insn:ident;)*} all {$($all:literal $All:ident;)*}) => {
            match *insn {
                $(Insn::$Insn($Insn { size, vd, rn, rm, index, step, align }) => {
                    one_structure(l, place, $loads, $count, (size, index), (vd, step), (rn, rm), align)
                })*
                $(Insn::$All($All { size, vd, rn, rm, step, align }) => {
                    replicated(l, place, ($all, size), (vd, step), (rn, rm), align)
                })*
                _ => Lifted::Unknown,
            }
        };
    }
    each! {
        one {
            2 true Vld2Single;
            3 true Vld3Single;
            4 true Vld4Single;
            2 false Vst2Single;
            3 false Vst3Single;
            4 false Vst4Single;
        }
        all {
            2 Vld2All;
            3 Vld3All;
            4 Vld4All;
        }
    }
}

/// What VCMP compares: the operands' places, of which the second one is zero if it is `None`.
pub(super) fn comparison(l: &mut Lifter, insn: &Insn) -> Option<Comparison> {
    let (size, d, m, signal) = match *insn {
        Insn::Vcmp(Vcmp { size, vd, vm, e }) => (size, vd, Some(vm), e),
        Insn::VcmpZero(VcmpZero { size, vd, e }) => (size, vd, None, e),
        _ => return None,
    };
    let mut number = |n: u8, temporary: u8| {
        let (register, lane) = l.halves.place(size, n);
        if lane == 0 {
            return register;
        }
        l.push(Op::Simd(Simd::Element {
            size,
            d: temporary,
            a: register,
            lane,
        }));
        temporary
    };
    Some(Comparison {
        p: if size == 3 {
            Precision::Double
        } else {
            Precision::Single
        },
        a: number(d, FIRST),
        b: m.map(|m| number(m, FIRST + 1)),
        signal,
        half: false,
    })
}

/// VCMP with the VMRS that copies its flags: these are the flags at once.
pub(super) fn compare_and_copy(l: &mut Lifter, insn: &Insn) -> bool {
    let Some(comparison) = comparison(l, insn) else {
        return false;
    };
    let insn = Insn64::Fcmp(armlet_decoder::a64::Fcmp {
        size: comparison.p.size(),
        rn: comparison.a,
        rm: comparison.b.unwrap_or(0),
        zero: comparison.b.is_none(),
    });
    l.push(Op::Float {
        op: Float::Compare {
            comparison,
            reversed: false,
        },
        insn,
        standard: false,
    });
    l.push(Op::KeepFpscr);
    true
}

/// Lifts A64 instructions in place of one of AArch32, if all of them are known.
fn as_a64(l: &mut Lifter, code: Option<Vec<Insn64>>, standard: bool) -> Lifted {
    let Some(code) = code else { return Lifted::Unknown };
    let before = l.nodes.len();
    l.standard = standard || l.run_fast;
    for insn in code {
        crate::lift::instruction(l, insn);
    }
    l.standard = false;
    if l.nodes[before..].iter().any(|node| {
        matches!(node.op, Op::Fallback { .. }) || !l.trap && matches!(node.op, Op::Float { standard: true, .. })
    }) {
        l.nodes.truncate(before);
        return Lifted::Unknown;
    }
    Lifted::Done
}

/// Lifts an instruction of this file.
pub(super) fn lift(l: &mut Lifter, insn: &Insn, place: Place) -> Lifted {
    if let Lifted::Done = memory(l, insn, place) {
        return Lifted::Done;
    }
    if l.run_fast && !l.trap && matches!(insn, Insn::Vcmp(_) | Insn::VcmpZero(_)) {
        return Lifted::Unknown;
    }
    if let Some(comparison) = comparison(l, insn) {
        l.push(Op::CompareFpscr { comparison });
        return Lifted::Done;
    }
    if let Insn::Vmrs(Vmrs { rt: 15 }) = insn {
        l.push(Op::CopyFpscr);
        return Lifted::Done;
    }
    if let Insn::Vmrs(Vmrs { rt }) = *insn {
        l.push(Op::ReadFpscr { d: Var::X(rt) });
        return Lifted::Done;
    }
    match as_a64(l, a32_vector::equivalent(insn, l.halves), false) {
        Lifted::Unknown if l.trap => as_a64(l, standard::equivalent(insn, l.halves), true),
        lifted => lifted,
    }
}
