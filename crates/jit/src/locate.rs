//! From a place in translated code to the guest's, for profiles: which instruction is being executed, and who has called. And what was
//! translated, for the host's own tools.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use armlet_cpu::a64::State;

use crate::cache::Jit;
use crate::map::{BIAS, host};
use crate::recover::GREGS;

static WANTED: AtomicBool = AtomicBool::new(false);
static TOLD: OnceLock<Tell> = OnceLock::new();

/// What is called for a translation.
pub type Tell = Box<dyn Fn(&Place) + Send + Sync>;

/// How often a signal handler asks for the translations while another thread changes them.
const PATIENCE: u32 = 10_000;

/// From now on, translations keep a table of their guest instructions.
pub fn want_places() {
    WANTED.store(true, Ordering::Relaxed);
}

pub(crate) fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// From now on, `tell` is called for every translation, on the thread that has made it. Only the first call of this function counts.
pub fn tell_of_translations(tell: Tell) {
    want_places();
    let _ = TOLD.set(tell);
}

pub(crate) fn is_told() -> bool {
    TOLD.get().is_some()
}

pub(crate) fn tell(place: &Place) {
    if let Some(tell) = TOLD.get() {
        tell(place);
    }
}

/// A translated region, for the host's tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host address of its code.
    pub at: u64,
    /// Its guest address.
    pub pc: u64,
    /// Its code.
    pub code: Vec<u8>,
    /// Where the host code of its guest instructions starts: offset and guest address.
    pub marks: Vec<(u32, u64)>,
}

/// Where an interrupted thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Located<const N: usize> {
    /// Not in translated code.
    Outside,
    /// In translated code, but it cannot be told where: translations are being changed.
    Unknown,
    /// At a guest instruction, with the values of the guest registers that were asked for.
    At(u64, [u64; N]),
}

impl Jit {
    /// In a signal handler: where the thread is, and the values of some X registers there.
    #[must_use]
    pub fn locate<const N: usize>(&self, context: &libc::ucontext_t, registers: [u8; N]) -> Located<N> {
        let rip = context.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
        if !self.contains(rip) {
            return Located::Outside;
        }
        // Whoever holds the lock is another thread, and not in a signal handler.
        let attempts = (0..PATIENCE).find_map(|_| {
            std::hint::spin_loop();
            self.try_lock()
        });
        let Some(guard) = attempts else { return Located::Unknown };
        let Some(cache) = guard.as_ref() else {
            return Located::Outside;
        };
        let found = cache.translations.range(..=rip).next_back();
        let Some((&start, translation)) = found.filter(|(_, translation)| translation.host.contains(&rip)) else {
            return Located::Outside;
        };
        let offset = (rip - start) as u32;
        let index = translation.marks.partition_point(|&(at, _)| at <= offset);
        let Some(&(_, pc)) = translation.marks.get(index.saturating_sub(1)) else {
            return Located::Outside;
        };
        let register = |host: u8| context.uc_mcontext.gregs[GREGS[usize::from(host)] as usize] as u64;
        let state = (register(host::RBP) as i64 - i64::from(BIAS)) as *const State;
        let guest = |n: u8| match translation.mapping_at(offset).x_pairs().find(|&(guest, _)| guest == n) {
            Some((_, host)) => register(host),
            // SAFETY: in translated code, RBP points into the state of this thread, which is interrupted.
            None => unsafe { (*state).x[usize::from(n)] },
        };
        Located::At(pc, registers.map(guest))
    }

    /// The regions that are translated now.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        let guard = self.lock();
        let translations = guard.iter().flat_map(|cache| cache.translations.values());
        let places = translations.map(|translation| {
            let (at, size) = (translation.host.start, translation.host.end - translation.host.start);
            Place {
                at,
                pc: translation.pc(),
                // SAFETY: the range is one of the arena, which lives as long as `self`; code in it is changed only under the lock.
                code: unsafe { std::slice::from_raw_parts(at as *const u8, size as usize) }.to_vec(),
                marks: translation.marks.clone(),
            }
        });
        places.collect()
    }
}
