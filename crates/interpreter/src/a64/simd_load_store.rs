//! Advanced SIMD load/store of structures (C4.1.94). A load reads everything before it writes a register, so that a fault leaves
//! all of them as they were; the base register changes last.

use std::hint::black_box;

use armlet_cpu::Fault;
use armlet_cpu::a64::{State, Vector};
use armlet_decoder::a64::*;
use armlet_memory::{Data, load, store};

use super::vector::{Element, by_size, splat};

/// Post-indexed: the base register moves by X\[m\], or (31) by the bytes transferred.
#[inline(always)]
fn post_index(cpu: &mut State, n: u8, m: u8, bytes: u64) {
    let offset = if m == 31 { bytes } else { cpu.x(m) };
    cpu.set_x(n, cpu.x(n).wrapping_add(offset));
}

/// Reads `N` registers' worth of memory, without gaps: with `q`, every register is 16 bytes, else 8.
#[inline(always)]
fn load_memory<const N: usize>(q: bool, address: u64) -> Result<[Vector; N], Fault> {
    let mut memory = [Vector::default(); N];
    if q {
        for (i, vector) in memory.iter_mut().enumerate() {
            *vector = load::<u128>(address.wrapping_add(16 * i as u64))?.into();
        }
    } else {
        for i in 0..N {
            u64::set(&mut memory[i / 2], i as u8, load(address.wrapping_add(8 * i as u64))?);
        }
    }
    Ok(memory)
}

/// Writes `N` registers' worth of memory; see [`load_memory`].
#[inline(always)]
fn store_memory<const N: usize>(q: bool, address: u64, memory: &[Vector; N]) -> Result<(), Fault> {
    for i in 0..N {
        if q {
            store(address.wrapping_add(16 * i as u64), u128::from(memory[i]))?;
        } else {
            store(address.wrapping_add(8 * i as u64), u64::get(&memory[i / 2], i as u8))?;
        }
    }
    Ok(())
}

/// Register `r` of `N`: its element `e` is element `N * e + r` of memory.
#[inline(always)]
fn deinterleave<T: Element, const N: usize>(memory: &[Vector; N], r: usize) -> Vector {
    let lanes = memory.each_ref().map(T::lanes);
    T::from_fn(|e| {
        let from = N * e + r;
        lanes[from / T::LANES].as_ref()[from % T::LANES]
    })
}

/// As [`deinterleave`], for bytes: where `N` is two or four, by shifts of the whole structures.
#[inline(always)]
fn deinterleave_bytes<const N: usize>(memory: &[Vector; N], r: usize) -> Vector {
    match N {
        2 => {
            let structures = memory.each_ref().map(u16::lanes);
            u8::from_fn(|e| (structures[e / 8][e % 8] >> (8 * r)) as u8)
        }
        4 => {
            let structures = memory.each_ref().map(u32::lanes);
            u8::from_fn(|e| (structures[e / 4][e % 4] >> (8 * r)) as u8)
        }
        _ => deinterleave::<u8, N>(memory, r),
    }
}

/// Vector `m` of memory: the inverse of [`deinterleave`].
#[inline(always)]
fn interleave<T: Element, const N: usize>(registers: &[Vector; N], m: usize) -> Vector {
    let lanes = registers.each_ref().map(T::lanes);
    T::from_fn(|e| {
        let to = T::LANES * m + e;
        lanes[to % N].as_ref()[to / N]
    })
}

/// The inverse of [`deinterleave_bytes`].
#[inline(always)]
fn interleave_bytes<const N: usize>(registers: &[Vector; N], m: usize) -> Vector {
    let byte = |r: usize, e: usize| u32::from(registers[r].0[e]) << (8 * r);
    match N {
        2 => u16::from_fn(|i| (byte(0, 8 * m + i) | byte(1, 8 * m + i)) as u16),
        4 => u32::from_fn(|i| {
            (0..N)
                .map(|r| byte(r, 4 * m + i))
                .fold(0, |structure, byte| structure | byte)
        }),
        _ => interleave::<u8, N>(registers, m),
    }
}

