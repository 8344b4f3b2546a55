//! From a region to host code.
//!
//! - `asm.rs`: x86-64 instructions as functions.
//! - `integer.rs`: arithmetic; `media.rs`: halfwords and bytes of a register, for AArch32.
//! - `float.rs`: scalar floating point; `float_lanes.rs`: floating point on vectors; `float_convert.rs`: conversions and rounding of both;
//!   `half.rs`: half precision; `mixed.rs`: what else there is of it, complex numbers, what mixes formats; `estimate.rs`: FRECPE and FRSQRTE.
//! - `vector.rs`: vectors in memory.
//! - `simd.rs`, `simd_lanes.rs`, `simd_shift.rs`, `saturate.rs`, `products.rs`: Advanced SIMD; `structures.rs`: LD2 to LD4 and ST2 to ST4; `crypto.rs`: hashes; `crc.rs`: check sums.
//! - `soft.rs`: routines of floating-point libraries.
//! - `flags.rs`: where the guest's flags are, and conditions; `flags_op.rs`: what is rarely done with them.
//! - `memory.rs`: loads and stores; `atomic.rs`: exclusive and atomic ones.
//! - `cached.rs`: guest registers in host registers for a while.
//! - `calls.rs`: system calls from translated code.
//! - `control.rs`: block ends, entries and exits; `transition.rs`: between mappings; `count.rs`: counters.
//!
//! Every guest register is at one place throughout a block (see [`crate::map`]), so at any host instruction the
//! guest's registers can be read back with that one table. The flags move: the table of [`Fault sites`](Site) says where they
//! are at each access that may fault.

pub mod asm;
mod atomic;
mod cached;
mod calls;
mod control;
mod count;
mod crc;
mod crypto;
pub mod estimate;
mod flags;
mod flags_op;
pub mod float;
mod float_convert;
mod float_lanes;
mod fpscr;
mod half;
mod integer;
mod interpreted;
mod media;
mod memory;
mod mixed;
mod products;
mod saturate;
pub mod simd;
mod simd_lanes;
mod simd_shift;
mod simd_visit;
mod soft;
mod structures;
mod transition;
pub mod vector;

use asm::{Asm, HostAddress, Label, Source};

use crate::clean::Clean;
use crate::ir::*;
use crate::map::{Mapping, RELEASED, host, slot, x_slot};
use crate::opt;
use crate::plan::{self, Plan};
pub(crate) use control::look_up;
pub use control::{Entry, LOOKUP_BITS, Link};
pub use flags::Place;
pub use soft::{accelerated, is_known};
pub(crate) use transition::move_canonical;

/// Addresses of the code that all regions share (see `crate::enter`).
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// Stores the canonical registers and returns RAX to the caller of translated code.
    pub exit: u64,
    /// Returns RAX to the caller; the state is complete already.
    pub exit_stored: u64,
    /// Goes on at the guest address in RAX, to which no guest call expected to come back here.
    pub astray: u64,
    /// Runs an instruction by the interpreter's function: `extern "C" fn(&mut State, &Insn, pc) -> u64`, 0 to go on.
    pub fallback: u64,
    /// The same under the standard value of FPSCR.
    pub fallback_standard: u64,
    /// The same for AArch32: `extern "C" fn(&mut State, &Short, pc) -> u64`.
    pub fallback32: u64,
    /// Makes a system call that can wait, with the number in RAX and the arguments in place; comes back with the result in X0.
    pub wait: u64,
    /// Constants of floating point: see [`float::CONSTANTS`].
    pub constants: u64,
    /// Under which conditions numbers are computed.
    pub numbers: Numbers,
}

/// An AArch32 instruction that the interpreter runs, and its bytes.
pub type Short = (armlet_decoder::a32::Insn, u8);

/// A host instruction that may fault, and what it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Offset of the host instruction (its end) in the region's code.
    pub end: u32,
    /// The guest instruction.
    pub pc: u64,
    /// Where the flags are.
    pub flags: Place,
    /// Which of the region's mappings holds.
    pub mapping: u8,
    /// What else is to be undone.
    pub claims: Claims,
}

/// What an instruction that may fault has taken for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// RBX: the state has its value.
    pub rbx: bool,
    /// The stamp that the exclusive monitor names.
    pub stamp: bool,
}

