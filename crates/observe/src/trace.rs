//! `armlet trace`: one line for each guest instruction: where, what, which registers it read and wrote, which memory it touched.
//!
//! ```text
//! 0x000000400598 main+0x10    ldr x0, [x1, #8]     x1=0x7ff0 x0=>0x2a [0x7ff8]=>0x2a
//! ```
//!
//! `x1=…` was read, `x0=>…` was written; of memory, `[…]=>…` was loaded and `[…]<=…` was stored. A filter that can match no more lets the
//! program go on at full speed.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use armlet_cpu::a64::State;
use armlet_cpu::{Trap, a64};
use armlet_decoder::a64::{Disassembly, decode};
use armlet_memory::{fetch, load, read_bytes};
use serde::{Deserialize, Serialize};

use crate::effects::{Access, AccessKind, Kind, Register, Shape};
use crate::effects_a32;
use crate::observer::{End, Fate, Guest, Observer, Pace, Signal, View};

/// Bytes of a thread's lines that are kept back before they are written; a system call writes them too.
const BUFFER: usize = 32 << 10;
/// Column in which the effects begin.
const EFFECTS_COLUMN: usize = 78;
const NOTHING: &str = "(nothing to execute here)";

/// What is traced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Where lines go: a path (`%p` is the process's number), or standard error.
    pub output: Option<PathBuf>,
    /// Lines are added to the file: an armlet before this one has begun it.
    pub append: bool,
    /// Only instructions at these addresses; all if there are none.
    pub addresses: Vec<Range<u64>>,
    /// Only instructions in these functions; `*` stands for any text.
    pub symbols: Vec<String>,
    /// Only instructions of these kinds, by their names ([`Kind::ALL`]).
    pub kinds: Vec<String>,
    /// Lines that are not printed before the first that is.
    pub skip: u64,
    /// Lines that are printed at most.
    pub count: Option<u64>,
    /// Nothing is printed but the last lines before the end, that many.
    pub last: Option<usize>,
    /// `last` only if a signal ends the process.
    pub only_on_crash: bool,
}

/// The trace of a process.
#[derive(Debug)]
pub struct Trace {
    options: Options,
    kinds: Option<Kind>,
    output: Mutex<Output>,
    /// Lines that have matched.
    matched: AtomicU64,
}

#[derive(Debug)]
enum Output {
    Stderr,
    File(File),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(options: &Options) -> io::Result<Output> {
    let Some(path) = &options.output else {
        return Ok(Output::Stderr);
    };
    let path = numbered(path);
    let fresh = !options.append;
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    if fresh {
        file.set_len(0)?;
    }
    Ok(Output::File(file))
}

/// A path with the process's number in the place of `%p`.
#[must_use]
pub fn numbered(path: &Path) -> PathBuf {
    path.to_string_lossy()
        .replace("%p", &std::process::id().to_string())
        .into()
}

/// Whether a name matches a pattern in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices()
                .map(|(at, _)| &name[at..])
                .chain([""])
                .any(|tail| matches(rest, tail))
        }),
    }
}

impl Trace {
    /// A trace.
    ///
    /// # Errors
    ///
    /// The output cannot be written, or there is no kind of that name.
    pub fn new(options: Options) -> io::Result<Arc<Trace>> {
        let unknown = |name: &str| {
            let known: Vec<&str> = Kind::ALL.iter().map(|(name, _)| *name).collect();
            io::Error::other(format!(
                "no kind of instruction is called {name:?}; there are {}",
                known.join(", ")
            ))
        };
        let mut kinds = None;
        for name in &options.kinds {
            let kind = Kind::from_name(name).ok_or_else(|| unknown(name))?;
            kinds = Some(kinds.map_or(kind, |others: Kind| others.with(kind)));
        }
        let output = Mutex::new(open(&options)?);
        Ok(Arc::new(Trace {
            options,
            kinds,
            output,
            matched: AtomicU64::new(0),
        }))
    }

    fn write(&self, text: &str) {
        // A trace that cannot be written is lost; the guest must not notice.
        let _ = match &mut *lock(&self.output) {
            Output::Stderr => io::stderr().write_all(text.as_bytes()),
            Output::File(file) => file.write_all(text.as_bytes()),
        };
    }

