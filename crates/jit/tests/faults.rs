//! What a program sees of the flags when an instruction in the middle of a block faults: a handler may mend the fault and go on.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use armlet_cpu::a64::{Flags, State};
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::Stop;
use armlet_jit::{Jit, Thread, install_fault_handler, supported};

/// Guest address of the code; nothing is mapped there, the words come from a function.
const BASE: u64 = 0x10_0000;
/// An address at which nothing is mapped.
const NOWHERE: u64 = 0x10;

#[test]
fn a_branch_behind_a_fault_finds_its_flags() {
    assert!(supported(), "the host is not x86-64-v3");
    let words = [
        0xf100_0400_u32, // subs x0, x0, #1
        0xf940_0023,     // ldr x3, [x1]
        0x8a00_0063,     // and x3, x3, x0 (the host's flags are gone)
        0x54ff_ffa1,     // b.ne, to the start
        0xeb00_001f,     // cmp x0, x0
        0xd400_0001,     // svc #0
    ];
    let mut fetch = |address: u64| {
        let index = (address.wrapping_sub(BASE) / 4) as usize;
        words.get(index).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    };
    let jit = Arc::new(Jit::new().expect("memory for code"));
    install_fault_handler(Arc::clone(&jit)).expect("a handler");
    let mut cpu = State {
        pc: BASE,
        ..State::default()
    };
    (cpu.x[0], cpu.x[1]) = (5, NOWHERE);
    // Not what the subtraction leaves.
    cpu.flags = Flags {
        n: true,
        z: true,
        c: false,
        v: true,
    };
    let stop = Thread::new(jit, 0).run(&mut cpu, &mut fetch, &AtomicU32::new(0));
    assert!(matches!(stop, Stop::Trap(Trap::Memory(_))), "{stop:?}");
    assert_eq!((cpu.pc, cpu.x[0]), (BASE + 4, 4));
    let positive = Flags {
        n: false,
        z: false,
        c: true,
        v: false,
    };
    assert_eq!(cpu.flags, positive);
}
