//! arm EABI Linux: structures that differ from x86-64's, with the conversions. Open flags, `struct epoll_event`, `struct statx`,
//! `struct flock64`, termios, socket addresses and everything with fields of fixed width are as on arm64 or as on the host.

use armlet_memory::Plain;

use super::a64::HostStat;

/// `struct stat64` of arm (asm/stat.h), 104 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct Stat64 {
    pub st_dev: u64,
    pub pad0: u32,
    /// The lower half of the inode's number, where old programs look for it.
    pub short_ino: u32,
    pub st_mode: u32,
    pub st_nlink: u32,
    pub st_uid: u32,
    pub st_gid: u32,
    pub st_rdev: u64,
    pub pad3: [u32; 2],
    pub st_size: i64,
    pub st_blksize: u32,
    pub pad4: u32,
    pub st_blocks: u64,
    pub st_atime: [u32; 2],
    pub st_mtime: [u32; 2],
    pub st_ctime: [u32; 2],
    pub st_ino: u64,
}
// SAFETY: integers only, and the paddings are fields.
unsafe impl Plain for Stat64 {}

fn time_32(time: [i64; 2]) -> [u32; 2] {
    time.map(|part| part as u32)
}

impl From<&HostStat> for Stat64 {
    fn from(host: &HostStat) -> Stat64 {
        Stat64 {
            st_dev: host.st_dev,
            short_ino: host.st_ino as u32,
            st_mode: host.st_mode,
            st_nlink: host.st_nlink as u32,
            st_uid: host.st_uid,
            st_gid: host.st_gid,
            st_rdev: host.st_rdev,
            st_size: host.st_size,
            st_blksize: host.st_blksize as u32,
            st_blocks: host.st_blocks as u64,
            st_atime: time_32(host.st_atime),
            st_mtime: time_32(host.st_mtime),
            st_ctime: time_32(host.st_ctime),
            st_ino: host.st_ino,
            ..Stat64::default()
        }
    }
}

/// `struct stat` of arm, 64 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct Stat {
    pub st_dev: u32,
    pub st_ino: u32,
    pub st_mode: u16,
    pub st_nlink: u16,
    pub st_uid: u16,
    pub st_gid: u16,
    pub st_rdev: u32,
    pub st_size: u32,
    pub st_blksize: u32,
    pub st_blocks: u32,
    pub st_atime: [u32; 2],
    pub st_mtime: [u32; 2],
    pub st_ctime: [u32; 2],
    pub unused: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Stat {}

impl Stat {
    /// `None` where the kernel says EOVERFLOW: a size of 2 GiB or more, a device or a number of links that does not fit. (The number of an inode
    /// is cut: a kernel of 32 bits has no longer ones.)
    pub fn from_host(host: &HostStat) -> Option<Stat> {
        let id = |id: u32| u16::try_from(id).unwrap_or(OVERFLOW_ID);
        Some(Stat {
            st_dev: u32::try_from(host.st_dev).ok()?,
            st_ino: host.st_ino as u32,
            st_mode: host.st_mode as u16,
            st_nlink: u16::try_from(host.st_nlink).ok()?,
            st_uid: id(host.st_uid),
            st_gid: id(host.st_gid),
            st_rdev: u32::try_from(host.st_rdev).ok()?,
            st_size: i32::try_from(host.st_size).ok()? as u32,
            st_blksize: host.st_blksize as u32,
            st_blocks: host.st_blocks as u32,
            st_atime: time_32(host.st_atime),
            st_mtime: time_32(host.st_mtime),
            st_ctime: time_32(host.st_ctime),
            unused: [0; 2],
        })
    }
}

/// What 16-bit calls show for an id that does not fit.
pub const OVERFLOW_ID: u16 = 65534;

/// `struct statfs` of the x86-64 kernel, 120 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct HostStatfs {
    pub f_type: u64,
    pub f_bsize: u64,
    /// Blocks, free blocks, blocks that are available, files, free files.
    pub counts: [u64; 5],
    pub f_fsid: [u32; 2],
    pub f_namelen: u64,
    pub f_frsize: u64,
    pub f_flags: u64,
    pub f_spare: [u64; 4],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for HostStatfs {}

