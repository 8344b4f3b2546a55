//! Advanced SIMD three same, three same extra, and their scalar forms: integer instructions (C4.1.96).

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::crypto::polynomial;
use armlet_decoder::a64::*;

use super::lane;
use super::vector::{Element, Narrow, by_size, pairs, saturate, set_saturated, single, zip, zip3};

/// Every lane of V\[d\] is `f` of the lanes of V\[n\] and V\[m\].
#[inline(always)]
fn lanewise<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> T) {
    let value = zip(&cpu.vector(n), &cpu.vector(m), f);
    cpu.set_vector_q(q, d, value);
}

/// As [`lanewise`], with saturation.
#[inline(always)]
fn saturating<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> (T, bool)) {
    let (n, m) = (cpu.vector(n), cpu.vector(m));
    saturate(cpu, q, d, [&n, &n, &m], |_, n, m| f(n, m));
}

/// Every lane of V\[d\] becomes `f` of itself and the lanes of V\[n\] and V\[m\].
#[inline(always)]
fn accumulate<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T, T) -> T) {
    let value = zip3(&cpu.vector(d), &cpu.vector(n), &cpu.vector(m), f);
    cpu.set_vector_q(q, d, value);
}

/// As [`accumulate`], with saturation.
#[inline(always)]
fn saturating_accumulate<T: Element>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T, T) -> (T, bool)) {
    let operands = [d, n, m].map(|register| cpu.vector(register));
    saturate(cpu, q, d, operands.each_ref(), f);
}

/// Every lane of V\[d\] is `f` of two neighbours in V\[m\]:V\[n\].
#[inline(always)]
fn pairwise<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> T) {
    let (n, m) = (cpu.vector(n), cpu.vector(m));
    // Two copies: the number of lanes is a constant in each.
    if q {
        cpu.set_vector(d, pairs(true, &n, &m, f));
    } else {
        cpu.set_vector_q(false, d, pairs(false, &n, &m, f));
    }
}

/// `name Type: type shape(function);`: the element type follows from `size` and what is given here.
macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, rm }: $Type) {
            by_size!(size, $type T => $shape::<T>(cpu, q, [rd, rn, rm], $f))
        }
    )*};
}

