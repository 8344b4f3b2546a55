//! Classic BPF as seccomp has it: which programs the kernel takes, and what they answer. Facts: `bpf_check_classic`,
//! `seccomp_check_filter` and Documentation/userspace-api/seccomp_filter.rst of the kernel.

/// `struct sock_filter`: one instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// Class, size and mode, or class and operation.
    pub code: u16,
    /// How many instructions a conditional jump skips if its condition holds.
    pub jt: u8,
    /// And if it does not.
    pub jf: u8,
    /// The constant.
    pub k: u32,
}

impl Instruction {
    /// Its eight bytes in guest memory.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Instruction {
        let [c0, c1, jt, jf, k @ ..] = bytes;
        Instruction {
            code: u16::from_le_bytes([c0, c1]),
            jt,
            jf,
            k: u32::from_le_bytes(k),
        }
    }

    /// The same as a number, for who keeps it.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        let ([c0, c1], [k0, k1, k2, k3]) = (self.code.to_le_bytes(), self.k.to_le_bytes());
        [c0, c1, self.jt, self.jf, k0, k1, k2, k3]
    }
}

/// `BPF_MAXINSNS`: the longest program.
pub const MAXIMUM_LENGTH: usize = 4096;
/// `BPF_MEMWORDS`: words of scratch memory.
const SCRATCH: usize = 16;

/// `struct seccomp_data`: what a filter sees of a system call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// The number.
    pub number: u32,
    /// `AUDIT_ARCH_*`.
    pub architecture: u32,
    /// The guest's PC, behind the SVC.
    pub instruction_pointer: u64,
    /// What the argument registers hold.
    pub arguments: [u64; 6],
}

/// Bytes of [`Data`].
const DATA_SIZE: u32 = 64;

impl Data {
    /// The word at a byte offset, which [`is_valid`] has checked.
    fn word(&self, offset: u32) -> u32 {
        let half = |value: u64| (value >> (offset / 4 % 2 * 32)) as u32;
        match offset {
            0 => self.number,
            4 => self.architecture,
            8 | 12 => half(self.instruction_pointer),
            _ => self
                .arguments
                .get((offset as usize - 16) / 8)
                .map_or(0, |&argument| half(argument)),
        }
    }
}

/// The codes that seccomp permits.
mod code {
    pub const LD_W_ABS: u16 = 0x20;
    pub const LD_W_LEN: u16 = 0x80;
    pub const LDX_W_LEN: u16 = 0x81;
    pub const LD_IMM: u16 = 0x00;
    pub const LDX_IMM: u16 = 0x01;
    pub const LD_MEM: u16 = 0x60;
    pub const LDX_MEM: u16 = 0x61;
    pub const ST: u16 = 0x02;
    pub const STX: u16 = 0x03;
    pub const RET_K: u16 = 0x06;
    pub const RET_A: u16 = 0x16;
    pub const TAX: u16 = 0x07;
    pub const TXA: u16 = 0x87;
    pub const NEG: u16 = 0x84;
    pub const JA: u16 = 0x05;
    /// Arithmetic: the operation is in bits 4 to 7, bit 3 says X instead of the constant.
    pub const ALU: u16 = 0x04;
    /// Conditional jumps, likewise.
    pub const JUMP: u16 = 0x05;
    pub const X: u16 = 0x08;
    pub const ADD: u16 = 0x00;
    pub const SUB: u16 = 0x10;
    pub const MUL: u16 = 0x20;
    pub const DIV: u16 = 0x30;
    pub const OR: u16 = 0x40;
    pub const AND: u16 = 0x50;
    pub const LSH: u16 = 0x60;
    pub const RSH: u16 = 0x70;
    pub const XOR: u16 = 0xa0;
    pub const JEQ: u16 = 0x10;
    pub const JGT: u16 = 0x20;
    pub const JGE: u16 = 0x30;
    pub const JSET: u16 = 0x40;
}

/// The operation of an arithmetic instruction or of a conditional jump, without [`code::X`].
fn operation(instruction: u16, class: u16) -> Option<u16> {
    let rest = instruction & !code::X;
    (rest & 7 == class && rest & 0xff00 == 0).then_some(rest & 0xf0)
}

