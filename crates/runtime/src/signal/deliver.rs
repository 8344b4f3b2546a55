//! What becomes of a signal: the guest's handler, the restart of the call that it interrupted, or the end of the process.

use std::sync::atomic::Ordering;

use armlet_cpu::a64::State;
use armlet_cpu::{Access, FaultKind, Trap};
use armlet_observe::End;
use armlet_syscall::Restart;
use armlet_syscall::abi::Abi;
use armlet_syscall::errno::Errno;
use armlet_syscall::seccomp::Trapped;
use armlet_syscall::task::{AltStack, SigAction};

use super::frame::{self, Setup};
use super::frame_a32;
use super::{Disposition, FAULTS, SigInfo, bit, code, host, sees_default};
use crate::report;
use crate::thread::Thread;

const SS_AUTODISARM: u32 = 1 << 31;

/// What is told of a frame that cannot be written, or read (AArch32).
const BAD_FRAME: SigInfo = SigInfo {
    signal: libc::SIGSEGV,
    errno: 0,
    code: code::SI_KERNEL,
    pad: 0,
    fields: [0; 14],
};

/// A trap as the guest's Linux sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaultDetails {
    /// What the handler is told.
    pub info: SigInfo,
    /// `sigcontext.fault_address` and ESR_EL1, for memory faults.
    pub syndrome: Option<(u64, u64)>,
}

impl FaultDetails {
    /// The signal of a trap at `pc`; `None` for traps that are no faults.
    pub fn of(trap: Trap, pc: u64, abi: Abi) -> Option<FaultDetails> {
        let plain = |signal, code| FaultDetails {
            info: SigInfo::fault(signal, code, pc),
            syndrome: None,
        };
        Some(match trap {
            Trap::Undefined => plain(libc::SIGILL, code::ILL_ILLOPC),
            Trap::Breakpoint { .. } => plain(libc::SIGTRAP, code::TRAP_BRKPT),
            Trap::Memory(fault) => {
                let (signal, code) = match fault.kind {
                    FaultKind::Unmapped => (libc::SIGSEGV, code::SEGV_MAPERR),
                    FaultKind::Permission => (libc::SIGSEGV, code::SEGV_ACCERR),
                    FaultKind::BeyondObject => (libc::SIGBUS, code::BUS_ADRERR),
                    FaultKind::Alignment => (libc::SIGBUS, code::BUS_ADRALN),
                };
                FaultDetails {
                    info: SigInfo::fault(signal, code, fault.address),
                    syndrome: Some((
                        fault.address,
                        match abi {
                            Abi::A64 => syndrome(fault.access, fault.kind),
                            Abi::A32 => fault_status(fault.access, fault.kind),
                        },
                    )),
                }
            }
            Trap::SupervisorCall { .. } | Trap::InvalidateCode { .. } => return None,
        })
    }
}

/// ESR_EL1 of an abort from EL0 (Arm ARM D17.2.37).
fn syndrome(access: Access, kind: FaultKind) -> u64 {
    const INSTRUCTION_ABORT: u64 = 0x20;
    const PC_ALIGNMENT: u64 = 0x22;
    const DATA_ABORT: u64 = 0x24;
    const IL: u64 = 1 << 25;
    const WNR: u64 = 1 << 6;
    let status = match kind {
        FaultKind::Unmapped | FaultKind::BeyondObject => 0x07,
        FaultKind::Permission => 0x0f,
        FaultKind::Alignment => 0x21,
    };
    let (class, specific) = match (access, kind) {
        (Access::Execute, FaultKind::Alignment) => (PC_ALIGNMENT, 0),
        (Access::Execute, _) => (INSTRUCTION_ABORT, status),
        (Access::Read, _) => (DATA_ABORT, status),
        (Access::Write, _) => (DATA_ABORT, status | WNR),
    };
    class << 26 | IL | specific
}

/// FSR of an abort in AArch32 as Linux shows it (short descriptors; Arm ARM G8.2.30): bit 11 for a write, bit 31 for an instruction's.
fn fault_status(access: Access, kind: FaultKind) -> u64 {
    let status = match kind {
        FaultKind::Unmapped | FaultKind::BeyondObject => 0x07,
        FaultKind::Permission => 0x0f,
        FaultKind::Alignment => 0x01,
    };
    status
        | match access {
            Access::Read => 0,
            Access::Write => 1 << 11,
            Access::Execute => 1 << 31,
        }
}

