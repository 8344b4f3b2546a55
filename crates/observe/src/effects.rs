//! What one instruction reads and writes. The assembler text that the decoder's tables make is the source: it names every register and the
//! address in the form in which the manual writes them, so that nothing here has to be kept in step with the tables.
//!
//! A [`Shape`] holds for an instruction word wherever it stands; [`Shape::access`] gives it an address by the registers before the
//! instruction is executed.

use std::fmt;

use armlet_cpu::a64::{SP, State};
use armlet_decoder::a64::{Disassembly, Insn, decode};
use armlet_memory::untag;

use crate::effects_a32;

mod mnemonics;

use mnemonics::{flags_read, flags_written, updates, writes_nothing};

/// A register, as far as an observer tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    /// X0 to X30 (W0 to W30 are their lower halves).
    X(u8),
    /// The stack pointer.
    Sp,
    /// V0 to V31 (Q, D, S, H and B are parts of them).
    V(u8),
    /// N, Z, C and V.
    Flags,
    /// AArch32: R0 to R12, SP, LR.
    R(u8),
    /// AArch32: S0 to S31.
    S(u8),
    /// AArch32: D0 to D31.
    D(u8),
    /// AArch32: Q0 to Q15.
    Q(u8),
}

impl Register {
    /// Its value; V registers have 128 bits, the flags stand in bits 31 to 28.
    #[must_use]
    pub fn value(self, cpu: &State) -> u128 {
        match self {
            Register::X(n) => cpu.x(n).into(),
            Register::Sp => cpu.sp().into(),
            Register::V(n) => cpu.v(n),
            Register::Flags => cpu.flags.to_bits().into(),
            Register::R(n) => cpu.r(n).into(),
            Register::S(n) => cpu.s(n).into(),
            Register::D(n) => cpu.d(n).into(),
            Register::Q(n) => cpu.v(n),
        }
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Register::X(n) => write!(f, "x{n}"),
            Register::Sp => f.write_str("sp"),
            Register::V(n) => write!(f, "v{n}"),
            Register::Flags => f.write_str("nzcv"),
            // As the disassembler calls them.
            Register::R(n @ 9..) => f.write_str(["sb", "sl", "fp", "ip", "sp", "lr"][usize::from((n - 9).min(5))]),
            Register::R(n) => write!(f, "r{n}"),
            Register::S(n) => write!(f, "s{n}"),
            Register::D(n) => write!(f, "d{n}"),
            Register::Q(n) => write!(f, "q{n}"),
        }
    }
}

/// What an instruction is, for filters. It may be several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kind(u16);

impl Kind {
    /// Any change of the flow of control but system calls.
    pub const BRANCH: Kind = Kind(1);
    /// A branch that leaves a return address: BL, BLR.
    pub const CALL: Kind = Kind(2);
    /// RET.
    pub const RETURN: Kind = Kind(4);
    /// Reads memory.
    pub const LOAD: Kind = Kind(8);
    /// Writes memory.
    pub const STORE: Kind = Kind(16);
    /// Advanced SIMD and cryptography.
    pub const SIMD: Kind = Kind(32);
    /// Scalar floating point.
    pub const FP: Kind = Kind(64);
    /// SVC.
    pub const SYSCALL: Kind = Kind(128);
    /// Loads and stores that are atomic, exclusive or ordered.
    pub const ATOMIC: Kind = Kind(256);
    /// None of the others.
    pub const OTHER: Kind = Kind(512);

    /// All of them with their names on the command line.
    pub const ALL: [(&'static str, Kind); 10] = [
        ("branch", Kind::BRANCH),
        ("call", Kind::CALL),
        ("return", Kind::RETURN),
        ("load", Kind::LOAD),
        ("store", Kind::STORE),
        ("simd", Kind::SIMD),
        ("fp", Kind::FP),
        ("syscall", Kind::SYSCALL),
        ("atomic", Kind::ATOMIC),
        ("other", Kind::OTHER),
    ];

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Kind) -> Kind {
        Kind(self.0 | other.0)
    }