vectors! {
    /// SHADD, C7.2.253.
    shadd_vec ShaddVec: signed lanewise(lane::halving_add);
    /// UHADD, C7.2.358.
    uhadd_vec UhaddVec: unsigned lanewise(lane::halving_add);
    /// SQADD, C7.2.283.
    sqadd_vec SqaddVec: signed saturating(lane::saturating_add);
    /// UQADD, C7.2.374.
    uqadd_vec UqaddVec: unsigned saturating(lane::saturating_add);
    /// SRHADD, C7.2.310.
    srhadd_vec SrhaddVec: signed lanewise(lane::rounding_halving_add);
    /// URHADD, C7.2.383.
    urhadd_vec UrhaddVec: unsigned lanewise(lane::rounding_halving_add);
    /// SHSUB, C7.2.257.
    shsub_vec ShsubVec: signed lanewise(lane::halving_sub);
    /// UHSUB, C7.2.359.
    uhsub_vec UhsubVec: unsigned lanewise(lane::halving_sub);
    /// SQSUB, C7.2.307.
    sqsub_vec SqsubVec: signed saturating(lane::saturating_sub);
    /// UQSUB, C7.2.380.
    uqsub_vec UqsubVec: unsigned saturating(lane::saturating_sub);
    /// CMGT (register), C7.2.31.
    cmgt_vec CmgtVec: signed lanewise(|n, m| T::mask(n > m));
    /// CMHI (register), C7.2.33.
    cmhi_vec CmhiVec: unsigned lanewise(|n, m| T::mask(n > m));
    /// CMGE (register), C7.2.29.
    cmge_vec CmgeVec: signed lanewise(|n, m| T::mask(n >= m));
    /// CMHS (register), C7.2.34.
    cmhs_vec CmhsVec: unsigned lanewise(|n, m| T::mask(n >= m));
    /// SSHL, C7.2.315.
    sshl_vec SshlVec: signed lanewise(|n, m| lane::shift(n, m.low_byte()));
    /// USHL, C7.2.390.
    ushl_vec UshlVec: unsigned lanewise(|n, m| lane::shift(n, m.low_byte()));
    /// SQSHL (register), C7.2.303.
    sqshl_vec SqshlVec: signed saturating(|n, m| lane::saturating_shift(n, m.low_byte()));
    /// UQSHL (register), C7.2.378.
    uqshl_vec UqshlVec: unsigned saturating(|n, m| lane::saturating_shift(n, m.low_byte()));
    /// SRSHL, C7.2.312.
    srshl_vec SrshlVec: signed lanewise(|n, m| lane::rounding_shift(n, m.low_byte()));
    /// URSHL, C7.2.384.
    urshl_vec UrshlVec: unsigned lanewise(|n, m| lane::rounding_shift(n, m.low_byte()));
    /// SQRSHL, C7.2.299.
    sqrshl_vec SqrshlVec: signed saturating(|n, m| lane::saturating_rounding_shift(n, m.low_byte()));
    /// UQRSHL, C7.2.375.
    uqrshl_vec UqrshlVec: unsigned saturating(|n, m| lane::saturating_rounding_shift(n, m.low_byte()));
    /// SMAX, C7.2.268.
    smax_vec SmaxVec: signed lanewise(Ord::max);
    /// UMAX, C7.2.360.
    umax_vec UmaxVec: unsigned lanewise(Ord::max);
    /// SMIN, C7.2.271.
    smin_vec SminVec: signed lanewise(Ord::min);
    /// UMIN, C7.2.363.
    umin_vec UminVec: unsigned lanewise(Ord::min);
    /// SABD, C7.2.226.
    sabd_vec SabdVec: signed lanewise(lane::abs_difference);
    /// UABD, C7.2.345.
    uabd_vec UabdVec: unsigned lanewise(lane::abs_difference);
    /// SABA, C7.2.224.
    saba_vec SabaVec: signed accumulate(|d, n, m| d.add(lane::abs_difference(n, m)));
    /// UABA, C7.2.343.
    uaba_vec UabaVec: unsigned accumulate(|d, n, m| d.add(lane::abs_difference(n, m)));
    /// ADD (vector), C7.2.2.
    add_vec AddVec: unsigned lanewise(Element::add);
    /// SUB (vector), C7.2.334.
    sub_vec SubVec: unsigned lanewise(Element::sub);
    /// CMTST, C7.2.37.
    cmtst_vec CmtstVec: unsigned lanewise(|n, m| T::mask(n & m != T::default()));
    /// CMEQ (register), C7.2.27.
    cmeq_vec CmeqVec: unsigned lanewise(|n, m| T::mask(n == m));
    /// MLA (vector), C7.2.196.
    mla_vec MlaVec: unsigned accumulate(|d, n, m| d.add(n.mul(m)));
    /// MLS (vector), C7.2.198.
    mls_vec MlsVec: unsigned accumulate(|d, n, m| d.sub(n.mul(m)));
    /// MUL (vector), C7.2.206.
    mul_vec MulVec: unsigned lanewise(Element::mul);
    /// SMAXP, C7.2.269.
    smaxp_vec SmaxpVec: signed_narrow pairwise(Ord::max);
    /// UMAXP, C7.2.361.
    umaxp_vec UmaxpVec: unsigned_narrow pairwise(Ord::max);
    /// SMINP, C7.2.272.
    sminp_vec SminpVec: signed_narrow pairwise(Ord::min);
    /// UMINP, C7.2.364.
    uminp_vec UminpVec: unsigned_narrow pairwise(Ord::min);
    /// SQDMULH (vector), C7.2.289.
    sqdmulh_vec SqdmulhVec: signed_narrow saturating(lane::doubling_multiply_high);
    /// SQRDMULH (vector), C7.2.298.
    sqrdmulh_vec SqrdmulhVec: signed_narrow saturating(lane::rounding_doubling_multiply_high);
    /// SQRDMLAH (vector), C7.2.294.
    sqrdmlah_vec SqrdmlahVec: signed_narrow saturating_accumulate(lane::rounding_doubling_multiply_add);
    /// SQRDMLSH (vector), C7.2.296.
    sqrdmlsh_vec SqrdmlshVec: signed_narrow saturating_accumulate(lane::rounding_doubling_multiply_sub);
}

