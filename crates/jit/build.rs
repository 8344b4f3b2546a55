//! Asks whether the C library tells what the processor has: it has found out at the start of the process, and doing that again costs as much as a
//! short program runs, where a hypervisor answers CPUID.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const SOURCE: &str = "const void *__x86_get_cpuid_feature_leaf(unsigned);
int main(void) { return !__x86_get_cpuid_feature_leaf(0); }
";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(c_library_knows_processor)");
    let target = env::var("TARGET").unwrap_or_default();
    let native = env::var("HOST").is_ok_and(|host| host == target);
    if native && target == "x86_64-unknown-linux-gnu" && links() {
        println!("cargo::rustc-cfg=c_library_knows_processor");
    }
}

/// Whether a program that asks it can be linked.
fn links() -> bool {
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    let source = directory.join("features.c");
    let program = directory.join("features");
    fs::write(&source, SOURCE).is_ok()
        && Command::new("cc")
            .args([source.as_path(), "-o".as_ref(), &program])
            .output()
            .is_ok_and(|output| output.status.success())
}
