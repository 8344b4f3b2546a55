//! Call stacks of AArch32 programs, by the tables that the EABI has for exceptions: "Exception Handling ABI for the Arm Architecture"
//! (EHABI32), sections 6, 7 and 10. An index (`.ARM.exidx`, the segment PT_ARM_EXIDX) leads from a function to a few bytes that
//! say how to undo what it has done to the stack.
//!
//! The tables tell the truth where a function calls another. Between its entry and its first call they may claim what has not been
//! done yet; so what comes out for the innermost function is believed only if a call stands before it, and the link register
//! is taken else.
//!
//! All of it reads guest memory and nothing else, so that a signal handler may do it.

use std::ops::Range;

use armlet_memory::{AddressSpace, load};

/// SP, LR and PC among the registers.
pub(crate) const SP: usize = 13;
pub(crate) const LR: usize = 14;
const PC: usize = 15;

/// What the type of an executable or a library is in its header: EXEC is not moved.
const ET_EXEC: u16 = 2;
const PT_LOAD: u32 = 1;
const PT_ARM_EXIDX: u32 = 0x7000_0001;
/// "The function cannot be unwound": the second word of an entry of the index.
const CANTUNWIND: u32 = 1;
/// `finish` of the byte code.
const FINISH: u8 = 0xb0;

/// The index of one program or library.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Index {
    code: Range<u32>,
    /// Address of the first entry; each has two words.
    entries: u32,
    count: u32,
}

/// The tables of all code that is mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables(Vec<Index>);

/// Registers of one function's frame, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Registers {
    r: [u32; 16],
    /// A bit for each that is known.
    known: u16,
}

impl Registers {
    /// Nothing is known.
    pub const UNKNOWN: Registers = Registers { r: [0; 16], known: 0 };

    /// Says what a register holds. PC and LR have the Thumb bit in bit 0.
    pub fn set(&mut self, n: u8, value: u32) {
        let n = usize::from(n & 15);
        self.r[n] = value;
        self.known |= 1 << n;
    }

    /// What a register holds, if that is known.
    pub fn get(&self, n: usize) -> Option<u32> {
        (self.known >> n & 1 != 0).then_some(self.r[n])
    }
}

impl Tables {
    /// The tables of the code that is mapped now, found through the headers that are mapped with it.
    pub fn of(space: &AddressSpace) -> Tables {
        let mappings = space.mappings();
        let mut tables = Vec::new();
        for mapping in mappings.iter().filter(|mapping| mapping.protection.execute()) {
            let beginning = mappings
                .iter()
                .find(|other| other.file.is_some() && other.file == mapping.file && other.offset == 0);
            let headers = beginning.and_then(|beginning| index(u32::try_from(beginning.start).ok()?));
            let (Some((entries, count)), Ok(start), Ok(end)) =
                (headers, u32::try_from(mapping.start), u32::try_from(mapping.end))
            else {
                continue;
            };
            tables.push(Index {
                code: start..end,
                entries,
                count,
            });
        }
        Tables(tables)
    }

    /// Return addresses (with the Thumb bit in bit 0), the innermost first, until `push` says that it is enough.
    /// The registers are left where the stack could not be followed further. Whether that is all: the last function says that it has no caller, or `push` did.
    pub fn walk(&self, registers: &mut Registers, mut push: impl FnMut(u32) -> bool) -> bool {
        let mut innermost = true;
        while let Some(caller) = self.caller(registers, innermost) {
            *registers = caller;
            // Unless the function has kept it, LR is its caller's business.
            registers.known &= !(1 << LR);
            innermost = false;
            if !push(registers.r[PC]) {
                return true;
            }
        }
        let last = self.entry((registers.r[PC] & !1).wrapping_sub(2));
        !innermost && last.is_some_and(|(_, entry)| word(entry) == Some(CANTUNWIND))
    }

