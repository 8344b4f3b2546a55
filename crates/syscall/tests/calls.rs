//! System calls as a guest makes them, down to the host's kernel.

mod common;

use std::os::unix::fs::MetadataExt;

use armlet_memory::{read_bytes, read_struct, write_bytes, write_struct};
use armlet_syscall::abi::a64::{self, EpollEvent, SemidDs, Stat};
use armlet_syscall::{Errno, Outcome};
use common::{Guest, NOWHERE, pointer, pointer_mut};

const CWD: u64 = libc::AT_FDCWD as u64;
#[test]
fn numbers_out_of_the_table_are_enosys() {
    let mut guest = Guest::new();
    for number in [244, 259, 423, 470, 511, 5000, u64::MAX] {
        assert_eq!(guest.call_number(number, &[]), Outcome::Continue);
        assert_eq!(Errno::check(guest.state.x(0) as i64), Err(Errno::ENOSYS), "{number}");
    }
    assert_eq!(guest.value("rseq", &[NOWHERE, 32]), Err(Errno::ENOSYS));
}

#[test]
fn tags_of_pointers_are_ignored() {
    let mut guest = Guest::new();
    let path = c"/dev/null";
    let tagged = pointer(path) | 0xab << 56;
    let fd = guest.value("openat", &[CWD, tagged, 0]).expect("it opens");
    assert_eq!(guest.value("close", &[fd]), Ok(0));
}

#[test]
fn open_flags_are_translated_in_both_directions() {
    let mut guest = Guest::new();
    let flags = u64::from(a64::O_DIRECTORY | a64::O_NOFOLLOW) | libc::O_CLOEXEC as u64;
    assert_eq!(
        guest.value("openat", &[CWD, pointer(c"/dev/null"), flags]),
        Err(Errno::ENOTDIR)
    );
    assert_eq!(
        guest.value("openat", &[CWD, pointer(c"/proc/self"), flags]),
        Err(Errno::ENOTDIR)
    );
    let fd = guest
        .value("openat", &[CWD, pointer(c"/"), flags])
        .expect("a directory");
    let found = guest.value("fcntl", &[fd, libc::F_GETFL as u64]).expect("its flags");
    assert_eq!(found as u32, a64::O_DIRECTORY | a64::O_NOFOLLOW | a64::O_LARGEFILE);
    guest.value("close", &[fd]).expect("closed");

    let fd = guest
        .value("openat", &[CWD, pointer(c"/tmp"), u64::from(a64::O_TMPFILE) | 2, 0o600])
        .expect("a file");
    let mut stat = Stat::default();
    guest.value("fstat", &[fd, pointer_mut(&mut stat)]).expect("fstat");
    assert_eq!(stat.st_mode, libc::S_IFREG | 0o600);
    guest.value("close", &[fd]).expect("closed");

    let mut ends = [0_i32; 2];
    guest
        .value("pipe2", &[pointer_mut(&mut ends), u64::from(a64::O_DIRECT)])
        .expect("a pipe");
    // SAFETY: asks a question about a descriptor of our own.
    let host = unsafe { libc::fcntl(ends[1], libc::F_GETFL) };
    assert_eq!(host & libc::O_DIRECT, libc::O_DIRECT);
    let flags = u64::from(a64::O_DIRECT) | libc::O_NONBLOCK as u64;
    guest
        .value("fcntl", &[ends[1] as u64, libc::F_SETFL as u64, flags])
        .expect("set");
    assert_eq!(
        guest.value("fcntl", &[ends[1] as u64, libc::F_GETFL as u64]),
        Ok(flags | 1)
    );
    for end in ends {
        guest.value("close", &[end as u64]).expect("closed");
    }
}

#[test]
fn openat2_takes_the_guests_flags() {
    let mut guest = Guest::new();
    let how = [u64::from(a64::O_DIRECTORY), 0, libc::RESOLVE_NO_SYMLINKS];
    assert_eq!(
        guest.value("openat2", &[CWD, pointer(c"/dev/null"), pointer(&how), 24]),
        Err(Errno::ENOTDIR)
    );
    let fd = guest
        .value("openat2", &[CWD, pointer(c"/dev"), pointer(&how), 24])
        .expect("a directory");
    guest.value("close", &[fd]).expect("closed");
    assert_eq!(
        guest.value("openat2", &[CWD, pointer(c"/dev"), pointer(&how), 16]),
        Err(Errno::EINVAL)
    );
    assert_eq!(
        guest.value("openat2", &[CWD, pointer(c"/dev"), pointer(&how), 1 << 20]),
        Err(Errno::E2BIG)
    );
    let unknown = [0, 0, 0, 1_u64];
    assert_eq!(
        guest.value("openat2", &[CWD, pointer(c"/dev"), pointer(&unknown), 32]),
        Err(Errno::E2BIG)
    );
}

