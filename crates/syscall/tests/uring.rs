//! io_uring: the requests whose contents differ between the guest and the host.

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};

use armlet_memory as memory;
use armlet_syscall::Errno;
use common::{Guest, NOWHERE, pointer};

const NOP: u8 = 0;
const READV: u8 = 1;
const RECVMSG: u8 = 10;
const OPENAT: u8 = 18;
const CLOSE: u8 = 19;
const OPENAT2: u8 = 28;
const EPOLL_CTL: u8 = 29;
const EPOLL_WAIT: u8 = 59;
/// arm64's flags: `O_DIRECTORY`, `O_NOFOLLOW`.
const O_DIRECTORY: u32 = 0x4000;
const O_NOFOLLOW: u32 = 0x8000;
const HERE: u64 = libc::AT_FDCWD as u64;
const ENTRIES: u64 = 4;

/// A ring of a guest, which has mapped it.
struct Ring {
    guest: Guest,
    descriptor: u64,
    /// `struct io_uring_params`.
    parameters: [u32; 30],
    ring: u64,
    requests: u64,
}

impl Ring {
    /// `None` if this kernel has no rings, or forbids them.
    fn new(mut guest: Guest) -> Option<Ring> {
        let at = guest.buffer(4096);
        let descriptor = match guest.value("io_uring_setup", &[ENTRIES, at]) {
            Err(Errno::ENOSYS | Errno::EPERM) => return None,
            descriptor => descriptor.expect("a ring"),
        };
        let mut ring = Ring {
            parameters: memory::read_struct(at).expect("parameters"),
            guest,
            descriptor,
            ring: 0,
            requests: 0,
        };
        ring.ring = ring.map(0);
        ring.requests = ring.map(0x1000_0000);
        Some(ring)
    }

    fn map(&mut self, offset: u64) -> u64 {
        let narrow = self.guest.abi == armlet_syscall::abi::Abi::A32;
        let (call, offset) = if narrow {
            ("mmap2", offset >> 12)
        } else {
            ("mmap", offset)
        };
        let args = [0, 4096, 3, libc::MAP_SHARED as u64, self.descriptor, offset];
        self.guest.value(call, &args).expect("a mapping of the ring")
    }

    fn field(&self, word: usize) -> u64 {
        self.ring + u64::from(self.parameters[word])
    }

    fn load(&self, word: usize) -> u32 {
        memory::load(self.field(word)).expect("the ring")
    }

    /// Puts a request into the ring: operation, descriptor, `off`, `addr`, `len`, flags of the operation.
    fn prepare(&mut self, operation: u8, descriptor: u64, off: u64, addr: u64, length: u32, flags: u32) {
        let tail = self.load(11);
        let index = tail & self.load(12);
        let mut request = [0_u64; 8];
        request[0] = u64::from(operation) | descriptor << 32;
        (request[1], request[2]) = (off, addr);
        request[3] = u64::from(length) | u64::from(flags) << 32;
        memory::write_struct(self.requests + 64 * u64::from(index), &request).expect("the requests");
        memory::store(self.field(16) + 4 * u64::from(index), index).expect("the ring");
        memory::store(self.field(11), tail + 1).expect("the ring");
    }

    /// Submits one request, and gives its result.
    fn complete(&mut self) -> i32 {
        let args = [self.descriptor, 1, 1, 1, 0, 0];
        assert_eq!(self.guest.value("io_uring_enter", &args), Ok(1));
        // `cq_off`: head, tail, ring_mask, ring_entries, overflow, cqes.
        let head = self.load(20);
        let entry = self.field(25) + 16 * u64::from(head & self.load(22));
        let result: i32 = memory::load::<u32>(entry + 8).expect("a completion") as i32;
        memory::store(self.field(20), head + 1).expect("the ring");
        result
    }

    fn text(&mut self, text: &str) -> u64 {
        let at = self.guest.buffer(4096);
        memory::write_bytes(at, text.as_bytes()).expect("memory");
        at
    }
}

/// One ring of each kind of guest, one test at a time: descriptors are those of one process.
fn rings() -> (Vec<Ring>, MutexGuard<'static, ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let guests = [Guest::new(), Guest::a32()];
    (guests.into_iter().filter_map(Ring::new).collect(), alone)
}

#[test]
fn files_are_opened_with_the_guests_flags() {
    let (rings, _alone) = rings();
    for mut ring in rings {
        let path = ring.text("/proc/self/exe");
        ring.prepare(OPENAT, HERE, 0, path, 0, O_DIRECTORY);
        assert_eq!(ring.complete(), -libc::ENOTDIR);
        ring.prepare(OPENAT, HERE, 0, path, 0, O_NOFOLLOW);
        assert_eq!(ring.complete(), -libc::ELOOP);
        let how = ring.guest.buffer(4096);
        memory::write_struct(how, &[u64::from(O_DIRECTORY), 0, 0]).expect("memory");
        ring.prepare(OPENAT2, HERE, how, path, 24, 0);
        assert_eq!(ring.complete(), -libc::ENOTDIR);
        let root = ring.text("/");
        ring.prepare(OPENAT2, HERE, how, root, 24, 0);
        let descriptor = ring.complete();
        assert!(descriptor >= 0, "{descriptor}");
        // What the guest wrote stays as it was.
        assert_eq!(memory::load::<u64>(how), Ok(u64::from(O_DIRECTORY)));
        ring.prepare(CLOSE, descriptor as u64, 0, 0, 0, 0);
        assert_eq!(ring.complete(), 0);
        ring.prepare(OPENAT2, HERE, NOWHERE, path, 24, 0);
        assert_eq!(ring.complete(), -libc::EFAULT);
    }
}

