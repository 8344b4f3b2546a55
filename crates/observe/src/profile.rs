//! Where a program spends its processor time: samples of the guest's call stack, and what is made of them: hot functions and places, folded
//! stacks (for flame graphs), and a file in callgrind's format. The runtime takes the samples.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

/// Stacks of guest addresses, the innermost first, with how often they were seen.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    stacks: HashMap<Vec<u64>, u64>,
    /// Samples that found no room.
    pub lost: u64,
    /// Nanoseconds of processor time between two samples.
    pub interval: u64,
}

/// A function: the file that it is in, and its name (or its address, if it has none).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// The name.
    pub name: String,
    /// The program or library.
    pub object: String,
}

/// The function around an address, and the address of its beginning.
pub type Symbolize<'a> = &'a dyn Fn(u64) -> (Function, u64);

impl Profile {
    /// Another sample.
    pub fn add(&mut self, stack: &[u64]) {
        *self.stacks.entry(stack.to_vec()).or_default() += 1;
    }

    /// How many there are.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.stacks.values().sum()
    }

    /// Forgets all (in the child of a fork).
    pub fn clear(&mut self) {
        self.stacks.clear();
        self.lost = 0;
    }

    /// The functions that took most time, and the places in them.
    #[must_use]
    pub fn to_text(&self, program: &str, symbolize: Symbolize<'_>) -> String {
        let total = self.samples();
        let (mut own, mut inclusive, mut places) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (stack, &count) in &self.stacks {
            let mut seen = HashSet::new();
            for (depth, &pc) in stack.iter().enumerate() {
                // The caller's address is behind the call.
                let (function, start) = symbolize(if depth == 0 { pc } else { pc.wrapping_sub(4) });
                if depth == 0 {
                    *own.entry(function.clone()).or_insert(0) += count;
                    *places
                        .entry((pc, function.clone(), pc.wrapping_sub(start)))
                        .or_insert(0) += count;
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
            "armlet: {program}: {total} samples ({milliseconds:.0} ms of processor time)"
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
        let _ = writeln!(text, "\n    own    place");
        let mut sorted: Vec<_> = places.iter().collect();
        sorted.sort_by_key(|&(place, count)| (std::cmp::Reverse(*count), place.0));
        for ((pc, function, offset), count) in sorted.into_iter().take(20) {
            let _ = writeln!(
                text,
                "  {:5.1} %  {pc:#014x}  {}+{offset:#x}",
                share(*count),
                function.name
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
                if depth == 0 {
                    stack[0]
                } else {
                    stack[depth].wrapping_sub(4)
                }
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
        let mut profile = Profile {
            interval: 1_000_000,
            ..Profile::default()
        };
        for _ in 0..3 {
            profile.add(&[0x310, 0x224, 0x118]);
        }
        profile.add(&[0x230, 0x118]);
        profile
    }

    #[test]
    fn functions_and_places() {
        let text = profile().to_text("a.out", &symbolize);
        assert!(text.contains("4 samples (4 ms"), "{text}");
        assert!(text.contains(" 75.0 %       75.0 %     inner (a.out)"), "{text}");
        assert!(text.contains("  0.0 %      100.0 %     main (a.out)"), "{text}");
        assert!(text.contains(" 75.0 %  0x000000000310  inner+0x10"), "{text}");
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