/// `struct statfs` of 32-bit Linux, 64 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct Statfs {
    pub f_type: u32,
    pub f_bsize: u32,
    pub counts: [u32; 5],
    pub f_fsid: [u32; 2],
    pub f_namelen: u32,
    pub f_frsize: u32,
    pub f_flags: u32,
    pub f_spare: [u32; 4],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Statfs {}

impl Statfs {
    /// `None` where the kernel says EOVERFLOW: a file system of too many blocks. (A number of files that is unknown, -1, stays so.)
    pub fn from_host(host: &HostStatfs) -> Option<Statfs> {
        let mut counts = [0; 5];
        for (index, (count, host)) in counts.iter_mut().zip(host.counts).enumerate() {
            let unknown = index >= 3 && host == u64::MAX;
            *count = if unknown { u32::MAX } else { u32::try_from(host).ok()? };
        }
        Some(Statfs {
            f_type: host.f_type as u32,
            f_bsize: u32::try_from(host.f_bsize).ok()?,
            counts,
            f_fsid: host.f_fsid,
            f_namelen: host.f_namelen as u32,
            f_frsize: u32::try_from(host.f_frsize).ok()?,
            f_flags: host.f_flags as u32,
            f_spare: [0; 4],
        })
    }
}

/// `struct statfs64` of arm, 84 bytes: packed, because the old ABI had no padding at its end.
pub const STATFS64_SIZE: usize = 84;

/// `struct statfs64` of arm, as 21 words.
pub fn statfs64(host: &HostStatfs) -> [u32; STATFS64_SIZE / 4] {
    let mut words = [0; STATFS64_SIZE / 4];
    words[0] = host.f_type as u32;
    words[1] = host.f_bsize as u32;
    for (index, count) in host.counts.into_iter().enumerate() {
        words[2 + 2 * index] = count as u32;
        words[3 + 2 * index] = (count >> 32) as u32;
    }
    words[12..14].copy_from_slice(&host.f_fsid);
    words[14] = host.f_namelen as u32;
    words[15] = host.f_frsize as u32;
    words[16] = host.f_flags as u32;
    words
}

/// Commands of `fcntl64` with `struct flock64`, which lies as the host's `struct flock` does.
pub const F_GETLK64: i32 = 12;
/// See [`F_GETLK64`].
pub const F_SETLK64: i32 = 13;
/// See [`F_GETLK64`].
pub const F_SETLKW64: i32 = 14;

