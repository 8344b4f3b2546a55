//! Advanced SIMD floating point on pairs and on mixed formats, vector and by element (C4.1.96): FMLAL and FMLSL, complex numbers,
//! BFloat16. The arithmetic itself is `armlet_cpu::fp`.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::fp::{self, FpEnv, bf16};
use armlet_decoder::a64::*;

use super::float::{Format, by_format, lanes2_of, lanes3_of, with_env};
use super::vector::{Element, source, splat, zip3};

/// As many halves as there are single-precision lanes, from the low or (`upper`) the following part of a register; each
/// in the low half of a lane.
#[inline(always)]
fn halves(vector: &Vector, q: bool, upper: bool) -> Vector {
    let lanes = u16::lanes(vector);
    let count = if q { 4 } else { 2 };
    let first = if upper { count } else { 0 };
    u32::vector(std::array::from_fn(|lane| lanes[first + lane % count].into()))
}

/// FMLAL and its like: products of halves, added to single precision.
#[inline(never)]
fn add_products(
    cpu: &mut State,
    q: bool,
    d: u8,
    [n, m]: [Vector; 2],
    operation: impl Fn(u32, u16, u16, &mut FpEnv) -> u32,
) {
    let addend = source(cpu, q, d);
    let result = with_env(cpu, |env| {
        zip3(&addend, &n, &m, |d: u32, n, m| operation(d, n as u16, m as u16, env))
    });
    cpu.set_vector_q(q, d, result);
}

/// `addend - a * b`.
#[inline(always)]
fn mul_sub_half(addend: u32, a: u16, b: u16, env: &mut FpEnv) -> u32 {
    fp::mul_add_half(addend, fp::neg(a), b, env)
}

/// FMLAL and its like: `upper, operation: vector's name Type, by element's name Type`.
macro_rules! long {
    ($(#[$doc:meta] $upper:literal, $operation:path:
       $vec:ident $Vec:ident, $element:ident $Element:ident;)*) => {$(
        #[$doc]
        #[inline(always)]
        pub fn $vec(cpu: &mut State, $Vec { q, rd, rn, rm }: $Vec) {
            let sources = [rn, rm].map(|register| halves(&cpu.vector(register), q, $upper));
            add_products(cpu, q, rd, sources, $operation);
        }
        #[$doc]
        #[inline(always)]
        pub fn $element(cpu: &mut State, $Element { q, rd, rn, rm, index }: $Element) {
            let n = halves(&cpu.vector(rn), q, $upper);
            let element = u16::get(&cpu.vector(rm), index);
            add_products(cpu, q, rd, [n, splat(u32::from(element))], $operation);
        }
    )*};
}

long! {
    /// FMLAL, C7.2.124 and C7.2.123.
    false, fp::mul_add_half: fmlal_vec FmlalVec, fmlal_element FmlalElement;
    /// FMLAL2, C7.2.124 and C7.2.123.
    true, fp::mul_add_half: fmlal2_vec Fmlal2Vec, fmlal2_element Fmlal2Element;
    /// FMLSL, C7.2.128 and C7.2.127.
    false, mul_sub_half: fmlsl_vec FmlslVec, fmlsl_element FmlslElement;
    /// FMLSL2, C7.2.128 and C7.2.127.
    true, mul_sub_half: fmlsl2_vec Fmlsl2Vec, fmlsl2_element Fmlsl2Element;
}

/// Every pair of lanes, a complex number, is `f` of it.
#[inline(always)]
fn map_pairs<F: Format>(vector: &Vector, f: impl Fn([F; 2]) -> [F; 2]) -> Vector {
    let mut lanes = F::lanes(vector);
    for pair in lanes.as_mut().chunks_exact_mut(2) {
        pair.copy_from_slice(&f([pair[0], pair[1]]));
    }
    F::vector(lanes)
}

/// Complex numbers, multiplied by i to the power of `rot`.
#[inline(always)]
fn turned<F: Format>(vector: &Vector, rot: u8) -> Vector {
    map_pairs(vector, |[re, im]: [F; 2]| match rot {
        0 => [re, im],
        1 => [fp::neg(im), re],
        2 => [fp::neg(re), fp::neg(im)],
        _ => [im, fp::neg(re)],
    })
}