impl Thread {
    /// Delivers what has arrived. `restart` says that a system call was interrupted, and when it is started again.
    pub(crate) fn deliver(&mut self, cpu: &mut State, mut restart: Option<Restart>) {
        while let Some(info) = self.mailbox.take() {
            if self.discards(cpu, &info) {
                self.mailbox.set_mask(self.mask());
                continue;
            }
            match self.process.actions.take(info.signal) {
                Disposition::Handle(action) => {
                    if let Some(class) = restart.take() {
                        let again = class == Restart::Sys && action.flags & libc::SA_RESTART as u64 != 0;
                        finish_call(
                            self.process.program.abi,
                            cpu,
                            if again { class } else { Restart::Never },
                        );
                    }
                    self.handle(cpu, &info, &action, None);
                }
                Disposition::Ignore => self.mailbox.set_mask(self.mask()),
                Disposition::Default if bit(info.signal) & FAULTS != 0 || sees_default(info.signal) => {
                    self.die(info.signal)
                }
                Disposition::Default => {
                    // The host's disposition is the default too: its kernel does what is to be done.
                    host::requeue(&info);
                    self.mailbox.set_mask(self.mask());
                }
            }
        }
        if let Some(class) = restart {
            finish_call(self.process.program.abi, cpu, class);
            self.take_back_temporary_mask();
        }
    }

    /// Delivers a fault of the guest's own: a handler, or the end with a report.
    pub(crate) fn raise(&mut self, cpu: &mut State, details: &FaultDetails, trap: Trap) {
        let signal = details.info.signal;
        if self.discards(cpu, &details.info) {
            return;
        }
        if self.mask() & bit(signal) == 0
            && let Disposition::Handle(action) = self.process.actions.take(signal)
        {
            self.handle(cpu, &details.info, &action, details.syndrome);
            return;
        }
        self.trace(&details.info);
        if !self.process.program.options.quiet_faults {
            report::fault(self, cpu, &details.info, trap);
        }
        self.die(signal);
    }

    /// A system call that a filter of the guest's has turned into SIGSYS. If there is no handler that can be run, it kills.
    pub(crate) fn trapped(&mut self, cpu: &mut State, trapped: &Trapped) {
        let mut info = SigInfo::fault(libc::SIGSYS, code::SYS_SECCOMP, trapped.address);
        info.errno = trapped.data as i32;
        info.fields[1] = u64::from(trapped.number) | u64::from(trapped.architecture) << 32;
        if self.discards(cpu, &info) {
            return;
        }
        if self.mask() & bit(libc::SIGSYS) == 0
            && let Disposition::Handle(action) = self.process.actions.take(libc::SIGSYS)
        {
            return self.handle(cpu, &info, &action, None);
        }
        self.trace(&info);
        self.die(libc::SIGSYS);
    }

    /// A frame that cannot be written or read: SIGSEGV, which kills unless it has a handler that can be run.
    pub(crate) fn bad_frame(&mut self, cpu: &mut State, during: i32, info: SigInfo) {
        if during != libc::SIGSEGV
            && self.mask() & bit(libc::SIGSEGV) == 0
            && let Disposition::Handle(action) = self.process.actions.take(libc::SIGSEGV)
        {
            return self.handle(cpu, &info, &action, None);
        }
        self.trace(&info);
        if !self.process.program.options.quiet_faults {
            report::bad_frame(self, cpu, during);
        }
        self.die(libc::SIGSEGV);
    }

    /// Starts a handler.
    fn handle(&mut self, cpu: &mut State, info: &SigInfo, action: &SigAction, fault: Option<(u64, u64)>) {
        self.trace(info);
        let before = self.temporary_mask.take().unwrap_or(self.mask());
        let setup = Setup {
            info,
            action,
            mask: before,
            alternate: self.alternate_stack,
            fault,
            trampoline: self.process.program.loaded.vdso.sigreturn,
        };
        let pushed = match self.process.program.abi {
            Abi::A64 => frame::push(cpu, &setup),
            Abi::A32 => frame_a32::push(cpu, &setup),
        };
        if pushed.is_err() {
            self.mailbox.set_mask(before);
            return self.bad_frame(cpu, info.signal, BAD_FRAME);
        }
        if self.alternate_stack.flags & SS_AUTODISARM != 0 {
            self.alternate_stack = AltStack::DISABLED;
        }
        let mut mask = self.mask() | action.mask;
        if action.flags & libc::SA_NODEFER as u64 == 0 {
            mask |= bit(info.signal);
        }
        self.mailbox.set_mask(mask);
        if let Some(clock) = &self.clock {
            clock.signal();
        }
    }

