//! Where an engine says what it is doing, for statistics. An engine is generic over its [`Probe`]; with `()`, nothing of it is compiled.

/// What a thread spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Loading the program.
    Load,
    /// Decoding for the interpreter.
    Decode,
    /// Interpreting.
    Interpret,
    /// Translating.
    Translate,
    /// In translated code.
    Translated,
    /// Between these: finding what comes next.
    Dispatch,
    /// A system call.
    Syscall,
    /// The host's kernel, for a system call.
    Host,
    /// A signal.
    Signal,
}

impl Phase {
    /// How many there are.
    pub const COUNT: usize = 9;
}

/// What an engine counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Event {
    /// That many guest instructions were interpreted.
    Interpreted,
    /// A block was decoded for the interpreter.
    BlockDecoded,
    /// Translated code was entered.
    Entered,
    /// A translation was looked up outside of translated code.
    LookedUp,
    /// Translated code left an instruction to the interpreter.
    HandedOver,
    /// A library routine was done by the host's arithmetic.
    Accelerated,
}

impl Event {
    /// How many there are.
    pub const COUNT: usize = 6;
}

/// Listens to one engine.
pub trait Probe {
    /// Whether anything is listened to: engines do not even count otherwise.
    const ON: bool = true;

    /// From now on, the thread does this.
    fn phase(&mut self, phase: Phase);

    /// That has happened `times`.
    fn count(&mut self, event: Event, times: u64);
}

/// Nobody listens.
impl Probe for () {
    const ON: bool = false;

    #[inline(always)]
    fn phase(&mut self, _: Phase) {}

    #[inline(always)]
    fn count(&mut self, _: Event, _: u64) {}
}
