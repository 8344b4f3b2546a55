//! The report on stderr when a fault of the guest's own ends it: what happened, where, with which registers, and how it came there.

use std::fmt::Write as _;
use std::io::Write as _;

use armlet_cpu::a32;
use armlet_cpu::a64::State;
use armlet_cpu::{Access, Fault, FaultKind, Trap};
use armlet_decoder::a64::{Disassembly, Undecoded, decode};
use armlet_decoder::t32;
use armlet_memory::{Mapping, load};
use armlet_syscall::abi::Abi;

use crate::signal::{self, SigInfo};
use crate::thread::Thread;
use crate::unwind_a32::{LR, Registers, SP, Tables, follows_call};

/// Frames of the backtrace, at most.
const FRAMES: usize = 32;

/// Reports a fault.
pub(crate) fn fault(thread: &Thread, cpu: &State, info: &SigInfo, trap: Trap) {
    let what = match trap {
        Trap::Memory(fault) => memory_fault(&fault),
        Trap::Undefined => match thread.process.program.abi {
            Abi::A64 => undefined(cpu.pc),
            Abi::A32 => undefined_a32(cpu),
        },
        Trap::Breakpoint { imm } => format!("breakpoint ({} #{imm:#x})", abi_name(thread, "brk", "bkpt")),
        Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. } => String::new(),
    };
    let around = match trap {
        Trap::Memory(fault) => surroundings(thread, fault.address),
        _ => String::new(),
    };
    block(thread, cpu, info.signal, &what, &around);
}

/// Reports that there is no stack for the handler of signal `during`, or (0) that `rt_sigreturn` found no valid frame.
pub(crate) fn bad_frame(thread: &Thread, cpu: &State, during: i32) {
    let what = match during {
        0 => "rt_sigreturn found no valid signal frame at sp".to_owned(),
        signal => format!("no room on the stack for the handler of {}", signal::name(signal)),
    };
    let sp = match thread.process.program.abi {
        Abi::A64 => cpu.sp(),
        Abi::A32 => cpu.r(a32::SP).into(),
    };
    block(thread, cpu, libc::SIGSEGV, &what, &surroundings(thread, sp));
}

fn block(thread: &Thread, cpu: &State, signal: i32, what: &str, around: &str) {
    let program = &thread.process.program;
    let abi = program.abi;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "armlet: {}: {}: {what}",
        program.executable.display(),
        signal::name(signal)
    );
    text.push_str(around);
    for line in crate::leading_up::lines(thread, cpu) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(
        text,
        "  at {}: {}",
        place(thread, cpu.pc),
        match abi {
            Abi::A64 => instruction(cpu.pc),
            Abi::A32 => instruction_a32(cpu),
        }
    );
    let frames = match abi {
        Abi::A64 => {
            registers(&mut text, cpu);
            frames(thread, cpu)
        }
        Abi::A32 => {
            registers_a32(&mut text, cpu);
            frames_a32(thread, cpu)
        }
    };
    text.push_str("  backtrace:\n");
    for (index, address) in frames.into_iter().enumerate() {
        let _ = writeln!(text, "    #{index:<2} {}", place(thread, address));
    }
    text.push_str("  (ARMLET_QUIET_FAULTS=1 or --quiet-faults turns this report off)\n");
    // Nothing can be done about a stderr that is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn memory_fault(fault: &Fault) -> String {
    let access = match fault.access {
        Access::Read => "read of",
        Access::Write => "write to",
        Access::Execute => "execution of",
    };
    let why = match fault.kind {
        FaultKind::Unmapped if fault.address < armlet_memory::PAGE_SIZE => "nothing is mapped there (a null pointer)",
        FaultKind::Unmapped => "nothing is mapped there",
        FaultKind::Permission => "the mapping does not permit it",
        FaultKind::BeyondObject => "the mapped file ends before it",
        FaultKind::Alignment => "the address is not aligned as the instruction needs it",
    };
    format!("{access} {:#x}: {why}", fault.address)
}

