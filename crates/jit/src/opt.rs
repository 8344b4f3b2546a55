//! What is known of a region before it is emitted: where the flags are live, how often each register is used, which blocks are loops.

pub mod exclusive;

use crate::ir::*;

/// Where the flags may be used, in all blocks of a region.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    live_in: Vec<bool>,
    /// One block's nodes behind the other's.
    live_after: Vec<bool>,
    /// Where the blocks start in it.
    starts: Vec<usize>,
}

impl Flags {
    /// Whether the flags that hold at the start of a block may be used.
    pub fn live_in(&self, block: usize) -> bool {
        self.live_in[block]
    }

    /// Whether those that hold behind a node of it may be.
    pub fn live_after(&self, block: usize, position: usize) -> bool {
        self.live_after[self.starts[block] + position]
    }
}

fn cond_uses_flags(cond: u8) -> bool {
    cond < 14
}

/// Whether an operation uses the flags.
pub fn uses_flags(op: &Op) -> bool {
    match op {
        Op::Adc { .. }
        | Op::Sbc { .. }
        | Op::Fallback { .. }
        | Op::Fallback32 { .. }
        | Op::QuickCall { .. }
        | Op::DirectCall { .. }
        | Op::ShiftCarry { .. }
        | Op::RotateExtended { .. }
        | Op::KeepFpscr
        | Op::ShiftFlags { keeps_v: true, .. }
        | Op::Nz { .. } => true,
        Op::Flags(op) => !matches!(
            op,
            FlagsOp::Write { .. } | FlagsOp::WriteQ { .. } | FlagsOp::WriteGe { .. }
        ),
        Op::Select { cond, .. }
        | Op::Compare { cond, .. }
        | Op::Float {
            op: Float::Select { cond, .. } | Float::CompareIf { cond, .. },
            ..
        } => cond_uses_flags(*cond),
        _ => false,
    }
}

/// Whether an operation defines all of the flags.
pub fn defines_flags(op: &Op) -> bool {
    match op {
        Op::Alu { flags, .. } | Op::Adc { flags, .. } | Op::Sbc { flags, .. } => *flags,
        Op::Compare { .. }
        | Op::ShiftFlags { keeps_v: false, .. }
        | Op::CopyFpscr
        | Op::Flags(FlagsOp::Write { .. })
        | Op::Float {
            op: Float::Compare { .. } | Float::CompareIf { .. },
            ..
        } => true,
        _ => false,
    }
}

/// Addresses at which execution can go on inside of the region, or anywhere else.
pub fn successors(end: &End) -> impl Iterator<Item = u64> + use<> {
    let targets = match *end {
        End::Jump { to } => [Some(to), None],
        End::Branch { taken, not, .. } => [Some(not), Some(taken)],
        End::Call { .. } | End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => [None; 2],
    };
    targets.into_iter().flatten()
}

/// Whether the flags that hold before these operations may be used by them: `None` if the operations leave them alone.
pub fn first_use(nodes: &[Node]) -> Option<bool> {
    nodes.iter().find_map(|node| match &node.op {
        op if uses_flags(op) => Some(true),
        op if defines_flags(op) => Some(false),
        _ => None,
    })
}

/// Backward analysis over the region. Outside of it, the flags are taken to be live.
pub fn flags(region: &Region) -> Flags {
    let first_uses: Vec<Option<bool>> = region.blocks.iter().map(|block| first_use(&block.nodes)).collect();
    let mut live_in = vec![false; region.blocks.len()];
    let live_out = |end: &End, live_in: &[bool]| match *end {
        End::Call { to, .. } => !region.flags_are_dead(to),
        End::Indirect { .. }
        | End::SupervisorCall { .. }
        | End::Interpret
        | End::Branch {
            test: Test::Cond(_), ..
        } => true,
        End::Jump { .. } | End::Branch { .. } => successors(end).any(|pc| match region.find(pc) {
            Some(target) => live_in[target],
            None => !region.flags_are_dead(pc),
        }),
    };
    let mut changed = true;
    while changed {
        changed = false;
        for (index, block) in region.blocks.iter().enumerate().rev() {
            if !live_in[index] {
                live_in[index] = first_uses[index].unwrap_or_else(|| live_out(&block.end, &live_in));
                changed |= live_in[index];
            }
        }
    }
    let count = region.blocks.iter().map(|block| block.nodes.len()).sum();
    let mut live_after = vec![false; count];
    let mut starts = Vec::with_capacity(region.blocks.len());
    let mut start = 0;
    for block in &region.blocks {
        let mut live = live_out(&block.end, &live_in);
        let end = start + block.nodes.len();
        for (node, after) in block.nodes.iter().zip(&mut live_after[start..end]).rev() {
            *after = live;
            live = uses_flags(&node.op) || live && !defines_flags(&node.op);
        }
        starts.push(start);
        start = end;
    }
    Flags {
        live_in,
        live_after,
        starts,
    }
}

