//! System calls from translated code (see [`crate::quick`]).

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use super::asm::Cc;
use super::control::Cold;
use super::*;
use crate::enter::Exit;
use crate::map::{ATTENTION, PC_SLOT};
use crate::quick::{self, DirectCall};
use host::{RAX, RDX};

/// The registers of the host's system calls: RDI, RSI, RDX, R10, R8, R9.
const ARGUMENTS: [u8; 6] = [7, 6, 2, 10, 8, 9];
/// What the arguments and SYSCALL itself destroy, besides RAX.
const DESTROYED: [u8; 8] = [7, 6, 2, 10, 8, 9, 1, 11];

impl Emitter<'_> {
    /// A system call by a function of the runtime, which may leave it to the usual way.
    pub(super) fn quick_call(&mut self, next: u64) {
        self.store_flags();
        self.place = Place::Memory;
        self.store_mapped();
        self.asm.mov_imm(RDX, next);
        self.asm.store_slot(PC_SLOT, RDX);
        self.call_or_leave(quick::function(self.region.a32) as i64, Exit::SupervisorCall);
    }

    /// A system call by the host's kernel. One that waits is made outside of translated code, as far as others are concerned: with the whole state
    /// in memory, from where it goes on if this code is gone afterwards.
    pub(super) fn direct_call(&mut self, call: DirectCall, next: u64) {
        self.store_flags();
        self.place = Place::Memory;
        // What other threads were to see comes before the call.
        self.after_releases();
        let moved: Vec<(u8, u8)> = self
            .base
            .x_pairs()
            .filter(|(_, host)| DESTROYED.contains(host))
            .collect();
        if call.waits {
            self.store_mapped();
            self.asm.mov_imm(RDX, next);
            self.asm.store_slot(PC_SLOT, RDX);
        } else {
            for &(guest, host) in &moved {
                self.asm.store_slot(x_slot(guest), host);
            }
        }
        let label = self.asm.label();
        let judged = quick::judged() as i64;
        dynasm!(self.asm.ops ; .arch x64
            ; mov rax, QWORD judged
            ; cmp BYTE [rax], BYTE 0);
        self.asm.jcc(Cc::Ne, label);
        self.cold.push(Cold::Leave {
            label,
            pc: next,
            exit: Exit::SupervisorCall,
            mapping: self.current,
        });
        for (guest, host) in (0..call.arguments).zip(ARGUMENTS) {
            match self.base.host(Var::X(guest)) {
                Some(from) if !DESTROYED.contains(&from) => self.asm.mov(Width::X, host, from),
                _ => self.asm.load_slot(host, x_slot(guest)),
            }
            if !self.region.a32 && call.pointers >> guest & 1 != 0 {
                dynasm!(self.asm.ops ; .arch x64
                    ; shl Rq(host), BYTE 8
                    ; sar Rq(host), BYTE 8);
            }
        }
        self.asm.mov_imm(RAX, call.number as u64);
        let result = self.base.host(Var::X(0));
        if call.waits {
            let wait = self.shared.wait as usize;
            dynasm!(self.asm.ops ; .arch x64 ; call extern wait);
            if let Some(host) = result.filter(|host| !DESTROYED.contains(host)) {
                self.asm.load_slot(host, x_slot(0));
            }
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; syscall);
            if self.region.a32 {
                dynasm!(self.asm.ops ; .arch x64 ; mov eax, eax);
            }
            match result.filter(|host| !DESTROYED.contains(host)) {
                Some(host) => self.asm.mov(Width::X, host, RAX),
                None => self.asm.store_slot(x_slot(0), RAX),
            }
        }
        for (guest, host) in moved {
            self.asm.load_slot(host, x_slot(guest));
        }
        if !call.waits {
            // Whatever it has sent to this thread comes first.
            let label = self.asm.label();
            self.asm.load_slot(RDX, x_slot(ATTENTION));
            dynasm!(self.asm.ops ; .arch x64 ; cmp DWORD [rdx], BYTE 0);
            self.asm.jcc(Cc::Ne, label);
            self.cold.push(Cold::Leave {
                label,
                pc: next,
                exit: Exit::Lookup,
                mapping: self.current,
            });
        }
    }
}
