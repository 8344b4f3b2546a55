//! The address space of a guest process: every mapping it has, and the operations of Linux that change them.
//!
//! An operation checks its arguments as Linux does, changes the host's memory, then the book (`tree`); errors are
//! those of Linux. One lock is held over all of it, so that operations of several guest threads are one after the
//! other.
//!
//! # Whose memory is it?
//!
//! Only what is in the book is the guest's. An address that is not is taken with `MAP_FIXED_NOREPLACE`, never with
//! `MAP_FIXED`, so that armlet's own memory cannot be replaced: such requests fail with ENOMEM. Mappings without an
//! address go into the window of [`Layout`], highest gap first, where nothing of the host is.
//!
//! # Protection
//!
//! The host's pages are never executable. Any access implies reading (an arm64 core without FEAT_PAN3 does the same
//! for
//! `PROT_EXEC`, and every one does for `PROT_WRITE`). Which pages the guest may execute is in the book only, see
//! [`AddressSpace::executable`].
//!
//! # Code
//!
//! Whoever keeps translated or decoded code learns of changes in two ways: [`AddressSpace::code_generation`] is a
//! number that grows with each, [`CodeObserver::invalidate`] tells the range. To be safe against a change while
//! decoding: read the generation, ask [`AddressSpace::executable`], decode, and keep the result only together with
//! that generation.

mod brk;
mod host;
mod layout;
mod mapping;
mod remap;
mod tree;
mod vectors;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use armlet_cpu::{Access, Fault, FaultKind};

use crate::{ADDRESS_LIMIT, PAGE_SIZE, page_up, untag};
pub use layout::{Layout, TOP, TOP_A32};
pub use mapping::{File, Mapping, Protection};
use tree::Tree;

/// An error number of Linux (errno(3)), to be given to the guest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error(i32);

impl Error {
    const fn new(errno: i32) -> Error {
        Error(errno)
    }

    /// The positive number: ENOMEM is 12.
    #[must_use]
    pub const fn errno(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::io::Error::from_raw_os_error(self.0).fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self})", self.0)
    }
}

impl std::error::Error for Error {}

const EINVAL: Error = Error::new(libc::EINVAL);
const ENOMEM: Error = Error::new(libc::ENOMEM);
const EFAULT: Error = Error::new(libc::EFAULT);
const EEXIST: Error = Error::new(libc::EEXIST);

/// `PROT_SEM`: accepted and without meaning.
const PROT_SEM: u32 = 8;
/// `PROT_GROWSDOWN`: mprotect from the start of a mapping made with `MAP_GROWSDOWN`.
const PROT_GROWSDOWN: u32 = 0x0100_0000;
/// `MAP_TYPE`: the bits that say shared or private.
const MAP_TYPE: u32 = 0xf;
/// `MAP_SHARED_VALIDATE`.
const MAP_SHARED_VALIDATE: u32 = 3;
/// The flags that have a meaning on arm64 and pass to the host as they are, besides the type and `MAP_ANONYMOUS`.
const PASSED_FLAGS: u32 =
    (libc::MAP_NORESERVE | libc::MAP_POPULATE | libc::MAP_NONBLOCK | libc::MAP_LOCKED | libc::MAP_SYNC) as u32;

/// How much further down it is looked for room where something of the host is in the way, which hardly ever happens.
const STEP: u64 = 1 << 20;

/// Somebody who keeps something made from guest code: a cache of decoded blocks, translations.
pub trait CodeObserver: Send + Sync {
    /// The code in `range` may have changed, or may not be executed any more. Called after the change, on the thread
    /// that made it and without the lock of the address space; the observer must not call an operation that changes
    /// mappings.
    fn invalidate(&self, range: Range<u64>);
}

/// See the head of this file. One per guest process, shared by its threads.
pub struct AddressSpace {
    state: Mutex<State>,
    layout: Layout,
    generation: AtomicU64,
    observers: RwLock<Vec<Arc<dyn CodeObserver>>>,
}

/// What the lock protects.
#[derive(Debug, Default)]
struct State {
    tree: Tree,
    brk: brk::Brk,
    /// `RLIMIT_AS` of the guest, in bytes; `None` is unlimited.
    limit: Option<u64>,
    /// `RLIMIT_DATA`, likewise.
    data_limit: Option<u64>,
    /// `MCL_FUTURE`: new mappings are locked.
    lock_future: bool,
}

