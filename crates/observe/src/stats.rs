//! Where the time and the work of a run went: the numbers, as text and as JSON. The runtime gathers them (see `armlet_cpu::probe`).
//!
//! Times are those of the guest's threads, added up, in nanoseconds of the wall clock: a thread that waits in a system call counts it as
//! host time. Reading the clock and counting in translated code cost time themselves, so the sum is more than the run without `--stats`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Nanoseconds by what they were spent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// From the start of armlet to the first instruction: ELF file, stack, vDSO.
    pub load: u64,
    /// Decoding for the interpreter.
    pub decode: u64,
    /// Interpreting.
    pub interpret: u64,
    /// Decoding, optimising and emitting of translations.
    pub translate: u64,
    /// In translated code.
    pub translated: u64,
    /// Between all of these: finding the next translation, linking, coming back to the loop.
    pub dispatch: u64,
    /// System calls, without the host's part.
    pub syscall: u64,
    /// The host's kernel, for system calls; waiting included.
    pub host: u64,
    /// Signals: frames, handlers' beginnings and returns.
    pub signal: u64,
}

impl Times {
    /// Name, meaning and value of each.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, &'static str, u64); 9] {
        [
            ("load", "loading the program", self.load),
            ("decode", "decoding for the interpreter", self.decode),
            ("interpret", "interpreting", self.interpret),
            ("translate", "translating", self.translate),
            ("translated", "in translated code", self.translated),
            ("dispatch", "finding and linking what comes next", self.dispatch),
            ("syscall", "system calls: armlet's part", self.syscall),
            ("host", "system calls: the host's kernel", self.host),
            ("signal", "signals", self.signal),
        ]
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.parts().iter().map(|part| part.2).sum()
    }
}

/// How often things happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Guest instructions executed: exact under every engine.
    pub instructions: u64,
    /// Those of them that were interpreted (fallbacks in translated code not included).
    pub interpreted: u64,
    /// Blocks decoded for the interpreter.
    pub blocks_decoded: u64,
    /// Regions translated.
    pub regions: u64,
    /// Blocks in them.
    pub blocks: u64,
    /// Guest instructions translated.
    pub translated_instructions: u64,
    /// Bytes of host code emitted for them, the counters of the statistics included.
    pub host_bytes: u64,
    /// Jumps linked.
    pub links: u64,
    /// Times that translated code was entered from the loop.
    pub entries: u64,
    /// Lookups of a translation outside of translated code.
    pub lookups: u64,
    /// Instructions that translated code left to the interpreter.
    pub handed_over: u64,
    /// Library routines of floating point that were done by the host's arithmetic (AArch32).
    #[serde(default)]
    pub accelerated: u64,
    /// Regions forgotten because their code changed.
    pub invalidated: u64,
    /// System calls.
    pub syscalls: u64,
    /// Signals delivered to handlers.
    pub signals: u64,
    /// Threads, the first included.
    pub threads: u64,
}

/// A block that was translated, and how often it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Guest address.
    pub pc: u64,
    /// Function around it and offset, if it has a name.
    pub symbol: Option<String>,
    /// Guest instructions.
    pub instructions: u32,
    /// The instruction set: `a64`, `a32` or `t32`.
    pub isa: String,
    /// The bytes of its code in hexadecimal digits, if they can be read at the end.
    pub code: String,
    /// How often it was entered in translated code.
    pub executions: u64,
    /// Guest instructions executed by it.
    pub executed: u64,
    /// The region that it belongs to, by the region's guest address.
    pub region: u64,
    /// Nanoseconds from the start of armlet to its translation, for a time line.
    pub translated_at: u64,
}

/// A run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// The program.
    pub program: String,
    /// Its arguments, the program's name included.
    pub arguments: Vec<String>,
    /// Its process.
    pub pid: u32,
    /// The engine's name on the command line.
    pub engine: String,
    /// How it ended: `exited 0`, `killed 11`, `replaced`.
    pub end: String,
    /// Nanoseconds from the start of armlet to its end.
    pub elapsed: u64,
    /// Where the time went.
    pub times: Times,
    /// How often.
    pub counts: Counts,
    /// Bytes of host code per guest instruction translated.
    pub host_bytes_per_instruction: f64,
    /// Instructions that are no translation of their own but a call of the interpreter's function, by name: how often they ran.
    pub fallbacks: BTreeMap<String, u64>,
    /// System calls by name.
    pub syscalls: BTreeMap<String, u64>,
    /// The instructions that translated code executed, by the manual's chapter (the decoder's file) and by mnemonic.
    pub mix: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was translated in each hundredth of the time: regions, and guest instructions in them.
    pub timeline: Vec<(u64, u64)>,
    /// The blocks that executed most instructions in translated code, most first.
    pub hot_blocks: Vec<Block>,
    /// The largest resident set in KiB.
    pub memory: u64,
}