/// Drops what defines flags that nobody uses: comparisons go, arithmetic loses its `flags`.
pub fn remove_dead_flags(region: &mut Region) {
    let live = flags(region);
    let mut after = live.live_after.into_iter();
    for block in &mut region.blocks {
        block.nodes.retain_mut(|node| {
            let live = after.next().unwrap_or(true);
            match &mut node.op {
                Op::Alu { flags, d, .. } | Op::Adc { flags, d, .. } | Op::Sbc { flags, d, .. } if *flags && !live => {
                    *flags = false;
                    d.is_some()
                }
                Op::Compare { .. } | Op::Nz { .. } | Op::CopyFpscr => live,
                &mut Op::ShiftFlags { op, d, a, by, .. } => {
                    if !live {
                        let b = Val::Imm(by.into());
                        node.op = Op::Shift {
                            op,
                            w: Width::W,
                            d,
                            a,
                            b,
                        };
                    }
                    true
                }
                _ => true,
            }
        });
    }
}

/// Whether the host's flags survive an operation at no cost.
fn keeps_flags(op: &Op) -> bool {
    matches!(
        op,
        Op::Mov { .. }
            | Op::Load { .. }
            | Op::Store { release: false, .. }
            | Op::AddScaled { .. }
            | Op::Alu {
                op: Alu::Add | Alu::Sub,
                d: Some(_),
                b: Val::Imm(_),
                flags: false,
                ..
            }
    )
}

/// A branch that asks whether a result is zero looks at the result itself, if the host's flags would have to be kept in memory until then.
pub fn test_results(region: &mut Region) {
    let mut live = None;
    for index in 0..region.blocks.len() {
        let block = &region.blocks[index];
        let End::Branch {
            test: Test::Cond(cond @ (0 | 1)),
            taken,
            not,
        } = block.end
        else {
            continue;
        };
        let Some(at) = block.nodes.iter().rposition(|node| defines_flags(&node.op)) else {
            continue;
        };
        let Op::Alu {
            w,
            d: Some(d),
            flags: true,
            ..
        } = block.nodes[at].op
        else {
            continue;
        };
        let behind = &block.nodes[at + 1..];
        // (Where a fault can show the flags, they are wanted.)
        let stays = |node: &Node| !uses_flags(&node.op) && !node.op.observes() && node.op.written() != Some(d);
        if !behind.iter().all(stays) || behind.iter().all(|node| keeps_flags(&node.op)) {
            continue;
        }
        let live = live.get_or_insert_with(|| flags(region));
        let wanted = [taken, not].iter().any(|&pc| match region.find(pc) {
            Some(target) => live.live_in(target),
            None => !region.flags_are_dead(pc),
        });
        if wanted {
            continue;
        }
        let block = &mut region.blocks[index];
        if let Op::Alu { flags, .. } = &mut block.nodes[at].op {
            *flags = false;
        }
        let test = if cond == 0 { Test::Zero } else { Test::NotZero };
        block.end = End::Branch {
            test: test(w, Val::Var(d)),
            taken,
            not,
        };
    }
}

/// Drops [`Op::AfterReleases`] where a locked instruction follows: nothing passes that.
pub fn remove_needless_order(region: &mut Region) {
    let is_locked = |atomic: &Atomic| match atomic.op {
        AtomicOp::LoadExclusive { .. } | AtomicOp::LoadExclusivePair { .. } => false,
        // (A narrow one may find out by a load that it need not compare; not so with a constant that fits.)
        AtomicOp::CompareExclusive { expected, .. } => atomic.size >= 2 || expected == Val::Imm(0),
        _ => true,
    };
    for block in &mut region.blocks {
        for at in (0..block.nodes.len()).rev() {
            if block.nodes[at].op == Op::AfterReleases {
                let mut accesses = block.nodes[at..].iter().filter_map(|node| match &node.op {
                    Op::Atomic(atomic) => Some(is_locked(atomic)),
                    Op::Load { .. } | Op::Vector(_) | Op::Fallback { .. } => Some(false),
                    _ => None,
                });
                if accesses.next() == Some(true) {
                    block.nodes.remove(at);
                }
            }
        }
    }
}