/// The address space, held still (see [`AddressSpace::freeze`]).
pub struct Frozen<'a>(#[allow(dead_code, reason = "only its drop matters")] MutexGuard<'a, State>);

impl AddressSpace {
    /// An empty one.
    #[must_use]
    pub fn new(layout: Layout) -> AddressSpace {
        AddressSpace {
            state: Mutex::default(),
            layout,
            generation: AtomicU64::new(0),
            observers: RwLock::default(),
        }
    }

    /// Where the parts of this guest go.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A lock that a panic has poisoned is used on: the book is changed by operations that do not panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// mmap(2): maps `length` bytes and returns where. `prot`, `flags` and `offset` are Linux's, `fd` is a descriptor
    /// of this process.
    ///
    /// `MAP_HUGETLB` answers ENOMEM, as on a machine without reserved huge pages. Flags that only x86 has are
    /// ignored.
    ///
    /// # Errors
    ///
    /// As mmap(2); ENOMEM also where armlet's own memory is in the way.
    pub fn map(&self, address: u64, length: u64, prot: u32, flags: u32, fd: i32, offset: u64) -> Result<u64, Error> {
        let kind = flags & MAP_TYPE;
        let shared = kind != libc::MAP_PRIVATE as u32;
        if length == 0 || !(1..=MAP_SHARED_VALIDATE).contains(&kind) || !offset.is_multiple_of(PAGE_SIZE) {
            return Err(EINVAL);
        }
        let length = page_up(length)
            .filter(|&length| length <= self.layout.limit)
            .ok_or(ENOMEM)?;
        let is_set = |flag: i32| flags & flag as u32 != 0;
        let fixed = is_set(libc::MAP_FIXED) || is_set(libc::MAP_FIXED_NOREPLACE);
        let protection = Protection::from_linux(prot);
        let mut mapping = Mapping {
            start: 0,
            end: 0,
            protection,
            shared,
            grows_down: is_set(libc::MAP_GROWSDOWN),
            dont_fork: false,
            locked: flags & libc::MAP_LOCKED as u32 != 0 || self.lock().lock_future,
            file: None,
            offset: 0,
            name: None,
        };
        let mut host_flags = (flags & (PASSED_FLAGS | MAP_TYPE)) as i32;
        if is_set(libc::MAP_HUGETLB) {
            return Err(ENOMEM);
        }
        let fd = if is_set(libc::MAP_ANONYMOUS) {
            host_flags |= libc::MAP_ANONYMOUS;
            -1
        } else {
            mapping.file = Some(Arc::new(host::identify(fd)?));
            mapping.offset = offset;
            if protection.execute() && host::forbids_execution(fd) {
                return Err(Error::new(libc::EPERM));
            }
            fd
        };
        let make = |range: &Range<u64>, how: i32| {
            let fd_offset = if fd < 0 { 0 } else { offset };
            // SAFETY: `how` is MAP_FIXED only for ranges that the book has as the guest's, or that were just
            // reserved.
            unsafe { host::map(range, protection.host(), host_flags | how, fd, fd_offset) }
        };

        let mut state = self.lock();
        let mut changed = None;
        let range = if fixed {
            let range = fixed_range(address, length, self.layout.limit)?;
            if is_set(libc::MAP_FIXED_NOREPLACE) && !state.tree.is_free(&range) {
                return Err(EEXIST);
            }
            state.charge(length, &range, mapping.is_data())?;
            changed = state.code_in(&range);
            state.claim(&range, || make(&range, libc::MAP_FIXED))?;
            range
        } else {
            state.charge(length, &(0..0), mapping.is_data())?;
            let start = match state.place(&self.layout, address, length, make) {
                // There are files that choose the address themselves: the rings of io_uring, since Linux 6.
                Err(EINVAL) if fd >= 0 => make(&(0..length), self.layout.host_chooses())?,
                placed => placed?,
            };
            start..start + length
        };
        state.tree.insert(mapping.moved(range.clone()));
        drop(state);
        // New executable pages matter too: something may have been noted as "not executable" before.
        let changed = if protection.execute() {
            Some(range.clone())
        } else {
            changed
        };
        self.invalidated(changed);
        Ok(range.start)
    }

