//! `armlet explain`: every layer of an instruction is shown, and what is asked wrongly is answered by a sentence.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn explain(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_armlet"));
    command
        .env_clear()
        .arg("explain")
        .args(words)
        .output()
        .expect("armlet starts")
}

fn stdout(output: &Output) -> String {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../test-binaries/prebuilt/aarch64")
        .join(name)
}

#[test]
fn a_word_goes_through_all_layers() {
    let text = stdout(&explain(&["0xab020020"]));
    for words in [
        "0xab020020  adds x0, x1, x2",
        "31 30:24   23:22 21 20:16 15:10  9:5   4:0",
        "C6.2 ADDS (shifted register)",
        "reads     x1, x2",
        "writes    nzcv, x0",
        "pub fn adds_shift(",
        "pub fn add_flags(",
        "x0, nzcv = x1 + x2",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(!text.contains('\x1b'), "colours without a terminal: {text}");
    if armlet_jit::supported() {
        assert!(text.contains("add r"), "{text}");
    }
}

#[test]
fn colours_can_be_demanded() {
    assert!(stdout(&explain(&["--color", "always", "0xab020020"])).contains("\x1b[36m"));
}

#[test]
fn a_mnemonic_lists_its_rows_and_an_alias_those_that_print_it() {
    let text = stdout(&explain(&["ADDS"]));
    for row in ["adds_imm  ", "adds_shift  ", "adds_ext  "] {
        assert!(text.contains(row), "{row} is not in {text}");
    }
    let text = stdout(&explain(&["cmp"]));
    assert!(
        text.contains("subs_imm  ") && text.contains("written   cmp, subs"),
        "{text}"
    );
}

#[test]
fn a_function_is_shown_with_operations_and_host_code() {
    let file = format!("{}:_start", guest("hello_asm").display());
    // Prebuilt programs have no symbols.
    let output = explain(&[&file]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no function is called _start; give an address"));
    let file = format!("{}:0x1010120", guest("hello_asm").display());
    let text = stdout(&explain(&[&file]));
    assert!(text.contains("svc #0"), "{text}");
    assert!(text.contains("leave for the interpreter"), "{text}");
}

#[test]
fn the_32_bit_instruction_sets_are_explained_too() {
    let text = stdout(&explain(&["--isa", "a32", "0xe0910002"]));
    for words in [
        "adds r0, r1, r2",
        "manual    F5.1",
        "operands  ",
        "crates/interpreter/src/a32/",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    for words in ["operations of the translator\n", "x86-64\n", "add ebx, "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = stdout(&explain(&["--isa", "t32", "0x1c48"]));
    assert!(text.contains("r0, r1, #1") && text.contains("15:"), "{text}");
    for words in [
        "imm rn  rd",
        "effect    Rd = Rn + op2",
        "reads     r1",
        "writes    r0, nzcv",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(stdout(&explain(&["--isa", "t32", "add"])).contains("add_imm.t1"));
    // T32 shares the rows of VFP and Advanced SIMD with A32, in words of its own.
    let text = stdout(&explain(&["--isa", "t32", "0xef400dc0"]));
    for words in [
        "vadd.f32 q8, q8, q0",
        "111011110 1  00",
        "reads     q8, q0",
        "x14 stand for r0 to r12",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    let text = stdout(&explain(&["--isa", "t32", "vadd"]));
    for words in ["vadd_vfp", "vadd_int", "effect    Vd = Vn + Vm"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}

#[test]
fn what_does_not_exist_is_answered_by_a_sentence() {
    for (what, words) in [
        ("0x1ab020020", "give a word of 32 bits"),
        ("frobnicate", "no instruction word"),
        ("/nonexistent:main", "cannot be opened"),
    ] {
        let output = explain(&[what]);
        assert_eq!(output.status.code(), Some(125));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(words), "{stderr}");
    }
    let file = format!("{}:no_such_function", guest("hello_asm").display());
    let output = explain(&[&file]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no function is called no_such_function"));
    let text = stdout(&explain(&["0xffffffff"]));
    assert_eq!(
        text,
        "0xffffffff  unallocated: not an instruction of the architecture\n"
    );
}
