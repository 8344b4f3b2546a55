//! Mappings: what mmap(2), munmap(2), mprotect(2), mremap(2), brk(2) and madvise(2) do, seen through guest accesses.

use std::io::Write;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};

use armlet_cpu::{Access, Fault, FaultKind};
use armlet_memory::space::Protection;
use armlet_memory::{ADDRESS_LIMIT, AddressSpace, CodeObserver, Layout, PAGE_SIZE, fault, load, store};

const READ: u32 = 1;
const WRITE: u32 = 2;
const EXEC: u32 = 4;
const SHARED: u32 = 1;
const PRIVATE: u32 = 2;
const FIXED: u32 = 0x10;
const ANONYMOUS: u32 = 0x20;
const GROWSDOWN: u32 = 0x100;
const FIXED_NOREPLACE: u32 = 0x10_0000;
const MAYMOVE: u32 = 1;
const REMAP_FIXED: u32 = 2;
const DONTUNMAP: u32 = 4;

/// Tests run at the same time in one process: each gets a part of the address space of its own, 1 TiB long.
fn space(part: u64) -> AddressSpace {
    fault::install_fault_handler().unwrap();
    let mut layout = Layout::fixed(8 << 20);
    layout.mmap_top = 0x0100_0000_0000 * (part + 2);
    AddressSpace::new(layout)
}

fn anonymous(space: &AddressSpace, pages: u64) -> u64 {
    space
        .map(0, pages * PAGE_SIZE, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0)
        .unwrap()
}

fn errno<T: std::fmt::Debug>(result: Result<T, armlet_memory::space::Error>) -> i32 {
    result.unwrap_err().errno()
}

fn kind(address: u64) -> Option<FaultKind> {
    load::<u8>(address).err().map(|fault| fault.kind)
}