    /// `rt_sigreturn`, or (without `info`) `sigreturn`, which leaves the alternate stack alone.
    pub(crate) fn return_from_handler(&mut self, cpu: &mut State, info: bool) {
        let restored = match self.process.program.abi {
            Abi::A64 => frame::pop(cpu),
            Abi::A32 => frame_a32::pop(cpu, info),
        };
        match restored {
            Some(restored) => {
                if info {
                    self.alternate_stack = restored.alternate;
                }
                let unblockable = bit(libc::SIGKILL) | bit(libc::SIGSTOP);
                self.mailbox.set_mask(restored.mask & !unblockable);
            }
            None => {
                let info = match self.process.program.abi {
                    Abi::A64 => self.stack_fault(cpu.sp()),
                    Abi::A32 => BAD_FRAME,
                };
                self.bad_frame(cpu, 0, info);
            }
        }
    }

    /// What arm64 says of a frame that is no frame: a fault at the stack pointer, in a mapping unless all of them are below
    /// (`arm64_notify_segfault`).
    fn stack_fault(&self, sp: u64) -> SigInfo {
        let top = self.process.space.mappings().last().map_or(0, |mapping| mapping.end);
        SigInfo {
            code: if armlet_memory::untag(sp) < top {
                code::SEGV_ACCERR
            } else {
                code::SEGV_MAPERR
            },
            fields: {
                let mut fields = BAD_FRAME.fields;
                fields[0] = sp;
                fields
            },
            ..BAD_FRAME
        }
    }

    /// The guest's mask of blocked signals.
    pub(crate) fn mask(&self) -> u64 {
        self.mailbox.mask.load(Ordering::Relaxed)
    }

    /// Puts the mask back that a call has replaced for its own length.
    pub(crate) fn take_back_temporary_mask(&mut self) {
        if let Some(mask) = self.temporary_mask.take() {
            self.mailbox.set_mask(mask);
        }
    }

    /// Ends the process by that signal.
    pub(crate) fn die(&mut self, signal: i32) -> ! {
        self.tell(End::Killed(signal));
        self.report_statistics(&format!("killed {signal}"));
        if let Some(strace) = &self.process.program.strace {
            strace.killed(signal as u32);
        }
        host::die(signal)
    }

    fn trace(&self, info: &SigInfo) {
        let Some(strace) = &self.process.program.strace else {
            return;
        };
        let name = match (info.signal, info.code) {
            (_, 0) => "SI_USER".to_owned(),
            (_, -1) => "SI_QUEUE".to_owned(),
            (_, -2) => "SI_TIMER".to_owned(),
            (_, -6) => "SI_TKILL".to_owned(),
            (_, code::SI_KERNEL) => "SI_KERNEL".to_owned(),
            (libc::SIGSEGV, code::SEGV_MAPERR) => "SEGV_MAPERR".to_owned(),
            (libc::SIGSEGV, code::SEGV_ACCERR) => "SEGV_ACCERR".to_owned(),
            (libc::SIGBUS, code::BUS_ADRALN) => "BUS_ADRALN".to_owned(),
            (libc::SIGBUS, code::BUS_ADRERR) => "BUS_ADRERR".to_owned(),
            (libc::SIGILL, code::ILL_ILLOPC) => "ILL_ILLOPC".to_owned(),
            (libc::SIGTRAP, code::TRAP_BRKPT) => "TRAP_BRKPT".to_owned(),
            (libc::SIGSYS, code::SYS_SECCOMP) => "SYS_SECCOMP".to_owned(),
            (libc::SIGCHLD, libc::CLD_EXITED) => "CLD_EXITED".to_owned(),
            (libc::SIGCHLD, libc::CLD_KILLED) => "CLD_KILLED".to_owned(),
            (libc::SIGCHLD, libc::CLD_DUMPED) => "CLD_DUMPED".to_owned(),
            (libc::SIGCHLD, libc::CLD_STOPPED) => "CLD_STOPPED".to_owned(),
            (libc::SIGCHLD, libc::CLD_CONTINUED) => "CLD_CONTINUED".to_owned(),
            (_, other) => other.to_string(),
        };
        let is_fault = matches!(info.signal, libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGTRAP);
        let (low, high) = (info.fields[0] as u32, info.fields[0] >> 32);
        let details = match info.signal {
            _ if is_fault && info.code > 0 && info.code != code::SI_KERNEL => format!("si_addr={:#x}", info.fields[0]),
            libc::SIGCHLD => format!("si_pid={low}, si_uid={high}, si_status={}", info.fields[1] as u32),
            _ if matches!(info.code, 0 | -1 | -6) => format!("si_pid={low}, si_uid={high}"),
            _ => String::new(),
        };
        strace.signal(info.signal as u32, &name, &details);
    }
}

