//! `armlet explain`: an instruction through all layers: bits, manual, meaning, interpreter, operations, x86-64.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use armlet_cpu::a32_features::Model;
use armlet_decoder::a64::{ROWS, Row, decode, mnemonics};
use armlet_decoder::{a32, t32};
use armlet_interpreter::a32::{Place, source as a32_source};
use armlet_interpreter::a64::source;
use armlet_jit::{Listing, Registers};
use armlet_loader::elf::FileSource;
use armlet_loader::sections::Section;
use armlet_loader::{Content, Elf, Symbols, sections};

use crate::args::{ExplainArgs, Isa};
use crate::explain::{self, Explained, bits, host};
use crate::style::Style;

/// Where a single word is taken to be.
const PC: u64 = 0x1_0000;

/// Explains each argument.
pub fn run(arguments: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let style = Style::stdout(arguments.color);
    let mut out = String::new();
    for (index, what) in arguments.what.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if let Some(digits) = what.strip_prefix("0x") {
            let word = u32::from_str_radix(digits, 16)
                .with_context(|| format!("{what}: give a word of 32 bits, such as 0xab020020"))?;
            match arguments.isa {
                Isa::A64 => word_in_full(&mut out, word, style),
                isa => aarch32_word(&mut out, word, isa, style),
            }
        } else if let Some((file, symbol)) = what.rsplit_once(':') {
            function(&mut out, Path::new(file), symbol, style)?;
        } else {
            match arguments.isa {
                Isa::A64 => mnemonic(&mut out, what, style)?,
                isa => aarch32_mnemonic(&mut out, what, isa, style)?,
            }
        }
    }
    io::stdout().write_all(out.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// One instruction with everything that is known of it.
fn word_in_full(out: &mut String, word: u32, style: Style) {
    let explained = match explain::word(word, PC) {
        Ok(explained) => explained,
        Err(undecoded) => {
            let _ = writeln!(out, "0x{word:08x}  {}", explain::undecoded_text(undecoded));
            return;
        }
    };
    let _ = writeln!(out, "0x{word:08x}  {}\n", style.bold(&explained.text));
    out.push_str(&bits::drawn(&explained.fields, style));
    out.push('\n');
    tables(out, &explained, style);
    let _ = writeln!(out, "\n{}", style.bold("interpreter"));
    interpreter(out, explained.row, style);
    let code = |address: u64| match address {
        PC => Ok(word),
        _ => Err(unmapped(address)),
    };
    if let Ok(listing) = armlet_jit::listing(PC, &mut { code }) {
        layers(out, &listing, &format!("jump {:#x}", PC + 4), style);
    }
}

fn host_line(out: &mut String, listing: &Listing, line: &host::Line, style: Style) {
    let bytes = &listing.bytes[line.offset..line.offset + line.length];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let _ = writeln!(out, "  {:<32} {}", line.text, style.dim(hex));
}

/// Which host register stands for which guest register.
pub fn registers(listing: &Listing) -> String {
    const HOST: [&str; 16] = [
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    ];
    let one = |registers: &Registers| {
        let x = registers.x.iter().map(|&(guest, host)| {
            let guest = if guest == 32 {
                "sp".to_owned()
            } else {
                format!("x{guest}")
            };
            format!("{guest}={}", HOST[usize::from(host & 15)])
        });
        let v = registers.v.iter().map(|&(guest, host)| format!("v{guest}=xmm{host}"));
        x.chain(v).collect::<Vec<String>>().join(" ")
    };
    let texts = listing.mappings.iter().enumerate().map(|(index, (block, registers))| {
        let registers = one(registers);
        if index == 0 {
            registers
        } else {
            format!("from {block:#x} on, in places, {registers}")
        }
    });
    format!("{}; others at [rbp+offset]", texts.collect::<Vec<_>>().join("; "))
}

/// What the tables say: manual, feature, effect, registers, operands.
fn tables(out: &mut String, explained: &Explained, style: Style) {
    let row = explained.row;
    let mut line = |title: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {} {text}", style.dim(format_args!("{title:<9}")));
        }
    };
    line("manual", &format!("{} {} (DDI 0487)", row.section, row.title));
    line("feature", &format!("{:?}", row.feature));
    if let Some(meaning) = &explained.meaning {
        line("effect", &meaning.effect);
        line("", "");
        line("meaning", meaning.sentence);
        line("reads", &meaning.reads.join(", "));
        line("writes", &meaning.writes.join(", "));
    }
    let operands = explained.operands.iter().map(|(name, value)| format!("{name}={value}"));
    line("operands", &operands.collect::<Vec<_>>().join(" "));
    line("row", &format!("{} ({}.isa)  {}", row.name, row.file, row.pattern));
}