/// A temporary file with `pages` pages, page `n` filled with `n + 1`.
fn file(pages: usize) -> std::fs::File {
    let path = std::env::temp_dir().join(format!(
        "armlet-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let mut file = std::fs::File::options()
        .create_new(true)
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    for page in 0..pages {
        file.write_all(&[page as u8 + 1; PAGE_SIZE as usize]).unwrap();
    }
    file
}

#[test]
fn anonymous_memory_comes_and_goes() {
    let space = space(0);
    let a = space.map(0, 5000, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0).unwrap();
    assert_eq!(
        a,
        space.layout().mmap_top - 2 * PAGE_SIZE,
        "the highest gap, in whole pages"
    );
    let b = anonymous(&space, 1);
    assert_eq!(b, a - PAGE_SIZE);
    assert_eq!(space.mappings().len(), 1, "neighbours that are alike are one mapping");
    assert_eq!(space.total_bytes(), 3 * PAGE_SIZE);
    store(a, 5u64).unwrap();
    assert_eq!(load::<u64>(a), Ok(5));
    space.unmap(a, 1).unwrap();
    assert_eq!(
        load::<u8>(a),
        Err(Fault {
            address: a,
            access: Access::Read,
            kind: FaultKind::Unmapped
        })
    );
    assert_eq!(load::<u8>(a + PAGE_SIZE), Ok(0), "the next page is still there");
    assert_eq!(space.mappings().len(), 2);
    assert_eq!(anonymous(&space, 1), a, "the hole is used again, and is empty");
    assert_eq!(load::<u64>(a), Ok(0));
    space.unmap(b, 100 * PAGE_SIZE).unwrap();
    assert_eq!(space.total_bytes(), 0);
    space.unmap(b, 100 * PAGE_SIZE).unwrap();
}

#[test]
fn hints_and_fixed_addresses() {
    let space = space(1);
    let a = anonymous(&space, 4);
    let map = |address, pages: u64, flags| {
        space.map(
            address,
            pages * PAGE_SIZE,
            READ | WRITE,
            PRIVATE | ANONYMOUS | flags,
            -1,
            0,
        )
    };
    let free = a - 100 * PAGE_SIZE;
    assert_eq!(map(free, 1, 0).unwrap(), free, "a free hint is taken");
    assert_ne!(map(free, 1, 0).unwrap(), free, "a taken one is not");
    assert_eq!(
        load::<u8>(map(0xff00_0000_0000_1000, 1, 0).unwrap()),
        Ok(0),
        "an impossible one does no harm"
    );
    assert_eq!(errno(map(free, 1, FIXED_NOREPLACE)), libc::EEXIST);
    assert_eq!(map(free + PAGE_SIZE, 1, FIXED_NOREPLACE).unwrap(), free + PAGE_SIZE);
    store(a, 1u8).unwrap();
    store(a + PAGE_SIZE, 2u8).unwrap();
    assert_eq!(map(a, 1, FIXED).unwrap(), a);
    assert_eq!(
        (load::<u8>(a), load::<u8>(a + PAGE_SIZE)),
        (Ok(0), Ok(2)),
        "replaced, but only what was named"
    );
    // Over an end: partly the guest's, partly free.
    let end = space.layout().mmap_top;
    assert_eq!(map(end - PAGE_SIZE, 3, FIXED).unwrap(), end - PAGE_SIZE);
    assert_eq!(load::<u8>(end + PAGE_SIZE), Ok(0));

    assert_eq!(errno(map(a + 1, 1, FIXED)), libc::EINVAL);
    assert_eq!(errno(map(ADDRESS_LIMIT, 1, FIXED)), libc::ENOMEM);
    assert_eq!(errno(map(ADDRESS_LIMIT - PAGE_SIZE, 2, FIXED)), libc::ENOMEM);
    assert_eq!(errno(map(u64::MAX - 0xfff, 1, FIXED)), libc::ENOMEM);
    let odd = |length, flags, offset| errno(space.map(0, length, READ, flags, -1, offset));
    assert_eq!(odd(0, PRIVATE | ANONYMOUS, 0), libc::EINVAL);
    assert_eq!(odd(1, ANONYMOUS, 0), libc::EINVAL);
    assert_eq!(odd(1, PRIVATE | ANONYMOUS, 1), libc::EINVAL);
    assert_eq!(odd(1, PRIVATE, 0), libc::EBADF);
    assert_eq!(odd(u64::MAX, PRIVATE | ANONYMOUS, 0), libc::ENOMEM);
    assert_eq!(odd(1 << 50, PRIVATE | ANONYMOUS, 0), libc::ENOMEM);
}

#[test]
fn armlets_own_memory_is_never_replaced() {
    let space = space(2);
    let mine = Box::new([7u8; 64]);
    let heap = mine.as_ptr().addr() as u64 & !(PAGE_SIZE - 1);
    let code = armlets_own_memory_is_never_replaced as *const () as u64 & !(PAGE_SIZE - 1);
    let stack = (&raw const heap).addr() as u64 & !(PAGE_SIZE - 1);
    let guest = anonymous(&space, 4);
    for own in [heap, code, stack] {
        let flags = PRIVATE | ANONYMOUS;
        assert_eq!(
            errno(space.map(own, PAGE_SIZE, READ | WRITE, flags | FIXED, -1, 0)),
            libc::ENOMEM
        );
        assert_eq!(
            errno(space.map(own, PAGE_SIZE, READ, flags | FIXED_NOREPLACE, -1, 0)),
            libc::ENOMEM
        );
        let hinted = space.map(own, PAGE_SIZE, READ | WRITE, flags, -1, 0).unwrap();
        assert_ne!(hinted, own);
        space.unmap(hinted, PAGE_SIZE).unwrap();
        // Not mapped in the guest's eyes: nothing to unmap, nothing to protect, nothing to advise, nothing to move.
        space.unmap(own, PAGE_SIZE).unwrap();
        assert_eq!(errno(space.protect(own, PAGE_SIZE, 0)), libc::ENOMEM);
        assert_eq!(errno(space.advise(own, PAGE_SIZE, libc::MADV_DONTNEED)), libc::ENOMEM);
        assert_eq!(
            errno(space.remap(own, PAGE_SIZE, 2 * PAGE_SIZE, MAYMOVE, 0)),
            libc::EFAULT
        );
        let moved = space.remap(guest, PAGE_SIZE, PAGE_SIZE, MAYMOVE | REMAP_FIXED, own);
        assert_eq!(errno(moved), libc::ENOMEM);
    }
    // A range that begins in the guest and would run into the host: nothing of the free part stays taken.
    let far = 0x7000_0000_0000;
    let before = space.mappings().len();
    let long = space.map(far, ADDRESS_LIMIT - far, 0, PRIVATE | ANONYMOUS | FIXED, -1, 0);
    assert_eq!(errno(long), libc::ENOMEM);
    assert_eq!(space.mappings().len(), before);
    assert_eq!(mine[63], 7);
    assert_eq!(load::<u8>(guest), Ok(0));
}

#[test]
fn protection() {
    let space = space(3);
    let a = anonymous(&space, 3);
    let b = a + PAGE_SIZE;
    space.protect(b, PAGE_SIZE, 0).unwrap();
    assert_eq!(
        (kind(a), kind(b), kind(b + PAGE_SIZE)),
        (None, Some(FaultKind::Permission), None)
    );
    space.protect(b, PAGE_SIZE, READ).unwrap();
    assert_eq!(kind(b), None);
    let refused = Fault {
        address: b,
        access: Access::Write,
        kind: FaultKind::Permission,
    };
    assert_eq!(store(b - 1, 0xffffu16), Err(refused));
    for readable in [WRITE, EXEC] {
        space.protect(b, PAGE_SIZE, readable).unwrap();
        assert_eq!(kind(b), None, "writable and executable pages can be read");
    }
    // The tag of the address is ignored; PROT_SEM means nothing; unknown bits are an error.
    space.protect(b | 0x5a << 56, PAGE_SIZE, READ | 8).unwrap();
    assert_eq!(space.lookup(b).unwrap().protection, Protection::READ);
    assert_eq!(errno(space.protect(b, PAGE_SIZE, 0x10)), libc::EINVAL);
    assert_eq!(errno(space.protect(b + 1, PAGE_SIZE, READ)), libc::EINVAL);
    space.protect(b, 0, 0).unwrap();
    // A hole: what is below it changes, the rest does not.
    space.unmap(b, PAGE_SIZE).unwrap();
    assert_eq!(errno(space.protect(a, 3 * PAGE_SIZE, 0)), libc::ENOMEM);
    assert_eq!((kind(a), kind(b + PAGE_SIZE)), (Some(FaultKind::Permission), None));
    // PROT_GROWSDOWN.
    const PROT_GROWSDOWN: u32 = 0x0100_0000;
    let stack = space
        .map(0, 4 * PAGE_SIZE, READ | WRITE, PRIVATE | ANONYMOUS | GROWSDOWN, -1, 0)
        .unwrap();
    space
        .protect(stack + 3 * PAGE_SIZE, PAGE_SIZE, READ | WRITE | EXEC | PROT_GROWSDOWN)
        .unwrap();
    assert_eq!(space.executable(stack), Ok(stack..stack + 4 * PAGE_SIZE));
    assert_eq!(
        errno(space.protect(b + PAGE_SIZE, PAGE_SIZE, READ | PROT_GROWSDOWN)),
        libc::EINVAL
    );
}

#[test]
fn files() {
    let space = space(4);
    let file = file(3);
    let fd = file.as_raw_fd();
    let private = space
        .map(0, 2 * PAGE_SIZE, READ | WRITE, PRIVATE, fd, PAGE_SIZE)
        .unwrap();
    let shared = space.map(0, 4 * PAGE_SIZE, READ | WRITE, SHARED, fd, 0).unwrap();
    assert_eq!((load::<u8>(private), load::<u8>(private + PAGE_SIZE)), (Ok(2), Ok(3)));
    store(private, 50u8).unwrap();
    assert_eq!(load::<u8>(shared + PAGE_SIZE), Ok(2), "private");
    store(shared + 2 * PAGE_SIZE, 60u8).unwrap();
    assert_eq!(load::<u8>(private + PAGE_SIZE), Ok(60), "shared");
    let beyond = shared + 3 * PAGE_SIZE;
    assert_eq!(
        load::<u8>(beyond),
        Err(Fault {
            address: beyond,
            access: Access::Read,
            kind: FaultKind::BeyondObject
        })
    );

    let mapping = space.lookup(private + PAGE_SIZE).unwrap();
    assert_eq!((mapping.offset, mapping.shared), (PAGE_SIZE, false));
    let metadata = file.metadata().unwrap();
    use std::os::unix::fs::MetadataExt;
    assert_eq!(mapping.file.as_ref().unwrap().inode, metadata.ino());
    let line = mapping.to_string();
    assert!(
        line.starts_with(&format!("{private:08x}-{:08x} rw-p 00001000 ", private + 2 * PAGE_SIZE)),
        "{line}"
    );
    assert_eq!(line.find("/"), Some(73), "{line}");
    assert!(line.ends_with(" (deleted)"), "{line}");
    // The middle goes away; the end keeps its place in the file.
    space.unmap(shared + PAGE_SIZE, PAGE_SIZE).unwrap();
    assert_eq!(space.lookup(shared + 2 * PAGE_SIZE).unwrap().offset, 2 * PAGE_SIZE);
    // A descriptor for reading only.
    let read_only = std::fs::File::open("/proc/self/exe").unwrap();
    let fd = read_only.as_raw_fd();
    assert_eq!(errno(space.map(0, 1, READ | WRITE, SHARED, fd, 0)), libc::EACCES);
    let a = space.map(0, 1, READ, SHARED, fd, 0).unwrap();
    assert_eq!(load::<u32>(a), Ok(0x464c_457f));
    assert_eq!(errno(space.protect(a, 1, READ | WRITE)), libc::EACCES);
    assert_eq!(space.lookup(a).unwrap().protection, Protection::READ);
}

#[test]
fn growing_and_moving() {
    let space = space(5);
    let top = anonymous(&space, 8);
    let a = top - 100 * PAGE_SIZE;
    let flags = PRIVATE | ANONYMOUS | FIXED_NOREPLACE;
    space.map(a, 4 * PAGE_SIZE, READ | WRITE, flags, -1, 0).unwrap();
    store(a, 11u8).unwrap();
    // In place, up and down.
    assert_eq!(space.remap(a, 4 * PAGE_SIZE, 10 * PAGE_SIZE, 0, 0).unwrap(), a);
    store(a + 9 * PAGE_SIZE, 1u8).unwrap();
    assert_eq!(space.remap(a, 10 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0).unwrap(), a);
    assert_eq!(kind(a + 2 * PAGE_SIZE), Some(FaultKind::Unmapped));
    assert_eq!(space.lookup(a).unwrap().range(), a..a + 2 * PAGE_SIZE);
    // No room.
    space.map(a + 2 * PAGE_SIZE, PAGE_SIZE, READ, flags, -1, 0).unwrap();
    assert_eq!(errno(space.remap(a, 2 * PAGE_SIZE, 3 * PAGE_SIZE, 0, 0)), libc::ENOMEM);
    let b = space.remap(a, 2 * PAGE_SIZE, 3 * PAGE_SIZE, MAYMOVE, 0).unwrap();
    assert_ne!(a, b);
    assert_eq!(
        (kind(a), load::<u8>(b), load::<u8>(b + 2 * PAGE_SIZE)),
        (Some(FaultKind::Unmapped), Ok(11), Ok(0))
    );
    // To a given place, over what is there.
    store(top, 99u8).unwrap();
    assert_eq!(
        space
            .remap(b, 3 * PAGE_SIZE, PAGE_SIZE, MAYMOVE | REMAP_FIXED, top)
            .unwrap(),
        top
    );
    assert_eq!(
        (load::<u8>(top), kind(b), kind(b + PAGE_SIZE)),
        (Ok(11), Some(FaultKind::Unmapped), Some(FaultKind::Unmapped))
    );
    // Leaving the old one, empty.
    let c = space.remap(top, PAGE_SIZE, PAGE_SIZE, MAYMOVE | DONTUNMAP, 0).unwrap();
    assert_eq!((load::<u8>(top), load::<u8>(c)), (Ok(0), Ok(11)));
    // A second view of shared memory, by the old length 0.
    let shared = space
        .map(0, PAGE_SIZE, READ | WRITE, SHARED | ANONYMOUS, -1, 0)
        .unwrap();
    let view = space.remap(shared, 0, PAGE_SIZE, MAYMOVE, 0).unwrap();
    store(shared, 77u8).unwrap();
    assert_eq!(load::<u8>(view), Ok(77));
    // Mistakes.
    let remap =
        |old, from: u64, to: u64, flags, new| errno(space.remap(old, from * PAGE_SIZE, to * PAGE_SIZE, flags, new));
    assert_eq!(remap(c + 1, 1, 2, MAYMOVE, 0), libc::EINVAL);
    assert_eq!(remap(c, 1, 0, MAYMOVE, 0), libc::EINVAL);
    assert_eq!(remap(c, 1, 1, REMAP_FIXED, top), libc::EINVAL);
    assert_eq!(remap(c, 1, 1, 8, 0), libc::EINVAL);
    assert_eq!(remap(c, 1, 2, MAYMOVE | DONTUNMAP, 0), libc::EINVAL);
    assert_eq!(remap(c, 2, 2, MAYMOVE | REMAP_FIXED, c + PAGE_SIZE), libc::EINVAL);
    assert_eq!(
        remap(c, 0, 1, MAYMOVE, 0),
        libc::EINVAL,
        "a private mapping cannot be doubled"
    );
    assert_eq!(remap(0x1000, 1, 2, MAYMOVE, 0), libc::EFAULT);
    assert_eq!(
        remap(a + 2 * PAGE_SIZE, 2, 3, MAYMOVE, 0),
        libc::EFAULT,
        "more than one mapping"
    );
    let accounted: u64 = space.mappings().iter().map(|mapping| mapping.length()).sum();
    assert_eq!(space.total_bytes(), accounted);
}

#[test]
fn the_break() {
    let space = space(6);
    let start = space.layout().mmap_top - (100 << 30);
    space.set_brk_start(start - 1);
    assert_eq!(space.brk(0), start, "rounded up to a page");
    assert_eq!(space.brk(start + 10), start + 10);
    store(start, 3u8).unwrap();
    assert_eq!(space.brk(start + 5000), start + 5000);
    assert_eq!(space.lookup(start).unwrap().name.as_deref(), Some("[heap]"));
    assert_eq!(space.lookup(start).unwrap().length(), 2 * PAGE_SIZE, "one mapping");
    assert_eq!(space.brk(start - 1), start + 5000, "not below its start");
    assert_eq!(space.brk(start + 10), start + 10);
    assert_eq!(
        (load::<u8>(start), kind(start + PAGE_SIZE)),
        (Ok(3), Some(FaultKind::Unmapped))
    );
    assert_eq!(space.brk(start), start);
    assert_eq!(kind(start), Some(FaultKind::Unmapped));
    assert_eq!(space.brk(start + 1), start + 1);
    assert_eq!(load::<u8>(start), Ok(0), "fresh pages");
    assert_eq!(space.brk(u64::MAX), start + 1);
    // The area is kept free from mappings that can be anywhere, but who asks for an address gets it, and it stands in the way.
    let anywhere = anonymous(&space, 1);
    assert!(!(start..start + space.layout().brk_room).contains(&anywhere));
    let hint = start + (1 << 30);
    assert_eq!(
        space.map(hint, PAGE_SIZE, READ, PRIVATE | ANONYMOUS, -1, 0).unwrap(),
        hint
    );
    assert_eq!(space.brk(hint), hint);
    assert_eq!(space.brk(hint + 1), hint);
    assert_eq!(space.brk(start), start);
}

#[test]
fn limit_of_the_address_space() {
    let space = space(7);
    space.set_limit(Some(10 * PAGE_SIZE));
    let a = anonymous(&space, 8);
    let map =
        |address, pages: u64, flags| space.map(address, pages * PAGE_SIZE, READ, PRIVATE | ANONYMOUS | flags, -1, 0);
    assert_eq!(errno(map(0, 3, 0)), libc::ENOMEM);
    assert_eq!(
        errno(space.remap(a, 8 * PAGE_SIZE, 11 * PAGE_SIZE, MAYMOVE, 0)),
        libc::ENOMEM
    );
    map(a, 8, FIXED).unwrap();
    map(0, 2, 0).unwrap();
    space.set_brk_start(0x10_0000_0000);
    assert_eq!(space.brk(0x10_0000_0001), 0x10_0000_0000);
    space.unmap(a, PAGE_SIZE).unwrap();
    assert_eq!(space.brk(0x10_0000_0001), 0x10_0000_0001);
}

#[derive(Default)]
struct Noted(Mutex<Vec<Range<u64>>>);

impl CodeObserver for Noted {
    fn invalidate(&self, range: Range<u64>) {
        self.0.lock().unwrap().push(range);
    }
}

#[test]
fn code_is_watched() {
    let space = space(8);
    let noted = Arc::new(Noted::default());
    space.observe_code(noted.clone());
    let take = || std::mem::take(&mut *noted.0.lock().unwrap());
    let a = anonymous(&space, 4);
    let page = |n: u64| a + n * PAGE_SIZE..a + (n + 1) * PAGE_SIZE;
    store(a, 0u8).unwrap();
    space.protect(a, PAGE_SIZE, READ).unwrap();
    space.protect(a, PAGE_SIZE, READ | WRITE).unwrap();
    assert_eq!((space.code_generation(), take()), (0, vec![]), "data does not count");

    let fault = |address, kind| {
        Err(Fault {
            address,
            access: Access::Execute,
            kind,
        })
    };
    assert_eq!(space.executable(a + 8), fault(a + 8, FaultKind::Permission));
    assert_eq!(space.executable(8), fault(8, FaultKind::Unmapped));
    space.protect(page(1).start, 2 * PAGE_SIZE, READ | EXEC).unwrap();
    let code = page(1).start..page(2).end;
    assert_eq!((space.code_generation(), take()), (1, vec![code.clone()]));
    assert_eq!(space.executable(code.end - 4), Ok(code.clone()));
    assert_eq!(space.executable(code.end), fault(code.end, FaultKind::Permission));

    space.protect(page(1).start, PAGE_SIZE, READ | WRITE | EXEC).unwrap();
    space.protect(page(1).start, PAGE_SIZE, READ | EXEC).unwrap();
    assert_eq!((space.code_generation(), take()), (3, vec![page(1), page(1)]));
    space.advise(a, 4 * PAGE_SIZE, libc::MADV_WILLNEED).unwrap();
    assert_eq!(take(), vec![]);
    space.advise(a, 4 * PAGE_SIZE, libc::MADV_DONTNEED).unwrap();
    assert_eq!(take(), vec![code.clone()]);
    let moved = space
        .remap(page(1).start, PAGE_SIZE, PAGE_SIZE, MAYMOVE | DONTUNMAP, 0)
        .unwrap();
    assert_eq!(take().len(), 1);
    assert!(space.executable(moved).is_ok());
    space
        .map(a, 2 * PAGE_SIZE, READ, PRIVATE | ANONYMOUS | FIXED, -1, 0)
        .unwrap();
    assert_eq!(take(), vec![page(1)]);
    space.unmap(a, 4 * PAGE_SIZE).unwrap();
    assert_eq!(take(), vec![page(2)]);
    space.invalidate_code(moved..moved + 64);
    assert_eq!(take(), vec![moved..moved + 64]);
    assert_eq!(space.code_generation(), 8);
}

#[test]
fn code_that_is_mapped_twice() {
    let space = space(9);
    let noted = Arc::new(Noted::default());
    let file = file(3);
    let fd = file.as_raw_fd();
    let writable = space
        .map(0, 2 * PAGE_SIZE, READ | WRITE, SHARED, fd, PAGE_SIZE)
        .unwrap();
    let code = space.map(0, 3 * PAGE_SIZE, READ | EXEC, SHARED, fd, 0).unwrap();
    let copy = space.map(0, 3 * PAGE_SIZE, READ | EXEC, PRIVATE, fd, 0).unwrap();
    space.observe_code(noted.clone());
    let line = |address| address..address + 64;
    space.invalidate_code(line(writable + 128));
    let mut told = noted.0.lock().unwrap().clone();
    told.sort_by_key(|range| range.start);
    let mut expected = vec![
        line(writable + 128),
        line(code + PAGE_SIZE + 128),
        line(copy + PAGE_SIZE + 128),
    ];
    expected.sort_by_key(|range| range.start);
    assert_eq!(told, expected);
}

#[test]
fn threads_map_at_the_same_time() {
    let space = space(10);
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let space = &space;
            scope.spawn(move || {
                for round in 0..300u64 {
                    let pages = 1 + round % 5;
                    let a = anonymous(space, pages);
                    let value = thread << 32 | round;
                    for page in 0..pages {
                        assert_eq!(load::<u64>(a + page * PAGE_SIZE), Ok(0), "somebody else's page");
                        store(a + page * PAGE_SIZE, value).unwrap();
                    }
                    let b = space
                        .remap(a, pages * PAGE_SIZE, (pages + 2) * PAGE_SIZE, MAYMOVE, 0)
                        .unwrap();
                    for page in 0..pages {
                        assert_eq!(load::<u64>(b + page * PAGE_SIZE), Ok(value));
                    }
                    space.unmap(b, (pages + 2) * PAGE_SIZE).unwrap();
                }
            });
        }
    });
    assert_eq!(space.total_bytes(), 0);
    assert_eq!(space.mappings(), vec![]);
}

