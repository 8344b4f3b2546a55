//! Single accesses of guest memory: the engines' hot path, and the only file of armlet that touches guest memory.
//!
//! A successful access is one host instruction and at most one test: stores jump straight to the cold path when they
//! fault (an `asm goto`), loads come back with a value that is impossible (narrow ones) or with an error register.
//! See [`crate::fault`] for how a fault gets there.
//!
//! # Memory order
//!
//! The host is TSO: [`load`] is an acquire, [`store`] a release, and only a store followed by a load can be
//! reordered. STLR needs [`store_seq_cst`] (it is ordered before a later LDAR), DMB ISH/SY needs [`fence`], every
//! atomic is sequentially consistent. An access of up to 8 bytes within a cache line is single-copy atomic; for 16
//! bytes see [`load_single_copy`].
//!
//! # Addresses
//!
//! Functions take guest addresses. A tag in the top byte makes an address non-canonical, so that the access faults;
//! the cold path then strips the tag and tries again. Untagged addresses pay nothing for this. Nothing here checks
//! alignment, except for [`compare_exchange`] of 16 bytes: where the architecture wants an alignment fault, the
//! engine raises it.
//!
//! A store that crosses into a page where it faults writes nothing, as on the host's hardware; the address in the
//! fault is the first byte that could not be accessed.

use std::arch::asm;
use std::arch::x86_64::__m128i;

use armlet_cpu::{Access, Fault, FaultKind};

use crate::fault::{extable, noted};
use crate::untag;

mod sealed {
    /// The accesses themselves, without the cold path. Outside this crate they are reached through the functions.
    pub trait Raw: Sized {
        /// `None` after a fault.
        fn load_raw(address: u64) -> Option<Self>;
        /// `false` after a fault.
        fn store_raw(address: u64, value: Self) -> bool;
        /// `None` after a fault.
        fn compare_exchange_raw(address: u64, expected: Self, new: Self) -> Option<Self>;
    }

    /// As [`Raw`], for what the host does in one instruction with up to 8 bytes.
    pub trait RawAtomic: Raw {
        /// `None` after a fault.
        fn swap_raw(address: u64, value: Self) -> Option<Self>;
        /// `None` after a fault.
        fn fetch_add_raw(address: u64, value: Self) -> Option<Self>;
    }
}
use sealed::{Raw, RawAtomic};

/// A type that one guest access can move: `u8`, `u16`, `u32`, `u64`, `u128`. Little-endian, any alignment.
pub trait Data: Copy + Eq + Raw {}

/// A type with single-instruction read-modify-write on the host: `u8`, `u16`, `u32`, `u64`.
pub trait Atomic: Data + RawAtomic {}

/// Reads; acquire order.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be read.
#[inline(always)]
pub fn load<T: Data>(address: u64) -> Result<T, Fault> {
    T::load_raw(address).map_or_else(|| retry_load(address), Ok)
}

/// Writes; release order.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written; then nothing was written.
#[inline(always)]
pub fn store<T: Data>(address: u64, value: T) -> Result<(), Fault> {
    if T::store_raw(address, value) {
        Ok(())
    } else {
        retry_store(address, value)
    }
}

/// [`load`] without its cold path: `None` if it faults *or* the address has a tag; the caller then calls [`load`],
/// out of line. For hot functions which are to need no stack frame.
#[inline(always)]
pub fn try_load<T: Data>(address: u64) -> Option<T> {
    T::load_raw(address)
}

/// [`store`] without its cold path: `false` if nothing was written, because it faults *or* the address has a tag; the
/// caller then calls [`store`], out of line.
#[inline(always)]
#[must_use]
pub fn try_store<T: Data>(address: u64, value: T) -> bool {
    T::store_raw(address, value)
}

/// Writes, ordered before every later access (STLR).
///
/// # Errors
///
/// As [`store`].
#[inline(always)]
pub fn store_seq_cst<T: Atomic>(address: u64, value: T) -> Result<(), Fault> {
    swap(address, value).map(|_| ())
}

/// Compares the value at `address` with `expected`, stores `new` if they are equal, and returns what was there (CAS,
/// CASP). Sequentially consistent. The page must be writable even if the comparison fails.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written; [`FaultKind::Alignment`] for 16 bytes that are not
/// aligned.
#[inline(always)]
pub fn compare_exchange<T: Data>(address: u64, expected: T, new: T) -> Result<T, Fault> {
    if size_of::<T>() == 16 && address & 15 != 0 {
        return Err(Fault {
            address: untag(address),
            access: Access::Write,
            kind: FaultKind::Alignment,
        });
    }
    match T::compare_exchange_raw(address, expected, new) {
        Some(old) => Ok(old),
        None => retry_atomic(address, move |clean| T::compare_exchange_raw(clean, expected, new)),
    }
}

