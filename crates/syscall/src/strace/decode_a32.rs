//! Structures that AArch32 has in another layout, printed as [`super::decode`] prints arm64's.

use armlet_memory::read_struct;

use super::decode::{Done, microseconds, seconds};
use super::{Line, decode, names};
use crate::abi::a32::{Flock, KernelSigAction, OldSigAction, SigInfo, StackT, Stat, Stat64, Statfs, Sysinfo};

/// A time of two 32-bit parts.
fn time(address: u64) -> Result<[i64; 2], armlet_cpu::Fault> {
    read_struct::<[i32; 2]>(address).map(|pair| pair.map(i64::from))
}

/// Two of them.
fn two_times(address: u64) -> Result<[[i64; 2]; 2], armlet_cpu::Fault> {
    Ok([time(address)?, time(address.wrapping_add(8))?])
}

/// struct timespec.
pub fn timespec(line: &mut Line<'_>, address: u64) -> Done {
    line.put(seconds(time(address)?));
    Ok(())
}

/// struct timeval.
pub fn timeval(line: &mut Line<'_>, address: u64) -> Done {
    line.put(microseconds(time(address)?));
    Ok(())
}

/// struct itimerspec.
pub fn itimerspec(line: &mut Line<'_>, address: u64) -> Done {
    let [interval, value] = two_times(address)?;
    line.put(format!(
        "{{it_interval={}, it_value={}}}",
        seconds(interval),
        seconds(value)
    ));
    Ok(())
}

/// struct itimerval.
pub fn itimerval(line: &mut Line<'_>, address: u64) -> Done {
    let [interval, value] = two_times(address)?;
    line.put(format!(
        "{{it_interval={}, it_value={}}}",
        microseconds(interval),
        microseconds(value)
    ));
    Ok(())
}

/// The times of utimensat.
pub fn utimes(line: &mut Line<'_>, address: u64) -> Done {
    let texts = two_times(address)?.map(|time| match time[1] {
        libc::UTIME_NOW => "UTIME_NOW".to_owned(),
        libc::UTIME_OMIT => "UTIME_OMIT".to_owned(),
        _ => seconds(time),
    });
    line.put(format!("[{}]", texts.join(", ")));
    Ok(())
}

fn put_stat(line: &mut Line<'_>, mode: u32, device: u64, size: i64) {
    let size = match mode & libc::S_IFMT {
        libc::S_IFCHR | libc::S_IFBLK => {
            format!(
                "st_rdev=makedev({:#x}, {:#x})",
                libc::major(device),
                libc::minor(device)
            )
        }
        _ => format!("st_size={size}"),
    };
    line.put(format!("{{st_mode={}, {size}, ...}}", names::file_mode(mode)));
}

/// struct stat64.
pub fn stat64(line: &mut Line<'_>, address: u64) -> Done {
    let stat: Stat64 = read_struct(address)?;
    put_stat(line, stat.st_mode, stat.st_rdev, stat.st_size);
    Ok(())
}

/// struct stat.
pub fn stat(line: &mut Line<'_>, address: u64) -> Done {
    let stat: Stat = read_struct(address)?;
    put_stat(line, stat.st_mode.into(), stat.st_rdev.into(), stat.st_size.into());
    Ok(())
}

/// struct statfs.
pub fn statfs(line: &mut Line<'_>, address: u64) -> Done {
    let s: Statfs = read_struct(address)?;
    put_statfs(
        line,
        s.f_type,
        s.f_bsize,
        s.counts.map(u64::from),
        s.f_fsid,
        [s.f_namelen, s.f_frsize, s.f_flags],
    );
    Ok(())
}

/// struct statfs64.
pub fn statfs64(line: &mut Line<'_>, address: u64) -> Done {
    let w: [u32; 17] = read_struct(address)?;
    let count = |index: usize| u64::from(w[2 + 2 * index]) | u64::from(w[3 + 2 * index]) << 32;
    put_statfs(
        line,
        w[0],
        w[1],
        [0, 1, 2, 3, 4].map(count),
        [w[12], w[13]],
        [w[14], w[15], w[16]],
    );
    Ok(())
}

fn put_statfs(line: &mut Line<'_>, kind: u32, block: u32, counts: [u64; 5], fsid: [u32; 2], rest: [u32; 3]) {
    let ([blocks, free, available, files, free_files], [name, fragment, flags]) = (counts, rest);
    line.put(format!(
        "{{f_type={kind:#x}, f_bsize={block}, f_blocks={blocks}, f_bfree={free}, f_bavail={available}, f_files={files}, \
         f_ffree={free_files}, f_fsid={{val=[{:#x}, {:#x}]}}, f_namelen={name}, f_frsize={fragment}, f_flags={flags:#x}}}",
        fsid[0], fsid[1],
    ));
}

/// `0x5581… /* 12 entries */`.
pub fn dirents(line: &mut Line<'_>, address: u64) -> Done {
    let length = line.result().unwrap_or(0);
    let (mut at, mut count) = (0, 0);
    while at < length {
        let record: u16 = read_struct(address.wrapping_add(at + 8))?;
        at += u64::from(record.max(1));
        count += 1;
    }
    line.put(format!("{address:#x} /* {count} entries */"));
    Ok(())
}

/// What a `ppoll` found ready, and the time that was left.
pub(super) fn ready(address: u64, count: u64, timeout: u64) -> Option<String> {
    let mut text = decode::ready(address, count, 0)?;
    if timeout != 0 {
        text += &format!(", left {}", seconds(time(timeout).ok()?));
    }
    Some(text)
}

