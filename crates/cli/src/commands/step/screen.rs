//! The stepper's screen: code, registers, the instruction's way through fetch, decode and execute, stack, memory or translation, output.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use armlet_cpu::a64::State;
use armlet_memory::{load, read_bytes};
use armlet_observe::Guest;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::machine::Isa;
use super::stepper::Stepper;
use crate::explain::host;

/// Colours of an instruction's fields, in turn.
const FIELDS: [Color; 6] = [
    Color::Cyan,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::LightBlue,
    Color::LightRed,
];
const KEYS: &str = "s step  b back  n over  f finish  c continue  g run to  t/p breakpoint  w watch  m memory  x translation  v vectors  ? help  q quit";
const HELP: [&str; 15] = [
    "s, space, right   execute one instruction",
    "b, left           take the last one back: registers and memory",
    "n                 step over a call",
    "f                 run until this function returns",
    "c                 run to a breakpoint or a change of the watched word; any key interrupts",
    "g                 run to an address or a function",
    "up, down, t       choose an instruction, set or remove a breakpoint there",
    "p                 breakpoint at an address or a function",
    "w                 watch the eight bytes at an address",
    "m                 show the memory at an address or a register",
    "x                 memory, or what the translator makes of this code",
    "v                 general or vector registers",
    "r                 run to the end at full speed",
    "q                 end the program",
    "*                 marks instructions that are warm: the translator would have taken them",
];

/// The terminal, and what is looked at.
pub struct Screen {
    terminal: Option<Terminal<CrosstermBackend<File>>>,
    output: File,
    /// Instructions from the program counter to the cursor.
    offset: i64,
    memory: Option<u64>,
    translation: bool,
    vectors: bool,
    help: bool,
}

impl Screen {
    /// Takes the terminal over. `output` is the file that the program prints to.
    pub fn open(output: File) -> io::Result<Screen> {
        let mut tty = File::options().read(true).write(true).open("/dev/tty")?;
        enable_raw_mode()?;
        execute!(tty, EnterAlternateScreen, cursor::Hide)?;
        Ok(Screen {
            terminal: Some(Terminal::new(CrosstermBackend::new(tty))?),
            output,
            offset: 0,
            memory: None,
            translation: false,
            vectors: false,
            help: false,
        })
    }

