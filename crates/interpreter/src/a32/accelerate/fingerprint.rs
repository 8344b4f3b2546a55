//! What a routine looks like, wherever it stands: all code that can be reached from its entry, in an order that depends on nothing but the code.
//!
//! Instructions are followed from the entry, first straight on, then to the targets of branches and calls, in the order in which they were met.
//! A direct branch counts as what it does, without its distance; a literal counts as its value. So the hash is the same wherever a linker has put the
//! pieces. Code that branches to an address from a register, other than to return, has no fingerprint, and neither has code that reads
//! the program counter; but for the jumps of libgcc's divisions into the steps that stand behind them. Not followed is a call with 8 in R0, which is
//! SIGFPE: what divisions by zero make of it concerns the routine only, which does these itself.

use std::ops::Range;

use armlet_cpu::a32::{LR, PC, SP};
use armlet_cpu::a32_features::Model;
use armlet_decoder::a32::*;
use armlet_decoder::t32::ItState;
use rustc_hash::FxHashMap;

use super::super::block::{Fetch, Item, decode};
use super::super::place::Place;

/// The code of a routine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// FNV-1a over what was met.
    pub hash: u64,
    /// The same without constants that may be addresses: of code that names one, wherever a linker has put what is there.
    pub loose: u64,
    /// These constants: the values of literals, and of MOVT what it makes the upper half.
    pub constants: Vec<u32>,
    /// Instructions.
    pub instructions: usize,
    /// The addresses of its instructions and literals, in ascending order.
    pub code: Vec<Range<u32>>,
}

/// FNV-1a, 64 bits.
pub struct Hash(pub u64);

