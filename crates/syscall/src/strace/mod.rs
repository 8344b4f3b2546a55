//! The system-call trace, as strace(1) prints it: one line per call, made from the call's row.
//!
//! * this file: where lines go, and how one begins and ends;
//! * [`names`]: flags and values by name;
//! * [`decode`]: structures in guest memory; [`decode_a32`]: those that AArch32 has in another layout;
//! * `options`, `summary`, `translation`: what `armlet strace` has over `--strace`;
//! * `arguments`: the arguments, one kind after the other.
//!
//! Off, it costs one test per system call.

mod arguments;
pub mod decode;
pub mod decode_a32;
pub mod names;
mod options;
mod socket;
mod summary;
pub(crate) mod translation;

use std::fmt::Write as _;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use armlet_cpu::Fault;
use armlet_cpu::a64::State;
use armlet_memory::read_struct;

use crate::abi::Abi;
use crate::row::{Answer, Arg, Row};
use crate::task::{Break, Reply, Restart};

pub use options::{Options, Stamp, Summary};
use summary::Counts;

/// The column in which the result stands.
const RESULT_COLUMN: usize = 40;
/// Bytes of a string that are shown.
pub(crate) const STRING_LIMIT: usize = 32;

/// Where system calls are printed.
#[derive(Debug)]
pub struct Strace {
    output: OwnedFd,
    /// Whether lines begin with `[pid N]`: a thread or a process has been started.
    several: AtomicBool,
    /// The beginning of an `execve`, which ends in another program.
    unfinished: Mutex<Option<String>>,
    options: Options,
    counts: Mutex<Counts>,
    /// When the last line was printed.
    last: Mutex<Option<SystemTime>>,
}

impl Drop for Strace {
    fn drop(&mut self) {
        crate::fs::release(self.descriptor());
    }
}

