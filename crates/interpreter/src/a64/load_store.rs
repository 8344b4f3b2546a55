//! Loads and stores of general and of SIMD&FP registers, and of pairs of them: C4.1.95.
//!
//! An instruction is a *transfer* (what moves between register and memory) at an *address*. The macro at the end combines the two; where
//! they are combined, the transfer comes first and the write-back last, so that a fault leaves the registers as they were.
//!
//! Constrained unpredictable (K1.2), as qemu does it: a load that writes its own base back leaves the address there, a store
//! stores the old value; a load pair of one register leaves the first value, of one vector register the second.

use armlet_cpu::a64::State;
use armlet_decoder::a64::*;

use super::guest::{Denied, Word, load, store};
use super::integer::{extended, set, sign_extend};

type Done = Result<(), Denied>;

/// One general register; what is read fills it up with zeros.
#[inline(always)]
fn load_word<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    cpu.set_x(rt, load::<T>(address)?.into());
    Ok(())
}

/// W or X.
#[inline(always)]
fn load_register(cpu: &mut State, address: u64, sf: bool, rt: u8) -> Done {
    if sf {
        load_word::<u64>(cpu, address, rt)
    } else {
        load_word::<u32>(cpu, address, rt)
    }
}

/// Sign-extended to X, or to W if `w` is set.
#[inline(always)]
fn load_signed<T: Word>(cpu: &mut State, address: u64, w: bool, rt: u8) -> Done {
    set(cpu, !w, rt, sign_extend(load::<T>(address)?) as u64);
    Ok(())
}

/// LDRSW.
#[inline(always)]
fn load_signed_word(cpu: &mut State, address: u64, rt: u8) -> Done {
    load_signed::<u32>(cpu, address, false, rt)
}

#[inline(always)]
fn store_word<T: Word>(cpu: &mut State, address: u64, rt: u8) -> Done {
    store(address, T::truncate(cpu.x(rt)))
}

/// W or X.
#[inline(always)]
fn store_register(cpu: &mut State, address: u64, sf: bool, rt: u8) -> Done {
    if sf {
        store_word::<u64>(cpu, address, rt)
    } else {
        store_word::<u32>(cpu, address, rt)
    }
}

/// Two W or two X; 16 bytes are one access, which is single-copy atomic if it is aligned (FEAT_LSE2).
#[inline(always)]
fn load_pair(cpu: &mut State, address: u64, sf: bool, rt: u8, rt2: u8) -> Done {
    if sf {
        let both = load::<u128>(address)?;
        cpu.set_x(rt2, (both >> 64) as u64);
        cpu.set_x(rt, both as u64);
    } else {
        let both = load::<u64>(address)?;
        cpu.set_w(rt2, (both >> 32) as u32);
        cpu.set_w(rt, both as u32);
    }
    Ok(())
}

/// LDPSW.
#[inline(always)]
fn load_pair_signed(cpu: &mut State, address: u64, rt: u8, rt2: u8) -> Done {
    let both = load::<u64>(address)?;
    cpu.set_x(rt2, sign_extend((both >> 32) as u32) as u64);
    cpu.set_x(rt, sign_extend(both as u32) as u64);
    Ok(())
}

/// Two W or two X, in one access.
#[inline(always)]
fn store_pair(cpu: &mut State, address: u64, sf: bool, rt: u8, rt2: u8) -> Done {
    if sf {
        store(address, u128::from(cpu.x(rt2)) << 64 | u128::from(cpu.x(rt)))
    } else {
        store(address, cpu.x(rt2) << 32 | u64::from(cpu.w(rt)))
    }
}

/// B, H, S, D or Q (`scale` 0 to 4); the rest of the vector register becomes zero.
#[inline(always)]
fn load_simd(cpu: &mut State, address: u64, scale: u8, rt: u8) -> Done {
    let value = match scale {
        0 => load::<u8>(address)?.into(),
        1 => load::<u16>(address)?.into(),
        2 => load::<u32>(address)?.into(),
        3 => load::<u64>(address)?.into(),
        _ => load::<u128>(address)?,
    };
    cpu.set_v(rt, value);
    Ok(())
}

#[inline(always)]
fn store_simd(cpu: &mut State, address: u64, scale: u8, rt: u8) -> Done {
    let value = cpu.v(rt);
    match scale {
        0 => store(address, value as u8),
        1 => store(address, value as u16),
        2 => store(address, value as u32),
        3 => store(address, value as u64),
        _ => store(address, value),
    }
}