fn undefined(pc: u64) -> String {
    let Ok(word) = load::<u32>(pc) else {
        return "undefined instruction".to_owned();
    };
    match decode(word) {
        Ok(_) => "an instruction that is undefined for user programs".to_owned(),
        Err(Undecoded::Unallocated) => "not an instruction: the architecture allocates nothing to this word".to_owned(),
        Err(Undecoded::Unimplemented(extension)) => format!(
            "an instruction of the extension {extension:?}, which this processor does not have; \
             HWCAP says so, and `-march=armv8.2-a` builds without it"
        ),
    }
}

/// The mapping around an address, or its neighbours.
fn surroundings(thread: &Thread, address: u64) -> String {
    let mappings = thread.process.space.mappings();
    let line = |relation: &str, mapping: &Mapping| format!("  {relation} {mapping}\n");
    if let Some(mapping) = mappings.iter().find(|mapping| mapping.range().contains(&address)) {
        return line("mapping:       ", mapping);
    }
    let below = mappings.iter().rfind(|mapping| mapping.end <= address);
    let above = mappings.iter().find(|mapping| mapping.start > address);
    let below = below.map(|mapping| line("mapping below: ", mapping));
    let above = above.map(|mapping| line("mapping above: ", mapping));
    below.into_iter().chain(above).collect()
}

fn abi_name<'a>(thread: &Thread, a64: &'a str, a32: &'a str) -> &'a str {
    match thread.process.program.abi {
        Abi::A64 => a64,
        Abi::A32 => a32,
    }
}

/// An address with the function that it is in.
fn place(thread: &Thread, address: u64) -> String {
    match thread.process.program.loaded.symbolize(address) {
        Some((name, offset, _)) => format!("{address:#014x} {name}+{offset:#x}"),
        None => format!("{address:#014x}"),
    }
}

fn instruction(pc: u64) -> String {
    let Ok(word) = load::<u32>(pc) else {
        return "no instruction can be read there".to_owned();
    };
    match decode(word) {
        Ok(insn) => format!("{word:08x}  {}", Disassembly { insn, pc }),
        Err(_) => format!("{word:08x}"),
    }
}

fn registers(text: &mut String, cpu: &State) {
    for n in 0..31 {
        let separator = if n % 4 == 3 { '\n' } else { ' ' };
        let _ = write!(text, "  x{n:<2} {:016x}{separator}", cpu.x(n));
    }
    let _ = writeln!(text, "  sp  {:016x}", cpu.sp());
    let flag = |set: bool, name: char| if set { name.to_ascii_uppercase() } else { name };
    let flags = cpu.flags;
    let nzcv: String = [(flags.n, 'n'), (flags.z, 'z'), (flags.c, 'c'), (flags.v, 'v')]
        .map(|(set, name)| flag(set, name))
        .iter()
        .collect();
    let _ = writeln!(
        text,
        "  pc  {:016x}   nzcv {nzcv}   fpcr {:08x}   fpsr {:08x}   tpidr {:016x}",
        cpu.pc, cpu.fpcr, cpu.fpsr, cpu.tpidr
    );
}

/// The instruction at the PC of an AArch32 thread, and its bytes as the manual writes them.
fn decode_a32(
    cpu: &State,
) -> Option<(
    Result<armlet_decoder::a32::Decoded, armlet_decoder::a32::Undecoded>,
    String,
)> {
    let place = armlet_interpreter::a32::Place::new(cpu.pc as u32, cpu.a32.thumb);
    crate::names::decode_at(place, t32::ItState(cpu.a32.itstate))
}

fn instruction_a32(cpu: &State) -> String {
    let state = if cpu.a32.thumb { "T32" } else { "A32" };
    match decode_a32(cpu) {
        None => "no instruction can be read there".to_owned(),
        Some((Ok(decoded), bytes)) => {
            let text = armlet_decoder::a32::Disassembly {
                decoded,
                pc: cpu.pc as u32,
            };
            format!("{bytes}  {text}  ({state})")
        }
        Some((Err(_), bytes)) => format!("{bytes}  ({state})"),
    }
}

