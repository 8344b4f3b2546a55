//! From one mapping of guest registers to another, through the state.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::{HostAddress, memory};
use super::*;
use crate::map::{V_HOSTS, v_slot};
use host::RBP;

impl Emitter<'_> {
    /// From one of the mappings to another, through the state. The flags and RAX stay.
    pub(super) fn transition(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        let (from, to) = (&self.plan.mappings[from].clone(), &self.plan.mappings[to].clone());
        for (guest, host) in from
            .x_pairs()
            .filter(|&(guest, host)| to.host(Var::X(guest)) != Some(host))
        {
            self.asm.store_slot(x_slot(guest), host);
        }
        self.join(from, to);
        self.part(from, to);
        let moved = |guest: u8| !from.halves.is_half(guest) && !to.halves.is_half(guest);
        for (guest, host) in from.v_pairs() {
            if moved(guest) && to.vector(guest) != Some(host) {
                self.store_vector_slot(guest, host);
            }
        }
        for (guest, host) in to
            .x_pairs()
            .filter(|&(guest, host)| from.host(Var::X(guest)) != Some(host))
        {
            self.asm.load_slot(host, x_slot(guest));
        }
        for (guest, host) in to.v_pairs() {
            if moved(guest) && from.vector(guest) != Some(host) {
                self.load_vector_slot(guest, host);
            }
        }
        for (low, high) in from.halves.pairs() {
            let Some(own) = to.vector(low) else { continue };
            if from.vector(low) != Some(own) {
                self.load_half(v_slot(low), own);
            }
            // (From where it has been stored in one piece.)
            let upper = if from.vector(high).is_some() {
                v_slot(low) + 8
            } else {
                v_slot(high)
            };
            memory!(self.asm.ops, HostAddress::state(upper), (vmovhps Rx(own), Rx(own), QWORD) ());
        }
        for (low, high) in to.halves.pairs() {
            if let Some(own) = to.vector(low).filter(|&own| from.vector(low) != Some(own)) {
                self.load_half(v_slot(low), own);
            }
            if let Some(own) = to.vector(high) {
                self.load_half(v_slot(high), own);
            }
        }
    }

    /// Before registers are loaded: stores what `from` has in two, as one.
    pub(super) fn join(&mut self, from: &Mapping, to: &Mapping) {
        for (low, high) in from.halves.pairs() {
            if let Some(host) = from.vector(low).filter(|&host| to.vector(low) != Some(host)) {
                self.store_half(v_slot(low), host);
            }
            match from.vector(high) {
                Some(host) => self.store_half(v_slot(low) + 8, host),
                None if to.vector(low).is_none() => self.copy_half(v_slot(low) + 8, v_slot(high)),
                None => {}
            }
        }
    }

    /// The same of what is two in `to`.
    pub(super) fn part(&mut self, from: &Mapping, to: &Mapping) {
        for (low, high) in to.halves.pairs() {
            let Some(host) = from.vector(low) else {
                self.copy_half(v_slot(high), v_slot(low) + 8);
                continue;
            };
            memory!(self.asm.ops, HostAddress::state(v_slot(high)), (vmovhps QWORD) (, Rx(host)));
            if to.vector(low) != Some(host) {
                self.store_half(v_slot(low), host);
            }
        }
    }

    pub(super) fn load_half(&mut self, slot: i32, host: u8) {
        memory!(self.asm.ops, HostAddress::state(slot), (vmovsd Rx(host), QWORD) ());
    }

    pub(super) fn store_half(&mut self, slot: i32, host: u8) {
        memory!(self.asm.ops, HostAddress::state(slot), (vmovsd QWORD) (, Rx(host)));
    }

    pub(super) fn copy_half(&mut self, to: i32, from: i32) {
        self.load_half(from, 0);
        self.store_half(to, 0);
    }

    pub(super) fn store_vector_slot(&mut self, guest: u8, host: u8) {
        memory!(self.asm.ops, HostAddress::state(v_slot(guest)), (vmovaps OWORD) (, Rx(host)));
    }

    pub(super) fn load_vector_slot(&mut self, guest: u8, host: u8) {
        memory!(self.asm.ops, HostAddress::state(v_slot(guest)), (vmovaps Rx(host), OWORD) ());
    }
}

/// Loads or stores all canonical registers of the state in RBP.
pub(crate) fn move_canonical(asm: &mut Asm, a32: bool, store: bool) {
    let canonical = Mapping::canonical(a32);
    for (guest, host) in canonical.x_pairs() {
        if store {
            asm.store_slot(x_slot(guest), host);
        } else {
            asm.load_slot(host, x_slot(guest));
        }
    }
    debug_assert!(canonical.v_pairs().count() == V_HOSTS.len());
    for (guest, host) in canonical.v_pairs() {
        let at = HostAddress {
            base: RBP,
            index: None,
            disp: v_slot(guest),
        };
        if store {
            memory!(asm.ops, at, (vmovaps OWORD) (, Rx(host)));
        } else {
            memory!(asm.ops, at, (vmovaps Rx(host), OWORD) ());
        }
    }
}