/// Two of S, D or Q (`scale` 2 to 4).
#[inline(always)]
fn load_pair_simd(cpu: &mut State, address: u64, scale: u8, rt: u8, rt2: u8) -> Done {
    let (first, second) = match scale {
        2 => {
            let both = load::<u64>(address)?;
            (u128::from(both as u32), u128::from(both >> 32))
        }
        3 => {
            let both = load::<u128>(address)?;
            (u128::from(both as u64), both >> 64)
        }
        _ => (load::<u128>(address)?, load::<u128>(address.wrapping_add(16))?),
    };
    cpu.set_v(rt, first);
    cpu.set_v(rt2, second);
    Ok(())
}

#[inline(always)]
fn store_pair_simd(cpu: &mut State, address: u64, scale: u8, rt: u8, rt2: u8) -> Done {
    let (first, second) = (cpu.v(rt), cpu.v(rt2));
    match scale {
        2 => store(address, u64::from(second as u32) << 32 | u64::from(first as u32)),
        3 => store(address, second << 64 | u128::from(first as u64)),
        _ => {
            store(address, first)?;
            store(address.wrapping_add(16), second)
        }
    }
}

/// The base register and an offset.
macro_rules! offset {
    ($title:literal, $name:ident, $Type:ident, ($($operand:ident),*), $transfer:expr) => {
        #[doc = concat!($title, ", offset.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rn, offset, $($operand),* }: $Type) -> Done {
            let address = cpu.x(rn).wrapping_add_signed(offset.into());
            $transfer(cpu, address, $($operand),*)
        }
    };
}

/// The base register, to which the offset is then added.
macro_rules! post {
    ($title:literal, $name:ident, $Type:ident, ($($operand:ident),*), $transfer:expr) => {
        #[doc = concat!($title, ", post-index.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rn, offset, $($operand),* }: $Type) -> Done {
            let address = cpu.x(rn);
            $transfer(cpu, address, $($operand),*)?;
            cpu.set_x(rn, address.wrapping_add_signed(offset.into()));
            Ok(())
        }
    };
}

/// The base register and an offset, which are the base register's new value.
macro_rules! pre {
    ($title:literal, $name:ident, $Type:ident, ($($operand:ident),*), $transfer:expr) => {
        #[doc = concat!($title, ", pre-index.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rn, offset, $($operand),* }: $Type) -> Done {
            let address = cpu.x(rn).wrapping_add_signed(offset.into());
            $transfer(cpu, address, $($operand),*)?;
            cpu.set_x(rn, address);
            Ok(())
        }
    };
}

/// The base register and an index register, extended and shifted.
macro_rules! index {
    ($title:literal, $name:ident, $Type:ident, ($($operand:ident),*), $transfer:expr) => {
        #[doc = concat!($title, ", register offset.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rn, rm, extend, shift, $($operand,)* .. }: $Type) -> Done {
            let address = cpu.x(rn).wrapping_add(extended(cpu.x(rm), extend, shift));
            $transfer(cpu, address, $($operand),*)
        }
    };
}

/// Relative to the instruction.
macro_rules! literal {
    ($title:literal, $name:ident, $Type:ident, ($($operand:ident),*), $transfer:expr) => {
        #[doc = concat!($title, ", literal.")]
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { offset, $($operand),* }: $Type, pc: u64) -> Done {
            $transfer(cpu, pc.wrapping_add_signed(offset), $($operand),*)
        }
    };
}

/// `title (operands) transfer: addressing name Type, …;`
macro_rules! instructions {
    ($($title:literal $operands:tt $transfer:expr => $($addressing:ident $name:ident $Type:ident),*;)*) => {
        $(instructions!(@forms $title $operands [$transfer] $($addressing $name $Type),*);)*
    };
    (@forms $title:literal $operands:tt [$transfer:expr] $($addressing:ident $name:ident $Type:ident),*) => {
        $($addressing!($title, $name, $Type, $operands, $transfer);)*
    };
}