/// The interpreter's function, with what it calls.
fn interpreter(out: &mut String, row: &Row, style: Style) {
    pieces(out, "a64", &source::of(row.file, row.name), style);
}

/// Pieces of the interpreter's source.
fn pieces(out: &mut String, folder: &str, pieces: &[source::Piece], style: Style) {
    for piece in pieces {
        let place = format!("crates/interpreter/src/{folder}/{}.rs:{}", piece.file, piece.line);
        let _ = writeln!(out, "  {}", style.dim(place));
        for line in piece.text.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
}

/// As [`word_in_full`], for AArch32.
fn aarch32_word(out: &mut String, word: u32, isa: Isa, style: Style) {
    let short = isa == Isa::T32 && word < 0x1_0000;
    let shifted = if short { word << 16 } else { word };
    let decoded = match isa {
        Isa::T32 => t32::decode(shifted, t32::ItState::default()),
        _ => a32::decode(word),
    };
    let shown = if short {
        format!("0x{word:04x}")
    } else {
        format!("0x{word:08x}")
    };
    let decoded = match decoded {
        Ok(decoded) => decoded,
        Err(a32::Undecoded::Unallocated) => {
            let _ = writeln!(out, "{shown}  unallocated: not an instruction of the architecture");
            return;
        }
        Err(a32::Undecoded::Unimplemented(extension)) => {
            let _ = writeln!(
                out,
                "{shown}  an instruction of {extension:?}, an extension that armlet does not implement"
            );
            return;
        }
    };
    let pc = PC as u32;
    let _ = writeln!(out, "{shown}  {}\n", style.bold(a32::Disassembly { decoded, pc }));
    let row = decoded.row;
    let half = decoded.len == 2;
    let pattern = aarch32_pattern(row, isa);
    let value = if half { decoded.word >> 16 } else { decoded.word };
    out.push_str(&bits::drawn(&bits::fields(&pattern, value, aarch32_fields(row)), style));
    out.push('\n');
    let mut line = |title: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {} {text}", style.dim(format_args!("{title:<9}")));
        }
    };
    line("manual", &format!("{} {} (DDI 0487)", row.section, row.title));
    line("feature", &format!("{:?}", row.feature));
    if let Some(meaning) = explain::meaning::of_a32(&decoded) {
        line("effect", &meaning.effect);
        line("meaning", meaning.sentence);
        line("reads", &meaning.reads.join(", "));
        line("writes", &meaning.writes.join(", "));
    }
    let operands = explain::operands(&format!("{:?}", decoded.insn));
    let operands = operands.iter().map(|(name, value)| format!("{name}={value}"));
    line("operands", &operands.collect::<Vec<_>>().join(" "));
    line("row", &format!("{} ({}.isa)  {pattern}", row.name, row.file));
    let own = decoded.insn.row();
    let _ = writeln!(out, "\n{}", style.bold("interpreter"));
    pieces(out, "a32", &a32_source::of(own.file, own.name), style);
    let place = Place::new(PC as u32, isa == Isa::T32);
    let halves = match (isa, half) {
        (Isa::T32, true) => [decoded.word >> 16, 0],
        (Isa::T32, false) => [decoded.word >> 16, decoded.word & 0xffff],
        _ => [decoded.word & 0xffff, decoded.word >> 16],
    };
    let code = |address: u64| match address.checked_sub(PC) {
        Some(0) => Ok(halves[0] as u16),
        Some(2) if !half => Ok(halves[1] as u16),
        _ => Err(unmapped(address)),
    };
    if let Ok(listing) = armlet_jit::listing_a32(place, Model::Max, &mut { code }) {
        let next = place.plus(decoded.len.into()).0;
        layers(out, &listing, &format!("jump {next:#x}"), style);
        let _ = writeln!(out, "  {}", style.dim("(x0 to x14 stand for r0 to r12, sp and lr)"));
    }
}

/// The operands that are made of the fields of a row of A32 or T32.
fn aarch32_fields(row: &a32::Row) -> &'static [(char, &'static str)] {
    match t32::fields(row.name) {
        [] => a32::fields(row.name),
        own => own,
    }
}

