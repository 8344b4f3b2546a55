//! `armlet step`: a program instruction by instruction, forwards and backwards, on a full screen.
//!
//! - `stepper.rs`: what is remembered, and when the program stops: no terminal in it;
//! - `screen.rs`: what is shown;
//! - `machine.rs`: what differs between A64, A32 and T32.
//!
//! The first thread is stepped, all others run freely. What the program prints goes to a file, and its end is shown.

mod machine;
mod screen;
mod stepper;

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_observe::{End, Guest, Observer, Pace, View};
use armlet_runtime::Watch;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::args::StepArgs;
use crate::words::Personality;
use machine::Isa;
use screen::Screen;
use stepper::{Goal, Stepper};

/// Instructions between two looks at the keyboard while the program runs to a goal.
const BETWEEN_KEYS: u32 = 4096;

/// The view: gives its stepper to the first thread.
#[derive(Debug)]
pub struct Stepping {
    taken: AtomicBool,
    output: Mutex<Option<File>>,
}

impl View for Stepping {
    fn attach(&self, _: &dyn Guest, _: &State) -> Option<Box<dyn Observer>> {
        if self.taken.swap(true, Ordering::Relaxed) {
            return None;
        }
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let screen = Screen::open(output).ok()?;
        Some(Box::new(Session {
            stepper: Stepper::default(),
            screen,
            question: None,
            countdown: BETWEEN_KEYS,
            free: false,
        }))
    }
}

/// Runs the program under the view; comes back only if it cannot be started.
///
/// # Errors
///
/// There is no terminal, or a file cannot be opened or made.
pub fn run(arguments: StepArgs) -> anyhow::Result<ExitCode> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let mut terminal = terminal.context("armlet step needs a terminal to draw on")?;
    super::open(Path::new(arguments.command.first().context("no program")?))?;
    // A file without a name, for what the program prints.
    let path = std::env::temp_dir().join(format!("armlet-step-{}", std::process::id()));
    let mut options = File::options();
    let output = options.read(true).append(true).create_new(true).open(&path);
    let output = output.with_context(|| format!("{}: cannot be written", path.display()))?;
    std::fs::remove_file(&path)?;
    let input = arguments.input.clone().unwrap_or_else(|| "/dev/null".into());
    let input = File::open(&input).with_context(|| format!("{}: cannot be opened", input.display()))?;
    rustix::stdio::dup2_stdin(&input)?;
    rustix::stdio::dup2_stdout(&output)?;
    rustix::stdio::dup2_stderr(&output)?;
    let mut said = output.try_clone()?;
    let watch = Watch {
        view: Arc::new(Stepping {
            taken: AtomicBool::new(false),
            output: Mutex::new(Some(output)),
        }),
        // What another program becomes by execve is not stepped.
        words: String::new(),
    };
    let code = super::run::run_watched(arguments.flags, Some(watch), arguments.command, Personality::Armlet);
    // Why it was not started.
    io::Seek::rewind(&mut said)?;
    io::copy(&mut said, &mut terminal)?;
    Ok(code)
}

/// What a line that is being typed is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    RunTo,
    Breakpoint,
    Watch,
    Memory,
}

impl Question {
    fn text(self) -> &'static str {
        match self {
            Question::RunTo => "run to (address or function)",
            Question::Breakpoint => "breakpoint at (address or function)",
            Question::Watch => "watch 8 bytes at (address, register or empty for none)",
            Question::Memory => "show memory at (address or register)",
        }
    }
}

struct Session {
    stepper: Stepper,
    screen: Screen,
    question: Option<(Question, String)>,
    countdown: u32,
    /// The program runs to its end.
    free: bool,
}