instructions! {
    "LDRB" (rt) load_word::<u8> =>
        offset ldrb_imm LdrbImm, offset ldurb Ldurb, offset ldtrb Ldtrb, post ldrb_imm_post LdrbImmPost,
        pre ldrb_imm_pre LdrbImmPre, index ldrb_reg LdrbReg;
    "LDRH" (rt) load_word::<u16> =>
        offset ldrh_imm LdrhImm, offset ldurh Ldurh, offset ldtrh Ldtrh, post ldrh_imm_post LdrhImmPost,
        pre ldrh_imm_pre LdrhImmPre, index ldrh_reg LdrhReg;
    "LDR" (sf, rt) load_register =>
        offset ldr_imm LdrImm, offset ldur Ldur, offset ldtr Ldtr, post ldr_imm_post LdrImmPost,
        pre ldr_imm_pre LdrImmPre, index ldr_reg LdrReg, literal ldr_lit LdrLit;
    "LDRSB" (w, rt) load_signed::<u8> =>
        offset ldrsb_imm LdrsbImm, offset ldursb Ldursb, offset ldtrsb Ldtrsb, post ldrsb_imm_post LdrsbImmPost,
        pre ldrsb_imm_pre LdrsbImmPre, index ldrsb_reg LdrsbReg;
    "LDRSH" (w, rt) load_signed::<u16> =>
        offset ldrsh_imm LdrshImm, offset ldursh Ldursh, offset ldtrsh Ldtrsh, post ldrsh_imm_post LdrshImmPost,
        pre ldrsh_imm_pre LdrshImmPre, index ldrsh_reg LdrshReg;
    "LDRSW" (rt) load_signed_word =>
        offset ldrsw_imm LdrswImm, offset ldursw Ldursw, offset ldtrsw Ldtrsw, post ldrsw_imm_post LdrswImmPost,
        pre ldrsw_imm_pre LdrswImmPre, index ldrsw_reg LdrswReg, literal ldrsw_lit LdrswLit;
    "STRB" (rt) store_word::<u8> =>
        offset strb_imm StrbImm, offset sturb Sturb, offset sttrb Sttrb, post strb_imm_post StrbImmPost,
        pre strb_imm_pre StrbImmPre, index strb_reg StrbReg;
    "STRH" (rt) store_word::<u16> =>
        offset strh_imm StrhImm, offset sturh Sturh, offset sttrh Sttrh, post strh_imm_post StrhImmPost,
        pre strh_imm_pre StrhImmPre, index strh_reg StrhReg;
    "STR" (sf, rt) store_register =>
        offset str_imm StrImm, offset stur Stur, offset sttr Sttr, post str_imm_post StrImmPost,
        pre str_imm_pre StrImmPre, index str_reg StrReg;
    "LDP" (sf, rt, rt2) load_pair =>
        offset ldp Ldp, offset ldnp Ldnp, post ldp_post LdpPost, pre ldp_pre LdpPre;
    "LDPSW" (rt, rt2) load_pair_signed =>
        offset ldpsw Ldpsw, post ldpsw_post LdpswPost, pre ldpsw_pre LdpswPre;
    "STP" (sf, rt, rt2) store_pair =>
        offset stp Stp, offset stnp Stnp, post stp_post StpPost, pre stp_pre StpPre;
    "LDR (SIMD&FP)" (scale, rt) load_simd =>
        offset ldr_simd_imm LdrSimdImm, offset ldur_simd LdurSimd, post ldr_simd_imm_post LdrSimdImmPost,
        pre ldr_simd_imm_pre LdrSimdImmPre, index ldr_simd_reg LdrSimdReg, literal ldr_simd_lit LdrSimdLit;
    "STR (SIMD&FP)" (scale, rt) store_simd =>
        offset str_simd_imm StrSimdImm, offset stur_simd SturSimd, post str_simd_imm_post StrSimdImmPost,
        pre str_simd_imm_pre StrSimdImmPre, index str_simd_reg StrSimdReg;
    "LDP (SIMD&FP)" (scale, rt, rt2) load_pair_simd =>
        offset ldp_simd LdpSimd, offset ldnp_simd LdnpSimd, post ldp_simd_post LdpSimdPost,
        pre ldp_simd_pre LdpSimdPre;
    "STP (SIMD&FP)" (scale, rt, rt2) store_pair_simd =>
        offset stp_simd StpSimd, offset stnp_simd StnpSimd, post stp_simd_post StpSimdPost,
        pre stp_simd_pre StpSimdPre;
}

/// PRFM (immediate): a hint without effect.
#[inline(always)]
pub fn prfm_imm(_: &mut State, _: PrfmImm) {}

/// PRFUM: a hint without effect.
#[inline(always)]
pub fn prfum(_: &mut State, _: Prfum) {}

/// PRFM (register): a hint without effect.
#[inline(always)]
pub fn prfm_reg(_: &mut State, _: PrfmReg) {}

/// PRFM (literal): a hint without effect.
#[inline(always)]
pub fn prfm_lit(_: &mut State, _: PrfmLit) {}
