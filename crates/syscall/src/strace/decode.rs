//! Structures in guest memory, abbreviated as strace abbreviates them. Each function reads the structure at the address first
//! and then writes its text, so that a bad address leaves no half of it behind.

use armlet_cpu::Fault;
use armlet_memory::{read_bytes, read_struct};

use super::arguments::{clone_flags, quote};
use super::{Line, names, socket};
use crate::abi::a64;

/// What a decoder answers.
pub(super) type Done = Result<(), Fault>;

/// Elements of an array that are shown.
const ARRAY_LIMIT: u64 = 32;

/// Prints `count` elements of `size` bytes as `[a, b, ...]`.
fn array(
    line: &mut Line<'_>,
    address: u64,
    count: u64,
    size: u64,
    element: impl Fn(&mut Line<'_>, u64) -> Done,
) -> Done {
    line.put("[");
    for index in 0..count.min(ARRAY_LIMIT) {
        if index > 0 {
            line.put(", ");
        }
        element(line, address.wrapping_add(index * size))?;
    }
    line.put(if count > ARRAY_LIMIT { ", ...]" } else { "]" });
    Ok(())
}

/// `[7]`: one int.
pub fn int(line: &mut Line<'_>, address: u64) -> Done {
    boxed_int(line, address)
}

/// `[7]`: one int that the call reads and stores.
pub fn boxed_int(line: &mut Line<'_>, address: u64) -> Done {
    let value: i32 = read_struct(address)?;
    line.put(format!("[{value}]"));
    Ok(())
}

/// `[4096]`: a file offset.
pub fn offset(line: &mut Line<'_>, address: u64) -> Done {
    let value: i64 = read_struct(address)?;
    line.put(format!("[{value}]"));
    Ok(())
}

/// `[3, 4]`: the ends of a pipe or a socket pair.
pub fn fd_pair(line: &mut Line<'_>, address: u64) -> Done {
    let [first, second]: [i32; 2] = read_struct(address)?;
    line.put(format!("[{first}, {second}]"));
    Ok(())
}

pub(super) fn seconds([seconds, nanoseconds]: [i64; 2]) -> String {
    format!("{{tv_sec={seconds}, tv_nsec={nanoseconds}}}")
}

pub(super) fn microseconds([seconds, microseconds]: [i64; 2]) -> String {
    format!("{{tv_sec={seconds}, tv_usec={microseconds}}}")
}

/// struct timespec.
pub fn timespec(line: &mut Line<'_>, address: u64) -> Done {
    line.put(seconds(read_struct(address)?));
    Ok(())
}

/// struct timeval.
pub fn timeval(line: &mut Line<'_>, address: u64) -> Done {
    line.put(microseconds(read_struct(address)?));
    Ok(())
}

/// struct itimerspec.
pub fn itimerspec(line: &mut Line<'_>, address: u64) -> Done {
    let [interval, value]: [[i64; 2]; 2] = read_struct(address)?;
    line.put(format!(
        "{{it_interval={}, it_value={}}}",
        seconds(interval),
        seconds(value)
    ));
    Ok(())
}

/// struct itimerval.
pub fn itimerval(line: &mut Line<'_>, address: u64) -> Done {
    let [interval, value]: [[i64; 2]; 2] = read_struct(address)?;
    line.put(format!(
        "{{it_interval={}, it_value={}}}",
        microseconds(interval),
        microseconds(value)
    ));
    Ok(())
}

/// The times of utimensat.
pub fn utimes(line: &mut Line<'_>, address: u64) -> Done {
    let times: [[i64; 2]; 2] = read_struct(address)?;
    let texts = times.map(|time| match time[1] {
        libc::UTIME_NOW => "UTIME_NOW".to_owned(),
        libc::UTIME_OMIT => "UTIME_OMIT".to_owned(),
        _ => seconds(time),
    });
    line.put(format!("[{}]", texts.join(", ")));
    Ok(())
}

/// struct stat of arm64.
pub fn stat(line: &mut Line<'_>, address: u64) -> Done {
    let stat: a64::Stat = read_struct(address)?;
    let mode = names::file_mode(stat.st_mode);
    let size = match stat.st_mode & libc::S_IFMT {
        libc::S_IFCHR | libc::S_IFBLK => {
            format!(
                "st_rdev=makedev({:#x}, {:#x})",
                libc::major(stat.st_rdev),
                libc::minor(stat.st_rdev)
            )
        }
        _ => format!("st_size={}", stat.st_size),
    };
    line.put(format!("{{st_mode={mode}, {size}, ...}}"));
    Ok(())
}

/// struct statx.
pub fn statx(line: &mut Line<'_>, address: u64) -> Done {
    let words: [u32; 12] = read_struct(address)?;
    let (mask, mode) = (names::STATX.flags(words[0].into()), names::file_mode(words[7] & 0xffff));
    let size = u64::from(words[10]) | u64::from(words[11]) << 32;
    let attributes = u64::from(words[2]) | u64::from(words[3]) << 32;
    let attributes = if attributes == 0 {
        "0".to_owned()
    } else {
        format!("{attributes:#x}")
    };
    line.put(format!(
        "{{stx_mask={mask}, stx_attributes={attributes}, stx_mode={mode}, stx_size={size}, ...}}"
    ));
    Ok(())
}

/// struct statfs.
pub fn statfs(line: &mut Line<'_>, address: u64) -> Done {
    let words: [u64; 15] = read_struct(address)?;
    let (first, second) = (words[7] as u32, (words[7] >> 32) as u32);
    line.put(format!(
        "{{f_type={:#x}, f_bsize={}, f_blocks={}, f_bfree={}, f_bavail={}, f_files={}, f_ffree={}, \
         f_fsid={{val=[{first:#x}, {second:#x}]}}, f_namelen={}, f_frsize={}, f_flags={:#x}}}",
        words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[8], words[9], words[10],
    ));
    Ok(())
}

/// `0x5581… /* 12 entries */`.
pub fn dirents(line: &mut Line<'_>, address: u64) -> Done {
    let length = line.result().unwrap_or(0);
    let (mut at, mut count) = (0, 0);
    while at < length {
        // d_reclen stands behind d_ino and d_off.
        let record: u16 = read_struct(address.wrapping_add(at + 16))?;
        at += u64::from(record.max(1));
        count += 1;
    }
    line.put(format!("{address:#x} /* {count} entries */"));
    Ok(())
}

/// What the call writes out of an array of `struct iovec`.
pub fn iovecs_in(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.arg(2);
    iovecs(line, address, count, u64::MAX)
}

/// What the call has stored through an array of `struct iovec`.
pub fn iovecs_out(line: &mut Line<'_>, address: u64) -> Done {
    let (count, stored) = (line.arg(2), line.result().unwrap_or(0));
    iovecs(line, address, count, stored)
}

fn iovecs(line: &mut Line<'_>, address: u64, count: u64, valid: u64) -> Done {
    let left = std::cell::Cell::new(valid);
    let word = line.abi().word();
    array(line, address, count, 2 * word, |line, address| {
        let [base, length] = line.words(address)?;
        line.put("{iov_base=");
        line.put_bytes(base, length.min(left.get()), quote);
        left.set(left.get().saturating_sub(length));
        line.put(format!(", iov_len={length}}}"));
        Ok(())
    })
}

/// struct pollfd, as many as the second argument says; only what is asked for.
pub fn pollfds(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.arg(1);
    array(line, address, count, 8, |line, address| {
        let (fd, [events, _]) = pollfd(address)?;
        line.put(match events {
            _ if fd < 0 => format!("{{fd={fd}}}"),
            0 => format!("{{fd={fd}, events=0}}"),
            _ => format!("{{fd={fd}, events={}}}", names::POLL.flags(events.into())),
        });
        Ok(())
    })
}

/// The descriptors that a `ppoll` found ready, and the time that was left: `[{fd=0, revents=POLLIN}], left {…}`.
pub(super) fn ready(address: u64, count: u64, timeout: u64) -> Option<String> {
    let mut ready = Vec::new();
    for index in 0..count.min(ARRAY_LIMIT) {
        let (fd, [_, events]) = pollfd(address.wrapping_add(8 * index)).ok()?;
        if events != 0 {
            ready.push(format!("{{fd={fd}, revents={}}}", names::POLL.flags(events.into())));
        }
    }
    let left = match timeout {
        0 => String::new(),
        _ => format!(", left {}", seconds(read_struct(timeout).ok()?)),
    };
    Some(format!("[{}]{left}", ready.join(", ")))
}

fn pollfd(address: u64) -> Result<(i32, [u16; 2]), Fault> {
    Ok((read_struct(address)?, read_struct(address.wrapping_add(4))?))
}

/// fd_set, as many descriptors as the first argument says.
pub fn fd_set(line: &mut Line<'_>, address: u64) -> Done {
    let mut members = Vec::new();
    let count = line.arg(0).min(1024);
    for word in 0..count.div_ceil(32) {
        let bits: u32 = read_struct(address.wrapping_add(4 * word))?;
        members.extend(
            (0..32)
                .map(|bit| word * 32 + bit)
                .filter(|fd| *fd < count && bits >> (fd % 32) & 1 != 0),
        );
    }
    let members: Vec<String> = members.iter().map(u64::to_string).collect();
    line.put(format!("[{}]", members.join(" ")));
    Ok(())
}

/// struct epoll_event of arm64.
pub fn epoll_event(line: &mut Line<'_>, address: u64) -> Done {
    let event: a64::EpollEvent = read_struct(address)?;
    let (low, data) = (event.data as u32, event.data);
    let events = names::EPOLL.flags(event.events.into());
    line.put(format!("{{events={events}, data={{u32={low}, u64={data}}}}}"));
    Ok(())
}

/// As many of them as the call answered.
pub fn epoll_events(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.result().unwrap_or(0);
    array(line, address, count, size_of::<a64::EpollEvent>() as u64, epoll_event)
}

/// sigset_t.
pub fn sigset(line: &mut Line<'_>, address: u64) -> Done {
    line.put(names::signal_set(read_struct(address)?));
    Ok(())
}

/// The last argument of pselect6: address and size of a set.
pub fn sigset_pair(line: &mut Line<'_>, address: u64) -> Done {
    let [set, size] = line.words(address)?;
    line.put("{sigmask=");
    line.put_struct(sigset, set);
    line.put(format!(", sigsetsize={size}}}"));
    Ok(())
}

/// struct sigaction of arm64.
pub fn sigaction(line: &mut Line<'_>, address: u64) -> Done {
    let action: a64::KernelSigAction = read_struct(address)?;
    let field = if action.flags & libc::SA_SIGINFO as u64 != 0 {
        "sa_sigaction"
    } else {
        "sa_handler"
    };
    let handler = match action.handler {
        0 => "SIG_DFL".to_owned(),
        1 => "SIG_IGN".to_owned(),
        handler => format!("{handler:#x}"),
    };
    let (mask, flags) = (names::signal_set(action.mask), names::SA.flags(action.flags));
    line.put(format!("{{{field}={handler}, sa_mask={mask}, sa_flags={flags}"));
    if action.flags & 0x0400_0000 != 0 {
        line.put(format!(", sa_restorer={:#x}", action.restorer));
    }
    line.put("}");
    Ok(())
}

/// stack_t.
pub fn stack(line: &mut Line<'_>, address: u64) -> Done {
    let stack: a64::StackT = read_struct(address)?;
    line.put("{ss_sp=");
    line.put_pointer(stack.ss_sp);
    line.put(format!(
        ", ss_flags={}, ss_size={}}}",
        names::SS.flags(stack.ss_flags as u32 as u64),
        stack.ss_size
    ));
    Ok(())
}

/// siginfo_t: the fields that depend on the signal are shown for SIGCHLD and for signals that a process sent.
pub fn siginfo(line: &mut Line<'_>, address: u64) -> Done {
    let [signo, errno, code, _, pid, uid, status, _]: [i32; 8] = read_struct(address)?;
    put_siginfo(line, [signo, errno, code], [pid, uid, status]);
    Ok(())
}

/// Head and first fields of a siginfo.
pub(super) fn put_siginfo(line: &mut Line<'_>, [signo, errno, code]: [i32; 3], [pid, uid, status]: [i32; 3]) {
    if signo == 0 {
        line.put("{}");
        return;
    }
    let name = names::signal(signo as u64);
    let child = [
        "CLD_EXITED",
        "CLD_KILLED",
        "CLD_DUMPED",
        "CLD_TRAPPED",
        "CLD_STOPPED",
        "CLD_CONTINUED",
    ];
    let code_name = match (signo, code) {
        (libc::SIGCHLD, 1..=6) => child[code as usize - 1].to_owned(),
        (_, libc::SI_USER) => "SI_USER".to_owned(),
        (_, libc::SI_KERNEL) => "SI_KERNEL".to_owned(),
        (_, libc::SI_QUEUE) => "SI_QUEUE".to_owned(),
        (_, libc::SI_TKILL) => "SI_TKILL".to_owned(),
        (_, code) => code.to_string(),
    };
    line.put(format!("{{si_signo={name}, si_code={code_name}"));
    if errno != 0 {
        line.put(format!(", si_errno={errno}"));
    }
    if signo == libc::SIGCHLD || matches!(code, libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL) {
        line.put(format!(", si_pid={pid}, si_uid={uid}"));
    }
    if signo == libc::SIGCHLD {
        line.put(format!(", si_status={status}"));
    }
    line.put("}");
}

/// struct sigevent.
pub fn sigevent(line: &mut Line<'_>, address: u64) -> Done {
    let value: u64 = read_struct(address)?;
    let rest: [i32; 3] = read_struct(address.wrapping_add(8))?;
    put_sigevent(line, value, rest);
    Ok(())
}

/// The parts of a sigevent.
pub(super) fn put_sigevent(line: &mut Line<'_>, value: u64, [signo, notify, thread]: [i32; 3]) {
    let (low, name) = (value as u32, names::signal(signo as u64));
    let how = match notify {
        libc::SIGEV_SIGNAL => "SIGEV_SIGNAL".to_owned(),
        libc::SIGEV_NONE => "SIGEV_NONE".to_owned(),
        libc::SIGEV_THREAD => "SIGEV_THREAD".to_owned(),
        libc::SIGEV_THREAD_ID => format!("SIGEV_THREAD_ID, sigev_notify_thread_id={thread}"),
        other => other.to_string(),
    };
    line.put(format!(
        "{{sigev_value={{sival_int={low}, sival_ptr={value:#x}}}, sigev_signo={name}, sigev_notify={how}}}"
    ));
}

/// The status that wait4 stores.
pub fn wait_status(line: &mut Line<'_>, address: u64) -> Done {
    let status: i32 = read_struct(address)?;
    let signal = |number: i32| names::signal(number as u64);
    let text = if libc::WIFEXITED(status) {
        format!("WIFEXITED(s) && WEXITSTATUS(s) == {}", libc::WEXITSTATUS(status))
    } else if libc::WIFSTOPPED(status) {
        format!("WIFSTOPPED(s) && WSTOPSIG(s) == {}", signal(libc::WSTOPSIG(status)))
    } else if libc::WIFCONTINUED(status) {
        "WIFCONTINUED(s)".to_owned()
    } else {
        let core = if libc::WCOREDUMP(status) {
            " && WCOREDUMP(s)"
        } else {
            ""
        };
        format!(
            "WIFSIGNALED(s) && WTERMSIG(s) == {}{core}",
            signal(libc::WTERMSIG(status))
        )
    };
    // A call that found nothing to report stores nothing.
    line.put(if line.result() == Some(0) {
        format!("{address:#x}")
    } else {
        format!("[{{{text}}}]")
    });
    Ok(())
}

/// struct rlimit.
pub fn rlimit(line: &mut Line<'_>, address: u64) -> Done {
    let limits: [u64; 2] = read_struct(address)?;
    let [soft, hard] = limits.map(|limit| match limit {
        libc::RLIM_INFINITY => "RLIM64_INFINITY".to_owned(),
        _ if limit > 1024 && limit % 1024 == 0 => format!("{}*1024", limit / 1024),
        _ => limit.to_string(),
    });
    line.put(format!("{{rlim_cur={soft}, rlim_max={hard}}}"));
    Ok(())
}

/// struct rusage: the times.
pub fn rusage(line: &mut Line<'_>, address: u64) -> Done {
    let [user, system]: [[i64; 2]; 2] = read_struct(address)?;
    line.put(format!(
        "{{ru_utime={}, ru_stime={}, ...}}",
        microseconds(user),
        microseconds(system)
    ));
    Ok(())
}

/// struct tms.
pub fn tms(line: &mut Line<'_>, address: u64) -> Done {
    let [user, system, child_user, child_system]: [u64; 4] = read_struct(address)?;
    line.put(format!(
        "{{tms_utime={user}, tms_stime={system}, tms_cutime={child_user}, tms_cstime={child_system}}}"
    ));
    Ok(())
}

/// struct utsname: the first two fields.
pub fn utsname(line: &mut Line<'_>, address: u64) -> Done {
    let fields: [[u8; 65]; 2] = read_struct(address)?;
    let [system, node] = fields.map(|field| quote(field.split(|&byte| byte == 0).next().unwrap_or_default()));
    line.put(format!("{{sysname={system}, nodename={node}, ...}}"));
    Ok(())
}

/// struct sysinfo.
pub fn sysinfo(line: &mut Line<'_>, address: u64) -> Done {
    let w: [u64; 14] = read_struct(address)?;
    line.put(format!(
        "{{uptime={}, loads=[{}, {}, {}], totalram={}, freeram={}, sharedram={}, bufferram={}, totalswap={}, freeswap={}, \
         procs={}, totalhigh={}, freehigh={}, mem_unit={}}}",
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10] as u16, w[11], w[12], w[13] as u32,
    ));
    Ok(())
}

