//! `execve` and `execveat`: the strings are read here, the program is replaced by the runtime.

use std::ffi::CString;

use armlet_memory as memory;

use crate::Errno;
use crate::call::Call;
use crate::fs::Lookup;
use crate::task::{Break, Exec, Reply};

/// Bytes in one string (`MAX_ARG_STRLEN`).
const LONGEST_STRING: usize = 32 * 4096;
/// Bytes in all strings and their pointers together: three quarters of 8 MiB, as Linux limits it at most.
const MOST_BYTES: usize = 6 << 20;

/// execve(2).
pub fn execve(call: &mut Call<'_>) -> Reply {
    let [path, arguments, environment, ..] = call.args;
    exec(call, libc::AT_FDCWD, path, arguments, environment, 0)
}

/// execveat(2).
pub fn execveat(call: &mut Call<'_>) -> Reply {
    let [dirfd, path, arguments, environment, flags, _] = call.args;
    let flags = flags as u32;
    if flags & !((libc::AT_EMPTY_PATH | libc::AT_SYMLINK_NOFOLLOW) as u32) != 0 {
        return Err(Errno::EINVAL.into());
    }
    exec(call, dirfd as i32, path, arguments, environment, flags)
}

fn exec(call: &mut Call<'_>, dirfd: i32, path: u64, arguments: u64, environment: u64, flags: u32) -> Reply {
    let mut room = MOST_BYTES;
    let exec = Exec {
        dirfd,
        path: match Lookup::new(call, dirfd, path)? {
            Lookup::AsIs(address) => call.path(address)?,
            Lookup::Instead(path) => path,
        },
        arguments: strings(call, arguments, &mut room)?,
        environment: strings(call, environment, &mut room)?,
        flags,
    };
    call.task.exec(exec, call.state)?;
    Err(Break::Resume)
}

/// A vector of strings that ends with a null pointer; a null vector is an empty one.
fn strings(call: &Call<'_>, address: u64, room: &mut usize) -> Result<Vec<CString>, Break> {
    let mut strings = Vec::new();
    if address == 0 {
        return Ok(strings);
    }
    loop {
        let [pointer] = call.words(address.wrapping_add(call.abi.word() * strings.len() as u64))?;
        if pointer == 0 {
            return Ok(strings);
        }
        let string = memory::read_cstr(pointer, LONGEST_STRING)?.ok_or(Errno::E2BIG)?;
        *room = room
            .checked_sub(string.len() + 1 + call.abi.word() as usize)
            .ok_or(Errno::E2BIG)?;
        strings.push(CString::new(string).map_err(|_| Errno::EINVAL)?);
    }
}
