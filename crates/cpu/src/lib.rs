//! What both engines share, and nothing that runs: the register files, the flags and conditions, exact Arm floating
//! point and cryptography as pure functions, and the traps by which an engine hands a guest back to the runtime.
#![forbid(unsafe_code)]

pub mod a32;
pub mod a32_features;
pub mod a64;
pub mod a64_features;
pub mod crypto;
pub mod fp;
pub mod id;
pub mod probe;
pub mod trap;

pub use trap::{Access, Fault, FaultKind, Trap};
