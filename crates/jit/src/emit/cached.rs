//! Guest registers in host registers for a while.
//!
//! What the region's mapping leaves over of the host's registers caches, within a block and on into blocks that are
//! only reached from it, guest registers that the mapping has in memory, and temporaries. Memory is written through, so that the mapping
//! still tells where every guest register is at any place where somebody may ask; a value that is replaced before that is never written.
//!
//! What is cached changes between operations only. So an operation finds its variables at one place throughout, whatever it
//! branches over, as it does with mapped registers.

use armlet_interpreter::a32::accelerate::Ways;

use super::*;
use crate::opt::{end_reads, reads};
use host::{RBX, RCX, RSI};

/// A host register, and what it caches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    host: u8,
    var: Option<Var>,
    /// Memory has an older value (temporaries: none).
    dirty: bool,
}

/// What the operations of all blocks read and write, so that next uses are found quickly.
#[derive(Debug, Default)]
pub(crate) struct Accesses {
    /// The variables that all operations read, one operation's behind the other's.
    reads: Vec<Var>,
    /// All operations, one block's behind the other's.
    operations: Vec<Access>,
    blocks: Vec<BlockAccesses>,
}

#[derive(Clone, Copy, Debug)]
struct Access {
    /// Where the variables that it reads end.
    end: u32,
    writes: Option<Var>,
    observes: bool,
}

#[derive(Clone, Copy, Debug)]
struct BlockAccesses {
    /// Where its operations are.
    start: u32,
    end: u32,
    /// The variable that its last instruction reads.
    last: Option<Var>,
}

impl Accesses {
    pub fn of(region: &Region) -> Accesses {
        let count = region.blocks.iter().map(|block| block.nodes.len()).sum();
        let mut all = Accesses {
            reads: Vec::with_capacity(2 * count),
            operations: Vec::with_capacity(count),
            blocks: Vec::with_capacity(region.blocks.len()),
        };
        for block in &region.blocks {
            let start = all.operations.len() as u32;
            for node in &block.nodes {
                reads(&node.op, &mut |var| all.reads.push(var));
                all.operations.push(Access {
                    end: all.reads.len() as u32,
                    writes: node.op.written(),
                    observes: node.op.observes(),
                });
            }
            all.blocks.push(BlockAccesses {
                start,
                end: all.operations.len() as u32,
                last: end_reads(&block.end),
            });
        }
        all
    }

    /// What an operation reads; counted over all blocks.
    fn reads(&self, index: usize) -> &[Var] {
        let start = index.checked_sub(1).map_or(0, |before| self.operations[before].end);
        &self.reads[start as usize..self.operations[index].end as usize]
    }

    /// The number of an operation over all blocks.
    fn index(&self, block: usize, position: usize) -> usize {
        self.blocks[block].start as usize + position
    }

    /// The numbers of a block's operations from a position on.
    fn from(&self, block: usize, position: usize) -> std::ops::Range<usize> {
        self.index(block, position)..self.blocks[block].end as usize
    }
}

/// Host registers that an operation destroys besides RAX and RDX.
fn destroyed(op: &Op, mapping: &Mapping) -> &'static [u8] {
    match op {
        Op::Atomic(Atomic {
            op: AtomicOp::LoadExclusive { .. } | AtomicOp::LoadExclusivePair { .. },
            ..
        }) => &[],
        Op::Atomic(Atomic {
            op: AtomicOp::StoreExclusivePair { .. } | AtomicOp::CompareSwapPair { .. },
            ..
        }) => &[RCX, RSI, RBX],
        Op::Atomic(_) => &[RCX, RSI],
        Op::Multiply {
            op: Multiply::Sdiv | Multiply::Udiv,
            ..
        }
        | Op::Shift {
            op: Shift::Ror,
            b: Val::Var(_),
            ..
        }
        | Op::Unary {
            op: Unary::Rbit | Unary::Rev16,
            ..
        } => &[RCX],
        Op::Insert { d, .. } if mapping.host(*d).is_none() => &[RCX],
        Op::Soft { routine, .. } if matches!(routine.ways(), Ways::Divide(_)) => &[RCX],
        _ => &[],
    }
}

