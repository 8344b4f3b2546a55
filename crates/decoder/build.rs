//! Turns the instruction tables (`src/a64/*.isa`) into Rust: one struct per row, the `Insn` enum, the decoder and the
//! disassembler. `build/rows.rs` reads a table, `build/generate.rs` writes the code. Overlapping rows stop the build.

#[path = "build/generate.rs"]
mod generate;
#[path = "build/rows.rs"]
mod rows;

use std::path::{Path, PathBuf};

/// The instruction sets: folders under `src`.
const SETS: [&str; 1] = ["a64"];

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    for set in SETS {
        let folder = Path::new("src").join(set);
        println!("cargo::rerun-if-changed={}", folder.display());
        println!("cargo::rerun-if-changed=build");
        let table = rows::read_folder(&folder).unwrap_or_else(|error| {
            eprintln!("{error}");
            std::process::exit(1)
        });
        std::fs::write(out.join(format!("{set}.rs")), generate::module(set, &table)).expect("OUT_DIR is writable");
    }
}
