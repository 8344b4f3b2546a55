//! The names of flags and of values, as <linux/*.h> and strace(1) spell them. Values are arm64's; where the `libc` crate is used,
//! they are the same on both sides.

/// Names of values, or of single flags.
pub struct Names {
    /// (value, name). For flags, those of several bits come before those that they consist of.
    pub names: &'static [(u64, &'static str)],
    /// What no value is called (`O_???`), or "" if a bare number is better.
    pub unknown: &'static str,
}

impl Names {
    /// The name of exactly that value.
    pub fn name(&self, value: u64) -> Option<&'static str> {
        self.names
            .iter()
            .find(|(known, _)| *known == value)
            .map(|(_, name)| *name)
    }

    /// The value by name, else as a number.
    pub fn value(&self, value: u64) -> String {
        match self.name(value) {
            Some(name) => name.to_owned(),
            None => self.unnamed(value),
        }
    }

    /// The flags by name, joined with `|`; what has no name as a number.
    pub fn flags(&self, flags: u64) -> String {
        if let Some(name) = self.name(flags) {
            return name.to_owned();
        }
        if flags == 0 {
            return "0".to_owned();
        }
        let mut rest = flags;
        let mut parts = Vec::new();
        for &(bits, name) in self.names {
            if bits != 0 && rest & bits == bits {
                parts.push(name.to_owned());
                rest &= !bits;
            }
        }
        match (rest, parts.is_empty()) {
            (0, _) => {}
            (_, true) => return self.unnamed(flags),
            _ => parts.push(format!("{rest:#x}")),
        }
        parts.join("|")
    }

    fn unnamed(&self, value: u64) -> String {
        if self.unknown.is_empty() {
            value.to_string()
        } else {
            format!("{value:#x} /* {} */", self.unknown)
        }
    }
}