/// The scalar form of a shape: lane 0, zeros above it.
mod scalar {
    use super::*;

    #[inline(always)]
    pub fn lanewise<T: Element>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> T) {
        let value = f(T::get(&cpu.vector(n), 0), T::get(&cpu.vector(m), 0));
        cpu.set_vector(d, single(value));
    }

    #[inline(always)]
    pub fn saturating<T: Element>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T, T) -> (T, bool)) {
        let (value, saturated) = f(T::get(&cpu.vector(n), 0), T::get(&cpu.vector(m), 0));
        cpu.set_vector(d, single(value));
        set_saturated(cpu, saturated);
    }

    #[inline(always)]
    pub fn saturating_accumulate<T: Element>(cpu: &mut State, [d, n, m]: [u8; 3], f: impl Fn(T, T, T) -> (T, bool)) {
        let accumulator = T::get(&cpu.vector(d), 0);
        saturating(cpu, [d, n, m], |n, m| f(accumulator, n, m));
    }
}

/// As [`vectors`], on one lane of any size.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $type:ident $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, rd, rn, rm }: $Type) {
            by_size!(size, $type T => scalar::$shape::<T>(cpu, [rd, rn, rm], $f))
        }
    )*};
}

scalars! {
    /// SQADD, C7.2.283.
    sqadd_scalar SqaddScalar: signed saturating(lane::saturating_add);
    /// UQADD, C7.2.374.
    uqadd_scalar UqaddScalar: unsigned saturating(lane::saturating_add);
    /// SQSUB, C7.2.307.
    sqsub_scalar SqsubScalar: signed saturating(lane::saturating_sub);
    /// UQSUB, C7.2.380.
    uqsub_scalar UqsubScalar: unsigned saturating(lane::saturating_sub);
    /// SQSHL (register), C7.2.303.
    sqshl_scalar SqshlScalar: signed saturating(|n, m| lane::saturating_shift(n, m.low_byte()));
    /// UQSHL (register), C7.2.378.
    uqshl_scalar UqshlScalar: unsigned saturating(|n, m| lane::saturating_shift(n, m.low_byte()));
    /// SQRSHL, C7.2.299.
    sqrshl_scalar SqrshlScalar: signed saturating(|n, m| lane::saturating_rounding_shift(n, m.low_byte()));
    /// UQRSHL, C7.2.375.
    uqrshl_scalar UqrshlScalar: unsigned saturating(|n, m| lane::saturating_rounding_shift(n, m.low_byte()));
    /// SQDMULH (vector), C7.2.289.
    sqdmulh_scalar SqdmulhScalar: signed_narrow saturating(lane::doubling_multiply_high);
    /// SQRDMULH (vector), C7.2.298.
    sqrdmulh_scalar SqrdmulhScalar: signed_narrow saturating(lane::rounding_doubling_multiply_high);
    /// SQRDMLAH (vector), C7.2.294.
    sqrdmlah_scalar SqrdmlahScalar: signed_narrow saturating_accumulate(lane::rounding_doubling_multiply_add);
    /// SQRDMLSH (vector), C7.2.296.
    sqrdmlsh_scalar SqrdmlshScalar: signed_narrow saturating_accumulate(lane::rounding_doubling_multiply_sub);
}

/// As [`vectors`], on one lane of 64 bits.
macro_rules! doubles {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $T:ident $shape:ident($f:expr);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { rd, rn, rm }: $Type) {
            scalar::$shape::<$T>(cpu, [rd, rn, rm], $f)
        }
    )*};
}

