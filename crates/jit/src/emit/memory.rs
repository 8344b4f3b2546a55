//! Loads and stores. A guest address is a host address, so a guest access is one host instruction; if it faults, the site
//! table leads back to the guest instruction, which the interpreter then runs to find out what is wrong.

use super::*;
use crate::map::{RELEASED, x_slot};
use host::{RAX, RDX};

/// A constant that is stored with so many bytes, if it can be an immediate operand: it is sign-extended.
fn immediate(size: u8, imm: u64) -> Option<i32> {
    match size {
        3 => i32::try_from(imm as i64).ok(),
        _ => Some(imm as i32),
    }
}

impl Emitter<'_> {
    /// A guest address as host operand. RAX and RDX may be used. The flags stay.
    pub(super) fn address(&mut self, at: &Address) -> HostAddress {
        let base = self.read(at.base, RAX);
        let Some((index, extension, shift)) = at.index else {
            return HostAddress {
                base,
                index: None,
                disp: at.disp,
            };
        };
        let index = match extension {
            Some(extension) => {
                let from = self.read(Val::Var(index), RDX);
                self.asm.extend(extension, Width::X, RDX, from);
                RDX
            }
            None => self.read(Val::Var(index), RDX),
        };
        let (index, shift) = if shift > 3 {
            self.asm.lea_scaled(Width::X, RDX, index, 3);
            (RDX, shift - 3)
        } else {
            (index, shift)
        };
        HostAddress {
            base,
            index: Some((index, shift)),
            disp: at.disp,
        }
    }

    /// Before the host instruction of an access: in AArch32, its address wraps at 4 GiB (the address-size prefix).
    pub(super) fn wrap(&mut self) {
        if self.region.a32 {
            dynasmrt::DynasmApi::push(&mut self.asm.ops, 0x67);
        }
    }

    /// The host instruction just emitted may fault.
    pub(super) fn may_fault(&mut self, flags: Place) {
        self.may_fault_with(flags, Claims::default());
    }

    /// The same of an instruction that has taken something for itself.
    pub(super) fn may_fault_with(&mut self, flags: Place, claims: Claims) {
        let end = self.asm.offset() as u32;
        self.sites.push(Site {
            end,
            pc: self.pc,
            flags,
            mapping: self.current as u8,
            claims,
        });
    }

    /// Leaves the instruction to the interpreter unless the address is a multiple of 2^size.
    pub(super) fn aligned(&mut self, size: u8, at: &Address) {
        if size == 0 {
            return;
        }
        self.spill_if_kept();
        let at = self.address(at);
        let mask = (1i32 << size) - 1;
        let mut register = at.base;
        if at.index.is_some() || at.disp & mask != 0 {
            self.asm.lea(Width::W, RAX, at);
            register = RAX;
        }
        self.asm.test(Width::W, register, Source::Imm(mask));
        self.leave_to_interpreter(asm::Cc::Ne);
    }

    pub(super) fn load(&mut self, load: Load, d: Var, at: &Address) {
        let own = self.destination(d, RAX);
        let at = self.address(at);
        self.wrap();
        self.asm.load(load, own, at);
        self.may_fault(self.place);
        self.assign(d, own);
    }

    pub(super) fn store(&mut self, size: u8, a: Val, at: &Address, release: bool) {
        self.plain_store(size, a, at);
        if release {
            self.asm.store_imm(0, 1, HostAddress::state(x_slot(RELEASED)));
        }
    }

    /// Before a load-acquire: what a store-release has written is seen by all. The host orders everything else by itself.
    pub(super) fn after_releases(&mut self) {
        self.spill_if_kept();
        let (label, back) = (self.asm.label(), self.asm.label());
        self.asm.cmp_byte_slot(x_slot(RELEASED), 0);
        self.asm.jcc(asm::Cc::Ne, label);
        self.asm.bind(back);
        self.cold.push(control::Cold::Fence { label, back });
    }

    fn plain_store(&mut self, size: u8, a: Val, at: &Address) {
        let mut at = self.address(at);
        if let Val::Imm(imm) = a
            && let Some(imm) = immediate(size, imm)
        {
            self.wrap();
            self.asm.store_imm(size, imm, at);
            return self.may_fault(self.place);
        }
        let in_register = matches!(a, Val::Var(var) if self.mapping.host(var).is_some());
        if !in_register && at.index.is_some_and(|(index, _)| index == RDX) {
            self.asm.lea(Width::X, RAX, at);
            at = HostAddress {
                base: RAX,
                index: None,
                disp: 0,
            };
        }
        let a = self.read(a, RDX);
        self.wrap();
        self.asm.store(size, a, at);
        self.may_fault(self.place);
    }
}
