//! How an instruction that has R15 as a result branches.

/// Which of the manual's functions writes the program counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PcWrite {
    /// ALUWritePC(): in A32, bit 0 selects the instruction set (from ARMv7 on); T32 stays in Thumb state.
    Alu,
    /// LoadWritePC(): bit 0 selects the instruction set (from ARMv5T on).
    Load,
}
