//! Small guest programs in memory of our own (guest addresses are host addresses), for the tests and the benchmarks of the
//! interpreter. Each ends with SVC, and leaves its result in X0.

use std::sync::atomic::AtomicU32;

use armlet_cpu::a64::{SP, State};
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_interpreter::a64::{BlockCache, Stop, run, step};

/// A program, ready to start.
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What it leaves in X0.
    pub result: u64,
    code: &'static [u32],
    arguments: [u64; 3],
    /// What the arguments point to, as it is before every run.
    pristine: Vec<u8>,
    memory: Vec<u8>,
    stack: Vec<u128>,
}

const CODE: u64 = 0x40_0000;

/// ```text
///         mov x5, #0
/// outer:  mov x1, x0
///         mov x2, #0
/// loop:   cmp x1, #1
///         b.eq done
///         add x2, x2, #1
///         tbnz w1, #0, odd
///         lsr x1, x1, #1
///         b loop
/// odd:    add x1, x1, x1, lsl #1
///         add x1, x1, #1
///         b loop
/// done:   add x5, x5, x2
///         subs x0, x0, #1
///         b.ne outer
///         mov x0, x5
///         svc #0
/// ```
const COLLATZ: &[u32] = &[
    0xd280_0005,
    0xaa00_03e1,
    0xd280_0002,
    0xf100_043f,
    0x5400_0100,
    0x9100_0442,
    0x3700_0061,
    0xd341_fc21,
    0x17ff_fffb,
    0x8b01_0421,
    0x9100_0421,
    0x17ff_fff8,
    0x8b02_00a5,
    0xf100_0400,
    0x54ff_fe61,
    0xaa05_03e0,
    0xd400_0001,
];

/// ```text
///         mov x2, #2
///         mov x5, #0
/// outer:  cmp x2, x1
///         b.hs end
///         ldrb w3, [x0, x2]
///         cbz w3, next
///         add x5, x5, #1
///         add x4, x2, x2
///         cmp x4, x1
///         b.hs next
/// inner:  strb wzr, [x0, x4]
///         add x4, x4, x2
///         cmp x4, x1
///         b.lo inner
/// next:   add x2, x2, #1
///         b outer
/// end:    mov x0, x5
///         svc #0
/// ```
const SIEVE: &[u32] = &[
    0xd280_0042,
    0xd280_0005,
    0xeb01_005f,
    0x5400_01a2,
    0x3862_6803,
    0x3400_0123,
    0x9100_04a5,
    0x8b02_0044,
    0xeb01_009f,
    0x5400_00a2,
    0x3824_681f,
    0x8b02_0084,
    0xeb01_009f,
    0x54ff_ffa3,
    0x9100_0442,
    0x17ff_fff3,
    0xaa05_03e0,
    0xd400_0001,
];

/// ```text
///         mov w3, #-1
/// loop:   ldrb w4, [x0], #1
///         eor w4, w4, w3
///         and w4, w4, #0xff
///         ldr w4, [x2, w4, uxtw #2]
///         eor w3, w4, w3, lsr #8
///         subs x1, x1, #1
///         b.ne loop
///         mvn w0, w3
///         svc #0
/// ```
const CRC: &[u32] = &[
    0x1280_0003,
    0x3840_1404,
    0x4a03_0084,
    0x1200_1c84,
    0xb864_5844,
    0x4a43_2083,
    0xf100_0421,
    0x54ff_ff41,
    0x2a23_03e0,
    0xd400_0001,
];

/// ```text
///         bl fib
///         svc #0
/// fib:    cmp x0, #2
///         b.lo leaf
///         stp x29, x30, [sp, #-32]!
///         mov x29, sp
///         str x0, [sp, #16]
///         sub x0, x0, #1
///         bl fib
///         str x0, [sp, #24]
///         ldr x0, [sp, #16]
///         sub x0, x0, #2
///         bl fib
///         ldr x1, [sp, #24]
///         add x0, x0, x1
///         ldp x29, x30, [sp], #32
/// leaf:   ret
/// ```
const FIBONACCI: &[u32] = &[
    0x9400_0002,
    0xd400_0001,
    0xf100_081f,
    0x5400_01a3,
    0xa9be_7bfd,
    0x9100_03fd,
    0xf900_0be0,
    0xd100_0400,
    0x97ff_fffa,
    0xf900_0fe0,
    0xf940_0be0,
    0xd100_0800,
    0x97ff_fff6,
    0xf940_0fe1,
    0x8b01_0000,
    0xa8c2_7bfd,
    0xd65f_03c0,
];

