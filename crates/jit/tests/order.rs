//! Store-releases and load-acquires of two threads that look at each other: each thread stores to its own word by STLR and
//! loads the other's by LDAR or LDAXR. In no round may both miss the other's store.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::Stop;
use armlet_jit::{Jit, Thread, supported};

/// Guest address of the code; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
/// Rounds under one instruction, each on words of its own.
const ROUNDS: usize = 100_000;

/// A word on a cache line of its own.
#[repr(align(64))]
#[derive(Default)]
struct Word(AtomicU32);

/// For X3 rounds: waits a little for the other thread, by the word at X2 that counts the rounds of both; stores 1 at X0, and keeps at X4 what `load`
/// finds in W6 from X1.
fn code(load: u32) -> Vec<u32> {
    vec![
        0x5280_0025, // mov w5, #0x1
        0x9100_04e7, // add x7, x7, #0x1
        0xf825_0046, // ldadd x5, x6, [x2]
        0xd37f_f8e8, // lsl x8, x7, #1
        0xd280_7d09, // mov x9, #0x3e8
        0xf940_0046, // ldr x6, [x2]
        0xeb08_00df, // cmp x6, x8
        0x5400_0062, // b.cs 28
        0xf100_0529, // subs x9, x9, #0x1
        0x54ff_ff81, // b.ne 14
        0x889f_fc05, // stlr w5, [x0]
        load,
        0xb900_0086, // str w6, [x4]
        0x9101_0000, // add x0, x0, #0x40
        0x9101_0021, // add x1, x1, #0x40
        0x9101_0084, // add x4, x4, #0x40
        0xf100_0463, // subs x3, x3, #0x1
        0x54ff_fe01, // b.ne 4
        0xd400_0001, // svc #0x0
    ]
}

/// How often both threads missed the other's store.
fn missed(load: u32) -> usize {
    let words = || (0..ROUNDS).map(|_| Word::default()).collect::<Box<[Word]>>();
    let (a, b, saw_a, saw_b, begun) = (words(), words(), words(), words(), Word::default());
    let jit = Arc::new(Jit::new().expect("memory for code"));
    let start = Barrier::new(2);
    let run = |own: &[Word], other: &[Word], saw: &[Word]| {
        let words = code(load);
        let mut fetch = |address: u64| {
            let index = usize::try_from(address.wrapping_sub(BASE) / 4).unwrap_or(usize::MAX);
            words.get(index).copied().ok_or(Fault {
                address,
                access: Access::Execute,
                kind: FaultKind::Unmapped,
            })
        };
        let mut cpu = State {
            pc: BASE,
            ..State::default()
        };
        let at = |words: &[Word]| words.as_ptr() as u64;
        (cpu.x[0], cpu.x[1], cpu.x[4]) = (at(own), at(other), at(saw));
        (cpu.x[2], cpu.x[3]) = (begun.0.as_ptr() as u64, ROUNDS as u64);
        let mut thread = Thread::new(jit.clone(), 0);
        start.wait();
        let stop = thread.run(&mut cpu, &mut fetch, &AtomicU32::new(0));
        assert_eq!(stop, Stop::Trap(Trap::SupervisorCall { imm: 0 }));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| run(&a, &b, &saw_a));
        run(&b, &a, &saw_b);
    });
    let none = |word: &Word| word.0.load(Ordering::Relaxed) == 0;
    saw_a.iter().zip(&saw_b).filter(|(a, b)| none(a) && none(b)).count()
}

#[test]
fn load_acquires_do_not_pass_store_releases() {
    assert!(supported(), "the host is not x86-64-v3");
    assert_eq!(missed(0x88df_fc26), 0, "ldar w6, [x1]");
    assert_eq!(missed(0x885f_fc26), 0, "ldaxr w6, [x1]");
}
