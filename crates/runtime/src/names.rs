//! Names for addresses of the guest, for profiles: the function around an address in the program or in any library that is mapped, and the
//! basic block around it.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use armlet_decoder::a64::{B, BCond, Cbnz, Cbz, Disassembly, Insn, Tbnz, Tbz, decode};
use armlet_decoder::t32::ItState;
use armlet_decoder::{a32, t32};
use armlet_interpreter::a32::{Place, ends_block};
use armlet_loader::Symbols;
use armlet_loader::elf::FileSource;
use armlet_memory::{Mapping, load};
use armlet_observe::profile::{Block, Function};
use armlet_syscall::abi::Abi;

use crate::process::Process;

/// Code without a name is told apart by pieces of that size.
const PIECE: u64 = 256;
/// Instructions of a function that are looked at.
const LONGEST: usize = 16384;

/// Everything that is mapped when it is made.
pub(crate) struct Names<'a> {
    process: &'a Process,
    mappings: Vec<Mapping>,
    files: Mutex<HashMap<PathBuf, Symbols>>,
    /// Where basic blocks start, by the start of their function.
    blocks: Mutex<HashMap<u64, Arc<BTreeSet<u64>>>>,
}

impl<'a> Names<'a> {
    pub fn of(process: &'a Process) -> Names<'a> {
        Names {
            process,
            mappings: process.space.mappings(),
            files: Mutex::default(),
            blocks: Mutex::default(),
        }
    }

    /// The function around an address (of AArch32: with the Thumb bit in bit 0), and where it starts.
    pub fn symbolize(&self, address: u64) -> (Function, u64) {
        let address = match self.process.program.abi {
            Abi::A64 => address,
            Abi::A32 => address & !1,
        };
        let mapping = self.mappings.iter().find(|mapping| mapping.range().contains(&address));
        let file = mapping.and_then(|mapping| mapping.file.as_ref());
        let object = match (file, mapping.and_then(|mapping| mapping.name.as_ref())) {
            (Some(file), _) => Path::new(&*file.path).display().to_string(),
            (None, Some(name)) => name.to_string(),
            (None, None) => "?".to_owned(),
        };
        if let Some((name, offset, _)) = self.process.program.loaded.symbolize(address) {
            let name = name.to_owned();
            return (Function { name, object }, address - offset);
        }
        if let Some(file) = file {
            let path = PathBuf::from(&*file.path);
            // A library's first mapping is its beginning.
            let mut mappings = self.mappings.iter();
            let first = mappings.find(|other| other.file.as_ref() == Some(file) && other.offset == 0);
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            let symbols = files.entry(path.clone()).or_insert_with(|| {
                let opened = File::open(&path);
                let source = opened.as_ref().ok().and_then(|file| FileSource::new(file).ok());
                source.map(|source| Symbols::read(&source)).unwrap_or_default()
            });
            if let Some((name, offset)) = first.and_then(|first| symbols.lookup(address - first.start)) {
                let name = name.to_owned();
                return (Function { name, object }, address - offset);
            }
        }
        let start = address & !(PIECE - 1);
        let name = format!("{start:#x}");
        (Function { name, object }, start)
    }

    /// The basic block around an address, and the instruction there.
    pub fn block(&self, address: u64) -> Block {
        let (_, function) = self.symbolize(address);
        let starts = {
            let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            let starts = blocks.entry(function).or_insert_with(|| {
                Arc::new(match self.process.program.abi {
                    Abi::A64 => self.starts(function),
                    Abi::A32 => self.starts_a32(function | address & 1),
                })
            });
            Arc::clone(starts)
        };
        Block {
            start: starts.range(..=address).next_back().copied().unwrap_or(address),
            text: text_at(self.process.program.abi, address).unwrap_or_default(),
        }
    }

    /// Where the basic blocks of a function start: at its entry, behind branches, and where branches of its own lead.
    fn starts(&self, function: u64) -> BTreeSet<u64> {
        let mut starts = BTreeSet::from([function]);
        for pc in (function..).step_by(4).take(LONGEST) {
            let Ok(word) = load::<u32>(pc) else { break };
            if pc.is_multiple_of(PIECE) && self.symbolize(pc).1 != function {
                break;
            }
            let Ok(insn) = decode(word) else { continue };
            let target = match insn {
                Insn::B(B { offset })
                | Insn::BCond(BCond { offset, .. })
                | Insn::Cbz(Cbz { offset, .. })
                | Insn::Cbnz(Cbnz { offset, .. })
                | Insn::Tbz(Tbz { offset, .. })
                | Insn::Tbnz(Tbnz { offset, .. }) => Some(pc.wrapping_add_signed(offset)),
                Insn::Bl(_) | Insn::Br(_) | Insn::Blr(_) | Insn::Ret(_) | Insn::Svc(_) => None,
                _ => continue,
            };
            starts.extend(target);
            starts.insert(pc.wrapping_add(4));
        }
        starts
    }

    /// The same for AArch32, with the Thumb bit of the function in bit 0.
    fn starts_a32(&self, function: u64) -> BTreeSet<u64> {
        let mut starts = BTreeSet::from([function]);
        let mut place = Place(function as u32);
        for _ in 0..LONGEST {
            let Some((Ok(decoded), _)) = decode_at(place, ItState(0)) else {
                break;
            };
            let next = place.plus(decoded.len.into());
            let target = match decoded.insn {
                a32::Insn::B(a32::B { offset })
                | a32::Insn::Cbz(a32::Cbz { offset, .. })
                | a32::Insn::Cbnz(a32::Cbnz { offset, .. }) => Some(place.branch(offset)),
                insn if insn.branches().is_some() || ends_block(&insn) => None,
                _ => {
                    place = next;
                    continue;
                }
            };
            starts.extend(target.map(|target| u64::from(target.0)));
            starts.insert(next.0.into());
            place = next;
            if self.symbolize(place.address().into()).1 != function & !1 {
                break;
            }
        }
        starts
    }
}

/// The AArch32 instruction at a place, with its bytes as the manual writes them.
pub(crate) fn decode_at(place: Place, it: ItState) -> Option<(Result<a32::Decoded, a32::Undecoded>, String)> {
    let address = u64::from(place.address());
    if !place.thumb() {
        let word = load::<u32>(address).ok()?;
        return Some((a32::decode(word), format!("{word:08x}")));
    }
    let first = load::<u16>(address).ok()?;
    let long = t32::length(first) == 4;
    let second = if long { load::<u16>(address + 2).ok()? } else { 0 };
    let text = if long {
        format!("{first:04x} {second:04x}")
    } else {
        format!("{first:04x}")
    };
    let word = u32::from(first) << 16 | u32::from(second);
    Some((t32::decode(word, it), text))
}

/// The instruction at an address as text; for AArch32, bit 0 is the Thumb bit and bits 39 to 32 are CPSR.IT.
pub(crate) fn text_at(abi: Abi, address: u64) -> Option<String> {
    match abi {
        Abi::A64 => {
            let insn = decode(load::<u32>(address).ok()?).ok()?;
            Some(Disassembly { insn, pc: address }.to_string())
        }
        Abi::A32 => {
            let place = Place(address as u32);
            let decoded = decode_at(place, ItState((address >> 32) as u8))?.0.ok()?;
            let pc = place.address();
            Some(a32::Disassembly { decoded, pc }.to_string())
        }
    }
}
