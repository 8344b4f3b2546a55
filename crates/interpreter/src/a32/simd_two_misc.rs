//! Advanced SIMD, two registers, miscellaneous, integer instructions; VEXT, VTBL and VTBX, VDUP.

use armlet_cpu::a64::{State, Vector};
use armlet_cpu::fp;
use armlet_decoder::a32::*;

use super::vector::{
    by_type, double, lanewise1, long, narrowing, nearest, saturating, scalar, set, set_double, source,
};
use crate::a64::lane;
use crate::a64::vector::{Element, Narrow, by_size, evens, odds, splat};

/// `name Type: types |m| result;`
macro_rules! lanes {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $types:ident $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, vd, vm }: $Type) {
            by_size!(size, $types T => lanewise1::<T>(cpu, q, [vd, vm], $f))
        }
    )*};
}

lanes! {
    /// VCLS.
    vcls Vcls: signed_narrow lane::sign_bits;
    /// VCLZ.
    vclz Vclz: unsigned_narrow lane::leading_zeros;
    /// VCGT (immediate #0).
    vcgt_zero VcgtZero: signed_narrow |m| T::mask(m > T::default());
    /// VCGE (immediate #0).
    vcge_zero VcgeZero: signed_narrow |m| T::mask(m >= T::default());
    /// VCEQ (immediate #0).
    vceq_zero VceqZero: signed_narrow |m| T::mask(m == T::default());
    /// VCLE (immediate #0).
    vcle_zero VcleZero: signed_narrow |m| T::mask(m <= T::default());
    /// VCLT (immediate #0).
    vclt_zero VcltZero: signed_narrow |m| T::mask(m < T::default());
    /// VABS.
    vabs_int VabsInt: signed_narrow lane::abs;
    /// VNEG.
    vneg_int VnegInt: unsigned_narrow |m| T::default().sub(m);
}

/// `name Type = |m| result;` on lanes of one type.
macro_rules! sizeless {
    ($($(#[$doc:meta])* $name:ident $Type:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, vd, vm }: $Type) {
            lanewise1(cpu, q, [vd, vm], $f);
        }
    )*};
}

sizeless! {
    /// VCNT.
    vcnt Vcnt = |m: u8| m.count_ones() as u8;
    /// VMVN (register).
    vmvn_reg VmvnReg = |m: u64| !m;
    /// VREV16.
    vrev16 Vrev16 = u16::swap_bytes;
    /// VRECPE (unsigned).
    vrecpe_int VrecpeInt = fp::unsigned_recip_estimate;
    /// VRSQRTE (unsigned).
    vrsqrte_int VrsqrteInt = fp::unsigned_rsqrt_estimate;
}

/// VQABS.
#[inline(always)]
pub fn vqabs(cpu: &mut State, Vqabs { q, size, vd, vm }: Vqabs) {
    by_size!(size, signed_narrow T => saturating::<T>(cpu, q, [vd, vm, vm], |_, _, m| lane::saturating_abs(m)))
}

/// VQNEG.
#[inline(always)]
pub fn vqneg(cpu: &mut State, Vqneg { q, size, vd, vm }: Vqneg) {
    by_size!(size, signed_narrow T => {
        saturating::<T>(cpu, q, [vd, vm, vm], |_, _, m| lane::saturating_sub(T::default(), m))
    })
}

/// Reverses the order of the lanes in every container of `count` lanes.
#[inline(always)]
fn reverse<T: Element>(cpu: &mut State, q: bool, [d, m]: [u8; 2], count: usize) {
    let mut lanes = T::lanes(&source(cpu, q, m));
    for container in lanes.as_mut().chunks_exact_mut(count) {
        container.reverse();
    }
    set(cpu, q, d, T::vector(lanes));
}

/// VREV64.
#[inline(always)]
pub fn vrev64(cpu: &mut State, Vrev64 { q, size, vd, vm }: Vrev64) {
    by_size!(size, unsigned_narrow T => reverse::<T>(cpu, q, [vd, vm], T::LANES / 2))
}

