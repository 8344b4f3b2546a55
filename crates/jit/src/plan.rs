//! Which mapping holds in which block: the canonical one, or in a loop one of its own, if what its registers save is more than what it costs to move
//! them where the loop is entered, left and interrupted by calls.

use crate::ir::{End, Region};
use crate::map::Mapping;
use crate::opt::{self, Reached, Uses};

/// How much more often a loop is run than what is around it.
const TURNS: u64 = 8;
/// Nothing is taken to run more often.
const MOST: u64 = 1 << 24;
/// What it costs that a V register is in memory, each time it is named. (For X registers, see [`opt::uses`].)
const V_IN_MEMORY: u64 = 3;

/// The mappings of a region.
#[derive(Debug)]
pub struct Plan {
    /// The first one is the canonical one.
    pub mappings: Vec<Mapping>,
    /// Which of them each block has.
    pub of: Vec<usize>,
}

/// What the choice depends on.
struct Costs<'a> {
    region: &'a Region,
    reached: &'a [Reached],
    /// How often each block is run.
    weights: Vec<u64>,
    uses: Vec<Uses>,
    canonical: Mapping,
    /// Edges between blocks.
    edges: Vec<(usize, usize)>,
    /// By block, which of them start or end there.
    touching: Vec<Vec<usize>>,
}

/// Chooses mappings.
pub fn plan(region: &Region, reached: &[Reached]) -> Plan {
    let mut plan = Plan {
        mappings: vec![Mapping::canonical(region.a32)],
        of: vec![0; region.blocks.len()],
    };
    let loops = opt::loops(region);
    if loops.is_empty() && region.halves.is_none() {
        return plan;
    }
    let costs = Costs::new(region, reached, &loops);
    if !region.halves.is_none() {
        // All of its code relies on these halves.
        let all: Vec<usize> = (0..region.blocks.len()).collect();
        let mapping = costs.mapping(&all, &plan.mappings[0]);
        plan.mappings.push(mapping);
        plan.of.fill(1);
        return plan;
    }
    for members in &loops {
        let edges = costs.edges(members);
        let mut least = costs.of(members, &edges, &|block| &plan.mappings[plan.of[block]]);
        let mut chosen = None;
        for base in [plan.of[members[0]], 0] {
            let mapping = costs.mapping(members, &plan.mappings[base]);
            let cost = costs.of(members, &edges, &|block| {
                if members.binary_search(&block).is_ok() {
                    &mapping
                } else {
                    &plan.mappings[plan.of[block]]
                }
            });
            if cost < least {
                least = cost;
                chosen = Some(mapping);
            }
        }
        if let Some(mapping) = chosen {
            let known = plan.mappings.iter().position(|known| *known == mapping);
            let index = known.unwrap_or_else(|| {
                plan.mappings.push(mapping);
                plan.mappings.len() - 1
            });
            members.iter().for_each(|&block| plan.of[block] = index);
        }
    }
    plan
}

/// How often each block is run.
fn weights(region: &Region, loops: &[Vec<usize>]) -> Vec<u64> {
    let mut weights = vec![1u64; region.blocks.len()];
    for &block in loops.iter().flatten() {
        weights[block] = (weights[block] * TURNS).min(MOST);
    }
    weights
}

/// How often each V register is named in a region, and how often calls and returns cross its border; `None` if there is no loop.
pub fn vectors(region: &Region) -> Option<([u64; 32], u64)> {
    let loops = opt::loops(region);
    let (mut v, mut crossings) = ([0u64; 32], 0u64);
    for (block, weight) in region.blocks.iter().zip(weights(region, &loops)) {
        let uses = opt::uses(block);
        v.iter_mut().zip(uses.v).for_each(|(sum, count)| *sum += count * weight);
        crossings += if uses.crosses { weight } else { 0 };
    }
    (!loops.is_empty()).then_some((v, crossings))
}

