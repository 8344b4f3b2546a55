//! Which guest registers live in which host registers.
//!
//! All regions are entered and left under the canonical mapping, so that they can be chained; a loop may have a mapping of its own, which holds all
//! through it but for inner loops (see `plan.rs`). What is left of the host's registers caches the guest's others within
//! a block (see `emit/cached.rs`).

use armlet_cpu::a32::A32;
use armlet_cpu::a64::{Exclusive, Flags, State};

use crate::ir::Var;

/// Host register numbers as the encoding has them.
pub mod host {
    /// Scratch of the emitter.
    pub const RAX: u8 = 0;
    /// A cache register; the count of ROR, the divisor, the operand of atomics.
    pub const RCX: u8 = 1;
    /// Scratch of the emitter.
    pub const RDX: u8 = 2;
    /// A register of the guest's; half of the operand of atomics of 16 bytes.
    pub const RBX: u8 = 3;
    /// The guest state, plus [`super::BIAS`].
    pub const RBP: u8 = 5;
    /// A cache register; the stamp of exclusives.
    pub const RSI: u8 = 6;
}

/// RBP points this far into the state, so that X0 to X30 are reached with an 8-bit displacement.
pub const BIAS: i32 = 128;

/// Host registers that guest registers can have: for the length of a region, or, as cache registers, for a while.
pub const X_HOSTS: [u8; 12] = [3, 7, 8, 9, 10, 11, 12, 13, 14, 15, host::RSI, host::RCX];
/// How many of them can be mapped for a whole region; the others are cache registers.
const X_MAPPED: usize = 10;
/// The guest registers that have them between regions.
const X_CANONICAL: [u8; 8] = [0, 1, 2, 3, 19, 20, 21, 32];
/// The same in AArch32.
const X_CANONICAL_32: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 13];

/// Host vector registers that guest registers can have; xmm0 to xmm2 are scratch.
pub const V_HOSTS: [u8; 13] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// The guest registers that have them between regions.
const V_CANONICAL: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20];
/// The same in AArch32, where V16 and those behind it are temporaries (see `lift/a32_vector.rs`).
const V_CANONICAL_32: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18];

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
/// The stamp.
pub const EXCLUSIVE_STAMP: i32 =
    (core::mem::offset_of!(State, exclusive) + core::mem::offset_of!(Exclusive, stamp)) as i32 - BIAS;
/// Displacement of TPIDR_EL0 from RBP.
pub const TPIDR_SLOT: i32 = core::mem::offset_of!(State, tpidr) as i32 - BIAS;
/// Displacement of FPCR from RBP.
pub const FPCR_SLOT: i32 = core::mem::offset_of!(State, fpcr) as i32 - BIAS;
/// Displacement of CPSR.GE from RBP.
pub const GE_SLOT: i32 = (core::mem::offset_of!(State, a32) + core::mem::offset_of!(A32, ge)) as i32 - BIAS;
/// Displacement of CPSR.Q from RBP.
pub const Q_SLOT: i32 = (core::mem::offset_of!(State, a32) + core::mem::offset_of!(A32, q)) as i32 - BIAS;
/// Displacement of FPSR from RBP.
pub const FPSR_SLOT: i32 = core::mem::offset_of!(State, fpsr) as i32 - BIAS;

/// Displacement of the byte [`State::fpsr_read`] from RBP.
pub const FPSR_READ: i32 = core::mem::offset_of!(State, fpsr_read) as i32 - BIAS;
/// Displacement of FPSCR's flags from RBP: four bytes, as [`Flags`] has them.
pub const FPSCR_FLAGS: i32 =
    (core::mem::offset_of!(State, a32) + core::mem::offset_of!(A32, fpscr_flags)) as i32 - BIAS;

/// Scratch entries of [`State::x`] that translated code uses (the interpreter has the first ones): four vectors.
pub const SPARE_VECTORS: u8 = 38;
/// The stamps of store-exclusives.
pub const STAMPS: u8 = 47;
/// The thread's lookup table.
pub const LOOKUP: u8 = 48;
/// A pointer to the thread's attention word.
pub const ATTENTION: u8 = 49;
/// The host stack pointer with which translated code was entered: the bottom of the stack of returns.
pub const RETURNS_BOTTOM: u8 = 51;
/// The host stack pointer below which the stack of returns is started anew.
pub const RETURNS_LIMIT: u8 = 52;
/// MXCSR for the numbers of this thread.
pub const MXCSR: u8 = 50;
/// The flags, packed as LAHF and SETO deliver them. [`State::flags`] is right outside of translated code only.
pub const PACKED_FLAGS: u8 = 53;
/// Temporary 0; the others follow.
const FIRST_TEMPORARY: u8 = 54;
/// AArch32: the flags of FPSCR as the host's comparison has left them in EFLAGS. Bits 15 to 8: AH after LAHF. Bits 7 to 0: 0; 1, if the host's operands
/// were the other way round; 2, if [`State::a32`] has the flags.
pub const COMPARED: u8 = 56;
/// 1: a store-release may wait in the host's store buffer. A load-acquire must not pass it, other loads may.
pub const RELEASED: u8 = 57;
/// A pointer to the word by which the thread tells whether it is in translated code (see `cache.rs`).
pub const WHEREABOUTS: u8 = 58;
/// The generation of translations that the thread knows.
pub const GENERATION: u8 = 59;
/// A pointer to the process's.
pub const NEWEST_GENERATION: u8 = 60;

