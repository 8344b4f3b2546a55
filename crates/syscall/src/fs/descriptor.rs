//! Descriptors themselves: flags that differ in `fcntl` and `pipe2`, and armlet's own descriptor, which is not the guest's.

use super::own::{is_own, without_own};
use super::uring;
use crate::Errno;
use crate::abi::a64::{open_flags_to_guest, open_flags_to_host};
use crate::call::Call;
use crate::task::Reply;

/// fcntl(2). `struct flock` is the same on both sides, and so are all commands but those that carry open flags.
pub fn fcntl(call: &mut Call<'_>) -> Reply {
    let [descriptor, command, argument, ..] = call.args;
    match command as i32 {
        libc::F_GETFL => {
            let flags = call.host(libc::SYS_fcntl, [descriptor, command])?;
            Ok(u64::from(open_flags_to_guest(flags as u32)))
        }
        libc::F_SETFL => {
            let flags = u64::from(open_flags_to_host(argument as u32));
            Ok(call.host(libc::SYS_fcntl, [descriptor, command, flags])?)
        }
        _ => call.wait(libc::SYS_fcntl, [descriptor, command, argument]),
    }
}

/// pipe2(2): `O_DIRECT` (packet mode) differs.
pub fn pipe2(call: &mut Call<'_>) -> Reply {
    let [ends, flags, ..] = call.args;
    Ok(call.host(libc::SYS_pipe2, [ends, u64::from(open_flags_to_host(flags as u32))])?)
}

/// close(2).
pub fn close(call: &mut Call<'_>) -> Reply {
    if is_own(call.int(0)) {
        return Err(Errno::EBADF.into());
    }
    uring::closed(call.args[0] as u32..=call.args[0] as u32);
    Ok(call.host(libc::SYS_close, [call.args[0]])?)
}

/// dup3(2). Of the open flags it takes only `O_CLOEXEC`, which is the same on both sides.
pub fn dup3(call: &mut Call<'_>) -> Reply {
    let [old, new, flags, ..] = call.args;
    if is_own(old as i32) || is_own(new as i32) {
        return Err(Errno::EBADF.into());
    }
    let duplicate = call.host(libc::SYS_dup3, [old, new, flags])?;
    uring::closed(duplicate as u32..=duplicate as u32);
    Ok(duplicate)
}

/// close_range(2), around armlet's own descriptors.
pub fn close_range(call: &mut Call<'_>) -> Reply {
    let [first, last, flags, ..] = call.args;
    let (first, last) = (first as u32, last as u32);
    if first > last {
        return call.pass(libc::SYS_close_range);
    }
    for part in without_own(first..=last) {
        if flags & u64::from(libc::CLOSE_RANGE_CLOEXEC) == 0 {
            uring::closed(part.clone());
        }
        call.host(
            libc::SYS_close_range,
            [u64::from(*part.start()), u64::from(*part.end()), flags],
        )?;
    }
    Ok(0)
}
