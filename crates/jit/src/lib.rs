//! Translates A64 code into x86-64, region by region.
//!
//! The life of a region: `lift` decodes it into the intermediate representation (`ir`), `opt` finds out what is dead, `emit`
//! writes host code with the registers that `map` chose, `cache` puts it into the `arena` and links it. `thread` decides what is worth it, `enter` has
//! the way in and out, and `recover` undoes a fault.
//!
//! An instruction that is not translated is a call of the interpreter's function for it, so the two engines cover the same
//! instructions.

#![allow(
    clippy::useless_conversion,
    reason = "dynasm converts register numbers that are numbers already"
)]
#![allow(clippy::vec_box, reason = "translated code keeps the addresses of what is boxed")]

mod arena;
mod cache;
mod check;
mod clean;
mod counting;
mod emit;
mod enter;
mod interpreted;
mod ir;
mod lift;
mod listing;
mod locate;
mod map;
mod opt;
mod plan;
mod quick;
mod recover;
mod thread;

pub use cache::{Counts, Jit};
pub use check::{CheckCounts, Checked, Checker, Difference, Step, Wrong};
pub use counting::BlockCount;
pub use emit::accelerated;
pub use interpreted::interpreted;
pub use listing::{Listed, Listing, Registers, listing, listing_a32};
pub use locate::{Located, Place, Tell, tell_of_translations, want_places};
pub use quick::{DirectCall, Offered, QuickCall, QuickCalls, install_quick_calls};
pub use recover::install_fault_handler;
pub use thread::{Blocks, GuestThread, InstructionSet, PATIENCE, Thread, ThreadA32};

/// Whether this host has what translated code uses: x86-64-v3 (AVX2, BMI2, FMA, LZCNT).
#[cfg(not(c_library_knows_processor))]
pub fn supported() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("lzcnt")
}

/// The same, as the C library has found out (see `build.rs`).
#[cfg(c_library_knows_processor)]
pub fn supported() -> bool {
    /// `struct cpuid_feature` of sys/platform/x86.h: EAX to EDX of CPUID, and what of that can be used.
    #[repr(C)]
    struct Leaf {
        _cpuid: [u32; 4],
        active: [u32; 4],
    }
    unsafe extern "C" {
        fn __x86_get_cpuid_feature_leaf(leaf: u32) -> *const Leaf;
    }
    let [leaf_1, leaf_7, leaf_80000001] = [0, 1, 2];
    let [ebx, ecx] = [1, 2];
    // SAFETY: for every number, the answer is a structure that lives as long as the process.
    let has = |leaf, register: usize, bit: u32| unsafe {
        (*__x86_get_cpuid_feature_leaf(leaf)).active[register] >> bit & 1 != 0
    };
    let (avx2, bmi2) = (has(leaf_7, ebx, 5), has(leaf_7, ebx, 8));
    avx2 && bmi2 && has(leaf_1, ecx, 12) && has(leaf_80000001, ecx, 5)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_host_is_known() {
        let detected = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("lzcnt");
        assert_eq!(super::supported(), detected);
    }
}
