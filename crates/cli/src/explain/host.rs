//! x86-64 code as text.

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter, SymbolResolver, SymbolResult};

/// One host instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Offset in the code.
    pub offset: usize,
    /// Bytes.
    pub length: usize,
    /// Assembler text, Intel's syntax.
    pub text: String,
}

struct Names(Vec<(u64, String)>);

impl SymbolResolver for Names {
    fn symbol(&mut self, _: &Instruction, _: u32, _: Option<u32>, address: u64, _: u32) -> Option<SymbolResult<'_>> {
        let (_, name) = self.0.iter().find(|(known, _)| *known == address)?;
        Some(SymbolResult::with_str(address, name.as_str()))
    }
}

/// Disassembles code that stands at the address `at`; `names` are put in the place of addresses.
pub fn disassemble(code: &[u8], at: u64, names: &[(u64, String)]) -> Vec<Line> {
    let mut formatter = IntelFormatter::with_options(Some(Box::new(Names(names.to_vec()))), None);
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_space_after_operand_separator(true);
    options.set_rip_relative_addresses(true);
    options.set_branch_leading_zeros(false);
    options.set_show_branch_size(false);
    let mut decoder = Decoder::with_ip(64, code, at, DecoderOptions::NONE);
    let mut lines = Vec::new();
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        let offset = decoder.position();
        decoder.decode_out(&mut instruction);
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        lines.push(Line {
            offset,
            length: instruction.len(),
            text,
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_addresses() {
        // add rax, 4; jmp +0
        let code = [0x48, 0x83, 0xc0, 0x04, 0xe9, 0, 0, 0, 0];
        let lines = disassemble(&code, 0x1000, &[(0x1009, "to_400000".to_owned())]);
        let texts: Vec<&str> = lines.iter().map(|line| &*line.text).collect();
        assert_eq!(texts, ["add rax, 4", "jmp to_400000"]);
        assert_eq!((lines[1].offset, lines[1].length), (4, 5));
    }
}
