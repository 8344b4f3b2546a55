//! The arm64 headers, compiled by the cross compiler, judge the table's numbers and every layout and flag that is translated or
//! that is taken to be equal on both sides.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::mem::offset_of;
use std::process::Command;

use armlet_syscall::abi::a64;
use armlet_syscall::table::TABLE;

/// Compiles and preprocesses for arm64; answers the output of `arguments`.
fn compile(name: &str, source: &str, arguments: &[&str]) -> String {
    compile_with("aarch64-linux-gnu-gcc", name, source, arguments)
}

/// The same with another compiler.
fn compile_with(compiler: &str, name: &str, source: &str, arguments: &[&str]) -> String {
    let file = std::env::temp_dir().join(format!("armlet-{}-{name}.c", std::process::id()));
    std::fs::write(&file, source).expect("a source file");
    let output = Command::new(compiler)
        .args(arguments)
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("{compiler} is not installed: {error}"));
    std::fs::remove_file(&file).expect("removed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Compiles a file of static assertions; what is wrong is in the compiler's messages.
fn assert_in_c(name: &str, includes: &str, facts: &[(String, u64)]) {
    assert_with("aarch64-linux-gnu-gcc", name, includes, facts);
}

/// The same with another compiler.
fn assert_with(compiler: &str, name: &str, includes: &str, facts: &[(String, u64)]) {
    let mut source = format!("#define _GNU_SOURCE\n#include <stddef.h>\n{includes}\n");
    for (expression, value) in facts {
        let _ = writeln!(
            source,
            "_Static_assert(({expression}) == {value}u, \"{expression} is not {value}\");"
        );
    }
    compile_with(compiler, name, &source, &["-fsyntax-only", "-x", "c"]);
}

/// The compiler of both 32-bit ABIs: the kernel's structures are the same.
const ARM: &str = "arm-linux-gnueabi-gcc";

/// Numbers that are newer than the headers of the oldest supported tool chain, from Linux 6.17's asm-generic/unistd.h.
const NEWER: [(&str, u32); 19] = [
    ("cachestat", 451),
    ("fchmodat2", 452),
    ("map_shadow_stack", 453),
    ("futex_wake", 454),
    ("futex_wait", 455),
    ("futex_requeue", 456),
    ("statmount", 457),
    ("listmount", 458),
    ("lsm_get_self_attr", 459),
    ("lsm_set_self_attr", 460),
    ("lsm_list_modules", 461),
    ("mseal", 462),
    ("setxattrat", 463),
    ("getxattrat", 464),
    ("listxattrat", 465),
    ("removexattrat", 466),
    ("open_tree_attr", 467),
    ("file_getattr", 468),
    ("file_setattr", 469),
];

#[test]
#[ignore = "needs aarch64-linux-gnu-gcc"]
fn oracle_numbers_are_those_of_the_arm64_headers() {
    let macros = compile("numbers", "#include <asm/unistd.h>\n", &["-E", "-dM", "-x", "c"]);
    let defined: BTreeMap<&str, &str> = macros
        .lines()
        .filter_map(|line| line.strip_prefix("#define __NR")?.split_once(' '))
        .collect();
    let mut numbers = BTreeMap::new();
    for (name, value) in &defined {
        // Some stand for another macro: __NR_lseek is __NR3264_lseek.
        let value = value
            .strip_prefix("__NR")
            .map_or(*value, |other| defined.get(other).copied().unwrap_or(""));
        if let (Some(name), Ok(value)) = (name.strip_prefix('_'), value.parse::<u32>())
            && !matches!(name, "syscalls" | "arch_specific_syscall" | "sync_file_range2")
        {
            numbers.insert(name, value);
        }
    }
    assert!(numbers.len() > 300, "the headers were understood: {}", numbers.len());
    numbers.extend(NEWER);
    let table: BTreeMap<&str, u32> = TABLE.iter().map(|row| (row.name, row.number)).collect();
    assert_eq!(table.len(), TABLE.len(), "a name is there once");
    assert_eq!(table, numbers);
}

#[test]
#[ignore = "needs aarch64-linux-gnu-gcc"]
fn oracle_layouts_are_those_of_the_arm64_headers() {
    let mut facts: Vec<(String, u64)> = Vec::new();
    macro_rules! layout {
        ($ours:ty, $theirs:literal, $($field:ident),*) => {
            facts.push((format!("sizeof({})", $theirs), size_of::<$ours>() as u64));
            $(facts.push((format!("offsetof({}, {})", $theirs, stringify!($field)), offset_of!($ours, $field) as u64));)*
        };
    }
    layout!(
        a64::Stat,
        "struct stat",
        st_dev,
        st_ino,
        st_mode,
        st_nlink,
        st_uid,
        st_gid,
        st_rdev,
        st_size,
        st_blksize,
        st_blocks,
        st_atime,
        st_mtime,
        st_ctime
    );
    layout!(
        a64::SemidDs,
        "struct semid64_ds",
        sem_perm,
        sem_otime,
        sem_ctime,
        sem_nsems
    );
    layout!(a64::StackT, "stack_t", ss_sp, ss_flags, ss_size);
    layout!(
        a64::KernelCloneArgs,
        "struct clone_args",
        flags,
        pidfd,
        child_tid,
        parent_tid,
        exit_signal,
        stack,
        stack_size,
        tls,
        set_tid,
        set_tid_size,
        cgroup
    );
    layout!(a64::EpollEvent, "struct epoll_event", events, data);
    facts.push((
        "sizeof(struct sigaction)".into(),
        size_of::<a64::KernelSigAction>() as u64,
    ));
    for (field, offset) in [("sa_handler", 0), ("sa_flags", 8), ("sa_restorer", 16), ("sa_mask", 24)] {
        facts.push((format!("offsetof(struct sigaction, {field})"), offset));
    }
    facts.push(("MINSIGSTKSZ".into(), a64::MINSIGSTKSZ));
    let includes = "#include <linux/types.h>\n#include <asm/stat.h>\n#include <asm/signal.h>\n#include <linux/sem.h>\n\
                    #include <linux/sched.h>\n#include <linux/eventpoll.h>";
    assert_in_c("layouts", includes, &facts);
}

#[test]
#[ignore = "needs aarch64-linux-gnu-gcc"]
fn oracle_flags_are_those_of_the_arm64_headers() {
    let mut facts = vec![
        ("O_DIRECTORY".to_owned(), u64::from(a64::O_DIRECTORY)),
        ("O_NOFOLLOW".to_owned(), u64::from(a64::O_NOFOLLOW)),
        ("O_DIRECT".to_owned(), u64::from(a64::O_DIRECT)),
        ("O_LARGEFILE".to_owned(), u64::from(a64::O_LARGEFILE)),
        ("O_TMPFILE".to_owned(), u64::from(a64::O_TMPFILE)),
    ];
    // The same on both sides, and so never translated.
    macro_rules! equal {
        ($($name:ident)*) => { $(facts.push((stringify!($name).to_owned(), libc::$name as u64));)* };
    }
    equal!(
        O_WRONLY O_RDWR O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_DSYNC O_SYNC O_NOATIME O_CLOEXEC O_PATH
        F_DUPFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_DUPFD_CLOEXEC F_SETPIPE_SZ F_ADD_SEALS F_OFD_SETLK
    );
    assert_in_c("open", "#include <linux/types.h>\n#include <linux/fcntl.h>", &facts);
    facts.clear();
    equal!(
        MAP_SHARED MAP_PRIVATE MAP_FIXED MAP_ANONYMOUS MAP_GROWSDOWN MAP_DENYWRITE MAP_EXECUTABLE MAP_LOCKED MAP_NORESERVE
        MAP_POPULATE MAP_NONBLOCK MAP_STACK MAP_HUGETLB MAP_FIXED_NOREPLACE PROT_READ PROT_WRITE PROT_EXEC MREMAP_MAYMOVE
        MREMAP_FIXED MADV_DONTNEED MADV_FREE MADV_DONTFORK MADV_WIPEONFORK MADV_HUGEPAGE MS_ASYNC MS_INVALIDATE MS_SYNC
        MCL_CURRENT MCL_FUTURE
    );
    assert_in_c("mman", "#include <linux/mman.h>", &facts);
    facts.clear();
    equal!(
        TCGETS TCSETS TCSETSW TCSETSF TIOCGWINSZ TIOCSWINSZ TIOCGPGRP TIOCSPGRP TIOCSCTTY TIOCNOTTY FIONREAD FIONBIO FIOCLEX
        FIONCLEX TIOCGSID TIOCOUTQ TIOCEXCL TIOCSTI
    );
    assert_in_c("ioctl", "#include <asm/ioctls.h>", &facts);
    facts.clear();
    equal!(
        SIGHUP SIGBUS SIGUSR1 SIGSEGV SIGUSR2 SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGURG SIGIO SIGPWR SIGSYS SA_NOCLDSTOP
        SA_NOCLDWAIT SA_SIGINFO SA_ONSTACK SA_RESTART SA_NODEFER SIG_BLOCK SIG_UNBLOCK SIG_SETMASK SS_DISABLE SS_ONSTACK
    );
    assert_in_c("signal", "#include <linux/signal.h>", &facts);
    facts.clear();
    equal!(
        SO_REUSEADDR SO_TYPE SO_ERROR SO_BROADCAST SO_SNDBUF SO_RCVBUF SO_KEEPALIVE SO_LINGER SO_PEERCRED SO_RCVTIMEO SO_SNDTIMEO
        SO_REUSEPORT SOL_SOCKET
    );
    assert_in_c("socket", "#include <linux/types.h>\n#include <asm/socket.h>", &facts);
}

/// Structures that calls pass between the guest and the host as they are.
#[test]
#[ignore = "needs aarch64-linux-gnu-gcc"]
fn oracle_structures_that_are_passed_as_they_are_are_equal() {
    let mut facts: Vec<(String, u64)> = Vec::new();
    macro_rules! equal {
        ($($ours:ty = $theirs:literal { $($field:ident)* })*) => {
            $(
                facts.push((format!("sizeof({})", $theirs), size_of::<$ours>() as u64));
                $(facts.push((format!("offsetof({}, {})", $theirs, stringify!($field)), offset_of!($ours, $field) as u64));)*
            )*
        };
    }
    equal! {
        libc::statfs = "struct statfs" { f_type f_bsize f_blocks f_bfree f_files f_ffree f_fsid }
        libc::statx = "struct statx" { stx_mask stx_mode stx_ino stx_size stx_atime stx_mtime stx_dev_major }
        libc::sysinfo = "struct sysinfo" { uptime loads totalram procs mem_unit }
        libc::rusage = "struct rusage" { ru_utime ru_stime ru_maxrss ru_nivcsw }
        libc::msghdr = "struct msghdr" { msg_name msg_namelen msg_iov msg_iovlen msg_control msg_controllen msg_flags }
        libc::mmsghdr = "struct mmsghdr" { msg_hdr msg_len }
        libc::flock = "struct flock" { l_type l_whence l_start l_len l_pid }
        libc::shmid_ds = "struct shmid_ds" { shm_perm shm_segsz shm_atime shm_nattch }
        libc::msqid_ds = "struct msqid_ds" { msg_perm msg_stime msg_qnum msg_lspid }
        libc::siginfo_t = "siginfo_t" { si_signo si_errno si_code }
        libc::sigevent = "struct sigevent" { sigev_value sigev_signo sigev_notify }
        libc::termios = "struct termios" { c_iflag c_oflag c_cflag c_lflag c_cc }
        libc::timex = "struct timex" { modes offset freq status time }
        libc::mq_attr = "struct mq_attr" { mq_flags mq_maxmsg mq_msgsize mq_curmsgs }
        libc::dirent64 = "struct dirent64" { d_ino d_off d_reclen d_type d_name }
        libc::pollfd = "struct pollfd" { fd events revents }
        libc::itimerspec = "struct itimerspec" { it_interval it_value }
        libc::rlimit = "struct rlimit" { rlim_cur rlim_max }
        libc::sembuf = "struct sembuf" { sem_num sem_op sem_flg }
        libc::inotify_event = "struct inotify_event" { wd mask cookie len }
        libc::signalfd_siginfo = "struct signalfd_siginfo" { ssi_signo ssi_pid ssi_addr }
        libc::sockaddr_storage = "struct sockaddr_storage" { ss_family }
        libc::open_how = "struct open_how" { flags mode resolve }
    }
    let includes: String = [
        "sys/statfs.h",
        "sys/stat.h",
        "sys/sysinfo.h",
        "sys/resource.h",
        "sys/socket.h",
        "fcntl.h",
        "sys/shm.h",
        "sys/msg.h",
        "signal.h",
        "termios.h",
        "sys/timex.h",
        "mqueue.h",
        "dirent.h",
        "poll.h",
        "time.h",
        "sys/sem.h",
        "sys/inotify.h",
        "sys/signalfd.h",
        "linux/openat2.h",
    ]
    .iter()
    .fold(String::new(), |mut all, header| {
        let _ = writeln!(all, "#include <{header}>");
        all
    });
    assert_in_c("equal", &includes, &facts);
}

#[test]
#[ignore = "needs arm-linux-gnueabi-gcc"]
fn oracle_numbers_are_those_of_the_arm_headers() {
    let macros = compile_with(
        ARM,
        "arm-numbers",
        "#include <asm/unistd.h>\n",
        &["-E", "-dM", "-x", "c"],
    );
    let number = |text: &str| {
        let text = text
            .trim_matches(['(', ')'])
            .replace("__NR_SYSCALL_BASE", "0")
            .replace(' ', "");
        text.split('+')
            .map(|part| part.parse::<u32>().ok())
            .sum::<Option<u32>>()
    };
    let mut numbers = BTreeMap::new();
    for line in macros.lines() {
        if let Some((name, value)) = line.strip_prefix("#define __NR_").and_then(|line| line.split_once(' '))
            && let Some(value) = number(value)
            && !matches!(name, "SYSCALL_BASE" | "OABI_SYSCALL_BASE" | "SYSCALL_MASK")
        {
            numbers.insert(name.to_owned(), value);
        }
    }
    assert!(numbers.len() > 400, "the headers were understood: {}", numbers.len());
    numbers.extend(NEWER.map(|(name, number)| (name.to_owned(), number)));
    let table: BTreeMap<String, u32> = armlet_syscall::table_a32::TABLE
        .iter()
        .map(|row| (row.name.to_owned(), row.number))
        .collect();
    assert_eq!(table, numbers);
}

#[test]
#[ignore = "needs arm-linux-gnueabi-gcc"]
fn oracle_layouts_are_those_of_the_arm_headers() {
    use armlet_syscall::abi::a32;
    let mut facts: Vec<(String, u64)> = Vec::new();
    macro_rules! layout {
        ($ours:ty = $theirs:literal { $($field:ident $(($name:ident))?)* }) => {
            facts.push((format!("sizeof({})", $theirs), size_of::<$ours>() as u64));
            $(
                let name = layout!(@name $field $($name)?);
                facts.push((format!("offsetof({}, {name})", $theirs), offset_of!($ours, $field) as u64));
            )*
        };
        (@name $field:ident) => { stringify!($field) };
        (@name $field:ident $name:ident) => { stringify!($name) };
    }
    layout!(a32::Stat64 = "struct stat64" {
        st_dev short_ino (__st_ino) st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks st_atime st_mtime
        st_ctime st_ino
    });
    layout!(a32::Stat = "struct stat" {
        st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks st_atime st_mtime st_ctime
    });
    layout!(a32::Statfs = "struct statfs" { f_type f_bsize counts (f_blocks) f_fsid f_namelen f_frsize f_flags });
    facts.push(("sizeof(struct statfs64)".into(), a32::STATFS64_SIZE as u64));
    facts.push(("offsetof(struct statfs64, f_fsid)".into(), 48));
    layout!(a32::IpcPerm = "struct ipc64_perm" { key uid gid cuid cgid mode seq });
    layout!(a32::SemidDs = "struct semid64_ds" { sem_perm sem_otime sem_ctime sem_nsems });
    layout!(a32::ShmidDs = "struct shmid64_ds" { shm_perm shm_segsz shm_atime shm_ctime shm_cpid shm_lpid shm_nattch });
    layout!(a32::MsqidDs = "struct msqid64_ds" { msg_perm msg_stime msg_ctime msg_cbytes msg_qnum msg_qbytes msg_lspid });
    layout!(a32::StackT = "stack_t" { ss_sp ss_flags ss_size });
    facts.push(("sizeof(siginfo_t)".into(), size_of::<a32::SigInfo>() as u64));
    facts.push(("MINSIGSTKSZ".into(), a32::MINSIGSTKSZ));
    let includes = "#include <linux/types.h>\n#include <asm/stat.h>\n#include <asm/statfs.h>\n#include <asm/signal.h>\n\
                    #include <asm/siginfo.h>\n#include <linux/sem.h>\n#include <linux/shm.h>\n#include <linux/msg.h>";
    assert_with(ARM, "arm-layouts", includes, &facts);

    // Those that the C library has in the kernel's form.
    facts.clear();
    layout!(a32::Msghdr = "struct msghdr" {
        msg_name msg_namelen msg_iov msg_iovlen msg_control msg_controllen msg_flags
    });
    layout!(a32::Flock = "struct flock" { l_type l_whence l_start l_len l_pid });
    layout!(a32::Sysinfo = "struct sysinfo" { uptime loads memory (totalram) procs high (totalhigh) mem_unit });
    layout!(armlet_syscall::abi::a64::EpollEvent = "struct epoll_event" { events data });
    facts.extend([
        ("sizeof(struct flock64)".to_owned(), size_of::<libc::flock>() as u64),
        (
            "offsetof(struct flock64, l_start)".to_owned(),
            offset_of!(libc::flock, l_start) as u64,
        ),
        (
            "offsetof(struct flock64, l_pid)".to_owned(),
            offset_of!(libc::flock, l_pid) as u64,
        ),
        ("sizeof(struct rusage)".to_owned(), size_of::<a32::Rusage>() as u64),
        ("sizeof(struct tms)".to_owned(), size_of::<a32::Tms>() as u64),
        ("sizeof(struct timex)".to_owned(), size_of::<a32::Timex>() as u64),
        ("offsetof(struct timex, tai)".to_owned(), 80),
        ("offsetof(struct timex, shift)".to_owned(), 56),
        ("sizeof(struct sigevent)".to_owned(), size_of::<a32::Sigevent>() as u64),
        ("sizeof(struct mq_attr)".to_owned(), size_of::<a32::MqAttr>() as u64),
        ("sizeof(struct mmsghdr)".to_owned(), 32),
        ("sizeof(struct cmsghdr)".to_owned(), 12),
        ("sizeof(struct ifreq)".to_owned(), 32),
        ("sizeof(struct rtentry)".to_owned(), 84),
        ("offsetof(struct rtentry, rt_metric)".to_owned(), 64),
        ("offsetof(struct rtentry, rt_dev)".to_owned(), 68),
        ("sizeof(ucontext_t)".to_owned(), 744),
        ("offsetof(ucontext_t, uc_sigmask)".to_owned(), 104),
        ("offsetof(ucontext_t, uc_regspace)".to_owned(), 232),
        ("F_GETLK64".to_owned(), a32::F_GETLK64 as u64),
        ("F_SETLKW64".to_owned(), a32::F_SETLKW64 as u64),
        ("FIOQSIZE".to_owned(), 0x545e),
    ]);
    let headers = [
        "sys/socket.h",
        "fcntl.h",
        "sys/sysinfo.h",
        "sys/resource.h",
        "sys/times.h",
        "sys/timex.h",
        "signal.h",
        "mqueue.h",
        "sys/epoll.h",
        "net/if.h",
        "net/route.h",
        "ucontext.h",
        "sys/ioctl.h",
    ];
    let includes = headers.iter().fold(String::new(), |mut all, header| {
        let _ = writeln!(all, "#include <{header}>");
        all
    });
    assert_with(ARM, "arm-equal", &includes, &facts);
}
