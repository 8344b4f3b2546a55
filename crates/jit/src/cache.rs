//! The translations of a process: where they are, how they are linked, and how they are forgotten.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use armlet_cpu::Fault;
use armlet_decoder::a64::Insn;
use armlet_interpreter::a64::Fetch;

use rustc_hash::FxHashMap;

use crate::arena::{self, Arena, Full};
use crate::emit::{self, Link, Site};
use crate::enter::{self, Stubs};
use crate::ir::{Numbers, Region};
use crate::map::Mapping;
use crate::{lift, opt};

/// One translated region.
#[derive(Debug)]
pub(crate) struct Translation {
    /// Where its code is.
    pub host: Range<u64>,
    /// Accesses that may fault, by address.
    pub sites: Vec<Site>,
    /// Its register mapping.
    pub mapping: Mapping,
    /// Guest addresses of the code that it depends on.
    guest: Vec<Range<u64>>,
    /// Guest addresses at which it can be entered.
    entries: Vec<u64>,
    /// Its jumps out.
    links: Vec<Link>,
    /// Kept alive for the code, which points to them.
    _insns: Vec<Box<Insn>>,
    /// Its guest code has changed: nothing leads here any more, but a thread may still be inside.
    dead: bool,
}

/// Bytes of a page, by which translations are found when code changes.
const PAGE: u64 = 4096;

pub(crate) struct Cache {
    arena: Arena,
    stubs: Stubs,
    /// Guest address to host entry.
    entries: FxHashMap<u64, u64>,
    /// By host address.
    pub translations: BTreeMap<u64, Translation>,
    /// Jumps that are linked to a guest address.
    incoming: FxHashMap<u64, Vec<Link>>,
    /// All jumps out, by the address of their rel32.
    links: FxHashMap<u64, Link>,
    /// Guest page to the translations (by host address) that have code of it.
    pages: FxHashMap<u64, Vec<u64>>,
}

/// Counts of a process, for reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Regions translated.
    pub regions: u64,
    /// Guest instructions translated.
    pub guest_insns: u64,
    /// Host bytes emitted.
    pub host_bytes: u64,
    /// Jumps linked.
    pub links: u64,
    /// Regions forgotten because their code changed.
    pub invalidated: u64,
}

/// What all guest threads of a process share.
pub struct Jit {
    /// `None` after a fork that found no memory.
    cache: Mutex<Option<Cache>>,
    counts: Mutex<Counts>,
    /// Changes when translations are forgotten: threads drop what they remember.
    generation: AtomicU64,
    /// Held for reading by threads that run translated code, for writing while all of it goes.
    running: RwLock<()>,
    arena_size: usize,
    /// How new code computes numbers.
    precautions: Precautions,
}

/// How numbers are computed, by what the program turned out to do.
#[derive(Debug, Default)]
struct Precautions {
    /// Invalid operations that trapped.
    traps: AtomicU32,
    /// FPSR is read: see [`Numbers::underflow`].
    underflow: AtomicBool,
}

/// So many traps are cheaper than checks all over the program.
const TRAPS: u32 = 200;