/// Moves comparisons down to the branch or the operation that asks, past what changes neither their operands nor the flags and cannot be looked at from
/// outside: the host's arithmetic destroys its flags.
pub fn sink_comparisons(region: &mut Region) {
    for block in &mut region.blocks {
        for index in (0..block.nodes.len()).rev() {
            let (Op::Alu {
                d: None,
                a,
                b,
                flags: true,
                ..
            }
            | Op::Compare { a, b, .. }) = block.nodes[index].op
            else {
                continue;
            };
            let temporary = |val: Val| matches!(val, Val::Var(Var::T(_)));
            if temporary(a) || temporary(b) {
                continue;
            }
            let passes = |node: &Node| {
                let changes = |val: Val| node.op.written().is_some_and(|d| val == Val::Var(d));
                !(node.op.observes() || uses_flags(&node.op) || defines_flags(&node.op) || changes(a) || changes(b))
            };
            let passed = block.nodes[index + 1..].iter().take_while(|node| passes(node)).count();
            block.nodes[index..=index + passed].rotate_left(1);
            // Host code of an instruction stays together.
            if passed > 0 {
                block.nodes[index + passed].pc = block.nodes[index + passed - 1].pc;
            }
        }
    }
}

/// Where the conditional comparisons begin that a block ends with, if nobody but they and its branch asks for their flags.
pub fn final_comparisons(block: &Block) -> Option<usize> {
    let End::Branch {
        test: Test::Cond(_), ..
    } = block.end
    else {
        return None;
    };
    let conditional = |node: &&Node| matches!(node.op, Op::Compare { cond, .. } if cond < 14);
    let count = block.nodes.iter().rev().take_while(conditional).count();
    (count > 0).then(|| block.nodes.len() - count)
}

/// The next condition that is tested in a block, of the flags that hold behind its first `position` nodes.
fn next_condition(block: &Block, position: usize) -> Option<u8> {
    for node in &block.nodes[position..] {
        match node.op {
            Op::KeepFpscr => {}
            Op::Select { cond, .. }
            | Op::Compare { cond, .. }
            | Op::Float {
                op: Float::Select { cond, .. } | Float::CompareIf { cond, .. },
                ..
            } => return Some(cond),
            ref op if uses_flags(op) || defines_flags(op) => return None,
            _ => {}
        }
    }
    match block.end {
        End::Branch {
            test: Test::Cond(cond), ..
        } => Some(cond),
        _ => None,
    }
}

/// Turns floating-point comparisons round where the host answers the question that follows in that form only.
pub fn turn_comparisons(region: &mut Region) {
    for block in &mut region.blocks {
        for position in 0..block.nodes.len() {
            let compares = |op: &Op| {
                matches!(
                    op,
                    Op::Float {
                        op: Float::Compare { .. },
                        ..
                    }
                )
            };
            if !compares(&block.nodes[position].op) {
                continue;
            }
            let wanted = next_condition(block, position + 1).is_some_and(|cond| matches!(cond >> 1, 1 | 2 | 4));
            if let Op::Float {
                op: Float::Compare { reversed, .. },
                ..
            } = &mut block.nodes[position].op
            {
                *reversed = wanted;
            }
        }
    }
}

/// How control reaches a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// A branch from behind (or from itself) leads to it: in the order of the region, so that each of its loops has such a block,
    /// or in that of addresses, so that each loop over several regions has one (or leaves a region backwards).
    pub head: bool,
    /// It is the first, or a call may return to it.
    pub entry: bool,
    /// It is reached from the one before it in the layout and from nowhere else.
    pub only_from_before: bool,
}

/// How control reaches each block.
pub fn reached(region: &Region) -> Vec<Reached> {
    let mut reached = vec![Reached::default(); region.blocks.len()];
    let mut edges = vec![(0u32, 0u32); region.blocks.len()];
    reached[0].entry = true;
    for (index, block) in region.blocks.iter().enumerate() {
        for target in successors(&block.end).filter_map(|pc| region.find(pc)) {
            edges[target].0 += 1;
            edges[target].1 += u32::from(target == index + 1);
            reached[target].head |= target <= index || region.blocks[target].pc <= block.pc;
        }
        if let End::Call { next, .. } | End::Indirect { next: Some(next), .. } | End::SupervisorCall { next } =
            block.end
            && let Some(target) = region.find(next)
        {
            reached[target].entry = true;
        }
    }
    for (reached, edges) in reached.iter_mut().zip(edges) {
        reached.only_from_before = edges == (1, 1) && !reached.head && !reached.entry;
    }
    reached
}