/// FCMLA: adds the product of one part of every complex number in V\[n\], the real one or (odd `rot`) the imaginary one,
/// and of what is in `m`, turned.
#[inline(never)]
fn complex_multiply_add<F: Format>(cpu: &mut State, q: bool, [d, n]: [u8; 2], m: &Vector, rot: u8) {
    let part = usize::from(rot & 1);
    let parts = map_pairs(&source(cpu, q, n), |pair: [F; 2]| [pair[part]; 2]);
    let addend = source(cpu, q, d);
    let turned = turned::<F>(m, rot);
    let result = with_env(cpu, |env| {
        zip3(&addend, &parts, &turned, |d, n, m| fp::mul_add::<F>(d, n, m, env))
    });
    cpu.set_vector_q(q, d, result);
}

/// FCADD, C7.2.53.
#[inline(always)]
pub fn fcadd(
    cpu: &mut State,
    Fcadd {
        q,
        size,
        rd,
        rn,
        rm,
        rot,
    }: Fcadd,
) {
    let m = source(cpu, q, rm);
    by_format!(size, F => lanes2_of::<F>(cpu, q, [rd, rn], &turned::<F>(&m, rot), fp::add));
}

/// FCMLA, C7.2.63.
#[inline(always)]
pub fn fcmla_vec(
    cpu: &mut State,
    FcmlaVec {
        q,
        size,
        rd,
        rn,
        rm,
        rot,
    }: FcmlaVec,
) {
    let m = source(cpu, q, rm);
    by_format!(size, F => complex_multiply_add::<F>(cpu, q, [rd, rn], &m, rot));
}

/// FCMLA (by element), C7.2.62.
#[inline(always)]
pub fn fcmla_element(
    cpu: &mut State,
    FcmlaElement {
        q,
        size,
        rd,
        rn,
        rm,
        index,
        rot,
    }: FcmlaElement,
) {
    let m = cpu.vector(rm);
    match size {
        1 => complex_multiply_add::<u16>(cpu, q, [rd, rn], &splat(u32::get(&m, index)), rot),
        _ => complex_multiply_add::<u32>(cpu, q, [rd, rn], &splat(u64::get(&m, index)), rot),
    }
}

/// The two BFloat16 numbers of a 32-bit lane.
#[inline(always)]
fn bf16_pair(lane: u32) -> [u16; 2] {
    [lane as u16, (lane >> 16) as u16]
}

/// BFDOT (vector), C7.2.16.
#[inline(always)]
pub fn bfdot_vec(cpu: &mut State, BfdotVec { q, rd, rn, rm }: BfdotVec) {
    let m = source(cpu, q, rm);
    lanes3_of(cpu, q, [rd, rn], &m, |d, n, m, _| {
        bf16::dot_add(d, bf16_pair(n), bf16_pair(m))
    });
}

/// BFDOT (by element), C7.2.15.
#[inline(always)]
pub fn bfdot_element(cpu: &mut State, BfdotElement { q, rd, rn, rm, index }: BfdotElement) {
    let pair = u32::get(&cpu.vector(rm), index);
    lanes3_of(cpu, q, [rd, rn], &splat(pair), |d, n, m, _| {
        bf16::dot_add(d, bf16_pair(n), bf16_pair(m))
    });
}

/// BFMLALB and BFMLALT: the even or (`top`) the odd numbers of both sources.
#[inline(always)]
fn bf16_multiply_add(cpu: &mut State, top: bool, registers: [u8; 2], m: &Vector) {
    let number = |lane| bf16_pair(lane)[usize::from(top)];
    lanes3_of(cpu, true, registers, m, |d, n, m, env| {
        bf16::mul_add(d, number(n), number(m), env)
    });
}

/// BFMLALB, BFMLALT (vector), C7.2.18.
#[inline(always)]
pub fn bfmlal_vec(cpu: &mut State, BfmlalVec { top, rd, rn, rm }: BfmlalVec) {
    let m = cpu.vector(rm);
    bf16_multiply_add(cpu, top, [rd, rn], &m);
}

/// BFMLALB, BFMLALT (by element), C7.2.17.
#[inline(always)]
pub fn bfmlal_element(cpu: &mut State, BfmlalElement { top, rd, rn, rm, index }: BfmlalElement) {
    let element = u16::get(&cpu.vector(rm), index);
    bf16_multiply_add(cpu, top, [rd, rn], &splat(element));
}

/// BFMMLA, C7.2.19.
#[inline(always)]
pub fn bfmmla(cpu: &mut State, Bfmmla { rd, rn, rm }: Bfmmla) {
    let (d, n, m) = (
        u32::lanes(&cpu.vector(rd)),
        u16::lanes(&cpu.vector(rn)),
        u16::lanes(&cpu.vector(rm)),
    );
    cpu.set_vector(rd, u32::vector(bf16::matrix_mul_add(d, n, m)));
}