    /// munmap(2). A tag in the address is ignored.
    ///
    /// # Errors
    ///
    /// As munmap(2).
    pub fn unmap(&self, address: u64, length: u64) -> Result<(), Error> {
        let range = page_range(address, length)?;
        if range.is_empty() || range.end > self.layout.limit {
            return Err(EINVAL);
        }
        let mut state = self.lock();
        let changed = state.code_in(&range);
        let result = state.unmap(&range);
        drop(state);
        self.invalidated(changed);
        result
    }

    /// mprotect(2). A tag in the address is ignored.
    ///
    /// # Errors
    ///
    /// As mprotect(2): ENOMEM if a part of the range is not mapped (what is below it has changed then), EACCES for
    /// writing to a shared mapping of a file that is open for reading.
    pub fn protect(&self, address: u64, length: u64, prot: u32) -> Result<(), Error> {
        if prot & !(7 | PROT_SEM | PROT_GROWSDOWN) != 0 {
            return Err(EINVAL);
        }
        let mut range = page_range(address, length)?;
        if range.is_empty() {
            return Ok(());
        }
        if range.end > self.layout.limit {
            return Err(ENOMEM);
        }
        let protection = Protection::from_linux(prot);
        let mut state = self.lock();
        if prot & PROT_GROWSDOWN != 0 {
            let bottom = state.tree.at(range.start).ok_or(ENOMEM)?;
            if !bottom.grows_down {
                return Err(EINVAL);
            }
            range.start = bottom.start;
        }
        let (mut changed, mut at, mut result) = (None, range.start, Ok(()));
        for piece in state.tree.pieces(&range) {
            if piece.start != at {
                break;
            }
            let piece_range = piece.range();
            let becomes_data = Mapping {
                protection,
                ..piece.clone()
            };
            if becomes_data.is_data() && !piece.is_data() {
                result = state.charge_data(piece.length(), &(0..0));
                if result.is_err() {
                    break;
                }
            }
            // SAFETY: a range that the book has as the guest's.
            result = unsafe { host::protect(&piece_range, protection.host()) };
            if result.is_err() {
                break;
            }
            at = piece.end;
            if piece.protection.changes_code(protection) {
                changed = Some(join(changed, piece_range.clone()));
            }
            state
                .tree
                .update(&piece_range, |mapping| mapping.protection = protection);
        }
        drop(state);
        self.invalidated(changed);
        result?;
        if at == range.end { Ok(()) } else { Err(ENOMEM) }
    }

    /// madvise(2). A tag in the address is ignored. Advice that would concern memory outside the guest, or that
    /// injects memory errors, is refused.
    ///
    /// # Errors
    ///
    /// As madvise(2): ENOMEM if a part of the range is not mapped (the mapped parts are advised all the same).
    pub fn advise(&self, address: u64, length: u64, advice: i32) -> Result<(), Error> {
        let range = page_range(address, length)?;
        if matches!(advice, libc::MADV_HWPOISON | libc::MADV_SOFT_OFFLINE) {
            return Err(Error::new(libc::EPERM));
        }
        if range.end > self.layout.limit {
            return Err(ENOMEM);
        }
        if range.is_empty() {
            return Ok(());
        }
        let mut state = self.lock();
        let pieces = state.tree.pieces(&range);
        let whole = state.tree.holes(&range).is_empty();
        if pieces.is_empty() {
            // An empty range lets the kernel say whether it knows the advice.
            // SAFETY: changes nothing.
            unsafe { host::advise(&(range.start..range.start), advice)? };
        }
        let (mut changed, mut result) = (None, Ok(()));
        for piece in pieces {
            let piece_range = piece.range();
            // The host's pages can be read wherever the guest can do anything.
            if advice == libc::MADV_POPULATE_READ && !piece.protection.read() {
                result = Err(EINVAL);
                break;
            }
            // SAFETY: a range that the book has as the guest's.
            result = unsafe { host::advise(&piece_range, advice) };
            if result.is_err() {
                break;
            }
            match advice {
                libc::MADV_DONTFORK | libc::MADV_DOFORK => {
                    let dont_fork = advice == libc::MADV_DONTFORK;
                    state.tree.update(&piece_range, |mapping| mapping.dont_fork = dont_fork);
                }
                libc::MADV_DONTNEED | libc::MADV_FREE | libc::MADV_REMOVE | libc::MADV_DONTNEED_LOCKED
                    if piece.protection.execute() =>
                {
                    changed = Some(join(changed, piece_range));
                }
                _ => {}
            }
        }
        drop(state);
        self.invalidated(changed);
        result?;
        if whole { Ok(()) } else { Err(ENOMEM) }
    }

