//! FPSCR, in AArch32: its flags apart from CPSR's, its cumulative bits, and the control bits that translated code is made for.

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::Cc;
use super::*;
use crate::map::{COMPARED, FPSCR_FLAGS, FPSR_READ, FPSR_SLOT, x_slot};
use armlet_cpu::fp::fpsr;
use host::{RAX, RDX};

/// The bits of FPSCR that are neither flags nor cumulative.
const FPSCR_CONTROL: u32 = !(0xf000_0000 | fpsr::WRITABLE);

impl Emitter<'_> {
    /// [`Op::CompareFpscr`]
    pub(super) fn compare_fpscr(&mut self, comparison: Comparison) {
        self.store_flags();
        self.place = Place::Memory;
        self.keep = false;
        self.compare_numbers(comparison, false);
        self.keep_fpscr();
        self.place = Place::Memory;
    }

    /// [`Op::CopyFpscr`]: what [`Emitter::keep_fpscr`] has kept, if it is there.
    pub(super) fn copy_fpscr(&mut self) {
        self.asm.load(Load::Zero(2), RAX, HostAddress::state(x_slot(COMPARED)));
        dynasm!(self.asm.ops ; .arch x64 ; test al, al);
        self.leave_to_interpreter(Cc::Ne);
        dynasm!(self.asm.ops ; .arch x64 ; sahf);
        self.place = Place::Float { reversed: false };
    }

    /// [`Op::ReadFpscr`]. Its control bits are known; its cumulative bits are in the state and in MXCSR, its flags where [`COMPARED`] says.
    pub(super) fn read_fpscr(&mut self, d: Var) {
        const LESS: i32 = 8 << 28;
        const EQUAL: i32 = 6 << 28;
        const GREATER: i32 = 2 << 28;
        const UNORDERED: i32 = 3 << 28;
        self.spill_if_kept();
        let control = self.shared.numbers.fpcr as i32;
        let [in_state, reversed, both, done] = std::array::from_fn(|_| self.asm.label());
        self.asm.load(Load::Zero(2), RAX, HostAddress::state(x_slot(COMPARED)));
        dynasm!(self.asm.ops ; .arch x64
            ; test al, 2
            ; jne =>in_state
            ; test al, 1
            ; jne =>reversed
            ; sahf
            ; mov edx, GREATER
            ; mov eax, LESS
            ; cmovb edx, eax
            ; jmp =>both
            ;=>reversed
            ; sahf
            ; mov edx, GREATER
            ; mov eax, LESS
            ; cmova edx, eax
            ;=>both
            ; mov eax, EQUAL
            ; cmove edx, eax
            ; mov eax, UNORDERED
            ; cmovp edx, eax
            ; jmp =>done
            ;=>in_state);
        self.asm.load(Load::Zero(2), RDX, HostAddress::state(FPSCR_FLAGS));
        dynasm!(self.asm.ops ; .arch x64
            // From one byte each to bits 31 to 28.
            ; imul edx, edx, 1 << 31 | 1 << 22 | 1 << 13 | 1 << 4
            ; and edx, 0xf000_0000_u32 as i32
            ;=>done
            ; stmxcsr [rsp - 8]
            ; mov eax, [rsp - 8]
            ; and eax, BYTE 1
            ; or edx, eax
            ; mov eax, [rsp - 8]
            ; shr eax, 1
            ; and eax, BYTE 0x1e
            ; or edx, eax
            ; or edx, [rbp + FPSR_SLOT]
            ; or edx, DWORD control
            ; mov BYTE [rbp + FPSR_READ], 1);
        self.assign(d, RDX);
    }

    /// [`Op::KeepFpscr`]: what EFLAGS say of the comparison is kept as it is (see [`crate::map::COMPARED`]). EFLAGS stay.
    pub(super) fn keep_fpscr(&mut self) {
        let Place::Float { reversed } = self.place else { return };
        let reversed = i8::from(reversed);
        dynasm!(self.asm.ops ; .arch x64 ; lahf ; mov al, BYTE reversed);
        self.asm.store(2, RAX, HostAddress::state(x_slot(COMPARED)));
    }

    /// [`Op::KeepsControl`]
    pub(super) fn keeps_control(&mut self, a: Val) {
        self.spill_if_kept();
        self.read_into(Width::W, host::RAX, a);
        self.asm
            .alu(Alu::And, Width::W, host::RAX, Source::Imm(FPSCR_CONTROL as i32));
        self.asm
            .cmp(Width::W, host::RAX, Source::Imm(self.shared.numbers.fpcr as i32));
        self.leave_to_interpreter(Cc::Ne);
    }
}
