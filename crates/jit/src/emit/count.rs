//! Counters in translated code, for statistics (see `crate::counting`).

use dynasmrt::{DynasmApi, dynasm};

use super::*;

impl Emitter<'_> {
    /// At the beginning of a block: it is entered once more. The flags stay, wherever they are; RAX and RDX do not.
    pub(super) fn count_block(&mut self, index: usize) {
        let Some(counters) = &self.region.counters else { return };
        let (counter, shared) = (counters.blocks[index] as i64, counters.shared);
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
        let own = |block: &Block| block.insns - u32::from(matches!(block.end, End::Interpret));
        let block = self
            .region
            .blocks
            .iter()
            .find(|block| pc >= block.pc && pc <= block.end_pc);
        let skipped = block.map_or(0, |block| {
            own(block) as i32 - ((pc - block.pc) / 4) as i32 - i32::from(!itself)
        });
        if skipped > 0 {
            let counter = counters.skipped as i64;
            dynasm!(self.asm.ops ; .arch x64
                ; mov rax, QWORD counter
                ; lock add QWORD [rax], skipped);
        }
    }
}
