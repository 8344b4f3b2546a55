//! System calls of AArch32 guests: registers, structures and times as arm Linux has them.

mod common;

use std::ffi::CString;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;

use armlet_cpu::Trap;
use armlet_memory::{read_bytes, read_struct, write_bytes, write_struct};
use armlet_syscall::{Errno, Outcome};
use common::Guest;

/// A string in guest memory.
fn string(guest: &mut Guest, text: &str) -> u64 {
    let address = guest.buffer(4096);
    let text = CString::new(text).expect("no NUL");
    write_bytes(address, text.as_bytes_with_nul()).expect("memory");
    address
}

/// A directory of its own for a test, gone at its end.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("armlet-a32-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).expect("a directory");
        Scratch(path)
    }

    fn path(&self, guest: &mut Guest, name: &str) -> u64 {
        let path = self.0.join(name);
        string(guest, std::str::from_utf8(path.as_os_str().as_bytes()).expect("UTF-8"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn unknown_numbers_are_enosys_or_illegal() {
    let mut guest = Guest::a32();
    guest.state.pc = 0x1_0004;
    for number in [13, 500, 0xeffff, 0xf0007] {
        assert_eq!(guest.call_number(number, &[]), Outcome::Continue, "{number:#x}");
        assert_eq!(guest.state.w(0) as i32, -38, "{number:#x}");
    }
    assert_eq!(guest.call_number(0xf0800, &[]), Outcome::Trap(Trap::Undefined));
    assert_eq!(
        guest.call("breakpoint", &[]),
        Outcome::Trap(Trap::Breakpoint { imm: 0 })
    );
}

#[test]
fn the_thread_pointer_is_set_and_shown() {
    let mut guest = Guest::a32();
    assert_eq!(guest.value("set_tls", &[0x1234_5678]), Ok(0));
    assert_eq!(guest.state.tpidr, 0x1234_5678);
    assert_eq!(guest.value("get_tls", &[]), Ok(0x1234_5678));
    assert_eq!(guest.value("cacheflush", &[0x2000, 0x1000, 0]), Err(Errno::EINVAL));
    assert_eq!(guest.value("cacheflush", &[0x1000, 0x2000, 0]), Ok(0));
}

#[test]
fn memory_stays_below_four_gigabytes() {
    let mut guest = Guest::a32();
    let address = guest
        .value("mmap2", &[0, 8192, 3, 0x22, u64::from(u32::MAX), 0])
        .expect("memory");
    assert!((0x1_0000..1 << 32).contains(&address));
    // More than there is.
    let mut taken = Vec::new();
    let error = loop {
        match guest.value("mmap2", &[0, 256 << 20, 0, 0x4022, u64::from(u32::MAX), 0]) {
            Ok(address) => taken.push(address),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Errno::ENOMEM);
    assert!((8..16).contains(&taken.len()), "{taken:x?}");
    for address in taken {
        assert_eq!(guest.value("munmap", &[address, 256 << 20]), Ok(0));
    }
    // Beyond the end.
    assert_eq!(
        guest.value("mmap2", &[0xffff_0000, 4096, 3, 0x32, u64::from(u32::MAX), 0]),
        Err(Errno::ENOMEM)
    );
    assert_eq!(guest.value("munmap", &[0xffff_0000, 4096]), Err(Errno::EINVAL));
}

#[test]
fn mmap2_counts_offsets_in_pages() {
    let scratch = Scratch::new("mmap2");
    let file = scratch.0.join("file");
    let mut bytes = vec![0_u8; 3 * 4096];
    bytes[2 * 4096] = 7;
    std::fs::write(&file, &bytes).expect("a file");
    let file = std::fs::File::open(&file).expect("it is there");
    let mut guest = Guest::a32();
    let fd = file.as_raw_fd() as u64;
    let address = guest.value("mmap2", &[0, 4096, 1, 2, fd, 2]).expect("mapped");
    assert_eq!(read_struct::<u8>(address), Ok(7));
}

#[test]
fn pairs_of_registers_carry_64_bits() {
    let scratch = Scratch::new("pairs");
    let mut guest = Guest::a32();
    let path = scratch.path(&mut guest, "file");
    let fd = guest.value("open", &[path, 0o102, 0o600]).expect("opened");
    // Five gigabytes: r2 and r3.
    assert_eq!(guest.value("ftruncate64", &[fd, 0xdead, 0x4000_0000, 1]), Ok(0));
    let text = string(&mut guest, "end");
    assert_eq!(guest.value("pwrite64", &[fd, text, 3, 0xdead, 0x4000_0000, 1]), Ok(3));
    let buffer = guest.buffer(4096);
    assert_eq!(guest.value("pread64", &[fd, buffer, 8, 0xdead, 0x4000_0000, 1]), Ok(3));
    assert_eq!(read_struct::<[u8; 3]>(buffer), Ok(*b"end"));
    // struct stat64 tells the size; struct stat cannot.
    assert_eq!(guest.value("fstat64", &[fd, buffer]), Ok(0));
    assert_eq!(read_struct::<i64>(buffer + 48), Ok(0x1_4000_0003));
    assert_eq!(guest.value("fstat", &[fd, buffer]), Err(Errno::EOVERFLOW));
    // _llseek answers in memory; lseek cannot.
    assert_eq!(guest.value("_llseek", &[fd, 0, 0, buffer, 2]), Ok(0));
    assert_eq!(read_struct::<u64>(buffer), Ok(0x1_4000_0003));
    assert_eq!(guest.value("lseek", &[fd, 0, 1]), Err(Errno::EOVERFLOW));
    assert_eq!(guest.value("_llseek", &[fd, 1, 5, buffer, 0]), Ok(0));
    assert_eq!(read_struct::<u64>(buffer), Ok(0x1_0000_0005));
    // preadv: the lower half first, in any two registers.
    let vector = guest.buffer(4096);
    write_struct(vector, &[buffer as u32, 8]).expect("memory");
    assert_eq!(guest.value("preadv", &[fd, vector, 1, 0x4000_0000, 1]), Ok(3));
    // A negative offset of 32 bits.
    assert_eq!(guest.value("lseek", &[fd, 0, 0]), Ok(0));
    assert_eq!(
        guest.value("lseek", &[fd, u64::from(-1_i32 as u32), 1]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("close", &[fd]), Ok(0));
}

#[test]
fn times_are_narrow_below_403_and_wide_above() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    assert_eq!(guest.value("clock_gettime", &[1, at]), Ok(0));
    let [seconds, nanoseconds]: [u32; 2] = read_struct(at).expect("memory");
    assert!(nanoseconds < 1_000_000_000);
    assert_eq!(guest.value("clock_gettime64", &[1, at]), Ok(0));
    let wide: [u64; 2] = read_struct(at).expect("memory");
    assert!(wide[0] - u64::from(seconds) <= 5 && wide[1] < 1_000_000_000);
    // The padding of a nanosecond's word does not count.
    write_struct(at, &[0_u32, 0, 1000, 0xdead_beef]).expect("memory");
    assert_eq!(guest.value("clock_nanosleep_time64", &[1, 0, at, 0]), Ok(0));
    write_struct(at, &[0_u32, 1_000_000_000]).expect("memory");
    assert_eq!(guest.value("nanosleep", &[at, 0]), Err(Errno::EINVAL));
    // Timers go both ways.
    write_struct(at, &[0_u32, 0, 100, 5]).expect("memory");
    assert_eq!(guest.value("setitimer", &[1, at, 0]), Ok(0));
    assert_eq!(guest.value("getitimer", &[1, at + 64]), Ok(0));
    let timer: [u32; 4] = read_struct(at + 64).expect("memory");
    assert!((99..=101).contains(&timer[2]), "{timer:?}");
    write_struct(at, &[0_u32; 4]).expect("memory");
    assert_eq!(guest.value("setitimer", &[1, at, 0]), Ok(0));
}

#[test]
fn waiting_for_descriptors_leaves_the_time() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    write_struct(at, &[0_u32, 2_000_000]).expect("memory");
    assert_eq!(guest.value("ppoll", &[0, 0, at, 0, 8]), Ok(0));
    assert_eq!(read_struct::<[u32; 2]>(at), Ok([0, 0]));
    assert_eq!(guest.value("poll", &[0, 0, 1]), Ok(0));
    // A set of 32 descriptors takes four bytes; what is behind them stays.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let fd = reader.as_raw_fd() as u64;
    assert!(fd < 64);
    std::io::Write::write_all(&mut &writer, b"x").expect("written");
    let set = guest.buffer(4096);
    write_struct(set, &[1_u64 << fd, u64::MAX]).expect("memory");
    write_struct(at, &[0_u32, 0]).expect("memory");
    assert_eq!(guest.value("_newselect", &[fd + 1, set, 0, 0, at]), Ok(1));
    assert_eq!(read_struct::<[u64; 2]>(set), Ok([1 << fd, u64::MAX]));
    write_struct(set, &[0x1111_1111_u32, 0x2222_2222]).expect("memory");
    assert_eq!(guest.value("_newselect", &[0, set, 0, 0, at]), Ok(0));
    assert_eq!(read_struct::<[u32; 2]>(set), Ok([0x1111_1111, 0x2222_2222]));
}

#[test]
fn a_poll_that_a_signal_ends_goes_on_for_the_rest() {
    let mut guest = Guest::a32();
    assert_eq!(
        guest.interrupted("poll", &[0, 0, 60_000]),
        Outcome::Restart(armlet_syscall::Restart::Block)
    );
    assert!(matches!(
        guest.restart,
        Some(armlet_syscall::task::RestartBlock::Poll { .. })
    ));
}

#[test]
fn directories_have_small_positions() {
    let scratch = Scratch::new("cookies");
    for n in 0..200 {
        std::fs::write(scratch.0.join(format!("file-{n:03}")), "").expect("a file");
    }
    let mut guest = Guest::a32();
    let path = scratch.path(&mut guest, "");
    let fd = guest.value("open", &[path, 0o40000]).expect("a directory");
    let buffer = guest.buffer(64 << 10);
    let mut names = Vec::new();
    let mut cookies = Vec::new();
    loop {
        let length = guest.value("getdents64", &[fd, buffer, 1000]).expect("entries");
        if length == 0 {
            break;
        }
        let mut at = 0;
        while at < length {
            let position: u64 = read_struct(buffer + at + 8).expect("memory");
            let record: u16 = read_struct(buffer + at + 16).expect("memory");
            assert!(position < 1 << 31, "{position:#x} does not fit a 32-bit offset");
            let mut bytes = vec![0; usize::from(record) - 19];
            read_bytes(buffer + at + 19, &mut bytes).expect("memory");
            let name = bytes.split(|&byte| byte == 0).next().expect("a name").to_vec();
            names.push(String::from_utf8(name).expect("UTF-8"));
            cookies.push(position);
            at += u64::from(record);
        }
    }
    assert_eq!(names.len(), 202);
    // Every position leads back to the entry behind it, with both calls, and through a duplicate.
    let copy = guest.value("dup", &[fd]).expect("a copy");
    for index in [0, 57, 100, 200] {
        assert_eq!(guest.value("lseek", &[copy, cookies[index], 0]), Ok(cookies[index]));
        assert_eq!(
            guest.value("lseek", &[fd, 0, 1]),
            Ok(cookies[index]),
            "it tells the same"
        );
        let length = guest.value("getdents", &[fd, buffer, 4096]).expect("entries");
        assert!(length > 0);
        let [_, _]: [u32; 2] = read_struct(buffer).expect("memory");
        let record: u16 = read_struct(buffer + 8).expect("memory");
        let mut bytes = vec![0; usize::from(record) - 10];
        read_bytes(buffer + 10, &mut bytes).expect("memory");
        let name = bytes.split(|&byte| byte == 0).next().expect("a name").to_vec();
        assert_eq!(String::from_utf8(name).expect("UTF-8"), names[index + 1]);
        let kind = *bytes.last().expect("the type");
        assert!(kind == libc::DT_REG || kind == libc::DT_DIR);
    }
    for fd in [fd, copy] {
        assert_eq!(guest.value("close", &[fd]), Ok(0));
    }
}

#[test]
fn messages_with_descriptors() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    assert_eq!(guest.value("socketpair", &[1, 2, 0, at]), Ok(0));
    let [a, b]: [u32; 2] = read_struct(at).expect("memory");
    let (vector, control, message) = (at + 0x100, at + 0x200, at + 0x300);
    write_bytes(at + 0x400, b"hello").expect("memory");
    write_struct(vector, &[(at + 0x400) as u32, 5]).expect("memory");
    // cmsg_len 20: a header of 12 bytes and two descriptors.
    write_struct(control, &[20_u32, 1, 1, a, b]).expect("memory");
    let header = |control_length: u32| [0_u32, 0, vector as u32, 1, control as u32, control_length, 0];
    write_struct(message, &header(20)).expect("memory");
    assert_eq!(guest.value("sendmsg", &[a.into(), message, 0]), Ok(5));
    write_struct(control, &[0_u32; 5]).expect("memory");
    // Room for one of the two.
    write_struct(message, &header(16)).expect("memory");
    assert_eq!(guest.value("recvmsg", &[b.into(), message, 0]), Ok(5));
    let received: [u32; 7] = read_struct(message).expect("memory");
    assert_eq!(received[5], 16);
    assert_ne!(received[6] & libc::MSG_CTRUNC as u32, 0);
    let [length, level, kind, first, second]: [u32; 5] = read_struct(control).expect("memory");
    assert_eq!((length, level, kind, second), (16, 1, 1, 0));
    assert_eq!(guest.value("close", &[first.into()]), Ok(0));
    assert_eq!(
        guest.value("close", &[u64::from(first) + 1]),
        Err(Errno::EBADF),
        "the other was closed"
    );
    // Several at once.
    write_struct(message, &[[0_u32, 0, vector as u32, 1, 0, 0, 0, 0]; 2]).expect("memory");
    assert_eq!(guest.value("sendmmsg", &[a.into(), message, 2, 0]), Ok(2));
    assert_eq!(read_struct::<u32>(message + 28), Ok(5));
    assert_eq!(guest.value("recvmmsg_time64", &[b.into(), message, 2, 0x40, 0]), Ok(2));
    // A timeout of microseconds.
    write_struct(control, &[1_u32, 500_000, 8]).expect("memory");
    assert_eq!(guest.value("setsockopt", &[b.into(), 1, 20, control, 8]), Ok(0));
    assert_eq!(
        guest.value("getsockopt", &[b.into(), 1, 20, control + 32, control + 8]),
        Ok(0)
    );
    assert_eq!(read_struct::<[u32; 2]>(control + 32), Ok([1, 500_000]));
}

#[test]
fn structures_of_the_process() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    assert_eq!(guest.value("uname", &[at]), Ok(0));
    let machine: [u8; 65] = read_struct(at + 4 * 65).expect("memory");
    assert!(machine.starts_with(b"armv7l\0"));
    assert_eq!(guest.value("sysinfo", &[at]), Ok(0));
    let unit: u32 = read_struct(at + 52).expect("memory");
    assert!(unit >= 1);
    assert_eq!(guest.value("ugetrlimit", &[7, at]), Ok(0));
    let [soft, hard]: [u32; 2] = read_struct(at).expect("memory");
    assert!(soft <= hard && soft > 0);
    assert_eq!(guest.value("setrlimit", &[7, at]), Ok(0));
    assert_eq!(guest.value("getrusage", &[0, at]), Ok(0));
    let usage: [u32; 18] = read_struct(at).expect("memory");
    assert!(usage[4] > 0, "resident pages");
    write_struct(at, &[0_u32; 4]).expect("memory");
    let stored = guest.value("sched_getaffinity", &[0, 4096, at]).expect("a set");
    assert!(stored >= 4 && read_struct::<u64>(at).expect("memory") != 0);
    assert_eq!(guest.value("sched_getaffinity", &[0, 6, at]), Err(Errno::EINVAL));
    // The robust list is the task's.
    assert_eq!(guest.value("set_robust_list", &[0x5000, 24]), Err(Errno::EINVAL));
    assert_eq!(guest.value("set_robust_list", &[0x5000, 12]), Ok(0));
    assert_eq!(guest.value("get_robust_list", &[0, at, at + 4]), Ok(0));
    assert_eq!(read_struct::<[u32; 2]>(at), Ok([0x5000, 12]));
    assert_eq!(guest.value("statfs64", &[0, 80, at]), Err(Errno::EFAULT));
    let path = string(&mut guest, "/");
    assert_eq!(guest.value("statfs64", &[path, 80, at]), Err(Errno::EINVAL));
    for size in [84, 88] {
        assert_eq!(guest.value("statfs64", &[path, size, at]), Ok(0));
    }
}

#[test]
fn locks_of_both_widths() {
    let scratch = Scratch::new("locks");
    let mut guest = Guest::a32();
    let path = scratch.path(&mut guest, "file");
    let fd = guest.value("open", &[path, 0o102, 0o600]).expect("opened");
    let at = guest.buffer(4096);
    // struct flock: F_WRLCK from 10 on, 5 bytes.
    write_struct(at, &[1_u32, 10, 5, 0]).expect("memory");
    assert_eq!(guest.value("fcntl64", &[fd, 6, at]), Ok(0));
    // struct flock64, whose offsets are aligned to 8.
    write_struct(at, &[[1_u64, 1 << 33, 7, 0]]).expect("memory");
    assert_eq!(guest.value("fcntl64", &[fd, 13, at]), Ok(0));
    assert_eq!(guest.value("fcntl64", &[fd, 12, at]), Ok(0));
    assert_eq!(read_struct::<u16>(at), Ok(2), "no other process's lock");
    // Those belong to fcntl64 only.
    assert_eq!(guest.value("fcntl", &[fd, 13, at]), Err(Errno::EINVAL));
    assert_eq!(guest.value("fcntl", &[fd, 3]).map(|flags| flags & 3), Ok(2), "F_GETFL");
}

#[test]
fn signals_of_both_ages() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    write_struct(at, &[0x1_0001_u32, 0x1400_0004, 0x2_0000, 0x55, 1]).expect("memory");
    assert_eq!(guest.value("rt_sigaction", &[10, at, 0, 8]), Ok(0));
    let action = guest.actions[10];
    assert_eq!(
        (action.handler, action.flags, action.restorer, action.mask),
        (0x1_0001, 0x1400_0004, 0x2_0000, 0x1_0000_0055)
    );
    // The old call shows 32 of them.
    assert_eq!(guest.value("sigaction", &[10, 0, at]), Ok(0));
    assert_eq!(read_struct::<[u32; 4]>(at), Ok([0x1_0001, 0x55, 0x1400_0004, 0x2_0000]));
    guest.mask = 0xf_0000_0001;
    write_struct(at, &0x30_u32).expect("memory");
    assert_eq!(guest.value("sigprocmask", &[2, at, at + 8]), Ok(0));
    assert_eq!((guest.mask, read_struct::<u32>(at + 8)), (0xf_0000_0030, Ok(1)));
    // A stack of 2 KiB is enough.
    write_struct(at, &[0x3_0000_u32, 0, 2048]).expect("memory");
    assert_eq!(guest.value("sigaltstack", &[at, 0]), Ok(0));
    assert_eq!((guest.stack.base, guest.stack.size), (0x3_0000, 2048));
    assert_eq!(guest.value("sigaltstack", &[0, at + 16]), Ok(0));
    assert_eq!(read_struct::<[u32; 3]>(at + 16), Ok([0x3_0000, 0, 2048]));
    guest.call("sigreturn", &[]);
    assert_eq!(guest.state.pc, 0x2000, "the old frame");
}

