//! Threads that somebody watches: how an observer is called, and what it may ask.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use armlet_cpu::a64::State;
use armlet_interpreter::a32;
use armlet_interpreter::a64::step;
use armlet_memory::Mapping;
use armlet_observe::{End, Fate, Guest, Observer, Pace, Process as _, Signal};
use armlet_syscall::abi::Abi;

use crate::engine::{Code, Stop};
use crate::process::Process;
use crate::signal::{FAULTS, SigInfo, bit, gettid};
use crate::thread::{Runner, Thread, quiet_call};

impl Runner {
    /// Asks the view for an observer; on the thread itself, before its first instruction.
    pub(crate) fn attach(&mut self) {
        let program = &self.thread.process.program;
        if let Some(watch) = &program.options.watch {
            self.thread.observer = watch.view.attach(&self.thread, &self.cpu);
        }
    }

    /// Calls the observer.
    pub(crate) fn observe<R: Default>(
        &mut self,
        call: impl FnOnce(&mut dyn Observer, &dyn Guest, &mut State) -> R,
    ) -> R {
        self.thread.observe(&mut self.cpu, call)
    }

    /// Goes on at the pace that the observer chooses, until there is something for the loop to do.
    pub(crate) fn run_observed(&mut self) -> Stop {
        let mut code = Code::new(&self.thread.process.space);
        loop {
            if self.thread.mailbox.attention.load(Ordering::Relaxed) != 0 {
                return Stop::Attention;
            }
            match self.observe(|observer, guest, cpu| Some(observer.proceed(guest, cpu))) {
                Some(Pace::Step) => {
                    let trap = match self.thread.process.program.abi {
                        Abi::A64 => step(&mut self.cpu, &mut code),
                        Abi::A32 => a32::step(&mut self.cpu, &mut code),
                    };
                    let trap = trap.err();
                    self.observe(|observer, guest, cpu| observer.executed(guest, cpu, trap));
                    if let Some(trap) = trap {
                        return Stop::Trap(trap);
                    }
                }
                Some(Pace::Kill) => self.thread.die(libc::SIGKILL),
                Some(Pace::Free) | None => {
                    return self.engine.run(&mut self.cpu, &self.thread.mailbox.attention);
                }
            }
        }
    }
}

impl Thread {
    /// Calls the observer, if there is one; the default otherwise.
    pub(crate) fn observe<R: Default>(
        &mut self,
        cpu: &mut State,
        call: impl FnOnce(&mut dyn Observer, &dyn Guest, &mut State) -> R,
    ) -> R {
        let Some(mut observer) = self.observer.take() else {
            return R::default();
        };
        let result = call(&mut *observer, self, cpu);
        self.observer = Some(observer);
        result
    }

    /// Tells the observer that the thread or the process ends.
    pub(crate) fn tell(&mut self, end: End) {
        if let Some(mut observer) = self.observer.take() {
            observer.ends(self, end);
            self.observer = Some(observer);
        }
    }

    /// Counts what the timer's handler has sampled.
    pub(crate) fn take_samples(&mut self) {
        if let (Some(sampler), Some(profiler)) = (&self.sampler, &self.process.program.profiler) {
            sampler.drain(&self.process, profiler);
        }
    }

    /// The process is over: its statistics, its profile.
    pub(crate) fn report_statistics(&mut self, end: &str) {
        if self.process.borrows_memory {
            return;
        }
        self.take_samples();
        if let Some(profiler) = &self.process.program.profiler {
            profiler.report(&self.process);
        }
        let program = &self.process.program;
        if let Some(statistics) = program.statistics.as_ref().filter(|_| !self.process.borrows_memory) {
            statistics.report(program, end);
        }
    }

    /// In the child of a fork.
    pub(crate) fn forked(&mut self) {
        if let Some(strace) = &self.process.program.strace {
            strace.forked();
        }
        if let (Some(statistics), Some(clock)) = (&self.process.program.statistics, &self.clock) {
            statistics.forked(clock);
        }
        if let (Some(profiler), Some(sampler)) = (&self.process.program.profiler, self.sampler.take()) {
            self.sampler = Some(profiler.forked(sampler, &self.process));
        }
        if let Some(mut observer) = self.observer.take() {
            observer.forked(self);
            self.observer = Some(observer);
        }
    }

    /// Whether the observer does not want a signal delivered.
    pub(crate) fn discards(&mut self, cpu: &mut State, info: &SigInfo) -> bool {
        if self.observer.is_none() {
            return false;
        }
        let fault =
            bit(info.signal) & FAULTS != 0 && info.code > 0 || matches!(info.signal, libc::SIGILL | libc::SIGTRAP);
        let signal = Signal {
            number: info.signal,
            code: info.code,
            address: if fault { info.fields[0] } else { 0 },
            fault: fault && info.code > 0,
        };
        self.observe(cpu, |observer, guest, cpu| {
            observer.signal(guest, cpu, &signal) == Fate::Discard
        })
    }
}

impl Guest for Thread {
    fn tid(&self) -> i32 {
        gettid()
    }

    fn is_a32(&self) -> bool {
        self.process.program.abi == Abi::A32
    }

    fn borrows_memory(&self) -> bool {
        self.process.borrows_memory
    }

    fn process(&self) -> Arc<dyn armlet_observe::Process> {
        Arc::clone(&self.process) as _
    }

    fn executable(&self) -> &Path {
        armlet_observe::Process::executable(&*self.process)
    }

    fn symbolize(&self, address: u64) -> Option<(String, u64)> {
        self.process.symbolize(address)
    }

    fn image(&self, address: u64) -> Option<(&Path, u64)> {
        let loaded = &self.process.program.loaded;
        let images = std::iter::once(&loaded.program).chain(&loaded.interpreter);
        let image = images.into_iter().find(|image| image.range().contains(&address))?;
        Some((&image.path, image.bias))
    }

    fn mappings(&self) -> Vec<Mapping> {
        self.process.mappings()
    }

    fn auxv(&self) -> Vec<(u64, u64)> {
        self.process.auxv()
    }

    fn code_changed(&self, range: Range<u64>) {
        self.process.code_changed(range);
    }

    fn interrupt(&self) {
        self.process.interrupt();
    }
}

impl armlet_observe::Process for Process {
    fn executable(&self) -> &Path {
        &self.program.executable
    }

    fn symbolize(&self, address: u64) -> Option<(String, u64)> {
        let (name, offset, _) = self.program.loaded.symbolize(address)?;
        Some((name.to_owned(), offset))
    }

    fn mappings(&self) -> Vec<Mapping> {
        self.space.mappings()
    }

    fn auxv(&self) -> Vec<(u64, u64)> {
        self.program.loaded.auxv.clone()
    }

    fn code_changed(&self, range: Range<u64>) {
        self.space.invalidate_code(range);
    }

    fn interrupt(&self) {
        for mailbox in self.threads.lock().iter() {
            mailbox.attention.store(1, Ordering::Relaxed);
        }
    }

    fn kill(&self) {
        quiet_call(libc::SYS_kill, [u64::from(std::process::id()), libc::SIGKILL as u64]);
    }
}