/// Group ids that the call stores.
pub fn groups_out(line: &mut Line<'_>, address: u64) -> Done {
    // A size of 0 asks for the number only.
    let count = if line.arg(0) == 0 {
        0
    } else {
        line.result().unwrap_or(0)
    };
    groups(line, address, count)
}

/// Group ids that the call reads.
pub fn groups_in(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.arg(0);
    groups(line, address, count)
}

fn groups(line: &mut Line<'_>, address: u64, count: u64) -> Done {
    array(line, address, count, 4, |line, address| {
        line.put(read_struct::<u32>(address)?.to_string());
        Ok(())
    })
}

/// struct flock, as it is set.
pub fn flock(line: &mut Line<'_>, address: u64) -> Done {
    line.put(lock(address)? + "}");
    Ok(())
}

/// struct flock, as it was asked for.
pub fn flock_with_owner(line: &mut Line<'_>, address: u64) -> Done {
    let owner: i32 = read_struct(address.wrapping_add(24))?;
    line.put(format!("{}, l_pid={owner}}}", lock(address)?));
    Ok(())
}

fn lock(address: u64) -> Result<String, Fault> {
    let [kind, whence]: [i16; 2] = read_struct(address)?;
    let [start, length]: [i64; 2] = read_struct(address.wrapping_add(8))?;
    let (kind, whence) = (names::FLOCK.value(kind as u64), names::SEEK.value(whence as u64));
    Ok(format!(
        "{{l_type={kind}, l_whence={whence}, l_start={start}, l_len={length}"
    ))
}

