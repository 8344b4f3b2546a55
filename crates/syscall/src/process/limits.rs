//! Resource limits. Those on address space, data and stack would hit armlet's own mappings, so that they are kept here, per
//! process and over `execve`, and never reach the host; those on address space and data are kept by the address space. All others are the host's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use armlet_memory::AddressSpace;

use crate::Errno;
use crate::abi::Abi;
use crate::call::Call;
use crate::task::{Break, Reply};

/// `struct rlimit64`: soft limit, hard limit.
type Limit = [u64; 2];

/// A limit that the guest has set and the host does not know. Plain atomics: a child of a fork must find them usable.
struct Kept {
    resource: u32,
    set: AtomicBool,
    soft: AtomicU64,
    hard: AtomicU64,
}

const fn unset(resource: u32) -> Kept {
    Kept {
        resource,
        set: AtomicBool::new(false),
        soft: AtomicU64::new(0),
        hard: AtomicU64::new(0),
    }
}

static KEPT: [Kept; 3] = [
    unset(libc::RLIMIT_AS),
    unset(libc::RLIMIT_DATA),
    unset(libc::RLIMIT_STACK),
];

/// getrlimit(2), on AArch32 with 32-bit numbers: what does not fit is infinite.
pub fn getrlimit(call: &mut Call<'_>) -> Reply {
    let [resource, old, ..] = call.args;
    let limit = exchange(call, 0, resource as u32, None)?;
    match call.abi {
        Abi::A64 => call.write(old, &limit)?,
        Abi::A32 => call.write(old, &limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)))?,
    }
    Ok(0)
}

/// setrlimit(2).
pub fn setrlimit(call: &mut Call<'_>) -> Reply {
    let [resource, new, ..] = call.args;
    let mut new = call.words(new)?;
    if call.abi == Abi::A32 {
        new = new.map(|limit| {
            if limit == u64::from(u32::MAX) {
                libc::RLIM64_INFINITY
            } else {
                limit
            }
        });
    }
    exchange(call, 0, resource as u32, Some(new))?;
    Ok(0)
}

/// prlimit64: prlimit(2).
pub fn prlimit64(call: &mut Call<'_>) -> Reply {
    let [process, resource, new, old, ..] = call.args;
    let new = call.read_optional(new)?;
    let before = exchange(call, process as i32, resource as u32, new)?;
    if old != 0 {
        call.write(old, &before)?;
    }
    Ok(0)
}

fn exchange(call: &Call<'_>, process: i32, resource: u32, new: Option<Limit>) -> Result<Limit, Break> {
    let own = process == 0 || process as u32 == std::process::id();
    let kept = KEPT.iter().find(|kept| own && kept.resource == resource);
    match kept {
        None => host(call, process, resource, new),
        Some(kept) => keep(call, kept, new),
    }
}

fn host(call: &Call<'_>, process: i32, resource: u32, new: Option<Limit>) -> Result<Limit, Break> {
    let mut before = [0; 2];
    let new = new.as_ref().map_or(0, |new| new.as_ptr() as u64);
    call.host(
        libc::SYS_prlimit64,
        [process as u64, u64::from(resource), new, before.as_mut_ptr() as u64],
    )?;
    Ok(before)
}

fn keep(call: &Call<'_>, kept: &Kept, new: Option<Limit>) -> Result<Limit, Break> {
    let before = match kept.set.load(Ordering::Acquire) {
        true => [kept.soft.load(Ordering::Relaxed), kept.hard.load(Ordering::Relaxed)],
        false => host(call, 0, kept.resource, None)?,
    };
    if let Some([soft, hard]) = new {
        if soft > hard {
            return Err(Errno::EINVAL.into());
        }
        if hard > before[1] && call.host(libc::SYS_geteuid, [])? != 0 {
            return Err(Errno::EPERM.into());
        }
        kept.soft.store(soft, Ordering::Relaxed);
        kept.hard.store(hard, Ordering::Relaxed);
        kept.set.store(true, Ordering::Release);
        obey(kept.resource, soft, call.task.memory());
    }
    Ok(before)
}

/// Tells the address space what it may hold.
fn obey(resource: u32, soft: u64, space: &AddressSpace) {
    let limit = Some(soft).filter(|&soft| soft != libc::RLIM64_INFINITY);
    match resource {
        libc::RLIMIT_AS => space.set_limit(limit),
        libc::RLIMIT_DATA => space.set_data_limit(limit),
        _ => {}
    }
}

/// The limits that the guest has set and the host does not know, for the next program: resource, soft limit, hard limit.
#[must_use]
pub fn kept() -> Vec<(u32, u64, u64)> {
    KEPT.iter()
        .filter(|kept| kept.set.load(Ordering::Acquire))
        .map(|kept| {
            (
                kept.resource,
                kept.soft.load(Ordering::Relaxed),
                kept.hard.load(Ordering::Relaxed),
            )
        })
        .collect()
}

/// Takes over what the program before this one has set.
pub fn adopt(limits: &[(u32, u64, u64)], space: &AddressSpace) {
    for &(resource, soft, hard) in limits {
        let Some(kept) = KEPT.iter().find(|kept| kept.resource == resource) else {
            continue;
        };
        kept.soft.store(soft, Ordering::Relaxed);
        kept.hard.store(hard, Ordering::Relaxed);
        kept.set.store(true, Ordering::Release);
        obey(resource, soft, space);
    }
}