#[test]
fn stat_has_the_layout_of_arm64() {
    let mut guest = Guest::new();
    let host = std::fs::metadata("/bin/sh").expect("a file");
    let mut stat = Stat::default();
    guest
        .value("newfstatat", &[CWD, pointer(c"/bin/sh"), pointer_mut(&mut stat), 0])
        .expect("newfstatat");
    assert_eq!(
        (stat.st_dev, stat.st_ino, stat.st_mode),
        (host.dev(), host.ino(), host.mode())
    );
    assert_eq!(
        (u64::from(stat.st_nlink), stat.st_size as u64),
        (host.nlink(), host.size())
    );
    assert_eq!(stat.st_mtime, [host.mtime(), host.mtime_nsec()]);
    assert_eq!(
        (stat.st_blksize as u64, stat.st_blocks as u64),
        (host.blksize(), host.blocks())
    );
    assert_eq!(
        guest.value("newfstatat", &[CWD, pointer(c"/bin/sh"), NOWHERE, 0]),
        Err(Errno::EFAULT)
    );
    assert_eq!(
        guest.value("newfstatat", &[CWD, NOWHERE, pointer_mut(&mut stat), 0]),
        Err(Errno::EFAULT)
    );
}

#[test]
fn epoll_events_have_16_bytes() {
    let mut guest = Guest::new();
    let epoll = guest.value("epoll_create1", &[0]).expect("an epoll");
    let ready: Vec<u64> = (0..3)
        .map(|_| guest.value("eventfd2", &[1, 0]).expect("an eventfd"))
        .collect();
    for &fd in &ready {
        let event = EpollEvent {
            events: libc::EPOLLIN as u32,
            pad: 0xdead,
            data: fd << 32 | 7,
        };
        guest
            .value("epoll_ctl", &[epoll, 1, fd, pointer(&event)])
            .expect("added");
    }
    let mut events = [EpollEvent::default(); 4];
    assert_eq!(
        guest.value("epoll_pwait", &[epoll, pointer_mut(&mut events), 4, 0, 0, 8]),
        Ok(3)
    );
    let mut found: Vec<u64> = events[..3].iter().map(|event| event.data >> 32).collect();
    found.sort_unstable();
    assert_eq!(found, ready);
    assert!(
        events[..3]
            .iter()
            .all(|event| event.events == libc::EPOLLIN as u32 && event.data as u32 == 7)
    );
    assert_eq!(
        guest.value("epoll_pwait", &[epoll, pointer_mut(&mut events), 0, 0, 0, 8]),
        Err(Errno::EINVAL)
    );
    assert_eq!(
        guest.value("epoll_pwait2", &[epoll, NOWHERE, 1, pointer(&[0_u64; 2]), 0, 8]),
        Err(Errno::EFAULT)
    );
    assert_eq!(
        guest.value("epoll_ctl", &[epoll, 2, ready[0], 0]),
        Ok(0),
        "EPOLL_CTL_DEL reads no event"
    );
    for fd in ready.into_iter().chain([epoll]) {
        guest.value("close", &[fd]).expect("closed");
    }
}

#[test]
fn semaphores_have_the_layout_of_arm64() {
    let mut guest = Guest::new();
    let set = guest.value("semget", &[0, 3, 0o1600]).expect("a set");
    let mut about = SemidDs::default();
    guest
        .value("semctl", &[set, 0, libc::IPC_STAT as u64, pointer_mut(&mut about)])
        .expect("IPC_STAT");
    assert_eq!((about.sem_nsems, about.sem_otime), (3, 0));
    assert!(about.sem_ctime > 1_500_000_000);
    assert_eq!(guest.value("semctl", &[set, 1, libc::SETVAL as u64, 5]), Ok(0));
    assert_eq!(guest.value("semctl", &[set, 1, libc::GETVAL as u64, 0]), Ok(5));
    guest
        .value("semctl", &[set, 0, libc::IPC_RMID as u64, 0])
        .expect("removed");
}

