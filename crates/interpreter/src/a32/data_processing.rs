//! Data-processing instructions: F4.1.
//!
//! An instruction is an *operation* on a first operand (a register, or none) and a second one: a register shifted by a constant (`_reg`), by a
//! register (`_rsr`), or an immediate. Logical operations set C to the shifter's carry-out and leave V.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::integer::{Sum, add, add_with_carry, immediate_carry, set_nz, shift, shift_by_register, sub};
use super::place::Place;

/// Writes a result, and N, Z and C if `s` is set.
#[inline(always)]
fn logical(cpu: &mut State, s: bool, rd: u8, result: u32, carry: bool) {
    cpu.set_r(rd, result);
    if s {
        set_nz(cpu, result);
        cpu.flags.c = carry;
    }
}

/// Writes a result, and the flags if `s` is set.
#[inline(always)]
fn arithmetic(cpu: &mut State, s: bool, rd: u8, sum: Sum) {
    cpu.set_r(rd, sum.result);
    if s {
        sum.set_flags(cpu);
    }
}

/// Sets N, Z and C (TST, TEQ).
#[inline(always)]
fn test(cpu: &mut State, result: u32, carry: bool) {
    set_nz(cpu, result);
    cpu.flags.c = carry;
}

macro_rules! second_operand {
    ($cpu:ident, reg, $rm:ident, $shift:ident, $amount:ident) => {
        shift($cpu.r($rm), $shift, $amount, $cpu.flags.c)
    };
    ($cpu:ident, rsr, $rm:ident, $shift:ident, $rs:ident) => {
        shift_by_register($cpu.r($rm), $shift, $cpu.r($rs), $cpu.flags.c)
    };
    ($cpu:ident, imm, $imm:ident, $carry:ident) => {
        ($imm, immediate_carry($cpu, $carry))
    };
}

/// `title operation: function Type kind (operands of the second operand), …;`
macro_rules! logical {
    ($($title:literal $operation:expr => $($name:ident $Type:ident $kind:ident ($($operand:ident),*)),*;)*) => {
        $($(#[doc = concat!($title, ".")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { s, rd, rn, $($operand),* }: $Type) {
            let (second, carry) = second_operand!(cpu, $kind, $($operand),*);
            let operation: fn(u32, u32) -> u32 = $operation;
            logical(cpu, s, rd, operation(cpu.r(rn), second), carry);
        })*)*
    };
}

logical! {
    "AND" |a, b| a & b => and_reg AndReg reg (rm, shift, amount), and_rsr AndRsr rsr (rm, shift, rs), and_imm AndImm imm (imm, carry);
    "EOR" |a, b| a ^ b => eor_reg EorReg reg (rm, shift, amount), eor_rsr EorRsr rsr (rm, shift, rs), eor_imm EorImm imm (imm, carry);
    "ORR" |a, b| a | b => orr_reg OrrReg reg (rm, shift, amount), orr_rsr OrrRsr rsr (rm, shift, rs), orr_imm OrrImm imm (imm, carry);
    "BIC" |a, b| a & !b => bic_reg BicReg reg (rm, shift, amount), bic_rsr BicRsr rsr (rm, shift, rs), bic_imm BicImm imm (imm, carry);
    "ORN" |a, b| a | !b => orn_reg OrnReg reg (rm, shift, amount), orn_imm OrnImm imm (imm, carry);
}

macro_rules! moves {
    ($($title:literal $operation:expr => $($name:ident $Type:ident $kind:ident ($($operand:ident),*)),*;)*) => {
        $($(#[doc = concat!($title, ".")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { s, rd, $($operand),* }: $Type) {
            let (second, carry) = second_operand!(cpu, $kind, $($operand),*);
            let operation: fn(u32) -> u32 = $operation;
            logical(cpu, s, rd, operation(second), carry);
        })*)*
    };
}

moves! {
    "MOV" |b| b => mov_reg MovReg reg (rm, shift, amount), mov_rsr MovRsr rsr (rm, shift, rs), mov_imm MovImm imm (imm, carry);
    "MVN" |b| !b => mvn_reg MvnReg reg (rm, shift, amount), mvn_rsr MvnRsr rsr (rm, shift, rs), mvn_imm MvnImm imm (imm, carry);
}

macro_rules! tests {
    ($($title:literal $operation:expr => $($name:ident $Type:ident $kind:ident ($($operand:ident),*)),*;)*) => {
        $($(#[doc = concat!($title, ".")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rn, $($operand),* }: $Type) {
            let (second, carry) = second_operand!(cpu, $kind, $($operand),*);
            let operation: fn(u32, u32) -> u32 = $operation;
            test(cpu, operation(cpu.r(rn), second), carry);
        })*)*
    };
}