/// `struct flock` of 32-bit Linux, 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "fcntl(2) describes them")]
pub struct Flock {
    pub l_type: i16,
    pub l_whence: i16,
    pub l_start: i32,
    pub l_len: i32,
    pub l_pid: i32,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Flock {}

/// `struct sigaction` as `rt_sigaction` takes it, 20 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the 64-bit one")]
pub struct KernelSigAction {
    pub handler: u32,
    pub flags: u32,
    pub restorer: u32,
    pub mask: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for KernelSigAction {}

/// `struct old_sigaction`, which `sigaction` takes, 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the 64-bit one")]
pub struct OldSigAction {
    pub handler: u32,
    pub mask: u32,
    pub flags: u32,
    pub restorer: u32,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for OldSigAction {}

/// `stack_t`, 12 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the 64-bit one")]
pub struct StackT {
    pub ss_sp: u32,
    pub ss_flags: i32,
    pub ss_size: u32,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for StackT {}

/// The smallest alternate signal stack that arm Linux accepts, in bytes.
pub const MINSIGSTKSZ: u64 = 2048;

/// `struct rusage`, 72 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rusage(pub [u32; 18]);
// SAFETY: integers only.
unsafe impl Plain for Rusage {}

/// `struct rusage` of the host: two times and 14 numbers, 144 bytes.
pub type HostRusage = [i64; 18];

impl From<&HostRusage> for Rusage {
    fn from(host: &HostRusage) -> Rusage {
        Rusage(host.map(|part| part as u32))
    }
}

/// `struct sysinfo`, 64 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "sysinfo(2) describes them")]
pub struct Sysinfo {
    pub uptime: u32,
    pub loads: [u32; 3],
    /// Memory: total, free, shared, buffers; swap: total, free.
    pub memory: [u32; 6],
    pub procs: u16,
    pub pad: u16,
    /// High memory: total, free.
    pub high: [u32; 2],
    pub mem_unit: u32,
    pub unused: [u32; 2],
}
// SAFETY: integers only, and the padding is a field.
unsafe impl Plain for Sysinfo {}

/// `struct sysinfo` of the host as 14 words.
pub type HostSysinfo = [u64; 14];

impl From<&HostSysinfo> for Sysinfo {
    /// If an amount does not fit, all are counted in larger units, up to pages (do_sysinfo of the kernel).
    fn from(host: &HostSysinfo) -> Sysinfo {
        let mut unit = host[13] as u32;
        let mut shift = 0;
        if host[4] >> 32 != 0 || host[8] >> 32 != 0 {
            while unit < 4096 {
                unit <<= 1;
                shift += 1;
            }
        }
        let amount = |index: usize| (host[index] >> shift) as u32;
        Sysinfo {
            uptime: host[0] as u32,
            loads: [host[1], host[2], host[3]].map(|load| load as u32),
            memory: [4, 5, 6, 7, 8, 9].map(amount),
            procs: host[10] as u16,
            pad: 0,
            high: [amount(11), amount(12)],
            mem_unit: unit,
            unused: [0; 2],
        }
    }
}

/// `struct tms`: user, system, the children's.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tms(pub [u32; 4]);
// SAFETY: integers only.
unsafe impl Plain for Tms {}

/// `struct timex` with 32-bit fields, 128 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Timex(pub [i32; 32]);
// SAFETY: integers only.
unsafe impl Plain for Timex {}

/// The index of `tai`, which is an `int` on both sides.
const TAI: usize = 20;
/// The indices in the 32-bit structure of the `int`s that 64-bit Linux pads.
const TIMEX_INTS: [usize; 3] = [0, 5, 14];

impl Timex {
    /// As the host has it.
    pub fn to_host(&self) -> [i64; 26] {
        let mut host = [0; 26];
        for (index, value) in self.0[..TAI].iter().enumerate() {
            // An `int` lies in the lower half of its word; the upper half is padding.
            host[index] = if TIMEX_INTS.contains(&index) {
                i64::from(*value as u32)
            } else {
                i64::from(*value)
            };
        }
        host[TAI] = i64::from(self.0[TAI] as u32);
        host
    }

    /// As the guest has it.
    pub fn from_host(host: &[i64; 26]) -> Timex {
        let mut guest = [0; 32];
        for (index, value) in host[..=TAI].iter().enumerate() {
            guest[index] = *value as i32;
        }
        Timex(guest)
    }
}

/// `struct sigevent`, 64 bytes, of which four words matter: value, signal, how, thread.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sigevent(pub [u32; 16]);
// SAFETY: integers only.
unsafe impl Plain for Sigevent {}

impl Sigevent {
    /// As the host has it: the value is a word of 64 bits.
    pub fn to_host(&self) -> [u64; 8] {
        let [value, signal, how, thread, ..] = self.0.map(u64::from);
        [value, signal | how << 32, thread, 0, 0, 0, 0, 0]
    }
}

/// `struct mq_attr`: flags, most messages, longest message, messages now.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MqAttr(pub [i32; 8]);
// SAFETY: integers only.
unsafe impl Plain for MqAttr {}

impl MqAttr {
    /// As the host has it.
    pub fn to_host(&self) -> [i64; 8] {
        self.0.map(i64::from)
    }

