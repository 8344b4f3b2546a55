//! io_uring: rings have one layout on all machines, and guest memory is where the host sees it, so that most requests go to the host as the
//! guest wrote them. Those whose contents differ are translated when they are submitted, in the ring, and put back
//! if the host has not taken them: open flags, `struct epoll_event`, and vectors of an AArch32 program. The host copies what requests
//! point to while they are submitted (`IORING_FEAT_SUBMIT_STABLE`), so that what stands in for it has to live no longer.
//!
//! What would have to be translated when a request *completes* (`struct msghdr` of AArch32, `EPOLL_WAIT`) gets a number that the
//! host does not know, and so completes with EINVAL, as under a kernel that is older; `IORING_REGISTER_PROBE` says so to who asks.
//! A ring that the kernel polls by itself (`IORING_SETUP_SQPOLL`) has no such moment, and is refused with EPERM, as by kernels that
//! keep it for the privileged; rings by registered numbers and changing sizes are EINVAL, as under older kernels. A path in a request is the
//! host's: `-L` and the files of /proc that describe the guest are for calls only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_memory::{self as memory, Plain};

use super::legacy::iovecs;
use super::own::is_own;
use crate::Errno;
use crate::abi::Abi;
use crate::abi::a64::{EpollEvent, open_flags_to_host};
use crate::call::Call;
use crate::task::{Break, Reply};

const SETUP: i64 = 425;
const ENTER: i64 = 426;
const REGISTER: i64 = 427;

/// `IORING_SETUP_*`.
mod setup {
    pub const SQPOLL: u32 = 1 << 1;
    pub const SQE128: u32 = 1 << 10;
    pub const NO_MMAP: u32 = 1 << 14;
    pub const REGISTERED_FD_ONLY: u32 = 1 << 15;
    pub const NO_SQARRAY: u32 = 1 << 16;
    /// The last flag whose meaning is known here, `IORING_SETUP_CQE_MIXED`.
    pub const LAST: u32 = 1 << 18;
}

/// `IORING_ENTER_REGISTERED_RING`, and the same for io_uring_register.
const ENTER_REGISTERED_RING: u32 = 1 << 4;
const USE_REGISTERED_RING: u32 = 1 << 31;
/// `IORING_OFF_SQ_RING`, `IORING_OFF_SQES`.
const SUBMISSION_RING: u64 = 0;
const REQUESTS: u64 = 0x1000_0000;

/// `IORING_REGISTER_*`.
mod register {
    pub const BUFFERS: u32 = 0;
    pub const PROBE: u32 = 8;
    pub const BUFFERS2: u32 = 15;
    pub const BUFFERS_UPDATE: u32 = 16;
    pub const RING_FDS: u32 = 20;
    pub const RESIZE_RINGS: u32 = 33;
}

/// `IORING_OP_*`.
mod operation {
    pub const READV: u8 = 1;
    pub const WRITEV: u8 = 2;
    pub const SENDMSG: u8 = 9;
    pub const RECVMSG: u8 = 10;
    pub const OPENAT: u8 = 18;
    pub const CLOSE: u8 = 19;
    pub const OPENAT2: u8 = 28;
    pub const EPOLL_CTL: u8 = 29;
    pub const URING_CMD: u8 = 46;
    pub const SENDMSG_ZC: u8 = 48;
    pub const WAITID: u8 = 50;
    pub const EPOLL_WAIT: u8 = 59;
    pub const READV_FIXED: u8 = 60;
    pub const WRITEV_FIXED: u8 = 61;
    pub const PIPE: u8 = 62;
    /// The last whose contents are known here.
    pub const LAST: u8 = PIPE;
    /// None of the host's.
    pub const NONE: u8 = u8::MAX;
}

/// Whether a request can be made, as it is or translated.
fn is_supported(abi: Abi, number: u8) -> bool {
    use operation as op;
    let narrow = [
        op::SENDMSG,
        op::RECVMSG,
        op::URING_CMD,
        op::SENDMSG_ZC,
        op::WAITID,
        op::READV_FIXED,
        op::WRITEV_FIXED,
    ];
    number <= op::LAST && number != op::EPOLL_WAIT && (abi == Abi::A64 || !narrow.contains(&number))
}

/// `struct io_uring_params`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Parameters {
    sq_entries: u32,
    cq_entries: u32,
    flags: u32,
    rest: [u32; 7],
    /// head, tail, ring_mask, ring_entries, flags, dropped, array, resv1.
    sq_off: [u32; 8],
    sq_address: u64,
    cq_off: [u32; 8],
    cq_address: u64,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Parameters {}

/// The first 40 bytes of `struct io_uring_sqe`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Request {
    opcode: u8,
    flags: u8,
    ioprio: u16,
    fd: i32,
    off: u64,
    addr: u64,
    len: u32,
    /// `open_flags`, `pipe_flags`, `rw_flags`.
    op_flags: u32,
    user_data: u64,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Request {}

