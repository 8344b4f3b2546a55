//! Turns the instruction tables (`src/a64/*.isa`) into Rust: one struct per row, the `Insn` enum, the decoder and the
//! disassembler. `build/rows.rs` reads a table, `build/generate.rs` writes the code. Overlapping rows stop the build.

#[path = "build/generate.rs"]
mod generate;
#[path = "build/rows.rs"]
mod rows;

use std::path::{Path, PathBuf};

/// The instruction sets: folders under `src`, and the set whose instructions they encode, if it is not their own.
const SETS: [(&str, Option<&str>); 3] = [("a64", None), ("a32", None), ("t32", Some("a32"))];

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rerun-if-changed=build");
    for (set, of) in SETS {
        let folder = Path::new("src").join(set);
        println!("cargo::rerun-if-changed={}", folder.display());
        let table = read(set);
        let text = match of {
            Some(of) => generate::encodings(of, &read(of), &table),
            None => Ok(generate::module(set, &table)),
        };
        std::fs::write(out.join(format!("{set}.rs")), or_stop(text)).expect("OUT_DIR is writable");
    }
}

fn read(set: &str) -> rows::Table {
    or_stop(rows::read_folder(&Path::new("src").join(set)))
}

fn or_stop<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}