/// `N` consecutive registers from V\[t\] on, modulo 32.
#[inline(always)]
fn registers<const N: usize>(cpu: &State, t: u8) -> [Vector; N] {
    std::array::from_fn(|r| cpu.vector(t + r as u8))
}

/// LD1 (multiple structures): `N` registers as they lie in memory.
#[inline(always)]
fn load_plain<const N: usize>(cpu: &mut State, q: bool, t: u8, n: u8) -> Result<(), Fault> {
    let address = cpu.x(n);
    let mut loaded = [Vector::default(); N];
    for (i, vector) in loaded.iter_mut().enumerate() {
        [*vector] = load_memory(q, address.wrapping_add((8 << u8::from(q)) * i as u64))?;
    }
    for (r, vector) in (t..).zip(loaded) {
        cpu.set_vector(r, vector);
    }
    Ok(())
}

/// ST1 (multiple structures): `N` registers as they lie in memory.
#[inline(always)]
fn store_plain<const N: usize>(cpu: &mut State, q: bool, t: u8, n: u8) -> Result<(), Fault> {
    let address = cpu.x(n);
    for (i, vector) in registers::<N>(cpu, t).into_iter().enumerate() {
        store_memory(q, address.wrapping_add((8 << u8::from(q)) * i as u64), &[vector])?;
    }
    Ok(())
}

/// [`load_plain`] for 1 to 4 registers.
#[inline(always)]
fn ld1(cpu: &mut State, q: bool, t: u8, n: u8, count: u8) -> Result<(), Fault> {
    match count {
        1 => load_plain::<1>(cpu, q, t, n),
        2 => load_plain::<2>(cpu, q, t, n),
        3 => load_plain::<3>(cpu, q, t, n),
        _ => load_plain::<4>(cpu, q, t, n),
    }
}

/// [`store_plain`] for 1 to 4 registers.
#[inline(always)]
fn st1(cpu: &mut State, q: bool, t: u8, n: u8, count: u8) -> Result<(), Fault> {
    match count {
        1 => store_plain::<1>(cpu, q, t, n),
        2 => store_plain::<2>(cpu, q, t, n),
        3 => store_plain::<3>(cpu, q, t, n),
        _ => store_plain::<4>(cpu, q, t, n),
    }
}

/// LD2 to LD4 (multiple structures).
#[inline(always)]
fn load_structures<const N: usize>(cpu: &mut State, q: bool, size: u8, t: u8, n: u8) -> Result<(), Fault> {
    // The compiler makes vector instructions of lanes that it reads from memory and writes to memory, not of those that it
    // holds in between: hence the black boxes, and a register is written where it is made.
    let memory = black_box(load_memory::<N>(q, cpu.x(n))?);
    for r in 0..N {
        let d = t + r as u8;
        match size {
            0 => cpu.set_vector_q(q, d, deinterleave_bytes(&memory, r)),
            1 => cpu.set_vector_q(q, d, deinterleave::<u16, N>(&memory, r)),
            2 => cpu.set_vector_q(q, d, deinterleave::<u32, N>(&memory, r)),
            _ => cpu.set_vector_q(q, d, deinterleave::<u64, N>(&memory, r)),
        }
    }
    Ok(())
}

/// ST2 to ST4 (multiple structures).
#[inline(always)]
fn store_structures<const N: usize>(cpu: &mut State, q: bool, size: u8, t: u8, n: u8) -> Result<(), Fault> {
    let registers = registers::<N>(cpu, t);
    // See load_structures.
    let mut memory = [Vector::default(); N];
    for (m, vector) in memory.iter_mut().enumerate() {
        *vector = match size {
            0 => black_box(interleave_bytes(&registers, m)),
            1 => black_box(interleave::<u16, N>(&registers, m)),
            2 => black_box(interleave::<u32, N>(&registers, m)),
            _ => black_box(interleave::<u64, N>(&registers, m)),
        };
    }
    store_memory(q, cpu.x(n), &memory)
}

