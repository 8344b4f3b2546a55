//! Counters in translated code, for statistics (see `crate::counting`).

use dynasmrt::{DynasmApi, dynasm};

use super::*;

impl Emitter<'_> {
    /// At the beginning of a block: it is entered once more. The flags stay, wherever they are; RAX and RDX do not.
    pub(super) fn count_block(&mut self, index: usize) {
        let Some(counters) = &self.region.counters else { return };
        let (counter, shared) = (counters.blocks[index] as i64, counters.shared);
        if counters.instructions {
            let own = self.region.blocks[index].own() as i32;
            dynasm!(self.asm.ops ; .arch x64
                ; mov rax, QWORD counter
                ; mov rdx, [rax]
                ; lea rdx, [rdx + own]
                ; mov [rax], rdx);
            return;
        }
        dynasm!(self.asm.ops ; .arch x64 ; mov rax, QWORD counter);
        match (shared, self.place == Place::Memory) {
            (false, true) => dynasm!(self.asm.ops ; .arch x64 ; inc QWORD [rax]),
            (false, false) => dynasm!(self.asm.ops ; .arch x64
                ; mov rdx, [rax]
                ; lea rdx, [rdx + 1]
                ; mov [rax], rdx),
            (true, true) => dynasm!(self.asm.ops ; .arch x64 ; lock inc QWORD [rax]),
            (true, false) => dynasm!(self.asm.ops ; .arch x64 ; pushfq ; lock inc QWORD [rax] ; popfq),
        }
    }

    /// In code that leaves the block in the middle: the instructions behind `pc`, and with `itself` that one too, are not executed. RAX does not
    /// stay, nor do EFLAGS.
    pub(super) fn count_skipped(&mut self, pc: u64, itself: bool) {
        let Some(counters) = &self.region.counters else { return };
        let of_block = |block: &Block| Some(block.own() as i32 - block.index_of(pc)? as i32 - i32::from(!itself));
        let skipped = self.region.blocks.iter().find_map(of_block).unwrap_or(0);
        if skipped > 0 {
            let counter = counters.skipped as i64;
            dynasm!(self.asm.ops ; .arch x64
                ; mov rax, QWORD counter
                ; lock add QWORD [rax], skipped);
        }
    }
}