    /// Whether no line will be printed any more.
    fn is_over(&self) -> bool {
        self.options
            .count
            .is_some_and(|count| self.matched.load(Ordering::Relaxed) >= self.options.skip + count)
    }
}

impl View for Arc<Trace> {
    fn attach(&self, guest: &dyn Guest, _: &State) -> Option<Box<dyn Observer>> {
        Some(Box::new(Tracer {
            trace: Arc::clone(self),
            tid: guest.tid(),
            shapes: HashMap::new(),
            shapes_a32: HashMap::new(),
            symbol: None,
            pending: None,
            buffer: String::new(),
            ring: VecDeque::new(),
        }))
    }
}

/// An instruction that is being executed, and its line so far.
struct Pending {
    line: String,
    shape: Arc<Shape>,
    access: Option<Access>,
    /// Its condition does not hold.
    idle: bool,
}

/// The instruction at the program counter.
struct Found {
    /// `None`: it is none.
    shape: Option<Arc<Shape>>,
    text: String,
    idle: bool,
}

/// Traces one thread.
struct Tracer {
    trace: Arc<Trace>,
    tid: i32,
    /// By instruction word; `None`: not an instruction.
    shapes: HashMap<u32, Option<Arc<Shape>>>,
    /// Of AArch32: by bytes and condition.
    shapes_a32: HashMap<(String, u8), Arc<Shape>>,
    /// The function that was looked up last.
    symbol: Option<(u64, String, u64)>,
    pending: Option<Pending>,
    buffer: String,
    ring: VecDeque<String>,
}

impl Tracer {
    fn find(&mut self, pc: u64) -> Found {
        let word = if pc.is_multiple_of(4) { fetch(pc).ok() } else { None };
        let shape = word.and_then(|word| {
            let shape = self.shapes.entry(word).or_insert_with(|| Shape::of(word).map(Arc::new));
            shape.clone()
        });
        let text = match word.map(|word| (word, decode(word))) {
            Some((_, Ok(insn))) => Disassembly { insn, pc }.to_string(),
            Some((word, Err(_))) => format!(".word {word:#010x}"),
            None => NOTHING.to_owned(),
        };
        Found {
            shape,
            text,
            idle: false,
        }
    }

    fn find_a32(&mut self, cpu: &State) -> Found {
        match effects_a32::fetched(cpu) {
            Some((Ok(decoded), bytes)) => {
                let shape = self.shapes_a32.entry((bytes, decoded.cond));
                let shape = shape.or_insert_with(|| Arc::new(Shape::of_a32(&decoded)));
                Found {
                    shape: Some(Arc::clone(shape)),
                    text: effects_a32::text(decoded, cpu.pc),
                    idle: !effects_a32::executes(&decoded, cpu),
                }
            }
            Some((Err(_), bytes)) => Found {
                shape: None,
                text: format!(".inst {bytes}"),
                idle: false,
            },
            None => Found {
                shape: None,
                text: NOTHING.to_owned(),
                idle: false,
            },
        }
    }

    /// The function around the program counter and the offset in it.
    fn symbol(&mut self, guest: &dyn Guest, pc: u64) -> Option<(String, u64)> {
        let (name, offset) = guest.symbolize(pc)?;
        self.symbol = Some((pc, name.clone(), offset));
        Some((name, offset))
    }

    /// Whether the filters let the instruction through; the symbol, if it was looked up for that.
    fn wants(&mut self, guest: &dyn Guest, pc: u64, shape: Option<&Shape>) -> bool {
        let options = &self.trace.options;
        if !options.addresses.is_empty() && !options.addresses.iter().any(|range| range.contains(&pc)) {
            return false;
        }
        if let Some(kinds) = self.trace.kinds
            && !shape.is_some_and(|shape| shape.kind.meets(kinds))
        {
            return false;
        }
        if self.trace.options.symbols.is_empty() {
            return true;
        }
        let name = self.symbol(guest, pc).map(|(name, _)| name);
        let patterns = &self.trace.options.symbols;
        name.is_some_and(|name| patterns.iter().any(|pattern| matches(pattern, &name)))
    }

