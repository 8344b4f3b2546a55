//! The outcome of a comparison, as Markdown for people and as JSON for programs.

use crate::contestant::{NATIVE, QEMU};
use crate::{Clock, Sample, Translation};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// The groups in the order of the report, which is the manifest's.
const GROUPS: [&str; 8] = [
    "int",
    "fp",
    "simd",
    "memory",
    "threads",
    "syscall",
    "startup",
    crate::real::GROUP,
];

/// Medians of one program.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub program: String,
    /// Its groups.
    pub groups: Vec<String>,
    /// What it cost under each contestant, in their order; none where it failed.
    pub samples: Vec<Option<Sample>>,
    /// What its translation came to; none if nothing was translated.
    pub translation: Option<Translation>,
}

/// A program that an emulator did not run as it should.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its name.
    pub program: String,
    /// The emulator.
    pub contestant: String,
    /// What happened.
    pub reason: String,
}

/// Medians of all programs.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Names of the contestants.
    pub contestants: Vec<String>,
    /// Runs behind each median.
    pub rounds: usize,
    /// The clock that is compared.
    pub clock: Clock,
    /// One per program.
    pub rows: Vec<Row>,
    /// What went wrong; it is in no mean.
    pub failures: Vec<Failure>,
}

impl Comparison {
    /// A table per group: milliseconds, ratios to native and to qemu, memory, size of code and time of translation; then the geometric means of all groups.
    pub fn markdown(&self) -> String {
        let clock = self.clock.title();
        let mut text = format!(
            "{clock}, medians of {} interleaved runs; ×native and ×qemu: how many times as long, less is better.\n",
            self.rounds
        );
        let ratios = self.ratios();
        let titles: Vec<String> = ratios
            .iter()
            .map(|&(of, to)| format!("{} ×{}", self.contestants[of], self.contestants[to]))
            .collect();
        let mut means = Vec::new();
        for group in GROUPS {
            let rows: Vec<&Row> = self
                .rows
                .iter()
                .filter(|row| row.groups.iter().any(|g| g == group))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let times = self.contestants.iter().map(|name| format!("{name} ms"));
            let peaks = self.contestants.iter().map(|name| format!("{name} MiB"));
            let translation = ["x86 bytes/insn", "translation ns/insn"].map(String::from);
            let header: Vec<String> = times
                .chain(titles.iter().cloned())
                .chain(peaks)
                .chain(translation)
                .collect();
            let _ = write!(text, "\n### {group}\n\n");
            head(&mut text, "program", &header);
            for row in &rows {
                let times = row.samples.iter().map(|s| cell(s.map(|s| s.time(self.clock) * 1e3), 1));
                let quotients = ratios.iter().map(|&pair| cell(self.ratio(row, pair), 2));
                let peaks = row.samples.iter().map(|s| cell(s.map(|s| s.peak as f64 / 1024.0), 1));
                let translation = [
                    cell(row.translation.map(|t| t.bytes_per_instruction), 1),
                    cell(row.translation.map(|t| t.nanoseconds_per_instruction), 0),
                ];
                line(
                    &mut text,
                    &row.program,
                    times.chain(quotients).chain(peaks).chain(translation),
                );
            }
            means.push((group, rows));
        }
        text.push_str("\n### Geometric means\n\n");
        head(&mut text, "group", &titles);
        for (group, rows) in &means {
            let figures = ratios.iter().map(|&pair| cell(self.mean(rows, pair), 2));
            line(&mut text, &format!("{group} ({} programs)", rows.len()), figures);
        }
        if !self.failures.is_empty() {
            text.push_str("\n### Failed, and in no mean\n\n");
        }
        for failure in &self.failures {
            let reason = failure.reason.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "- {} under {}: {reason}", failure.program, failure.contestant);
        }
        text
    }

    /// All medians: times in seconds, memory in KiB; and the geometric means of the groups.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        let programs: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let runs: serde_json::Map<_, _> = self
                    .contestants
                    .iter()
                    .zip(&row.samples)
                    .map(|(name, sample)| (name.clone(), json!(sample)))
                    .collect();
                json!({
                    "program": row.program,
                    "groups": row.groups,
                    "medians": runs,
                    "translation": row.translation,
                })
            })
            .collect();
        let mut means = Vec::new();
        for group in GROUPS {
            let rows: Vec<&Row> = self
                .rows
                .iter()
                .filter(|row| row.groups.iter().any(|g| g == group))
                .collect();
            for pair in self.ratios().into_iter().filter(|_| !rows.is_empty()) {
                let (of, to) = (&self.contestants[pair.0], &self.contestants[pair.1]);
                means.push(json!({ "group": group, "of": of, "to": to, "ratio": self.mean(&rows, pair) }));
            }
        }
        let clock = match self.clock {
            Clock::Wall => "wall",
            Clock::Cpu => "cpu",
        };
        let all = json!({ "rounds": self.rounds, "clock": clock, "programs": programs, "geometric_means": means });
        let text = serde_json::to_string_pretty(&all)?;
        std::fs::write(path, text + "\n").with_context(|| format!("{}", path.display()))
    }

    /// Which contestant is divided by which: each emulator by native, ours by qemu.
    fn ratios(&self) -> Vec<(usize, usize)> {
        let mut ratios = Vec::new();
        for base in [NATIVE, QEMU] {
            let Some(to) = self.contestants.iter().position(|name| name == base) else {
                continue;
            };
            ratios.extend((to + 1..self.contestants.len()).map(|of| (of, to)));
        }
        ratios
    }

    fn ratio(&self, row: &Row, (of, to): (usize, usize)) -> Option<f64> {
        Some(row.samples[of]?.time(self.clock) / row.samples[to]?.time(self.clock))
    }

    /// The geometric mean over the rows that have both figures, if there are any.
    fn mean(&self, rows: &[&Row], pair: (usize, usize)) -> Option<f64> {
        let logarithms: Vec<f64> = rows
            .iter()
            .filter_map(|row| Some(self.ratio(row, pair)?.ln()))
            .collect();
        (!logarithms.is_empty()).then(|| (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp())
    }
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
}

