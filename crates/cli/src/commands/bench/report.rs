//! The outcome of `armlet bench`: Markdown, JSON, a plot.

use std::fmt::Write as _;

use armlet_measure::{Clock, Sample};
use armlet_observe::Stats;
use serde_json::json;

/// Everything that was measured.
pub struct Report {
    pub program: String,
    pub arguments: Vec<String>,
    pub rounds: usize,
    pub clock: Clock,
    /// Guest instructions of a run.
    pub instructions: Option<u64>,
    pub rows: Vec<Row>,
    pub break_even: Option<BreakEven>,
    /// What is missing, and why.
    pub notes: Vec<String>,
}

/// One contestant.
pub struct Row {
    pub name: &'static str,
    pub emulated: bool,
    pub median: Sample,
}

/// When a translation has paid. All in nanoseconds per guest instruction.
#[derive(Clone, Copy, Debug)]
pub struct BreakEven {
    pub translate: f64,
    pub interpret: f64,
    pub translated: f64,
}

impl BreakEven {
    /// From the processor time of a run by the interpreter and of one by the translator, in seconds and without start-up; and from a
    /// run with statistics, of which only the time of translating is taken (`share`: how much of it was processor time). `None` if
    /// there was too little work to tell.
    pub fn of([interpreter, jit]: [f64; 2], stats: &Stats, share: f64) -> Option<BreakEven> {
        let counts = &stats.counts;
        let all = counts.instructions as f64;
        // The translator's run interprets what is cold.
        let cold = counts.interpreted as f64;
        let translating = stats.times.translate as f64 * share;
        let interpret = interpreter * 1e9 / all;
        let translated = (jit * 1e9 - translating - cold * interpret) / (all - cold);
        let even = BreakEven {
            translate: translating / counts.translated_instructions as f64,
            interpret,
            translated,
        };
        let told = |value: f64| value.is_finite() && value > 0.0;
        [even.translate, even.interpret, even.translated]
            .into_iter()
            .all(told)
            .then_some(even)
    }

    /// Runs of a block after which its translation has paid; none if the interpreter is as fast.
    pub fn runs(&self) -> Option<f64> {
        let gain = self.interpret - self.translated;
        (gain > 0.0).then(|| self.translate / gain)
    }
}

impl Report {
    /// Against which row the ratios are: the native one, else the first.
    fn base(&self) -> Option<&Row> {
        self.rows.iter().find(|row| !row.emulated).or(self.rows.first())
    }

    fn ratio(&self, row: &Row) -> f64 {
        self.base().map_or(f64::NAN, |base| {
            row.median.time(self.clock) / base.median.time(self.clock)
        })
    }

    fn mips(&self, row: &Row) -> Option<f64> {
        let instructions = self.instructions.filter(|_| row.emulated)?;
        Some(instructions as f64 / row.median.time(self.clock) / 1e6)
    }

