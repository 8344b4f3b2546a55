//! The instructions of an AArch32 section, one after the other: which set they are of, and what is data, say the mapping symbols; in a
//! stripped program, everything is of the set of its entry point.

use armlet_decoder::a32::{self, Decoded, Insn, Undecoded};
use armlet_decoder::t32::{self, ItState};
use armlet_loader::sections::Section;
use armlet_loader::{Content, Elf, Symbols};

/// What stands at an address.
pub enum Place {
    /// An instruction, or what is none.
    Code(Result<Decoded, Undecoded>),
    /// No code: a word, or the rest of one.
    Data,
}

/// Calls `each` with the address of everything in the section, its bytes as the manual writes them, and what it is.
pub fn each<E>(
    elf: &Elf,
    symbols: &Symbols,
    section: &Section,
    mut each: impl FnMut(u64, String, Place) -> Result<(), E>,
) -> Result<(), E> {
    let unknown = if elf.entry & 1 != 0 { Content::T32 } else { Content::A32 };
    let half = |at: usize| {
        section
            .bytes
            .get(at..at + 2)
            .map(|half| u16::from_le_bytes([half[0], half[1]]))
    };
    let (mut at, mut it) = (0, ItState(0));
    while let Some(first) = half(at) {
        let pc = section.address + at as u64;
        let content = symbols.content(pc).unwrap_or(unknown);
        if content != Content::T32 {
            it = ItState(0);
        }
        let second = half(at + 2);
        let (length, text, place) = match (content, second) {
            (Content::T32, second) if t32::length(first) == 2 || second.is_none() => {
                let decoded = t32::decode(u32::from(first) << 16, it);
                (2, format!("{first:04x}"), Place::Code(decoded))
            }
            (Content::T32, second) => {
                let second = second.unwrap_or(0);
                let decoded = t32::decode(u32::from(first) << 16 | u32::from(second), it);
                (4, format!("{first:04x} {second:04x}"), Place::Code(decoded))
            }
            (Content::A32 | Content::A64, Some(second)) if pc.is_multiple_of(4) => {
                let word = u32::from(first) | u32::from(second) << 16;
                (4, format!("{word:08x}"), Place::Code(a32::decode(word)))
            }
            (Content::Data, Some(second)) if pc.is_multiple_of(4) && symbols.content(pc + 2) == Some(Content::Data) => {
                (
                    4,
                    format!("{:08x}", u32::from(first) | u32::from(second) << 16),
                    Place::Data,
                )
            }
            _ => (2, format!("{first:04x}"), Place::Data),
        };
        if content == Content::T32 {
            it = match &place {
                Place::Code(Ok(Decoded {
                    insn: Insn::It(block), ..
                })) => ItState(block.firstcond << 4 | block.mask),
                _ => it.advanced(),
            };
        }
        each(pc, text, place)?;
        at += length;
    }
    Ok(())
}
