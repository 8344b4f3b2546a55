//! Which Q registers are two in a region ([`Halves`]): those of a loop whose D registers are used one by one, as VFP does.

use crate::ir::*;
use crate::map::Halves;
use crate::{opt, plan};

/// What it costs to make one register of two, or two of one, where the region is left or entered, in uses.
const CROSSING: u64 = 8;

/// Makes Q registers two where that pays: `lift` gives the blocks anew.
pub fn choose(region: &mut Region, mut lift: impl FnMut(Halves) -> Vec<Block>) {
    let Some((uses, crossings)) = plan::vectors(region) else {
        return;
    };
    let mut registers: Vec<u8> = (0..16)
        .filter(|&n| uses[usize::from(n)] > CROSSING * (crossings + 1))
        .collect();
    registers.sort_by_key(|&n| std::cmp::Reverse(uses[usize::from(n)]));
    // (What uses a register whole does so however it is lifted.)
    loop {
        let halves = Halves::of(registers.iter().copied());
        if halves.is_none() {
            return;
        }
        let blocks = lift(halves);
        let whole = whole_of(&blocks, halves);
        if whole == 0 {
            region.blocks = blocks;
            region.halves = halves;
            return;
        }
        registers.retain(|&n| whole >> n & 1 == 0);
    }
}

fn whole_of(blocks: &[Block], halves: Halves) -> u32 {
    let ops = blocks.iter().flat_map(|block| &block.nodes);
    ops.fold(0, |whole, node| whole | used_whole(&node.op, halves))
}

/// The registers of those in halves that A64 instructions use whole, as bits.
#[cfg(test)]
pub fn whole(code: &[armlet_decoder::a64::Insn], halves: Halves) -> u32 {
    let mut lifter = crate::lift::Lifter::new();
    for &insn in code {
        crate::lift::instruction(&mut lifter, insn);
    }
    lifter
        .nodes
        .iter()
        .fold(0, |whole, node| whole | used_whole(&node.op, halves))
}

/// The registers of those in halves that an operation uses whole, or in a way that is not known here, as bits.
fn used_whole(op: &Op, halves: Halves) -> u32 {
    let low = |size: u8, lane: u8| (lane + 1) << size <= 8;
    let apart = match *op {
        Op::Fallback { .. } | Op::Fallback32 { .. } | Op::QuickCall { .. } | Op::DirectCall { .. } => return u32::MAX,
        Op::Float { ref op, .. } => matches!(
            op,
            Float::Binary { .. }
                | Float::Unary { .. }
                | Float::MultiplyAdd { .. }
                | Float::Convert { .. }
                | Float::FromInteger { .. }
                | Float::ToInteger { .. }
                | Float::FromBits { .. }
                | Float::ToBits { .. }
                | Float::Compare { .. }
                | Float::Select { .. }
        ),
        Op::CompareFpscr { .. } => true,
        Op::Vector(Vector::Load { size, .. } | Vector::Store { size, .. }) => size <= 3,
        Op::Vector(Vector::LoadLane { size, lane, .. } | Vector::StoreLane { size, lane, .. }) => low(size, lane),
        Op::Simd(Simd::Constant { .. }) => true,
        Op::Simd(Simd::Copy { size, lane, from, .. }) => low(size, lane) && low(size, from),
        Op::Simd(
            Simd::Element { size, lane, .. } | Simd::Insert { size, lane, .. } | Simd::Move { size, lane, .. },
        ) => low(size, lane),
        Op::Simd(Simd::Binary { op, q: false, .. }) => matches!(
            op,
            Lanes::And | Lanes::Bic | Lanes::Or | Lanes::Orn | Lanes::Xor | Lanes::Add | Lanes::Sub
        ),
        _ => false,
    };
    let mut whole = 0;
    if !apart {
        opt::visit(op, &mut |_| {}, &mut |n| {
            let register = halves.pairs().find(|&(low, high)| n == low || n == high);
            register.into_iter().for_each(|(low, _)| whole |= 1 << low);
        });
    }
    whole
}