impl Program {
    fn new(name: &'static str, code: &'static [u32], result: u64, pristine: Vec<u8>) -> Program {
        Program {
            name,
            result,
            code,
            arguments: [0; 3],
            memory: pristine.clone(),
            pristine,
            stack: vec![0; 1024],
        }
    }

    /// All programs.
    pub fn all() -> Vec<Program> {
        vec![collatz(), sieve(), crc(), fibonacci()]
    }

    /// The state that it starts from; its memory is as at first.
    pub fn start(&mut self) -> State {
        self.memory.copy_from_slice(&self.pristine);
        let mut cpu = State::default();
        cpu.x[..3].copy_from_slice(&self.arguments);
        cpu.x[usize::from(SP)] = self.stack.as_mut_ptr_range().end as u64;
        cpu.pc = CODE;
        cpu
    }

    fn fetch(&self, pc: u64) -> Result<u32, Fault> {
        let index = pc.wrapping_sub(CODE) / 4;
        self.code.get(index as usize).copied().ok_or(Fault {
            address: pc,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    }

    /// Runs it in blocks, from `cpu`; returns X0.
    pub fn run(&self, mut cpu: State, cache: &mut BlockCache) -> u64 {
        let stop = run(&mut cpu, cache, &mut |pc| self.fetch(pc), &AtomicU32::new(0));
        assert_eq!(stop, Stop::Trap(Trap::SupervisorCall { imm: 0 }));
        cpu.x[0]
    }

    /// Runs it step by step, from `cpu`; returns X0 and the number of instructions.
    pub fn count(&self, mut cpu: State) -> (u64, u64) {
        for count in 1.. {
            if let Err(trap) = step(&mut cpu, &mut |pc| self.fetch(pc)) {
                assert_eq!(trap, Trap::SupervisorCall { imm: 0 });
                return (cpu.x[0], count);
            }
        }
        unreachable!("the loop has no end")
    }
}

fn collatz() -> Program {
    const LIMIT: u64 = 1000;
    let chain = |n: u64| {
        std::iter::successors(Some(n), |&n| Some(if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 }))
            .position(|n| n == 1)
    };
    let result = (1..=LIMIT).filter_map(chain).sum::<usize>() as u64;
    let mut program = Program::new("collatz", COLLATZ, result, Vec::new());
    program.arguments[0] = LIMIT;
    program
}

fn sieve() -> Program {
    const LIMIT: usize = 20_000;
    let prime = |n: usize| (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
    let result = (2..LIMIT).filter(|&n| prime(n)).count() as u64;
    let mut program = Program::new("sieve", SIEVE, result, vec![1; LIMIT]);
    program.arguments = [program.memory.as_ptr() as u64, LIMIT as u64, 0];
    program
}

fn crc() -> Program {
    const LENGTH: usize = 10_000;
    let step = |value: u32| {
        if value & 1 != 0 {
            value >> 1 ^ 0xedb8_8320
        } else {
            value >> 1
        }
    };
    let table: Vec<u32> = (0..256).map(|byte| (0..8).fold(byte, |value, _| step(value))).collect();
    let bytes: Vec<u8> = (0..LENGTH).map(|i| (i * i / 7) as u8).collect();
    let result = !bytes
        .iter()
        .fold(u32::MAX, |crc, &byte| table[usize::from(byte ^ crc as u8)] ^ crc >> 8);
    let mut memory = bytes;
    memory.extend(table.iter().flat_map(|word| word.to_le_bytes()));
    let mut program = Program::new("crc", CRC, result.into(), memory);
    let start = program.memory.as_ptr() as u64;
    program.arguments = [start, LENGTH as u64, start + LENGTH as u64];
    program
}

fn fibonacci() -> Program {
    const N: u64 = 18;
    let (result, _) = (0..N).fold((0, 1), |(a, b), _| (b, a + b));
    let mut program = Program::new("fibonacci", FIBONACCI, result, Vec::new());
    program.arguments[0] = N;
    program
}