    /// The registers of the function that has called.
    fn caller(&self, registers: &Registers, innermost: bool) -> Option<Registers> {
        let mut caller = registers.clone();
        let sp = registers.get(SP)?;
        if self.undo(&mut caller, innermost).is_some()
            && follows_call(caller.r[PC])
            // A function that has called another has kept its return address on the stack.
            && (caller.r[SP] > sp || innermost && caller.r[SP] == sp)
        {
            return Some(caller);
        }
        // A function that has done nothing yet, or does nothing, has its caller in LR; in others it is from the last call.
        let link = registers.get(LR).filter(|&link| innermost && follows_call(link))?;
        let function = |address: u32| self.entry(address & !1).map(|(function, _)| function);
        if function(registers.r[PC]).is_some_and(|own| function(link - 2) == Some(own)) {
            return None;
        }
        caller = registers.clone();
        caller.set(PC as u8, link);
        Some(caller)
    }

    /// From a function's registers to its caller's.
    fn undo(&self, registers: &mut Registers, innermost: bool) -> Option<()> {
        let pc = registers.get(PC)? & !1;
        // A return address may be behind the end of a function that ends with a call.
        let at = if innermost { pc } else { pc.wrapping_sub(2) };
        let (function, entry) = self.entry(at)?;
        if innermost && function == at {
            return None;
        }
        let mut code = Code::of(entry)?;
        let mut sp = registers.get(SP)?;
        let mut returned = false;
        let mut pop = |registers: &mut Registers, sp: &mut u32, mask: u16| -> Option<()> {
            for n in (0..16).filter(|n| mask >> n & 1 != 0) {
                registers.set(n, word(*sp)?);
                *sp = sp.wrapping_add(4);
            }
            returned |= mask >> PC & 1 != 0;
            if mask >> SP & 1 != 0 {
                *sp = registers.r[SP];
            }
            Some(())
        };
        loop {
            let byte = code.next().unwrap_or(FINISH);
            let (low, count) = (u32::from(byte & 0x3f), u32::from(byte & 7) + 1);
            match byte {
                0x00..=0x3f => sp = sp.wrapping_add((low << 2) + 4),
                0x40..=0x7f => sp = sp.wrapping_sub((low << 2) + 4),
                0x80..=0x8f => {
                    let mask = u16::from(byte & 15) << 8 | u16::from(code.next()?);
                    // (No registers: "refuse to unwind".)
                    if mask == 0 {
                        return None;
                    }
                    pop(registers, &mut sp, mask << 4)?;
                }
                0x9d | 0x9f => return None,
                0x90..=0x9f => sp = registers.get(usize::from(byte & 15))?,
                0xa0..=0xaf => {
                    let link = u16::from(byte & 8 != 0) << LR;
                    pop(registers, &mut sp, ((1 << count) - 1) << 4 | link)?;
                }
                FINISH => break,
                0xb1 => {
                    let mask = code.next()?;
                    if !matches!(mask, 1..=15) {
                        return None;
                    }
                    pop(registers, &mut sp, mask.into())?;
                }
                0xb2 => {
                    let more = code.uleb128()?;
                    sp = sp.wrapping_add(0x204).wrapping_add(more << 2);
                }
                // D registers, saved by FSTMX: a word more.
                0xb3 => sp = sp.wrapping_add((u32::from(code.next()? & 15) + 1) * 8 + 4),
                0xb8..=0xbf => sp = sp.wrapping_add(count * 8 + 4),
                // A return address authentication code.
                0xb4 => sp = sp.wrapping_add(4),
                // Registers of iWMMXt.
                0xc0..=0xc5 => sp = sp.wrapping_add(count * 8),
                0xc7 => sp = sp.wrapping_add((code.next()? & 15).count_ones() * 4),
                // D registers, saved by VPUSH.
                0xc6 | 0xc8 | 0xc9 => sp = sp.wrapping_add((u32::from(code.next()? & 15) + 1) * 8),
                0xd0..=0xd7 => sp = sp.wrapping_add(count * 8),
                _ => return None,
            }
        }
        registers.set(SP as u8, sp);
        if !returned {
            let link = registers.get(LR)?;
            registers.set(PC as u8, link);
        }
        Some(())
    }

