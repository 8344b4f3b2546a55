//! Advanced SIMD element and structure loads and stores. A load reads everything before it writes a register, so that a fault leaves
//! all of them as they were; the base register changes last.

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault};
use armlet_decoder::a32::*;
use armlet_memory::{Data, load, store};

use super::vector::{double, scalar, set_double, set_scalar};
use super::vfp_load_store::check_alignment;
use crate::a64::vector::{Element, by_size, splat};

/// What every one of these instructions has.
#[derive(Clone, Copy)]
struct Transfer {
    /// log2 of the bytes of an element.
    size: u8,
    /// The first register.
    d: u8,
    /// The base register.
    n: u8,
    /// The index register, or 15 for no write-back, 13 for the bytes transferred.
    m: u8,
    /// The alignment that the address must have, or 0.
    align: u8,
}

impl Transfer {
    /// The address, if it is aligned as stated.
    #[inline(always)]
    fn address(&self, cpu: &State, access: Access) -> Result<u32, Fault> {
        let address = cpu.r(self.n);
        check_alignment(address, self.align, access)?;
        Ok(address)
    }

    /// Moves the base register behind a transfer of so many bytes.
    #[inline(always)]
    fn write_back(&self, cpu: &mut State, bytes: u32) {
        let offset = match self.m {
            15 => return,
            13 => bytes,
            m => cpu.r(m),
        };
        cpu.set_r(self.n, cpu.r(self.n).wrapping_add(offset));
    }
}

/// Doublewords from `address` on.
#[inline(always)]
fn load_doubles<const N: usize>(address: u32) -> Result<[u64; N], Fault> {
    let mut values = [0; N];
    for (i, value) in (0..).zip(values.iter_mut()) {
        *value = load(address.wrapping_add(8 * i).into())?;
    }
    Ok(values)
}

/// The inverse of [`load_doubles`].
#[inline(always)]
fn store_doubles<const N: usize>(address: u32, values: [u64; N]) -> Result<(), Fault> {
    for (i, value) in (0..).zip(values) {
        store(address.wrapping_add(8 * i).into(), value)?;
    }
    Ok(())
}

/// VLD1 (multiple single elements): registers as they lie in memory.
#[inline(always)]
fn load_plain(cpu: &mut State, transfer: Transfer, count: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Read)?;
    let mut values = [0u64; 4];
    for (i, value) in (0..).zip(values.iter_mut().take(count.into())) {
        *value = load(address.wrapping_add(8 * i).into())?;
    }
    for (n, &value) in (transfer.d..).zip(values.iter().take(count.into())) {
        set_double(cpu, n, value);
    }
    transfer.write_back(cpu, 8 * u32::from(count));
    Ok(())
}

/// VST1 (multiple single elements).
#[inline(always)]
fn store_plain(cpu: &mut State, transfer: Transfer, count: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Write)?;
    for i in 0..count {
        store(
            address.wrapping_add(8 * u32::from(i)).into(),
            double(cpu, transfer.d + i),
        )?;
    }
    transfer.write_back(cpu, 8 * u32::from(count));
    Ok(())
}

/// VLD2 to VLD4 (multiple structures) of one register for every element, `step` apart: memory has the lanes in turn.
#[inline(always)]
fn load_structures<const N: usize>(cpu: &mut State, transfer: Transfer, step: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Read)?;
    let memory = load_doubles::<N>(address)?;
    by_size!(transfer.size, unsigned_narrow T => {
        for (n, value) in (0..).zip(deinterleave::<T, N>(&memory)) {
            set_double(cpu, transfer.d + step * n, value);
        }
    });
    transfer.write_back(cpu, 8 * N as u32);
    Ok(())
}

/// VST2 to VST4 (multiple structures) of one register for every element.
#[inline(always)]
fn store_structures<const N: usize>(cpu: &mut State, transfer: Transfer, step: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Write)?;
    let registers: [u64; N] = std::array::from_fn(|n| double(cpu, transfer.d + step * n as u8));
    by_size!(transfer.size, unsigned_narrow T => {
        store_doubles(address, interleave::<T, N>(&registers))?;
    });
    transfer.write_back(cpu, 8 * N as u32);
    Ok(())
}

/// The lane `e` of a doubleword.
#[inline(always)]
fn lane_of<T: Element>(value: u64, e: usize) -> u64 {
    value >> (e as u32 * T::BITS) & u64::MAX >> (64 - T::BITS)
}

