//! How a host signal inside a guest access becomes a typed [`Fault`].
//!
//! Every host instruction that touches guest memory (all are in [`crate::access`]) puts a pair into the section
//! `armlet_extable`: where it stands, and where to go on if it faults; both relative to the place of the entry, so
//! that the table needs no relocation. The handler looks the faulting program counter up there, notes the address and
//! the cause in a thread-local, and continues at the fix-up, where the access returns `Err`. A fault at any other
//! place is not ours: it is handed on.
//!
//! What the signal means for the *guest* is decided in the runtime, not here.

use std::arch::asm;
use std::cell::Cell;
use std::io;
use std::sync::OnceLock;

use armlet_cpu::{Access, Fault, FaultKind};

/// The `siginfo.si_code` values that are told apart; the `libc` crate does not name them all.
mod si_code {
    /// SIGSEGV: no mapping.
    pub const SEGV_MAPERR: i32 = 1;
    /// Any signal: raised by the kernel without further detail; here a non-canonical address (#GP).
    pub const SI_KERNEL: i32 = 0x80;
}

/// Put an entry for the instruction at `$at` into the table; it continues at `$fixup`. The section keeps itself alive
/// ("R") because nothing refers to its parts by name.
macro_rules! extable {
    ($at:literal, $fixup:literal) => {
        concat!(
            ".pushsection armlet_extable,\"aR\",@progbits\n",
            ".balign 4\n",
            ".long ",
            $at,
            " - .\n",
            ".long ",
            $fixup,
            " - .\n",
            ".popsection"
        )
    };
}
pub(crate) use extable;

/// One entry as it is in the file: offsets from the fields' own addresses.
#[repr(C)]
struct Entry {
    instruction: i32,
    fixup: i32,
}

/// What the handler leaves for the access that failed.
#[derive(Clone, Copy)]
struct Cause {
    /// The first byte that failed, if the hardware told.
    address: Option<u64>,
    kind: FaultKind,
}

thread_local! {
    /// Constant initialiser and no destructor: an access is a plain move, safe in a signal handler.
    static CAUSE: Cell<Cause> = const { Cell::new(Cause { address: None, kind: FaultKind::Unmapped }) };
}

/// The table as absolute addresses, sorted by instruction.
static TABLE: OnceLock<Vec<(usize, usize)>> = OnceLock::new();

/// The actions that were there before [`install_fault_handler`], for SIGSEGV and SIGBUS.
static PREVIOUS: OnceLock<[libc::sigaction; 2]> = OnceLock::new();

/// Prepares the table of fault sites. To be called once before a handler that uses [`try_recover`] is installed;
/// further calls do nothing.
pub fn prepare() {
    TABLE.get_or_init(|| {
        let (start, stop): (*const Entry, *const Entry);
        // SAFETY: only computes two addresses. The entry it adds (for an instruction that cannot fault) makes sure
        // that the section, and with it the linker's two symbols, exists.
        unsafe {
            asm!(
                "2: lea {start}, [rip + __start_armlet_extable]",
                "lea {stop}, [rip + __stop_armlet_extable]",
                extable!("2b", "2b"),
                start = out(reg) start,
                stop = out(reg) stop,
                options(nomem, nostack, preserves_flags),
            );
        }
        let count = (stop.addr() - start.addr()) / size_of::<Entry>();
        // SAFETY: the linker's symbols bound a section which holds nothing but entries of this layout and is never
        // written.
        let entries = unsafe { std::slice::from_raw_parts(start, count) };
        let mut table: Vec<(usize, usize)> = entries
            .iter()
            .map(|entry| {
                let at = |field: &i32| (&raw const *field).addr().wrapping_add_signed(*field as isize);
                (at(&entry.instruction), at(&entry.fixup))
            })
            .collect();
        table.sort_unstable();
        table
    });
}

/// The fix-up of the instruction at `pc`, if that is a guest access.
fn fixup_of(pc: usize) -> Option<usize> {
    let table = TABLE.get()?;
    let index = table.binary_search_by_key(&pc, |entry| entry.0).ok()?;
    Some(table[index].1)
}

