//! LD2 to LD4 and ST2 to ST4: structures in memory, one register per member.
//!
//! All of the memory is touched before the first register changes.

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::simd::shuffle;
use super::simd_lanes::Avx::*;
use super::simd_lanes::{Avx, X0, X1, X2};
use super::*;

/// Where an access goes, `offset` bytes on.
fn further(at: HostAddress, offset: u8) -> HostAddress {
    HostAddress {
        disp: at.disp + i32::from(offset),
        ..at
    }
}

impl Emitter<'_> {
    /// d = 16 or (if `half`) 8 bytes of guest memory.
    fn load_chunk(&mut self, half: bool, d: u8, at: HostAddress) {
        self.wrap();
        match half {
            true => memory!(self.asm.ops, at, (vmovsd Rx(d), QWORD) ()),
            false => memory!(self.asm.ops, at, (vmovups Rx(d), OWORD) ()),
        }
        self.may_fault(self.place);
    }

    fn store_chunk(&mut self, half: bool, a: u8, at: HostAddress) {
        self.wrap();
        match half {
            true => memory!(self.asm.ops, at, (vmovsd QWORD) (, Rx(a))),
            false => memory!(self.asm.ops, at, (vmovups OWORD) (, Rx(a))),
        }
        self.may_fault(self.place);
    }

    pub(super) fn load_structures(&mut self, size: u8, q: bool, count: u8, d: u8, at: &Address) {
        let at = self.address(at);
        match (q, count) {
            (true, 2) => self.load_pairs(size, d, at),
            (true, 4) => self.load_fours(size, d, at),
            _ => self.load_by_bytes(size, q, count, d, at),
        }
    }

    /// Puts a whole result where V\[d\] belongs.
    fn give(&mut self, op: Avx, d: u8, a: u8, b: u8) {
        let out = self.out(true, d & 31);
        self.avx(op, out, a, b);
        self.finish(true, d & 31, out);
    }

    fn load_pairs(&mut self, size: u8, d: u8, at: HostAddress) {
        self.load_chunk(false, X0, at);
        self.load_chunk(false, X1, further(at, 16));
        if size < 3 {
            // First members to the lower half, second ones to the upper half.
            let select = shuffle(|n| {
                let (member, byte) = (n / 8, n % 8);
                (byte >> size) << (size + 1) | member << size | byte & ((1 << size) - 1)
            });
            self.avx_constant(vpshufb, X0, X0, select);
            self.avx_constant(vpshufb, X1, X1, select);
        }
        self.give(vpunpcklqdq, d, X0, X1);
        self.give(vpunpckhqdq, d + 1, X0, X1);
    }

    /// A part of the structures, with what belongs to a member in one word each.
    fn load_words(&mut self, size: u8, to: u8, at: HostAddress) {
        self.load_chunk(false, to, at);
        if size < 2 {
            let select = shuffle(|n| {
                let (member, byte) = (n / 4, n % 4);
                (byte >> size) << (size + 2) | member << size | byte & ((1 << size) - 1)
            });
            self.avx_constant(vpshufb, to, to, select);
        }
    }

    fn load_fours(&mut self, size: u8, d: u8, at: HostAddress) {
        self.load_chunk(false, X1, further(at, 48));
        if size == 3 {
            for (member, offset) in [(0, 0), (2, 16)] {
                self.load_chunk(false, X0, further(at, offset));
                self.load_chunk(false, X1, further(at, offset + 32));
                self.give(vpunpcklqdq, d + member, X0, X1);
                self.give(vpunpckhqdq, d + member + 1, X0, X1);
            }
            return;
        }
        self.load_words(size, X0, at);
        self.load_words(size, X1, further(at, 16));
        self.give(vpunpckldq, d + 1, X0, X1);
        self.give(vpunpckhdq, d + 3, X0, X1);
        self.load_words(size, X0, further(at, 32));
        self.load_words(size, X1, further(at, 48));
        self.avx(vpunpckldq, X2, X0, X1);
        self.avx(vpunpckhdq, X0, X0, X1);
        // X2 and X0 are the second halves of members 0 and 1, and of 2 and 3.
        for (low, high, halves) in [(0, 1, X2), (2, 3, X0)] {
            let first = self.read_vector((d + high) & 31, X1);
            let out = self.mapping.vector((d + low) & 31).unwrap_or(X1);
            self.avx(vpunpcklqdq, out, first, halves);
            self.assign_vector((d + low) & 31, out);
            let first = self.read_vector((d + high) & 31, X1);
            let out = self.mapping.vector((d + high) & 31).unwrap_or(X1);
            self.avx(vpunpckhqdq, out, first, halves);
            self.assign_vector((d + high) & 31, out);
        }
    }

    /// Any structures: the bytes of each register are gathered from all of the memory.
    fn load_by_bytes(&mut self, size: u8, q: bool, count: u8, d: u8, at: HostAddress) {
        let width = if q { 16 } else { 8 };
        let bytes = width * count;
        for member in 0..count {
            for chunk in 0..bytes.div_ceil(16) {
                let select = shuffle(|n| {
                    let from = ((n >> size) * count + member) << size | n & ((1 << size) - 1);
                    if n < width && from / 16 == chunk {
                        from % 16
                    } else {
                        0x80
                    }
                });
                self.load_chunk(bytes - 16 * chunk < 16, X0, further(at, 16 * chunk));
                if chunk == 0 {
                    self.avx_constant(vpshufb, X2, X0, select);
                } else {
                    self.avx_constant(vpshufb, X0, X0, select);
                    self.avx(vpor, X2, X2, X0);
                }
            }
            self.finish(true, (d + member) & 31, X2);
        }
    }

    pub(super) fn store_structures(&mut self, size: u8, q: bool, count: u8, a: u8, at: &Address) {
        let at = self.address(at);
        let (low, high) = [
            (vpunpcklbw, vpunpckhbw),
            (vpunpcklwd, vpunpckhwd),
            (vpunpckldq, vpunpckhdq),
            (vpunpcklqdq, vpunpckhqdq),
        ][usize::from(size & 3)];
        match (q, count) {
            (true, 2) => {
                let (first, second) = (self.read_vector(a, X0), self.read_vector((a + 1) & 31, X1));
                self.avx(low, X2, first, second);
                self.store_chunk(false, X2, at);
                self.avx(high, X2, first, second);
                self.store_chunk(false, X2, further(at, 16));
            }
            (true, 4) => {
                for (zip, offset) in [(low, 0), (high, 32)] {
                    let (first, third) = (self.read_vector(a, X0), self.read_vector((a + 2) & 31, X1));
                    self.avx(zip, X0, first, third);
                    let (second, fourth) = (self.read_vector((a + 1) & 31, X1), self.read_vector((a + 3) & 31, X2));
                    self.avx(zip, X1, second, fourth);
                    self.avx(low, X2, X0, X1);
                    self.store_chunk(false, X2, further(at, offset));
                    self.avx(high, X2, X0, X1);
                    self.store_chunk(false, X2, further(at, offset + 16));
                }
            }
            _ => self.store_by_bytes(size, q, count, a, at),
        }
    }

    fn store_by_bytes(&mut self, size: u8, q: bool, count: u8, a: u8, at: HostAddress) {
        let bytes = if q { 16 } else { 8 } * count;
        for chunk in 0..bytes.div_ceil(16) {
            for member in 0..count {
                let select = shuffle(|n| {
                    let to = 16 * chunk + n;
                    let element = to >> size;
                    if element % count == member && to < bytes {
                        (element / count) << size | to & ((1 << size) - 1)
                    } else {
                        0x80
                    }
                });
                let from = self.read_vector((a + member) & 31, X0);
                if member == 0 {
                    self.avx_constant(vpshufb, X2, from, select);
                } else {
                    self.avx_constant(vpshufb, X0, from, select);
                    self.avx(vpor, X2, X2, X0);
                }
            }
            self.store_chunk(bytes - 16 * chunk < 16, X2, further(at, 16 * chunk));
        }
    }
}
