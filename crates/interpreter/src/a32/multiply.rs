//! Multiply, multiply and accumulate, divide, saturating addition: F4.1.

use armlet_cpu::a64::State;
use armlet_decoder::a32::*;

use super::integer::set_nz;

/// A signed register, in 64 bits.
#[inline(always)]
fn signed(value: u32) -> i64 {
    i64::from(value as i32)
}

/// The lower or the top half of a register, signed.
#[inline(always)]
fn half(value: u32, top: bool) -> i64 {
    i64::from((value >> (16 * u32::from(top))) as i16)
}

/// The two products of halves: the lower ones, the top ones.
#[inline(always)]
fn products(n: u32, m: u32, swap: bool) -> (i64, i64) {
    (half(n, false) * half(m, swap), half(n, true) * half(m, !swap))
}

/// RdHi:RdLo.
#[inline(always)]
fn pair(cpu: &State, hi: u8, lo: u8) -> u64 {
    u64::from(cpu.r(hi)) << 32 | u64::from(cpu.r(lo))
}

#[inline(always)]
fn set_pair(cpu: &mut State, hi: u8, lo: u8, value: u64) {
    cpu.set_r(lo, value as u32);
    cpu.set_r(hi, (value >> 32) as u32);
}

/// A 64-bit result, and N and Z if `s` is set.
#[inline(always)]
fn set_long(cpu: &mut State, s: bool, hi: u8, lo: u8, value: u64) {
    set_pair(cpu, hi, lo, value);
    if s {
        cpu.flags.n = (value as i64) < 0;
        cpu.flags.z = value == 0;
    }
}

/// The low word of a sum; Q is set if it overflows (and is not saturated).
#[inline(always)]
fn set_q(cpu: &mut State, rd: u8, sum: i64) {
    if sum != i64::from(sum as i32) {
        cpu.a32.q = true;
    }
    cpu.set_r(rd, sum as u32);
}

/// SignedSatQ() to 32 bits: Q is set if it saturates.
#[inline(always)]
fn saturate(cpu: &mut State, value: i64) -> i32 {
    let result = value.clamp(i32::MIN.into(), i32::MAX.into());
    if result != value {
        cpu.a32.q = true;
    }
    result as i32
}

/// MUL, MULS. C stays as it was (from ARMv5 on).
#[inline(always)]
pub fn mul(cpu: &mut State, Mul { s, rd, rn, rm }: Mul) {
    let result = cpu.r(rn).wrapping_mul(cpu.r(rm));
    cpu.set_r(rd, result);
    if s {
        set_nz(cpu, result);
    }
}

/// MLA, MLAS.
#[inline(always)]
pub fn mla(cpu: &mut State, Mla { s, rd, rn, rm, ra }: Mla) {
    let result = cpu.r(rn).wrapping_mul(cpu.r(rm)).wrapping_add(cpu.r(ra));
    cpu.set_r(rd, result);
    if s {
        set_nz(cpu, result);
    }
}

/// MLS.
#[inline(always)]
pub fn mls(cpu: &mut State, Mls { rd, rn, rm, ra }: Mls) {
    let result = cpu.r(ra).wrapping_sub(cpu.r(rn).wrapping_mul(cpu.r(rm)));
    cpu.set_r(rd, result);
}

/// UMAAL.
#[inline(always)]
pub fn umaal(cpu: &mut State, Umaal { rdlo, rdhi, rn, rm }: Umaal) {
    let product = u64::from(cpu.r(rn)) * u64::from(cpu.r(rm));
    // The largest sum is 2^64 - 1.
    let result = product + u64::from(cpu.r(rdhi)) + u64::from(cpu.r(rdlo));
    set_pair(cpu, rdhi, rdlo, result);
}

/// UMULL, UMULLS.
#[inline(always)]
pub fn umull(cpu: &mut State, Umull { s, rdlo, rdhi, rn, rm }: Umull) {
    let result = u64::from(cpu.r(rn)) * u64::from(cpu.r(rm));
    set_long(cpu, s, rdhi, rdlo, result);
}

