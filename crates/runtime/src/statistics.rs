//! Where the time and the work of a run go (`--stats`): one clock for each guest thread, which engines and the thread's loop set, and the report at
//! the end of the process. Without `--stats`, no clock exists, and engines are compiled without the calls of one.

mod code;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use armlet_cpu::probe::{Event, Phase, Probe};
use armlet_jit::BlockCount;
use armlet_memory::ticks;
use armlet_observe::Stats;
use armlet_observe::stats::{Block, Counts, Times};

use crate::engine;
use crate::process::Program;

/// Blocks in the list of the hottest.
const HOT_BLOCKS: usize = 100;
/// Parts of the time line.
const TIMELINE: usize = 100;

/// Where statistics go. `%p` in a path is the process's number; without it, the programs of a run share the file. Standard error is `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatsTo {
    /// For people.
    pub text: Option<PathBuf>,
    /// One line of JSON for each program.
    pub json: Option<PathBuf>,
}

impl StatsTo {
    /// Empties the files that all programs of the run will share; says why one cannot be written.
    pub(crate) fn prepare(&self) -> Result<(), (PathBuf, std::io::Error)> {
        for path in self.text.iter().chain(&self.json) {
            if path != Path::new("-") && !has_number(path) {
                File::create(path).map_err(|error| (path.clone(), error))?;
            }
        }
        Ok(())
    }
}

fn has_number(path: &Path) -> bool {
    path.to_string_lossy().contains("%p")
}

/// The path for this process.
pub(crate) fn numbered(path: &Path) -> PathBuf {
    path.to_string_lossy()
        .replace("%p", &std::process::id().to_string())
        .into()
}

pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if path == Path::new("-") {
        return std::io::stderr().write_all(text.as_bytes());
    }
    let mut file = OpenOptions::new().append(true).create(true).open(numbered(path))?;
    file.write_all(text.as_bytes())
}

/// The statistics of a process.
#[derive(Debug)]
pub(crate) struct Collector {
    to: StatsTo,
    started: Mutex<(Instant, u64)>,
    clocks: Mutex<Vec<Arc<Clock>>>,
}

/// What one thread does, and how long it has done it. Only the thread itself writes.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    phase: AtomicU8,
    since: AtomicU64,
    ticks: [AtomicU64; Phase::COUNT],
    events: [AtomicU64; Event::COUNT],
    signals: AtomicU64,
    calls: Mutex<BTreeMap<u64, u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A plain addition: nobody else writes.
fn add(counter: &AtomicU64, value: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed);
}

impl Clock {
    fn new(phase: Phase, since: u64) -> Clock {
        Clock {
            phase: AtomicU8::new(phase as u8),
            since: AtomicU64::new(since),
            ..Clock::default()
        }
    }

