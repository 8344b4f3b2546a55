//! What one AArch32 instruction reads and writes, as `effects.rs` says it of AArch64: by its assembler text, which names registers and address.
//! What a failed condition leaves undone is not seen here.

use armlet_cpu::a64::State;
use armlet_decoder::a32::{self, ALWAYS, Decoded, Disassembly, Undecoded};
use armlet_decoder::t32::{self, ItState};
use armlet_memory::load;

use crate::effects::{Access, AccessKind, Kind, Register, Shape, immediate, operands};

/// The instruction at `cpu.pc`, and its bytes as the manual writes them; `None` if nothing can be fetched there.
#[must_use]
pub fn fetched(cpu: &State) -> Option<(Result<Decoded, Undecoded>, String)> {
    let address = cpu.pc;
    let half = |address: u64| load::<u16>(address).ok();
    if !cpu.a32.thumb {
        let word = load::<u32>(address).ok()?;
        return Some((a32::decode(word), format!("{word:08x}")));
    }
    let (first, it) = (half(address)?, ItState(cpu.a32.itstate));
    if t32::length(first) == 2 {
        return Some((t32::decode(u32::from(first) << 16, it), format!("{first:04x}")));
    }
    let second = half(address + 2)?;
    let word = u32::from(first) << 16 | u32::from(second);
    Some((t32::decode(word, it), format!("{first:04x} {second:04x}")))
}

/// The assembler text of a decoded instruction.
#[must_use]
pub fn text(decoded: Decoded, pc: u64) -> String {
    Disassembly { decoded, pc: pc as u32 }.to_string()
}

/// Whether the condition of an instruction holds. (That of T32 comes from the IT block.)
#[must_use]
pub fn executes(decoded: &Decoded, cpu: &State) -> bool {
    decoded.cond >= ALWAYS || cpu.flags.holds(decoded.cond)
}

/// An address of AArch32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `None`: the program counter.
    base: Option<Register>,
    offset: i64,
    index: Option<Index>,
    size: u32,
    element: u32,
    kind: AccessKind,
}

/// A register that is added to the base, or taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Index {
    register: Register,
    negative: bool,
    /// `lsl`, `lsr`, `asr`, `ror` by that; 'x' is RRX.
    shift: (char, u32),
}

impl Index {
    fn value(self, cpu: &State) -> u32 {
        let value = self.register.value(cpu) as u32;
        let shifted = match self.shift {
            ('l', by) => value.checked_shl(by).unwrap_or(0),
            ('r', by) => value.checked_shr(by).unwrap_or(0),
            ('a', by) => ((value as i32) >> by.min(31)) as u32,
            ('o', by) => value.rotate_right(by),
            _ => value >> 1 | u32::from(cpu.flags.c) << 31,
        };
        if self.negative { shifted.wrapping_neg() } else { shifted }
    }
}

impl Address {
    /// With the registers as they are before the instruction.
    pub fn access(&self, cpu: &State) -> Access {
        let base = match self.base {
            Some(register) => register.value(cpu) as u32,
            // What R15 reads as.
            None => (cpu.pc as u32).wrapping_add(if cpu.a32.thumb { 4 } else { 8 }) & !3,
        };
        let index = self.index.map_or(0, |index| index.value(cpu));
        Access {
            address: base.wrapping_add(self.offset as u32).wrapping_add(index).into(),
            size: self.size,
            element: self.element,
            kind: self.kind,
        }
    }
}

/// `r3`, `sl`, `d7`, `s1`, `q2`.
fn register(word: &str) -> Option<Register> {
    let named = match word {
        "sb" => Some(9),
        "sl" => Some(10),
        "fp" => Some(11),
        "ip" => Some(12),
        "sp" => Some(13),
        "lr" => Some(14),
        _ => None,
    };
    if let Some(n) = named {
        return Some(Register::R(n));
    }
    let letter = word.chars().next()?;
    let number: u8 = word.get(1..)?.parse().ok().filter(|&n| n < 32)?;
    match letter {
        'r' if number < 13 => Some(Register::R(number)),
        's' => Some(Register::S(number)),
        'd' => Some(Register::D(number)),
        'q' if number < 16 => Some(Register::Q(number)),
        _ => None,
    }
}

/// The registers that an operand names, and whether R15 is among them.
fn registers(text: &str) -> (Vec<Register>, bool) {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '#');
    (words().filter_map(register).collect(), words().any(|word| word == "pc"))
}

