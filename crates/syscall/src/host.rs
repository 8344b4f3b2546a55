//! The host's kernel: a system-call stub of our own, without errno and without libc in between. [`call`] is for calls
//! that cannot block; [`interruptible`] looks at the thread's pending-signal word first, and the runtime's signal handler
//! asks [`fixup`] where to go on, so that no signal is lost between the look and the entry into the kernel.

use std::arch::{asm, global_asm};
use std::sync::atomic::AtomicU32;

use crate::Errno;

/// Makes host system call `number` with all six arguments.
///
/// # Safety
///
/// The call must not break what Rust relies on: no memory but the guest's, or memory that the caller lends for it, may be
/// read, written, mapped or unmapped by it, and no host descriptor or thread of armlet's own be destroyed.
#[inline]
pub unsafe fn call(number: i64, args: [u64; 6]) -> Result<u64, Errno> {
    let result: i64;
    // SAFETY: the registers are those of the x86-64 system-call convention; the kernel clobbers rcx and r11 and may write
    // memory. What the call does is the caller's promise.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    Errno::check(result)
}

// The stub as one piece of code with labels around the window that matters:
//   rdi = number, rsi = &args[0..6], rdx = &pending
// Between `window` (before the look at `pending`) and `entered` (just behind SYSCALL) a signal's handler can find the
// program counter; everywhere before SYSCALL has executed, the handler sends it to `abandon`. At `entered` itself the
// kernel has already answered (-EINTR, or a result that must not be lost).
global_asm!(
    ".pushsection .text.armlet_syscall_stub,\"ax\",@progbits",
    ".balign 16",
    ".hidden armlet_syscall_stub",
    ".hidden armlet_syscall_window",
    ".hidden armlet_syscall_entered",
    ".hidden armlet_syscall_abandon",
    ".globl armlet_syscall_stub",
    ".globl armlet_syscall_window",
    ".globl armlet_syscall_entered",
    ".globl armlet_syscall_abandon",
    ".type armlet_syscall_stub,@function",
    "armlet_syscall_stub:",
    ".cfi_startproc",
    "mov rax, rdi",
    "mov r11, rsi",
    "mov rcx, rdx",
    "mov rdi, [r11]",
    "mov rsi, [r11 + 8]",
    "mov rdx, [r11 + 16]",
    "mov r10, [r11 + 24]",
    "mov r8, [r11 + 32]",
    "mov r9, [r11 + 40]",
    "armlet_syscall_window:",
    "cmp dword ptr [rcx], 0",
    "jne armlet_syscall_abandon",
    "syscall",
    "armlet_syscall_entered:",
    "ret",
    "armlet_syscall_abandon:",
    "mov rax, -513", // -ERESTARTNOINTR
    "ret",
    ".cfi_endproc",
    ".size armlet_syscall_stub, . - armlet_syscall_stub",
    ".popsection",
);

unsafe extern "C" {
    fn armlet_syscall_stub(number: i64, args: *const [u64; 6], pending: *const AtomicU32) -> i64;
    static armlet_syscall_window: u8;
    static armlet_syscall_entered: u8;
    static armlet_syscall_abandon: u8;
}

/// Like [`call`], but answers [`Errno::ERESTARTNOINTR`] without having entered the kernel when `*pending` is not 0, and
/// also when a signal whose handler uses [`fixup`] arrives at any moment before the kernel was entered. EINTR is the kernel's
/// own: the call had begun to wait.
///
/// # Safety
///
/// As for [`call`].
#[inline]
pub unsafe fn interruptible(number: i64, args: [u64; 6], pending: &AtomicU32) -> Result<u64, Errno> {
    // SAFETY: both pointers are valid for the length of the call; the rest is the caller's promise.
    Errno::check(unsafe { armlet_syscall_stub(number, &args, pending) })
}

/// For the runtime's signal handler: where to go on if the signal arrived at `rip`. `Some` means that the thread was about
/// to enter the kernel and must not any more; the call then answers [`Errno::ERESTARTNOINTR`]. Async-signal-safe.
///
/// A kernel that starts a call again by itself sets `rip` back onto SYSCALL, which lies in the window too, with the same
/// answer. So the runtime's handlers must be without `SA_RESTART`, for else nobody would learn that the call had begun.
#[inline]
pub fn fixup(rip: u64) -> Option<u64> {
    let window = &raw const armlet_syscall_window as u64;
    let entered = &raw const armlet_syscall_entered as u64;
    (window..entered)
        .contains(&rip)
        .then_some(&raw const armlet_syscall_abandon as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::thread::JoinHandleExt;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn a_host_call_answers_value_or_error() {
        // SAFETY: getpid has no effect.
        let pid = unsafe { call(libc::SYS_getpid, [0; 6]) };
        assert_eq!(pid, Ok(u64::from(std::process::id())));
        // SAFETY: closing a descriptor that cannot exist has no effect.
        let error = unsafe { call(libc::SYS_close, [u64::MAX, 0, 0, 0, 0, 0]) };
        assert_eq!(error, Err(Errno::EBADF));
    }

    #[test]
    fn a_pending_signal_keeps_the_call_out_of_the_kernel() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let byte = [b'x'];
        let args = [writer.as_raw_fd() as u64, byte.as_ptr() as u64, 1, 0, 0, 0];
        // SAFETY: writes one byte that lives.
        let refused = unsafe { interruptible(libc::SYS_write, args, &AtomicU32::new(1)) };
        assert_eq!(refused, Err(Errno::ERESTARTNOINTR));
        let mut waiting = -1_i32;
        // SAFETY: FIONREAD stores one int.
        unsafe { libc::ioctl(reader.as_raw_fd(), libc::FIONREAD, &raw mut waiting) };
        assert_eq!(waiting, 0, "nothing was written");
        // SAFETY: writes one byte that lives.
        let entered = unsafe { interruptible(libc::SYS_write, args, &AtomicU32::new(0)) };
        assert_eq!(entered, Ok(1));
    }

    static SEEN: AtomicU64 = AtomicU64::new(0);

    extern "C" fn on_signal(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel hands a ucontext_t to an SA_SIGINFO handler.
        let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
        let rip = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
        if let Some(target) = fixup(*rip as u64) {
            *rip = target as i64;
            SEEN.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_call_that_the_kernel_would_restart_is_abandoned() {
        // SAFETY: a zeroed sigaction is a valid one.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        // SAFETY: the handler is async-signal-safe.
        let installed = unsafe { libc::sigaction(libc::SIGUSR2, &action, std::ptr::null_mut()) };
        assert_eq!(installed, 0);
        let (reader, _writer) = std::io::pipe().expect("a pipe");
        let blocked = std::thread::spawn(move || {
            let mut byte = 0_u8;
            let args = [reader.as_raw_fd() as u64, &raw mut byte as u64, 1, 0, 0, 0];
            // SAFETY: the byte lives across the call.
            unsafe { interruptible(libc::SYS_read, args, &AtomicU32::new(0)) }
        });
        let thread = blocked.as_pthread_t();
        while !blocked.is_finished() {
            // SAFETY: the thread has not been joined, so its handle is valid.
            unsafe { libc::pthread_kill(thread, libc::SIGUSR2) };
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!(
            blocked.join().expect("the reader does not panic"),
            Err(Errno::ERESTARTNOINTR)
        );
        assert!(SEEN.load(Ordering::SeqCst) >= 1);
    }
}