    fn print(&mut self, line: &str) {
        if let Some(last) = self.trace.options.last {
            if self.ring.len() >= last {
                self.ring.pop_front();
            }
            self.ring.push_back(line.to_owned());
            return;
        }
        self.buffer.push_str(line);
        if self.buffer.len() > BUFFER {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            self.trace.write(&self.buffer);
            self.buffer.clear();
        }
    }

    /// A line that is no instruction.
    fn remark(&mut self, text: &str) {
        if !self.trace.is_over() && self.unfiltered() && self.trace.options.last.is_none() {
            let line = format!("{:>7} {text}\n", self.tid);
            self.print(&line);
        }
    }

    /// Whether system calls and signals are of interest.
    fn unfiltered(&self) -> bool {
        let options = &self.trace.options;
        let kinds = self.trace.kinds.is_none_or(|kinds| kinds.meets(Kind::SYSCALL));
        options.addresses.is_empty() && options.symbols.is_empty() && kinds
    }

    fn finish(&mut self, cpu: &State, trap: Option<Trap>) {
        let Some(Pending {
            mut line,
            shape,
            access,
            idle,
        }) = self.pending.take()
        else {
            return;
        };
        match trap {
            _ if idle => line.push_str(" (its condition does not hold)"),
            None | Some(Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. }) => {
                if trap.is_none() {
                    for &register in &shape.writes {
                        let _ = write!(line, " {}", written(register, cpu));
                    }
                }
                if let Some(access) = access {
                    let sign = if access.kind == AccessKind::Load { "=>" } else { "<=" };
                    let _ = write!(line, " [{:#x}]{sign}{}", access.address, memory(&access));
                }
            }
            Some(trap) => {
                let _ = write!(line, " !! {}", describe(trap));
            }
        }
        line.push('\n');
        self.print(&line);
    }
}

/// A trap in words.
fn describe(trap: Trap) -> String {
    match trap {
        Trap::Memory(fault) => format!("{:?} of {:#x}: {:?}", fault.access, fault.address, fault.kind),
        Trap::Undefined => "undefined".to_owned(),
        Trap::Breakpoint { imm } => format!("breakpoint {imm:#x}"),
        other => format!("{other:?}"),
    }
}

/// `x1=0x10`, `nzcv=nZCv`.
fn shown(register: Register, cpu: &State, sign: &str) -> String {
    match register {
        Register::Flags => format!("nzcv{sign}{}", flags(cpu.flags)),
        _ => format!("{register}{sign}{:#x}", register.value(cpu)),
    }
}

fn written(register: Register, cpu: &State) -> String {
    shown(register, cpu, "=>")
}

/// The flags by their letters; capitals are set.
#[must_use]
pub fn flags(flags: a64::Flags) -> String {
    [(flags.n, 'n'), (flags.z, 'z'), (flags.c, 'c'), (flags.v, 'v')]
        .map(|(set, name)| if set { name.to_ascii_uppercase() } else { name })
        .iter()
        .collect()
}

/// What stands in memory: one number for each element.
fn memory(access: &Access) -> String {
    let count = (access.size / access.element.max(1)).max(1);
    let elements = (0..u64::from(count)).map(|index| {
        let mut bytes = [0; 16];
        let size = access.element.min(16) as usize;
        let at = access.address + index * u64::from(access.element);
        match read_bytes(at, &mut bytes[..size]) {
            Ok(()) => format!("{:#x}", u128::from_le_bytes(bytes)),
            Err(_) => "?".to_owned(),
        }
    });
    elements.collect::<Vec<_>>().join(",")
}