    /// Whether the two have anything in common.
    #[must_use]
    pub const fn meets(self, other: Kind) -> bool {
        self.0 & other.0 != 0
    }
}

/// What is done to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// Read.
    Load,
    /// Written.
    Store,
    /// Read and, as a rule, written: atomic instructions.
    Update,
}

/// The memory that one execution of an instruction touches: always one piece on AArch64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The first address, without a tag.
    pub address: u64,
    /// Bytes.
    pub size: u32,
    /// Bytes in one of the elements that it consists of.
    pub element: u32,
    /// What is done.
    pub kind: AccessKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Register(Register),
    /// The instruction's own address.
    Pc,
}

/// An address in assembler text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address {
    base: Base,
    offset: i64,
    /// Register, whether it is extended from 32 bits and how (`Some(signed)`), shift.
    index: Option<(Register, Option<bool>, u32)>,
    size: u32,
    element: u32,
    kind: AccessKind,
}

/// What an instruction word does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name, without operands.
    pub mnemonic: String,
    /// What it is.
    pub kind: Kind,
    /// Registers that it reads, in the order of the text; the flags last.
    pub reads: Vec<Register>,
    /// Registers that it writes.
    pub writes: Vec<Register>,
    address: Option<Address>,
    /// Of AArch32.
    pub(crate) address_a32: Option<effects_a32::Address>,
}

/// One execution of an instruction, as far as it is known before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// What the word does.
    pub shape: Shape,
    /// The memory that it will touch.
    pub access: Option<Access>,
}

impl Effects {
    /// What the instruction `word` at `cpu.pc` is about to do; `None` if it is none.
    #[must_use]
    pub fn of(word: u32, cpu: &State) -> Option<Effects> {
        let shape = Shape::of(word)?;
        let access = shape.access(cpu);
        Some(Effects { shape, access })
    }
}

/// One operand of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a> {
    pub text: &'a str,
}

impl<'a> Operand<'a> {
    /// The registers in it, and for each the letter that it is called by.
    fn registers(self) -> impl Iterator<Item = (char, Register)> + 'a {
        let words = self
            .text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '#');
        words.filter_map(register)
    }
}

/// `x3`, `wsp`, `v7`, `d1`.
fn register(word: &str) -> Option<(char, Register)> {
    match word {
        "sp" => return Some(('x', Register::Sp)),
        "wsp" => return Some(('w', Register::Sp)),
        _ => {}
    }
    let letter = word.chars().next()?;
    let number: u8 = word.get(1..)?.parse().ok().filter(|&n| n < 32)?;
    match letter {
        'x' | 'w' if number < 31 => Some((letter, Register::X(number))),
        'v' | 'b' | 'h' | 's' | 'd' | 'q' => Some((letter, Register::V(number))),
        _ => None,
    }
}

/// Splits at commas that are in no brackets.
pub(crate) fn operands(text: &str) -> Vec<Operand<'_>> {
    let (mut list, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                list.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    list.push(text[start..].trim());
    list.into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| Operand { text })
        .collect()
}

/// `#8`, `#-0x10`.
pub(crate) fn immediate(text: &str) -> Option<i64> {
    let text = text.trim().trim_start_matches('#');
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative {
        (value as i64).wrapping_neg()
    } else {
        value as i64
    })
}

/// Bytes of a register of that letter.
fn bytes(letter: char) -> u32 {
    match letter {
        'b' => 1,
        'h' => 2,
        'w' | 's' => 4,
        'q' | 'v' => 16,
        _ => 8,
    }
}

/// Bytes of an element and of all, for `16b`, `4s` or a lane's `s`.
fn arrangement(text: &str) -> (u32, u32) {
    let element = bytes(match text.chars().last() {
        Some('s') => 's',
        Some(letter) => letter,
        None => 'd',
    });
    let count = text.trim_end_matches(|c: char| c.is_alphabetic()).parse().unwrap_or(1);
    (element, element * count)
}

