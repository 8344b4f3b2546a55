//! Code that is rewritten again and again: what is forgotten is recycled, and other translations stay.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_interpreter::a64::Stop;
use armlet_jit::{Jit, PATIENCE, Thread, supported};

/// Guest address of the code; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
/// MOVZ X0, #0: the one that is rewritten, with another constant each time.
const MOVZ: u32 = 0xd280_0000;
const SVC: u32 = 0xd400_0001;
const ADD: u32 = 0x9100_0421; // add x1, x1, #1

fn run_once(thread: &mut Thread, pc: u64, constant: &Cell<u32>) -> u64 {
    let mut fetch = |address: u64| {
        Ok(match address.wrapping_sub(BASE) {
            0 => MOVZ | constant.get() << 5,
            // Some weight, so that lost space would be seen.
            4..=0x100 | 0x2000 | 0x2004 => ADD,
            0x104 | 0x2008 => SVC,
            // B to itself.
            _ => 0x1400_0000,
        })
    };
    let mut cpu = State { pc, ..State::default() };
    let stop = thread.run(&mut cpu, &mut fetch, &AtomicU32::new(0));
    assert_eq!(stop, Stop::Trap(Trap::SupervisorCall { imm: 0 }));
    cpu.x[0]
}

fn rewrite(patience: u16, rounds: u32, runs: u32) -> Arc<Jit> {
    assert!(supported(), "the host is not x86-64-v3");
    let jit = Arc::new(Jit::new().expect("memory for code"));
    let (mut thread, mut other) = (
        Thread::new(Arc::clone(&jit), patience),
        Thread::new(Arc::clone(&jit), patience),
    );
    let constant = Cell::new(0);
    for round in 0..rounds {
        constant.set(round % 0x10000);
        thread.invalidate(BASE..BASE + 4);
        for _ in 0..runs {
            assert_eq!(run_once(&mut thread, BASE, &constant), u64::from(constant.get()));
        }
        // Another thread, which was not told, has the block elsewhere.
        run_once(&mut other, BASE + 0x2000, &constant);
        if round % 64 == 0 && patience == 0 {
            assert_eq!(run_once(&mut other, BASE, &constant), u64::from(constant.get()));
        }
    }
    jit
}

#[test]
fn space_of_rewritten_code_is_recycled() {
    let counts = rewrite(0, 100_000, 1).counts();
    assert!(counts.invalidated >= 99_999, "{counts:?}");
    assert!(counts.arena_bytes < 64 << 10, "{counts:?}");
}

#[test]
fn code_that_is_rewritten_often_is_interpreted() {
    let counts = rewrite(PATIENCE, 5_000, 2 * u32::from(PATIENCE)).counts();
    // Without patience of its own, every round would be a translation.
    assert!(counts.regions < 500, "{counts:?}");
    assert!(counts.arena_bytes < 64 << 10, "{counts:?}");
}
