//! Everything that reads an ELF file, on arbitrary bytes: `cargo +nightly fuzz run elf`. The checks are those of
//! `crates/loader/tests/hostile.rs`; what this finds becomes a case there.
#![no_main]

use armlet_loader::{Elf, Info, Symbols};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Symbols::read(bytes).lookup(0x1000);
    if let Ok(info) = Info::read(bytes) {
        let _ = info.to_string();
    }
    if let Ok(elf) = Elf::parse(bytes) {
        assert!(!elf.segments.is_empty());
        assert!(elf.pages().end <= 1 << 47);
    }
});
