//! Where a program spends its processor time: samples of the guest's call stack, and what is made of them: hot functions and places, folded
//! stacks (for flame graphs), and a file in callgrind's format. The runtime takes the samples.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

/// Stacks of guest addresses, the innermost first, with how often they were seen.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    stacks: HashMap<Vec<u64>, u64>,
    /// Of them in translated code.
    translated: u64,
    /// Samples that found no room.
    pub lost: u64,
    /// Nanoseconds of processor time between two samples.
    pub interval: u64,
    /// Program counters of AArch32, with the Thumb bit in bit 0.
    pub a32: bool,
}

/// A function: the file that it is in, and its name (or its address, if it has none).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The program or library.
    pub object: String,
}

/// A piece of code without branches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its first address.
    pub start: u64,
    /// The assembler text of the instruction that was asked for.
    pub text: String,
}

/// The function around an address, and the address of its beginning.
pub type Symbolize<'a> = &'a dyn Fn(u64) -> (Function, u64);

impl Profile {
    /// Without samples, which will be taken every `interval` nanoseconds of processor time; of an AArch32 program or of an AArch64 one.
    #[must_use]
    pub fn new(interval: u64, a32: bool) -> Profile {
        Profile {
            interval,
            a32,
            ..Profile::default()
        }
    }

    /// A stack that was seen `count` times, in translated code or not (then in the interpreter, in the translator, or in a system call).
    pub fn add(&mut self, stack: &[u64], count: u64, translated: bool) {
        *self.stacks.entry(stack.to_vec()).or_default() += count;
        self.translated += if translated { count } else { 0 };
    }

    /// An address without the Thumb bit.
    fn address(&self, pc: u64) -> u64 {
        pc & !u64::from(self.a32)
    }