/// Element `e` of register `r` is lane `N * e + r` of memory.
#[inline(always)]
fn deinterleave<T: Element, const N: usize>(memory: &[u64; N]) -> [u64; N] {
    let lanes = T::LANES / 2;
    std::array::from_fn(|r| {
        (0..lanes).fold(0, |value, e| {
            let from = N * e + r;
            value | lane_of::<T>(memory[from / lanes], from % lanes) << (e as u32 * T::BITS)
        })
    })
}

/// The inverse of [`deinterleave`].
#[inline(always)]
fn interleave<T: Element, const N: usize>(registers: &[u64; N]) -> [u64; N] {
    let lanes = T::LANES / 2;
    std::array::from_fn(|m| {
        (0..lanes).fold(0, |value, e| {
            let to = lanes * m + e;
            value | lane_of::<T>(registers[to % N], to / N) << (e as u32 * T::BITS)
        })
    })
}

/// One structure of `N` elements.
#[inline(always)]
fn load_elements<T: Element + Data, const N: usize>(address: u32) -> Result<[T; N], Fault> {
    let mut elements = [T::default(); N];
    for (i, element) in (0..).zip(elements.iter_mut()) {
        *element = load(address.wrapping_add(T::BITS / 8 * i).into())?;
    }
    Ok(elements)
}

/// VLD1 to VLD4 (single structure to one lane).
#[inline(always)]
fn load_single<const N: usize>(cpu: &mut State, transfer: Transfer, step: u8, index: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Read)?;
    by_size!(transfer.size, unsigned_narrow T => {
        for (i, element) in (0..).zip(load_elements::<T, N>(address)?) {
            set_scalar(cpu, transfer.d + step * i, index, element);
        }
    });
    transfer.write_back(cpu, (N as u32) << transfer.size);
    Ok(())
}

/// VST1 to VST4 (single structure from one lane).
#[inline(always)]
fn store_single<const N: usize>(cpu: &mut State, transfer: Transfer, step: u8, index: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Write)?;
    by_size!(transfer.size, unsigned_narrow T => {
        for i in 0..N as u8 {
            let element: T = scalar(cpu, transfer.d + step * i, index);
            store(address.wrapping_add(u32::from(i) << transfer.size).into(), element)?;
        }
    });
    transfer.write_back(cpu, (N as u32) << transfer.size);
    Ok(())
}

/// VLD1 to VLD4 (single structure to all lanes) of one structure; every element goes to `copies` registers.
#[inline(always)]
fn load_all<const N: usize>(cpu: &mut State, transfer: Transfer, step: u8, copies: u8) -> Result<(), Fault> {
    let address = transfer.address(cpu, Access::Read)?;
    by_size!(transfer.size, unsigned_narrow T => {
        for (i, element) in (0..).zip(load_elements::<T, N>(address)?) {
            let value = u64::get(&splat(element), 0);
            for copy in 0..copies {
                set_double(cpu, transfer.d + step * i + copy, value);
            }
        }
    });
    transfer.write_back(cpu, (N as u32) << transfer.size);
    Ok(())
}

/// VLD1 (multiple single elements).
#[inline(always)]
pub fn vld1_multiple(
    cpu: &mut State,
    Vld1Multiple {
        size,
        vd: d,
        rn: n,
        rm: m,
        count,
        align,
    }: Vld1Multiple,
) -> Result<(), Fault> {
    load_plain(cpu, Transfer { size, d, n, m, align }, count)
}

/// VST1 (multiple single elements).
#[inline(always)]
pub fn vst1_multiple(
    cpu: &mut State,
    Vst1Multiple {
        size,
        vd: d,
        rn: n,
        rm: m,
        count,
        align,
    }: Vst1Multiple,
) -> Result<(), Fault> {
    store_plain(cpu, Transfer { size, d, n, m, align }, count)
}

/// VLD2 (multiple 2-element structures) of four registers: the first and the third, behind them in memory the second and the fourth.
#[inline(always)]
pub fn vld2_multiple_pairs(
    cpu: &mut State,
    Vld2MultiplePairs {
        size,
        vd: d,
        rn: n,
        rm: m,
        align,
    }: Vld2MultiplePairs,
) -> Result<(), Fault> {
    let transfer = Transfer { size, d, n, m, align };
    let address = transfer.address(cpu, Access::Read)?;
    let memory: [[u64; 2]; 2] = [load_doubles(address)?, load_doubles(address.wrapping_add(16))?];
    by_size!(size, unsigned_narrow T => {
        for (n, pair) in (d..).zip(memory) {
            let [first, second] = deinterleave::<T, 2>(&pair);
            set_double(cpu, n, first);
            set_double(cpu, n + 2, second);
        }
    });
    transfer.write_back(cpu, 32);
    Ok(())
}

