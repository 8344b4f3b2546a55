//! The guest's memory.
//!
//! * [`access`]: single loads, stores and atomics, as the engines use them. The only file that touches guest memory.
//! * [`bytes`]: blocks, strings and plain structures, as the system call layer uses them.
//! * [`exclusive`]: what store-exclusives of different threads know of each other.
//! * [`fault`]: how a host SIGSEGV inside such an access becomes an `Err(Fault)`.
//! * [`ticks`]: the host's clock, for statistics.
//! * [`space`]: which mappings a guest process has, and every operation that changes them.
//!
//! # Where guest memory is
//!
//! An AArch64 guest address *is* the host address (base 0), so that an access is one host instruction. The guest can
//! therefore name any address of the process; [`space::AddressSpace`] never gives out, replaces or unmaps an address
//! that is not the guest's own, but a plain load or store is not checked against it. That is the same trust that any
//! user-mode emulator with an identity mapping places in its guest; confinement of hostile guests is the kernel's
//! business (namespaces, seccomp) around the whole process.
//!
//! Pages are 4096 bytes on both sides.

pub mod access;
pub mod bytes;
pub mod exclusive;
pub mod fault;
pub mod space;
pub mod ticks;

pub use access::{
    Atomic, Data, compare_exchange, fence, fetch, fetch_add, fetch_update, load, load_single_copy, store,
    store_seq_cst, store_single_copy, swap, try_load, try_store,
};
pub use bytes::{Plain, read_bytes, read_cstr, read_struct, write_bytes, write_struct};
pub use space::{AddressSpace, CodeObserver, Layout, Mapping, Protection};

/// Bytes in a page, of the guest and of the host.
pub const PAGE_SIZE: u64 = 4096;

/// One past the highest address that a guest can map: the host's user space ends here (2^47 less a guard page).
pub const ADDRESS_LIMIT: u64 = (1 << 47) - PAGE_SIZE;

/// The address without its tag: AArch64 ignores bits 63 to 56 of a data address at EL0 (top byte ignore, Arm ARM
/// D8.8.1) and extends bit 55 over them.
#[inline(always)]
#[must_use]
pub const fn untag(address: u64) -> u64 {
    ((address << 8) as i64 >> 8) as u64
}

/// `value` rounded up to a page, or `None` if that overflows.
#[must_use]
pub const fn page_up(value: u64) -> Option<u64> {
    match value.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(sum & !(PAGE_SIZE - 1)),
        None => None,
    }
}

/// `value` rounded down to a page.
#[must_use]
pub const fn page_down(value: u64) -> u64 {
    value & !(PAGE_SIZE - 1)
}
