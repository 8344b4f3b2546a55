//! `armlet report`: runs a program and writes one self-contained page about the run.
//!
//! - `page.rs`: the page; `charts.rs`: its bars and its time line; its style and its script are `report.css` and `report.js`.

mod charts;
mod page;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use armlet_cpu::a32_features::Model;
use armlet_cpu::{Access, Fault, FaultKind};
use armlet_decoder::{a32, t32};
use armlet_interpreter::a32::Place;
use armlet_jit::Listing;
use armlet_observe::Stats;
use armlet_observe::stats::Block;

use super::bench::Scratch;
use crate::args::ReportArgs;
use crate::explain::{self, host};
use crate::words::{Personality, without};
use crate::{INTERNAL_ERROR, USAGE, complain};

/// Blocks that are shown with their code.
const SHOWN: usize = 24;

/// A hot block through its layers.
pub struct Layers {
    /// The block.
    pub block: Block,
    /// Its instructions.
    pub insns: Vec<Line>,
    /// Which host register stands for which of the guest's.
    pub registers: String,
}

/// One guest instruction.
#[derive(Default)]
pub struct Line {
    /// Its address.
    pub pc: u64,
    /// Its bytes, as the manual writes them.
    pub word: String,
    /// Its assembler text.
    pub text: String,
    /// What it does, for the tooltip.
    pub effect: String,
    /// The translator's operations.
    pub ir: Vec<String>,
    /// Host code.
    pub host: Vec<String>,
}

/// `armlet report`.
pub fn run(arguments: &ReportArgs, program: &[OsString], own_words: &[OsString], personality: Personality) -> ExitCode {
    if program.is_empty() || personality == Personality::Qemu {
        return complain(&"report: no program is given", USAGE.into());
    }
    if arguments.flags.stats.is_some() || arguments.flags.stats_json.is_some() || arguments.flags.gdb.is_some() {
        return complain(&"report: --stats, --stats-json and -g do not go with it", USAGE.into());
    }
    match report(arguments, &without(own_words, 'o', "output"), program) {
        Ok(code) => code,
        Err(error) => complain(&format_args!("{error:#}"), INTERNAL_ERROR.into()),
    }
}

