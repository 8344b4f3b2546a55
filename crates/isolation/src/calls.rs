//! The host's system calls that an isolated armlet may make. Everything else fails with EPERM; other instruction sets' entries (i386 by
//! `int 0x80`, x32) are in no list: the first ends the process, the second fails.
//!
//! The usual list has what programs use, without what changes the machine, looks into other processes, or makes namespaces. The strict one has
//! what a program needs that computes and reads and writes files, and no more.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use crate::Mode;

/// Flags of clone(2) that make namespaces.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64
    | 0x80;

macro_rules! calls {
    ($(#[$doc:meta])* $name:ident: $($call:ident)*) => {
        $(#[$doc])*
        const $name: &[i64] = &[$(libc::$call),*];
    };
}

calls! {
    /// What every guest needs, with one thread or several, and what armlet needs itself. At most 60.
    STRICT:
    SYS_read SYS_write SYS_readv SYS_writev SYS_pread64 SYS_pwrite64 SYS_close SYS_close_range SYS_lseek SYS_openat SYS_newfstatat
    SYS_fstat SYS_statx SYS_faccessat SYS_faccessat2 SYS_readlink SYS_readlinkat SYS_getdents64 SYS_ftruncate SYS_dup SYS_dup3
    SYS_fcntl SYS_ioctl SYS_pipe2 SYS_ppoll SYS_poll SYS_mmap SYS_munmap SYS_mprotect SYS_mremap SYS_madvise SYS_brk
    SYS_memfd_create SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_rt_sigtimedwait SYS_sigaltstack SYS_tgkill SYS_futex
    SYS_set_robust_list SYS_get_robust_list SYS_set_tid_address SYS_sched_yield SYS_sched_getaffinity SYS_clone SYS_clone3 SYS_exit
    SYS_exit_group SYS_getpid SYS_gettid SYS_prctl SYS_prlimit64 SYS_getrlimit SYS_arch_prctl SYS_rseq SYS_getrandom SYS_clock_gettime
    SYS_clock_nanosleep SYS_execve
}

calls! {
    /// What the usual list has besides.
    USUAL:
    SYS_open SYS_stat SYS_lstat SYS_access SYS_pipe SYS_select SYS_pselect6 SYS_preadv SYS_pwritev SYS_preadv2 SYS_pwritev2 SYS_msync
    SYS_mincore SYS_mlock SYS_mlock2 SYS_munlock SYS_mlockall SYS_munlockall SYS_dup2 SYS_pause SYS_nanosleep SYS_getitimer SYS_setitimer
    SYS_alarm SYS_sendfile SYS_socket SYS_connect SYS_accept SYS_accept4 SYS_sendto SYS_recvfrom SYS_sendmsg SYS_recvmsg SYS_sendmmsg
    SYS_recvmmsg SYS_shutdown SYS_bind SYS_listen SYS_getsockname SYS_getpeername SYS_socketpair SYS_setsockopt SYS_getsockopt SYS_fork
    SYS_vfork SYS_execveat SYS_wait4 SYS_waitid SYS_kill SYS_tkill SYS_uname SYS_semget SYS_semop SYS_semtimedop SYS_semctl SYS_shmget
    SYS_shmat SYS_shmdt SYS_shmctl SYS_msgget SYS_msgsnd SYS_msgrcv SYS_msgctl SYS_flock SYS_fsync SYS_fdatasync SYS_syncfs SYS_sync
    SYS_sync_file_range SYS_truncate SYS_getdents SYS_getcwd SYS_chdir SYS_fchdir SYS_rename SYS_renameat SYS_renameat2 SYS_mkdir
    SYS_mkdirat SYS_rmdir SYS_creat SYS_link SYS_linkat SYS_unlink SYS_unlinkat SYS_symlink SYS_symlinkat SYS_chmod SYS_fchmod
    SYS_fchmodat SYS_fchmodat2 SYS_chown SYS_fchown SYS_lchown SYS_fchownat SYS_umask SYS_gettimeofday SYS_getrusage SYS_sysinfo SYS_times
    SYS_getuid SYS_getgid SYS_setuid SYS_setgid SYS_geteuid SYS_getegid SYS_setpgid SYS_getppid SYS_getpgrp SYS_setsid SYS_setreuid
    SYS_setregid SYS_getgroups SYS_setgroups SYS_setresuid SYS_getresuid SYS_setresgid SYS_getresgid SYS_getpgid SYS_setfsuid
    SYS_setfsgid SYS_getsid SYS_capget SYS_rt_sigpending SYS_rt_sigqueueinfo SYS_rt_tgsigqueueinfo SYS_rt_sigsuspend SYS_utime
    SYS_utimes SYS_futimesat SYS_utimensat SYS_mknod SYS_mknodat SYS_personality SYS_statfs SYS_fstatfs SYS_getpriority SYS_setpriority
    SYS_sched_setparam SYS_sched_getparam SYS_sched_setscheduler SYS_sched_getscheduler SYS_sched_get_priority_max
    SYS_sched_get_priority_min SYS_sched_rr_get_interval SYS_sched_setaffinity SYS_sched_setattr SYS_sched_getattr SYS_setrlimit
    SYS_readahead SYS_setxattr SYS_lsetxattr SYS_fsetxattr SYS_getxattr SYS_lgetxattr SYS_fgetxattr SYS_listxattr SYS_llistxattr
    SYS_flistxattr SYS_removexattr SYS_lremovexattr SYS_fremovexattr SYS_time SYS_getcpu SYS_epoll_create SYS_epoll_create1 SYS_epoll_ctl
    SYS_epoll_wait SYS_epoll_pwait SYS_epoll_pwait2 SYS_restart_syscall SYS_fadvise64 SYS_timer_create SYS_timer_settime
    SYS_timer_gettime SYS_timer_getoverrun SYS_timer_delete SYS_clock_getres SYS_mq_open SYS_mq_unlink SYS_mq_timedsend
    SYS_mq_timedreceive SYS_mq_notify SYS_mq_getsetattr SYS_ioprio_set SYS_ioprio_get SYS_inotify_init SYS_inotify_init1
    SYS_inotify_add_watch SYS_inotify_rm_watch SYS_openat2 SYS_splice SYS_tee SYS_vmsplice SYS_signalfd SYS_signalfd4 SYS_timerfd_create
    SYS_timerfd_settime SYS_timerfd_gettime SYS_eventfd SYS_eventfd2 SYS_fallocate SYS_copy_file_range SYS_membarrier SYS_pkey_alloc
    SYS_pkey_free SYS_pkey_mprotect SYS_pidfd_open SYS_pidfd_send_signal SYS_futex_waitv SYS_landlock_create_ruleset
    SYS_landlock_add_rule SYS_landlock_restrict_self SYS_memfd_secret
}

/// Installs the filter for this process and all that it starts.
///
/// # Errors
///
/// The kernel refuses it.
pub fn filter(mode: Mode) -> Result<(), Box<dyn std::error::Error>> {
    let allowed = match mode {
        Mode::Usual => [STRICT, USUAL].concat(),
        Mode::Strict => STRICT.to_vec(),
    };
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = allowed.into_iter().map(|call| (call, Vec::new())).collect();
    // New threads and processes, but no new namespaces.
    let none = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(NAMESPACES), 0)?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![none])?]);
    // clone3 has its flags in memory, where a filter cannot look: it is as if the kernel did not have it, and clone is used. This filter
    // first, since the other one lets no more be installed.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    install(clone3, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    install(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<(), Box<dyn std::error::Error>> {
    let filter = SeccompFilter::new(rules, otherwise, matched, TargetArch::x86_64)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_list_is_short_and_no_list_repeats() {
        assert!(STRICT.len() <= 60, "{}", STRICT.len());
        let mut all = [STRICT, USUAL].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn what_makes_namespaces_or_changes_the_machine_is_in_no_list() {
        for call in [
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_keyctl,
            libc::SYS_kexec_load,
            libc::SYS_init_module,
            libc::SYS_io_uring_setup,
            libc::SYS_userfaultfd,
            libc::SYS_open_by_handle_at,
            libc::SYS_settimeofday,
            libc::SYS_clock_settime,
            libc::SYS_reboot,
            libc::SYS_iopl,
        ] {
            assert!(![STRICT, USUAL].concat().contains(&call), "{call}");
        }
    }
}
