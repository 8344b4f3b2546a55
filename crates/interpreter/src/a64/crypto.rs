//! The Cryptographic Extension (C4.1.96): the functions are in `armlet_cpu::crypto`, here are the registers.

use armlet_cpu::a64::State;
use armlet_cpu::crypto::{aes, sha1, sha256, sha512, sm3, sm4};
use armlet_decoder::a64::*;

use super::vector::{zip, zip3};

/// AESE, C7.2.8.
#[inline(always)]
pub fn aese(cpu: &mut State, Aese { rd, rn }: Aese) {
    cpu.set_v(rd, aes::encrypt(cpu.v(rd), cpu.v(rn)));
}

/// AESD, C7.2.7.
#[inline(always)]
pub fn aesd(cpu: &mut State, Aesd { rd, rn }: Aesd) {
    cpu.set_v(rd, aes::decrypt(cpu.v(rd), cpu.v(rn)));
}

/// AESMC, C7.2.10.
#[inline(always)]
pub fn aesmc(cpu: &mut State, Aesmc { rd, rn }: Aesmc) {
    cpu.set_v(rd, aes::mix_columns(cpu.v(rn)));
}

/// AESIMC, C7.2.9.
#[inline(always)]
pub fn aesimc(cpu: &mut State, Aesimc { rd, rn }: Aesimc) {
    cpu.set_v(rd, aes::inverse_mix_columns(cpu.v(rn)));
}

/// SHA1C, C7.2.239.
#[inline(always)]
pub fn sha1c(cpu: &mut State, Sha1c { rd, rn, rm }: Sha1c) {
    cpu.set_v(rd, sha1::hash_choose(cpu.v(rd), cpu.v(rn) as u32, cpu.v(rm)));
}

/// SHA1P, C7.2.242.
#[inline(always)]
pub fn sha1p(cpu: &mut State, Sha1p { rd, rn, rm }: Sha1p) {
    cpu.set_v(rd, sha1::hash_parity(cpu.v(rd), cpu.v(rn) as u32, cpu.v(rm)));
}

/// SHA1M, C7.2.241.
#[inline(always)]
pub fn sha1m(cpu: &mut State, Sha1m { rd, rn, rm }: Sha1m) {
    cpu.set_v(rd, sha1::hash_majority(cpu.v(rd), cpu.v(rn) as u32, cpu.v(rm)));
}