impl Stats {
    /// As JSON, one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and maps with string keys cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From [`Stats::to_json`]'s text.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn from_json(text: &str) -> Result<Stats, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Guest instructions in millions per second of the time in engines.
    #[must_use]
    pub fn mips(&self) -> f64 {
        let times = &self.times;
        let engines = times.decode + times.interpret + times.translate + times.translated + times.dispatch;
        self.counts.instructions as f64 * 1000.0 / engines.max(1) as f64
    }

    /// As a table for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let counts = &self.counts;
        let _ = writeln!(
            text,
            "armlet: {} ({}, process {}): {}",
            self.program, self.engine, self.pid, self.end
        );
        let total = self.times.total();
        let _ = writeln!(
            text,
            "\n  time of all threads   {:>12}   100.0 %   (elapsed {})",
            time(total),
            time(self.elapsed)
        );
        for (_, meaning, value) in self.times.parts() {
            let share = value as f64 * 100.0 / total.max(1) as f64;
            let _ = writeln!(text, "    {:>14}   {share:5.1} %   {meaning}", time(value));
        }
        text.push('\n');
        let rows = [
            (counts.instructions, "guest instructions"),
            (counts.interpreted, "  of them interpreted"),
            (counts.blocks_decoded, "blocks decoded for the interpreter"),
            (counts.regions, "regions translated"),
            (counts.blocks, "  blocks in them"),
            (counts.translated_instructions, "  guest instructions in them"),
            (counts.host_bytes, "  bytes of host code"),
            (counts.links, "jumps linked"),
            (counts.entries, "times that translated code was entered"),
            (counts.lookups, "lookups of translations"),
            (counts.handed_over, "instructions handed over to the interpreter"),
            (counts.accelerated, "library routines done by the host's arithmetic"),
            (counts.invalidated, "regions forgotten because their code changed"),
            (counts.syscalls, "system calls"),
            (counts.signals, "signals delivered"),
            (counts.threads, "threads"),
            (self.memory, "KiB resident at most"),
        ];
        for (value, meaning) in rows {
            let _ = writeln!(text, "  {:>20}   {meaning}", grouped(value));
        }
        let _ = writeln!(
            text,
            "  {:>20.1}   bytes of host code per guest instruction\n  {:>20.0}   million guest instructions per second",
            self.host_bytes_per_instruction,
            self.mips()
        );
        most(
            &mut text,
            "interpreter's functions called by translated code",
            &self.fallbacks,
        );
        most(&mut text, "system calls", &self.syscalls);
        if !self.hot_blocks.is_empty() {
            let _ = writeln!(text, "\n  hottest blocks in translated code:");
            for block in self.hot_blocks.iter().take(10) {
                let share = block.executed as f64 * 100.0 / counts.instructions.max(1) as f64;
                let symbol = block.symbol.as_deref().unwrap_or("?");
                let _ = writeln!(
                    text,
                    "  {:>20}   {share:5.1} %   {:#012x} {symbol} ({} instructions, {} times)",
                    grouped(block.executed),
                    block.pc,
                    block.instructions,
                    grouped(block.executions)
                );
            }
        }
        text
    }
}

fn most(text: &mut String, title: &str, counts: &BTreeMap<String, u64>) {
    if counts.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {title}:");
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|&(name, count)| (std::cmp::Reverse(*count), name));
    for (name, count) in sorted.iter().take(10) {
        let _ = writeln!(text, "  {:>20}   {name}", grouped(**count));
    }
    if let Some(rest) = sorted.get(10..).filter(|rest| !rest.is_empty()) {
        let sum: u64 = rest.iter().map(|(_, count)| **count).sum();
        let _ = writeln!(text, "  {:>20}   {} others", grouped(sum), rest.len());
    }
}

/// Nanoseconds, readable.
#[must_use]
pub fn time(nanoseconds: u64) -> String {
    match nanoseconds {
        0..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{:.1} µs", nanoseconds as f64 / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1} ms", nanoseconds as f64 / 1e6),
        _ => format!("{:.2} s", nanoseconds as f64 / 1e9),
    }
}

/// A number with an apostrophe between thousands.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\'');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1'234'567");
        assert_eq!(time(9_999), "9999 ns");
        assert_eq!(time(1_500_000), "1500.0 µs");
        assert_eq!(time(2_500_000_000), "2500.0 ms");
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let mut stats = Stats {
            program: "a \"b\"".to_owned(),
            host_bytes_per_instruction: 12.5,
            ..Stats::default()
        };
        stats.counts.instructions = u64::MAX;
        stats.fallbacks.insert("fcvt".to_owned(), 3);
        assert_eq!(Stats::from_json(&stats.to_json()).expect("its own text"), stats);
        assert!(stats.to_text().contains("fcvt"));
    }
}
