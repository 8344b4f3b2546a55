//! io_uring: rings and requests have one layout on all machines, and guest memory is where the host sees it, so that requests go to the
//! host as the guest wrote them. The three whose contents differ (open flags, `struct epoll_event`) are reported as unsupported
//! to who asks, as liburing does: `IORING_REGISTER_PROBE`.

use armlet_memory as memory;

use crate::call::Call;
use crate::task::Reply;

const REGISTER_PROBE: u32 = 8;
/// `IO_URING_OP_SUPPORTED`.
const SUPPORTED: u16 = 1;
/// `IORING_OP_OPENAT`, `IORING_OP_OPENAT2`, `IORING_OP_EPOLL_CTL`.
const DIFFERENT: [u64; 3] = [18, 28, 29];
/// Bytes of `struct io_uring_probe` before its operations, and of one of those.
const PROBE_HEADER: u64 = 16;
const PROBE_OPERATION: u64 = 8;

/// io_uring_register(2).
pub fn io_uring_register(call: &mut Call<'_>) -> Reply {
    let [_, operation, probe, count, ..] = call.args;
    let reply = call.pass(427)?;
    if operation as u32 == REGISTER_PROBE {
        for different in DIFFERENT
            .into_iter()
            .filter(|&different| different < u64::from(count as u32))
        {
            let flags = probe + PROBE_HEADER + different * PROBE_OPERATION + 2;
            let value: u16 = memory::load(flags)?;
            memory::store(flags, value & !SUPPORTED)?;
        }
    }
    Ok(reply)
}