/// If the signal was raised by an access of guest memory in this crate, lets the interrupted context continue at the
/// place where the access returns its [`Fault`], and says so. Otherwise changes nothing.
///
/// Async-signal-safe. [`prepare`] must have been called.
///
/// # Safety
///
/// To be called in a handler for SIGSEGV or SIGBUS (installed with `SA_SIGINFO`) with that handler's own arguments.
#[must_use]
pub unsafe fn try_recover(signal: i32, info: *const libc::siginfo_t, context: *mut libc::c_void) -> bool {
    let context = context.cast::<libc::ucontext_t>();
    // SAFETY: the caller passes the handler's arguments, which are valid and not aliased while it runs.
    let (info, registers) = unsafe { (&*info, &mut (*context).uc_mcontext.gregs) };
    let pc = &mut registers[libc::REG_RIP as usize];
    let Some(fixup) = fixup_of(*pc as usize) else {
        return false;
    };
    // SAFETY: SIGSEGV and SIGBUS carry an address.
    let address = unsafe { info.si_addr() }.addr() as u64;
    let cause = match (signal, info.si_code) {
        // A non-canonical address: SIGSEGV, or SIGBUS if the host instruction's base is RBP or RSP (the stack segment's fault).
        (_, si_code::SI_KERNEL) => Cause {
            address: None,
            kind: FaultKind::Unmapped,
        },
        (libc::SIGBUS, _) => Cause {
            address: Some(address),
            kind: FaultKind::BeyondObject,
        },
        (_, si_code::SEGV_MAPERR) => Cause {
            address: Some(address),
            kind: FaultKind::Unmapped,
        },
        _ => Cause {
            address: Some(address),
            kind: FaultKind::Permission,
        },
    };
    CAUSE.set(cause);
    *pc = fixup as i64;
    true
}

/// The fault that the handler has just noted on this thread, for an access which used `address`.
pub(crate) fn noted(address: u64, access: Access) -> Fault {
    // SAFETY: a valid cell of this thread. Volatile, because the compiler does not see that an access may write it
    // (through the handler), and would take the value of an earlier read.
    let cause = CAUSE.with(|cause| unsafe { cause.as_ptr().read_volatile() });
    Fault {
        address: cause.address.unwrap_or(address),
        access,
        kind: cause.kind,
    }
}

/// Installs handlers for SIGSEGV and SIGBUS which recover guest accesses and leave every other fault to the action
/// that was there before. For programs that have no handler of their own; the runtime has one and calls
/// [`try_recover`].
///
/// # Errors
///
/// What sigaction(2) reports.
pub fn install_fault_handler() -> io::Result<()> {
    prepare();
    if PREVIOUS.get().is_some() {
        return Ok(());
    }
    let mut previous = Vec::with_capacity(2);
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: zero is a valid value of every field of the C structure.
        let (mut action, mut old): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        action.sa_sigaction = on_fault as *const () as usize;
        // SAFETY: both structures are valid; the handler only does what is allowed in one.
        if unsafe { libc::sigaction(signal, &raw const action, &raw mut old) } != 0 {
            return Err(io::Error::last_os_error());
        }
        previous.push(old);
    }
    // When two threads race here, the first one's notes (which name the action that was there before) win.
    let _ = PREVIOUS.set([previous[0], previous[1]]);
    Ok(())
}

/// The handler of [`install_fault_handler`].
extern "C" fn on_fault(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: these are the handler's own arguments.
    if unsafe { try_recover(signal, info, context) } {
        return;
    }
    // Not a guest access: back to the previous action; the instruction is tried again and faults into that.
    let previous = PREVIOUS.get().map(|both| both[usize::from(signal == libc::SIGBUS)]);
    // SAFETY: zero is a valid value of every field; it means SIG_DFL without flags.
    let action = previous.unwrap_or_else(|| unsafe { std::mem::zeroed() });
    // SAFETY: a valid structure, and a call that is allowed in handlers.
    unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
}