/// Whether the kernel takes that program.
#[must_use]
pub fn is_valid(program: &[Instruction]) -> bool {
    if program.is_empty() || program.len() > MAXIMUM_LENGTH {
        return false;
    }
    let last = program[program.len() - 1].code;
    if !matches!(last, code::RET_K | code::RET_A) {
        return false;
    }
    let inside = |at: usize, skip: u64| at as u64 + 1 + skip < program.len() as u64;
    let each = program
        .iter()
        .enumerate()
        .all(|(at, &Instruction { code, jt, jf, k })| match code {
            code::LD_W_ABS => k < DATA_SIZE && k.is_multiple_of(4),
            code::LD_MEM | code::LDX_MEM | code::ST | code::STX => (k as usize) < SCRATCH,
            code::JA => inside(at, k.into()),
            code::LD_W_LEN
            | code::LDX_W_LEN
            | code::LD_IMM
            | code::LDX_IMM
            | code::RET_K
            | code::RET_A
            | code::TAX
            | code::TXA
            | code::NEG => true,
            _ => match (operation(code, code::ALU), operation(code, code::JUMP)) {
                (Some(code::DIV), _) => code & code::X != 0 || k != 0,
                (Some(code::LSH | code::RSH), _) => code & code::X != 0 || k < 32,
                (Some(code::ADD | code::SUB | code::MUL | code::OR | code::AND | code::XOR), _) => true,
                (_, Some(code::JEQ | code::JGT | code::JGE | code::JSET)) => {
                    inside(at, jt.into()) && inside(at, jf.into())
                }
                _ => false,
            },
        });
    each && loads_follow_stores(program)
}

/// Whether no word of scratch memory is read on a way on which it has not been written.
fn loads_follow_stores(program: &[Instruction]) -> bool {
    let mut written = vec![u16::MAX; program.len()];
    let mut now = 0_u16;
    for (at, instruction) in program.iter().enumerate() {
        now &= written[at];
        let word = 1_u16.checked_shl(instruction.k).unwrap_or(0);
        let mut reaches = |skip: usize, now: u16| {
            if let Some(there) = written.get_mut(at + 1 + skip) {
                *there &= now;
            }
        };
        match instruction.code {
            code::ST | code::STX => now |= word,
            code::LD_MEM | code::LDX_MEM if now & word == 0 => return false,
            code::JA => {
                reaches(instruction.k as usize, now);
                now = u16::MAX;
            }
            other if operation(other, code::JUMP).is_some() => {
                reaches(instruction.jt.into(), now);
                reaches(instruction.jf.into(), now);
                now = u16::MAX;
            }
            _ => {}
        }
    }
    true
}

