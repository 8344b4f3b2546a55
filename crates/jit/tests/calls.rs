//! System calls that translated code makes itself: what they change, and in which ways they lead out of it.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::Stop;
use armlet_jit::{DirectCall, Jit, Offered, QuickCalls, Thread, ThreadA32, install_quick_calls, supported};

/// Guest address of the code; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
const SVC: u32 = 0xd400_0001;
const READ: u64 = 63;
const GETPPID: u64 = 173;
const EXIT: u64 = 93;

static JUDGED: AtomicBool = AtomicBool::new(false);
/// The tests share that word.
static LOCK: Mutex<()> = Mutex::new(());

extern "sysv64" fn nothing(_: &mut State) -> u64 {
    1
}

fn direct(number: u64) -> Option<DirectCall> {
    let call = |number, arguments, pointers, waits| DirectCall {
        number,
        arguments,
        pointers,
        waits,
    };
    match number {
        READ => Some(call(libc::SYS_read, 3, 2, true)),
        GETPPID => Some(call(libc::SYS_getppid, 0, 0, false)),
        _ => None,
    }
}

const GETPPID_A32: u64 = 64;
const GETPGID_A32: u64 = 132;
const CLOCK_GETTIME64: u64 = 403;

fn direct_a32(number: u64) -> Option<DirectCall> {
    let call = |number, arguments| DirectCall {
        number,
        arguments,
        pointers: 1,
        waits: false,
    };
    match number {
        GETPPID_A32 => Some(call(libc::SYS_getppid, 0)),
        GETPGID_A32 => Some(call(libc::SYS_getpgid, 1)),
        _ => None,
    }
}

/// What stands for the runtime's clock_gettime: refuses where R0 is 0.
extern "sysv64" fn time(cpu: &mut State) -> u64 {
    let refused = cpu.w(0) == 0;
    if !refused {
        cpu.set_w(0, 7);
    }
    refused.into()
}

/// mov x8, #number
fn number(number: u64) -> u32 {
    0xd280_0008 | (number as u32) << 5
}

/// What stands at an address, in code that starts at [`BASE`].
fn at<T: Copy>(code: &[T], address: u64) -> Result<T, Fault> {
    let index = usize::try_from(address.wrapping_sub(BASE)).unwrap_or(usize::MAX) / size_of::<T>();
    code.get(index).copied().ok_or(Fault {
        address,
        access: Access::Execute,
        kind: FaultKind::Unmapped,
    })
}

struct Guest {
    jit: Arc<Jit>,
    cpu: State,
    attention: Arc<AtomicU32>,
}

impl Guest {
    /// Registers that tell each other apart.
    fn new() -> Guest {
        assert!(supported(), "the host is not x86-64-v3");
        install_quick_calls(QuickCalls {
            a64: Offered {
                numbers: &[],
                function: nothing,
                direct,
            },
            a32: Offered {
                numbers: &[CLOCK_GETTIME64],
                function: time,
                direct: direct_a32,
            },
            judged: &JUDGED,
        });
        let mut cpu = State::default();
        for n in 0..31 {
            cpu.x[n] = 0x1111_0000 + n as u64;
        }
        for (n, v) in cpu.v.iter_mut().enumerate() {
            v.0 = [n as u8; 16];
        }
        Guest {
            jit: Arc::new(Jit::new().expect("memory for code")),
            cpu,
            attention: Arc::default(),
        }
    }

    /// Runs one call, and then the end.
    fn run(&mut self, call: u64) -> Stop {
        self.run_words(&[number(call), SVC, number(EXIT), SVC])
    }

    fn run_words(&mut self, words: &[u32]) -> Stop {
        let mut fetch = |address: u64| at(words, address);
        self.cpu.pc = BASE;
        // (It may have been another one.)
        self.jit.invalidate(&(BASE..BASE + 20));
        let mut thread = Thread::new(Arc::clone(&self.jit), 0);
        let attention = Arc::clone(&self.attention);
        thread.run(&mut self.cpu, &mut fetch, &attention)
    }

    /// Runs A32 or T32 instructions, in halfwords.
    fn run_a32(&mut self, halfwords: &[u16]) -> Stop {
        let mut fetch = |address: u64| at(halfwords, address);
        self.cpu.pc = BASE;
        let mut thread = ThreadA32::new(Arc::new(Jit::a32().expect("memory for code")), 0);
        let attention = Arc::clone(&self.attention);
        thread.run(&mut self.cpu, &mut fetch, &attention)
    }

