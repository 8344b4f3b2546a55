//! Floating point and vectors, in SSE and AVX.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::*;
use crate::map::v_slot;

/// Calls `see` with every variable and `vector` with every vector register that an operation names.
pub fn visit(op: &Vector, see: &mut dyn FnMut(Var), vector: &mut dyn FnMut(u8)) {
    match op {
        Vector::Load { d, at, .. } => {
            vector(*d);
            opt::see_address(at, see);
        }
        Vector::Store { a, at, .. } => {
            vector(*a);
            opt::see_address(at, see);
        }
        Vector::LoadLane { d: n, at, .. } | Vector::StoreLane { a: n, at, .. } => {
            vector(*n);
            opt::see_address(at, see);
        }
        Vector::LoadStructures {
            count, d: first, at, ..
        }
        | Vector::StoreStructures {
            count, a: first, at, ..
        } => {
            (0..*count).for_each(|n| vector((first + n) & 31));
            opt::see_address(at, see);
        }
    }
}

impl Emitter<'_> {
    /// The host register that holds V\[n\]; `scratch` (xmm0 to xmm2) is loaded if it is in memory.
    pub(super) fn read_vector(&mut self, n: u8, scratch: u8) -> u8 {
        self.mapping.vector(n).unwrap_or_else(|| {
            memory!(self.asm.ops, HostAddress::state(v_slot(n)), (vmovaps Rx(scratch), OWORD) ());
            scratch
        })
    }

    /// Puts a computed vector where V\[n\] belongs.
    pub(super) fn assign_vector(&mut self, n: u8, from: u8) {
        if self.mapping.vector(n).is_none() {
            memory!(self.asm.ops, HostAddress::state(v_slot(n)), (vmovaps OWORD) (, Rx(from)));
        }
    }

    pub(super) fn vector(&mut self, op: &Vector) {
        match op {
            Vector::Load { size, d, at } => {
                let own = self.mapping.vector(*d).unwrap_or(0);
                let at = self.address(at);
                self.wrap();
                let ops = &mut self.asm.ops;
                match size {
                    0 => {
                        memory!(ops, at, (movzx eax, BYTE) ());
                        dynasm!(ops ; .arch x64 ; vmovd Rx(own), eax);
                    }
                    1 => {
                        memory!(ops, at, (movzx eax, WORD) ());
                        dynasm!(ops ; .arch x64 ; vmovd Rx(own), eax);
                    }
                    2 => memory!(ops, at, (vmovss Rx(own), DWORD) ()),
                    3 => memory!(ops, at, (vmovsd Rx(own), QWORD) ()),
                    _ => memory!(ops, at, (vmovups Rx(own), OWORD) ()),
                }
                self.may_fault(self.place);
                self.assign_vector(*d, own);
            }
            Vector::Store { size, a, at } => {
                let from = self.read_vector(*a, 0);
                let at = self.address(at);
                self.wrap();
                let ops = &mut self.asm.ops;
                match size {
                    0 => memory!(ops, at, (vpextrb BYTE) (, Rx(from), BYTE 0)),
                    1 => memory!(ops, at, (vpextrw WORD) (, Rx(from), BYTE 0)),
                    2 => memory!(ops, at, (vmovss DWORD) (, Rx(from))),
                    3 => memory!(ops, at, (vmovsd QWORD) (, Rx(from))),
                    _ => memory!(ops, at, (vmovups OWORD) (, Rx(from))),
                }
                self.may_fault(self.place);
            }
            Vector::LoadLane { size, d, lane, at } => self.load_lane(*size, *d, *lane, at),
            Vector::StoreLane { size, a, lane, at } => self.store_lane(*size, *a, *lane, at),
            Vector::LoadStructures { size, q, count, d, at } => self.load_structures(*size, *q, *count, *d, at),
            Vector::StoreStructures { size, q, count, a, at } => self.store_structures(*size, *q, *count, *a, at),
        }
    }

    fn load_lane(&mut self, size: u8, d: u8, lane: u8, at: &Address) {
        let at = self.address(at);
        self.wrap();
        let Some(own) = self.mapping.vector(d) else {
            self.asm.load(Load::Zero(size), host::RAX, at);
            self.may_fault(self.place);
            let part = HostAddress::state(v_slot(d) + i32::from(lane << size));
            return self.asm.store(size, host::RAX, part);
        };
        let ops = &mut self.asm.ops;
        let image = lane as i8;
        match (size, lane) {
            (0, _) => memory!(ops, at, (vpinsrb Rx(own), Rx(own), BYTE) (, BYTE image)),
            (1, _) => memory!(ops, at, (vpinsrw Rx(own), Rx(own), WORD) (, BYTE image)),
            (2, _) => memory!(ops, at, (vinsertps Rx(own), Rx(own), DWORD) (, BYTE image << 4)),
            (_, 0) => memory!(ops, at, (vmovlps Rx(own), Rx(own), QWORD) ()),
            _ => memory!(ops, at, (vmovhps Rx(own), Rx(own), QWORD) ()),
        }
        self.may_fault(self.place);
    }

    fn store_lane(&mut self, size: u8, a: u8, lane: u8, at: &Address) {
        let Some(own) = self.mapping.vector(a) else {
            // (What a lane is loaded to may be a part of the address.)
            let from = HostAddress::state(v_slot(a) + i32::from(lane << size));
            let mut to = self.address(at);
            if to.index.is_some_and(|(index, _)| index == host::RDX) {
                self.asm.lea(Width::X, host::RAX, to);
                to = HostAddress {
                    base: host::RAX,
                    index: None,
                    disp: 0,
                };
            }
            self.asm.load(Load::Zero(size), host::RDX, from);
            self.wrap();
            self.asm.store(size, host::RDX, to);
            return self.may_fault(self.place);
        };
        let at = self.address(at);
        self.wrap();
        let ops = &mut self.asm.ops;
        let image = lane as i8;
        match (size, lane) {
            (0, _) => memory!(ops, at, (vpextrb BYTE) (, Rx(own), BYTE image)),
            (1, _) => memory!(ops, at, (vpextrw WORD) (, Rx(own), BYTE image)),
            (2, 0) => memory!(ops, at, (vmovss DWORD) (, Rx(own))),
            (2, _) => memory!(ops, at, (vextractps DWORD) (, Rx(own), BYTE image)),
            (_, 0) => memory!(ops, at, (vmovlps QWORD) (, Rx(own))),
            _ => memory!(ops, at, (vmovhps QWORD) (, Rx(own))),
        }
        self.may_fault(self.place);
    }
}
