//! seccomp(2): what a kernel before 5.0 knows of it. What filters do to calls, threads and programs: `test-binaries/src/seccomp.c`.

mod common;

use armlet_syscall::seccomp::Trapped;
use armlet_syscall::{Errno, Outcome};
use common::Guest;

const FILTER: u64 = 1;
const AVAILABLE: u64 = 2;
const TSYNC: u64 = 1;
const LISTENER: u64 = 8;
const TSYNC_ESRCH: u64 = 16;

/// A `struct sock_fprog` in guest memory: `getppid` is answered by `action`, everything else is allowed.
fn filter(guest: &mut Guest, action: u32) -> u64 {
    let memory = guest.buffer(4096);
    let instruction = |code: u16, skip: u8, k: u32| u64::from(code) | u64::from(skip) << 24 | u64::from(k) << 32;
    let program = [
        instruction(0x20, 0, 0),
        instruction(0x15, 1, 173),
        instruction(0x06, 0, action),
        instruction(0x06, 0, 0x7fff_0000),
    ];
    for (at, word) in (memory + 16..).step_by(8).zip(program) {
        armlet_memory::write_struct(at, &word).expect("memory");
    }
    armlet_memory::write_struct(memory, &[4_u64, memory + 16]).expect("memory");
    memory
}

#[test]
fn answers_become_outcomes() {
    let mut guest = Guest::new();
    // SAFETY: a promise of this test's process that changes nothing here.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    assert_eq!(guest.value("prctl", &[21, 0, 0, 0, 0]), Ok(0));
    let program = filter(&mut guest, 0x0005_0021);
    assert_eq!(guest.value("seccomp", &[FILTER, 0, program]), Ok(0));
    assert_eq!(guest.value("prctl", &[21, 0, 0, 0, 0]), Ok(2));
    assert_eq!(guest.value("getppid", &[]), Err(Errno::from_number(0x21)));
    let program = filter(&mut guest, 0x0003_0007);
    assert_eq!(guest.value("prctl", &[22, 2, program, 0, 0]), Ok(0));
    guest.state.pc = 0x4004;
    let trapped = Trapped {
        data: 7,
        address: 0x4004,
        number: 173,
        architecture: 0xc000_00b7,
    };
    assert_eq!(guest.call("getppid", &[]), Outcome::Trapped(trapped));
    for (action, outcome) in [
        (0, Outcome::KillThread(libc::SIGSYS)),
        (0x8000_0000, Outcome::KillProcess(libc::SIGSYS)),
    ] {
        let program = filter(&mut guest, action);
        assert_eq!(guest.value("seccomp", &[FILTER, 0, program]), Ok(0));
        assert_eq!(guest.call("getppid", &[]), outcome);
    }
    assert_eq!(
        guest.value("prctl", &[22, 1, 0, 0, 0]),
        Err(Errno::EINVAL),
        "strict after filters"
    );
    let mut strict = Guest::new();
    assert_eq!(strict.value("seccomp", &[0, 0, 0]), Ok(0));
    assert_eq!(strict.call("getpid", &[]), Outcome::KillThread(libc::SIGKILL));
}

#[test]
fn what_this_kernel_does_not_have() {
    let mut guest = Guest::new();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    let program = filter(&mut guest, 0);
    assert_eq!(guest.value("seccomp", &[FILTER, LISTENER, program]), Err(Errno::EINVAL));
    let sizes = guest.buffer(4096);
    assert_eq!(guest.value("seccomp", &[3, 0, sizes]), Err(Errno::EINVAL));
    for (action, known) in [(0x7ffc_0000_u32, true), (0x7fc0_0000, false), (1, false)] {
        armlet_memory::write_struct(sizes, &action).expect("memory");
        let answer = if known { Ok(0) } else { Err(Errno::EOPNOTSUPP) };
        assert_eq!(guest.value("seccomp", &[AVAILABLE, 0, sizes]), answer, "{action:#x}");
    }
    assert_eq!(guest.value("prctl", &[22, 9, 0, 0, 0]), Err(Errno::EINVAL));
}

#[test]
fn threads_that_stand_in_the_way() {
    let mut other = Guest::new();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    let allow = filter(&mut other, 0x7fff_0000);
    assert_eq!(other.value("seccomp", &[FILTER, 0, allow]), Ok(0));
    let mut guest = Guest::new();
    guest.other_thread = Some(other.seccomp.clone());
    let program = filter(&mut guest, 0x0005_0001);
    assert_eq!(
        guest.value("seccomp", &[FILTER, TSYNC, program]),
        Ok(77),
        "the thread's id"
    );
    let both = TSYNC | TSYNC_ESRCH;
    assert_eq!(guest.value("seccomp", &[FILTER, both, program]), Err(Errno::ESRCH));
    guest.other_thread = None;
    assert_eq!(guest.value("seccomp", &[FILTER, TSYNC, program]), Ok(0));
    assert_eq!(guest.value("getppid", &[]), Err(Errno::EPERM));
}
