//! Exclusive and atomic accesses as the host's locked instructions. Every one of them stands behind a check of its alignment.
//!
//! The address is in RDX, the operand in RCX.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::{Cc, HostAddress, memory};
use super::*;
use crate::map::{EXCLUSIVE_ADDRESS, EXCLUSIVE_SIZE, EXCLUSIVE_STAMP, EXCLUSIVE_VALUE, STAMPS};
use host::{RAX, RBX, RCX, RDX, RSI};

/// What a store-exclusive has claimed when it faults.
const STAMP: Claims = Claims {
    rbx: false,
    stamp: true,
};

/// A read-modify-write instruction on [RDX] in the form that fits the size.
macro_rules! sized {
    ($ops:expr, $size:expr, $mnemonic:ident, $register:expr) => {
        match $size {
            0 => dynasm!($ops ; .arch x64 ; lock $mnemonic BYTE [rdx], Rb($register)),
            1 => dynasm!($ops ; .arch x64 ; lock $mnemonic WORD [rdx], Rw($register)),
            2 => dynasm!($ops ; .arch x64 ; lock $mnemonic DWORD [rdx], Rd($register)),
            _ => dynasm!($ops ; .arch x64 ; lock $mnemonic QWORD [rdx], Rq($register)),
        }
    };
}

