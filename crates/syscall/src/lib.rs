//! The guest's Linux: what happens between an SVC and the host's kernel.
//!
//! [`table`] (arm64) and [`table_a32`] (arm EABI) have one row per system call: its number, its name, the types of its arguments and what is done. Strace text, the
//! coverage page and the documentation come from the row. The runtime implements [`Task`] for its threads and calls
//! [`dispatch`] at every SVC; nothing here knows an engine.
//!
//! * [`task`]: what a call needs of the process around it, and how it ends;
//! * [`host`]: the host's kernel, called without anything in between, so that signals cannot be lost;
//! * [`abi`]: the layouts and constants in which the guest differs from the host;
//! * [`fs`], [`mm`], [`process`], [`signal`], [`sync`], [`time`], `net`, `aio`: the calls that are more than a renumbering. The last two
//!   have only what AArch32 needs: a 64-bit guest's sockets and contexts are the host's;
//! * [`seccomp`]: the filters of the guest;
//! * [`strace`]: the trace.

pub mod abi;
mod aio;

pub mod call;
pub mod errno;
pub mod fs;
pub mod host;
pub mod mm;
mod net;
pub mod process;
pub mod row;
pub mod seccomp;
pub mod signal;
pub mod strace;
pub mod sync;
pub mod table;
pub mod table_a32;
pub mod task;
pub mod time;

pub use call::{Call, Direct, direct, dispatch, interrupted};
pub use errno::Errno;
pub use task::{Break, Outcome, Reply, Restart, Task};

/// Holds what this crate keeps of the process still: to be held over a fork, so that the child finds it consistent and unlocked.
#[must_use]
pub fn freeze() -> impl Sized {
    (fs::freeze_cookies(), fs::freeze_rings())
}
