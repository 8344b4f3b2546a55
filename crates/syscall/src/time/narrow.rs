//! Calls with times that the host's kernel would take as they are from a 64-bit program, and which have to be widened and narrowed for
//! an AArch32 one.

use super::Timespec;
use crate::abi::a32::{Timex, Tms};
use crate::call::Call;
use crate::task::Reply;

/// A place in the arguments of a call: which argument points to how many pairs of seconds and fractions (1 or 2).
#[derive(Clone, Copy)]
pub struct Times {
    argument: usize,
    count: usize,
}

/// Argument `argument` points to a time.
pub const fn one(argument: usize) -> Times {
    Times { argument, count: 1 }
}

/// Argument `argument` points to two times: an interval and a value, or an access and a modification.
pub const fn two(argument: usize) -> Times {
    Times { argument, count: 2 }
}

/// The host's call, with copies of the times that it reads and stores, as wide as the host has them.
pub fn pass(call: &mut Call<'_>, number: i64, reads: Option<Times>, stores: Option<Times>) -> Reply {
    let (mut args, width) = (call.args, call.width());
    let mut before: [Timespec; 2] = [[0; 2]; 2];
    if let Some(Times { argument, count }) = reads
        && args[argument] != 0
    {
        for (index, time) in (0..).zip(&mut before[..count]) {
            *time = width.read(args[argument].wrapping_add(index * width.size()))?;
        }
        args[argument] = before.as_ptr() as u64;
    }
    let mut after: [Timespec; 2] = [[0; 2]; 2];
    let stored = stores.filter(|stores| args[stores.argument] != 0);
    if let Some(Times { argument, .. }) = stored {
        args[argument] = after.as_mut_ptr() as u64;
    }
    let value = if call.row.restart.is_some() {
        call.wait(number, args)?
    } else {
        call.host(number, args)?
    };
    if let Some(Times { argument, count }) = stored {
        for (index, time) in (0..).zip(&after[..count]) {
            width.write(call.args[argument].wrapping_add(index * width.size()), *time)?;
        }
    }
    Ok(value)
}

/// A handler for each call of that kind.
macro_rules! timed {
    ($($(#[$doc:meta])* $name:ident = $number:expr, $reads:expr, $stores:expr;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(call: &mut Call<'_>) -> Reply {
                pass(call, $number, $reads, $stores)
            }
        )*
    };
}

timed! {
    /// getitimer(2).
    getitimer = libc::SYS_getitimer, None, Some(two(1));
    /// setitimer(2).
    setitimer = libc::SYS_setitimer, Some(two(1)), Some(two(2));
    /// timer_gettime(2).
    timer_gettime = libc::SYS_timer_gettime, None, Some(two(1));
    /// timer_settime(2).
    timer_settime = libc::SYS_timer_settime, Some(two(2)), Some(two(3));
    /// timerfd_gettime(2).
    timerfd_gettime = libc::SYS_timerfd_gettime, None, Some(two(1));
    /// timerfd_settime(2).
    timerfd_settime = libc::SYS_timerfd_settime, Some(two(2)), Some(two(3));
    /// clock_settime(2).
    clock_settime = libc::SYS_clock_settime, Some(one(1)), None;
    /// sched_rr_get_interval(2).
    sched_rr_get_interval = libc::SYS_sched_rr_get_interval, None, Some(one(1));
    /// utimensat(2).
    utimensat = libc::SYS_utimensat, Some(two(2)), None;
    /// utimes(2).
    utimes = libc::SYS_utimes, Some(two(1)), None;
    /// futimesat(2).
    futimesat = libc::SYS_futimesat, Some(two(2)), None;
    /// mq_timedsend: mq_send(3).
    mq_timedsend = libc::SYS_mq_timedsend, Some(one(4)), None;
    /// mq_timedreceive: mq_receive(3).
    mq_timedreceive = libc::SYS_mq_timedreceive, Some(one(4)), None;
    /// semtimedop(2).
    semtimedop = libc::SYS_semtimedop, Some(one(3)), None;
    /// futex_waitv.
    futex_waitv = 449, Some(one(3)), None;
    /// futex_wait.
    futex_wait = 455, Some(one(4)), None;
}

/// settimeofday(2).
pub fn settimeofday(call: &mut Call<'_>) -> Reply {
    pass(call, libc::SYS_settimeofday, Some(one(0)), None)
}

/// time with 32-bit fields: adjtimex(2), clock_adjtime(2).
fn adjust(call: &mut Call<'_>, index: usize, number: i64) -> Reply {
    let address = call.args[index];
    let mut timex = call.read::<Timex>(address)?.to_host();
    let mut args = call.args;
    args[index] = &raw mut timex as u64;
    let value = call.host(number, args)?;
    call.write(address, &Timex::from_host(&timex))?;
    Ok(value)
}

/// adjtimex(2).
pub fn adjtimex(call: &mut Call<'_>) -> Reply {
    adjust(call, 0, libc::SYS_adjtimex)
}

/// clock_adjtime(2).
pub fn clock_adjtime(call: &mut Call<'_>) -> Reply {
    adjust(call, 1, libc::SYS_clock_adjtime)
}

/// times(2). The number of ticks wraps in 32 bits; a guest that gets one of the last 4095 before that takes it for an error, as on hardware.
pub fn times(call: &mut Call<'_>) -> Reply {
    let mut host = [0_i64; 4];
    let value = call.host(libc::SYS_times, [host.as_mut_ptr() as u64])?;
    if call.args[0] != 0 {
        call.write(call.args[0], &Tms(host.map(|ticks| ticks as u32)))?;
    }
    Ok(value)
}
