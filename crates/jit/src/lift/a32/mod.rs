//! From A32 and T32 instructions to the intermediate representation. `integer.rs` has data processing, `memory.rs` loads and stores, `branch.rs`
//! what ends blocks, `media.rs` halfwords and bytes of registers; what is rare is a call of the interpreter's function.
//!
//! An address is a *place*: bit 0 is set in Thumb state, as in an address for BX. All guest registers are W results, so that
//! their upper halves are zero, and accesses of memory wrap at 4 GiB (`Region::a32`).
//!
//! A conditional instruction that is no branch is a block of its own, the *body*, behind a branch: the bodies of following instructions under the same
//! condition are one block, as long as the flags stay. A body has an address between two instructions, which no guest can branch to.

mod branch;
mod flags;
mod halves;
mod integer;
mod media;
mod memory;
mod standard;
mod vector;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use armlet_cpu::Fault;
use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_decoder::a32::{ALWAYS, Bl, BlxImm, Insn, It, Vmrs, Vmsr};
use armlet_decoder::t32::ItState;
use armlet_interpreter::a32::accelerate::{Accelerator, Division, Found, Routine, Ways};
use armlet_interpreter::a32::{Fetch, Item, Place, decode, ends_block};

use super::{Around, Lifter, exits};
use crate::emit::is_known;
use crate::enter::HOLDS;
use crate::ir::*;
use crate::map::Halves;
use crate::opt;

#[cfg(test)]
pub(super) use halves::whole;

/// Guest instructions in a region, at most.
const MAX_REGION: u32 = 400;
/// Guest instructions in a block, at most.
const MAX_BLOCK: u32 = 100;
/// A region stays within this many bytes of its entry, on either side.
const REACH: u32 = 1 << 15;
/// Instructions that are looked at outside of a region, at most.
const PEEK: u32 = 16;

/// The value that a register operand reads: R15 is a constant.
fn r(place: Place, n: u8) -> Val {
    match n {
        15 => Val::Imm(place.pc().into()),
        _ => Val::Var(Var::X(n)),
    }
}

/// The variable of a register that is written; R15 is computed as a temporary.
fn dst(n: u8) -> Var {
    if n == 15 { Var::T(0) } else { Var::X(n) }
}

fn t(n: u8) -> Val {
    Val::Var(Var::T(n))
}

fn imm(value: u32) -> Val {
    Val::Imm(value.into())
}

/// How instructions are lifted.
#[derive(Clone, Copy)]
struct How {
    /// For which processor.
    model: Model,
    /// [`Around::trap`].
    trap: bool,
    /// [`Around::run_fast`].
    run_fast: bool,
    /// Q registers that are two.
    halves: Halves,
}

impl How {
    fn lifter(self) -> Lifter {
        Lifter {
            model: self.model,
            trap: self.trap,
            run_fast: self.run_fast,
            halves: self.halves,
            ..Lifter::new()
        }
    }
}

/// One instruction of a run.
struct At {
    place: Place,
    item: Item,
    /// CPSR.IT before it. Inside of an IT block, no other block can start.
    it: ItState,
    /// An IT block that can be left in the middle: the interpreter runs it.
    leave: bool,
    /// It calls a library routine that is done in its place.
    soft: Option<Routine>,
}

impl At {
    fn inside(&self) -> bool {
        self.it.in_block()
    }

    /// Its address for nodes, sites and exits, with the IT state in bits 39 to 32.
    fn pc(&self) -> u64 {
        u64::from(self.it.0) << 32 | u64::from(self.place.0)
    }

    /// The same in a body: its condition holds.
    fn pc_in_body(&self) -> u64 {
        self.pc() | HOLDS
    }

    /// The place behind it.
    fn next(&self) -> Place {
        self.place.plus(self.item.len.into())
    }
}

/// What became of an instruction.
enum Lifted {
    /// Its operations are there.
    Done,
    /// It ends the block.
    Ends(End),
    /// It is not known.
    Unknown,
}

/// Lifts one instruction, without its condition; `Some` ends the block.
fn instruction(l: &mut Lifter, at: &At) -> Option<End> {
    let insn = &at.item.insn;
    if let Some(routine) = at.soft {
        soft(l, routine);
        branch::link(l, at.next());
        return None;
    }
    if let Insn::Vmsr(Vmsr { rt }) = *insn {
        // What it changes, but for the control bits, is state that the interpreter's function writes.
        l.push(Op::KeepsControl { a: r(at.place, rt) });
    }
    let lifted = [branch::lift, integer::lift, media::lift, memory::lift, vector::lift]
        .iter()
        .find_map(|lift| match lift(l, insn, at.place) {
            Lifted::Unknown => None,
            lifted => Some(lifted),
        });
    match lifted {
        Some(Lifted::Done) => None,
        Some(Lifted::Ends(end)) => Some(end),
        Some(Lifted::Unknown) | None if ends_block(insn) || insn.branches().is_some() => Some(End::Interpret),
        Some(Lifted::Unknown) | None => {
            l.push(Op::Fallback32 {
                insn: *insn,
                len: at.item.len,
            });
            None
        }
    }
}