impl Emitter<'_> {
    /// All cache registers, empty.
    pub(super) fn empty_lines(base: &Mapping) -> Vec<Line> {
        let line = |host| Line {
            host,
            var: None,
            dirty: false,
        };
        base.free().into_iter().map(line).collect()
    }

    /// Forgets what is cached. Nothing is dirty.
    pub(super) fn empty_cache(&mut self) {
        for line in 0..self.lines.len() {
            self.empty(line);
        }
    }

    /// What is cached: guest registers and their hosts.
    pub(super) fn cached(&self) -> Vec<(u8, u8)> {
        self.lines
            .iter()
            .filter_map(|line| match line.var {
                Some(Var::X(n)) => Some((n, line.host)),
                _ => None,
            })
            .collect()
    }

    fn empty(&mut self, line: usize) {
        if let Some(var) = self.lines[line].var.take()
            && self.mapping.host(var) == Some(self.lines[line].host)
        {
            self.mapping.place(var, None);
        }
        self.lines[line].dirty = false;
    }

    /// Empties a cache register whose value is still needed.
    fn evict(&mut self, line: usize) {
        if let Line {
            host,
            var: Some(var),
            dirty: true,
        } = self.lines[line]
        {
            self.asm.store_slot(slot(var), host);
        }
        self.empty(line);
    }

    fn fill(&mut self, line: usize, var: Var) {
        self.lines[line].var = Some(var);
        self.mapping.place(var, Some(self.lines[line].host));
    }

    /// How many operations pass until the variable's value is read, counted from a position in a block; `None` if it is not.
    fn next_use(&self, block: usize, position: usize, var: Var) -> Option<usize> {
        let mut passed = 0;
        let (mut block, mut position) = (block, position);
        loop {
            let accesses = &self.accesses;
            for at in accesses.from(block, position) {
                if accesses.reads(at).contains(&var) {
                    return Some(passed);
                }
                if accesses.operations[at].writes == Some(var) {
                    return None;
                }
                passed += 1;
            }
            if accesses.blocks[block].last == Some(var) {
                return Some(passed);
            }
            block += 1;
            position = 0;
            if !self.reached.get(block).is_some_and(|reached| reached.only_from_before) {
                return None;
            }
        }
    }

    /// Whether a variable is written again before anybody can see its value in memory.
    fn is_replaced(&self, block: usize, position: usize, var: Var) -> bool {
        for access in &self.accesses.operations[self.accesses.from(block, position)] {
            if access.observes {
                return false;
            }
            if access.writes == Some(var) {
                return true;
            }
        }
        false
    }

    /// The cache register to give up for a variable that is read in `wanted` operations: an empty one, or the one whose value is read
    /// latest, if that is later.
    fn victim(&self, block: usize, position: usize, wanted: usize, keep: &[Var], avoid: &[u8]) -> Option<usize> {
        let mut best = None;
        for (index, line) in self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !avoid.contains(&line.host))
        {
            let next = match line.var {
                None => usize::MAX,
                Some(var) if keep.contains(&var) => continue,
                Some(var) => self.next_use(block, position, var).unwrap_or(usize::MAX),
            };
            if next > wanted && best.is_none_or(|(_, latest)| next > latest) {
                best = Some((index, next));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Before an operation: brings what it reads, and will be read again, into cache registers, and finds one for its result.
    pub(super) fn prepare(&mut self, block: usize, position: usize, op: &Op) {
        let avoid = destroyed(op, &self.base);
        for index in 0..self.lines.len() {
            if avoid.contains(&self.lines[index].host) {
                self.evict(index);
            }
        }
        if let Op::Fallback { .. } | Op::Fallback32 { .. } | Op::QuickCall { .. } | Op::DirectCall { .. } = op {
            // A call destroys them all.
            return self.empty_cache();
        }
        let mut operands = std::mem::take(&mut self.operands);
        operands.clear();
        let here = self.accesses.index(block, position);
        operands.extend_from_slice(self.accesses.reads(here));
        let written = self.accesses.operations[here].writes;
        for (index, &var) in operands.iter().enumerate() {
            if self.mapping.host(var).is_some() || matches!(var, Var::T(_)) {
                continue;
            }
            let again = operands[index + 1..].contains(&var).then_some(0);
            // (What is read, changed and read again stays where it is.)
            let next = again.or_else(|| self.next_use(block, position + 1, var));
            if let Some(next) = next
                && let Some(line) = self.victim(block, position + 1, next, &operands, avoid)
            {
                self.evict(line);
                let host = self.lines[line].host;
                self.asm.load_slot(host, slot(var));
                self.fill(line, var);
            }
        }
        if let Some(d) = written
            && self.mapping.host(d).is_none()
            && !operands.contains(&d)
            && let Some(next) = self.next_use(block, position + 1, d)
        {
            // An operand that is read for the last time may give its register.
            let kept =
                |&var: &Var| self.next_use(block, position + 1, var).is_some() || matches!(op, Op::Insert { .. });
            let keep: Vec<Var> = operands.iter().copied().filter(kept).collect();
            if let Some(line) = self.victim(block, position + 1, next, &keep, avoid) {
                match self.lines[line].var {
                    Some(var) if operands.contains(&var) => {
                        // Still an operand of this operation: its place is forgotten afterwards.
                        self.replaced = Some(var);
                        self.lines[line].dirty = false;
                    }
                    _ => self.evict(line),
                }
                self.fill(line, d);
            }
        }
        self.operands = operands;
    }

    /// Behind an operation: writes its result through, and empties registers that nobody reads any more.
    pub(super) fn settle(&mut self, block: usize, position: usize) {
        if let Some(var) = self.replaced.take() {
            self.mapping.place(var, None);
        }
        let written = self.accesses.operations[self.accesses.index(block, position)].writes;
        for index in 0..self.lines.len() {
            let Line { host, var, .. } = self.lines[index];
            let Some(var) = var else { continue };
            let used = self.next_use(block, position + 1, var).is_some();
            if written == Some(var) {
                self.lines[index].dirty = match var {
                    Var::T(_) => true,
                    Var::X(_) if self.is_replaced(block, position + 1, var) => true,
                    Var::X(_) => {
                        self.asm.store_slot(slot(var), host);
                        false
                    }
                };
            }
            if !used {
                self.empty(index);
            }
        }
    }
}