impl Strace {
    /// Prints to a copy of `output` (usually stderr) which is closed by execve.
    ///
    /// # Errors
    ///
    /// There are no descriptors left.
    pub fn new(output: BorrowedFd<'_>) -> std::io::Result<Strace> {
        Strace::with(output, Options::default())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// As [`Strace::new`].
    pub fn with(output: BorrowedFd<'_>, options: Options) -> std::io::Result<Strace> {
        if options.translation {
            translation::want();
        }
        let copy = crate::fs::duplicate(output.as_raw_fd(), libc::F_DUPFD_CLOEXEC)
            .map_err(|errno| std::io::Error::from_raw_os_error(errno.number().into()))?;
        // SAFETY: just made, and nobody else's.
        let output = unsafe { OwnedFd::from_raw_fd(copy) };
        crate::fs::reserve(copy).map_err(|errno| std::io::Error::from_raw_os_error(errno.number().into()))?;
        Ok(Strace {
            output,
            several: AtomicBool::new(false),
            unfinished: Mutex::new(None),
            options,
            counts: Mutex::default(),
            last: Mutex::new(None),
        })
    }

    /// What is shown.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The descriptor that lines are written to.
    pub fn descriptor(&self) -> i32 {
        self.output.as_raw_fd()
    }

    /// Begins the line of a call: prints what the call could change or what may be gone after it.
    pub(crate) fn enter(&self, row: &'static Row, abi: Abi, args: [u64; 6]) -> Line<'static> {
        let mut line = Line {
            row,
            abi,
            args,
            result: None,
            text: String::new(),
            arguments: Default::default(),
            before: Default::default(),
            started: (SystemTime::now(), Instant::now()),
        };
        if !self.shows(row) {
            return line;
        }
        line.enter();
        match row.name {
            "clone" | "clone3" | "fork" | "vfork" => self.several.store(true, Ordering::Relaxed),
            "execve" | "execveat" => self.keep_unfinished(Some(line.call())),
            _ => {}
        }
        line
    }

    /// Ends the line of a call, and prints it.
    pub(crate) fn leave(&self, mut line: Line<'_>, reply: Reply) {
        match (line.row.name, reply) {
            // This is the child of a fork.
            ("clone" | "clone3" | "fork" | "vfork", Ok(0)) => return,
            ("execve" | "execveat", Err(Break::Errno(_))) => self.keep_unfinished(None),
            _ => {}
        }
        let made = self.options.translation.then(|| translation::take(line.row, line.args));
        if !self.shows(line.row) {
            return;
        }
        let spent = line.started.1.elapsed();
        if self.options.summary != Summary::None
            && let Ok(mut counts) = self.counts.try_lock()
        {
            let failed = matches!(reply, Err(Break::Errno(_)));
            counts.add(line.row.name, failed, spent.as_nanos() as u64);
        }
        if self.options.summary == Summary::Only {
            return;
        }
        line.result = reply.ok();
        line.leave();
        let result = match reply {
            Ok(value) => line.answer(value),
            Err(Break::Errno(errno)) => match errno.name() {
                Some(name) => format!("-1 {name} ({errno})"),
                None => format!("-1 {errno:?}"),
            },
            Err(Break::Restart(Restart::Sys)) => "? ERESTARTSYS (To be restarted if SA_RESTART is set)".to_owned(),
            Err(Break::Restart(Restart::NoHandler)) => "? ERESTARTNOHAND (To be restarted if no handler)".to_owned(),
            Err(Break::Restart(Restart::Block)) => "? ERESTART_RESTARTBLOCK (Interrupted by signal)".to_owned(),
            Err(Break::Restart(Restart::Never)) => "-1 EINTR (Interrupted system call)".to_owned(),
            Err(Break::Resume) if line.row.name.starts_with("exec") => "0".to_owned(),
            Err(Break::Resume) if line.row.restart.is_some() => "? ERESTARTNOINTR (To be restarted)".to_owned(),
            Err(Break::Resume | Break::Trap(_) | Break::ExitThread(_) | Break::ExitProcess(_)) => "?".to_owned(),
        };
        if self.options.json {
            return self.print_json(&line, reply, spent);
        }
        let result = match self.options.durations {
            true => format!("{result} <{:.6}>", spent.as_secs_f64()),
            false => result,
        };
        self.print_line(&line.call(), &result, line.started.0);
        if let Some(made) = made {
            self.write(&made);
        }
    }

    /// Whether a call is to be seen.
    fn shows(&self, row: &Row) -> bool {
        self.is_followed() && self.options.shows(row.name)
    }

    /// Whether this process is to be seen.
    fn is_followed(&self) -> bool {
        self.options
            .only_process
            .is_none_or(|process| process == std::process::id())
    }

    /// The process is over: the table, if there is one.
    fn finish(&self) {
        if self.options.summary != Summary::None
            && self.is_followed()
            && let Ok(mut counts) = self.counts.try_lock()
        {
            let table = std::mem::take(&mut *counts).table();
            self.write(&table);
        }
    }

    /// For the runtime: this is the child of a fork, which has done nothing yet.
    pub fn forked(&self) {
        if let Ok(mut counts) = self.counts.try_lock() {
            *counts = Counts::default();
        }
    }

    fn print_json(&self, line: &Line<'_>, reply: Reply, spent: Duration) {
        let (value, error) = match reply {
            Ok(value) => (Some(value as i64), None),
            Err(Break::Errno(errno)) => (Some(-1), errno.name()),
            Err(_) => (None, None),
        };
        let arguments: Vec<&String> = line
            .arguments
            .iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        let json = serde_json::json!({
            "pid": std::process::id(),
            "tid": thread(),
            "time": since_epoch(line.started.0).as_secs_f64(),
            "call": line.row.name,
            "number": line.row.number,
            "arguments": arguments,
            "values": line.args[..line.row.arguments.len()],
            "result": value,
            "error": error,
            "seconds": spent.as_secs_f64(),
        });
        self.write(&format!("{json}\n"));
    }

    /// For the runtime, right before the host's execve takes the place of this program: prints the guest's `execve`.
    pub fn replaced(&self) {
        if let Ok(mut unfinished) = self.unfinished.try_lock()
            && let Some(line) = unfinished.take()
        {
            self.print_result(&line, "0");
        }
        self.finish();
    }

    fn keep_unfinished(&self, line: Option<String>) {
        // Not waited for: another thread may have held it when this process was forked.
        if let Ok(mut unfinished) = self.unfinished.try_lock() {
            *unfinished = line;
        }
    }

    /// A number that is in no table.
    pub(crate) fn unknown(&self, number: u64, abi: Abi, state: &State) {
        if !self.is_followed() || self.options.calls.is_some() || self.options.summary == Summary::Only {
            return;
        }
        let args: Vec<String> = (0..6).map(|n| names::hex(abi.register(state, n))).collect();
        let call = format!("syscall_{number:#x}({}) ", args.join(", "));
        self.print_result(&call, "-1 ENOSYS (Function not implemented)");
    }

    /// For the runtime: a signal is about to be delivered. `details` is what stands between the braces behind `si_code`
    /// (`si_addr=0x10`), if anything.
    pub fn signal(&self, signal: u32, code: &str, details: &str) {
        if !self.is_followed() || !self.options.shows_signal(signal) || self.options.summary == Summary::Only {
            return;
        }
        let name = names::signal(u64::from(signal));
        if self.options.json {
            let json = serde_json::json!({ "pid": std::process::id(), "tid": thread(), "signal": name, "code": code, "details": details });
            return self.write(&format!("{json}\n"));
        }
        let separator = if details.is_empty() { "" } else { ", " };
        self.print(&format!(
            "--- {name} {{si_signo={name}, si_code={code}{separator}{details}}} ---"
        ));
    }

    /// For the runtime: the process (or, of several, the thread) has ended by itself.
    pub fn exited(&self, status: i32) {
        self.end(&format!("+++ exited with {status} +++"), "exited", status);
    }

    /// For the runtime: a signal has ended the process.
    pub fn killed(&self, signal: u32) {
        let name = names::signal(u64::from(signal));
        self.end(&format!("+++ killed by {name} +++"), "killed", signal as i32);
    }

    fn end(&self, text: &str, how: &str, value: i32) {
        if !self.is_followed() {
            return;
        }
        if self.options.summary != Summary::Only {
            if self.options.json {
                let json = serde_json::json!({ "pid": std::process::id(), "end": how, "value": value });
                self.write(&format!("{json}\n"));
            } else {
                self.print(text);
            }
        }
        self.finish();
    }

    /// A call and its result, which stands in a column of its own.
    fn print_result(&self, call: &str, result: &str) {
        if self.options.summary != Summary::Only && !self.options.json {
            self.print_line(call, result, SystemTime::now());
        }
    }

    fn print_line(&self, call: &str, result: &str, at: SystemTime) {
        let call = self.prefix() + &self.stamp(at) + call;
        self.write(&format!("{call:<RESULT_COLUMN$}= {result}\n"));
    }

    /// A line that is not a call.
    fn print(&self, line: &str) {
        self.write(&format!("{}{}{line}\n", self.prefix(), self.stamp(SystemTime::now())));
    }

    fn prefix(&self) -> String {
        if !self.several.load(Ordering::Relaxed) {
            return String::new();
        }
        format!("[pid {:5}] ", thread())
    }

    /// The time in front of a line.
    fn stamp(&self, at: SystemTime) -> String {
        let since = since_epoch(at);
        match self.options.stamp {
            Stamp::None => String::new(),
            Stamp::Seconds => time_of_day(since.as_secs()) + " ",
            Stamp::Micros => format!("{}.{:06} ", time_of_day(since.as_secs()), since.subsec_micros()),
            Stamp::Epoch => format!("{}.{:06} ", since.as_secs(), since.subsec_micros()),
            Stamp::Relative => {
                let before = self.last.try_lock().ok().and_then(|mut last| last.replace(at));
                let passed = before
                    .and_then(|before| at.duration_since(before).ok())
                    .unwrap_or_default();
                format!("{:6}.{:06} ", passed.as_secs(), passed.subsec_micros())
            }
        }
    }

    /// In one write, so that lines of several threads do not mix.
    fn write(&self, text: &str) {
        // A trace that cannot be written is lost; the guest must not notice.
        if let Some(path) = &self.options.numbered {
            let path = path.to_string_lossy().replace("%p", &std::process::id().to_string());
            if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
                let _ = std::io::Write::write_all(&mut file, text.as_bytes());
            }
            return;
        }
        // SAFETY: the bytes live across the call.
        let _ = unsafe { libc::write(self.descriptor(), text.as_ptr().cast(), text.len()) };
    }
}

/// The line of a call under way.
pub struct Line<'a> {
    row: &'a Row,
    abi: Abi,
    args: [u64; 6],
    /// The result, once there is one and it is not an error.
    result: Option<u64>,
    /// What is being written.
    text: String,
    /// The arguments that are already text. One that is `Some("")` is not shown.
    arguments: [Option<String>; 6],
    /// What stood before the call in the numbers that it reads and stores.
    before: [Option<String>; 6],
    /// When it was made.
    started: (SystemTime, Instant),
}