/// A library routine in place of its call.
fn soft(l: &mut Lifter, routine: Routine) {
    let ways = routine.ways();
    let single = ways.results() == 1 && !matches!(ways, Ways::Divide(_));
    let d = if single { Var::X(0) } else { Var::T(0) };
    l.push(Op::Soft { routine, d });
    match ways {
        _ if single => {}
        Ways::Divide(division) => quotient(l, division),
        _ => in_words(l, 0, Var::T(0)),
    }
}

/// R\[n\] and R\[n+1\] = a temporary.
fn in_words(l: &mut Lifter, n: u8, from: Var) {
    let a = Val::Var(from);
    l.push(Op::Mov {
        w: Width::W,
        d: Var::X(n),
        a,
    });
    l.push(Op::Shift {
        op: Shift::Lsr,
        w: Width::X,
        d: Var::X(n + 1),
        a,
        b: imm(32),
    });
}

/// Behind a division, whose quotient is in T0 and whose operands are still there: the results, in their registers.
fn quotient(l: &mut Lifter, division: Division) {
    let Division {
        wide,
        quotient,
        remainder,
        ..
    } = division;
    let w = if wide { Width::X } else { Width::W };
    let (first, second) = if wide { (0, 2) } else { (0, 1) };
    if remainder {
        if wide {
            // Both operands as 64 bits, for the moment.
            for n in [first, second] {
                l.push(Op::Insert {
                    w,
                    d: Var::X(n),
                    a: Val::Var(Var::X(n + 1)),
                    pos: 32,
                    width: 32,
                });
            }
        }
        let product = Op::Multiply {
            op: Multiply::Mul,
            w,
            d: Var::T(1),
            a: t(0),
            b: Val::Var(Var::X(second)),
        };
        let d = Var::X(if quotient { second } else { first });
        let rest = Op::Alu {
            op: Alu::Sub,
            w,
            d: Some(d),
            a: Val::Var(Var::X(first)),
            b: t(1),
            flags: false,
        };
        l.push(product);
        l.push(rest);
        if wide && let Var::X(n) = d {
            let from = Val::Var(d);
            l.push(Op::Shift {
                op: Shift::Lsr,
                w,
                d: Var::X(n + 1),
                a: from,
                b: imm(32),
            });
            l.push(Op::Mov {
                w: Width::W,
                d,
                a: from,
            });
        }
    }
    if quotient && wide {
        in_words(l, 0, Var::T(0));
    } else if quotient {
        l.push(Op::Mov {
            w,
            d: Var::X(0),
            a: t(0),
        });
    }
    if wide && remainder && !quotient {
        // (The second operand is nobody's.)
        l.push(Op::Mov {
            w: Width::W,
            d: Var::X(2),
            a: Val::Var(Var::X(2)),
        });
    }
}

/// Who knows library routines, and a thread on whose registers those that are suspected are tried.
#[derive(Clone, Copy, Debug)]
pub struct Routines<'a> {
    /// Who knows them.
    pub accelerator: &'a Accelerator,
    /// The thread's state.
    pub cpu: &'a State,
}

/// The library routine that an instruction calls, if it can be done in its place, and the code that says so.
fn called(item: &Item, place: Place, routines: Option<Routines<'_>>, code: &mut impl Fetch) -> Option<Found> {
    let target = match item.insn {
        Insn::Bl(Bl { offset }) => place.branch(offset),
        Insn::BlxImm(BlxImm { offset }) => Place::new((place.pc() & !3).wrapping_add_signed(offset), !place.thumb()),
        _ => return None,
    };
    let Routines { accelerator, cpu } = routines.filter(|_| item.cond == ALWAYS)?;
    let found = accelerator.find(cpu, target, code)?;
    is_known(found.routine).then_some(found)
}