#[test]
fn strings_are_found_through_narrow_pointers() {
    let mut guest = Guest::a32();
    let (path, word) = (string(&mut guest, "/bin/true"), string(&mut guest, "word"));
    let vector = guest.buffer(4096);
    write_struct(vector, &[path as u32, word as u32, 0, word as u32, 0]).expect("memory");
    assert_eq!(guest.call("execve", &[path, vector, vector + 12]), Outcome::Resume);
    let exec = guest.executed.pop().expect("executed");
    assert_eq!(exec.arguments, [c"/bin/true".into(), CString::from(c"word")]);
    assert_eq!(exec.environment, [CString::from(c"word")]);
}

#[test]
fn processes_are_started_by_the_old_calls() {
    let mut guest = Guest::a32();
    assert_eq!(guest.value("fork", &[]), Ok(4242));
    assert_eq!(guest.value("vfork", &[]), Ok(4242));
    let flags: Vec<u64> = guest.cloned.iter().map(|args| args.flags).collect();
    assert_eq!(flags, [0, (libc::CLONE_VM | libc::CLONE_VFORK) as u64]);
    assert!(guest.cloned.iter().all(|args| args.exit_signal == 17));
}

#[test]
fn message_queues_and_segments() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    let queue = guest.value("msgget", &[0, 0o1600]).expect("a queue");
    write_struct(at, &[7_i32, 0x6c6c_6568, 0x6f]).expect("memory");
    assert_eq!(guest.value("msgsnd", &[queue, at, 5, 0]), Ok(0));
    assert_eq!(guest.value("msgctl", &[queue, 0x102, at + 256]), Ok(0));
    assert_eq!(read_struct::<u32>(at + 256 + 64), Ok(1), "one message");
    assert_eq!(
        guest.value("msgrcv", &[queue, at + 512, 64, u64::from(-9_i32 as u32), 0]),
        Ok(5)
    );
    assert_eq!(read_struct::<i32>(at + 512), Ok(7));
    assert_eq!(read_struct::<[u8; 5]>(at + 516), Ok(*b"hello"));
    assert_eq!(guest.value("msgctl", &[queue, 0, 0]), Ok(0));
    let segment = guest.value("shmget", &[0, 10_000, 0o1600]).expect("a segment");
    let address = guest.value("shmat", &[segment, 0, 0]).expect("attached");
    assert!(address < 1 << 32);
    assert_eq!(guest.value("shmctl", &[segment, 2, at]), Ok(0));
    assert_eq!(
        (read_struct::<u32>(at + 36), read_struct::<u32>(at + 72)),
        (Ok(10_000), Ok(1))
    );
    assert_eq!(
        guest.value("shmat", &[segment, address + 4096, 0]),
        Err(Errno::EINVAL),
        "SHMLBA is 16 KiB"
    );
    assert_eq!(guest.value("shmdt", &[address]), Ok(0));
    assert_eq!(guest.value("shmctl", &[segment, 0, 0]), Ok(0));
}

