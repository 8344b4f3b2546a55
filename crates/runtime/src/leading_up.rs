//! The instructions that lead up to a fault: those before it in a straight line, as the code has them. Recording what was executed costs time
//! (`--trace-last`); this costs nothing until a fault happens.

use armlet_cpu::a64::State;
use armlet_decoder::a32::Insn as InsnA32;
use armlet_decoder::a64::{Insn, decode};
use armlet_decoder::t32::ItState;
use armlet_interpreter::{a32, a64};
use armlet_memory::load;
use armlet_syscall::abi::Abi;

use crate::names::{decode_at, text_at};
use crate::thread::Thread;

/// As many at most.
const LINES: usize = 5;

/// Lines for the report of a fault at `State::pc`, the last instruction before it at the end. They stop behind an instruction that never goes on
/// to the next one, and at the start of the function. Whether a branch has come in between cannot be seen.
pub(crate) fn lines(thread: &Thread, cpu: &State) -> Vec<String> {
    let abi = thread.process.program.abi;
    let function = thread.process.program.loaded.symbolize(cpu.pc);
    let start = function.map_or(0, |(_, offset, _)| cpu.pc - offset);
    let executable = |address: u64| address >= start && thread.process.space.executable(address).is_ok();
    let places = match abi {
        Abi::A64 => before_a64(cpu.pc, &executable),
        Abi::A32 if !cpu.a32.thumb => before_a32(cpu.pc, &executable),
        Abi::A32 => before_t32(cpu.pc, &executable),
    };
    let line = |&place: &u64| {
        let (address, bytes) = match abi {
            Abi::A64 => (
                place,
                load::<u32>(place).map_or_else(|_| String::new(), |word| format!("{word:08x}")),
            ),
            Abi::A32 => {
                let decoded = decode_at(a32::Place(place as u32), ItState(0));
                (place & !1, decoded.map(|(_, bytes)| bytes).unwrap_or_default())
            }
        };
        format!(
            "     {address:#014x}: {bytes}  {}",
            text_at(abi, place).unwrap_or_default()
        )
    };
    places.iter().map(line).collect()
}

fn before_a64(pc: u64, executable: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let goes_on = |address: u64| {
        let insn = load::<u32>(address).ok().and_then(|word| decode(word).ok());
        insn.is_some_and(|insn| matches!(insn, Insn::Bl(_) | Insn::Blr(_) | Insn::Svc(_)) || !a64::ends_block(&insn))
    };
    let back = (1..=LINES as u64).map_while(|n| pc.checked_sub(4 * n));
    let mut places: Vec<u64> = back
        .take_while(|&address| executable(address) && goes_on(address))
        .collect();
    places.reverse();
    places
}

/// Whether what follows the instruction at a place can be what is executed next; and its bytes.
fn goes_on_a32(place: a32::Place) -> Option<u64> {
    let decoded = decode_at(place, ItState(0))?.0.ok()?;
    let returns = matches!(
        decoded.insn,
        InsnA32::Bl(_) | InsnA32::BlxImm(_) | InsnA32::BlxReg(_) | InsnA32::Svc(_)
    );
    let leaves = a32::ends_block(&decoded.insn) || decoded.insn.branches().is_some();
    (returns || !leaves || decoded.cond < 14).then_some(decoded.len.into())
}

fn before_a32(pc: u64, executable: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let back = (1..=LINES as u64).map_while(|n| pc.checked_sub(4 * n));
    let mut places: Vec<u64> = back
        .take_while(|&address| executable(address) && goes_on_a32(a32::Place(address as u32)).is_some())
        .collect();
    places.reverse();
    places
}

/// T32 cannot be read backwards: the longest run of instructions that ends right before `pc`.
fn before_t32(pc: u64, executable: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let run = |start: u64| {
        let mut places = Vec::new();
        let mut address = start;
        while address < pc && executable(address) {
            places.push(address | 1);
            address += goes_on_a32(a32::Place(address as u32 | 1))?;
        }
        (address == pc).then_some(places)
    };
    let starts = (1..=2 * LINES as u64).rev().map_while(|n| pc.checked_sub(2 * n));
    let longest = starts.filter_map(run).next().unwrap_or_default();
    longest[longest.len().saturating_sub(LINES)..].to_vec()
}
