//! Translated code comes back when its thread's attention is wanted, however large the loop is that it is in.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_interpreter::a64::Stop;
use armlet_jit::{Jit, Thread, supported};

/// Guest address of the loop; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
const NOP: u32 = 0xd503_201f;
/// The round in which the guest raises its own attention word, counted from the end.
const RAISED: u64 = 100;

/// A loop of `length` instructions that counts X2 down, and writes 1 to the word at X0 in one round, 0 in all others.
fn counting_loop(length: usize) -> Vec<u32> {
    let back = -(length as i32 - 1);
    let mut words = vec![
        0xf101_905f, // cmp x2, #100
        0x1a9f_17e1, // cset w1, eq
        0xb900_0001, // str w1, [x0]
        0xd100_0442, // sub x2, x2, #1
    ];
    words.resize(length - 1, NOP);
    words.push(0xb500_0002 | ((back as u32 & 0x7_ffff) << 5)); // cbnz x2, the start
    words.push(0xd400_0001); // svc #0
    words
}

#[test]
fn attention_ends_every_loop() {
    assert!(supported(), "the host is not x86-64-v3");
    // Shorter than a block, than a region, and several regions; some lengths are multiples of a region's limit.
    for (length, entry) in [5, 99, 100, 101, 399, 400, 401, 800, 1000, 1200, 1900]
        .into_iter()
        .flat_map(|length| [(length, 0), (length, length / 2), (length, length - 1)])
    {
        let words = counting_loop(length);
        let mut fetch = |address: u64| {
            let index = usize::try_from(address.wrapping_sub(BASE) / 4).unwrap_or(usize::MAX);
            words.get(index).copied().ok_or(Fault {
                address,
                access: Access::Execute,
                kind: FaultKind::Unmapped,
            })
        };
        let attention = AtomicU32::new(0);
        let mut cpu = State {
            pc: BASE + 4 * entry as u64,
            ..State::default()
        };
        cpu.x[0] = attention.as_ptr() as u64;
        cpu.x[2] = 1000;
        let mut thread = Thread::new(Arc::new(Jit::new().expect("memory for code")), 0);
        let stop = thread.run(&mut cpu, &mut fetch, &attention);
        assert_eq!(stop, Stop::Attention, "a loop of {length} from {entry} on");
        assert!(
            (RAISED - 1..=RAISED).contains(&cpu.x[2]),
            "a loop of {length} from {entry} on went on to round {}",
            cpu.x[2]
        );
    }
}
