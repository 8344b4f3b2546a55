//! capstone as the judge of one instruction word.

use armlet_decoder::a64::{Disassembly, Insn, Undecoded, decode};
use capstone::prelude::*;

/// capstone, set up for A64.
pub struct Capstone(capstone::Capstone);

/// What the two make of one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The word.
    pub word: u32,
    /// The address that labels are relative to.
    pub pc: u64,
    /// armlet's decoding.
    pub ours: Result<Insn, Undecoded>,
    /// The judge's text; `None` where it sees no instruction.
    pub theirs: Option<String>,
}

impl Opinion {
    /// armlet's text, if it decodes.
    pub fn our_text(&self) -> Option<String> {
        self.ours.ok().map(|insn| Disassembly { insn, pc: self.pc }.to_string())
    }

    /// Whether both see the same instruction, and print it alike.
    pub fn agrees(&self) -> bool {
        self.our_text() == self.theirs
    }

    /// The name of armlet's row, or why there is none.
    pub fn row(&self) -> String {
        match self.ours {
            Ok(insn) => insn.row().name.to_string(),
            Err(reason) => format!("{reason:?}"),
        }
    }
}

impl std::fmt::Display for Opinion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let none = || "-".to_string();
        let (ours, theirs) = (
            self.our_text().unwrap_or_else(none),
            self.theirs.clone().unwrap_or_else(none),
        );
        write!(
            f,
            "{:08x} {:24} ours: {ours:44} theirs: {theirs}",
            self.word,
            self.row()
        )
    }
}

impl Capstone {
    /// Sets capstone up.
    pub fn new() -> anyhow::Result<Capstone> {
        let mut capstone = capstone::Capstone::new()
            .arm64()
            .mode(arch::arm64::ArchMode::Arm)
            .build()
            .map_err(|error| anyhow::anyhow!("capstone does not start: {error}"))?;
        capstone
            .set_skipdata(true)
            .map_err(|error| anyhow::anyhow!("capstone cannot skip data: {error}"))?;
        Ok(Capstone(capstone))
    }

    /// Both opinions of each word, the first of which stands at `pc` and the others behind it.
    pub fn judge(&self, words: &[u32], pc: u64) -> anyhow::Result<Vec<Opinion>> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let insns = self
            .0
            .disasm_all(&bytes, pc)
            .map_err(|error| anyhow::anyhow!("capstone: {error}"))?;
        anyhow::ensure!(
            insns.len() == words.len(),
            "capstone saw {} of {} words",
            insns.len(),
            words.len()
        );
        let opinion = |(&word, insn): (&u32, &capstone::Insn<'_>)| {
            let mnemonic = insn.mnemonic().unwrap_or_default();
            let operands = insn.op_str().unwrap_or_default();
            let theirs = (mnemonic != ".byte").then(|| format!("{mnemonic} {operands}").trim_end().to_string());
            Opinion {
                word,
                pc: insn.address(),
                ours: decode(word),
                theirs,
            }
        };
        Ok(words.iter().zip(insns.iter()).map(opinion).collect())
    }
}