#[test]
fn shared_memory_lies_in_the_guests_space() {
    let mut guest = Guest::new();
    let segment = guest.value("shmget", &[0, 10_000, 0o1600]).expect("a segment");
    let first = guest.value("shmat", &[segment, 0, 0]).expect("attached");
    let second = guest
        .value("shmat", &[segment, 0, libc::SHM_RDONLY as u64])
        .expect("attached again");
    assert_eq!(guest.memory.lookup(first).map(|mapping| mapping.length()), Some(12288));
    write_bytes(first + 9_000, b"shared").expect("it can be written");
    let mut text = [0; 6];
    read_bytes(second + 9_000, &mut text).expect("it can be read");
    assert_eq!(&text, b"shared");
    assert!(write_bytes(second, b"x").is_err(), "attached for reading");
    assert_eq!(
        guest.value("shmat", &[segment, first, 0]),
        Err(Errno::EINVAL),
        "something is there"
    );
    for address in [first, second] {
        assert_eq!(guest.value("shmdt", &[address]), Ok(0));
        assert!(guest.memory.lookup(address).is_none());
        assert_eq!(guest.value("shmdt", &[address]), Err(Errno::EINVAL));
    }
    guest
        .value("shmctl", &[segment, libc::IPC_RMID as u64, 0])
        .expect("removed");
}

#[test]
fn mappings_are_the_address_spaces() {
    let mut guest = Guest::new();
    let anonymous = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
    let address = guest
        .value("mmap", &[0, 3 * 4096, 3, anonymous, u64::MAX, 0])
        .expect("mapped");
    write_bytes(address, b"abc").expect("it can be written");
    assert_eq!(guest.value("mprotect", &[address, 4096, 1]), Ok(0));
    assert!(write_bytes(address, b"abc").is_err());
    assert_eq!(guest.value("munmap", &[address + 4096, 4096]), Ok(0));
    assert_eq!(
        guest.value("msync", &[address, 3 * 4096, libc::MS_ASYNC as u64]),
        Err(Errno::ENOMEM),
        "a hole"
    );
    let mut residency = [0_u8; 3];
    assert_eq!(
        guest.value("mincore", &[address, 4096, pointer_mut(&mut residency)]),
        Ok(0)
    );
    assert_eq!(
        guest.value("mincore", &[address, 3 * 4096, pointer_mut(&mut residency)]),
        Err(Errno::ENOMEM)
    );
    let own = pointer(&residency) & !0xfff;
    assert_eq!(
        guest.value("munmap", &[own, 4096]),
        Ok(0),
        "armlet's memory is not the guest's to unmap"
    );
    assert_eq!(residency[1], 0);
    assert_eq!(
        guest.value("mmap", &[own, 4096, 3, anonymous | libc::MAP_FIXED as u64]),
        Err(Errno::ENOMEM)
    );
    assert_eq!(
        guest.value("mremap", &[address, 4096, 8192, 0, 0]),
        Ok(address),
        "into the hole"
    );
}

#[test]
fn the_machine_is_an_aarch64() {
    let mut guest = Guest::new();
    let mut names = [[0_u8; 65]; 6];
    guest.settings.release = Some(c"5.4.3".into());
    guest.value("uname", &[pointer_mut(&mut names)]).expect("uname");
    assert!(names[0].starts_with(b"Linux\0"));
    assert!(names[2].starts_with(b"5.4.3\0"));
    assert!(names[4].starts_with(b"aarch64\0"));
}

fn text_of(guest: &mut Guest, dirfd: u64, path: &std::ffi::CStr) -> Vec<u8> {
    let fd = guest
        .value("openat", &[dirfd, pointer(path), libc::O_CLOEXEC as u64])
        .expect("it opens");
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = guest
            .value("read", &[fd, pointer_mut(&mut buffer), 4096])
            .expect("it can be read");
        text.extend_from_slice(&buffer[..length as usize]);
        if length == 0 {
            break;
        }
    }
    assert_eq!(
        guest.value("write", &[fd, pointer(&buffer), 1]),
        Err(Errno::EBADF),
        "opened for reading"
    );
    guest.value("close", &[fd]).expect("closed");
    text
}