/// What the choice of host registers depends on, of one block that is run once.
pub struct Uses {
    /// What it costs that each X register is in memory.
    pub x: [u64; 33],
    /// How often each V register is named.
    pub v: [u64; 32],
    /// It ends with a call or a return.
    pub crosses: bool,
}

/// Counts the uses of registers in a block.
pub fn uses(block: &Block) -> Uses {
    let (mut x, mut v) = ([0u64; 33], [0u64; 32]);
    // A register that a block defines before it uses it is cached there; one that comes in from elsewhere costs a load.
    let mut known = [false; 33];
    let mut read = |var: Var, known: &mut [bool; 33]| {
        if let Var::X(n) = var {
            let first = !std::mem::replace(&mut known[usize::from(n)], true);
            x[usize::from(n)] += if first { 4 } else { 1 };
        }
    };
    let mut writes = [0u64; 33];
    for node in &block.nodes {
        reads(&node.op, &mut |var| read(var, &mut known));
        if let Some(Var::X(n)) = node.op.written() {
            known[usize::from(n)] = true;
            writes[usize::from(n)] += 2;
        }
        visit(&node.op, &mut |_| {}, &mut |n| v[usize::from(n & 31)] += 1);
    }
    if let Some(var) = end_reads(&block.end) {
        read(var, &mut known);
    }
    x.iter_mut().zip(writes).for_each(|(x, writes)| *x += writes);
    Uses {
        x,
        v,
        crosses: matches!(block.end, End::Call { .. } | End::Indirect { .. }),
    }
}

/// What branches backwards repeat: the blocks of each loop, larger loops first. Two of them lie one in the other, or apart.
pub fn loops(region: &Region) -> Vec<Vec<usize>> {
    let blocks = &region.blocks;
    let within = |start: u64, end: u64| (0..blocks.len()).filter(move |&at| (start..=end).contains(&blocks[at].pc));
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for block in blocks {
        for start in successors(&block.end).filter(|&to| to <= block.pc && region.find(to).is_some()) {
            // (One that tries again what an exclusive store has refused is hardly ever repeated.)
            if !within(start, block.pc).any(|at| stores_exclusively(&blocks[at])) {
                ranges.push((start, block.pc));
            }
        }
    }
    ranges.sort_by_key(|&(start, end)| (start, std::cmp::Reverse(end)));
    ranges.dedup();
    let mut loops: Vec<(u64, u64)> = Vec::new();
    for (start, end) in ranges {
        // Those that overlap are one.
        match loops.iter_mut().find(|other| start <= other.1 && end > other.1) {
            Some(other) => other.1 = end,
            None => loops.push((start, end)),
        }
    }
    loops.dedup();
    let mut loops: Vec<Vec<usize>> = loops.iter().map(|&(start, end)| within(start, end).collect()).collect();
    loops.sort_by_key(|members| std::cmp::Reverse(members.len()));
    loops
}

fn stores_exclusively(block: &Block) -> bool {
    let stores = |node: &Node| {
        matches!(
            node.op,
            Op::Atomic(Atomic {
                op: AtomicOp::StoreExclusive { .. } | AtomicOp::StoreExclusivePair { .. },
                ..
            })
        )
    };
    block.nodes.iter().any(stores)
}

fn see_val(val: Val, see: &mut dyn FnMut(Var)) {
    if let Val::Var(var) = val {
        see(var);
    }
}

pub(crate) fn see_address(at: &Address, see: &mut dyn FnMut(Var)) {
    see_val(at.base, see);
    if let Some((index, _, _)) = at.index {
        see(index);
    }
}

/// Calls `see` with every variable that an operation reads (more than once, if it does so).
pub(crate) fn reads(op: &Op, see: &mut dyn FnMut(Var)) {
    let written = op.written();
    match op {
        // Their operands and results are never the same variable.
        Op::Float { .. } | Op::Simd(_) | Op::Vector(_) => visit(
            op,
            &mut |var| {
                if Some(var) != written {
                    see(var);
                }
            },
            &mut |_| {},
        ),
        _ => {
            // The result is named once as such; some operations read it, too.
            let reads_result = matches!(op, Op::Insert { .. })
                || matches!(
                    op,
                    Op::Atomic(Atomic {
                        op: AtomicOp::CompareSwap { .. },
                        ..
                    })
                );
            let mut first = written.filter(|_| !reads_result);
            visit(
                op,
                &mut |var| {
                    if first == Some(var) {
                        first = None;
                    } else {
                        see(var);
                    }
                },
                &mut |_| {},
            );
        }
    }
}

