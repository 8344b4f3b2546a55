//! The arm EABI system-call table, as [`crate::table`] is arm64's: one row per call. Calls that are the same for both have the same
//! handler; the row's argument types say in which registers 64-bit numbers are ([`Wide`] in an even pair, [`Halves`] in any two), and
//! the number says how wide the times are (32 bits below 403, see [`time::Width`]).

use armlet_cpu::Trap;
use libc::*;

use crate::call::Call;
use crate::fs::legacy as l;
use crate::process::legacy as p;
use crate::row::Arg::*;
use crate::row::{Row, host, refuse, run, syscalls};
use crate::strace::{decode as d, decode_a32 as d32, names as n};
use crate::task::Restart::{Block, Never, NoHandler, Sys};
use crate::task::{Break, Reply};
use crate::{Errno, aio, fs, mm, net, process, seccomp, signal, sync, time};

/// Why calls that change the running kernel are refused.
const KERNEL_OF_ANOTHER_MACHINE: &str = "the running kernel is not the guest's, and is of another architecture";

/// The private calls of the architecture, from `__ARM_NR_BASE` on.
pub mod private {
    use super::*;

    syscalls! {
        public_row from 0xf0001:
        0xf0001 breakpoint() = run(breakpoint);
        0xf0002 cacheflush(Ptr, Ptr, Hex) = run(cacheflush);
        0xf0003 usr26() = refuse(Errno::ENOSYS, "the processor has no 26-bit mode");
        0xf0004 usr32() = refuse(Errno::ENOSYS, "the processor has no 26-bit mode");
        0xf0005 set_tls(Hex) = run(set_tls);
        0xf0006 get_tls() -> Address = run(get_tls);
    }
}

/// From here on, a number that is in no table is an illegal instruction; below, it is ENOSYS.
const FIRST_ILLEGAL: u64 = 0xf0800;

/// The row of a number.
#[inline]
pub fn row(number: u64) -> Option<&'static Row> {
    public_row(number).or_else(|| private::public_row(number))
}

/// Whether Linux answers an unknown number with SIGILL.
#[must_use]
pub const fn is_illegal(number: u64) -> bool {
    number >= FIRST_ILLEGAL
}

/// breakpoint: a way to stop for a debugger that is as long as any call.
fn breakpoint(_: &mut Call<'_>) -> Reply {
    Err(Break::Trap(Trap::Breakpoint { imm: 0 }))
}

/// cacheflush(2): the code between two addresses has changed. The third argument is 0.
fn cacheflush(call: &mut Call<'_>) -> Reply {
    let [start, end, flags, ..] = call.args;
    if end < start || flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    if start != end {
        call.task.memory().invalidate_code(start..end);
    }
    Ok(0)
}

/// set_tls: the thread pointer, which the kernel helper and TPIDRURO show.
fn set_tls(call: &mut Call<'_>) -> Reply {
    call.state.tpidr = call.args[0];
    Ok(0)
}

/// get_tls: the thread pointer.
fn get_tls(call: &mut Call<'_>) -> Reply {
    Ok(call.state.tpidr)
}

