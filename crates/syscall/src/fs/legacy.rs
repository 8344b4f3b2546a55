//! Calls that arm EABI still has and arm64 never had: those with a path and no directory, those with 16-bit ids and 32-bit offsets, and
//! the structures of a 32-bit program. Each brings its arguments into the newer form and goes on there.

use armlet_memory as memory;

use super::Lookup;
use crate::Errno;
use crate::abi::a32::{
    F_GETLK64, F_SETLK64, F_SETLKW64, Flock, HostStatfs, MqAttr, STATFS64_SIZE, Stat, Stat64, Statfs, statfs64,
};
use crate::abi::a64::{HostStat, open_flags_to_host};
use crate::call::Call;
use crate::task::{Break, Reply};

/// The working directory.
const HERE: u64 = libc::AT_FDCWD as u64;

/// open(2).
pub fn open(call: &mut Call<'_>) -> Reply {
    let [path, flags, mode, ..] = call.args;
    call.args = [HERE, path, flags, mode, 0, 0];
    super::openat(call)
}

/// creat(2).
pub fn creat(call: &mut Call<'_>) -> Reply {
    let [path, mode, ..] = call.args;
    let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    call.args = [HERE, path, flags as u64, mode, 0, 0];
    super::openat(call)
}

/// access(2).
pub fn access(call: &mut Call<'_>) -> Reply {
    let [path, mode, ..] = call.args;
    call.args = [HERE, path, mode, 0, 0, 0];
    super::faccessat(call)
}

/// readlink(2).
pub fn readlink(call: &mut Call<'_>) -> Reply {
    let [path, buffer, size, ..] = call.args;
    call.args = [HERE, path, buffer, size, 0, 0];
    super::readlinkat(call)
}

/// The host's `stat` of a path relative to `dirfd`, under the flags of fstatat(2).
fn stat_of(call: &Call<'_>, dirfd: u64, path: u64, flags: u64) -> Result<HostStat, Break> {
    let path = if flags as i32 & libc::AT_SYMLINK_NOFOLLOW != 0 {
        Lookup::AsIs(path)
    } else {
        Lookup::new(call, dirfd as i32, path)?
    };
    let mut host = HostStat::default();
    call.host(
        libc::SYS_newfstatat,
        [dirfd, path.pointer(), &raw mut host as u64, flags],
    )?;
    Ok(host)
}

fn fstat_of(call: &Call<'_>, descriptor: u64) -> Result<HostStat, Errno> {
    let mut host = HostStat::default();
    call.host(libc::SYS_fstat, [descriptor, &raw mut host as u64])?;
    Ok(host)
}

const NO_FOLLOW: u64 = libc::AT_SYMLINK_NOFOLLOW as u64;

/// stat64, as stat(2).
pub fn stat64(call: &mut Call<'_>) -> Reply {
    let host = stat_of(call, HERE, call.args[0], 0)?;
    call.write(call.args[1], &Stat64::from(&host))?;
    Ok(0)
}

/// lstat64, as lstat(2).
pub fn lstat64(call: &mut Call<'_>) -> Reply {
    let host = stat_of(call, HERE, call.args[0], NO_FOLLOW)?;
    call.write(call.args[1], &Stat64::from(&host))?;
    Ok(0)
}

/// fstat64, as fstat(2).
pub fn fstat64(call: &mut Call<'_>) -> Reply {
    let host = fstat_of(call, call.args[0])?;
    call.write(call.args[1], &Stat64::from(&host))?;
    Ok(0)
}

/// fstatat64, as fstatat(2).
pub fn fstatat64(call: &mut Call<'_>) -> Reply {
    let [dirfd, path, buffer, flags, ..] = call.args;
    let host = stat_of(call, dirfd, path, flags)?;
    call.write(buffer, &Stat64::from(&host))?;
    Ok(0)
}

/// Stores the oldest structure, or says that something in it does not fit.
fn store_stat(call: &Call<'_>, host: &HostStat) -> Reply {
    let stat = Stat::from_host(host).ok_or(Errno::EOVERFLOW)?;
    call.write(call.args[1], &stat)?;
    Ok(0)
}

/// stat(2), with 32-bit sizes.
pub fn stat(call: &mut Call<'_>) -> Reply {
    let host = stat_of(call, HERE, call.args[0], 0)?;
    store_stat(call, &host)
}