/// Stores `value` and returns what was there (SWP). Sequentially consistent.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written.
#[inline(always)]
pub fn swap<T: Atomic>(address: u64, value: T) -> Result<T, Fault> {
    match T::swap_raw(address, value) {
        Some(old) => Ok(old),
        None => retry_atomic(address, move |clean| T::swap_raw(clean, value)),
    }
}

/// Adds, wrapping, and returns what was there (LDADD). Sequentially consistent.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written.
#[inline(always)]
pub fn fetch_add<T: Atomic>(address: u64, value: T) -> Result<T, Fault> {
    match T::fetch_add_raw(address, value) {
        Some(old) => Ok(old),
        None => retry_atomic(address, move |clean| T::fetch_add_raw(clean, value)),
    }
}

/// Replaces the value by `update` of it, in one atomic step, and returns what was there (LDCLR, LDEOR, LDSET, LDSMAX,
/// …).
/// `update` may be called more than once. Sequentially consistent.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written: a page that is only readable is a fault of
/// [`Access::Write`].
#[inline(always)]
pub fn fetch_update<T: Atomic>(address: u64, mut update: impl FnMut(T) -> T) -> Result<T, Fault> {
    let mut old = load(address).map_err(|fault| Fault {
        access: Access::Write,
        ..fault
    })?;
    loop {
        let seen = compare_exchange(address, old, update(old))?;
        if seen == old {
            return Ok(old);
        }
        old = seen;
    }
}

/// Reads 16 bytes, single-copy atomically if the address is a multiple of 16 (LDP and LDR Q under FEAT_LSE2, LDXP).
///
/// # Errors
///
/// As [`load`].
#[inline(always)]
pub fn load_single_copy(address: u64) -> Result<u128, Fault> {
    if address & 15 != 0 {
        return load(address);
    }
    load_aligned_raw(address).map_or_else(|| retry_load_single_copy(address), Ok)
}

/// Writes 16 bytes, single-copy atomically if the address is a multiple of 16 (STP and STR Q under FEAT_LSE2).
///
/// # Errors
///
/// As [`store`].
#[inline(always)]
pub fn store_single_copy(address: u64, value: u128) -> Result<(), Fault> {
    if address & 15 != 0 {
        return store(address, value);
    }
    if store_aligned_raw(address, value) {
        Ok(())
    } else {
        retry_store_single_copy(address, value)
    }
}

/// Reads one instruction word (A64, A32) or halfword (T32), as an instruction fetch: a fault says [`Access::Execute`]. Whether the page is
/// executable for the guest is known to [`crate::AddressSpace::executable`]. Tags are not ignored for instructions.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be read.
#[inline(always)]
pub fn fetch<T: Data>(address: u64) -> Result<T, Fault> {
    T::load_raw(address).ok_or_else(|| noted(address, Access::Execute))
}

/// A full barrier (DMB ISH, DMB SY): every access before it is performed before every access after it.
#[inline(always)]
pub fn fence() {
    // SAFETY: a locked instruction that leaves its operand, the top of the stack, as it is; cheaper than MFENCE.
    unsafe { asm!("lock or dword ptr [rsp], 0", options(nostack)) }
}

/// Copies guest memory at `address` to `buffer`; returns the number of bytes that were **not** copied, 0 for success.
pub(crate) fn copy_in(address: u64, buffer: &mut [u8]) -> usize {
    copy(buffer.as_mut_ptr() as u64, address, buffer.len())
}

/// Copies `buffer` to guest memory at `address`; returns the number of bytes that were **not** copied, 0 for success.
pub(crate) fn copy_out(address: u64, buffer: &[u8]) -> usize {
    copy(address, buffer.as_ptr() as u64, buffer.len())
}

/// One of `to` and `from` is a guest address, the other is a host buffer of `length` bytes.
fn copy(to: u64, from: u64, length: usize) -> usize {
    let mut left = length;
    // SAFETY: a guest access (see the head of this file) and a host buffer that the callers hold; a fault stops the
    // copy with the rest of the count in RCX.
    unsafe {
        asm!(
            "2: rep movsb",
            "3:",
            extable!("2b", "3b"),
            inout("rdi") to => _,
            inout("rsi") from => _,
            inout("rcx") left,
            options(nostack, preserves_flags),
        );
    }
    left
}

/// The out-of-line part of every access: makes the fault, unless the address has a tag and `again`, the same access
/// at the address without it, succeeds.
#[inline(always)]
fn retry<T>(address: u64, access: Access, again: impl FnOnce(u64) -> Option<T>) -> Result<T, Fault> {
    let clean = untag(address);
    if clean == address {
        return Err(noted(address, access));
    }
    again(clean).ok_or_else(|| noted(clean, access))
}