    /// Gives the terminal back, and prints there what the program has printed.
    pub fn close(&mut self) {
        self.forget();
        let Ok(mut tty) = File::options().write(true).open("/dev/tty") else {
            return;
        };
        let _ = execute!(tty, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
        let _ = io::Write::write_all(&mut tty, &self.printed(u64::MAX));
        // From here on, the program prints to the terminal itself.
        let _ = rustix::stdio::dup2_stdout(&tty);
        let _ = rustix::stdio::dup2_stderr(&tty);
    }

    /// The terminal is somebody else's.
    pub fn forget(&mut self) {
        self.terminal = None;
    }

    /// The last bytes of what the program has printed.
    fn printed(&self, most: u64) -> Vec<u8> {
        let length = self.output.metadata().map_or(0, |data| data.len());
        let mut bytes = vec![0; usize::try_from(length.min(most)).unwrap_or(0)];
        let from = length - bytes.len() as u64;
        let read = self.output.read_at(&mut bytes, from);
        bytes.truncate(read.unwrap_or(0));
        bytes
    }

    /// The address that is chosen.
    pub fn cursor(&self, guest: &dyn Guest, cpu: &State) -> u64 {
        let (back, on) = ((-self.offset).max(0) as usize, self.offset.max(0) as usize);
        let addresses = Isa::of(guest, cpu).around(guest, cpu.pc, back, back + on + 1);
        let chosen = if back > 0 { addresses.first() } else { addresses.last() };
        chosen.copied().flatten().unwrap_or(cpu.pc)
    }

    pub fn move_cursor(&mut self, by: i64) {
        self.offset = (self.offset + by).clamp(-1000, 1000);
    }

    /// The program goes on: the cursor goes with it.
    pub fn follow(&mut self) {
        self.offset = 0;
    }

    pub fn show_memory(&mut self, address: u64) {
        self.memory = Some(address);
        self.translation = false;
    }

    pub fn toggle_translation(&mut self) {
        self.translation = !self.translation;
    }

    pub fn toggle_vectors(&mut self) {
        self.vectors = !self.vectors;
    }

    pub fn toggle_help(&mut self) {
        self.help = !self.help;
    }

    /// Draws everything; `question` is a line that is being typed.
    pub fn draw(&mut self, guest: &dyn Guest, cpu: &State, stepper: &Stepper, question: &str) -> io::Result<()> {
        let printed = String::from_utf8_lossy(&self.printed(4096)).into_owned();
        let Some(mut terminal) = self.terminal.take() else {
            return Ok(());
        };
        let isa = Isa::of(guest, cpu);
        let drawn = terminal.draw(|frame| {
            let [main, output, message, keys] = Layout::vertical([
                Constraint::Min(10),
                Constraint::Length(5),
                Constraint::Length(1),
                Constraint::Length(1),
            ])
            .areas(frame.area());
            let [left, right] =
                Layout::horizontal([Constraint::Percentage(52), Constraint::Percentage(48)]).areas(main);
            let [code, stages] = Layout::vertical([Constraint::Min(5), Constraint::Length(11)]).areas(left);
            let [registers, lower] = Layout::vertical([Constraint::Length(14), Constraint::Min(4)]).areas(right);
            let show =
                |title: String, lines: Vec<Line<'static>>| Paragraph::new(lines).block(Block::bordered().title(title));
            let title = match guest.symbolize(cpu.pc) {
                Some((name, offset)) => format!(" {name}+{offset:#x} "),
                None => " code ".to_owned(),
            };
            frame.render_widget(show(title, self.code(guest, cpu, stepper, code)), code);
            frame.render_widget(show(" fetch - decode - execute ".into(), stages_of(isa, cpu)), stages);
            let title = format!(
                " registers: {} executed, {} to take back ",
                stepper.executed,
                stepper.depth()
            );
            let shown = if self.vectors {
                vectors(isa, cpu, stepper)
            } else {
                general(isa, cpu, stepper)
            };
            frame.render_widget(show(title, shown), registers);
            if self.help {
                frame.render_widget(show(" keys ".into(), HELP.map(Line::from).to_vec()), lower);
            } else if self.translation {
                frame.render_widget(show(" translation of this block ".into(), translation(isa, cpu)), lower);
            } else {
                let [stack, memory] =
                    Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(lower);
                frame.render_widget(show(" stack ".into(), words(isa, isa.sp(cpu), stack, guest)), stack);
                let at = self.memory.unwrap_or_else(|| touched(isa, cpu));
                frame.render_widget(show(format!(" memory {at:#x} "), bytes(at, memory)), memory);
            }
            let last: Vec<&str> = printed.lines().collect();
            let last = last[last.len().saturating_sub(3)..]
                .iter()
                .map(|line| Line::from(printable(line)));
            frame.render_widget(show(" output ".into(), last.collect()), output);
            let line = if question.is_empty() {
                stepper.message.clone()
            } else {
                question.to_owned()
            };
            frame.render_widget(Paragraph::new(line).style(Style::new().fg(Color::Yellow)), message);
            frame.render_widget(
                Paragraph::new(KEYS).style(Style::new().add_modifier(Modifier::DIM)),
                keys,
            );
        });
        let drawn = drawn.map(|_| ());
        self.terminal = Some(terminal);
        drawn
    }

    fn code(&self, guest: &dyn Guest, cpu: &State, stepper: &Stepper, area: Rect) -> Vec<Line<'static>> {
        let isa = Isa::of(guest, cpu);
        let cursor = self.cursor(guest, cpu);
        let height = i64::from(area.height.saturating_sub(2));
        let center = self.offset.clamp(-height / 2, height / 2);
        let first = self.offset - height / 2 - center + center.min(0).max(-height / 2);
        let back = (-first).max(0) as usize;
        let skipped = first.max(0) as usize;
        let addresses = isa.around(guest, cpu.pc, back, back.max(skipped) + height as usize);
        let mut lines = Vec::new();
        for pc in addresses.into_iter().skip(skipped).take(height as usize) {
            let Some(pc) = pc else {
                lines.push(Line::default());
                continue;
            };
            let it = if pc == cpu.pc { cpu.a32.itstate } else { 0 };
            let Some(explained) = isa.explain(pc, it) else {
                lines.push(Line::from(format!("    {pc:12x}")));
                continue;
            };
            if let Some((name, 0)) = guest.symbolize(pc)
                && pc != cpu.pc
            {
                lines.push(Line::from(format!("{name}:")).style(Style::new().fg(Color::Green)));
            }
            let text = explained.text.unwrap_or_else(|why| why);
            let breakpoint = if stepper.breakpoints.contains(&pc) { 'B' } else { ' ' };
            let warm = if stepper.is_warm(pc) { '*' } else { ' ' };
            let arrow = if pc == cpu.pc { "=>" } else { "  " };
            let line = Line::from(format!("{breakpoint}{warm}{arrow}{pc:12x}  {text}"));
            let mut style = Style::new();
            if pc == cpu.pc {
                style = style.add_modifier(Modifier::BOLD).fg(Color::LightGreen);
            }
            if self.offset != 0 && pc == cursor {
                style = style.add_modifier(Modifier::REVERSED);
            }
            lines.push(line.style(style));
        }
        lines
    }
}

