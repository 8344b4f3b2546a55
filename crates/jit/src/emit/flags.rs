//! Where the guest's flags are, and what conditions cost there.

use super::asm::{Cc, HostAddress, memory};
use super::*;
use crate::map::FLAGS_SLOT;
use dynasmrt::{DynasmApi, dynasm};

const N: i32 = FLAGS_SLOT;
const Z: i32 = FLAGS_SLOT + 1;
const C: i32 = FLAGS_SLOT + 2;
const V: i32 = FLAGS_SLOT + 3;

/// Where the guest's NZCV are. N, Z and V are SF, ZF and OF in EFLAGS; the carry differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In `State::flags`.
    Memory,
    /// In EFLAGS after a subtraction: C is the inverse of CF.
    Sub,
    /// In EFLAGS after an addition: C is CF.
    Add,
    /// In EFLAGS after a logical operation: C and V are 0.
    Logic,
    /// In EFLAGS after a floating-point comparison of a with b, or of b with a if `reversed`: CF less, ZF equal, and with PF
    /// all three unordered.
    Float {
        /// The operands are the other way round.
        reversed: bool,
    },
}

impl Emitter<'_> {
    /// Copies the flags from EFLAGS, which keep them, to the state.
    pub(super) fn store_flags(&mut self) {
        let carry = match self.place {
            Place::Memory => return,
            Place::Float { reversed } => return self.store_float_flags(reversed),
            Place::Sub => Cc::Ae,
            Place::Add | Place::Logic => Cc::B,
        };
        self.asm.setcc_slot(Cc::S, N);
        self.asm.setcc_slot(Cc::E, Z);
        self.asm.setcc_slot(carry, C);
        self.asm.setcc_slot(Cc::O, V);
    }

    fn store_float_flags(&mut self, reversed: bool) {
        let (less, not_less) = if reversed { (Cc::A, Cc::Be) } else { (Cc::B, Cc::Ae) };
        self.asm.setcc_slot(less, N);
        self.asm.setcc_slot(Cc::E, Z);
        self.asm.setcc_slot(not_less, C);
        self.asm.setcc_slot(Cc::P, V);
        let ordered = self.asm.label();
        self.asm.jcc(Cc::Np, ordered);
        self.asm.store_imm(2, 0x0101_0000, HostAddress::state(N));
        self.asm.bind(ordered);
    }

    /// Flags in memory = a constant.
    pub(super) fn store_constant_flags(&mut self, nzcv: u8) {
        let bytes = [8, 4, 2, 1].map(|bit| u8::from(nzcv & bit != 0));
        self.asm.store_imm(2, i32::from_le_bytes(bytes), HostAddress::state(N));
    }

    /// Before an operation that destroys EFLAGS: saves the flags if somebody still wants them.
    pub(super) fn spill_if_kept(&mut self) {
        if self.keep {
            self.store_flags();
            self.place = Place::Memory;
            self.keep = false;
        }
    }

    /// CF = the inverse of the guest's carry, as SBB wants it; or CF = carry, as ADC wants it.
    pub(super) fn carry_to_cf(&mut self, inverse: bool) {
        if let Place::Float { .. } = self.place {
            self.store_flags();
            self.place = Place::Memory;
        }
        let is_inverse = match self.place {
            Place::Sub => true,
            Place::Add | Place::Logic => false,
            Place::Memory | Place::Float { .. } => {
                let at = HostAddress::state(C);
                memory!(self.asm.ops, at, (cmp BYTE) (, BYTE 1));
                true
            }
        };
        if is_inverse != inverse {
            dynasm!(self.asm.ops ; .arch x64 ; cmc);
        }
    }

    /// Makes EFLAGS answer a guest condition (0 to 13) and returns how to ask. AL is scratch when the flags are in memory.
    pub(super) fn condition(&mut self, cond: u8) -> Cc {
        if let Place::Float { reversed } = self.place {
            return self.condition_of_float(cond, reversed);
        }
        if self.place == Place::Memory {
            return self.condition_in_memory(cond);
        }
        let compound = matches!(cond >> 1, 4);
        if self.place == Place::Add && compound {
            // C && !Z: with the carry inverted, it is what a subtraction leaves.
            dynasm!(self.asm.ops ; .arch x64 ; cmc);
            self.place = Place::Sub;
        }
        let positive = match (cond >> 1, self.place) {
            (0, _) => Cc::E,
            (1, Place::Sub) => Cc::Ae,
            (1, _) => Cc::B,
            (2, _) => Cc::S,
            (3, _) => Cc::O,
            (4, Place::Logic) => Cc::B,
            (4, _) => Cc::A,
            (5, _) => Cc::Ge,
            _ => Cc::G,
        };
        if cond & 1 == 0 { positive } else { positive.not() }
    }

    fn condition_of_float(&mut self, cond: u8, reversed: bool) -> Cc {
        let positive = match (cond >> 1, reversed) {
            (1, true) => Cc::Be,
            (2, true) => Cc::A,
            (4, true) => Cc::B,
            (5, false) => Cc::Ae,
            (6, false) => Cc::A,
            (3, _) => Cc::P,
            _ => {
                self.store_flags();
                self.place = Place::Memory;
                self.keep = false;
                return self.condition_in_memory(cond);
            }
        };
        if cond & 1 == 0 { positive } else { positive.not() }
    }

    fn condition_in_memory(&mut self, cond: u8) -> Cc {
        let ops = &mut self.asm.ops;
        let at = HostAddress::state;
        let positive = match cond >> 1 {
            pair @ 0..=3 => {
                let slot = [Z, C, N, V][usize::from(pair)];
                memory!(ops, at(slot), (cmp BYTE) (, BYTE 0));
                Cc::Ne
            }
            4 => {
                memory!(ops, at(Z), (mov al, BYTE) ());
                memory!(ops, at(C), (cmp al, BYTE) ());
                Cc::B
            }
            5 => {
                memory!(ops, at(N), (mov al, BYTE) ());
                memory!(ops, at(V), (cmp al, BYTE) ());
                Cc::E
            }
            _ => {
                memory!(ops, at(N), (mov al, BYTE) ());
                memory!(ops, at(V), (xor al, BYTE) ());
                memory!(ops, at(Z), (or al, BYTE) ());
                Cc::E
            }
        };
        if cond & 1 == 0 { positive } else { positive.not() }
    }

    /// EFLAGS = constant flags, placed as after a subtraction.
    pub(super) fn constant_flags(&mut self, nzcv: u8) {
        let [n, z, c, v] = [8, 4, 2, 1].map(|bit| nzcv & bit != 0);
        if v {
            dynasm!(self.asm.ops ; .arch x64 ; mov al, 127 ; add al, 1);
        } else {
            dynasm!(self.asm.ops ; .arch x64 ; xor eax, eax);
        }
        let image = i8::from(n).wrapping_shl(7) | i8::from(z) << 6 | i8::from(!c);
        dynasm!(self.asm.ops ; .arch x64 ; mov ah, BYTE image ; sahf);
    }

    /// d = cond ? a : otherwise(b)
    pub(super) fn select(&mut self, w: Width, d: Var, cond: u8, a: Val, b: Val, otherwise: Otherwise) {
        if cond >= 14 {
            return self.mov(w, d, a);
        }
        let cc = self.condition(cond);
        if let (Val::Imm(0), Val::Imm(0), Otherwise::Inc | Otherwise::Not) = (a, b, otherwise) {
            self.asm.setcc(cc.not(), host::RAX);
            let to = self.destination(d, host::RAX);
            self.asm.extend(Extend::U8, Width::W, to, host::RAX);
            if otherwise == Otherwise::Not {
                // 0 or 1 becomes 0 or all ones: 0 - x, without touching EFLAGS.
                self.asm.not(w, to);
                self.asm.lea(
                    w,
                    to,
                    HostAddress {
                        base: to,
                        index: None,
                        disp: 1,
                    },
                );
            }
            return self.assign(d, to);
        }
        if let (Otherwise::Same, Some(to)) = (otherwise, self.mapping.host(d)) {
            if self.is_in(a, to) && !self.is_in(b, to) {
                let b = self.cmov_source(b);
                return self.asm.cmov(cc.not(), w, to, b);
            }
            if !self.is_in(a, to) {
                self.read_into(w, to, b);
                let a = self.cmov_source(a);
                return self.asm.cmov(cc, w, to, a);
            }
        }
        self.read_into(w, host::RAX, b);
        match otherwise {
            Otherwise::Same => {}
            Otherwise::Inc => self.asm.lea(
                w,
                host::RAX,
                HostAddress {
                    base: host::RAX,
                    index: None,
                    disp: 1,
                },
            ),
            Otherwise::Not => self.asm.not(w, host::RAX),
            Otherwise::Neg => {
                self.asm.not(w, host::RAX);
                self.asm.lea(
                    w,
                    host::RAX,
                    HostAddress {
                        base: host::RAX,
                        index: None,
                        disp: 1,
                    },
                );
            }
        }
        let a = self.cmov_source(a);
        self.asm.cmov(cc, w, host::RAX, a);
        self.assign(d, host::RAX);
    }

    fn cmov_source(&mut self, val: Val) -> Source {
        match val {
            Val::Imm(imm) => {
                self.asm.mov_imm(host::RDX, imm);
                Source::Reg(host::RDX)
            }
            Val::Var(_) => self.source(Width::X, val, host::RDX),
        }
    }

    /// flags = cond ? flags(a - b or a + b) : nzcv
    pub(super) fn compare(&mut self, w: Width, cond: u8, a: Val, b: Val, negative: bool, nzcv: u8) {
        let otherwise = self.asm.label();
        let done = self.asm.label();
        if cond < 14 {
            let cc = self.condition(cond);
            self.asm.jcc(cc.not(), otherwise);
        }
        self.alu(if negative { Alu::Add } else { Alu::Sub }, w, None, a, b, true);
        if negative {
            dynasm!(self.asm.ops ; .arch x64 ; cmc);
        }
        if cond < 14 {
            self.asm.jmp(done);
            self.asm.bind(otherwise);
            self.constant_flags(nzcv);
            self.asm.bind(done);
        } else {
            self.asm.bind(otherwise);
            self.asm.bind(done);
        }
        self.place = Place::Sub;
    }
}
