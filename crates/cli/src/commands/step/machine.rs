//! What differs between the instruction sets for somebody who steps through a program: where instructions are, what they are called, what
//! they do.

use armlet_cpu::a32_features::Model;
use armlet_cpu::a64::State;
use armlet_decoder::a32;
use armlet_decoder::a64::{Insn, decode};
use armlet_decoder::t32::{self, ItState};
use armlet_interpreter::a32::Place;
use armlet_jit::Listing;
use armlet_memory::load;
use armlet_observe::{Access, Effects, Guest, Shape, effects_a32};

use crate::explain;
use crate::explain::bits::{self, Field};

/// The instruction set that a thread executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isa {
    #[default]
    A64,
    A32,
    T32,
}

/// An instruction, explained.
pub struct Explained {
    /// Its bytes in the order of addresses.
    pub bytes: Vec<u8>,
    /// Its assembler text, or why there is none.
    pub text: Result<String, String>,
    /// Its fields, the highest first.
    pub fields: Vec<Field>,
    /// Row, section and title.
    pub row: String,
    /// What it does, where that is written down.
    pub effect: Option<String>,
}

impl Isa {
    /// What a thread is about to execute.
    pub fn of(guest: &dyn Guest, cpu: &State) -> Isa {
        match (guest.is_a32(), cpu.a32.thumb) {
            (false, _) => Isa::A64,
            (true, false) => Isa::A32,
            (true, true) => Isa::T32,
        }
    }

    /// The stack pointer.
    pub fn sp(self, cpu: &State) -> u64 {
        match self {
            Isa::A64 => cpu.sp(),
            _ => cpu.r(13).into(),
        }
    }

    /// Where the function returns to, before it has changed the link register.
    pub fn link(self, cpu: &State) -> u64 {
        match self {
            Isa::A64 => cpu.x(30),
            _ => (cpu.r(14) & !1).into(),
        }
    }

    /// Bytes of a register that holds an address.
    pub fn word(self) -> u64 {
        match self {
            Isa::A64 => 8,
            _ => 4,
        }
    }

    /// Bytes of the instruction at an address; `None` if it cannot be read.
    pub fn length(self, pc: u64) -> Option<u64> {
        match self {
            Isa::T32 => load::<u16>(pc).ok().map(|first| t32::length(first).into()),
            _ => load::<u32>(pc).ok().map(|_| 4),
        }
    }

    /// Behind the instruction at the program counter, if it is a call.
    pub fn behind_call(self, cpu: &State) -> Option<u64> {
        let is_call = match self {
            Isa::A64 => matches!(decode(load::<u32>(cpu.pc).ok()?).ok()?, Insn::Bl(_) | Insn::Blr(_)),
            _ => {
                let insn = effects_a32::fetched(cpu)?.0.ok()?.insn;
                matches!(insn, a32::Insn::Bl(_) | a32::Insn::BlxImm(_) | a32::Insn::BlxReg(_))
            }
        };
        is_call.then_some(cpu.pc + self.length(cpu.pc)?)
    }

    /// Registers and memory of the instruction at the program counter.
    pub fn effects(self, cpu: &State) -> Option<Effects> {
        if self == Isa::A64 {
            return Effects::of(load::<u32>(cpu.pc).ok()?, cpu);
        }
        let decoded = effects_a32::fetched(cpu)?.0.ok()?;
        let shape = Shape::of_a32(&decoded);
        let access: Option<Access> = shape.access(cpu).filter(|_| effects_a32::executes(&decoded, cpu));
        Some(Effects { shape, access })
    }

    /// The instruction at an address; `it` is CPSR.IT there, where it is known.
    pub fn explain(self, pc: u64, it: u8) -> Option<Explained> {
        let length = self.length(pc)?;
        let bytes = (pc..pc + length).map_while(|at| load::<u8>(at).ok()).collect();
        let (decoded, shown) = match self {
            Isa::A64 => {
                let word = load::<u32>(pc).ok()?;
                return Some(match explain::word(word, pc) {
                    Ok(known) => Explained {
                        bytes,
                        row: format!("{}: {} {}", known.row.name, known.row.section, known.row.title),
                        effect: known.meaning.map(|meaning| meaning.effect),
                        fields: known.fields,
                        text: Ok(known.text),
                    },
                    Err(undecoded) => nothing(
                        bytes,
                        format!(".inst {word:#010x}: {}", explain::undecoded_text(undecoded)),
                    ),
                });
            }
            Isa::A32 => {
                let word = load::<u32>(pc).ok()?;
                (a32::decode(word), format!("{word:08x}"))
            }
            Isa::T32 => {
                let first = load::<u16>(pc).ok()?;
                let second = if length == 4 { load::<u16>(pc + 2).ok()? } else { 0 };
                let word = u32::from(first) << 16 | u32::from(second);
                (t32::decode(word, ItState(it)), format!("{word:08x}"))
            }
        };
        let Ok(decoded) = decoded else {
            return Some(nothing(bytes, format!(".inst 0x{shown}: not an instruction")));
        };
        let row = decoded.row;
        // The letters of Thumb's encodings are their own.
        let names = if self == Isa::A32 { a32::fields(row.name) } else { &[] };
        let fields = match decoded.len {
            2 => bits::fields(&row.pattern[..16], decoded.word >> 16, names),
            _ => bits::fields(row.pattern, decoded.word, names),
        };
        Some(Explained {
            bytes,
            text: Ok(effects_a32::text(decoded, pc)),
            fields,
            row: format!("{}: {} {}", row.name, row.section, row.title),
            effect: None,
        })
    }

    /// The addresses of instructions around the program counter: `before` of them, then itself and what follows, `all` together. Where the
    /// lengths differ and no function is known, there are none before it.
    pub fn around(self, guest: &dyn Guest, pc: u64, before: usize, all: usize) -> Vec<Option<u64>> {
        let mut addresses: Vec<Option<u64>> = match self {
            Isa::T32 => {
                let start = guest.symbolize(pc).map_or(pc, |(_, offset)| pc - offset.min(1 << 14));
                let mut known = Vec::new();
                let mut at = start;
                while at < pc {
                    known.push(Some(at));
                    at += self.length(at).unwrap_or(2);
                }
                let first = known.len().saturating_sub(before);
                let mut shown = vec![None; before.saturating_sub(known.len())];
                shown.extend_from_slice(&known[first..]);
                shown
            }
            _ => (1..=before as u64).rev().map(|back| pc.checked_sub(4 * back)).collect(),
        };
        let mut at = pc;
        while addresses.len() < all {
            addresses.push(Some(at));
            at = at.wrapping_add(self.length(at).unwrap_or(4));
        }
        addresses
    }

    /// What the translator makes of the code at the program counter.
    pub fn listing(self, cpu: &State) -> Option<Listing> {
        match self {
            Isa::A64 => armlet_jit::listing(cpu.pc, &mut |address: u64| load::<u32>(address)).ok(),
            _ => {
                let place = Place::new(cpu.pc as u32, self == Isa::T32);
                armlet_jit::listing_a32(place, Model::Max, &mut |address: u64| load::<u16>(address)).ok()
            }
        }
    }
}

fn nothing(bytes: Vec<u8>, why: String) -> Explained {
    Explained {
        bytes,
        text: Err(why),
        fields: Vec::new(),
        row: String::new(),
        effect: None,
    }
}
