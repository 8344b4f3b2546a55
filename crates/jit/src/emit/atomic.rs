//! Exclusive and atomic accesses as the host's locked instructions. Every one of them stands behind a check of its alignment.
//!
//! The address is in RDX, the operand in RCX.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::{Cc, HostAddress, memory};
use super::*;
use crate::map::{EXCLUSIVE_ADDRESS, EXCLUSIVE_SIZE, EXCLUSIVE_VALUE};
use host::{RAX, RCX, RDX, RSI};

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
                self.asm.load(Load::Zero(size), RAX, at);
                self.may_fault(self.place);
                self.set_monitor(size);
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

    /// Stores if the memory still has the value that the load saw. A monitor that was not set for this access (or an address with a tag, which
    /// looks like that) is the interpreter's.
    fn store_exclusive(&mut self, size: u8, status: Var, a: Val) {
        self.read_into(Width::X, RCX, a);
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_ADDRESS), (cmp rdx, QWORD) ());
        self.leave_to_interpreter(Cc::Ne);
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_SIZE), (cmp QWORD) (, DWORD 1 << size));
        self.leave_to_interpreter(Cc::Ne);
        self.asm.load_slot(RAX, EXCLUSIVE_VALUE);
        sized!(self.asm.ops, size, cmpxchg, RCX);
        self.may_fault(self.place);
        self.asm.setcc(Cc::Ne, RAX);
        self.asm.extend(Extend::U8, Width::W, RAX, RAX);
        self.asm.store_slot_imm(EXCLUSIVE_SIZE, 0);
        self.assign(status, RAX);
    }
}
