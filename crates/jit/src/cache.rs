//! The translations of a process: where they are, how they are linked, and how they are forgotten.

mod fork;
mod precautions;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use armlet_cpu::Fault;
use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_decoder::a64::Insn;
use armlet_interpreter::a32::accelerate::Accelerator;
use armlet_interpreter::a32::{self, Place};
use armlet_interpreter::a64::Fetch;

use rustc_hash::FxHashMap;

use crate::arena::{self, Arena, Full};
use crate::check::Checking;
use crate::counting::{BlockCount, Counting};
use crate::emit::{self, Link, Site};
use crate::enter::{self, Stubs};
use crate::ir::{Block, Numbers, Region};
use crate::locate;
use crate::map::Mapping;
use crate::{lift, opt};
use precautions::Precautions;

/// One translated region.
#[derive(Debug)]
pub(crate) struct Translation {
    /// Where its code is.
    pub host: Range<u64>,
    /// Accesses that may fault, by address.
    pub sites: Vec<Site>,
    /// Its register mappings.
    mappings: Vec<Mapping>,
    /// Where which of them begins to hold: offset and index.
    mapped: Vec<(u32, u8)>,
    /// Guest addresses of the code that it depends on.
    guest: Vec<Range<u64>>,
    /// Guest addresses at which it can be entered.
    entries: Vec<u64>,
    /// Its jumps out.
    links: Vec<Link>,
    /// Kept alive for the code, which points to them.
    _insns: Vec<Box<Insn>>,
    _insns32: Vec<Box<emit::Short>>,
    /// Where the host code of its guest instructions starts, if somebody wants to know: offset and guest address.
    pub marks: Vec<(u32, u64)>,
    /// Its blocks, if they are counted.
    pub counted: Vec<Block>,
    /// The region, if it is compared with the interpreter.
    pub checked: Option<Region>,
}

impl Translation {
    /// The mapping at a fault.
    pub fn mapping_of(&self, site: &Site) -> &Mapping {
        &self.mappings[usize::from(site.mapping)]
    }

    /// The mapping that holds somewhere in the code.
    pub fn mapping_at(&self, offset: u32) -> &Mapping {
        let index = self.mapped.partition_point(|&(at, _)| at <= offset).saturating_sub(1);
        &self.mappings[self.mapped.get(index).map_or(0, |&(_, mapping)| usize::from(mapping))]
    }

    /// Its guest address, or 0 if its code has changed.
    pub fn pc(&self) -> u64 {
        self.guest.first().map_or(0, |range| range.start)
    }
}

/// What a guest thread tells of itself: the generation with which it is in translated code, or [`OUTSIDE`].
pub(crate) type Whereabouts = Arc<AtomicU64>;
/// The thread is not in translated code.
pub(crate) const OUTSIDE: u64 = u64::MAX;

/// How often a guest address has been forgotten because its code changed, and how often its translation is still to be put off.
#[derive(Clone, Copy, Debug, Default)]
struct Rewritten {
    times: u32,
    wait: u32,
}

/// Addresses of which [`Rewritten`] is kept, at most.
const MAX_REWRITTEN: usize = 1 << 14;
/// A translation of code that is rewritten again and again is put off this many times, at most.
const MAX_WAIT: u32 = 1 << 6;
/// Forgotten addresses that are told to threads one by one; a thread that has missed more forgets all.
const MAX_LOG: usize = 1 << 10;

/// Bytes of a page, by which translations are found when code changes.
const PAGE: u64 = 4096;

/// Word and bit of an address in an entry of [`Cache::entered`].
fn place_in_page(pc: u64) -> (usize, u64) {
    let place = pc % PAGE / 2;
    ((place / 64) as usize, 1 << (place % 64))
}