    /// As the guest has it.
    pub fn from_host(host: &[i64; 8]) -> MqAttr {
        MqAttr(host.map(|part| part as i32))
    }
}

/// `struct msghdr`, 28 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "sendmsg(2) describes them")]
pub struct Msghdr {
    pub msg_name: u32,
    pub msg_namelen: u32,
    pub msg_iov: u32,
    pub msg_iovlen: u32,
    pub msg_control: u32,
    pub msg_controllen: u32,
    pub msg_flags: u32,
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for Msghdr {}

/// siginfo_t, 128 bytes, of which [`SigInfo::host`] fills what the signal has.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SigInfo {
    /// `si_signo`, `si_errno`, `si_code`.
    pub head: [i32; 3],
    /// The union.
    pub fields: [u32; 29],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for SigInfo {}

/// siginfo_t of the host as 32 words of 32 bits: the head has a padding, and pointers in the union take two words.
pub type HostSigInfo = [u32; 32];

/// How the union of a siginfo is laid out (`siginfo_layout` of the kernel).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Union {
    /// Process, user, value.
    Sent,
    /// Timer, overrun, value.
    Timer,
    /// Band, descriptor.
    Poll,
    /// Address, and what follows it.
    Fault,
    /// Process, user, status, times.
    Child,
    /// Address of the call, its number, the architecture.
    Sys,
}

fn union_of(signal: i32, code: i32) -> Union {
    const SI_TIMER: i32 = -2;
    const SI_SIGIO: i32 = -5;
    const SI_KERNEL: i32 = 0x80;
    match (signal, code) {
        (libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGTRAP | libc::SIGFPE, 1..SI_KERNEL) => Union::Fault,
        (libc::SIGCHLD, 1..SI_KERNEL) => Union::Child,
        (libc::SIGSYS, 1..SI_KERNEL) => Union::Sys,
        (_, SI_TIMER) => Union::Timer,
        (_, SI_SIGIO) | (libc::SIGIO, 1..SI_KERNEL) => Union::Poll,
        _ => Union::Sent,
    }
}

impl SigInfo {
    /// From the host's.
    pub fn from_host(host: &HostSigInfo) -> SigInfo {
        let head = [host[0], host[1], host[2]].map(|word| word as i32);
        let union = &host[4..];
        let mut fields = [0; 29];
        match union_of(head[0], head[2]) {
            // The value is a union of an int and a pointer: its lower half is both.
            Union::Sent | Union::Timer => fields[..3].copy_from_slice(&union[..3]),
            Union::Poll => fields[..2].copy_from_slice(&[union[0], union[2]]),
            // si_addr, then si_addr_lsb.
            Union::Fault => fields[..2].copy_from_slice(&[union[0], union[2]]),
            // Process, user, status; then two `clock_t`.
            Union::Child => fields[..5].copy_from_slice(&[union[0], union[1], union[2], union[4], union[6]]),
            Union::Sys => fields[..3].copy_from_slice(&[union[0], union[2], union[3]]),
        }
        SigInfo { head, fields }
    }