/// VREV32.
#[inline(always)]
pub fn vrev32(cpu: &mut State, Vrev32 { q, size, vd, vm }: Vrev32) {
    match size {
        0 => reverse::<u8>(cpu, q, [vd, vm], 4),
        _ => reverse::<u16>(cpu, q, [vd, vm], 2),
    }
}

/// Every wide lane becomes `f` of itself and of the sum of two neighbours.
#[inline(always)]
fn pairs_long<T: Narrow>(cpu: &mut State, q: bool, [d, m]: [u8; 2], f: impl Fn(T::Wide, T::Wide) -> T::Wide) {
    let mut lanes = T::Wide::lanes(&source(cpu, q, d));
    let m = T::lanes(&source(cpu, q, m));
    for (lane, pair) in lanes.as_mut().iter_mut().zip(m.as_ref().chunks_exact(2)) {
        *lane = f(*lane, T::Wide::from(pair[0]) + T::Wide::from(pair[1]));
    }
    set(cpu, q, d, T::Wide::vector(lanes));
}

/// VPADDL.
#[inline(always)]
pub fn vpaddl(
    cpu: &mut State,
    Vpaddl {
        q,
        size,
        vd,
        vm,
        unsigned,
    }: Vpaddl,
) {
    by_type!(size, unsigned, narrow T => pairs_long::<T>(cpu, q, [vd, vm], |_, sum| sum))
}

/// VPADAL.
#[inline(always)]
pub fn vpadal(
    cpu: &mut State,
    Vpadal {
        q,
        size,
        vd,
        vm,
        unsigned,
    }: Vpadal,
) {
    by_type!(size, unsigned, narrow T => pairs_long::<T>(cpu, q, [vd, vm], Element::add))
}

/// VMOVN.
#[inline(always)]
pub fn vmovn(cpu: &mut State, Vmovn { size, vd, vm }: Vmovn) {
    by_size!(size, unsigned_narrow T => narrowing::<T>(cpu, [vd, vm], |m| (T::truncate(m), false)))
}

/// VQMOVUN.
#[inline(always)]
pub fn vqmovun(cpu: &mut State, Vqmovun { size, vd, vm }: Vqmovun) {
    by_size!(size, signed_narrow T => narrowing::<T>(cpu, [vd, vm], lane::as_unsigned::<T>))
}

/// VQMOVN.
#[inline(always)]
pub fn vqmovn(cpu: &mut State, Vqmovn { size, vd, vm, unsigned }: Vqmovn) {
    by_type!(size, unsigned, narrow T => narrowing::<T>(cpu, [vd, vm], nearest::<T>))
}

#[inline(always)]
fn shift_long<T: Narrow>(cpu: &mut State, [d, m]: [u8; 2]) {
    long::<T>(cpu, [d, m, m], |_, m, _| T::Wide::from(m) << T::BITS);
}

/// VSHLL by the size of an element.
#[inline(always)]
pub fn vshll_max(cpu: &mut State, VshllMax { size, vd, vm }: VshllMax) {
    by_size!(size, unsigned_narrow T => shift_long::<T>(cpu, [vd, vm]))
}

/// Writes both registers of an instruction that exchanges lanes.
#[inline(always)]
fn set_both(cpu: &mut State, q: bool, [d, m]: [u8; 2], [first, second]: [Vector; 2]) {
    set(cpu, q, d, first);
    set(cpu, q, m, second);
}

/// VSWP.
#[inline(always)]
pub fn vswp(cpu: &mut State, Vswp { q, vd, vm }: Vswp) {
    let sources = [source(cpu, q, vm), source(cpu, q, vd)];
    set_both(cpu, q, [vd, vm], sources);
}