impl Shape {
    /// The shape of an instruction word; `None` if it is no instruction.
    #[must_use]
    pub fn of(word: u32) -> Option<Shape> {
        decode(word).ok().map(|insn| Shape::of_insn(&insn))
    }

    /// The shape of a decoded instruction.
    #[must_use]
    pub fn of_insn(insn: &Insn) -> Shape {
        let text = Disassembly { insn: *insn, pc: 0 }.to_string();
        let (mnemonic, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let file = insn.row().file;
        let operands = operands(rest);
        let mut shape = Shape {
            mnemonic: mnemonic.to_owned(),
            kind: Kind::default(),
            reads: Vec::new(),
            writes: Vec::new(),
            address: None,
            address_a32: None,
        };
        if mnemonic == "dc" && rest.starts_with("zva") {
            shape.block_zero(&operands);
        } else if file.contains("load_store") && !mnemonic.starts_with("prf") || file == "atomic" {
            shape.memory(mnemonic, &operands);
        } else {
            shape.computation(mnemonic, &operands);
        }
        shape.kind = shape.kind.with(kind(file, mnemonic));
        if shape.kind == Kind::default() {
            shape.kind = Kind::OTHER;
        }
        if flags_read(mnemonic) || mnemonic == "mrs" && rest.ends_with("nzcv") {
            shape.read(Register::Flags);
        }
        if flags_written(mnemonic) || mnemonic == "msr" && rest.starts_with("nzcv") {
            shape.write(Register::Flags);
        }
        shape
    }

    /// The shape of a word that is no instruction.
    #[must_use]
    pub fn nothing() -> Shape {
        Shape {
            mnemonic: String::new(),
            kind: Kind::OTHER,
            reads: Vec::new(),
            writes: Vec::new(),
            address: None,
            address_a32: None,
        }
    }

    pub(crate) fn read(&mut self, register: Register) {
        if !self.reads.contains(&register) {
            self.reads.push(register);
        }
    }

    pub(crate) fn write(&mut self, register: Register) {
        if !self.writes.contains(&register) {
            self.writes.push(register);
        }
    }

    fn computation(&mut self, mnemonic: &str, operands: &[Operand<'_>]) {
        for (index, operand) in operands.iter().enumerate() {
            let written = index == 0 && !writes_nothing(mnemonic);
            for (_, register) in operand.registers() {
                if written {
                    self.write(register);
                }
                if !written || updates(mnemonic, operand.text) {
                    self.read(register);
                }
            }
        }
        match mnemonic {
            "bl" | "blr" => self.write(Register::X(30)),
            "ret" if operands.is_empty() => self.read(Register::X(30)),
            "svc" => {
                (0..6).chain([8]).for_each(|n| self.read(Register::X(n)));
                self.write(Register::X(0));
            }
            _ => {}
        }
    }

    fn block_zero(&mut self, operands: &[Operand<'_>]) {
        let Some((_, base)) = operands.iter().flat_map(|operand| operand.registers()).next() else {
            return;
        };
        self.read(base);
        self.address = Some(Address {
            base: Base::Register(base),
            offset: 0,
            index: None,
            size: 64,
            element: 8,
            kind: AccessKind::Store,
        });
        self.kind = Kind::STORE;
    }

    /// Loads, stores and atomic instructions: registers that move, then the address, then what is added to the base.
    fn memory(&mut self, mnemonic: &str, operands: &[Operand<'_>]) {
        let brackets = operands.iter().position(|operand| operand.text.starts_with('['));
        let (moved, at) = match brackets {
            Some(index) => operands.split_at(index),
            None => operands.split_at(operands.len().saturating_sub(1)),
        };
        let is_exclusive_store = mnemonic.starts_with("stx") || mnemonic.starts_with("stlx");
        let is_swap = [
            "ldadd", "ldclr", "ldeor", "ldset", "ldsmax", "ldsmin", "ldumax", "ldumin", "swp",
        ]
        .iter()
        .any(|start| mnemonic.starts_with(start));
        let is_update_without_result = [
            "stadd", "stclr", "steor", "stset", "stsmax", "stsmin", "stumax", "stumin",
        ]
        .iter()
        .any(|start| mnemonic.starts_with(start));
        let kind = match mnemonic {
            _ if is_swap || is_update_without_result || mnemonic.starts_with("cas") => AccessKind::Update,
            _ if mnemonic.starts_with("ld") => AccessKind::Load,
            _ => AccessKind::Store,
        };
        self.kind = match kind {
            AccessKind::Load => Kind::LOAD,
            AccessKind::Store => Kind::STORE,
            AccessKind::Update => Kind::LOAD.with(Kind::STORE),
        };
        for (index, operand) in moved.iter().enumerate() {
            for (_, register) in operand.registers() {
                let (reads, writes) = match kind {
                    // `ldadd ws, wt, [xn]`: the first goes in, the second comes out.
                    AccessKind::Update if is_swap => (index == 0, index == 1),
                    // `cas ws, wt, [xn]`, `casp ws, ws+1, wt, wt+1, [xn]`.
                    AccessKind::Update if !is_update_without_result => (true, index < moved.len() / 2),
                    AccessKind::Update => (true, false),
                    AccessKind::Load => (operand.text.contains("}["), true),
                    AccessKind::Store => {
                        let status = is_exclusive_store && index == 0;
                        (!status, status)
                    }
                };
                if reads {
                    self.read(register);
                }
                if writes {
                    self.write(register);
                }
            }
        }
        let moved = if is_exclusive_store {
            &moved[1.min(moved.len())..]
        } else {
            moved
        };
        let (element, size) = transfer(mnemonic, moved, is_swap || is_update_without_result);
        self.address = self.address(at, element, size, kind);
    }

    fn address(&mut self, at: &[Operand<'_>], element: u32, size: u32, kind: AccessKind) -> Option<Address> {
        let first = at.first()?.text;
        let mut address = Address {
            base: Base::Pc,
            offset: 0,
            index: None,
            size,
            element,
            kind,
        };
        let Some(inside) = first.strip_prefix('[').and_then(|rest| rest.split(']').next()) else {
            address.offset = immediate(first)?;
            return Some(address);
        };
        let parts = operands(inside);
        let (_, base) = parts.first()?.registers().next()?;
        address.base = Base::Register(base);
        self.read(base);
        if let Some(second) = parts.get(1) {
            match second.registers().next() {
                Some((letter, index)) => {
                    self.read(index);
                    let how = parts.get(2).map_or("", |part| part.text);
                    let shift = how.split('#').nth(1).and_then(immediate).unwrap_or(0) as u32;
                    let extend = (letter == 'w').then(|| how.starts_with("sxt"));
                    address.index = Some((index, extend, shift));
                }
                // The register is XZR.
                None => address.offset = immediate(second.text).unwrap_or(0),
            }
        }
        if first.ends_with('!') || at.len() > 1 {
            self.write(base);
            let post = at.get(1).into_iter().flat_map(|operand| operand.registers());
            post.for_each(|(_, register)| self.read(register));
        }
        Some(address)
    }

    /// The memory that the instruction at `cpu.pc` touches, with the registers as they are before it.
    #[must_use]
    pub fn access(&self, cpu: &State) -> Option<Access> {
        if let Some(address) = self.address_a32 {
            return Some(address.access(cpu));
        }
        let address = self.address?;
        let register = |register: Register| match register {
            Register::Sp => cpu.x(SP),
            Register::X(n) => cpu.x(n),
            _ => 0,
        };
        let base = match address.base {
            Base::Register(base) => register(base),
            Base::Pc => cpu.pc,
        };
        let index = match address.index {
            None => 0,
            Some((index, extend, shift)) => {
                let value = register(index);
                let value = match extend {
                    None => value,
                    Some(true) => value as i32 as u64,
                    Some(false) => u64::from(value as u32),
                };
                value << shift
            }
        };
        let mut at = base.wrapping_add_signed(address.offset).wrapping_add(index);
        if self.mnemonic == "dc" {
            at &= !63;
        }
        Some(Access {
            address: untag(at),
            size: address.size,
            element: address.element,
            kind: address.kind,
        })
    }
}

/// Bytes of one element and of all that a load or store moves.
fn transfer(mnemonic: &str, moved: &[Operand<'_>], atomic: bool) -> (u32, u32) {
    if let Some(list) = moved.first().filter(|operand| operand.text.starts_with('{')) {
        let whole = !list.text.contains("}[");
        let words = list.text.split(['{', '}', ',']).map(str::trim);
        let parts: Vec<&str> = words
            .filter_map(|word| word.split_once('.'))
            .map(|(_, part)| part)
            .collect();
        let (element, all) = arrangement(parts.first().copied().unwrap_or("d"));
        let one = if whole && !mnemonic.ends_with('r') {
            all
        } else {
            element
        };
        return (element, one * parts.len() as u32);
    }
    let letters: Vec<char> = moved.iter().filter_map(|operand| letter(operand.text)).collect();
    let letter = letters.first().copied().unwrap_or('x');
    let element = match mnemonic {
        _ if mnemonic.ends_with("sw") => 4,
        _ if matches!(letter, 'b' | 'h' | 's' | 'd' | 'q') => bytes(letter),
        _ if mnemonic.ends_with('b') => 1,
        _ if mnemonic.ends_with('h') => 2,
        _ => bytes(letter),
    };
    let pair = mnemonic.starts_with("ldp")
        || mnemonic.starts_with("stp")
        || mnemonic.starts_with("ldnp")
        || mnemonic.starts_with("stnp")
        || mnemonic.starts_with("casp")
        || (mnemonic.ends_with("xp") && !atomic);
    (element, if pair { 2 * element } else { element })
}

/// The letter of a register operand, XZR and WZR included.
fn letter(text: &str) -> Option<char> {
    match text {
        "xzr" => Some('x'),
        "wzr" => Some('w'),
        _ => register(text).map(|(letter, _)| letter),
    }
}

fn kind(file: &str, mnemonic: &str) -> Kind {
    match (file, mnemonic) {
        ("branch", "bl" | "blr") => Kind::BRANCH.with(Kind::CALL),
        ("branch", "ret") => Kind::BRANCH.with(Kind::RETURN),
        ("branch", "svc") => Kind::SYSCALL,
        ("branch", "hvc" | "smc" | "brk" | "hlt" | "udf" | "dcps1" | "dcps2" | "dcps3") => Kind::OTHER,
        ("branch", _) => Kind::BRANCH,
        ("atomic", _) => Kind::ATOMIC,
        ("fp", _) => Kind::FP,
        ("crypto", _) => Kind::SIMD,
        _ if file.starts_with("simd") => Kind::SIMD,
        _ => Kind::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(word: u32) -> Shape {
        Shape::of(word).expect("an instruction")
    }

    fn names(registers: &[Register]) -> String {
        let names: Vec<String> = registers.iter().map(Register::to_string).collect();
        names.join(" ")
    }

    /// Word, reads, writes, and what the access is with X1 = 0x1000, X2 = 0x20, SP = 0x8000 at 0x4000.
    fn check(word: u32, reads: &str, writes: &str, access: Option<(u64, u32, AccessKind)>) {
        let mut cpu = State::default();
        (cpu.pc, cpu.x[1], cpu.x[2]) = (0x4000, 0x1000, 0x20);
        cpu.set_sp(0x8000);
        let shape = shape(word);
        let found = shape
            .access(&cpu)
            .map(|access| (access.address, access.size, access.kind));
        let text = Disassembly {
            insn: decode(word).expect("decoded"),
            pc: 0x4000,
        }
        .to_string();
        assert_eq!(
            (names(&shape.reads), names(&shape.writes)),
            (reads.to_owned(), writes.to_owned()),
            "{text}"
        );
        assert_eq!(found, access, "{text}");
    }

    #[test]
    fn registers_and_addresses() {
        use AccessKind::{Load, Store, Update};
        check(0x9100_0420, "x1", "x0", None); // add x0, x1, #1
        check(0xeb02_003f, "x1 x2", "nzcv", None); // cmp x1, x2
        check(0x9a82_0020, "x1 x2 nzcv", "x0", None); // csel x0, x1, x2, eq
        check(0xf2a0_0020, "x0", "x0", None); // movk x0, #1, lsl #16
        check(0x5400_0040, "nzcv", "", None); // b.eq
        check(0xd65f_03c0, "x30", "", None); // ret
        check(0x9400_0001, "", "x30", None); // bl
        check(0xf940_0420, "x1", "x0", Some((0x1008, 8, Load))); // ldr x0, [x1, #8]
        check(0xb822_d820, "x0 x1 x2", "", Some((0x1080, 4, Store))); // str w0, [x1, w2, sxtw #2]
        check(0xf862_7820, "x1 x2", "x0", Some((0x1100, 8, Load))); // ldr x0, [x1, x2, lsl #3]
        check(0xa9bf_7bfd, "x29 x30 sp", "sp", Some((0x7ff0, 16, Store))); // stp x29, x30, [sp, #-16]!
        check(0xa8c1_7bfd, "sp", "x29 x30 sp", Some((0x8000, 16, Load))); // ldp x29, x30, [sp], #16
        check(0x3840_1420, "x1", "x0 x1", Some((0x1000, 1, Load))); // ldrb w0, [x1], #1
        check(0x5800_0040, "", "x0", Some((0x4008, 8, Load))); // ldr x0, 0x4008
        check(0x58ff_ffe0, "", "x0", Some((0x3ffc, 8, Load))); // ldr x0, 0x3ffc
        check(0x3dc0_0420, "x1", "v0", Some((0x1010, 16, Load))); // ldr q0, [x1, #16]
        check(0xb8a0_0023, "x0 x1", "x3", Some((0x1000, 4, Update))); // ldadda w0, w3, [x1]
        check(0xc8a0_7c23, "x0 x3 x1", "x0", Some((0x1000, 8, Update))); // cas x0, x3, [x1]
        check(0x8804_fc23, "x3 x1", "x4", Some((0x1000, 4, Store))); // stlxr w4, w3, [x1]
        check(0x4c40_2020, "x1", "v0 v1 v2 v3", Some((0x1000, 64, Load))); // ld1 {v0.16b-v3.16b}, [x1]
        check(0x4d40_c820, "x1", "v0", Some((0x1000, 4, Load))); // ld1r {v0.4s}, [x1]
        check(0x0d40_8020, "v0 x1", "v0", Some((0x1000, 4, Load))); // ld1 {v0.s}[0], [x1]
        check(0x4e20_cc41, "v1 v2 v0", "v1", None); // fmla v1.4s, v2.4s, v0.4s
        check(0xd50b_7421, "x1", "", Some((0x1000, 64, Store))); // dc zva, x1
    }

    #[test]
    fn kinds() {
        assert!(shape(0x9400_0001).kind.meets(Kind::CALL));
        assert!(shape(0xd400_0001).kind.meets(Kind::SYSCALL));
        assert!(shape(0x4e20_cc41).kind.meets(Kind::SIMD));
        assert!(shape(0x1e60_2840).kind.meets(Kind::FP));
        assert_eq!(shape(0x9100_0420).kind, Kind::OTHER);
        assert_eq!(shape(0xc8a0_7c23).kind, Kind::LOAD.with(Kind::STORE).with(Kind::ATOMIC));
    }
}