/// Addresses that belong to the region if they are near.
fn followers(end: &End, executed: &dyn Fn(u64) -> bool) -> impl Iterator<Item = u64> + use<> {
    let targets = match *end {
        End::Jump { to } => [Some(to), None],
        End::Branch { taken, not, .. } => [Some(not), Some(taken).filter(|&taken| executed(taken))],
        End::Call { next, .. } | End::Indirect { next: Some(next), .. } => [Some(next), None],
        End::SupervisorCall { next } => [Some(next), None],
        End::Indirect { next: None, .. } | End::Interpret => [None; 2],
    };
    targets.into_iter().flatten()
}

/// The code of a region, before it is lifted.
struct Runs {
    /// By the place of the first instruction; they do not overlap.
    runs: BTreeMap<u32, Vec<At>>,
    /// Where blocks start.
    leaders: BTreeSet<u32>,
    /// The code of library routines that are done in place of their calls.
    watched: Vec<std::ops::Range<u64>>,
}

impl Runs {
    /// The instruction at an address is there already, or a part of one.
    fn holds(&self, place: Place) -> bool {
        let before = self.runs.range(..=place.0).next_back();
        before.is_some_and(|(_, run)| {
            run.last()
                .is_some_and(|last| place.address() < last.place.address() + u32::from(last.item.len))
        })
    }
}

/// What follows an instruction if its condition holds, found without lifting it.
fn end_of(at: &At) -> Option<End> {
    if at.soft.is_some() {
        return None;
    }
    let mut lifter = Lifter::new();
    match branch::lift(&mut lifter, &at.item.insn, at.place) {
        Lifted::Ends(end) => Some(end),
        _ if ends_block(&at.item.insn) || at.item.insn.branches().is_some() => Some(End::Interpret),
        _ => None,
    }
}

/// Finds what direct branches reach from `entry`, nearest branches first.
fn find(
    entry: Place,
    model: Model,
    routines: Option<Routines<'_>>,
    code: &mut impl Fetch,
    around: &Around<'_>,
) -> Result<Runs, Fault> {
    let near = |to: u32| to.wrapping_sub(entry.0.wrapping_sub(REACH)) < 2 * REACH;
    let mut found = Runs {
        runs: BTreeMap::new(),
        leaders: BTreeSet::from([entry.0]),
        watched: Vec::new(),
    };
    let mut queue = VecDeque::from([entry]);
    let mut total = 0;
    while let Some(start) = queue.pop_front() {
        if found.holds(start) {
            continue;
        }
        let mut run: Vec<At> = Vec::new();
        let mut place = start;
        let mut it = ItState(0);
        while total < MAX_REGION || it.in_block() {
            let meets = found.leaders.contains(&place.0) || (around.translated)(place.0.into());
            let next_run = found.runs.contains_key(&place.0);
            if !run.is_empty() && !it.in_block() && (meets || next_run) {
                break;
            }
            let item = match decode(model, place, it, code) {
                Ok(item) => item,
                Err(fault) if place == entry => return Err(fault),
                Err(_) => break,
            };
            total += 1;
            let leave = matches!(item.insn, Insn::It(_)) && !stays(&item, place, model, code);
            let routine = called(&item, place, routines, code);
            let soft = routine.as_ref().map(|found| found.routine);
            let watched = routine.iter().flat_map(|found| &found.code);
            found
                .watched
                .extend(watched.map(|range| u64::from(range.start)..u64::from(range.end)));
            let at = At {
                place,
                item,
                it,
                leave,
                soft,
            };
            place = at.next();
            it = match item.insn {
                Insn::It(It { firstcond, mask }) => ItState(firstcond << 4 | mask),
                _ => it.advanced(),
            };
            let end = if leave { Some(End::Interpret) } else { end_of(&at) };
            run.push(at);
            if let Some(end) = end {
                let next = (item.cond != ALWAYS).then_some(u64::from(place.0));
                let targets = followers(&end, around.executed).chain(next);
                for to in targets.map(|to| to as u32).filter(|&to| near(to)) {
                    if found.leaders.insert(to) && !(around.translated)(to.into()) {
                        queue.push_back(Place(to));
                    }
                }
                break;
            }
        }
        if !run.is_empty() {
            found.runs.insert(start.0, run);
        }
    }
    Ok(found)
}

/// Whether control leaves an IT block at its end only.
fn stays(item: &Item, place: Place, model: Model, code: &mut impl Fetch) -> bool {
    let Insn::It(It { firstcond, mask }) = item.insn else {
        return true;
    };
    let (mut it, mut place) = (ItState(firstcond << 4 | mask), place.plus(item.len.into()));
    while it.in_block() {
        let Ok(item) = decode(model, place, it, code) else {
            return false;
        };
        let at = At {
            place,
            item,
            it,
            leave: false,
            soft: None,
        };
        place = at.next();
        it = it.advanced();
        if it.in_block() && end_of(&at).is_some() {
            return false;
        }
    }
    true
}

