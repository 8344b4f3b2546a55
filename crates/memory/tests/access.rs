//! Single accesses and blocks: values, exact faults, tags, atomicity across threads.

use std::ptr::null_mut;

use armlet_cpu::{Access, Fault, FaultKind};
use armlet_memory::access::{self, Atomic, Data};
use armlet_memory::{PAGE_SIZE, bytes, fault};

/// Pages of the host, straight from mmap(2); unmapped at the end.
struct Pages {
    start: u64,
    count: u64,
}

impl Pages {
    /// `count` pages, readable and writable, followed by one without any access.
    fn new(count: u64) -> Pages {
        fault::install_fault_handler().unwrap();
        let length = ((count + 1) * PAGE_SIZE) as usize;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping, owned by this value.
        let start = unsafe { libc::mmap(null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED);
        let pages = Pages {
            start: start.addr() as u64,
            count,
        };
        pages.protect(count, libc::PROT_NONE);
        pages
    }

    fn page(&self, index: u64) -> u64 {
        self.start + index * PAGE_SIZE
    }

    /// The first address behind the accessible pages.
    fn end(&self) -> u64 {
        self.page(self.count)
    }

    fn protect(&self, index: u64, protection: i32) {
        // SAFETY: a page of this mapping.
        let result = unsafe { libc::mprotect(self.page(index) as *mut _, PAGE_SIZE as usize, protection) };
        assert_eq!(result, 0);
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made.
        unsafe { libc::munmap(self.start as *mut _, ((self.count + 1) * PAGE_SIZE) as usize) };
    }
}

fn read_fault(address: u64, kind: FaultKind) -> Fault {
    Fault {
        address,
        access: Access::Read,
        kind,
    }
}

fn write_fault(address: u64, kind: FaultKind) -> Fault {
    Fault {
        address,
        access: Access::Write,
        kind,
    }
}

/// A value whose bytes are all different and not zero.
fn pattern<T: TryFrom<u128>>(size: usize) -> T {
    let bits = 0xf1e2_d3c4_b5a6_9788_7869_5a4b_3c2d_1e0fu128;
    let masked = if size == 16 {
        bits
    } else {
        bits & ((1 << (8 * size)) - 1)
    };
    T::try_from(masked).ok().unwrap()
}

fn edges<T: Data + TryFrom<u128> + std::fmt::Debug>() {
    use FaultKind::{Permission, Unmapped};
    let pages = Pages::new(1);
    let size = size_of::<T>() as u64;
    let value: T = pattern(size_of::<T>());
    for offset in 0..=40 {
        let address = pages.end() - size - offset;
        access::store(address, value).unwrap();
        assert_eq!(access::load::<T>(address), Ok(value));
    }
    // Every way to hang over the edge: the first byte behind it is reported, and nothing is written.
    for inside in 1..size {
        let address = pages.end() - inside;
        bytes::write_bytes(address, &vec![0xaa; inside as usize]).unwrap();
        assert_eq!(access::load::<T>(address), Err(read_fault(pages.end(), Permission)));
        assert_eq!(access::store(address, value), Err(write_fault(pages.end(), Permission)));
        let mut left = vec![0; inside as usize];
        bytes::read_bytes(address, &mut left).unwrap();
        assert!(left.iter().all(|&byte| byte == 0xaa), "a faulting store has written");
    }
    let end = pages.end();
    assert_eq!(access::load::<T>(end), Err(read_fault(end, Permission)));
    assert_eq!(access::store(end, value), Err(write_fault(end, Permission)));
    for nothing in [0, 16, 0x1000, 0xffff_8000_0000_0000, 0xffff_ffff_ffff_f000] {
        assert_eq!(
            access::load::<T>(nothing),
            Err(read_fault(nothing, Unmapped)),
            "{nothing:#x}"
        );
        assert_eq!(
            access::store(nothing, value),
            Err(write_fault(nothing, Unmapped)),
            "{nothing:#x}"
        );
        assert_eq!(
            access::compare_exchange(nothing, value, value),
            Err(write_fault(nothing, Unmapped)),
            "{nothing:#x}"
        );
    }
    // Bit 55 clear and bit 47 set: a valid 48-bit guest address, which the host cannot have.
    let high = 0x0000_9000_0000_0000;
    assert_eq!(access::load::<T>(high), Err(read_fault(high, Unmapped)));
    assert_eq!(access::store(high, value), Err(write_fault(high, Unmapped)));
}

#[test]
fn edges_of_a_page() {
    edges::<u8>();
    edges::<u16>();
    edges::<u32>();
    edges::<u64>();
    edges::<u128>();
}

#[test]
fn read_only_page() {
    let pages = Pages::new(2);
    access::store(pages.page(1), 7u64).unwrap();
    pages.protect(1, libc::PROT_READ);
    let address = pages.page(1);
    let fault = write_fault(address, FaultKind::Permission);
    assert_eq!(access::load::<u64>(address), Ok(7));
    assert_eq!(access::store(address, 1u8), Err(fault));
    assert_eq!(access::store(address, 1u128), Err(fault));
    assert_eq!(access::store_single_copy(address, 1), Err(fault));
    assert_eq!(access::store_seq_cst(address, 1u32), Err(fault));
    assert_eq!(access::swap(address, 1u16), Err(fault));
    assert_eq!(access::fetch_add(address, 1u8), Err(fault));
    assert_eq!(
        access::compare_exchange(address, 0u64, 1),
        Err(fault),
        "faults even if the comparison fails"
    );
    assert_eq!(access::compare_exchange(address, 7u128, 1), Err(fault));
    assert_eq!(access::fetch_update(address, |old: u64| old | 1), Err(fault));
    pages.protect(1, libc::PROT_NONE);
    assert_eq!(
        access::fetch_update(address, |old: u64| old | 1),
        Err(fault),
        "an atomic is a write"
    );
    // A store from a writable page into one that is not.
    assert_eq!(access::store(address - 3, u64::MAX), Err(fault));
    assert_eq!(access::load::<u32>(address - 4), Ok(0), "nothing was written");
}

fn atomics<T: Atomic + TryFrom<u128> + From<u8> + std::fmt::Debug>() {
    let pages = Pages::new(1);
    let value: T = pattern(size_of::<T>());
    for address in [pages.start, pages.start + 1, pages.start + 62] {
        let canary = 0x5a5a_5a5a_5a5a_5a5a;
        access::store(address, canary).unwrap();
        access::store_seq_cst(address, value).unwrap();
        assert_eq!(access::load(address), Ok(value));
        assert_eq!(access::swap(address, T::from(3)), Ok(value));
        assert_eq!(access::fetch_add(address, T::from(4)), Ok(T::from(3)));
        assert_eq!(
            access::compare_exchange(address, T::from(6), value),
            Ok(T::from(7)),
            "not equal: not stored"
        );
        assert_eq!(access::compare_exchange(address, T::from(7), value), Ok(T::from(7)));
        assert_eq!(access::fetch_update(address, |_: T| T::from(9)), Ok(value));
        assert_eq!(access::load(address), Ok(T::from(9)));
        if size_of::<T>() < 8 {
            let mask = u64::MAX << (8 * size_of::<T>());
            assert_eq!(
                access::load::<u64>(address).unwrap() & mask,
                canary & mask,
                "a neighbour has changed"
            );
        }
    }
}

#[test]
fn atomics_of_every_size() {
    atomics::<u8>();
    atomics::<u16>();
    atomics::<u32>();
    atomics::<u64>();
}

#[test]
fn sixteen_bytes() {
    let pages = Pages::new(1);
    let (a, b): (u128, u128) = (pattern(16), 1 << 64 | 2);
    access::store_single_copy(pages.start, a).unwrap();
    assert_eq!(access::load_single_copy(pages.start), Ok(a));
    assert_eq!(access::compare_exchange(pages.start, b, b), Ok(a));
    assert_eq!(access::load(pages.start), Ok(a));
    assert_eq!(access::compare_exchange(pages.start, a, b), Ok(a));
    assert_eq!(access::load(pages.start), Ok(b));
    access::store_single_copy(pages.start + 8, a).unwrap();
    assert_eq!(access::load_single_copy(pages.start + 8), Ok(a));
    let crooked = write_fault(pages.start + 8, FaultKind::Alignment);
    assert_eq!(access::compare_exchange(pages.start + 8, a, b), Err(crooked));
    let end = pages.end();
    assert_eq!(
        access::load_single_copy(end),
        Err(read_fault(end, FaultKind::Permission))
    );
}

#[test]
fn tags_are_ignored() {
    let pages = Pages::new(1);
    for tag in [1u64, 0x7f, 0x80, 0xff] {
        let at = |offset| (pages.start + offset) | (tag << 56);
        let value: u128 = pattern(16);
        access::store(at(1), value as u8).unwrap();
        access::store(at(2), value as u16).unwrap();
        access::store(at(4), value as u32).unwrap();
        access::store(at(8), value as u64).unwrap();
        access::store(at(16), value).unwrap();
        access::store_single_copy(at(32), value).unwrap();
        assert_eq!(access::load(at(1)), Ok(value as u8));
        assert_eq!(access::load(at(2)), Ok(value as u16));
        assert_eq!(access::load(at(4)), Ok(value as u32));
        assert_eq!(access::load(at(8)), Ok(value as u64));
        assert_eq!(access::load(at(16)), Ok(value));
        assert_eq!(access::load_single_copy(at(32)), Ok(value));
        assert_eq!(access::compare_exchange(at(32), value, 5), Ok(value));
        assert_eq!(access::compare_exchange(at(32), 5u64, 6), Ok(5));
        assert_eq!(access::swap(at(32), 7u64), Ok(6));
        assert_eq!(access::fetch_add(at(32), 1u64), Ok(7));
        assert_eq!(access::fetch_update(at(32), |old: u64| old ^ 1), Ok(8));
        access::store_seq_cst(at(40), 10u16).unwrap();
        assert_eq!(access::load(pages.start + 32), Ok(10u128 << 64 | 9));
        bytes::write_bytes(at(64), b"tagged\0").unwrap();
        assert_eq!(bytes::read_cstr(at(64), 99), Ok(Some(b"tagged".to_vec())));
        // The fault names the address without its tag, as the kernel's si_addr does.
        let end = pages.end();
        assert_eq!(
            access::load::<u64>((end - 4) | (tag << 56)),
            Err(read_fault(end, FaultKind::Permission))
        );
        assert_eq!(
            access::store(end | (tag << 56), 0u8),
            Err(write_fault(end, FaultKind::Permission))
        );
        assert_eq!(
            access::fetch_add(end | (tag << 56), 0u8),
            Err(write_fault(end, FaultKind::Permission))
        );
        // An instruction address has no tag.
        let code = pages.start | (tag << 56);
        let unmapped = Fault {
            address: code,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        };
        assert_eq!(access::fetch::<u32>(code), Err(unmapped));
    }
}

#[test]
fn beyond_the_end_of_a_file() {
    fault::install_fault_handler().unwrap();
    // SAFETY: a new descriptor and a new mapping of two pages, the second of which is past the end of the file.
    let address = unsafe {
        let file = libc::memfd_create(c"beyond".as_ptr(), 0);
        assert_eq!(libc::ftruncate(file, 100), 0);
        let start = libc::mmap(
            null_mut(),
            8192,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            0,
        );
        assert_ne!(start, libc::MAP_FAILED);
        libc::close(file);
        start.addr() as u64 + PAGE_SIZE
    };
    let kind = FaultKind::BeyondObject;
    assert_eq!(access::load::<u32>(address - 4), Ok(0));
    assert_eq!(access::load::<u32>(address - 2), Err(read_fault(address, kind)));
    assert_eq!(access::store(address, 0u64), Err(write_fault(address, kind)));
    assert_eq!(
        access::fetch::<u32>(address),
        Err(Fault {
            address,
            access: Access::Execute,
            kind
        })
    );
    assert_eq!(
        bytes::write_bytes(address - 10, &[1; 20]),
        Err(write_fault(address, kind))
    );
}

#[test]
fn blocks_and_strings() {
    let pages = Pages::new(2);
    let end = pages.end();
    let data: Vec<u8> = (0..=255).cycle().take(6000).collect();
    bytes::write_bytes(pages.start + 5, &data).unwrap();
    let mut back = vec![0; data.len()];
    bytes::read_bytes(pages.start + 5, &mut back).unwrap();
    assert_eq!(back, data);
    assert_eq!(bytes::read_bytes(0, &mut []), Ok(()), "no bytes, no fault");

    assert_eq!(
        bytes::write_bytes(end - 100, &[7; 101]),
        Err(write_fault(end, FaultKind::Permission))
    );
    let mut partly = [0; 101];
    assert_eq!(
        bytes::read_bytes(end - 100, &mut partly),
        Err(read_fault(end, FaultKind::Permission))
    );
    assert_eq!(partly[..100], [7; 100]);
    assert_eq!(partly[100], 0);

    for length in [0usize, 1, 127, 128, 129, 500] {
        let text = vec![b'x'; length];
        let at = end - length as u64 - 1;
        bytes::write_bytes(at, &text).unwrap();
        bytes::write_bytes(end - 1, &[0]).unwrap();
        assert_eq!(
            bytes::read_cstr(at, 4096),
            Ok(Some(text.clone())),
            "up to the last byte of the page"
        );
        assert_eq!(bytes::read_cstr(at, length), Ok(None), "too long by its NUL");
        assert_eq!(bytes::read_cstr(at, length + 1), Ok(Some(text)));
        bytes::write_bytes(end - 1, b"x").unwrap();
        assert_eq!(bytes::read_cstr(at, 4096), Err(read_fault(end, FaultKind::Permission)));
    }

    bytes::write_struct(pages.start + 3, &[1u32, 2, 3]).unwrap();
    assert_eq!(bytes::read_struct::<[u32; 3]>(pages.start + 3), Ok([1, 2, 3]));
    assert_eq!(
        bytes::read_struct::<u64>(end - 4),
        Err(read_fault(end, FaultKind::Permission))
    );
    assert_eq!(
        bytes::write_struct(end - 4, &0u64),
        Err(write_fault(end, FaultKind::Permission))
    );
}

#[test]
fn atomics_between_threads() {
    const ROUNDS: u64 = 20_000;
    let pages = Pages::new(1);
    let (counter, toggled, pair) = (pages.start, pages.start + 8, pages.start + 64);
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    access::fetch_add(counter, 1u64).unwrap();
                    access::fetch_update(toggled, |old: u32| old.wrapping_add(3)).unwrap();
                    // Both halves always agree; a torn access would show.
                    let mut old = access::load_single_copy(pair).unwrap();
                    loop {
                        assert_eq!(old as u64, (old >> 64) as u64, "torn, thread {thread}");
                        let next = u128::from(old as u64 + 1) * (1 << 64 | 1);
                        let seen = access::compare_exchange(pair, old, next).unwrap();
                        if seen == old {
                            break;
                        }
                        old = seen;
                    }
                }
            });
        }
    });
    assert_eq!(access::load::<u64>(counter), Ok(4 * ROUNDS));
    assert_eq!(access::load::<u32>(toggled), Ok((12 * ROUNDS) as u32));
    assert_eq!(access::load::<u64>(pair), Ok(4 * ROUNDS));
}

