//! A region as text: guest instruction by guest instruction, with the operations that it becomes and the host code of these. For those who
//! want to see what translation does; nothing here runs.

use std::ops::Range;

use armlet_cpu::Fault;
use armlet_cpu::a32_features::Model;
use armlet_interpreter::a32::Place;
use armlet_interpreter::{a32, a64};

use crate::emit::{self, Shared};
use crate::ir::{Block, Numbers, Region};
use crate::{cache, lift};

/// Where the host code is taken to be.
const AT: u64 = 0x4000_0000;

/// One guest instruction of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its address.
    pub pc: u64,
    /// Its operations, and the way out if it ends its block. None: the instruction has no effect that anybody sees.
    pub ops: Vec<String>,
    /// Its host code, in [`Listing::bytes`].
    pub host: Range<usize>,
}

/// A translated region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Guest instructions, block by block.
    pub instructions: Vec<Listed>,
    /// Guest addresses at which a block begins; the first is where the region is entered.
    pub blocks: Vec<u64>,
    /// Host addresses that have a meaning: `leave`, `interpret`, `block_…` and `to_…` with a guest address.
    pub names: Vec<(u64, String)>,
    /// The host code. What no instruction has comes before the first block (moving registers to where the region wants them) and behind the last one (what is
    /// rarely run, and constants).
    pub bytes: Vec<u8>,
    /// Address of the first byte; jumps and addresses in the code that lead elsewhere are invented.
    pub at: u64,
    /// The mappings of registers, each with the first block that it holds in.
    pub mappings: Vec<(u64, Registers)>,
}

/// Guest and host register of each pair that a block keeps together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    /// General registers (32 is SP).
    pub x: Vec<(u8, u8)>,
    /// Vector registers.
    pub v: Vec<(u8, u8)>,
}

/// Translates the region at a guest address, for reading.
///
/// # Errors
///
/// The fault of fetching the first instruction.
pub fn listing(pc: u64, code: &mut impl a64::Fetch) -> Result<Listing, Fault> {
    cache::optimised(pc, code, &lift::Around::ALL).map(|region| list(&region))
}

/// The same for AArch32: addresses in the listing are without the Thumb bit.
///
/// # Errors
///
/// As [`listing`].
pub fn listing_a32(place: Place, model: Model, code: &mut impl a32::Fetch) -> Result<Listing, Fault> {
    cache::optimised_a32(place, model, None, code, &lift::Around::ALL).map(|region| list(&region))
}

/// The addresses of a block's instructions, as nodes and marks name them.
fn places(block: &Block, a32: bool) -> Vec<u64> {
    if a32 {
        // The guard of what is conditional is a block without instructions of its own.
        let mut places = block.places.clone();
        places.extend((places.last() != Some(&block.end_pc)).then_some(block.end_pc));
        return places;
    }
    (0..block.insns.max(1))
        .map(|index| block.pc.wrapping_add(4 * u64::from(index)))
        .collect()
}

pub(crate) fn list(region: &Region) -> Listing {
    let shared = Shared {
        exit: AT - 0x300,
        exit_stored: AT - 0x200,
        astray: AT - 0x400,
        fallback: AT - 0x100,
        fallback_standard: AT - 0x80,
        fallback32: AT - 0x80,
        wait: AT - 0x500,
        constants: AT - 0x1000,
        numbers: Numbers::new(0, true, false, false),
    };
    let code = emit::region(region, shared, AT);
    let names = names(region, &code, &shared);
    let mut marks = code.marks.iter().copied().peekable();
    let mut instructions: Vec<Listed> = Vec::new();
    for block in &region.blocks {
        let places = places(block, region.a32);
        for (index, &place) in places.iter().enumerate() {
            let nodes = block.nodes.iter().filter(|node| node.pc == place);
            let mut ops: Vec<String> = nodes.map(|node| node.op.to_string()).collect();
            if index + 1 == places.len() {
                ops.push(block.end.to_string());
            }
            let mut host: Option<Range<usize>> = None;
            while let Some((start, _)) = marks.next_if(|&(_, mark)| mark == place) {
                let end = marks.peek().map_or(code.body_end, |&(next, _)| next);
                host = Some(host.map_or(start, |host| host.start)..end);
            }
            let host = host.unwrap_or_default();
            let pc = if region.a32 { place & 0xffff_fffe } else { place };
            match instructions.last_mut() {
                // A guard and what it guards are one instruction.
                Some(last) if region.a32 && last.pc == pc => {
                    last.ops.extend(ops);
                    if !host.is_empty() {
                        last.host = if last.host.is_empty() {
                            host
                        } else {
                            last.host.start..host.end
                        };
                    }
                }
                _ => instructions.push(Listed { pc, ops, host }),
            }
        }
    }
    Listing {
        instructions,
        blocks: region.blocks.iter().map(|block| block.pc).collect(),
        names,
        mappings: mappings(region, &code),
        bytes: code.bytes,
        at: AT,
    }
}

/// See [`Listing::mappings`].
fn mappings(region: &Region, code: &emit::Code) -> Vec<(u64, Registers)> {
    let mut seen = Vec::new();
    let mut mappings = Vec::new();
    for (block, &mapping) in region.blocks.iter().zip(&code.plan.of) {
        if !seen.contains(&mapping) {
            seen.push(mapping);
            let mapping = &code.plan.mappings[mapping];
            let registers = Registers {
                x: mapping.x_pairs().collect(),
                v: mapping.v_pairs().collect(),
            };
            mappings.push((block.pc, registers));
        }
    }
    mappings
}

/// See [`Listing::names`].
fn names(region: &Region, code: &emit::Code, shared: &Shared) -> Vec<(u64, String)> {
    let mut names = vec![
        (shared.exit, "leave".to_owned()),
        (shared.exit_stored, "leave_stored".to_owned()),
        (shared.fallback, "interpret".to_owned()),
        (shared.fallback32, "interpret".to_owned()),
    ];
    for insn in &code.insns {
        names.push((&raw const **insn as u64, format!("insn_{}", insn.row().name)));
    }
    for block in &region.blocks {
        if let Some((offset, _)) = code.marks.iter().find(|(_, pc)| *pc == block.pc) {
            names.push((AT + *offset as u64, format!("block_{:x}", block.pc)));
        }
    }
    for link in &code.links {
        names.push((link.stub, format!("to_{:x}", link.to)));
    }
    names
}
