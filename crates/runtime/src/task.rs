//! The guest thread as the system call layer sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use armlet_cpu::a64::State;
use armlet_memory::AddressSpace;
use armlet_syscall::abi::Abi;
use armlet_syscall::seccomp::Seccomp;
use armlet_syscall::strace::Strace;
use armlet_syscall::task::{AltStack, CloneArgs, Exec, Image, RestartBlock, Settings, SigAction};
use armlet_syscall::{Errno, Task};

use crate::signal::host::{self as signals, Mailbox};
use crate::thread::Thread;

impl Task for Thread {
    fn abi(&self) -> Abi {
        self.process.program.abi
    }

    fn memory(&self) -> &AddressSpace {
        &self.process.space
    }

    fn pending(&self) -> &AtomicU32 {
        &self.mailbox.pending
    }

    fn settings(&self) -> &Settings {
        &self.process.program.options.settings
    }

    fn image(&self) -> Image<'_> {
        let program = &self.process.program;
        let vdso = program.loaded.vdso.base;
        Image {
            executable: &program.executable,
            arguments: &program.arguments,
            environment: (program.loaded.environment.start, program.loaded.environment.end),
            auxv: &program.loaded.auxv,
            stack: (program.loaded.stack.start, program.loaded.stack.end),
            vdso: (vdso, vdso + armlet_memory::PAGE_SIZE),
        }
    }

    fn strace(&self) -> Option<&Strace> {
        self.process.program.strace.as_ref()
    }

    fn clone_task(&mut self, args: &CloneArgs, state: &mut State) -> Result<u64, Errno> {
        self.start(args, state)
    }

    fn exec(&mut self, exec: Exec, _: &mut State) -> Result<(), Errno> {
        match self.replace_program(exec) {
            Err(errno) => Err(errno),
            Ok(never) => match never {},
        }
    }

    fn set_clear_child_tid(&mut self, address: u64) {
        self.clear_child_tid = address;
    }

    fn clear_child_tid(&self) -> u64 {
        self.clear_child_tid
    }

    fn set_robust_list(&mut self, head: u64) {
        self.mailbox.robust_list.store(head, Ordering::Relaxed);
    }

    fn robust_list(&self, thread: i32) -> Option<u64> {
        if thread == 0 || thread == self.mailbox.thread.load(Ordering::Relaxed) {
            return Some(self.mailbox.robust_list.load(Ordering::Relaxed));
        }
        let threads = self.process.threads.lock();
        let mailbox = threads
            .iter()
            .find(|mailbox| mailbox.thread.load(Ordering::Relaxed) == thread)?;
        Some(mailbox.robust_list.load(Ordering::Relaxed))
    }

    fn sigreturn(&mut self, state: &mut State) {
        self.return_from_handler(state, true);
    }

    fn sigreturn_old(&mut self, state: &mut State) {
        self.return_from_handler(state, false);
    }

    fn sigaction(&mut self, signal: u32, new: Option<SigAction>) -> Result<SigAction, Errno> {
        self.process.actions.exchange(signal as i32, new).ok_or(Errno::EINVAL)
    }

    fn signal_dispositions(&self) -> [u64; 2] {
        self.process.actions.dispositions()
    }

    fn signal_mask(&self) -> u64 {
        self.mask()
    }

    fn set_signal_mask(&mut self, mask: u64) {
        self.mailbox.set_mask(mask);
    }

    fn set_temporary_signal_mask(&mut self, mask: u64) {
        self.temporary_mask = Some(self.mask());
        self.mailbox.set_mask(mask);
    }

    fn restore_signal_mask(&mut self) {
        self.take_back_temporary_mask();
    }

    fn alternate_stack(&self) -> AltStack {
        self.alternate_stack
    }

    fn set_alternate_stack(&mut self, stack: AltStack) {
        self.alternate_stack = stack;
    }

    fn restart_block(&mut self) -> &mut Option<RestartBlock> {
        &mut self.restart_block
    }

    fn seccomp(&self) -> Seccomp {
        self.mailbox.seccomp()
    }

    fn set_seccomp(&mut self, seccomp: Seccomp) {
        self.mailbox.set_seccomp(seccomp);
    }

    fn set_seccomp_of_all(&mut self, seccomp: Seccomp) -> Result<(), i32> {
        let threads = self.process.threads.lock();
        // A child of vfork runs in this memory too, but is another process.
        let own = |mailbox: &&Arc<Mailbox>| signals::is_own_thread(mailbox.thread.load(Ordering::Relaxed));
        let all: Vec<_> = threads.iter().filter(own).collect();
        match all.iter().find(|mailbox| !mailbox.seccomp().can_become(&seccomp)) {
            Some(other) => Err(other.thread.load(Ordering::Relaxed)),
            None => {
                all.iter().for_each(|mailbox| mailbox.set_seccomp(seccomp.clone()));
                Ok(())
            }
        }
    }
}
