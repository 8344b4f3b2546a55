//! Asking about files: `struct stat` differs, and paths are looked up.

use super::Lookup;
use crate::abi::a64::{HostStat, Stat};
use crate::call::Call;
use crate::task::{Break, Reply};

/// A link that is not followed is the guest's own path; anything else is looked up.
fn lookup(call: &Call<'_>, flags: u64) -> Result<Lookup, Break> {
    let [dirfd, path, ..] = call.args;
    if flags as i32 & libc::AT_SYMLINK_NOFOLLOW != 0 {
        return Ok(Lookup::AsIs(path));
    }
    Lookup::new(call, dirfd as i32, path)
}

/// fstat(2).
pub fn fstat(call: &mut Call<'_>) -> Reply {
    let [descriptor, buffer, ..] = call.args;
    let mut host = HostStat::default();
    call.host(libc::SYS_fstat, [descriptor, &raw mut host as u64])?;
    call.write(buffer, &Stat::from(&host))?;
    Ok(0)
}

/// newfstatat, the system call behind stat(2), lstat(2) and fstatat(2).
pub fn newfstatat(call: &mut Call<'_>) -> Reply {
    let [dirfd, _, buffer, flags, ..] = call.args;
    let path = lookup(call, flags)?;
    let mut host = HostStat::default();
    call.host(
        libc::SYS_newfstatat,
        [dirfd, path.pointer(), &raw mut host as u64, flags],
    )?;
    call.write(buffer, &Stat::from(&host))?;
    Ok(0)
}

/// statx(2): its structure is the same everywhere.
pub fn statx(call: &mut Call<'_>) -> Reply {
    let [dirfd, _, flags, mask, buffer, _] = call.args;
    let path = lookup(call, flags)?;
    Ok(call.host(libc::SYS_statx, [dirfd, path.pointer(), flags, mask, buffer])?)
}

/// statfs(2).
pub fn statfs(call: &mut Call<'_>) -> Reply {
    let [path, buffer, ..] = call.args;
    let path = Lookup::new(call, libc::AT_FDCWD, path)?;
    Ok(call.host(libc::SYS_statfs, [path.pointer(), buffer])?)
}

/// faccessat, without flags: access(2).
pub fn faccessat(call: &mut Call<'_>) -> Reply {
    let [dirfd, _, mode, ..] = call.args;
    let path = lookup(call, 0)?;
    Ok(call.host(libc::SYS_faccessat, [dirfd, path.pointer(), mode])?)
}

/// faccessat2: faccessat(2).
pub fn faccessat2(call: &mut Call<'_>) -> Reply {
    let [dirfd, _, mode, flags, ..] = call.args;
    let path = lookup(call, flags)?;
    Ok(call.host(libc::SYS_faccessat2, [dirfd, path.pointer(), mode, flags])?)
}