/// What the terminal may show of a line.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '.' } else { c }).collect()
}

/// The way of the instruction at the program counter.
fn stages_of(isa: Isa, cpu: &State) -> Vec<Line<'static>> {
    let title = |text: &'static str| Span::styled(format!("{text:<9}"), Style::new().add_modifier(Modifier::BOLD));
    let Some(explained) = isa.explain(cpu.pc, cpu.a32.itstate) else {
        return vec![Line::from(vec![
            title("fetch"),
            Span::raw("no instruction can be read there"),
        ])];
    };
    let bytes: Vec<String> = explained.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut lines = vec![Line::from(vec![
        title("fetch"),
        Span::raw(format!("[{:#x}] = {}", cpu.pc, bytes.join(" "))),
    ])];
    if let Err(why) = &explained.text {
        lines.push(Line::from(vec![title("decode"), Span::raw(why.clone())]));
        return lines;
    }
    let (mut bits, mut names, mut colour) = (vec![title("decode")], vec![title("")], 0);
    for field in &explained.fields {
        let digits = field.digits();
        let name = field.name.unwrap_or("");
        let width = digits.len().max(name.len());
        let style = if field.name.is_some() {
            colour += 1;
            Style::new().fg(FIELDS[(colour - 1) % FIELDS.len()])
        } else {
            Style::new()
        };
        bits.push(Span::styled(format!("{digits:<width$} "), style));
        names.push(Span::styled(format!("{name:<width$} "), style));
    }
    lines.push(Line::from(bits));
    lines.push(Line::from(names));
    lines.push(Line::from(vec![title(""), Span::raw(explained.row)]));
    if let Some(effect) = explained.effect {
        lines.push(Line::from(vec![title("execute"), Span::raw(effect)]));
    }
    if let Some(effects) = isa.effects(cpu) {
        let first = title(if isa == Isa::A64 { "" } else { "execute" });
        let list = |registers: &[armlet_observe::Register]| {
            let text = registers
                .iter()
                .map(|register| format!("{register}={:#x}", register.value(cpu)));
            text.collect::<Vec<_>>().join(" ")
        };
        lines.push(Line::from(vec![
            first,
            Span::raw(format!("reads {}", list(&effects.shape.reads))),
        ]));
        let written = effects
            .shape
            .writes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ");
        lines.push(Line::from(vec![title(""), Span::raw(format!("writes {written}"))]));
        if let Some(access) = effects.access {
            let text = format!(
                "memory {:?} of {} bytes at {:#x}",
                access.kind, access.size, access.address
            );
            lines.push(Line::from(vec![title(""), Span::raw(text)]));
        }
    }
    lines
}

/// A value; bold and coloured if the last instruction changed it.
fn value(name: &str, text: String, changed: bool) -> Span<'static> {
    let style = if changed {
        Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD)
    } else {
        Style::new()
    };
    let mark = if changed { '!' } else { ' ' };
    Span::styled(format!("{name:>3}{mark}{text} "), style)
}

fn general(isa: Isa, cpu: &State, stepper: &Stepper) -> Vec<Line<'static>> {
    if isa != Isa::A64 {
        return general_a32(isa, cpu, stepper);
    }
    let before = stepper.previous();
    let mut spans: Vec<Span<'static>> = (0..31u8)
        .map(|n| {
            let changed = before.is_some_and(|before| before.x(n) != cpu.x(n));
            value(&format!("x{n}"), format!("{:016x}", cpu.x(n)), changed)
        })
        .collect();
    let changed = before.is_some_and(|before| before.sp() != cpu.sp());
    spans.push(value("sp", format!("{:016x}", cpu.sp()), changed));
    let mut lines: Vec<Line<'static>> = spans.chunks(3).map(|row| Line::from(row.to_vec())).collect();
    let flags = |cpu: &State| {
        let flags = cpu.flags;
        let letter = |set: bool, letter: char| if set { letter } else { letter.to_ascii_lowercase() };
        [(flags.n, 'N'), (flags.z, 'Z'), (flags.c, 'C'), (flags.v, 'V')].map(|(set, name)| letter(set, name))
    };
    let text: String = flags(cpu).iter().collect();
    let changed = before.is_some_and(|before| before.flags != cpu.flags);
    lines.push(Line::from(vec![
        value("", format!("nzcv {text}"), changed),
        Span::raw(format!("  pc {:x}  fpsr {:08x}", cpu.pc, cpu.fpsr)),
    ]));
    lines
}