fn head(text: &mut String, first: &str, titles: &[String]) {
    line(text, first, titles.iter().cloned());
    let _ = writeln!(text, "|---|{}", "---:|".repeat(titles.len()));
}

fn line(text: &mut String, first: &str, cells: impl Iterator<Item = String>) {
    let _ = write!(text, "| {first} |");
    for cell in cells {
        let _ = write!(text, " {cell} |");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{Clock, Comparison, Row, Sample};
    use crate::Translation;

    fn sample(wall: f64) -> Sample {
        Sample {
            wall,
            cpu: wall * 2.0,
            peak: 2048,
        }
    }

    fn comparison() -> Comparison {
        let row = |name: &str, times: [f64; 3]| Row {
            program: name.into(),
            groups: vec!["int".into()],
            samples: times.map(|wall| Some(sample(wall))).to_vec(),
            translation: (name == "a").then_some(Translation {
                instructions: 10,
                bytes_per_instruction: 12.5,
                nanoseconds_per_instruction: 640.0,
            }),
        };
        Comparison {
            contestants: ["native", "qemu", "armlet"].map(String::from).to_vec(),
            rounds: 1,
            clock: Clock::Wall,
            rows: vec![row("a", [0.1, 0.4, 0.2]), row("b", [0.1, 0.1, 0.8])],
            failures: Vec::new(),
        }
    }

    #[test]
    fn geometric_means_of_ratios() {
        let text = comparison().markdown();
        assert!(
            text.contains("| group | qemu ×native | armlet ×native | armlet ×qemu |"),
            "{text}"
        );
        assert!(text.contains("| int (2 programs) | 2.00 | 4.00 | 2.00 |"), "{text}");
    }

    #[test]
    fn rows_give_times_ratios_memory_and_translation() {
        let text = comparison().markdown();
        let row = "| a | 100.0 | 400.0 | 200.0 | 4.00 | 2.00 | 0.50 | 2.0 | 2.0 | 2.0 | 12.5 | 640 |";
        assert!(text.contains(row), "{text}");
        assert!(!text.contains("### fp"), "a group without programs has no table");
    }
    #[test]
    fn what_failed_is_in_no_mean() {
        let mut comparison = comparison();
        comparison.rows[0].samples[1] = None;
        let text = comparison.markdown();
        assert!(text.contains("| a | 100.0 | – | 200.0 | – | 2.00 | – |"), "{text}");
        assert!(text.contains("| int (2 programs) | 1.00 | 4.00 | 8.00 |"), "{text}");
    }
}