/// Whether operations set flags: the condition of what follows is another question then.
fn sets_flags(l: &Lifter) -> bool {
    l.nodes
        .iter()
        .any(|node| opt::defines_flags(&node.op) || matches!(node.op, Op::Nz { .. } | Op::Fallback32 { .. }))
}

/// How many instructions may stand between VCMP and the VMRS that copies its flags.
const APART: usize = 3;

/// Whether VMRS follows VCMP in a run before anything uses or changes flags, and before another block can start; how many instructions on.
fn copies_flags(rest: &[At], how: How, leaders: &BTreeSet<u32>) -> Option<usize> {
    let (compare, behind) = rest.split_first()?;
    // (What is tiny has to trap in RunFast mode.)
    if how.run_fast && !how.trap || !matches!(compare.item.insn, Insn::Vcmp(_) | Insn::VcmpZero(_)) {
        return None;
    }
    let mut lifter = how.lifter();
    for (index, at) in behind.iter().take(APART + 1).enumerate() {
        if at.item.cond != ALWAYS || at.inside() || leaders.contains(&at.place.0) {
            return None;
        }
        if matches!(at.item.insn, Insn::Vmrs(Vmrs { rt: 15 })) {
            return Some(index + 1);
        }
        if matches!(at.item.insn, Insn::It(_)) || end_of(at).is_some() {
            return None;
        }
        instruction(&mut lifter, at);
        if lifter.nodes.iter().any(|node| {
            opt::uses_flags(&node.op)
                || opt::defines_flags(&node.op)
                || matches!(node.op, Op::CompareFpscr { .. } | Op::ReadFpscr { .. })
        }) {
            return None;
        }
    }
    None
}

/// The address of the body of a conditional instruction.
fn body_of(place: Place) -> u64 {
    u64::from(place.0) + if place.thumb() { 1 } else { 2 }
}

/// Lifts the blocks of a run.
fn blocks(run: &[At], how: How, leaders: &BTreeSet<u32>, blocks: &mut Vec<Block>) {
    let mut rest = run;
    while !rest.is_empty() {
        rest = block(rest, how, leaders, blocks);
    }
}

/// Lifts a block that starts with `run`, and the body that it may end with; gives back the rest of the run.
fn block<'a>(run: &'a [At], how: How, leaders: &BTreeSet<u32>, blocks: &mut Vec<Block>) -> &'a [At] {
    let pc = run[0].place.0.into();
    let mut lifter = how.lifter();
    let mut done = 0;
    // A VMRS that has been lifted with its VCMP.
    let mut copied = None;
    let finish = |lifter: Lifter, done: usize, end_pc: u64, end: End| Block {
        pc,
        insns: done as u32,
        places: run[..done].iter().map(At::pc).collect(),
        bytes: run[..done].iter().map(|at| u32::from(at.item.len)).sum(),
        nodes: lifter.nodes,
        end_pc,
        end,
    };
    loop {
        let Some(at) = run.get(done) else {
            let last = &run[done - 1];
            let next = u64::from(last.next().0);
            blocks.push(finish(lifter, done, next, End::Jump { to: next }));
            return &[];
        };
        let here = u64::from(at.place.0);
        let split = !at.inside()
            && copied.is_none_or(|copied| copied < done)
            && (leaders.contains(&at.place.0) || done as u32 >= MAX_BLOCK);
        if done > 0 && split {
            blocks.push(finish(lifter, done, here, End::Jump { to: here }));
            return &run[done..];
        }
        lifter.pc = at.pc();
        if matches!(at.item.insn, Insn::It(_)) {
            done += 1;
            if at.leave {
                blocks.push(finish(lifter, done, here, End::Interpret));
                return &run[done..];
            }
            continue;
        }
        if at.item.cond == ALWAYS {
            if let Some(index) = copies_flags(&run[done..], how, leaders) {
                vector::compare_and_copy(&mut lifter, &at.item.insn);
                copied = Some(done + index);
                done += 1;
                continue;
            }
            done += 1;
            if copied == Some(done - 1) {
                continue;
            }
            if let Some(end) = instruction(&mut lifter, at) {
                blocks.push(finish(lifter, done, at.pc(), end));
                return &run[done..];
            }
            continue;
        }
        if integer::select(&mut lifter, &at.item.insn, at.place, at.item.cond) {
            done += 1;
            continue;
        }
        let after = u64::from(at.next().0);
        if let Insn::B(_) = at.item.insn
            && let Lifted::Ends(End::Jump { to }) = branch::lift(&mut lifter, &at.item.insn, at.place)
        {
            done += 1;
            let test = Test::Cond(at.item.cond);
            blocks.push(finish(
                lifter,
                done,
                here,
                End::Branch {
                    test,
                    taken: to,
                    not: after,
                },
            ));
            return &run[done..];
        }
        // The block ends before the instruction; the branch belongs to it.
        let (body, count) = body(&run[done..], how, leaders);
        let behind = run[done + count - 1].next();
        let test = Test::Cond(at.item.cond);
        let (taken, not) = (body_of(at.place), u64::from(behind.0));
        let mut block = finish(lifter, done, here, End::Branch { test, taken, not });
        // It counts them all, whether they are left out or not.
        block.insns += count as u32;
        block.places.extend(run[done..done + count].iter().map(At::pc_in_body));
        block.bytes += u32::from(at.item.len);
        blocks.push(block);
        blocks.push(body);
        return &run[done + count..];
    }
}

