//! Engines hold millions of decoded instructions: their size is part of the design.

use armlet_decoder::a64::Insn;

#[test]
fn an_instruction_is_three_machine_words_at_most() {
    assert!(size_of::<Insn>() <= 24, "{} bytes", size_of::<Insn>());
}