/// UMLAL, UMLALS.
#[inline(always)]
pub fn umlal(cpu: &mut State, Umlal { s, rdlo, rdhi, rn, rm }: Umlal) {
    let product = u64::from(cpu.r(rn)) * u64::from(cpu.r(rm));
    let result = product.wrapping_add(pair(cpu, rdhi, rdlo));
    set_long(cpu, s, rdhi, rdlo, result);
}

/// SMULL, SMULLS.
#[inline(always)]
pub fn smull(cpu: &mut State, Smull { s, rdlo, rdhi, rn, rm }: Smull) {
    let result = signed(cpu.r(rn)) * signed(cpu.r(rm));
    set_long(cpu, s, rdhi, rdlo, result as u64);
}

/// SMLAL, SMLALS.
#[inline(always)]
pub fn smlal(cpu: &mut State, Smlal { s, rdlo, rdhi, rn, rm }: Smlal) {
    let product = signed(cpu.r(rn)) * signed(cpu.r(rm));
    let result = (product as u64).wrapping_add(pair(cpu, rdhi, rdlo));
    set_long(cpu, s, rdhi, rdlo, result);
}

/// SMLABB and its like.
#[inline(always)]
pub fn smlaxy(cpu: &mut State, Smlaxy { rd, rn, rm, ra, x, y }: Smlaxy) {
    let sum = half(cpu.r(rn), x) * half(cpu.r(rm), y) + signed(cpu.r(ra));
    set_q(cpu, rd, sum);
}

/// SMULBB and its like.
#[inline(always)]
pub fn smulxy(cpu: &mut State, Smulxy { rd, rn, rm, x, y }: Smulxy) {
    let product = half(cpu.r(rn), x) * half(cpu.r(rm), y);
    cpu.set_r(rd, product as u32);
}

/// SMLAWB, SMLAWT.
#[inline(always)]
pub fn smlawy(cpu: &mut State, Smlawy { rd, rn, rm, ra, y }: Smlawy) {
    let sum = ((signed(cpu.r(rn)) * half(cpu.r(rm), y)) >> 16) + signed(cpu.r(ra));
    set_q(cpu, rd, sum);
}

/// SMULWB, SMULWT.
#[inline(always)]
pub fn smulwy(cpu: &mut State, Smulwy { rd, rn, rm, y }: Smulwy) {
    let product = (signed(cpu.r(rn)) * half(cpu.r(rm), y)) >> 16;
    cpu.set_r(rd, product as u32);
}

/// SMLALBB and its like.
#[inline(always)]
pub fn smlalxy(
    cpu: &mut State,
    Smlalxy {
        rdlo,
        rdhi,
        rn,
        rm,
        x,
        y,
    }: Smlalxy,
) {
    let product = half(cpu.r(rn), x) * half(cpu.r(rm), y);
    let result = pair(cpu, rdhi, rdlo).wrapping_add_signed(product);
    set_pair(cpu, rdhi, rdlo, result);
}

/// QADD.
#[inline(always)]
pub fn qadd(cpu: &mut State, Qadd { rd, rm, rn }: Qadd) {
    let result = saturate(cpu, signed(cpu.r(rm)) + signed(cpu.r(rn)));
    cpu.set_r(rd, result as u32);
}

/// QSUB.
#[inline(always)]
pub fn qsub(cpu: &mut State, Qsub { rd, rm, rn }: Qsub) {
    let result = saturate(cpu, signed(cpu.r(rm)) - signed(cpu.r(rn)));
    cpu.set_r(rd, result as u32);
}

/// QDADD.
#[inline(always)]
pub fn qdadd(cpu: &mut State, Qdadd { rd, rm, rn }: Qdadd) {
    let doubled = saturate(cpu, 2 * signed(cpu.r(rn)));
    let result = saturate(cpu, signed(cpu.r(rm)) + i64::from(doubled));
    cpu.set_r(rd, result as u32);
}