#[test]
fn requests_to_devices_are_known_or_refused() {
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut &writer, b"abc").expect("written");
    assert_eq!(guest.value("ioctl", &[reader.as_raw_fd() as u64, 0x541b, at]), Ok(0));
    assert_eq!(read_struct::<u32>(at), Ok(3), "FIONREAD");
    assert_eq!(
        guest.value("ioctl", &[reader.as_raw_fd() as u64, 0x2285, at]),
        Err(Errno::ENOTTY),
        "SG_IO"
    );
    let socket = guest.value("socket", &[2, 2, 0]).expect("a socket");
    write_struct(at, &[*b"lo\0\0\0\0\0\0", [0; 8], [0; 8], [0; 8]]).expect("memory");
    assert_eq!(guest.value("ioctl", &[socket, 0x8933, at]), Ok(0), "SIOCGIFINDEX");
    assert_eq!(read_struct::<u32>(at + 16), Ok(1));
}

#[test]
fn asynchronous_io_has_contexts_in_the_guests_memory() {
    let scratch = Scratch::new("aio");
    std::fs::write(scratch.0.join("file"), "contents").expect("a file");
    let mut guest = Guest::a32();
    let at = guest.buffer(4096);
    match guest.value("io_setup", &[8, at]) {
        Err(Errno::ENOSYS) => return,
        result => assert_eq!(result, Ok(0)),
    }
    let context: u32 = read_struct(at).expect("memory");
    let path = scratch.path(&mut guest, "file");
    let fd = guest.value("open", &[path, 0]).expect("opened");
    // struct iocb: data, key, flags, opcode (0: read), priority, descriptor, buffer, length, offset.
    let request = at + 256;
    write_struct(request, &[0x77_u64, 0, fd << 32, at + 1024, 8, 0, 0, 0]).expect("memory");
    write_struct(at + 128, &(request as u32)).expect("memory");
    assert_eq!(guest.value("io_submit", &[context.into(), 1, at + 128]), Ok(1));
    assert_eq!(guest.value("io_getevents", &[context.into(), 1, 1, at + 512, 0]), Ok(1));
    assert_eq!(read_struct::<[u64; 3]>(at + 512), Ok([0x77, request, 8]));
    assert_eq!(read_struct::<[u8; 8]>(at + 1024), Ok(*b"contents"));
    assert_eq!(guest.value("io_destroy", &[context.into()]), Ok(0));
}

#[test]
fn the_trace_shows_narrow_structures() {
    let (traced, mut trace) = Guest::traced();
    let mut guest = Guest::a32();
    guest.strace = traced.strace;
    let at = guest.buffer(4096);
    write_struct(at, &[0_u32, 1000]).expect("memory");
    assert_eq!(guest.value("nanosleep", &[at, 0]), Ok(0));
    assert_eq!(trace.line(), "nanosleep({tv_sec=0, tv_nsec=1000}, NULL) = 0");
    assert_eq!(guest.value("set_tls", &[0x1000]), Ok(0));
    assert_eq!(trace.line(), "set_tls(0x1000)                         = 0");
    assert_eq!(guest.value("pread64", &[999, 0, 3, 0xdead, 5, 1]), Err(Errno::EBADF));
    assert_eq!(
        trace.line(),
        "pread64(999, NULL, 3, 4294967301)       = -1 EBADF (Bad file descriptor)"
    );
}
