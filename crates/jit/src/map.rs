//! Which guest registers live in which host registers.
//!
//! A mapping holds for a whole region. All regions are entered and left under the canonical mapping, so that they can be chained; a region
//! with a loop may choose its own in between.

use armlet_cpu::a64::{Exclusive, State};

use crate::ir::Var;
use crate::opt::Uses;

/// Host register numbers as the encoding has them.
pub mod host {
    /// Scratch of the emitter.
    pub const RAX: u8 = 0;
    /// Temporary 0 (and the count of ROR).
    pub const RCX: u8 = 1;
    /// Scratch of the emitter.
    pub const RDX: u8 = 2;
    /// The guest state, plus [`super::BIAS`].
    pub const RBP: u8 = 5;
    /// Temporary 1.
    pub const RSI: u8 = 6;
}

/// RBP points this far into the state, so that X0 to X30 are reached with an 8-bit displacement.
pub const BIAS: i32 = 128;

/// Host registers that guest registers can have.
pub const X_HOSTS: [u8; 10] = [3, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// The guest registers that have them between regions.
const X_CANONICAL: [u8; 10] = [0, 1, 2, 3, 8, 9, 19, 20, 21, 32];

/// Host vector registers that guest registers can have; xmm0 to xmm2 are scratch.
pub const V_HOSTS: [u8; 13] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// The guest registers that have them between regions.
const V_CANONICAL: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20];

/// Displacement of X\[n\] (or of a scratch slot) from RBP.
pub const fn x_slot(n: u8) -> i32 {
    core::mem::offset_of!(State, x) as i32 + 8 * n as i32 - BIAS
}

/// Displacement of V\[n\] from RBP.
pub const fn v_slot(n: u8) -> i32 {
    core::mem::offset_of!(State, v) as i32 + 16 * n as i32 - BIAS
}

/// Displacement of the program counter from RBP.
pub const PC_SLOT: i32 = core::mem::offset_of!(State, pc) as i32 - BIAS;
/// Displacements of the exclusive monitor's parts from RBP.
pub const EXCLUSIVE_ADDRESS: i32 =
    (core::mem::offset_of!(State, exclusive) + core::mem::offset_of!(Exclusive, address)) as i32 - BIAS;
/// The low half of the value.
pub const EXCLUSIVE_VALUE: i32 =
    (core::mem::offset_of!(State, exclusive) + core::mem::offset_of!(Exclusive, value)) as i32 - BIAS;
/// The size in bytes, 0 when the monitor is open.
pub const EXCLUSIVE_SIZE: i32 =
    (core::mem::offset_of!(State, exclusive) + core::mem::offset_of!(Exclusive, size)) as i32 - BIAS;
/// Displacement of TPIDR_EL0 from RBP.
pub const TPIDR_SLOT: i32 = core::mem::offset_of!(State, tpidr) as i32 - BIAS;
/// Displacement of FPSR from RBP.
pub const FPSR_SLOT: i32 = core::mem::offset_of!(State, fpsr) as i32 - BIAS;
/// Displacement of the flag bytes N, Z, C, V from RBP.
pub const FLAGS_SLOT: i32 = core::mem::offset_of!(State, flags) as i32 - BIAS;

/// Scratch entries of [`State::x`] that translated code uses (the interpreter has the first ones): the thread's lookup table.
pub const LOOKUP: u8 = 48;
/// A pointer to the thread's attention word.
pub const ATTENTION: u8 = 49;
/// Where an operation saves a register that it needs for itself.
pub const SPARE: u8 = 50;
/// The host stack pointer with which translated code was entered: the bottom of the stack of returns.
pub const RETURNS_BOTTOM: u8 = 51;
/// The host stack pointer below which the stack of returns is started anew.
pub const RETURNS_LIMIT: u8 = 52;
/// Temporary 2; the others follow.
const FIRST_TEMPORARY: u8 = 54;

/// A mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    x: [Option<u8>; 33],
    v: [Option<u8>; 32],
}

impl Mapping {
    /// The mapping between regions.
    pub fn canonical() -> Mapping {
        let mut mapping = Mapping {
            x: [None; 33],
            v: [None; 32],
        };
        for (guest, host) in X_CANONICAL.into_iter().zip(X_HOSTS) {
            mapping.x[usize::from(guest)] = Some(host);
        }
        for (guest, host) in V_CANONICAL.into_iter().zip(V_HOSTS) {
            mapping.v[usize::from(guest)] = Some(host);
        }
        mapping
    }

    /// A mapping for a region with these uses: the most used registers get host registers. Those that have one in the canonical mapping keep it;
    /// another one must be used more often than it would have to be moved at the region's borders.
    pub fn chosen(uses: &Uses) -> Mapping {
        let canonical = Mapping::canonical();
        let moves = 4 * uses.crossings;
        Mapping {
            x: choose(&uses.x, moves, &canonical.x, &X_HOSTS),
            v: choose(&uses.v, moves, &canonical.v, &V_HOSTS),
        }
    }

    /// The host register of a variable.
    pub fn host(&self, var: Var) -> Option<u8> {
        match var {
            Var::X(n) => self.x[usize::from(n)],
            Var::T(0) => Some(host::RCX),
            Var::T(1) => Some(host::RSI),
            Var::T(_) => None,
        }
    }

    /// The host register of V\[n\].
    pub fn vector(&self, n: u8) -> Option<u8> {
        self.v[usize::from(n & 31)]
    }

    /// Guest and host register of everything that is mapped: X registers.
    pub fn x_pairs(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        (0u8..)
            .zip(&self.x)
            .filter_map(|(guest, host)| host.map(|host| (guest, host)))
    }

    /// Guest and host register of everything that is mapped: V registers.
    pub fn v_pairs(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        (0u8..)
            .zip(&self.v)
            .filter_map(|(guest, host)| host.map(|host| (guest, host)))
    }
}

/// Where a variable is when it has no host register.
pub fn slot(var: Var) -> i32 {
    match var {
        Var::X(n) => x_slot(n),
        Var::T(n) => x_slot(FIRST_TEMPORARY + n),
    }
}

fn choose<const N: usize>(uses: &[u64; N], moves: u64, canonical: &[Option<u8>; N], hosts: &[u8]) -> [Option<u8>; N] {
    let pays = |n: &usize| uses[*n] > if canonical[*n].is_some() { 0 } else { moves };
    let mut order: Vec<usize> = (0..N).filter(pays).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(uses[n]), canonical[n].is_none()));
    order.truncate(hosts.len());
    // Whoever keeps its canonical register first; then the unused ones stay where they are, as long as nobody needs the place.
    let mut mapping = [None; N];
    let mut free: Vec<u8> = hosts.to_vec();
    for &n in &order {
        if let Some(host) = canonical[n] {
            mapping[n] = Some(host);
            free.retain(|&other| other != host);
        }
    }
    for &n in order.iter().filter(|&&n| canonical[n].is_none()) {
        mapping[n] = free.pop();
    }
    for n in 0..N {
        if let Some(host) = canonical[n].filter(|host| free.contains(host)) {
            mapping[n] = Some(host);
        }
    }
    mapping
}