/// What an interrupted call comes to (see [`Restart`]).
fn finish_call(abi: Abi, cpu: &mut State, class: Restart) {
    match class {
        Restart::Never => return abi.set_result(cpu, Errno::EINTR.to_guest()),
        Restart::Block => cpu.set_x(abi.number_register(), abi.restart_syscall()),
        Restart::Sys | Restart::NoHandler => {}
    }
    cpu.pc = cpu.pc.wrapping_sub(abi.svc_length(cpu));
}

#[cfg(test)]
mod tests {
    use super::*;
    use armlet_cpu::Fault;

    #[test]
    fn traps_become_the_kernels_signals() {
        let memory = |access, kind| {
            let fault = Fault {
                address: 0x123,
                access,
                kind,
            };
            let details = FaultDetails::of(Trap::Memory(fault), 0x40, Abi::A64).expect("a fault");
            (details.info.signal, details.info.code, details.syndrome)
        };
        assert_eq!(
            memory(Access::Write, FaultKind::Unmapped),
            (11, 1, Some((0x123, 0x9200_0047)))
        );
        assert_eq!(
            memory(Access::Read, FaultKind::Permission),
            (11, 2, Some((0x123, 0x9200_000f)))
        );
        assert_eq!(
            memory(Access::Execute, FaultKind::Permission),
            (11, 2, Some((0x123, 0x8200_000f)))
        );
        assert_eq!(
            memory(Access::Execute, FaultKind::Alignment),
            (7, 1, Some((0x123, 0x8a00_0000)))
        );
        assert_eq!(
            memory(Access::Read, FaultKind::BeyondObject),
            (7, 2, Some((0x123, 0x9200_0007)))
        );
        let undefined = FaultDetails::of(Trap::Undefined, 0x40, Abi::A64).expect("a fault");
        assert_eq!(
            (undefined.info.signal, undefined.info.code, undefined.info.fields[0]),
            (4, 1, 0x40)
        );
        let breakpoint = FaultDetails::of(Trap::Breakpoint { imm: 1 }, 0x44, Abi::A64).expect("a fault");
        assert_eq!(
            (breakpoint.info.signal, breakpoint.info.code, breakpoint.info.fields[0]),
            (5, 1, 0x44)
        );
        assert!(FaultDetails::of(Trap::SupervisorCall { imm: 0 }, 0, Abi::A64).is_none());
    }

    #[test]
    fn calls_are_restarted_by_their_class() {
        let at = |class| {
            let mut cpu = State::default();
            (cpu.pc, cpu.x[0], cpu.x[8]) = (0x1004, 5, 63);
            finish_call(Abi::A64, &mut cpu, class);
            (cpu.pc, cpu.x(0) as i64, cpu.x(8))
        };
        let at_a32 = |class, thumb| {
            let mut cpu = State::default();
            (cpu.pc, cpu.x[0], cpu.x[7], cpu.a32.thumb) = (0x1004, 5, 162, thumb);
            finish_call(Abi::A32, &mut cpu, class);
            (cpu.pc, cpu.x(0), cpu.x(7))
        };
        assert_eq!(at_a32(Restart::Sys, false), (0x1000, 5, 162));
        assert_eq!(at_a32(Restart::Sys, true), (0x1002, 5, 162));
        assert_eq!(at_a32(Restart::Block, true), (0x1002, 5, 0));
        assert_eq!(at_a32(Restart::Never, true), (0x1004, 0xffff_fffc, 162));
        assert_eq!(at(Restart::Sys), (0x1000, 5, 63));
        assert_eq!(at(Restart::NoHandler), (0x1000, 5, 63));
        assert_eq!(at(Restart::Block), (0x1000, 5, 128));
        assert_eq!(at(Restart::Never), (0x1004, -4, 63));
    }
}
