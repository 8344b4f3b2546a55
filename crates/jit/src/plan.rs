//! Which mapping holds in which block: the canonical one, or in a loop one of its own, if what its registers save is more than what it costs to move
//! them where the loop is entered, left and interrupted by calls.

use crate::ir::{End, Region};
use crate::map::Mapping;
use crate::opt::{self, Uses};

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
    /// How often each block is run.
    weights: Vec<u64>,
    uses: Vec<Uses>,
    /// Edges between blocks.
    edges: Vec<(usize, usize)>,
    /// How often each block is entered from outside, by calls that come back too, under the canonical mapping.
    entered: Vec<u64>,
    /// How often each block leaves the region, for what has the canonical mapping.
    leaves: Vec<u64>,
    /// From each mapping to each other one: see [`moves`].
    moves: Vec<Vec<u64>>,
}

/// Chooses mappings.
pub fn plan(region: &Region) -> Plan {
    let mut plan = Plan {
        mappings: vec![Mapping::canonical(region.a32)],
        of: vec![0; region.blocks.len()],
    };
    let loops = opt::loops(region);
    if loops.is_empty() && region.halves.is_none() {
        return plan;
    }
    let mut costs = Costs::new(region, &loops);
    if !region.halves.is_none() {
        // All of its code relies on these halves.
        let all: Vec<usize> = (0..region.blocks.len()).collect();
        let mapping = costs.mapping(&all, &plan.mappings[0]);
        plan.mappings.push(mapping);
        plan.of.fill(1);
        return plan;
    }
    for members in &loops {
        let around = plan.of[members[0]];
        let mut least = costs.of(members, &plan.mappings, &plan.of);
        let before: Vec<usize> = members.iter().map(|&block| plan.of[block]).collect();
        let (known, mut chosen) = (plan.mappings.len(), None);
        for base in [around, 0] {
            let mapping = costs.mapping(members, &plan.mappings[base]);
            let index = plan.mappings.iter().position(|known| *known == mapping);
            let index = index.unwrap_or_else(|| {
                plan.mappings.push(mapping);
                plan.mappings.len() - 1
            });
            costs.learn(&plan.mappings);
            members.iter().for_each(|&block| plan.of[block] = index);
            let cost = costs.of(members, &plan.mappings, &plan.of);
            if cost < least {
                least = cost;
                chosen = Some(index);
            }
            if around == 0 {
                break;
            }
        }
        // What nobody has chosen is not kept.
        if let Some(index) = chosen.filter(|&index| index > known) {
            plan.mappings.swap(known, index);
            chosen = Some(known);
        }
        plan.mappings.truncate(known.max(chosen.map_or(0, |index| index + 1)));
        costs.forget(known);
        costs.learn(&plan.mappings);
        for (&block, before) in members.iter().zip(before) {
            plan.of[block] = chosen.unwrap_or(before);
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
    fn new(region: &'a Region, loops: &[Vec<usize>]) -> Costs<'a> {
        let edges = region.blocks.iter().enumerate().flat_map(|(from, block)| {
            let inside = opt::successors(&block.end).filter_map(|pc| region.find(pc));
            inside.map(move |to| (from, to))
        });
        let weights = weights(region, loops);
        let leaves = region
            .blocks
            .iter()
            .zip(&weights)
            .map(|(block, &weight)| match block.end {
                End::Jump { .. } | End::Branch { .. } => {
                    let outside = opt::successors(&block.end).any(|pc| region.find(pc).is_none());
                    if outside { weight.div_ceil(TURNS) } else { 0 }
                }
                End::Call { .. } | End::Indirect { .. } | End::SupervisorCall { .. } | End::Interpret => weight,
            });
        let mut entered = vec![0; region.blocks.len()];
        // However hot a loop is, the region is entered once, unless calls come back to its beginning.
        entered[0] = 1;
        for (block, &weight) in region.blocks.iter().zip(&weights) {
            if let End::Call { next, .. } | End::Indirect { next: Some(next), .. } | End::SupervisorCall { next } =
                block.end
                && let Some(target) = region.find(next)
            {
                entered[target] += weight;
            }
        }
        Costs {
            region,
            leaves: leaves.collect(),
            entered,
            weights,
            uses: region.blocks.iter().map(opt::uses).collect(),
            edges: edges.collect(),
            moves: vec![vec![0]],
        }
    }

    /// Fills in what it costs to go from and to mappings that are new.
    fn learn(&mut self, mappings: &[Mapping]) {
        for new in self.moves.len()..mappings.len() {
            for (row, from) in self.moves.iter_mut().zip(mappings) {
                row.push(moves(from, &mappings[new]));
            }
            self.moves
                .push(mappings[..=new].iter().map(|to| moves(&mappings[new], to)).collect());
        }
    }

    /// The mappings from this one on may become others.
    fn forget(&mut self, from: usize) {
        self.moves.truncate(from);
        self.moves.iter_mut().for_each(|row| row.truncate(from));
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

    /// What a loop costs under certain mappings of all blocks.
    fn of(&self, members: &[usize], mappings: &[Mapping], of: &[usize]) -> u64 {
        const CANONICAL: usize = 0;
        let mut cost = 0;
        let mut inside = vec![false; of.len()];
        for &block in members {
            inside[block] = true;
            let (mapping, weight) = (of[block], self.weights[block]);
            cost += weight * in_memory(&mappings[mapping], &self.uses[block]);
            cost += self.entered[block] * self.moves[CANONICAL][mapping];
            cost += self.leaves[block] * self.moves[mapping][CANONICAL];
        }
        for &(from, to) in &self.edges {
            if inside[from] || inside[to] {
                let weight = self.weights[from].min(self.weights[to]);
                cost += weight * self.moves[of[from]][of[to]];
            }
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
    if from == to {
        return 0;
    }
    let (stores, loads) = (from.without(to), to.without(from));
    (stores + 2 * loads) as u64
}