/// VST2 (multiple 2-element structures) of four registers.
#[inline(always)]
pub fn vst2_multiple_pairs(
    cpu: &mut State,
    Vst2MultiplePairs {
        size,
        vd: d,
        rn: n,
        rm: m,
        align,
    }: Vst2MultiplePairs,
) -> Result<(), Fault> {
    let transfer = Transfer { size, d, n, m, align };
    let address = transfer.address(cpu, Access::Write)?;
    by_size!(size, unsigned_narrow T => {
        for (i, n) in (0..2).zip(d..) {
            let pair = interleave::<T, 2>(&[double(cpu, n), double(cpu, n + 2)]);
            store_doubles(address.wrapping_add(16 * i), pair)?;
        }
    });
    transfer.write_back(cpu, 32);
    Ok(())
}

/// `name Type: function::<elements>;`
macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $function:ident::<$count:literal>;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd: d, rn: n, rm: m, step, align }: $Type) -> Result<(), Fault> {
            $function::<$count>(cpu, Transfer { size, d, n, m, align }, step)
        }
    )*};
}

structures! {
    /// VLD2 (multiple 2-element structures).
    vld2_multiple Vld2Multiple: load_structures::<2>;
    /// VLD3 (multiple 3-element structures).
    vld3_multiple Vld3Multiple: load_structures::<3>;
    /// VLD4 (multiple 4-element structures).
    vld4_multiple Vld4Multiple: load_structures::<4>;
    /// VST2 (multiple 2-element structures).
    vst2_multiple Vst2Multiple: store_structures::<2>;
    /// VST3 (multiple 3-element structures).
    vst3_multiple Vst3Multiple: store_structures::<3>;
    /// VST4 (multiple 4-element structures).
    vst4_multiple Vst4Multiple: store_structures::<4>;
}

/// `name Type: function::<elements>;`
macro_rules! singles {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $function:ident::<$count:literal>;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(
            cpu: &mut State,
            $Type { size, vd: d, rn: n, rm: m, index, step, align }: $Type,
        ) -> Result<(), Fault> {
            $function::<$count>(cpu, Transfer { size, d, n, m, align }, step, index)
        }
    )*};
}

singles! {
    /// VLD1 (single element to one lane).
    vld1_single Vld1Single: load_single::<1>;
    /// VLD2 (single 2-element structure to one lane).
    vld2_single Vld2Single: load_single::<2>;
    /// VLD3 (single 3-element structure to one lane).
    vld3_single Vld3Single: load_single::<3>;
    /// VLD4 (single 4-element structure to one lane).
    vld4_single Vld4Single: load_single::<4>;
    /// VST1 (single element from one lane).
    vst1_single Vst1Single: store_single::<1>;
    /// VST2 (single 2-element structure from one lane).
    vst2_single Vst2Single: store_single::<2>;
    /// VST3 (single 3-element structure from one lane).
    vst3_single Vst3Single: store_single::<3>;
    /// VST4 (single 4-element structure from one lane).
    vst4_single Vst4Single: store_single::<4>;
}

/// VLD1 (single element to all lanes) of one or two registers.
#[inline(always)]
pub fn vld1_all(
    cpu: &mut State,
    Vld1All {
        size,
        vd: d,
        rn: n,
        rm: m,
        count,
        align,
    }: Vld1All,
) -> Result<(), Fault> {
    load_all::<1>(cpu, Transfer { size, d, n, m, align }, 1, count)
}

/// `name Type: elements;`
macro_rules! to_all {
    ($($(#[$doc:meta])* $name:ident $Type:ident: $count:literal;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(cpu: &mut State, $Type { size, vd: d, rn: n, rm: m, step, align }: $Type) -> Result<(), Fault> {
            load_all::<$count>(cpu, Transfer { size, d, n, m, align }, step, 1)
        }
    )*};
}

to_all! {
    /// VLD2 (single 2-element structure to all lanes).
    vld2_all Vld2All: 2;
    /// VLD3 (single 3-element structure to all lanes).
    vld3_all Vld3All: 3;
    /// VLD4 (single 4-element structure to all lanes).
    vld4_all Vld4All: 4;
}
