//! Advanced SIMD copy, permute, extract and table lookup (C4.1.96).

use armlet_cpu::a64::{State, Vector};
use armlet_decoder::a64::*;

use super::vector::{Element, Narrow, by_size, pairs, single, splat, zip};

/// A lane as an unsigned number.
#[inline(always)]
fn lane(cpu: &State, size: u8, n: u8, index: u8) -> u64 {
    fn number<T: Element + Into<u64>>(vector: &Vector, index: u8) -> u64 {
        T::get(vector, index).into()
    }
    by_size!(size, unsigned T => number::<T>(&cpu.vector(n), index))
}

/// The low bits of `value` in every lane.
#[inline(always)]
fn duplicate(size: u8, value: u64) -> Vector {
    by_size!(size, unsigned T => splat(value as T))
}

/// The low bits of `value` in one lane; the others stay.
#[inline(always)]
fn insert(cpu: &mut State, size: u8, d: u8, index: u8, value: u64) {
    let vector = &mut cpu.v[usize::from(d & 31)];
    by_size!(size, unsigned T => T::set(vector, index, value as T));
}

/// DUP (element), C7.2.39.
#[inline(always)]
pub fn dup_element_vec(cpu: &mut State, DupElementVec { q, size, rd, rn, index }: DupElementVec) {
    let value = lane(cpu, size, rn, index);
    cpu.set_vector_q(q, rd, duplicate(size, value));
}

/// DUP (element), C7.2.39.
#[inline(always)]
pub fn dup_element_scalar(cpu: &mut State, DupElementScalar { size, rd, rn, index }: DupElementScalar) {
    let value = lane(cpu, size, rn, index);
    cpu.set_vector(rd, single(value));
}

/// DUP (general), C7.2.40.
#[inline(always)]
pub fn dup_general(cpu: &mut State, DupGeneral { q, size, rd, rn }: DupGeneral) {
    cpu.set_vector_q(q, rd, duplicate(size, cpu.x(rn)));
}

/// SMOV, C7.2.279.
#[inline(always)]
pub fn smov(
    cpu: &mut State,
    Smov {
        sf,
        size,
        rd,
        rn,
        index,
    }: Smov,
) {
    fn number<T: Element + Into<i64>>(vector: &Vector, index: u8) -> i64 {
        T::get(vector, index).into()
    }
    let value = by_size!(size, signed T => number::<T>(&cpu.vector(rn), index));
    cpu.set_x(rd, if sf { value as u64 } else { u64::from(value as u32) });
}

/// UMOV, C7.2.371.
#[inline(always)]
pub fn umov(
    cpu: &mut State,
    Umov {
        size, rd, rn, index, ..
    }: Umov,
) {
    cpu.set_x(rd, lane(cpu, size, rn, index));
}

/// INS (general), C7.2.176.
#[inline(always)]
pub fn ins_general(cpu: &mut State, InsGeneral { size, rd, rn, index }: InsGeneral) {
    insert(cpu, size, rd, index, cpu.x(rn));
}

/// INS (element), C7.2.175.
#[inline(always)]
pub fn ins_element(
    cpu: &mut State,
    InsElement {
        size,
        rd,
        rn,
        index,
        source,
    }: InsElement,
) {
    insert(cpu, size, rd, index, lane(cpu, size, rn, source));
}

/// Every second lane, the first or (`odd`) the second of each pair: of V\[n\], then of V\[m\].
#[inline(always)]
fn unzip<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], odd: bool) {
    let (n, m) = (cpu.vector(n), cpu.vector(m));
    let pick = |even, uneven| if odd { uneven } else { even };
    // Two copies: the number of lanes is a constant in each.
    if q {
        cpu.set_vector(d, pairs::<T>(true, &n, &m, pick));
    } else {
        cpu.set_vector_q(false, d, pairs::<T>(false, &n, &m, pick));
    }
}