#[cold]
#[inline(never)]
fn retry_load<T: Data>(address: u64) -> Result<T, Fault> {
    retry(address, Access::Read, T::load_raw)
}

#[cold]
#[inline(never)]
fn retry_load_single_copy(address: u64) -> Result<u128, Fault> {
    retry(address, Access::Read, load_aligned_raw)
}

#[cold]
#[inline(never)]
fn retry_store<T: Data>(address: u64, value: T) -> Result<(), Fault> {
    retry(address, Access::Write, |clean| T::store_raw(clean, value).then_some(()))
}

#[cold]
#[inline(never)]
fn retry_store_single_copy(address: u64, value: u128) -> Result<(), Fault> {
    retry(address, Access::Write, |clean| {
        store_aligned_raw(clean, value).then_some(())
    })
}

#[cold]
#[inline(never)]
fn retry_atomic<T>(address: u64, again: impl FnOnce(u64) -> Option<T>) -> Result<T, Fault> {
    retry(address, Access::Write, again)
}

/// What follows the instruction at label 2 if it has a result: a fix-up that sets the error register.
macro_rules! or_failed {
    () => {
        concat!(
            "3:\n",
            ".pushsection .text.armlet_fixup,\"ax\",@progbits\n",
            "4: mov {failed:e}, 1\n",
            "jmp 3b\n",
            ".popsection\n",
            extable!("2b", "4b"),
        )
    };
}

/// A load with an error register: instruction, register class.
macro_rules! load {
    ($address:ident, $instruction:literal, $class:ident) => {{
        let value;
        let mut failed = 0u32;
        // SAFETY: a guest access (see the head of this file); after a fault the value is not used.
        unsafe {
            asm!(
                concat!("2: ", $instruction),
                or_failed!(),
                address = in(reg) $address,
                value = out($class) value,
                failed = inout(reg) failed,
                options(nostack, preserves_flags, readonly),
            );
        }
        if failed == 0 { Some(value) } else { None }
    }};
}

/// A load of less than 64 bits needs no error register: a faulting one leaves an impossible value.
macro_rules! narrow_load {
    ($address:ident, $instruction:literal) => {{
        let value: u64;
        // SAFETY: a guest access (see the head of this file). All 64 bits of the register are written, by the load
        // (zero-extended) or by the fix-up (all ones).
        unsafe {
            asm!(
                concat!("2: ", $instruction),
                "3:",
                ".pushsection .text.armlet_fixup,\"ax\",@progbits",
                "4: mov {value}, -1",
                "jmp 3b",
                ".popsection",
                extable!("2b", "4b"),
                address = in(reg) $address,
                value = lateout(reg) value,
                options(nostack, preserves_flags, readonly),
            );
        }
        if (value as i64) < 0 {
            None
        } else {
            // SAFETY: the load zero-extends; knowing it spares the compiler a second extension.
            unsafe { std::hint::assert_unchecked(value <= u64::from(Self::MAX)) };
            Some(value as Self)
        }
    }};
}

/// A store: `true` unless it faults.
macro_rules! store {
    ($address:ident, $value:expr, $instruction:expr, $class:ident) => {{
        // SAFETY: a guest access (see the head of this file); a fault continues at the label.
        unsafe {
            asm!(
                concat!("2: ", $instruction),
                extable!("2b", "{failed}"),
                address = in(reg) $address,
                value = in($class) $value,
                failed = label { return false },
                options(nostack, preserves_flags),
            );
        }
        true
    }};
}