/// One structure of `N` elements.
#[inline(always)]
fn load_elements<T: Element + Data, const N: usize>(address: u64) -> Result<[T; N], Fault> {
    let mut elements = [T::default(); N];
    for (i, element) in elements.iter_mut().enumerate() {
        *element = load(address.wrapping_add(u64::from(T::BITS / 8) * i as u64))?;
    }
    Ok(elements)
}

/// LD1 to LD4 (single structure): to one lane.
#[inline(always)]
fn load_single<const N: usize>(cpu: &mut State, size: u8, index: u8, t: u8, n: u8) -> Result<(), Fault> {
    by_size!(size, unsigned T => {
        for (r, element) in (t..).zip(load_elements::<T, N>(cpu.x(n))?) {
            T::set(&mut cpu.v[usize::from(r % 32)], index, element);
        }
    });
    Ok(())
}

/// ST1 to ST4 (single structure): from one lane.
#[inline(always)]
fn store_single<const N: usize>(cpu: &mut State, size: u8, index: u8, t: u8, n: u8) -> Result<(), Fault> {
    let address = cpu.x(n);
    by_size!(size, unsigned T => {
        for i in 0..N as u8 {
            let element = T::get(&cpu.v[usize::from((t + i) % 32)], index);
            store(address.wrapping_add(u64::from(T::BITS / 8) * u64::from(i)), element)?;
        }
    });
    Ok(())
}

/// LD1R to LD4R: to all lanes.
#[inline(always)]
fn load_replicate<const N: usize>(cpu: &mut State, q: bool, size: u8, t: u8, n: u8) -> Result<(), Fault> {
    by_size!(size, unsigned T => {
        for (r, element) in (t..).zip(load_elements::<T, N>(cpu.x(n))?) {
            cpu.set_vector_q(q, r, splat(element));
        }
    });
    Ok(())
}

/// `name Type name Type: function;`: without an offset, and post-indexed.
macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident $Type:ident $post:ident $PostType:ident: $function:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, rt, rn, count, .. }: $Type) -> Result<(), Fault> {
            $function(cpu, q, rt, rn, count)
        }

        $(#[$doc])*
        ///
        /// Post-indexed.
        #[inline(always)]
        pub fn $post(cpu: &mut State, $PostType { q, rt, rn, count, rm, .. }: $PostType) -> Result<(), Fault> {
            $function(cpu, q, rt, rn, count)?;
            post_index(cpu, rn, rm, u64::from(count) * (8 << u8::from(q)));
            Ok(())
        }
    )*};
}

plain! {
    /// LD1 (multiple structures), C7.2.177.
    ld1_multiple Ld1Multiple ld1_multiple_post Ld1MultiplePost: ld1;
    /// ST1 (multiple structures), C7.2.321.
    st1_multiple St1Multiple st1_multiple_post St1MultiplePost: st1;
}

/// As [`plain`], for structures of more than one element.
macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident $Type:ident $post:ident $PostType:ident: $function:ident::<$count:literal>;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rt, rn }: $Type) -> Result<(), Fault> {
            $function::<$count>(cpu, q, size, rt, rn)
        }

        $(#[$doc])*
        ///
        /// Post-indexed.
        #[inline(always)]
        pub fn $post(cpu: &mut State, $PostType { q, size, rt, rn, rm }: $PostType) -> Result<(), Fault> {
            $function::<$count>(cpu, q, size, rt, rn)?;
            post_index(cpu, rn, rm, $count * (8 << u8::from(q)));
            Ok(())
        }
    )*};
}