pub(crate) struct Cache {
    arena: Arena,
    stubs: Stubs,
    /// Guest address to host entry.
    entries: FxHashMap<u64, u64>,
    /// Guest page to a bit per two bytes: where no bit is set, nothing can be entered. Who asks for one instruction after the other finds the answer in
    /// one place, which the table of all entries is too large for.
    entered: FxHashMap<u64, Box<[u64; 32]>>,
    /// By host address.
    pub translations: BTreeMap<u64, Translation>,
    /// Jumps that are linked to a guest address.
    incoming: FxHashMap<u64, Vec<Link>>,
    /// All jumps out, by the address of their rel32.
    links: FxHashMap<u64, Link>,
    /// Guest page to the translations (by host address) that have code of it.
    pages: FxHashMap<u64, Vec<u64>>,
    /// Forgotten translations, by generation: nothing leads to them any more, but a thread of an older generation may still be inside.
    dead: VecDeque<(u64, u64)>,
    /// Guest addresses that were forgotten, by generation.
    log: VecDeque<(u64, u64)>,
    /// The log is complete for threads of this generation and later ones.
    log_start: u64,
    rewritten: FxHashMap<u64, Rewritten>,
    /// What has just been translated, if somebody is told of translations.
    fresh: Option<locate::Place>,
    threads: Vec<Whereabouts>,
}

/// Counts of a process, for reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Regions translated.
    pub regions: u64,
    /// Blocks in them.
    pub blocks: u64,
    /// Guest instructions translated.
    pub guest_insns: u64,
    /// Host bytes emitted.
    pub host_bytes: u64,
    /// Jumps linked.
    pub links: u64,
    /// Regions forgotten because their code changed.
    pub invalidated: u64,
    /// Bytes of the arena that have ever been used.
    pub arena_bytes: u64,
}

/// What all guest threads of a process share.
pub struct Jit {
    /// `None` after a fork that found no memory.
    cache: Mutex<Option<Cache>>,
    counts: Mutex<Counts>,
    /// Changes, under the lock of the cache, when translations are forgotten: threads drop what they remember of them.
    generation: AtomicU64,
    /// Addresses of the executable view of the arena.
    code: Range<u64>,
    /// The child of a fork: see [`Jit::after_fork`].
    borrowed: AtomicBool,
    /// Where a thread is that is about to enter the kernel, and where it goes on if it must not (see `enter.rs`).
    window: Range<u64>,
    abandon: u64,
    /// How new code computes numbers.
    precautions: Precautions,
    /// How often translated code runs, if somebody wants to know.
    counting: Option<Counting>,
    /// What comparing translations with the interpreter needs, if that is wanted.
    pub(crate) checking: Option<Checking>,
    /// What finds the library routines that are not to be called (AArch32).
    accelerator: Option<Arc<Accelerator>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The region at a guest address, as it is going to be emitted.
pub(crate) fn optimised(pc: u64, code: &mut impl Fetch, around: &lift::Around<'_>) -> Result<Region, Fault> {
    let mut region = lift::region(pc, code, around)?;
    opt::exclusive::fuse(&mut region);
    opt::remove_needless_order(&mut region);
    opt::remove_dead_flags(&mut region);
    opt::test_results(&mut region);
    opt::sink_comparisons(&mut region);
    opt::turn_comparisons(&mut region);
    Ok(region)
}

/// The same for AArch32.
pub(crate) fn optimised_a32(
    place: Place,
    model: Model,
    routines: Option<lift::a32::Routines<'_>>,
    code: &mut impl a32::Fetch,
    around: &lift::Around<'_>,
) -> Result<Region, Fault> {
    let mut region = lift::a32::region(place, model, routines, code, around)?;
    opt::exclusive::fuse(&mut region);
    opt::remove_dead_flags(&mut region);
    opt::test_results(&mut region);
    opt::turn_comparisons(&mut region);
    Ok(region)
}

impl Cache {
    fn new(arena_size: usize, numbers: Numbers, a32: bool) -> io::Result<Cache> {
        let mut arena = Arena::new(arena_size)?;
        let stubs = enter::emit(&mut arena, numbers, a32).map_err(io::Error::other)?;
        Ok(Cache {
            arena,
            stubs,
            entries: FxHashMap::default(),
            entered: FxHashMap::default(),
            translations: BTreeMap::new(),
            incoming: FxHashMap::default(),
            links: FxHashMap::default(),
            pages: FxHashMap::default(),
            dead: VecDeque::new(),
            log: VecDeque::new(),
            log_start: 0,
            rewritten: FxHashMap::default(),
            fresh: None,
            threads: Vec::new(),
        })
    }

