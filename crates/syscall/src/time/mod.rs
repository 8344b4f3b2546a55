//! Clocks and sleeps. Clocks are read through the C library, and so through the host's vDSO, without entering the kernel;
//! sleeps remember when they end, so that a signal does not make them longer.

mod narrow;
mod width;

pub use narrow::*;
pub use width::Width;

use armlet_cpu::a64::State;

use crate::Errno;
use crate::call::Call;
use crate::task::{Break, Reply, Restart, RestartBlock};

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Seconds and nanoseconds (or microseconds).
pub type Timespec = [i64; 2];

/// What a clock says now.
pub(crate) fn now(clock: i32) -> Result<Timespec, Errno> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` has room for the answer.
    match unsafe { libc::clock_gettime(clock, &raw mut time) } {
        0 => Ok([time.tv_sec, time.tv_nsec]),
        _ => Err(Errno::last()),
    }
}

/// The moment `span` after now.
pub(crate) fn after(clock: i32, span: Timespec) -> Result<Timespec, Errno> {
    let [seconds, nanoseconds] = now(clock)?;
    let nanoseconds = nanoseconds + span[1];
    Ok([
        seconds.saturating_add(span[0]).saturating_add(nanoseconds / SECOND),
        nanoseconds % SECOND,
    ])
}

/// How long it is until that moment; nothing if it is over.
pub(crate) fn until(clock: i32, moment: Timespec) -> Result<Timespec, Errno> {
    let [seconds, nanoseconds] = now(clock)?;
    let left = moment[0]
        .saturating_sub(seconds)
        .saturating_mul(SECOND)
        .saturating_add(moment[1] - nanoseconds)
        .max(0);
    Ok([left / SECOND, left % SECOND])
}

/// Whether Linux takes it as a length of time.
pub(crate) fn is_span(time: Timespec) -> bool {
    time[0] >= 0 && (0..SECOND).contains(&time[1])
}

/// clock_gettime(2).
pub fn clock_gettime(call: &mut Call<'_>) -> Reply {
    let time = now(call.int(0))?;
    call.write_time(call.args[1], time)?;
    Ok(0)
}

/// Numbers of the calls that [`quick`] does: clock_gettime and gettimeofday.
pub const QUICK: [u64; 2] = [113, 169];

/// Reads a clock without the rest of the layer, for engines that can call it from the guest's code. `false`: it has done nothing, because
/// something is unusual.
pub fn quick(state: &mut State) -> bool {
    if crate::seccomp::is_active() {
        return false;
    }
    let done = match (state.x(8), state.x(0), state.x(1)) {
        (113, clock, time) => {
            now(clock as i32).is_ok_and(|now| armlet_memory::write_struct(armlet_memory::untag(time), &now).is_ok())
        }
        (169, time, 0) if time != 0 => now(libc::CLOCK_REALTIME).is_ok_and(|[seconds, nanoseconds]| {
            armlet_memory::write_struct(armlet_memory::untag(time), &[seconds, nanoseconds / 1000]).is_ok()
        }),
        _ => false,
    };
    if done {
        state.set_x(0, 0);
    }
    done
}

/// Numbers of the calls that [`quick_a32`] does: gettimeofday, clock_gettime, clock_gettime64.
pub const QUICK_A32: [u64; 3] = [78, 263, 403];

/// The same as [`quick`] for an AArch32 guest.
pub fn quick_a32(state: &mut State) -> bool {
    if crate::seccomp::is_active() {
        return false;
    }
    let (first, second) = (state.w(0), state.w(1));
    let write = |width: Width, at: u32, time| width.write(at.into(), time).is_ok();
    let done = match state.w(7) {
        78 if first != 0 && second == 0 => now(libc::CLOCK_REALTIME)
            .is_ok_and(|[seconds, nanoseconds]| write(Width::Narrow, first, [seconds, nanoseconds / 1000])),
        263 => now(first as i32).is_ok_and(|now| write(Width::Narrow, second, now)),
        403 => now(first as i32).is_ok_and(|now| write(Width::Full, second, now)),
        _ => false,
    };
    if done {
        state.set_w(0, 0);
    }
    done
}

/// clock_getres(2).
pub fn clock_getres(call: &mut Call<'_>) -> Reply {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` has room for the answer.
    if unsafe { libc::clock_getres(call.int(0), &raw mut time) } != 0 {
        return Err(Errno::last().into());
    }
    if call.args[1] != 0 {
        call.write_time(call.args[1], [time.tv_sec, time.tv_nsec])?;
    }
    Ok(0)
}

