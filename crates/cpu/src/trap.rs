//! Why an engine stopped: the guest's exceptions, typed. armlet's own errors are never traps.

/// What the guest tried to do at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// A data read.
    Read,
    /// A data write (read-modify-write instructions included).
    Write,
    /// An instruction fetch.
    Execute,
}

/// Why the access failed; it chooses the guest's signal and `si_code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Nothing is mapped there: SIGSEGV, `SEGV_MAPERR`.
    Unmapped,
    /// Mapped, but the protection forbids it: SIGSEGV, `SEGV_ACCERR`.
    Permission,
    /// Past the end of the mapped file: SIGBUS, `BUS_ADRERR`.
    BeyondObject,
    /// An access that must be aligned and is not: SIGBUS, `BUS_ADRALN`.
    Alignment,
}

/// A failed access of guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The guest address of the first byte that failed.
    pub address: u64,
    /// What was tried.
    pub access: Access,
    /// Why it failed.
    pub kind: FaultKind,
}

/// Why an engine gave the guest thread back to the runtime. The program counter stands at the instruction itself for
/// every one of them but [`Trap::SupervisorCall`], where it stands behind it (Arm ARM D1.3.1, preferred return address).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// SVC: a system call.
    SupervisorCall {
        /// The instruction's immediate: 16 bits in A64, 24 in A32, 8 in T32. Linux ignores it, except that one of A32 which is not 0 is a call of
        /// the old ABI. [`Trap::INTERRUPTED`] is none of an instruction's.
        imm: u32,
    },
    /// An instruction that this CPU does not have, or UDF: SIGILL.
    Undefined,
    /// BRK, BKPT, and the UDF encodings that Linux takes for breakpoints: SIGTRAP.
    Breakpoint {
        /// The instruction's immediate, as ESR_ELx reports it.
        imm: u16,
    },
    /// A data or instruction access failed.
    Memory(Fault),
    /// The guest announced changed code (IC IVAU): forget what was translated of the 64-byte line at `address`, then
    /// go on behind the instruction.
    InvalidateCode {
        /// Any guest address in the line.
        address: u64,
    },
}

impl Trap {
    /// In [`Trap::SupervisorCall`]: an engine has made the call already, and a signal has ended its wait (EINTR of the host); the arguments are as they
    /// were.
    pub const INTERRUPTED: u32 = u32::MAX;
}

impl From<Fault> for Trap {
    fn from(fault: Fault) -> Trap {
        Trap::Memory(fault)
    }
}