    /// A table, and sentences.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let base = self.base().map_or("", |row| row.name);
        let _ = writeln!(
            text,
            "`{}`: {}, medians of {} interleaved runs\n",
            [self.program.clone()]
                .into_iter()
                .chain(self.arguments.clone())
                .collect::<Vec<_>>()
                .join(" "),
            self.clock.title().to_lowercase(),
            self.rounds
        );
        let _ = writeln!(text, "| | time ms | ×{base} | guest MIPS | memory MiB |");
        let _ = writeln!(text, "|---|---:|---:|---:|---:|");
        for row in &self.rows {
            let mips = self.mips(row).map_or("–".to_owned(), |mips| format!("{mips:.0}"));
            let _ = writeln!(
                text,
                "| {} | {:.1} | {:.2} | {mips} | {:.1} |",
                row.name,
                row.median.time(self.clock) * 1e3,
                self.ratio(row),
                row.median.peak as f64 / 1024.0
            );
        }
        if let Some(instructions) = self.instructions {
            let _ = writeln!(
                text,
                "\nGuest instructions: {}.",
                armlet_observe::stats::grouped(instructions)
            );
        }
        if let Some(even) = &self.break_even {
            let _ = writeln!(
                text,
                "\nFor one guest instruction, translating costs {:.0} ns, interpreting {:.2} ns, running its translation {:.2} ns.",
                even.translate, even.interpret, even.translated
            );
            let _ = match even.runs() {
                Some(runs) => writeln!(
                    text,
                    "**Break-even: a translation has paid after {runs:.0} runs of its block.**"
                ),
                None => writeln!(text, "Here a translation never pays: the interpreter is as fast."),
            };
        }
        for note in &self.notes {
            let _ = writeln!(text, "\nNote: {}.", note.trim_end().trim_end_matches('.'));
        }
        text
    }

    /// Times in seconds, memory in KiB.
    pub fn json(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            json!({
                "name": row.name, "wall": row.median.wall, "cpu": row.median.cpu, "peak": row.median.peak,
                "ratio": self.ratio(row), "mips": self.mips(row),
            })
        });
        let even = self.break_even.map(|even| {
            json!({
                "translate_ns": even.translate, "interpret_ns": even.interpret, "translated_ns": even.translated,
                "runs": even.runs(),
            })
        });
        let all = json!({
            "program": self.program, "arguments": self.arguments, "rounds": self.rounds,
            "clock": match self.clock { Clock::Wall => "wall", Clock::Cpu => "cpu" },
            "base": self.base().map(|row| row.name), "instructions": self.instructions,
            "contestants": rows.collect::<Vec<_>>(), "break_even": even, "notes": self.notes,
        });
        // Numbers and strings cannot fail.
        serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
    }

    /// Two panels: bars of the times, and the cost of a block by how often it runs.
    pub fn svg(&self) -> String {
        const WIDTH: f64 = 640.0;
        let bars = 44.0 + 30.0 * self.rows.len() as f64;
        let height = bars + if self.break_even.is_some() { 270.0 } else { 10.0 };
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        let title = format!("{}: {} in ms", self.program, self.clock.title().to_lowercase());
        let _ = writeln!(
            text,
            "<text x=\"10\" y=\"22\" font-weight=\"bold\">{}</text>",
            escaped(&title)
        );
        let longest = self
            .rows
            .iter()
            .map(|row| row.median.time(self.clock))
            .fold(0.0, f64::max);
        for (index, row) in self.rows.iter().enumerate() {
            let y = 36.0 + 30.0 * index as f64;
            let time = row.median.time(self.clock);
            let length = (time / longest.max(1e-9) * 400.0).max(1.0);
            let _ = writeln!(
                text,
                "<text x=\"10\" y=\"{:.0}\">{}</text><rect x=\"110\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"20\" fill=\"{}\"/>\
                 <text x=\"{:.0}\" y=\"{:.0}\">{:.1} (×{:.2})</text>",
                y + 15.0,
                row.name,
                colour(row.name),
                116.0 + length,
                y + 15.0,
                time * 1e3,
                self.ratio(row)
            );
        }
        if let Some(even) = &self.break_even {
            curves(&mut text, even, bars);
        }
        text + "</svg>\n"
    }
}

/// Interpreted: a line through the origin; translated: a flatter one that begins with the cost of the translation.
fn curves(text: &mut String, even: &BreakEven, top: f64) {
    let last = even.runs().map_or(1000.0, |runs| runs * 2.0).max(10.0);
    let most = (even.interpret * last).max(even.translate + even.translated * last);
    let (left, bottom, width, high) = (110.0, top + 230.0, 400.0, 180.0);
    let x = |runs: f64| left + runs / last * width;
    let y = |cost: f64| bottom - cost / most * high;
    let _ = writeln!(
        text,
        "<text x=\"10\" y=\"{:.0}\" font-weight=\"bold\">Cost of a guest instruction in ns, by runs of its block</text>",
        top + 30.0
    );
    let _ = writeln!(
        text,
        "<path d=\"M{left} {:.0} V{bottom} H{}\" fill=\"none\" stroke=\"#888\"/>",
        bottom - high,
        left + width
    );
    let lines = [
        ("interpreter", 0.0, even.interpret, "interpreted"),
        ("jit", even.translate, even.translated, "translated"),
    ];
    for (name, start, slope, label) in lines {
        let end = start + slope * last;
        let _ = writeln!(
            text,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{}\" stroke-width=\"2\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{label}</text>",
            x(0.0),
            y(start),
            x(last),
            y(end),
            colour(name),
            left + width + 6.0,
            y(end) + 4.0
        );
    }
    if let Some(runs) = even.runs() {
        let _ = writeln!(
            text,
            "<line x1=\"{0:.1}\" y1=\"{1:.1}\" x2=\"{0:.1}\" y2=\"{bottom}\" stroke=\"#888\" stroke-dasharray=\"4\"/>\
             <text x=\"{0:.0}\" y=\"{2:.0}\" text-anchor=\"middle\">break-even: {runs:.0} runs</text>",
            x(runs),
            y(even.interpret * runs),
            bottom + 18.0
        );
    }
}