    /// Gives the mappings in `range` a name for /proc/self/maps: `[stack]`, `[vdso]`, `[anon:…]`; `None` takes it
    /// away.
    pub fn set_name(&self, range: Range<u64>, name: Option<&str>) {
        let name: Option<Arc<str>> = name.map(Arc::from);
        self.lock()
            .tree
            .update(&range, |mapping| mapping.name.clone_from(&name));
    }

    /// Notes that the host has locked (mlock(2)) or unlocked the pages of `range`, which parts mappings as it does in the kernel.
    pub fn set_locked(&self, range: Range<u64>, locked: bool) {
        self.lock().tree.update(&range, |mapping| mapping.locked = locked);
    }

    /// The same after mlockall(2): of what is mapped (`current`), and of what will be (`future`).
    pub fn lock_all(&self, current: bool, future: bool) {
        let mut state = self.lock();
        state.lock_future = future;
        if current {
            state.set_all_locked(true);
        }
    }

    /// The same after munlockall(2).
    pub fn unlock_all(&self) {
        let mut state = self.lock();
        state.lock_future = false;
        state.set_all_locked(false);
    }

    /// The mapping at `address`.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<Mapping> {
        self.lock().tree.at(address).cloned()
    }

    /// All mappings, upwards: what /proc/self/maps shows (a line is the mapping's `Display`).
    #[must_use]
    pub fn mappings(&self) -> Vec<Mapping> {
        self.lock().tree.iter().cloned().collect()
    }

    /// The mapped parts of the pages that `address` and `length` touch, upwards, and whether they are all of them:
    /// for calls that the system call layer passes to the host (msync, mlock, mincore, …) and that must not concern
    /// memory outside the guest.
    ///
    /// # Errors
    ///
    /// ENOMEM if the range is not one of user addresses.
    pub fn mapped_parts(&self, address: u64, length: u64) -> Result<(Vec<Range<u64>>, bool), Error> {
        let address = untag(address);
        let end = address
            .checked_add(length)
            .and_then(page_up)
            .filter(|&end| end <= self.layout.limit)
            .ok_or(ENOMEM)?;
        let range = crate::page_down(address)..end;
        let state = self.lock();
        let parts = state.tree.pieces(&range).iter().map(Mapping::range).collect();
        Ok((parts, state.tree.holes(&range).is_empty()))
    }

    /// Bytes mapped, as `VmSize` and `RLIMIT_AS` count them.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.lock().tree.total()
    }

    /// Where the heap begins.
    #[must_use]
    pub fn heap_start(&self) -> u64 {
        self.lock().brk.area().start
    }

    /// The most bytes that were ever mapped.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.lock().tree.peak()
    }

    /// Sets the guest's `RLIMIT_AS` in bytes; `None` is unlimited. More than that cannot be mapped (ENOMEM).
    pub fn set_limit(&self, limit: Option<u64>) {
        self.lock().limit = limit;
    }

    /// Sets the guest's `RLIMIT_DATA` in bytes; `None` is unlimited. More private writable memory cannot be mapped (ENOMEM).
    pub fn set_data_limit(&self, limit: Option<u64>) {
        self.lock().data_limit = limit;
    }

    /// The executable range around `address`, for the decoder of a block: code may be fetched from there.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of [`Access::Execute`]: nothing is mapped there, or it may not be executed.
    pub fn executable(&self, address: u64) -> Result<Range<u64>, Fault> {
        let state = self.lock();
        let fault = |kind| Fault {
            address,
            access: Access::Execute,
            kind,
        };
        let mapping = state.tree.at(address).ok_or_else(|| fault(FaultKind::Unmapped))?;
        if mapping.protection.execute() {
            Ok(mapping.range())
        } else {
            Err(fault(FaultKind::Permission))
        }
    }

    /// A number that grows whenever code may have changed: executable pages came, went, were replaced or changed
    /// their protection, or the guest announced changed code.
    #[inline]
    pub fn code_generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// From now on, `observer` is told of changed code, until it is dropped together with the address space.
    pub fn observe_code(&self, observer: Arc<dyn CodeObserver>) {
        self.observers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(observer);
    }

    /// The guest announced that it has changed the code in `range` (IC IVAU, cacheflush). If the pages are of a
    /// shared file mapping, the same part of the file may be executable at other addresses (a guest's compiler that
    /// maps its code twice): these are invalidated as well.
    pub fn invalidate_code(&self, range: Range<u64>) {
        let aliases = self.lock().aliases(&range);
        self.invalidated(Some(range));
        for alias in aliases {
            self.invalidated(Some(alias));
        }
    }

    /// Code in `range` has changed: count, and tell the observers. Without the lock.
    fn invalidated(&self, range: Option<Range<u64>>) {
        let Some(range) = range else { return };
        self.generation.fetch_add(1, Ordering::AcqRel);
        for observer in self.observers.read().unwrap_or_else(PoisonError::into_inner).iter() {
            observer.invalidate(range.clone());
        }
    }

    /// Waits for operations of other threads and holds new ones back until the guard is dropped: to be held over
    /// fork(2), so that the child finds the book consistent and unlocked (it drops its copy of the guard).
    #[must_use]
    pub fn freeze(&self) -> Frozen<'_> {
        Frozen(self.lock())
    }

    /// To be called in the child after fork(2): forgets what is not there (`MADV_DONTFORK`).
    pub fn after_fork(&self) {
        let mut state = self.lock();
        let gone: Vec<Range<u64>> = state
            .tree
            .iter()
            .filter(|mapping| mapping.dont_fork)
            .map(Mapping::range)
            .collect();
        for range in gone {
            state.tree.remove(&range);
        }
        state.lock_future = false;
        state.set_all_locked(false);
    }
}

