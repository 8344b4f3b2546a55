//! Integer arithmetic. Where the guest's flags are kept in EFLAGS, the forms that leave them alone are taken (LEA, BMI2 shifts).

use super::*;
use host::{RAX, RCX, RDX};

fn commutes(op: Alu) -> bool {
    op != Alu::Sub
}

impl Emitter<'_> {
    pub(super) fn mov(&mut self, w: Width, d: Var, a: Val) {
        match (self.mapping.host(d), a) {
            (Some(host), _) => {
                let a = truncated(w, a);
                if self.is_in(a, host) && w == Width::W {
                    self.asm.mov(w, host, host);
                } else {
                    self.read_narrow(w, host, a);
                }
            }
            (None, Val::Imm(imm)) if i32::try_from(truncate(w, imm) as i64).is_ok() => {
                self.asm.store_slot_imm(slot(d), truncate(w, imm) as i32);
            }
            (None, _) => {
                let from = match w {
                    Width::X => self.read(a, RAX),
                    Width::W => {
                        self.read_narrow(w, RAX, truncated(w, a));
                        RAX
                    }
                };
                self.asm.store_slot(slot(d), from);
            }
        }
    }

    /// Loads a value cut to the width.
    fn read_narrow(&mut self, w: Width, d: u8, a: Val) {
        match (w, a) {
            (Width::W, Val::Var(var)) if self.mapping.host(var).is_none() => {
                self.asm.load(Load::Zero(2), d, HostAddress::state(slot(var)));
            }
            _ => self.read_into(w, d, a),
        }
    }

    pub(super) fn alu(&mut self, op: Alu, w: Width, d: Option<Var>, a: Val, b: Val, flags: bool) {
        let (a, b) = if commutes(op) && matches!(a, Val::Imm(_)) {
            (b, a)
        } else {
            (a, b)
        };
        let Some(d) = d else {
            return self.compare_only(op, w, a, b);
        };
        if !flags && matches!(op, Alu::Add | Alu::Sub) && self.add_by_lea(op, w, d, a, b) {
            return;
        }
        if !flags {
            self.spill_if_kept();
            if self.alu_in_memory(op, w, d, a, b) || self.and_by_extension(op, w, d, a, b) {
                return;
            }
        }
        let own = self.destination(d, RAX);
        if let (Alu::Sub, Val::Imm(0), Val::Var(_)) = (op, a, b) {
            self.read_into(w, own, b);
            self.asm.neg(w, own);
            self.assign(d, own);
        } else if own != RAX && self.is_in(b, own) && !self.is_in(a, own) {
            if commutes(op) {
                let a = self.source(w, a, RDX);
                self.asm.alu(op, w, own, a);
            } else {
                self.read_into(w, RAX, a);
                self.asm.alu(op, w, RAX, Source::Reg(own));
                self.asm.mov(Width::X, own, RAX);
            }
        } else {
            self.read_into(w, own, a);
            let b = self.source(w, b, RDX);
            self.asm.alu(op, w, own, b);
            self.assign(d, own);
        }
        if flags {
            self.set_place(op);
        }
    }

    fn set_place(&mut self, op: Alu) {
        self.place = match op {
            Alu::Add => Place::Add,
            Alu::Sub => Place::Sub,
            Alu::And | Alu::Or | Alu::Xor => Place::Logic,
        };
    }

    /// CMP, CMN, TST.
    fn compare_only(&mut self, op: Alu, w: Width, a: Val, b: Val) {
        match op {
            Alu::Sub => {
                if let (Val::Var(var), Val::Imm(_)) = (a, b)
                    && self.mapping.host(var).is_none()
                {
                    let b = self.source(w, b, RDX);
                    self.asm.cmp_slot(w, slot(var), b);
                    self.place = Place::Sub;
                    return;
                }
                let a = self.read(a, RAX);
                let b = self.source(w, b, RDX);
                self.asm.cmp(w, a, b);
            }
            Alu::And => {
                let a = self.read(a, RAX);
                let b = self.source(w, b, RDX);
                self.asm.test(w, a, b);
            }
            _ => {
                self.read_into(w, RAX, a);
                let b = self.source(w, b, RDX);
                self.asm.alu(op, w, RAX, b);
            }
        }
        self.set_place(op);
    }

    /// Additions into another register, or with flags to keep: LEA.
    fn add_by_lea(&mut self, op: Alu, w: Width, d: Var, a: Val, b: Val) -> bool {
        let own = self.destination(d, RAX);
        let in_place = self.is_in(a, own) || (self.mapping.host(d).is_none() && a == Val::Var(d));
        if in_place && !self.keep {
            return false;
        }
        let b = match (op, b) {
            (Alu::Sub, Val::Imm(imm)) => Val::Imm(imm.wrapping_neg()),
            (Alu::Sub, _) => return false,
            (_, b) => b,
        };
        let address = match b {
            Val::Imm(imm) => {
                let imm = match w {
                    Width::W => imm as u32 as i32,
                    Width::X => match i32::try_from(imm as i64) {
                        Ok(imm) => imm,
                        Err(_) => return false,
                    },
                };
                HostAddress {
                    base: self.read(a, RAX),
                    index: None,
                    disp: imm,
                }
            }
            Val::Var(_) => {
                let base = self.read(a, RAX);
                HostAddress {
                    base,
                    index: Some((self.read(b, RDX), 0)),
                    disp: 0,
                }
            }
        };
        self.asm.lea(w, own, address);
        self.assign(d, own);
        true
    }

    /// The flags stay.
    pub(super) fn add_scaled(&mut self, w: Width, d: Var, a: Val, b: Val, shift: u8) {
        let own = self.destination(d, RAX);
        let base = self.read(a, RAX);
        let index = self.read(b, RDX);
        self.asm.lea(
            w,
            own,
            HostAddress {
                base,
                index: Some((index, shift)),
                disp: 0,
            },
        );
        self.assign(d, own);
    }

    /// x = x op b for a 64-bit x without a host register.
    fn alu_in_memory(&mut self, op: Alu, w: Width, d: Var, a: Val, b: Val) -> bool {
        if w == Width::W || a != Val::Var(d) || self.mapping.host(d).is_some() {
            return false;
        }
        let b = match self.source(w, b, RDX) {
            Source::Slot(slot) => {
                self.asm.load_slot(RDX, slot);
                Source::Reg(RDX)
            }
            other => other,
        };
        self.asm.alu_slot(op, slot(d), b);
        true
    }

    /// AND with 0xff, 0xffff and 0xffffffff.
    fn and_by_extension(&mut self, op: Alu, w: Width, d: Var, a: Val, b: Val) -> bool {
        let extension = match (op, b) {
            (Alu::And, Val::Imm(0xff)) => Extend::U8,
            (Alu::And, Val::Imm(0xffff)) => Extend::U16,
            (Alu::And, Val::Imm(0xffff_ffff)) => Extend::U32,
            _ => return false,
        };
        self.extend(extension, w, d, a);
        true
    }

    pub(super) fn add_with_carry(&mut self, subtract: bool, w: Width, d: Option<Var>, a: Val, b: Val, flags: bool) {
        let spill = self.keep;
        if spill || matches!(self.place, Place::Float { .. }) {
            self.store_flags();
        }
        // Operands first: loading them leaves EFLAGS alone.
        self.read_into(w, RAX, a);
        let b = self.source(w, b, RDX);
        self.carry_to_cf(subtract);
        if subtract {
            self.asm.sbb(w, RAX, b);
        } else {
            self.asm.adc(w, RAX, b);
        }
        if let Some(d) = d {
            self.assign(d, RAX);
        }
        if flags {
            self.place = if subtract { Place::Sub } else { Place::Add };
        } else if spill || self.place != Place::Memory {
            self.place = Place::Memory;
        }
    }

    pub(super) fn shift(&mut self, op: Shift, w: Width, d: Var, a: Val, b: Val) {
        let own = self.destination(d, RAX);
        match b {
            Val::Imm(amount) => {
                let amount = (amount as u32 & (w.bits() - 1)) as u8;
                self.shift_by_constant(op, w, own, a, amount);
            }
            Val::Var(_) if op == Shift::Ror => {
                self.spill_if_kept();
                self.rotate_by_register(w, a, b);
                return self.assign(d, RAX);
            }
            Val::Var(_) => {
                let a = self.read(a, RAX);
                let b = self.read(b, RDX);
                self.asm.shift_by(op, w, own, a, b);
            }
        }
        self.assign(d, own);
    }

    /// [`Op::ShiftByByte`]: in 64 bits, where all amounts from 63 on have the same result.
    pub(super) fn shift_by_byte(&mut self, op: Shift, d: Var, a: Val, b: Val) {
        self.spill_if_kept();
        self.shift_operands(op, a, b);
        self.asm.shift_by(op, Width::X, RAX, RAX, RDX);
        let own = self.destination(d, RAX);
        self.asm.mov(Width::W, own, RAX);
        self.assign(d, own);
    }

    /// RAX = the 32 bits to shift, extended, and RDX = by how much, at most 63.
    fn shift_operands(&mut self, op: Shift, a: Val, b: Val) {
        let b = self.read(b, RDX);
        self.asm.extend(Extend::U8, Width::W, RDX, b);
        self.asm.mov_imm(RAX, 63);
        self.asm.cmp(Width::W, RDX, Source::Reg(RAX));
        self.asm.cmov(asm::Cc::A, Width::W, RDX, Source::Reg(RAX));
        if op == Shift::Asr {
            let a = self.read(a, RAX);
            self.asm.extend(Extend::S32, Width::X, RAX, a);
        } else {
            self.read_into(Width::W, RAX, a);
        }
    }

    /// [`Op::ShiftCarry`]; the flags go to memory.
    pub(super) fn shift_carry(&mut self, op: Shift, d: Var, a: Val, b: Val) {
        self.store_flags();
        self.place = Place::Memory;
        self.keep = false;
        let (unchanged, done) = (self.asm.label(), self.asm.label());
        if op == Shift::Ror {
            // The last bit that is rotated out is the result's highest one.
            let b = self.read(b, RDX);
            self.asm.extend(Extend::U8, Width::W, RDX, b);
            self.asm.test(Width::W, RDX, Source::Reg(RDX));
            self.asm.jcc(asm::Cc::E, unchanged);
            self.asm.alu(Alu::Sub, Width::W, RDX, Source::Imm(1));
            self.asm.alu(Alu::And, Width::W, RDX, Source::Imm(31));
            self.read_into(Width::W, RAX, a);
            self.asm.shift_by(Shift::Lsr, Width::W, RAX, RAX, RDX);
        } else {
            self.shift_operands(op, a, b);
            self.asm.test(Width::W, RDX, Source::Reg(RDX));
            self.asm.jcc(asm::Cc::E, unchanged);
            if op != Shift::Lsl {
                self.asm.shift_imm(Shift::Lsl, Width::X, RAX, 1);
            }
            self.asm.shift_by(op, Width::X, RAX, RAX, RDX);
            if op == Shift::Lsl {
                self.asm.shift_imm(Shift::Lsr, Width::X, RAX, 32);
            }
        }
        self.asm.alu(Alu::And, Width::W, RAX, Source::Imm(1));
        self.asm.jmp(done);
        self.asm.bind(unchanged);
        self.carry_to_cf(false);
        self.asm.setcc(asm::Cc::B, RAX);
        self.asm.extend(Extend::U8, Width::W, RAX, RAX);
        self.asm.bind(done);
        self.assign(d, RAX);
    }

    fn shift_by_constant(&mut self, op: Shift, w: Width, own: u8, a: Val, amount: u8) {
        if op == Shift::Ror {
            let a = self.read(a, RAX);
            return self.asm.rorx(w, own, a, amount);
        }
        if amount == 0 {
            self.read_into(w, own, a);
            return self.asm.mov(w, own, own);
        }
        if op == Shift::Lsl && amount <= 3 && (self.keep || !self.is_in(a, own)) {
            let a = self.read(a, RAX);
            return self.asm.lea_scaled(w, own, a, amount);
        }
        if self.keep {
            let a = self.read(a, RAX);
            self.asm.mov_imm(RDX, amount.into());
            return self.asm.shift_by(op, w, own, a, RDX);
        }
        self.read_into(w, own, a);
        self.asm.shift_imm(op, w, own, amount);
    }

    /// RAX = a rotated right by b, which RCX takes.
    fn rotate_by_register(&mut self, w: Width, a: Val, b: Val) {
        self.read_into(w, RAX, a);
        self.read_into(Width::X, RCX, b);
        self.asm.ror_cl(w, RAX);
    }

    pub(super) fn unary(&mut self, op: Unary, w: Width, d: Var, a: Val) {
        let own = self.destination(d, RAX);
        match op {
            Unary::Not => {
                self.read_into(w, own, a);
                self.asm.not(w, own);
            }
            Unary::Rev => {
                self.read_into(w, own, a);
                self.asm.bswap(w, own);
            }
            Unary::Clz => {
                self.spill_if_kept();
                let a = self.read(a, RAX);
                self.asm.lzcnt(w, own, a);
            }
            Unary::Ctz => {
                self.spill_if_kept();
                let a = self.read(a, RAX);
                self.asm.tzcnt(w, own, a);
            }
            Unary::Cls => {
                // Leading zeros of (a ^ a >> 1) below the sign bit: CLS(a) = CLZ((a ^ (a >>s 1)) without its top bit) - 1.
                self.spill_if_kept();
                self.read_into(w, RAX, a);
                self.asm.mov(w, RDX, RAX);
                self.asm.shift_imm(Shift::Asr, w, RDX, 1);
                self.asm.alu(Alu::Xor, w, RAX, Source::Reg(RDX));
                self.asm.lzcnt(w, own, RAX);
                self.asm.alu(Alu::Sub, w, own, Source::Imm(1));
            }
            Unary::Rev32 => {
                // Both words reversed: reverse all bytes, then swap the words.
                self.read_into(w, own, a);
                self.asm.bswap(w, own);
                self.asm.rorx(w, own, own, 32);
            }
            Unary::Rev16 => {
                self.spill_if_kept();
                self.swap_by_mask(w, a, 8, 0x00ff_00ff_00ff_00ff);
                return self.assign(d, RAX);
            }
            Unary::Rbit => {
                self.spill_if_kept();
                self.swap_by_mask(w, a, 1, 0x5555_5555_5555_5555);
                self.swap_in_rax(w, 2, 0x3333_3333_3333_3333);
                self.swap_in_rax(w, 4, 0x0f0f_0f0f_0f0f_0f0f);
                self.asm.bswap(w, RAX);
                return self.assign(d, RAX);
            }
        }
        self.assign(d, own);
    }

    fn swap_by_mask(&mut self, w: Width, a: Val, amount: u8, mask: u64) {
        self.read_into(w, RAX, a);
        self.swap_in_rax(w, amount, mask);
    }

    /// Swaps neighbouring groups of `amount` bits in RAX; `mask` selects the lower ones. RCX is destroyed.
    fn swap_in_rax(&mut self, w: Width, amount: u8, mask: u64) {
        let mask = truncate(w, mask);
        self.asm.mov(w, RDX, RAX);
        self.asm.shift_imm(Shift::Lsr, w, RDX, amount);
        self.asm.mov_imm(RCX, mask);
        self.asm.alu(Alu::And, w, RDX, Source::Reg(RCX));
        self.asm.alu(Alu::And, w, RAX, Source::Reg(RCX));
        self.asm.shift_imm(Shift::Lsl, w, RAX, amount);
        self.asm.alu(Alu::Or, w, RAX, Source::Reg(RDX));
    }

    pub(super) fn extend(&mut self, op: Extend, w: Width, d: Var, a: Val) {
        let own = self.destination(d, RAX);
        let a = self.read(a, RAX);
        self.asm.extend(op, w, own, a);
        self.assign(d, own);
    }

    pub(super) fn multiply(&mut self, op: Multiply, w: Width, d: Var, a: Val, b: Val) {
        self.spill_if_kept();
        match op {
            Multiply::Mul => {
                let own = self.destination(d, RAX);
                let (a, b) = if self.is_in(b, own) { (b, a) } else { (a, b) };
                self.read_into(w, own, a);
                let b = self.source(w, b, RDX);
                self.asm.imul(w, own, b);
                self.assign(d, own);
            }
            Multiply::Smulh | Multiply::Umulh => {
                self.read_into(w, RAX, a);
                let b = self.read(b, RDX);
                self.asm.mul_wide(op == Multiply::Smulh, b);
                self.assign(d, RDX);
            }
            Multiply::Udiv | Multiply::Sdiv => self.divide(op == Multiply::Sdiv, w, d, a, b),
        }
    }

    /// Division by zero gives 0, and MIN / -1 gives MIN, both without the host's exception. RCX may be destroyed.
    fn divide(&mut self, signed: bool, w: Width, d: Var, a: Val, b: Val) {
        self.read_into(w, RAX, a);
        let b = self.read(b, RCX);
        let (back, special) = (self.asm.label(), self.asm.label());
        self.asm.test(w, b, Source::Reg(b));
        self.asm.jcc(asm::Cc::E, special);
        if signed {
            let one = self.asm.label();
            self.asm.cmp(w, b, Source::Imm(-1));
            self.asm.jcc(asm::Cc::E, one);
            self.cold.push(control::Cold::Negate { label: one, w, back });
        }
        self.asm.div(w, signed, b);
        self.cold.push(control::Cold::Clear { label: special, back });
        self.asm.bind(back);
        self.assign(d, RAX);
    }

    pub(super) fn extract(&mut self, w: Width, d: Var, hi: Val, lo: Val, lsb: u8) {
        if hi == lo {
            return self.shift(Shift::Ror, w, d, lo, Val::Imm(lsb.into()));
        }
        self.spill_if_kept();
        self.read_into(w, RAX, lo);
        let hi = self.read(hi, RDX);
        self.asm.shrd(w, RAX, hi, lsb);
        self.asm.mov(w, RAX, RAX);
        self.assign(d, RAX);
    }

    pub(super) fn insert(&mut self, w: Width, d: Var, a: Val, pos: u8, width: u8) {
        self.spill_if_kept();
        let bits = w.bits() as u8;
        let mask = ones(width) << pos;
        self.read_into(w, RAX, a);
        self.asm.shift_imm(Shift::Lsl, w, RAX, bits - width);
        if bits - width - pos > 0 {
            self.asm.shift_imm(Shift::Lsr, w, RAX, bits - width - pos);
        }
        let keep = Val::Imm(truncate(w, !mask));
        let own = self.destination(d, RDX);
        if own == RDX {
            self.asm.load_slot(RDX, slot(d));
            let keep = self.source(w, keep, RCX);
            self.asm.alu(Alu::And, w, RDX, keep);
        } else {
            let keep = self.source(w, keep, RDX);
            self.asm.alu(Alu::And, w, own, keep);
        }
        self.asm.alu(Alu::Or, w, own, Source::Reg(RAX));
        self.assign(d, own);
    }

    pub(super) fn field(&mut self, w: Width, d: Var, a: Val, lsb: u8, width: u8, signed: bool) {
        let own = self.destination(d, RAX);
        let bits = w.bits() as u8;
        let extension = match (lsb, width, signed) {
            (0, 8, false) => Some(Extend::U8),
            (0, 16, false) => Some(Extend::U16),
            (0, 32, false) => Some(Extend::U32),
            (0, 8, true) => Some(Extend::S8),
            (0, 16, true) => Some(Extend::S16),
            (0, 32, true) => Some(Extend::S32),
            _ => None,
        };
        if let Some(extension) = extension {
            return self.extend(extension, w, d, a);
        }
        if lsb + width == bits {
            let op = if signed { Shift::Asr } else { Shift::Lsr };
            return self.shift(op, w, d, a, Val::Imm(lsb.into()));
        }
        self.spill_if_kept();
        self.read_into(w, own, a);
        if !signed && width < 32 {
            if lsb > 0 {
                self.asm.shift_imm(Shift::Lsr, w, own, lsb);
            }
            // The mask is positive and the result has no upper half.
            self.asm.alu(Alu::And, Width::W, own, Source::Imm(ones(width) as i32));
        } else {
            self.asm.shift_imm(Shift::Lsl, w, own, bits - lsb - width);
            self.asm
                .shift_imm(if signed { Shift::Asr } else { Shift::Lsr }, w, own, bits - width);
        }
        self.assign(d, own);
    }
}

/// The low `width` bits set (1 to 64).
fn ones(width: u8) -> u64 {
    u64::MAX >> (64 - u32::from(width))
}

/// A constant cut to the width.
fn truncate(w: Width, imm: u64) -> u64 {
    match w {
        Width::W => imm & 0xffff_ffff,
        Width::X => imm,
    }
}

fn truncated(w: Width, val: Val) -> Val {
    match val {
        Val::Imm(imm) => Val::Imm(truncate(w, imm)),
        var => var,
    }
}