/// Packed flags: N.
pub const FLAG_N: u32 = 1 << 15;
/// Packed flags: Z.
pub const FLAG_Z: u32 = 1 << 14;
/// Packed flags: the inverse of C.
pub const FLAG_C_CLEAR: u32 = 1 << 8;
/// Packed flags: V.
pub const FLAG_V: u32 = 1;

/// Flags in the form that translated code has in memory: AH after LAHF behind a subtraction, V in AL.
pub fn pack_flags(flags: Flags) -> u32 {
    let bit = |set: bool, bit: u32| if set { bit } else { 0 };
    bit(flags.n, FLAG_N) | bit(flags.z, FLAG_Z) | bit(!flags.c, FLAG_C_CLEAR) | bit(flags.v, FLAG_V)
}

/// The inverse of [`pack_flags`]; other bits are ignored.
pub fn unpack_flags(packed: u32) -> Flags {
    Flags {
        n: packed & FLAG_N != 0,
        z: packed & FLAG_Z != 0,
        c: packed & FLAG_C_CLEAR == 0,
        v: packed & FLAG_V != 0,
    }
}

/// Moves the flags of FPSCR from translated code's form to everybody else's.
pub fn settle_fpscr(state: &mut State) {
    let compared = state.x[usize::from(COMPARED)];
    let ah = compared >> 8;
    if compared & 2 == 0 && ah != 0 {
        let (carry, unordered, zero) = (ah & 1 != 0, ah & 4 != 0, ah & 0x40 != 0);
        state.a32.fpscr_flags = float_flags(compared & 1 != 0, carry, zero, unordered);
    }
    state.x[usize::from(COMPARED)] = 2;
}

/// The inverse of [`settle_fpscr`], if the flags are those of a comparison.
pub fn unsettle_fpscr(state: &mut State) {
    let ah = match state.a32.fpscr_flags.to_bits() >> 28 {
        0b1000 => 0x03,
        0b0110 => 0x42,
        0b0010 => 0x02,
        0b0011 => 0x47,
        _ => 0,
    };
    state.x[usize::from(COMPARED)] = if ah == 0 { 2 } else { ah << 8 };
}

/// NZCV of a floating-point comparison from CF, ZF and PF.
pub fn float_flags(reversed: bool, carry: bool, zero: bool, unordered: bool) -> Flags {
    let less = if reversed { !carry && !zero } else { carry && !unordered };
    Flags {
        n: less,
        z: zero && !unordered,
        c: !less,
        v: unordered,
    }
}

/// Q registers of AArch32 that are two within a region, so that doubles are computed without being moved about: D\[2n\] is the lower half of V\[n\], and
/// D\[2n+1\] that of another V register from [`Halves::FIRST`] on, which AArch32 lacks. What stands above them means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Halves([u8; 16]);

impl Halves {
    /// The first of the V registers with upper halves.
    pub const FIRST: u8 = 20;
    /// How many Q registers can be two.
    pub const MOST: usize = 12;

    /// The first few of these registers are two.
    pub fn of(registers: impl Iterator<Item = u8>) -> Halves {
        let mut halves = Halves::default();
        for (n, half) in registers.take(Halves::MOST).zip(Halves::FIRST..) {
            halves.0[usize::from(n & 15)] = half;
        }
        halves
    }

    /// The V register that has the upper half of Q\[n\], if that is two.
    pub fn upper(&self, n: u8) -> Option<u8> {
        self.0.get(usize::from(n)).copied().filter(|&half| half != 0)
    }

    /// Whether only the lower half of V\[n\] means something. (Where nothing is two, all V registers are whole: AArch64 has all of them.)
    pub fn is_half(&self, n: u8) -> bool {
        !self.is_none() && n >= Halves::FIRST || self.upper(n).is_some()
    }

    /// The registers that are two: the V registers of both halves.
    pub fn pairs(self) -> impl Iterator<Item = (u8, u8)> {
        (0..16).filter_map(move |n| self.upper(n).map(|upper| (n, upper)))
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        *self == Halves::default()
    }