/// Whether T32 has a row of A32 as it is: a coprocessor, VFP or Advanced SIMD instruction.
fn in_t32(row: &a32::Row) -> bool {
    let coprocessor = ["cccc110", "cccc1110", "1111110", "11111110"];
    let vector = ["1111001", "11110100"];
    coprocessor
        .iter()
        .chain(&vector)
        .any(|start| row.pattern.starts_with(start))
}

/// A row's pattern as it stands in words of an instruction set. T32 has coprocessor, VFP and Advanced SIMD instructions
/// as A32 has them, but for the first byte.
fn aarch32_pattern(row: &a32::Row, isa: Isa) -> String {
    let pattern = row.pattern;
    if isa != Isa::T32 || row.name.contains('.') {
        // (Of 16 bits, the pattern is the first halfword.)
        let half = isa == Isa::T32 && pattern.ends_with(&".".repeat(16));
        return pattern[..if half { 16 } else { 32 }].to_owned();
    }
    match (pattern.get(..7), pattern.get(..8), pattern.get(8..)) {
        (Some("1111001"), _, Some(rest)) => format!("111{}1111{rest}", &pattern[7..8]),
        (_, Some("11110100"), Some(rest)) => format!("11111001{rest}"),
        _ if pattern.starts_with("cccc") => format!("1110{}", &pattern[4..]),
        _ => pattern.to_owned(),
    }
}

/// The first instruction of a listing: operations and host code. Behind a single word there is nothing: the way on is no part of it.
fn layers(out: &mut String, listing: &Listing, on: &str, style: Style) {
    let Some(listed) = listing.instructions.first() else {
        return;
    };
    let _ = writeln!(out, "\n{}", style.bold("operations of the translator"));
    for op in listed.ops.iter().filter(|op| *op != on) {
        let _ = writeln!(out, "  {op}");
    }
    let _ = writeln!(out, "\n{}", style.bold("x86-64"));
    let lines = host::disassemble(&listing.bytes, listing.at, &listing.names);
    for line in lines.iter().filter(|line| listed.host.contains(&line.offset)) {
        host_line(out, listing, line, style);
    }
    let _ = writeln!(out, "  {}", style.dim(registers(listing)));
}

/// As [`mnemonic`], for AArch32.
fn aarch32_mnemonic(out: &mut String, name: &str, isa: Isa, style: Style) -> anyhow::Result<()> {
    let name = name.to_ascii_lowercase();
    let rows: Vec<&a32::Row> = match isa {
        Isa::T32 => t32::ROWS
            .iter()
            .chain(a32::ROWS.iter().filter(|row| in_t32(row)))
            .collect(),
        _ => a32::ROWS.iter().collect(),
    };
    // A row of Thumb is an encoding of one of A32's.
    let base = |row: &a32::Row| row.name.split('.').next().unwrap_or(row.name);
    let called =
        |row: &&&a32::Row| row.name == name || base(row) == name || a32::mnemonics(base(row)).contains(&&*name);
    let found: Vec<&a32::Row> = rows.iter().filter(called).copied().collect();
    if found.is_empty() {
        bail!("{name}: no instruction word (0x…), mnemonic or row of that instruction set");
    }
    for (index, row) in found.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "{}  {} {}", style.bold(row.name), row.section, row.title);
        let half = aarch32_pattern(row, isa);
        let value = if half.len() == 16 { row.value >> 16 } else { row.value };
        let fields = bits::fields(&half, value, aarch32_fields(row));
        out.push_str(&pattern(&fields, style));
        let mut line = |title: &str, text: &str| {
            let _ = writeln!(out, "  {} {text}", style.dim(format_args!("{title:<9}")));
        };
        line("feature", &format!("{:?}", row.feature));
        if let Some((effect, sentence)) = explain::meaning::of_a32_row(row.name) {
            line("effect", effect);
            line("meaning", sentence);
        }
        let words = a32::mnemonics(base(row));
        if words.len() > 1 {
            line("written", &words.join(", "));
        }
        if let [row] = found[..] {
            let _ = writeln!(out, "\n{}", style.bold("interpreter"));
            let own = a32::ROWS.iter().find(|own| own.name == base(row)).unwrap_or(row);
            pieces(out, "a32", &a32_source::of(own.file, own.name), style);
        }
    }
    Ok(())
}

