//! What stands in the blocks that were counted.

use armlet_decoder::a64::{Disassembly, decode};
use armlet_decoder::t32::ItState;
use armlet_interpreter::a32::Place;
use armlet_jit::BlockCount;
use armlet_memory::load;

use crate::names::decode_at;

/// The instruction set of a block.
pub fn instruction_set(block: &BlockCount) -> &'static str {
    match block.a32 {
        None => "a64",
        Some(false) => "a32",
        Some(true) => "t32",
    }
}

/// Its bytes; fewer where they cannot be read any more.
pub fn bytes(block: &BlockCount) -> Vec<u8> {
    let addresses = block.pc..block.pc + u64::from(block.bytes);
    addresses.map_while(|address| load::<u8>(address).ok()).collect()
}

/// Chapter and mnemonic of each of its instructions.
pub fn kinds(block: &BlockCount) -> Vec<(&'static str, String)> {
    let mnemonic = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
    let mut kinds = Vec::new();
    let mut pc = block.pc;
    while pc < block.pc + u64::from(block.bytes) {
        let Some(thumb) = block.a32 else {
            let Ok(word) = load::<u32>(pc) else { break };
            if let Ok(insn) = decode(word) {
                kinds.push((insn.row().file, mnemonic(Disassembly { insn, pc }.to_string())));
            }
            pc += 4;
            continue;
        };
        let place = Place::new(pc as u32, thumb);
        let Some((Ok(decoded), _)) = decode_at(place, ItState(0)) else {
            break;
        };
        let text = armlet_decoder::a32::Disassembly { decoded, pc: pc as u32 };
        kinds.push((decoded.insn.row().file, mnemonic(text.to_string())));
        pc += u64::from(decoded.len);
    }
    kinds
}
