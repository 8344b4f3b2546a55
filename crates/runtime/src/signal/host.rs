//! The host's side of signals: dispositions and masks without the C library (which keeps signals 32 and 33 for itself),
//! the one handler, and the mailbox that it fills. Everything that runs in the handler is async-signal-safe: no lock, no
//! allocation, no errno.

use std::arch::global_asm;
use std::cell::{Cell, UnsafeCell};
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering, compiler_fence};
use std::sync::{Mutex, PoisonError};

use armlet_syscall::Errno;
use armlet_syscall::host;
use armlet_syscall::seccomp::Seccomp;

use super::{FAULTS, SigInfo, SignalSet, bit};

/// All signals but those that must get through for armlet's own sake.
pub(crate) const ALL: SignalSet = !FAULTS;

const SA_RESTORER: u64 = 0x0400_0000;
const SI_USER_OR_QUEUED: i32 = 0;

/// struct sigaction of the x86-64 kernel.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct KernelAction {
    handler: usize,
    flags: u64,
    restorer: usize,
    mask: u64,
}

global_asm!(
    ".pushsection .text.armlet_restore_rt,\"ax\",@progbits",
    ".hidden armlet_restore_rt",
    ".globl armlet_restore_rt",
    ".type armlet_restore_rt,@function",
    "armlet_restore_rt:",
    "mov eax, 15", // rt_sigreturn
    "syscall",
    ".size armlet_restore_rt, . - armlet_restore_rt",
    ".popsection",
);

unsafe extern "C" {
    fn armlet_restore_rt();
}

/// What the host is to do with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostAction {
    /// `SIG_DFL`.
    Default,
    /// `SIG_IGN`.
    Ignore,
    /// Put it into the mailbox.
    Record,
}

/// Sets the host's disposition of a signal; `flags` are `SA_NOCLDSTOP` and `SA_NOCLDWAIT`. Only SIGKILL, SIGSTOP and numbers
/// that do not exist fail, which is no concern of the callers.
pub(crate) fn set_action(signal: i32, action: HostAction, flags: u64) {
    let handler = match action {
        HostAction::Default => libc::SIG_DFL,
        HostAction::Ignore => libc::SIG_IGN,
        HostAction::Record => on_signal as *const () as usize,
    };
    let action = KernelAction {
        handler,
        flags: flags | SA_RESTORER | libc::SA_SIGINFO as u64 | libc::SA_ONSTACK as u64,
        restorer: armlet_restore_rt as *const () as usize,
        mask: ALL,
    };
    // SAFETY: a valid structure; the handler keeps to what is allowed in one.
    let _ = unsafe {
        host::call(
            libc::SYS_rt_sigaction,
            [signal as u64, &raw const action as u64, 0, 8, 0, 0],
        )
    };
}

/// Whether the host ignores a signal.
pub(crate) fn is_ignored(signal: i32) -> bool {
    let mut action = KernelAction::default();
    // SAFETY: the kernel fills the structure.
    let _ = unsafe {
        host::call(
            libc::SYS_rt_sigaction,
            [signal as u64, 0, &raw mut action as u64, 8, 0, 0],
        )
    };
    action.handler == libc::SIG_IGN
}

/// Sets this host thread's mask, without the signals that must get through, and answers the old one.
pub(crate) fn set_mask(mask: SignalSet) -> SignalSet {
    let (mask, mut old) = (mask & ALL, 0_u64);
    let args = [
        libc::SIG_SETMASK as u64,
        &raw const mask as u64,
        &raw mut old as u64,
        8,
        0,
        0,
    ];
    // SAFETY: two words that live across the call.
    let _ = unsafe { host::call(libc::SYS_rt_sigprocmask, args) };
    old
}

/// Puts a signal back into the kernel's queue for this thread.
pub(crate) fn requeue(info: &SigInfo) {
    // SAFETY: the structure is read only; the ids are those of this very thread.
    unsafe {
        let (process, thread) = (libc::getpid() as u64, gettid() as u64);
        let info_at = ptr::from_ref(info) as u64;
        let args = [process, thread, info.signal as u64, info_at, 0, 0];
        if host::call(libc::SYS_rt_tgsigqueueinfo, args) == Err(Errno::EAGAIN) {
            // The queue is full: as the kernel does then, without the details.
            let _ = host::call(libc::SYS_tgkill, [process, thread, info.signal as u64, 0, 0, 0]);
        }
    }
}