/// struct winsize.
pub fn winsize(line: &mut Line<'_>, address: u64) -> Done {
    let [rows, columns, x, y]: [u16; 4] = read_struct(address)?;
    line.put(format!(
        "{{ws_row={rows}, ws_col={columns}, ws_xpixel={x}, ws_ypixel={y}}}"
    ));
    Ok(())
}

/// Speeds by the low bits of `c_cflag`.
const SPEEDS: [&str; 16] = [
    "B0", "B50", "B75", "B110", "B134", "B150", "B200", "B300", "B600", "B1200", "B1800", "B2400", "B4800", "B9600",
    "B19200", "B38400",
];

/// struct termios: the speed and the flags that matter most; a `-` stands before those that are not set.
pub fn termios(line: &mut Line<'_>, address: u64) -> Done {
    let [_, output, control, local]: [u32; 4] = read_struct(address)?;
    let speed = if control & libc::CBAUDEX != 0 {
        format!("B{:#o}", control & libc::CBAUD)
    } else {
        SPEEDS[(control & 15) as usize].to_owned()
    };
    let flag = |set: bool, name: &str| format!(" {}{name}", if set { "" } else { "-" });
    let local_flag = |bit: u32, name: &str| flag(local & bit != 0, name);
    line.put(format!(
        "{{{speed}{}{}{}{} ...}}",
        flag(output & libc::OPOST != 0, "opost"),
        local_flag(libc::ISIG, "isig"),
        local_flag(libc::ICANON, "icanon"),
        local_flag(libc::ECHO, "echo"),
    ));
    Ok(())
}