/// All rows of a mnemonic, or the row of that name.
fn mnemonic(out: &mut String, name: &str, style: Style) -> anyhow::Result<()> {
    let name = name.to_ascii_lowercase();
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|row| row.name == name || mnemonics(row.name).contains(&&*name))
        .collect();
    if rows.is_empty() {
        bail!(
            "{name}: no instruction word (0x…), mnemonic (add) or row (add_imm) of A64; \
             for a function of a program, give FILE:SYMBOL"
        );
    }
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "{}  {} {}", style.bold(row.name), row.section, row.title);
        let fields = bits::fields(row.pattern, row.value, armlet_decoder::a64::fields(row.name));
        out.push_str(&pattern(&fields, style));
        let mut line = |title: &str, text: &str| {
            let _ = writeln!(out, "  {} {text}", style.dim(format_args!("{title:<9}")));
        };
        line("feature", &format!("{:?}", row.feature));
        if let Some(meaning) = explain::meaning::of(row.name, &[]) {
            line("effect", &meaning.effect);
            line("meaning", meaning.sentence);
        }
        let words = mnemonics(row.name);
        if words.len() > 1 {
            line("written", &words.join(", "));
        }
        if let [row] = rows[..] {
            let _ = writeln!(out, "\n{}", style.bold("interpreter"));
            interpreter(out, row, style);
        }
    }
    Ok(())
}

/// As [`bits::drawn`], with dots where a word would have bits.
fn pattern(fields: &[bits::Field], style: Style) -> String {
    let text = bits::drawn(fields, style);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(line) = lines.get_mut(1) {
        let mut digits = fields.iter().map(|field| match field.name {
            Some(_) => ".".repeat((field.high - field.low + 1) as usize),
            None => field.digits(),
        });
        let mut rest = line.as_str();
        let mut drawn = String::new();
        // Field by field: what stands between two runs of digits is kept.
        for field in fields {
            let bits = field.digits();
            let Some(at) = rest.find(&bits) else { break };
            drawn += &rest[..at];
            drawn += &digits.next().unwrap_or_default();
            rest = &rest[at + bits.len()..];
        }
        *line = drawn + rest;
    }
    lines.join("\n") + "\n"
}

/// The instructions of a function: text, operations, host code.
fn function(out: &mut String, path: &Path, name: &str, style: Style) -> anyhow::Result<()> {
    let file = super::open(path)?;
    let source = FileSource::new(&file)?;
    let elf = Elf::parse(&source).with_context(|| path.display().to_string())?;
    let symbols = Symbols::read(&source);
    let address = name
        .strip_prefix("0x")
        .and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let named = symbols.iter().find(|(known, ..)| *known == name);
    let Some((start, size)) = named
        .map(|(_, start, size)| (start, size))
        .or(address.map(|at| (at, 0)))
    else {
        let alike: Vec<&str> = symbols
            .iter()
            .map(|(known, ..)| known)
            .filter(|known| known.contains(name))
            .take(5)
            .collect();
        let hint = if alike.is_empty() {
            "; give an address (0x…), which `armlet disasm` shows".to_owned()
        } else {
            format!("; there are {}", alike.join(", "))
        };
        bail!("{}: no function is called {name}{hint}", path.display());
    };
    let sections = sections::executable(&source)?;
    let code = |address: u64| {
        let found = sections.iter().find_map(|section| {
            let offset = usize::try_from(address.checked_sub(section.address)?).ok()?;
            let bytes = section.bytes.get(offset..offset + 4)?;
            Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        });
        found.ok_or(unmapped(address))
    };
    let _ = writeln!(out, "{} in {}", style.bold(name), path.display());
    if elf.is_32 {
        let next = symbols
            .iter()
            .map(|(_, address, _)| address)
            .find(|&address| address > start);
        let end = match size {
            0 => next.unwrap_or(u64::MAX),
            size => start + size,
        };
        let thumb = match symbols.content(start) {
            Some(content) => content == Content::T32,
            None => elf.entry & 1 != 0,
        };
        return function_a32(out, &sections, start | u64::from(thumb)..end, style);
    }
    // A region need not have all of a function: what a call or a jump through a register comes back to, or leads to, may be in another.
    let mut listing = region(start, code)?;
    // Without a size, it goes on to the next function, as far as the region does.
    let last = listing
        .instructions
        .iter()
        .map(|listed| listed.pc)
        .max()
        .unwrap_or(start);
    let next = symbols
        .iter()
        .map(|(_, address, _)| address)
        .find(|&address| address > start);
    let end = match size {
        0 => next.map_or(last + 4, |next| next.min(last + 4)),
        size => start + size,
    };
    let mut pc = start;
    while pc < end {
        let Ok(word) = code(pc) else { break };
        if !listing.instructions.iter().any(|listed| listed.pc == pc) && decode(word).is_ok() {
            listing = region(pc, code)?;
        }
        let text = match explain::word(word, pc) {
            Ok(explained) => {
                let row = style.dim(explained.row.name);
                format!("{}  {row}", style.bold(format_args!("{:<36}", explained.text)))
            }
            Err(_) => format!(".inst {word:#010x}"),
        };
        let _ = writeln!(out, "\n{pc:8x}:  {word:08x}  {text}");
        if let Some(listed) = listing.instructions.iter().find(|listed| listed.pc == pc) {
            for op in &listed.ops {
                let _ = writeln!(out, "    {}", style.field(0, op));
            }
            let lines = host::disassemble(&listing.bytes, listing.at, &listing.names);
            for line in lines.iter().filter(|line| listed.host.contains(&line.offset)) {
                let _ = writeln!(out, "        {}", style.field(1, &line.text));
            }
        }
        pc += 4;
    }
    Ok(())
}

