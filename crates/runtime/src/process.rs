//! A guest process: what its threads share.

use std::ffi::CString;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use armlet_interpreter::a32::accelerate::Accelerator;
use armlet_loader::LoadedProgram;
use armlet_memory::{AddressSpace, CodeObserver};
use armlet_syscall::abi::Abi;
use armlet_syscall::strace::Strace;

use crate::options::Options;
use crate::profiler::Profiler;
use crate::signal::Actions;
use crate::signal::host::Mailbox;
use crate::statistics::Collector;

/// The program that runs: fixed from its start to the next `execve`.
pub(crate) struct Program {
    /// What was asked for on the command line.
    pub options: Options,
    /// The absolute path of the ELF file.
    pub executable: PathBuf,
    /// The argument strings.
    pub arguments: Vec<CString>,
    /// The program in memory.
    pub loaded: LoadedProgram,
    /// Which system calls it makes, and with which registers.
    pub abi: Abi,
    /// Where system calls are printed.
    pub strace: Option<Strace>,
    /// The samples of the process.
    pub profiler: Option<Profiler>,
    /// What finds the library routines that are done by the host's arithmetic.
    pub accelerator: Option<Arc<Accelerator>>,
    /// The statistics of the process.
    pub statistics: Option<Collector>,
}

/// A guest process.
pub(crate) struct Process {
    /// Its memory; shared with the parent until a child of `vfork` runs another program.
    pub space: Arc<AddressSpace>,
    /// What is to be done with signals.
    pub actions: Actions,
    /// All threads that run in this memory.
    pub threads: Arc<Threads>,
    /// The program.
    pub program: Arc<Program>,
    /// The child of a `vfork`: the memory is its parent's.
    pub borrows_memory: bool,
}

/// The threads that run in one address space, so that they can be told of changed code.
#[derive(Default)]
pub(crate) struct Threads(Mutex<Vec<Arc<Mailbox>>>);

impl Threads {
    /// Also used to hold the list still across a fork.
    pub fn lock(&self) -> MutexGuard<'_, Vec<Arc<Mailbox>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread starts. Nothing happens if it is there already.
    pub fn add(&self, mailbox: &Arc<Mailbox>) {
        let mut threads = self.lock();
        if !threads.iter().any(|other| Arc::ptr_eq(other, mailbox)) {
            threads.push(Arc::clone(mailbox));
        }
    }

    /// A thread that another one has started: it has made its promises when others can see it, so that none of those that are made for all
    /// threads passes it by.
    pub fn add_child(&self, mailbox: &Arc<Mailbox>, parent: &Mailbox) {
        let mut threads = self.lock();
        mailbox.set_seccomp(parent.seccomp());
        threads.push(Arc::clone(mailbox));
    }

    /// A thread has ended; answers whether it was the last.
    pub fn remove(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mut threads = self.lock();
        threads.retain(|other| !Arc::ptr_eq(other, mailbox));
        threads.is_empty()
    }
}

impl CodeObserver for Threads {
    fn invalidate(&self, range: Range<u64>) {
        for mailbox in self.lock().iter() {
            mailbox.invalidate(range.clone());
        }
    }
}
