//! arm64 Linux: flags and structures that differ from x86-64. Everything else is equal on both sides.
//!
//! Seen by a 64-bit guest, only these differ: five open flags, `struct stat`, `struct epoll_event`, `struct semid_ds`,
//! and what has registers in it (signal frames, which are the runtime's).

use armlet_memory::Plain;

/// The bits of the open flags that differ: (arm64, x86-64). `O_TMPFILE` is made of `O_DIRECTORY` and a bit that is equal.
const OPEN_FLAGS: [(u32, u32); 4] = [
    (O_DIRECTORY, libc::O_DIRECTORY as u32),
    (O_NOFOLLOW, libc::O_NOFOLLOW as u32),
    (O_DIRECT, libc::O_DIRECT as u32),
    (O_LARGEFILE, HOST_O_LARGEFILE),
];

/// `O_DIRECTORY` of arm64.
pub const O_DIRECTORY: u32 = 0x4000;
/// `O_NOFOLLOW` of arm64.
pub const O_NOFOLLOW: u32 = 0x8000;
/// `O_DIRECT` of arm64.
pub const O_DIRECT: u32 = 0x10000;
/// `O_LARGEFILE` of arm64.
pub const O_LARGEFILE: u32 = 0x20000;
/// `O_TMPFILE` of arm64.
pub const O_TMPFILE: u32 = 0x40_0000 | O_DIRECTORY;

/// The kernel's `O_LARGEFILE` on x86-64; the C library's is 0 there.
const HOST_O_LARGEFILE: u32 = 0x8000;

/// Open flags of the guest as the host's. Unknown bits pass as they are, so that the host refuses what it would refuse.
pub fn open_flags_to_host(guest: u32) -> u32 {
    translate(guest, |(arm, x86)| (arm, x86))
}

/// Open flags of the host as the guest's.
pub fn open_flags_to_guest(host: u32) -> u32 {
    translate(host, |(arm, x86)| (x86, arm))
}

fn translate(flags: u32, direction: impl Fn((u32, u32)) -> (u32, u32)) -> u32 {
    let pairs = OPEN_FLAGS.map(direction);
    let known = pairs.iter().fold(0, |all, (from, _)| all | from);
    let translated = pairs
        .iter()
        .filter(|(from, _)| flags & from != 0)
        .fold(0, |all, (_, to)| all | to);
    flags & !known | translated
}

/// `struct stat` of arm64 (asm-generic/stat.h), 128 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Device of the file.
    pub st_dev: u64,
    /// Inode.
    pub st_ino: u64,
    /// Type and permissions.
    pub st_mode: u32,
    /// Hard links.
    pub st_nlink: u32,
    /// Owner.
    pub st_uid: u32,
    /// Group.
    pub st_gid: u32,
    /// Device that a special file stands for.
    pub st_rdev: u64,
    /// Not used.
    pub pad1: u64,
    /// Size in bytes.
    pub st_size: i64,
    /// Bytes per block, for reading and writing.
    pub st_blksize: i32,
    /// Not used.
    pub pad2: i32,
    /// Blocks of 512 bytes.
    pub st_blocks: i64,
    /// Time of the last access: seconds, nanoseconds.
    pub st_atime: [i64; 2],
    /// Time of the last change of the data.
    pub st_mtime: [i64; 2],
    /// Time of the last change of the inode.
    pub st_ctime: [i64; 2],
    /// Not used.
    pub unused: [u32; 2],
}
// SAFETY: integers only, and the paddings are fields.
unsafe impl Plain for Stat {}

/// `struct stat` of x86-64 as the kernel stores it, 144 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the same fields as above")]
pub struct HostStat {
    pub st_dev: u64,
    pub st_ino: u64,
    pub st_nlink: u64,
    pub st_mode: u32,
    pub st_uid: u32,
    pub st_gid: u32,
    pub pad0: u32,
    pub st_rdev: u64,
    pub st_size: i64,
    pub st_blksize: i64,
    pub st_blocks: i64,
    pub st_atime: [i64; 2],
    pub st_mtime: [i64; 2],
    pub st_ctime: [i64; 2],
    pub unused: [i64; 3],
}

impl From<&HostStat> for Stat {
    fn from(host: &HostStat) -> Stat {
        Stat {
            st_dev: host.st_dev,
            st_ino: host.st_ino,
            st_mode: host.st_mode,
            st_nlink: host.st_nlink as u32,
            st_uid: host.st_uid,
            st_gid: host.st_gid,
            st_rdev: host.st_rdev,
            st_size: host.st_size,
            st_blksize: host.st_blksize as i32,
            st_blocks: host.st_blocks,
            st_atime: host.st_atime,
            st_mtime: host.st_mtime,
            st_ctime: host.st_ctime,
            ..Stat::default()
        }
    }
}

/// `struct epoll_event` of arm64: 16 bytes, where x86-64 packs it into 12.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpollEvent {
    /// `EPOLL*`.
    pub events: u32,
    /// Not used.
    pub pad: u32,
    /// The caller's word.
    pub data: u64,
}
// SAFETY: integers only, and the padding is a field.
unsafe impl Plain for EpollEvent {}