fn colour(name: &str) -> &'static str {
    match name {
        "native" => "#4c9f70",
        "interpreter" => "#d98c3f",
        "jit" => "#3f78c9",
        _ => "#999999",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let row = |name, emulated, wall| Row {
            name,
            emulated,
            median: Sample {
                wall,
                cpu: wall,
                peak: 2048,
            },
        };
        Report {
            program: "a<b".into(),
            arguments: vec!["7".into()],
            rounds: 3,
            clock: Clock::Wall,
            instructions: Some(50_000_000),
            rows: vec![
                row("native", false, 0.01),
                row("interpreter", true, 0.5),
                row("jit", true, 0.025),
            ],
            break_even: Some(BreakEven {
                translate: 1000.0,
                interpret: 11.0,
                translated: 1.0,
            }),
            notes: vec!["something is missing.".into()],
        }
    }

    #[test]
    fn the_table_has_time_ratio_speed_and_memory() {
        let text = report().markdown();
        assert!(
            text.contains("| | time ms | ×native | guest MIPS | memory MiB |"),
            "{text}"
        );
        assert!(text.contains("| native | 10.0 | 1.00 | – | 2.0 |"), "{text}");
        assert!(text.contains("| interpreter | 500.0 | 50.00 | 100 | 2.0 |"), "{text}");
        assert!(text.contains("after 100 runs of its block"), "{text}");
        assert!(text.contains("Note: something is missing.\n"), "{text}");
    }

    #[test]
    fn without_a_native_build_the_first_is_the_measure() {
        let mut report = report();
        report.rows.remove(0);
        assert!(report.markdown().contains("| jit | 25.0 | 0.05 | 2000 | 2.0 |"));
    }

    #[test]
    fn the_costs_of_an_instruction() {
        let mut stats = Stats::default();
        (stats.counts.instructions, stats.counts.interpreted) = (1_000_000, 100_000);
        (stats.counts.translated_instructions, stats.times.translate) = (1000, 4_000_000);
        // 10 ns each; 1 ms for what is cold, 2 ms of translating (half of 4), 0.9 ms for the rest.
        let even = BreakEven::of([0.010, 0.0039], &stats, 0.5).expect("enough work");
        assert!(
            (even.interpret - 10.0).abs() < 1e-9 && (even.translated - 1.0).abs() < 1e-6,
            "{even:?}"
        );
        assert!((even.translate - 2000.0).abs() < 1e-9);
        assert!(BreakEven::of([0.010, 0.0029], &stats, 0.5).is_none());
        assert!(BreakEven::of([0.0, 0.0], &Stats::default(), 1.0).is_none());
    }

    #[test]
    fn a_translation_that_is_no_faster_never_pays() {
        let mut report = report();
        if let Some(even) = &mut report.break_even {
            even.translated = 12.0;
        }
        assert!(report.markdown().contains("never pays"));
        assert!(!report.svg().contains("break-even"));
    }

    #[test]
    fn json_and_plot() {
        let value: serde_json::Value = serde_json::from_str(&report().json()).expect("JSON");
        assert_eq!(value["contestants"][2]["ratio"], 2.5);
        assert_eq!(value["break_even"]["runs"], 100.0);
        let svg = report().svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(svg.contains("a&lt;b") && svg.contains("break-even: 100 runs"), "{svg}");
    }
}