    /// Forgets everything, and starts at the beginning of the arena. No thread is in translated code.
    fn start_anew(&mut self, generation: u64, numbers: Numbers) {
        self.stubs.shared.numbers = numbers;
        self.arena.truncate(self.stubs.end);
        self.entries.clear();
        self.entered.clear();
        self.translations.clear();
        self.incoming.clear();
        self.links.clear();
        self.pages.clear();
        self.dead.clear();
        self.log.clear();
        self.log_start = generation;
    }

    /// Gives the space of dead translations back that no thread can be in any more.
    fn recycle(&mut self) {
        if self.dead.is_empty() {
            return;
        }
        let words = self.threads.iter().map(|word| word.load(Ordering::SeqCst));
        let oldest = words.min().unwrap_or(OUTSIDE);
        while let Some(&(generation, at)) = self.dead.front()
            && generation <= oldest
        {
            self.dead.pop_front();
            if let Some(translation) = self.translations.remove(&at) {
                self.arena.free(translation.host);
            }
        }
    }

    /// Whether an address is to be interpreted for a while longer, because its code is rewritten again and again.
    fn waits(&mut self, pc: u64) -> bool {
        match self.rewritten.get_mut(&pc) {
            Some(rewritten) if rewritten.wait > 0 => {
                rewritten.wait -= 1;
                true
            }
            _ => false,
        }
    }

    fn count_rewritten(&mut self, pc: u64) {
        if self.rewritten.len() >= MAX_REWRITTEN {
            self.rewritten.clear();
        }
        let rewritten = self.rewritten.entry(pc).or_default();
        rewritten.times += 1;
        // The first few times are what a program does that loads its code.
        rewritten.wait = 1u32
            .checked_shl(rewritten.times.saturating_sub(2) * 2)
            .unwrap_or(MAX_WAIT)
            .min(MAX_WAIT)
            - 1;
    }

    /// Where translated code leaves when the state is complete.
    pub fn exit_stored(&self) -> u64 {
        self.stubs.shared.exit_stored
    }

    fn translate(
        &mut self,
        pc: u64,
        make: impl FnOnce(&lift::Around<'_>) -> Result<Region, Fault>,
        executed: &dyn Fn(u64) -> bool,
        counts: &mut Counts,
        counting: Option<&Counting>,
        checking: Option<&Checking>,
    ) -> Result<Option<u64>, Full> {
        let around = lift::Around {
            executed,
            translated: &|at| self.entry(at).is_some(),
            trap: self.stubs.shared.numbers.trap,
            run_fast: self.stubs.shared.numbers.run_fast(),
        };
        let Ok(mut region) = make(&around) else {
            return Ok(None);
        };
        let mut counted = Vec::new();
        if let Some(counting) = counting {
            region.counters = Some(counting.add(&region));
            counted = region.blocks.clone();
        }
        if let Some(checking) = checking {
            checking.prepare(&mut region);
        }
        self.recycle();
        let mut at = self.arena.next();
        let mut emitted = emit::region(&region, self.stubs.shared, at);
        match self.arena.reuse(emitted.bytes.len()) {
            Some(free) => {
                at = free;
                emitted = emit::region(&region, self.stubs.shared, at);
                self.arena.write(at, &emitted.bytes);
            }
            None => _ = self.arena.push(&emitted.bytes)?,
        }
        let marks: Vec<(u32, u64)> = if crate::locate::is_wanted() {
            emitted.marks.iter().map(|&(offset, pc)| (offset as u32, pc)).collect()
        } else {
            Vec::new()
        };
        self.fresh = crate::locate::is_told().then(|| locate::Place {
            at,
            pc,
            code: emitted.bytes.clone(),
            marks: marks.clone(),
        });
        if let Some(counting) = counting {
            counting.emitted(emitted.bytes.len());
        }
        counts.regions += 1;
        counts.blocks += region.blocks.len() as u64;
        counts.arena_bytes = self.arena.used() as u64;
        counts.host_bytes += emitted.bytes.len() as u64;
        let blocks = region.blocks.iter().map(|block| block.code(region.a32));
        let guest: Vec<Range<u64>> = blocks
            .chain(region.dead_flags.iter().chain(&region.watched).cloned())
            .collect();
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
            let (word, bit) = place_in_page(entry.pc);
            self.entered.entry(entry.pc / PAGE).or_default()[word] |= bit;
        }
        self.translations.insert(
            at,
            Translation {
                host: at..at + emitted.bytes.len() as u64,
                sites: emitted.sites,
                mappings: emitted.plan.mappings,
                mapped: emitted.mapped,
                guest,
                entries: emitted.entries.iter().map(|entry| entry.pc).collect(),
                links: emitted.links,
                _insns: emitted.insns,
                _insns32: emitted.insns32,
                marks,
                counted,
                checked: checking.map(|_| region),
            },
        );
        Ok(self.entries.get(&pc).copied())
    }

