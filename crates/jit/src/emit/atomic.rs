//! Exclusive and atomic accesses as the host's locked instructions. Every one of them stands behind a check of its alignment.
//!
//! The address is in RDX, the operand in RCX; temporaries are not in use here.

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
                self.asm.store_slot(EXCLUSIVE_ADDRESS, RDX);
                self.asm.store_slot(EXCLUSIVE_VALUE, RAX);
                self.asm.store_slot_imm(EXCLUSIVE_SIZE, 1 << size);
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
            AtomicOp::Logic { op, d, a } => {
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
            AtomicOp::CompareSwap { expected, new } => {
                self.read_into(Width::X, RAX, Val::Var(expected));
                self.read_into(Width::X, RCX, new);
                sized!(self.asm.ops, size, cmpxchg, RCX);
                self.finish_atomic(size, expected);
            }
        }
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

    /// Stores if the monitor was set for this access, and the memory still has the value that the load saw.
    fn store_exclusive(&mut self, size: u8, status: Var, a: Val) {
        let (failed, done) = (self.asm.label(), self.asm.label());
        self.read_into(Width::X, RCX, a);
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_ADDRESS), (cmp rdx, QWORD) ());
        self.asm.jcc(Cc::Ne, failed);
        memory!(self.asm.ops, HostAddress::state(EXCLUSIVE_SIZE), (cmp QWORD) (, DWORD 1 << size));
        self.asm.jcc(Cc::Ne, failed);
        self.asm.load_slot(RAX, EXCLUSIVE_VALUE);
        sized!(self.asm.ops, size, cmpxchg, RCX);
        self.may_fault(self.place);
        self.asm.setcc(Cc::Ne, RAX);
        self.asm.extend(Extend::U8, Width::W, RAX, RAX);
        self.asm.jmp(done);
        self.asm.bind(failed);
        self.asm.mov_imm(RAX, 1);
        self.asm.bind(done);
        self.asm.store_slot_imm(EXCLUSIVE_SIZE, 0);
        self.assign(status, RAX);
    }
}