    /// From now on, the thread does this.
    pub fn enter(&self, phase: Phase) {
        let now = ticks::ticks();
        let spent = now.wrapping_sub(self.since.load(Ordering::Relaxed));
        let before = self.phase.load(Ordering::Relaxed);
        let host = ticks::take_host().min(spent);
        add(&self.ticks[usize::from(before)], spent - host);
        add(&self.ticks[Phase::Host as usize], host);
        self.since.store(now, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// A system call begins.
    pub fn call(&self, number: u64) {
        self.enter(Phase::Syscall);
        *lock(&self.calls).entry(number).or_default() += 1;
    }

    /// A signal has been given to a handler.
    pub fn signal(&self) {
        add(&self.signals, 1);
    }

    fn event(&self, event: Event) -> u64 {
        self.events[event as usize].load(Ordering::Relaxed)
    }
}

/// The probe of an engine is the clock of its thread.
#[derive(Clone)]
pub(crate) struct ClockProbe(pub Arc<Clock>);

impl Probe for ClockProbe {
    fn phase(&mut self, phase: Phase) {
        self.0.enter(phase);
    }

    fn count(&mut self, event: Event, times: u64) {
        add(&self.0.events[event as usize], times);
    }
}

impl Collector {
    /// Starts all clocks.
    pub fn new(to: StatsTo) -> Collector {
        ticks::measure_host();
        Collector {
            to,
            started: Mutex::new((Instant::now(), ticks::ticks())),
            clocks: Mutex::default(),
        }
    }

    /// The clock of a new thread; the first one's has been running since the program began to be loaded.
    pub fn clock(&self) -> Arc<Clock> {
        let mut clocks = lock(&self.clocks);
        let clock = match clocks.is_empty() {
            true => Clock::new(Phase::Load, lock(&self.started).1),
            false => Clock::new(Phase::Dispatch, ticks::ticks()),
        };
        let clock = Arc::new(clock);
        clocks.push(Arc::clone(&clock));
        clock
    }

    /// In the child of a fork, whose only thread had `own`: everything starts anew.
    pub fn forked(&self, own: &Clock) {
        *lock(&self.started) = (Instant::now(), ticks::ticks());
        lock(&self.clocks).retain(|clock| std::ptr::eq(&**clock, own));
        ticks::take_host();
        own.since.store(ticks::ticks(), Ordering::Relaxed);
        for counter in own.ticks.iter().chain(&own.events).chain([&own.signals]) {
            counter.store(0, Ordering::Relaxed);
        }
        lock(&own.calls).clear();
    }

    /// The process is over: writes the report.
    pub fn report(&self, program: &Program, end: &str) {
        let stats = self.gather(program, end);
        let text = |path: &Path| write(path, &format!("{}\n", stats.to_text()));
        let json = |path: &Path| write(path, &(stats.to_json() + "\n"));
        let results = [
            (&self.to.text, self.to.text.as_deref().map(text)),
            (&self.to.json, self.to.json.as_deref().map(json)),
        ];
        for (path, result) in results {
            if let (Some(path), Some(Err(error))) = (path, result) {
                let _ = writeln!(
                    std::io::stderr(),
                    "armlet: {}: statistics cannot be written: {error}",
                    path.display()
                );
            }
        }
    }

    fn gather(&self, program: &Program, end: &str) -> Stats {
        let (started, start_ticks) = *lock(&self.started);
        let now = ticks::ticks();
        let elapsed = started.elapsed().as_nanos() as u64;
        let scale = elapsed as f64 / now.wrapping_sub(start_ticks).max(1) as f64;
        let clocks = lock(&self.clocks);
        let mut sums = [0_u64; Phase::COUNT];
        let mut events = [0_u64; Event::COUNT];
        let mut calls: BTreeMap<String, u64> = BTreeMap::new();
        let mut signals = 0;
        for clock in clocks.iter() {
            for (sum, ticks) in sums.iter_mut().zip(&clock.ticks) {
                *sum += ticks.load(Ordering::Relaxed);
            }
            for (index, sum) in events.iter_mut().enumerate() {
                *sum += clock.events[index].load(Ordering::Relaxed);
            }
            // Other threads are in the middle of something: mostly waiting in a call.
            let current = match clock.phase.load(Ordering::Relaxed) {
                phase if phase == Phase::Syscall as u8 => Phase::Host as usize,
                phase => usize::from(phase),
            };
            sums[current] += now.saturating_sub(clock.since.load(Ordering::Relaxed));
            signals += clock.signals.load(Ordering::Relaxed);
            for (&number, &times) in lock(&clock.calls).iter() {
                let name = program
                    .abi
                    .row(number)
                    .map_or_else(|| format!("syscall_{number:#x}"), |row| row.name.to_owned());
                *calls.entry(name).or_default() += times;
            }
        }
        let time = |phase: Phase| (sums[phase as usize] as f64 * scale) as u64;
        let jit = engine::counts();
        let (blocks, skipped) = engine::block_counts();
        let executed: u64 = blocks.iter().map(|block| block.executions * u64::from(block.own)).sum();
        let interpreted = events[Event::Interpreted as usize];
        let event = |event: Event| clocks.iter().map(|clock| clock.event(event)).sum();
        let mut hot: Vec<_> = blocks.iter().filter(|block| block.executions > 0).collect();
        hot.sort_by_key(|block| (std::cmp::Reverse(block.executions * u64::from(block.own)), block.pc));
        let since_start = |block: &BlockCount| block.translated.saturating_duration_since(started).as_nanos() as u64;
        let mut timeline = vec![(0, 0); TIMELINE];
        let mut regions = std::collections::HashSet::new();
        for block in &blocks {
            let at = since_start(block);
            let slot = (u128::from(at) * TIMELINE as u128 / u128::from(elapsed.max(1))) as usize;
            let slot = &mut timeline[slot.min(TIMELINE - 1)];
            slot.0 += u64::from(regions.insert((block.region, at)));
            slot.1 += u64::from(block.insns);
        }
        let mut mix: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for block in &hot {
            for (chapter, mnemonic) in code::kinds(block) {
                *mix.entry(chapter.to_owned()).or_default().entry(mnemonic).or_default() += block.executions;
            }
        }
        let hot_blocks = hot.iter().take(HOT_BLOCKS).map(|block| Block {
            pc: block.pc,
            symbol: program.loaded.symbolize(block.pc).map(|(name, offset, _)| {
                if offset == 0 {
                    name.to_owned()
                } else {
                    format!("{name}+{offset:#x}")
                }
            }),
            instructions: block.insns,
            isa: code::instruction_set(block).to_owned(),
            code: code::bytes(block).iter().map(|byte| format!("{byte:02x}")).collect(),
            executions: block.executions,
            executed: block.executions * u64::from(block.own),
            region: block.region,
            translated_at: since_start(block),
        });
        Stats {
            program: program.executable.display().to_string(),
            arguments: program
                .arguments
                .iter()
                .map(|text| text.to_string_lossy().into_owned())
                .collect(),
            pid: std::process::id(),
            engine: program.options.engine.name().to_owned(),
            end: end.to_owned(),
            elapsed,
            times: Times {
                load: time(Phase::Load),
                decode: time(Phase::Decode),
                interpret: time(Phase::Interpret),
                translate: time(Phase::Translate),
                translated: time(Phase::Translated),
                dispatch: time(Phase::Dispatch),
                syscall: time(Phase::Syscall),
                host: time(Phase::Host),
                signal: time(Phase::Signal),
            },
            counts: Counts {
                instructions: (interpreted + executed).saturating_sub(skipped),
                interpreted,
                blocks_decoded: event(Event::BlockDecoded),
                regions: jit.regions,
                blocks: jit.blocks,
                translated_instructions: jit.guest_insns,
                host_bytes: jit.host_bytes,
                links: jit.links,
                entries: event(Event::Entered),
                lookups: event(Event::LookedUp),
                handed_over: event(Event::HandedOver),
                accelerated: event(Event::Accelerated) + armlet_jit::accelerated(),
                invalidated: jit.invalidated,
                syscalls: calls.values().sum(),
                signals,
                threads: clocks.len() as u64,
            },
            host_bytes_per_instruction: jit.host_bytes as f64 / jit.guest_insns.max(1) as f64,
            fallbacks: armlet_jit::interpreted()
                .into_iter()
                .map(|(name, times)| (name.to_owned(), times))
                .collect(),
            syscalls: calls,
            mix,
            timeline,
            hot_blocks: hot_blocks.collect(),
            memory: peak_memory(),
        }
    }
}

/// The largest resident set of this process in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