tests! {
    "TST" |a, b| a & b => tst_reg TstReg reg (rm, shift, amount), tst_rsr TstRsr rsr (rm, shift, rs), tst_imm TstImm imm (imm, carry);
    "TEQ" |a, b| a ^ b => teq_reg TeqReg reg (rm, shift, amount), teq_rsr TeqRsr rsr (rm, shift, rs), teq_imm TeqImm imm (imm, carry);
}

macro_rules! arithmetic {
    ($($title:literal $operation:expr => $reg:ident $Reg:ident, $rsr:ident $Rsr:ident, $imm:ident $Imm:ident;)*) => {
        $(#[doc = concat!($title, " (register).")]
        #[inline(always)]
        pub fn $reg(cpu: &mut State, $Reg { s, rd, rn, rm, shift, amount }: $Reg) {
            let (second, _) = second_operand!(cpu, reg, rm, shift, amount);
            let operation: fn(u32, u32, bool) -> Sum = $operation;
            arithmetic(cpu, s, rd, operation(cpu.r(rn), second, cpu.flags.c));
        }
        #[doc = concat!($title, " (register-shifted register).")]
        #[inline(always)]
        pub fn $rsr(cpu: &mut State, $Rsr { s, rd, rn, rm, shift, rs }: $Rsr) {
            let (second, _) = second_operand!(cpu, rsr, rm, shift, rs);
            let operation: fn(u32, u32, bool) -> Sum = $operation;
            arithmetic(cpu, s, rd, operation(cpu.r(rn), second, cpu.flags.c));
        }
        #[doc = concat!($title, " (immediate).")]
        #[inline(always)]
        pub fn $imm(cpu: &mut State, $Imm { s, rd, rn, imm }: $Imm) {
            let operation: fn(u32, u32, bool) -> Sum = $operation;
            arithmetic(cpu, s, rd, operation(cpu.r(rn), imm, cpu.flags.c));
        })*
    };
}

arithmetic! {
    "ADD" |a, b, _| add(a, b) => add_reg AddReg, add_rsr AddRsr, add_imm AddImm;
    "ADC" |a, b, c| add_with_carry(a, b, c) => adc_reg AdcReg, adc_rsr AdcRsr, adc_imm AdcImm;
    "SUB" |a, b, _| sub(a, b) => sub_reg SubReg, sub_rsr SubRsr, sub_imm SubImm;
    "SBC" |a, b, c| add_with_carry(a, !b, c) => sbc_reg SbcReg, sbc_rsr SbcRsr, sbc_imm SbcImm;
    "RSB" |a, b, _| sub(b, a) => rsb_reg RsbReg, rsb_rsr RsbRsr, rsb_imm RsbImm;
    "RSC" |a, b, c| add_with_carry(!a, b, c) => rsc_reg RscReg, rsc_rsr RscRsr, rsc_imm RscImm;
}

macro_rules! comparisons {
    ($($title:literal $operation:expr => $reg:ident $Reg:ident, $rsr:ident $Rsr:ident, $imm:ident $Imm:ident;)*) => {
        $(#[doc = concat!($title, " (register).")]
        #[inline(always)]
        pub fn $reg(cpu: &mut State, $Reg { rn, rm, shift, amount }: $Reg) {
            let (second, _) = second_operand!(cpu, reg, rm, shift, amount);
            let operation: fn(u32, u32) -> Sum = $operation;
            operation(cpu.r(rn), second).set_flags(cpu);
        }
        #[doc = concat!($title, " (register-shifted register).")]
        #[inline(always)]
        pub fn $rsr(cpu: &mut State, $Rsr { rn, rm, shift, rs }: $Rsr) {
            let (second, _) = second_operand!(cpu, rsr, rm, shift, rs);
            let operation: fn(u32, u32) -> Sum = $operation;
            operation(cpu.r(rn), second).set_flags(cpu);
        }
        #[doc = concat!($title, " (immediate).")]
        #[inline(always)]
        pub fn $imm(cpu: &mut State, $Imm { rn, imm }: $Imm) {
            let operation: fn(u32, u32) -> Sum = $operation;
            operation(cpu.r(rn), imm).set_flags(cpu);
        })*
    };
}

comparisons! {
    "CMP" |a, b| sub(a, b) => cmp_reg CmpReg, cmp_rsr CmpRsr, cmp_imm CmpImm;
    "CMN" |a, b| add(a, b) => cmn_reg CmnReg, cmn_rsr CmnRsr, cmn_imm CmnImm;
}

/// ADR of T32.
#[inline(always)]
pub fn adr(cpu: &mut State, Adr { rd, offset }: Adr, place: Place) {
    cpu.set_r(rd, (place.pc() & !3).wrapping_add_signed(offset));
}