impl<'a> Costs<'a> {
    fn new(region: &'a Region, reached: &'a [Reached], loops: &[Vec<usize>]) -> Costs<'a> {
        let edges: Vec<(usize, usize)> = region
            .blocks
            .iter()
            .enumerate()
            .flat_map(|(from, block)| {
                let inside = opt::successors(&block.end).filter_map(|pc| region.find(pc));
                inside.map(move |to| (from, to))
            })
            .collect();
        let mut touching = vec![Vec::new(); region.blocks.len()];
        for (index, &(from, to)) in edges.iter().enumerate() {
            touching[from].push(index);
            touching[to].push(index);
        }
        Costs {
            region,
            reached,
            weights: weights(region, loops),
            uses: region.blocks.iter().map(opt::uses).collect(),
            canonical: Mapping::canonical(region.a32),
            edges,
            touching,
        }
    }

    /// The mapping for a loop, if it is changed from another one.
    fn mapping(&self, members: &[usize], from: &Mapping) -> Mapping {
        let (mut x, mut v, mut crossings) = ([0u64; 33], [0u64; 32], 0u64);
        for &block in members {
            let (uses, weight) = (&self.uses[block], self.weights[block]);
            x.iter_mut().zip(uses.x).for_each(|(sum, cost)| *sum += cost * weight);
            v.iter_mut().zip(uses.v).for_each(|(sum, cost)| *sum += cost * weight);
            crossings += if uses.crosses { weight } else { 0 };
        }
        Mapping::chosen(&x, &v, crossings, from, self.region.halves)
    }

    /// The edges that start or end in a loop.
    fn edges(&self, members: &[usize]) -> Vec<(usize, usize)> {
        let mut indices: Vec<usize> = members
            .iter()
            .flat_map(|&block| self.touching[block].iter().copied())
            .collect();
        indices.sort_unstable();
        indices.dedup();
        indices.into_iter().map(|index| self.edges[index]).collect()
    }

    /// What a loop, whose edges these are, costs under certain mappings of all blocks.
    fn of<'m>(&self, members: &[usize], edges: &[(usize, usize)], mapping: &impl Fn(usize) -> &'m Mapping) -> u64 {
        let canonical = &self.canonical;
        let mut cost = 0;
        for &block in members {
            let (mapping, uses, weight) = (mapping(block), &self.uses[block], self.weights[block]);
            cost += weight * in_memory(mapping, uses);
            if self.reached[block].entry {
                cost += weight * moves(canonical, mapping);
            }
            let end = &self.region.blocks[block].end;
            let leaves = match end {
                End::Jump { .. } | End::Branch { .. } => {
                    let outside = opt::successors(end).any(|pc| self.region.find(pc).is_none());
                    if outside { weight.div_ceil(TURNS) } else { 0 }
                }
                End::Call { .. } | End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => weight,
            };
            cost += leaves * moves(mapping, canonical);
        }
        for &(from, to) in edges {
            cost += self.weights[from].min(self.weights[to]) * moves(mapping(from), mapping(to));
        }
        cost
    }
}

/// What it costs in a block that registers are in memory.
fn in_memory(mapping: &Mapping, uses: &Uses) -> u64 {
    let x = mapping.x_pairs().map(|(guest, _)| uses.x[usize::from(guest)]);
    let v = mapping.v_pairs().map(|(guest, _)| uses.v[usize::from(guest)]);
    let (all_x, all_v): (u64, u64) = (uses.x.iter().sum(), uses.v.iter().sum());
    all_x - x.sum::<u64>() + V_IN_MEMORY * (all_v - v.sum::<u64>())
}

/// What it costs to go from one mapping to another: a load for two stores.
fn moves(from: &Mapping, to: &Mapping) -> u64 {
    if std::ptr::eq(from, to) || from == to {
        return 0;
    }
    let (stores, loads) = (from.without(to), to.without(from));
    (stores + 2 * loads) as u64
}
