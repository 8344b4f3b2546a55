//! Files: the calls whose flags, paths or structures need work. Everything else about files is a row that goes to the host.

mod descriptor;
mod dirents;
mod guests;
mod ioctl;
pub(crate) mod legacy;
mod open;
mod own;
mod path;
mod poll;
mod proc;
mod stat;
mod uring;

pub use descriptor::{close, close_range, dup3, fcntl, pipe2};
pub(crate) use dirents::freeze as freeze_cookies;
pub use dirents::{getdents, getdents64, llseek, lseek};
pub use guests::{HANDOVER, fields};
pub use ioctl::ioctl;
pub use open::{fanotify_init, mq_open, open_by_handle_at, openat, openat2, readlinkat};
pub use own::{
    LOWEST_DESCRIPTOR, adopt_binary, binary, chroot, duplicate, mount, move_mount, pin_binary, pin_binary_without_proc,
    pivot_root, release, reserve, setns, umount2,
};
pub(crate) use path::Lookup;
pub(crate) use poll::resume_poll;
pub use poll::{
    epoll_ctl, epoll_pwait, epoll_pwait2, epoll_wait_only, io_getevents, io_pgetevents, newselect, poll, ppoll,
    pselect6,
};
pub use stat::{faccessat, faccessat2, fstat, newfstatat, statfs, statx};
pub(crate) use uring::{freeze as freeze_rings, mapped as ring_mapped};
pub use uring::{io_uring_enter, io_uring_register, io_uring_setup};
