//! Blocks of guest memory: bytes, strings and plain structures, for the system call layer. Tags in addresses are
//! ignored, as the kernel does for pointers that it is given.

use std::mem::MaybeUninit;

use armlet_cpu::{Access, Fault};

use crate::fault::noted;
use crate::{PAGE_SIZE, access, untag};

/// A structure without padding, pointers or invalid values, in the guest's layout (little-endian as the host's), that
/// may be copied from and to guest memory as bytes.
///
/// # Safety
///
/// Every bit pattern must be a valid value, and the type must not have padding (give padding bytes a field).
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($type:ty),*) => {
        // SAFETY: integers have no padding, and every bit pattern is one.
        $(unsafe impl Plain for $type {})*
    };
}
plain!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

// SAFETY: an array has no padding of its own.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Fills `buffer` from guest memory at `address`.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be read; the bytes before it are in the buffer.
pub fn read_bytes(address: u64, buffer: &mut [u8]) -> Result<(), Fault> {
    let address = untag(address);
    let left = access::copy_in(address, buffer);
    done(address, buffer.len(), left, Access::Read)
}

/// Copies `bytes` to guest memory at `address`.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written; the bytes before it are written.
pub fn write_bytes(address: u64, bytes: &[u8]) -> Result<(), Fault> {
    let address = untag(address);
    let left = access::copy_out(address, bytes);
    done(address, bytes.len(), left, Access::Write)
}

fn done(address: u64, length: usize, left: usize, access: Access) -> Result<(), Fault> {
    if left == 0 {
        return Ok(());
    }
    Err(Fault {
        address: address.wrapping_add((length - left) as u64),
        ..noted(address, access)
    })
}

/// The NUL-terminated string at `address`, without its NUL; `None` if there is no NUL within the first `max` bytes.
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be read, if it comes before the NUL and before `max`.
pub fn read_cstr(address: u64, max: usize) -> Result<Option<Vec<u8>>, Fault> {
    /// Most strings are short: do not read a page for them.
    const CHUNK: u64 = 128;
    let address = untag(address);
    let mut string = Vec::new();
    while string.len() < max {
        let at = address.wrapping_add(string.len() as u64);
        // Up to a multiple of the chunk, so that no read crosses a page that need not be touched.
        let length = ((CHUNK - at % CHUNK) as usize).min(max - string.len());
        let mut chunk = [0; CHUNK as usize];
        let chunk = &mut chunk[..length];
        read_bytes(at, chunk)?;
        if let Some(end) = chunk.iter().position(|&byte| byte == 0) {
            string.extend_from_slice(&chunk[..end]);
            return Ok(Some(string));
        }
        string.extend_from_slice(chunk);
    }
    const { assert!(PAGE_SIZE.is_multiple_of(CHUNK)) };
    Ok(None)
}

/// The structure at `address` (any alignment).
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be read.
pub fn read_struct<T: Plain>(address: u64) -> Result<T, Fault> {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: the bytes of the zeroed value, all initialised; any bit pattern may be written to them.
    let bytes = unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
    read_bytes(address, bytes)?;
    // SAFETY: initialised, and every bit pattern is a value of a plain type.
    Ok(unsafe { value.assume_init() })
}

/// Writes the structure to `address` (any alignment).
///
/// # Errors
///
/// The [`Fault`] of the first byte that cannot be written.
pub fn write_struct<T: Plain>(address: u64, value: &T) -> Result<(), Fault> {
    // SAFETY: a plain type has no padding, so that all its bytes are initialised.
    let bytes = unsafe { std::slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>()) };
    write_bytes(address, bytes)
}