/// lstat(2), with 32-bit sizes.
pub fn lstat(call: &mut Call<'_>) -> Reply {
    let host = stat_of(call, HERE, call.args[0], NO_FOLLOW)?;
    store_stat(call, &host)
}

/// fstat(2), with 32-bit sizes.
pub fn old_fstat(call: &mut Call<'_>) -> Reply {
    let host = fstat_of(call, call.args[0])?;
    store_stat(call, &host)
}

fn statfs_of(call: &Call<'_>) -> Result<HostStatfs, Break> {
    let path = Lookup::new(call, libc::AT_FDCWD, call.args[0])?;
    let mut host = HostStatfs::default();
    call.host(libc::SYS_statfs, [path.pointer(), &raw mut host as u64])?;
    Ok(host)
}

fn fstatfs_of(call: &Call<'_>) -> Result<HostStatfs, Break> {
    let mut host = HostStatfs::default();
    call.host(libc::SYS_fstatfs, [call.args[0], &raw mut host as u64])?;
    Ok(host)
}

fn store_statfs(call: &Call<'_>, host: &HostStatfs) -> Reply {
    let statfs = Statfs::from_host(host).ok_or(Errno::EOVERFLOW)?;
    call.write(call.args[1], &statfs)?;
    Ok(0)
}

/// The size that the program believes the structure to have: 84 bytes, or 88 with the padding of the new ABI, which the kernel of arm
/// takes for 84.
fn store_statfs64(call: &Call<'_>, host: &HostStatfs) -> Reply {
    let [_, size, buffer, ..] = call.args;
    if size != STATFS64_SIZE as u64 && size != 88 {
        return Err(Errno::EINVAL.into());
    }
    call.write(buffer, &statfs64(host))?;
    Ok(0)
}

/// statfs(2), with 32-bit numbers.
pub fn old_statfs(call: &mut Call<'_>) -> Reply {
    let host = statfs_of(call)?;
    store_statfs(call, &host)
}

/// fstatfs(2), with 32-bit numbers.
pub fn old_fstatfs(call: &mut Call<'_>) -> Reply {
    let host = fstatfs_of(call)?;
    store_statfs(call, &host)
}

/// statfs64, as statfs(2).
pub fn statfs64_call(call: &mut Call<'_>) -> Reply {
    let host = statfs_of(call)?;
    store_statfs64(call, &host)
}

/// fstatfs64, as fstatfs(2).
pub fn fstatfs64_call(call: &mut Call<'_>) -> Reply {
    let host = fstatfs_of(call)?;
    store_statfs64(call, &host)
}

/// ustat(2).
pub fn ustat(call: &mut Call<'_>) -> Reply {
    // f_tfree, f_tinode, f_fname, f_fpack: the second is a `long`.
    let mut host = [0_u64; 4];
    call.host(libc::SYS_ustat, [call.args[0], host.as_mut_ptr() as u64])?;
    call.write(call.args[1], &[host[0] as u32, host[1] as u32, 0, 0, 0])?;
    Ok(0)
}

/// mknod(2).
pub fn mknod(call: &mut Call<'_>) -> Reply {
    let [path, mode, device, ..] = call.args;
    Ok(call.host(libc::SYS_mknodat, [HERE, path, mode, device])?)
}

/// An id of 16 bits: all ones stand for -1.
pub(crate) fn wide_id(id: u64) -> u64 {
    match id as u16 {
        u16::MAX => u64::from(u32::MAX),
        id => id.into(),
    }
}

/// chown(2) with 16-bit ids.
pub fn chown(call: &mut Call<'_>) -> Reply {
    let [path, user, group, ..] = call.args;
    Ok(call.host(libc::SYS_chown, [path, wide_id(user), wide_id(group)])?)
}

/// lchown(2) with 16-bit ids.
pub fn lchown(call: &mut Call<'_>) -> Reply {
    let [path, user, group, ..] = call.args;
    Ok(call.host(libc::SYS_lchown, [path, wide_id(user), wide_id(group)])?)
}

/// fchown(2) with 16-bit ids.
pub fn fchown(call: &mut Call<'_>) -> Reply {
    let [descriptor, user, group, ..] = call.args;
    Ok(call.host(libc::SYS_fchown, [descriptor, wide_id(user), wide_id(group)])?)
}

/// dup2(2).
pub fn dup2(call: &mut Call<'_>) -> Reply {
    let [old, new, ..] = call.args;
    if super::own::is_own(old as i32) || super::own::is_own(new as i32) {
        return Err(Errno::EBADF.into());
    }
    let duplicate = call.host(libc::SYS_dup2, [old, new])?;
    if old != new {
        super::uring::closed(duplicate as u32..=duplicate as u32);
    }
    Ok(duplicate)
}