/// struct clone_args.
pub fn clone_args(line: &mut Line<'_>, address: u64) -> Done {
    let [flags, _, child_tid, parent_tid, exit_signal, stack, size, tls]: [u64; 8] = read_struct(address)?;
    let has = |flag: i32| flags & flag as u64 != 0;
    let mut text = format!("{{flags={}", clone_flags(flags));
    if has(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID) {
        text += &format!(", child_tid={child_tid:#x}");
    }
    if has(libc::CLONE_PARENT_SETTID) {
        text += &format!(", parent_tid={parent_tid:#x}");
    }
    let signal = if exit_signal == 0 {
        "0".to_owned()
    } else {
        names::signal(exit_signal)
    };
    let stack = if stack == 0 {
        "NULL".to_owned()
    } else {
        format!("{stack:#x}")
    };
    text += &format!(", exit_signal={signal}, stack={stack}, stack_size={size:#x}");
    if has(libc::CLONE_SETTLS) {
        text += &format!(", tls={tls:#x}");
    }
    line.put(text + "}");
    Ok(())
}

/// struct open_how.
pub fn open_how(line: &mut Line<'_>, address: u64) -> Done {
    let [flags, mode, resolve]: [u64; 3] = read_struct(address)?;
    line.put(format!("{{flags={}", names::open_flags(flags as u32)));
    if mode != 0 {
        line.put(format!(", mode={}", names::octal(mode)));
    }
    line.put(format!(", resolve={}}}", names::RESOLVE.flags(resolve)));
    Ok(())
}