doubles! {
    /// CMGT (register), C7.2.31.
    cmgt_scalar CmgtScalar: i64 lanewise(|n, m| Element::mask(n > m));
    /// CMHI (register), C7.2.33.
    cmhi_scalar CmhiScalar: u64 lanewise(|n, m| Element::mask(n > m));
    /// CMGE (register), C7.2.29.
    cmge_scalar CmgeScalar: i64 lanewise(|n, m| Element::mask(n >= m));
    /// CMHS (register), C7.2.34.
    cmhs_scalar CmhsScalar: u64 lanewise(|n, m| Element::mask(n >= m));
    /// SSHL, C7.2.315.
    sshl_scalar SshlScalar: i64 lanewise(|n, m| lane::shift(n, m.low_byte()));
    /// USHL, C7.2.390.
    ushl_scalar UshlScalar: u64 lanewise(|n, m| lane::shift(n, m.low_byte()));
    /// SRSHL, C7.2.312.
    srshl_scalar SrshlScalar: i64 lanewise(|n, m| lane::rounding_shift(n, m.low_byte()));
    /// URSHL, C7.2.384.
    urshl_scalar UrshlScalar: u64 lanewise(|n, m| lane::rounding_shift(n, m.low_byte()));
    /// ADD (vector), C7.2.2.
    add_scalar AddScalar: u64 lanewise(Element::add);
    /// SUB (vector), C7.2.334.
    sub_scalar SubScalar: u64 lanewise(Element::sub);
    /// CMTST, C7.2.37.
    cmtst_scalar CmtstScalar: u64 lanewise(|n, m| Element::mask(n & m != 0));
    /// CMEQ (register), C7.2.27.
    cmeq_scalar CmeqScalar: u64 lanewise(|n, m| Element::mask(n == m));
}

/// ADDP (vector), C7.2.5.
#[inline(always)]
pub fn addp_vec(cpu: &mut State, AddpVec { q, size, rd, rn, rm }: AddpVec) {
    match size {
        0 => pairwise(cpu, q, [rd, rn, rm], u8::wrapping_add),
        1 => pairwise(cpu, q, [rd, rn, rm], u16::wrapping_add),
        2 => pairwise(cpu, q, [rd, rn, rm], u32::wrapping_add),
        _ => {
            let sum = |vector: Vector| u64::get(&vector, 0).wrapping_add(u64::get(&vector, 1));
            cpu.set_vector(rd, u64::vector([sum(cpu.vector(rn)), sum(cpu.vector(rm))]));
        }
    }
}

/// PMUL, C7.2.214.
#[inline(always)]
pub fn pmul_vec(cpu: &mut State, PmulVec { q, rd, rn, rm, .. }: PmulVec) {
    lanewise::<u8>(cpu, q, [rd, rn, rm], |n, m| polynomial::multiply8(n, m) as u8);
}

/// AND (vector), C7.2.11.
#[inline(always)]
pub fn and_vec(cpu: &mut State, AndVec { q, rd, rn, rm }: AndVec) {
    lanewise::<u64>(cpu, q, [rd, rn, rm], |n, m| n & m);
}

/// BIC (vector, register), C7.2.21.
#[inline(always)]
pub fn bic_vec(cpu: &mut State, BicVec { q, rd, rn, rm }: BicVec) {
    lanewise::<u64>(cpu, q, [rd, rn, rm], |n, m| n & !m);
}

/// ORR (vector, register), C7.2.213.
#[inline(always)]
pub fn orr_vec(cpu: &mut State, OrrVec { q, rd, rn, rm }: OrrVec) {
    lanewise::<u64>(cpu, q, [rd, rn, rm], |n, m| n | m);
}

/// ORN (vector), C7.2.211.
#[inline(always)]
pub fn orn_vec(cpu: &mut State, OrnVec { q, rd, rn, rm }: OrnVec) {
    lanewise::<u64>(cpu, q, [rd, rn, rm], |n, m| n | !m);
}

/// EOR (vector), C7.2.41.
#[inline(always)]
pub fn eor_vec(cpu: &mut State, EorVec { q, rd, rn, rm }: EorVec) {
    lanewise::<u64>(cpu, q, [rd, rn, rm], |n, m| n ^ m);
}

/// BSL, C7.2.24.
#[inline(always)]
pub fn bsl_vec(cpu: &mut State, BslVec { q, rd, rn, rm }: BslVec) {
    accumulate::<u64>(cpu, q, [rd, rn, rm], |d, n, m| n & d | m & !d);
}