/// This thread's id.
fn thread() -> i32 {
    // SAFETY: gettid has no effect.
    unsafe { libc::gettid() }
}

fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Hours, minutes and seconds of the local time.
fn time_of_day(seconds: u64) -> String {
    let seconds = seconds as libc::time_t;
    // SAFETY: zero is a valid value of every field, and the call only fills the structure.
    let time = unsafe {
        let mut time: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const seconds, &raw mut time);
        time
    };
    format!("{:02}:{:02}:{:02}", time.tm_hour, time.tm_min, time.tm_sec)
}

impl Line<'_> {
    /// Appends text to the argument that is being printed.
    pub fn put(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
    }

    /// Another argument of the call.
    pub fn arg(&self, index: usize) -> u64 {
        self.args.get(index).copied().unwrap_or(0)
    }

    /// Whose call it is.
    pub fn abi(&self) -> Abi {
        self.abi
    }

    /// Reads guest words (pointers, `long`s), zero-extended.
    pub fn words<const N: usize>(&self, address: u64) -> Result<[u64; N], Fault> {
        match self.abi {
            Abi::A64 => read_struct::<[u64; N]>(address),
            Abi::A32 => read_struct::<[u32; N]>(address).map(|words| words.map(u64::from)),
        }
    }

    /// What the call answered, if it is over and without error.
    pub fn result(&self) -> Option<u64> {
        self.result
    }

    /// Prints what is known before the call.
    fn enter(&mut self) {
        for (index, &arg) in self.row.arguments.iter().enumerate() {
            match arg {
                Arg::Out(_) | Arg::BufOut | Arg::HexOut | Arg::StrOut | Arg::Ioctl | Arg::Fcntl => {}
                Arg::InOut(_) => {
                    self.argument(index, arg);
                    self.before[index] = self.arguments[index].take();
                }
                _ => self.argument(index, arg),
            }
        }
    }

    /// Prints what is known after it.
    fn leave(&mut self) {
        for (index, &arg) in self.row.arguments.iter().enumerate() {
            if self.arguments[index].is_none() {
                self.argument(index, arg);
            }
            if let (Some(before), Some(after)) = (self.before[index].take(), &mut self.arguments[index])
                && before != *after
            {
                *after = match self.row.name {
                    "sendfile" | "sendfile64" => format!("{before} => {after}"),
                    _ => format!("{} => {}", before.trim_end_matches(']'), after.trim_start_matches('[')),
                };
            }
        }
    }

    fn argument(&mut self, index: usize, arg: Arg) {
        self.text.clear();
        self.put_argument(index, arg, self.args[index]);
        self.arguments[index] = Some(std::mem::take(&mut self.text));
    }

    /// A structure, or its address if it cannot be read.
    fn put_struct(&mut self, decoder: fn(&mut Line<'_>, u64) -> Result<(), Fault>, address: u64) {
        let before = self.text.len();
        if address == 0 {
            self.put("NULL");
        } else {
            if decoder(self, address).is_err() {
                self.text.truncate(before);
                self.put(format!("{address:#x}"));
            }
        }
    }

    /// The call, without its result.
    fn call(&self) -> String {
        let shown = self.arguments.iter().flatten().filter(|text| !text.is_empty());
        let arguments: Vec<&str> = shown.map(String::as_str).collect();
        format!("{}({}) ", self.row.name, arguments.join(", "))
    }

    fn answer(&self, value: u64) -> String {
        match self.row.answer {
            Answer::Number => {
                let mut text = (value as i64).to_string();
                if let Some(more) = self.explanation(value) {
                    let _ = write!(text, " ({more})");
                }
                text
            }
            Answer::Address => names::hex(value),
            Answer::Octal => names::octal(value),
            Answer::Fcntl => match self.args[1] as i32 {
                libc::F_GETFL => format!("{value:#x} (flags {})", names::open_flags(value as u32)),
                libc::F_GETFD if value != 0 => format!("{value:#x} (flags {})", names::FD.flags(value)),
                _ => (value as i64).to_string(),
            },
        }
    }
}