/// Pairs of the lanes with even or (`odd`) odd indexes: of V\[n\], of V\[m\].
#[inline(always)]
fn transpose<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], odd: bool) {
    let pair = |n: T::Wide, m: T::Wide| {
        let [low, high] = [n, m].map(|pair| {
            if odd {
                pair >> T::BITS
            } else {
                T::Wide::from(T::truncate(pair))
            }
        });
        low | high << T::BITS
    };
    let value = zip(&cpu.vector(n), &cpu.vector(m), pair);
    cpu.set_vector_q(q, d, value);
}

/// Lanes of V\[n\] and V\[m\] in turn: those of the low or (`upper`) of the upper halves.
#[inline(always)]
fn interleave<T: Narrow>(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], upper: bool) {
    let (n, m) = (T::lanes(&cpu.vector(n)), T::lanes(&cpu.vector(m)));
    let pair = |index: usize| T::Wide::from(n.as_ref()[index]) | T::Wide::from(m.as_ref()[index]) << T::BITS;
    let value = match (upper, q) {
        (false, _) => T::Wide::from_fn(pair),
        (true, true) => T::Wide::from_fn(|i| pair(T::LANES / 2 + i)),
        (true, false) => T::Wide::from_fn(|i| pair((T::LANES / 4 + i) % T::LANES)),
    };
    cpu.set_vector_q(q, d, value);
}

/// `name Type: function(second);`. On 64-bit lanes all of them do the same: the first or the second lane of each source.
macro_rules! permutations {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $function:ident($second:literal);)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rd, rn, rm }: $Type) {
            match size {
                0 => $function::<u8>(cpu, q, [rd, rn, rm], $second),
                1 => $function::<u16>(cpu, q, [rd, rn, rm], $second),
                2 => $function::<u32>(cpu, q, [rd, rn, rm], $second),
                _ => {
                    let lanes = [rn, rm].map(|register| u64::get(&cpu.vector(register), $second.into()));
                    cpu.set_vector(rd, u64::vector(lanes));
                }
            }
        }
    )*};
}

permutations! {
    /// UZP1, C7.2.399.
    uzp1 Uzp1: unzip(false);
    /// UZP2, C7.2.400.
    uzp2 Uzp2: unzip(true);
    /// TRN1, C7.2.341.
    trn1 Trn1: transpose(false);
    /// TRN2, C7.2.342.
    trn2 Trn2: transpose(true);
    /// ZIP1, C7.2.403.
    zip1 Zip1: interleave(false);
    /// ZIP2, C7.2.404.
    zip2 Zip2: interleave(true);
}

/// EXT, C7.2.43.
#[inline(always)]
pub fn ext(cpu: &mut State, Ext { q, rd, rn, rm, index }: Ext) {
    let (n, m, shift) = (cpu.v(rn), cpu.v(rm), 8 * u32::from(index));
    let value = match (q, shift) {
        (true, 0) => n,
        (true, _) => n >> shift | m << (128 - shift),
        (false, _) => u128::from(((m << 64 | n & u128::from(u64::MAX)) >> shift) as u64),
    };
    cpu.set_v(rd, value);
}

/// Looks every byte of V\[m\] up in the table of `count` registers from V\[n\] on; what is behind the table comes from `other`.
#[inline(always)]
fn lookup(cpu: &mut State, q: bool, [d, n, m]: [u8; 3], count: u8, other: Vector) {
    let mut table = [0; 64];
    for (register, chunk) in (n..n + count).zip(table.as_chunks_mut().0) {
        *chunk = cpu.vector(register).0;
    }
    let indexes = cpu.vector(m).0;
    let mut bytes = other.0;
    for (byte, index) in bytes.iter_mut().zip(indexes) {
        if index < 16 * count {
            *byte = table[usize::from(index % 64)];
        }
    }
    cpu.set_vector_q(q, d, Vector(bytes));
}

/// TBL, C7.2.339.
#[inline(always)]
pub fn tbl(cpu: &mut State, Tbl { q, rd, rn, rm, count }: Tbl) {
    lookup(cpu, q, [rd, rn, rm], count, Vector::default());
}

/// TBX, C7.2.340.
#[inline(always)]
pub fn tbx(cpu: &mut State, Tbx { q, rd, rn, rm, count }: Tbx) {
    lookup(cpu, q, [rd, rn, rm], count, cpu.vector(rd));
}
