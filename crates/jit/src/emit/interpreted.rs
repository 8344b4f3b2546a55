//! Calls of the host's functions from translated code, with the guest's registers in the state: of the interpreter, for what is not translated.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::control::Cold;
use super::*;
use crate::enter::Exit;
use crate::map::x_slot;

impl Emitter<'_> {
    /// Calls the interpreter's function, with the whole state in memory.
    pub(super) fn fallback(&mut self, insn: armlet_decoder::a64::Insn) {
        let insn = Box::new(insn);
        let pointer = &raw const *insn as i64;
        self.insns.push(insn);
        let function = if self.standard {
            self.shared.fallback_standard
        } else {
            self.shared.fallback
        };
        self.interpreted(pointer, function as i64);
    }

    /// [`Op::Fallback32`].
    pub(super) fn fallback32(&mut self, insn: armlet_decoder::a32::Insn, len: u8) {
        let insn = Box::new((insn, len));
        let pointer = &raw const *insn as i64;
        self.insns32.push(insn);
        self.interpreted(pointer, self.shared.fallback32 as i64);
    }

    /// Calls a function of the interpreter for an instruction.
    fn interpreted(&mut self, pointer: i64, function: i64) {
        self.store_flags();
        self.place = Place::Memory;
        let pc = self.pc as i64;
        self.store_mapped();
        dynasm!(self.asm.ops ; .arch x64
            ; mov rsi, QWORD pointer
            ; mov rdx, QWORD pc);
        self.call_or_leave(function, Exit::Trap);
    }

    /// Calls a function of the host behind [`Emitter::store_mapped`]; leaves translated code in this way if it does not answer 0.
    pub(super) fn call_or_leave(&mut self, function: i64, exit: Exit) {
        self.call_host(function);
        let label = self.asm.label();
        dynasm!(self.asm.ops ; .arch x64
            ; test eax, eax
            ; jne =>label);
        self.cold.push(Cold::Left {
            label,
            pc: self.pc,
            exit,
        });
        self.load_mapped();
    }

    /// Calls the interpreter's function with the instruction in RSI and its address in RDX, which does not trap.
    pub(super) fn call_interpreter(&mut self, standard: bool) {
        self.store_mapped();
        let function = if standard {
            self.shared.fallback_standard
        } else {
            self.shared.fallback
        };
        self.call_host(function as i64);
        self.load_mapped();
    }

    /// Calls a function of the host with the state as first argument.
    pub(super) fn call_host(&mut self, function: i64) {
        dynasm!(self.asm.ops ; .arch x64
            ; lea rdi, [rbp - crate::map::BIAS]
            ; mov rax, QWORD function
            // Its stack must be 16-aligned. RBX has been stored, and its function keeps it.
            ; mov rbx, rsp
            ; and rsp, BYTE -16
            ; call rax
            ; mov rsp, rbx);
    }

    pub(super) fn store_mapped(&mut self) {
        let mapping = self.base.clone();
        mapping
            .x_pairs()
            .for_each(|(guest, host)| self.asm.store_slot(x_slot(guest), host));
        mapping
            .v_pairs()
            .for_each(|(guest, host)| self.store_vector_slot(guest, host));
    }

    pub(super) fn load_mapped(&mut self) {
        let mapping = self.base.clone();
        mapping
            .x_pairs()
            .for_each(|(guest, host)| self.asm.load_slot(host, x_slot(guest)));
        mapping
            .v_pairs()
            .for_each(|(guest, host)| self.load_vector_slot(guest, host));
    }
}
