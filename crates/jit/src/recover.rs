//! Faults in translated code, and floating-point operations that trap: puts the guest's registers back into the state, and lets the interpreter
//! run the instruction.

use std::sync::{Arc, PoisonError, RwLock};

use armlet_cpu::a64::{Flags, State};
use armlet_memory::exclusive;

use crate::cache::Jit;
use crate::emit::Place;
use crate::enter::Exit;
use crate::map::host::RBX;
use crate::map::{BIAS, PACKED_FLAGS, float_flags, pack_flags};

/// `gregs` index of each host register, in the order of their encoding.
pub(crate) const GREGS: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// Exceptions of the host that may trap: Invalid, Denormal and Underflow.
const TRAPPING: u32 = 1 | 2 | 16;

impl Jit {
    /// In the handler of SIGSEGV, SIGBUS or SIGFPE: if the fault is one of translated code, changes `context` so that the thread leaves translated
    /// code at the guest instruction that faulted, to be run by the interpreter. `false`: the fault is not ours.
    pub fn recover(&self, signal: i32, context: &mut libc::ucontext_t) -> bool {
        let rip = context.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
        // Whoever holds the lock is not in translated code: this thread does not hold it.
        if !self.contains(rip) {
            return false;
        }
        let guard = self.lock();
        let Some(cache) = guard.as_ref() else { return false };
        let Some((&start, translation)) = cache.translations.range(..=rip).next_back() else {
            return false;
        };
        if !translation.host.contains(&rip) {
            return false;
        }
        let offset = (rip - start) as u32;
        let index = translation.sites.partition_point(|site| site.end <= offset);
        let Some(site) = translation.sites.get(index) else {
            return false;
        };
        let register = |host: u8| context.uc_mcontext.gregs[GREGS[usize::from(host)] as usize] as u64;
        let state = (register(crate::map::host::RBP) as i64 - i64::from(BIAS)) as *mut State;
        // SAFETY: in translated code, RBP points into the state of this thread, which nobody else uses meanwhile.
        let state = unsafe { &mut *state };
        let mapping = translation.mapping_of(site);
        for (guest, host) in mapping.x_pairs().filter(|&(_, host)| host != RBX || !site.claims.rbx) {
            state.x[usize::from(guest)] = register(host);
        }
        if !context.uc_mcontext.fpregs.is_null() {
            // SAFETY: the kernel points it to the frame's floating-point state.
            let vectors = unsafe { &(*context.uc_mcontext.fpregs)._xmm };
            for (guest, host) in mapping.v_pairs() {
                let [a, b, c, d] = vectors[usize::from(host)].element.map(u128::from);
                state.v[usize::from(guest)] = (a | b << 32 | c << 64 | d << 96).into();
            }
        }
        for (low, high) in mapping.halves.pairs() {
            let half = |n: u8| u128::from(state.v[usize::from(n)]) & u128::from(u64::MAX);
            state.v[usize::from(low)] = (half(low) | half(high) << 64).into();
        }
        let eflags = context.uc_mcontext.gregs[libc::REG_EFL as usize] as u64;
        let (carry, sign, zero, overflow) = (
            eflags & 1 != 0,
            eflags & 0x80 != 0,
            eflags & 0x40 != 0,
            eflags & 0x800 != 0,
        );
        let flags = match site.flags {
            Place::Memory => None,
            Place::Float { reversed } => Some(float_flags(reversed, carry, zero, eflags & 4 != 0)),
            Place::Sub | Place::Add | Place::Logic => Some(Flags {
                n: sign,
                z: zero,
                c: carry != (site.flags == Place::Sub),
                v: overflow,
            }),
        };
        if let Some(flags) = flags {
            state.x[usize::from(PACKED_FLAGS)] = pack_flags(flags).into();
        }
        if site.claims.stamp {
            exclusive::give_back(state.exclusive.address, state.exclusive.stamp);
        }
        self.left_block(translation, site.pc);
        state.pc = site.pc;
        if signal == libc::SIGFPE {
            self.count_trap();
            // SAFETY: not null, as translated code uses floating point; the interpreter raises what Arm raises.
            // (Where one does not trap, its flag is an earlier instruction's, and stays: the masks are seven bits above.)
            let mxcsr = unsafe { &mut (*context.uc_mcontext.fpregs).mxcsr };
            *mxcsr &= !(TRAPPING & !(*mxcsr >> 7));
        }
        context.uc_mcontext.gregs[libc::REG_RIP as usize] = cache.exit_stored() as i64;
        context.uc_mcontext.gregs[libc::REG_RAX as usize] = Exit::Interpret as i64;
        true
    }
}

/// The translations that [`on_fault`] knows. Nobody holds the lock while it runs translated code.
static KNOWN: RwLock<Vec<Arc<Jit>>> = RwLock::new(Vec::new());

/// Installs a handler of SIGSEGV, SIGBUS and SIGFPE for programs that run guest code without armlet's runtime, such as tests and
/// benchmarks. It serves `armlet-memory` and every `jit` that it is called with.
///
/// # Errors
///
/// Those of sigaction(2).
pub fn install_fault_handler(jit: Arc<Jit>) -> std::io::Result<()> {
    armlet_memory::fault::prepare();
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).push(jit);
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE] {
        // SAFETY: all zeros is a valid sigaction, and the handler has the SA_SIGINFO signature.
        let result = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigaction(signal, &action, std::ptr::null_mut())
        };
        if result != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

extern "C" fn on_fault(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the handler's own arguments.
    if unsafe { armlet_memory::fault::try_recover(signal, info, context) } {
        return;
    }
    // SAFETY: the kernel hands a ucontext_t to an SA_SIGINFO handler.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if !known.iter().any(|jit| jit.recover(signal, context)) {
        // SAFETY: back to the default action; the fault comes again and ends the process.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