#[test]
fn proc_shows_the_guest() {
    let mut guest = Guest::new();
    assert_eq!(text_of(&mut guest, CWD, c"/proc/self/cmdline"), b"program\0-x\0");
    let auxv = [libc::AT_PAGESZ, 4096, libc::AT_NULL, 0].map(u64::to_le_bytes).concat();
    assert_eq!(text_of(&mut guest, CWD, c"/proc/thread-self/auxv"), auxv);
    let cpuinfo = String::from_utf8(text_of(&mut guest, CWD, c"/proc/cpuinfo")).expect("text");
    assert!(
        cpuinfo.starts_with("processor\t: 0\n") && cpuinfo.contains("Features\t: fp asimd "),
        "{cpuinfo}"
    );
    let buffer = guest.buffer(8192);
    let maps = String::from_utf8(text_of(&mut guest, CWD, c"/proc/self/maps")).expect("text");
    assert_eq!(maps.lines().count(), 1, "{maps}");
    assert!(
        maps.starts_with(&format!("{buffer:08x}-{:08x} rw-p 00000000 00:00 0", buffer + 8192)),
        "{maps}"
    );

    // By any other name.
    let directory = guest
        .value("openat", &[CWD, pointer(c"/proc/self"), u64::from(a64::O_DIRECTORY)])
        .expect("proc");
    assert_eq!(text_of(&mut guest, directory, c"cmdline"), b"program\0-x\0");
    let mut link = [0_u8; 64];
    for (dirfd, path) in [
        (CWD, c"/proc/self/exe"),
        (directory, c"exe"),
        (directory, c"./../self/exe"),
    ] {
        let length = guest
            .value("readlinkat", &[dirfd, pointer(path), pointer_mut(&mut link), 64])
            .expect("a link");
        assert_eq!(&link[..length as usize], b"/guest/program");
    }
    let length = guest.value("readlinkat", &[directory, pointer(c"exe"), pointer_mut(&mut link), 6]);
    assert_eq!(length, Ok(6), "cut to the buffer");
    guest.value("close", &[directory]).expect("closed");

    // The program itself, where a link is followed.
    guest.executable = "/dev/null".into();
    let mut stat = Stat::default();
    guest
        .value(
            "newfstatat",
            &[CWD, pointer(c"/proc/self/exe"), pointer_mut(&mut stat), 0],
        )
        .expect("stat");
    assert_eq!(stat.st_mode & libc::S_IFMT, libc::S_IFCHR);
    let no_follow = libc::AT_SYMLINK_NOFOLLOW as u64;
    guest
        .value(
            "newfstatat",
            &[CWD, pointer(c"/proc/self/exe"), pointer_mut(&mut stat), no_follow],
        )
        .expect("lstat");
    assert_eq!(stat.st_mode & libc::S_IFMT, libc::S_IFLNK);

    // Another process's files, and files that only have such a name, are what they are.
    let other = std::fs::read("/proc/1/cmdline").expect("init's command line");
    assert_eq!(text_of(&mut guest, CWD, c"/proc/1/cmdline"), other);
}

#[test]
fn files_below_the_sysroot_come_first() {
    let root = std::env::temp_dir().join(format!("armlet-sysroot-{}", std::process::id()));
    std::fs::create_dir_all(root.join("etc")).expect("a directory");
    std::fs::write(root.join("etc/passwd"), "of the sysroot").expect("a file");
    let mut guest = Guest::new();
    let host = text_of(&mut guest, CWD, c"/etc/passwd");
    guest.settings.sysroot = Some(root.clone());
    assert_eq!(text_of(&mut guest, CWD, c"/etc/passwd"), b"of the sysroot");
    let mut stat = Stat::default();
    guest
        .value("newfstatat", &[CWD, pointer(c"/etc/passwd"), pointer_mut(&mut stat), 0])
        .expect("stat");
    assert_eq!(stat.st_size, 14);
    std::fs::remove_dir_all(&root).expect("removed");
    assert_eq!(text_of(&mut guest, CWD, c"/etc/passwd"), host, "not there: the host's");
}