syscalls! {
    public_row from 0:
    0 restart_syscall() = run(time::restart_syscall).blocks(Block);
    1 exit(Int) = run(process::exit);
    2 fork() = run(p::fork);
    3 read(Fd, BufOut, Size) = host(SYS_read).blocks(Sys);
    4 write(Fd, BufIn(2), Size) = host(SYS_write).blocks(Sys);
    5 open(Path, Open, CreateMode) = run(l::open).blocks(Sys);
    6 close(Fd) = run(fs::close);
    8 creat(Path, Mode) = run(l::creat).blocks(Sys);
    9 link(Path, Path) = host(SYS_link);
    10 unlink(Path) = host(SYS_unlink);
    11 execve(Path, Strings, Environment) = run(process::execve);
    12 chdir(Path) = host(SYS_chdir);
    14 mknod(Path, FileMode, Device) = run(l::mknod);
    15 chmod(Path, Mode) = host(SYS_chmod);
    16 lchown(Path, Id, Id) = run(l::lchown);
    19 lseek(Fd, Long, Enum(&n::SEEK)) = run(fs::lseek);
    20 getpid() = host(SYS_getpid);
    21 mount(Str, Path, Str, Flags(&n::MOUNT), Ptr) = host(SYS_mount);
    23 setuid(Id) = run(p::setuid);
    24 getuid() = run(p::getuid);
    26 ptrace(Int, Int, Ptr, Ptr) = refuse(Errno::EPERM, "the host's tracer would show armlet's registers, not the guest's");
    29 pause() = host(SYS_pause).blocks(NoHandler);
    33 access(Path, Flags(&n::ACCESS)) = run(l::access);
    34 nice(Int) = run(p::nice);
    36 sync() = host(SYS_sync);
    37 kill(Int, Signal) = host(SYS_kill);
    38 rename(Path, Path) = host(SYS_rename);
    39 mkdir(Path, Mode) = host(SYS_mkdir);
    40 rmdir(Path) = host(SYS_rmdir);
    41 dup(Fd) = host(SYS_dup);
    42 pipe(Out(d::fd_pair)) = host(SYS_pipe);
    43 times(Out(d32::tms)) = run(time::times);
    45 brk(Ptr) -> Address = run(mm::brk);
    46 setgid(Id) = run(p::setgid);
    47 getgid() = run(p::getgid);
    49 geteuid() = run(p::geteuid);
    50 getegid() = run(p::getegid);
    51 acct(Path) = host(SYS_acct);
    52 umount2(Path, Flags(&n::UMOUNT)) = host(SYS_umount2);
    54 ioctl(Fd, Enum(&n::IOCTL), Ioctl) = run(fs::ioctl).blocks(Sys);
    55 fcntl(Fd, Enum(&n::FCNTL_A32), Fcntl) -> Fcntl = run(l::fcntl).blocks(Sys);
    57 setpgid(Int, Int) = host(SYS_setpgid);
    60 umask(Mode) -> Octal = host(SYS_umask);
    61 chroot(Path) = host(SYS_chroot);
    62 ustat(Hex, Ptr) = run(l::ustat);
    63 dup2(Fd, Fd) = run(l::dup2);
    64 getppid() = host(SYS_getppid);
    65 getpgrp() = host(SYS_getpgrp);
    66 setsid() = host(SYS_setsid);
    67 sigaction(Signal, In(d32::old_sigaction), Out(d32::old_sigaction)) = run(signal::old_sigaction);
    70 setreuid(Id, Id) = run(p::setreuid);
    71 setregid(Id, Id) = run(p::setregid);
    72 sigsuspend(Hidden, Hidden, Hex) = run(signal::old_sigsuspend).blocks(NoHandler);
    73 sigpending(Out(d32::old_sigset)) = run(signal::old_sigpending);
    74 sethostname(BufIn(1), Size) = host(SYS_sethostname);
    75 setrlimit(Enum(&n::RLIMIT), In(d32::rlimit)) = run(process::setrlimit);
    77 getrusage(Enum(&n::RUSAGE), Out(d32::rusage)) = run(p::getrusage);
    78 gettimeofday(Out(d32::timeval), Ptr) = run(time::gettimeofday);
    79 settimeofday(In(d32::timeval), Ptr) = run(time::settimeofday);
    80 getgroups(Int, Ptr) = run(p::getgroups);
    81 setgroups(Int, Ptr) = run(p::setgroups);
    83 symlink(Str, Path) = host(SYS_symlink);
    85 readlink(Path, BufOut, Size) = run(l::readlink);
    86 uselib(Path) = refuse(Errno::ENOSYS, "loads libraries of the a.out format (kernel without CONFIG_USELIB)");
    87 swapon(Path, Hex) = host(SYS_swapon);
    88 reboot(Hex, Hex, Hex, Ptr) = host(SYS_reboot);
    91 munmap(Ptr, Size) = run(mm::munmap);
    92 truncate(Path, Long) = host(SYS_truncate);
    93 ftruncate(Fd, Long) = host(SYS_ftruncate);
    94 fchmod(Fd, Mode) = host(SYS_fchmod);
    95 fchown(Fd, Id, Id) = run(l::fchown);
    96 getpriority(Enum(&n::PRIO), Int) = host(SYS_getpriority);
    97 setpriority(Enum(&n::PRIO), Int, Int) = host(SYS_setpriority);
    99 statfs(Path, Out(d32::statfs)) = run(l::old_statfs);
    100 fstatfs(Fd, Out(d32::statfs)) = run(l::old_fstatfs);
    103 syslog(Int, Ptr, Int) = host(SYS_syslog).blocks(Sys);
    104 setitimer(Enum(&n::ITIMER), In(d32::itimerval), Out(d32::itimerval)) = run(time::setitimer);
    105 getitimer(Enum(&n::ITIMER), Out(d32::itimerval)) = run(time::getitimer);
    106 stat(Path, Out(d32::stat)) = run(l::stat);
    107 lstat(Path, Out(d32::stat)) = run(l::lstat);
    108 fstat(Fd, Out(d32::stat)) = run(l::old_fstat);
    111 vhangup() = host(SYS_vhangup);
    114 wait4(Int, Out(d::wait_status), Flags(&n::WAIT), Out(d32::rusage)) = run(p::wait4).blocks(Sys);
    115 swapoff(Path) = host(SYS_swapoff);
    116 sysinfo(Out(d32::sysinfo)) = run(p::sysinfo);
    118 fsync(Fd) = host(SYS_fsync);
    119 sigreturn() = run(signal::old_sigreturn);
    120 clone(CloneFlags, HiddenPtr, HiddenPtr, Hidden, HiddenPtr) = run(process::clone);
    121 setdomainname(BufIn(1), Size) = host(SYS_setdomainname);
    122 uname(Out(d::utsname)) = run(process::uname);
    124 adjtimex(Ptr) = run(time::adjtimex);
    125 mprotect(Ptr, Size, Flags(&n::PROT)) = run(mm::mprotect);
    126 sigprocmask(Enum(&n::SIG_HOW), In(d32::old_sigset), Out(d32::old_sigset)) = run(signal::old_sigprocmask);
    128 init_module(Ptr, Size, Str) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    129 delete_module(Str, Open) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    131 quotactl(Hex, Str, Id, Ptr) = host(SYS_quotactl);
    132 getpgid(Int) = host(SYS_getpgid);
    133 fchdir(Fd) = host(SYS_fchdir);
    134 bdflush(Int, Long) = refuse(Errno::ENOSYS, "removed from Linux in 5.15");
    135 sysfs(Int, Hex, Hex) = host(SYS_sysfs);
    136 personality(Hex) -> Address = host(SYS_personality);
    138 setfsuid(Id) = run(p::setfsuid);
    139 setfsgid(Id) = run(p::setfsgid);
    140 _llseek(Fd, HalvesSwapped, Out(d::offset), Enum(&n::SEEK)) = run(fs::llseek);
    141 getdents(Fd, Out(d32::dirents), Size) = run(fs::getdents).blocks(Sys);
    142 _newselect(Int, In(d::fd_set), In(d::fd_set), In(d::fd_set), In(d32::timeval)) = run(fs::newselect).blocks(NoHandler);
    143 flock(Fd, Flags(&n::LOCK)) = host(SYS_flock).blocks(Sys);
    144 msync(Ptr, Size, Flags(&n::MSYNC)) = run(mm::msync);
    145 readv(Fd, Out(d::iovecs_out), Int) = run(l::readv).blocks(Sys);
    146 writev(Fd, In(d::iovecs_in), Int) = run(l::writev).blocks(Sys);
    147 getsid(Int) = host(SYS_getsid);
    148 fdatasync(Fd) = host(SYS_fdatasync);
    149 _sysctl(Ptr) = refuse(Errno::ENOSYS, "removed from Linux in 5.5");
    150 mlock(Ptr, Size) = run(mm::mlock);
    151 munlock(Ptr, Size) = run(mm::munlock);
    152 mlockall(Flags(&n::MCL)) = run(mm::mlockall);
    153 munlockall() = run(mm::munlockall);
    154 sched_setparam(Int, In(d::int)) = host(SYS_sched_setparam);
    155 sched_getparam(Int, Out(d::int)) = host(SYS_sched_getparam);
    156 sched_setscheduler(Int, Flags(&n::SCHED), In(d::int)) = host(SYS_sched_setscheduler);
    157 sched_getscheduler(Int) = host(SYS_sched_getscheduler);
    158 sched_yield() = host(SYS_sched_yield);
    159 sched_get_priority_max(Flags(&n::SCHED)) = host(SYS_sched_get_priority_max);
    160 sched_get_priority_min(Flags(&n::SCHED)) = host(SYS_sched_get_priority_min);
    161 sched_rr_get_interval(Int, Out(d32::timespec)) = run(time::sched_rr_get_interval);
    162 nanosleep(In(d32::timespec), Out(d32::timespec)) = run(time::nanosleep).blocks(Block);
    163 mremap(Ptr, Size, Size, Flags(&n::MREMAP), Ptr) -> Address = run(mm::mremap);
    164 setresuid(Id, Id, Id) = run(p::setresuid);
    165 getresuid(Ptr, Ptr, Ptr) = run(p::getresuid);
    168 poll(In(d::pollfds), UInt, Int) = run(fs::poll).blocks(NoHandler);
    169 nfsservctl(Int, Ptr, Ptr) = refuse(Errno::ENOSYS, "removed from Linux in 3.1");
    170 setresgid(Id, Id, Id) = run(p::setresgid);
    171 getresgid(Ptr, Ptr, Ptr) = run(p::getresgid);
    172 prctl(Enum(&n::PRCTL), Prctl, Hidden, Hidden, Hidden) = run(process::prctl);
    173 rt_sigreturn() = run(signal::rt_sigreturn);
    174 rt_sigaction(Signal, In(d32::sigaction), Out(d32::sigaction), Size) = run(signal::rt_sigaction);
    175 rt_sigprocmask(Enum(&n::SIG_HOW), In(d::sigset), Out(d::sigset), Size) = run(signal::rt_sigprocmask);
    176 rt_sigpending(Out(d::sigset), Size) = host(SYS_rt_sigpending);
    177 rt_sigtimedwait(In(d::sigset), Out(d32::siginfo), In(d32::timespec), Size) = run(signal::rt_sigtimedwait).blocks(Never);
    178 rt_sigqueueinfo(Int, Signal, In(d32::siginfo)) = run(signal::rt_sigqueueinfo);
    179 rt_sigsuspend(In(d::sigset), Size) = run(signal::rt_sigsuspend).blocks(NoHandler);
    180 pread64(Fd, BufOut, Size, Wide) = host(SYS_pread64).blocks(Sys);
    181 pwrite64(Fd, BufIn(2), Size, Wide) = host(SYS_pwrite64).blocks(Sys);
    182 chown(Path, Id, Id) = run(l::chown);
    183 getcwd(StrOut, Size) = host(SYS_getcwd);
    184 capget(Ptr, Ptr) = host(SYS_capget);
    185 capset(Ptr, Ptr) = host(SYS_capset);
    186 sigaltstack(In(d32::stack), Out(d32::stack)) = run(signal::sigaltstack);
    187 sendfile(Fd, Fd, InOut(d::int), Size) = run(l::sendfile).blocks(Sys);
    190 vfork() = run(p::vfork);
    191 ugetrlimit(Enum(&n::RLIMIT), Out(d32::rlimit)) = run(process::getrlimit);
    192 mmap2(Ptr, Size, Flags(&n::PROT), Map, Fd, Hex) -> Address = run(mm::mmap2);
    193 truncate64(Path, Wide) = host(SYS_truncate);
    194 ftruncate64(Fd, Wide) = host(SYS_ftruncate);
    195 stat64(Path, Out(d32::stat64)) = run(l::stat64);
    196 lstat64(Path, Out(d32::stat64)) = run(l::lstat64);
    197 fstat64(Fd, Out(d32::stat64)) = run(l::fstat64);
    198 lchown32(Path, Id, Id) = host(SYS_lchown);
    199 getuid32() = host(SYS_getuid);
    200 getgid32() = host(SYS_getgid);
    201 geteuid32() = host(SYS_geteuid);
    202 getegid32() = host(SYS_getegid);
    203 setreuid32(Id, Id) = host(SYS_setreuid);
    204 setregid32(Id, Id) = host(SYS_setregid);
    205 getgroups32(Int, Out(d::groups_out)) = host(SYS_getgroups);
    206 setgroups32(Int, In(d::groups_in)) = host(SYS_setgroups);
    207 fchown32(Fd, Id, Id) = host(SYS_fchown);
    208 setresuid32(Id, Id, Id) = host(SYS_setresuid);
    209 getresuid32(Out(d::int), Out(d::int), Out(d::int)) = host(SYS_getresuid);
    210 setresgid32(Id, Id, Id) = host(SYS_setresgid);
    211 getresgid32(Out(d::int), Out(d::int), Out(d::int)) = host(SYS_getresgid);
    212 chown32(Path, Id, Id) = host(SYS_chown);
    213 setuid32(Id) = host(SYS_setuid);
    214 setgid32(Id) = host(SYS_setgid);
    215 setfsuid32(Id) = host(SYS_setfsuid);
    216 setfsgid32(Id) = host(SYS_setfsgid);
    217 getdents64(Fd, Out(d::dirents), Size) = run(fs::getdents64).blocks(Sys);
    218 pivot_root(Path, Path) = host(SYS_pivot_root);
    219 mincore(Ptr, Size, Ptr) = run(mm::mincore);
    220 madvise(Ptr, Size, Enum(&n::MADV)) = run(mm::madvise);
    221 fcntl64(Fd, Enum(&n::FCNTL_A32), Fcntl) -> Fcntl = run(l::fcntl64).blocks(Sys);
    224 gettid() = host(SYS_gettid);
    225 readahead(Fd, Wide, Size) = host(SYS_readahead);
    226 setxattr(Path, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_setxattr);
    227 lsetxattr(Path, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_lsetxattr);
    228 fsetxattr(Fd, Str, BufIn(3), Size, Flags(&n::XATTR)) = host(SYS_fsetxattr);
    229 getxattr(Path, Str, BufOut, Size) = host(SYS_getxattr);
    230 lgetxattr(Path, Str, BufOut, Size) = host(SYS_lgetxattr);
    231 fgetxattr(Fd, Str, BufOut, Size) = host(SYS_fgetxattr);
    232 listxattr(Path, BufOut, Size) = host(SYS_listxattr);
    233 llistxattr(Path, BufOut, Size) = host(SYS_llistxattr);
    234 flistxattr(Fd, BufOut, Size) = host(SYS_flistxattr);
    235 removexattr(Path, Str) = host(SYS_removexattr);
    236 lremovexattr(Path, Str) = host(SYS_lremovexattr);
    237 fremovexattr(Fd, Str) = host(SYS_fremovexattr);
    238 tkill(Int, Signal) = host(SYS_tkill);
    239 sendfile64(Fd, Fd, InOut(d::offset), Size) = host(SYS_sendfile).blocks(Sys);
    240 futex(Ptr, Futex, FutexValue, HiddenPtr, HiddenPtr, Hidden) = run(sync::futex).blocks(Sys);
    241 sched_setaffinity(Int, Size, Ptr) = run(p::sched_setaffinity);
    242 sched_getaffinity(Int, Size, Ptr) = run(p::sched_getaffinity);
    243 io_setup(UInt, Ptr) = run(aio::io_setup);
    244 io_destroy(Hex) = run(aio::io_destroy);
    245 io_getevents(Hex, Long, Long, Ptr, In(d32::timespec)) = run(fs::io_getevents).blocks(Never);
    246 io_submit(Hex, Long, Ptr) = run(aio::io_submit);
    247 io_cancel(Hex, Ptr, Ptr) = host(SYS_io_cancel);
    248 exit_group(Int) = run(process::exit_group);
    249 lookup_dcookie(WideHex, Ptr, Size) = refuse(Errno::ENOSYS, "removed from Linux in 6.8");
    250 epoll_create(Int) = run(l::epoll_create);
    251 epoll_ctl(Fd, Enum(&n::EPOLL_CTL), Fd, In(d::epoll_event)) = run(fs::epoll_ctl);
    252 epoll_wait(Fd, Out(d::epoll_events), Int, Int) = run(fs::epoll_wait_only).blocks(Never);
    253 remap_file_pages(Ptr, Size, Flags(&n::PROT), Size, Map) = run(mm::remap_file_pages);
    256 set_tid_address(Ptr) = run(process::set_tid_address);
    257 timer_create(Enum(&n::CLOCK), In(d32::sigevent), Out(d::int)) = run(signal::timer_create);
    258 timer_settime(Int, Flags(&n::TIMER), In(d32::itimerspec), Out(d32::itimerspec)) = run(time::timer_settime);
    259 timer_gettime(Int, Out(d32::itimerspec)) = run(time::timer_gettime);
    260 timer_getoverrun(Int) = host(SYS_timer_getoverrun);
    261 timer_delete(Int) = host(SYS_timer_delete);
    262 clock_settime(Enum(&n::CLOCK), In(d32::timespec)) = run(time::clock_settime);
    263 clock_gettime(Enum(&n::CLOCK), Out(d32::timespec)) = run(time::clock_gettime);
    264 clock_getres(Enum(&n::CLOCK), Out(d32::timespec)) = run(time::clock_getres);
    265 clock_nanosleep(Enum(&n::CLOCK), Flags(&n::TIMER), In(d32::timespec), Out(d32::timespec)) = run(time::clock_nanosleep).blocks(Block);
    266 statfs64(Path, Size, Out(d32::statfs64)) = run(l::statfs64_call);
    267 fstatfs64(Fd, Size, Out(d32::statfs64)) = run(l::fstatfs64_call);
    268 tgkill(Int, Int, Signal) = host(SYS_tgkill);
    269 utimes(Path, In(d32::itimerval)) = run(time::utimes);
    270 arm_fadvise64_64(Fd, Enum(&n::FADVISE), Wide, Wide) = run(l::fadvise);
    271 pciconfig_iobase(Long, ULong, ULong) = refuse(Errno::ENOSYS, "the machine has no PCI host bridge of that kind (kernel without CONFIG_PCI)");
    272 pciconfig_read(ULong, ULong, ULong, ULong, Ptr) = refuse(Errno::ENOSYS, "see pciconfig_iobase");
    273 pciconfig_write(ULong, ULong, ULong, ULong, Ptr) = refuse(Errno::ENOSYS, "see pciconfig_iobase");
    274 mq_open(Str, Open, CreateMode, Ptr) = run(l::mq_open);
    275 mq_unlink(Str) = host(SYS_mq_unlink);
    276 mq_timedsend(Fd, BufIn(2), Size, UInt, In(d32::timespec)) = run(time::mq_timedsend).blocks(Sys);
    277 mq_timedreceive(Fd, BufOut, Size, Out(d::int), In(d32::timespec)) = run(time::mq_timedreceive).blocks(Sys);
    278 mq_notify(Fd, In(d32::sigevent)) = run(signal::mq_notify);
    279 mq_getsetattr(Fd, Ptr, Ptr) = run(l::mq_getsetattr);
    280 waitid(Enum(&n::WAIT_ID), Int, Out(d32::siginfo), Flags(&n::WAIT), Out(d32::rusage)) = run(p::waitid).blocks(Sys);
    281 socket(Enum(&n::AF), SocketType, Protocol) = host(SYS_socket);
    282 bind(Fd, In(d::sockaddr_in), Int) = host(SYS_bind);
    283 connect(Fd, In(d::sockaddr_in), Int) = host(SYS_connect).blocks(Sys);
    284 listen(Fd, Int) = host(SYS_listen);
    285 accept(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_accept).blocks(Sys);
    286 getsockname(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_getsockname);
    287 getpeername(Fd, Out(d::sockaddr_out), InOut(d::boxed_int)) = host(SYS_getpeername);
    288 socketpair(Enum(&n::AF), SocketType, Protocol, Out(d::fd_pair)) = host(SYS_socketpair);
    289 send(Fd, BufIn(2), Size, Flags(&n::MSG)) = run(net::send).blocks(Sys);
    290 sendto(Fd, BufIn(2), Size, Flags(&n::MSG), In(d::sockaddr_sendto), Int) = host(SYS_sendto).blocks(Sys);
    291 recv(Fd, BufOut, Size, Flags(&n::MSG)) = run(net::recv).blocks(Sys);
    292 recvfrom(Fd, BufOut, Size, Flags(&n::MSG), Out(d::sockaddr_recvfrom), InOut(d::boxed_int))
        = host(SYS_recvfrom).blocks(Sys);
    293 shutdown(Fd, Enum(&n::SHUT)) = host(SYS_shutdown);
    294 setsockopt(Fd, Enum(&n::SOL), SocketOption, In(d::sockopt_in), Int) = run(net::setsockopt);
    295 getsockopt(Fd, Enum(&n::SOL), SocketOption, Out(d::sockopt_out), InOut(d::boxed_int)) = run(net::getsockopt);
    296 sendmsg(Fd, In(d::msghdr), Flags(&n::MSG)) = run(net::sendmsg).blocks(Sys);
    297 recvmsg(Fd, Out(d::msghdr), Flags(&n::MSG)) = run(net::recvmsg).blocks(Sys);
    298 semop(Int, In(d::sembufs), UInt) = host(SYS_semop).blocks(Never);
    299 semget(IpcKey, Int, IpcFlags) = host(SYS_semget);
    300 semctl(Int, Int, Enum(&n::SEM_COMMAND), Hex) = run(sync::semctl);
    301 msgsnd(Int, Ptr, Size, Flags(&n::IPC)) = run(sync::msgsnd).blocks(NoHandler);
    302 msgrcv(Int, Ptr, Size, Long, Flags(&n::IPC)) = run(sync::msgrcv).blocks(NoHandler);
    303 msgget(IpcKey, IpcFlags) = host(SYS_msgget);
    304 msgctl(Int, Enum(&n::IPC_COMMAND), Ptr) = run(sync::msgctl);
    305 shmat(Int, Ptr, Flags(&n::SHM)) -> Address = run(mm::shmat);
    306 shmdt(Ptr) = run(mm::shmdt);
    307 shmget(IpcKey, Size, IpcFlags) = host(SYS_shmget);
    308 shmctl(Int, Enum(&n::IPC_COMMAND), Ptr) = run(sync::shmctl);
    309 add_key(Str, Str, BufIn(3), Size, Int) = host(SYS_add_key);
    310 request_key(Str, Str, Str, Int) = host(SYS_request_key).blocks(Sys);
    311 keyctl(Int, Hex, Hex, Hex, Hex) = run(p::keyctl);
    312 semtimedop(Int, In(d::sembufs), UInt, In(d32::timespec)) = run(time::semtimedop).blocks(Never);
    313 vserver() = refuse(Errno::ENOSYS, "reserved for a patch that was never part of Linux");
    314 ioprio_set(Int, Int, Hex) = host(SYS_ioprio_set);
    315 ioprio_get(Int, Int) = host(SYS_ioprio_get);
    316 inotify_init() = run(l::inotify_init);
    317 inotify_add_watch(Fd, Path, Flags(&n::IN)) = host(SYS_inotify_add_watch);
    318 inotify_rm_watch(Fd, Int) = host(SYS_inotify_rm_watch);
    319 mbind(Ptr, Size, Int, Ptr, ULong, Hex) = run(mm::mbind);
    320 get_mempolicy(Ptr, Ptr, ULong, Ptr, Hex) = run(p::get_mempolicy);
    321 set_mempolicy(Int, Ptr, ULong) = run(p::set_mempolicy);
    322 openat(DirFd, Path, Open, CreateMode) = run(fs::openat).blocks(Sys);
    323 mkdirat(DirFd, Path, Mode) = host(SYS_mkdirat);
    324 mknodat(DirFd, Path, FileMode, Device) = host(SYS_mknodat);
    325 fchownat(DirFd, Path, Id, Id, Flags(&n::AT)) = host(SYS_fchownat);
    326 futimesat(DirFd, Path, In(d32::itimerval)) = run(time::futimesat);
    327 fstatat64(DirFd, Path, Out(d32::stat64), Flags(&n::AT)) = run(l::fstatat64);
    328 unlinkat(DirFd, Path, Flags(&n::UNLINK)) = host(SYS_unlinkat);
    329 renameat(DirFd, Path, DirFd, Path) = host(SYS_renameat);
    330 linkat(DirFd, Path, DirFd, Path, Flags(&n::AT)) = host(SYS_linkat);
    331 symlinkat(Str, DirFd, Path) = host(SYS_symlinkat);
    332 readlinkat(DirFd, Path, BufOut, Size) = run(fs::readlinkat);
    333 fchmodat(DirFd, Path, Mode) = host(SYS_fchmodat);
    334 faccessat(DirFd, Path, Flags(&n::ACCESS)) = run(fs::faccessat);
    335 pselect6(Int, In(d::fd_set), In(d::fd_set), In(d::fd_set), In(d32::timespec), In(d::sigset_pair)) = run(fs::pselect6).blocks(NoHandler);
    336 ppoll(In(d::pollfds), UInt, In(d32::timespec), In(d::sigset), Size) = run(fs::ppoll).blocks(NoHandler);
    337 unshare(Flags(&n::CLONE)) = host(SYS_unshare);
    338 set_robust_list(Ptr, Size) = run(p::set_robust_list);
    339 get_robust_list(Int, Ptr, Ptr) = run(p::get_robust_list);
    340 splice(Fd, In(d::offset), Fd, In(d::offset), Size, Flags(&n::SPLICE)) = host(SYS_splice).blocks(Sys);
    341 arm_sync_file_range(Fd, Flags(&n::SYNC_FILE_RANGE), Wide, Wide) = run(l::sync_file_range);
    342 tee(Fd, Fd, Size, Flags(&n::SPLICE)) = host(SYS_tee).blocks(Sys);
    343 vmsplice(Fd, In(d::iovecs_in), ULong, Flags(&n::SPLICE)) = run(l::vmsplice).blocks(Sys);
    344 move_pages(Int, ULong, Ptr, Ptr, Ptr, Hex) = run(p::move_pages);
    345 getcpu(Out(d::int), Out(d::int), Ptr) = run(time::getcpu);
    346 epoll_pwait(Fd, Out(d::epoll_events), Int, Int, In(d::sigset), Size) = run(fs::epoll_pwait).blocks(Never);
    347 kexec_load(Ptr, ULong, Ptr, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    348 utimensat(DirFd, Path, In(d32::utimes), Flags(&n::AT)) = run(time::utimensat);
    349 signalfd(Fd, In(d::sigset), Size) = run(l::signalfd);
    350 timerfd_create(Enum(&n::CLOCK), Flags(&n::TFD)) = host(SYS_timerfd_create);
    351 eventfd(UInt) = run(l::eventfd);
    352 fallocate(Fd, Flags(&n::FALLOC), Wide, Wide) = host(SYS_fallocate).blocks(Sys);
    353 timerfd_settime(Fd, Flags(&n::TFD_TIMER), In(d32::itimerspec), Out(d32::itimerspec)) = run(time::timerfd_settime);
    354 timerfd_gettime(Fd, Out(d32::itimerspec)) = run(time::timerfd_gettime);
    355 signalfd4(Fd, In(d::sigset), Size, Flags(&n::SFD)) = host(SYS_signalfd4);
    356 eventfd2(UInt, Flags(&n::EFD)) = host(SYS_eventfd2);
    357 epoll_create1(Flags(&n::EPOLL_CREATE)) = host(SYS_epoll_create1);
    358 dup3(Fd, Fd, Open) = run(fs::dup3);
    359 pipe2(Out(d::fd_pair), Open) = run(fs::pipe2);
    360 inotify_init1(Flags(&n::IN_INIT)) = host(SYS_inotify_init1);
    361 preadv(Fd, Out(d::iovecs_out), Int, Halves) = run(l::preadv).blocks(Sys);
    362 pwritev(Fd, In(d::iovecs_in), Int, Halves) = run(l::pwritev).blocks(Sys);
    363 rt_tgsigqueueinfo(Int, Int, Signal, In(d32::siginfo)) = run(signal::rt_tgsigqueueinfo);
    364 perf_event_open(Ptr, Int, Int, Fd, Hex) = refuse(Errno::ENOSYS, "the counters would count armlet, not the guest");
    365 recvmmsg(Fd, Out(d::mmsghdrs), UInt, Flags(&n::MSG), In(d32::timespec)) = run(net::recvmmsg).blocks(Sys);
    366 accept4(Fd, Out(d::sockaddr_out), InOut(d::boxed_int), Flags(&n::SOCK)) = host(SYS_accept4).blocks(Sys);
    367 fanotify_init(Hex, Open) = run(fs::fanotify_init);
    368 fanotify_mark(Fd, Hex, WideHex, DirFd, Path) = host(SYS_fanotify_mark);
    369 prlimit64(Int, Enum(&n::RLIMIT), In(d::rlimit), Out(d::rlimit)) = run(process::prlimit64);
    370 name_to_handle_at(DirFd, Path, Ptr, Out(d::int), Flags(&n::AT)) = host(SYS_name_to_handle_at);
    371 open_by_handle_at(Fd, Ptr, Open) = run(fs::open_by_handle_at).blocks(Sys);
    372 clock_adjtime(Enum(&n::CLOCK), Ptr) = run(time::clock_adjtime);
    373 syncfs(Fd) = host(SYS_syncfs);
    374 sendmmsg(Fd, In(d::mmsghdrs), UInt, Flags(&n::MSG)) = run(net::sendmmsg).blocks(Sys);
    375 setns(Fd, Flags(&n::CLONE)) = host(SYS_setns);
    376 process_vm_readv(Int, Ptr, ULong, Ptr, ULong, Hex) = run(p::process_vm_readv);
    377 process_vm_writev(Int, Ptr, ULong, Ptr, ULong, Hex) = run(p::process_vm_writev);
    378 kcmp(Int, Int, Int, ULong, ULong) = host(SYS_kcmp);
    379 finit_module(Fd, Str, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    380 sched_setattr(Int, Ptr, Hex) = host(SYS_sched_setattr);
    381 sched_getattr(Int, Ptr, UInt, Hex) = host(SYS_sched_getattr);
    382 renameat2(DirFd, Path, DirFd, Path, Flags(&n::RENAME)) = host(SYS_renameat2);
    383 seccomp(Int, Hex, Ptr) = run(seccomp::seccomp);
    384 getrandom(HexOut, Size, Flags(&n::GRND)) = host(SYS_getrandom).blocks(Sys);
    385 memfd_create(Str, Flags(&n::MFD)) = host(SYS_memfd_create);
    386 bpf(Int, Ptr, UInt) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    387 execveat(DirFd, Path, Strings, Environment, Flags(&n::AT)) = run(process::execveat);
    388 userfaultfd(Open) = host(SYS_userfaultfd);
    389 membarrier(Enum(&n::MEMBARRIER), Hex, Hidden) = host(SYS_membarrier);
    390 mlock2(Ptr, Size, Hex) = run(mm::mlock2);
    391 copy_file_range(Fd, In(d::offset), Fd, In(d::offset), Size, Hex) = host(SYS_copy_file_range).blocks(Sys);
    392 preadv2(Fd, Out(d::iovecs_out), Int, Halves, Flags(&n::RWF)) = run(l::preadv2).blocks(Sys);
    393 pwritev2(Fd, In(d::iovecs_in), Int, Halves, Flags(&n::RWF)) = run(l::pwritev2).blocks(Sys);
    394 pkey_mprotect(Ptr, Size, Flags(&n::PROT), Int) = refuse(Errno::ENOSYS, "the architecture has no protection keys");
    395 pkey_alloc(Hex, Hex) = refuse(Errno::ENOSYS, "the architecture has no protection keys");
    396 pkey_free(Int) = refuse(Errno::ENOSYS, "the architecture has no protection keys");
    397 statx(DirFd, Path, StatxFlags, Flags(&n::STATX), Out(d::statx)) = run(fs::statx);
    398 rseq(Ptr, UInt, Hex, Hex) = refuse(Errno::ENOSYS, "an interpreter cannot abort a sequence at its instructions (kernel without CONFIG_RSEQ)");
    399 io_pgetevents(Hex, Long, Long, Ptr, In(d32::timespec), In(d::sigset_pair)) = run(fs::io_pgetevents).blocks(Never);
    400 migrate_pages(Int, ULong, Ptr, Ptr) = run(p::migrate_pages);
    401 kexec_file_load(Fd, Fd, ULong, Str, Hex) = refuse(Errno::EPERM, KERNEL_OF_ANOTHER_MACHINE);
    403 clock_gettime64(Enum(&n::CLOCK), Out(d::timespec)) = run(time::clock_gettime);
    404 clock_settime64(Enum(&n::CLOCK), In(d::timespec)) = run(time::clock_settime);
    405 clock_adjtime64(Enum(&n::CLOCK), Ptr) = host(SYS_clock_adjtime);
    406 clock_getres_time64(Enum(&n::CLOCK), Out(d::timespec)) = run(time::clock_getres);
    407 clock_nanosleep_time64(Enum(&n::CLOCK), Flags(&n::TIMER), In(d::timespec), Out(d::timespec)) = run(time::clock_nanosleep).blocks(Block);
    408 timer_gettime64(Int, Out(d::itimerspec)) = run(time::timer_gettime);
    409 timer_settime64(Int, Flags(&n::TIMER), In(d::itimerspec), Out(d::itimerspec)) = run(time::timer_settime);
    410 timerfd_gettime64(Fd, Out(d::itimerspec)) = run(time::timerfd_gettime);
    411 timerfd_settime64(Fd, Flags(&n::TFD_TIMER), In(d::itimerspec), Out(d::itimerspec)) = run(time::timerfd_settime);
    412 utimensat_time64(DirFd, Path, In(d::utimes), Flags(&n::AT)) = run(time::utimensat);
    413 pselect6_time64(Int, In(d::fd_set), In(d::fd_set), In(d::fd_set), In(d::timespec), In(d::sigset_pair)) = run(fs::pselect6).blocks(NoHandler);
    414 ppoll_time64(In(d::pollfds), UInt, In(d::timespec), In(d::sigset), Size) = run(fs::ppoll).blocks(NoHandler);
    416 io_pgetevents_time64(Hex, Long, Long, Ptr, In(d::timespec), In(d::sigset_pair)) = run(fs::io_pgetevents).blocks(Never);
    417 recvmmsg_time64(Fd, Out(d::mmsghdrs), UInt, Flags(&n::MSG), In(d::timespec)) = run(net::recvmmsg).blocks(Sys);
    418 mq_timedsend_time64(Fd, BufIn(2), Size, UInt, In(d::timespec)) = run(time::mq_timedsend).blocks(Sys);
    419 mq_timedreceive_time64(Fd, BufOut, Size, Out(d::int), In(d::timespec)) = run(time::mq_timedreceive).blocks(Sys);
    420 semtimedop_time64(Int, In(d::sembufs), UInt, In(d::timespec)) = run(time::semtimedop).blocks(Never);
    421 rt_sigtimedwait_time64(In(d::sigset), Out(d32::siginfo), In(d::timespec), Size) = run(signal::rt_sigtimedwait).blocks(Never);
    422 futex_time64(Ptr, Futex, FutexValue, HiddenPtr, HiddenPtr, Hidden) = run(sync::futex).blocks(Sys);
    423 sched_rr_get_interval_time64(Int, Out(d::timespec)) = run(time::sched_rr_get_interval);
    424 pidfd_send_signal(Fd, Signal, In(d32::siginfo), Hex) = run(signal::pidfd_send_signal);
    425 io_uring_setup(UInt, Ptr) = run(fs::io_uring_setup);
    426 io_uring_enter(Fd, UInt, UInt, Hex, Ptr, Size) = run(fs::io_uring_enter).blocks(Sys);
    427 io_uring_register(Fd, UInt, Ptr, UInt) = run(fs::io_uring_register);
    428 open_tree(DirFd, Path, Hex) = host(428);
    429 move_mount(DirFd, Path, DirFd, Path, Hex) = host(429);
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
    440 process_madvise(Fd, Ptr, ULong, Enum(&n::MADV), Hex) = run(p::process_madvise);
    441 epoll_pwait2(Fd, Out(d::epoll_events), Int, In(d::timespec), In(d::sigset), Size) = run(fs::epoll_pwait2).blocks(Never);
    442 mount_setattr(DirFd, Path, Hex, Ptr, Size) = host(442);
    443 quotactl_fd(Fd, Hex, Id, Ptr) = host(443);
    444 landlock_create_ruleset(Ptr, Size, Hex) = host(444);
    445 landlock_add_rule(Fd, Int, Ptr, Hex) = host(445);
    446 landlock_restrict_self(Fd, Hex) = host(446);
    448 process_mrelease(Fd, Hex) = host(448);
    449 futex_waitv(Ptr, UInt, Hex, In(d::timespec), Enum(&n::CLOCK)) = run(time::futex_waitv).blocks(Sys);
    450 set_mempolicy_home_node(Ptr, Size, ULong, Hex) = host(450);
    451 cachestat(Fd, Ptr, Ptr, Hex) = host(451);
    452 fchmodat2(DirFd, Path, Mode, Flags(&n::AT)) = host(452);
    453 map_shadow_stack(Ptr, Size, Hex) = refuse(Errno::ENOSYS, "the architecture has no shadow stacks");
    454 futex_wake(Ptr, Hex, Int, Hex) = host(454);
    455 futex_wait(Ptr, Hex, Hex, Hex, In(d::timespec), Enum(&n::CLOCK)) = run(time::futex_wait).blocks(Sys);
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
    use armlet_cpu::a64::State;

    #[test]
    fn the_table_is_whole() {
        assert_eq!((TABLE.len(), private::TABLE.len()), (422, 6));
        for (number, name) in [
            (0, "restart_syscall"),
            (192, "mmap2"),
            (403, "clock_gettime64"),
            (0xf0005, "set_tls"),
        ] {
            assert_eq!(row(number).map(|row| row.name), Some(name));
        }
        // Calls of the old ABI only (time, umount, alarm, mmap, socketcall, ipc), and numbers that nobody has.
        for number in [13, 22, 27, 90, 102, 117, 222, 470, 0xf0000, 0xf0007, u64::MAX] {
            assert!(row(number).is_none(), "{number}");
        }
        assert!(!is_illegal(0xf07ff) && is_illegal(0xf0800));
    }

    #[test]
    fn numbers_of_64_bits_are_in_even_pairs() {
        let mut state = State::default();
        for n in 0..7 {
            state.set_x(n, 0x10 + u64::from(n));
        }
        let arguments = |number| row(number).map(|row| row.arguments_a32(&state));
        let pair = |low: u64| low | (low + 1) << 32;
        assert_eq!(
            arguments(180).map(|args| args[3]),
            Some(pair(0x14)),
            "pread64: r3 is skipped"
        );
        assert_eq!(
            arguments(193).map(|args| args[1]),
            Some(pair(0x12)),
            "truncate64: r1 is skipped"
        );
        assert_eq!(
            arguments(352).map(|args| [args[2], args[3]]),
            Some([pair(0x12), pair(0x14)]),
            "fallocate"
        );
        assert_eq!(arguments(361).map(|args| args[3]), Some(pair(0x13)), "preadv");
        assert_eq!(arguments(392).map(|args| args[4]), Some(0x15), "preadv2's flags");
        assert_eq!(arguments(140).map(|args| args[1]), Some(0x11 << 32 | 0x12), "_llseek");
        assert_eq!(
            arguments(270).map(|args| [args[2], args[3]]),
            Some([pair(0x12), pair(0x14)]),
            "arm_fadvise64_64"
        );
        state.set_w(1, -5_i32 as u32);
        assert_eq!(
            row(19).map(|row| row.arguments_a32(&state)[1] as i64),
            Some(-5),
            "lseek"
        );
    }

    #[test]
    fn a_refusal_says_why() {
        for row in TABLE.iter().chain(private::TABLE) {
            if let crate::row::Action::Refuse(_, reason) = row.action {
                assert!(reason.len() > 10, "{}", row.name);
            }
        }
    }
}