/// Instructions whose first operand is read and not written.
fn writes_nothing(name: &str) -> bool {
    const STARTS: [&str; 14] = [
        "cmp", "cmn", "tst", "teq", "b", "cb", "tb", "svc", "pld", "pli", "dmb", "dsb", "isb", "vcmp",
    ];
    let others = [
        "msr", "mcr", "mcrr", "udf", "nop", "setend", "it", "vmsr", "hint", "yield", "wfe", "wfi", "sev",
    ];
    let starts = STARTS.iter().any(|start| name.starts_with(start));
    (starts && !name.starts_with("bic") && !name.starts_with("bf")) || others.contains(&name)
}

/// Instructions that read what they write.
fn updates(name: &str) -> bool {
    const STARTS: [&str; 22] = [
        "movt", "bfi", "bfc", "smlal", "umlal", "umaal", "smlsld", "vmla", "vmls", "vfma", "vfms", "vfnm", "vnmla",
        "vnmls", "vbit", "vbif", "vbsl", "vsra", "vrsra", "vsri", "vsli", "vtbx",
    ];
    const OTHERS: [&str; 17] = [
        "vqdmlal", "vqdmlsl", "vqrdmlah", "vqrdmlsh", "vmlal", "vmlsl", "vaba", "vabal", "vpadal", "vsdot", "vudot",
        "aese", "aesd", "sha1", "sha256", "vswp", "vtrn",
    ];
    STARTS.iter().chain(&OTHERS).any(|start| name.starts_with(start)) || matches!(name, "vuzp" | "vzip")
}

/// How many of the first operands are written.
fn results(name: &str, operands: &[&str]) -> usize {
    let core = |text: Option<&&str>| text.is_some_and(|text| matches!(register(text), Some(Register::R(_))));
    match name {
        _ if writes_nothing(name) => 0,
        "vswp" | "vtrn" | "vuzp" | "vzip" => 2,
        "umaal" | "mrrc" => 2,
        _ if ["umull", "smull", "umlal", "smlal", "smlsld"]
            .iter()
            .any(|start| name.starts_with(start)) =>
        {
            2
        }
        // `vmov r0, r1, d0`, `vmov s0, s1, r0, r1`.
        "vmov" if operands.len() == 3 && core(operands.first()) => 2,
        "vmov" if operands.len() == 4 => 2,
        _ => 1,
    }
}

/// Names that an S can stand behind.
fn sets_flags(name: &str) -> bool {
    const WITH_S: [&str; 23] = [
        "and", "eor", "sub", "rsb", "add", "adc", "sbc", "rsc", "orr", "orn", "mov", "bic", "mvn", "lsl", "lsr", "asr",
        "ror", "rrx", "mul", "mla", "umull", "smull", "umlal",
    ];
    let with_s = name
        .strip_suffix('s')
        .is_some_and(|base| WITH_S.contains(&base) || base == "smlal");
    with_s || matches!(name, "cmp" | "cmn" | "tst" | "teq")
}

impl Shape {
    /// The shape of a decoded AArch32 instruction.
    #[must_use]
    pub fn of_a32(decoded: &Decoded) -> Shape {
        let text = text(*decoded, 0);
        let (mnemonic, rest) = text.split_once(' ').unwrap_or((&text, ""));
        let (word, data) = mnemonic.split_once('.').unwrap_or((mnemonic, ""));
        let data = data.split('.').next().unwrap_or_default();
        let cond = a32_condition(decoded);
        let name = word.strip_suffix(cond).filter(|name| !name.is_empty()).unwrap_or(word);
        let row = decoded.insn.row();
        let parts: Vec<&str> = operands(rest).into_iter().map(|operand| operand.text).collect();
        let mut shape = Shape::nothing();
        (shape.mnemonic, shape.kind) = (mnemonic.to_owned(), Kind::default());
        let moves = row.file.contains("load_store") || name.starts_with("swp") || is_exclusive(name);
        let branches = decoded.insn.branches().is_some() || rest.contains("pc}");
        if moves && !name.starts_with("pld") && !name.starts_with("pli") && name != "clrex" {
            shape.memory_a32(name, data, &parts);
        } else {
            shape.computation_a32(name, &parts);
        }
        let kind = match name {
            "bl" | "blx" => Kind::BRANCH.with(Kind::CALL),
            "bx" | "bxj" if rest == "lr" => Kind::BRANCH.with(Kind::RETURN),
            "svc" => Kind::SYSCALL,
            "bkpt" | "udf" | "nop" | "it" | "hint" => Kind::OTHER,
            _ if branches && (name.starts_with("pop") || name.starts_with("ldm") || rest == "pc, lr") => {
                Kind::BRANCH.with(Kind::RETURN)
            }
            _ if branches || row.file == "branch" => Kind::BRANCH,
            _ if row.file == "sync" || is_exclusive(name) => Kind::ATOMIC,
            _ if row.file.starts_with("vfp") => Kind::FP,
            _ if row.file.starts_with("simd") || row.file == "crypto" => Kind::SIMD,
            _ => Kind::default(),
        };
        shape.kind = shape.kind.with(kind);
        if shape.kind == Kind::default() {
            shape.kind = Kind::OTHER;
        }
        match name {
            "bl" | "blx" => shape.write(Register::R(14)),
            "svc" => {
                (0..8).for_each(|n| shape.read(Register::R(n)));
                shape.write(Register::R(0));
            }
            _ => {}
        }
        let carries = ["adc", "sbc", "rsc", "rrx"].iter().any(|start| name.starts_with(start));
        if decoded.cond < ALWAYS || carries || rest.ends_with("rrx") || name == "mrs" {
            shape.read(Register::Flags);
        }
        if sets_flags(name) || rest.contains("apsr_nzcv") || name == "msr" {
            shape.write(Register::Flags);
        }
        shape
    }