/// epoll_create(2), with a size that only has to be positive.
pub fn epoll_create(call: &mut Call<'_>) -> Reply {
    if call.int(0) <= 0 {
        return Err(Errno::EINVAL.into());
    }
    Ok(call.host(libc::SYS_epoll_create1, [0])?)
}

/// signalfd(2), with the set's size and without flags.
pub fn signalfd(call: &mut Call<'_>) -> Reply {
    let [descriptor, set, size, ..] = call.args;
    Ok(call.host(libc::SYS_signalfd4, [descriptor, set, size, 0])?)
}

/// eventfd(2) without flags.
pub fn eventfd(call: &mut Call<'_>) -> Reply {
    Ok(call.host(libc::SYS_eventfd2, [call.args[0], 0])?)
}

/// inotify_init(2).
pub fn inotify_init(call: &mut Call<'_>) -> Reply {
    Ok(call.host(libc::SYS_inotify_init1, [0])?)
}

/// fcntl: locks with 32-bit offsets, besides what [`fcntl64`] does. The commands that only that one has are EINVAL.
pub fn fcntl(call: &mut Call<'_>) -> Reply {
    let [descriptor, command, address, ..] = call.args;
    let wide = matches!(
        command as i32,
        libc::F_OFD_GETLK | libc::F_OFD_SETLK | libc::F_OFD_SETLKW | F_GETLK64 | F_SETLK64 | F_SETLKW64
    );
    match command as i32 {
        _ if wide => Err(Errno::EINVAL.into()),
        libc::F_GETLK | libc::F_SETLK | libc::F_SETLKW => lock(call, descriptor, command, address),
        _ => super::fcntl(call),
    }
}

/// fcntl64, as fcntl(2).
pub fn fcntl64(call: &mut Call<'_>) -> Reply {
    let [descriptor, command, address, ..] = call.args;
    let host_command = match command as i32 {
        libc::F_GETLK | libc::F_SETLK | libc::F_SETLKW => return lock(call, descriptor, command, address),
        F_GETLK64 => libc::F_GETLK,
        F_SETLK64 => libc::F_SETLK,
        F_SETLKW64 => libc::F_SETLKW,
        _ => return super::fcntl(call),
    };
    call.wait(libc::SYS_fcntl, [descriptor, host_command as u64, address])
}

/// A lock with 32-bit offsets.
fn lock(call: &mut Call<'_>, descriptor: u64, command: u64, address: u64) -> Reply {
    let guest: Flock = call.read(address)?;
    let mut host = libc::flock {
        l_type: guest.l_type,
        l_whence: guest.l_whence,
        l_start: guest.l_start.into(),
        l_len: guest.l_len.into(),
        l_pid: guest.l_pid,
    };
    let value = call.wait(libc::SYS_fcntl, [descriptor, command, &raw mut host as u64])?;
    if command as i32 == libc::F_GETLK {
        // A lock that begins where no 32-bit offset reaches cannot be told; one that only ends there is told to its end.
        let start = i32::try_from(host.l_start).map_err(|_| Errno::EOVERFLOW)?;
        let length = i32::try_from(host.l_len).unwrap_or(i32::MAX);
        let flock = Flock {
            l_type: host.l_type,
            l_whence: host.l_whence,
            l_start: start,
            l_len: length,
            l_pid: host.l_pid,
        };
        call.write(address, &flock)?;
    }
    Ok(value)
}

/// The offset that an argument may point to, in 32 bits.
fn read_offset(call: &Call<'_>, address: u64) -> Result<Option<i64>, Break> {
    Ok(call.read_optional::<i32>(address)?.map(i64::from))
}

/// sendfile(2) with a 32-bit offset.
pub fn sendfile(call: &mut Call<'_>) -> Reply {
    let [out, input, address, count, ..] = call.args;
    let Some(mut offset) = read_offset(call, address)? else {
        return call.wait(libc::SYS_sendfile, [out, input, 0, count]);
    };
    // No further than a 32-bit offset can tell (MAX_NON_LFS).
    let most = (i64::from(i32::MAX) - offset).max(0) as u64;
    if most == 0 && count != 0 {
        return Err(Errno::EOVERFLOW.into());
    }
    let sent = call.wait(
        libc::SYS_sendfile,
        [out, input, &raw mut offset as u64, count.min(most)],
    )?;
    call.write(address, &(offset as i32))?;
    Ok(sent)
}