/// The instructions of an AArch32 function, which starts with the Thumb bit in its address.
fn function_a32(out: &mut String, sections: &[Section], range: Range<u64>, style: Style) -> anyhow::Result<()> {
    let half = |address: u64| {
        let found = sections.iter().find_map(|section| {
            let offset = usize::try_from(address.checked_sub(section.address)?).ok()?;
            let bytes = section.bytes.get(offset..offset + 2)?;
            Some(u16::from_le_bytes([bytes[0], bytes[1]]))
        });
        found.ok_or(unmapped(address))
    };
    let region = |place: Place| {
        armlet_jit::listing_a32(place, Model::Max, &mut { half })
            .map_err(|_| anyhow::anyhow!("no code stands at {:#x}", place.address()))
    };
    let mut place = Place(range.start as u32);
    let mut listing = region(place)?;
    let last = listing.instructions.iter().map(|listed| listed.pc).max();
    // Without a size, it goes on to the next function, as far as the region does.
    let end = if range.end == u64::MAX {
        last.map_or(0, |last| last + 1)
    } else {
        range.end
    };
    let mut it = t32::ItState::default();
    while u64::from(place.address()) < end {
        let pc = u64::from(place.address());
        let Ok(first) = half(pc) else { break };
        let (length, bytes, decoded) = if !place.thumb() {
            let Ok(second) = half(pc + 2) else { break };
            let word = u32::from(first) | u32::from(second) << 16;
            (4, format!("{word:08x}"), a32::decode(word))
        } else if t32::length(first) == 2 {
            (2, format!("{first:04x}"), t32::decode(u32::from(first) << 16, it))
        } else {
            let Ok(second) = half(pc + 2) else { break };
            let word = u32::from(first) << 16 | u32::from(second);
            (4, format!("{first:04x} {second:04x}"), t32::decode(word, it))
        };
        if place.thumb() {
            it = match &decoded {
                Ok(a32::Decoded {
                    insn: a32::Insn::It(block),
                    ..
                }) => t32::ItState(block.firstcond << 4 | block.mask),
                _ => it.advanced(),
            };
        }
        let known = listing.instructions.iter().any(|listed| listed.pc == pc);
        if !known && decoded.is_ok() && !it.in_block() {
            listing = region(place)?;
        }
        let text = match decoded {
            Ok(decoded) => {
                let row = style.dim(decoded.row.name);
                let text = a32::Disassembly { decoded, pc: pc as u32 }.to_string();
                format!("{}  {row}", style.bold(format_args!("{text:<36}")))
            }
            Err(_) => format!(".inst {bytes}"),
        };
        let _ = writeln!(out, "\n{pc:8x}:  {bytes:<9}  {text}");
        if let Some(listed) = listing.instructions.iter().find(|listed| listed.pc == pc) {
            for op in &listed.ops {
                let _ = writeln!(out, "    {}", style.field(0, op));
            }
            let lines = host::disassemble(&listing.bytes, listing.at, &listing.names);
            for line in lines.iter().filter(|line| listed.host.contains(&line.offset)) {
                let _ = writeln!(out, "        {}", style.field(1, &line.text));
            }
        }
        place = place.plus(length);
    }
    Ok(())
}

fn region(pc: u64, code: impl Fn(u64) -> Result<u32, armlet_cpu::Fault>) -> anyhow::Result<Listing> {
    armlet_jit::listing(pc, &mut { code }).map_err(|_| anyhow::anyhow!("no code stands at {pc:#x}"))
}

fn unmapped(address: u64) -> armlet_cpu::Fault {
    armlet_cpu::Fault {
        address,
        access: armlet_cpu::Access::Execute,
        kind: armlet_cpu::FaultKind::Unmapped,
    }
}
