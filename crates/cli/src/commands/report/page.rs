//! The page: everything is in it, and it is forbidden to fetch anything.

use armlet_observe::Stats;
use armlet_observe::stats::{Block, grouped, time};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::charts::{self, Part};
use super::{Layers, Line};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");
/// A page with this policy cannot load anything, wherever it is opened.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The whole page as text.
pub fn page(stats: &Stats, layers: &[Layers], others: &[&Stats]) -> String {
    let name = stats.program.rsplit('/').next().unwrap_or(&stats.program);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (name) " in armlet" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    div { h1 { (name) } p.command { code { (stats.arguments.join(" ")) } } }
                    button #theme type="button" title="light or dark" { "◐" }
                }
                main {
                    (summary(stats))
                    (times(stats))
                    (timeline(stats, layers.len()))
                    (hottest(stats, layers))
                    div.pair { (mix(stats)) (calls(stats)) }
                    (processes(others))
                    (code(stats, layers))
                }
                footer { p { "Made by armlet " (env!("CARGO_PKG_VERSION")) ". Times are those of all threads together, and the counting that this page needs is in them." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn summary(stats: &Stats) -> Markup {
    let counts = &stats.counts;
    let interpreted = counts.interpreted as f64 * 100.0 / counts.instructions.max(1) as f64;
    let tiles = [
        (
            time(stats.elapsed),
            "from start to end",
            format!("{} ({} engine)", stats.end, stats.engine),
        ),
        (
            grouped(counts.instructions),
            "guest instructions",
            format!("{interpreted:.1} % of them interpreted"),
        ),
        (
            format!("{:.0}", stats.mips()),
            "million guest instructions per second",
            "in the time of the engines".to_owned(),
        ),
        (
            grouped(counts.regions),
            "regions translated",
            format!(
                "{} guest instructions, {:.1} bytes of x86-64 for each",
                grouped(counts.translated_instructions),
                stats.host_bytes_per_instruction
            ),
        ),
        (
            grouped(counts.syscalls),
            "system calls",
            format!(
                "{} signals, {} thread{}",
                grouped(counts.signals),
                counts.threads,
                if counts.threads == 1 { "" } else { "s" }
            ),
        ),
        (
            format!("{} KiB", grouped(stats.memory)),
            "resident at most",
            "armlet and the program".to_owned(),
        ),
    ];
    html! {
        section #summary {
            h2 { "Summary" }
            div.tiles { @for (value, name, detail) in tiles { div.tile { b { (value) } span { (name) } small { (detail) } } } }
        }
    }
}

fn times(stats: &Stats) -> Markup {
    let parts = stats.times.parts().map(|(_, meaning, value)| Part {
        name: meaning.to_owned(),
        value,
        text: time(value),
    });
    html! {
        section #times { h2 { "Where the time went" } (charts::stacked(parts.into())) }
    }
}

fn timeline(stats: &Stats, shown: usize) -> Markup {
    html! {
        section #timeline {
            h2 { "When code was translated" }
            p.note { "Guest instructions translated in each hundredth of the run. The dots are the hot blocks below." }
            @if stats.counts.regions == 0 { p.none { "Nothing was translated." } } @else { (charts::timeline(stats, shown)) }
        }
    }
}

/// The instructions that translated code executed.
fn mix(stats: &Stats) -> Markup {
    let chapters = stats.mix.iter().map(|(chapter, mnemonics)| {
        let value: u64 = mnemonics.values().sum();
        Part {
            name: chapter_name(chapter),
            value,
            text: grouped(value),
        }
    });
    let mut mnemonics: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for (name, count) in stats.mix.values().flatten() {
        *mnemonics.entry(name.clone()).or_default() += count;
    }
    let fallbacks: Vec<(String, u64)> = stats.fallbacks.clone().into_iter().collect();
    html! {
        section #mix {
            h2 { "Instruction mix" }
            p.note { "What translated code executed, by the manual's chapters and by mnemonic." }
            (charts::stacked(chapters.collect()))
            (charts::table(mnemonics.into_iter().collect(), 14))
            @if !fallbacks.is_empty() {
                h3 { "Left to the interpreter's functions" }
                (charts::table(fallbacks, 8))
            }
        }
    }
}

/// The decoder's file as the title of a chapter.
fn chapter_name(file: &str) -> String {
    let words = file.split('_').map(|word| match word {
        "data" => "data processing",
        "imm" => "(immediate)",
        "reg" => "(register)",
        "fp" => "floating point",
        "simd" => "SIMD",
        "vfp" => "VFP",
        "misc" => "miscellaneous",
        other => other,
    });
    let name = words.collect::<Vec<_>>().join(" ");
    name.replace("data processing processing", "data processing")
        .replace("load store", "load and store")
}

fn calls(stats: &Stats) -> Markup {
    html! {
        section #calls {
            h2 { "System calls" }
            p.note { "armlet's own part took " (time(stats.times.syscall)) ", the host's kernel " (time(stats.times.host)) " (waiting included)." }
            (charts::table(stats.syscalls.clone().into_iter().collect(), 20))
        }
    }
}

/// The other programs of the run.
fn processes(others: &[&Stats]) -> Markup {
    html! {
        @if !others.is_empty() {
            section #processes {
                h2 { "Other processes" }
                table.list {
                    tr { th { "program" } th.number { "process" } th { "end" } th.number { "elapsed" } th.number { "guest instructions" } }
                    @for other in others.iter().take(100) {
                        tr {
                            td { (other.arguments.join(" ")) }
                            td.number { (other.pid) }
                            td { (other.end) }
                            td.number { (time(other.elapsed)) }
                            td.number { (grouped(other.counts.instructions)) }
                        }
                    }
                }
                @if others.len() > 100 { p.note { "and " (others.len() - 100) " others" } }
            }
        }
    }
}

