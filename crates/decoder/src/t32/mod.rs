//! AArch32: the T32 instruction set (Thumb). Its rows are encodings of A32's instructions: a row `add_imm.t3` makes the same
//! [`Insn`] as `add_imm` of A32 does, so that an engine has one function for both.
//!
//! A word has the first halfword in its upper half, and so have the patterns; those of 16 bits are that half. VFP, Advanced SIMD and coprocessor
//! instructions have no rows here: they are A32's with other top bits.

use core::fmt::Write as _;

use crate::a32::text::Text;
use crate::a32::*;
use crate::a32::{operands, text};

/// CPSR.IT\[7:0\]: condition and length of the rest of an IT block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItState(pub u8);

impl ItState {
    /// Whether the next instruction is in an IT block.
    pub fn in_block(self) -> bool {
        self.0 & 15 != 0
    }

    /// The condition of the next instruction.
    pub fn cond(self) -> u8 {
        if self.in_block() { self.0 >> 4 } else { ALWAYS }
    }

    /// Behind the next instruction: ITAdvance() of the manual.
    #[must_use]
    pub fn advanced(self) -> ItState {
        ItState(if self.0 & 7 == 0 {
            0
        } else {
            self.0 & 0xe0 | self.0 << 1 & 0x1f
        })
    }
}

/// What a row made of a word.
struct Found {
    insn: Insn,
    cond: u8,
    row: u16,
}

/// Bytes of the instruction that starts with this halfword: 2 or 4.
pub fn length(first: u16) -> u8 {
    if first >= 0xe800 { 4 } else { 2 }
}

/// Decodes one T32 instruction under an IT state. Never panics; every word has an answer. The lower half of `word` is ignored if the
/// instruction is one of 16 bits.
pub fn decode(word: u32, it: ItState) -> Result<Decoded, Undecoded> {
    let len = length((word >> 16) as u16);
    let word = if len == 2 { word & 0xffff_0000 } else { word };
    let decoded = match decode_row(word, it.in_block()) {
        Some(Found { insn, cond, row }) => Decoded {
            insn,
            cond,
            len,
            word,
            row: &ROWS[usize::from(row)],
            t32: Some(row),
        },
        None => {
            let same =
                shared(word).ok_or_else(|| foreign(word).map_or(Undecoded::Unallocated, Undecoded::Unimplemented))?;
            Decoded {
                t32: Some(u16::MAX),
                word,
                ..crate::a32::decode(same)?
            }
        }
    };
    let unconditional = matches!(decoded.insn, Insn::Bkpt(_) | Insn::Hlt(_));
    let cond = if it.in_block() && !unconditional {
        it.cond()
    } else {
        decoded.cond
    };
    // AL and NV of an IT block are both always true.
    Ok(Decoded {
        cond: cond.min(ALWAYS),
        ..decoded
    })
}

/// The A32 word of an encoding in the space of coprocessors, VFP and Advanced SIMD.
pub fn shared(word: u32) -> Option<u32> {
    match word >> 24 {
        // Advanced SIMD data processing: 111U1111 in T32, 1111001U in A32.
        0xef | 0xff => Some(0xf200_0000 | word >> 28 << 24 & 0x0100_0000 | word & 0x00ff_ffff),
        // Advanced SIMD loads and stores: 11111001 in T32, 11110100 in A32.
        0xf9 if word & 0x0010_0000 == 0 => Some(0xf400_0000 | word & 0x00ff_ffff),
        0xec..=0xee | 0xfc..=0xfe => Some(word),
        _ => None,
    }
}

/// Whether the text of an encoding has `.w` behind its mnemonic.
pub(crate) fn wide(row: u16) -> bool {
    WIDE.contains(&row)
}

/// The text of an instruction in an encoding.
pub(crate) fn write(row: u16, insn: &Insn, out: &mut Text<'_, '_>) -> core::fmt::Result {
    write_row(row, insn, out)
}

include!(concat!(env!("OUT_DIR"), "/t32.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_states_advance() {
        // ITTE EQ: firstcond 0000, mask 0110.
        let conditions: [u8; 4] = core::array::from_fn(|n| {
            let mut it = ItState(0b0000_0110);
            (0..n).for_each(|_| it = it.advanced());
            it.cond()
        });
        assert_eq!(conditions, [0, 0, 1, ALWAYS]);
    }
}