/// SHA1SU0, C7.2.243.
#[inline(always)]
pub fn sha1su0(cpu: &mut State, Sha1su0 { rd, rn, rm }: Sha1su0) {
    cpu.set_v(rd, sha1::schedule0(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA1H, C7.2.240.
#[inline(always)]
pub fn sha1h(cpu: &mut State, Sha1h { rd, rn }: Sha1h) {
    cpu.set_v(rd, sha1::fixed_rotate(cpu.v(rn) as u32).into());
}

/// SHA1SU1, C7.2.244.
#[inline(always)]
pub fn sha1su1(cpu: &mut State, Sha1su1 { rd, rn }: Sha1su1) {
    cpu.set_v(rd, sha1::schedule1(cpu.v(rd), cpu.v(rn)));
}

/// SHA256H, C7.2.245.
#[inline(always)]
pub fn sha256h(cpu: &mut State, Sha256h { rd, rn, rm }: Sha256h) {
    cpu.set_v(rd, sha256::hash(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA256H2, C7.2.246.
#[inline(always)]
pub fn sha256h2(cpu: &mut State, Sha256h2 { rd, rn, rm }: Sha256h2) {
    cpu.set_v(rd, sha256::hash2(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA256SU0, C7.2.247.
#[inline(always)]
pub fn sha256su0(cpu: &mut State, Sha256su0 { rd, rn }: Sha256su0) {
    cpu.set_v(rd, sha256::schedule0(cpu.v(rd), cpu.v(rn)));
}

/// SHA256SU1, C7.2.248.
#[inline(always)]
pub fn sha256su1(cpu: &mut State, Sha256su1 { rd, rn, rm }: Sha256su1) {
    cpu.set_v(rd, sha256::schedule1(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA512H, C7.2.249.
#[inline(always)]
pub fn sha512h(cpu: &mut State, Sha512h { rd, rn, rm }: Sha512h) {
    cpu.set_v(rd, sha512::hash(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA512H2, C7.2.250.
#[inline(always)]
pub fn sha512h2(cpu: &mut State, Sha512h2 { rd, rn, rm }: Sha512h2) {
    cpu.set_v(rd, sha512::hash2(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SHA512SU0, C7.2.251.
#[inline(always)]
pub fn sha512su0(cpu: &mut State, Sha512su0 { rd, rn }: Sha512su0) {
    cpu.set_v(rd, sha512::schedule0(cpu.v(rd), cpu.v(rn)));
}

/// SHA512SU1, C7.2.252.
#[inline(always)]
pub fn sha512su1(cpu: &mut State, Sha512su1 { rd, rn, rm }: Sha512su1) {
    cpu.set_v(rd, sha512::schedule1(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// EOR3, C7.2.42.
#[inline(always)]
pub fn eor3(cpu: &mut State, Eor3 { rd, rn, rm, ra }: Eor3) {
    let value = zip3(&cpu.vector(rn), &cpu.vector(rm), &cpu.vector(ra), |n: u64, m, a| {
        n ^ m ^ a
    });
    cpu.set_vector(rd, value);
}

/// BCAX, C7.2.12.
#[inline(always)]
pub fn bcax(cpu: &mut State, Bcax { rd, rn, rm, ra }: Bcax) {
    let value = zip3(&cpu.vector(rn), &cpu.vector(rm), &cpu.vector(ra), |n: u64, m, a| {
        n ^ (m & !a)
    });
    cpu.set_vector(rd, value);
}

/// RAX1, C7.2.217.
#[inline(always)]
pub fn rax1(cpu: &mut State, Rax1 { rd, rn, rm }: Rax1) {
    let value = zip(&cpu.vector(rn), &cpu.vector(rm), |n: u64, m| n ^ m.rotate_left(1));
    cpu.set_vector(rd, value);
}

/// XAR, C7.2.401.
#[inline(always)]
pub fn xar(cpu: &mut State, Xar { rd, rn, rm, imm }: Xar) {
    let value = zip(&cpu.vector(rn), &cpu.vector(rm), |n: u64, m| {
        (n ^ m).rotate_right(imm.into())
    });
    cpu.set_vector(rd, value);
}

/// SM3SS1, C7.2.261.
#[inline(always)]
pub fn sm3ss1(cpu: &mut State, Sm3ss1 { rd, rn, rm, ra }: Sm3ss1) {
    cpu.set_v(rd, sm3::ss1(cpu.v(rn), cpu.v(rm), cpu.v(ra)));
}

/// SM3TT1A, C7.2.262.
#[inline(always)]
pub fn sm3tt1a(cpu: &mut State, Sm3tt1a { rd, rn, rm, index }: Sm3tt1a) {
    cpu.set_v(rd, sm3::tt1a(cpu.v(rd), cpu.v(rn), cpu.v(rm), index));
}

/// SM3TT1B, C7.2.263.
#[inline(always)]
pub fn sm3tt1b(cpu: &mut State, Sm3tt1b { rd, rn, rm, index }: Sm3tt1b) {
    cpu.set_v(rd, sm3::tt1b(cpu.v(rd), cpu.v(rn), cpu.v(rm), index));
}

/// SM3TT2A, C7.2.264.
#[inline(always)]
pub fn sm3tt2a(cpu: &mut State, Sm3tt2a { rd, rn, rm, index }: Sm3tt2a) {
    cpu.set_v(rd, sm3::tt2a(cpu.v(rd), cpu.v(rn), cpu.v(rm), index));
}

/// SM3TT2B, C7.2.265.
#[inline(always)]
pub fn sm3tt2b(cpu: &mut State, Sm3tt2b { rd, rn, rm, index }: Sm3tt2b) {
    cpu.set_v(rd, sm3::tt2b(cpu.v(rd), cpu.v(rn), cpu.v(rm), index));
}

/// SM3PARTW1, C7.2.259.
#[inline(always)]
pub fn sm3partw1(cpu: &mut State, Sm3partw1 { rd, rn, rm }: Sm3partw1) {
    cpu.set_v(rd, sm3::part_w1(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SM3PARTW2, C7.2.260.
#[inline(always)]
pub fn sm3partw2(cpu: &mut State, Sm3partw2 { rd, rn, rm }: Sm3partw2) {
    cpu.set_v(rd, sm3::part_w2(cpu.v(rd), cpu.v(rn), cpu.v(rm)));
}

/// SM4E, C7.2.266.
#[inline(always)]
pub fn sm4e(cpu: &mut State, Sm4e { rd, rn }: Sm4e) {
    cpu.set_v(rd, sm4::encrypt(cpu.v(rd), cpu.v(rn)));
}

/// SM4EKEY, C7.2.267.
#[inline(always)]
pub fn sm4ekey(cpu: &mut State, Sm4ekey { rd, rn, rm }: Sm4ekey) {
    cpu.set_v(rd, sm4::expand_key(cpu.v(rn), cpu.v(rm)));
}