    /// The function around an address, and where the second word of its entry is.
    fn entry(&self, address: u32) -> Option<(u32, u32)> {
        let index = self.0.iter().find(|index| index.code.contains(&address))?;
        let (mut low, mut high) = (0, index.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if prel31(index.entries + 8 * middle)? <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let place = index.entries + 8 * low.checked_sub(1)?;
        Some((prel31(place)?, place + 4))
    }
}

/// The bytes of a function's entry, in words from the most significant byte on.
struct Code {
    word: u32,
    /// Bytes of `word` that are left, in its low part.
    left: u32,
    next: u32,
    words: u32,
}

impl Code {
    /// Of the entry whose second word is at `place`; `None` if the function cannot be unwound, or in a way of its own.
    fn of(place: u32) -> Option<Code> {
        let second = word(place)?;
        if second == CANTUNWIND {
            return None;
        }
        if second >> 31 != 0 {
            // The index holds the bytes itself, for the personality routine 0.
            return (second >> 24 == 0x80).then_some(Code {
                word: second,
                left: 3,
                next: 0,
                words: 0,
            });
        }
        let mut table = prel31(place)?;
        let mut first = word(table)?;
        if first >> 31 == 0 {
            // A personality routine of its own: all that there are keep to the same form from the next word on.
            table = table.wrapping_add(4);
            first = word(table)?;
            return Some(Code {
                word: first,
                left: 3,
                next: table.wrapping_add(4),
                words: first >> 24,
            });
        }
        let (left, words) = match first >> 24 {
            0x80 => (3, 0),
            0x81 | 0x82 => (2, first >> 16 & 0xff),
            _ => return None,
        };
        Some(Code {
            word: first,
            left,
            next: table.wrapping_add(4),
            words,
        })
    }

    fn next(&mut self) -> Option<u8> {
        if self.left == 0 {
            self.words = self.words.checked_sub(1)?;
            self.word = word(self.next)?;
            self.next = self.next.wrapping_add(4);
            self.left = 4;
        }
        self.left -= 1;
        Some((self.word >> (8 * self.left)) as u8)
    }

    fn uleb128(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in (0..28).step_by(7) {
            let byte = self.next()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

fn word(address: u32) -> Option<u32> {
    load::<u32>(address.into()).ok()
}

/// The address that a place-relative offset of 31 bits leads to.
fn prel31(place: u32) -> Option<u32> {
    let offset = (word(place)? << 1) as i32 >> 1;
    Some(place.wrapping_add_signed(offset))
}

/// Whether a call stands right before that address: BL or BLX, of A32 or of T32.
pub(crate) fn follows_call(address: u32) -> bool {
    let address = address & !1;
    if address < 4 {
        return false;
    }
    let half = |back: u32| load::<u16>((address - back).into()).unwrap_or(0);
    // BLX (register) of T32; BL and BLX (immediate) of T32.
    if half(2) & 0xff87 == 0x4780 || half(4) & 0xf800 == 0xf000 && half(2) & 0xc000 == 0xc000 {
        return true;
    }
    // BL, BLX (immediate) and BLX (register) of A32.
    let word = word(address - 4).unwrap_or(0);
    address.is_multiple_of(4)
        && (word & 0x0f00_0000 == 0x0b00_0000 || word & 0xfe00_0000 == 0xfa00_0000 || word & 0x0fff_fff0 == 0x012f_ff30)
}

/// The index of the object whose ELF header is mapped at `base`: its address, and how many entries it has.
fn index(base: u32) -> Option<(u32, u32)> {
    let half = |at: u32| load::<u16>(at.into()).ok();
    if word(base)? != u32::from_le_bytes(*b"\x7fELF") {
        return None;
    }
    let kind = half(base.checked_add(16)?)?;
    let (headers, size, count) = (word(base + 28)?, half(base + 42)?, half(base + 44)?);
    let mut bias = None;
    let mut found = None;
    for n in 0..u32::from(count) {
        let header = base.wrapping_add(headers).wrapping_add(n * u32::from(size));
        let field = |index: u32| word(header.wrapping_add(4 * index));
        match field(0)? {
            PT_LOAD if field(1)? >> 12 == 0 => {
                bias = Some(base.wrapping_sub(field(2)? & !0xfff));
            }
            PT_ARM_EXIDX => found = Some((field(2)?, field(5)? / 8)),
            _ => {}
        }
    }
    let bias = if kind == ET_EXEC { 0 } else { bias? };
    found.map(|(address, count)| (bias.wrapping_add(address), count))
}