fn undefined_a32(cpu: &State) -> String {
    use armlet_decoder::a32::Undecoded;
    let model = cpu.a32.model;
    match decode_a32(cpu) {
        None => "undefined instruction".to_owned(),
        Some((Err(Undecoded::Unallocated), _)) => {
            "not an instruction: the architecture allocates nothing to these bytes".to_owned()
        }
        Some((Err(Undecoded::Unimplemented(extension)), _)) => {
            format!("an instruction of the extension {extension:?}, which this processor does not have")
        }
        Some((Ok(decoded), _)) if !armlet_interpreter::a32::has(model, decoded.row.feature) => format!(
            "an instruction of the extension {:?}, which the processor {} does not have; try another --cpu",
            decoded.row.feature,
            model.name()
        ),
        Some((Ok(_), _)) => "an instruction that is undefined for user programs".to_owned(),
    }
}

fn registers_a32(text: &mut String, cpu: &State) {
    const NAMES: [&str; 15] = [
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr",
    ];
    for (n, name) in (0..).zip(NAMES) {
        let separator = if n % 4 == 3 { '\n' } else { ' ' };
        let _ = write!(text, "  {name:<3} {:08x}{separator}", cpu.r(n));
    }
    let _ = writeln!(text, "  pc  {:08x}", cpu.pc as u32);
    let flag = |set: bool, name: char| if set { name.to_ascii_uppercase() } else { name };
    let flags = cpu.flags;
    let nzcv: String = [
        (flags.n, 'n'),
        (flags.z, 'z'),
        (flags.c, 'c'),
        (flags.v, 'v'),
        (cpu.a32.q, 'q'),
    ]
    .map(|(set, name)| flag(set, name))
    .iter()
    .collect();
    let _ = writeln!(
        text,
        "  cpsr {:08x} ({nzcv}, {})   tpidruro {:08x}",
        cpu.cpsr(),
        if cpu.a32.thumb { "T32" } else { "A32" },
        cpu.tpidr as u32
    );
}

/// Return addresses of an AArch32 thread: by the tables that its code has for exceptions; where these end early, the link register, and what
/// looks like a return address on the stack.
fn frames_a32(thread: &Thread, cpu: &State) -> Vec<u64> {
    /// Words of the stack that are looked at.
    const WORDS: u32 = 1024;
    let mut frames = vec![cpu.pc];
    let mut registers = Registers::UNKNOWN;
    for n in 0..15 {
        registers.set(n, cpu.r(n));
    }
    registers.set(15, cpu.pc as u32 | u32::from(cpu.a32.thumb));
    let all = Tables::of(&thread.process.space).walk(&mut registers, |address| {
        frames.push(u64::from(address & !1));
        frames.len() < FRAMES
    });
    if all {
        return frames;
    }
    let mut add = |address: u32| {
        let known = thread.process.space.executable(u64::from(address & !1)).is_ok();
        let address = u64::from(address & !1);
        if known && follows_call(address as u32) && frames.last() != Some(&address) {
            frames.push(address);
        }
        frames.len() < FRAMES
    };
    if registers.get(LR).is_none_or(&mut add) {
        let sp = registers.get(SP).unwrap_or_default();
        for index in 0..WORDS {
            match load::<u32>(u64::from(sp) + 4 * u64::from(index)) {
                Ok(word) if add(word) => {}
                _ => break,
            }
        }
    }
    frames
}

/// Return addresses by the chain of frame records, which only goes upwards.
fn frames(thread: &Thread, cpu: &State) -> Vec<u64> {
    let mut frames = vec![cpu.pc];
    let function = |address: u64| thread.process.program.loaded.symbolize(address).map(|(name, ..)| name);
    let mut record = cpu.x(29);
    let saved = load::<u64>(record.wrapping_add(8)).ok();
    // A function that calls nothing has no record of its own: its caller is in x30.
    let link = cpu.x(30);
    if Some(link) != saved && thread.process.space.executable(link).is_ok() && function(link) != function(cpu.pc) {
        frames.push(link);
    }
    while frames.len() < FRAMES && record != 0 && record.is_multiple_of(8) {
        let (Ok(next), Ok(address)) = (load::<u64>(record), load::<u64>(record.wrapping_add(8))) else {
            break;
        };
        if address == 0 {
            break;
        }
        frames.push(address);
        if next <= record {
            break;
        }
        record = next;
    }
    frames
}