    /// Asks for a byte of the pipe, at a tagged address.
    fn read(&mut self, pipe: &PipeReader, to: u64) -> Stop {
        self.cpu.x[0] = pipe.as_raw_fd() as u64;
        self.cpu.x[1] = to | 0x5a << 56;
        self.cpu.x[2] = 1;
        self.run(READ)
    }

    /// That nothing but X0, X1, X2 and X8 has changed.
    fn check(&self) {
        for n in (3..31).filter(|&n| n != 8) {
            assert_eq!(self.cpu.x[n], 0x1111_0000 + n as u64, "X{n}");
        }
        for (n, v) in self.cpu.v.iter().enumerate() {
            assert_eq!(v.0, [n as u8; 16], "V{n}");
        }
    }
}

const SUPERVISOR_CALL: Stop = Stop::Trap(Trap::SupervisorCall { imm: 0 });

fn full() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe");
    writer.write_all(b"x").expect("room for a byte");
    (reader, writer)
}

/// Operations that need more vectors than there are registers keep them elsewhere than what the call needs.
#[test]
fn scratch_of_vectors_is_not_that_of_calls() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SQRSHL V0.4S, SHA512H Q0, PMUL V0.8B, SMMLA V0.4S, SQSHLU V0.2D
    for word in [0x4ea2_5c20, 0xce62_8020, 0x2e22_9c20, 0x4e82_a420, 0x6f41_6420] {
        let mut guest = Guest::new();
        let (reader, _writer) = full();
        let byte = AtomicU32::new(0);
        guest.cpu.x[0] = reader.as_raw_fd() as u64;
        guest.cpu.x[1] = byte.as_ptr() as u64;
        guest.cpu.x[2] = 1;
        assert_eq!(
            guest.run_words(&[word, number(READ), SVC, number(EXIT), SVC]),
            SUPERVISOR_CALL,
            "{word:08x}"
        );
        assert_eq!((guest.cpu.x[0], guest.cpu.x[8]), (1, EXIT), "{word:08x}");
        assert_eq!(byte.load(Ordering::Relaxed), b'x'.into(), "{word:08x}");
    }
}

#[test]
fn calls_change_x0_only() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let mut guest = Guest::new();
    assert_eq!(guest.run(GETPPID), SUPERVISOR_CALL);
    assert_eq!(guest.cpu.x[0], u64::from(std::os::unix::process::parent_id()));
    assert_eq!((guest.cpu.x[8], guest.cpu.pc), (EXIT, BASE + 16));
    guest.check();

    let (reader, _writer) = full();
    let byte = AtomicU32::new(0);
    assert_eq!(guest.read(&reader, byte.as_ptr() as u64), SUPERVISOR_CALL);
    assert_eq!((guest.cpu.x[0], guest.cpu.x[8]), (1, EXIT));
    assert_eq!(byte.load(Ordering::Relaxed), b'x'.into());
    guest.check();
    // An error is a result.
    guest.cpu.x[0] = u64::MAX;
    assert_eq!(guest.run(READ), SUPERVISOR_CALL);
    assert_eq!(guest.cpu.x[0] as i64, -i64::from(libc::EBADF));
}

#[test]
fn aarch32_makes_calls_too() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = std::os::unix::process::parent_id();
    let no_process = -libc::ESRCH as u32;
    for thumb in [false, true] {
        for (call, before, after) in [
            (GETPPID_A32, 5, parent),
            // An error is a result of 32 bits.
            (GETPGID_A32, u32::MAX, no_process),
            (CLOCK_GETTIME64, 1, 7),
        ] {
            let mut guest = Guest::new();
            // MOVW R7, #call; SVC; MOVW R7, #1; SVC; in halfwords.
            let code: Vec<u16> = [call as u32, 1]
                .into_iter()
                .flat_map(|number| match thumb {
                    true => vec![0xf240, thumb_movw(number), 0xdf00],
                    false => {
                        let movw = 0xe300_7000 | (number & 0xf000) << 4 | number & 0xfff;
                        vec![movw as u16, (movw >> 16) as u16, 0, 0xef00]
                    }
                })
                .collect();
            guest.cpu.a32.thumb = thumb;
            guest.cpu.x[0] = before.into();
            assert_eq!(guest.run_a32(&code), SUPERVISOR_CALL);
            assert_eq!(guest.cpu.x[0], after.into(), "{call}, thumb {thumb}");
            assert_eq!((guest.cpu.x[7], guest.cpu.a32.thumb), (1, thumb));
            assert_eq!(guest.cpu.pc, BASE + 2 * code.len() as u64);
            for n in (1..15).filter(|&n| n != 7) {
                assert_eq!(guest.cpu.x[n], 0x1111_0000 + n as u64, "R{n}");
            }
        }
    }
    // What the function refuses comes to the runtime as it was.
    let mut guest = Guest::new();
    guest.cpu.x[0] = 0;
    // MOVW R7, #403; SVC
    assert_eq!(guest.run_a32(&[0x7193, 0xe300, 0, 0xef00]), SUPERVISOR_CALL);
    assert_eq!(
        (guest.cpu.x[0], guest.cpu.x[7], guest.cpu.pc),
        (0, CLOCK_GETTIME64, BASE + 8)
    );
}