#[test]
fn clocks_are_read() {
    let mut guest = Guest::new();
    let mut time = [0_i64; 2];
    assert_eq!(guest.value("clock_gettime", &[1, pointer_mut(&mut time)]), Ok(0));
    assert!(time[0] > 0 || time[1] > 0);
    assert_eq!(guest.value("clock_gettime", &[0, NOWHERE]), Err(Errno::EFAULT));
    assert_eq!(
        guest.value("clock_gettime", &[77, pointer_mut(&mut time)]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("clock_getres", &[0, 0]), Ok(0));
    assert_eq!(guest.value("gettimeofday", &[pointer_mut(&mut time), 0]), Ok(0));
    assert!(time[0] > 1_500_000_000 && (0..1_000_000).contains(&time[1]));
    let mut cpu = u32::MAX;
    assert_eq!(guest.value("getcpu", &[pointer_mut(&mut cpu), 0, 0]), Ok(0));
    assert!(cpu < 4096);
}

#[test]
fn threads_are_started_with_arm64s_order_of_arguments() {
    let mut guest = Guest::new();
    // CLONE_VM|FS|FILES|SIGHAND|THREAD|SYSVSEM|SETTLS|PARENT_SETTID|CHILD_CLEARTID
    let flags = 0x003d_0f00;
    assert_eq!(guest.value("clone", &[flags, 0x7000, 0x1111, 0x2222, 0x3333]), Ok(4242));
    let args = &guest.cloned[0];
    assert_eq!((args.flags, args.stack, args.exit_signal), (flags, 0x7000, 0));
    assert_eq!((args.parent_tid, args.tls, args.child_tid), (0x1111, 0x2222, 0x3333));
    assert_eq!(guest.value("clone", &[17, 0, 0, 0, 0]), Ok(4242));
    assert_eq!((guest.cloned[1].flags, guest.cloned[1].exit_signal), (0, 17));
    for refused in [0x0800_u64, 0x1_0000 | 0x100, 0x0002_0200, 0x1000_0200, 0x0010_1000] {
        assert_eq!(
            guest.value("clone", &[refused, 0, 0, 0, 0]),
            Err(Errno::EINVAL),
            "{refused:#x}"
        );
    }
    let args = [0x003d_0f00_u64, 0, 0x3333, 0x1111, 0, 0x6000, 0x1000, 0x2222];
    assert_eq!(guest.value("clone3", &[pointer(&args), 64]), Ok(4242));
    assert_eq!(guest.cloned[2].stack, 0x7000, "its top");
    let no_size = [0_u64, 0, 0, 0, 17, 0x6000, 0, 0];
    assert_eq!(guest.value("clone3", &[pointer(&no_size), 64]), Err(Errno::EINVAL));
    assert_eq!(guest.value("clone3", &[NOWHERE, 64]), Err(Errno::EFAULT));
}

#[test]
fn a_program_is_replaced() {
    let mut guest = Guest::new();
    let argv = [pointer(c"a"), pointer(c"b c"), 0];
    let envp = [pointer(c"X=1"), 0];
    let outcome = guest.call("execve", &[pointer(c"/bin/true"), pointer(&argv), pointer(&envp)]);
    assert_eq!(outcome, Outcome::Resume);
    let exec = &guest.executed[0];
    assert_eq!(
        (exec.dirfd, exec.path.as_c_str(), exec.flags),
        (libc::AT_FDCWD, c"/bin/true", 0)
    );
    assert_eq!((exec.arguments.len(), exec.arguments[1].as_c_str()), (2, c"b c"));
    assert_eq!(exec.environment, [c"X=1".to_owned()]);
    let outcome = guest.call("execve", &[pointer(c"/proc/self/exe"), 0, 0]);
    assert_eq!(
        (outcome, guest.executed[1].path.as_c_str()),
        (Outcome::Resume, c"/guest/program")
    );
    assert_eq!(
        guest.value("execve", &[pointer(c"/bin/true"), NOWHERE, 0]),
        Err(Errno::EFAULT)
    );
    let endless = [argv[0]; 3];
    let bad = [endless[0], NOWHERE, 0];
    assert_eq!(
        guest.value("execve", &[pointer(c"/bin/true"), pointer(&bad), 0]),
        Err(Errno::EFAULT)
    );
    assert_eq!(
        guest.value("execveat", &[CWD, pointer(c"/bin/true"), 0, 0, 1]),
        Err(Errno::EINVAL)
    );
}

#[test]
fn ends_and_returns_are_the_runtimes() {
    let mut guest = Guest::new();
    assert_eq!(guest.call("exit", &[0x101]), Outcome::ExitThread(1));
    assert_eq!(guest.call("exit_group", &[u64::MAX]), Outcome::ExitProcess(255));
    assert_eq!(guest.call("rt_sigreturn", &[]), Outcome::Resume);
    assert_eq!(guest.state.pc, 0x1000);
    // SAFETY: gettid has no effect.
    let thread = unsafe { libc::gettid() } as u64;
    assert_eq!(guest.value("set_tid_address", &[0x5000]), Ok(thread));
    assert_eq!(guest.clear_child_tid, 0x5000);
}

#[test]
fn limits_that_would_hit_armlet_stay_in_the_guest() {
    let mut guest = Guest::new();
    let mut host = [0_u64; 2];
    let get = |resource: u32, limit: &mut [u64; 2]| {
        // SAFETY: `limit` has room for the answer.
        unsafe { libc::prlimit64(0, resource, std::ptr::null(), limit.as_mut_ptr().cast()) }
    };
    assert_eq!(get(libc::RLIMIT_AS, &mut host), 0);
    let (new, mut old) = ([1 << 30, host[1]], [0_u64; 2]);
    let resource = u64::from(libc::RLIMIT_AS);
    assert_eq!(
        guest.value("prlimit64", &[0, resource, pointer(&new), pointer_mut(&mut old)]),
        Ok(0)
    );
    assert_eq!(old, host);
    assert_eq!(guest.value("getrlimit", &[resource, pointer_mut(&mut old)]), Ok(0));
    assert_eq!(old, new);
    let mut after = [0_u64; 2];
    assert_eq!(
        (get(libc::RLIMIT_AS, &mut after), after),
        (0, host),
        "the host knows nothing of it"
    );
    let anonymous = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
    assert_eq!(
        guest.value("mmap", &[0, 2 << 30, 3, anonymous]),
        Err(Errno::ENOMEM),
        "but the address space does"
    );
    assert_eq!(
        guest.value("setrlimit", &[resource, pointer(&[2_u64, 1])]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("setrlimit", &[resource, pointer(&host)]), Ok(0));
}

#[test]
fn prctl_by_option() {
    let mut guest = Guest::new();
    let mut name = [0_u8; 16];
    assert_eq!(guest.value("prctl", &[15, pointer(c"renamed")]), Ok(0));
    assert_eq!(guest.value("prctl", &[16, pointer_mut(&mut name)]), Ok(0));
    assert!(name.starts_with(b"renamed\0"));
    for option in [26, 50, 54, 59, 9999] {
        assert_eq!(
            guest.value("prctl", &[option, 1, 0, 0, 0]),
            Err(Errno::EINVAL),
            "{option}"
        );
    }
    assert_eq!(guest.value("prctl", &[55, 1, 0, 0, 0]), Ok(0));
    assert_eq!(guest.value("prctl", &[56, 0, 0, 0, 0]), Ok(1));
    let mut word = 0_u64;
    guest.value("set_tid_address", &[0x1234]).expect("an id");
    assert_eq!(guest.value("prctl", &[40, pointer_mut(&mut word)]), Ok(0));
    assert_eq!(word, 0x1234);
    let mut auxv = [7_u64; 3];
    let args = [0x4155_5856, pointer_mut(&mut auxv), 16, 0, 0];
    assert_eq!(guest.value("prctl", &args), Ok(32), "the size of it all");
    assert_eq!(auxv, [libc::AT_PAGESZ, 4096, 7]);
    assert_eq!(guest.value("prctl", &[0x4155_5856, 0, 0, 1, 0]), Err(Errno::EINVAL));
    let memory = guest.buffer(4096);
    assert_eq!(
        guest.value("prctl", &[0x5356_4d41, 0, memory, 4096, pointer(c"heap of mine")]),
        Ok(0)
    );
    let named = guest.memory.lookup(memory).expect("mapped").to_string();
    assert!(named.ends_with(" [anon:heap of mine]"), "{named}");
    assert_eq!(
        guest.value("prctl", &[0x5356_4d41, 0, memory, 4096, pointer(c"[x]")]),
        Err(Errno::EINVAL)
    );
}

#[test]
fn locked_pages_are_a_mapping_of_their_own() {
    let mut guest = Guest::new();
    let memory = guest.buffer(3 * 4096);
    let lengths = |guest: &Guest| {
        let inside = |mapping: &armlet_memory::Mapping| (memory..memory + 3 * 4096).contains(&mapping.start);
        let mappings = guest.memory.mappings().into_iter().filter(inside);
        mappings
            .map(|mapping| (mapping.length() / 4096, mapping.locked))
            .collect::<Vec<_>>()
    };
    // What lies around it may be joined with it until it is locked.
    assert_eq!(guest.value("mlock", &[memory, 3 * 4096]), Ok(0));
    assert_eq!(lengths(&guest), [(3, true)]);
    assert_eq!(guest.value("munlock", &[memory + 4096, 1]), Ok(0));
    assert_eq!(lengths(&guest), [(1, true), (1, false), (1, true)]);
    guest.memory.after_fork();
    assert!(lengths(&guest).iter().all(|part| !part.1), "not inherited");
    assert_eq!(guest.value("munlock", &[memory, 3 * 4096]), Ok(0));
}

#[test]
fn populating_asks_for_the_guests_permissions() {
    let mut guest = Guest::new();
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let args = [0, 4096, libc::PROT_WRITE as u64, flags as u64, u64::MAX, 0];
    let memory = guest.value("mmap", &args).expect("memory");
    let populate = |guest: &mut Guest, advice: i32| guest.value("madvise", &[memory, 4096, advice as u64]);
    assert_eq!(populate(&mut guest, libc::MADV_POPULATE_READ), Err(Errno::EINVAL));
    assert_eq!(populate(&mut guest, libc::MADV_POPULATE_WRITE), Ok(0));
}

#[test]
fn plain_calls_reach_the_host() {
    let mut guest = Guest::new();
    let memory = guest.buffer(4096);
    let fd = guest.value("memfd_create", &[pointer(c"x"), 0]).expect("a file");
    write_bytes(memory, b"hello").expect("memory");
    let vectors = [memory, 2, memory + 2, 3];
    assert_eq!(guest.value("writev", &[fd, pointer(&vectors), 2]), Ok(5));
    assert_eq!(guest.value("pread64", &[fd, memory + 100, 10, 1]), Ok(4));
    let mut text = [0; 4];
    read_bytes(memory + 100, &mut text).expect("memory");
    assert_eq!(&text, b"ello");
    assert_eq!(guest.value("lseek", &[fd, -2_i64 as u64, 2]), Ok(3));
    assert_eq!(guest.value("read", &[fd, NOWHERE, 10]), Err(Errno::EFAULT));
    write_struct(memory, &0_u64).expect("memory");
    let other = guest.value("memfd_create", &[pointer(c"y"), 0]).expect("a file");
    assert_eq!(guest.value("sendfile", &[other, fd, memory, 5]), Ok(5));
    assert_eq!(read_struct::<u64>(memory), Ok(5));
    let mut pair = [0_i32; 2];
    assert_eq!(
        guest.value("socketpair", &[1, 0x8_0001, 0, pointer_mut(&mut pair)]),
        Ok(0)
    );
    for fd in [fd, other, pair[0] as u64, pair[1] as u64] {
        assert_eq!(guest.value("close", &[fd]), Ok(0));
    }
    assert_eq!(guest.value("close", &[1 << 20]), Err(Errno::EBADF));
}

#[test]
fn a_personality_of_32_bits() {
    let mut guest = Guest::new();
    let names = guest.buffer(4096);
    let machine = |guest: &mut Guest| {
        assert_eq!(guest.value("uname", &[names]), Ok(0));
        read_struct::<[u8; 8]>(names + 4 * 65).expect("memory")
    };
    assert_eq!(&machine(&mut guest), b"aarch64\0");
    let before = guest.value("personality", &[0x0008]).expect("it may");
    assert_eq!(&machine(&mut guest)[..7], b"armv8l\0");
    guest.value("personality", &[before]).expect("it may");
    assert_eq!(&machine(&mut guest), b"aarch64\0");
}