impl State {
    fn set_all_locked(&mut self, locked: bool) {
        let others = self.tree.iter().filter(|mapping| mapping.locked != locked);
        let ranges: Vec<Range<u64>> = others.map(Mapping::range).collect();
        for range in ranges {
            self.tree.update(&range, |mapping| mapping.locked = locked);
        }
    }

    /// Whether the limits leave room for `length` more bytes of that kind in place of what is in `replaced`.
    fn charge(&self, length: u64, replaced: &Range<u64>, is_data: bool) -> Result<(), Error> {
        if let Some(limit) = self.limit {
            let gone: u64 = self.tree.pieces(replaced).iter().map(Mapping::length).sum();
            if self.tree.total() - gone + length > limit {
                return Err(ENOMEM);
            }
        }
        if is_data {
            self.charge_data(length, replaced)
        } else {
            Ok(())
        }
    }

    /// The same for `RLIMIT_DATA` alone.
    fn charge_data(&self, length: u64, replaced: &Range<u64>) -> Result<(), Error> {
        let Some(limit) = self.data_limit else { return Ok(()) };
        let data = |mapping: &Mapping| if mapping.is_data() { mapping.length() } else { 0 };
        let all: u64 = self.tree.iter().map(data).sum();
        let gone: u64 = self.tree.pieces(replaced).iter().map(data).sum();
        if all - gone + length > limit {
            Err(ENOMEM)
        } else {
            Ok(())
        }
    }

    /// The smallest range with all executable pages in `range`.
    fn code_in(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let code = self
            .tree
            .pieces(range)
            .into_iter()
            .filter(|piece| piece.protection.execute());
        code.fold(None, |all, piece| Some(join(all, piece.range())))
    }

    /// Other executable addresses of the shared file pages in `range`.
    fn aliases(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let mut aliases = Vec::new();
        for piece in self
            .tree
            .overlapping(range)
            .filter(|mapping| mapping.shared && mapping.file.is_some())
        {
            let piece = piece.clip(range);
            let bytes = piece.offset..piece.offset.saturating_add(piece.length());
            let same_file = |other: &&Mapping| {
                let identity = |mapping: &Mapping| mapping.file.as_ref().map(|file| (file.device, file.inode));
                other.protection.execute() && other.start != piece.start && identity(other) == identity(&piece)
            };
            for other in self.tree.iter().filter(same_file) {
                let first = bytes.start.max(other.offset);
                let last = bytes.end.min(other.offset.saturating_add(other.length()));
                if first < last {
                    let start = other.start + (first - other.offset);
                    aliases.push(start..start + (last - first));
                }
            }
        }
        aliases
    }