impl Hash {
    pub fn new() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    pub fn add(&mut self, word: u32) {
        for byte in word.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

/// Where control goes from an instruction, apart from its condition.
pub enum Flow {
    /// To the next one.
    Next,
    /// To a place, for good.
    Jump(Place),
    /// To a place, and to the next one: a call, or a branch with a condition of its own.
    Also(Place),
    /// Back to the caller.
    Return,
}

/// One instruction, as it is hashed.
pub struct Met {
    /// What stands for it.
    pub word: u32,
    /// What stands for it where a constant of it may be an address.
    pub loose: u32,
    /// The literal that it loads: its address and value.
    pub literal: Option<(u32, u32)>,
    /// Of [`Fingerprint::constants`].
    pub constant: Option<u32>,
    /// Where it leads.
    pub flow: Flow,
    /// Whether its condition is AL.
    pub always: bool,
    /// Its bytes.
    pub len: u8,
    /// The IT state behind it.
    pub it: ItState,
}

/// Words that stand for what they name: no A32 or T32 instruction is like that (the upper halfword would be a permanently undefined one).
const JUMP: u32 = 0xde00_0001;
const CALL: u32 = 0xde00_0002;
const COMPARE: u32 = 0xde00_0003;
const LITERAL: u32 = 0xde00_0004;
const SEEN: u32 = 0xde00_0005;
const MOVE: u32 = 0xde00_0006;
const MOVE_TOP: u32 = 0xde00_0007;
/// MOV R0, #8 in A32 and in T32.
const SIGFPE: [u32; 3] = [0xe3a0_0008, 0x2008, 0x0008_f04f];

/// Reads the instruction at a place; `None` where code with a fingerprint cannot go on.
pub fn meet(model: Model, place: Place, it: ItState, code: &mut impl Fetch) -> Option<Met> {
    let Item { insn, cond, len } = decode(model, place, it, code).ok()?;
    let mut raw = 0;
    for offset in (0..u32::from(len)).step_by(2) {
        raw |= u32::from(code.fetch(place.plus(offset).address().into()).ok()?) << (8 * offset);
    }
    let of_kind = |kind: u32| kind | u32::from(cond) << 4;
    let mut literal = None;
    let (word, flow) = match insn {
        Insn::B(B { offset }) => (of_kind(JUMP), Flow::Jump(place.branch(offset))),
        Insn::Bl(Bl { offset }) => (of_kind(CALL), Flow::Also(place.branch(offset))),
        Insn::BlxImm(BlxImm { offset }) => {
            let target = (place.pc() & !3).wrapping_add_signed(offset);
            (of_kind(CALL), Flow::Also(Place::new(target, !place.thumb())))
        }
        Insn::Cbz(Cbz { rn, offset }) => (COMPARE | u32::from(rn) << 8, Flow::Also(place.branch(offset))),
        Insn::Cbnz(Cbnz { rn, offset }) => (COMPARE | u32::from(rn) << 8 | 16, Flow::Also(place.branch(offset))),
        Insn::LdrLit(LdrLit { rt, offset }) if rt != PC => {
            let at = (place.pc() & !3).wrapping_add_signed(offset);
            let half = |code: &mut _, at: u32| Fetch::fetch(code, at.into()).ok().map(u32::from);
            literal = Some((at, half(code, at)? | half(code, at.wrapping_add(2))? << 16));
            (of_kind(LITERAL) | u32::from(rt) << 8, Flow::Next)
        }
        Insn::Bx(Bx { rm: LR }) => (raw, Flow::Return),
        Insn::MovReg(MovReg {
            rd: PC,
            rm: LR,
            shift: 0,
            amount: 0,
            ..
        }) => (raw, Flow::Return),
        // Into the steps of a division, which follow one after the other.
        Insn::AddReg(AddReg {
            rd: PC,
            rn: PC,
            shift: 0,
            ..
        }) if !place.thumb() => (raw, Flow::Next),
        Insn::MovReg(MovReg {
            rd: PC,
            rm: 2 | 3,
            shift: 0,
            amount: 0,
            ..
        })
        | Insn::Adr(_)
            if place.thumb() =>
        {
            (raw, Flow::Next)
        }
        Insn::Bx(_) | Insn::Bxj(_) | Insn::BlxReg(_) | Insn::Tbb(_) | Insn::Tbh(_) | Insn::Adr(_) => return None,
        Insn::Svc(_) | Insn::Bkpt(_) | Insn::Udf(_) | Insn::Hlt(_) => return None,
        // Whatever is popped into the program counter, it is the same in all code with this fingerprint.
        _ if pops(&insn) => (raw, Flow::Return),
        _ if insn.reads_pc() || insn.branches().is_some() => return None,
        _ => (raw, Flow::Next),
    };
    let loose = match insn {
        Insn::Movw(Movw { rd, .. }) => of_kind(MOVE) | u32::from(rd) << 8,
        Insn::Movt(Movt { rd, .. }) => of_kind(MOVE_TOP) | u32::from(rd) << 8,
        _ => word,
    };
    let constant = match insn {
        Insn::Movt(Movt { imm, .. }) => Some(u32::from(imm) << 16),
        _ => literal.map(|(_, value)| value),
    };
    let it = match insn {
        Insn::It(It { firstcond, mask }) => ItState(firstcond << 4 | mask),
        _ => it.advanced(),
    };
    Some(Met {
        word,
        loose,
        literal,
        constant,
        flow,
        always: cond == ALWAYS,
        len,
        it,
    })
}

/// Whether it loads the program counter from the stack.
fn pops(insn: &Insn) -> bool {
    match *insn {
        Insn::Ldm(Ldm { rn: SP, .. }) => insn.branches().is_some(),
        Insn::LdrImm(LdrImm { rt: PC, rn: SP, .. }) => true,
        _ => false,
    }
}

/// The fingerprint of the code at `entry`; `None` if it has none, or more than `longest` instructions.
pub fn fingerprint(model: Model, entry: Place, longest: usize, code: &mut impl Fetch) -> Option<Fingerprint> {
    let (mut hash, mut loose) = (Hash::new(), Hash::new());
    let mut seen: FxHashMap<u32, u32> = FxHashMap::default();
    let mut pieces: Vec<Range<u32>> = Vec::new();
    let mut constants = Vec::new();
    let mut waiting = vec![entry];
    while let Some(start) = waiting.pop() {
        let (mut place, mut it) = (start, ItState(0));
        let mut before = 0;
        loop {
            if let Some(&number) = seen.get(&place.0) {
                for hash in [&mut hash, &mut loose] {
                    hash.add(SEEN);
                    hash.add(number);
                }
                break;
            }
            if seen.len() == longest {
                return None;
            }
            seen.insert(place.0, seen.len() as u32);
            let met = meet(model, place, it, code)?;
            hash.add(met.word);
            loose.add(met.loose);
            constants.extend(met.constant);
            pieces.push(place.address()..place.address().wrapping_add(met.len.into()));
            if let Some((at, value)) = met.literal {
                hash.add(value);
                pieces.push(at..at.wrapping_add(4));
            }
            it = met.it;
            let raises = SIGFPE.contains(&std::mem::replace(&mut before, met.word));
            let next = place.plus(met.len.into());
            place = match met.flow {
                Flow::Return if met.always => break,
                Flow::Jump(target) if met.always => target,
                Flow::Also(_) if raises => next,
                Flow::Jump(target) | Flow::Also(target) => {
                    waiting.push(target);
                    next
                }
                Flow::Return | Flow::Next => next,
            };
        }
    }
    Some(Fingerprint {
        hash: hash.0,
        loose: loose.0,
        constants,
        instructions: seen.len(),
        code: merged(pieces),
    })
}

/// Ranges in order, those that touch as one.
fn merged(mut pieces: Vec<Range<u32>>) -> Vec<Range<u32>> {
    pieces.sort_by_key(|range| range.start);
    let mut code: Vec<Range<u32>> = Vec::new();
    for piece in pieces {
        match code.last_mut() {
            Some(last) if piece.start <= last.end => last.end = last.end.max(piece.end),
            _ => code.push(piece),
        }
    }
    code
}
