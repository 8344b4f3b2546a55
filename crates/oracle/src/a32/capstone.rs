//! capstone as the judge of one A32 or T32 instruction.

use armlet_decoder::a32::{self, Decoded, Disassembly, Undecoded};
use armlet_decoder::t32::{self, ItState};
use capstone::prelude::*;

/// One of the two instruction sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Words of 32 bits.
    A32,
    /// The first halfword in the upper half; the lower one counts if the instruction has 32 bits.
    T32,
}

impl Set {
    /// Decodes an encoding, outside of IT blocks.
    pub fn decode(self, word: u32) -> Result<Decoded, Undecoded> {
        self.decode_in(word, ItState::default())
    }

    /// Decodes an encoding, under the state of an IT block if it is one of T32.
    pub fn decode_in(self, word: u32, it: ItState) -> Result<Decoded, Undecoded> {
        match self {
            Set::A32 => a32::decode(word),
            Set::T32 => t32::decode(word, it),
        }
    }

    /// The bytes of an encoding in memory.
    pub fn bytes(self, word: u32) -> Vec<u8> {
        let (first, second) = ((word >> 16) as u16, word as u16);
        match self {
            Set::A32 => word.to_le_bytes().to_vec(),
            Set::T32 if t32::length(first) == 2 => first.to_le_bytes().to_vec(),
            Set::T32 => [first.to_le_bytes(), second.to_le_bytes()].concat(),
        }
    }
}

/// capstone, set up for one of the instruction sets.
pub struct Capstone {
    set: Set,
    capstone: capstone::Capstone,
}

/// What the two make of one encoding.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// The encoding.
    pub word: u32,
    /// Its instruction set.
    pub set: Set,
    /// The state of the IT block that it is in; 0 is none.
    pub it: ItState,
    /// armlet's decoding.
    pub ours: Result<Decoded, Undecoded>,
    /// armlet's text, if it decodes.
    pub our_text: Option<String>,
    /// The judge's text; `None` where it sees no instruction.
    pub theirs: Option<String>,
}

impl Opinion {
    /// Whether both see the same instruction, and print it alike.
    pub fn agrees(&self) -> bool {
        self.our_text == self.theirs
    }

    /// The name of armlet's row, or why there is none.
    pub fn row(&self) -> String {
        match self.ours {
            Ok(decoded) => decoded.row.name.to_string(),
            Err(reason) => {
                let theirs = self.theirs.as_deref().unwrap_or_default();
                format!("{reason:?} {}", theirs.split(' ').next().unwrap_or_default())
            }
        }
    }
}

impl std::fmt::Display for Opinion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        write!(
            f,
            "{:?} {:08x} {:24} ours: {:44} theirs: {}",
            self.set,
            self.word,
            self.row(),
            text(&self.our_text),
            text(&self.theirs)
        )
    }
}

impl Capstone {
    /// Sets capstone up, for the newest architecture that it knows.
    pub fn new(set: Set) -> anyhow::Result<Capstone> {
        let mode = match set {
            Set::A32 => arch::arm::ArchMode::Arm,
            Set::T32 => arch::arm::ArchMode::Thumb,
        };
        let capstone = capstone::Capstone::new()
            .arm()
            .mode(mode)
            .extra_mode([arch::arm::ArchExtraMode::V8].into_iter())
            .build()
            .map_err(|error| anyhow::anyhow!("capstone does not start: {error}"))?;
        Ok(Capstone { set, capstone })
    }

    /// Both opinions of A32 words, the first of which stands at `pc` and the others behind it.
    pub fn judge_all(&mut self, words: &[u32], pc: u32) -> anyhow::Result<Vec<Opinion>> {
        anyhow::ensure!(self.set == Set::A32, "T32 has no words of one size");
        self.capstone
            .set_skipdata(true)
            .map_err(|error| anyhow::anyhow!("capstone cannot skip data: {error}"))?;
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let insns = self
            .capstone
            .disasm_all(&bytes, pc.into())
            .map_err(|error| anyhow::anyhow!("capstone: {error}"))?;
        anyhow::ensure!(
            insns.len() == words.len(),
            "capstone saw {} of {} words",
            insns.len(),
            words.len()
        );
        let opinion = |(&word, insn): (&u32, &capstone::Insn<'_>)| {
            let theirs = Some(text(insn)).filter(|text| !text.starts_with(".byte"));
            self.opinion(word, insn.address() as u32, ItState::default(), theirs)
        };
        Ok(words.iter().zip(insns.iter()).map(opinion).collect())
    }

    /// Both opinions of a T32 instruction that is the only one of an IT block for EQ.
    pub fn judge_in_it(&self, word: u32, pc: u32) -> anyhow::Result<Opinion> {
        let it = ItState(0x08);
        let instruction = self.set.bytes(word);
        let bytes = [&[it.0, 0xbf], instruction.as_slice()].concat();
        let insns = self
            .capstone
            .disasm_count(&bytes, u64::from(pc) - 2, 2)
            .map_err(|error| anyhow::anyhow!("capstone: {error}"))?;
        let theirs = insns.get(1).filter(|insn| insn.bytes().len() == instruction.len());
        Ok(self.opinion(word, pc, it, theirs.map(text)))
    }

    fn opinion(&self, word: u32, pc: u32, it: ItState, theirs: Option<String>) -> Opinion {
        let ours = self.set.decode_in(word, it);
        Opinion {
            word,
            set: self.set,
            it,
            ours,
            our_text: ours.ok().map(|decoded| Disassembly { decoded, pc }.to_string()),
            theirs,
        }
    }

    /// Both opinions of an encoding at the address `pc`.
    pub fn judge(&self, word: u32, pc: u32) -> anyhow::Result<Opinion> {
        let bytes = self.set.bytes(word);
        let insns = self
            .capstone
            .disasm_count(&bytes, pc.into(), 1)
            .map_err(|error| anyhow::anyhow!("capstone: {error}"))?;
        let theirs = insns
            .iter()
            .next()
            .filter(|insn| insn.bytes().len() == bytes.len())
            .map(text);
        Ok(self.opinion(word, pc, ItState::default(), theirs))
    }
}

/// capstone's text of an instruction.
fn text(insn: &capstone::Insn<'_>) -> String {
    let (mnemonic, operands) = (insn.mnemonic().unwrap_or_default(), insn.op_str().unwrap_or_default());
    format!("{mnemonic} {operands}").trim_end().to_string()
}