/// A ring of this process.
#[derive(Clone, Copy)]
struct Ring {
    descriptor: i32,
    parameters: Parameters,
    /// Where the guest has mapped it; 0 as long as it has not.
    ring: u64,
    requests: u64,
}

static RINGS: Mutex<Vec<Ring>> = Mutex::new(Vec::new());
/// Whether there has ever been one, so that other calls need not look.
static ANY: AtomicBool = AtomicBool::new(false);

fn rings() -> MutexGuard<'static, Vec<Ring>> {
    RINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the book of rings still, over a fork.
pub(crate) fn freeze() -> impl Drop {
    rings()
}

/// Forgets the rings among descriptors that have been closed.
pub(super) fn closed(descriptors: std::ops::RangeInclusive<u32>) {
    if ANY.load(Ordering::Relaxed) {
        rings().retain(|ring| !descriptors.contains(&(ring.descriptor as u32)));
    }
}

/// Notes that a descriptor has been mapped at `address`.
pub(crate) fn mapped(call: &Call<'_>, descriptor: i32, offset: u64, address: u64) {
    if !ANY.load(Ordering::Relaxed) || offset != SUBMISSION_RING && offset != REQUESTS {
        return;
    }
    let mut rings = rings();
    let Some(ring) = find(call, &mut rings, descriptor) else {
        return;
    };
    if offset == REQUESTS {
        ring.requests = address;
    } else {
        ring.ring = address;
    }
}

/// The ring that a descriptor is, by its number or as a duplicate.
fn find<'a>(call: &Call<'_>, rings: &'a mut [Ring], descriptor: i32) -> Option<&'a mut Ring> {
    /// `KCMP_FILE`.
    const FILE: u64 = 0;
    let at = rings.iter().position(|ring| ring.descriptor == descriptor).or_else(|| {
        let process = u64::from(std::process::id());
        rings.iter().position(|ring| {
            let pair = [ring.descriptor as u64, descriptor as u64];
            call.host(libc::SYS_kcmp, [process, process, FILE, pair[0], pair[1]]) == Ok(0)
        })
    });
    rings.get_mut(at?)
}

/// io_uring_setup(2).
pub fn io_uring_setup(call: &mut Call<'_>) -> Reply {
    let address = call.args[1];
    let parameters: Parameters = call.read(address)?;
    if parameters.flags & setup::SQPOLL != 0 {
        return Err(Errno::EPERM.into());
    }
    if parameters.flags >= setup::LAST << 1 || parameters.flags & setup::REGISTERED_FD_ONLY != 0 {
        return Err(Errno::EINVAL.into());
    }
    let descriptor = call.host(SETUP, [call.args[0], address])?;
    let parameters: Parameters = call.read(address)?;
    let [ring, requests] = match parameters.flags & setup::NO_MMAP {
        0 => [0; 2],
        _ => [parameters.cq_address, parameters.sq_address],
    };
    ANY.store(true, Ordering::Relaxed);
    let mut rings = rings();
    rings.retain(|ring| ring.descriptor != descriptor as i32);
    rings.push(Ring {
        descriptor: descriptor as i32,
        parameters,
        ring,
        requests,
    });
    Ok(descriptor)
}

/// What stands in for structures of the guest's while requests are submitted.
#[derive(Default)]
struct Substitutes(Vec<Vec<u64>>);

impl Substitutes {
    fn keep(&mut self, words: Vec<u64>) -> u64 {
        let address = words.as_ptr() as u64;
        self.0.push(words);
        address
    }
}

/// io_uring_enter(2).
pub fn io_uring_enter(call: &mut Call<'_>) -> Reply {
    let [descriptor, count, _, flags, ..] = call.args;
    if flags as u32 & ENTER_REGISTERED_RING != 0 {
        return Err(Errno::EINVAL.into());
    }
    if count as u32 == 0 {
        return call.wait(ENTER, call.args);
    }
    let ring = find(call, &mut rings(), descriptor as i32).copied();
    // One that came from another process: nothing is known of its memory.
    let ring = ring.filter(|ring| ring.ring != 0 && ring.requests != 0);
    let ring = ring.ok_or(Errno::EOPNOTSUPP)?;
    let mut substitutes = Substitutes::default();
    let mut changed = Vec::new();
    ring.translate(call, count as u32, &mut substitutes, &mut changed)?;
    let reply = call.wait(ENTER, call.args);
    // What the host has not taken is made again as it was: the call may be repeated.
    if !changed.is_empty() {
        let head: u32 = memory::load(ring.field(0))?;
        for (position, address, request) in changed {
            if position.wrapping_sub(head) as i32 >= 0 {
                call.write::<Request>(address, &request)?;
            }
        }
    }
    reply
}

