//! What can be seen of a program while it runs. The runtime asks a [`View`] (one per process) for an [`Observer`] of each guest thread,
//! and tells it what happens; a program without a view runs code that has no trace of all this.
//!
//! - [`observer`]: the two traits, and what an observer may ask of the process;
//! - [`effects`], [`effects_a32`]: what one instruction reads and writes: registers, memory, flags;
//! - [`gdb`]: the debugger;
//! - [`trace`]: a line for each instruction;
//! - [`profile`]: what is made of samples of the call stack;
//! - [`stats`]: where the time and the work of a run went.
#![forbid(unsafe_code)]

pub mod effects;
pub mod effects_a32;
pub mod gdb;
pub mod observer;
pub mod profile;
pub mod stats;
pub mod trace;

pub use effects::{Access, AccessKind, Effects, Kind, Register, Shape};
pub use observer::{End, Fate, Guest, Observer, Pace, Process, Signal, View};
pub use stats::Stats;
