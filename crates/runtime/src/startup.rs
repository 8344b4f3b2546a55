//! What Rust's runtime changes before `main`, noted before it does: it ignores SIGPIPE, and opens `/dev/null` in the place of
//! closed standard descriptors. The guest is to find both as they were.

use std::sync::atomic::{AtomicU32, Ordering};

/// Bit 0 to 2: that descriptor was closed. Bit 3: SIGPIPE was ignored.
static NOTED: AtomicU32 = AtomicU32::new(0);
const PIPE_IGNORED: u32 = 1 << 3;

/// The C runtime calls what stands in this section before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

extern "C" fn note() {
    let mut noted = 0;
    for descriptor in 0..3 {
        // SAFETY: asks for a flag.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } < 0 {
            noted |= 1 << descriptor;
        }
    }
    // SAFETY: zero is a valid value of every field of the structure, and the call only fills it.
    let ignored = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    };
    if ignored {
        noted |= PIPE_IGNORED;
    }
    NOTED.store(noted, Ordering::Relaxed);
}

/// Whether a signal was ignored when the process started; `now` says what holds for all but SIGPIPE.
pub(crate) fn was_ignored(signal: i32, now: impl Fn(i32) -> bool) -> bool {
    match signal {
        libc::SIGPIPE => NOTED.load(Ordering::Relaxed) & PIPE_IGNORED != 0,
        _ => now(signal),
    }
}

/// Closes the standard descriptors that were closed.
pub(crate) fn close_what_was_closed() {
    for descriptor in 0..3 {
        if NOTED.load(Ordering::Relaxed) & 1 << descriptor != 0 {
            // SAFETY: it was opened by the runtime as a placeholder, and nothing of armlet's uses it.
            unsafe { libc::close(descriptor) };
        }
    }
}