impl Observer for Tracer {
    fn proceed(&mut self, guest: &dyn Guest, cpu: &mut State) -> Pace {
        if self.trace.is_over() {
            self.flush();
            return Pace::Free;
        }
        let pc = cpu.pc;
        let found = if guest.is_a32() {
            self.find_a32(cpu)
        } else {
            self.find(pc)
        };
        let Found { shape, text, idle } = found;
        if !self.wants(guest, pc, shape.as_deref()) {
            return Pace::Step;
        }
        let index = self.trace.matched.fetch_add(1, Ordering::Relaxed);
        if index < self.trace.options.skip
            || self
                .trace
                .options
                .count
                .is_some_and(|count| index >= self.trace.options.skip + count)
        {
            return Pace::Step;
        }
        let place = match self.symbol.take().filter(|(known, ..)| *known == pc) {
            Some((_, name, offset)) => format!("{name}+{offset:#x}"),
            None => guest
                .symbolize(pc)
                .map_or_else(String::new, |(name, offset)| format!("{name}+{offset:#x}")),
        };
        let mut line = format!("{:>7} {pc:#014x} {place:<24} {text}", self.tid);
        if line.len() < EFFECTS_COLUMN {
            line.extend(std::iter::repeat_n(' ', EFFECTS_COLUMN - line.len()));
        }
        let shape = shape.unwrap_or_else(|| Arc::new(Shape::nothing()));
        for &register in &shape.reads {
            let _ = write!(line, " {}", shown(register, cpu, "="));
        }
        let access = shape.access(cpu).filter(|_| !idle);
        self.pending = Some(Pending {
            line,
            shape,
            access,
            idle,
        });
        Pace::Step
    }

    fn executed(&mut self, _: &dyn Guest, cpu: &mut State, trap: Option<Trap>) {
        self.finish(cpu, trap);
    }

    fn call(&mut self, _: &dyn Guest, _: &mut State) {
        // What the program itself prints comes behind what led to it.
        if self.trace.options.output.is_none() {
            self.flush();
        }
    }

    fn called(&mut self, guest: &dyn Guest, cpu: &mut State) {
        let register = if guest.is_a32() { "r0" } else { "x0" };
        self.remark(&format!("--- system call: {register}=>{:#x} ---", cpu.x(0)));
    }

    fn signal(&mut self, guest: &dyn Guest, cpu: &mut State, signal: &Signal) -> Fate {
        let at = guest
            .symbolize(cpu.pc)
            .map_or_else(String::new, |(name, offset)| format!(" {name}+{offset:#x}"));
        self.remark(&format!(
            "--- signal {} (code {}) at {:#x}{at} ---",
            signal.number, signal.code, cpu.pc
        ));
        Fate::Deliver
    }

    fn forked(&mut self, guest: &dyn Guest) {
        // The parent prints what was before.
        self.buffer.clear();
        self.ring.clear();
        self.tid = guest.tid();
        let numbered = self
            .trace
            .options
            .output
            .as_ref()
            .is_some_and(|path| path.to_string_lossy().contains("%p"));
        if numbered && let Ok(output) = open(&self.trace.options) {
            *lock(&self.trace.output) = output;
        }
    }

    fn ends(&mut self, _: &dyn Guest, end: End) {
        let crashed = matches!(end, End::Killed(_));
        if (crashed || !self.trace.options.only_on_crash)
            && let Some(last) = self.trace.options.last.filter(|_| !self.ring.is_empty())
        {
            let (count, tid) = (self.ring.len(), self.tid);
            self.buffer = format!("armlet: the last {count} instructions of thread {tid} (of {last} at most):\n");
            self.buffer.extend(std::mem::take(&mut self.ring));
        }
        match end {
            End::Process(status) if self.unfiltered() && self.trace.options.last.is_none() => {
                self.remark(&format!("--- exited {status} ---"));
            }
            End::Killed(signal) if self.unfiltered() && self.trace.options.last.is_none() => {
                self.remark(&format!("--- killed by signal {signal} ---"));
            }
            _ => {}
        }
        self.flush();
    }
}

/// The instruction at an address as text, for other views.
#[must_use]
pub fn instruction(pc: u64) -> Option<(u32, String)> {
    let word = load::<u32>(pc).ok()?;
    let text = match decode(word) {
        Ok(insn) => Disassembly { insn, pc }.to_string(),
        Err(_) => format!(".word {word:#010x}"),
    };
    Some((word, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("main", "main") && !matches("main", "main2"));
        assert!(matches("*", "") && matches("*", "x") && matches("str*", "strlen") && matches("*len", "strlen"));
        assert!(matches("a*b*c", "axxbyyc") && !matches("a*b*c", "axxcyyb"));
    }

    #[test]
    fn unknown_kinds_are_named() {
        let options = Options {
            kinds: vec!["jump".to_owned()],
            ..Options::default()
        };
        let error = Trace::new(options).expect_err("no such kind").to_string();
        assert!(error.contains("jump") && error.contains("branch"));
    }
}