    fn computation_a32(&mut self, name: &str, parts: &[&str]) {
        let written = results(name, parts);
        for (index, part) in parts.iter().enumerate() {
            for register in registers(part).0 {
                if index < written {
                    self.write(register);
                }
                // A lane of a vector is written: the rest of it stays.
                if index >= written || updates(name) || part.contains('[') {
                    self.read(register);
                }
            }
        }
    }

    /// Loads and stores: what moves, and the address.
    fn memory_a32(&mut self, name: &str, data: &str, parts: &[&str]) {
        let is_status = name.starts_with("strex") || name.starts_with("stlex");
        let kind = match name {
            _ if name.starts_with("swp") => AccessKind::Update,
            _ if name.starts_with("ld") || name.starts_with("pop") => AccessKind::Load,
            _ if name.starts_with("vld") || name.starts_with("vpop") => AccessKind::Load,
            _ => AccessKind::Store,
        };
        self.kind = match kind {
            AccessKind::Load => Kind::LOAD,
            AccessKind::Store => Kind::STORE,
            AccessKind::Update => Kind::LOAD.with(Kind::STORE),
        };
        let stack = ["push", "pop", "vpush", "vpop"].contains(&name);
        let list = parts.iter().position(|part| part.starts_with('{')).unwrap_or(0);
        let multiple = stack || (name.contains("ldm") || name.contains("stm")) && list == 1;
        let brackets = parts.iter().position(|part| part.starts_with('['));
        // What moves.
        let moved: &[&str] = match brackets {
            _ if multiple => &parts[list..],
            Some(at) => &parts[..at],
            None => &parts[..parts.len().saturating_sub(1)],
        };
        let (mut count, mut width) = (0, 4);
        for (index, part) in moved.iter().enumerate() {
            let (found, pc) = registers(part);
            let status = is_status && index == 0;
            let lane = part.contains('[');
            if !status {
                count += found.len() as u32 + u32::from(pc);
            }
            for register in found {
                width = match register {
                    Register::D(_) => 8,
                    Register::Q(_) => 16,
                    _ => 4,
                };
                let (reads, writes) = match kind {
                    AccessKind::Update => (index == 1, index == 0),
                    AccessKind::Load => (lane, true),
                    AccessKind::Store => (!status, status),
                };
                if reads {
                    self.read(register);
                }
                if writes {
                    self.write(register);
                }
            }
        }
        let (element, size) = match data.parse::<u32>() {
            // `vld1.32 {d0[1]}, …`, `vld1.8 {d0, d1}, …`.
            Ok(bits) if moved.first().is_some_and(|part| part.contains('[')) => (bits / 8, bits / 8 * count),
            Ok(bits) => (bits / 8, width * count),
            Err(_) if name.starts_with('v') || multiple => (width, width * count),
            Err(_) => match name {
                _ if name.contains("exd") || name == "ldrd" || name == "strd" => (4, 8),
                _ if name.contains('b') => (1, 1),
                _ if name.ends_with('h') || name.contains("ht") || name.ends_with("sh") => (2, 2),
                _ => (4, 4),
            },
        };
        let (mut base, mut offset, mut index) = (None, 0, None);
        if multiple {
            let name_of_base = if stack { "sp" } else { parts[0].trim_end_matches('!') };
            base = register(name_of_base);
            let down = name.ends_with("db") || name == "push" || name == "vpush";
            offset = match name {
                _ if down => -i64::from(size),
                _ if name.ends_with("da") => 4 - i64::from(size),
                _ if name.ends_with("ib") => 4,
                _ => 0,
            };
            base.iter().for_each(|&base| self.read(base));
            if stack || parts[0].ends_with('!') {
                base.iter().for_each(|&base| self.write(base));
            }
        } else if let Some(at) = brackets {
            let first = parts[at];
            let inside = first[1..].split(']').next().unwrap_or_default();
            let inner: Vec<&str> = inside.split(',').map(str::trim).collect();
            // `[r0:64]` promises an alignment.
            base = register(inner[0].split(':').next().unwrap_or_default());
            base.iter().for_each(|&base| self.read(base));
            if let Some(second) = inner.get(1) {
                match register(second.trim_start_matches('-')) {
                    Some(register) => {
                        self.read(register);
                        index = Some(Index {
                            register,
                            negative: second.starts_with('-'),
                            shift: shift(inner.get(2).copied().unwrap_or_default()),
                        });
                    }
                    None => offset = immediate(second).unwrap_or(0),
                }
            }
            let post = parts.get(at + 1);
            if first.ends_with('!') || post.is_some() {
                base.iter().for_each(|&base| self.write(base));
                post.iter()
                    .for_each(|post| registers(post).0.into_iter().for_each(|register| self.read(register)));
            }
        } else if let Some(target) = parts.last().and_then(|part| immediate(part)) {
            // A literal: the text has been made for address 0, at which R15 reads as 8 or 4.
            offset = target;
        }
        self.address_a32 = Some(Address {
            base,
            offset,
            index,
            size,
            element,
            kind,
        });
    }
}

