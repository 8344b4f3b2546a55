//! How a program is watched and held: one [`View`] for a process, one [`Observer`] for each of its threads.
//!
//! An observer is called on the thread that it observes, between two instructions of it, so it may read and change the registers, read and
//! write the guest's memory (through `armlet-memory`), and wait for as long as it likes: the thread waits with it. What the thread
//! does next is the [`Pace`] that it answers.

use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use armlet_cpu::Trap;
use armlet_cpu::a64::State;
use armlet_memory::Mapping;

/// How a thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At full speed, by the engine of the command line, until it makes a system call, traps, gets a signal or is interrupted
    /// ([`Guest::interrupt`]).
    Free,
    /// One instruction, by the interpreter.
    Step,
    /// The process ends, killed by SIGKILL.
    Kill,
}

/// A signal for a guest thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its number; the same on arm64 and x86-64.
    pub number: i32,
    /// `si_code`.
    pub code: i32,
    /// `si_addr` of a fault; 0 for others.
    pub address: u64,
    /// Raised by the instruction at the program counter, and not sent by anybody.
    pub fault: bool,
}

/// What becomes of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is delivered: to its handler, or by its default action.
    Deliver,
    /// It never was. (After a fault, the instruction is executed again.)
    Discard,
}

/// How a thread or a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The thread alone, with that status.
    Thread(i32),
    /// The process: `exit_group`, or the last thread.
    Process(i32),
    /// The process, by that signal.
    Killed(i32),
    /// The process goes on as another program: `execve` is about to happen. (If it fails after all, [`Observer::called`] comes.)
    Replaced,
}

/// A process that is observed, for those who look at it from another host thread.
pub trait Process: Send + Sync {
    /// See [`Guest::executable`].
    fn executable(&self) -> &Path;

    /// See [`Guest::symbolize`].
    fn symbolize(&self, address: u64) -> Option<(String, u64)>;

    /// See [`Guest::mappings`].
    fn mappings(&self) -> Vec<Mapping>;

    /// See [`Guest::auxv`].
    fn auxv(&self) -> Vec<(u64, u64)>;

    /// See [`Guest::code_changed`].
    fn code_changed(&self, range: Range<u64>);

    /// See [`Guest::interrupt`].
    fn interrupt(&self);

    /// Ends the process at once, by SIGKILL.
    fn kill(&self);
}

/// The process around an observed thread, as its observer sees it.
pub trait Guest {
    /// The thread's id, of guest and host.
    fn tid(&self) -> i32;

    /// Whether it is an AArch32 program.
    fn is_a32(&self) -> bool;

    /// The process, to be kept.
    fn process(&self) -> Arc<dyn Process>;

    /// Whether the process is the child of a `vfork`, which runs in its parent's memory (with the parent's [`View`]) until it starts another
    /// program.
    fn borrows_memory(&self) -> bool;

    /// The program's ELF file.
    fn executable(&self) -> &Path;

    /// The function around an address, and the distance from its start.
    fn symbolize(&self, address: u64) -> Option<(String, u64)>;

    /// The file that an address belongs to as it was loaded (the program or its dynamic linker), and the load bias.
    fn image(&self, address: u64) -> Option<(&Path, u64)>;

    /// What is mapped, in the order of addresses.
    fn mappings(&self) -> Vec<Mapping>;

    /// The auxiliary vector: pairs of type and value.
    fn auxv(&self) -> Vec<(u64, u64)>;

    /// Code in this range has been changed by the observer (or a breakpoint has): what was made of it is forgotten.
    fn code_changed(&self, range: Range<u64>);

    /// Makes every thread of the process come back to its observer soon, at [`Observer::proceed`].
    fn interrupt(&self);
}

/// Watches one guest thread. Every method has a default that does nothing.
pub trait Observer: Send {
    /// The thread is about to execute the instruction at `cpu.pc`. Called at its start, before every instruction at [`Pace::Step`], and at
    /// [`Pace::Free`] after every system call, signal, trap and interruption.
    fn proceed(&mut self, guest: &dyn Guest, cpu: &mut State) -> Pace;

    /// An instruction has been executed at [`Pace::Step`]. `trap` is how it ended, if not by itself; for a system call, `cpu.pc` is behind
    /// it and the call has not been made.
    fn executed(&mut self, guest: &dyn Guest, cpu: &mut State, trap: Option<Trap>) {
        let _ = (guest, cpu, trap);
    }

    /// A trap (but no system call) at the program counter. `true`: it is the observer's own (a breakpoint), and the guest does not notice.
    fn trapped(&mut self, guest: &dyn Guest, cpu: &mut State, trap: Trap) -> bool {
        let _ = (guest, cpu, trap);
        false
    }

    /// A system call is about to be made; number and arguments are in the registers, which may be changed.
    fn call(&mut self, guest: &dyn Guest, cpu: &mut State) {
        let _ = (guest, cpu);
    }

    /// It has been made; the result is in X0, unless a signal interrupted it. The child of a fork comes out of it too.
    fn called(&mut self, guest: &dyn Guest, cpu: &mut State) {
        let _ = (guest, cpu);
    }

    /// A signal is about to be delivered.
    fn signal(&mut self, guest: &dyn Guest, cpu: &mut State, signal: &Signal) -> Fate {
        let _ = (guest, cpu, signal);
        Fate::Deliver
    }

    /// This thread is the only one of a new process (`fork`). Called before anything else in it.
    fn forked(&mut self, guest: &dyn Guest) {
        let _ = guest;
    }

    /// The thread or the process ends.
    fn ends(&mut self, guest: &dyn Guest, end: End) {
        let _ = (guest, end);
    }
}

/// What is to be seen of a process.
pub trait View: Send + Sync + Debug {
    /// A thread starts. `None`: it runs unobserved.
    fn attach(&self, guest: &dyn Guest, cpu: &State) -> Option<Box<dyn Observer>>;

    /// Instruction words that are executed instead of those in memory, for breakpoints. Looked at when code is decoded or translated; a
    /// change takes effect through [`Guest::code_changed`].
    fn patches(&self) -> Option<Arc<dyn Patches>> {
        None
    }
}

/// Words that are executed in the place of others.
pub trait Patches: Send + Sync {
    /// The word for an address, if it is not the one in memory.
    fn word(&self, address: u64) -> Option<u32>;

    /// AArch32: the halfword for an address.
    fn half(&self, address: u64) -> Option<u16>;
}
