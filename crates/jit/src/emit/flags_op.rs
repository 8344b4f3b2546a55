//! The flags as such: read and written as a register, and the instructions that change some of them ([`FlagsOp`]).

use dynasmrt::{DynasmApi, dynasm};

use super::asm::memory;
use super::*;
use crate::map::{FLAG_C_CLEAR, FLAG_N, FLAG_V, FLAG_Z, GE_SLOT, PACKED_FLAGS, Q_SLOT, x_slot};
use host::{RAX, RDX};

const PACKED: i32 = x_slot(PACKED_FLAGS);
/// The packed flags, from V to N: where PDEP puts the four bits.
const ALL: u32 = FLAG_N | FLAG_Z | FLAG_C_CLEAR | FLAG_V;
/// CPSR.M of a user's program.
const USER: i32 = 0x10;

/// The packed flags that a mask of NZCV has.
fn packed_mask(mask: u8) -> u32 {
    [FLAG_V, FLAG_C_CLEAR, FLAG_Z, FLAG_N]
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| mask >> bit & 1 != 0)
        .fold(0, |all, (_, flag)| all | flag)
}

impl Emitter<'_> {
    pub(super) fn flags_op(&mut self, op: FlagsOp) {
        match op {
            FlagsOp::Write { .. } => {}
            _ => self.store_flags(),
        }
        self.keep = false;
        self.place = Place::Memory;
        match op {
            FlagsOp::WriteQ { a } => {
                self.read_into(Width::W, RAX, a);
                dynasm!(self.asm.ops ; .arch x64 ; shr eax, 27 ; and eax, BYTE 1);
                memory!(self.asm.ops, HostAddress::state(Q_SLOT), (mov BYTE) (, al));
            }
            FlagsOp::WriteGe { a } => {
                self.read_into(Width::W, RAX, a);
                dynasm!(self.asm.ops ; .arch x64 ; shr eax, 16 ; and eax, BYTE 15);
                memory!(self.asm.ops, HostAddress::state(GE_SLOT), (mov BYTE) (, al));
            }
            FlagsOp::Read { d } => {
                self.nibble();
                dynasm!(self.asm.ops ; .arch x64 ; shl eax, 28);
                self.assign(d, RAX);
            }
            FlagsOp::ReadApsr { d } => {
                self.nibble();
                memory!(self.asm.ops, HostAddress::state(Q_SLOT), (movzx edx, BYTE) ());
                dynasm!(self.asm.ops ; .arch x64 ; shl eax, 1 ; or eax, edx ; shl eax, 11);
                memory!(self.asm.ops, HostAddress::state(GE_SLOT), (movzx edx, BYTE) ());
                dynasm!(self.asm.ops ; .arch x64 ; or eax, edx ; shl eax, 16 ; or eax, BYTE USER as i8);
                self.assign(d, RAX);
            }
            FlagsOp::Write { a } => {
                self.read_into(Width::W, RAX, a);
                dynasm!(self.asm.ops ; .arch x64
                    ; shr eax, 28
                    ; mov edx, DWORD ALL as i32
                    ; pdep eax, eax, edx
                    ; xor eax, DWORD FLAG_C_CLEAR as i32);
                self.asm.store(2, RAX, HostAddress::state(PACKED));
            }
            FlagsOp::InvertCarry => self.asm.alu_slot(Alu::Xor, PACKED, Source::Imm(FLAG_C_CLEAR as i32)),
            FlagsOp::ToOthers => {
                // Z or V is Z; with V, there is no C.
                self.asm.load(Load::Zero(2), RAX, HostAddress::state(PACKED));
                dynasm!(self.asm.ops ; .arch x64
                    ; mov edx, eax
                    ; and edx, BYTE FLAG_V as i8
                    ; imul edx, edx, DWORD (FLAG_Z | FLAG_C_CLEAR) as i32
                    ; or eax, edx
                    ; and eax, DWORD (FLAG_Z | FLAG_C_CLEAR) as i32);
                self.asm.store(2, RAX, HostAddress::state(PACKED));
            }
            FlagsOp::FromOthers => {
                // By the inverse of C, and Z: nothing; N; Z; V. With Z, there is a carry.
                let table = [0, FLAG_N | FLAG_C_CLEAR, FLAG_Z, FLAG_V];
                let table = table
                    .into_iter()
                    .rev()
                    .fold(0u64, |all, flags| all << 16 | u64::from(flags));
                self.asm.load(Load::Zero(2), RAX, HostAddress::state(PACKED));
                self.asm.mov_imm(RDX, (FLAG_Z | FLAG_C_CLEAR).into());
                dynasm!(self.asm.ops ; .arch x64 ; pext eax, eax, edx ; shl eax, 4);
                self.asm.mov_imm(RDX, table);
                dynasm!(self.asm.ops ; .arch x64 ; shrx rdx, rdx, rax ; movzx edx, dx);
                self.asm.store(2, RDX, HostAddress::state(PACKED));
            }
            FlagsOp::Insert { a, by, mask } => {
                let mask = packed_mask(mask);
                self.read_into(Width::X, RDX, a);
                if by != 0 {
                    self.asm.rorx(Width::X, RDX, RDX, by);
                }
                self.asm.mov_imm(RAX, ALL.into());
                dynasm!(self.asm.ops ; .arch x64
                    ; pdep edx, edx, eax
                    ; xor edx, DWORD FLAG_C_CLEAR as i32
                    ; and edx, DWORD mask as i32);
                self.insert_flags(mask);
            }
            FlagsOp::Narrow { a, bits } => {
                let mask = FLAG_N | FLAG_Z | FLAG_V;
                self.read_into(Width::W, RDX, a);
                let above = (32 - bits) as i8;
                // N and Z by LAHF; V where two bits are one of 1 and 2.
                dynasm!(self.asm.ops ; .arch x64
                    ; mov eax, edx
                    ; shl eax, BYTE above
                    ; test eax, eax
                    ; lahf
                    ; and eax, DWORD (FLAG_N | FLAG_Z) as i32
                    ; shr edx, BYTE (bits - 1) as i8
                    ; and edx, BYTE 3
                    ; add edx, BYTE 1
                    ; shr edx, 1
                    ; and edx, BYTE 1
                    ; or edx, eax);
                self.insert_flags(mask);
            }
        }
    }

    /// EAX = NZCV, in bits 3 to 0. EDX is overwritten.
    fn nibble(&mut self) {
        self.asm.load(Load::Zero(2), RAX, HostAddress::state(PACKED));
        dynasm!(self.asm.ops ; .arch x64
            ; xor eax, DWORD FLAG_C_CLEAR as i32
            ; mov edx, DWORD ALL as i32
            ; pext eax, eax, edx);
    }

    /// Those of a mask = EDX.
    fn insert_flags(&mut self, mask: u32) {
        self.asm.alu_slot(Alu::And, PACKED, Source::Imm(!mask as i32));
        self.asm.alu_slot(Alu::Or, PACKED, Source::Reg(RDX));
    }
}