impl Observer for Session {
    fn proceed(&mut self, guest: &dyn Guest, cpu: &mut State) -> Pace {
        if self.free || guest.borrows_memory() {
            return Pace::Free;
        }
        let isa = Isa::of(guest, cpu);
        if !self.stepper.arrived(isa, cpu) {
            self.countdown -= 1;
            if self.countdown > 0 || !self.interrupted() {
                self.countdown = self.countdown.max(1);
                self.stepper.before(isa, cpu);
                return Pace::Step;
            }
            self.stepper.stop("interrupted");
        }
        self.countdown = BETWEEN_KEYS;
        let pace = self.dialogue(guest, cpu).unwrap_or(Pace::Kill);
        match pace {
            Pace::Step => self.stepper.before(Isa::of(guest, cpu), cpu),
            Pace::Free | Pace::Kill => {
                self.free = true;
                self.screen.close();
            }
        }
        pace
    }

    fn executed(&mut self, _: &dyn Guest, cpu: &mut State, trap: Option<Trap>) {
        self.stepper.after(cpu, trap);
    }

    fn called(&mut self, _: &dyn Guest, cpu: &mut State) {
        self.stepper.called(cpu);
    }

    fn signal(&mut self, _: &dyn Guest, _: &mut State, signal: &armlet_observe::Signal) -> armlet_observe::Fate {
        self.stepper
            .stop(&format!("signal {} is about to be delivered", signal.number));
        armlet_observe::Fate::Deliver
    }

    fn forked(&mut self, _: &dyn Guest) {
        // The screen is the parent's.
        self.free = true;
        self.screen.forget();
    }

    fn ends(&mut self, guest: &dyn Guest, end: End) {
        if self.free {
            return;
        }
        self.stepper.stop(&match end {
            End::Process(status) => format!("the program has ended with status {status}; any key closes"),
            End::Killed(signal) => format!("the program was ended by signal {signal}; any key closes"),
            End::Thread(status) => format!("the first thread has ended with status {status}; any key closes"),
            End::Replaced => "the program becomes another one (execve), which runs freely; any key goes on".to_owned(),
        });
        let last = self.stepper.last_state().unwrap_or_default();
        if self.screen.draw(guest, &last, &self.stepper, "").is_ok() {
            let _ = wait_for_key();
        }
        self.free = true;
        self.screen.close();
    }
}

/// How long a wait for keys goes on before it looks for a change of the terminal's size.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 250_000_000,
};

/// Waits for input of the terminal. An error if it has gone: the library that reads keys would read its end for ever.
fn wait_for_input(time: &Timespec) -> io::Result<()> {
    let terminal = std::fs::File::open("/dev/tty")?;
    let mut polled = [PollFd::new(&terminal, PollFlags::IN)];
    match rustix::event::poll(&mut polled, Some(time)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    if polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(())
}

/// Whether an event of the terminal is there.
fn pending() -> io::Result<bool> {
    wait_for_input(&Timespec::default())?;
    event::poll(Duration::ZERO)
}

/// The next key that is pressed.
fn wait_for_key() -> io::Result<(KeyCode, KeyModifiers)> {
    loop {
        if !pending()? {
            wait_for_input(&GLANCE)?;
            continue;
        }
        match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => return Ok((key.code, key.modifiers)),
            Event::Resize(..) => return Ok((KeyCode::Null, KeyModifiers::NONE)),
            _ => {}
        }
    }
}

impl Session {
    /// Whether a key is pressed while the program runs, or there is no terminal any more.
    fn interrupted(&mut self) -> bool {
        self.countdown = BETWEEN_KEYS;
        match pending() {
            Ok(pending) => pending && wait_for_key().is_ok(),
            Err(_) => true,
        }
    }