fn name_of(block: &Block) -> String {
    match &block.symbol {
        Some(symbol) => symbol.clone(),
        None => format!("{:#x}", block.pc),
    }
}

fn share(stats: &Stats, block: &Block) -> f64 {
    block.executed as f64 * 100.0 / stats.counts.instructions.max(1) as f64
}

/// The list of hot blocks.
fn hottest(stats: &Stats, layers: &[Layers]) -> Markup {
    let largest = layers.first().map_or(1.0, |one| share(stats, &one.block)).max(0.01);
    html! {
        section #hottest {
            h2 { "Hot blocks" }
            @if layers.is_empty() { p.none { "Nothing was translated." } }
            table.bars {
                @for (rank, one) in layers.iter().enumerate() {
                    @let part = share(stats, &one.block);
                    tr {
                        td.number.rank { (rank + 1) }
                        td.name { a href={ "#block" (rank + 1) } { (name_of(&one.block)) } }
                        td.number { (format!("{part:.1} %")) }
                        td.drawn { svg viewBox="0 0 100 10" preserveAspectRatio="none" {
                            rect class="part2" width=(format!("{:.2}", part * 100.0 / largest)) height="10" {}
                        } }
                        td.number { (grouped(one.block.executions)) " ×" }
                        td.number { (one.block.instructions) " instr." }
                    }
                }
            }
        }
    }
}

/// The hot blocks: ARM, operations, x86-64; what belongs together is marked together.
fn code(stats: &Stats, layers: &[Layers]) -> Markup {
    html! {
        section #code {
            @if !layers.is_empty() {
                h2 { "What became of them" }
                p.note { "Point at an instruction to see what it became, and choose it to keep it marked. The address bar then names it." }
            }
            @for (rank, one) in layers.iter().enumerate() {
                @let block = &one.block;
                article id={ "block" (rank + 1) } {
                    h3 { span.rank { (rank + 1) } (name_of(block)) }
                    p.note {
                        (format!("{:.1} %", share(stats, block))) " of all instructions · run " (grouped(block.executions)) " times · "
                        (block.isa.to_uppercase()) " at " code { (format!("{:#x}", block.pc)) } " · translated at " (time(block.translated_at))
                    }
                    div.layers {
                        div.head { "ARM" } div.head { "operations" } div.head { "x86-64" }
                        @for line in &one.insns { (row(rank + 1, line)) }
                    }
                    @if !one.registers.is_empty() { p.registers { (one.registers) } }
                }
            }
        }
    }
}

/// One instruction in its three columns.
fn row(rank: usize, line: &Line) -> Markup {
    let pc = format!("{rank}-{:x}", line.pc);
    html! {
        div.cell.arm data-pc=(pc) {
            code id={ "i" (pc) } data-pc=(pc) tabindex="0" title=(line.effect) {
                span.address { (format!("{:x}", line.pc)) } span.word { (line.word) } b { (line.text) }
            }
        }
        div.cell.ir data-pc=(pc) { @for op in &line.ir { code data-pc=(pc) { (op) } } @if line.ir.is_empty() { code.nothing { "–" } } }
        div.cell.x86 data-pc=(pc) { @for text in &line.host { code data-pc=(pc) { (text) } } @if line.host.is_empty() { code.nothing { "–" } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use armlet_cpu::a32_features::Model;

    fn shown(isa: &str, code: &str) -> String {
        let block = Block {
            pc: 0x40_0580,
            region: 0x40_0580,
            symbol: Some("a<b>+0x10".into()),
            instructions: 2,
            executions: 10,
            executed: 20,
            isa: isa.to_owned(),
            code: code.to_owned(),
            ..Block::default()
        };
        let stats = Stats {
            program: "/x/<prog>".into(),
            elapsed: 1_000_000,
            hot_blocks: vec![block],
            ..Stats::default()
        };
        page(&stats, &super::super::layers(&stats, Model::Max), &[&stats])
    }

    #[test]
    fn the_page_is_complete_and_fetches_nothing() {
        let text = shown("a64", "0000018bc0035fd6");
        assert!(
            text.contains("&lt;prog&gt;") && text.contains("a&lt;b&gt;+0x10"),
            "{text}"
        );
        assert!(text.contains("x0 = x0 + x1"), "{text}");
        assert!(text.contains("data-pc=\"1-400580\""), "{text}");
        for fetched in ["http:", "https:", "src=", "url(", "@import", "<link"] {
            assert!(!text.contains(fetched), "{fetched}");
        }
    }

    #[test]
    fn every_instruction_set_has_its_layers() {
        // adds r0, r0, r1; bx lr
        for (isa, code, text) in [
            ("a32", "010090e01eff2fe1", "adds r0, r0, r1"),
            ("t32", "40187047", "adds r0, r0, r1"),
            ("a64", "000001abc0035fd6", "adds x0, x0, x1"),
        ] {
            let page = shown(isa, code);
            assert!(page.contains(text), "{isa}: {page}");
            // Nothing is without operations and x86-64.
            assert!(!page.contains("class=\"nothing\""), "{isa}: {page}");
        }
    }
}