/// R0 to R14, CPSR and FPSCR.
fn general_a32(isa: Isa, cpu: &State, stepper: &Stepper) -> Vec<Line<'static>> {
    const NAMES: [&str; 15] = [
        "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr",
    ];
    let before = stepper.previous();
    let spans: Vec<Span<'static>> = (0u8..)
        .zip(NAMES)
        .map(|(n, name)| {
            let changed = before.is_some_and(|before| before.r(n) != cpu.r(n));
            value(name, format!("{:08x}", cpu.r(n)), changed)
        })
        .collect();
    let mut lines: Vec<Line<'static>> = spans.chunks(4).map(|row| Line::from(row.to_vec())).collect();
    let letter = |set: bool, letter: char| if set { letter } else { letter.to_ascii_lowercase() };
    let flags = cpu.flags;
    let names = [
        (flags.n, 'N'),
        (flags.z, 'Z'),
        (flags.c, 'C'),
        (flags.v, 'V'),
        (cpu.a32.q, 'Q'),
    ];
    let text: String = names.map(|(set, name)| letter(set, name)).iter().collect();
    let changed = before.is_some_and(|before| before.flags != cpu.flags || before.a32.q != cpu.a32.q);
    let state = if isa == Isa::T32 { "T32" } else { "A32" };
    lines.push(Line::from(vec![
        value("", format!("nzcvq {text}"), changed),
        Span::raw(format!(
            "  pc {:x}  {state}  ge {:04b}  fpscr {:08x}",
            cpu.pc,
            cpu.a32.ge,
            cpu.fpscr()
        )),
    ]));
    lines
}

fn vectors(isa: Isa, cpu: &State, stepper: &Stepper) -> Vec<Line<'static>> {
    let before = stepper.previous();
    let (letter, count) = if isa == Isa::A64 { ('v', 24) } else { ('q', 16) };
    let spans: Vec<Span<'static>> = (0..count)
        .map(|n| {
            let changed = before.is_some_and(|before| before.v(n) != cpu.v(n));
            value(&format!("{letter}{n}"), format!("{:032x}", cpu.v(n)), changed)
        })
        .collect();
    spans.chunks(2).map(|row| Line::from(row.to_vec())).collect()
}

/// What the translator makes of the block.
fn translation(isa: Isa, cpu: &State) -> Vec<Line<'static>> {
    let Some(listing) = isa.listing(cpu) else {
        return vec![Line::from("no code can be read there")];
    };
    let host = host::disassemble(&listing.bytes, listing.at, &listing.names);
    let mut lines = Vec::new();
    for listed in listing.instructions.iter().take(24) {
        for op in &listed.ops {
            lines.push(Line::from(op.clone()).style(Style::new().fg(Color::Cyan)));
        }
        for line in host.iter().filter(|line| listed.host.contains(&line.offset)) {
            lines.push(Line::from(format!("    {}", line.text)));
        }
    }
    lines
}

/// The memory that the instruction touches; else the stack.
fn touched(isa: Isa, cpu: &State) -> u64 {
    let access = isa.effects(cpu).and_then(|effects| effects.access);
    access.map_or(isa.sp(cpu), |access| access.address) & !7
}

/// Words of the stack, with the functions that they point into.
fn words(isa: Isa, from: u64, area: Rect, guest: &dyn Guest) -> Vec<Line<'static>> {
    let rows = u64::from(area.height.saturating_sub(2));
    let size = isa.word();
    let row = |index: u64| {
        let address = from.wrapping_add(size * index);
        let word = match size {
            8 => load::<u64>(address),
            _ => load::<u32>(address).map(u64::from),
        };
        match word {
            Ok(word) => {
                let name = guest.symbolize(word);
                let name = name.map_or(String::new(), |(name, offset)| format!(" {name}+{offset:#x}"));
                let digits = 2 * size as usize;
                Line::from(format!("+{:03x} {word:0digits$x}{name}", size * index))
            }
            Err(_) => Line::from(format!("+{:03x} -", size * index)),
        }
    };
    (0..rows).map(row).collect()
}

/// Bytes, eight in a line.
fn bytes(from: u64, area: Rect) -> Vec<Line<'static>> {
    let rows = u64::from(area.height.saturating_sub(2));
    let row = |index: u64| {
        let address = from.wrapping_add(8 * index);
        let mut bytes = [0; 8];
        if read_bytes(address, &mut bytes).is_err() {
            return Line::from(format!("{address:12x} -"));
        }
        let hex = bytes.map(|byte| format!("{byte:02x}")).join(" ");
        let text: String = bytes
            .iter()
            .map(|&byte| if byte.is_ascii_graphic() { byte as char } else { '.' })
            .collect();
        Line::from(format!("{address:12x} {hex} {text}"))
    };
    (0..rows).map(row).collect()
}