/// The body of a run's first instruction, and of those behind it that have the same condition; with their number.
fn body(run: &[At], how: How, leaders: &BTreeSet<u32>) -> (Block, usize) {
    let mut lifter = how.lifter();
    let (cond, pc) = (run[0].item.cond, body_of(run[0].place));
    let mut count = 0;
    let mut end = None;
    for at in run {
        let split = !at.inside() && leaders.contains(&at.place.0);
        let flags = sets_flags(&lifter);
        let other = at.item.cond != cond || matches!(at.item.insn, Insn::It(_));
        if count > 0 && (split || other || flags || matches!(at.item.insn, Insn::B(_))) {
            break;
        }
        lifter.pc = at.pc_in_body();
        count += 1;
        end = instruction(&mut lifter, at).map(|end| (lifter.pc, end));
        if end.is_some() {
            break;
        }
    }
    let last = &run[count - 1];
    let next = u64::from(last.next().0);
    let (end_pc, end) = end.unwrap_or((next, End::Jump { to: next }));
    let block = Block {
        pc,
        insns: 0,
        places: Vec::new(),
        bytes: run[..count].iter().map(|at| u32::from(at.item.len)).sum(),
        nodes: lifter.nodes,
        end_pc,
        end,
    };
    (block, count)
}

/// Lifts the region that is entered at a place: what direct branches reach from there, in the order of addresses.
///
/// # Errors
///
/// The fault of fetching the first instruction.
pub fn region(
    entry: Place,
    model: Model,
    routines: Option<Routines<'_>>,
    code: &mut impl Fetch,
    around: &Around<'_>,
) -> Result<Region, Fault> {
    let found = find(entry, model, routines, code, around)?;
    let mut how = How {
        model,
        trap: around.trap,
        run_fast: around.run_fast,
        halves: Halves::default(),
    };
    let lift = |how: How| {
        let mut all = Vec::new();
        for run in found.runs.values() {
            blocks(run, how, &found.leaders, &mut all);
        }
        if let Some(first) = all.iter().position(|block| block.pc == u64::from(entry.0)) {
            all[..=first].rotate_right(1);
        }
        all
    };
    let all = lift(how);
    let mut region = Region {
        dead_flags: dead_flags(&all, how, code),
        blocks: all,
        watched: found.watched.clone(),
        counters: None,
        a32: true,
        halves: Halves::default(),
    };
    halves::choose(&mut region, |halves| {
        how.halves = halves;
        lift(how)
    });
    flags::relax(&mut region);
    opt::sink_comparisons(&mut region);
    Ok(region)
}

/// Targets outside of the region that define the flags before they use them.
fn dead_flags(blocks: &[Block], how: How, code: &mut impl Fetch) -> Vec<std::ops::Range<u64>> {
    let mut peek = |pc: u64| {
        let mut lifter = how.lifter();
        let mut place = Place(pc as u32);
        let mut dead = flags::Dead::new();
        for _ in 0..PEEK {
            let item = decode(how.model, place, ItState(0), code).ok()?;
            if item.cond != ALWAYS || matches!(item.insn, Insn::It(_)) {
                return None;
            }
            lifter.pc = place.0.into();
            lifter.nodes.clear();
            let at = At {
                place,
                item,
                it: ItState(0),
                leave: false,
                soft: None,
            };
            let end = instruction(&mut lifter, &at);
            place = place.plus(item.len.into());
            match dead.look(&lifter.nodes) {
                Some(dead) => return dead.then(|| pc..u64::from(place.address())),
                None if end.is_some() => return None,
                None => {}
            }
        }
        None
    };
    exits(blocks).into_iter().filter_map(&mut peek).collect()
}