/// Exclusive and acquiring or releasing accesses.
fn is_exclusive(name: &str) -> bool {
    ["ldrex", "strex", "ldaex", "stlex", "lda", "stl"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// `lsl #2`, `rrx`.
fn shift(text: &str) -> (char, u32) {
    let by = text.split('#').nth(1).and_then(immediate).unwrap_or(0) as u32;
    match text.get(..3) {
        Some("lsr") => ('r', by),
        Some("asr") => ('a', by),
        Some("ror") => ('o', by),
        Some("rrx") => ('x', 1),
        _ => ('l', by),
    }
}

/// The letters of the condition behind the mnemonic.
fn a32_condition(decoded: &Decoded) -> &'static str {
    const NAMES: [&str; 14] = [
        "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le",
    ];
    NAMES.get(usize::from(decoded.cond)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(registers: &[Register]) -> String {
        let names: Vec<String> = registers.iter().map(Register::to_string).collect();
        names.join(" ")
    }

    /// A word of A32 (or of T32, the first halfword in front), reads, writes, and what the access is with R1 = 0x1000, R2 = 0x20, SP = 0x8000
    /// at 0x4000.
    fn check(thumb: bool, word: u32, reads: &str, writes: &str, access: Option<(u64, u32, AccessKind)>) {
        let mut cpu = State::default();
        (cpu.pc, cpu.a32.thumb) = (0x4000, thumb);
        cpu.set_r(1, 0x1000);
        cpu.set_r(2, 0x20);
        cpu.set_r(13, 0x8000);
        let decoded = if thumb {
            t32::decode(word, ItState(0))
        } else {
            a32::decode(word)
        };
        let decoded = decoded.expect("an instruction");
        let shape = Shape::of_a32(&decoded);
        let found = shape
            .access(&cpu)
            .map(|access| (access.address, access.size, access.kind));
        let text = text(decoded, 0x4000);
        let both = (names(&shape.reads), names(&shape.writes));
        assert_eq!(both, (reads.to_owned(), writes.to_owned()), "{text}");
        assert_eq!(found, access, "{text}");
    }

    #[test]
    fn registers_and_addresses() {
        use AccessKind::{Load, Store, Update};
        check(false, 0xe281_0001, "r1", "r0", None); // add r0, r1, #1
        check(false, 0xe151_0002, "r1 r2", "nzcv", None); // cmp r1, r2
        check(false, 0xe0b1_0002, "r1 r2 nzcv", "r0 nzcv", None); // adcs r0, r1, r2
        check(false, 0x0281_0001, "r1 nzcv", "r0", None); // addeq r0, r1, #1
        check(false, 0xe340_0001, "r0", "r0", None); // movt r0, #1
        check(false, 0xe081_2190, "r0 r1", "r2 r1", None); // umull r2, r1, r0, r1
        check(false, 0xe12f_ff1e, "lr", "", None); // bx lr
        check(false, 0xeb00_0000, "", "lr", None); // bl
        check(false, 0xe591_0008, "r1", "r0", Some((0x1008, 4, Load))); // ldr r0, [r1, #8]
        check(false, 0xe781_0102, "r0 r1 r2", "", Some((0x1080, 4, Store))); // str r0, [r1, r2, lsl #2]
        check(false, 0xe711_0002, "r1 r2", "r0", Some((0xfe0, 4, Load))); // ldr r0, [r1, -r2]
        check(false, 0xe4d1_0001, "r1", "r0 r1", Some((0x1000, 1, Load))); // ldrb r0, [r1], #1
        check(false, 0xe1d1_00b2, "r1", "r0", Some((0x1002, 2, Load))); // ldrh r0, [r1, #2]
        check(false, 0xe1c1_40d8, "r1", "r4 r5", Some((0x1008, 8, Load))); // ldrd r4, r5, [r1, #8]
        check(false, 0xe92d_4010, "r4 lr sp", "sp", Some((0x7ff8, 8, Store))); // push {r4, lr}
        check(false, 0xe8bd_8010, "sp", "r4 sp", Some((0x8000, 8, Load))); // pop {r4, pc}
        check(false, 0xe8a1_000c, "r2 r3 r1", "r1", Some((0x1000, 8, Store))); // stm r1!, {r2, r3}
        check(false, 0xe911_000c, "r1", "r2 r3", Some((0xff8, 8, Load))); // ldmdb r1, {r2, r3}
        check(false, 0xe59f_0004, "", "r0", Some((0x400c, 4, Load))); // ldr r0, [pc, #4]
        check(false, 0xe191_0f9f, "r1", "r0", Some((0x1000, 4, Load))); // ldrex r0, [r1]
        check(false, 0xe181_0f92, "r2 r1", "r0", Some((0x1000, 4, Store))); // strex r0, r2, [r1]
        check(false, 0xe101_0092, "r2 r1", "r0", Some((0x1000, 4, Update))); // swp r0, r2, [r1]
        check(false, 0xed91_0b02, "r1", "d0", Some((0x1008, 8, Load))); // vldr d0, [r1, #8]
        check(false, 0xedd1_0a01, "r1", "s1", Some((0x1004, 4, Load))); // vldr s1, [r1, #4]
        check(false, 0xed2d_8b04, "d8 d9 sp", "sp", Some((0x7ff0, 16, Store))); // vpush {d8, d9}
        check(false, 0xf421_0a0d, "r1", "d0 d1 r1", Some((0x1000, 16, Load))); // vld1.8 {d0, d1}, [r1]!
        check(false, 0xf4a1_088f, "d0 r1", "d0", Some((0x1000, 4, Load))); // vld1.32 {d0[1]}, [r1]
        check(false, 0xee31_0b02, "d1 d2", "d0", None); // vadd.f64 d0, d1, d2
        check(false, 0xf312_0154, "q0 q1 q2", "q0", None); // vbsl q0, q1, q2
        check(false, 0xec51_0b12, "d2", "r0 r1", None); // vmov r0, r1, d2
        check(true, 0x1c48_0000, "r1", "r0 nzcv", None); // adds r0, r1, #1
        check(true, 0x4801_0000, "", "r0", Some((0x4008, 4, Load))); // ldr r0, [pc, #4]
        check(true, 0xb510_0000, "r4 lr sp", "sp", Some((0x7ff8, 8, Store))); // push {r4, lr}
        check(true, 0xf851_0c04, "r1", "r0", Some((0xffc, 4, Load))); // ldr r0, [r1, #-4]
    }

    #[test]
    fn kinds() {
        let kind = |word: u32| Shape::of_a32(&a32::decode(word).expect("an instruction")).kind;
        assert!(kind(0xeb00_0000).meets(Kind::CALL));
        assert!(kind(0xe12f_ff1e).meets(Kind::RETURN));
        assert!(kind(0xe8bd_8010).meets(Kind::RETURN) && kind(0xe8bd_8010).meets(Kind::LOAD));
        assert!(kind(0xef00_0000).meets(Kind::SYSCALL));
        assert!(kind(0xee31_0b02).meets(Kind::FP));
        assert!(kind(0xe191_0f9f).meets(Kind::ATOMIC));
        assert_eq!(kind(0xe281_0001), Kind::OTHER);
    }
}