    /// V register and lane of the n-th element of 2^size bytes (0 to 3) in D0 to D31.
    pub fn place(&self, size: u8, n: u8) -> (u8, u8) {
        let (register, lane) = (n >> (4 - size), n & (15 >> size));
        let half = 8 >> size;
        match self.upper(register) {
            Some(upper) if lane >= half => (upper, lane - half),
            _ => (register, lane),
        }
    }
}

/// A mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// V registers that are halves.
    pub halves: Halves,
    x: [Option<u8>; 33],
    v: [Option<u8>; 32],
    /// Temporaries, which are only ever cached.
    t: [Option<u8>; 2],
}

impl Mapping {
    /// The mapping between regions.
    pub fn canonical(a32: bool) -> Mapping {
        let (x, v) = if a32 {
            (X_CANONICAL_32, V_CANONICAL_32)
        } else {
            (X_CANONICAL, V_CANONICAL)
        };
        let mut mapping = Mapping {
            halves: Halves::default(),
            x: [None; 33],
            v: [None; 32],
            t: [None; 2],
        };
        for (guest, host) in x.into_iter().zip(X_HOSTS) {
            mapping.x[usize::from(guest)] = Some(host);
        }
        for (guest, host) in v.into_iter().zip(V_HOSTS) {
            mapping.v[usize::from(guest)] = Some(host);
        }
        mapping
    }

    /// A mapping for a loop with these uses, which calls leave so many times: the most used registers get host registers. Those that have one in the
    /// mapping around it keep it; another one must be used more often than it would have to be moved.
    pub fn chosen(x: &[u64; 33], v: &[u64; 32], crossings: u64, around: &Mapping, halves: Halves) -> Mapping {
        let moves = 6 * crossings;
        Mapping {
            halves,
            x: choose(x, moves, &around.x, &X_HOSTS[..X_MAPPED], X_CANONICAL.len()),
            v: choose(v, moves, &around.v, &V_HOSTS, V_HOSTS.len()),
            t: [None; 2],
        }
    }

    /// How many guest registers are not in the same host register under the other mapping.
    pub fn without(&self, other: &Mapping) -> usize {
        let differ = |pair: &(&Option<u8>, &Option<u8>)| pair.0.is_some() && pair.0 != pair.1;
        self.x.iter().zip(&other.x).filter(differ).count() + self.v.iter().zip(&other.v).filter(differ).count()
    }

    /// The host register of a variable.
    pub fn host(&self, var: Var) -> Option<u8> {
        match var {
            Var::X(n) => self.x[usize::from(n)],
            Var::T(n) => self.t[usize::from(n & 1)],
        }
    }

    /// Places a variable in a host register, or in memory.
    pub fn place(&mut self, var: Var, host: Option<u8>) {
        match var {
            Var::X(n) => self.x[usize::from(n)] = host,
            Var::T(n) => self.t[usize::from(n & 1)] = host,
        }
    }

    /// The host registers that no X register has.
    pub fn free(&self) -> Vec<u8> {
        let taken = |host: &u8| self.x.contains(&Some(*host));
        X_HOSTS.into_iter().filter(|host| !taken(host)).collect()
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

/// If not all of those that are worth it find room, `usual` of them do: then there are more cache registers for the others.
fn choose<const N: usize>(
    uses: &[u64; N],
    moves: u64,
    around: &[Option<u8>; N],
    hosts: &[u8],
    usual: usize,
) -> [Option<u8>; N] {
    let pays = |n: &usize| uses[*n] > if around[*n].is_some() { 0 } else { moves };
    let mut order: Vec<usize> = (0..N).filter(pays).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(uses[n]), around[n].is_none()));
    // (Those few that are just too many are cached all the time.)
    let cached = X_HOSTS.len() - X_MAPPED;
    order.truncate(if order.len() > hosts.len() + cached {
        usual
    } else {
        hosts.len()
    });
    let all = (0..N).all(|n| uses[n] == 0 || order.contains(&n));
    // Whoever keeps its register first, the others take what nobody has; then the unused ones stay where they are, as long as nobody needs the place.
    let mut mapping = [None; N];
    let mut free: Vec<u8> = hosts.to_vec();
    free.sort_by_key(|&host| !around.contains(&Some(host)));
    for &n in &order {
        if let Some(host) = around[n] {
            mapping[n] = Some(host);
            free.retain(|&other| other != host);
        }
    }
    for &n in order.iter().filter(|&&n| around[n].is_none()) {
        mapping[n] = free.pop();
    }
    let room = if all { hosts.len() } else { usual }.saturating_sub(order.len());
    let stay = |n: &usize| around[*n].is_some_and(|host| free.contains(&host));
    for n in (0..N).filter(stay).take(room) {
        mapping[n] = around[n];
    }
    mapping
}