/// An array of struct sembuf.
pub fn sembufs(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.arg(2);
    array(line, address, count, 6, |line, address| {
        let [number, operation, flags]: [i16; 3] = read_struct(address)?;
        let flags = match flags as u16 {
            0 => "0".to_owned(),
            0x800 => "IPC_NOWAIT".to_owned(),
            0x1000 => "SEM_UNDO".to_owned(),
            0x1800 => "SEM_UNDO|IPC_NOWAIT".to_owned(),
            other => format!("{other:#x}"),
        };
        line.put(format!(
            "{{sem_num={}, sem_op={operation}, sem_flg={flags}}}",
            number as u16
        ));
        Ok(())
    })
}

/// The longest socket address (`struct sockaddr_storage`).
const LONGEST_ADDRESS: u64 = 128;

fn sockaddr(line: &mut Line<'_>, address: u64, length: u64) -> Done {
    let mut bytes = vec![0; length.min(LONGEST_ADDRESS) as usize];
    read_bytes(address, &mut bytes)?;
    line.put(socket::address(&bytes));
    Ok(())
}

/// `connect`, `bind`: the length is the third argument.
pub fn sockaddr_in(line: &mut Line<'_>, address: u64) -> Done {
    let length = line.arg(2);
    sockaddr(line, address, length)
}