/// Runs a program for which [`is_valid`] holds.
#[must_use]
pub fn run(program: &[Instruction], data: &Data) -> u32 {
    let (mut a, mut x, mut scratch) = (0_u32, 0_u32, [0_u32; SCRATCH]);
    let mut at = 0;
    while let Some(&Instruction { code, jt, jf, k }) = program.get(at) {
        at += 1;
        let word = k as usize % SCRATCH;
        let operand = if code & code::X != 0 { x } else { k };
        match code {
            code::LD_W_ABS => a = data.word(k),
            code::LD_W_LEN => a = DATA_SIZE,
            code::LDX_W_LEN => x = DATA_SIZE,
            code::LD_IMM => a = k,
            code::LDX_IMM => x = k,
            code::LD_MEM => a = scratch[word],
            code::LDX_MEM => x = scratch[word],
            code::ST => scratch[word] = a,
            code::STX => scratch[word] = x,
            code::RET_K => return k,
            code::RET_A => return a,
            code::TAX => x = a,
            code::TXA => a = x,
            code::NEG => a = a.wrapping_neg(),
            code::JA => at += k as usize,
            _ => match (operation(code, code::ALU), operation(code, code::JUMP)) {
                (Some(code::ADD), _) => a = a.wrapping_add(operand),
                (Some(code::SUB), _) => a = a.wrapping_sub(operand),
                (Some(code::MUL), _) => a = a.wrapping_mul(operand),
                (Some(code::DIV), _) => match a.checked_div(operand) {
                    Some(quotient) => a = quotient,
                    None => return 0,
                },
                (Some(code::OR), _) => a |= operand,
                (Some(code::AND), _) => a &= operand,
                (Some(code::XOR), _) => a ^= operand,
                (Some(code::LSH), _) => a = a.wrapping_shl(operand),
                (Some(code::RSH), _) => a = a.wrapping_shr(operand),
                (_, Some(jump)) => {
                    let holds = match jump {
                        code::JEQ => a == operand,
                        code::JGT => a > operand,
                        code::JGE => a >= operand,
                        _ => a & operand != 0,
                    };
                    at += usize::from(if holds { jt } else { jf });
                }
                _ => return 0,
            },
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
        Instruction { code, jt, jf, k }
    }

    const ALLOW: Instruction = Instruction {
        code: code::RET_K,
        jt: 0,
        jf: 0,
        k: 0x7fff_0000,
    };

    #[test]
    fn programs_that_the_kernel_refuses() {
        assert!(is_valid(&[ALLOW]));
        assert!(!is_valid(&[]), "empty");
        assert!(!is_valid(&vec![ALLOW; MAXIMUM_LENGTH + 1]), "too long");
        assert!(!is_valid(&[op(code::LD_IMM, 0, 0, 0)]), "falls off its end");
        for wrong in [
            op(code::LD_W_ABS, 0, 0, 64),
            op(code::LD_W_ABS, 0, 0, 2),
            op(0x28, 0, 0, 0), // a half word
            op(0x30, 0, 0, 0), // a byte
            op(0x94, 0, 0, 3), // a remainder
            op(0x34, 0, 0, 0), // division by 0
            op(0x64, 0, 0, 32),
            op(code::ST, 0, 0, 16),
            op(code::LD_MEM, 0, 0, 0),
            op(0x15, 1, 0, 0),
            op(0x15, 0, 1, 0),
            op(code::JA, 0, 0, 1),
            op(code::JA, 0, 0, u32::MAX),
            op(0xffff, 0, 0, 0),
        ] {
            assert!(!is_valid(&[wrong, ALLOW]), "{wrong:?}");
        }
    }

    #[test]
    fn scratch_memory_is_written_on_every_way() {
        let store = op(code::ST, 0, 0, 3);
        let load = op(code::LD_MEM, 0, 0, 3);
        assert!(is_valid(&[store, load, ALLOW]));
        // One branch skips the store.
        assert!(!is_valid(&[op(0x15, 1, 0, 7), store, load, ALLOW]));
        assert!(!is_valid(&[
            op(0x15, 0, 1, 7),
            store,
            op(code::JA, 0, 0, 1),
            ALLOW,
            load,
            ALLOW
        ]));
        assert!(is_valid(&[op(0x15, 1, 0, 7), ALLOW, store, load, ALLOW]));
    }

    #[test]
    fn arithmetic_and_data() {
        let data = Data {
            number: 64,
            architecture: 0xc000_00b7,
            instruction_pointer: 0x1_0000_2000,
            arguments: [1, 0x2_0000_0003, 0, 0, 0, 6 << 32],
        };
        let answers = |body: &[Instruction]| {
            let mut program = body.to_vec();
            program.push(op(code::RET_A, 0, 0, 0));
            assert!(is_valid(&program), "{program:?}");
            run(&program, &data)
        };
        let load = |offset| op(code::LD_W_ABS, 0, 0, offset);
        for (offset, word) in [
            (0, 64),
            (4, 0xc000_00b7),
            (8, 0x2000),
            (12, 1),
            (24, 3),
            (28, 2),
            (60, 6),
        ] {
            assert_eq!(answers(&[load(offset)]), word, "{offset}");
        }
        assert_eq!(answers(&[op(code::LD_W_LEN, 0, 0, 0)]), 64);
        assert_eq!(
            answers(&[load(0), op(0x04, 0, 0, 1), op(0x24, 0, 0, 2), op(0x34, 0, 0, 5)]),
            26
        );
        assert_eq!(
            answers(&[
                load(0),
                op(code::LDX_IMM, 0, 0, 4),
                op(0x7c, 0, 0, 0),
                op(0x84, 0, 0, 0)
            ]),
            4_u32.wrapping_neg()
        );
        assert_eq!(
            answers(&[load(0), op(code::LDX_IMM, 0, 0, 0), op(0x3c, 0, 0, 0)]),
            0,
            "division by X = 0 ends it"
        );
        let program = [
            load(0),
            op(0x35, 0, 1, 64),
            op(0x45, 0, 1, 0x80),
            op(code::RET_K, 0, 0, 1),
            op(code::RET_K, 0, 0, 2),
        ];
        assert!(is_valid(&program));
        assert_eq!(run(&program, &data), 2, "64 is 64 or more, and has no bit 7");
    }
}
