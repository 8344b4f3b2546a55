//! Bars and the time line, as inline SVG.

use armlet_observe::Stats;
use armlet_observe::stats::{grouped, time};
use maud::{Markup, html};

/// One part of a whole.
pub struct Part {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: u64,
    /// The same, for people.
    pub text: String,
}

/// A bar of parts, and its legend: the largest first.
pub fn stacked(parts: Vec<Part>) -> Markup {
    // A part has its colour by its place before the sorting, so that the same thing looks the same in two reports.
    let mut parts: Vec<(usize, Part)> = parts
        .into_iter()
        .enumerate()
        .filter(|(_, part)| part.value > 0)
        .collect();
    parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.value));
    let total = parts.iter().map(|(_, part)| part.value).sum::<u64>().max(1) as f64;
    let mut x = 0.0;
    let placed: Vec<(usize, &Part, f64, f64)> = parts
        .iter()
        .map(|(index, part)| {
            let width = part.value as f64 / total * 1000.0;
            x += width;
            (index % 9, part, x - width, width)
        })
        .collect();
    html! {
        svg viewBox="0 0 1000 36" preserveAspectRatio="none" class="bar" role="img" {
            @for (color, part, x, width) in &placed {
                rect class={ "part" (color) } x=(format!("{x:.2}")) width=(format!("{width:.2}")) height="36" {
                    title { (part.name) ": " (part.text) }
                }
            }
        }
        ul.legend {
            @for (color, part, _, width) in &placed {
                li {
                    span class={ "swatch part" (color) } {}
                    span.name { (part.name) }
                    b { (format!("{:.1} %", width / 10.0)) }
                    small { (part.text) }
                }
            }
        }
    }
}

/// A table with bars, the largest first; `most` rows of it.
pub fn table(mut rows: Vec<(String, u64)>, most: usize) -> Markup {
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let largest = rows.first().map_or(1, |row| row.1.max(1));
    let sum = rows.iter().map(|row| row.1).sum::<u64>().max(1);
    let rest: u64 = rows.iter().skip(most).map(|row| row.1).sum();
    html! {
        @if rows.is_empty() { p.none { "none" } }
        table.bars {
            @for (name, count) in rows.iter().take(most) {
                tr {
                    td.name { (name) }
                    td.number { (grouped(*count)) }
                    td.number { (format!("{:.1} %", *count as f64 * 100.0 / sum as f64)) }
                    td.drawn { svg viewBox="0 0 100 10" preserveAspectRatio="none" {
                        rect class="part0" width=(format!("{:.2}", *count as f64 * 100.0 / largest as f64)) height="10" {}
                    } }
                }
            }
            @if rows.len() > most {
                tr { td.name { (rows.len() - most) " others" } td.number { (grouped(rest)) } td {} td {} }
            }
        }
    }
}

/// When translation happened: guest instructions in each hundredth of the time, and the hot blocks as marks that lead to them.
pub fn timeline(stats: &Stats, shown: usize) -> Markup {
    let most = stats.timeline.iter().map(|slot| slot.1).max().unwrap_or(0).max(1) as f64;
    let slots = stats.timeline.len().max(1) as f64;
    let elapsed = stats.elapsed.max(1) as f64;
    let at = |slot: usize| time((elapsed * slot as f64 / slots) as u64);
    html! {
        svg viewBox="0 0 1000 150" class="timeline" role="img" {
            line x1="0" y1="110" x2="1000" y2="110" {}
            @for (slot, &(regions, instructions)) in stats.timeline.iter().enumerate() {
                @if instructions > 0 {
                    @let height = (instructions as f64 / most * 100.0).max(1.5);
                    rect class="part1" x=(format!("{:.2}", slot as f64 * 1000.0 / slots)) width=(format!("{:.2}", 1000.0 / slots - 1.0))
                        y=(format!("{:.2}", 110.0 - height)) height=(format!("{height:.2}")) {
                        title { (at(slot)) " to " (at(slot + 1)) ": " (grouped(regions)) " regions, " (grouped(instructions)) " guest instructions" }
                    }
                }
            }
            @for (rank, block) in stats.hot_blocks.iter().take(shown).enumerate() {
                a href={ "#block" (rank + 1) } {
                    circle class="part2" cx=(format!("{:.1}", (block.translated_at as f64 / elapsed * 1000.0).clamp(5.0, 995.0))) cy="122" r="5" {
                        title { "block " (rank + 1) " at " (time(block.translated_at)) }
                    }
                }
            }
            text x="0" y="145" { "start" }
            text x="500" y="145" text-anchor="middle" { (time(stats.elapsed / 2)) }
            text x="1000" y="145" text-anchor="end" { (time(stats.elapsed)) }
        }
    }
}