    /// Draws and takes keys until the program is to go on.
    fn dialogue(&mut self, guest: &dyn Guest, cpu: &mut State) -> io::Result<Pace> {
        loop {
            let line = match &self.question {
                Some((question, typed)) => format!("{}: {typed}_", question.text()),
                None => String::new(),
            };
            self.screen.draw(guest, cpu, &self.stepper, &line)?;
            let (key, modifiers) = wait_for_key()?;
            if let Some((question, mut typed)) = self.question.take() {
                match key {
                    KeyCode::Enter => {
                        if self.answer(question, typed.trim(), guest, cpu) {
                            return Ok(Pace::Step);
                        }
                    }
                    KeyCode::Esc => {}
                    KeyCode::Backspace => {
                        typed.pop();
                        self.question = Some((question, typed));
                    }
                    KeyCode::Char(c) => {
                        typed.push(c);
                        self.question = Some((question, typed));
                    }
                    _ => self.question = Some((question, typed)),
                }
                continue;
            }
            let ask = |question| Some((question, String::new()));
            match key {
                KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => return Ok(Pace::Kill),
                KeyCode::Char('q') => return Ok(Pace::Kill),
                KeyCode::Char('s' | ' ') | KeyCode::Right => return self.go(Goal::Next),
                KeyCode::Char('n') => return self.go(stepper::over(Isa::of(guest, cpu), cpu)),
                KeyCode::Char('f') => {
                    return self.go(Goal::Return {
                        sp: Isa::of(guest, cpu).sp(cpu),
                        to: Isa::of(guest, cpu).link(cpu),
                    });
                }
                KeyCode::Char('c') => return self.go(Goal::Breakpoint),
                KeyCode::Char('r') => return Ok(Pace::Free),
                KeyCode::Char('b') | KeyCode::Left => self.stepper.back(cpu),
                KeyCode::Char('g') => self.question = ask(Question::RunTo),
                KeyCode::Char('t') => self.stepper.toggle(self.screen.cursor(guest, cpu)),
                KeyCode::Char('p') => self.question = ask(Question::Breakpoint),
                KeyCode::Char('w') => self.question = ask(Question::Watch),
                KeyCode::Char('m') => self.question = ask(Question::Memory),
                KeyCode::Char('x') => self.screen.toggle_translation(),
                KeyCode::Char('v') => self.screen.toggle_vectors(),
                KeyCode::Char('?') => self.screen.toggle_help(),
                KeyCode::Up => self.screen.move_cursor(-1),
                KeyCode::Down => self.screen.move_cursor(1),
                _ => {}
            }
        }
    }

    fn go(&mut self, goal: Goal) -> io::Result<Pace> {
        self.stepper.go(goal);
        self.screen.follow();
        Ok(Pace::Step)
    }

    /// Whether the program goes on.
    fn answer(&mut self, question: Question, typed: &str, guest: &dyn Guest, cpu: &State) -> bool {
        if typed.is_empty() && question == Question::Watch {
            self.stepper.watch(None);
            return false;
        }
        let Some(address) = place(typed, guest, cpu) else {
            self.stepper.stop(&format!("{typed}: no address, register or function"));
            return false;
        };
        match question {
            Question::RunTo => {
                self.stepper.go(Goal::Address(address));
                self.screen.follow();
                return true;
            }
            Question::Breakpoint => self.stepper.toggle(address),
            Question::Watch => self.stepper.watch(Some(address)),
            Question::Memory => self.screen.show_memory(address),
        }
        false
    }
}

/// `0x400000`, `x3` (`r3`), `sp`, `pc`, or the name of a function.
fn place(text: &str, guest: &dyn Guest, cpu: &State) -> Option<u64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    match text {
        "sp" => return Some(Isa::of(guest, cpu).sp(cpu)),
        "lr" if guest.is_a32() => return Some(cpu.r(14).into()),
        "pc" => return Some(cpu.pc),
        _ => {}
    }
    let letter = if guest.is_a32() { 'r' } else { 'x' };
    let number = text.strip_prefix(letter).and_then(|digits| digits.parse::<u8>().ok());
    if let Some(number) = number.filter(|number| *number < 31) {
        return Some(cpu.x(number));
    }
    let (path, bias) = guest.image(cpu.pc)?;
    let file = File::open(path).ok()?;
    let source = armlet_loader::elf::FileSource::new(&file).ok()?;
    let symbols = armlet_loader::Symbols::read(&source);
    let found = symbols.iter().find(|(name, ..)| *name == text);
    found.map(|(_, address, _)| address.wrapping_add(bias))
}