/// `struct semid64_ds` of arm64 (asm-generic/sembuf.h), 88 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SemidDs {
    /// `struct ipc64_perm`, equal on both sides.
    pub sem_perm: [u64; 6],
    /// Time of the last operation.
    pub sem_otime: i64,
    /// Time of the last change.
    pub sem_ctime: i64,
    /// Semaphores in the set.
    pub sem_nsems: u64,
    /// Not used.
    pub unused: [u64; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for SemidDs {}

/// `struct semid64_ds` of x86-64: a word lies behind each time; 104 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the same fields as above")]
pub struct HostSemidDs {
    pub sem_perm: [u64; 6],
    pub sem_otime: i64,
    pub unused1: u64,
    pub sem_ctime: i64,
    pub unused2: u64,
    pub sem_nsems: u64,
    pub unused: [u64; 2],
}

impl From<&HostSemidDs> for SemidDs {
    fn from(host: &HostSemidDs) -> SemidDs {
        SemidDs {
            sem_perm: host.sem_perm,
            sem_otime: host.sem_otime,
            sem_ctime: host.sem_ctime,
            sem_nsems: host.sem_nsems,
            unused: [0; 2],
        }
    }
}

impl From<&SemidDs> for HostSemidDs {
    fn from(guest: &SemidDs) -> HostSemidDs {
        HostSemidDs {
            sem_perm: guest.sem_perm,
            sem_otime: guest.sem_otime,
            sem_ctime: guest.sem_ctime,
            sem_nsems: guest.sem_nsems,
            ..HostSemidDs::default()
        }
    }
}

/// `struct sigaction` of the arm64 kernel, 32 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelSigAction {
    /// `sa_handler` or `sa_sigaction`.
    pub handler: u64,
    /// `SA_*`.
    pub flags: u64,
    /// Where the handler returns to.
    pub restorer: u64,
    /// Signals blocked while it runs.
    pub mask: u64,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for KernelSigAction {}

/// `stack_t`, 24 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackT {
    /// Its lowest address.
    pub ss_sp: u64,
    /// `SS_*`.
    pub ss_flags: i32,
    /// Not used.
    pub pad: i32,
    /// Bytes.
    pub ss_size: u64,
}
// SAFETY: integers only, and the padding is a field.
unsafe impl Plain for StackT {}

/// The smallest alternate signal stack that arm64 Linux accepts, in bytes.
pub const MINSIGSTKSZ: u64 = 5120;

/// `struct clone_args` as far as Linux knows it today, 88 bytes; older callers give 64 or 80.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "clone(2) describes them")]
pub struct KernelCloneArgs {
    pub flags: u64,
    pub pidfd: u64,
    pub child_tid: u64,
    pub parent_tid: u64,
    pub exit_signal: u64,
    pub stack: u64,
    pub stack_size: u64,
    pub tls: u64,
    pub set_tid: u64,
    pub set_tid_size: u64,
    pub cgroup: u64,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for KernelCloneArgs {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn open_flags_go_both_ways() {
        for (guest, host) in [
            (O_DIRECTORY, 0x1_0000),
            (O_NOFOLLOW, 0x2_0000),
            (O_DIRECT, 0x4000),
            (O_LARGEFILE, 0x8000),
            (O_TMPFILE, libc::O_TMPFILE as u32),
            (
                0x8_0000 | 0x241 | O_NOFOLLOW,
                (libc::O_CLOEXEC | libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC) as u32 | 0x2_0000,
            ),
        ] {
            assert_eq!(open_flags_to_host(guest), host, "{guest:#x}");
            assert_eq!(open_flags_to_guest(host), guest, "{host:#x}");
        }
        for bit in 0..32 {
            assert_eq!(open_flags_to_guest(open_flags_to_host(1 << bit)), 1 << bit);
        }
    }

    #[test]
    fn layouts_are_those_of_the_kernels() {
        assert_eq!((size_of::<Stat>(), size_of::<HostStat>()), (128, 144));
        assert_eq!(offset_of!(Stat, st_nlink), 20);
        assert_eq!(offset_of!(Stat, st_rdev), 32);
        assert_eq!(offset_of!(Stat, st_size), 48);
        assert_eq!(offset_of!(Stat, st_blksize), 56);
        assert_eq!(offset_of!(Stat, st_blocks), 64);
        assert_eq!(offset_of!(Stat, st_atime), 72);
        assert_eq!(offset_of!(Stat, st_ctime), 104);
        assert_eq!(size_of::<HostStat>(), size_of::<libc::stat>());
        assert_eq!(offset_of!(HostStat, st_size), offset_of!(libc::stat, st_size));
        assert_eq!(offset_of!(HostStat, st_ctime), offset_of!(libc::stat, st_ctime));
        assert_eq!((size_of::<EpollEvent>(), offset_of!(EpollEvent, data)), (16, 8));
        assert_eq!((size_of::<SemidDs>(), size_of::<HostSemidDs>()), (88, 104));
        assert_eq!(size_of::<HostSemidDs>(), size_of::<libc::semid_ds>());
        assert_eq!(
            offset_of!(HostSemidDs, sem_nsems),
            offset_of!(libc::semid_ds, sem_nsems)
        );
        assert_eq!(
            (
                size_of::<KernelSigAction>(),
                size_of::<StackT>(),
                size_of::<KernelCloneArgs>()
            ),
            (32, 24, 88)
        );
    }
}
