//! Signals as a guest sets them up, and calls that wait, which signals interrupt.

mod common;

use armlet_syscall::abi::a64::{KernelSigAction, StackT};
use armlet_syscall::task::{AltStack, RestartBlock};
use armlet_syscall::{Errno, Outcome, Restart};
use common::{Guest, NOWHERE, pointer, pointer_mut};

#[test]
fn signal_actions_and_masks() {
    let mut guest = Guest::new();
    let new = KernelSigAction {
        handler: 0x4000,
        flags: 0x1000_0000,
        restorer: 0,
        mask: u64::MAX,
    };
    assert_eq!(guest.value("rt_sigaction", &[10, pointer(&new), 0, 8]), Ok(0));
    let mut old = KernelSigAction::default();
    assert_eq!(guest.value("rt_sigaction", &[10, 0, pointer_mut(&mut old), 8]), Ok(0));
    assert_eq!(old.handler, 0x4000);
    assert_eq!(!old.mask, 1 << 8 | 1 << 18, "SIGKILL and SIGSTOP cannot be blocked");
    assert_eq!(
        guest.value("rt_sigaction", &[9, pointer(&new), 0, 8]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("rt_sigaction", &[9, 0, pointer_mut(&mut old), 8]), Ok(0));
    assert_eq!(guest.value("rt_sigaction", &[65, 0, 0, 8]), Err(Errno::EINVAL));
    assert_eq!(guest.value("rt_sigaction", &[10, 0, 0, 16]), Err(Errno::EINVAL));
    assert_eq!(guest.value("rt_sigaction", &[10, NOWHERE, 0, 8]), Err(Errno::EFAULT));

    let (set, mut before) = (0x6_u64, 0_u64);
    assert_eq!(guest.value("rt_sigprocmask", &[2, pointer(&set), 0, 8]), Ok(0));
    assert_eq!(
        guest.value("rt_sigprocmask", &[0, pointer(&0x8_u64), pointer_mut(&mut before), 8]),
        Ok(0)
    );
    assert_eq!((before, guest.mask), (6, 14));
    assert_eq!(guest.value("rt_sigprocmask", &[1, pointer(&0x2_u64), 0, 8]), Ok(0));
    assert_eq!(guest.mask, 12);
    assert_eq!(
        guest.value("rt_sigprocmask", &[3, pointer(&set), 0, 8]),
        Err(Errno::EINVAL)
    );
}

#[test]
fn alternate_stacks() {
    let mut guest = Guest::new();
    let stack = |flags: u32, size: u64| StackT {
        ss_sp: 0x10_0000,
        ss_flags: flags as i32,
        pad: 0,
        ss_size: size,
    };
    assert_eq!(
        guest.value("sigaltstack", &[pointer(&stack(0, 5119)), 0]),
        Err(Errno::ENOMEM)
    );
    assert_eq!(
        guest.value("sigaltstack", &[pointer(&stack(4, 8192)), 0]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("sigaltstack", &[pointer(&stack(0, 8192)), 0]), Ok(0));
    assert_eq!(
        guest.stack,
        AltStack {
            base: 0x10_0000,
            flags: 0,
            size: 8192
        }
    );
    guest.state.set_sp(0x10_1000);
    let mut old = StackT::default();
    assert_eq!(guest.value("sigaltstack", &[0, pointer_mut(&mut old)]), Ok(0));
    assert_eq!(
        (old.ss_sp, old.ss_flags, old.ss_size),
        (0x10_0000, libc::SS_ONSTACK, 8192)
    );
    assert_eq!(
        guest.value("sigaltstack", &[pointer(&stack(2, 0)), 0]),
        Err(Errno::EPERM),
        "in use"
    );
    guest.state.set_sp(0x20_0000);
    assert_eq!(guest.value("sigaltstack", &[pointer(&stack(2, 0)), 0]), Ok(0));
    assert_eq!(guest.stack, AltStack::DISABLED);
}

#[test]
fn a_signal_ends_a_wait_in_the_way_of_its_row() {
    let mut guest = Guest::new();
    let mut ends = [0_i32; 2];
    guest.value("pipe2", &[pointer_mut(&mut ends), 0]).expect("a pipe");
    let reader = ends[0] as u64;
    let mut byte = 0_u8;
    let read = [reader, pointer_mut(&mut byte), 1];
    assert_eq!(guest.interrupted("read", &read), Outcome::Restart(Restart::Sys));
    assert_eq!(guest.state.x(0), reader, "the arguments are still there");
    let mut poll = [reader | 1 << 32];
    let wait = [pointer_mut(&mut poll), 1, 0, 0, 8];
    assert_eq!(guest.interrupted("ppoll", &wait), Outcome::Restart(Restart::NoHandler));
    let mask = 0_u64;
    let wait = [wait[0], 1, 0, pointer(&mask), 8];
    assert_eq!(guest.interrupted("ppoll", &wait), Outcome::Restart(Restart::NoHandler));
    assert_eq!(guest.saved_mask.take(), Some(0), "for the delivery");
    assert_eq!(
        guest.interrupted("rt_sigsuspend", &[pointer(&mask), 8]),
        Outcome::Restart(Restart::NoHandler)
    );
    for end in ends {
        guest.value("close", &[end as u64]).expect("closed");
    }
}

#[test]
fn a_pending_signal_comes_before_the_call() {
    let mut guest = Guest::new();
    guest.raise(10);
    guest.state.pc = 0x1004;
    // Even one that would not wait: no EINTR for what never gives one.
    let file = guest.value("memfd_create", &[pointer(c"x"), 0]).expect("a file");
    assert_eq!(guest.call("write", &[file, pointer(b"x"), 1]), Outcome::Resume);
    assert_eq!((guest.state.pc, guest.state.x(0)), (0x1000, file), "at the SVC again");
    assert_eq!(
        guest.value("getpid", &[]),
        Ok(u64::from(std::process::id())),
        "this one never waits"
    );

    // A mask that blocks it for the length of the call.
    let (mask, mut now) = (1_u64 << 9, [0_u64; 2]);
    let wait = [0, 0, pointer_mut(&mut now), pointer(&mask), 8];
    assert_eq!(guest.value("ppoll", &wait), Ok(0));
    assert_eq!((guest.mask, guest.saved_mask), (0, None), "restored");

    // And one that lets it through: then it is the call that the signal ends, and the mask stays for the delivery.
    guest.set_mask(1 << 9);
    assert_eq!(guest.value("ppoll", &[0, 0, pointer_mut(&mut now), 0, 8]), Ok(0));
    let open = 0_u64;
    let wait = [0, 0, pointer_mut(&mut now), pointer(&open), 8];
    assert_eq!(guest.call("ppoll", &wait), Outcome::Restart(Restart::NoHandler));
    assert_eq!((guest.mask, guest.saved_mask.take()), (0, Some(1 << 9)));
    guest.set_mask(1 << 9);
    assert_eq!(
        guest.call("rt_sigsuspend", &[pointer(&open), 8]),
        Outcome::Restart(Restart::NoHandler)
    );
    assert_eq!((guest.mask, guest.saved_mask), (0, Some(1 << 9)));
    guest.waiting = 0;
    guest.set_mask(0);
    guest.value("close", &[file]).expect("closed");
}

#[test]
fn an_interrupted_sleep_goes_on_with_the_rest() {
    let mut guest = Guest::new();
    let (span, mut rest) = ([3600_i64, 5], [0_i64; 2]);
    let outcome = guest.interrupted("nanosleep", &[pointer(&span), pointer_mut(&mut rest)]);
    assert_eq!(outcome, Outcome::Restart(Restart::Block));
    assert!((3590..=3600).contains(&rest[0]), "{rest:?}");
    let Some(RestartBlock::Sleep { clock, deadline, .. }) = guest.restart else {
        panic!("{:?}", guest.restart)
    };
    assert_eq!(clock, libc::CLOCK_MONOTONIC);
    assert!(deadline.0 > 3600);
    assert_eq!(
        guest.interrupted("restart_syscall", &[]),
        Outcome::Restart(Restart::Block)
    );
    let again = guest.restart;
    guest.raise(10);
    assert_eq!(
        guest.call("restart_syscall", &[]),
        Outcome::Restart(Restart::Block),
        "a pending signal, too"
    );
    assert_eq!(guest.restart, again);
    guest.waiting = 0;
    guest.set_mask(0);
    assert!(matches!(again, Some(RestartBlock::Sleep { deadline: second, .. }) if second == deadline));
    guest.restart = None;
    assert_eq!(guest.value("restart_syscall", &[]), Err(Errno::EINTR));
    assert_eq!(
        guest.value("nanosleep", &[pointer(&[0_i64, 1_000_000_000]), 0]),
        Err(Errno::EINVAL)
    );
    assert_eq!(guest.value("nanosleep", &[NOWHERE, 0]), Err(Errno::EFAULT));
    assert_eq!(guest.value("nanosleep", &[pointer(&[0_i64, 1]), 0]), Ok(0));
}

#[test]
fn futexes_are_the_hosts() {
    let mut guest = Guest::new();
    let word = 7_u32;
    let wait = libc::FUTEX_WAIT as u64 | libc::FUTEX_PRIVATE_FLAG as u64;
    let short = [0_i64, 1000];
    assert_eq!(guest.value("futex", &[pointer(&word), wait, 8, 0]), Err(Errno::EAGAIN));
    assert_eq!(
        guest.value("futex", &[pointer(&word), wait, 8, pointer(&short)]),
        Err(Errno::EAGAIN)
    );
    assert_eq!(
        guest.value("futex", &[pointer(&word), wait, 7, pointer(&short)]),
        Err(Errno::ETIMEDOUT)
    );
    assert_eq!(
        guest.value("futex", &[pointer(&word), wait, 7, pointer(&[0_i64, -1])]),
        Err(Errno::EINVAL)
    );
    assert_eq!(
        guest.value("futex", &[pointer(&word), libc::FUTEX_WAKE as u64, 1]),
        Ok(0)
    );
    assert_eq!(
        guest.interrupted("futex", &[pointer(&word), wait, 7, 0]),
        Outcome::Restart(Restart::Sys)
    );
    assert_eq!(
        guest.interrupted("futex", &[pointer(&word), wait, 7, pointer(&[60_i64, 0])]),
        Outcome::Restart(Restart::Block)
    );
    assert!(
        matches!(guest.restart, Some(RestartBlock::FutexWait { value: 7, .. })),
        "{:?}",
        guest.restart
    );
}

#[test]
fn no_signal_ends_the_wait_for_a_mutex_that_inherits_priority() {
    let mut guest = Guest::new();
    guest.raise(10);
    guest.state.pc = 0x1004;
    let word = 0_u32;
    let lock = libc::FUTEX_LOCK_PI as u64;
    assert_eq!(guest.call("futex", &[pointer(&word), lock, 0, 0]), Outcome::Resume);
    assert_eq!(
        (guest.state.pc, guest.state.x(0)),
        (0x1000, pointer(&word)),
        "at the SVC again"
    );
}

#[test]
fn a_wait_on_a_socket_with_a_timeout_is_not_started_again() {
    let mut guest = Guest::new();
    let mut pair = [0_i32; 2];
    guest
        .value("socketpair", &[1, 1, 0, pointer_mut(&mut pair)])
        .expect("sockets");
    let [one, other] = pair.map(|fd| fd as u64);
    let timeout = [5_i64, 0];
    let option = libc::SO_RCVTIMEO as u64;
    guest
        .value("setsockopt", &[one, 1, option, pointer(&timeout), 16])
        .expect("a timeout");
    let memory = guest.buffer(4096);
    assert_eq!(
        guest.interrupted("recvfrom", &[one, memory, 1, 0, 0, 0]),
        Outcome::Restart(Restart::Never)
    );
    assert_eq!(
        guest.interrupted("read", &[one, memory, 1]),
        Outcome::Restart(Restart::Never)
    );
    assert_eq!(
        guest.interrupted("read", &[other, memory, 1]),
        Outcome::Restart(Restart::Sys)
    );
    for fd in [one, other] {
        guest.value("close", &[fd]).expect("closed");
    }
}
