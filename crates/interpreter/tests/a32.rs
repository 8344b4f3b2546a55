//! AArch32 programs of a few instructions: blocks, single steps, and what happens between the two instruction sets.

use std::sync::atomic::AtomicU32;

use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a32::{BlockCache, Stop, run, step};

const CODE: u64 = 0x1_0000;

/// Reads halfwords of a program at [`CODE`].
fn code(halfwords: &[u16]) -> impl FnMut(u64) -> Result<u16, Fault> + '_ {
    |address| {
        let index = address
            .checked_sub(CODE)
            .map_or(usize::MAX, |offset| offset as usize / 2);
        halfwords.get(index).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    }
}

fn a32(words: &[u32]) -> Vec<u16> {
    words
        .iter()
        .flat_map(|&word| [word as u16, (word >> 16) as u16])
        .collect()
}

fn start(thumb: bool) -> State {
    let mut cpu = State {
        pc: CODE,
        ..State::default()
    };
    cpu.a32.thumb = thumb;
    cpu
}

fn run_to_trap(cpu: &mut State, program: &[u16]) -> Trap {
    match run(cpu, &mut BlockCache::new(), &mut code(program), &AtomicU32::new(0)) {
        Stop::Trap(trap) => trap,
        Stop::Attention => unreachable!("nobody asks for attention"),
    }
}

/// sum = 1 + 2 + … + 100, then SVC.
const SUM: [u32; 6] = [
    0xe3a0_0000, // mov r0, #0
    0xe3a0_1064, // mov r1, #100
    0xe080_0001, // add r0, r0, r1
    0xe251_1001, // subs r1, r1, #1
    0x1aff_fffc, // bne -2
    0xef00_0000, // svc #0
];

#[test]
fn a_loop_in_blocks_and_in_steps() {
    let program = a32(&SUM);
    let mut cpu = start(false);
    assert_eq!(run_to_trap(&mut cpu, &program), Trap::SupervisorCall { imm: 0 });
    assert_eq!((cpu.r(0), cpu.pc), (5050, CODE + 24));
    let mut cpu = start(false);
    let trap = loop {
        if let Err(trap) = step(&mut cpu, &mut code(&program)) {
            break trap;
        }
    };
    assert_eq!(trap, Trap::SupervisorCall { imm: 0 });
    assert_eq!((cpu.r(0), cpu.pc, cpu.cpsr()), (5050, CODE + 24, 0x6000_0010));
}

#[test]
fn a_conditional_instruction_that_is_not_met_does_nothing() {
    // movs r0, #0; addne r0, r0, #1; addeq r0, r0, #2; svc #7
    let mut cpu = start(false);
    let trap = run_to_trap(&mut cpu, &a32(&[0xe3b0_0000, 0x1280_0001, 0x0280_0002, 0xef00_0007]));
    assert_eq!((trap, cpu.r(0)), (Trap::SupervisorCall { imm: 7 }, 2));
}

#[test]
fn the_program_counter_is_an_operand() {
    // add r0, pc, #4; mov pc, r0 (to the SVC behind UDF)
    let mut cpu = start(false);
    let trap = run_to_trap(&mut cpu, &a32(&[0xe28f_0004, 0xe1a0_f000, 0xe7f0_00f0, 0xef00_0001]));
    assert_eq!((trap, cpu.pc), (Trap::SupervisorCall { imm: 1 }, CODE + 16));
}

#[test]
fn linux_breakpoints_and_undefined_instructions() {
    let trap = run_to_trap(&mut start(false), &a32(&[0xe7f0_01f0]));
    assert_eq!(trap, Trap::Breakpoint { imm: 0x10 });
    assert_eq!(run_to_trap(&mut start(false), &a32(&[0xe7f0_00f0])), Trap::Undefined);
}

#[test]
fn a_jump_to_the_end_of_the_address_space_faults() {
    // mvn r0, #0; bx r0
    let mut cpu = start(false);
    let trap = run_to_trap(&mut cpu, &a32(&[0xe3e0_0000, 0xe12f_ff10]));
    assert!(matches!(
        trap,
        Trap::Memory(Fault {
            address: 0xffff_fffe,
            access: Access::Execute,
            ..
        })
    ));
    assert_eq!((cpu.pc, cpu.a32.thumb), (0xffff_fffe, true));
}

#[test]
fn a_trap_inside_of_an_it_block_keeps_its_state() {
    // cmp r0, r0; ite eq; svceq #1; movne r1, #2; movs r1, #3; svc #4
    let program = [0x4280, 0xbf0c, 0xdf01, 0x2102, 0x2103, 0xdf04];
    let mut cpu = start(true);
    assert_eq!(run_to_trap(&mut cpu, &program), Trap::SupervisorCall { imm: 1 });
    assert_eq!(
        (cpu.pc, cpu.a32.itstate),
        (CODE + 6, 0x18),
        "MOV is the last of the block, under NE"
    );
    assert_eq!(run_to_trap(&mut cpu, &program), Trap::SupervisorCall { imm: 4 });
    assert_eq!((cpu.r(1), cpu.a32.itstate), (3, 0));
}

#[test]
fn instruction_sets_call_each_other() {
    // blx +0 (to T32 at +8); svc #1; T32: movs r0, #7; bx lr
    let program = [a32(&[0xfa00_0000, 0xef00_0001]), vec![0x2007, 0x4770]].concat();
    let mut cpu = start(false);
    assert_eq!(run_to_trap(&mut cpu, &program), Trap::SupervisorCall { imm: 1 });
    assert_eq!((cpu.r(0), cpu.pc, cpu.a32.thumb), (7, CODE + 8, false));
}

#[test]
fn older_processors_do_not_have_newer_instructions() {
    // movw r0, #1 (ARMv6T2), sdiv r0, r0, r0
    for (word, models) in [(0xe300_0001, [false, true, true]), (0xe710_f010, [false, false, true])] {
        for ((_, model), has) in armlet_cpu::a32_features::Model::ALL.into_iter().zip(models) {
            let mut cpu = start(false);
            cpu.a32.model = model;
            let trap = run_to_trap(&mut cpu, &a32(&[word, 0xef00_0000]));
            assert_eq!(trap != Trap::Undefined, has, "{word:x} on {model:?}");
        }
    }
}
