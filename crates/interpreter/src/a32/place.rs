//! Where an instruction stands: its address and instruction set, in one word.

/// The address of an instruction; bit 0 is set in Thumb state, as in an address for BX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u32);

impl Place {
    /// An address in an instruction set.
    #[inline(always)]
    pub fn new(address: u32, thumb: bool) -> Place {
        Place(address & !1 | u32::from(thumb))
    }

    /// Whether it is a T32 instruction.
    #[inline(always)]
    pub fn thumb(self) -> bool {
        self.0 & 1 != 0
    }

    /// Its address.
    #[inline(always)]
    pub fn address(self) -> u32 {
        self.0 & !1
    }

    /// What reading R15 gives: the address plus 8 in A32, plus 4 in T32.
    #[inline(always)]
    pub fn pc(self) -> u32 {
        self.address().wrapping_add(if self.thumb() { 4 } else { 8 })
    }

    /// A place `bytes` further on, in the same instruction set.
    #[inline(always)]
    pub fn plus(self, bytes: u32) -> Place {
        Place(self.0.wrapping_add(bytes))
    }

    /// The target of a branch in the same instruction set: `offset` from what R15 reads as.
    #[inline(always)]
    pub fn branch(self, offset: i32) -> Place {
        Place::new(self.pc().wrapping_add_signed(offset), self.thumb())
    }
}