impl Ring {
    /// The address of a field of the submission ring: head, tail, ring_mask, …
    fn field(&self, number: usize) -> u64 {
        self.ring + u64::from(self.parameters.sq_off[number])
    }

    /// Translates up to `count` requests that wait; `changed` gets the position, place and contents of those that differed.
    fn translate(
        &self,
        call: &Call<'_>,
        count: u32,
        substitutes: &mut Substitutes,
        changed: &mut Vec<(u32, u64, Request)>,
    ) -> Result<(), Break> {
        let [head, tail, mask]: [u32; 3] = [
            memory::load(self.field(0))?,
            memory::load(self.field(1))?,
            memory::load(self.field(2))?,
        ];
        let size = if self.parameters.flags & setup::SQE128 != 0 {
            128
        } else {
            64
        };
        for step in 0..count.min(tail.wrapping_sub(head)).min(self.parameters.sq_entries) {
            let position = head.wrapping_add(step);
            let mut index = position & mask;
            if self.parameters.flags & setup::NO_SQARRAY == 0 {
                index = memory::load(self.field(6) + 4 * u64::from(index))?;
            }
            if index >= self.parameters.sq_entries {
                continue;
            }
            let address = self.requests + size * u64::from(index);
            let before: Request = call.read(address)?;
            // What cannot be read is the host's to report: such a request is left as it is.
            if let Ok(Some(request)) = translated(call, before, substitutes) {
                call.write(address, &request)?;
                changed.push((position, address, before));
            }
        }
        Ok(())
    }
}

/// A request as the host must see it; `None` if that is what it is.
fn translated(call: &Call<'_>, mut request: Request, substitutes: &mut Substitutes) -> Result<Option<Request>, Break> {
    match request.opcode {
        operation::OPENAT | operation::PIPE => request.op_flags = open_flags_to_host(request.op_flags),
        operation::OPENAT2 if (24..=memory::PAGE_SIZE as u32).contains(&request.len) => {
            let mut how = vec![0; request.len.div_ceil(8) as usize];
            let mut bytes = vec![0; request.len as usize];
            memory::read_bytes(request.off, &mut bytes)?;
            for (word, bytes) in how.iter_mut().zip(bytes.chunks(8)) {
                *word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            }
            how[0] = how[0] & !0xffff_ffff | u64::from(open_flags_to_host(how[0] as u32));
            request.off = substitutes.keep(how);
        }
        operation::EPOLL_CTL if request.len != libc::EPOLL_CTL_DEL as u32 => {
            let event: EpollEvent = call.read(request.addr)?;
            // Packed on the host: the second word begins in the upper half of the first.
            let words = [u64::from(event.events) | event.data << 32, event.data >> 32];
            request.addr = substitutes.keep(words.to_vec());
        }
        operation::CLOSE => {
            // With a number in its last field, it closes a registered file instead, which has no descriptor.
            if is_own(request.fd) {
                request.fd = -1;
            } else {
                closed(request.fd as u32..=request.fd as u32);
                return Ok(None);
            }
        }
        operation::READV | operation::WRITEV if call.abi == Abi::A32 => {
            let vectors = iovecs(request.addr, request.len.into())?;
            request.addr = substitutes.keep(vectors.concat());
        }
        number if !is_supported(call.abi, number) => request.opcode = operation::NONE,
        _ => return Ok(None),
    }
    Ok(Some(request))
}

/// Bytes of `struct io_uring_probe` before its operations, and of one of those; `IO_URING_OP_SUPPORTED`.
const PROBE_HEADER: u64 = 16;
const PROBE_OPERATION: u64 = 8;
const SUPPORTED: u16 = 1;

/// io_uring_register(2).
pub fn io_uring_register(call: &mut Call<'_>) -> Reply {
    let [descriptor, operation, argument, count, ..] = call.args;
    let operation = operation as u32;
    if operation & USE_REGISTERED_RING != 0 {
        return Err(Errno::EINVAL.into());
    }
    match operation {
        register::RING_FDS | register::RESIZE_RINGS => Err(Errno::EINVAL.into()),
        register::BUFFERS2 | register::BUFFERS_UPDATE if call.abi == Abi::A32 => Err(Errno::EINVAL.into()),
        register::BUFFERS if call.abi == Abi::A32 => {
            let vectors = iovecs(argument, count)?;
            let args = [descriptor, operation.into(), vectors.as_ptr() as u64, count];
            Ok(call.host(REGISTER, args)?)
        }
        register::PROBE => {
            let reply = call.pass(REGISTER)?;
            for number in (0..=u8::MAX).take(count as u32 as usize) {
                if !is_supported(call.abi, number) {
                    let flags = argument + PROBE_HEADER + u64::from(number) * PROBE_OPERATION + 2;
                    let value: u16 = memory::load(flags)?;
                    memory::store(flags, value & !SUPPORTED)?;
                }
            }
            Ok(reply)
        }
        _ => call.pass(REGISTER),
    }
}