#[test]
fn events_have_the_guests_layout() {
    let (rings, _alone) = rings();
    for mut ring in rings {
        let epoll = ring.guest.value("epoll_create1", &[0]).expect("an epoll");
        let event = ring.guest.value("eventfd2", &[1, 0]).expect("an event");
        let at = ring.guest.buffer(4096);
        memory::write_struct(at, &[u64::from(libc::EPOLLIN as u32), 0x1122_3344_5566_7788]).expect("memory");
        ring.prepare(EPOLL_CTL, epoll, event, at, libc::EPOLL_CTL_ADD as u32, 0);
        assert_eq!(ring.complete(), 0);
        let seen = ring.guest.buffer(4096);
        assert_eq!(ring.guest.value("epoll_pwait", &[epoll, seen, 1, 0, 0, 8]), Ok(1));
        assert_eq!(memory::load::<u64>(seen + 8), Ok(0x1122_3344_5566_7788));
        ring.prepare(EPOLL_CTL, epoll, event, 0, libc::EPOLL_CTL_DEL as u32, 0);
        assert_eq!(ring.complete(), 0);
        assert_eq!(ring.guest.value("epoll_pwait", &[epoll, seen, 1, 0, 0, 8]), Ok(0));
        for descriptor in [epoll, event] {
            ring.guest.value("close", &[descriptor]).expect("a descriptor");
        }
    }
}

#[test]
fn vectors_of_a_32_bit_program() {
    let (rings, _alone) = rings();
    let Some(mut ring) = rings.into_iter().nth(1) else {
        return;
    };
    let at = ring.guest.buffer(4096);
    let ends = ring.guest.buffer(4096);
    ring.guest.value("pipe2", &[ends, 0]).expect("a pipe");
    let [reader, writer]: [u32; 2] = memory::read_struct(ends).expect("two descriptors");
    let text = ring.text("narrow");
    ring.guest.value("write", &[writer.into(), text, 6]).expect("room");
    memory::write_struct(at, &[at as u32 + 64, 2, at as u32 + 128, 10]).expect("memory");
    ring.prepare(READV, reader.into(), u64::MAX, at, 2, 0);
    assert_eq!(ring.complete(), 6);
    let mut bytes = [0; 4];
    memory::read_bytes(at + 128, &mut bytes).expect("memory");
    assert_eq!(&bytes, b"rrow");
    ring.prepare(RECVMSG, reader.into(), 0, at, 0, 0);
    assert_eq!(ring.complete(), -libc::EINVAL, "struct msghdr cannot be translated");
}

#[test]
fn what_is_not_translated_is_not_offered() {
    let (rings, _alone) = rings();
    for mut ring in rings {
        let probe = ring.guest.buffer(4096);
        let args = [ring.descriptor, 8, probe, 64];
        assert_eq!(ring.guest.value("io_uring_register", &args), Ok(0));
        let supported = |operation: u8| memory::load::<u16>(probe + 16 + 8 * u64::from(operation) + 2) == Ok(1);
        let narrow = ring.guest.abi == armlet_syscall::abi::Abi::A32;
        assert!(supported(NOP) && supported(OPENAT) && supported(EPOLL_CTL) && !supported(EPOLL_WAIT));
        assert_eq!(supported(RECVMSG), !narrow);
        ring.prepare(EPOLL_WAIT, 0, 0, 0, 0, 0);
        assert_eq!(ring.complete(), -libc::EINVAL);
        // A ring by its number, and one that the kernel polls.
        let args = [0, 1, 0, 1 << 4, 0, 0];
        assert_eq!(ring.guest.value("io_uring_enter", &args), Err(Errno::EINVAL));
        let mut parameters = [0_u32; 30];
        parameters[2] = 2;
        let at = ring.guest.buffer(4096);
        memory::write_struct(at, &parameters).expect("memory");
        assert_eq!(ring.guest.value("io_uring_setup", &[ENTRIES, at]), Err(Errno::EPERM));
    }
}

#[test]
fn a_duplicate_is_the_same_ring_and_a_closed_one_is_none() {
    let (rings, _alone) = rings();
    let Some(mut ring) = rings.into_iter().next() else {
        return;
    };
    let first = ring.descriptor;
    ring.descriptor = ring.guest.value("dup", &[first]).expect("a duplicate");
    let path = "/proc/self/exe\0";
    ring.prepare(OPENAT, HERE, 0, pointer(path), 0, O_DIRECTORY);
    assert_eq!(ring.complete(), -libc::ENOTDIR);
    ring.guest.value("close", &[first]).expect("a descriptor");
    let args = [first, 1, 1, 1, 0, 0];
    assert_eq!(ring.guest.value("io_uring_enter", &args), Err(Errno::EOPNOTSUPP));
}
