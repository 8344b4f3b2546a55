//! Where the parts of a guest go: the maps of an AArch64 and of an AArch32 guest's address space.
//!
//! An AArch64 guest is given the lower 2^46 bytes of the host's 2^47, so that it looks like a kernel with 46-bit addresses,
//! and so that nothing of the host is ever in the way: an x86-64 kernel puts a position-independent executable
//! (armlet) and its heap at two thirds of 2^47, and everything else right below 2^47. Within the 46 bits, the layout
//! is that of arm64 Linux:
//!
//! ```text
//! 0x0000_0000_0001_0000   fixed executables (ET_EXEC), usually at 4 MiB, and their brk area
//! 0x0000_2aaa_aaaa_a000   position-independent executables (two thirds of 2^46) and their brk area
//!                         …
//! mmap_top                mappings, downwards
//! stack_top               the stack, downwards
//! 0x0000_4000_0000_0000   2^46
//! ```
//!
//! An AArch32 guest lives in the lowest 4 GiB, where nothing of the host is either, laid out as a 64-bit kernel does it for a 32-bit
//! program:
//!
//! ```text
//! 0x0001_0000   fixed executables and their brk area
//! 0xaaaa_a000   position-independent executables (two thirds of 2^32) and their brk area
//! mmap_top      mappings, downwards
//! stack_top     the stack, downwards
//! 0xffff_0000   the page with the kernel's helpers
//! 0xffff_1000   nothing, and a guard behind 4 GiB, so that an access that crosses the end faults
//! ```

use crate::{ADDRESS_LIMIT, PAGE_SIZE, page_down};

/// One past the highest address that an AArch32 guest can map: the helpers' page lies there.
pub const TOP_A32: u64 = 0xffff_0000;

/// One past the highest address that the layout uses: 2^46.
pub const TOP: u64 = 1 << 46;
/// Two thirds of [`TOP`]: where position-independent executables begin.
const PIE: u64 = TOP / 3 * 2;
/// The room below the stack's top that is kept for it, as in the kernel at least 128 MiB.
const MINIMUM_STACK_GAP: u64 = 128 << 20;
/// Stacks of unlimited size, and larger ones, get this much room (the kernel: 5/6 of the address space).
const MAXIMUM_STACK_GAP: u64 = 1 << 40;

/// Where the parts of a guest go. See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The load bias of a position-independent executable whose first segment is at address 0.
    pub pie_base: u64,
    /// Distance in bytes from the end of the image to the start of the brk area.
    pub brk_offset: u64,
    /// One past the highest address of mappings that the guest leaves to us.
    pub mmap_top: u64,
    /// One past the highest address of the stack.
    pub stack_top: u64,
    /// What the stack pointer is lowered by within the top page of the stack, a multiple of 16.
    pub stack_shift: u64,
    /// Bytes of the largest stack.
    pub stack_room: u64,
    /// Addresses behind an image that are kept for its heap, in bytes.
    pub brk_room: u64,
    /// Below this nothing is placed, unless the guest insists.
    pub floor: u64,
    /// One past the highest address that the guest can map.
    pub limit: u64,
}

impl Layout {
    /// Without randomisation (`ADDR_NO_RANDOMIZE`): the same for every run. `stack_limit` is `RLIMIT_STACK` in bytes.
    #[must_use]
    pub fn fixed(stack_limit: u64) -> Layout {
        Layout::random(stack_limit, [0; 5])
    }

    /// With the entropy of arm64 Linux (28 bits of pages for executables and mappings, 18 for the stack), taken from
    /// `random`.
    #[must_use]
    pub fn random(stack_limit: u64, random: [u64; 5]) -> Layout {
        let pages = |value: u64, bits: u32| (value & ((1 << bits) - 1)) * PAGE_SIZE;
        let stack_top = TOP - PAGE_SIZE - pages(random[0], 18);
        let gap = stack_limit.clamp(MINIMUM_STACK_GAP, MAXIMUM_STACK_GAP);
        Layout {
            pie_base: page_down(PIE) + pages(random[1], 28),
            brk_offset: pages(random[2], 13),
            mmap_top: page_down(stack_top - gap) - PAGE_SIZE - pages(random[3], 28),
            stack_top,
            stack_shift: (random[4] & 0x1ff) * 16,
            stack_room: 1 << 30,
            brk_room: 64 << 30,
            floor: 1 << 32,
            limit: ADDRESS_LIMIT,
        }
    }