/// The set of 32 signals.
pub fn old_sigset(line: &mut Line<'_>, address: u64) -> Done {
    line.put(names::signal_set(read_struct::<u32>(address)?.into()));
    Ok(())
}

fn put_action(line: &mut Line<'_>, handler: u32, mask: u64, flags: u32, restorer: u32) {
    let field = if flags & libc::SA_SIGINFO as u32 != 0 {
        "sa_sigaction"
    } else {
        "sa_handler"
    };
    let handler = match handler {
        0 => "SIG_DFL".to_owned(),
        1 => "SIG_IGN".to_owned(),
        handler => format!("{handler:#x}"),
    };
    let (mask, names) = (names::signal_set(mask), names::SA.flags(flags.into()));
    line.put(format!("{{{field}={handler}, sa_mask={mask}, sa_flags={names}"));
    if flags & 0x0400_0000 != 0 {
        line.put(format!(", sa_restorer={restorer:#x}"));
    }
    line.put("}");
}

/// struct sigaction.
pub fn sigaction(line: &mut Line<'_>, address: u64) -> Done {
    let action: KernelSigAction = read_struct(address)?;
    let mask = u64::from(action.mask[0]) | u64::from(action.mask[1]) << 32;
    put_action(line, action.handler, mask, action.flags, action.restorer);
    Ok(())
}

/// struct old_sigaction.
pub fn old_sigaction(line: &mut Line<'_>, address: u64) -> Done {
    let action: OldSigAction = read_struct(address)?;
    put_action(line, action.handler, action.mask.into(), action.flags, action.restorer);
    Ok(())
}

/// stack_t.
pub fn stack(line: &mut Line<'_>, address: u64) -> Done {
    let stack: StackT = read_struct(address)?;
    line.put("{ss_sp=");
    line.put_pointer(stack.ss_sp.into());
    let flags = names::SS.flags(stack.ss_flags as u32 as u64);
    line.put(format!(", ss_flags={flags}, ss_size={}}}", stack.ss_size));
    Ok(())
}

/// siginfo_t.
pub fn siginfo(line: &mut Line<'_>, address: u64) -> Done {
    let info: SigInfo = read_struct(address)?;
    decode::put_siginfo(
        line,
        info.head,
        [info.fields[0], info.fields[1], info.fields[2]].map(|field| field as i32),
    );
    Ok(())
}

/// struct sigevent.
pub fn sigevent(line: &mut Line<'_>, address: u64) -> Done {
    let value: u32 = read_struct(address)?;
    let rest: [i32; 3] = read_struct(address.wrapping_add(4))?;
    decode::put_sigevent(line, value.into(), rest);
    Ok(())
}

/// struct rlimit.
pub fn rlimit(line: &mut Line<'_>, address: u64) -> Done {
    let limits: [u32; 2] = read_struct(address)?;
    let [soft, hard] = limits.map(|limit| match limit {
        u32::MAX => "RLIM_INFINITY".to_owned(),
        _ if limit > 1024 && limit % 1024 == 0 => format!("{}*1024", limit / 1024),
        _ => limit.to_string(),
    });
    line.put(format!("{{rlim_cur={soft}, rlim_max={hard}}}"));
    Ok(())
}

/// struct rusage: the times.
pub fn rusage(line: &mut Line<'_>, address: u64) -> Done {
    let [user, system] = two_times(address)?.map(microseconds);
    line.put(format!("{{ru_utime={user}, ru_stime={system}, ...}}"));
    Ok(())
}

/// struct tms.
pub fn tms(line: &mut Line<'_>, address: u64) -> Done {
    let [user, system, child_user, child_system]: [u32; 4] = read_struct(address)?;
    line.put(format!(
        "{{tms_utime={user}, tms_stime={system}, tms_cutime={child_user}, tms_cstime={child_system}}}"
    ));
    Ok(())
}

/// struct sysinfo.
pub fn sysinfo(line: &mut Line<'_>, address: u64) -> Done {
    let s: Sysinfo = read_struct(address)?;
    let (l, m) = (s.loads, s.memory);
    line.put(format!(
        "{{uptime={}, loads=[{}, {}, {}], totalram={}, freeram={}, sharedram={}, bufferram={}, totalswap={}, freeswap={}, \
         procs={}, totalhigh={}, freehigh={}, mem_unit={}}}",
        s.uptime, l[0], l[1], l[2], m[0], m[1], m[2], m[3], m[4], m[5], s.procs, s.high[0], s.high[1], s.mem_unit,
    ));
    Ok(())
}

/// struct flock, as it is set.
pub fn flock(line: &mut Line<'_>, address: u64) -> Done {
    line.put(lock(&read_struct(address)?) + "}");
    Ok(())
}

/// struct flock, as it was asked for.
pub fn flock_with_owner(line: &mut Line<'_>, address: u64) -> Done {
    let flock: Flock = read_struct(address)?;
    line.put(format!("{}, l_pid={}}}", lock(&flock), flock.l_pid));
    Ok(())
}

fn lock(flock: &Flock) -> String {
    let (kind, whence) = (
        names::FLOCK.value(flock.l_type as u64),
        names::SEEK.value(flock.l_whence as u64),
    );
    format!(
        "{{l_type={kind}, l_whence={whence}, l_start={}, l_len={}",
        flock.l_start, flock.l_len
    )
}
