//! Sockets. For a 64-bit guest, their calls and structures are the same on both sides, so that all of them are rows that go to the
//! host; here is what has to be known about a wait that a signal interrupted. `message` and `option` convert the structures of an AArch32
//! program.

mod message;
mod option;

pub use message::{recv, recvmmsg, recvmsg, send, sendmmsg, sendmsg};
pub use option::{getsockopt, setsockopt};

use crate::call::Call;

/// Whether the call waited on a socket with a timeout (`SO_RCVTIMEO`, `SO_SNDTIMEO`): such a wait is never started again,
/// because that would begin the timeout anew (signal(7)).
pub(crate) fn has_timeout(call: &Call<'_>) -> bool {
    let option = match call.row.name {
        "read" | "readv" | "preadv2" | "accept" | "accept4" | "recv" | "recvfrom" | "recvmsg" | "recvmmsg"
        | "recvmmsg_time64" => libc::SO_RCVTIMEO,
        "write" | "writev" | "pwritev2" | "connect" | "send" | "sendto" | "sendmsg" | "sendmmsg" => libc::SO_SNDTIMEO,
        _ => return false,
    };
    let mut timeout = [0_i64; 2];
    let mut length = size_of_val(&timeout) as u32;
    let (level, option) = (libc::SOL_SOCKET as u64, option as u64);
    let (value, size) = (timeout.as_mut_ptr() as u64, &raw mut length as u64);
    // Anything that is not a socket answers ENOTSOCK.
    call.host(libc::SYS_getsockopt, [call.args[0], level, option, value, size])
        .is_ok()
        && timeout != [0; 2]
}