/// BIT, C7.2.23.
#[inline(always)]
pub fn bit_vec(cpu: &mut State, BitVec { q, rd, rn, rm }: BitVec) {
    accumulate::<u64>(cpu, q, [rd, rn, rm], |d, n, m| d & !m | n & m);
}

/// BIF, C7.2.22.
#[inline(always)]
pub fn bif_vec(cpu: &mut State, BifVec { q, rd, rn, rm }: BifVec) {
    accumulate::<u64>(cpu, q, [rd, rn, rm], |d, n, m| d & m | n & !m);
}

/// Every 32-bit lane of `d` plus the sum of the products of its four bytes in `n` and in `m`.
#[inline(always)]
pub fn dot<N: Element, M: Element>(d: &Vector, n: &Vector, m: &Vector) -> Vector
where
    i32: From<N> + From<M>,
{
    let mut lanes = i32::lanes(d);
    let (n, m) = (N::lanes(n), M::lanes(m));
    for ((lane, n), m) in lanes
        .iter_mut()
        .zip(n.as_ref().chunks_exact(4))
        .zip(m.as_ref().chunks_exact(4))
    {
        let products = n.iter().zip(m).map(|(&n, &m)| i32::from(n) * i32::from(m));
        *lane = lane.wrapping_add(products.sum());
    }
    i32::vector(lanes)
}

/// Two by two: rows of eight bytes in `n` by rows of eight bytes in `m`, added to `d` (MatMulAdd() of the manual).
#[inline(always)]
fn matrix<N: Element, M: Element>(cpu: &mut State, [d, n, m]: [u8; 3])
where
    i32: From<N> + From<M>,
{
    let mut lanes = i32::lanes(&cpu.vector(d));
    let (n, m) = (N::lanes(&cpu.vector(n)), M::lanes(&cpu.vector(m)));
    for (index, lane) in lanes.iter_mut().enumerate() {
        let (row, column) = (index / 2, index % 2);
        let products = (0..8).map(|k| i32::from(n.as_ref()[8 * row + k]) * i32::from(m.as_ref()[8 * column + k]));
        *lane = lane.wrapping_add(products.sum());
    }
    cpu.set_vector(d, i32::vector(lanes));
}

/// SDOT (vector), C7.2.238.
#[inline(always)]
pub fn sdot_vec(cpu: &mut State, SdotVec { q, rd, rn, rm }: SdotVec) {
    let value = dot::<i8, i8>(&cpu.vector(rd), &cpu.vector(rn), &cpu.vector(rm));
    cpu.set_vector_q(q, rd, value);
}

/// UDOT (vector), C7.2.357.
#[inline(always)]
pub fn udot_vec(cpu: &mut State, UdotVec { q, rd, rn, rm }: UdotVec) {
    let value = dot::<u8, u8>(&cpu.vector(rd), &cpu.vector(rn), &cpu.vector(rm));
    cpu.set_vector_q(q, rd, value);
}

/// USDOT (vector), C7.2.389.
#[inline(always)]
pub fn usdot_vec(cpu: &mut State, UsdotVec { q, rd, rn, rm }: UsdotVec) {
    let value = dot::<u8, i8>(&cpu.vector(rd), &cpu.vector(rn), &cpu.vector(rm));
    cpu.set_vector_q(q, rd, value);
}

/// SMMLA (vector), C7.2.278.
#[inline(always)]
pub fn smmla(cpu: &mut State, Smmla { rd, rn, rm }: Smmla) {
    matrix::<i8, i8>(cpu, [rd, rn, rm]);
}

/// UMMLA (vector), C7.2.370.
#[inline(always)]
pub fn ummla(cpu: &mut State, Ummla { rd, rn, rm }: Ummla) {
    matrix::<u8, u8>(cpu, [rd, rn, rm]);
}

/// USMMLA (vector), C7.2.393.
#[inline(always)]
pub fn usmmla(cpu: &mut State, Usmmla { rd, rn, rm }: Usmmla) {
    matrix::<u8, i8>(cpu, [rd, rn, rm]);
}