    /// For a program that was built for 42-bit addresses, as ThreadSanitizer's run-time library is: it knows such a kernel by where the
    /// stack is, and has its own memory between the parts. What is random has 18 bits of pages, so that executables stay
    /// within 4 GiB and mappings within the uppermost 64.
    #[must_use]
    pub fn random_42(stack_limit: u64, random: [u64; 5]) -> Layout {
        const TOP: u64 = 1 << 42;
        const MAXIMUM_STACK_GAP: u64 = 8 << 30;
        let pages = |value: u64| (value & 0x3_ffff) * PAGE_SIZE;
        let stack_top = TOP - PAGE_SIZE - pages(random[0]);
        let gap = stack_limit.clamp(MINIMUM_STACK_GAP, MAXIMUM_STACK_GAP);
        Layout {
            pie_base: page_down(TOP / 3 * 2) + pages(random[1]),
            mmap_top: page_down(stack_top - gap) - PAGE_SIZE - pages(random[3]),
            stack_top,
            brk_room: 1 << 30,
            ..Layout::random(stack_limit, random)
        }
    }

    /// The flag of mmap(2) that keeps what the host places where the guest can reach it: `MAP_32BIT`, or none.
    #[must_use]
    pub(super) fn host_chooses(&self) -> i32 {
        if self.limit < ADDRESS_LIMIT { libc::MAP_32BIT } else { 0 }
    }

    /// For an AArch32 guest, without randomisation.
    #[must_use]
    pub fn fixed_a32(stack_limit: u64) -> Layout {
        Layout::random_a32(stack_limit, [0; 5])
    }

    /// For an AArch32 guest, with the entropy that 64-bit Linux has for 32-bit programs: 11 bits of pages for executables,
    /// mappings and the stack, 13 for the heap.
    #[must_use]
    pub fn random_a32(stack_limit: u64, random: [u64; 5]) -> Layout {
        /// Larger stacks would leave too little of 4 GiB for everything else.
        const MAXIMUM_STACK_GAP: u64 = 512 << 20;
        let pages = |value: u64, bits: u32| (value & ((1 << bits) - 1)) * PAGE_SIZE;
        let stack_top = TOP_A32 - PAGE_SIZE - pages(random[0], 11);
        let gap = stack_limit.clamp(MINIMUM_STACK_GAP, MAXIMUM_STACK_GAP);
        Layout {
            pie_base: page_down((1 << 32) / 3 * 2) + pages(random[1], 11),
            brk_offset: pages(random[2], 13),
            mmap_top: page_down(stack_top - gap) - PAGE_SIZE - pages(random[3], 11),
            stack_top,
            stack_shift: (random[4] & 0x1ff) * 16,
            stack_room: gap - (1 << 20),
            brk_room: 512 << 20,
            floor: 0x1_0000,
            limit: TOP_A32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_do_not_overlap() {
        for limit in [0, 8 << 20, 1 << 39, u64::MAX] {
            for random in [[0; 5], [u64::MAX; 5], [0x1234_5678_9abc_def0; 5]] {
                let layout = Layout::random(limit, random);
                assert!(layout.stack_top < TOP);
                assert!(layout.mmap_top + limit.min(MAXIMUM_STACK_GAP) <= layout.stack_top);
                assert!(layout.pie_base + (1 << 40) < layout.mmap_top, "{layout:x?}");
                for address in [layout.pie_base, layout.brk_offset, layout.mmap_top, layout.stack_top] {
                    assert_eq!(address % PAGE_SIZE, 0);
                }
                assert_eq!(layout.stack_shift % 16, 0);
            }
        }
        assert_eq!(Layout::fixed(8 << 20).pie_base, 0x2aaa_aaaa_a000);
    }

    #[test]
    fn the_parts_of_42_bits() {
        for limit in [0, 8 << 20, u64::MAX] {
            for random in [[0; 5], [u64::MAX; 5]] {
                let layout = Layout::random_42(limit, random);
                assert!(layout.stack_top < 1 << 42 && layout.mmap_top < layout.stack_top);
                assert!(layout.mmap_top > 0x3f0_0000_0000 + (32 << 30), "{layout:x?}");
                assert!((0x2aa_0000_0000..0x2ab_0000_0000).contains(&layout.pie_base));
            }
        }
    }

    #[test]
    fn four_gigabytes_hold_everything() {
        for limit in [0, 8 << 20, u64::MAX] {
            for random in [[0; 5], [u64::MAX; 5]] {
                let layout = Layout::random_a32(limit, random);
                assert!(layout.stack_top < layout.limit);
                assert!(layout.mmap_top + layout.stack_room <= layout.stack_top);
                assert!(layout.pie_base + (512 << 20) < layout.mmap_top, "{layout:x?}");
                for address in [layout.pie_base, layout.brk_offset, layout.mmap_top, layout.stack_top] {
                    assert_eq!(address % PAGE_SIZE, 0);
                }
            }
        }
    }
}