/// `sendto`: the length is the sixth argument.
pub fn sockaddr_sendto(line: &mut Line<'_>, address: u64) -> Done {
    let length = line.arg(5);
    sockaddr(line, address, length)
}

/// `accept`: the third argument points to the length.
pub fn sockaddr_out(line: &mut Line<'_>, address: u64) -> Done {
    let length: u32 = read_struct(line.arg(2))?;
    sockaddr(line, address, length.into())
}

/// `recvfrom`: the sixth argument points to the length.
pub fn sockaddr_recvfrom(line: &mut Line<'_>, address: u64) -> Done {
    let length: u32 = read_struct(line.arg(5))?;
    sockaddr(line, address, length.into())
}

/// The value of a socket option that is set.
pub fn sockopt_in(line: &mut Line<'_>, address: u64) -> Done {
    let length = line.arg(4);
    sockopt(line, address, length)
}

/// The value of a socket option that was asked for.
pub fn sockopt_out(line: &mut Line<'_>, address: u64) -> Done {
    let length: u32 = read_struct(line.arg(4))?;
    sockopt(line, address, length.into())
}

fn sockopt(line: &mut Line<'_>, address: u64, length: u64) -> Done {
    if length == 4 {
        return boxed_int(line, address);
    }
    line.put_bytes(address, length, quote);
    Ok(())
}