    /// How many there are.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.stacks.values().sum()
    }

    /// Forgets all (in the child of a fork).
    pub fn clear(&mut self) {
        self.stacks.clear();
        (self.translated, self.lost) = (0, 0);
    }

    /// The functions that took most time, and the blocks, each with its hottest instruction.
    #[must_use]
    pub fn to_text(&self, program: &str, symbolize: Symbolize<'_>, block: &dyn Fn(u64) -> Block) -> String {
        let total = self.samples();
        let (mut own, mut inclusive) = (BTreeMap::new(), BTreeMap::new());
        let mut places: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new();
        for (stack, &count) in &self.stacks {
            let mut seen = HashSet::new();
            for (depth, &pc) in stack.iter().enumerate() {
                // The caller's address is behind the call.
                let (function, _) = symbolize(if depth == 0 { pc } else { pc.wrapping_sub(4) });
                if depth == 0 {
                    *own.entry(function.clone()).or_insert(0) += count;
                    *places.entry(block(pc).start).or_default().entry(pc).or_insert(0) += count;
                }
                if seen.insert(function.clone()) {
                    *inclusive.entry(function).or_insert(0) += count;
                }
            }
        }
        let mut text = String::new();
        let milliseconds = (total * self.interval) as f64 / 1e6;
        let _ = writeln!(
            text,
            "armlet: {program}: {total} samples ({milliseconds:.0} ms of processor time), {:.1} % in translated code",
            self.translated as f64 * 100.0 / total.max(1) as f64
        );
        if self.lost > 0 {
            let _ = writeln!(text, "  {} samples were lost", self.lost);
        }
        let share = |count: u64| count as f64 * 100.0 / total.max(1) as f64;
        let _ = writeln!(text, "\n    own    with callees  function");
        let mut functions: Vec<_> = inclusive.iter().collect();
        functions.sort_by_key(|&(function, count)| {
            (
                std::cmp::Reverse(own.get(function).copied().unwrap_or(0)),
                std::cmp::Reverse(*count),
                function,
            )
        });
        for (function, count) in functions.into_iter().take(30) {
            let alone = own.get(function).copied().unwrap_or(0);
            let _ = writeln!(
                text,
                "  {:5.1} %  {:9.1} %     {} ({})",
                share(alone),
                share(*count),
                function.name,
                function.object
            );
        }
        let _ = writeln!(
            text,
            "\n    own    block                                     hottest instruction"
        );
        let sum = |block: &BTreeMap<u64, u64>| block.values().sum::<u64>();
        let mut sorted: Vec<_> = places.iter().collect();
        sorted.sort_by_key(|&(&start, places)| (std::cmp::Reverse(sum(places)), start));
        for (&start, places) in sorted.into_iter().take(20) {
            let hottest = places
                .iter()
                .max_by_key(|&(&pc, &count)| (count, std::cmp::Reverse(pc)));
            let Some((&pc, _)) = hottest else { continue };
            let (function, entry) = symbolize(start);
            let start = self.address(start);
            let place = format!("{start:#x} {}+{:#x}", function.name, start.wrapping_sub(entry));
            let share = share(sum(places));
            let _ = writeln!(
                text,
                "  {share:5.1} %  {place:40}  {:#x} {}",
                self.address(pc),
                block(pc).text
            );
        }
        text
    }

    /// Folded stacks: `main;work;inner 42`, the outermost function first.
    #[must_use]
    pub fn to_folded(&self, symbolize: Symbolize<'_>) -> String {
        let mut lines: BTreeMap<String, u64> = BTreeMap::new();
        for (stack, &count) in &self.stacks {
            let names: Vec<String> = stack
                .iter()
                .enumerate()
                .rev()
                .map(|(depth, &pc)| {
                    symbolize(if depth == 0 { pc } else { pc.wrapping_sub(4) })
                        .0
                        .name
                        .replace([';', ' '], "_")
                })
                .collect();
            *lines.entry(names.join(";")).or_default() += count;
        }
        lines.iter().fold(String::new(), |mut text, (line, count)| {
            let _ = writeln!(text, "{line} {count}");
            text
        })
    }

    /// A file for callgrind_annotate and KCachegrind: samples by address, and calls with what was spent in them.
    #[must_use]
    pub fn to_callgrind(&self, command: &str, symbolize: Symbolize<'_>) -> String {
        // Own samples by function and address; calls by caller, place of the call and callee, with what was spent below.
        let mut own: BTreeMap<Function, BTreeMap<u64, u64>> = BTreeMap::new();
        let mut calls: BTreeMap<Function, BTreeMap<(u64, Function, u64), u64>> = BTreeMap::new();
        for (stack, &count) in &self.stacks {
            let at = |depth: usize| {
                self.address(if depth == 0 {
                    stack[0]
                } else {
                    stack[depth].wrapping_sub(4)
                })
            };
            let functions: Vec<(Function, u64)> = (0..stack.len()).map(|depth| symbolize(at(depth))).collect();
            let Some((leaf, _)) = functions.first() else { continue };
            *own.entry(leaf.clone()).or_default().entry(at(0)).or_default() += count;
            let mut seen = HashSet::new();
            for depth in 1..functions.len() {
                let (caller, (callee, start)) = (&functions[depth].0, &functions[depth - 1]);
                // Recursion is counted once for each place.
                if seen.insert((at(depth), callee.clone())) {
                    *calls
                        .entry(caller.clone())
                        .or_default()
                        .entry((at(depth), callee.clone(), *start))
                        .or_default() += count;
                }
            }
        }
        let total = self.samples();
        let mut text = format!(
            "# callgrind format\nversion: 1\ncreator: armlet\ncmd: {command}\npart: 1\n\npositions: instr\nevent: Samples : Samples of processor time\nevents: Samples\nsummary: {total}\n"
        );
        let functions: std::collections::BTreeSet<&Function> = own.keys().chain(calls.keys()).collect();
        for function in functions {
            let _ = write!(text, "\nob={}\nfl=\nfn={}\n", function.object, function.name);
            for (pc, count) in own.get(function).into_iter().flatten() {
                let _ = writeln!(text, "{pc:#x} {count}");
            }
            for ((pc, callee, start), count) in calls.get(function).into_iter().flatten() {
                let _ = write!(
                    text,
                    "cob={}\ncfi=\ncfn={}\ncalls=1 {start:#x}\n{pc:#x} {count}\n",
                    callee.object, callee.name
                );
            }
        }
        let _ = writeln!(text, "\ntotals: {total}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbolize(pc: u64) -> (Function, u64) {
        let start = pc & !0xff;
        let name = match start {
            0x100 => "main",
            0x200 => "work",
            _ => "inner",
        };
        (
            Function {
                name: name.to_owned(),
                object: "a.out".to_owned(),
            },
            start,
        )
    }

    fn profile() -> Profile {
        let mut profile = Profile::new(1_000_000, false);
        profile.add(&[0x310, 0x224, 0x118], 2, true);
        profile.add(&[0x310, 0x224, 0x118], 1, true);
        profile.add(&[0x230, 0x118], 1, false);
        profile
    }

    #[test]
    fn functions_and_blocks() {
        let block = |pc: u64| Block {
            start: pc & !0x1f,
            text: format!("insn {pc:x}"),
        };
        let text = profile().to_text("a.out", &symbolize, &block);
        assert!(
            text.contains("4 samples (4 ms of processor time), 75.0 % in translated code\n"),
            "{text}"
        );
        assert!(text.contains(" 75.0 %       75.0 %     inner (a.out)"), "{text}");
        assert!(text.contains("  0.0 %      100.0 %     main (a.out)"), "{text}");
        assert!(text.contains(" 75.0 %  0x300 inner+0x0 "), "{text}");
        assert!(text.contains("  0x310 insn 310\n"), "{text}");
    }

    #[test]
    fn folded() {
        assert_eq!(profile().to_folded(&symbolize), "main;work 1\nmain;work;inner 3\n");
    }

    #[test]
    fn callgrind() {
        let text = profile().to_callgrind("a.out", &symbolize);
        assert!(text.contains("fn=inner\n0x310 3\n"), "{text}");
        assert!(
            text.contains("fn=work\n0x230 1\ncob=a.out\ncfi=\ncfn=inner\ncalls=1 0x300\n0x220 3\n"),
            "{text}"
        );
        assert!(
            text.contains("fn=main\ncob=a.out\ncfi=\ncfn=work\ncalls=1 0x200\n0x114 4\n"),
            "{text}"
        );
        assert!(text.ends_with("totals: 4\n"));
    }
}