structures! {
    /// LD2 (multiple structures), C7.2.180.
    ld2_multiple Ld2Multiple ld2_multiple_post Ld2MultiplePost: load_structures::<2>;
    /// ST2 (multiple structures), C7.2.323.
    st2_multiple St2Multiple st2_multiple_post St2MultiplePost: store_structures::<2>;
    /// LD3 (multiple structures), C7.2.183.
    ld3_multiple Ld3Multiple ld3_multiple_post Ld3MultiplePost: load_structures::<3>;
    /// ST3 (multiple structures), C7.2.325.
    st3_multiple St3Multiple st3_multiple_post St3MultiplePost: store_structures::<3>;
    /// LD4 (multiple structures), C7.2.186.
    ld4_multiple Ld4Multiple ld4_multiple_post Ld4MultiplePost: load_structures::<4>;
    /// ST4 (multiple structures), C7.2.327.
    st4_multiple St4Multiple st4_multiple_post St4MultiplePost: store_structures::<4>;
}

/// As [`plain`], for one lane.
macro_rules! singles {
    ($($(#[$doc:meta])* $name:ident $Type:ident $post:ident $PostType:ident: $function:ident::<$count:literal>;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, index, rt, rn }: $Type) -> Result<(), Fault> {
            $function::<$count>(cpu, size, index, rt, rn)
        }

        $(#[$doc])*
        ///
        /// Post-indexed.
        #[inline(always)]
        pub fn $post(cpu: &mut State, $PostType { size, index, rt, rn, rm }: $PostType) -> Result<(), Fault> {
            $function::<$count>(cpu, size, index, rt, rn)?;
            post_index(cpu, rn, rm, $count << size);
            Ok(())
        }
    )*};
}

singles! {
    /// LD1 (single structure), C7.2.178.
    ld1_single Ld1Single ld1_single_post Ld1SinglePost: load_single::<1>;
    /// ST1 (single structure), C7.2.322.
    st1_single St1Single st1_single_post St1SinglePost: store_single::<1>;
    /// LD2 (single structure), C7.2.181.
    ld2_single Ld2Single ld2_single_post Ld2SinglePost: load_single::<2>;
    /// ST2 (single structure), C7.2.324.
    st2_single St2Single st2_single_post St2SinglePost: store_single::<2>;
    /// LD3 (single structure), C7.2.184.
    ld3_single Ld3Single ld3_single_post Ld3SinglePost: load_single::<3>;
    /// ST3 (single structure), C7.2.326.
    st3_single St3Single st3_single_post St3SinglePost: store_single::<3>;
    /// LD4 (single structure), C7.2.187.
    ld4_single Ld4Single ld4_single_post Ld4SinglePost: load_single::<4>;
    /// ST4 (single structure), C7.2.328.
    st4_single St4Single st4_single_post St4SinglePost: store_single::<4>;
}

/// As [`plain`], to all lanes.
macro_rules! replicates {
    ($($(#[$doc:meta])* $name:ident $Type:ident $post:ident $PostType:ident: $function:ident::<$count:literal>;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { q, size, rt, rn }: $Type) -> Result<(), Fault> {
            $function::<$count>(cpu, q, size, rt, rn)
        }

        $(#[$doc])*
        ///
        /// Post-indexed.
        #[inline(always)]
        pub fn $post(cpu: &mut State, $PostType { q, size, rt, rn, rm }: $PostType) -> Result<(), Fault> {
            $function::<$count>(cpu, q, size, rt, rn)?;
            post_index(cpu, rn, rm, $count << size);
            Ok(())
        }
    )*};
}

replicates! {
    /// LD1R, C7.2.179.
    ld1r Ld1r ld1r_post Ld1rPost: load_replicate::<1>;
    /// LD2R, C7.2.182.
    ld2r Ld2r ld2r_post Ld2rPost: load_replicate::<2>;
    /// LD3R, C7.2.185.
    ld3r Ld3r ld3r_post Ld3rPost: load_replicate::<3>;
    /// LD4R, C7.2.188.
    ld4r Ld4r ld4r_post Ld4rPost: load_replicate::<4>;
}
