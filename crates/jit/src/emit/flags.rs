//! Where the guest's flags are, and what conditions cost there.

use super::asm::{Cc, HostAddress};
use super::*;
use crate::map::{FLAG_C_CLEAR, FLAG_N, FLAG_V, FLAG_Z, PACKED_FLAGS, pack_flags, x_slot};
use armlet_cpu::a64::Flags as Nzcv;
use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

/// Where packed flags are (see [`crate::map::pack_flags`]).
const PACKED: i32 = x_slot(PACKED_FLAGS);

/// Where the guest's NZCV are. N, Z and V are SF, ZF and OF in EFLAGS; the carry differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, packed.
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
    /// Copies the flags from EFLAGS to memory; EFLAGS keep them, and [`Place`] says how. RAX is destroyed.
    pub(super) fn store_flags(&mut self) {
        match self.place {
            Place::Memory => return,
            Place::Float { reversed } => return self.store_float_flags(reversed),
            Place::Add | Place::Logic => {
                dynasm!(self.asm.ops ; .arch x64 ; cmc);
                self.place = Place::Sub;
            }
            Place::Sub => {}
        }
        dynasm!(self.asm.ops ; .arch x64 ; lahf);
        self.asm.setcc(Cc::O, host::RAX);
        self.asm.store(2, host::RAX, HostAddress::state(PACKED));
    }

    /// EFLAGS are lost.
    fn store_float_flags(&mut self, reversed: bool) {
        let (unordered, done) = (self.asm.label(), self.asm.label());
        self.asm.jcc(Cc::P, unordered);
        self.asm.setcc(if reversed { Cc::A } else { Cc::B }, host::RAX);
        // "Less" is bit 0 of EAX and "equal" bit 8: less becomes N and no C, equal becomes Z.
        dynasm!(self.asm.ops ; .arch x64
            ; sete ah
            ; movzx eax, ax
            ; imul eax, eax, 0x8140
            ; and eax, 0xc100
            ; jmp =>done
            ; =>unordered
            ; mov eax, 1
            ; =>done);
        self.asm.store(2, host::RAX, HostAddress::state(PACKED));
        self.place = Place::Memory;
    }

    /// [`Op::ShiftFlags`]
    pub(super) fn shift_flags(&mut self, op: Shift, d: Var, a: Val, by: u8, keeps_v: bool) {
        let in_eflags = matches!(self.place, Place::Sub | Place::Add | Place::Logic);
        match keeps_v {
            true if in_eflags => self.asm.setcc(Cc::O, host::RAX),
            true => self.store_flags(),
            false => {}
        }
        let own = self.destination(d, host::RDX);
        self.read_into(Width::W, own, a);
        self.asm.shift_imm(op, Width::W, own, by);
        self.assign(d, own);
        // C is CF.
        self.place = Place::Add;
        if keeps_v {
            dynasm!(self.asm.ops ; .arch x64 ; cmc ; lahf);
            if !in_eflags {
                dynasm!(self.asm.ops ; .arch x64 ; mov al, BYTE [rbp + PACKED]);
            }
            self.asm.store(2, host::RAX, HostAddress::state(PACKED));
            self.place = Place::Memory;
        }
    }

    /// N and Z of 32 bits, C of a bit or as it was, V as it was; in memory.
    pub(super) fn nz(&mut self, a: Val, carry: Option<Val>) {
        self.store_flags();
        self.place = Place::Memory;
        let a = self.read(a, host::RDX);
        self.asm.test(Width::W, a, Source::Reg(a));
        // Bit 8 of RAX, the carry, is clear.
        dynasm!(self.asm.ops ; .arch x64 ; lahf);
        self.asm
            .alu(Alu::And, Width::W, host::RAX, Source::Imm((FLAG_N | FLAG_Z) as i32));
        let mut kept = FLAG_V | FLAG_C_CLEAR;
        if let Some(carry) = carry {
            kept = FLAG_V;
            self.read_into(Width::W, host::RDX, carry);
            self.asm.alu(Alu::Xor, Width::W, host::RDX, Source::Imm(1));
            self.asm
                .shift_imm(Shift::Lsl, Width::W, host::RDX, FLAG_C_CLEAR.trailing_zeros() as u8);
            self.asm.alu(Alu::Or, Width::W, host::RAX, Source::Reg(host::RDX));
        }
        self.asm.load(Load::Zero(2), host::RDX, HostAddress::state(PACKED));
        self.asm.alu(Alu::And, Width::W, host::RDX, Source::Imm(kept as i32));
        self.asm.alu(Alu::Or, Width::W, host::RAX, Source::Reg(host::RDX));
        self.asm.store(2, host::RAX, HostAddress::state(PACKED));
    }

    /// Flags in memory = a constant.
    pub(super) fn store_constant_flags(&mut self, nzcv: u8) {
        let packed = pack_flags(Nzcv::from_nibble(nzcv));
        self.asm.store_imm(2, packed as i32, HostAddress::state(PACKED));
    }

    /// From memory to EFLAGS. RAX is destroyed.
    fn load_flags(&mut self) {
        self.asm.load(Load::Zero(2), host::RAX, HostAddress::state(PACKED));
        dynasm!(self.asm.ops ; .arch x64 ; add al, 0x7f ; sahf);
        self.place = Place::Sub;
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
        let is_inverse = match self.place {
            Place::Sub => true,
            Place::Add | Place::Logic => false,
            Place::Memory | Place::Float { .. } => {
                self.asm.bit_test_slot(PACKED, FLAG_C_CLEAR.trailing_zeros() as u8);
                true
            }
        };
        if is_inverse != inverse {
            dynasm!(self.asm.ops ; .arch x64 ; cmc);
        }
    }

    /// Makes EFLAGS answer a guest condition (0 to 13) and returns how to ask. RAX is scratch when the flags are in memory.
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
        let bit = match cond >> 1 {
            0 => FLAG_Z,
            1 => FLAG_C_CLEAR,
            2 => FLAG_N,
            3 => FLAG_V,
            _ => {
                self.load_flags();
                return self.condition(cond);
            }
        };
        self.asm.test_slot(PACKED, bit);
        let set = (cond & 1 == 0) != (bit == FLAG_C_CLEAR);
        if set { Cc::Ne } else { Cc::E }
    }

    /// EFLAGS = constant flags, placed as after a subtraction.
    pub(super) fn constant_flags(&mut self, nzcv: u8) {
        let packed = pack_flags(Nzcv::from_nibble(nzcv));
        self.asm.mov_imm(host::RAX, packed.into());
        dynasm!(self.asm.ops ; .arch x64 ; add al, 0x7f ; sahf);
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
        // In the result's own register, unless `a` is there.
        let to = match self.mapping.host(d) {
            Some(to) if !self.is_in(a, to) => to,
            _ => host::RAX,
        };
        let b = match b {
            Val::Var(_) if otherwise == Otherwise::Inc => self.read(b, to),
            _ => {
                self.read_into(w, to, b);
                to
            }
        };
        let plus_one = |base| HostAddress {
            base,
            index: None,
            disp: 1,
        };
        match otherwise {
            Otherwise::Same => {}
            Otherwise::Inc => self.asm.lea(w, to, plus_one(b)),
            Otherwise::Not => self.asm.not(w, to),
            Otherwise::Neg => {
                self.asm.not(w, to);
                self.asm.lea(w, to, plus_one(to));
            }
        }
        match self.mapping.host(d).filter(|&own| self.is_in(a, own)) {
            Some(own) => self.asm.cmov(cc.not(), w, own, Source::Reg(to)),
            None => {
                let a = self.cmov_source(a);
                self.asm.cmov(cc, w, to, a);
                self.assign(d, to);
            }
        }
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

    /// The conditional comparisons, from a position on, that a block ends with. Where the condition of one does not hold, the flags are known, and
    /// with them what becomes of those behind it and of the branch.
    pub(super) fn final_comparisons(&mut self, index: usize, first: usize) {
        let block = &self.region.blocks[index];
        let &End::Branch {
            test: Test::Cond(asked),
            taken,
            not,
        } = &block.end
        else {
            return;
        };
        let nodes = &block.nodes[first..];
        self.keep = false;
        // What is cached stays as it is from the first jump on.
        self.prepare(index, first, &nodes[0].op);
        let mut compared = vec![None; nodes.len()];
        for (position, node) in nodes.iter().enumerate() {
            self.start_instruction(node.pc);
            let Op::Compare {
                w,
                cond,
                a,
                b,
                negative,
                mut nzcv,
            } = node.op
            else {
                return;
            };
            let fails = self.condition(cond).not();
            let holds = |nzcv, cond| Nzcv::from_nibble(nzcv).holds(cond);
            let mut next = None;
            for (later, node) in nodes.iter().enumerate().skip(position + 1) {
                let Op::Compare {
                    cond, nzcv: otherwise, ..
                } = node.op
                else {
                    return;
                };
                if holds(nzcv, cond) {
                    next = Some(later);
                    break;
                }
                nzcv = otherwise;
            }
            let to = match next {
                Some(later) => *compared[later].get_or_insert_with(|| self.asm.label()),
                None => self.edge_with_flags(if holds(nzcv, asked) { taken } else { not }, nzcv),
            };
            self.asm.jcc(fails, to);
            if let Some(label) = compared[position] {
                self.asm.bind(label);
            }
            let op = if negative { Alu::Add } else { Alu::Sub };
            self.alu(op, w, None, a, b, true);
        }
        self.settle(index, first + nodes.len() - 1);
    }

    /// flags = cond ? flags(a - b or a + b) : nzcv
    pub(super) fn compare(&mut self, w: Width, cond: u8, a: Val, b: Val, negative: bool, nzcv: u8) {
        let mut back = None;
        if cond < 14 {
            let fails = self.condition(cond).not();
            let (label, done) = (self.asm.label(), self.asm.label());
            self.asm.jcc(fails, label);
            self.cold.push(control::Cold::ConstantFlags {
                label,
                nzcv,
                back: done,
            });
            back = Some(done);
        }
        self.alu(if negative { Alu::Add } else { Alu::Sub }, w, None, a, b, true);
        if negative {
            dynasm!(self.asm.ops ; .arch x64 ; cmc);
        }
        if let Some(back) = back {
            self.asm.bind(back);
        }
        self.place = Place::Sub;
    }
}