/// The host's id of this thread, which is also the guest's.
pub(crate) fn gettid() -> i32 {
    // SAFETY: no arguments, no effect.
    unsafe { host::call(libc::SYS_gettid, [0; 6]) }.map_or(0, |tid| tid as i32)
}

/// Whether a thread id is one of this process.
pub(crate) fn is_own_thread(thread: i32) -> bool {
    // SAFETY: signal 0 is not sent.
    unsafe { host::call(libc::SYS_tgkill, [libc::getpid() as u64, thread as u64, 0, 0, 0, 0]) }.is_ok()
}

/// Ends the process as the signal's default action does, so that whoever waits for it sees that signal.
pub(crate) fn die(signal: i32) -> ! {
    set_action(signal, HostAction::Default, 0);
    set_mask(!bit(signal));
    // SAFETY: sends a signal to this very thread; the process ends.
    unsafe {
        let _ = host::call(
            libc::SYS_tgkill,
            [libc::getpid() as u64, gettid() as u64, signal as u64, 0, 0, 0],
        );
    }
    // Only an init process survives its own fatal signal.
    exit_group(128 + signal)
}

/// Ends the process at once, with that status.
pub(crate) fn exit_group(status: i32) -> ! {
    loop {
        // SAFETY: the process ends here.
        let _ = unsafe { host::call(libc::SYS_exit_group, [status as u64, 0, 0, 0, 0, 0]) };
    }
}

/// What other threads and the signal handler leave for a guest thread. All but `invalid` is touched by the thread itself and
/// by handlers that run on it.
pub(crate) struct Mailbox {
    /// Not zero: the engine is to come back at the next block.
    pub attention: AtomicU32,
    /// Not zero: a signal can be delivered, so that no call may wait.
    pub pending: AtomicU32,
    /// The guest's mask of blocked signals.
    pub mask: AtomicU64,
    /// One signal, if `full`.
    slot: UnsafeCell<SigInfo>,
    full: AtomicBool,
    /// SIGSEGV, SIGBUS and SIGFPE that were sent (not raised by an instruction), which the host cannot hold back.
    sent_faults: [(AtomicBool, UnsafeCell<SigInfo>); 3],
    /// The thread's id, once it runs.
    pub thread: AtomicI32,
    /// The head of an AArch32 thread's list of robust mutexes; 0 for none. Of a 64-bit thread's, the host's kernel knows.
    pub robust_list: AtomicU64,
    /// What the thread has promised by seccomp(2); another thread may set it too.
    seccomp: Mutex<Seccomp>,
    /// Code that was changed since the thread looked last.
    invalid: Mutex<Vec<Range<u64>>>,
}

// SAFETY: the cells are only touched by the owning thread and by signal handlers on it, in an order that the flags beside
// them give; everything else is atomic or locked.
unsafe impl Sync for Mailbox {}
// SAFETY: it is handed to its thread before that starts.
unsafe impl Send for Mailbox {}

impl Mailbox {
    /// An empty one.
    pub fn new(mask: SignalSet) -> Mailbox {
        Mailbox {
            attention: AtomicU32::new(0),
            pending: AtomicU32::new(0),
            mask: AtomicU64::new(mask),
            slot: UnsafeCell::default(),
            full: AtomicBool::new(false),
            sent_faults: Default::default(),
            thread: AtomicI32::new(0),
            robust_list: AtomicU64::new(0),
            seccomp: Mutex::default(),
            invalid: Mutex::default(),
        }
    }