impl Emitter<'_> {
    pub(super) fn atomic(&mut self, atomic: &Atomic) {
        self.spill_if_kept();
        let Atomic { op, size, base } = *atomic;
        self.read_into(Width::X, RDX, base);
        let at = HostAddress {
            base: RDX,
            index: None,
            disp: 0,
        };
        match op {
            AtomicOp::LoadExclusive { d } => {
                self.read_stamp();
                self.asm.load(Load::Zero(size), RAX, at);
                self.may_fault(self.place);
                self.set_monitor(size);
                self.assign(d, RAX);
            }
            AtomicOp::LoadExclusivePair { d } => {
                self.read_stamp();
                memory!(self.asm.ops, at, (vmovdqa xmm0, OWORD) ());
                self.may_fault(self.place);
                self.asm.store_slot(EXCLUSIVE_ADDRESS, RDX);
                self.asm.store_slot_imm(EXCLUSIVE_SIZE, 16);
                memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_VALUE), (vmovdqa OWORD) (, xmm0));
                memory!(self.asm.ops, HostAddress::state(slot(UPPER)), (vmovhps QWORD) (, xmm0));
                dynasm!(self.asm.ops ; .arch x64 ; vmovq rax, xmm0);
                self.assign(d, RAX);
            }
            AtomicOp::StoreExclusivePair { status, new } => self.store_exclusive_pair(status, base, new),
            AtomicOp::CompareSwapPair { d, expected, new } => {
                self.exchange_pair(base, Some(expected), new, Claims::default());
                self.asm.store_slot(slot(UPPER), RDX);
                self.assign(d, RAX);
            }
            AtomicOp::StoreExclusive { status, a } => self.store_exclusive(size, status, a),
            AtomicOp::Swap { d, a } => {
                self.read_into(Width::X, RAX, a);
                self.asm.xchg(size, RAX, at);
                self.finish_atomic(size, d);
            }
            AtomicOp::Add { d, a } => {
                self.read_into(Width::X, RAX, a);
                sized!(self.asm.ops, size, xadd, RAX);
                self.finish_atomic(size, d);
            }
            AtomicOp::Logic { op, d: None, a } => {
                self.read_into(Width::X, RCX, a);
                match op {
                    Alu::And => sized!(self.asm.ops, size, and, RCX),
                    Alu::Or => sized!(self.asm.ops, size, or, RCX),
                    Alu::Xor => sized!(self.asm.ops, size, xor, RCX),
                    Alu::Add => sized!(self.asm.ops, size, add, RCX),
                    Alu::Sub => sized!(self.asm.ops, size, sub, RCX),
                }
                self.may_fault(self.place);
            }
            AtomicOp::Logic { op, d: Some(d), a } => {
                self.read_into(Width::X, RCX, a);
                let again = self.asm.label();
                self.asm.load(Load::Zero(size), RAX, at);
                self.may_fault(self.place);
                self.asm.bind(again);
                self.asm.mov(Width::X, RSI, RAX);
                self.asm.alu(op, Width::X, RSI, Source::Reg(RCX));
                sized!(self.asm.ops, size, cmpxchg, RSI);
                self.may_fault(self.place);
                self.asm.jcc(Cc::Ne, again);
                self.extend_old(size);
                self.assign(d, RAX);
            }
            AtomicOp::Extreme { d, a, signed, larger } => self.extreme(size, d, a, signed, larger),
            AtomicOp::CompareExclusive { d, expected, new } => self.compare_exclusive(size, d, expected, new),
            AtomicOp::CompareSwap { expected, new } => {
                self.read_into(Width::X, RAX, Val::Var(expected));
                self.read_into(Width::X, RCX, new);
                sized!(self.asm.ops, size, cmpxchg, RCX);
                self.finish_atomic(size, expected);
            }
        }
    }

    /// The monitor is set for what RAX has from the address in RDX.
    fn set_monitor(&mut self, size: u8) {
        self.asm.store_slot(EXCLUSIVE_ADDRESS, RDX);
        self.asm.store_slot(EXCLUSIVE_VALUE, RAX);
        self.asm.store_slot_imm(EXCLUSIVE_SIZE, 1 << size);
    }

    /// The larger or smaller one of memory and an operand.
    fn extreme(&mut self, size: u8, d: Var, a: Val, signed: bool, larger: bool) {
        let w = if size == 3 { Width::X } else { Width::W };
        let extend = match (size, signed) {
            (0, false) => Some(Extend::U8),
            (1, false) => Some(Extend::U16),
            (0, true) => Some(Extend::S8),
            (1, true) => Some(Extend::S16),
            _ => None,
        };
        let extended = |asm: &mut Asm, d, s| match extend {
            Some(extend) => asm.extend(extend, Width::W, d, s),
            None if d != s => asm.mov(w, d, s),
            None => {}
        };
        let replaced = match (signed, larger) {
            (true, true) => Cc::L,
            (true, false) => Cc::G,
            (false, true) => Cc::B,
            (false, false) => Cc::A,
        };
        let at = HostAddress {
            base: RDX,
            index: None,
            disp: 0,
        };
        self.read_into(Width::X, RCX, a);
        extended(&mut self.asm, RCX, RCX);
        let again = self.asm.label();
        self.asm.load(Load::Zero(size), RAX, at);
        self.may_fault(self.place);
        self.asm.bind(again);
        extended(&mut self.asm, RSI, RAX);
        self.asm.cmp(w, RSI, Source::Reg(RCX));
        self.asm.cmov(replaced, w, RSI, Source::Reg(RCX));
        sized!(self.asm.ops, size, cmpxchg, RSI);
        self.may_fault(self.place);
        self.asm.jcc(Cc::Ne, again);
        self.extend_old(size);
        self.assign(d, RAX);
    }

    /// A load-exclusive, a comparison and, if that is one of equal values, a store-exclusive.
    fn compare_exclusive(&mut self, size: u8, d: Var, expected: Val, new: Val) {
        self.read_into(Width::X, RAX, expected);
        self.read_into(Width::X, RCX, new);
        let (differ, done) = (self.asm.label(), self.asm.label());
        let narrow = match size {
            0 => Some(Extend::U8),
            1 => Some(Extend::U16),
            _ => None,
        };
        if let Some(narrow) = narrow {
            // What is loaded is zero-extended, and compared as a whole.
            self.asm.extend(narrow, Width::W, RSI, RAX);
            self.asm.cmp(Width::W, RSI, Source::Reg(RAX));
            self.asm.jcc(Cc::Ne, differ);
        }
        sized!(self.asm.ops, size, cmpxchg, RCX);
        self.may_fault(self.place);
        if narrow.is_some() {
            self.asm.jmp(done);
            self.asm.bind(differ);
            let at = HostAddress {
                base: RDX,
                index: None,
                disp: 0,
            };
            self.asm.load(Load::Zero(size), RAX, at);
            self.may_fault(self.place);
            self.asm.bind(done);
        }
        self.extend_old(size);
        self.set_monitor(size);
        self.asm.store_slot_imm(EXCLUSIVE_STAMP, -1);
        self.assign(d, RAX);
    }

    /// The old value, in RAX, is the result.
    fn finish_atomic(&mut self, size: u8, d: Var) {
        self.may_fault(self.place);
        self.extend_old(size);
        self.assign(d, RAX);
    }

    fn extend_old(&mut self, size: u8) {
        match size {
            0 => self.asm.extend(Extend::U8, Width::W, RAX, RAX),
            1 => self.asm.extend(Extend::U16, Width::W, RAX, RAX),
            2 => self.asm.extend(Extend::U32, Width::W, RAX, RAX),
            _ => {}
        }
    }

    /// The monitor's stamp = that of the address in RDX. RAX is destroyed.
    fn read_stamp(&mut self) {
        self.stamp_address(RAX, RDX);
        memory!(self.asm.ops, HostAddress { base: RAX, index: None, disp: 0 }, (mov rax, QWORD) ());
        self.asm.store_slot(EXCLUSIVE_STAMP, RAX);
    }

    /// d = where the stamp of an address is (see `armlet_memory::exclusive`).
    fn stamp_address(&mut self, d: u8, address: u8) {
        const MASK: i32 = 8 * (armlet_memory::exclusive::STAMPS as i32 - 1);
        self.asm.mov(Width::W, d, address);
        self.asm.shift_imm(Shift::Lsr, Width::W, d, 1);
        self.asm.alu(Alu::And, Width::W, d, Source::Imm(MASK));
        self.asm.alu(Alu::Add, Width::X, d, Source::Slot(x_slot(STAMPS)));
    }

    /// Claims the monitor's stamp for the address in RDX, or jumps to the label with ZF clear. What is not the monitor's address or size (or a tagged address, which
    /// looks like that), or has no stamp, is the interpreter's. RSI is where the stamp is.
    fn claim(&mut self, size: u8, failed: Label) {
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_ADDRESS), (cmp rdx, QWORD) ());
        self.leave_to_interpreter(Cc::Ne);
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_SIZE), (cmp QWORD) (, DWORD 1 << size));
        self.leave_to_interpreter(Cc::Ne);
        self.asm.load_slot(RAX, EXCLUSIVE_STAMP);
        self.asm.test(Width::W, RAX, Source::Imm(1));
        self.leave_to_interpreter(Cc::Ne);
        self.stamp_address(RSI, RDX);
        let next = HostAddress {
            base: RAX,
            index: None,
            disp: 1,
        };
        self.asm.lea(Width::X, RCX, next);
        dynasm!(self.asm.ops ; .arch x64 ; lock cmpxchg QWORD [rsi], rcx);
        self.asm.jcc(Cc::Ne, failed);
    }

    /// Gives the stamp back, changed. RCX is destroyed, the flags stay.
    fn unclaim(&mut self) {
        let next = HostAddress {
            base: RCX,
            index: None,
            disp: 2,
        };
        self.asm.load_slot(RCX, EXCLUSIVE_STAMP);
        self.asm.lea(Width::X, RCX, next);
        dynasm!(self.asm.ops ; .arch x64 ; mov [rsi], rcx);
    }

    /// Stores if the memory still has the value that the load saw, and no other store-exclusive has stored there.
    fn store_exclusive(&mut self, size: u8, status: Var, a: Val) {
        let failed = self.asm.label();
        self.claim(size, failed);
        self.read_into(Width::X, RCX, a);
        self.asm.load_slot(RAX, EXCLUSIVE_VALUE);
        sized!(self.asm.ops, size, cmpxchg, RCX);
        self.may_fault_with(self.place, STAMP);
        self.unclaim();
        self.asm.bind(failed);
        self.asm.setcc(Cc::Ne, RAX);
        self.finish_store(status);
    }

    /// The same of a pair.
    fn store_exclusive_pair(&mut self, status: Var, base: Val, new: [Val; 2]) {
        let failed = self.asm.label();
        self.claim(4, failed);
        self.exchange_pair(base, None, new, STAMP);
        self.asm.setcc(Cc::Ne, RAX);
        // (RSI has the address.)
        self.stamp_address(RSI, RSI);
        self.unclaim();
        let done = self.asm.label();
        self.asm.jmp(done);
        self.asm.bind(failed);
        self.asm.mov_imm(RAX, 1);
        self.asm.bind(done);
        self.finish_store(status);
    }

    fn finish_store(&mut self, status: Var) {
        self.asm.extend(Extend::U8, Width::W, RAX, RAX);
        self.asm.store_slot_imm(EXCLUSIVE_SIZE, 0);
        self.assign(status, RAX);
    }

    /// Compares 16 bytes with a pair, or with what the monitor has seen, and exchanges them for another one: RDX and RAX are what they were, RSI is the address, ZF is
    /// set if they were alike.
    fn exchange_pair(&mut self, base: Val, expected: Option<[Val; 2]>, new: [Val; 2], claims: Claims) {
        // RBX is the guest's: meanwhile, what it holds is in the state.
        let held = self.mapping.x_pairs().find(|&(_, host)| host == RBX);
        if let Some((guest, _)) = held {
            self.asm.store_slot(x_slot(guest), RBX);
        }
        self.read_into(Width::X, RSI, base);
        self.read_into(Width::X, RCX, new[1]);
        match expected {
            Some([low, high]) => {
                self.read_into(Width::X, RAX, low);
                self.read_into(Width::X, RDX, high);
            }
            None => {
                self.asm.load_slot(RAX, EXCLUSIVE_VALUE);
                self.asm.load_slot(RDX, EXCLUSIVE_VALUE + 8);
            }
        }
        self.read_into(Width::X, RBX, new[0]);
        dynasm!(self.asm.ops ; .arch x64 ; lock cmpxchg16b OWORD [rsi]);
        self.may_fault_with(self.place, Claims { rbx: true, ..claims });
        if let Some((guest, _)) = held {
            self.asm.load_slot(RBX, x_slot(guest));
        }
    }
}
