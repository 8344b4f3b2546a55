//! How blocks start and end, and how a region is entered and left.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::Cc;
use super::*;
use crate::enter::Exit;
use crate::map::{ATTENTION, LOOKUP, PC_SLOT, RELEASED, RETURNS_LIMIT, x_slot};
use host::{RAX, RDX, RSI};

/// log2 of the entries of a thread's lookup table.
pub const LOOKUP_BITS: u32 = 12;

/// Where a region can be entered from outside, under the canonical mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Guest address.
    pub pc: u64,
    /// Offset in the region's code.
    pub offset: u32,
}

/// A jump to another region. Until it is linked, it leads to a stub that leaves translated code with the jump's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Host address of the rel32.
    pub at: u64,
    /// Guest address it goes to.
    pub to: u64,
    /// Host address of the stub.
    pub stub: u64,
}

pub(crate) struct PendingLink {
    rel32: usize,
    to: u64,
    stub: Label,
    stub_offset: usize,
}

impl PendingLink {
    pub(super) fn resolve(&self, at: u64) -> Link {
        Link {
            at: at + self.rel32 as u64,
            to: self.to,
            stub: at + self.stub_offset as u64,
        }
    }
}

/// Code that is rarely run, and stands behind the rest.
pub(crate) enum Cold {
    /// An edge of the control-flow graph that needs more than a jump.
    Edge {
        label: Label,
        to: u64,
        place: Place,
        mapping: usize,
    },
    /// An edge with flags that are known.
    KnownFlags {
        label: Label,
        to: u64,
        nzcv: u8,
        mapping: usize,
    },
    /// Leaves for the runtime at a guest address, from the region's mapping with flags in memory.
    Leave {
        label: Label,
        pc: u64,
        exit: Exit,
        mapping: usize,
    },
    /// An indirect branch that the lookup table does not know; RAX is the target, the mapping is canonical.
    Miss { label: Label },
    /// A function called from translated code at that instruction wants to leave; the state is complete.
    Left { label: Label, pc: u64, exit: Exit },
    /// Leaves for the runtime at a guest address, from the canonical mapping.
    LeaveCanonical { label: Label, pc: u64 },
    /// RAX = -RAX: a division by -1.
    Negate { label: Label, w: Width, back: Label },
    /// Flags that are known, placed as after a subtraction.
    ConstantFlags { label: Label, nzcv: u8, back: Label },
    /// A full barrier.
    Fence { label: Label, back: Label },
    /// RAX = 0: a division by zero.
    Clear { label: Label, back: Label },
}

