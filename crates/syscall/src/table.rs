//! The arm64 system-call table: one row per call, with its number, its name, the types of its arguments (which say how it is
//! traced, and which registers are pointers whose tag is stripped) and what is done. Behaviour lives in the handlers'
//! modules, printing in [`crate::strace`].
//!
//! To add a call: a row here, and a handler if the host's call does not fit as it is. `blocks` says that it can wait,
//! and what becomes of it when a signal interrupts it.

use libc::*;

use crate::Errno;
use crate::row::Arg::*;
use crate::row::{Row, host, refuse, run, syscalls};
use crate::strace::decode as d;
use crate::strace::names as n;
use crate::task::Restart::{Block, Never, NoHandler, Sys};
use crate::{fs, mm, process, seccomp, signal, sync, time};

/// Why calls that change the running kernel are refused.
const KERNEL_OF_ANOTHER_MACHINE: &str = "the running kernel is not the guest's, and is of another architecture";

syscalls! {
    row from 0:
    0 io_setup(UInt, Ptr) = host(SYS_io_setup);
    1 io_destroy(Hex) = host(SYS_io_destroy);
    2 io_submit(Hex, Long, Ptr) = host(SYS_io_submit);
    3 io_cancel(Hex, Ptr, Ptr) = host(SYS_io_cancel);
    4 io_getevents(Hex, Long, Long, Ptr, In(d::timespec)) = host(SYS_io_getevents).blocks(Never);
    5 setxattr(Path, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_setxattr);
    6 lsetxattr(Path, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_lsetxattr);
    7 fsetxattr(Fd, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_fsetxattr);
    8 getxattr(Path, Str, BufOut, Size) = host(SYS_getxattr);
    9 lgetxattr(Path, Str, BufOut, Size) = host(SYS_lgetxattr);
    10 fgetxattr(Fd, Str, BufOut, Size) = host(SYS_fgetxattr);
    11 listxattr(Path, BufOut, Size) = host(SYS_listxattr);
    12 llistxattr(Path, BufOut, Size) = host(SYS_llistxattr);
    13 flistxattr(Fd, BufOut, Size) = host(SYS_flistxattr);
    14 removexattr(Path, Str) = host(SYS_removexattr);
    15 lremovexattr(Path, Str) = host(SYS_lremovexattr);
    16 fremovexattr(Fd, Str) = host(SYS_fremovexattr);
    17 getcwd(StrOut, Size) = host(SYS_getcwd);
    18 lookup_dcookie(Hex, Ptr, Size) = refuse(Errno::ENOSYS, "removed from Linux in 6.8");
    19 eventfd2(UInt, Flags(&n::EFD)) = host(SYS_eventfd2);
    20 epoll_create1(Flags(&n::EPOLL_CREATE)) = host(SYS_epoll_create1);
    21 epoll_ctl(Fd, Enum(&n::EPOLL_CTL), Fd, In(d::epoll_event)) = run(fs::epoll_ctl);
    22 epoll_pwait(Fd, Out(d::epoll_events), Int, Int, In(d::sigset), Size) = run(fs::epoll_pwait).blocks(Never);
    23 dup(Fd) = host(SYS_dup);
    24 dup3(Fd, Fd, Open) = run(fs::dup3);
    25 fcntl(Fd, Enum(&n::FCNTL), Fcntl) -> Fcntl = run(fs::fcntl).blocks(Sys);
    26 inotify_init1(Flags(&n::IN_INIT)) = host(SYS_inotify_init1);
    27 inotify_add_watch(Fd, Path, Flags(&n::IN)) = host(SYS_inotify_add_watch);
    28 inotify_rm_watch(Fd, Int) = host(SYS_inotify_rm_watch);
    29 ioctl(Fd, Enum(&n::IOCTL), Ioctl) = host(SYS_ioctl).blocks(Sys);
    30 ioprio_set(Int, Int, Hex) = host(SYS_ioprio_set);
    31 ioprio_get(Int, Int) = host(SYS_ioprio_get);
    32 flock(Fd, Flags(&n::LOCK)) = host(SYS_flock).blocks(Sys);
    33 mknodat(DirFd, Path, FileMode, Device) = host(SYS_mknodat);
    34 mkdirat(DirFd, Path, Mode) = host(SYS_mkdirat);
    35 unlinkat(DirFd, Path, Flags(&n::UNLINK)) = host(SYS_unlinkat);
    36 symlinkat(Str, DirFd, Path) = host(SYS_symlinkat);
    37 linkat(DirFd, Path, DirFd, Path, Flags(&n::AT)) = host(SYS_linkat);
    38 renameat(DirFd, Path, DirFd, Path) = host(SYS_renameat);
    39 umount2(Path, Flags(&n::UMOUNT)) = run(fs::umount2);
    40 mount(Str, Path, Str, Flags(&n::MOUNT), Ptr) = run(fs::mount);
    41 pivot_root(Path, Path) = run(fs::pivot_root);
    42 nfsservctl(Int, Ptr, Ptr) = refuse(Errno::ENOSYS, "removed from Linux in 3.1");
    43 statfs(Path, Out(d::statfs)) = run(fs::statfs);
    44 fstatfs(Fd, Out(d::statfs)) = host(SYS_fstatfs);
    45 truncate(Path, Long) = host(SYS_truncate);
    46 ftruncate(Fd, Long) = host(SYS_ftruncate);
    47 fallocate(Fd, Flags(&n::FALLOC), Long, Long) = host(SYS_fallocate).blocks(Sys);
    48 faccessat(DirFd, Path, Flags(&n::ACCESS)) = run(fs::faccessat);
    49 chdir(Path) = host(SYS_chdir);
    50 fchdir(Fd) = host(SYS_fchdir);
    51 chroot(Path) = run(fs::chroot);
    52 fchmod(Fd, Mode) = host(SYS_fchmod);
    53 fchmodat(DirFd, Path, Mode) = host(SYS_fchmodat);
    54 fchownat(DirFd, Path, Id, Id, Flags(&n::AT)) = host(SYS_fchownat);
    55 fchown(Fd, Id, Id) = host(SYS_fchown);
    56 openat(DirFd, Path, Open, CreateMode) = run(fs::openat).blocks(Sys);
    57 close(Fd) = run(fs::close);
    58 vhangup() = host(SYS_vhangup);
    59 pipe2(Out(d::fd_pair), Open) = run(fs::pipe2);
    60 quotactl(Hex, Str, Id, Ptr) = host(SYS_quotactl);
    61 getdents64(Fd, Out(d::dirents), Size) = host(SYS_getdents64).blocks(Sys);
    62 lseek(Fd, Long, Enum(&n::SEEK)) = host(SYS_lseek);
    63 read(Fd, BufOut, Size) = host(SYS_read).blocks(Sys);
    64 write(Fd, BufIn(2), Size) = host(SYS_write).blocks(Sys);
    65 readv(Fd, Out(d::iovecs_out), Int) = host(SYS_readv).blocks(Sys);
    66 writev(Fd, In(d::iovecs_in), Int) = host(SYS_writev).blocks(Sys);
    67 pread64(Fd, BufOut, Size, Long) = host(SYS_pread64).blocks(Sys);
    68 pwrite64(Fd, BufIn(2), Size, Long) = host(SYS_pwrite64).blocks(Sys);
    69 preadv(Fd, Out(d::iovecs_out), Int, Long, Hidden) = host(SYS_preadv).blocks(Sys);
    70 pwritev(Fd, In(d::iovecs_in), Int, Long, Hidden) = host(SYS_pwritev).blocks(Sys);
    71 sendfile(Fd, Fd, InOut(d::offset), Size) = host(SYS_sendfile).blocks(Sys);
    72 pselect6(Int, In(d::fd_set), In(d::fd_set), In(d::fd_set), In(d::timespec), In(d::sigset_pair))
        = run(fs::pselect6).blocks(NoHandler);
    73 ppoll(In(d::pollfds), UInt, In(d::timespec), In(d::sigset), Size) = run(fs::ppoll).blocks(NoHandler);
    74 signalfd4(Fd, In(d::sigset), Size, Flags(&n::SFD)) = host(SYS_signalfd4);
    75 vmsplice(Fd, In(d::iovecs_in), ULong, Flags(&n::SPLICE)) = host(SYS_vmsplice).blocks(Sys);
    76 splice(Fd, In(d::offset), Fd, In(d::offset), Size, Flags(&n::SPLICE)) = host(SYS_splice).blocks(Sys);
    77 tee(Fd, Fd, Size, Flags(&n::SPLICE)) = host(SYS_tee).blocks(Sys);
    78 readlinkat(DirFd, Path, BufOut, Size) = run(fs::readlinkat);
    79 newfstatat(DirFd, Path, Out(d::stat), Flags(&n::AT)) = run(fs::newfstatat);
    80 fstat(Fd, Out(d::stat)) = run(fs::fstat);
    81 sync() = host(SYS_sync);
    82 fsync(Fd) = host(SYS_fsync);
    83 fdatasync(Fd) = host(SYS_fdatasync);
    84 sync_file_range(Fd, Long, Long, Flags(&n::SYNC_FILE_RANGE)) = host(SYS_sync_file_range);
    85 timerfd_create(Enum(&n::CLOCK), Flags(&n::TFD)) = host(SYS_timerfd_create);
    86 timerfd_settime(Fd, Flags(&n::TFD_TIMER), In(d::itimerspec), Out(d::itimerspec)) = host(SYS_timerfd_settime);
    87 timerfd_gettime(Fd, Out(d::itimerspec)) = host(SYS_timerfd_gettime);
    88 utimensat(DirFd, Path, In(d::utimes), Flags(&n::AT)) = host(SYS_utimensat);
    89 acct(Path) = host(SYS_acct);
    90 capget(Ptr, Ptr) = host(SYS_capget);
    91 capset(Ptr, Ptr) = host(SYS_capset);
    92 personality(Hex) -> Address = host(SYS_personality);
    93 exit(Int) = run(process::exit);
    94 exit_group(Int) = run(process::exit_group);
    95 waitid(Enum(&n::WAIT_ID), Int, Out(d::siginfo), Flags(&n::WAIT), Out(d::rusage)) = host(SYS_waitid).blocks(Sys);
    96 set_tid_address(Ptr) = run(process::set_tid_address);
    97 unshare(Flags(&n::CLONE)) = host(SYS_unshare);
    98 futex(Ptr, Futex, FutexValue, HiddenPtr, HiddenPtr, Hidden) = run(sync::futex).blocks(Sys);
    99 set_robust_list(Ptr, Size) = host(SYS_set_robust_list);
    100 get_robust_list(Int, Ptr, Ptr) = host(SYS_get_robust_list);
    101 nanosleep(In(d::timespec), Out(d::timespec)) = run(time::nanosleep).blocks(Block);
    102 getitimer(Enum(&n::ITIMER), Out(d::itimerval)) = host(SYS_getitimer);
    103 setitimer(Enum(&n::ITIMER), In(d::itimerval), Out(d::itimerval)) = host(SYS_setitimer);
    104 kexec_load(Ptr, ULong, Ptr, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    105 init_module(Ptr, Size, Str) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    106 delete_module(Str, Open) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    107 timer_create(Enum(&n::CLOCK), In(d::sigevent), Out(d::int)) = host(SYS_timer_create);
    108 timer_gettime(Int, Out(d::itimerspec)) = host(SYS_timer_gettime);
    109 timer_getoverrun(Int) = host(SYS_timer_getoverrun);
    110 timer_settime(Int, Flags(&n::TIMER), In(d::itimerspec), Out(d::itimerspec)) = host(SYS_timer_settime);
    111 timer_delete(Int) = host(SYS_timer_delete);
    112 clock_settime(Enum(&n::CLOCK), In(d::timespec)) = host(SYS_clock_settime);
    113 clock_gettime(Enum(&n::CLOCK), Out(d::timespec)) = run(time::clock_gettime);
    114 clock_getres(Enum(&n::CLOCK), Out(d::timespec)) = run(time::clock_getres);
    115 clock_nanosleep(Enum(&n::CLOCK), Flags(&n::TIMER), In(d::timespec), Out(d::timespec))
        = run(time::clock_nanosleep).blocks(Block);
    116 syslog(Int, Ptr, Int) = host(SYS_syslog).blocks(Sys);
    117 ptrace(Int, Int, Ptr, Ptr) = refuse(Errno::EPERM, "the host's tracer would show armlet's registers, not the guest's");
    118 sched_setparam(Int, In(d::int)) = host(SYS_sched_setparam);
    119 sched_setscheduler(Int, Flags(&n::SCHED), In(d::int)) = host(SYS_sched_setscheduler);
    120 sched_getscheduler(Int) = host(SYS_sched_getscheduler);
    121 sched_getparam(Int, Out(d::int)) = host(SYS_sched_getparam);
    122 sched_setaffinity(Int, Size, Ptr) = host(SYS_sched_setaffinity);
    123 sched_getaffinity(Int, Size, Ptr) = host(SYS_sched_getaffinity);
    124 sched_yield() = host(SYS_sched_yield);
    125 sched_get_priority_max(Flags(&n::SCHED)) = host(SYS_sched_get_priority_max);
    126 sched_get_priority_min(Flags(&n::SCHED)) = host(SYS_sched_get_priority_min);
    127 sched_rr_get_interval(Int, Out(d::timespec)) = host(SYS_sched_rr_get_interval);
    128 restart_syscall() = run(time::restart_syscall).blocks(Block);
    129 kill(Int, Signal) = host(SYS_kill);
    130 tkill(Int, Signal) = host(SYS_tkill);
    131 tgkill(Int, Int, Signal) = host(SYS_tgkill);
    132 sigaltstack(In(d::stack), Out(d::stack)) = run(signal::sigaltstack);
    133 rt_sigsuspend(In(d::sigset), Size) = run(signal::rt_sigsuspend).blocks(NoHandler);
    134 rt_sigaction(Signal, In(d::sigaction), Out(d::sigaction), Size) = run(signal::rt_sigaction);
    135 rt_sigprocmask(Enum(&n::SIG_HOW), In(d::sigset), Out(d::sigset), Size) = run(signal::rt_sigprocmask);
    136 rt_sigpending(Out(d::sigset), Size) = host(SYS_rt_sigpending);
    137 rt_sigtimedwait(In(d::sigset), Out(d::siginfo), In(d::timespec), Size) = host(SYS_rt_sigtimedwait).blocks(Never);
    138 rt_sigqueueinfo(Int, Signal, In(d::siginfo)) = host(SYS_rt_sigqueueinfo);
    139 rt_sigreturn() = run(signal::rt_sigreturn);
    140 setpriority(Enum(&n::PRIO), Int, Int) = host(SYS_setpriority);
    141 getpriority(Enum(&n::PRIO), Int) = host(SYS_getpriority);
    142 reboot(Hex, Hex, Hex, Ptr) = host(SYS_reboot);
    143 setregid(Id, Id) = host(SYS_setregid);
    144 setgid(Id) = host(SYS_setgid);
    145 setreuid(Id, Id) = host(SYS_setreuid);
    146 setuid(Id) = host(SYS_setuid);
    147 setresuid(Id, Id, Id) = host(SYS_setresuid);
    148 getresuid(Out(d::int), Out(d::int), Out(d::int)) = host(SYS_getresuid);
    149 setresgid(Id, Id, Id) = host(SYS_setresgid);
    150 getresgid(Out(d::int), Out(d::int), Out(d::int)) = host(SYS_getresgid);
    151 setfsuid(Id) = host(SYS_setfsuid);
    152 setfsgid(Id) = host(SYS_setfsgid);
    153 times(Out(d::tms)) = host(SYS_times);
    154 setpgid(Int, Int) = host(SYS_setpgid);
    155 getpgid(Int) = host(SYS_getpgid);
    156 getsid(Int) = host(SYS_getsid);
    157 setsid() = host(SYS_setsid);
    158 getgroups(Int, Out(d::groups_out)) = host(SYS_getgroups);
    159 setgroups(Int, In(d::groups_in)) = host(SYS_setgroups);
    160 uname(Out(d::utsname)) = run(process::uname);
    161 sethostname(BufIn(1), Size) = host(SYS_sethostname);
    162 setdomainname(BufIn(1), Size) = host(SYS_setdomainname);
    163 getrlimit(Enum(&n::RLIMIT), Out(d::rlimit)) = run(process::getrlimit);
    164 setrlimit(Enum(&n::RLIMIT), In(d::rlimit)) = run(process::setrlimit);
    165 getrusage(Enum(&n::RUSAGE), Out(d::rusage)) = host(SYS_getrusage);
    166 umask(Mode) -> Octal = host(SYS_umask);
    167 prctl(Enum(&n::PRCTL), Prctl, Hidden, Hidden, Hidden) = run(process::prctl);
    168 getcpu(Out(d::int), Out(d::int), Ptr) = run(time::getcpu);
    169 gettimeofday(Out(d::timeval), Ptr) = run(time::gettimeofday);
    170 settimeofday(In(d::timeval), Ptr) = host(SYS_settimeofday);
    171 adjtimex(Ptr) = host(SYS_adjtimex);
    172 getpid() = host(SYS_getpid);
    173 getppid() = host(SYS_getppid);
    174 getuid() = host(SYS_getuid);
    175 geteuid() = host(SYS_geteuid);
    176 getgid() = host(SYS_getgid);
    177 getegid() = host(SYS_getegid);
    178 gettid() = host(SYS_gettid);
    179 sysinfo(Out(d::sysinfo)) = host(SYS_sysinfo);
    180 mq_open(Str, Open, CreateMode, Ptr) = run(fs::mq_open);
    181 mq_unlink(Str) = host(SYS_mq_unlink);
    182 mq_timedsend(Fd, BufIn(2), Size, UInt, In(d::timespec)) = host(SYS_mq_timedsend).blocks(Sys);
    183 mq_timedreceive(Fd, BufOut, Size, Out(d::int), In(d::timespec)) = host(SYS_mq_timedreceive).blocks(Sys);
    184 mq_notify(Fd, In(d::sigevent)) = host(SYS_mq_notify);
    185 mq_getsetattr(Fd, Ptr, Ptr) = host(SYS_mq_getsetattr);
    186 msgget(IpcKey, IpcFlags) = host(SYS_msgget);
    187 msgctl(Int, Enum(&n::IPC_COMMAND), Ptr) = host(SYS_msgctl);
    188 msgrcv(Int, Ptr, Size, Long, Flags(&n::IPC)) = host(SYS_msgrcv).blocks(NoHandler);
    189 msgsnd(Int, Ptr, Size, Flags(&n::IPC)) = host(SYS_msgsnd).blocks(NoHandler);
    190 semget(IpcKey, Int, IpcFlags) = host(SYS_semget);
    191 semctl(Int, Int, Enum(&n::SEM_COMMAND), Hex) = run(sync::semctl);
    192 semtimedop(Int, In(d::sembufs), UInt, In(d::timespec)) = host(SYS_semtimedop).blocks(Never);
    193 semop(Int, In(d::sembufs), UInt) = host(SYS_semop).blocks(Never);
    194 shmget(IpcKey, Size, IpcFlags) = host(SYS_shmget);
    195 shmctl(Int, Enum(&n::IPC_COMMAND), Ptr) = host(SYS_shmctl);
    196 shmat(Int, Ptr, Flags(&n::SHM)) -> Address = run(mm::shmat);
    197 shmdt(Ptr) = run(mm::shmdt);
    198 socket(Enum(&n::AF), SocketType, Protocol) = host(SYS_socket);
    199 socketpair(Enum(&n::AF), SocketType, Protocol, Out(d::fd_pair)) = host(SYS_socketpair);
    200 bind(Fd, In(d::sockaddr_in), Int) = host(SYS_bind);
    201 listen(Fd, Int) = host(SYS_listen);
    202 accept(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_accept).blocks(Sys);
    203 connect(Fd, In(d::sockaddr_in), Int) = host(SYS_connect).blocks(Sys);
    204 getsockname(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_getsockname);
    205 getpeername(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_getpeername);
    206 sendto(Fd, BufIn(2), Size, Flags(&n::MSG), In(d::sockaddr_sendto), Int) = host(SYS_sendto).blocks(Sys);
    207 recvfrom(Fd, BufOut, Size, Flags(&n::MSG), Out(d::sockaddr_recvfrom), InOut(d::boxed_int))
        = host(SYS_recvfrom).blocks(Sys);
    208 setsockopt(Fd, Enum(&n::SOL), SocketOption, In(d::sockopt_in), Int) = host(SYS_setsockopt);
    209 getsockopt(Fd, Enum(&n::SOL), SocketOption, Out(d::sockopt_out), InOut(d::boxed_int)) = host(SYS_getsockopt);
    210 shutdown(Fd, Enum(&n::SHUT)) = host(SYS_shutdown);
    211 sendmsg(Fd, In(d::msghdr), Flags(&n::MSG)) = host(SYS_sendmsg).blocks(Sys);
    212 recvmsg(Fd, Out(d::msghdr), Flags(&n::MSG)) = host(SYS_recvmsg).blocks(Sys);
    213 readahead(Fd, Long, Size) = host(SYS_readahead);
    214 brk(Ptr) -> Address = run(mm::brk);
    215 munmap(Ptr, Size) = run(mm::munmap);
    216 mremap(Ptr, Size, Size, Flags(&n::MREMAP), Ptr) -> Address = run(mm::mremap);
    217 add_key(Str, Str, BufIn(3), Size, Int) = host(SYS_add_key);
    218 request_key(Str, Str, Str, Int) = host(SYS_request_key).blocks(Sys);
    219 keyctl(Int, Hex, Hex, Hex, Hex) = host(SYS_keyctl);
    220 clone(CloneFlags, HiddenPtr, HiddenPtr, Hidden, HiddenPtr) = run(process::clone);
    221 execve(Path, Strings, Environment) = run(process::execve);
    222 mmap(Ptr, Size, Flags(&n::PROT), Map, Fd, Hex) -> Address = run(mm::mmap);
    223 fadvise64(Fd, Long, Long, Enum(&n::FADVISE)) = host(SYS_fadvise64);
    224 swapon(Path, Hex) = host(SYS_swapon);
    225 swapoff(Path) = host(SYS_swapoff);
    226 mprotect(Ptr, Size, Flags(&n::PROT)) = run(mm::mprotect);
    227 msync(Ptr, Size, Flags(&n::MSYNC)) = run(mm::msync);
    228 mlock(Ptr, Size) = run(mm::mlock);
    229 munlock(Ptr, Size) = run(mm::munlock);
    230 mlockall(Flags(&n::MCL)) = run(mm::mlockall);
    231 munlockall() = run(mm::munlockall);
    232 mincore(Ptr, Size, Ptr) = run(mm::mincore);
    233 madvise(Ptr, Size, Enum(&n::MADV)) = run(mm::madvise);
    234 remap_file_pages(Ptr, Size, Flags(&n::PROT), Size, Map) = run(mm::remap_file_pages);
    235 mbind(Ptr, Size, Int, Ptr, ULong, Hex) = run(mm::mbind);
    236 get_mempolicy(Ptr, Ptr, ULong, Ptr, Hex) = host(SYS_get_mempolicy);
    237 set_mempolicy(Int, Ptr, ULong) = host(SYS_set_mempolicy);
    238 migrate_pages(Int, ULong, Ptr, Ptr) = host(SYS_migrate_pages);
    239 move_pages(Int, ULong, Ptr, Ptr, Ptr, Hex) = host(SYS_move_pages);
    240 rt_tgsigqueueinfo(Int, Int, Signal, In(d::siginfo)) = host(SYS_rt_tgsigqueueinfo);
    241 perf_event_open(Ptr, Int, Int, Fd, Hex) = refuse(Errno::ENOSYS, "the counters would count armlet, not the guest");
    242 accept4(Fd, Out(d::sockaddr_out), InOut(d::boxed_int), Flags(&n::SOCK)) = host(SYS_accept4).blocks(Sys);
    243 recvmmsg(Fd, Out(d::mmsghdrs), UInt, Flags(&n::MSG), In(d::timespec)) = host(SYS_recvmmsg).blocks(Sys);
    260 wait4(Int, Out(d::wait_status), Flags(&n::WAIT), Out(d::rusage)) = host(SYS_wait4).blocks(Sys);
    261 prlimit64(Int, Enum(&n::RLIMIT), In(d::rlimit), Out(d::rlimit)) = run(process::prlimit64);
    262 fanotify_init(Hex, Open) = run(fs::fanotify_init);
    263 fanotify_mark(Fd, Hex, Hex, DirFd, Path) = host(SYS_fanotify_mark);
    264 name_to_handle_at(DirFd, Path, Ptr, Out(d::int), Flags(&n::AT)) = host(SYS_name_to_handle_at);
    265 open_by_handle_at(Fd, Ptr, Open) = run(fs::open_by_handle_at).blocks(Sys);
    266 clock_adjtime(Enum(&n::CLOCK), Ptr) = host(SYS_clock_adjtime);
    267 syncfs(Fd) = host(SYS_syncfs);
    268 setns(Fd, Flags(&n::CLONE)) = run(fs::setns);
    269 sendmmsg(Fd, In(d::mmsghdrs), UInt, Flags(&n::MSG)) = host(SYS_sendmmsg).blocks(Sys);
    270 process_vm_readv(Int, Ptr, ULong, Ptr, ULong, Hex) = host(SYS_process_vm_readv);
    271 process_vm_writev(Int, Ptr, ULong, Ptr, ULong, Hex) = host(SYS_process_vm_writev);
    272 kcmp(Int, Int, Int, ULong, ULong) = host(SYS_kcmp);
    273 finit_module(Fd, Str, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    274 sched_setattr(Int, Ptr, Hex) = host(SYS_sched_setattr);
    275 sched_getattr(Int, Ptr, UInt, Hex) = host(SYS_sched_getattr);
    276 renameat2(DirFd, Path, DirFd, Path, Flags(&n::RENAME)) = host(SYS_renameat2);
    277 seccomp(Int, Hex, Ptr) = run(seccomp::seccomp);
    278 getrandom(HexOut, Size, Flags(&n::GRND)) = host(SYS_getrandom).blocks(Sys);
    279 memfd_create(Str, Flags(&n::MFD)) = host(SYS_memfd_create);
    280 bpf(Int, Ptr, UInt) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    281 execveat(DirFd, Path, Strings, Environment, Flags(&n::AT)) = run(process::execveat);
    282 userfaultfd(Open) = host(SYS_userfaultfd);
    283 membarrier(Enum(&n::MEMBARRIER), Hex, Hidden) = host(SYS_membarrier);
    284 mlock2(Ptr, Size, Hex) = run(mm::mlock2);
    285 copy_file_range(Fd, In(d::offset), Fd, In(d::offset), Size, Hex) = host(SYS_copy_file_range).blocks(Sys);
    286 preadv2(Fd, Out(d::iovecs_out), Int, Long, Hidden, Flags(&n::RWF)) = host(SYS_preadv2).blocks(Sys);
    287 pwritev2(Fd, In(d::iovecs_in), Int, Long, Hidden, Flags(&n::RWF)) = host(SYS_pwritev2).blocks(Sys);
    288 pkey_mprotect(Ptr, Size, Flags(&n::PROT), Int) = refuse(Errno::ENOSYS, "the machine has no permission overlays (FEAT_S1POE)");
    289 pkey_alloc(Hex, Hex) = refuse(Errno::ENOSYS, "the machine has no permission overlays (FEAT_S1POE)");
    290 pkey_free(Int) = refuse(Errno::ENOSYS, "the machine has no permission overlays (FEAT_S1POE)");
    291 statx(DirFd, Path, StatxFlags, Flags(&n::STATX), Out(d::statx)) = run(fs::statx);
    292 io_pgetevents(Hex, Long, Long, Ptr, In(d::timespec), In(d::sigset_pair)) = run(fs::io_pgetevents).blocks(Never);
    293 rseq(Ptr, UInt, Hex, Hex) = refuse(Errno::ENOSYS, "an interpreter cannot abort a sequence at its instructions (kernel without CONFIG_RSEQ)");
    294 kexec_file_load(Fd, Fd, ULong, Str, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    424 pidfd_send_signal(Fd, Signal, In(d::siginfo), Hex) = host(424);
    425 io_uring_setup(UInt, Ptr) = run(fs::io_uring_setup);
    426 io_uring_enter(Fd, UInt, UInt, Hex, Ptr, Size) = run(fs::io_uring_enter).blocks(Sys);
    427 io_uring_register(Fd, UInt, Ptr, UInt) = run(fs::io_uring_register);
    428 open_tree(DirFd, Path, Hex) = host(428);
    429 move_mount(DirFd, Path, DirFd, Path, Hex) = run(fs::move_mount);
    430 fsopen(Str, Hex) = host(430);
    431 fsconfig(Fd, Int, Str, Ptr, Int) = host(431);
    432 fsmount(Fd, Hex, Hex) = host(432);
    433 fspick(DirFd, Path, Hex) = host(433);
    434 pidfd_open(Int, Flags(&n::PIDFD)) = host(434);
    435 clone3(In(d::clone_args), Size) = run(process::clone3);
    436 close_range(UInt, UInt, Flags(&n::CLOSE_RANGE)) = run(fs::close_range);
    437 openat2(DirFd, Path, In(d::open_how), Size) = run(fs::openat2).blocks(Sys);
    438 pidfd_getfd(Fd, Fd, Hex) = host(438);
    439 faccessat2(DirFd, Path, Flags(&n::ACCESS), Flags(&n::FACCESSAT)) = run(fs::faccessat2);
    440 process_madvise(Fd, Ptr, ULong, Enum(&n::MADV), Hex) = host(440);
    441 epoll_pwait2(Fd, Out(d::epoll_events), Int, In(d::timespec), In(d::sigset), Size) = run(fs::epoll_pwait2).blocks(Never);
    442 mount_setattr(DirFd, Path, Hex, Ptr, Size) = host(442);
    443 quotactl_fd(Fd, Hex, Id, Ptr) = host(443);
    444 landlock_create_ruleset(Ptr, Size, Hex) = host(444);
    445 landlock_add_rule(Fd, Int, Ptr, Hex) = host(445);
    446 landlock_restrict_self(Fd, Hex) = host(446);
    447 memfd_secret(Hex) = host(447);
    448 process_mrelease(Fd, Hex) = host(448);
    449 futex_waitv(Ptr, UInt, Hex, In(d::timespec), Enum(&n::CLOCK)) = host(449).blocks(Sys);
    450 set_mempolicy_home_node(Ptr, Size, ULong, Hex) = host(450);
    451 cachestat(Fd, Ptr, Ptr, Hex) = host(451);
    452 fchmodat2(DirFd, Path, Mode, Flags(&n::AT)) = host(452);
    453 map_shadow_stack(Ptr, Size, Hex) = refuse(Errno::EOPNOTSUPP, "the machine has no guarded control stack (FEAT_GCS)");
    454 futex_wake(Ptr, Hex, Int, Hex) = host(454);
    455 futex_wait(Ptr, Hex, Hex, Hex, In(d::timespec), Enum(&n::CLOCK)) = host(455).blocks(Sys);
    456 futex_requeue(Ptr, Hex, Int, Int) = host(456);
    457 statmount(Ptr, Ptr, Size, Hex) = host(457);
    458 listmount(Ptr, Ptr, Size, Hex) = host(458);
    459 lsm_get_self_attr(UInt, Ptr, Ptr, Hex) = host(459);
    460 lsm_set_self_attr(UInt, Ptr, Size, Hex) = host(460);
    461 lsm_list_modules(Ptr, Ptr, Hex) = host(461);
    462 mseal(Ptr, Size, Hex) = run(mm::mseal);
    463 setxattrat(DirFd, Path, Hex, Str, Ptr, Size) = host(463);
    464 getxattrat(DirFd, Path, Hex, Str, Ptr, Size) = host(464);
    465 listxattrat(DirFd, Path, Hex, Ptr, Size) = host(465);
    466 removexattrat(DirFd, Path, Hex, Str) = host(466);
    467 open_tree_attr(DirFd, Path, Hex, Ptr, Size) = host(467);
    468 file_getattr(DirFd, Path, Ptr, Size, Hex) = host(468);
    469 file_setattr(DirFd, Path, Ptr, Size, Hex) = host(469);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Action, Arg};

    #[test]
    fn well_known_numbers() {
        for (number, name) in [
            (0, "io_setup"),
            (29, "ioctl"),
            (56, "openat"),
            (63, "read"),
            (64, "write"),
            (79, "newfstatat"),
            (93, "exit"),
            (98, "futex"),
            (139, "rt_sigreturn"),
            (172, "getpid"),
            (198, "socket"),
            (220, "clone"),
            (222, "mmap"),
            (260, "wait4"),
            (278, "getrandom"),
            (291, "statx"),
            (435, "clone3"),
            (439, "faccessat2"),
            (449, "futex_waitv"),
            (469, "file_setattr"),
        ] {
            assert_eq!(row(number).map(|row| row.name), Some(name));
        }
        assert_eq!((TABLE.len(), LIMIT), (325, 470));
        for number in [244, 259, 295, 403, 423, 470, u64::MAX] {
            assert!(row(number).is_none(), "{number}");
        }
    }

    #[test]
    fn numbers_from_424_on_are_the_same_on_both_sides() {
        for row in TABLE.iter().filter(|row| row.number >= 424) {
            if let Action::Host(host) = row.action {
                assert_eq!(host, i64::from(row.number), "{}", row.name);
            }
        }
    }

    #[test]
    fn pointers_are_found_by_type() {
        let pointers = |number| row(number).map(|row| row.pointers);
        assert_eq!(pointers(56), Some(0b10), "openat");
        assert_eq!(pointers(98), Some(0b1_1001), "futex");
        assert_eq!(pointers(220), Some(0b1_0110), "clone: not the TLS");
        assert_eq!(pointers(222), Some(1), "mmap");
        assert_eq!(pointers(172), Some(0), "getpid");
        assert!(!Arg::Fd.is_pointer() && Arg::Path.is_pointer());
    }

    #[test]
    fn a_refusal_says_why() {
        assert_eq!(row(280).map(|row| row.is_served()), Some(false));
        for row in TABLE {
            let status = row.status();
            match row.action {
                Action::Refuse(errno, reason) => {
                    assert!(
                        reason.len() > 10 && status.contains(reason) && errno.name().is_some(),
                        "{}",
                        row.name
                    );
                }
                Action::Host(_) => assert_eq!(status, "passed to the host"),
                Action::Run(_) => assert_eq!(status, "translated"),
            }
        }
    }
}