/// struct msghdr: what is sent, or what was received.
pub fn msghdr(line: &mut Line<'_>, address: u64) -> Done {
    let valid = line.result().unwrap_or(u64::MAX);
    message(line, address, valid)
}

fn message(line: &mut Line<'_>, address: u64, valid: u64) -> Done {
    let [name, name_length, vectors, count, control, control_length, flags] = line.words(address)?;
    let name_length = name_length as u32;
    line.put("{msg_name=");
    if name == 0 {
        line.put("NULL");
    } else {
        sockaddr(line, name, name_length.into())?;
    }
    line.put(format!(", msg_namelen={name_length}, msg_iov="));
    iovecs(line, vectors, count, valid)?;
    line.put(format!(", msg_iovlen={count}"));
    if control != 0 {
        line.put(format!(", msg_control={control:#x}"));
    }
    line.put(format!(
        ", msg_controllen={control_length}, msg_flags={}}}",
        names::MSG.flags(flags as u32 as u64)
    ));
    Ok(())
}

/// An array of struct mmsghdr: as many as were sent or received, else as many as there are.
pub fn mmsghdrs(line: &mut Line<'_>, address: u64) -> Done {
    let count = line.result().unwrap_or(line.arg(2));
    let header = 7 * line.abi().word();
    array(line, address, count, header + header / 7, |line, address| {
        line.put("{msg_hdr=");
        let length: u32 = read_struct(address.wrapping_add(header))?;
        message(
            line,
            address,
            if line.result().is_some() {
                length.into()
            } else {
                u64::MAX
            },
        )?;
        if line.result().is_some() {
            line.put(format!(", msg_len={length}"));
        }
        line.put("}");
        Ok(())
    })
}