impl Emitter<'_> {
    /// Code before block 0: into the region's own mapping.
    pub(super) fn enter_region(&mut self) {
        if self.plan.of[0] != 0 {
            self.entries.push(Entry {
                pc: self.region.blocks[0].pc,
                offset: 0,
            });
            self.transition(0, self.plan.of[0]);
            if self.region.is_checked() {
                let first = self.first;
                self.asm.jmp(first);
            }
        }
    }

    /// Another mapping holds from here on. Nothing is cached.
    pub(super) fn hold(&mut self, mapping: usize) {
        if mapping != self.current {
            self.current = mapping;
            self.base = self.plan.mappings[mapping].clone();
            self.mapping = self.base.clone();
            self.lines = Emitter::empty_lines(&self.base);
            self.mapped.push((self.asm.offset() as u32, mapping as u8));
        }
    }

    pub(super) fn start_block(&mut self, index: usize) {
        if !self.reached[index].only_from_before {
            self.empty_cache();
            self.hold(self.plan.of[index]);
        }
        if !self.inherits_flags(index) {
            self.place = Place::Memory;
        }
        if self.reached[index].head {
            self.asm.align(crate::arena::ALIGNMENT);
        }
        let label = self.labels[index];
        self.asm.bind(label);
        let pc = self.region.blocks[index].pc;
        let checked = self.region.is_checked();
        let enterable = !self.reached[index].only_from_before && self.current == 0 && !self.region.is_body(pc);
        if enterable && !checked {
            self.add_entry(pc);
        }
        if self.reached[index].head {
            self.poll(pc);
        }
        if index == 0 && checked {
            let first = self.first;
            self.asm.bind(first);
            if enterable {
                self.add_entry(pc);
            }
        }
        self.count_block(index);
    }

    fn add_entry(&mut self, pc: u64) {
        let offset = self.asm.offset() as u32;
        self.entries.push(Entry { pc, offset });
    }

    /// Leaves if somebody wants this thread's attention. The flags are in memory.
    fn poll(&mut self, pc: u64) {
        let label = self.asm.label();
        self.asm.load_slot(RAX, x_slot(ATTENTION));
        dynasm!(self.asm.ops ; .arch x64 ; cmp DWORD [rax], BYTE 0);
        self.asm.jcc(Cc::Ne, label);
        self.cold.push(Cold::Leave {
            label,
            pc,
            exit: Exit::Lookup,
            mapping: self.current,
        });
    }

    /// On a condition, lets the interpreter run the guest instruction that is being emitted, which has changed nothing so far. The flags
    /// are in memory, or dead.
    pub(super) fn leave_to_interpreter(&mut self, cc: Cc) {
        let label = self.asm.label();
        self.asm.jcc(cc, label);
        self.cold.push(Cold::Leave {
            label,
            pc: self.pc,
            exit: Exit::Interpret,
            mapping: self.current,
        });
    }

    pub(super) fn end_block(&mut self, index: usize) {
        match self.region.blocks[index].end {
            End::Jump { to } => self.edge(to, Some(index + 1)),
            End::Branch { test, taken, not } => self.branch(index, test, taken, not),
            End::Call { to, next } => self.call(index, to, next),
            End::Indirect {
                to, next: Some(next), ..
            } => self.call_indirect(index, to, next),
            End::Indirect { to, ret: true, .. } => self.ret(to),
            End::Indirect { to, .. } => self.branch_indirect(to),
            End::SupervisorCall { next } => {
                self.store_flags();
                self.place = Place::Memory;
                self.leave(next, Exit::SupervisorCall);
            }
            End::Interpret => {
                self.store_flags();
                self.place = Place::Memory;
                let pc = self.region.blocks[index].end_pc;
                if self.region.is_body(self.region.blocks[index].pc) {
                    // The block before has counted it.
                    self.count_skipped(pc, true);
                }
                self.leave(pc, Exit::Interpret);
            }
        }
    }

    fn target(&self, pc: u64) -> Option<usize> {
        self.region.find(pc)
    }

    /// Whether a block finds the flags where the one before it has left them.
    fn inherits_flags(&self, index: usize) -> bool {
        self.reached[index].only_from_before && opt::final_comparisons(&self.region.blocks[index - 1]).is_none()
    }

    /// Whether the flags may be used behind an edge.
    fn edge_wants_flags(&self, to: u64) -> bool {
        match self.target(to) {
            Some(target) => self.flags.live_in(target),
            None => !self.region.flags_are_dead(to),
        }
    }

    /// Whether the flags must be brought to memory when an edge has been taken.
    fn edge_stores_flags(&self, to: u64) -> bool {
        self.place != Place::Memory
            && self.edge_wants_flags(to)
            && !self.target(to).is_some_and(|target| self.inherits_flags(target))
    }

    /// Goes on at `to`; `next` is the block that follows in the layout.
    fn edge(&mut self, to: u64, next: Option<usize>) {
        match self.target(to) {
            Some(target) => {
                if self.edge_stores_flags(to) {
                    self.store_flags();
                }
                self.transition(self.current, self.plan.of[target]);
                if Some(target) != next {
                    let label = self.labels[target];
                    self.asm.jmp(label);
                }
            }
            None => self.leave_region(to),
        }
    }

    fn branch(&mut self, index: usize, test: Test, taken: u64, not: u64) {
        let follows = |pc: u64| self.target(pc) == Some(index + 1);
        let swap = follows(taken) && !follows(not);
        let cc = self.test(test, taken, not);
        let (when_taken, when_not) = self.flags_behind(index, test);
        let (cc, taken, not, when_taken, when_not) = if swap {
            (cc.not(), not, taken, when_not, when_taken)
        } else {
            (cc, taken, not, when_taken, when_not)
        };
        match self.target(taken) {
            Some(target) if !self.edge_stores_flags(taken) && self.plan.of[target] == self.current => {
                let label = self.labels[target];
                self.asm.jcc(cc, label);
            }
            // Of a loop, one jump for each turn is enough.
            Some(target) if target <= index => {
                let past = self.asm.label();
                self.asm.jcc(cc.not(), past);
                let place = self.place;
                self.edge_knowing(taken, when_taken, None);
                self.place = place;
                self.asm.bind(past);
            }
            _ => {
                let label = match when_taken {
                    Some(nzcv) => self.edge_with_flags(taken, nzcv),
                    None => {
                        let label = self.asm.label();
                        self.cold.push(Cold::Edge {
                            label,
                            to: taken,
                            place: self.place,
                            mapping: self.current,
                        });
                        label
                    }
                };
                self.asm.jcc(cc, label);
            }
        }
        self.edge_knowing(not, when_not, Some(index + 1));
    }

    /// What the flags are behind a block's branch, taken and not taken, where its condition tells: what is equal has been subtracted, or a logical
    /// operation gave 0.
    fn flags_behind(&self, index: usize, test: Test) -> (Option<u8>, Option<u8>) {
        let nodes = self.region.blocks[index].nodes.iter().map(|node| node.op);
        let changes = |op: &Op| {
            opt::defines_flags(op) || matches!(op, Op::Nz { .. } | Op::Fallback { .. } | Op::Fallback32 { .. })
        };
        let equal = match nodes.rev().find(changes) {
            _ if self.place == Place::Memory => None,
            Some(Op::Alu { op: Alu::Sub, .. }) => Some(0b0110),
            Some(Op::Alu { op: Alu::And, .. }) => Some(0b0100),
            _ => None,
        };
        match test {
            Test::Cond(0) => (equal, None),
            Test::Cond(1) => (None, equal),
            _ => (None, None),
        }
    }

    /// [`Emitter::edge`] with flags that may be known.
    fn edge_knowing(&mut self, to: u64, nzcv: Option<u8>, next: Option<usize>) {
        if let Some(nzcv) = nzcv
            && self.edge_stores_flags(to)
        {
            self.store_constant_flags(nzcv);
            self.place = Place::Memory;
        }
        self.edge(to, next);
    }

    /// Where to jump to go on at `to` with flags that are known.
    pub(super) fn edge_with_flags(&mut self, to: u64, nzcv: u8) -> Label {
        match self.target(to) {
            Some(target) if !self.flags.live_in(target) && self.plan.of[target] == self.current => self.labels[target],
            _ => {
                let label = self.asm.label();
                let mapping = self.current;
                self.cold.push(Cold::KnownFlags {
                    label,
                    to,
                    nzcv,
                    mapping,
                });
                label
            }
        }
    }

    /// Makes EFLAGS answer a branch's question.
    fn test(&mut self, test: Test, taken: u64, not: u64) -> Cc {
        if !matches!(test, Test::Cond(_)) {
            // The test destroys EFLAGS.
            if self.edge_wants_flags(taken) || self.edge_wants_flags(not) {
                self.store_flags();
            }
            self.place = Place::Memory;
        }
        match test {
            Test::Cond(cond) => self.condition(cond),
            Test::Zero(w, a) | Test::NotZero(w, a) => {
                match a {
                    Val::Var(var) if self.mapping.host(var).is_none() => {
                        self.asm.cmp_slot(w, slot(var), Source::Imm(0))
                    }
                    _ => {
                        let a = self.read(a, RAX);
                        self.asm.test(w, a, Source::Reg(a));
                    }
                }
                if matches!(test, Test::Zero(..)) { Cc::E } else { Cc::Ne }
            }
            Test::BitClear(a, bit) | Test::BitSet(a, bit) => {
                let set = matches!(test, Test::BitSet(..));
                let a = self.read(a, RAX);
                if bit < 31 {
                    self.asm.test(Width::W, a, Source::Imm(1 << bit));
                    if set { Cc::Ne } else { Cc::E }
                } else {
                    let bit = bit as i8;
                    dynasm!(self.asm.ops ; .arch x64 ; bt Rq(a), BYTE bit);
                    if set { Cc::B } else { Cc::Ae }
                }
            }
        }
    }

    /// Out of the region, by a jump that can be linked.
    fn leave_region(&mut self, to: u64) {
        self.leave_mapping(to);
        self.jump_out(to);
    }

    /// The jump itself, with everything in its canonical place.
    fn jump_out(&mut self, to: u64) {
        // (An address of AArch32 has more than the place.)
        let here = if self.region.a32 {
            self.pc & u64::from(u32::MAX)
        } else {
            self.pc
        };
        if to <= here {
            // It may close a loop over several regions.
            let label = self.asm.label();
            self.asm.load_slot(RAX, x_slot(ATTENTION));
            dynasm!(self.asm.ops ; .arch x64 ; cmp DWORD [rax], BYTE 0 ; jne =>label);
            self.cold.push(Cold::LeaveCanonical { label, pc: to });
        }
        self.align_rel32();
        let stub = self.asm.label();
        self.asm.jmp(stub);
        self.add_link(to, stub);
    }

    /// The registers and flags are where other regions expect them.
    fn leave_mapping(&mut self, to: u64) {
        if !self.region.flags_are_dead(to) {
            self.store_flags();
        }
        self.place = Place::Memory;
        self.restore_canonical();
    }

    /// The rel32 behind the next opcode byte will be aligned, so that it can be changed while other threads run it.
    fn align_rel32(&mut self) {
        match self.asm.offset() % 4 {
            0 => dynasm!(self.asm.ops ; .arch x64 ; .bytes [0x0f, 0x1f, 0x00]),
            1 => dynasm!(self.asm.ops ; .arch x64 ; .bytes [0x66, 0x90]),
            2 => dynasm!(self.asm.ops ; .arch x64 ; nop),
            _ => {}
        }
    }

    /// The jump or call just emitted is to be linked.
    fn add_link(&mut self, to: u64, stub: Label) {
        let rel32 = self.asm.offset() - 4;
        self.links.push(PendingLink {
            rel32,
            to,
            stub,
            stub_offset: 0,
        });
    }

    /// BL. The host stack is the stack of returns: a guest call is a host call, and a guest return a host return, which the host
    /// predicts as its own. Where it comes back to, the guest's return address is compared with the one that belongs there.
    fn call(&mut self, index: usize, to: u64, next: u64) {
        self.leave_mapping(to);
        let full = self.asm.label();
        self.cold.push(Cold::LeaveCanonical { label: full, pc: to });
        self.check_returns(full);
        self.align_rel32();
        let stub = self.asm.label();
        dynasm!(self.asm.ops ; .arch x64 ; call =>stub);
        self.add_link(to, stub);
        self.come_back(index, next);
    }

    /// BLR.
    fn call_indirect(&mut self, index: usize, to: Val, next: u64) {
        self.store_flags();
        self.place = Place::Memory;
        self.read_into(Width::X, RAX, to);
        self.restore_canonical();
        let label = self.asm.label();
        self.check_returns(label);
        look_up(&mut self.asm);
        dynasm!(self.asm.ops ; .arch x64
            ; jne =>label
            ; call QWORD [rsi + rdx * 4 + 8]);
        self.cold.push(Cold::Miss { label });
        self.come_back(index, next);
    }

    /// When the stack of returns is full, the thread leaves translated code, which starts it anew; older returns then go through the
    /// lookup table.
    fn check_returns(&mut self, full: Label) {
        let limit = x_slot(RETURNS_LIMIT);
        dynasm!(self.asm.ops ; .arch x64
            ; cmp rsp, [rbp + limit]
            ; jb =>full);
    }

    /// Where the host comes back to from a guest call, with the guest's return address in RAX. (`enter.rs` reads the comparison, to find out
    /// whose place this is.)
    fn come_back(&mut self, index: usize, next: u64) {
        let astray = self.shared.astray as usize;
        match i32::try_from(next) {
            // CMP RAX, imm32 in its short form.
            Ok(next) => dynasm!(self.asm.ops ; .arch x64 ; .bytes [0x48, 0x3d] ; .i32 next),
            Err(_) => {
                let constant = self.asm.label();
                self.pool.push((next.into(), constant));
                dynasm!(self.asm.ops ; .arch x64 ; cmp rax, [=>constant]);
            }
        }
        dynasm!(self.asm.ops ; .arch x64 ; jne extern astray);
        match self.target(next) {
            Some(target) => {
                self.transition(0, self.plan.of[target]);
                if target != index + 1 {
                    let label = self.labels[target];
                    self.asm.jmp(label);
                }
            }
            // The mapping is canonical here, whatever the region's.
            None => self.jump_out(next),
        }
    }

    /// RET.
    fn ret(&mut self, to: Val) {
        self.store_flags();
        self.place = Place::Memory;
        self.read_into(Width::X, RAX, to);
        self.restore_canonical();
        dynasm!(self.asm.ops ; .arch x64 ; ret);
    }

    /// BR.
    fn branch_indirect(&mut self, to: Val) {
        self.store_flags();
        self.place = Place::Memory;
        self.read_into(Width::X, RAX, to);
        self.restore_canonical();
        let label = self.asm.label();
        self.asm.load_slot(RDX, x_slot(ATTENTION));
        dynasm!(self.asm.ops ; .arch x64 ; cmp DWORD [rdx], BYTE 0 ; jne =>label);
        self.cold.push(Cold::Miss { label });
        self.jump_by_table();
    }

    /// Jumps to the translation of the guest address in RAX.
    fn jump_by_table(&mut self) {
        let label = self.asm.label();
        look_up(&mut self.asm);
        dynasm!(self.asm.ops ; .arch x64
            ; jne =>label
            ; jmp QWORD [rsi + rdx * 4 + 8]);
        self.cold.push(Cold::Miss { label });
    }

    fn restore_canonical(&mut self) {
        self.transition(self.current, 0);
    }

    /// Back to the runtime, with `State::pc` set.
    fn leave(&mut self, pc: u64, exit: Exit) {
        self.restore_canonical();
        self.leave_canonical(pc, exit);
    }

    /// The same from the canonical mapping.
    fn leave_canonical(&mut self, pc: u64, exit: Exit) {
        self.asm.mov_imm(RDX, pc);
        self.asm.store_slot(PC_SLOT, RDX);
        self.asm.mov_imm(RAX, exit as u64);
        self.jump_to(self.shared.exit);
    }

    fn jump_to(&mut self, target: u64) {
        dynasm!(self.asm.ops ; .arch x64 ; jmp extern target as usize);
    }

    /// The code behind the region: rare edges, stubs of links, and the entries that calls return to.
    pub(super) fn finish_cold(&mut self) {
        for index in 1..self.region.blocks.len() {
            if self.reached[index].entry && self.plan.of[index] != 0 && !self.region.is_checked() {
                self.entries.push(Entry {
                    pc: self.region.blocks[index].pc,
                    offset: self.asm.offset() as u32,
                });
                self.transition(0, self.plan.of[index]);
                let label = self.labels[index];
                self.asm.jmp(label);
            }
        }
        // An edge may add links, and ways out.
        while let Some(cold) = self.cold.pop() {
            match cold {
                Cold::Edge {
                    label,
                    to,
                    place,
                    mapping,
                } => {
                    self.asm.bind(label);
                    self.hold(mapping);
                    self.place = place;
                    self.edge(to, None);
                }
                Cold::KnownFlags {
                    label,
                    to,
                    nzcv,
                    mapping,
                } => {
                    self.asm.bind(label);
                    self.hold(mapping);
                    if self.edge_wants_flags(to) {
                        self.store_constant_flags(nzcv);
                    }
                    self.place = Place::Memory;
                    self.edge(to, None);
                }
                Cold::Leave {
                    label,
                    pc,
                    exit,
                    mapping,
                } => {
                    self.asm.bind(label);
                    self.hold(mapping);
                    if exit == Exit::Interpret {
                        self.count_skipped(pc, true);
                    }
                    self.leave(pc, exit);
                }
                Cold::Miss { label } => {
                    self.asm.bind(label);
                    self.asm.store_slot(PC_SLOT, RAX);
                    self.asm.mov_imm(RAX, Exit::Lookup as u64);
                    self.jump_to(self.shared.exit);
                }
                Cold::LeaveCanonical { label, pc } => {
                    self.asm.bind(label);
                    self.leave_canonical(pc, Exit::Lookup);
                }
                Cold::Negate { label, w, back } => {
                    self.asm.bind(label);
                    self.asm.neg(w, RAX);
                    self.asm.jmp(back);
                }
                Cold::ConstantFlags { label, nzcv, back } => {
                    self.asm.bind(label);
                    self.constant_flags(nzcv);
                    self.asm.jmp(back);
                }
                Cold::Fence { label, back } => {
                    self.asm.bind(label);
                    self.asm.fence();
                    self.asm.store_imm(0, 0, HostAddress::state(x_slot(RELEASED)));
                    self.asm.jmp(back);
                }
                Cold::Clear { label, back } => {
                    self.asm.bind(label);
                    self.asm.mov_imm(RAX, 0);
                    self.asm.jmp(back);
                }
                Cold::Left { label, pc, exit } => {
                    self.asm.bind(label);
                    self.count_skipped(pc, false);
                    self.asm.mov_imm(RAX, exit as u64);
                    self.jump_to(self.shared.exit_stored);
                }
            }
        }
        let at = self.asm.ops.offset().0;
        debug_assert!(at < i32::MAX as usize);
        for index in 0..self.links.len() {
            let PendingLink { rel32, to, stub, .. } = self.links[index];
            self.links[index].stub_offset = self.asm.offset();
            self.asm.bind(stub);
            self.asm.mov_imm(RDX, to);
            self.asm.store_slot(PC_SLOT, RDX);
            // The exit code of a jump that wants to be linked is its address.
            let here = self.asm.offset() + 7;
            let back = rel32 as i32 - here as i32;
            // LEA RAX, [RIP + disp32]
            dynasm!(self.asm.ops ; .arch x64 ; .bytes [0x48, 0x8d, 0x05] ; .i32 back);
            self.jump_to(self.shared.exit);
        }
    }
}

/// Compares the guest address in RAX with the entry of the thread's lookup table at RSI + RDX * 4.
pub(crate) fn look_up(asm: &mut Asm) {
    let mask = ((1i32 << LOOKUP_BITS) - 1) << 2;
    asm.load_slot(RSI, x_slot(LOOKUP));
    dynasm!(asm.ops ; .arch x64
        ; mov edx, eax
        ; and edx, DWORD mask
        ; cmp rax, QWORD [rsi + rdx * 4]);
}