/// An emitted region.
#[derive(Debug)]
pub struct Code {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where it can be entered from outside.
    pub entries: Vec<Entry>,
    /// Jumps to other regions, to be linked when these exist.
    pub links: Vec<Link>,
    /// Accesses that may fault, by address.
    pub sites: Vec<Site>,
    /// The register mappings inside, and which of them the blocks have.
    pub plan: Plan,
    /// Where which of them begins to hold: offset and index.
    pub mapped: Vec<(u32, u8)>,
    /// Operands of fallbacks, which the code points to.
    pub insns: Vec<Box<armlet_decoder::a64::Insn>>,
    /// The same of AArch32.
    pub insns32: Vec<Box<Short>>,
    /// Where the host code of guest instructions starts: offset and guest address.
    pub marks: Vec<(usize, u64)>,
    /// Where the code of the blocks ends.
    pub body_end: usize,
}

/// The state of an emission.
pub(crate) struct Emitter<'a> {
    asm: Asm,
    region: &'a Region,
    shared: Shared,
    /// The mappings of the blocks.
    plan: Plan,
    /// Which one holds here.
    current: usize,
    /// That mapping.
    base: Mapping,
    /// The same, with what is cached at the moment.
    mapping: Mapping,
    /// Where which mapping begins to hold.
    mapped: Vec<(u32, u8)>,
    lines: Vec<cached::Line>,
    /// An operand of the operation being emitted whose cache register the result takes.
    replaced: Option<Var>,
    accesses: cached::Accesses,
    /// What the operation being emitted reads (kept for its room).
    operands: Vec<Var>,
    flags: opt::Flags,
    reached: Vec<opt::Reached>,
    labels: Vec<Label>,
    /// Behind the poll of block 0, where a checked region is entered.
    first: Label,
    /// Where the guest's flags are now.
    place: Place,
    /// The flags must survive the operation being emitted, which does not define them.
    keep: bool,
    pc: u64,
    /// What is known of the vector registers' upper parts.
    clean: Clean,
    cold: Vec<control::Cold>,
    /// Results that the interpreter has to compute.
    mends: Vec<float::Mend>,
    /// Numbers are computed under the standard value of FPSCR.
    standard: bool,
    /// V registers whose elements are no NaNs, or the default one: results under that value.
    plain: u32,
    /// So are the operands of the operation being emitted.
    plain_operands: bool,
    held: soft::Held,
    links: Vec<control::PendingLink>,
    sites: Vec<Site>,
    entries: Vec<Entry>,
    insns: Vec<Box<armlet_decoder::a64::Insn>>,
    insns32: Vec<Box<Short>>,
    marks: Vec<(usize, u64)>,
    /// Vector constants, which stand behind the code.
    pool: Vec<(u128, Label)>,
}

/// Emits a region at the address `at`.
pub fn region(region: &Region, shared: Shared, at: u64) -> Code {
    let mut reached = opt::reached(region);
    let plan = plan::plan(region);
    for (reached, mappings) in reached.iter_mut().skip(1).zip(plan.of.windows(2)) {
        reached.only_from_before &= mappings[0] == mappings[1];
    }
    let canonical = Mapping::canonical(region.a32);
    let nodes = region.blocks.iter().map(|block| block.nodes.len()).sum();
    let mut asm = Asm::for_code(at, nodes, region.blocks.len());
    let labels = region.blocks.iter().map(|_| asm.label()).collect();
    let first = asm.label();
    let emitter = Emitter {
        asm,
        region,
        shared,
        lines: Emitter::empty_lines(&canonical),
        plan,
        current: 0,
        base: canonical.clone(),
        mapping: canonical,
        mapped: vec![(0, 0)],
        replaced: None,
        accesses: cached::Accesses::of(region),
        operands: Vec::new(),
        flags: opt::flags(region),
        reached,
        labels,
        first,
        place: Place::Memory,
        keep: false,
        pc: 0,
        clean: Clean::default(),
        cold: Vec::with_capacity(2 * region.blocks.len()),
        mends: Vec::new(),
        standard: false,
        plain: 0,
        plain_operands: false,
        held: soft::Held::default(),
        links: Vec::with_capacity(region.blocks.len()),
        sites: Vec::with_capacity(nodes),
        entries: Vec::with_capacity(region.blocks.len()),
        insns: Vec::new(),
        insns32: Vec::new(),
        marks: Vec::with_capacity(nodes + region.blocks.len()),
        pool: Vec::new(),
    };
    emitter.run(at)
}