/// VTRN: the odd lanes of the first and the even lanes of the second change places.
#[inline(always)]
pub fn vtrn(cpu: &mut State, Vtrn { q, size, vd, vm }: Vtrn) {
    let (d, m) = (source(cpu, q, vd), source(cpu, q, vm));
    by_size!(size, unsigned_narrow T => {
        let (d, m) = (T::lanes(&d), T::lanes(&m));
        let first = T::from_fn(|lane| if lane % 2 == 0 { d[lane] } else { m[lane - 1] });
        let second = T::from_fn(|lane| if lane % 2 == 0 { d[lane + 1] } else { m[lane] });
        set_both(cpu, q, [vd, vm], [first, second]);
    })
}

/// VUZP: the even lanes of both, and the odd lanes of both.
#[inline(always)]
pub fn vuzp(cpu: &mut State, Vuzp { q, size, vd, vm }: Vuzp) {
    let (d, m) = (source(cpu, q, vd), source(cpu, q, vm));
    by_size!(size, unsigned_narrow T => {
        set_both(cpu, q, [vd, vm], [evens::<T>(q, &d, &m), odds::<T>(q, &d, &m)]);
    })
}

/// VZIP: the lanes of both in turn.
#[inline(always)]
pub fn vzip(cpu: &mut State, Vzip { q, size, vd, vm }: Vzip) {
    let (d, m) = (source(cpu, q, vd), source(cpu, q, vm));
    by_size!(size, unsigned_narrow T => {
        let (d, m) = (T::lanes(&d), T::lanes(&m));
        let zipped = |from: usize| T::from_fn(|lane| [d, m][lane % 2][from + lane / 2]);
        let first = zipped(0);
        if q {
            set_both(cpu, true, [vd, vm], [first, zipped(T::LANES / 2)]);
        } else {
            set_double(cpu, vd, u64::get(&first, 0));
            set_double(cpu, vm, u64::get(&first, 1));
        }
    })
}

/// VEXT: bytes of the second source above those of the first, from `index` on.
#[inline(always)]
pub fn vext(cpu: &mut State, Vext { q, vd, vn, vm, index }: Vext) {
    let bits = 8 * u32::from(index);
    if q {
        let (low, high) = (cpu.v(vn >> 1), cpu.v(vm >> 1));
        let value = if bits == 0 {
            low
        } else {
            low >> bits | high << (128 - bits)
        };
        cpu.set_v(vd >> 1, value);
    } else {
        let pair = u128::from(double(cpu, vm)) << 64 | u128::from(double(cpu, vn));
        set_double(cpu, vd, (pair >> bits) as u64);
    }
}

/// VTBL and VTBX: bytes of `count` D registers by index; what is out of range is a byte of `otherwise`.
#[inline(always)]
fn table(cpu: &mut State, [d, n, m]: [u8; 3], count: u8, otherwise: u64) {
    let mut table = [0; 32];
    for (i, bytes) in table.chunks_exact_mut(8).enumerate().take(count.into()) {
        bytes.copy_from_slice(&double(cpu, n + i as u8).to_le_bytes());
    }
    let otherwise = otherwise.to_le_bytes();
    let indexes = double(cpu, m).to_le_bytes();
    let mut result = [0; 8];
    for (i, byte) in result.iter_mut().enumerate() {
        let index = indexes[i];
        *byte = if index < 8 * count {
            table[usize::from(index & 31)]
        } else {
            otherwise[i]
        };
    }
    set_double(cpu, d, u64::from_le_bytes(result));
}

/// VTBL.
#[inline(always)]
pub fn vtbl(cpu: &mut State, Vtbl { vd, vn, vm, count }: Vtbl) {
    table(cpu, [vd, vn, vm], count, 0);
}

/// VTBX.
#[inline(always)]
pub fn vtbx(cpu: &mut State, Vtbx { vd, vn, vm, count }: Vtbx) {
    let otherwise = double(cpu, vd);
    table(cpu, [vd, vn, vm], count, otherwise);
}

/// VDUP (scalar).
#[inline(always)]
pub fn vdup_scalar(cpu: &mut State, VdupScalar { q, size, index, vd, vm }: VdupScalar) {
    by_size!(size, unsigned_narrow T => set(cpu, q, vd, splat(scalar::<T>(cpu, vm, index))))
}