/// arm_fadvise64_64, posix_fadvise(2) in an order in which the offsets are in pairs of registers.
pub fn fadvise(call: &mut Call<'_>) -> Reply {
    let [descriptor, advice, offset, length, ..] = call.args;
    Ok(call.host(libc::SYS_fadvise64, [descriptor, offset, length, advice])?)
}

/// arm_sync_file_range: sync_file_range(2), in such an order.
pub fn sync_file_range(call: &mut Call<'_>) -> Reply {
    let [descriptor, flags, offset, length, ..] = call.args;
    Ok(call.host(libc::SYS_sync_file_range, [descriptor, offset, length, flags])?)
}

/// The vector of `struct iovec` at a guest address, as the host has it.
pub(crate) fn iovecs(address: u64, count: u64) -> Result<Vec<[u64; 2]>, Break> {
    if count > libc::UIO_MAXIOV as u64 {
        return Err(Errno::EINVAL.into());
    }
    let mut bytes = vec![0; 8 * count as usize];
    memory::read_bytes(address, &mut bytes)?;
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let vectors: Vec<[u64; 2]> = bytes
        .chunks_exact(8)
        .map(|pair| [word(&pair[..4]), word(&pair[4..])])
        .collect();
    // A negative length is EINVAL before anything is moved.
    if vectors.iter().any(|[_, length]| *length > i32::MAX as u64) {
        return Err(Errno::EINVAL.into());
    }
    Ok(vectors)
}

/// readv(2), writev(2) and their kin: the vector is the second argument, its length the third.
fn vectored(call: &mut Call<'_>, number: i64, offset: u64, flags: u64) -> Reply {
    let [descriptor, vector, count, ..] = call.args;
    let vectors = iovecs(vector, count)?;
    call.wait(
        number,
        [
            descriptor,
            vectors.as_ptr() as u64,
            vectors.len() as u64,
            offset,
            0,
            flags,
        ],
    )
}

/// readv(2).
pub fn readv(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_readv, 0, 0)
}

/// writev(2).
pub fn writev(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_writev, 0, 0)
}

/// preadv(2).
pub fn preadv(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_preadv, call.args[3], 0)
}

/// pwritev(2).
pub fn pwritev(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_pwritev, call.args[3], 0)
}

/// preadv2: preadv(2) with flags.
pub fn preadv2(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_preadv2, call.args[3], call.args[4])
}

/// pwritev2: pwritev(2) with flags.
pub fn pwritev2(call: &mut Call<'_>) -> Reply {
    vectored(call, libc::SYS_pwritev2, call.args[3], call.args[4])
}

/// vmsplice(2).
pub fn vmsplice(call: &mut Call<'_>) -> Reply {
    let [descriptor, vector, count, flags, ..] = call.args;
    let vectors = iovecs(vector, count)?;
    call.wait(
        libc::SYS_vmsplice,
        [descriptor, vectors.as_ptr() as u64, vectors.len() as u64, flags],
    )
}

/// mq_open(3), whose attributes are `long`s.
pub fn mq_open(call: &mut Call<'_>) -> Reply {
    let [name, flags, mode, attributes, ..] = call.args;
    let attributes = match attributes {
        0 => None,
        _ if flags as i32 & libc::O_CREAT == 0 => None,
        address => Some(call.read::<MqAttr>(address)?.to_host()),
    };
    let pointer = attributes.as_ref().map_or(0, |attributes| attributes.as_ptr() as u64);
    let flags = u64::from(open_flags_to_host(flags as u32));
    Ok(call.host(libc::SYS_mq_open, [name, flags, mode, pointer])?)
}

/// mq_getsetattr: mq_getattr(3), mq_setattr(3).
pub fn mq_getsetattr(call: &mut Call<'_>) -> Reply {
    let [queue, new, old, ..] = call.args;
    let new = call
        .read_optional::<MqAttr>(new)?
        .map(|attributes| attributes.to_host());
    let new = new.as_ref().map_or(0, |attributes| attributes.as_ptr() as u64);
    let mut host = [0_i64; 8];
    let value = call.host(libc::SYS_mq_getsetattr, [queue, new, host.as_mut_ptr() as u64])?;
    if old != 0 {
        call.write(old, &MqAttr::from_host(&host))?;
    }
    Ok(value)
}