impl Emitter<'_> {
    fn run(mut self, at: u64) -> Code {
        self.enter_region();
        for index in 0..self.region.blocks.len() {
            self.block(index);
        }
        let body_end = self.asm.offset();
        self.empty_cache();
        self.finish_cold();
        self.finish_mends();
        self.finish_pool();
        let links = self.links.iter().map(|link| link.resolve(at)).collect();
        let bytes = self.asm.ops.finalize().expect("every label is bound");
        Code {
            bytes,
            entries: self.entries,
            links,
            sites: self.sites,
            plan: self.plan,
            mapped: self.mapped,
            insns: self.insns,
            insns32: self.insns32,
            marks: self.marks,
            body_end,
        }
    }

    fn block(&mut self, index: usize) {
        let region = self.region;
        let block = &region.blocks[index];
        self.start_block(index);
        self.clean = Clean::default();
        self.plain = 0;
        self.held = soft::Held::default();
        let comparisons = opt::final_comparisons(block);
        for (position, node) in block.nodes.iter().enumerate() {
            if comparisons == Some(position) {
                self.final_comparisons(index, position);
                break;
            }
            self.start_instruction(node.pc);
            let live_after = self.flags.live_after(index, position);
            self.keep = live_after && !opt::defines_flags(&node.op) && self.place != Place::Memory;
            self.prepare(index, position, &node.op);
            self.node(&node.op);
            self.settle(index, position);
            if self.region.a32 {
                self.plain_after(&node.op);
                self.held.after(&node.op);
            } else {
                self.clean.after(&node.op);
            }
        }
        self.start_instruction(block.end_pc);
        self.keep = false;
        self.end_block(index);
    }

    fn start_instruction(&mut self, pc: u64) {
        self.pc = pc;
        self.marks.push((self.asm.offset(), pc));
    }

    fn node(&mut self, op: &Op) {
        match *op {
            Op::Mov { w, d, a } => self.mov(w, d, a),
            Op::Alu { op, w, d, a, b, flags } => self.alu(op, w, d, a, b, flags),
            Op::Adc { w, d, a, b, flags } => self.add_with_carry(false, w, d, a, b, flags),
            Op::Sbc { w, d, a, b, flags } => self.add_with_carry(true, w, d, a, b, flags),
            Op::Shift { op, w, d, a, b } => self.shift(op, w, d, a, b),
            Op::Unary { op, w, d, a } => self.unary(op, w, d, a),
            Op::Extend { op, w, d, a } => self.extend(op, w, d, a),
            Op::Crc {
                castagnoli,
                size,
                d,
                a,
                b,
            } => self.crc(castagnoli, size, d, a, b),
            Op::Multiply { op, w, d, a, b } => self.multiply(op, w, d, a, b),
            Op::Media(ref op) => self.media(op),
            Op::AddScaled { w, d, a, b, shift } => self.add_scaled(w, d, a, b, shift),
            Op::Extract { w, d, hi, lo, lsb } => self.extract(w, d, hi, lo, lsb),
            Op::Insert { w, d, a, pos, width } => self.insert(w, d, a, pos, width),
            Op::Field {
                w,
                d,
                a,
                lsb,
                width,
                signed,
            } => self.field(w, d, a, lsb, width, signed),
            Op::Select {
                w,
                d,
                cond,
                a,
                b,
                otherwise,
            } => self.select(w, d, cond, a, b, otherwise),
            Op::Compare {
                w,
                cond,
                a,
                b,
                negative,
                nzcv,
            } => self.compare(w, cond, a, b, negative, nzcv),
            Op::Load { load, d, at } => self.load(load, d, &at),
            Op::Store { size, a, at, release } => self.store(size, a, &at, release),
            Op::Aligned { size, at } => self.aligned(size, &at),
            Op::Atomic(ref atomic) => self.atomic(atomic),
            Op::ClearExclusive => self.asm.store_slot_imm(crate::map::EXCLUSIVE_SIZE, 0),
            Op::Fence => {
                self.spill_if_kept();
                self.asm.fence();
                self.asm.store_imm(0, 0, HostAddress::state(x_slot(RELEASED)));
            }
            Op::AfterReleases => self.after_releases(),
            Op::ReadTpidr { d } => {
                let host = self.destination(d, host::RAX);
                self.asm.load_slot(host, crate::map::TPIDR_SLOT);
                self.assign(d, host);
            }
            Op::ReadFpcr { d } => {
                let host = self.destination(d, host::RAX);
                self.asm.load_slot_32(host, crate::map::FPCR_SLOT);
                self.assign(d, host);
            }
            Op::Flags(op) => self.flags_op(op),
            Op::ReadFpscr { d } => self.read_fpscr(d),
            Op::WriteTpidr { a } => {
                let host = self.read(a, host::RAX);
                self.asm.store_slot(crate::map::TPIDR_SLOT, host);
            }
            Op::Vector(ref op) => self.vector(op),
            Op::Float { ref op, insn, standard } => self.float_under(standard, op, insn),
            Op::CompareFpscr { comparison } => self.compare_fpscr(comparison),
            Op::KeepFpscr => self.keep_fpscr(),
            Op::CopyFpscr => self.copy_fpscr(),
            Op::KeepsControl { a } => self.keeps_control(a),
            Op::ShiftFlags { op, d, a, by, keeps_v } => self.shift_flags(op, d, a, by, keeps_v),
            Op::RotateExtended { d, a } => {
                self.spill_if_kept();
                let own = self.destination(d, host::RDX);
                self.read_into(Width::W, own, a);
                self.carry_to_cf(false);
                self.asm.rotate_extended(own);
                self.assign(d, own);
                self.place = Place::Memory;
            }
            Op::Simd(ref op) => self.simd(op),
            Op::Fallback { insn } => self.fallback(insn),
            Op::QuickCall { next } => self.quick_call(next),
            Op::DirectCall { call, next } => self.direct_call(call, next),
            Op::Fallback32 { insn, len } => self.fallback32(insn, len),
            Op::Soft { routine, d } => self.soft(routine, d),
            Op::Nz { a, carry } => self.nz(a, carry),
            Op::ShiftByByte { op, d, a, b } => self.shift_by_byte(op, d, a, b),
            Op::ShiftCarry { op, d, a, b } => self.shift_carry(op, d, a, b),
        }
    }

    /// The host register that holds a value; `scratch` is loaded if it is elsewhere. The flags stay.
    fn read(&mut self, val: Val, scratch: u8) -> u8 {
        match val {
            Val::Var(var) => match self.mapping.host(var) {
                Some(host) => host,
                None => {
                    self.asm.load_slot(scratch, slot(var));
                    scratch
                }
            },
            Val::Imm(imm) => {
                self.asm.mov_imm(scratch, imm);
                scratch
            }
        }
    }

    /// Loads a value into a certain register. The flags stay.
    fn read_into(&mut self, w: Width, d: u8, val: Val) {
        match val {
            Val::Var(var) => match self.mapping.host(var) {
                Some(host) if host == d => {}
                Some(host) => self.asm.mov(w, d, host),
                None => self.asm.load_slot(d, slot(var)),
            },
            Val::Imm(imm) => self.asm.mov_imm(d, imm),
        }
    }

    /// A value as source operand; a constant that does not fit is loaded into `scratch`. The flags stay.
    fn source(&mut self, w: Width, val: Val, scratch: u8) -> Source {
        match val {
            Val::Var(var) => match self.mapping.host(var) {
                Some(host) => Source::Reg(host),
                None => Source::Slot(slot(var)),
            },
            Val::Imm(imm) => {
                let fits = match w {
                    Width::W => Some(imm as u32 as i32),
                    Width::X => i32::try_from(imm as i64).ok(),
                };
                fits.map(Source::Imm).unwrap_or_else(|| {
                    self.asm.mov_imm(scratch, imm);
                    Source::Reg(scratch)
                })
            }
        }
    }

    /// The register to compute a variable in: its own, or `scratch`.
    fn destination(&self, var: Var, scratch: u8) -> u8 {
        self.mapping.host(var).unwrap_or(scratch)
    }

    /// Puts the computed value of a variable where it belongs. (From a cache register, [`Emitter::settle`] writes it through.)
    fn assign(&mut self, var: Var, from: u8) {
        match self.mapping.host(var) {
            Some(host) if host == from => {}
            Some(host) => self.asm.mov(Width::X, host, from),
            None => self.asm.store_slot(slot(var), from),
        }
    }

    /// Whether a value is in this host register.
    fn is_in(&self, val: Val, reg: u8) -> bool {
        matches!(val, Val::Var(var) if self.mapping.host(var) == Some(reg))
    }
}
