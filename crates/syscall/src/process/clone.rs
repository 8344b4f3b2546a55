//! `clone` and `clone3`: their arguments are checked as Linux checks them, and handed to the runtime.

use armlet_memory as memory;

use crate::Errno;
use crate::abi::a64::KernelCloneArgs;
use crate::call::Call;
use crate::task::{Break, CloneArgs, Reply};

/// The exit signal's place in the flags of `clone` (`CSIGNAL`).
const EXIT_SIGNAL: u64 = 0xff;
/// Bytes of the first version of `struct clone_args`.
const OLDEST_SIZE: u64 = 64;
/// Namespaces that may be nested in each other, and so ids in `set_tid`.
const MOST_NESTED: u64 = 32;
/// Flags that only `clone3` knows: `CLONE_CLEAR_SIGHAND`, `CLONE_INTO_CGROUP`.
const CLONE3_ONLY: u64 = 3 << 32;

const VM: u64 = libc::CLONE_VM as u64;
const FS: u64 = libc::CLONE_FS as u64;
const SIGHAND: u64 = libc::CLONE_SIGHAND as u64;
const THREAD: u64 = libc::CLONE_THREAD as u64;
const PIDFD: u64 = libc::CLONE_PIDFD as u64;
const DETACHED: u64 = libc::CLONE_DETACHED as u64;
const PARENT: u64 = libc::CLONE_PARENT as u64;
const PARENT_SETTID: u64 = libc::CLONE_PARENT_SETTID as u64;
const NEWNS: u64 = libc::CLONE_NEWNS as u64;
const NEWUSER: u64 = libc::CLONE_NEWUSER as u64;
const NEWPID: u64 = libc::CLONE_NEWPID as u64;
const NEWTIME: u64 = 0x80;
const CLEAR_SIGHAND: u64 = 1 << 32;
const INTO_CGROUP: u64 = 1 << 33;

/// clone(2) in arm64's order: flags, stack, parent's id, **TLS, child's id**.
pub fn clone(call: &mut Call<'_>) -> Reply {
    let [flags, stack, parent_tid, tls, child_tid, _] = call.args;
    let (exit_signal, flags) = (flags & EXIT_SIGNAL, flags & 0xffff_ff00);
    // The pidfd is stored in place of the parent's id.
    if flags & PIDFD != 0 && flags & (PARENT_SETTID | DETACHED) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let pidfd = if flags & PIDFD != 0 { parent_tid } else { 0 };
    let args = CloneArgs {
        flags,
        pidfd,
        child_tid,
        parent_tid,
        exit_signal,
        stack,
        tls,
        ..CloneArgs::default()
    };
    start(call, &args)
}

/// clone3(2).
pub fn clone3(call: &mut Call<'_>) -> Reply {
    let [address, size, ..] = call.args;
    let args = read(address, size)?;
    if args.flags & (DETACHED | EXIT_SIGNAL & !NEWTIME) != 0
        || args.flags & !(0xffff_ffff | CLONE3_ONLY) != 0
        || args.flags & (SIGHAND | CLEAR_SIGHAND) == SIGHAND | CLEAR_SIGHAND
        || args.flags & (THREAD | PARENT) != 0 && args.exit_signal != 0
        || args.exit_signal > 64
        || (args.stack == 0) != (args.stack_size == 0)
        || args.set_tid_size > MOST_NESTED
        || (args.set_tid == 0) != (args.set_tid_size == 0)
        || args.flags & INTO_CGROUP != 0 && (args.cgroup > i32::MAX as u64 || size < 88)
    {
        return Err(Errno::EINVAL.into());
    }
    let set_tid = (0..args.set_tid_size)
        .map(|index| call.read::<i32>(args.set_tid.wrapping_add(4 * index)))
        .collect::<Result<Vec<i32>, _>>()?;
    let args = CloneArgs {
        flags: args.flags,
        pidfd: args.pidfd,
        child_tid: args.child_tid,
        parent_tid: args.parent_tid,
        exit_signal: args.exit_signal,
        stack: memory::untag(args.stack).wrapping_add(args.stack_size),
        tls: args.tls,
        set_tid,
        cgroup: args.cgroup,
    };
    start(call, &args)
}

/// The structure in any of its versions: what is missing is 0, what is unknown must be.
fn read(address: u64, size: u64) -> Result<KernelCloneArgs, Break> {
    const KNOWN: usize = size_of::<KernelCloneArgs>();
    if size > memory::PAGE_SIZE {
        return Err(Errno::E2BIG.into());
    }
    if size < OLDEST_SIZE {
        return Err(Errno::EINVAL.into());
    }
    let mut bytes = vec![0; size as usize];
    memory::read_bytes(address, &mut bytes)?;
    if bytes.iter().skip(KNOWN).any(|&byte| byte != 0) {
        return Err(Errno::E2BIG.into());
    }
    bytes.resize(KNOWN, 0);
    let mut words = bytes
        .chunks_exact(8)
        .map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)));
    let mut next = || words.next().unwrap_or(0);
    Ok(KernelCloneArgs {
        flags: next(),
        pidfd: next(),
        child_tid: next(),
        parent_tid: next(),
        exit_signal: next(),
        stack: next(),
        stack_size: next(),
        tls: next(),
        set_tid: next(),
        set_tid_size: next(),
        cgroup: next(),
    })
}

/// What both have in common (kernel/fork.c, `copy_process`).
fn start(call: &mut Call<'_>, args: &CloneArgs) -> Reply {
    let has = |flags: u64| args.flags & flags == flags;
    let refused = has(SIGHAND) && !has(VM)
        || has(THREAD) && !has(SIGHAND)
        || has(NEWNS | FS)
        || has(NEWUSER | FS)
        || has(THREAD) && args.flags & (NEWUSER | NEWPID) != 0;
    if refused {
        return Err(Errno::EINVAL.into());
    }
    Ok(call.task.clone_task(args, call.state)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_clone_args() {
        let mut words = [0_u64; 12];
        words[0] = 0x100;
        words[5] = 0x7000;
        words[10] = 5;
        let address = words.as_ptr() as u64;
        let args = read(address, 64).expect("the oldest version");
        assert_eq!((args.flags, args.stack, args.cgroup), (0x100, 0x7000, 0));
        let args = read(address, 88).expect("today's version");
        assert_eq!(args.cgroup, 5);
        assert_eq!(read(address, 96).expect("zeros behind it").cgroup, 5);
        words[11] = 1;
        assert_eq!(read(words.as_ptr() as u64, 96), Err(Break::Errno(Errno::E2BIG)));
        assert_eq!(read(address, 56), Err(Break::Errno(Errno::EINVAL)));
        assert_eq!(read(address, 8192), Err(Break::Errno(Errno::E2BIG)));
    }
}