    /// What the thread has promised.
    pub fn seccomp(&self) -> Seccomp {
        self.seccomp.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets it.
    pub fn set_seccomp(&self, seccomp: Seccomp) {
        *self.seccomp.lock().unwrap_or_else(PoisonError::into_inner) = seccomp;
    }

    fn blocked(&self) -> SignalSet {
        self.mask.load(Ordering::Relaxed)
    }

    /// Makes the engine come back and keeps calls from waiting.
    fn notify(&self) {
        self.pending.store(1, Ordering::Relaxed);
        self.attention.store(1, Ordering::Relaxed);
    }

    /// Called in the handler. `false` if there is no room: then the signal belongs back into the kernel's queue.
    fn put(&self, info: &SigInfo) -> bool {
        if bit(info.signal) & FAULTS != 0 {
            let index = match info.signal {
                libc::SIGBUS => 1,
                libc::SIGFPE => 2,
                _ => 0,
            };
            let (full, cell) = &self.sent_faults[index];
            if !full.load(Ordering::Relaxed) {
                // SAFETY: empty, so that the thread does not read it.
                unsafe { *cell.get() = *info };
                compiler_fence(Ordering::SeqCst);
                full.store(true, Ordering::Relaxed);
            }
            if self.blocked() & bit(info.signal) == 0 {
                self.notify();
            }
            return true;
        }
        if self.full.load(Ordering::Relaxed) {
            return false;
        }
        // SAFETY: empty, so that the thread does not read it.
        unsafe { *self.slot.get() = *info };
        compiler_fence(Ordering::SeqCst);
        self.full.store(true, Ordering::Relaxed);
        self.notify();
        true
    }

    /// Takes a signal that the guest's mask lets through. While it came out of the slot, the host blocks all others; the caller sets the
    /// host's mask when it is done. What the mask has come to block goes back to the kernel.
    pub fn take(&self) -> Option<SigInfo> {
        let mut found = None;
        if self.full.load(Ordering::Relaxed) {
            compiler_fence(Ordering::SeqCst);
            // SAFETY: full, so that handlers do not write it.
            let info = unsafe { *self.slot.get() };
            compiler_fence(Ordering::SeqCst);
            self.full.store(false, Ordering::Relaxed);
            if self.blocked() & bit(info.signal) == 0 {
                found = Some(info);
            } else {
                requeue(&info);
            }
        }
        for (full, cell) in &self.sent_faults {
            if found.is_some() || !full.load(Ordering::Relaxed) {
                continue;
            }
            compiler_fence(Ordering::SeqCst);
            // SAFETY: full, so that handlers do not write it.
            let info = unsafe { *cell.get() };
            if self.blocked() & bit(info.signal) == 0 {
                found = Some(info);
                compiler_fence(Ordering::SeqCst);
                full.store(false, Ordering::Relaxed);
            }
        }
        if found.is_none() {
            self.pending.store(0, Ordering::Relaxed);
            // One that came in between must not be forgotten.
            compiler_fence(Ordering::SeqCst);
            if self.full.load(Ordering::Relaxed) {
                self.notify();
            }
        }
        found
    }

    /// Sets the guest's mask and with it the host's.
    pub fn set_mask(&self, mask: SignalSet) {
        self.mask.store(mask, Ordering::Relaxed);
        set_mask(mask);
        if self.full.load(Ordering::Relaxed) {
            // It arrived under the old mask. If the new one blocks it, it waits in the kernel; else it is delivered soon, and
            // until then everything is blocked.
            set_mask(ALL);
            compiler_fence(Ordering::SeqCst);
            // SAFETY: full, so that handlers do not write it.
            let info = unsafe { *self.slot.get() };
            if mask & bit(info.signal) != 0 {
                compiler_fence(Ordering::SeqCst);
                self.full.store(false, Ordering::Relaxed);
                self.pending.store(0, Ordering::Relaxed);
                requeue(&info);
                set_mask(mask);
            }
        }
        for (full, cell) in &self.sent_faults {
            // SAFETY: full, so that handlers do not write it.
            if full.load(Ordering::Relaxed) && mask & bit(unsafe { (*cell.get()).signal }) == 0 {
                self.notify();
            }
        }
    }

    /// Gives what is held back to the kernel's queue; the caller has blocked all signals.
    pub fn return_to_kernel(&self) {
        if self.full.swap(false, Ordering::Relaxed) {
            compiler_fence(Ordering::SeqCst);
            // SAFETY: all signals are blocked, so that no handler writes it.
            requeue(unsafe { &*self.slot.get() });
        }
        self.pending.store(0, Ordering::Relaxed);
    }

    /// Forgets what is held (a new process has no pending signals); the caller has blocked all signals.
    pub fn forget(&self) {
        self.full.store(false, Ordering::Relaxed);
        for (full, _) in &self.sent_faults {
            full.store(false, Ordering::Relaxed);
        }
        self.pending.store(0, Ordering::Relaxed);
    }

    /// Tells the thread that code has changed.
    pub fn invalidate(&self, range: Range<u64>) {
        self.invalid.lock().unwrap_or_else(PoisonError::into_inner).push(range);
        self.attention.store(1, Ordering::Release);
    }

    /// What was told since the last time.
    pub fn take_invalid(&self) -> Vec<Range<u64>> {
        std::mem::take(&mut *self.invalid.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

thread_local! {
    /// Constant initialiser and no destructor: an access is a plain move, safe in a signal handler.
    static CURRENT: Cell<*const Mailbox> = const { Cell::new(ptr::null()) };
}

/// Makes `mailbox` the one that this host thread's signals go to. It must outlive the thread's last unblocked moment.
pub(crate) fn set_current(mailbox: *const Mailbox) {
    CURRENT.set(mailbox);
}

/// The handler of all signals that armlet handles.
extern "C" fn on_signal(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the handler's own argument.
    let raw = unsafe { *info.cast::<SigInfo>() };
    let raised_by_kernel = raw.code > SI_USER_OR_QUEUED;
    if bit(signal) & FAULTS != 0 && raised_by_kernel {
        // SAFETY: the handler's own arguments.
        if unsafe { armlet_memory::fault::try_recover(signal, info, context) } {
            return;
        }
        // SAFETY: the kernel hands a ucontext_t to an SA_SIGINFO handler.
        if crate::engine::recover(signal, unsafe { &mut *context.cast::<libc::ucontext_t>() }) {
            return;
        }
        crash(signal, &raw, context);
    }
    // SAFETY: the kernel hands a ucontext_t to an SA_SIGINFO handler.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    if signal == libc::SIGPROF && crate::profiler::sample(&raw, context) {
        return;
    }
    // SAFETY: set by the thread itself, and valid as long as it has signals unblocked.
    let Some(mailbox) = (unsafe { CURRENT.get().as_ref() }) else {
        return;
    };
    if !mailbox.put(&raw) {
        requeue(&raw);
    }
    if bit(signal) & FAULTS == 0 {
        // SAFETY: the kernel's signal set is the first eight bytes of the C library's.
        unsafe { *(&raw mut context.uc_sigmask).cast::<u64>() = ALL };
    }
    let pc = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
    if mailbox.pending.load(Ordering::Relaxed) != 0
        && let Some(target) = host::fixup(*pc as u64).or_else(|| crate::engine::fixup(*pc as u64))
    {
        *pc = target as i64;
    }
}

/// armlet itself has failed: says so and ends the process with its own status.
fn crash(signal: i32, info: &SigInfo, context: *mut libc::c_void) -> ! {
    // SAFETY: the kernel hands a ucontext_t to an SA_SIGINFO handler.
    let pc = unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] };
    let name = match signal {
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        _ => "SIGSEGV",
    };
    let mut text = Text::default();
    text.push(b"armlet: internal error: ");
    text.push(name.as_bytes());
    text.push(b" at host address ");
    text.push_hex(info.fields[0]);
    text.push(b", host instruction ");
    text.push_hex(pc as u64);
    text.push(b"; please report this with the program that was run\n");
    let (address, length) = (text.bytes.as_ptr() as u64, text.length as u64);
    // SAFETY: writes bytes that live.
    let _ = unsafe { host::call(libc::SYS_write, [2, address, length, 0, 0, 0]) };
    exit_group(crate::INTERNAL_ERROR)
}

/// A line of text, put together without allocation.
struct Text {
    bytes: [u8; 256],
    length: usize,
}

impl Default for Text {
    fn default() -> Text {
        Text {
            bytes: [0; 256],
            length: 0,
        }
    }
}

impl Text {
    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(place) = self.bytes.get_mut(self.length) {
                *place = byte;
                self.length += 1;
            }
        }
    }

    fn push_hex(&mut self, value: u64) {
        self.push(b"0x");
        for shift in (0..16).rev() {
            self.push(&[b"0123456789abcdef"[(value >> (4 * shift) & 15) as usize]]);
        }
    }
}