/// QDSUB.
#[inline(always)]
pub fn qdsub(cpu: &mut State, Qdsub { rd, rm, rn }: Qdsub) {
    let doubled = saturate(cpu, 2 * signed(cpu.r(rn)));
    let result = saturate(cpu, signed(cpu.r(rm)) - i64::from(doubled));
    cpu.set_r(rd, result as u32);
}

/// SMUAD, SMUADX.
#[inline(always)]
pub fn smuad(cpu: &mut State, Smuad { rd, rn, rm, swap }: Smuad) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    set_q(cpu, rd, low + high);
}

/// SMLAD, SMLADX.
#[inline(always)]
pub fn smlad(cpu: &mut State, Smlad { rd, rn, rm, ra, swap }: Smlad) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    let sum = low + high + signed(cpu.r(ra));
    set_q(cpu, rd, sum);
}

/// SMUSD, SMUSDX: cannot overflow.
#[inline(always)]
pub fn smusd(cpu: &mut State, Smusd { rd, rn, rm, swap }: Smusd) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    cpu.set_r(rd, (low - high) as u32);
}

/// SMLSD, SMLSDX.
#[inline(always)]
pub fn smlsd(cpu: &mut State, Smlsd { rd, rn, rm, ra, swap }: Smlsd) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    let sum = low - high + signed(cpu.r(ra));
    set_q(cpu, rd, sum);
}

/// SMLALD, SMLALDX.
#[inline(always)]
pub fn smlald(
    cpu: &mut State,
    Smlald {
        rdlo,
        rdhi,
        rn,
        rm,
        swap,
    }: Smlald,
) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    let result = pair(cpu, rdhi, rdlo).wrapping_add_signed(low + high);
    set_pair(cpu, rdhi, rdlo, result);
}

/// SMLSLD, SMLSLDX.
#[inline(always)]
pub fn smlsld(
    cpu: &mut State,
    Smlsld {
        rdlo,
        rdhi,
        rn,
        rm,
        swap,
    }: Smlsld,
) {
    let (low, high) = products(cpu.r(rn), cpu.r(rm), swap);
    let result = pair(cpu, rdhi, rdlo).wrapping_add_signed(low - high);
    set_pair(cpu, rdhi, rdlo, result);
}

/// The high word of a 64-bit sum, rounded or not.
#[inline(always)]
fn high_word(sum: i64, round: bool) -> u32 {
    (sum.wrapping_add(if round { 0x8000_0000 } else { 0 }) >> 32) as u32
}

/// SMMUL, SMMULR.
#[inline(always)]
pub fn smmul(cpu: &mut State, Smmul { rd, rn, rm, round }: Smmul) {
    let result = high_word(signed(cpu.r(rn)) * signed(cpu.r(rm)), round);
    cpu.set_r(rd, result);
}

/// SMMLA, SMMLAR.
#[inline(always)]
pub fn smmla(cpu: &mut State, Smmla { rd, rn, rm, ra, round }: Smmla) {
    let product = signed(cpu.r(rn)) * signed(cpu.r(rm));
    let result = high_word((signed(cpu.r(ra)) << 32).wrapping_add(product), round);
    cpu.set_r(rd, result);
}

/// SMMLS, SMMLSR.
#[inline(always)]
pub fn smmls(cpu: &mut State, Smmls { rd, rn, rm, ra, round }: Smmls) {
    let product = signed(cpu.r(rn)) * signed(cpu.r(rm));
    let result = high_word((signed(cpu.r(ra)) << 32).wrapping_sub(product), round);
    cpu.set_r(rd, result);
}

/// SDIV: division by zero gives zero.
#[inline(always)]
pub fn sdiv(cpu: &mut State, Sdiv { rd, rn, rm }: Sdiv) {
    let (n, m) = (cpu.r(rn) as i32, cpu.r(rm) as i32);
    cpu.set_r(rd, if m == 0 { 0 } else { n.wrapping_div(m) as u32 });
}

/// UDIV: division by zero gives zero.
#[inline(always)]
pub fn udiv(cpu: &mut State, Udiv { rd, rn, rm }: Udiv) {
    let result = cpu.r(rn).checked_div(cpu.r(rm)).unwrap_or(0);
    cpu.set_r(rd, result);
}