/// [`Raw`] and [`RawAtomic`] for an integer of up to 64 bits.
macro_rules! integer {
    (
        $type:ty, $class:ident, accumulator $accumulator:tt, modifier $modifier:literal, operand $operand:literal,
        $load:ident!($($load_arguments:tt)*)
    ) => {
        impl Raw for $type {
            #[inline(always)]
            fn load_raw(address: u64) -> Option<Self> {
                $load!(address, $($load_arguments)*)
            }

            #[inline(always)]
            fn store_raw(address: u64, value: Self) -> bool {
                store!(address, value, concat!("mov ", $operand, " ptr [{address}], {value", $modifier, "}"), $class)
            }

            #[inline(always)]
            fn compare_exchange_raw(address: u64, expected: Self, new: Self) -> Option<Self> {
                let old;
                let mut failed = 0u32;
                // SAFETY: a guest access (see the head of this file); after a fault the value is not used.
                unsafe {
                    asm!(
                        concat!("2: lock cmpxchg ", $operand, " ptr [{address}], {new", $modifier, "}"),
                        or_failed!(),
                        address = in(reg) address,
                        new = in($class) new,
                        failed = inout(reg) failed,
                        inout($accumulator) expected => old,
                        options(nostack),
                    );
                }
                if failed == 0 { Some(old) } else { None }
            }
        }

        impl RawAtomic for $type {
            #[inline(always)]
            fn swap_raw(address: u64, value: Self) -> Option<Self> {
                integer!(@exchange address, value, "xchg ", $class, $modifier, $operand)
            }

            #[inline(always)]
            fn fetch_add_raw(address: u64, value: Self) -> Option<Self> {
                integer!(@exchange address, value, "lock xadd ", $class, $modifier, $operand)
            }
        }

        impl Data for $type {}
        impl Atomic for $type {}
    };
    (@exchange $address:ident, $value:ident, $name:literal, $class:ident, $modifier:literal, $operand:literal) => {{
        let old;
        let mut failed = 0u32;
        // SAFETY: a guest access (see the head of this file); after a fault the value is not used.
        unsafe {
            asm!(
                concat!("2: ", $name, $operand, " ptr [{address}], {value", $modifier, "}"),
                or_failed!(),
                address = in(reg) $address,
                value = inout($class) $value => old,
                failed = inout(reg) failed,
                options(nostack),
            );
        }
        if failed == 0 { Some(old) } else { None }
    }};
}

integer!(u8, reg_byte, accumulator "al", modifier "", operand "byte",
    narrow_load!("movzx {value:e}, byte ptr [{address}]"));
integer!(u16, reg, accumulator "ax", modifier ":x", operand "word",
    narrow_load!("movzx {value:e}, word ptr [{address}]"));
integer!(u32, reg, accumulator "eax", modifier ":e", operand "dword",
    narrow_load!("mov {value:e}, dword ptr [{address}]"));
integer!(u64, reg, accumulator "rax", modifier ":r", operand "qword",
    load!("mov {value}, qword ptr [{address}]", reg));

impl Raw for u128 {
    #[inline(always)]
    fn load_raw(address: u64) -> Option<Self> {
        load!(address, "movdqu {value}, xmmword ptr [{address}]", xmm_reg).map(scalar)
    }

    #[inline(always)]
    fn store_raw(address: u64, value: Self) -> bool {
        store!(
            address,
            vector(value),
            "movdqu xmmword ptr [{address}], {value}",
            xmm_reg
        )
    }

    #[inline]
    fn compare_exchange_raw(address: u64, expected: Self, new: Self) -> Option<Self> {
        let (low, high): (u64, u64);
        let mut failed = 0u32;
        // SAFETY: a guest access (see the head of this file), aligned by the caller as the instruction wants it;
        // after a fault the value is not used. RBX, which the compiler keeps for itself, is exchanged with RSI around
        // it, on the fault's path too.
        unsafe {
            asm!(
                "xchg rsi, rbx",
                "2: lock cmpxchg16b xmmword ptr [rdi]",
                "3: xchg rsi, rbx",
                ".pushsection .text.armlet_fixup,\"ax\",@progbits",
                "4: mov r8d, 1",
                "jmp 3b",
                ".popsection",
                extable!("2b", "4b"),
                in("rdi") address,
                inout("rsi") new as u64 => _,
                in("rcx") (new >> 64) as u64,
                inout("rax") expected as u64 => low,
                inout("rdx") (expected >> 64) as u64 => high,
                inout("r8") failed,
                options(nostack),
            );
        }
        if failed == 0 {
            Some(u128::from(high) << 64 | u128::from(low))
        } else {
            None
        }
    }
}

impl Data for u128 {}

/// The load of 16 aligned bytes, which MOVDQA reads in one piece (Intel SDM volume 3, 9.1.1: every host with AVX).
#[inline(always)]
fn load_aligned_raw(address: u64) -> Option<u128> {
    load!(address, "movdqa {value}, xmmword ptr [{address}]", xmm_reg).map(scalar)
}

/// The store of 16 aligned bytes in one piece.
#[inline(always)]
fn store_aligned_raw(address: u64, value: u128) -> bool {
    store!(
        address,
        vector(value),
        "movdqa xmmword ptr [{address}], {value}",
        xmm_reg
    )
}

#[inline(always)]
fn scalar(vector: __m128i) -> u128 {
    // SAFETY: plain bits of the same size.
    unsafe { std::mem::transmute(vector) }
}

#[inline(always)]
fn vector(scalar: u128) -> __m128i {
    // SAFETY: plain bits of the same size.
    unsafe { std::mem::transmute(scalar) }
}