macro_rules! names {
    (@value $name:ident) => { libc::$name as u32 as u64 };
    (@value $name:ident $value:expr) => { $value };
    ($($(#[$doc:meta])* $table:ident $unknown:literal { $($name:ident $(= $value:expr)?),* $(,)? })*) => {
        $(
            $(#[$doc])*
            pub static $table: Names = Names {
                names: &[$((names!(@value $name $($value)?), stringify!($name))),*],
                unknown: $unknown,
            };
        )*
    };
}

names! {
    /// openat(2): what is not the access mode.
    OPEN "O_???" {
        O_TMPFILE = crate::abi::a64::O_TMPFILE as u64, O_SYNC, O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND, O_NONBLOCK, O_DSYNC,
        O_DIRECT = crate::abi::a64::O_DIRECT as u64, O_LARGEFILE = crate::abi::a64::O_LARGEFILE as u64, O_NOFOLLOW = crate::abi::a64::O_NOFOLLOW as u64,
        O_NOATIME, O_CLOEXEC, O_PATH, O_DIRECTORY = crate::abi::a64::O_DIRECTORY as u64, FASYNC = 0x2000,
    }
    /// `AT_*` flags.
    AT "AT_???" {
        AT_SYMLINK_NOFOLLOW, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC,
        AT_RECURSIVE,
    }
    /// unlinkat(2).
    UNLINK "AT_???" { AT_REMOVEDIR }
    /// faccessat(2).
    FACCESSAT "AT_???" { AT_SYMLINK_NOFOLLOW, AT_EACCESS, AT_EMPTY_PATH }
    /// access(2).
    ACCESS "?_OK" { F_OK, R_OK, W_OK, X_OK }
    /// statx(2), the mask.
    STATX "STATX_???" {
        STATX_ALL, STATX_BASIC_STATS, STATX_TYPE, STATX_MODE, STATX_NLINK, STATX_UID, STATX_GID, STATX_ATIME, STATX_MTIME, STATX_CTIME,
        STATX_INO, STATX_SIZE, STATX_BLOCKS, STATX_BTIME, STATX_MNT_ID, STATX_DIOALIGN = 0x2000,
    }
    /// setxattr(2).
    XATTR "XATTR_???" { XATTR_CREATE, XATTR_REPLACE }
    /// eventfd(2).
    EFD "EFD_???" { EFD_SEMAPHORE, EFD_CLOEXEC, EFD_NONBLOCK }
    /// epoll_create1(2).
    EPOLL_CREATE "EPOLL_???" { EPOLL_CLOEXEC }
    /// epoll_ctl(2).
    EPOLL_CTL "EPOLL_CTL_???" { EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL }
    /// epoll events.
    EPOLL "EPOLL???" {
        EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG, EPOLLERR, EPOLLHUP, EPOLLRDHUP,
        EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET,
    }
    /// poll events.
    POLL "POLL???" {
        POLLIN, POLLPRI, POLLOUT, POLLRDNORM, POLLWRNORM, POLLRDBAND, POLLWRBAND, POLLERR, POLLHUP, POLLNVAL, POLLRDHUP,
    }
    /// fcntl(2).
    FCNTL "F_???" {
        F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN, F_SETSIG = 10, F_GETSIG = 11,
        F_SETOWN_EX = 15, F_GETOWN_EX = 16, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_GETLEASE, F_NOTIFY, F_DUPFD_CLOEXEC,
        F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS, F_GET_RW_HINT = 1035, F_SET_RW_HINT = 1036,
        F_GET_FILE_RW_HINT = 1037, F_SET_FILE_RW_HINT = 1038,
    }
    /// fcntl64 of AArch32, which has locks of both widths.
    FCNTL_A32 "F_???" {
        F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN, F_SETSIG = 10, F_GETSIG = 11,
        F_GETLK64 = 12, F_SETLK64 = 13, F_SETLKW64 = 14, F_SETOWN_EX = 15, F_GETOWN_EX = 16, F_OFD_GETLK, F_OFD_SETLK,
        F_OFD_SETLKW, F_SETLEASE, F_GETLEASE, F_NOTIFY, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS,
    }
    /// fcntl(2), F_SETFD.
    FD "FD_???" { FD_CLOEXEC }
    /// fcntl(2), F_SETLK.
    FLOCK "F_???" { F_RDLCK, F_WRLCK, F_UNLCK }
    /// fcntl(2), F_ADD_SEALS.
    SEAL "F_SEAL_???" { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_EXEC = 0x20 }
    /// inotify_init1(2).
    IN_INIT "IN_???" { IN_CLOEXEC, IN_NONBLOCK }
    /// inotify_add_watch(2).
    IN "IN_???" {
        IN_ALL_EVENTS, IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE,
        IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF, IN_ONLYDIR, IN_DONT_FOLLOW, IN_EXCL_UNLINK, IN_MASK_ADD, IN_ISDIR, IN_ONESHOT,
    }
    /// ioctl(2).
    IOCTL "???" {
        TCGETS, TCSETS, TCSETSW, TCSETSF, TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCSTI,
        TIOCGWINSZ, TIOCSWINSZ, TIOCMGET, FIONREAD, FIONBIO, TIOCNOTTY, TIOCSETD, TIOCGETD, TIOCGSID, TCGETS2 = 0x802c_542a,
        TCSETS2 = 0x402c_542b, TIOCGPTN = 0x8004_5430, TIOCSPTLCK = 0x4004_5431, TIOCGPTPEER = 0x5441, FIOCLEX, FIONCLEX, FIOASYNC, FIOQSIZE = 0x5460, FICLONE = 0x4004_9409,
        FS_IOC_GETFLAGS = 0x8008_6601, FS_IOC_SETFLAGS = 0x4008_6602, BLKGETSIZE64 = 0x8008_1272, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFINDEX,
        SIOCGIFHWADDR, SIOCGIFNETMASK, SIOCGIFMTU, SIOCGIFNAME,
    }
    /// flock(2).
    LOCK "LOCK_???" { LOCK_SH, LOCK_EX, LOCK_UN, LOCK_NB }
    /// umount2(2).
    UMOUNT "MNT_???" { MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW }
    /// mount(2).
    MOUNT "MS_???" {
        MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS, MS_REMOUNT, MS_MANDLOCK, MS_DIRSYNC, MS_NOATIME, MS_NODIRATIME, MS_BIND,
        MS_MOVE, MS_REC, MS_SILENT, MS_POSIXACL, MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_RELATIME, MS_STRICTATIME, MS_LAZYTIME,
    }
    /// fallocate(2).
    FALLOC "FALLOC_FL_???" {
        FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_ZERO_RANGE, FALLOC_FL_INSERT_RANGE,
        FALLOC_FL_UNSHARE_RANGE,
    }
    /// lseek(2).
    SEEK "SEEK_???" { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE }
    /// signalfd(2).
    SFD "SFD_???" { SFD_CLOEXEC, SFD_NONBLOCK }
    /// splice(2).
    SPLICE "SPLICE_F_???" { SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE, SPLICE_F_GIFT }
    /// sync_file_range(2).
    SYNC_FILE_RANGE "SYNC_FILE_RANGE_???" { SYNC_FILE_RANGE_WAIT_BEFORE, SYNC_FILE_RANGE_WRITE, SYNC_FILE_RANGE_WAIT_AFTER }
    /// Clocks.
    CLOCK "CLOCK_???" {
        CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
        CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM, CLOCK_TAI,
    }
    /// timerfd_create(2).
    TFD "TFD_???" { TFD_CLOEXEC, TFD_NONBLOCK }
    /// timerfd_settime(2).
    TFD_TIMER "TFD_???" { TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET }
    /// clock_nanosleep(2), timer_settime(2).
    TIMER "TIMER_???" { TIMER_ABSTIME }
    /// setitimer(2).
    ITIMER "ITIMER_???" { ITIMER_REAL = 0, ITIMER_VIRTUAL = 1, ITIMER_PROF = 2 }
    /// waitid(2): what is awaited.
    WAIT_ID "P_???" { P_ALL = 0, P_PID = 1, P_PGID = 2, P_PIDFD = 3 }
    /// wait4(2), waitid(2).
    WAIT "W???" { WNOHANG, WSTOPPED, WEXITED, WCONTINUED, WNOWAIT, __WNOTHREAD, __WCLONE, __WALL }
    /// clone(2), unshare(2), setns(2).
    CLONE "CLONE_???" {
        CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PIDFD, CLONE_PTRACE, CLONE_VFORK, CLONE_PARENT, CLONE_THREAD, CLONE_NEWNS,
        CLONE_SYSVSEM, CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_DETACHED, CLONE_UNTRACED, CLONE_CHILD_SETTID,
        CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_IO, CLONE_NEWTIME = 0x80,
        CLONE_CLEAR_SIGHAND = 1 << 32, CLONE_INTO_CGROUP = 1 << 33,
    }
    /// futex(2), without its flags.
    FUTEX "FUTEX_???" {
        FUTEX_WAIT, FUTEX_WAKE, FUTEX_FD, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP, FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI,
        FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI, FUTEX_LOCK_PI2,
    }
    /// sched_setscheduler(2).
    SCHED "SCHED_???" { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_DEADLINE, SCHED_RESET_ON_FORK }
    /// sigprocmask(2).
    SIG_HOW "SIG_???" { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK }
    /// sigaction(2).
    SA "SA_???" {
        SA_RESTORER = 0x0400_0000, SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND, SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO,
        SA_UNSUPPORTED = 0x400, SA_EXPOSE_TAGBITS = 0x800,
    }
    /// sigaltstack(2).
    SS "SS_???" { SS_ONSTACK, SS_DISABLE, SS_AUTODISARM = 1 << 31 }
    /// setpriority(2).
    PRIO "PRIO_???" { PRIO_PROCESS, PRIO_PGRP, PRIO_USER }
    /// setrlimit(2).
    RLIMIT "RLIMIT_???" {
        RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK,
        RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME,
    }
    /// getrusage(2).
    RUSAGE "RUSAGE_???" { RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD }
    /// prctl(2).
    PRCTL "PR_???" {
        PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_SET_NAME, PR_GET_NAME,
        PR_GET_SECCOMP, PR_SET_SECCOMP, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_SET_TIMERSLACK,
        PR_GET_TIMERSLACK, PR_SET_MM, PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
        PR_GET_TID_ADDRESS, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE, PR_CAP_AMBIENT, PR_SVE_SET_VL = 50, PR_SVE_GET_VL = 51,
        PR_PAC_RESET_KEYS = 54, PR_SET_TAGGED_ADDR_CTRL = 55, PR_GET_TAGGED_ADDR_CTRL = 56, PR_SET_VMA = 0x5356_4d41, PR_SET_PTRACER = 0x5961_6d61,
    }
    /// System V IPC flags.
    IPC "IPC_???" { IPC_CREAT, IPC_EXCL, IPC_NOWAIT }
    /// msgctl(2), shmctl(2).
    IPC_COMMAND "???" { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, SHM_LOCK, SHM_UNLOCK, MSG_STAT = 11, MSG_INFO = 12, SHM_STAT = 13, SHM_INFO = 14 }
    /// semctl(2).
    SEM_COMMAND "???" {
        IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, GETPID, GETVAL, GETALL, GETNCNT, GETZCNT, SETVAL, SETALL, SEM_STAT, SEM_INFO, SEM_STAT_ANY,
    }
    /// shmat(2).
    SHM "SHM_???" { SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC }
    /// Address families.
    AF "AF_???" {
        AF_UNSPEC, AF_UNIX, AF_INET, AF_AX25, AF_IPX, AF_APPLETALK, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_CAN, AF_TIPC, AF_BLUETOOTH,
        AF_VSOCK, AF_XDP,
    }
    /// Socket types.
    SOCK_TYPE "SOCK_???" { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET = 10 }
    /// Flags in socket types.
    SOCK "SOCK_???" { SOCK_CLOEXEC, SOCK_NONBLOCK }
    /// Levels of socket options.
    SOL "SOL_???" {
        SOL_SOCKET, SOL_IP, SOL_TCP, SOL_UDP, SOL_IPV6, SOL_RAW = 255, SOL_PACKET, SOL_NETLINK, SOL_ALG, SOL_TLS,
    }
    /// Socket options.
    SO "SO_???" {
        SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_OOBINLINE, SO_PRIORITY,
        SO_LINGER, SO_REUSEPORT, SO_PASSCRED, SO_PEERCRED, SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SO_BINDTODEVICE,
        SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_TIMESTAMP, SO_ACCEPTCONN, SO_PEERSEC, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MARK, SO_PROTOCOL,
        SO_DOMAIN, SO_INCOMING_CPU, SO_COOKIE, SO_ZEROCOPY,
    }
    /// TCP options.
    TCP "TCP_???" {
        TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
        TCP_WINDOW_CLAMP, TCP_INFO, TCP_QUICKACK, TCP_CONGESTION, TCP_USER_TIMEOUT, TCP_FASTOPEN,
    }
    /// send(2), recv(2).
    MSG "MSG_???" {
        MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_CTRUNC, MSG_TRUNC, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL, MSG_CONFIRM, MSG_ERRQUEUE, MSG_NOSIGNAL,
        MSG_MORE, MSG_WAITFORONE, MSG_FASTOPEN, MSG_CMSG_CLOEXEC,
    }
    /// shutdown(2).
    SHUT "SHUT_???" { SHUT_RD, SHUT_WR, SHUT_RDWR }
    /// mremap(2).
    MREMAP "MREMAP_???" { MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP }
    /// mmap(2), mprotect(2).
    PROT "PROT_???" { PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC, PROT_BTI = 0x10, PROT_MTE = 0x20, PROT_GROWSDOWN, PROT_GROWSUP }
    /// mmap(2): what is not the type of the mapping.
    MAP "MAP_???" {
        MAP_FIXED, MAP_ANONYMOUS, MAP_GROWSDOWN, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE, MAP_NONBLOCK,
        MAP_STACK, MAP_HUGETLB, MAP_SYNC, MAP_FIXED_NOREPLACE,
    }
    /// mmap(2): the type of the mapping.
    MAP_TYPE "MAP_???" { MAP_FILE = 0, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE }
    /// posix_fadvise(2).
    FADVISE "POSIX_FADV_???" {
        POSIX_FADV_NORMAL, POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE,
    }
    /// msync(2).
    MSYNC "MS_???" { MS_SYNC, MS_ASYNC, MS_INVALIDATE }
    /// mlockall(2).
    MCL "MCL_???" { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT }
    /// madvise(2).
    MADV "MADV_???" {
        MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK,
        MADV_HWPOISON, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK,
        MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
    }
    /// renameat2(2).
    RENAME "RENAME_???" { RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT }
    /// getrandom(2).
    GRND "GRND_???" { GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE }
    /// memfd_create(2).
    MFD "MFD_???" { MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 0x10 }
    /// membarrier(2).
    MEMBARRIER "MEMBARRIER_CMD_???" {
        MEMBARRIER_CMD_QUERY = 0, MEMBARRIER_CMD_GLOBAL = 1, MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2,
        MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4, MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8,
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 32,
        MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64,
    }
    /// preadv2(2).
    RWF "RWF_???" { RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_NOWAIT, RWF_APPEND }
    /// pidfd_open(2).
    PIDFD "PIDFD_???" { PIDFD_NONBLOCK = 0x800 }
    /// close_range(2).
    CLOSE_RANGE "CLOSE_RANGE_???" { CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC }
    /// openat2(2).
    RESOLVE "RESOLVE_???" {
        RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_CACHED,
    }
    /// File types.
    FILE_TYPE "S_IF???" { S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK }
}

/// Signals 1 to 31, without `SIG`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// A signal's name without `SIG`; 32 is `RTMIN`, those above are `RT_1` and so on.
fn short_signal(signal: u64) -> Option<String> {
    match signal {
        1..=31 => Some(SIGNALS[signal as usize - 1].to_owned()),
        32 => Some("RTMIN".to_owned()),
        33..=64 => Some(format!("RT_{}", signal - 32)),
        _ => None,
    }
}

/// A signal by name.
pub fn signal(signal: u64) -> String {
    short_signal(signal).map_or_else(|| (signal as i32).to_string(), |name| format!("SIG{name}"))
}

/// A set of signals: `[INT CHLD]`, or `~[KILL]` when that is shorter.
pub fn signal_set(set: u64) -> String {
    let (set, sign) = if set.count_ones() > 42 { (!set, "~") } else { (set, "") };
    let names: Vec<String> = (1..=64)
        .filter(|n| set >> (n - 1) & 1 != 0)
        .filter_map(short_signal)
        .collect();
    format!("{sign}[{}]", names.join(" "))
}

/// Open flags with their access mode.
pub fn open_flags(flags: u32) -> String {
    let mode = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][flags as usize & 3];
    match flags & !3 {
        0 => mode.to_owned(),
        rest => format!("{mode}|{}", OPEN.flags(u64::from(rest))),
    }
}

/// File type and permission bits: `S_IFREG|0644`.
pub fn file_mode(mode: u32) -> String {
    let (kind, rest) = (mode & libc::S_IFMT, mode & !libc::S_IFMT);
    let special: String = [(0o4000, "S_ISUID|"), (0o2000, "S_ISGID|"), (0o1000, "S_ISVTX|")]
        .iter()
        .filter(|(bit, _)| rest & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    let permissions = format!("{special}{}", octal(u64::from(rest & 0o777)));
    match FILE_TYPE.name(u64::from(kind)) {
        Some(name) => format!("{name}|{permissions}"),
        None => permissions,
    }
}

/// Hexadecimal in C's way: `0x1f`, `0`.
pub fn hex(value: u64) -> String {
    if value == 0 {
        "0".to_owned()
    } else {
        format!("{value:#x}")
    }
}

/// Octal in C's way, at least three digits: `0644`, `022`, `000`.
pub fn octal(value: u64) -> String {
    format!("{:0>3}", format!("0{value:o}"))
}
