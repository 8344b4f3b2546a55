//! Waiting for descriptors. Two things need work: the signal mask that holds for the length of the call is set by the runtime,
//! so that it decides what is delivered; and `struct epoll_event` is packed on x86-64 only.

use crate::Errno;
use crate::abi::a64::EpollEvent;
use crate::call::Call;
use crate::task::{Break, Reply};

/// Events that are fetched from the host at once; a caller with room for more gets the others with its next call.
const MOST_EVENTS: usize = 1024;

/// Waits, under the signal mask if there is one.
fn wait<const N: usize>(call: &mut Call<'_>, mask: Option<u64>, number: i64, args: [u64; N]) -> Reply {
    match mask {
        Some(mask) => call.wait_under_mask(mask, number, args),
        None => call.wait(number, args),
    }
}

/// The last argument of `pselect6` and `io_pgetevents`: a pointer to {address of the set, its size}.
fn packed_signal_set(call: &Call<'_>, address: u64) -> Result<Option<u64>, Break> {
    match call.read_optional::<[u64; 2]>(address)? {
        Some([set, size]) => call.signal_set(set, size),
        None => Ok(None),
    }
}

/// ppoll(2). The host writes the remaining time into the guest's timeout, with which the call is restarted.
pub fn ppoll(call: &mut Call<'_>) -> Reply {
    let [descriptors, count, timeout, mask, size, _] = call.args;
    let mask = call.signal_set(mask, size)?;
    wait(call, mask, libc::SYS_ppoll, [descriptors, count, timeout])
}

/// pselect6: pselect(2).
pub fn pselect6(call: &mut Call<'_>) -> Reply {
    let [count, read, write, except, timeout, mask] = call.args;
    let mask = packed_signal_set(call, mask)?;
    wait(call, mask, libc::SYS_pselect6, [count, read, write, except, timeout])
}

/// io_pgetevents: io_getevents(2) with a signal mask.
pub fn io_pgetevents(call: &mut Call<'_>) -> Reply {
    let [context, least, most, events, timeout, mask] = call.args;
    let mask = packed_signal_set(call, mask)?;
    wait(call, mask, 333, [context, least, most, events, timeout])
}

/// epoll_ctl(2).
pub fn epoll_ctl(call: &mut Call<'_>) -> Reply {
    let [epoll, operation, descriptor, event, ..] = call.args;
    let event = match operation as i32 {
        libc::EPOLL_CTL_DEL => None,
        _ => Some(call.read::<EpollEvent>(event)?),
    };
    let event = event.map(|event| libc::epoll_event {
        events: event.events,
        u64: event.data,
    });
    let pointer = event.as_ref().map_or(0, |event| &raw const *event as u64);
    Ok(call.host(libc::SYS_epoll_ctl, [epoll, operation, descriptor, pointer])?)
}

/// epoll_pwait: epoll_wait(2) with a signal mask.
pub fn epoll_pwait(call: &mut Call<'_>) -> Reply {
    let [.., timeout, mask, size] = call.args;
    epoll_wait(call, libc::SYS_epoll_pwait, timeout, mask, size)
}

/// epoll_pwait2: the same, with a timeout in nanoseconds.
pub fn epoll_pwait2(call: &mut Call<'_>) -> Reply {
    let [.., timeout, mask, size] = call.args;
    epoll_wait(call, libc::SYS_epoll_pwait2, timeout, mask, size)
}

fn epoll_wait(call: &mut Call<'_>, number: i64, timeout: u64, mask: u64, size: u64) -> Reply {
    let [epoll, buffer, most, ..] = call.args;
    let most = usize::try_from(most as i32)
        .ok()
        .filter(|&most| most > 0)
        .ok_or(Errno::EINVAL)?;
    let mask = call.signal_set(mask, size)?;
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; most.min(MOST_EVENTS)];
    let (pointer, room) = (events.as_mut_ptr() as u64, events.len() as u64);
    let count = wait(call, mask, number, [epoll, pointer, room, timeout, 0, 8])?;
    for (index, event) in events.iter().take(count as usize).enumerate() {
        let guest = EpollEvent {
            events: event.events,
            pad: 0,
            data: event.u64,
        };
        call.write(buffer.wrapping_add((index * size_of::<EpollEvent>()) as u64), &guest)?;
    }
    Ok(count)
}