#[test]
fn fork_with_a_frozen_space() {
    let space = space(11);
    let a = anonymous(&space, 2);
    space.advise(a, PAGE_SIZE, libc::MADV_DONTFORK).unwrap();
    let frozen = space.freeze();
    // SAFETY: the child only works on its copy of this memory and ends without running destructors.
    unsafe {
        let child = libc::fork();
        drop(frozen);
        if child == 0 {
            space.after_fork();
            let gone = space.lookup(a).is_none() && kind(a) == Some(FaultKind::Unmapped);
            let kept = space.lookup(a + PAGE_SIZE).is_some() && kind(a + PAGE_SIZE).is_none();
            libc::_exit(i32::from(!(gone && kept)));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert_eq!(status, 0);
    }
    assert!(space.lookup(a).is_some());
}

#[test]
fn parts_for_calls_that_pass_through() {
    let space = space(12);
    let a = anonymous(&space, 4);
    space.unmap(a + PAGE_SIZE, PAGE_SIZE).unwrap();
    let (parts, whole) = space.mapped_parts(a + 100, 2 * PAGE_SIZE).unwrap();
    assert_eq!(
        (parts, whole),
        (vec![a..a + PAGE_SIZE, a + 2 * PAGE_SIZE..a + 3 * PAGE_SIZE], false)
    );
    let (parts, whole) = space.mapped_parts(a + 2 * PAGE_SIZE, 1).unwrap();
    let third = a + 2 * PAGE_SIZE..a + 3 * PAGE_SIZE;
    assert_eq!((parts.as_slice(), whole), (std::slice::from_ref(&third), true));
    assert_eq!(errno(space.mapped_parts(ADDRESS_LIMIT, 1)), libc::ENOMEM);
}

#[test]
fn pages_of_a_file_in_another_order() {
    let space = space(13);
    let file = file(4);
    let a = space
        .map(0, 4 * PAGE_SIZE, READ | WRITE, SHARED, file.as_raw_fd(), 0)
        .unwrap();
    space.remap_file_pages(a + PAGE_SIZE + 5, PAGE_SIZE, 0, 3, 0).unwrap();
    let pages = |at: u64| {
        (0..4)
            .map(|page| load::<u8>(at + page * PAGE_SIZE).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(pages(a), [1, 4, 3, 4]);
    let offsets: Vec<u64> = space.mappings().iter().map(|mapping| mapping.offset).collect();
    assert_eq!(offsets, [0, 3 * PAGE_SIZE, 2 * PAGE_SIZE]);
    assert_eq!(
        errno(space.remap_file_pages(a, PAGE_SIZE, 1, 0, 0)),
        libc::EINVAL,
        "a protection"
    );
    assert_eq!(
        errno(space.remap_file_pages(a, 5, 0, 0, 0)),
        libc::EINVAL,
        "no whole page"
    );
    assert_eq!(
        errno(space.remap_file_pages(a, 8 * PAGE_SIZE, 0, 0, 0)),
        libc::EINVAL,
        "too long"
    );
    let private = anonymous(&space, 1);
    assert_eq!(
        errno(space.remap_file_pages(private, PAGE_SIZE, 0, 0, 0)),
        libc::EINVAL,
        "a private mapping"
    );
}