    /// Host entry of a guest address, if it has a translation.
    fn entry(&self, pc: u64) -> Option<u64> {
        let (word, bit) = place_in_page(pc);
        let entered = self.entered.get(&(pc / PAGE))?;
        if entered[word] & bit == 0 {
            return None;
        }
        self.entries.get(&pc).copied()
    }

    /// Points the jump at `at`, which goes to the guest address `to`, to its translation; answers that one's entry.
    fn link(&mut self, at: u64, to: u64) -> Option<u64> {
        let entry = self.entry(to)?;
        let &link = self.links.get(&at).filter(|link| link.to == to)?;
        self.arena.patch(link.at, entry);
        self.incoming.entry(link.to).or_default().push(link);
        Some(entry)
    }

    /// Forgets what has code in a range, for threads from `generation` on; answers how many translations that were.
    fn invalidate(&mut self, range: &Range<u64>, generation: u64) -> u64 {
        let mut gone = 0;
        for page in range.start / PAGE..=range.end.saturating_sub(1) / PAGE {
            let Some(list) = self.pages.get(&page) else { continue };
            let hit: Vec<u64> = list.iter().copied().filter(|at| self.touches(*at, range)).collect();
            for at in hit {
                gone += u64::from(self.forget(at, generation));
            }
        }
        gone
    }

    /// Whether something has code in a range.
    fn has_code(&self, range: &Range<u64>) -> bool {
        let mut pages = range.start / PAGE..=range.end.saturating_sub(1) / PAGE;
        pages.any(|page| {
            let list = self.pages.get(&page);
            list.is_some_and(|list| list.iter().any(|&at| self.touches(at, range)))
        })
    }

    fn touches(&self, at: u64, range: &Range<u64>) -> bool {
        let overlaps = |guest: &Range<u64>| guest.start < range.end && range.start < guest.end;
        self.translations
            .get(&at)
            .is_some_and(|translation| translation.guest.iter().any(overlaps))
    }

    /// Unlinks a translation. Its code stays, for a thread that may be inside.
    fn forget(&mut self, at: u64, generation: u64) -> bool {
        let Some(translation) = self.translations.get_mut(&at) else {
            return false;
        };
        let host = translation.host.clone();
        let (entries, links, guest) = (
            std::mem::take(&mut translation.entries),
            std::mem::take(&mut translation.links),
            std::mem::take(&mut translation.guest),
        );
        self.dead.push_back((generation, at));
        if let Some(&first) = entries.first() {
            self.count_rewritten(first);
        }
        for pc in entries {
            if self.entries.get(&pc).is_some_and(|entry| host.contains(entry)) {
                self.entries.remove(&pc);
                self.log.push_back((generation, pc));
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
                    if list.is_empty() {
                        self.pages.remove(&page);
                    }
                }
            }
        }
        while self.log.len() > MAX_LOG {
            self.log_start = self.log.pop_front().map_or(generation, |(generation, _)| generation);
        }
        true
    }
}

impl Jit {
    /// An empty cache for AArch64.
    ///
    /// # Errors
    ///
    /// Those of memfd_create(2) and mmap(2).
    pub fn new() -> io::Result<Jit> {
        Jit::with_arena(arena::SIZE)
    }

    /// An empty cache for AArch32.
    ///
    /// # Errors
    ///
    /// As [`Jit::new`].
    pub fn a32() -> io::Result<Jit> {
        Jit::made(arena::SIZE, true)
    }

    /// An empty cache that has room for `arena_size` bytes of code. When it is full, it starts anew.
    ///
    /// # Errors
    ///
    /// As [`Jit::new`].
    pub fn with_arena(arena_size: usize) -> io::Result<Jit> {
        Jit::made(arena_size, false)
    }