/// gettimeofday(2).
pub fn gettimeofday(call: &mut Call<'_>) -> Reply {
    let [time, zone, ..] = call.args;
    if zone != 0 {
        // Only the kernel knows the time zone that nobody uses.
        call.host(libc::SYS_gettimeofday, [0, zone])?;
    }
    if time != 0 {
        let [seconds, nanoseconds] = now(libc::CLOCK_REALTIME)?;
        call.write_time(time, [seconds, nanoseconds / 1000])?;
    }
    Ok(0)
}

/// getcpu(2).
pub fn getcpu(call: &mut Call<'_>) -> Reply {
    let [cpu, node, ..] = call.args;
    if node != 0 || cpu == 0 {
        return Ok(call.host(libc::SYS_getcpu, [cpu, node])?);
    }
    // SAFETY: only answers a number.
    let number = unsafe { libc::sched_getcpu() };
    if number < 0 {
        return Err(Errno::last().into());
    }
    call.write(cpu, &number)?;
    Ok(0)
}

/// nanosleep(2): counts on CLOCK_MONOTONIC.
pub fn nanosleep(call: &mut Call<'_>) -> Reply {
    let [span, remaining, ..] = call.args;
    sleep_for(call, libc::CLOCK_MONOTONIC, span, remaining)
}

/// clock_nanosleep(2).
pub fn clock_nanosleep(call: &mut Call<'_>) -> Reply {
    let [clock, flags, time, remaining, ..] = call.args;
    let clock = clock as i32;
    if flags as i32 & libc::TIMER_ABSTIME == 0 {
        return sleep_for(call, clock, time, remaining);
    }
    let time = call.read_time(time)?;
    let reply = call.wait(libc::SYS_clock_nanosleep, [clock as u64, flags, time.as_ptr() as u64]);
    // The same moment is awaited again; nothing needs to be remembered.
    reply.map_err(|end| {
        if end == Break::Restart(Restart::Block) {
            Break::Restart(Restart::NoHandler)
        } else {
            end
        }
    })
}

fn sleep_for(call: &mut Call<'_>, clock: i32, span: u64, remaining: u64) -> Reply {
    let span = call.read_time(span)?;
    if !is_span(span) {
        return Err(Errno::EINVAL.into());
    }
    if matches!(clock, libc::CLOCK_THREAD_CPUTIME_ID) {
        return Err(Errno::EINVAL.into());
    }
    // A sleep on the clock that can be set is by how long it takes, not by what the clock says.
    let clock = if clock == libc::CLOCK_REALTIME {
        libc::CLOCK_MONOTONIC
    } else {
        clock
    };
    let [seconds, nanoseconds] = after(clock, span)?;
    let width = call.width();
    sleep_until(call, clock, (seconds, nanoseconds), (remaining, width))
}

fn sleep_until(call: &mut Call<'_>, clock: i32, deadline: (i64, i64), left_at: (u64, Width)) -> Reply {
    let (remaining, width) = left_at;
    let time = [deadline.0, deadline.1];
    let absolute = libc::TIMER_ABSTIME as u64;
    let reply = call.wait(
        libc::SYS_clock_nanosleep,
        [clock as u64, absolute, time.as_ptr() as u64],
    );
    if reply == Err(Break::Restart(Restart::Block)) {
        if remaining != 0 {
            let left = until(clock, time)?;
            width.write(remaining, left)?;
        }
        *call.task.restart_block() = Some(RestartBlock::Sleep {
            clock,
            deadline,
            remaining,
            width,
        });
    }
    reply
}

/// restart_syscall(2): goes on with what a signal without a handler interrupted.
pub fn restart_syscall(call: &mut Call<'_>) -> Reply {
    let block = call.task.restart_block().take().ok_or(Errno::EINTR)?;
    let after = call.state.pc;
    let reply = match block {
        RestartBlock::Sleep {
            clock,
            deadline,
            remaining,
            width,
        } => sleep_until(call, clock, deadline, (remaining, width)),
        RestartBlock::Poll { .. } => crate::fs::resume_poll(call, block),
        RestartBlock::FutexWait { .. } => crate::sync::resume_wait(call, block),
    };
    if reply == Err(Break::Resume) {
        // A signal before the call is one in the middle of what the guest has begun.
        call.state.pc = after;
        *call.task.restart_block() = Some(block);
        return Err(Break::Restart(Restart::Block));
    }
    reply
}