fn report(arguments: &ReportArgs, own_words: &[OsString], program: &[OsString]) -> anyhow::Result<ExitCode> {
    use anyhow::Context as _;

    // Before the program runs, which may take long.
    let page = &arguments.output;
    fs::write(page, "").with_context(|| format!("{}: cannot be written", page.display()))?;
    let scratch = Scratch::new()?;
    let (file, seen) = statistics_file(arguments.flags.rootfs.as_deref(), &scratch)?;
    let armlet = std::env::current_exe().context("armlet's own file is not known")?;
    let child = Command::new(&armlet)
        .arg("run")
        .args(own_words)
        .arg("--")
        .args(program)
        .env("ARMLET_STATS_JSON", &seen)
        .spawn();
    let mut child = child.context("armlet cannot be started")?;
    let status = child.wait().context("the program's end cannot be waited for")?;
    let text = fs::read_to_string(&file).unwrap_or_default();
    if arguments.flags.rootfs.is_some() {
        let _ = fs::remove_file(&file);
    }
    let all: Vec<Stats> = text.lines().filter_map(|line| Stats::from_json(line).ok()).collect();
    // The process may have become another program by execve: the one that took longest is shown.
    let own = all.iter().filter(|stats| stats.pid == child.id());
    let shown = own.max_by_key(|stats| stats.elapsed).or(all.first());
    let code = status
        .code()
        .or(status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    let Some(stats) = shown else {
        let _ = fs::remove_file(page);
        // Why a program was not started has been said by the armlet that was to run it.
        if !matches!(code, 2 | 125..=127) {
            eprintln!("armlet: there is no report: the program left no statistics; with --isolate, it cannot");
        }
        return Ok(ExitCode::from(code as u8));
    };
    let layers: Vec<Layers> = layers(stats, arguments.flags.cpu);
    let others: Vec<&Stats> = all.iter().filter(|other| !std::ptr::eq(*other, stats)).collect();
    fs::write(page, page::page(stats, &layers, &others))
        .with_context(|| format!("{}: cannot be written", page.display()))?;
    eprintln!("armlet: the report is {}: open it in a browser", page.display());
    if let Some(signal) = status.signal() {
        drop(scratch);
        armlet_runtime::end_by_signal(signal);
    }
    Ok(ExitCode::from(code as u8))
}

/// Where the statistics go, as it is called here and below the program's own root directory.
fn statistics_file(rootfs: Option<&Path>, scratch: &Scratch) -> anyhow::Result<(PathBuf, PathBuf)> {
    use anyhow::Context as _;

    let Some(root) = rootfs else {
        let file = scratch.0.join("stats");
        return Ok((file.clone(), file));
    };
    let name = format!("tmp/armlet-report-{}", std::process::id());
    let file = root.join(&name);
    let made = fs::File::options().write(true).create_new(true).open(&file);
    made.with_context(|| {
        format!(
            "{}: a report of a program with --rootfs needs a directory tmp in it",
            file.display()
        )
    })?;
    Ok((file, Path::new("/").join(name)))
}

/// The hottest blocks with their code.
fn layers(stats: &Stats, model: Model) -> Vec<Layers> {
    let mut code: BTreeMap<u64, u8> = BTreeMap::new();
    for block in &stats.hot_blocks {
        code.extend((block.pc..).zip(bytes(block)));
    }
    let mut regions: BTreeMap<u64, Option<Listing>> = BTreeMap::new();
    let shown = stats.hot_blocks.iter().take(SHOWN);
    let one = |block: &Block| {
        let listed = |listing: &Option<Listing>| {
            let known = |listing: &Listing| listing.instructions.iter().any(|listed| listed.pc == block.pc);
            listing.as_ref().is_some_and(known)
        };
        // As it was translated, with the rest of its region as far as that is hot too; else alone.
        let region = regions
            .entry(block.region)
            .or_insert_with(|| list(block, block.region, &code, model));
        let alone;
        let listing = if listed(region) {
            &*region
        } else {
            alone = list(block, block.pc, &code, model);
            &alone
        };
        Layers {
            insns: lines(block, listing.as_ref()),
            registers: listing.as_ref().map(super::explain::registers).unwrap_or_default(),
            block: block.clone(),
        }
    };
    shown.map(one).collect()
}

fn bytes(block: &Block) -> Vec<u8> {
    let digits = block.code.as_bytes().chunks_exact(2);
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    digits.map_while(byte).collect()
}

/// The translation of what is known of a region.
fn list(block: &Block, entry: u64, code: &BTreeMap<u64, u8>, model: Model) -> Option<Listing> {
    let byte = |address: u64| {
        code.get(&address).copied().ok_or(Fault {
            address,
            access: Access::Execute,
            kind: FaultKind::Unmapped,
        })
    };
    let half = |address: u64| Ok::<u16, Fault>(u16::from_le_bytes([byte(address)?, byte(address + 1)?]));
    let word = |address: u64| Ok::<u32, Fault>(u32::from(half(address)?) | u32::from(half(address + 2)?) << 16);
    match &*block.isa {
        "a64" => armlet_jit::listing(entry, &mut { word }).ok(),
        isa => armlet_jit::listing_a32(Place::new(entry as u32, isa == "t32"), model, &mut { half }).ok(),
    }
}

fn lines(block: &Block, listing: Option<&Listing>) -> Vec<Line> {
    let host = listing.map(|listing| host::disassemble(&listing.bytes, listing.at, &listing.names));
    let host = host.unwrap_or_default();
    let mut lines = guest_lines(block);
    for line in &mut lines {
        let listed = listing.and_then(|listing| listing.instructions.iter().find(|listed| listed.pc == line.pc));
        if let Some(listed) = listed {
            line.ir = listed.ops.clone();
            let own = host.iter().filter(|other| listed.host.contains(&other.offset));
            line.host = own.map(|line| line.text.clone()).collect();
        }
    }
    lines
}

/// The block's instructions, without what became of them.
fn guest_lines(block: &Block) -> Vec<Line> {
    let code = bytes(block);
    let half = |at: usize| Some(u16::from_le_bytes([*code.get(at)?, *code.get(at + 1)?]));
    let word = |at: usize| Some(u32::from(half(at)?) | u32::from(half(at + 2)?) << 16);
    let mut lines = Vec::new();
    let mut at = 0;
    let mut it = t32::ItState::default();
    while let Some(first) = half(at) {
        let pc = block.pc + at as u64;
        let (length, word, decoded) = match &*block.isa {
            "a64" => {
                let Some(word) = word(at) else { break };
                let explained = explain::word(word, pc).ok();
                let meaning = explained.as_ref().and_then(|known| known.meaning.as_ref());
                lines.push(Line {
                    pc,
                    word: format!("{word:08x}"),
                    effect: meaning.map_or_else(String::new, |meaning| meaning.effect.clone()),
                    text: explained.map_or_else(|| format!(".inst {word:#010x}"), |known| known.text),
                    ..Line::default()
                });
                at += 4;
                continue;
            }
            "a32" => {
                let Some(word) = word(at) else { break };
                (4, format!("{word:08x}"), a32::decode(word))
            }
            _ if t32::length(first) == 2 => (2, format!("{first:04x}"), t32::decode(u32::from(first) << 16, it)),
            _ => {
                let Some(second) = half(at + 2) else { break };
                let word = u32::from(first) << 16 | u32::from(second);
                (4, format!("{first:04x} {second:04x}"), t32::decode(word, it))
            }
        };
        if block.isa == "t32" {
            it = match &decoded {
                Ok(a32::Decoded {
                    insn: a32::Insn::It(block),
                    ..
                }) => t32::ItState(block.firstcond << 4 | block.mask),
                _ => it.advanced(),
            };
        }
        let effect = decoded
            .as_ref()
            .map(|decoded| decoded.row.title.to_owned())
            .unwrap_or_default();
        let shown = decoded.map(|decoded| a32::Disassembly { decoded, pc: pc as u32 }.to_string());
        lines.push(Line {
            pc,
            text: shown.unwrap_or_else(|_| format!(".inst {word}")),
            word,
            effect,
            ..Line::default()
        });
        at += length;
    }
    lines
}