#[test]
fn store_then_load_between_threads() {
    // The litmus test "store buffering": with ordered stores, at least one of two threads sees the other's.
    let pages = Pages::new(1);
    let (x, y) = (pages.start, pages.start + 64);
    for with_fence in [false, true] {
        for _ in 0..2000 {
            access::store(x, 0u32).unwrap();
            access::store(y, 0u32).unwrap();
            let barrier = std::sync::Barrier::new(2);
            let run = |mine, others| {
                barrier.wait();
                if with_fence {
                    access::store(mine, 1u32).unwrap();
                    access::fence();
                } else {
                    access::store_seq_cst(mine, 1u32).unwrap();
                }
                access::load::<u32>(others).unwrap()
            };
            let (a, b) = std::thread::scope(|scope| {
                let other = scope.spawn(|| run(x, y));
                (run(y, x), other.join().unwrap())
            });
            assert!(a == 1 || b == 1);
        }
    }
}

#[test]
fn a_fault_of_armlet_itself_is_not_recovered() {
    // A child process reads address 0 by an instruction that is not in the table: it must die of SIGSEGV.
    fault::install_fault_handler().unwrap();
    // SAFETY: the child does nothing but fault.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            std::arch::asm!("mov {x:e}, dword ptr [{x}]", x = inout(reg) 8u64 => _);
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert!(libc::WIFSIGNALED(status));
        assert_eq!(libc::WTERMSIG(status), libc::SIGSEGV);
    }
}

/// Where the compiler takes RBP as the base, the host answers a non-canonical address with SIGBUS instead of SIGSEGV.
#[test]
fn a_non_canonical_address_is_unmapped_whatever_the_base_register() {
    fault::install_fault_handler().unwrap();
    for index in 0..64u64 {
        let address = 0x005d_fca6_fd1d_0000 + (index << 20);
        // Many values that live across the access leave the compiler few registers for the address.
        let mut live = [index; 24];
        for (n, slot) in live.iter_mut().enumerate() {
            *slot = std::hint::black_box(*slot).wrapping_mul(n as u64 + 3);
        }
        let fault = access::fetch::<u32>(std::hint::black_box(address)).unwrap_err();
        assert_eq!((fault.address, fault.kind), (address, FaultKind::Unmapped));
        std::hint::black_box(live);
    }
}