    fn made(arena_size: usize, a32: bool) -> io::Result<Jit> {
        let precautions = Precautions::new(a32);
        let cache = Cache::new(arena_size, precautions.numbers(), a32)?;
        Ok(Jit {
            code: cache.arena.executable(),
            borrowed: AtomicBool::new(false),
            window: cache.stubs.window.0..cache.stubs.window.1,
            abandon: cache.stubs.abandon,
            cache: Mutex::new(Some(cache)),
            precautions,
            counts: Mutex::new(Counts::default()),
            generation: AtomicU64::new(0),
            counting: None,
            checking: None,
            accelerator: None,
        })
    }

    /// Before the first translation: all of them count how often they run.
    #[must_use]
    pub fn counting(mut self) -> Jit {
        self.counting = Some(Counting::default());
        self
    }

    /// Does the library routines that it finds by the host's arithmetic.
    #[must_use]
    pub fn accelerating(mut self, accelerator: Option<Arc<Accelerator>>) -> Jit {
        self.accelerator = accelerator;
        self
    }

    /// What finds them, if that is wanted.
    #[must_use]
    pub fn accelerator(&self) -> Option<&Arc<Accelerator>> {
        self.accelerator.as_ref()
    }

    /// Whether translations count how often they run.
    #[must_use]
    pub fn counts_blocks(&self) -> bool {
        self.counting.is_some()
    }

    /// The counted blocks, those of forgotten translations included, and the number of instructions in them that were not executed because
    /// something left their block before them.
    #[must_use]
    pub fn block_counts(&self) -> (Vec<BlockCount>, u64) {
        self.counting.as_ref().map(Counting::take).unwrap_or_default()
    }

    /// A second thread is about to start; no thread is in translated code. From now on, counters are atomic.
    pub fn share_counters(&self) {
        if self.counting.as_ref().is_some_and(Counting::share)
            && let Some(cache) = self.lock_to_change().as_mut()
        {
            self.start_anew(cache);
        }
    }

    pub(crate) fn left_block(&self, translation: &Translation, pc: u64) {
        if let Some(checking) = &self.checking {
            checking.left(translation, pc);
        }
        if let Some(counting) = &self.counting
            && let Some((block, index)) = translation
                .counted
                .iter()
                .find_map(|block| Some((block, block.index_of(pc)?)))
        {
            counting.left(block.own().saturating_sub(index).into());
        }
    }

    /// What has been done so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, Option<Cache>>> {
        self.cache.try_lock().ok()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Cache>> {
        lock(&self.cache)
    }

    /// Whether an address is one of translated code.
    pub(crate) fn contains(&self, host: u64) -> bool {
        self.code.contains(&host)
    }

    /// A new guest thread, which is outside.
    pub(crate) fn register(&self) -> Whereabouts {
        let word = Arc::new(AtomicU64::new(OUTSIDE));
        if let Some(cache) = self.lock().as_mut() {
            cache.threads.push(Arc::clone(&word));
        }
        word
    }

    /// A guest thread has ended.
    pub(crate) fn unregister(&self, word: &Whereabouts) {
        if let Some(cache) = self.lock().as_mut() {
            cache.threads.retain(|other| !Arc::ptr_eq(other, word));
        }
    }

    /// Before a thread runs translated code. From here on until it is [`OUTSIDE`] again, code stays that it can reach. `false` if its generation is
    /// over.
    pub(crate) fn enter(&self, word: &Whereabouts, generation: u64) -> bool {
        // Before the look at the generation, so that whoever changes it sees the thread, or is seen.
        word.store(generation, Ordering::SeqCst);
        let current = self.generation.load(Ordering::SeqCst) == generation;
        if !current {
            word.store(OUTSIDE, Ordering::Release);
        }
        current
    }

    /// Calls `each` with every guest address that was forgotten since a thread's generation, or `all` if these are too many; answers the
    /// generation that the thread is then of.
    pub(crate) fn catch_up(&self, since: u64, forget: impl FnOnce(Option<&mut dyn Iterator<Item = u64>>)) -> u64 {
        let guard = self.lock();
        match guard.as_ref() {
            Some(cache) if since >= cache.log_start => {
                let newer = cache.log.iter().rev().take_while(|(generation, _)| *generation > since);
                forget(Some(&mut newer.map(|&(_, pc)| pc)));
            }
            _ => forget(None),
        }
        self.generation()
    }