    /// As the host has it.
    pub fn to_host(&self) -> HostSigInfo {
        let mut host = [0; 32];
        host[..3].copy_from_slice(&self.head.map(|word| word as u32));
        let (fields, union) = (&self.fields, &mut host[4..]);
        match union_of(self.head[0], self.head[2]) {
            Union::Sent | Union::Timer => union[..3].copy_from_slice(&fields[..3]),
            Union::Poll | Union::Fault => (union[0], union[2]) = (fields[0], fields[1]),
            Union::Child => {
                union[..3].copy_from_slice(&fields[..3]);
                (union[4], union[6]) = (fields[3], fields[4]);
            }
            Union::Sys => (union[0], union[2], union[3]) = (fields[0], fields[1], fields[2]),
        }
        host
    }
}

/// `struct ipc64_perm`, 36 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct IpcPerm {
    pub key: u32,
    pub uid: u32,
    pub gid: u32,
    pub cuid: u32,
    pub cgid: u32,
    pub mode: u32,
    pub seq: u32,
    pub unused: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for IpcPerm {}

/// `struct ipc64_perm` of x86-64, 48 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct HostIpcPerm {
    pub key: u32,
    pub uid: u32,
    pub gid: u32,
    pub cuid: u32,
    pub cgid: u32,
    pub mode: u32,
    pub seq: u32,
    pub pad: u32,
    pub unused: [u64; 2],
}
// SAFETY: integers only, and the padding is a field.
unsafe impl Plain for HostIpcPerm {}

impl From<&HostIpcPerm> for IpcPerm {
    fn from(host: &HostIpcPerm) -> IpcPerm {
        IpcPerm {
            key: host.key,
            uid: host.uid,
            gid: host.gid,
            cuid: host.cuid,
            cgid: host.cgid,
            mode: host.mode & 0xffff,
            seq: host.seq & 0xffff,
            unused: [0; 2],
        }
    }
}

impl From<&IpcPerm> for HostIpcPerm {
    fn from(guest: &IpcPerm) -> HostIpcPerm {
        HostIpcPerm {
            key: guest.key,
            uid: guest.uid,
            gid: guest.gid,
            cuid: guest.cuid,
            cgid: guest.cgid,
            mode: guest.mode & 0xffff,
            seq: guest.seq & 0xffff,
            ..HostIpcPerm::default()
        }
    }
}

/// Lower and upper half of a time.
fn halves(time: i64) -> [u32; 2] {
    [time as u32, (time >> 32) as u32]
}

/// `struct semid64_ds`, 64 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct SemidDs {
    pub sem_perm: IpcPerm,
    pub sem_otime: [u32; 2],
    pub sem_ctime: [u32; 2],
    pub sem_nsems: u32,
    pub unused: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for SemidDs {}

impl From<&super::a64::HostSemidDs> for SemidDs {
    fn from(host: &super::a64::HostSemidDs) -> SemidDs {
        let p = host.sem_perm;
        let pair = |word: u64| [word as u32, (word >> 32) as u32];
        let ([key, uid], [gid, cuid], [cgid, mode], [seq, _]) = (pair(p[0]), pair(p[1]), pair(p[2]), pair(p[3]));
        let perm = HostIpcPerm {
            key,
            uid,
            gid,
            cuid,
            cgid,
            mode,
            seq,
            ..HostIpcPerm::default()
        };
        SemidDs {
            sem_perm: (&perm).into(),
            sem_otime: halves(host.sem_otime),
            sem_ctime: halves(host.sem_ctime),
            sem_nsems: host.sem_nsems as u32,
            unused: [0; 2],
        }
    }
}

impl From<&SemidDs> for super::a64::HostSemidDs {
    fn from(guest: &SemidDs) -> super::a64::HostSemidDs {
        let perm = HostIpcPerm::from(&guest.sem_perm);
        let word = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        super::a64::HostSemidDs {
            sem_perm: [
                word(perm.key, perm.uid),
                word(perm.gid, perm.cuid),
                word(perm.cgid, perm.mode),
                word(perm.seq, 0),
                0,
                0,
            ],
            ..Default::default()
        }
    }
}

/// `struct shmid64_ds`, 84 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct ShmidDs {
    pub shm_perm: IpcPerm,
    pub shm_segsz: u32,
    pub shm_atime: [u32; 2],
    pub shm_dtime: [u32; 2],
    pub shm_ctime: [u32; 2],
    pub shm_cpid: i32,
    pub shm_lpid: i32,
    pub shm_nattch: u32,
    pub unused: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for ShmidDs {}

/// `struct shmid64_ds` of x86-64, 112 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct HostShmidDs {
    pub shm_perm: HostIpcPerm,
    pub shm_segsz: u64,
    pub shm_atime: i64,
    pub shm_dtime: i64,
    pub shm_ctime: i64,
    pub shm_cpid: i32,
    pub shm_lpid: i32,
    pub shm_nattch: u64,
    pub unused: [u64; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for HostShmidDs {}

impl From<&HostShmidDs> for ShmidDs {
    fn from(host: &HostShmidDs) -> ShmidDs {
        ShmidDs {
            shm_perm: (&host.shm_perm).into(),
            shm_segsz: u32::try_from(host.shm_segsz).unwrap_or(u32::MAX),
            shm_atime: halves(host.shm_atime),
            shm_dtime: halves(host.shm_dtime),
            shm_ctime: halves(host.shm_ctime),
            shm_cpid: host.shm_cpid,
            shm_lpid: host.shm_lpid,
            shm_nattch: host.shm_nattch as u32,
            unused: [0; 2],
        }
    }
}

/// `struct msqid64_ds`, 88 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct MsqidDs {
    pub msg_perm: IpcPerm,
    pub msg_stime: [u32; 2],
    pub msg_rtime: [u32; 2],
    pub msg_ctime: [u32; 2],
    pub msg_cbytes: u32,
    pub msg_qnum: u32,
    pub msg_qbytes: u32,
    pub msg_lspid: i32,
    pub msg_lrpid: i32,
    pub unused: [u32; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for MsqidDs {}

/// `struct msqid64_ds` of x86-64, 120 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the kernel's")]
pub struct HostMsqidDs {
    pub msg_perm: HostIpcPerm,
    pub msg_stime: i64,
    pub msg_rtime: i64,
    pub msg_ctime: i64,
    pub msg_cbytes: u64,
    pub msg_qnum: u64,
    pub msg_qbytes: u64,
    pub msg_lspid: i32,
    pub msg_lrpid: i32,
    pub unused: [u64; 2],
}
// SAFETY: integers only, without gaps.
unsafe impl Plain for HostMsqidDs {}

impl From<&HostMsqidDs> for MsqidDs {
    fn from(host: &HostMsqidDs) -> MsqidDs {
        MsqidDs {
            msg_perm: (&host.msg_perm).into(),
            msg_stime: halves(host.msg_stime),
            msg_rtime: halves(host.msg_rtime),
            msg_ctime: halves(host.msg_ctime),
            msg_cbytes: host.msg_cbytes as u32,
            msg_qnum: host.msg_qnum as u32,
            msg_qbytes: host.msg_qbytes as u32,
            msg_lspid: host.msg_lspid,
            msg_lrpid: host.msg_lrpid,
            unused: [0; 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siginfo_goes_both_ways() {
        for (signal, code, count) in [
            (libc::SIGSEGV, 1, 2),
            (libc::SIGCHLD, 1, 5),
            (libc::SIGUSR1, 0, 3),
            (34, -1, 3),
            (libc::SIGALRM, -2, 3),
            (libc::SIGIO, 1, 2),
            (libc::SIGSYS, 1, 3),
        ] {
            let mut info = SigInfo {
                head: [signal, 0, code],
                fields: [0; 29],
            };
            for (n, field) in (1..).zip(&mut info.fields[..count]) {
                *field = 0x1000 + n;
            }
            assert_eq!(SigInfo::from_host(&info.to_host()), info, "{signal} {code}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_or_counted_larger() {
        let mut host = HostStat {
            st_size: 1 << 31,
            ..HostStat::default()
        };
        assert_eq!(Stat::from_host(&host), None);
        host.st_size -= 1;
        host.st_uid = 100_000;
        assert_eq!(Stat::from_host(&host).map(|stat| stat.st_uid), Some(OVERFLOW_ID));
        let mut statfs = HostStatfs {
            counts: [1, 2, 3, u64::MAX, 5],
            ..HostStatfs::default()
        };
        assert_eq!(
            Statfs::from_host(&statfs).map(|s| s.counts),
            Some([1, 2, 3, u32::MAX, 5])
        );
        statfs.counts[0] = 1 << 32;
        assert_eq!(Statfs::from_host(&statfs), None);
        let mut sysinfo = [0; 14];
        (sysinfo[4], sysinfo[13]) = (16 << 30, 1);
        let sysinfo = Sysinfo::from(&sysinfo);
        assert_eq!((sysinfo.memory[0], sysinfo.mem_unit), (16 << 18, 4096));
    }
}
