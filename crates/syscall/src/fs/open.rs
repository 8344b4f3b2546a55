//! Opening files: the open flags differ between arm64 and x86-64, and a few files of /proc describe the guest instead of
//! armlet.

use armlet_memory as memory;

use super::{Lookup, proc};
use crate::Errno;
use crate::abi::a64::open_flags_to_host;
use crate::call::Call;
use crate::task::{Break, Reply};

/// openat(2).
pub fn openat(call: &mut Call<'_>) -> Reply {
    let [dirfd, path, flags, mode, ..] = call.args;
    let flags = open_flags_to_host(flags as u32);
    if let Some(descriptor) = proc::open(call, path, flags)? {
        return Ok(descriptor);
    }
    let path = lookup(call, dirfd, path, flags)?;
    call.wait(libc::SYS_openat, [dirfd, path.pointer(), u64::from(flags), mode])
}

/// A file that is created, or a link that is not followed, is where the guest says; anything else is looked up.
fn lookup(call: &Call<'_>, dirfd: u64, path: u64, flags: u32) -> Result<Lookup, Break> {
    let literal = (libc::O_CREAT | libc::O_NOFOLLOW) as u32;
    if flags & literal != 0 {
        Ok(Lookup::AsIs(path))
    } else {
        Lookup::new(call, dirfd as i32, path)
    }
}

/// openat2(2): `struct open_how` begins with the flags.
pub fn openat2(call: &mut Call<'_>) -> Reply {
    let [dirfd, path, how, size, ..] = call.args;
    if size < 24 {
        return Err(Errno::EINVAL.into());
    }
    if size > memory::PAGE_SIZE {
        return Err(Errno::E2BIG.into());
    }
    let mut bytes = vec![0; size as usize];
    memory::read_bytes(how, &mut bytes)?;
    let (flags, rest) = bytes.split_first_chunk::<8>().ok_or(Errno::EINVAL)?;
    let flags = u64::from_le_bytes(*flags);
    let resolve = rest.get(8..16) != Some(&[0; 8]);
    let host_flags = open_flags_to_host(flags as u32);
    if !resolve && let Some(descriptor) = proc::open(call, path, host_flags)? {
        return Ok(descriptor);
    }
    // RESOLVE_* restricts the path that the guest gave: another one must not take its place.
    let path = if resolve {
        Lookup::AsIs(path)
    } else {
        lookup(call, dirfd, path, host_flags)?
    };
    bytes[..8].copy_from_slice(&(flags & !0xffff_ffff | u64::from(host_flags)).to_le_bytes());
    call.wait(libc::SYS_openat2, [dirfd, path.pointer(), bytes.as_ptr() as u64, size])
}

/// open_by_handle_at(2).
pub fn open_by_handle_at(call: &mut Call<'_>) -> Reply {
    let [mount, handle, flags, ..] = call.args;
    call.wait(
        libc::SYS_open_by_handle_at,
        [mount, handle, u64::from(open_flags_to_host(flags as u32))],
    )
}

/// mq_open(2).
pub fn mq_open(call: &mut Call<'_>) -> Reply {
    let [name, flags, mode, attributes, ..] = call.args;
    Ok(call.host(
        libc::SYS_mq_open,
        [name, u64::from(open_flags_to_host(flags as u32)), mode, attributes],
    )?)
}

/// fanotify_init(2): the second argument holds the open flags of the descriptors in events.
pub fn fanotify_init(call: &mut Call<'_>) -> Reply {
    let [flags, event_flags, ..] = call.args;
    Ok(call.host(
        libc::SYS_fanotify_init,
        [flags, u64::from(open_flags_to_host(event_flags as u32))],
    )?)
}

/// readlinkat(2): `/proc/self/exe` names the guest's program.
pub fn readlinkat(call: &mut Call<'_>) -> Reply {
    let [dirfd, path, buffer, size, ..] = call.args;
    if (size as i32) > 0
        && let Ok(text) = call.path(path)
        && let Some(executable) = proc::executable(call, dirfd as i32, &text)
    {
        let length = executable.as_bytes().len().min(size as i32 as usize);
        memory::write_bytes(buffer, &executable.as_bytes()[..length])?;
        return Ok(length as u64);
    }
    let text = call.path(path)?;
    let below = super::path::below_sysroot(call, &text);
    let path = below.map_or(Lookup::AsIs(path), Lookup::Instead);
    Ok(call.host(libc::SYS_readlinkat, [dirfd, path.pointer(), buffer, size])?)
}
