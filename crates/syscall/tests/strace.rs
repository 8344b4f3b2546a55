//! The trace: golden lines, and the judgement of strace(1) itself.

mod common;

use std::path::Path;
use std::process::Command;

use armlet_syscall::abi::a64::{self, EpollEvent, KernelSigAction, StackT, Stat};
use common::{Guest, Trace, pointer, pointer_mut};

const CWD: u64 = libc::AT_FDCWD as u64;

/// Makes the call and answers its line.
fn line(guest: &mut Guest, trace: &mut Trace, name: &str, args: &[u64]) -> String {
    guest.call(name, args);
    trace.line()
}

#[test]
fn lines_as_strace_prints_them() {
    let (mut guest, mut trace) = Guest::traced();
    let mut line = |name: &str, args: &[u64]| line(&mut guest, &mut trace, name, args);
    let cloexec = libc::O_CLOEXEC as u64;

    assert_eq!(
        line("openat", &[CWD, pointer(c"/nonexistent/passwd"), cloexec]),
        "openat(AT_FDCWD, \"/nonexistent/passwd\", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)"
    );
    let flags = u64::from(a64::O_NOFOLLOW) | 0o101;
    assert_eq!(
        line("openat", &[77, pointer(c"x"), flags, 0o644]),
        "openat(77, \"x\", O_WRONLY|O_CREAT|O_NOFOLLOW, 0644) = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(
        line(
            "write",
            &[
                99,
                pointer(b"a \"quoted\"\tline,\n\x01\x0012\xff of more than 32 bytes"),
                43
            ]
        ),
        "write(99, \"a \\\"quoted\\\"\\tline,\\n\\1\\00012\\377 of more t\"..., 43) = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(
        line("read", &[99, 0x10, 4096]),
        "read(99, 0x10, 4096)                    = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(
        line("close", &[u64::MAX]),
        "close(-1)                               = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(line("brk", &[0]), "brk(NULL)                               = 0");
    assert_eq!(
        line("mmap", &[0, 8192, 3, 0x22, 7, 0x3001]),
        "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, 7, 0x3001) = -1 EINVAL (Invalid argument)"
    );
    assert_eq!(line("exit_group", &[3]), "exit_group(3)                           = ?");
    assert_eq!(line("rt_sigreturn", &[]), "rt_sigreturn()                          = ?");
    assert_eq!(
        line("umask", &[0o22]).split("= ").next(),
        Some("umask(022)                              ")
    );
    let action = KernelSigAction {
        handler: 0x4a0,
        flags: 0x1400_0000,
        restorer: 0x5a0,
        mask: 1 << 1 | 1 << 16,
    };
    let mut old = KernelSigAction::default();
    assert_eq!(
        line("rt_sigaction", &[2, pointer(&action), pointer_mut(&mut old), 8]),
        "rt_sigaction(SIGINT, {sa_handler=0x4a0, sa_mask=[INT CHLD], sa_flags=SA_RESTORER|SA_RESTART, \
         sa_restorer=0x5a0}, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8) = 0"
    );
    assert_eq!(
        line("rt_sigprocmask", &[2, pointer(&!(3_u64 << 31)), 0, 8]),
        "rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], NULL, 8) = 0"
    );
    let stack = StackT {
        ss_sp: 0x10000,
        ss_flags: 0,
        pad: 0,
        ss_size: 8192,
    };
    assert_eq!(
        line("sigaltstack", &[pointer(&stack), 0]),
        "sigaltstack({ss_sp=0x10000, ss_flags=0, ss_size=8192}, NULL) = 0"
    );
    assert_eq!(
        line("futex", &[0x10, 0x189, 2, 0, 0, 0xffff_ffff]),
        "futex(0x10, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 2, NULL, FUTEX_BITSET_MATCH_ANY) = \
         -1 EFAULT (Bad address)"
    );
    assert_eq!(
        line("futex", &[0x10, 0x81, 0x7fff_ffff]),
        "futex(0x10, FUTEX_WAKE_PRIVATE, 2147483647) = 0"
    );
    let event = EpollEvent {
        events: 0x8000_0001,
        pad: 0,
        data: 5,
    };
    assert_eq!(
        line("epoll_ctl", &[99, 1, 5, pointer(&event)]),
        "epoll_ctl(99, EPOLL_CTL_ADD, 5, {events=EPOLLIN|EPOLLET, data={u32=5, u64=5}}) = -1 EBADF (Bad file descriptor)"
    );
    assert_eq!(
        line(
            "execve",
            &[
                pointer(c"/bin/x"),
                pointer(&[pointer(c"x"), pointer(c"-y"), 0]),
                pointer(&[0_u64])
            ]
        )
        .split(" /* ")
        .next()
        .map(|text| text.rsplit_once(", ").map(|(text, _)| text.to_owned())),
        Some(Some("execve(\"/bin/x\", [\"x\", \"-y\"]".to_owned()))
    );
}

#[test]
fn calls_that_start_something_and_calls_that_are_interrupted() {
    let (mut guest, mut trace) = Guest::traced();
    let (mut rest, span) = ([0_i64; 2], [100_i64, 0]);
    let address = pointer_mut(&mut rest);
    guest.interrupted("nanosleep", &[pointer(&span), address]);
    assert_eq!(
        trace.line(),
        format!("nanosleep({{tv_sec=100, tv_nsec=0}}, {address:#x}) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)")
    );
    guest.interrupted("ppoll", &[0, 0, 0, 0, 8]);
    assert_eq!(
        trace.line(),
        "ppoll(NULL, 0, NULL, NULL, 8)           = ? ERESTARTNOHAND (To be restarted if no handler)"
    );
    let mut pair = [0_i32; 2];
    guest
        .value("socketpair", &[1, 1, 0, pointer_mut(&mut pair)])
        .expect("sockets");
    trace.line();
    guest.interrupted("read", &[pair[0] as u64, address, 1]);
    let read = format!("read({}, {address:#x}, 1) ", pair[0]);
    assert_eq!(
        trace.line(),
        format!("{read:<40}= ? ERESTARTSYS (To be restarted if SA_RESTART is set)")
    );
    guest.raise(10);
    guest.call("read", &[pair[0] as u64, address, 1]);
    assert_eq!(trace.line(), format!("{read:<40}= ? ERESTARTNOINTR (To be restarted)"));
    // SAFETY: gettid has no effect.
    let prefix = format!("[pid {:5}] ", unsafe { libc::gettid() });
    let text = line(&mut guest, &mut trace, "clone", &[0x0120_0011, 0, 0, 0, 0x7000]);
    assert_eq!(
        text,
        prefix.clone()
            + "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7000) = 4242"
    );
    guest.call_number(300, &[1]);
    assert_eq!(
        trace.line(),
        prefix.clone() + "syscall_0x12c(0x1, 0, 0, 0, 0, 0) = -1 ENOSYS (Function not implemented)"
    );
    let strace = guest.strace.as_ref().expect("it is traced");
    strace.signal(11, "SEGV_MAPERR", "si_addr=0x10");
    assert_eq!(
        trace.line(),
        prefix.clone() + "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---"
    );
    strace.killed(11);
    assert_eq!(trace.line(), prefix.clone() + "+++ killed by SIGSEGV +++");
    strace.exited(0);
    assert_eq!(trace.line(), prefix + "+++ exited with 0 +++");
}

#[test]
fn the_guest_cannot_close_the_trace() {
    let (mut guest, mut trace) = Guest::traced();
    let ours = guest.strace.as_ref().expect("it is traced").descriptor() as u64;
    assert_eq!(guest.value("close", &[ours]), Err(armlet_syscall::Errno::EBADF));
    trace.line();
    assert_eq!(guest.value("dup3", &[0, ours, 0]), Err(armlet_syscall::Errno::EBADF));
    trace.line();
    assert_eq!(guest.value("close_range", &[ours, ours, 0]), Ok(0));
    assert!(trace.line().starts_with("close_range("));
    guest.call("getppid", &[]);
    assert!(trace.line().starts_with("getppid()  "));
}

#[test]
fn several_traces_are_kept_and_given_back() {
    for _ in 0..20 {
        let guests: Vec<_> = (0..3).map(|_| Guest::traced()).collect();
        for (mut guest, mut trace) in guests {
            let ours = guest.strace.as_ref().expect("it is traced").descriptor() as u64;
            assert_eq!(guest.value("close", &[ours]), Err(armlet_syscall::Errno::EBADF));
            assert!(trace.line().starts_with("close("));
        }
    }
}

/// Calls that reach the host as they are, or with the same text: their lines must be those of strace(1) for the host's calls.
fn script(guest: &mut Guest) {
    let memory = guest.buffer(1 << 16);
    let mut stat = Stat::default();
    let mut words = [0_u64; 64];
    let mut pair = [0_i32; 2];
    let cloexec = libc::O_CLOEXEC as u64;
    let at = |words: &mut [u64; 64]| pointer_mut(words);
    let fd = guest
        .value("openat", &[CWD, pointer(c"/etc/passwd"), cloexec])
        .unwrap_or(u64::MAX);
    guest.call("newfstatat", &[fd, pointer(c""), pointer_mut(&mut stat), 0x1000]);
    guest.call(
        "newfstatat",
        &[CWD, pointer(c"/dev/null"), pointer_mut(&mut stat), 0x100],
    );
    guest.call(
        "newfstatat",
        &[CWD, pointer(c"/usr/bin/passwd"), pointer_mut(&mut stat), 0],
    );
    guest.call("fstat", &[fd, pointer_mut(&mut stat)]);
    guest.call("statx", &[CWD, pointer(c"/etc/passwd"), 0x100, 0x7ff, at(&mut words)]);
    guest.call("read", &[fd, memory, 100]);
    guest.call("pread64", &[fd, memory, 10, 5]);
    guest.call("readv", &[fd, pointer(&[memory, 4, memory + 8, 40]), 2]);
    guest.call("lseek", &[fd, -3_i64 as u64, 2]);
    guest.call("lseek", &[fd, 0, 3]);
    guest.call("fcntl", &[fd, 1]);
    guest.call("fcntl", &[fd, 2, 0]);
    guest.call("fcntl", &[fd, 3]);
    guest.call("fcntl", &[fd, 1030, 30]);
    guest.call("fcntl", &[fd, 5, pointer_mut(&mut [0_u64; 4])]);
    guest.call("ioctl", &[fd, libc::TCGETS, memory]);
    guest.call("ioctl", &[fd, libc::TIOCGWINSZ, memory]);
    guest.call("ioctl", &[fd, libc::FIONREAD, memory]);
    guest.call("faccessat", &[CWD, pointer(c"/etc/shadow"), 4]);
    guest.call("faccessat", &[CWD, pointer(c"/nonexistent"), 0]);
    guest.call("faccessat2", &[CWD, pointer(c"/nonexistent"), 6, 0x200]);
    guest.call("readlinkat", &[CWD, pointer(c"/proc/self/cwd"), memory, 4096]);
    guest.call("getcwd", &[memory, 4096]);
    guest.call("pipe2", &[pointer_mut(&mut pair), cloexec | u64::from(a64::O_DIRECT)]);
    guest.call("write", &[pair[1] as u64, pointer(b"hello\nworld \x00\x07\x001"), 15]);
    guest.call(
        "writev",
        &[pair[1] as u64, pointer(&[pointer(b"ab"), 2, pointer(b"cd"), 2]), 2],
    );
    let mut polls = [pair[0] as u64 | 1 << 32, pair[1] as u64 | 4 << 32];
    guest.call(
        "ppoll",
        &[pointer_mut(&mut polls), 2, pointer_mut(&mut [0_u64; 2]), 0, 0],
    );
    guest.call(
        "ppoll",
        &[pointer_mut(&mut polls), 0, pointer_mut(&mut [0_u64; 2]), 0, 0],
    );
    guest.call("ioctl", &[pair[0] as u64, libc::FIONREAD, memory]);
    let epoll = guest.value("epoll_create1", &[cloexec]).unwrap_or(u64::MAX);
    let event = EpollEvent {
        events: 0x4000_0001,
        pad: 0,
        data: 0x1_0000_0007,
    };
    guest.call("epoll_ctl", &[epoll, 1, pair[0] as u64, pointer(&event)]);
    let mut events = [EpollEvent::default(); 4];
    guest.call("epoll_pwait", &[epoll, pointer_mut(&mut events), 4, 100, 0, 8]);
    guest.call("epoll_ctl", &[epoll, 2, pair[0] as u64, 0]);
    guest.call("eventfd2", &[5, 0x80801]);
    guest.call("timerfd_create", &[1, 0x80800]);
    guest.call("memfd_create", &[pointer(c"name"), 3]);
    guest.call("inotify_init1", &[0x80000]);
    guest.call("socket", &[1, 0x80001, 0]);
    let tcp = guest.value("socket", &[2, 0x801, 6]).unwrap_or(u64::MAX);
    guest.call("setsockopt", &[tcp, 1, 2, pointer(&1_i32), 4]);
    guest.call("getsockopt", &[tcp, 1, 3, memory, pointer_mut(&mut 4_i32)]);
    guest.call("setsockopt", &[tcp, 6, 1, pointer(&1_i32), 4]);
    let mut loopback = [2_u8, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    guest.call("bind", &[tcp, pointer(&loopback), 16]);
    guest.call("listen", &[tcp, 5]);
    loopback[3] = 1;
    guest.call("connect", &[tcp, pointer(&loopback), 16]);
    guest.call("accept4", &[tcp, memory, pointer_mut(&mut 16_i32), 0x80800]);
    let mut unix = [0_u8; 110];
    unix[0] = 1;
    unix[2..22].copy_from_slice(b"/nonexistent/socket\0");
    let local = guest.value("socket", &[1, 2, 0]).unwrap_or(u64::MAX);
    guest.call("connect", &[local, pointer(&unix), 110]);
    guest.call("sendto", &[local, pointer(b"data"), 4, 0x4000, pointer(&unix), 110]);
    guest.call("socketpair", &[1, 0x80005, 0, pointer_mut(&mut pair)]);
    guest.call("sendto", &[pair[0] as u64, pointer(b"data"), 4, 0x4000, 0, 0]);
    guest.call("recvfrom", &[pair[1] as u64, memory, 100, 0x40, 0, 0]);
    let mut length = 16_i32;
    guest.call("getsockname", &[pair[0] as u64, memory, pointer_mut(&mut length)]);
    guest.call("shutdown", &[pair[0] as u64, 1]);
    guest.call("uname", &[memory]);
    guest.call("sysinfo", &[memory]);
    guest.call("prlimit64", &[0, 7, 0, at(&mut words)]);
    guest.call("getrusage", &[0, at(&mut words)]);
    guest.call("getpid", &[]);
    guest.call("getuid", &[]);
    guest.call("umask", &[0o27]);
    guest.call("umask", &[0o22]);
    guest.call("prctl", &[15, pointer(c"oracle")]);
    guest.call("sched_yield", &[]);
    guest.call("getpriority", &[0, 0]);
    guest.call("clock_nanosleep", &[1, 1, pointer(&[0_i64, 1]), 0]);
    guest.call("getitimer", &[0, at(&mut words)]);
    guest.call("setitimer", &[1, pointer(&[0_u64; 4]), at(&mut words)]);
    guest.call("wait4", &[u64::MAX, at(&mut words), 1, 0]);
    guest.call("kill", &[u64::from(std::process::id()), 0]);
    guest.call("tgkill", &[0, 0, 15]);
    guest.call("futex", &[memory, 0x81, 1]);
    guest.call("futex", &[memory, 0x80, 1, 0]);
    guest.call("futex", &[memory, 0x83, 1, 2, memory + 4]);
    guest.call("mkdirat", &[CWD, pointer(c"/proc/x"), 0o755]);
    guest.call("unlinkat", &[CWD, pointer(c"/nonexistent"), 0x200]);
    guest.call("renameat2", &[CWD, pointer(c"/nonexistent"), CWD, pointer(c"/b"), 1]);
    guest.call("fchmodat", &[CWD, pointer(c"/nonexistent"), 0o4755]);
    guest.call("fchownat", &[CWD, pointer(c"/nonexistent"), 0, u64::MAX, 0x100]);
    guest.call("symlinkat", &[pointer(c"target"), CWD, pointer(c"/proc/x")]);
    guest.call(
        "utimensat",
        &[
            CWD,
            pointer(c"/nonexistent"),
            pointer(&[0_i64, 0x3fff_ffff, 5, 0x3fff_fffe]),
            0,
        ],
    );
    guest.call("mknodat", &[CWD, pointer(c"/proc/x"), 0o010644, 0]);
    guest.call(
        "mount",
        &[pointer(c"a"), pointer(c"/nonexistent"), pointer(c"ext4"), 3, 0],
    );
    guest.call("umount2", &[pointer(c"/nonexistent"), 2]);
    guest.call("fallocate", &[fd, 3, 0, 4096]);
    guest.call("ftruncate", &[fd, 10]);
    guest.call("fadvise64", &[fd, 0, 0, 2]);
    guest.call("copy_file_range", &[fd, pointer_mut(&mut 3_i64), fd, 0, 100, 0]);
    guest.call("sendfile", &[pair[0] as u64, fd, pointer_mut(&mut 3_i64), 100]);
    guest.call("sendfile", &[99, fd, pointer_mut(&mut 3_i64), 100]);
    guest.call("membarrier", &[8, 0, 0]);
    guest.call("getrandom", &[memory, 8, 1]);
    guest.call("close_range", &[500, 600, 0]);
    guest.call("close", &[fd]);
}

/// What the judged process runs: the script, with its own trace in the file that the environment names.
#[test]
#[ignore = "run by oracle_strace_prints_the_same"]
fn child_of_the_oracle() {
    let Some(path) = std::env::var_os("ARMLET_TEST_TRACE") else {
        return;
    };
    let file = std::fs::File::create(path).expect("a file");
    let mut guest = Guest::new();
    guest.strace = Some(armlet_syscall::strace::Strace::new(std::os::fd::AsFd::as_fd(&file)).expect("a descriptor"));
    script(&mut guest);
}

/// What may differ: `fcntl` reports O_LARGEFILE by x86-64's number; and strace counts the number of the thread, which stands
/// before each line, when it finds the column of the result.
fn normalised(line: &str) -> String {
    let line = line.replace(
        "0x8000 (flags O_RDONLY|O_LARGEFILE)",
        "0x20000 (flags O_RDONLY|O_LARGEFILE)",
    );
    match line.rsplit_once(" = ") {
        Some((call, result)) => format!("{} = {result}", call.trim_end()),
        None => line,
    }
}

#[test]
#[ignore = "needs strace"]
fn oracle_strace_prints_the_same() {
    let directory = std::env::temp_dir().join(format!("armlet-strace-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let (ours, theirs) = (directory.join("ours"), directory.join("theirs"));
    let status = Command::new("strace")
        .args(["-f", "-o"])
        .arg(&theirs)
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_of_the_oracle", "--ignored", "--test-threads=1"])
        .env("ARMLET_TEST_TRACE", &ours)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("strace is installed");
    assert!(status.success());
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("a trace")).into_owned();
    let (ours, theirs) = (read(&ours), read(&theirs));
    // Each line begins with the thread's number.
    let theirs: Vec<String> = theirs
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, line)| normalised(line.trim_start()))
        .collect();
    assert!(ours.lines().count() > 90, "{ours}");
    let mut next = 0;
    let mut different = Vec::new();
    for line in ours.lines() {
        let line = &normalised(line);
        match theirs[next..].iter().position(|their| their == line) {
            Some(at) => next += at + 1,
            None => {
                let name = line.split('(').next().unwrap_or_default();
                let near = theirs[next..].iter().find(|their| their.starts_with(name));
                different.push(format!("ours:   {line}\nstrace: {}", near.map_or("", |near| near)));
            }
        }
    }
    std::fs::remove_dir_all(&directory).expect("removed");
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        ours.lines().count(),
        different.join("\n")
    );
}