/// The second halfword of MOVW R7, #number, below 2048.
fn thumb_movw(number: u32) -> u16 {
    ((number >> 8 & 7) << 12 | 7 << 8 | number & 0xff) as u16
}

#[test]
fn while_calls_are_judged_they_are_left_to_the_runtime() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let mut guest = Guest::new();
    let (mut reader, writer) = full();
    JUDGED.store(true, Ordering::Relaxed);
    let byte = AtomicU32::new(0);
    for (call, before) in [(GETPPID, 0x1111_0000), (READ, reader.as_raw_fd() as u64)] {
        guest.cpu.x[0] = before;
        guest.cpu.x[1] = byte.as_ptr() as u64;
        guest.cpu.x[2] = 1;
        assert_eq!(guest.run(call), SUPERVISOR_CALL);
        assert_eq!((guest.cpu.x[0], guest.cpu.x[8], guest.cpu.pc), (before, call, BASE + 8));
        guest.check();
    }
    JUDGED.store(false, Ordering::Relaxed);
    drop(writer);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).expect("a pipe");
    assert_eq!(rest, b"x", "nothing was read");
}

#[test]
fn attention_comes_behind_the_call() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let mut guest = Guest::new();
    let (reader, _writer) = full();
    // The call itself asks for it.
    let word = guest.attention.as_ptr() as u64;
    assert_eq!(guest.read(&reader, word), Stop::Attention);
    assert_eq!((guest.cpu.x[0], guest.cpu.x[8], guest.cpu.pc), (1, READ, BASE + 8));
    guest.check();
}

extern "C" fn on_signal(_: i32) {}

#[test]
fn a_signal_ends_the_wait() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: a zeroed sigaction is a valid one, and the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
    let (reader, _writer) = pipe().expect("a pipe");
    let waiting = std::thread::spawn(move || {
        let mut guest = Guest::new();
        let byte = AtomicU32::new(0);
        let stop = guest.read(&reader, byte.as_ptr() as u64);
        guest.check();
        (
            stop,
            guest.cpu.x[0] == reader.as_raw_fd() as u64,
            guest.cpu.x[8],
            guest.cpu.pc,
        )
    });
    let thread = waiting.as_pthread_t();
    while !waiting.is_finished() {
        std::thread::sleep(Duration::from_millis(5));
        // SAFETY: the thread has not been joined, so that its handle is valid.
        unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
    }
    let interrupted = Stop::Trap(Trap::SupervisorCall { imm: Trap::INTERRUPTED });
    let ended = waiting.join().expect("the guest's thread");
    assert_eq!(ended, (interrupted, true, READ, BASE + 8));
}

#[test]
fn code_that_is_forgotten_meanwhile_is_not_gone_back_to() {
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let (reader, mut writer) = pipe().expect("a pipe");
    let mut guest = Guest::new();
    let jit = Arc::clone(&guest.jit);
    let waiting = std::thread::spawn(move || {
        let byte = AtomicU32::new(0);
        let stop = guest.read(&reader, byte.as_ptr() as u64);
        guest.check();
        (stop, guest.cpu.x[0], guest.cpu.x[8], guest.cpu.pc)
    });
    // Until the thread waits, there may be nothing to forget.
    while jit.counts().invalidated == 0 {
        std::thread::sleep(Duration::from_millis(5));
        jit.invalidate(&(BASE..BASE + 16));
    }
    std::thread::sleep(Duration::from_millis(20));
    writer.write_all(b"x").expect("room for a byte");
    let ended = waiting.join().expect("the guest's thread");
    assert_eq!(ended, (SUPERVISOR_CALL, 1, EXIT, BASE + 16));
}