impl Precautions {
    fn numbers(&self) -> Numbers {
        Numbers {
            trap: self.traps.load(Ordering::Relaxed) < TRAPS,
            underflow: self.underflow.load(Ordering::Relaxed),
            nearest: true,
            half: true,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The region at a guest address, as it is going to be emitted.
pub(crate) fn optimised(pc: u64, code: &mut impl Fetch, around: &lift::Around<'_>) -> Result<Region, Fault> {
    let mut region = lift::region(pc, code, around)?;
    opt::remove_dead_flags(&mut region);
    opt::turn_comparisons(&mut region);
    Ok(region)
}

impl Cache {
    fn new(arena_size: usize, numbers: Numbers) -> io::Result<Cache> {
        let mut arena = Arena::new(arena_size)?;
        let stubs = enter::emit(&mut arena, numbers).map_err(io::Error::other)?;
        Ok(Cache {
            arena,
            stubs,
            entries: FxHashMap::default(),
            translations: BTreeMap::new(),
            incoming: FxHashMap::default(),
            links: FxHashMap::default(),
            pages: FxHashMap::default(),
        })
    }

    /// Where translated code leaves when the state is complete.
    pub fn exit_stored(&self) -> u64 {
        self.stubs.shared.exit_stored
    }

    fn translate(
        &mut self,
        pc: u64,
        code: &mut impl Fetch,
        executed: &dyn Fn(u64) -> bool,
        counts: &mut Counts,
    ) -> Result<Option<u64>, Full> {
        let around = lift::Around {
            executed,
            translated: &|at| self.entries.contains_key(&at),
        };
        let Ok(region) = optimised(pc, code, &around) else {
            return Ok(None);
        };
        let at = self.arena.next();
        let emitted = emit::region(&region, self.stubs.shared, at);
        self.arena.push(&emitted.bytes)?;
        counts.regions += 1;
        counts.host_bytes += emitted.bytes.len() as u64;
        let blocks = region
            .blocks
            .iter()
            .map(|block| block.pc..block.pc.wrapping_add(4 * u64::from(block.insns)));
        let guest: Vec<Range<u64>> = blocks.chain(region.dead_flags.iter().cloned()).collect();
        counts.guest_insns += region.blocks.iter().map(|block| u64::from(block.insns)).sum::<u64>();
        for range in &guest {
            for page in range.start / PAGE..=range.end.saturating_sub(1) / PAGE {
                let list = self.pages.entry(page).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        self.links.extend(emitted.links.iter().map(|link| (link.at, *link)));
        for entry in &emitted.entries {
            // An address that an older region already serves stays with it.
            self.entries.entry(entry.pc).or_insert(at + u64::from(entry.offset));
        }
        self.translations.insert(
            at,
            Translation {
                host: at..at + emitted.bytes.len() as u64,
                sites: emitted.sites,
                mapping: emitted.mapping,
                guest,
                entries: emitted.entries.iter().map(|entry| entry.pc).collect(),
                links: emitted.links,
                _insns: emitted.insns,
                dead: false,
            },
        );
        Ok(self.entries.get(&pc).copied())
    }

    /// Points the jump at `at` to the translation of the guest address that it goes to.
    fn link(&mut self, at: u64) -> bool {
        let Some(&link) = self.links.get(&at) else { return false };
        let Some(&entry) = self.entries.get(&link.to) else {
            return false;
        };
        self.arena.patch(link.at, entry);
        self.incoming.entry(link.to).or_default().push(link);
        true
    }

    fn invalidate(&mut self, range: &Range<u64>) -> u64 {
        let mut gone = 0;
        for page in range.start / PAGE..=range.end.saturating_sub(1) / PAGE {
            let Some(list) = self.pages.get(&page) else { continue };
            let hit: Vec<u64> = list.iter().copied().filter(|at| self.touches(*at, range)).collect();
            for at in hit {
                gone += u64::from(self.forget(at));
            }
        }
        gone
    }

    fn touches(&self, at: u64, range: &Range<u64>) -> bool {
        let overlaps = |guest: &Range<u64>| guest.start < range.end && range.start < guest.end;
        self.translations
            .get(&at)
            .is_some_and(|translation| translation.guest.iter().any(overlaps))
    }

    /// Unlinks a translation. Its code stays, for a thread that may be inside.
    fn forget(&mut self, at: u64) -> bool {
        let Some(translation) = self.translations.get_mut(&at) else {
            return false;
        };
        translation.dead = true;
        let host = translation.host.clone();
        let (entries, links, guest) = (
            std::mem::take(&mut translation.entries),
            std::mem::take(&mut translation.links),
            std::mem::take(&mut translation.guest),
        );
        for pc in entries {
            if self.entries.get(&pc).is_some_and(|entry| host.contains(entry)) {
                self.entries.remove(&pc);
                for link in self.incoming.remove(&pc).unwrap_or_default() {
                    self.arena.patch(link.at, link.stub);
                }
            }
        }
        // Its own jumps lead out again, so that a thread inside comes out.
        for link in links {
            self.links.remove(&link.at);
            if let Some(incoming) = self.incoming.get_mut(&link.to) {
                incoming.retain(|other| other.at != link.at);
            }
            self.arena.patch(link.at, link.stub);
        }
        for range in guest {
            for page in range.start / PAGE..=range.end.saturating_sub(1) / PAGE {
                if let Some(list) = self.pages.get_mut(&page) {
                    list.retain(|other| *other != at);
                }
            }
        }
        true
    }
}

impl Jit {
    /// An empty cache.
    ///
    /// # Errors
    ///
    /// Those of memfd_create(2) and mmap(2).
    pub fn new() -> io::Result<Jit> {
        Jit::with_arena(arena::SIZE)
    }

    /// An empty cache that has room for `arena_size` bytes of code. When it is full, it starts anew.
    ///
    /// # Errors
    ///
    /// As [`Jit::new`].
    pub fn with_arena(arena_size: usize) -> io::Result<Jit> {
        let precautions = Precautions::default();
        Ok(Jit {
            cache: Mutex::new(Some(Cache::new(arena_size, precautions.numbers())?)),
            arena_size,
            precautions,
            counts: Mutex::new(Counts::default()),
            generation: AtomicU64::new(0),
            running: RwLock::new(()),
        })
    }

    /// What has been done so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Cache>> {
        lock(&self.cache)
    }

    /// Keeps the arena where it is while a thread runs in it; `None` if that thread's `generation` is over.
    pub(crate) fn enter(&self, generation: u64) -> Option<RwLockReadGuard<'_, ()>> {
        let guard = self.running.read().unwrap_or_else(PoisonError::into_inner);
        (generation == self.generation()).then_some(guard)
    }

    /// Starts with an empty arena, if no thread is running translated code. Otherwise a later call will; until then, what is
    /// new is interpreted.
    fn start_anew(&self) {
        if let Ok(_nobody) = self.running.try_write() {
            self.replace();
        }
    }

    fn replace(&self) {
        *self.lock() = Cache::new(self.arena_size, self.precautions.numbers()).ok();
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Records from now on every underflow that FPSR shows.
    pub fn record_underflows(&self) {
        self.precautions.underflow.store(true, Ordering::Relaxed);
    }

    /// Checks results of floating point in code, instead of having invalid operations trap.
    pub fn check_numbers(&self) {
        self.precautions.traps.store(TRAPS, Ordering::Relaxed);
    }

    /// An invalid operation has trapped. Called in a signal handler.
    pub(crate) fn count_trap(&self) {
        self.precautions.traps.fetch_add(1, Ordering::Relaxed);
    }

    /// Translates anew if the code there is computes numbers in another way than is wanted by now.
    pub(crate) fn reconsider(&self, numbers: Numbers) {
        if numbers != self.precautions.numbers() {
            self.start_anew();
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The way into translated code.
    pub(crate) fn stubs(&self) -> Option<Stubs> {
        self.lock().as_ref().map(|cache| cache.stubs)
    }

    /// Host entry of a guest address, if it has a translation.
    pub(crate) fn find(&self, pc: u64) -> Option<u64> {
        self.lock().as_ref()?.entries.get(&pc).copied()
    }

    /// Translates the region at a guest address, as far as its branches lead to blocks that were `executed`. `None`: its code cannot be fetched, or
    /// there is no room.
    pub(crate) fn translate(&self, pc: u64, code: &mut impl Fetch, executed: &dyn Fn(u64) -> bool) -> Option<u64> {
        let mut guard = self.lock();
        let cache = guard.as_mut()?;
        if let Some(&entry) = cache.entries.get(&pc) {
            return Some(entry);
        }
        let translated = cache.translate(pc, code, executed, &mut lock(&self.counts));
        drop(guard);
        translated.unwrap_or_else(|Full| {
            self.start_anew();
            None
        })
    }

    /// Links the jump whose rel32 is at `at`, if its target is translated.
    pub(crate) fn link(&self, at: u64) {
        if self.lock().as_mut().is_some_and(|cache| cache.link(at)) {
            lock(&self.counts).links += 1;
        }
    }

    /// Forgets the translations of guest code in a range.
    pub fn invalidate(&self, range: &Range<u64>) {
        let gone = self.lock().as_mut().map_or(0, |cache| cache.invalidate(range));
        if gone > 0 {
            self.generation.fetch_add(1, Ordering::Release);
            lock(&self.counts).invalidated += gone;
        }
    }

    /// Keeps the translations as they are until the result is dropped: held over a fork, so that the child finds no half-made change.
    pub fn freeze(&self) -> impl Drop {
        Frozen {
            _cache: self.lock(),
            _counts: lock(&self.counts),
        }
    }

    /// In the child of a fork, before any translated code runs: the code must no longer be shared with the parent's. Without
    /// memory for a new arena, nothing is translated any more.
    pub fn after_fork(&self) {
        self.replace();
    }
}

struct Frozen<'a> {
    _cache: MutexGuard<'a, Option<Cache>>,
    _counts: MutexGuard<'a, Counts>,
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {}
}
