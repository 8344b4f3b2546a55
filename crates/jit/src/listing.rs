//! A region as text: guest instruction by guest instruction, with the operations that it becomes and the host code of these. For those who
//! want to see what translation does; nothing here runs.

use std::ops::Range;

use armlet_cpu::Fault;
use armlet_interpreter::a64::Fetch;

use crate::emit::{self, Shared};
use crate::{lift, opt};

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
    /// The host code. What no instruction has comes before the first block (moving registers to where the region wants them) and behind the last one (what is
    /// rarely run, and constants).
    pub bytes: Vec<u8>,
    /// Address of the first byte; jumps and addresses in the code that lead elsewhere are invented.
    pub at: u64,
    /// Guest and host register of each pair that the region keeps together: general registers (32 is SP).
    pub x: Vec<(u8, u8)>,
    /// The same for vector registers.
    pub v: Vec<(u8, u8)>,
}

/// Translates the region at a guest address, for reading.
///
/// # Errors
///
/// The fault of fetching the first instruction.
pub fn listing(pc: u64, code: &mut impl Fetch) -> Result<Listing, Fault> {
    let mut region = lift::region(pc, code, &lift::Around::ALL)?;
    opt::remove_dead_flags(&mut region);
    opt::turn_comparisons(&mut region);
    let shared = Shared {
        exit: AT - 0x300,
        exit_stored: AT - 0x200,
        astray: AT - 0x400,
        fallback: AT - 0x100,
        constants: AT - 0x1000,
    };
    let code = emit::region(&region, shared, AT);
    let mut marks = code.marks.iter().copied().peekable();
    let mut instructions = Vec::new();
    for block in &region.blocks {
        for index in 0..block.insns.max(1) {
            let pc = block.pc.wrapping_add(4 * u64::from(index));
            let nodes = block.nodes.iter().filter(|node| node.pc == pc);
            let mut ops: Vec<String> = nodes.map(|node| format!("{:?}", node.op)).collect();
            if index + 1 >= block.insns {
                ops.push(format!("{:?}", block.end));
            }
            let mut host = None;
            while let Some((start, _)) = marks.next_if(|&(_, mark)| mark == pc) {
                let end = marks.peek().map_or(code.body_end, |&(next, _)| next);
                host = Some(host.map_or(start, |(first, _)| first)..end).map(|range| (range.start, range.end));
            }
            let host = host.unwrap_or_default();
            instructions.push(Listed {
                pc,
                ops,
                host: host.0..host.1,
            });
        }
    }
    Ok(Listing {
        instructions,
        x: code.mapping.x_pairs().collect(),
        v: code.mapping.v_pairs().collect(),
        bytes: code.bytes,
        at: AT,
    })
}