/// The variable that the end of a block reads.
pub(crate) fn end_reads(end: &End) -> Option<Var> {
    let val = match *end {
        End::Branch {
            test: Test::Zero(_, a) | Test::NotZero(_, a) | Test::BitClear(a, _) | Test::BitSet(a, _),
            ..
        }
        | End::Indirect { to: a, .. } => a,
        _ => return None,
    };
    match val {
        Val::Var(var) => Some(var),
        Val::Imm(_) => None,
    }
}

/// Calls `see` with every variable that an operation names, `vector` with every vector register.
pub(crate) fn visit(op: &Op, see: &mut dyn FnMut(Var), vector: &mut dyn FnMut(u8)) {
    let mut vals: [Option<Val>; 3] = [None; 3];
    let mut d_var = None;
    let mut operands = 0;
    match op {
        Op::Mov { d, a, .. }
        | Op::ShiftFlags { d, a, .. }
        | Op::RotateExtended { d, a }
        | Op::Unary { d, a, .. }
        | Op::Extend { d, a, .. }
        | Op::Field { d, a, .. } => {
            d_var = Some(*d);
            vals[0] = Some(*a);
        }
        Op::Alu { d, a, b, .. } | Op::Adc { d, a, b, .. } | Op::Sbc { d, a, b, .. } => {
            d_var = *d;
            vals = [Some(*a), Some(*b), None];
        }
        Op::Shift { d, a, b, .. }
        | Op::ShiftByByte { d, a, b, .. }
        | Op::ShiftCarry { d, a, b, .. }
        | Op::Multiply { d, a, b, .. }
        | Op::AddScaled { d, a, b, .. }
        | Op::Crc { d, a, b, .. }
        | Op::Select { d, a, b, .. } => {
            d_var = Some(*d);
            vals = [Some(*a), Some(*b), None];
        }
        Op::Extract { d, hi, lo, .. } => {
            d_var = Some(*d);
            vals = [Some(*hi), Some(*lo), None];
        }
        Op::Insert { d, a, .. } => {
            d_var = Some(*d);
            vals[0] = Some(*a);
        }
        Op::Nz { a, carry } => vals = [Some(*a), *carry, None],
        Op::Compare { a, b, .. } => vals = [Some(*a), Some(*b), None],
        Op::Load { d, at, .. } => {
            d_var = Some(*d);
            see_address(at, see);
        }
        Op::Store { a, at, .. } => {
            vals[0] = Some(*a);
            see_address(at, see);
        }
        Op::Aligned { at, .. } => see_address(at, see),
        Op::Atomic(atomic) => {
            let (d, operands) = atomic.op.operands();
            d_var = d;
            operands.into_iter().flatten().for_each(|val| see_val(val, see));
            vals[0] = Some(atomic.base);
        }
        Op::Media(media) => {
            let (d, [a, b]) = media.operands();
            d_var = d;
            vals = [a, b, None];
        }
        Op::ReadTpidr { d } | Op::ReadFpcr { d } | Op::ReadFpscr { d } => d_var = Some(*d),
        Op::Flags(FlagsOp::Read { d } | FlagsOp::ReadApsr { d }) => d_var = Some(*d),
        Op::Flags(
            FlagsOp::Write { a }
            | FlagsOp::WriteQ { a }
            | FlagsOp::WriteGe { a }
            | FlagsOp::Insert { a, .. }
            | FlagsOp::Narrow { a, .. },
        ) => vals[0] = Some(*a),
        Op::Flags(FlagsOp::InvertCarry | FlagsOp::ToOthers | FlagsOp::FromOthers) => {}
        Op::WriteTpidr { a } | Op::KeepsControl { a } => vals[0] = Some(*a),
        Op::CompareFpscr { comparison } => {
            vector(comparison.a);
            comparison.b.into_iter().for_each(&mut *vector);
        }
        Op::ClearExclusive
        | Op::CopyFpscr
        | Op::KeepFpscr
        | Op::Fence
        | Op::AfterReleases
        | Op::Fallback { .. }
        | Op::Fallback32 { .. }
        | Op::QuickCall { .. }
        | Op::DirectCall { .. } => {}
        Op::Soft { routine, d } => {
            d_var = Some(*d);
            operands = routine.operands();
        }
        Op::Vector(op) => crate::emit::vector::visit(op, see, vector),
        Op::Float { op, .. } => crate::emit::float::visit(op, see, vector),
        Op::Simd(op) => crate::emit::simd::visit(op, see, vector),
    }
    d_var.into_iter().for_each(&mut *see);
    vals.into_iter().flatten().for_each(|val| see_val(val, see));
    (0..operands).for_each(|n| see(Var::X(n)));
}