    /// Makes sure that `range` holds nothing but the guest's memory, then lets `make` replace it. If either fails,
    /// what was not the guest's before is left as it was.
    fn claim(&self, range: &Range<u64>, make: impl FnOnce() -> Result<u64, Error>) -> Result<(), Error> {
        let mut reserved = Vec::new();
        let mut result = Ok(());
        for hole in self.tree.holes(range) {
            result = match host::reserve(&hole) {
                Ok(true) => {
                    reserved.push(hole);
                    Ok(())
                }
                Ok(false) => Err(ENOMEM),
                Err(error) => Err(error),
            };
            if result.is_err() {
                break;
            }
        }
        let result = result.and_then(|()| make().map(|_| ()));
        if result.is_err() {
            for hole in reserved {
                // SAFETY: reserved above. An error leaves inaccessible pages behind, which harm nobody.
                let _ = unsafe { host::unmap(&hole) };
            }
        }
        result
    }

    /// Finds room for `length` bytes, at `hint` if nothing is mapped there (what the heap may grow into is free, as it is for the
    /// kernel), and lets `make` map it there (the second argument are the flags that say how firmly).
    fn place(
        &self,
        layout: &Layout,
        hint: u64,
        length: u64,
        make: impl Fn(&Range<u64>, i32) -> Result<u64, Error>,
    ) -> Result<u64, Error> {
        let hinted = page_up(hint)
            .filter(|&start| start != 0)
            .and_then(|start| fixed_range(start, length, layout.limit).ok())
            .filter(|range| self.tree.is_free(range));
        let area = self.brk.area();
        let gap = |window: Range<u64>| self.tree.highest_gap(length, &window);
        let candidates = [
            area.end.max(layout.floor)..layout.mmap_top,
            layout.floor..area.start.min(layout.mmap_top),
            // What is kept for the heap and for the stack is better than nothing.
            layout.floor..layout.limit,
        ];
        let mut wanted = hinted;
        for mut window in std::iter::once(0..0).chain(candidates) {
            while let Some(range) = wanted.take().or_else(|| gap(window.clone())) {
                match make(&range, libc::MAP_FIXED_NOREPLACE) {
                    Ok(start) if start == range.start => return Ok(start),
                    Ok(elsewhere) => {
                        // SAFETY: the mapping just made by a kernel that does not know the flag.
                        let _ = unsafe { host::unmap(&(elsewhere..elsewhere + length)) };
                    }
                    // Something of the host is there, or the host has a higher opinion of its lowest address.
                    Err(error) if matches!(error.errno(), libc::EEXIST | libc::EPERM) => {}
                    Err(error) => return Err(error),
                }
                // Four gigabytes have an end; elsewhere there is another way.
                window.end = if layout.limit < ADDRESS_LIMIT {
                    window.end.min(range.end.saturating_sub(STEP))
                } else {
                    window.start
                };
            }
        }
        if layout.limit < ADDRESS_LIMIT {
            return Err(ENOMEM);
        }
        // The window is full, or the host lives in it: anywhere.
        make(&(0..length), 0)
    }

    /// Unmaps what the guest has in `range`.
    fn unmap(&mut self, range: &Range<u64>) -> Result<(), Error> {
        for piece in self.tree.pieces(range) {
            // SAFETY: a range that the book has as the guest's.
            unsafe { host::unmap(&piece.range())? };
            self.tree.remove(&piece.range());
        }
        Ok(())
    }
}

/// The smallest range that contains both.
fn join(a: Option<Range<u64>>, b: Range<u64>) -> Range<u64> {
    match a {
        Some(a) => a.start.min(b.start)..a.end.max(b.end),
        None => b,
    }
}

/// The pages of an existing range as the memory calls name it: the start must be on a page, a tag is ignored.
fn page_range(address: u64, length: u64) -> Result<Range<u64>, Error> {
    let start = untag(address);
    let end = page_up(length)
        .and_then(|length| start.checked_add(length))
        .ok_or(EINVAL)?;
    if start.is_multiple_of(PAGE_SIZE) {
        Ok(start..end)
    } else {
        Err(EINVAL)
    }
}

/// The range of a mapping at a fixed place.
fn fixed_range(address: u64, length: u64, limit: u64) -> Result<Range<u64>, Error> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(EINVAL);
    }
    match address.checked_add(length) {
        Some(end) if end <= limit => Ok(address..end),
        _ => Err(ENOMEM),
    }
}