    /// Starts with an empty arena, if no thread is in translated code. Otherwise a later call will; until then, what is
    /// new is interpreted.
    fn start_anew(&self, cache: &mut Cache) {
        let nobody = |cache: &Cache| cache.threads.iter().all(|word| word.load(Ordering::SeqCst) == OUTSIDE);
        if !nobody(cache) {
            return;
        }
        // From here on, no thread enters without having seen the new generation.
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        if nobody(cache) {
            cache.start_anew(generation, self.precautions.numbers());
        }
    }

    /// In a signal handler: where a thread goes on that was about to enter the kernel for a call that waits (compare `armlet_syscall::host::fixup`).
    #[must_use]
    pub fn fixup(&self, host: u64) -> Option<u64> {
        self.window.contains(&host).then_some(self.abandon)
    }

    /// Where the generation is.
    pub(crate) fn newest_generation(&self) -> &AtomicU64 {
        &self.generation
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The way into translated code.
    pub(crate) fn stubs(&self) -> Option<Stubs> {
        let guard = self.lock();
        guard
            .as_ref()
            .filter(|cache| !cache.arena.is_borrowed())
            .map(|cache| cache.stubs)
    }

    /// Host entry of a guest address, if it has a translation.
    pub(crate) fn find(&self, pc: u64) -> Option<u64> {
        self.lock().as_ref()?.entry(pc)
    }

    /// Translates the region at a guest address, as far as its branches lead to blocks that were `executed`. `None`: its code cannot be fetched, or
    /// there is no room, or (unless the thread is `eager`) it is rewritten too often.
    pub(crate) fn translate(
        &self,
        pc: u64,
        code: &mut impl Fetch,
        executed: &dyn Fn(u64) -> bool,
        eager: bool,
    ) -> Option<u64> {
        self.translate_region(pc, |around| optimised(pc, code, around), executed, eager)
    }

    /// [`Jit::translate`] at a place of AArch32.
    pub(crate) fn translate_a32(
        &self,
        place: Place,
        cpu: &State,
        code: &mut impl a32::Fetch,
        executed: &dyn Fn(u64) -> bool,
        eager: bool,
    ) -> Option<u64> {
        let accelerator = self.accelerator.as_deref();
        let routines = accelerator.map(|accelerator| lift::a32::Routines { accelerator, cpu });
        let make = |around: &lift::Around<'_>| optimised_a32(place, cpu.a32.model, routines, code, around);
        self.translate_region(place.0.into(), make, executed, eager)
    }

    fn translate_region(
        &self,
        pc: u64,
        make: impl FnOnce(&lift::Around<'_>) -> Result<Region, Fault>,
        executed: &dyn Fn(u64) -> bool,
        eager: bool,
    ) -> Option<u64> {
        let mut guard = self.lock_to_change();
        let cache = guard.as_mut()?;
        if let Some(entry) = cache.entry(pc) {
            return Some(entry);
        }
        if !eager && cache.waits(pc) {
            return None;
        }
        let mut counts = lock(&self.counts);
        let (counting, checking) = (self.counting.as_ref(), self.checking.as_ref());
        let translated = cache.translate(pc, make, executed, &mut counts, counting, checking);
        drop(counts);
        let entry = translated.unwrap_or_else(|Full| {
            self.start_anew(cache);
            None
        });
        let fresh = cache.fresh.take();
        drop(guard);
        if let Some(place) = fresh {
            crate::locate::tell(&place);
        }
        entry
    }

    /// Links the jump to the guest address `to` whose rel32 is at `at`, if that has a translation: answers where that is entered.
    pub(crate) fn link(&self, at: u64, to: u64) -> Option<u64> {
        let entry = self.lock_to_change().as_mut()?.link(at, to)?;
        lock(&self.counts).links += 1;
        Some(entry)
    }

    /// Forgets the translations of guest code in a range.
    pub fn invalidate(&self, range: &Range<u64>) {
        let mut guard = self.lock();
        if guard
            .as_ref()
            .is_some_and(|cache| cache.arena.is_borrowed() && cache.has_code(range))
        {
            self.own(&mut guard);
        }
        let generation = self.generation() + 1;
        let gone = guard.as_mut().map_or(0, |cache| cache.invalidate(range, generation));
        if gone > 0 {
            self.generation.store(generation, Ordering::SeqCst);
            lock(&self.counts).invalidated += gone;
        }
    }
}
